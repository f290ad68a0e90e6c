//! The ports of the test bench.

pub mod browser;
pub mod clock;
pub mod files;
pub mod processes;
pub mod stores;
pub mod terminal;

pub use browser::{Callback, TestBrowser, parameter, success_query};
pub use clock::{Clock, Entropy, StandingClock};
pub use files::Files;
pub use processes::{ProgramRunner, Signals};
pub use stores::{TestCache, TestStores};
pub use terminal::Terminal;
