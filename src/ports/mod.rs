//! The ports: traits for everything that is not pure. They block, take plain data and make no decisions. An error that is
//! a `String` is a message for a person.

mod http;
mod reporter;
mod store;

pub use http::{Body, Http, HttpFailure, HttpFailureKind, Method, Request, Response};
pub use reporter::{Reporter, Trace, Verbosity};
pub use store::{
    Backend, Entries, Lock, Prompt, Store, StoreChoice, StoreFailure, StoreFailureKind, StoreName, StoreResult, Stores,
    TokenCache, WaitCallback,
};

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

/// Everything a command may touch. A clone shares the ports.
#[derive(Clone)]
pub struct Ports {
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    pub http: Arc<dyn Http>,
    pub stores: Arc<dyn Stores>,
    pub cache: Arc<dyn TokenCache>,
    pub browser: Arc<dyn Browser>,
    pub callback: Arc<dyn CallbackServer>,
    pub terminal: Arc<dyn Terminal>,
    pub files: Arc<dyn Files>,
    pub programs: Arc<dyn ProgramRunner>,
    pub signals: Arc<dyn Signals>,
    /// Starts a background thread. On an error, nothing was started. In tests the work is done at once.
    pub background: fn(Work) -> io::Result<()>,
    pub env: Env,
    pub dirs: Dirs,
    /// The time zone of displayed times. A function, because finding it reads files.
    pub time_zone: fn() -> jiff::tz::TimeZone,
}

pub type Work = Box<dyn FnOnce() + Send>;

/// Read once per decision, and again after every wait.
pub trait Clock: Send + Sync {
    /// UTC.
    fn now(&self) -> Time;
    /// Monotonic time since an arbitrary start, for deadlines.
    fn uptime(&self) -> Duration;
    fn pause(&self, duration: Duration);
}

/// Cryptographic randomness. Without it nothing may be sent.
pub trait Entropy: Send + Sync {
    fn fill(&self, buffer: &mut [u8]) -> io::Result<()>;
}

pub trait Browser: Send + Sync {
    /// Whether a page can probably be shown: `BROWSER`, a display or a desktop is there.
    fn available(&self) -> bool;
    /// The program that would show a page, found but not run.
    fn opener(&self) -> Result<String, String> {
        Ok("a browser".to_owned())
    }
    /// Shows `url`, which the caller has validated, and returns at once. It is one argument, and there is no shell.
    fn open(&self, url: &Url) -> Result<(), String>;
}

/// The address that the redirect is sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenAddress {
    /// As in the registered URI: `127.0.0.1`, `[::1]` or `localhost`.
    pub host: String,
    /// `None` is any free port.
    pub port: Option<u16>,
    pub path: String,
}

pub trait CallbackServer: Send + Sync {
    /// A server that listens when this returns and holds its port until it is dropped.
    fn listen(&self, at: &ListenAddress) -> Result<Box<dyn Listener>, String>;
    /// An unguessable loopback URL that redirects the first browser to `target`. This keeps a URL that contains a
    /// secret out of the opener's arguments.
    fn one_time_redirect(&self, target: &Secret) -> Result<Box<dyn OneTimeRedirect>, String>;
    /// Who listens on this loopback port; `None` if nobody does, or the system does not tell.
    fn holder(&self, port: u16) -> Option<PortHolder>;
}

/// Who has a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PortHolder {
    /// A program of this user: its name and process id, if they are known.
    SameUser(Option<(String, u32)>),
    /// Another user, with this id.
    AnotherUser(u32),
}

/// A loopback URL that redirects once. Dropping it closes the port.
pub trait OneTimeRedirect: Send {
    fn url(&self) -> &Url;
    /// Waits for the request; whether it came in time. `ignored` is as in [`Listener::wait`].
    fn wait(&mut self, ignored: &dyn Fn(IgnoredRequest), timeout: Duration) -> bool;
}

