//! The OS keyring: service `tidp`, one credential per entry with the document as its bytes.
//!
//! Calls have no deadline, and hang for ever if the service is stopped or waits for a prompt. So every call runs on a
//! thread of its own, which is left behind on timeout.

#[cfg(not(any(target_os = "macos", windows)))]
mod collection_memory;
#[cfg(any(target_os = "macos", windows))]
mod native;
#[cfg(not(any(target_os = "macos", windows)))]
mod secret_service;
mod shared;

#[cfg(not(any(target_os = "macos", windows)))]
use self::secret_service::Keyring;
use super::lock::{self, hashed_name};
use super::retry::{self, WaitReporter};
use super::system::SystemClock;
use crate::domain::mutex::lock_mutex;
use crate::domain::secret::Secret;
use crate::ports::{
    Backend, Clock, Entries, Env, Lock, Prompt, Store, StoreFailure, StoreFailureKind, StoreName, StoreResult,
    Terminal, WaitCallback,
};
#[cfg(any(target_os = "macos", windows))]
use native::Keyring;
use shared::{IfLocked, keyring_failure};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

/// How long a call may take if nobody can unlock anything. macOS asks in a window, which needs no terminal.
const CALL_TIMEOUT: Duration = Duration::from_secs(if cfg!(target_os = "macos") { 60 } else { 3 });

/// The same if a person may be answering a prompt, and if a prompt is known to be open.
const PERSON_TIMEOUT: Duration = Duration::from_secs(60);
const PROMPT_TIMEOUT: Duration = Duration::from_secs(180);
/// When a long wait is first reported, and how often after that.
const FIRST_REPORT: Duration = Duration::from_secs(2);
const REPORT_INTERVAL: Duration = Duration::from_secs(10);

pub struct KeyringStore {
    /// Where a prompt is announced, if a person is there.
    terminal: Option<Arc<dyn Terminal>>,
    env: Env,
    keyring: Arc<Keyring>,
    /// The lock of each entry, as long as it is held.
    locks: Mutex<BTreeMap<String, Weak<dyn Lock>>>,
}

/// Shared with the calls that change the entry.
impl Lock for Arc<dyn Lock> {}

impl KeyringStore {
    /// `terminal` is where a person may answer a prompt, if there is one. `env` determines the directory of the locks
    /// (`TIDP_LOCK_DIR`, else the home). `dir` keeps a record of the collections that entries are in.
    pub fn new(terminal: Option<Arc<dyn Terminal>>, env: Env, dir: Option<PathBuf>) -> Self {
        Self { terminal, keyring: Arc::new(Keyring::new(&env, dir)), env, locks: Mutex::default() }
    }
}

impl Store for KeyringStore {
    fn name(&self) -> StoreName {
        StoreName::Keyring
    }

    fn identity(&self) -> String {
        StoreName::Keyring.as_str().into()
    }

    fn key_fingerprint(&self) -> String {
        Keyring::bus_identity(&self.env)
    }

    fn backend(&self) -> Option<Backend> {
        let env = self.env.clone();
        quick_result(self.start(move |_| Ok(Keyring::backend(&env)))).ok()
    }

    fn read(&self, entry: &str, prompt: Prompt) -> StoreResult<Option<Secret>> {
        let (name, if_locked) = (entry.to_owned(), self.if_locked(prompt));
        let reading = self.start(move |keyring| {
            // Bytes that are not UTF-8 were not written by tidp, which is reported when the document is read.
            Ok(keyring.read(&name, if_locked)?.map(|bytes| Secret::new(String::from_utf8_lossy(&bytes))))
        });
        self.finish(reading, prompt)
    }

    fn check_writable(&self, entry: &str) -> StoreResult<()> {
        let (name, if_locked) = (entry.to_owned(), self.if_locked(Prompt::Allowed));
        self.finish(self.start(move |keyring| keyring.check_writable(&name, if_locked)), Prompt::Allowed)
    }

    fn write(&self, entry: &str, document: &Secret, prompt: Prompt) -> StoreResult<()> {
        let writing = self.start_write(entry, document, self.if_locked(prompt))?;
        self.wait_for(&writing, prompt).or_else(|failure| self.check_written(failure, entry, document))
    }

