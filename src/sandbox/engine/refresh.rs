//! Refresh tokens: the policies, enforced to the second.

use super::records::RefreshToken;
use super::{AccessToken, Engine, IdToken, IssuedTokens, Kind, Moment, Note, Session};
use crate::domain::policy::{Policy, RefreshTokenUsage};
use crate::domain::time::{Seconds, Time};
use crate::sandbox::reason::Rotation;
use crate::sandbox::{OAuthError, Reason, Result};

/// When a refresh token issued or renewed `now` expires; `None` if the policy issues none.
fn expiry(policy: &Policy, login_at: Time, now: Time) -> Option<Time> {
    let from = if policy.sliding { now } else { login_at };
    let end = from.plus(policy.lifetime?);
    Some(policy.absolute_lifetime.map_or(end, |lifetime| end.min(login_at.plus(lifetime))))
}

fn refusal(token: &RefreshToken, session: &Session, client_id: &str, policy: &Policy, now: Time) -> Option<Reason> {
    if session.client_id != client_id {
        return Some(Reason::RefreshTokenOfOtherClient);
    }
    let (at, ago) = (token.expires_at, now.since(token.expires_at));
    let lifetime = policy.lifetime.unwrap_or(Seconds::ZERO);
    let expired = (ago.0 >= 0).then_some(Reason::RefreshTokenExpired { lifetime, at, ago });
    token.end.clone().or(session.replayed.then_some(Reason::SessionRevoked)).or(expired)
}

impl Engine {
    pub(super) fn first_refresh_token(&mut self, session: u64, policy: &Policy, at: Moment) -> Option<(String, Time)> {
        let expires_at = expiry(policy, at.now, at.now)?;
        let value = at.seed.random_string("refresh token");
        self.store_refresh_token(value.clone(), RefreshToken { session, expires_at, end: None }, at.now);
        Some((value, expires_at))
    }

    /// The tokens for the refresh token `value` (RFC 6749 6). Once the user's SSO session has ended, the response has no
    /// refresh token and the old one keeps its expiry. The errors are `invalid_grant`, and `invalid_scope` for more than the
    /// login granted; the refresh token stays usable then.
    pub fn refresh(&mut self, client_id: &str, value: &str, scope: &[String], at: Moment) -> Result<IssuedTokens> {
        let unknown = || OAuthError::invalid_grant(Reason::UnknownRefreshToken);
        let token = self.refresh_tokens.get(value).cloned().ok_or_else(unknown)?;
        let session = self.events.sessions.get(&token.session).cloned().ok_or_else(unknown)?;
        let policy = self.client(client_id)?.policy;
        if let Some(reason) = refusal(&token, &session, client_id, &policy, at.now) {
            return Err(OAuthError::invalid_grant(reason).of_session(session.number));
        }
        if !scope.iter().all(|scope| session.scopes.contains(scope)) {
            return Err(OAuthError::new("invalid_scope", Reason::ScopeWidened).of_session(session.number));
        }
        let scopes = if scope.is_empty() { session.scopes.clone() } else { scope.to_vec() };
        let sso_is_active = self.is_sso_active(&session.authentication.sid, at.now);
        let expires_at = expiry(&policy, session.login_at, at.now).filter(|_| sso_is_active);
        let next = expires_at.map(|end| (self.next_refresh_token(value, &token, end, at), end));
        let mut issued = self.issue(&session, scopes, IdToken::default(), next, at);
        let ends_at = issued.refresh_token_expires_at.unwrap_or(token.expires_at);
        issued.refresh_token_expires_at = Some(ends_at);
        let same_second =
            policy.sliding && policy.lifetime.is_some_and(|lifetime| token.expires_at == at.now.plus(lifetime));
        let rotation = Rotation(issued.refresh_token.as_ref().is_some_and(|new| new.expose() != value));
        let (kind, reason) = match (&issued.refresh_token, session.sso_ends_at) {
            (None, None) => (Kind::Refreshed, Reason::NoNewRefreshToken { ends_at }),
            (None, Some(sso_ended_at)) => (Kind::Refreshed, Reason::NoNewRefreshTokenSince { sso_ended_at, ends_at }),
            _ if ends_at > token.expires_at => (Kind::Renewed, Reason::Renewed { ends_at, rotation }),
            _ if same_second => (Kind::Refreshed, Reason::RenewedInSameSecond { ends_at, rotation }),
            _ => (Kind::Refreshed, Reason::EndIsUnmoved { ends_at, rotation }),
        };
        issued.note = Note { kind, client_id: None, session: Some(session.number), reason: Some(reason) };
        self.events.sessions.insert(session.number, Session { ends_at, ..session });
        Ok(issued)
    }

