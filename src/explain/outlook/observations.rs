//! What a session's own past says about its policy: whether they contradict each other, and why a refresh token was
//! probably refused. The provider says neither, so both are worded as likelihoods.

use super::sentence::Sentence;
use crate::domain::policy::Policy;
use crate::domain::secret::Secret;
use crate::domain::session::{EventKind, HeldToken, RefreshToken, RefreshTokenExpiry, Renewal, Session, SessionEvent};
use crate::domain::time::{CLOCK_TOLERANCE, Seconds, Time};

/// Where the session's answers contradict its policy, worded as a warning; `None` where they do not.
pub fn policy_mismatch(session: &Session, policy: &Policy) -> Option<Sentence> {
    let name = policy.name.as_str();
    match (&session.refresh_token, policy.lifetime) {
        (RefreshToken::Held(_), None) => {
            return Some(Sentence::new(format!(
                "the profile says {name}, but the provider issued a refresh token: the client is of another type"
            )));
        }
        (RefreshToken::NeverIssued, Some(_)) if asked_offline(session) => {
            return Some(Sentence::new(format!(
                "the profile says {name}, but the provider issued no refresh token although offline_access was \
                 granted: the client is probably of type Public (policy NoRefresh)"
            )));
        }
        _ => {}
    }
    if let Some((at, end)) = answered_after_its_end(session, policy) {
        return Some(
            Sentence::new("the provider accepted the refresh token ")
                .at(at)
                .say(", though by ")
                .say(name)
                .say(" it had ended ")
                .at(end)
                .say(": the client's policy is probably another one than the profile says"),
        );
    }
    let (at, life) = life_when_refused(session, policy)?;
    let tenth = Seconds(policy.lifetime?.0 / 10).max(CLOCK_TOLERANCE);
    (at < life.expires_at_earliest.minus(tenth) && spent_before(session).is_none()).then(|| {
        Sentence::new("the provider refused the refresh token ")
            .at(at)
            .say(", though by ")
            .say(name)
            .say(" it had until ")
            .at(life.expires_at_earliest)
            .say(": it was revoked or used elsewhere, or the client's policy is another one than the profile says")
    })
}

/// Why the provider probably refused the refresh token, in one sentence; `None` if it refused none. Its answer
/// (`invalid_grant`) does not say.
pub fn probable_refusal(session: &Session, policy: Option<&Policy>) -> Option<Sentence> {
    let RefreshToken::Refused { .. } = session.refresh_token else { return None };
    let ended = policy.and_then(|policy| life_when_refused(session, policy));
    if let Some((at, life)) = ended.filter(|(at, life)| *at >= life.expires_at) {
        let told = Sentence::new("Probably it had simply ended: the policy gave it until ").at(life.expires_at);
        return Some(match refused_at(session)? {
            here if here >= life.expires_at => told.say("."),
            here => told.say(format!(
                ", and the provider's clock, which has moved {} ahead of this machine's, is past that.",
                at.since(here).to_text()
            )),
        });
    }
    if let Some(before) = spent_before(session) {
        return Some(Sentence::new(format!("Probably it had been spent already: {before}.")));
    }
    let Some((at, life)) = ended else {
        return Some(Sentence::new(
            "It had ended, was revoked, or was used elsewhere; the provider does not say which.",
        ));
    };
    Some(if at >= life.expires_at_earliest {
        Sentence::new("Probably it had ended: it could be relied on until ")
            .at(life.expires_at_earliest)
            .say(", and the refreshes after that may not have renewed it.")
    } else {
        Sentence::new("The policy gave it until ").at(life.expires_at_earliest).say(
            ", so it was probably revoked (a logout, say) or used elsewhere, or the client's policy is \
             another one than the profile says.",
        )
    })
}

/// When the refresh token was refused, by this machine's clock.
fn refused_at(session: &Session) -> Option<Time> {
    match session.refresh_token {
        RefreshToken::Refused { refused_at: at, .. } => Some(at),
        RefreshToken::NeverIssued | RefreshToken::Held(_) => None,
    }
}

/// The moment of the refusal, and the life the token had then, told from the events. Only the provider's clock decides, so
/// the moment is by that one, as it would be shown here had the two clocks gone on together since it last answered.
fn life_when_refused(session: &Session, policy: &Policy) -> Option<(Time, RefreshTokenExpiry)> {
    let RefreshToken::Refused { refused_at: at, clocks_moved_apart } = session.refresh_token else { return None };
    let at = at.plus(clocks_moved_apart);
    let mut held =
        HeldToken { value: Secret::default(), renewed_at: session.login_at, reused_at: None, omitted_since: None };
    for event in &session.events {
        match event.kind {
            EventKind::Login { .. } | EventKind::Refreshed { renewal: Renewal::New, .. } => {
                held.renewed_at = event.time;
                held.reused_at = None;
            }
            EventKind::Refreshed { renewal: Renewal::Same, .. } => held.reused_at = Some(event.time),
            _ => {}
        }
    }
    let then = Session { refresh_token: RefreshToken::Held(held), ..session.clone() };
    Some((at, RefreshTokenExpiry::by_policy(&then, policy)?))
}

/// A refresh that succeeded clearly after the end that the policy implies: when, and that end.
fn answered_after_its_end(session: &Session, policy: &Policy) -> Option<(Time, Time)> {
    let lifetime = policy.lifetime?;
    let mut end = (!policy.sliding).then(|| session.login_at.plus(lifetime));
    for SessionEvent { time: at, kind: what } in &session.events {
        let renewal = match what {
            EventKind::Login { .. } => Renewal::New,
            EventKind::Refreshed { renewal, .. } => {
                if let Some(end) = end.filter(|end| *at > end.plus(CLOCK_TOLERANCE)) {
                    return Some((*at, end));
                }
                *renewal
            }
            _ => continue,
        };
        if policy.sliding && renewal != Renewal::None {
            end = Some(at.plus(lifetime));
        }
    }
    None
}

/// What the refresh before the refusal may have spent the token on without bringing another.
fn spent_before(session: &Session) -> Option<&'static str> {
    let before = session
        .events
        .iter()
        .rev()
        .find(|e| !matches!(e.kind, EventKind::Refused { .. } | EventKind::RefusedTokenKept { .. }))?;
    match before.kind {
        EventKind::Unanswered { .. } | EventKind::Interrupted => {
            Some("the refresh before it brought no answer that could be used")
        }
        EventKind::Discarded { .. } => Some("the answer to the refresh before it failed a check and was not used"),
        EventKind::Login { .. }
        | EventKind::Refreshed { .. }
        | EventKind::Refused { .. }
        | EventKind::RefusedTokenKept { .. } => None,
    }
}

/// Whether a refresh token was to be expected.
fn asked_offline(session: &Session) -> bool {
    session.scopes.iter().any(|scope| scope == "offline_access")
}
