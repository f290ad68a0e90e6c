//! What a policy makes of what a session has observed.

use super::Session;
use crate::domain::policy::Policy;
use crate::domain::time::Time;
use serde::Serialize;

/// Whether the user's SSO session is known to live: while it does, a refresh renews a sliding life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sso {
    /// The last answer renewed the refresh token.
    Active,
    /// A sliding policy's answer brought no refresh token.
    Ended,
    /// Nothing observed tells.
    Unknown,
}

/// What a policy makes of the observations: when the refresh token ends. Estimates; only the provider decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshTokenExpiry {
    /// Where the life counts from: the login (fixed), or the last evident renewal (sliding).
    pub renewed_at: Time,
    /// The end that the policy implies: every answer with a refresh token taken as a renewal.
    pub expires_at: Time,
    /// The end that can be relied on: only evident renewals counted. Never later than `expires_at`.
    pub expires_at_earliest: Time,
}

impl RefreshTokenExpiry {
    /// What `policy` says of the refresh token held; `None` where none is held, the policy issues none, or the provider has
    /// refused it once: then nothing is known of it.
    pub fn from_session(session: &Session, policy: &Policy) -> Option<Self> {
        if session.unresolved_refusal().is_some() { None } else { Self::by_policy(session, policy) }
    }

    /// The same, whatever the provider has said of the token.
    pub fn by_policy(session: &Session, policy: &Policy) -> Option<Self> {
        let held = session.held_token()?;
        let lifetime = policy.lifetime?;
        let capped = |from: Time| {
            let end = from.plus(lifetime);
            policy.absolute_lifetime.map_or(end, |cap| end.min(session.login_at.plus(cap)))
        };
        let renewed_at = if policy.sliding { held.renewed_at } else { session.login_at };
        // Where the old token stays without a word, the last refresh may have renewed it.
        let unsaid = held.omitted_since.filter(|_| !policy.reports_sso).map(|_| session.access_token.obtained_at);
        let reused_at = held.reused_at.max(unsaid);
        let implied_from = if policy.sliding { reused_at.unwrap_or(renewed_at).max(renewed_at) } else { renewed_at };
        Some(Self { renewed_at, expires_at: capped(implied_from), expires_at_earliest: capped(renewed_at) })
    }
}

impl Sso {
    /// What was observed, read under `policy`.
    pub fn from_session(session: &Session, policy: &Policy) -> Self {
        match session.held_token().filter(|_| session.unresolved_refusal().is_none()) {
            _ if !policy.reports_sso => Self::Unknown,
            Some(held) if policy.sliding && held.omitted_since.is_some() => Self::Ended,
            Some(held) if policy.sliding && held.reused_at.is_none() => Self::Active,
            _ => Self::Unknown,
        }
    }
}
