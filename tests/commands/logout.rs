mod all_sessions;
mod provider;

use crate::support::Bench;
use crate::support::tokens::{ISSUER, TokenResponse};
use serde_json::json;
use tidp::testing::domain::session::{EntryKey, Session, SessionKey};
use tidp::testing::domain::time::Seconds;
use tidp::testing::ports::{HttpFailureKind, Response, StoreFailureKind};

fn logged_in() -> Bench {
    let bench = Bench::new("MobileApp");
    bench.log_in();
    bench
}

fn expect_custom_logout(bench: &Bench, status: u16, body: &str) {
    let response = Response { status, headers: Vec::new(), body: body.into() };
    bench.provider.responds("/api/logout", response);
}

/// Asserts that neither the entry nor a cached token is left.
#[track_caller]
fn assert_logged_out(bench: &Bench) {
    assert!(bench.session().is_none() && bench.cache.documents().is_empty());
}

/// Copies the session to another key, as a changed profile leaves it.
fn copy_session(bench: &Bench, key: &SessionKey) {
    let session = Session { key: key.clone(), ..bench.session().unwrap() };
    bench.stores.put(&EntryKey::Session(key.clone()).name(), session.to_json().expose());
}

#[test]
fn logout_without_session_sends_nothing() {
    let bench = Bench::new("MobileApp");
    bench.run(&["logout"]).exits(0).says("There was no session of `app@https://id.example` (https://id.example).\n");
    let document = bench.run(&["logout", "--json"]).exits(0).json();
    assert_eq!((&document["had_session"], &document["access_token_valid_until"]), (&json!(false), &json!(null)));
    bench.run(&["logout", "--all"]).exits(0).says("There was no session.");
    assert_eq!(bench.run(&["logout", "--all", "--json"]).exits(0).json(), json!({ "sessions": [] }));
    assert!(bench.provider.paths().is_empty());
}

#[test]
fn logout_without_network_deletes_the_session() {
    let bench = logged_in();
    bench.pass(Seconds::days(2));
    bench.provider.fails("/.well-known/openid-configuration", HttpFailureKind::NotSent);
    let error = bench.run(&["logout", "--json"]).exits(5).says("SSO session     could not be ended: ").error();
    let begins = "the local session was removed, but the refresh token could not be revoked: ";
    assert!(error["message"].as_str().unwrap().starts_with(begins));
    assert_logged_out(&bench);
}

#[test]
fn session_without_refresh_token_revokes_nothing() {
    let bench = Bench::new("Public");
    bench.log_in_with(TokenResponse::new()).exits(0);
    expect_custom_logout(&bench, 200, "the state");
    bench.run(&["logout"]).exits(0).says("none to revoke").says("ended at the provider");
}

#[test]
fn logout_mentions_an_earlier_refusal() {
    let bench = logged_in();
    bench.pass(Seconds(60));
    bench.provider.refuses("invalid_grant");
    bench.run(&["refresh", "--force"]).exits(3);
    bench.pass(Seconds(60));
    expect_custom_logout(&bench, 200, "the state");
    let outcome = bench.run(&["logout"]).exits(0).leaves_out("none");
    outcome
        .says("  refresh token   refused by the provider before, 2026-01-31 12:01:00 UTC (1 min ago)\n")
        .says("ended at");
}

#[test]
fn logout_mentions_an_interrupted_refresh() {
    let bench = logged_in();
    bench.pass(Seconds(60));
    bench.provider.fails("/connect/token", HttpFailureKind::ResponseLost);
    bench.run(&["refresh", "--force"]).exits(5);
    bench.provider.revokes("rt-1");
    expect_custom_logout(&bench, 200, "the state");
    bench
        .run(&["logout"])
        .exits(0)
        .says("  refresh token   revoked; a refresh started 2026-01-31 12:01:00 UTC (now) did not finish");
}

#[test]
fn other_providers_access_tokens_may_be_revoked() {
    let bench = Bench::new("");
    bench.log_in();
    expect_custom_logout(&bench, 200, "the state");
    bench.provider.revokes("rt-1");
    let outcome = bench.run(&["logout"]).exits(0).leaves_out("cannot be revoked");
    outcome.says("  access token    may work until 2026-01-31 13:00:00 UTC (in 1 h)\n");
}

