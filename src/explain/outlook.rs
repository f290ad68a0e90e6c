//! What a session can expect under its policy: when it expires, what a refresh now would change, what to do and when.
//! Computed once per command; pictures, warnings and sentences read it.

pub mod explanation;
pub mod observations;
pub mod sentence;
#[cfg(test)]
mod tests;
pub mod warnings;

use crate::domain::decision::{Action, Intent, Renew, decide, renewal_due_at};
use crate::domain::policy::Policy;
use crate::domain::session::{ExpirySource, HeldToken, RefreshToken, RefreshTokenExpiry, Session, Sso};
use crate::domain::time::{Seconds, Time};
use serde::Serialize;

/// What would help the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NextAction {
    /// Nothing: a refresh is not due and would not extend the session.
    None,
    /// A refresh: it is due, or it would extend the session.
    Refresh,
    Login,
    Unknown,
}

/// A session at one moment, read under a policy. An expiry that follows from the policy is an estimate: only the provider
/// decides.
#[derive(Clone, Copy, Debug)]
pub struct SessionOutlook<'a> {
    pub now: Time,
    pub session: &'a Session,
    pub policy: Option<&'a Policy>,
    pub renew: Renew,
    pub state: SessionState,
    /// When the refresh token expires; `None` if there is none or that is not known.
    pub expiry: Option<RefreshTokenExpiry>,
    pub sso: Sso,
    /// When the profile wants the session renewed.
    pub renewal_due_at: Option<Time>,
    /// Until when the provider, which did not say when the refresh token expires, is not asked again.
    pub paused_until: Option<Time>,
}

/// The state of a session under its policy; each needs its own explanation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionState {
    NoRefreshToken,
    /// The provider rejected the refresh token.
    Rejected(Time),
    /// The provider, asked at that time, said that the refresh token is not active; the next refresh will show.
    FoundInactive(Time),
    /// The provider refused a refresh without saying that the token is invalid; the next refresh will show.
    RefusedTokenKept,
    /// There is a refresh token, but neither the provider nor a policy says when it expires.
    UnknownExpiry,
    /// The provider says when the refresh token expires, but no policy says whether a refresh renews it.
    UnknownRenewal(RefreshTokenExpiry),
    Renewable(RefreshTokenExpiry),
    /// A sliding policy, but the SSO session has ended: no refresh renews it.
    SsoEnded(RefreshTokenExpiry),
    /// No refresh moves its expiry: a fixed lifetime, or a sliding one at its absolute limit.
    Fixed(RefreshTokenExpiry),
    Expired(RefreshTokenExpiry),
}

impl SessionState {
    fn new(now: Time, session: &Session, policy: Option<&Policy>, sso: Sso) -> Self {
        match session.refresh_token {
            RefreshToken::NeverIssued => return Self::NoRefreshToken,
            RefreshToken::Rejected { rejected_at: at, .. } => return Self::Rejected(at),
            RefreshToken::Held(_) if session.unresolved_refusal().is_some() => return Self::RefusedTokenKept,
            RefreshToken::Held(_) => {}
        }
        if let Some(at) = session.found_inactive_at() {
            return Self::FoundInactive(at);
        }
        // A policy that issues none says nothing of the token that the provider issued all the same.
        let policy = policy.filter(|policy| policy.lifetime.is_some());
        let Some(expiry) = RefreshTokenExpiry::new(session, policy) else { return Self::UnknownExpiry };
        let is_capped = |cap| session.login_at.plus(cap) <= expiry.expires_at_earliest;
        match policy {
            _ if now >= expiry.expires_at => Self::Expired(expiry),
            None => Self::UnknownRenewal(expiry),
            Some(policy) if !policy.sliding || policy.absolute_lifetime.is_some_and(is_capped) => Self::Fixed(expiry),
            Some(_) if sso == Sso::Ended => Self::SsoEnded(expiry),
            Some(_) => Self::Renewable(expiry),
        }
    }

    fn expiry(self) -> Option<RefreshTokenExpiry> {
        match self {
            Self::UnknownRenewal(expiry)
            | Self::Renewable(expiry)
            | Self::SsoEnded(expiry)
            | Self::Fixed(expiry)
            | Self::Expired(expiry) => Some(expiry),
            _ => None,
        }
    }
}

impl<'a> SessionOutlook<'a> {
    pub fn new(now: Time, session: &'a Session, policy: Option<&'a Policy>, renew: Renew) -> Self {
        let sso = policy.map_or(Sso::Unknown, |policy| Sso::from_session(session, policy));
        let state = SessionState::new(now, session, policy, sso);
        let (expiry, renewal_due_at) = (state.expiry(), renewal_due_at(session, policy, renew));
        Self { now, session, policy, renew, state, expiry, sso, renewal_due_at, paused_until: None }
    }

    /// When the first refresh token of this session was issued; `None` if none is held.
    pub fn issued_at(&self) -> Option<Time> {
        self.held_token().map(|_| self.session.login_at)
    }

    /// From when the refresh token's lifetime counts: the login (fixed), or the last certain renewal (sliding).
    pub fn renewed_at(&self) -> Option<Time> {
        self.expiry.map(|expiry| expiry.renewed_at).or_else(|| self.held_token().map(|held| held.renewed_at))
    }

