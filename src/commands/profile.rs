//! `tidp profile …`: lists and changes the profiles in the configuration file. The client secret goes into the store.

mod view;

use crate::cli::{Global, ProfileAdd, ProfileCommand};
use crate::config::{self, AuthMethod, Config, Profile};
use crate::domain::session::EntryKey;
use crate::domain::text::printable;
use crate::error::{Error, Result, quoted};
use crate::flows::configuration::Configuration;
use crate::flows::context::Context;
use crate::flows::profile_file::{NewProfile, ProfileFile};
use crate::ports::{Env, Ports};
use crate::terminal::output::Output;
use crate::terminal::table::{self, Align, pad};
use colored::Color;
use serde_json::json;
use view::ProfileView;

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
    let file = ProfileFile::open_or_create(ports)?;
    let is_first = !file.has_profiles();
    let profile = file.add(&new_profile(args))?;
    out.note(&format!("Added the profile `{}`{}.", args.name, if is_first { ", the default" } else { "" }));
    let option = if is_first { String::new() } else { format!(" --profile {}", args.name) };
    if profile.auth_method != AuthMethod::None {
        out.note(&format!("Its client secret goes into the store: tidp profile secret {}", args.name));
    }
    if let Some(advice) = profile.debugger_redirect_advice().filter(|_| !profile.is_machine()) {
        out.note(&format!("{advice}."));
    }
    let next = if profile.is_machine() { "token" } else { "login" };
    out.note(&format!("Next: tidp {next}{option}"));
    if out.json { out.document(ProfileView::new(&profile, &file.configuration).to_json()) } else { Ok(()) }
}

fn new_profile(args: &ProfileAdd) -> NewProfile<'_> {
    let texts = [
        ("issuer", args.issuer.as_deref()),
        ("environment", args.environment.as_deref()),
        ("client_id", Some(args.client_id.as_str())),
        ("client_type", args.client_type.as_deref()),
        ("grant", args.grant.as_deref()),
        ("policy", args.policy.as_deref()),
        ("redirect_uri", args.redirect_uri.as_deref()),
        ("auth_method", args.auth_method.as_deref()),
    ];
    NewProfile {
        name: &args.name,
        texts: texts.into_iter().filter_map(|(key, text)| Some((key, text?))).collect(),
        scopes: args.scope.iter().flat_map(|scope| scope.split_whitespace()).collect(),
    }
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
                Ok(profile) => ProfileView::new(profile, &configured).to_json(),
                Err(error) => json!({ "profile": name, "error": error.report().message }),
            };
            document["default"] = (default == Some(*name)).into();
            document
        };
        return out.document(json!({ "profiles": profiles.iter().map(document).collect::<Vec<_>>() }));
    }
    let names: Vec<String> = profiles.iter().map(|(name, _)| printable(name)).collect();
    let name_width = table::widest(names.iter().map(String::as_str));
    let rows: Vec<_> = profiles.iter().filter_map(|(_, profile)| profile.as_ref().ok().map(cells)).collect();
    let widths = table::column_widths(&rows);
    for ((name, profile), shown_name) in profiles.iter().zip(&names) {
        let mark = if default == Some(*name) { "*" } else { " " };
        let details = match profile {
            Ok(profile) => table::row(&cells(profile), widths, [Align::Left; 3]).trim_end().to_owned(),
            Err(error) => out.paint(&error.report().message, Color::Red),
        };
        out.answer(&format!("{mark} {}  {details}\n", out.bold(&pad(shown_name, name_width, Align::Left))))?;
    }
    if profiles.is_empty() {
        out.note("There is no profile yet: tidp profile add NAME --environment staging --client-id ID --client-type MobileApp");
    }
    Ok(())
}

fn cells(profile: &Profile) -> [String; 3] {
    let no_policy = if profile.is_machine() { profile.grant.as_str() } else { "policy unknown" };
    let policy = profile.policy.map_or(no_policy, |policy| policy.name.as_str());
    [printable(&profile.issuer), printable(&profile.client_id), policy.to_owned()]
}

fn show(ports: &Ports, out: &Output<'_>, global: &Global, name: Option<&str>) -> Result<()> {
    let configured = Configuration::load(ports)?;
    // A named profile is shown as it is in the file, the one in use with what variables change.
    let (profile, env) = match name {
        Some(name) => (config::file_profile(name, &configured.config, configured.base())?, &Env::default()),
        None => (configured.profile(ports, global.profile.as_deref())?, &ports.env),
    };
    let settings = config::settings(&profile, &configured.config, env);
    let view = ProfileView::new(&profile, &configured);
    if !out.json {
        return out.answer(&view.to_text(&settings));
    }
    let mut document = view.to_json();
    document["sources"] = view::sources(&settings);
    out.document(document)
}

fn make_default(ports: &Ports, out: &Output<'_>, name: &str) -> Result<()> {
    let file = ProfileFile::open(ports)?;
    let profile = file.make_default(name)?;
    out.note(&format!("`{}` is now the default profile.", printable(name)));
    if out.json { out.document(ProfileView::new(&profile, &file.configuration).to_json()) } else { Ok(()) }
}

fn remove(ports: &Ports, out: &Output<'_>, name: &str) -> Result<()> {
    let file = ProfileFile::open(ports)?;
    let was_default = file.remove(name)?;
    let next = if was_default { next_default(&file.configuration.config, name) } else { String::new() };
    out.note(&format!("Removed the profile `{}`{next}.", printable(name)));
    if out.json {
        out.document(json!({ "profile": name, "removed": true, "was_default": was_default }))
    } else {
        Ok(())
    }
}

/// The end of the note about `removed`, which was the default: what the default is now.
fn next_default(config: &Config, removed: &str) -> String {
    let mut others = config.profile.keys().filter(|other| *other != removed);
    match (others.next(), others.next()) {
        (None, _) => ", which was the default; there is no other".to_owned(),
        (Some(only), None) => {
            format!(", which was the default; the default is now `{}`, the only one left", printable(only))
        }
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
        out.note(&format!(
            "Stored the client secret of `{}` in the {} store.",
            printable(name),
            context.store.name().as_str()
        ));
        if out.json { out.document(json!({ "profile": name, "client_secret": true })) } else { Ok(()) }
    })
}
