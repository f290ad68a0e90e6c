//! The real binary with independent OpenID providers: the lifecycle of a session at three of them, and all TelenorID+
//! policies at one. Time passes by the provider's control API and by libfaketime.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "tests touch the machine themselves")]

#[path = "support/real/mod.rs"]
mod real;

use real::home::userinfo;
use real::process::{Process, poll};
use real::{Home, Provider, require};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::time::Duration;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// The independent provider, if it can run here.
fn provider() -> Option<Provider> {
    (require("node") && require("curl")).then(Provider::independent)
}

/// The same, with a clock that can be moved.
fn provider_with_a_clock() -> Option<Provider> {
    if !require("faketime") {
        return None;
    }
    let provider = provider()?;
    provider.freeze();
    Some(provider)
}

/// The steps every provider goes through.
#[track_caller]
fn a_whole_life_at(provider: &mut Provider, client: &str, refused: &[i32]) {
    let home = Home::logged_in(provider, client);
    let account = home.tidp(&["inspect", "--json"]).json()["account"]["sub"].clone();
    signed(&home);
    let claims: Value = home.tidp(&["userinfo", "--json"]).json();
    assert_eq!(claims["sub"], account, "{claims}");

    let mut access_tokens = vec![home.tidp(&["token"]).expect(0).to_owned()];
    for _ in 0..3 {
        let refreshed = home.tidp(&["refresh", "--force", "--json"]).json();
        assert_eq!((&refreshed["refreshed"], &refreshed["rotated"]), (&json!(true), &json!(true)), "{refreshed}");
        signed(&home);
        let token = home.tidp(&["token"]).expect(0).to_owned();
        assert!(!access_tokens.contains(&token));
        access_tokens.push(token);
    }

    // The same user logs in elsewhere, which some providers mention in later ID tokens.
    let login = home.tidp(&["inspect", "--json"]).json()["login_at"].clone();
    let elsewhere = Home::at(provider, client);
    poll("a later second", || {
        elsewhere.tidp(&["login"]).expect(0);
        (elsewhere.tidp(&["inspect", "--json"]).json()["login_at"] != login).then_some(())
    });
    home.tidp(&["refresh", "--force"]).expect(0);

    let before = home.files();
    home.tidp(&["refresh", "--force"]).expect(0);
    home.restore_files(&before); // the refresh token that is spent now
    for code in refused {
        let error = home.tidp(&["refresh", "--force", "--json"]).error(*code);
        assert!(error["hint"].as_str().is_some_and(|hint| hint.starts_with("tidp login")), "{error}");
    }
    home.tidp(&["login"]).expect(0);
    home.tidp(&["token"]).expect(0);

    // The signing key is gone: the signature is neither valid nor invalid.
    provider.change_keys();
    not_denied(&home);
    home.tidp(&["refresh", "--force"]).expect(0);
    not_denied(&home);
    provider.change_keys();
    home.tidp(&["login"]).expect(0);
    signed(&home);

    home.tidp(&["logout", "--browser"]).expect(0);
    home.tidp(&["token"]).expect(3);
    home.tidp(&["login"]).expect(0);
}

/// Asserts that every command finds the ID token verified.
#[track_caller]
fn signed(home: &Home) {
    let inspected = home.tidp(&["inspect", "--json"]).json();
    assert_eq!(inspected["id_token"]["verified"], true, "{inspected}");
    let id_token = home.tidp(&["token", "--id-token"]).expect(0).to_owned();
    let decoded = home.tidp_with_stdin(&["decode", "--verify", "--json", "-"], &id_token).json();
    assert_eq!(decoded["verified"], true, "{decoded}");
}

/// Asserts that no signature is called invalid.
#[track_caller]
fn not_denied(home: &Home) {
    let inspected = home.tidp(&["inspect", "--json"]).json();
    for token in ["access_token", "id_token"] {
        assert_ne!(inspected[token]["verified"], false, "{token}: {inspected}");
    }
}

