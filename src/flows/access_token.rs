//! A valid access token or ID token: from the cache, from the store, or by a refresh.

use crate::domain::access_tokens::ScopedToken;
use crate::domain::decision::Intent;
use crate::domain::scopes::ScopeSet;
use crate::domain::secret::Secret;
use crate::domain::session::{IdToken, Session};
use crate::error::{Error, Result, SessionError, Situation};
use crate::flows::context::Context;
use crate::flows::refresh::{FreshSession, TokenSource};
use crate::flows::wanted_token::{WantedToken, warn_of_failure};
use crate::flows::{access_token_cache, advisory_warnings, client_credentials, refresh_if_due, token_response};
use crate::oidc::Problem;
use crate::oidc::token::RefreshParameters;

impl From<Session> for ScopedToken {
    fn from(session: Session) -> Self {
        Self { access_token: session.access_token, scopes: session.scopes }
    }
}

/// A valid access token: the user's, or that of a client that acts for itself.
///
/// # Errors
/// `login_required`, `busy`, `store`, `unreachable`, `refused`, `invalid`; `usage` if no token can ever live that long.
pub fn valid_token(context: &Context<'_>, wanted: &WantedToken) -> Result<ScopedToken> {
    let find = if context.profile.is_machine() { client_credentials::valid_token } else { users_token };
    let token = find(context, wanted)?;
    // At each use: whoever uses the token relies on what it was asked for.
    if let Some(scopes) = &wanted.scopes {
        token_response::warn_of_other_scopes(context, &scopes.to_vec(), &token.scopes, true);
    }
    Ok(token)
}

/// What came of a request with an access token: the HTTP status, and what the response holds.
pub type Answer<T> = (u16, std::result::Result<T, Problem>);

/// The result of `request` with the user's access token; if the provider refuses the token (HTTP 401), with a new one after
/// a refresh. The message of an error starts with `failed_step`.
pub fn use_token<T>(
    context: &Context<'_>,
    token: &ScopedToken,
    failed_step: &'static str,
    mut request: impl FnMut(&Secret) -> Result<Answer<T>>,
) -> Result<T> {
    let (_, outcome) = match request(&token.access_token.value)? {
        (401, Err(Problem::Refused(_) | Problem::RefusedByStatus { .. })) => {
            let (whole, parameters) = (context.session()?, RefreshParameters::default());
            let fresh = refresh_if_due::ensure_fresh(context, parameters, &whole, Intent::Force)?;
            request(&fresh.session.access_token.value)?
        }
        answer => answer,
    };
    outcome.map_err(|problem| Error::problem(failed_step, problem))
}

fn users_token(context: &Context<'_>, wanted: &WantedToken) -> Result<ScopedToken> {
    match access_token_cache::get(context, wanted.scopes.as_ref(), wanted.wanted_ttl()) {
        Ok(cached) => {
            let left = || cached.access_token.expires_at.left(context.ports.clock.now()).to_text();
            context.reporter.trace(|| format!("access token from the cache, {} left: no request", left()));
            return Ok(cached);
        }
        Err(why) => context.reporter.trace(|| format!("no access token from the cache: {why}")),
    }
    let whole = context.session()?;
    // All scopes are those of the main token.
    let scopes = wanted.scopes.as_ref().filter(|scopes| **scopes != ScopeSet::parse(&whole.scopes));
    let before = whole.seen_with(scopes);
    wanted.check_min_ttl(&before.access_token)?;
    let intent = Intent::AccessToken { min_ttl: wanted.wanted_ttl() };
    if wanted.no_refresh {
        if !wanted.accepts(context, &before.access_token) {
            return Err(refresh_if_due::refresh_forbidden(context, &whole, scopes, intent));
        }
        advisory_warnings::warn_if_due(context, &before, None);
        return Ok(before.into_owned().into());
    }
    let parameters = RefreshParameters { scopes, tnu_id: None };
    match refresh_if_due::ensure_fresh(context, parameters, &whole, intent) {
        Ok(fresh) => fresh_token(context, fresh, wanted),
        // Not if a logout has just removed the session.
        Err(error) if !session_was_replaced(&error) && wanted.accepts(context, &before.access_token) => {
            warn_of_failure(context, &error, "access token", &before.access_token);
            Ok(before.into_owned().into())
        }
        Err(error) => Err(error),
    }
}

fn fresh_token(context: &Context<'_>, fresh: FreshSession, wanted: &WantedToken) -> Result<ScopedToken> {
    let FreshSession { session, source } = fresh;
    // Before the token is cached: the cache remembers when the next warning is due.
    advisory_warnings::warn_if_due(context, &session, source.renewal());
    if matches!(source, TokenSource::Stored) {
        access_token_cache::put_if_unlocked(context);
    }
    wanted.check_min_ttl(&session.access_token)?;
    if context.ports.clock.now() >= session.access_token.expires_at {
        let message = "the new access token has already expired: the machine slept or its clock changed during the \
                       refresh; run the command again";
        return Err(Situation::Unreachable(message.into()).into());
    }
    Ok(session.into())
}

fn session_was_replaced(error: &Error) -> bool {
    use SessionError::{Changed, NoSession, Replaced};
    matches!(error.situation, Situation::Session(NoSession | Replaced | Changed { .. }))
}

/// An ID token that has not expired; with `no_refresh` only if it is stored.
///
/// # Errors
/// `login_required` if there is none and a refresh returns none; else those of a refresh.
pub fn valid_id_token(context: &Context<'_>, no_refresh: bool) -> Result<IdToken> {
    context.require_user("the provider issues no ID token")?;
    let before = context.session()?;
    let FreshSession { session, source } = if no_refresh {
        FreshSession { session: before.clone(), source: TokenSource::Stored }
    } else {
        refresh_if_due::ensure_fresh(context, RefreshParameters::default(), &before, Intent::IdToken)?
    };
    advisory_warnings::warn_if_due(context, &session, source.renewal());
    let now = context.ports.clock.now();
    // A new token was validated by the provider's clock, so this machine's clock does not matter.
    let is_new = source.renewal().is_some() && session.id_token != before.id_token;
    let missing = if no_refresh { SessionError::RefreshForbidden } else { SessionError::NoIdToken };
    Ok(session.id_token.filter(|token| is_new || now < token.expires_at).ok_or(missing)?)
}
