//! What the provider is asked to end, and what its responses mean.

use super::{assert_logged_out, expect_custom_logout, logged_in};
use crate::support::Bench;
use crate::support::provider::json;
use crate::support::tokens::{ISSUER, discovery};
use serde_json::{Value, json};
use tidp::testing::domain::session::EntryKey;
use tidp::testing::domain::time::Seconds;
use tidp::testing::ports::{HttpFailureKind, IgnoredRequest, Method, Response};

/// The output of a complete logout, ten minutes after the login.
const LOGGED_OUT: &str = "\
Logged out of `app@https://id.example` (+4790000001 at https://id.example).
  refresh token   revoked
  SSO session     ended at the provider
  access token    still works until 2026-01-31 13:00:00 UTC (in 50 min): access tokens cannot be revoked
";

#[test]
fn session_is_deleted_before_the_provider_is_contacted() {
    let bench = logged_in();
    let entry = EntryKey::Session(bench.key()).name();
    let (stores, cache) = (std::sync::Arc::clone(&bench.stores), std::sync::Arc::clone(&bench.cache));
    bench.provider.expect("/connect/revocation", move |request| {
        assert!(stores.raw(&entry).is_none() && cache.documents().is_empty());
        assert_eq!(request.body, "token=rt-1&token_type_hint=refresh_token&client_id=app");
        Ok(json(200, &json!({})))
    });
    let id_token = bench.session().unwrap().id_token.unwrap().value;
    expect_custom_logout(&bench, 200, "the state");
    bench.pass(Seconds(600));
    let outcome = bench.run(&["logout"]).exits(0);
    let outcome = outcome.leaves_out(id_token.expose());
    assert_eq!((outcome.stdout.as_str(), outcome.stderr.as_str()), ("", LOGGED_OUT));
    let request = bench.provider.last("/api/logout");
    let body: Value = serde_json::from_str(&request.body).unwrap();
    assert_eq!((request.method, request.query, request.authorization), (Method::Post, None, None));
    assert_eq!(body["id_token_hint"], id_token.expose(), "although it has expired");
    assert!(body["state"].as_str().unwrap().len() >= 22);
    assert_eq!(bench.provider.paths()[3..], ["/connect/revocation", "/api/logout"]);
    assert_logged_out(&bench);
}

#[test]
fn each_logout_response_has_its_message_and_code() {
    for (status, body, code, kind, words) in [
        (200, "Already logged out", 0, "", "had ended already"),
        (200, "\"Already logged out\"", 0, "", "had ended already"),
        (400, "", 4, "refused", "the ID token is missing (400)"),
        (401, "", 4, "refused", "SSO session     could not be ended: the provider did not accept the ID token (401)"),
        (424, "", 5, "unreachable", "not complete"),
        (429, "", 5, "unreachable", "temporarily unavailable"),
        (500, "", 5, "unreachable", "temporarily unavailable"),
        (403, "", 4, "refused", "answered HTTP 403"),
        (302, "", 7, "invalid", "answered HTTP 302"),
    ] {
        let bench = logged_in();
        bench.provider.revokes("rt-1");
        expect_custom_logout(&bench, status, body);
        let outcome = bench.run(&["logout", "--json"]).exits(code).says(words).says("Logged out of");
        if code != 0 {
            let error = outcome.error();
            assert_eq!(error["kind"], kind);
            let message = error["message"].as_str().unwrap();
            assert!(message.contains("local session was removed") && message.contains("self-service"), "{message}");
        }
        assert_logged_out(&bench);
    }
}

#[test]
fn only_a_failed_step_is_red() {
    let bench = logged_in();
    bench.provider.responds("/connect/revocation", json(403, &json!({})));
    expect_custom_logout(&bench, 200, "the state");
    let outcome = bench.run(&["logout", "--color", "always"]).exits(4);
    outcome.says("refresh token   \u{1b}[31mcould not be revoked").says("SSO session     ended at the provider\n");
}

