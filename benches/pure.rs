//! The pure parts by the clock: the decision, a JWT taken apart and verified, the picture of a session's life.

#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark stops where it cannot start")]

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use criterion::{Criterion, criterion_group, criterion_main};
use serde_json::json;
use std::hint::black_box;
use tidp::testing::domain::decision::{Intent, Renew, decide};
use tidp::testing::domain::policy::PolicyName;
use tidp::testing::domain::secret::Secret;
use tidp::testing::domain::session::{Session, SessionKey};
use tidp::testing::domain::time::{Seconds, Time};
use tidp::testing::explain::{SessionOutlook, Timeline};
use tidp::testing::jwt::Jwt;
use tidp::testing::oidc::jwks::KeySet;
use tidp::testing::terminal::Charset;

const NOW: Time = Time::from_unix(1_795_393_000);

fn session() -> Session {
    let key = SessionKey { profile: "work".into(), issuer: "https://id.example".into(), client_id: "app".into() };
    Session::from_json(&Secret::new(include_str!("session.json")), &key).unwrap()
}

/// A signed access token with the claims TelenorID+ sends, and the key set it is verified with.
fn token() -> (String, KeySet) {
    let key = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let claims = json!({
        "iss": "https://id.example", "sub": "92f56909-393e-0fb1-b1e5-519322568e90", "client_id": "app",
        "iat": 1_795_392_301, "nbf": 1_795_392_301, "exp": 1_795_395_901, "auth_time": 1_795_391_047,
        "acr": ["urn:telenor.identity.aal.1"], "amr": ["urn:telenor.identity.amr.td_otp"], "idp": "local",
        "jti": "bvsqHhmUgrjmOY59aRy1Dy", "sid": "GnuPgvPPDh4H753i1suaMy", "scope": ["openid", "profile"],
    });
    let header = json!({ "alg": "RS256", "kid": "k1", "typ": "at+jwt" });
    let input = format!("{}.{}", B64.encode(header.to_string()), B64.encode(claims.to_string()));
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), input.as_bytes(), &mut signature).unwrap();
    let (n, e) = (key.public_key().modulus(), key.public_key().exponent());
    let (n, e) = (n.big_endian_without_leading_zero(), e.big_endian_without_leading_zero());
    let jwks = json!({ "keys": [{ "kty": "RSA", "kid": "k1", "n": B64.encode(n), "e": B64.encode(e) }] });
    (format!("{input}.{}", B64.encode(signature)), KeySet::from_json(jwks.to_string().as_bytes()).unwrap())
}

fn pure(criterion: &mut Criterion) {
    let (session, policy) = (session(), PolicyName::Mobile.documented());
    let intent = Intent::AccessToken { min_ttl: Seconds(30) };
    criterion.bench_function("plan", |b| {
        b.iter(|| decide(NOW, black_box(&session), Some(&policy), Renew::BeforeSessionEnds, intent));
    });
    criterion.bench_function("timeline", |b| {
        b.iter(|| {
            let session = black_box(&session);
            let outlook = SessionOutlook::new(NOW, session, Some(&policy), Renew::WhenDue);
            Timeline::new(outlook).draw(100, Charset::Unicode, &Time::rfc3339)
        });
    });
    let (text, keys) = token();
    criterion.bench_function("decode", |b| b.iter(|| Jwt::parse(black_box(&text)).unwrap()));
    let jwt = Jwt::parse(&text).unwrap();
    criterion.bench_function("verify", |b| b.iter(|| keys.verify(black_box(&jwt.jws)).unwrap()));
}

criterion_group!(benches, pure);
criterion_main!(benches);
