//! `tidp keepalive [-- CMD…]`: keeps a sliding session alive on purpose, with as few refreshes as that takes.
//!
//! It ends when CMD does (with its code, or by its signal), after `--for` (0), or when the session has ended or, with
//! its SSO session, all hope of renewal (3). A CMD that is running then is not harmed: what has happened is said at once,
//! CMD goes on, and its code counts.
//! Every wait is short and followed by a look at the wall clock, so that a suspended machine notices when it wakes.

mod messages;

use crate::cli::{self, Global};
use crate::commands::exec::not_started;
use crate::domain::decision::Intent;
use crate::domain::keepalive::{Prospect, lead, retry_delay};
use crate::domain::policy::Policy;
use crate::domain::session::{RefreshToken, Session};
use crate::domain::time::{Seconds, Time};
use crate::error::{ChildProcessError, Error, NetworkError, Result, SessionError, Situation, StoreError};
use crate::flows::context::Context;
use crate::flows::refresh::{self, FreshSession, TokenSource};
use crate::ports::{Ended, Lock, Ports, StoreFailureKind, Watch};
use crate::terminal::output::Output;
use std::io::ErrorKind;
use std::time::Duration;

/// The longest wait between two looks at the wall clock.
const GLANCE: Seconds = Seconds(10);

/// How often the store is asked whether the session is still there: a logout does not wait for the next renewal.
const LOOK: Duration = Duration::from_secs(60);

/// How long failures are given once the end has come: a machine that wakes up has no network in its first seconds.
const GRACE: Seconds = Seconds(60);

/// Runs it.
///
/// # Errors
/// `login_required` when the session has ended or there is nothing to keep alive, `busy` for a second one; 126 or 127
/// where CMD cannot be started; CMD's own code.
pub fn run(ports: &Ports, out: &Output<'_>, global: &Global, args: &cli::Keepalive) -> Result<()> {
    let length = args.duration.as_deref().map(Seconds::parse).transpose();
    let length = length.map_err(|what| Error::usage(format!("--for: {what}")))?;
    Context::open(ports, out, global)?.run(|context| {
        let mut keeper = Keeper::begin(context, length, !args.command.is_empty())?;
        let _only_one = only_one(context)?;
        let mut watch =
            ports.signals.watch().map_err(|error| Error::failed(format!("cannot watch for signals: {error}")))?;
        keeper.tell_what_lies_ahead();
        // Before CMD is started: where there is no session, it does not start.
        keeper.step()?;
        if keeper.wrapping {
            match watch.start(&args.command) {
                Err(error) if error.kind() != ErrorKind::Interrupted => {
                    return Err(not_started(&args.command, &error));
                }
                // Interrupted by a signal: the first wait tells which.
                _ => {}
            }
        }
        let ending = keeper.keep(&mut *watch);
        keeper.tell_what_was_done();
        match ending? {
            None | Some(Ended::Code(0)) => Ok(()),
            Some(Ended::Code(code)) => Err(ChildProcessError::Exited(code).into()),
            Some(Ended::Signal(signal)) => {
                ports.signals.end_by(signal);
                Err(ChildProcessError::Exited(u8::try_from(128_i32.saturating_add(signal)).unwrap_or(1)).into())
            }
        }
    })
}

/// One keepalive a session; the kernel lets go of the lock when its holder dies.
fn only_one(context: &Context<'_>) -> Result<Box<dyn Lock>> {
    let lock = context.store.try_lock(&format!("{} keepalive", context.entry()))?;
    lock.ok_or_else(|| SessionError::AlreadyKeptAlive.into())
}

/// The session, unless it is known to have ended.
fn living(context: &Context<'_>) -> Result<Session> {
    let session = context.session()?;
    match session.refresh_token {
        RefreshToken::Refused { .. } => Err(SessionError::RefreshTokenRejected.into()),
        RefreshToken::NeverIssued | RefreshToken::Held(_) => Ok(session),
    }
}

/// The session that is looked after, and what has been done for it.
struct Keeper<'c, 'w> {
    context: &'c Context<'w>,
    policy: Policy,
    /// Whether a command runs meanwhile: then less is said, for the terminal is the command's.
    wrapping: bool,
    length: Option<Seconds>,
    began: (Time, Duration),
    /// As it was last read or refreshed.
    session: Session,
    /// When the store was last asked for it, by the clock that only moves forward; far ahead: it is not asked for now.
    looked: Duration,
    /// How much of its life is left when it is renewed the next time.
    lead: Seconds,
    failing: Option<Failing>,
    refreshes: u32,
    adopted: u32,
    failures: u32,
}

