//! What a flow reports while it runs. Flows print nothing: the reporter decides what the user sees, and when.

use crate::domain::time::Time;
use crate::domain::warning::WarningCode;

/// What is shown under `--verbose`. It holds no secret.
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
    /// Something is wrong but the flow goes on. Also in the JSON output.
    fn warn(&self, code: WarningCode, message: String);
    /// Something happened. Hidden by `--quiet`.
    fn note(&self, text: &str);
    /// One line of a multi-step report: `  refresh token   revoked`.
    fn step(&self, name: &str, text: &str, failed: bool);
    /// What the user must read to go on: a URL or a question.
    fn prompt(&self, text: &str);
    /// The code to enter at an address, which `qr_code` leads to as well. `on_this_machine`: no other device reaches it.
    fn user_code(&self, address: &str, code: &str, qr_code: Option<&str>, on_this_machine: bool);
    /// The time that is left, on one line of a terminal that the next one replaces; an empty text removes it.
    fn countdown(&self, text: &str);
    /// A long wait. Dropped if the terminal would block.
    fn progress(&self, text: &str);
    fn report(&self, trace: Trace);
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
    pub fn is_verbose(&self) -> bool {
        self.verbosity() > Verbosity::Nothing
    }

    /// Reports a fact, put into words only if it is shown.
    pub fn trace(&self, fact: impl FnOnce() -> String) {
        if self.is_verbose() {
            self.report(Trace::Fact(fact()));
        }
    }

    /// Runs `work` while reports are held. Between using a refresh token and storing the new one, nothing may wait for
    /// a stopped terminal or a full pipe.
    pub fn buffered<T>(&self, work: impl FnOnce() -> T) -> T {
        self.hold();
        let result = work();
        self.release();
        result
    }
}
