//! The provider's own word on the refresh token's end (RFC 7662): asked once per renewal, by commands that explain.

use crate::support::provider::json;
use crate::support::tokens::{ISSUER, SUB, TokenResponse, discovery, jwks};
use crate::support::{Bench, START};
use serde_json::{Value, json};
use tidp::testing::domain::session::{Introspection, RefreshTokenStatus};
use tidp::testing::domain::time::{Seconds, Time};
use tidp::testing::ports::{HttpFailureKind, Response};

const PATH: &str = "/connect/introspect";
const DAY: i64 = 86_400;

/// A bench whose provider has an introspection endpoint.
fn bench(client_type: &str) -> Bench {
    let bench = Bench::new(client_type);
    publishes(&bench, PATH);
    bench
}

fn publishes(bench: &Bench, path: &str) {
    let mut document = discovery();
    document["introspection_endpoint"] = format!("{ISSUER}{path}").into();
    bench.provider.always("/.well-known/openid-configuration", json(200, &document));
    bench.provider.always("/jwks", json(200, &jwks()));
}

/// What the provider says of a token of this client that expires `left` seconds from now.
fn active(bench: &Bench, left: i64) -> Value {
    let now = bench.clock.time().unix();
    json!({ "active": true, "iss": ISSUER, "client_id": "app", "sub": SUB, "iat": now, "exp": now + left })
}

/// Logs in with `rt-1`, without expecting requests for metadata.
fn log_in(bench: &Bench) -> crate::support::Outcome {
    bench.provider.grants(&bench.browser, bench.clock.time(), TokenResponse::new().refresh_token("rt-1"));
    bench.run(&["login"]).exits(0)
}

/// A session of which the provider has said at login that it lasts `left` seconds.
fn told(client_type: &str, left: i64) -> Bench {
    let bench = bench(client_type);
    bench.provider.responds(PATH, json(200, &active(&bench, left)));
    log_in(&bench);
    bench
}

fn asked(bench: &Bench) -> usize {
    bench.provider.count(PATH)
}

fn refresh(bench: &Bench, old: &'static str, new: &str) {
    bench.provider.refreshes(bench.clock.time(), old, TokenResponse::new().refresh_token(new));
    bench.run(&["refresh", "--force"]).exits(0);
}

#[test]
fn login_asks_once_with_the_clients_authentication() {
    let bench = told("MobileApp", 90 * DAY);
    let request = bench.provider.last(PATH);
    assert_eq!(request.body, "token=rt-1&token_type_hint=refresh_token&client_id=app");
    assert_eq!((request.authorization, request.query), (None, None));
    assert_eq!(request.deadline, Some(std::time::Duration::from_secs(3)));
    for args in [&["inspect"][..], &["policy"], &["policy", "--json"], &["policy", "--short"], &["token"]] {
        bench.run(args).exits(0);
    }
    assert_eq!(asked(&bench), 1);

    let confidential = bench_with_secret();
    confidential.provider.responds(PATH, json(200, &active(&confidential, 14 * DAY)));
    log_in(&confidential).says("Policy Confidential: the provider says that the refresh token expires at");
    let request = confidential.provider.last(PATH);
    assert_eq!(request.authorization, confidential.provider.last("/connect/token").authorization);
    assert_eq!(request.body, "token=rt-1&token_type_hint=refresh_token");
}

fn bench_with_secret() -> Bench {
    bench("Confidential").env("TIDP_CLIENT_SECRET", "s")
}

