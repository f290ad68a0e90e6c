//! Signals of Unix, deferred or handed to the supervisor.

use super::fatal::{self, IgnoredSignals};
use crate::adapters::supervisor::{ProcessSupervisor, SUPERVISED_SIGNALS};
use crate::domain::mutex::lock_mutex;
use crate::ports::{SignalGuard, Signals, Supervisor};
use signal_hook::consts::{SIGINT, SIGQUIT};
use signal_hook::{SigId, flag, low_level};
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

/// The signals of this process. The state is global, because two handlers for one signal would undo each other's
/// work. Nothing is installed before the first deferral.
#[derive(Clone, Copy)]
pub struct SystemSignals;

static HANDLERS: OnceLock<Handlers> = OnceLock::new();

/// Whether signals were taken over: those are not deferred any more.
static SUPERVISED: AtomicBool = AtomicBool::new(false);

struct Handlers {
    deferrals: Mutex<usize>,
    /// Whether nothing is deferred: a signal then has its default effect at once.
    released: Arc<AtomicBool>,
    /// 0 if none came.
    last_signal: Arc<AtomicUsize>,
    handlers: Vec<(i32, SigId)>,
}

impl Signals for SystemSignals {
    fn defer(&self) -> Box<dyn SignalGuard> {
        let handlers = HANDLERS.get_or_init(Handlers::install);
        let mut deferrals = lock_mutex(&handlers.deferrals);
        *deferrals += 1;
        handlers.released.store(false, Ordering::SeqCst);
        Box::new(Deferral(handlers))
    }

    fn supervise(&self) -> io::Result<Box<dyn Supervisor>> {
        let supervisor = ProcessSupervisor::begin()?;
        SUPERVISED.store(true, Ordering::SeqCst);
        // The supervisor has its own handlers by now, so no signal is without one.
        let ours = HANDLERS.get().into_iter().flat_map(|handlers| &handlers.handlers);
        for (_, handler) in ours.filter(|(signal, _)| SUPERVISED_SIGNALS.contains(signal)) {
            low_level::unregister(*handler);
        }
        Ok(Box::new(supervisor))
    }

    fn end_by(&self, signal: i32) {
        fatal::end_by(signal);
    }
}

impl Handlers {
    /// Installs handlers for all signals that were neither taken over nor ignored from the start (`nohup`). They are
    /// never removed, because a signal without a handler of signal-hook has no effect; `released` restores the default.
    fn install() -> Self {
        let (released, last_signal) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let mut handlers = Vec::new();
        let asked_once = Arc::new(AtomicBool::new(false));
        let ignored = IgnoredSignals::now();
        let is_supervised = |signal: &i32| SUPERVISED.load(Ordering::SeqCst) && SUPERVISED_SIGNALS.contains(signal);
        for signal in fatal::all().filter(|signal| !is_supervised(signal) && ignored.can_be_deferred(*signal)) {
            let number = usize::try_from(signal).unwrap_or_default();
            // Without a handler the signal takes effect at once, as before.
            let mut add = |handler: io::Result<SigId>| handlers.extend(handler.map(|handler| (signal, handler)));
            add(if fatal::CATCHABLE.contains(&signal) {
                flag::register_conditional_default(signal, Arc::clone(&released))
            } else {
                flag::register_conditional_shutdown(signal, fatal::exit_code(signal), Arc::clone(&released))
            });
            if [SIGINT, SIGQUIT].contains(&signal) {
                // A person who presses Ctrl-C or Ctrl-\ twice does not want to wait. A supervisor that sends
                // different signals has SIGKILL for that.
                add(flag::register_conditional_default(signal, Arc::clone(&asked_once)));
                add(flag::register(signal, Arc::clone(&asked_once)));
            }
            add(flag::register_usize(signal, Arc::clone(&last_signal), number));
        }
        Self { deferrals: Mutex::new(0), released, last_signal, handlers }
    }
}

