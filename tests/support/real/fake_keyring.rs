//! A Secret Service on a private bus that fails as a test wants. It speaks the part of the protocol that clients need
//! (Secret Service API draft 0.2). Its half of a key agreement is always 1, so that all clients share one key and
//! read each other's secrets.

use super::home::Home;
use super::secret_service::SecretService;
use std::collections::{HashMap, HashSet};
use std::io;
use std::net::{Shutdown, TcpListener};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;
use tokio::sync::oneshot;
use zbus::message::{Header, Message};
use zbus::names::ErrorName;
use zbus::object_server::ObjectServer;
use zbus::zvariant::{ObjectPath, OwnedObjectPath, OwnedValue, Value};
use zbus::{DBusError, blocking, fdo, interface};

const SERVICE: &str = "/org/freedesktop/secrets";
const COLLECTION: &str = "/org/freedesktop/secrets/collection/login";
const PROMPT: &str = "/org/freedesktop/secrets/prompt/1";
const NOTHING: &str = "/";

/// A secret in transit: session, parameters (the initialisation vector), value, content type.
type Wire = (OwnedObjectPath, Vec<u8>, Vec<u8>, String);

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Never responds.
    Hang,
    /// Acts and responds after this time.
    Slow(Duration),
    /// Leaves the bus before acting.
    DieBefore,
    /// Leaves the bus after acting, without a response.
    DieAfter,
    /// Refuses.
    Refuse,
    /// Says that the object is not there, as if the item had just been replaced.
    Gone,
    /// Locks, and reports it.
    Lock,
    /// Locks, then acts as when locked.
    LockFirst,
    /// Unlocks, then acts as when unlocked.
    UnlockFirst,
    /// Duplicates the entry, and refuses.
    Double,
}

/// Attributes, secret parameters and value of an item.
type Held = (HashMap<String, String>, Vec<u8>, Vec<u8>);

/// The state of the fake.
#[derive(Default)]
struct State {
    items: HashMap<u32, Held>,
    next: u32,
    /// The number of starts; a session ends with the service.
    life: u32,
    /// The call that fails, at its n-th time from now (0: every time).
    fault: Option<(&'static str, usize, Fault)>,
    locked: bool,
    /// Locked items are hidden.
    hides: bool,
    no_collection: bool,
    no_plain_session: bool,
    largest: Option<usize>,
    calls: Vec<&'static str>,
    connection: Option<blocking::Connection>,
    /// Those that have asked for the collections; `OpenSession` by any other is fatal, as it can be to gnome-keyring.
    clients: HashSet<String>,
}

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<State>>);

pub struct FakeKeyring {
    _bus: SecretService,
    address: String,
    shared: Shared,
}

impl FakeKeyring {
    /// Starts it, empty and working, and sets `home` to use it.
    pub fn start(home: &mut Home) -> Self {
        let bus = SecretService::bus_only(home);
        let address = home.get("DBUS_SESSION_BUS_ADDRESS").unwrap().to_owned();
        let fake = Self { _bus: bus, address, shared: Shared::default() };
        fake.restart();
        fake
    }

    /// Puts the service on the bus again, working, with its items.
    pub fn restart(&self) {
        self.heal();
        let before = {
            let mut state = self.shared.state();
            state.life += 1;
            state.connection.take()
        };
        before.map(|connection| connection.close());
        let service = || self.shared.clone();
        let connection = blocking::connection::Builder::address(self.address.as_str())
            .and_then(|builder| builder.serve_at(SERVICE, Service(service())))
            .and_then(|builder| builder.serve_at(COLLECTION, Collection(service())))
            .and_then(|builder| builder.serve_at(PROMPT, Prompt(service())))
            .and_then(|builder| builder.name("org.freedesktop.secrets"))
            .and_then(blocking::connection::Builder::build)
            .unwrap();
        let numbers: Vec<u32> = self.shared.state().items.keys().copied().collect();
        for number in numbers {
            connection.object_server().at(path_of(number), Item(service(), number)).unwrap();
        }
        self.shared.state().connection = Some(connection);
    }

    /// Makes this call (`SetSecret` …) fail at its `time`-th time; at 0, every time.
    pub fn fault(&self, call: &'static str, time: usize, fault: Fault) {
        let mut state = self.shared.state();
        state.fault = Some((call, time, fault));
        state.calls.clear();
    }

    /// Stops failing.
    pub fn heal(&self) {
        let mut state = self.shared.state();
        *state = State {
            fault: None,
            locked: false,
            no_collection: false,
            no_plain_session: false,
            largest: None,
            ..std::mem::take(&mut *state)
        };
    }

