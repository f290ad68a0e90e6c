//! Logins that a client waits for by polling the token endpoint: a device's (RFC 8628), and one that a backend asked for
//! (`ciba`). They begin, are approved or denied, and give tokens once.

use super::records::{BegunLogin, IssuedTokens, LoginRequest, Moment, PollState, PolledLogin, PollingGrant};
use super::state::{Engine, MAX_PENDING};
use crate::domain::secret::Secret;
use crate::domain::time::{Seconds, Time};
use crate::sandbox::clients::Client;
use crate::sandbox::params::{OAuthError, Params};
use crate::sandbox::reason::Reason;
use crate::sandbox::users::User;
use std::sync::Arc;

/// The first polling interval, and how much longer `slow_down` makes it (RFC 8628 3.5).
const INTERVAL: Seconds = Seconds(5);

const DEVICE_CODE_LIFETIME: Seconds = Seconds(1_800);

impl Engine {
    /// Begins a device's login; `approve_as` approves it at once. The error is `invalid_scope`.
    pub fn authorize_device(
        &mut self,
        client: &Client,
        form: &Params,
        approve_as: Option<Arc<User>>,
        at: Moment,
    ) -> Result<BegunLogin, OAuthError> {
        let request = LoginRequest {
            grant: PollingGrant::DEVICE,
            client_id: client.id.clone(),
            scopes: self.granted_scopes(client, form.list("scope"))?,
            acr_values: "",
            user: None,
            binding_message: None,
            lifetime: DEVICE_CODE_LIFETIME,
        };
        Ok(self.begin_polled_login(request, approve_as, at))
    }

    pub(super) fn begin_polled_login(
        &mut self,
        request: LoginRequest,
        approve_as: Option<Arc<User>>,
        at: Moment,
    ) -> BegunLogin {
        if self.polled_logins.len() >= MAX_PENDING {
            self.polled_logins.retain(|_, login| at.now < login.expires_at);
        }
        let (code, user_code) = (at.seed.random_string(request.grant.name), at.seed.user_code());
        let expires_in = request.lifetime;
        let login = PolledLogin {
            request,
            user_code: user_code.clone(),
            expires_at: at.now.plus(expires_in),
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

    /// Approves the pending logins with that code, or all without one, as their own user, else as `user`; without `user` it
    /// denies them. Returns how many.
    pub fn decide_logins(&mut self, user_code: Option<&str>, user: Option<&Arc<User>>, now: Time) -> usize {
        let digits = user_code.map(|code| code.chars().filter(char::is_ascii_digit).collect::<String>());
        let chosen = |login: &&mut PolledLogin| {
            login.is_pending(now) && digits.as_ref().is_none_or(|digits| *digits == login.user_code)
        };
        let decide = |login: &mut PolledLogin| {
            let approved = |user| PollState::Approved(Arc::clone(login.request.user.as_ref().unwrap_or(user)));
            login.state = user.map_or(PollState::Denied, approved);
        };
        self.polled_logins.values_mut().filter(chosen).map(decide).count()
    }

    /// The tokens of a login that was approved (RFC 8628 3.4, CIBA Core 10.1). `slow_down` comes before all other errors.
    pub(super) fn poll(
        &mut self,
        grant: PollingGrant,
        client_id: &str,
        form: &Params,
        at: Moment,
    ) -> Result<IssuedTokens, OAuthError> {
        let code = form.require(grant.code_parameter)?;
        let login = self.polled_logins.get_mut(code);
        let login = login.filter(|login| login.request.client_id == client_id && login.request.grant == grant);
        let unknown = || OAuthError::invalid_grant(Reason::UnknownPolledLogin);
        let login = login.ok_or_else(unknown)?;
        let too_fast = login.is_too_fast(at);
        login.last_poll = Some((at.now, at.uptime));
        if too_fast {
            login.interval = Seconds(login.interval.0 + INTERVAL.0);
            return Err(OAuthError::undescribed("slow_down", Reason::PolledTooFast));
        }
        if at.now >= login.expires_at {
            return Err(OAuthError::undescribed("expired_token", Reason::LoginExpired));
        }
        let user = match &login.state {
            PollState::Pending => {
                return Err(OAuthError::undescribed("authorization_pending", Reason::LoginPending));
            }
            PollState::Denied => return Err(OAuthError::undescribed("access_denied", Reason::LoginDenied)),
            PollState::Approved(user) => Arc::clone(user),
        };
        let login = self.polled_logins.remove(code).ok_or_else(unknown)?;
        let LoginRequest { client_id, scopes, acr_values, .. } = login.request;
        Ok(self.log_in_and_issue(client_id, scopes, user, acr_values, at))
    }
}