    /// The refresh token that follows `token`, whose text is `value`.
    fn next_refresh_token(&mut self, value: &str, token: &RefreshToken, expires_at: Time, at: Moment) -> String {
        let next = match self.settings.refresh_token_usage {
            RefreshTokenUsage::ReUse => value.to_owned(),
            RefreshTokenUsage::OneTimeOnly => {
                let used = RefreshToken { end: Some(Reason::RefreshTokenUsed { at: at.now }), ..token.clone() };
                self.store_refresh_token(value.to_owned(), used, at.now);
                at.seed.random_string("refresh token")
            }
        };
        self.store_refresh_token(next.clone(), RefreshToken { expires_at, ..token.clone() }, at.now);
        next
    }

    /// Stores a refresh token until it expires; a used one too, so that its reuse is recognized.
    fn store_refresh_token(&mut self, value: String, token: RefreshToken, now: Time) {
        self.refresh_tokens.insert(value, token, |token| now < token.expires_at);
    }

    /// The access that a refresh token stands for, if that client could use it now: for introspection (RFC 7662).
    pub fn active_refresh_token(&self, client_id: &str, refresh_token: &str, now: Time) -> Option<AccessToken> {
        let token = self.refresh_tokens.get(refresh_token).filter(|token| token.is_active(now))?;
        let session = self.events.sessions.get(&token.session)?;
        (!session.replayed && session.client_id == client_id).then(|| AccessToken {
            id: String::new(),
            session: Some(session.number),
            client_id: client_id.to_owned(),
            scopes: session.scopes.clone(),
            authentication: Some(session.authentication.clone()),
            issued_at: session.login_at,
            expires_at: token.expires_at,
            tnu_id: None,
        })
    }

    /// Revokes all refresh tokens of a refresh token's session (RFC 7009). An unknown token is no error, another client's is
    /// an `invalid_request`; access tokens stay valid, since they are JWTs.
    pub fn revoke(&mut self, client_id: &str, refresh_token: &str, now: Time) -> Result<()> {
        let Some(number) = self.refresh_tokens.get(refresh_token).map(|token| token.session) else { return Ok(()) };
        if self.events.sessions.get(&number).is_some_and(|session| session.client_id != client_id) {
            return Err(OAuthError::invalid_request(Reason::RefreshTokenOfOtherClient).of_session(number));
        }
        self.end_refresh_tokens(Some(number), now);
        self.events.record_revocation(Some(number), &Reason::ClientRevoked, now);
        Ok(())
    }

    /// Returns how many refresh tokens were unused.
    pub fn revoke_all(&mut self, now: Time) -> usize {
        self.events.record_revocation(None, &Reason::AllRevoked, now);
        self.end_refresh_tokens(None, now)
    }

    fn end_refresh_tokens(&mut self, session: Option<u64>, now: Time) -> usize {
        let is_concerned =
            |token: &&mut RefreshToken| token.end.is_none() && session.is_none_or(|number| number == token.session);
        let tokens = self.refresh_tokens.values_mut().filter(is_concerned);
        tokens.map(|token| token.end = Some(Reason::RefreshTokenRevoked { at: now })).count()
    }

    /// Revokes all tokens of a session whose code was used twice, access tokens too.
    pub(super) fn revoke_replayed(&mut self, number: u64, now: Time) {
        self.events.record_revocation(Some(number), &Reason::CodeReplayed, now);
        if let Some(session) = self.events.sessions.get_mut(&number) {
            session.replayed = true;
        }
    }
}
