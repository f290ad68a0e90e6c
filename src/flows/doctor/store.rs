//! The store: an entry of its own is written, read and removed. And the cache in the kernel.

use super::{Checklist, INVALID_SETTING, Subject, keyring};
use crate::config::{self, AuthMethod, Profile};
use crate::domain::secret::Secret;
use crate::domain::session::EntryKey;
use crate::domain::text::{hex, printable_path};
use crate::domain::time::Seconds;
use crate::error::{Error, ProfileError, Result, StoreError};
use crate::explain::doctor_report::{Check, Status};
use crate::flows::configuration::Configuration;
use crate::ports::{Backend, Entries, Ports, Prompt, Store, StoreChoice, StoreFailure, StoreFailureKind};
use std::path::Path;

const KEYRING: &str = "keyring";
const STORE: &str = "store";
const SECRET: &str = "client secret";
const CACHE: &str = "kernel keyring";

/// The name of the entry. Those of sessions, secrets and tokens are JSON arrays.
const ENTRY: &str = "tidp doctor";

/// As large as a large session; on Windows, what a credential holds.
const SIZE: usize = if cfg!(windows) { 2_000 } else { 8_192 };

impl Subject<'_> {
    pub(super) fn check_store(&self, checklist: &mut Checklist<'_>) -> Result<()> {
        let (check, store) = match &self.configuration {
            Some(configuration) => self.store(configuration),
            None => (Check::skipped(STORE, "not checked without a valid configuration"), None),
        };
        checklist.add(check)?;
        if let Some(profile) = self.profile.as_ref().filter(|profile| profile.auth_method != AuthMethod::None) {
            checklist.add(self.client_secret(profile, store.as_deref()))?;
        }
        checklist.add(cache(self.ports))
    }

    /// The check of the store; and the store, if it works.
    fn store(&self, configuration: &Configuration) -> (Check, Option<Box<dyn Store>>) {
        let ports = self.ports;
        // Before it is read, which makes it private.
        let exposed_key = exposes_key(ports);
        let choice = match configuration.store_choice(ports) {
            Ok(choice) => choice,
            Err(error) => return (self.failed(STORE, error, INVALID_SETTING), None),
        };
        let name = if choice == StoreChoice::Keyring { KEYRING } else { STORE };
        let opened = ports.stores.open(&choice).map_err(Error::from);
        // Before the first access, which makes the files private.
        let exposed = opened.as_ref().map_or(0, |store| store.exposed_files());
        let started = ports.clock.uptime();
        let tried = opened.and_then(|store| round_trip(ports, store.as_ref()).map(|done| (store, done)));
        let took = ports.clock.uptime().saturating_sub(started).as_millis();
        match tried {
            Ok((store, done)) => {
                let took = done.then_some(took);
                let check = working_store(name, &choice, store.as_ref(), took);
                (with_exposure(check, ports, &choice, exposed_key, exposed), Some(store))
            }
            Err(error) => (self.broken_store(name, &choice, error), None),
        }
    }

    /// The check of a store that failed.
    fn broken_store(&self, name: &'static str, choice: &StoreChoice, error: Error) -> Check {
        let kind = error.store_failure();
        let check = self.failed(name, error, "tidp doctor");
        if *choice != StoreChoice::Keyring {
            return check;
        }
        let backend = self.ports.stores.open(choice).ok().and_then(|store| store.backend());
        let failure = keyring::Failure { ports: self.ports, kind, backend };
        Check { remarks: failure.remarks(), remedy: failure.remedy().or(check.remedy), ..check }
    }

    /// Whether a confidential client has a secret. No command that prints one is run.
    fn client_secret(&self, profile: &Profile, store: Option<&dyn Store>) -> Check {
        if self.ports.env.get("TIDP_CLIENT_SECRET").is_some() {
            return Check::ok(SECRET, "set, by TIDP_CLIENT_SECRET");
        }
        if profile.client_secret_command.is_some() {
            return Check::ok(SECRET, "client_secret_command prints it; it was not run");
        }
        let Some(store) = store else {
            return Check::skipped(SECRET, "not known: it may be in the store");
        };
        match store.read(&EntryKey::ClientSecret(profile.session_key()).name(), Prompt::Forbidden) {
            Ok(Some(_)) => Check::ok(SECRET, "set, in the store"),
            Ok(None) => self.failed(SECRET, ProfileError::NoClientSecret.into(), ""),
            Err(failure) => self.failed(SECRET, StoreError::SecretUnavailable(failure).into(), ""),
        }
    }
}

