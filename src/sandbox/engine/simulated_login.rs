//! A login without the authorization endpoint.

use super::records::{Grant, IdToken, IssuedTokens};
use super::state::Engine;
use crate::domain::time::Time;
use crate::sandbox::params::OAuthError;
use crate::sandbox::random::Seed;
use crate::sandbox::users::User;
use std::sync::Arc;

impl Engine {
    /// The tokens of a whole login: for `tidp policy simulate` and tests.
    ///
    /// # Errors
    /// `unauthorized_client` for an unknown client, `invalid_scope`.
    pub fn login(
        &mut self,
        client_id: &str,
        scopes: &[&str],
        user: Arc<User>,
        now: Time,
        seed: &Seed,
    ) -> Result<IssuedTokens, OAuthError> {
        let client = self.client(client_id)?;
        let scopes = self.granted_scopes(&client, scopes.iter().map(|scope| (*scope).to_owned()).collect())?;
        Ok(self.log_in_and_issue(client.id, scopes, user, "", now, seed))
    }

    pub(super) fn log_in_and_issue(
        &mut self,
        client_id: String,
        scopes: Vec<String>,
        user: Arc<User>,
        acr_values: &str,
        now: Time,
        seed: &Seed,
    ) -> IssuedTokens {
        let authentication = self.start_sso_session(user, acr_values, now, seed);
        let grant = self.add_grant(Grant { client_id, scopes, authentication, revoked: false });
        self.issue_after_login(grant, IdToken::default(), now, seed)
    }
}
