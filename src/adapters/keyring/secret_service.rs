//! The keyring of Linux and its kin: the Secret Service, over the user's own bus.
//!
//! Entries are those that the `keyring` crate makes: attributes `service` and `username`, by which they are found, in the
//! default collection; but the label is for people. That crate itself cannot serve here: it connects once per process, so
//! that a service that died is never reached again; it always agrees on a key, which takes most of the time a read takes;
//! and it raises an unlock prompt wherever it finds a lock.
//!
//! Some services (gnome-keyring, KWallet) list what is locked, others (KeePassXC, oo7) find nothing where a collection is
//! locked. So nothing found is no answer before the collections are seen open: [`Keyring::search`].

use super::collection_memory::Places;
use super::failure::{SERVICE, failed};
use crate::adapters::lock;
use crate::domain::session::EntryKey;
use crate::ports::{Env, StoreFailure, StoreFailureKind};
use secret_service::blocking::{Collection, Item, SecretService};
use secret_service::{EncryptionType, Error};
use std::collections::HashMap;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use zbus::fdo;
use zbus::zvariant::OwnedObjectPath;
use zeroize::Zeroizing;

/// The service, connected to when it is first needed, and anew after each failure.
pub(super) struct Keyring {
    service: Mutex<Option<SecretService<'static>>>,
    /// Whether its bus is a socket of this machine.
    local: bool,
    places: Places,
    /// What a prompt is up for that nobody has answered yet.
    prompt: Mutex<Option<StoreFailureKind>>,
}

/// What is done where a lock is found.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum IfLocked {
    /// The user is asked to unlock it, which may take for ever.
    Ask,
    /// The user is asked where an entry was found. On the mere suspicion that a locked collection hides one, nobody is: it
    /// is a failure.
    AskForFound,
    /// It is a failure.
    Fail,
}

impl Keyring {
    /// The keyring of the bus that `env` names; where its entries lie is kept in `dir`.
    pub(super) fn new(env: &Env, dir: Option<PathBuf>) -> Self {
        Self {
            service: Mutex::default(),
            local: is_local(&bus(env)),
            places: Places::new(dir),
            prompt: Mutex::default(),
        }
    }

