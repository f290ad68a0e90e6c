//! The provider's discovery document and keys: cached per issuer, fetched when too old, accepted by the same checks
//! either way. A cache that cannot be read or written is no failure.

use crate::domain::text::hex;
use crate::domain::time::{Seconds, Time};
use crate::error::{Error, Kind, Result, ValidationError};
use crate::flows::context::Context;
use crate::jwt::Jwt;
use crate::oidc::discovery::{self, Issuer, Provider};
use crate::oidc::jwks::{self, KeyFault, KeySet, SignatureProblem, StaleKeys};
use crate::ports::{HttpFailure, Request, Response};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

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
    *context.discovery_read.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
    keep(context, request, &response, now, None);
    Ok(provider)
}

/// The provider as its document is now, if `known` comes from a copy in the cache and differs: after an answer that makes
/// the copy doubtful. Not waited for for long, and not asked for where this run has read it a moment ago.
pub fn provider_if_changed(context: &Context<'_>, known: &Provider) -> Option<Provider> {
    let issuer = Issuer::parse(&context.profile.issuer).ok()?;
    let mut request = discovery::discovery_request(&issuer, context.profile.ca_file.as_deref());
    let now = context.ports.clock.now();
    let read = *context.discovery_read.lock().unwrap_or_else(PoisonError::into_inner);
    if read.is_some_and(|read| read <= now && now < read.plus(JUST_NOW)) {
        return None;
    }
    request.deadline = Some(IN_A_HURRY);
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

/// The provider's signing keys (RFC 7517).
#[derive(Clone)]
pub struct Keys {
    /// The keys.
    pub set: KeySet,
    /// When they came: they are what the provider published then.
    came: Time,
    /// Until when they may serve, as far as the provider says.
    fresh_until: Time,
    /// Whether they were fetched to be used at once, and not from a cache or ahead.
    fetched: bool,
}

/// The last time this run looked for a key that was missing or wrong.
#[derive(Clone, Copy)]
pub struct Look {
    at: Time,
    /// When that brought keys, if it did.
    came: Option<Time>,
}

impl Keys {
    /// `None` if they are not for use now.
    fn of(cached: &Cached, now: Time) -> Option<Self> {
        let set = KeySet::from_json(cached.document.as_bytes()).ok().filter(|_| cached.serves(now))?;
        Some(Self { set, came: cached.fetched_at, fresh_until: cached.fresh_until, fetched: false })
    }

    fn serve(&self, now: Time) -> bool {
        self.came <= now && now < self.fresh_until
    }
}

/// The provider's keys.
///
/// # Errors
/// `unreachable`, `invalid`.
pub fn keys(context: &Context<'_>, provider: &Provider) -> Result<Keys> {
    newest_keys(context, provider, None)
}

/// The newest of those at hand and those in the cache, if they may still serve; else they are fetched.
///
/// # Errors
/// `unreachable`, `invalid`.
pub fn newest_keys(context: &Context<'_>, provider: &Provider, at_hand: Option<&Keys>) -> Result<Keys> {
    let request = jwks::jwks_request(provider, context.profile.ca_file.as_deref());
    let now = context.ports.clock.now();
    let at_hand = at_hand.filter(|keys| keys.serve(now)).cloned();
    let cached = cached(context, &request).and_then(|cached| Keys::of(&cached, now));
    if let Some(newest) = cached.into_iter().chain(at_hand).max_by_key(|keys| keys.came) {
        return Ok(newest);
    }
    fetch_keys(context, provider, None, None)
}

/// The request that brings the keys, if none are cached: for fetching them while the user is in the browser.
pub fn wanted_keys(context: &Context<'_>, provider: &Provider) -> Option<Request> {
    let request = jwks::jwks_request(provider, context.profile.ca_file.as_deref());
    if fresh(context, &request).is_some() { None } else { Some(request) }
}

/// The keys from an answer to [`wanted_keys`], which was asked for at that time; where that failed, as [`keys`].
///
/// # Errors
/// `unreachable`, `invalid`.
pub fn fetched_keys(context: &Context<'_>, provider: &Provider, answer: Option<(Response, Time)>) -> Result<Keys> {
    if let Some((response, asked_at)) = answer
        && let Ok(set) = jwks::accept_jwks(&response)
    {
        let request = jwks::jwks_request(provider, context.profile.ca_file.as_deref());
        let fresh_until = keep(context, &request, &response, asked_at, None);
        return Ok(Keys { set, came: asked_at, fresh_until, fetched: false });
    }
    keys(context, provider)
}

/// Whether the keys may be fetched once more though that was tried a moment ago.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// After a login, which somebody has made, and which is lost otherwise.
    AtOnce,
    /// After a refresh: at once where a signature is wrong, which costs the session; else after five minutes. Not for
    /// long, for the refresh token is spent and its successor waits.
    AtOnceIfWrong,
    /// After five minutes: whoever sends tokens must not be able to make us ask.
    InTime,
}

