//! A login that is confirmed in Vipps or BankID: what is sent and shown in which order, and every answer of a poll.

use crate::support::Bench;
use crate::support::provider::json;
use crate::support::tokens::{ISSUER, TokenResponse, discovery, jwks};
use serde_json::{Value, json};
use std::sync::Arc;
use tidp::testing::domain::time::Seconds;

const CIBA: &str = "/connect/ciba";
const PREPARE: &str = "/api/ciba/ciba_prepare_bankid";
const TOKEN: &str = "/connect/token";

const VIPPS: [&str; 5] = ["login", "--ciba", "vipps", "--login-hint", "4790000001"];
const BANKID: [&str; 5] = ["login", "--ciba", "bankid", "--login-hint", "kurt-7"];

fn confidential() -> Bench {
    let bench = Bench::new("Confidential").env("TIDP_CLIENT_SECRET", "s3cret");
    let mut document = discovery();
    document["backchannel_authentication_endpoint"] = json!(format!("{ISSUER}{CIBA}"));
    bench.provider.always("/.well-known/openid-configuration", json(200, &document));
    bench.provider.always("/jwks", json(200, &jwks()));
    bench
}

fn begins(bench: &Bench) {
    bench.provider.responds(CIBA, json(200, &json!({ "auth_req_id": "the-req-id", "expires_in": 300, "interval": 5 })));
}

fn prepares(bench: &Bench, message: &str) {
    let body = json!({ "login_hint_token": "the-hint-token", "binding_message": message });
    bench.provider.responds(PREPARE, json(200, &body));
}

fn refuses(bench: &Bench, path: &str, error: &str) {
    bench.provider.responds(path, json(400, &json!({ "error": error })));
}

fn grants(bench: &Bench, response: TokenResponse) {
    let clock = Arc::clone(&bench.clock);
    bench.provider.expect(TOKEN, move |request| {
        assert_eq!(request.field("grant_type").as_deref(), Some("urn:openid:params:grant-type:ciba"));
        assert_eq!(request.field("auth_req_id").as_deref(), Some("the-req-id"));
        assert!(request.authorization.is_some());
        Ok(response.response(clock.time(), None))
    });
}

#[test]
fn vipps_asks_the_phone_and_is_polled() {
    let bench = confidential();
    begins(&bench);
    refuses(&bench, TOKEN, "authorization_pending");
    refuses(&bench, TOKEN, "slow_down");
    grants(&bench, TokenResponse::new().refresh_token("rt-1"));
    let start = bench.clock.time();
    let outcome = bench.run(&VIPPS).exits(0).says("Confirm the login in Vipps, on the phone 4790000001.\n");
    assert_eq!(outcome.leaves_out("the-req-id").stdout, "");
    assert_eq!(bench.clock.time().since(start), Seconds(5 + 5 + 10));
    let request = bench.provider.last(CIBA);
    assert_eq!(request.body, "scope=openid+profile+offline_access+vipps+phone&login_hint=4790000001");
    assert!(request.authorization.is_some_and(|basic| basic.starts_with("Basic ")));
    assert_eq!(bench.session().unwrap().held_token().unwrap().value.expose(), "rt-1");
    assert!(bench.browser.opened_urls.lock().unwrap().is_empty());
}

#[test]
fn phone_may_be_in_the_profile_and_the_time_is_requested() {
    let bench = confidential().env("TIDP_LOGIN_HINT", "4790000002");
    begins(&bench);
    grants(&bench, TokenResponse::new());
    let args = ["login", "--ciba", "vipps", "--timeout", "90s", "--scope", "openid vipps", "--acr-values", "urn:a"];
    bench.run(&args).exits(0);
    let request = bench.provider.last(CIBA);
    for (name, value) in [
        ("scope", "openid vipps phone"),
        ("login_hint", "4790000002"),
        ("requested_expiry", "90"),
        ("acr_values", "urn:a"),
    ] {
        assert_eq!(request.field(name).as_deref(), Some(value), "{name}");
    }
}

