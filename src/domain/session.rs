//! A session: the tokens of a login and of the refreshes since, and what was observed. What a policy makes of that is computed
//! by [`RefreshTokenExpiry`] and [`Sso`], so a corrected policy also applies to the past.

mod expiry;
mod key;
mod refresh;

pub use expiry::{ExpirySource, RefreshTokenExpiry, Sso};
pub use key::{EntryKey, SessionKey};
pub use refresh::{InterruptedRefresh, NewTokens, RefreshRequest};

pub use crate::domain::access_tokens::AccessToken;
use crate::domain::access_tokens::{ScopedToken, ScopedTokens};
use crate::domain::scopes::ScopeSet;
use crate::domain::secret::{Secret, stored};
use crate::domain::text::printable;
use crate::domain::time::{CLOCK_TOLERANCE, Seconds, Time};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The version of the stored document; other versions are refused.
pub const SCHEMA: u32 = 1;

const MAX_EVENTS: usize = 20;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub sub: String,
    /// `preferred_username`: a phone number or an e-mail address.
    pub username: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdToken {
    #[serde(serialize_with = "stored")]
    pub value: Secret,
    /// By this machine's clock; its `exp` if the clocks agreed.
    pub expires_at: Time,
    /// `iat`, by the provider's clock.
    pub issued_at: Time,
    pub auth_time: Option<Time>,
    pub nonce: Option<String>,
}

impl Account {
    /// The username or, without one, `sub`; printable.
    pub fn shown_name(&self) -> String {
        printable(self.username.as_deref().unwrap_or(&self.sub))
    }
}

