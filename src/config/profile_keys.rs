//! The keys of a profile in the file and the environment: their names, types and meanings.

use crate::domain::command_line;
use crate::domain::policy::{ClientType, PolicyName};
use crate::domain::spelling::nearest;
use crate::domain::text::printable;
use crate::error::{self, Error};
use crate::ports::Env;
use serde::Deserialize;
use std::path::PathBuf;
use toml::{Table, Value};

/// Declares the keys of a profile: each with its type, how a text is parsed as its value, and its meaning.
macro_rules! profile_keys {
    ($($key:ident: $type:ty = $format:ident, $meaning:literal;)+) => {
        #[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub(super) struct ProfileKeys { $(pub(super) $key: Option<$type>,)+ }

        pub(super) const KEYS: &[Key] =
            &[$(Key { name: stringify!($key), format: Format::$format, meaning: $meaning },)+];
    };
}

profile_keys! {
    issuer: String = Text, "the provider's issuer URL, instead of environment";
    environment: String = Text, "TelenorID+'s environment: staging or production";
    client_id: String = Text, "the client's ID at the provider";
    client_type: String = Text, "the client's type at TelenorID+, which determines the refresh policy";
    grant: String = Text, "authorization_code (a user logs in), or client_credentials";
    policy: String = Text, "the refresh policy, if it is not that of client_type";
    refresh_lifetime: String = Text, "how long a refresh token lives, if the policy was changed";
    sliding: bool = Flag, "whether a refresh renews that lifetime: true or false";
    absolute_lifetime: String = Text, "an end that no refresh moves, counted from the login";
    renew: String = Text, "when-due, or before-session-ends: `token` also refreshes before the end";
    scopes: Vec<String> = Words, "the scopes of a login";
    redirect_uri: String = Text, "the registered redirect URI";
    client_secret_command: Vec<String> = Command, "a command that prints the client secret";
    auth_method: String = Text, "client_secret_basic or client_secret_post";
    ca_file: PathBuf = Text, "certificate authorities to trust as well (PEM), beside config.toml";
    acr_values: String = Text, "the assurance levels that a login requests";
    login_hint: String = Text, "the phone number to fill in on the login page";
    ui_locales: String = Text, "the languages of the login page";
    prompt: String = Text, "none or login";
    endpoint_hosts: Vec<String> = Words, "further hosts that endpoints may be on";
}

pub struct Key {
    pub(super) name: &'static str,
    format: Format,
    meaning: &'static str,
}

#[derive(Clone, Copy)]
enum Format {
    Text,
    Flag,
    Words,
    Command,
}

impl Key {
    /// The key of that name, or what is wrong with the name.
    pub fn named(name: &str) -> Result<&'static Self, String> {
        let names = || KEYS.iter().map(|key| key.name).collect::<Vec<_>>();
        KEYS.iter().find(|key| key.name == name).ok_or_else(|| unknown_key(name, &names()))
    }

    /// The value that a text means, as a variable or an argument holds it. A name is written as it is documented.
    pub fn parse(&self, text: &str) -> Result<Value, String> {
        let wrong = |what: &str| format!("`{}` {what}", printable(text));
        Ok(match self.format {
            Format::Text => Value::String(self.canonical(text).unwrap_or(text).to_owned()),
            Format::Flag => Value::Boolean(text.parse().map_err(|_| wrong("is not true or false"))?),
            Format::Words | Format::Command if text.trim_start().starts_with('[') => self.parse_list(text)?,
            Format::Words => words(text.split_whitespace()),
            Format::Command => words(command_line::split(text).ok_or_else(|| wrong("is not a command line"))?),
        })
    }

    /// The list that a text means as the file spells it. An error does not repeat the text, which may hold a secret.
    fn parse_list(&self, text: &str) -> Result<Value, String> {
        let list = toml::from_str(&format!("list = {text}")).ok().filter(|table: &Table| table.len() == 1);
        let list = list.and_then(|mut table| table.remove("list")).filter(|list| self.type_error(list).is_none());
        list.ok_or_else(|| match self.format {
            Format::Command => "this is not a list: [\"PROGRAM\", \"ARGUMENT\"]".to_owned(),
            _ => "this is not a list: [\"WORD\", \"WORD\"]".to_owned(),
        })
    }

    fn canonical(&self, text: &str) -> Option<&'static str> {
        match self.name {
            "client_type" => ClientType::parse(text).map(ClientType::as_str),
            "policy" => PolicyName::parse(text).map(PolicyName::as_str),
            _ => None,
        }
    }

    fn type_error(&self, value: &Value) -> Option<String> {
        let name = self.name;
        let is_list = value.as_array().is_some_and(|list| list.iter().all(Value::is_str));
        let (is_right, right) = match self.format {
            Format::Text => (value.is_str(), format!("a text: {name} = \"…\"")),
            Format::Flag => (value.is_bool(), "true or false, without quotes".to_owned()),
            Format::Words => {
                let list = words(value.as_str().unwrap_or("…").split_whitespace());
                (is_list, format!("a list: {name} = {}", printable(&list.to_string())))
            }
            // The text is not repeated, because it may hold a secret.
            Format::Command => (is_list, format!("a list: {name} = [\"PROGRAM\", \"ARGUMENT\"]")),
        };
        (!is_right).then(|| format!("`{name}` must be {right}"))
    }
}