#[test]
fn provider_word_replaces_the_estimate_until_the_next_renewal() {
    let bench = told("MobileApp", 30 * DAY);
    let document = bench.run(&["policy", "--json"]).exits(0).json();
    let end = START.plus(Seconds::days(30)).rfc3339();
    for field in ["expires_at", "expires_at_earliest", "act_before"] {
        assert_eq!(document[field], json!(end), "{field}");
    }
    assert_eq!((&document["expires_at_source"], &document["remaining"]), (&json!("provider"), &json!(30 * DAY)));
    assert_eq!(bench.run(&["policy", "--short"]).exits(0).stdout, "Mobile 30d\n");
    bench.run(&["policy", "--require", "30d"]).exits(0);
    bench.run(&["policy", "--require", "31d"]).exits(3).says("is certain to work for 30 days, less than 31 days");
    let inspected = bench.run(&["inspect", "--json"]).exits(0).json();
    assert_eq!(inspected["refresh_token"]["expires_at"], json!(end));
    assert_eq!(inspected["refresh_token"]["expires_at_source"], json!("provider"));
    assert!(bench.run(&["inspect"]).exits(0).stdout.contains(", as the provider says"));

    // A refresh never asks, and what was said no longer holds.
    refresh(&bench, "rt-1", "rt-2");
    assert_eq!((asked(&bench), bench.session().unwrap().introspection()), (1, None));
    assert_eq!(bench.run(&["policy", "--short"]).exits(0).stdout, "Mobile 90d\n");
    bench.provider.responds(PATH, json(200, &active(&bench, 60 * DAY)));
    let document = bench.run(&["policy", "--json"]).exits(0).json();
    assert_eq!(bench.provider.last(PATH).field("token").as_deref(), Some("rt-2"));
    assert_eq!(document["expires_at"], json!(START.plus(Seconds::days(60)).rfc3339()));
}

#[test]
fn policy_tells_the_two_sources_apart() {
    let bench = told("MobileApp", 90 * DAY);
    let text = bench.run(&["policy", "--json"]).exits(0).json()["explanation"].as_str().unwrap().to_owned();
    assert!(text.contains("Session until 2026-05-01T12:00:00Z (in 90 days); a refresh renews it."), "{text}");
    assert!(text.contains(
        "This is not an estimate: the provider said so when asked, 2026-01-31T12:00:00Z; the policy agrees."
    ));
    assert!(!text.contains("are estimates"), "{text}");
    assert_eq!(bench.run(&["policy", "--json"]).exits(0).warnings(), [""; 0]);

    let bench = bench_with_secret();
    bench.provider.responds(PATH, json(200, &active(&bench, 30 * DAY)));
    let words = "warning: the provider says that the refresh token expires 2026-03-02 12:00:00 UTC, but under Confidential it \
                 would expire 2026-02-14 12:00:00 UTC: the client has another policy than the profile says";
    log_in(&bench).says(words);
    let outcome = bench.run(&["policy", "--json"]).exits(0);
    assert_eq!(outcome.warnings(), ["policy_mismatch"]);
    assert_eq!(outcome.json()["expires_at"], "2026-03-02T12:00:00Z");
    let page = bench.run(&["policy"]).exits(0).stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        page.contains("The provider says that the refresh token expires 2026-03-02 12:00:00 UTC, but under"),
        "{page}"
    );
}

#[test]
fn without_a_policy_the_provider_still_says_the_end() {
    let bench = Bench::with_env(&[("TIDP_ISSUER", ISSUER), ("TIDP_CLIENT_ID", "app")]);
    publishes(&bench, PATH);
    bench.provider.responds(PATH, json(200, &active(&bench, 2 * DAY)));
    log_in(&bench).says("The provider says that the refresh token expires at 2026-02-02 12:00:00 UTC (in 2 days)");
    let document = bench.run(&["policy", "--json"]).exits(0).json();
    assert_eq!((&document["policy"], &document["expires_at_source"]), (&json!(null), &json!("provider")));
    assert_eq!((&document["next_action"], &document["remaining"]), (&json!("unknown"), &json!(2 * DAY)));
    assert!(document["explanation"].as_str().unwrap().contains("not known whether a refresh renews it"), "{document}");
    assert_eq!(bench.run(&["policy", "--short"]).exits(0).stdout, "unknown 2d\n");
    bench.run(&["policy", "--require", "1d"]).exits(0);
    bench.at(2 * DAY);
    let document = bench.run(&["policy", "--json"]).exits(0).json();
    assert_eq!((&document["next_action"], &document["expired"]), (&json!("login"), &json!(true)));
}

