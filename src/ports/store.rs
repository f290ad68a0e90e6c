//! The ports of what is kept: stores of sessions, and the access-token cache.

use crate::domain::secret::Secret;
use crate::domain::time::Seconds;
use std::path::PathBuf;
use std::time::Duration;

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
    /// Whether its entries are gone when the process exits.
    fn is_ephemeral(&self) -> bool {
        false
    }
    /// What tells this store from another one of the same user: part of cache and lock names. No secret.
    fn identity(&self) -> String;
    /// What opened it, where one identity may hold different secrets: the key of sealed files, the bus of a keyring. An
    /// access token that was cached under one is not served under another. No secret.
    fn key_fingerprint(&self) -> String {
        String::new()
    }
    /// The entry, if there is one.
    ///
    /// # Errors
    /// [`StoreFailure`].
    fn load(&self, entry: &str) -> Result<Option<Secret>, StoreFailure>;
    /// The same, but nobody is asked to unlock the store.
    ///
    /// # Errors
    /// [`StoreFailure`].
    fn load_without_asking(&self, entry: &str) -> Result<Option<Secret>, StoreFailure> {
        self.load(entry)
    }
    /// Proves, as far as that goes without touching it, that the entry can be written: before a person logs in. Where
    /// the store was never set up and somebody sits at it, they are asked to do so.
    ///
    /// # Errors
    /// [`StoreFailure`], if it certainly cannot.
    fn check_writable(&self, _entry: &str) -> Result<(), StoreFailure> {
        Ok(())
    }
    /// Writes the entry, within the store's deadline.
    ///
    /// # Errors
    /// [`StoreFailure`]; of kind [`StoreFailureKind::Unknown`] if it may have been written all the same.
    fn save(&self, entry: &str, document: &Secret) -> Result<(), StoreFailure>;
    /// The same, but nobody is asked to unlock the store.
    ///
    /// # Errors
    /// As [`Store::save`].
    fn save_without_asking(&self, entry: &str, document: &Secret) -> Result<(), StoreFailure> {
        self.save(entry, document)
    }
    /// Writes the entry however long it takes, calling `waiting` every few seconds: only a signal ends that. A store
    /// that can get over a failure (a full disk, a locked keyring, a service that died) is tried again and again.
    ///
    /// # Errors
    /// [`StoreFailure`], if trying again cannot help.
    fn save_at_any_cost(&self, entry: &str, document: &Secret, waiting: Waiting<'_>) -> Result<(), StoreFailure>;
    /// Removes the entry, and where there are several of that name, all of them; whether there was one.
    ///
    /// # Errors
    /// [`StoreFailure`].
    fn delete(&self, entry: &str) -> Result<bool, StoreFailure>;
    /// All that it holds.
    ///
    /// # Errors
    /// [`StoreFailure`].
    fn entries(&self) -> Result<Entries, StoreFailure>;
    /// Removes what writers that were killed have left, where nobody is writing just now.
    ///
    /// # Errors
    /// [`StoreFailure`].
    fn sweep(&self) -> Result<(), StoreFailure> {
        Ok(())
    }
    /// Takes the lock of that entry if nobody holds it, without waiting; held until dropped. It is the same lock for
    /// every process that sees the same secret, whatever its environment, and dies with its holder.
    ///
    /// # Errors
    /// [`StoreFailure`], if locks cannot be had at all.
    fn try_lock(&self, entry: &str) -> Result<Option<Box<dyn Lock>>, StoreFailure>;
}

/// Who is told of a long wait: how long it has been, and what the last attempt failed by, if one has.
pub type Waiting<'a> = &'a dyn Fn(Duration, Option<&StoreFailure>);

/// What a store holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entries {
    /// The names of the entries that can be read.
    pub names: Vec<String>,
    /// How many there are that cannot, and so do not say whose they are: sealed with another key, or damaged.
    pub unreadable: usize,
    /// Where those lie, for a person.
    pub place: String,
}

impl From<Vec<String>> for Entries {
    fn from(names: Vec<String>) -> Self {
        Self { names, ..Self::default() }
    }
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
    /// It is there, but was never set up to hold anything.
    NotSetUp,
    /// It is locked and nobody unlocked it.
    Locked,
    /// It did not answer within the deadline.
    TimedOut,
    /// It said no: permissions, quota, size, read-only.
    Refused,
    /// The key does not fit, or is no key.
    WrongKey,
    /// In the entry's place stands something that cannot be an entry; it can be replaced or removed.
    Damaged,
    /// Two entries of one name.
    Ambiguous,
    /// A write whose end is not known.
    Unknown,
    /// The lock's directory cannot be used.
    NoLock,
    /// The file system that the lock's directory is on has no locks.
    NoLocksThere,
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
