//! The scopes that were granted, compared with those that were requested.

use crate::domain::text::printable;
use crate::domain::warning::WarningCode;
use crate::oidc::authorize::scope_differences;
use crate::ports::Reporter;

/// Warns if other scopes were granted than requested, once in a run. `has_refresh_token` counts as `offline_access`.
pub fn warn_of_other_scopes(
    reporter: &dyn Reporter,
    requested: &[String],
    granted: &[String],
    has_refresh_token: bool,
) {
    let (less, more) = scope_differences(requested, granted, has_refresh_token);
    for (code, scopes, what) in [
        (WarningCode::ScopeLessThanAsked, less, "did not grant the scopes"),
        (WarningCode::ScopeMoreThanAsked, more, "granted scopes that were not requested:"),
    ] {
        if !scopes.is_empty() && !reporter.has_warned(code) {
            reporter.warn(code, format!("the provider {what} `{}`", printable(&scopes.join(" "))));
        }
    }
}
