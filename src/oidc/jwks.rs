//! The provider's keys (RFC 7517), and RS256, the one signature algorithm that TelenorID+ uses (RFC 7518 3.3).

use super::discovery::{Provider, get_request};
use super::response::{self, Object, invalid, lenient_string};
use super::{Problem, TokenProblem, weak_rsa};
use crate::domain::text::printable;
use crate::jwt::Jws;
use crate::ports::{Request, Response};
use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

const RESPONSE_NAME: &str = "the key set";

/// How many keys of a set are used, and so how many signatures are tried for one token.
const MAX_KEYS: usize = 100;

/// The keys of a set that can verify RS256.
#[derive(Clone, Default)]
pub struct KeySet(Vec<Key>);

#[derive(Clone)]
struct Key {
    kid: Option<String>,
    key: ParsedPublicKey,
}

pub fn jwks_request(provider: &Provider) -> Request {
    get_request(provider.jwks_uri.clone(), "application/json")
}

/// # Errors
/// Those of `response::success_body` and [`KeySet::from_json`].
pub fn accept_jwks(response: &Response) -> Result<KeySet, Problem> {
    match response.status {
        200 => KeySet::from_json(response::success_body(response, RESPONSE_NAME)?),
        _ => Err(response::problem_from_status(response, RESPONSE_NAME)),
    }
}

impl KeySet {
    /// Skips unusable keys (RFC 7517 5).
    ///
    /// # Errors
    /// [`Problem::Invalid`] without an array `keys`, or if a private key is published: then anybody can sign as the
    /// provider.
    pub fn from_json(bytes: &[u8]) -> Result<Self, Problem> {
        aws_lc_rs::init(); // detects the processor's features; fast after the first call
        let document = response::object(bytes, RESPONSE_NAME)?;
        let Some(Value::Array(members)) = document.get("keys") else {
            return invalid(format!("{RESPONSE_NAME} has no array `keys`"));
        };
        let keys = || members.iter().filter_map(Value::as_object);
        if let Some((key, secret)) = keys().find_map(|key| Some((key, private_key_parameter(key)?))) {
            let named = lenient_string(key, "kid").map(|kid| format!(" `{}`", printable(kid))).unwrap_or_default();
            return invalid(format!(
                "{RESPONSE_NAME} publishes a private key (`{secret}` of its key{named}): anyone could sign with it"
            ));
        }
        Ok(Self(keys().take(MAX_KEYS).filter_map(rs256_key).collect()))
    }

    /// A token with a `kid` is tried with the keys of that name, or else with those that have none; a token without one
    /// with every key. Keys in its own header (`jwk`, `jku`, `x5c`, `x5u`) are ignored (RFC 8725 3.10).
    ///
    /// # Errors
    /// All of [`TokenProblem`] but `NotValidNow` and `Flawed`.
    pub fn verify(&self, token: &Jws<'_>) -> Result<(), TokenProblem> {
        check_header(token)?;
        let named: Vec<&Key> =
            self.0.iter().filter(|key| key.kid.is_some() && key.kid.as_deref() == token.kid()).collect();
        if !named.is_empty() {
            return if is_signed_by_any(token, named) { Ok(()) } else { Err(TokenProblem::BadSignature) };
        }
        let nameless = self.0.iter().filter(|key| token.kid().is_none() || key.kid.is_none()).collect();
        if is_signed_by_any(token, nameless) { Ok(()) } else { Err(TokenProblem::UnknownKey) }
    }
}

/// The client chooses the algorithm, not the token (RFC 8725 3.1): exactly `RS256`.
fn check_header(token: &Jws<'_>) -> Result<(), TokenProblem> {
    let unsupported = |why: &str| Err(TokenProblem::Invalid(why.to_owned()));
    if token.alg().eq_ignore_ascii_case("none") {
        return unsupported("it is not signed at all (its `alg` is none)");
    }
    // RFC 7797 6: with `false`, what was signed is not what is read here. RFC 7797 7: not allowed in a JWT.
    if token.header.get("b64").is_some_and(|b64| *b64 != Value::Bool(true)) {
        return unsupported(
            "its header says that the payload is not base64url (`b64`), which no JWT may do (RFC 7797 7)",
        );
    }
    // RFC 7515 4.1.11: unknown critical extensions must be rejected, and all are unknown.
    if token.header.contains_key("crit") {
        return unsupported("it requires extensions (`crit`), and none is supported");
    }
    if token.alg() == "RS256" { Ok(()) } else { Err(TokenProblem::OtherAlgorithm(printable(token.alg()))) }
}

fn is_signed_by_any(token: &Jws<'_>, keys: Vec<&Key>) -> bool {
    let message = token.signing_input.as_bytes();
    keys.iter().any(|key| key.key.verify_sig(message, &token.signature).is_ok())
}

/// The key, if it may verify (RFC 7517 4.2, 4.3) RS256 (4.4) and is strong enough (RFC 7518 3.3, RFC 8725 3.2). Absent
/// members restrict nothing.
fn rs256_key(member: &Object) -> Option<Key> {
    let may_be = |name: &str, wanted: &str| lenient_string(member, name).is_none_or(|value| value == wanted);
    let may_verify = match member.get("key_ops") {
        Some(Value::Array(operations)) => operations.iter().any(|operation| operation == "verify"),
        _ => true,
    };
    if lenient_string(member, "kty")? != "RSA" || !may_be("use", "sig") || !may_be("alg", "RS256") || !may_verify {
        return None;
    }
    let kid = lenient_string(member, "kid").map(str::to_owned);
    let (n, e) = (base64url_uint(member, "n")?, base64url_uint(member, "e")?);
    if !is_strong(&n, &e) {
        return None;
    }
    // Parsed once, to make each verification fast.
    let key = RsaPublicKeyComponents { n: &n, e: &e }.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256).ok()?;
    Some(Key { kid, key })
}

/// The name of a private-key parameter that was published (RFC 7518 6.2.2, 6.3.2; RFC 8037 2). Symmetric keys do not
/// matter: nothing they sign is accepted.
fn private_key_parameter(member: &Object) -> Option<&'static str> {
    let secrets: &[&str] = match lenient_string(member, "kty")? {
        "RSA" => &["d", "p", "q", "dp", "dq", "qi"],
        "EC" | "OKP" => &["d"],
        _ => &[],
    };
    secrets.iter().copied().find(|name| lenient_string(member, name).is_some())
}

/// A `Base64urlUInt` (RFC 7518 2), big-endian, without leading zeros.
fn base64url_uint(member: &Object, name: &str) -> Option<Vec<u8>> {
    let bytes = URL_SAFE_NO_PAD.decode(lenient_string(member, name)?).ok()?;
    let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
    Some(bytes[zeros..].to_vec())
}

/// A modulus of 2048 to 8192 bits, odd and without ROCA fingerprint; an odd exponent of 2 to 33 bits (the limit of
/// aws-lc).
fn is_strong(n: &[u8], e: &[u8]) -> bool {
    let bits = |number: &[u8]| number.len() * 8 - number.first().map_or(0, |first| first.leading_zeros() as usize);
    let odd = |number: &[u8]| number.last().is_some_and(|last| last % 2 == 1);
    (2048..=8192).contains(&bits(n)) && odd(n) && (2..=33).contains(&bits(e)) && odd(e) && !weak_rsa::has_fingerprint(n)
}

#[cfg(test)]
mod tests;
