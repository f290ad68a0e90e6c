//! The decision that every command relies on: use the cached token, refresh, or log in.

use crate::domain::policy::Policy;
use crate::domain::session::{ExpirySource, RefreshReason, RefreshToken, RefreshTokenExpiry, Session, Sso};
use crate::domain::time::{CLOCK_TOLERANCE, Seconds, Time};
use clap::ValueEnum;
use serde::Serialize;

/// How long a token must remain valid unless a command says otherwise.
pub const DEFAULT_MIN_TTL: Seconds = Seconds(30);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intent {
    /// An access token that remains valid for `min_ttl`.
    AccessToken {
        min_ttl: Seconds,
    },
    IdToken,
    Claims,
    Force,
    /// A sliding session renewed `lead` before it ends; see [`crate::domain::keepalive`].
    KeepAlive {
        lead: Seconds,
    },
}

/// When `tidp token` refreshes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Renew {
    /// Only when the access token has expired
    #[default]
    WhenDue,
    /// Also in the last third of a sliding lifetime
    BeforeSessionEnds,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    pub action: Action,
    /// When the decision changes if nothing happens; `None` for never.
    pub changes_at: Option<Time>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Use,
    Refresh(RefreshReason),
    Login(LoginReason),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginReason {
    NoRefreshToken,
    RefreshTokenRejected,
    /// The ID token has expired, and a refresh brings no new one.
    NoIdToken,
}

/// What to do for `intent`. The end that a policy implies is an estimate and never stops an attempt, so the policy matters
/// only for [`Renew::BeforeSessionEnds`] and [`Intent::KeepAlive`].
pub fn decide(now: Time, session: &Session, policy: Option<&Policy>, renew: Renew, intent: Intent) -> Decision {
    let (due, changes_at) = due(now, session, policy, renew, intent);
    let action = match (due, &session.refresh_token) {
        (None, _) => Action::Use,
        (_, RefreshToken::NeverIssued) => Action::Login(LoginReason::NoRefreshToken),
        (_, RefreshToken::Rejected { .. }) => Action::Login(LoginReason::RefreshTokenRejected),
        _ if intent == Intent::IdToken && session.refresh_brings_no_id_token => Action::Login(LoginReason::NoIdToken),
        (Some(reason), RefreshToken::Held(_)) => Action::Refresh(reason),
    };
    Decision { action, changes_at }
}

type Due = (Option<RefreshReason>, Option<Time>);

/// SelectionReason a refresh is due, if it is, and when that changes.
fn due(now: Time, session: &Session, policy: Option<&Policy>, renew: Renew, intent: Intent) -> Due {
    let (reason, due_at) = match intent {
        Intent::Force => return (Some(RefreshReason::Forced), None),
        Intent::Claims => return (Some(RefreshReason::Claims), None),
        Intent::KeepAlive { .. } if session.held_token().is_none() || session.in_doubt_since().is_some() => {
            // A refresh is due, so that the user is asked to log in, or the provider decides.
            return (Some(RefreshReason::Keepalive), None);
        }
        Intent::KeepAlive { lead } => match policy.and_then(|policy| renewal_at(session, policy, lead)) {
            Some(at) => (RefreshReason::Keepalive, at),
            None => return (None, None),
        },
        Intent::AccessToken { min_ttl } => (RefreshReason::Expired, session.access_token.expires_at.minus(min_ttl)),
        Intent::IdToken => {
            (RefreshReason::Expired, session.id_token.as_ref().map_or(Time::MIN, |token| token.expires_at))
        }
    };
    if now >= due_at {
        return (Some(reason), None);
    }
    if session.access_token.is_from_future(now) {
        // A clock that was wrong has written these times. They are trusted again once the clock is near them.
        let trusted_at = session.access_token.obtained_at.minus(CLOCK_TOLERANCE);
        return (Some(reason), (trusted_at < due_at).then_some(trusted_at));
    }
    let renewal_due_at = match intent {
        Intent::KeepAlive { .. } => None,
        _ => renewal_due_at(session, policy, renew),
    };
    match renewal_due_at {
        Some(at) if now >= at => (Some(RefreshReason::Keepalive), Some(due_at)),
        at => (None, Some(at.map_or(due_at, |at| at.min(due_at)))),
    }
}

/// When [`Renew::BeforeSessionEnds`] renews the session: after two thirds of its lifetime; `None` for never.
pub fn renewal_due_at(session: &Session, policy: Option<&Policy>, renew: Renew) -> Option<Time> {
    let policy = policy.filter(|_| renew == Renew::BeforeSessionEnds)?;
    renewal_at(session, policy, RefreshTokenExpiry::new(session, Some(policy))?.last_third())
}

/// When to renew the session so that `lead` of its lifetime is left; `None` if no refresh renews it, because the SSO
/// session has ended or the absolute lifetime is reached. Renewals are at least a third of a lifetime apart, even if the
/// provider returns the same refresh token and nobody knows whether it was renewed.
pub fn renewal_at(session: &Session, policy: &Policy, lead: Seconds) -> Option<Time> {
    if !policy.sliding || Sso::from_session(session, policy) == Sso::Ended {
        return None;
    }
    let expiry = RefreshTokenExpiry::new(session, Some(policy))?;
    if policy.absolute_lifetime.is_some_and(|absolute| session.login_at.plus(absolute) <= expiry.expires_at_earliest) {
        return None;
    }
    let last_try = session.held_token()?.reused_at.unwrap_or(expiry.renewed_at);
    let third = expiry.last_third();
    let lead = match expiry.source {
        ExpirySource::Policy => lead,
        // It was chosen for the policy's lifetime, which may be longer than the one that the provider has.
        ExpirySource::Provider => lead.min(third),
    };
    Some(expiry.expires_at.minus(lead).max(last_try.plus(third)))
}

#[cfg(test)]
mod tests;
