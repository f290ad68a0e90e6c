//! What the sandbox's worker threads share.

use crate::domain::time::{Seconds, Time};
use crate::ports::{Clock, Entropy};
use crate::sandbox::engine::Engine;
use crate::sandbox::random::Seed;
use crate::sandbox::tokens::Keys;
use crate::sandbox::users::User;
use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What the workers share.
pub(super) struct Shared {
    pub(super) issuer: String,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) entropy: Arc<dyn Entropy>,
    pub(super) offset: AtomicI64,
    /// Where the machine's time was stopped, if it was.
    pub(super) stopped_at: Mutex<Option<Time>>,
    pub(super) auto_approve: Option<&'static User>,
    pub(super) engine: Mutex<Engine>,
    pub(super) keys: Mutex<Keys>,
    pub(super) failures: Mutex<Vec<Failure>>,
    pub(super) requests: Mutex<BTreeMap<&'static str, u64>>,
    pub(super) stopping: AtomicBool,
}

/// A lock that a panicked worker does not make unusable.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// The sandbox's time.
    pub(super) fn now(&self) -> Time {
        let machine = lock(&self.stopped_at).unwrap_or_else(|| self.clock.now());
        machine.plus(Seconds(self.offset.load(Ordering::SeqCst)))
    }

    pub(super) fn advance(&self, by: Seconds) {
        let add = |offset: i64| Some(offset.saturating_add(by.0));
        // `add` always gives a value, so this cannot fail.
        let _ = self.offset.fetch_update(Ordering::SeqCst, Ordering::SeqCst, add);
    }

    /// Random bytes for one request.
    pub(super) fn seed(&self) -> io::Result<Seed> {
        let mut seed = Seed([0; 32]);
        self.entropy.fill(&mut seed.0)?;
        Ok(seed)
    }
}

/// An answer planned for an endpoint.
pub(super) struct Failure {
    pub(super) endpoint: String,
    pub(super) status: u16,
    pub(super) times: u64,
    pub(super) retry_after: Option<i64>,
    pub(super) when: When,
}

/// Whether the endpoint acts before its answer is replaced: then the client has lost an answer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    Before,
    After,
}
