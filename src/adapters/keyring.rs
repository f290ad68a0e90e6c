//! The OS keyring: service `tidp`, one credential per entry, its bytes the document.
//!
//! A call blocks without a deadline of its own, and hangs for ever on a service that is stopped or that waits for a
//! prompt. So every call stands on a detached thread, and is left behind there when time runs out.

#[cfg(not(any(target_os = "macos", windows)))]
mod collection_memory;
mod failure;
#[cfg(any(target_os = "macos", windows))]
mod native;
#[cfg(not(any(target_os = "macos", windows)))]
mod secret_service;

#[cfg(not(any(target_os = "macos", windows)))]
use self::secret_service::{IfLocked, Keyring};
use super::lock::{self, hashed};
use super::retry::{self, Notices};
use super::system::SystemClock;
use crate::domain::secret::Secret;
use crate::ports::{Clock, Entries, Env, Lock, Store, StoreFailure, StoreFailureKind, Terminal, Waiting};
use failure::{NAME, failed};
#[cfg(any(target_os = "macos", windows))]
use native::{IfLocked, Keyring};
use std::mem::ManuallyDrop;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How long a call may take where nobody sits to unlock anything.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long it may take where somebody may be answering a prompt that is not known of, and where one is.
const PERSONS_PATIENCE: Duration = Duration::from_secs(60);
const PROMPT_PATIENCE: Duration = Duration::from_secs(180);

/// When that wait is first told, and how often from then on.
const FIRST_TOLD: Duration = Duration::from_secs(2);
const TOLD_AGAIN: Duration = Duration::from_secs(10);

/// The keyring of this user.
pub struct KeyringStore {
    /// Where somebody is told to answer its prompt, if somebody sits there.
    person: Option<Arc<dyn Terminal>>,
    env: Env,
    keyring: Arc<Keyring>,
    abandoned: Abandoned,
}

/// Waits for the end of a write or delete that was left behind unanswered, and may still be carried out.
type Wait = Box<dyn FnOnce() + Send>;

type Abandoned = Arc<Mutex<Vec<Wait>>>;

/// The lock of an entry. While a write is under way that was left behind, nobody else may have it: what a logout removes
/// then, the write would bring back.
struct KeyringLock {
    lock: Option<Box<dyn Lock>>,
    abandoned: Abandoned,
}

impl Lock for KeyringLock {}

impl Drop for KeyringLock {
    fn drop(&mut self) {
        let abandoned = std::mem::take(&mut *self.abandoned.lock().unwrap_or_else(PoisonError::into_inner));
        if abandoned.is_empty() {
            return;
        }
        // The process's end lets go of it in any case; where no thread can be had, only that.
        let lock = ManuallyDrop::new(self.lock.take());
        let waiting = std::thread::Builder::new().name(NAME.into()).spawn(move || {
            abandoned.into_iter().for_each(|wait| wait());
            drop(ManuallyDrop::into_inner(lock));
        });
        drop(waiting);
    }
}

impl KeyringStore {
    /// The keyring; `person` is the terminal at which somebody may answer its prompt, if there is one. `env` says where the
    /// locks lie (`TIDP_LOCK_DIR`, else `HOME` for a user whom the user database does not know), and in `dir` is kept where
    /// the entries lie.
    pub fn new(person: Option<Arc<dyn Terminal>>, env: Env, dir: Option<PathBuf>) -> Self {
        Self { person, keyring: Arc::new(Keyring::new(&env, dir)), env, abandoned: Arc::default() }
    }
}

