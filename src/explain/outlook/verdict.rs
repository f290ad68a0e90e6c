//! What `tidp policy` says first: until when the session lasts, what a refresh changes, what to do and until when.

use super::sentence::{Words, full_sentence};
use super::warnings::refused_token_kept;
use super::{SessionOutlook, SessionState};
use crate::domain::session::RefreshTokenExpiry;
use crate::domain::time::Time;

impl SessionOutlook<'_> {
    /// Two sentences: until when the session lasts and what a refresh changes; what to do, and until when.
    pub fn verdict(&self, words: &Words<'_>) -> Vec<String> {
        let [login, token] = ["tidp login", "tidp token"].map(|command| words.command(command));
        let Some(session) = self.session else { return vec![format!("There is no session; log in with {login}.")] };
        let access_token_end = session.access_token.expires_at;
        let is_valid = self.now < access_token_end;
        let works = format!("The access token still works until {}.", self.moment(access_token_end, words));
        let works = Some(works).filter(|_| is_valid);
        let over = |what: String| {
            let login = format!("Log in again now: {login}.");
            vec![what, works.iter().fold(login, |login, works| format!("{login} {works}"))]
        };
        let until_login = |expiry, consequence: &str| {
            vec![
                format!("{}; {consequence}.", self.until(expiry, words)),
                format!("Until then {token} gets access tokens; log in before the end: {login}."),
            ]
        };
        match self.state {
            SessionState::NoSession => Vec::new(),
            SessionState::NoRefreshToken if is_valid => vec![
                format!("Session until {}; there is no refresh token.", self.moment(access_token_end, words)),
                format!("Then log in again: {login}."),
            ],
            SessionState::NoRefreshToken => {
                over(format!("Session ended {}: there is no refresh token.", self.moment(access_token_end, words)))
            }
            SessionState::Refused(at) => {
                over(format!("Session ended {}: the provider refused the refresh token.", self.moment(at, words)))
            }
            SessionState::Expired(expiry) => {
                over(format!("Session ended {}: the refresh token expired.", self.moment(expiry.expires_at, words)))
            }
            SessionState::FoundInactive(at) => over(format!(
                "Session probably ended. The provider, asked {}, says that the refresh token is no longer active.",
                words.time(at)
            )),
            SessionState::RefusedTokenKept => {
                let refused = refused_token_kept(session, words).map(|warning| full_sentence(&warning));
                refused.into_iter().chain(works).collect()
            }
            SessionState::UnknownExpiry => {
                let (expires, next) = if is_valid { ("expires", "then") } else { ("expired", "the next") };
                let end = words.time(access_token_end);
                vec![
                    "There is a refresh token, but it is not known when it expires.".to_owned(),
                    format!("The access token {expires} {end}; {next} {token} refreshes it."),
                ]
            }
            SessionState::UnknownRenewal(expiry) => until_login(expiry, "it is not known whether a refresh renews it"),
            SessionState::SsoEnded(expiry) => {
                until_login(expiry, "no refresh moves that, because the SSO session has ended")
            }
            SessionState::Fixed(expiry) => until_login(expiry, "no refresh moves that"),
            SessionState::Renewable(expiry) => {
                let next = match self.renewing_from(access_token_end) {
                    from if from <= self.now => format!("The next {token} renews it: use it before the end."),
                    from if from < self.act_before(expiry) => {
                        format!("From {} on {token} renews it: use it before the end.", words.time(from))
                    }
                    _ => {
                        let refresh = words.command("tidp refresh --force");
                        format!("{token} comes too late: run {refresh} before then to keep it.")
                    }
                };
                vec![format!("{}; a refresh renews it.", self.until(expiry, words)), next]
            }
        }
    }

    /// That the session has ended, or ends before a refresh is due, and what helps; `None` if neither is so.
    pub fn end_before_refresh(&self, words: &Words<'_>) -> Option<String> {
        let [login, refresh] = ["tidp login", "tidp refresh --force"].map(|command| words.command(command));
        if self.is_expired() {
            return Some(format!("the session has ended: {login}"));
        }
        let expiry = self.expiry.filter(|expiry| self.is_renewed_too_late(*expiry))?;
        let left = self.act_before(expiry).left(self.now).to_text();
        let helps = if matches!(self.state, SessionState::Renewable(_)) {
            format!(": {refresh} renews it")
        } else {
            format!("; then log in: {login}")
        };
        Some(format!("the session ends in {left}{helps}"))
    }

    /// Until when the session lasts. It is not certain after a refresh that may not have renewed the refresh token.
    fn until(&self, expiry: RefreshTokenExpiry, words: &Words<'_>) -> String {
        let RefreshTokenExpiry { expires_at, expires_at_earliest: earliest, .. } = expiry;
        if earliest == expires_at {
            format!("Session until {}", self.moment(expires_at, words))
        } else if self.now < earliest {
            format!("Session until {}, perhaps until {}", self.moment(earliest, words), words.time(expires_at))
        } else {
            format!(
                "Session perhaps until {}, certain only until {}",
                self.moment(expires_at, words),
                words.time(earliest)
            )
        }
    }

    /// From when `tidp token` refreshes, and so renews the session.
    fn renewing_from(&self, access_token_end: Time) -> Time {
        self.renewal_due_at.map_or(access_token_end, |due| due.min(access_token_end))
    }

    /// Whether the session ends before `tidp token` renews it.
    pub(super) fn is_renewed_too_late(&self, expiry: RefreshTokenExpiry) -> bool {
        let from = self.access_token_expires_at().map(|end| self.renewing_from(end));
        from.is_some_and(|from| from > self.now && from >= self.act_before(expiry))
    }

    fn moment(&self, at: Time, words: &Words<'_>) -> String {
        format!("{} ({})", words.time(at), at.relative_to(self.now))
    }
}