/// The loopback server of one login.
pub trait Listener: Send {
    /// The exact `redirect_uri`.
    fn redirect_uri(&self) -> &str;
    /// Waits for a GET of the exact path whose raw query `is_ours` accepts, and returns the query. Everything else,
    /// also from other users, is answered and ignored; `ignored` gets each kind that could have been the redirect,
    /// once. `None` after `timeout`; it can be called again.
    fn wait(
        &mut self,
        is_ours: &dyn Fn(&str) -> bool,
        ignored: &dyn Fn(IgnoredRequest),
        timeout: Duration,
    ) -> Option<Secret>;
    /// Shows the browser the result and closes the port.
    fn finish(self: Box<Self>, page: Page);
}

/// A request that could have been the redirect, and was ignored whatever its query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IgnoredRequest {
    /// From another user, with this id.
    AnotherUser(u32),
    AnotherPath,
    /// Another host or port.
    AnotherHost,
    AnotherMethod,
    TooLarge,
    NotHttp,
}

/// The last page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    LoggedIn,
    NotLoggedIn(FailureReason),
    LoggedOut,
}

/// SelectionReason there is no session, as far as the page says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureReason {
    /// By the user, or by the provider for them.
    Cancelled,
    TimedOut,
    Refused,
    Unavailable,
    /// The provider needs to ask the user, which `prompt=none` forbids.
    NeedsUser,
    AnotherAccount,
    TooWeak,
    NotValid,
    NotStored,
    Failed,
}

