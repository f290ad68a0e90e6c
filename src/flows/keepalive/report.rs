//! What `keepalive` reports: the outlook, each renewal, failures, and a summary.

use super::state::{FailureStreak, Keepalive};
use crate::domain::keepalive::RenewalPlan;
use crate::domain::policy::Policy;
use crate::domain::session::{RefreshTokenExpiry, Renewal, Session, Sso};
use crate::domain::time::Time;
use crate::error::{Error, SessionError};
use crate::flows::context::Context;

/// Nobody knows when such a session ends.
pub(super) fn no_policy() -> Error {
    Error::config(
        "when this session ends is not known, because its profile names neither a client type nor a policy: set \
         client_type (TIDP_CLIENT_TYPE)",
    )
}

/// No refresh token, or a policy that knows none.
pub(super) fn nothing_to_keep(context: &Context<'_>, session: &Session, policy: &Policy) -> Error {
    let until = context.reporter.local_time(session.access_token.expires_at);
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

impl Keepalive<'_, '_> {
    fn when(&self, time: Time) -> String {
        self.context.when(time)
    }

    /// A note on the way; while a command runs, only under `--verbose`.
    fn note_unless_command(&self, text: &str) {
        if self.has_command { self.context.reporter.trace(text) } else { self.context.reporter.note(text) }
    }

    pub(super) fn report_outlook(&self) {
        let name = self.policy.name.as_str();
        if self.session.unresolved_refusal().is_some() {
            return self.note_unless_command(
                "The provider refused the last refresh: it is asked now whether the session lives.",
            );
        }
        match self.renewal_plan() {
            RenewalPlan::Renewal { due, end } if due > self.now() => {
                let within = self.time_left().is_none_or(|left| due.left(self.now()) < left);
                let renewal = if within {
                    format!("it will be renewed {}", self.when(due))
                } else {
                    "no renewal falls within --for".to_owned()
                };
                self.note_unless_command(&format!(
                    "Keeping the session alive: under {name} it ends {}; {renewal}.",
                    self.when(end)
                ));
            }
            RenewalPlan::Renewal { end, .. } => self.note_unless_command(&format!(
                "Keeping the session alive: under {name} it ends {}; it is renewed now.",
                self.when(end)
            )),
            RenewalPlan::End(end) | RenewalPlan::SsoEnded(end) if self.should_wait_for(end) => {
                self.context.reporter.note(format!(
                    "Nothing to renew: {}, so it ends {}. Waiting; refreshing would not prolong it.",
                    self.end_reason(),
                    self.when(end)
                ))
            }
            RenewalPlan::End(_) | RenewalPlan::SsoEnded(_) | RenewalPlan::Nothing => {}
        }
    }

    fn end_reason(&self) -> String {
        if !self.policy.sliding {
            format!("under {} no refresh moves the end of a session", self.policy.name.as_str())
        } else if Sso::from_session(&self.session, &self.policy) == Sso::Ended {
            "its SSO session has ended, and without that a refresh does not renew this session".to_owned()
        } else {
            "this session has reached the end that no renewal moves".to_owned()
        }
    }

    pub(super) fn report_refresh(&self, before: &Session, renewal: Renewal) {
        let reporter = self.context.reporter;
        let end = |session| {
            RefreshTokenExpiry::from_session(session, &self.policy).map(|life| life.expires_at).unwrap_or(Time::MAX)
        };
        let (old, new) = (end(before), end(&self.session));
        let (now, was_to_end) = (reporter.local_time(self.now()), old.relative_to(self.now()));
        match renewal {
            Renewal::New => self.note_unless_command(&format!(
                "{now}  Refreshed, because the session would have ended {was_to_end}: it now ends {}.",
                self.when(new)
            )),
            Renewal::None if self.policy.reports_sso => reporter.warn(
                "sso_ended",
                format!(
                    "the refresh brought no renewal, because the user's SSO session has ended: this session ends {}. \
                     Log in before then: tidp login",
                    self.when(new)
                ),
            ),
            Renewal::Same | Renewal::None => {
                let came = if renewal == Renewal::Same { "the same" } else { "no new" };
                self.note_unless_command(&format!(
                    "{now}  Refreshed, because the session would have ended {was_to_end}; {came} refresh token came \
                     back: if the old one was renewed, it now ends {}.",
                    self.when(new)
                ));
            }
        }
    }

    pub(super) fn report_adoption(&self) {
        let now = self.context.reporter.local_time(self.now());
        if let Some(life) = RefreshTokenExpiry::from_session(&self.session, &self.policy) {
            let end = self.when(life.expires_at);
            self.note_unless_command(&format!(
                "{now}  No refresh needed: another tidp has changed the session, which ends {end}."
            ));
        }
    }

    pub(super) fn report_failure(&self, error: &Error, end: Time) {
        let message = error.report().message;
        let message = message.trim_end_matches('.');
        let told = format!("the session could not be renewed: {message}. It ends {}; trying again", self.when(end));
        self.context.reporter.warn("not_renewed", told);
    }

    pub(super) fn report_recovery(&self, failing: FailureStreak) {
        let lasted = self.now().since(failing.since).to_text();
        self.context
            .reporter
            .note(format!("The session can be renewed again, after {lasted} and {}.", tries(failing.tries)));
    }

    pub(super) fn warn_command_goes_on(&self, why: &str) {
        self.context.reporter.warn(
            "not_kept_alive",
            format!("the session is not kept alive any more: {why}. The command goes on; its exit code will be tidp's"),
        );
    }

    /// How many refreshes there were, and why.
    pub(super) fn report_summary(&self) {
        let lasted = self.now().since(self.started.0).to_text();
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
        self.context.reporter.note(format!("{}.", told.join("; ")));
    }

    pub(super) fn renewal_failed(&self, error: &Error, end: Time) -> Error {
        let end = self.context.reporter.local_time(end);
        let message = error.report().message;
        SessionError::CannotKeepAlive(format!(
            "the session has ended, as its policy implies ({end}): until then it could not be renewed, at last because: {message}"
        ))
        .into()
    }

    pub(super) fn session_ended(&self, end: Time) -> Error {
        let why = self.end_reason();
        SessionError::CannotKeepAlive(if self.now() < end {
            format!("the session cannot be kept alive: {why}. It ends {}", self.when(end))
        } else {
            format!("the session has ended ({}): {why}", self.context.reporter.local_time(end))
        })
        .into()
    }
}

fn tries(failed: u32) -> String {
    if failed == 1 { "1 try failed".to_owned() } else { format!("{failed} tries failed") }
}
