//! The keyring of macOS (Keychain) and Windows (Credential Manager), through the `keyring` crate.

use super::shared::{self, IfLocked, SERVICE, keyring_failure};
use crate::ports::{Backend, Env, StoreFailure, StoreFailureKind, StoreResult};
use keyring_core::{Entry, Error};
use std::collections::HashMap;
use std::path::PathBuf;
use zeroize::Zeroizing;

/// The library has one global store.
pub(super) struct Keyring;

impl Keyring {
    pub(super) fn new(_: &Env, _: Option<PathBuf>) -> Self {
        Self
    }

    /// A user has one keyring here.
    pub(super) fn bus_identity(_: &Env) -> String {
        String::new()
    }

    pub(super) fn backend(_: &Env) -> Backend {
        Backend::Program(if cfg!(windows) { "Windows Credential Manager" } else { "macOS Keychain" }.into())
    }

    /// Prompts of the system cannot be seen.
    pub(super) fn prompt(&self) -> Option<StoreFailureKind> {
        None
    }

    pub(super) fn read(&self, entry: &str, _: IfLocked) -> StoreResult<Option<Zeroizing<Vec<u8>>>> {
        const ATTEMPTS: usize = 5;
        let read = || open(entry).and_then(|entry| entry.get_secret());
        // On Windows a read beside a write may fail (under Wine with ERROR_MORE_DATA); the next one does not.
        let found = (1..ATTEMPTS).fold(read(), |found, _| match found {
            Err(Error::PlatformFailure(_)) if cfg!(windows) => read(),
            found => found,
        });
        match found {
            Ok(bytes) => Ok(Some(Zeroizing::new(bytes))),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(store_failure(error)),
        }
    }

    /// Cannot be checked here.
    pub(super) fn check_writable(&self, _: &str, _: IfLocked) -> StoreResult<()> {
        Ok(())
    }

    pub(super) fn write(&self, entry: &str, bytes: &[u8], _: IfLocked) -> StoreResult<()> {
        let entry = open(entry).map_err(store_failure)?;
        entry.set_secret(bytes).map_err(|error| store_failure(write_error(&entry, error)))
    }

    /// Only an access tells whether it is locked.
    pub(super) fn unlock(&self, _: &str, _: IfLocked) -> StoreResult<()> {
        Ok(())
    }

    pub(super) fn delete(&self, entry: &str, _: IfLocked) -> StoreResult<bool> {
        match open(entry).and_then(|entry| entry.delete_credential()) {
            Ok(()) => Ok(true),
            Err(Error::NoEntry) => Ok(false),
            Err(Error::Ambiguous(all)) => {
                all.iter().try_for_each(Entry::delete_credential).map(|()| true).map_err(store_failure)
            }
            Err(error) => Err(store_failure(error)),
        }
    }

    pub(super) fn names(&self, _: IfLocked) -> StoreResult<Vec<String>> {
        set_up().map_err(store_failure)?;
        // Windows finds credentials by their target name, which ends in the service's.
        let wanted = if cfg!(windows) { ("pattern", r"\.tidp$") } else { ("service", SERVICE) };
        let found = Entry::search(&HashMap::from([wanted])).map_err(store_failure)?;
        let ours = found.iter().filter_map(Entry::get_specifiers);
        Ok(ours.filter(|(service, _)| service == SERVICE).map(|(_, user)| user).collect())
    }
}

fn set_up() -> Result<(), Error> {
    keyring::Entry::store_status().as_ref().map(|_| ()).map_err(|_| Error::NoDefaultStore)
}

fn open(entry: &str) -> Result<Entry, Error> {
    set_up()?;
    if cfg!(windows) {
        // By default a credential roams to the user's other machines, and two of them would use one refresh token.
        return Entry::new_with_modifiers(SERVICE, entry, &HashMap::from([("persistence", "Local")]));
    }
    Entry::new(SERVICE, entry)
}

/// SelectionReason a write failed. On macOS the library first looks for the entry, takes any failure for "there is none", and then
/// fails because there is one: a second look tells what the first one met.
#[cfg(target_os = "macos")]
fn write_error(entry: &Entry, error: Error) -> Error {
    const DUPLICATE_ITEM: i32 = -25299; // SecBase.h
    match keychain_code(&error) {
        Some(DUPLICATE_ITEM) => entry.get_secret().err().unwrap_or(error),
        _ => error,
    }
}

#[cfg(windows)]
fn write_error(_: &Entry, error: Error) -> Error {
    error
}

#[cfg(target_os = "macos")]
fn keychain_code(error: &Error) -> Option<i32> {
    let (Error::PlatformFailure(cause) | Error::NoStorageAccess(cause)) = error else { return None };
    cause.downcast_ref::<security_framework::base::Error>().map(|error| error.code())
}

#[cfg(target_os = "macos")]
fn system_failure(error: &Error) -> StoreFailureKind {
    keychain_code(error).map_or(StoreFailureKind::Refused, shared::keychain_failure)
}

/// The library hides its type of the code, but has a variant for one.
#[cfg(windows)]
fn system_failure(error: &Error) -> StoreFailureKind {
    const NO_SUCH_LOGON_SESSION: u32 = 1312; // winerror.h
    let is_known = matches!(error, Error::NoStorageAccess(_));
    shared::credential_manager_failure(if is_known { NO_SUCH_LOGON_SESSION } else { 0 })
}

/// The store failure for an error of the library. Its text is used only where it can contain neither data nor paths.
#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn store_failure(error: Error) -> StoreFailure {
    use StoreFailureKind::{Ambiguous, Missing, Refused};
    let (kind, detail) = match &error {
        Error::NoDefaultStore => (Missing, missing_reason()),
        Error::PlatformFailure(cause) | Error::NoStorageAccess(cause) => (system_failure(&error), cause.to_string()),
        Error::Ambiguous(found) => (Ambiguous, format!("{} entries of one name", found.len())),
        Error::TooLong(what, most) => (Refused, format!("{what} is longer than {most}")),
        Error::Invalid(what, why) => (Refused, format!("{what}: {why}")),
        Error::NotSupportedByStore(what) | Error::BadStoreFormat(what) => (Refused, what.clone()),
        _ => (Refused, "it contains something that cannot be read".into()),
    };
    keyring_failure(kind, &detail)
}

fn missing_reason() -> String {
    match keyring::Entry::store_status() {
        Err(Error::PlatformFailure(cause) | Error::NoStorageAccess(cause)) => cause.to_string(),
        Err(Error::Invalid(_, why)) => why.clone(),
        _ => "there is no keyring".into(),
    }
}
