use crate::support::provider::json;
use crate::support::tokens::{Answer, ISSUER, discovery};
use crate::support::{Bench, CONFIG};
use serde_json::{Value, json};
use tidp::testing::domain::session::{EntryKey, Session, SessionKey};
use tidp::testing::domain::time::Seconds;
use tidp::testing::ports::{HttpFailureKind, Ignored, Method, Response, StoreFailureKind};

/// A Mobile session.
fn logged_in() -> Bench {
    let bench = Bench::new("MobileApp");
    bench.log_in();
    bench
}

fn custom_logout(bench: &Bench, status: u16, body: &str) {
    let response = Response { status, headers: Vec::new(), body: body.into() };
    bench.provider.answers("/api/logout", response);
}

/// Neither entry nor cached token is left.
#[track_caller]
fn is_gone(bench: &Bench) {
    assert!(bench.session().is_none() && bench.cache.documents().is_empty());
}

/// The session moved under another key, as a profile that was changed since left it.
fn moved(bench: &Bench, key: &SessionKey) {
    let session = Session { key: key.clone(), ..bench.session().unwrap() };
    bench.stores.put(&EntryKey::Session(key.clone()).name(), session.to_json().expose());
}

/// What is told where all that can be ended was ended, ten minutes after the login.
const LOGGED_OUT: &str = "\
Logged out of `app@https://id.example` (+4790000001 at https://id.example).
  refresh token   revoked
  SSO session     ended at the provider
  access token    still works until 2026-01-31 13:00:00 UTC (in 50 min): access tokens cannot be revoked
";

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
fn session_is_deleted_before_the_provider_is_contacted() {
    let bench = logged_in();
    let entry = EntryKey::Session(bench.key()).name();
    let (stores, cache) = (std::sync::Arc::clone(&bench.stores), std::sync::Arc::clone(&bench.cache));
    bench.provider.expect("/connect/revocation", move |seen| {
        assert!(stores.raw(&entry).is_none() && cache.documents().is_empty());
        assert_eq!(seen.body, "token=rt-1&token_type_hint=refresh_token&client_id=app");
        Ok(json(200, &json!({})))
    });
    let id_token = bench.session().unwrap().id_token.unwrap().value;
    custom_logout(&bench, 200, "the state");
    bench.pass(Seconds(600));
    let outcome = bench.run(&["logout"]).exits(0);
    let said = outcome.leaves_out(id_token.expose());
    assert_eq!((said.stdout.as_str(), said.stderr.as_str()), ("", LOGGED_OUT));
    let asked = bench.provider.last("/api/logout");
    let body: Value = serde_json::from_str(&asked.body).unwrap();
    assert_eq!((asked.method, asked.query, asked.authorization), (Method::Post, None, None));
    assert_eq!(body["id_token_hint"], id_token.expose(), "although it has expired");
    assert!(body["state"].as_str().unwrap().len() >= 22);
    assert_eq!(bench.provider.paths()[3..], ["/connect/revocation", "/api/logout"]);
    is_gone(&bench);
}

#[test]
fn each_logout_response_has_its_message_and_code() {
    for (status, body, code, kind, words) in [
        (200, "Already logged out", 0, "", "had ended already"),
        (200, "\"Already logged out\"", 0, "", "had ended already"),
        (400, "", 4, "refused", "missed the ID token (400)"),
        (401, "", 4, "refused", "SSO session     could not be ended: the provider did not accept the ID token (401)"),
        (424, "", 5, "unreachable", "not complete"),
        (429, "", 5, "unreachable", "just now"),
        (500, "", 5, "unreachable", "just now"),
        (403, "", 4, "refused", "answered 403"),
        (302, "", 7, "invalid", "answered 302"),
    ] {
        let bench = logged_in();
        bench.provider.revokes("rt-1");
        custom_logout(&bench, status, body);
        let outcome = bench.run(&["logout", "--json"]).exits(code).says(words).says("Logged out of");
        if code != 0 {
            let error = outcome.error();
            assert_eq!(error["kind"], kind);
            let message = error["message"].as_str().unwrap();
            assert!(message.contains("local session was removed") && message.contains("self-service"), "{message}");
        }
        is_gone(&bench);
    }
}

