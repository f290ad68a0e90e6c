//! JSON Web Tokens taken apart, strictly and once: the JWS compact serialisation (RFC 7515 7.1) of a JSON object
//! (RFC 7519 3). Nothing here verifies anything; a signature is checked against a key set in `oidc::jwks`.

pub mod json;

use crate::domain::text::without_byte_order_mark;
use crate::domain::time::Time;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use json::MemberSlots as _;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::fmt;

/// The longest token that is looked at, in bytes.
pub const MAX_TOKEN_LENGTH: usize = 1 << 20;

/// A JWS in compact form, taken apart; its signature is **not** verified.
#[derive(Clone, PartialEq)]
pub struct Jws<'a> {
    /// The protected header (RFC 7515 4).
    pub header: Map<String, Value>,
    /// The payload's bytes, whatever they are.
    pub payload: Vec<u8>,
    header_bytes: Vec<u8>,
    signing_input: &'a str,
    signature: Vec<u8>,
}

/// A JWT: a JWS whose payload is a JSON object of claims; its signature is **not** verified.
#[derive(Clone, PartialEq)]
pub struct Jwt<'a> {
    /// The JWS that carries it.
    pub jws: Jws<'a>,
    /// Those of its claims that any token is judged by.
    pub registered: RegisteredClaims,
}

/// The claims that say who issued a token and when it is valid, whatever their values are (RFC 7519 4.1; `auth_time`:
/// OIDC Core 2). `None` is a claim that is not there.
#[derive(Clone, Default, PartialEq)]
#[allow(missing_docs)] // the names are the RFCs'
pub struct RegisteredClaims {
    pub iss: Option<Value>,
    pub auth_time: Option<Value>,
    pub iat: Option<Value>,
    pub nbf: Option<Value>,
    pub exp: Option<Value>,
}

/// Why a text is no JWT.
#[derive(Clone, Debug, PartialEq)]
pub enum Malformed {
    /// It is not one. The sentence says why; printable, nothing of the token in it but names.
    NotAToken(String),
    /// It is an encrypted token (JWE, RFC 7516 7.1) with this header; nothing was decrypted, inflated or derived.
    Encrypted(Map<String, Value>),
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAToken(why) => f.write_str(why),
            Self::Encrypted(_) => f.write_str("it is an encrypted token (JWE)"),
        }
    }
}

fn not_a_token<T>(why: impl Into<String>) -> Result<T, Malformed> {
    Err(Malformed::NotAToken(why.into()))
}

impl<'a> Jws<'a> {
    /// Takes `text` apart. Linear in its length.
    ///
    /// # Errors
    /// [`Malformed`] for anything but three parts of canonical base64url (RFC 7515 7.1; no padding, no other
    /// character, no stray trailing bits) with a JSON object as header in which no name occurs twice (RFC 7515 4) and
    /// `alg` is a string (4.1.1), as are `kid` and `typ` where there are any (4.1.4, 4.1.9).
    pub fn parse(text: &'a str) -> Result<Self, Malformed> {
        if text.len() > MAX_TOKEN_LENGTH {
            return not_a_token("it is longer than 1 MiB");
        }
        let mut parts = text.splitn(6, '.');
        let (header, payload, signature) = match [(); 6].map(|()| parts.next()) {
            [Some(header), Some(payload), Some(signature), None, ..] => (header, payload, signature),
            [Some(header), Some(_), Some(_), Some(_), Some(_), None] => {
                return Err(Malformed::Encrypted(read_header(&decode("header", header)?)?));
            }
            found => {
                let parts = found.iter().flatten().count();
                let more = if parts == 6 { " or more" } else { "" };
                return not_a_token(format!("a JWT has three parts with dots between them, this has {parts}{more}"));
            }
        };
        let signing_input = text.get(..header.len() + 1 + payload.len()).unwrap_or_default();
        let header_bytes = decode("header", header)?;
        let header = read_header(&header_bytes)?;
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

    /// The header as the token writes it, on one line.
    pub fn header_text(&self) -> Cow<'_, str> {
        one_line(&self.header_bytes)
    }

    /// `alg`, the algorithm that the header claims (RFC 7515 4.1.1).
    pub fn alg(&self) -> &str {
        self.text("alg").unwrap_or_default()
    }

    /// `kid`, the name of the key (RFC 7515 4.1.4). Opaque, and not printable as it is.
    pub fn kid(&self) -> Option<&str> {
        self.text("kid")
    }

    /// `typ`, the kind of token (RFC 7515 4.1.9).
    pub fn typ(&self) -> Option<&str> {
        self.text("typ")
    }

