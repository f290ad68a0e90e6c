//! A profile, the store with its session, and the ports: what most commands and flows work with.

use crate::config::Profile;
use crate::domain::mutex::lock_mutex;
use crate::domain::session::{EntryKey, Session, SessionKey};
use crate::domain::text::hex;
use crate::domain::time::Time;
use crate::error::{Error, Result, SessionError, StoreError, with_profile};
use crate::explain::outlook::{SessionOutlook, sentence::Words};
use crate::flows::configuration::Configuration;
use crate::ports::{Ports, Prompt, Reporter, Store};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, MutexGuard};

pub struct Context<'w> {
    pub ports: &'w Ports,
    pub reporter: &'w dyn Reporter,
    pub profile: Profile,
    pub store: Arc<dyn Store>,
    pub key: SessionKey,
    lookups: Mutex<ProviderLookups>,
    /// How many steps of an exchange `--verbose` has shown.
    pub(super) steps: AtomicUsize,
}

/// What this run has fetched from the provider, so that it does not fetch the same thing twice.
#[derive(Default)]
pub struct ProviderLookups {
    pub discovery_read_at: Option<Time>,
    pub keys: Option<KeyLookup>,
}

/// An attempt to find a missing or replaced signing key.
#[derive(Clone, Copy)]
pub struct KeyLookup {
    pub at: Time,
    /// When it fetched keys; `None` if the provider could not be reached.
    pub fetched_at: Option<Time>,
}

impl<'w> Context<'w> {
    /// Loads the configuration and opens the store of the profile: the one named, or the one in use.
    ///
    /// # Errors
    /// `config`, `usage` or `store`.
    pub fn open(ports: &'w Ports, reporter: &'w dyn Reporter, flag: Option<&str>) -> Result<Self> {
        let configuration = Configuration::load(ports)?;
        let profile = configuration.profile(ports, flag)?;
        let store =
            configuration.store(ports).map_err(|error| error.with_profile_hint(profile.name_in_hints.as_deref()))?;
        if reporter.is_verbose() {
            configuration.trace(ports, reporter, &profile, flag);
        }
        Ok(Self::new(ports, reporter, profile, store))
    }

    pub fn new(ports: &'w Ports, reporter: &'w dyn Reporter, profile: Profile, store: Arc<dyn Store>) -> Self {
        let key = profile.session_key();
        Self { ports, reporter, profile, store, key, lookups: Mutex::default(), steps: AtomicUsize::new(0) }
    }

    /// The result of `work`; its error's hint names the profile.
    pub fn run<T>(self, work: impl FnOnce(&Self) -> Result<T>) -> Result<T> {
        work(&self).map_err(|error| self.with_hint(error))
    }

    /// The error, whose hint names the profile and, where that helps, the command for the client secret.
    pub fn with_hint(&self, error: Error) -> Error {
        self.with_stored_secret_hint(error).with_profile_hint(self.profile.name_in_hints.as_deref())
    }

    /// A command of tidp, with `--profile` if it needs that for this profile.
    pub fn command(&self, command: &str) -> String {
        with_profile(command, self.profile.name_in_hints.as_deref())
    }

    /// A hash that names an entry and its store, in caches and file names, without revealing either.
    pub fn entry_hash(&self, entry: &str) -> String {
        hex(&Sha256::digest(json!([self.store.identity(), entry]).to_string()))
    }

    /// A file of the cache directory, named after its `kind` and a hash of what it is about; `None` without such a directory.
    pub fn cache_file(&self, kind: &str, about: &Value) -> Option<PathBuf> {
        let hash = Sha256::digest(about.to_string());
        Some(self.ports.dirs.cache.as_ref()?.join("tidp").join(format!("{kind}{}.json", hex(&hash[..16]))))
    }

    /// The document in one of our own files, if it is there and can be read.
    pub fn read_own<T: DeserializeOwned>(&self, path: Option<&Path>) -> Option<T> {
        serde_json::from_slice(&self.ports.files.read_own(path?).ok()??).ok()
    }

    /// Writes the document to one of our own files, if there is a directory for it, and ignores failures.
    pub fn write_own(&self, path: Option<&Path>, document: &impl Serialize) {
        if let (Some(path), Ok(bytes)) = (path, serde_json::to_vec(document)) {
            let _ = self.ports.files.write_own(path, &bytes);
        }
    }

    /// Shared by the threads of a bulk `decode`.
    pub fn lookups(&self) -> MutexGuard<'_, ProviderLookups> {
        lock_mutex(&self.lookups)
    }

    pub fn entry(&self) -> String {
        EntryKey::Session(self.key.clone()).name()
    }

    /// The time for a person, and how far it is from now.
    pub fn when(&self, time: Time) -> String {
        self.reporter.when(time, self.ports.clock.now())
    }

    /// The stored session, if there is one.
    ///
    /// # Errors
    /// `store`, also for an entry that is not a valid session.
    pub fn load(&self, prompt: Prompt) -> Result<Option<Session>> {
        let read = |document| Session::from_json(&document, &self.key).map_err(|e| StoreError::InvalidEntry(e).into());
        self.store.read(&self.entry(), prompt)?.map(read).transpose()
    }

    /// # Errors
    /// [`SessionError::NoSession`], or `store`.
    pub fn session(&self) -> Result<Session> {
        self.load(Prompt::Allowed)?.ok_or_else(|| SessionError::NoSession.into())
    }

    /// What the session can expect under the profile's policy.
    pub fn outlook<'s>(&'s self, session: &'s Session, now: Time) -> SessionOutlook<'s> {
        SessionOutlook::new(now, session, self.profile.policy.as_ref(), self.profile.renew)
    }

    /// How sentences about this profile write times and commands.
    pub fn words<'s>(&'s self, format_time: &'s dyn Fn(Time) -> String) -> Words<'s> {
        Words { format_time, profile: self.profile.name_in_hints.as_deref() }
    }

    /// Bytes for identifiers that nobody can guess.
    pub fn random_bytes<const N: usize>(&self) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        let failed = |error| Error::failed(format!("the system's random number generator failed: {error}"));
        self.ports.entropy.fill(&mut bytes).map_err(failed)?;
        Ok(bytes)
    }
}
