//! What happened to a session, in words.

use crate::domain::session::{EventKind, RefreshReason, Renewal, SessionEvent};
use crate::domain::text::printable;

/// Why a refresh was made; reads well after "because".
pub fn refresh_reason(reason: RefreshReason) -> &'static str {
    match reason {
        RefreshReason::Expired => "the access token had expired",
        RefreshReason::Claims => "new claims were requested",
        RefreshReason::Forced => "it was forced",
        RefreshReason::Keepalive => "renewal was due",
    }
}

/// An event of a session, for `tidp policy --why`.
pub fn event_description(event: &SessionEvent) -> String {
    match &event.kind {
        EventKind::Login { refresh_token: true } => "login, with a refresh token".to_owned(),
        EventKind::Login { refresh_token: false } => "login, without a refresh token".to_owned(),
        EventKind::Refreshed { reason, renewal } => {
            let outcome = match renewal {
                Renewal::New => "the provider returned a new refresh token",
                Renewal::Same => "the provider returned the same refresh token",
                Renewal::None => "the provider returned no refresh token",
            };
            match &event.scopes {
                None => format!("refreshed because {}: {outcome}", refresh_reason(*reason)),
                Some(scopes) => {
                    format!("refreshed for a token of the scopes `{}`: {outcome}", printable(&scopes.to_text()))
                }
            }
        }
        EventKind::Refused { reason, error } => {
            format!("refresh (because {}) refused: {}", refresh_reason(*reason), printable(error))
        }
        EventKind::RefusedTokenKept { reason, error, .. } => format!(
            "refresh (because {}) refused: {}; the refresh token was kept",
            refresh_reason(*reason),
            printable(error)
        ),
        EventKind::Unanswered { reason } => {
            format!("refresh (because {}): no usable response", refresh_reason(*reason))
        }
        EventKind::Discarded { reason } => {
            format!("refresh (because {}): the response failed a check and was discarded", refresh_reason(*reason))
        }
        EventKind::Interrupted => "a refresh was interrupted".to_owned(),
    }
}
