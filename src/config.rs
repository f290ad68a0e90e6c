//! Flags over environment over file → one [`Profile`]: a pure merge of tables, read once into types.

use crate::core::plan::Renew;
use crate::core::policy::{ClientType, Policy, PolicyName};
use crate::core::secret::Secret;
use crate::core::session::SessionKey;
use crate::core::text::{printable, printable_path};
use crate::core::time::Seconds;
use crate::error::{Error, Result, Situation};
use crate::world::{Dirs, Env, ListenAt};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use toml::{Table, Value};
use url::{Host, Url};

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
}

/// The keys of a profile; each has an environment variable `TIDP_…` in upper case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    issuer: Option<String>,
    environment: Option<String>,
    client_id: Option<String>,
    client_type: Option<String>,
    policy: Option<String>,
    refresh_lifetime: Option<String>,
    sliding: Option<bool>,
    absolute_lifetime: Option<String>,
    renew: Option<String>,
    scopes: Option<Vec<String>>,
    redirect_uri: Option<String>,
    client_secret_command: Option<Vec<String>>,
    auth_method: Option<String>,
    ca_file: Option<PathBuf>,
    acr_values: Option<String>,
    login_hint: Option<String>,
    ui_locales: Option<String>,
    prompt: Option<String>,
    endpoint_hosts: Option<Vec<String>>,
}

/// The names of [`Keys`], and how a variable's text becomes a value.
const KEYS: [(&str, Shape); 19] = [
    ("issuer", Shape::Text),
    ("environment", Shape::Text),
    ("client_id", Shape::Text),
    ("client_type", Shape::Text),
    ("policy", Shape::Text),
    ("refresh_lifetime", Shape::Text),
    ("sliding", Shape::Flag),
    ("absolute_lifetime", Shape::Text),
    ("renew", Shape::Text),
    ("scopes", Shape::Words),
    ("redirect_uri", Shape::Text),
    ("client_secret_command", Shape::Command),
    ("auth_method", Shape::Text),
    ("ca_file", Shape::Text),
    ("acr_values", Shape::Text),
    ("login_hint", Shape::Text),
    ("ui_locales", Shape::Text),
    ("prompt", Shape::Text),
    ("endpoint_hosts", Shape::Words),
];

