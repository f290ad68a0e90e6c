//! What the project exists for, as pure values: no I/O, no clock, no randomness, and nothing else of the crate.

pub mod claims;
pub mod jwt;
pub mod keepalive;
pub mod outlook;
pub mod plan;
pub mod policy;
pub mod secret;
pub mod session;
pub mod text;
pub mod time;
pub mod timeline;
