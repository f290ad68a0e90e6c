//! The cache of access tokens. Refresh tokens are never cached.

use crate::config;
use crate::domain::decision::{self, Intent};
use crate::domain::scoped_tokens::{ScopedToken, ScopedTokens};
use crate::domain::scopes::ScopeSet;
use crate::domain::secret::Secret;
use crate::domain::session::{AccessToken, Session};
use crate::domain::time::{Seconds, Time};
use crate::explain::trace_messages::CacheMiss;
use crate::flows::advisory_warnings;
use crate::flows::context::{Context, entry_hash};
use crate::ports::{Ports, Store};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct CachedToken {
    /// The key fingerprint of the store that it comes from.
    store: String,
    access_token: AccessToken,
    scopes: Vec<String>,
    /// When a renewal is due for a profile that renews before its session ends.
    renew_at: Option<Time>,
    /// When an advisory warning is due, which needs the stored session.
    warn_at: Option<Time>,
}

/// The tokens for fewer scopes, in an entry of their own, so that the main one stays cheap to read.
#[derive(Serialize, Deserialize)]
struct CachedScopedTokens {
    store: String,
    tokens: ScopedTokens,
    renew_at: Option<Time>,
    warn_at: Option<Time>,
}

type Found = std::result::Result<ScopedToken, CacheMiss>;

/// The cached token for these scopes or, without any, the session's. As [`main_token`].
///
/// # Errors
/// Why there is none to use.
pub fn get(context: &Context<'_>, scopes: Option<&ScopeSet>, min_ttl: Seconds) -> Found {
    if !is_on(context) {
        return Err(CacheMiss::Off);
    }
    let Some(scopes) = scopes else { return main_token(context, min_ttl) };
    match main_token(context, min_ttl) {
        Ok(main) if ScopeSet::parse(&main.scopes) == *scopes => Ok(main),
        _ => scoped_token(context, scopes, min_ttl),
    }
}

/// The session's cached token, if it has more than `min_ttl` left and neither a renewal nor a warning is due. A token from
/// the future is not trusted, because the clock went back.
fn main_token(context: &Context<'_>, min_ttl: Seconds) -> Found {
    let document = context.ports.cache.get(&session_name(context)).ok_or(CacheMiss::Empty)?;
    let cached: CachedToken = serde_json::from_str(document.expose()).map_err(|_| CacheMiss::Empty)?;
    check(context, &cached.store, &cached.access_token, min_ttl, (cached.renew_at, cached.warn_at))?;
    Ok(ScopedToken { access_token: cached.access_token, scopes: cached.scopes })
}

fn scoped_token(context: &Context<'_>, scopes: &ScopeSet, min_ttl: Seconds) -> Found {
    let document = context.ports.cache.get(&scoped_name(context)).ok_or(CacheMiss::Empty)?;
    let cached: CachedScopedTokens = serde_json::from_str(document.expose()).map_err(|_| CacheMiss::Empty)?;
    let token = cached.tokens.get(scopes).ok_or(CacheMiss::Empty)?;
    check(context, &cached.store, &token.access_token, min_ttl, (cached.renew_at, cached.warn_at))?;
    Ok(token.clone())
}

/// Whether a token that was cached under this key of the store can be used. Then follow when a renewal and a warning are due.
fn check(
    context: &Context<'_>,
    store: &str,
    token: &AccessToken,
    min_ttl: Seconds,
    (renew_at, warn_at): (Option<Time>, Option<Time>),
) -> std::result::Result<(), CacheMiss> {
    let now = context.ports.clock.now();
    if store != context.store.key_fingerprint() {
        return Err(CacheMiss::OtherKey);
    }
    if token.is_from_future(now) || now >= token.expires_at.minus(min_ttl) {
        return Err(CacheMiss::NotValidLongEnough);
    }
    if renew_at.is_some_and(|at| now >= at) {
        return Err(CacheMiss::RenewalDue);
    }
    if !context.reporter.is_quiet() && warn_at.is_some_and(|at| now >= at) {
        return Err(CacheMiss::WarningDue);
    }
    Ok(())
}

