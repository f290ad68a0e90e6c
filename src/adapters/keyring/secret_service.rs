//! The keyring of Linux and similar systems: the Secret Service, over the user's bus.
//!
//! Entries are compatible with those of the `keyring` crate: in the default collection, found by the attributes
//! `service` and `username`; only the label differs. `docs/decisions.md` says why that crate is not used.
//!
//! Some services (gnome-keyring, KWallet) list locked items, others (KeePassXC, oo7) find nothing in a locked
//! collection. So an empty result counts only after the collections are known to be unlocked: see [`Keyring::search`].

use super::collection_memory::CollectionMemory;
use super::shared::{IfLocked, SERVICE, keyring_failure};
use crate::adapters::lock;
use crate::domain::mutex::lock_mutex;
use crate::domain::session::EntryKey;
use crate::domain::text::printable;
use crate::ports::{Backend, Env, StoreFailure, StoreFailureKind, StoreResult};
use secret_service::blocking::{Collection, Item, SecretService};
use secret_service::{EncryptionType, Error, SearchItemsResult};
use std::collections::HashMap;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::Mutex;
use zbus::blocking::{Connection, fdo::DBusProxy};
use zbus::fdo;
use zbus::message::Message;
use zbus::names::BusName;
use zbus::zvariant::OwnedObjectPath;
use zeroize::Zeroizing;

/// Connected on first use, and again after each failure.
pub(super) struct Keyring {
    service: Mutex<Option<SecretService<'static>>>,
    /// Whether its bus is a local socket.
    local: bool,
    memory: CollectionMemory,
    prompt: Mutex<Option<StoreFailureKind>>,
}

impl Keyring {
    pub(super) fn new(env: &Env, dir: Option<PathBuf>) -> Self {
        Self {
            service: Mutex::default(),
            local: is_local(&bus_address(env)),
            memory: CollectionMemory::new(dir),
            prompt: Mutex::default(),
        }
    }

    /// SelectionReason a prompt is open: a locked collection, or one to be created.
    pub(super) fn prompt(&self) -> Option<StoreFailureKind> {
        *lock_mutex(&self.prompt)
    }

    /// Identifies the bus by its socket, whose address has several spellings.
    pub(super) fn bus_identity(env: &Env) -> String {
        let address = bus_address(env);
        let path = address.split([';', ',']).next().and_then(|first| first.strip_prefix("unix:path="));
        let socket = path.and_then(|path| std::fs::metadata(path).ok());
        // A later bus may have the same inode, but not the same change time.
        socket.map_or(address, |socket| {
            format!("{}:{}:{}.{}", socket.dev(), socket.ino(), socket.ctime(), socket.ctime_nsec())
        })
    }

    /// `env` names the bus in messages.
    pub(super) fn backend(env: &Env) -> Backend {
        let Ok(connection) = Connection::session() else { return Backend::NoBus(bus_address(env)) };
        let program = |program| Backend::Program(format!("Secret Service ({program})"));
        service_program(&connection).map_or(Backend::NoService, program)
    }

    pub(super) fn read(&self, entry: &str, if_locked: IfLocked) -> StoreResult<Option<Zeroizing<Vec<u8>>>> {
        /// How often another process may replace the item between its search and the reading.
        const REPLACEMENTS: usize = 5;
        self.with_service(|service| {
            for _ in 0..REPLACEMENTS {
                let item = self.unlocked_item(service, entry, if_locked)?;
                match item.map(|item| item.get_secret().map(Zeroizing::new)).transpose() {
                    Err(error) if is_gone(&error) => {}
                    read => return read.map_err(store_failure),
                }
            }
            Err(keyring_failure(StoreFailureKind::Refused, "its item was replaced again and again"))
        })
    }

    /// Checks that there is a place for the entry: its own, or the default collection, unlocked. If there is no default
    /// collection and the user may be asked, the service is made to create one, which asks for its password.
    pub(super) fn check_writable(&self, entry: &str, if_locked: IfLocked) -> StoreResult<()> {
        self.with_service(|service| {
            if items(&self.search(service, entry, if_locked)?).next().is_some() {
                return Ok(());
            }
            let create = || service.create_collection("Default keyring", "default");
            let collection = match service.get_default_collection() {
                Err(Error::NoResult) if if_locked == IfLocked::Ask => {
                    self.with_prompt(StoreFailureKind::NotSetUp, create)?
                }
                found => found.map_err(store_failure)?,
            };
            self.unlock_collection(&collection, if_locked)
        })
    }

