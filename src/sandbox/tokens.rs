//! Signed tokens: RS256 JWTs with the claims that TelenorID+ sends, and the keys they are checked with.

use super::engine::{Access, Authentication, IdToken, Issued};
use super::random::half_sha256_base64url;
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::{KeyPair, KeySize, PublicKeyComponents};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

/// The first key of every sandbox of this process: making one takes longer than all the rest of a start.
static FIRST: Mutex<Option<Arc<Key>>> = Mutex::new(None);

/// One RSA-2048 key.
struct Key {
    kid: String,
    pair: KeyPair,
    public: PublicKeyComponents<Vec<u8>>,
}

/// The published keys; the last one signs.
pub struct Keys(Vec<Arc<Key>>);

impl Key {
    fn generate() -> io::Result<Arc<Self>> {
        aws_lc_rs::init(); // which is fast once it has asked what the processor can do
        let failed = |_| io::Error::other("no RSA key could be made");
        let pair = KeyPair::generate(KeySize::Rsa2048).map_err(failed)?;
        let der = pair.public_key().as_der().map_err(failed)?;
        let kid = Sha256::digest(der.as_ref())[..16].iter().map(|byte| format!("{byte:02X}")).collect();
        let public = PublicKeyComponents::from(pair.public_key());
        Ok(Arc::new(Self { kid, pair, public }))
    }
}

impl Keys {
    /// One key, the same for all sandboxes of the process.
    ///
    /// # Errors
    /// If no key could be made.
    pub fn new() -> io::Result<Self> {
        let mut first = FIRST.lock().unwrap_or_else(PoisonError::into_inner);
        let key = if let Some(key) = &*first { Arc::clone(key) } else { Key::generate()? };
        *first = Some(Arc::clone(&key));
        Ok(Self(vec![key]))
    }

    /// Signs with a new key from now on; the old ones stay published, unless they are dropped. Gives the new `kid`.
    ///
    /// # Errors
    /// If no key could be made.
    pub fn rotate(&mut self, drop_old: bool) -> io::Result<String> {
        let key = Key::generate()?;
        let kid = key.kid.clone();
        if drop_old {
            self.0.clear();
        }
        self.0.push(key);
        Ok(kid)
    }

    /// The key set (RFC 7517 5).
    pub fn jwks(&self) -> Value {
        let jwk = |key: &Arc<Key>| {
            let (n, e) = (URL_SAFE_NO_PAD.encode(&key.public.n), URL_SAFE_NO_PAD.encode(&key.public.e));
            json!({"kty": "RSA", "use": "sig", "alg": "RS256", "kid": key.kid, "n": n, "e": e})
        };
        json!({"keys": self.0.iter().map(jwk).collect::<Vec<_>>()})
    }

    /// A JWT (RFC 7515 7.1) of that `typ`.
    fn sign(&self, typ: &str, claims: &Value) -> io::Result<String> {
        let key = self.0.last().ok_or_else(|| io::Error::other("there is no key"))?;
        let header = json!({"alg": "RS256", "kid": key.kid, "typ": typ}).to_string();
        let text = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims.to_string()));
        let mut signature = vec![0; key.pair.public_modulus_len()];
        let random = aws_lc_rs::rand::SystemRandom::new();
        let signed = key.pair.sign(&RSA_PKCS1_SHA256, &random, text.as_bytes(), &mut signature);
        signed.map_err(|_| io::Error::other("signing failed"))?;
        Ok(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    /// The claims of a JWT of that `typ` that a published key signed; its times are not looked at.
    pub fn verify(&self, typ: &str, jwt: &str) -> Option<Value> {
        let (text, signature) = jwt.rsplit_once('.')?;
        let (header, claims) = text.split_once('.')?;
        let read = |part: &str| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).ok()?).ok();
        let header = read(header)?;
        if header.get("typ")? != typ || header.get("alg")? != "RS256" {
            return None;
        }
        let key = self.0.iter().find(|key| header.get("kid").is_some_and(|kid| *kid == key.kid))?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        key.public.verify(&RSA_PKCS1_2048_8192_SHA256, text.as_bytes(), &signature).ok()?;
        read(claims)
    }
}

/// The token endpoint's answer (RFC 6749 5.1, OIDC Core 3.1.3.3).
///
/// # Errors
/// If signing failed.
pub fn answer(keys: &Keys, issuer: &str, issued: &Issued) -> io::Result<Value> {
    let access = &issued.access;
    let access_token = keys.sign("at+jwt", &access_claims(issuer, access))?;
    let mut answer = json!({
        "access_token": access_token,
        "token_type": "Bearer",
        "expires_in": access.expires_at.since(access.issued_at).0,
        "scope": access.scopes.join(" "),
    });
    if let (Some(id_token), Some(who)) = (&issued.id_token, &access.authentication) {
        answer["id_token"] = keys.sign("JWT", &id_claims(issuer, access, who, id_token, &access_token))?.into();
    }
    if let Some(handle) = &issued.refresh_token {
        answer["refresh_token"] = handle.expose().into();
    }
    Ok(answer)
}

