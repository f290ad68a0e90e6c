//! When the provider's keys are fetched, and what is known without them.

use super::{bench, decode, forged_token, token, valid_token, verifier};
use crate::support::provider::json;
use crate::support::tokens::{TokenResponse, discovery, jwks, jwks_named};
use crate::support::{Bench, Outcome, START};
use serde_json::{Value, json};
use std::sync::Arc;
use tidp::testing::domain::time::Seconds;
use tidp::testing::ports::Response;

#[test]
fn unknown_key_is_fetched_once_for_many_tokens() {
    let bench = verifier();
    bench.provider.responds("/jwks", json(200, &jwks_named("k2")));
    let rotated = token(&json!({ "alg": "RS256", "kid": "k2" }), &json!({}));
    let unknown = token(&json!({ "alg": "RS256", "kid": "k9" }), &json!({}));
    let lines = [rotated.as_str(), &unknown, &unknown];
    let outcome = decode(&bench, &lines, &["--verify"]).exits_with_output(5);
    assert_eq!(outcome.stdout.matches("verified, ").count(), 1);
    assert_eq!(
        outcome.stderr.matches("its key is not among those the provider published").count(),
        2,
        "{}",
        outcome.stderr
    );
    assert_eq!(bench.provider.count("/jwks"), 2);
}

#[test]
fn unknown_key_is_fetched_once_without_a_cache() {
    let bench = bench();
    bench.provider.responds("/.well-known/openid-configuration", json(200, &discovery()));
    bench.provider.responds("/jwks", no_store_response(&jwks()));
    bench.provider.responds("/jwks", no_store_response(&jwks_named("k2")));
    let [rotated, unknown] = ["k2", "k9"].map(|kid| token(&json!({ "alg": "RS256", "kid": kid }), &json!({})));
    let lines = [rotated.as_str(), &unknown, &rotated, &valid_token(), &unknown];
    let outcome = decode(&bench, &lines, &["--verify"]).exits_with_output(5);
    assert_eq!(outcome.stdout.matches("verified, ").count(), 2, "one of its keys has been withdrawn");
    assert_eq!(bench.provider.count("/jwks"), 2);
    // Another run fetches again, and then waits too.
    bench.provider.responds("/jwks", no_store_response(&jwks_named("k2")));
    decode(&bench, &[&unknown], &["--verify"]).exits(5);
    assert_eq!(bench.provider.count("/jwks"), 3);
}

/// Keys that must not be cached.
fn no_store_response(keys: &Value) -> Response {
    let mut response = json(200, keys);
    response.headers.push(("cache-control".into(), "no-store".into()));
    response
}

/// Verifies each token after its pause.
fn verify_with_pauses<const N: usize>(bench: &Bench, tokens: [(&str, i64); N]) -> Outcome {
    let (clock, mut pauses) = (Arc::clone(&bench.clock), tokens.map(|(_, pause)| pause).into_iter());
    let meanwhile = move || pauses.next().into_iter().for_each(|pause| clock.advance(Seconds(pause)));
    *bench.terminal.before_read.lock().unwrap() = Some(Box::new(meanwhile));
    decode(bench, &tokens.map(|(token, _)| token), &["--verify", "--leeway", "100h"])
}

#[test]
fn withdrawn_key_is_dropped_when_its_set_expires() {
    let bench = verifier();
    bench.provider.responds("/jwks", json(200, &jwks_named("k2")));
    bench.provider.responds("/jwks", json(200, &jwks_named("k2")));
    let valid_token = valid_token();
    let outcome = verify_with_pauses(&bench, [0, 3_600, 86_400].map(|pause| (valid_token.as_str(), pause)));
    assert_eq!(outcome.exits_with_output(5).stdout.matches("verified, ").count(), 2);
}

/// Expects a request for the keys that takes this long.
fn expect_slow_keys(bench: &Bench, seconds: i64, response: Response) {
    let clock = Arc::clone(&bench.clock);
    bench.provider.expect("/jwks", move |_| {
        clock.advance(Seconds(seconds));
        Ok(response)
    });
}