    /// What a prompt is up for just now: a lock, or a collection to be made.
    pub(super) fn prompt(&self) -> Option<StoreFailureKind> {
        *taken(&self.prompt)
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
            let item = self.unlocked(service, entry, locked)?;
            item.map(|item| item.get_secret().map(Zeroizing::new)).transpose().map_err(meaning)
        })
    }

    /// Proves that there is a place for the entry: its own, wherever it lies, or the default collection, unlocked. Of a
    /// keyring that was never used there is none; where the user may be asked, the service is made to make it, as other
    /// programs do, which asks for its password.
    pub(super) fn has_room(&self, entry: &str, locked: IfLocked) -> Result<(), StoreFailure> {
        self.with(|service| {
            if !self.search(service, entry, locked)?.is_empty() {
                return Ok(());
            }
            let collection = match service.get_default_collection() {
                Err(Error::NoResult) if locked == IfLocked::Ask => self
                    .prompting(StoreFailureKind::NotSetUp, || {
                        service.create_collection("Default keyring", "default")
                    })?,
                found => found.map_err(meaning)?,
            };
            self.open(&collection, locked)
        })
    }

    /// Writes the entry, a new one where there is none.
    pub(super) fn write(&self, entry: &str, bytes: &[u8], locked: IfLocked) -> Result<(), StoreFailure> {
        const TYPE: &str = "application/octet-stream";
        self.with(|service| {
            let place = if let Some(item) = self.unlocked(service, entry, locked)? {
                item.set_secret(bytes, TYPE).map_err(meaning)?;
                collection_of(&item).to_owned()
            } else {
                let collection = service.get_default_collection().map_err(meaning)?;
                self.open(&collection, locked)?;
                collection.create_item(&label(entry), attributes(entry), bytes, true, TYPE).map_err(meaning)?;
                collection.collection_path.to_string()
            };
            self.places.written(entry, &place);
            Ok(())
        })
    }

    /// Opens all collections where the entry may lie, without a search: at each of those KeePassXC may put up a prompt.
    pub(super) fn opened(&self, entry: &str, locked: IfLocked) -> Result<(), StoreFailure> {
        self.with(|service| self.open_all(service, Some(entry), locked))
    }

    /// Removes all entries of that name; whether there was one.
    pub(super) fn delete(&self, entry: &str, locked: IfLocked) -> Result<bool, StoreFailure> {
        self.with(|service| {
            let found = self.search(service, entry, locked)?;
            self.unlock(service, &found, locked)?;
            found.items().try_for_each(Item::delete).map_err(meaning)?;
            self.places.forget(entry);
            Ok(!found.is_empty())
        })
    }

    /// The names of all entries; none of those that were found is unlocked for that.
    pub(super) fn names(&self, locked: IfLocked) -> Result<Vec<String>, StoreFailure> {
        self.with(|service| {
            // Always: what one collection shows is not all, if another is locked.
            self.open_all(service, None, locked)?;
            let found = Found::of(service, HashMap::from([("service", SERVICE)]))?;
            let attributes = found.items().map(Item::get_attributes);
            let names = attributes.filter_map(|found| found.map(|mut found| found.remove("username")).transpose());
            names.collect::<Result<_, _>>().map_err(meaning)
        })
    }

    /// What there is of that name. Where nothing is found, the collections that may hide it are opened first.
    fn search<'a>(
        &self,
        service: &'a SecretService<'a>,
        entry: &str,
        locked: IfLocked,
    ) -> Result<Found<'a>, StoreFailure> {
        let mut found = Found::of(service, attributes(entry))?;
        if found.is_empty() {
            self.open_all(service, Some(entry), locked)?;
            // Also where all are open: they may have been locked when the first search was made.
            found = Found::of(service, attributes(entry))?;
        }
        if let Some(item) = found.items().next() {
            self.places.seen(entry, collection_of(item));
        }
        Ok(found)
    }

    /// Opens the default collection, and those where that entry was, or any. That there are none yet is no failure.
    fn open_all(&self, service: &SecretService<'_>, entry: Option<&str>, locked: IfLocked) -> Result<(), StoreFailure> {
        let locked = if locked == IfLocked::AskForFound { IfLocked::Fail } else { locked };
        let mut places = self.places.of(entry);
        match service.get_default_collection() {
            Ok(collection) => {
                self.open(&collection, locked)?;
                places.remove(collection.collection_path.as_str());
            }
            Err(Error::NoResult) => {}
            Err(error) => return Err(meaning(error)),
        }
        for (place, seen) in places {
            // What is no path names no collection.
            let Ok(path) = OwnedObjectPath::try_from(place) else { continue };
            let collection = service.get_collection_by_path(path).map_err(meaning)?;
            if seen || !collection.is_locked().is_err_and(|error| is_gone(&error)) {
                self.open(&collection, locked)?;
            }
        }
        Ok(())
    }

    /// Unlocks the collection, if it is locked.
    fn open(&self, collection: &Collection<'_>, locked: IfLocked) -> Result<(), StoreFailure> {
        match collection.is_locked() {
            Ok(false) => return Ok(()),
            Ok(true) => {}
            // It was there when an entry was seen in it: KeePassXC's database, say, has been closed since.
            Err(error) if is_gone(&error) => return Err(failed(StoreFailureKind::Locked, "it was closed")),
            Err(error) => return Err(meaning(error)),
        }
        self.answer(locked, || collection.unlock())?;
        // A service that can ask nobody may say that all is done.
        collection.ensure_unlocked().map_err(meaning)
    }

    /// Unlocks what was found locked.
    fn unlock(&self, service: &SecretService<'_>, found: &Found<'_>, locked: IfLocked) -> Result<(), StoreFailure> {
        match found.locked.iter().collect::<Vec<_>>()[..] {
            [] => Ok(()),
            ref items => self.answer(locked, || service.unlock_all(items)),
        }
    }

    /// The one item of that name, unlocked.
    fn unlocked<'a>(
        &self,
        service: &'a SecretService<'a>,
        entry: &str,
        locked: IfLocked,
    ) -> Result<Option<Item<'a>>, StoreFailure> {
        let found = self.search(service, entry, locked)?;
        let count = found.items().count();
        if count > 1 {
            return Err(failed(StoreFailureKind::Ambiguous, &format!("{count} entries of one name")));
        }
        self.unlock(service, &found, locked)?;
        Ok(found.open.into_iter().chain(found.locked).next())
    }

    /// What is done about a lock.
    fn answer(&self, locked: IfLocked, unlock: impl FnOnce() -> Result<(), Error>) -> Result<(), StoreFailure> {
        match locked {
            IfLocked::Ask | IfLocked::AskForFound => self.prompting(StoreFailureKind::Locked, unlock),
            IfLocked::Fail => Err(meaning(Error::Locked)),
        }
    }

    /// Does what may put up a prompt, because of `kind`.
    fn prompting<T>(&self, kind: StoreFailureKind, call: impl FnOnce() -> Result<T, Error>) -> Result<T, StoreFailure> {
        *taken(&self.prompt) = Some(kind);
        let done = call();
        *taken(&self.prompt) = None;
        done.map_err(|error| match error {
            Error::Prompt | Error::PromptDisconnected => failed(kind, "its prompt was not answered"),
            error => meaning(error),
        })
    }

    /// Does it over the connection there is, or a new one; one over which something failed is not used again, for its
    /// session may have died with the service.
    fn with<T>(&self, call: impl FnOnce(&SecretService<'_>) -> Result<T, StoreFailure>) -> Result<T, StoreFailure> {
        // Taken, not held: connecting and calling may hang, and another call must not hang behind this one.
        let there = taken(&self.service).take();
        let service = there.map_or_else(|| connected(self.local), Ok)?;
        let done = call(&service)?;
        *taken(&self.service) = Some(service);
        Ok(done)
    }
}

