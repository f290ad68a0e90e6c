//! `tidp profile add`, with options or, on a terminal, with questions.

use super::view::document;
use crate::cli::ProfileAdd;
use crate::config::{self, AuthMethod};
use crate::domain::policy::ClientType;
use crate::error::{Error, ProfileError, Result};
use crate::explain::policy_descriptions::policy_description;
use crate::flows::configuration::Configuration;
use crate::flows::context::Context;
use crate::flows::profile_file::{NewProfile, ProfileFile, check_client_id, draft};
use crate::flows::{profile_session, provider_metadata};
use crate::oidc::discovery::Issuer;
use crate::ports::{Ports, Reporter, StoreChoice};
use crate::terminal::output::Output;

pub(super) fn run(ports: &Ports, out: &Output<'_>, args: &ProfileAdd) -> Result<()> {
    let asked;
    let args = match &missing_options(args)[..] {
        [] => args,
        _ if out.can_ask() => {
            asked = ask(ports, out, args)?;
            &asked
        }
        missing => {
            let missing = missing.join(" ");
            return Err(Error::usage(format!("the following required arguments were not provided: {missing}")));
        }
    };
    let new = new_profile(args);
    config::check_profile_name(new.name)?;
    let file = ProfileFile::open_or_create(ports, out)?;
    let is_first = !file.has_profiles();
    let profile = file.add(&new)?;
    out.note(&format!("Added the profile `{}`{}.", new.name, if is_first { ", the default" } else { "" }));
    profile_session::warn_of_earlier_entries(&file, &profile);
    if let Some(advice) = profile.debugger_redirect_advice().filter(|_| !profile.is_machine()) {
        out.note(&format!("{advice}."));
    }
    let secret = match profile.auth_method {
        AuthMethod::None => String::new(),
        _ => format!("tidp profile secret {}, then ", new.name),
    };
    let next = if profile.is_machine() { "token" } else { "login" };
    let option = if is_first { String::new() } else { format!(" --profile {}", new.name) };
    out.note(&format!("Next: {secret}tidp {next}{option}"));
    out.document_if_json(|| document(&profile, &file.configuration))
}

/// What a profile needs and the command line leaves out.
fn missing_options(args: &ProfileAdd) -> Vec<&'static str> {
    let has_provider = args.issuer.is_some() || args.environment.is_some();
    let needed = [
        ("--client-id <ID>", args.client_id.is_some()),
        ("<--issuer <URL>|--environment <ENVIRONMENT>>", has_provider),
        ("<NAME>", args.name.is_some()),
    ];
    needed.into_iter().filter(|(_, is_there)| !is_there).map(|(option, _)| option).collect()
}

fn new_profile(args: &ProfileAdd) -> NewProfile<'_> {
    let texts = [
        ("issuer", &args.issuer),
        ("environment", &args.environment),
        ("client_id", &args.client_id),
        ("client_type", &args.client_type),
        ("grant", &args.grant),
        ("policy", &args.policy),
        ("redirect_uri", &args.redirect_uri),
        ("auth_method", &args.auth_method),
    ];
    NewProfile {
        name: args.name.as_deref().unwrap_or_default(),
        texts: texts.into_iter().filter_map(|(key, text)| Some((key, text.as_deref()?))).collect(),
        scopes: args.scope.iter().flat_map(|scope| scope.split_whitespace()).collect(),
    }
}

