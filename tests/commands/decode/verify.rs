//! `tidp decode --verify`: what a signature proves.

use super::{bench, decode, forged_token, token, valid_token, verifier};
use crate::support::provider::json;
use crate::support::tokens::{ISSUER, jwks, jwks_named};
use crate::support::{Bench, START};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use serde_json::{Value, json};
use tidp::testing::domain::time::Seconds;

#[test]
fn token_of_the_profiles_provider_is_verified() {
    let bench = verifier();
    assert_eq!(decode(&bench, &[&valid_token()], &["--verify", "--json"]).exits(0).json()["verified"], true);
    assert!(decode(&bench, &[&valid_token()], &["--verify"]).exits(0).stdout.starts_with("verified, expires "));
}

#[test]
fn invalid_tokens_fail_and_no_key_url_is_followed() {
    let known = json!({ "alg": "RS256", "kid": "k1" });
    let evil = json!({ "alg": "RS256", "kid": "k1", "jku": "https://evil.example/keys" });
    for (token, words) in [
        (token(&known, &json!({ "iss": "https://evil.example" })), "it was issued by `https://evil.example`"),
        (token(&evil, &json!({ "iss": "https://evil.example" })), "it was issued by `https://evil.example`"),
        (token(&known, &json!({ "iss": format!("{ISSUER}/") })), "it was issued by"),
        (token(&known, &json!({ "iss": null })), "it does not say who issued it"),
        (token(&known, &json!({ "exp": START.minus(Seconds(60)).unix() })), "it expired at 2026-01-31T11:59:00Z"),
        (token(&known, &json!({ "nbf": START.plus(Seconds(61)).unix() })), "it is not valid before"),
        (forged_token(), "signature"),
        (token(&json!({ "alg": "none" }), &json!({})), "none"),
    ] {
        decode(&verifier(), &[&token], &["--verify"]).exits(7).says(words);
    }
    let outcome = decode(&verifier(), &[&token(&evil, &json!({}))], &["--verify", "--json"]).exits(0);
    assert_eq!(outcome.json()["verified"], true, "a `jku` is ignored, not followed");
}

/// A token that claims this algorithm.
fn token_with_alg(alg: &str) -> String {
    token(&json!({ "alg": alg, "kid": "k1" }), &json!({}))
}

