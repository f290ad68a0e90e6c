//! What went wrong: a family of errors with a file of its own, or one of the others. Each has its kind, message and hint.

use super::command_line::CommandLineError;
use super::config_file::ConfigFileError;
use super::kind::Kind;
use super::login::LoginError;
use super::profile::ProfileError;
use super::provider::ProviderRefusal;
use super::report::Report;
use super::session::SessionError;
use super::store::StoreError;
use crate::domain::text::printable;
use crate::ports::StoreFailure;
use std::ffi::OsString;
use std::io::{self, ErrorKind};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Situation {
    CommandLine(CommandLineError),
    ConfigFile(ConfigFileError),
    Profile(ProfileError),
    Provider(ProviderRefusal),
    Store(StoreError),
    Session(SessionError),
    Login(Box<LoginError>),
    /// The network or the provider; trying again later may help.
    Unreachable(String),
    NoSandbox(String),
    /// The server's certificate was issued by an authority that is not trusted here.
    UnknownAuthority(String),
    /// A certificate, document, callback or token is not accepted.
    Invalid(String),
    /// The token is not a JWT, so only its issuer can read it.
    Opaque(String),
    /// The signature is undecided, because the key is not known. `Kind::Unreachable` if trying again later may help;
    /// otherwise the kind of error that fetching the keys ended with.
    NotVerified(Kind, String),
    /// CMD of `exec` or `keepalive` was not started. With an exit code as for env(1).
    NotStarted(i32, String),
    /// CMD exited with this code, which has 32 bits on Windows, or a signal ended `keepalive` (128 and its number). No error
    /// is printed.
    Exited(i32),
    /// Checks of `tidp doctor` failed: the kind of the first one, and their names. The report on standard output says more.
    Checks(Kind, Vec<&'static str>),
    /// The reader of standard output has closed it. No error is printed.
    OutputClosed,
    /// The command line has no command. The help is printed instead of an error.
    NoCommand,
    Failed(String),
}

impl Situation {
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

    pub(super) fn report(&self, profile: Option<&str>) -> Report {
        match self {
            Self::CommandLine(error) => error.report(profile),
            Self::ConfigFile(error) => error.report(),
            Self::Profile(error) => error.report(profile),
            Self::Provider(refusal) => refusal.report(profile),
            Self::Store(error) => error.report(profile),
            Self::Session(error) => error.report(profile),
            Self::Login(error) => error.report(profile),
            Self::Unreachable(message) => Report::new(Kind::Unreachable, message),
            Self::NoSandbox(message) => {
                Report::new(Kind::Unreachable, message).hint("start `tidp sandbox`, or name its address with --at")
            }
            Self::UnknownAuthority(message) => {
                let in_profile = profile.map(|name| format!("ca_file in the profile `{}`, or ", printable(name)));
                let place = in_profile.unwrap_or_default() + "TIDP_CA_FILE=FILE";
                Report::new(Kind::Invalid, message)
                    .hint(format!("if you trust the authority: set {place} (its certificate, PEM)"))
            }
            Self::Invalid(message) | Self::Opaque(message) => Report::new(Kind::Invalid, message),
            Self::NotVerified(kind, message) => Report::new(*kind, message),
            Self::NotStarted(code, message) => Report::new(Kind::Failed, message).exit_code(*code),
            Self::Exited(code) => Report::new(Kind::Failed, format!("the command exited with {code}")).exit_code(*code),
            Self::Checks(kind, names) => {
                let checks = if names.len() == 1 { "check" } else { "checks" };
                Report::new(*kind, format!("{} {checks} failed: {}", names.len(), names.join(", ")))
            }
            Self::OutputClosed => Report::new(Kind::Failed, "standard output is closed").exit_code(0),
            Self::NoCommand => Report::new(Kind::Usage, "no command was given"),
            Self::Failed(message) => Report::new(Kind::Failed, message),
        }
    }
}

macro_rules! from_families {
    ($($family:ident($error:ty),)+) => {
        $(impl From<$error> for Situation {
            fn from(error: $error) -> Self {
                Self::$family(error.into())
            }
        })+
    };
}

from_families! {
    CommandLine(CommandLineError),
    ConfigFile(ConfigFileError),
    Profile(ProfileError),
    Provider(ProviderRefusal),
    Store(StoreError),
    Store(StoreFailure),
    Session(SessionError),
    Login(LoginError),
}