/// Caches the session's access tokens until they expire. Only for a holder of the lock that has just read or written the
/// store, so that a logout is never undone.
pub fn put(context: &Context<'_>, session: &Session) {
    if !is_on(context) {
        return forget(context);
    }
    put_main_token(context, session);
    put_scoped_tokens(context, session);
}

fn put_main_token(context: &Context<'_>, session: &Session) {
    let now = context.ports.clock.now();
    let left = session.access_token.expires_at.left(now);
    if left <= Seconds::ZERO {
        return context.ports.cache.forget(&session_name(context));
    }
    let profile = &context.profile;
    let intent = Intent::AccessToken { min_ttl: Seconds::ZERO };
    let changes_at = decision::decide(now, Some(session), profile.policy.as_ref(), profile.renew, intent).changes_at;
    let cached = CachedToken {
        store: context.store.key_fingerprint(),
        access_token: session.access_token.clone(),
        scopes: session.scopes.clone(),
        renew_at: changes_at,
        warn_at: advisory_warnings::due_at(context, session),
    };
    if let Ok(document) = serde_json::to_string(&cached) {
        context.ports.cache.put(&session_name(context), &Secret::new(document), left);
    }
}

fn put_scoped_tokens(context: &Context<'_>, session: &Session) {
    let left = session.scoped_tokens.last_expiry().map(|end| end.left(context.ports.clock.now()));
    let Some(left) = left.filter(|left| *left > Seconds::ZERO) else {
        return context.ports.cache.forget(&scoped_name(context));
    };
    let profile = &context.profile;
    let cached = CachedScopedTokens {
        store: context.store.key_fingerprint(),
        tokens: session.scoped_tokens.clone(),
        renew_at: decision::renewal_due_at(session, profile.policy.as_ref(), profile.renew),
        warn_at: advisory_warnings::due_at(context, session),
    };
    if let Ok(document) = serde_json::to_string(&cached) {
        context.ports.cache.put(&scoped_name(context), &Secret::new(document), left);
    }
}

/// Caches the stored token, unless another process holds the session's lock.
pub fn put_if_unlocked(context: &Context<'_>) {
    if is_on(context)
        && let Ok(Some(_lock)) = context.store.try_lock(&context.entry())
        && let Ok(Some(session)) = context.load()
    {
        put(context, &session);
    }
}

/// Removes the session's tokens, even if caching has been switched off since. A store in memory has never had one.
pub fn forget(context: &Context<'_>) {
    forget_entry(context.ports, context.store.as_ref(), &context.entry());
}

/// Removes the tokens of the session in this entry.
pub fn forget_entry(ports: &Ports, store: &dyn Store, entry: &str) {
    if !store.is_ephemeral() {
        let name = name(&entry_hash(store, entry));
        ports.cache.forget(&scoped(&name));
        ports.cache.forget(&name);
    }
}

/// Whether tokens are cached: unless the user switched it off, or the store is in memory.
pub fn is_on(context: &Context<'_>) -> bool {
    is_on_for(context.ports, context.store.as_ref())
}

pub fn is_on_for(ports: &Ports, store: &dyn Store) -> bool {
    config::caches_access_tokens(&ports.env).unwrap_or(false) && !store.is_ephemeral()
}

fn session_name(context: &Context<'_>) -> String {
    name(&context.session_hash())
}

/// It leaves the scopes out, so that a logout finds all tokens.
fn scoped_name(context: &Context<'_>) -> String {
    scoped(&session_name(context))
}

fn scoped(session_name: &str) -> String {
    format!("{session_name}:scopes")
}

/// The name of what is cached for an entry. A hash, so that it reveals nothing to other programs that list keys.
pub fn name(entry_hash: &str) -> String {
    format!("tidp:{entry_hash}")
}
