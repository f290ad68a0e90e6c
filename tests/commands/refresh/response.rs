//! Responses to a refresh: the tokens and the ID token they bring.

use super::{expired_session, stored_refresh_token};
use crate::support::Bench;
use crate::support::provider::json;
use crate::support::tokens::{ISSUER, TokenResponse, discovery};
use serde_json::{Value, json};
use tidp::testing::domain::time::Seconds;
use tidp::testing::ports::Response;

#[test]
fn scopes_follow_the_refresh_response() {
    let bench = expired_session();
    for (spent, response) in [
        ("rt-1", TokenResponse::new().refresh_token("rt-2").member("scope", json!("openid profile"))),
        ("rt-2", TokenResponse::new().refresh_token("rt-3").member("scope", json!(null))),
    ] {
        bench.provider.refreshes(bench.clock.time(), spent, response);
        bench.run(&["refresh"]).exits(0);
        assert_eq!(bench.session().unwrap().scopes, ["openid", "profile"], "after {spent}");
        bench.pass(Seconds(3_600));
    }
}

#[test]
fn lifetime_comes_from_the_response_or_else_from_the_token() {
    let lifetime = |response: TokenResponse| {
        let bench = expired_session();
        bench.provider.refreshes(bench.clock.time(), "rt-1", response.refresh_token("rt-2"));
        bench.run(&["refresh"]).exits(0);
        bench.session().unwrap().access_token.expires_at.since(bench.clock.time())
    };
    let short = || TokenResponse::new().lifetime(Some(900));
    assert_eq!(lifetime(short().member("expires_in", json!(1_200))), Seconds(1_200));
    assert_eq!(lifetime(short().member("expires_in", json!(null))), Seconds(900));
    let opaque = short().member("expires_in", json!(null)).member("access_token", json!("opaque")).without_id_token();
    assert_eq!(lifetime(opaque), Seconds(3_600));
}

#[test]
fn id_token_of_another_account_discards_response() {
    let bench = expired_session();
    bench.provider.refreshes(bench.clock.time(), "rt-1", TokenResponse::new().sub("ola").refresh_token("rt-2"));
    bench.run(&["refresh"]).exits(7);
    assert_eq!(bench.session().unwrap().held_token().unwrap().value.expose(), "rt-1");
}

#[test]
fn discarded_response_is_mentioned_at_next_refusal() {
    let bench = expired_session();
    bench.provider.refreshes(bench.clock.time(), "rt-1", TokenResponse::new().sub("ola").refresh_token("rt-2"));
    bench.run(&["refresh"]).exits(7);
    bench.run(&["inspect"]).exits(0).says("was answered, but the response failed a check");
    bench.provider.refuses("invalid_grant");
    let outcome = bench.run(&["refresh"]).exits(3).says("failed a check and was discarded");
    assert!(outcome.stderr.contains("got a response that was not used"), "{}", outcome.stderr);
}

#[test]
fn slow_clock_is_warned_about_and_keeps_session() {
    let bench = expired_session();
    let theirs = bench.clock.time().plus(Seconds::hours(2));
    let response = TokenResponse::new().refresh_token("rt-2").date("Sat, 31 Jan 2026 15:00:00 GMT");
    bench.provider.expect("/connect/token", move |_| Ok(response.response(theirs, None)));
    let outcome = bench.run(&["refresh", "--json"]).exits(0);
    assert_eq!(outcome.json()["warnings"][0]["code"], "clock_skew");
    assert_eq!(outcome.json()["access_token_expires_at"], "2026-01-31T14:00:00Z", "counted on our clock");
    outcome.says("this machine's clock is 2 h behind the provider's");
    let theirs = bench.clock.time().minus(Seconds::hours(1));
    let response = TokenResponse::new().refresh_token("rt-3").date("Sat, 31 Jan 2026 12:00:00 GMT");
    bench.provider.expect("/connect/token", move |_| Ok(response.response(theirs, None)));
    bench.run(&["refresh", "--force"]).exits(0).says("this machine's clock is 1 h ahead of the provider's");
}

