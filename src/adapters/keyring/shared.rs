//! What the keyrings of all systems have in common, and what the error codes of macOS and Windows mean, compiled for the
//! tests of every system.

use crate::domain::text::printable;
use crate::ports::{StoreFailure, StoreFailureKind, StoreName};

/// The service of all entries.
pub(super) const SERVICE: &str = "tidp";

/// What to do about a lock. On macOS and Windows the system decides.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum IfLocked {
    /// Ask the user to unlock it, which may take for ever.
    Ask,
    /// Ask the user only if an entry was found. A locked collection that may hide one is a failure.
    AskForFound,
    Fail,
}

pub(super) fn keyring_failure(kind: StoreFailureKind, detail: &str) -> StoreFailure {
    StoreFailure { store: StoreName::Keyring, kind, detail: printable(detail) }
}

/// The kind of a failure of the Keychain. The codes are of `SecBase.h` and `Authorization.h`.
#[cfg(any(test, target_os = "macos"))]
pub(super) const fn keychain_failure(code: i32) -> StoreFailureKind {
    match code {
        // The user presses Deny or Cancel, types a wrong password, or the entry's access control names no such program:
        // errSecUserCanceled, errSecAuthFailed, errAuthorizationDenied, errAuthorizationCanceled.
        -128 | -25293 | -60005 | -60006 => StoreFailureKind::Denied,
        // errSecNotAvailable, errSecNoSuchKeychain, errSecInvalidKeychain, errSecNoDefaultKeychain.
        -25291 | -25294 | -25295 | -25307 => StoreFailureKind::MissingKeychain,
        // Over SSH, in background jobs and in dark wake no window can be shown: errSecInteractionNotAllowed,
        // errSecInteractionRequired, errSecInDarkWake, errAuthorizationInteractionNotAllowed.
        -25308 | -25315 | -25320 | -60007 => StoreFailureKind::InteractionNotAllowed,
        _ => StoreFailureKind::Refused,
    }
}

/// The kind of a failure of the Credential Manager. The codes are of `winerror.h`.
#[cfg(any(test, windows))]
pub(super) const fn credential_manager_failure(code: u32) -> StoreFailureKind {
    match code {
        // ERROR_NO_SUCH_LOGON_SESSION.
        1312 => StoreFailureKind::MissingLogonSession,
        _ => StoreFailureKind::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keychain_without_a_window_is_not_a_denial() {
        for (codes, kind) in [
            (&[-128, -25293, -60005, -60006][..], StoreFailureKind::Denied),
            (&[-25291, -25294, -25295, -25307], StoreFailureKind::MissingKeychain),
            (&[-25308, -25315, -25320, -60007], StoreFailureKind::InteractionNotAllowed),
            // errSecDuplicateItem, errSecReadOnly, wrPermErr, errSecMissingEntitlement, and none at all.
            (&[-25299, -25292, -61, -34018, 0], StoreFailureKind::Refused),
        ] {
            for code in codes {
                assert_eq!(keychain_failure(*code), kind, "{code}");
            }
        }
    }

    #[test]
    fn logon_session_without_credentials_is_not_a_locked_keyring() {
        assert_eq!(credential_manager_failure(1312), StoreFailureKind::MissingLogonSession);
        // ERROR_ACCESS_DENIED, ERROR_INVALID_PARAMETER, ERROR_BAD_USERNAME.
        for code in [5, 87, 2202] {
            assert_eq!(credential_manager_failure(code), StoreFailureKind::Refused, "{code}");
        }
    }
}
