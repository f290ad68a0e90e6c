//! What the provider's errors mean for a login, from the authorization or the token endpoint.

use super::kind::Kind;
use super::report::{Report, provider_message, show_profile_command, with_profile};
use crate::oidc::OAuthError;
use crate::oidc::ciba::CibaProvider;
use crate::ports::FailureReason;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginMethod {
    Browser,
    /// On another device (RFC 8628).
    Device,
    /// In Vipps or BankID (CIBA).
    Ciba(CibaProvider),
}

impl LoginMethod {
    /// The command for the same login again.
    pub const fn command(self) -> &'static str {
        match self {
            Self::Browser => "tidp login",
            Self::Device => "tidp login --device",
            Self::Ciba(CibaProvider::Vipps) => "tidp login --ciba vipps --login-hint PHONE",
            Self::Ciba(CibaProvider::BankId) => "tidp login --ciba bankid --login-hint KURT_ID",
        }
    }

    /// As [`LoginMethod::command`], for a login that may have another result than the last.
    pub(super) const fn command_for_another_result(self) -> &'static str {
        match self {
            Self::Browser => "tidp login --prompt login",
            Self::Device | Self::Ciba(_) => self.command(),
        }
    }

    pub(super) const fn code_name(self) -> &'static str {
        match self {
            Self::Browser => "authorization code",
            Self::Device => "device code",
            Self::Ciba(_) => "authentication request",
        }
    }
}

/// The parts of a login request that errors mention, printable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestedLogin {
    pub method: LoginMethod,
    /// The client and the redirect URI, and where each was set: the most frequent mistakes.
    pub client: String,
    pub secret_source: Option<&'static str>,
    pub scopes: String,
    pub scopes_source: String,
    pub acr_values: Option<String>,
    pub has_prompt_none: bool,
    /// Whether `prompt=none` is in the profile, so that the same command would fail again.
    pub profile_has_prompt_none: bool,
}

impl RequestedLogin {
    /// The probable cause if the browser shows an error and does not return.
    pub fn suspicion(&self) -> String {
        format!("the provider may not know this client or redirect URI: {}", self.client)
    }
}

/// What the browser shows of an error.
pub(super) fn page_reason(provider: &OAuthError) -> FailureReason {
    match provider.error.as_str() {
        _ if provider.needs_interaction() => FailureReason::NeedsUser,
        _ if provider.is_temporary() => FailureReason::Unavailable,
        "access_denied" => FailureReason::Cancelled,
        "unmet_authentication_requirements" => FailureReason::TooWeak,
        _ => FailureReason::Refused,
    }
}

/// What an error means (RFC 6749 4.1.2.1 and 5.2, OpenID Connect Core 3.1.2.6, CIBA Core 13).
pub(super) fn refused(provider: &OAuthError, request: &RequestedLogin, profile: Option<&str>) -> Report {
    let reason = provider_message(provider);
    let refused = |message: &str| Report::new(Kind::Refused, format!("{message} ({reason})"));
    let method = request.method;
    let login = with_profile(method.command(), profile);
    match provider.error.as_str() {
        "access_denied" => refused("the login was cancelled or not allowed at the provider").hint(login),
        _ if provider.needs_interaction() => {
            let fails_again = request.profile_has_prompt_none;
            let again = if fails_again { method.command_for_another_result() } else { method.command() };
            let message = if request.has_prompt_none {
                "the provider needs to show its login page, and prompt=none forbids it"
            } else {
                "the provider requires user interaction"
            };
            Report::new(Kind::LoginRequired, format!("{message} ({reason})")).hint(with_profile(again, profile))
        }
        "invalid_scope" => refused("the provider refused the login")
            .hint(format!("requested scopes: {} ({})", request.scopes, request.scopes_source)),
        "unmet_authentication_requirements" => {
            refused("the provider refused the login").hint(match &request.acr_values {
                Some(values) => format!("requested assurance level: {values} (acr_values)"),
                None => login,
            })
        }
        _ if provider.is_temporary() => {
            Report::new(Kind::Unreachable, format!("the provider is temporarily unavailable ({reason})"))
                .hint(format!("try again later: {login}"))
        }
        "invalid_grant" => refused(&format!("the provider rejected the {}", method.code_name())).hint(login),
        "invalid_client"
        | "unauthorized_client"
        | "unsupported_response_type"
        | "unsupported_grant_type"
        | "invalid_redirect_uri"
        | "redirect_uri_mismatch" => {
            let secret = request.secret_source.map(|source| format!(", client secret ({source})")).unwrap_or_default();
            let client = format!("{}{secret}", request.client);
            let message = format!("the provider does not accept this client for this login ({reason}): {client}");
            Report::new(Kind::Refused, message).hint(show_profile_command(profile))
        }
        "unknown_user_id" => refused("the provider refused the login")
            .hint("check --login-hint: for bankid the user's kurt_id, for vipps the phone number"),
        _ => unexplained_refusal(&reason, request, profile),
    }
}

/// A refusal for a `reason` that may be anything.
pub(super) fn unexplained_refusal(reason: &str, request: &RequestedLogin, profile: Option<&str>) -> Report {
    let message = format!("the provider refused the login ({reason}); requested with {}", request.client);
    Report::new(Kind::Refused, message).hint(show_profile_command(profile))
}