#[test]
fn failed_revocation_does_not_stop_the_logout() {
    let refused = json!({ "error": "unsupported_token_type", "error_description": "no\u{1b}[2J" });
    for (response, code, words) in [
        (Ok(json(400, &refused)), 4, r"unsupported_token_type: no\u{1b}[2J"),
        (Ok(json(503, &json!({}))), 5, "503"),
        (Ok(json(403, &json!({}))), 4, "403"),
        (Err(HttpFailureKind::AnswerLost), 5, "as the test wants"),
        (Err(HttpFailureKind::Certificate), 7, "as the test wants"),
    ] {
        let bench = logged_in();
        match response {
            Ok(response) => bench.provider.answers("/connect/revocation", response),
            Err(kind) => bench.provider.fails("/connect/revocation", kind),
        }
        custom_logout(&bench, 200, "the state");
        let outcome = bench.run(&["logout"]).exits(code).says(words).says("SSO session     ended at the provider\n");
        let outcome = outcome.says("  refresh token   could not be revoked: ").leaves_out("not at the provider");
        let last = outcome.stderr.lines().last().unwrap();
        assert!(
            last.starts_with("error: the local session was removed, but the refresh token could not be revoked: "),
            "{last}"
        );
        assert!(last.ends_with("; it may live until 2026-05-01 12:00:00 UTC (in 90 days)"), "{last}");
        is_gone(&bench);
    }
}

#[test]
fn logout_without_network_deletes_the_session() {
    let bench = logged_in();
    bench.pass(Seconds::days(2));
    bench.provider.fails("/.well-known/openid-configuration", HttpFailureKind::NotSent);
    let error = bench.run(&["logout", "--json"]).exits(5).says("SSO session     could not be ended: ").error();
    let begins = "the local session was removed, but the refresh token could not be revoked: ";
    assert!(error["message"].as_str().unwrap().starts_with(begins));
    is_gone(&bench);
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
        bench.provider.answers("/.well-known/openid-configuration", json(200, &document));
        let outcome = bench
            .run(args)
            .exits(0)
            .says("not revoked: the provider's discovery document has no `revocation_endpoint`; it may live until");
        let outcome = outcome.says("access token    has ended, 2026-01-31 13:00:00 UTC").leaves_out("--browser`");
        outcome.says("not ended: the provider's discovery document has no `end_session_endpoint`\n");
    }
}

#[test]
fn session_without_refresh_token_revokes_nothing() {
    let bench = Bench::new("Public");
    bench.log_in_with(Answer::new()).exits(0);
    custom_logout(&bench, 200, "the state");
    bench.run(&["logout"]).exits(0).says("none to revoke").says("ended at the provider");
}

#[test]
fn logout_mentions_an_earlier_refusal() {
    let bench = logged_in();
    bench.pass(Seconds(60));
    bench.provider.refuses("invalid_grant");
    bench.run(&["refresh", "--force"]).exits(3);
    bench.pass(Seconds(60));
    custom_logout(&bench, 200, "the state");
    let outcome = bench.run(&["logout"]).exits(0).leaves_out("none");
    outcome
        .says("  refresh token   refused by the provider before, 2026-01-31 12:01:00 UTC (1 min ago)\n")
        .says("ended at");
}

#[test]
fn logout_mentions_an_interrupted_refresh() {
    let bench = logged_in();
    bench.pass(Seconds(60));
    bench.provider.fails("/connect/token", HttpFailureKind::AnswerLost);
    bench.run(&["refresh", "--force"]).exits(5);
    bench.provider.revokes("rt-1");
    custom_logout(&bench, 200, "the state");
    bench
        .run(&["logout"])
        .exits(0)
        .says("  refresh token   revoked; a refresh begun 2026-01-31 12:01:00 UTC (now) was not finished");
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
            bench.provider.answers("/.well-known/openid-configuration", json(200, &document));
            bench.provider.answers("/connect/revocation", response.clone());
            let args: &[&str] = if browser { &["logout", "--browser"] } else { &["logout"] };
            if !browser {
                custom_logout(&bench, 200, "the state");
            }
            let outcome = bench.run(args).exits(code);
            if code == 0 {
                outcome.says(
                    "  refresh token   not revoked: the provider lets no public client revoke; it may live until",
                );
            } else {
                outcome.says("could not be revoked: invalid_client");
            }
            is_gone(&bench);
        }
    }
}

