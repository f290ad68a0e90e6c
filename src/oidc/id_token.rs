//! ID token validation (OpenID Connect Core 3.1.3.7 after a login, 12.2 after a refresh).
//!
//! A login's ID token must pass every check. After a refresh the refresh token is spent, and what it brought is not thrown
//! away for what harms nobody:
//!
//! | what is wrong | verdict | after a refresh |
//! |---|---|---|
//! | `iss`, `sub`, `aud`, `azp` of another client, `nonce`, `at_hash`, the signature | [`IdTokenProblem::Invalid`], [`IdTokenProblem::BadSignature`]: it may be somebody else's | nothing of the answer is used |
//! | its form, `typ`, an `iat` or `exp` that is missing, another `auth_time`, an `iat` before the last one's | [`IdTokenProblem::Flawed`] | the ID token is left out, the rest is kept |
//! | the times | [`IdTokenProblem::NotValidNow`] | the same |
//! | its key or algorithm is not known here | [`IdTokenProblem::UnknownKey`], [`IdTokenProblem::OtherAlgorithm`] | the same |

pub use super::signed_token::TokenProblem as IdTokenProblem;

use super::authorize::{Code, PendingLogin};
use super::jwks::KeySet;
use super::signed_token::{self, LEEWAY, flawed, invalid};
use crate::domain::secret::Secret;
use crate::domain::session::{Account, IdToken};
use crate::domain::text::printable;
use crate::domain::time::{Seconds, Time};
use crate::jwt::{Jwt, RegisteredClaims};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

/// How old a login's ID token may be: it was issued for the request just made (Core 3.1.3.7 no. 10).
const MAX_ID_TOKEN_AGE: Seconds = Seconds::minutes(10);

/// What an ID token is checked against.
#[derive(Clone, Debug)]
pub struct ExpectedIdToken<'a> {
    /// The provider's issuer, as its discovery document writes it.
    pub issuer: &'a str,
    /// Our client.
    pub client_id: &'a str,
    /// The time; the provider's where the local clock is known to be wrong.
    pub now: Time,
    /// The access token that came with it (`at_hash`).
    pub access_token: &'a Secret,
    /// The request that brought it.
    pub source: IdTokenSource<'a>,
}

/// The request that brought an ID token, as far as the token must fit it.
#[derive(Clone, Debug)]
pub enum IdTokenSource<'a> {
    /// The exchange of a login's code.
    Login {
        /// What was sent to the authorization endpoint.
        pending: &'a PendingLogin,
        /// The code that came back.
        code: &'a Code,
        /// How long ago the user was sent there: by so much the authentication may be older than `max_age` allows.
        waited: Seconds,
    },
    /// A refresh.
    Refresh {
        /// The session's ID token.
        previous: Option<&'a IdToken>,
        /// The session's account.
        sub: &'a str,
    },
}

/// A validated ID token.
#[derive(Clone, Debug, PartialEq)]
pub struct ValidatedIdToken {
    /// What a session keeps of it, once its end, here still `exp`, is counted by this machine's clock.
    pub token: IdToken,
    /// Whose it is.
    pub account: Account,
    /// All its claims.
    pub claims: Map<String, Value>,
}

type Claims = Map<String, Value>;
type CheckResult = Result<(), IdTokenProblem>;

