//! Tokens verified in any number: with the profile's provider, or with a key set from a file.

use crate::domain::text::printable_path;
use crate::domain::time::{Seconds, Time};
use crate::error::{Error, Kind, Result, Situation};
use crate::flows::configuration::read_text;
use crate::flows::context::Context;
use crate::flows::provider_keys::{self, ProviderKeys, Verification, VerifyError};
use crate::flows::provider_metadata;
use crate::jwt::Jwt;
use crate::oidc::TokenProblem;
use crate::oidc::discovery::Provider;
use crate::oidc::jwks::KeySet;
use crate::oidc::signed_token::verify_token;
use crate::ports::{Ports, Reporter};
use std::ops::Range;
use std::path::Path;
use std::sync::{PoisonError, RwLock};

/// How long keys are used before it is checked whether they may still be.
const RECHECK_INTERVAL: Seconds = Seconds::minutes(1);

pub enum TokenVerifier<'w> {
    Nothing,
    /// The profile's provider, with the newest keys known; they are replaced when a token needs newer ones.
    Provider {
        context: Box<Context<'w>>,
        provider: Box<Provider>,
        keys: RwLock<KeySnapshot>,
    },
    /// A key set from a file, whoever issued the token.
    File(KeySet),
}

/// The keys, or why they could not be fetched, and when they may be used. A stream of tokens may outlive them.
pub struct KeySnapshot {
    keys: Result<ProviderKeys>,
    valid: Range<Time>,
}

impl KeySnapshot {
    /// The newest keys. After a failure the next try waits twice as long as the failed one took, so that a slow provider
    /// does not delay every token.
    fn fetch(context: &Context<'_>, provider: &Provider, known: Option<&ProviderKeys>) -> Self {
        let started_at = context.ports.clock.now();
        let keys = provider_keys::keys(context, provider, known);
        let fetched_at = context.ports.clock.now();
        let retry_delay = Seconds(2 * fetched_at.since(started_at).0).clamp(Seconds(10), RECHECK_INTERVAL);
        let valid_for = if keys.is_ok() { RECHECK_INTERVAL } else { retry_delay };
        Self { keys, valid: fetched_at..fetched_at.plus(valid_for) }
    }
}

impl<'w> TokenVerifier<'w> {
    /// # Errors
    /// `config` if it cannot be read; `invalid` if it is not a key set.
    pub fn from_file(ports: &Ports, path: &Path) -> Result<Self> {
        let text = read_text(ports, path).and_then(|text| text.ok_or_else(|| "no such file".to_owned()));
        let text = text.map_err(|what| Error::config(format!("--jwks {}: {what}", printable_path(path))))?;
        let keys =
            KeySet::from_json(text.as_bytes()).map_err(|problem| Error::problem("cannot read the key set", problem))?;
        Ok(Self::File(keys))
    }

    /// # Errors
    /// Those of [`Context::open`]; `unreachable` if the provider's keys cannot be fetched.
    pub fn from_provider(ports: &'w Ports, reporter: &'w dyn Reporter, profile: Option<&str>) -> Result<Self> {
        let context = Box::new(Context::open(ports, reporter, profile)?);
        let provider = Box::new(provider_metadata::provider(&context)?);
        let keys = KeySnapshot::fetch(&context, &provider, None);
        keys.keys.as_ref().map_err(Clone::clone)?;
        Ok(Self::Provider { context, provider, keys: RwLock::new(keys) })
    }

    /// Whether the token was verified: `false` if nothing verifies it.
    ///
    /// # Errors
    /// `invalid` if it is not valid; [`Situation::NotVerified`] if that cannot be decided.
    pub fn verify(&self, jwt: &Jwt<'_>, leeway: Seconds, ports: &Ports) -> Result<bool> {
        let outcome = match self {
            Self::Nothing => return Ok(false),
            Self::File(keys) => verify_token(jwt, keys, None, ports.clock.now(), leeway).map_err(VerifyError::Rejected),
            Self::Provider { context, provider, keys } => verify_with_provider(jwt, leeway, context, provider, keys),
        };
        // No later run can decide these either.
        let undecided = |why: String| Situation::NotVerified(Kind::Invalid, why).into();
        outcome.map(|()| true).map_err(|error| match error {
            VerifyError::Undecided(error) => {
                let report = error.report();
                Situation::NotVerified(report.kind, report.message).into()
            }
            VerifyError::Rejected(TokenProblem::UnknownKey) => {
                undecided("it is not signed by any of these keys, so it is not known whether it is valid".into())
            }
            VerifyError::Rejected(TokenProblem::OtherAlgorithm(alg)) => undecided(format!(
                "it is not known whether the provider signed it: it is signed with {alg}, and only RS256 can be checked"
            )),
            VerifyError::Rejected(problem) => Error::invalid(format!("the token is not valid: {problem}")),
        })
    }

    pub fn provider(&self) -> Option<&Provider> {
        match self {
            Self::Provider { provider, .. } => Some(provider),
            Self::Nothing | Self::File(_) => None,
        }
    }
}

/// The verdict, with newer keys if the known ones do not decide; or why there is none.
fn verify_with_provider(
    jwt: &Jwt<'_>,
    leeway: Seconds,
    context: &Context<'_>,
    provider: &Provider,
    snapshot: &RwLock<KeySnapshot>,
) -> Verification<()> {
    // The clock is read for each check, because fetching keys takes time.
    let now = || context.ports.clock.now();
    let check = |keys: &KeySet| verify_token(jwt, keys, Some(&provider.issuer), now(), leeway);
    let known = snapshot.read().unwrap_or_else(PoisonError::into_inner);
    let outcome = known.keys.as_ref().ok().filter(|_| known.valid.contains(&now())).map(|keys| check(&keys.set));
    drop(known);
    if let Some(outcome) = outcome
        && outcome.as_ref().err().is_none_or(|problem| !problem.is_about_keys())
    {
        return Ok(outcome?);
    }
    let mut known = snapshot.write().unwrap_or_else(PoisonError::into_inner);
    if !known.valid.contains(&now()) {
        *known = KeySnapshot::fetch(context, provider, known.keys.as_ref().ok());
    }
    match &mut known.keys {
        Ok(keys) => provider_keys::verify_if_key_known(context, provider, keys, check),
        // Without keys a token can still be invalid for another reason.
        Err(error) => match check(&KeySet::default()) {
            Err(problem) if !problem.is_about_keys() => Err(VerifyError::Rejected(problem)),
            _ => Err(VerifyError::Undecided(error.clone())),
        },
    }
}
