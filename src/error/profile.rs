//! A profile is missing, exists already, or lacks something that a command needs.

use super::kind::Kind;
use super::report::{Report, arguments, with_profile};
use crate::domain::text::printable;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProfileError {
    NoProfile,
    NoSuchProfile {
        name: String,
        existing: Vec<String>,
    },
    /// The existing profiles.
    NoDefaultProfile(Vec<String>),
    ProfileExists(String),
    ProfileHasSession(String),
    /// A session is left from an earlier profile of this name.
    NameHasSession(String),
    /// This profile has a `client_secret`.
    SecretInFile(String),
    NoClientSecret,
    /// The redirect URI's address cannot be listened on.
    NoListener(String),
}

impl ProfileError {
    pub(super) fn report(&self, profile: Option<&str>) -> Report {
        let usage = |message: String| Report::new(Kind::Usage, message);
        let config = |message: String| Report::new(Kind::Config, message);
        match self {
            Self::NoProfile => Report::new(Kind::Config, "no profile is configured (`tidp demo` needs none)")
                .hint("tidp profile add NAME --environment staging --client-id ID --client-type MobileApp"),
            Self::NoSuchProfile { name, existing } => {
                config(format!("there is no profile `{}`; existing profiles: {}", printable(name), list(existing)))
                    .hint("tidp profile list")
            }
            Self::NoDefaultProfile(existing) => {
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
            Self::SecretInFile(name) => config(format!(
                "profile `{}`: client_secret must not be in config.toml; remove it and store it instead",
                printable(name)
            ))
            .hint(store_secret_command(name)),
            Self::NoClientSecret => {
                Report::new(Kind::Config, "the client is confidential, but there is no client secret")
                    .hint(profile.map_or_else(|| "set TIDP_CLIENT_SECRET".to_owned(), store_secret_command))
            }
            Self::NoListener(message) => {
                Report::new(Kind::Config, message).hint(with_profile("tidp login --paste", profile))
            }
        }
    }
}

pub(super) fn store_secret_command(profile: &str) -> String {
    format!("tidp profile secret {}", arguments(&[profile]))
}

fn list(names: &[String]) -> String {
    names.iter().map(|name| printable(name)).collect::<Vec<_>>().join(", ")
}
