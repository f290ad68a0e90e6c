//! Signals that this process ignores: since it was started, or from now on.

use signal_hook::consts::{SIGHUP, SIGXFSZ};
use signal_hook::flag;
use std::sync::{Arc, Once};

/// Whether the process was started with `signal` ignored, as far as that is known.
pub fn is_ignored(signal: i32) -> bool {
    IgnoredSignals::now().has(signal).unwrap_or(false)
}

/// The signals that are ignored, a bit each; `None` where that is not known: elsewhere than on Linux, and without
/// `/proc`.
pub struct IgnoredSignals(pub(super) Option<u64>);

impl IgnoredSignals {
    pub fn now() -> Self {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        Self(mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()))
    }

    fn has(&self, signal: i32) -> Option<bool> {
        self.0.map(|mask| mask >> (signal - 1) & 1 == 1)
    }

    /// SIGHUP is put off only where it is known that it has its effect: under `nohup` it must keep having none.
    pub fn can_be_deferred(&self, signal: i32) -> bool {
        self.has(signal).map_or(signal != SIGHUP, |ignored| !ignored)
    }
}

/// A file that may grow no further (`ulimit -f`) is a store that takes nothing for now, and no reason to end. A
/// handler, because children would keep it if the signal were ignored.
pub fn outlive_full_files() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Without it, such a write ends the process as it always has.
        let _ = flag::register(SIGXFSZ, Arc::default());
    });
}
