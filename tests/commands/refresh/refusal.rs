//! Refusals of a refresh: which keep the refresh token, and which are tried again.

use super::{expired_session, stored_refresh_token, text_response};
use crate::support::Bench;
use crate::support::provider::json;
use crate::support::tokens::{ISSUER, TokenResponse, discovery, jwks};
use serde_json::{Value, json};
use tidp::testing::domain::session::{EntryKey, EventKind, RefreshReason, RefreshRequest};
use tidp::testing::domain::time::Seconds;
use tidp::testing::ports::Response;

#[test]
fn invalid_grant_drops_refresh_token() {
    let bench = expired_session();
    bench.provider.refuses("invalid_grant");
    let outcome = bench.run(&["refresh", "--json"]).exits(3);
    assert_eq!(outcome.error()["kind"], "login_required");
    assert_eq!(outcome.error()["provider"]["error"], "invalid_grant");
    let session = bench.session().unwrap();
    assert!(session.held_token().is_none());
    assert!(session.id_token.is_some(), "the rest is kept");
    bench.run(&["refresh"]).exits(3);
}

#[test]
fn invalid_client_keeps_session() {
    let bench = expired_session();
    bench.provider.refuses("invalid_client");
    bench.run(&["refresh"]).exits(4).says("invalid_client");
    let session = bench.session().unwrap();
    assert_eq!(session.held_token().unwrap().value.expose(), "rt-1");
    assert!(session.refresh_started_at.is_none());
}

#[test]
fn temporary_failure_keeps_session() {
    let html =
        Response { status: 200, headers: vec![("content-type".into(), "text/html".into())], body: b"<html>".to_vec() };
    for (response, spent) in [
        (json(429, &json!({})), false),
        (json(503, &json!({})), false),
        (json(500, &json!({})), true),
        (json(502, &json!({})), true),
        (html, true),
    ] {
        let bench = expired_session();
        let status = response.status;
        bench.provider.responds("/connect/token", response);
        bench.run(&["refresh"]).exits(5);
        let session = bench.session().unwrap();
        assert_eq!(session.held_token().unwrap().value.expose(), "rt-1");
        assert_eq!(session.refresh_started_at.is_some(), spent, "{status}");
    }
}

#[test]
fn gateway_error_is_mentioned_at_next_refusal() {
    for status in [503, 429] {
        let bench = expired_session();
        (0..3).for_each(|_| {
            bench.provider.responds("/connect/token", json(status, &json!({})));
            bench.run(&["refresh"]).exits(5);
            assert!(bench.session().unwrap().refresh_started_at.is_none(), "nothing is under way");
        });
        let again = bench.session().unwrap().events;
        assert_eq!(again.iter().filter(|event| matches!(event.kind, EventKind::Unanswered { .. })).count(), 1);
        bench.provider.refuses("invalid_grant");
        bench.run(&["refresh"]).exits(3).says("used up already: the refresh before it got no usable response");
        let bench = expired_session();
        bench.provider.responds("/connect/token", json(status, &json!({})));
        bench.run(&["refresh"]).exits(5);
        bench.pass(Seconds::days(90));
        bench.provider.expect_discovery();
        bench.provider.responds("/jwks", json(200, &jwks()));
        bench.provider.refuses("invalid_grant");
        bench.run(&["refresh"]).exits(3).says("It had probably expired: under the policy");
    }
}

#[test]
fn refusals_requiring_login_drop_refresh_token() {
    for error in ["invalid_grant", "interaction_required", "login_required", "consent_required", "invalid_token"] {
        let bench = expired_session();
        bench.provider.refuses(error);
        let outcome = bench.run(&["refresh", "--json"]).exits(3);
        assert_eq!(outcome.error()["provider"]["error"], error);
        assert_eq!(outcome.error()["hint"], "tidp login");
        assert_eq!(stored_refresh_token(&bench), None, "{error}");
        bench.run(&["token"]).exits(3);
        assert_eq!(bench.provider.count("/connect/token"), 2, "the login's and one refresh: {error}");
    }
}

#[test]
fn client_refusals_keep_refresh_token() {
    for error in ["invalid_client", "unauthorized_client", "invalid_scope", "invalid_request"] {
        let bench = expired_session();
        for _ in 0..3 {
            bench.provider.refuses(error);
            bench.run(&["refresh"]).exits(4).says(error);
        }
        assert_eq!(stored_refresh_token(&bench).as_deref(), Some("rt-1"));
        bench.run(&["policy", "--require", "2d"]).exits(3).says("refused the last refresh");
        let refused = |event: &&tidp::testing::domain::session::SessionEvent| {
            matches!(event.kind, EventKind::RefusedTokenKept { .. })
        };
        assert_eq!(bench.session().unwrap().events.iter().filter(refused).count(), 1, "{error}");
        bench.provider.refreshes(bench.clock.time(), "rt-1", TokenResponse::new().refresh_token("rt-2"));
        bench.run(&["refresh"]).exits(0).leaves_out("begun");
        bench.run(&["policy", "--require", "2d"]).exits(0);
    }
}

