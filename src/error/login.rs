//! The login failed. The hint depends on what was requested.

use super::kind::Kind;
use super::login_refusal::{LoginMethod, RequestedLogin, page_reason, refused, unexplained_refusal};
use super::report::{Report, provider_message, quote, show_profile_command, with_profile};
use crate::domain::text::printable;
use crate::oidc::OAuthError;
use crate::ports::FailureReason;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoginError {
    /// The provider returned an error to the redirect URI, or for the code.
    Refused(OAuthError, RequestedLogin),
    StatusOnly(String, RequestedLogin),
    /// Trying again later may help.
    Unavailable(String, LoginMethod),
    /// The provider has no endpoint for this; the reason.
    NotOffered(String, LoginMethod),
    /// A pasted URL does not belong to this login; the sentence says why.
    OtherRedirect(String),
    /// The user has not approved the login elsewhere in time.
    NotApproved(LoginMethod),
    /// The provider rejected the code, after a response that may have held the tokens was lost.
    CodeSpent(OAuthError, LoginMethod),
    /// The login, and what came in the meantime and was ignored.
    TimedOut(RequestedLogin, Vec<&'static str>),
    /// `--expect-sub`: another account logged in.
    OtherAccount {
        sub: String,
        expected: String,
        method: LoginMethod,
    },
    /// `--require-acr`: the login has another assurance level, or none.
    AcrNotMet {
        acr: String,
        required: String,
        method: LoginMethod,
    },
}

impl LoginError {
    pub(super) fn report(&self, profile: Option<&str>) -> Report {
        let run = |command: &str| with_profile(command, profile);
        match self {
            Self::Refused(provider, request) => refused(provider, request, profile).provider(Some(provider)),
            Self::StatusOnly(status, request) => {
                unexplained_refusal(&format!("{status}, no reason given"), request, profile)
            }
            Self::Unavailable(message, method) => {
                Report::new(Kind::Unreachable, message).hint(format!("try again later: {}", run(method.command())))
            }
            Self::NotOffered(reason, method) => {
                Report::new(Kind::Invalid, format!("`{}` is not possible at this provider: {reason}", method.command()))
                    .hint(format!("`{}`, or without a browser here `{}`", run("tidp login"), run("tidp login --paste")))
            }
            Self::OtherRedirect(why) => Report::new(Kind::Invalid, why).hint(run("tidp login --paste")),
            Self::NotApproved(method) => {
                Report::new(Kind::Timeout, "the login was not approved in time; nothing was stored")
                    .hint(run(method.command()))
            }
            Self::CodeSpent(provider, method) => {
                let (code, reason) = (method.code_name(), provider_message(provider));
                let lost = "An earlier response was lost; it may have contained the tokens";
                Report::new(Kind::Refused, format!("the provider rejected the {code} ({reason}). {lost}"))
                    .hint(run(method.command()))
                    .provider(Some(provider))
            }
            Self::TimedOut(request, ignored) => {
                let ignored = ignored.join("; ");
                let ignored = if ignored.is_empty() { ignored } else { format!(". Ignored requests: {ignored}") };
                let message = format!(
                    "the login was not finished in time; nothing was stored{ignored}. If the browser showed an error, {}",
                    request.suspicion()
                );
                Report::new(Kind::Timeout, message).hint(show_profile_command(profile))
            }
            Self::OtherAccount { sub, expected, method } => {
                let account = format!("the account that logged in (`sub` {})", printable(sub));
                let again = format!("{} --expect-sub {}", method.command_for_another_result(), quote(expected));
                Report::new(Kind::Invalid, format!("{account} is not the one that --expect-sub names"))
                    .hint(run(&again))
            }
            Self::AcrNotMet { acr, required, method } => {
                let message =
                    format!("the login's assurance level (acr) is {acr}, but `{}` is required", printable(required));
                let again = format!("{} --require-acr {}", method.command_for_another_result(), quote(required));
                Report::new(Kind::Invalid, message).hint(run(&again))
            }
        }
    }

    pub fn page_reason(&self) -> FailureReason {
        match self {
            Self::Refused(provider, _) => page_reason(provider),
            Self::StatusOnly(..) | Self::NotOffered(..) | Self::CodeSpent(..) => FailureReason::Refused,
            Self::Unavailable(..) => FailureReason::Unavailable,
            Self::TimedOut(..) | Self::NotApproved(_) => FailureReason::TimedOut,
            Self::OtherRedirect(_) => FailureReason::NotValid,
            Self::OtherAccount { .. } => FailureReason::AnotherAccount,
            Self::AcrNotMet { .. } => FailureReason::TooWeak,
        }
    }
}
