//! Repeats what must succeed until it does, and reports the wait.

use super::system::SystemClock;
use crate::ports::{Clock, StoreFailure, WaitCallback};
use std::ops::ControlFlow;
use std::time::Duration;

pub(super) const REPORT_INTERVAL: Duration = Duration::from_secs(3);

/// Doubled after each attempt, up to [`MAX_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(200);

const MAX_PAUSE: Duration = Duration::from_secs(1);

/// Reports how long something has taken and its last failure, at most once per interval.
pub(super) struct WaitReporter<'a> {
    clock: SystemClock,
    interval: Duration,
    last_report: Duration,
    last_failure: Option<StoreFailure>,
    on_wait: WaitCallback<'a>,
}

impl<'a> WaitReporter<'a> {
    /// Time counts from now.
    pub(super) fn new(interval: Duration, on_wait: WaitCallback<'a>) -> Self {
        Self { clock: SystemClock::start(), interval, last_report: Duration::ZERO, last_failure: None, on_wait }
    }

    pub(super) fn record_failure(&mut self, failure: StoreFailure) {
        self.last_failure = Some(failure);
    }

    /// Reports if the interval is over.
    pub(super) fn report(&mut self) {
        let waited = self.clock.uptime();
        if waited >= self.last_report + self.interval {
            self.last_report = waited;
            (self.on_wait)(waited, self.last_failure.as_ref());
        }
    }
}

/// Repeats `attempt` with pauses until it breaks.
pub(super) fn retry<T>(
    mut reporter: WaitReporter<'_>,
    mut attempt: impl FnMut(&mut WaitReporter<'_>) -> ControlFlow<T>,
) -> T {
    let mut pause = FIRST_PAUSE;
    loop {
        if let ControlFlow::Break(done) = attempt(&mut reporter) {
            return done;
        }
        reporter.report();
        reporter.clock.pause(pause);
        pause = (pause * 2).min(MAX_PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    #[test]
    fn retry_goes_on_until_success_and_reports_waits() {
        let told = RefCell::new(Vec::new());
        let on_wait = |waited, _: Option<&StoreFailure>| told.borrow_mut().push(waited);
        let mut attempts = 0;
        let done = retry(WaitReporter::new(Duration::from_millis(300), &on_wait), |_| {
            attempts += 1;
            if attempts == 4 { ControlFlow::Break("done") } else { ControlFlow::Continue(()) }
        });
        assert_eq!((done, attempts), ("done", 4));
        // Pauses of 200, 400 and 800 ms: attempts at 0, 200, 600 and 1400 ms; the last two may be reported.
        let told = told.into_inner();
        assert!(!told.is_empty() && told.len() <= 2 && told[0] >= Duration::from_millis(300), "{told:?}");
    }
}