#[test]
fn stale_keys_are_undecided_and_not_fetched_each_time() {
    // After a slow failure the pause is longer, but at most a minute: the machine may have slept.
    for (took, rest) in [(0, 10), (15, 30), (28_800, 60)] {
        let bench = verifier();
        [took, 0].into_iter().for_each(|took| expect_slow_keys(&bench, took, json(503, &json!({}))));
        let valid_token = valid_token();
        let pauses = [0, 86_400, 0, rest - 1, 1, 9].map(|pause| (valid_token.as_str(), pause));
        let outcome = verify_with_pauses(&bench, pauses).exits_with_output(5);
        assert_eq!(outcome.stdout.matches("verified, ").count(), 1);
        assert_eq!(outcome.stderr.matches("not verified:").count(), 5, "{}", outcome.stderr);
        assert_eq!(bench.provider.count("/jwks"), 3, "after {took} s");
    }
    let bench = verifier();
    [0, 0].into_iter().for_each(|took| expect_slow_keys(&bench, took, json(503, &json!({}))));
    let valid_token = valid_token();
    verify_with_pauses(&bench, [0, 86_400, 10].map(|pause| (valid_token.as_str(), pause))).exits_with_output(5);
}

#[test]
fn invalid_token_is_refused_even_without_keys() {
    let bench = verifier();
    bench.provider.responds("/jwks", json(503, &json!({})));
    let unsigned = token(&json!({ "alg": "none" }), &json!({}));
    let foreign = token(&json!({ "alg": "RS256", "kid": "k1" }), &json!({ "iss": "https://evil.example" }));
    let valid_token = valid_token();
    let tokens = [(valid_token.as_str(), 0), (&unsigned, 86_400), (&foreign, 0), (&valid_token, 0)];
    let outcome = verify_with_pauses(&bench, tokens).exits_with_output(7);
    assert!(outcome.stderr.contains("2 of 4 tokens are not valid, 1 could not be verified"), "{}", outcome.stderr);
}

#[test]
fn bad_signature_is_undecided_while_keys_cannot_be_fetched() {
    let bench = verifier();
    decode(&bench, &[&valid_token()], &["--verify"]).exits(0);
    bench.provider.responds("/jwks", json(503, &json!({})));
    decode(&bench, &[&forged_token()], &["--verify"]).exits(5).says("cannot read the provider's keys");
    decode(&bench, &[&forged_token()], &["--verify"]).exits(5).says("keys could not be fetched at");
    bench.pass(Seconds::minutes(5));
    bench.provider.responds("/jwks", json(200, &jwks()));
    decode(&bench, &[&forged_token()], &["--verify"]).exits(7).says("signature is wrong");
    decode(&bench, &[&forged_token()], &["--verify"]).exits(7).says("signature is wrong");
}

#[test]
fn newer_keys_are_kept_over_an_older_cache() {
    let bench = verifier();
    decode(&bench, &[&valid_token()], &["--verify"]).exits(0);
    bench.files.are_full();
    bench.provider.responds("/jwks", json(200, &jwks_named("k2")));
    let rotated = token(&json!({ "alg": "RS256", "kid": "k2" }), &json!({}));
    let tokens = [0, 61, 61, 240].map(|pause| (rotated.as_str(), pause));
    let outcome = verify_with_pauses(&bench, tokens).exits(0);
    assert_eq!(outcome.stdout.matches("verified, ").count(), 4);
}

#[test]
fn keys_of_the_last_ten_seconds_decide() {
    for (pause, fetched) in [(9, 1), (10, 2)] {
        let bench = verifier();
        (1..fetched).for_each(|_| bench.provider.responds("/jwks", json(200, &jwks())));
        let (valid, forged) = (valid_token(), forged_token());
        verify_with_pauses(&bench, [(&valid, 0), (&forged, pause)]).exits_with_output(7).says("signature is wrong");
        assert_eq!(bench.provider.count("/jwks"), fetched, "after {pause} s");
    }
}

#[test]
fn newest_keys_without_the_right_one_are_the_reason() {
    let bench = verifier();
    let (files, mut pause) = (Arc::clone(&bench.files), 0);
    let clock = Arc::clone(&bench.clock);
    let fetched_again = move || {
        clock.advance(Seconds(pause));
        pause = 20;
        for file in files.0.lock().unwrap().values_mut() {
            let mut cached: Value = serde_json::from_slice(file).unwrap();
            if cached["url"].as_str().unwrap().ends_with("/jwks") {
                for time in ["fetched_at", "refetched_at"] {
                    cached[time] = serde_json::to_value(START.plus(Seconds(15))).unwrap();
                }
                *file = cached.to_string().into_bytes();
            }
        }
    };
    *bench.terminal.before_read.lock().unwrap() = Some(Box::new(fetched_again));
    let unknown = token(&json!({ "alg": "RS256", "kid": "k9" }), &json!({}));
    let outcome = decode(&bench, &[&valid_token(), &unknown], &["--verify", "--leeway", "100h"]);
    outcome.exits_with_output(5).says("not among those the provider published at 2026-01-31 12:00:15");
}

