//! Keeping a sliding session alive with as few refreshes as that takes.
//!
//! It ends with the command, after the duration, or when the session has ended or cannot be renewed any more. A command
//! that is running then goes on. Every wait is short and followed by a look at the wall clock, so that a machine that was
//! suspended notices.

mod report;
mod state;

use crate::domain::decision::Intent;
use crate::domain::keepalive::{RenewalPlan, lead, retry_delay};
use crate::domain::session::{RefreshToken, Session};
use crate::domain::time::{Seconds, Time};
use crate::error::{ChildProcessError, Error, NetworkError, Result, SessionError, Situation, StoreError};
use crate::flows::context::Context;
use crate::flows::refresh::{self, FreshSession, TokenSource};
use crate::ports::{ExitReason, Lock, StoreFailureKind, Supervisor};
use report::{no_policy, nothing_to_keep};
use state::{FailureStreak, Keepalive};
use std::ffi::OsString;
use std::io::ErrorKind;
use std::time::Duration;

/// The longest wait between two looks at the wall clock.
const POLL_INTERVAL: Seconds = Seconds(10);

/// How often the store is asked whether the session is still there: a logout does not wait for the next renewal.
const STORE_CHECK_INTERVAL: Duration = Duration::from_secs(60);

/// How long failures are given once the end has come: a machine that wakes up has no network in its first seconds.
const GRACE: Seconds = Seconds(60);

/// What the user asks of `keepalive`.
pub struct KeepaliveOptions<'a> {
    /// How long to keep the session alive; `None` until it cannot be.
    pub duration: Option<Seconds>,
    /// The command to run meanwhile; empty for none.
    pub command: &'a [OsString],
}

/// Keeps the session alive until something ends that. How the command ended, or which signal came; `None` after the
/// duration.
///
/// # Errors
/// `login_required` when the session has ended or there is nothing to keep alive; `busy` for a second keepalive; 126 or
/// 127 where the command cannot be started.
pub fn run(context: &Context<'_>, options: &KeepaliveOptions<'_>) -> Result<Option<ExitReason>> {
    let mut keepalive = Keepalive::new(context, options)?;
    let _only_one = lock_keepalive(context)?;
    let mut supervisor = context
        .ports
        .signals
        .supervise()
        .map_err(|error| Error::failed(format!("cannot watch for signals: {error}")))?;
    keepalive.report_outlook();
    // Before the command starts: without a session it does not start.
    keepalive.renew_if_due()?;
    if keepalive.has_command {
        match supervisor.start(options.command) {
            Err(error) if error.kind() != ErrorKind::Interrupted => {
                return Err(ChildProcessError::not_started(options.command, &error).into());
            }
            // Interrupted by a signal: the first wait returns it.
            _ => {}
        }
    }
    let ending = keepalive.run_until_end(&mut *supervisor);
    keepalive.report_summary();
    ending
}

/// One keepalive a session; the kernel lets go of the lock when its holder dies.
fn lock_keepalive(context: &Context<'_>) -> Result<Box<dyn Lock>> {
    let lock = context.store.try_lock(&format!("{} keepalive", context.entry()))?;
    lock.ok_or_else(|| SessionError::AlreadyKeptAlive.into())
}

/// The session, unless it is known to have ended.
fn living_session(context: &Context<'_>) -> Result<Session> {
    let session = context.session()?;
    match session.refresh_token {
        RefreshToken::Refused { .. } => Err(SessionError::RefreshTokenRejected.into()),
        RefreshToken::NeverIssued | RefreshToken::Held(_) => Ok(session),
    }
}

