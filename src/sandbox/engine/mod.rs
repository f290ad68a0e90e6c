//! The provider as a pure state machine: no I/O, no clock, no randomness. `now` and a [`Seed`] come as arguments,
//! what happened goes out as data; `tokens` makes signed answers of it and `server` sends them.

mod access;
mod authorize;
mod code;
mod crowd;
mod device;
mod records;
mod refresh;
mod simulated_login;
mod sso;
mod state;
#[cfg(test)]
mod tests;

pub(super) use device::DEVICE_CODE;
pub use records::{Access, Authentication, AuthorizeRequest, IdToken, Issued, Reply, SsoSession, Step};
pub use state::{Engine, Rotation, SCOPES, Settings};
