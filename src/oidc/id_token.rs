//! ID token validation: Core 3.1.3.7 after a login, 12.2 after a refresh.
//!
//! After a login, every check must pass. After a refresh, the old refresh token may be used up, so the new one is kept
//! unless the ID token may be somebody else's:
//!
//! | what is wrong | verdict | after a refresh |
//! |---|---|---|
//! | `iss`, `sub`, `aud`, `azp` of another client, `nonce`, `at_hash`, the signature | [`TokenProblem::Invalid`], [`TokenProblem::BadSignature`] | the whole response is discarded |
//! | the format, `typ`, `iat` or `exp` missing, another `auth_time`, an older `iat` | [`TokenProblem::Flawed`] | the ID token is skipped, the rest is kept |
//! | expired or not valid yet | [`TokenProblem::NotValidNow`] | the same |
//! | unknown key or algorithm | [`TokenProblem::UnknownKey`], [`TokenProblem::OtherAlgorithm`] | the same |

use super::TokenProblem;
use super::authorize::{Code, PendingLogin};
use super::jwks::KeySet;
use super::signed_token::{self, LEEWAY, flawed, invalid};
use crate::domain::secret::Secret;
use crate::domain::session::{Account, IdToken};
use crate::domain::text::printable;
use crate::domain::time::{Seconds, Time};
use crate::jwt::{Claims, Jwt};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// How old a login's ID token may be: it was issued just now (Core 3.1.3.7 no. 10).
const MAX_ID_TOKEN_AGE: Seconds = Seconds::minutes(10);

#[derive(Clone, Debug)]
pub struct ExpectedIdToken<'a> {
    pub issuer: &'a str,
    pub client_id: &'a str,
    /// The provider's time if the local clock is known to be wrong.
    pub now: Time,
    /// The access token of the same response (`at_hash`).
    pub access_token: &'a Secret,
    pub source: IdTokenSource<'a>,
}

#[derive(Clone, Debug)]
pub enum IdTokenSource<'a> {
    Login {
        /// What was sent and what came back; `None` for a login by polling (RFC 8628, CIBA).
        redirect: Option<(&'a PendingLogin, &'a Code)>,
        max_age: Option<Seconds>,
        /// How long the user has been at the provider; `max_age` allows this much more.
        waited: Seconds,
    },
    Refresh {
        previous: Option<&'a IdToken>,
        sub: &'a str,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub struct ValidatedIdToken {
    /// `expires_at` is still `exp`, by the provider's clock.
    pub token: IdToken,
    pub account: Account,
    pub claims: Claims,
}

type CheckResult = Result<(), TokenProblem>;

/// # Errors
/// See the table above.
pub fn accept_id_token(
    raw: &Secret,
    keys: &KeySet,
    expected: &ExpectedIdToken<'_>,
) -> Result<ValidatedIdToken, TokenProblem> {
    let token = Jwt::parse(raw.expose()).or_else(|why| flawed(why.to_string()))?;
    // No. 6 to 8. Without the key, the claims can still show that the token is somebody else's.
    let signature = match keys.verify(&token.jws) {
        Err(wrong @ (TokenProblem::BadSignature | TokenProblem::Invalid(_))) => return Err(wrong),
        verdict => verdict,
    };
    let claims = token.claims();
    signed_token::check_issuer(&token.checked_claims, expected.issuer)?; // no. 2
    check_audience(&claims, expected.client_id)?;
    check_hash(&claims, "at_hash", expected.access_token)?; // Core 3.1.3.8
    let sub = subject(&claims)?;
    match &expected.source {
        IdTokenSource::Login { redirect, .. } => check_login_binding(&claims, *redirect)?,
        IdTokenSource::Refresh { sub: original, .. } if sub != *original => {
            return invalid("it is for another account than the session's (`sub`)");
        }
        IdTokenSource::Refresh { previous, .. } => check_nonce(&claims, *previous)?,
    }
    // From here on, nothing suggests that the token is somebody else's.
    signature?;
    check_type(&token)?;
    let issued_at = required_time(&token.checked_claims, "iat")?;
    let expires_at = required_time(&token.checked_claims, "exp")?;
    let auth_time = signed_token::time_claim(&token.checked_claims, "auth_time")?;
    let nonce = present_claim(&claims, "nonce").and_then(Value::as_str).map(str::to_owned);
    let new = IdToken { value: raw.clone(), expires_at, issued_at, auth_time, nonce };
    let accepted = match &expected.source {
        IdTokenSource::Login { max_age, waited, .. } => login_id_token(new, *max_age, *waited, expected.now)?,
        IdTokenSource::Refresh { previous, .. } => refreshed_id_token(new, *previous)?,
    };
    // Last, because `NotValidNow` means that everything else is right.
    signed_token::check_times(&token.checked_claims, expected.now, LEEWAY)?; // no. 9
    if issued_at > expected.now.plus(LEEWAY) {
        return signed_token::not_valid_now(format!("it was issued in the future, at {issued_at}")); // no. 10
    }
    let username = claims.get("preferred_username").and_then(Value::as_str).map(str::to_owned);
    let account = Account { sub: sub.to_owned(), username };
    Ok(ValidatedIdToken { token: accepted, account, claims })
}

/// Checks what binds the ID token to this login (no. 11), so that nobody can inject another login's. A login by polling
/// requests no nonce.
fn check_login_binding(claims: &Claims, redirect: Option<(&PendingLogin, &Code)>) -> CheckResult {
    let nonce = redirect.map(|(pending, _)| Some(pending.nonce.expose()));
    if present_claim(claims, "nonce").map(Value::as_str) != nonce {
        return invalid("it belongs to another login (`nonce`)");
    }
    let Some((pending, code)) = redirect else { return Ok(()) };
    check_hash(claims, "s_hash", &pending.state)?; // the hash of `state`, from FAPI 1.0
    check_hash(claims, "c_hash", &code.0)
}

