//! `tidp doctor`: checks what a login and a token need, and says what to do. It reads no session, changes none, and holds
//! no session's lock.

mod checklist;
mod configuration;
mod loopback_and_browser;
mod network;
mod patient;
mod store;
mod surroundings;

use crate::error::Result;
use crate::ports::{Ports, Reporter};
pub use checklist::Checklist;
use patient::Patient;
pub use surroundings::Surroundings;

/// Checks the configuration, the network, the store, the redirect's port and the browser; the profile is the one named, or the
/// one in use.
///
/// # Errors
/// Only those of showing a check.
pub fn examine(
    ports: &Ports,
    reporter: &dyn Reporter,
    profile: Option<&str>,
    checklist: &mut Checklist<'_>,
) -> Result<()> {
    let (configuration, profile) = configuration::check(ports, profile, checklist)?;
    let patient = Patient { ports, reporter, configuration, profile };
    network::check(&patient, checklist)?;
    store::check(&patient, checklist)?;
    loopback_and_browser::check(&patient, checklist)
}
