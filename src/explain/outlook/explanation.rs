//! The explanation of `tidp policy`: what the policy is, what a refresh now would change, when to act and how.

use super::observations::{introspection_mismatch, policy_mismatch, probable_refusal};
use super::sentence::{Words, full_sentence, renewal_in_time, setting};
use super::warnings::{clock_went_back, interrupted_refresh};
use super::{SessionOutlook, SessionState};
use crate::domain::session::{ExpirySource, RefreshTokenExpiry, Session, Sso};

impl SessionOutlook<'_> {
    /// All sentences, in reading order.
    pub fn explanation(&self, words: &Words<'_>) -> Vec<String> {
        let mut sentences = self.details(words);
        sentences.splice(1..1, self.verdict(words));
        sentences
    }

    /// What the verdict leaves out: first the policy's rule, then how the verdict is known and what else helps.
    pub fn details(&self, words: &Words<'_>) -> Vec<String> {
        let mut sentences = vec![self.policy_rule(words)];
        let Some(session) = self.session else { return sentences };
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
        match self.state {
            SessionState::NoSession
            | SessionState::NoRefreshToken
            | SessionState::RefusedTokenKept
            | SessionState::UnknownExpiry => Vec::new(),
            SessionState::Refused(_) => vec![probable_refusal(session, self.policy, words)],
            SessionState::FoundInactive(_) => vec![Some(
                "It has expired or was revoked, for example by a logout. The refresh token is kept; the next refresh will \
                 show whether that is so."
                    .to_owned(),
            )],
            SessionState::UnknownRenewal(expiry) | SessionState::Fixed(expiry) => vec![certainty(session, expiry)],
            SessionState::Renewable(expiry) => {
                vec![certainty(session, expiry), self.gain(expiry, words), self.how_to_renew(expiry, words)]
            }
            SessionState::SsoEnded(expiry) => {
                let since = session.held_token().and_then(|held| held.omitted_since).unwrap_or(self.now);
                let ended = format!(
                    "The end of the SSO session showed in the refresh of {}: it returned an access token, but no new refresh \
                     token.",
                    words.time(since)
                );
                vec![Some(ended), certainty(session, expiry)]
            }
            SessionState::Expired(_) => {
                let from = if self.now < session.access_token.expires_at { "Once the access token has expired, " } else { "" };
                let token = words.command("tidp token");
                vec![Some(format!("{from}{token} still tries the refresh token, because only the provider decides."))]
            }
        }
    }

    /// What a refresh now would gain.
    fn gain(&self, expiry: RefreshTokenExpiry, words: &Words<'_>) -> Option<String> {
        let after = self.after_refresh_expires_at().filter(|after| *after > expiry.expires_at)?;
        let condition = match self.sso {
            _ if self.policy.is_some_and(|policy| !policy.reports_sso) => ", if the profile is right",
            Sso::Active => "",
            Sso::Unknown | Sso::Ended => ", if the user's SSO session is still active",
        };
        Some(format!("A refresh now would move the end to {}{condition}.", words.time(after)))
    }

    /// How to have the session renewed in time.
    fn how_to_renew(&self, expiry: RefreshTokenExpiry, words: &Words<'_>) -> Option<String> {
        if self.renewal_due_at.is_some() {
            let token = words.command("tidp token");
            return Some(format!(
                "{token} renews it that early because the profile has renew = \"before-session-ends\"."
            ));
        }
        self.is_renewed_too_late(expiry).then(|| {
            format!(
                "{} renews it too; or {}, so that {} renews it in the last third of its lifetime: use it at least every \
                 {}.",
                words.command("tidp keepalive"),
                renewal_in_time(words.profile),
                words.command("tidp token"),
                expiry.last_third().to_text()
            )
        })
    }

    fn policy_rule(&self, words: &Words<'_>) -> String {
        let Some(policy) = self.policy else {
            let unknown = if self.expiry.is_some() {
                "It is not known whether a refresh renews the refresh token"
            } else {
                "It is not known how long a refresh token is valid, because the provider does not say"
            };
            let [policy, client_type] = ["policy", "client_type"].map(|key| setting(key, words.profile));
            return format!("{unknown}: set {policy}, or for a client of TelenorID+ {client_type}.");
        };
        let name = policy.name.as_str();
        let Some(lifetime) = policy.lifetime.map(|lifetime| lifetime.to_text()) else {
            return if self.has_token_beside_policy() {
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
}

/// Why it is not certain when the refresh token expires, if it is not.
fn certainty(session: &Session, expiry: RefreshTokenExpiry) -> Option<String> {
    let returned = match session.held_token().and_then(|held| held.reused_at) {
        Some(_) => "the same refresh token",
        None => "no new refresh token",
    };
    (expiry.expires_at_earliest < expiry.expires_at)
        .then(|| format!("A refresh returned {returned}, which does not show whether its lifetime was renewed."))
}
