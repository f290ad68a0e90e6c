//! Flags over environment over file → one [`Profile`]: a pure merge of tables, read once into types.

mod profile_keys;
mod redirect_uri;
mod store;
#[cfg(test)]
mod tests;

pub use profile_keys::{check_scopes, client_type, policy_name};
pub use redirect_uri::{RedirectUri, redirect_uri};
pub use store::{KeySource, StoreKind, caches_access_tokens, store};

use crate::domain::decision::Renew;
use crate::domain::policy::{ClientType, Policy};
use crate::domain::session::SessionKey;
use crate::domain::text::{printable, printable_path};
use crate::error::{Error, Result, SetupError};
use crate::explain::claims::Whose;
use crate::oidc::discovery::Provider;
use crate::ports::{Dirs, Env};
use profile_keys::{env_table, resolve};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use toml::Table;

/// What `config.toml` may hold beside profiles. Unknown keys are refused: a misspelt one must not be ignored.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The profile used where none is named.
    pub default_profile: Option<String>,
    /// `keyring`, `file`, `plaintext-file` or `memory`; `TIDP_STORE` wins.
    pub store: Option<String>,
    /// Prints the file store's key.
    pub store_key_command: Option<Vec<String>>,
    /// The profiles, as they stand in the file.
    #[serde(default)]
    pub profile: BTreeMap<String, Table>,
    /// Where it was read from; `None` for one that is not written yet.
    #[serde(skip)]
    pub(crate) path: Option<PathBuf>,
}

/// TelenorID+'s issuers, by the `environment` that stands for each.
pub const TELENORID_PLUS: [(&str, &str); 2] =
    [("production", "https://id.telenor.no"), ("staging", "https://id-test.telenor.no")];

/// Whether that is one of TelenorID+'s issuers.
pub fn is_telenorid_plus(issuer: &str) -> bool {
    TELENORID_PLUS.iter().any(|(_, own)| issuer.strip_suffix('/').unwrap_or(issuer) == *own)
}

/// How a client proves who it is at the token endpoint (RFC 6749 2.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthMethod {
    /// A public client: not at all.
    None,
    /// `client_secret_basic`.
    Basic,
    /// `client_secret_post`.
    Post,
}

/// Where a value in use was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// In that variable.
    Variable(String),
    /// In the profile of that name.
    Profile(String),
    /// Nowhere.
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

/// A profile, ready for use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Its name; for issuer and client from the environment alone, named after them.
    pub name: String,
    /// The name to give in a hint; `None` where the environment names the client.
    pub named: Option<String>,
    /// The issuer as configured.
    pub issuer: String,
    /// The client.
    pub client_id: String,
    /// Where the client was written.
    pub client_id_from: Source,
    /// The client's type, if configured.
    pub client_type: Option<ClientType>,
    /// The policy: the configured one, or the one that follows from the client type.
    pub policy: Option<Policy>,
    /// When sessions are renewed.
    pub renew: Renew,
    /// The scopes a login asks for.
    pub scopes: Vec<String>,
    /// Where the redirect goes.
    pub redirect_uri: RedirectUri,
    /// Where that was written.
    pub redirect_uri_from: Source,
    /// How the client secret is sent, if there is one.
    pub auth_method: AuthMethod,
    /// Prints the client secret.
    pub client_secret_command: Option<Vec<String>>,
    /// Certificate authorities trusted beside the system's.
    pub ca_file: Option<PathBuf>,
    /// `acr_values` of a login.
    pub acr_values: Option<String>,
    /// `login_hint` of a login.
    pub login_hint: Option<String>,
    /// `ui_locales` of a login.
    pub ui_locales: Option<String>,
    /// `prompt` of a login.
    pub prompt: Option<String>,
    /// Hosts that endpoints may be on, beside the issuer's.
    pub endpoint_hosts: Vec<String>,
}

impl Profile {
    /// Whether what is true for TelenorID+ only may be said of this profile's provider: it is one of TelenorID+'s issuers,
    /// or the profile names a client type, which no other provider has (a sandbox, a proxy).
    pub fn is_telenorid_plus(&self) -> bool {
        self.client_type.is_some() || is_telenorid_plus(&self.issuer)
    }

