//! The ports of session stores and of the access-token cache.

use crate::domain::secret::Secret;
use crate::domain::time::Seconds;
use std::path::PathBuf;
use std::time::Duration;

/// A configured store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreChoice {
    Keyring,
    /// Files encrypted with AES-256-GCM.
    File {
        dir: PathBuf,
        /// Base64 of 32 random bytes.
        key: Secret,
    },
    PlaintextFile {
        dir: PathBuf,
    },
    /// Lost when the process ends.
    Memory,
}

/// The name of a store, as in `TIDP_STORE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreName {
    Keyring,
    File,
    PlaintextFile,
    Memory,
}

impl StoreName {
    pub const ALL: [Self; 4] = [Self::Keyring, Self::File, Self::PlaintextFile, Self::Memory];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Keyring => "keyring",
            Self::File => "file",
            Self::PlaintextFile => "plaintext-file",
            Self::Memory => "memory",
        }
    }
}

/// What is behind a keyring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Backend {
    /// The user's bus cannot be reached; its address.
    NoBus(String),
    NoService,
    /// The name of the program, or of the system's own keyring.
    Program(String),
}

pub trait Stores: Send + Sync {
    /// Nothing is accessed yet.
    fn open(&self, choice: &StoreChoice) -> StoreResult<Box<dyn Store>>;
}

/// Whether a locked store may ask its user to unlock it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prompt {
    Allowed,
    Forbidden,
}

/// A store of named secrets. Entries are replaced as a whole.
pub trait Store: Send + Sync {
    fn name(&self) -> StoreName;
    /// Whether entries are lost when the process ends.
    fn is_ephemeral(&self) -> bool {
        self.name() == StoreName::Memory
    }
    /// Identifies the store among this user's stores: part of cache and lock names. Not secret.
    fn identity(&self) -> String;
    /// Identifies the key of encrypted files, or the bus of a keyring. A token cached under one fingerprint is not used
    /// under another. Not secret.
    fn key_fingerprint(&self) -> String {
        String::new()
    }
    /// What is behind a keyring, as far as it can be told without asking the keyring; `None` for other stores.
    fn backend(&self) -> Option<Backend> {
        None
    }
    /// The number of unencrypted files that other users can read, until the next access makes them private.
    fn exposed_files(&self) -> usize {
        0
    }
    /// The document of the entry; `None` if there is no such entry.
    fn read(&self, entry: &str, prompt: Prompt) -> StoreResult<Option<Secret>>;
    /// As [`Store::read`]; the user may be asked.
    fn load(&self, entry: &str) -> StoreResult<Option<Secret>> {
        self.read(entry, Prompt::Allowed)
    }
    /// Checks, before a person logs in, that the entry can probably be written. May ask the user to set up a keyring.
    fn check_writable(&self, _entry: &str) -> StoreResult<()> {
        Ok(())
    }
    /// Writes the entry within the store's deadline. [`StoreFailureKind::Unknown`]: it may have been written all the same.
    fn write(&self, entry: &str, document: &Secret, prompt: Prompt) -> StoreResult<()>;
    /// As [`Store::write`]; the user may be asked.
    fn save(&self, entry: &str, document: &Secret) -> StoreResult<()> {
        self.write(entry, document, Prompt::Allowed)
    }
    /// Writes the entry and repeats temporary failures (a full disk, a locked keyring) until a signal ends the process.
    /// Calls `on_wait` every few seconds. Fails if repeating cannot help.
    fn save_with_retries(&self, entry: &str, document: &Secret, on_wait: WaitCallback<'_>) -> StoreResult<()>;
    /// Removes all entries with this name; whether there were any.
    fn delete(&self, entry: &str) -> StoreResult<bool>;
    /// The names of all entries, sorted.
    fn list(&self, prompt: Prompt) -> StoreResult<Entries>;
    /// As [`Store::list`]; the user may be asked.
    fn entries(&self) -> StoreResult<Entries> {
        self.list(Prompt::Allowed)
    }
    /// Removes temporary files of writers that were killed.
    fn sweep(&self) -> StoreResult<()> {
        Ok(())
    }
    /// The lock of this entry, if it is free. Every process that sees the same secret gets the same lock. It is held until
    /// dropped and ends with the process.
    fn try_lock(&self, entry: &str) -> StoreResult<Option<Box<dyn Lock>>>;
}

/// Gets the time waited so far and the last failure.
pub type WaitCallback<'a> = &'a dyn Fn(Duration, &StoreFailure);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entries {
    pub names: Vec<String>,
    /// The number of entries that are damaged or encrypted with another key.
    pub unreadable: usize,
    /// Where the unreadable ones are, for a person.
    pub place: String,
}

impl From<Vec<String>> for Entries {
    fn from(names: Vec<String>) -> Self {
        Self { names, ..Self::default() }
    }
}

/// Released when dropped.
pub trait Lock: Send + Sync {}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreFailure {
    pub store: StoreName,
    pub kind: StoreFailureKind,
    /// From the library or system; printable and not secret.
    pub detail: String,
}

pub type StoreResult<T> = Result<T, StoreFailure>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreFailureKind {
    /// There is no service, bus or directory.
    Missing,
    NotSetUp,
    /// It is locked and nobody unlocked it.
    Locked,
    /// Windows keeps no credentials for this logon session.
    MissingLogonSession,
    /// macOS has no keychain for this user.
    MissingKeychain,
    /// macOS must ask the user, and can show no window.
    InteractionNotAllowed,
    /// The user, or the entry's access control, does not let this program in.
    Denied,
    TimedOut,
    /// It refused: permissions, quota, size, read-only.
    Refused,
    /// The key is invalid or does not fit.
    WrongKey,
    /// It can be replaced or removed.
    Damaged,
    Ambiguous,
    /// The outcome of a write is not known.
    Unknown,
    LockUnavailable,
    /// The file system of the lock's directory has no locks.
    LocksUnsupported,
}

impl StoreFailureKind {
    /// Whether there is no store, so that nothing can be in it.
    pub fn means_no_store(self) -> bool {
        matches!(self, Self::Missing | Self::NotSetUp)
    }

    /// Whether one entry is at fault, and the store itself works.
    pub fn concerns_entry(self) -> bool {
        matches!(self, Self::WrongKey | Self::Damaged | Self::Ambiguous)
    }
}

/// The access-token cache. Entries expire with the token; if the cache is missing or full, it is just empty.
pub trait TokenCache: Send + Sync {
    fn get(&self, name: &str) -> Option<Secret>;
    /// Keeps the document for `lifetime`; failures are ignored.
    fn put(&self, name: &str, document: &Secret, lifetime: Seconds);
    fn forget(&self, name: &str);
}
