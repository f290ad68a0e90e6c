//! The keyring of macOS (Keychain) and Windows (Credential Manager), through the `keyring` crate.

use super::failure::{SERVICE, failed};
use crate::ports::{Env, StoreFailure, StoreFailureKind};
use keyring::{Entry, Error};
use std::collections::HashMap;
use std::path::PathBuf;
use zeroize::Zeroizing;

/// The library's one store of this process.
pub(super) struct Keyring;

/// What is done where a lock is found: here the system decides.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum IfLocked {
    /// The user may be asked.
    Ask,
    /// The user may be asked where an entry was found.
    AskForFound,
    /// It would better be a failure.
    Fail,
}

impl Keyring {
    /// The keyring of this user.
    pub(super) fn new(_: &Env, _: Option<PathBuf>) -> Self {
        Self
    }

    /// A user has one keyring here.
    pub(super) fn reached_by(_: &Env) -> String {
        String::new()
    }

    /// A prompt of the system is not seen from here.
    pub(super) fn prompt(&self) -> Option<StoreFailureKind> {
        None
    }

    /// The entry's bytes, if there is such an entry.
    pub(super) fn read(&self, entry: &str, _: IfLocked) -> Result<Option<Zeroizing<Vec<u8>>>, StoreFailure> {
        match Entry::new(SERVICE, entry).and_then(|entry| entry.get_secret()) {
            Ok(bytes) => Ok(Some(Zeroizing::new(bytes))),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(meaning(&error)),
        }
    }

    /// A user's keyring always has room for an entry here.
    pub(super) fn has_room(&self, _: &str, _: IfLocked) -> Result<(), StoreFailure> {
        Ok(())
    }

    /// Writes the entry, a new one where there is none.
    pub(super) fn write(&self, entry: &str, bytes: &[u8], _: IfLocked) -> Result<(), StoreFailure> {
        Entry::new(SERVICE, entry).and_then(|entry| entry.set_secret(bytes)).map_err(|error| meaning(&error))
    }

    /// Whether it is open only an attempt tells here.
    pub(super) fn opened(&self, _: &str, _: IfLocked) -> Result<(), StoreFailure> {
        Ok(())
    }

    /// Removes all entries of that name; whether there was one.
    pub(super) fn delete(&self, entry: &str, _: IfLocked) -> Result<bool, StoreFailure> {
        match Entry::new(SERVICE, entry).and_then(|entry| entry.delete_credential()) {
            Ok(()) => Ok(true),
            Err(Error::NoEntry) => Ok(false),
            Err(Error::Ambiguous(all)) => all
                .iter()
                .try_for_each(|entry| entry.delete_credential())
                .map(|()| true)
                .map_err(|error| meaning(&error)),
            Err(error) => Err(meaning(&error)),
        }
    }

    /// The names of all entries.
    pub(super) fn names(&self, _: IfLocked) -> Result<Vec<String>, StoreFailure> {
        // The façade sets the library's one store for the process, when it is first asked how that went.
        if Entry::store_status().is_err() {
            return Err(meaning(&Error::NoDefaultStore));
        }
        // Credentials of Windows are found by their target's name, which ends in the service's.
        let wanted = if cfg!(windows) { ("pattern", r"\.tidp$") } else { ("service", SERVICE) };
        let found = keyring_core::Entry::search(&HashMap::from([wanted])).map_err(|error| meaning(&error))?;
        let ours = found.iter().filter_map(keyring_core::Entry::get_specifiers);
        Ok(ours.filter(|(service, _)| service == SERVICE).map(|(_, user)| user).collect())
    }
}

/// What an error of the library means. Its own text is used only where it can hold neither data nor paths.
fn meaning(error: &Error) -> StoreFailure {
    match error {
        Error::NoDefaultStore => failed(StoreFailureKind::Missing, &missing()),
        Error::NoStorageAccess(cause) => failed(StoreFailureKind::Locked, &cause.to_string()),
        Error::Ambiguous(found) => failed(StoreFailureKind::Ambiguous, &format!("{} entries of one name", found.len())),
        Error::PlatformFailure(cause) => failed(StoreFailureKind::Refused, &cause.to_string()),
        Error::TooLong(what, most) => failed(StoreFailureKind::Refused, &format!("{what} is longer than {most}")),
        Error::Invalid(what, why) => failed(StoreFailureKind::Refused, &format!("{what}: {why}")),
        Error::NotSupportedByStore(what) | Error::BadStoreFormat(what) => failed(StoreFailureKind::Refused, what),
        _ => failed(StoreFailureKind::Refused, "it holds something that cannot be read"),
    }
}

/// Why the library has no store: only its first attempt knows.
fn missing() -> String {
    match Entry::store_status() {
        Err(Error::PlatformFailure(cause) | Error::NoStorageAccess(cause)) => cause.to_string(),
        Err(Error::Invalid(_, why)) => why.clone(),
        _ => "there is no keyring".into(),
    }
}
