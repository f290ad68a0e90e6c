//! The sandbox: a stand-in for TelenorID+ on a loopback port.
//!
//! [`Engine`] is the provider as a state machine, `tokens` signs, `pages` renders HTML, `server` speaks HTTP. The sandbox
//! shares only the policy table and plain types with the client, so that it shares no mistake with it.

pub mod clients;
pub mod engine;
pub mod language;
pub mod pages;
pub mod params;
pub mod random;
pub mod reason;
pub mod registration;
pub mod server;
pub mod tokens;
pub mod users;

pub use clients::{Client, default_clients};
pub use engine::{Engine, IssuedTokens, Moment, Settings};
pub use language::Language;
pub use params::{OAuthError, Params, Result};
pub use random::Seed;
pub use reason::Reason;
pub use server::{Log, Options, Sandbox, issuer_url};
pub use users::{User, default_users};
