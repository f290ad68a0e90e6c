//! The token response of a login: which is accepted, and what becomes of one that is not.

use super::{assert_nothing_left, expect_login, mobile};
use crate::support::provider::json;
use crate::support::tokens::{TokenResponse, another_jwks_named, jwks_named};
use serde_json::{Value, json};
use tidp::testing::ports::{FailureReason, HttpFailureKind, Response};

#[test]
fn without_a_thread_keys_are_fetched_after_the_code() {
    let mut bench = mobile();
    bench.ports.background = |_| Err(std::io::ErrorKind::WouldBlock.into());
    bench.log_in();
    assert_eq!(bench.provider.paths(), ["/.well-known/openid-configuration", "/connect/token", "/jwks"]);
}

#[test]
fn unmet_acr_value_is_a_warning() {
    for (wished, claim, missed) in [
        ("urn:telenor.identity.aal.3", json!("urn:telenor.identity.aal.2"), true),
        ("urn:telenor.identity.aal.3", json!(null), true),
        ("urn:telenor.identity.aal.3 urn:telenor.identity.aal.2", json!("urn:telenor.identity.aal.2"), false),
        ("urn:telenor.identity.aal.2", json!(["x", "urn:telenor.identity.aal.2"]), false),
        ("idp:no.azure.login", json!("urn:telenor.identity.aal.1"), false),
    ] {
        let bench = mobile();
        expect_login(&bench, TokenResponse::new().refresh_token("rt-1").id_claim("acr", claim));
        let document = bench.run(&["login", "--acr-values", wished, "--json"]).exits(0).json();
        assert_eq!(document["warnings"][0]["code"] == "acr_not_met", missed, "{document}");
    }
    for (level, missed) in [("2", false), ("3", true)] {
        let bench = mobile();
        expect_login(&bench, TokenResponse::new().id_claim("acr", json!("urn:telenor.identity.aal.2")));
        let document = bench.run(&["login", "--provider", "bankid", "--aal", level, "--json"]).exits(0).json();
        assert_eq!(document["warnings"][0]["code"] == "acr_not_met", missed, "{document}");
    }
}

#[test]
fn scopes_other_than_requested_are_named_once() {
    let log_in = |scope: &str, refresh_token: bool| {
        let bench = mobile();
        let response = TokenResponse::new().member("scope", json!(scope));
        expect_login(&bench, if refresh_token { response.refresh_token("rt-1") } else { response });
        bench.run(&["login", "--json"]).exits(0)
    };
    let less = "warning: the provider did not grant the scopes `profile offline_access`\n";
    assert_eq!(log_in("openid", false).says(less).warnings(), ["scope_less_than_asked"]);
    let more = log_in("openid profile a\u{1b}b", true).says(r"granted scopes that were not requested: `a\u{1b}b`");
    assert_eq!(more.leaves_out("did not grant").warnings(), ["scope_more_than_asked"]);
    assert_eq!(log_in("profile", true).leaves_out("grant").warnings(), [""; 0]);
}

#[test]
fn code_is_sent_only_once() {
    let html = Response { status: 200, headers: Vec::new(), body: b"<html>".to_vec() };
    let mut elsewhere = json(307, &json!({}));
    elsewhere.headers.push(("location".into(), "https://evil.example/".into()));
    let failed = |kind| Err(kind);
    let (refused, later, wrong) = (FailureReason::Refused, FailureReason::Unavailable, FailureReason::NotValid);
    let used = json(400, &json!({ "error": "invalid_grant", "error_description": "used\r" }));
    let (no_client, show) = (json(401, &json!({ "error": "invalid_client" })), "hint: tidp profile show\n");
    let (login, try_later) = ("hint: tidp login\n", "hint: try again later: tidp login\n");
    for (response, code, words, hint, why) in [
        (Ok(used), 4, r"used\u{d}", login, refused),
        (Ok(no_client), 4, "client_id `app` (TIDP_CLIENT_ID)", show, refused),
        (Ok(json(400, &json!({ "error": "temporarily_unavailable" }))), 5, "temporarily_unavailable", try_later, later),
        (Ok(json(400, &json!({ "error": "invalid_scope" }))), 4, "invalid_scope", "hint: requested scopes: ", refused),
        (Ok(json(429, &json!({}))), 5, "429", try_later, later),
        (Ok(json(500, &json!({}))), 5, "500", try_later, later),
        (Ok(json(503, &json!({}))), 5, "503", try_later, later),
        (Ok(html), 5, "the provider sent a web page instead", try_later, later),
        (Ok(elsewhere), 7, "sent a redirect instead", "", wrong),
        (failed(HttpFailureKind::ResponseLost), 5, "log in again", try_later, later),
        (failed(HttpFailureKind::NotSent), 5, "log in again", try_later, later),
        (failed(HttpFailureKind::Certificate), 7, "as the test wants", "", wrong),
    ] {
        let bench = mobile();
        bench.provider.expect_metadata();
        match response {
            Ok(response) => bench.provider.responds("/connect/token", response),
            Err(kind) => bench.provider.fails("/connect/token", kind),
        }
        bench.run(&["login"]).exits(code).says(words).says(hint).leaves_out("the-code");
        assert_eq!(bench.provider.count("/connect/token"), 1);
        assert_nothing_left(&bench, why);
    }
}

