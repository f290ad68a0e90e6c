//! The signals that end a process by default, can be caught, and are no fault of the process itself; and how it ends by one.

#[cfg(target_os = "linux")]
use rustix::process::Signal;
use signal_hook::consts::{
    SIGABRT, SIGALRM, SIGHUP, SIGINT, SIGPROF, SIGQUIT, SIGSYS, SIGTERM, SIGTRAP, SIGUSR1, SIGUSR2, SIGVTALRM, SIGXCPU,
};
use signal_hook::low_level;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Those that signal-hook knows: it can give one its default effect back.
pub(super) const KNOWN: [i32; 13] = [
    SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGALRM, SIGUSR1, SIGUSR2, SIGXCPU, SIGVTALRM, SIGPROF,
    // A supervisor's watchdog sends this one; the other two only come from somebody else, too.
    SIGABRT, SIGTRAP, SIGSYS,
];

/// All of this platform: [`KNOWN`] and what only some have.
pub(super) fn all() -> impl Iterator<Item = i32> {
    KNOWN.into_iter().chain(of_this_platform())
}

/// The real-time ones too, but the two or three that a C library keeps for itself.
#[cfg(target_os = "linux")]
fn of_this_platform() -> impl Iterator<Item = i32> {
    let named = [
        Signal::IO,
        Signal::POWER,
        #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
        Signal::STKFLT,
    ];
    // glibc keeps two for itself, musl three.
    const FIRST: i32 = if cfg!(target_env = "gnu") { 34 } else { 35 };
    named.map(Signal::as_raw).into_iter().chain(FIRST..=64)
}

#[cfg(not(target_os = "linux"))]
fn of_this_platform() -> impl Iterator<Item = i32> {
    std::iter::empty()
}

/// Ends this process by `signal`, whose handler is ours.
pub(super) fn end_by(signal: i32) {
    if KNOWN.contains(&signal) {
        let _ = low_level::emulate_default_handler(signal);
    } else {
        // Whatever takes this process over has no handlers, so that the signal ends it.
        let _ = Command::new("/bin/sh").args(["-c", &format!("kill -{signal} $$")]).env_clear().exec();
        low_level::exit(status(signal));
    }
}

/// What a shell would say of a process that `signal` has ended.
pub(super) const fn status(signal: i32) -> i32 {
    128 + signal
}
