//! The explanation of `tidp policy`: what the policy is, what a refresh now would change, when to act and how.

use super::observations::{policy_mismatch, probable_refusal};
use super::sentence::Sentence;
use super::warnings::{clock_went_back, ends_first, interrupted, refused_token_kept};
use super::{Situation, after_refresh, relied_on};
use crate::domain::decision::{Renew, renewal_due_at};
use crate::domain::policy::Policy;
use crate::domain::session::{RefreshTokenExpiry, Session, Sso};
use crate::domain::time::Time;

/// What is being explained.
struct Case<'a> {
    now: Time,
    session: &'a Session,
    policy: &'a Policy,
    renew: Renew,
    life: RefreshTokenExpiry,
}

/// The sentences, in the order they are read.
pub(super) fn explanation(
    now: Time,
    situation: Situation,
    session: Option<&Session>,
    policy: Option<&Policy>,
    renew: Renew,
) -> Vec<Sentence> {
    let mut said = vec![rule(policy)];
    let Some(session) = session else {
        said.push(Sentence::new("There is no session; log in with ").run("tidp login").say("."));
        return said;
    };
    let case = policy.zip(situation.life()).map(|(policy, life)| Case { now, session, policy, renew, life });
    match (situation, case) {
        (Situation::NeverIssued, _) => said.extend(never_issued(now, session)),
        (Situation::Refused(at), _) => said.extend(refused(now, at, session, policy)),
        (Situation::RefusedTokenKept, _) => {
            said.extend(refused_token_kept(session).map(Sentence::as_prose));
            said.extend(still_works(now, session));
        }
        (Situation::Renewable(_), Some(case)) => said.extend(case.renewable(situation)),
        (Situation::SsoEnded(_), Some(case)) => said.extend(case.sso_ended()),
        (Situation::Fixed(_), Some(case)) => said.extend(case.fixed()),
        (Situation::Ended(_), Some(case)) => said.extend(case.ended()),
        _ => said.push(endless(now, session)),
    }
    if !matches!(situation, Situation::Refused(_)) {
        said.extend(policy.and_then(|policy| policy_mismatch(session, policy)).map(Sentence::as_prose));
    }
    said.extend(interrupted(session).map(Sentence::as_prose));
    said.extend(clock_went_back(now, session).map(Sentence::as_prose));
    if situation.life().is_some() {
        said.push(Sentence::new(
            "The provider never says when a refresh token ends: these times follow from the policy, and are estimates.",
        ));
    }
    said
}

/// What the policy is.
fn rule(policy: Option<&Policy>) -> Sentence {
    let Some(policy) = policy else {
        return Sentence::new("How long a refresh token lives is not known, for the provider does not say: set ")
            .set("policy", None)
            .say(", or for a client of TelenorID+ ")
            .set("client_type", None)
            .say(".");
    };
    let name = policy.name.as_str();
    let Some(lifetime) = policy.lifetime.map(|lifetime| lifetime.to_text()) else {
        return Sentence::new(format!(
            "{name}: no refresh token is issued; once the access token ends, only a login helps."
        ));
    };
    let mut said = if policy.sliding {
        let condition = if policy.reports_sso { " while the user's SSO session lives" } else { "" };
        format!("{name}: a refresh token lives {lifetime}, and each refresh renews it{condition}")
    } else {
        format!("{name}: a refresh token lives {lifetime} from the login, however often it is used")
    };
    if let Some(cap) = policy.absolute_lifetime {
        said.push_str(&format!("; it ends {} after the login at the latest", cap.to_text()));
    }
    if !policy.reports_sso {
        said.push_str(" (as the profile says)");
    } else if *policy != policy.name.documented() {
        said.push_str(" (as the profile says; TelenorID+ documents another rule under this name)");
    }
    Sentence::new(said).say(".")
}

fn never_issued(now: Time, session: &Session) -> Vec<Sentence> {
    let end = session.access_token.expires_at;
    let ends = if now < end { "The access token ends " } else { "The access token ended " };
    let then = if now < end { "; then log in again: " } else { "; log in again: " };
    vec![
        Sentence::new("This login brought no refresh token."),
        Sentence::new(ends).at(end).say(then).run("tidp login").say("."),
    ]
}

fn refused(now: Time, at: Time, session: &Session, policy: Option<&Policy>) -> Vec<Sentence> {
    let mut said =
        vec![Sentence::new("The provider refused the refresh token ").at(at).say(", so this session is over.")];
    said.extend(probable_refusal(session, policy));
    said.push(Sentence::new("Log in again: ").run("tidp login").say("."));
    said.extend(still_works(now, session));
    said
}

fn still_works(now: Time, session: &Session) -> Option<Sentence> {
    let end = session.access_token.expires_at;
    (now < end).then(|| Sentence::new("The access token still works until ").at(end).say("."))
}

