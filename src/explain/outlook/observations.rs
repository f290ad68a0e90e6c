//! What a session's events say about its policy: whether the two contradict each other, and why a refresh token was
//! probably refused.

use super::sentence::Words;
use crate::domain::policy::Policy;
use crate::domain::secret::Secret;
use crate::domain::session::{
    EventKind, ExpirySource, HeldToken, Introspection, RefreshToken, RefreshTokenExpiry, RefreshTokenStatus, Renewal,
    Session, SessionEvent,
};
use crate::domain::time::{CLOCK_TOLERANCE, Seconds, Time};

/// How the session's responses contradict its policy, worded as a warning; `None` if they do not.
pub fn policy_mismatch(session: &Session, policy: &Policy, words: &Words<'_>) -> Option<String> {
    let name = policy.name.as_str();
    match (&session.refresh_token, policy.lifetime) {
        (RefreshToken::Held(_), None) => {
            return Some(format!(
                "the profile says {name}, but the provider issued a refresh token: the client is of another type"
            ));
        }
        (RefreshToken::NeverIssued, Some(_)) if session.scopes.iter().any(|scope| scope == "offline_access") => {
            return Some(format!(
                "the profile says {name}, but the provider issued no refresh token although offline_access was \
                 granted: the client is probably of type Public (policy NoRefresh)"
            ));
        }
        _ => {}
    }
    if let Some(said) = introspection_mismatch(session, policy, words) {
        return Some(said);
    }
    if let Some(times) = accepted_after_expiry(session, policy) {
        let [at, expired_at] = times.map(words.format_time);
        return Some(format!(
            "the provider accepted the refresh token {at}, but under {name} it had expired {expired_at}: the client \
             probably has another policy than the profile says"
        ));
    }
    let (at, before) = session_before_rejection(session)?;
    let expiry = RefreshTokenExpiry::by_policy(&before, policy)?;
    if before.introspected_expiry().is_some() {
        return contradiction("the provider said that the refresh token would expire", &before, policy, words);
    }
    let tenth = Seconds(policy.lifetime?.0 / 10).max(CLOCK_TOLERANCE);
    (at < expiry.expires_at_earliest.minus(tenth) && earlier_use(session).is_none()).then(|| {
        let [at, end] = [at, expiry.expires_at_earliest].map(words.format_time);
        format!(
            "the provider refused the refresh token {at}, but under {name} it was valid until {end}: it was revoked or \
             used elsewhere, or the client has another policy than the profile says"
        )
    })
}

/// How the expiry that the provider says contradicts the policy, worded as a warning; `None` if it does not.
pub fn introspection_mismatch(session: &Session, policy: &Policy, words: &Words<'_>) -> Option<String> {
    contradiction("the provider says that the refresh token expires", session, policy, words)
}

fn contradiction(subject: &str, session: &Session, policy: &Policy, words: &Words<'_>) -> Option<String> {
    let said = session.introspected_expiry()?;
    let by_policy = RefreshTokenExpiry::by_policy(session, policy)?;
    let earliest = by_policy.expires_at_earliest.minus(CLOCK_TOLERANCE);
    let latest = by_policy.expires_at.plus(CLOCK_TOLERANCE);
    (said < earliest || said > latest).then(|| {
        let ([said, end], name) = ([said, by_policy.expires_at].map(words.format_time), policy.name.as_str());
        let verdict = "the client has another policy than the profile says";
        format!("{subject} {said}, but under {name} it would expire {end}: {verdict}")
    })
}

