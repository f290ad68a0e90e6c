//! What is simulated.

use crate::domain::decision::Renew;
use crate::domain::policy::{Policy, RefreshTokenUsage};
use crate::domain::time::Seconds;

/// A client, a provider, and a script that asks for tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// The policy that the client assumes; outside tests the provider enforces the same.
    pub policy: Policy,
    pub access_token: Seconds,
    /// How often the script asks for a token: more than zero.
    pub every: Seconds,
    pub length: Seconds,
    /// When the user's SSO session ends, counted from the login.
    pub sso_ends_after: Option<Seconds>,
    /// Whether a refresh returns a new refresh token.
    pub refresh_token_usage: RefreshTokenUsage,
    pub renew: Renew,
    /// Whether the script refreshes every time, instead of asking for a token.
    pub force: bool,
}

impl Scenario {
    pub fn sso_ends(&self) -> bool {
        self.sso_ends_after.is_some_and(|end| end <= self.length)
    }

    pub fn description(&self) -> String {
        let script = if self.force { "tidp refresh --force" } else { "tidp token" };
        let renew = match self.renew {
            Renew::WhenDue => "",
            Renew::BeforeSessionEnds => " with renew = \"before-session-ends\"",
        };
        let usage = match self.refresh_token_usage {
            _ if self.policy.lifetime.is_none() => "",
            RefreshTokenUsage::OneTimeOnly if !self.policy.sliding => {
                ", a refresh returns a new refresh token with the same expiry"
            }
            RefreshTokenUsage::OneTimeOnly => ", a refresh returns a new refresh token",
            RefreshTokenUsage::ReUse => ", a refresh returns the same refresh token",
        };
        let sso = match self.sso_ends_after {
            Some(end) => format!("the SSO session ends after {}", end.to_text()),
            None => "the SSO session stays active".to_owned(),
        };
        let [every, length, valid] = [self.every, self.length, self.access_token].map(Seconds::to_text);
        let script = format!("A script runs `{script}`{renew} every {every}, for {length}");
        format!("{script}; access tokens are valid for {valid}{usage}, {sso}.")
    }
}