#[test]
fn cached_keys_of_another_run_are_used_first() {
    for seconds in [0, 1] {
        fetched_by_another_run_after(Seconds(seconds));
    }
}

fn fetched_by_another_run_after(pause: Seconds) {
    let bench = verifier();
    let (files, clock) = (Arc::clone(&bench.files), Arc::clone(&bench.clock));
    let fetched = move || {
        clock.advance(pause);
        for file in files.0.lock().unwrap().values_mut() {
            let mut cached: Value = serde_json::from_slice(file).unwrap();
            if cached["url"].as_str().unwrap().ends_with("/jwks") {
                cached["document"] = jwks_named("k2").to_string().into();
                cached["fetched_at"] = serde_json::to_value(START.plus(pause)).unwrap();
                *file = cached.to_string().into_bytes();
            }
        }
    };
    let mut fetched = Some(fetched);
    let once = move || fetched.take().into_iter().for_each(|fetched| fetched());
    *bench.terminal.before_read.lock().unwrap() = Some(Box::new(once));
    let rotated = token(&json!({ "alg": "RS256", "kid": "k2" }), &json!({}));
    decode(&bench, &[&valid_token(), &rotated], &["--verify"]).exits_with_output(0);
}

#[test]
fn unknown_key_is_fetched_again_after_five_minutes() {
    let bench = verifier();
    bench.provider.responds("/jwks", json(200, &jwks()));
    bench.provider.responds("/jwks", json(200, &jwks_named("k2")));
    let rotated = token(&json!({ "alg": "RS256", "kid": "k2" }), &json!({}));
    let outcome = verify_with_pauses(&bench, [0, 299, 1].map(|pause| (rotated.as_str(), pause))).exits_with_output(5);
    assert!(outcome.stderr.contains("2 of 3 tokens could not be verified"), "{}", outcome.stderr);
}

#[test]
fn two_tokens_with_one_unknown_key_stay_undecided() {
    let bench = verifier();
    expect_slow_keys(&bench, 11, json(200, &jwks()));
    let unknown = token(&json!({ "alg": "RS256", "kid": "k9" }), &json!({}));
    decode(&bench, &[&unknown, &unknown], &["--verify"]).exits(5).says("2 of 2 tokens could not be verified");
}

#[test]
fn invalid_key_set_is_the_reported_error() {
    let bench = verifier();
    decode(&bench, &[&valid_token()], &["--verify"]).exits(0);
    [json(503, &json!({})), json(200, &json!({}))].into_iter().for_each(|keys| bench.provider.responds("/jwks", keys));
    let unknown = token(&json!({ "alg": "RS256", "kid": "k9" }), &json!({}));
    verify_with_pauses(&bench, [(&unknown, 0), (&unknown, 300)]).exits(7).says("2 of 2 tokens could not be verified");
}

#[test]
fn keys_fetched_for_another_reason_do_not_decide() {
    let bench = bench();
    bench.provider.responds("/.well-known/openid-configuration", json(200, &discovery()));
    for keys in [jwks(), jwks(), jwks(), jwks_named("k2")] {
        bench.provider.responds("/jwks", no_store_response(&keys));
    }
    let [unknown, newer] = ["k9", "k2"].map(|kid| token(&json!({ "alg": "RS256", "kid": kid }), &json!({})));
    // Fetched for the unknown key at first, then twice because they have expired.
    let tokens = [(unknown.as_str(), 0), (&valid_token(), 62), (&newer, 1), (&newer, 60)];
    let outcome = verify_with_pauses(&bench, tokens).exits_with_output(5);
    assert_eq!(outcome.stdout.matches("verified, ").count(), 2, "{}", outcome.stderr);
    assert_eq!(outcome.stderr.matches("not verified: line 3").count(), 1, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("at 2026-01-31 12:01:02 UTC"), "{}", outcome.stderr);
}

