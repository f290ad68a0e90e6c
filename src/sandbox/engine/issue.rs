//! Issuing tokens, as data that `tokens` signs.

use super::records::{AccessToken, Authentication, IdToken, IssuedTokens};
use super::state::Engine;
use crate::domain::secret::Secret;
use crate::domain::time::Time;
use crate::sandbox::random::Seed;

impl Engine {
    /// The tokens of a new grant: with a refresh token if `offline_access` was granted.
    pub(super) fn issue_after_login(&mut self, grant: u64, id_token: IdToken, now: Time, seed: &Seed) -> IssuedTokens {
        let scopes = self.grants.get(&grant).map(|grant| grant.scopes.clone()).unwrap_or_default();
        let offline = scopes.iter().any(|scope| scope == "offline_access");
        let refresh_token = offline.then(|| self.first_refresh_token(grant, now, seed)).flatten();
        self.issue(grant, scopes, id_token, refresh_token, now, seed)
    }

    pub(super) fn issue(
        &mut self,
        grant: u64,
        scopes: Vec<String>,
        id_token: IdToken,
        refresh_token: Option<(String, Time)>,
        now: Time,
        seed: &Seed,
    ) -> IssuedTokens {
        let (client_id, authentication) = match self.grants.get(&grant) {
            Some(grant) => (grant.client_id.clone(), Some(grant.authentication.clone())),
            None => (String::new(), None),
        };
        let access_token = self.issue_access_token(Some(grant), client_id, scopes, authentication, now, seed);
        let (refresh_token, refresh_token_expires_at) = refresh_token.unzip();
        IssuedTokens {
            id_token: access_token.has_scope("openid").then_some(id_token),
            access_token,
            refresh_token: refresh_token.map(Secret::new),
            refresh_token_expires_at,
        }
    }

    /// An access token for the client itself (`client_credentials`, RFC 6749 4.4).
    pub(super) fn issue_to_client(
        &mut self,
        client_id: &str,
        scopes: Vec<String>,
        now: Time,
        seed: &Seed,
    ) -> IssuedTokens {
        let access_token = self.issue_access_token(None, client_id.to_owned(), scopes, None, now, seed);
        IssuedTokens { access_token, id_token: None, refresh_token: None, refresh_token_expires_at: None }
    }

    fn issue_access_token(
        &mut self,
        grant: Option<u64>,
        client_id: String,
        scopes: Vec<String>,
        authentication: Option<Authentication>,
        now: Time,
        seed: &Seed,
    ) -> AccessToken {
        let id = seed.random_string("access token");
        let expires_at = now.plus(self.settings.access_token_lifetime);
        let token = AccessToken { id, grant, client_id, scopes, authentication, issued_at: now, expires_at };
        self.access_tokens.insert(token.id.clone(), token.clone(), |token| now < token.expires_at);
        token
    }

    /// The access token with that `jti`, unless it has expired or its grant is revoked.
    pub fn access_token(&self, id: &str, now: Time) -> Option<&AccessToken> {
        let token = self.access_tokens.get(id).filter(|token| now < token.expires_at)?;
        let revoked = token.grant.and_then(|grant| self.grants.get(&grant)).is_some_and(|grant| grant.revoked);
        (!revoked).then_some(token)
    }
}
