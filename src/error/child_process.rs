//! How `exec` and `keepalive -- CMD` end because of CMD.

use super::report::{Kind, Report};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChildProcessError {
    /// The exit code is 125, 126 or 127, as for env(1).
    NotStarted(u8, String),
    /// CMD exited with this code, or a signal ended `keepalive` (128 and its number). Nothing is printed.
    Exited(u8),
}

impl ChildProcessError {
    pub(super) fn report(&self) -> Report {
        match self {
            Self::NotStarted(code, message) => Report::new(Kind::Failed, message).exit_code(*code),
            Self::Exited(code) => Report::new(Kind::Failed, "").exit_code(*code),
        }
    }
}