    /// Locks it; the prompt waits for [`FakeKeyring::unlock`] or [`FakeKeyring::dismiss`].
    pub fn lock(&self) {
        self.shared.state().locked = true;
    }

    /// Unlocks it, and completes a waiting prompt.
    pub fn unlock(&self) {
        self.shared.state().locked = false;
        self.prompt_completed(false);
    }

    /// Closes the prompt, as the user would.
    pub fn dismiss(&self) {
        self.prompt_completed(true);
    }

    fn prompt_completed(&self, dismissed: bool) {
        let connection = self.shared.state().connection.clone().unwrap();
        let opened = Value::from(vec![ObjectPath::try_from(COLLECTION).unwrap()]);
        let completed = (dismissed, opened);
        connection.emit_signal(None::<&str>, PROMPT, "org.freedesktop.Secret.Prompt", "Completed", &completed).unwrap();
    }

    /// Hides locked items from searches, as KeePassXC and oo7 do.
    pub fn hides_what_is_locked(&self) {
        self.shared.state().hides = true;
    }

    /// Removes the collection.
    pub fn without_a_collection(&self) {
        self.shared.state().no_collection = true;
    }

    /// Requires a key agreement.
    pub fn without_plain_sessions(&self) {
        self.shared.state().no_plain_session = true;
    }

    /// Refuses secrets longer than this.
    pub fn at_most(&self, bytes: usize) {
        self.shared.state().largest = Some(bytes);
    }

    /// The address of its bus over TCP.
    pub fn over_tcp(&self) -> String {
        let path = self.address.strip_prefix("unix:path=").unwrap().split(',').next().unwrap().to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            while let Ok((client, _)) = listener.accept() {
                let bus = UnixStream::connect(&path).unwrap();
                let (mut from_client, mut to_bus) = (client.try_clone().unwrap(), bus.try_clone().unwrap());
                thread::spawn(move || {
                    let _ = io::copy(&mut from_client, &mut to_bus);
                    to_bus.shutdown(Shutdown::Write)
                });
                let (mut from_bus, mut to_client) = (bus, client);
                thread::spawn(move || io::copy(&mut from_bus, &mut to_client));
            }
        });
        format!("tcp:host=127.0.0.1,port={port}")
    }

    /// The number of entries.
    pub fn entries(&self) -> usize {
        self.shared.state().items.len()
    }

    /// The calls since the last query, or since the fault was set.
    pub fn calls(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.shared.state().calls)
    }

    /// Whether this call was made since the fault was set.
    pub fn was_asked(&self, call: &str) -> bool {
        self.shared.state().calls.contains(&call)
    }

    /// Sets the value of the only entry.
    pub fn put(&self, secret: &[u8]) {
        let mut state = self.shared.state();
        assert_eq!(state.items.len(), 1);
        state.items.values_mut().for_each(|item| item.2 = secret.to_vec());
    }

    /// Duplicates the only entry.
    pub fn double(&self) {
        let mut state = self.shared.state();
        let number = state.double();
        let connection = state.connection.clone().unwrap();
        drop(state);
        connection.object_server().at(path_of(number), Item(self.shared.clone(), number)).unwrap();
    }
}

impl Drop for FakeKeyring {
    fn drop(&mut self) {
        let connection = self.shared.state().connection.take();
        connection.map(|connection| connection.close());
    }
}

impl State {
    fn session(&self) -> OwnedObjectPath {
        path(&format!("/org/freedesktop/secrets/session/{}", self.life))
    }

