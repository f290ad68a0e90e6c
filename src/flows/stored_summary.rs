//! Sessions and machine tokens in short, read from the store without a request and without a prompt of the keyring.

use crate::config::Profile;
use crate::domain::scopes::ScopeSet;
use crate::domain::session::{EntryKey, Session, SessionKey};
use crate::domain::text::printable;
use crate::domain::time::Time;
use crate::domain::warning::WarningCode;
use crate::error::{Error, StoreError, store_message};
use crate::explain::outlook::SessionOutlook;
use crate::explain::status_table::{Life, SessionSummary};
use crate::flows::configuration::Configuration;
use crate::flows::machine_tokens;
use crate::ports::{Entries, Ports, Reporter, Store, StoreFailure};
use std::cell::RefCell;

/// Reads sessions until the store fails. What cannot be read is unknown, and a warning says so.
pub struct SummaryReader<'w> {
    ports: &'w Ports,
    reporter: &'w dyn Reporter,
    store: RefCell<Option<Box<dyn Store>>>,
    now: Time,
}

impl<'w> SummaryReader<'w> {
    pub fn new(ports: &'w Ports, reporter: &'w dyn Reporter, configuration: &Configuration) -> Self {
        let store = configuration.store(ports).map_err(|error| warn_of_unknown(reporter, &error.report().message)).ok();
        Self { ports, reporter, store: RefCell::new(store), now: ports.clock.now() }
    }

    pub fn summary(&self, profile: &Profile) -> SessionSummary {
        let key = profile.session_key();
        if profile.is_machine() {
            return self.machine_summary(&key, &ScopeSet::parse(&profile.scopes));
        }
        let entry = EntryKey::Session(key.clone()).name();
        let found = self.store.borrow().as_deref().map(|store| store.load_without_prompt(&entry));
        let Some(found) = found else { return SessionSummary::UNKNOWN };
        let why = match found.map(|found| found.map(|document| Session::from_json(&document, &key)).transpose()) {
            Ok(Ok(session)) => {
                let (policy, renew) = (profile.policy.as_ref(), profile.renew);
                let summary = |session| SessionSummary::new(&SessionOutlook::new(self.now, session, policy, renew));
                return session.as_ref().map_or(SessionSummary::NONE, summary);
            }
            Ok(Err(invalid)) => Error::from(StoreError::InvalidEntry(invalid)).report().message,
            Err(failure) if failure.kind.concerns_entry() => store_message(&failure),
            Err(failure) => {
                self.give_up(&failure);
                return SessionSummary::UNKNOWN;
            }
        };
        warn_of_unknown(self.reporter, &format!("the session of `{}`: {why}", printable(&key.profile)));
        SessionSummary::UNKNOWN
    }

    fn machine_summary(&self, key: &SessionKey, scopes: &ScopeSet) -> SessionSummary {
        let store = self.store.borrow();
        let Some(store) = store.as_deref() else { return SessionSummary::UNKNOWN };
        let kept = machine_tokens::load_of(self.ports, store, key).tokens;
        let token = kept.get(scopes).map(|token| Life::until(token.access_token.expires_at, self.now));
        SessionSummary { access_token: token.unwrap_or(Life::None), ..SessionSummary::NONE }
    }

    /// The keys of all entries that can be read.
    pub fn entries(&self) -> Vec<EntryKey> {
        let listed = self.store.borrow().as_deref().map(Store::entries_without_prompt);
        match listed {
            None => Vec::new(),
            Some(Ok(Entries { names, unreadable, place })) => {
                if unreadable > 0 {
                    let entries = if unreadable == 1 { "entry" } else { "entries" };
                    warn_of_unknown(
                        self.reporter,
                        &format!("{unreadable} {entries} of the store cannot be read: {place}"),
                    );
                }
                names.iter().filter_map(|name| EntryKey::parse(name)).collect()
            }
            Some(Err(failure)) => {
                self.give_up(&failure);
                Vec::new()
            }
        }
    }

    pub fn store_name(&self) -> Option<&'static str> {
        self.store.borrow().as_deref().map(|store| store.name().as_str())
    }

    /// Warns, and reads nothing more: each further attempt could take as long as this one.
    fn give_up(&self, failure: &StoreFailure) {
        *self.store.borrow_mut() = None;
        warn_of_unknown(self.reporter, &store_message(failure));
    }
}

fn warn_of_unknown(reporter: &dyn Reporter, why: &str) {
    reporter.warn(WarningCode::SessionsUnknown, format!("not all sessions can be shown: {why}"));
}
