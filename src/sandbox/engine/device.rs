//! Device authorization (RFC 8628), and the token endpoint's choice of grant.

use super::records::{DeviceCode, DeviceState, IssuedTokens};
use super::state::{Engine, MAX_PENDING, granted_scopes};
use crate::domain::secret::Secret;
use crate::domain::time::{Seconds, Time};
use crate::sandbox::clients::Client;
use crate::sandbox::params::{OAuthError, Params};
use crate::sandbox::random::Seed;
use crate::sandbox::users::User;
use std::sync::Arc;

const DEVICE_CODE_LIFETIME: Seconds = Seconds(1_800);

/// The first polling interval, and how much longer `slow_down` makes it (RFC 8628 3.5).
const INTERVAL: Seconds = Seconds(5);

pub(in crate::sandbox) const DEVICE_CODE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// The device authorization response (RFC 8628 3.2).
pub struct DeviceAuthorization {
    pub device_code: Secret,
    pub user_code: String,
    pub expires_in: Seconds,
    pub interval: Seconds,
}

impl Engine {
    /// Starts a device's login.
    ///
    /// # Errors
    /// `invalid_scope`.
    pub fn authorize_device(
        &mut self,
        client: &Client,
        form: &Params,
        now: Time,
        seed: &Seed,
    ) -> Result<DeviceAuthorization, OAuthError> {
        let scopes = granted_scopes(client, form.list("scope"))?;
        if self.device_codes.len() >= MAX_PENDING {
            self.device_codes.retain(|_, device| now < device.expires_at);
        }
        let (device_code, user_code) = (seed.random_string("device"), seed.user_code());
        let record = DeviceCode {
            client_id: client.id.clone(),
            user_code: user_code.clone(),
            scopes,
            expires_at: now.plus(DEVICE_CODE_LIFETIME),
            interval: INTERVAL,
            last_poll: None,
            state: DeviceState::Pending,
        };
        self.device_codes.insert(device_code.clone(), record);
        Ok(DeviceAuthorization {
            device_code: Secret::new(device_code),
            user_code,
            expires_in: DEVICE_CODE_LIFETIME,
            interval: INTERVAL,
        })
    }

    /// Approves a pending device as `user`, or denies it if `None`. Returns whether it was pending.
    pub fn decide_device(&mut self, user_code: &str, user: Option<Arc<User>>, now: Time) -> bool {
        let digits: String = user_code.chars().filter(char::is_ascii_digit).collect();
        let is_pending = |device: &&mut DeviceCode| {
            device.user_code == digits && now < device.expires_at && matches!(device.state, DeviceState::Pending)
        };
        let Some(device) = self.device_codes.values_mut().find(is_pending) else { return false };
        device.state = user.map_or(DeviceState::Denied, DeviceState::Approved);
        true
    }

    /// The tokens for a device code (RFC 8628 3.4).
    ///
    /// # Errors
    /// `slow_down` before all others, `authorization_pending`, `expired_token`, `access_denied`, `invalid_grant`.
    pub fn poll_device(
        &mut self,
        client_id: &str,
        form: &Params,
        now: Time,
        seed: &Seed,
    ) -> Result<IssuedTokens, OAuthError> {
        let code = form.require("device_code")?;
        let device = self.device_codes.get_mut(code).filter(|device| device.client_id == client_id);
        let device = device.ok_or_else(OAuthError::invalid_grant)?;
        let too_fast = device.last_poll.is_some_and(|last| now < last.plus(device.interval));
        device.last_poll = Some(now);
        if too_fast {
            device.interval = Seconds(device.interval.0 + INTERVAL.0);
            return Err(OAuthError::new("slow_down", ""));
        }
        if now >= device.expires_at {
            return Err(OAuthError::new("expired_token", ""));
        }
        let user = match device.state {
            DeviceState::Pending => return Err(OAuthError::new("authorization_pending", "")),
            DeviceState::Denied => return Err(OAuthError::new("access_denied", "")),
            DeviceState::Approved(ref user) => Arc::clone(user),
        };
        let device = self.device_codes.remove(code).ok_or_else(OAuthError::invalid_grant)?;
        Ok(self.log_in_and_issue(device.client_id, device.scopes, user, now, seed))
    }

    /// The tokens for any grant type, for an authenticated client.
    ///
    /// # Errors
    /// Those of the grant type; `unsupported_grant_type`.
    pub fn token(
        &mut self,
        client: &Client,
        form: &Params,
        now: Time,
        seed: &Seed,
    ) -> Result<IssuedTokens, OAuthError> {
        form.check()?;
        match form.require("grant_type")? {
            "authorization_code" => self.redeem(&client.id, form, now, seed),
            "refresh_token" => self.refresh(&client.id, form.require("refresh_token")?, &form.list("scope"), now, seed),
            "client_credentials" => self.client_credentials(client, form, now, seed),
            DEVICE_CODE_GRANT => self.poll_device(&client.id, form, now, seed),
            _ => Err(OAuthError::new("unsupported_grant_type", "")),
        }
    }

    /// An access token for the client itself (RFC 6749 4.4): API scopes only, since there is no user.
    fn client_credentials(
        &mut self,
        client: &Client,
        form: &Params,
        now: Time,
        seed: &Seed,
    ) -> Result<IssuedTokens, OAuthError> {
        if !client.client_type.is_confidential() {
            return Err(OAuthError::new("unauthorized_client", "a public client cannot act for itself"));
        }
        let scopes = granted_scopes(client, form.list("scope"))?;
        if !scopes.iter().all(|scope| scope.starts_with("api:")) {
            return Err(OAuthError::new("invalid_scope", "without a user there are only API scopes"));
        }
        Ok(self.issue_to_client(&client.id, scopes, now, seed))
    }
}
