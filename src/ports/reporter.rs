//! What a flow reports while it runs. Flows print nothing: the reporter decides what the user sees, and when.

use crate::domain::time::Time;
use crate::domain::warning::WarningCode;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// Something is wrong but the flow goes on. Also in the JSON output.
    Warning(WarningCode, String),
    /// Something happened. Hidden by `--quiet`.
    Note(String),
    /// One line of a multi-step report: `  refresh token   revoked`.
    Step {
        name: &'static str,
        text: String,
        failed: bool,
    },
    /// What the user must read to go on: a URL or a question.
    Prompt(String),
    /// The code to enter at an address, which `qr_code` leads to as well. `on_this_machine`: no other device reaches it.
    UserCode {
        address: String,
        code: String,
        qr_code: Option<String>,
        on_this_machine: bool,
    },
    /// The time that is left, on one line of a terminal that the next one replaces; an empty text removes it.
    Countdown(String),
    /// A long wait. Dropped if the terminal would block.
    Progress(String),
    Trace(Trace),
}

/// What is shown under `--verbose`. It holds no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trace {
    /// A step of a login or a refresh, with its number.
    Step(usize, String),
    /// What was found, decided or sent.
    Fact(String),
    /// A line of a request or a response.
    Header(String),
}

/// How much of [`Trace`] is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    #[default]
    Nothing,
    /// `-v`
    Steps,
    /// `-vv`
    Headers,
}

pub trait Reporter: Sync {
    fn report(&self, notice: Notice);
    fn has_warned(&self, code: WarningCode) -> bool;
    fn is_quiet(&self) -> bool;
    fn verbosity(&self) -> Verbosity;
    /// The time in the user's time zone: `2026-01-31 13:00:00 CET`.
    fn local_time(&self, time: Time) -> String;
    /// The same with the distance from `now`: `2026-01-31 13:00:00 CET (in 13 days 4 h)`.
    fn when(&self, time: Time, now: Time) -> String {
        format!("{} ({})", self.local_time(time), time.relative_to(now))
    }
    /// Keeps everything except prompts and progress until [`Reporter::release`].
    fn hold(&self);
    fn release(&self);
}

impl<'r> dyn Reporter + 'r {
    pub fn warn(&self, code: WarningCode, message: impl Into<String>) {
        self.report(Notice::Warning(code, message.into()));
    }

    pub fn note(&self, text: impl Into<String>) {
        self.report(Notice::Note(text.into()));
    }

    pub fn prompt(&self, text: impl Into<String>) {
        self.report(Notice::Prompt(text.into()));
    }

    pub fn countdown(&self, text: impl Into<String>) {
        self.report(Notice::Countdown(text.into()));
    }

    pub fn progress(&self, text: impl Into<String>) {
        self.report(Notice::Progress(text.into()));
    }

    pub fn is_verbose(&self) -> bool {
        self.verbosity() > Verbosity::Nothing
    }

    /// Reports a fact, put into words only if it is shown.
    pub fn trace(&self, fact: impl FnOnce() -> String) {
        if self.is_verbose() {
            self.report(Notice::Trace(Trace::Fact(fact())));
        }
    }

    /// Runs `work` while notices are held. Between using a refresh token and storing the new one, nothing may wait for
    /// a stopped terminal or a full pipe.
    pub fn buffered<T>(&self, work: impl FnOnce() -> T) -> T {
        self.hold();
        let result = work();
        self.release();
        result
    }
}