#[test]
fn local_logout_sends_nothing() {
    let bench = logged_in();
    let requests = bench.provider.paths().len();
    let outcome = bench.run(&["logout", "--local", "--json"]).exits(0).says("works until");
    let document = outcome.says("  SSO session     not ended (--local)\n").json();
    let lives_on = "not revoked (--local); it may be valid until 2026-05-01 12:00:00 UTC (in 90 days)";
    let expected = json!({
        "profile": format!("app@{ISSUER}"), "issuer": ISSUER, "client_id": "app", "had_session": true,
        "account": { "sub": "kari-at-app", "username": "+4790000001" },
        "revocation": { "done": false, "state": "left", "message": lives_on },
        "provider_session": { "done": false, "state": "left", "message": "not ended (--local)" },
        "access_token_valid_until": "2026-01-31T13:00:00Z",
    });
    assert_eq!((document, bench.provider.paths().len()), (expected, requests));
    assert_logged_out(&bench);
}

#[test]
fn logout_removes_a_corrupt_entry() {
    for entry in ["garbage", r#"{"version":99}"#] {
        let bench = Bench::new("MobileApp");
        bench.stores.put(&EntryKey::Session(bench.key()).name(), entry);
        let outcome =
            bench.run(&["logout"]).exits(0).says("Logged out of `app@https://id.example` (https://id.example).");
        outcome.says("it was not revoked").leaves_out("none to revoke").leaves_out("works until 2");
        assert!(bench.stores.is_empty());
    }
}

#[test]
fn logout_removes_an_undecryptable_entry() {
    for kind in [StoreFailureKind::WrongKey, StoreFailureKind::Damaged] {
        let bench = logged_in();
        bench.stores.fail("load", kind);
        bench.run(&["logout"]).exits(0).says("Logged out of").says("it was not revoked");
        assert_logged_out(&bench);
    }
}

#[test]
fn undeleted_session_is_not_reported_as_gone() {
    for (call, kind) in [("load", StoreFailureKind::Locked), ("delete", StoreFailureKind::Refused)] {
        let bench = logged_in();
        bench.stores.fail(call, kind);
        bench.run(&["logout"]).exits(6).leaves_out("gone").leaves_out("Logged out");
        assert!(bench.session().is_some());
    }
    let bench = logged_in();
    bench.stores.hold_lock(true);
    let began = bench.clock.time();
    let outcome = bench.run(&["logout", "--json"]).exits(5).says("waiting for it to finish");
    assert_eq!(outcome.error()["kind"], "busy");
    let waited = bench.clock.time().since(began);
    assert!(waited >= Seconds(150), "no refresh in another process takes longer: {waited:?}");
    assert!(bench.session().is_some());
    bench.stores.hold_lock(false);
    bench.run(&["token"]).exits(0);
}

#[test]
fn long_wait_for_the_lock_is_explained_once() {
    const WAITING: &str = "Another tidp is working on this session";
    let bench = logged_in();
    bench.stores.hold_lock(true);
    let stderr = bench.run(&["logout", "--local"]).exits(5).says("for more than 180 s").stderr;
    assert_eq!(stderr.matches(WAITING).count(), 1, "{stderr}");
    bench.stores.hold_lock(false);
    let document = bench.session().unwrap().to_json();
    bench.stores.when_lock_is_taken(&EntryKey::Session(bench.key()).name(), document.expose());
    bench.run(&["logout", "--local"]).exits(0).leaves_out(WAITING);
}

#[test]
fn token_that_has_just_expired_is_not_called_valid() {
    let bench = Bench::new("PublicWithRefresh");
    bench.log_in();
    bench.pass(Seconds(600));
    let outcome = bench.run(&["logout", "--local", "--json"]).exits(0);
    assert!(!outcome.json()["revocation"]["message"].as_str().unwrap().contains("valid until"), "{}", outcome.stdout);
    let bench = logged_in();
    bench.pass(Seconds(3_600));
    assert_eq!(bench.run(&["logout", "--local", "--json"]).exits(0).json()["access_token_valid_until"], json!(null));
}

#[test]
fn logout_always_clears_the_token_cache() {
    let bench = logged_in().env("TIDP_ACCESS_TOKEN_CACHE", "off");
    assert!(!bench.cache.documents().is_empty());
    bench.run(&["logout", "--local"]).exits(0);
    assert!(bench.cache.documents().is_empty());

    let bench = logged_in();
    bench.stores.fail("load", StoreFailureKind::Locked);
    bench.run(&["logout"]).exits(6);
    assert!(bench.cache.documents().is_empty());
}
