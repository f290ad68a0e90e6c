//! One file per subcommand: parse the options, call a flow, show the result.

pub mod completions;
pub mod decode;
pub mod demo;
pub mod doctor;
pub mod exec;
pub mod help;
pub mod inspect;
pub mod keepalive;
pub mod login;
pub mod logout;
pub mod manage;
mod options;
pub mod policy;
mod policy_page;
mod policy_require;
mod policy_simulate;
mod policy_watch;
pub mod profile;
pub mod refresh;
pub mod sandbox;
pub mod status;
pub mod token;
pub mod userinfo;

use crate::cli::{self, Cli, Command};
use crate::domain::text::printable;
use crate::error::{Error, Result};
use crate::flows::context::Context;
use crate::ports::Ports;
use crate::terminal::output::Output;

/// Runs the only command of this process.
pub fn run(ports: &Ports, out: &Output<'_>, cli: &Cli) -> Result<()> {
    if matches!(cli.command, Command::Login(_)) {
        login::warn_of_memory_store(ports, out);
    }
    dispatch(ports, out, cli)
}

/// Runs one command. The demo runs several, which share a store in memory.
fn dispatch(ports: &Ports, out: &Output<'_>, cli: &Cli) -> Result<()> {
    let flag = cli.global.profile.as_deref();
    if let Some(name) = &ports.env.not_unicode {
        return Err(Error::config(format!("{}: its value is not Unicode", printable(name))));
    }
    let in_context = |work: &dyn Fn(&Context<'_>) -> Result<()>| Context::open(ports, out, flag)?.run(work);
    match &cli.command {
        Command::Demo(args) => demo::run(ports, out, args, dispatch),
        Command::Login(args) => in_context(&|context| login::run(context, out, args)),
        Command::Token(args) => token::run(ports, out, flag, args),
        Command::Refresh(args) => in_context(&|context| refresh::run(context, out, args)),
        Command::Inspect => in_context(&|context| inspect::run(context, out)),
        Command::Decode(args) => decode::run(ports, out, flag, args),
        Command::Policy(args) => policy::run(ports, out, flag, args),
        Command::Keepalive(args) => keepalive::run(ports, out, flag, args),
        Command::Exec(args) => exec::run(ports, out, flag, args),
        Command::Userinfo => in_context(&|context| userinfo::run(context, out)),
        Command::Logout(args) => logout::run(ports, out, flag, args),
        Command::Doctor => doctor::run(ports, out, flag),
        Command::Manage(args) => in_context(&|context| manage::run(context, out, args)),
        Command::Profile { what } => profile::run(ports, out, flag, what),
        Command::Status => status::run(ports, out, flag),
        Command::Sandbox(args) => sandbox::run(ports, out, args),
        Command::Completions { shell } => completions::run(out, *shell),
        Command::Complete { current, before } => completions::complete(ports, out, current, before),
        Command::Help { words } => help::run(out, words),
        Command::Version => version(out),
    }
}

/// `tidp version`, as `--version`.
pub fn version(out: &Output<'_>) -> Result<()> {
    if out.json {
        out.document(cli::version::document())
    } else {
        out.answer(&format!("tidp {}\n", cli::version::VERSION))
    }
}