#[test]
fn failed_key_fetch_is_reported_without_a_cache() {
    let unknown = token(&json!({ "alg": "RS256", "kid": "k9" }), &json!({}));
    for (keys, words) in [(json(200, &jwks()), "not among those"), (json(503, &json!({})), "could not be fetched")] {
        let mut bench = verifier();
        bench.ports.dirs.cache = None;
        bench.provider.responds("/jwks", keys);
        let outcome = verify_with_pauses(&bench, [(&unknown, 0), (&unknown, 11)]);
        assert!(outcome.stderr.contains(words), "{}", outcome.stderr);
    }
    // A cache that cannot be written any more does not decide either.
    let bench = verifier();
    bench.provider.responds("/jwks", json(200, &jwks()));
    decode(&bench, &[&unknown], &["--verify"]).exits(5);
    bench.files.are_full();
    bench.pass(Seconds::hours(2));
    bench.provider.responds("/jwks", json(503, &json!({})));
    verify_with_pauses(&bench, [(&unknown, 0), (&unknown, 1)]).says("keys could not be fetched at");
}

#[test]
fn unknown_key_is_undecided_during_the_cooldown() {
    let bench = verifier();
    let unknown = token(&json!({ "alg": "RS256", "kid": "k9" }), &json!({}));
    bench.provider.responds("/jwks", json(200, &jwks()));
    decode(&bench, &[&unknown, &unknown], &["--verify"]).exits(5).says("2 of 2 tokens could not be verified");
    let outcome = decode(&bench, &[&unknown], &["--verify"]).exits(5);
    for words in ["not verified: line 1", "at 2026-01-31 12:00:00 UTC", "again after 2026-01-31 12:05:00 UTC"] {
        assert!(outcome.stderr.contains(words), "{}", outcome.stderr);
    }
    assert!(outcome.stderr.contains("not among those"), "{}", outcome.stderr);
    let outcome = decode(&bench, &[&valid_token(), &unknown, &valid_token()], &["--verify"]).exits_with_output(5);
    assert_eq!(outcome.stdout.matches("verified, ").count(), 2);
    assert!(outcome.stderr.contains("1 of 3 tokens could not be verified"), "{}", outcome.stderr);
    let outcome = decode(&bench, &["nonsense", &unknown], &["--verify", "--json"]).exits_with_output(7);
    assert_eq!(outcome.error()["message"], "1 of 2 tokens are opaque, 1 could not be verified");
    bench.pass(Seconds::minutes(5));
    bench.provider.responds("/jwks", json(200, &jwks_named("k9")));
    decode(&bench, &[&unknown], &["--verify"]).exits(0);
}

#[test]
fn recently_failed_key_fetch_is_undecided() {
    let bench = verifier();
    let unknown = token(&json!({ "alg": "RS256", "kid": "k9" }), &json!({}));
    decode(&bench, &[&valid_token()], &["--verify"]).exits(0);
    bench.provider.responds("/jwks", json(503, &json!({})));
    let outcome =
        decode(&bench, &[&valid_token(), &unknown, &valid_token(), &unknown], &["--verify"]).exits_with_output(5);
    assert_eq!(outcome.stdout.matches("verified, ").count(), 2, "the others are answered");
    assert_eq!(outcome.stderr.matches("not verified: line").count(), 2);
    decode(&bench, &[&unknown], &["--verify"]).exits(5).says("keys could not be fetched at");
    bench.pass(Seconds::minutes(5));
    bench.provider.responds("/jwks", json(200, &json!({})));
    let outcome = decode(&bench, &[&unknown, &unknown], &["--verify"]).exits(7);
    assert!(
        outcome.stderr.contains("cannot read the provider's keys")
            && outcome.stderr.contains("2 of 2 tokens could not")
    );
}

#[test]
fn failed_key_fetch_stops_no_login_or_session() {
    let bench = Bench::new("MobileApp");
    let in_vain = || {
        let unknown = token(&json!({ "alg": "RS256", "kid": "k9" }), &json!({}));
        bench.provider.responds("/jwks", json(200, &jwks()));
        decode(&bench, &[&unknown], &["--verify"]).exits(5);
    };
    bench.provider.expect_metadata();
    in_vain();
    bench.provider.expect_discovery();
    bench.provider.grants(&bench.browser, bench.clock.time(), TokenResponse::new().kid("k2").refresh_token("rt-1"));
    bench.provider.responds("/jwks", json(200, &jwks_named("k2")));
    bench.run(&["login"]).exits(0);

    bench.pass(Seconds::minutes(5));
    in_vain();
    bench.provider.refreshes(bench.clock.time(), "rt-1", TokenResponse::new().kid("k3").refresh_token("rt-2"));
    bench.run(&["refresh", "--force"]).exits(0).says("not verified");
    assert_eq!(bench.run(&["inspect", "--json"]).exits(0).json()["access_token"]["verified"], json!(null));
}
