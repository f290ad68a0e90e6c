//! A refresh that goes well, and one that is interrupted.

mod concurrent;
mod keys;
mod refusal;
mod response;
mod user_profile;

use crate::support::Bench;
use crate::support::fuse::Fuse;
use crate::support::provider::json;
use crate::support::tokens::{TokenResponse, jwks};
use serde_json::json;
use std::sync::{Arc, Mutex};
use tidp::testing::domain::secret::Secret;
use tidp::testing::domain::session::{EventKind, Session};
use tidp::testing::domain::time::Seconds;
use tidp::testing::ports::{HttpFailureKind, Response, StoreFailureKind};

/// A Mobile session whose access token has expired.
fn expired_session() -> Bench {
    let bench = Bench::new("MobileApp");
    bench.log_in();
    bench.pass(Seconds(3_600));
    bench
}

#[test]
fn refresh_not_due_sends_nothing() {
    let bench = Bench::new("MobileApp");
    bench.log_in();
    let document = bench.run(&["refresh", "--json"]).exits(0).says("Not due").json();
    assert_eq!((&document["refreshed"], &document["reason"]), (&json!(false), &json!("not_due")));
}

#[test]
fn refresh_not_due_says_when_the_session_ends_first() {
    let bench = Bench::new("PublicWithRefresh");
    bench.log_in();
    bench.pass(Seconds(304));
    let not_due = "Not due: the access token is valid until 2026-01-31 13:00:00 UTC (in 54 min), but the session";
    let renews = "ends in 4 min 56 s: `tidp refresh --force` renews it.";
    bench.run(&["refresh"]).exits(0).says(&format!("{not_due} {renews}"));
    bench.pass(Seconds(300));
    bench.run(&["refresh"]).exits(0).says("but the session has ended: `tidp login`.").leaves_out("--force");
}

#[test]
fn refresh_sends_only_required_parameters() {
    let bench = expired_session();
    bench.provider.refreshes(bench.clock.time(), "rt-1", TokenResponse::new().refresh_token("rt-2"));
    let document = bench.run(&["refresh", "--json"]).exits(0).json();
    assert_eq!(document["refreshed"], true);
    assert_eq!(document["reason"], "expired");
    assert_eq!((&document["rotated"], &document["renewed"]), (&json!(true), &json!(true)));
    assert_eq!(document["access_token_expires_at"], "2026-01-31T14:00:00Z");
    assert_eq!(document["refresh_token_expires_at"], "2026-05-01T13:00:00Z");
    let request = bench.provider.last("/connect/token");
    assert_eq!(request.field("client_id").as_deref(), Some("app"));
    assert_eq!((request.field("scope"), request.field("client_secret"), request.authorization), (None, None, None));
}

#[test]
fn reused_refresh_token_leaves_renewal_unknown() {
    let bench = expired_session();
    bench.provider.refreshes(bench.clock.time(), "rt-1", TokenResponse::new().refresh_token("rt-1"));
    let document = bench.run(&["refresh", "--json"]).exits(0).json();
    assert_eq!((&document["rotated"], &document["renewed"]), (&json!(false), &json!(null)));
    bench.pass(Seconds(3_600));
    bench.provider.refreshes(bench.clock.time(), "rt-1", TokenResponse::new());
    let outcome = bench.run(&["refresh", "--json"]).exits(0);
    assert_eq!(outcome.json()["renewed"], false);
    assert_eq!(outcome.json()["warnings"][0]["code"], "sso_ended");
    assert_eq!(bench.session().unwrap().held_token().unwrap().value.expose(), "rt-1", "the old token is kept");
}

#[test]
fn force_and_claims_refresh_before_expiry() {
    for (flag, reason) in [("--force", "forced"), ("--claims", "claims")] {
        let bench = Bench::new("MobileApp");
        bench.log_in();
        bench.provider.refreshes(bench.clock.time(), "rt-1", TokenResponse::new().refresh_token("rt-2"));
        assert_eq!(bench.run(&["refresh", flag, "--json"]).exits(0).json()["reason"], reason);
    }
}

#[test]
fn unwritable_store_stops_refresh_before_sending() {
    for (call, kind) in
        [("save", StoreFailureKind::Refused), ("save", StoreFailureKind::TimedOut), ("save", StoreFailureKind::Unknown)]
    {
        let bench = expired_session();
        bench.stores.fail(call, kind);
        bench.run(&["refresh"]).exits(6);
        assert_eq!(bench.provider.count("/connect/token"), 1, "only the login's");
    }
    let bench = expired_session();
    bench.stores.forget_next_save();
    bench.run(&["refresh"]).exits(6).says("reading it back returned something else");
}

#[test]
fn signals_are_deferred_until_slow_save_is_reported() {
    let bench = expired_session();
    let deferred = Arc::new(Mutex::new(Vec::new()));
    let observe = || {
        let (deferred, signals) = (Arc::clone(&deferred), Arc::clone(&bench.signals));
        move || deferred.lock().unwrap().push(signals.are_deferred())
    };
    let (now, in_flight) = (bench.clock.time(), observe());
    bench.provider.expect("/connect/token", move |_| {
        in_flight();
        Ok(TokenResponse::new().refresh_token("rt-2").response(now, None))
    });
    bench.stores.delay_next_save(observe());
    bench.run(&["refresh"]).exits(0).says(
        "waiting for the store to accept the new refresh token (the OS keyring did not respond in time (as the test \
         wants)): 3 s so far",
    );
    assert_eq!(*deferred.lock().unwrap(), [true, true, false], "in flight, before the report, after it");
    assert!(!bench.signals.are_deferred());
    assert_eq!(bench.session().unwrap().held_token().unwrap().value.expose(), "rt-2");
}