#[test]
fn a_token_that_is_not_active_is_told_and_kept() {
    let bench = told("MobileApp", 90 * DAY);
    bench.pass(Seconds::days(1));
    refresh(&bench, "rt-1", "rt-2");
    bench.pass(Seconds(60));
    bench.provider.responds(PATH, json(200, &json!({ "active": false })));
    let document = bench.run(&["policy", "--json"]).exits(0).json();
    assert_eq!((&document["expired"], &document["remaining"]), (&json!(true), &json!(0)));
    assert_eq!((&document["expires_at"], &document["expires_at_source"]), (&json!(null), &json!("provider")));
    assert_eq!((&document["next_action"], &document["sso"]), (&json!("login"), &json!("unknown")));
    let text = document["explanation"].as_str().unwrap();
    assert!(text.contains("says that the refresh token is no longer active"), "{text}");
    assert_eq!(bench.run(&["policy", "--short"]).exits(0).stdout, "Mobile ended\n");
    bench.run(&["policy", "--require", "1s"]).exits(3);
    let inspected = bench.run(&["inspect", "--json"]).exits(0).json();
    assert_eq!(inspected["refresh_token"]["state"], "expired");
    assert!(bench.run(&["inspect"]).exits(0).stdout.contains("no longer active, as the provider said"));
    // The token is kept; the next refresh decides, and then the word is gone.
    assert_eq!((asked(&bench), bench.session().unwrap().held_token().unwrap().value.expose()), (2, "rt-2"));
    bench.pass(Seconds::hours(1));
    bench.provider.refreshes(bench.clock.time(), "rt-2", TokenResponse::new().refresh_token("rt-3"));
    bench.run(&["token"]).exits(0);
    assert_eq!(bench.run(&["policy", "--short"]).exits(0).stdout, "Mobile 90d\n");
}

#[test]
fn a_new_token_is_not_believed_to_be_inactive() {
    let bench = told("MobileApp", 90 * DAY);
    bench.provider.responds(PATH, json(200, &json!({ "active": false })));
    log_in(&bench).says("Policy Mobile: the refresh token expires at 2026-05-01 12:00:00 UTC");
    bench.at(59);
    assert_eq!(bench.run(&["policy", "--json"]).exits(0).json()["expires_at_source"], "policy");
    assert_eq!((asked(&bench), bench.session().unwrap().introspection()), (2, None));
    bench.at(60);
    bench.provider.responds(PATH, json(200, &active(&bench, 90 * DAY)));
    assert_eq!(bench.run(&["policy", "--json"]).exits(0).json()["expires_at_source"], "provider");
    // However old it was when the provider was asked, it is asked again when the token is a minute old.
    bench.at(100);
    refresh(&bench, "rt-1", "rt-2");
    bench.at(130);
    bench.provider.responds(PATH, json(200, &json!({ "active": false })));
    bench.run(&["policy"]).exits(0);
    bench.at(159);
    bench.run(&["policy"]).exits(0);
    bench.at(160);
    bench.provider.responds(PATH, json(200, &active(&bench, 90 * DAY)));
    bench.run(&["policy"]).exits(0);
}

#[test]
fn keepalive_tries_a_token_that_is_not_active_once() {
    let inactive = || {
        let bench = told("MobileApp", 90 * DAY);
        let status = RefreshTokenStatus::Inactive;
        bench.edit(|session| {
            *session = session.clone().with_introspection(Some(Introspection { asked_at: START, status }));
        });
        bench.at(60);
        bench
    };
    let bench = inactive();
    bench.provider.refreshes(bench.clock.time(), "rt-1", TokenResponse::new().refresh_token("rt-2"));
    bench
        .run(&["keepalive", "--for", "1m"])
        .exits(0)
        .says("says that the refresh token is no longer active. Trying it once")
        .says("Refreshed: it now ends 2026-05-01 12:01:00 UTC")
        .leaves_out("Keeping the session alive")
        .leaves_out("would have ended");

    let bench = inactive();
    bench.provider.fails("/connect/token", HttpFailureKind::NotSent);
    bench.provider.refuses("invalid_grant");
    bench.run(&["keepalive", "--for", "1m"]).exits(3).says("; trying again").leaves_out("It ends 2026");
}

#[test]
fn a_refusal_after_the_end_that_the_provider_said_is_explained_by_it() {
    let bench = told("MobileApp", DAY);
    bench.at(DAY + 120);
    bench.provider.refuses("invalid_grant");
    let end = "as the provider had said it was valid until 2026-02-01 12:00:00 UTC";
    bench.run(&["token"]).exits(3).says(end);
    assert!(
        bench.run(&["policy", "--json"]).json()["explanation"].as_str().unwrap().contains("as the provider had said")
    );
}

