//! A session: what a login gave and what every refresh since has changed, with nothing said that was not observed.
//!
//! A session holds observations only. What a policy makes of them (when the refresh token ends, whether the SSO
//! session lives) is computed by [`RefreshTokenExpiry`], so that a profile whose policy was corrected explains its past anew.

mod expiry;
mod key;
mod minimal;

pub use expiry::{RefreshTokenExpiry, Sso};
pub use key::{EntryKey, SessionKey};
pub use minimal::minimal_session;

use crate::domain::secret::{Secret, stored};
use crate::domain::time::{CLOCK_TOLERANCE, Seconds, Time};
use serde::{Deserialize, Serialize};

/// The version of the document below; another one is refused, never guessed at.
pub const SCHEMA: u32 = 1;

/// How many events a session remembers.
const EVENTS: usize = 20;

/// Whose session it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The ID token's `sub` (pairwise: differs per client).
    pub sub: String,
    /// `preferred_username`: a phone number or an e-mail address.
    pub username: Option<String>,
}

/// An access token and what its answer said of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessToken {
    /// The token.
    #[serde(with = "stored")]
    pub value: Secret,
    /// The clock before the request that brought it was sent.
    pub obtained_at: Time,
    /// `obtained_at` plus the answer's `expires_in`.
    pub expires_at: Time,
}

/// An ID token that was validated when it came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdToken {
    /// The token.
    #[serde(with = "stored")]
    pub value: Secret,
    /// When it ends by this machine's clock, as an access token's end: its `exp` where the clocks agreed (and in what an
    /// older tidp has stored).
    pub expires_at: Time,
    /// Its `iat`, by the provider's clock; a refreshed ID token's may not be earlier (OIDC Core 12.2).
    pub issued_at: Time,
    /// Its `auth_time`, which a refresh must not change (OIDC Core 12.2).
    pub auth_time: Option<i64>,
    /// The login's `nonce`: a refreshed ID token may repeat it, not change it (OIDC Core 12.2).
    pub nonce: Option<String>,
}

/// How an answer dealt with the refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Renewal {
    /// A handle that was not known before: renewed, for sure.
    New,
    /// The same handle: perhaps renewed (the provider does not say).
    Same,
    /// None: the old token stays, with its old end.
    None,
}

/// What is known of the refresh token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum RefreshToken {
    /// The login brought none.
    NeverIssued,
    /// One is held.
    Held(HeldToken),
    /// The provider refused it, and only a login helps; it is gone.
    Refused {
        #[serde(rename = "at")]
        refused_at: Time,
        /// How much further the provider's clock had moved since it last answered than this machine's.
        #[serde(default)]
        clocks_moved_apart: Seconds,
    },
}

/// A refresh token and the answers seen to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldToken {
    /// The opaque handle.
    #[serde(with = "stored")]
    pub value: Secret,
    /// The last time its renewal was evident: the login, or an answer with a new handle.
    pub renewed_at: Time,
    /// The last time the same handle came back, if that was later: a renewal that cannot be told from none.
    #[serde(rename = "maybe_renewed_at")]
    pub reused_at: Option<Time>,
    /// When the first answer without a refresh token came since the last one with one.
    #[serde(rename = "not_renewed_since")]
    pub omitted_since: Option<Time>,
}

/// Why a refresh was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefreshReason {
    /// The access token had expired, or had less left than was asked for.
    Expired,
    /// Up-to-date ID-token claims were wanted.
    Claims,
    /// The user asked for it.
    Forced,
    /// To renew a sliding session before it ends.
    Keepalive,
}

/// One thing that happened to a session. No secret is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionEvent {
    /// For a request, the time before it was sent.
    #[serde(rename = "at")]
    pub time: Time,
    #[serde(flatten)]
    pub kind: EventKind,
}

/// What can happen to a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum EventKind {
    /// The user logged in.
    Login {
        /// Whether a refresh token came.
        refresh_token: bool,
    },
    /// A refresh succeeded.
    Refreshed {
        /// Why it was made.
        reason: RefreshReason,
        /// What it did to the refresh token.
        renewal: Renewal,
    },
    /// The provider refused the refresh token, which is gone then.
    Refused {
        /// Why it was made.
        reason: RefreshReason,
        /// The provider's `error` code, or `HTTP 400` where it has none.
        error: String,
    },
    /// The provider refused the refresh, and not for the refresh token as far as it says: that is kept.
    RefusedTokenKept {
        /// Why it was made.
        reason: RefreshReason,
        /// The provider's `error` code, or `HTTP 400` where it has none.
        error: String,
        /// Whether it may have been for the refresh token all the same.
        unclear: bool,
    },
    /// No answer came, or none that could be used: the refresh token may have been spent.
    Unanswered {
        /// Why it was made.
        reason: RefreshReason,
    },
    /// An answer came and was not used, because it failed a check: the refresh token may have been spent.
    Discarded {
        /// Why it was made.
        reason: RefreshReason,
    },
    /// A later run found a refresh begun at this time and not finished.
    Interrupted,
}

