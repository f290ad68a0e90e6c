//! What `keepalive` reports while it runs, and the errors it ends with.

use super::Keepalive;
use crate::domain::keepalive::RenewalPlan;
use crate::domain::session::Renewal;
use crate::domain::time::Time;
use crate::domain::warning::WarningCode;
use crate::error::{Error, SessionError};
use crate::explain::keepalive_messages::{self, NextRenewal};

impl Keepalive<'_, '_> {
    /// Reports a note; while a command runs, only under `--verbose`.
    fn note_unless_command(&self, text: &str) {
        if self.has_command {
            self.context.reporter.trace(|| text.to_owned())
        } else {
            self.context.reporter.note(text)
        }
    }

    pub(super) fn report_start(&self) {
        if self.session.unresolved_refusal().is_some() {
            return self.note_unless_command(keepalive_messages::LAST_REFRESH_REFUSED);
        }
        if self.session.found_inactive_at().is_some() {
            return self.note_unless_command(keepalive_messages::FOUND_INACTIVE);
        }
        let now = self.now();
        match self.renewal_plan() {
            RenewalPlan::Renewal { due, end } => {
                let next = if due <= now {
                    NextRenewal::Now
                } else if self.time_left().is_none_or(|left| due.left(now) < left) {
                    NextRenewal::At(self.context.when(due))
                } else {
                    NextRenewal::AfterDuration
                };
                self.note_unless_command(&keepalive_messages::start_note(&self.policy, &self.context.when(end), &next));
            }
            RenewalPlan::End(end) | RenewalPlan::SsoEnded(end) if self.should_wait_for(end) => {
                self.context
                    .reporter
                    .note(keepalive_messages::waiting_note(&self.end_reason(), &self.context.when(end)));
            }
            RenewalPlan::End(_) | RenewalPlan::SsoEnded(_) | RenewalPlan::Nothing => {}
        }
    }

    fn end_reason(&self) -> String {
        let outlook = self.context.outlook(Some(&self.session), self.now());
        keepalive_messages::end_reason(&self.policy, outlook.sso)
    }

    /// Reports a refresh of this run. `old_end` is when the session would have ended; `None` if that was not known.
    pub(super) fn report_refresh(&self, old_end: Option<Time>, renewal: Renewal) {
        let Some(end) = self.session_end() else { return };
        let (now, end) = (self.now(), self.context.when(end));
        if renewal == Renewal::None && self.policy.reports_sso {
            self.context.reporter.warn(WarningCode::SsoEnded, keepalive_messages::sso_ended_warning(&end));
            return;
        }
        let old_end = old_end.map(|end| end.relative_to(now));
        let note = keepalive_messages::refreshed_note(
            renewal,
            &self.context.reporter.local_time(now),
            old_end.as_deref(),
            &end,
        );
        self.note_unless_command(&note);
    }

    pub(super) fn report_changed_elsewhere(&self) {
        let now = self.now();
        if let Some(expiry) = self.context.outlook(Some(&self.session), now).expiry {
            let (now, end) = (self.context.reporter.local_time(now), self.context.when(expiry.expires_at));
            self.note_unless_command(&keepalive_messages::changed_elsewhere_note(&now, &end));
        }
    }

    pub(super) fn report_failure(&self, error: &Error) {
        let end = self.session_end().map(|end| self.context.when(end));
        let warning = keepalive_messages::not_renewed_warning(&error.report().message, end.as_deref());
        self.context.reporter.warn(WarningCode::NotRenewed, warning);
    }

    pub(super) fn session_ended(&self, end: Time) -> Error {
        let reason = self.end_reason();
        SessionError::CannotKeepAlive(if self.now() < end {
            keepalive_messages::cannot_keep_alive(&reason, &self.context.when(end))
        } else {
            keepalive_messages::session_ended(&reason, &self.context.reporter.local_time(end))
        })
        .into()
    }
}