#[test]
fn a_token_that_was_never_called_active_is_not_believed_to_have_ended() {
    let bench = bench("MobileApp");
    bench.provider.responds(PATH, json(200, &json!({ "active": false })));
    log_in(&bench);
    assert_eq!(bench.run(&["policy", "--short"]).exits(0).stdout, "Mobile 90d\n");
    assert_eq!(bench.run(&["policy", "--json"]).exits(0).json()["expires_at_source"], "policy");
    assert_eq!(asked(&bench), 1);
}

#[test]
fn a_refusal_is_remembered_for_a_day() {
    let refused = |status: u16, body: Value| json(status, &body);
    for response in [
        refused(401, json!({})),
        refused(403, json!({})),
        refused(404, json!({})),
        refused(401, json!({ "error": "invalid_client" })),
        refused(400, json!({ "error": "unsupported_token_type" })),
        refused(200, json!({ "active": "true" })),
        refused(200, json!({ "active": true, "client_id": "other", "exp": START.unix() + 600 })),
        refused(200, json!({ "active": true, "sub": "ola", "exp": START.unix() + 600 })),
        refused(307, json!({})),
        Response { status: 200, headers: Vec::new(), body: b"[1".to_vec() },
    ] {
        let bench = bench("MobileApp");
        bench.provider.responds(PATH, response.clone());
        log_in(&bench).leaves_out("introspect");
        let until = |seconds: i64, requests: usize, paused_until: i64| {
            bench.at(seconds);
            let outcome = bench.run(&["policy", "--json"]).exits(0);
            assert_eq!((asked(&bench), outcome.warnings()), (requests, Vec::new()), "{response:?}");
            assert_eq!(outcome.json()["expires_at_source"], "policy");
            let paused_until = START.plus(Seconds(paused_until)).rfc3339();
            assert_eq!(outcome.json()["introspection_paused_until"], paused_until);
            let explanation = outcome.json()["explanation"].as_str().unwrap().to_owned();
            assert!(
                explanation.ends_with(&format!("asks the provider again after {paused_until} or at the next login."))
            );
        };
        until(60, 1, DAY);
        refresh(&bench, "rt-1", "rt-2");
        until(DAY - 1, 1, DAY);
        bench.provider.responds(PATH, response.clone());
        until(DAY, 2, 2 * DAY);
        bench.at(DAY + 60);
        bench.provider.responds(PATH, response.clone());
        log_in(&bench);
        until(2 * DAY, 3, 2 * DAY + 60);
    }
}

#[test]
fn the_next_login_asks_a_provider_that_refused() {
    let bench = bench("MobileApp");
    bench.provider.responds(PATH, json(401, &json!({})));
    log_in(&bench);
    assert!(bench.run(&["policy"]).exits(0).stdout.contains("tidp asks the provider again after"));
    let files = bench.files.0.lock().unwrap().keys().map(|path| path.display().to_string()).collect::<Vec<_>>();
    assert!(files.iter().any(|path| path.contains("introspection-")), "as README says: {files:?}");
    bench.provider.responds(PATH, json(200, &active(&bench, 90 * DAY)));
    log_in(&bench).says("the provider says that the refresh token expires");
    let document = bench.run(&["policy", "--json"]).exits(0).json();
    assert_eq!(document["introspection_paused_until"], json!(null));
    assert!(!document["explanation"].as_str().unwrap().contains("asks the provider again"), "{document}");
}

#[test]
fn a_clock_that_was_set_back_does_not_prolong_the_pause() {
    let bench = bench("MobileApp");
    bench.at(10 * DAY);
    bench.provider.responds(PATH, json(401, &json!({})));
    log_in(&bench);
    bench.at(0);
    bench.provider.responds(PATH, json(401, &json!({})));
    bench.run(&["policy", "-v"]).exits(0).says("this client may not ask, which is no harm");
    assert_eq!(asked(&bench), 2);
}

