//! A certificate, document, callback or token that is not accepted, or cannot be judged.

use super::kind::Kind;
use super::report::Report;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValidationError {
    Invalid(String),
    /// The token is not a JWT, so only its issuer can read it.
    Opaque(String),
    /// The signature is undecided, because the key is not known. `Kind::Unreachable` if trying again later may help;
    /// otherwise the kind of error that fetching the keys ended with.
    NotVerified(Kind, String),
}

impl ValidationError {
    pub(super) fn report(&self) -> Report {
        match self {
            Self::Invalid(message) | Self::Opaque(message) => Report::new(Kind::Invalid, message),
            Self::NotVerified(kind, message) => Report::new(*kind, message),
        }
    }
}
