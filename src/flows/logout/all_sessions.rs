//! All the sessions in the store, for `logout --all`.

use crate::config::{self, Grant, Profile};
use crate::domain::session::{EntryKey, SessionKey};
use crate::domain::text::printable;
use crate::error::{Result, StoreError};
use crate::flows::configuration::Configuration;
use crate::flows::context::Context;
use crate::flows::machine_tokens;
use crate::flows::session_lock::lock_entry;
use crate::ports::{Entries, Ports, Reporter, Store, StoreFailureKind};
use std::collections::BTreeMap;

/// Every session and every client's own tokens in the store, with the profile if there still is one; and the store.
pub fn stored_sessions<'w>(ports: &'w Ports, reporter: &'w dyn Reporter) -> Result<(Vec<Context<'w>>, Box<dyn Store>)> {
    let configured = Configuration::load(ports)?;
    let own = |name: &String| config::file_profile(name, &configured.config, configured.base()).ok();
    let profiles = configured.profile(ports, None).ok().into_iter();
    let profiles: Vec<_> = profiles.chain(configured.config.profile.keys().filter_map(own)).collect();
    let store = configured.store(ports)?;
    let named = store.entries()?.names.into_iter().filter_map(|name| match EntryKey::parse(&name)? {
        EntryKey::Session(key) => Some((key, Grant::AuthorizationCode)),
        EntryKey::MachineTokens(key) => Some((key, Grant::ClientCredentials)),
        EntryKey::ClientSecret(_) => None,
    });
    // A damaged entry has no readable name, but a profile tells the name of its session's entry. Machine tokens may be in
    // the kernel's keyring alone. What the profile's grant is now says nothing of either.
    let of_profiles = profiles.iter().filter_map(|profile| {
        let key = profile.session_key();
        if holds(store.as_ref(), &key) {
            return Some((key, Grant::AuthorizationCode));
        }
        machine_tokens::is_cached(ports, store.as_ref(), &key).then_some((key, Grant::ClientCredentials))
    });
    // The logout of one removes the other too, so a key with both is there once.
    let mut keys = BTreeMap::new();
    for (key, grant) in named.chain(of_profiles) {
        let known = keys.entry(key).or_insert(grant);
        *known = grant.min(*known);
    }
    let context = |(key, grant): (&SessionKey, &Grant)| {
        let profile = profiles.iter().find(|profile| profile.session_key() == *key);
        let profile = profile.cloned().unwrap_or_else(|| Profile::orphan(key));
        Ok(Context::new(ports, reporter, Profile { grant: *grant, ..profile }, configured.store(ports)?))
    };
    let contexts: Result<_> = keys.iter().map(context).collect();
    Ok((contexts?, store))
}

/// Whether there is an entry to remove. One encrypted with another key is kept: with that, its token can be revoked.
fn holds(store: &dyn Store, key: &SessionKey) -> bool {
    match store.load(&EntryKey::Session(key.clone()).name()) {
        Ok(found) => found.is_some(),
        Err(failure) => failure.kind != StoreFailureKind::WrongKey,
    }
}

/// Deletes the client secrets of profiles that are no longer there. With `TIDP_CONFIG` none: other files may name them.
pub fn delete_orphaned_secrets(ports: &Ports, reporter: &dyn Reporter, store: &dyn Store) -> Result<()> {
    if ports.env.get("TIDP_CONFIG").is_some() {
        return Ok(());
    }
    for entry in store.entries()?.names {
        let Some(EntryKey::ClientSecret(key)) = EntryKey::parse(&entry) else { continue };
        // Held by a rename too, until the file has the new name.
        let _lock = lock_entry(ports, reporter, store, &entry)?;
        let configured = Configuration::load(ports)?;
        let is_in_use = configured.profile(ports, None).is_ok_and(|profile| profile.session_key() == key);
        if !is_in_use && !configured.config.profile.contains_key(&key.profile) && store.delete(&entry)? {
            let name = printable(&key.profile);
            reporter.note(format!("Deleted the client secret of `{name}`, which is no longer a profile."));
        }
    }
    Ok(())
}

/// Removes the leftovers of killed writers, and fails if unreadable entries are left.
pub fn check_nothing_left(store: &dyn Store) -> Result<()> {
    store.sweep()?;
    let Entries { unreadable: count, place, .. } = store.entries()?;
    match count {
        0 => Ok(()),
        _ => Err(StoreError::EntriesUnreadable { store: store.name(), count, place }.into()),
    }
}
