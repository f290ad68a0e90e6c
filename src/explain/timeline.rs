//! A session's lifetimes as a picture: a bar for each token, and a legend of the marks.
//!
//! ```text
//! refresh token  ├─────┼──────●━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┿┅┅┅┅┅┅┅┅┫  74 days left, renewable
//! ```

mod lifetime_bars;
mod picture;
#[cfg(test)]
mod tests;

use crate::domain::session::{EventKind, Renewal, Sso};
use crate::domain::time::Time;
use crate::explain::bar::Mark;
use crate::explain::outlook::observations::expiry_at_rejection;
use crate::explain::outlook::{NextAction, SessionOutlook, SessionState};
use crate::terminal::styled_text::Role;

/// What is drawn.
pub struct Timeline<'a> {
    outlook: SessionOutlook<'a>,
    /// The refreshes and what each did to the refresh token, oldest first. Nothing renews a fixed lifetime.
    refreshes: Vec<(Time, Renewal)>,
    rejected_at: Option<Time>,
    /// When the refresh token had expired, if it was refused after that.
    expired_before_rejection: Option<Time>,
}

fn mark(renewal: Renewal) -> Mark {
    match renewal {
        Renewal::New => Mark::RENEWED,
        Renewal::Same => Mark::MAYBE_RENEWED,
        Renewal::None => Mark::NOT_RENEWED,
    }
}

impl<'a> Timeline<'a> {
    pub fn new(outlook: SessionOutlook<'a>) -> Self {
        let session = outlook.session;
        let sliding = outlook.policy.is_some_and(|policy| policy.sliding);
        let refreshes = session.events.iter().filter_map(|event| match event.kind {
            EventKind::Refreshed { renewal, .. } => Some((event.time, if sliding { renewal } else { Renewal::None })),
            _ => None,
        });
        let rejected_at = if let SessionState::Rejected(at) = outlook.state { Some(at) } else { None };
        let expiry = expiry_at_rejection(session, outlook.policy).map(|(_, expiry)| expiry.expires_at);
        Self {
            outlook,
            refreshes: refreshes.collect(),
            rejected_at,
            expired_before_rejection: expiry.filter(|end| rejected_at.is_some_and(|rejected_at| *end < rejected_at)),
        }
    }

    /// The refreshes that renewed the refresh token, or may have.
    fn renewals(&self) -> impl DoubleEndedIterator<Item = (Time, Renewal)> {
        self.refreshes.iter().copied().filter(|(_, renewal)| *renewal != Renewal::None)
    }

    /// The role of the access token's end. Nothing is wrong while a refresh can replace the token.
    fn access_token_end_role(&self) -> Role {
        let has_expired = self.outlook.session.access_token.expires_at <= self.outlook.now;
        if has_expired && self.outlook.next_action().0 == NextAction::Login { Role::Over } else { Role::Faint }
    }
}

/// When a refresh first found that the SSO session had ended. A refused refresh token is gone; the events still tell.
fn sso_ended_at(outlook: &SessionOutlook<'_>) -> Option<Time> {
    let session = outlook.session;
    if outlook.sso == Sso::Ended {
        return session.held_token()?.omitted_since;
    }
    let is_rejected = matches!(outlook.state, SessionState::Rejected(_));
    outlook.policy.filter(|policy| is_rejected && policy.sliding && policy.reports_sso)?;
    session.events.iter().fold(None, |ended: Option<Time>, event| match event.kind {
        EventKind::Refreshed { renewal: Renewal::None, .. } => ended.or(Some(event.time)),
        EventKind::Refreshed { .. } | EventKind::Login { .. } => None,
        _ => ended,
    })
}
