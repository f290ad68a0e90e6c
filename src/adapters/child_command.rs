//! The environment and core-dump limit of a child process.

use super::hardening;
use std::ffi::{OsStr, OsString};
use std::io;
use std::process::{Child, Command};

/// Secrets that no child inherits.
const SECRET_VARIABLES: [&str; 2] = ["TIDP_CLIENT_SECRET", "TIDP_STORE_KEY"];

/// Starts `command` without our secrets and with the original core-dump limit.
pub fn start(command: &[OsString]) -> io::Result<Child> {
    let mut child = new(command)?;
    hardening::with_original_limit(|| child.spawn())
}

/// `command` without our secrets. On Windows its program may be `foo.cmd` for `foo`, as in a shell; the standard library
/// finds only `foo.exe`.
///
/// # Errors
/// `NotFound` if it is empty.
pub fn new(command: &[impl AsRef<OsStr>]) -> io::Result<Command> {
    let (program, arguments) = command.split_first().ok_or(io::ErrorKind::NotFound)?;
    #[cfg(windows)]
    let found = which::which(program.as_ref()).map(Command::new);
    #[cfg(windows)]
    let mut child = found.unwrap_or_else(|_| Command::new(program));
    #[cfg(not(windows))]
    let mut child = Command::new(program);
    child.args(arguments);
    remove_secrets(&mut child);
    Ok(child)
}

pub fn remove_secrets(child: &mut Command) {
    for name in SECRET_VARIABLES {
        child.env_remove(name);
    }
}
