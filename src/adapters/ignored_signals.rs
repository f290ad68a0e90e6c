//! Which signals this process ignores.

use signal_hook::consts::{SIGHUP, SIGXFSZ};
use signal_hook::flag;
use std::sync::{Arc, Once};

/// Whether the process was started with `signal` ignored, if that is known.
pub fn is_ignored(signal: i32) -> bool {
    IgnoredSignals::now().has(signal).unwrap_or(false)
}

/// A bit mask; `None` if it is not known, as without `/proc`.
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

    /// SIGHUP is deferred only if it is known not to be ignored: under `nohup` it must stay without effect.
    pub fn can_be_deferred(&self, signal: i32) -> bool {
        self.has(signal).map_or(signal != SIGHUP, |ignored| !ignored)
    }
}

/// Lets a write beyond `ulimit -f` fail (setrlimit(2)) instead of ending the process. With a handler, because children
/// would inherit an ignored signal.
pub fn survive_file_size_limit() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // On failure the default remains: such a write ends the process.
        let _ = flag::register(SIGXFSZ, Arc::default());
    });
}