#[test]
fn session_lifecycle_at_oidc_provider() {
    let Some(mut provider) = provider() else { return };
    for client in ["provider-mobile", "provider-confidential"] {
        a_whole_life_at(&mut provider, client, &[3]);
    }
}

#[test]
fn session_lifecycle_at_django_oauth_toolkit() {
    if !require("django") {
        return;
    }
    let mut provider = Provider::django();
    for client in ["public", "confidential"] {
        a_whole_life_at(&mut provider, client, &[3]);
    }
}

/// Glewlwyd refuses with an empty response, which counts when repeated.
#[test]
fn session_lifecycle_at_glewlwyd() {
    if !require("glewlwyd") {
        return;
    }
    let mut provider = Provider::glewlwyd();
    for client in ["public", "confidential"] {
        a_whole_life_at(&mut provider, client, &[4, 3]);
    }
}

#[test]
fn every_client_type_gets_the_tokens_of_its_policy() {
    let Some(provider) = provider() else { return };
    for (client, policy, lifetime) in [
        ("provider-public", "NoRefresh", None),
        ("provider-public-with-refresh", "PublicWeb", Some(10 * MINUTE)),
        ("provider-web", "Web", Some(10 * MINUTE)),
        ("provider-confidential", "Confidential", Some(14 * DAY)),
        ("provider-mobile", "Mobile", Some(90 * DAY)),
    ] {
        let home = Home::logged_in(&provider, client);
        let inspected = home.tidp(&["inspect", "--json"]).json();
        assert_eq!(inspected["client_id"], client);
        assert_eq!(inspected["policy"]["name"], policy, "{inspected}");
        assert_eq!(inspected["access_token"]["verified"], true, "{inspected}");
        assert_eq!(inspected["id_token"]["verified"], true, "{inspected}");
        let remaining = home.tidp(&["policy", "--json"]).json()["remaining"].as_i64();
        assert!(remaining.zip(lifetime).is_none_or(|(left, all)| (all - 60..=all).contains(&left)), "{remaining:?}");
        assert_eq!(remaining.is_some(), lifetime.is_some());
        let token = home.tidp(&["token"]);
        assert_eq!(userinfo(&provider, token.expect(0)).0, 200);
    }
}

/// Confirms a user code as a person does, in the provider's pages.
fn confirm_device(home: &Home, address: &str, code: &str) {
    let page = |fields: &[String]| {
        let jar = home.path("cookies");
        let mut curl = home.command("curl");
        curl.args(["-sL", "--max-time", "30", "-b"]).arg(&jar).arg("-c").arg(&jar);
        for field in fields {
            curl.args(["--data-urlencode", field]);
        }
        let ran = curl.arg(address).output().unwrap();
        String::from_utf8(ran.stdout).unwrap()
    };
    let code = format!("user_code={code}");
    let form = page(&[]);
    let (_, rest) = form.split_once("name=\"xsrf\" value=\"").unwrap_or_else(|| panic!("no form: {form}"));
    let xsrf = format!("xsrf={}", rest.split('"').next().unwrap());
    page(&[xsrf.clone(), code.clone()]);
    let done = page(&[xsrf, code, "confirm=yes".into()]);
    assert!(done.contains("Sign-in Success"), "{done}");
}

#[test]
fn device_login_is_confirmed_at_an_independent_provider() {
    let Some(provider) = provider() else { return };
    let home = Home::at(&provider, "provider-mobile");
    let mut login = Process::start(&mut home.tidp_command(&["login", "--device"]));
    let address = login.wait_for_word(|word| word.ends_with("/device"));
    let digits = |word: &str| word.len() == 3 && word.bytes().all(|byte| byte.is_ascii_digit());
    // The code is three groups on one line, of which the first is waited for.
    let first = login.wait_for_word(digits);
    let shown = login.shown_so_far().to_owned();
    let code = shown.lines().rev().map(str::trim).find(|line| line.starts_with(&first)).unwrap();
    confirm_device(&home, &address, code);
    assert_eq!(login.finish().expect(0), "");
    home.tidp(&["refresh", "--force"]).expect(0);
    signed(&home);
}

