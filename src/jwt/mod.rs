//! Parses JSON Web Tokens strictly: the JWS compact serialisation (RFC 7515 7.1) of a JSON object (RFC 7519 3). Nothing
//! is verified here; `oidc::jwks` checks signatures.

pub mod json;

use crate::domain::text::without_byte_order_mark;
use crate::domain::time::Time;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::fmt;

/// The claims of a token, or some of them (RFC 7519 4).
pub type Claims = Map<String, Value>;

pub const MAX_TOKEN_LENGTH: usize = 1 << 20;

/// A parsed JWS in compact form; its signature is **not** verified.
#[derive(Clone, PartialEq)]
pub struct Jws<'a> {
    pub header: Map<String, Value>,
    pub payload: Vec<u8>,
    header_bytes: Vec<u8>,
    /// What was signed: the first two parts with their dot (RFC 7515 5.1).
    pub signing_input: &'a str,
    /// Empty for an unsecured token.
    pub signature: Vec<u8>,
}

/// A JWT: a JWS whose payload is a JSON object of claims; its signature is **not** verified.
#[derive(Clone, PartialEq)]
pub struct Jwt<'a> {
    pub jws: Jws<'a>,
    /// Those of the claims in `CHECKED_CLAIMS` that the token has, of any JSON type.
    pub checked_claims: Claims,
}

/// What is checked in any token: its issuer and times (RFC 7519 4.1; `auth_time`: OIDC Core 2).
const CHECKED_CLAIMS: [&str; 5] = ["iss", "auth_time", "iat", "nbf", "exp"];

#[derive(Clone, Debug, PartialEq)]
pub enum JwtError {
    /// The sentence says why; printable, repeats only names from the token.
    NotAToken(String),
    /// An encrypted token (JWE, RFC 7516 7.1), with its header; nothing was decrypted.
    Encrypted(Map<String, Value>),
}

impl fmt::Display for JwtError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAToken(why) => write!(f, "it is not a JWT: {why}"),
            Self::Encrypted(_) => f.write_str("it is an encrypted token (JWE)"),
        }
    }
}

fn not_a_token<T>(why: impl Into<String>) -> Result<T, JwtError> {
    Err(JwtError::NotAToken(why.into()))
}

impl<'a> Jws<'a> {
    /// # Errors
    /// [`JwtError`] for anything but three parts of canonical base64url (RFC 7515 7.1) with a JSON object as header,
    /// without repeated names (RFC 7515 4), where `alg` is a string (4.1.1), as are `kid` and `typ` if present (4.1.4,
    /// 4.1.9).
    pub fn parse(text: &'a str) -> Result<Self, JwtError> {
        if text.len() > MAX_TOKEN_LENGTH {
            return not_a_token("it is longer than 1 MiB");
        }
        let mut parts = text.splitn(6, '.');
        // An array, because a vector costs an allocation for each of many tokens.
        let (header, payload, signature) = match [(); 6].map(|()| parts.next()) {
            [Some(header), Some(payload), Some(signature), None, ..] => (header, payload, signature),
            [Some(header), _, _, _, Some(_), None] => {
                return Err(JwtError::Encrypted(object("header", &decode("header", header)?, &|_| true)?));
            }
            found => {
                let parts = found.iter().flatten().count();
                let more = if parts == 6 { " or more" } else { "" };
                return not_a_token(format!("expected three parts separated by dots, found {parts}{more}"));
            }
        };
        let signing_input = text.get(..header.len() + 1 + payload.len()).unwrap_or_default();
        let header_bytes = decode("header", header)?;
        let header = object("header", &header_bytes, &|_| true)?;
        for name in ["alg", "kid", "typ"] {
            match header.get(name) {
                Some(Value::String(_)) => {}
                None if name != "alg" => {}
                _ => return not_a_token(format!("its header's `{name}` is not a string")),
            }
        }
        let (payload, signature) = (decode("payload", payload)?, decode("signature", signature)?);
        Ok(Self { header, payload, header_bytes, signing_input, signature })
    }

