//! Where the tokens of a client that acts for itself are kept: in the kernel's keyring where there is one, else in the
//! store. Nothing is lost with them, so a store that fails stops nobody.

use crate::domain::access_tokens::ScopedToken;
use crate::domain::machine_tokens::MachineTokens;
use crate::domain::scopes::ScopeSet;
use crate::domain::session::{EntryKey, SessionKey};
use crate::domain::warning::WarningCode;
use crate::error::{Result, store_message};
use crate::flows::access_token_cache;
use crate::flows::context::Context;
use crate::ports::{Ports, Store};

/// The name of the entry, and of its lock.
pub fn entry(key: &SessionKey) -> String {
    EntryKey::MachineTokens(key.clone()).name()
}

pub fn load(context: &Context<'_>) -> MachineTokens {
    load_of(context.ports, context.store.as_ref(), &context.key)
}

pub fn get(context: &Context<'_>, scopes: &ScopeSet) -> Option<ScopedToken> {
    load(context).tokens.get(scopes).cloned()
}

pub fn load_of(ports: &Ports, store: &dyn Store, key: &SessionKey) -> MachineTokens {
    // Without a prompt: a new token costs less than a person's attention.
    let stored = || MachineTokens::from_json(&store.load_without_prompt(&entry(key)).ok()??, key);
    cached(ports, store, key).or_else(stored).unwrap_or_else(|| MachineTokens::new(key))
}

/// The tokens in the kernel's keyring.
pub fn cached(ports: &Ports, store: &dyn Store, key: &SessionKey) -> Option<MachineTokens> {
    if !access_token_cache::is_on_for(ports, store) {
        return None;
    }
    MachineTokens::from_json(&ports.cache.get(&cache_name(store, key))?, key)
}

/// Keeps the tokens. Only for a holder of the entry's lock, so that a logout is never undone.
pub fn save(context: &Context<'_>, tokens: &MachineTokens) {
    let (document, now) = (tokens.to_json(), context.ports.clock.now());
    if access_token_cache::is_on(context)
        && let Some(last) = tokens.tokens.last_expiry()
    {
        let name = cache_name(context.store.as_ref(), &context.key);
        context.ports.cache.put(&name, &document, last.left(now));
        if context.ports.cache.get(&name).as_ref() == Some(&document) {
            return;
        }
    }
    if let Err(failure) = context.store.save_without_prompt(&entry(&context.key), &document) {
        let mut message =
            format!("the token could not be stored, so each run requests a new one: {}", store_message(&failure));
        if failure.kind.means_no_store() {
            message += ". If that is meant, set TIDP_STORE=memory";
        }
        context.reporter.warn(WarningCode::TokenNotKept, message);
    }
}

/// Removes the tokens, wherever they are. No store at all is no error.
pub fn remove(ports: &Ports, store: &dyn Store, key: &SessionKey) -> Result<()> {
    if !store.is_ephemeral() {
        ports.cache.forget(&cache_name(store, key));
    }
    match store.delete(&entry(key)) {
        Err(failure) if failure.kind.means_no_store() => Ok(()),
        outcome => Ok(outcome.map(drop)?),
    }
}

/// Whether there may be tokens anywhere; an entry that cannot be read counts.
pub fn may_be_kept(context: &Context<'_>) -> bool {
    let store = context.store.as_ref();
    is_cached(context.ports, store, &context.key)
        || match store.load_without_prompt(&entry(&context.key)) {
            Ok(found) => found.is_some(),
            Err(failure) => !failure.kind.means_no_store(),
        }
}

pub fn is_cached(ports: &Ports, store: &dyn Store, key: &SessionKey) -> bool {
    !store.is_ephemeral() && ports.cache.get(&cache_name(store, key)).is_some()
}

fn cache_name(store: &dyn Store, key: &SessionKey) -> String {
    access_token_cache::name(store, &entry(key))
}
