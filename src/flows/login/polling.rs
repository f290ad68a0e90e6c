//! Polls the token endpoint until the user has approved the login elsewhere. Only an answer or the end of the time stops it:
//! the network may come back. Ctrl-C ends the process as usual; there is nothing to clean up.

use super::attempt::{DOING, LoginAttempt};
use super::key_prefetch::KeyPrefetch;
use super::stopwatch::Stopwatch;
use crate::domain::session::Session;
use crate::domain::time::Seconds;
use crate::error::{Error, LoginError, NetworkError, Result, Situation};
use crate::explain::exchange_steps;
use crate::oidc::polling::{PollAnswer, PollInterval, accept_poll, retry_after};
use crate::oidc::{OAuthError, Problem};
use crate::ports::{HttpFailureKind, Request};
use std::time::Duration;

/// How often the remaining time is shown, and the wall clock read.
const TICK: Duration = Duration::from_secs(1);

/// A request to repeat until the user has decided.
pub(super) struct Poll {
    pub(super) request: Request,
    pub(super) interval: PollInterval,
    /// How long the code is valid, from `since`.
    pub(super) lifetime: Seconds,
    pub(super) since: Stopwatch,
}

/// What one poll resulted in, if it is not the last.
enum Outcome {
    LoggedIn(Box<Session>),
    Pending,
    SlowDown,
    /// There was no usable response; the reason, and how long the provider asks to wait.
    Failed(Error, Option<Seconds>),
}

/// Failures of the polls so far.
#[derive(Default)]
struct Failures {
    /// Why the last poll had no usable response.
    last: Option<Error>,
    /// Whether a response was lost, which may have held the tokens.
    lost_response: bool,
}

impl LoginAttempt<'_, '_> {
    /// Polls until there is a session.
    pub(super) fn poll(&self, mut poll: Poll, mut keys: KeyPrefetch) -> Result<Session> {
        let end = self.options.timeout.unwrap_or(poll.lifetime).min(poll.lifetime);
        let mut failures = Failures::default();
        self.context.step(|| exchange_steps::polling(poll.interval.wait()));
        let result = loop {
            if !self.wait(&poll, end) {
                break Err(self.not_finished(failures.last));
            }
            // Nothing may wait for a stopped terminal between using the code and storing the tokens.
            let outcome = self.context.reporter.buffered(|| self.poll_once(&poll, &mut keys, &mut failures));
            match outcome {
                Ok(Outcome::LoggedIn(session)) => break Ok(*session),
                Ok(Outcome::Pending) => poll.interval.answered(),
                Ok(Outcome::SlowDown) => poll.interval.slow_down(),
                Ok(Outcome::Failed(error, retry_after)) => {
                    poll.interval.failed(retry_after);
                    failures.last = Some(error);
                    continue;
                }
                Err(error) => break Err(error),
            }
            failures.last = None;
        };
        self.context.reporter.countdown("");
        result
    }

    /// Waits until the next poll; `false` if the time is over before.
    fn wait(&self, poll: &Poll, end: Seconds) -> bool {
        let clock = &self.context.ports.clock;
        let until = clock.uptime().saturating_add(poll.interval.wait().to_std());
        loop {
            let left = Seconds(end.0.saturating_sub(poll.since.elapsed(&**clock).0));
            if left <= Seconds::ZERO {
                return false;
            }
            self.context.reporter.countdown(format!("Waiting for the login, {} left", left.to_text()));
            let wait = until.saturating_sub(clock.uptime());
            if wait.is_zero() {
                return true;
            }
            clock.pause(wait.min(TICK));
        }
    }

    fn poll_once(&self, poll: &Poll, keys: &mut KeyPrefetch, failures: &mut Failures) -> Result<Outcome> {
        let context = self.context;
        let sent_at = context.ports.clock.now();
        let response = match context.send(&poll.request) {
            Ok(response) => response,
            Err(failure) => {
                failures.lost_response |= failure.kind == HttpFailureKind::ResponseLost;
                return match Error::unanswered(DOING, &failure) {
                    error if is_outage(&error) => Ok(Outcome::Failed(error, None)),
                    error => Err(error),
                };
            }
        };
        match accept_poll(&response) {
            Ok(PollAnswer::Pending) => Ok(Outcome::Pending),
            Ok(PollAnswer::SlowDown) => Ok(Outcome::SlowDown),
            Ok(PollAnswer::Expired) => Err(self.not_finished(None)),
            Ok(PollAnswer::Tokens(tokens)) => {
                let keys = std::mem::replace(keys, KeyPrefetch::none());
                Ok(Outcome::LoggedIn(Box::new(self.accept_tokens(&tokens, None, keys, sent_at)?)))
            }
            Err(problem @ Problem::Unavailable(_)) => {
                // A gateway's failure may hide a response that had the tokens; 4xx and 503 mean "later".
                failures.lost_response |= !matches!(response.status, 400..=499 | 503);
                Ok(Outcome::Failed(Error::problem(DOING, problem), retry_after(&response)))
            }
            Err(Problem::Refused(error)) if failures.lost_response && error.error == "invalid_grant" => {
                Err(self.code_spent(error))
            }
            Err(problem) => Err(self.refusal(problem, None)),
        }
    }

    fn code_spent(&self, error: OAuthError) -> Error {
        LoginError::CodeSpent(error, self.options.method).into()
    }

    /// The error at the end of the time. If the provider could not be reached last, the user may have done his part.
    fn not_finished(&self, outage: Option<Error>) -> Error {
        outage.unwrap_or_else(|| LoginError::NotApproved(self.options.method).into())
    }
}

fn is_outage(error: &Error) -> bool {
    matches!(error.situation, Situation::Network(NetworkError::Unreachable(_)))
}
