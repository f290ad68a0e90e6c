//! Whole commands in the test world: a frozen clock, a provider that fails on unexpected and on missing requests.
//! The files mirror `src/commands`; `life.rs` follows a session under each policy, to the second around its end.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../support/mod.rs"]
mod support;

mod refresh;
mod stopped;
mod token;