/// A login in Vipps that has asked the phone.
fn login_in_vipps(home: &Home, args: &[&str]) -> Process {
    let login = ["login", "--ciba", "vipps", "--login-hint", "+4790000000", "--scope", "openid offline_access"];
    let mut login = Process::start(&mut home.tidp_command(&[&login, args].concat()));
    login.wait_for_word(|word| word == "+4790000000.");
    login
}

#[test]
fn login_in_vipps_is_approved_on_the_phone() {
    let Some(provider) = provider() else { return };
    for client in ["provider-confidential", "provider-confidential-post"] {
        let mut home = Home::at(&provider, client);
        if client.ends_with("post") {
            home.set("TIDP_AUTH_METHOD", "client_secret_post");
        }
        let before = provider.requests("token");
        let login = login_in_vipps(&home, &[]);
        poll("a poll before the user decides", || (provider.requests("token") > before).then_some(()));
        provider.post("/backchannel", &json!({ "approve": true }));
        let outcome = login.finish();
        assert_eq!(outcome.expect(0), "");
        assert_eq!(provider.requests("token"), before + 2, "one answered by `authorization_pending`, one by tokens");
        assert!(
            outcome.took > Duration::from_secs(9),
            "each of them is five seconds after what went before: {outcome:#?}"
        );
        signed(&home);
        let claims = home.tidp(&["userinfo", "--json"]).json();
        assert_eq!(claims["phone_number"], "+4790000000", "{claims}");
        let refreshed = home.tidp(&["refresh", "--force", "--json"]).json();
        assert_eq!(refreshed["rotated"], true, "{refreshed}");
        signed(&home);
    }
}

#[test]
fn login_in_vipps_is_denied_or_asks_nobody() {
    let Some(provider) = provider() else { return };
    let home = Home::at(&provider, "provider-confidential");
    let login = login_in_vipps(&home, &["--json"]);
    provider.post("/backchannel", &json!({ "approve": false }));
    let error = login.finish().error(4);
    assert_eq!((&error["kind"], &error["provider"]["error"]), (&json!("refused"), &json!("access_denied")), "{error}");
    assert_eq!(provider.requests("token"), 1);
    let nobody = ["login", "--ciba", "vipps", "--login-hint", "+4790000001", "--json"];
    assert_eq!(home.tidp(&nobody).error(4)["provider"]["error"], "unknown_user_id");
    assert_eq!(provider.requests("token"), 1);
    home.tidp(&["token"]).expect(3);
}

#[test]
fn client_secret_works_by_basic_and_by_post() {
    let Some(provider) = provider() else { return };
    for (client, method) in
        [("provider-confidential", "client_secret_basic"), ("provider-confidential-post", "client_secret_post")]
    {
        let mut home = Home::at(&provider, client);
        home.set("TIDP_AUTH_METHOD", method);
        home.tidp(&["login"]).expect(0);
        home.tidp(&["refresh", "--force"]).expect(0);
    }
}

#[test]
fn sliding_session_ends_a_lifetime_after_its_renewal() {
    for (client, lifetime) in [("provider-mobile", 90 * DAY), ("provider-web", 10 * MINUTE)] {
        for mode in ["rotate", "reuse"] {
            let Some(provider) = provider_with_a_clock() else { return };
            provider.refresh_tokens(mode);
            let mut home = Home::logged_in(&provider, client);
            for _ in 0..2 {
                home.pass_time(&provider, lifetime - 1);
                let refreshed = home.tidp(&["refresh", "--force", "--json"]).json();
                assert_eq!(refreshed["rotated"], mode == "rotate", "{refreshed}");
            }
            home.pass_time(&provider, lifetime);
            ended(&home);
        }
    }
}

