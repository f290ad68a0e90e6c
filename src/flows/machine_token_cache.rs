//! Where the tokens of a client that acts for itself are kept: in the kernel's keyring where there is one, else in the
//! store. Nothing is lost with them, so a store that fails stops nobody.

use crate::domain::access_tokens::ScopedToken;
use crate::domain::machine_tokens::MachineTokens;
use crate::domain::scopes::ScopeSet;
use crate::domain::session::EntryKey;
use crate::domain::warning::WarningCode;
use crate::error::{Result, store_message};
use crate::flows::access_token_cache;
use crate::flows::context::Context;
use crate::ports::Prompt;

/// The name of the entry, and of its lock.
pub fn entry(context: &Context<'_>) -> String {
    EntryKey::MachineTokens(context.key.clone()).name()
}

pub fn load(context: &Context<'_>) -> MachineTokens {
    // Without a prompt: a new token costs less than a person's attention.
    let stored = || {
        let document = context.store.read(&entry(context), Prompt::Forbidden).ok()??;
        MachineTokens::from_json(&document, &context.key)
    };
    cached(context).or_else(stored).unwrap_or_else(|| MachineTokens::new(&context.key))
}

pub fn get(context: &Context<'_>, scopes: &ScopeSet) -> Option<ScopedToken> {
    load(context).tokens.get(scopes).cloned()
}

/// The tokens in the kernel's keyring.
pub fn cached(context: &Context<'_>) -> Option<MachineTokens> {
    if !access_token_cache::is_on(context) {
        return None;
    }
    let document = context.ports.cache.get(&cache_name(context))?;
    MachineTokens::from_json(&document, &context.key)
}

/// Keeps the tokens. Only for a holder of the entry's lock, so that a logout is never undone.
pub fn save(context: &Context<'_>, tokens: &MachineTokens) {
    let (document, now) = (tokens.to_json(), context.ports.clock.now());
    if access_token_cache::is_on(context)
        && let Some(last) = tokens.tokens.last_expiry()
    {
        let name = cache_name(context);
        context.ports.cache.put(&name, &document, last.left(now));
        if context.ports.cache.get(&name).as_ref() == Some(&document) {
            return;
        }
    }
    if let Err(failure) = context.store.write(&entry(context), &document, Prompt::Forbidden) {
        let mut message =
            format!("the token could not be stored, so each run requests a new one: {}", store_message(&failure));
        if failure.kind.means_no_store() {
            message += ". If that is meant, set TIDP_STORE=memory";
        }
        context.reporter.warn(WarningCode::TokenNotKept, message);
    }
}

/// Removes the tokens, wherever they are. No store at all is no error.
pub fn remove(context: &Context<'_>) -> Result<()> {
    if !context.store.is_ephemeral() {
        context.ports.cache.forget(&cache_name(context));
    }
    match context.store.delete(&entry(context)) {
        Err(failure) if failure.kind.means_no_store() => Ok(()),
        outcome => Ok(outcome.map(drop)?),
    }
}

/// Whether there may be tokens anywhere; an entry that cannot be read counts.
pub fn may_be_kept(context: &Context<'_>) -> bool {
    is_cached(context)
        || match context.store.read(&entry(context), Prompt::Forbidden) {
            Ok(found) => found.is_some(),
            Err(failure) => !failure.kind.means_no_store(),
        }
}

/// Whether there are tokens in the kernel's keyring, even if it is not used any more.
pub fn is_cached(context: &Context<'_>) -> bool {
    !context.store.is_ephemeral() && context.ports.cache.get(&cache_name(context)).is_some()
}

fn cache_name(context: &Context<'_>) -> String {
    access_token_cache::name(context, &entry(context))
}