#[test]
fn trouble_is_no_error_and_is_left_alone_for_a_minute() {
    for trouble in [
        Ok(json(503, &json!({}))),
        Ok(json(429, &json!({}))),
        Ok(Response { status: 200, headers: Vec::new(), body: b"<html>".to_vec() }),
        Err(HttpFailureKind::NotSent),
        Err(HttpFailureKind::ResponseLost),
        Err(HttpFailureKind::Certificate),
    ] {
        let bench = bench("MobileApp");
        match trouble {
            Ok(response) => bench.provider.responds(PATH, response),
            Err(kind) => bench.provider.fails(PATH, kind),
        }
        log_in(&bench).leaves_out("warning").leaves_out("error");
        bench.at(59);
        bench.run(&["policy"]).exits(0);
        assert_eq!(asked(&bench), 1);
        bench.at(60);
        bench.provider.responds(PATH, json(200, &active(&bench, 90 * DAY)));
        assert_eq!(bench.run(&["policy", "--json"]).exits(0).json()["expires_at_source"], "provider");
    }
}

#[test]
fn only_the_issuers_own_hosts_are_asked() {
    for (hosts, asks) in [("", false), ("other.example", true)] {
        let bench = Bench::new("MobileApp").env("TIDP_ENDPOINT_HOSTS", hosts);
        let mut document = discovery();
        document["introspection_endpoint"] = "https://other.example/introspect".into();
        bench.provider.always("/.well-known/openid-configuration", json(200, &document));
        bench.provider.always("/jwks", json(200, &jwks()));
        if asks {
            bench.provider.responds("https://other.example/introspect", json(401, &json!({})));
        }
        log_in(&bench);
    }
}

#[test]
fn an_endpoint_that_moved_is_asked_at_its_new_place() {
    let bench = bench("MobileApp");
    bench.provider.responds(PATH, json(401, &json!({})));
    log_in(&bench);
    bench.at(2 * DAY);
    refresh(&bench, "rt-1", "rt-2");
    bench.at(2 * DAY + 60);
    publishes(&bench, "/new");
    bench.provider.responds(PATH, json(404, &json!({})));
    bench.provider.responds("/new", json(200, &active(&bench, 90 * DAY)));
    assert_eq!(bench.run(&["policy", "--json"]).exits(0).json()["expires_at_source"], "provider");
    let discovery = bench.provider.last("/.well-known/openid-configuration");
    assert_eq!(discovery.deadline, Some(std::time::Duration::from_secs(3)));
}

#[test]
fn providers_clock_is_translated_to_this_machines() {
    let bench = bench("MobileApp");
    let mut response = json(200, &active(&bench, 1_000));
    response.headers.push(("date".into(), "Sat, 31 Jan 2026 12:10:00 GMT".into()));
    bench.provider.responds(PATH, response);
    log_in(&bench);
    let expires_at = START.plus(Seconds(1_000 - 600));
    assert_eq!(bench.session().unwrap().introspected_expiry(), Some(expires_at));
}

#[test]
fn an_answer_is_not_stored_over_another_session() {
    let answered = |now: Time| Introspection {
        asked_at: now,
        status: RefreshTokenStatus::Active { expires_at: Some(now.plus(Seconds::days(7))) },
    };
    let bench = told("MobileApp", 90 * DAY);
    refresh(&bench, "rt-1", "rt-2");
    // While the answer is under way, another process renews the session.
    let (stores, key) = (std::sync::Arc::clone(&bench.stores), bench.key());
    let now = bench.clock.time();
    let mut newer = bench.session().unwrap();
    newer.generation = newer.generation.wrapping_add(1);
    let newer = newer.with_introspection(Some(answered(now)));
    let response = json(200, &active(&bench, 90 * DAY));
    bench.provider.expect(PATH, move |_| {
        let name = tidp::testing::domain::session::EntryKey::Session(key).name();
        stores.put(&name, newer.to_json().expose());
        Ok(response)
    });
    assert_eq!(bench.run(&["policy", "--json"]).exits(0).json()["expires_at"], "2026-02-07T12:00:00Z");
    assert_eq!(bench.session().unwrap().introspection(), Some(&answered(now)));
}

#[test]
fn nothing_is_asked_without_a_refresh_token() {
    let bench = bench("Public");
    bench.provider.grants(&bench.browser, bench.clock.time(), TokenResponse::new());
    bench.run(&["login"]).exits(0);
    bench.run(&["policy"]).exits(0);
    assert_eq!(asked(&bench), 0);
}
