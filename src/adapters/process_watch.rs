//! Signals taken over by a command that runs for long, and the program it started beside itself.

use super::child_command;
use crate::ports::{Ended, Watch};
use std::ffi::OsString;
use std::io;
use std::process::ExitStatus;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

#[cfg(unix)]
pub(super) use unix::{ProcessWatch, WATCHED};

fn ended(status: ExitStatus) -> Ended {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return Ended::Signal(signal);
    }
    Ended::Code(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}

/// Where there are no signals, only a program's end.
#[cfg(not(unix))]
pub(super) struct ProcessWatch {
    sender: Sender<Ended>,
    ends: Receiver<Ended>,
}

#[cfg(not(unix))]
impl Default for ProcessWatch {
    fn default() -> Self {
        let (sender, ends) = channel();
        Self { sender, ends }
    }
}

#[cfg(not(unix))]
impl Watch for ProcessWatch {
    fn start(&mut self, command: &[OsString]) -> io::Result<()> {
        let mut child = child_command::start(command)?;
        let sender = self.sender.clone();
        std::thread::Builder::new().spawn(move || child.wait().map(|status| sender.send(ended(status))))?;
        Ok(())
    }

    fn wait(&mut self, patience: Duration) -> Option<Ended> {
        self.ends.recv_timeout(patience).ok()
    }
}

#[cfg(unix)]
mod unix {
    use super::*;
    use crate::adapters::ignored_signals::is_ignored;
    use rustix::process::{Pid, Signal, kill_process};
    use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
    use signal_hook::iterator::exfiltrator::WithOrigin;
    use signal_hook::iterator::{Handle, SignalsInfo};
    use signal_hook::low_level::emulate_default_handler;
    use signal_hook::low_level::siginfo::{Cause, Origin};
    use std::process::Child;
    use std::sync::{Arc, Mutex, PoisonError};

    /// What a user, a terminal or a supervisor sends to what runs for long, and a program may be meant to get.
    pub(in crate::adapters) const WATCHED: [i32; 6] = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2];

    /// The signals of this process, which a thread of its own listens to: one comes through at once, whatever the rest
    /// of the program is waiting for.
    pub(in crate::adapters) struct ProcessWatch {
        handle: Handle,
        part: Arc<Mutex<Part>>,
        ends: Receiver<Ended>,
    }

    /// Whose business a signal is.
    enum Part {
        /// This process's own; whether one has come already.
        Alone(bool),
        /// The program's that was started.
        Beside(Child),
        /// Nobody's any more: it works as if nobody watched.
        Left,
    }

    impl ProcessWatch {
        /// Takes the signals over. One that was ignored from the start (`nohup`) stays so, for the program too.
        ///
        /// # Errors
        /// If the system refuses a handler or a thread.
        pub(in crate::adapters) fn begin() -> io::Result<Self> {
            let taken = WATCHED.into_iter().filter(|signal| !is_ignored(*signal));
            let mut signals = SignalsInfo::<WithOrigin>::new(taken)?;
            let (handle, part) = (signals.handle(), Arc::new(Mutex::new(Part::Alone(false))));
            let (sender, ends) = channel();
            let listened = Arc::clone(&part);
            std::thread::Builder::new().spawn(move || {
                for origin in signals.forever() {
                    listened.lock().unwrap_or_else(PoisonError::into_inner).takes(&origin, &sender);
                }
            })?;
            Ok(Self { handle, part, ends })
        }
    }

    impl Watch for ProcessWatch {
        fn start(&mut self, command: &[OsString]) -> io::Result<()> {
            // Locked from before the program starts until it is known, so that no signal falls between.
            let mut part = self.part.lock().unwrap_or_else(PoisonError::into_inner);
            if matches!(*part, Part::Alone(true)) {
                return Err(io::ErrorKind::Interrupted.into());
            }
            self.handle.add_signal(SIGCHLD)?;
            *part = Part::Beside(child_command::start(command)?);
            Ok(())
        }

        fn wait(&mut self, patience: Duration) -> Option<Ended> {
            self.ends.recv_timeout(patience).ok()
        }
    }

    impl Part {
        fn takes(&mut self, came: &Origin, sender: &Sender<Ended>) {
            match self {
                Self::Beside(child) if came.signal == SIGCHLD => {
                    if let Ok(Some(status)) = child.try_wait() {
                        *self = Self::Left;
                        let _ = sender.send(ended(status));
                    }
                }
                Self::Beside(child) => pass_on(child, came),
                _ if came.signal == SIGCHLD => {}
                Self::Alone(already @ false) => {
                    *already = true;
                    let _ = sender.send(Ended::Signal(came.signal));
                }
                // Whoever asks twice does not want to wait.
                Self::Alone(true) | Self::Left => drop(emulate_default_handler(came.signal)),
            }
        }
    }

    /// Gives `child` the signal, unless the terminal has given it to both. SIGHUP may have come to this process alone,
    /// as the session's leader; to get it twice harms nobody.
    fn pass_on(child: &Child, came: &Origin) {
        if matches!((came.cause, came.signal), (Cause::Kernel, SIGINT | SIGQUIT)) {
            return;
        }
        let id = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        if let (Some(id), Some(signal)) = (id, Signal::from_named_raw(came.signal)) {
            // The child has not been waited for, so the id is still its own.
            let _ = kill_process(id, signal);
        }
    }
}