/// Refusals without a usable error code, each with the words that report it.
fn unclear_refusals() -> Vec<(Response, &'static str)> {
    vec![
        (text_response(400, "", ""), "HTTP 400, no reason given"),
        (text_response(401, "text/plain", "no"), "HTTP 401, no reason given"),
        (json(400, &json!({ "message": "no" })), "HTTP 400, no reason given"),
        (json(400, &json!({ "error": { "code": 7 } })), "HTTP 400, no reason given"),
        (
            json(400, &json!({ "error": "bad_request", "error_description": "the grant is invalid" })),
            "grant is invalid",
        ),
    ]
}

#[test]
fn unclear_refusal_is_retried_once() {
    for (response, words) in unclear_refusals() {
        let bench = expired_session();
        bench.provider.responds("/connect/token", response.clone());
        let outcome = bench.run(&["token", "--json"]).exits(4).says("is kept; the next refresh will show");
        assert_eq!((&outcome.error()["kind"], &outcome.error()["hint"]), (&json!("refused"), &json!("tidp login")));
        outcome.says(words);
        assert_eq!(stored_refresh_token(&bench).as_deref(), Some("rt-1"), "{words}");
        assert!(bench.session().unwrap().refresh_started_at.is_none(), "a refusal has spent nothing");
        bench.provider.responds("/connect/token", response.clone());
        bench.run(&["token"]).exits(3).says("rejected the refresh token");
        assert_eq!(stored_refresh_token(&bench), None, "{words}");
        bench.run(&["token"]).exits(3);
    }
    // After a successful refresh the count starts again.
    let bench = expired_session();
    let no = || bench.provider.responds("/connect/token", text_response(400, "", ""));
    no();
    bench.run(&["token"]).exits(4);
    bench.provider.refreshes(bench.clock.time(), "rt-1", TokenResponse::new().refresh_token("rt-2"));
    bench.run(&["token"]).exits(0).leaves_out("warning");
    bench.pass(Seconds(3_600));
    no();
    bench.run(&["token"]).exits(4);
    assert_eq!(stored_refresh_token(&bench).as_deref(), Some("rt-2"));
}

#[test]
fn concurrent_unclear_refusals_count_once() {
    let bench = expired_session();
    let before = bench.session().unwrap();
    let request = RefreshRequest { reason: RefreshReason::Expired, scopes: None, sent_at: bench.clock.time() };
    let refused = before.after_refusal_with_token_kept("HTTP 400", request, true);
    // Another process is refused while this one waits for the lock.
    let entry = EntryKey::Session(bench.key()).name();
    bench.stores.when_lock_is_taken(&entry, refused.to_json().expose());
    bench.provider.responds("/connect/token", text_response(400, "", ""));
    bench.run(&["token"]).exits(4).says("is kept; the next refresh will show");
    assert_eq!(stored_refresh_token(&bench).as_deref(), Some("rt-1"));
    bench.provider.responds("/connect/token", text_response(400, "", ""));
    bench.run(&["token"]).exits(3);
}

#[test]
fn gateway_errors_keep_refresh_token() {
    for status in [403, 404] {
        let bench = expired_session();
        bench.provider.fails("/connect/token", tidp::testing::ports::HttpFailureKind::ResponseLost);
        bench.run(&["token"]).exits(5);
        for _ in 0..3 {
            bench.provider.responds("/connect/token", json(status, &json!({ "error": "Not Found", "status": status })));
            (status == 404).then(|| bench.provider.expect_discovery());
            bench.run(&["token"]).exits(4);
            bench.pass(Seconds(60));
        }
        assert_eq!(stored_refresh_token(&bench).as_deref(), Some("rt-1"), "{status}");
    }
}

#[test]
fn temporary_refusals_leave_no_refresh_mark() {
    for response in [
        json(400, &json!({ "error": "temporarily_unavailable" })),
        json(401, &json!({ "error": "slow_down" })),
        text_response(403, "text/html", "<html>blocked"),
        text_response(425, "", ""),
    ] {
        let bench = expired_session();
        bench.provider.responds("/connect/token", response);
        bench.run(&["token"]).exits(5).leaves_out("may be used up");
        assert!(bench.session().unwrap().refresh_started_at.is_none());
    }
}

