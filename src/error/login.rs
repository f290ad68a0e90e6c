//! The login failed. The hint depends on what was requested.

use super::kind::Kind;
use super::login_refusal::{Meaning, RequestedLogin, meaning, refused};
use super::report::{Report, quoted, show_profile, with_profile};
use crate::domain::text::printable;
use crate::oidc::OAuthError;
use crate::ports::FailureReason;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoginError {
    /// The provider returned an error to the redirect URI, or for the code.
    Refused(OAuthError, RequestedLogin),
    /// The provider refused the code with a status alone.
    StatusOnly(String, RequestedLogin),
    /// Trying again later may help.
    Unavailable(String),
    TimedOut {
        request: RequestedLogin,
        /// Why requests to the redirect URI were ignored.
        ignored: Vec<&'static str>,
    },
    /// `--expect-sub`: another account logged in.
    OtherAccount { sub: String, expected: String },
    /// `--require-acr`: the login has another assurance level, or none.
    AcrNotMet { acr: String, required: String },
}

impl LoginError {
    pub(super) fn report(&self, profile: Option<&str>) -> Report {
        let run = |command: &str| with_profile(command, profile);
        match self {
            Self::Refused(provider, request) => refused(provider, request, profile).provider(Some(provider)),
            Self::StatusOnly(status, request) => Report::new(
                Kind::Refused,
                format!(
                    "the provider refused the login ({status}, no reason given); requested with {}",
                    request.client
                ),
            )
            .hint(show_profile(profile)),
            Self::Unavailable(message) => {
                Report::new(Kind::Unreachable, message).hint(format!("try again later: {}", run("tidp login")))
            }
            Self::TimedOut { request, ignored } => {
                let ignored = match ignored.is_empty() {
                    true => String::new(),
                    false => format!(". Ignored requests: {}", ignored.join("; ")),
                };
                let message = format!(
                    "the login was not finished in time; nothing was stored{ignored}. If the browser showed an error, {}",
                    request.suspicion()
                );
                Report::new(Kind::Timeout, message).hint(show_profile(profile))
            }
            Self::OtherAccount { sub, expected } => {
                let message = format!(
                    "the account that logged in (`sub` {}) is not the one that --expect-sub names",
                    printable(sub)
                );
                let again = format!("tidp login --prompt login --expect-sub {}", quoted(expected));
                Report::new(Kind::Invalid, message).hint(run(&again))
            }
            Self::AcrNotMet { acr, required } => {
                let message =
                    format!("the login's assurance level (acr) is {acr}, but `{}` is required", printable(required));
                let again = format!("tidp login --prompt login --require-acr {}", quoted(required));
                Report::new(Kind::Invalid, message).hint(run(&again))
            }
        }
    }

    /// The reason for the page in the browser.
    pub fn page_reason(&self) -> FailureReason {
        match self {
            Self::Refused(provider, _) => match meaning(provider) {
                Meaning::Cancelled => FailureReason::Cancelled,
                Meaning::InteractionRequired => FailureReason::NeedsUser,
                Meaning::Acr => FailureReason::TooWeak,
                Meaning::Unavailable => FailureReason::Unavailable,
                Meaning::Scopes | Meaning::Code | Meaning::Client | Meaning::Request => FailureReason::Refused,
            },
            Self::StatusOnly(..) => FailureReason::Refused,
            Self::Unavailable(_) => FailureReason::Unavailable,
            Self::TimedOut { .. } => FailureReason::TimedOut,
            Self::OtherAccount { .. } => FailureReason::AnotherAccount,
            Self::AcrNotMet { .. } => FailureReason::TooWeak,
        }
    }
}