impl<'c, 'w> Keepalive<'c, 'w> {
    /// Reads the session; nothing is refreshed yet.
    fn new(context: &'c Context<'w>, options: &KeepaliveOptions<'_>) -> Result<Self> {
        let session = living_session(context)?;
        let policy = context.profile.policy.ok_or_else(no_policy)?;
        if session.held_token().is_none() || policy.lifetime.is_none() {
            return Err(nothing_to_keep(context, &session, &policy));
        }
        let clock = &context.ports.clock;
        let mut keepalive = Self {
            context,
            policy,
            has_command: !options.command.is_empty(),
            duration: options.duration,
            started: (clock.now(), clock.uptime()),
            session,
            checked_at: clock.uptime(),
            lead: Seconds::ZERO,
            failing: None,
            refreshes: 0,
            adopted: 0,
            failures: 0,
        };
        keepalive.draw_lead();
        Ok(keepalive)
    }

    /// Chance decides anew for each renewal, so that many machines that started together drift apart.
    fn draw_lead(&mut self) {
        let mut random = [0; 8];
        // Without chance the moment is still right, only the same for all.
        let _ = self.context.ports.entropy.fill(&mut random);
        self.lead = lead(self.policy.lifetime.unwrap_or_default(), u64::from_le_bytes(random));
    }

    /// Keeps the session alive until something ends it: a signal or CMD, `--for` (`None`), or the session's end.
    fn run_until_end(&mut self, supervisor: &mut dyn Supervisor) -> Result<Option<ExitReason>> {
        loop {
            let wait = match self.tick() {
                Ok(Some(wait)) => wait,
                Ok(None) if self.has_command => {
                    return Ok(Some(self.wait_for_command(supervisor, "the time of --for is over")));
                }
                Ok(None) => return Ok(None),
                Err(error) if self.has_command => {
                    return Ok(Some(self.wait_for_command(supervisor, &error.report().message)));
                }
                Err(error) => return Err(error),
            };
            if let Some(ended) = supervisor.wait(wait.to_std()) {
                return Ok(Some(ended));
            }
        }
    }

    /// Does what is due; how long to wait then, `None` once `--for` is over and the session was still there.
    fn tick(&mut self) -> Result<Option<Seconds>> {
        let left = self.time_left();
        let is_over = left.is_some_and(|left| left <= Seconds::ZERO);
        // Where renewals fail, each try of one looks too.
        let is_time = self.failing.is_none() && self.uptime().saturating_sub(self.checked_at) >= STORE_CHECK_INTERVAL;
        if is_over || is_time {
            self.check_session()?;
        }
        if is_over {
            return Ok(None);
        }
        let wait = self.renew_if_due()?.left(self.now());
        Ok(Some(wait.min(left.unwrap_or(POLL_INTERVAL)).min(POLL_INTERVAL).max(Seconds(1))))
    }

    /// An error, if the session is known to have ended. A new login is picked up at the next renewal.
    fn check_session(&mut self) -> Result<()> {
        self.checked_at = self.uptime();
        match living_session(self.context) {
            Err(error)
                if matches!(
                    error.situation,
                    Situation::Session(SessionError::NoSession | SessionError::RefreshTokenRejected)
                ) =>
            {
                Err(error)
            }
            // It says nothing, and is left alone until the next renewal: it may have asked the user to unlock it.
            Err(_) => {
                self.checked_at = Duration::MAX;
                Ok(())
            }
            Ok(_) => Ok(()),
        }
    }

    /// Says why no more is done, and waits for CMD.
    fn wait_for_command(&self, supervisor: &mut dyn Supervisor, why: &str) -> ExitReason {
        self.warn_command_goes_on(why);
        loop {
            if let Some(ended) = supervisor.wait(Duration::from_secs(3_600)) {
                return ended;
            }
        }
    }

