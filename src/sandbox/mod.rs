//! The sandbox: a TelenorID+ stand-in for trying an application against, on a loopback port.
//!
//! [`Engine`] is the provider as a pure state machine that enforces the five refresh policies; `tokens` signs, `pages`
//! draws, `server` speaks HTTP. It shares nothing with the client but the policy table and plain types, so that it
//! cannot share a mistake with it.

pub mod clients;
pub mod engine;
pub mod pages;
pub mod params;
pub mod random;
pub mod server;
pub mod tokens;
pub mod users;

pub use clients::Client;
pub use engine::{Engine, Issued, Rotation, Settings};
pub use random::Seed;
pub use server::{Options, Sandbox};
pub use users::USERS;
