//! What a session can expect under its policy: when it ends, what a refresh now would change, what to do and when.
//! The facts behind `tidp policy`, computed and put into words without any I/O.

mod explanation;
pub mod observations;
pub mod policy_descriptions;
pub mod sentence;
#[cfg(test)]
mod tests;
pub mod warnings;

use crate::domain::decision::{Action, Decision, Intent, Renew, decide};
use crate::domain::policy::{ClientType, Policy};
use crate::domain::session::{RefreshToken, RefreshTokenExpiry, Session, Sso};
use crate::domain::time::{Seconds, Time};
use sentence::Sentence;
use serde::Serialize;

/// What would help the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NextAction {
    /// Nothing: a refresh is not due and would not move the end.
    None,
    /// A refresh: it is due, or it would move the end.
    Refresh,
    /// Only a login.
    Login,
    /// The policy is not known.
    Unknown,
}

/// The facts behind `tidp policy`. Every end is an estimate from the policy: only the provider decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outlook {
    /// The policy, if it is known.
    pub policy: Option<Policy>,
    /// The client type, if the profile names one.
    pub client_type: Option<ClientType>,
    /// When the first refresh token of this session was issued: the login. `None` where none is held.
    pub issued_at: Option<Time>,
    /// Where its life counts from: the login (fixed), or the last evident renewal (sliding).
    pub renewed_at: Option<Time>,
    /// The end that the policy implies.
    pub expires_at: Option<Time>,
    /// The end that can be relied on.
    pub expires_at_earliest: Option<Time>,
    /// Until `expires_at`; zero once it has come or the token was refused.
    pub remaining: Option<Seconds>,
    /// Whether the refresh token has ended: refused, or past `expires_at`. `false` where there is none to end.
    pub expired: bool,
    /// What a refresh now would make of `expires_at`; `None` where no refresh can succeed.
    pub after_refresh_expires_at: Option<Time>,
    /// What was observed of the SSO session.
    pub sso: Sso,
    /// What would help now.
    pub next_action: NextAction,
    /// When that answer changes if nothing is done (for an end: the one that can be relied on, while it lies ahead);
    /// `None`: never by itself.
    pub act_before: Option<Time>,
    /// When the access token ends; `None` without a session.
    pub access_token_expires_at: Option<Time>,
    /// All this in sentences.
    pub explanation: Vec<Sentence>,
}

/// What a session and its policy amount to: each calls for something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Situation {
    /// There is no session.
    NoSession,
    /// The login brought no refresh token.
    NeverIssued,
    /// The provider refused the refresh token.
    Refused(Time),
    /// The provider refused a refresh and did not say for what: the next one tells.
    RefusedTokenKept,
    /// One is held, of which no policy tells the end.
    UnknownExpiry,
    /// A refresh would renew it.
    Renewable(RefreshTokenExpiry),
    /// Sliding, but the SSO session has ended: no refresh renews it.
    SsoEnded(RefreshTokenExpiry),
    /// No refresh moves its end: a fixed life, or a sliding one that has reached its absolute end.
    Fixed(RefreshTokenExpiry),
    /// Its end has come.
    Ended(RefreshTokenExpiry),
}

impl Situation {
    fn of(now: Time, session: Option<&Session>, policy: Option<&Policy>) -> Self {
        let Some(session) = session else { return Self::NoSession };
        match session.refresh_token {
            RefreshToken::NeverIssued => return Self::NeverIssued,
            RefreshToken::Refused { refused_at: at, .. } => return Self::Refused(at),
            RefreshToken::Held(_) => {}
        }
        if session.unresolved_refusal().is_some() {
            return Self::RefusedTokenKept;
        }
        let Some((policy, life)) = policy.and_then(|p| Some((p, RefreshTokenExpiry::from_session(session, p)?))) else {
            return Self::UnknownExpiry;
        };
        let capped = policy.absolute_lifetime.is_some_and(|cap| session.login_at.plus(cap) <= life.expires_at_earliest);
        if now >= life.expires_at {
            Self::Ended(life)
        } else if !policy.sliding || capped {
            Self::Fixed(life)
        } else if Sso::from_session(session, policy) == Sso::Ended {
            Self::SsoEnded(life)
        } else {
            Self::Renewable(life)
        }
    }

    /// What would help, and when that changes, given the plan for an access token.
    fn next(self, now: Time, policy_known: bool, plan: Decision) -> (NextAction, Option<Time>) {
        let idle = if policy_known { NextAction::None } else { NextAction::Unknown };
        match (self, plan.action) {
            (Self::NoSession | Self::Refused(_) | Self::Ended(_), _) => (NextAction::Login, None),
            (Self::RefusedTokenKept, _) => (NextAction::Refresh, plan.changes_at),
            (Self::NeverIssued, Action::Use) => (NextAction::None, plan.changes_at),
            (Self::NeverIssued, _) => (NextAction::Login, plan.changes_at),
            (Self::UnknownExpiry, Action::Use) => (idle, plan.changes_at),
            (Self::UnknownExpiry, _) => (NextAction::Refresh, plan.changes_at),
            (Self::Renewable(life), _) => (NextAction::Refresh, Some(relied_on(now, life))),
            (Self::SsoEnded(life) | Self::Fixed(life), action) => {
                let end = relied_on(now, life);
                let next = if action == Action::Use { NextAction::None } else { NextAction::Refresh };
                (next, Some(plan.changes_at.map_or(end, |at| at.min(end))))
            }
        }
    }

