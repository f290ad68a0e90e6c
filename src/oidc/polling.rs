//! Polling the token endpoint while the user acts elsewhere (RFC 8628 3.4 and 3.5, CIBA Core 10.1 and 11): when to ask, and
//! what the answers mean.

use super::Problem;
use super::discovery::Provider;
use super::response::{Object, lenient_seconds, required, stated_error, take_secret};
use super::token::{Client, TokenResponse, accept_code_response, form_post};
use crate::domain::secret::Secret;
use crate::domain::time::Seconds;
use crate::ports::{Request, Response};
use std::ops::RangeInclusive;

/// The longest lifetime of a code that is believed.
const MAX_LIFETIME: Seconds = Seconds::days(1);

/// The interval if the provider names none, and how much longer `slow_down` makes it (RFC 8628 3.2 and 3.5).
const DEFAULT_INTERVAL: Seconds = Seconds(5);

/// The longest wait after a failure, unless the provider asks for more or its interval is longer.
const MAX_BACK_OFF: Seconds = Seconds(60);

/// What to poll with, how long and how often (RFC 8628 3.2, CIBA Core 7.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PollCode {
    pub value: Secret,
    /// What responses and requests call it.
    name: &'static str,
    grant_type: &'static str,
    pub lifetime: Seconds,
    pub interval: Seconds,
}

impl PollCode {
    /// Moves the code of this name, of `allowed` characters, out of a response.
    pub(super) fn take(
        response: &mut Object,
        name: &'static str,
        allowed: RangeInclusive<char>,
        grant_type: &'static str,
        response_name: &str,
    ) -> Result<Self, Problem> {
        let value = take_secret(response, name, allowed, response_name)?;
        let lifetime = required(lenient_seconds(response, "expires_in"), "expires_in", response_name)?;
        Ok(Self {
            value: required(value, name, response_name)?,
            name,
            grant_type,
            lifetime: lifetime.min(MAX_LIFETIME),
            interval: lenient_seconds(response, "interval").unwrap_or(DEFAULT_INTERVAL),
        })
    }

    /// The request for the tokens (RFC 8628 3.4, CIBA Core 10.1).
    pub fn token_request(&self, provider: &Provider, client: &Client) -> Request {
        let parameters = [("grant_type", self.grant_type), (self.name, self.value.expose())];
        form_post(&provider.token_endpoint, client, &parameters, &[&self.value])
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PollAnswer {
    Tokens(Box<TokenResponse>),
    /// `authorization_pending`: the user has not decided yet.
    Pending,
    /// `slow_down`: as pending, and poll less often from now on.
    SlowDown,
    /// `expired_token`: the user has not decided in time.
    Expired,
}

/// # Errors
/// [`Problem::Unavailable`] if the next poll may succeed; any other problem is final: nothing may be sent for this code
/// again.
pub fn accept_poll(response: &Response) -> Result<PollAnswer, Problem> {
    // Some providers send `slow_down` with 429.
    match stated_error(response).as_ref().map(|stated| stated.error.as_str()) {
        Some("authorization_pending") => Ok(PollAnswer::Pending),
        Some("slow_down") => Ok(PollAnswer::SlowDown),
        Some("expired_token") => Ok(PollAnswer::Expired),
        _ => accept_code_response(response).map(|tokens| PollAnswer::Tokens(Box::new(tokens))),
    }
}

/// The seconds that the provider asks to wait (`Retry-After`, RFC 9110 10.2.3, as a number).
pub fn retry_after(response: &Response) -> Option<Seconds> {
    Some(Seconds(response.header("retry-after")?.trim().parse::<u32>().ok()?.into()))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PollInterval {
    interval: Seconds,
    /// How many polls in a row had no usable response.
    failures: u32,
    /// What the last of them asked for.
    retry_after: Seconds,
}

impl PollInterval {
    pub fn new(interval: Seconds) -> Self {
        Self { interval: interval.max(Seconds(1)), failures: 0, retry_after: Seconds::ZERO }
    }

    /// How long to wait before the next poll: after failures, twice as long each time (RFC 8628 3.5).
    pub fn wait(&self) -> Seconds {
        let doubled = self.interval.0.saturating_mul(1 << self.failures.min(32));
        Seconds(doubled).min(MAX_BACK_OFF).max(self.interval).max(self.retry_after)
    }

    /// After `authorization_pending`.
    pub fn record_answer(&mut self) {
        *self = Self::new(self.interval);
    }

    /// After `slow_down`: five seconds more for this and all later polls.
    pub fn slow_down(&mut self) {
        *self = Self::new(Seconds(self.interval.0.saturating_add(DEFAULT_INTERVAL.0)));
    }

    /// After a poll without a usable response.
    pub fn record_failure(&mut self, retry_after: Option<Seconds>) {
        self.failures = self.failures.saturating_add(1);
        self.retry_after = retry_after.unwrap_or_default();
    }
}

#[cfg(test)]
mod tests;
