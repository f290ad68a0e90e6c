//! The provider cannot be reached, or its certificate is not accepted.

use super::report::{Kind, Report, quoted};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NetworkError {
    /// Trying again later may help.
    Unreachable(String),
    /// A refresh token or code was sent, and there was no response.
    ResponseLost(String),
    /// The server's certificate was issued by an authority that is not trusted here.
    UnknownAuthority(String),
}

impl NetworkError {
    pub(super) fn report(&self, profile: Option<&str>) -> Report {
        match self {
            Self::Unreachable(message) | Self::ResponseLost(message) => Report::new(Kind::Unreachable, message),
            Self::UnknownAuthority(message) => {
                let set = |name: &str| format!("tidp profile set {} ca_file FILE", quoted(name));
                let set = profile.map_or_else(|| "set TIDP_CA_FILE=FILE".into(), set);
                Report::new(Kind::Invalid, message)
                    .hint(format!("if you trust the authority: {set} (its certificate, PEM)"))
            }
        }
    }
}
