//! Everything that can go wrong, as a table: kind, message and hint of a situation stand side by side in the file of its
//! family. `catalogue.txt` lists them all as a user sees them.

mod child_process;
mod login;
mod login_refusal;
mod network;
mod panic;
mod provider;
mod session;
mod setup;
mod store;
mod validation;

use crate::domain::text::printable;
use crate::oidc::ProviderError;
use crate::ports::StoreFailure;
pub use child_process::ChildProcessError;
pub use login::{LoginError, RequestedLogin};
pub use network::NetworkError;
pub use panic::of_panic;
pub use provider::ProviderRefusal;
use serde::Serialize;
use serde_json::{Value, json};
pub use session::SessionError;
pub use setup::SetupError;
pub use store::{StoreError, store_message};
pub use validation::ValidationError;

pub type Result<T> = std::result::Result<T, Error>;

/// A failure: what happened, and the profile that its hint names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    pub situation: Situation,
    /// `None` where a command without `--profile` means the same.
    pub profile: Option<String>,
}

/// What happened, by family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Situation {
    Setup(SetupError),
    Network(NetworkError),
    Provider(ProviderRefusal),
    Validation(ValidationError),
    Store(StoreError),
    Session(SessionError),
    Login(Box<LoginError>),
    ChildProcess(ChildProcessError),
    /// The reader of standard output has closed it.
    OutputClosed,
    Failed(String),
}

/// The contract's kinds of failure, each with its exit code. The order says which one to report of several: what the
/// user must change comes before what may pass by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Usage,
    Config,
    Failed,
    Invalid,
    LoginRequired,
    Refused,
    Store,
    Busy,
    Unreachable,
    Timeout,
}

impl Kind {
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Failed => 1,
            Self::Usage | Self::Config => 2,
            Self::LoginRequired => 3,
            Self::Refused => 4,
            Self::Unreachable | Self::Busy => 5,
            Self::Store => 6,
            Self::Invalid => 7,
            Self::Timeout => 124,
        }
    }
}

/// A failure as the user sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub kind: Kind,
    pub exit_code: u8,
    pub message: String,
    /// The exact next command, where there is one.
    pub hint: Option<String>,
    /// The provider's own error, where it sent one.
    pub provider: Option<ProviderError>,
}

/// Something to tell the user although the command goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// A code that scripts can match on.
    pub code: &'static str,
    pub message: String,
}

impl Error {
    pub fn usage(message: impl Into<String>) -> Self {
        SetupError::Usage { message: message.into(), command: String::new() }.into()
    }

    pub fn config(message: impl Into<String>) -> Self {
        SetupError::Config(message.into()).into()
    }

    pub fn failed(message: impl Into<String>) -> Self {
        Situation::Failed(message.into()).into()
    }

    pub fn invalid(message: impl Into<String>) -> Self {
        ValidationError::Invalid(message.into()).into()
    }

    /// The same failure, with the profile that its hint names unless it has one already.
    #[must_use]
    pub fn of_profile(mut self, profile: Option<&str>) -> Self {
        self.profile = self.profile.or_else(|| profile.map(str::to_owned));
        self
    }

    /// The same failure; a usage error with the command (`policy simulate`) whose help its hint names.
    #[must_use]
    pub fn of_command(mut self, name: &str) -> Self {
        if let Situation::Setup(SetupError::Usage { command, .. }) = &mut self.situation {
            name.clone_into(command);
        }
        self
    }

    pub fn report(&self) -> Report {
        let profile = self.profile.as_deref();
        match &self.situation {
            Situation::Setup(error) => error.report(profile),
            Situation::Network(error) => error.report(profile),
            Situation::Provider(refusal) => refusal.report(profile),
            Situation::Validation(error) => error.report(),
            Situation::Store(error) => error.report(profile),
            Situation::Session(error) => error.report(profile),
            Situation::Login(error) => error.report(profile),
            Situation::ChildProcess(error) => error.report(),
            Situation::OutputClosed => Report::new(Kind::Failed, "").exit_code(0),
            Situation::Failed(message) => Report::new(Kind::Failed, message),
        }
    }
}

impl<S: Into<Situation>> From<S> for Error {
    fn from(situation: S) -> Self {
        Self { situation: situation.into(), profile: None }
    }
}

impl From<StoreFailure> for Situation {
    fn from(failure: StoreFailure) -> Self {
        Self::Store(StoreError::Failed(failure))
    }
}

impl Report {
    /// A row of the table: the exit code follows from the kind.
    fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, exit_code: kind.exit_code(), message: message.into(), hint: None, provider: None }
    }

    fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    fn exit_code(self, exit_code: u8) -> Self {
        Self { exit_code, ..self }
    }

    fn provider(self, provider: Option<&ProviderError>) -> Self {
        Self { provider: provider.cloned(), ..self }
    }

    /// The document on the last line of stderr under `--json`.
    pub fn to_json(&self) -> Value {
        let mut error = json!({ "kind": self.kind, "message": self.message, "exit_code": self.exit_code });
        if let Some(hint) = &self.hint {
            error["hint"] = hint.as_str().into();
        }
        if let Some(provider) = &self.provider {
            error["provider"] = json!({ "error": provider.error });
            if let Some(description) = &provider.error_description {
                error["provider"]["error_description"] = description.as_str().into();
            }
        }
        json!({ "error": error })
    }
}

/// The provider's error and its description, printable.
fn provider_message(provider: &ProviderError) -> String {
    match &provider.error_description {
        Some(description) => format!("{}: {}", printable(&provider.error), printable(description)),
        None => printable(&provider.error),
    }
}

/// The command with `--profile`, unless a command without it means the same.
pub fn with_profile(command: &str, profile: Option<&str>) -> String {
    profile.map_or_else(|| command.to_owned(), |profile| format!("{command} --profile {}", quoted(profile)))
}

/// A word as a shell reads it back, its control characters as escapes.
pub fn quoted(word: &str) -> String {
    printable(&shell_words::quote(word))
}

#[cfg(test)]
mod tests;
