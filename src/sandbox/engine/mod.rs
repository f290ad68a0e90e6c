//! The provider as a state machine without I/O: `now` and a [`Seed`](super::Seed) are arguments, tokens are plain data.

mod age;
mod authorize;
mod ciba;
mod code;
mod device;
pub mod events;
mod expiring_map;
mod grant_types;
mod issue;
mod poll;
mod polled_login;
mod records;
mod refresh;
mod simulated_login;
mod sso;
mod state;
#[cfg(test)]
mod tests;

pub use polled_login::{BegunLogin, PolledLogin, PollingGrant};
pub use records::{
    AccessToken, Authentication, AuthorizationRequest, AuthorizationResponse, AuthorizeOutcome, IdToken, IssuedTokens,
    SsoSession,
};
pub use state::{Engine, SCOPES, Settings};