    fn double(&mut self) -> u32 {
        let item = self.items.values().next().unwrap().clone();
        self.next += 1;
        self.items.insert(self.next, item);
        self.next
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Runs `deed` as the fault for `call` says.
    async fn answer<T>(&self, call: &'static str, deed: impl FnOnce(&mut State) -> Answer<T>) -> Answer<T> {
        let fault = {
            let mut state = self.state();
            state.calls.push(call);
            let times = state.calls.iter().filter(|seen| **seen == call).count();
            state.fault.filter(|(of, time, _)| *of == call && (*time == 0 || *time == times)).map(|(_, _, fault)| fault)
        };
        match fault {
            None => deed(&mut self.state()),
            Some(Fault::Hang) => std::future::pending().await,
            Some(Fault::Refuse) => Err(Refusal(LIMITS_EXCEEDED)),
            Some(Fault::Gone) => Err(Refusal("org.freedesktop.DBus.Error.UnknownObject")),
            Some(Fault::Lock) => {
                self.state().locked = true;
                Err(Refusal(IS_LOCKED))
            }
            Some(fault @ (Fault::LockFirst | Fault::UnlockFirst)) => {
                let mut state = self.state();
                state.locked = matches!(fault, Fault::LockFirst);
                deed(&mut state)
            }
            Some(Fault::Double) => {
                self.state().double();
                Err(Refusal(LIMITS_EXCEEDED))
            }
            Some(Fault::Slow(time)) => {
                let (sender, done) = oneshot::channel();
                std::thread::spawn(move || {
                    std::thread::sleep(time);
                    sender.send(())
                });
                let _ = done.await;
                deed(&mut self.state())
            }
            Some(Fault::DieBefore) => self.die().await,
            Some(Fault::DieAfter) => {
                deed(&mut self.state())?;
                self.die().await
            }
        }
    }

    async fn die<T>(&self) -> Answer<T> {
        let connection = self.state().connection.take();
        std::thread::spawn(move || connection.map(|connection| connection.close()));
        std::future::pending().await
    }
}

/// The result of a call.
type Answer<T> = Result<T, Refusal>;

/// The name of the refusal.
#[derive(Debug)]
struct Refusal(&'static str);

const IS_LOCKED: &str = "org.freedesktop.Secret.Error.IsLocked";
const NO_SESSION: &str = "org.freedesktop.Secret.Error.NoSession";
const NOT_SUPPORTED: &str = "org.freedesktop.DBus.Error.NotSupported";
const LIMITS_EXCEEDED: &str = "org.freedesktop.DBus.Error.LimitsExceeded";
const UNKNOWN_OBJECT: &str = "org.freedesktop.DBus.Error.UnknownObject";

impl DBusError for Refusal {
    fn create_reply(&self, call: &Header<'_>) -> zbus::Result<Message> {
        Message::error(call, self.name())?.build(&("no",))
    }

    fn name(&self) -> ErrorName<'_> {
        ErrorName::from_static_str_unchecked(self.0)
    }

    fn description(&self) -> Option<&str> {
        None
    }
}

impl From<zbus::Error> for Refusal {
    fn from(_: zbus::Error) -> Self {
        Self(UNKNOWN_OBJECT)
    }
}

fn path(text: &str) -> OwnedObjectPath {
    ObjectPath::try_from(text.to_owned()).unwrap().into()
}

fn path_of(number: u32) -> OwnedObjectPath {
    path(&format!("{COLLECTION}/{number}"))
}

/// The client that sent it.
fn sender(header: &Header<'_>) -> String {
    header.sender().unwrap().to_string()
}

struct Service(Shared);

#[interface(name = "org.freedesktop.Secret.Service")]
impl Service {
    async fn open_session(
        &self,
        algorithm: &str,
        _input: Value<'_>,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(OwnedValue, OwnedObjectPath), Refusal> {
        if !self.0.state().clients.contains(&sender(&header)) {
            return self.0.die().await;
        }
        let half = if algorithm == "plain" { Value::from("") } else { Value::from(vec![1_u8]) };
        let half = half.try_to_owned().unwrap();
        let open = |state: &mut State| match state.no_plain_session && algorithm == "plain" {
            true => Err(Refusal(NOT_SUPPORTED)),
            false => Ok((half, state.session())),
        };
        self.0.answer("OpenSession", open).await
    }

    #[zbus(property)]
    async fn collections(&self, #[zbus(header)] header: Option<Header<'_>>) -> fdo::Result<Vec<OwnedObjectPath>> {
        self.0.state().clients.extend(header.as_ref().map(sender));
        let list = |_: &mut State| Ok(vec![path(COLLECTION)]);
        self.0.answer("Collections", list).await.map_err(|refusal| fdo::Error::Failed(refusal.0.into()))
    }

    async fn search_items(
        &self,
        attributes: HashMap<String, String>,
    ) -> Result<(Vec<OwnedObjectPath>, Vec<OwnedObjectPath>), Refusal> {
        let find = |state: &mut State| {
            let fits = |item: &HashMap<String, String>| attributes.iter().all(|(name, v)| item.get(name) == Some(v));
            let found =
                state.items.iter().filter(|(_, item)| fits(&item.0)).map(|(number, _)| path_of(*number)).collect();
            Ok(match state.locked {
                true if state.hides => (Vec::new(), Vec::new()),
                true => (Vec::new(), found),
                false => (found, Vec::new()),
            })
        };
        self.0.answer("SearchItems", find).await
    }

    async fn read_alias(&self, _name: &str) -> Result<OwnedObjectPath, Refusal> {
        let read = |state: &mut State| Ok(path(if state.no_collection { NOTHING } else { COLLECTION }));
        self.0.answer("ReadAlias", read).await
    }

