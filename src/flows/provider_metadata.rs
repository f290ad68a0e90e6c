//! The provider's discovery document: from the cache, or fetched when the cached copy is too old or doubtful.

use crate::domain::time::Seconds;
use crate::error::{Error, Result};
use crate::flows::context::Context;
use crate::flows::provider_cache::{self, CachedDocument};
use crate::flows::traced_request::Outcome;
use crate::oidc::discovery::{self, Issuer, Provider};
use crate::ports::Request;
use std::time::Duration;
use url::Url;

/// A document no older than this counts as current.
pub const JUST_NOW: Seconds = Seconds(10);

pub const FAILED_STEP: &str = "cannot read the discovery document";

/// How long a lookup may take while a new refresh token waits to be stored.
pub const HURRIED_DEADLINE: Duration = Duration::from_secs(3);

/// The provider, as its discovery document describes it (OpenID Connect Discovery 4).
///
/// # Errors
/// `config` for an invalid issuer; `unreachable`, `invalid`.
pub fn provider(context: &Context<'_>) -> Result<Provider> {
    let (issuer, request) = discovery_request(context)?;
    if let Some(cached) = provider_cache::read(context, &request)
        && cached.is_fresh(context.ports.clock.now())
        && let Some(provider) = from_cache(context, &issuer, &cached)
    {
        provider_cache::trace(context, "discovery document", cached.fetched_at, cached.fresh_until);
        return Ok(provider);
    }
    fetch(context, None)
}

/// As [`provider`], but always fetched: one request is cheap, and an outdated copy could make a login fail.
pub fn fetch_provider(context: &Context<'_>) -> Result<Provider> {
    fetch(context, None)
}

/// The provider as any cached document describes it, however old: without a request.
pub fn cached_provider(context: &Context<'_>) -> Option<Provider> {
    let (issuer, request) = discovery_request(context).ok()?;
    from_cache(context, &issuer, &provider_cache::read(context, &request)?)
}

fn from_cache(context: &Context<'_>, issuer: &Issuer, cached: &CachedDocument) -> Option<Provider> {
    Provider::from_json(cached.document.as_bytes(), issuer, &context.profile.endpoint_hosts).ok()
}

fn discovery_request(context: &Context<'_>) -> Result<(Issuer, Request)> {
    let issuer = Issuer::parse(&context.profile.issuer).map_err(Error::config)?;
    let request = discovery::discovery_request(&issuer);
    Ok((issuer, request))
}

fn fetch(context: &Context<'_>, deadline: Option<Duration>) -> Result<Provider> {
    let (issuer, request) = discovery_request(context)?;
    let request = Request { deadline, ..request };
    let response = context.send(&request).map_err(|failure| Error::unanswered(FAILED_STEP, &failure))?;
    let provider = discovery::accept_discovery(&response, &issuer, &context.profile.endpoint_hosts)
        .map_err(|problem| Error::problem(FAILED_STEP, problem))?;
    let now = context.ports.clock.now();
    context.lookups().discovery_read_at = Some(now);
    provider_cache::store(context, &request, &response, now, None);
    Ok(provider)
}

/// The provider as its document describes it now, if that differs from `known`; `None` if this run has just fetched
/// the document. With a short deadline, because a new refresh token may be waiting to be stored.
pub fn provider_if_changed(context: &Context<'_>, known: &Provider) -> Option<Provider> {
    let now = context.ports.clock.now();
    if context.lookups().discovery_read_at.is_some_and(|read| read <= now && now < read.plus(JUST_NOW)) {
        return None;
    }
    fetch(context, Some(HURRIED_DEADLINE)).ok().filter(|provider| provider != known)
}

/// The response to a request. If nothing is at its endpoint any more and the current discovery document names another
/// one, `provider` is updated and the request is sent there: the first one had no effect.
pub fn send(
    context: &Context<'_>,
    provider: &mut Provider,
    request: &Request,
    endpoint: impl Fn(&Provider) -> Option<&Url>,
) -> Outcome {
    let response = context.send(request)?;
    if matches!(response.status, 404 | 405 | 410)
        && let Some(changed) = provider_if_changed(context, provider)
    {
        *provider = changed;
        if let Some(url) = endpoint(provider).filter(|url| **url != request.url) {
            return context.send(&Request { url: url.clone(), ..request.clone() });
        }
    }
    Ok(response)
}
