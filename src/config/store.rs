//! Which store, and where its key comes from.

use super::Config;
use crate::domain::secret::Secret;
use crate::domain::text::printable;
use crate::error::{Error, Result, SetupError};
use crate::ports::Env;
use std::path::PathBuf;

/// Which store is chosen, before its key is fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoreKind {
    /// `keyring`.
    Keyring,
    /// `file`, with the key from there.
    File(KeySource),
    /// `plaintext-file`.
    PlaintextFile,
    /// `memory`.
    Memory,
}

/// Where the file store's key comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource {
    /// A command prints it.
    Command(Vec<String>),
    /// It is in a file.
    File(PathBuf),
    /// `TIDP_STORE_KEY` holds it.
    Given(Secret),
}

/// Whether access tokens may be cached outside the store: unless `TIDP_ACCESS_TOKEN_CACHE` is `off`.
///
/// # Errors
/// `config`, for anything but `on` and `off`: whoever wrote it wanted one of them.
pub fn caches_access_tokens(env: &Env) -> Result<bool> {
    match env.get("TIDP_ACCESS_TOKEN_CACHE") {
        None | Some("on") => Ok(true),
        Some("off") => Ok(false),
        Some(other) => Err(Error::config(format!("TIDP_ACCESS_TOKEN_CACHE is `{}`, not on or off", printable(other)))),
    }
}

/// The store: `TIDP_STORE` over the file's `store`; the keyring where neither says anything.
///
/// # Errors
/// `config`, for a store there is not, or a `file` store without a key.
pub fn store(env: &Env, config: &Config) -> Result<StoreKind> {
    match env.get("TIDP_STORE").or(config.store.as_deref()).unwrap_or("keyring") {
        "keyring" => Ok(StoreKind::Keyring),
        "plaintext-file" => Ok(StoreKind::PlaintextFile),
        "memory" => Ok(StoreKind::Memory),
        "file" => {
            let given = || env.get("TIDP_STORE_KEY").map(|key| KeySource::Given(Secret::new(key)));
            let file = || env.get("TIDP_STORE_KEY_FILE").map(|path| KeySource::File(path.into()));
            let command =
                || config.store_key_command.clone().filter(|command| !command.is_empty()).map(KeySource::Command);
            let source = given().or_else(file).or_else(command);
            source.map(StoreKind::File).ok_or_else(|| SetupError::NoStoreKey.into())
        }
        other => {
            Err(Error::config(format!("store `{}` is none of keyring, file, plaintext-file, memory", printable(other))))
        }
    }
}