pub fn key_meanings() -> impl Iterator<Item = (&'static str, &'static str)> {
    KEYS.iter().map(|key| (key.name, key.meaning))
}

pub fn keys_with_meanings() -> String {
    key_meanings().map(|(name, meaning)| format!("  {name:<22} {meaning}\n")).collect()
}

/// The value that a text means for a key, or what is wrong with the name or the text.
pub fn parse_key(name: &str, text: &str) -> Result<Value, String> {
    Key::named(name)?.parse(text).map_err(|what| format!("{name}: {what}"))
}

pub(super) fn unknown_key(name: &str, known: &[&'static str]) -> String {
    let meant = nearest(name, known).map_or_else(String::new, |key| format!(": did you mean `{key}`?"));
    format!("unknown key `{}`{meant}", printable(name))
}

pub(super) fn one_of<T: Copy>(key: &str, text: &str, known: &[(&'static str, T)]) -> Result<T, String> {
    let names = || known.iter().map(|(name, _)| *name).collect::<Vec<_>>();
    let value = known.iter().find(|(name, _)| *name == text).map(|(_, value)| *value);
    value.ok_or_else(|| unknown_value(key, text, &names()))
}

/// What is wrong with a value that is none of the known ones.
pub(super) fn unknown_value(key: &str, text: &str, known: &[&'static str]) -> String {
    let meant = match nearest(text, known) {
        Some(value) => format!(": did you mean `{value}`?"),
        None => match known {
            [one, other] => format!("; expected {one} or {other}"),
            _ => format!("; expected one of {}", known.join(", ")),
        },
    };
    format!("unknown {key} `{}`{meant}", printable(text))
}

/// The first key whose name or type is wrong, and what is wrong.
pub(super) fn wrong_key(table: &Table) -> Option<(&str, String)> {
    table.iter().find_map(|(name, value)| {
        let wrong = Key::named(name).map_or_else(Some, |key| key.type_error(value));
        Some((name.as_str(), wrong?))
    })
}

pub(super) fn env_table(env: &Env) -> error::Result<Table> {
    let mut table = Table::new();
    for key in KEYS {
        let variable = variable_name(key.name);
        let Some(text) = env.get(&variable) else { continue };
        let value = key.parse(text).map_err(|what| Error::config(format!("{variable}: {what}")))?;
        table.insert(key.name.to_owned(), value);
    }
    if table.contains_key("issuer") && table.contains_key("environment") {
        return Err(Error::config("TIDP_ISSUER and TIDP_ENVIRONMENT cannot be combined"));
    }
    Ok(table)
}

pub(super) fn variable_name(key: &str) -> String {
    format!("TIDP_{}", key.to_ascii_uppercase())
}

fn words<T: Into<String>>(words: impl IntoIterator<Item = T>) -> Value {
    Value::Array(words.into_iter().map(|word| Value::String(word.into())).collect())
}

/// Variables that belong to no key of a profile, each with its meaning.
const OTHERS: [(&str, &str); 15] = [
    ("TIDP_CLIENT_SECRET", "the client secret, instead of that in the store"),
    ("TIDP_CONFIG", "the file to read instead of config.toml; may be a pipe"),
    ("TIDP_STORE", "where sessions are kept: keyring, file, plaintext-file, memory"),
    ("TIDP_STORE_KEY", "the key of the store `file`: base64 of 32 random bytes"),
    ("TIDP_STORE_KEY_FILE", "a file with that key"),
    ("TIDP_STORE_DIR", "the directory of the stores `file` and `plaintext-file`"),
    ("TIDP_LOCK_DIR", "the directory of the locks of a session in the keyring"),
    ("TIDP_ACCESS_TOKEN_CACHE", "off: keep no access token in the kernel's keyring"),
    ("TIDP_ACCESS_TOKEN", "set by `tidp exec` for its command, and by `tidp token --format env`"),
    ("TIDP_ID_TOKEN", "set by `tidp token --id-token --format env`"),
    ("BROWSER", "the browser to open; used even without a display"),
    ("NO_COLOR, CLICOLOR_FORCE", "no colours; colours even in a pipe"),
    ("HTTPS_PROXY, ALL_PROXY", "the proxy (http or https)"),
    ("NO_PROXY", "hosts that are reached without it"),
    ("SSL_CERT_FILE, SSL_CERT_DIR", "certificate authorities, instead of the system's"),
];

/// Each variable with its meaning: those of the profile's keys, then the others.
pub fn variables() -> Vec<(String, String)> {
    let pair = |name: &str, meaning: &str| (name.to_owned(), meaning.to_owned());
    let keys = key_meanings().map(|(key, meaning)| pair(&variable_name(key), meaning));
    let profile = pair("TIDP_PROFILE", "the profile, as --profile");
    std::iter::once(profile).chain(keys).chain(OTHERS.map(|(name, meaning)| pair(name, meaning))).collect()
}
