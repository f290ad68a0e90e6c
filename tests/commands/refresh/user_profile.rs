//! `refresh --tnu-id`: an access token for another profile of the same user.

use super::stored_refresh_token;
use crate::support::Bench;
use crate::support::provider::json;
use crate::support::tokens::{ISSUER, TokenResponse};
use serde_json::json;
use std::sync::Arc;
use tidp::testing::domain::secret::Secret;
use tidp::testing::domain::session::EntryKey;
use tidp::testing::domain::time::Seconds;

const SCOPES: &str = "openid profile offline_access account.profiles";

/// A session with these scopes.
fn logged_in(scopes: &str) -> Bench {
    let bench = Bench::new("MobileApp");
    bench.log_in_with(TokenResponse::new().refresh_token("rt-1").member("scope", json!(scopes))).exits(0);
    bench
}

/// Expects a refresh with `old` and this `tnuId`, or none.
fn expect_refresh(
    bench: &Bench,
    old: &'static str,
    tnu_id: Option<&'static str>,
    name: &'static str,
    new: &'static str,
) {
    bench.provider.expect("/connect/token", move |request| {
        assert_eq!(request.field("grant_type").as_deref(), Some("refresh_token"));
        assert_eq!(request.field("refresh_token").as_deref(), Some(old));
        assert_eq!((request.field("tnuId").as_deref(), request.field("scope")), (tnu_id, None));
        let body = json!({ "access_token": name, "token_type": "Bearer", "expires_in": 3_600, "refresh_token": new });
        Ok(json(200, &body))
    });
}

/// Another process changes the session while this one waits for the lock.
fn is_refreshed_elsewhere(bench: &Bench) {
    let mut elsewhere = bench.session().unwrap();
    elsewhere.generation += 1;
    elsewhere.access_token.value = Secret::new("siblings");
    bench.stores.when_lock_is_taken(&EntryKey::Session(bench.key()).name(), elsewhere.to_json().expose());
}

#[test]
fn other_profile_lasts_until_the_next_refresh() {
    let bench = logged_in(SCOPES);
    expect_refresh(&bench, "rt-1", Some("tnu-2"), "other", "rt-2");
    let outcome = bench.run(&["refresh", "--tnu-id", "tnu-2", "--json"]).exits(0);
    assert_eq!(outcome.warnings(), ["deprecated_option"]);
    assert_eq!((&outcome.json()["refreshed"], &outcome.json()["reason"]), (&json!(true), &json!("forced")));
    for _ in 0..2 {
        assert_eq!(bench.run(&["token"]).exits(0).leaves_out("deprecated").stdout, "other\n");
        bench.cache.clear();
    }
    assert_eq!(stored_refresh_token(&bench).as_deref(), Some("rt-2"));
    bench.pass(Seconds::hours(1));
    expect_refresh(&bench, "rt-2", None, "own", "rt-3");
    assert_eq!(bench.run(&["token"]).exits(0).stdout, "own\n");
}

#[test]
fn it_is_a_forced_refresh_with_one_warning() {
    let bench = logged_in(SCOPES);
    expect_refresh(&bench, "rt-1", Some("a&b c"), "other", "rt-2");
    let outcome = bench.run(&["refresh", "--force", "--tnu-id", "a&b c"]).exits(0);
    assert_eq!(outcome.stderr.matches("warning:").count(), 1, "{}", outcome.stderr);
    outcome.says("--tnu-id is deprecated").says("Refreshed: the access token is valid until");
}

