//! What a developer registers at the sandbox: clients and users, from an option, a file or a control.

use super::{Client, User, default_users};
use crate::domain::policy::{ClientType, Policy, PolicyName};
use crate::domain::secret::Secret;
use crate::domain::spelling::nearest;
use crate::domain::text::printable;
use crate::domain::time::Seconds;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What the file of `tidp sandbox --config` says.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SandboxConfig {
    #[serde(deserialize_with = "duration")]
    pub access_token_lifetime: Option<Seconds>,
    #[serde(deserialize_with = "duration")]
    pub sso_lifetime: Option<Seconds>,
    /// Accepted besides TelenorID+'s.
    pub scopes: Vec<String>,
    client: Vec<ClientSettings>,
    user: Vec<UserSettings>,
    /// From `client` and `user`.
    #[serde(skip)]
    pub clients: Vec<Client>,
    #[serde(skip)]
    pub users: Vec<Arc<User>>,
}

impl SandboxConfig {
    /// What the file says, or what is wrong with it and in which line.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut config: Self = toml::from_str(text).map_err(|error| {
            let what = with_nearest(&printable(error.message()));
            let line = error.span().map(|span| 1 + text.bytes().take(span.start).filter(|byte| *byte == b'\n').count());
            line.map_or_else(|| what.clone(), |line| format!("line {line}: {what}"))
        })?;
        for client in &config.client {
            let wrong = |what| at_entry(text, "client", "client_id", &client.client_id, what);
            config.clients.push(client.to_client().map_err(wrong)?);
        }
        for user in &config.user {
            let wrong = |what| at_entry(text, "user", "id", &user.id, what);
            config.users.push(Arc::new(user.to_user().map_err(wrong)?));
        }
        if let Some(scope) = config.scopes.iter().find(|scope| !is_scope(scope)) {
            let wrong = "is empty, or has other characters than visible ASCII, or a quote or `\\`";
            return Err(format!("the scope `{}` {wrong}", printable(scope)));
        }
        check_once(&config.clients, |client| client.id.clone()).map_err(|what| format!("client {what}"))?;
        check_once(&config.users, |user| user.id.to_lowercase()).map_err(|what| format!("user {what}"))?;
        check_phones(&with_own(&config.users, &default_users(), |user| &user.id))?;
        Ok(config)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClientSettings {
    client_id: String,
    #[serde(deserialize_with = "client_type")]
    client_type: ClientType,
    secret: Option<Secret>,
    redirect_uris: Option<Vec<String>>,
    #[serde(default, deserialize_with = "policy_name")]
    policy: Option<PolicyName>,
    #[serde(default, deserialize_with = "duration")]
    refresh_lifetime: Option<Seconds>,
    sliding: Option<bool>,
    #[serde(default, deserialize_with = "duration")]
    absolute_lifetime: Option<Seconds>,
    #[serde(default, deserialize_with = "duration")]
    access_token_lifetime: Option<Seconds>,
}