/// What a response does to the refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Renewal {
    /// It has a new one: certainly renewed.
    New,
    /// It has the same one: perhaps renewed.
    Same,
    /// It has none: the old one stays, and is not renewed.
    None,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum RefreshToken {
    NeverIssued,
    Held(HeldToken),
    /// The provider rejected it, and it is dropped.
    #[serde(rename = "refused")]
    Rejected {
        #[serde(rename = "at")]
        rejected_at: Time,
        /// How much the difference between the clocks had grown since the last response.
        #[serde(default)]
        clocks_moved_apart: Seconds,
        /// When it would have expired, if the provider had said so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        introspected_expiry: Option<Time>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldToken {
    #[serde(serialize_with = "stored")]
    pub value: Secret,
    /// When it was issued.
    pub renewed_at: Time,
    /// The last response with the same refresh token, which may have renewed it.
    #[serde(rename = "maybe_renewed_at")]
    pub reused_at: Option<Time>,
    /// The first response without a refresh token since the last one that had it.
    #[serde(rename = "not_renewed_since")]
    pub omitted_since: Option<Time>,
    /// What the provider says of it; `None` if it has not been asked since the token was last used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub introspection: Option<Introspection>,
}

/// What the provider says of a refresh token (RFC 7662). It holds until the token is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Introspection {
    pub asked_at: Time,
    #[serde(flatten)]
    pub status: RefreshTokenStatus,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum RefreshTokenStatus {
    Active {
        /// By this machine's clock, once it is stored; `None` if the provider does not say.
        expires_at: Option<Time>,
    },
    Inactive,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefreshReason {
    /// The token had expired, or was about to.
    Expired,
    /// To update the claims of the ID token.
    Claims,
    Forced,
    /// To renew a sliding session before it ends.
    Keepalive,
}

/// It holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionEvent {
    /// For a request, when it was sent.
    #[serde(rename = "at")]
    pub time: Time,
    #[serde(flatten)]
    pub kind: EventKind,
    /// The scopes of a refresh for fewer than the session's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<ScopeSet>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum EventKind {
    Login {
        /// Whether a refresh token was issued.
        refresh_token: bool,
    },
    Refreshed {
        reason: RefreshReason,
        renewal: Renewal,
    },
    /// The provider rejected the refresh token, which is dropped.
    #[serde(rename = "refused")]
    Rejected {
        reason: RefreshReason,
        /// The provider's `error` code, or its status (`HTTP 400`).
        error: String,
    },
    /// The provider refused the refresh without rejecting the refresh token, which is kept.
    RefusedTokenKept {
        reason: RefreshReason,
        error: String,
        /// Whether the refresh token may be the reason all the same.
        unclear: bool,
    },
    /// There was no usable response; the refresh token may be used up.
    Unanswered {
        reason: RefreshReason,
    },
    /// The response failed a check and was not used; the refresh token may be used up.
    Discarded {
        reason: RefreshReason,
    },
    /// A later run found that this refresh was not finished.
    Interrupted,
}

/// A session, stored as one document, so that the tokens are all old or all new.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    pub version: u32,
    /// Repeated in the document, so that a renamed entry is noticed.
    pub key: SessionKey,
    /// Counts the changes of the tokens, from a random number at the login. A refresh stores its response only if the
    /// generation is still the one it started from.
    pub generation: u64,
    pub account: Account,
    pub scopes: Vec<String>,
    /// When the login's code was sent: the start of a fixed lifetime.
    pub login_at: Time,
    pub access_token: AccessToken,
    #[serde(default, skip_serializing_if = "ScopedTokens::is_empty")]
    pub scoped_tokens: ScopedTokens,
    pub id_token: Option<IdToken>,
    pub refresh_token: RefreshToken,
    /// How far the provider's clock was ahead of this machine's at the last response; zero if they agreed.
    #[serde(default)]
    pub provider_ahead: Seconds,
    /// Whether the last refresh brought no usable ID token, so that only a login brings a new one.
    #[serde(default)]
    pub refresh_brings_no_id_token: bool,
    /// The journal, set during a refresh. If a later run finds it, the refresh token may be used up.
    pub refresh_started_at: Option<Time>,
    /// Oldest first.
    pub events: Vec<SessionEvent>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvalidEntry {
    Garbage,
    /// A newer tidp wrote it.
    Version(u32),
    /// It belongs to another profile, issuer or client.
    Misplaced,
}

impl IdToken {
    /// The token with its expiry by this machine's clock instead of its `exp`, if the clocks differ. `provider_time` is what
    /// the provider's clock showed at `sent_at`.
    #[must_use]
    pub fn with_local_expiry(self, sent_at: Time, provider_time: Time) -> Self {
        match sent_at.since(provider_time) {
            Seconds(skew) if Seconds(skew.abs()) <= CLOCK_TOLERANCE => self,
            skew => Self { expires_at: self.expires_at.plus(skew), ..self },
        }
    }
}

impl HeldToken {
    pub fn new(value: Secret, issued_at: Time) -> Self {
        Self { value, renewed_at: issued_at, reused_at: None, omitted_since: None, introspection: None }
    }

    pub fn renewal_by(&self, token: Option<&Secret>) -> Renewal {
        match token {
            None => Renewal::None,
            Some(token) if *token == self.value => Renewal::Same,
            Some(_) => Renewal::New,
        }
    }
}

/// For a store with small entries: the session in `document` without ID token, events, access tokens and what the provider
/// says of the refresh token; `None` if `document` is not a session of this version.
pub fn minimal_session(document: &Secret) -> Option<Secret> {
    let session: Session = serde_json::from_str(document.expose()).ok()?;
    let access_token = AccessToken::absent(session.access_token.obtained_at);
    let scoped_tokens = ScopedTokens::default();
    let minimal = Session { access_token, scoped_tokens, id_token: None, events: Vec::new(), ..session };
    Some(minimal.with_introspection(None).to_json())
}

impl Session {
    pub fn to_json(&self) -> Secret {
        // Cannot fail for these types; an empty document would be refused when read.
        Secret::new(serde_json::to_string(self).unwrap_or_default())
    }

    /// # Errors
    /// If the document holds no session, a newer tidp wrote it, or it belongs to another session than `key`.
    pub fn from_json(document: &Secret, key: &SessionKey) -> Result<Self, InvalidEntry> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        let Versioned { version } = serde_json::from_str(document.expose()).map_err(|_| InvalidEntry::Garbage)?;
        if version != SCHEMA {
            return Err(InvalidEntry::Version(version));
        }
        let session: Self = serde_json::from_str(document.expose()).map_err(|_| InvalidEntry::Garbage)?;
        if session.key == *key { Ok(session) } else { Err(InvalidEntry::Misplaced) }
    }

    /// The session with one more event; of too many, the oldest are dropped.
    #[must_use]
    pub fn with_event(mut self, time: Time, kind: EventKind, scopes: Option<&ScopeSet>) -> Self {
        self.events.push(SessionEvent { time, kind, scopes: scopes.cloned() });
        self.events.drain(..self.events.len().saturating_sub(MAX_EVENTS));
        self
    }

    pub fn introspection(&self) -> Option<&Introspection> {
        self.held_token()?.introspection.as_ref()
    }

    pub fn found_inactive_at(&self) -> Option<Time> {
        self.introspection().filter(|said| said.status == RefreshTokenStatus::Inactive).map(|said| said.asked_at)
    }

    /// Since when the held refresh token may have ended: a refusal that did not reject it, or the provider's word.
    pub fn in_doubt_since(&self) -> Option<Time> {
        self.unresolved_refusal().map(|(at, _)| at).or(self.found_inactive_at())
    }

    pub fn introspected_expiry(&self) -> Option<Time> {
        match self.introspection()?.status {
            RefreshTokenStatus::Active { expires_at } => expires_at,
            RefreshTokenStatus::Inactive => None,
        }
    }

    #[must_use]
    pub fn with_introspection(mut self, introspection: Option<Introspection>) -> Self {
        if let RefreshToken::Held(held) = &mut self.refresh_token {
            held.introspection = introspection;
        }
        self
    }

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

    /// When the last of its access tokens expires.
    pub fn last_access_token_expiry(&self) -> Time {
        self.scoped_tokens.last_expiry().unwrap_or(Time::MIN).max(self.access_token.expires_at)
    }

    /// When the request for the session's newest access token was sent.
    pub fn last_obtained_at(&self) -> Time {
        let scoped = self.scoped_tokens.iter().map(|(_, token)| token.access_token.obtained_at);
        scoped.fold(self.access_token.obtained_at, Time::max)
    }

    pub fn held_token(&self) -> Option<&HeldToken> {
        match &self.refresh_token {
            RefreshToken::Held(held) => Some(held),
            RefreshToken::NeverIssued | RefreshToken::Rejected { .. } => None,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
