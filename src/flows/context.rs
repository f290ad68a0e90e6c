//! What most commands start with: the profile, its store, its provider. Loads; decides nothing.

use crate::cli::Global;
use crate::config::{self, AuthMethod, Config, KeySource, Profile, StoreKind};
use crate::domain::secret::Secret;
use crate::domain::session::{EntryKey, Session, SessionKey};
use crate::domain::text::{hex, into_utf8_text, printable_path, utf8_text, without_byte_order_mark};
use crate::error::{Error, LoginError, ProviderRefusal, Result, SessionError, SetupError, Situation, StoreError};
use crate::flows::provider_lookups::ProviderLookups;
use crate::oidc::redact;
use crate::oidc::token::{Client, ClientAuthentication};
use crate::ports::{HttpFailure, Lock, Ports, Reporter, Request, Response, Store, StoreChoice};
use crate::terminal::output::Output;
use sha2::{Digest, Sha256};
use std::path::PathBuf;
use std::time::Duration;

/// How long a command waits for another process to finish with the session.
pub const LOCK_PATIENCE: Duration = Duration::from_secs(15);

/// How long a login or logout waits, which a person has asked for and which must not be lost to a refresh at a slow
/// provider: longer than any refresh takes (discovery, keys, a client secret's command, the answer).
const LONG_PATIENCE: Duration = Duration::from_secs(180);

/// The configuration file, read.
pub struct Configured {
    /// What it says.
    pub config: Config,
    /// Where it is, or would be.
    pub path: Option<PathBuf>,
    /// Whether there is no such file yet.
    is_new: bool,
    /// Whether it came through a pipe: it is nowhere, and cannot be changed.
    pub is_pipe: bool,
}

/// A profile and the store its session is in.
pub struct Context<'w> {
    /// The ports.
    pub ports: &'w Ports,
    /// The streams.
    pub out: &'w Output<'w>,
    /// Takes what a flow reports.
    pub reporter: &'w dyn Reporter,
    /// The profile.
    pub profile: Profile,
    /// The store.
    pub store: Box<dyn Store>,
    /// What the session is named by.
    pub key: SessionKey,
    /// What this run has fetched from the provider.
    pub lookups: ProviderLookups,
}

impl Configured {
    /// Reads the file; a missing one is empty, unless `TIDP_CONFIG` names it.
    ///
    /// # Errors
    /// `config`, if it cannot be read or makes no sense.
    pub fn load(ports: &Ports) -> Result<Self> {
        let configured = Self::load_or_new(ports)?;
        match &configured.path {
            Some(path) if configured.is_new && ports.env.get("TIDP_CONFIG").is_some() => {
                Err(Error::config(format!("TIDP_CONFIG names a file that is not there: {}", printable_path(path))))
            }
            _ => Ok(configured),
        }
    }

    /// Reads the file, wherever it is named; a missing one is empty: somebody is about to write it.
    ///
    /// # Errors
    /// `config`, if it cannot be read or makes no sense.
    pub fn load_or_new(ports: &Ports) -> Result<Self> {
        config::caches_access_tokens(&ports.env)?;
        let Some(path) = config::config_path(&ports.env, &ports.dirs) else {
            return Ok(Self { config: Config::default(), path: None, is_new: true, is_pipe: false });
        };
        let unreadable = |error: std::io::Error| Error::config(format!("{}: {error}", printable_path(&path)));
        let read = ports.files.read(&path).map_err(unreadable)?;
        let is_new = read.is_none();
        let config = match read {
            Some(bytes) => {
                let text = utf8_text(&bytes)
                    .map_err(|why| Error::config(format!("{}: it is {why}", printable_path(&path))))?;
                config::parse(text, &path)?
            }
            None => Config::default(),
        };
        let is_pipe = ports.files.is_pipe(&path);
        Ok(Self { config, path: Some(path), is_new, is_pipe })
    }

    /// The profile in use.
    ///
    /// # Errors
    /// As [`config::profile`].
    pub fn profile(&self, ports: &Ports, global: &Global) -> Result<Profile> {
        config::profile(global.profile.as_deref(), &ports.env, &self.config, self.base())
    }

    /// The directory relative paths in the file start from; `None`, so the current one, where it came through a pipe.
    pub fn base(&self) -> Option<&std::path::Path> {
        self.path.as_deref().filter(|_| !self.is_pipe).and_then(std::path::Path::parent)
    }

