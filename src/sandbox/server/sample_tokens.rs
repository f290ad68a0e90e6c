//! `POST /sandbox/token`.

use super::control::ControlResult;
use super::service::{Service, lock};
use crate::domain::time::Seconds;
use crate::sandbox::engine::AccessToken;
use crate::sandbox::registration;
use crate::sandbox::sample_token::{self, TokenRequest};
use serde_json::{Value, json};

impl Service {
    pub(super) fn sample_token(&self, body: &Value) -> ControlResult {
        let request: TokenRequest = registration::of_json(body.clone())?;
        let access = self.sample_access_token(&request)?;
        let signed = sample_token::sign(&lock(&self.keys), &self.issuer, &access, &request, self.now());
        let sample = signed.map_err(|error| error.to_string())?;
        Ok(json!({"token": sample.token, "header": sample.header, "claims": sample.claims}))
    }

    /// The data of the token, which userinfo and introspection know too.
    fn sample_access_token(&self, request: &TokenRequest) -> Result<AccessToken, String> {
        let lifetime = request.lifetime.as_deref().map(Seconds::parse_positive).transpose()?;
        let seed = self.seed().map_err(|error| error.to_string())?;
        let mut engine = lock(&self.engine);
        let client = match &request.client_id {
            Some(id) => engine.client(id).map_err(|error| error.description)?,
            None => engine.clients.first().cloned().ok_or("no client is registered")?,
        };
        let user = match &request.user {
            _ if request.no_user => None,
            Some(name) => Some(engine.find_user(name).ok_or("there is no such user")?),
            None => engine.users.first().cloned(),
        };
        let default = if user.is_some() { "openid profile" } else { "" };
        let scopes = request.scope.as_deref().unwrap_or(default).split_whitespace().map(ToOwned::to_owned).collect();
        Ok(engine.sample_access_token(client.id, scopes, user, lifetime, self.now(), &seed))
    }
}
