//! The provider's signing keys (RFC 7517), and the one rule for when they are fetched again.
//!
//! A signature that does not verify may mean that the provider has rotated its keys (OIDC Core 10.1.1). The rule:
//! 1. Try the keys at hand, then newer ones that another process has cached.
//! 2. Keys fetched in the last ten seconds are current: they decide.
//! 3. Otherwise fetch once more, but for want of a key at most every five minutes, so that nobody can make us send
//!    requests by sending us tokens. Until then the signature is undecided, not invalid.

use crate::domain::time::{Seconds, Time};
use crate::error::{Error, Kind, Result, Situation};
use crate::explain::session_view::SignatureVerdict;
use crate::explain::trace_messages;
use crate::flows::context::{Context, KeyLookup};
use crate::flows::provider_cache::{self, CachedDocument};
use crate::flows::provider_metadata::{self, HURRIED_DEADLINE, JUST_NOW};
use crate::flows::traced_request::{Outcome, trace_exchange};
use crate::jwt::Jws;
use crate::oidc::TokenProblem;
use crate::oidc::discovery::Provider;
use crate::oidc::jwks::{self, KeySet};
use crate::ports::Request;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// How long to wait before fetching again for a key that was not found. Counts attempts, not successes.
const REFETCH_COOLDOWN: Seconds = Seconds::minutes(5);

#[derive(Clone)]
pub struct ProviderKeys {
    pub set: KeySet,
    fetched_at: Time,
    fresh_until: Time,
    /// Fetched by this run for immediate use: not from the cache, and not while waiting for the user.
    is_new: bool,
}

/// When keys may be fetched again before the cooldown is over.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Refetch {
    /// At once: after a login, which would be lost otherwise.
    Now,
    /// At once for a bad signature, which would cost the session: after a refresh. With a short deadline, because the
    /// new refresh token is not stored yet.
    NowIfBadSignature,
    AfterCooldown,
}

/// SelectionReason a signed document is not accepted.
pub enum VerifyError<E> {
    /// It fails with the provider's current keys.
    Rejected(E),
    /// The keys that would decide cannot be fetched now.
    Undecided(Error),
}

/// The result of a check with the provider's keys.
pub type Verification<T, E = TokenProblem> = std::result::Result<T, VerifyError<E>>;

impl<E> From<E> for VerifyError<E> {
    fn from(problem: E) -> Self {
        Self::Rejected(problem)
    }
}

impl ProviderKeys {
    fn from_cache(cached: &CachedDocument, now: Time) -> Option<Self> {
        let set = KeySet::from_json(cached.document.as_bytes()).ok().filter(|_| cached.is_fresh(now))?;
        Some(Self { set, fetched_at: cached.fetched_at, fresh_until: cached.fresh_until, is_new: false })
    }
}

/// The newest of the keys at hand and those in the cache while they are fresh; otherwise they are fetched.
pub fn keys(context: &Context<'_>, provider: &Provider, at_hand: Option<&ProviderKeys>) -> Result<ProviderKeys> {
    let now = context.ports.clock.now();
    let at_hand = at_hand.filter(|keys| keys.fetched_at <= now && now < keys.fresh_until).cloned();
    let cached = provider_cache::read(context, &keys_request(context, provider))
        .and_then(|cached| ProviderKeys::from_cache(&cached, now));
    match cached.into_iter().chain(at_hand).max_by_key(|keys| keys.fetched_at) {
        Some(newest) => {
            provider_cache::trace(context, "signing keys", newest.fetched_at, newest.fresh_until);
            Ok(newest)
        }
        None => fetch_keys(context, provider, None, None),
    }
}

/// The keys, requested while the user is in the browser: the authorization code expires soon.
pub struct KeyPrefetch {
    request: Request,
    at: Time,
    outcome: Receiver<(Outcome, Duration)>,
}

impl KeyPrefetch {
    /// Sends the request in the background; `None` if keys are cached, or no thread can be started.
    pub fn start(context: &Context<'_>, provider: &Provider) -> Option<Self> {
        let (request, at) = (keys_request(context, provider), context.ports.clock.now());
        if provider_cache::read(context, &request).is_some_and(|cached| cached.is_fresh(at)) {
            return None;
        }
        let (http, clock) = (Arc::clone(&context.ports.http), Arc::clone(&context.ports.clock));
        let (sender, outcome) = channel();
        let sent = request.clone();
        let fetch = move || {
            let started = clock.uptime();
            let outcome = http.send(&sent);
            drop(sender.send((outcome, clock.uptime().saturating_sub(started))));
        };
        (context.ports.background)(Box::new(fetch)).ok()?;
        Some(Self { request, at, outcome })
    }