    pub(super) fn write(&self, entry: &str, bytes: &[u8], if_locked: IfLocked) -> StoreResult<()> {
        const TYPE: &str = "application/octet-stream";
        self.with_service(|service| {
            let collection = match self.unlocked_item(service, entry, if_locked)? {
                Some(item) if !keeps_changes_in_memory() => {
                    item.set_secret(bytes, TYPE).map_err(store_failure)?;
                    self.memory.note_written(entry, collection_of(&item));
                    return Ok(());
                }
                Some(item) => OwnedObjectPath::try_from(collection_of(&item))
                    .map_err(Error::from)
                    .and_then(|path| service.get_collection_by_path(path)),
                None => service.get_default_collection(),
            };
            let collection = collection.map_err(store_failure)?;
            self.unlock_collection(&collection, if_locked)?;
            collection.create_item(&label(entry), attributes(entry), bytes, true, TYPE).map_err(store_failure)?;
            self.memory.note_written(entry, &collection.collection_path);
            Ok(())
        })
    }

    /// Unlocks all collections that the entry may be in, without a search: KeePassXC may raise a prompt at each search.
    pub(super) fn unlock(&self, entry: &str, if_locked: IfLocked) -> StoreResult<()> {
        self.with_service(|service| self.unlock_collections(service, Some(entry), if_locked))
    }

    pub(super) fn delete(&self, entry: &str, if_locked: IfLocked) -> StoreResult<bool> {
        self.with_service(|service| {
            let found = self.search(service, entry, if_locked)?;
            self.unlock_items(service, &found, if_locked)?;
            items(&found).try_for_each(Item::delete).map_err(store_failure)?;
            self.memory.forget(entry);
            Ok(items(&found).next().is_some())
        })
    }

    /// The names of all entries, without unlocking those found.
    pub(super) fn names(&self, if_locked: IfLocked) -> StoreResult<Vec<String>> {
        self.with_service(|service| {
            // Always: a locked collection may hide entries.
            self.unlock_collections(service, None, if_locked)?;
            let found = service.search_items(HashMap::from([("service", SERVICE)])).map_err(store_failure)?;
            let attributes = items(&found).map(Item::get_attributes);
            let names = attributes.filter_map(|found| found.map(|mut found| found.remove("username")).transpose());
            names.collect::<Result<_, _>>().map_err(store_failure)
        })
    }

    /// All items with this name. If there are none, the collections that may hide one are unlocked first.
    fn search<'a>(&self, service: &'a SecretService<'a>, entry: &str, if_locked: IfLocked) -> StoreResult<Found<'a>> {
        let mut found = service.search_items(attributes(entry)).map_err(store_failure)?;
        if items(&found).next().is_none() {
            self.unlock_collections(service, Some(entry), if_locked)?;
            // Even if all are unlocked: they may have been locked during the first search.
            found = service.search_items(attributes(entry)).map_err(store_failure)?;
        }
        if let Some(item) = items(&found).next() {
            self.memory.note_seen(entry, collection_of(item));
        }
        Ok(found)
    }

    /// Unlocks the default collection, and those that the entry, or any entry, was in, as far as there are any.
    fn unlock_collections(
        &self,
        service: &SecretService<'_>,
        entry: Option<&str>,
        if_locked: IfLocked,
    ) -> StoreResult<()> {
        let if_locked = if if_locked == IfLocked::AskForFound { IfLocked::Fail } else { if_locked };
        let mut collections = self.memory.collections(entry);
        match service.get_default_collection() {
            Ok(collection) => {
                self.unlock_collection(&collection, if_locked)?;
                collections.remove(collection.collection_path.as_str());
            }
            Err(Error::NoResult) => {}
            Err(error) => return Err(store_failure(error)),
        }
        for (collection, seen) in collections {
            // An invalid path names no collection.
            let Ok(path) = OwnedObjectPath::try_from(collection) else { continue };
            let collection = service.get_collection_by_path(path).map_err(store_failure)?;
            if seen || !collection.is_locked().is_err_and(|error| is_gone(&error)) {
                self.unlock_collection(&collection, if_locked)?;
            }
        }
        Ok(())
    }

    fn unlock_collection(&self, collection: &Collection<'_>, if_locked: IfLocked) -> StoreResult<()> {
        match collection.is_locked() {
            Ok(false) => return Ok(()),
            Ok(true) => {}
            // An entry was seen in it, but the KeePassXC database, say, has been closed since.
            Err(error) if is_gone(&error) => return Err(keyring_failure(StoreFailureKind::Locked, "it was closed")),
            Err(error) => return Err(store_failure(error)),
        }
        self.unlock_with(if_locked, || collection.unlock())?;
        // A service without prompts may claim success.
        collection.ensure_unlocked().map_err(store_failure)
    }

