//! A login in one step.

use super::records::{Grant, IdToken, IssuedTokens};
use super::state::{Engine, granted_scopes};
use crate::domain::time::Time;
use crate::sandbox::params::OAuthError;
use crate::sandbox::random::Seed;
use crate::sandbox::users::User;

impl Engine {
    /// The tokens of a whole login: for `tidp policy simulate` and tests.
    ///
    /// # Errors
    /// `unauthorized_client` for an unknown client, `invalid_scope`.
    pub fn login(
        &mut self,
        client_id: &str,
        scopes: &[&str],
        user: &'static User,
        now: Time,
        seed: &Seed,
    ) -> Result<IssuedTokens, OAuthError> {
        let client = self.client(client_id)?;
        let scopes = granted_scopes(&client, scopes.iter().map(|scope| (*scope).to_owned()).collect())?;
        let sid = self.start_sso_session(user, "", now, seed);
        let authentication = self.authentication_of(&sid).ok_or_else(OAuthError::invalid_grant)?;
        let grant = self.add_grant(Grant { client_id: client.id, scopes, authentication, revoked: false });
        Ok(self.issue_after_login(grant, IdToken::default(), now, seed))
    }
}