#[test]
fn failed_revocation_does_not_stop_the_logout() {
    let refused = json!({ "error": "unsupported_token_type", "error_description": "no\u{1b}[2J" });
    for (response, code, words) in [
        (Ok(json(400, &refused)), 4, r"unsupported_token_type: no\u{1b}[2J"),
        (Ok(json(503, &json!({}))), 5, "503"),
        (Ok(json(403, &json!({}))), 4, "403"),
        (Err(HttpFailureKind::ResponseLost), 5, "as the test wants"),
        (Err(HttpFailureKind::Certificate), 7, "as the test wants"),
    ] {
        let bench = logged_in();
        match response {
            Ok(response) => bench.provider.responds("/connect/revocation", response),
            Err(kind) => bench.provider.fails("/connect/revocation", kind),
        }
        expect_custom_logout(&bench, 200, "the state");
        let outcome = bench.run(&["logout"]).exits(code).says(words).says("SSO session     ended at the provider\n");
        let outcome = outcome.says("  refresh token   could not be revoked: ");
        let hint = if code == 7 { "hint: tidp doctor\n" } else { "" };
        let last = outcome.stderr.strip_suffix(hint).unwrap().lines().last().unwrap();
        assert!(
            last.starts_with("error: the local session was removed, but the refresh token could not be revoked: "),
            "{last}"
        );
        assert!(last.ends_with("; it may be valid until 2026-05-01 12:00:00 UTC (in 90 days)"), "{last}");
        assert_logged_out(&bench);
    }
}

#[test]
fn missing_endpoints_are_skipped_with_a_message() {
    for args in [&["logout"][..], &["logout", "--browser"]] {
        let bench = logged_in();
        bench.pass(Seconds::days(2));
        let mut document = discovery();
        for endpoint in ["revocation_endpoint", "custom_logout_endpoint", "end_session_endpoint"] {
            document.as_object_mut().unwrap().remove(endpoint);
        }
        bench.provider.responds("/.well-known/openid-configuration", json(200, &document));
        let outcome = bench
            .run(args)
            .exits(0)
            .says("not revoked: the provider's discovery document has no `revocation_endpoint`; it may be valid until");
        let outcome = outcome.says("access token    expired 2026-01-31 13:00:00 UTC").leaves_out("--browser`");
        outcome.says("not ended: the provider's discovery document has no `end_session_endpoint`\n");
    }
}

#[test]
fn public_client_that_cannot_revoke_is_logged_out() {
    let invalid_client = json(401, &json!({ "error": "invalid_client" }));
    let nothing = Response { status: 401, headers: Vec::new(), body: Vec::new() };
    for (response, methods, code) in [
        (nothing.clone(), json!(["client_secret_basic"]), 0),
        (invalid_client.clone(), json!(null), 0),
        (invalid_client, json!(["none"]), 4),
    ] {
        for browser in [false, true] {
            let bench = logged_in();
            bench.pass(Seconds::days(2));
            let mut document = discovery();
            document["revocation_endpoint_auth_methods_supported"] = methods.clone();
            bench.provider.responds("/.well-known/openid-configuration", json(200, &document));
            bench.provider.responds("/connect/revocation", response.clone());
            let args: &[&str] = if browser { &["logout", "--browser"] } else { &["logout"] };
            if !browser {
                expect_custom_logout(&bench, 200, "the state");
            }
            let outcome = bench.run(args).exits(code);
            if code == 0 {
                outcome.says(
                    "  refresh token   not revoked: the provider does not let public clients revoke tokens; it may be valid until",
                );
            } else {
                outcome.says("could not be revoked: invalid_client");
            }
            assert_logged_out(&bench);
        }
    }
}

#[test]
fn confidential_client_revokes_with_its_secret() {
    for args in [&["logout"][..], &["logout", "--all"]] {
        let bench = Bench::new("Confidential").env("TIDP_CLIENT_SECRET", "s");
        bench.log_in();
        bench.provider.responds("/connect/revocation", json(200, &json!({})));
        expect_custom_logout(&bench, 200, "the state");
        bench.run(args).exits(0);
        let request = bench.provider.last("/connect/revocation");
        assert_eq!(request.authorization.as_deref(), Some("Basic YXBwOnM="));
        assert_eq!(request.body, "token=rt-1&token_type_hint=refresh_token");
    }
}