#[test]
fn possibly_spent_token_is_tried_once() {
    let bench = expired_session();
    bench.provider.fails("/connect/token", tidp::testing::ports::HttpFailureKind::ResponseLost);
    bench.run(&["token"]).exits(5);
    bench.provider.responds("/connect/token", text_response(400, "", ""));
    bench.run(&["token"]).exits(3).says("Trying it once").says("hint: tidp login");
    assert_eq!(stored_refresh_token(&bench), None);
}

#[test]
fn refused_session_is_reported_as_unknown() {
    let bench = expired_session();
    bench.provider.responds("/connect/token", text_response(400, "", ""));
    bench.run(&["refresh"]).exits(4);
    let policy = bench.run(&["policy", "--json"]).exits(0).json();
    for member in ["expires_at", "expires_at_earliest", "remaining", "after_refresh_expires_at"] {
        assert_eq!(policy[member], Value::Null, "{member}");
    }
    assert_eq!((&policy["sso"], &policy["next_action"]), (&json!("unknown"), &json!("refresh")));
    assert_eq!(policy["warnings"][0]["code"], "refresh_refused");
    let text = bench.run(&["policy", "--why"]).exits(0).stdout;
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("(HTTP 400) without saying that the refresh token is invalid"), "{text}");
    assert!(text.contains("`tidp refresh --force`") && text.contains("the refresh token was kept"), "{text}");
    assert!(!text.contains("Session until") && !text.contains("use it before the end"), "{text}");
    bench.run(&["policy", "--require", "1s"]).exits(3).says("refused the last refresh");
    assert_eq!(bench.run(&["policy", "--short"]).exits(0).stdout, "Mobile refresh due\n");
    let inspected = bench.run(&["inspect", "--json"]).exits(0).json();
    assert_eq!((&inspected["refresh_token"]["state"], &inspected["sso"]), (&json!("unknown"), &json!("unknown")));
    assert_eq!(inspected["refresh_token"]["expires_at"], Value::Null);
}

#[test]
fn keepalive_retries_refused_session_at_once() {
    for client_type in ["MobileApp", "PublicWithRefresh"] {
        let bench = Bench::new(client_type);
        bench.log_in();
        let no = || bench.provider.responds("/connect/token", text_response(400, "", ""));
        no();
        bench.run(&["refresh", "--force"]).exits(4);
        no();
        bench.run(&["keepalive", "--for", "2s"]).exits(3).says("tidp login");
    }
    let bench = Bench::new("MobileApp");
    bench.log_in();
    bench.provider.responds("/connect/token", text_response(400, "", ""));
    bench.run(&["refresh", "--force"]).exits(4);
    bench.provider.refreshes(bench.clock.time(), "rt-1", TokenResponse::new().refresh_token("rt-2"));
    bench.run(&["keepalive", "--for", "2s"]).exits(0);
}

#[test]
fn other_refusals_show_http_status() {
    for status in [403, 413, 451] {
        let bench = expired_session();
        for _ in 0..3 {
            bench.provider.responds("/connect/token", text_response(status, "text/plain", "no"));
            bench.run(&["token"]).exits(4).says(&format!("HTTP {status}"));
        }
        assert_eq!(stored_refresh_token(&bench).as_deref(), Some("rt-1"));
        bench.run(&["policy", "--require", "1s"]).exits(3);
    }
}

#[test]
fn expiry_by_provider_clock_is_explained() {
    let refused_at = |bench: &Bench, date: &str| {
        let mut refused = json(400, &json!({ "error": "invalid_grant" }));
        refused.headers.push(("date".into(), date.into()));
        bench.provider.responds("/connect/token", refused);
        bench.run(&["refresh", "--force"]).exits(3)
    };
    // The provider's clock was moved, as a sandbox's can be.
    let bench = Bench::new("PublicWithRefresh");
    bench.log_in();
    refused_at(&bench, "Sat, 31 Jan 2026 12:11:00 GMT")
        .says("had probably expired: under the policy")
        .says("11 min ahead of this machine's");
    let text = bench.run(&["policy"]).exits(0).stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("had probably expired: under the policy") && !text.contains("used elsewhere"), "{text}");
    // A clock that was ahead at the login explains nothing.
    let bench = Bench::new("PublicWithRefresh");
    let theirs = bench.clock.time().plus(Seconds::minutes(11));
    let browser = std::sync::Arc::clone(&bench.browser);
    bench.provider.expect_metadata();
    bench.provider.expect("/connect/token", move |_| {
        let nonce = crate::support::ports::parameter(&browser.request().unwrap(), "nonce");
        let response = TokenResponse::new().refresh_token("rt-1").date("Sat, 31 Jan 2026 12:11:00 GMT");
        Ok(response.response(theirs, Some(&nonce)))
    });
    bench.run(&["login"]).exits(0).says("behind the provider's");
    refused_at(&bench, "Sat, 31 Jan 2026 12:11:00 GMT")
        .leaves_out("had probably expired: under the policy")
        .says("used elsewhere");
    // Nor one that was ahead at the last refresh.
    let bench = Bench::new("PublicWithRefresh");
    bench.log_in();
    let ahead = TokenResponse::new().refresh_token("rt-2").date("Sat, 31 Jan 2026 12:11:00 GMT");
    bench.provider.refreshes(theirs, "rt-1", ahead);
    bench.run(&["refresh", "--force"]).exits(0);
    refused_at(&bench, "Sat, 31 Jan 2026 12:11:00 GMT")
        .leaves_out("had probably expired: under the policy")
        .says("used elsewhere");
}

