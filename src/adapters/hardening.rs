//! Keeps core dumps and debuggers away from the process's memory.

#[cfg(unix)]
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
#[cfg(unix)]
use std::sync::OnceLock;

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

/// Runs `start` with the original limit, for a child to inherit. On Linux this process stays not dumpable.
pub fn with_original_limit<T>(start: impl FnOnce() -> T) -> T {
    #[cfg(unix)]
    let before = ORIGINAL_LIMIT.get().map(|original| set_limit(*original));
    let started = start();
    #[cfg(unix)]
    before.map(set_limit);
    started
}

/// Undoes [`harden`] before another program replaces this one. Whether there was anything to undo.
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
