//! What a flow reports while it runs. Flows print nothing: the reporter decides what a user sees, and when.

use crate::domain::time::Time;

/// Something a flow reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Something is wrong but the flow goes on. Part of the JSON answer too.
    Warning {
        /// A code that scripts match on.
        code: &'static str,
        /// A sentence for a person.
        message: String,
    },
    /// What has happened. Hidden by `--quiet`.
    Note(String),
    /// One line of a report on several things: `  refresh token   revoked`.
    Step { name: &'static str, text: String, failed: bool },
    /// What the user must read to go on: a URL, a question.
    Prompt(String),
    /// A wait is taking long. Dropped where the terminal would block.
    Progress(String),
    /// A request and its outcome, for `--verbose`.
    Trace(String),
}

/// Takes the notices of a flow.
pub trait Reporter: Sync {
    /// Shows the notice, or not: as the user's options say.
    fn report(&self, notice: Notice);
    /// Whether this run has given a warning with that code.
    fn has_warned(&self, code: &str) -> bool;
    /// Whether notes and warnings are hidden.
    fn is_quiet(&self) -> bool;
    /// The time in the user's time zone: `2026-01-31 13:00:00 CET`.
    fn local_time(&self, time: Time) -> String;
    /// Keeps all but prompts and progress until [`Reporter::release`].
    fn hold(&self);
    /// Shows what was kept.
    fn release(&self);
}

impl<'r> dyn Reporter + 'r {
    /// Reports [`Notice::Warning`].
    pub fn warn(&self, code: &'static str, message: impl Into<String>) {
        self.report(Notice::Warning { code, message: message.into() });
    }

    /// Reports [`Notice::Note`].
    pub fn note(&self, text: impl Into<String>) {
        self.report(Notice::Note(text.into()));
    }

    /// Reports [`Notice::Prompt`].
    pub fn prompt(&self, text: impl Into<String>) {
        self.report(Notice::Prompt(text.into()));
    }

    /// Reports [`Notice::Progress`].
    pub fn progress(&self, text: impl Into<String>) {
        self.report(Notice::Progress(text.into()));
    }

    /// Reports [`Notice::Trace`].
    pub fn trace(&self, text: impl Into<String>) {
        self.report(Notice::Trace(text.into()));
    }

    /// Does `work` while notices are held. Between spending a refresh token and storing its successor nothing may wait
    /// for a stopped terminal or a full pipe.
    pub fn buffered<T>(&self, work: impl FnOnce() -> T) -> T {
        self.hold();
        let result = work();
        self.release();
        result
    }
}
