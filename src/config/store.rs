//! Which store to use, and where its key comes from.

use super::file::Config;
use super::profile_keys::unknown_value;
use crate::domain::secret::Secret;
use crate::domain::text::printable;
use crate::error::{ConfigFileError, Error, Result};
use crate::ports::Env;
use std::path::PathBuf;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreKind {
    Keyring,
    File(KeySource),
    PlaintextFile,
    Memory,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    Command(Vec<String>),
    File(PathBuf),
    Variable(Secret),
}

pub fn caches_access_tokens(env: &Env) -> Result<bool> {
    match env.get("TIDP_ACCESS_TOKEN_CACHE") {
        None | Some("on") => Ok(true),
        Some("off") => Ok(false),
        Some(other) => Err(Error::config(format!("TIDP_ACCESS_TOKEN_CACHE: `{}` is not on or off", printable(other)))),
    }
}

/// The store that `TIDP_STORE` names, or else `config.toml`; the keyring by default.
pub fn store(env: &Env, config: &Config) -> Result<StoreKind> {
    match env.get("TIDP_STORE").or(config.store.as_deref()).unwrap_or("keyring") {
        "keyring" => Ok(StoreKind::Keyring),
        "plaintext-file" => Ok(StoreKind::PlaintextFile),
        "memory" => Ok(StoreKind::Memory),
        "file" => {
            let variable = env.get("TIDP_STORE_KEY").map(|key| KeySource::Variable(Secret::new(key)));
            let file = env.get("TIDP_STORE_KEY_FILE").map(|path| KeySource::File(path.into()));
            let command = config.store_key_command.clone().filter(|command| !command.is_empty());
            let source = variable.or(file).or(command.map(KeySource::Command));
            source.map(StoreKind::File).ok_or_else(|| ConfigFileError::NoStoreKey.into())
        }
        other => Err(Error::config(unknown_value("store", other, &["keyring", "file", "plaintext-file", "memory"]))),
    }
}
