//! The OS keyring: service `tidp`, one credential per entry, its bytes the document.
//!
//! The library blocks without a deadline of its own, and hangs for ever on a service that is stopped or that waits
//! for a prompt. So every call stands on a detached thread, and is left behind there when time runs out.

use super::lock::{self, hashed};
use crate::core::secret::Secret;
use crate::core::text::printable;
use crate::world::{Entries, Env, Lock, Store, StoreFailure, StoreFailureKind};
use keyring::{Entry, Error};
use std::collections::HashMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;
use zeroize::Zeroizing;

const NAME: &str = "keyring";
const SERVICE: &str = "tidp";

/// How long a call may take where nobody sits to unlock anything; also how often a long wait is told.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long it may take while an unlock prompt may be up.
const PROMPT_PATIENCE: Duration = Duration::from_secs(60);

/// The keyring of this user.
pub struct KeyringStore {
    patience: Duration,
    env: Env,
}

impl KeyringStore {
    /// The keyring; `interactive` if somebody may be there to answer its prompt. `env` says where the locks lie
    /// (`TIDP_LOCK_DIR`, else `HOME` for a user whom the user database does not know).
    pub fn new(interactive: bool, env: Env) -> Self {
        Self { patience: if interactive { PROMPT_PATIENCE } else { PATIENCE }, env }
    }
}

impl Store for KeyringStore {
    fn name(&self) -> &'static str {
        NAME
    }

    fn identity(&self) -> String {
        NAME.into()
    }

    fn load(&self, entry: &str) -> Result<Option<Secret>, StoreFailure> {
        answer(&started(reading(entry))?, self.patience)?
    }

    fn save(&self, entry: &str, document: &Secret) -> Result<(), StoreFailure> {
        match answer(&started(writing(entry, document))?, self.patience) {
            Ok(written) => written.or_else(|failure| self.believed(failure, entry, document)),
            Err(failure) => self.believed(failure, entry, document),
        }
    }

    /// A call that hangs is waited for, and the wait is told. A refusal is not tried again: the library connects once per
    /// process, and a service that has died and come back would refuse for ever.
    fn save_at_any_cost(&self, entry: &str, document: &Secret, waiting: &dyn Fn(Duration)) -> Result<(), StoreFailure> {
        let writing = started(writing(entry, document))?;
        let mut waited = Duration::ZERO;
        loop {
            match answer(&writing, PATIENCE) {
                Ok(written) => return written.or_else(|failure| self.believed(failure, entry, document)),
                Err(_) => {
                    waited += PATIENCE;
                    waiting(waited);
                }
            }
        }
    }

    fn delete(&self, entry: &str) -> Result<bool, StoreFailure> {
        let name = entry.to_owned();
        let deleting = move || match Entry::new(SERVICE, &name).and_then(|entry| entry.delete_credential()) {
            Ok(()) => Ok(true),
            Err(Error::NoEntry) => Ok(false),
            Err(error) => Err(failure(&error)),
        };
        let failed = match answer(&started(deleting)?, self.patience) {
            Ok(Ok(deleted)) => return Ok(deleted),
            Ok(Err(failure)) | Err(failure) => failure,
        };
        // As after a write: it may have been done all the same.
        match failed.kind {
            StoreFailureKind::Refused | StoreFailureKind::TimedOut if self.load(entry) == Ok(None) => Ok(true),
            _ => Err(failed),
        }
    }

    fn entries(&self) -> Result<Entries, StoreFailure> {
        answer(&started(listing)?, self.patience)?.map(Entries::from)
    }

    fn try_lock(&self, entry: &str) -> Result<Option<Box<dyn Lock>>, StoreFailure> {
        let no_lock = |why: String| StoreFailure { store: NAME, kind: StoreFailureKind::NoLock, detail: why };
        let root = lock::keyring_root(&self.env).ok_or_else(|| no_lock("this user has no home directory".into()))?;
        let name = hashed(&[&lock::user_id(), &self.identity(), entry]);
        lock::try_lock(&root, &name).map_err(|error| no_lock(printable(&format!("{}: {error}", root.display()))))
    }
}

