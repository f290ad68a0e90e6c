//! `tidp doctor`: checks what a login and a token need, and says what to do. It reads no session, changes none, and holds
//! no session's lock.

mod configuration;
mod loopback_and_browser;
mod network;
mod store;
mod surroundings;

use crate::config::Profile;
use crate::error::{Error, FailedChecks, Kind, Result};
use crate::explain::doctor_report::Check;
use crate::flows::configuration::Configuration;
use crate::ports::{Ports, Reporter};
pub use surroundings::Surroundings;

/// Checks the configuration, the network, the store, the redirect's port and the browser; the profile is the one named, or the
/// one in use.
pub fn examine(
    ports: &Ports,
    reporter: &dyn Reporter,
    profile: Option<&str>,
    checklist: &mut Checklist<'_>,
) -> Result<()> {
    let patient = Patient::admit(ports, reporter, profile, checklist)?;
    patient.check_network(checklist)?;
    patient.check_store(checklist)?;
    checklist.add(patient.loopback_port())?;
    checklist.add(patient.browser())
}

/// Passes each check to `show` when it is done, and counts those that failed.
pub struct Checklist<'a> {
    show: &'a mut dyn FnMut(Check) -> Result<()>,
    failed: Option<FailedChecks>,
}

impl<'a> Checklist<'a> {
    pub fn new(show: &'a mut dyn FnMut(Check) -> Result<()>) -> Self {
        Self { show, failed: None }
    }

    pub fn add(&mut self, finding: impl Into<Finding>) -> Result<()> {
        let Finding { check, failed } = finding.into();
        if let Some(kind) = failed {
            self.failed.get_or_insert_with(|| FailedChecks { kind, names: Vec::new() }).names.push(check.name);
        }
        (self.show)(check)
    }

    /// # Errors
    /// [`FailedChecks`], if any check failed.
    pub fn outcome(self) -> Result<()> {
        self.failed.map_or(Ok(()), |failed| Err(failed.into()))
    }
}

/// A check, and the kind of its error if it failed.
pub struct Finding {
    check: Check,
    failed: Option<Kind>,
}

impl From<Check> for Finding {
    fn from(check: Check) -> Self {
        Self { check, failed: None }
    }
}

impl Finding {
    /// A failed check: the message of the error, and its hint or else `remedy`.
    fn failed(name: &'static str, error: &Error, remedy: &str) -> Self {
        let report = error.report();
        let remedy = report.hint.unwrap_or_else(|| remedy.to_owned());
        Self { check: Check::failed(name, report.exit_code, report.message).remedy(remedy), failed: Some(report.kind) }
    }

    fn remarks(self, remarks: Vec<String>) -> Self {
        Self { check: self.check.remarks(remarks), ..self }
    }
}

struct Patient<'a> {
    ports: &'a Ports,
    reporter: &'a dyn Reporter,
    /// `None` if the file is not valid.
    configuration: Option<Configuration>,
    /// `None` without a valid one.
    profile: Option<Profile>,
}

impl Patient<'_> {
    fn name_in_hints(&self) -> Option<&str> {
        self.profile.as_ref()?.name_in_hints.as_deref()
    }

    /// As [`Finding::failed`], with the profile in the hint.
    fn failed(&self, name: &'static str, error: Error, remedy: &str) -> Finding {
        Finding::failed(name, &error.with_profile_hint(self.name_in_hints()), remedy)
    }

    fn is_machine(&self) -> bool {
        self.profile.as_ref().is_some_and(Profile::is_machine)
    }
}