impl Store for KeyringStore {
    fn name(&self) -> &'static str {
        NAME
    }

    fn identity(&self) -> String {
        NAME.into()
    }

    fn key_fingerprint(&self) -> String {
        Keyring::reached_by(&self.env)
    }

    fn load(&self, entry: &str) -> Result<Option<Secret>, StoreFailure> {
        self.awaited(&self.reading(entry, self.if_locked())?).map_err(|failure| self.explained(failure))
    }

    fn load_without_asking(&self, entry: &str) -> Result<Option<Secret>, StoreFailure> {
        answer(&self.reading(entry, IfLocked::Fail)?, PATIENCE)?
    }

    fn save_without_asking(&self, entry: &str, document: &Secret) -> Result<(), StoreFailure> {
        let writing = self.writing(entry, document, IfLocked::Fail)?;
        let outcome = answer(&writing, PATIENCE).flatten();
        self.outcome(outcome, writing, entry, document)
    }

    fn check_writable(&self, entry: &str) -> Result<(), StoreFailure> {
        let (name, locked) = (entry.to_owned(), self.if_locked());
        let checking = self.started(move |keyring| keyring.has_room(&name, locked))?;
        self.awaited(&checking).map_err(|failure| self.explained(failure))
    }

    fn save(&self, entry: &str, document: &Secret) -> Result<(), StoreFailure> {
        let writing = self.writing(entry, document, self.if_locked())?;
        let outcome = self.awaited(&writing);
        self.outcome(outcome, writing, entry, document)
    }

    /// A write that hangs is waited for and never left behind: it could be carried out over what a later run has stored.
    /// One that is refused is tried again over a new connection, for a service may come back and a lock be opened.
    fn save_at_any_cost(&self, entry: &str, document: &Secret, waiting: Waiting<'_>) -> Result<(), StoreFailure> {
        let (mut asked, mut locked) = (false, false);
        retry::until_done(Notices::new(retry::TOLD_EVERY, waiting), |notices| {
            let open = || answer(&self.opening(entry, IfLocked::Fail)?, PATIENCE)?;
            let open = if locked { open() } else { Ok(()) };
            let failure = match open.and_then(|()| self.written(entry, document, notices)) {
                Ok(()) => return ControlFlow::Break(Ok(())),
                // Which of two entries it should be, time does not tell.
                Err(failure) if failure.kind == StoreFailureKind::Ambiguous => return ControlFlow::Break(Err(failure)),
                Err(failure) => failure,
            };
            locked = failure.kind == StoreFailureKind::Locked;
            if locked && !asked {
                // Once, and not waited for: the lock may be opened elsewhere, and then nobody answers this prompt.
                asked = self.opening(entry, IfLocked::Ask).is_ok();
            }
            notices.failed(failure);
            ControlFlow::Continue(())
        })
    }

    fn delete(&self, entry: &str) -> Result<bool, StoreFailure> {
        let (name, locked) = (entry.to_owned(), self.if_locked());
        let deleting = self.started(move |keyring| keyring.delete(&name, locked))?;
        let outcome = self.awaited(&deleting);
        self.not_forgotten(&outcome, deleting);
        let failed = match outcome {
            Ok(deleted) => return Ok(deleted),
            Err(failure) => failure,
        };
        // As after a write: it may have been done all the same.
        match failed.kind {
            StoreFailureKind::Refused | StoreFailureKind::TimedOut if self.load(entry) == Ok(None) => Ok(true),
            _ => Err(self.explained(failed)),
        }
    }

    fn entries(&self) -> Result<Entries, StoreFailure> {
        let locked = self.if_locked();
        let listing = self.started(move |keyring| keyring.names(locked))?;
        let mut names = self.awaited(&listing).map_err(|failure| self.explained(failure))?;
        names.sort();
        names.dedup();
        Ok(Entries::from(names))
    }

    fn try_lock(&self, entry: &str) -> Result<Option<Box<dyn Lock>>, StoreFailure> {
        let no_lock = |why: String| StoreFailure { store: NAME, kind: StoreFailureKind::NoLock, detail: why };
        let root = lock::keyring_root(&self.env).ok_or_else(|| no_lock("this user has no home directory".into()))?;
        let name = hashed(&[&lock::user_id(), &self.identity(), entry]);
        let lock = lock::try_lock(&root, &name);
        let lock = lock.map_err(|error| lock::failure(NAME, &root, &name, &error))?;
        Ok(lock.map(|lock| -> Box<dyn Lock> {
            Box::new(KeyringLock { lock: Some(lock), abandoned: Arc::clone(&self.abandoned) })
        }))
    }
}

impl KeyringStore {
    fn if_locked(&self) -> IfLocked {
        if self.person.is_some() { IfLocked::Ask } else { IfLocked::AskForFound }
    }

    /// The call's answer, if it comes in time; somebody who may have to answer a prompt first is told so.
    fn awaited<T>(&self, call: &Receiver<Result<T, StoreFailure>>) -> Result<T, StoreFailure> {
        let Some(terminal) = &self.person else { return answer(call, PATIENCE).flatten() };
        let (clock, mut step) = (SystemClock::start(), FIRST_TOLD);
        loop {
            let outcome = answer(call, step);
            let (waited, prompt) = (clock.uptime(), self.keyring.prompt());
            let patience = if prompt.is_some() { PROMPT_PATIENCE } else { PERSONS_PATIENCE };
            if waited >= patience || !matches!(&outcome, Err(failure) if failure.kind == StoreFailureKind::TimedOut) {
                return outcome.map_err(|failure| match failure.kind {
                    StoreFailureKind::TimedOut => not_in_time(waited),
                    _ => failure,
                })?;
            }
            let what = match prompt {
                Some(_) => "waiting for the keyring's prompt, on this user's desktop, to be answered",
                None => "waiting for the keyring, which may be showing a prompt on this user's desktop",
            };
            terminal.err_if_ready(&format!("{what}: {} s so far\n", waited.as_secs()));
            step = TOLD_AGAIN;
        }
    }

