//! The keyring of Linux and its kin: the Secret Service, over the user's own bus.
//!
//! Entries are those that the `keyring` crate makes: attributes `service` and `username`, the label
//! `keyring:USERNAME@SERVICE`, in the default collection. That crate itself cannot serve here: it connects once per
//! process, so that a service that died is never reached again; it always agrees on a key, which takes most of the time
//! a read takes; and it raises an unlock prompt wherever it finds a lock.

use super::{SERVICE, failed};
use crate::io::lock;
use crate::world::{Env, StoreFailure, StoreFailureKind};
use secret_service::blocking::{Collection, Item, SecretService};
use secret_service::{EncryptionType, Error};
use std::collections::HashMap;
use std::os::unix::fs::MetadataExt;
use std::sync::{Mutex, PoisonError};
use zeroize::Zeroizing;

/// The service, connected to when it is first needed, and anew after each failure.
pub(super) struct Keyring {
    service: Mutex<Option<SecretService<'static>>>,
    /// Whether its bus is a socket of this machine.
    local: bool,
}

/// What is done where a lock is found.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum IfLocked {
    /// The user is asked to unlock it, which may take for ever.
    Ask,
    /// It is a failure.
    Fail,
}

impl Keyring {
    /// The keyring of the bus that `env` names.
    pub(super) fn new(env: &Env) -> Self {
        Self { service: Mutex::default(), local: is_local(&bus(env)) }
    }

    /// What tells the bus it is reached by from another of this user's: its socket, however its address is spelled.
    pub(super) fn reached_by(env: &Env) -> String {
        let address = bus(env);
        let path = address.split([';', ',']).next().and_then(|first| first.strip_prefix("unix:path="));
        let socket = path.and_then(|path| std::fs::metadata(path).ok());
        // A later bus may get the same number, but not at the same time.
        socket.map_or(address, |socket| {
            format!("{}:{}:{}.{}", socket.dev(), socket.ino(), socket.ctime(), socket.ctime_nsec())
        })
    }

    /// The entry's bytes, if there is such an entry.
    pub(super) fn read(&self, entry: &str, locked: IfLocked) -> Result<Option<Zeroizing<Vec<u8>>>, StoreFailure> {
        self.with(|service| {
            let item = unlocked(service, entry, locked)?;
            item.map(|item| item.get_secret().map(Zeroizing::new)).transpose().map_err(meaning)
        })
    }

    /// Proves that there is a place for the entry: its own, wherever it lies, or the default collection, unlocked. Of a
    /// keyring that was never used there is none; `make` has the service make it, as other programs do, which asks for its
    /// password.
    pub(super) fn has_room(&self, entry: &str, make: bool) -> Result<(), StoreFailure> {
        self.with(|service| {
            let found = service.search_items(attributes(entry)).map_err(meaning)?;
            if found.unlocked.len() + found.locked.len() > 0 {
                return Ok(());
            }
            let collection = match service.get_default_collection() {
                Err(Error::NoResult) if make => service.create_collection("Default keyring", "default"),
                found => found,
            };
            let collection = collection.map_err(|error| match error {
                Error::Prompt | Error::PromptDisconnected => {
                    failed(StoreFailureKind::NotSetUp, "its prompt was not answered")
                }
                error => meaning(error),
            })?;
            open(&collection, IfLocked::Ask)
        })
    }

    /// Writes the entry, a new one where there is none.
    pub(super) fn write(&self, entry: &str, bytes: &[u8], locked: IfLocked) -> Result<(), StoreFailure> {
        const TYPE: &str = "application/octet-stream";
        self.with(|service| {
            if let Some(item) = unlocked(service, entry, locked)? {
                return item.set_secret(bytes, TYPE).map_err(meaning);
            }
            let collection = service.get_default_collection().map_err(meaning)?;
            open(&collection, locked)?;
            let label = format!("keyring:{entry}@{SERVICE}");
            collection.create_item(&label, attributes(entry), bytes, true, TYPE).map(drop).map_err(meaning)
        })
    }

    /// Removes all entries of that name; whether there was one.
    pub(super) fn delete(&self, entry: &str) -> Result<bool, StoreFailure> {
        self.with(|service| {
            let found = service.search_items(attributes(entry)).map_err(meaning)?;
            if !found.locked.is_empty() {
                service.unlock_all(&found.locked.iter().collect::<Vec<_>>()).map_err(meaning)?;
            }
            let items: Vec<_> = found.unlocked.iter().chain(&found.locked).collect();
            items.iter().try_for_each(|item| item.delete()).map(|()| !items.is_empty()).map_err(meaning)
        })
    }

    /// The names of all entries; nothing is unlocked for that.
    pub(super) fn names(&self) -> Result<Vec<String>, StoreFailure> {
        self.with(|service| {
            let found = service.search_items(HashMap::from([("service", SERVICE)])).map_err(meaning)?;
            let attributes = found.unlocked.iter().chain(&found.locked).map(Item::get_attributes);
            let names = attributes.filter_map(|found| found.map(|mut found| found.remove("username")).transpose());
            names.collect::<Result<_, _>>().map_err(meaning)
        })
    }

