//! A table of keys made into a profile, and where each key is set. Every value is checked; an error names the key's place.

use super::file::Config;
use super::profile::{AuthMethod, Grant, Profile, Source, TELENORID_PLUS};
use super::profile_keys::{KEYS, Key, ProfileKeys, one_of, unknown_value, variable_name, wrong_key};
use super::redirect_uri::redirect_uri;
use crate::domain::decision::Renew;
use crate::domain::policy::{ClientType, Policy, PolicyName};
use crate::domain::scopes::check_spelling;
use crate::domain::text::{printable, printable_path};
use crate::domain::time::Seconds;
use crate::error::{self, ConfigFileError, Error, ProfileError};
use crate::ports::Env;
use std::path::Path;
use toml::Table;

/// The profile that `table` describes: the keys of the profile `name` in the file, and those of the environment.
pub(super) fn resolve(
    name: Option<&str>,
    config: &Config,
    mut table: Table,
    env: &Env,
    base: Option<&Path>,
) -> error::Result<Profile> {
    // Either variable replaces both keys of the file.
    if let Some(replaced) = replaced_by_variable(env) {
        table.remove(replaced);
    }
    if let Some(name) = name.filter(|_| table.contains_key("client_secret")) {
        return Err(ProfileError::SecretInFile(name.to_owned()).into());
    }
    let origin = Origin { name, config, env };
    if let Some((key, what)) = wrong_key(&table) {
        return Err(origin.error(key, &what));
    }
    let keys = table.try_into().map_err(|error: toml::de::Error| origin.error("", &printable(error.message())))?;
    profile(keys, &origin, base).map_err(|KeyError(key, what)| origin.error(key, &what))
}

/// The key of the file that no longer counts, because a variable names the provider in the other way: `issuer` and
/// `environment` mean the same.
fn replaced_by_variable(env: &Env) -> Option<&'static str> {
    match (env.get("TIDP_ISSUER"), env.get("TIDP_ENVIRONMENT")) {
        (Some(_), _) => Some("environment"),
        (None, Some(_)) => Some("issuer"),
        (None, None) => None,
    }
}

struct Origin<'a> {
    /// The profile's name in the file; `None` if the environment alone describes it.
    name: Option<&'a str>,
    config: &'a Config,
    env: &'a Env,
}

/// A key with a wrong value, and what is wrong.
struct KeyError(&'static str, String);

impl Origin<'_> {
    fn source(&self, key: &str, is_set: bool) -> Source {
        match (self.env.get(&variable_name(key)), self.name) {
            (None, Some(name)) if is_set => Source::Profile(name.to_owned()),
            (None, _) => Source::Default,
            (Some(_), _) => Source::Variable(variable_name(key)),
        }
    }

    fn error(&self, key: &str, what: &str) -> Error {
        let name = match (self.source(key, true), self.name) {
            (Source::Variable(variable), _) => return Error::config(format!("{variable}: {what}")),
            (_, None) => return Error::config(format!("the environment: {what}")),
            (_, Some(name)) => name,
        };
        // Without a path the file has not changed yet, so no line of it is wrong.
        let place = self.config.path.as_ref().map_or_else(String::new, |path| {
            let line = self.config.line(name, key).map_or_else(String::new, |line| format!(", line {line}"));
            format!(" in {}{line}", printable_path(path))
        });
        let message = format!("profile `{}`{place}: {what}", printable(name));
        let is_known = Key::named(key).is_ok();
        ConfigFileError::KeyInFile { message, profile: name.to_owned(), key: key.to_owned(), is_known }.into()
    }
}

