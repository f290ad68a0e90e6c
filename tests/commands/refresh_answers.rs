//! What the provider may answer to a refresh, and what becomes of the session.

use crate::support::Bench;
use crate::support::provider::json;
use crate::support::tokens::{Answer, ISSUER, discovery};
use serde_json::{Value, json};
use tidp::testing::domain::session::{EntryKey, EventKind, RefreshReason};
use tidp::testing::domain::time::Seconds;
use tidp::testing::ports::Response;

/// A Mobile session whose access token has expired.
fn expired() -> Bench {
    let bench = Bench::new("MobileApp");
    bench.log_in();
    bench.pass(Seconds(3_600));
    bench
}

fn held(bench: &Bench) -> Option<String> {
    bench.session().unwrap().held_token().map(|held| held.value.expose().to_owned())
}

/// That status with that body, and no more than it takes.
fn plain(status: u16, kind: &str, body: &str) -> Response {
    Response { status, headers: vec![("content-type".into(), kind.into())], body: body.into() }
}

/// The answer with a member set, to `null` too.
fn with_member(response: Response, name: &str, value: &Value) -> Response {
    let mut body: Value = serde_json::from_slice(&response.body).unwrap();
    body[name] = value.clone();
    Response { body: body.to_string().into_bytes(), ..response }
}

#[test]
fn flawed_new_id_token_is_skipped() {
    let now = expired().clock.time().unix();
    for (claim, value) in [
        ("auth_time", json!(now - 60)),
        ("auth_time", json!("then")),
        ("iat", json!(now - 7_200)),
        ("iat", Value::Null),
        ("exp", Value::Null),
        ("exp", json!(now - 3_600)),
    ] {
        let bench = expired();
        let before = bench.session().unwrap().id_token;
        let flawed = Answer::new().refresh_token("rt-2").id_claim(claim, value.clone());
        bench.provider.refreshes(bench.clock.time(), "rt-1", flawed);
        let outcome = bench.run(&["refresh", "--json"]).exits(0);
        assert_eq!(outcome.json()["warnings"][0]["code"], "id_token_not_checked", "{claim} {value}");
        assert_eq!(held(&bench).as_deref(), Some("rt-2"), "{claim} {value}");
        assert_eq!(bench.session().unwrap().id_token, before, "the old one is kept");
        bench.run(&["token"]).exits(0);
    }
    // What points to somebody else makes the answer worthless, whatever else is wrong.
    for (claim, value) in [("aud", json!("another")), ("nonce", json!("another")), ("at_hash", json!("x"))] {
        let bench = expired();
        let wrong = Answer::new().refresh_token("rt-2").id_claim(claim, value).id_claim("auth_time", json!(now - 60));
        bench.provider.refreshes(bench.clock.time(), "rt-1", wrong);
        bench.run(&["refresh"]).exits(7);
        assert_eq!(held(&bench).as_deref(), Some("rt-1"), "{claim}");
    }
}

#[test]
fn malformed_new_id_token_is_skipped() {
    for odd in [json!(5), json!(false), json!({}), json!([]), json!(" "), json!("garbage")] {
        let bench = expired();
        let answer = Answer::new().refresh_token("rt-2").member("id_token", odd.clone());
        bench.provider.refreshes(bench.clock.time(), "rt-1", answer);
        bench.run(&["refresh"]).exits(0).says("was skipped");
        assert_eq!(held(&bench).as_deref(), Some("rt-2"), "{odd}");
        // One that comes flawed each time is not asked for again and again.
        bench.run(&["token", "--id-token"]).exits(3).says("hint: tidp login");
    }
}

#[test]
fn wider_scope_after_refresh_is_warned_about() {
    let bench = expired();
    let answer = Answer::new().refresh_token("rt-2").member("scope", json!("openid admin"));
    bench.provider.refreshes(bench.clock.time(), "rt-1", answer);
    let outcome = bench.run(&["refresh", "--json"]).exits(0).says("admin");
    assert_eq!(outcome.json()["warnings"][0]["code"], "scope_more_than_asked");
}

