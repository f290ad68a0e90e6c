//! The command line or the configuration is wrong, or something that a command needs is missing.

use super::kind::Kind;
use super::report::{Report, arguments, quoted, with_profile};
use crate::domain::text::{printable, printable_path};
use std::net::SocketAddr;
use std::path::PathBuf;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SetupError {
    Usage {
        message: String,
        /// The command (`policy simulate`) for the hint; empty if it is not known.
        command: String,
    },
    /// The command line was probably meant to be another one.
    CorrectedLine {
        message: String,
        /// The corrected command line, of `exec` up to CMD.
        corrected: Vec<String>,
        has_more: bool,
    },
    Config(String),
    NoProfile,
    NoSuchProfile {
        name: String,
        existing: Vec<String>,
    },
    NoDefaultProfile {
        existing: Vec<String>,
    },
    ProfileExists(String),
    ProfileHasSession(String),
    /// A session is left from an earlier profile of this name.
    NameHasSession(String),
    /// A key of this profile is wrong or missing, in the file or as it would be after a change.
    KeyInFile {
        message: String,
        profile: String,
        key: String,
        /// Whether there is such a key.
        is_known: bool,
    },
    /// A key of a profile on the command line is wrong.
    WrongKey {
        message: String,
    },
    ConfigIsPipe(PathBuf),
    ConfigTooLarge(PathBuf),
    ConfigBusy,
    /// The apiVersion that kubectl asks for, if it names one.
    ExecCredentialVersion(Option<String>),
    /// This profile has a `client_secret`.
    SecretInFile(String),
    NoClientSecret,
    /// The client acts for itself. The text ends the sentence "the grant is client_credentials, so …".
    NoUser(&'static str),
    /// Nobody can finish the login in a browser. The text ends the sentence "there is no terminal, and …".
    NobodyToLogIn(&'static str),
    NoStoreKey,
    /// The redirect URI's address cannot be listened on.
    NoListener(String),
    /// The sandbox's address is taken.
    SandboxAddressTaken(SocketAddr),
}

impl SetupError {
    pub(super) fn report(&self, profile: Option<&str>) -> Report {
        let usage = |message: String| Report::new(Kind::Usage, message);
        let config = |message: String| Report::new(Kind::Config, message);
        match self {
            Self::Usage { message, command } => {
                let words = ["tidp", command, "--help"].into_iter().filter(|word| !word.is_empty());
                usage(message.clone()).hint(words.collect::<Vec<_>>().join(" "))
            }
            Self::CorrectedLine { message, corrected, has_more } => {
                let line: Vec<_> = corrected.iter().map(|word| quoted(word)).collect();
                usage(message.clone()).hint(line.join(" ") + if *has_more { " …" } else { "" })
            }
            Self::Config(message) => config(message.clone()),
            Self::NoProfile => config("no profile is configured (`tidp demo` needs none)".into())
                .hint("tidp profile add NAME --environment staging --client-id ID --client-type MobileApp"),
            Self::NoSuchProfile { name, existing } => {
                config(format!("there is no profile `{}`; existing profiles: {}", printable(name), list(existing)))
                    .hint("tidp profile list")
            }
            Self::NoDefaultProfile { existing } => {
                let first = existing.first().map_or_else(String::new, |name| arguments(&[name]));
                config(format!("there is no default profile; choose one with --profile: {}", list(existing)))
                    .hint(format!("tidp profile use {first}"))
            }
            Self::ProfileExists(name) => {
                usage(format!("profile `{}` already exists; change it or choose another name", printable(name)))
                    .hint(format!("tidp profile set {} KEY VALUE", arguments(&[name])))
            }
            Self::ProfileHasSession(name) => {
                usage(format!("profile `{}` has a session, so it was not removed; log out first", printable(name)))
                    .hint(with_profile("tidp logout", Some(name)))
            }
            Self::NameHasSession(name) => usage(format!(
                "a session of an earlier profile `{}` is still stored; `tidp logout --all` ends it and all others",
                printable(name)
            ))
            .hint("tidp status"),
            Self::KeyInFile { message, profile, key, is_known } => {
                let words = arguments(&[profile, key]);
                config(message.clone()).hint(match (key.as_str(), is_known) {
                    (_, false) => format!("tidp profile unset {words}"),
                    ("issuer", true) => format!("tidp profile set {words} URL"),
                    (_, true) => format!("tidp profile set {words} VALUE"),
                })
            }
            Self::WrongKey { message } => usage(message.clone()).hint("tidp profile set --help"),
            Self::ConfigIsPipe(path) => {
                config(format!("the configuration is a pipe ({}) and cannot be changed", printable_path(path)))
                    .hint("set TIDP_CONFIG to a file, or unset it")
            }
            Self::ConfigTooLarge(path) => {
                let path = printable_path(path);
                config(format!("{path} would exceed 1 MiB, the limit; nothing was changed"))
                    .hint("tidp profile remove NAME")
            }
            Self::ConfigBusy => {
                Report::new(Kind::Busy, "another tidp has been changing the configuration for more than 15 s")
            }
            Self::ExecCredentialVersion(version) => config(match version {
                Some(version) => format!(
                    "KUBERNETES_EXEC_INFO asks for ExecCredential apiVersion `{}`, which is not supported",
                    printable(version)
                ),
                None => "KUBERNETES_EXEC_INFO, which kubectl sets, has no apiVersion".into(),
            })
            .hint("in the kubeconfig's `exec`: apiVersion: client.authentication.k8s.io/v1 (or v1beta1)"),
            Self::SecretInFile(name) => config(format!(
                "profile `{}`: client_secret must not be in config.toml; remove it and store it instead",
                printable(name)
            ))
            .hint(format!("tidp profile secret {}", arguments(&[name]))),
            Self::NoClientSecret => {
                config("the client is confidential, but there is no client secret".into()).hint(profile.map_or_else(
                    || "set TIDP_CLIENT_SECRET".into(),
                    |name| format!("tidp profile secret {}", arguments(&[name])),
                ))
            }
            Self::NoUser(consequence) => usage(format!("the profile's grant is client_credentials, so {consequence}"))
                .hint(with_profile("tidp token", profile)),
            Self::NobodyToLogIn(reason) => {
                let print = with_profile("tidp login --no-browser", profile);
                usage(format!("nobody can finish this login: there is no terminal, and {reason}")).hint(format!(
                    "in a job, use a machine token (TIDP_GRANT=client_credentials) or a session from another machine \
                     (TIDP_STORE=file); if somebody reads this output: {print}"
                ))
            }
            Self::NoStoreKey => config(
                "the file store needs a key (base64 of 32 random bytes) in TIDP_STORE_KEY_FILE, TIDP_STORE_KEY or \
                 store_key_command in config.toml"
                    .into(),
            )
            .hint(NEW_STORE_KEY),
            Self::SandboxAddressTaken(address) => Report::new(
                Kind::Failed,
                format!("cannot listen on {address}: another program, perhaps another sandbox, listens there"),
            )
            .hint("tidp sandbox --port 0"),
            Self::NoListener(message) => config(message.clone()).hint(with_profile("tidp login --paste", profile)),
        }
    }
}

/// Commands that make a store key. They do not overwrite one, which may have encrypted a session.
const NEW_STORE_KEY: &str = if cfg!(windows) {
    "in PowerShell: $key = [byte[]]::new(32); [Security.Cryptography.RandomNumberGenerator]::Create().GetBytes($key); \
     New-Item $HOME\\tidp.key -Value ([Convert]::ToBase64String($key)); $env:TIDP_STORE_KEY_FILE = \"$HOME\\tidp.key\""
} else {
    "(umask 077; set -C; head -c 32 /dev/urandom | base64 > ~/tidp.key) && export TIDP_STORE_KEY_FILE=~/tidp.key"
};

fn list(names: &[String]) -> String {
    names.iter().map(|name| printable(name)).collect::<Vec<_>>().join(", ")
}
