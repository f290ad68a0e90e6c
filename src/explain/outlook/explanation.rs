//! The explanation of `tidp policy`: until when the session lasts, what a refresh changes, what to do until when, and how
//! that is known.

use super::observations::{introspection_mismatch, policy_mismatch, probable_rejection_cause};
use super::sentence::{Words, full_sentence, renewal_in_time, setting};
use super::warnings::{clock_went_back, interrupted_refresh, refused_token_kept};
use super::{SessionOutlook, SessionState};
use crate::domain::policy::Policy;
use crate::domain::session::{ExpirySource, RefreshTokenExpiry, Session, Sso};
use crate::domain::time::Time;

/// Sentences about a session.
pub struct Explanation {
    /// Until when the session lasts and what a refresh changes; what to do, and until when.
    pub verdict: Vec<String>,
    /// First the policy's rule, then how the verdict is known and what else helps.
    pub details: Vec<String>,
}

impl Explanation {
    /// The explanation of a session, or that there is none.
    pub fn new(outlook: Option<&SessionOutlook<'_>>, policy: Option<&Policy>, words: &Words<'_>) -> Self {
        let rule = policy_rule(policy, outlook, words);
        let Some(outlook) = outlook else {
            let verdict = format!("There is no session; log in with {}.", words.command("tidp login"));
            return Self { verdict: vec![verdict], details: vec![rule] };
        };
        let session = outlook.session;
        // What contradicts the policy in a refusal is part of its explanation.
        let policy = policy.filter(|_| !matches!(outlook.state, SessionState::Rejected(_)));
        let warnings = [
            policy.and_then(|policy| policy_mismatch(session, policy, words)),
            interrupted_refresh(session, words),
            clock_went_back(outlook.now, session, words),
        ];
        let details = std::iter::once(Some(rule))
            .chain(outlook.reasons(words))
            .chain(warnings.map(|warning| warning.map(|warning| full_sentence(&warning))))
            .chain([outlook.source_of_expiry(words), outlook.pause(words)]);
        Self { verdict: outlook.verdict(words), details: details.flatten().collect() }
    }

    /// All sentences, in reading order.
    pub fn text(mut self) -> String {
        self.details.splice(1..1, self.verdict);
        self.details.join(" ")
    }
}

