//! The one decision: use the cached token, refresh, or log in. Every command asks it here.

use crate::domain::policy::Policy;
use crate::domain::session::{RefreshReason, RefreshToken, RefreshTokenExpiry, Session, Sso};
use crate::domain::time::{CLOCK_TOLERANCE, Seconds, Time};

/// How much life a token must have left where nothing is said.
pub const DEFAULT_MIN_TTL: Seconds = Seconds(30);

/// What a command wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intent {
    /// An access token with at least this much life left.
    AccessToken {
        /// How much.
        min_ttl: Seconds,
    },
    /// An ID token that has not expired.
    IdToken,
    /// ID-token claims brought up to date.
    Claims,
    /// A refresh whatever is left.
    Force,
    /// A sliding session renewed once no more than this is left of it; see [`crate::domain::keepalive`].
    KeepAlive {
        /// How much.
        lead: Seconds,
    },
}

/// When a profile wants its session renewed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Renew {
    /// Only when a token has expired: the provider's rule.
    #[default]
    WhenDue,
    /// Also in the last third of a sliding life.
    BeforeSessionEnds,
}

/// What to do, and the moment at which the answer changes by itself (`None`: never).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What to do now.
    pub action: Action,
    /// When the same question gets another answer, if nothing else happens.
    pub changes_at: Option<Time>,
}

/// The three answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// The cached token serves.
    Use,
    /// A refresh is due.
    Refresh(RefreshReason),
    /// Only a login helps.
    Login(LoginReason),
}

/// Why only a login helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginReason {
    /// There is no session.
    NoSession,
    /// The login brought no refresh token, and the access token has expired.
    NoRefreshToken,
    /// The provider refused the refresh token.
    Refused,
    /// The ID token has expired, and no refresh brings another.
    NoIdToken,
}

/// Decides. `session` is what the store holds, `policy` the profile's (`None` if not known).
///
/// A policy's end never stops an attempt: it is an estimate, and the provider decides. So the policy only matters
/// for [`Renew::BeforeSessionEnds`]; what it says otherwise is for explaining and warning.
pub fn decide(now: Time, session: Option<&Session>, policy: Option<&Policy>, renew: Renew, intent: Intent) -> Decision {
    let Some(session) = session else {
        return Decision { action: Action::Login(LoginReason::NoSession), changes_at: None };
    };
    let (due, changes_at) = due(now, session, policy, renew, intent);
    let Some(reason) = due else {
        return Decision { action: Action::Use, changes_at };
    };
    let action = match &session.refresh_token {
        RefreshToken::Held(_) if intent == Intent::IdToken && session.refresh_brings_no_id_token => {
            Action::Login(LoginReason::NoIdToken)
        }
        RefreshToken::Held(_) => Action::Refresh(reason),
        RefreshToken::NeverIssued => Action::Login(LoginReason::NoRefreshToken),
        RefreshToken::Refused { .. } => Action::Login(LoginReason::Refused),
    };
    Decision { action, changes_at }
}

/// Whether a refresh is due and why, and when that answer changes.
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
    if clock_went_back(now, session) {
        // Once the clock has come near enough to the stored time, the token is trusted again.
        let trusted_at = session.access_token.obtained_at.minus(CLOCK_TOLERANCE);
        return (Some(RefreshReason::Expired), (trusted_at < usable_until).then_some(trusted_at));
    }
    match renewal_due_at(session, policy, renew) {
        Some(at) if now >= at => (Some(RefreshReason::Keepalive), Some(usable_until)),
        at => (None, Some(at.map_or(usable_until, |at| at.min(usable_until)))),
    }
}

/// Whether the session is to be renewed now so that it does not end.
fn keep_alive(
    now: Time,
    session: &Session,
    policy: Option<&Policy>,
    lead: Seconds,
) -> (Option<RefreshReason>, Option<Time>) {
    if session.held_token().is_none() || session.unresolved_refusal().is_some() {
        // Nothing can be kept alive, or nobody knows: due, so that the login is asked for, or the provider.
        return (Some(RefreshReason::Keepalive), None);
    }
    let Some(due_at) = policy.and_then(|policy| renewal_at(session, policy, lead)) else { return (None, None) };
    if now >= due_at {
        return (Some(RefreshReason::Keepalive), None);
    }
    if clock_went_back(now, session) {
        // What is counted from a time that a wrong clock wrote would come too late.
        let trusted_at = session.access_token.obtained_at.minus(CLOCK_TOLERANCE);
        return (Some(RefreshReason::Keepalive), Some(trusted_at));
    }
    (None, Some(due_at))
}

/// Whether a stored time lies so far ahead that the clock must have gone back: then no cached token is trusted.
pub fn clock_went_back(now: Time, session: &Session) -> bool {
    session.access_token.obtained_at > now.plus(CLOCK_TOLERANCE)
}

/// When a profile with [`Renew::BeforeSessionEnds`] wants its sliding session renewed (`None`: never): two thirds into
/// the life that its renewals imply.
pub fn renewal_due_at(session: &Session, policy: Option<&Policy>, renew: Renew) -> Option<Time> {
    let policy = policy.filter(|_| renew == Renew::BeforeSessionEnds)?;
    renewal_at(session, policy, Seconds(policy.lifetime?.0 / 3))
}

/// When no more than `lead` is left of the life that a session's renewals imply (`None`: no refresh renews it). Never
/// once the SSO session has ended or an absolute end is reached, for then nothing renews it; and never more than once
/// a third of a life, also where renewals cannot be told (the same handle comes back).
pub fn renewal_at(session: &Session, policy: &Policy, lead: Seconds) -> Option<Time> {
    if !policy.sliding || Sso::from_session(session, policy) == Sso::Ended {
        return None;
    }
    let life = RefreshTokenExpiry::from_session(session, policy)?;
    if policy.absolute_lifetime.is_some_and(|cap| session.login_at.plus(cap) <= life.expires_at_earliest) {
        return None;
    }
    let last_try = session.held_token()?.reused_at.unwrap_or(life.renewed_at);
    let third = Seconds(policy.lifetime?.0 / 3);
    Some(life.expires_at.minus(lead).max(last_try.plus(third)))
}

#[cfg(test)]
mod tests;
