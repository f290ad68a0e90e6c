//! Edits of `config.toml` that keep its comments.

use crate::config::{self, Profile};
use crate::domain::text::printable;
use crate::error::{CommandLineError, ConfigFileError, Error, ProfileError, Result, Situation};
use crate::flows::configuration::{Configuration, file_error, read_text};
use crate::flows::context::Context;
use crate::flows::session_lock::{SHORT_LOCK_TIMEOUT, poll_until};
use crate::ports::{Lock, MAX_FILE_SIZE, Ports, Reporter};
use std::path::{Path, PathBuf};
use toml_edit::{Array, DocumentMut, Item, Table, TableLike, Value, value};

pub struct NewProfile<'a> {
    pub name: &'a str,
    /// Keys and texts, in the order of the file.
    pub texts: Vec<(&'static str, &'a str)>,
    pub scopes: Vec<&'a str>,
}

pub struct Change {
    /// `None` if it was not valid.
    pub before: Option<Profile>,
    pub after: Profile,
}

/// The configuration file, locked so that no other `tidp` changes it meanwhile.
pub struct ProfileFile<'w> {
    pub(super) ports: &'w Ports,
    pub(super) reporter: &'w dyn Reporter,
    pub configuration: Configuration,
    path: PathBuf,
    _lock: Box<dyn Lock>,
}

impl<'w> ProfileFile<'w> {
    /// The locked file.
    ///
    /// # Errors
    /// `config`, also for a pipe; `busy`.
    pub fn open(ports: &'w Ports, reporter: &'w dyn Reporter) -> Result<Self> {
        Self::lock(ports, reporter, Configuration::load)
    }

    /// The locked file, which may be missing.
    pub fn open_or_create(ports: &'w Ports, reporter: &'w dyn Reporter) -> Result<Self> {
        Self::lock(ports, reporter, Configuration::load_or_new)
    }

    fn lock(ports: &'w Ports, reporter: &'w dyn Reporter, load: fn(&Ports) -> Result<Configuration>) -> Result<Self> {
        // Loaded before locking too, because the lock creates the directory, which an error should not leave behind.
        let configuration = load(ports)?;
        let path = configuration.path.ok_or_else(|| Error::config("there is no home directory: set TIDP_CONFIG"))?;
        if configuration.is_pipe {
            return Err(ConfigFileError::ConfigIsPipe(path).into());
        }
        let attempt = |_| ports.files.try_lock(&path).map_err(|error| file_error(&path, error));
        let lock = poll_until(ports, SHORT_LOCK_TIMEOUT, attempt)?.ok_or(ConfigFileError::ConfigBusy)?;
        Ok(Self { ports, reporter, configuration: load(ports)?, path, _lock: lock })
    }