/// Tries in a row that failed.
#[derive(Clone, Copy)]
struct Failing {
    since: Time,
    tries: u32,
    last: Time,
    wait: Seconds,
}

impl<'c, 'w> Keeper<'c, 'w> {
    /// Reads the session; nothing is refreshed yet.
    fn begin(context: &'c Context<'w>, length: Option<Seconds>, wrapping: bool) -> Result<Self> {
        let session = living(context)?;
        let policy = context.profile.policy.ok_or_else(messages::no_policy)?;
        if session.held_token().is_none() || policy.lifetime.is_none() {
            return Err(messages::nothing_to_keep(context, &session, &policy));
        }
        let clock = &context.ports.clock;
        let mut keeper = Self {
            context,
            policy,
            wrapping,
            length,
            began: (clock.now(), clock.uptime()),
            session,
            looked: clock.uptime(),
            lead: Seconds::ZERO,
            failing: None,
            refreshes: 0,
            adopted: 0,
            failures: 0,
        };
        keeper.draw_lead();
        Ok(keeper)
    }

    fn now(&self) -> Time {
        self.context.ports.clock.now()
    }

    fn uptime(&self) -> Duration {
        self.context.ports.clock.uptime()
    }

    fn prospect(&self) -> Prospect {
        Prospect::new(self.now(), &self.session, &self.policy, self.lead)
    }

    /// Chance decides anew for each renewal, so that many machines that started together drift apart.
    fn draw_lead(&mut self) {
        let mut random = [0; 8];
        // Without chance the moment is still right, only the same for all.
        let _ = self.context.ports.entropy.fill(&mut random);
        self.lead = lead(self.policy.lifetime.unwrap_or_default(), u64::from_le_bytes(random));
    }

    /// How much of `--for` is left, by whichever clock says less: the wall clock counts a suspended machine's sleep,
    /// the other one cannot be set back.
    fn time_left(&self) -> Option<Seconds> {
        let up = self.uptime().saturating_sub(self.began.1).as_secs();
        let up = Seconds(i64::try_from(up).unwrap_or(i64::MAX));
        self.length.map(|length| Seconds(length.0.saturating_sub(up.max(self.now().since(self.began.0)).0)))
    }

    /// Keeps the session alive until something ends it: a signal or CMD, `--for` (`None`), or the session's end.
    fn keep(&mut self, watch: &mut dyn Watch) -> Result<Option<Ended>> {
        loop {
            let patience = match self.turn() {
                Ok(Some(patience)) => patience,
                Ok(None) if self.wrapping => return Ok(Some(self.leave_alone(watch, messages::TIME_IS_OVER))),
                Ok(None) => return Ok(None),
                Err(error) if self.wrapping => return Ok(Some(self.leave_alone(watch, &error.report().message))),
                Err(error) => return Err(error),
            };
            if let Some(ended) = watch.wait(patience.to_std()) {
                return Ok(Some(ended));
            }
        }
    }

    /// Does what is due; how long to wait then, `None` once `--for` is over and the session was still there.
    fn turn(&mut self) -> Result<Option<Seconds>> {
        let left = self.time_left();
        let is_over = left.is_some_and(|left| left <= Seconds::ZERO);
        // Where renewals fail, each try of one looks too.
        let is_time = self.failing.is_none() && self.uptime().saturating_sub(self.looked) >= LOOK;
        if is_over || is_time {
            self.look()?;
        }
        if is_over {
            return Ok(None);
        }
        let wait = self.step()?.left(self.now());
        Ok(Some(wait.min(left.unwrap_or(GLANCE)).min(GLANCE).max(Seconds(1))))
    }

