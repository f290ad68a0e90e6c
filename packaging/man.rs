//! Writes a man page for `tidp` and for each of its commands into a folder:
//! `cargo run --example man -- FOLDER`.

#![allow(clippy::disallowed_methods, reason = "a build step reads its own arguments")]

use clap::CommandFactory;
use std::path::PathBuf;
use tidp::testing::cli::Cli;

fn main() -> std::io::Result<()> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from).ok_or(std::io::ErrorKind::InvalidInput)?;
    std::fs::create_dir_all(&folder)?;
    clap_mangen::generate_to(Cli::command().disable_help_subcommand(true), folder)
}
