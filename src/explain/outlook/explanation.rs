//! The explanation of `tidp policy`: what the policy is, what a refresh now would change, when to act and how.

use super::observations::{introspection_mismatch, policy_mismatch, probable_refusal};
use super::sentence::Sentence;
use super::warnings::{clock_went_back, interrupted_refresh, refused_token_kept};
use super::{SessionOutlook, SessionState};
use crate::domain::policy::Policy;
use crate::domain::session::{ExpirySource, RefreshTokenExpiry, Session, Sso};
use crate::domain::time::Time;

impl SessionOutlook<'_> {
    /// The sentences, in reading order.
    pub fn explanation(&self) -> Vec<Sentence> {
        let mut sentences = vec![self.policy_rule()];
        let Some(session) = self.session else {
            sentences.push(Sentence::new("There is no session; log in with ").command("tidp login").text("."));
            return sentences;
        };
        sentences.extend(self.state_sentences(session));
        if !matches!(self.state, SessionState::Refused(_)) {
            sentences
                .extend(self.policy.and_then(|policy| policy_mismatch(session, policy)).map(Sentence::capitalized));
        }
        sentences.extend(interrupted_refresh(session).map(Sentence::capitalized));
        sentences.extend(clock_went_back(self.now, session).map(Sentence::capitalized));
        sentences.extend(self.source_of_expiry(session));
        sentences.extend(self.paused_until.map(|until| {
            let unknown = "The provider has not said when the refresh token expires. ";
            let before = if self.expiry.is_some() { "" } else { unknown };
            let asked = Sentence::new(format!("{before}tidp asks the provider again after ")).time(until);
            asked.text(" or at the next login.")
        }));
        sentences
    }

    /// Where the expiry is known from, and how sure it is.
    fn source_of_expiry(&self, session: &Session) -> Option<Sentence> {
        let expiry = self.expiry?;
        let Some(said) = session.introspection().filter(|_| expiry.source == ExpirySource::Provider) else {
            return Some(Sentence::new(
                "The provider has not said when this refresh token expires: these times follow from the policy and are \
                 estimates.",
            ));
        };
        let told = Sentence::new("This is not an estimate: the provider said so when asked, ").time(said.asked_at);
        let agrees = self.policy.is_some_and(|policy| introspection_mismatch(session, policy).is_none());
        Some(told.text(if agrees { "; the policy agrees." } else { "." }))
    }

    fn state_sentences(&self, session: &Session) -> Vec<Sentence> {
        let now = self.now;
        match self.state {
            SessionState::NoSession => Vec::new(),
            SessionState::NoRefreshToken => no_refresh_token(now, session),
            SessionState::Refused(at) => refused(now, at, session, self.policy),
            SessionState::RefusedTokenKept => {
                let kept = refused_token_kept(session).map(Sentence::capitalized);
                kept.into_iter().chain(access_token_works(now, session)).collect()
            }
            SessionState::FoundInactive(at) => found_inactive(now, at, session),
            SessionState::UnknownExpiry => vec![unknown_expiry(now, session)],
            SessionState::UnknownRenewal(expiry) => {
                let consequence = "and it is not known whether a refresh renews it.";
                let mut sentences = self.expiry_sentences(session, expiry, consequence);
                sentences.push(self.log_in_before(session, expiry));
                sentences
            }
            SessionState::Renewable(expiry) => self.renewable(session, expiry),
            SessionState::SsoEnded(expiry) => self.sso_ended(session, expiry),
            SessionState::Fixed(expiry) => {
                let mut sentences = self.expiry_sentences(session, expiry, "and a refresh does not change that.");
                sentences.push(self.log_in_before(session, expiry));
                sentences
            }
            SessionState::Expired(expiry) => expired(now, session, expiry),
        }
    }

    fn renewable(&self, session: &Session, expiry: RefreshTokenExpiry) -> Vec<Sentence> {
        let mut sentences = self.expiry_sentences(session, expiry, "and a refresh before then renews it.");
        if let Some(after) = self.after_refresh_expires_at().filter(|after| *after > expiry.expires_at) {
            let condition = match self.sso {
                _ if self.policy.is_some_and(|policy| !policy.reports_sso) => ", if the profile is right.",
                Sso::Active => ".",
                Sso::Unknown | Sso::Ended => ", if the user's SSO session is still active.",
            };
            sentences.push(Sentence::new("A refresh now would move that to ").time(after).text(condition));
        }
        sentences.push(self.how_to_renew(session, expiry));
        sentences
    }

    fn how_to_renew(&self, session: &Session, expiry: RefreshTokenExpiry) -> Sentence {
        let end = self.act_before(expiry);
        let access_token_expires_at = session.access_token.expires_at;
        if let Some(due) = self.renewal_due_at {
            let from = if due <= self.now {
                Sentence::new("From now on ")
            } else {
                Sentence::new("From ").time(due).text(" on ")
            };
            return from
                .command("tidp token")
                .text(" renews it, because the profile has renew = \"before-session-ends\"; use it before ")
                .time(end)
                .text(".");
        }
        if self.expires_before_access_token() {
            return Sentence::new("It expires before the access token does (")
                .time(access_token_expires_at)
                .text("), so a refresh that waits for the access token comes too late. To keep the session, run ")
                .command("tidp refresh --force")
                .text(" before ")
                .time(end)
                .text(", let ")
                .command("tidp keepalive")
                .text(" do it, or ")
                .renewal_in_time()
                .text(", so that ")
                .command("tidp token")
                .text(format!(
                    " renews it in the last third of its lifetime: use it at least every {}.",
                    expiry.last_third().to_text()
                ));
        }
        let next = if self.now < access_token_expires_at {
            Sentence::new("There is no hurry: the access token expires ")
                .time(access_token_expires_at)
                .text(", and the next ")
                .command("tidp token")
                .text(" after that")
        } else {
            Sentence::new("The access token has expired: the next ").command("tidp token")
        };
        next.text(" refreshes, and so renews the session.")
    }

    fn sso_ended(&self, session: &Session, expiry: RefreshTokenExpiry) -> Vec<Sentence> {
        let since = session.held_token().and_then(|held| held.omitted_since).unwrap_or(self.now);
        let mut sentences = vec![Sentence::new("The user's SSO session has ended: the refresh of ").time(since).text(
            " returned an access token but no new refresh token. The old one still works, but refreshing does not renew it.",
        )];
        sentences.extend(self.expiry_sentences(session, expiry, "and nothing can extend that."));
        sentences.push(self.log_in_before(session, expiry));
        sentences
    }

    /// When the refresh token expires by the policy, and if that is not certain, until when it certainly works.
    fn expiry_sentences(&self, session: &Session, expiry: RefreshTokenExpiry, consequence: &str) -> Vec<Sentence> {
        let RefreshTokenExpiry { expires_at, expires_at_earliest, .. } = expiry;
        let left = expires_at.left(self.now).to_text();
        let subject = match expiry.source {
            ExpirySource::Policy => "The refresh token expires ",
            ExpirySource::Provider => "The provider says that the refresh token expires ",
        };
        let mut sentences = vec![Sentence::new(subject).time(expires_at).text(format!(", in {left}, {consequence}"))];
        if expires_at_earliest < expires_at {
            let returned = match session.held_token().and_then(|held| held.reused_at) {
                Some(_) => "the same refresh token",
                None => "no new refresh token",
            };
            let certain = if self.now < expires_at_earliest {
                Sentence::new("Rely only on ").time(expires_at_earliest)
            } else {
                Sentence::new("The session was certain only until ").time(expires_at_earliest)
            };
            sentences.push(certain.text(format!(
                ": a refresh returned {returned}, which does not show whether its lifetime was renewed."
            )));
        }
        sentences
    }

    fn log_in_before(&self, session: &Session, expiry: RefreshTokenExpiry) -> Sentence {
        let until = if self.now < session.access_token.expires_at {
            Sentence::new("Until then ").command("tidp token").text(" gets new access tokens as they are needed")
        } else {
            Sentence::new("The access token has expired; ").command("tidp token").text(" refreshes it")
        };
        until.text(". Log in again before ").time(self.act_before(expiry)).text(": ").command("tidp login").text(".")
    }

    fn policy_rule(&self) -> Sentence {
        let Some(policy) = self.policy else {
            return Sentence::new(if self.expiry.is_some() {
                "It is not known whether a refresh renews the refresh token: set "
            } else {
                "It is not known how long a refresh token is valid, because the provider does not say: set "
            })
            .setting("policy")
            .text(", or for a client of TelenorID+ ")
            .setting("client_type")
            .text(".");
        };
        let name = policy.name.as_str();
        let Some(lifetime) = policy.lifetime.map(|lifetime| lifetime.to_text()) else {
            return Sentence::new(if self.has_token_beside_policy() {
                format!("{name}: the policy has no refresh tokens, but the provider issued one, and that is tried.")
            } else {
                format!("{name}: no refresh token is issued; once the access token expires, log in again.")
            });
        };
        let mut rule = if policy.sliding {
            let condition = if policy.reports_sso { " while the user's SSO session is active" } else { "" };
            format!("{name}: a refresh token is valid for {lifetime}, and each refresh renews it{condition}")
        } else {
            format!("{name}: a refresh token is valid for {lifetime} from the login, however often it is used")
        };
        if let Some(cap) = policy.absolute_lifetime {
            rule.push_str(&format!("; it expires {} after the login at the latest", cap.to_text()));
        }
        if !policy.reports_sso {
            rule.push_str(" (as the profile says)");
        } else if *policy != policy.name.documented() {
            rule.push_str(" (as the profile says; TelenorID+ documents another rule under this name)");
        }
        Sentence::new(rule).text(".")
    }
}

