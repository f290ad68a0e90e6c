//! The configuration file, and the store that it chooses.

use crate::config::{self, Config, KeySource, Profile, Setting};
use crate::domain::secret::Secret;
use crate::domain::text::{into_utf8_text, printable_path, with_tilde};
use crate::error::{Error, Result};
use crate::explain::trace_messages;
use crate::ports::{Ports, Reporter, Store, StoreChoice, StoreName};
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub struct Configuration {
    pub config: Config,
    /// Where it is or would be; `None` without a home directory.
    pub path: Option<PathBuf>,
    /// Whether it was read from a pipe, so that it cannot be changed.
    pub is_pipe: bool,
}

impl Configuration {
    /// The file's contents; empty if it is missing, which is an error if `TIDP_CONFIG` names it.
    ///
    /// # Errors
    /// `config`, if it cannot be read or is not valid.
    pub fn load(ports: &Ports) -> Result<Self> {
        let configuration = Self::load_or_new(ports)?;
        match &configuration.path {
            Some(path) if configuration.config.path.is_none() && ports.env.get("TIDP_CONFIG").is_some() => {
                Err(Error::config(format!("TIDP_CONFIG names a file that does not exist: {}", printable_path(path))))
            }
            _ => Ok(configuration),
        }
    }

    /// As [`Configuration::load`], but the file may be missing: for commands that are about to write it.
    pub fn load_or_new(ports: &Ports) -> Result<Self> {
        config::caches_access_tokens(&ports.env)?;
        let Some(path) = config::config_path(&ports.env, &ports.dirs) else {
            return Ok(Self { config: Config::default(), path: None, is_pipe: false });
        };
        let text = read_text(ports, &path).map_err(|error| file_error(&path, error))?;
        let config = text.map_or_else(|| Ok(Config::default()), |text| config::parse(&text, &path))?;
        let is_pipe = ports.files.is_pipe(&path);
        Ok(Self { config, path: Some(path), is_pipe })
    }

    /// The profiles to propose for a command line, by names safe in a shell. None of a pipe: the command needs it.
    pub fn proposed_profiles(ports: &Ports) -> Vec<String> {
        if config::config_path(&ports.env, &ports.dirs).is_none_or(|path| ports.files.is_pipe(&path)) {
            return Vec::new();
        }
        let names = Self::load(ports).map(|found| found.config.profile.into_keys());
        names.into_iter().flatten().filter(|name| config::check_profile_name(name).is_ok()).collect()
    }

    pub fn profile(&self, ports: &Ports, name: Option<&str>) -> Result<Profile> {
        config::profile(name, &ports.env, &self.config, self.base())
    }

    /// The profile of that name as the file has it.
    ///
    /// # Errors
    /// `config`, if there is none or it is not valid.
    pub fn file_profile(&self, name: &str) -> Result<Profile> {
        config::file_profile(name, &self.config, self.base())
    }

    /// The directory that relative paths start from; `None`, so the current one, for a pipe.
    pub fn base(&self) -> Option<&Path> {
        self.path.as_deref().filter(|_| !self.is_pipe).and_then(Path::parent)
    }

    /// # Errors
    /// `config` for a store that is not valid, `store` if it cannot be used.
    pub fn store(&self, ports: &Ports) -> Result<Arc<dyn Store>> {
        Ok(ports.stores.open(&self.store_choice(ports)?)?.into())
    }

    /// The store to open, with its key.
    pub fn store_choice(&self, ports: &Ports) -> Result<StoreChoice> {
        let dir = || store_dir(ports).ok_or_else(|| Error::config("there is no home directory: set TIDP_STORE_DIR"));
        Ok(match config::store(&ports.env, &self.config)? {
            StoreName::Keyring => StoreChoice::Keyring,
            StoreName::Memory => StoreChoice::Memory,
            StoreName::PlaintextFile => StoreChoice::PlaintextFile { dir: dir()? },
            StoreName::File => {
                let source = config::store_key(&ports.env, &self.config)?;
                StoreChoice::File { dir: dir()?, key: store_key(ports, source)? }
            }
        })
    }