#[derive(Clone, Copy)]
enum Shape {
    Text,
    Flag,
    Words,
    Command,
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

/// Where the redirect goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RedirectUri {
    /// To a free port of this machine.
    AnyPort(ListenAt),
    /// To exactly this URI of this machine, byte for byte.
    Fixed(String, ListenAt),
    /// Elsewhere: the user pastes what the browser was sent to.
    Elsewhere(String),
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
    /// A profile for a session whose own is gone: just enough to end it with.
    pub fn orphan(key: &SessionKey) -> Self {
        Self {
            name: key.profile.clone(),
            named: Some(key.profile.clone()),
            issuer: key.issuer.clone(),
            client_id: key.client_id.clone(),
            client_type: None,
            policy: None,
            renew: Renew::default(),
            scopes: Vec::new(),
            redirect_uri: RedirectUri::Elsewhere(String::new()),
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
    toml::from_str(text).map_err(|error| {
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
        return resolve(None, from_env, env, base);
    }
    let name = match wanted {
        Some(name) => name,
        None => default_profile(config)?,
    };
    let table = config.profile.get(name).ok_or_else(|| no_such_profile(name, config))?;
    let merged: Table = table.clone().into_iter().chain(from_env).collect();
    let profile = resolve(Some(name), merged, env, base)?;
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
/// [`Situation::NoProfile`] where there is none, `config` where there are several and none is the default.
pub fn default_profile(config: &Config) -> Result<&str> {
    match (&config.default_profile, config.profile.len()) {
        (Some(name), _) => Ok(name),
        (None, 0) => Err(Situation::NoProfile.into()),
        (None, 1) => Ok(config.profile.keys().next().map_or("", String::as_str)),
        (None, _) => Err(Error::config(format!(
            "there are several profiles and no default: use --profile, or `tidp profile use` ({})",
            names(config)
        ))),
    }
}

/// The file's own profile of that name, without the environment: for `profile list`, `logout --all`.
///
/// # Errors
/// `config`, as [`profile`].
pub fn file_profile(name: &str, config: &Config, base: Option<&Path>) -> Result<Profile> {
    let table = config.profile.get(name).ok_or_else(|| no_such_profile(name, config))?;
    resolve(Some(name), table.clone(), &Env::default(), base)
}

/// The error for a profile that is not in the file.
pub fn no_such_profile(name: &str, config: &Config) -> Error {
    if config.profile.is_empty() {
        return Situation::NoProfile.into();
    }
    Error::config(format!("there is no profile `{}` (there are: {})", printable(name), names(config)))
}

fn names(config: &Config) -> String {
    config.profile.keys().map(|name| printable(name)).collect::<Vec<_>>().join(", ")
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
        "`{}` is no profile name: use up to 64 letters, digits, dots, dashes and underscores",
        printable(name)
    )))
}

fn env_table(env: &Env) -> Result<Table> {
    let mut table = Table::new();
    for (key, shape) in KEYS {
        let variable = format!("TIDP_{}", key.to_uppercase());
        let Some(text) = env.get(&variable) else { continue };
        let wrong = |what: &str| Error::config(format!("{variable}: `{}` is {what}", printable(text)));
        let value = match shape {
            Shape::Text => Value::String(text.to_owned()),
            Shape::Flag => Value::Boolean(text.parse().map_err(|_| wrong("neither true nor false"))?),
            Shape::Words => words(text.split_whitespace()),
            Shape::Command => words(shell_words::split(text).map_err(|_| wrong("no command line"))?),
        };
        table.insert(key.to_owned(), value);
    }
    // One name for the same thing: whichever of the two the environment sets replaces both of the file's.
    if table.contains_key("issuer") && table.contains_key("environment") {
        return Err(Error::config("TIDP_ISSUER and TIDP_ENVIRONMENT are both set"));
    }
    Ok(table)
}

fn words<T: Into<String>>(words: impl IntoIterator<Item = T>) -> Value {
    Value::Array(words.into_iter().map(|word| Value::String(word.into())).collect())
}

fn resolve(name: Option<&str>, mut table: Table, env: &Env, base: Option<&Path>) -> Result<Profile> {
    let place = name.map_or_else(|| "the environment".to_owned(), |name| format!("profile `{}`", printable(name)));
    let wrong = |what: String| Error::config(format!("{place}: {what}"));
    if env.get("TIDP_ISSUER").is_some() {
        table.remove("environment");
    } else if env.get("TIDP_ENVIRONMENT").is_some() {
        table.remove("issuer");
    }
    let keys: Keys = table.try_into().map_err(|error: toml::de::Error| wrong(printable(&spoken(&error))))?;
    let issuer = issuer(&keys).map_err(&wrong)?;
    let client_id =
        keys.client_id.clone().filter(|id| !id.is_empty()).ok_or_else(|| wrong("client_id is missing".into()))?;
    let client_type = keys.client_type.as_deref().map(client_type).transpose().map_err(&wrong)?;
    let policy = policy(&keys, client_type).map_err(&wrong)?;
    Ok(Profile {
        name: name.map_or_else(|| format!("{client_id}@{issuer}"), str::to_owned),
        named: name.map(str::to_owned),
        scopes: scopes(&keys, policy.as_ref()).map_err(&wrong)?,
        redirect_uri: redirect_uri(keys.redirect_uri.as_deref().unwrap_or("http://127.0.0.1/callback"))
            .map_err(&wrong)?,
        auth_method: auth_method(&keys, client_type, env).map_err(&wrong)?,
        renew: renew(keys.renew.as_deref()).map_err(&wrong)?,
        ca_file: keys.ca_file.map(|path| base.map_or_else(|| path.clone(), |base| base.join(&path))),
        issuer,
        client_id,
        client_type,
        policy,
        client_secret_command: keys.client_secret_command,
        acr_values: keys.acr_values,
        login_hint: keys.login_hint,
        ui_locales: keys.ui_locales,
        prompt: keys.prompt,
        endpoint_hosts: keys.endpoint_hosts.unwrap_or_default(),
    })
}

/// What is wrong with a value, and under which key it stands, in one line.
fn spoken(error: &toml::de::Error) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn issuer(keys: &Keys) -> std::result::Result<String, String> {
    match (keys.issuer.as_deref(), keys.environment.as_deref()) {
        (Some(_), Some(_)) => Err("issuer and environment are both given".into()),
        (Some(issuer), None) => crate::oidc::discovery::Issuer::parse(issuer).map(|issuer| issuer.as_str().to_owned()),
        (None, Some("production")) => Ok("https://id.telenor.no".into()),
        (None, Some("staging")) => Ok("https://id-test.telenor.no".into()),
        (None, Some(other)) => Err(format!("environment `{}` is neither staging nor production", printable(other))),
        (None, None) => Err("issuer is missing".into()),
    }
}

/// The client type of that name.
///
/// # Errors
/// A sentence naming the ones there are.
pub fn client_type(text: &str) -> std::result::Result<ClientType, String> {
    ClientType::parse(text).ok_or_else(|| {
        let all = ClientType::ALL.map(ClientType::as_str).join(", ");
        format!("client_type `{}` is none of {all}", printable(text))
    })
}

/// The policy of that name.
///
/// # Errors
/// A sentence naming the ones there are.
pub fn policy_name(text: &str) -> std::result::Result<PolicyName, String> {
    PolicyName::parse(text).ok_or_else(|| {
        let all = crate::core::policy::POLICIES.map(|policy| policy.name.as_str()).join(", ");
        format!("policy `{}` is none of {all}", printable(text))
    })
}

fn policy(keys: &Keys, client_type: Option<ClientType>) -> std::result::Result<Option<Policy>, String> {
    let named = keys.policy.as_deref().map(policy_name).transpose()?;
    let changed = keys.refresh_lifetime.is_some() || keys.sliding.is_some() || keys.absolute_lifetime.is_some();
    let Some(name) = named.or_else(|| client_type.map(ClientType::policy)) else {
        return if changed { Err("a lifetime is given without client_type or policy".into()) } else { Ok(None) };
    };
    let mut policy = name.documented();
    let duration = |key: &str, text: &str| Seconds::parse(text).map_err(|error| format!("{key}: {error}"));
    if let Some(text) = &keys.refresh_lifetime {
        policy.lifetime = Some(duration("refresh_lifetime", text)?);
    }
    if let Some(text) = &keys.absolute_lifetime {
        policy.absolute_lifetime = Some(duration("absolute_lifetime", text)?);
    }
    policy.sliding = keys.sliding.unwrap_or(policy.sliding);
    Ok(Some(policy))
}

fn scopes(keys: &Keys, policy: Option<&Policy>) -> std::result::Result<Vec<String>, String> {
    match &keys.scopes {
        Some(scopes) => check_scopes(scopes.clone()),
        None if policy.is_some_and(|policy| policy.lifetime.is_none()) => Ok(vec!["openid".into(), "profile".into()]),
        None => Ok(["openid", "profile", "offline_access"].map(str::to_owned).into()),
    }
}

/// Scopes as RFC 6749 3.3 spells them, `openid` among them (OIDC Core 3.1.2.1).
///
/// # Errors
/// A sentence naming what is wrong.
pub fn check_scopes(scopes: Vec<String>) -> std::result::Result<Vec<String>, String> {
    let legal = |c: char| matches!(c, '\u{21}' | '\u{23}'..='\u{5b}' | '\u{5d}'..='\u{7e}');
    if let Some(bad) = scopes.iter().find(|scope| scope.is_empty() || !scope.chars().all(legal)) {
        return Err(format!("`{}` is no scope", printable(bad)));
    }
    if scopes.iter().any(|scope| scope == "openid") { Ok(scopes) } else { Err("the scopes lack `openid`".into()) }
}

/// Reads a registered redirect URI (RFC 8252 7.3): `127.0.0.1` without a port means any port; a loopback host with a
/// port exactly that one; anything else, an `https` page or a custom scheme, is not on this machine.
///
/// # Errors
/// A sentence, if it is no absolute URI, has a fragment (RFC 6749 3.1.2), or is a loopback host that needs a port.
pub fn redirect_uri(text: &str) -> std::result::Result<RedirectUri, String> {
    let wrong = |what: &str| format!("redirect_uri `{}` {what}", printable(text));
    let url = Url::parse(text).map_err(|_| wrong("is no absolute URI"))?;
    if url.fragment().is_some() {
        return Err(wrong("has a fragment"));
    }
    let loopback = match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(domain)) => domain == "localhost",
        None => false,
    };
    if url.scheme() != "http" || !loopback {
        return Ok(RedirectUri::Elsewhere(text.to_owned()));
    }
    if url.query().is_some() || !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("has a query or a user name"));
    }
    let host = url.host_str().unwrap_or_default().to_owned();
    let at = |port| ListenAt { host: host.clone(), port, path: url.path().to_owned() };
    match (explicit_port(text), host.as_str()) {
        (Some(port), "127.0.0.1" | "[::1]" | "localhost") => Ok(RedirectUri::Fixed(text.to_owned(), at(Some(port)))),
        (None, "127.0.0.1") => Ok(RedirectUri::AnyPort(at(None))),
        (None, _) => Err(wrong("needs a port: only http://127.0.0.1 may use any free one")),
        (Some(_), _) => Err(wrong("is another loopback address than 127.0.0.1, [::1] and localhost")),
    }
}

