//! A valid access token: from the cache, from the store, or by a refresh.

use crate::domain::access_tokens::ScopedToken;
use crate::domain::decision::Intent;
use crate::domain::scopes::ScopeSet;
use crate::domain::secret::Secret;
use crate::domain::session::Session;
use crate::domain::text::with_full_stop;
use crate::domain::warning::WarningCode;
use crate::error::{Error, NetworkError, Result, SessionError, Situation};
use crate::explain::trace_messages;
use crate::flows::context::Context;
use crate::flows::refresh::{FreshSession, TokenSource};
use crate::flows::wanted_token::{RefreshAllowed, WantedToken};
use crate::flows::{access_token_cache, advisory_warnings, machine_token, refresh_if_due, token_response};
use crate::oidc::Problem;
use crate::ports::Response;

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
    let is_machine = context.profile.is_machine();
    let token = if is_machine { machine_token::valid_token(context, wanted) } else { users_token(context, wanted) }?;
    // At each use: whoever uses the token relies on what it was asked for.
    if let Some(scopes) = &wanted.scopes {
        token_response::warn_of_other_scopes(context.reporter, &scopes.to_vec(), &token.scopes, true);
    }
    Ok(token)
}

/// Why a request with an access token failed.
pub struct RequestError {
    error: Box<Error>,
    /// HTTP 401: the provider does not accept the access token.
    is_token_refused: bool,
}

impl RequestError {
    /// For a response that is not accepted. The message starts with `failed_step`.
    pub fn new(failed_step: &'static str, problem: Problem, response: &Response) -> Self {
        let is_refusal = matches!(problem, Problem::Refused(_) | Problem::RefusedByStatus { .. });
        Self {
            error: Box::new(Error::problem(failed_step, problem)),
            is_token_refused: is_refusal && response.status == 401,
        }
    }
}

impl From<Error> for RequestError {
    fn from(error: Error) -> Self {
        Self { error: Box::new(error), is_token_refused: false }
    }
}

/// The result of `request` with the user's access token; if the provider refuses the token, with a new one after a refresh.
///
/// # Errors
/// Those of the request, and of a refresh.
pub fn use_token<T>(
    context: &Context<'_>,
    token: &ScopedToken,
    mut request: impl FnMut(&Secret) -> std::result::Result<T, RequestError>,
) -> Result<T> {
    let mut outcome = request(&token.access_token.value);
    if outcome.as_ref().is_err_and(|failure| failure.is_token_refused) {
        let session = refresh_if_due::ensure_fresh(context, context.session()?, Intent::Force)?.session;
        outcome = request(&session.access_token.value);
    }
    outcome.map_err(|failure| *failure.error)
}

fn users_token(context: &Context<'_>, wanted: &WantedToken) -> Result<ScopedToken> {
    match access_token_cache::get(context, wanted.scopes.as_ref(), wanted.wanted_ttl()) {
        Ok(cached) => {
            let left = || cached.access_token.expires_at.left(context.ports.clock.now());
            context.reporter.trace(|| trace_messages::cached_token(left()));
            return Ok(cached);
        }
        Err(miss) => context.reporter.trace(|| trace_messages::cache_miss(miss)),
    }
    let whole = context.session()?;
    // All scopes are those of the main token.
    let scopes = wanted.scopes.as_ref().filter(|scopes| **scopes != ScopeSet::parse(&whole.scopes));
    let before = whole.seen_with(scopes);
    wanted.check_min_ttl(&before.access_token)?;
    if wanted.refresh == RefreshAllowed::Never {
        return stored_token(context, &whole, wanted, scopes);
    }
    let intent = Intent::AccessToken { min_ttl: wanted.wanted_ttl() };
    match refresh_if_due::ensure_fresh_for(context, scopes, &whole, intent) {
        Ok(fresh) => fresh_token(context, fresh, wanted),
        // A token that still works is better than none, unless a logout has just removed the session.
        Err(error) if !session_was_replaced(&error) && wanted.accepts(context, &before.access_token) => {
            let until = context.reporter.local_time(before.access_token.expires_at);
            let message = format!(
                "{} The stored access token still works until {until}",
                with_full_stop(&error.report().message)
            );
            context.reporter.warn(WarningCode::RefreshFailed, message);
            Ok(before.into_owned().into())
        }
        Err(error) => Err(error),
    }
}

fn fresh_token(context: &Context<'_>, fresh: FreshSession, wanted: &WantedToken) -> Result<ScopedToken> {
    let FreshSession { session, source } = fresh;
    // Before the token is cached: the cache remembers when the next warning is due.
    advisory_warnings::warn_if_due(context, &session, source.renewal());
    if matches!(source, TokenSource::Stored(_)) {
        access_token_cache::put_if_unlocked(context);
    }
    wanted.check_min_ttl(&session.access_token)?;
    if context.ports.clock.now() >= session.access_token.expires_at {
        let message = "the new access token has already expired: the machine slept or its clock changed during the \
                       refresh; run the command again";
        return Err(NetworkError::Unreachable(message.into()).into());
    }
    Ok(session.into())
}

fn session_was_replaced(error: &Error) -> bool {
    use SessionError::{Changed, NoSession, Replaced};
    matches!(error.situation, Situation::Session(NoSession | Replaced | Changed { .. }))
}

fn stored_token(
    context: &Context<'_>,
    whole: &Session,
    wanted: &WantedToken,
    scopes: Option<&ScopeSet>,
) -> Result<ScopedToken> {
    let session = whole.seen_with(scopes).into_owned();
    if wanted.accepts(context, &session.access_token) {
        advisory_warnings::warn_if_due(context, &session, None);
        return Ok(session.into());
    }
    let Some(scopes) = scopes else { return Err(SessionError::RefreshForbidden.into()) };
    // A refresh that cannot succeed is no remedy.
    let intent = Intent::AccessToken { min_ttl: wanted.wanted_ttl() };
    let login_needed = refresh_if_due::login_needed_for(context, scopes, whole, intent);
    Err(login_needed.unwrap_or_else(|| SessionError::ScopedRefreshForbidden(scopes.to_text()).into()))
}
