//! What a person should hear before it is too late, each with the code that JSON shows it under.

use super::observations::policy_mismatch;
use super::sentence::Sentence;
use super::{Situation, relied_on};
use crate::domain::decision::Renew;
use crate::domain::policy::Policy;
use crate::domain::session::Session;
use crate::domain::text::printable;
use crate::domain::time::{CLOCK_TOLERANCE, Seconds, Time};

/// A warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Its code in JSON.
    pub code: &'static str,
    /// What it says.
    pub message: Sentence,
}

/// What the session at `now` gives reason to warn of: `sso_ended`, `ends_soon`, `expires_before_access_token`,
/// `refresh_refused`, `refresh_interrupted`, `policy_mismatch`, `clock_skew`, in that order, each at most once.
pub fn warnings(now: Time, session: &Session, policy: Option<&Policy>, renew: Renew) -> Vec<Warning> {
    let situation = Situation::of(now, Some(session), policy);
    [
        ("sso_ended", sso_ended(now, situation)),
        ("ends_soon", policy.and_then(|policy| ends_soon(now, situation, policy))),
        ("expires_before_access_token", policy.and_then(|policy| dies_early(now, situation, session, policy, renew))),
        ("refresh_refused", refused_token_kept(session)),
        ("refresh_interrupted", interrupted(session)),
        ("policy_mismatch", policy.and_then(|policy| policy_mismatch(session, policy))),
        ("clock_skew", clock_went_back(now, session)),
    ]
    .into_iter()
    .filter_map(|(code, message)| Some(Warning { code, message: message? }))
    .collect()
}

/// The codes that [`in_passing`] gives.
pub const IN_PASSING: [&str; 3] = ["sso_ended", "ends_soon", "expires_before_access_token"];

/// Those of [`warnings`] that are worth a line while the user does something else, such as fetching a token: that an end
/// which nothing moves is near, or that a sliding life ends before the access token does.
pub fn in_passing(now: Time, session: &Session, policy: Option<&Policy>, renew: Renew) -> Vec<Warning> {
    if in_passing_from(now, session, policy, renew).is_none_or(|from| now < from) {
        return Vec::new();
    }
    let mut all = warnings(now, session, policy, renew);
    all.retain(|warning| IN_PASSING.contains(&warning.code));
    all
}

/// From when on [`in_passing`] has something to say, if the session stays as it is at `now`; `None`: never.
pub fn in_passing_from(now: Time, session: &Session, policy: Option<&Policy>, renew: Renew) -> Option<Time> {
    let policy = policy?;
    match Situation::of(now, Some(session), Some(policy)) {
        Situation::Fixed(life) => near(life.expires_at, policy),
        Situation::SsoEnded(life) => near(relied_on(now, life), policy),
        situation => {
            dies_early(now, situation, session, policy, renew).map(|_| session.access_token.obtained_at.min(now))
        }
    }
}

/// When an end that nothing moves is near: a day before, or a tenth of a life below ten days.
fn near(end: Time, policy: &Policy) -> Option<Time> {
    // The second after the one in which exactly that much is left.
    Some(end.minus(Seconds::days(1).min(Seconds(policy.lifetime?.0 / 10))).plus(Seconds(1)))
}

fn sso_ended(now: Time, situation: Situation) -> Option<Sentence> {
    let Situation::SsoEnded(life) = situation else { return None };
    Some(
        Sentence::new("the SSO session has ended, so a refresh no longer renews this session: it ends ")
            .at(relied_on(now, life))
            .say("; log in before then: ")
            .run("tidp login"),
    )
}

/// Only of a life that no refresh prolongs.
fn ends_soon(now: Time, situation: Situation, policy: &Policy) -> Option<Sentence> {
    let Situation::Fixed(life) = situation else { return None };
    let left = life.expires_at.left(now);
    (now >= near(life.expires_at, policy)?).then(|| {
        Sentence::new(format!("this session ends in {}, and no refresh prolongs it (", left.to_text()))
            .at(life.expires_at)
            .say("): log in before then: ")
            .run("tidp login")
    })
}

fn dies_early(now: Time, situation: Situation, session: &Session, policy: &Policy, renew: Renew) -> Option<Sentence> {
    let Situation::Renewable(life) = situation else { return None };
    if renew == Renew::BeforeSessionEnds || !ends_first(session, policy) {
        return None;
    }
    Some(
        Sentence::new(format!("under {} the refresh token ends (", policy.name.as_str()))
            .at(relied_on(now, life))
            .say(") before the access token does (")
            .at(session.access_token.expires_at)
            .say("); to keep the session, set renew = \"before-session-ends\" in the profile, or run ")
            .run("tidp refresh --force")
            .say(" in time"),
    )
}

/// Whether a refresh that waits for the access token to expire comes too late.
pub(super) fn ends_first(session: &Session, policy: &Policy) -> bool {
    let token = &session.access_token;
    policy.expires_before_access_token(token.expires_at.since(token.obtained_at))
}

pub(super) fn interrupted(session: &Session) -> Option<Sentence> {
    let (begun, discarded) = session.unfinished_refresh()?;
    let what = if discarded {
        " was answered, and the answer failed a check and was not used. The refresh token may have been spent"
    } else {
        " has no recorded end. Unless it is still under way, its answer was lost, and the refresh token may have been spent"
    };
    Some(Sentence::new("a refresh begun ").at(begun).say(what).say(
        ". Where the provider takes a refresh token again, nothing is lost; where each serves once, the session is over. \
         The next refresh tries it once and tells which",
    ))
}

pub(super) fn refused_token_kept(session: &Session) -> Option<Sentence> {
    let (at, error) = session.unresolved_refusal()?;
    let refused = Sentence::new("the provider refused the refresh of ").at(at);
    let refused =
        refused.say(format!(" ({}) and did not say that the refresh token has ended. It is kept, ", printable(error)));
    Some(
        if session.may_have_been_refused() {
            refused.say("and the next refresh tries it once more and tells: ")
        } else {
            refused.say("and how long it lives is said again after a refresh that succeeds: ")
        }
        .run("tidp refresh --force"),
    )
}

/// A stored time in the future: nothing computed from it can be right.
pub(super) fn clock_went_back(now: Time, session: &Session) -> Option<Sentence> {
    let held = session.held_token();
    let latest = [Some(session.login_at), Some(session.access_token.obtained_at), held.map(|held| held.renewed_at)]
        .into_iter()
        .flatten()
        .max()?;
    (latest > now.plus(CLOCK_TOLERANCE)).then(|| {
        Sentence::new("this computer's clock went back: the session was written ")
            .at(latest)
            .say(", which is still to come, so times computed from it are off by as much")
    })
}
