//! `tidp`: the command-line tool for TelenorID+.

pub mod cli;
pub mod commands;
pub mod config;
pub mod core;
pub mod error;
pub mod io;
pub mod oidc;
pub mod sandbox;
pub mod world;