#[test]
fn new_azp_naming_this_client_is_accepted() {
    let bench = expired();
    let answer = Answer::new().refresh_token("rt-2").id_claim("azp", json!("app"));
    bench.provider.refreshes(bench.clock.time(), "rt-1", answer);
    bench.run(&["refresh"]).exits(0).leaves_out("was skipped");
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
        let bench = expired();
        let (now, changed) = (bench.clock.time(), value.clone());
        bench.provider.expect("/connect/token", move |_| {
            Ok(with_member(Answer::new().refresh_token("rt-2").response(now, None), name, &changed))
        });
        bench.run(&["refresh"]).exits(0);
        let kept = if name == "refresh_token" { "rt-1" } else { "rt-2" };
        assert_eq!(held(&bench).as_deref(), Some(kept), "{name} {value}");
        assert_eq!(bench.session().unwrap().scopes, ["openid", "profile", "offline_access"], "{name} {value}");
        assert_eq!(bench.session().unwrap().access_token.expires_at, now.plus(Seconds(3_600)), "{name} {value}");
    }
    let bench = Bench::new("MobileApp");
    let nothing = Answer::new().member("scope", json!("")).member("expires_in", json!("3600")).refresh_token("rt-1");
    bench.log_in_with(nothing).exits(0);
    assert_eq!(bench.session().unwrap().scopes, ["openid", "profile", "offline_access"]);
}

#[test]
fn refusals_requiring_login_drop_refresh_token() {
    for error in ["invalid_grant", "interaction_required", "login_required", "consent_required", "invalid_token"] {
        let bench = expired();
        bench.provider.refuses(error);
        let outcome = bench.run(&["refresh", "--json"]).exits(3);
        assert_eq!(outcome.error()["provider"]["error"], error);
        assert_eq!(outcome.error()["hint"], "tidp login");
        assert_eq!(held(&bench), None, "{error}");
        bench.run(&["token"]).exits(3);
        assert_eq!(bench.provider.count("/connect/token"), 2, "the login's and one refresh: {error}");
    }
}

#[test]
fn client_refusals_keep_refresh_token() {
    for error in ["invalid_client", "unauthorized_client", "invalid_scope", "invalid_request"] {
        let bench = expired();
        for _ in 0..3 {
            bench.provider.refuses(error);
            bench.run(&["refresh"]).exits(4).says(error);
        }
        assert_eq!(held(&bench).as_deref(), Some("rt-1"));
        bench.run(&["policy", "--require", "2d"]).exits(3).says("refused the last refresh");
        let refused = |event: &&tidp::testing::domain::session::SessionEvent| {
            matches!(event.kind, EventKind::RefusedTokenKept { .. })
        };
        assert_eq!(bench.session().unwrap().events.iter().filter(refused).count(), 1, "{error}");
        bench.provider.refreshes(bench.clock.time(), "rt-1", Answer::new().refresh_token("rt-2"));
        bench.run(&["refresh"]).exits(0).leaves_out("begun");
        bench.run(&["policy", "--require", "2d"]).exits(0);
    }
}

