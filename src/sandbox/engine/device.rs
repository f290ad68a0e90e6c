//! Device authorization (RFC 8628).

use super::polled_login::{BegunLogin, LoginRequest, PollingGrant};
use super::state::Engine;
use crate::domain::time::{Seconds, Time};
use crate::sandbox::clients::Client;
use crate::sandbox::params::{OAuthError, Params};
use crate::sandbox::random::Seed;
use crate::sandbox::users::User;
use std::sync::Arc;

const DEVICE_CODE_LIFETIME: Seconds = Seconds(1_800);

impl Engine {
    /// Begins a device's login; `approve_as` approves it at once.
    ///
    /// # Errors
    /// `invalid_scope`.
    pub fn authorize_device(
        &mut self,
        client: &Client,
        form: &Params,
        approve_as: Option<Arc<User>>,
        now: Time,
        seed: &Seed,
    ) -> Result<BegunLogin, OAuthError> {
        let request = LoginRequest {
            grant: PollingGrant::Device,
            client_id: client.id.clone(),
            scopes: self.granted_scopes(client, form.list("scope"))?,
            acr_values: "",
            user: None,
            binding_message: None,
            lifetime: DEVICE_CODE_LIFETIME,
        };
        Ok(self.begin_polled_login(request, approve_as, now, seed))
    }
}
