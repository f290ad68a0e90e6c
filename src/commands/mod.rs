//! One file per command, each a story: load → decide → send → accept → save → print; and what several of them share
//! (`context`, `metadata`, `output`, `received`, `renew`, `token_cache`).

pub mod completions;
pub mod decode;
pub mod demo;
pub mod exec;
pub mod inspect;
pub mod keepalive;
pub mod login;
pub mod logout;
pub mod policy;
pub mod policy_simulate;
pub mod policy_watch;
pub mod profile;
pub mod refresh;
pub mod sandbox;
pub mod token;
pub mod userinfo;

use crate::cli::{Cli, Command};
use crate::domain::text::printable;
use crate::error::{Error, Result};
use crate::ports::World;
use crate::terminal::output::Output;

/// Runs the command as the only one of its process.
///
/// # Errors
/// The command's own.
pub fn run_alone(world: &World, out: &Output<'_>, cli: &Cli) -> Result<()> {
    if matches!(cli.command, Command::Login(_)) {
        login::warn_of_memory(world, out);
    }
    run(world, out, cli)
}

/// Runs the command, be it one of several that share what is in memory.
///
/// # Errors
/// The command's own.
pub fn run(world: &World, out: &Output<'_>, cli: &Cli) -> Result<()> {
    let global = &cli.global;
    if let Some(name) = world.env.not_unicode() {
        return Err(Error::config(format!("{}: its value is not Unicode", printable(name))));
    }
    match &cli.command {
        Command::Demo(args) => demo::run(world, out, args),
        Command::Login(args) => login::run(world, out, global, args),
        Command::Token(args) => token::run(world, out, global, args),
        Command::Refresh(args) => refresh::run(world, out, global, args),
        Command::Inspect => inspect::run(world, out, global),
        Command::Decode(args) => decode::run(world, out, global, args),
        Command::Policy(args) => policy::run(world, out, global, args),
        Command::Keepalive(args) => keepalive::run(world, out, global, args),
        Command::Exec(args) => exec::run(world, out, global, args),
        Command::Userinfo => userinfo::run(world, out, global),
        Command::Logout(args) => logout::run(world, out, global, args),
        Command::Profile(args) => profile::run(world, out, global, &args.what),
        Command::Sandbox(args) => sandbox::run(world, out, args),
        Command::Completions { shell } => completions::run(out, *shell),
    }
}
