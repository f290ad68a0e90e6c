//! A session's lifetimes as a picture: a bar for each token, and a legend of the marks.
//!
//! ```text
//! refresh token  ├─────┼──────●━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┿┅┅┅┅┅┅┅┅┫  74 days left, renewable
//! ```

mod legend;
mod lifetime_bars;
pub mod picture;
#[cfg(test)]
mod tests;

use crate::domain::session::{self, EventKind, RefreshToken, RefreshTokenExpiry, Session, Sso};
use crate::domain::time::Time;
use crate::explain::bar::Marks;
use crate::explain::outlook::observations::expiry_when_refused;
use crate::explain::outlook::{NextAction, SessionOutlook, SessionState};
use crate::terminal::styled_text::Role;

/// What is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeline {
    now: Time,
    login_at: Time,
    access_token_from: Time,
    access_token_until: Time,
    /// The refresh that returned the access token; `None` if the login did.
    last_refresh: Option<Time>,
    /// Oldest first.
    renewals: Vec<Renewal>,
    /// When a refresh first found that the SSO session had ended.
    sso_ended_at: Option<Time>,
    refresh_token: Option<RefreshTokenExpiry>,
    refused_at: Option<Time>,
    /// When the refresh token had expired, if it was refused after that.
    expired_before_refusal: Option<Time>,
    state: SessionState,
    /// Whether only a login helps.
    login_needed: bool,
    renewal_due_at: Option<Time>,
}

/// A refresh that renewed the refresh token, or may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Renewal {
    at: Time,
    /// Whether the provider returned a new refresh token.
    certain: bool,
}

impl Renewal {
    fn mark(self, marks: Marks) -> char {
        if self.certain { marks.renewed } else { marks.maybe_renewed }
    }
}

impl Timeline {
    pub fn new(session: &Session, outlook: &SessionOutlook<'_>) -> Self {
        let sliding = outlook.policy.is_some_and(|policy| policy.sliding);
        let renewals = session.events.iter().filter_map(|event| match event.kind {
            EventKind::Refreshed { renewal: session::Renewal::New, .. } => {
                Some(Renewal { at: event.time, certain: true })
            }
            EventKind::Refreshed { renewal: session::Renewal::Same, .. } => {
                Some(Renewal { at: event.time, certain: false })
            }
            _ => None,
        });
        let refused_at = match session.refresh_token {
            RefreshToken::Refused { refused_at: at, .. } => Some(at),
            RefreshToken::Held(_) | RefreshToken::NeverIssued => None,
        };
        Self {
            now: outlook.now,
            login_at: session.login_at,
            access_token_from: session.access_token.obtained_at,
            access_token_until: session.access_token.expires_at,
            last_refresh: session.events.iter().rev().find_map(|event| match event.kind {
                EventKind::Refreshed { .. } => Some(event.time),
                _ => None,
            }),
            renewals: if sliding { renewals.collect() } else { Vec::new() },
            sso_ended_at: sso_ended_at(session, outlook),
            refresh_token: outlook.expiry,
            refused_at,
            expired_before_refusal: expiry_when_refused(session, outlook.policy)
                .map(|(_, expiry)| expiry.expires_at)
                .filter(|end| refused_at.is_some_and(|refused_at| *end < refused_at)),
            state: outlook.state,
            login_needed: outlook.next_action().0 == NextAction::Login,
            renewal_due_at: outlook.renewal_due_at,
        }
    }
}

impl Timeline {
    /// The mark of the last refresh: what it did to the refresh token.
    fn last_refresh_mark(&self, marks: Marks) -> char {
        let renewal = self.renewals.iter().find(|renewal| Some(renewal.at) == self.last_refresh);
        renewal.map_or(marks.not_renewed, |renewal| renewal.mark(marks))
    }

    /// The role of the access token's end. Nothing is wrong while a refresh can replace the token.
    fn access_token_end_role(&self) -> Role {
        match self.access_token_until > self.now {
            true => Role::Edge,
            false if self.login_needed => Role::Over,
            false => Role::Past,
        }
    }
}

/// When a refresh first found that the SSO session had ended. A refused refresh token is gone; the events still tell.
fn sso_ended_at(session: &Session, outlook: &SessionOutlook<'_>) -> Option<Time> {
    if outlook.sso == Sso::Ended {
        return session.held_token()?.omitted_since;
    }
    let is_refused = matches!(session.refresh_token, RefreshToken::Refused { .. });
    outlook.policy.filter(|policy| is_refused && policy.sliding && policy.reports_sso)?;
    session.events.iter().fold(None, |ended: Option<Time>, event| match event.kind {
        EventKind::Refreshed { renewal: session::Renewal::None, .. } => ended.or(Some(event.time)),
        EventKind::Refreshed { .. } | EventKind::Login { .. } => None,
        _ => ended,
    })
}
