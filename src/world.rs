//! The ports: everything that is not pure comes in through a [`World`]. `io` implements them for the system,
//! the tests implement them with a frozen clock, seeded entropy, a scripted provider and a store in memory.
//!
//! Ports speak plain data and block; none of them decides anything.

use crate::core::secret::Secret;
use crate::core::time::{Seconds, Time};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// All that a command may touch. A clone shares the ports; `demo` clones one and exchanges a few.
#[derive(Clone)]
pub struct World {
    /// The wall clock, the monotonic clock, and waiting.
    pub clock: Arc<dyn Clock>,
    /// Unpredictable numbers.
    pub entropy: Arc<dyn Entropy>,
    /// The network.
    pub http: Arc<dyn Http>,
    /// Where sessions are kept.
    pub stores: Arc<dyn Stores>,
    /// The access-token cache, which forgets by itself.
    pub cache: Arc<dyn TokenCache>,
    /// The user's browser.
    pub browser: Arc<dyn Browser>,
    /// The loopback server that catches the redirect.
    pub callback: Arc<dyn Callback>,
    /// Standard input, output and error.
    pub terminal: Arc<dyn Terminal>,
    /// Configuration, caches of public data, warning stamps.
    pub files: Arc<dyn Files>,
    /// Other programs: `exec`'s command, a secret's command.
    pub children: Arc<dyn Children>,
    /// Signals put off while a session is between two states.
    pub signals: Arc<dyn Signals>,
    /// The environment, read once.
    pub env: Env,
    /// The user's directories.
    pub dirs: Dirs,
    /// The zone that times are shown in: asked for when one is shown, because finding it reads files.
    pub time_zone: fn() -> jiff::tz::TimeZone,
}

// ── time and chance ────────────────────────────────────────────────────────────────────────────────────────────

/// Time. Read once per decision, and again after every wait.
pub trait Clock: Send + Sync {
    /// The wall clock, UTC.
    fn now(&self) -> Time;
    /// Time that only moves forward, from an arbitrary start: for deadlines.
    fn uptime(&self) -> Duration;
    /// Waits.
    fn pause(&self, duration: Duration);
}

/// Randomness fit for keys.
pub trait Entropy: Send + Sync {
    /// Fills `buffer`.
    ///
    /// # Errors
    /// If the system has no randomness to give; nothing may then be sent.
    fn fill(&self, buffer: &mut [u8]) -> io::Result<()>;
}

// ── network ────────────────────────────────────────────────────────────────────────────────────────────────────

/// The HTTP methods in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// GET: idempotent, so the one kind of request that may be sent a second time.
    Get,
    /// POST: never sent twice.
    Post,
}

/// What a request carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// `application/x-www-form-urlencoded`, already encoded.
    Form(Secret),
    /// `application/json`, already serialised.
    Json(Secret),
}

/// One HTTP request as plain data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Where to. Never holds a secret.
    pub url: Url,
    /// `Authorization`, whole (`Bearer …`, `Basic …`).
    pub authorization: Option<Secret>,
    /// `Accept`.
    pub accept: &'static str,
    /// The body of a POST.
    pub body: Option<Body>,
    /// A PEM file of certificate authorities trusted beside the system's.
    pub ca_file: Option<PathBuf>,
}

/// One HTTP answer as plain data; redirects are not followed but handed over as they are.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Header names in lower case, with their values.
    pub headers: Vec<(String, String)>,
    /// The body, whole, at most 1 MiB.
    pub body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpFailure {
    /// What went wrong, for a person; printable.
    pub what: String,
    /// What that means.
    pub kind: HttpFailureKind,
}

/// What a missing answer means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpFailureKind {
    /// The request certainly did not reach the provider (no name, no connection, no TLS).
    NotSent,
    /// The provider may have acted on it: time ran out, the connection broke, the answer was too large.
    AnswerLost,
    /// The certificate did not check out: no time to try again.
    Certificate,
    /// The `ca_file` cannot be read or holds no certificate.
    CaFile,
}

/// The network.
pub trait Http: Send + Sync {
    /// Sends `request` and reads the whole answer, within one total deadline. A GET is tried once more if no answer
    /// came; a POST never is.
    ///
    /// # Errors
    /// [`HttpFailure`] where there is no answer. Any status code is an answer.
    fn send(&self, request: &Request) -> Result<Response, HttpFailure>;
}