    fn unlock_items(&self, service: &SecretService<'_>, found: &Found<'_>, if_locked: IfLocked) -> StoreResult<()> {
        if found.locked.is_empty() {
            return Ok(());
        }
        self.unlock_with(if_locked, || service.unlock_all(&found.locked.iter().collect::<Vec<_>>()))
    }

    /// The one item with this name, unlocked.
    fn unlocked_item<'a>(
        &self,
        service: &'a SecretService<'a>,
        entry: &str,
        if_locked: IfLocked,
    ) -> StoreResult<Option<Item<'a>>> {
        let found = self.search(service, entry, if_locked)?;
        let count = items(&found).count();
        if count > 1 {
            return Err(keyring_failure(StoreFailureKind::Ambiguous, &format!("{count} entries of one name")));
        }
        self.unlock_items(service, &found, if_locked)?;
        Ok(found.unlocked.into_iter().chain(found.locked).next())
    }

    fn unlock_with(&self, if_locked: IfLocked, unlock: impl FnOnce() -> Result<(), Error>) -> StoreResult<()> {
        match if_locked {
            IfLocked::Ask | IfLocked::AskForFound => self.with_prompt(StoreFailureKind::Locked, unlock),
            IfLocked::Fail => Err(store_failure(Error::Locked)),
        }
    }

    /// Runs a call that may open a prompt, for this reason.
    fn with_prompt<T>(&self, kind: StoreFailureKind, call: impl FnOnce() -> Result<T, Error>) -> StoreResult<T> {
        *lock_mutex(&self.prompt) = Some(kind);
        let done = call();
        *lock_mutex(&self.prompt) = None;
        done.map_err(|error| match error {
            Error::Prompt | Error::PromptDisconnected => keyring_failure(kind, "its prompt was not answered"),
            error => store_failure(error),
        })
    }

    /// Runs `call` over the current connection or a new one. After a failure the connection is dropped, because its
    /// session may have died with the service.
    fn with_service<T>(&self, call: impl FnOnce(&SecretService<'_>) -> StoreResult<T>) -> StoreResult<T> {
        // Take the connection out: a call that hangs must not block the next one.
        let connection = lock_mutex(&self.service).take();
        let service = connection.map_or_else(|| connect(self.local), Ok)?;
        let done = call(&service)?;
        *lock_mutex(&self.service) = Some(service);
        Ok(done)
    }
}

type Found<'a> = SearchItemsResult<Item<'a>>;

fn items<'f, 'a>(found: &'f Found<'a>) -> impl Iterator<Item = &'f Item<'a>> {
    found.unlocked.iter().chain(&found.locked)
}

/// The item's collection: its path without the last part (Secret Service API 0.2, chapter 14).
fn collection_of<'a>(item: &'a Item<'_>) -> &'a str {
    item.item_path.as_str().rsplit_once('/').map_or("/", |(collection, _)| collection)
}

/// The address of the user's bus (D-Bus Specification, "Well-known Message Bus Instances").
fn bus_address(env: &Env) -> String {
    env.get("DBUS_SESSION_BUS_ADDRESS").map(str::to_owned).unwrap_or_else(|| {
        let runtime =
            env.get("XDG_RUNTIME_DIR").map_or_else(|| format!("/run/user/{}", lock::user_id()), str::to_owned);
        format!("unix:path={runtime}/bus")
    })
}

/// Whether the bus is reached only by local sockets: not by `tcp:`, nor `unixexec:` with `ssh`.
fn is_local(bus: &str) -> bool {
    bus.split(';').all(|address| address.starts_with("unix:"))
}

/// A session with the service. Over a local socket secrets are not encrypted: a program that could listen there could
/// ask the service as well (Secret Service API 0.2, chapter 7). Otherwise, or if the service insists, they are.
fn connect(local: bool) -> StoreResult<SecretService<'static>> {
    let missing = |error: Error| keyring_failure(StoreFailureKind::Missing, &error.to_string());
    let not_supported = |error: &Error| name_of(error) == Some("org.freedesktop.DBus.Error.NotSupported");
    let connection = Connection::session().map_err(|error| missing(error.into()))?;
    introduce(&connection).map_err(|error| missing(error.into()))?;
    let open = |encryption| SecretService::connect_with_existing(encryption, connection.clone());
    let plain = local.then(|| open(EncryptionType::Plain));
    let service = match plain {
        Some(connected) if !connected.as_ref().is_err_and(not_supported) => connected,
        _ => open(EncryptionType::Dh),
    };
    service.map_err(missing)
}