/// Standard input, output and error.
pub trait Terminal: Send + Sync {
    /// Writes a result to standard output.
    fn out(&self, text: &str) -> io::Result<()>;
    /// Writes to standard error and ignores failures.
    fn err(&self, text: &str);
    /// Writes to standard error if that does not block; otherwise drops the text.
    fn try_err(&self, text: &str) {
        self.err(text);
    }
    fn stdout(&self) -> Stream;
    fn stderr(&self) -> Stream;
    fn stdin_is_terminal(&self) -> bool;
    /// Whether keys come to this process: a job in the background would be stopped by reading.
    fn stdin_is_in_foreground(&self) -> bool {
        self.stdin_is_terminal()
    }
    /// A line of stdin (at most 1 MiB) without its end; `None` at the end of input. `TimedOut` after `timeout`.
    fn read_line(&self, timeout: Option<Duration>) -> io::Result<Option<String>>;
    /// All lines that have arrived, at least one, as bytes with their line ends; empty at the end of input. Waits
    /// `timeout` for the first one (on Unix; elsewhere without limit). A line longer than 1 MiB comes last, cut after 1
    /// MiB and one byte; its rest is skipped. After `TimedOut` nothing is lost.
    fn read_lines(&self, timeout: Option<Duration>) -> io::Result<Vec<u8>> {
        Ok(self.read_line(timeout)?.map_or_else(Vec::new, |line| (line + "\n").into_bytes()))
    }
    /// Asks on the terminal and reads without echo. Without a terminal: one line of standard input.
    fn read_secret(&self, prompt: &str) -> io::Result<Secret>;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stream {
    pub is_terminal: bool,
    /// Whether a terminal obeys escape sequences instead of showing them.
    pub obeys_escapes: bool,
    pub columns: Option<u16>,
    pub rows: Option<u16>,
}

/// Files without tokens: the user's (configuration, keys), which may be symlinks, and our own (caches, time stamps),
/// which only this user may access.
pub trait Files: Send + Sync {
    /// The contents of a user's file (at most 1 MiB), `None` if there is none. Follows symlinks and waits for pipes
    /// (`<(…)`, `/dev/stdin`); what a pipe held can be read again.
    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>>;
    /// As [`Files::read`] for a file with a key: if it is this user's, others lose access to it.
    fn read_key(&self, path: &Path) -> io::Result<Option<Vec<u8>>>;
    /// Whether other users can read the file: its mode and those of its directories allow it. Nothing is changed.
    fn others_can_read(&self, path: &Path) -> bool;
    /// Whether the path is a pipe or device, which can be read but not replaced.
    fn is_pipe(&self, path: &Path) -> bool;
    /// Replaces a user's file (temporary file, sync, rename) with mode `0600`; new directories have `0700`. A symlink
    /// is followed. On an error the old file is unchanged.
    fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;
    /// The lock for reading and changing this file, if it is free. It is held until dropped and ends with the process.
    fn try_lock(&self, path: &Path) -> io::Result<Option<Box<dyn Lock>>>;
    /// The contents of our own file (at most 1 MiB), `None` if there is none. Others lose access to it and its directory.
    /// Fails for what somebody else may have put there: a symlink, another user's file or directory, or one that others
    /// may write.
    fn read_own(&self, path: &Path) -> io::Result<Option<Vec<u8>>>;
    /// As [`Files::write`] for our own file. A symlink is replaced. Others lose access to its directory.
    fn write_own(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;
    /// Removes the file, if there is one.
    fn remove(&self, path: &Path) -> io::Result<()>;
}

/// In bytes.
pub const MAX_FILE_SIZE: u64 = 1 << 20;

pub trait ProgramRunner: Send + Sync {
    /// Replaces this process by `command`, with one more environment variable; returns only on failure.
    fn exec(&self, command: &[OsString], variable: (&str, &Secret)) -> io::Error;
    /// Runs `command` without a shell and returns what it printed to stdout, without the line end.
    fn output(&self, command: &[String]) -> Result<Secret, String>;
}

/// SIGINT, SIGTERM, SIGHUP and the like.
pub trait Signals: Send + Sync {
    /// Defers signals until the guard is dropped; if one came, it ends the process then.
    fn defer(&self) -> Box<dyn SignalGuard>;
    /// Takes signals over for a command that runs long: [`Supervisor::wait`] returns them, and they are not deferred.
    fn supervise(&self) -> io::Result<Box<dyn Supervisor>>;
    /// Ends this process as this signal does by default; returns only if that is not possible.
    fn end_by(&self, signal: i32);
}

pub trait Supervisor {
    /// Starts `command` on the same terminal and in the same process group, so that Ctrl-C reaches it. Other signals
    /// are passed on to it from now on and do not end this process. Fails with `Interrupted`, and nothing started, if a
    /// signal has come already.
    fn start(&mut self, command: &[OsString]) -> io::Result<()>;
    /// Waits for the end, at most `timeout`. Before anything is started, a signal is the end, and a second one ends the
    /// process at once.
    fn wait(&mut self, timeout: Duration) -> Option<ExitReason>;
}

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitReason {
    /// The system's whole code: 8 bits on Unix, 32 on Windows.
    Code(i32),
    Signal(i32),
}

pub trait SignalGuard {
    /// Whether a signal has come since.
    fn pending(&self) -> bool;
}

/// The environment, read once.
#[derive(Clone, Default)]
pub struct Env {
    /// Only those whose values are Unicode.
    pub variables: BTreeMap<String, Secret>,
    /// A `TIDP_…` variable whose value is not Unicode: an error, not an unset variable.
    pub not_unicode: Option<String>,
}

impl FromIterator<(String, Secret)> for Env {
    fn from_iter<I: IntoIterator<Item = (String, Secret)>>(variables: I) -> Self {
        Self { variables: variables.into_iter().collect(), not_unicode: None }
    }
}

impl Env {
    /// The value, unless it is unset or empty. The byte order mark that `$(cat FILE)` may add is removed.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(|value| without_byte_order_mark(value.expose())).filter(|value| !value.is_empty())
    }

    /// The directory that `~` stands for in the user's shell. Not `%USERPROFILE%`: cmd.exe knows no `~`.
    pub fn home(&self) -> Option<&str> {
        self.get("HOME")
    }
}

/// The user's directories, without `tidp` at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dirs {
    pub config: Option<PathBuf>,
    pub data: Option<PathBuf>,
    pub state: Option<PathBuf>,
    pub cache: Option<PathBuf>,
}
