//! Keeps a sliding session alive with as few refreshes as possible. Without a command it ends after `--for`, or when
//! the session can no longer be renewed. With a command it ends only with the command; renewals may stop earlier. Every
//! wait is short, because the machine may be suspended meanwhile.

use crate::domain::decision::Intent;
use crate::domain::keepalive::{RenewalPlan, lead, retry_delay};
use crate::domain::policy::Policy;
use crate::domain::session::{RefreshToken, Renewal, Session};
use crate::domain::time::{Seconds, Time};
use crate::domain::warning::WarningCode;
use crate::error::{Error, Result, SessionError, Situation};
use crate::explain::keepalive_messages::{self, KeepaliveCounts};
use crate::flows::context::Context;
use crate::flows::refresh::{FreshSession, TokenSource};
use crate::flows::refresh_if_due;
use crate::oidc::token::RefreshParameters;
use crate::ports::{ExitReason, Prompt, StoreFailureKind, Supervisor};
use std::ffi::OsString;
use std::io::ErrorKind;
use std::time::Duration;

/// The longest wait without looking at the wall clock.
const POLL_INTERVAL: Seconds = Seconds(10);

/// How often to check that the session is still in the store, so that a logout is noticed before the next renewal.
const STORE_CHECK_INTERVAL: Duration = Duration::from_secs(60);

/// How long to retry at least, even after the session's end: a machine that has just woken up has no network yet.
const GRACE: Seconds = Seconds(60);

/// Keeps the session alive for `duration`, or as long as possible; and runs the command meanwhile, if it is not empty. Returns
/// how the command ended, or which signal came; `None` after the duration.
///
/// # Errors
/// `login_required` when the session has ended or there is nothing to keep alive; `busy` for a second keepalive; 125
/// to 127 if the command cannot be started.
pub fn run(context: &Context<'_>, duration: Option<Seconds>, command: &[OsString]) -> Result<Option<ExitReason>> {
    let mut keepalive = Keepalive::new(context, duration, !command.is_empty())?;
    let lock = context.store.try_lock(&format!("{} keepalive", context.entry()))?;
    let _only_one = lock.ok_or(SessionError::AlreadyKeptAlive)?;
    let unwatched = |error| Error::failed(format!("cannot watch for signals: {error}"));
    let mut supervisor = context.ports.signals.supervise().map_err(unwatched)?;
    keepalive.report_start();
    // Without a session, the command does not start.
    keepalive.renew_if_due()?;
    // If a signal came, the first wait returns it.
    if keepalive.has_command
        && let Err(error) = supervisor.start(command)
        && error.kind() != ErrorKind::Interrupted
    {
        return Err(Situation::not_started(command, &error).into());
    }
    let ending = keepalive.run_until_end(&mut *supervisor);
    let lasted = keepalive.now().since(keepalive.started_at);
    context.reporter.note(&keepalive_messages::summary_note(lasted, keepalive.counts));
    ending
}

/// The stored session, unless it is known to have ended.
fn live_session(context: &Context<'_>) -> Result<Session> {
    let session = context.session()?;
    let is_rejected = matches!(session.refresh_token, RefreshToken::Rejected { .. });
    if is_rejected { Err(SessionError::RefreshTokenRejected.into()) } else { Ok(session) }
}

/// The error for a session without a refresh token, or a policy without refresh tokens.
fn nothing_to_keep_alive(context: &Context<'_>, session: &Session, policy: &Policy) -> Error {
    let until = context.reporter.local_time(session.access_token.expires_at);
    SessionError::CannotKeepAlive(keepalive_messages::nothing_to_keep_alive(session, policy, &until)).into()
}

/// The lead for a renewal, so that machines that started together do not renew together.
fn random_lead(context: &Context<'_>, policy: &Policy) -> Seconds {
    // Without randomness all machines get the same lead, which still renews in time.
    let random = context.random_bytes().unwrap_or_default();
    lead(policy.lifetime.unwrap_or_default(), u64::from_le_bytes(random))
}

struct Keepalive<'c, 'w> {
    context: &'c Context<'w>,
    policy: Policy,
    /// Whether a command runs meanwhile: then fewer notes are shown, because the terminal is the command's.
    has_command: bool,
    duration: Option<Seconds>,
    started_at: Time,
    started_uptime: Duration,
    session: Session,
    /// The uptime when the store was last read; [`Duration::MAX`] if it is not read until the next renewal.
    checked_at: Duration,
    /// How long before its end the session is renewed next.
    lead: Seconds,
    failing: Option<FailureStreak>,
    counts: KeepaliveCounts,
}