#[test]
fn implausible_date_header_skips_id_token() {
    for date in ["Thu, 01 Jan 2015 00:00:00 GMT", "Sat, 31 Jan 2026 18:00:00 GMT"] {
        let bench = expired_session();
        let now = bench.clock.time();
        bench.provider.refreshes(now, "rt-1", TokenResponse::new().refresh_token("rt-2").date(date));
        bench.run(&["refresh"]).exits(0).says("was ignored").says("clock");
        assert_eq!(bench.session().unwrap().held_token().unwrap().value.expose(), "rt-2");
    }
    let bench = expired_session();
    let wrong = TokenResponse::new().sub("ola").refresh_token("rt-2").date("Thu, 01 Jan 2015 00:00:00 GMT");
    bench.provider.refreshes(bench.clock.time(), "rt-1", wrong);
    bench.run(&["refresh"]).exits(7);
}

/// The response with this member set.
fn with_member(response: Response, name: &str, value: &Value) -> Response {
    let mut body: Value = serde_json::from_slice(&response.body).unwrap();
    body[name] = value.clone();
    Response { body: body.to_string().into_bytes(), ..response }
}

#[test]
fn flawed_new_id_token_is_skipped() {
    let now = expired_session().clock.time().unix();
    for (claim, value) in [
        ("auth_time", json!(now - 60)),
        ("auth_time", json!("then")),
        ("iat", json!(now - 7_200)),
        ("iat", Value::Null),
        ("exp", Value::Null),
        ("exp", json!(now - 3_600)),
    ] {
        let bench = expired_session();
        let before = bench.session().unwrap().id_token;
        let flawed = TokenResponse::new().refresh_token("rt-2").id_claim(claim, value.clone());
        bench.provider.refreshes(bench.clock.time(), "rt-1", flawed);
        let outcome = bench.run(&["refresh", "--json"]).exits(0);
        assert_eq!(outcome.json()["warnings"][0]["code"], "id_token_not_checked", "{claim} {value}");
        assert_eq!(stored_refresh_token(&bench).as_deref(), Some("rt-2"), "{claim} {value}");
        assert_eq!(bench.session().unwrap().id_token, before, "the old one is kept");
        bench.run(&["token"]).exits(0);
    }
    // A claim of another party makes the response invalid, whatever else is wrong.
    for (claim, value) in [("aud", json!("another")), ("nonce", json!("another")), ("at_hash", json!("x"))] {
        let bench = expired_session();
        let wrong =
            TokenResponse::new().refresh_token("rt-2").id_claim(claim, value).id_claim("auth_time", json!(now - 60));
        bench.provider.refreshes(bench.clock.time(), "rt-1", wrong);
        bench.run(&["refresh"]).exits(7);
        assert_eq!(stored_refresh_token(&bench).as_deref(), Some("rt-1"), "{claim}");
    }
}

#[test]
fn malformed_new_id_token_is_skipped() {
    for odd in [json!(5), json!(false), json!({}), json!([]), json!(" "), json!("garbage")] {
        let bench = expired_session();
        let response = TokenResponse::new().refresh_token("rt-2").member("id_token", odd.clone());
        bench.provider.refreshes(bench.clock.time(), "rt-1", response);
        bench.run(&["refresh"]).exits(0).says("was ignored");
        assert_eq!(stored_refresh_token(&bench).as_deref(), Some("rt-2"), "{odd}");
        // A provider that always sends a bad one is not asked again.
        bench.run(&["token", "--id-token"]).exits(3).says("hint: tidp login");
    }
}

#[test]
fn wider_scope_after_refresh_is_warned_about() {
    let bench = expired_session();
    let response = TokenResponse::new().refresh_token("rt-2").member("scope", json!("openid admin"));
    bench.provider.refreshes(bench.clock.time(), "rt-1", response);
    let outcome = bench.run(&["refresh", "--json"]).exits(0).says("admin");
    assert_eq!(outcome.json()["warnings"][0]["code"], "scope_more_than_asked");
}

#[test]
fn new_azp_naming_this_client_is_accepted() {
    let bench = expired_session();
    let response = TokenResponse::new().refresh_token("rt-2").id_claim("azp", json!("app"));
    bench.provider.refreshes(bench.clock.time(), "rt-1", response);
    bench.run(&["refresh"]).exits(0).leaves_out("was ignored");
}

