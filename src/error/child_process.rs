//! Errors of `exec` and `keepalive -- CMD` that CMD causes.

use super::kind::Kind;
use super::report::Report;
use crate::domain::text::printable;
use std::ffi::OsString;
use std::io::{self, ErrorKind};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChildProcessError {
    /// With an exit code as for env(1).
    NotStarted(i32, String),
    /// CMD exited with this code, which has 32 bits on Windows, or a signal ended `keepalive` (128 and its number). No error is printed.
    Exited(i32),
}

impl ChildProcessError {
    /// 125 if `exec` itself failed, 126 if CMD cannot be run, 127 if it was not found.
    pub fn not_started(command: &[OsString], error: &io::Error) -> Self {
        let name = command.first().map(|name| printable(&name.to_string_lossy())).unwrap_or_default();
        let code = match error.kind() {
            ErrorKind::NotFound => 127,
            // CMD exists, but cannot be run with a token in its environment.
            ErrorKind::ArgumentListTooLong | ErrorKind::OutOfMemory | ErrorKind::InvalidInput => 125,
            _ => 126,
        };
        Self::NotStarted(code, format!("cannot run `{name}`: {error}"))
    }

    pub(super) fn report(&self) -> Report {
        match self {
            Self::NotStarted(code, message) => Report::new(Kind::Failed, message).exit_code(*code),
            Self::Exited(code) => Report::new(Kind::Failed, format!("the command exited with {code}")).exit_code(*code),
        }
    }
}
