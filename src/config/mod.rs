//! Flags, then environment, then file: merged into one [`Profile`]. Pure.

mod profile_keys;
mod redirect_uri;
mod store;
#[cfg(test)]
mod tests;

pub use profile_keys::{check_scopes, policy_name};
pub use redirect_uri::{RedirectUri, redirect_uri};
pub use store::{KeySource, StoreKind, caches_access_tokens, store};

use crate::domain::decision::Renew;
use crate::domain::policy::{ClientType, Policy};
use crate::domain::session::SessionKey;
use crate::domain::text::{printable, printable_path};
use crate::error::{Error, Result, SetupError};
use crate::explain::claims::ClaimIssuer;
use crate::oidc::discovery::Provider;
use crate::ports::{Dirs, Env};
use profile_keys::{env_table, resolve};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use toml::Table;

/// `config.toml`. Unknown keys are refused, so that a misspelt one is not ignored.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub default_profile: Option<String>,
    pub store: Option<String>,
    /// A command that prints the file store's key.
    pub store_key_command: Option<Vec<String>>,
    #[serde(default)]
    pub profile: BTreeMap<String, Table>,
    /// `None` if the file does not exist yet.
    #[serde(skip)]
    pub(crate) path: Option<PathBuf>,
}

/// TelenorID+'s environments and their issuers.
pub const TELENORID_PLUS: [(&str, &str); 2] =
    [("production", "https://id.telenor.no"), ("staging", "https://id-test.telenor.no")];

pub fn is_telenorid_plus(issuer: &str) -> bool {
    TELENORID_PLUS.iter().any(|(_, own)| issuer.strip_suffix('/').unwrap_or(issuer) == *own)
}

/// Client authentication at the token endpoint (RFC 6749 2.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthMethod {
    /// A public client.
    None,
    Basic,
    Post,
}

/// Where a setting comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    Variable(String),
    Profile(String),
    Default,
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Variable(name) => f.write_str(name),
            Self::Profile(name) => write!(f, "profile `{}`", printable(name)),
            Self::Default => f.write_str("default"),
        }
    }
}

/// A profile, validated and with its defaults filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// `CLIENT_ID@ISSUER` where the environment names the client.
    pub name: String,
    /// The name that `--profile` takes in hints; `None` where the environment names the client.
    pub name_in_hints: Option<String>,
    pub issuer: String,
    pub client_id: String,
    pub client_id_source: Source,
    pub client_type: Option<ClientType>,
    /// The configured one, or the one that follows from the client type.
    pub policy: Option<Policy>,
    pub renew: Renew,
    pub scopes: Vec<String>,
    pub redirect_uri: RedirectUri,
    pub redirect_uri_source: Source,
    pub auth_method: AuthMethod,
    /// A command that prints the client secret.
    pub client_secret_command: Option<Vec<String>>,
    /// Certificate authorities trusted beside the system's.
    pub ca_file: Option<PathBuf>,
    pub acr_values: Option<String>,
    pub login_hint: Option<String>,
    pub ui_locales: Option<String>,
    pub prompt: Option<String>,
    /// Hosts that endpoints may be on, beside the issuer's.
    pub endpoint_hosts: Vec<String>,
}

impl Profile {
    /// Whether the provider behaves as TelenorID+: by its issuer, or by a client type, which no other provider has (a
    /// sandbox, a proxy).
    pub fn is_telenorid_plus(&self) -> bool {
        self.client_type.is_some() || is_telenorid_plus(&self.issuer)
    }

    /// A profile for a session whose own profile is removed: enough to log out.
    pub fn orphan(key: &SessionKey) -> Self {
        Self {
            name: key.profile.clone(),
            name_in_hints: Some(key.profile.clone()),
            issuer: key.issuer.clone(),
            client_id: key.client_id.clone(),
            client_id_source: Source::Default,
            client_type: None,
            policy: None,
            renew: Renew::default(),
            scopes: Vec::new(),
            redirect_uri: RedirectUri::Elsewhere(String::new()),
            redirect_uri_source: Source::Default,
            auth_method: AuthMethod::None,
            client_secret_command: None,
            ca_file: None,
            acr_values: None,
            login_hint: None,
            ui_locales: None,
            prompt: None,
            endpoint_hosts: Vec::new(),
        }
    }