fn profile(keys: ProfileKeys, origin: &Origin<'_>, base: Option<&Path>) -> Result<Profile, KeyError> {
    let of = |key: &'static str| move |what: String| KeyError(key, what);
    let issuer = issuer(keys.issuer.as_deref(), keys.environment.as_deref()).map_err(of("issuer"))?;
    let client_id = without_controls("client_id", keys.client_id.clone())?.filter(|id| !id.is_empty());
    let client_id = client_id.ok_or_else(|| KeyError("client_id", "set `client_id`".into()))?;
    let client_type = keys.client_type.as_deref().map(client_type).transpose().map_err(of("client_type"))?;
    let grant = grant(keys.grant.as_deref(), client_type).map_err(of("grant"))?;
    let policy = policy(&keys, client_type)?.filter(|_| grant == Grant::AuthorizationCode);
    let has_secret = match client_type {
        _ if grant == Grant::ClientCredentials => true,
        Some(client_type) => client_type.is_confidential(),
        None => keys.client_secret_command.is_some() || origin.env.get("TIDP_CLIENT_SECRET").is_some(),
    };
    let mut profile = Profile {
        name: origin.name.map_or_else(|| format!("{client_id}@{issuer}"), str::to_owned),
        name_in_hints: origin.name.map(str::to_owned),
        issuer,
        client_id,
        client_id_source: origin.source("client_id", true),
        client_type,
        grant,
        policy,
        renew: keys.renew.as_deref().map_or(Ok(Renew::WhenDue), renew).map_err(of("renew"))?,
        scopes: scopes(keys.scopes, grant, policy.as_ref()).map_err(of("scopes"))?,
        redirect_uri_source: origin.source("redirect_uri", keys.redirect_uri.is_some()),
        redirect_uri: redirect_uri(keys.redirect_uri.as_deref().unwrap_or("http://127.0.0.1/callback"))
            .map_err(of("redirect_uri"))?,
        auth_method: auth_method(keys.auth_method.as_deref(), has_secret).map_err(of("auth_method"))?,
        client_secret_command: keys.client_secret_command,
        ca_file: keys.ca_file.map(|path| base.map_or_else(|| path.clone(), |base| base.join(&path))),
        acr_values: without_controls("acr_values", keys.acr_values)?,
        login_hint: without_controls("login_hint", keys.login_hint)?,
        ui_locales: without_controls("ui_locales", keys.ui_locales)?,
        prompt: without_controls("prompt", keys.prompt)?,
        endpoint_hosts: keys.endpoint_hosts.unwrap_or_default(),
    };
    let reports_sso = profile.is_telenorid_plus();
    profile.policy = profile.policy.map(|policy| Policy { reports_sso, ..policy });
    Ok(profile)
}

/// The text, which a URL or a terminal will show, if it has no control characters.
fn without_controls(key: &'static str, text: Option<String>) -> Result<Option<String>, KeyError> {
    match text {
        Some(text) if text.chars().any(char::is_control) => {
            Err(KeyError(key, format!("{key} `{}` contains a control character", printable(&text))))
        }
        text => Ok(text),
    }
}

fn issuer(issuer: Option<&str>, environment: Option<&str>) -> Result<String, String> {
    match (issuer, environment) {
        (Some(_), Some(_)) => Err("issuer and environment cannot be combined".into()),
        (Some(issuer), None) => crate::oidc::discovery::Issuer::parse(issuer).map(|issuer| issuer.as_str().to_owned()),
        (None, Some(environment)) => one_of("environment", environment, &TELENORID_PLUS).map(str::to_owned),
        (None, None) => Err("set `environment` or `issuer`".into()),
    }
}

fn client_type(text: &str) -> Result<ClientType, String> {
    ClientType::parse(text).ok_or_else(|| unknown_value("client_type", text, &ClientType::ALL.map(ClientType::as_str)))
}

fn policy_name(text: &str) -> Result<PolicyName, String> {
    PolicyName::parse(text).ok_or_else(|| unknown_value("policy", text, &PolicyName::ALL.map(PolicyName::as_str)))
}

fn policy(keys: &ProfileKeys, client_type: Option<ClientType>) -> Result<Option<Policy>, KeyError> {
    let configured = keys.policy.as_deref().map(policy_name).transpose().map_err(|what| KeyError("policy", what))?;
    let lifetimes = [("refresh_lifetime", &keys.refresh_lifetime), ("absolute_lifetime", &keys.absolute_lifetime)];
    let changed = lifetimes.iter().find(|(_, text)| text.is_some()).map(|(key, _)| *key);
    let changed = changed.or_else(|| keys.sliding.map(|_| "sliding"));
    let Some(name) = configured.or_else(|| client_type.map(ClientType::policy)) else {
        let missing = |key| Err(KeyError(key, format!("{key} needs client_type or policy")));
        return changed.map_or(Ok(None), missing);
    };
    let [lifetime, absolute] = lifetimes.map(|(key, text)| {
        let parsed = text.as_deref().map(Seconds::parse_positive).transpose();
        parsed.map_err(|what| KeyError(key, format!("{key}: {what}")))
    });
    let documented = name.documented();
    Ok(Some(Policy {
        lifetime: lifetime?.or(documented.lifetime),
        absolute_lifetime: absolute?.or(documented.absolute_lifetime),
        sliding: keys.sliding.unwrap_or(documented.sliding),
        ..documented
    }))
}

