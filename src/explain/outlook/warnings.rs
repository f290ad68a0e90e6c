//! Warnings about a session, each with its code in JSON.

use super::observations::policy_mismatch;
use super::sentence::{Words, renewal_in_time};
use super::{SessionOutlook, SessionState};
use crate::domain::decision::Renew;
use crate::domain::session::{RefreshTokenExpiry, Session};
use crate::domain::text::printable;
use crate::domain::time::{CLOCK_TOLERANCE, Seconds, Time};
use crate::domain::warning::WarningCode;

/// The codes of [`SessionOutlook::advisory_warnings`].
pub const ADVISORY_CODES: [WarningCode; 3] =
    [WarningCode::SsoEnded, WarningCode::EndsSoon, WarningCode::DiesBeforeAccessToken];

impl SessionOutlook<'_> {
    /// All warnings, each at most once.
    pub fn warnings(&self, words: &Words<'_>) -> Vec<(WarningCode, String)> {
        let session = self.session;
        [
            (WarningCode::SsoEnded, self.sso_ended_warning(words)),
            (WarningCode::EndsSoon, self.ends_soon_warning(words)),
            (WarningCode::DiesBeforeAccessToken, self.expires_first_warning(words)),
            (WarningCode::RefreshRefused, refused_token_kept(session, words)),
            (WarningCode::RefreshInterrupted, interrupted_refresh(session, words)),
            (WarningCode::PolicyMismatch, self.policy.and_then(|policy| policy_mismatch(session, policy, words))),
            (WarningCode::ClockSkew, clock_went_back(self.now, session, words)),
        ]
        .into_iter()
        .filter_map(|(code, message)| Some((code, message?)))
        .collect()
    }

    /// The warnings worth a line while the user does something else, such as getting a token.
    pub fn advisory_warnings(&self, words: &Words<'_>) -> Vec<(WarningCode, String)> {
        if self.advisory_warnings_from().is_none_or(|from| self.now < from) {
            return Vec::new();
        }
        let mut all = self.warnings(words);
        all.retain(|(code, _)| ADVISORY_CODES.contains(code));
        all
    }

    /// When [`Self::advisory_warnings`] begin, if the session stays as it is; `None`: never.
    pub fn advisory_warnings_from(&self) -> Option<Time> {
        match self.state {
            SessionState::Fixed(expiry) => Some(ends_soon_from(expiry.expires_at, expiry)),
            SessionState::SsoEnded(expiry) => Some(ends_soon_from(self.act_before(expiry), expiry)),
            _ => self.expires_first().map(|_| self.session.access_token.obtained_at.min(self.now)),
        }
    }

    fn sso_ended_warning(&self, words: &Words<'_>) -> Option<String> {
        let SessionState::SsoEnded(expiry) = self.state else { return None };
        let (end, login) = (words.time(self.act_before(expiry)), words.command("tidp login"));
        let ended = "the SSO session has ended, so a refresh no longer renews this session";
        Some(format!("{ended}; log in before it expires {end}: {login}"))
    }

    fn ends_soon_warning(&self, words: &Words<'_>) -> Option<String> {
        let SessionState::Fixed(expiry) = self.state else { return None };
        (self.now >= ends_soon_from(expiry.expires_at, expiry)).then(|| {
            let (left, end) = (expiry.expires_at.left(self.now).to_text(), words.time(expiry.expires_at));
            let login = words.command("tidp login");
            format!("this session expires in {left}, and a refresh does not extend it; log in before {end}: {login}")
        })
    }

    /// The expiry, if it comes before that of the access token and only a refresh on purpose would move it.
    fn expires_first(&self) -> Option<RefreshTokenExpiry> {
        let SessionState::Renewable(expiry) = self.state else { return None };
        (self.renew == Renew::WhenDue && self.expires_before_access_token()).then_some(expiry)
    }

    fn expires_first_warning(&self, words: &Words<'_>) -> Option<String> {
        let (expiry, policy) = self.expires_first().zip(self.policy)?;
        Some(format!(
            "under {} the refresh token expires ({}) before the access token does ({}); to keep the session, {} and use \
             `tidp token` at least every {}, or run {} in time",
            policy.name.as_str(),
            words.time(self.act_before(expiry)),
            words.time(self.session.access_token.expires_at),
            renewal_in_time(words.profile),
            expiry.last_third().to_text(),
            words.command("tidp refresh --force")
        ))
    }
}

/// When `end`, which nothing moves, is near: a day before, or a tenth of a lifetime below ten days.
fn ends_soon_from(end: Time, expiry: RefreshTokenExpiry) -> Time {
    let tenth = Seconds(expiry.lifetime.0 / 10);
    // The second after the one in which exactly that much is left.
    end.minus(Seconds::days(1).min(tenth)).plus(Seconds(1))
}

pub(super) fn interrupted_refresh(session: &Session, words: &Words<'_>) -> Option<String> {
    let unfinished = session.interrupted_refresh()?;
    let outcome = if unfinished.response_discarded {
        "was answered, but the response failed a check and was discarded. The refresh token may be used up"
    } else {
        "did not finish. Unless it is still running, its response was lost, and the refresh token may be used up"
    };
    Some(format!(
        "the refresh started {} {outcome}. If the provider accepts each refresh token only once, the session is then \
         over; otherwise nothing is lost. The next refresh tries the token once and shows which",
        words.time(unfinished.at)
    ))
}

pub(super) fn refused_token_kept(session: &Session, words: &Words<'_>) -> Option<String> {
    let (at, error) = session.unresolved_refusal()?;
    let next = if session.may_have_been_refused() {
        "The next refresh tries it once more"
    } else {
        "Its expiry is unknown until a refresh succeeds"
    };
    let (at, error, refresh) = (words.time(at), printable(error), words.command("tidp refresh --force"));
    Some(format!(
        "the provider refused the refresh of {at} ({error}) without saying that the refresh token is invalid, so it \
         was kept. {next}: {refresh}"
    ))
}

/// The warning if a stored time is in the future: nothing computed from it can be right.
pub(super) fn clock_went_back(now: Time, session: &Session, words: &Words<'_>) -> Option<String> {
    let renewed_at = session.held_token().map_or(session.login_at, |held| held.renewed_at);
    let latest = session.login_at.max(session.access_token.obtained_at).max(renewed_at);
    (latest > now.plus(CLOCK_TOLERANCE)).then(|| {
        format!(
            "this machine's clock went back: the session was saved at {}, in the future, so times computed from it may \
             be wrong",
            words.time(latest)
        )
    })
}
