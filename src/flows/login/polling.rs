//! Logins that the user finishes elsewhere: approved on another device (RFC 8628), or confirmed in Vipps or BankID (CIBA,
//! for confidential clients). The token endpoint is polled meanwhile, at the intervals of `oidc/polling.rs`. Only an answer
//! or the end of the time stops that: the network may come back. Ctrl-C ends the process as usual; there is nothing to clean
//! up.

use super::{FAILED_STEP, LoginAttempt, Stopwatch};
use crate::domain::session::Session;
use crate::domain::text::printable;
use crate::domain::time::Seconds;
use crate::error::{Error, LoginError, Result, Situation};
use crate::explain::exchange_steps;
use crate::flows::provider_keys::KeyPrefetch;
use crate::oidc::Problem;
use crate::oidc::ciba::{
    CibaProvider, UserHint, accept_backchannel_authentication, accept_preparation, authentication_request,
    preparation_request,
};
use crate::oidc::device_authorization::{accept_device_authorization, device_authorization_request};
use crate::oidc::discovery::{Endpoint, is_loopback_literal};
use crate::oidc::polling::{PollAnswer, PollCode, PollInterval, accept_poll, retry_after};
use crate::ports::{HttpFailureKind, Request};
use std::time::Duration;
use url::Url;

/// How often the remaining time is shown, and the wall clock read.
const TICK: Duration = Duration::from_secs(1);

/// A request to repeat until the user has decided.
struct Poll {
    request: Request,
    interval: PollInterval,
    /// How long the code is valid, from `since`.
    lifetime: Seconds,
    since: Stopwatch,
    keys: Option<KeyPrefetch>,
    /// SelectionReason the last poll had no usable response.
    failure: Option<Error>,
    /// Whether a response was lost, which may have held the tokens.
    has_lost_response: bool,
}

impl LoginAttempt<'_, '_> {
    pub(super) fn on_another_device(self) -> Result<Session> {
        let since = Stopwatch::start(&*self.context.ports.clock);
        let endpoint = self.endpoint(&self.provider.device_authorization_endpoint)?;
        let request =
            device_authorization_request(endpoint, &self.client, &self.options.request).map_err(Error::usage)?;
        self.context.step(|| exchange_steps::DEVICE_AUTHORIZATION.to_owned());
        let device = self.answer(&request, accept_device_authorization)?;
        let on_this_machine = is_loopback_literal(&device.verification_uri);
        let shows_qr_code = self.options.show_qr_code && !on_this_machine;
        let qr_code = device.verification_uri_complete.filter(|_| shows_qr_code);
        let (address, qr_code) = (device.verification_uri.as_str(), qr_code.as_ref().map(Url::as_str));
        self.context.reporter.user_code(address, &device.user_code, qr_code, on_this_machine);
        self.poll(&device.device_code, since)
    }

    /// The login hint is the phone number for Vipps, the `kurt_id` for BankID.
    pub(super) fn by_backchannel(self, ciba: CibaProvider) -> Result<Session> {
        let options = &self.options.request;
        let hint = options.login_hint.clone().unwrap_or_default();
        let endpoint = self.endpoint(&self.provider.backchannel_authentication_endpoint)?;
        let user = match ciba {
            CibaProvider::Vipps => UserHint::Phone(hint),
            CibaProvider::BankId => self.prepared_user(&hint)?,
        };
        let since = Stopwatch::start(&*self.context.ports.clock);
        self.context.step(|| exchange_steps::CIBA.to_owned());
        let request = authentication_request(endpoint, &self.client, &user, options, self.options.timeout)
            .map_err(Error::usage)?;
        let code = self.answer(&request, accept_backchannel_authentication)?;
        self.context.reporter.prompt(&match &user {
            UserHint::Phone(phone) => format!("Confirm the login in Vipps, on the phone {}.", printable(phone)),
            UserHint::Prepared(_) => "Confirm the login in BankID.".to_owned(),
        });
        self.poll(&code, since)
    }

