//! What every token of the provider must pass, whatever its kind: the signature, the issuer, the times.

use super::jwks::{KeySet, MayNeedNewerKeys, RefetchReason, SignatureProblem};
use crate::domain::text::printable;
use crate::domain::time::{Seconds, Time};
use crate::jwt::{Jwt, RegisteredClaims, numeric_date};
use serde_json::Value;
use std::fmt;

/// How far two clocks may be apart (Core 3.1.3.7 no. 9 and 10 leave it to the client).
pub const LEEWAY: Seconds = Seconds(60);

/// Why a token is not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenProblem {
    /// The key set has no key for it: worth fetching the set again once, for keys rotate.
    UnknownKey,
    /// The signature is not that of the key it names.
    BadSignature,
    /// It is signed with that algorithm, which is not ours: whether the signature is right is not known here. Printable.
    OtherAlgorithm(String),
    /// It is not valid now, by the clock that it was held against; it passes every other check. A printable sentence.
    NotValidNow(String),
    /// It is not as it should be, and nothing in that says that it is somebody else's. A printable sentence.
    Flawed(String),
    /// It is somebody else's, or may be: another issuer's, account's, client's, login's or answer's. A printable sentence.
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

/// What is wrong with the token, as a printable sentence.
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

/// A token that failed a check; `what` goes on from "the token".
pub(super) fn invalid<T>(what: impl Into<String>) -> Result<T, TokenProblem> {
    Err(TokenProblem::Invalid(what.into()))
}

/// A token with a flaw that points to nobody else.
pub(super) fn flawed<T>(what: impl Into<String>) -> Result<T, TokenProblem> {
    Err(TokenProblem::Flawed(what.into()))
}

/// A token that is valid at another time.
pub(super) fn not_valid_now<T>(what: impl Into<String>) -> Result<T, TokenProblem> {
    Err(TokenProblem::NotValidNow(what.into()))
}

/// Checks any token of the provider, an access token above all (RFC 9068 4): the signature, `iss`, and `exp` and `nbf`
/// where there are any, with `leeway`. `issuer` is `None` where the keys come from the user, who vouches for them. Whom
/// the token is for (`aud`) is the business of the API it is sent to.
///
/// # Errors
/// [`TokenProblem`].
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

/// The time that the claim `name` is; `None` where there is none, and where it is `null`.
///
/// # Errors
/// [`TokenProblem::Flawed`] if it is no number (RFC 7519 2).
pub(super) fn time_claim(claim: Option<&Value>, name: &str) -> Result<Option<Time>, TokenProblem> {
    match claim.filter(|claim| !claim.is_null()).map(numeric_date) {
        None => Ok(None),
        Some(Some(time)) => Ok(Some(time)),
        Some(None) => flawed(format!("its `{name}` is not a number")),
    }
}

/// `exp`, if there is one, must not be over (RFC 7519 4.1.4).
pub(super) fn check_expiry(claims: &RegisteredClaims, now: Time, leeway: Seconds) -> Result<(), TokenProblem> {
    match time_claim(claims.exp.as_ref(), "exp")? {
        Some(exp) if now >= exp.plus(leeway) => not_valid_now(format!("it expired at {exp}")),
        _ => Ok(()),
    }
}

/// `nbf`, if there is one, must have come (RFC 7519 4.1.5).
pub(super) fn check_not_before(claims: &RegisteredClaims, now: Time, leeway: Seconds) -> Result<(), TokenProblem> {
    match time_claim(claims.nbf.as_ref(), "nbf")? {
        Some(nbf) if nbf > now.plus(leeway) => not_valid_now(format!("it is not valid before {nbf}")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
