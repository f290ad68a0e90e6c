//! A valid access token: from the cache, from the store, or by a refresh.

use crate::domain::decision::{DEFAULT_MIN_TTL, Intent};
use crate::domain::session::{AccessToken, Session};
use crate::domain::time::Seconds;
use crate::domain::warning::WarningCode;
use crate::error::{Error, NetworkError, Result, SessionError, Situation};
use crate::flows::context::Context;
use crate::flows::refresh::{FreshSession, TokenSource};
use crate::flows::{access_token_cache, advisory_warnings, refresh_if_due};

/// An access token and the scopes it was granted.
pub struct ScopedToken {
    pub access_token: AccessToken,
    pub scopes: Vec<String>,
}

impl From<Session> for ScopedToken {
    fn from(session: Session) -> Self {
        Self { access_token: session.access_token, scopes: session.scopes }
    }
}

/// Whether the token may be refreshed when that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefreshAllowed {
    IfDue,
    Never,
}

/// A valid access token with at least `min_ttl` left, or the default.
///
/// # Errors
/// `login_required`, `busy`, `store`, `unreachable`, `refused`, `invalid`; `usage` if no token can ever live that long.
pub fn valid_token(context: &Context<'_>, min_ttl: Option<Seconds>, refresh: RefreshAllowed) -> Result<ScopedToken> {
    let wanted_ttl = min_ttl.unwrap_or(DEFAULT_MIN_TTL);
    if let Some(cached) = access_token_cache::get(context, wanted_ttl) {
        return Ok(ScopedToken { access_token: cached.access_token, scopes: cached.scopes });
    }
    let before = context.session()?;
    check_min_ttl(min_ttl, &before.access_token)?;
    if refresh == RefreshAllowed::Never {
        return stored_token(context, before, min_ttl);
    }
    match refresh_if_due::ensure_fresh(context, before.clone(), Intent::AccessToken { min_ttl: wanted_ttl }) {
        Ok(fresh) => fresh_token(context, fresh, min_ttl),
        // A token that still works is better than none, unless a logout has just removed the session.
        Err(error) if !session_was_replaced(&error) && is_usable(context, &before.access_token, min_ttl) => {
            let until = context.reporter.local_time(before.access_token.expires_at);
            let message = format!("{}. The stored access token still works until {until}", error.report().message);
            context.reporter.warn(WarningCode::RefreshFailed, message);
            Ok(before.into())
        }
        Err(error) => Err(error),
    }
}

fn fresh_token(context: &Context<'_>, fresh: FreshSession, min_ttl: Option<Seconds>) -> Result<ScopedToken> {
    let FreshSession { session, source } = fresh;
    // Before the token is cached: the cache remembers when the next warning is due.
    advisory_warnings::warn_if_due(context, &session, source.renewal());
    if matches!(source, TokenSource::Stored(_)) {
        access_token_cache::put_if_unlocked(context);
    }
    check_min_ttl(min_ttl, &session.access_token)?;
    if context.ports.clock.now() >= session.access_token.expires_at {
        let message = "the new access token has already expired: the machine slept or its clock changed during the \
                       refresh; run the command again";
        return Err(NetworkError::Unreachable(message.into()).into());
    }
    Ok(session.into())
}

fn session_was_replaced(error: &Error) -> bool {
    matches!(error.situation, Situation::Session(SessionError::NoSession | SessionError::Changed { .. }))
}

/// Refuses a minimum that no token can meet: it would cause a refresh on every call.
fn check_min_ttl(min_ttl: Option<Seconds>, token: &AccessToken) -> Result<()> {
    let lifetime = token.expires_at.since(token.obtained_at);
    // What is left of a session whose overflow file was lost has no token to judge by.
    let is_known = lifetime > Seconds::ZERO;
    match min_ttl.filter(|min_ttl| is_known && *min_ttl >= lifetime) {
        None => Ok(()),
        Some(min_ttl) => Err(Error::usage(format!(
            "--min-ttl {} must be shorter than the token's lifetime of {}",
            min_ttl.to_text(),
            lifetime.to_text()
        ))),
    }
}

fn stored_token(context: &Context<'_>, session: Session, min_ttl: Option<Seconds>) -> Result<ScopedToken> {
    if is_usable(context, &session.access_token, min_ttl) {
        advisory_warnings::warn_if_due(context, &session, None);
        return Ok(session.into());
    }
    Err(SessionError::RefreshForbidden.into())
}

/// Whether the token has the requested lifetime left. If the clock went back, stored times are not trusted.
fn is_usable(context: &Context<'_>, token: &AccessToken, min_ttl: Option<Seconds>) -> bool {
    let now = context.ports.clock.now();
    !token.is_from_future(now) && now < token.expires_at.minus(min_ttl.unwrap_or(Seconds::ZERO))
}