/// Tries in a row that failed.
#[derive(Clone, Copy)]
struct FailureStreak {
    since: Time,
    tries: u32,
    last_try_at: Time,
    next_try_at: Time,
}

impl<'c, 'w> Keepalive<'c, 'w> {
    fn new(context: &'c Context<'w>, duration: Option<Seconds>, has_command: bool) -> Result<Self> {
        context.require_user(
            "there is no session to keep alive: `tidp token` and `tidp exec` request a new token when one is due",
        )?;
        let session = live_session(context)?;
        let policy = context.profile.policy.ok_or_else(|| Error::config(keepalive_messages::UNKNOWN_POLICY))?;
        if session.held_token().is_none() || policy.lifetime.is_none() {
            return Err(nothing_to_keep_alive(context, &session, &policy));
        }
        let clock = &context.ports.clock;
        Ok(Self {
            context,
            policy,
            has_command,
            duration,
            started_at: clock.now(),
            started_uptime: clock.uptime(),
            session,
            checked_at: clock.uptime(),
            lead: random_lead(context, &policy),
            failing: None,
            counts: KeepaliveCounts::default(),
        })
    }

    fn run_until_end(&mut self, supervisor: &mut dyn Supervisor) -> Result<Option<ExitReason>> {
        let ending = loop {
            match self.tick() {
                Ok(Some(wait)) => {
                    if let Some(ended) = supervisor.wait(wait.to_std()) {
                        return Ok(Some(ended));
                    }
                }
                over => break over,
            }
        };
        if !self.has_command {
            return ending.map(|_| None);
        }
        let reason = ending.err().map_or_else(|| "--for has elapsed".to_owned(), |error| error.report().message);
        let warning = format!(
            "the session is no longer kept alive: {reason}. The command continues, and tidp will exit with its exit code"
        );
        self.context.reporter.warn(WarningCode::NotKeptAlive, warning);
        loop {
            if let Some(ended) = supervisor.wait(Duration::from_secs(3_600)) {
                return Ok(Some(ended));
            }
        }
    }

    /// Does what is due. Returns how long to wait then; `None` once `--for` is over.
    fn tick(&mut self) -> Result<Option<Seconds>> {
        let left = self.time_left();
        let is_over = left.is_some_and(|left| left <= Seconds::ZERO);
        // While renewals fail, each try reads the store anyway.
        let should_check =
            self.failing.is_none() && self.uptime().saturating_sub(self.checked_at) >= STORE_CHECK_INTERVAL;
        if is_over || should_check {
            self.check_session()?;
        }
        if is_over {
            return Ok(None);
        }
        let wait = self.renew_if_due()?.left(self.now());
        Ok(Some(wait.min(left.unwrap_or(POLL_INTERVAL)).min(POLL_INTERVAL).max(Seconds(1))))
    }

    /// Fails if the session is known to have ended. A new login is noticed at the next renewal.
    fn check_session(&mut self) -> Result<()> {
        self.checked_at = self.uptime();
        let Err(error) = live_session(self.context) else { return Ok(()) };
        if matches!(error.situation, Situation::Session(SessionError::NoSession | SessionError::RefreshTokenRejected)) {
            return Err(error);
        }
        // The store may have asked the user to unlock it, so it is not read again before the next renewal.
        self.checked_at = Duration::MAX;
        Ok(())
    }

    /// Renews the session if that is due. Returns when to try next.
    fn renew_if_due(&mut self) -> Result<Time> {
        let now = self.now();
        match self.renewal_plan() {
            RenewalPlan::Renewal { due, .. } if now < due => Ok(due),
            RenewalPlan::Renewal { end, .. } => match self.failing {
                // If the clock was set back meanwhile, the wait is over too.
                Some(streak) if (streak.last_try_at..streak.next_try_at).contains(&now) => Ok(streak.next_try_at),
                _ => self.renew(end),
            },
            RenewalPlan::End { at, sso_ended } if self.should_wait_for(at, sso_ended) => Ok(at),
            RenewalPlan::End { at, .. } => self.fail_unless_replaced(at),
            RenewalPlan::Nothing => Err(nothing_to_keep_alive(self.context, &self.session, &self.policy)),
        }
    }

