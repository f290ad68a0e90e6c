//! A login in one step, for `tidp policy simulate`.

use super::records::{Grant, IdToken, Issued};
use super::state::{Engine, granted_scopes};
use crate::domain::time::Time;
use crate::sandbox::params::Refusal;
use crate::sandbox::random::Seed;
use crate::sandbox::users::User;

impl Engine {
    /// A whole login in one step: `user` logs in and `client_id` gets its tokens, as by an authorization code that
    /// is redeemed at once. The door for simulations.
    ///
    /// # Errors
    /// `unauthorized_client` if there is no such client, `invalid_scope`.
    pub fn login(
        &mut self,
        client_id: &str,
        scopes: &[&str],
        user: &'static User,
        now: Time,
        seed: &Seed,
    ) -> Result<Issued, Refusal> {
        let client = self.client(client_id)?;
        let scopes = granted_scopes(&client, scopes.iter().map(|scope| (*scope).to_owned()).collect())?;
        let sid = self.start_sso(user, "", now, seed);
        let authentication = self.sso_authentication(&sid).ok_or_else(Refusal::grant)?;
        let grant = self.add_grant(Grant { client_id: client.id, scopes, authentication, revoked: false });
        Ok(self.issue_at_login(grant, IdToken::default(), now, seed))
    }
}