/// The options, with answers for what was left out, after a look at the provider.
fn ask(ports: &Ports, out: &Output<'_>, args: &ProfileAdd) -> Result<ProfileAdd> {
    let existing = Configuration::load_or_new(ports)?.config.profile;
    let check_name = |name: &str| -> Result<String> {
        config::check_profile_name(name)?;
        if existing.contains_key(name) {
            Err(ProfileError::ProfileExists(name.to_owned()).into())
        } else {
            Ok(name.to_owned())
        }
    };
    if let Some(name) = &args.name {
        check_name(name)?;
    }
    out.prompt("A profile is one client at one provider. Nothing is saved before the last answer.");
    let mut args = args.clone();
    if args.name.is_none() {
        args.name = Some(answer(out, "Name of the profile, such as work: ", check_name)?);
    }
    if args.issuer.is_none() && args.environment.is_none() {
        let (issuer, environment) = answer(out, "Environment (staging or production), or an issuer URL: ", provider)?;
        (args.issuer, args.environment) = (issuer, environment);
    }
    if args.client_id.is_none() {
        args.client_id = Some(answer(out, "Client ID, as registered: ", |text| {
            check_client_id("client_id", text)?;
            if text.is_empty() { Err(Error::usage("a client ID is needed")) } else { Ok(text.to_owned()) }
        })?);
    }
    if args.client_type.is_none() && args.policy.is_none() && args.grant.as_deref() != Some("client_credentials") {
        args.client_type = client_type(out, &args)?;
    }
    check_provider(ports, out, &args)?;
    Ok(args)
}

/// The first answer that `accept` accepts.
fn answer<T>(out: &Output<'_>, question: &str, accept: impl Fn(&str) -> Result<T>) -> Result<T> {
    loop {
        let line = out.ask_line(question)?.ok_or_else(|| Error::usage("there was no answer; nothing was saved"))?;
        match accept(&line) {
            Ok(accepted) => return Ok(accepted),
            Err(error) => out.prompt(&format!("  {}", error.report().message)),
        }
    }
}

/// The issuer or the environment.
fn provider(text: &str) -> Result<(Option<String>, Option<String>)> {
    match text {
        "staging" | "production" => Ok((None, Some(text.to_owned()))),
        "" => Err(Error::usage("staging, production, or a URL such as https://id.example.com")),
        url => Issuer::parse(url).map(|_| (Some(url.to_owned()), None)).map_err(Error::usage),
    }
}

/// The client type, which another provider than TelenorID+ may not have.
fn client_type(out: &Output<'_>, args: &ProfileAdd) -> Result<Option<String>> {
    let is_optional = args.issuer.as_deref().is_some_and(|issuer| !config::is_telenorid_plus(issuer));
    let meaning = |client_type: ClientType| {
        let lifetime = policy_description(client_type.policy()).lifetime_text();
        let secret = if client_type.is_confidential() { "; has a client secret" } else { "" };
        format!("  {:<18} {lifetime}{secret}\n", client_type.as_str())
    };
    let meanings: String = ClientType::ALL.map(meaning).concat();
    out.prompt(&format!(
        "How long a session lasts follows from the client type, as registered at TelenorID+:\n{}",
        meanings.trim_end()
    ));
    let question = if is_optional { "Client type (Enter: none of these): " } else { "Client type: " };
    answer(out, question, |text| match ClientType::parse(text) {
        Some(client_type) => Ok(Some(client_type.as_str().to_owned())),
        None if text.is_empty() && is_optional => Ok(None),
        None => Err(Error::usage(format!("one of {}", ClientType::ALL.map(ClientType::as_str).join(", ")))),
    })
}

/// Reads the discovery document. If that fails, the person decides.
fn check_provider(ports: &Ports, out: &Output<'_>, args: &ProfileAdd) -> Result<()> {
    let profile = draft(&new_profile(args))?;
    let context = Context::new(ports, out, profile, ports.stores.open(&StoreChoice::Memory)?.into());
    let Err(error) = provider_metadata::fetch_provider(&context) else {
        out.prompt("Checked: the provider answers.");
        return Ok(());
    };
    out.prompt(&format!("The provider could not be checked: {}", error.report().message));
    let is_yes = |text: &str| match text.to_ascii_lowercase().as_str() {
        "y" | "yes" => Ok(true),
        "" | "n" | "no" => Ok(false),
        _ => Err(Error::usage("y or n")),
    };
    if answer(out, "Save the profile anyway? [y/N] ", is_yes)? { Ok(()) } else { Err(error) }
}
