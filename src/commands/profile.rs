//! `tidp profile …`: the configuration file, changed with its comments kept; the client secret goes into the store.

use crate::cli::{Global, ProfileAdd, ProfileCommand};
use crate::config::{self, AuthMethod, Config, Profile, RedirectUri};
use crate::domain::decision::Renew;
use crate::domain::session::EntryKey;
use crate::domain::text::{printable, printable_path, utf8_text};
use crate::domain::time::Seconds;
use crate::error::{Error, Result, SetupError, quoted};
use crate::flows::configuration::Configuration;
use crate::flows::context::Context;
use crate::flows::session_lock::{SESSION_LOCK_TIMEOUT, poll_until};
use crate::ports::{LARGEST_FILE, Lock, Ports};
use crate::terminal::output::Output;
use colored::Color;
use serde_json::{Value, json};
use std::path::Path;
use toml_edit::{Array, DocumentMut, Item, Table, value};
use unicode_width::UnicodeWidthStr;

/// Runs it.
///
/// # Errors
/// `usage`, `config`, `store`.
pub fn run(ports: &Ports, out: &Output<'_>, global: &Global, what: &ProfileCommand) -> Result<()> {
    match what {
        ProfileCommand::Add(args) => add(ports, out, args),
        ProfileCommand::List => list(ports, out),
        ProfileCommand::Show { name } => show(ports, out, global, name.as_deref()),
        ProfileCommand::Use { name } => make_default(ports, out, name),
        ProfileCommand::Remove { name } => remove(ports, out, name),
        ProfileCommand::Secret { name, remove } => secret(ports, out, global, name, *remove),
    }
}

fn add(ports: &Ports, out: &Output<'_>, args: &ProfileAdd) -> Result<()> {
    config::check_profile_name(&args.name)?;
    let (configured, _lock) = to_be_changed(ports, Configuration::load_or_new)?;
    if configured.config.profile.contains_key(&args.name) {
        return Err(SetupError::ProfileExists(args.name.clone()).into());
    }
    let first = configured.config.profile.is_empty();
    let profile = change(ports, &configured, |document| {
        let profiles = document.entry("profile").or_insert_with(|| {
            let mut table = Table::new();
            table.set_implicit(true);
            Item::Table(table)
        });
        profiles[&args.name] = Item::Table(keys(args));
        if first {
            document["default_profile"] = value(&args.name);
        }
        Ok(args.name.clone())
    })?;
    out.note(&format!("Added the profile `{}`{}.", args.name, if first { ", the default" } else { "" }));
    let option = if first { String::new() } else { format!(" --profile {}", args.name) };
    if profile.auth_method != AuthMethod::None {
        out.note(&format!("Its client secret goes into the store: tidp profile secret {}", args.name));
    }
    out.note(&format!("Next: tidp login{option}"));
    if out.json { out.document(described(&profile, &configured)) } else { Ok(()) }
}

fn keys(args: &ProfileAdd) -> Table {
    let mut table = Table::new();
    let texts = [
        ("issuer", &args.issuer),
        ("environment", &args.environment),
        ("client_id", &Some(args.client_id.clone())),
        ("client_type", &args.client_type),
        ("policy", &args.policy),
        ("redirect_uri", &args.redirect_uri),
        ("auth_method", &args.auth_method),
    ];
    for (key, text) in texts {
        if let Some(text) = text {
            table[key] = value(text);
        }
    }
    let scopes: Array = args.scope.iter().flat_map(|scope| scope.split_whitespace()).collect();
    if !scopes.is_empty() {
        table["scopes"] = value(scopes);
    }
    table
}

/// The configuration, read under the lock that a change of it needs: another `tidp` may have changed it just now.
fn to_be_changed(ports: &Ports, load: fn(&Ports) -> Result<Configuration>) -> Result<(Configuration, Box<dyn Lock>)> {
    // Read without the lock first: where there is nothing to change, no directory is made for its sake.
    let configured = load(ports)?;
    let path = path_of(&configured)?;
    if configured.is_pipe {
        return Err(SetupError::ConfigIsPipe(path.to_owned()).into());
    }
    let attempt = |_| ports.files.try_lock(path).map_err(|error| failed(path, &error));
    let lock = poll_until(ports, SESSION_LOCK_TIMEOUT, attempt)?.ok_or(SetupError::ConfigBusy)?;
    Ok((load(ports)?, lock))
}

fn path_of(configured: &Configuration) -> Result<&Path> {
    configured.path.as_deref().ok_or_else(|| Error::config("there is no home directory: set TIDP_CONFIG"))
}

/// The file as it is written, comments and all, and where it is.
fn as_written<'c>(ports: &Ports, configured: &'c Configuration) -> Result<(&'c Path, DocumentMut)> {
    let path = path_of(configured)?;
    let bytes = ports.files.read(path).map_err(|error| failed(path, &error))?.unwrap_or_default();
    let wrong = |what: &str| Error::config(format!("{}: it is {what}", printable_path(path)));
    let document = utf8_text(&bytes).map_err(wrong)?.parse();
    Ok((path, document.map_err(|_| wrong("not TOML"))?))
}

