//! The real binary with its own sandbox, as a shell script sees it.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "tests touch the machine themselves")]

mod device_login;
mod login;
mod own_app;
mod streams;
mod user_profile;

use real::home::userinfo;
use real::http::request;
use real::process::Process;
use real::{Home, Provider, require};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

#[path = "../support/real/mod.rs"]
mod real;

/// A user logged in at a new sandbox, if the machine can log in without a person.
fn logged_in() -> Option<(Provider, Home)> {
    if !require("curl") {
        return None;
    }
    let provider = Provider::sandbox(&[]);
    let home = Home::logged_in(&provider, "sandbox-mobile");
    Some((provider, home))
}

#[test]
fn token_is_printed_in_every_format() {
    let Some((provider, home)) = logged_in() else { return };
    let raw = home.tidp(&["token"]).expect(0).to_owned();
    assert_eq!(raw.split('.').count(), 3);
    assert_eq!(userinfo(&provider, &raw).0, 200);
    let format = |format| home.tidp(&["token", "--format", format]).expect(0).to_owned();
    assert_eq!(format("raw"), raw);
    assert_eq!(format("header"), format!("Authorization: Bearer {raw}"));
    assert_eq!(format("env"), format!("export TIDP_ACCESS_TOKEN='{raw}'"));
    let document: Value = serde_json::from_str(&format("json")).unwrap();
    assert_eq!((&document["access_token"], &document["token_type"]), (&json!(raw), &json!("Bearer")));
    assert!(document["expires_in"].as_i64().is_some_and(|left| left > 3_500), "{document}");
    let document: Value = serde_json::from_str(&format("exec-credential")).unwrap();
    assert_eq!((&document["kind"], &document["status"]["token"]), (&json!("ExecCredential"), &json!(raw)));
    assert!(home.tidp(&["token", "--id-token"]).expect(0) != raw);
}

#[test]
fn sandbox_help_lists_every_control() {
    let provider = Provider::sandbox(&[]);
    let help = Home::new().tidp(&["sandbox", "--help"]).expect(0).to_owned();
    let ask = |method, path: &str, body: &str| request(method, &provider.issuer, path, &[], body);
    let mut listed: Vec<&str> = Vec::new();
    let (_, controls) = help.split_once("Controls, ").unwrap();
    for line in controls.lines().filter(|line| line.starts_with("  ") && !line.contains("curl")) {
        let Some((control, rest)) = line.trim().split_once(" {") else { continue };
        let body = &rest[..=rest.find('}').unwrap()];
        let (status, answer) = ask("POST", &format!("/sandbox/{}", control.trim()), &format!("{{{body}"));
        assert_eq!(status, 200, "{line}: {answer}");
        listed.push(control.trim());
    }
    assert_eq!(listed.len(), 19, "{help}");
    listed.dedup();
    let state: Value = serde_json::from_str(&ask("GET", "/sandbox", "").1).unwrap();
    assert_eq!(state["controls"], json!(listed));

    let (_, endpoints) = help.split_once("Endpoints that can fail: ").unwrap();
    let (endpoints, _) = endpoints.split_once("\n\n").unwrap();
    let endpoints = endpoints.split_whitespace().collect::<Vec<_>>().join(" ");
    let (status, answer) = ask("POST", "/sandbox/fail", "{}");
    assert_eq!(status, 400);
    assert!(answer.contains(&format!("none of {endpoints}\"")), "{answer}");
    // The last planned failure loses the response.
    assert_eq!(ask("POST", "/connect/token", "").0, 502);
    assert_eq!(ask("POST", "/connect/token", "").0, 401);
}