#[test]
fn fixed_session_ends_fourteen_days_after_its_login() {
    for mode in ["rotate", "reuse"] {
        let Some(provider) = provider_with_a_clock() else { return };
        provider.refresh_tokens(mode);
        let mut home = Home::logged_in(&provider, "provider-confidential");
        let end = home.tidp(&["policy", "--json"]).json()["expires_at"].clone();
        home.pass_time(&provider, 7 * DAY);
        home.tidp(&["token"]).expect(0);
        home.pass_time(&provider, 7 * DAY - 1);
        home.tidp(&["token"]).expect(0);
        assert_eq!(home.tidp(&["policy", "--json"]).json()["expires_at"], end);
        home.pass_time(&provider, 1);
        ended(&home);
    }
}

#[test]
fn session_without_refresh_token_ends_at_the_provider() {
    let Some(provider) = provider_with_a_clock() else { return };
    let mut home = Home::logged_in(&provider, "provider-public");
    home.pass_time(&provider, HOUR - 2 * MINUTE);
    home.tidp(&["token"]).expect(0);
    home.pass_time(&provider, 2 * MINUTE);
    assert_eq!(home.tidp(&["token", "--json"]).error(3)["kind"], "login_required");
    assert_eq!(provider.requests("token"), 1, "the login's and no other");
}

/// Asserts that the refusal requires a login, and that a login helps.
#[track_caller]
fn ended(home: &Home) {
    let error = home.tidp(&["refresh", "--force", "--json"]).error(3);
    assert_eq!(error["kind"], "login_required");
    assert_eq!(error["provider"]["error"], "invalid_grant", "{error}");
    assert!(error["hint"].as_str().is_some_and(|hint| hint.starts_with("tidp login")), "{error}");
    let policy = home.tidp(&["policy", "--json"]).json();
    assert_eq!((&policy["expired"], &policy["next_action"]), (&json!(true), &json!("login")), "{policy}");
    home.tidp(&["login"]).expect(0);
    home.tidp(&["token"]).expect(0);
}

#[test]
fn ten_minute_session_needs_renewal_to_live_longer() {
    for renew in ["when-due", "before-session-ends"] {
        let Some(provider) = provider_with_a_clock() else { return };
        let mut home = Home::at(&provider, "provider-public-with-refresh");
        home.set("TIDP_RENEW", renew);
        home.tidp(&["login"]).expect(0);
        for _ in 0..10 {
            home.pass_time(&provider, 8 * MINUTE);
            home.tidp(&["token"]);
        }
        home.tidp(&["token"]).expect(if renew == "when-due" { 3 } else { 0 });
    }
}

#[test]
fn refresh_after_the_sso_session_renews_nothing() {
    for (client, sso) in [("provider-mobile", "ended"), ("provider-confidential", "unknown")] {
        let Some(provider) = provider_with_a_clock() else { return };
        provider.introspection("none");
        let mut home = Home::logged_in(&provider, client);
        let before = home.tidp(&["policy", "--json"]).json();
        provider.end_sso();
        home.pass_time(&provider, DAY);
        let refreshed = home.tidp(&["refresh", "--json"]).json();
        assert_eq!((&refreshed["refreshed"], &refreshed["rotated"]), (&json!(true), &json!(false)), "{refreshed}");
        assert_eq!(refreshed["refresh_token_expires_at"], before["expires_at"], "{refreshed}");
        let after = home.tidp(&["policy", "--json"]).json();
        assert_eq!(after["sso"], sso, "{after}");
        assert_eq!(after["expires_at"], before["expires_at"]);
        home.tidp(&["refresh", "--force"]).expect(0);
    }
}

#[test]
fn reused_refresh_token_proves_no_renewal() {
    let Some(provider) = provider_with_a_clock() else { return };
    provider.refresh_tokens("reuse");
    provider.introspection("none");
    let mut home = Home::logged_in(&provider, "provider-mobile");
    let login = home.tidp(&["policy", "--json"]).json();
    home.pass_time(&provider, DAY);
    let refreshed = home.tidp(&["refresh", "--json"]).json();
    assert_eq!((&refreshed["rotated"], &refreshed["renewed"]), (&json!(false), &Value::Null), "{refreshed}");
    let policy = home.tidp(&["policy", "--json"]).json();
    assert_eq!(policy["expires_at_earliest"], login["expires_at"], "what can be relied on");
    assert_ne!(policy["expires_at"], login["expires_at"], "what the policy implies");
}

