//! Whole commands on the test bench. The files mirror `src/commands`; `untrusted.rs` is about text from outside,
//! `life.rs` follows a session under each policy.
//!
#![doc = include_str!("refusals.md")]
//!
#![doc = include_str!("../mutants.md")]
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../support/mod.rs"]
mod support;

mod acceptors;
mod decode;
mod doctor;
mod exec;
mod golden;
mod help;
mod hints;
mod inspect;
mod introspection;
mod keepalive;
mod life;
mod login;
mod logout;
mod machine_token;
mod manage;
mod metadata;
mod overflow_store;
mod policy;
mod profile;
mod refresh;
mod refusals;
mod sandbox;
mod screen;
mod simulate;
mod states;
mod status;
mod stopped;
mod token;
mod token_scopes;
mod untrusted;
mod usage;
mod userinfo;
mod verbose;
mod warnings;
mod watch;