/// SelectionReason the provider probably refused the refresh token; `None` if it did not. `invalid_grant` does not say why.
pub fn probable_rejection_cause(session: &Session, policy: Option<&Policy>, words: &Words<'_>) -> Option<String> {
    let RefreshToken::Rejected { rejected_at, .. } = session.refresh_token else { return None };
    let known = expiry_at_rejection(session, policy);
    if let Some((at, expiry)) = known.filter(|(at, expiry)| *at >= expiry.expires_at) {
        let source = match expiry.source {
            ExpirySource::Provider => "as the provider had said",
            ExpirySource::Policy => "under the policy",
        };
        let clock = if rejected_at >= expiry.expires_at {
            String::new()
        } else {
            let ahead = at.since(rejected_at).to_text();
            format!(", and the provider's clock, which has moved {ahead} ahead of this machine's, is past that")
        };
        let end = words.time(expiry.expires_at);
        return Some(format!("It had probably expired: {source} it was valid until {end}{clock}."));
    }
    if let Some(before) = earlier_use(session) {
        return Some(format!("It was probably used up already: {before}."));
    }
    Some(match known {
        None => "It had expired, was revoked, or was used elsewhere; the provider does not say which.".to_owned(),
        Some((_, expiry)) if expiry.source == ExpirySource::Provider => format!(
            "The provider had said that it was valid until {}, so it was probably revoked (for example by a logout) or \
             used elsewhere.",
            words.time(expiry.expires_at)
        ),
        Some((at, expiry)) if at >= expiry.expires_at_earliest => format!(
            "It had probably expired: it was certain to work only until {}, and the refreshes after that may not have \
             renewed it.",
            words.time(expiry.expires_at_earliest)
        ),
        Some((_, expiry)) => format!(
            "Under the policy it was valid until {}, so it was probably revoked (for example by a logout) or used \
             elsewhere, or the client has another policy than the profile says.",
            words.time(expiry.expires_at_earliest)
        ),
    })
}

/// When the refresh token was refused, and its expiry then: as the provider had said, or else by the policy.
pub fn expiry_at_rejection(session: &Session, policy: Option<&Policy>) -> Option<(Time, RefreshTokenExpiry)> {
    let (at, before) = session_before_rejection(session)?;
    Some((at, RefreshTokenExpiry::new(&before, policy)?))
}

/// When the refresh token was refused, and the session before that, rebuilt from its events. The provider's clock decides,
/// so the moment is corrected by how far the two clocks have moved apart since the last response.
fn session_before_rejection(session: &Session) -> Option<(Time, Session)> {
    let RefreshToken::Rejected { rejected_at, clocks_moved_apart, introspected_expiry } = session.refresh_token else {
        return None;
    };
    let mut held = HeldToken::new(Secret::default(), session.login_at);
    held.introspection = introspected_expiry.map(|end| Introspection {
        asked_at: rejected_at,
        status: RefreshTokenStatus::Active { expires_at: Some(end) },
    });
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
    let before = Session { refresh_token: RefreshToken::Held(held), events: Vec::new(), ..session.clone() };
    Some((rejected_at.plus(clocks_moved_apart), before))
}

/// When a refresh token was accepted, and when it had expired before that.
fn accepted_after_expiry(session: &Session, policy: &Policy) -> Option<[Time; 2]> {
    let lifetime = policy.lifetime?;
    let mut end = (!policy.sliding).then(|| session.login_at.plus(lifetime));
    for SessionEvent { time: at, kind, .. } in &session.events {
        match (kind, end.filter(|end| *at > end.plus(CLOCK_TOLERANCE))) {
            (EventKind::Refreshed { .. }, Some(end)) => return Some([*at, end]),
            (EventKind::Refreshed { renewal: Renewal::None, .. }, None) => {}
            (EventKind::Login { .. } | EventKind::Refreshed { .. }, _) if policy.sliding => {
                end = Some(at.plus(lifetime))
            }
            _ => {}
        }
    }
    None
}

/// How an earlier refresh may have used up the token without returning another.
fn earlier_use(session: &Session) -> Option<&'static str> {
    let is_refusal = |kind: &EventKind| matches!(kind, EventKind::Rejected { .. } | EventKind::RefusedTokenKept { .. });
    match session.events.iter().rev().map(|event| &event.kind).find(|kind| !is_refusal(kind))? {
        EventKind::Unanswered { .. } | EventKind::Interrupted => Some("the refresh before it got no usable response"),
        EventKind::Discarded { .. } => Some("the response to the refresh before it failed a check and was discarded"),
        _ => None,
    }
}
