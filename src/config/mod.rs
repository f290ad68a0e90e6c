//! Merges flags, environment and file into a [`Profile`]. Pure.

mod file;
mod profile;
mod profile_keys;
mod redirect_uri;
mod resolve;
mod store;
#[cfg(test)]
mod tests;

pub use file::{Config, config_path, parse};
pub use profile::{AuthMethod, Grant, Profile, Source, is_telenorid_plus};
pub use profile_keys::{Key, key_meanings, keys_with_meanings, parse_key, variables};
pub use redirect_uri::RedirectUri;
pub use resolve::{Setting, check_machine_scopes, check_scope_spelling, check_scopes, settings};
pub use store::{KeySource, caches_access_tokens, store, store_key};

use crate::domain::text::printable;
use crate::error::{Error, ProfileError, Result};
use crate::ports::Env;
use profile_keys::env_table;
use resolve::resolve;
use std::path::Path;
use toml::Table;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SelectionReason {
    Flag,
    /// `TIDP_PROFILE`, or the issuer and the client in the environment.
    Environment,
    /// The file's `default_profile`.
    Default,
    Only,
}

impl SelectionReason {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Flag => "flag",
            Self::Environment => "environment",
            Self::Default => "default",
            Self::Only => "only",
        }
    }

    /// As part of a sentence about the profile.
    pub fn to_text(self, env: &Env) -> &'static str {
        match self {
            Self::Flag => "the profile of --profile",
            Self::Environment if env.get("TIDP_PROFILE").is_some() => "TIDP_PROFILE is set",
            Self::Environment => "TIDP_ISSUER and TIDP_CLIENT_ID are set",
            Self::Default => "the default profile",
            Self::Only => "the only profile",
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
pub struct Selection<'a> {
    /// `None` for the environment's own issuer and client.
    pub name: Option<&'a str>,
    pub why: SelectionReason,
}

/// The name of the profile in use: the one that `flag` (`--profile`) or `TIDP_PROFILE` names, or else the environment's own
/// issuer and client, or else the file's default or only profile.
pub fn selection<'a>(flag: Option<&'a str>, env: &'a Env, config: &'a Config) -> Result<Selection<'a>> {
    let is_own_client = names_a_client(&env_table(env)?)?;
    let (name, why) = match (flag, env.get("TIDP_PROFILE")) {
        (Some(name), _) => (name, SelectionReason::Flag),
        (None, Some(name)) => (name, SelectionReason::Environment),
        (None, None) if is_own_client => return Ok(Selection { name: None, why: SelectionReason::Environment }),
        (None, None) => {
            let why = if config.default_profile.is_some() { SelectionReason::Default } else { SelectionReason::Only };
            (default_profile(config)?, why)
        }
    };
    table(name, config)?;
    Ok(Selection { name: Some(name), why })
}

/// The keys of the profile of that name, as the file has them.
pub fn table<'c>(name: &str, config: &'c Config) -> Result<&'c Table> {
    config.profile.get(name).ok_or_else(|| match names(config) {
        existing if existing.is_empty() => ProfileError::NoProfile.into(),
        existing => ProfileError::NoSuchProfile { name: name.to_owned(), existing }.into(),
    })
}

/// Whether the environment names a client, which takes both variables.
fn names_a_client(from_env: &Table) -> Result<bool> {
    let names_issuer = from_env.contains_key("issuer") || from_env.contains_key("environment");
    match (names_issuer, from_env.contains_key("client_id")) {
        (true, false) => Err(Error::config("TIDP_ISSUER is set without TIDP_CLIENT_ID; set both or neither")),
        (false, true) => Err(Error::config("TIDP_CLIENT_ID is set without TIDP_ISSUER; set both or neither")),
        (is_named, _) => Ok(is_named),
    }
}

/// The profile in use, as [`selection`] finds it.
pub fn profile(flag: Option<&str>, env: &Env, config: &Config, base: Option<&Path>) -> Result<Profile> {
    let Selection { name, .. } = selection(flag, env, config)?;
    let from_env = env_table(env)?;
    let Some(name) = name else { return resolve(None, config, from_env, env, base) };
    if names_a_client(&from_env)? {
        check_same_client(name, &from_env, env, config, base)?;
    }
    let merged: Table = table(name, config)?.clone().into_iter().chain(from_env).collect();
    resolve(Some(name), config, merged, env, base)
}

/// Refuses variables of another client than the profile's, before their other values are mixed with the file's.
fn check_same_client(name: &str, from_env: &Table, env: &Env, config: &Config, base: Option<&Path>) -> Result<()> {
    let is_client = |key: &str| matches!(key, "issuer" | "environment" | "client_id");
    let named = from_env.clone().into_iter().filter(|(key, _)| is_client(key)).collect();
    let (named, from_file) = (resolve(None, config, named, env, base)?, file_profile(name, config, base)?);
    if (&from_file.issuer, &from_file.client_id) == (&named.issuer, &named.client_id) {
        return Ok(());
    }
    Err(Error::config(format!(
        "TIDP_ISSUER and TIDP_CLIENT_ID name another client than profile `{}`; unset them or drop --profile",
        printable(name)
    )))
}

/// The file's `default_profile`, or its only profile.
pub fn default_profile(config: &Config) -> Result<&str> {
    match (&config.default_profile, config.profile.len()) {
        (Some(name), _) => Ok(name),
        (None, 0) => Err(ProfileError::NoProfile.into()),
        (None, 1) => Ok(config.profile.keys().next().map_or("", String::as_str)),
        (None, _) => Err(ProfileError::NoDefaultProfile(names(config)).into()),
    }
}

/// The profile in the file, without the environment.
pub fn file_profile(name: &str, config: &Config, base: Option<&Path>) -> Result<Profile> {
    resolve(Some(name), config, table(name, config)?.clone(), &Env::default(), base)
}

fn names(config: &Config) -> Vec<String> {
    config.profile.keys().cloned().collect()
}

/// Refuses a profile name that is not safe in a file, a prompt and a shell.
pub fn check_profile_name(name: &str) -> Result<()> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.len() <= 64 && name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(plain) {
        return Ok(());
    }
    Err(Error::usage(format!(
        "invalid profile name `{}`: use up to 64 letters (a to z), digits, dots, dashes and underscores; start with a letter or digit",
        printable(name)
    )))
}