/// Waits until the service knows this client. gnome-keyring takes note of a client right before it handles its first call,
/// but under load sometimes right after. If that call is `OpenSession` it aborts then, and the user's keyring is locked.
/// The list of collections does not need the note.
fn introduce(connection: &Connection) -> zbus::Result<()> {
    const SERVICE: &str = "org.freedesktop.secrets";
    const PATH: &str = "/org/freedesktop/secrets";
    let property = ("org.freedesktop.Secret.Service", "Collections");
    match connection.call_method(Some(SERVICE), PATH, Some("org.freedesktop.DBus.Properties"), "Get", &property) {
        // A service without the list has been asked all the same; what the bus answers comes from no service.
        Err(zbus::Error::MethodError(_, _, reply)) if !is_from_bus(&reply) => Ok(()),
        done => done.map(drop),
    }
}

fn is_from_bus(reply: &Message) -> bool {
    reply.header().sender().is_none_or(|sender| sender.as_str() == "org.freedesktop.DBus")
}

/// The program that owns the service's name; the service is not started for that. The bus is asked, because the program
/// itself may hang. `None` if nobody owns it.
fn service_program(connection: &Connection) -> Option<String> {
    let bus = DBusProxy::new(connection).ok()?;
    let name = BusName::try_from("org.freedesktop.secrets").ok()?;
    bus.get_connection_unix_process_id(name).ok().map(program_name)
}

/// Whether the service forgets what `SetSecret` changes when it ends: oo7-daemon (0.6.0) writes to the disk only what
/// `CreateItem` replaces. Elsewhere `SetSecret` is better: it keeps the label, and KeePassXC asks nobody.
fn keeps_changes_in_memory() -> bool {
    Connection::session().is_ok_and(|connection| service_program(&connection).as_deref() == Some(OO7))
}

const OO7: &str = "oo7";

/// The name of the keyring that this process runs, or else its own, which the kernel cuts after 15 bytes.
fn program_name(process: u32) -> String {
    const KEYRINGS: [(&str, &str); 5] = [
        ("gnome-keyring", "gnome-keyring"),
        ("kwalletd", "KWallet"),
        ("ksecretd", "KWallet"),
        ("keepassxc", "KeePassXC"),
        ("oo7", OO7),
    ];
    let name = std::fs::read_to_string(format!("/proc/{process}/comm")).unwrap_or_default();
    match KEYRINGS.iter().find(|(start, _)| name.starts_with(start)) {
        Some((_, keyring)) => (*keyring).to_owned(),
        None if name.trim().is_empty() => "an unknown program".to_owned(),
        None => printable(name.trim()),
    }
}

fn attributes(entry: &str) -> HashMap<&str, &str> {
    HashMap::from([("service", SERVICE), ("username", entry)])
}

fn label(entry: &str) -> String {
    EntryKey::parse(entry).map_or_else(|| SERVICE.to_owned(), |key| format!("{SERVICE}: {}", key.label()))
}

fn store_failure(error: Error) -> StoreFailure {
    match error {
        Error::NoResult => keyring_failure(StoreFailureKind::NotSetUp, ""),
        Error::Unavailable => keyring_failure(StoreFailureKind::Missing, &error.to_string()),
        Error::Prompt | Error::PromptDisconnected => {
            keyring_failure(StoreFailureKind::Locked, "its prompt was not answered")
        }
        Error::Locked => keyring_failure(StoreFailureKind::Locked, ""),
        error if name_of(&error) == Some("org.freedesktop.Secret.Error.IsLocked") => store_failure(Error::Locked),
        error => keyring_failure(StoreFailureKind::Refused, &error.to_string()),
    }
}

fn is_gone(error: &Error) -> bool {
    use fdo::Error::{UnknownInterface, UnknownMethod, UnknownObject};
    const NAMES: [&str; 4] = [
        "org.freedesktop.DBus.Error.UnknownObject",
        "org.freedesktop.DBus.Error.UnknownMethod",
        "org.freedesktop.DBus.Error.UnknownInterface",
        "org.freedesktop.Secret.Error.NoSuchObject",
    ];
    matches!(error, Error::ZbusFdo(UnknownObject(_) | UnknownMethod(_) | UnknownInterface(_)))
        || name_of(error).is_some_and(|name| NAMES.contains(&name))
}

/// The D-Bus name of the error, unless it is a standard error for a property.
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
    fn only_local_sockets_get_unencrypted_secrets() {
        for own in ["unix:path=/run/user/1000/bus", "unix:abstract=a,guid=b;unix:runtime=yes"] {
            assert!(is_local(own), "{own}");
        }
        for other in ["tcp:host=a,port=1", "unix:path=/a;tcp:host=a,port=1", "unixexec:path=ssh", "nonce-tcp:", ""] {
            assert!(!is_local(other), "{other}");
        }
    }
}
