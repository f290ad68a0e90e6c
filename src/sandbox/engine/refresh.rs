//! Refresh tokens: the five policies, enforced to the second.

use super::records::{Access, IdToken, Issued, RefreshToken};
use super::state::{Engine, Rotation};
use crate::domain::policy::Policy;
use crate::domain::time::Time;
use crate::sandbox::params::Refusal;
use crate::sandbox::random::Seed;

/// When a token issued or renewed `now` ends, for a login at `login_at`. `None`: the policy issues none.
fn end_after(policy: &Policy, login_at: Time, now: Time) -> Option<Time> {
    let from = if policy.sliding { now } else { login_at };
    let end = from.plus(policy.lifetime?);
    Some(policy.absolute_lifetime.map_or(end, |cap| end.min(login_at.plus(cap))))
}

impl Engine {
    pub(super) fn first_refresh_token(&mut self, grant: u64, now: Time, seed: &Seed) -> Option<(String, Time)> {
        let client_id = &self.grants.get(&grant)?.client_id;
        let ends_at = end_after(&self.client(client_id).ok()?.policy, now, now)?;
        let handle = seed.handle("refresh token");
        self.keep_refresh_token(handle.clone(), RefreshToken { grant, login_at: now, ends_at, spent: false }, now);
        Some((handle, ends_at))
    }

    /// Exchanges a refresh token (RFC 6749 6). While the user's SSO session is active the answer has a refresh token
    /// (a new handle, or the same one, as [`Rotation`] says), its life renewed where the policy slides; once the
    /// session has ended it has none, and the old one keeps its end.
    ///
    /// # Errors
    /// `invalid_grant` for a handle that is unknown, spent, revoked, another client's, or at its end;
    /// `invalid_scope` if `scope` asks for more than the login granted (nothing is spent then).
    pub fn refresh(
        &mut self,
        client_id: &str,
        handle: &str,
        scope: &[String],
        now: Time,
        seed: &Seed,
    ) -> Result<Issued, Refusal> {
        let token = self.refresh_tokens.get(handle).cloned().ok_or_else(Refusal::grant)?;
        let grant = self.grants.get(&token.grant).cloned().ok_or_else(Refusal::grant)?;
        if grant.client_id != client_id {
            return Err(Refusal::grant());
        }
        if token.spent && self.settings.reuse_revokes_family {
            self.revoke_grant(token.grant);
        }
        if token.spent || grant.revoked || now >= token.ends_at {
            return Err(Refusal::grant());
        }
        if !scope.iter().all(|scope| grant.scopes.contains(scope)) {
            return Err(Refusal::new("invalid_scope", "a refresh cannot widen the scope"));
        }
        let scopes = if scope.is_empty() { grant.scopes } else { scope.to_vec() };
        let policy = self.client(client_id)?.policy;
        let renewed = self.sso_is_alive(&grant.authentication.sid, now);
        let renewed = renewed.then(|| self.renew(handle, &token, &policy, now, seed)).flatten();
        let mut issued = self.issue(token.grant, scopes, IdToken::default(), renewed, now, seed);
        issued.refresh_ends_at = issued.refresh_ends_at.or(Some(token.ends_at));
        Ok(issued)
    }

    fn renew(
        &mut self,
        handle: &str,
        token: &RefreshToken,
        policy: &Policy,
        now: Time,
        seed: &Seed,
    ) -> Option<(String, Time)> {
        let ends_at = end_after(policy, token.login_at, now)?;
        let next = match self.settings.refresh_tokens {
            Rotation::Reuse => handle.to_owned(),
            Rotation::Rotate => {
                self.keep_refresh_token(handle.to_owned(), RefreshToken { spent: true, ..token.clone() }, now);
                seed.handle("refresh token")
            }
        };
        self.keep_refresh_token(next.clone(), RefreshToken { ends_at, ..token.clone() }, now);
        Some((next, ends_at))
    }

    /// A spent one is kept as well: until its end it tells a reuse from what was never issued.
    fn keep_refresh_token(&mut self, handle: String, token: RefreshToken, now: Time) {
        self.refresh_tokens.insert(handle, token, |token| now < token.ends_at);
    }

    /// What a refresh token stands for, if it would be accepted now from that client: for introspection (RFC 7662).
    pub fn live_refresh_token(&self, client_id: &str, handle: &str, now: Time) -> Option<Access> {
        let token = self.refresh_tokens.get(handle).filter(|token| !token.spent && now < token.ends_at)?;
        let grant = self.grants.get(&token.grant).filter(|grant| !grant.revoked && grant.client_id == client_id)?;
        Some(Access {
            id: String::new(),
            grant: Some(token.grant),
            client_id: client_id.to_owned(),
            scopes: grant.scopes.clone(),
            authentication: Some(grant.authentication.clone()),
            issued_at: token.login_at,
            expires_at: token.ends_at,
        })
    }

    /// Revokes a refresh token and its family (RFC 7009). A handle that is unknown is no error; an access token is a
    /// JWT that revocation does not reach.
    ///
    /// # Errors
    /// `invalid_request` if it is another client's.
    pub fn revoke(&mut self, client_id: &str, handle: &str) -> Result<(), Refusal> {
        let Some(grant) = self.refresh_tokens.get(handle).map(|token| token.grant) else { return Ok(()) };
        if self.grants.get(&grant).is_some_and(|grant| grant.client_id != client_id) {
            return Err(Refusal::request("the token was issued to another client"));
        }
        self.refresh_tokens.retain(|token| token.grant != grant);
        Ok(())
    }

    /// Makes every refresh token unknown, as an administrator would. Gives how many there were.
    pub fn revoke_all(&mut self) -> usize {
        std::mem::take(&mut self.refresh_tokens).iter().filter(|token| !token.spent).count()
    }

    /// Revokes all that a grant gave, access tokens too.
    pub(super) fn revoke_grant(&mut self, grant: u64) {
        if let Some(grant) = self.grants.get_mut(&grant) {
            grant.revoked = true;
        }
    }
}