    /// A profile for a session whose own is gone: just enough to end it with.
    pub fn orphan(key: &SessionKey) -> Self {
        Self {
            name: key.profile.clone(),
            named: Some(key.profile.clone()),
            issuer: key.issuer.clone(),
            client_id: key.client_id.clone(),
            client_id_from: Source::Default,
            client_type: None,
            policy: None,
            renew: Renew::default(),
            scopes: Vec::new(),
            redirect_uri: RedirectUri::Elsewhere(String::new()),
            redirect_uri_from: Source::Default,
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

    /// The key that would tell its refresh policy.
    pub fn key_of_policy(&self) -> &'static str {
        if self.is_telenorid_plus() { "client_type" } else { "policy" }
    }

    /// Whose claims its provider's are, as far as its discovery document is at hand.
    pub fn whose(&self, provider: Option<&Provider>) -> Whose {
        Whose {
            telenorid_plus: self.is_telenorid_plus(),
            pairwise: provider.is_some_and(|provider| provider.is_pairwise),
        }
    }

    /// What its session is named by, once discovery has said what the issuer is called.
    pub fn session_key(&self) -> SessionKey {
        SessionKey { profile: self.name.clone(), issuer: self.issuer.clone(), client_id: self.client_id.clone() }
    }
}

/// Where the config file is: `TIDP_CONFIG`, or `tidp/config.toml` under the user's configuration directory.
pub fn config_path(env: &Env, dirs: &Dirs) -> Option<PathBuf> {
    env.get("TIDP_CONFIG").map(PathBuf::from).or_else(|| Some(dirs.config.as_ref()?.join("tidp").join("config.toml")))
}

/// Reads the file's text.
///
/// # Errors
/// `config`, naming the place, if it is not the TOML it should be.
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
///
/// # Errors
/// `config` or `usage`: no such profile, a value that makes no sense, or issuer and client id from two sources.
pub fn profile(flag: Option<&str>, env: &Env, config: &Config, base: Option<&Path>) -> Result<Profile> {
    let from_env = env_table(env)?;
    let env_issuer = from_env.contains_key("issuer") || from_env.contains_key("environment");
    match (env_issuer, from_env.contains_key("client_id")) {
        (true, false) => {
            return Err(Error::config("TIDP_ISSUER is set without TIDP_CLIENT_ID: they come from one source together"));
        }
        (false, true) => {
            return Err(Error::config("TIDP_CLIENT_ID is set without TIDP_ISSUER: they come from one source together"));
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
                "TIDP_ISSUER and TIDP_CLIENT_ID name another client than the profile `{}` does: unset them, or leave the profile out",
                printable(name)
            )));
        }
    }
    Ok(profile)
}

/// The profile the file makes the default: the named one, or the only one.
///
/// # Errors
/// [`SetupError::NoProfile`] where there is none, `config` where there are several and none is the default.
pub fn default_profile(config: &Config) -> Result<&str> {
    match (&config.default_profile, config.profile.len()) {
        (Some(name), _) => Ok(name),
        (None, 0) => Err(SetupError::NoProfile.into()),
        (None, 1) => Ok(config.profile.keys().next().map_or("", String::as_str)),
        (None, _) => Err(SetupError::NoDefaultProfile { existing: names(config) }.into()),
    }
}

/// The file's own profile of that name, without the environment: for `profile list`, `logout --all`.
///
/// # Errors
/// `config`, as [`profile`].
pub fn file_profile(name: &str, config: &Config, base: Option<&Path>) -> Result<Profile> {
    let table = config.profile.get(name).ok_or_else(|| no_such_profile(name, config))?;
    resolve(Some(name), config.path.as_deref(), table.clone(), &Env::default(), base)
}

/// The error for a profile that is not in the file.
pub fn no_such_profile(name: &str, config: &Config) -> Error {
    if config.profile.is_empty() {
        return SetupError::NoProfile.into();
    }
    SetupError::NoSuchProfile { name: name.to_owned(), existing: names(config) }.into()
}

fn names(config: &Config) -> Vec<String> {
    config.profile.keys().cloned().collect()
}

/// A name that is safe in a file, a prompt and a shell.
///
/// # Errors
/// `usage`.
pub fn check_profile_name(name: &str) -> Result<()> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if name.len() <= 64 && name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(plain) {
        return Ok(());
    }
    Err(Error::usage(format!(
        "`{}` is no profile name: use up to 64 letters (a to z), digits, dots, dashes and underscores, a letter or digit first",
        printable(name)
    )))
}
