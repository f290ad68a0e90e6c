//! The cache of access tokens. Refresh tokens are never cached.

use crate::config;
use crate::domain::access_tokens::{ScopedToken, ScopedTokens};
use crate::domain::decision::{self, Intent};
use crate::domain::scopes::ScopeSet;
use crate::domain::secret::Secret;
use crate::domain::session::Session;
use crate::domain::time::{Seconds, Time};
use crate::flows::advisory_warnings;
use crate::flows::context::Context;
use crate::ports::Prompt;
use serde::{Deserialize, Serialize};

/// What is cached of a session: the token for all its scopes, or those for fewer. They have an entry of their own, so that
/// the main one stays cheap to read.
#[derive(Serialize, Deserialize)]
struct CachedTokens {
    /// Of the store that they come from.
    key_fingerprint: String,
    tokens: ScopedTokens,
    /// From when the session decides whether to refresh or renew.
    renew_at: Option<Time>,
    /// When an advisory warning is due, which needs the stored session.
    warn_at: Option<Time>,
}

/// The token, or why there is none.
type CacheLookup = Result<ScopedToken, &'static str>;

/// The cached token for these scopes or, without any, the session's: if it has more than `min_ttl` left and neither a
/// renewal nor a warning is due; or why there is none. A token from the future is not trusted: the clock went back.
pub fn get(context: &Context<'_>, scopes: Option<&ScopeSet>, min_ttl: Seconds) -> CacheLookup {
    if !is_on(context) {
        return Err("the cache is off");
    }
    let name = name(context, &context.entry());
    let main = read(context, &name, scopes, min_ttl);
    match scopes {
        None => main,
        Some(_) => main.or_else(|_| read(context, &scoped_entry_name(&name), scopes, min_ttl)),
    }
}

fn read(context: &Context<'_>, name: &str, scopes: Option<&ScopeSet>, min_ttl: Seconds) -> CacheLookup {
    const NONE: &str = "it has none";
    let document = context.ports.cache.get(name).ok_or(NONE)?;
    let cached: CachedTokens = serde_json::from_str(document.expose()).map_err(|_| NONE)?;
    let is_wanted = |requested: &ScopeSet| scopes.is_none_or(|scopes| requested == scopes);
    let found = cached.tokens.iter().find(|(requested, _)| is_wanted(requested)).map(|(_, token)| token.clone());
    let found = found.ok_or(NONE)?;
    let now = context.ports.clock.now();
    if cached.key_fingerprint != context.store.key_fingerprint() {
        return Err("its token was cached under another key of the store");
    }
    if !found.access_token.has_left(now, min_ttl) {
        return Err("its token is not valid long enough");
    }
    if cached.renew_at.is_some_and(|at| now >= at) {
        return Err("a renewal of the session is due");
    }
    if !context.reporter.is_quiet() && cached.warn_at.is_some_and(|at| now >= at) {
        return Err("a warning is due, which needs the stored session");
    }
    Ok(found)
}

/// Caches the session's access tokens until they expire. Only for a holder of the lock that has just read or written the
/// store, so that a logout is never undone.
pub fn put(context: &Context<'_>, session: &Session) {
    if !is_on(context) {
        return forget(context);
    }
    let (name, profile) = (name(context, &context.entry()), &context.profile);
    let (policy, renew) = (profile.policy.as_ref(), profile.renew);
    let intent = Intent::AccessToken { min_ttl: Seconds::ZERO };
    let now = context.ports.clock.now();
    let changes_at = decision::decide(now, session, policy, renew, intent).changes_at;
    let main = ScopedToken { access_token: session.access_token.clone(), scopes: session.scopes.clone() };
    let main = ScopedTokens::default().with(ScopeSet::parse(&session.scopes), main, now);
    write(context, session, &name, main, changes_at);
    let renew_at = decision::renewal_due_at(session, policy, renew);
    write(context, session, &scoped_entry_name(&name), session.scoped_tokens.clone(), renew_at);
}

fn write(context: &Context<'_>, session: &Session, name: &str, tokens: ScopedTokens, renew_at: Option<Time>) {
    let cache = &context.ports.cache;
    let left = tokens.last_expiry().map_or(Seconds::ZERO, |end| end.left(context.ports.clock.now()));
    if left <= Seconds::ZERO {
        return cache.forget(name);
    }
    let key_fingerprint = context.store.key_fingerprint();
    let cached =
        CachedTokens { key_fingerprint, tokens, renew_at, warn_at: advisory_warnings::due_at(context, session) };
    if let Ok(document) = serde_json::to_string(&cached) {
        cache.put(name, &Secret::new(document), left);
    }
}

/// Caches the stored token, unless another process holds the session's lock.
pub fn put_if_unlocked(context: &Context<'_>) {
    if is_on(context)
        && let Ok(Some(_lock)) = context.store.try_lock(&context.entry())
        && let Ok(Some(session)) = context.load(Prompt::Allowed)
    {
        put(context, &session);
    }
}

/// Removes the session's tokens, even if caching has been switched off since. A store in memory has never had one.
pub fn forget(context: &Context<'_>) {
    if !context.store.is_ephemeral() {
        let name = name(context, &context.entry());
        context.ports.cache.forget(&scoped_entry_name(&name));
        context.ports.cache.forget(&name);
    }
}

/// Whether tokens are cached: unless the user switched it off, or the store is in memory.
pub fn is_on(context: &Context<'_>) -> bool {
    config::caches_access_tokens(&context.ports.env).unwrap_or(false) && !context.store.is_ephemeral()
}

/// The name of the entry for fewer scopes. It does not contain them, so that a logout finds all tokens.
fn scoped_entry_name(session_name: &str) -> String {
    format!("{session_name}:scopes")
}

/// The name of what is cached for an entry. A hash, so that it reveals nothing to other programs that list keys.
pub fn name(context: &Context<'_>, entry: &str) -> String {
    format!("tidp:{}", context.entry_hash(entry))
}
