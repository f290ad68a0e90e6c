//! A login, and what it stores. One that fails stores nothing, prints nothing on stdout and leaves no token valid.

mod callback;
mod ciba;
mod device;
mod elsewhere;
mod paste;
mod request;
mod setup;
mod token_response;

use crate::support::ports::parameter;
use crate::support::provider::json;
use crate::support::tokens::{SUB, TokenResponse, discovery, jwks};
use crate::support::{Bench, START};
use serde_json::json;
use tidp::testing::domain::session::{EntryKey, EventKind};
use tidp::testing::domain::time::Seconds;
use tidp::testing::ports::{FailureReason, Page, StoreFailureKind};

fn mobile() -> Bench {
    Bench::new("MobileApp")
}

/// Expects the requests of a successful login.
fn expect_login(bench: &Bench, answer: TokenResponse) {
    bench.provider.expect_login(&bench.browser, bench.clock.time(), answer);
}

#[test]
fn login_success_is_shown_on_stderr_and_in_the_browser() {
    let bench = mobile();
    let outcome = bench.log_in();
    assert_eq!(outcome.stdout, "");
    let outcome = outcome.says("Logged in as +4790000001 at https://id.example.");
    outcome.says("Policy Mobile: the refresh token expires at 2026-05-01 12:00:00 UTC (in 90 days)");
    assert_eq!(*bench.callback.pages.lock().unwrap(), [Page::LoggedIn]);
    let paths = bench.provider.paths();
    assert_eq!(paths, ["/.well-known/openid-configuration", "/jwks", "/connect/token"]);
}

#[test]
fn stored_times_start_before_the_code_exchange() {
    let bench = mobile();
    let (clock, browser) = (std::sync::Arc::clone(&bench.clock), std::sync::Arc::clone(&bench.browser));
    bench.provider.expect_metadata();
    bench.provider.expect("/connect/token", move |_| {
        clock.advance(Seconds(7));
        let nonce = parameter(&browser.request().unwrap(), "nonce");
        Ok(TokenResponse::new().refresh_token("rt-1").member("scope", json!(null)).response(clock.time(), Some(&nonce)))
    });
    bench.run(&["login", "--scope", "openid api:x"]).exits(0);
    let session = bench.session().unwrap();
    assert_eq!((session.login_at, session.access_token.obtained_at), (START, START));
    assert_eq!(session.access_token.expires_at, START.plus(Seconds(3_600)));
    assert_eq!(session.held_token().unwrap().renewed_at, START);
    assert_eq!(session.id_token.unwrap().expires_at, START.plus(Seconds(307)));
    assert_eq!(session.scopes, ["openid", "api:x"], "no scope in the answer: all that was asked for was granted");
    assert_eq!((session.account.sub.as_str(), session.account.username.as_deref()), (SUB, Some("+4790000001")));
    assert_eq!((session.events.len(), session.events[0].time), (1, START));
    assert_eq!(session.events[0].kind, EventKind::Login { refresh_token: true });
}

#[test]
fn json_login_prints_the_inspect_document() {
    let bench = mobile();
    expect_login(&bench, TokenResponse::new().refresh_token("rt-1"));
    let login = bench.run(&["login", "--json"]).exits(0).json();
    assert_eq!(login, bench.run(&["inspect", "--json"]).exits(0).json());
    assert_eq!(login["account"], json!({ "sub": SUB, "username": "+4790000001" }));
    assert_eq!((&login["access_token"]["verified"], &login["id_token"]["verified"]), (&json!(true), &json!(true)));
    assert_eq!(login["warnings"], json!(null));
}

#[test]
fn login_to_another_account_replaces_the_session() {
    let bench = mobile();
    bench.log_in();
    let ola = TokenResponse::new().sub("ola").refresh_token("rt-2").id_claim("preferred_username", json!("ola\u{1b}"));
    bench.provider.expect_discovery();
    bench.provider.grants(&bench.browser, bench.clock.time(), ola);
    let outcome =
        bench.run(&["login", "--json"]).exits(0).says(r"a different account (ola\u{1b}) than before (+4790000001)");
    assert_eq!(outcome.json()["warnings"][0]["code"], "account_changed");
    let session = bench.session().unwrap();
    assert_eq!((session.account.sub.as_str(), session.held_token().unwrap().value.expose()), ("ola", "rt-2"));
    assert!(bench.cache.documents().concat().contains(session.access_token.value.expose()));
}

