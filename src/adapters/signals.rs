//! Defers signals that would end the process; or takes over those that a user or supervisor sends.

#[cfg(unix)]
pub mod fatal;
#[cfg(unix)]
mod unix;

#[cfg(unix)]
pub use unix::SystemSignals;
#[cfg(windows)]
pub use windows::SystemSignals;

#[cfg(windows)]
mod windows {
    use crate::adapters::console;
    use crate::adapters::supervisor::ProcessSupervisor;
    use crate::ports::{SignalGuard, Signals, Supervisor};
    use std::io;

    /// Ctrl-C, which is all that Windows sends.
    #[derive(Clone, Copy, Debug, Default)]
    pub struct SystemSignals;

    impl Signals for SystemSignals {
        fn defer(&self) -> Box<dyn SignalGuard> {
            console::defer()
        }

        fn supervise(&self) -> io::Result<Box<dyn Supervisor>> {
            Ok(Box::new(ProcessSupervisor::begin()?))
        }

        fn end_by(&self, _: i32) {
            console::end_process();
        }
    }
}