#[test]
fn document_of_the_last_ten_seconds_is_not_fetched_again() {
    for (seconds, fetched) in [(0, 1), (9, 1), (10, 2), (-1, 2)] {
        let bench = Bench::new("MobileApp");
        bench.log_in();
        bench.files.0.lock().unwrap().retain(|path, _| !path.starts_with("/home/kari/cache"));
        bench.provider.publishes();
        let before = bench.provider.count("/.well-known/openid-configuration");
        let clock = std::sync::Arc::clone(&bench.clock);
        bench.provider.expect("/connect/token", move |_| {
            clock.suspend(Seconds(seconds));
            Ok(text_response(404, "", ""))
        });
        bench.run(&["refresh", "--force"]).exits(4).says("HTTP 404");
        let count = bench.provider.count("/.well-known/openid-configuration") - before;
        assert_eq!(count, fetched, "after {seconds} s");
    }
}

#[test]
fn moved_endpoints_are_rediscovered() {
    let moved = |name: &str, path: &str| {
        let mut document = discovery();
        document[name] = format!("{ISSUER}{path}").into();
        json(200, &document)
    };
    for status in [404, 405, 410] {
        let bench = expired_session();
        bench.provider.responds("/connect/token", text_response(status, "text/html", "<html>"));
        bench.provider.responds("/.well-known/openid-configuration", moved("token_endpoint", "/v2/token"));
        let now = bench.clock.time();
        bench.provider.expect("/v2/token", move |request| {
            assert_eq!(request.field("refresh_token").as_deref(), Some("rt-1"));
            Ok(TokenResponse::new().refresh_token("rt-2").response(now, None))
        });
        bench.run(&["token"]).exits(0);
        assert_eq!(stored_refresh_token(&bench).as_deref(), Some("rt-2"), "{status}");
    }
    // Also when the cached copy is new.
    let bench = Bench::new("MobileApp");
    bench.log_in();
    bench.provider.responds("/connect/token", text_response(404, "", ""));
    bench.provider.responds("/.well-known/openid-configuration", moved("token_endpoint", "/v2/token"));
    let now = bench.clock.time();
    bench.provider.expect("/v2/token", move |_| Ok(TokenResponse::new().refresh_token("rt-2").response(now, None)));
    bench.run(&["refresh", "--force"]).exits(0);
    // An unchanged address is a refusal, and keeps the session.
    let bench = expired_session();
    bench.provider.responds("/connect/token", text_response(404, "", ""));
    bench.provider.expect_discovery();
    bench.run(&["token"]).exits(4).says("HTTP 404");
    assert_eq!(stored_refresh_token(&bench).as_deref(), Some("rt-1"));
    let bench = expired_session();
    bench.provider.responds("/connect/userinfo", text_response(404, "", ""));
    bench.provider.responds("/.well-known/openid-configuration", moved("userinfo_endpoint", "/v2/userinfo"));
    bench.provider.responds("/v2/userinfo", json(200, &json!({ "sub": crate::support::tokens::SUB })));
    bench.provider.refreshes(bench.clock.time(), "rt-1", TokenResponse::new().refresh_token("rt-2"));
    bench.run(&["userinfo"]).exits(0);
    let bench = expired_session();
    bench.provider.responds("/connect/revocation", text_response(410, "", ""));
    bench.provider.responds("/.well-known/openid-configuration", moved("revocation_endpoint", "/v2/revocation"));
    bench.provider.responds("/v2/revocation", text_response(200, "", ""));
    bench.provider.responds("/api/logout", text_response(200, "text/plain", "the state"));
    bench.run(&["logout"]).exits(0).says("revoked");
    let bench = expired_session();
    bench.provider.refreshes(bench.clock.time(), "rt-1", TokenResponse::new().kid("k2").refresh_token("rt-2"));
    bench.provider.responds("/jwks", text_response(404, "", ""));
    bench.provider.responds("/.well-known/openid-configuration", moved("jwks_uri", "/v2/jwks"));
    bench.provider.responds("/v2/jwks", json(200, &crate::support::tokens::jwks_named("k2")));
    bench.run(&["refresh"]).exits(0).leaves_out("was ignored");
}
