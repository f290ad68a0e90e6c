//! The provider's discovery document and keys: cached per issuer, fetched when too old, accepted by the same checks
//! either way. A cache that cannot be read or written is no failure.

use super::context::Context;
use crate::core::jwt::Jwt;
use crate::core::text::hex;
use crate::core::time::{Seconds, Time};
use crate::error::{Error, Result};
use crate::oidc::discovery::{self, Issuer, Provider};
use crate::oidc::jwks::{self, KeySet, SignatureProblem};
use crate::world::{Request, Response};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::sync::PoisonError;

/// How long an unknown `kid` waits for the next refetch of the keys; counts attempts, not successes.
const REFETCH_COOLDOWN: Seconds = Seconds::minutes(5);

/// A cached document.
#[derive(Serialize, Deserialize)]
struct Cached {
    /// Where it was fetched from: the file's name is only a hash of it.
    url: String,
    fetched_at: Time,
    fresh_until: Time,
    /// When an unknown `kid` last had it fetched again.
    #[serde(default)]
    refetched_at: Option<Time>,
    document: String,
}

/// The provider, as its discovery document describes it (OpenID Connect Discovery 4).
///
/// # Errors
/// `config` for an issuer that is none, `unreachable`, `invalid`.
pub fn provider(context: &Context<'_>) -> Result<Provider> {
    let issuer = Issuer::parse(&context.profile.issuer).map_err(Error::config)?;
    let request = discovery::discovery_request(&issuer, context.profile.ca_file.as_deref());
    let hosts = &context.profile.endpoint_hosts;
    if let Some(cached) = fresh(context, &request)
        && let Ok(provider) = Provider::from_document(cached.document.as_bytes(), &issuer, hosts)
    {
        return Ok(provider);
    }
    const DOING: &str = "reading the provider's discovery document";
    let response = context.send(&request).map_err(|failure| Error::unanswered(DOING, &failure))?;
    let provider = discovery::accept_discovery(&response, &issuer, hosts).map_err(|p| Error::problem(DOING, p))?;
    keep(context, &request, &response, None);
    Ok(provider)
}

/// The provider's signing keys (RFC 7517).
///
/// # Errors
/// `unreachable`, `invalid`.
pub fn keys(context: &Context<'_>, provider: &Provider) -> Result<KeySet> {
    let request = jwks::jwks_request(provider, context.profile.ca_file.as_deref());
    cached_keys(context, &request).map_or_else(|| fetch_keys(context, &request, None), Ok)
}

fn cached_keys(context: &Context<'_>, request: &Request) -> Option<KeySet> {
    KeySet::from_document(fresh(context, request)?.document.as_bytes()).ok()
}

/// The request that brings the keys, if none are cached: for fetching them while the user is in the browser.
pub fn wanted_keys(context: &Context<'_>, provider: &Provider) -> Option<Request> {
    let request = jwks::jwks_request(provider, context.profile.ca_file.as_deref());
    if fresh(context, &request).is_some() { None } else { Some(request) }
}

/// The keys from an answer to [`wanted_keys`]; where that failed, as [`keys`].
///
/// # Errors
/// `unreachable`, `invalid`.
pub fn fetched_keys(context: &Context<'_>, provider: &Provider, answer: Option<&Response>) -> Result<KeySet> {
    if let Some(response) = answer
        && let Ok(keys) = jwks::accept_jwks(response)
    {
        keep(context, &jwks::jwks_request(provider, context.profile.ca_file.as_deref()), response, None);
        return Ok(keys);
    }
    keys(context, provider)
}

/// What a check with the provider's keys came to.
pub enum Verdict<T, E> {
    /// It was decided with the keys that the provider publishes.
    Given(std::result::Result<T, E>),
    /// The key is not among those at hand, and they were looked for too recently to ask again.
    KeyUnknown(E),
}

impl<T, E> Verdict<T, E> {
    /// A key that is not known is not accepted.
    ///
    /// # Errors
    /// The check's own.
    pub fn strictly(self) -> std::result::Result<T, E> {
        match self {
            Self::Given(outcome) => outcome,
            Self::KeyUnknown(problem) => Err(problem),
        }
    }
}

