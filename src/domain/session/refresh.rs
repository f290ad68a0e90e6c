//! A refresh in a session: what its result makes of the session, and what earlier ones say of the refresh token.

use super::{AccessToken, EventKind, HeldToken, IdToken, RefreshReason, RefreshToken, Renewal, Session};
use crate::domain::access_tokens::ScopedToken;
use crate::domain::scopes::ScopeSet;
use crate::domain::secret::Secret;
use crate::domain::time::{Seconds, Time};

/// A request for new tokens.
#[derive(Clone, Copy, Debug)]
pub struct RefreshRequest<'a> {
    pub reason: RefreshReason,
    /// Fewer than the session's, for a token of its own; `None` for the session's.
    pub scopes: Option<&'a ScopeSet>,
    pub sent_at: Time,
}

/// The validated response to a refresh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTokens {
    pub access_token: AccessToken,
    pub id_token: Option<IdToken>,
    /// Whether refreshes bring usable ID tokens, even if this one did not.
    pub expect_usable_id_token: bool,
    /// As in [`Session`].
    pub provider_ahead: Seconds,
    pub refresh_token: Option<Secret>,
    /// `None` if the response does not say.
    pub scopes: Option<Vec<String>>,
}

/// A refresh that was started and whose tokens were never stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InterruptedRefresh {
    pub at: Time,
    pub response_discarded: bool,
}

impl Session {
    /// The session with the journal set. What the provider said of the refresh token no longer holds once that is used.
    #[must_use]
    pub fn with_refresh_started(&self, now: Time) -> Self {
        Self { refresh_started_at: Some(now), ..self.clone() }.with_introspection(None)
    }

    /// The session after a successful refresh, for which it must have a refresh token. One for fewer scopes leaves what the
    /// session was granted and its main access token, and without `openid` what is known of ID tokens.
    #[must_use]
    pub fn after_refresh(&self, new: NewTokens, request: RefreshRequest<'_>) -> Self {
        let RefreshRequest { reason, scopes, sent_at } = request;
        let Some(held) = self.held_token() else { return self.clone() };
        let renewal = held.renewal_by(new.refresh_token.as_ref());
        let held = held.clone();
        let refresh_token = match (renewal, new.refresh_token) {
            (Renewal::New, Some(value)) => HeldToken::new(value, sent_at),
            (Renewal::Same, _) => {
                // A renewal in the future was recorded before the clock was set back, and must not delay the next one.
                let renewed_at = held.renewed_at.min(sent_at);
                HeldToken { renewed_at, reused_at: Some(sent_at), omitted_since: None, ..held }
            }
            // RFC 6749 6: a response need not have a refresh token, and one for fewer scopes may have none although the SSO
            // session goes on.
            _ if scopes.is_some_and(|scopes| !scopes.contains("offline_access")) => held,
            _ => HeldToken { omitted_since: held.omitted_since.or(Some(sent_at)), ..held },
        };
        let session = Self {
            generation: self.generation.wrapping_add(1),
            id_token: new.id_token.or_else(|| self.id_token.clone()),
            provider_ahead: new.provider_ahead,
            refresh_token: RefreshToken::Held(refresh_token),
            refresh_brings_no_id_token: match scopes {
                Some(scopes) if !scopes.contains("openid") => self.refresh_brings_no_id_token,
                _ => !new.expect_usable_id_token,
            },
            refresh_started_at: None,
            ..self.clone()
        }
        .with_event(sent_at, EventKind::Refreshed { reason, renewal }, scopes);
        // RFC 6749 5.1: without a scope in the response, all requested scopes were granted.
        let granted = new.scopes.unwrap_or_else(|| scopes.map_or_else(|| self.scopes.clone(), ScopeSet::to_vec));
        match scopes {
            None => Self { access_token: new.access_token, scopes: granted, ..session },
            Some(requested) => {
                let token = ScopedToken { access_token: new.access_token, scopes: granted };
                Self { scoped_tokens: self.scoped_tokens.with(requested.clone(), token, sent_at), ..session }
            }
        }
    }