    /// Does what is due now; when to look again.
    fn renew_if_due(&mut self) -> Result<Time> {
        let now = self.now();
        match self.renewal_plan() {
            RenewalPlan::Renewal { due, .. } if now < due => Ok(due),
            RenewalPlan::Renewal { end, .. } => match self.failing {
                // By a clock that was set back meanwhile the wait would never end.
                Some(failing) if now < failing.last.plus(failing.wait) && now >= failing.last => {
                    Ok(failing.last.plus(failing.wait))
                }
                _ => self.renew(end),
            },
            RenewalPlan::End(end) | RenewalPlan::SsoEnded(end) if self.should_wait_for(end) => Ok(end),
            RenewalPlan::End(end) | RenewalPlan::SsoEnded(end) => self.end_or_adopt(end),
            RenewalPlan::Nothing => Err(nothing_to_keep(self.context, &self.session, &self.policy)),
        }
    }

    /// Refreshes, unless another process has meanwhile.
    fn renew(&mut self, end: Time) -> Result<Time> {
        let intent = Intent::KeepAlive { lead: self.lead };
        match self.context.session().and_then(|before| refresh::ensure_fresh(self.context, before, intent)) {
            Ok(obtained) => self.accept(obtained),
            Err(error) if is_temporary(&error) => return self.record_failure(&error, end),
            Err(error) => return Err(error),
        }
        Ok(self.now())
    }

    fn accept(&mut self, FreshSession { session, source }: FreshSession) {
        if let Some(failing) = self.failing.take() {
            self.report_recovery(failing);
        }
        self.checked_at = self.uptime();
        let changed = session.generation != self.session.generation;
        let before = std::mem::replace(&mut self.session, session);
        match source {
            TokenSource::Refreshed(_, renewal) => {
                self.refreshes += 1;
                self.report_refresh(&before, renewal);
            }
            TokenSource::RefreshedElsewhere | TokenSource::Stored(_) if changed => {
                self.adopted += 1;
                self.report_adoption();
            }
            TokenSource::RefreshedElsewhere | TokenSource::Stored(_) => return,
        }
        self.draw_lead();
    }

    /// Counts a failure that may pass; an error once the end has come and it has not.
    fn record_failure(&mut self, error: &Error, end: Time) -> Result<Time> {
        let now = self.now();
        let (since, tries) = self.failing.map_or((now, 1), |failing| (failing.since, failing.tries.saturating_add(1)));
        self.failures = self.failures.saturating_add(1);
        if tries == 1 {
            self.report_failure(error, end);
        }
        if now >= end && now.since(since) >= GRACE {
            return Err(self.renewal_failed(error, end));
        }
        let left = end.left(now);
        let wait = retry_delay(tries, left);
        // The last try is made when the end comes, because only the provider knows whether it has.
        let wait = if left > Seconds::ZERO { wait.min(left) } else { wait };
        self.failing = Some(FailureStreak { since, tries, last: now, wait });
        Ok(now.plus(wait))
    }

    /// A session that no refresh prolongs is not waited for any more: unless somebody has logged in, that is all.
    fn end_or_adopt(&mut self, end: Time) -> Result<Time> {
        match self.context.load() {
            Ok(Some(session)) if session.generation != self.session.generation => {
                self.accept(FreshSession { session, source: TokenSource::RefreshedElsewhere });
                Ok(self.now())
            }
            _ => Err(self.session_ended(end)),
        }
    }
}

/// Whether trying again later may help.
fn is_temporary(error: &Error) -> bool {
    match &error.situation {
        Situation::Network(NetworkError::Unreachable(_) | NetworkError::ResponseLost(_))
        | Situation::Session(SessionError::Busy | SessionError::Changed { .. }) => true,
        Situation::Store(StoreError::Failed(failure)) => match failure.kind {
            StoreFailureKind::Missing
            | StoreFailureKind::NotSetUp
            | StoreFailureKind::Locked
            | StoreFailureKind::TimedOut
            | StoreFailureKind::Refused
            | StoreFailureKind::Unknown => true,
            StoreFailureKind::WrongKey
            | StoreFailureKind::Damaged
            | StoreFailureKind::Ambiguous
            | StoreFailureKind::LockUnavailable
            | StoreFailureKind::LocksUnsupported => false,
        },
        _ => false,
    }
}
