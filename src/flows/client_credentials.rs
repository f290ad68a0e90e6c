//! An access token for a client that acts for itself (client credentials, RFC 6749 4.4): kept, or requested when it is
//! due, by one process for all. There is no session: nothing is used up, and a lost response costs one more request.

use crate::domain::access_tokens::ScopedToken;
use crate::domain::scopes::ScopeSet;
use crate::domain::time::Seconds;
use crate::error::{CommandLineError, Error, ProviderRefusal, Result, SessionError};
use crate::explain::trace_messages;
use crate::flows::context::Context;
use crate::flows::session_lock::LockOrFound;
use crate::flows::wanted_token::{WantedToken, warn_of_failure};
use crate::flows::{machine_token_cache, provider_metadata, token_response};
use crate::oidc::{Problem, token};
use crate::ports::Lock;

const FAILED_STEP: &str = "the token request failed";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MachineTokenSource {
    /// It was kept, and no new one is due.
    Kept,
    /// Another process requested it while this one waited.
    RequestedElsewhere,
    Requested,
}

impl Context<'_> {
    /// Refuses (`usage`) what only a user's session has. `consequence` ends "the profile is for machine tokens, so …".
    pub fn require_user(&self, consequence: &'static str) -> Result<()> {
        if self.profile.is_machine() { Err(CommandLineError::NoUser(consequence).into()) } else { Ok(()) }
    }
}

/// A valid token for the wanted scopes, or else the profile's.
///
/// # Errors
/// `refused`, `unreachable`, `invalid`, `config`, `busy`; `usage` if no token lives that long; never `login_required`.
pub fn valid_token(context: &Context<'_>, wanted: &WantedToken) -> Result<ScopedToken> {
    let scopes = wanted.scopes.clone().unwrap_or_else(|| ScopeSet::parse(&context.profile.scopes));
    if let Some(found) = cached(context, &scopes, wanted) {
        trace(context, Some(&found));
        return Ok(found);
    }
    let before = machine_token_cache::get(context, &scopes);
    if let Some(before) = &before {
        wanted.check_min_ttl(&before.access_token)?;
    }
    let works = before.clone().filter(|before| wanted.accepts(context, &before.access_token));
    if wanted.no_refresh {
        return works.ok_or_else(|| SessionError::NewTokenForbidden.into());
    }
    match request_if_due(context, &scopes, wanted, before.as_ref()) {
        Ok((found, _)) => {
            wanted.check_min_ttl(&found.access_token)?;
            Ok(found)
        }
        Err(error) => {
            let Some(works) = works else { return Err(error) };
            warn_of_failure(context, &error, "token", &works.access_token);
            Ok(works)
        }
    }
}

/// The token that is kept for the profile's scopes, or a new one if that is due; and where it comes from. If `is_forced`, a
/// new token in any case, or one that another process requests meanwhile.
pub fn refresh(context: &Context<'_>, is_forced: bool) -> Result<(ScopedToken, MachineTokenSource)> {
    let scopes = ScopeSet::parse(&context.profile.scopes);
    let before = machine_token_cache::get(context, &scopes);
    if !is_forced {
        return request_if_due(context, &scopes, &WantedToken::default(), before.as_ref());
    }
    let lock = context.lock(&machine_token_cache::entry(context))?;
    request_under(lock, context, &scopes, |found| Some(found) != before.as_ref())
}

fn trace(context: &Context<'_>, kept: Option<&ScopedToken>) {
    let left = |kept: &ScopedToken| kept.access_token.expires_at.left(context.ports.clock.now());
    context.reporter.trace(|| trace_messages::machine_token(kept.map(left)));
}

fn cached(context: &Context<'_>, scopes: &ScopeSet, wanted: &WantedToken) -> Option<ScopedToken> {
    let cached = machine_token_cache::cached(context)?;
    cached.tokens.get(scopes).filter(|found| !wanted.needs_new(context, &found.access_token)).cloned()
}

fn request_if_due(
    context: &Context<'_>,
    scopes: &ScopeSet,
    wanted: &WantedToken,
    before: Option<&ScopedToken>,
) -> Result<(ScopedToken, MachineTokenSource)> {
    if let Some(before) = before.filter(|before| !wanted.needs_new(context, &before.access_token)) {
        trace(context, Some(before));
        return Ok((before.clone(), MachineTokenSource::Kept));
    }
    trace(context, None);
    let lock = match context.lock_or_find(&machine_token_cache::entry(context), || cached(context, scopes, wanted))? {
        LockOrFound::Found(found) => return Ok((found, MachineTokenSource::RequestedElsewhere)),
        LockOrFound::Locked(lock) => lock,
    };
    // If no token lives as long as requested, one that another process has requested meanwhile will do.
    let will_do = |found: &ScopedToken| {
        let token = &found.access_token;
        let is_short = token.expires_at.since(token.obtained_at) <= wanted.wanted_ttl();
        let is_new = Some(found) != before && is_short && context.ports.clock.now() < token.expires_at;
        !wanted.needs_new(context, token) || is_new
    };
    request_under(lock, context, scopes, will_do)
}

/// A new token, unless another process has meanwhile requested one that `will_do`.
fn request_under(
    _lock: Box<dyn Lock>,
    context: &Context<'_>,
    scopes: &ScopeSet,
    will_do: impl Fn(&ScopedToken) -> bool,
) -> Result<(ScopedToken, MachineTokenSource)> {
    if let Some(found) = machine_token_cache::get(context, scopes).filter(will_do) {
        return Ok((found, MachineTokenSource::RequestedElsewhere));
    }
    let requested = request(context, scopes)?;
    // Read again, because a request may take long; the lock keeps others from writing.
    let mut kept = machine_token_cache::load(context);
    kept.tokens = kept.tokens.with(scopes.clone(), requested.clone(), context.ports.clock.now());
    machine_token_cache::save(context, &kept);
    Ok((requested, MachineTokenSource::Requested))
}

/// Requests a token. A refresh token or ID token in the response (against RFC 6749 4.4.3) is dropped.
fn request(context: &Context<'_>, scopes: &ScopeSet) -> Result<ScopedToken> {
    let mut provider = provider_metadata::provider(context)?;
    let client = context.client()?;
    let request = token::client_credentials_request(&provider, &client, scopes);
    let sent_at = context.ports.clock.now();
    let response = provider_metadata::send(context, &mut provider, &request, |p| Some(&p.token_endpoint))
        .map_err(|failure| Error::unanswered(FAILED_STEP, &failure))?;
    let response = token::accept_token_response(&response).map_err(|problem| match problem {
        Problem::Refused(error) if error.error != "invalid_client" => {
            let has_scopes = !scopes.is_empty();
            ProviderRefusal::MachineToken { failed_step: FAILED_STEP, error, has_scopes }.into()
        }
        problem => Error::problem(FAILED_STEP, problem),
    })?;
    token_response::trace(context, &response);
    // RFC 6749 5.1: without a scope in the response, all requested scopes were granted.
    let granted = response.scopes.clone().unwrap_or_else(|| scopes.to_vec());
    // Without requested scopes the provider chooses them.
    if !scopes.is_empty() {
        token_response::warn_of_other_scopes(context, &scopes.to_vec(), &granted, false);
    }
    let access_token = token_response::access_token(&response, sent_at);
    if access_token.expires_at.since(sent_at) <= Seconds::ZERO {
        return Err(Error::invalid(format!("{FAILED_STEP}: the token had expired when it was issued")));
    }
    Ok(ScopedToken { access_token, scopes: granted })
}