/// One session, as one document: written whole, so the set of tokens is the old or the new one, never a mixture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// [`SCHEMA`].
    pub version: u32,
    /// Whose tokens these are; recorded inside, so that a moved entry is noticed.
    pub key: SessionKey,
    /// Counts the writes that changed a token: a refresh stores its answer only over the generation it spent.
    /// A login starts from a random number, so that no login is mistaken for the one before it.
    pub generation: u64,
    /// The account.
    pub account: Account,
    /// The scopes granted.
    pub scopes: Vec<String>,
    /// The clock before the login's code was sent: where a fixed life starts.
    pub login_at: Time,
    /// The access token last received.
    pub access_token: AccessToken,
    /// The ID token last received; a refresh without one keeps the old.
    pub id_token: Option<IdToken>,
    /// The refresh token.
    pub refresh_token: RefreshToken,
    /// How far the provider's clock was ahead of this machine's when it last answered; zero where they agreed.
    #[serde(default)]
    pub provider_ahead: Seconds,
    /// Whether the last refresh brought no ID token that can be used: then only a login brings another.
    #[serde(default)]
    pub refresh_brings_no_id_token: bool,
    /// Set while a refresh is under way; found by a later run, it means that a token may have been spent.
    pub refresh_started_at: Option<Time>,
    /// The last 20 events, oldest first.
    pub events: Vec<SessionEvent>,
}

/// What a refresh's answer brought, already validated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTokens {
    /// The new access token.
    pub access_token: AccessToken,
    /// A new ID token, if one came that can be used.
    pub id_token: Option<IdToken>,
    /// Whether one came that this refresh or a later one can use.
    pub id_token_came: bool,
    /// How far the provider's clock is ahead of this machine's; zero where they agree.
    pub provider_ahead: Seconds,
    /// The refresh token of the answer, if one came.
    pub refresh_token: Option<Secret>,
    /// The scopes now granted, if the answer said so.
    pub scopes: Option<Vec<String>>,
}

/// Why a store's document is not a session that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvalidEntry {
    /// It is not the JSON this program writes.
    Garbage,
    /// A newer program wrote it.
    Version(u32),
    /// It belongs to another profile, issuer or client.
    Misplaced,
}

impl IdToken {
    /// One just accepted, whose end is still its `exp`, with its end by this machine's clock. Where `judged_at` was the
    /// provider's time, because the clocks differ, that is what it had left then, from when its request was sent.
    #[must_use]
    pub fn with_local_expiry(self, sent_at: Time, judged_at: Time) -> Self {
        match sent_at.since(judged_at) {
            Seconds(skew) if Seconds(skew.abs()) <= CLOCK_TOLERANCE => self,
            skew => Self { expires_at: self.expires_at.plus(skew), ..self },
        }
    }
}

impl HeldToken {
    /// What an answer with that refresh token (or none) does to this one.
    pub fn renewal_by(&self, token: Option<&Secret>) -> Renewal {
        match token {
            None => Renewal::None,
            Some(token) if *token == self.value => Renewal::Same,
            Some(_) => Renewal::New,
        }
    }
}

impl Session {
    /// The document a store keeps.
    pub fn to_json(&self) -> Secret {
        // Serialising plain data with string keys cannot fail; an empty document would be refused as garbage.
        Secret::new(serde_json::to_string(self).unwrap_or_default())
    }