    /// The refresh token, unless the policy issues none: then nothing is documented of it.
    fn held_token(&self) -> Option<&'a HeldToken> {
        self.session.held_token().filter(|_| self.policy.is_none_or(|policy| policy.lifetime.is_some()))
    }

    /// How long until the refresh token expires; zero once it has expired, was refused or is not active.
    pub fn remaining(&self) -> Option<Seconds> {
        if self.is_expired() { Some(Seconds::ZERO) } else { self.expiry.map(|expiry| expiry.expires_at.left(self.now)) }
    }

    /// Whether the refresh token was refused, is not active or has expired; `false` if there is none.
    pub fn is_expired(&self) -> bool {
        matches!(self.state, SessionState::Rejected(_) | SessionState::FoundInactive(_) | SessionState::Expired(_))
    }

    /// Where the expiry of the refresh token, or that it has ended, is known from; `None` if it is not known.
    pub fn expiry_source(&self) -> Option<ExpirySource> {
        match self.state {
            SessionState::FoundInactive(_) => Some(ExpirySource::Provider),
            _ => self.expiry.map(|expiry| expiry.source),
        }
    }

    /// When the refresh token would expire after a refresh now; `None` if no refresh can succeed.
    pub fn after_refresh_expires_at(&self) -> Option<Time> {
        match self.state {
            SessionState::SsoEnded(expiry) | SessionState::Fixed(expiry) => Some(expiry.expires_at),
            SessionState::Renewable(expiry) => {
                let end = self.now.plus(expiry.lifetime);
                Some(self.policy?.absolute_lifetime.map_or(end, |cap| end.min(self.session.login_at.plus(cap))))
            }
            _ => None,
        }
    }

    /// What would help now, and when that changes if nothing is done (`None`: never by itself).
    pub fn next_action(&self) -> (NextAction, Option<Time>) {
        let intent = Intent::AccessToken { min_ttl: Seconds::ZERO };
        let decision = decide(self.now, self.session, self.policy, self.renew, intent);
        let changes_at = decision.changes_at;
        let unless_used = |idle| if decision.action == Action::Use { idle } else { NextAction::Refresh };
        let idle = if self.policy.is_some() { NextAction::None } else { NextAction::Unknown };
        let change_or = |end: Time| Some(changes_at.map_or(end, |at| at.min(end)));
        match self.state {
            SessionState::Rejected(_) | SessionState::FoundInactive(_) | SessionState::Expired(_) => {
                (NextAction::Login, None)
            }
            SessionState::RefusedTokenKept => (NextAction::Refresh, changes_at),
            SessionState::NoRefreshToken if decision.action == Action::Use => (NextAction::None, changes_at),
            SessionState::NoRefreshToken => (NextAction::Login, changes_at),
            SessionState::UnknownExpiry => (unless_used(idle), changes_at),
            SessionState::UnknownRenewal(expiry) => (unless_used(idle), change_or(expiry.expires_at)),
            SessionState::Renewable(expiry) => (NextAction::Refresh, Some(self.act_before(expiry))),
            SessionState::SsoEnded(expiry) | SessionState::Fixed(expiry) => {
                (unless_used(NextAction::None), change_or(self.act_before(expiry)))
            }
        }
    }

    /// The expiry to act before: the earliest possible one, or once that has passed, the one the policy implies.
    fn act_before(&self, expiry: RefreshTokenExpiry) -> Time {
        if self.now < expiry.expires_at_earliest { expiry.expires_at_earliest } else { expiry.expires_at }
    }

    /// How long the session certainly lasts: until the refresh token's earliest expiry, or without a refresh token until
    /// the access token's. `None` if that is not known.
    pub fn certain_for(&self) -> Option<Seconds> {
        let end = match self.expiry {
            _ if self.is_expired() => self.now,
            Some(expiry) => expiry.expires_at_earliest,
            None if self.held_token().is_some() => return None,
            None => self.session.access_token.expires_at,
        };
        Some(end.left(self.now))
    }

    /// One line for a prompt: `Mobile 89d`, `Mobile 5d?` (no longer certain), `Mobile ended`, `NoRefresh 59m`,
    /// `unknown 59m+` (at least until the access token expires).
    pub fn short(&self) -> String {
        let access_token_expires_at = self.session.access_token.expires_at;
        let left = |end: Time| end.left(self.now).to_short_text();
        let name = self.policy.map_or("unknown", |policy| policy.name.as_str());
        let is_known = self.expiry.is_some() || !self.has_token_beside_policy();
        match (self.certain_for().filter(|_| is_known), self.expiry.map(|expiry| expiry.expires_at)) {
            (Some(certain), _) if certain > Seconds::ZERO => format!("{name} {}", certain.to_short_text()),
            (Some(_), Some(implied)) if implied > self.now => format!("{name} {}?", left(implied)),
            (Some(_), _) => format!("{name} ended"),
            (None, _) if access_token_expires_at > self.now => format!("{name} {}+", left(access_token_expires_at)),
            (None, _) => format!("{name} refresh due"),
        }
    }

    /// Whether a refresh token is held although the policy issues none. It is tried all the same.
    pub fn has_token_beside_policy(&self) -> bool {
        self.session.held_token().is_some() && self.held_token().is_none()
    }

    /// Whether a refresh that waits for the access token to expire comes too late.
    pub fn expires_before_access_token(&self) -> bool {
        let token = &self.session.access_token;
        let access_token_lifetime = token.expires_at.since(token.obtained_at);
        match (self.expiry, self.policy) {
            (Some(expiry), Some(_)) => expiry.lifetime < access_token_lifetime,
            (None, Some(policy)) => policy.expires_before_access_token(access_token_lifetime),
            (_, None) => false,
        }
    }
}