    /// The store, opened.
    ///
    /// # Errors
    /// `config` for a choice that makes no sense, `store` if it cannot be used.
    pub fn store(&self, ports: &Ports) -> Result<Box<dyn Store>> {
        let dir = || {
            let own = ports.env.get("TIDP_STORE_DIR").map(PathBuf::from);
            own.or_else(|| Some(ports.dirs.data.as_ref()?.join("tidp").join("sessions")))
                .ok_or_else(|| Error::config("there is no home directory: set TIDP_STORE_DIR"))
        };
        let choice = match config::store(&ports.env, &self.config)? {
            StoreKind::Keyring => StoreChoice::Keyring,
            StoreKind::Memory => StoreChoice::Memory,
            StoreKind::PlaintextFile => StoreChoice::PlaintextFile { dir: dir()? },
            StoreKind::File(source) => StoreChoice::File { dir: dir()?, key: store_key(ports, source)? },
        };
        Ok(ports.stores.open(&choice)?)
    }
}

fn store_key(ports: &Ports, source: KeySource) -> Result<Secret> {
    let text = match source {
        KeySource::Variable(key) => key,
        KeySource::Command(command) => {
            ports.children.output(&command).map_err(|what| Error::config(format!("store_key_command: {what}")))?
        }
        KeySource::File(path) => {
            let name = printable_path(&path);
            let unreadable = |what: String| Error::config(format!("TIDP_STORE_KEY_FILE {name}: {what}"));
            let bytes = ports.files.read_key(&path).map_err(|error| unreadable(error.to_string()))?;
            let bytes = bytes.ok_or_else(|| unreadable("no such file".into()))?;
            Secret::new(into_utf8_text(bytes).map_err(|why| unreadable(format!("it is {why}")))?)
        }
    };
    Ok(Secret::new(text.expose().trim()))
}

/// Makes the attempt, which is told how long it has been waited for, until it comes to something; `None` where it has not
/// within `patience`.
///
/// # Errors
/// Those of `attempt`.
pub fn patiently<T>(
    ports: &Ports,
    patience: Duration,
    mut attempt: impl FnMut(Duration) -> Result<Option<T>>,
) -> Result<Option<T>> {
    let started = ports.clock.uptime();
    loop {
        let waited = ports.clock.uptime().saturating_sub(started);
        if let Some(done) = attempt(waited)? {
            return Ok(Some(done));
        }
        if waited >= patience {
            return Ok(None);
        }
        // Short at first, for a refresh takes tens of milliseconds; longer later, to leave the processor to it.
        ports.clock.pause((waited / 4).clamp(Duration::from_millis(5), Duration::from_millis(50)));
    }
}

impl<'w> Context<'w> {
    /// Loads the configuration and opens the profile's store.
    ///
    /// # Errors
    /// `config`, `usage` or `store`.
    pub fn open(ports: &'w Ports, out: &'w Output<'w>, global: &Global) -> Result<Self> {
        let configured = Configured::load(ports)?;
        let profile = configured.profile(ports, global)?;
        let store = configured.store(ports).map_err(|error| error.of_profile(profile.name_in_hints.as_deref()))?;
        Ok(Self::new(ports, out, profile, store))
    }

    /// A context for a profile and store already at hand.
    pub fn new(ports: &'w Ports, out: &'w Output<'w>, profile: Profile, store: Box<dyn Store>) -> Self {
        let key = profile.session_key();
        Self { ports, out, reporter: out, profile, store, key, lookups: ProviderLookups::default() }
    }

    /// Runs `work`, and names the profile in the hint of its failure.
    ///
    /// # Errors
    /// Those of `work`.
    pub fn run<T>(self, work: impl FnOnce(&Self) -> Result<T>) -> Result<T> {
        work(&self).map_err(|error| self.of_secret(error).of_profile(self.profile.name_in_hints.as_deref()))
    }

    /// The same failure; where the provider refused the client for its secret (RFC 6749 5.2), and that is the one which
    /// `tidp profile secret` has stored, as such.
    pub fn of_secret(&self, error: Error) -> Error {
        let (env, profile) = (&self.ports.env, &self.profile);
        let is_stored = profile.auth_method != AuthMethod::None
            && profile.client_secret_command.is_none()
            && env.get("TIDP_CLIENT_SECRET").is_none();
        let situation = match error.situation {
            Situation::Provider(ProviderRefusal::WithError(failed_step, provider))
                if is_stored && provider.error == "invalid_client" =>
            {
                ProviderRefusal::StoredSecret(failed_step, provider).into()
            }
            Situation::Login(login) => match *login {
                LoginError::Refused(provider, _) if is_stored && provider.error == "invalid_client" => {
                    ProviderRefusal::StoredSecret("login failed", provider).into()
                }
                other => other.into(),
            },
            other => other,
        };
        Error { situation, ..error }
    }

