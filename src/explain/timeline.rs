//! A session's lifetimes as a picture: a bar for each token, and a legend of the marks.
//!
//! ```text
//! refresh token  ├─────┼──────●━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┿┅┅┅┅┅┅┅┅┫  74 days left, renewable
//! ```

mod lifetime_bars;
mod picture;
#[cfg(test)]
mod tests;

use crate::domain::session::{self, EventKind, RefreshToken, Sso};
use crate::domain::time::Time;
use crate::explain::bar::Marks;
use crate::explain::outlook::observations::expiry_when_refused;
use crate::explain::outlook::{NextAction, SessionOutlook};
use crate::terminal::styled_text::Role;

/// What is drawn.
pub struct Timeline<'a> {
    outlook: SessionOutlook<'a>,
    /// The refresh that returned the access token; `None` if the login did.
    last_refresh: Option<Time>,
    /// Oldest first.
    renewals: Vec<Renewal>,
    /// When a refresh first found that the SSO session had ended.
    sso_ended_at: Option<Time>,
    refused_at: Option<Time>,
    /// When the refresh token had expired, if it was refused after that.
    expired_before_refusal: Option<Time>,
    /// Whether only a login helps.
    login_needed: bool,
}

/// A refresh that renewed the refresh token, or may have.
struct Renewal {
    at: Time,
    /// Whether the provider returned a new refresh token.
    certain: bool,
}

impl Renewal {
    fn mark(&self, marks: Marks) -> char {
        if self.certain { marks.renewed } else { marks.maybe_renewed }
    }
}

impl<'a> Timeline<'a> {
    pub fn new(outlook: SessionOutlook<'a>) -> Self {
        let session = outlook.session;
        let sliding = outlook.policy.is_some_and(|policy| policy.sliding);
        let mut refreshes = session.events.iter().filter_map(|event| match event.kind {
            EventKind::Refreshed { renewal, .. } => Some((event.time, renewal)),
            _ => None,
        });
        let renewals = refreshes.clone().filter(|(_, renewal)| sliding && *renewal != session::Renewal::None);
        let refused_at = match session.refresh_token {
            RefreshToken::Rejected { rejected_at, .. } => Some(rejected_at),
            RefreshToken::Held(_) | RefreshToken::NeverIssued => None,
        };
        let expiry = expiry_when_refused(session, outlook.policy).map(|(_, expiry)| expiry.expires_at);
        Self {
            outlook,
            last_refresh: refreshes.next_back().map(|(at, _)| at),
            renewals: renewals.map(|(at, renewal)| Renewal { at, certain: renewal == session::Renewal::New }).collect(),
            sso_ended_at: sso_ended_at(&outlook),
            refused_at,
            expired_before_refusal: expiry.filter(|end| refused_at.is_some_and(|refused_at| *end < refused_at)),
            login_needed: outlook.next_action().0 == NextAction::Login,
        }
    }

    /// The mark of the last refresh: what it did to the refresh token.
    fn last_refresh_mark(&self, marks: Marks) -> char {
        let renewal = self.renewals.iter().find(|renewal| Some(renewal.at) == self.last_refresh);
        renewal.map_or(marks.not_renewed, |renewal| renewal.mark(marks))
    }

    /// The role of the access token's end. Nothing is wrong while a refresh can replace the token.
    fn access_token_end_role(&self) -> Role {
        let has_expired = self.outlook.session.access_token.expires_at <= self.outlook.now;
        if has_expired && self.login_needed { Role::Over } else { Role::Faint }
    }
}

/// When a refresh first found that the SSO session had ended. A refused refresh token is gone; the events still tell.
fn sso_ended_at(outlook: &SessionOutlook<'_>) -> Option<Time> {
    let session = outlook.session;
    if outlook.sso == Sso::Ended {
        return session.held_token()?.omitted_since;
    }
    let is_rejected = matches!(session.refresh_token, RefreshToken::Rejected { .. });
    outlook.policy.filter(|policy| is_rejected && policy.sliding && policy.reports_sso)?;
    session.events.iter().fold(None, |ended: Option<Time>, event| match event.kind {
        EventKind::Refreshed { renewal: session::Renewal::None, .. } => ended.or(Some(event.time)),
        EventKind::Refreshed { .. } | EventKind::Login { .. } => None,
        _ => ended,
    })
}
