//! The thin edges: each file implements one port of [`crate::ports`] for the system, with one kind of side effect.
//!
//! Nothing here decides anything about sessions, and nothing is done before it is asked for: [`Ports::system`] starts
//! no thread, builds no runtime, reads no file and draws no random number, because `tidp token` with a cached token
//! needs none of these.
//!
//! | file | side effect |
//! |---|---|
//! | `http` | requests over the network, bounded in time and size |
//! | `keyring`, `file_store`, `memory_store`, chosen by `stores` | sessions at rest |
//! | `small_entries` | what does not fit an entry of a keyring (Windows: 2,560 bytes), beside it |
//! | `retry` | waiting for a store that must take a new token |
//! | `kernel_cache` | access tokens in the Linux kernel's user keyring |
//! | `lock` | kernel locks on directories |
//! | `browser` | the user's browser is started |
//! | `loopback` | the redirect is caught on a loopback port |
//! | `terminal` | standard input, output and error |
//! | `files`, over `private` | configuration and caches of public data |
//! | `process`, `signals`, `watch`, `system` | children, core dumps, signals, clock, entropy, environment, directories |

pub mod browser;
mod child_command;
pub mod file_store;
pub mod files;
pub mod hardening;
pub mod http;
#[cfg(unix)]
mod ignored_signals;
pub mod kernel_cache;
pub mod keyring;
pub mod lock;
pub mod loopback;
pub mod memory_store;
pub mod overflow_store;
mod owned_files;
pub mod process;
mod process_watch;
mod retry;
pub mod signals;
pub mod stores;
pub mod system;
pub mod terminal;

use crate::ports::Ports;
use std::sync::Arc;

impl Ports {
    /// The world as it is: the composition root. Touches nothing but the environment and the clock.
    pub fn system() -> Self {
        let (env, dirs) = (system::env(), system::dirs());
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
            children: Arc::new(process::SystemChildren::default()),
            signals: Arc::new(signals::SystemSignals),
            background: |work| std::thread::Builder::new().spawn(work).map(drop),
            dirs,
            time_zone: jiff::tz::TimeZone::system,
            env,
        }
    }
}
