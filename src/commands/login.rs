//! `tidp login`: logs in through the browser, on another device or in an app, and stores the session.

use crate::cli::{self, Global};
use crate::commands::inspect;
use crate::config::{self, AuthMethod, Profile, StoreKind};
use crate::domain::acr_values::acr_values;
use crate::domain::time::Seconds;
use crate::domain::warning::WarningCode;
use crate::error::{Error, LoginMethod, Result};
use crate::explain::login_messages;
use crate::explain::outlook::observations::introspection_mismatch;
use crate::explain::outlook::sentence::Words;
use crate::flows::advisory_warnings;
use crate::flows::configuration::Configuration;
use crate::flows::context::Context;
use crate::flows::login::{self, LoginOptions};
use crate::flows::refresh_token_introspection;
use crate::oidc::authorize::AuthorizationOptions;
use crate::oidc::ciba::CibaProvider;
use crate::ports::Ports;
use crate::terminal::output::Output;

/// Logs in, and prints a summary or the session as JSON.
///
/// # Errors
/// Those of the flow; then nothing was stored.
pub fn run(ports: &Ports, out: &Output<'_>, global: &Global, args: &cli::Login) -> Result<()> {
    Context::open(ports, out, global.profile.as_deref())?.run(|context| {
        context.require_user("there is no user to log in, and none is needed for a token")?;
        let session = login::log_in(context, login_options(&context.profile, args, out.json)?)?;
        let session = refresh_token_introspection::after_login(context, session);
        let (now, profile) = (context.ports.clock.now(), &context.profile);
        let (outlook, name) = (context.outlook(Some(&session), now), profile.name_in_hints.as_deref());
        for line in login_messages::summary(&session, &outlook, profile.policy_key(), name, &|time| out.when(time, now))
        {
            out.note(&line);
        }
        let words = Words { format_time: &|time| out.local(time), profile: name };
        let mismatch = profile.policy.as_ref().and_then(|policy| introspection_mismatch(&session, policy, &words));
        if let Some(mismatch) = mismatch {
            out.warn(WarningCode::PolicyMismatch, mismatch);
        }
        if let Some(warning) = login_messages::early_expiry_warning(&outlook, name) {
            out.warn(WarningCode::DiesBeforeAccessToken, warning);
            advisory_warnings::record_warning(context);
        }
        if out.json { out.document(inspect::to_json(context, &session)) } else { Ok(()) }
    })
}

/// Warns that the session will not outlive this command if the store is `memory`, before anybody logs in for it.
pub fn warn_of_memory_store(ports: &Ports, out: &Output<'_>) {
    let store = Configuration::load(ports).and_then(|configured| config::store(&ports.env, &configured.config));
    if store == Ok(StoreKind::Memory) {
        out.warn(WarningCode::MemoryStore, "the store is `memory`: the session will be gone when this command ends");
    }
}

/// The options of the command line, or else those of the profile.
fn login_options(profile: &Profile, args: &cli::Login, is_json: bool) -> Result<LoginOptions> {
    let usage = |option: &str, what: String| Error::usage(format!("{option}: {what}"));
    let scopes: Vec<String> = args.scope.iter().flat_map(|s| s.split_whitespace()).map(str::to_owned).collect();
    let scopes = if scopes.is_empty() { profile.scopes.clone() } else { scopes };
    let max_age = args.max_age.as_deref().map(Seconds::parse).transpose().map_err(|what| usage("--max-age", what))?;
    let named = acr_values(args.provider.as_deref(), args.aal.as_deref(), args.require_acr.as_deref());
    if let Some(option) = option_for_telenorid_plus(args).filter(|_| !profile.is_telenorid_plus()) {
        return Err(usage(option, "its names are TelenorID+'s; at another provider use --acr-values".to_owned()));
    }
    let method = login_method(args);
    check_method(profile, args, method)?;
    let scopes = match method {
        LoginMethod::Ciba(ciba) => with_required(scopes, ciba.required_scopes()),
        LoginMethod::Browser | LoginMethod::Device => scopes,
    };
    let timeout = args.timeout.as_deref().map(Seconds::parse_positive).transpose();
    Ok(LoginOptions {
        method,
        request: AuthorizationOptions {
            scopes: config::check_scopes(scopes).map_err(|what| usage("--scope", what))?,
            prompt: args.prompt.clone().or_else(|| profile.prompt.clone()),
            login_hint: args.login_hint.clone().or_else(|| profile.login_hint.clone()),
            acr_values: named.or_else(|| args.acr_values.clone()).or_else(|| profile.acr_values.clone()),
            ui_locales: args.ui_locales.clone().or_else(|| profile.ui_locales.clone()),
            max_age,
            extra: args.extra_param.iter().map(|text| extra_param(text)).collect::<Result<_>>()?,
        },
        require_acr: args.require_acr.clone(),
        expect_sub: args.expect_sub.clone(),
        timeout: timeout.map_err(|what| usage("--timeout", what))?,
        no_browser: args.no_browser,
        paste: args.paste,
        show_other_ways: !is_json,
        show_qr_code: !args.no_qr,
    })
}

/// The option whose names mean nothing to another provider.
fn option_for_telenorid_plus(args: &cli::Login) -> Option<&'static str> {
    let level = args.aal.as_ref().map(|_| "--aal");
    args.provider.as_ref().map(|_| "--provider").or(level)
}

fn extra_param(text: &str) -> Result<(String, String)> {
    let (name, value) = text.split_once('=').ok_or_else(|| Error::usage("--extra-param: write NAME=VALUE"))?;
    Ok((name.to_owned(), value.to_owned()))
}

fn login_method(args: &cli::Login) -> LoginMethod {
    match args.ciba.as_deref() {
        Some("vipps") => LoginMethod::Ciba(CibaProvider::Vipps),
        Some(_) => LoginMethod::Ciba(CibaProvider::BankId),
        None if args.device => LoginMethod::Device,
        None => LoginMethod::Browser,
    }
}

/// A profile's `login_hint` is a phone number, so BankID needs the option.
fn check_method(profile: &Profile, args: &cli::Login, method: LoginMethod) -> Result<()> {
    let LoginMethod::Ciba(ciba) = method else { return Ok(()) };
    if profile.auth_method == AuthMethod::None {
        return Err(Error::usage("--ciba is for confidential clients, and this profile's client is public"));
    }
    let login_hint = args.login_hint.as_deref().filter(|hint| !hint.trim().is_empty());
    match ciba {
        CibaProvider::Vipps if login_hint.is_none() && (args.login_hint.is_some() || profile.login_hint.is_none()) => {
            Err(Error::usage("--ciba vipps needs the user's phone number: --login-hint PHONE"))
        }
        CibaProvider::BankId if login_hint.is_none() => {
            Err(Error::usage("--ciba bankid needs the user's kurt_id: --login-hint KURT_ID"))
        }
        CibaProvider::Vipps | CibaProvider::BankId => Ok(()),
    }
}

fn with_required(mut scopes: Vec<String>, required: &[&str]) -> Vec<String> {
    for name in required {
        if !scopes.iter().any(|scope| scope == name) {
            scopes.push((*name).to_owned());
        }
    }
    scopes
}
