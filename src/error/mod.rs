//! All errors, each family in a file with the kind, message and hint of its errors. `catalogue.txt` lists them as users see
//! them.

mod command_line;
mod config_file;
mod kind;
mod login;
mod login_refusal;
mod profile;
mod provider;
mod report;
mod session;
mod situation;
mod store;

use crate::domain::text::printable;
use crate::oidc::Problem;
use crate::ports::{HttpFailure, HttpFailureKind, StoreFailure, StoreFailureKind, StoreName};
pub use command_line::CommandLineError;
pub use config_file::ConfigFileError;
pub use kind::{EXIT_CODES, Kind};
pub use login::LoginError;
pub use login_refusal::{LoginMethod, RequestedLogin};
pub use profile::ProfileError;
pub use provider::ProviderRefusal;
pub use report::{Report, arguments, quote, show_profile_command, with_profile};
pub use session::SessionError;
pub use situation::Situation;
pub use store::{StoreError, store_message};

pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong, and the profile that the hint names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    pub situation: Situation,
    /// `None` if the hint needs no `--profile`.
    pub profile: Option<String>,
}

impl Error {
    pub fn usage(message: impl Into<String>) -> Self {
        CommandLineError::Usage(message.into()).into()
    }

    pub fn config(message: impl Into<String>) -> Self {
        ConfigFileError::Config(message.into()).into()
    }

    pub fn failed(message: impl Into<String>) -> Self {
        Situation::Failed(message.into()).into()
    }

    pub fn invalid(message: impl Into<String>) -> Self {
        Situation::Invalid(message.into()).into()
    }

    /// The error for a request without a response that used up nothing. The message starts with `failed_step`.
    pub fn unanswered(failed_step: &str, failure: &HttpFailure) -> Self {
        let message = format!("{failed_step}: {}", failure.message);
        match failure.kind {
            HttpFailureKind::NotSent | HttpFailureKind::ResponseLost => Situation::Unreachable(message).into(),
            HttpFailureKind::UnknownAuthority => Situation::UnknownAuthority(message).into(),
            HttpFailureKind::Certificate => Self::invalid(message),
            HttpFailureKind::InvalidSetting => Self::config(message),
        }
    }

    /// The error for a response that is not accepted. The message starts with `failed_step`.
    pub fn problem(failed_step: &'static str, problem: Problem) -> Self {
        let message = |what| format!("{failed_step}: {what}");
        match problem {
            Problem::Invalid(what) => Self::invalid(message(what)),
            Problem::Refused(error) => ProviderRefusal::WithError(failed_step, error).into(),
            Problem::RefusedByStatus { what, .. } => ProviderRefusal::StatusOnly(message(what)).into(),
            Problem::Unavailable(what) => Situation::Unreachable(message(what)).into(),
        }
    }

    /// The error with a profile for its hint, unless it has one.
    #[must_use]
    pub fn with_profile_hint(mut self, profile: Option<&str>) -> Self {
        self.profile = self.profile.or_else(|| profile.map(str::to_owned));
        self
    }

    /// How the store failed, if it did.
    pub fn store_failure(&self) -> Option<StoreFailureKind> {
        match &self.situation {
            Situation::Store(StoreError::Failed(failure)) => Some(failure.kind),
            _ => None,
        }
    }

    pub fn silent_exit_code(&self) -> Option<i32> {
        match self.situation {
            Situation::OutputClosed => Some(0),
            Situation::Exited(code) => Some(code),
            _ => None,
        }
    }

    pub fn report(&self) -> Report {
        self.situation.report(self.profile.as_deref())
    }

    /// The report if `command` (`policy simulate`; empty if it is not known) ends with this error. The hint of a usage error
    /// is the help of the command; a failed validation without a hint of its own gets one here.
    pub fn report_of(&self, command: impl FnOnce() -> String) -> Report {
        let report = self.report();
        match (&self.situation, report.kind, &report.hint) {
            (Situation::CommandLine(CommandLineError::Usage(_)), ..) => match &*command() {
                "" => report,
                command => report.hint(format!("tidp {command} --help")),
            },
            (_, Kind::Invalid, None) => match &*command() {
                // Its checks say what to do.
                "doctor" => report,
                "decode" => report.hint("tidp decode --help"),
                _ => report.hint(with_profile("tidp doctor", self.profile.as_deref())),
            },
            _ => report,
        }
    }
}

impl<S: Into<Situation>> From<S> for Error {
    fn from(situation: S) -> Self {
        Self { situation: situation.into(), profile: None }
    }
}

/// The error for a panic, without its message, which may hold a secret. Libraries panic if they cannot start a thread.
pub fn panic_error(message: &str, place: &str, thread: Option<&str>) -> Error {
    let no_thread = message.contains("spawn") && message.contains("thread");
    let what = if no_thread {
        "no more threads can be started: a limit on processes is reached (`ulimit -u`, or a container's pids limit)"
            .into()
    } else {
        format!("a bug in tidp; please report it ({})", printable(place))
    };
    match thread {
        // The name of the thread for calls to the keyring.
        Some(name) if name == StoreName::Keyring.as_str() => {
            StoreFailure { store: StoreName::Keyring, kind: StoreFailureKind::Refused, detail: what }.into()
        }
        _ => Situation::Failed(what).into(),
    }
}

#[cfg(test)]
mod tests;
