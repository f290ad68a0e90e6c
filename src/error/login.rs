//! How a login ends without a session, where what is to be done depends on what was asked for.

use super::{quoted, told, with_profile};
use crate::domain::text::printable;
use crate::oidc::ProviderError;
use crate::ports::WhyNot;

/// What a login asked for, as far as a remedy speaks of it; printable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AskedFor {
    /// The client and the redirect URI, and where each comes from: what is most often wrong on the first day.
    pub client: String,
    /// Where the client's secret comes from, if it has one that can be named.
    pub secret_from: Option<&'static str>,
    /// The scopes.
    pub scopes: String,
    /// Where other scopes can be asked for.
    pub scopes_from: String,
    /// The assurance levels, where there were any.
    pub acr_values: Option<String>,
    /// Whether the profile, and not the command line, said `prompt=none`: the same command would end the same way.
    pub never_asks: bool,
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoLogin {
    /// The provider answered with an error, at the redirect or for the code.
    Refused(ProviderError, AskedFor),
    /// The provider refused the code with its status alone; the text says which.
    RefusedWithoutWords(String, AskedFor),
    /// The provider or the network may do better later.
    Later(String),
    /// Nobody finished it in time.
    TimedOut {
        /// What was asked for.
        asked: AskedFor,
        /// What came meanwhile, and why it was ignored.
        ignored: Vec<&'static str>,
    },
    /// `--expect-sub`: this account came instead of that one.
    AnotherAccount {
        /// Who came.
        sub: String,
        /// Who was wanted.
        wanted: String,
    },
    /// `--require-acr`: the login has this level, if any, and not that one.
    TooWeak {
        /// What came.
        acr: String,
        /// What was wanted.
        wanted: String,
    },
}

/// What an error of the provider means for a login (RFC 6749 4.1.2.1 and 5.2, OpenID Connect Core 3.1.2.6).
#[derive(Clone, Copy)]
enum Meaning {
    Cancelled,
    NeedsUser,
    Scopes,
    Levels,
    Later,
    CodeRefused,
    Client,
    Request,
}

fn meaning(words: &ProviderError) -> Meaning {
    match words.error.as_str() {
        _ if words.needs_the_user() => Meaning::NeedsUser,
        _ if words.puts_off() => Meaning::Later,
        "access_denied" => Meaning::Cancelled,
        "invalid_scope" => Meaning::Scopes,
        "unmet_authentication_requirements" => Meaning::Levels,
        "invalid_grant" => Meaning::CodeRefused,
        "invalid_client"
        | "unauthorized_client"
        | "unsupported_response_type"
        | "unsupported_grant_type"
        | "invalid_redirect_uri"
        | "redirect_uri_mismatch" => Meaning::Client,
        _ => Meaning::Request,
    }
}

impl NoLogin {
    /// Kind, exit code, what happened, and what to do about it.
    pub(super) fn report(&self, profile: Option<&str>) -> (&'static str, u8, String, Option<String>) {
        let run = |command: &str| with_profile(command, profile);
        let (kind, exit_code, message, hint) = match self {
            Self::Refused(provider, asked) => refused(provider, asked, profile),
            Self::RefusedWithoutWords(what, asked) => {
                let message = format!(
                    "the provider refused the login without saying why ({what}). It was asked for with {}",
                    asked.client
                );
                ("refused", 4, message, show(profile))
            }
            Self::Later(what) => ("unreachable", 5, what.clone(), format!("try again later: {}", run("tidp login"))),
            Self::TimedOut { asked, ignored } => {
                let ignored = match ignored.join("; ") {
                    none if none.is_empty() => none,
                    ignored => format!(". What came was ignored: {ignored}"),
                };
                let message = format!(
                    "the login was not finished in time; nothing was stored{ignored}. If the browser showed an error, {}",
                    asked.suspicion()
                );
                ("timeout", 124, message, show(profile))
            }
            Self::AnotherAccount { sub, wanted } => {
                let message = format!(
                    "this is another account (`sub` {}) than the one asked for with --expect-sub",
                    printable(sub)
                );
                let again = format!("tidp login --prompt login --expect-sub {}", quoted(wanted));
                ("invalid", 7, message, run(&again))
            }
            Self::TooWeak { acr, wanted } => {
                let message =
                    format!("the login's assurance level (acr) is {acr}, and `{}` is required", printable(wanted));
                let again = format!("tidp login --prompt login --require-acr {}", quoted(wanted));
                ("invalid", 7, message, run(&again))
            }
        };
        (kind, exit_code, message, Some(hint))
    }

