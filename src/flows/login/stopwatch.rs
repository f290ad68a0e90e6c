//! The time that a login has taken.

use crate::domain::time::{Seconds, Time};
use crate::ports::Clock;
use std::time::Duration;

#[derive(Clone, Copy, Debug)]
pub(super) struct Stopwatch {
    started_at: Time,
    started_uptime: Duration,
}

impl Stopwatch {
    pub(super) fn start(clock: &dyn Clock) -> Self {
        Self { started_at: clock.now(), started_uptime: clock.uptime() }
    }

    /// The time since the start, rounded up: the larger one by wall clock and by uptime, because the wall clock may be set
    /// back, and the uptime may stop while the machine sleeps.
    pub(super) fn elapsed(self, clock: &dyn Clock) -> Seconds {
        let awake = clock.uptime().saturating_sub(self.started_uptime);
        let awake =
            i64::try_from(awake.as_secs()).unwrap_or(i64::MAX).saturating_add(i64::from(awake.subsec_nanos() > 0));
        clock.now().since(self.started_at).max(Seconds(awake))
    }
}
