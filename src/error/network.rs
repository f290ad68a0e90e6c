//! The provider cannot be reached, or its certificate is not accepted.

use super::kind::Kind;
use super::report::Report;
use crate::domain::text::printable;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NetworkError {
    /// Trying again later may help.
    Unreachable(String),
    /// Nothing answers where a sandbox should.
    NoSandbox(String),
    /// A refresh token or code was sent, and there was no response.
    ResponseLost(String),
    /// The server's certificate was issued by an authority that is not trusted here.
    UnknownAuthority(String),
}

impl NetworkError {
    pub(super) fn report(&self, profile: Option<&str>) -> Report {
        match self {
            Self::Unreachable(message) | Self::ResponseLost(message) => Report::new(Kind::Unreachable, message),
            Self::NoSandbox(message) => {
                Report::new(Kind::Unreachable, message).hint("start `tidp sandbox`, or name its address with --at")
            }
            Self::UnknownAuthority(message) => {
                let in_profile = profile.map(|name| format!("ca_file in the profile `{}`, or ", printable(name)));
                let place = in_profile.unwrap_or_default() + "TIDP_CA_FILE=FILE";
                Report::new(Kind::Invalid, message)
                    .hint(format!("if you trust the authority: set {place} (its certificate, PEM)"))
            }
        }
    }
}
