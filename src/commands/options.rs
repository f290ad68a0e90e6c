//! Values of options that several commands have.

use crate::config::{self, Profile};
use crate::domain::scopes::ScopeSet;
use crate::domain::time::Seconds;
use crate::error::{Error, Result};

/// The usage error for what is wrong with an option.
pub fn wrong(option: &str) -> impl Fn(String) -> Error {
    move |what| Error::usage(format!("{option}: {what}"))
}

/// The duration of an option, if it was given.
pub fn duration(option: &str, text: Option<&str>) -> Result<Option<Seconds>> {
    text.map(Seconds::parse).transpose().map_err(wrong(option))
}

/// As [`duration`], which must be longer than zero.
pub fn positive_duration(option: &str, text: Option<&str>) -> Result<Option<Seconds>> {
    text.map(Seconds::parse_positive).transpose().map_err(wrong(option))
}

/// The scopes of `--scope`, if it was given.
///
/// # Errors
/// `usage`, if it names no scope, or one that the profile's grant cannot have.
pub fn scopes(profile: &Profile, words: &[String]) -> Result<Option<ScopeSet>> {
    if words.is_empty() {
        return Ok(None);
    }
    let scopes = ScopeSet::parse(words);
    let check = if profile.is_machine() { config::check_machine_scopes } else { config::check_scope_spelling };
    let check = if scopes.is_empty() { Err("it names no scope".to_owned()) } else { check(&scopes.to_vec()) };
    check.map_err(wrong("--scope"))?;
    Ok(Some(scopes))
}
