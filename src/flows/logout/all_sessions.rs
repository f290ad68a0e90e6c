//! All the sessions in the store, for `logout --all`.

use crate::config::{Grant, Profile};
use crate::domain::session::EntryKey;
use crate::domain::text::printable;
use crate::error::{Result, StoreError};
use crate::flows::configuration::Configuration;
use crate::flows::context::Context;
use crate::flows::machine_token_cache;
use crate::ports::{Entries, Ports, Reporter, Store, StoreFailureKind};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Every session and every client's own tokens in the store, with the profile if there still is one; and the store.
pub fn stored_sessions<'w>(ports: &'w Ports, reporter: &'w dyn Reporter) -> Result<(Vec<Context<'w>>, Arc<dyn Store>)> {
    let configured = Configuration::load(ports)?;
    let own = |name: &String| configured.file_profile(name).ok();
    let profiles = configured.profile(ports, None).ok().into_iter();
    let profiles: Vec<_> = profiles.chain(configured.config.profile.keys().filter_map(own)).collect();
    let store = configured.store(ports)?;
    let context = |profile: Profile| Context::new(ports, reporter, profile, Arc::clone(&store));
    let named = store.entries()?.names.into_iter().filter_map(|name| {
        let entry = EntryKey::parse(&name)?;
        Some((entry.key().clone(), Grant::of_entry(&entry)?))
    });
    // A damaged entry has no readable name, but a profile tells the name of its session's entry. Machine tokens may be in
    // the kernel's keyring alone. What the profile's grant is now says nothing of either.
    let of_profiles = profiles.iter().filter_map(|profile| {
        let context = context(profile.clone());
        if has_session_entry(&context) {
            return Some((context.key, Grant::AuthorizationCode));
        }
        machine_token_cache::is_cached(&context).then_some((context.key, Grant::ClientCredentials))
    });
    // The logout of one removes the other too, so a key with both is there once.
    let mut keys = BTreeMap::new();
    for (key, grant) in named.chain(of_profiles) {
        let known = keys.entry(key).or_insert(grant);
        *known = grant.min(*known);
    }
    let contexts = keys.into_iter().map(|(key, grant)| {
        let profile = profiles.iter().find(|profile| profile.session_key() == key);
        let profile = profile.cloned().unwrap_or_else(|| Profile::orphan(&key));
        context(Profile { grant, ..profile })
    });
    Ok((contexts.collect(), Arc::clone(&store)))
}

/// Whether there is an entry to remove. One encrypted with another key is kept: with that, its token can be revoked.
fn has_session_entry(context: &Context<'_>) -> bool {
    match context.store.load(&context.entry()) {
        Ok(found) => found.is_some(),
        Err(failure) => failure.kind != StoreFailureKind::WrongKey,
    }
}

/// Deletes the client secrets of profiles that are no longer there. With `TIDP_CONFIG` none: other files may name them.
pub fn delete_orphaned_secrets(ports: &Ports, reporter: &dyn Reporter, store: &Arc<dyn Store>) -> Result<()> {
    if ports.env.get("TIDP_CONFIG").is_some() {
        return Ok(());
    }
    for entry in store.entries()?.names {
        let Some(EntryKey::ClientSecret(key)) = EntryKey::parse(&entry) else { continue };
        // Held by a rename too, until the file has the new name.
        let orphan = Context::new(ports, reporter, Profile::orphan(&key), Arc::clone(store));
        let _lock = orphan.lock(&entry)?;
        let configured = Configuration::load(ports)?;
        let is_in_use = configured.profile(ports, None).is_ok_and(|profile| profile.session_key() == key);
        if !is_in_use && !configured.config.profile.contains_key(&key.profile) && store.delete(&entry)? {
            let name = printable(&key.profile);
            reporter.note(&format!("Deleted the client secret of `{name}`, which is no longer a profile."));
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
