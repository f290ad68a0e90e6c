//! What happened to a session, in words.

use crate::domain::session::{EventKind, RefreshReason, Renewal, SessionEvent};
use crate::domain::text::printable;

/// SelectionReason a refresh was made; reads well after "refreshed".
pub fn refresh_reason(reason: RefreshReason) -> &'static str {
    match reason {
        RefreshReason::Expired => "because the access token had expired",
        RefreshReason::Claims => "for new claims",
        RefreshReason::Forced => "with --force",
        RefreshReason::Keepalive => "to renew the session",
    }
}

pub fn event_description(event: &SessionEvent) -> String {
    let cause = |reason: &RefreshReason| match &event.scopes {
        None => refresh_reason(*reason).to_owned(),
        Some(scopes) => format!("for a token of the scopes `{}`", printable(&scopes.to_text())),
    };
    let refresh = |reason| format!("refresh ({})", cause(reason));
    match &event.kind {
        EventKind::Login { refresh_token: true } => "login, with a refresh token".to_owned(),
        EventKind::Login { refresh_token: false } => "login, without a refresh token".to_owned(),
        EventKind::Refreshed { reason, renewal } => {
            let outcome = match renewal {
                Renewal::New => "the provider returned a new refresh token",
                Renewal::Same => "the provider returned the same refresh token",
                Renewal::None => "the provider returned no refresh token",
            };
            format!("refreshed {}: {outcome}", cause(reason))
        }
        EventKind::Rejected { reason, error } => format!("{} refused: {}", refresh(reason), printable(error)),
        EventKind::RefusedTokenKept { reason, error, .. } => {
            format!("{} refused: {}; the refresh token was kept", refresh(reason), printable(error))
        }
        EventKind::Unanswered { reason } => refresh(reason) + ": no usable response",
        EventKind::Discarded { reason } => refresh(reason) + ": the response failed a check and was discarded",
        EventKind::Interrupted => "a refresh was interrupted".to_owned(),
    }
}
