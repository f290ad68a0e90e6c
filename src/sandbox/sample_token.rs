//! Tokens for testing an API: with any claims, and wrong on purpose.

use super::engine::{AccessToken, IdToken};
use super::tokens::{Keys, access_claims, id_claims};
use crate::domain::time::Time;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::io;

/// What to sign. An unknown member is an error, so that a misspelt one is not ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TokenRequest {
    pub kind: TokenKind,
    /// Default: the first client.
    pub client_id: Option<String>,
    /// Default: the first user.
    pub user: Option<String>,
    /// A token for the client itself.
    pub no_user: bool,
    /// Separated by spaces.
    pub scope: Option<String>,
    /// As `5m`.
    pub lifetime: Option<String>,
    /// Instead of or besides the usual ones; `null` leaves one out.
    pub claims: Map<String, Value>,
    pub wrong: Option<Flaw>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenKind {
    #[default]
    Access,
    Id,
}

/// What is wrong with a token, so that an API must refuse it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Flaw {
    Expired,
    NotYetValid,
    OtherIssuer,
    OtherAudience,
    /// Signed by a key that is not published.
    UnknownKey,
    /// The header names a published key, and another one signed.
    WrongSignature,
    /// An ID token's `typ` in an access token, and the other way round.
    OtherTyp,
    AlgNone,
}

impl Flaw {
    /// The claims that make the token wrong.
    const fn claims(self) -> &'static [&'static str] {
        match self {
            Self::Expired => &["exp"],
            Self::NotYetValid => &["nbf", "iat"],
            Self::OtherIssuer => &["iss"],
            Self::OtherAudience => &["aud"],
            Self::UnknownKey | Self::WrongSignature | Self::OtherTyp | Self::AlgNone => &[],
        }
    }
}

/// A token, and what it contains.
pub struct SampleToken {
    pub token: String,
    pub header: Value,
    pub claims: Value,
}

impl TokenKind {
    const fn typ(self) -> &'static str {
        match self {
            Self::Access => "at+jwt",
            Self::Id => "JWT",
        }
    }

    const fn other(self) -> Self {
        match self {
            Self::Access => Self::Id,
            Self::Id => Self::Access,
        }
    }
}

/// How far an expired token's end lies in the past, and a future one's start in the future: more than any tolerance.
const AWAY: i64 = 3_600;

/// Signs the token that `request` asks for, from the data of `access`.
///
/// # Errors
/// If no key could be generated, or signing failed. `InvalidInput` for an ID token without a user, and for a
/// claim that undoes the flaw.
pub fn sign(
    keys: &Keys,
    issuer: &str,
    access: &AccessToken,
    request: &TokenRequest,
    now: Time,
) -> io::Result<SampleToken> {
    let mut claims = match (request.kind, &access.authentication) {
        (TokenKind::Access, _) => access_claims(issuer, access),
        (TokenKind::Id, Some(login)) => {
            let mut claims = id_claims(issuer, access, login, &IdToken::default(), "");
            if request.lifetime.is_some() {
                claims["exp"] = json!(access.expires_at);
            }
            claims
        }
        (TokenKind::Id, None) => {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "an ID token is about a user"));
        }
    };
    let flawed = request.wrong.map_or(&[][..], Flaw::claims);
    if let Some(name) = flawed.iter().find(|name| request.claims.contains_key(**name)) {
        let what = format!("the claim {name} would undo what is to be wrong; give one of them");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
    }
    if let (TokenKind::Id, Some(members)) = (request.kind, claims.as_object_mut()) {
        // It would be the hash of an access token that does not exist.
        members.remove("at_hash");
    }
    if let Some(flaw) = request.wrong {
        spoil(&mut claims, flaw, now);
    }
    for (name, value) in &request.claims {
        match claims.as_object_mut() {
            Some(members) if value.is_null() => drop(members.remove(name)),
            _ => claims[name] = value.clone(),
        }
    }
    let kind = if request.wrong == Some(Flaw::OtherTyp) { request.kind.other() } else { request.kind };
    let typ = kind.typ();
    let (header, token) = match request.wrong {
        Some(Flaw::AlgNone) => Keys::unsigned(typ, &claims),
        Some(Flaw::UnknownKey) => keys.sign_with_unknown_key(typ, &claims, false)?,
        Some(Flaw::WrongSignature) => keys.sign_with_unknown_key(typ, &claims, true)?,
        _ => keys.sign(typ, &claims)?,
    };
    Ok(SampleToken { token, header, claims })
}

/// Makes the claims wrong, if the flaw is in the claims.
fn spoil(claims: &mut Value, flaw: Flaw, now: Time) {
    match flaw {
        Flaw::Expired => {
            let end = claims["exp"].as_i64().unwrap_or(now.unix());
            shift(claims, &["iat", "nbf", "exp", "auth_time"], now.unix() - AWAY - end);
        }
        Flaw::NotYetValid => shift(claims, &["iat", "nbf", "exp"], AWAY),
        Flaw::OtherIssuer => claims["iss"] = "https://another-issuer.example".into(),
        Flaw::OtherAudience => claims["aud"] = "another-audience".into(),
        Flaw::UnknownKey | Flaw::WrongSignature | Flaw::OtherTyp | Flaw::AlgNone => {}
    }
}

fn shift(claims: &mut Value, names: &[&str], by: i64) {
    for name in names {
        if let Some(time) = claims[*name].as_i64() {
            claims[*name] = (time + by).into();
        }
    }
}
