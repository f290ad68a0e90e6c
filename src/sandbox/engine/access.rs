//! What a grant gives: access token, ID token, refresh token, as data that `tokens` signs.

use super::records::{Access, Authentication, IdToken, Issued};
use super::state::Engine;
use crate::domain::secret::Secret;
use crate::domain::time::Time;
use crate::sandbox::random::Seed;

impl Engine {
    /// The tokens of a login: with a refresh token if `offline_access` was granted.
    pub(super) fn issue_at_login(&mut self, grant: u64, extras: IdToken, now: Time, seed: &Seed) -> Issued {
        let scopes = self.grants.get(&grant).map(|grant| grant.scopes.clone()).unwrap_or_default();
        let refresh = scopes.iter().any(|scope| scope == "offline_access");
        let refresh = refresh.then(|| self.first_refresh_token(grant, now, seed)).flatten();
        self.issue(grant, scopes, extras, refresh, now, seed)
    }

    pub(super) fn issue(
        &mut self,
        grant: u64,
        scopes: Vec<String>,
        extras: IdToken,
        refresh: Option<(String, Time)>,
        now: Time,
        seed: &Seed,
    ) -> Issued {
        let (client_id, authentication) = match self.grants.get(&grant) {
            Some(grant) => (grant.client_id.clone(), Some(grant.authentication.clone())),
            None => (String::new(), None),
        };
        let access = self.keep(Some(grant), client_id, scopes, authentication, now, seed);
        let lifetime = self.settings.id_token_lifetime;
        let (refresh_token, refresh_ends_at) = refresh.unzip();
        Issued {
            id_token: access.has_scope("openid").then_some(IdToken { lifetime, ..extras }),
            access,
            refresh_token: refresh_token.map(Secret::new),
            refresh_ends_at,
        }
    }

    /// An access token for the client itself (`client_credentials`, RFC 6749 4.4).
    pub(super) fn issue_to_client(&mut self, client_id: &str, scopes: Vec<String>, now: Time, seed: &Seed) -> Issued {
        let access = self.keep(None, client_id.to_owned(), scopes, None, now, seed);
        Issued { access, id_token: None, refresh_token: None, refresh_ends_at: None }
    }

    fn keep(
        &mut self,
        grant: Option<u64>,
        client_id: String,
        scopes: Vec<String>,
        authentication: Option<Authentication>,
        now: Time,
        seed: &Seed,
    ) -> Access {
        let id = seed.handle("access token");
        let expires_at = now.plus(self.settings.access_token_lifetime);
        let access = Access { id, grant, client_id, scopes, authentication, issued_at: now, expires_at };
        self.access_tokens.insert(access.id.clone(), access.clone(), |access| now < access.expires_at);
        access
    }

    /// The access token with that `jti`, if it is valid now: not expired, and not revoked with its grant.
    pub fn access(&self, id: &str, now: Time) -> Option<&Access> {
        let access = self.access_tokens.get(id).filter(|access| now < access.expires_at)?;
        let revoked = access.grant.and_then(|grant| self.grants.get(&grant)).is_some_and(|grant| grant.revoked);
        (!revoked).then_some(access)
    }
}
