//! `POST /sandbox/token`: tokens for testing an API, with any claims, and wrong on purpose.

use super::control::{ControlResult, done};
use super::service::{Service, lock};
use crate::domain::time::{Seconds, Time};
use crate::sandbox::engine::{AccessToken, Authentication, IdToken};
use crate::sandbox::registration;
use crate::sandbox::tokens::{Keys, access_claims, id_claims, unknown_key, unsigned};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::io;

/// What to sign. An unknown member is an error, so that a misspelt one is not ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct TokenRequest {
    kind: TokenKind,
    /// Default: the first client.
    client_id: Option<String>,
    /// Default: the first user.
    user: Option<String>,
    /// A token for the client itself.
    no_user: bool,
    /// Separated by spaces.
    scope: Option<String>,
    /// As `5m`.
    lifetime: Option<String>,
    /// Instead of or besides the usual ones; `null` leaves one out.
    claims: Map<String, Value>,
    wrong: Option<Flaw>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum TokenKind {
    #[default]
    Access,
    Id,
}

/// What is wrong with a token, so that an API must refuse it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Flaw {
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

/// How far an expired token's end lies in the past, and a future one's start in the future: more than any tolerance.
const MARGIN: i64 = 3_600;

impl Service {
    pub(super) fn sample_token(&self, body: &Value) -> ControlResult {
        let request: TokenRequest = registration::of_json(body.clone())?;
        let access = self.sample_access_token(&request)?;
        let claims = claims(&self.issuer, &access, &request, self.now())?;
        let signed = sign(&lock(&self.keys), &request, &claims);
        let (header, token) = signed.map_err(|error| error.to_string())?;
        done(json!({"token": token, "header": header, "claims": claims}))
    }

    /// The data of the token, which userinfo and introspection know too.
    fn sample_access_token(&self, request: &TokenRequest) -> Result<AccessToken, String> {
        let lifetime = request.lifetime.as_deref().map(Seconds::parse_positive).transpose()?;
        let at = self.moment().map_err(|error| error.to_string())?;
        let mut engine = lock(&self.engine);
        let client = match &request.client_id {
            Some(id) => engine.client(id).map_err(|error| error.description)?,
            None => engine.clients.first().cloned().ok_or("no client is registered")?,
        };
        let user = match &request.user {
            _ if request.no_user => None,
            Some(name) => Some(engine.find_user(name).ok_or("there is no such user")?),
            None => engine.users.first().cloned(),
        };
        let default = if user.is_some() { "openid profile" } else { "" };
        let scopes = request.scope.as_deref().unwrap_or(default).split_whitespace().map(ToOwned::to_owned).collect();
        let login = user.map(|user| Authentication::new(user, "urn:telenor.identity.aal.3", at));
        Ok(engine.issue_access_token(None, client.id, scopes, login, lifetime, at))
    }
}

/// The claims that `request` asks for, from the data of `access`.
fn claims(issuer: &str, access: &AccessToken, request: &TokenRequest, now: Time) -> Result<Value, String> {
    let mut claims = match request.kind {
        TokenKind::Access => access_claims(issuer, access),
        TokenKind::Id => id_claims(issuer, access, &IdToken::default(), None).ok_or("an ID token is about a user")?,
    };
    if request.lifetime.is_some() {
        claims["exp"] = json!(access.expires_at);
    }
    let spoilt = request.wrong.map_or(&[][..], |flaw| spoil(&mut claims, flaw, now));
    if let Some(name) = spoilt.iter().find(|name| request.claims.contains_key(**name)) {
        return Err(format!("the claim {name} would undo what is to be wrong; give one of them"));
    }
    for (name, value) in &request.claims {
        match claims.as_object_mut() {
            Some(members) if value.is_null() => drop(members.remove(name)),
            _ => claims[name] = value.clone(),
        }
    }
    Ok(claims)
}

fn sign(keys: &Keys, request: &TokenRequest, claims: &Value) -> io::Result<(Value, String)> {
    let is_access = (request.kind == TokenKind::Access) != (request.wrong == Some(Flaw::OtherTyp));
    let typ = if is_access { "at+jwt" } else { "JWT" };
    match request.wrong {
        Some(Flaw::AlgNone) => Ok(unsigned(typ, claims)),
        Some(Flaw::UnknownKey) => unknown_key().and_then(|key| key.sign(typ, &key.kid, claims)),
        Some(Flaw::WrongSignature) => unknown_key()?.sign(typ, &keys.current.kid, claims),
        _ => keys.sign(typ, claims),
    }
}

/// Makes the claims wrong. Returns the names of those that make them so.
fn spoil(claims: &mut Value, flaw: Flaw, now: Time) -> &'static [&'static str] {
    match flaw {
        Flaw::Expired => {
            let end = claims["exp"].as_i64().unwrap_or(now.unix());
            shift(claims, &["iat", "nbf", "exp", "auth_time"], now.unix() - MARGIN - end);
            &["exp"]
        }
        Flaw::NotYetValid => {
            shift(claims, &["iat", "nbf", "exp"], MARGIN);
            &["nbf", "iat"]
        }
        Flaw::OtherIssuer => {
            claims["iss"] = "https://another-issuer.example".into();
            &["iss"]
        }
        Flaw::OtherAudience => {
            claims["aud"] = "another-audience".into();
            &["aud"]
        }
        Flaw::UnknownKey | Flaw::WrongSignature | Flaw::OtherTyp | Flaw::AlgNone => &[],
    }
}

fn shift(claims: &mut Value, names: &[&str], by: i64) {
    for name in names {
        if let Some(time) = claims[*name].as_i64() {
            claims[*name] = (time + by).into();
        }
    }
}
