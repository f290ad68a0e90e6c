//! What a policy makes of the observations in a session.

use super::Session;
use crate::domain::policy::Policy;
use crate::domain::time::Time;
use serde::Serialize;

/// The state of the user's SSO session. While it is active, a refresh renews a sliding lifetime.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sso {
    /// The last response renewed the refresh token.
    Active,
    /// A response under a sliding policy had no refresh token.
    Ended,
    Unknown,
}

/// When the refresh token expires by its policy. These are estimates; the provider decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshTokenExpiry {
    /// The login (fixed), or the last certain renewal (sliding).
    pub renewed_at: Time,
    /// Counted from the last response with a refresh token, new or not.
    pub expires_at: Time,
    /// Counted from the last certain renewal; never later than `expires_at`.
    pub expires_at_earliest: Time,
}

impl RefreshTokenExpiry {
    /// `None` if there is no refresh token, the policy issues none, or a refusal is unresolved, so that nothing is known.
    pub fn from_session(session: &Session, policy: &Policy) -> Option<Self> {
        if session.unresolved_refusal().is_some() { None } else { Self::by_policy(session, policy) }
    }

    /// As [`RefreshTokenExpiry::from_session`], but also after a refusal.
    pub fn by_policy(session: &Session, policy: &Policy) -> Option<Self> {
        let held = session.held_token()?;
        let lifetime = policy.lifetime?;
        let capped = |from: Time| {
            let end = from.plus(lifetime);
            policy.absolute_lifetime.map_or(end, |cap| end.min(session.login_at.plus(cap)))
        };
        let renewed_at = if policy.sliding { held.renewed_at } else { session.login_at };
        // If the provider need not return the refresh token, the last refresh may have renewed it.
        let maybe_renewed_at =
            held.omitted_since.filter(|_| !policy.reports_sso).map(|_| session.access_token.obtained_at);
        let reused_at = held.reused_at.max(maybe_renewed_at);
        let implied_from = if policy.sliding { reused_at.unwrap_or(renewed_at).max(renewed_at) } else { renewed_at };
        Some(Self { renewed_at, expires_at: capped(implied_from), expires_at_earliest: capped(renewed_at) })
    }
}

impl Sso {
    /// The state that the observations imply under `policy`.
    pub fn from_session(session: &Session, policy: &Policy) -> Self {
        match session.held_token().filter(|_| session.unresolved_refusal().is_none()) {
            _ if !policy.reports_sso => Self::Unknown,
            Some(held) if policy.sliding && held.omitted_since.is_some() => Self::Ended,
            Some(held) if policy.sliding && held.reused_at.is_none() => Self::Active,
            _ => Self::Unknown,
        }
    }
}
