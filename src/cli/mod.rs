//! The command line as clap types, from which completions are generated. The commands interpret the values.

mod commands;
mod examples;
mod groups;
mod parse;
mod policy;
mod sandbox;
mod usage_error;
pub mod version;

pub use commands::*;
pub use examples::{Example, examples};
pub use groups::GROUPS;
pub use parse::parse;
pub use policy::{Policy, PolicyCommand, RenewWhen, Simulate};
pub use sandbox::{Introspection, SampleFormat, Sandbox, SandboxCommand, SandboxToken};
pub use usage_error::{HelpOrUsageError, command_name, display_options, help_or_usage_error};