    /// A write that hangs is waited for, because it could take effect after a later run's write. One that is refused is
    /// repeated over a new connection: the service may come back, or be unlocked.
    fn save_with_retries(&self, entry: &str, document: &Secret, on_wait: WaitCallback<'_>) -> StoreResult<()> {
        let unlock = |if_locked| {
            let name = entry.to_owned();
            self.start(move |keyring| keyring.unlock(&name, if_locked))
        };
        let (mut prompted, mut locked) = (false, false);
        retry::retry(retry::REPORT_INTERVAL, on_wait, |reporter| {
            let unlocked = if locked { quick_result(unlock(IfLocked::Fail)) } else { Ok(()) };
            let written = unlocked.and_then(|()| self.write_and_wait(entry, document, reporter));
            locked = written.as_ref().is_err_and(|failure| failure.kind == StoreFailureKind::Locked);
            if locked && !prompted {
                // Only once and without waiting: if the keyring is unlocked elsewhere, nobody answers this prompt.
                prompted = unlock(IfLocked::Ask).is_ok();
            }
            written
        })
    }

    fn delete(&self, entry: &str) -> StoreResult<bool> {
        let if_locked = self.if_locked(Prompt::Allowed);
        let deleting = self.start_change(entry, move |keyring, name| keyring.delete(name, if_locked))?;
        // As after a write: it may have taken effect anyway.
        self.wait_for(&deleting, Prompt::Allowed).or_else(|failure| match failure.kind {
            StoreFailureKind::Refused | StoreFailureKind::TimedOut if self.load(entry) == Ok(None) => Ok(true),
            _ => Err(self.explain_timeout(failure)),
        })
    }

    fn list(&self, prompt: Prompt) -> StoreResult<Entries> {
        let if_locked = self.if_locked(prompt);
        let mut names = self.finish(self.start(move |keyring| keyring.names(if_locked)), prompt)?;
        names.sort();
        names.dedup();
        Ok(names.into())
    }

    fn try_lock(&self, entry: &str) -> StoreResult<Option<Box<dyn Lock>>> {
        let no_root = || keyring_failure(StoreFailureKind::LockUnavailable, "this user has no home directory");
        let root = lock::keyring_root(&self.env).ok_or_else(no_root)?;
        let name = hashed_name(&[&lock::user_id(), &self.identity(), entry]);
        let Some(lock) = lock::try_lock(StoreName::Keyring, &root, &name)? else { return Ok(None) };
        let lock: Arc<dyn Lock> = lock.into();
        lock_mutex(&self.locks).insert(entry.to_owned(), Arc::downgrade(&lock));
        Ok(Some(Box::new(lock)))
    }
}

impl KeyringStore {
    fn if_locked(&self, prompt: Prompt) -> IfLocked {
        match (prompt, &self.terminal) {
            (Prompt::Forbidden, _) => IfLocked::Fail,
            (Prompt::Allowed, Some(_)) => IfLocked::Ask,
            (Prompt::Allowed, None) => IfLocked::AskForFound,
        }
    }

    /// The result of a call that changes nothing.
    fn finish<T>(&self, call: StoreResult<Call<T>>, prompt: Prompt) -> StoreResult<T> {
        self.wait_for(&call?, prompt).map_err(|failure| match prompt {
            Prompt::Allowed => self.explain_timeout(failure),
            Prompt::Forbidden => failure,
        })
    }

    /// The result of the call. Announces that a prompt may be waiting for an answer.
    fn wait_for<T>(&self, call: &Call<T>, prompt: Prompt) -> StoreResult<T> {
        let Some(terminal) = self.terminal.as_ref().filter(|_| prompt == Prompt::Allowed) else {
            return result_within(call, CALL_TIMEOUT);
        };
        let (clock, mut step) = (SystemClock::start(), FIRST_REPORT);
        loop {
            let outcome = result_within(call, step);
            let (waited, prompt) = (clock.uptime(), self.keyring.prompt());
            let timeout = if prompt.is_some() { PROMPT_TIMEOUT } else { PERSON_TIMEOUT };
            if !is_timeout(&outcome) {
                return outcome;
            }
            if waited >= timeout {
                return Err(timeout_failure(waited));
            }
            let what = match prompt {
                Some(_) => "waiting for an answer to the keyring's prompt on this user's desktop",
                None => "waiting for the keyring, which may be showing a prompt on this user's desktop",
            };
            terminal.try_err(&format!("{what}: {} s so far\n", waited.as_secs()));
            step = REPORT_INTERVAL;
        }
    }