    /// Why there was no answer in time, if a prompt tells.
    fn explained(&self, failure: StoreFailure) -> StoreFailure {
        match self.keyring.prompt() {
            Some(kind) if failure.kind == StoreFailureKind::TimedOut => failed(kind, "its prompt waits for an answer"),
            _ => failure,
        }
    }

    /// Keeps in mind a call that has not ended and changes something: the lock is not let go before it has.
    fn not_forgotten<T: Send + 'static>(
        &self,
        outcome: &Result<T, StoreFailure>,
        call: Receiver<Result<T, StoreFailure>>,
    ) {
        if outcome.as_ref().is_err_and(|failure| failure.kind == StoreFailureKind::TimedOut) {
            let mut abandoned = self.abandoned.lock().unwrap_or_else(PoisonError::into_inner);
            abandoned.push(Box::new(move || drop(call.recv())));
        }
    }

    /// What a write came to that was waited for.
    fn outcome(
        &self,
        outcome: Result<(), StoreFailure>,
        writing: Receiver<Result<(), StoreFailure>>,
        entry: &str,
        document: &Secret,
    ) -> Result<(), StoreFailure> {
        self.not_forgotten(&outcome, writing);
        outcome.or_else(|failure| self.believed(failure, entry, document))
    }

    /// What a failed write came to, as reading it back shows. A write that was refused for a plain reason, or whose
    /// service is not there at all, needs no look; one without an answer may still be carried out later.
    fn believed(&self, failed: StoreFailure, entry: &str, document: &Secret) -> Result<(), StoreFailure> {
        let unanswered = failed.kind == StoreFailureKind::TimedOut;
        if !unanswered && failed.kind != StoreFailureKind::Refused {
            return Err(failed);
        }
        let unknown = StoreFailure { kind: StoreFailureKind::Unknown, ..failed.clone() };
        let reading = self.reading(entry, IfLocked::Fail);
        match reading.and_then(|reading| answer(&reading, PATIENCE).flatten()) {
            Ok(Some(there)) if there == *document => Ok(()),
            Ok(_) if !unanswered => Err(failed),
            Ok(_) | Err(_) => Err(unknown),
        }
    }

    /// One write, waited for however long it takes.
    fn written(&self, entry: &str, document: &Secret, notices: &mut Notices<'_>) -> Result<(), StoreFailure> {
        let writing = self.writing(entry, document, IfLocked::Fail)?;
        loop {
            match answer(&writing, retry::TOLD_EVERY) {
                Err(failure) if failure.kind == StoreFailureKind::TimedOut => {
                    notices.failed(failed(failure.kind, "it may be showing a prompt"));
                    notices.tell();
                }
                Ok(written) => return written.or_else(|failure| self.believed(failure, entry, document)),
                Err(failure) => return Err(failure),
            }
        }
    }

    fn opening(&self, entry: &str, locked: IfLocked) -> Started<()> {
        let name = entry.to_owned();
        self.started(move |keyring| keyring.opened(&name, locked))
    }

    fn reading(&self, entry: &str, locked: IfLocked) -> Started<Option<Secret>> {
        let name = entry.to_owned();
        self.started(move |keyring| {
            // Bytes that are no UTF-8 are nothing this program wrote; whoever reads the document says so.
            Ok(keyring.read(&name, locked)?.map(|bytes| Secret::new(String::from_utf8_lossy(&bytes))))
        })
    }

    fn writing(&self, entry: &str, document: &Secret, locked: IfLocked) -> Started<()> {
        let (name, document) = (entry.to_owned(), document.clone());
        self.started(move |keyring| keyring.write(&name, document.expose().as_bytes(), locked))
    }

    /// Starts a call on a thread of its own.
    fn started<T: Send + 'static>(
        &self,
        call: impl FnOnce(&Keyring) -> Result<T, StoreFailure> + Send + 'static,
    ) -> Started<T> {
        let (sender, receiver) = channel();
        let keyring = Arc::clone(&self.keyring);
        let spawned = std::thread::Builder::new().name(NAME.into()).spawn(move || sender.send(call(&keyring)));
        spawned.map(|_| receiver).map_err(|error| failed(StoreFailureKind::Refused, &error.to_string()))
    }
}

