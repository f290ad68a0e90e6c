//! The policies in words, for `tidp policy list` and `tidp policy show NAME`.

use crate::domain::policy::{Policy, PolicyName};
use crate::domain::time::Seconds;
use serde::Serialize;

/// A policy in words, as `--json` shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct PolicyDescription {
    pub policy: PolicyName,
    pub sliding: bool,
    pub lifetime: Option<Seconds>,
    /// The client types that have it.
    pub used_by: &'static str,
    /// What a refresh does.
    pub on_refresh: &'static str,
    /// When the refresh token expires.
    pub life: &'static str,
    /// What an application should do under it.
    pub advice: &'static str,
}

impl PolicyDescription {
    pub fn lifetime_text(&self) -> String {
        match (self.lifetime, self.sliding) {
            (None, _) => "no refresh token".to_owned(),
            (Some(lifetime), true) => format!("{}, renewed by a refresh", lifetime.to_text()),
            (Some(lifetime), false) => format!("{}, fixed from the login", lifetime.to_text()),
        }
    }
}

pub const fn policy_description(name: PolicyName) -> PolicyDescription {
    let Policy { sliding, lifetime, .. } = name.documented();
    let [used_by, on_refresh, life, advice] = match name {
        PolicyName::NoRefresh => [
            "Public clients: single-page applications",
            "there is no refresh token, so nothing can be refreshed",
            "the session ends with its access token, an hour after the login",
            "Log in again when the access token has expired; while the user's SSO session is active, prompt=none does \
             it without asking. Leave offline_access out of the scopes.",
        ],
        PolicyName::Confidential => [
            "Confidential clients: web applications with a backend and a client secret",
            "gives a new access token; the refresh token's expiry stays where it is",
            "14 days from the login, however often it is used",
            "Refresh when the access token has expired, and plan a login before the 14 days are over: nothing extends \
             them.",
        ],
        PolicyName::Mobile => [
            "MobileApp clients: native applications",
            "gives a new access token and a new 90-day refresh token, while the user's SSO session is active",
            "90 days from the last refresh that renewed it",
            "Refresh when the access token has expired: doing so at least once in 90 days keeps the user logged in. A \
             response without a refresh token means that the SSO session has ended: keep the old one, and do not count \
             on a longer lifetime.",
        ],
        PolicyName::PublicWeb | PolicyName::Web => [
            match name {
                PolicyName::Web => "PublicWithRefresh clients: the same rule as PublicWeb",
                _ => "PublicWithRefresh clients: single-page applications with refresh tokens",
            },
            "gives a new access token and a new 10-minute refresh token, while the user's SSO session is active",
            "10 minutes from the last refresh that renewed it: shorter than the hour that an access token is valid",
            "Refreshing only when the access token has expired comes too late. To keep the session, refresh on purpose, at \
             least every 10 minutes: with renew = \"before-session-ends\" in the profile and `tidp token` at least every \
             3 min 20 s (in the last third), with `tidp keepalive`, or with `tidp refresh --force`. Otherwise log in again.",
        ],
    };
    PolicyDescription { policy: name, sliding, lifetime, used_by, on_refresh, life, advice }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_policy_is_described_by_its_documented_numbers() {
        let numbers = ["hour", "14 days", "90 days", "10 minutes", "10 minutes"];
        let rows = PolicyName::ALL.map(policy_description);
        assert_eq!(rows.len(), numbers.len());
        for ((row, name), number) in rows.iter().zip(PolicyName::ALL).zip(numbers) {
            let documented = name.documented();
            assert_eq!((row.policy, row.lifetime, row.sliding), (name, documented.lifetime, documented.sliding));
            assert!(row.life.contains(number), "{}", row.life);
        }
    }
}
