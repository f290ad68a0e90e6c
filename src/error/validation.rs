//! A certificate, document, callback or token that is not accepted, or cannot be judged.

use super::report::{Kind, Report};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValidationError {
    Invalid(String),
    /// A token that only its issuer can read, where a JWT is expected.
    Opaque(String),
    /// The signature is neither valid nor forged, because its key is not known here. `Kind::Unreachable` where trying
    /// again later may help, otherwise the kind of the error that fetching the keys ended with.
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
