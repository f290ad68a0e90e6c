//! The protocol, pure: one file per exchange, the request's builder and the answer's acceptor side by side.
//! Nothing here does I/O, reads a clock or draws a random number. The section of the specification stands beside
//! each field and check.

pub mod authorize;
pub mod discovery;
pub mod id_token;
pub mod jwks;
pub mod logout;
pub mod redact;
mod response;
pub mod signed_token;
pub mod token;
pub mod userinfo;
mod weak_rsa;

#[cfg(test)]
mod fixtures;

/// Why an answer is not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// It failed a check: it is not what it must be. The sentence names what, for a person; printable, no secret.
    Invalid(String),
    /// The provider said no, in OAuth terms.
    Refused(OAuthError),
    /// The provider said no with its status alone.
    RefusedByStatus {
        /// 4xx.
        status: u16,
        /// A printable sentence.
        what: String,
    },
    /// It may work later: 429, 5xx.
    Unavailable(String),
}

/// The provider's own words (RFC 6749 5.2, 4.1.2.1), as they came: not yet printable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OAuthError {
    /// `error`.
    pub error: String,
    /// `error_description`.
    pub error_description: Option<String>,
}

impl OAuthError {
    /// Whether it only puts off (RFC 6749 4.1.2.1, RFC 8628 3.5; some send them from any endpoint).
    pub fn is_temporary(&self) -> bool {
        matches!(self.error.as_str(), "temporarily_unavailable" | "server_error" | "slow_down" | "too_many_requests")
    }

    /// Whether it says that the user has something to do (OpenID Connect Core 3.1.2.6).
    pub fn needs_interaction(&self) -> bool {
        matches!(
            self.error.as_str(),
            "login_required" | "interaction_required" | "consent_required" | "account_selection_required"
        )
    }

    /// Whether only a login mends what it says of a refresh: RFC 6749 5.2, RFC 6750 3.1, RFC 8628 3.5, RFC 9470 3, OpenID
    /// Connect Core Error Code unmet_authentication_requirements.
    pub fn needs_login(&self) -> bool {
        let ended = matches!(
            self.error.as_str(),
            "invalid_grant"
                | "invalid_token"
                | "expired_token"
                | "insufficient_user_authentication"
                | "unmet_authentication_requirements"
        );
        ended || self.needs_interaction()
    }
}

/// The parameters that only `authorize`, or a named option, sets. A user's or a provider's own parameter of such a name
/// would occur twice, or undo a protection (RFC 6749 4.1.1, RFC 7636 4.3, OIDC Core 3.1.2.1).
const RESERVED: [&str; 18] = [
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
];

/// Whether `name` is one of ours, letter case aside: the provider's framework reads names without regard to it.
fn is_reserved(name: &str) -> bool {
    RESERVED.iter().any(|reserved| reserved.eq_ignore_ascii_case(name))
}
