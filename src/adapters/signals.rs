//! Every signal that would end the process put off while a session is between two states; those that a user or a
//! supervisor sends taken over, for as long as the process runs.

#[cfg(unix)]
mod fatal;

use crate::ports::{SignalGuard, Signals, Watch};
use std::io;

#[cfg(unix)]
pub use unix::SystemSignals;

/// Where there are no such signals, nothing is put off.
#[cfg(not(unix))]
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemSignals;

#[cfg(not(unix))]
impl Signals for SystemSignals {
    fn defer(&self) -> Box<dyn SignalGuard> {
        Box::new(Nothing)
    }

    fn watch(&self) -> io::Result<Box<dyn Watch>> {
        Ok(Box::new(super::process_watch::ProcessWatch::default()))
    }

    fn end_by(&self, _: i32) {}
}

#[cfg(not(unix))]
struct Nothing;

#[cfg(not(unix))]
impl SignalGuard for Nothing {
    fn pending(&self) -> bool {
        false
    }
}

#[cfg(unix)]
mod unix {
    use super::{SignalGuard, Signals, Watch, fatal, io};
    use crate::adapters::ignored_signals::IgnoredSignals;
    use crate::adapters::process_watch::{ProcessWatch, WATCHED};
    use signal_hook::consts::{SIGINT, SIGQUIT};
    use signal_hook::{SigId, flag, low_level};
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex, OnceLock, PoisonError};

    /// The signals of this process, of which there is one whoever holds them: two would undo each other's holds. Nothing
    /// is installed before the first hold.
    #[derive(Clone, Copy, Debug, Default)]
    pub struct SystemSignals;

    static SHARED: OnceLock<Shared> = OnceLock::new();

    /// Whether somebody has taken some over: those are not put off any more.
    static WATCHING: AtomicBool = AtomicBool::new(false);

    #[derive(Debug)]
    struct Shared {
        holds: Mutex<usize>,
        /// Whether nobody holds: then a signal does at once what it does by default.
        released: Arc<AtomicBool>,
        /// The signal that came last, 0 if none did.
        came: Arc<AtomicUsize>,
        handlers: Vec<(i32, SigId)>,
    }

    impl Signals for SystemSignals {
        fn defer(&self) -> Box<dyn SignalGuard> {
            let watched: &[i32] = if WATCHING.load(Ordering::SeqCst) { &WATCHED } else { &[] };
            let shared = SHARED.get_or_init(|| Shared::install(watched));
            let mut holds = shared.holds.lock().unwrap_or_else(PoisonError::into_inner);
            *holds += 1;
            shared.released.store(false, Ordering::SeqCst);
            Box::new(Hold(shared))
        }

        fn watch(&self) -> io::Result<Box<dyn Watch>> {
            let watch = ProcessWatch::begin()?;
            WATCHING.store(true, Ordering::SeqCst);
            // The watch has its own handlers by now, so that no signal is without one.
            let ours = SHARED.get().into_iter().flat_map(|shared| &shared.handlers);
            for (_, handler) in ours.filter(|(signal, _)| WATCHED.contains(signal)) {
                low_level::unregister(*handler);
            }
            Ok(Box::new(watch))
        }

        fn end_by(&self, signal: i32) {
            fatal::end_by(signal);
        }
    }

    impl Shared {
        /// Handlers for all but `watched`. They stay installed, because taking the last one away would leave the signal
        /// without any effect; `released` gives it back its default one. A signal that was ignored from the start
        /// (`nohup`) stays so.
        fn install(watched: &[i32]) -> Self {
            let (released, came) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
            let mut handlers = Vec::new();
            let asked = Arc::new(AtomicBool::new(false));
            let ignored = IgnoredSignals::now();
            let free = fatal::all().filter(|signal| !watched.contains(signal) && ignored.can_be_deferred(*signal));
            for signal in free {
                let number = usize::try_from(signal).unwrap_or_default();
                // Without a handler the signal works at once, which is no worse than before.
                let mut add = |handler: io::Result<SigId>| handlers.extend(handler.map(|handler| (signal, handler)));
                add(if fatal::KNOWN.contains(&signal) {
                    flag::register_conditional_default(signal, Arc::clone(&released))
                } else {
                    flag::register_conditional_shutdown(signal, fatal::status(signal), Arc::clone(&released))
                });
                if [SIGINT, SIGQUIT].contains(&signal) {
                    // A person who presses Ctrl-C or Ctrl-\ twice does not want to wait. A supervisor that sends one
                    // signal after another has asked no more than once, and has SIGKILL for its impatience.
                    add(flag::register_conditional_default(signal, Arc::clone(&asked)));
                    add(flag::register(signal, Arc::clone(&asked)));
                }
                add(flag::register_usize(signal, Arc::clone(&came), number));
            }
            Self { holds: Mutex::new(0), released, came, handlers }
        }
    }

    struct Hold(&'static Shared);

    impl SignalGuard for Hold {
        fn pending(&self) -> bool {
            self.0.came.load(Ordering::SeqCst) != 0
        }
    }

    impl Drop for Hold {
        fn drop(&mut self) {
            let mut holds = self.0.holds.lock().unwrap_or_else(PoisonError::into_inner);
            *holds -= 1;
            if *holds > 0 {
                return;
            }
            // First released, then looked: a signal between the two has worked by itself.
            self.0.released.store(true, Ordering::SeqCst);
            if let Ok(signal @ 1..) = i32::try_from(self.0.came.load(Ordering::SeqCst)) {
                fatal::end_by(signal);
            }
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;
        use crate::adapters::ignored_signals::is_ignored;
        use signal_hook::consts::{SIGHUP, SIGTERM, SIGUSR1, SIGXCPU};
        use std::os::unix::process::ExitStatusExt;
        use std::process::Command;

        /// Runs one of the tests below in a process of its own, with the marker it waits for.
        fn in_a_process(part: &str) -> std::process::Output {
            let heard = ![SIGINT, SIGTERM, SIGHUP].into_iter().any(is_ignored);
            assert!(heard, "the tests were started with signals ignored, as `nohup` and a script's `&` do");
            let mut command = Command::new(std::env::current_exe().unwrap());
            command.args(["--exact", "adapters::signals::unix::tests::a_part_that_runs_in_a_process_of_its_own"]);
            command.env("TIDP_TEST_PART", part).output().unwrap()
        }

        #[test]
        fn what_nohup_may_have_ignored_stays_so_where_that_cannot_be_known() {
            let put_off = |mask| [SIGINT, SIGTERM, SIGHUP].map(|signal| IgnoredSignals(mask).can_be_deferred(signal));
            assert_eq!(put_off(Some(0)), [true; 3]);
            assert_eq!(put_off(Some(u64::MAX)), [false; 3]);
            assert_eq!(put_off(None), [true, true, false]);
        }

        #[test]
        fn a_signal_that_came_while_held_ends_the_process_by_itself_when_the_last_hold_goes() {
            let output = in_a_process("nested");
            assert_eq!(output.status.signal(), Some(SIGTERM));
            assert!(String::from_utf8_lossy(&output.stderr).contains("outlived the inner hold"));
        }

        #[test]
        fn a_signal_after_the_hold_works_at_once() {
            assert_eq!(in_a_process("after").status.signal(), Some(SIGINT));
        }

        #[test]
        fn what_a_supervisor_and_a_closed_terminal_send_waits_and_a_second_ctrl_c_does_not() {
            for (part, ends_by) in [
                ("supervised", SIGTERM),
                ("hung up", SIGHUP),
                ("scheduled", SIGUSR1),
                ("impatient", SIGINT),
                ("impatient, Ctrl-\\", SIGQUIT),
                ("impatient, both", SIGQUIT),
            ] {
                let output = in_a_process(part);
                assert_eq!(output.status.signal(), Some(ends_by), "{part}");
                let outlived = String::from_utf8_lossy(&output.stderr).contains("outlived");
                assert_eq!(outlived, !part.starts_with("impatient"), "{part}");
            }
        }

        #[test]
        fn every_signal_that_would_end_the_process_waits_and_then_ends_it_by_itself() {
            for signal in fatal::all() {
                let output = in_a_process(&format!("held {signal}"));
                assert!(String::from_utf8_lossy(&output.stderr).contains("outlived"), "{signal}: {output:?}");
                assert_eq!(output.status.signal(), Some(signal));
                let output = in_a_process(&format!("released {signal}"));
                let ended = output.status.signal().or(output.status.code().map(|code| code - 128));
                assert_eq!(ended, Some(signal), "{output:?}");
            }
        }

        #[test]
        fn what_nobody_watches_is_put_off_whoever_watches_the_others() {
            for part in ["watched", "held before and watched"] {
                let output = in_a_process(&format!("{part}, and then {SIGXCPU}"));
                assert_eq!(output.status.signal(), Some(SIGXCPU), "{part}: {output:?}");
                assert!(String::from_utf8_lossy(&output.stderr).contains("outlived"), "{part}: {output:?}");
            }
        }

        #[test]
        fn what_one_holds_no_other_releases() {
            let output = in_a_process("another");
            assert_eq!(output.status.signal(), Some(SIGTERM));
            assert!(String::from_utf8_lossy(&output.stderr).contains("outlived"), "{output:?}");
        }

        #[test]
        fn a_hold_during_which_nothing_came_changes_nothing() {
            assert!(in_a_process("quiet").status.success());
        }

        #[test]
        fn once_they_are_watched_a_signal_is_told_whatever_is_held_and_a_second_one_works_at_once() {
            for part in ["watched", "held before and watched"] {
                let output = in_a_process(part);
                assert_eq!(output.status.signal(), Some(SIGTERM), "{part}: {output:?}");
                assert!(String::from_utf8_lossy(&output.stderr).contains("told of the first"), "{part}: {output:?}");
            }
        }

        #[test]
        #[allow(clippy::disallowed_methods)] // the marker is the test's own
        fn a_part_that_runs_in_a_process_of_its_own() {
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
                    let patience = std::time::Duration::from_secs(20);
                    if part != "watched" {
                        drop(signals.defer());
                    }
                    let mut watch = signals.watch().unwrap();
                    let held = signals.defer();
                    low_level::raise(SIGTERM).unwrap();
                    drop(held);
                    assert_eq!(watch.wait(patience), Some(crate::ports::Ended::Signal(SIGTERM)));
                    let start = watch.start(&["true".into()]);
                    assert_eq!(start.unwrap_err().kind(), io::ErrorKind::Interrupted);
                    std::io::Write::write_all(&mut std::io::stderr(), b"told of the first").unwrap();
                    low_level::raise(SIGTERM).unwrap();
                    watch.wait(patience);
                    std::process::exit(7);
                }
                _ => {
                    let Some((how, Ok(signal))) = part.rsplit_once(' ').map(|(how, number)| (how, number.parse()))
                    else {
                        return;
                    };
                    if how != "watched, and then" {
                        drop(signals.defer());
                    }
                    let watch = how.contains("watched").then(|| signals.watch().unwrap());
                    let held = (how != "released").then(|| signals.defer());
                    low_level::raise(signal).unwrap();
                    std::io::Write::write_all(&mut std::io::stderr(), b"outlived").unwrap();
                    drop(held);
                    drop(watch);
                    std::process::exit(7);
                }
            }
        }
    }
}
