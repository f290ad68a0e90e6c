//! A program started by tidp: its environment and its core-dump limit.

use super::hardening;
use crate::ports::ChildEnv;
use std::ffi::OsString;
use std::io;
use std::process::Command;

/// What no child ever inherits.
const STRIPPED: [&str; 2] = ["TIDP_CLIENT_SECRET", "TIDP_STORE_KEY"];

/// Starts `command` beside this process, without the secrets of its environment and with the core-dump limit that was
/// found.
///
/// # Errors
/// As the system says.
pub fn start(command: &[OsString]) -> io::Result<std::process::Child> {
    let (program, arguments) = command.split_first().ok_or(io::ErrorKind::NotFound)?;
    let mut child = Command::new(program);
    child.args(arguments);
    adapt_environment(&mut child, &[]);
    hardening::with_limit_lent(|| child.spawn())
}

pub fn adapt_environment(child: &mut Command, env: ChildEnv<'_>) {
    for (name, value) in env {
        match value {
            Some(value) => child.env(name, value.expose()),
            None => child.env_remove(name),
        };
    }
    for name in STRIPPED {
        child.env_remove(name);
    }
}
