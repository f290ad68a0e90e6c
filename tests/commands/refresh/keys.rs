//! The keys that verify a new ID token.

use super::expired_session;
use crate::support::provider::json;
use crate::support::tokens::{ISSUER, SUB, TokenResponse, jwks, jwks_named, sign};
use serde_json::json;
use std::time::Duration;
use tidp::testing::domain::time::Seconds;
use tidp::testing::ports::HttpFailureKind;

#[test]
fn rotated_keys_are_fetched_once_more() {
    let bench = expired_session();
    bench.provider.refreshes(bench.clock.time(), "rt-1", TokenResponse::new().kid("k2").refresh_token("rt-2"));
    bench.provider.responds("/jwks", json(200, &jwks_named("k2")));
    bench.run(&["refresh", "--verbose"]).exits(0).says("the signing keys at hand lack this token's key: fetched again");
}

#[test]
fn key_replaced_under_same_kid_is_fetched_once() {
    let bench = expired_session();
    bench.cache_other_keys("k1");
    bench.provider.responds("/jwks", json(200, &jwks()));
    assert_eq!(bench.run(&["inspect", "--json"]).exits(0).json()["id_token"]["verified"], true);
    bench.pass(Seconds::minutes(5));
    bench.cache_other_keys("k1");
    bench.provider.refreshes(bench.clock.time(), "rt-1", TokenResponse::new().refresh_token("rt-2"));
    bench.provider.responds("/jwks", json(200, &jwks()));
    bench.run(&["refresh"]).exits(0).leaves_out("was ignored");
    // With new keys a bad signature is invalid; without, it is undecided.
    let token = |claims| sign(&json!({ "alg": "RS256", "kid": "k1" }), &claims);
    let (right, other) = (token(json!({ "iss": ISSUER, "sub": SUB, "aud": "app" })), token(json!({})));
    let forged = format!("{}{}", &right[..right.rfind('.').unwrap()], &other[other.rfind('.').unwrap()..]);
    let response = TokenResponse::new().member("id_token", forged.into()).refresh_token("rt-3");
    bench.provider.refreshes(bench.clock.time(), "rt-2", response.clone());
    bench.provider.responds("/jwks", json(200, &jwks()));
    bench.run(&["refresh", "--force"]).exits(7).says("its signature is wrong");
    bench.provider.refreshes(bench.clock.time(), "rt-2", response);
    bench.provider.responds("/jwks", json(503, &json!({})));
    bench.run(&["refresh", "--force"]).exits(0).says("was ignored");
    assert_eq!(bench.session().unwrap().held_token().unwrap().value.expose(), "rt-3");
    let patience = bench.provider.last("/jwks").deadline;
    assert_eq!(patience, Some(Duration::from_secs(3)), "the successor of a spent token waits to be stored");
}

#[test]
fn unknown_key_lookup_waits_for_cooldown() {
    let bench = expired_session();
    let old = bench.session().unwrap().id_token;
    bench.provider.refreshes(bench.clock.time(), "rt-1", TokenResponse::new().kid("k9").refresh_token("rt-1"));
    bench.provider.responds("/jwks", json(200, &jwks_named("k1")));
    bench.run(&["refresh"]).exits(0).says("was ignored").says("none of the provider's keys has signed it");
    bench.provider.refreshes(bench.clock.time(), "rt-1", TokenResponse::new().kid("k9").refresh_token("rt-2"));
    bench.run(&["refresh", "--force"]).exits(0).says("was ignored");
    assert_eq!(bench.session().unwrap().id_token, old);
    bench.provider.refreshes(
        bench.clock.time(),
        "rt-2",
        TokenResponse::new().kid("k9").sub("ola").refresh_token("rt-2"),
    );
    bench.run(&["refresh", "--force"]).exits(7).says("it is for another account than the session's");
    bench.pass(Seconds(3_600));
    bench.provider.refreshes(bench.clock.time(), "rt-2", TokenResponse::new().kid("k9").refresh_token("rt-2"));
    bench.provider.responds("/jwks", json(200, &jwks_named("k1")));
    bench.run(&["refresh"]).exits(0);
}

#[test]
fn unreachable_rotated_keys_skip_id_token() {
    let bench = expired_session();
    bench.provider.refreshes(bench.clock.time(), "rt-1", TokenResponse::new().kid("k2").refresh_token("rt-2"));
    bench.provider.responds("/jwks", json(503, &json!({})));
    bench.run(&["refresh"]).exits(0).says("was ignored");
    assert_eq!(bench.session().unwrap().held_token().unwrap().value.expose(), "rt-2");
}

#[test]
fn unreachable_keys_skip_id_token() {
    let bench = expired_session();
    bench.pass(Seconds(86_400));
    bench.provider.responds("/.well-known/openid-configuration", json(200, &crate::support::tokens::discovery()));
    bench.provider.refreshes(bench.clock.time(), "rt-1", TokenResponse::new().refresh_token("rt-2"));
    bench.provider.fails("/jwks", HttpFailureKind::NotSent);
    bench.run(&["refresh"]).exits(0).says("was ignored");
    assert_eq!(bench.session().unwrap().held_token().unwrap().value.expose(), "rt-2");
}