impl SessionOutlook<'_> {
    pub(super) fn verdict(&self, words: &Words<'_>) -> Vec<String> {
        let [login, token] = ["tidp login", "tidp token"].map(|command| words.command(command));
        let access_token_end = self.session.access_token.expires_at;
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
            SessionState::NoRefreshToken if is_valid => vec![
                format!("Session until {}; there is no refresh token.", self.moment(access_token_end, words)),
                format!("Then log in again: {login}."),
            ],
            SessionState::NoRefreshToken => {
                over(format!("Session ended {}: there is no refresh token.", self.moment(access_token_end, words)))
            }
            SessionState::Rejected(at) => {
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
                let refused = refused_token_kept(self.session, words).map(|warning| full_sentence(&warning));
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
                let next = match self.renewing_from() {
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

    /// How the verdict is known, and what else helps.
    fn reasons(&self, words: &Words<'_>) -> Vec<Option<String>> {
        let session = self.session;
        match self.state {
            SessionState::NoRefreshToken | SessionState::RefusedTokenKept | SessionState::UnknownExpiry => Vec::new(),
            SessionState::Rejected(_) => vec![probable_rejection_cause(session, self.policy, words)],
            SessionState::Expired(_) => {
                let is_valid = self.now < session.access_token.expires_at;
                let from = if is_valid { "Once the access token has expired, " } else { "" };
                let token = words.command("tidp token");
                vec![Some(format!("{from}{token} still tries the refresh token, because only the provider decides."))]
            }
            SessionState::FoundInactive(_) => {
                let what = "It has expired or was revoked, for example by a logout. The refresh token is kept; the next \
                            refresh will show whether that is so.";
                vec![Some(what.to_owned())]
            }
            SessionState::UnknownRenewal(expiry) | SessionState::Fixed(expiry) => vec![certainty(session, expiry)],
            SessionState::SsoEnded(expiry) => {
                let since = session.held_token().and_then(|held| held.omitted_since).unwrap_or(self.now);
                let ended = format!(
                    "The end of the SSO session showed in the refresh of {}: it returned an access token, but no new \
                     refresh token.",
                    words.time(since)
                );
                vec![Some(ended), certainty(session, expiry)]
            }
            SessionState::Renewable(expiry) => {
                vec![certainty(session, expiry), self.gain(expiry, words), self.how_to_renew(expiry, words)]
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
        let helps = match self.state {
            SessionState::Renewable(_) => format!(": {refresh} renews it"),
            _ => format!("; then log in: {login}"),
        };
        Some(format!("the session ends in {left}{helps}"))
    }

    /// Until when the session lasts. It is not certain after a refresh that may not have renewed the refresh token.
    fn until(&self, expiry: RefreshTokenExpiry, words: &Words<'_>) -> String {
        let (end, sure) = (expiry.expires_at, expiry.expires_at_earliest);
        if sure == end {
            format!("Session until {}", self.moment(end, words))
        } else if self.now < sure {
            format!("Session until {}, perhaps until {}", self.moment(sure, words), words.time(end))
        } else {
            format!("Session perhaps until {}, certain only until {}", self.moment(end, words), words.time(sure))
        }
    }

    /// From when `tidp token` refreshes, and so renews the session.
    fn renewing_from(&self) -> Time {
        let access_token_end = self.session.access_token.expires_at;
        self.renewal_due_at.map_or(access_token_end, |due| due.min(access_token_end))
    }

    /// Whether the session ends before `tidp token` renews it.
    fn is_renewed_too_late(&self, expiry: RefreshTokenExpiry) -> bool {
        let from = self.renewing_from();
        from > self.now && from >= self.act_before(expiry)
    }

    fn moment(&self, at: Time, words: &Words<'_>) -> String {
        format!("{} ({})", words.time(at), at.relative_to(self.now))
    }

    fn gain(&self, expiry: RefreshTokenExpiry, words: &Words<'_>) -> Option<String> {
        let after = self.after_refresh_expires_at().filter(|after| *after > expiry.expires_at)?;
        let condition = match self.sso {
            _ if self.policy.is_some_and(|policy| !policy.reports_sso) => ", if the profile is right",
            Sso::Active => "",
            Sso::Unknown | Sso::Ended => ", if the user's SSO session is still active",
        };
        Some(format!("A refresh now would move the end to {}{condition}.", words.time(after)))
    }

    fn how_to_renew(&self, expiry: RefreshTokenExpiry, words: &Words<'_>) -> Option<String> {
        let [token, keepalive] = ["tidp token", "tidp keepalive"].map(|command| words.command(command));
        if self.renewal_due_at.is_some() {
            return Some(format!(
                "{token} renews it that early because the profile has renew = \"before-session-ends\"."
            ));
        }
        self.is_renewed_too_late(expiry).then(|| {
            let (set_renew, third) = (renewal_in_time(words.profile), expiry.last_third().to_text());
            format!(
                "{keepalive} renews it too; or {set_renew}, so that {token} renews it in the last third of its \
                 lifetime: use it at least every {third}."
            )
        })
    }

    fn source_of_expiry(&self, words: &Words<'_>) -> Option<String> {
        let (session, expiry) = (self.session, self.expiry?);
        let Some(said) = session.introspection().filter(|_| expiry.source == ExpirySource::Provider) else {
            return Some(
                "The provider has not said when this refresh token expires: these times follow from the policy and are \
                 estimates."
                    .to_owned(),
            );
        };
        let agrees = self.policy.is_some_and(|policy| introspection_mismatch(session, policy, words).is_none());
        let agreement = if agrees { "; the policy agrees" } else { "" };
        let asked_at = words.time(said.asked_at);
        Some(format!("This is not an estimate: the provider said so when asked, {asked_at}{agreement}."))
    }

    /// That the provider is not asked again for some time.
    fn pause(&self, words: &Words<'_>) -> Option<String> {
        let until = words.time(self.paused_until?);
        let unknown = "The provider has not said when the refresh token expires. ";
        let before = if self.expiry.is_some() { "" } else { unknown };
        Some(format!("{before}tidp asks the provider again after {until} or at the next login."))
    }
}

/// The policy's rule. `outlook` is that of the session, if there is one.
fn policy_rule(policy: Option<&Policy>, outlook: Option<&SessionOutlook<'_>>, words: &Words<'_>) -> String {
    let Some(policy) = policy else {
        let unknown = if outlook.is_some_and(|outlook| outlook.expiry.is_some()) {
            "It is not known whether a refresh renews the refresh token"
        } else {
            "It is not known how long a refresh token is valid, because the provider does not say"
        };
        let [policy, client_type] = ["policy", "client_type"].map(|key| setting(key, words.profile));
        return format!("{unknown}: set {policy}, or for a client of TelenorID+ {client_type}.");
    };
    let name = policy.name.as_str();
    let Some(lifetime) = policy.lifetime.map(|lifetime| lifetime.to_text()) else {
        return if outlook.is_some_and(SessionOutlook::has_token_beside_policy) {
            format!("{name}: the policy has no refresh tokens, but the provider issued one, and that is tried.")
        } else {
            format!("{name}: no refresh token is issued.")
        };
    };
    let renewal = match (policy.sliding, policy.reports_sso) {
        (true, true) => ", and each refresh renews it while the user's SSO session is active",
        (true, false) => ", and each refresh renews it",
        (false, _) => " from the login, however often it is used",
    };
    let limit =
        policy.absolute_lifetime.map(|cap| format!("; it expires {} after the login at the latest", cap.to_text()));
    let source = if !policy.reports_sso {
        " (as the profile says)"
    } else if *policy != policy.name.documented() {
        " (as the profile says; TelenorID+ documents another rule under this name)"
    } else {
        ""
    };
    format!("{name}: a refresh token is valid for {lifetime}{renewal}{}{source}.", limit.unwrap_or_default())
}

/// SelectionReason it is not certain when the refresh token expires, if it is not.
fn certainty(session: &Session, expiry: RefreshTokenExpiry) -> Option<String> {
    let returned = match session.held_token().and_then(|held| held.reused_at) {
        Some(_) => "the same refresh token",
        None => "no new refresh token",
    };
    (expiry.expires_at_earliest < expiry.expires_at)
        .then(|| format!("A refresh returned {returned}, which does not show whether its lifetime was renewed."))
}
