//! What the project exists for, as pure values: no I/O, no clock, no randomness, and nothing else of the crate.

pub mod decision;
pub mod keepalive;
pub mod policy;
pub mod secret;
pub mod session;
pub mod text;
pub mod time;