/// Refusals that do not say for what, each with the words that tell it.
fn unclear() -> Vec<(Response, &'static str)> {
    vec![
        (plain(400, "", ""), "HTTP 400, no reason given"),
        (plain(401, "text/plain", "no"), "HTTP 401, no reason given"),
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
    for (response, words) in unclear() {
        let bench = expired();
        bench.provider.answers("/connect/token", response.clone());
        let outcome = bench.run(&["token", "--json"]).exits(4).says("tries it once more");
        assert_eq!((&outcome.error()["kind"], &outcome.error()["hint"]), (&json!("refused"), &json!("tidp login")));
        outcome.says(words);
        assert_eq!(held(&bench).as_deref(), Some("rt-1"), "{words}");
        assert!(bench.session().unwrap().refresh_started_at.is_none(), "a refusal has spent nothing");
        bench.provider.answers("/connect/token", response.clone());
        bench.run(&["token"]).exits(3).says("rejected the refresh token");
        assert_eq!(held(&bench), None, "{words}");
        bench.run(&["token"]).exits(3);
    }
    // What works again is as good as new, and the next such refusal is the first again.
    let bench = expired();
    let no = || bench.provider.answers("/connect/token", plain(400, "", ""));
    no();
    bench.run(&["token"]).exits(4);
    bench.provider.refreshes(bench.clock.time(), "rt-1", Answer::new().refresh_token("rt-2"));
    bench.run(&["token"]).exits(0).leaves_out("warning");
    bench.pass(Seconds(3_600));
    no();
    bench.run(&["token"]).exits(4);
    assert_eq!(held(&bench).as_deref(), Some("rt-2"));
}

#[test]
fn concurrent_unclear_refusals_count_once() {
    let bench = expired();
    let before = bench.session().unwrap();
    let refused = before.after_refusal_with_token_kept("HTTP 400", RefreshReason::Expired, bench.clock.time(), true);
    // Another run was refused while this one waited for the lock.
    let entry = EntryKey::Session(bench.key()).name();
    bench.stores.when_lock_is_taken(&entry, refused.to_json().expose());
    bench.provider.answers("/connect/token", plain(400, "", ""));
    bench.run(&["token"]).exits(4).says("tries it once more");
    assert_eq!(held(&bench).as_deref(), Some("rt-1"));
    bench.provider.answers("/connect/token", plain(400, "", ""));
    bench.run(&["token"]).exits(3);
}

#[test]
fn gateway_errors_keep_refresh_token() {
    for status in [403, 404] {
        let bench = expired();
        bench.provider.fails("/connect/token", tidp::testing::ports::HttpFailureKind::AnswerLost);
        bench.run(&["token"]).exits(5);
        for _ in 0..3 {
            bench.provider.answers("/connect/token", json(status, &json!({ "error": "Not Found", "status": status })));
            (status == 404).then(|| bench.provider.announces_discovery());
            bench.run(&["token"]).exits(4);
            bench.pass(Seconds(60));
        }
        assert_eq!(held(&bench).as_deref(), Some("rt-1"), "{status}");
    }
}

#[test]
fn temporary_refusals_leave_no_refresh_mark() {
    for response in [
        json(400, &json!({ "error": "temporarily_unavailable" })),
        json(401, &json!({ "error": "slow_down" })),
        plain(403, "text/html", "<html>blocked"),
        plain(425, "", ""),
    ] {
        let bench = expired();
        bench.provider.answers("/connect/token", response);
        bench.run(&["token"]).exits(5).leaves_out("may have been spent");
        assert!(bench.session().unwrap().refresh_started_at.is_none());
    }
}

#[test]
fn unverifiable_id_token_for_another_client_is_rejected() {
    let bench = expired();
    bench.pass(Seconds::days(1));
    bench.provider.announces_discovery();
    bench.provider.fails("/jwks", tidp::testing::ports::HttpFailureKind::NotSent);
    let answer = Answer::new().refresh_token("rt-2").id_claim("aud", json!("another"));
    bench.provider.refreshes(bench.clock.time(), "rt-1", answer);
    bench.run(&["refresh"]).exits(7).says("`aud`");
    // One of another algorithm that names nobody else is left out, and the rest is kept.
    let bench = expired();
    let claims = json!({ "iss": ISSUER, "sub": crate::support::tokens::SUB, "aud": "app" });
    let token = crate::support::tokens::sign(&json!({ "alg": "ES256", "kid": "k1" }), &claims);
    let answer = Answer::new().refresh_token("rt-2").member("id_token", token.into());
    bench.provider.refreshes(bench.clock.time(), "rt-1", answer);
    bench.run(&["refresh"]).exits(0).says("ES256");
    assert_eq!(held(&bench).as_deref(), Some("rt-2"));
}

#[test]
fn possibly_spent_token_is_tried_once() {
    let bench = expired();
    bench.provider.fails("/connect/token", tidp::testing::ports::HttpFailureKind::AnswerLost);
    bench.run(&["token"]).exits(5);
    bench.provider.answers("/connect/token", plain(400, "", ""));
    bench.run(&["token"]).exits(3).says("Trying it once").says("hint: tidp login");
    assert_eq!(held(&bench), None);
}

#[test]
fn refused_session_is_reported_as_unknown() {
    let bench = expired();
    bench.provider.answers("/connect/token", plain(400, "", ""));
    bench.run(&["refresh"]).exits(4);
    let policy = bench.run(&["policy", "--json"]).exits(0).json();
    for member in ["expires_at", "expires_at_earliest", "remaining", "after_refresh_expires_at"] {
        assert_eq!(policy[member], Value::Null, "{member}");
    }
    assert_eq!((&policy["sso"], &policy["next_action"]), (&json!("unknown"), &json!("refresh")));
    assert_eq!(policy["warnings"][0]["code"], "refresh_refused");
    let told = bench.run(&["policy", "--why"]).exits(0).stdout;
    let told = told.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("(HTTP 400) without saying that the refresh token is invalid"), "{told}");
    assert!(told.contains("`tidp refresh --force`") && told.contains("the refresh token was kept"), "{told}");
    assert!(!told.contains("lives until") && !told.contains("There is no hurry"), "{told}");
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
        let no = || bench.provider.answers("/connect/token", plain(400, "", ""));
        no();
        bench.run(&["refresh", "--force"]).exits(4);
        no();
        bench.run(&["keepalive", "--for", "2s"]).exits(3).says("tidp login");
    }
    let bench = Bench::new("MobileApp");
    bench.log_in();
    bench.provider.answers("/connect/token", plain(400, "", ""));
    bench.run(&["refresh", "--force"]).exits(4);
    bench.provider.refreshes(bench.clock.time(), "rt-1", Answer::new().refresh_token("rt-2"));
    bench.run(&["keepalive", "--for", "2s"]).exits(0);
}