#[test]
fn empty_response_members_are_ignored() {
    for (name, value) in [
        ("scope", json!("")),
        ("scope", Value::Null),
        ("refresh_token", Value::Null),
        ("refresh_token", json!("")),
        ("id_token", Value::Null),
        ("expires_in", json!("3600")),
        ("expires_in", Value::Null),
        ("error", Value::Null),
        ("error_description", Value::Null),
    ] {
        let bench = expired_session();
        let (now, changed) = (bench.clock.time(), value.clone());
        bench.provider.expect("/connect/token", move |_| {
            Ok(with_member(TokenResponse::new().refresh_token("rt-2").response(now, None), name, &changed))
        });
        bench.run(&["refresh"]).exits(0);
        let kept = if name == "refresh_token" { "rt-1" } else { "rt-2" };
        assert_eq!(stored_refresh_token(&bench).as_deref(), Some(kept), "{name} {value}");
        assert_eq!(bench.session().unwrap().scopes, ["openid", "profile", "offline_access"], "{name} {value}");
        assert_eq!(bench.session().unwrap().access_token.expires_at, now.plus(Seconds(3_600)), "{name} {value}");
    }
    let bench = Bench::new("MobileApp");
    let nothing =
        TokenResponse::new().member("scope", json!("")).member("expires_in", json!("3600")).refresh_token("rt-1");
    bench.log_in_with(nothing).exits(0);
    assert_eq!(bench.session().unwrap().scopes, ["openid", "profile", "offline_access"]);
}

#[test]
fn unverifiable_id_token_for_another_client_is_rejected() {
    let bench = expired_session();
    bench.pass(Seconds::days(1));
    bench.provider.expect_discovery();
    bench.provider.fails("/jwks", tidp::testing::ports::HttpFailureKind::NotSent);
    let response = TokenResponse::new().refresh_token("rt-2").id_claim("aud", json!("another"));
    bench.provider.refreshes(bench.clock.time(), "rt-1", response);
    bench.run(&["refresh"]).exits(7).says("`aud`");
    // An unsupported algorithm is skipped, and the rest is kept.
    let bench = expired_session();
    let claims = json!({ "iss": ISSUER, "sub": crate::support::tokens::SUB, "aud": "app" });
    let token = crate::support::tokens::sign(&json!({ "alg": "ES256", "kid": "k1" }), &claims);
    let response = TokenResponse::new().refresh_token("rt-2").member("id_token", token.into());
    bench.provider.refreshes(bench.clock.time(), "rt-1", response);
    bench.run(&["refresh"]).exits(0).says("ES256");
    assert_eq!(stored_refresh_token(&bench).as_deref(), Some("rt-2"));
}

#[test]
fn respelled_issuer_is_rediscovered() {
    let bench = expired_session();
    let slash = format!("{ISSUER}/");
    let mut document = discovery();
    document["issuer"] = slash.as_str().into();
    let response = TokenResponse::new().refresh_token("rt-2").id_claim("iss", slash.into());
    bench.provider.refreshes(bench.clock.time(), "rt-1", response);
    bench.provider.responds("/.well-known/openid-configuration", json(200, &document));
    bench.run(&["refresh"]).exits(0).leaves_out("was ignored");
    assert_eq!(stored_refresh_token(&bench).as_deref(), Some("rt-2"));
}

#[test]
fn claims_refresh_without_id_token_warns() {
    let bench = Bench::new("MobileApp");
    bench.log_in();
    bench.provider.refreshes(bench.clock.time(), "rt-1", TokenResponse::new().refresh_token("rt-2").without_id_token());
    let outcome = bench.run(&["refresh", "--claims", "--json"]).exits(0).says("tidp login");
    assert_eq!(outcome.json()["warnings"][0]["code"], "claims_not_updated");
    bench.pass(Seconds(60));
    bench.provider.refreshes(bench.clock.time(), "rt-2", TokenResponse::new().refresh_token("rt-3"));
    let outcome = bench.run(&["refresh", "--claims", "--json"]).exits(0);
    assert_eq!(outcome.json()["warnings"], Value::Null);
}
