//! The token endpoint's choice of grant (RFC 6749 4).

use super::polled_login::PollingGrant;
use super::records::IssuedTokens;
use super::state::Engine;
use crate::domain::time::Time;
use crate::sandbox::clients::Client;
use crate::sandbox::params::{OAuthError, Params};
use crate::sandbox::random::Seed;
use crate::sandbox::reason::Reason;
use std::time::Duration;

impl Engine {
    /// The tokens for any grant type, for an authenticated client. `uptime`: of a clock that nobody stops or sets.
    ///
    /// # Errors
    /// Those of the grant type; `unsupported_grant_type`.
    pub fn token(
        &mut self,
        client: &Client,
        form: &Params,
        (now, uptime): (Time, Duration),
        seed: &Seed,
    ) -> Result<IssuedTokens, OAuthError> {
        form.check()?;
        let grant_type = form.require("grant_type")?;
        if let Some(grant) = PollingGrant::ALL.into_iter().find(|grant| grant.grant_type() == grant_type) {
            return self.poll(grant, &client.id, form, (now, uptime), seed);
        }
        match grant_type {
            "authorization_code" => self.redeem(&client.id, form, now, seed),
            "refresh_token" => self.refresh_request(&client.id, form, now, seed),
            "client_credentials" => self.client_credentials(client, form, now, seed),
            _ => Err(OAuthError::new("unsupported_grant_type", Reason::UnknownGrantType).described("")),
        }
    }

    /// A refresh; with `tnuId`, which is deprecated, the access token is for another profile of the same user.
    fn refresh_request(
        &mut self,
        client_id: &str,
        form: &Params,
        now: Time,
        seed: &Seed,
    ) -> Result<IssuedTokens, OAuthError> {
        let refresh_token = form.require("refresh_token")?;
        let tnu_id = form.get("tnuId");
        if let Some(tnu_id) = tnu_id {
            self.check_profile(refresh_token, tnu_id)?;
        }
        let mut issued = self.refresh(client_id, refresh_token, &form.list("scope"), now, seed)?;
        issued.access_token.tnu_id = tnu_id.map(ToOwned::to_owned);
        Ok(issued)
    }

    /// Whether the refresh token's user has that profile. An unknown refresh token is left to the refresh.
    fn check_profile(&self, refresh_token: &str, tnu_id: &str) -> Result<(), OAuthError> {
        let grant = self.refresh_tokens.get(refresh_token).and_then(|token| self.grants.get(&token.grant));
        let Some(grant) = grant else { return Ok(()) };
        if !grant.scopes.iter().any(|scope| scope == "account.profiles") {
            return Err(OAuthError::invalid_request(Reason::ProfileWithoutScope));
        }
        if !grant.authentication.user.tnu_ids().iter().any(|known| known == tnu_id) {
            return Err(OAuthError::invalid_request(Reason::UnknownProfile));
        }
        Ok(())
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
            return Err(OAuthError::new("unauthorized_client", Reason::PublicClientAlone));
        }
        let scopes = self.granted_scopes(client, form.list("scope"))?;
        let is_api = |scope: &String| scope.starts_with("api:") || self.settings.scopes.contains(scope);
        if !scopes.iter().all(is_api) {
            return Err(OAuthError::new("invalid_scope", Reason::ScopeOfUser));
        }
        Ok(self.issue_to_client(&client.id, scopes, now, seed))
    }
}
