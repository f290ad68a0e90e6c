//! What every token of the provider must pass: signature, issuer, times.

use super::jwks::{KeySet, MayNeedNewerKeys, RefetchReason, SignatureProblem};
use crate::domain::text::printable;
use crate::domain::time::{Seconds, Time};
use crate::jwt::{Jwt, RegisteredClaims, numeric_date};
use serde_json::Value;
use std::fmt;

/// How far apart two clocks may be (Core 3.1.3.7 no. 9 and 10 leave it to the client).
pub const LEEWAY: Seconds = Seconds(60);

/// Why a token is not accepted. Sentences are printable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenProblem {
    /// The key set has no key for it, perhaps because the provider rotated its keys.
    UnknownKey,
    /// The signature does not match the key.
    BadSignature,
    /// Not RS256, so that the signature cannot be checked here.
    OtherAlgorithm(String),
    /// It has expired or is not valid yet; all other checks passed.
    NotValidNow(String),
    /// It is malformed or incomplete, but not somebody else's.
    Flawed(String),
    /// It may belong to another issuer, account, client, login or response.
    Invalid(String),
}

impl From<SignatureProblem> for TokenProblem {
    fn from(problem: SignatureProblem) -> Self {
        match problem {
            SignatureProblem::UnknownKey => Self::UnknownKey,
            SignatureProblem::BadSignature => Self::BadSignature,
            SignatureProblem::OtherAlgorithm(alg) => Self::OtherAlgorithm(alg),
            SignatureProblem::Unsupported(what) => Self::Invalid(what),
        }
    }
}

impl MayNeedNewerKeys for TokenProblem {
    fn refetch_reason(&self) -> Option<RefetchReason> {
        match self {
            Self::UnknownKey => Some(RefetchReason::UnknownKey),
            Self::BadSignature => Some(RefetchReason::BadSignature),
            Self::OtherAlgorithm(_) | Self::NotValidNow(_) | Self::Flawed(_) | Self::Invalid(_) => None,
        }
    }
}

impl fmt::Display for TokenProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownKey => SignatureProblem::UnknownKey.fmt(f),
            Self::BadSignature => SignatureProblem::BadSignature.fmt(f),
            Self::OtherAlgorithm(alg) => SignatureProblem::OtherAlgorithm(alg.clone()).fmt(f),
            Self::NotValidNow(what) | Self::Flawed(what) | Self::Invalid(what) => f.write_str(what),
        }
    }
}

/// `what` continues a sentence that begins with "the token".
pub(super) fn invalid<T>(what: impl Into<String>) -> Result<T, TokenProblem> {
    Err(TokenProblem::Invalid(what.into()))
}

pub(super) fn flawed<T>(what: impl Into<String>) -> Result<T, TokenProblem> {
    Err(TokenProblem::Flawed(what.into()))
}

pub(super) fn not_valid_now<T>(what: impl Into<String>) -> Result<T, TokenProblem> {
    Err(TokenProblem::NotValidNow(what.into()))
}

/// Checks a token of the provider, usually an access token (RFC 9068 4): the signature, `iss`, and `exp` and `nbf` if
/// present. `issuer` is `None` if the user supplied the keys. `aud` is left to the API that receives the token.
pub fn verify_token(
    token: &Jwt<'_>,
    keys: &KeySet,
    issuer: Option<&str>,
    now: Time,
    leeway: Seconds,
) -> Result<(), TokenProblem> {
    if let Some(issuer) = issuer {
        check_issuer(&token.registered, issuer)?; // RFC 8725 3.8: the keys are that issuer's
    }
    keys.verify(token)?;
    check_expiry(&token.registered, now, leeway)?;
    check_not_before(&token.registered, now, leeway)
}

/// `iss` must be the issuer, byte for byte (Core 3.1.3.7 no. 2, RFC 9068 4).
pub(super) fn check_issuer(claims: &RegisteredClaims, issuer: &str) -> Result<(), TokenProblem> {
    match &claims.iss {
        Some(Value::String(iss)) if iss == issuer => Ok(()),
        Some(Value::String(iss)) => {
            invalid(format!("it was issued by `{}`, not by `{}`", printable(iss), printable(issuer)))
        }
        _ => invalid("it does not say who issued it (`iss`)"),
    }
}

/// The time in a claim; `None` if it is absent or `null`.
///
/// # Errors
/// [`TokenProblem::Flawed`] if it is not a number (RFC 7519 2).
pub(super) fn time_claim(claim: Option<&Value>, name: &str) -> Result<Option<Time>, TokenProblem> {
    match claim.filter(|claim| !claim.is_null()).map(numeric_date) {
        None => Ok(None),
        Some(Some(time)) => Ok(Some(time)),
        Some(None) => flawed(format!("its `{name}` is not a number")),
    }
}

/// `exp` must be in the future, if present (RFC 7519 4.1.4).
pub(super) fn check_expiry(claims: &RegisteredClaims, now: Time, leeway: Seconds) -> Result<(), TokenProblem> {
    match time_claim(claims.exp.as_ref(), "exp")? {
        Some(exp) if now >= exp.plus(leeway) => not_valid_now(format!("it expired at {exp}")),
        _ => Ok(()),
    }
}

/// `nbf` must be in the past, if present (RFC 7519 4.1.5).
pub(super) fn check_not_before(claims: &RegisteredClaims, now: Time, leeway: Seconds) -> Result<(), TokenProblem> {
    match time_claim(claims.nbf.as_ref(), "nbf")? {
        Some(nbf) if nbf > now.plus(leeway) => not_valid_now(format!("it is not valid before {nbf}")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