impl KeyringStore {
    /// What a failed write came to, as reading it back shows. A write that was refused for a plain reason, or whose
    /// service is not there at all, needs no look; one without an answer may still be carried out later.
    fn believed(&self, failed: StoreFailure, entry: &str, document: &Secret) -> Result<(), StoreFailure> {
        let unanswered = failed.kind == StoreFailureKind::TimedOut;
        if !unanswered && failed.kind != StoreFailureKind::Refused {
            return Err(failed);
        }
        let unknown = StoreFailure { kind: StoreFailureKind::Unknown, ..failed.clone() };
        match started(reading(entry)).and_then(|reading| answer(&reading, PATIENCE)) {
            Ok(Ok(Some(there))) if there == *document => Ok(()),
            Ok(Ok(_)) if !unanswered => Err(failed),
            Ok(_) | Err(_) => Err(unknown),
        }
    }
}

fn reading(entry: &str) -> impl FnOnce() -> Result<Option<Secret>, StoreFailure> + Send + 'static {
    let name = entry.to_owned();
    move || match Entry::new(SERVICE, &name).and_then(|entry| entry.get_secret()) {
        // Bytes that are no UTF-8 are nothing this program wrote; whoever reads the document says so.
        Ok(bytes) => Ok(Some(Secret::new(String::from_utf8_lossy(&Zeroizing::new(bytes))))),
        Err(Error::NoEntry) => Ok(None),
        Err(error) => Err(failure(&error)),
    }
}

fn writing(entry: &str, document: &Secret) -> impl FnOnce() -> Result<(), StoreFailure> + Send + 'static {
    let (name, document) = (entry.to_owned(), document.clone());
    move || {
        let entry = Entry::new(SERVICE, &name).map_err(|error| failure(&error))?;
        entry.set_secret(document.expose().as_bytes()).map_err(|error| failure(&error))
    }
}

fn listing() -> Result<Vec<String>, StoreFailure> {
    // The façade sets the library's one store for the process, when it is first asked how that went.
    if Entry::store_status().is_err() {
        return Err(failure(&Error::NoDefaultStore));
    }
    let found = keyring_core::Entry::search(&HashMap::from([("service", SERVICE)])).map_err(|error| failure(&error))?;
    // Attributes are read without unlocking, where the store has them.
    let name = |entry: &keyring_core::Entry| {
        let attributes = entry.get_attributes().ok().and_then(|mut attributes| attributes.remove("username"));
        attributes.or_else(|| entry.get_specifiers().map(|(_, user)| user))
    };
    let mut names: Vec<String> = found.iter().filter_map(name).collect();
    names.sort();
    names.dedup();
    Ok(names)
}

/// Starts a call on a thread of its own.
fn started<T: Send + 'static>(call: impl FnOnce() -> T + Send + 'static) -> Result<Receiver<T>, StoreFailure> {
    let (sender, receiver) = channel();
    let spawned = std::thread::Builder::new().name(NAME.into()).spawn(move || sender.send(call()));
    spawned.map(|_| receiver).map_err(|error| StoreFailure {
        store: NAME,
        kind: StoreFailureKind::Refused,
        detail: error.to_string(),
    })
}

/// The call's answer, if it comes in time.
fn answer<T>(call: &Receiver<T>, patience: Duration) -> Result<T, StoreFailure> {
    call.recv_timeout(patience).map_err(|error| match error {
        RecvTimeoutError::Timeout => StoreFailure {
            store: NAME,
            kind: StoreFailureKind::TimedOut,
            detail: format!("no answer within {} s", patience.as_secs()),
        },
        // The call panicked: the library's own assertion, not an answer.
        RecvTimeoutError::Disconnected => {
            StoreFailure { store: NAME, kind: StoreFailureKind::Unknown, detail: "the keyring library failed".into() }
        }
    })
}

