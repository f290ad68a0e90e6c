//! Locks a mutex whatever has happened.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// What the mutex holds, also after a thread has panicked.
pub fn lock_mutex<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
