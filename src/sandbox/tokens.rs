//! Signed tokens: RS256 JWTs with TelenorID+'s claims, and their keys.

use super::engine::{AccessToken, Authentication, IdToken, IssuedTokens};
use super::random::half_sha256_base64url;
use crate::domain::secret::Secret;
use crate::domain::text::hex;
use crate::domain::time::Seconds;
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::{KeyPair, KeySize, PublicKeyComponents};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, UnparsedPublicKey};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::io;
use std::sync::{Arc, LazyLock};

const ID_TOKEN_LIFETIME: Seconds = Seconds(300);

/// The first key, shared by all sandboxes of the process because generating one is slow.
static FIRST_KEY: LazyLock<Option<Arc<Key>>> = LazyLock::new(Key::generate);

/// A key that is never published.
pub(super) fn unknown_key() -> io::Result<Arc<Key>> {
    static KEY: LazyLock<Option<Arc<Key>>> = LazyLock::new(Key::generate);
    KEY.clone().ok_or_else(no_key)
}

pub(super) struct Key {
    pub(super) kid: String,
    pair: KeyPair,
}

/// The published keys.
pub struct Keys {
    /// The one that signs.
    pub(super) current: Arc<Key>,
    old: Vec<Arc<Key>>,
}

impl Key {
    fn generate() -> Option<Arc<Self>> {
        aws_lc_rs::init(); // detects the CPU, which makes it fast
        let pair = KeyPair::generate(KeySize::Rsa2048).ok()?;
        let der = pair.public_key().as_der().ok()?;
        let kid = hex(&Sha256::digest(der.as_ref())[..16]).to_uppercase();
        Some(Arc::new(Self { kid, pair }))
    }

    /// A JWT with this `kid`, and its header.
    pub(super) fn sign(&self, typ: &str, kid: &str, claims: &Value) -> io::Result<(Value, String)> {
        let header = json!({"alg": "RS256", "kid": kid, "typ": typ});
        let text = signing_input(&header, claims);
        let mut signature = vec![0; self.pair.public_modulus_len()];
        let random = aws_lc_rs::rand::SystemRandom::new();
        let result = self.pair.sign(&RSA_PKCS1_SHA256, &random, text.as_bytes(), &mut signature);
        result.map_err(|_| io::Error::other("signing failed"))?;
        Ok((header, format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))))
    }
}

fn no_key() -> io::Error {
    io::Error::other("no RSA key could be made")
}

impl Keys {
    pub fn new() -> io::Result<Self> {
        Ok(Self { current: FIRST_KEY.clone().ok_or_else(no_key)?, old: Vec::new() })
    }

    /// Makes a key to sign with, and returns its `kid`.
    pub fn rotate(&mut self, drop_old: bool) -> io::Result<String> {
        self.old.push(std::mem::replace(&mut self.current, Key::generate().ok_or_else(no_key)?));
        if drop_old {
            self.old.clear();
        }
        Ok(self.current.kid.clone())
    }

    fn published(&self) -> impl Iterator<Item = &Arc<Key>> {
        self.old.iter().chain([&self.current])
    }

    /// The key set (RFC 7517 5).
    pub fn jwks(&self) -> Value {
        let jwk = |key: &Arc<Key>| {
            let PublicKeyComponents::<Vec<u8>> { n, e } = key.pair.public_key().into();
            let (n, e) = (URL_SAFE_NO_PAD.encode(n), URL_SAFE_NO_PAD.encode(e));
            json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": key.kid, "n": n, "e": e})
        };
        json!({"keys": self.published().map(jwk).collect::<Vec<_>>()})
    }

    /// A signed JWT of that `typ`, and its header.
    pub(super) fn sign(&self, typ: &str, claims: &Value) -> io::Result<(Value, String)> {
        self.current.sign(typ, &self.current.kid, claims)
    }

    /// The claims of a JWT with that `typ` and a valid signature; it may have expired.
    pub fn verify(&self, typ: &str, jwt: &str) -> Option<Value> {
        let (text, signature) = jwt.rsplit_once('.')?;
        let (header, claims) = text.split_once('.')?;
        let parse = |part: &str| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).ok()?).ok();
        let header = parse(header)?;
        if header.get("typ")? != typ || header.get("alg")? != "RS256" {
            return None;
        }
        let key = self.published().find(|key| header.get("kid").is_some_and(|kid| *kid == key.kid))?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        let key = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.pair.public_key());
        key.verify(text.as_bytes(), &signature).ok()?;
        parse(claims)
    }
}

/// A JWT without a signature, and its header (RFC 7519 6).
pub(super) fn unsigned(typ: &str, claims: &Value) -> (Value, String) {
    let header = json!({"alg": "none", "typ": typ});
    let token = format!("{}.", signing_input(&header, claims));
    (header, token)
}

/// The first two parts of a JWT (RFC 7515 7.1).
fn signing_input(header: &Value, claims: &Value) -> String {
    format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()))
}

/// The token response (RFC 6749 5.1, OIDC Core 3.1.3.3).
pub fn token_response(keys: &Keys, issuer: &str, issued: &IssuedTokens) -> io::Result<Value> {
    let access = &issued.access_token;
    let (_, access_token) = keys.sign("at+jwt", &access_claims(issuer, access))?;
    let id_claims = |id_token| id_claims(issuer, access, id_token, Some(&access_token));
    let id_token = issued.id_token.as_ref().and_then(id_claims).map(|claims| keys.sign("JWT", &claims)).transpose()?;
    Ok(without_nulls(json!({
        "access_token": access_token,
        "token_type": "Bearer",
        "expires_in": access.expires_at.since(access.issued_at),
        "scope": access.scopes.join(" "),
        "id_token": id_token.map(|(_, id_token)| id_token),
        "refresh_token": issued.refresh_token.as_ref().map(Secret::expose),
    })))
}