impl ClientSettings {
    fn to_client(&self) -> Result<Client, String> {
        check_id("client_id", &self.client_id)?;
        let client = Client::new(&self.client_id, self.client_type);
        let secret = match &self.secret {
            Some(_) if client.secret.is_none() => {
                return Err(format!("a client of the type {} has no secret", self.client_type.as_str()));
            }
            Some(secret) if secret.is_empty() => return Err("secret is empty".to_owned()),
            own => own.clone().or(client.secret),
        };
        let redirect_uris = self.redirect_uris.clone().unwrap_or(client.redirect_uris);
        redirect_uris.iter().try_for_each(|uri| check_redirect_uri(uri))?;
        let policy = self.policy.map_or(client.policy, PolicyName::documented);
        let policy = Policy {
            lifetime: self.refresh_lifetime.or(policy.lifetime),
            sliding: self.sliding.unwrap_or(policy.sliding),
            absolute_lifetime: self.absolute_lifetime.or(policy.absolute_lifetime),
            ..policy
        };
        Ok(Client { secret, redirect_uris, policy, access_token_lifetime: self.access_token_lifetime, ..client })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UserSettings {
    id: String,
    phone: Option<String>,
    email: Option<String>,
    given_name: Option<String>,
    family_name: Option<String>,
    birthdate: Option<String>,
    ial: Option<u8>,
    max_aal: Option<u8>,
    prefers_email: Option<bool>,
    #[serde(default)]
    claims: Map<String, Value>,
}

/// Claims that the sandbox sets itself; those of a registered user cannot replace them.
const PROTOCOL_CLAIMS: &str = "iss aud sub exp nbf iat jti nonce at_hash s_hash sid ibis.sid auth_time acr amr idp";

impl UserSettings {
    fn to_user(&self) -> Result<User, String> {
        check_id("id", &self.id)?;
        let is_protocol_claim = |name: &&String| PROTOCOL_CLAIMS.split(' ').any(|claim| claim == *name);
        if let Some(name) = self.claims.keys().find(is_protocol_claim) {
            return Err(format!("the claim {name} is the provider's own"));
        }
        let user = User::new(&self.id, &self.id, "Testuser");
        let phone = self.phone.as_deref().map_or(Ok(user.phone), phone_digits)?;
        let level = |name: &str, level: Option<u8>, least: u8, default: u8| match level.unwrap_or(default) {
            level if (least..=3).contains(&level) => Ok(level),
            _ => Err(format!("{name} is not between {least} and 3")),
        };
        Ok(User {
            phone,
            ial: level("ial", self.ial, 0, user.ial)?,
            max_aal: level("max_aal", self.max_aal, 1, user.max_aal)?,
            email: self.email.clone().unwrap_or(user.email),
            given_name: self.given_name.clone().unwrap_or(user.given_name),
            family_name: self.family_name.clone().unwrap_or(user.family_name),
            birthdate: self.birthdate.clone().unwrap_or(user.birthdate),
            prefers_email: self.prefers_email.unwrap_or(user.prefers_email),
            claims: self.claims.clone(),
            id: user.id,
        })
    }
}

/// The client of `ID=TYPE[,REDIRECT_URI…]`, or what is wrong with it.
pub fn client_of_option(text: &str) -> Result<Client, String> {
    let form = || format!("`{}` is not ID=TYPE or ID=TYPE,REDIRECT_URI", printable(text));
    let (id, rest) = text.split_once('=').ok_or_else(form)?;
    let mut parts = rest.split(',');
    let client_type = parts.next().unwrap_or_default();
    let uris = Some(parts.collect::<Vec<_>>()).filter(|uris| !uris.is_empty());
    client_of_json(json!({"client_id": id, "client_type": client_type, "redirect_uris": uris}))
}

/// The user of `ID[,KEY=VALUE…]`, with the keys of the file, or what is wrong with it; `claims.NAME` is a claim.
pub fn user_of_option(text: &str) -> Result<User, String> {
    let mut parts = text.split(',');
    let mut settings = json!({"id": parts.next().unwrap_or_default(), "claims": {}});
    for part in parts {
        let (key, value) = part.split_once('=').ok_or_else(|| format!("`{}` is not KEY=VALUE", printable(part)))?;
        match key.strip_prefix("claims.") {
            Some(claim) => settings["claims"][claim] = value.into(),
            None if matches!(key, "ial" | "max_aal" | "prefers_email") => {
                settings[key] = serde_json::from_str(value).unwrap_or_else(|_| value.into());
            }
            None => settings[key] = value.into(),
        }
    }
    user_of_json(settings)
}

/// The client with these keys of the file, or what is wrong with it.
pub fn client_of_json(settings: Value) -> Result<Client, String> {
    of_json::<ClientSettings>(settings)?.to_client()
}

pub fn user_of_json(settings: Value) -> Result<User, String> {
    of_json::<UserSettings>(settings)?.to_user()
}

pub(super) fn of_json<T: DeserializeOwned>(settings: Value) -> Result<T, String> {
    serde_json::from_value(settings).map_err(|error| with_nearest(&printable(&error.to_string())))
}

/// The message with the entry that it is about, and the line in which that is named.
fn at_entry(text: &str, entry: &str, key: &str, id: &str, what: String) -> String {
    let names = |line: &str| {
        let (name, value) = line.split_once('=').unwrap_or_default();
        name.trim() == key && value.contains(id)
    };
    let line = text.lines().position(names).map(|line| format!("line {}: ", line + 1)).unwrap_or_default();
    format!("{line}{entry} `{}`: {what}", printable(id))
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Seconds>, D::Error> {
    let text = String::deserialize(deserializer)?;
    Seconds::parse_positive(&text).map(Some).map_err(D::Error::custom)
}

fn client_type<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ClientType, D::Error> {
    let text = String::deserialize(deserializer)?;
    ClientType::parse(&text).ok_or_else(|| unknown(&text, "client type", &ClientType::ALL.map(ClientType::as_str)))
}

fn policy_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PolicyName>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let name = PolicyName::parse(&text);
    name.map(Some).ok_or_else(|| unknown(&text, "policy", &PolicyName::ALL.map(PolicyName::as_str)))
}

fn unknown<E: serde::de::Error>(text: &str, what: &str, known: &[&str]) -> E {
    let known: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
    E::custom(format!("`{}` is no {what}, expected one of {}", printable(text), known.join(", ")))
}

/// The message with the known name that is nearest to the unknown one: the first and the others in backquotes.
fn with_nearest(message: &str) -> String {
    let mut names = message.split('`').skip(1).step_by(2);
    let (Some(unknown), true) = (names.next(), message.contains("expected")) else { return message.to_owned() };
    match nearest(unknown, &names.collect::<Vec<_>>()) {
        Some(nearest) => format!("{message}; did you mean `{nearest}`?"),
        None => message.to_owned(),
    }
}

/// Checks that an id is printable ASCII (RFC 6749 A.1), and can be told from its neighbours in an option.
fn check_id(name: &str, id: &str) -> Result<(), String> {
    if !id.is_empty() && id.bytes().all(|b| b.is_ascii_graphic() && b != b',' && b != b'=') {
        return Ok(());
    }
    Err(format!("{name} `{}` is empty, or has other characters than visible ASCII, or a comma or `=`", printable(id)))
}

/// Whether `text` has the characters of a scope (RFC 6749 3.3).
pub fn is_scope(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\')
}

/// Checks that no two of `items` have the same `id`.
pub fn check_once<T>(items: &[T], id: impl Fn(&T) -> String) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    let twice = items.iter().map(id).find(|id| !seen.insert(id.clone()));
    twice.map_or(Ok(()), |id| Err(format!("`{}` is given twice", printable(&id))))
}

/// Checks that no two users have the same phone number, by which a person logs in.
pub fn check_phones(users: &[Arc<User>]) -> Result<(), String> {
    let mut seen = BTreeMap::new();
    for user in users {
        // With or without +47 it is one number.
        let number = user.phone.strip_prefix("47").filter(|rest| rest.len() == 8).unwrap_or(&user.phone);
        if let Some(other) = seen.insert(number, &user.id) {
            return Err(format!("the users `{other}` and `{}` have the same phone number {}", user.id, user.phone));
        }
    }
    Ok(())
}

/// Checks that a redirect URI can be registered: absolute, without a fragment (RFC 6749 3.1.2), and no script.
fn check_redirect_uri(uri: &str) -> Result<(), String> {
    let wrong = |why: &str| Err(format!("the redirect URI {} {why}", printable(uri)));
    match url::Url::parse(uri) {
        Err(_) => wrong("is not absolute, such as http://localhost:3000/callback or com.example.app:/callback"),
        Ok(url) if url.fragment().is_some() => wrong("has a fragment"),
        Ok(url) if matches!(url.scheme(), "javascript" | "data" | "vbscript" | "blob") => wrong("is a script"),
        Ok(_) if !uri.bytes().all(|b| b.is_ascii_graphic()) => wrong("has other characters than visible ASCII"),
        Ok(_) => Ok(()),
    }
}

fn phone_digits(text: &str) -> Result<String, String> {
    let digits: String = text.chars().filter(|c| !matches!(c, '+' | ' ' | '-')).collect();
    if (4..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(digits);
    }
    Err(format!("`{}` is not a phone number", printable(text)))
}

/// Adds the redirect URI to each client of a type that it fits: a custom scheme is for native applications.
pub fn add_redirect_uri(clients: &mut [Client], uri: &str) -> Result<(), String> {
    check_redirect_uri(uri)?;
    let is_custom = !uri.starts_with("https:") && !uri.starts_with("http:");
    for client in clients.iter_mut().filter(|client| !is_custom || client.client_type == ClientType::MobileApp) {
        if !client.redirect_uris.iter().any(|known| known == uri) {
            client.redirect_uris.push(uri.to_owned());
        }
    }
    Ok(())
}

/// Sets the secret of `ID=SECRET`, if that client is known and confidential.
pub fn set_secret(clients: &mut [Client], text: &str) -> Result<(), String> {
    let (id, secret) = text.split_once('=').filter(|(_, secret)| !secret.is_empty()).ok_or("it is not ID=SECRET")?;
    let client = clients.iter_mut().find(|client| client.id == id);
    let client = client.ok_or_else(|| format!("there is no client `{}`", printable(id)))?;
    if client.secret.is_none() {
        return Err(format!("{} is a public client, which has no secret", client.id));
    }
    client.secret = Some(Secret::new(secret));
    Ok(())
}

/// `own`, then those of `known` that it does not replace.
pub fn with_own<T: Clone>(own: &[T], known: &[T], id: impl Fn(&T) -> &str) -> Vec<T> {
    let others = known.iter().filter(|known| own.iter().all(|own| id(own) != id(known)));
    own.iter().chain(others).cloned().collect()
}

#[cfg(test)]
mod tests;
