//! The provider's discovery document: from the cache, or fetched when the cached copy is too old or doubtful.

use crate::domain::time::Seconds;
use crate::error::{Error, Result};
use crate::flows::context::Context;
use crate::flows::provider_cache;
use crate::oidc::discovery::{self, Issuer, Provider};
use crate::ports::{HttpFailure, Request, Response};
use std::time::Duration;

/// What was fetched so recently is what the provider publishes now.
pub const JUST_NOW: Seconds = Seconds(10);

/// How long a lookup may take while a spent refresh token's successor waits to be stored.
pub const HURRIED_DEADLINE: Duration = Duration::from_secs(3);

/// The provider, as its discovery document describes it (OpenID Connect Discovery 4).
///
/// # Errors
/// `config` for an issuer that is none, `unreachable`, `invalid`.
pub fn provider(context: &Context<'_>) -> Result<Provider> {
    let issuer = Issuer::parse(&context.profile.issuer).map_err(Error::config)?;
    let request = discovery::discovery_request(&issuer, context.profile.ca_file.as_deref());
    let hosts = &context.profile.endpoint_hosts;
    if let Some(cached) = provider_cache::fresh(context, &request)
        && let Ok(provider) = Provider::from_json(cached.document.as_bytes(), &issuer, hosts)
    {
        return Ok(provider);
    }
    read_anew(context, &request, &issuer)
}

/// The same, whatever is cached: before a person is asked to log in one request is nothing, and a document that has changed
/// must not lock anybody out.
///
/// # Errors
/// As [`provider`].
pub fn provider_as_of_now(context: &Context<'_>) -> Result<Provider> {
    let issuer = Issuer::parse(&context.profile.issuer).map_err(Error::config)?;
    read_anew(context, &discovery::discovery_request(&issuer, context.profile.ca_file.as_deref()), &issuer)
}

fn read_anew(context: &Context<'_>, request: &Request, issuer: &Issuer) -> Result<Provider> {
    const DOING: &str = "cannot read the discovery document";
    let response = context.send(request).map_err(|failure| Error::unanswered(DOING, &failure))?;
    let provider = discovery::accept_discovery(&response, issuer, &context.profile.endpoint_hosts)
        .map_err(|problem| Error::problem(DOING, problem))?;
    let now = context.ports.clock.now();
    context.lookups.set_discovery_read_at(now);
    provider_cache::store(context, request, &response, now, None);
    Ok(provider)
}

/// The provider as its document is now, if `known` comes from a copy in the cache and differs: after an answer that makes
/// the copy doubtful. Not waited for for long, and not asked for where this run has read it a moment ago.
pub fn provider_if_changed(context: &Context<'_>, known: &Provider) -> Option<Provider> {
    let issuer = Issuer::parse(&context.profile.issuer).ok()?;
    let mut request = discovery::discovery_request(&issuer, context.profile.ca_file.as_deref());
    let now = context.ports.clock.now();
    if context.lookups.discovery_read_at().is_some_and(|read| read <= now && now < read.plus(JUST_NOW)) {
        return None;
    }
    request.deadline = Some(HURRIED_DEADLINE);
    read_anew(context, &request, &issuer).ok().filter(|provider| provider != known)
}

/// Sends `first` to an endpoint of the provider's. Where nothing is at that address (any more), the discovery document is
/// read once more, and if it names another one, what `request` makes of it goes there: nobody has acted on the first.
/// `provider` is then the new one.
///
/// # Errors
/// As the port.
pub fn send(
    context: &Context<'_>,
    provider: &mut Provider,
    first: &Request,
    request: impl Fn(&Provider) -> Option<Request>,
) -> std::result::Result<Response, HttpFailure> {
    let answer = context.send(first)?;
    if matches!(answer.status, 404 | 405 | 410)
        && let Some(changed) = provider_if_changed(context, provider)
    {
        *provider = changed;
        if let Some(second) = request(provider).filter(|second| second.url != first.url) {
            return context.send(&second);
        }
    }
    Ok(answer)
}
