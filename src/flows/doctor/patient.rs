//! What is examined.

use crate::config::Profile;
use crate::error::Error;
use crate::flows::configuration::Configuration;
use crate::ports::{Ports, Reporter};

pub(super) struct Patient<'a> {
    pub(super) ports: &'a Ports,
    pub(super) reporter: &'a dyn Reporter,
    /// `None` if the file is not valid.
    pub(super) configuration: Option<Configuration>,
    /// `None` without a valid one.
    pub(super) profile: Option<Profile>,
}

impl Patient<'_> {
    pub(super) fn name_in_hints(&self) -> Option<&str> {
        self.profile.as_ref()?.name_in_hints.as_deref()
    }

    /// The error, whose hint names the profile.
    pub(super) fn hinted(&self, error: Error) -> Error {
        error.with_profile_hint(self.name_in_hints())
    }

    pub(super) fn is_machine(&self) -> bool {
        self.profile.as_ref().is_some_and(Profile::is_machine)
    }
}