/// Checks that a nonce is the login's (Core 12.2); any will do if the session has no ID token.
fn check_nonce(claims: &Claims, previous: Option<&IdToken>) -> CheckResult {
    match (present_claim(claims, "nonce"), previous) {
        (None, _) | (_, None) => Ok(()),
        (Some(nonce), Some(previous)) if nonce.as_str() == previous.nonce.as_deref() => Ok(()),
        _ => invalid("its `nonce` is not that of the login"),
    }
}

/// Checks that it is no other type of token, such as an access token (`at+jwt`; RFC 8725 3.11). `application/jwt` is the
/// long form of `JWT` (RFC 7515 4.1.9).
fn check_type(token: &Jwt<'_>) -> CheckResult {
    let Some(typ) = token.jws.typ() else { return Ok(()) };
    match typ.to_ascii_lowercase().as_str() {
        "jwt" | "application/jwt" => Ok(()),
        _ => flawed(format!("its `typ` is `{}`, not that of an ID token", printable(typ))),
    }
}

/// Checks that `aud` and `azp` name this client only (Core 3.1.3.7 no. 3 to 5), because no other audience is trusted.
fn check_audience(claims: &Claims, client_id: &str) -> CheckResult {
    let ours = match claims.get("aud") {
        Some(Value::String(aud)) => aud == client_id,
        Some(Value::Array(all)) => !all.is_empty() && all.iter().all(|aud| aud == client_id),
        _ => false,
    };
    if !ours {
        let aud = claims.get("aud").unwrap_or(&Value::Null).to_string();
        return invalid(format!("it is not for `{}` alone: its `aud` is {}", printable(client_id), printable(&aud)));
    }
    match present_claim(claims, "azp") {
        None => Ok(()),
        Some(azp) if azp == client_id => Ok(()),
        Some(_) => invalid("it was issued to another client (`azp`)"),
    }
}

fn required_time(claims: &Claims, name: &str) -> Result<Time, TokenProblem> {
    signed_token::time_claim(claims, name)?.map_or_else(|| flawed(format!("it has no `{name}`")), Ok)
}

/// 1 to 255 ASCII characters (Core 2).
fn subject(claims: &Claims) -> Result<&str, TokenProblem> {
    match claims.get("sub") {
        Some(Value::String(sub)) if !sub.is_empty() && sub.len() <= 255 && sub.is_ascii() => Ok(sub),
        _ => invalid("it names no account (`sub`)"),
    }
}

/// The claim, unless it is `null` or `""`.
fn present_claim<'c>(claims: &'c Claims, name: &str) -> Option<&'c Value> {
    claims.get(name).filter(|claim| !claim.is_null() && *claim != "")
}

/// The left half of a hash, if the claim is present (Core 3.1.3.6, 3.3.2.11).
fn check_hash(claims: &Claims, name: &str, of: &Secret) -> CheckResult {
    let hash = Sha256::digest(of.expose());
    let wanted = URL_SAFE_NO_PAD.encode(&hash[..hash.len() / 2]);
    match present_claim(claims, name) {
        None => Ok(()),
        Some(Value::String(found)) if *found == wanted => Ok(()),
        Some(_) => invalid(format!("it belongs to another response (`{name}`)")),
    }
}

/// The assurance levels in `acr` (Core 2), which TelenorID+ may send as an array.
pub fn acr_levels(claims: &Claims) -> Vec<&str> {
    match claims.get("acr") {
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(acr)) => vec![acr],
        _ => Vec::new(),
    }
}

/// The ID token of a login, if it was just issued and the user authenticated recently enough.
fn login_id_token(new: IdToken, max_age: Option<Seconds>, waited: Seconds, now: Time) -> Result<IdToken, TokenProblem> {
    if new.issued_at < now.minus(MAX_ID_TOKEN_AGE) {
        return invalid(format!("it was not issued for this login, but at {}", new.issued_at));
    }
    // No. 13. Both times are the provider's, so no leeway is needed.
    match (new.auth_time, max_age) {
        (Some(at), _) if at > now.plus(LEEWAY) => invalid("its `auth_time` is in the future"),
        (None, Some(_)) => invalid("it has no `auth_time`, although `max_age` was requested"),
        (Some(at), Some(max_age)) if new.issued_at > at.plus(max_age).plus(waited) => {
            invalid(format!("the user last authenticated at {at}, longer ago than `max_age` allows"))
        }
        _ => Ok(new),
    }
}

/// The ID token of a refresh (Core 12.2), with the login's `nonce` and `auth_time`. Lenient: 12.2 forbids that `azp` appears
/// or disappears, but [`check_audience`] allows no value but ours.
fn refreshed_id_token(new: IdToken, previous: Option<&IdToken>) -> Result<IdToken, TokenProblem> {
    let Some(previous) = previous else { return Ok(new) };
    if new.auth_time.is_some() && previous.auth_time.is_some() && new.auth_time != previous.auth_time {
        return flawed("its `auth_time` is not that of the login");
    }
    if new.issued_at < previous.issued_at {
        return flawed("it is older than the one before it (`iat`)");
    }
    Ok(IdToken { nonce: previous.nonce.clone(), auth_time: previous.auth_time.or(new.auth_time), ..new })
}

#[cfg(test)]
mod tests;
