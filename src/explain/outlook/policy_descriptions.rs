//! The five policies as a newcomer reads them: for `tidp policy list` and `tidp policy show NAME`.

use crate::domain::policy::{POLICIES, Policy, PolicyName};

/// A policy in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Description {
    /// Its numbers, as TelenorID+ documents them.
    pub policy: Policy,
    /// The client types that have it, and who uses those.
    pub used_by: &'static str,
    /// What a refresh does.
    pub on_refresh: &'static str,
    /// When the refresh token ends.
    pub life: &'static str,
    /// What a tool or an application should do under it.
    pub advice: &'static str,
}

/// All five, in the order of the guide.
pub fn catalogue() -> [Description; 5] {
    POLICIES.map(|policy| describe(policy.name))
}

/// The policy of that name in words.
pub const fn describe(name: PolicyName) -> Description {
    let policy = name.documented();
    match name {
        PolicyName::NoRefresh => Description {
            policy,
            used_by: "Public clients: single-page applications",
            on_refresh: "there is no refresh token, so nothing can be refreshed",
            life: "the session ends with its access token, an hour after the login",
            advice: "Log in again when the access token has ended; while the user's SSO session lives, prompt=none does \
                     it without asking. Leave offline_access out of the scopes.",
        },
        PolicyName::Confidential => Description {
            policy,
            used_by: "Confidential clients: web applications with a backend and a client secret",
            on_refresh: "gives a new access token; the refresh token's end stays where it is",
            life: "14 days from the login, however often it is used",
            advice: "Refresh when the access token has ended, and plan a login before the 14 days are over: nothing \
                     prolongs them.",
        },
        PolicyName::Mobile => Description {
            policy,
            used_by: "MobileApp clients: native applications",
            on_refresh: "gives a new access token and a new 90-day refresh token, while the user's SSO session lives",
            life: "90 days from the last refresh that renewed it",
            advice: "Refresh when the access token has ended: whoever does so at least once in 90 days stays logged in. \
                     An answer without a refresh token means that the SSO session has ended: keep the old one, and do \
                     not count on a longer life.",
        },
        PolicyName::PublicWeb => Description {
            policy,
            used_by: "PublicWithRefresh clients: single-page applications with refresh tokens",
            on_refresh: "gives a new access token and a new 10-minute refresh token, while the user's SSO session lives",
            life: "10 minutes from the last refresh that renewed it: less than the hour an access token lives",
            advice: "Refreshing only when the access token has ended comes too late. To keep the session, refresh within \
                     each 10 minutes on purpose: renew = \"before-session-ends\" in the profile, `tidp keepalive`, or \
                     `tidp refresh --force`. Otherwise log in again.",
        },
        PolicyName::Web => Description {
            policy,
            used_by: "PublicWithRefresh clients: the same rule as PublicWeb",
            ..describe(PolicyName::PublicWeb)
        },
    }
}
