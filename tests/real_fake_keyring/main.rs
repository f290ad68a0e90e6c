//! The real binary with a Secret Service that fails on purpose: commands meet their deadline, give a hint, never fall
//! back to plain text, and lose nothing that a client can keep.
#![cfg(unix)]
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "tests touch the machine themselves")]

mod locked;
mod refresh;

use real::fake_keyring::{FakeKeyring, Fault};
use real::process::Process;
use real::{Home, Outcome, Provider, program_under_test, require};
use std::time::Duration;

#[path = "../support/real/mod.rs"]
mod real;

/// The deadline, up to three times, and a margin.
const DEADLINE: Duration = Duration::from_secs(13);

const REFRESH: &[&str] = &["refresh", "--force", "--json"];

/// A provider with one-time refresh tokens, a user who is not logged in, and the keyring.
fn provider_home_and_keyring() -> Option<(Provider, Home, FakeKeyring)> {
    if !require("curl") || !require("dbus-daemon") {
        return None;
    }
    let provider = Provider::sandbox(&["--refresh-tokens", "rotate"]);
    let mut home = Home::at(&provider, "sandbox-mobile");
    let keyring = FakeKeyring::start(&mut home);
    Some((provider, home, keyring))
}

fn logged_in() -> Option<(Provider, Home, FakeKeyring)> {
    let (provider, home, keyring) = provider_home_and_keyring()?;
    home.tidp(&["login"]).expect(0);
    assert_eq!(keyring.entries(), 1);
    Some((provider, home, keyring))
}

/// The message of a store error, which has a hint, comes in time and leaves nothing on disk.
#[track_caller]
fn store_error(home: &Home, outcome: &Outcome) -> String {
    let error = outcome.error(6);
    assert_eq!(error["kind"], "store", "{outcome:#?}");
    assert!(outcome.took < DEADLINE, "{outcome:#?}");
    home.assert_no_token_in_files();
    format!("{} {}", error["message"].as_str().unwrap(), error["hint"].as_str().unwrap_or_default())
}

/// Asserts that the session can be refreshed. Returns whether an earlier refresh was found unfinished.
#[track_caller]
fn refresh_again(home: &Home) -> bool {
    let outcome = home.tidp(REFRESH);
    assert_eq!(outcome.json()["rotated"], true);
    home.tidp(&["token"]).expect(0);
    outcome.stderr.contains("did not finish; its refresh token")
}

#[test]
fn fake_keyring_holds_a_session() {
    let Some((_provider, home, keyring)) = logged_in() else { return };
    assert_eq!(home.tidp(&["inspect", "--json"]).json()["store"], "keyring");
    assert!(!refresh_again(&home));
    home.assert_no_token_in_files();
    home.tidp(&["logout", "--all"]).expect(0);
    assert_eq!(keyring.entries(), 0);
    home.tidp(&["token"]).expect(3);
}

#[test]
fn required_key_agreement_is_made() {
    let Some((_provider, home, keyring)) = provider_home_and_keyring() else { return };
    keyring.without_plain_sessions();
    home.tidp(&["login"]).expect(0);
    assert!(!refresh_again(&home));
    keyring.heal();
    let message = store_error(&home, &home.tidp(&["token", "--json"]));
    assert!(message.contains("the stored session cannot be read"), "what it handed on was encrypted: {message}");
}

#[test]
fn secrets_over_a_network_are_encrypted() {
    let Some((_provider, mut home, keyring)) = provider_home_and_keyring() else { return };
    let own = home.get("DBUS_SESSION_BUS_ADDRESS").unwrap().to_owned();
    home.set("DBUS_SESSION_BUS_ADDRESS", &keyring.over_tcp());
    home.tidp(&["login"]).expect(0);
    assert!(!refresh_again(&home));
    home.set("DBUS_SESSION_BUS_ADDRESS", &own);
    let message = store_error(&home, &home.tidp(&["token", "--json"]));
    assert!(
        message.contains("the stored session cannot be read"),
        "what went over the network was encrypted: {message}"
    );
}

/// Runs every command while one call fails like this, and then with a working service.
#[track_caller]
fn every_command_gives_up(fault: Fault) {
    std::thread::scope(|scope| {
        for call in ["Collections", "OpenSession", "SearchItems", "GetSecret", "SetSecret", "Delete"] {
            // A service without that list works, too.
            if (call, fault) == ("Collections", Fault::Refuse) {
                continue;
            }
            scope.spawn(move || {
                let Some((provider, home, keyring)) = logged_in() else { return };
                for args in [["token", "--json"].as_slice(), REFRESH, &["login", "--json"], &["logout", "--json"]] {
                    let before = provider.requests("token");
                    keyring.fault(call, 0, fault);
                    let outcome = home.tidp(args);
                    if !keyring.was_asked(call) {
                        outcome.expect(0);
                        continue;
                    }
                    store_error(&home, &outcome);
                    let spent = provider.requests("token") - before;
                    assert_eq!(spent, u64::from(args[0] == "login" && call == "SetSecret"), "{call} {outcome:#?}");
                    keyring.restart();
                    refresh_again(&home);
                }
            });
        }
    });
}

