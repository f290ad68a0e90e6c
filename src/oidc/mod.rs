//! The protocol, pure: one file per exchange, the request's builder and the answer's acceptor side by side.
//! Nothing here does I/O, reads a clock or draws a random number. The section of the specification stands beside
//! each field and check.

mod answer;
pub mod authorize;
pub mod discovery;
pub mod id_token;
pub mod jwks;
pub mod logout;
mod roca;
pub mod token;
pub mod userinfo;
pub mod verify;

#[cfg(test)]
mod fixtures;

/// Why an answer is not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// It failed a check: it is not what it must be. The sentence names what, for a person; printable, no secret.
    Invalid(String),
    /// The provider said no, in OAuth terms.
    Refused(ProviderError),
    /// It may work later: 429, 5xx.
    Unreachable(String),
}

/// The provider's own words (RFC 6749 5.2, 4.1.2.1), as they came: not yet printable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderError {
    /// `error`.
    pub error: String,
    /// `error_description`.
    pub error_description: Option<String>,
}