fn without_nulls(mut object: Value) -> Value {
    object.as_object_mut().into_iter().for_each(|members| members.retain(|_, value| !value.is_null()));
    object
}

/// `value` if the access token has that scope.
fn of_scope<T>(access: &AccessToken, scope: &str, value: T) -> Option<T> {
    access.has_scope(scope).then_some(value)
}

fn acr(login: &Authentication) -> String {
    format!("urn:telenor.identity.aal.{}", login.aal)
}

fn ial(login: &Authentication) -> String {
    format!("telenor.identity.ial{}", login.user.ial)
}

pub(super) fn access_claims(issuer: &str, access: &AccessToken) -> Value {
    let audience: Vec<&str> = access.scopes.iter().filter_map(|scope| scope.strip_prefix("api:")).collect();
    let login = access.authentication.as_ref();
    let identifier = |scope: &str, kind: &str| of_scope(access, scope, login?.user.identifier(kind));
    let mut claims = json!({
        "iss": issuer,
        "aud": (!audience.is_empty()).then_some(audience),
        "nbf": access.issued_at,
        "iat": access.issued_at,
        "exp": access.expires_at,
        "client_id": access.client_id,
        "jti": access.id,
        "scope": access.scopes,
        // An array here and a string in the ID token, since a client must accept both.
        "acr": login.map(|login| [acr(login)]),
        "extsub": identifier("extsub", "extsub"),
        "kurtid": identifier("tnn.ids", "kurtid"),
        "tnuid": access.tnu_id.clone().or_else(|| identifier("tnn.ids", "tnuid")),
    });
    if let Some(login) = login {
        add_login(&mut claims, &access.client_id, login);
    }
    without_nulls(claims)
}

/// The claims of an ID token beside `access`, with the hash of `access_token`; `None` without a user.
pub fn id_claims(issuer: &str, access: &AccessToken, id_token: &IdToken, access_token: Option<&str>) -> Option<Value> {
    let login = access.authentication.as_ref()?;
    let user = &login.user;
    let mut claims = without_nulls(json!({
        "iss": issuer,
        "aud": access.client_id,
        "nbf": access.issued_at,
        "iat": access.issued_at,
        "exp": access.issued_at.plus(ID_TOKEN_LIFETIME),
        "ial": ial(login),
        "acr": acr(login),
        "at_hash": access_token.map(half_sha256_base64url),
        "nonce": id_token.nonce,
        "s_hash": id_token.state.as_deref().map(half_sha256_base64url),
        "given_name": of_scope(access, "profile", &user.given_name),
        "family_name": of_scope(access, "profile", &user.family_name),
        "preferred_username": of_scope(access, "profile", user.preferred_username()),
        "analytics_uuid": of_scope(access, "profile", user.identifier("analytics")),
    }));
    add_login(&mut claims, &access.client_id, login);
    add_own_claims(&mut claims, login);
    Some(claims)
}

fn add_own_claims(claims: &mut Value, login: &Authentication) {
    for (name, value) in &login.user.claims {
        claims[name] = value.clone();
    }
}

/// Adds the claims about the login that both tokens have.
fn add_login(claims: &mut Value, client_id: &str, login: &Authentication) {
    claims["sub"] = login.user.subject(client_id).into();
    claims["auth_time"] = json!(login.auth_time);
    claims["idp"] = login.idp.into();
    claims["sid"] = login.sid.as_str().into();
    claims["ibis.sid"] = login.user.identifier(&login.sid).into();
    claims["amr"] = json!(login.amr);
}

/// The userinfo claims for the access token's scopes (OIDC Core 5.4); `None` without a user.
pub fn userinfo(access: &AccessToken) -> Option<Value> {
    let login = access.authentication.as_ref()?;
    let user = &login.user;
    let mut claims = without_nulls(json!({
        "sub": user.subject(&access.client_id),
        "ial": ial(login),
        "email": of_scope(access, "email", &user.email),
        "phone_number": of_scope(access, "phone", &user.phone),
        "kurtid": of_scope(access, "tnn.ids", user.identifier("kurtid")),
        "given_name": of_scope(access, "profile", &user.given_name),
        "family_name": of_scope(access, "profile", &user.family_name),
        "birthdate": of_scope(access, "profile", &user.birthdate),
        "analytics_uuid": of_scope(access, "profile", user.identifier("analytics")),
    }));
    add_own_claims(&mut claims, login);
    Some(claims)
}

/// The introspection response (RFC 7662 2.2) for a valid token, or another.
pub fn introspection(issuer: &str, access: Option<&AccessToken>) -> Value {
    let Some(access) = access else { return json!({"active": false}) };
    without_nulls(json!({
        "active": true,
        "iss": issuer,
        "client_id": access.client_id,
        "scope": access.scopes.join(" "),
        "iat": access.issued_at,
        "exp": access.expires_at,
        "sub": access.authentication.as_ref().map(|login| login.user.subject(&access.client_id)),
    }))
}
