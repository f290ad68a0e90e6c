//! How a failure of the keyring is reported, and the name its entries share.

use crate::domain::text::printable;
use crate::ports::{StoreFailure, StoreFailureKind};

/// The store's name in messages.
pub(super) const NAME: &str = "keyring";

/// The service that all entries belong to.
pub(super) const SERVICE: &str = "tidp";

pub(super) fn failed(kind: StoreFailureKind, detail: &str) -> StoreFailure {
    StoreFailure { store: NAME, kind, detail: printable(detail) }
}
