//! Repeats what must succeed until it does, and reports the wait.

use super::system::SystemClock;
use crate::ports::{Clock, StoreFailure, StoreFailureKind, StoreResult, WaitCallback};
use std::time::Duration;

pub(super) const REPORT_INTERVAL: Duration = Duration::from_secs(3);

/// Doubled after each attempt.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const MAX_PAUSE: Duration = Duration::from_secs(1);

/// Reports how long something has taken and why, at most once per interval.
pub(super) struct WaitReporter<'a> {
    clock: SystemClock,
    interval: Duration,
    last_report: Duration,
    on_wait: WaitCallback<'a>,
}

impl WaitReporter<'_> {
    pub(super) fn report(&mut self, failure: &StoreFailure) {
        let waited = self.clock.uptime();
        if waited >= self.last_report + self.interval {
            self.last_report = waited;
            (self.on_wait)(waited, failure);
        }
    }
}

/// Repeats `attempt` with pauses until it succeeds, or fails with what no wait resolves.
pub(super) fn retry(
    interval: Duration,
    on_wait: WaitCallback<'_>,
    mut attempt: impl FnMut(&mut WaitReporter<'_>) -> StoreResult<()>,
) -> StoreResult<()> {
    let mut reporter = WaitReporter { clock: SystemClock::start(), interval, last_report: Duration::ZERO, on_wait };
    let mut pause = FIRST_PAUSE;
    loop {
        match attempt(&mut reporter) {
            Err(failure) if failure.kind != StoreFailureKind::Ambiguous => reporter.report(&failure),
            done => return done,
        }
        reporter.clock.pause(pause);
        pause = (pause * 2).min(MAX_PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::StoreName;
    use std::cell::RefCell;

    #[test]
    fn retry_goes_on_until_success_and_reports_waits() {
        let told = RefCell::new(Vec::new());
        let on_wait = |waited, _: &StoreFailure| told.borrow_mut().push(waited);
        let failure = StoreFailure { store: StoreName::File, kind: StoreFailureKind::Refused, detail: String::new() };
        let mut attempts = 0;
        let done = retry(Duration::from_millis(300), &on_wait, |_| {
            attempts += 1;
            if attempts == 4 { Ok(()) } else { Err(failure.clone()) }
        });
        assert_eq!((done, attempts), (Ok(()), 4));
        // Pauses of 200, 400 and 800 ms: attempts at 0, 200, 600 and 1400 ms; the last two may be reported.
        let told = told.into_inner();
        assert!(!told.is_empty() && told.len() <= 2 && told[0] >= Duration::from_millis(300), "{told:?}");
    }
}
