//! What is wrong before a command has begun: its words, its profile, what the machine lacks for it. Each has a remedy.

use super::{quoted, with_profile};
use crate::domain::text::{printable, printable_path};
use std::path::PathBuf;

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setup {
    /// A command to run lacks the `--` before it: what is wrong, the command line as it was meant up to that command, and
    /// whether more follows.
    NoDashes(String, Vec<String>, bool),
    /// Nothing is configured.
    NoProfile,
    /// There is no profile of that name, only these.
    NoSuchProfile(String, Vec<String>),
    /// There are these profiles, and none is the default.
    NoDefaultProfile(Vec<String>),
    /// The profile to be added is there.
    ProfileExists(String),
    /// The profile to be removed has a session.
    ProfileHasSession(String),
    /// The configuration to be changed came through this pipe.
    ConfigIsPipe(PathBuf),
    /// The configuration there would become larger than it may be.
    ConfigTooLarge(PathBuf),
    /// kubectl asks for an ExecCredential in that version, or says none that can be read.
    ExecCredentialVersion(Option<String>),
    /// A client secret stands in the profile of that name.
    SecretInFile(String),
    /// The file store has no key.
    NoStoreKey,
    /// Nobody can listen where the redirect leads.
    NoListener(String),
}

impl Setup {
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::NoDashes(..) | Self::ProfileExists(_) | Self::ProfileHasSession(_) => "usage",
            _ => "config",
        }
    }

    pub(super) fn message(&self) -> String {
        match self {
            Self::NoDashes(what, ..) | Self::NoListener(what) => what.clone(),
            Self::NoProfile => "no profile is configured (`tidp demo` needs none)".to_owned(),
            Self::NoSuchProfile(name, names) => {
                format!("there is no profile `{}` (there are: {})", printable(name), listed(names))
            }
            Self::NoDefaultProfile(names) => {
                format!("there are several profiles and no default, and --profile names none ({})", listed(names))
            }
            Self::ProfileExists(name) => {
                format!("there is a profile `{}` already: remove it first, or choose another name", printable(name))
            }
            Self::ProfileHasSession(name) => format!("`{}` has a session, which must be ended first", printable(name)),
            Self::ConfigIsPipe(path) => {
                format!("the configuration comes through a pipe ({}), which cannot be changed", printable_path(path))
            }
            Self::ConfigTooLarge(path) => {
                format!(
                    "{} would become larger than 1 MiB, more than is read: nothing was changed",
                    printable_path(path)
                )
            }
            Self::ExecCredentialVersion(Some(version)) => format!(
                "KUBERNETES_EXEC_INFO asks for an ExecCredential in apiVersion `{}`, which is not spoken here",
                printable(version)
            ),
            Self::ExecCredentialVersion(None) => {
                "KUBERNETES_EXEC_INFO, which kubectl sets, does not say in which apiVersion it wants the ExecCredential"
                    .to_owned()
            }
            Self::SecretInFile(name) => format!(
                "profile `{}`: no secret belongs in config.toml: remove `client_secret` there, and store it instead",
                printable(name)
            ),
            Self::NoStoreKey => "the file store needs a key, base64 of 32 random bytes: TIDP_STORE_KEY_FILE, \
                 TIDP_STORE_KEY, or store_key_command in config.toml"
                .to_owned(),
        }
    }

    /// The exact next command.
    pub(super) fn hint(&self, profile: Option<&str>) -> String {
        match self {
            Self::NoDashes(_, line, goes_on) => {
                let line: Vec<_> = line.iter().map(|word| quoted(word)).collect();
                line.join(" ") + if *goes_on { " …" } else { "" }
            }
            Self::NoProfile => {
                "tidp profile add NAME --environment staging --client-id ID --client-type MobileApp".to_owned()
            }
            Self::NoSuchProfile(..) => "tidp profile list".to_owned(),
            Self::NoDefaultProfile(names) => {
                format!("tidp profile use {}", names.first().map_or_else(String::new, |name| quoted(name)))
            }
            Self::ProfileExists(name) => format!("tidp profile show {}", quoted(name)),
            Self::ProfileHasSession(name) => with_profile("tidp logout", Some(name)),
            Self::ConfigIsPipe(_) => "let TIDP_CONFIG name a file, or unset it".to_owned(),
            Self::ConfigTooLarge(_) => "tidp profile remove NAME".to_owned(),
            Self::ExecCredentialVersion(_) => {
                "in the kubeconfig's `exec`: apiVersion: client.authentication.k8s.io/v1 (or v1beta1)".to_owned()
            }
            Self::SecretInFile(name) => format!("tidp profile secret {}", quoted(name)),
            // A key that is there is not written over, for it may have sealed a session.
            Self::NoStoreKey => "(umask 077; set -C; head -c 32 /dev/urandom | base64 > ~/tidp.key) && \
                 export TIDP_STORE_KEY_FILE=~/tidp.key"
                .to_owned(),
            Self::NoListener(_) => with_profile("tidp login --paste", profile),
        }
    }
}

fn listed(names: &[String]) -> String {
    names.iter().map(|name| printable(name)).collect::<Vec<_>>().join(", ")
}