#[test]
fn hanging_service_is_given_up() {
    every_command_gives_up(Fault::Hang);
}

#[test]
fn refusing_service_is_an_error() {
    every_command_gives_up(Fault::Refuse);
}

#[test]
fn dying_service_is_an_error() {
    every_command_gives_up(Fault::DieBefore);
}

#[test]
fn login_into_a_failing_service_reports_no_success() {
    for fault in [Fault::Hang, Fault::Refuse, Fault::DieBefore] {
        for call in ["ReadAlias", "CreateItem"] {
            let Some((_provider, home, keyring)) = provider_home_and_keyring() else { return };
            keyring.fault(call, 0, fault);
            store_error(&home, &home.tidp(&["login", "--json"]));
            assert_eq!(keyring.entries(), 0);
            keyring.restart();
            home.tidp(&["token"]).expect(3);
            home.tidp(&["login"]).expect(0);
            assert!(!refresh_again(&home));
        }
    }
}

#[test]
fn found_item_needs_no_lock_check() {
    let Some((_provider, home, keyring)) = logged_in() else { return };
    keyring.calls();
    home.tidp(&["token"]).expect(0);
    assert_eq!(keyring.calls(), ["Collections", "OpenSession", "SearchItems", "GetSecret"]);
    home.tidp(REFRESH).expect(0);
    let read = ["SearchItems", "GetSecret"];
    let write = ["SearchItems", "SetSecret"];
    assert_eq!(
        keyring.calls(),
        [&["Collections", "OpenSession"], &read[..], &read, &write, &read, &read, &write].concat()
    );
    home.tidp(&["logout"]).expect(0);
    // Afterwards it looks for tokens that the client got for itself; there are none, so that needs the check.
    let machine_tokens = ["SearchItems", "ReadAlias", "Locked", "SearchItems"];
    let logout = [&["Collections", "OpenSession"], &read[..], &["SearchItems", "Delete"], &machine_tokens].concat();
    assert_eq!(keyring.calls(), logout);
}

/// oo7-daemon keeps in memory what `SetSecret` changes. The fake is known by the name of the process that it is in, so it gets
/// one of its own.
#[test]
fn oo7_gets_a_new_item_for_a_changed_session() {
    const PROCESS: &str = "TIDP_TEST_PROCESS";
    if std::env::var_os(PROCESS).is_none() {
        let mut process = std::process::Command::new(std::env::current_exe().unwrap());
        process.args(["--exact", "oo7_gets_a_new_item_for_a_changed_session"]).env(PROCESS, "oo7");
        let output = process.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        return;
    }
    std::fs::write("/proc/self/comm", "oo7-daemon").unwrap();
    let Some((_provider, home, keyring)) = logged_in() else { return };
    keyring.calls();
    home.tidp(REFRESH).expect(0);
    let read = ["SearchItems", "GetSecret"];
    let write = ["SearchItems", "Locked", "CreateItem"];
    assert_eq!(
        keyring.calls(),
        [&["Collections", "OpenSession"], &read[..], &read, &write, &read, &read, &write].concat()
    );
    assert_eq!(keyring.entries(), 1);
    assert!(!refresh_again(&home));
    home.tidp(&["logout", "--all"]).expect(0);
    assert_eq!(keyring.entries(), 0);
}

#[test]
fn service_without_a_list_of_collections_works() {
    let Some((_provider, home, keyring)) = logged_in() else { return };
    keyring.fault("Collections", 0, Fault::Refuse);
    home.tidp(REFRESH).expect(0);
    assert!(keyring.was_asked("Collections"));
}

#[test]
fn item_that_is_replaced_while_it_is_read_is_looked_for_again() {
    let Some((_provider, home, keyring)) = logged_in() else { return };
    keyring.fault("GetSecret", 1, Fault::Gone);
    home.tidp(REFRESH).expect(0);
    keyring.fault("GetSecret", 0, Fault::Gone);
    let message = store_error(&home, &home.tidp(&["refresh", "--force", "--json"]));
    assert!(message.contains("replaced again and again"), "{message}");
    keyring.heal();
    assert!(!refresh_again(&home));
}