#[test]
fn other_refusals_show_http_status() {
    for status in [403, 413, 451] {
        let bench = expired();
        for _ in 0..3 {
            bench.provider.answers("/connect/token", plain(status, "text/plain", "no"));
            bench.run(&["token"]).exits(4).says(&format!("HTTP {status}"));
        }
        assert_eq!(held(&bench).as_deref(), Some("rt-1"));
        bench.run(&["policy", "--require", "1s"]).exits(3);
    }
}

#[test]
fn expiry_by_provider_clock_is_explained() {
    let refused_at = |bench: &Bench, date: &str| {
        let mut refused = json(400, &json!({ "error": "invalid_grant" }));
        refused.headers.push(("date".into(), date.into()));
        bench.provider.answers("/connect/token", refused);
        bench.run(&["refresh", "--force"]).exits(3)
    };
    // Somebody has moved the provider's clock, as a sandbox's can be.
    let bench = Bench::new("PublicWithRefresh");
    bench.log_in();
    refused_at(&bench, "Sat, 31 Jan 2026 12:11:00 GMT")
        .says("had expired: by the policy")
        .says("11 min ahead of this machine's");
    let told = bench.run(&["policy"]).exits(0).stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(told.contains("had expired: by the policy") && !told.contains("used elsewhere"), "{told}");
    // A clock that was as far ahead at the login explains nothing.
    let bench = Bench::new("PublicWithRefresh");
    let theirs = bench.clock.time().plus(Seconds::minutes(11));
    let browser = std::sync::Arc::clone(&bench.browser);
    bench.provider.announces_itself();
    bench.provider.expect("/connect/token", move |_| {
        let nonce = crate::support::ports::parameter(&browser.request().unwrap(), "nonce");
        let answer = Answer::new().refresh_token("rt-1").date("Sat, 31 Jan 2026 12:11:00 GMT");
        Ok(answer.response(theirs, Some(&nonce)))
    });
    bench.run(&["login"]).exits(0).says("behind the provider's");
    refused_at(&bench, "Sat, 31 Jan 2026 12:11:00 GMT").leaves_out("had expired: by the policy").says("used elsewhere");
}

