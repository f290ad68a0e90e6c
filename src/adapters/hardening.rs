//! Keeps core dumps and debuggers from the process's memory while it holds secrets.

#[cfg(unix)]
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
#[cfg(unix)]
use std::sync::OnceLock;

/// The soft limit that was found, to be given back to a child.
#[cfg(unix)]
static FOUND: OnceLock<Option<u64>> = OnceLock::new();

/// No core file (the soft limit only: a hard one would be inherited for ever), and on Linux not dumpable, which
/// also closes `/proc/PID/environ` and `ptrace` to the user's other processes. Failure is no failure.
pub fn harden() {
    #[cfg(unix)]
    {
        let limit = getrlimit(Resource::Core);
        FOUND.get_or_init(|| limit.current);
        let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), ..limit });
    }
    #[cfg(target_os = "linux")]
    let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

/// Runs `start` with the limit given back for a child to inherit. On Linux this process stays not dumpable, so that
/// even meanwhile it leaves no core file.
pub fn with_limit_lent<T>(start: impl FnOnce() -> T) -> T {
    #[cfg(unix)]
    let lent = FOUND.get().map(|found| {
        let now = getrlimit(Resource::Core);
        let _ = setrlimit(Resource::Core, Rlimit { current: *found, ..now });
        now
    });
    let started = start();
    #[cfg(unix)]
    if let Some(before) = lent {
        let _ = setrlimit(Resource::Core, before);
    }
    started
}

/// Undoes [`harden`], if it was called: before another program takes the process over. Whether it was.
pub fn restore() -> bool {
    #[cfg(unix)]
    if let Some(found) = FOUND.get() {
        let limit = getrlimit(Resource::Core);
        let _ = setrlimit(Resource::Core, Rlimit { current: *found, ..limit });
        #[cfg(target_os = "linux")]
        let _ = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::Dumpable);
        return true;
    }
    false
}