/// Validates an ID token: kind, signature, claims, and what ties it to the request and the tokens beside it.
///
/// # Errors
/// [`IdTokenProblem`], by the table above.
pub fn accept_id_token(
    raw: &Secret,
    keys: &KeySet,
    expected: &ExpectedIdToken<'_>,
) -> Result<ValidatedIdToken, IdTokenProblem> {
    let token = Jwt::parse(raw.expose()).or_else(|why| flawed(why.to_string()))?;
    // No. 6 to 8; also over TLS, stricter than no. 6 asks. Where nobody can judge it, what it says itself can already be too
    // much.
    let signature = match keys.verify(&token).map_err(IdTokenProblem::from) {
        Err(wrong @ (IdTokenProblem::BadSignature | IdTokenProblem::Invalid(_))) => return Err(wrong),
        verdict => verdict,
    };
    let claims = token.claims();
    signed_token::check_issuer(&token.registered, expected.issuer)?; // no. 2
    check_audience(&claims, expected.client_id)?;
    check_hash(&claims, "at_hash", expected.access_token)?; // Core 3.1.3.8
    let sub = subject(&claims)?;
    match &expected.source {
        IdTokenSource::Login { pending, code, .. } => check_login_binding(&claims, pending, code)?,
        IdTokenSource::Refresh { previous, sub: original } => {
            check_session_binding(&claims, *previous, sub == *original)?;
        }
    }
    // It is ours. From here on nothing points to anybody else.
    signature?;
    check_type(&token)?;
    let (issued_at, expires_at) =
        (required_time(&token.registered.iat, "iat")?, required_time(&token.registered.exp, "exp")?);
    let auth_time = signed_token::time_claim(token.registered.auth_time.as_ref(), "auth_time")?.map(Time::unix);
    let nonce = present_claim(&claims, "nonce").and_then(Value::as_str).map(str::to_owned);
    let new = IdToken { value: raw.clone(), expires_at, issued_at, auth_time, nonce };
    let accepted = match &expected.source {
        IdTokenSource::Login { pending, waited, .. } => login_id_token(new, pending.max_age, *waited, expected.now)?,
        IdTokenSource::Refresh { previous, .. } => refreshed_id_token(new, *previous)?,
    };
    // Last, so that a token which is only out of time is known to be right in all else.
    check_times(&token.registered, issued_at, expected.now)?;
    let username = claims.get("preferred_username").and_then(Value::as_str).map(str::to_owned);
    let account = Account { sub: sub.to_owned(), username };
    Ok(ValidatedIdToken { token: accepted, account, claims })
}

/// No. 11, and what else ties a login's ID token to its request: otherwise another login's could be slipped in.
fn check_login_binding(claims: &Claims, pending: &PendingLogin, code: &Code) -> CheckResult {
    if claims.get("nonce").and_then(Value::as_str) != Some(pending.nonce.expose()) {
        return invalid("it belongs to another login (`nonce`)");
    }
    check_hash(claims, "s_hash", &pending.state)?; // the state's hash, as the code flow of FAPI 1.0 defines it
    check_hash(claims, "c_hash", &code.0)
}

/// Core 12.2: the same account, and no other login's nonce. Where the session has lost its ID token, no nonce is known.
fn check_session_binding(claims: &Claims, previous: Option<&IdToken>, same_sub: bool) -> CheckResult {
    if !same_sub {
        return invalid("it is another account's than the session's (`sub`)");
    }
    match (present_claim(claims, "nonce"), previous) {
        (None, _) | (_, None) => Ok(()),
        (Some(nonce), Some(previous)) if nonce.as_str() == previous.nonce.as_deref() => Ok(()),
        _ => invalid("it has another `nonce` than the login's"),
    }
}

/// RFC 8725 3.11: another kind of token, above all an access token (`at+jwt`), is no ID token. `application/jwt` is `JWT`
/// written out (RFC 7515 4.1.9).
fn check_type(token: &Jwt<'_>) -> CheckResult {
    let typ = token.jws.typ().map(str::to_ascii_lowercase);
    match typ.as_deref().map(|typ| typ.strip_prefix("application/").unwrap_or(typ)) {
        None | Some("jwt") => Ok(()),
        Some(_) => {
            flawed(format!("its `typ` is `{}`, which is no ID token's", printable(token.jws.typ().unwrap_or(""))))
        }
    }
}

/// Core 3.1.3.7 no. 3 to 5: for us and, since no other audience is trusted, for nobody else; the same of `azp`.
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

/// Core 2: both are required.
fn required_time(claim: &Option<Value>, name: &str) -> Result<Time, IdTokenProblem> {
    signed_token::time_claim(claim.as_ref(), name)?.map_or_else(|| flawed(format!("it has no `{name}`")), Ok)
}

