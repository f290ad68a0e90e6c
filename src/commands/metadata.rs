//! The provider's discovery document and keys: cached per issuer, fetched when too old, accepted by the same checks
//! either way. A cache that cannot be read or written is no failure.

use super::context::Context;
use crate::core::jwt::Jwt;
use crate::core::text::hex;
use crate::core::time::{Seconds, Time};
use crate::error::{Error, Result, Situation};
use crate::oidc::discovery::{self, Issuer, Provider};
use crate::oidc::jwks::{self, KeyFault, KeySet, MayBeTheKeys, SignatureProblem};
use crate::world::{Request, Response};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::sync::{MutexGuard, PoisonError};

/// How long an unknown `kid` waits for the next refetch of the keys; counts attempts, not successes.
const REFETCH_COOLDOWN: Seconds = Seconds::minutes(5);

/// Keys that came so recently are what the provider publishes now.
const JUST_NOW: Seconds = Seconds(10);

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
    /// Whether it came then, or has come since.
    #[serde(default)]
    refetched: bool,
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

/// Whether the keys may be fetched once more though that was tried a moment ago.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// After a login, which somebody has made, and which is lost otherwise.
    AtOnce,
    /// After a refresh: at once where a signature is wrong, which costs the session; else after five minutes.
    AtOnceIfWrong,
    /// After five minutes: whoever sends tokens must not be able to make us ask.
    InTime,
}

/// When this run fetched the keys.
#[derive(Clone, Copy, Default)]
pub struct Sought {
    /// Tried for want of one.
    wanted: Option<Time>,
    /// They came, whatever for.
    came: Option<Time>,
}

/// Runs `check` with the keys; if its failure may be due to them, runs it with newer ones, which another run has fetched or
/// are fetched now: the provider may have rotated its keys (OIDC Core 10.1.1). `keys` are then the newest there are.
///
/// # Errors
/// `unreachable` or `invalid`, where the keys that would decide cannot be had; `unreachable` also where they may not be
/// asked for again so soon. A signature that is wrong by the keys at hand is wrong if no newer ones can be had, except where
/// that would cost a session ([`Again::AtOnceIfWrong`]): then it is as good as unknown.
pub fn with_keys<T, E: MayBeTheKeys>(
    context: &Context<'_>,
    provider: &Provider,
    keys: &mut KeySet,
    again: Again,
    check: impl Fn(&KeySet) -> std::result::Result<T, E>,
) -> Result<std::result::Result<T, E>> {
    let (problem, fault) = match faulted(check(keys)) {
        Ok(decided) => return Ok(decided),
        Err(faulted) => faulted,
    };
    let request = jwks::jwks_request(provider, context.profile.ca_file.as_deref());
    let now = context.world.clock.now();
    let Sought { wanted, came } = *sought(context);
    let recent = |at: &Time| *at <= now && now < at.plus(REFETCH_COOLDOWN);
    let wanted = wanted.filter(recent);
    let cached = cached(context, &request);
    // Whoever else looked may have found it.
    if cached.as_ref().is_some_and(|cached| came.is_none_or(|came| came < cached.fetched_at))
        && let Some(newer) = cached_keys(context, &request)
        && let Ok(decided) = faulted(check(&newer))
    {
        *keys = newer;
        return Ok(decided);
    }
    let just_now = |at: &Time| *at <= now && now < at.plus(JUST_NOW);
    let as_good_as_new = match fault {
        KeyFault::Missing => wanted.filter(|_| came.is_some()),
        KeyFault::Mismatch => came,
    };
    if as_good_as_new.as_ref().is_some_and(just_now) {
        return Ok(Err(problem));
    }
    let noted = cached.as_ref().and_then(|cached| cached.refetched_at).filter(recent);
    let at_once = again == Again::AtOnce || (again == Again::AtOnceIfWrong && fault == KeyFault::Mismatch);
    match (wanted.max(noted).filter(|_| !at_once), fault) {
        (None, _) => {
            *sought(context) = Sought { wanted: Some(now), came: None };
            match (fetch_keys(context, &request, Some(now)), fault) {
                (Ok(newer), _) => *keys = newer,
                (Err(_), KeyFault::Mismatch) if again != Again::AtOnceIfWrong => return Ok(Err(problem)),
                (Err(error), _) => return Err(error),
            }
            Ok(check(keys))
        }
        (Some(_), KeyFault::Mismatch) => Ok(Err(problem)),
        (Some(at), KeyFault::Missing) => {
            let noted = cached.filter(|cached| cached.refetched).map(|cached| cached.fetched_at);
            Err(not_known(context, at, came.filter(|came| at <= *came).max(noted)))
        }
    }
}

/// What is decided, or a problem that newer keys might solve.
fn faulted<T, E: MayBeTheKeys>(
    checked: std::result::Result<T, E>,
) -> std::result::Result<std::result::Result<T, E>, (E, KeyFault)> {
    match checked {
        Err(problem) => match problem.key_fault() {
            Some(fault) => Err((problem, fault)),
            None => Ok(Err(problem)),
        },
        passed => Ok(passed),
    }
}

/// The keys were looked for at `at`, and `came` last after that, if they did; it is too early to look again.
fn not_known(context: &Context<'_>, at: Time, came: Option<Time>) -> Error {
    let [last, again] = [came.unwrap_or(at), at.plus(REFETCH_COOLDOWN)].map(|time| context.out.local(time));
    let why = match came {
        Some(_) => format!("the key is not among those it published when they were last looked for ({last})"),
        None => format!("its keys could not be had when they were last looked for ({last})"),
    };
    let what = format!(
        "whether the provider has signed it is not known: {why}; they are looked for again from {again} on at the latest"
    );
    Situation::KeyNotKnown("unreachable", what).into()
}

fn sought<'c>(context: &'c Context<'_>) -> MutexGuard<'c, Sought> {
    context.keys_sought.lock().unwrap_or_else(PoisonError::into_inner)
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
    with_keys(context, provider, &mut keys(context, provider)?, Again::InTime, |keys| keys.verify(jwt))
}

fn fetch_keys(context: &Context<'_>, request: &Request, refetched_at: Option<Time>) -> Result<KeySet> {
    const DOING: &str = "reading the provider's keys";
    if let (Some(_), Some(mut cached)) = (refetched_at, cached(context, request)) {
        (cached.refetched_at, cached.refetched) = (refetched_at, false);
        write(context, request, &cached);
    }
    let response = context.send(request).map_err(|failure| Error::unanswered(DOING, &failure))?;
    let keys = jwks::accept_jwks(&response).map_err(|problem| Error::problem(DOING, problem))?;
    sought(context).came = Some(context.world.clock.now());
    keep(context, request, &response, refetched_at);
    Ok(keys)
}

fn keep(context: &Context<'_>, request: &Request, response: &Response, refetched_at: Option<Time>) {
    let now = context.world.clock.now();
    let Ok(document) = String::from_utf8(response.body.clone()) else { return };
    // When they were last looked for outlives a document that lives for less than the wait.
    let refetched_at = refetched_at.or_else(|| cached(context, request)?.refetched_at);
    let fresh_until = now.plus(discovery::cache_life(response));
    let url = request.url.to_string();
    let cached = Cached { url, fetched_at: now, fresh_until, refetched_at, refetched: true, document };
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
