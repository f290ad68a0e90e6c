//! `tidp profile …`: shows and changes the profiles in the configuration file. The client secret goes into the store.

mod add;
mod list;
mod view;

use crate::cli::ProfileCommand;
use crate::config::{self, AuthMethod, Config};
use crate::domain::session::EntryKey;
use crate::domain::text::printable;
use crate::error::{Error, Result, arguments};
use crate::flows::configuration::Configuration;
use crate::flows::context::Context;
use crate::flows::profile_file::{Change, ProfileFile};
use crate::flows::profile_session;
use crate::ports::{Env, Ports, Reporter};
use crate::terminal::output::Output;
use serde_json::json;
use view::document;

pub fn run(ports: &Ports, out: &Output<'_>, flag: Option<&str>, what: &ProfileCommand) -> Result<()> {
    match what {
        ProfileCommand::Add(args) => add::run(ports, out, args),
        ProfileCommand::List => list::run(ports, out),
        ProfileCommand::Show { name } => show(ports, out, flag, name.as_deref()),
        ProfileCommand::Use { name } => {
            let file = ProfileFile::open(ports, out)?;
            let profile = file.make_default(name)?;
            out.note(&format!("`{}` is now the default profile.", printable(name)));
            out.document_if_json(|| document(&profile, &file.configuration))
        }
        ProfileCommand::Set { name, key, value } => {
            let file = ProfileFile::open(ports, out)?;
            let change = file.set(name, key, value)?;
            out.note(&format!("Set {key} of the profile `{}`.", printable(name)));
            report_change(out, &file, &change)
        }
        ProfileCommand::Unset { name, key } => unset(ports, out, name, key),
        ProfileCommand::Rename { name, new_name } => {
            let file = ProfileFile::open(ports, out)?;
            let has_session = profile_session::rename(&file, name, new_name)?;
            let session = if has_session { "; its session is kept" } else { "" };
            out.note(&format!("The profile `{}` is now `{}`{session}.", printable(name), printable(new_name)));
            out.document_if_json(|| json!({ "profile": new_name, "renamed_from": name, "session": has_session }))
        }
        ProfileCommand::Remove { name } => {
            let file = ProfileFile::open(ports, out)?;
            let was_default = profile_session::remove(&file, name)?;
            let next = if was_default { next_default(&file.configuration.config, name) } else { String::new() };
            out.note(&format!("Removed the profile `{}`{next}.", printable(name)));
            out.document_if_json(|| json!({ "profile": name, "removed": true, "was_default": was_default }))
        }
        ProfileCommand::Secret { name, remove } => {
            Context::open(ports, out, Some(name))?.run(|context| secret(context, out, name, *remove))
        }
    }
}

/// Shows a named profile as it is in the file, the one in use with what variables change.
fn show(ports: &Ports, out: &Output<'_>, flag: Option<&str>, name: Option<&str>) -> Result<()> {
    let configured = Configuration::load(ports)?;
    let (profile, env) = match name {
        Some(name) => (configured.file_profile(name)?, &Env::default()),
        None => (configured.profile(ports, flag)?, &ports.env),
    };
    let settings = config::settings(&profile, &configured.config, env);
    let members = view::members(&profile, &configured);
    if !out.json {
        return out.page(&view::to_text(&members, &settings, ports.env.home()));
    }
    out.document(members.into_iter().chain([("sources", view::sources(&settings))]).collect())
}

fn unset(ports: &Ports, out: &Output<'_>, name: &str, key: &str) -> Result<()> {
    let file = ProfileFile::open(ports, out)?;
    let (shown_key, shown_name) = (printable(key), printable(name));
    let Some(change) = file.unset(name, key)? else {
        out.note(&format!("{shown_key} was not set in the profile `{shown_name}`."));
        let profile = file.configuration.file_profile(name)?;
        return out.document_if_json(|| document(&profile, &file.configuration));
    };
    out.note(&format!("Removed {shown_key} from the profile `{shown_name}`."));
    report_change(out, &file, &change)
}

fn report_change(out: &Output<'_>, file: &ProfileFile<'_>, change: &Change) -> Result<()> {
    profile_session::warn_of_old_session(file, change);
    let needed_none = change.before.as_ref().is_none_or(|before| before.auth_method == AuthMethod::None);
    if needed_none && change.after.auth_method != AuthMethod::None && change.after.client_secret_command.is_none() {
        out.note(&format!("Next: tidp profile secret {}", arguments(&[&change.after.name])));
    }
    out.document_if_json(|| document(&change.after, &file.configuration))
}

/// The end of the note about `removed`, which was the default: what the default is now.
fn next_default(config: &Config, removed: &str) -> String {
    let mut others = config.profile.keys().filter(|other| *other != removed);
    let next = match (others.next(), others.next()) {
        (None, _) => "there is no other".to_owned(),
        (Some(only), None) => format!("the default is now `{}`, the only one left", printable(only)),
        (Some(first), Some(_)) => format!("choose another: tidp profile use {}", arguments(&[first])),
    };
    format!(", which was the default; {next}")
}

/// Removes the client secret, or reads and stores it.
fn secret(context: &Context<'_>, out: &Output<'_>, name: &str, remove: bool) -> Result<()> {
    let entry = EntryKey::ClientSecret(context.key.clone()).name();
    if remove {
        let _lock = context.lock(&entry)?;
        let had_one = context.store.delete(&entry)?;
        out.note(if had_one { "Removed the client secret." } else { "There was no client secret." });
    } else {
        let (client_id, issuer) = (printable(&context.profile.client_id), printable(&context.profile.issuer));
        let prompt = format!("Client secret of `{client_id}` at {issuer}: ");
        let secret = context.ports.terminal.read_secret(&prompt);
        let secret = secret.map_err(|error| Error::failed(format!("cannot read the secret: {error}")))?;
        if secret.is_empty() {
            return Err(Error::usage("the client secret is empty"));
        }
        let _lock = context.lock(&entry)?;
        context.store.save(&entry, &secret)?;
        let store = context.store.name().as_str();
        out.note(&format!("Stored the client secret of `{}` in the {store} store.", printable(name)));
    }
    out.document_if_json(|| json!({ "profile": name, "client_secret": !remove }))
}