    /// The keys from the response, waited for as long as the HTTP client does; `None` without a usable one.
    pub fn keys(self, context: &Context<'_>) -> Option<ProviderKeys> {
        let Self { request, at, outcome } = self;
        let (outcome, took) = outcome.recv().ok()?;
        trace_exchange(context.ports, context.reporter, &request, &outcome, took);
        let response = outcome.ok()?;
        let set = jwks::accept_jwks(&response).ok()?;
        let fresh_until = provider_cache::store(context, &request, &response, at, None);
        Some(ProviderKeys { set, fetched_at: at, fresh_until, is_new: false })
    }
}

/// Runs `check` with the keys, and again with newer ones if those may decide; `keys` become the newest known.
pub fn verify_with_keys<T>(
    context: &Context<'_>,
    provider: &Provider,
    keys: &mut ProviderKeys,
    refetch: Refetch,
    check: impl Fn(&KeySet) -> std::result::Result<T, TokenProblem>,
) -> Verification<T> {
    let mut outcome = check(&keys.set);
    if key_problem(&outcome).is_none() {
        return Ok(outcome?);
    }
    let now = context.ports.clock.now();
    let cached = provider_cache::read(context, &keys_request(context, provider));
    if let Some(other) = cached.as_ref().and_then(|cached| ProviderKeys::from_cache(cached, now))
        && keys.fetched_at <= other.fetched_at
    {
        let second = check(&other.set);
        if key_problem(&second).is_none() || keys.fetched_at < other.fetched_at {
            (*keys, outcome) = (other, second);
        }
    }
    let Some(problem) = key_problem(&outcome) else { return Ok(outcome?) };
    let own = context.lookups().keys;
    if are_current(keys, &problem, own, now) {
        return Ok(outcome?);
    }
    let is_hurried = refetch == Refetch::NowIfBadSignature;
    let ignores_cooldown = refetch == Refetch::Now || (is_hurried && problem == TokenProblem::BadSignature);
    if !ignores_cooldown && let Some(lookup) = recent_lookup(own, cached.as_ref(), now) {
        return match (lookup.fetched_at, problem) {
            (Some(_), TokenProblem::UnknownKey) => Err(undecided(context, lookup.at, Some(keys.fetched_at))),
            (Some(_), _) => Ok(outcome?),
            (None, _) => Err(undecided(context, lookup.at, None)),
        };
    }
    context.reporter.trace(|| trace_messages::keys_fetched_again(problem == TokenProblem::UnknownKey));
    context.lookups().keys = Some(KeyLookup { at: now, fetched_at: None });
    *keys = fetch_keys(context, provider, is_hurried.then_some(HURRIED_DEADLINE), Some(now))
        .map_err(VerifyError::Undecided)?;
    context.lookups().keys = Some(KeyLookup { at: now, fetched_at: Some(keys.fetched_at) });
    Ok(check(&keys.set)?)
}

/// As [`verify_with_keys`] with [`Refetch::AfterCooldown`], but a signature by a key that the provider does not publish
/// is undecided, not invalid: the token may come from anywhere.
pub fn verify_if_key_known<T>(
    context: &Context<'_>,
    provider: &Provider,
    keys: &mut ProviderKeys,
    check: impl Fn(&KeySet) -> std::result::Result<T, TokenProblem>,
) -> Verification<T> {
    match verify_with_keys(context, provider, keys, Refetch::AfterCooldown, check) {
        Err(VerifyError::Rejected(TokenProblem::UnknownKey)) => {
            let looked_at = context.lookups().keys.map_or(keys.fetched_at, |lookup| lookup.at);
            Err(undecided(context, looked_at, Some(keys.fetched_at)))
        }
        outcome => outcome,
    }
}

/// Checks that the provider has signed `jws`, as [`verify_if_key_known`] does.
pub fn verify_signature(context: &Context<'_>, provider: &Provider, jws: &Jws<'_>) -> Verification<()> {
    let mut keys = keys(context, provider, None).map_err(VerifyError::Undecided)?;
    verify_if_key_known(context, provider, &mut keys, |keys| keys.verify(jws))
}

