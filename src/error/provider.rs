//! The provider refuses the client, the request or the refresh token.

use super::kind::Kind;
use super::report::{Report, arguments, provider_message, with_profile};
use crate::domain::text::printable;
use crate::oidc::OAuthError;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProviderRefusal {
    /// The step that failed (`refresh failed`), and the provider's error.
    WithError(&'static str, OAuthError),
    /// The provider sent a status and no error.
    StatusOnly(String),
    /// As `WithError`, for a client whose secret is in the store.
    StoredSecret(&'static str, OAuthError),
    /// The provider refused a client that acts for itself a token.
    MachineToken {
        failed_step: &'static str,
        error: OAuthError,
        /// Whether scopes were requested.
        has_scopes: bool,
    },
    /// The provider rejected the refresh token.
    RefreshToken {
        /// The error code, or the status.
        code: String,
        error: Option<OAuthError>,
        /// The probable cause, from the policy.
        likely_cause: String,
    },
    /// The provider gave no reason; the refresh token is kept.
    RefreshTokenKept { code: String, error: Option<OAuthError> },
}

impl ProviderRefusal {
    pub(super) fn report(&self, profile: Option<&str>) -> Report {
        let login = || with_profile("tidp login", profile);
        match self {
            Self::WithError(failed_step, error) => Report::new(Kind::Refused, refusal(failed_step, error)),
            Self::StatusOnly(message) => Report::new(Kind::Refused, message),
            Self::StoredSecret(failed_step, error) => Report {
                hint: profile.map(|name| format!("tidp profile secret {}", arguments(&[name]))),
                ..Report::new(Kind::Refused, refusal(failed_step, error))
            },
            Self::MachineToken { failed_step, error, has_scopes } => Report {
                hint: machine_token_hint(&error.error, *has_scopes).map(str::to_owned),
                ..Report::new(Kind::Refused, refusal(failed_step, error))
            },
            Self::RefreshToken { code, error, likely_cause } => {
                let reason = error.as_ref().map_or_else(|| printable(code), provider_message);
                let message = format!("the provider rejected the refresh token ({reason}). {likely_cause}");
                Report::new(Kind::LoginRequired, message).hint(login())
            }
            Self::RefreshTokenKept { code, error } => {
                let no_reason = || format!("{}, no reason given", printable(code));
                let reason = error.as_ref().map_or_else(no_reason, provider_message);
                let message = format!(
                    "the provider refused the refresh ({reason}). The refresh token is kept; the next refresh will \
                     show whether the session has ended"
                );
                Report::new(Kind::Refused, message).hint(login())
            }
        }
        .provider(self.error())
    }

    fn error(&self) -> Option<&OAuthError> {
        match self {
            Self::WithError(_, error) | Self::StoredSecret(_, error) | Self::MachineToken { error, .. } => Some(error),
            Self::RefreshToken { error, .. } | Self::RefreshTokenKept { error, .. } => error.as_ref(),
            Self::StatusOnly(_) => None,
        }
    }
}

fn refusal(failed_step: &str, error: &OAuthError) -> String {
    format!("{failed_step}: {}", provider_message(error))
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
