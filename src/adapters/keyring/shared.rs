//! What the keyrings of all systems have in common.

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