    /// The session's entry in the store.
    pub fn entry(&self) -> String {
        EntryKey::Session(self.key.clone()).name()
    }

    /// A hash that names this session in this store, in caches and on the file system, without describing it.
    pub fn session_hash(&self) -> String {
        let identity = serde_json::json!([self.store.identity(), self.entry()]).to_string();
        hex(&Sha256::digest(identity))
    }

    /// The stored session, if there is one.
    ///
    /// # Errors
    /// `store`, also for an entry that is no session of ours.
    pub fn load(&self) -> Result<Option<Session>> {
        self.read(self.store.load(&self.entry())?)
    }

    /// The same, while nobody can be asked to unlock the store.
    ///
    /// # Errors
    /// As [`Context::load`].
    pub fn load_without_asking(&self) -> Result<Option<Session>> {
        self.read(self.store.load_without_asking(&self.entry())?)
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

    /// Waits for the session's lock; between tries `meanwhile` may bring what the wait was for.
    ///
    /// # Errors
    /// `busy` after [`LOCK_PATIENCE`]; `store` if there are no locks.
    pub fn lock_or<T>(
        &self,
        mut meanwhile: impl FnMut() -> Option<T>,
    ) -> Result<std::result::Result<Box<dyn Lock>, T>> {
        let mut waiting = false;
        let attempt = |_| {
            // Before the lock is tried again: of many who wait, none need queue for it when the wait is over.
            if std::mem::replace(&mut waiting, true)
                && let Some(found) = meanwhile()
            {
                return Ok(Some(Err(found)));
            }
            Ok(self.store.try_lock(&self.entry())?.map(Ok))
        };
        patiently(self.ports, LOCK_PATIENCE, attempt)?.ok_or_else(|| SessionError::Busy.into())
    }

    /// Waits, however slow a refresh in another process is, for the lock of that entry: the session's
    /// ([`Context::entry`]) or the client secret's. A wait that becomes long is told.
    ///
    /// # Errors
    /// `busy` after [`LONG_PATIENCE`]; `store` if there are no locks.
    pub fn lock(&self, entry: &str) -> Result<Box<dyn Lock>> {
        let mut told = false;
        let attempt = |waited: Duration| {
            let lock = self.store.try_lock(entry)?;
            if lock.is_none() && waited >= Duration::from_secs(2) && !std::mem::replace(&mut told, true) {
                self.reporter.progress("Another tidp is working on this session; waiting for it to finish.");
            }
            Ok(lock)
        };
        patiently(self.ports, LONG_PATIENCE, attempt)?.ok_or_else(|| SessionError::Busy.into())
    }

    /// Sends one request; an error that quotes a credential comes back without it.
    ///
    /// # Errors
    /// As the port.
    pub fn send(&self, request: &Request) -> std::result::Result<Response, HttpFailure> {
        let started = self.ports.clock.uptime();
        let answer = self.ports.http.send(request);
        let took = self.ports.clock.uptime().saturating_sub(started).as_millis();
        let outcome = match &answer {
            Ok(response) => response.status.to_string(),
            Err(failure) => failure.what.clone(),
        };
        self.reporter.trace(format!("{} {} → {outcome} ({took} ms)", request.method.as_str(), request.url));
        answer.map(|response| redact::without_credentials(request, response))
    }

    /// The client, with its secret where it has one.
    ///
    /// # Errors
    /// `config` where a confidential client has no secret; `store` if the keyring that may hold it fails.
    pub fn client(&self) -> Result<Client> {
        let authentication = match self.profile.auth_method {
            AuthMethod::None => ClientAuthentication::None,
            AuthMethod::Basic => ClientAuthentication::Basic(self.client_secret()?),
            AuthMethod::Post => ClientAuthentication::Post(self.client_secret()?),
        };
        Ok(Client { client_id: self.profile.client_id.clone(), authentication, ca_file: self.profile.ca_file.clone() })
    }

    fn client_secret(&self) -> Result<Secret> {
        if let Some(secret) = self.ports.env.get("TIDP_CLIENT_SECRET") {
            return Ok(Secret::new(secret));
        }
        if let Some(command) = &self.profile.client_secret_command {
            let failed = |what: String| Error::config(format!("client_secret_command: {what}"));
            return self.ports.children.output(command).map_err(failed);
        }
        let entry = EntryKey::ClientSecret(self.key.clone()).name();
        let stored = self.store.load(&entry)?.ok_or(SetupError::NoClientSecret)?;
        // An older tidp has stored one as it came.
        Ok(Secret::new(without_byte_order_mark(stored.expose())))
    }
}
