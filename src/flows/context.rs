//! A profile, the store with its session, and the ports: what most commands and flows work with.

use crate::config::Profile;
use crate::domain::secret::Secret;
use crate::domain::session::{EntryKey, Session, SessionKey};
use crate::domain::text::hex;
use crate::domain::time::Time;
use crate::error::{Result, SessionError, StoreError};
use crate::explain::outlook::SessionOutlook;
use crate::flows::configuration::Configuration;
use crate::flows::provider_lookups::ProviderLookups;
use crate::flows::traced_configuration;
use crate::ports::{Ports, Reporter, Store};
use sha2::{Digest, Sha256};
use std::sync::atomic::AtomicUsize;

/// A profile and the store its session is in.
pub struct Context<'w> {
    pub ports: &'w Ports,
    pub reporter: &'w dyn Reporter,
    pub profile: Profile,
    pub store: Box<dyn Store>,
    pub key: SessionKey,
    pub lookups: ProviderLookups,
    /// How many steps of an exchange `--verbose` has shown.
    pub(super) steps: AtomicUsize,
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
            traced_configuration::trace(ports, reporter, &configuration, &profile, flag);
        }
        Ok(Self::new(ports, reporter, profile, store))
    }

    pub fn new(ports: &'w Ports, reporter: &'w dyn Reporter, profile: Profile, store: Box<dyn Store>) -> Self {
        let key = profile.session_key();
        Self { ports, reporter, profile, store, key, lookups: ProviderLookups::default(), steps: AtomicUsize::new(0) }
    }

    /// The result of `work`; its error's hint names the profile.
    ///
    /// # Errors
    /// Those of `work`.
    pub fn run<T>(self, work: impl FnOnce(&Self) -> Result<T>) -> Result<T> {
        work(&self).map_err(|error| {
            self.with_stored_secret_hint(error).with_profile_hint(self.profile.name_in_hints.as_deref())
        })
    }

    /// The name of the session's entry in the store.
    pub fn entry(&self) -> String {
        EntryKey::Session(self.key.clone()).name()
    }

    /// A hash that names this session and store in caches and file names without revealing either.
    pub fn session_hash(&self) -> String {
        entry_hash(self.store.as_ref(), &self.entry())
    }

    /// The time for a person, and how far it is from now: `2026-01-31 13:00:00 CET (in 13 days 4 h)`.
    pub fn when(&self, time: Time) -> String {
        format!("{} ({})", self.reporter.local_time(time), time.relative_to(self.ports.clock.now()))
    }

    /// The stored session, if there is one.
    ///
    /// # Errors
    /// `store`, also for an entry that is not a valid session.
    pub fn load(&self) -> Result<Option<Session>> {
        self.read(self.store.load(&self.entry())?)
    }

    /// The stored session, without ever asking the user to unlock the store.
    ///
    /// # Errors
    /// As [`Context::load`].
    pub fn load_without_prompt(&self) -> Result<Option<Session>> {
        self.read(self.store.load_without_prompt(&self.entry())?)
    }

    /// What the session can expect under the profile's policy.
    pub fn outlook<'s>(&'s self, session: Option<&'s Session>, now: Time) -> SessionOutlook<'s> {
        SessionOutlook::new(now, session, self.profile.policy.as_ref(), self.profile.renew)
    }

    fn read(&self, document: Option<Secret>) -> Result<Option<Session>> {
        let read = |document| Session::from_json(&document, &self.key).map_err(|e| StoreError::InvalidEntry(e).into());
        document.map(read).transpose()
    }

    /// The stored session.
    ///
    /// # Errors
    /// [`SessionError::NoSession`], or `store`.
    pub fn session(&self) -> Result<Session> {
        self.load()?.ok_or_else(|| SessionError::NoSession.into())
    }
}

/// A hash that names an entry and its store without revealing either.
pub fn entry_hash(store: &dyn Store, entry: &str) -> String {
    let identity = serde_json::json!([store.identity(), entry]).to_string();
    hex(&Sha256::digest(identity))
}
