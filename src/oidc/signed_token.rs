//! What every token of the provider must pass: signature, issuer, times.

use super::TokenProblem;
use super::jwks::KeySet;
use crate::domain::text::printable;
use crate::domain::time::{Seconds, Time};
use crate::jwt::{Claims, Jwt, numeric_date};
use serde_json::Value;

/// How far apart two clocks may be (Core 3.1.3.7 no. 9 and 10 leave it to the client).
pub const LEEWAY: Seconds = Seconds(60);

/// `what` is a clause about the token, such as "it has no `iat`".
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
        check_issuer(&token.checked_claims, issuer)?; // RFC 8725 3.8: the keys are that issuer's
    }
    keys.verify(&token.jws)?;
    check_times(&token.checked_claims, now, leeway)
}

/// `iss` must be the issuer, byte for byte (Core 3.1.3.7 no. 2, RFC 9068 4).
pub(super) fn check_issuer(claims: &Claims, issuer: &str) -> Result<(), TokenProblem> {
    match claims.get("iss") {
        Some(Value::String(iss)) if iss == issuer => Ok(()),
        Some(Value::String(iss)) => {
            invalid(format!("it was issued by `{}`, not by `{}`", printable(iss), printable(issuer)))
        }
        _ => invalid("it does not say who issued it (`iss`)"),
    }
}

/// The time in a claim; `None` if it is absent or `null`, flawed if it is not a number (RFC 7519 2).
pub(super) fn time_claim(claims: &Claims, name: &str) -> Result<Option<Time>, TokenProblem> {
    match claims.get(name).filter(|claim| !claim.is_null()).map(numeric_date) {
        None => Ok(None),
        Some(Some(time)) => Ok(Some(time)),
        Some(None) => flawed(format!("its `{name}` is not a number")),
    }
}

/// `exp` must be in the future, and `nbf` in the past, if present (RFC 7519 4.1.4, 4.1.5).
pub(super) fn check_times(claims: &Claims, now: Time, leeway: Seconds) -> Result<(), TokenProblem> {
    if let Some(exp) = time_claim(claims, "exp")?.filter(|exp| now >= exp.plus(leeway)) {
        return not_valid_now(format!("it expired at {exp}"));
    }
    match time_claim(claims, "nbf")? {
        Some(nbf) if nbf > now.plus(leeway) => not_valid_now(format!("it is not valid before {nbf}")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