#[test]
fn moved_endpoints_are_rediscovered() {
    let moved = |name: &str, path: &str| {
        let mut document = discovery();
        document[name] = format!("{ISSUER}{path}").into();
        json(200, &document)
    };
    for status in [404, 405, 410] {
        let bench = expired();
        bench.provider.answers("/connect/token", plain(status, "text/html", "<html>"));
        bench.provider.answers("/.well-known/openid-configuration", moved("token_endpoint", "/v2/token"));
        let now = bench.clock.time();
        bench.provider.expect("/v2/token", move |seen| {
            assert_eq!(seen.field("refresh_token").as_deref(), Some("rt-1"));
            Ok(Answer::new().refresh_token("rt-2").response(now, None))
        });
        bench.run(&["token"]).exits(0);
        assert_eq!(held(&bench).as_deref(), Some("rt-2"), "{status}");
    }
    // Also right after the copy was made.
    let bench = Bench::new("MobileApp");
    bench.log_in();
    bench.provider.answers("/connect/token", plain(404, "", ""));
    bench.provider.answers("/.well-known/openid-configuration", moved("token_endpoint", "/v2/token"));
    let now = bench.clock.time();
    bench.provider.expect("/v2/token", move |_| Ok(Answer::new().refresh_token("rt-2").response(now, None)));
    bench.run(&["refresh", "--force"]).exits(0);
    // Where the new document names the same address, it is a refusal, and the session is kept.
    let bench = expired();
    bench.provider.answers("/connect/token", plain(404, "", ""));
    bench.provider.announces_discovery();
    bench.run(&["token"]).exits(4).says("HTTP 404");
    assert_eq!(held(&bench).as_deref(), Some("rt-1"));
    let bench = expired();
    bench.provider.answers("/connect/userinfo", plain(404, "", ""));
    bench.provider.answers("/.well-known/openid-configuration", moved("userinfo_endpoint", "/v2/userinfo"));
    bench.provider.answers("/v2/userinfo", json(200, &json!({ "sub": crate::support::tokens::SUB })));
    bench.provider.refreshes(bench.clock.time(), "rt-1", Answer::new().refresh_token("rt-2"));
    bench.run(&["userinfo"]).exits(0);
    let bench = expired();
    bench.provider.answers("/connect/revocation", plain(410, "", ""));
    bench.provider.answers("/.well-known/openid-configuration", moved("revocation_endpoint", "/v2/revocation"));
    bench.provider.answers("/v2/revocation", plain(200, "", ""));
    bench.provider.answers("/api/logout", plain(200, "text/plain", "the state"));
    bench.run(&["logout"]).exits(0).says("revoked");
    let bench = expired();
    bench.provider.refreshes(bench.clock.time(), "rt-1", Answer::new().kid("k2").refresh_token("rt-2"));
    bench.provider.answers("/jwks", plain(404, "", ""));
    bench.provider.answers("/.well-known/openid-configuration", moved("jwks_uri", "/v2/jwks"));
    bench.provider.answers("/v2/jwks", json(200, &crate::support::tokens::jwks_named("k2")));
    bench.run(&["refresh"]).exits(0).leaves_out("was skipped");
}

#[test]
fn respelled_issuer_is_rediscovered() {
    let bench = expired();
    let slash = format!("{ISSUER}/");
    let mut document = discovery();
    document["issuer"] = slash.as_str().into();
    let answer = Answer::new().refresh_token("rt-2").id_claim("iss", slash.into());
    bench.provider.refreshes(bench.clock.time(), "rt-1", answer);
    bench.provider.answers("/.well-known/openid-configuration", json(200, &document));
    bench.run(&["refresh"]).exits(0).leaves_out("was skipped");
    assert_eq!(held(&bench).as_deref(), Some("rt-2"));
}

#[test]
fn claims_refresh_without_id_token_warns() {
    let bench = Bench::new("MobileApp");
    bench.log_in();
    bench.provider.refreshes(bench.clock.time(), "rt-1", Answer::new().refresh_token("rt-2").without_id_token());
    let outcome = bench.run(&["refresh", "--claims", "--json"]).exits(0).says("tidp login");
    assert_eq!(outcome.json()["warnings"][0]["code"], "claims_not_updated");
    bench.pass(Seconds(60));
    bench.provider.refreshes(bench.clock.time(), "rt-2", Answer::new().refresh_token("rt-3"));
    let outcome = bench.run(&["refresh", "--claims", "--json"]).exits(0);
    assert_eq!(outcome.json()["warnings"], Value::Null);
}
