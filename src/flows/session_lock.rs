//! Waits for the lock of a session (`adapters/lock.rs`), under which `refresh_if_due.rs` decides again.

use crate::error::{Result, SessionError};
use crate::flows::context::Context;
use crate::ports::{Lock, Ports};
use std::time::Duration;

/// How long a command waits for another process to finish with the session, or with the configuration file.
pub const SHORT_LOCK_TIMEOUT: Duration = Duration::from_secs(15);

/// How long a login, a logout or another change by hand waits: longer than the slowest refresh takes.
const LONG_LOCK_TIMEOUT: Duration = Duration::from_secs(180);

/// How long to wait before the reason is reported.
const SILENT_WAIT: Duration = Duration::from_secs(2);

pub enum LockOrFound<T> {
    Locked(Box<dyn Lock>),
    /// Another process has made the lock unnecessary.
    Found(T),
}

/// The first result of `attempt`, which gets the time waited so far; `None` after `timeout`.
pub fn poll_until<T>(
    ports: &Ports,
    timeout: Duration,
    mut attempt: impl FnMut(Duration) -> Result<Option<T>>,
) -> Result<Option<T>> {
    let started = ports.clock.uptime();
    loop {
        let waited = ports.clock.uptime().saturating_sub(started);
        if let Some(result) = attempt(waited)? {
            return Ok(Some(result));
        }
        if waited >= timeout {
            return Ok(None);
        }
        // Short at first, because a refresh takes tens of milliseconds.
        ports.clock.pause((waited / 4).clamp(Duration::from_millis(5), Duration::from_millis(50)));
    }
}

impl Context<'_> {
    /// The lock of an entry, or what `find` finds while waiting for it.
    ///
    /// # Errors
    /// `busy` after [`SHORT_LOCK_TIMEOUT`]; `store` if locks cannot be made.
    pub fn lock_or_find<T>(&self, entry: &str, mut find: impl FnMut() -> Option<T>) -> Result<LockOrFound<T>> {
        let mut is_waiting = false;
        let attempt = |_| {
            // Before the lock is tried again, so that waiting processes need not take it one after another.
            if std::mem::replace(&mut is_waiting, true)
                && let Some(found) = find()
            {
                return Ok(Some(LockOrFound::Found(found)));
            }
            Ok(self.store.try_lock(entry)?.map(LockOrFound::Locked))
        };
        poll_until(self.ports, SHORT_LOCK_TIMEOUT, attempt)?
            .ok_or_else(|| SessionError::Busy(SHORT_LOCK_TIMEOUT).into())
    }

    /// The lock of an entry. Reports a long wait.
    ///
    /// # Errors
    /// `busy` after [`LONG_LOCK_TIMEOUT`]; `store` if locks cannot be made.
    pub fn lock(&self, entry: &str) -> Result<Box<dyn Lock>> {
        let mut has_reported = false;
        let attempt = |waited: Duration| {
            let lock = self.store.try_lock(entry)?;
            if lock.is_none() && waited >= SILENT_WAIT && !std::mem::replace(&mut has_reported, true) {
                self.reporter.progress("Another tidp is working on this session; waiting for it to finish.");
            }
            Ok(lock)
        };
        poll_until(self.ports, LONG_LOCK_TIMEOUT, attempt)?.ok_or_else(|| SessionError::Busy(LONG_LOCK_TIMEOUT).into())
    }
}