    /// The session after the provider rejected the refresh token, which is dropped. `provider_ahead` is the difference
    /// between the clocks when the request was sent.
    #[must_use]
    pub fn after_rejection(&self, error: &str, request: RefreshRequest<'_>, provider_ahead: Seconds) -> Self {
        let kind = EventKind::Rejected { reason: request.reason, error: error.to_owned() };
        Self {
            generation: self.generation.wrapping_add(1),
            refresh_token: RefreshToken::Rejected {
                rejected_at: request.sent_at,
                clocks_moved_apart: Seconds(provider_ahead.0.saturating_sub(self.provider_ahead.0)),
                introspected_expiry: self.introspected_expiry(),
            },
            refresh_started_at: None,
            ..self.clone()
        }
        .with_event(request.sent_at, kind, request.scopes)
    }

    /// The session after a refusal that did not reject the refresh token, which is kept. `unclear` is whether the token may be
    /// the reason all the same. Of equal refusals in a row only the first becomes an event.
    #[must_use]
    pub fn after_refusal_with_token_kept(&self, error: &str, request: RefreshRequest<'_>, unclear: bool) -> Self {
        let RefreshRequest { reason, scopes, sent_at } = request;
        let kind = EventKind::RefusedTokenKept { reason, error: error.to_owned(), unclear };
        let repeated = self.events.last().is_some_and(|last| last.kind == kind && last.scopes.as_ref() == scopes);
        if repeated { self.clone() } else { self.clone().with_event(sent_at, kind, scopes) }
    }

    /// The session after a refresh without a usable response. The journal stays, because the token may be used up. Only the
    /// first of several in a row becomes an event, so that an outage does not displace all others.
    #[must_use]
    pub fn after_lost_response(&self, request: RefreshRequest<'_>) -> Self {
        if self.events.last().is_some_and(|last| matches!(last.kind, EventKind::Unanswered { .. })) {
            return self.clone();
        }
        self.clone().with_event(request.sent_at, EventKind::Unanswered { reason: request.reason }, request.scopes)
    }

    /// The session after a refresh whose response failed a check. The journal stays.
    #[must_use]
    pub fn after_discarded_response(&self, request: RefreshRequest<'_>) -> Self {
        self.clone().with_event(request.sent_at, EventKind::Discarded { reason: request.reason }, request.scopes)
    }

    pub fn interrupted_refresh(&self) -> Option<InterruptedRefresh> {
        let started_at = self.refresh_started_at?;
        let last = self.events.last().filter(|last| last.time >= started_at);
        Some(match last.map(|last| (last.time, &last.kind)) {
            Some((at, EventKind::Discarded { .. })) => InterruptedRefresh { at, response_discarded: true },
            Some((at, EventKind::Unanswered { .. })) => InterruptedRefresh { at, response_discarded: false },
            _ => InterruptedRefresh { at: started_at, response_discarded: false },
        })
    }

    /// The time and error of the last refusal that did not reject the held refresh token; `None` after a success.
    pub fn unresolved_refusal(&self) -> Option<(Time, &str)> {
        self.refusals().next().map(|(at, error, _)| (at, error))
    }

    /// Whether the refresh token may be the reason for one of these refusals.
    pub fn may_have_been_refused(&self) -> bool {
        self.refusals().any(|(_, _, unclear)| unclear)
    }

    fn refusals(&self) -> impl Iterator<Item = (Time, &str, bool)> {
        let last_first = self.events.iter().rev().filter(|_| self.held_token().is_some());
        let since =
            last_first.take_while(|event| !matches!(event.kind, EventKind::Login { .. } | EventKind::Refreshed { .. }));
        since.filter_map(|event| match &event.kind {
            EventKind::RefusedTokenKept { error, unclear, .. } => Some((event.time, error.as_str(), *unclear)),
            _ => None,
        })
    }
}