    /// Replaces a timeout by the reason for an open prompt.
    fn explain_timeout(&self, failure: StoreFailure) -> StoreFailure {
        match self.keyring.prompt() {
            Some(kind) if failure.kind == StoreFailureKind::TimedOut => {
                keyring_failure(kind, "its prompt waits for an answer")
            }
            _ => failure,
        }
    }

    /// Success if a failed write took effect all the same, found out by reading it back; else the failure. That is not
    /// necessary if the service is missing or locked. A write that timed out may also take effect later.
    fn check_written(&self, failed: StoreFailure, entry: &str, document: &Secret) -> StoreResult<()> {
        let unanswered = failed.kind == StoreFailureKind::TimedOut;
        if !unanswered && failed.kind != StoreFailureKind::Refused {
            return Err(failed);
        }
        let unknown = StoreFailure { kind: StoreFailureKind::Unknown, ..failed.clone() };
        match self.read(entry, Prompt::Forbidden) {
            Ok(Some(there)) if there == *document => Ok(()),
            Ok(_) if !unanswered => Err(failed),
            Ok(_) | Err(_) => Err(unknown),
        }
    }

    /// Writes once and waits however long it takes.
    fn write_and_wait(&self, entry: &str, document: &Secret, reporter: &mut WaitReporter<'_>) -> StoreResult<()> {
        let writing = self.start_write(entry, document, IfLocked::Fail)?;
        loop {
            let outcome = result_within(&writing, retry::REPORT_INTERVAL);
            if !is_timeout(&outcome) {
                return outcome.or_else(|failure| self.check_written(failure, entry, document));
            }
            reporter.report(&keyring_failure(StoreFailureKind::TimedOut, "it may be showing a prompt"));
        }
    }

    fn start_write(&self, entry: &str, document: &Secret, if_locked: IfLocked) -> StoreResult<Call<()>> {
        let document = document.clone();
        self.start_change(entry, move |keyring, name| keyring.write(name, document.expose().as_bytes(), if_locked))
    }

    /// Runs a call that changes the entry. It keeps the entry's lock until it ends, also if it is left behind: it may still
    /// take effect, and would undo, say, a logout.
    fn start_change<T: Send + 'static>(
        &self,
        entry: &str,
        call: impl FnOnce(&Keyring, &str) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<Call<T>> {
        let (name, lock) = (entry.to_owned(), lock_mutex(&self.locks).get(entry).and_then(Weak::upgrade));
        self.start(move |keyring| {
            let done = call(keyring, &name);
            drop(lock);
            done
        })
    }

    /// Runs a call on a thread of its own.
    fn start<T: Send + 'static>(
        &self,
        call: impl FnOnce(&Keyring) -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<Call<T>> {
        let (sender, receiver) = channel();
        let keyring = Arc::clone(&self.keyring);
        let spawned = std::thread::Builder::new()
            .name(StoreName::Keyring.as_str().into())
            .spawn(move || sender.send(call(&keyring)));
        spawned.map(|_| receiver).map_err(|error| keyring_failure(StoreFailureKind::Refused, &error.to_string()))
    }
}

/// A call that was started; it sends its result.
type Call<T> = Receiver<StoreResult<T>>;

/// The result of a call that asks nobody.
fn quick_result<T>(call: StoreResult<Call<T>>) -> StoreResult<T> {
    result_within(&call?, CALL_TIMEOUT)
}

fn result_within<T>(call: &Call<T>, timeout: Duration) -> StoreResult<T> {
    call.recv_timeout(timeout).unwrap_or_else(|error| {
        Err(match error {
            RecvTimeoutError::Timeout => timeout_failure(timeout),
            // The call panicked in the library.
            RecvTimeoutError::Disconnected => keyring_failure(StoreFailureKind::Unknown, "the keyring library failed"),
        })
    })
}

