//! The session that `keepalive` looks after, and what has been done for it.

use crate::domain::keepalive::RenewalPlan;
use crate::domain::policy::Policy;
use crate::domain::session::Session;
use crate::domain::time::{Seconds, Time};
use crate::flows::context::Context;
use std::time::Duration;

/// The session that is looked after, and what has been done for it.
pub(super) struct Keepalive<'c, 'w> {
    pub(super) context: &'c Context<'w>,
    pub(super) policy: Policy,
    /// Whether a command runs meanwhile: then less is said, for the terminal is the command's.
    pub(super) has_command: bool,
    pub(super) duration: Option<Seconds>,
    pub(super) started: (Time, Duration),
    /// As it was last read or refreshed.
    pub(super) session: Session,
    /// When the store was last asked for it, by the clock that only moves forward; far ahead: it is not asked for now.
    pub(super) checked_at: Duration,
    /// How much of its life is left when it is renewed the next time.
    pub(super) lead: Seconds,
    pub(super) failing: Option<FailureStreak>,
    pub(super) refreshes: u32,
    pub(super) adopted: u32,
    pub(super) failures: u32,
}

/// Tries in a row that failed.
#[derive(Clone, Copy)]
pub(super) struct FailureStreak {
    pub(super) since: Time,
    pub(super) tries: u32,
    pub(super) last: Time,
    pub(super) wait: Seconds,
}

impl Keepalive<'_, '_> {
    pub(super) fn now(&self) -> Time {
        self.context.ports.clock.now()
    }

    pub(super) fn uptime(&self) -> Duration {
        self.context.ports.clock.uptime()
    }

    pub(super) fn renewal_plan(&self) -> RenewalPlan {
        RenewalPlan::new(self.now(), &self.session, &self.policy, self.lead)
    }

    /// How much of `--for` is left, by whichever clock says less: the wall clock counts a suspended machine's sleep,
    /// the other one cannot be set back.
    pub(super) fn time_left(&self) -> Option<Seconds> {
        let up = self.uptime().saturating_sub(self.started.1).as_secs();
        let up = Seconds(i64::try_from(up).unwrap_or(i64::MAX));
        self.duration.map(|duration| Seconds(duration.0.saturating_sub(up.max(self.now().since(self.started.0)).0)))
    }

    /// Whether an `end` that no refresh moves is waited for: one that came with the login always; one that came with the
    /// end of the SSO session only for what ends by itself before, since a new login is needed and can be made now.
    pub(super) fn should_wait_for(&self, end: Time) -> bool {
        let now = self.now();
        let enough = || self.has_command || self.time_left().is_some_and(|left| left <= end.left(now));
        now < end && (!matches!(self.renewal_plan(), RenewalPlan::SsoEnded(_)) || enough())
    }
}
