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

/// Why a refresh is due, if it is, and when that changes.
fn due(
    now: Time,
    session: &Session,
    policy: Option<&Policy>,
    renew: Renew,
    intent: Intent,
) -> (Option<RefreshReason>, Option<Time>) {
    let usable_until = match intent {
        Intent::Force => return (Some(RefreshReason::Forced), None),
        Intent::Claims => return (Some(RefreshReason::Claims), None),
        Intent::KeepAlive { lead } => return keep_alive(now, session, policy, lead),
        Intent::AccessToken { min_ttl } => session.access_token.expires_at.minus(min_ttl),
        Intent::IdToken => session.id_token.as_ref().map_or(Time::MIN, |token| token.expires_at),
    };
    if now >= usable_until {
        return (Some(RefreshReason::Expired), None);
    }
    if session.access_token.is_from_future(now) {
        // The token is trusted again once the clock is near the stored time.
        let trusted_at = session.access_token.obtained_at.minus(CLOCK_TOLERANCE);
        return (Some(RefreshReason::Expired), (trusted_at < usable_until).then_some(trusted_at));
    }
    match renewal_due_at(session, policy, renew) {
        Some(at) if now >= at => (Some(RefreshReason::Keepalive), Some(usable_until)),
        at => (None, Some(at.map_or(usable_until, |at| at.min(usable_until)))),
    }
}

fn keep_alive(
    now: Time,
    session: &Session,
    policy: Option<&Policy>,
    lead: Seconds,
) -> (Option<RefreshReason>, Option<Time>) {
    if session.held_token().is_none() || session.in_doubt_since().is_some() {
        // A refresh is due, so that the user is asked to log in, or the provider decides.
        return (Some(RefreshReason::Keepalive), None);
    }
    let Some(due_at) = policy.and_then(|policy| renewal_at(session, policy, lead)) else { return (None, None) };
    if now >= due_at {
        return (Some(RefreshReason::Keepalive), None);
    }
    if session.access_token.is_from_future(now) {
        // A renewal counted from a time that a wrong clock wrote would come too late.
        let trusted_at = session.access_token.obtained_at.minus(CLOCK_TOLERANCE);
        return (Some(RefreshReason::Keepalive), Some(trusted_at));
    }
    (None, Some(due_at))
}

/// When [`Renew::BeforeSessionEnds`] renews the session: after two thirds of its lifetime; `None` for never.
pub fn renewal_due_at(session: &Session, policy: Option<&Policy>, renew: Renew) -> Option<Time> {
    let policy = policy.filter(|_| renew == Renew::BeforeSessionEnds)?;
    renewal_at(session, policy, RefreshTokenExpiry::from_session(session, policy)?.last_third())
}

/// When to renew the session so that `lead` of its lifetime is left; `None` if no refresh renews it, because the SSO
/// session has ended or the absolute lifetime is reached. Renewals are at least a third of a lifetime apart, even if the
/// provider returns the same refresh token and nobody knows whether it was renewed.
pub fn renewal_at(session: &Session, policy: &Policy, lead: Seconds) -> Option<Time> {
    if !policy.sliding || Sso::from_session(session, policy) == Sso::Ended {
        return None;
    }
    let expiry = RefreshTokenExpiry::from_session(session, policy)?;
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