fn is_timeout<T>(outcome: &StoreResult<T>) -> bool {
    outcome.as_ref().is_err_and(|failure| failure.kind == StoreFailureKind::TimedOut)
}

fn timeout_failure(timeout: Duration) -> StoreFailure {
    keyring_failure(StoreFailureKind::TimedOut, &format!("no response within {} s", timeout.as_secs()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn a_call_that_hangs_is_left_behind_when_its_time_is_over() {
        let (_open, never) = mpsc::channel::<()>();
        let store = KeyringStore::new(None, Env::default(), None);
        let call = store.start(move |_| Ok(never.recv().is_ok())).unwrap();
        let failure = result_within(&call, Duration::from_millis(20)).unwrap_err();
        assert_eq!(failure.kind, StoreFailureKind::TimedOut);
    }

    fn locked_in(root: &std::path::Path) -> KeyringStore {
        let env = [("TIDP_LOCK_DIR".to_owned(), Secret::new(root.display().to_string()))];
        KeyringStore::new(None, Env::from_iter(env), None)
    }

    #[test]
    fn lock_is_kept_until_a_pending_write_ends() {
        let root = tempfile::tempdir().unwrap();
        let (store, other) = (locked_in(root.path()), locked_in(root.path()));
        let held = store.try_lock("entry").unwrap();
        let (ended, end) = mpsc::channel::<()>();
        let write = store.start_change("entry", move |_, _| Ok(end.recv().is_ok())).unwrap();
        let failure = result_within(&write, Duration::from_millis(20)).unwrap_err();
        assert_eq!(failure.kind, StoreFailureKind::TimedOut);
        drop((held, write));
        assert!(other.try_lock("entry").unwrap().is_none());
        ended.send(()).unwrap();
        let free = (0..200).any(|_| {
            std::thread::park_timeout(Duration::from_millis(10));
            other.try_lock("entry").unwrap().is_some()
        });
        assert!(free, "and no longer");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn keyring_is_identified_by_the_socket_of_its_bus() {
        let root = tempfile::tempdir().unwrap();
        let path = |name: &str| root.path().join(name).display().to_string();
        let _sockets = ["a", "b"].map(|name| std::os::unix::net::UnixListener::bind(root.path().join(name)).unwrap());
        let opened = |address: String| {
            let env = [("DBUS_SESSION_BUS_ADDRESS".to_owned(), Secret::new(address))];
            KeyringStore::new(None, Env::from_iter(env), None).key_fingerprint()
        };
        let a = opened(format!("unix:path={}", path("a")));
        assert_eq!(a, opened(format!("unix:path={},guid=0123", path("../").replace("../", "./a"))));
        assert_ne!(a, opened(format!("unix:path={}", path("b"))));
        assert_ne!(a, opened("unix:abstract=c".into()));
        let by_default = [("XDG_RUNTIME_DIR".to_owned(), Secret::new("/nowhere"))];
        assert_eq!(
            KeyringStore::new(None, Env::from_iter(by_default), None).key_fingerprint(),
            "unix:path=/nowhere/bus"
        );
    }

    #[test]
    fn the_lock_follows_the_lock_directory_and_not_the_home() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().display().to_string();
        let store = |home: &str| {
            let env = [("TIDP_LOCK_DIR", path.as_str()), ("HOME", home)];
            KeyringStore::new(
                None,
                env.map(|(name, value)| (name.to_owned(), Secret::new(value))).into_iter().collect(),
                None,
            )
        };
        let held = store("/a").try_lock("entry").unwrap();
        assert!(held.is_some());
        assert!(store("/b").try_lock("entry").unwrap().is_none());
        let nowhere = [("TIDP_LOCK_DIR".to_owned(), Secret::new("/proc/none"))];
        let failure = KeyringStore::new(None, Env::from_iter(nowhere), None).try_lock("entry").err().unwrap();
        assert_eq!(failure.kind, StoreFailureKind::LockUnavailable);
    }
}
