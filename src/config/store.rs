//! Which store to use, and where its key comes from.

use super::file::Config;
use super::profile_keys::one_of;
use crate::domain::secret::Secret;
use crate::domain::text::printable;
use crate::error::{ConfigFileError, Error, Result};
use crate::ports::{Env, StoreName};
use std::path::PathBuf;

/// Where the key of encrypted files is.
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
pub fn store(env: &Env, config: &Config) -> Result<StoreName> {
    let name = env.get("TIDP_STORE").or(config.store.as_deref()).unwrap_or("keyring");
    one_of("store", name, &StoreName::ALL.map(|store| (store.as_str(), store))).map_err(Error::config)
}

/// The key of the store `file`.
pub fn store_key(env: &Env, config: &Config) -> Result<KeySource> {
    let variable = env.get("TIDP_STORE_KEY").map(|key| KeySource::Variable(Secret::new(key)));
    let file = env.get("TIDP_STORE_KEY_FILE").map(|path| KeySource::File(path.into()));
    let command = config.store_key_command.clone().filter(|command| !command.is_empty());
    let source = variable.or(file).or(command.map(KeySource::Command));
    source.ok_or_else(|| ConfigFileError::NoStoreKey.into())
}