/// What an error of the library means. Its own text is used only where it can hold neither data nor paths.
fn failure(error: &Error) -> StoreFailure {
    let (kind, detail) = match error {
        Error::NoDefaultStore => (StoreFailureKind::Missing, missing()),
        // The library has one name for a collection that is locked and for one that nobody has made; only its words
        // tell them apart. Where they change, it is "locked" again.
        Error::NoStorageAccess(cause) if cause.to_string().contains("result not returned") => {
            (StoreFailureKind::Missing, "it has no default collection".to_owned())
        }
        Error::NoStorageAccess(cause) => (StoreFailureKind::Locked, cause.to_string()),
        Error::Ambiguous(found) => (StoreFailureKind::Ambiguous, format!("{} entries of one name", found.len())),
        Error::PlatformFailure(cause) => (StoreFailureKind::Refused, cause.to_string()),
        Error::TooLong(what, most) => (StoreFailureKind::Refused, format!("{what} is longer than {most}")),
        Error::Invalid(what, why) => (StoreFailureKind::Refused, format!("{what}: {why}")),
        Error::NotSupportedByStore(what) | Error::BadStoreFormat(what) => (StoreFailureKind::Refused, what.clone()),
        _ => (StoreFailureKind::Refused, "it holds something that cannot be read".into()),
    };
    StoreFailure { store: NAME, kind, detail: printable(&detail) }
}

/// Why the library has no store: only its first attempt knows.
fn missing() -> String {
    match Entry::store_status() {
        Err(Error::PlatformFailure(cause) | Error::NoStorageAccess(cause)) => cause.to_string(),
        Err(Error::Invalid(_, why)) => why.clone(),
        _ => "there is no keyring".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn a_call_that_hangs_is_left_behind_when_its_time_is_over() {
        let (_open, never) = mpsc::channel::<()>();
        let call = started(move || never.recv().is_ok()).unwrap();
        let failure = answer(&call, Duration::from_millis(20)).unwrap_err();
        assert_eq!(failure.kind, StoreFailureKind::TimedOut);
    }

    #[test]
    fn errors_are_told_apart_by_what_can_be_done_about_them() {
        let boxed = || -> Box<dyn std::error::Error + Send + Sync> { "why\u{1b}".into() };
        for (error, kind) in [
            (Error::NoStorageAccess(boxed()), StoreFailureKind::Locked),
            (Error::PlatformFailure(boxed()), StoreFailureKind::Refused),
            (Error::Ambiguous(Vec::new()), StoreFailureKind::Ambiguous),
            (Error::TooLong("password".into(), 2560), StoreFailureKind::Refused),
            (Error::BadEncoding(b"secret".to_vec()), StoreFailureKind::Refused),
        ] {
            let failure = failure(&error);
            assert_eq!(failure.kind, kind);
            assert!(!failure.detail.contains("secret") && !failure.detail.contains('\u{1b}'), "{}", failure.detail);
        }
    }

    #[test]
    fn the_lock_follows_the_lock_directory_and_not_the_home() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().display().to_string();
        let store = |home: &str| {
            let env = [("TIDP_LOCK_DIR", path.as_str()), ("HOME", home)];
            KeyringStore::new(false, Env(env.map(|(name, value)| (name.to_owned(), Secret::new(value))).into()))
        };
        let held = store("/a").try_lock("entry").unwrap();
        assert!(held.is_some());
        assert!(store("/b").try_lock("entry").unwrap().is_none());
        let nowhere = [("TIDP_LOCK_DIR".to_owned(), Secret::new("/proc/none"))];
        let failure = KeyringStore::new(false, Env(nowhere.into())).try_lock("entry").err().unwrap();
        assert_eq!(failure.kind, StoreFailureKind::NoLock);
    }
}
