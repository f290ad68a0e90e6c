//! The checks that were made.

use crate::error::{Error, FailedChecks, Result};
use crate::explain::doctor_report::Check;

/// Passes each check to `show` when it is done, and counts those that failed.
pub struct Checklist<'a> {
    show: &'a mut dyn FnMut(Check) -> Result<()>,
    failed: Option<FailedChecks>,
}

impl<'a> Checklist<'a> {
    pub fn new(show: &'a mut dyn FnMut(Check) -> Result<()>) -> Self {
        Self { show, failed: None }
    }

    /// Shows a check that did not fail.
    ///
    /// # Errors
    /// Those of `show`.
    pub fn pass(&mut self, check: Check) -> Result<()> {
        (self.show)(check)
    }

    /// Shows a failed check: the message of the error, and its hint or else `remedy`.
    pub(super) fn fail(&mut self, name: &'static str, error: &Error, remedy: &str, remarks: Vec<String>) -> Result<()> {
        let report = error.report();
        let failed = self.failed.get_or_insert_with(|| FailedChecks { kind: report.kind, names: Vec::new() });
        failed.names.push(name);
        let remedy = report.hint.unwrap_or_else(|| remedy.to_owned());
        (self.show)(Check::failed(name, report.exit_code, report.message).remedy(remedy).remarks(remarks))
    }

    /// # Errors
    /// [`FailedChecks`], if any check failed.
    pub fn outcome(self) -> Result<()> {
        self.failed.map_or(Ok(()), |failed| Err(failed.into()))
    }
}