    /// Refreshes, unless another process has done so. Returns when to try next.
    fn renew(&mut self, end: Time) -> Result<Time> {
        let intent = Intent::KeepAlive { lead: self.lead };
        let refresh =
            |before| refresh_if_due::ensure_fresh(self.context, RefreshParameters::default(), &before, intent);
        match self.context.session().and_then(refresh) {
            Ok(fresh) => self.accept(fresh),
            Err(error) if is_temporary(&error) => return self.record_failure(&error, end),
            Err(error) => return Err(error),
        }
        Ok(self.now())
    }

    fn accept(&mut self, FreshSession { session, source }: FreshSession) {
        if let Some(streak) = self.failing.take() {
            let lasted = self.now().since(streak.since);
            self.context.reporter.note(&keepalive_messages::recovered_note(lasted, streak.tries));
        }
        self.checked_at = self.uptime();
        let changed = session.generation != self.session.generation;
        let old_end = self.session_end();
        self.session = session;
        match source {
            TokenSource::Refreshed(_, renewal) => {
                self.counts.refreshes += 1;
                self.report_refresh(old_end, renewal);
            }
            TokenSource::RefreshedElsewhere | TokenSource::Stored if changed => {
                self.counts.renewed_elsewhere += 1;
                self.report_changed_elsewhere();
            }
            TokenSource::RefreshedElsewhere | TokenSource::Stored => return,
        }
        self.lead = random_lead(self.context, &self.policy);
    }

    /// Records a temporary failure and returns when to retry. Fails after the session's end once [`GRACE`] is over.
    fn record_failure(&mut self, error: &Error, end: Time) -> Result<Time> {
        let now = self.now();
        let (since, tries) = self.failing.map_or((now, 1), |streak| (streak.since, streak.tries.saturating_add(1)));
        self.counts.failures = self.counts.failures.saturating_add(1);
        if tries == 1 {
            self.report_failure(error);
        }
        if now >= end && now.since(since) >= GRACE {
            return Err(SessionError::CannotKeepAlive(format!(
                "the session ended at {}, under its policy, because it could not be renewed. The last attempt failed: {}",
                self.context.reporter.local_time(end),
                error.report().message
            ))
            .into());
        }
        let left = end.left(now);
        let wait = retry_delay(tries, left);
        // The last try is made at the end itself, because only the provider knows whether the session has ended.
        let wait = if left > Seconds::ZERO { wait.min(left) } else { wait };
        let next_try_at = now.plus(wait);
        self.failing = Some(FailureStreak { since, tries, last_try_at: now, next_try_at });
        Ok(next_try_at)
    }

    /// Fails because no refresh can extend the session, unless a new login has replaced it.
    fn fail_unless_replaced(&mut self, end: Time) -> Result<Time> {
        match self.context.load(Prompt::Allowed) {
            Ok(Some(session)) if session.generation != self.session.generation => {
                self.accept(FreshSession { session, source: TokenSource::RefreshedElsewhere });
                Ok(self.now())
            }
            _ => Err(self.session_ended(end)),
        }
    }

    fn now(&self) -> Time {
        self.context.ports.clock.now()
    }

    fn uptime(&self) -> Duration {
        self.context.ports.clock.uptime()
    }

    fn renewal_plan(&self) -> RenewalPlan {
        RenewalPlan::new(self.now(), &self.session, &self.policy, self.lead)
    }

    /// When the session ends; `None` if that is not known.
    fn session_end(&self) -> Option<Time> {
        self.context.outlook(&self.session, self.now()).expiry.map(|expiry| expiry.expires_at)
    }

    /// The time left of `--for`: the smaller one by wall clock and by uptime, because the uptime may stop while the
    /// machine sleeps, and the wall clock may be set back.
    fn time_left(&self) -> Option<Seconds> {
        let up = self.uptime().saturating_sub(self.started_uptime).as_secs();
        let up = Seconds(i64::try_from(up).unwrap_or(i64::MAX));
        self.duration.map(|duration| Seconds(duration.0.saturating_sub(up.max(self.now().since(self.started_at)).0)))
    }

    /// Whether to wait for an `end` that no refresh moves. If it is fixed because the SSO session has ended, only while
    /// a command runs or if `--for` is over first: otherwise the user should log in again now.
    fn should_wait_for(&self, end: Time, sso_ended: bool) -> bool {
        let now = self.now();
        let ends_before = || self.has_command || self.time_left().is_some_and(|left| left <= end.left(now));
        now < end && (!sso_ended || ends_before())
    }

