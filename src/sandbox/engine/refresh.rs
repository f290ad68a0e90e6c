//! Refresh tokens: the policies, enforced to the second.

use super::records::{AccessToken, IdToken, IssuedTokens, RefreshToken};
use super::state::Engine;
use crate::domain::policy::{Policy, RefreshTokenUsage};
use crate::domain::time::Time;
use crate::sandbox::params::OAuthError;
use crate::sandbox::random::Seed;

/// When a refresh token issued or renewed `now` expires; `None` if the policy issues none.
fn expiry(policy: &Policy, login_at: Time, now: Time) -> Option<Time> {
    let from = if policy.sliding { now } else { login_at };
    let end = from.plus(policy.lifetime?);
    Some(policy.absolute_lifetime.map_or(end, |lifetime| end.min(login_at.plus(lifetime))))
}

impl Engine {
    pub(super) fn first_refresh_token(&mut self, grant: u64, now: Time, seed: &Seed) -> Option<(String, Time)> {
        let client_id = &self.grants.get(&grant)?.client_id;
        let expires_at = expiry(&self.client(client_id).ok()?.policy, now, now)?;
        let value = seed.random_string("refresh token");
        self.store_refresh_token(value.clone(), RefreshToken { grant, login_at: now, expires_at, used: false }, now);
        Some((value, expires_at))
    }

    /// The tokens for a refresh token (RFC 6749 6). Once the user's SSO session has ended, the response has no refresh
    /// token and the old one keeps its expiry.
    ///
    /// # Errors
    /// `invalid_grant` for a refresh token that is unknown, used, revoked, expired or another client's; `invalid_scope`
    /// for more than the login granted (the refresh token stays usable).
    pub fn refresh(
        &mut self,
        client_id: &str,
        refresh_token: &str,
        scope: &[String],
        now: Time,
        seed: &Seed,
    ) -> Result<IssuedTokens, OAuthError> {
        let token = self.refresh_tokens.get(refresh_token).cloned().ok_or_else(OAuthError::invalid_grant)?;
        let grant = self.grants.get(&token.grant).cloned().ok_or_else(OAuthError::invalid_grant)?;
        if grant.client_id != client_id {
            return Err(OAuthError::invalid_grant());
        }
        if token.used || grant.revoked || now >= token.expires_at {
            return Err(OAuthError::invalid_grant());
        }
        if !scope.iter().all(|scope| grant.scopes.contains(scope)) {
            return Err(OAuthError::new("invalid_scope", "a refresh cannot widen the scope"));
        }
        let scopes = if scope.is_empty() { grant.scopes } else { scope.to_vec() };
        let policy = self.client(client_id)?.policy;
        let sso_is_active = self.is_sso_active(&grant.authentication.sid, now);
        let next = sso_is_active.then(|| self.next_refresh_token(refresh_token, &token, &policy, now, seed)).flatten();
        let mut issued = self.issue(token.grant, scopes, IdToken::default(), next, now, seed);
        issued.refresh_token_expires_at = issued.refresh_token_expires_at.or(Some(token.expires_at));
        Ok(issued)
    }

    fn next_refresh_token(
        &mut self,
        value: &str,
        token: &RefreshToken,
        policy: &Policy,
        now: Time,
        seed: &Seed,
    ) -> Option<(String, Time)> {
        let expires_at = expiry(policy, token.login_at, now)?;
        let next = match self.settings.refresh_token_usage {
            RefreshTokenUsage::ReUse => value.to_owned(),
            RefreshTokenUsage::OneTimeOnly => {
                self.store_refresh_token(value.to_owned(), RefreshToken { used: true, ..token.clone() }, now);
                seed.random_string("refresh token")
            }
        };
        self.store_refresh_token(next.clone(), RefreshToken { expires_at, ..token.clone() }, now);
        Some((next, expires_at))
    }

    /// A used one is stored until it expires, to recognize its reuse.
    fn store_refresh_token(&mut self, value: String, token: RefreshToken, now: Time) {
        self.refresh_tokens.insert(value, token, |token| now < token.expires_at);
    }

    /// The access that a refresh token stands for, if that client could use it now: for introspection (RFC 7662).
    pub fn active_refresh_token(&self, client_id: &str, refresh_token: &str, now: Time) -> Option<AccessToken> {
        let token = self.refresh_tokens.get(refresh_token).filter(|token| !token.used && now < token.expires_at)?;
        let grant = self.grants.get(&token.grant).filter(|grant| !grant.revoked && grant.client_id == client_id)?;
        Some(AccessToken {
            id: String::new(),
            grant: Some(token.grant),
            client_id: client_id.to_owned(),
            scopes: grant.scopes.clone(),
            authentication: Some(grant.authentication.clone()),
            issued_at: token.login_at,
            expires_at: token.expires_at,
        })
    }

    /// Revokes all refresh tokens of a refresh token's grant (RFC 7009). An unknown token is no error; access tokens
    /// stay valid, since they are JWTs.
    ///
    /// # Errors
    /// `invalid_request` if it is another client's.
    pub fn revoke(&mut self, client_id: &str, refresh_token: &str) -> Result<(), OAuthError> {
        let Some(grant) = self.refresh_tokens.get(refresh_token).map(|token| token.grant) else { return Ok(()) };
        if self.grants.get(&grant).is_some_and(|grant| grant.client_id != client_id) {
            return Err(OAuthError::invalid_request("the token was issued to another client"));
        }
        self.refresh_tokens.retain(|token| token.grant != grant);
        Ok(())
    }

    /// Revokes every refresh token. Returns how many were unused.
    pub fn revoke_all(&mut self) -> usize {
        std::mem::take(&mut self.refresh_tokens).iter().filter(|token| !token.used).count()
    }

    /// Revokes all tokens of a grant, access tokens too.
    pub(super) fn revoke_grant(&mut self, grant: u64) {
        if let Some(grant) = self.grants.get_mut(&grant) {
            grant.revoked = true;
        }
    }
}
