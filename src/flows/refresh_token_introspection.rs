//! Asks the provider when the session's refresh token expires (RFC 7662), once each time the token was issued or used,
//! and stores the answer in the session. Only for commands that explain a session: a refresh never waits for it. Without
//! an answer the policy's estimate remains.

use crate::domain::session::{Introspection, RefreshTokenStatus, Session};
use crate::domain::time::{CLOCK_TOLERANCE, Seconds, Time};
use crate::error::Result;
use crate::flows::context::Context;
use crate::flows::provider_metadata::{self, HURRIED_DEADLINE};
use crate::flows::token_response;
use crate::oidc::discovery::Provider;
use crate::oidc::introspection::{accept_introspection, introspection_request};
use crate::oidc::token::{Client, provider_time};
use crate::oidc::{Owner, Problem};
use crate::ports::{Prompt, Request};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::path::{Path, PathBuf};

/// How long to wait before a provider is asked again that does not answer this client about refresh tokens.
const REFUSED_PAUSE: Seconds = Seconds::days(1);
/// How long to wait before a provider is asked again that could not be reached.
const UNAVAILABLE_PAUSE: Seconds = Seconds::minutes(1);

/// How old a refresh token must be before it is believed to be inactive: a replica of the provider may not know it yet.
const KNOWN_EVERYWHERE_AFTER: Seconds = Seconds::minutes(1);

/// What is remembered of an endpoint and a client, so that a provider that does not answer costs nothing.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Memory {
    paused_until: Option<Time>,
    /// Whether it has called a refresh token of this client active. Otherwise `"active": false` may mean that the client
    /// may not ask (RFC 7662 2.2).
    answers: bool,
}

/// The stored session, with what the provider says of its refresh token, if that can be known; and until when the provider
/// is not asked again, if it did not say.
pub fn load_with_introspection(context: &Context<'_>) -> Result<(Option<Session>, Option<Time>)> {
    let Some(session) = context.load(Prompt::Allowed)? else { return Ok((None, None)) };
    let (session, paused_until) = introspect(context, session, true);
    Ok((Some(session), paused_until))
}

/// The session, with what the provider says of its refresh token, if that can be known. The provider is asked in any case:
/// what the client may do can have changed.
pub fn after_login(context: &Context<'_>, session: Session) -> Session {
    introspect(context, session, false).0
}

fn introspect(context: &Context<'_>, session: Session, respects_pause: bool) -> (Session, Option<Time>) {
    if session.held_token().is_none() || session.introspection().is_some() {
        return (session, None);
    }
    match ask(context, &session, respects_pause).unwrap_or_default() {
        (Some(introspection), _) => (record(context, session, introspection), None),
        (None, paused_until) => (session, paused_until),
    }
}

/// What the provider said, and until when it is not asked again; `None` if it cannot be asked.
fn ask(
    context: &Context<'_>,
    session: &Session,
    respects_pause: bool,
) -> Option<(Option<Introspection>, Option<Time>)> {
    // Other providers cost no request.
    provider_metadata::cached_provider(context)?.introspection_endpoint.ok()?;
    let mut provider = provider_metadata::provider(context).ok()?;
    let client = context.client().ok()?;
    let path = memory_path(context, &provider, &client);
    let asked_at = context.ports.clock.now();
    let memory = read_memory(context, path.as_deref(), asked_at);
    if let Some(until) = memory.paused_until.filter(|until| respects_pause && asked_at < *until) {
        return Some((None, Some(until)));
    }
    let held = session.held_token()?;
    let request = introspection_request(&provider, &client, &held.value).ok()?;
    let request = Request { deadline: Some(HURRIED_DEADLINE), ..request };
    let answer = provider_metadata::send(context, &mut provider, &request, |p| p.introspection_endpoint.as_ref().ok())
        .map_err(|failure| Problem::Unavailable(failure.message))
        .and_then(|response| {
            let ahead = token_response::provider_ahead(asked_at, provider_time(&response));
            let (client_id, sub) = (&client.client_id, &session.account.sub);
            let owner = Owner { issuer: &provider.issuer, client_id, sub };
            accept_introspection(&response, owner, asked_at.plus(ahead)).map(|said| (said, ahead))
        });
    let pause = |pause| Memory { paused_until: Some(asked_at.plus(pause)), ..memory };
    // A token that seems to come from the future was issued before the clock was set back.
    let age = asked_at.since(held.renewed_at);
    let is_new = age >= Seconds::ZERO && age < KNOWN_EVERYWHERE_AFTER;
    let (status, memory) = match answer {
        Ok((RefreshTokenStatus::Active { expires_at }, ahead)) => {
            let expires_at = expires_at.map(|end| end.minus(ahead));
            (Some(RefreshTokenStatus::Active { expires_at }), Memory { paused_until: None, answers: true })
        }
        Ok((RefreshTokenStatus::Inactive, _)) if memory.answers && is_new => {
            (None, pause(Seconds(KNOWN_EVERYWHERE_AFTER.0 - age.0)))
        }
        Ok((RefreshTokenStatus::Inactive, _)) if memory.answers => (Some(RefreshTokenStatus::Inactive), memory),
        Ok((RefreshTokenStatus::Inactive, _)) => (None, pause(REFUSED_PAUSE)),
        Err(Problem::Unavailable(_)) => (None, pause(UNAVAILABLE_PAUSE)),
        Err(Problem::Invalid(what)) => {
            context.reporter.trace(|| what);
            (None, pause(REFUSED_PAUSE))
        }
        Err(Problem::Refused(_) | Problem::RefusedByStatus { .. }) => {
            let what = "asked until when the refresh token is valid: this client may not ask, which is no harm";
            context.reporter.trace(|| what.to_owned());
            (None, pause(REFUSED_PAUSE))
        }
    };
    context.write_own(path.as_deref(), &memory);
    Some((status.map(|status| Introspection { asked_at, status }), memory.paused_until))
}

/// Stores the answer with the session, unless the token was used or replaced meanwhile, or another process is doing so.
/// Returns the session as it is stored. If it cannot be stored, the next run asks again.
fn record(context: &Context<'_>, session: Session, introspection: Introspection) -> Session {
    let Ok(Some(_lock)) = context.store.try_lock(&context.entry()) else { return session };
    let Ok(Some(stored)) = context.load(Prompt::Forbidden) else { return session };
    let is_same = stored.generation == session.generation
        && stored.refresh_started_at == session.refresh_started_at
        && stored.held_token().map(|held| &held.value) == session.held_token().map(|held| &held.value);
    if !is_same {
        return stored;
    }
    let answered = stored.with_introspection(Some(introspection));
    let _ = context.store.write(&context.entry(), &answered.to_json(), Prompt::Forbidden);
    answered
}

/// What is remembered; a pause that was written before the clock was set back does not count.
fn read_memory(context: &Context<'_>, path: Option<&Path>, now: Time) -> Memory {
    let memory: Memory = context.read_own(path).unwrap_or_default();
    let latest = now.plus(REFUSED_PAUSE).plus(CLOCK_TOLERANCE);
    Memory { paused_until: memory.paused_until.filter(|until| *until <= latest), ..memory }
}

fn memory_path(context: &Context<'_>, provider: &Provider, client: &Client) -> Option<PathBuf> {
    let endpoint = provider.introspection_endpoint.as_ref().ok()?.as_str();
    let is_public = !client.has_secret();
    context.cache_file("introspection-", &json!([endpoint, client.client_id, is_public]))
}