#[test]
fn other_providers_access_tokens_may_be_revoked() {
    let bench = Bench::new("");
    bench.log_in();
    custom_logout(&bench, 200, "the state");
    bench.provider.revokes("rt-1");
    let outcome = bench.run(&["logout"]).exits(0).leaves_out("cannot be revoked");
    outcome.says("  access token    may work until 2026-01-31 13:00:00 UTC (in 1 h)\n");
}

#[test]
fn confidential_client_revokes_with_its_secret() {
    for args in [&["logout"][..], &["logout", "--all"]] {
        let bench = Bench::new("Confidential").env("TIDP_CLIENT_SECRET", "s");
        bench.log_in();
        bench.provider.answers("/connect/revocation", json(200, &json!({})));
        custom_logout(&bench, 200, "the state");
        bench.run(args).exits(0);
        let asked = bench.provider.last("/connect/revocation");
        assert_eq!(asked.authorization.as_deref(), Some("Basic YXBwOnM="));
        assert_eq!(asked.body, "token=rt-1&token_type_hint=refresh_token");
    }
}

#[test]
fn missing_client_secret_stops_only_the_revocation() {
    for (json, browser) in [(false, false), (true, false), (false, true)] {
        let mut bench = Bench::new("Confidential").env("TIDP_CLIENT_SECRET", "s");
        bench.log_in();
        bench.ports.env.0.remove("TIDP_CLIENT_SECRET");
        if !browser {
            custom_logout(&bench, 200, "the state");
        }
        let args = [&["logout"][..], &["--json"][..usize::from(json)], &["--browser"][..usize::from(browser)]].concat();
        let outcome = bench.run(&args).exits(2).says(if browser { "sent to the provider's" } else { "ended at" });
        let what = "could not be revoked: the client is confidential, but there is no client secret; \
                    it may live until 2026-02-14 12:00:00 UTC (in 14 days)";
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
        is_gone(&bench);
    }
}

#[test]
fn logout_all_hints_at_the_profile_lacking_a_secret() {
    let mut bench = Bench::new("Confidential").env("TIDP_CLIENT_SECRET", "s");
    bench.log_in();
    bench.ports.env.0.clear();
    moved(&bench, &bench.key_of("work"));
    bench.stores.take(&EntryKey::Session(bench.key()).name());
    let profile = format!("issuer = \"{ISSUER}\"\nclient_id = \"app\"\nclient_type = \"Confidential\"\n");
    bench.files.put(CONFIG, &format!("[profile.work]\n{profile}"));
    custom_logout(&bench, 200, "the state");
    bench.run(&["logout", "--all"]).exits(2).says("ended at the provider").says("hint: tidp profile secret work\n");
}

#[test]
fn local_logout_sends_nothing() {
    let bench = logged_in();
    let asked = bench.provider.paths().len();
    let outcome = bench.run(&["logout", "--local", "--json"]).exits(0).says("works until");
    let document = outcome.says("  SSO session     not ended (--local)\n").json();
    let lives_on = "not revoked (--local); it may live until 2026-05-01 12:00:00 UTC (in 90 days)";
    let expected = json!({
        "profile": format!("app@{ISSUER}"), "issuer": ISSUER, "client_id": "app", "had_session": true,
        "account": { "sub": "kari-at-app", "username": "+4790000001" },
        "revocation": { "done": false, "state": "left", "message": lives_on },
        "provider_session": { "done": false, "state": "left", "message": "not ended (--local)" },
        "access_token_valid_until": "2026-01-31T13:00:00Z",
    });
    assert_eq!((document, bench.provider.paths().len()), (expected, asked));
    is_gone(&bench);
}

