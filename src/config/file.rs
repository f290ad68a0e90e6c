//! The file `config.toml`.

use super::profile_keys::unknown_key;
use crate::domain::text::{printable, printable_path};
use crate::error::{Error, Result};
use crate::ports::{Dirs, Env};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use toml::Table;
use toml_edit::{Document, TableLike};

/// The contents. Unknown keys are refused, so that a misspelt one is not ignored.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub default_profile: Option<String>,
    pub store: Option<String>,
    pub store_key_command: Option<Vec<String>>,
    #[serde(default)]
    pub profile: BTreeMap<String, Table>,
    /// `None` if the file does not exist yet.
    #[serde(skip)]
    pub(crate) path: Option<PathBuf>,
    #[serde(skip)]
    text: String,
}

const NAMES: [&str; 4] = ["default_profile", "store", "store_key_command", "profile"];

pub fn config_path(env: &Env, dirs: &Dirs) -> Option<PathBuf> {
    env.get("TIDP_CONFIG").map(PathBuf::from).or_else(|| Some(dirs.config.as_ref()?.join("tidp").join("config.toml")))
}

pub fn parse(text: &str, path: &Path) -> Result<Config> {
    let config = toml::from_str(text);
    let config = config.map(|config| Config { path: Some(path.to_owned()), text: text.to_owned(), ..config });
    config.map_err(|error| {
        let (line, what) = unknown_table_or_key(text)
            .unwrap_or_else(|| (error.span().map(|span| line_at(text, span.start)), printable(error.message())));
        let place = line.map(|line| format!(", line {line}")).unwrap_or_default();
        Error::config(format!("{}{place}: {what}", printable_path(path)))
    })
}

fn unknown_table_or_key(text: &str) -> Option<(Option<usize>, String)> {
    let document = Document::parse(text).ok()?;
    let (name, _) = document.iter().find(|(name, _)| !NAMES.contains(name))?;
    Some((line_of(document.as_table(), name, text), unknown_key(name, &NAMES)))
}

fn line_of(table: &dyn TableLike, key: &str, text: &str) -> Option<usize> {
    Some(line_at(text, table.get_key_value(key)?.0.span()?.start))
}

fn line_at(text: &str, position: usize) -> usize {
    1 + text.bytes().take(position).filter(|byte| *byte == b'\n').count()
}

impl Config {
    /// The same without its path, so that an error does not name the file, which has not changed yet.
    pub fn without_path(self) -> Self {
        Self { path: None, ..self }
    }

    /// The line of a profile's key; or of the profile, if the key is not in the file.
    pub fn line(&self, profile: &str, key: &str) -> Option<usize> {
        let document = Document::parse(self.text.as_str()).ok()?;
        let profiles = document.get("profile")?.as_table_like()?;
        let keys = profiles.get(profile)?.as_table_like()?;
        line_of(keys, key, &self.text).or_else(|| line_of(profiles, profile, &self.text))
    }
}
