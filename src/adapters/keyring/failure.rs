//! Failures of the keyring, and the names it uses.

use crate::domain::text::printable;
use crate::ports::{StoreFailure, StoreFailureKind, StoreName};

/// The service of all entries.
pub(super) const SERVICE: &str = "tidp";

pub(super) fn keyring_failure(kind: StoreFailureKind, detail: &str) -> StoreFailure {
    StoreFailure { store: StoreName::Keyring, kind, detail: printable(detail) }
}
