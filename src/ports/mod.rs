//! The ports: everything that is not pure comes in through a [`Ports`]. `io` implements them for the system,
//! the tests implement them with a frozen clock, seeded entropy, a scripted provider and a store in memory.
//!
//! Ports speak plain data and block; none of them decides anything.

mod http;
mod reporter;
mod store;

pub use http::{Body, Http, HttpFailure, HttpFailureKind, Method, Request, Response};
pub use reporter::{Notice, Reporter};
pub use store::{Entries, Lock, Store, StoreChoice, StoreFailure, StoreFailureKind, Stores, TokenCache, Waiting};

use crate::domain::secret::Secret;
use crate::domain::text::without_byte_order_mark;
use crate::domain::time::Time;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// All that a command may touch. A clone shares the ports; `demo` clones one and exchanges a few.
#[derive(Clone)]
pub struct Ports {
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
    /// Starts work beside the command, which may end before the work does; the tests' world does the work at once.
    /// An error, if the system has no thread to give: then nothing of the work is done.
    pub background: fn(Work) -> io::Result<()>,
    /// The environment, read once.
    pub env: Env,
    /// The user's directories.
    pub dirs: Dirs,
    /// The zone that times are shown in: asked for when one is shown, because finding it reads files.
    pub time_zone: fn() -> jiff::tz::TimeZone,
}

/// Something to do.
pub type Work = Box<dyn FnOnce() + Send>;

// ── time and chance ─────────────────────────────────────────────────────────────────────────────────────────────────

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

// ── the user ────────────────────────────────────────────────────────────────────────────────────────────────────────

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
    /// Waits until it was fetched; whether it was. `ignored` as for [`Listener::wait`]. Dropped, it closes the port.
    fn wait(&mut self, ignored: &dyn Fn(Ignored), patience: Duration) -> bool;
}

/// The loopback server while it waits for one redirect.
pub trait Listener: Send {
    /// The URI listened on, byte for byte what goes into `redirect_uri`.
    fn redirect_uri(&self) -> &str;
    /// Waits for a GET of the exact path whose raw query `is_ours` accepts, and hands that query over. Everything
    /// else is answered and ignored, and so is another user of the machine, where the system tells: `ignored` is told
    /// of what could have been the redirect, each kind once. `None` after `patience`; it can be waited for again.
    fn wait(&mut self, is_ours: &dyn Fn(&str) -> bool, ignored: &dyn Fn(Ignored), patience: Duration)
    -> Option<Secret>;
    /// Shows the browser how it ended, and closes the port.
    fn finish(self: Box<Self>, page: Page);
}

/// What came to the loopback server, could have been the redirect, and was ignored whatever its query says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ignored {
    /// A program of another user of the machine, of that id, sent it.
    AnotherUser(u32),
    /// It was sent to another path.
    AnotherPath,
    /// It was sent to another host or port.
    AnotherHost,
    /// It was no GET.
    AnotherMethod,
    /// Its head is larger than what is read of one.
    TooLarge,
    /// It could not be read as a plain HTTP request.
    NotHttp,
}

/// What the page says: only what is true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// The session is stored.
    LoggedIn,
    /// It did not come to a session; the terminal says more.
    NotLoggedIn(WhyNot),
    /// The user was logged out at the provider.
    LoggedOut,
}

