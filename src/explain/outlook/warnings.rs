//! Warnings about a session, each with its code in JSON.

use super::observations::policy_mismatch;
use super::sentence::Sentence;
use super::{SessionOutlook, SessionState};
use crate::domain::decision::Renew;
use crate::domain::session::{RefreshTokenExpiry, Session};
use crate::domain::text::printable;
use crate::domain::time::{CLOCK_TOLERANCE, Seconds, Time};
use crate::domain::warning::WarningCode;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    pub code: WarningCode,
    pub message: Sentence,
}

/// The codes of [`SessionOutlook::advisory_warnings`].
pub const ADVISORY_CODES: [WarningCode; 3] =
    [WarningCode::SsoEnded, WarningCode::EndsSoon, WarningCode::DiesBeforeAccessToken];

impl SessionOutlook<'_> {
    /// All warnings, each at most once.
    pub fn warnings(&self) -> Vec<Warning> {
        let Some(session) = self.session else { return Vec::new() };
        [
            (WarningCode::SsoEnded, self.sso_ended_warning()),
            (WarningCode::EndsSoon, self.ends_soon_warning()),
            (WarningCode::DiesBeforeAccessToken, self.expires_first_warning()),
            (WarningCode::RefreshRefused, refused_token_kept(session)),
            (WarningCode::RefreshInterrupted, interrupted_refresh(session)),
            (WarningCode::PolicyMismatch, self.policy.and_then(|policy| policy_mismatch(session, policy))),
            (WarningCode::ClockSkew, clock_went_back(self.now, session)),
        ]
        .into_iter()
        .filter_map(|(code, message)| Some(Warning { code, message: message? }))
        .collect()
    }

    /// The warnings worth a line while the user does something else, such as getting a token.
    pub fn advisory_warnings(&self) -> Vec<Warning> {
        if self.advisory_warnings_from().is_none_or(|from| self.now < from) {
            return Vec::new();
        }
        let mut all = self.warnings();
        all.retain(|warning| ADVISORY_CODES.contains(&warning.code));
        all
    }

    /// When [`Self::advisory_warnings`] begin, if the session stays as it is; `None`: never.
    pub fn advisory_warnings_from(&self) -> Option<Time> {
        match self.state {
            SessionState::Fixed(expiry) => Some(ends_soon_from(expiry.expires_at, expiry)),
            SessionState::SsoEnded(expiry) => Some(ends_soon_from(self.act_before(expiry), expiry)),
            _ => {
                self.expires_first_warning()?;
                Some(self.session?.access_token.obtained_at.min(self.now))
            }
        }
    }

    fn sso_ended_warning(&self) -> Option<Sentence> {
        let SessionState::SsoEnded(expiry) = self.state else { return None };
        Some(
            Sentence::new(
                "the SSO session has ended, so a refresh no longer renews this session; log in before it expires ",
            )
            .time(self.act_before(expiry))
            .text(": ")
            .command("tidp login"),
        )
    }

    fn ends_soon_warning(&self) -> Option<Sentence> {
        let SessionState::Fixed(expiry) = self.state else { return None };
        let left = expiry.expires_at.left(self.now);
        (self.now >= ends_soon_from(expiry.expires_at, expiry)).then(|| {
            Sentence::new(format!(
                "this session expires in {}, and a refresh does not extend it; log in before ",
                left.to_text()
            ))
            .time(expiry.expires_at)
            .text(": ")
            .command("tidp login")
        })
    }

    fn expires_first_warning(&self) -> Option<Sentence> {
        let SessionState::Renewable(expiry) = self.state else { return None };
        if self.renew == Renew::BeforeSessionEnds || !self.expires_before_access_token() {
            return None;
        }
        let (session, policy) = self.session.zip(self.policy)?;
        Some(
            Sentence::new(format!("under {} the refresh token expires (", policy.name.as_str()))
                .time(self.act_before(expiry))
                .text(") before the access token does (")
                .time(session.access_token.expires_at)
                .text("); to keep the session, ")
                .renewal_in_time()
                .text(format!(" and use `tidp token` at least every {}, or run ", expiry.last_third().to_text()))
                .command("tidp refresh --force")
                .text(" in time"),
        )
    }
}

/// When `end`, which nothing moves, is near: a day before, or a tenth of a lifetime below ten days.
fn ends_soon_from(end: Time, expiry: RefreshTokenExpiry) -> Time {
    let tenth = Seconds(expiry.lifetime.0 / 10);
    // The second after the one in which exactly that much is left.
    end.minus(Seconds::days(1).min(tenth)).plus(Seconds(1))
}

pub(super) fn interrupted_refresh(session: &Session) -> Option<Sentence> {
    let unfinished = session.unfinished_refresh()?;
    let outcome = if unfinished.response_discarded {
        " was answered, but the response failed a check and was discarded. The refresh token may be used up"
    } else {
        " did not finish. Unless it is still running, its response was lost, and the refresh token may be used up"
    };
    Some(Sentence::new("the refresh started ").time(unfinished.at).text(outcome).text(
        ". If the provider accepts each refresh token only once, the session is then over; otherwise nothing is lost. \
         The next refresh tries the token once and shows which",
    ))
}

pub(super) fn refused_token_kept(session: &Session) -> Option<Sentence> {
    let (at, error) = session.unresolved_refusal()?;
    let next = if session.may_have_been_refused() {
        "The next refresh tries it once more: "
    } else {
        "Its expiry is unknown until a refresh succeeds: "
    };
    Some(
        Sentence::new("the provider refused the refresh of ")
            .time(at)
            .text(format!(" ({}) without saying that the refresh token is invalid, so it was kept. ", printable(error)))
            .text(next)
            .command("tidp refresh --force"),
    )
}

/// The warning if a stored time is in the future: nothing computed from it can be right.
pub(super) fn clock_went_back(now: Time, session: &Session) -> Option<Sentence> {
    let mut latest = session.login_at.max(session.access_token.obtained_at);
    if let Some(held) = session.held_token() {
        latest = latest.max(held.renewed_at);
    }
    (latest > now.plus(CLOCK_TOLERANCE)).then(|| {
        Sentence::new("this machine's clock went back: the session was saved at ")
            .time(latest)
            .text(", in the future, so times computed from it may be wrong")
    })
}
