//! What this run has fetched from the provider, so that it does not fetch the same thing twice.

use crate::domain::time::Time;
use std::sync::{Mutex, PoisonError};

/// The last fetches of one run. Shared by the threads of a bulk `decode`.
#[derive(Default)]
pub struct ProviderLookups {
    discovery_read_at: Mutex<Option<Time>>,
    keys: Mutex<Option<KeyLookup>>,
}

/// An attempt to find a missing or replaced signing key.
#[derive(Clone, Copy)]
pub struct KeyLookup {
    pub at: Time,
    /// When it fetched keys; `None` if the provider could not be reached.
    pub fetched_at: Option<Time>,
}

impl ProviderLookups {
    pub fn discovery_read_at(&self) -> Option<Time> {
        *self.discovery_read_at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn set_discovery_read_at(&self, at: Time) {
        *self.discovery_read_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(at);
    }

    pub fn key_lookup(&self) -> Option<KeyLookup> {
        *self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn set_key_lookup(&self, at: Time, fetched_at: Option<Time>) {
        *self.keys.lock().unwrap_or_else(PoisonError::into_inner) = Some(KeyLookup { at, fetched_at });
    }
}
