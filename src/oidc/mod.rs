//! The protocol, pure: one file per exchange, which builds the request and accepts the response. Nothing here does I/O,
//! reads a clock or draws random numbers. Sections of the specifications stand beside each field and check; "Core" is
//! OpenID Connect Core 1.0.

pub mod authorize;
pub mod ciba;
pub mod device_authorization;
pub mod discovery;
pub mod id_token;
pub mod introspection;
pub mod jwks;
pub mod logout;
pub mod polling;
pub mod redact;
mod response;
pub mod self_service;
pub mod signed_token;
pub mod token;
pub mod trace;
pub mod userinfo;
mod weak_rsa;

#[cfg(test)]
mod fixtures;

use serde::Serialize;
use std::fmt;

/// The issuer, client and user of a session, for whom its tokens must be.
#[derive(Clone, Copy)]
pub struct Owner<'a> {
    pub issuer: &'a str,
    pub client_id: &'a str,
    pub sub: &'a str,
}

/// SelectionReason a response is not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// It failed a check. The sentence says which; printable, without secrets.
    Invalid(String),
    /// An OAuth error.
    Refused(OAuthError),
    /// A 4xx without an OAuth error.
    RefusedByStatus {
        status: u16,
        /// A printable sentence.
        what: String,
    },
    /// It may succeed later: 429, 5xx.
    Unavailable(String),
}

/// SelectionReason a signed token is not accepted. Sentences are printable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenProblem {
    /// The key set has no key for it, perhaps because the provider rotated its keys (Core 10.1.1).
    UnknownKey,
    /// The signature does not match the key, which the provider may have replaced under the same `kid`.
    BadSignature,
    /// The algorithm, if it is not RS256, so that the signature cannot be checked here.
    OtherAlgorithm(String),
    /// It has expired or is not valid yet; all other checks passed.
    NotValidNow(String),
    /// It is malformed or incomplete, but not somebody else's.
    Flawed(String),
    /// It may belong to another issuer, account, client, login or response, or no key could make its signature valid.
    Invalid(String),
}

impl TokenProblem {
    /// Whether newer keys might solve it.
    pub fn is_about_keys(&self) -> bool {
        matches!(self, Self::UnknownKey | Self::BadSignature)
    }
}

/// A clause about the token.
impl fmt::Display for TokenProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownKey => f.write_str("none of the provider's keys has signed it"),
            Self::BadSignature => f.write_str("its signature is wrong"),
            Self::OtherAlgorithm(alg) => write!(f, "it is signed with `{alg}`, and only RS256 is accepted"),
            Self::NotValidNow(what) | Self::Flawed(what) | Self::Invalid(what) => f.write_str(what),
        }
    }
}

/// An OAuth error (RFC 6749 5.2, 4.1.2.1), as received: not printable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OAuthError {
    pub error: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_description: Option<String>,
}

impl OAuthError {
    /// Whether it may succeed later (RFC 6749 4.1.2.1, RFC 8628 3.5; some providers return these from any endpoint).
    pub fn is_temporary(&self) -> bool {
        matches!(self.error.as_str(), "temporarily_unavailable" | "server_error" | "slow_down" | "too_many_requests")
    }

    /// Whether the user has to do something (Core 3.1.2.6).
    pub fn needs_interaction(&self) -> bool {
        matches!(
            self.error.as_str(),
            "login_required" | "interaction_required" | "consent_required" | "account_selection_required"
        )
    }

    /// Whether a refresh with this error needs a new login: RFC 6749 5.2, RFC 6750 3.1, RFC 8628 3.5, RFC 9470 3,
    /// OpenID Connect Core Error Code unmet_authentication_requirements.
    pub fn needs_login(&self) -> bool {
        self.needs_interaction()
            || matches!(
                self.error.as_str(),
                "invalid_grant"
                    | "invalid_token"
                    | "expired_token"
                    | "insufficient_user_authentication"
                    | "unmet_authentication_requirements"
            )
    }
}

/// The parameters that only a request of ours or a command-line option sets. Extra ones of these names would be repeated,
/// or undo a protection (RFC 6749 4.1.1, RFC 7636 4.3, RFC 7521 4.2, RFC 8628 3.1, Core 3.1.2.1, CIBA Core 7.1).
const RESERVED: [&str; 29] = [
    "response_type",
    "response_mode",
    "client_id",
    "client_secret",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "request",
    "request_uri",
    "id_token_hint",
    "prompt",
    "login_hint",
    "acr_values",
    "ui_locales",
    "max_age",
    "grant_type",
    "device_code",
    "user_code",
    "auth_req_id",
    "login_hint_token",
    "binding_message",
    "requested_expiry",
    "client_notification_token",
    "client_assertion",
    "client_assertion_type",
    "kurt_id",
];

/// Whether the name is reserved. Case is ignored, because the provider's framework ignores it.
fn is_reserved(name: &str) -> bool {
    RESERVED.iter().any(|reserved| reserved.eq_ignore_ascii_case(name))
}
