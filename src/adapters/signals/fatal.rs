//! The signals that end a process by default: which can be deferred, and which are ignored.

#[cfg(target_os = "linux")]
use rustix::process::Signal;
use signal_hook::consts::{
    SIGABRT, SIGALRM, SIGHUP, SIGINT, SIGPROF, SIGQUIT, SIGSYS, SIGTERM, SIGTRAP, SIGUSR1, SIGUSR2, SIGVTALRM, SIGXCPU,
    SIGXFSZ,
};
use signal_hook::{flag, low_level};
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::sync::{Arc, Once};

/// Those that signal-hook knows, so that it can restore their default effect.
pub(super) const CATCHABLE: [i32; 13] = [
    SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGALRM, SIGUSR1, SIGUSR2, SIGXCPU, SIGVTALRM, SIGPROF,
    // A supervisor's watchdog sends this one; the other two also come from outside.
    SIGABRT, SIGTRAP, SIGSYS,
];

pub(super) fn all() -> impl Iterator<Item = i32> {
    CATCHABLE.into_iter().chain(platform_signals())
}

/// Including the real-time signals, except those that the C library uses (signal(7)).
#[cfg(target_os = "linux")]
fn platform_signals() -> impl Iterator<Item = i32> {
    let named = [
        Signal::IO,
        Signal::POWER,
        #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
        Signal::STKFLT,
    ];
    // glibc uses two, musl three.
    const FIRST: i32 = if cfg!(target_env = "gnu") { 34 } else { 35 };
    named.map(Signal::as_raw).into_iter().chain(FIRST..=64)
}

#[cfg(not(target_os = "linux"))]
fn platform_signals() -> impl Iterator<Item = i32> {
    std::iter::empty()
}

/// Ends this process by `signal`, which has our handler.
pub(super) fn end_by(signal: i32) {
    if CATCHABLE.contains(&signal) {
        let _ = low_level::emulate_default_handler(signal);
    } else {
        // A new program has no handlers, so that the signal ends it.
        let _ = Command::new("/bin/sh").args(["-c", &format!("kill -{signal} $$")]).env_clear().exec();
        low_level::exit(exit_code(signal));
    }
}

pub(super) const fn exit_code(signal: i32) -> i32 {
    128 + signal
}

/// Whether the process was started with `signal` ignored, if that is known.
pub fn is_ignored(signal: i32) -> bool {
    IgnoredSignals::now().has(signal).unwrap_or(false)
}

/// A bit mask; `None` without `/proc`.
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
