//! Checks what the login returned, and warns if it differs from what was requested.

use super::options::LoginOptions;
use crate::domain::text::printable;
use crate::domain::warning::WarningCode;
use crate::error::{LoginError, Result};
use crate::flows::granted_scopes::warn_of_other_scopes;
use crate::oidc::id_token::{ValidatedIdToken, acr_levels};
use crate::oidc::token::TokenResponse;
use crate::ports::Reporter;

/// Checks `--expect-sub` and `--require-acr`.
///
/// # Errors
/// `invalid`, with the login that might meet the requirement.
pub(super) fn check(options: &LoginOptions, accepted: &ValidatedIdToken) -> Result<()> {
    let (sub, method) = (&accepted.account.sub, options.method);
    if let Some(wanted) = options.expect_sub.clone().filter(|wanted| wanted != sub) {
        return Err(LoginError::OtherAccount { sub: sub.clone(), expected: wanted, method }.into());
    }
    let has = |level: &String| acr_levels(&accepted.claims).contains(&level.as_str());
    match options.require_acr.clone().filter(|wanted| !has(wanted)) {
        Some(wanted) => Err(LoginError::AcrNotMet { acr: level(accepted), required: wanted, method }.into()),
        None => Ok(()),
    }
}

/// Warns if assurance level or scopes differ from what was requested.
pub(super) fn warn_of_differences(
    reporter: &dyn Reporter,
    options: &LoginOptions,
    accepted: &ValidatedIdToken,
    response: &TokenResponse,
) {
    warn_of_unmet_acr(reporter, options, accepted);
    // RFC 6749 5.1: the response names the scopes if they differ from those requested.
    if let Some(granted) = &response.scopes {
        warn_of_other_scopes(reporter, &options.request.scopes, granted, response.refresh_token.is_some());
    }
}

/// `acr_values` is voluntary (OIDC Core 3.1.2.1). `idp:…` names an identity provider, not a level.
fn warn_of_unmet_acr(reporter: &dyn Reporter, options: &LoginOptions, accepted: &ValidatedIdToken) {
    let requested = options.request.acr_values.as_deref().unwrap_or_default();
    let mut wanted = requested.split_whitespace().filter(|acr| !acr.starts_with("idp:")).peekable();
    let got = acr_levels(&accepted.claims);
    if wanted.peek().is_some() && !wanted.any(|level| got.contains(&level)) {
        let (got, requested) = (level(accepted), printable(requested));
        reporter.warn(WarningCode::AcrNotMet, format!("the login's assurance level (acr) is {got}, not {requested}"));
    }
}

fn level(accepted: &ValidatedIdToken) -> String {
    let levels = acr_levels(&accepted.claims).join(" ");
    if levels.is_empty() { "none".to_owned() } else { printable(&levels) }
}
