//! Takes signals over for a command that runs long, and supervises the program that it starts.

use super::hardening;
use super::signals::fatal::is_ignored;
use crate::domain::mutex::lock_mutex;
use crate::ports::{ExitReason, Supervisor};
use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
use signal_hook::iterator::exfiltrator::WithOrigin;
use signal_hook::iterator::{Handle, SignalsInfo};
use signal_hook::low_level::emulate_default_handler;
use signal_hook::low_level::siginfo::{Cause, Origin};
use std::ffi::OsString;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::Child;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What a user, a terminal or a supervisor sends, and the program may be meant to get.
pub(super) const SUPERVISED_SIGNALS: [i32; 6] = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2];

/// Handles signals on a thread, so that they get through whatever the program is waiting for.
pub(super) struct ProcessSupervisor {
    handle: Handle,
    target: Arc<Mutex<SignalTarget>>,
    exits: Receiver<ExitReason>,
}

enum SignalTarget {
    /// This process; whether one has come already.
    ThisProcess(bool),
    Program(Child),
    /// Nobody: they have their default effect.
    Nobody,
}

impl ProcessSupervisor {
    /// Takes the signals over, except those ignored from the start (`nohup`), which the program ignores as well.
    pub(super) fn begin() -> io::Result<Self> {
        let signals = SUPERVISED_SIGNALS.into_iter().filter(|signal| !is_ignored(*signal));
        let mut signals = SignalsInfo::<WithOrigin>::new(signals)?;
        let (handle, target) = (signals.handle(), Arc::new(Mutex::new(SignalTarget::ThisProcess(false))));
        let (sender, exits) = channel();
        let shared = Arc::clone(&target);
        std::thread::Builder::new().spawn(move || {
            for origin in signals.forever() {
                lock_mutex(&shared).handle(&origin, &sender);
            }
        })?;
        Ok(Self { handle, target, exits })
    }
}

impl Supervisor for ProcessSupervisor {
    fn start(&mut self, command: &[OsString]) -> io::Result<()> {
        // Locked until the program is known, so that no signal gets lost in between.
        let mut target = lock_mutex(&self.target);
        if matches!(*target, SignalTarget::ThisProcess(true)) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        self.handle.add_signal(SIGCHLD)?;
        *target = SignalTarget::Program(hardening::start(command)?);
        Ok(())
    }

    fn wait(&mut self, timeout: Duration) -> Option<ExitReason> {
        self.exits.recv_timeout(timeout).ok()
    }
}

impl SignalTarget {
    fn handle(&mut self, origin: &Origin, sender: &Sender<ExitReason>) {
        match self {
            Self::Program(child) if origin.signal == SIGCHLD => {
                if let Ok(Some(status)) = child.try_wait() {
                    *self = Self::Nobody;
                    let code = || ExitReason::Code(status.code().unwrap_or(1));
                    let _ = sender.send(status.signal().map_or_else(code, ExitReason::Signal));
                }
            }
            Self::Program(child) => forward(child, origin),
            _ if origin.signal == SIGCHLD => {}
            Self::ThisProcess(interrupted @ false) => {
                *interrupted = true;
                let _ = sender.send(ExitReason::Signal(origin.signal));
            }
            // A second signal means "do not wait".
            Self::ThisProcess(true) | Self::Nobody => drop(emulate_default_handler(origin.signal)),
        }
    }
}

/// Passes a signal on to `child`, unless the terminal has sent it to both. SIGHUP may have come to this process
/// alone, as the session's leader; getting it twice is harmless.
fn forward(child: &Child, origin: &Origin) {
    let by_terminal = !matches!(origin.cause, Cause::Sent(_)); // macOS does not say that it was the kernel
    if by_terminal && matches!(origin.signal, SIGINT | SIGQUIT) {
        return;
    }
    if let Some(signal) = Signal::from_named_raw(origin.signal) {
        // The child was not waited for, so its id is still valid.
        let _ = kill_process(Pid::from_child(child), signal);
    }
}
