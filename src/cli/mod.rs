//! The command line as clap types, from which completions are generated. The commands interpret the values.

mod commands;
mod examples;
mod log_in;
mod look;
mod parse;
mod profile;
mod try_out;
mod usage_error;
mod use_token;
pub mod version;

pub use commands::*;
pub use examples::{Example, examples};
pub use log_in::*;
pub use look::*;
pub use parse::parse;
pub use profile::*;
pub use try_out::*;
pub use usage_error::{HelpOrUsageError, command_name, display_options, help_or_usage_error};
pub use use_token::*;
