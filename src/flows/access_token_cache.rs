//! The access-token cache: what is kept in it, and under which name. Never a refresh token.

use crate::config;
use crate::domain::decision::{self, Intent};
use crate::domain::secret::Secret;
use crate::domain::session::{AccessToken, Session};
use crate::domain::time::{CLOCK_TOLERANCE, Seconds, Time};
use crate::flows::advisory_warnings;
use crate::flows::context::Context;
use serde::{Deserialize, Serialize};

/// What is cached.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CachedToken {
    /// What opened the store that it comes from.
    store: String,
    /// The token.
    pub access_token: AccessToken,
    /// Its scopes.
    pub scopes: Vec<String>,
    /// When a profile that renews before its session ends wants to be asked again.
    renew_at: Option<Time>,
    /// When a warning is due that only the stored session can give.
    warn_at: Option<Time>,
}

/// The cached token, if it has more than `min_ttl` left and neither a renewal nor a warning is due. A token from the future means that the
/// clock went back, and is not trusted.
pub fn get(context: &Context<'_>, min_ttl: Seconds) -> Option<CachedToken> {
    if !is_on(context) {
        return None;
    }
    let cached: CachedToken = serde_json::from_str(context.ports.cache.get(&name(context))?.expose()).ok()?;
    let now = context.ports.clock.now();
    let trusted = cached.access_token.obtained_at <= now.plus(CLOCK_TOLERANCE);
    let enough = now < cached.access_token.expires_at.minus(min_ttl);
    let no_renewal = cached.renew_at.is_none_or(|at| now < at);
    let no_warning = context.reporter.is_quiet() || cached.warn_at.is_none_or(|at| now < at);
    let same_store = cached.store == context.store.key_fingerprint();
    (same_store && trusted && enough && no_renewal && no_warning).then_some(cached)
}

/// Caches the session's access token for as long as it lives. Only a holder of the lock that has just read or written
/// the store may call this, so that a logout is never undone.
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
        renew_at: changes_at.filter(|at| *at < session.access_token.expires_at),
        warn_at: advisory_warnings::due_at(context, session),
    };
    if let Ok(document) = serde_json::to_string(&cached) {
        context.ports.cache.put(&name(context), &Secret::new(document), left);
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

/// Forgets the session's token, also one that was cached before the cache was switched off.
pub fn forget(context: &Context<'_>) {
    context.ports.cache.forget(&name(context));
}

/// Whether tokens are cached: not if the user does not want it, and not beside a store in memory.
fn is_on(context: &Context<'_>) -> bool {
    config::caches_access_tokens(&context.ports.env).unwrap_or(false) && !context.store.is_ephemeral()
}

/// A hash, so that the name says nothing to whoever lists keys.
fn name(context: &Context<'_>) -> String {
    format!("tidp:{}", context.session_hash())
}