fn failed(path: &Path, error: &std::io::Error) -> Error {
    Error::config(format!("{}: {error}", printable_path(path)))
}

/// Changes the file; what comes out must be a configuration in which the profile that `edit` names makes sense.
fn change(
    ports: &Ports,
    configured: &Configuration,
    edit: impl FnOnce(&mut DocumentMut) -> Result<String>,
) -> Result<Profile> {
    let (path, mut document) = as_written(ports, configured)?;
    let name = edit(&mut document)?;
    let text = document.to_string();
    // What is wrong with it stands in no file.
    let config = Config { path: None, ..config::parse(&text, path)? };
    let profile = config::file_profile(&name, &config, configured.base())?;
    write(ports, path, &text)?;
    Ok(profile)
}

/// Writes the file, if it can be read again.
fn write(ports: &Ports, path: &Path, text: &str) -> Result<()> {
    if text.len() as u64 > LARGEST_FILE {
        return Err(SetupError::ConfigTooLarge(path.to_owned()).into());
    }
    ports.files.write(path, text.as_bytes()).map_err(|error| failed(path, &error))
}

fn list(ports: &Ports, out: &Output<'_>) -> Result<()> {
    let configured = Configuration::load(ports)?;
    let config = &configured.config;
    let default = config::default_profile(config).ok();
    let profiles: Vec<_> =
        config.profile.keys().map(|name| (name, config::file_profile(name, config, configured.base()))).collect();
    if out.json {
        let document = |(name, profile): &(&String, Result<Profile>)| {
            let mut document = match profile {
                Ok(profile) => described(profile, &configured),
                Err(error) => json!({ "profile": name, "error": error.report().message }),
            };
            document["default"] = (default == Some(*name)).into();
            document
        };
        return out.document(json!({ "profiles": profiles.iter().map(document).collect::<Vec<_>>() }));
    }
    let good = || profiles.iter().filter_map(|(_, profile)| profile.as_ref().ok());
    let name_width = widest(profiles.iter().map(|(name, _)| name.as_str()));
    let (issuer_width, client_width) = (widest(good().map(|p| &*p.issuer)), widest(good().map(|p| &*p.client_id)));
    for (name, profile) in &profiles {
        let mark = if default == Some(*name) { "*" } else { " " };
        let what = match profile {
            Ok(p) => {
                let (issuer, client) = (column(&p.issuer, issuer_width), column(&p.client_id, client_width));
                format!("{issuer}  {client}  {}", policy_name(p))
            }
            Err(error) => out.paint(&error.report().message, Color::Red),
        };
        out.answer(&format!("{mark} {}  {what}\n", out.bold(&column(name, name_width))))?;
    }
    if profiles.is_empty() {
        out.note("There is no profile yet: tidp profile add NAME --environment staging --client-id ID --client-type MobileApp");
    }
    Ok(())
}

/// How many columns the widest of them takes on a terminal.
fn widest<'a>(texts: impl Iterator<Item = &'a str>) -> usize {
    texts.map(|text| printable(text).width()).max().unwrap_or_default()
}

/// The text, filled up with spaces to that many columns.
fn column(text: &str, width: usize) -> String {
    let text = printable(text);
    let missing = width.saturating_sub(text.width());
    text + &" ".repeat(missing)
}

fn policy_name(profile: &Profile) -> &'static str {
    profile.policy.map_or("policy unknown", |policy| policy.name.as_str())
}

fn show(ports: &Ports, out: &Output<'_>, global: &Global, name: Option<&str>) -> Result<()> {
    let configured = Configuration::load(ports)?;
    let profile = match name {
        Some(name) => config::file_profile(name, &configured.config, configured.base())?,
        None => configured.profile(ports, global.profile.as_deref())?,
    };
    let document = described(&profile, &configured);
    if out.json {
        return out.document(document);
    }
    for (key, value) in document.as_object().into_iter().flatten() {
        let text = match value {
            Value::Null => continue,
            Value::Array(items) if items.is_empty() => continue,
            Value::Number(seconds) => Seconds(seconds.as_i64().unwrap_or_default()).to_text(),
            Value::String(text) => printable(text),
            Value::Array(items) => items.iter().filter_map(Value::as_str).map(printable).collect::<Vec<_>>().join(" "),
            other => other.to_string(),
        };
        out.answer(&format!("{key:<18} {text}\n"))?;
    }
    Ok(())
}