#[test]
fn provider_says_when_its_refresh_token_expires() {
    let Some(provider) = provider_with_a_clock() else { return };
    let lifetimes = [("provider-mobile", 90 * DAY), ("provider-confidential", 14 * DAY)];
    for (client, lifetime) in lifetimes {
        let home = Home::logged_in(&provider, client);
        let policy = home.tidp(&["policy", "--json"]).json();
        assert_eq!((&policy["expires_at_source"], &policy["warnings"]), (&json!("provider"), &Value::Null), "{policy}");
        assert!((0..60).contains(&(lifetime - policy["remaining"].as_i64().unwrap())), "{policy}");
    }
    // Whether a refresh that returned the same refresh token has renewed it.
    provider.refresh_tokens("reuse");
    let mut home = Home::logged_in(&provider, "provider-mobile");
    home.pass_time(&provider, DAY);
    home.tidp(&["refresh"]).expect(0);
    let policy = home.tidp(&["policy", "--json"]).json();
    assert_eq!((&policy["expires_at_source"], &policy["warnings"]), (&json!("provider"), &Value::Null), "{policy}");
    assert!((0..60).contains(&(90 * DAY - policy["remaining"].as_i64().unwrap())), "{policy}");
    // A token that the provider does not know any more: told, and kept.
    home.tidp(&["refresh", "--force"]).expect(0);
    provider.post("/sso/end", &json!({ "revoke": true }));
    let policy = home.tidp(&["policy", "--json"]).json();
    assert_eq!((&policy["expired"], &policy["expires_at_source"]), (&json!(true), &json!("provider")), "{policy}");
    home.tidp(&["refresh", "--force"]).expect(3);
}

#[test]
fn new_signing_key_is_fetched_when_a_token_names_it() {
    let Some(provider) = provider() else { return };
    let home = Home::logged_in(&provider, "provider-mobile");
    provider.post("/keys/rotate", &json!({ "keep": false }));
    home.tidp(&["refresh", "--force"]).expect(0);
    let inspected = home.tidp(&["inspect", "--json"]).json();
    assert_eq!(inspected["access_token"]["verified"], true, "{inspected}");
}

#[test]
fn provider_outage_loses_no_session() {
    let Some(provider) = provider() else { return };
    let home = Home::logged_in(&provider, "provider-mobile");
    for status in [503, 429, 500] {
        provider.fail_token_requests(status, 1);
        assert_eq!(home.tidp(&["refresh", "--force", "--json"]).error(5)["kind"], "unreachable", "{status}");
    }
    home.tidp(&["refresh", "--force"]).expect(0);
}

#[test]
fn lost_response_is_described_accurately() {
    let Some(provider) = provider() else { return };
    let home = Home::logged_in(&provider, "provider-mobile");
    let before = provider.requests("token");
    provider.fail_token_requests(0, 1);
    assert_eq!(home.tidp(&["refresh", "--force", "--json"]).error(5)["kind"], "unreachable");
    assert_eq!(provider.requests("token"), before + 1, "a spent token is not sent twice");
    let error = home.tidp(&["refresh", "--force", "--json"]).error(3);
    assert!(error["message"].as_str().unwrap().contains("used up"), "{error}");
    home.tidp(&["login"]).expect(0);
    home.tidp(&["refresh", "--force"]).expect(0);
}

/// Starts a refresh that the provider has performed but not yet responded to.
fn refresh_in_flight(provider: &Provider, home: &Home) -> Process {
    let before = provider.requests("token");
    provider.post("/hold", &json!({}));
    let refresh = Process::start(&mut home.tidp_command(&["refresh", "--force"]));
    poll("the refresh", || (provider.requests("token") > before).then_some(()));
    refresh
}

