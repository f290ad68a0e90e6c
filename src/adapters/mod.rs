//! The ports on a real machine. Most files implement one port of [`crate::ports`], with one kind of side effect; the
//! others are what several of them need.
//!
//! Nothing here makes decisions about sessions. [`Ports::system`] starts no thread or runtime, reads no file and draws no
//! random number, because `tidp token` with a cached token needs none of these.

pub mod browser;
mod file_operations;
pub mod file_store;
pub mod files;
pub mod hardening;
pub mod http;
pub mod kernel_cache;
pub mod keyring;
pub mod lock;
pub mod loopback;
pub mod memory_store;
pub mod overflow_store;
mod owned_files;
pub mod program_runner;
mod retry;
pub mod signals;
pub mod stores;
#[cfg(unix)]
mod supervisor;
pub mod system;
pub mod terminal;
#[cfg(windows)]
mod windows_console;

use crate::ports::Ports;
use std::sync::Arc;

impl Ports {
    pub fn system() -> Self {
        let env = system::env();
        let dirs = system::dirs(&env);
        let terminal = Arc::<terminal::SystemTerminal>::default();
        Self {
            clock: Arc::new(system::SystemClock::start()),
            entropy: Arc::new(system::SystemEntropy),
            http: Arc::new(http::SystemHttp::new(&env)),
            stores: Arc::new(stores::SystemStores::new(&env, dirs.state.as_deref(), terminal.clone())),
            cache: Arc::new(kernel_cache::KernelCache),
            browser: Arc::new(browser::SystemBrowser::new(&env)),
            callback: Arc::new(loopback::Loopback),
            terminal,
            files: Arc::new(files::SystemFiles),
            programs: Arc::new(program_runner::SystemProgramRunner { timeout: program_runner::TIMEOUT }),
            signals: Arc::new(signals::SystemSignals),
            background: |work| std::thread::Builder::new().spawn(work).map(drop),
            dirs,
            time_zone: jiff::tz::TimeZone::system,
            env,
        }
    }
}