/// Whether the provider has signed `jws`.
pub fn signature_verdict(context: &Context<'_>, provider: &Result<Provider>, jws: &Jws<'_>) -> SignatureVerdict {
    let without_keys = KeySet::default().verify(jws);
    let outcome = match key_problem(&without_keys) {
        None => without_keys.map_err(VerifyError::Rejected),
        Some(_) => match provider {
            Ok(provider) => verify_signature(context, provider, jws),
            Err(error) => Err(VerifyError::Undecided(error.clone())),
        },
    };
    match outcome {
        Ok(()) => SignatureVerdict::Valid,
        Err(VerifyError::Rejected(TokenProblem::OtherAlgorithm(alg))) => {
            SignatureVerdict::Undecided(format!("signed with {alg}"))
        }
        Err(VerifyError::Rejected(problem)) => SignatureVerdict::Rejected(problem.to_string()),
        Err(VerifyError::Undecided(error)) => SignatureVerdict::Undecided(error.report().message),
    }
}

fn key_problem<T>(outcome: &std::result::Result<T, TokenProblem>) -> Option<TokenProblem> {
    outcome.as_ref().err().filter(|problem| problem.is_about_keys()).cloned()
}

/// Whether the keys are those that the provider publishes now: for a missing key, if it was just looked for; for a bad
/// signature, if the keys were just fetched.
fn are_current(keys: &ProviderKeys, problem: &TokenProblem, own: Option<KeyLookup>, now: Time) -> bool {
    let fetched_at = match problem {
        TokenProblem::UnknownKey => own.and_then(|lookup| lookup.fetched_at),
        _ => Some(keys.fetched_at).filter(|_| keys.is_new),
    };
    fetched_at.is_some_and(|at| at <= now && now < at.plus(JUST_NOW))
}

/// The last lookup, by this run or another one, if the cooldown since then is not over.
fn recent_lookup(own: Option<KeyLookup>, cached: Option<&CachedDocument>, now: Time) -> Option<KeyLookup> {
    let noted = cached.and_then(|cached| {
        let fetched_at = Some(cached.fetched_at).filter(|_| cached.refetched);
        Some(KeyLookup { at: cached.refetched_at?, fetched_at })
    });
    let is_recent = |lookup: &KeyLookup| lookup.at <= now && now < lookup.at.plus(REFETCH_COOLDOWN);
    noted.into_iter().chain(own).filter(is_recent).max_by_key(|lookup| lookup.at)
}

/// The error for a signature that cannot be decided. Keys were looked for at `looked_at`; the newest came at `fetched_at`,
/// if the provider could be reached.
fn undecided<E>(context: &Context<'_>, looked_at: Time, fetched_at: Option<Time>) -> VerifyError<E> {
    let [last, next] = [fetched_at.unwrap_or(looked_at), looked_at.plus(REFETCH_COOLDOWN)]
        .map(|time| context.reporter.local_time(time));
    let why = match fetched_at {
        Some(_) => format!("its key is not among those the provider published at {last}"),
        None => format!("the provider's keys could not be fetched at {last}"),
    };
    let message = format!("signature not verified: {why}; keys can be fetched again after {next}");
    VerifyError::Undecided(Situation::NotVerified(Kind::Unreachable, message).into())
}

fn keys_request(context: &Context<'_>, provider: &Provider) -> Request {
    Request { ca_file: context.profile.ca_file.clone(), ..jwks::jwks_request(provider) }
}

fn fetch_keys(
    context: &Context<'_>,
    provider: &Provider,
    deadline: Option<Duration>,
    refetched_at: Option<Time>,
) -> Result<ProviderKeys> {
    const FAILED_STEP: &str = "cannot read the provider's keys";
    let request = Request { deadline, ..keys_request(context, provider) };
    let mut provider = provider.clone();
    if let Some(refetched_at) = refetched_at {
        provider_cache::note_refetch(context, &request, refetched_at);
    }
    let response = provider_metadata::send(context, &mut provider, &request, |p| Some(&p.jwks_uri))
        .map_err(|failure| Error::unanswered(FAILED_STEP, &failure))?;
    let set = jwks::accept_jwks(&response).map_err(|problem| Error::problem(FAILED_STEP, problem))?;
    let fetched_at = context.ports.clock.now();
    let fresh_until =
        provider_cache::store(context, &keys_request(context, &provider), &response, fetched_at, refetched_at);
    Ok(ProviderKeys { set, fetched_at, fresh_until, is_new: true })
}