/// What a search has found.
struct Found<'a> {
    open: Vec<Item<'a>>,
    locked: Vec<Item<'a>>,
}

impl<'a> Found<'a> {
    fn of(service: &'a SecretService<'a>, attributes: HashMap<&str, &str>) -> Result<Self, StoreFailure> {
        let found = service.search_items(attributes).map_err(meaning)?;
        Ok(Self { open: found.unlocked, locked: found.locked })
    }

    fn items(&self) -> impl Iterator<Item = &Item<'a>> {
        self.open.iter().chain(&self.locked)
    }

    fn is_empty(&self) -> bool {
        self.items().next().is_none()
    }
}

/// The collection an item lies in: its path is the item's without the last part (Secret Service API 0.2, chapter 14).
fn collection_of<'a>(item: &'a Item<'_>) -> &'a str {
    item.item_path.as_str().rsplit_once('/').map_or("/", |(collection, _)| collection)
}

fn taken<T>(what: &Mutex<T>) -> MutexGuard<'_, T> {
    what.lock().unwrap_or_else(PoisonError::into_inner)
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

/// What a person sees of the entry in the keyring's own program.
fn label(entry: &str) -> String {
    EntryKey::parse(entry).map_or_else(|| SERVICE.to_owned(), |key| format!("{SERVICE}: {}", key.label()))
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

/// Whether the object that was asked is not there.
fn is_gone(error: &Error) -> bool {
    let standard = matches!(
        error,
        Error::ZbusFdo(fdo::Error::UnknownObject(_) | fdo::Error::UnknownMethod(_) | fdo::Error::UnknownInterface(_))
    );
    standard || name_of(error) == Some("org.freedesktop.Secret.Error.NoSuchObject")
}

/// The name of the error that the service or the bus answered, unless it is one of the bus's own in answer to a property.
fn name_of(error: &Error) -> Option<&str> {
    match error {
        Error::Zbus(zbus::Error::MethodError(name, _, _))
        | Error::ZbusFdo(fdo::Error::ZBus(zbus::Error::MethodError(name, _, _))) => Some(name.as_str()),
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
