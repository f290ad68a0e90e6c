//! Shared by the tests of this room: an honest provider, its keys, its tokens.

use super::discovery::{Issuer, Provider};
use super::jwks::KeySet;
use super::token::{Client, ClientAuthentication};
use crate::domain::time::Time;
use crate::ports::{Body, Request, Response};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PSS_SHA256, RsaEncoding};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use serde_json::{Value, json};
use std::sync::LazyLock;

pub(super) const ISSUER: &str = "https://id.example";
pub(super) const CLIENT: &str = "demo-client";
pub(super) const NOW: Time = Time::from_unix(1_800_000_000);

/// Two keys, generated once per test process.
pub(super) static KEYS: LazyLock<[KeyPair; 2]> =
    LazyLock::new(|| [(); 2].map(|()| KeyPair::generate(KeySize::Rsa2048).unwrap()));

pub(super) fn jwk(key: &KeyPair) -> Value {
    let public = key.public_key();
    json!({
        "kty": "RSA",
        "n": B64.encode(public.modulus().big_endian_without_leading_zero()),
        "e": B64.encode(public.exponent().big_endian_without_leading_zero()),
    })
}

pub(super) fn with(mut object: Value, changes: &[(&str, Value)]) -> Value {
    for (name, value) in changes {
        match value {
            Value::Null => object.as_object_mut().unwrap().remove(*name),
            value => object.as_object_mut().unwrap().insert((*name).to_owned(), value.clone()),
        };
    }
    object
}

pub(super) fn key_set(members: &[Value]) -> KeySet {
    KeySet::from_json(json!({ "keys": members }).to_string().as_bytes()).unwrap()
}

/// The provider's key set: the first key, called `k1`.
pub(super) fn keys() -> KeySet {
    key_set(&[with(jwk(&KEYS[0]), &[("kid", json!("k1")), ("use", json!("sig")), ("alg", json!("RS256"))])])
}

pub(super) fn sign_with(key: &KeyPair, encoding: &'static dyn RsaEncoding, header: &Value, payload: &Value) -> String {
    let input = format!("{}.{}", B64.encode(header.to_string()), B64.encode(payload.to_string()));
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(encoding, &SystemRandom::new(), input.as_bytes(), &mut signature).unwrap();
    format!("{input}.{}", B64.encode(signature))
}

pub(super) fn sign(header: &Value, payload: &Value) -> String {
    let encoding: &'static dyn RsaEncoding = match header["alg"].as_str() {
        Some("RS384") => &RSA_PKCS1_SHA384,
        Some("PS256") => &RSA_PSS_SHA256,
        _ => &RSA_PKCS1_SHA256,
    };
    sign_with(&KEYS[0], encoding, header, payload)
}

pub(super) fn header() -> Value {
    json!({"alg": "RS256", "kid": "k1", "typ": "JWT"})
}

pub(super) fn metadata() -> Value {
    json!({
        "issuer": ISSUER,
        "authorization_endpoint": "https://id.example/connect/authorize",
        "token_endpoint": "https://id.example/connect/token",
        "jwks_uri": "https://id.example/.well-known/jwks",
        "userinfo_endpoint": "https://id.example/connect/userinfo",
        "revocation_endpoint": "https://id.example/connect/revocation",
        "device_authorization_endpoint": "https://id.example/connect/deviceauthorization",
        "end_session_endpoint": "https://id.example/connect/endsession",
        "custom_logout_endpoint": "https://id.example/api/logout",
        "code_challenge_methods_supported": ["plain", "S256"],
        "authorization_response_iss_parameter_supported": true,
    })
}

pub(super) fn provider_of(metadata: &Value) -> Provider {
    Provider::from_json(metadata.to_string().as_bytes(), &Issuer::parse(ISSUER).unwrap(), &[]).unwrap()
}

pub(super) fn provider() -> Provider {
    provider_of(&metadata())
}

pub(super) fn client(authentication: ClientAuthentication) -> Client {
    Client { client_id: CLIENT.to_owned(), authentication }
}

pub(super) fn response(status: u16, body: &str) -> Response {
    Response { status, headers: vec![], body: body.as_bytes().to_vec() }
}

pub(super) fn with_header(mut response: Response, name: &str, value: &str) -> Response {
    response.headers.push((name.to_owned(), value.to_owned()));
    response
}

/// The pairs of a form body, decoded.
pub(super) fn form(request: &Request) -> Vec<(String, String)> {
    let Some(Body::Form(form)) = &request.body else { panic!("no form") };
    url::form_urlencoded::parse(form.expose().as_bytes()).into_owned().collect()
}