/// Everything that follows from a profile, and where the file is. No secret is in one.
fn described(profile: &Profile, configured: &Configuration) -> Value {
    let (redirect_uri, redirect) = match &profile.redirect_uri {
        RedirectUri::AnyPort(at) => (format!("http://{}{}", at.host, at.path), "any_port"),
        RedirectUri::Fixed(uri, _) => (uri.clone(), "fixed_port"),
        RedirectUri::Elsewhere(uri) => (uri.clone(), "paste"),
    };
    json!({
        "profile": profile.name,
        "config": configured.path.as_ref().map(|path| path.display().to_string()),
        "issuer": profile.issuer,
        "client_id": profile.client_id,
        "client_type": profile.client_type.map(|t| t.as_str()),
        "policy": profile.policy.map(|policy| policy.name.as_str()),
        "sliding": profile.policy.map(|policy| policy.sliding),
        "lifetime": profile.policy.and_then(|policy| policy.lifetime).map(|lifetime| lifetime.0),
        "renew": match profile.renew { Renew::WhenDue => "when-due", Renew::BeforeSessionEnds => "before-session-ends" },
        "scopes": profile.scopes,
        "redirect_uri": redirect_uri,
        "redirect": redirect,
        "auth_method": match profile.auth_method {
            AuthMethod::None => None,
            AuthMethod::Basic => Some("client_secret_basic"),
            AuthMethod::Post => Some("client_secret_post"),
        },
        "ca_file": profile.ca_file.as_ref().map(|path| path.display().to_string()),
        "endpoint_hosts": profile.endpoint_hosts,
    })
}

fn make_default(ports: &Ports, out: &Output<'_>, name: &str) -> Result<()> {
    let (configured, _lock) = to_be_changed(ports, Configuration::load)?;
    if !configured.config.profile.contains_key(name) {
        return Err(config::no_such_profile(name, &configured.config));
    }
    let profile = change(ports, &configured, |document| {
        // Assigned as an item, it would lose the comment that stands beside it.
        match document.get_mut("default_profile").and_then(Item::as_value_mut) {
            Some(default) => {
                let decor = default.decor().clone();
                *default = name.into();
                *default.decor_mut() = decor;
            }
            None => document["default_profile"] = value(name),
        }
        Ok(name.to_owned())
    })?;
    out.note(&format!("`{}` is now the default profile.", printable(name)));
    if out.json { out.document(described(&profile, &configured)) } else { Ok(()) }
}

fn remove(ports: &Ports, out: &Output<'_>, name: &str) -> Result<()> {
    let (configured, _lock) = to_be_changed(ports, Configuration::load)?;
    if !configured.config.profile.contains_key(name) {
        return Err(config::no_such_profile(name, &configured.config));
    }
    // A profile that makes no sense can have no session; it can still be removed.
    if let Ok(profile) = config::file_profile(name, &configured.config, configured.base()) {
        let store = configured.store(ports)?;
        let key = profile.session_key();
        if store.load(&EntryKey::Session(key.clone()).name())?.is_some() {
            return Err(SetupError::ProfileHasSession(name.to_owned()).into());
        }
        store.delete(&EntryKey::ClientSecret(key).name())?;
    }
    let (path, mut document) = as_written(ports, &configured)?;
    if let Some(profiles) = document.get_mut("profile").and_then(Item::as_table_like_mut) {
        profiles.remove(name);
    }
    let was_default = configured.config.default_profile.as_deref() == Some(name);
    if was_default {
        document.remove("default_profile");
    }
    write(ports, path, &document.to_string())?;
    let then = if was_default { without_default(&configured.config, name) } else { String::new() };
    out.note(&format!("Removed the profile `{}`{then}.", printable(name)));
    if out.json {
        out.document(json!({ "profile": name, "removed": true, "was_default": was_default }))
    } else {
        Ok(())
    }
}

/// What is to be said where the profile that is removed was the default.
fn without_default(config: &Config, name: &str) -> String {
    let mut others = config.profile.keys().filter(|other| *other != name);
    match (others.next(), others.next()) {
        (None, _) => ", which was the default; there is no other".to_owned(),
        (Some(only), None) => format!(", which was the default; `{}`, the only one left, is now", printable(only)),
        (Some(first), Some(_)) => {
            format!(", which was the default; choose another: tidp profile use {}", quoted(first))
        }
    }
}

fn secret(ports: &Ports, out: &Output<'_>, global: &Global, name: &str, remove: bool) -> Result<()> {
    let global = Global { profile: Some(name.to_owned()), ..global.clone() };
    Context::open(ports, out, global.profile.as_deref())?.run(|context| {
        let entry = EntryKey::ClientSecret(context.key.clone()).name();
        if remove {
            let _lock = context.lock(&entry)?;
            let had_one = context.store.delete(&entry)?;
            out.note(if had_one { "Removed the client secret." } else { "There was no client secret." });
            return if out.json { out.document(json!({ "profile": name, "client_secret": false })) } else { Ok(()) };
        }
        let prompt = format!(
            "Client secret of `{}` at {}: ",
            printable(&context.profile.client_id),
            printable(&context.profile.issuer)
        );
        let secret = ports
            .terminal
            .read_secret(&prompt)
            .map_err(|error| Error::failed(format!("cannot read the secret: {error}")))?;
        if secret.is_empty() {
            return Err(Error::usage("the client secret is empty"));
        }
        let _lock = context.lock(&entry)?;
        context.store.save(&entry, &secret)?;
        out.note(&format!("Stored the client secret of `{}` in the {} store.", printable(name), context.store.name()));
        if out.json { out.document(json!({ "profile": name, "client_secret": true })) } else { Ok(()) }
    })
}
