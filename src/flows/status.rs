//! Every profile and every session, for `tidp status`: read from the store without a request and without a prompt of the
//! keyring.

use crate::config::{Grant, Profile, SelectionReason, selection};
use crate::domain::scopes::ScopeSet;
use crate::domain::session::{EntryKey, SessionKey};
use crate::domain::text::printable;
use crate::domain::time::Time;
use crate::domain::warning::WarningCode;
use crate::error::{Result, store_message};
use crate::explain::status_table::{Details, Life, SessionSummary, StatusRow};
use crate::flows::configuration::Configuration;
use crate::flows::context::Context;
use crate::flows::machine_token_cache;
use crate::ports::{Entries, Ports, Prompt, Reporter, Store};
use serde::Serialize;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

/// The profiles, and the sessions that belong to none.
pub struct Status {
    pub profiles: Vec<StatusRow>,
    pub leftovers: Vec<Leftover>,
    pub why: Option<SelectionReason>,
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
    let selection = match selection(flag, &ports.env, config) {
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
    let (mut profiles, mut known) = (Vec::new(), BTreeSet::new());
    for name in config.profile.keys() {
        let why = selection.as_ref().filter(|used| used.name == Some(name)).map(|used| used.why);
        let profile = match why {
            Some(_) => configuration.profile(ports, flag),
            None => configuration.file_profile(name),
        };
        known.extend(profile.as_ref().ok().map(entry_of));
        let row = row(name, printable(name), &profile, &reader);
        profiles.push(StatusRow { why: why.map(SelectionReason::code), is_default: default == Some(name), ..row });
    }
    if let Some(used) = selection.as_ref().filter(|used| used.name.is_none()) {
        let profile = configuration.profile(ports, flag);
        known.extend(profile.as_ref().ok().map(entry_of));
        let name = profile.as_ref().map_or("", |profile| &profile.name);
        let row = row(name, "(environment)".to_owned(), &profile, &reader);
        profiles.push(StatusRow { why: Some(used.why.code()), ..row });
    }
    let leftovers = leftovers(&reader, &known, &configuration);
    Ok(Status {
        profiles,
        leftovers,
        why: selection.map(|used| used.why),
        store: reader.store.borrow().as_ref().map(|store| store.name().as_str()),
        config: configuration.path,
    })
}

/// The row of a profile, as one that is neither in use nor the default.
fn row(name: &str, shown_name: String, profile: &Result<Profile>, reader: &SummaryReader<'_>) -> StatusRow {
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
    StatusRow { name: name.to_owned(), shown_name, why: None, is_default: false, details }
}

fn entry_of(profile: &Profile) -> EntryKey {
    let key = profile.session_key();
    if profile.is_machine() { EntryKey::MachineTokens(key) } else { EntryKey::Session(key) }
}

fn leftovers(reader: &SummaryReader<'_>, known: &BTreeSet<EntryKey>, configuration: &Configuration) -> Vec<Leftover> {
    let others = reader.entries().into_iter().filter(|entry| !known.contains(entry));
    let leftover = |entry: EntryKey| {
        let (key, grant) = (entry.key().clone(), Grant::of_entry(&entry)?);
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
        let row = row(&key.profile, shown, &Ok(profile), reader);
        Some(Leftover { row, key, reason })
    };
    others.filter_map(leftover).collect()
}

/// Reads sessions until the store fails. What cannot be read is unknown, and a warning says so.
pub struct SummaryReader<'w> {
    ports: &'w Ports,
    reporter: &'w dyn Reporter,
    store: RefCell<Option<Arc<dyn Store>>>,
    now: Time,
}

impl<'w> SummaryReader<'w> {
    pub fn new(ports: &'w Ports, reporter: &'w dyn Reporter, configuration: &Configuration) -> Self {
        let store = configuration.store(ports).map_err(|error| warn_of_unknown(reporter, &error.report().message)).ok();
        Self { ports, reporter, store: RefCell::new(store), now: ports.clock.now() }
    }

    /// The session of a profile, or its machine token.
    pub fn summary(&self, profile: &Profile) -> SessionSummary {
        let Some(store) = self.store.borrow().clone() else { return SessionSummary::UNKNOWN };
        let context = Context::new(self.ports, self.reporter, profile.clone(), store);
        if profile.is_machine() {
            let kept = machine_token_cache::get(&context, &ScopeSet::parse(&profile.scopes));
            let access_token = kept.map_or(Life::None, |token| Life::until(token.access_token.expires_at, self.now));
            return SessionSummary { access_token, ..SessionSummary::NONE };
        }
        let error = match context.load(Prompt::Forbidden) {
            Ok(None) => return SessionSummary::NONE,
            Ok(Some(session)) => return SessionSummary::new(&context.outlook(&session, self.now)),
            Err(error) => error,
        };
        let why = error.report().message;
        if error.store_failure().is_some_and(|kind| !kind.concerns_entry()) {
            self.give_up(&why);
        } else {
            warn_of_unknown(self.reporter, &format!("the session of `{}`: {why}", printable(&profile.name)));
        }
        SessionSummary::UNKNOWN
    }

    /// The keys of all entries that can be read.
    fn entries(&self) -> Vec<EntryKey> {
        let Some(store) = self.store.borrow().clone() else { return Vec::new() };
        let Entries { names, unreadable, place } = store.list(Prompt::Forbidden).unwrap_or_else(|failure| {
            self.give_up(&store_message(&failure));
            Entries::default()
        });
        if unreadable > 0 {
            let entries = if unreadable == 1 { "entry" } else { "entries" };
            let why = format!("{unreadable} {entries} of the store cannot be read: {place}");
            warn_of_unknown(self.reporter, &why);
        }
        names.iter().filter_map(|name| EntryKey::parse(name)).collect()
    }

    /// Warns, and reads nothing more: each further attempt could take as long as this one.
    fn give_up(&self, why: &str) {
        *self.store.borrow_mut() = None;
        warn_of_unknown(self.reporter, why);
    }
}

fn warn_of_unknown(reporter: &dyn Reporter, why: &str) {
    reporter.warn(WarningCode::SessionsUnknown, format!("not all sessions can be shown: {why}"));
}