    /// The context of a profile as it is or was in the file.
    pub(super) fn context(&self, profile: Profile) -> Result<Context<'w>> {
        Ok(Context::new(self.ports, self.reporter, profile, self.configuration.store(self.ports)?))
    }

    pub fn has_profiles(&self) -> bool {
        !self.configuration.config.profile.is_empty()
    }

    /// Adds a profile; the first one becomes the default.
    ///
    /// # Errors
    /// `usage` if there is one of that name, or its keys are not valid.
    pub fn add(&self, new: &NewProfile<'_>) -> Result<Profile> {
        self.require_free(new.name)?;
        new.texts.iter().try_for_each(|(key, text)| check_client_id(key, text))?;
        let mut document = self.document()?;
        add_profile(&mut document, new);
        if !self.has_profiles() {
            document["default_profile"] = value(new.name);
        }
        self.write_valid(&document, new.name).map_err(not_added)
    }

    /// # Errors
    /// `config` if there is none of that name, or its keys are not valid.
    pub fn make_default(&self, name: &str) -> Result<Profile> {
        self.require(name)?;
        let mut document = self.document()?;
        set_value(document.as_table_mut(), "default_profile", name.into());
        self.write_valid(&document, name)
    }

    /// # Errors
    /// `usage` for an unknown key or an invalid value; `config` if the profile would not be valid. Nothing is written.
    pub fn set(&self, name: &str, key: &str, text: &str) -> Result<Change> {
        self.require(name)?;
        if key == "client_secret" {
            return Err(ProfileError::SecretInFile(name.to_owned()).into());
        }
        let value = config::parse_key(key, text).map_err(CommandLineError::WrongKey)?.to_string();
        let unwritable = |_| CommandLineError::WrongKey(format!("{key}: the value cannot be written"));
        let value: Value = value.parse().map_err(unwritable)?;
        check_client_id(key, text)?;
        self.change(name, |keys| {
            // Two names of one thing.
            match key {
                "issuer" => drop(keys.remove("environment")),
                "environment" => drop(keys.remove("issuer")),
                _ => {}
            }
            set_value(keys, key, value.clone());
        })
    }

    /// Removes a key of a profile; `None` if it was not set.
    ///
    /// # Errors
    /// `usage` for an unknown key, `config` if the profile would not be valid without it. Nothing is written.
    pub fn unset(&self, name: &str, key: &str) -> Result<Option<Change>> {
        if !config::table(name, &self.configuration.config)?.contains_key(key) {
            config::Key::named(key).map_err(CommandLineError::WrongKey)?;
            return Ok(None);
        }
        self.change(name, |keys| drop(keys.remove(key))).map(Some)
    }

    fn change(&self, name: &str, change: impl Fn(&mut dyn TableLike)) -> Result<Change> {
        let mut document = self.document()?;
        if let Some(keys) = profiles(&mut document).and_then(|profiles| profiles.get_mut(name)?.as_table_like_mut()) {
            change(keys);
        }
        Ok(Change { before: self.configuration.file_profile(name).ok(), after: self.write_valid(&document, name)? })
    }

    /// Renames a profile in the file, which stays as it is otherwise.
    pub fn rename(&self, name: &str, new_name: &str) -> Result<()> {
        let mut document = self.document()?;
        if let Some(profiles) = profiles(&mut document) {
            profiles.remove(name).map(|keys| profiles.insert(new_name, keys));
        }
        if self.is_default(name) {
            set_value(document.as_table_mut(), "default_profile", new_name.into());
        }
        self.write(&document.to_string())
    }

    /// Removes a profile, and says whether it was the default.
    pub fn remove(&self, name: &str) -> Result<bool> {
        let mut document = self.document()?;
        if let Some(profiles) = profiles(&mut document) {
            profiles.remove(name);
        }
        let was_default = self.is_default(name);
        if was_default {
            document.remove("default_profile");
        }
        self.write(&document.to_string())?;
        Ok(was_default)
    }

    fn is_default(&self, name: &str) -> bool {
        self.configuration.config.default_profile.as_deref() == Some(name)
    }

    /// Fails with `config` if there is no profile of that name.
    pub fn require(&self, name: &str) -> Result<()> {
        config::table(name, &self.configuration.config).map(drop)
    }

    /// Fails with `usage` if there is a profile of that name.
    pub fn require_free(&self, name: &str) -> Result<()> {
        let is_taken = self.configuration.config.profile.contains_key(name);
        if is_taken { Err(ProfileError::ProfileExists(name.to_owned()).into()) } else { Ok(()) }
    }

    fn document(&self) -> Result<DocumentMut> {
        let text = read_text(self.ports, &self.path).map_err(|error| file_error(&self.path, error))?;
        text.unwrap_or_default().parse().map_err(|_| file_error(&self.path, "it is not TOML"))
    }

    /// Writes the document if the profile is valid in it, and returns the profile.
    fn write_valid(&self, document: &DocumentMut, name: &str) -> Result<Profile> {
        let text = document.to_string();
        let config = config::parse(&text, &self.path)?.without_path();
        let profile = config::file_profile(name, &config, self.configuration.base())?;
        self.write(&text)?;
        Ok(profile)
    }

    fn write(&self, text: &str) -> Result<()> {
        if text.len() as u64 > MAX_FILE_SIZE {
            return Err(ConfigFileError::ConfigTooLarge(self.path.clone()).into());
        }
        self.ports.files.write(&self.path, text.as_bytes()).map_err(|error| file_error(&self.path, error))
    }
}

/// The profile as it would be, without its file. Fails with `usage` if its keys are not valid.
pub fn draft(new: &NewProfile<'_>) -> Result<Profile> {
    let mut document = DocumentMut::new();
    add_profile(&mut document, new);
    let config = config::parse(&document.to_string(), Path::new(""))?.without_path();
    config::file_profile(new.name, &config, None).map_err(not_added)
}

/// The error without its hint at `profile set`, which could not correct a profile that is not in the file yet.
fn not_added(error: Error) -> Error {
    match error.situation {
        Situation::ConfigFile(ConfigFileError::KeyInFile { message, .. }) => Error::usage(message),
        _ => error,
    }
}

fn add_profile(document: &mut DocumentMut, new: &NewProfile<'_>) {
    let documented = |key: &str, text: &str| match config::parse_key(key, text) {
        Ok(toml::Value::String(documented)) => documented,
        _ => text.to_owned(),
    };
    let mut keys: Table = new.texts.iter().map(|(key, text)| (*key, value(documented(key, text)))).collect();
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

fn profiles(document: &mut DocumentMut) -> Option<&mut dyn TableLike> {
    document.get_mut("profile").and_then(Item::as_table_like_mut)
}

fn set_value(table: &mut dyn TableLike, key: &str, new: Value) {
    match table.get_mut(key).and_then(Item::as_value_mut) {
        // The decor holds the comment beside the value, which assigning an item would drop.
        Some(value) => {
            let decor = value.decor().clone();
            *value = new;
            *value.decor_mut() = decor;
        }
        None => drop(table.insert(key, toml_edit::value(new))),
    }
}

/// Refuses (`usage`) the stand-in that examples have.
pub fn check_client_id(key: &str, text: &str) -> Result<()> {
    if key == "client_id" && text.starts_with("YOUR-") {
        let text = printable(text);
        return Err(Error::usage(format!(
            "`{text}` is a placeholder: use the client ID that you got when your client was registered"
        )));
    }
    Ok(())
}