#[test]
fn browser_logout_keeps_the_id_token_out_of_arguments() {
    for comes in [true, false] {
        let bench = logged_in();
        let id_token = bench.session().unwrap().id_token.unwrap().value;
        *bench.callback.nobody_comes.lock().unwrap() = !comes;
        bench.provider.revokes("rt-1");
        let outcome = bench.run(&["logout", "--browser"]).exits(u8::from(!comes)).leaves_out(id_token.expose());
        outcome.says("http://127.0.0.1:49998/once").says(if comes {
            "sent to the provider's"
        } else {
            "no browser came"
        });
        let shown = bench.browser.shown.lock().unwrap().last().unwrap().to_string();
        assert_eq!(shown, "http://127.0.0.1:49998/once");
        let target = format!("{ISSUER}/connect/endsession?id_token_hint={}&client_id=app", id_token.expose());
        assert_eq!(*bench.callback.handed_over.lock().unwrap(), [target]);
        is_gone(&bench);
    }
}

#[test]
fn logout_url_is_printed_after_the_revocation() {
    for (case, asks) in [
        ("", "Finish the logout in your browser (waiting up to 20 s). If it did not open"),
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
    bench.callback.ignores.lock().unwrap().push(Ignored::AnotherUser(1_001));
    *bench.callback.nobody_comes.lock().unwrap() = true;
    bench.provider.revokes("rt-1");
    bench
        .run(&["logout", "--browser"])
        .exits(1)
        .says("another user of this machine (uid 1001)")
        .says("no browser came");
}

#[test]
fn logout_removes_a_corrupt_entry() {
    for entry in ["garbage", r#"{"version":99}"#] {
        let bench = Bench::new("MobileApp");
        bench.stores.put(&EntryKey::Session(bench.key()).name(), entry);
        let outcome =
            bench.run(&["logout"]).exits(0).says("Logged out of `app@https://id.example` (https://id.example).");
        outcome.says("could not be revoked").leaves_out("none to revoke").leaves_out("works until 2");
        assert!(bench.stores.is_empty());
    }
}

#[test]
fn logout_removes_an_undecryptable_entry() {
    for kind in [StoreFailureKind::WrongKey, StoreFailureKind::Damaged] {
        let bench = logged_in();
        bench.stores.fail("load", kind);
        bench.run(&["logout"]).exits(0).says("Logged out of").says("could not be revoked");
        is_gone(&bench);
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

/// A profile `work` with a session, one whose profile has gone, and one whose profile names another client now.
fn three_sessions() -> Bench {
    let bench = logged_in();
    for profile in ["work", "gone", "changed"] {
        moved(&bench, &bench.key_of(profile));
    }
    bench.stores.take(&EntryKey::Session(bench.key()).name());
    bench.stores.put(&EntryKey::ClientSecret(bench.key_of("work")).name(), "s");
    bench.stores.put("of another program", "x");
    let profile = |name: &str, client: &str| {
        format!("[profile.{name}]\nissuer = \"{ISSUER}\"\nclient_id = \"{client}\"\nclient_type = \"MobileApp\"\n")
    };
    bench.files.put(CONFIG, &(profile("work", "app") + &profile("changed", "another")));
    bench
}

#[test]
fn logout_all_includes_sessions_without_a_profile() {
    let bench = three_sessions();
    for _ in 0..3 {
        bench.provider.revokes("rt-1");
        custom_logout(&bench, 200, "the state");
    }
    let document = bench.run(&["logout", "--all", "--json"]).exits(0).says("Logged out of `gone`").json();
    let sessions = document["sessions"].as_array().unwrap();
    let names: Vec<_> = sessions.iter().map(|session| session["profile"].as_str().unwrap()).collect();
    assert_eq!(names, ["changed", "gone", "work"]);
    for profile in ["work", "gone", "changed"] {
        assert!(bench.stores.raw(&EntryKey::Session(bench.key_of(profile)).name()).is_none(), "{profile}");
    }
    assert!(bench.stores.raw(&EntryKey::ClientSecret(bench.key_of("work")).name()).is_some(), "no session");
    assert!(bench.stores.raw("of another program").is_some());
}

#[test]
fn logout_all_removes_unreadable_entries_of_profiles() {
    for json in [false, true] {
        let bench = three_sessions();
        for profile in ["work", "gone"] {
            bench.stores.damage(&EntryKey::Session(bench.key_of(profile)).name());
        }
        bench.provider.revokes("rt-1");
        custom_logout(&bench, 200, "the state");
        let args: &[&str] = if json { &["logout", "--all", "--json"] } else { &["logout", "--all"] };
        let outcome = bench.run(args).exits(6).says("Logged out of `changed`").says("Logged out of `work`");
        let outcome = outcome.says("1 file cannot be read").says("/the/store").says("remove");
        if json {
            assert_eq!(outcome.error()["kind"], "store");
        }
        let left = |profile| bench.stores.raw(&EntryKey::Session(bench.key_of(profile)).name());
        assert!(left("changed").is_none() && left("work").is_none() && left("gone").is_some());
    }
}

#[test]
fn logout_all_keeps_entries_of_another_key() {
    let bench = logged_in();
    let entry = EntryKey::Session(bench.key()).name();
    let document = bench.stores.raw(&entry).unwrap();
    bench.stores.damage(&entry);
    bench.stores.put(&entry, &document);
    bench.stores.fail("load", StoreFailureKind::WrongKey);
    bench.run(&["logout", "--all"]).exits(6).says("1 file cannot be read").leaves_out("Logged out");
    assert!(bench.session().is_some());
}

#[test]
fn unreadable_files_are_reported_beside_other_errors() {
    let bench = three_sessions();
    bench.stores.damage(&EntryKey::Session(bench.key_of("gone")).name());
    bench.stores.fail("delete", StoreFailureKind::Refused);
    bench.provider.revokes("rt-1");
    custom_logout(&bench, 200, "the state");
    let outcome = bench.run(&["logout", "--all"]).exits(6).says("failed: 1 file cannot be read");
    assert!(
        outcome.stderr.lines().last().unwrap().starts_with("error: the OS keyring returned an error"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn logout_all_conflicts_with_the_profile_option() {
    for args in [&["logout", "--all", "-p", "work"][..], &["--profile", "work", "logout", "--all"]] {
        let bench = three_sessions();
        bench.run(args).exits(2).says("--all").says("--profile").leaves_out("Logged out");
        let kept = |profile| bench.stores.raw(&EntryKey::Session(bench.key_of(profile)).name()).is_some();
        assert!(kept("work") && kept("gone") && kept("changed"));
    }
    let mut bench = three_sessions();
    bench.ports.env.0.clear();
    bench.env("TIDP_PROFILE", "work").run(&["logout", "--all", "--local"]).exits(0).says("Logged out of `gone`");
}

#[test]
fn logout_all_sweeps_leftovers_of_killed_writers() {
    let bench = Bench::new("MobileApp");
    bench.stores.leave_something();
    bench.run(&["logout", "--all"]).exits(0);
    assert!(!bench.stores.has_leftovers());
    bench.stores.fail("sweep", StoreFailureKind::Refused);
    bench.run(&["logout", "--all"]).exits(6).leaves_out("no session");
}

#[test]
fn one_failed_logout_does_not_stop_the_others() {
    let bench = three_sessions();
    bench.stores.fail("delete", StoreFailureKind::Refused);
    for _ in 0..2 {
        bench.provider.revokes("rt-1");
        custom_logout(&bench, 200, "the state");
    }
    let outcome = bench.run(&["logout", "--all"]).exits(6).says("failed: the session of `changed`: the OS keyring");
    outcome.says("Logged out of `gone`").says("Logged out of `work`");
    assert!(bench.stores.raw(&EntryKey::Session(bench.key_of("changed")).name()).is_some());
}

#[test]
fn logout_all_deletes_an_entry_with_an_invalid_issuer() {
    let bench = Bench::new("MobileApp");
    bench.log_in();
    bench.stores.put(r#"["a","not a url","x"]"#, "{}");
    bench.provider.revokes("rt-1");
    custom_logout(&bench, 200, "Already logged out");
    bench.run(&["logout", "--all"]).exits(0);
    assert!(bench.stores.is_empty());
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
