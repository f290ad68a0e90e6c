//! What is set for a profile, and where.

use super::file::Config;
use super::profile::{Profile, Source};
use super::profile_keys::{KEYS, variable_name};
use super::resolve::replaced_by_variable;
use crate::domain::text::printable;
use crate::ports::Env;

/// A key that is set, its value as it is written there, and where that is. A key that is not set has its default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    pub key: &'static str,
    pub value: String,
    pub source: Source,
    pub line: Option<usize>,
}

impl Setting {
    /// Where it is set: `line 3`, in the file, or a variable.
    pub fn place(&self) -> String {
        match self.line {
            Some(line) => format!("line {line}"),
            None => self.source.to_string(),
        }
    }
}

/// The keys that are set for the profile, in the order of the documentation: by a variable, or else in the file.
pub fn settings(profile: &Profile, config: &Config, env: &Env) -> Vec<Setting> {
    let name = profile.name_in_hints.as_deref();
    let table = name.and_then(|name| config.profile.get(name));
    let setting = |key: &'static str| {
        let variable = variable_name(key);
        if let Some(value) = env.get(&variable) {
            return Some(Setting { key, value: printable(value), source: Source::Variable(variable), line: None });
        }
        let (name, value) = (name?, table?.get(key).filter(|_| replaced_by_variable(env) != Some(key))?);
        let value = printable(&value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        Some(Setting { key, value, source: Source::Profile(name.to_owned()), line: config.line(name, key) })
    };
    KEYS.iter().filter_map(|key| setting(key.name)).collect()
}
