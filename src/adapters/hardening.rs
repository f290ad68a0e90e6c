//! Keeps our secrets from core dumps, debuggers and child processes.

#[cfg(unix)]
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::ffi::{OsStr, OsString};
use std::io;
use std::process::{Child, Command};
#[cfg(unix)]
use std::sync::OnceLock;

/// Secrets that no child inherits.
const SECRET_VARIABLES: [&str; 2] = ["TIDP_CLIENT_SECRET", "TIDP_STORE_KEY"];

/// The soft limit before [`harden`], for children.
#[cfg(unix)]
static ORIGINAL_LIMIT: OnceLock<Option<u64>> = OnceLock::new();

/// Disables core files (by the soft limit: children would inherit a hard one for ever), and on Linux makes the process
/// not dumpable, which also closes `/proc/PID/environ` and `ptrace` to the user's other processes (prctl(2),
/// `PR_SET_DUMPABLE`). Failures are ignored.
pub fn harden() {
    #[cfg(unix)]
    {
        ORIGINAL_LIMIT.get_or_init(|| getrlimit(Resource::Core).current);
        set_limit(Some(0));
    }
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

/// Starts `command` without our secrets and with the original core-dump limit. On Linux this process stays not dumpable.
pub fn start(command: &[OsString]) -> io::Result<Child> {
    let mut child = child_command(command)?;
    #[cfg(unix)]
    let before = ORIGINAL_LIMIT.get().map(|original| set_limit(*original));
    let started = child.spawn();
    #[cfg(unix)]
    before.map(set_limit);
    started
}

/// Undoes [`harden`]; returns whether there was anything to undo.
pub fn restore() -> bool {
    #[cfg(unix)]
    if let Some(original) = ORIGINAL_LIMIT.get() {
        set_limit(*original);
        #[cfg(target_os = "linux")]
        let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::Dumpable);
        return true;
    }
    false
}

/// Sets the soft limit and returns the one before.
#[cfg(unix)]
fn set_limit(current: Option<u64>) -> Option<u64> {
    let limit = getrlimit(Resource::Core);
    let before = limit.current;
    let _ = setrlimit(Resource::Core, Rlimit { current, ..limit });
    before
}

/// `command` without our secrets. On Windows its program may be `foo.cmd` for `foo`, as in a shell; the standard library
/// finds only `foo.exe`. An empty command is not found.
pub fn child_command(command: &[impl AsRef<OsStr>]) -> io::Result<Command> {
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