/// How long keys are waited for while a refresh token's successor waits to be stored.
const IN_A_HURRY: Duration = Duration::from_secs(3);

/// Runs `check` with the keys; if its failure may be due to them, runs it with newer ones, which another run has fetched or
/// are fetched now: the provider may have rotated its keys (OIDC Core 10.1.1). `keys` are then the newest there are.
///
/// # Errors
/// `unreachable` or `invalid`, where the keys that would decide cannot be had; `unreachable` also where they may not be
/// asked for again so soon. A signature that is wrong by keys of a moment ago, or by keys that came since they were last
/// looked for, is wrong.
pub fn with_keys<T, E: StaleKeys>(
    context: &Context<'_>,
    provider: &Provider,
    keys: &mut Keys,
    again: Again,
    check: impl Fn(&KeySet) -> std::result::Result<T, E>,
) -> Result<std::result::Result<T, E>> {
    let (mut problem, mut fault) = match faulted(check(&keys.set)) {
        Ok(decided) => return Ok(decided),
        Err(faulted) => faulted,
    };
    let request = jwks::jwks_request(provider, context.profile.ca_file.as_deref());
    let now = context.ports.clock.now();
    let cached = cached(context, &request);
    // Whoever else looked may have found it, even within the second in which ours came.
    if let Some(other) = cached.as_ref().and_then(|cached| Keys::of(cached, now)).filter(|o| keys.came <= o.came) {
        match faulted(check(&other.set)) {
            Ok(decided) => {
                *keys = other;
                return Ok(decided);
            }
            Err(faulted) if keys.came < other.came => {
                *keys = other;
                (problem, fault) = faulted;
            }
            Err(_) => {}
        }
    }
    let own = *sought(context);
    let as_good_as_new = match fault {
        KeyFault::Missing => own.and_then(|look| look.came),
        KeyFault::Mismatch => Some(keys.came).filter(|_| keys.fetched),
    };
    if as_good_as_new.is_some_and(|at| at <= now && now < at.plus(JUST_NOW)) {
        return Ok(Err(problem));
    }
    let at_once = again == Again::AtOnce || (again == Again::AtOnceIfWrong && fault == KeyFault::Mismatch);
    if !at_once && let Some(look) = last_look(own, cached.as_ref(), now) {
        return match (look.came, fault) {
            (Some(_), KeyFault::Mismatch) => Ok(Err(problem)),
            (came, _) => Err(not_known(context, look.at, came.map(|_| keys.came))),
        };
    }
    *sought(context) = Some(Look { at: now, came: None });
    let deadline = Some(IN_A_HURRY).filter(|_| again == Again::AtOnceIfWrong);
    *keys = fetch_keys(context, provider, deadline, Some(now))?;
    *sought(context) = Some(Look { at: now, came: Some(keys.came) });
    Ok(check(&keys.set))
}

/// The last time the keys were looked for, by this run or another one, if that is too short a time ago to look again.
fn last_look(own: Option<Look>, cached: Option<&Cached>, now: Time) -> Option<Look> {
    let noted = cached.and_then(|cached| {
        Some(Look { at: cached.refetched_at?, came: Some(cached.fetched_at).filter(|_| cached.refetched) })
    });
    let recent = |look: &Look| look.at <= now && now < look.at.plus(REFETCH_COOLDOWN);
    noted.into_iter().chain(own).filter(recent).max_by_key(|look| look.at)
}

/// What is decided, or a problem that newer keys might solve.
fn faulted<T, E: StaleKeys>(
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
    let [last, again] = [came.unwrap_or(at), at.plus(REFETCH_COOLDOWN)].map(|time| context.reporter.local_time(time));
    let why = match came {
        Some(_) => format!("the key is not among those it published when they were last looked for ({last})"),
        None => format!("its keys could not be had when they were last looked for ({last})"),
    };
    let what = format!(
        "whether the provider has signed it is not known: {why}; they are looked for again from {again} on at the latest"
    );
    ValidationError::NotVerified(Kind::Unreachable, what).into()
}

fn sought<'c>(context: &'c Context<'_>) -> MutexGuard<'c, Option<Look>> {
    context.keys_sought.lock().unwrap_or_else(PoisonError::into_inner)
}

/// As [`with_keys`] in time, for a verdict. A key that the provider does not publish decides nothing, whoever has found
/// that: this run just now, or another one a moment ago.
///
/// # Errors
/// Those of [`with_keys`], and [`ValidationError::NotVerified`].
pub fn judged<T, E: StaleKeys>(
    context: &Context<'_>,
    provider: &Provider,
    keys: &mut Keys,
    check: impl Fn(&KeySet) -> std::result::Result<T, E>,
) -> Result<std::result::Result<T, E>> {
    match with_keys(context, provider, keys, Again::InTime, check)? {
        Err(problem) if problem.key_fault() == Some(KeyFault::Missing) => {
            let at = sought(context).map_or(keys.came, |look| look.at);
            Err(not_known(context, at, Some(keys.came)))
        }
        decided => Ok(decided),
    }
}