struct Deferral(&'static Handlers);

impl SignalGuard for Deferral {
    fn pending(&self) -> bool {
        self.0.last_signal.load(Ordering::SeqCst) != 0
    }
}

impl Drop for Deferral {
    fn drop(&mut self) {
        let mut deferrals = lock_mutex(&self.0.deferrals);
        *deferrals -= 1;
        if *deferrals > 0 {
            return;
        }
        // Release first, then look: a signal in between has already taken effect.
        self.0.released.store(true, Ordering::SeqCst);
        if let Ok(signal @ 1..) = i32::try_from(self.0.last_signal.load(Ordering::SeqCst)) {
            fatal::end_by(signal);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::signals::fatal::is_ignored;
    use signal_hook::consts::{SIGHUP, SIGTERM, SIGUSR1, SIGXCPU};
    use std::os::unix::process::ExitStatusExt;
    use std::process::Command;

    /// Runs one part of the last test in a process of its own.
    fn in_process(part: &str) -> std::process::Output {
        let heard = ![SIGINT, SIGTERM, SIGHUP].into_iter().any(is_ignored);
        assert!(heard, "the tests were started with signals ignored, as `nohup` and a script's `&` do");
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "adapters::signals::unix::tests::child_process_part"]);
        command.env("TIDP_TEST_PART", part).output().unwrap()
    }

    #[test]
    fn sighup_is_left_alone_if_nohup_is_possible() {
        let put_off = |mask| [SIGINT, SIGTERM, SIGHUP].map(|signal| IgnoredSignals(mask).can_be_deferred(signal));
        assert_eq!(put_off(Some(0)), [true; 3]);
        assert_eq!(put_off(Some(u64::MAX)), [false; 3]);
        assert_eq!(put_off(None), [true, true, false]);
    }

    #[test]
    fn deferred_signal_ends_the_process_after_the_last_guard() {
        let output = in_process("nested");
        assert_eq!(output.status.signal(), Some(SIGTERM));
        assert!(String::from_utf8_lossy(&output.stderr).contains("outlived the inner hold"));
    }

    #[test]
    fn signal_after_the_guard_works_at_once() {
        assert_eq!(in_process("after").status.signal(), Some(SIGINT));
    }

    #[test]
    fn only_a_second_ctrl_c_is_not_deferred() {
        for (part, ends_by) in [
            ("supervised", SIGTERM),
            ("hung up", SIGHUP),
            ("scheduled", SIGUSR1),
            ("impatient", SIGINT),
            ("impatient, Ctrl-\\", SIGQUIT),
            ("impatient, both", SIGQUIT),
        ] {
            let output = in_process(part);
            assert_eq!(output.status.signal(), Some(ends_by), "{part}");
            let outlived = String::from_utf8_lossy(&output.stderr).contains("outlived");
            assert_eq!(outlived, !part.starts_with("impatient"), "{part}");
        }
    }

    #[test]
    fn every_fatal_signal_is_deferred() {
        for signal in fatal::all() {
            let output = in_process(&format!("held {signal}"));
            assert!(String::from_utf8_lossy(&output.stderr).contains("outlived"), "{signal}: {output:?}");
            assert_eq!(output.status.signal(), Some(signal));
            let output = in_process(&format!("released {signal}"));
            let ended = output.status.signal().or(output.status.code().map(|code| code - 128));
            assert_eq!(ended, Some(signal), "{output:?}");
        }
    }

    #[test]
    fn other_signals_are_deferred_under_supervision() {
        for part in ["watched", "held before and watched"] {
            let output = in_process(&format!("{part}, and then {SIGXCPU}"));
            assert_eq!(output.status.signal(), Some(SIGXCPU), "{part}: {output:?}");
            assert!(String::from_utf8_lossy(&output.stderr).contains("outlived"), "{part}: {output:?}");
        }
    }

    #[test]
    fn guards_are_independent() {
        let output = in_process("another");
        assert_eq!(output.status.signal(), Some(SIGTERM));
        assert!(String::from_utf8_lossy(&output.stderr).contains("outlived"), "{output:?}");
    }

    #[test]
    fn guard_without_a_signal_changes_nothing() {
        assert!(in_process("quiet").status.success());
    }

    #[test]
    fn supervised_signals_are_not_deferred() {
        for part in ["watched", "held before and watched"] {
            let output = in_process(part);
            assert_eq!(output.status.signal(), Some(SIGTERM), "{part}: {output:?}");
            assert!(String::from_utf8_lossy(&output.stderr).contains("told of the first"), "{part}: {output:?}");
        }
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "the variable is the test's own")]
    fn child_process_part() {
        let part = std::env::var("TIDP_TEST_PART").unwrap_or_default();
        let signals = SystemSignals;
        match part.as_str() {
            "nested" => {
                let outer = signals.defer();
                let inner = signals.defer();
                assert!(!outer.pending());
                low_level::raise(SIGTERM).unwrap();
                assert!(outer.pending() && inner.pending());
                drop(inner);
                std::io::Write::write_all(&mut std::io::stderr(), b"outlived the inner hold").unwrap();
                drop(outer);
                std::process::exit(7);
            }
            "supervised" | "hung up" | "scheduled" | "impatient" | "impatient, Ctrl-\\" | "impatient, both" => {
                let held = signals.defer();
                let sent = match part.as_str() {
                    "supervised" => [SIGINT, SIGTERM],
                    "hung up" => [SIGHUP, SIGHUP],
                    "scheduled" => [SIGUSR1, SIGUSR1],
                    "impatient" => [SIGINT, SIGINT],
                    "impatient, both" => [SIGINT, SIGQUIT],
                    _ => [SIGQUIT, SIGQUIT],
                };
                for signal in sent {
                    low_level::raise(signal).unwrap();
                }
                std::io::Write::write_all(&mut std::io::stderr(), b"outlived").unwrap();
                drop(held);
                std::process::exit(7);
            }
            "another" => {
                drop(SystemSignals.defer());
                let held = signals.defer();
                drop(SystemSignals.defer());
                low_level::raise(SIGTERM).unwrap();
                std::io::Write::write_all(&mut std::io::stderr(), b"outlived").unwrap();
                drop(held);
                std::process::exit(7);
            }
            "after" => {
                drop(signals.defer());
                low_level::raise(SIGINT).unwrap();
                std::process::exit(7);
            }
            "quiet" => drop(signals.defer()),
            "watched" | "held before and watched" => {
                let timeout = std::time::Duration::from_secs(20);
                if part != "watched" {
                    drop(signals.defer());
                }
                let mut supervisor = signals.supervise().unwrap();
                let held = signals.defer();
                low_level::raise(SIGTERM).unwrap();
                drop(held);
                assert_eq!(supervisor.wait(timeout), Some(crate::ports::ExitReason::Signal(SIGTERM)));
                let start = supervisor.start(&["true".into()]);
                assert_eq!(start.unwrap_err().kind(), io::ErrorKind::Interrupted);
                std::io::Write::write_all(&mut std::io::stderr(), b"told of the first").unwrap();
                low_level::raise(SIGTERM).unwrap();
                supervisor.wait(timeout);
                std::process::exit(7);
            }
            _ => {
                let Some((how, Ok(signal))) = part.rsplit_once(' ').map(|(how, number)| (how, number.parse())) else {
                    return;
                };
                if how != "watched, and then" {
                    drop(signals.defer());
                }
                let supervisor = how.contains("watched").then(|| signals.supervise().unwrap());
                let held = (how != "released").then(|| signals.defer());
                low_level::raise(signal).unwrap();
                std::io::Write::write_all(&mut std::io::stderr(), b"outlived").unwrap();
                drop(held);
                drop(supervisor);
                std::process::exit(7);
            }
        }
    }
}
