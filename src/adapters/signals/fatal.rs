//! The signals that end a process by default and can be deferred.

#[cfg(target_os = "linux")]
use rustix::process::Signal;
use signal_hook::consts::{
    SIGABRT, SIGALRM, SIGHUP, SIGINT, SIGPROF, SIGQUIT, SIGSYS, SIGTERM, SIGTRAP, SIGUSR1, SIGUSR2, SIGVTALRM, SIGXCPU,
};
use signal_hook::low_level;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Those that signal-hook knows, so that it can restore their default effect.
pub(super) const CATCHABLE: [i32; 13] = [
    SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGALRM, SIGUSR1, SIGUSR2, SIGXCPU, SIGVTALRM, SIGPROF,
    // A supervisor's watchdog sends this one; the other two also come from outside.
    SIGABRT, SIGTRAP, SIGSYS,
];

/// [`CATCHABLE`] and those of this platform.
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

/// The exit code of a shell for a process that `signal` ended.
pub(super) const fn exit_code(signal: i32) -> i32 {
    128 + signal
}