    /// The header as written in the token, on one line.
    pub fn header_text(&self) -> Cow<'_, str> {
        one_line(&self.header_bytes)
    }

    pub fn alg(&self) -> &str {
        self.header_string("alg").unwrap_or_default()
    }

    /// RFC 7515 4.1.4. Not printable.
    pub fn kid(&self) -> Option<&str> {
        self.header_string("kid")
    }

    pub fn typ(&self) -> Option<&str> {
        self.header_string("typ")
    }

    fn header_string(&self, name: &str) -> Option<&str> {
        self.header.get(name).and_then(Value::as_str)
    }
}

impl<'a> Jwt<'a> {
    /// # Errors
    /// Those of [`Jws::parse`]; [`JwtError::NotAToken`] also if the payload is not a JSON object, or repeats a name
    /// (RFC 7519 4).
    pub fn parse(text: &'a str) -> Result<Self, JwtError> {
        let jws = Jws::parse(text)?;
        let checked_claims = object("payload", &jws.payload, &|name| CHECKED_CLAIMS.contains(&name))?;
        Ok(Self { jws, checked_claims })
    }

    /// All claims (RFC 7519 4), parsed at each call.
    pub fn claims(&self) -> Claims {
        serde_json::from_slice(&self.jws.payload).unwrap_or_default() // cannot fail: `parse` accepted it
    }

    /// The payload as written in the token, on one line. Numbers keep every digit, unlike in [`Jwt::claims`].
    pub fn payload_text(&self) -> Cow<'_, str> {
        one_line(&self.jws.payload)
    }
}

/// Hides the token: it may hold personal data, and works like a password.
impl fmt::Debug for Jwt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Jwt {{ alg: {:?}, … }}", self.jws.alg())
    }
}

fn decode(part: &str, text: &str) -> Result<Vec<u8>, JwtError> {
    URL_SAFE_NO_PAD.decode(text).or_else(|_| not_a_token(format!("its {part} is not valid base64url")))
}

fn object(part: &str, bytes: &[u8], is_kept: &dyn Fn(&str) -> bool) -> Result<Map<String, Value>, JwtError> {
    json::parse_members(bytes, is_kept).or_else(|why| not_a_token(format!("its {part} is not a JSON object: {why}")))
}

fn one_line(json: &[u8]) -> Cow<'_, str> {
    json::minify(std::str::from_utf8(json).unwrap_or_default())
}

/// A `NumericDate` claim (RFC 7519 2): seconds since 1970, rounded down and clamped to [`Time`]. `None` if it is not a
/// number.
pub fn numeric_date(claim: &Value) -> Option<Time> {
    whole_seconds(claim).map(Time::from_unix)
}

/// As [`numeric_date`], not clamped.
pub fn whole_seconds(claim: &Value) -> Option<i64> {
    let number = claim.as_number()?;
    // `as` saturates, and a JSON number is never NaN.
    number.as_i64().or_else(|| number.as_f64().map(|seconds| seconds.floor() as i64))
}

/// The token in a line, without the space, quotes, `Authorization:` and `Bearer` that copying may include.
pub fn trim_token(line: &str) -> &str {
    let mut text = without_byte_order_mark(line.trim()).trim();
    for quote in ['"', '\''] {
        text = text.strip_prefix(quote).and_then(|t| t.strip_suffix(quote)).unwrap_or(text).trim();
    }
    for prefix in ["authorization:", "bearer "] {
        if text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix)) {
            text = text[prefix.len()..].trim();
        }
    }
    text
}

/// Whether text that is not a JWT has the characters of a bearer token (RFC 6750 2.1), and does not begin like a JWT, which
/// would be a damaged one.
pub fn may_be_opaque(text: &str) -> bool {
    let begins_like_a_jwt =
        text.get(..4).is_some_and(|start| URL_SAFE_NO_PAD.decode(start).is_ok_and(|bytes| bytes.starts_with(b"{")));
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    !text.is_empty() && text.bytes().all(is_allowed) && !begins_like_a_jwt
}

#[cfg(test)]
mod tests;
