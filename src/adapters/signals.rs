//! Defers signals that would end the process; or takes over those that a user or supervisor sends.

#[cfg(unix)]
pub mod fatal;
#[cfg(unix)]
mod unix;

#[cfg(windows)]
pub use super::windows_console::SystemSignals;
#[cfg(unix)]
pub use unix::SystemSignals;