#[test]
fn signal_waits_until_the_new_token_is_stored() {
    let Some(provider) = provider() else { return };
    let home = Home::logged_in(&provider, "provider-mobile");
    for signal in [Signal::INT, Signal::TERM] {
        let refresh = refresh_in_flight(&provider, &home);
        refresh.signal(signal);
        provider.post("/release", &json!({}));
        assert_eq!(refresh.finish().signal, Some(signal.as_raw()));
    }
    home.tidp(&["refresh", "--force"]).expect(0);
}

#[test]
fn killed_refresh_is_noticed_by_the_next_run() {
    for (mode, code) in [("rotate", 3), ("reuse", 0)] {
        let Some(provider) = provider() else { return };
        provider.refresh_tokens(mode);
        let home = Home::logged_in(&provider, "provider-mobile");
        let refresh = refresh_in_flight(&provider, &home);
        refresh.signal(Signal::KILL);
        refresh.finish();
        provider.post("/release", &json!({}));
        home.tidp(&["token"]).expect(0); // the access token serves as before
        let next = home.tidp(&["refresh", "--force"]);
        next.expect(code);
        assert!(next.stderr.contains("did not finish; its refresh token"), "{next:#?}");
    }
}

#[test]
fn long_wait_for_another_refresh_is_busy() {
    let Some(provider) = provider() else { return };
    let home = Home::logged_in(&provider, "provider-mobile");
    let refresh = refresh_in_flight(&provider, &home);
    refresh.signal(Signal::STOP);
    provider.post("/release", &json!({}));
    home.tidp(&["token"]).expect(0); // needs no lock
    assert_eq!(home.tidp(&["refresh", "--force", "--json"]).error(5)["kind"], "busy");
    refresh.signal(Signal::CONT);
    refresh.finish().expect(0);
    home.tidp(&["refresh", "--force"]).expect(0);
}

#[test]
fn many_processes_make_one_request() {
    let Some(provider) = provider_with_a_clock() else { return };
    let mut home = Home::logged_in(&provider, "provider-mobile");
    home.pass_time(&provider, 2 * HOUR);
    let before = provider.requests("token");
    let running: Vec<_> = (0..12).map(|_| Process::start(&mut home.tidp_command(&["token"]))).collect();
    let answers: Vec<_> = running.into_iter().map(|process| process.finish().expect(0).to_owned()).collect();
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(provider.requests("token"), before + 1);
}

#[test]
fn client_that_acts_for_itself_gets_and_renews_tokens() {
    let Some(provider) = provider_with_a_clock() else { return };
    for (client, method) in
        [("provider-confidential", "client_secret_basic"), ("provider-confidential-post", "client_secret_post")]
    {
        let mut home = Home::at(&provider, client);
        home.set("TIDP_GRANT", "client_credentials");
        home.set("TIDP_AUTH_METHOD", method);
        let before = provider.requests("token");
        let first = home.tidp(&["token"]).expect(0).to_owned();
        assert_eq!(home.tidp(&["token"]).expect(0), first);
        assert_eq!(provider.requests("token"), before + 1);
        home.pass_time(&provider, HOUR - 30);
        let second = home.tidp(&["token", "--json"]).json();
        assert_ne!(first.trim(), second["access_token"]);
        assert_eq!(provider.requests("token"), before + 2);
        assert_eq!(home.tidp(&["inspect", "--json"]).json()["access_token"]["state"], "valid");
        home.tidp(&["logout"]).expect(0);
        home.set("TIDP_CLIENT_SECRET", "wrong");
        let error = home.tidp(&["token", "--json"]).error(4);
        assert_eq!(error["provider"]["error"], "invalid_client", "{error}");
    }
    let mut home = Home::at(&provider, "provider-mobile");
    home.set("TIDP_GRANT", "client_credentials");
    assert_eq!(home.tidp(&["token", "--json"]).error(2)["kind"], "config");
}