fn acr(level: u8) -> String {
    format!("urn:telenor.identity.aal.{level}")
}

fn ial(level: u8) -> String {
    format!("telenor.identity.ial{level}")
}

fn access_claims(issuer: &str, access: &Access) -> Value {
    let mut claims = json!({
        "iss": issuer,
        "nbf": access.issued_at,
        "iat": access.issued_at,
        "exp": access.expires_at,
        "client_id": access.client_id,
        "jti": access.id,
        "scope": access.scopes,
    });
    let apis: Vec<&str> = access.scopes.iter().filter_map(|scope| scope.strip_prefix("api:")).collect();
    if !apis.is_empty() {
        claims["aud"] = json!(apis);
    }
    if let Some(who) = &access.authentication {
        add_login(&mut claims, &access.client_id, who);
        // The access token's `acr` may be an array, and a client must be able to read that.
        claims["acr"] = json!([acr(who.level)]);
        if access.has_scope("extsub") {
            claims["extsub"] = who.user.identifier("extsub").into();
        }
        if access.has_scope("tnn.ids") {
            claims["kurtid"] = who.user.identifier("kurtid").into();
            claims["tnuid"] = who.user.identifier("tnuid").into();
        }
    }
    claims
}

fn id_claims(issuer: &str, access: &Access, who: &Authentication, id_token: &IdToken, access_token: &str) -> Value {
    let mut claims = json!({
        "iss": issuer,
        "aud": access.client_id,
        "nbf": access.issued_at,
        "iat": access.issued_at,
        "exp": access.issued_at.plus(id_token.lifetime),
        "at_hash": half_sha256_base64url(access_token),
        "ial": ial(who.user.ial),
    });
    add_login(&mut claims, &access.client_id, who);
    claims["acr"] = acr(who.level).into();
    if let Some(nonce) = &id_token.nonce {
        claims["nonce"] = nonce.as_str().into();
    }
    if let Some(state) = &id_token.state {
        claims["s_hash"] = half_sha256_base64url(state).into();
    }
    if access.has_scope("profile") {
        claims["given_name"] = who.user.given_name.into();
        claims["family_name"] = who.user.family_name.into();
        claims["preferred_username"] = who.user.preferred_username().into();
        claims["analytics_uuid"] = who.user.identifier("analytics").into();
    }
    claims
}

/// The claims that both tokens have of the user's login.
fn add_login(claims: &mut Value, client_id: &str, who: &Authentication) {
    claims["sub"] = who.user.subject(client_id).into();
    claims["auth_time"] = json!(who.auth_time);
    claims["idp"] = who.idp.into();
    claims["sid"] = who.sid.as_str().into();
    claims["ibis.sid"] = who.user.identifier(&who.sid).into();
    claims["amr"] = json!(who.amr);
}

/// The userinfo claims: those that the access token's scopes stand for (OIDC Core 5.4). `None` without a user.
pub fn userinfo(access: &Access) -> Option<Value> {
    let user = access.authentication.as_ref()?.user;
    let mut claims = json!({"sub": user.subject(&access.client_id), "ial": ial(user.ial)});
    let members = [
        ("email", "email", user.email.to_owned()),
        ("phone", "phone_number", user.phone.to_owned()),
        ("tnn.ids", "kurtid", user.identifier("kurtid")),
        ("profile", "given_name", user.given_name.to_owned()),
        ("profile", "family_name", user.family_name.to_owned()),
        ("profile", "birthdate", user.birthdate.to_owned()),
        ("profile", "analytics_uuid", user.identifier("analytics")),
    ];
    for (scope, name, value) in members {
        if access.has_scope(scope) {
            claims[name] = value.into();
        }
    }
    Some(claims)
}

/// The introspection answer (RFC 7662 2.2) for a token that is valid.
pub fn introspection(issuer: &str, access: &Access) -> Value {
    let mut claims = json!({
        "active": true,
        "iss": issuer,
        "client_id": access.client_id,
        "scope": access.scopes.join(" "),
        "iat": access.issued_at,
        "exp": access.expires_at,
    });
    if let Some(who) = &access.authentication {
        claims["sub"] = who.user.subject(&access.client_id).into();
    }
    claims
}
