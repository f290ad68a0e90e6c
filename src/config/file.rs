//! The file `config.toml`.

use crate::domain::text::{printable, printable_path};
use crate::error::{Error, Result};
use crate::ports::{Dirs, Env};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use toml::Table;

/// The contents. Unknown keys are refused, so that a misspelt one is not ignored.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub default_profile: Option<String>,
    pub store: Option<String>,
    /// A command that prints the file store's key.
    pub store_key_command: Option<Vec<String>>,
    #[serde(default)]
    pub profile: BTreeMap<String, Table>,
    /// `None` if the file does not exist yet.
    #[serde(skip)]
    pub(crate) path: Option<PathBuf>,
}

pub fn config_path(env: &Env, dirs: &Dirs) -> Option<PathBuf> {
    env.get("TIDP_CONFIG").map(PathBuf::from).or_else(|| Some(dirs.config.as_ref()?.join("tidp").join("config.toml")))
}

pub fn parse(text: &str, path: &Path) -> Result<Config> {
    let config = toml::from_str(text).map(|config| Config { path: Some(path.to_owned()), ..config });
    config.map_err(|error| {
        let what = printable(error.message());
        let line = error.span().map(|span| 1 + text.bytes().take(span.start).filter(|byte| *byte == b'\n').count());
        let place = line.map(|line| format!(", line {line}")).unwrap_or_default();
        Error::config(format!("{}{place}: {what}", printable_path(path)))
    })
}
