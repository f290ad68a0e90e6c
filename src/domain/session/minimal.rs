//! The smallest session, for a store with small entries.

use super::{AccessToken, InvalidEntry, Session};
use crate::domain::scoped_tokens::ScopedTokens;
use crate::domain::secret::Secret;

/// The session in `document` without ID token, events, access tokens and what the provider says of the refresh token.
///
/// # Errors
/// [`InvalidEntry::Garbage`] if `document` is not a session of this version.
pub fn minimal_session(document: &Secret) -> Result<Secret, InvalidEntry> {
    let session: Session = serde_json::from_str(document.expose()).map_err(|_| InvalidEntry::Garbage)?;
    let access_token = AccessToken::absent(session.access_token.obtained_at);
    let scoped_tokens = ScopedTokens::default();
    Ok(Session { access_token, scoped_tokens, id_token: None, events: Vec::new(), ..session }
        .with_introspection(None)
        .to_json())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::decision::{self, Action, Intent, Renew};
    use crate::domain::scoped_tokens::tests::token;
    use crate::domain::scopes::ScopeSet;
    use crate::domain::session::RefreshReason;
    use crate::domain::session::tests::logged_in;
    use crate::domain::time::{CLOCK_TOLERANCE, Seconds, Time};

    #[test]
    fn minimal_session_keeps_refresh_token_and_is_due() {
        let at = Time::from_unix(1_800_000_000);
        let mut whole = logged_in(at, Some("rt")).with_refresh_started(at);
        whole.scoped_tokens = whole.scoped_tokens.with(ScopeSet::parse(["api:x"]), token("one", at), at);
        let least = Session::from_json(&minimal_session(&whole.to_json()).unwrap(), &whole.key).unwrap();
        assert_eq!((&least.refresh_token, least.generation), (&whole.refresh_token, whole.generation));
        assert_eq!((least.refresh_started_at, &least.account), (whole.refresh_started_at, &whole.account));
        assert!(!whole.events.is_empty() && least.events.is_empty() && least.id_token.is_none());
        assert!(!whole.scoped_tokens.is_empty() && least.scoped_tokens.is_empty());
        for now in [at, at.minus(CLOCK_TOLERANCE)] {
            let intent = Intent::AccessToken { min_ttl: Seconds::ZERO };
            let decision = decision::decide(now, Some(&least), None, Renew::WhenDue, intent);
            assert_eq!(decision.action, Action::Refresh(RefreshReason::Expired));
        }
    }

    #[test]
    fn only_a_session_has_a_minimal_one() {
        assert_eq!(minimal_session(&Secret::new("a client secret")), Err(InvalidEntry::Garbage));
    }
}