    /// The user, with the message that BankID will show. It is on the terminal before BankID can show it: the user may
    /// confirm only what was seen here first.
    fn prepared_user(&self, kurt_id: &str) -> Result<UserHint> {
        let request = preparation_request(&self.provider, &self.client, kurt_id).map_err(Error::usage)?;
        let prepared = self.answer(&request, accept_preparation)?;
        self.context.reporter.prompt(&format!(
            "BankID will show this message. Confirm only if it is the same there:\n\n  {}\n",
            prepared.binding_message
        ));
        Ok(UserHint::Prepared(prepared))
    }

    fn endpoint<'p>(&self, endpoint: &'p Endpoint) -> Result<&'p Url> {
        endpoint.as_ref().map_err(|why| LoginError::NotOffered(why.clone(), self.options.method).into())
    }

    fn poll(&self, code: &PollCode, since: Stopwatch) -> Result<Session> {
        let mut poll = Poll {
            request: code.token_request(&self.provider, &self.client),
            interval: PollInterval::new(code.interval),
            lifetime: code.lifetime,
            since,
            keys: KeyPrefetch::start(self.context, &self.provider),
            failure: None,
            has_lost_response: false,
        };
        self.context.step(|| exchange_steps::polling(poll.interval.wait()));
        let result = loop {
            if !self.wait(&poll) {
                // If the provider could not be reached last, the user may have approved the login.
                break Err(poll.failure.unwrap_or_else(|| self.not_approved()));
            }
            // Nothing may wait for a stopped terminal between using the code and storing the tokens.
            if let Some(outcome) = self.context.reporter.buffered(|| self.poll_once(&mut poll)).transpose() {
                break outcome;
            }
        };
        self.context.reporter.countdown("");
        result
    }

    /// Waits until the next poll; `false` if the time is over before.
    fn wait(&self, poll: &Poll) -> bool {
        let clock = &self.context.ports.clock;
        let end = self.options.timeout.unwrap_or(poll.lifetime).min(poll.lifetime);
        let until = clock.uptime().saturating_add(poll.interval.wait().to_std());
        loop {
            let left = Seconds(end.0.saturating_sub(poll.since.elapsed(&**clock).0));
            if left <= Seconds::ZERO {
                return false;
            }
            self.context.reporter.countdown(&format!("Waiting for the login, {} left", left.to_text()));
            let wait = until.saturating_sub(clock.uptime());
            if wait.is_zero() {
                return true;
            }
            clock.pause(wait.min(TICK));
        }
    }

    /// The session, if the user has approved the login.
    fn poll_once(&self, poll: &mut Poll) -> Result<Option<Session>> {
        let context = self.context;
        let sent_at = context.ports.clock.now();
        let response = match context.send(&poll.request) {
            Ok(response) => response,
            Err(failure) => {
                poll.has_lost_response |= failure.kind == HttpFailureKind::ResponseLost;
                let error = Error::unanswered(FAILED_STEP, &failure);
                return match error.situation {
                    Situation::Unreachable(_) => {
                        poll.interval.record_failure(None);
                        poll.failure = Some(error);
                        Ok(None)
                    }
                    _ => Err(error),
                };
            }
        };
        match accept_poll(&response) {
            Ok(PollAnswer::Pending) => poll.interval.record_answer(),
            Ok(PollAnswer::SlowDown) => poll.interval.slow_down(),
            Ok(PollAnswer::Expired) => return Err(self.not_approved()),
            Ok(PollAnswer::Tokens(tokens)) => {
                return self.accept_tokens(&tokens, None, poll.keys.take(), sent_at).map(Some);
            }
            Err(problem @ Problem::Unavailable(_)) => {
                // A gateway's failure may hide a response that had the tokens; 4xx and 503 mean "later".
                poll.has_lost_response |= !matches!(response.status, 400..=499 | 503);
                poll.interval.record_failure(retry_after(&response));
                poll.failure = Some(Error::problem(FAILED_STEP, problem));
                return Ok(None);
            }
            Err(Problem::Refused(error)) if poll.has_lost_response && error.error == "invalid_grant" => {
                return Err(LoginError::CodeSpent(error, self.options.method).into());
            }
            Err(problem) => return Err(self.refusal(problem, None)),
        }
        poll.failure = None;
        Ok(None)
    }

    fn not_approved(&self) -> Error {
        LoginError::NotApproved(self.options.method).into()
    }
}
