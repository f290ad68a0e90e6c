//! `tidp completions SHELL` prints a script, which asks `tidp __complete` what to offer.

mod candidates;

use crate::cli::{Cli, Shell};
use crate::error::Result;
use crate::flows::configuration::Configuration;
use crate::ports::Ports;
use crate::terminal::output::Output;
use candidates::{Offer, offer};
use clap::CommandFactory;

pub fn run(out: &Output<'_>, shell: Shell) -> Result<()> {
    out.answer(match shell {
        Shell::Bash => include_str!("../../completions/tidp.bash"),
        Shell::Zsh => include_str!("../../completions/_tidp"),
        Shell::Fish => include_str!("../../completions/tidp.fish"),
        Shell::Powershell => include_str!("../../completions/_tidp.ps1"),
        Shell::Elvish => include_str!("../../completions/tidp.elv"),
    })
}

/// `tidp __complete`: prints what may come after the words `before`, a line each, with its description after a tab.
/// `:files` stands for the names of files, and `:command N` for a command that begins at word N.
pub fn complete(ports: &Ports, out: &Output<'_>, current: &str, before: &[String]) -> Result<()> {
    let mut root = Cli::command();
    root.build();
    match offer(&root, before, current, || Configuration::proposed_profiles(ports)) {
        Offer::Files => out.answer(":files\n"),
        Offer::Command(at) => out.answer(&format!(":command {at}\n")),
        Offer::Values(values) => {
            let line = |(value, text): &(String, String)| format!("{value}\t{text}\n");
            out.answer(&values.iter().map(line).collect::<String>())
        }
    }
}