impl Response {
    /// The first header of that (lower-case) name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Response {{ status: {}, body: {} bytes }}", self.status, self.body.len())
    }
}

// ── sessions at rest ───────────────────────────────────────────────────────────────────────────────────────────

/// Which store, as the configuration says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreChoice {
    /// The OS keyring, service `tidp`.
    Keyring,
    /// Files sealed with AES-256-GCM.
    File {
        /// The directory they lie in.
        dir: PathBuf,
        /// The key: base64 of 32 random bytes.
        key: Secret,
    },
    /// Files anybody who reads them can use.
    PlaintextFile {
        /// The directory they lie in.
        dir: PathBuf,
    },
    /// Gone when the process ends.
    Memory,
}

/// Opens stores.
pub trait Stores: Send + Sync {
    /// The store of that choice; touches nothing yet.
    ///
    /// # Errors
    /// [`StoreFailure`], if it can be told already that it cannot be used.
    fn open(&self, choice: &StoreChoice) -> Result<Box<dyn Store>, StoreFailure>;
}

/// A store of named secrets. Entries are written whole.
pub trait Store: Send + Sync {
    /// `keyring`, `file`, `plaintext-file` or `memory`.
    fn name(&self) -> &'static str;
    /// What tells this store from another one of the same user: part of cache and lock names. No secret.
    fn identity(&self) -> String;
    /// The entry, if there is one.
    ///
    /// # Errors
    /// [`StoreFailure`].
    fn load(&self, entry: &str) -> Result<Option<Secret>, StoreFailure>;
    /// Proves, as far as that goes without touching an entry, that a session can be written: before a person logs in.
    ///
    /// # Errors
    /// [`StoreFailure`], if it certainly cannot.
    fn check_writable(&self) -> Result<(), StoreFailure> {
        Ok(())
    }
    /// Writes the entry, within the store's deadline.
    ///
    /// # Errors
    /// [`StoreFailure`]; of kind [`StoreFailureKind::Unknown`] if it may have been written all the same.
    fn save(&self, entry: &str, document: &Secret) -> Result<(), StoreFailure>;
    /// Writes the entry however long it takes, calling `waiting` every few seconds with the time so far: only a signal
    /// ends that. A store that can get over a failure (a full disk) is tried again and again.
    ///
    /// # Errors
    /// [`StoreFailure`], if trying again in this process cannot help.
    fn save_at_any_cost(&self, entry: &str, document: &Secret, waiting: &dyn Fn(Duration)) -> Result<(), StoreFailure>;
    /// Removes the entry; whether there was one.
    ///
    /// # Errors
    /// [`StoreFailure`].
    fn delete(&self, entry: &str) -> Result<bool, StoreFailure>;
    /// The names of all entries.
    ///
    /// # Errors
    /// [`StoreFailure`].
    fn entries(&self) -> Result<Vec<String>, StoreFailure>;
    /// Takes the lock of that entry if nobody holds it, without waiting; held until dropped. It is the same lock for
    /// every process that sees the same secret, whatever its environment, and dies with its holder.
    ///
    /// # Errors
    /// [`StoreFailure`], if locks cannot be had at all.
    fn try_lock(&self, entry: &str) -> Result<Option<Box<dyn Lock>>, StoreFailure>;
}

/// A lock; dropping it lets go.
pub trait Lock: Send {}

/// Why a store could not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreFailure {
    /// The store's name.
    pub store: &'static str,
    /// What kind of failure.
    pub kind: StoreFailureKind,
    /// What the library or the system said; printable, no secret.
    pub detail: String,
}

/// The ways a store fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreFailureKind {
    /// There is none: no service, no bus, no directory.
    Missing,
    /// It is locked and nobody unlocked it.
    Locked,
    /// It did not answer within the deadline.
    TimedOut,
    /// It said no: permissions, quota, size, read-only.
    Refused,
    /// The key does not fit, or is no key.
    WrongKey,
    /// Two entries of one name.
    Ambiguous,
    /// A write whose end is not known.
    Unknown,
    /// The lock's directory cannot be used.
    NoLock,
}

