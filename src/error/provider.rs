//! The provider refuses the client, the request or the refresh token.

use super::kind::Kind;
use super::profile::store_secret_command;
use super::report::{Report, provider_message, with_profile};
use crate::domain::text::printable;
use crate::oidc::OAuthError;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProviderRefusal {
    /// The step that failed (`refresh failed`), and the provider's error.
    WithError(&'static str, OAuthError),
    StatusOnly(String),
    /// As `WithError`, for a client whose secret is in the store.
    StoredSecret(&'static str, OAuthError),
    /// The provider refused a client that acts for itself a token.
    MachineToken {
        failed_step: &'static str,
        error: OAuthError,
        has_scopes: bool,
    },
    RefreshToken {
        /// The error code, or the status.
        code: String,
        error: Option<OAuthError>,
        /// The probable cause, from the policy.
        likely_cause: String,
    },
    /// It is not clear whether the refresh token is the reason, so it is kept. The error code, or the status, and the error.
    RefreshTokenKept(String, Option<OAuthError>),
}

impl ProviderRefusal {
    pub(super) fn report(&self, profile: Option<&str>) -> Report {
        let login = with_profile("tidp login", profile);
        let refused = |failed_step: &str, error: &OAuthError, hint: Option<String>| {
            let message = format!("{failed_step}: {}", provider_message(error));
            Report { hint, ..Report::new(Kind::Refused, message).provider(Some(error)) }
        };
        match self {
            Self::WithError(failed_step, error) => refused(failed_step, error, None),
            Self::StatusOnly(message) => Report::new(Kind::Refused, message),
            Self::StoredSecret(failed_step, error) => refused(failed_step, error, profile.map(store_secret_command)),
            Self::MachineToken { failed_step, error, has_scopes } => {
                refused(failed_step, error, machine_token_hint(&error.error, *has_scopes).map(str::to_owned))
            }
            Self::RefreshToken { code, error, likely_cause } => {
                let reason = error.as_ref().map_or_else(|| printable(code), provider_message);
                let message = format!("the provider rejected the refresh token ({reason}). {likely_cause}");
                Report::new(Kind::LoginRequired, message).hint(login).provider(error.as_ref())
            }
            Self::RefreshTokenKept(code, error) => {
                let no_reason = || format!("{}, no reason given", printable(code));
                let reason = error.as_ref().map_or_else(no_reason, provider_message);
                let message = format!(
                    "the provider refused the refresh ({reason}). The refresh token is kept; the next refresh will \
                     show whether the session has ended"
                );
                Report::new(Kind::Refused, message).hint(login).provider(error.as_ref())
            }
        }
    }
}

/// What helps a client that is refused a token for itself (RFC 6749 5.2).
fn machine_token_hint(error: &str, has_scopes: bool) -> Option<&'static str> {
    match (error, has_scopes) {
        ("unauthorized_client" | "unsupported_grant_type", _) => {
            Some("ask the provider to allow the grant client_credentials for this client")
        }
        ("invalid_scope", true) => Some("set `scopes` in the profile, or --scope, to what this client may request"),
        ("invalid_scope", false) => Some("name the scopes: `scopes` in the profile, TIDP_SCOPES, or --scope"),
        _ => None,
    }
}
