//! The real binary with a real Secret Service, working and failing.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "tests touch the machine themselves")]

#[path = "support/real/mod.rs"]
mod real;

use real::process::Process;
use real::secret_service::{SecretService, entries};
use real::{Home, Outcome, Provider, require};
use std::time::Duration;

/// The read deadline, twice, and a margin.
const DEADLINE: Duration = Duration::from_secs(12);

#[test]
fn keyring_entry_lives_from_login_to_logout() {
    if !require("keyring") || !require("curl") {
        return;
    }
    let provider = Provider::sandbox(&[]);
    let mut home = Home::at(&provider, "sandbox-mobile");
    let _service = SecretService::start(&mut home);
    assert_eq!(entries(&home), "");

    home.tidp(&["login"]).expect(0);
    let found = entries(&home);
    assert!(found.contains("attribute.service = tidp"), "{found}");
    let host = provider.issuer.trim_start_matches("http://");
    assert!(found.contains(&format!("label = tidp: sandbox-mobile ({host})\n")), "{found}");
    let inspected = home.tidp(&["inspect", "--json"]).json();
    assert_eq!(inspected["store"], "keyring");
    let token = home.tidp(&["token"]);
    assert_eq!(real::home::userinfo(&provider, token.expect(0)).0, 200);
    assert!(home.tidp(&["refresh", "--force", "--json"]).json()["rotated"].as_bool().unwrap());
    home.assert_no_token_in_files();

    home.tidp(&["logout"]).expect(0);
    assert_eq!(entries(&home), "");
    home.tidp(&["token"]).expect(3);
}

#[test]
fn entry_is_found_by_attributes_not_label() {
    if !require("keyring") || !require("curl") {
        return;
    }
    let provider = Provider::sandbox(&["--refresh-tokens", "rotate"]);
    let mut home = Home::at(&provider, "sandbox-mobile");
    let _service = SecretService::start(&mut home);
    home.tidp(&["login"]).expect(0);
    let found = entries(&home);
    let name = found.lines().find_map(|line| line.strip_prefix("attribute.username = ")).unwrap();
    // As it was written before labels were readable.
    let again = r#"secret=$(secret-tool lookup service tidp) && secret-tool clear service tidp
        printf %s "$secret" | secret-tool store --label="keyring:$NAME@tidp" service tidp username "$NAME""#;
    assert!(home.command("sh").args(["-c", again]).env("NAME", name).status().unwrap().success());
    assert!(entries(&home).contains("label = keyring:"));
    home.tidp(&["refresh", "--force"]).expect(0);
    home.tidp(&["refresh", "--force"]).expect(0);
    assert_eq!(entries(&home).matches("attribute.service = tidp").count(), 1, "replaced");
    home.tidp(&["logout"]).expect(0);
    assert_eq!(entries(&home), "", "removed");
}

#[test]
fn client_secret_is_in_the_keyring_and_no_file() {
    if !require("keyring") || !require("curl") {
        return;
    }
    let provider = Provider::sandbox(&[]);
    let mut home = Home::new();
    let _service = SecretService::start(&mut home);
    let add = ["profile", "add", "demo", "--client-id", "sandbox-confidential", "--client-type", "Confidential"];
    home.tidp(&[&add[..], &["--issuer", &provider.issuer]].concat()).expect(0);
    home.tidp_with_stdin(&["profile", "secret", "demo"], "sandbox-secret\n").expect(0);
    for (path, bytes) in home.files() {
        assert!(!String::from_utf8_lossy(&bytes).contains("sandbox-secret"), "{}", path.display());
    }
    home.tidp(&["login", "--profile", "demo"]).expect(0);
    home.tidp(&["refresh", "--force", "--profile", "demo"]).expect(0);
}

#[test]
fn locked_keyring_is_an_error_with_a_hint() {
    // Some keyrings hide locked items, so "nothing is stored" cannot be said.
    refused("a locked keyring", |home| {
        let service = SecretService::start(home);
        service.lock(home);
        service
    });
}

#[test]
fn unresponsive_keyring_is_given_up() {
    refused("a frozen keyring", |home| {
        let service = SecretService::start(home);
        service.freeze();
        service
    });
}

#[test]
fn dead_keyring_is_an_error() {
    refused("a dead keyring", |home| {
        let mut service = SecretService::start(home);
        service.kill();
        service
    });
}

#[test]
fn unused_keyring_is_reported_before_the_login() {
    if !require("keyring") || !require("curl") {
        return;
    }
    let provider = Provider::sandbox(&[]);
    let mut home = Home::at(&provider, "sandbox-mobile");
    let _service = SecretService::never_used(&mut home);
    let login = home.tidp(&["login", "--json"]);
    store_error(&login);
    assert!(login.stderr.contains("is running, but has no default collection"), "{login:#?}");
    assert_eq!(provider.requests("authorize"), 0);
}

#[test]
fn locked_keyring_is_reported_before_the_login() {
    if !require("keyring") || !require("curl") {
        return;
    }
    let provider = Provider::sandbox(&[]);
    let mut home = Home::at(&provider, "sandbox-mobile");
    let service = SecretService::start(&mut home);
    service.lock(&home);
    let login = home.tidp(&["login", "--json"]);
    store_error(&login);
    assert!(login.stderr.contains("is locked"), "{login:#?}");
    assert_eq!(provider.requests("authorize"), 0);
}

