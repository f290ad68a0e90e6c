//! How sentences write times, commands and settings.

use crate::domain::text::with_full_stop;
use crate::domain::time::Time;
use crate::error::{quote, with_profile};

/// For a person or for JSON, and for a named profile or the environment.
#[derive(Clone, Copy)]
pub struct Words<'a> {
    pub format_time: &'a dyn Fn(Time) -> String,
    /// The value that commands need for `--profile`. Without one, settings are environment variables.
    pub profile: Option<&'a str>,
}

impl Words<'_> {
    pub(super) fn time(&self, time: Time) -> String {
        (self.format_time)(time)
    }

    /// A command line of this program, in backquotes and with `--profile`.
    pub(super) fn command(&self, command: &str) -> String {
        format!("`{}`", with_profile(command, self.profile))
    }
}

/// Where to set a key: in the named profile of the file, or in the environment.
pub fn setting(key: &str, profile: Option<&str>) -> String {
    match profile {
        Some(_) => format!("{key} in the profile"),
        None => format!("TIDP_{}", key.to_ascii_uppercase()),
    }
}

/// What to do to have `tidp token` renew the session before it ends.
pub fn renewal_in_time(profile: Option<&str>) -> String {
    match profile {
        Some(name) => format!("run `tidp profile set {} renew before-session-ends`", quote(name)),
        None => "set TIDP_RENEW=before-session-ends".to_owned(),
    }
}

pub fn full_sentence(warning: &str) -> String {
    let mut letters = warning.chars();
    with_full_stop(&letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect::<String>())
}