#[test]
fn each_verdict_has_its_word_value_and_reason() {
    let unknown = token(&json!({ "alg": "RS256", "kid": "k9" }), &json!({}));
    let extended = |name: &str, value: Value| token(&json!({ "alg": "RS256", "kid": "k1", name: value }), &json!({}));
    let [refused, open] = [json!(false), json!(null)];
    for (token, code, word, verified, reason) in [
        (unknown, 5, "not verified:", &open, "not among those the provider published"),
        (token_with_alg("HS256"), 7, "not verified:", &open, "signed with HS256"),
        (token_with_alg("ES256"), 7, "not verified:", &open, "signed with ES256"),
        (token_with_alg("EdDSA"), 7, "not verified:", &open, "signed with EdDSA"),
        (token_with_alg("rs256"), 7, "not verified:", &open, "signed with rs256"),
        (token_with_alg("none"), 7, "not valid:", &refused, "it is not signed at all"),
        (token_with_alg("nOnE"), 7, "not valid:", &refused, "it is not signed at all"),
        (forged_token(), 7, "not valid:", &refused, "its signature is wrong"),
        (extended("crit", json!(["exp"])), 7, "not valid:", &refused, "`crit`"),
        (extended("b64", json!(false)), 7, "not valid:", &refused, "`b64`"),
        (extended("b64", json!("false")), 7, "not valid:", &refused, "`b64`"),
        ("2YotnFZFEjr1zCsicMWpAA".into(), 7, "opaque:", &open, "not a JWT"),
        ("ory_at_x.y".into(), 7, "opaque:", &open, "not a JWT"),
        (format!("{}.a.b.c.d", B64.encode(r#"{"alg":"dir"}"#)), 7, "opaque:", &open, "encrypted token"),
        (valid_token().replacen('.', "", 1), 7, "not valid:", &refused, "not a JWT"),
        ("{\"access_token\":\"x\"}".into(), 7, "opaque:", &open, "not a JWT"),
        ("{\"refresh_token\":\"x\"}".into(), 7, "not valid:", &refused, "no access_token and no id_token"),
    ] {
        let bench = verifier();
        bench.provider.always("/jwks", json(200, &jwks()));
        let document = decode(&bench, &[&token], &["--verify", "--json"]).exits_with_output(code).json();
        assert_eq!((&document["verified"], &document["error"]["exit_code"]), (verified, &json!(code)), "{document}");
        assert!(document["verified_reason"].as_str().unwrap().contains(reason), "{reason}: {document}");
        let outcome = decode(&bench, &[&token], &["--verify"]).exits(code).says(word).says(reason);
        assert_eq!(outcome.stderr.contains("not valid"), *verified == false, "{}", outcome.stderr);
    }
    let unasked = decode(&bench(), &["opaque", &valid_token().replacen('.', "", 1)], &["--json"]).exits_with_output(7);
    assert_eq!(unasked.error()["message"], "1 of 2 tokens are opaque, 1 are not valid");
    assert!(!unasked.stdout.contains("verified"), "nobody was asked to verify: {}", unasked.stdout);
    let unencoded = extended("b64", json!(true));
    decode(&verifier(), &[&unencoded], &["--verify"]).exits(0);
}

#[test]
fn key_set_with_a_private_key_verifies_nothing() {
    for (kty, name, value, refused) in [
        ("RSA", "d", json!("AQAB"), true),
        ("RSA", "qi", json!("AQAB"), true),
        ("EC", "d", json!("AQAB"), true),
        ("OKP", "d", json!("AQAB"), true),
        ("oct", "k", json!("AQAB"), false),
        ("RSA", "d", json!(null), false),
        ("RSA", "k", json!("AQAB"), false),
        ("EC", "p", json!(""), false),
    ] {
        let mut keys = jwks();
        keys["keys"].as_array_mut().unwrap().push(json!({ "kty": kty, "kid": "k\u{1b}2", name: value }));
        let bench = bench();
        bench.files.put("keys.json", &keys.to_string());
        let outcome = decode(&bench, &[&valid_token()], &["--jwks", "keys.json"]);
        if refused {
            outcome.exits(7).says("publishes a private key").says(r"of its key `k\u{1b}2`");
        } else {
            outcome.exits(0);
        }
    }
}

#[test]
fn unreachable_provider_leaves_signature_undecided() {
    let bench = bench();
    bench.provider.responds("/.well-known/openid-configuration", json(503, &json!({})));
    decode(&bench, &[&valid_token()], &["--verify"]).exits(5);
}

#[test]
fn key_set_from_a_file_needs_no_profile_or_network() {
    let bench = Bench::with_env(&[]);
    bench.files.put("keys.json", &jwks().to_string());
    let of_another_issuer = token(&json!({ "alg": "RS256", "kid": "k1" }), &json!({ "iss": "https://other.example" }));
    let outcome = decode(&bench, &[&of_another_issuer], &["--jwks", "keys.json", "--json"]).exits(0);
    assert_eq!(outcome.json()["verified"], true);
    bench.files.put("keys.json", &jwks_named("k2").to_string());
    decode(&bench, &[&valid_token()], &["--jwks", "keys.json"])
        .exits(7)
        .says("not verified: line 1: it is not signed by any of these keys");
    bench.files.put("keys.json", "[]");
    decode(&bench, &[&valid_token()], &["--jwks", "keys.json"]).exits(7).says("cannot read the key set");
}

#[test]
fn leeway_allows_for_clock_differences() {
    for (leeway, late, code) in [("60s", 59, 0), ("60s", 60, 7), ("0s", 0, 7), ("2m", 119, 0), ("2m", 120, 7)] {
        let bench = bench();
        bench.files.put("keys.json", &jwks().to_string());
        bench.at(3_600 + late);
        decode(&bench, &[&valid_token()], &["--jwks", "keys.json", "--leeway", leeway]).exits(code);
    }
    decode(&bench(), &[], &["--leeway", "some"]).exits(2).says("--leeway: `some` is not a duration");
}
