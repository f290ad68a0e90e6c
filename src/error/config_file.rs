//! The configuration file, or a variable in its place, is wrong or cannot be changed.

use super::kind::Kind;
use super::report::{Report, arguments};
use crate::domain::text::printable_path;
use std::path::PathBuf;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigFileError {
    Config(String),
    /// A key of this profile is wrong or missing, in the file or as it would be after a change.
    KeyInFile {
        message: String,
        profile: String,
        key: String,
        is_known: bool,
    },
    ConfigIsPipe(PathBuf),
    ConfigTooLarge(PathBuf),
    ConfigBusy,
    NoStoreKey,
}

impl ConfigFileError {
    pub(super) fn report(&self) -> Report {
        match self {
            Self::Config(message) => Report::new(Kind::Config, message),
            Self::KeyInFile { message, profile, key, is_known } => {
                let words = arguments(&[profile, key]);
                Report::new(Kind::Config, message).hint(match (key.as_str(), is_known) {
                    (_, false) => format!("tidp profile unset {words}"),
                    ("issuer", true) => format!("tidp profile set {words} URL"),
                    (_, true) => format!("tidp profile set {words} VALUE"),
                })
            }
            Self::ConfigIsPipe(path) => {
                let path = printable_path(path);
                Report::new(Kind::Config, format!("the configuration is a pipe ({path}) and cannot be changed"))
                    .hint("set TIDP_CONFIG to a file, or unset it")
            }
            Self::ConfigTooLarge(path) => {
                let path = printable_path(path);
                Report::new(Kind::Config, format!("{path} would exceed 1 MiB, the limit; nothing was changed"))
                    .hint("tidp profile remove NAME")
            }
            Self::ConfigBusy => {
                Report::new(Kind::Busy, "another tidp has been changing the configuration for more than 15 s")
            }
            Self::NoStoreKey => Report::new(
                Kind::Config,
                "the file store needs a key (base64 of 32 random bytes) in TIDP_STORE_KEY_FILE, TIDP_STORE_KEY or \
                 store_key_command in config.toml",
            )
            .hint(NEW_STORE_KEY),
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
