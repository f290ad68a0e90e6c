//! Logins that a client polls for: they begin, are approved or denied, and give tokens once.

use super::polled_login::{BegunLogin, LoginRequest, PollState, PolledLogin, PollingGrant};
use super::records::IssuedTokens;
use super::state::{Engine, MAX_PENDING};
use crate::domain::secret::Secret;
use crate::domain::time::{Seconds, Time};
use crate::sandbox::params::{OAuthError, Params};
use crate::sandbox::random::Seed;
use crate::sandbox::reason::Reason;
use crate::sandbox::users::User;
use std::sync::Arc;
use std::time::Duration;

/// The first polling interval, and how much longer `slow_down` makes it (RFC 8628 3.5).
const INTERVAL: Seconds = Seconds(5);

impl Engine {
    /// Begins a login; `approve_as` approves it at once.
    pub(super) fn begin_polled_login(
        &mut self,
        request: LoginRequest,
        approve_as: Option<Arc<User>>,
        now: Time,
        seed: &Seed,
    ) -> BegunLogin {
        if self.polled_logins.len() >= MAX_PENDING {
            self.polled_logins.retain(|_, login| now < login.expires_at);
        }
        let (code, user_code) = (seed.random_string(request.grant.as_str()), seed.user_code());
        let expires_in = request.lifetime;
        let login = PolledLogin {
            request,
            user_code: user_code.clone(),
            expires_at: now.plus(expires_in),
            interval: INTERVAL,
            last_poll: None,
            state: approve_as.map_or(PollState::Pending, PollState::Approved),
        };
        self.polled_logins.insert(code.clone(), login);
        BegunLogin { code: Secret::new(code), user_code, expires_in, interval: INTERVAL }
    }

    /// The logins that nobody has approved or denied yet.
    pub fn pending_logins(&self, now: Time) -> impl Iterator<Item = &PolledLogin> {
        self.polled_logins.values().filter(move |login| login.is_pending(now))
    }

    /// Approves the pending logins with that code, or all without one; as their own user, else as `user`. Returns how
    /// many.
    pub fn approve_logins(&mut self, user_code: Option<&str>, user: &Arc<User>, now: Time) -> usize {
        self.decide_logins(user_code, now, |login| {
            PollState::Approved(Arc::clone(login.request.user.as_ref().unwrap_or(user)))
        })
    }

    /// Denies the pending logins with that code, or all without one. Returns how many.
    pub fn deny_logins(&mut self, user_code: Option<&str>, now: Time) -> usize {
        self.decide_logins(user_code, now, |_| PollState::Denied)
    }

    fn decide_logins(
        &mut self,
        user_code: Option<&str>,
        now: Time,
        decision: impl Fn(&PolledLogin) -> PollState,
    ) -> usize {
        let digits = user_code.map(|code| code.chars().filter(char::is_ascii_digit).collect::<String>());
        let chosen = |login: &&mut PolledLogin| {
            login.is_pending(now) && digits.as_ref().is_none_or(|digits| *digits == login.user_code)
        };
        self.polled_logins.values_mut().filter(chosen).map(|login| login.state = decision(login)).count()
    }

    /// The tokens of a login that was approved (RFC 8628 3.4, CIBA Core 10.1).
    ///
    /// # Errors
    /// `slow_down` before all others, `authorization_pending`, `expired_token`, `access_denied`, `invalid_grant`.
    pub(super) fn poll(
        &mut self,
        grant: PollingGrant,
        client_id: &str,
        form: &Params,
        (now, uptime): (Time, Duration),
        seed: &Seed,
    ) -> Result<IssuedTokens, OAuthError> {
        let code = form.require(grant.code_parameter())?;
        let login = self.polled_logins.get_mut(code);
        let login = login.filter(|login| login.request.client_id == client_id && login.request.grant == grant);
        let unknown = || OAuthError::invalid_grant(Reason::UnknownPolledLogin);
        let login = login.ok_or_else(unknown)?;
        let too_fast = login.is_too_fast(now, uptime);
        login.last_poll = Some((now, uptime));
        if too_fast {
            login.interval = Seconds(login.interval.0 + INTERVAL.0);
            return Err(undescribed("slow_down", Reason::PolledTooFast));
        }
        if now >= login.expires_at {
            return Err(undescribed("expired_token", Reason::LoginExpired));
        }
        let user = match &login.state {
            PollState::Pending => return Err(undescribed("authorization_pending", Reason::LoginPending)),
            PollState::Denied => return Err(undescribed("access_denied", Reason::LoginDenied)),
            PollState::Approved(user) => Arc::clone(user),
        };
        let login = self.polled_logins.remove(code).ok_or_else(unknown)?;
        let LoginRequest { client_id, scopes, acr_values, .. } = login.request;
        Ok(self.log_in_and_issue(client_id, scopes, user, acr_values, now, seed))
    }
}

/// An error as the standard has it, without a description.
fn undescribed(error: &'static str, reason: Reason) -> OAuthError {
    OAuthError::new(error, reason).described("")
}