#[test]
fn login_names_the_session_that_it_replaces() {
    let (bench, note) = (Bench::new("Public"), "This login replaces the session of +4790000001.");
    bench.provider.always("/.well-known/openid-configuration", json(200, &discovery()));
    bench.provider.always("/jwks", json(200, &jwks()));
    let log_in_with = |answer| {
        bench.provider.grants(&bench.browser, bench.clock.time(), answer);
        bench.run(&["login"]).exits(0)
    };
    let log_in = || log_in_with(TokenResponse::new());
    log_in().leaves_out("replaces");
    bench.pass(Seconds(3_599));
    log_in().says(note);
    bench.pass(Seconds(3_600));
    log_in().leaves_out("replaces"); // nothing in it worked any more
    log_in_with(TokenResponse::new().refresh_token("rt-1"));
    bench.pass(Seconds(3_600));
    log_in().says(note);
}

#[test]
fn login_replaces_a_corrupt_entry() {
    for entry in ["garbage", r#"{"version":99}"#, r#"{"version":1}"#] {
        let bench = mobile();
        bench.stores.put(&EntryKey::Session(bench.key()).name(), entry);
        bench.log_in().leaves_out("warning");
        assert!(bench.session().is_some());
    }
}

#[test]
fn login_replaces_several_entries() {
    let bench = mobile();
    bench.stores.put(&EntryKey::Session(bench.key()).name(), "one of two");
    bench.stores.fail("load", StoreFailureKind::Ambiguous);
    bench.stores.fail("save", StoreFailureKind::Ambiguous);
    bench.log_in().leaves_out("warning");
    assert!(bench.session().is_some());
}

#[test]
fn login_warns_of_a_short_session_unless_renewed() {
    let warned = |bench: Bench| {
        expect_login(&bench, TokenResponse::new().refresh_token("rt-1"));
        let codes = bench.run(&["login", "--json"]).exits(0).json()["warnings"][0]["code"].clone();
        codes == "dies_before_access_token"
    };
    assert!(warned(Bench::new("PublicWithRefresh")));
    assert!(!warned(Bench::new("PublicWithRefresh").env("TIDP_RENEW", "before-session-ends")));
    assert!(!warned(mobile()));
}

#[test]
fn memory_store_warns_that_the_session_is_lost() {
    let bench = Bench::new("MobileApp").env("TIDP_STORE", "memory");
    bench.provider.expect_login(&bench.browser, bench.clock.time(), TokenResponse::new());
    let outcome = bench.run(&["login", "--json"]).exits(0).says("gone when this command ends");
    assert!(outcome.warnings().contains(&"memory_store".to_owned()));
    let bench = Bench::new("MobileApp");
    bench.log_in().leaves_out("gone when");
}

/// Asserts that nothing was stored, and that the browser shows why.
#[track_caller]
fn assert_nothing_left(bench: &Bench, why: FailureReason) {
    assert!(bench.stores.is_empty() && bench.cache.documents().is_empty());
    assert_eq!(*bench.callback.pages.lock().unwrap(), [Page::NotLoggedIn(why)]);
}

#[test]
fn unstorable_session_is_revoked() {
    for busy in [false, true] {
        let bench = mobile();
        expect_login(&bench, TokenResponse::new().refresh_token("rt-1"));
        bench.provider.revokes("rt-1");
        bench.stores.hold_lock(busy);
        bench.stores.fail("save", StoreFailureKind::Refused);
        let (exit_code, kind, message) = if busy { (5, "busy", "for more than 180 s") } else { (6, "store", "") };
        let error = bench.run(&["login", "--json"]).exits(exit_code).error();
        assert_eq!(error["kind"], kind);
        assert!(error["message"].as_str().unwrap().contains(message), "{error}");
        assert_nothing_left(&bench, FailureReason::NotStored);
    }
}

#[test]
fn failed_login_keeps_the_old_session() {
    let bench = mobile();
    bench.log_in();
    let before = bench.session();
    let wrong = TokenResponse::new().refresh_token("rt-2").id_claim("nonce", json!("another"));
    bench.provider.expect_discovery();
    bench.provider.grants(&bench.browser, bench.clock.time(), wrong);
    bench.provider.revokes("rt-2");
    bench.run(&["login"]).exits(7);
    assert_eq!(bench.session(), before);
    bench.run(&["token"]).exits(0);
}

#[test]
fn unconfirmed_write_is_confirmed_by_reading_back() {
    let bench = Bench::new("MobileApp");
    bench.stores.fail("answer to save", StoreFailureKind::Unknown);
    bench.log_in();
    assert!(bench.session().is_some());
}

#[test]
fn refresh_token_that_may_be_stored_is_not_revoked() {
    let bench = mobile();
    expect_login(&bench, TokenResponse::new().refresh_token("rt-1"));
    bench.stores.fail("save", StoreFailureKind::Unknown);
    bench.run(&["login"]).exits(6);
    assert_eq!(bench.provider.count("/connect/revocation"), 0);
}
