//! The keyring of macOS (Keychain) and Windows (Credential Manager), through the `keyring` crate.

use super::failure::{SERVICE, keyring_failure};
use crate::ports::{Env, StoreFailure, StoreFailureKind};
use keyring::{Entry, Error};
use std::collections::HashMap;
use std::path::PathBuf;
use zeroize::Zeroizing;

/// The library has one global store.
pub(super) struct Keyring;

/// What to do about a lock. Here the system decides.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum IfLocked {
    Ask,
    AskForFound,
    Fail,
}

impl Keyring {
    pub(super) fn new(_: &Env, _: Option<PathBuf>) -> Self {
        Self
    }

    /// A user has one keyring here.
    pub(super) fn bus_identity(_: &Env) -> String {
        String::new()
    }

    /// Prompts of the system cannot be seen.
    pub(super) fn prompt(&self) -> Option<StoreFailureKind> {
        None
    }

    pub(super) fn read(&self, entry: &str, _: IfLocked) -> Result<Option<Zeroizing<Vec<u8>>>, StoreFailure> {
        match Entry::new(SERVICE, entry).and_then(|entry| entry.get_secret()) {
            Ok(bytes) => Ok(Some(Zeroizing::new(bytes))),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(store_failure(&error)),
        }
    }

    /// Cannot be checked here.
    pub(super) fn check_writable(&self, _: &str, _: IfLocked) -> Result<(), StoreFailure> {
        Ok(())
    }

    pub(super) fn write(&self, entry: &str, bytes: &[u8], _: IfLocked) -> Result<(), StoreFailure> {
        Entry::new(SERVICE, entry).and_then(|entry| entry.set_secret(bytes)).map_err(|error| store_failure(&error))
    }

    /// Only an access tells whether it is locked.
    pub(super) fn unlock(&self, _: &str, _: IfLocked) -> Result<(), StoreFailure> {
        Ok(())
    }

    /// Removes all entries with this name; whether there were any.
    pub(super) fn delete(&self, entry: &str, _: IfLocked) -> Result<bool, StoreFailure> {
        match Entry::new(SERVICE, entry).and_then(|entry| entry.delete_credential()) {
            Ok(()) => Ok(true),
            Err(Error::NoEntry) => Ok(false),
            Err(Error::Ambiguous(all)) => all
                .iter()
                .try_for_each(|entry| entry.delete_credential())
                .map(|()| true)
                .map_err(|error| store_failure(&error)),
            Err(error) => Err(store_failure(&error)),
        }
    }

    pub(super) fn names(&self, _: IfLocked) -> Result<Vec<String>, StoreFailure> {
        // `store_status` sets up the library's store for this process.
        if Entry::store_status().is_err() {
            return Err(store_failure(&Error::NoDefaultStore));
        }
        // Windows finds credentials by their target name, which ends in the service's.
        let wanted = if cfg!(windows) { ("pattern", r"\.tidp$") } else { ("service", SERVICE) };
        let found = keyring_core::Entry::search(&HashMap::from([wanted])).map_err(|error| store_failure(&error))?;
        let ours = found.iter().filter_map(keyring_core::Entry::get_specifiers);
        Ok(ours.filter(|(service, _)| service == SERVICE).map(|(_, user)| user).collect())
    }
}

/// The store failure for an error of the library. Its text is used only where it can contain neither data nor paths.
fn store_failure(error: &Error) -> StoreFailure {
    match error {
        Error::NoDefaultStore => keyring_failure(StoreFailureKind::Missing, &missing_reason()),
        Error::NoStorageAccess(cause) => keyring_failure(StoreFailureKind::Locked, &cause.to_string()),
        Error::Ambiguous(found) => {
            keyring_failure(StoreFailureKind::Ambiguous, &format!("{} entries of one name", found.len()))
        }
        Error::PlatformFailure(cause) => keyring_failure(StoreFailureKind::Refused, &cause.to_string()),
        Error::TooLong(what, most) => {
            keyring_failure(StoreFailureKind::Refused, &format!("{what} is longer than {most}"))
        }
        Error::Invalid(what, why) => keyring_failure(StoreFailureKind::Refused, &format!("{what}: {why}")),
        Error::NotSupportedByStore(what) | Error::BadStoreFormat(what) => {
            keyring_failure(StoreFailureKind::Refused, what)
        }
        _ => keyring_failure(StoreFailureKind::Refused, "it holds something that cannot be read"),
    }
}

/// Why the library has no store.
fn missing_reason() -> String {
    match Entry::store_status() {
        Err(Error::PlatformFailure(cause) | Error::NoStorageAccess(cause)) => cause.to_string(),
        Err(Error::Invalid(_, why)) => why.clone(),
        _ => "there is no keyring".into(),
    }
}
