//! What `keepalive` says: why it refreshes, what it could not do, and in the end how often it refreshed.

use super::{Failing, Keeper};
use crate::domain::keepalive::Prospect;
use crate::domain::policy::Policy;
use crate::domain::session::{RefreshTokenExpiry, Renewal, Session, Sso};
use crate::domain::time::Time;
use crate::error::{Error, SessionError};
use crate::flows::context::Context;

/// Why nothing more is done after `--for`.
pub(super) const TIME_IS_OVER: &str = "the time of --for is over";

/// Nobody knows when such a session ends.
pub(super) fn no_policy() -> Error {
    Error::config(
        "when this session ends is not known, because its profile names neither a client type nor a policy: set \
         client_type (TIDP_CLIENT_TYPE)",
    )
}

/// No refresh token, or a policy that knows none.
pub(super) fn nothing_to_keep(context: &Context<'_>, session: &Session, policy: &Policy) -> Error {
    let until = context.out.local(session.access_token.expires_at);
    SessionError::CannotKeepAlive(if session.held_token().is_some() {
        format!(
            "there is nothing to keep alive: the profile says {}, under which there are no refresh tokens, though the \
             provider issued one; its client type is probably another",
            policy.name.as_str()
        )
    } else {
        format!(
            "there is nothing to keep alive: the login brought no refresh token, so the session ends with its access \
             token, {until}"
        )
    })
    .into()
}

impl Keeper<'_, '_> {
    fn when(&self, time: Time) -> String {
        self.context.out.when(time, self.now())
    }

    /// A remark on the way; while a command runs, only under `--verbose`.
    fn remark(&self, text: &str) {
        if self.wrapping { self.context.out.trace(text) } else { self.context.out.note(text) }
    }

    pub(super) fn tell_what_lies_ahead(&self) {
        let name = self.policy.name.as_str();
        if self.session.unresolved_refusal().is_some() {
            return self.remark("The provider refused the last refresh: it is asked now whether the session lives.");
        }
        match self.prospect() {
            Prospect::Renewal { due, end } if due > self.now() => {
                let within = self.time_left().is_none_or(|left| due.left(self.now()) < left);
                let renewal = if within {
                    format!("it will be renewed {}", self.when(due))
                } else {
                    "no renewal falls within --for".to_owned()
                };
                self.remark(&format!("Keeping the session alive: under {name} it ends {}; {renewal}.", self.when(end)));
            }
            Prospect::Renewal { end, .. } => self.remark(&format!(
                "Keeping the session alive: under {name} it ends {}; it is renewed now.",
                self.when(end)
            )),
            Prospect::End(end) | Prospect::SsoEnded(end) if self.waits_for(end) => self.context.out.note(&format!(
                "Nothing to renew: {}, so it ends {}. Waiting; refreshing would not prolong it.",
                self.why_it_ends(),
                self.when(end)
            )),
            Prospect::End(_) | Prospect::SsoEnded(_) | Prospect::Nothing => {}
        }
    }

    fn why_it_ends(&self) -> String {
        if !self.policy.sliding {
            format!("under {} no refresh moves the end of a session", self.policy.name.as_str())
        } else if Sso::from_session(&self.session, &self.policy) == Sso::Ended {
            "its SSO session has ended, and without that a refresh does not renew this session".to_owned()
        } else {
            "this session has reached the end that no renewal moves".to_owned()
        }
    }

    pub(super) fn tell_refreshed(&self, before: &Session, renewal: Renewal) {
        let out = self.context.out;
        let end = |session| {
            RefreshTokenExpiry::from_session(session, &self.policy).map(|life| life.expires_at).unwrap_or(Time::MAX)
        };
        let (old, new) = (end(before), end(&self.session));
        let (now, was_to_end) = (out.local(self.now()), old.relative_to(self.now()));
        match renewal {
            Renewal::New => self.remark(&format!(
                "{now}  Refreshed, because the session would have ended {was_to_end}: it now ends {}.",
                self.when(new)
            )),
            Renewal::None if self.policy.reports_sso => out.warn(
                "sso_ended",
                format!(
                    "the refresh brought no renewal, because the user's SSO session has ended: this session ends {}. \
                     Log in before then: tidp login",
                    self.when(new)
                ),
            ),
            Renewal::Same | Renewal::None => {
                let came = if renewal == Renewal::Same { "the same" } else { "no new" };
                self.remark(&format!(
                    "{now}  Refreshed, because the session would have ended {was_to_end}; {came} refresh token came \
                     back: if the old one was renewed, it now ends {}.",
                    self.when(new)
                ));
            }
        }
    }

    pub(super) fn tell_adopted(&self) {
        let now = self.context.out.local(self.now());
        if let Some(life) = RefreshTokenExpiry::from_session(&self.session, &self.policy) {
            let end = self.when(life.expires_at);
            self.remark(&format!("{now}  No refresh needed: another tidp has changed the session, which ends {end}."));
        }
    }

    pub(super) fn tell_failure(&self, error: &Error, end: Time) {
        let message = error.report().message;
        let message = message.trim_end_matches('.');
        let told = format!("the session could not be renewed: {message}. It ends {}; trying again", self.when(end));
        self.context.out.warn("not_renewed", told);
    }

    pub(super) fn tell_that_it_works_again(&self, failing: Failing) {
        let lasted = self.now().since(failing.since).to_text();
        self.context
            .out
            .note(&format!("The session can be renewed again, after {lasted} and {}.", tries(failing.tries)));
    }

    pub(super) fn tell_that_command_goes_on(&self, why: &str) {
        self.context.out.warn(
            "not_kept_alive",
            format!("the session is not kept alive any more: {why}. The command goes on; its exit code will be tidp's"),
        );
    }

    /// How many refreshes there were, and why.
    pub(super) fn tell_what_was_done(&self) {
        let lasted = self.now().since(self.began.0).to_text();
        let refreshes = match self.refreshes {
            0 => format!("No refresh in {lasted}: none was due"),
            1 => format!("1 refresh in {lasted}, to renew the session before its end"),
            n => format!("{n} refreshes in {lasted}, each to renew the session before its end"),
        };
        let mut told = vec![refreshes];
        match self.adopted {
            0 => {}
            1 => told.push("1 renewal by another tidp was used".to_owned()),
            n => told.push(format!("{n} renewals by other tidps were used")),
        }
        if self.failures > 0 {
            told.push(tries(self.failures));
        }
        if self.refreshes > 0 {
            told.push("none for an API call".to_owned());
        }
        self.context.out.note(&format!("{}.", told.join("; ")));
    }

    pub(super) fn failed_until(&self, error: &Error, end: Time) -> Error {
        let end = self.context.out.local(end);
        let message = error.report().message;
        SessionError::CannotKeepAlive(format!(
            "the session has ended, as its policy implies ({end}): until then it could not be renewed, at last because: {message}"
        ))
        .into()
    }

    pub(super) fn ended(&self, end: Time) -> Error {
        let why = self.why_it_ends();
        SessionError::CannotKeepAlive(if self.now() < end {
            format!("the session cannot be kept alive: {why}. It ends {}", self.when(end))
        } else {
            format!("the session has ended ({}): {why}", self.context.out.local(end))
        })
        .into()
    }
}

fn tries(failed: u32) -> String {
    if failed == 1 { "1 try failed".to_owned() } else { format!("{failed} tries failed") }
}