#[test]
fn token_of_fewer_scopes_is_kept_beside_the_main_one() {
    let Some(provider) = provider() else { return };
    let home = Home::logged_in(&provider, "provider-mobile");
    let main = home.tidp(&["token"]).expect(0).to_owned();
    let narrow = home.tidp(&["token", "--scope", "openid", "--json"]).json();
    assert_eq!((&narrow["scope"], narrow["warnings"].as_array()), (&json!("openid"), None), "{narrow}");
    assert_ne!(narrow["access_token"], main.trim());
    // Neither takes the other's place, and the new refresh token is the session's.
    assert_eq!(home.tidp(&["token"]).expect(0), main);
    assert_eq!(home.tidp(&["token", "--scope", "openid", "--json"]).json()["access_token"], narrow["access_token"]);
    assert_eq!(provider.requests("token"), 2);
    home.tidp(&["refresh", "--force"]).expect(0);
    assert!(home.tidp(&["inspect", "--json"]).json()["scopes"].as_array().unwrap().len() > 1);
}

#[test]
fn wrong_local_clock_is_only_a_warning() {
    let Some(provider) = provider() else { return };
    for skew in [2 * HOUR, -2 * HOUR] {
        provider.post("/clock", &json!({ "offset": skew }));
        let home = Home::at(&provider, "provider-mobile");
        let inspected = home.tidp(&["login", "--json"]).json();
        let warnings = inspected["warnings"].as_array().unwrap();
        assert!(warnings.iter().any(|warning| warning["code"] == "clock_skew"), "{inspected}");
        home.tidp(&["token"]).expect(0);
        home.tidp(&["refresh", "--force"]).expect(0);
    }
}

#[test]
fn refusal_is_reported_in_the_providers_words() {
    let Some(provider) = provider() else { return };
    let home = Home::at(&provider, "provider-mobile");
    let error = home.tidp(&["login", "--scope", "openid nonsense", "--json"]).error(4);
    assert_eq!((&error["kind"], &error["provider"]["error"]), (&json!("refused"), &json!("invalid_scope")));
    let error = home.tidp(&["login", "--prompt", "none", "--json"]).error(3);
    assert_eq!((&error["kind"], &error["provider"]["error"]), (&json!("login_required"), &json!("login_required")));
    home.tidp(&["token"]).expect(3);
}

#[test]
fn logout_revokes_and_ends_the_sso_session() {
    let Some(provider) = provider() else { return };
    let home = Home::logged_in(&provider, "provider-mobile");
    let token = home.tidp(&["token"]).expect(0).to_owned();
    let logout = home.tidp(&["logout"]);
    logout.expect(0);
    assert_eq!(provider.requests("revocation"), 1);
    assert_eq!(provider.requests("custom_logout"), 1);
    assert!(!logout.stderr.contains(&token) && !logout.stdout.contains(&token));
    home.tidp(&["token"]).expect(3);
    home.tidp(&["logout"]).expect(0);
}

#[test]
fn logout_without_the_provider_is_local() {
    let Some(mut provider) = provider() else { return };
    let home = Home::logged_in(&provider, "provider-mobile");
    provider.stop();
    home.tidp(&["logout", "--json"]).error(5);
    home.tidp(&["token"]).expect(3);
    assert!(home.files().iter().all(|(_, bytes)| !bytes.windows(4).any(|window| window == b".eyJ")));
}

#[test]
fn client_without_loopback_redirect_logs_in_by_paste() {
    let Some(provider) = provider() else { return };
    let mut home = Home::at(&provider, "provider-paste");
    home.set("TIDP_REDIRECT_URI", "https://app.example/callback");
    let (mut login, url) = home.login_by_hand(&["--paste"]);
    let landed = home.follow(&url);
    assert!(landed.starts_with("https://app.example/callback?"), "{landed}");
    login.write_stdin(&format!("{landed}\n"));
    assert_eq!(login.finish().expect(0), "");
    home.tidp(&["token"]).expect(0);

    let (mut login, _) = home.login_by_hand(&["--paste", "--json"]);
    login.write_stdin(&format!("{landed}\n")); // the first login's: another state
    assert_eq!(login.finish().error(7)["kind"], "invalid");
    let (mut login, _) = home.login_by_hand(&["--paste", "--json"]);
    login.write_stdin("just-a-code\n");
    login.finish().error(2);
}
