//! `tidp`: the command-line tool for TelenorID+ (being built).

pub mod cli;
pub mod commands;
pub mod config;
pub mod core;
pub mod error;
pub mod io;
pub mod oidc;
pub mod sandbox;
pub mod world;

use clap::Parser;
use clap::error::ErrorKind;
use commands::output::Output;
use error::{Error, Situation};
use std::ffi::OsString;
use world::World;

/// Runs `tidp` with these arguments (the program's name first) in that world, and gives the exit code.
pub fn run(args: impl IntoIterator<Item = OsString>, world: &World) -> u8 {
    let args: Vec<OsString> = args.into_iter().collect();
    let cli = match cli::Cli::try_parse_from(&args) {
        Ok(cli) => cli,
        Err(error) => return not_parsed(&args, &error, world),
    };
    let out = Output::new(world, &cli.global);
    match commands::run(world, &out, &cli) {
        Ok(()) => 0,
        Err(Error { situation: Situation::OutputClosed, .. }) => 0,
        Err(error) => {
            let report = error.report();
            out.failure(&report);
            report.exit_code
        }
    }
}

/// Help and version are answers; anything else is a wrong command line.
fn not_parsed(args: &[OsString], error: &clap::Error, world: &World) -> u8 {
    let json = args.iter().take_while(|arg| *arg != "--").any(|arg| arg == "--json");
    let global = cli::Global { json, ..cli::Global::default() };
    let out = Output::new(world, &global);
    let rendered = error.render();
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        return match out.answer(&rendered.to_string()) {
            Ok(()) | Err(Error { situation: Situation::OutputClosed, .. }) => 0,
            Err(error) => error.report().exit_code,
        };
    }
    let text = rendered.to_string();
    let what = if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        out.note(text.trim_end());
        "no command was given".to_owned()
    } else {
        in_one_line(&text)
    };
    let report = Error::usage(core::text::printable(&what)).report();
    out.failure(&report);
    report.exit_code
}

/// What clap found wrong, without its usage and its advice.
fn in_one_line(text: &str) -> String {
    let mut message = text.lines().take_while(|line| !line.starts_with("Usage:") && !line.starts_with("For more"));
    let first = message.next().unwrap_or_default().trim_start_matches("error: ").to_owned();
    let rest: Vec<&str> = message.map(str::trim).filter(|line| !line.is_empty()).collect();
    if rest.is_empty() { first } else { format!("{first} {}", rest.join(" ")) }
}