    /// The profile key that sets the refresh policy.
    pub fn policy_key(&self) -> &'static str {
        if self.is_telenorid_plus() { "client_type" } else { "policy" }
    }

    /// How to read the provider's claims, as far as its discovery document is known.
    pub fn claim_issuer(&self, provider: Option<&Provider>) -> ClaimIssuer {
        ClaimIssuer {
            telenorid_plus: self.is_telenorid_plus(),
            pairwise: provider.is_some_and(|provider| provider.is_pairwise),
        }
    }

    pub fn session_key(&self) -> SessionKey {
        SessionKey { profile: self.name.clone(), issuer: self.issuer.clone(), client_id: self.client_id.clone() }
    }
}

pub fn config_path(env: &Env, dirs: &Dirs) -> Option<PathBuf> {
    env.get("TIDP_CONFIG").map(PathBuf::from).or_else(|| Some(dirs.config.as_ref()?.join("tidp").join("config.toml")))
}

pub fn parse(text: &str, path: &Path) -> Result<Config> {
    let config = toml::from_str(text).map(|config| Config { path: Some(path.to_owned()), ..config });
    config.map_err(|error| {
        let what = printable(error.message());
        let line = error.span().map(|span| 1 + text.bytes().take(span.start).filter(|byte| *byte == b'\n').count());
        let place = line.map(|line| format!(", line {line}")).unwrap_or_default();
        Error::config(format!("{}{place}: {what}", printable_path(path)))
    })
}

/// The profile in use: `flag` (`--profile`) or `TIDP_PROFILE`, then the environment's own issuer and client, then the
/// default of the file, then its only profile.
pub fn profile(flag: Option<&str>, env: &Env, config: &Config, base: Option<&Path>) -> Result<Profile> {
    let from_env = env_table(env)?;
    let env_issuer = from_env.contains_key("issuer") || from_env.contains_key("environment");
    match (env_issuer, from_env.contains_key("client_id")) {
        (true, false) => {
            return Err(Error::config("TIDP_ISSUER is set without TIDP_CLIENT_ID; set both or neither"));
        }
        (false, true) => {
            return Err(Error::config("TIDP_CLIENT_ID is set without TIDP_ISSUER; set both or neither"));
        }
        _ => {}
    }
    let wanted = flag.or_else(|| env.get("TIDP_PROFILE"));
    if env_issuer && wanted.is_none() {
        return resolve(None, None, from_env, env, base);
    }
    let name = match wanted {
        Some(name) => name,
        None => default_profile(config)?,
    };
    let table = config.profile.get(name).ok_or_else(|| no_such_profile(name, config))?;
    let merged: Table = table.clone().into_iter().chain(from_env).collect();
    let profile = resolve(Some(name), config.path.as_deref(), merged, env, base)?;
    if env_issuer {
        let own = file_profile(name, config, base)?;
        if (&own.issuer, &own.client_id) != (&profile.issuer, &profile.client_id) {
            return Err(Error::config(format!(
                "TIDP_ISSUER and TIDP_CLIENT_ID name another client than profile `{}`; unset them or drop --profile",
                printable(name)
            )));
        }
    }
    Ok(profile)
}

/// The file's `default_profile`, or its only profile.
pub fn default_profile(config: &Config) -> Result<&str> {
    match (&config.default_profile, config.profile.len()) {
        (Some(name), _) => Ok(name),
        (None, 0) => Err(SetupError::NoProfile.into()),
        (None, 1) => Ok(config.profile.keys().next().map_or("", String::as_str)),
        (None, _) => Err(SetupError::NoDefaultProfile { existing: names(config) }.into()),
    }
}

/// The profile without the environment: for `profile list` and `logout --all`.
pub fn file_profile(name: &str, config: &Config, base: Option<&Path>) -> Result<Profile> {
    let table = config.profile.get(name).ok_or_else(|| no_such_profile(name, config))?;
    resolve(Some(name), config.path.as_deref(), table.clone(), &Env::default(), base)
}

pub fn no_such_profile(name: &str, config: &Config) -> Error {
    if config.profile.is_empty() {
        return SetupError::NoProfile.into();
    }
    SetupError::NoSuchProfile { name: name.to_owned(), existing: names(config) }.into()
}

fn names(config: &Config) -> Vec<String> {
    config.profile.keys().cloned().collect()
}

/// Refuses a name that is not safe in a file, a prompt and a shell.
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