#[test]
fn only_lost_response_leaves_refresh_mark() {
    let bench = expired_session();
    bench.provider.fails("/connect/token", HttpFailureKind::NotSent);
    bench.run(&["refresh"]).exits(5);
    assert!(bench.session().unwrap().refresh_started_at.is_none());
    bench.provider.fails("/connect/token", HttpFailureKind::ResponseLost);
    bench.run(&["refresh"]).exits(5).says("may be used up");
    assert!(bench.session().unwrap().refresh_started_at.is_some());
}

#[test]
fn interrupted_refresh_is_retried_with_warning() {
    let bench = expired_session();
    bench.provider.fails("/connect/token", HttpFailureKind::ResponseLost);
    bench.run(&["refresh"]).exits(5);
    bench.provider.refreshes(bench.clock.time(), "rt-1", TokenResponse::new().refresh_token("rt-2"));
    let outcome = bench.run(&["refresh", "--json"]).exits(0);
    assert_eq!(outcome.json()["warnings"][0]["code"], "refresh_interrupted");
    assert!(bench.session().unwrap().refresh_started_at.is_none());
}

#[test]
fn killed_refresh_is_recorded_by_next_run() {
    let bench = expired_session();
    bench.edit(|session| session.refresh_started_at = Some(session.login_at.plus(Seconds(3_601))));
    bench.provider.refuses("invalid_grant");
    bench.run(&["refresh"]).exits(3).says("refresh");
    let events = bench.session().unwrap().events;
    assert!(events.iter().any(|event| matches!(event.kind, EventKind::Interrupted)), "{events:?}");
}

#[test]
fn bad_certificate_is_not_retried() {
    let bench = expired_session();
    bench.provider.fails("/connect/token", HttpFailureKind::Certificate);
    bench.run(&["refresh"]).exits(7);
    assert!(bench.session().unwrap().refresh_started_at.is_none());
}

#[test]
fn stderr_is_buffered_until_new_token_is_stored() {
    let bench = expired_session();
    bench.provider.refreshes(bench.clock.time(), "rt-1", TokenResponse::new().kid("k9").refresh_token("rt-2"));
    bench.provider.responds("/jwks", json(200, &jwks()));
    let fuse = Fuse::whole();
    let args = ["tidp", "refresh", "--verbose"].map(std::ffi::OsString::from);
    assert_eq!(tidp::run(args, &fuse.over(&bench.ports)), 0);
    let moments = fuse.moments();
    let at = |what: &str| moments.iter().position(|moment| moment == what).unwrap();
    let window = &moments[at("after http /connect/token")..at("after store.save_with_retries")];
    assert!(window.iter().all(|moment| !moment.contains("terminal")), "{window:?}");
    let told = bench.terminal.take().1;
    assert!(told.contains("was ignored") && told.contains("/connect/token"), "{told}");
}

#[test]
fn last_failed_refresh_is_described_accurately() {
    for discarded_first in [true, false] {
        let bench = expired_session();
        let discarded = || bench.provider.responds("/connect/token", json(200, &json!({})));
        let lost = || bench.provider.fails("/connect/token", HttpFailureKind::ResponseLost);
        let (first, second) = if discarded_first { (7, 5) } else { (5, 7) };
        if discarded_first {
            discarded()
        } else {
            lost()
        }
        bench.run(&["refresh"]).exits(first);
        bench.pass(Seconds(10));
        if discarded_first {
            lost()
        } else {
            discarded()
        }
        bench.run(&["refresh"]).exits(second);
        let told = if discarded_first { "did not finish" } else { "was answered, but the response failed a check" };
        bench.run(&["inspect"]).exits(0).says(&format!("the refresh started 2026-01-31 13:00:10 UTC {told}"));
    }
}

#[test]
fn quoted_credentials_are_redacted_from_errors() {
    let bench = expired_session();
    bench.edit(|session| {
        let json = session.to_json().expose().replace("rt-1", "rt-1-long-enough-to-redact");
        *session = Session::from_json(&Secret::new(json), &session.key).unwrap();
    });
    bench.provider.expect("/connect/token", |seen| {
        let token = seen.field("refresh_token").unwrap();
        assert_eq!(token, "rt-1-long-enough-to-redact");
        let description = format!("refresh token {token} is unknown");
        Ok(json(400, &json!({ "error": "invalid_grant", "error_description": description })))
    });
    let outcome = bench.run(&["refresh", "--verbose"]).exits(3).says("refresh token … is unknown");
    outcome.leaves_out("long-enough-to-redact");
}

#[test]
fn unstorable_new_token_is_an_error() {
    let bench = expired_session();
    bench.stores.fail("save_with_retries", StoreFailureKind::Refused);
    bench.provider.refreshes(bench.clock.time(), "rt-1", TokenResponse::new().refresh_token("rt-2"));
    bench.run(&["token"]).exits(6).says("the new one could not be stored");
}

#[test]
fn unconfirmed_new_token_is_confirmed_by_reading_back() {
    let bench = expired_session();
    bench.provider.expect("/connect/token", {
        let (stores, now) = (std::sync::Arc::clone(&bench.stores), bench.clock.time());
        move |_| {
            stores.fail("answer to save", StoreFailureKind::Unknown);
            Ok(TokenResponse::new().refresh_token("rt-2").response(now, None))
        }
    });
    bench.run(&["token"]).exits(0);
    assert_eq!(stored_refresh_token(&bench).as_deref(), Some("rt-2"));
}

fn stored_refresh_token(bench: &Bench) -> Option<String> {
    bench.session().unwrap().held_token().map(|held| held.value.expose().to_owned())
}

/// A response with only a content type and this body.
fn text_response(status: u16, kind: &str, body: &str) -> Response {
    Response { status, headers: vec![("content-type".into(), kind.into())], body: body.into() }
}
