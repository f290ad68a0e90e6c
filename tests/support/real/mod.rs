//! The real binary in its own home, and real providers, keyrings and browsers.

#![allow(dead_code, unused_imports, reason = "each test crate uses its part of this")]

#[cfg(target_os = "linux")]
pub mod fake_keyring;
pub mod home;
pub mod http;
pub mod keepassxc;
pub mod process;
pub mod provider;
pub mod require;
pub mod scripted;
pub mod secret_service;

pub use home::Home;
pub use process::Outcome;
pub use provider::Provider;
pub use require::{program_under_test, require, require_another_user};
pub use scripted::Scripted;