#[test]
fn restarted_keyring_is_locked() {
    if !require("keyring") || !require("curl") {
        return;
    }
    let provider = Provider::sandbox(&[]);
    let mut home = Home::at(&provider, "sandbox-mobile");
    let mut service = SecretService::start_on_desktop(&mut home);
    home.tidp(&["login"]).expect(0);
    service.kill();
    let outcome = home.tidp(&["token", "--json"]);
    store_error(&outcome);
    assert!(outcome.took < DEADLINE, "{outcome:#?}");
}

#[test]
fn many_processes_with_a_keyring_make_one_request() {
    if !require("keyring") || !require("curl") || !require("faketime") {
        return;
    }
    for cache in ["off", "on"] {
        let provider = Provider::sandbox(&["--access-token-lifetime", "10m"]);
        let mut home = Home::at(&provider, "sandbox-mobile");
        home.set("TIDP_ACCESS_TOKEN_CACHE", cache);
        let _service = SecretService::start(&mut home);
        home.tidp(&["login"]).expect(0);
        home.pass_time(&provider, 11 * 60);
        let before = provider.requests("token");
        let running: Vec<_> = (0..64).map(|_| Process::start(&mut home.tidp_command(&["token"]))).collect();
        let answers: Vec<_> = running.into_iter().map(|process| process.finish().expect(0).to_owned()).collect();
        assert!(answers.iter().all(|answer| *answer == answers[0]));
        assert_eq!(provider.requests("token"), before + 1);
    }
}

#[test]
fn bus_without_a_keyring_is_an_error() {
    refused("no keyring", SecretService::bus_only);
}

#[test]
fn missing_bus_is_an_error() {
    refused("no bus", |home| {
        let service = SecretService::bus_only(home);
        home.unset("DBUS_SESSION_BUS_ADDRESS");
        service
    });
}

#[test]
fn keyring_failure_after_login_is_not_a_missing_session() {
    if !require("keyring") || !require("curl") {
        return;
    }
    let provider = Provider::sandbox(&[]);
    let mut home = Home::at(&provider, "sandbox-mobile");
    let service = SecretService::start(&mut home);
    home.tidp(&["login"]).expect(0);
    let refreshes = provider.requests("token");
    service.lock(&home);
    store_error(&home.tidp(&["token", "--json"]));
    store_error(&home.tidp(&["refresh", "--force", "--json"]));
    assert_eq!(provider.requests("token"), refreshes, "nothing is spent that cannot be stored");
}

#[test]
fn doctor_tries_the_keyring_and_leaves_nothing_in_it() {
    if !require("keyring") || !require("curl") {
        return;
    }
    let provider = Provider::sandbox(&[]);
    let mut home = Home::at(&provider, "sandbox-mobile");
    let _service = SecretService::start(&mut home);
    let checked = home.tidp(&["doctor"]);
    let report = checked.expect(0);
    assert!(report.contains("✓ keyring         Secret Service (gnome-keyring), 8 kB written"), "{report}");
    assert_eq!(entries(&home), "");
}

#[test]
fn doctor_tells_locked_from_unused_from_missing() {
    if !require("keyring") || !require("curl") {
        return;
    }
    let provider = Provider::sandbox(&[]);
    let diagnosed = |start: &dyn Fn(&mut Home) -> SecretService, words: [&str; 2]| {
        let mut home = Home::at(&provider, "sandbox-mobile");
        let _service = start(&mut home);
        let outcome = home.tidp(&["doctor"]);
        assert_eq!(outcome.code, Some(6), "{outcome:#?}");
        let report = outcome.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        for words in words {
            assert!(report.contains(words), "{report}");
        }
    };
    let lock = |home: &mut Home| {
        let service = SecretService::start(home);
        service.lock(home);
        service
    };
    let no_bus = |home: &mut Home| {
        let service = SecretService::bus_only(home);
        home.unset("DBUS_SESSION_BUS_ADDRESS");
        service
    };
    diagnosed(&lock, ["✗ keyring the OS keyring is locked", "The keyring is Secret Service (gnome-keyring)."]);
    diagnosed(&SecretService::never_used, ["no default collection yet", "hint: create it"]);
    diagnosed(&SecretService::bus_only, ["cannot be found", "no program on it offers a keyring"]);
    diagnosed(&no_bus, ["cannot be found", "No session bus answers this user at unix:path="]);
}

/// Asserts that a login and a token fail with code 6 and a hint, in time, with nothing on disk.
#[track_caller]
fn refused(what: &str, fail: impl FnOnce(&mut Home) -> SecretService) {
    if !require("keyring") || !require("curl") {
        return;
    }
    let provider = Provider::sandbox(&[]);
    let mut home = Home::at(&provider, "sandbox-mobile");
    let _service = fail(&mut home);
    let login = home.tidp(&["login", "--json"]);
    store_error(&login);
    let token = home.tidp(&["token", "--json"]);
    store_error(&token);
    for outcome in [login, token] {
        assert!(outcome.took < DEADLINE, "{what}: {outcome:#?}");
    }
    home.assert_no_token_in_files();
}

#[track_caller]
fn store_error(outcome: &Outcome) {
    let error = outcome.error(6);
    assert_eq!(error["kind"], "store");
    assert!(error["hint"].as_str().is_some_and(|hint| !hint.is_empty()), "{error}");
}