/// The access-token cache: entries die with the token. Missing, refused or full is the same as empty.
pub trait TokenCache: Send + Sync {
    /// The document under that name.
    fn get(&self, name: &str) -> Option<Secret>;
    /// Keeps the document for `life`; a failure is no failure.
    fn put(&self, name: &str, document: &Secret, life: Seconds);
    /// Forgets it.
    fn forget(&self, name: &str);
}

// ── the user ───────────────────────────────────────────────────────────────────────────────────────────────────

/// The user's browser.
pub trait Browser: Send + Sync {
    /// Whether there is any hope of showing a page: a `BROWSER`, a display, a desktop.
    fn available(&self) -> bool;
    /// Shows `url` (validated by the caller, one argument, no shell) and returns at once.
    ///
    /// # Errors
    /// What went wrong, for a person; the caller goes on, for the URL is printed too.
    fn open(&self, url: &Url) -> Result<(), String>;
}

/// Where the redirect is caught.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenAt {
    /// The host as the registered URI writes it: `127.0.0.1`, `[::1]` or `localhost`.
    pub host: String,
    /// The port; `None`: any free one.
    pub port: Option<u16>,
    /// The exact path.
    pub path: String,
}

/// Opens the loopback server.
pub trait Callback: Send + Sync {
    /// Binds; nothing is served before this returns, and the port is held until the listener is gone.
    ///
    /// # Errors
    /// What went wrong, for a person.
    fn listen(&self, at: &ListenAt) -> Result<Box<dyn Listener>, String>;
    /// A loopback URL, not to be guessed, that sends the first browser that opens it on to `target`: so that a URL with
    /// a secret in it is never an argument of the opener.
    ///
    /// # Errors
    /// What went wrong, for a person.
    fn hand_over(&self, target: &Secret) -> Result<Box<dyn HandOver>, String>;
}

/// A redirect that is waiting to be fetched, once.
pub trait HandOver: Send {
    /// The URL to open.
    fn url(&self) -> &Url;
    /// Waits until it was fetched, and closes the port; whether it was.
    fn wait(self: Box<Self>, patience: Duration) -> bool;
}

/// The loopback server while it waits for one redirect.
pub trait Listener: Send {
    /// The URI listened on, byte for byte what goes into `redirect_uri`.
    fn redirect_uri(&self) -> &str;
    /// Waits for a GET of the exact path whose raw query `is_ours` accepts, and hands that query over. Everything
    /// else is answered and ignored. `None` after `patience`.
    fn wait(&mut self, is_ours: &(dyn Fn(&str) -> bool + Sync), patience: Duration) -> Option<Secret>;
    /// Shows the browser how it ended, and closes the port.
    fn finish(self: Box<Self>, page: Page);
}

/// What the page says: only what is true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// The session is stored.
    LoggedIn,
    /// It did not come to a session; the terminal says why.
    NotLoggedIn,
    /// The user was logged out at the provider.
    LoggedOut,
}

/// Standard input, output and error.
pub trait Terminal: Send + Sync {
    /// Writes to standard output: the answer and nothing else.
    ///
    /// # Errors
    /// As the system says, `BrokenPipe` among them.
    fn out(&self, text: &str) -> io::Result<()>;
    /// Writes to standard error; a failure there has nowhere to be told.
    fn err(&self, text: &str);
    /// What standard output is.
    fn stdout(&self) -> Stream;
    /// What standard error is.
    fn stderr(&self) -> Stream;
    /// Whether a person types at standard input.
    fn stdin_is_terminal(&self) -> bool;
    /// Reads one line of standard input without its end; `None` at the end of input. At most 1 MiB.
    ///
    /// # Errors
    /// As the system says.
    fn read_line(&self) -> io::Result<Option<String>>;
    /// As [`Terminal::read_line`], for so long and no longer.
    ///
    /// # Errors
    /// `TimedOut`; else as the system says.
    fn read_line_within(&self, patience: Duration) -> io::Result<Option<String>>;
    /// Reads as many lines as have arrived, at least one, without their ends; none at the end of input. A line that is
    /// longer than 1 MiB or no UTF-8 is an error in its place, and the next one is whole.
    ///
    /// # Errors
    /// As the system says.
    fn read_lines(&self) -> io::Result<Vec<io::Result<String>>> {
        Ok(self.read_line().transpose().into_iter().collect())
    }
    /// Asks on the terminal and reads without echo; where there is no terminal, reads one line of standard input.
    ///
    /// # Errors
    /// As the system says.
    fn read_secret(&self, prompt: &str) -> io::Result<Secret>;
}