/// A call under way.
type Started<T> = Result<Receiver<Result<T, StoreFailure>>, StoreFailure>;

/// The call's answer, if it comes in time.
fn answer<T>(call: &Receiver<T>, patience: Duration) -> Result<T, StoreFailure> {
    call.recv_timeout(patience).map_err(|error| match error {
        RecvTimeoutError::Timeout => not_in_time(patience),
        // The call panicked: the library's own assertion, not an answer.
        RecvTimeoutError::Disconnected => failed(StoreFailureKind::Unknown, "the keyring library failed"),
    })
}

fn not_in_time(patience: Duration) -> StoreFailure {
    failed(StoreFailureKind::TimedOut, &format!("no answer within {} s", patience.as_secs()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn a_call_that_hangs_is_left_behind_when_its_time_is_over() {
        let (_open, never) = mpsc::channel::<()>();
        let store = KeyringStore::new(None, Env::default(), None);
        let call = store.started(move |_| Ok(never.recv().is_ok())).unwrap();
        let failure = answer(&call, Duration::from_millis(20)).unwrap_err();
        assert_eq!(failure.kind, StoreFailureKind::TimedOut);
    }

    fn locked_in(root: &std::path::Path) -> KeyringStore {
        let env = [("TIDP_LOCK_DIR".to_owned(), Secret::new(root.display().to_string()))];
        KeyringStore::new(None, Env(env.into()), None)
    }

    #[test]
    fn the_lock_is_held_until_a_write_that_was_left_behind_has_ended() {
        let root = tempfile::tempdir().unwrap();
        let (store, other) = (locked_in(root.path()), locked_in(root.path()));
        let held = store.try_lock("entry").unwrap();
        let (ended, write) = mpsc::channel();
        store.not_forgotten(&Err(failed(StoreFailureKind::TimedOut, "")), write);
        drop(held);
        assert!(other.try_lock("entry").unwrap().is_none());
        ended.send(Ok(())).unwrap();
        let free = (0..200).any(|_| {
            std::thread::park_timeout(Duration::from_millis(10));
            other.try_lock("entry").unwrap().is_some()
        });
        assert!(free, "and no longer");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_keyring_is_known_by_the_socket_of_its_bus_however_that_is_spelled() {
        let root = tempfile::tempdir().unwrap();
        let path = |name: &str| root.path().join(name).display().to_string();
        let _sockets = ["a", "b"].map(|name| std::os::unix::net::UnixListener::bind(root.path().join(name)).unwrap());
        let opened = |address: String| {
            let env = [("DBUS_SESSION_BUS_ADDRESS".to_owned(), Secret::new(address))];
            KeyringStore::new(None, Env(env.into()), None).key_fingerprint()
        };
        let a = opened(format!("unix:path={}", path("a")));
        assert_eq!(a, opened(format!("unix:path={},guid=0123", path("../").replace("../", "./a"))));
        assert_ne!(a, opened(format!("unix:path={}", path("b"))));
        assert_ne!(a, opened("unix:abstract=c".into()));
        let by_default = [("XDG_RUNTIME_DIR".to_owned(), Secret::new("/nowhere"))];
        assert_eq!(KeyringStore::new(None, Env(by_default.into()), None).key_fingerprint(), "unix:path=/nowhere/bus");
    }

    #[test]
    fn the_lock_follows_the_lock_directory_and_not_the_home() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().display().to_string();
        let store = |home: &str| {
            let env = [("TIDP_LOCK_DIR", path.as_str()), ("HOME", home)];
            KeyringStore::new(None, Env(env.map(|(name, value)| (name.to_owned(), Secret::new(value))).into()), None)
        };
        let held = store("/a").try_lock("entry").unwrap();
        assert!(held.is_some());
        assert!(store("/b").try_lock("entry").unwrap().is_none());
        let nowhere = [("TIDP_LOCK_DIR".to_owned(), Secret::new("/proc/none"))];
        let failure = KeyringStore::new(None, Env(nowhere.into()), None).try_lock("entry").err().unwrap();
        assert_eq!(failure.kind, StoreFailureKind::NoLock);
    }
}
