//! Every profile and every session, for `tidp status`.

use crate::config::{self, Profile, Why};
use crate::domain::session::{EntryKey, SessionKey};
use crate::domain::text::printable;
use crate::domain::warning::WarningCode;
use crate::error::Result;
use crate::explain::status_table::{Details, StatusRow};
use crate::flows::configuration::Configuration;
use crate::flows::stored_summary::SummaryReader;
use crate::ports::{Ports, Reporter};
use serde::Serialize;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// The profiles, and the sessions that belong to none.
pub struct Status {
    pub profiles: Vec<StatusRow>,
    pub leftovers: Vec<Leftover>,
    pub why: Option<Why>,
    /// `None` if it cannot be opened or read.
    pub store: Option<&'static str>,
    pub config: Option<PathBuf>,
}

pub struct Leftover {
    pub row: StatusRow,
    pub key: SessionKey,
    pub reason: LeftoverReason,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LeftoverReason {
    /// The environment named its client.
    Environment,
    ProfileGone,
    /// The profile names another client, or gets its tokens in another way.
    ProfileChanged,
}

/// # Errors
/// `config` if the file cannot be read, or the flag names no profile. A store that cannot be read is a warning.
pub fn status(ports: &Ports, reporter: &dyn Reporter, flag: Option<&str>) -> Result<Status> {
    let configuration = Configuration::load(ports)?;
    let config = &configuration.config;
    let selection = match config::selection(flag, &ports.env, config) {
        Ok(selection) => Some(selection),
        Err(error) if flag.is_some() => return Err(error),
        Err(error) => {
            if !config.profile.is_empty() {
                reporter.warn(WarningCode::NoProfileInUse, format!("no profile is in use: {}", error.report().message));
            }
            None
        }
    };
    let reader = SummaryReader::new(ports, reporter, &configuration);
    let default = config.default_profile.as_deref();
    let mut profiles: Vec<(StatusRow, Option<Profile>)> = Vec::new();
    for name in config.profile.keys() {
        let why = selection.as_ref().filter(|used| used.name == Some(name)).map(|used| used.why);
        let profile = match why {
            Some(_) => configuration.profile(ports, flag),
            None => config::file_profile(name, config, configuration.base()),
        };
        profiles.push(row(name, printable(name), why, default == Some(name), profile, &reader));
    }
    if let Some(used) = selection.as_ref().filter(|used| used.name.is_none()) {
        let profile = configuration.profile(ports, flag);
        let name = profile.as_ref().map_or_else(|_| String::new(), |profile| profile.name.clone());
        profiles.push(row(&name, "(environment)".to_owned(), Some(used.why), false, profile, &reader));
    }
    let known = profiles.iter().filter_map(|(_, profile)| profile.as_ref()).map(entry_of).collect();
    let leftovers = leftovers(&reader, &known, &configuration);
    Ok(Status {
        profiles: profiles.into_iter().map(|(row, _)| row).collect(),
        leftovers,
        why: selection.map(|used| used.why),
        store: reader.store_name(),
        config: configuration.path,
    })
}

fn row(
    name: &str,
    shown_name: String,
    why: Option<Why>,
    is_default: bool,
    profile: Result<Profile>,
    reader: &SummaryReader<'_>,
) -> (StatusRow, Option<Profile>) {
    let details = |profile: &Profile| Details {
        issuer: profile.issuer.clone(),
        client_id: profile.client_id.clone(),
        grant: profile.grant.as_str(),
        policy: match profile.policy {
            Some(policy) => Ok(policy.name.as_str()),
            None => Err(if profile.is_machine() { "machine token" } else { "unknown" }),
        },
        summary: reader.summary(profile),
    };
    let details = profile.as_ref().map(details).map_err(|error| error.report().message);
    (StatusRow { name: name.to_owned(), shown_name, why: why.map(Why::code), is_default, details }, profile.ok())
}

fn entry_of(profile: &Profile) -> EntryKey {
    let key = profile.session_key();
    if profile.is_machine() { EntryKey::MachineTokens(key) } else { EntryKey::Session(key) }
}

fn leftovers(reader: &SummaryReader<'_>, known: &BTreeSet<EntryKey>, configuration: &Configuration) -> Vec<Leftover> {
    let others = reader.entries().into_iter().filter(|entry| !known.contains(entry));
    let leftover = |entry: EntryKey| {
        let (key, grant) = match entry {
            EntryKey::Session(key) => (key, config::Grant::AuthorizationCode),
            EntryKey::MachineTokens(key) => (key, config::Grant::ClientCredentials),
            EntryKey::ClientSecret(_) => return None,
        };
        let profile = Profile { grant, ..Profile::orphan(&key) };
        let reason = if key.profile == format!("{}@{}", key.client_id, key.issuer) {
            LeftoverReason::Environment
        } else if configuration.config.profile.contains_key(&key.profile) {
            LeftoverReason::ProfileChanged
        } else {
            LeftoverReason::ProfileGone
        };
        let shown =
            if reason == LeftoverReason::Environment { "(environment)".into() } else { printable(&key.profile) };
        let (row, _) = row(&key.profile, shown, None, false, Ok(profile), reader);
        Some(Leftover { row, key, reason })
    };
    others.filter_map(leftover).collect()
}
