//! `tidp login`: logs in through the browser, on another device or in an app, and stores the session.

use crate::cli;
use crate::commands::{inspect, options};
use crate::config::{self, AuthMethod, Profile};
use crate::domain::acr_values::acr_values;
use crate::domain::warning::WarningCode;
use crate::error::{Error, LoginMethod, Result};
use crate::explain::login_messages;
use crate::explain::outlook::observations::introspection_mismatch;
use crate::flows::configuration::Configuration;
use crate::flows::context::Context;
use crate::flows::login::{self, LoginOptions};
use crate::flows::{advisory_warnings, refresh_token_introspection};
use crate::oidc::authorize::AuthorizationOptions;
use crate::oidc::ciba::CibaProvider;
use crate::ports::{Ports, Reporter, StoreName};
use crate::terminal::output::Output;

/// Logs in, and prints a summary or the session as JSON. After an error, nothing was stored.
pub fn run(context: &Context<'_>, out: &Output<'_>, args: &cli::Login) -> Result<()> {
    context.require_user("there is no user to log in, and none is needed for a token")?;
    let session = login::log_in(context, login_options(&context.profile, args, out.json)?)?;
    let session = refresh_token_introspection::after_login(context, session);
    let (now, profile) = (context.ports.clock.now(), &context.profile);
    let outlook = context.outlook(&session, now);
    let when = |time| out.when(time, now);
    for line in login_messages::summary(&outlook, profile.policy_key(), &context.words(&when)) {
        out.note(&line);
    }
    let (local, policy) = (|time| out.local_time(time), profile.policy.as_ref());
    let mismatch = policy.and_then(|policy| introspection_mismatch(&session, policy, &context.words(&local)));
    if let Some(mismatch) = mismatch {
        out.warn(WarningCode::PolicyMismatch, mismatch);
    }
    if let Some(warning) = login_messages::early_expiry_warning(&outlook, profile.name_in_hints.as_deref()) {
        out.warn(WarningCode::DiesBeforeAccessToken, warning);
        advisory_warnings::record_warning(context);
    }
    out.document_if_json(|| inspect::to_json(context, &session))
}

/// Warns that the session will not outlive this command if the store is `memory`, before anybody logs in for it.
pub fn warn_of_memory_store(ports: &Ports, out: &Output<'_>) {
    let store = Configuration::load(ports).and_then(|configured| config::store(&ports.env, &configured.config));
    if store == Ok(StoreName::Memory) {
        let message = "the store is `memory`: the session will be gone when this command ends";
        out.warn(WarningCode::MemoryStore, message.into());
    }
}

/// The options of the command line, or else those of the profile.
fn login_options(profile: &Profile, args: &cli::Login, is_json: bool) -> Result<LoginOptions> {
    let mut scopes: Vec<String> = args.scope.iter().flat_map(|s| s.split_whitespace()).map(str::to_owned).collect();
    if scopes.is_empty() {
        scopes.clone_from(&profile.scopes);
    }
    let max_age = options::duration("--max-age", args.max_age.as_deref())?;
    let named = acr_values(args.provider.as_deref(), args.aal.as_deref(), args.require_acr.as_deref());
    let option = [("--provider", &args.provider), ("--aal", &args.aal)].into_iter().find(|(_, name)| name.is_some());
    if let Some((option, _)) = option.filter(|_| !profile.is_telenorid_plus()) {
        let what = "its names are TelenorID+'s; at another provider use --acr-values";
        return Err(Error::usage(format!("{option}: {what}")));
    }
    let method = match args.ciba.as_deref() {
        Some("vipps") => LoginMethod::Ciba(CibaProvider::Vipps),
        Some(_) => LoginMethod::Ciba(CibaProvider::BankId),
        None if args.device => LoginMethod::Device,
        None => LoginMethod::Browser,
    };
    if let LoginMethod::Ciba(ciba) = method {
        check_ciba(profile, args, ciba)?;
        let required = ciba.required_scopes().iter().map(|scope| (*scope).to_owned());
        let missing: Vec<_> = required.filter(|scope| !scopes.contains(scope)).collect();
        scopes.extend(missing);
    }
    config::check_scopes(&scopes).map_err(options::wrong("--scope"))?;
    let extra_param = |text: &String| match text.split_once('=') {
        Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
        None => Err(Error::usage("--extra-param: write NAME=VALUE")),
    };
    Ok(LoginOptions {
        method,
        request: AuthorizationOptions {
            scopes,
            prompt: args.prompt.clone().or_else(|| profile.prompt.clone()),
            login_hint: args.login_hint.clone().or_else(|| profile.login_hint.clone()),
            acr_values: named.or_else(|| args.acr_values.clone()).or_else(|| profile.acr_values.clone()),
            ui_locales: args.ui_locales.clone().or_else(|| profile.ui_locales.clone()),
            max_age,
            extra: args.extra_param.iter().map(extra_param).collect::<Result<_>>()?,
        },
        require_acr: args.require_acr.clone(),
        expect_sub: args.expect_sub.clone(),
        timeout: options::positive_duration("--timeout", args.timeout.as_deref())?,
        no_browser: args.no_browser,
        paste: args.paste,
        show_other_ways: !is_json,
        show_qr_code: !args.no_qr,
    })
}

/// A profile's `login_hint` is a phone number, so BankID needs the option.
fn check_ciba(profile: &Profile, args: &cli::Login, ciba: CibaProvider) -> Result<()> {
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