/// What an output stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stream {
    /// Whether a person sees it.
    pub is_terminal: bool,
    /// How many columns it has, where that is known.
    pub columns: Option<u16>,
    /// How many rows it has, where that is known.
    pub rows: Option<u16>,
}

// ── the machine ────────────────────────────────────────────────────────────────────────────────────────────────

/// Files that hold no token.
pub trait Files: Send + Sync {
    /// The file's bytes (at most 1 MiB), `None` if there is none.
    ///
    /// # Errors
    /// As the system says.
    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>>;
    /// Writes the file whole (temporary file, sync, rename), `0600` in directories created `0700`.
    ///
    /// # Errors
    /// As the system says; then the old file is as it was.
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;
    /// Removes the file, if there is one.
    ///
    /// # Errors
    /// As the system says.
    fn remove(&self, path: &Path) -> io::Result<()>;
}

/// A change to a child's environment.
pub type ChildEnv<'a> = &'a [(&'a str, Option<&'a Secret>)];

/// Other programs.
pub trait Children: Send + Sync {
    /// Becomes `command`, with these variables set (`Some`) or removed (`None`). Returns only if it could not.
    fn replace(&self, command: &[OsString], env: ChildEnv<'_>) -> io::Error;
    /// Runs `command` without a shell, its stderr passed through, and gives what it printed, without the line's end.
    ///
    /// # Errors
    /// What went wrong, for a person.
    fn output(&self, command: &[String]) -> Result<Secret, String>;
}

/// SIGINT and SIGTERM.
pub trait Signals: Send + Sync {
    /// Puts them off until the guard is dropped: then one that came ends the process by itself.
    fn hold(&self) -> Box<dyn Held>;
    /// Takes them and SIGHUP over for a command that runs for long: from now on they are told by [`Watch::wait`], and
    /// nothing else puts them off.
    ///
    /// # Errors
    /// As the system says.
    fn watch(&self) -> io::Result<Box<dyn Watch>>;
    /// Ends this process as that signal ends one; returns only where that cannot be done.
    fn end_by(&self, signal: i32);
}

/// What a command that runs for long waits for: a signal or, once one is started, another program's end.
pub trait Watch {
    /// Starts `command` beside this process: on the same terminal and in the same process group, so that Ctrl-C
    /// reaches it. Other signals that come from now on are passed on to it and do not end this process.
    ///
    /// # Errors
    /// As the system says, `NotFound` among them; `Interrupted`, with nothing started, if a signal has come already.
    fn start(&mut self, command: &[OsString]) -> io::Result<()>;
    /// Waits for the end, at most so long. Before anything is started, a signal is the end, and a second one ends the
    /// process at once.
    fn wait(&mut self, patience: Duration) -> Option<Ended>;
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// With that exit code.
    Code(u8),
    /// By that signal.
    Signal(i32),
}

/// While it lives, SIGINT and SIGTERM are put off.
pub trait Held {
    /// Whether one has come since.
    fn pending(&self) -> bool;
}

/// The environment, read once. Values that are not Unicode are left out.
///
/// Of a `TIDP_…` variable that is not Unicode only the name is kept, with [`Env::NOT_UNICODE`] before it: it must not be
/// taken for unset.
#[derive(Clone, Default)]
pub struct Env(pub BTreeMap<String, Secret>);

impl Env {
    /// What stands before the name of a variable whose value is not Unicode; `=` is in no variable's name.
    pub const NOT_UNICODE: &'static str = "=";

    /// The name of a variable of ours whose value cannot be read.
    pub fn not_unicode(&self) -> Option<&str> {
        self.0.keys().find_map(|name| name.strip_prefix(Self::NOT_UNICODE))
    }

    /// The variable's value, unless it is unset or empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(Secret::expose).filter(|value| !value.is_empty())
    }

    /// Whether the variable is set, be it empty.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

/// The user's directories, without `tidp` at their ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dirs {
    /// Configuration.
    pub config: Option<PathBuf>,
    /// File stores.
    pub data: Option<PathBuf>,
    /// Warning stamps.
    pub state: Option<PathBuf>,
    /// Discovery documents and keys.
    pub cache: Option<PathBuf>,
}