#[test]
fn without_the_scope_nothing_is_sent() {
    let bench = logged_in("openid profile offline_access");
    let error = bench.run(&["refresh", "--tnu-id", "1", "--json"]).exits(2).leaves_out("deprecated").error();
    assert_eq!(error["kind"], "usage");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("--tnu-id: the session was not granted `account.profiles`"), "{message}");
    assert_eq!((bench.provider.count("/connect/token"), bench.session().unwrap().refresh_started_at), (1, None));
    // Nor if the session that lacks it appears while this one waits for the lock.
    let bench = logged_in(SCOPES);
    let lacking = logged_in("openid profile").session().unwrap();
    bench.stores.when_lock_is_taken(&EntryKey::Session(bench.key()).name(), lacking.to_json().expose());
    bench.run(&["refresh", "--tnu-id", "1"]).exits(2).says("account.profiles");
}

#[test]
fn it_is_for_users_at_telenorid_plus_only() {
    let bench = Bench::with_env(&[("TIDP_ISSUER", ISSUER), ("TIDP_CLIENT_ID", "app")]);
    bench.run(&["refresh", "--tnu-id", "1"]).exits(2).says("only TelenorID+ knows it");
    let machine = Bench::new("Confidential").env("TIDP_GRANT", "client_credentials").env("TIDP_CLIENT_SECRET", "s");
    machine.run(&["refresh", "--tnu-id", "1"]).exits(2).says("no user with other profiles");
    let bench = logged_in(SCOPES);
    bench.run(&["refresh", "--tnu-id", "1", "--claims"]).exits(2).says("cannot be used with");
    bench.run(&["refresh", "--tnu-id", ""]).exits(2);
    Bench::new("MobileApp").run(&["refresh", "--tnu-id", "1"]).exits(3);
}

#[test]
fn refusal_of_the_profile_keeps_the_session() {
    let bench = logged_in(SCOPES);
    let before = bench.session();
    for _ in 0..2 {
        bench.provider.refuses("invalid_request");
        let error = bench.run(&["refresh", "--tnu-id", "1", "--json"]).exits(4).error();
        assert_eq!((&error["kind"], &error["provider"]["error"]), (&json!("refused"), &json!("invalid_request")));
        assert_eq!(bench.session(), before, "it says nothing about the session");
    }
    // An error that is not in any specification keeps the refresh token, however often it comes.
    for _ in 0..3 {
        bench.provider.refuses("unknown_profile");
        bench.run(&["refresh", "--tnu-id", "1"]).exits(4).says("unknown_profile");
        assert_eq!(stored_refresh_token(&bench).as_deref(), Some("rt-1"));
    }
    bench.provider.refuses("invalid_grant");
    bench.run(&["refresh", "--tnu-id", "1"]).exits(3);
    assert_eq!(stored_refresh_token(&bench), None);
}

#[test]
fn refresh_of_another_process_is_not_adopted() {
    let bench = logged_in(SCOPES);
    is_refreshed_elsewhere(&bench);
    expect_refresh(&bench, "rt-1", Some("1"), "other", "rt-2");
    bench.run(&["refresh", "--tnu-id", "1"]).exits(0);
    assert_eq!(bench.run(&["token"]).exits(0).stdout, "other\n");
    // Nor one that replaced the session without the lock, while the request was under way.
    let mut elsewhere = bench.session().unwrap();
    elsewhere.generation += 1;
    let (stores, entry) = (Arc::clone(&bench.stores), EntryKey::Session(bench.key()).name());
    bench.provider.expect("/connect/token", move |_| {
        stores.put(&entry, elsewhere.to_json().expose());
        Ok(json(400, &json!({ "error": "invalid_grant" })))
    });
    bench.run(&["refresh", "--tnu-id", "1"]).exits(5).says("run the command again");
}

#[test]
fn another_users_id_token_is_rejected() {
    let bench = logged_in(SCOPES);
    let answer = TokenResponse::new().refresh_token("rt-2").sub("somebody-else");
    bench.provider.refreshes(bench.clock.time(), "rt-1", answer);
    bench.run(&["refresh", "--tnu-id", "1"]).exits(7);
    let access_token = bench.session().unwrap().access_token;
    assert_eq!(access_token.value.expose(), TokenResponse::new().access_token(access_token.obtained_at));
}
