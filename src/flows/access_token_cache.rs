//! The cache of access tokens. Refresh tokens are never cached.

use crate::config;
use crate::domain::decision::{self, Intent};
use crate::domain::secret::Secret;
use crate::domain::session::{AccessToken, Session};
use crate::domain::time::{Seconds, Time};
use crate::flows::advisory_warnings;
use crate::flows::context::Context;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CachedToken {
    /// The key fingerprint of the store that it comes from.
    store: String,
    pub access_token: AccessToken,
    pub scopes: Vec<String>,
    /// When a renewal is due for a profile that renews before its session ends.
    renew_at: Option<Time>,
    /// When an advisory warning is due, which needs the stored session.
    warn_at: Option<Time>,
}

/// The cached token, if it has more than `min_ttl` left and neither a renewal nor a warning is due. A token from the
/// future is not trusted, because the clock went back.
pub fn get(context: &Context<'_>, min_ttl: Seconds) -> Option<CachedToken> {
    if !is_on(context) {
        return None;
    }
    let cached: CachedToken = serde_json::from_str(context.ports.cache.get(&session_name(context))?.expose()).ok()?;
    let now = context.ports.clock.now();
    let trusted = !cached.access_token.is_from_future(now);
    let enough = now < cached.access_token.expires_at.minus(min_ttl);
    let no_renewal = cached.renew_at.is_none_or(|at| now < at);
    let no_warning = context.reporter.is_quiet() || cached.warn_at.is_none_or(|at| now < at);
    let same_store = cached.store == context.store.key_fingerprint();
    (same_store && trusted && enough && no_renewal && no_warning).then_some(cached)
}

/// Caches the session's access token until it expires. Only for a holder of the lock that has just read or written the
/// store, so that a logout is never undone.
pub fn put(context: &Context<'_>, session: &Session) {
    let now = context.ports.clock.now();
    let left = session.access_token.expires_at.left(now);
    if !is_on(context) || left <= Seconds::ZERO {
        return forget(context);
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

/// Caches the stored token, unless another process holds the session's lock.
pub fn put_if_unlocked(context: &Context<'_>) {
    if is_on(context)
        && let Ok(Some(_lock)) = context.store.try_lock(&context.entry())
        && let Ok(Some(session)) = context.load()
    {
        put(context, &session);
    }
}

/// Removes the session's token, even if caching has been switched off since. A store in memory has never had one.
pub fn forget(context: &Context<'_>) {
    if !context.store.is_ephemeral() {
        context.ports.cache.forget(&session_name(context));
    }
}

/// Whether tokens are cached: unless the user switched it off, or the store is in memory.
pub fn is_on(context: &Context<'_>) -> bool {
    config::caches_access_tokens(&context.ports.env).unwrap_or(false) && !context.store.is_ephemeral()
}

fn session_name(context: &Context<'_>) -> String {
    name(&context.session_hash())
}

/// The name of what is cached for an entry. A hash, so that it reveals nothing to other programs that list keys.
pub fn name(entry_hash: &str) -> String {
    format!("tidp:{entry_hash}")
}