/// The check of a store that works. `took` is in milliseconds; `None` if it was not tried.
fn working_store(name: &'static str, choice: &StoreChoice, store: &dyn Store, took: Option<u128>) -> Check {
    let backend = store.backend();
    let place = place(choice, backend.as_ref());
    let Some(took) = took else {
        return Check::skipped(name, format!("{place}; not tried, because another `tidp doctor` is running"));
    };
    let seen = format!("{place}, {} kB written, read and removed in {took} ms", SIZE / 1_000);
    let (with, remedy) = match choice {
        StoreChoice::Keyring => return Check::ok(name, seen).remarks(keyring::remarks_on(backend.as_ref())),
        StoreChoice::Memory => {
            return Check::warning(name, format!("{seen}; it keeps nothing after a command has ended"))
                .remedy("unset TIDP_STORE, or set it to file with TIDP_STORE_KEY_FILE");
        }
        StoreChoice::File { .. } => (" with this key", "use the key that encrypted them (TIDP_STORE_KEY_FILE); "),
        StoreChoice::PlaintextFile { .. } => ("", ""),
    };
    match store.entries() {
        // A logout would keep these files, and end the sessions that can be read.
        Ok(Entries { unreadable: count @ 1.., place, .. }) => {
            Check::warning(name, format!("{seen}; {count} of its files cannot be read{with}")).remedy(format!(
                "{remedy}make them yours and readable (chown, chmod), or remove the unreadable files in {place}"
            ))
        }
        _ => Check::ok(name, seen),
    }
}

/// Whether other users can read the key's file.
fn exposes_key(ports: &Ports) -> bool {
    ports.env.get("TIDP_STORE_KEY_FILE").is_some_and(|file| ports.files.others_can_read(Path::new(file)))
}

/// The check, a warning if other users could read the key or plain files.
fn with_exposure(check: Check, ports: &Ports, choice: &StoreChoice, exposed_key: bool, exposed: usize) -> Check {
    let (what, remedy) = match choice {
        StoreChoice::File { .. } if exposed_key && exposes_key(ports) => (
            "other users can read its key",
            "make the file of the key yours alone (chown, chmod 600): TIDP_STORE_KEY_FILE",
        ),
        StoreChoice::File { .. } if exposed_key => (
            "other users could read its key until now",
            "if others use this machine: tidp logout --all, then make a new key, and log in again",
        ),
        StoreChoice::PlaintextFile { .. } if exposed > 0 => (
            "other users could read its files until now",
            "if others use this machine: tidp logout --all, then log in again",
        ),
        _ => return check,
    };
    let seen = format!("{}; {what}", check.seen);
    let remedy = check.remedy.into_iter().chain([remedy.to_owned()]).collect::<Vec<_>>().join("; ");
    Check { seen, status: Status::Warning, remedy: Some(remedy), ..check }
}

/// Writes, reads and removes an entry, without any prompt; `false` if another process does that just now.
fn round_trip(ports: &Ports, store: &dyn Store) -> Result<bool> {
    let Some(_lock) = store.try_lock(ENTRY)? else { return Ok(false) };
    // A signal in between would leave the entry. One that a killed process left is replaced and removed.
    let _signals = ports.signals.defer();
    let mut bytes = vec![0; SIZE / 2];
    let no_random = |error| Error::failed(format!("the system has no random numbers: {error}"));
    ports.entropy.fill(&mut bytes).map_err(no_random)?;
    let document = Secret::new(hex(&bytes));
    let written = store.write(ENTRY, &document, Prompt::Forbidden);
    // Also after a failure: the write may have taken effect all the same.
    let read = store.read(ENTRY, Prompt::Forbidden);
    // Only what is there: otherwise a keyring may prompt.
    let removed = if matches!(read, Ok(Some(_))) { store.delete(ENTRY).map(drop) } else { Ok(()) };
    written?;
    let found = read?;
    removed?;
    if found.as_ref() == Some(&document) {
        return Ok(true);
    }
    let detail = "what was read is not what was written".to_owned();
    Err(StoreFailure { store: store.name(), kind: StoreFailureKind::Unknown, detail }.into())
}

fn place(choice: &StoreChoice, backend: Option<&Backend>) -> String {
    match (choice, backend) {
        (StoreChoice::Keyring, Some(Backend::Program(program))) => program.clone(),
        (StoreChoice::Keyring, _) => "the OS keyring".to_owned(),
        (StoreChoice::File { dir, .. }, _) => format!("encrypted files in {}", printable_path(dir)),
        (StoreChoice::PlaintextFile { dir }, _) => format!("plain files in {}", printable_path(dir)),
        (StoreChoice::Memory, _) => "memory".to_owned(),
    }
}

fn cache(ports: &Ports) -> Check {
    if !matches!(config::caches_access_tokens(&ports.env), Ok(true)) {
        return Check::skipped(CACHE, "not used: TIDP_ACCESS_TOKEN_CACHE");
    }
    let name = "tidp-doctor";
    ports.cache.put(name, &Secret::new("not a token"), Seconds(10));
    let found = ports.cache.get(name);
    ports.cache.forget(name);
    match found {
        Some(_) => Check::ok(CACHE, "keeps access tokens until they expire"),
        None if cfg!(target_os = "linux") => Check::warning(
            CACHE,
            "not available (containers often forbid it), so that each token is read from the store, which is slower",
        ),
        None => Check::skipped(CACHE, "only Linux has one; each token is read from the store"),
    }
}