    /// Shows under `--verbose` which profile and store are used, and where that was set. Values that may be personal or
    /// secret are not shown: only the provider and the client are.
    pub fn trace(&self, ports: &Ports, reporter: &dyn Reporter, profile: &Profile, flag: Option<&str>) {
        let Self { config, path, .. } = self;
        let home = ports.env.home();
        let shown = |path: &Path| with_tilde(&printable_path(path), home);
        let why = config::selection(flag, &ports.env, config).map_or("", |selection| selection.why.to_text(&ports.env));
        let file = path.as_deref().filter(|_| profile.name_in_hints.is_some()).map(shown);
        reporter.trace(|| trace_messages::profile(&profile.name, why, file.as_deref()));
        let all = config::settings(profile, config, &ports.env);
        let (client, others): (Vec<_>, Vec<_>) =
            all.iter().partition(|setting| matches!(setting.key, "issuer" | "environment" | "client_id"));
        let with_value = |setting: &&Setting| format!("{} {} ({})", setting.key, setting.value, setting.place());
        let place = |setting: &&Setting| format!("{} ({})", setting.key, setting.place());
        reporter.trace(|| client.iter().map(with_value).collect::<Vec<_>>().join(", "));
        if !others.is_empty() {
            reporter.trace(|| format!("also set: {}", others.iter().map(place).collect::<Vec<_>>().join(", ")));
        }
        let Ok(store) = config::store(&ports.env, config) else { return };
        let source = match (ports.env.get("TIDP_STORE"), &config.store) {
            (Some(_), _) => "TIDP_STORE",
            (None, Some(_)) => "config.toml",
            (None, None) => "the default",
        };
        let has_dir = matches!(store, StoreName::File | StoreName::PlaintextFile);
        let dir = store_dir(ports).filter(|_| has_dir).map(|dir| shown(&dir));
        let key = config::store_key(&ports.env, config).ok().filter(|_| store == StoreName::File);
        let key = key.map(|source| match source {
            KeySource::Variable(_) => "TIDP_STORE_KEY",
            KeySource::File(_) => "TIDP_STORE_KEY_FILE",
            KeySource::Command(_) => "store_key_command",
        });
        reporter.trace(|| trace_messages::store(store.as_str(), source, dir.as_deref(), key));
    }
}

/// The error about a file of that path.
pub fn file_error(path: &Path, error: impl Display) -> Error {
    Error::config(format!("{}: {error}", printable_path(path)))
}

/// The text of a file; `None` if there is none. The error says what is wrong with it.
pub fn read_text(ports: &Ports, path: &Path) -> std::result::Result<Option<String>, String> {
    let Some(bytes) = ports.files.read(path).map_err(|error| error.to_string())? else { return Ok(None) };
    into_utf8_text(bytes).map(Some).map_err(|why| format!("it is {why}"))
}

/// Where a store of files is; `None` without a home directory.
fn store_dir(ports: &Ports) -> Option<PathBuf> {
    let own = ports.env.get("TIDP_STORE_DIR").map(PathBuf::from);
    own.or_else(|| Some(ports.dirs.data.as_ref()?.join("tidp").join("sessions")))
}

fn store_key(ports: &Ports, source: KeySource) -> Result<Secret> {
    let text = match source {
        KeySource::Variable(key) => key,
        KeySource::Command(command) => {
            ports.programs.output(&command).map_err(|what| Error::config(format!("store_key_command: {what}")))?
        }
        KeySource::File(path) => {
            let name = printable_path(&path);
            let unreadable = |what: String| Error::config(format!("TIDP_STORE_KEY_FILE {name}: {what}"));
            let bytes = ports.files.read_key(&path).map_err(|error| unreadable(error.to_string()))?;
            let bytes = bytes.ok_or_else(|| unreadable("no such file".into()))?;
            Secret::new(into_utf8_text(bytes).map_err(|why| unreadable(format!("it is {why}")))?)
        }
    };
    Ok(Secret::new(text.expose().trim()))
}