fn endless(now: Time, session: &Session) -> Sentence {
    let end = session.access_token.expires_at;
    let (ends, then) = if now < end { ("ends ", "then") } else { ("ended ", "next") };
    Sentence::new(format!("A refresh token is held, but nothing tells when it ends. The access token {ends}"))
        .at(end)
        .say(format!("; {then} "))
        .run("tidp token")
        .say(" refreshes it.")
}

impl Case<'_> {
    fn renewable(&self, situation: Situation) -> Vec<Sentence> {
        let mut said = self.end("and a refresh before then renews it.");
        if let Some(after) = after_refresh(self.now, situation, Some(self.session), Some(self.policy))
            && after > self.life.expires_at
        {
            let doubt = match Sso::from_session(self.session, self.policy) {
                _ if !self.policy.reports_sso => ", if the profile is right.",
                Sso::Active => ".",
                Sso::Unknown | Sso::Ended => ", if the user's SSO session still lives.",
            };
            said.push(Sentence::new("A refresh now would move its end to ").at(after).say(doubt));
        }
        said.push(self.how_to_keep());
        said
    }

    /// How a sliding session is kept alive.
    fn how_to_keep(&self) -> Sentence {
        let end = relied_on(self.now, self.life);
        if let Some(due) = renewal_due_at(self.session, Some(self.policy), self.renew) {
            let from = if due <= self.now {
                Sentence::new("From now on ")
            } else {
                Sentence::new("From ").at(due).say(" on ")
            };
            return from
                .run("tidp token")
                .say(" renews it, as the profile asks (renew = \"before-session-ends\"): use it before ")
                .at(end)
                .say(".");
        }
        if ends_first(self.session, self.policy) {
            return Sentence::new("As it stands it ends before the access token does (")
                .at(self.session.access_token.expires_at)
                .say("), so a refresh that waits for the access token comes too late. To keep the session, run ")
                .run("tidp refresh --force")
                .say(" before ")
                .at(end)
                .say(", let ")
                .run("tidp keepalive")
                .say(" do it, or set ")
                .set("renew", Some("before-session-ends"))
                .say(", so that ")
                .run("tidp token")
                .say(" renews it in the last third of its life.");
        }
        let refreshes = |sentence: Sentence, when| {
            sentence.run("tidp token").say(format!("{when} refreshes, and so renews the session."))
        };
        if self.now < self.session.access_token.expires_at {
            let nothing = Sentence::new("There is no hurry: the access token ends ");
            refreshes(nothing.at(self.session.access_token.expires_at).say(", and the next "), " after that")
        } else {
            refreshes(Sentence::new("The access token has ended: the next "), "")
        }
    }

    fn sso_ended(&self) -> Vec<Sentence> {
        let since = self.session.held_token().and_then(|held| held.omitted_since).unwrap_or(self.now);
        let mut said = vec![
            Sentence::new("The user's SSO session has ended: the refresh of ")
                .at(since)
                .say(" brought an access token but no new refresh token. The old one still works, but refreshing does not renew it."),
        ];
        said.extend(self.end("whatever is done."));
        said.push(self.log_in_before());
        said
    }

    fn fixed(&self) -> Vec<Sentence> {
        let mut said = self.end("and no refresh moves that.");
        said.push(self.log_in_before());
        said
    }

    fn ended(&self) -> Vec<Sentence> {
        let end = Sentence::new("By the policy the refresh token ended ").at(self.life.expires_at);
        let mut said = vec![end.say("."), Sentence::new("Log in again: ").run("tidp login").say(".")];
        said.extend(still_works(self.now, self.session));
        said.push(
            Sentence::new("Once the access token has ended, ")
                .run("tidp token")
                .say(" still tries the refresh token, because only the provider decides."),
        );
        said
    }

    /// When the refresh token ends: what the policy implies, and where it differs, what can be relied on.
    fn end(&self, and: &str) -> Vec<Sentence> {
        let RefreshTokenExpiry { expires_at, expires_at_earliest, .. } = self.life;
        let left = expires_at.left(self.now).to_text();
        let mut said = vec![Sentence::new("The refresh token ends ").at(expires_at).say(format!(", in {left}, {and}"))];
        if expires_at_earliest < expires_at {
            let only = if self.now < expires_at_earliest { "Only " } else { "What could be relied on, " };
            let rest = if self.now < expires_at_earliest { " can be relied on" } else { ", has passed" };
            let came = match self.session.held_token().and_then(|held| held.reused_at) {
                Some(_) => "the same refresh token again",
                None => "no new refresh token",
            };
            said.push(
                Sentence::new(only)
                    .at(expires_at_earliest)
                    .say(rest)
                    .say(format!(": a refresh brought {came}, which does not tell whether its life was renewed.")),
            );
        }
        said
    }

    fn log_in_before(&self) -> Sentence {
        let end = relied_on(self.now, self.life);
        let until = if self.now < self.session.access_token.expires_at {
            Sentence::new("Until then ").run("tidp token").say(" gets new access tokens as they are needed")
        } else {
            Sentence::new("The access token has ended; ").run("tidp token").say(" refreshes it")
        };
        until.say(". Log in again before ").at(end).say(": ").run("tidp login").say(".")
    }
}