    /// Reports a note; while a command runs, only under `--verbose`.
    fn note_unless_command(&self, text: &str) {
        if self.has_command {
            self.context.reporter.trace(|| text.to_owned())
        } else {
            self.context.reporter.note(text)
        }
    }

    fn report_start(&self) {
        if self.session.unresolved_refusal().is_some() {
            return self.note_unless_command(
                "The provider refused the last refresh. Trying again now, to find out whether the session is still alive.",
            );
        }
        if self.session.found_inactive_at().is_some() {
            return self.note_unless_command(
                "The provider says that the refresh token is no longer active. Trying it once, to find out whether the \
                 session is still alive.",
            );
        }
        let now = self.now();
        match self.renewal_plan() {
            RenewalPlan::Renewal { due, end } => {
                let next = if due <= now {
                    "it is renewed now".to_owned()
                } else if self.time_left().is_none_or(|left| due.left(now) < left) {
                    format!("it will be renewed {}", self.context.when(due))
                } else {
                    "no renewal falls within --for".to_owned()
                };
                let (policy, end) = (self.policy.name.as_str(), self.context.when(end));
                self.note_unless_command(&format!("Keeping the session alive: under {policy} it ends {end}; {next}."));
            }
            RenewalPlan::End { at, sso_ended } if self.should_wait_for(at, sso_ended) => {
                let (reason, end) = (self.end_reason(), self.context.when(at));
                let note =
                    format!("Nothing to renew: {reason}, so it ends {end}. Waiting; refreshing would not extend it.");
                self.context.reporter.note(&note);
            }
            RenewalPlan::End { .. } | RenewalPlan::Nothing => {}
        }
    }

    fn end_reason(&self) -> String {
        let outlook = self.context.outlook(&self.session, self.now());
        keepalive_messages::end_reason(&self.policy, outlook.sso)
    }

    /// Reports a refresh of this run. `old_end` is when the session would have ended; `None` if that was not known.
    fn report_refresh(&self, old_end: Option<Time>, renewal: Renewal) {
        let Some(end) = self.session_end() else { return };
        let (now, end) = (self.now(), self.context.when(end));
        if renewal == Renewal::None && self.policy.reports_sso {
            let warning = format!(
                "the refresh did not extend this session, because the user's SSO session has ended. It ends {end}; log in \
                 before then: tidp login"
            );
            return self.context.reporter.warn(WarningCode::SsoEnded, warning);
        }
        let old_end = old_end.map(|end| end.relative_to(now));
        let now = self.context.reporter.local_time(now);
        let note = keepalive_messages::refreshed_note(renewal, &now, old_end.as_deref(), &end);
        self.note_unless_command(&note);
    }

    fn report_changed_elsewhere(&self) {
        if let Some(end) = self.session_end() {
            let (now, end) = (self.context.reporter.local_time(self.now()), self.context.when(end));
            self.note_unless_command(&format!(
                "{now}  No refresh needed: another tidp has changed the session, which now ends {end}."
            ));
        }
    }

    fn report_failure(&self, error: &Error) {
        let end = self.session_end().map(|end| format!(". It ends {}", self.context.when(end))).unwrap_or_default();
        let message = error.report().message;
        let error = message.trim_end_matches('.');
        let warning = format!("the session could not be renewed: {error}{end}; trying again");
        self.context.reporter.warn(WarningCode::NotRenewed, warning);
    }

    fn session_ended(&self, end: Time) -> Error {
        let reason = self.end_reason();
        SessionError::CannotKeepAlive(if self.now() < end {
            format!("the session cannot be kept alive: {reason}. It ends {}", self.context.when(end))
        } else {
            format!("the session has ended ({}): {reason}", self.context.reporter.local_time(end))
        })
        .into()
    }
}

/// Whether a later try may succeed.
fn is_temporary(error: &Error) -> bool {
    match &error.situation {
        Situation::Unreachable(_) | Situation::Session(SessionError::Busy(_) | SessionError::Changed { .. }) => true,
        _ => error.store_failure().is_some_and(|kind| {
            let is_about_locks = matches!(kind, StoreFailureKind::LockUnavailable | StoreFailureKind::LocksUnsupported);
            !is_about_locks && !kind.concerns_entry()
        }),
    }
}
