//! The command line as clap types, from which completions are generated. The commands interpret the values.

mod commands;
mod log_in;
mod look;
mod parse;
mod profile;
mod try_out;
mod usage_error;
mod use_token;
pub mod version;

pub use commands::*;
pub use log_in::*;
pub use look::*;
pub use parse::parse;
pub use profile::*;
pub use try_out::*;
pub use usage_error::{Form, HelpOrUsageError, command_name, display_options, help_or_usage_error};
pub use use_token::*;

/// The examples of a command, such as `policy simulate`, for its help and man page; without words, those of the first page.
/// Each is a command line, and what it is for. `tests/commands/help.rs` parses each.
pub fn examples(command: &str) -> Vec<(&'static str, &'static str)> {
    let heading = format!("[{}]", format!("tidp {command}").trim_end());
    let lines = include_str!("examples.txt").lines().skip_while(|line| *line != heading).skip(1);
    let lines: Vec<&str> = lines.take_while(|line| !line.is_empty()).collect();
    lines.chunks_exact(2).map(|pair| (pair[1], pair[0].trim_start_matches("# "))).collect()
}