/// Runs `check` with the keys; if it finds that the key is not among them, fetches them once more (unless that was
/// tried in the last five minutes, here or by another run that could note it) and runs it again: the provider may have
/// rotated its keys just now (OIDC Core 10.1.1). `keys` are then the newest there are.
///
/// # Errors
/// `unreachable` or `invalid`, where the keys that would decide cannot be had.
pub fn with_keys<T, E>(
    context: &Context<'_>,
    provider: &Provider,
    keys: &mut KeySet,
    check: impl Fn(&KeySet) -> std::result::Result<T, E>,
    key_is_unknown: impl Fn(&E) -> bool,
) -> Result<Verdict<T, E>> {
    let first = check(keys);
    let problem = match first {
        Err(problem) if key_is_unknown(&problem) => problem,
        decided => return Ok(Verdict::Given(decided)),
    };
    let request = jwks::jwks_request(provider, context.profile.ca_file.as_deref());
    let now = context.world.clock.now();
    let noted = cached(context, &request).and_then(|cached| cached.refetched_at);
    let mut own = context.keys_sought_at.lock().unwrap_or_else(PoisonError::into_inner);
    let recent = |at: &Time| *at <= now && now < at.plus(REFETCH_COOLDOWN);
    if !noted.iter().chain(own.iter()).any(recent) {
        *own = Some(now);
        *keys = fetch_keys(context, &request, Some(now))?;
        return Ok(Verdict::Given(check(keys)));
    }
    // Whoever else looked may have found it.
    let Some(newer) = cached_keys(context, &request) else { return Ok(Verdict::KeyUnknown(problem)) };
    match check(&newer) {
        Err(problem) if key_is_unknown(&problem) => Ok(Verdict::KeyUnknown(problem)),
        decided => {
            *keys = newer;
            Ok(Verdict::Given(decided))
        }
    }
}

/// Whether `jwt` was signed by the provider, its keys fetched once more if that may help.
///
/// # Errors
/// `unreachable`, `invalid` if the keys cannot be had; the inner result is the signature's.
pub fn verify(
    context: &Context<'_>,
    provider: &Provider,
    jwt: &Jwt<'_>,
) -> Result<std::result::Result<(), SignatureProblem>> {
    let mut keys = keys(context, provider)?;
    with_keys(
        context,
        provider,
        &mut keys,
        |keys| keys.verify(jwt),
        |problem| matches!(problem, SignatureProblem::UnknownKey),
    )
    .map(Verdict::strictly)
}

fn fetch_keys(context: &Context<'_>, request: &Request, refetched_at: Option<Time>) -> Result<KeySet> {
    const DOING: &str = "reading the provider's keys";
    if let (Some(_), Some(mut cached)) = (refetched_at, cached(context, request)) {
        cached.refetched_at = refetched_at;
        write(context, request, &cached);
    }
    let response = context.send(request).map_err(|failure| Error::unanswered(DOING, &failure))?;
    let keys = jwks::accept_jwks(&response).map_err(|problem| Error::problem(DOING, problem))?;
    keep(context, request, &response, refetched_at);
    Ok(keys)
}

fn keep(context: &Context<'_>, request: &Request, response: &Response, refetched_at: Option<Time>) {
    let now = context.world.clock.now();
    let Ok(document) = String::from_utf8(response.body.clone()) else { return };
    let fresh_until = now.plus(discovery::cache_life(response));
    let cached = Cached { url: request.url.to_string(), fetched_at: now, fresh_until, refetched_at, document };
    write(context, request, &cached);
}

fn write(context: &Context<'_>, request: &Request, cached: &Cached) {
    if let (Some(path), Ok(bytes)) = (path(context, request), serde_json::to_vec(cached)) {
        // A cache that cannot be kept costs the next run a request, no more.
        let _ = context.world.files.write_own(&path, &bytes);
    }
}

fn fresh(context: &Context<'_>, request: &Request) -> Option<Cached> {
    let now = context.world.clock.now();
    cached(context, request).filter(|cached| {
        // Whoever wrote something else than `keep` does, it is not believed.
        let credible =
            cached.fetched_at <= now && cached.fresh_until <= cached.fetched_at.plus(discovery::LONGEST_CACHE_LIFE);
        credible && now < cached.fresh_until
    })
}

fn cached(context: &Context<'_>, request: &Request) -> Option<Cached> {
    let bytes = context.world.files.read_own(&path(context, request)?).ok()??;
    serde_json::from_slice(&bytes).ok().filter(|cached: &Cached| cached.url == request.url.as_str())
}

/// Under the name of what was asked and of who was trusted to answer: what one certificate authority vouched for is
/// nothing to a run that does not trust it.
fn path(context: &Context<'_>, request: &Request) -> Option<PathBuf> {
    let ca_file = request.ca_file.as_deref().map(Path::to_string_lossy);
    let system = ["SSL_CERT_FILE", "SSL_CERT_DIR"].map(|name| context.world.env.get(name));
    let hash = Sha256::digest(serde_json::json!([request.url.as_str(), ca_file, system]).to_string());
    Some(context.world.dirs.cache.as_ref()?.join("tidp").join(format!("{}.json", hex(&hash[..16]))))
}
