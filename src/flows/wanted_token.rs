//! What a command asks of an access token, whoever it is for.

use crate::domain::access_tokens::AccessToken;
use crate::domain::decision::DEFAULT_MIN_TTL;
use crate::domain::scopes::ScopeSet;
use crate::domain::text::with_full_stop;
use crate::domain::time::Seconds;
use crate::domain::warning::WarningCode;
use crate::error::{Error, Result};
use crate::flows::context::Context;

#[derive(Clone, Debug, Default)]
pub struct WantedToken {
    /// How long it must remain valid. `None`: a new one is due by the default, but one that has less left is still good.
    pub min_ttl: Option<Seconds>,
    /// The scopes instead of those of the session or the profile.
    pub scopes: Option<ScopeSet>,
    /// Whether no new token may be requested, even if that is due.
    pub no_refresh: bool,
}

impl WantedToken {
    /// How long the token must remain valid, or a new one is due.
    pub fn wanted_ttl(&self) -> Seconds {
        self.min_ttl.unwrap_or(DEFAULT_MIN_TTL)
    }

    /// Whether the token has the requested lifetime left. If the clock went back, stored times are not trusted.
    pub fn accepts(&self, context: &Context<'_>, token: &AccessToken) -> bool {
        token.has_left(context.ports.clock.now(), self.min_ttl.unwrap_or(Seconds::ZERO))
    }

    pub fn needs_new(&self, context: &Context<'_>, token: &AccessToken) -> bool {
        !token.has_left(context.ports.clock.now(), self.wanted_ttl())
    }

    /// Refuses (`usage`) a minimum that no token can meet: it would cause a request on every call.
    pub fn check_min_ttl(&self, token: &AccessToken) -> Result<()> {
        let lifetime = token.expires_at.since(token.obtained_at);
        // What is left of a session whose overflow file was lost has no token to judge by.
        let is_known = lifetime > Seconds::ZERO;
        let too_long = self.min_ttl.filter(|min_ttl| is_known && *min_ttl >= lifetime);
        let Some(min_ttl) = too_long.map(Seconds::to_text) else { return Ok(()) };
        let lifetime = lifetime.to_text();
        Err(Error::usage(format!("--min-ttl {min_ttl} must be shorter than the token's lifetime of {lifetime}")))
    }
}

/// Warns that a new token cannot be had, and that the stored one still works, which is better than none. `what` names it.
pub fn warn_of_failure(context: &Context<'_>, error: &Error, what: &str, stored: &AccessToken) {
    let until = context.reporter.local_time(stored.expires_at);
    let message = format!("{} The stored {what} still works until {until}", with_full_stop(&error.report().message));
    context.reporter.warn(WarningCode::RefreshFailed, message);
}