/// Runs `tidp` at a terminal, with all output on standard error.
fn at_a_terminal(home: &Home, args: &str) -> Process {
    let mut terminal = home.command("sh");
    let line = format!("exec script -qefc '{} {args}' /dev/null >&2", program_under_test());
    Process::start(terminal.args(["-c", &line]).stdin(std::process::Stdio::piped()))
}

#[test]
fn unconfirmed_login_that_was_written_is_kept() {
    let Some((_provider, home, keyring)) = provider_home_and_keyring() else { return };
    keyring.fault("CreateItem", 0, Fault::DieAfter);
    let message = store_error(&home, &home.tidp(&["login", "--json"]));
    assert!(message.contains("did not confirm the write"), "{message}");
    keyring.restart();
    assert!(!refresh_again(&home));
}

#[test]
fn slow_service_is_waited_for() {
    let Some((_provider, home, keyring)) = logged_in() else { return };
    for call in ["Collections", "OpenSession", "SearchItems", "GetSecret", "SetSecret"] {
        keyring.fault(call, 1, Fault::Slow(Duration::from_millis(1_500)));
        home.tidp(REFRESH).expect(0);
    }
    keyring.heal();
    assert!(!refresh_again(&home));
}

#[test]
fn corrupt_entry_is_fixed_by_login_or_logout() {
    let newer = br#"{"version":99,"profile":"x"}"#;
    for (garbage, words) in [
        (b"".as_slice(), "the stored session cannot be read"),
        (b"\xff\xfe\x00", "the stored session cannot be read"),
        (b"{\"version\":1,", "the stored session cannot be read"),
        (newer, "newer tidp"),
    ] {
        for mend in ["login", "logout"] {
            let Some((provider, home, keyring)) = logged_in() else { return };
            keyring.put(garbage);
            let before = provider.requests("token");
            for args in [["token", "--json"].as_slice(), REFRESH, &["inspect", "--json"]] {
                let message = store_error(&home, &home.tidp(args));
                assert!(message.contains(words) && message.contains("tidp login"), "{message}");
            }
            assert_eq!(provider.requests("token"), before);
            home.tidp(&[mend]).expect(0);
            match mend {
                "login" => assert!(!refresh_again(&home)),
                _ => drop(home.tidp(&["token"]).expect(3)),
            }
        }
    }
}

#[test]
fn duplicate_entries_are_fixed_by_login_or_logout() {
    let Some((provider, home, keyring)) = logged_in() else { return };
    keyring.double();
    let before = provider.all_requests();
    for args in [["token", "--json"].as_slice(), REFRESH] {
        let message = store_error(&home, &home.tidp(args));
        assert!(message.contains("two entries") && message.contains("remove one"), "{message}");
    }
    assert_eq!((keyring.entries(), provider.all_requests()), (2, before));
    home.tidp(&["login"]).expect(0);
    assert_eq!(keyring.entries(), 1);
    home.tidp(&["token"]).expect(0);
    keyring.double();
    home.tidp(&["logout", "--local"]).expect(0);
    assert_eq!(keyring.entries(), 0);
}

#[test]
fn missing_default_collection_hints_at_creating_one() {
    let Some((provider, home, keyring)) = provider_home_and_keyring() else { return };
    keyring.without_a_collection();
    home.tidp(&["token"]).expect(3);
    let message = store_error(&home, &home.tidp(&["login", "--json"]));
    assert!(message.contains("is running, but has no default collection"), "{message}");
    assert!(!message.contains("unlock the keyring") && !message.contains("start a keyring"), "{message}");
    assert_eq!(provider.requests("authorize"), 0, "nobody was sent to the browser first");
    assert!(!keyring.was_asked("CreateCollection"), "nobody is there to answer its prompt");
}

#[test]
fn login_at_a_terminal_creates_the_default_collection() {
    let Some((provider, home, keyring)) = provider_home_and_keyring() else { return };
    if !require("script") {
        return;
    }
    keyring.without_a_collection();
    let line = format!("{} login", program_under_test());
    let mut terminal = home.command("script");
    terminal.args(["-qefc", &line, "/dev/null"]).stdin(std::process::Stdio::piped());
    Process::start(&mut terminal).finish().expect(0);
    assert!(keyring.was_asked("CreateCollection"));
    assert_eq!((keyring.entries(), provider.requests("authorize")), (1, 1));
}

#[test]
fn session_in_another_collection_is_updated_there() {
    let Some((_provider, home, keyring)) = logged_in() else { return };
    keyring.without_a_collection();
    home.tidp(&["login"]).expect(0);
    assert!(!refresh_again(&home));
}