    /// The refresh token's life, where a policy tells one.
    fn life(self) -> Option<RefreshTokenExpiry> {
        match self {
            Self::NoSession | Self::NeverIssued | Self::Refused(_) | Self::RefusedTokenKept | Self::UnknownExpiry => {
                None
            }
            Self::Renewable(life) | Self::SsoEnded(life) | Self::Fixed(life) | Self::Ended(life) => Some(life),
        }
    }
}

/// Whether a refresh at `now` would renew the session.
pub fn is_renewable(now: Time, session: &Session, policy: Option<&Policy>) -> bool {
    matches!(Situation::of(now, Some(session), policy), Situation::Renewable(_))
}

/// The end to act before: the one that can be relied on, or once that has passed, the implied one.
fn relied_on(now: Time, life: RefreshTokenExpiry) -> Time {
    if now < life.expires_at_earliest { life.expires_at_earliest } else { life.expires_at }
}

impl Outlook {
    /// The outlook at `now` of `session` (what the store holds) under the profile's `policy` and `renew`.
    pub fn of(
        now: Time,
        session: Option<&Session>,
        policy: Option<&Policy>,
        client_type: Option<ClientType>,
        renew: Renew,
    ) -> Self {
        let situation = Situation::of(now, session, policy);
        let life = situation.life();
        let plan = decide(now, session, policy, renew, Intent::AccessToken { min_ttl: Seconds::ZERO });
        let (next_action, act_before) = situation.next(now, policy.is_some(), plan);
        let refused = matches!(situation, Situation::Refused(_));
        // Held under a policy that issues none: what is held has no documented times.
        let held =
            session.filter(|_| policy.is_none_or(|policy| policy.lifetime.is_some())).and_then(Session::held_token);
        Self {
            policy: policy.copied(),
            client_type,
            issued_at: held.and(session).map(|session| session.login_at),
            renewed_at: life.map(|life| life.renewed_at).or_else(|| held.map(|held| held.renewed_at)),
            expires_at: life.map(|life| life.expires_at),
            expires_at_earliest: life.map(|life| life.expires_at_earliest),
            remaining: life.map(|life| life.expires_at.left(now)).or(refused.then_some(Seconds::ZERO)),
            expired: refused || matches!(situation, Situation::Ended(_)),
            after_refresh_expires_at: after_refresh(now, situation, session, policy),
            sso: session.zip(policy).map_or(Sso::Unknown, |(session, policy)| Sso::from_session(session, policy)),
            next_action,
            act_before,
            access_token_expires_at: session.map(|session| session.access_token.expires_at),
            explanation: explanation::explanation(now, situation, session, policy, renew),
        }
    }

    /// How long the session can be relied on from `now`: the refresh token's sure end, or without one the access
    /// token's; `None` where that is not known. For `--require` and a prompt.
    pub fn sure_for(&self, now: Time) -> Option<Seconds> {
        if self.expired {
            return Some(Seconds::ZERO);
        }
        let end = match (self.expires_at_earliest, self.issued_at) {
            (Some(end), _) => Some(end),
            (None, Some(_)) => None,
            (None, None) => self.access_token_expires_at,
        };
        end.map(|end| end.left(now))
    }

    /// One line for a prompt: `Mobile 89d`, `Mobile 5d?` (no longer to be relied on), `Mobile ended`, `NoRefresh 59m`,
    /// `unknown 59m+` (at least the access token's life), `no session`.
    pub fn short(&self, now: Time) -> String {
        let Some(access_token_end) = self.access_token_expires_at else { return "no session".to_owned() };
        let name = self.policy.map_or("unknown", |policy| policy.name.as_str());
        match (self.sure_for(now), self.expires_at) {
            (Some(left), _) if left > Seconds::ZERO => format!("{name} {}", left.to_short_text()),
            (Some(_), Some(implied)) if implied > now => format!("{name} {}?", implied.left(now).to_short_text()),
            (Some(_), _) => format!("{name} ended"),
            (None, _) if access_token_end > now => format!("{name} {}+", access_token_end.left(now).to_short_text()),
            (None, _) => format!("{name} refresh due"),
        }
    }
}

/// What a refresh now would make of the end.
fn after_refresh(now: Time, at: Situation, session: Option<&Session>, policy: Option<&Policy>) -> Option<Time> {
    match at {
        Situation::NoSession | Situation::NeverIssued | Situation::Refused(_) => None,
        Situation::RefusedTokenKept | Situation::UnknownExpiry | Situation::Ended(_) => None,
        Situation::SsoEnded(life) | Situation::Fixed(life) => Some(life.expires_at),
        Situation::Renewable(_) => {
            let (session, policy) = session.zip(policy)?;
            let end = now.plus(policy.lifetime?);
            Some(policy.absolute_lifetime.map_or(end, |cap| end.min(session.login_at.plus(cap))))
        }
    }
}
