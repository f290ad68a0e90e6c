//! The environment and core-dump limit of a child process.

use super::hardening;
use crate::ports::EnvChanges;
use std::ffi::{OsStr, OsString};
use std::io;
use std::process::Command;

/// Secrets that no child inherits.
const SECRET_VARIABLES: [&str; 2] = ["TIDP_CLIENT_SECRET", "TIDP_STORE_KEY"];

/// Starts `command` without our secrets and with the original core-dump limit.
pub fn start(command: &[OsString]) -> io::Result<std::process::Child> {
    let (program, arguments) = command.split_first().ok_or(io::ErrorKind::NotFound)?;
    let mut child = new(program);
    child.args(arguments);
    adapt_environment(&mut child, &[]);
    hardening::with_original_limit(|| child.spawn())
}

/// The command for `program`. On Windows that may be `foo.cmd` for `foo`, as in a shell; the standard library finds only
/// `foo.exe`.
pub fn new(program: impl AsRef<OsStr>) -> Command {
    #[cfg(windows)]
    if let Ok(found) = which::which(program.as_ref()) {
        return Command::new(found);
    }
    Command::new(program)
}

pub fn adapt_environment(child: &mut Command, env: EnvChanges<'_>) {
    for (name, value) in env {
        match value {
            Some(value) => child.env(name, value.expose()),
            None => child.env_remove(name),
        };
    }
    for name in SECRET_VARIABLES {
        child.env_remove(name);
    }
}