    /// An error, if the session is known to have ended. A login in its place is looked after from the next renewal on.
    fn look(&mut self) -> Result<()> {
        self.looked = self.uptime();
        match living(self.context) {
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
                self.looked = Duration::MAX;
                Ok(())
            }
            Ok(_) => Ok(()),
        }
    }

    /// Says why no more is done, and waits for CMD.
    fn leave_alone(&self, watch: &mut dyn Watch, why: &str) -> Ended {
        self.tell_that_command_goes_on(why);
        loop {
            if let Some(ended) = watch.wait(Duration::from_secs(3_600)) {
                return ended;
            }
        }
    }

    /// Does what is due now; when to look again.
    fn step(&mut self) -> Result<Time> {
        let now = self.now();
        match self.prospect() {
            Prospect::Renewal { due, .. } if now < due => Ok(due),
            Prospect::Renewal { end, .. } => match self.failing {
                // By a clock that was set back meanwhile the wait would never end.
                Some(failing) if now < failing.last.plus(failing.wait) && now >= failing.last => {
                    Ok(failing.last.plus(failing.wait))
                }
                _ => self.renew(end),
            },
            Prospect::End(end) | Prospect::SsoEnded(end) if self.waits_for(end) => Ok(end),
            Prospect::End(end) | Prospect::SsoEnded(end) => self.look_again(end),
            Prospect::Nothing => Err(messages::nothing_to_keep(self.context, &self.session, &self.policy)),
        }
    }

    /// Whether an `end` that no refresh moves is waited for: one that came with the login always; one that came with the
    /// end of the SSO session only for what ends by itself before, since a new login is needed and can be made now.
    fn waits_for(&self, end: Time) -> bool {
        let now = self.now();
        let enough = || self.wrapping || self.time_left().is_some_and(|left| left <= end.left(now));
        now < end && (!matches!(self.prospect(), Prospect::SsoEnded(_)) || enough())
    }

    /// Refreshes, unless another process has meanwhile.
    fn renew(&mut self, end: Time) -> Result<Time> {
        let intent = Intent::KeepAlive { lead: self.lead };
        match self.context.session().and_then(|before| refresh::ensure_fresh(self.context, before, intent)) {
            Ok(obtained) => self.accept(obtained),
            Err(error) if may_pass(&error) => return self.bear(&error, end),
            Err(error) => return Err(error),
        }
        Ok(self.now())
    }

    fn accept(&mut self, FreshSession { session, source }: FreshSession) {
        if let Some(failing) = self.failing.take() {
            self.tell_that_it_works_again(failing);
        }
        self.looked = self.uptime();
        let changed = session.generation != self.session.generation;
        let before = std::mem::replace(&mut self.session, session);
        match source {
            TokenSource::Refreshed(_, renewal) => {
                self.refreshes += 1;
                self.tell_refreshed(&before, renewal);
            }
            TokenSource::RefreshedElsewhere | TokenSource::Stored(_) if changed => {
                self.adopted += 1;
                self.tell_adopted();
            }
            TokenSource::RefreshedElsewhere | TokenSource::Stored(_) => return,
        }
        self.draw_lead();
    }

    /// Counts a failure that may pass; an error once the end has come and it has not.
    fn bear(&mut self, error: &Error, end: Time) -> Result<Time> {
        let now = self.now();
        let (since, tries) = self.failing.map_or((now, 1), |failing| (failing.since, failing.tries.saturating_add(1)));
        self.failures = self.failures.saturating_add(1);
        if tries == 1 {
            self.tell_failure(error, end);
        }
        if now >= end && now.since(since) >= GRACE {
            return Err(self.failed_until(error, end));
        }
        let left = end.left(now);
        let wait = retry_delay(tries, left);
        // The last try is made when the end comes, because only the provider knows whether it has.
        let wait = if left > Seconds::ZERO { wait.min(left) } else { wait };
        self.failing = Some(Failing { since, tries, last: now, wait });
        Ok(now.plus(wait))
    }

    /// A session that no refresh prolongs is not waited for any more: unless somebody has logged in, that is all.
    fn look_again(&mut self, end: Time) -> Result<Time> {
        match self.context.load() {
            Ok(Some(session)) if session.generation != self.session.generation => {
                self.accept(FreshSession { session, source: TokenSource::RefreshedElsewhere });
                Ok(self.now())
            }
            _ => Err(self.ended(end)),
        }
    }
}

/// Whether trying again later may help.
fn may_pass(error: &Error) -> bool {
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
            | StoreFailureKind::NoLock
            | StoreFailureKind::NoLocksThere => false,
        },
        _ => false,
    }
}