    async fn create_collection(
        &self,
        _properties: HashMap<String, OwnedValue>,
        alias: &str,
    ) -> Result<(OwnedObjectPath, OwnedObjectPath), Refusal> {
        let create = |state: &mut State| {
            state.no_collection = alias != "default";
            Ok((path(COLLECTION), path(NOTHING)))
        };
        self.0.answer("CreateCollection", create).await
    }

    async fn unlock(&self, objects: Vec<OwnedObjectPath>) -> Result<(Vec<OwnedObjectPath>, OwnedObjectPath), Refusal> {
        let unlock =
            |state: &mut State| Ok(if state.locked { (Vec::new(), path(PROMPT)) } else { (objects, path(NOTHING)) });
        self.0.answer("Unlock", unlock).await
    }
}

struct Prompt(Shared);

#[interface(name = "org.freedesktop.Secret.Prompt")]
impl Prompt {
    /// The prompt is open, and not answered.
    async fn prompt(&self, _window_id: &str) -> Result<(), Refusal> {
        self.0.answer("Prompt", |_| Ok(())).await
    }
}

struct Collection(Shared);

#[interface(name = "org.freedesktop.Secret.Collection")]
impl Collection {
    async fn create_item(
        &self,
        #[zbus(object_server)] server: &ObjectServer,
        properties: HashMap<String, OwnedValue>,
        secret: Wire,
        replace: bool,
    ) -> Result<(OwnedObjectPath, OwnedObjectPath), Refusal> {
        let attributes = properties["org.freedesktop.Secret.Item.Attributes"].clone();
        let attributes = HashMap::<String, String>::try_from(attributes).unwrap();
        let number = {
            let mut state = self.0.state();
            state.next += 1;
            state.next
        };
        server.at(path_of(number), Item(self.0.clone(), number)).await?;
        let create = |state: &mut State| {
            fits(state, &secret)?;
            state.items.retain(|_, item| !replace || item.0 != attributes);
            state.items.insert(number, (attributes, secret.1, secret.2));
            Ok((path_of(number), path(NOTHING)))
        };
        self.0.answer("CreateItem", create).await
    }

    #[zbus(property)]
    async fn locked(&self) -> Result<bool, zbus::fdo::Error> {
        let locked = self.0.answer("Locked", |state| Ok(state.locked)).await;
        locked.map_err(|Refusal(name)| zbus::fdo::Error::Failed(name.to_owned()))
    }
}

/// Whether the session is from this start.
fn lives(state: &State, session: &OwnedObjectPath) -> Result<(), Refusal> {
    if *session == state.session() { Ok(()) } else { Err(Refusal(NO_SESSION)) }
}

/// Whether the length is allowed; the cipher's padding does not count.
fn fits(state: &State, secret: &Wire) -> Result<(), Refusal> {
    lives(state, &secret.0)?;
    match state.largest {
        Some(largest) if secret.2.len() > largest + 16 => Err(Refusal(LIMITS_EXCEEDED)),
        _ => Ok(()),
    }
}

struct Item(Shared, u32);

#[interface(name = "org.freedesktop.Secret.Item")]
impl Item {
    async fn get_secret(&self, session: OwnedObjectPath) -> Result<(Wire,), Refusal> {
        let get = |state: &mut State| {
            lives(state, &session)?;
            let item = state.items.get(&self.1).ok_or_else(gone)?;
            Ok(((session, item.1.clone(), item.2.clone(), "application/octet-stream".into()),))
        };
        self.0.answer("GetSecret", get).await
    }

    async fn set_secret(&self, secret: Wire) -> Result<(), Refusal> {
        let set = |state: &mut State| {
            fits(state, &secret)?;
            let item = state.items.get_mut(&self.1).ok_or_else(gone)?;
            (item.1, item.2) = (secret.1, secret.2);
            Ok(())
        };
        self.0.answer("SetSecret", set).await
    }

    async fn delete(&self) -> Result<OwnedObjectPath, Refusal> {
        let delete = |state: &mut State| {
            state.items.remove(&self.1).ok_or_else(gone)?;
            Ok(path(NOTHING))
        };
        self.0.answer("Delete", delete).await
    }

    #[zbus(property)]
    async fn locked(&self) -> bool {
        self.0.state().locked
    }

    #[zbus(property)]
    async fn attributes(&self) -> HashMap<String, String> {
        self.0.state().items.get(&self.1).map(|item| item.0.clone()).unwrap_or_default()
    }
}

fn gone() -> Refusal {
    Refusal(UNKNOWN_OBJECT)
}
