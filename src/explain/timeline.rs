//! A session's lifetimes as a picture: a bar for each token, and a legend of the marks.
//!
//! ```text
//! refresh token  ├─────┼──────●━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┿┅┅┅┅┅┅┅┅┫  90 days
//! ```

mod legend;
mod lifetime_bars;
pub mod picture;
#[cfg(test)]
mod tests;

use crate::domain::session::{self, EventKind, RefreshToken, RefreshTokenExpiry, Session};
use crate::domain::time::Time;
use crate::explain::bar::Marks;
use crate::explain::outlook::SessionOutlook;

/// What is drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeline {
    now: Time,
    login_at: Time,
    access_token_from: Time,
    access_token_until: Time,
    /// Oldest first.
    renewals: Vec<Renewal>,
    refresh_token: Option<RefreshTokenExpiry>,
    refused_at: Option<Time>,
    /// Whether a refresh before its expiry renews the refresh token.
    renewable: bool,
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
        Self {
            now: outlook.now,
            login_at: session.login_at,
            access_token_from: session.access_token.obtained_at,
            access_token_until: session.access_token.expires_at,
            renewals: if sliding { renewals.collect() } else { Vec::new() },
            refresh_token: outlook.expiry,
            refused_at: match session.refresh_token {
                RefreshToken::Refused { refused_at: at, .. } => Some(at),
                RefreshToken::Held(_) | RefreshToken::NeverIssued => None,
            },
            renewable: outlook.is_renewable(),
            renewal_due_at: outlook.renewal_due_at,
        }
    }
}