/// Why it did not come to a session, as far as the page says it: in our words, never in anybody else's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhyNot {
    /// The user, or the provider for them, ended it.
    Cancelled,
    /// Nobody came in time.
    TimedOut,
    /// The provider refused the request.
    Refused,
    /// The provider cannot do it just now.
    Unavailable,
    /// The user has something to do first, and was to be asked for nothing.
    NeedsUser,
    /// The user is another one than was asked for.
    AnotherAccount,
    /// The login is weaker than was asked for.
    TooWeak,
    /// What came failed a check.
    NotValid,
    /// The session could not be stored.
    NotStored,
    /// Anything else.
    Failed,
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
    /// The same, only if standard error takes it at once; else it is lost.
    fn err_if_ready(&self, text: &str) {
        self.err(text);
    }
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
    /// Reads as many lines as have arrived, at least one, as bytes and with their ends, which the input's last line need
    /// not have; nothing at the end of input. The first one is waited for as long as `patience` says (on Unix;
    /// elsewhere, and without, for as long as it takes). A line that is longer than 1 MiB comes last, as its first
    /// 1 MiB and one byte more, and the next one is whole.
    ///
    /// # Errors
    /// `TimedOut`, and nothing is lost; else as the system says.
    fn read_lines(&self, patience: Option<Duration>) -> io::Result<Vec<u8>> {
        let line = patience.map_or_else(|| self.read_line(), |patience| self.read_line_within(patience));
        Ok(line?.map_or_else(Vec::new, |line| (line + "\n").into_bytes()))
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

// ── the machine ─────────────────────────────────────────────────────────────────────────────────────────────────────

/// Files that hold no token: the user's (the configuration, keys), which may be symlinks to wherever the user keeps them,
/// and our own (caches and stamps), which nobody else has any business in.
pub trait Files: Send + Sync {
    /// The bytes of a file of the user's (at most 1 MiB), `None` if there is none. A symlink is followed, and a pipe
    /// (`<(…)`, `/dev/stdin`) is waited for; what it held is had again as often as it is asked for.
    ///
    /// # Errors
    /// As the system says.
    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>>;
    /// The same of a file that holds a key: if it is this user's, nobody else may read or write it from now on.
    ///
    /// # Errors
    /// As the system says.
    fn read_key(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        self.read(path)
    }
    /// Whether there stands a pipe or a device, which can be read and not be written anew.
    fn is_pipe(&self, _path: &Path) -> bool {
        false
    }
    /// Writes a file of the user's whole (temporary file, sync, rename), `0600` in directories created `0700`. A symlink
    /// stays one: the file it leads to is written.
    ///
    /// # Errors
    /// As the system says; then the old file is as it was.
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;
    /// Takes the lock under which that file of the user's is read, changed and written, if nobody holds it; without
    /// waiting, and held until dropped. It dies with its holder.
    ///
    /// # Errors
    /// As the system says.
    fn try_lock(&self, path: &Path) -> io::Result<Option<Box<dyn Lock>>>;
    /// The bytes of a file of our own (at most 1 MiB), `None` if there is none. Its directory is this user's alone from
    /// now on.
    ///
    /// # Errors
    /// As the system says, and for whatever somebody else may have put there: a symlink, a file of another user, or one
    /// that others may write; also for such a directory.
    fn read_own(&self, path: &Path) -> io::Result<Option<Vec<u8>>>;
    /// Writes a file of our own whole, as [`Files::write`]; a symlink in its place is replaced, and its directory is this
    /// user's alone from now on.
    ///
    /// # Errors
    /// As the system says; then the old file is as it was.
    fn write_own(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;
    /// Removes the file, if there is one.
    ///
    /// # Errors
    /// As the system says.
    fn remove(&self, path: &Path) -> io::Result<()>;
}

/// The largest file that [`Files`] reads, in bytes.
pub const LARGEST_FILE: u64 = 1 << 20;

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

/// SIGINT, SIGTERM and SIGHUP.
pub trait Signals: Send + Sync {
    /// Puts them off until the guard is dropped: then one that came ends the process by itself.
    fn defer(&self) -> Box<dyn SignalGuard>;
    /// Takes them over for a command that runs for long: from now on they are told by [`Watch::wait`], and
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
pub trait SignalGuard {
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

    /// The variable's value, unless it is unset or empty; without the byte order mark that `$(cat FILE)` brings along.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|value| without_byte_order_mark(value.expose())).filter(|value| !value.is_empty())
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