#[test]
fn binding_message_is_shown_before_bankid_is_asked() {
    let bench = confidential();
    prepares(&bench, "QUIET FJORD");
    let terminal = Arc::clone(&bench.terminal);
    bench.provider.expect(CIBA, move |request| {
        let shown = terminal.err_so_far();
        assert!(shown.contains("Confirm only if it is the same there:\n\n  QUIET FJORD\n"), "{shown}");
        assert_eq!(request.field("login_hint_token").as_deref(), Some("the-hint-token"));
        assert_eq!(request.field("binding_message").as_deref(), Some("QUIET FJORD"));
        assert_eq!((request.field("login_hint"), request.field("scope").unwrap().contains("bankid")), (None, true));
        Ok(json(200, &json!({ "auth_req_id": "the-req-id", "expires_in": 300 })))
    });
    grants(&bench, TokenResponse::new());
    bench
        .run(&[&BANKID[..], &["--quiet"]].concat())
        .exits(0)
        .says("Confirm the login in BankID.")
        .leaves_out("the-hint-token");
    let prepared = bench.provider.last(PREPARE);
    assert_eq!((prepared.body.as_str(), prepared.authorization.is_some()), ("kurt_id=kurt-7", true));
}

#[test]
fn refusal_at_each_step_ends_the_login() {
    let error = |bench: &Bench, args: &[&str], code| {
        let error = bench.run(&[args, &["--json"]].concat()).exits(code).leaves_out("s3cret").error();
        assert!(bench.stores.is_empty());
        error
    };
    let bench = confidential();
    refuses(&bench, PREPARE, "unknown_user_id");
    let unknown = error(&bench, &BANKID, 4);
    assert_eq!(unknown["provider"]["error"], "unknown_user_id");
    assert!(unknown["hint"].as_str().unwrap().starts_with("check --login-hint: for bankid the user's kurt_id"));
    let bench = confidential();
    prepares(&bench, "A\u{1b}[2J");
    assert_eq!(error(&bench, &BANKID, 7)["kind"], "invalid");
    assert_eq!(bench.provider.count(CIBA), 0, "what cannot be shown is not confirmed");
    let bench = confidential();
    refuses(&bench, CIBA, "unknown_user_id");
    assert_eq!(error(&bench, &VIPPS, 4)["provider"]["error"], "unknown_user_id");
    for (answer, code, hint) in [
        ("access_denied", 4, "tidp login --ciba vipps --login-hint PHONE"),
        ("expired_token", 124, "tidp login --ciba vipps --login-hint PHONE"),
        ("invalid_grant", 4, "tidp login --ciba vipps --login-hint PHONE"),
        ("transaction_failed", 4, "tidp profile show"),
        ("unauthorized_client", 4, "tidp profile show"),
    ] {
        let bench = confidential();
        begins(&bench);
        refuses(&bench, TOKEN, answer);
        assert_eq!(error(&bench, &VIPPS, code)["hint"], hint, "{answer}");
        assert_eq!(bench.provider.count(TOKEN), 1, "{answer}");
    }
}

#[test]
fn tokens_are_checked_and_unwanted_ones_revoked() {
    for (claim, value, args) in [
        ("nonce", json!("never-requested"), &[][..]),
        ("aud", json!("another"), &[]),
        ("x", Value::Null, &["--expect-sub", "ola"]),
        ("x", Value::Null, &["--require-acr", "urn:x"]),
    ] {
        let bench = confidential();
        begins(&bench);
        grants(&bench, TokenResponse::new().refresh_token("rt-1").id_claim(claim, value));
        bench.provider.responds("/connect/revocation", json(200, &json!({})));
        bench.run(&[&VIPPS[..], args].concat()).exits(7);
        assert!(bench.stores.is_empty());
    }
}

#[test]
fn what_cannot_work_is_refused_before_any_request() {
    let secret = || Bench::new("Confidential").env("TIDP_CLIENT_SECRET", "s3cret");
    for (bench, args, words) in [
        (Bench::new("MobileApp"), &VIPPS[..], "--ciba is for confidential clients"),
        (secret(), &["login", "--ciba", "vipps"], "--login-hint PHONE"),
        (secret().env("TIDP_LOGIN_HINT", "4790000001"), &["login", "--ciba", "bankid"], "--login-hint KURT_ID"),
        (secret(), &["login", "--ciba", "vipps", "--login-hint", " "], "--login-hint PHONE"),
        (secret(), &["login", "--ciba", "bankid", "--login-hint", ""], "--login-hint KURT_ID"),
        (secret(), &["login", "--ciba", "sms"], "vipps, bankid"),
        (secret(), &["login", "--ciba", "vipps", "--device"], "cannot be used with"),
        (secret(), &["login", "--ciba", "vipps", "--prompt", "none"], "cannot be used with"),
    ] {
        bench.run(args).exits(2).says(words);
        assert!(bench.provider.paths().is_empty(), "{args:?}");
    }
    let bench = secret();
    bench.provider.expect_discovery();
    bench.run(&VIPPS).exits(7).says("has no `backchannel_authentication_endpoint`");
}