/// Core 3.1.3.7 no. 9 and 10.
fn check_times(claims: &RegisteredClaims, issued_at: Time, now: Time) -> CheckResult {
    signed_token::check_expiry(claims, now, LEEWAY)?;
    signed_token::check_not_before(claims, now, LEEWAY)?;
    if issued_at > now.plus(LEEWAY) {
        return signed_token::not_valid_now(format!("it was issued in the future, at {issued_at}"));
    }
    Ok(())
}

/// Core 2: at most 255 ASCII characters, and some.
fn subject(claims: &Claims) -> Result<&str, IdTokenProblem> {
    match claims.get("sub") {
        Some(Value::String(sub)) if !sub.is_empty() && sub.len() <= 255 && sub.is_ascii() => Ok(sub),
        _ => invalid("it does not say whose it is (`sub`)"),
    }
}

/// The claim, unless it says nothing: `null` and `""` are read as absent.
fn present_claim<'c>(claims: &'c Claims, name: &str) -> Option<&'c Value> {
    claims.get(name).filter(|claim| !claim.is_null() && *claim != "")
}

/// Core 3.1.3.6, 3.3.2.11: the left half of the hash, where the claim is there.
fn check_hash(claims: &Claims, name: &str, of: &Secret) -> CheckResult {
    let hash = Sha256::digest(of.expose());
    let wanted = URL_SAFE_NO_PAD.encode(&hash[..hash.len() / 2]);
    match present_claim(claims, name) {
        None => Ok(()),
        Some(Value::String(found)) if *found == wanted => Ok(()),
        Some(_) => invalid(format!("it belongs to another answer (`{name}`)")),
    }
}

/// The levels of assurance that `acr` claims (Core 2). TelenorID+ may send an array.
pub fn acr_levels(claims: &Map<String, Value>) -> Vec<&str> {
    match claims.get("acr") {
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(acr)) => vec![acr],
        _ => Vec::new(),
    }
}

/// What only a login's ID token must pass: it is new, and the user authenticated as recently as was asked for.
fn login_id_token(
    new: IdToken,
    max_age: Option<Seconds>,
    waited: Seconds,
    now: Time,
) -> Result<IdToken, IdTokenProblem> {
    if new.issued_at < now.minus(MAX_ID_TOKEN_AGE) {
        return invalid(format!("it was not issued for this login, but at {}", new.issued_at));
    }
    // No. 13. Both `auth_time` and `iat` are by the provider's clock, so no leeway is needed; between the two lie the age
    // that was allowed when the request came, and what the user has done since.
    match (new.auth_time.map(Time::from_unix), max_age) {
        (Some(at), _) if at > now.plus(LEEWAY) => invalid("its `auth_time` is in the future"),
        (None, Some(_)) => invalid("it has no `auth_time`, although `max_age` was asked for"),
        (Some(at), Some(max_age)) if new.issued_at > at.plus(max_age).plus(waited) => {
            invalid(format!("the user last authenticated at {at}, longer ago than `max_age` allows"))
        }
        _ => Ok(new),
    }
}

/// What only a refresh's ID token must pass (Core 12.2). Gives it with what the login's token said beside it kept.
///
/// A leniency: `azp` may come and go, although 12.2 forbids it, for it is ours (`check_audience`) and says nothing new.
fn refreshed_id_token(new: IdToken, previous: Option<&IdToken>) -> Result<IdToken, IdTokenProblem> {
    let Some(previous) = previous else { return Ok(new) };
    if new.auth_time.is_some() && previous.auth_time.is_some() && new.auth_time != previous.auth_time {
        return flawed("it has another `auth_time` than the login's");
    }
    if new.issued_at < previous.issued_at {
        return flawed("it is older than the one before it (`iat`)");
    }
    Ok(IdToken { nonce: previous.nonce.clone(), auth_time: previous.auth_time.or(new.auth_time), ..new })
}

#[cfg(test)]
mod tests;
