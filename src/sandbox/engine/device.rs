//! Device authorization (RFC 8628), and the token endpoint's choice of grant.

use super::records::{Device, DeviceState, Grant, IdToken, Issued};
use super::state::{Engine, MOST_WAITING, granted_scopes};
use crate::domain::secret::Secret;
use crate::domain::time::{Seconds, Time};
use crate::sandbox::clients::Client;
use crate::sandbox::params::{Params, Refusal};
use crate::sandbox::random::Seed;
use crate::sandbox::users::User;

/// How long a device code lives, and how long a device waits between two polls at first.
const LIFETIME: Seconds = Seconds(1_800);
const INTERVAL: Seconds = Seconds(5);

/// The `grant_type` of a device's poll.
pub(in crate::sandbox) const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// The answer to a device (RFC 8628 3.2).
pub struct DeviceStart {
    /// `device_code`.
    pub device_code: Secret,
    /// `user_code`: nine digits.
    pub user_code: String,
    /// `expires_in`.
    pub expires_in: Seconds,
    /// `interval`.
    pub interval: Seconds,
}

impl Engine {
    /// Starts a device's login.
    ///
    /// # Errors
    /// `invalid_scope`.
    pub fn device_start(
        &mut self,
        client: &Client,
        form: &Params,
        now: Time,
        seed: &Seed,
    ) -> Result<DeviceStart, Refusal> {
        let scopes = granted_scopes(client, form.list("scope"))?;
        if self.devices.len() >= MOST_WAITING {
            self.devices.retain(|_, device| now < device.expires_at);
        }
        let (device_code, user_code) = (seed.handle("device"), seed.nine_digits("user"));
        let device = Device {
            client_id: client.id.clone(),
            user_code: user_code.clone(),
            scopes,
            expires_at: now.plus(LIFETIME),
            interval: INTERVAL,
            last_poll: None,
            state: DeviceState::Pending,
        };
        self.devices.insert(device_code.clone(), device);
        Ok(DeviceStart { device_code: Secret::new(device_code), user_code, expires_in: LIFETIME, interval: INTERVAL })
    }

    /// The user answers on the device page: `Some(user)` approves, `None` denies. Whether such a device was waiting.
    pub fn device_answer(&mut self, user_code: &str, user: Option<&'static User>, now: Time) -> bool {
        let typed: String = user_code.chars().filter(char::is_ascii_digit).collect();
        let waits = |device: &&mut Device| {
            device.user_code == typed && now < device.expires_at && matches!(device.state, DeviceState::Pending)
        };
        let Some(device) = self.devices.values_mut().find(waits) else { return false };
        device.state = user.map_or(DeviceState::Denied, DeviceState::Approved);
        true
    }

    /// A device polls (RFC 8628 3.4). Polling too fast is told before anything else, and each time makes the interval
    /// 5 s longer.
    ///
    /// # Errors
    /// `slow_down`, `authorization_pending`, `expired_token`, `access_denied`, `invalid_grant`.
    pub fn device_poll(&mut self, client_id: &str, form: &Params, now: Time, seed: &Seed) -> Result<Issued, Refusal> {
        let code = form.need("device_code")?;
        let device = self.devices.get_mut(code).filter(|device| device.client_id == client_id);
        let device = device.ok_or_else(Refusal::grant)?;
        let too_fast = device.last_poll.is_some_and(|last| now < last.plus(device.interval));
        device.last_poll = Some(now);
        if too_fast {
            device.interval = Seconds(device.interval.0 + INTERVAL.0);
            return Err(Refusal::new("slow_down", ""));
        }
        if now >= device.expires_at {
            return Err(Refusal::new("expired_token", ""));
        }
        let user = match device.state {
            DeviceState::Pending => return Err(Refusal::new("authorization_pending", "")),
            DeviceState::Denied => return Err(Refusal::new("access_denied", "")),
            DeviceState::Approved(user) => user,
        };
        let device = self.devices.remove(code).ok_or_else(Refusal::grant)?;
        let sid = self.start_sso(user, "", now, seed);
        let authentication = self.sso_authentication(&sid).ok_or_else(Refusal::grant)?;
        let (client_id, scopes) = (device.client_id, device.scopes);
        let grant = self.add_grant(Grant { client_id, scopes, authentication, revoked: false });
        Ok(self.issue_at_login(grant, IdToken::default(), now, seed))
    }

    /// The token endpoint, for a client that has authenticated: every grant (RFC 6749 4.1.3, 4.4, 6; RFC 8628 3.4).
    ///
    /// # Errors
    /// Those of the grant; `unsupported_grant_type`.
    pub fn token(&mut self, client: &Client, form: &Params, now: Time, seed: &Seed) -> Result<Issued, Refusal> {
        form.check()?;
        match form.need("grant_type")? {
            "authorization_code" => self.redeem(&client.id, form, now, seed),
            "refresh_token" => self.refresh(&client.id, form.need("refresh_token")?, &form.list("scope"), now, seed),
            "client_credentials" => self.client_credentials(client, form, now, seed),
            DEVICE_CODE => self.device_poll(&client.id, form, now, seed),
            _ => Err(Refusal::new("unsupported_grant_type", "")),
        }
    }

    /// A client acts for itself: API scopes only, since there is no user (RFC 6749 4.4).
    fn client_credentials(
        &mut self,
        client: &Client,
        form: &Params,
        now: Time,
        seed: &Seed,
    ) -> Result<Issued, Refusal> {
        if !client.client_type.is_confidential() {
            return Err(Refusal::new("unauthorized_client", "a public client cannot act for itself"));
        }
        let scopes = granted_scopes(client, form.list("scope"))?;
        if !scopes.iter().all(|scope| scope.starts_with("api:")) {
            return Err(Refusal::new("invalid_scope", "without a user there are only API scopes"));
        }
        Ok(self.issue_to_client(&client.id, scopes, now, seed))
    }
}
