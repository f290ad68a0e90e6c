//! Edits of `config.toml` that keep its comments: a profile added, removed or made the default.

use crate::config::{self, Config, Profile};
use crate::domain::session::EntryKey;
use crate::domain::text::{printable_path, utf8_text};
use crate::error::{Error, Result, SetupError};
use crate::flows::configuration::Configuration;
use crate::flows::machine_tokens;
use crate::flows::session_lock::{SESSION_LOCK_TIMEOUT, poll_until};
use crate::ports::{Lock, MAX_FILE_SIZE, Ports};
use std::path::{Path, PathBuf};
use toml_edit::{Array, DocumentMut, Item, Table, value};

/// The keys of a profile to add.
pub struct NewProfile<'a> {
    pub name: &'a str,
    /// Keys and texts, in the order of the file.
    pub texts: Vec<(&'static str, &'a str)>,
    pub scopes: Vec<&'a str>,
}

/// The configuration file, locked so that no other `tidp` changes it meanwhile.
pub struct ProfileFile<'w> {
    ports: &'w Ports,
    pub configuration: Configuration,
    path: PathBuf,
    _lock: Box<dyn Lock>,
}

impl<'w> ProfileFile<'w> {
    /// The locked file.
    ///
    /// # Errors
    /// `config`, also for a pipe; `busy`.
    pub fn open(ports: &'w Ports) -> Result<Self> {
        Self::lock(ports, Configuration::load)
    }

    /// The locked file, which may be missing.
    ///
    /// # Errors
    /// As [`ProfileFile::open`].
    pub fn open_or_create(ports: &'w Ports) -> Result<Self> {
        Self::lock(ports, Configuration::load_or_new)
    }

    fn lock(ports: &'w Ports, load: fn(&Ports) -> Result<Configuration>) -> Result<Self> {
        // Loaded before locking too, because the lock creates the directory, which an error should not leave behind.
        let configuration = load(ports)?;
        let path = configuration.path.ok_or_else(|| Error::config("there is no home directory: set TIDP_CONFIG"))?;
        if configuration.is_pipe {
            return Err(SetupError::ConfigIsPipe(path).into());
        }
        let attempt = |_| ports.files.try_lock(&path).map_err(|error| file_error(&path, &error));
        let lock = poll_until(ports, SESSION_LOCK_TIMEOUT, attempt)?.ok_or(SetupError::ConfigBusy)?;
        Ok(Self { ports, configuration: load(ports)?, path, _lock: lock })
    }

    pub fn has_profiles(&self) -> bool {
        !self.configuration.config.profile.is_empty()
    }

    /// Adds a profile; the first one becomes the default.
    ///
    /// # Errors
    /// `usage` if there is one of that name, `config` if its keys are not valid.
    pub fn add(&self, new: &NewProfile<'_>) -> Result<Profile> {
        if self.configuration.config.profile.contains_key(new.name) {
            return Err(SetupError::ProfileExists(new.name.to_owned()).into());
        }
        let mut document = self.document()?;
        add_profile(&mut document, new);
        if !self.has_profiles() {
            document["default_profile"] = value(new.name);
        }
        self.write_valid(&document, new.name)
    }

    /// Makes a profile the default.
    ///
    /// # Errors
    /// `config` if there is none of that name, or its keys are not valid.
    pub fn make_default(&self, name: &str) -> Result<Profile> {
        self.require(name)?;
        let mut document = self.document()?;
        set_default(&mut document, name);
        self.write_valid(&document, name)
    }

    /// Removes a profile that has no session, its client secret and its machine tokens; returns whether it was the default.
    ///
    /// # Errors
    /// `config` if there is none of that name, `usage` if it has a session, `store`.
    pub fn remove(&self, name: &str) -> Result<bool> {
        self.require(name)?;
        // A profile that is not valid has no session, and can still be removed.
        if let Ok(profile) = self.profile(name, &self.configuration.config) {
            self.delete_secrets(&profile)?;
        }
        let mut document = self.document()?;
        if let Some(profiles) = document.get_mut("profile").and_then(Item::as_table_like_mut) {
            profiles.remove(name);
        }
        let was_default = self.configuration.config.default_profile.as_deref() == Some(name);
        if was_default {
            document.remove("default_profile");
        }
        self.write(&document.to_string())?;
        Ok(was_default)
    }

    fn require(&self, name: &str) -> Result<()> {
        let config = &self.configuration.config;
        if config.profile.contains_key(name) { Ok(()) } else { Err(config::no_such_profile(name, config)) }
    }

    fn profile(&self, name: &str, config: &Config) -> Result<Profile> {
        config::file_profile(name, config, self.configuration.base())
    }

    fn delete_secrets(&self, profile: &Profile) -> Result<()> {
        let store = self.configuration.store(self.ports)?;
        let key = profile.session_key();
        if store.load(&EntryKey::Session(key.clone()).name())?.is_some() {
            return Err(SetupError::ProfileHasSession(profile.name.clone()).into());
        }
        store.delete(&EntryKey::ClientSecret(key.clone()).name())?;
        // Whatever the profile's grant is now: it may have been another one.
        machine_tokens::remove(self.ports, store.as_ref(), &key)
    }

    fn document(&self) -> Result<DocumentMut> {
        let bytes = self.ports.files.read(&self.path).map_err(|error| file_error(&self.path, &error))?;
        let wrong = |what: &str| Error::config(format!("{}: it is {what}", printable_path(&self.path)));
        let bytes = bytes.unwrap_or_default();
        utf8_text(&bytes).map_err(wrong)?.parse().map_err(|_| wrong("not TOML"))
    }

    /// Writes the document if the profile is valid in it, and returns the profile.
    fn write_valid(&self, document: &DocumentMut, name: &str) -> Result<Profile> {
        let text = document.to_string();
        let config = config::parse(&text, &self.path)?.without_path();
        let profile = self.profile(name, &config)?;
        self.write(&text)?;
        Ok(profile)
    }

    fn write(&self, text: &str) -> Result<()> {
        if text.len() as u64 > MAX_FILE_SIZE {
            return Err(SetupError::ConfigTooLarge(self.path.clone()).into());
        }
        self.ports.files.write(&self.path, text.as_bytes()).map_err(|error| file_error(&self.path, &error))
    }
}

fn add_profile(document: &mut DocumentMut, new: &NewProfile<'_>) {
    let mut keys: Table = new.texts.iter().map(|(key, text)| (*key, value(*text))).collect();
    if !new.scopes.is_empty() {
        keys["scopes"] = value(new.scopes.iter().copied().collect::<Array>());
    }
    let profiles = document.entry("profile").or_insert_with(|| {
        let mut table = Table::new();
        table.set_implicit(true);
        Item::Table(table)
    });
    profiles[new.name] = Item::Table(keys);
}

fn set_default(document: &mut DocumentMut, name: &str) {
    match document.get_mut("default_profile").and_then(Item::as_value_mut) {
        // The decor holds the comment beside the value, which assigning an item would drop.
        Some(default) => {
            let decor = default.decor().clone();
            *default = name.into();
            *default.decor_mut() = decor;
        }
        None => document["default_profile"] = value(name),
    }
}

fn file_error(path: &Path, error: &std::io::Error) -> Error {
    Error::config(format!("{}: {error}", printable_path(path)))
}