    /// What was signed: the first two parts with their dot (RFC 7515 5.1).
    pub fn signing_input(&self) -> &'a str {
        self.signing_input
    }

    /// The signature's bytes. Empty for an unsecured token.
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.header.get(name).and_then(Value::as_str)
    }
}

impl<'a> Jwt<'a> {
    /// Takes `text` apart. Linear in its length.
    ///
    /// # Errors
    /// Those of [`Jws::parse`]; [`Malformed::NotAToken`] also where the payload is no JSON object, or a name occurs
    /// twice in one (RFC 7519 4).
    pub fn parse(text: &'a str) -> Result<Self, Malformed> {
        let jws = Jws::parse(text)?;
        let mut registered = RegisteredClaims::default();
        json::parse_members(&jws.payload, &mut registered).or_else(|why| no_object("payload", &why))?;
        Ok(Self { jws, registered })
    }

    /// All claims (RFC 7519 4), read anew at each call.
    pub fn claims(&self) -> Map<String, Value> {
        // It was read as a JSON object.
        serde_json::from_slice(&self.jws.payload).unwrap_or_default()
    }

    /// The payload as the token writes it, on one line: numbers keep every digit, which [`Jwt::claims`]'s cannot.
    pub fn payload_text(&self) -> Cow<'_, str> {
        one_line(&self.jws.payload)
    }
}

impl RegisteredClaims {
    /// Those among `claims`.
    pub fn from_claims(claims: &Map<String, Value>) -> Self {
        let mut registered = Self::default();
        for (name, value) in claims {
            if let Some(place) = registered.slot(name) {
                place.clone_from(value);
            }
        }
        registered
    }
}

impl json::MemberSlots for RegisteredClaims {
    fn slot(&mut self, name: &str) -> Option<&mut Value> {
        let claim = match name {
            "iss" => &mut self.iss,
            "auth_time" => &mut self.auth_time,
            "iat" => &mut self.iat,
            "nbf" => &mut self.nbf,
            "exp" => &mut self.exp,
            _ => return None,
        };
        Some(claim.get_or_insert(Value::Null))
    }
}

/// A token may carry personal data, and is as good as a password while it lives: neither is shown.
impl fmt::Debug for Jwt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Jwt {{ alg: {:?}, … }}", self.jws.alg())
    }
}

fn decode(part: &str, text: &str) -> Result<Vec<u8>, Malformed> {
    URL_SAFE_NO_PAD
        .decode(text)
        .or_else(|_| not_a_token(format!("its {part} is not base64url (RFC 7515 2), or not in its one canonical form")))
}

fn read_header(bytes: &[u8]) -> Result<Map<String, Value>, Malformed> {
    json::parse_object(bytes).or_else(|why| no_object("header", &why))
}

fn no_object<T>(part: &str, why: &str) -> Result<T, Malformed> {
    not_a_token(format!("its {part} is no JSON object: {why}"))
}

/// The text of what was read as JSON, and so is UTF-8.
fn one_line(json: &[u8]) -> Cow<'_, str> {
    json::minified(std::str::from_utf8(json).unwrap_or_default())
}

/// A claim that is a `NumericDate` (RFC 7519 2): seconds since 1970, whole or fractional (cut to whole ones), clamped
/// to what [`Time`] holds. `None` for anything but a number.
pub fn numeric_date(claim: &Value) -> Option<Time> {
    whole_seconds(claim).map(Time::from_unix)
}

/// The same as the claim has it, be there such a [`Time`] or not.
pub fn whole_seconds(claim: &Value) -> Option<i64> {
    let number = claim.as_number()?;
    // `as` saturates, and a JSON number is never NaN.
    number.as_i64().or_else(|| number.as_f64().map(|seconds| seconds.floor() as i64))
}

/// The token in a line that a person or a script gave: without the space, the quotes and the `Authorization:` and
/// `Bearer` around it that copying brings along.
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

/// Whether a text that is no JWT may be an opaque token, which only its issuer can judge: it is spelled as a bearer token
/// (RFC 6750 2.1), and does not begin as a JWT does, so that a damaged one is told apart.
pub fn may_be_opaque(text: &str) -> bool {
    let begins_with_an_object =
        text.get(..4).is_some_and(|start| URL_SAFE_NO_PAD.decode(start).is_ok_and(|bytes| bytes.starts_with(b"{")));
    let spelled = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    !text.is_empty() && text.bytes().all(spelled) && !begins_with_an_object
}

#[cfg(test)]
mod tests;
