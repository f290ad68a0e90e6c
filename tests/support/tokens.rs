//! Tokens like those of TelenorID+, signed with a key made once per process.

use super::provider::json;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;
use tidp::testing::domain::time::{Seconds, Time};
use tidp::testing::ports::Response;

pub const ISSUER: &str = "https://id.example";
pub const SUB: &str = "kari-at-app";

static KEY: LazyLock<KeyPair> = LazyLock::new(|| KeyPair::generate(KeySize::Rsa2048).unwrap());

pub fn discovery() -> Value {
    json!({
        "issuer": ISSUER,
        "authorization_endpoint": format!("{ISSUER}/connect/authorize"),
        "token_endpoint": format!("{ISSUER}/connect/token"),
        "userinfo_endpoint": format!("{ISSUER}/connect/userinfo"),
        "revocation_endpoint": format!("{ISSUER}/connect/revocation"),
        "end_session_endpoint": format!("{ISSUER}/connect/endsession"),
        "custom_logout_endpoint": format!("{ISSUER}/api/logout"),
        "jwks_uri": format!("{ISSUER}/jwks"),
        "response_types_supported": ["code"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
    })
}

/// The provider's key set.
pub fn jwks() -> Value {
    jwks_named("k1")
}

/// The same key with another `kid`.
pub fn jwks_named(kid: &str) -> Value {
    key_set(&KEY, kid)
}

/// A new key with this `kid`.
pub fn another_jwks_named(kid: &str) -> Value {
    key_set(&KeyPair::generate(KeySize::Rsa2048).unwrap(), kid)
}

fn key_set(key: &KeyPair, kid: &str) -> Value {
    let public = key.public_key();
    let (n, e) =
        (public.modulus().big_endian_without_leading_zero(), public.exponent().big_endian_without_leading_zero());
    json!({ "keys": [{ "kty": "RSA", "use": "sig", "alg": "RS256", "kid": kid, "n": B64.encode(n), "e": B64.encode(e) }] })
}

/// A JWT with this header and these claims.
pub fn sign(header: &Value, claims: &Value) -> String {
    let input = format!("{}.{}", B64.encode(header.to_string()), B64.encode(claims.to_string()));
    let mut signature = vec![0; KEY.public_modulus_len()];
    KEY.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), input.as_bytes(), &mut signature).unwrap();
    format!("{input}.{}", B64.encode(signature))
}

/// A token response, correct unless a test changes it.
#[derive(Clone, Debug)]
pub struct TokenResponse {
    sub: String,
    kid: String,
    lifetime: Option<i64>,
    refresh_token: Option<String>,
    id_token: bool,
    id_claims: Vec<(String, Value)>,
    members: Vec<(String, Value)>,
    date: Option<String>,
    jti: String,
}

impl TokenResponse {
    pub fn new() -> Self {
        Self {
            sub: SUB.into(),
            kid: "k1".into(),
            lifetime: Some(3_600),
            refresh_token: None,
            id_token: true,
            id_claims: Vec::new(),
            members: Vec::new(),
            date: None,
            jti: "at".into(),
        }
    }

    pub fn refresh_token(mut self, token: &str) -> Self {
        self.refresh_token = Some(token.into());
        self
    }

    pub fn sub(mut self, sub: &str) -> Self {
        self.sub = sub.into();
        self
    }

    pub fn kid(mut self, kid: &str) -> Self {
        self.kid = kid.into();
        self
    }

    pub fn lifetime(mut self, seconds: Option<i64>) -> Self {
        self.lifetime = seconds;
        self
    }

    pub fn without_id_token(mut self) -> Self {
        self.id_token = false;
        self
    }

    /// Sets a claim of the ID token; `Null` removes it.
    pub fn id_claim(mut self, name: &str, value: Value) -> Self {
        self.id_claims.push((name.into(), value));
        self
    }

    /// Sets a member of the response; `Null` removes it.
    pub fn member(mut self, name: &str, value: Value) -> Self {
        self.members.push((name.into(), value));
        self
    }

    /// Sets the `Date` header.
    pub fn date(mut self, date: &str) -> Self {
        self.date = Some(date.into());
        self
    }

    /// Sets the `jti`, which distinguishes access tokens.
    pub fn jti(mut self, jti: &str) -> Self {
        self.jti = jti.into();
        self
    }

    /// The access token of a response made at `now`.
    pub fn access_token(&self, now: Time) -> String {
        let claims = json!({
            "iss": ISSUER, "sub": self.sub, "client_id": "app", "iat": now.unix(), "nbf": now.unix(),
            "exp": now.plus(Seconds(self.lifetime.unwrap_or(3_600))).unix(), "jti": self.jti,
            "scope": ["openid", "profile", "offline_access"], "acr": ["urn:telenor.identity.aal.2"],
            "amr": ["urn:telenor.identity.amr.td_otp"],
        });
        sign(&json!({ "alg": "RS256", "typ": "at+jwt", "kid": self.kid }), &claims)
    }

    /// The response made at `now`; to a login, with its nonce.
    pub fn response(&self, now: Time, nonce: Option<&str>) -> Response {
        let access_token = self.access_token(now);
        let hash = Sha256::digest(&access_token);
        let mut claims = json!({
            "iss": ISSUER, "aud": "app", "sub": self.sub, "iat": now.unix(), "nbf": now.unix(),
            "exp": now.plus(Seconds(300)).unix(), "auth_time": 1_769_860_790, "at_hash": B64.encode(&hash[..16]),
            "preferred_username": "+4790000001", "acr": "urn:telenor.identity.aal.2", "ial": "telenor.identity.ial1",
        });
        if let Some(nonce) = nonce {
            claims["nonce"] = nonce.into();
        }
        change(&mut claims, &self.id_claims);
        let mut body =
            json!({ "access_token": access_token, "token_type": "Bearer", "scope": "openid profile offline_access" });
        if let Some(lifetime) = self.lifetime {
            body["expires_in"] = lifetime.into();
        }
        if self.id_token {
            body["id_token"] = sign(&json!({ "alg": "RS256", "typ": "JWT", "kid": self.kid }), &claims).into();
        }
        if let Some(token) = &self.refresh_token {
            body["refresh_token"] = token.as_str().into();
        }
        change(&mut body, &self.members);
        let mut response = json(200, &body);
        response.headers.extend(self.date.iter().map(|date| ("date".into(), date.clone())));
        response
    }
}

fn change(object: &mut Value, changes: &[(String, Value)]) {
    let members = object.as_object_mut().unwrap();
    for (name, value) in changes {
        match value {
            Value::Null => members.remove(name),
            value => members.insert(name.clone(), value.clone()),
        };
    }
}
