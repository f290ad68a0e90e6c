//! The explanation of `tidp policy`: what the policy is, what a refresh now would change, when to act and how.

use super::observations::{introspection_mismatch, policy_mismatch, probable_refusal};
use super::sentence::{Words, full_sentence};
use super::warnings::{clock_went_back, interrupted_refresh, refused_token_kept};
use super::{SessionOutlook, SessionState};
use crate::domain::session::{ExpirySource, RefreshTokenExpiry, Session, Sso};

impl SessionOutlook<'_> {
    /// The sentences, in reading order.
    pub fn explanation(&self, words: &Words<'_>) -> Vec<String> {
        let mut sentences = vec![self.policy_rule(words)];
        let Some(session) = self.session else {
            sentences.push(format!("There is no session; log in with {}.", words.command("tidp login")));
            return sentences;
        };
        sentences.extend(self.state_sentences(session, words).into_iter().flatten());
        // What contradicts the policy in a refusal is part of its explanation.
        let policy = self.policy.filter(|_| !matches!(self.state, SessionState::Refused(_)));
        let warnings = [
            policy.and_then(|policy| policy_mismatch(session, policy, words)),
            interrupted_refresh(session, words),
            clock_went_back(self.now, session, words),
        ];
        sentences.extend(warnings.into_iter().flatten().map(|warning| full_sentence(&warning)));
        sentences.extend(self.source_of_expiry(session, words));
        sentences.extend(self.paused_until.map(|until| {
            let unknown = "The provider has not said when the refresh token expires. ";
            let before = if self.expiry.is_some() { "" } else { unknown };
            format!("{before}tidp asks the provider again after {} or at the next login.", words.time(until))
        }));
        sentences
    }

    /// Where the expiry is known from, and how sure it is.
    fn source_of_expiry(&self, session: &Session, words: &Words<'_>) -> Option<String> {
        let expiry = self.expiry?;
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

    fn state_sentences(&self, session: &Session, words: &Words<'_>) -> Vec<Option<String>> {
        let is_expired = self.now >= session.access_token.expires_at;
        let access_token_end = words.time(session.access_token.expires_at);
        let [login, token] = ["tidp login", "tidp token"].map(|command| words.command(command));
        let works = || (!is_expired).then(|| format!("The access token still works until {access_token_end}."));
        let over = |what: String, cause: Option<String>, rest: Option<String>| {
            vec![Some(what), cause, Some(format!("Log in again: {login}.")), works(), rest]
        };
        match self.state {
            SessionState::NoSession => Vec::new(),
            SessionState::NoRefreshToken => {
                let (expires, then) = if is_expired { ("expired", "log in") } else { ("expires", "then log in") };
                let expiry = format!("The access token {expires} {access_token_end}; {then} again: {login}.");
                vec![Some("This login returned no refresh token.".to_owned()), Some(expiry)]
            }
            SessionState::Refused(at) => {
                let what =
                    format!("The provider refused the refresh token {}, so this session is over.", words.time(at));
                over(what, probable_refusal(session, self.policy, words), None)
            }
            SessionState::RefusedTokenKept => {
                vec![refused_token_kept(session, words).map(|warning| full_sentence(&warning)), works()]
            }
            SessionState::FoundInactive(at) => {
                let what = format!(
                    "The provider, asked {}, says that the refresh token is no longer active: it has expired or was \
                     revoked, for example by a logout. So this session is probably over.",
                    words.time(at)
                );
                let kept = "The refresh token is kept; the next refresh will show whether that is so.";
                over(what, None, Some(kept.to_owned()))
            }
            SessionState::UnknownExpiry => {
                let (expires, next) = if is_expired { ("expired", "the next") } else { ("expires", "then") };
                vec![Some(format!(
                    "There is a refresh token, but it is not known when it expires. The access token {expires} \
                     {access_token_end}; {next} {token} refreshes it."
                ))]
            }
            SessionState::UnknownRenewal(expiry) => {
                self.until_login(session, expiry, "and it is not known whether a refresh renews it.", words)
            }
            SessionState::Renewable(expiry) => vec![
                Some(self.expiry_sentence(expiry, "and a refresh before then renews it.", words)),
                self.certainty(session, expiry, words),
                self.gain(expiry, words),
                Some(self.how_to_renew(session, expiry, words)),
            ],
            SessionState::SsoEnded(expiry) => {
                let since = session.held_token().and_then(|held| held.omitted_since).unwrap_or(self.now);
                let ended = format!(
                    "The user's SSO session has ended: the refresh of {} returned an access token but no new refresh \
                     token. The old one still works, but refreshing does not renew it.",
                    words.time(since)
                );
                let rest = self.until_login(session, expiry, "and nothing can extend that.", words);
                [Some(ended)].into_iter().chain(rest).collect()
            }
            SessionState::Fixed(expiry) => {
                self.until_login(session, expiry, "and a refresh does not change that.", words)
            }
            SessionState::Expired(expiry) => {
                let source = match expiry.source {
                    ExpirySource::Policy => "Under the policy,",
                    ExpirySource::Provider => "As the provider has said,",
                };
                let what = format!("{source} the refresh token expired {}.", words.time(expiry.expires_at));
                let tried = format!(
                    "Once the access token has expired, {token} still tries the refresh token, because only the provider \
                     decides."
                );
                over(what, None, Some(tried))
            }
        }
    }

    /// An expiry that no refresh is known to move, and what to do until then.
    fn until_login(
        &self,
        session: &Session,
        expiry: RefreshTokenExpiry,
        consequence: &str,
        words: &Words<'_>,
    ) -> Vec<Option<String>> {
        let [token, login] = [words.command("tidp token"), words.command("tidp login")];
        let until = if self.now < session.access_token.expires_at {
            format!("Until then {token} gets new access tokens as they are needed")
        } else {
            format!("The access token has expired; {token} refreshes it")
        };
        vec![
            Some(self.expiry_sentence(expiry, consequence, words)),
            self.certainty(session, expiry, words),
            Some(format!("{until}. Log in again before {}: {login}.", words.time(self.act_before(expiry)))),
        ]
    }

    fn expiry_sentence(&self, expiry: RefreshTokenExpiry, consequence: &str, words: &Words<'_>) -> String {
        let subject = match expiry.source {
            ExpirySource::Policy => "The refresh token expires",
            ExpirySource::Provider => "The provider says that the refresh token expires",
        };
        let left = expiry.expires_at.left(self.now).to_text();
        format!("{subject} {}, in {left}, {consequence}", words.time(expiry.expires_at))
    }

    /// Until when the refresh token certainly works, if that is not its expiry.
    fn certainty(&self, session: &Session, expiry: RefreshTokenExpiry, words: &Words<'_>) -> Option<String> {
        let earliest = expiry.expires_at_earliest;
        let certain = if self.now < earliest { "Rely only on" } else { "The session was certain only until" };
        let returned = match session.held_token().and_then(|held| held.reused_at) {
            Some(_) => "the same refresh token",
            None => "no new refresh token",
        };
        (earliest < expiry.expires_at).then(|| {
            format!(
                "{certain} {}: a refresh returned {returned}, which does not show whether its lifetime was renewed.",
                words.time(earliest)
            )
        })
    }

    /// What a refresh now would gain.
    fn gain(&self, expiry: RefreshTokenExpiry, words: &Words<'_>) -> Option<String> {
        let after = self.after_refresh_expires_at().filter(|after| *after > expiry.expires_at)?;
        let condition = match self.sso {
            _ if self.policy.is_some_and(|policy| !policy.reports_sso) => ", if the profile is right",
            Sso::Active => "",
            Sso::Unknown | Sso::Ended => ", if the user's SSO session is still active",
        };
        Some(format!("A refresh now would move that to {}{condition}.", words.time(after)))
    }

    fn how_to_renew(&self, session: &Session, expiry: RefreshTokenExpiry, words: &Words<'_>) -> String {
        let end = words.time(self.act_before(expiry));
        let token = words.command("tidp token");
        let access_token_until = words.time(session.access_token.expires_at);
        if let Some(due) = self.renewal_due_at {
            let from = if due <= self.now { "From now on".to_owned() } else { format!("From {} on", words.time(due)) };
            format!(
                "{from} {token} renews it, because the profile has renew = \"before-session-ends\"; use it before {end}."
            )
        } else if self.expires_before_access_token() {
            format!(
                "It expires before the access token does ({access_token_until}), so a refresh that waits for the access \
                 token comes too late. To keep the session, run {} before {end}, let {} do it, or {}, so that {token} \
                 renews it in the last third of its lifetime: use it at least every {}.",
                words.command("tidp refresh --force"),
                words.command("tidp keepalive"),
                words.renewal_in_time(),
                expiry.last_third().to_text()
            )
        } else if self.now < session.access_token.expires_at {
            format!(
                "There is no hurry: the access token expires {access_token_until}, and the next {token} after that \
                 refreshes, and so renews the session."
            )
        } else {
            format!("The access token has expired: the next {token} refreshes, and so renews the session.")
        }
    }

    fn policy_rule(&self, words: &Words<'_>) -> String {
        let Some(policy) = self.policy else {
            let unknown = if self.expiry.is_some() {
                "It is not known whether a refresh renews the refresh token"
            } else {
                "It is not known how long a refresh token is valid, because the provider does not say"
            };
            let [policy, client_type] = ["policy", "client_type"].map(|key| words.setting(key));
            return format!("{unknown}: set {policy}, or for a client of TelenorID+ {client_type}.");
        };
        let name = policy.name.as_str();
        let Some(lifetime) = policy.lifetime.map(|lifetime| lifetime.to_text()) else {
            return if self.has_token_beside_policy() {
                format!("{name}: the policy has no refresh tokens, but the provider issued one, and that is tried.")
            } else {
                format!("{name}: no refresh token is issued; once the access token expires, log in again.")
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
}