fn log_in_again() -> Sentence {
    Sentence::new("Log in again: ").command("tidp login").text(".")
}

fn no_refresh_token(now: Time, session: &Session) -> Vec<Sentence> {
    let end = session.access_token.expires_at;
    let (expires, then) =
        if now < end { ("expires", "; then log in again: ") } else { ("expired", "; log in again: ") };
    vec![
        Sentence::new("This login returned no refresh token."),
        Sentence::new(format!("The access token {expires} ")).time(end).text(then).command("tidp login").text("."),
    ]
}

fn refused(now: Time, at: Time, session: &Session, policy: Option<&Policy>) -> Vec<Sentence> {
    let mut sentences =
        vec![Sentence::new("The provider refused the refresh token ").time(at).text(", so this session is over.")];
    sentences.extend(probable_refusal(session, policy));
    sentences.push(log_in_again());
    sentences.extend(access_token_works(now, session));
    sentences
}

fn expired(now: Time, session: &Session, expiry: RefreshTokenExpiry) -> Vec<Sentence> {
    let source = match expiry.source {
        ExpirySource::Policy => "Under the policy,",
        ExpirySource::Provider => "As the provider has said,",
    };
    let mut sentences = vec![
        Sentence::new(format!("{source} the refresh token expired ")).time(expiry.expires_at).text("."),
        log_in_again(),
    ];
    sentences.extend(access_token_works(now, session));
    sentences.push(
        Sentence::new("Once the access token has expired, ")
            .command("tidp token")
            .text(" still tries the refresh token, because only the provider decides."),
    );
    sentences
}

/// The provider's word ends no session here: the token is kept, and tried once more.
fn found_inactive(now: Time, at: Time, session: &Session) -> Vec<Sentence> {
    let mut sentences = vec![
        Sentence::new("The provider, asked ").time(at).text(
            ", says that the refresh token is no longer active: it has expired or was revoked, for example by a \
             logout. So this session is probably over.",
        ),
        log_in_again(),
    ];
    sentences.extend(access_token_works(now, session));
    sentences.push(Sentence::new("The refresh token is kept; the next refresh will show whether that is so."));
    sentences
}

fn access_token_works(now: Time, session: &Session) -> Option<Sentence> {
    let end = session.access_token.expires_at;
    (now < end).then(|| Sentence::new("The access token still works until ").time(end).text("."))
}

fn unknown_expiry(now: Time, session: &Session) -> Sentence {
    let end = session.access_token.expires_at;
    let (expires, next) = if now < end { ("expires", "then") } else { ("expired", "the next") };
    Sentence::new(format!("There is a refresh token, but it is not known when it expires. The access token {expires} "))
        .time(end)
        .text(format!("; {next} "))
        .command("tidp token")
        .text(" refreshes it.")
}
