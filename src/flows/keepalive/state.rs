//! The state of a running `keepalive`.

use crate::domain::keepalive::RenewalPlan;
use crate::domain::policy::Policy;
use crate::domain::session::Session;
use crate::domain::time::{Seconds, Time};
use crate::explain::keepalive_messages::KeepaliveCounts;
use crate::flows::context::Context;
use std::time::Duration;

/// The session that is kept alive, and what has been done for it.
pub(super) struct Keepalive<'c, 'w> {
    pub(super) context: &'c Context<'w>,
    pub(super) policy: Policy,
    /// Whether a command runs meanwhile: then fewer notes are shown, because the terminal is the command's.
    pub(super) has_command: bool,
    pub(super) duration: Option<Seconds>,
    pub(super) started_at: Time,
    pub(super) started_uptime: Duration,
    /// The session as last read or refreshed.
    pub(super) session: Session,
    /// The uptime when the store was last read; [`Duration::MAX`] if it is not read until the next renewal.
    pub(super) checked_at: Duration,
    /// How long before its end the session is renewed next.
    pub(super) lead: Seconds,
    pub(super) failing: Option<FailureStreak>,
    pub(super) counts: KeepaliveCounts,
}

/// Tries in a row that failed.
#[derive(Clone, Copy)]
pub(super) struct FailureStreak {
    pub(super) since: Time,
    pub(super) tries: u32,
    pub(super) last_try_at: Time,
    /// How long to wait after the last try.
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

    /// When the session ends; `None` if that is not known.
    pub(super) fn session_end(&self) -> Option<Time> {
        self.context.outlook(Some(&self.session), self.now()).expiry.map(|expiry| expiry.expires_at)
    }

    /// The time left of `--for`: the smaller one by wall clock and by uptime, because the uptime may stop while the
    /// machine sleeps, and the wall clock may be set back.
    pub(super) fn time_left(&self) -> Option<Seconds> {
        let up = self.uptime().saturating_sub(self.started_uptime).as_secs();
        let up = Seconds(i64::try_from(up).unwrap_or(i64::MAX));
        self.duration.map(|duration| Seconds(duration.0.saturating_sub(up.max(self.now().since(self.started_at)).0)))
    }

    /// Whether to wait for an `end` that no refresh moves. If it is fixed because the SSO session has ended, only while
    /// a command runs or if `--for` is over first: otherwise the user should log in again now.
    pub(super) fn should_wait_for(&self, end: Time) -> bool {
        let now = self.now();
        let ends_before = || self.has_command || self.time_left().is_some_and(|left| left <= end.left(now));
        now < end && (!matches!(self.renewal_plan(), RenewalPlan::SsoEnded(_)) || ends_before())
    }
}
