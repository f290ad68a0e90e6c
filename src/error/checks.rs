//! Checks of `tidp doctor` failed. The report on standard output says more.

use super::kind::Kind;
use super::report::Report;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedChecks {
    /// Of the first one.
    pub kind: Kind,
    pub names: Vec<&'static str>,
}

impl FailedChecks {
    pub(super) fn report(&self) -> Report {
        let count = match self.names.len() {
            1 => "1 check".to_owned(),
            count => format!("{count} checks"),
        };
        Report::new(self.kind, format!("{count} failed: {}", self.names.join(", ")))
    }
}
