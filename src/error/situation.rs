//! What happened: one variant for each family of errors.

use super::checks::FailedChecks;
use super::child_process::ChildProcessError;
use super::kind::Kind;
use super::login::LoginError;
use super::network::NetworkError;
use super::provider::ProviderRefusal;
use super::report::Report;
use super::session::SessionError;
use super::setup::SetupError;
use super::store::StoreError;
use super::validation::ValidationError;
use crate::ports::StoreFailure;

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
    Checks(FailedChecks),
    /// The reader of standard output has closed it. No error is printed.
    OutputClosed,
    /// The command line has no command. The help is printed instead of an error.
    NoCommand,
    Failed(String),
}

impl Situation {
    pub(super) fn report(&self, profile: Option<&str>) -> Report {
        match self {
            Self::Setup(error) => error.report(profile),
            Self::Network(error) => error.report(profile),
            Self::Provider(refusal) => refusal.report(profile),
            Self::Validation(error) => error.report(),
            Self::Store(error) => error.report(profile),
            Self::Session(error) => error.report(profile),
            Self::Login(error) => error.report(profile),
            Self::ChildProcess(error) => error.report(),
            Self::Checks(failed) => failed.report(),
            Self::OutputClosed => Report::new(Kind::Failed, "standard output is closed").exit_code(0),
            Self::NoCommand => Report::new(Kind::Usage, "no command was given"),
            Self::Failed(message) => Report::new(Kind::Failed, message),
        }
    }
}

impl From<ChildProcessError> for Situation {
    fn from(error: ChildProcessError) -> Self {
        Self::ChildProcess(error)
    }
}

impl From<FailedChecks> for Situation {
    fn from(failed: FailedChecks) -> Self {
        Self::Checks(failed)
    }
}

impl From<NetworkError> for Situation {
    fn from(error: NetworkError) -> Self {
        Self::Network(error)
    }
}

impl From<ProviderRefusal> for Situation {
    fn from(refusal: ProviderRefusal) -> Self {
        Self::Provider(refusal)
    }
}

impl From<SessionError> for Situation {
    fn from(error: SessionError) -> Self {
        Self::Session(error)
    }
}

impl From<SetupError> for Situation {
    fn from(error: SetupError) -> Self {
        Self::Setup(error)
    }
}

impl From<StoreError> for Situation {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<ValidationError> for Situation {
    fn from(error: ValidationError) -> Self {
        Self::Validation(error)
    }
}

impl From<LoginError> for Situation {
    fn from(error: LoginError) -> Self {
        Self::Login(Box::new(error))
    }
}

impl From<StoreFailure> for Situation {
    fn from(failure: StoreFailure) -> Self {
        Self::Store(StoreError::Failed(failure))
    }
}
