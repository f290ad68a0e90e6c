//! The access tokens that a session keeps beside its main one, each for fewer scopes (RFC 6749 6).

use super::{AccessToken, NewTokens, RefreshReason, RefreshToken, Session};
use crate::domain::access_tokens::ScopedToken;
use crate::domain::scopes::ScopeSet;
use crate::domain::time::Time;
use std::borrow::Cow;

impl Session {
    /// The session as seen by who asks for these scopes: its access token is the one for them, or absent. For decisions and
    /// answers, never for the store.
    pub fn seen_with(&self, scopes: Option<&ScopeSet>) -> Cow<'_, Self> {
        let Some(scopes) = scopes else { return Cow::Borrowed(self) };
        let kept = self.scoped_tokens.get(scopes).cloned();
        let ScopedToken { access_token, scopes } = kept.unwrap_or_else(|| ScopedToken {
            access_token: AccessToken::absent(self.access_token.obtained_at),
            scopes: scopes.to_vec(),
        });
        Cow::Owned(Self { access_token, scopes, ..self.clone() })
    }

    /// The session after a successful refresh for fewer scopes: what it was granted, its main access token and what is known
    /// of ID tokens stay.
    #[must_use]
    pub fn after_narrowed_refresh(
        &self,
        new: NewTokens,
        scopes: &ScopeSet,
        reason: RefreshReason,
        sent_at: Time,
    ) -> Self {
        // RFC 6749 5.1: without a scope in the response, all requested scopes were granted.
        let granted = new.scopes.unwrap_or_else(|| scopes.to_vec());
        let token = ScopedToken { access_token: new.access_token, scopes: granted };
        let scoped_tokens = self.scoped_tokens.with(scopes.clone(), token, sent_at);
        let expect_usable_id_token =
            if scopes.contains("openid") { new.expect_usable_id_token } else { !self.refresh_brings_no_id_token };
        let access_token = self.access_token.clone();
        let rest = NewTokens { access_token, scopes: None, expect_usable_id_token, ..new };
        // RFC 6749 6: a response need not have a refresh token, and one for these scopes may have none although the SSO session
        // goes on.
        let says_nothing_of_sso = rest.refresh_token.is_none() && !scopes.contains("offline_access");
        let mut session = Self { scoped_tokens, ..self.after_refresh(rest, reason, sent_at) };
        if says_nothing_of_sso
            && let (RefreshToken::Held(held), Some(before)) = (&mut session.refresh_token, self.held_token())
        {
            held.omitted_since = before.omitted_since;
        }
        if let Some(event) = session.events.last_mut() {
            event.scopes = Some(scopes.clone());
        }
        session
    }

    /// When the last of its access tokens expires.
    pub fn last_access_token_expiry(&self) -> Time {
        let scoped = self.scoped_tokens.last_expiry();
        scoped.map_or(self.access_token.expires_at, |scoped| scoped.max(self.access_token.expires_at))
    }

    /// When the request for the session's newest access token was sent.
    pub fn last_obtained_at(&self) -> Time {
        let scoped = self.scoped_tokens.iter().map(|(_, token)| token.access_token.obtained_at).max();
        scoped.map_or(self.access_token.obtained_at, |scoped| scoped.max(self.access_token.obtained_at))
    }
}
