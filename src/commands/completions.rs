//! `tidp completions SHELL`: the script, generated from the command line's own definition.

use crate::cli::{Cli, Shell};
use crate::error::Result;
use crate::terminal::output::Output;
use clap::CommandFactory;

/// Prints it.
///
/// # Errors
/// If stdout cannot be written.
pub fn run(out: &Output<'_>, shell: Shell) -> Result<()> {
    out.answer(&script(shell))
}

/// The completion script of that shell.
pub fn script(shell: Shell) -> String {
    let shell = match shell {
        Shell::Bash => clap_complete::Shell::Bash,
        Shell::Zsh => clap_complete::Shell::Zsh,
        Shell::Fish => clap_complete::Shell::Fish,
        Shell::Powershell => clap_complete::Shell::PowerShell,
        Shell::Elvish => clap_complete::Shell::Elvish,
    };
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "tidp", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}