/// What is known of a signature; where it is not right, a printable clause says why.
pub enum Verdict {
    /// The provider has signed it.
    Valid,
    /// Nobody has.
    NotValid(String),
    /// It cannot be judged: not here, or not now.
    NotKnown(String),
}

/// Whether `jwt` was signed by the provider, its keys fetched once more if that may help.
pub fn signature(context: &Context<'_>, provider: &Result<Provider>, jwt: &Jwt<'_>) -> Verdict {
    let judged = match KeySet::default().verify(jwt) {
        Err(problem) if problem.key_fault().is_some() => provider
            .as_ref()
            .map_err(Clone::clone)
            .and_then(|provider| judged(context, provider, &mut keys(context, provider)?, |keys| keys.verify(jwt))),
        // What no key could make a difference to.
        decided => Ok(decided),
    };
    match judged {
        Ok(Ok(())) => Verdict::Valid,
        Ok(Err(SignatureProblem::OtherAlgorithm(alg))) => Verdict::NotKnown(format!("signed with {alg}")),
        Ok(Err(problem)) => Verdict::NotValid(problem.to_string()),
        Err(error) => Verdict::NotKnown(error.report().message),
    }
}

fn fetch_keys(
    context: &Context<'_>,
    provider: &Provider,
    deadline: Option<Duration>,
    refetched_at: Option<Time>,
) -> Result<Keys> {
    const DOING: &str = "cannot read the provider's keys";
    let request =
        |provider: &Provider| Request { deadline, ..jwks::jwks_request(provider, context.profile.ca_file.as_deref()) };
    let mut provider = provider.clone();
    let first = request(&provider);
    if let (Some(_), Some(mut cached)) = (refetched_at, cached(context, &first)) {
        (cached.refetched_at, cached.refetched) = (refetched_at, false);
        write(context, &first, &cached);
    }
    let response = send(context, &mut provider, &first, |provider| Some(request(provider)))
        .map_err(|failure| Error::unanswered(DOING, &failure))?;
    let set = jwks::accept_jwks(&response).map_err(|problem| Error::problem(DOING, problem))?;
    let came = context.ports.clock.now();
    let fresh_until = keep(context, &request(&provider), &response, came, refetched_at);
    Ok(Keys { set, came, fresh_until, fetched: true })
}

/// Caches what came at `fetched_at`, and gives until when it may be used.
fn keep(
    context: &Context<'_>,
    request: &Request,
    response: &Response,
    fetched_at: Time,
    refetched_at: Option<Time>,
) -> Time {
    let fresh_until = fetched_at.plus(discovery::cache_life(response));
    if let Ok(document) = String::from_utf8(response.body.clone()) {
        // When they were last looked for outlives a document that lives for less than the wait.
        let refetched_at = refetched_at.or_else(|| cached(context, request)?.refetched_at);
        let url = request.url.to_string();
        write(context, request, &Cached { url, fetched_at, fresh_until, refetched_at, refetched: true, document });
    }
    fresh_until
}

fn write(context: &Context<'_>, request: &Request, cached: &Cached) {
    if let (Some(path), Ok(bytes)) = (path(context, request), serde_json::to_vec(cached)) {
        // A cache that cannot be kept costs the next run a request, no more.
        let _ = context.ports.files.write_own(&path, &bytes);
    }
}

impl Cached {
    fn serves(&self, now: Time) -> bool {
        // Whoever wrote something else than `keep` does, it is not believed.
        let credible =
            self.fetched_at <= now && self.fresh_until <= self.fetched_at.plus(discovery::LONGEST_CACHE_LIFE);
        credible && now < self.fresh_until
    }
}

fn fresh(context: &Context<'_>, request: &Request) -> Option<Cached> {
    let now = context.ports.clock.now();
    cached(context, request).filter(|cached| cached.serves(now))
}

fn cached(context: &Context<'_>, request: &Request) -> Option<Cached> {
    let bytes = context.ports.files.read_own(&path(context, request)?).ok()??;
    serde_json::from_slice(&bytes).ok().filter(|cached: &Cached| cached.url == request.url.as_str())
}

/// Under the name of what was asked and of who was trusted to answer: what one certificate authority vouched for is
/// nothing to a run that does not trust it.
fn path(context: &Context<'_>, request: &Request) -> Option<PathBuf> {
    let ca_file = request.ca_file.as_deref().map(Path::to_string_lossy);
    let system = ["SSL_CERT_FILE", "SSL_CERT_DIR"].map(|name| context.ports.env.get(name));
    let hash = Sha256::digest(serde_json::json!([request.url.as_str(), ca_file, system]).to_string());
    Some(context.ports.dirs.cache.as_ref()?.join("tidp").join(format!("{}.json", hex(&hash[..16]))))
}