#[test]
fn missing_client_secret_stops_only_the_revocation() {
    for (json, browser) in [(false, false), (true, false), (false, true)] {
        let mut bench = Bench::new("Confidential").env("TIDP_CLIENT_SECRET", "s");
        bench.log_in();
        bench.ports.env.variables.remove("TIDP_CLIENT_SECRET");
        if !browser {
            expect_custom_logout(&bench, 200, "the state");
        }
        let args = [&["logout"][..], &["--json"][..usize::from(json)], &["--browser"][..usize::from(browser)]].concat();
        let outcome = bench.run(&args).exits(2).says(if browser { "sent to the provider's" } else { "ended at" });
        let what = "could not be revoked: the client is confidential, but there is no client secret; \
                    it may be valid until 2026-02-14 12:00:00 UTC (in 14 days)";
        let outcome = outcome.says(&format!("  refresh token   {what}\n"));
        let error = format!("the local session was removed, but the refresh token {what}");
        if json {
            assert_eq!(
                (&outcome.error()["message"], &outcome.error()["hint"]),
                (&json!(error), &json!("set TIDP_CLIENT_SECRET"))
            );
        } else {
            outcome.says(&format!("error: {error}\nhint: set TIDP_CLIENT_SECRET\n"));
        }
        assert_logged_out(&bench);
    }
}

#[test]
fn browser_logout_keeps_the_id_token_out_of_arguments() {
    for comes in [true, false] {
        let bench = logged_in();
        let id_token = bench.session().unwrap().id_token.unwrap().value;
        *bench.callback.times_out.lock().unwrap() = !comes;
        bench.provider.revokes("rt-1");
        let outcome = bench.run(&["logout", "--browser"]).exits(u8::from(!comes)).leaves_out(id_token.expose());
        outcome.says("http://127.0.0.1:49998/once").says(if comes {
            "sent to the provider's"
        } else {
            "the browser did not open the logout page"
        });
        let opened = bench.browser.opened_urls.lock().unwrap().last().unwrap().to_string();
        assert_eq!(opened, "http://127.0.0.1:49998/once");
        let target = format!("{ISSUER}/connect/endsession?id_token_hint={}&client_id=app", id_token.expose());
        assert_eq!(*bench.callback.handover_targets.lock().unwrap(), [target]);
        assert_logged_out(&bench);
    }
}

#[test]
fn logout_url_is_printed_after_the_revocation() {
    for (case, asks) in [
        ("", "Opening your browser to finish the logout (waiting up to 20 s). If nothing opens, go to:"),
        ("missing", "Open this URL in a browser on this machine (waiting up to 20 s)"),
        ("broken", "Open this URL in a browser on this machine (waiting up to 20 s)"),
    ] {
        let bench = logged_in();
        let id_token = bench.session().unwrap().id_token.unwrap().value;
        *bench.browser.missing.lock().unwrap() = case == "missing";
        *bench.browser.broken.lock().unwrap() = case == "broken" || case == "missing";
        bench.provider.revokes("rt-1");
        let outcome = bench.run(&["logout", "--browser"]).exits(0).leaves_out(id_token.expose());
        assert_eq!(outcome.stderr.contains("could not be opened"), case == "broken", "{}", outcome.stderr);
        let at = |words: &str| outcome.stderr.find(words).unwrap_or_else(|| panic!("{words}: {}", outcome.stderr));
        assert!(at("Logged out of") < at("refresh token   revoked"));
        assert!(at("refresh token   revoked") < at(asks) && at(asks) < at("http://127.0.0.1:49998/once"));
        assert_eq!(outcome.stderr.matches("Logged out").count(), 1, "{}", outcome.stderr);
    }
}

#[test]
fn logout_visit_by_another_user_does_not_count() {
    let bench = logged_in();
    bench.callback.stray_requests.lock().unwrap().push(IgnoredRequest::AnotherUser(1_001));
    *bench.callback.times_out.lock().unwrap() = true;
    bench.provider.revokes("rt-1");
    bench
        .run(&["logout", "--browser"])
        .exits(1)
        .says("another user of this machine (uid 1001)")
        .says("the browser did not open the logout page");
}