    /// Does it over the connection there is, or a new one; one over which something failed is not used again, for its
    /// session may have died with the service.
    fn with<T>(&self, call: impl FnOnce(&SecretService<'_>) -> Result<T, StoreFailure>) -> Result<T, StoreFailure> {
        // Taken, not held: connecting and calling may hang, and another call must not hang behind this one.
        let there = self.service.lock().unwrap_or_else(PoisonError::into_inner).take();
        let service = there.map_or_else(|| connected(self.local), Ok)?;
        let done = call(&service)?;
        *self.service.lock().unwrap_or_else(PoisonError::into_inner) = Some(service);
        Ok(done)
    }
}

impl IfLocked {
    fn answer(self, unlock: impl FnOnce() -> Result<(), Error>) -> Result<(), StoreFailure> {
        match self {
            Self::Ask => unlock().map_err(meaning),
            Self::Fail => Err(meaning(Error::Locked)),
        }
    }
}

/// The address of the user's bus (D-Bus Specification, "Well-known Message Bus Instances").
fn bus(env: &Env) -> String {
    env.get("DBUS_SESSION_BUS_ADDRESS").map(str::to_owned).unwrap_or_else(|| {
        let runtime =
            env.get("XDG_RUNTIME_DIR").map_or_else(|| format!("/run/user/{}", lock::user_id()), str::to_owned);
        format!("unix:path={runtime}/bus")
    })
}

/// Whether nothing but a socket of this machine leads to the bus: not `tcp:`, nor `unixexec:` with `ssh`.
fn is_local(bus: &str) -> bool {
    bus.split(';').all(|address| address.starts_with("unix:"))
}

/// A session with the service. Over a socket of this user's own, secrets go as they are: whoever could listen there could
/// ask the service as well (Secret Service API 0.2, chapter 7). Over anything else, and with a service that insists, a
/// key is agreed against those who listen on the way.
fn connected(local: bool) -> Result<SecretService<'static>, StoreFailure> {
    let not_supported = |error: &Error| name_of(error) == Some("org.freedesktop.DBus.Error.NotSupported");
    let plain = local.then(|| SecretService::connect(EncryptionType::Plain));
    let service = match plain {
        Some(Err(error)) if not_supported(&error) => SecretService::connect(EncryptionType::Dh),
        None => SecretService::connect(EncryptionType::Dh),
        Some(connected) => connected,
    };
    service.map_err(|error| failed(StoreFailureKind::Missing, &error.to_string()))
}

fn attributes(entry: &str) -> HashMap<&str, &str> {
    HashMap::from([("service", SERVICE), ("username", entry)])
}

/// Unlocks the collection, if it is locked.
fn open(collection: &Collection<'_>, locked: IfLocked) -> Result<(), StoreFailure> {
    match collection.is_locked().map_err(meaning)? {
        true => locked.answer(|| collection.unlock()),
        false => Ok(()),
    }
}

/// The one item of that name, unlocked.
fn unlocked<'a>(
    service: &'a SecretService<'a>,
    entry: &str,
    locked: IfLocked,
) -> Result<Option<Item<'a>>, StoreFailure> {
    let found = service.search_items(attributes(entry)).map_err(meaning)?;
    let count = found.unlocked.len() + found.locked.len();
    if count > 1 {
        return Err(failed(StoreFailureKind::Ambiguous, &format!("{count} entries of one name")));
    }
    if let Some(item) = found.locked.first() {
        locked.answer(|| service.unlock_all(&[item]))?;
    }
    Ok(found.unlocked.into_iter().chain(found.locked).next())
}

/// What an error of the library means.
fn meaning(error: Error) -> StoreFailure {
    match error {
        Error::NoResult => failed(StoreFailureKind::NotSetUp, ""),
        Error::Unavailable => failed(StoreFailureKind::Missing, &error.to_string()),
        Error::Locked => failed(StoreFailureKind::Locked, ""),
        Error::Prompt | Error::PromptDisconnected => failed(StoreFailureKind::Locked, "its prompt was not answered"),
        error if name_of(&error) == Some("org.freedesktop.Secret.Error.IsLocked") => {
            failed(StoreFailureKind::Locked, "")
        }
        error => failed(StoreFailureKind::Refused, &error.to_string()),
    }
}

/// The name of the error that the service or the bus answered.
fn name_of(error: &Error) -> Option<&str> {
    match error {
        Error::Zbus(zbus::Error::MethodError(name, _, _)) => Some(name.as_str()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sockets_of_this_machine_are_trusted_with_secrets_as_they_are() {
        for own in ["unix:path=/run/user/1000/bus", "unix:abstract=a,guid=b;unix:runtime=yes"] {
            assert!(is_local(own), "{own}");
        }
        for other in ["tcp:host=a,port=1", "unix:path=/a;tcp:host=a,port=1", "unixexec:path=ssh", "nonce-tcp:", ""] {
            assert!(!is_local(other), "{other}");
        }
    }
}