#[test]
fn refresh_token_of_an_invalid_response_is_revoked() {
    let good = || TokenResponse::new().refresh_token("rt-1");
    let claim = |name: &str, value: Value| good().id_claim(name, value);
    let start = mobile().clock.time().unix();
    for (response, args, words) in [
        (claim("nonce", json!("another")), &[][..], "nonce"),
        (claim("nonce", json!(null)), &[], "nonce"),
        (claim("iss", json!("https://evil.example")), &[], "iss"),
        (claim("aud", json!("another")), &[], "aud"),
        (claim("sub", json!("")), &[], "sub"),
        (claim("exp", json!(start - 61)), &[], "exp"),
        (claim("iat", json!(start - 604_800)), &[], "not issued for this login"),
        (claim("at_hash", json!("AAAAAAAAAAAAAAAAAAAAAA")), &[], "at_hash"),
        (good().member("id_token", json!("e30.e30.")), &[], "its header's `alg` is not a string"),
        (good(), &["--expect-sub", "ola"], "--expect-sub"),
        (
            good(),
            &["--require-acr", "urn:telenor.identity.aal.3"],
            "(acr) is urn:telenor.identity.aal.2, but `urn:telenor.identity.aal.3` is required",
        ),
        (claim("auth_time", json!(start - 7_200)), &["--max-age", "60"], "longer ago than `max_age`"),
        (claim("auth_time", json!(start - 50)), &["--max-age", "0"], "longer ago than `max_age`"),
        (claim("auth_time", json!(null)), &["--max-age", "60"], "auth_time"),
    ] {
        let bench = mobile();
        expect_login(&bench, response);
        bench.provider.revokes("rt-1");
        let error = bench.run(&[&["login", "--json"], args].concat()).exits(7).leaves_out("rt-1").error();
        assert!(error["message"].as_str().unwrap().contains(words), "{error} lacks `{words}`");
        let (hint, why) = match words {
            "--expect-sub" => (json!("tidp login --prompt login --expect-sub ola"), FailureReason::AnotherAccount),
            "(acr) is urn:telenor.identity.aal.2, but `urn:telenor.identity.aal.3` is required" => {
                (json!("tidp login --prompt login --require-acr urn:telenor.identity.aal.3"), FailureReason::TooWeak)
            }
            _ => (json!("tidp doctor"), FailureReason::NotValid),
        };
        assert_eq!(error["hint"], hint);
        assert_nothing_left(&bench, why);
    }
    let bench = mobile();
    expect_login(&bench, good().without_id_token());
    bench.run(&["login"]).exits(7).says("`id_token` is missing");
    assert_nothing_left(&bench, FailureReason::NotValid);
}

#[test]
fn login_fetches_an_unknown_key_once() {
    let bench = mobile();
    expect_login(&bench, TokenResponse::new().refresh_token("rt-1").kid("k2"));
    bench.provider.responds("/jwks", json(200, &jwks_named("k2")));
    bench.run(&["login"]).exits(0);
    let bench = mobile();
    expect_login(&bench, TokenResponse::new().refresh_token("rt-1").kid("k3\u{1b}"));
    bench.provider.responds("/jwks", json(200, &jwks_named("k2")));
    bench.provider.revokes("rt-1");
    bench.run(&["login"]).exits(7).says("a key that the provider does not publish").leaves_out("\u{1b}");
    assert_nothing_left(&bench, FailureReason::NotValid);
}

#[test]
fn login_without_keys_fails_and_revokes_its_token() {
    let bench = mobile();
    bench.provider.expect_discovery();
    bench.provider.fails("/jwks", HttpFailureKind::NotSent);
    bench.provider.grants(&bench.browser, bench.clock.time(), TokenResponse::new().refresh_token("rt-1"));
    bench.provider.fails("/jwks", HttpFailureKind::NotSent);
    bench.provider.revokes("rt-1");
    bench.run(&["login"]).exits(5).says("keys").says("hint: try again later: tidp login\n");
    assert_nothing_left(&bench, FailureReason::Unavailable);
    // Nor do old keys decide while new ones are unavailable.
    let bench = mobile();
    bench.provider.expect_discovery();
    bench.provider.responds("/jwks", json(200, &another_jwks_named("k1")));
    bench.provider.grants(&bench.browser, bench.clock.time(), TokenResponse::new().refresh_token("rt-1"));
    bench.provider.responds("/jwks", json(503, &json!({})));
    bench.provider.revokes("rt-1");
    bench.run(&["login"]).exits(5).says("503");
    assert_nothing_left(&bench, FailureReason::Unavailable);
}
