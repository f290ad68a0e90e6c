//! What a session's events say about its policy: whether the two contradict each other, and why a refresh token was
//! probably refused.

use super::sentence::Sentence;
use crate::domain::policy::Policy;
use crate::domain::secret::Secret;
use crate::domain::session::{EventKind, HeldToken, RefreshToken, RefreshTokenExpiry, Renewal, Session, SessionEvent};
use crate::domain::time::{CLOCK_TOLERANCE, Seconds, Time};

/// How the session's responses contradict its policy, worded as a warning; `None` if they do not.
pub fn policy_mismatch(session: &Session, policy: &Policy) -> Option<Sentence> {
    let name = policy.name.as_str();
    match (&session.refresh_token, policy.lifetime) {
        (RefreshToken::Held(_), None) => {
            return Some(Sentence::new(format!(
                "the profile says {name}, but the provider issued a refresh token: the client is of another type"
            )));
        }
        (RefreshToken::NeverIssued, Some(_)) if session.scopes.iter().any(|scope| scope == "offline_access") => {
            return Some(Sentence::new(format!(
                "the profile says {name}, but the provider issued no refresh token although offline_access was \
                 granted: the client is probably of type Public (policy NoRefresh)"
            )));
        }
        _ => {}
    }
    if let Some(said) = introspection_mismatch(session, policy) {
        return Some(said);
    }
    if let Some((at, expired_at)) = accepted_after_expiry(session, policy) {
        return Some(
            Sentence::new("the provider accepted the refresh token ")
                .time(at)
                .text(format!(", but by {name} it had expired "))
                .time(expired_at)
                .text(": the client probably has another policy than the profile says"),
        );
    }
    let (at, expiry) = expiry_when_refused(session, policy)?;
    let tenth = Seconds(policy.lifetime?.0 / 10).max(CLOCK_TOLERANCE);
    (at < expiry.expires_at_earliest.minus(tenth) && spent_before(session).is_none()).then(|| {
        Sentence::new("the provider refused the refresh token ")
            .time(at)
            .text(format!(", but by {name} it was valid until "))
            .time(expiry.expires_at_earliest)
            .text(": it was revoked or used elsewhere, or the client has another policy than the profile says")
    })
}

/// How the expiry that the provider says contradicts the policy, worded as a warning; `None` if it does not.
pub fn introspection_mismatch(session: &Session, policy: &Policy) -> Option<Sentence> {
    let said = session.introspected_expiry()?;
    let by_policy = RefreshTokenExpiry::by_policy(session, policy)?;
    let earliest = by_policy.expires_at_earliest.minus(CLOCK_TOLERANCE);
    let latest = by_policy.expires_at.plus(CLOCK_TOLERANCE);
    (said < earliest || said > latest).then(|| {
        Sentence::new("the provider says that the refresh token expires ")
            .time(said)
            .text(format!(", but by {} it would expire ", policy.name.as_str()))
            .time(by_policy.expires_at)
            .text(": the client has another policy than the profile says")
    })
}

/// Why the provider probably refused the refresh token; `None` if it did not. `invalid_grant` does not say why.
pub fn probable_refusal(session: &Session, policy: Option<&Policy>) -> Option<Sentence> {
    let RefreshToken::Refused { refused_at, .. } = session.refresh_token else { return None };
    let known = policy.and_then(|policy| expiry_when_refused(session, policy));
    if let Some((at, expiry)) = known.filter(|(at, expiry)| *at >= expiry.expires_at) {
        let expired =
            Sentence::new("Probably it had expired: by the policy it was valid until ").time(expiry.expires_at);
        return Some(if refused_at >= expiry.expires_at {
            expired.text(".")
        } else {
            expired.text(format!(
                ", and the provider's clock, which has moved {} ahead of this machine's, is past that.",
                at.since(refused_at).to_text()
            ))
        });
    }
    if let Some(before) = spent_before(session) {
        return Some(Sentence::new(format!("Probably it had been spent already: {before}.")));
    }
    let Some((at, expiry)) = known else {
        return Some(Sentence::new(
            "It had expired, was revoked, or was used elsewhere; the provider does not say which.",
        ));
    };
    Some(if at >= expiry.expires_at_earliest {
        Sentence::new("Probably it had expired: it was certain to work only until ")
            .time(expiry.expires_at_earliest)
            .text(", and the refreshes after that may not have renewed it.")
    } else {
        Sentence::new("By the policy it was valid until ").time(expiry.expires_at_earliest).text(
            ", so it was probably revoked (a logout, say) or used elsewhere, or the client has another policy than the \
             profile says.",
        )
    })
}

/// When the refresh token was refused, and its expiry then, from the events. The provider's clock decides, so the moment
/// is by that clock: what this machine would show, had the two clocks kept their distance since the last response.
fn expiry_when_refused(session: &Session, policy: &Policy) -> Option<(Time, RefreshTokenExpiry)> {
    let RefreshToken::Refused { refused_at: at, clocks_moved_apart } = session.refresh_token else { return None };
    let at = at.plus(clocks_moved_apart);
    let mut held = HeldToken::new(Secret::default(), session.login_at);
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

/// A refresh that succeeded clearly after the expiry that the policy implies: when, and that expiry.
fn accepted_after_expiry(session: &Session, policy: &Policy) -> Option<(Time, Time)> {
    let lifetime = policy.lifetime?;
    let mut end = (!policy.sliding).then(|| session.login_at.plus(lifetime));
    for SessionEvent { time: at, kind: what, .. } in &session.events {
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

/// How the refresh before the refusal may have spent the token without returning another.
fn spent_before(session: &Session) -> Option<&'static str> {
    let before = session
        .events
        .iter()
        .rev()
        .find(|e| !matches!(e.kind, EventKind::Refused { .. } | EventKind::RefusedTokenKept { .. }))?;
    match before.kind {
        EventKind::Unanswered { .. } | EventKind::Interrupted => Some("the refresh before it got no usable response"),
        EventKind::Discarded { .. } => Some("the response to the refresh before it failed a check and was discarded"),
        EventKind::Login { .. }
        | EventKind::Refreshed { .. }
        | EventKind::Refused { .. }
        | EventKind::RefusedTokenKept { .. } => None,
    }
}