#[test]
fn curl_recipe_sends_nothing_without_a_token() {
    let Some((provider, mut home)) = logged_in() else { return };
    home.set("URL", &format!("{}/connect/userinfo", provider.issuer));
    let recipe = r#"h=$(tidp token --format header) && printf '%s\n' "$h" | curl -fsS -H @- "$URL""#;
    let claims: Value = serde_json::from_str(home.sh(recipe).expect(0)).unwrap();
    let ours = home.tidp(&["userinfo", "--json"]).json();
    assert!(claims["sub"].is_string());
    assert_eq!(claims["sub"], ours["sub"]);
    home.sh(r#"tidp token --format curl | curl -fsS -K - "$URL""#).expect(0);
    home.sh(r#"eval "$(tidp token --format env)" && curl -fsS -H "Authorization: Bearer $TIDP_ACCESS_TOKEN" "$URL""#)
        .expect(0);

    home.tidp(&["logout"]).expect(0);
    let before = provider.requests("userinfo");
    let outcome = home.sh(recipe);
    assert_eq!(outcome.expect(3), "");
    assert!(outcome.stderr.contains("hint: tidp login"), "{outcome:#?}");
    assert_eq!(provider.requests("userinfo"), before);
}

#[test]
fn refresh_waits_until_due_unless_forced() {
    let Some((provider, home)) = logged_in() else { return };
    let before = provider.requests("token");
    let refreshed = home.tidp(&["refresh", "--json"]).json();
    assert_eq!((&refreshed["refreshed"], &refreshed["reason"]), (&json!(false), &json!("not_due")));
    assert_eq!(provider.requests("token"), before);
    let token = home.tidp(&["token"]).expect(0).to_owned();
    for (flag, reason) in [("--force", "forced"), ("--claims", "claims")] {
        let refreshed = home.tidp(&["refresh", flag, "--json"]).json();
        assert_eq!((&refreshed["refreshed"], &refreshed["reason"]), (&json!(true), &json!(reason)), "{refreshed}");
    }
    assert_eq!(provider.requests("token"), before + 2);
    assert_ne!(home.tidp(&["token"]).expect(0), token);
}

#[test]
fn due_refresh_makes_one_request() {
    if !require("faketime") || !require("curl") {
        return;
    }
    // Shorter than the sandbox's discovery document is cached.
    let provider = Provider::sandbox(&["--access-token-lifetime", "10m"]);
    let mut home = Home::logged_in(&provider, "sandbox-mobile");
    home.pass_time(&provider, 11 * 60);
    let before = provider.all_requests();
    home.tidp(&["token"]).expect(0);
    assert_eq!(provider.all_requests(), before + 1);
    assert_eq!(home.tidp(&["token", "--no-refresh"]).code, Some(0));
}

#[test]
fn cached_token_is_never_older_than_the_session() {
    if !require("curl") {
        return;
    }
    let provider = Provider::sandbox(&[]);
    let mut home = Home::at(&provider, "sandbox-mobile");
    home.unset("TIDP_ACCESS_TOKEN_CACHE"); // in the kernel, where the machine lets us
    let mut tokens = Vec::new();
    for command in [&["login"][..], &["refresh", "--force"], &["login"]] {
        home.tidp(command).expect(0);
        let token = home.tidp(&["token"]).expect(0).to_owned();
        assert!(!tokens.contains(&token), "after {command:?}");
        tokens.push(token);
    }
    home.tidp(&["logout"]).expect(0);
    home.tidp(&["token"]).expect(3);
}

#[test]
fn exec_passes_the_token_and_no_other_secret() {
    let Some((_provider, mut home)) = logged_in() else { return };
    let token = home.tidp(&["token"]).expect(0).to_owned();
    home.set("TIDP_CLIENT_SECRET", "planted");
    home.set("TIDP_STORE_KEY", "planted");
    let shown = home.tidp(&["exec", "--", "env"]).expect(0).to_owned();
    assert!(shown.contains(&format!("TIDP_ACCESS_TOKEN={token}")), "{shown}");
    assert!(!shown.contains("planted"), "{shown}");
    for (command, code) in [("exit 0", 0), ("exit 42", 42), ("kill -TERM $$", 143)] {
        let outcome = home.tidp(&["exec", "--", "sh", "-c", command]);
        assert_eq!(outcome.code.or(outcome.signal.map(|signal| 128 + signal)), Some(code), "{outcome:#?}");
    }
    home.tidp(&["exec", "--", "no-such-program"]).expect(127);
    home.tidp(&["exec", "--", home.path("home").to_str().unwrap()]).expect(126);
    home.tidp(&["logout"]).expect(0);
    assert_eq!(home.tidp(&["exec", "--", "echo", "ran"]).expect(3), "");
}

#[test]
fn signal_to_exec_reaches_its_command() {
    let Some((_provider, home)) = logged_in() else { return };
    let script = "trap 'exit 7' TERM; echo ready >&2; while :; do sleep 0.05; done";
    let mut running = Process::start(&mut home.tidp_command(&["exec", "--", "sh", "-c", script]));
    running.wait_for_word(|word| word == "ready");
    running.signal(Signal::TERM);
    running.finish().expect(7);
}

#[test]
fn exit_codes_match_the_contract() {
    let Some((mut provider, mut home)) = logged_in() else { return };
    home.tidp(&["token"]).expect(0);
    assert_eq!(home.tidp(&["tokne", "--json"]).error(2)["kind"], "usage");
    assert_eq!(home.tidp(&["token", "--min-ttl", "2h", "--json"]).error(2)["exit_code"], 2);
    home.set("TIDP_CLIENT_ID", "sandbox-web");
    assert_eq!(home.tidp(&["token", "--json"]).error(3)["kind"], "login_required");
    home.set("TIDP_CLIENT_ID", "nobody");
    // An unknown client is never redirected: the browser shows why, and the login times out.
    home.tidp(&["login", "--timeout", "1s"]).expect(124);
    home.set("TIDP_CLIENT_ID", "sandbox-mobile");
    let error = home.tidp(&["login", "--scope", "openid nonsense", "--json"]).error(4);
    assert_eq!(error["provider"]["error"], "invalid_scope", "{error}");
    home.set("TIDP_STORE", "keyring"); // on a machine without one, for there is no bus in this environment
    assert_eq!(home.tidp(&["token", "--json"]).error(6)["kind"], "store");
    home.set("TIDP_STORE", "plaintext-file");
    provider.stop();
    assert_eq!(home.tidp(&["refresh", "--force", "--json"]).error(5)["kind"], "unreachable");
    home.tidp(&["token"]).expect(0);
}

#[test]
fn encrypted_file_is_unreadable_without_its_key() {
    if !require("curl") {
        return;
    }
    let provider = Provider::sandbox(&[]);
    let mut home = Home::at(&provider, "sandbox-mobile");
    home.set("TIDP_STORE", "file");
    home.set("TIDP_STORE_KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
    home.tidp(&["login"]).expect(0);
    home.tidp(&["refresh", "--force"]).expect(0);
    assert_eq!(home.tidp(&["inspect", "--json"]).json()["store"], "file");
    home.assert_no_token_in_files();
    home.set("TIDP_STORE_KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHhc=");
    assert_eq!(home.tidp(&["token", "--json"]).error(6)["kind"], "store");
}

#[test]
fn written_files_are_private_whatever_the_umask() {
    let Some((_provider, home)) = logged_in() else { return };
    home.sh("umask 000; tidp refresh --force && tidp inspect >/dev/null && tidp profile add x --environment staging --client-id y")
        .expect(0);
    for (path, _) in home.files() {
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        assert_eq!(mode(path.parent().unwrap()), 0o700, "{}", path.display());
    }
}

#[test]
fn the_policy_of_every_client_is_explained() {
    if !require("curl") {
        return;
    }
    let provider = Provider::sandbox(&[]);
    for (client, policy, sliding) in [
        ("sandbox-public", "NoRefresh", false),
        ("sandbox-public-with-refresh", "PublicWeb", true),
        ("sandbox-confidential", "Confidential", false),
        ("sandbox-mobile", "Mobile", true),
        ("sandbox-web", "Web", true),
    ] {
        let home = Home::logged_in(&provider, client);
        let document = home.tidp(&["policy", "--json"]).json();
        assert_eq!((&document["policy"], &document["sliding"]), (&json!(policy), &json!(sliding)), "{document}");
        assert_eq!(document["expires_at"].is_null(), policy == "NoRefresh", "{document}");
        assert!(document["explanation"].as_str().is_some_and(|text| text.len() > 20), "{document}");
        let short = home.tidp(&["policy", "--short"]);
        assert!(short.expect(0).starts_with(policy) && short.stdout.lines().count() == 1, "{}", short.stdout);
        assert_eq!(home.tidp(&["policy", "--require", "365d"]).code, Some(3));
    }
}

#[test]
fn the_tokens_are_told_apart_and_explained() {
    let Some((provider, home)) = logged_in() else { return };
    let document = home.tidp(&["inspect", "--json"]).json();
    assert_eq!((&document["issuer"], &document["store"]), (&json!(provider.issuer), &json!("plaintext-file")));
    assert_eq!(document["access_token"]["header"]["typ"], "at+jwt");
    assert_eq!(document["id_token"]["header"]["typ"], "JWT");
    for token in ["access_token", "id_token"] {
        assert_eq!((&document[token]["state"], &document[token]["verified"]), (&json!("valid"), &json!(true)));
    }
    let token = home.tidp(&["token"]).expect(0).to_owned();
    let decoded = home.tidp_with_stdin(&["decode", "-", "--json"], &token).json();
    assert_eq!((&decoded["verified"], &decoded["typ"]), (&json!(false), &json!("at+jwt")));
    assert_eq!(home.tidp_with_stdin(&["decode", "-", "--verify", "--json"], &token).json()["verified"], true);
    let changed = format!("{}{}", &token[..token.len() - 8], "AAAAAAAA");
    assert_eq!(home.tidp_with_stdin(&["decode", "-", "--verify"], &changed).code, Some(7));
}

#[test]
fn a_profile_does_what_the_environment_does() {
    if !require("curl") {
        return;
    }
    let provider = Provider::sandbox(&[]);
    let home = Home::new();
    let add = |name, client, client_type| {
        let to = ["--issuer", &provider.issuer, "--client-id", client, "--client-type", client_type];
        home.tidp(&[&["profile", "add", name], &to[..]].concat()).expect(0);
    };
    add("mobile", "sandbox-mobile", "MobileApp");
    add("page", "sandbox-public", "Public");
    home.tidp(&["profile", "use", "page"]).expect(0);
    home.tidp(&["login"]).expect(0);
    home.tidp(&["login", "--profile", "mobile"]).expect(0);
    assert_eq!(home.tidp(&["inspect", "--json"]).json()["profile"], "page");
    assert_eq!(home.tidp(&["inspect", "--json", "--profile", "mobile"]).json()["client_id"], "sandbox-mobile");
    home.tidp(&["logout", "--all"]).expect(0);
    for profile in ["mobile", "page"] {
        home.tidp(&["token", "--profile", profile]).expect(3);
    }
}

#[test]
fn demo_runs_unattended_and_leaves_no_files() {
    let mut home = Home::new();
    home.unset("BROWSER");
    home.unset("TIDP_STORE");
    home.set("CI", "true");
    let outcome = home.tidp(&["demo"]);
    outcome.expect(0);
    assert!(format!("{}{}", outcome.stdout, outcome.stderr).contains("Mobile"), "{outcome:#?}");
    assert!(!outcome.stderr.contains("gone when this command ends"), "its commands share one session");
    assert!(home.files().is_empty(), "{:?}", home.files());
}

#[test]
fn each_policy_of_the_sandbox_ends_to_the_second() {
    if !require("curl") {
        return;
    }
    const DAY: i64 = 86_400;
    for (client, lifetime, sliding) in [
        ("sandbox-confidential", 14 * DAY, false),
        ("sandbox-mobile", 90 * DAY, true),
        ("sandbox-public-with-refresh", 600, true),
        ("sandbox-web", 600, true),
    ] {
        let provider = Provider::sandbox(&[]);
        provider.freeze();
        let home = Home::logged_in(&provider, client);
        let refresh = || home.tidp(&["refresh", "--force"]);
        provider.advance(lifetime - 1);
        refresh().expect(0);
        if sliding {
            provider.advance(lifetime - 1);
            refresh().expect(0);
            provider.advance(lifetime);
        } else {
            provider.advance(1);
        }
        refresh().expect(3);
        provider.advance(1);
        refresh().expect(3);
        home.tidp(&["login"]).expect(0);
        refresh().expect(0);
    }
}
