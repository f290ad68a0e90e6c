//! The situations a user can be in when a command fails: what happened, the exact next command, the exit code.
//! Hints are written here, those for a store that failed in `error::store`, those for what is wrong before a command has
//! begun in `error::setup`, those of a login in `error::login`, and nowhere else.

mod login;
mod panic;
mod setup;
mod store;

use crate::domain::session::InvalidEntry;
use crate::domain::text::printable;
use crate::oidc::{Problem, ProviderError};
use crate::ports::{HttpFailure, HttpFailureKind, StoreFailure};
pub use login::{AskedFor, NoLogin};
pub use panic::of_panic;
use serde_json::{Value, json};
pub use setup::Setup;
use store::store_hint;
pub use store::store_message;

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Situation {
    /// The command line is wrong.
    Usage {
        /// What is wrong with it.
        what: String,
        /// The command below `tidp` that it is wrong for; empty where that is not known.
        command: String,
    },
    /// Something is wrong before the command has begun, and there is a remedy.
    Setup(Setup),
    /// The configuration is wrong.
    Config(String),
    /// A confidential client has no secret.
    NoClientSecret,
    /// There is no session.
    NoSession,
    /// The token has expired and the login brought no refresh token.
    NoRefreshToken,
    /// The provider refused the refresh token for good.
    RefreshTokenRefused {
        /// Its error code, or its status.
        said: String,
        /// Its words, where it has any.
        words: Option<ProviderError>,
        /// What the policy makes likely.
        likely: String,
    },
    /// The provider refused a refresh and did not say for what; the refresh token is kept.
    RefreshRefusedOnce {
        /// Its error code, or its status.
        said: String,
        /// Its words, where it has any.
        words: Option<ProviderError>,
    },
    /// The provider refused the refresh token some time ago.
    RefreshTokenGone,
    /// The ID token has expired, and the provider's answer to a refresh brings none.
    NoIdToken,
    /// A refresh is due and `--no-refresh` forbids it.
    RefreshForbidden,
    /// `policy --require`: less life is left than asked for.
    TooLittleLife {
        /// How much, for a person.
        what: String,
        /// Whether a login would give as much as was asked for.
        login_helps: bool,
    },
    /// The provider said no.
    Refused(&'static str, ProviderError),
    /// The provider said no with its status alone; the text says which.
    RefusedWithoutWords(String),
    /// The provider refused the client, whose secret is the one in the store.
    SecretRefused(&'static str, ProviderError),
    /// The network or the provider may do better later.
    Unreachable(String),
    /// Whether a signature is the provider's is not known: its key is not among those known here, and they cannot be had,
    /// or were looked for too recently to be asked for again; or another algorithm than ours made it. `unreachable` where
    /// later may help, or what else having them failed with; and the text.
    KeyNotKnown(&'static str, String),
    /// A request that spends something was sent, and no answer came.
    AnswerLost(String),
    /// Another process holds the session's lock.
    Busy,
    /// Another process changes the configuration.
    ConfigBusy,
    /// Another `keepalive` looks after this session.
    AlreadyKeptAlive,
    /// `keepalive`: there is nothing to keep alive, or the session has ended.
    NotKeptAlive(String),
    /// The store failed.
    Store(StoreFailure),
    /// The store holds something else than a session of ours.
    Entry(InvalidEntry),
    /// The store holds entries that cannot be read, so nobody knows whose sessions they are.
    EntriesUnreadable {
        /// The store's name.
        store: &'static str,
        /// How many.
        count: usize,
        /// Where they lie.
        place: String,
    },
    /// The old refresh token is spent and the new one could not be stored.
    SuccessorLost(StoreFailure),
    /// A token that only its issuer can read, where a JWT was asked for.
    Opaque(String),
    /// A certificate, document, callback or token failed validation.
    Invalid(String),
    /// A login ended without a session.
    NoLogin(Box<NoLogin>),
    /// No authority that is trusted here has signed a server's certificate.
    UnknownAuthority(String),
    /// The provider could not, or would not, end its own session. The text says what is left to do.
    LogoutIncomplete(&'static str, String),
    /// Logged out here. The text says what is left at the provider, the failure why.
    LoggedOutOnlyHere(String, Box<Error>),
    /// A login or logout came between a refresh and the storing of its answer.
    SessionChanged {
        /// Whether the provider confirmed that the token just received is revoked.
        revoked: bool,
    },
    /// Standard output is closed: the reader has had enough.
    OutputClosed,
    /// `exec`: the command was not started; 125, 126 or 127, as env(1).
    NotStarted(u8, String),
    /// `keepalive`: its command ended so, or a signal ended `keepalive` (128 and its number); there is nothing to tell.
    Exited(u8),
    /// Anything else.
    Failed(String),
}

/// A failure: the situation, and the profile its hint is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// What happened.
    pub situation: Situation,
    /// The profile to name in the hint; `None` where naming none means the same.
    pub profile: Option<String>,
}

/// Result with our [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

/// Something worth saying that is no failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// A code a script can match on.
    pub code: &'static str,
    /// A sentence for a person.
    pub message: String,
}

/// A failure as it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// One of contract's kinds.
    pub kind: &'static str,
    /// The process's exit code.
    pub exit_code: u8,
    /// What happened.
    pub message: String,
    /// The exact next command, where there is one.
    pub hint: Option<String>,
    /// The provider's words, where it said something.
    pub provider: Option<ProviderError>,
}

impl From<Situation> for Error {
    fn from(situation: Situation) -> Self {
        Self { situation, profile: None }
    }
}

impl From<StoreFailure> for Error {
    fn from(failure: StoreFailure) -> Self {
        Situation::Store(failure).into()
    }
}

impl From<NoLogin> for Error {
    fn from(ended: NoLogin) -> Self {
        Situation::NoLogin(Box::new(ended)).into()
    }
}

impl From<Setup> for Error {
    fn from(setup: Setup) -> Self {
        Situation::Setup(setup).into()
    }
}

impl Error {
    /// A wrong command line.
    pub fn usage(message: impl Into<String>) -> Self {
        Situation::Usage { what: message.into(), command: String::new() }.into()
    }

    /// A wrong configuration.
    pub fn config(message: impl Into<String>) -> Self {
        Situation::Config(message.into()).into()
    }

    /// Anything else that failed.
    pub fn failed(message: impl Into<String>) -> Self {
        Situation::Failed(message.into()).into()
    }

    /// Something failed validation.
    pub fn invalid(message: impl Into<String>) -> Self {
        Situation::Invalid(message.into()).into()
    }

    /// A missing answer to a request that spends nothing.
    pub fn unanswered(doing: &str, failure: &HttpFailure) -> Self {
        let message = format!("{doing}: {}", failure.what);
        match failure.kind {
            HttpFailureKind::NotSent | HttpFailureKind::AnswerLost => Situation::Unreachable(message),
            HttpFailureKind::Certificate => Situation::Invalid(message),
            HttpFailureKind::UnknownAuthority => Situation::UnknownAuthority(message),
            HttpFailureKind::Setting => Situation::Config(message),
        }
        .into()
    }

    /// An answer that is not accepted.
    pub fn problem(doing: &'static str, problem: Problem) -> Self {
        match problem {
            Problem::Invalid(what) => Situation::Invalid(format!("{doing}: {what}")),
            Problem::Refused(provider) => Situation::Refused(doing, provider),
            Problem::RefusedWithoutWords { what, .. } => Situation::RefusedWithoutWords(format!("{doing}: {what}")),
            Problem::Unreachable(what) => Situation::Unreachable(format!("{doing}: {what}")),
        }
        .into()
    }

    /// The same failure, with the profile that its hint should name.
    #[must_use]
    pub fn of_profile(mut self, profile: Option<&str>) -> Self {
        self.profile = self.profile.or_else(|| profile.map(str::to_owned));
        self
    }

    /// The same failure; a wrong command line with the command (`policy simulate`) whose help its hint should name.
    #[must_use]
    pub fn of_command(mut self, named: &str) -> Self {
        if let Situation::Usage { command, .. } = &mut self.situation {
            named.clone_into(command);
        }
        self
    }

    /// What is told, and the exit code: one decision for all situations.
    pub fn report(&self) -> Report {
        let run = |command: &str| Some(with_profile(command, self.profile.as_deref()));
        let login = || run("tidp login");
        let new_secret = || self.profile.as_deref().map(|name| format!("tidp profile secret {}", quoted(name)));
        let secret = || new_secret().or_else(|| Some("set TIDP_CLIENT_SECRET".into()));
        let (kind, exit_code, message, hint): (_, u8, String, Option<String>) = match &self.situation {
            Situation::Usage { what, command } => {
                let words = ["tidp", command, "--help"].into_iter().filter(|word| !word.is_empty());
                ("usage", 2, what.clone(), Some(words.collect::<Vec<_>>().join(" ")))
            }
            Situation::Setup(setup) => (setup.kind(), 2, setup.message(), Some(setup.hint(self.profile.as_deref()))),
            Situation::Config(what) => ("config", 2, what.clone(), None),
            Situation::NoClientSecret => {
                ("config", 2, "the client is confidential and has no client secret".into(), secret())
            }
            Situation::NoSession => ("login_required", 3, "there is no session".into(), login()),
            Situation::NoRefreshToken => (
                "login_required",
                3,
                "the login brought no refresh token, so only a login brings another token".into(),
                login(),
            ),
            Situation::RefreshTokenRefused { said, words, likely } => {
                let said = words.as_ref().map_or_else(|| printable(said), told);
                ("login_required", 3, format!("the provider refused the refresh token ({said}). {likely}"), login())
            }
            Situation::RefreshRefusedOnce { said, words } => {
                let said = words.as_ref().map_or_else(|| format!("{}, without saying why", printable(said)), told);
                let message = format!(
                    "the provider refused the refresh ({said}). The refresh token is kept: the next refresh tries it once more, \
                     and tells whether the session has ended"
                );
                ("refused", 4, message, login())
            }
            Situation::RefreshTokenGone => {
                ("login_required", 3, "the provider has refused the refresh token: the session has ended".into(), login())
            }
            Situation::NoIdToken => {
                ("login_required", 3, "the ID token has expired, and refreshing brings no other that can be used".into(), login())
            }
            Situation::RefreshForbidden => {
                ("login_required", 3, "a refresh is due, and --no-refresh forbids it".into(), run("tidp refresh"))
            }
            Situation::TooLittleLife { what, login_helps } => {
                ("login_required", 3, what.clone(), login().filter(|_| *login_helps))
            }
            Situation::Refused(doing, provider) => ("refused", 4, said_no(doing, provider), None),
            Situation::RefusedWithoutWords(what) => ("refused", 4, what.clone(), None),
            Situation::SecretRefused(doing, provider) => ("refused", 4, said_no(doing, provider), new_secret()),
            Situation::Unreachable(what) | Situation::AnswerLost(what) => ("unreachable", 5, what.clone(), None),
            Situation::Busy => (
                "busy",
                5,
                "another tidp is working on this session and has not finished in 15 s".into(),
                None,
            ),
            Situation::ConfigBusy => {
                ("busy", 5, "another tidp is changing the configuration and has not finished in 15 s".into(), None)
            }
            Situation::AlreadyKeptAlive => {
                ("busy", 5, "another `tidp keepalive` keeps this session alive already".into(), None)
            }
            Situation::NotKeptAlive(what) => ("login_required", 3, what.clone(), login()),
            Situation::Store(failure) => ("store", 6, store_message(failure), store_hint(failure)),
            Situation::Entry(InvalidEntry::Version(version)) => (
                "store",
                6,
                format!("the stored session was written by a newer tidp (format {version})"),
                Some("update tidp, or start anew: ".to_owned() + &login().unwrap_or_default()),
            ),
            Situation::Entry(_) => {
                ("store", 6, "what the store holds for this session is not a session".into(), login())
            }
            Situation::EntriesUnreadable { store, count, place } => (
                "store",
                6,
                format!(
                    "{} cannot be read, so the sessions that may be in {} were not ended: {place}",
                    if *count == 1 { "1 file".to_owned() } else { format!("{count} files") },
                    if *count == 1 { "it" } else { "them" },
                ),
                Some(match *store {
                    "file" => "run it again with the key that sealed them (TIDP_STORE_KEY_FILE), or remove what cannot be read".into(),
                    _ => "remove what cannot be read".into(),
                }),
            ),
            Situation::SuccessorLost(failure) => (
                "store",
                6,
                format!("the refresh token is spent and its successor could not be stored: {}", store_message(failure)),
                login(),
            ),
            Situation::Invalid(what) | Situation::Opaque(what) => ("invalid", 7, what.clone(), None),
            Situation::NoLogin(ended) => ended.report(self.profile.as_deref()),
            Situation::UnknownAuthority(what) => {
                let set = |name: &str| format!("tidp profile set {} ca_file FILE", quoted(name));
                let set = self.profile.as_deref().map_or_else(|| "set TIDP_CA_FILE=FILE".into(), set);
                let hint = format!("if the authority is to be trusted: {set} (its certificate, PEM)");
                ("invalid", 7, what.clone(), Some(hint))
            }
            Situation::LoggedOutOnlyHere(what, because) => {
                return Report { message: what.clone(), ..because.report() };
            }
            Situation::LogoutIncomplete(kind, what) | Situation::KeyNotKnown(kind, what) => {
                let code = match *kind {
                    "config" => 2,
                    "refused" => 4,
                    "unreachable" => 5,
                    "store" => 6,
                    "invalid" => 7,
                    _ => 1,
                };
                (*kind, code, what.clone(), None)
            }
            Situation::SessionChanged { revoked } => (
                "failed",
                1,
                format!(
                    "the session was changed by another login or logout meanwhile; the token just received was not stored, \
                     and {}",
                    if *revoked { "was revoked" } else { "could not be revoked: it lives on at the provider, unused" }
                ),
                run("tidp inspect"),
            ),
            Situation::OutputClosed => ("failed", 0, String::new(), None),
            Situation::NotStarted(code, what) => ("failed", *code, what.clone(), None),
            Situation::Exited(code) => ("failed", *code, String::new(), None),
            Situation::Failed(what) => ("failed", 1, what.clone(), None),
        };
        let provider = match &self.situation {
            Situation::Refused(_, provider) | Situation::SecretRefused(_, provider) => Some(provider.clone()),
            Situation::RefreshTokenRefused { words, .. } | Situation::RefreshRefusedOnce { words, .. } => words.clone(),
            Situation::NoLogin(ended) => ended.provider().cloned(),
            _ => None,
        };
        Report { kind, exit_code, message, hint, provider }
    }
}

impl Report {
    /// The document on stderr's last line under `--json`.
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

fn said_no(doing: &str, provider: &ProviderError) -> String {
    format!("{doing}: the provider said no ({})", told(provider))
}

/// The provider's words, printable.
fn told(provider: &ProviderError) -> String {
    match &provider.error_description {
        Some(description) => format!("{}: {}", printable(&provider.error), printable(description)),
        None => printable(&provider.error),
    }
}

/// The command for that profile; `None` where naming none means the same.
pub fn with_profile(command: &str, profile: Option<&str>) -> String {
    profile.map_or_else(|| command.to_owned(), |profile| format!("{command} --profile {}", quoted(profile)))
}

/// A word as a shell reads it back; a control character, which a name in a hand-written file may have, as an escape.
pub fn quoted(word: &str) -> String {
    printable(&shell_words::quote(word))
}

#[cfg(test)]
mod tests;