    /// Reads a store's document.
    ///
    /// # Errors
    /// [`InvalidEntry`] if it is none, was written by a newer version, or belongs to another session than `key`.
    pub fn from_json(document: &Secret, key: &SessionKey) -> Result<Self, InvalidEntry> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u32,
        }
        let versioned: Versioned = serde_json::from_str(document.expose()).map_err(|_| InvalidEntry::Garbage)?;
        if versioned.version != SCHEMA {
            return Err(InvalidEntry::Version(versioned.version));
        }
        let session: Self = serde_json::from_str(document.expose()).map_err(|_| InvalidEntry::Garbage)?;
        if session.key == *key { Ok(session) } else { Err(InvalidEntry::Misplaced) }
    }

    /// The same session with its refresh marked as under way: the journal, and the proof that the store can be written.
    #[must_use]
    pub fn with_refresh_started(&self, now: Time) -> Self {
        Self { refresh_started_at: Some(now), ..self.clone() }
    }

    /// The session after a successful refresh that was sent at `sent_at`.
    #[must_use]
    pub fn after_refresh(&self, answer: NewTokens, reason: RefreshReason, sent_at: Time) -> Self {
        let (refresh_token, renewal) = match (&self.refresh_token, answer.refresh_token) {
            (RefreshToken::Held(held), Some(value)) if held.renewal_by(Some(&value)) == Renewal::Same => {
                // A renewal recorded after now was recorded by a clock that has been set back since: it happened
                // before now all the same, and must not hold the next renewals back until that clock's time comes.
                let renewed_at = held.renewed_at.min(sent_at);
                (HeldToken { renewed_at, reused_at: Some(sent_at), omitted_since: None, ..held.clone() }, Renewal::Same)
            }
            (_, Some(value)) => {
                (HeldToken { value, renewed_at: sent_at, reused_at: None, omitted_since: None }, Renewal::New)
            }
            (RefreshToken::Held(held), None) => {
                (HeldToken { omitted_since: held.omitted_since.or(Some(sent_at)), ..held.clone() }, Renewal::None)
            }
            (RefreshToken::NeverIssued | RefreshToken::Refused { .. }, None) => {
                return Self { access_token: answer.access_token, ..self.clone() };
            }
        };
        Self {
            generation: self.generation.wrapping_add(1),
            scopes: answer.scopes.unwrap_or_else(|| self.scopes.clone()),
            access_token: answer.access_token,
            id_token: answer.id_token.or_else(|| self.id_token.clone()),
            refresh_brings_no_id_token: !answer.id_token_came,
            provider_ahead: answer.provider_ahead,
            refresh_token: RefreshToken::Held(refresh_token),
            refresh_started_at: None,
            ..self.clone()
        }
        .with_event(sent_at, EventKind::Refreshed { reason, renewal })
    }

    /// The session after the provider refused its refresh token for good, as its clock, `provider_ahead` of this machine's,
    /// stood at `at`: the token is dropped, the rest stays.
    #[must_use]
    pub fn after_refusal(&self, error: &str, reason: RefreshReason, at: Time, provider_ahead: Seconds) -> Self {
        let clocks_moved_apart = Seconds(provider_ahead.0.saturating_sub(self.provider_ahead.0));
        Self {
            generation: self.generation.wrapping_add(1),
            refresh_token: RefreshToken::Refused { refused_at: at, clocks_moved_apart },
            refresh_started_at: None,
            ..self.clone()
        }
        .with_event(at, EventKind::Refused { reason, error: error.to_owned() })
    }

    /// The session after a refusal that does not say that the refresh token has ended: it is kept, but nothing is claimed of
    /// it until a refresh succeeds. Of many in a row that say the same the first one is remembered.
    #[must_use]
    pub fn after_refusal_with_token_kept(&self, error: &str, reason: RefreshReason, at: Time, unclear: bool) -> Self {
        let kind = EventKind::RefusedTokenKept { reason, error: error.to_owned(), unclear };
        let repeated = self.events.last().is_some_and(|last| last.kind == kind);
        if repeated { self.clone() } else { self.clone().with_event(at, kind) }
    }

    /// When the provider last refused a refresh for something else than the refresh token that is held, as far as it said, and
    /// its word; `None` once a refresh or login has succeeded.
    pub fn unresolved_refusal(&self) -> Option<(Time, &str)> {
        self.refusals().next().map(|(at, error, _)| (at, error))
    }

    /// Whether one of them since then may have been for the refresh token all the same.
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

    /// The session after a refresh that brought no answer, or none that could be used: a mark stays, because the token may
    /// have been spent. Of many in a row the first one is remembered, lest a long outage make all else forgotten.
    #[must_use]
    pub fn after_lost_response(&self, reason: RefreshReason, sent_at: Time) -> Self {
        if self.events.last().is_some_and(|last| matches!(last.kind, EventKind::Unanswered { .. })) {
            return self.clone();
        }
        self.clone().with_event(sent_at, EventKind::Unanswered { reason })
    }

    /// The session after a refresh whose answer failed a check: nothing of it is used, and the mark stays.
    #[must_use]
    pub fn after_discarded_response(&self, reason: RefreshReason, sent_at: Time) -> Self {
        self.clone().with_event(sent_at, EventKind::Discarded { reason })
    }

    /// When the last refresh that came to nothing was begun, if one left its mark; and whether its answer came, and failed
    /// a check.
    pub fn unfinished_refresh(&self) -> Option<(Time, bool)> {
        let mark = self.refresh_started_at?;
        let last = self.events.last().filter(|last| last.time >= mark);
        Some(match last.map(|last| (last.time, &last.kind)) {
            Some((at, EventKind::Discarded { .. })) => (at, true),
            Some((at, EventKind::Unanswered { .. })) => (at, false),
            _ => (mark, false),
        })
    }

    /// The session with one more event, the oldest ones beyond 20 forgotten.
    #[must_use]
    pub fn with_event(mut self, time: Time, kind: EventKind) -> Self {
        self.events.push(SessionEvent { time, kind });
        let excess = self.events.len().saturating_sub(EVENTS);
        self.events.drain(..excess);
        self
    }

    /// The refresh token, if one is held.
    pub fn held_token(&self) -> Option<&HeldToken> {
        match &self.refresh_token {
            RefreshToken::Held(held) => Some(held),
            RefreshToken::NeverIssued | RefreshToken::Refused { .. } => None,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
