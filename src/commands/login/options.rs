//! What a login asks for: the command line over the profile, checked before anything is sent.

use crate::cli;
use crate::config;
use crate::domain::time::Seconds;
use crate::error::{Error, Result};
use crate::flows::context::Context;
use crate::oidc::authorize::AuthorizationOptions;

/// What the user wants of this login, checked.
pub(super) struct LoginOptions {
    /// The request's parameters.
    pub(super) options: AuthorizationOptions,
    /// An assurance level without which there is no login.
    pub(super) require_acr: Option<String>,
    /// The account without which there is no login.
    pub(super) expect_sub: Option<String>,
    /// How long the user is waited for.
    pub(super) timeout: Seconds,
    /// Whether the URL is only printed.
    pub(super) no_browser: bool,
}

impl LoginOptions {
    /// Reads them.
    ///
    /// # Errors
    /// `usage`, for a value that makes no sense.
    pub(super) fn of(context: &Context<'_>, args: &cli::Login) -> Result<Self> {
        let profile = &context.profile;
        let usage = |option: &str, what: String| Error::usage(format!("{option}: {what}"));
        let asked: Vec<String> = args.scope.iter().flat_map(|s| s.split_whitespace()).map(str::to_owned).collect();
        let scopes = if asked.is_empty() { profile.scopes.clone() } else { asked };
        let scopes = config::check_scopes(scopes).map_err(|what| usage("--scope", what))?;
        let max_age =
            args.max_age.as_deref().map(Seconds::parse).transpose().map_err(|what| usage("--max-age", what))?;
        let timeout = Seconds::parse_positive(&args.timeout).map_err(|what| usage("--timeout", what))?;
        let options = AuthorizationOptions {
            scopes,
            prompt: args.prompt.clone().or_else(|| profile.prompt.clone()),
            login_hint: args.login_hint.clone().or_else(|| profile.login_hint.clone()),
            acr_values: args
                .require_acr
                .clone()
                .or_else(|| args.acr_values.clone())
                .or_else(|| profile.acr_values.clone()),
            ui_locales: args.ui_locales.clone().or_else(|| profile.ui_locales.clone()),
            max_age,
            extra: args.extra_param.iter().map(|text| extra_param(text)).collect::<Result<_>>()?,
        };
        let (require_acr, expect_sub) = (args.require_acr.clone(), args.expect_sub.clone());
        Ok(Self { options, require_acr, expect_sub, timeout, no_browser: args.no_browser })
    }
}

fn extra_param(text: &str) -> Result<(String, String)> {
    let (name, value) = text.split_once('=').ok_or_else(|| Error::usage("--extra-param: write NAME=VALUE"))?;
    Ok((name.to_owned(), value.to_owned()))
}
