//! The provider as a state machine without I/O: the time and random bytes are arguments, tokens are plain data.

mod authorize;
pub mod events;
mod expiring_map;
mod issue;
mod polled_logins;
mod records;
mod refresh;
mod sso;
mod state;
#[cfg(test)]
mod tests;
mod token;

pub use records::{
    AccessToken, Authentication, AuthorizationRequest, AuthorizationResponse, AuthorizeOutcome, ClientRequest, IdToken,
    IssuedTokens, Kind, Moment, Note, PolledLogin, PollingGrant, Session, SsoSession,
};
pub use state::{Engine, SCOPES, Settings};