/// The port that is written out; `Url` forgets a written `:80`.
fn explicit_port(text: &str) -> Option<u16> {
    let authority = text.split_once("://")?.1.split(['/', '?']).next()?;
    authority.rsplit_once(':')?.1.parse().ok()
}

fn auth_method(keys: &Keys, client_type: Option<ClientType>, env: &Env) -> std::result::Result<AuthMethod, String> {
    let has_secret = match client_type {
        Some(client_type) => client_type.is_confidential(),
        None => keys.client_secret_command.is_some() || env.get("TIDP_CLIENT_SECRET").is_some(),
    };
    match keys.auth_method.as_deref() {
        Some("client_secret_basic") => Ok(AuthMethod::Basic),
        Some("client_secret_post") => Ok(AuthMethod::Post),
        Some(other) => {
            Err(format!("auth_method `{}` is neither client_secret_basic nor client_secret_post", printable(other)))
        }
        None if has_secret => Ok(AuthMethod::Basic),
        None => Ok(AuthMethod::None),
    }
}

fn renew(text: Option<&str>) -> std::result::Result<Renew, String> {
    match text {
        None | Some("when-due") => Ok(Renew::WhenDue),
        Some("before-session-ends") => Ok(Renew::BeforeSessionEnds),
        Some(other) => Err(format!("renew `{}` is neither when-due nor before-session-ends", printable(other))),
    }
}

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
            given().or_else(file).or_else(command).map(StoreKind::File).ok_or_else(|| {
                Error::config(
                    "the file store needs a key, base64 of 32 random bytes: TIDP_STORE_KEY_FILE, TIDP_STORE_KEY, or store_key_command in config.toml",
                )
            })
        }
        other => {
            Err(Error::config(format!("store `{}` is none of keyring, file, plaintext-file, memory", printable(other))))
        }
    }
}

#[cfg(test)]
mod tests;
