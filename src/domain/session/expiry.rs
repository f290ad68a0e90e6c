//! What a policy makes of the observations in a session, where the provider has not said it itself.

use super::Session;
use crate::domain::policy::Policy;
use crate::domain::time::{Seconds, Time};
use serde::Serialize;

/// The state of the user's SSO session. While it is active, a refresh renews a sliding lifetime.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sso {
    Active,
    /// A response under a sliding policy had no refresh token.
    Ended,
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ExpirySource {
    /// An estimate.
    Policy,
    Provider,
}

/// When the refresh token expires: as the provider says, or else by its policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefreshTokenExpiry {
    /// The login (fixed), or the last certain renewal (sliding, or without a policy).
    pub renewed_at: Time,
    /// The latest possible end: as the provider says; or by the policy, from the last renewal, certain or not.
    pub expires_at: Time,
    /// The earliest possible end: from the last certain renewal. Never later than `expires_at`.
    pub expires_at_earliest: Time,
    /// From the login, or from the last renewal, certain or not. By the policy, without its absolute lifetime.
    pub lifetime: Seconds,
    pub source: ExpirySource,
}

impl RefreshTokenExpiry {
    pub const fn last_third(&self) -> Seconds {
        Seconds(self.lifetime.0 / 3)
    }

    /// `None` if there is no refresh token, it is in doubt, the policy issues none, or neither policy nor provider says when
    /// it expires.
    pub fn new(session: &Session, policy: Option<&Policy>) -> Option<Self> {
        let held = session.held_token().filter(|_| session.in_doubt_since().is_none())?;
        let by_policy = match policy {
            Some(policy) => Some(Self::by_policy(session, policy)?),
            None => None,
        };
        let Some(end) = session.introspected_expiry() else { return by_policy };
        // What the provider says of this very token is certain.
        Some(Self {
            renewed_at: by_policy.map_or(held.renewed_at, |expiry| expiry.renewed_at),
            expires_at: end,
            expires_at_earliest: end,
            lifetime: end.left(last_renewal(session, policy)),
            source: ExpirySource::Provider,
        })
    }

    /// As [`RefreshTokenExpiry::new`], but by the policy alone, and also after a refusal.
    pub fn by_policy(session: &Session, policy: &Policy) -> Option<Self> {
        let held = session.held_token()?;
        let lifetime = policy.lifetime?;
        let capped = |from: Time| {
            let end = from.plus(lifetime);
            policy.absolute_lifetime.map_or(end, |cap| end.min(session.login_at.plus(cap)))
        };
        let renewed_at = if policy.sliding { held.renewed_at } else { session.login_at };
        Some(Self {
            renewed_at,
            expires_at: capped(last_renewal(session, Some(policy))),
            expires_at_earliest: capped(renewed_at),
            lifetime,
            source: ExpirySource::Policy,
        })
    }
}

/// From when the lifetime counts: the login (fixed), or the last renewal, certain or not.
fn last_renewal(session: &Session, policy: Option<&Policy>) -> Time {
    let held = session.held_token().filter(|_| policy.is_none_or(|policy| policy.sliding));
    let Some(held) = held else { return session.login_at };
    // If the provider need not return the refresh token, the last refresh may have renewed it.
    let may_be_omitted = policy.is_some_and(|policy| !policy.reports_sso);
    let maybe_renewed_at = held.omitted_since.filter(|_| may_be_omitted).map(|_| session.last_obtained_at());
    held.reused_at.max(maybe_renewed_at).unwrap_or(held.renewed_at).max(held.renewed_at)
}

impl Sso {
    pub fn from_session(session: &Session, policy: &Policy) -> Self {
        match session.held_token().filter(|_| session.in_doubt_since().is_none()) {
            _ if !policy.reports_sso => Self::Unknown,
            Some(held) if policy.sliding && held.omitted_since.is_some() => Self::Ended,
            Some(held) if policy.sliding && held.reused_at.is_none() => Self::Active,
            _ => Self::Unknown,
        }
    }
}