/// The grant. Only a confidential client can act for itself (RFC 6749 4.4).
fn grant(text: Option<&str>, client_type: Option<ClientType>) -> Result<Grant, String> {
    let Some(text) = text else { return Ok(Grant::default()) };
    let grant = one_of("grant", text, &Grant::ALL.map(|grant| (grant.as_str(), grant)))?;
    match client_type {
        Some(public) if grant == Grant::ClientCredentials && !public.is_confidential() => {
            Err(format!("grant `{text}` needs a confidential client, and client_type is {}", public.as_str()))
        }
        _ => Ok(grant),
    }
}

fn scopes(scopes: Option<Vec<String>>, grant: Grant, policy: Option<&Policy>) -> Result<Vec<String>, String> {
    let words = |words: &[&str]| words.iter().copied().map(str::to_owned).collect();
    match (scopes, grant) {
        (Some(scopes), Grant::ClientCredentials) => check_machine_scopes(&scopes).map(|()| scopes),
        (Some(scopes), Grant::AuthorizationCode) => check_scopes(&scopes).map(|()| scopes),
        (None, Grant::ClientCredentials) => Ok(Vec::new()),
        (None, _) if policy.is_some_and(|policy| policy.lifetime.is_none()) => Ok(words(&["openid", "profile"])),
        (None, _) => Ok(words(&["openid", "profile", "offline_access"])),
    }
}

/// Checks the scopes of a login: spelled as in RFC 6749 3.3, `openid` among them (OIDC Core 3.1.2.1).
pub fn check_scopes(scopes: &[String]) -> Result<(), String> {
    check_scope_spelling(scopes)?;
    let has_openid = scopes.iter().any(|scope| scope == "openid");
    if has_openid { Ok(()) } else { Err("the scopes must include `openid`".into()) }
}

/// Checks the scopes of a client that acts for itself: `openid` and `offline_access` are about a user (OIDC Core 3.1.2.1
/// and 11).
pub fn check_machine_scopes(scopes: &[String]) -> Result<(), String> {
    check_scope_spelling(scopes)?;
    match scopes.iter().find(|scope| ["openid", "offline_access"].contains(&scope.as_str())) {
        None => Ok(()),
        Some(scope) => Err(format!("the scope `{scope}` is about a user, and grant `client_credentials` has none")),
    }
}

/// Checks that each scope is spelled as in RFC 6749 3.3. A comma is allowed there, but not between two well-known scopes.
pub fn check_scope_spelling(scopes: &[String]) -> Result<(), String> {
    let is_well_known = |scope: &str| ["openid", "profile", "offline_access"].contains(&scope);
    if let Some(list) = scopes.iter().find(|scope| scope.contains(',') && scope.split(',').any(is_well_known)) {
        return Err(format!("separate scopes by spaces, not commas: `{}`", printable(&list.replace(',', " "))));
    }
    check_spelling(scopes.iter().map(String::as_str)).map_err(|bad| format!("invalid scope `{}`", printable(bad)))
}

fn auth_method(text: Option<&str>, has_secret: bool) -> Result<AuthMethod, String> {
    match text {
        Some(text) => one_of("auth_method", text, &AuthMethod::NAMES),
        None if has_secret => Ok(AuthMethod::Basic),
        None => Ok(AuthMethod::None),
    }
}

fn renew(text: &str) -> Result<Renew, String> {
    one_of("renew", text, &[("when-due", Renew::WhenDue), ("before-session-ends", Renew::BeforeSessionEnds)])
}

/// A key that is set, its value as it is written there, and where that is. A key that is not set has its default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    pub key: &'static str,
    pub value: String,
    pub source: Source,
    pub line: Option<usize>,
}

impl Setting {
    /// Where it is set: `line 3`, in the file, or a variable.
    pub fn place(&self) -> String {
        match self.line {
            Some(line) => format!("line {line}"),
            None => self.source.to_string(),
        }
    }
}

/// The keys that are set for the profile, in the order of the documentation: by a variable, or else in the file.
pub fn settings(profile: &Profile, config: &Config, env: &Env) -> Vec<Setting> {
    let name = profile.name_in_hints.as_deref();
    let table = name.and_then(|name| config.profile.get(name));
    let setting = |key: &'static str| {
        let variable = variable_name(key);
        if let Some(value) = env.get(&variable) {
            return Some(Setting { key, value: printable(value), source: Source::Variable(variable), line: None });
        }
        let (name, value) = (name?, table?.get(key).filter(|_| replaced_by_variable(env) != Some(key))?);
        let value = printable(&value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        Some(Setting { key, value, source: Source::Profile(name.to_owned()), line: config.line(name, key) })
    };
    KEYS.iter().filter_map(|key| setting(key.name)).collect()
}