    /// Why there is no session, for the page in the browser.
    pub fn shown(&self) -> WhyNot {
        match self {
            Self::Refused(provider, _) => match meaning(provider) {
                Meaning::Cancelled => WhyNot::Cancelled,
                Meaning::NeedsUser => WhyNot::NeedsUser,
                Meaning::Levels => WhyNot::TooWeak,
                Meaning::Later => WhyNot::Unavailable,
                Meaning::Scopes | Meaning::CodeRefused | Meaning::Client | Meaning::Request => WhyNot::Refused,
            },
            Self::RefusedWithoutWords(..) => WhyNot::Refused,
            Self::Later(_) => WhyNot::Unavailable,
            Self::TimedOut { .. } => WhyNot::TimedOut,
            Self::AnotherAccount { .. } => WhyNot::AnotherAccount,
            Self::TooWeak { .. } => WhyNot::TooWeak,
        }
    }

    /// The provider's words, where it said something.
    pub(super) fn provider(&self) -> Option<&ProviderError> {
        match self {
            Self::Refused(provider, _) => Some(provider),
            _ => None,
        }
    }
}

impl AskedFor {
    /// What to suspect when the browser shows an error instead of coming back.
    pub fn suspicion(&self) -> String {
        format!("the provider may not know this client or redirect URI: {}", self.client)
    }
}

/// What each error means: one decision for the redirect and for the answer to the code.
fn refused(provider: &ProviderError, asked: &AskedFor, profile: Option<&str>) -> (&'static str, u8, String, String) {
    let said = told(provider);
    let login = || with_profile("tidp login", profile);
    let refused = |hint| ("refused", 4, format!("the provider refused the login ({said})"), hint);
    match meaning(provider) {
        Meaning::Cancelled => {
            ("refused", 4, format!("the login was cancelled, or is not allowed, at the provider ({said})"), login())
        }
        Meaning::NeedsUser => {
            let again = if asked.never_asks { "tidp login --prompt login" } else { "tidp login" };
            let message = format!("the provider wants the user to do something first ({said})");
            ("login_required", 3, message, with_profile(again, profile))
        }
        Meaning::Scopes => refused(format!("scopes asked for: {} ({})", asked.scopes, asked.scopes_from)),
        Meaning::Levels => match &asked.acr_values {
            Some(levels) => refused(format!("assurance level asked for: {levels} (acr_values)")),
            None => refused(login()),
        },
        Meaning::Later => {
            let message = format!("the provider cannot log anybody in just now ({said})");
            ("unreachable", 5, message, format!("try again later: {}", login()))
        }
        Meaning::CodeRefused => {
            ("refused", 4, format!("the provider refused the code of this login ({said})"), login())
        }
        Meaning::Client => {
            let secret = asked.secret_from.map(|from| format!(", client secret ({from})")).unwrap_or_default();
            let message =
                format!("the provider does not take this client for this login ({said}): {}{secret}", asked.client);
            ("refused", 4, message, show(profile))
        }
        Meaning::Request => {
            let message = format!("the provider refused the login ({said}). It was asked for with {}", asked.client);
            ("refused", 4, message, show(profile))
        }
    }
}

/// Where client and redirect URI can be looked at.
fn show(profile: Option<&str>) -> String {
    let name = profile.map_or_else(String::new, |name| format!(" {}", quoted(name)));
    format!("tidp profile show{name}")
}
