//! Policies, sessions and decisions as pure values: no I/O, no clock, no randomness.

pub mod access_tokens;
pub mod acr_values;
pub mod command_line;
pub mod decision;
pub mod keepalive;
pub mod machine_tokens;
pub mod mutex;
pub mod policy;
pub mod scopes;
pub mod secret;
pub mod session;
pub mod spelling;
pub mod text;
pub mod time;
pub mod warning;
