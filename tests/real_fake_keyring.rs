//! The real binary with a Secret Service that fails on purpose: commands meet their deadline, give a hint, never fall
//! back to plain text, and lose nothing that a client can keep.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "tests touch the machine themselves")]

#[path = "support/real/mod.rs"]
mod real;

use real::fake_keyring::{FakeKeyring, Fault};
use real::process::Process;
use real::{Home, Outcome, Provider, require};
use std::time::Duration;

/// The deadline, up to three times, and a margin.
const DEADLINE: Duration = Duration::from_secs(13);

const REFRESH: &[&str] = &["refresh", "--force", "--json"];

/// A provider with one-time refresh tokens, a user who is not logged in, and the keyring.
fn machine() -> Option<(Provider, Home, FakeKeyring)> {
    if !require("curl") || !require("dbus-daemon") {
        return None;
    }
    let provider = Provider::sandbox(&["--refresh-tokens", "rotate"]);
    let mut home = Home::at(&provider, "sandbox-mobile");
    let keyring = FakeKeyring::start(&mut home);
    Some((provider, home, keyring))
}

fn logged_in() -> Option<(Provider, Home, FakeKeyring)> {
    let (provider, home, keyring) = machine()?;
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
fn session_lives(home: &Home) -> bool {
    let outcome = home.tidp(REFRESH);
    assert_eq!(outcome.json()["rotated"], true);
    home.tidp(&["token"]).expect(0);
    outcome.stderr.contains("was not finished")
}

#[test]
fn fake_keyring_holds_a_session() {
    let Some((_provider, home, keyring)) = logged_in() else { return };
    assert_eq!(home.tidp(&["inspect", "--json"]).json()["store"], "keyring");
    assert!(!session_lives(&home));
    home.assert_no_token_in_files();
    home.tidp(&["logout", "--all"]).expect(0);
    assert_eq!(keyring.entries(), 0);
    home.tidp(&["token"]).expect(3);
}

#[test]
fn required_key_agreement_is_made() {
    let Some((_provider, home, keyring)) = machine() else { return };
    keyring.without_plain_sessions();
    home.tidp(&["login"]).expect(0);
    assert!(!session_lives(&home));
    keyring.heal();
    let said = store_error(&home, &home.tidp(&["token", "--json"]));
    assert!(said.contains("not a session"), "what it handed on was encrypted: {said}");
}

#[test]
fn secrets_over_a_network_are_encrypted() {
    let Some((_provider, mut home, keyring)) = machine() else { return };
    let own = home.get("DBUS_SESSION_BUS_ADDRESS").unwrap().to_owned();
    home.set("DBUS_SESSION_BUS_ADDRESS", &keyring.over_tcp());
    home.tidp(&["login"]).expect(0);
    assert!(!session_lives(&home));
    home.set("DBUS_SESSION_BUS_ADDRESS", &own);
    let said = store_error(&home, &home.tidp(&["token", "--json"]));
    assert!(said.contains("not a session"), "what went over the network was encrypted: {said}");
}

/// Runs every command while one call fails like this, and then with a working service.
#[track_caller]
fn every_command_gives_up(fault: Fault) {
    std::thread::scope(|scope| {
        for call in ["OpenSession", "SearchItems", "GetSecret", "SetSecret", "Delete"] {
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
                    session_lives(&home);
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
            let Some((_provider, home, keyring)) = machine() else { return };
            keyring.fault(call, 0, fault);
            store_error(&home, &home.tidp(&["login", "--json"]));
            assert_eq!(keyring.entries(), 0);
            keyring.restart();
            home.tidp(&["token"]).expect(3);
            home.tidp(&["login"]).expect(0);
            assert!(!session_lives(&home));
        }
    }
}

#[test]
fn unanswered_prompt_is_given_up() {
    let Some((provider, home, keyring)) = logged_in() else { return };
    let before = provider.all_requests();
    keyring.lock();
    for args in [["token", "--json"].as_slice(), REFRESH, &["login", "--json"], &["logout", "--json"]] {
        let said = store_error(&home, &home.tidp(args));
        assert!(said.contains("unlock"), "{said}");
    }
    assert_eq!(provider.all_requests(), before, "no browser, no token");
    keyring.heal();
    assert!(!session_lives(&home));
}

/// Asserts what every command says when a locked keyring hides the entry.
#[test]
fn locked_keyring_that_hides_its_items_is_not_empty() {
    let Some((provider, home, keyring)) = logged_in() else { return };
    home.tidp_with_stdin(
        &["profile", "add", "p", "--issuer", "https://a.example", "--client-id", "c", "--client-type", "Public"],
        "",
    )
    .expect(0);
    keyring.hides_what_is_locked();
    let before = provider.all_requests();
    keyring.lock();
    for args in [
        ["token", "--json"].as_slice(),
        REFRESH,
        &["inspect", "--json"],
        &["policy", "--json", "--short"],
        &["login", "--json"],
        &["logout", "--json"],
        &["logout", "--all", "--json"],
        &["profile", "remove", "p", "--json"],
    ] {
        let outcome = home.tidp(args);
        let said = store_error(&home, &outcome);
        assert!(said.contains("the OS keyring is locked") && said.contains("unlock"), "{args:?} {said}");
        assert!(!keyring.was_asked("Prompt"), "{args:?}: nobody is asked for a password on suspicion");
    }
    assert_eq!(provider.all_requests(), before, "no browser, no token");
    keyring.unlock();
    assert!(!session_lives(&home), "nothing was removed");
    home.tidp(&["profile", "remove", "p"]).expect(0);
    home.tidp(&["logout"]).expect(0);
    assert_eq!(keyring.entries(), 0);
    keyring.lock();
    store_error(&home, &home.tidp(&["token", "--json"]));
    keyring.unlock();
    home.tidp(&["token"]).expect(3);
}

/// Locks the keyring at each search: either nothing is spent, or the new refresh token is stored after the unlock.
#[test]
fn lock_at_any_moment_of_a_refresh_loses_nothing() {
    std::thread::scope(|scope| {
        for (time, default) in (1..=9).flat_map(|time| [(time, true), (time, false)]) {
            scope.spawn(move || {
                let Some((provider, home, keyring)) = logged_in() else { return };
                keyring.hides_what_is_locked();
                if !default {
                    // Only after the entry was found can it be told what is locked.
                    keyring.without_a_collection();
                }
                let before = provider.requests("token");
                keyring.fault("SearchItems", time, Fault::LockFirst);
                let mut refresh = Process::start(&mut home.tidp_command(REFRESH));
                let told = refresh.tells_or_ends(|word| word == "far;");
                keyring.heal();
                let outcome = refresh.finish();
                let spent = provider.requests("token") - before;
                match outcome.code {
                    Some(0) => {
                        assert_eq!((outcome.json()["rotated"].as_bool(), spent), (Some(true), 1), "{outcome:#?}")
                    }
                    _ => assert_eq!((drop(store_error(&home, &outcome)), spent), ((), 0), "{time} {outcome:#?}"),
                }
                assert_eq!(told, (5..=6).contains(&time), "{time} {outcome:#?}");
                assert_eq!(provider.requests("revocation"), 0, "{time} {outcome:#?}");
                session_lives(&home);
            });
        }
    });
}

#[test]
fn keyring_that_stays_locked_is_searched_once() {
    let Some((_provider, home, keyring)) = logged_in() else { return };
    keyring.hides_what_is_locked();
    keyring.fault("SearchItems", 6, Fault::LockFirst);
    let mut refresh = Process::start(&mut home.tidp_command(REFRESH));
    refresh.wait_for_word(|word| word == "far;");
    assert!(keyring.calls().contains(&"Prompt"), "the user is asked once");
    refresh.wait_for_word(|word| word == "far;");
    let calls = keyring.calls();
    assert!(
        calls.contains(&"Locked") && !calls.iter().any(|call| ["SearchItems", "Prompt"].contains(call)),
        "{calls:?}"
    );
    keyring.heal();
    assert_eq!(refresh.finish().json()["rotated"], true);
    assert!(!session_lives(&home));
}

#[test]
fn keyring_unlocked_meanwhile_is_searched_again() {
    let Some((_provider, home, keyring)) = logged_in() else { return };
    keyring.hides_what_is_locked();
    keyring.lock();
    keyring.fault("ReadAlias", 1, Fault::UnlockFirst);
    home.tidp(&["token"]).expect(0);
}

#[test]
fn found_item_needs_no_lock_check() {
    let Some((_provider, home, keyring)) = logged_in() else { return };
    keyring.calls();
    home.tidp(&["token"]).expect(0);
    assert_eq!(keyring.calls(), ["OpenSession", "SearchItems", "GetSecret"]);
    home.tidp(REFRESH).expect(0);
    let read = ["SearchItems", "GetSecret"];
    let write = ["SearchItems", "SetSecret"];
    assert_eq!(keyring.calls(), [&["OpenSession"], &read[..], &read, &write, &read, &read, &write].concat());
    home.tidp(&["logout"]).expect(0);
    assert_eq!(keyring.calls(), ["OpenSession", "SearchItems", "GetSecret", "SearchItems", "Delete"]);
}

/// Runs `tidp` at a terminal, with all output on standard error.
fn at_a_terminal(home: &Home, args: &str) -> Process {
    let mut terminal = home.command("sh");
    let line = format!("exec script -qefc '{} {args}' /dev/null >&2", env!("CARGO_BIN_EXE_tidp"));
    Process::start(terminal.args(["-c", &line]).stdin(std::process::Stdio::piped()))
}

#[test]
fn unlock_prompt_at_a_terminal_is_waited_for() {
    for hides in [false, true] {
        let Some((_provider, home, keyring)) = logged_in() else { return };
        if !require("script") {
            return;
        }
        if hides {
            keyring.hides_what_is_locked();
        }
        keyring.lock();
        let mut token = at_a_terminal(&home, "token");
        token.wait_for_word(|word| word == "prompt,");
        assert!(keyring.was_asked("Prompt"));
        keyring.unlock();
        let outcome = token.finish();
        outcome.expect(0);
        assert!(outcome.stderr.contains("waiting for the keyring's prompt, on this user's desktop"), "{outcome:#?}");

        keyring.lock();
        keyring.calls();
        at_a_terminal(&home, "policy --short").finish().expect(6);
        assert!(!keyring.was_asked("Prompt"), "a shell's prompt asks for no password");
        let mut logout = at_a_terminal(&home, "logout");
        logout.wait_for_word(|word| word == "prompt,");
        keyring.dismiss();
        let outcome = logout.finish();
        outcome.expect(6);
        assert!(outcome.stderr.contains("the OS keyring is locked (its prompt was not answered)"), "{outcome:#?}");
        assert_eq!(keyring.entries(), 1);
    }
}

#[test]
fn no_unlock_prompt_while_signals_are_deferred() {
    for search in 3..=5 {
        let Some((provider, home, keyring)) = logged_in() else { return };
        if !require("script") {
            return;
        }
        let before = provider.requests("token");
        keyring.fault("SearchItems", search, Fault::LockFirst);
        let mut refresh = at_a_terminal(&home, "refresh --force");
        let waits = refresh.tells_or_ends(|word| word == "far;");
        assert_eq!(waits, search == 5, "the successor alone is waited for");
        assert_eq!(keyring.was_asked("Prompt"), waits, "{search}");
        keyring.heal();
        let outcome = refresh.finish();
        assert_eq!(outcome.code, Some(if waits { 0 } else { 6 }), "{search} {outcome:#?}");
        assert_eq!(provider.requests("token") - before, u64::from(waits));
        session_lives(&home);
    }
}

#[test]
fn waiting_prompt_explains_the_timeout() {
    let Some((_provider, home, keyring)) = logged_in() else { return };
    keyring.lock();
    for args in [["token", "--json"].as_slice(), &["logout", "--json"], &["logout", "--all", "--local", "--json"]] {
        let said = store_error(&home, &home.tidp(args));
        assert!(said.contains("the OS keyring is locked"), "{said}");
    }
    let said = store_error(&home, &home.tidp(&["token", "--json"]));
    assert!(said.contains("(its prompt waits for an answer)"), "{said}");
}

#[test]
fn crash_while_writing_the_journal_spends_nothing() {
    for (fault, begun) in [(Fault::DieBefore, false), (Fault::DieAfter, true)] {
        let Some((provider, home, keyring)) = logged_in() else { return };
        let before = provider.requests("token");
        keyring.fault("SetSecret", 1, fault);
        store_error(&home, &home.tidp(REFRESH));
        assert_eq!(provider.requests("token"), before, "nothing is spent");
        keyring.restart();
        assert_eq!(session_lives(&home), begun, "{fault:?}");
    }
}

#[test]
fn lock_before_the_journal_spends_nothing() {
    let Some((provider, home, keyring)) = logged_in() else { return };
    let before = provider.requests("token");
    keyring.fault("SetSecret", 1, Fault::Lock);
    let said = store_error(&home, &home.tidp(REFRESH));
    assert!(said.contains("the OS keyring is locked") && said.contains("unlock"), "{said}");
    assert_eq!(provider.requests("token"), before, "nothing is spent");
    keyring.heal();
    assert!(!session_lives(&home));
}

#[test]
fn crash_while_storing_the_new_token_is_waited_out() {
    for fault in [Fault::DieBefore, Fault::DieAfter] {
        let Some((_provider, home, keyring)) = logged_in() else { return };
        keyring.fault("SetSecret", 2, fault);
        let mut refresh = Process::start(&mut home.tidp_command(REFRESH));
        refresh.wait_for_word(|word| word == "far;");
        std::thread::sleep(Duration::from_secs(1));
        keyring.restart();
        let outcome = refresh.finish();
        assert_eq!(outcome.json()["refreshed"], true, "{fault:?} {outcome:#?}");
        assert!(outcome.stderr.contains("(the OS keyring cannot be found"), "{outcome:#?}");
        assert!(!session_lives(&home), "{fault:?}");
    }
}

#[test]
fn lock_while_storing_the_new_token_is_waited_out() {
    let Some((_provider, home, keyring)) = logged_in() else { return };
    keyring.fault("SetSecret", 2, Fault::Lock);
    let mut refresh = Process::start(&mut home.tidp_command(REFRESH));
    refresh.wait_for_word(|word| word == "far;");
    assert!(keyring.was_asked("Prompt"), "the user was asked to unlock it");
    // The prompt itself is never answered.
    keyring.heal();
    let outcome = refresh.finish();
    assert_eq!(outcome.json()["refreshed"], true, "{outcome:#?}");
    assert!(outcome.stderr.contains("(the OS keyring is locked): 3 s so far"), "{outcome:#?}");
    assert!(!session_lives(&home));
}

#[test]
fn refused_write_of_the_new_token_is_retried() {
    let Some((_provider, home, keyring)) = logged_in() else { return };
    keyring.fault("SetSecret", 2, Fault::Refuse);
    let outcome = home.tidp(REFRESH);
    assert_eq!(outcome.json()["refreshed"], true, "{outcome:#?}");
    assert!(!session_lives(&home));
}

#[test]
fn ambiguous_entry_for_the_new_token_is_an_error_at_once() {
    let Some((_provider, home, keyring)) = logged_in() else { return };
    keyring.fault("SetSecret", 2, Fault::Double);
    let said = store_error(&home, &home.tidp(REFRESH));
    assert!(said.contains("the new one could not be stored") && said.contains("tidp login"), "{said}");
}

#[test]
fn unconfirmed_login_that_was_written_is_kept() {
    let Some((_provider, home, keyring)) = machine() else { return };
    keyring.fault("CreateItem", 0, Fault::DieAfter);
    let said = store_error(&home, &home.tidp(&["login", "--json"]));
    assert!(said.contains("did not confirm the write"), "{said}");
    keyring.restart();
    assert!(!session_lives(&home));
}

#[test]
fn slow_write_of_the_new_token_is_waited_for() {
    let Some((_provider, home, keyring)) = logged_in() else { return };
    keyring.fault("SetSecret", 2, Fault::Slow(Duration::from_secs(7)));
    let outcome = home.tidp(REFRESH);
    assert_eq!(outcome.json()["refreshed"], true, "{outcome:#?}");
    assert!(outcome.took > Duration::from_secs(7));
    for seconds in [3, 6] {
        assert!(outcome.stderr.contains(&format!("{seconds} s so far; ending this now loses")), "{outcome:#?}");
    }
    keyring.heal();
    assert!(!session_lives(&home));
}

#[test]
fn signal_ends_the_wait_for_the_new_token() {
    for fault in [Fault::Hang, Fault::DieBefore, Fault::Lock] {
        let Some((_provider, home, keyring)) = logged_in() else { return };
        keyring.fault("SetSecret", 2, fault);
        let mut refresh = Process::start(&mut home.tidp_command(REFRESH));
        refresh.wait_for_word(|word| word == "far;");
        refresh.signal(rustix::process::Signal::INT);
        let outcome = refresh.finish();
        assert_eq!(outcome.signal, Some(rustix::process::Signal::INT.as_raw()), "{outcome:#?}");
        assert_eq!(outcome.stdout, "");
        keyring.restart();
        assert!(
            home.tidp(REFRESH).error(3)["message"]
                .as_str()
                .unwrap()
                .contains("the refresh before it got no usable response")
        );
    }
}

#[test]
fn late_journal_write_spends_nothing() {
    let Some((provider, home, keyring)) = logged_in() else { return };
    let before = provider.requests("token");
    keyring.fault("SetSecret", 1, Fault::Slow(Duration::from_secs(8)));
    store_error(&home, &home.tidp(REFRESH));
    assert_eq!(provider.requests("token"), before);
    std::thread::sleep(Duration::from_secs(4));
    keyring.restart();
    session_lives(&home);
}

#[test]
fn slow_service_is_waited_for() {
    let Some((_provider, home, keyring)) = logged_in() else { return };
    for call in ["OpenSession", "SearchItems", "GetSecret", "SetSecret"] {
        keyring.fault(call, 1, Fault::Slow(Duration::from_millis(1_500)));
        home.tidp(REFRESH).expect(0);
    }
    keyring.heal();
    assert!(!session_lives(&home));
}

#[test]
fn size_limit_is_found_before_a_token_is_spent() {
    let Some((provider, home, keyring)) = logged_in() else { return };
    keyring.at_most(1_000);
    let before = provider.requests("token");
    store_error(&home, &home.tidp(REFRESH));
    assert_eq!(provider.requests("token"), before);
    store_error(&home, &home.tidp(&["login", "--json"]));
    assert_eq!(provider.requests("revocation"), 1, "what could not be stored is given back");
    keyring.heal();
    assert!(!session_lives(&home));
}

#[test]
fn corrupt_entry_is_fixed_by_login_or_logout() {
    let newer = br#"{"version":99,"profile":"x"}"#;
    for (garbage, words) in [
        (b"".as_slice(), "not a session"),
        (b"\xff\xfe\x00", "not a session"),
        (b"{\"version\":1,", "not a session"),
        (newer, "newer tidp"),
    ] {
        for mend in ["login", "logout"] {
            let Some((provider, home, keyring)) = logged_in() else { return };
            keyring.put(garbage);
            let before = provider.requests("token");
            for args in [["token", "--json"].as_slice(), REFRESH, &["inspect", "--json"]] {
                let said = store_error(&home, &home.tidp(args));
                assert!(said.contains(words) && said.contains("tidp login"), "{said}");
            }
            assert_eq!(provider.requests("token"), before);
            home.tidp(&[mend]).expect(0);
            match mend {
                "login" => assert!(!session_lives(&home)),
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
        let said = store_error(&home, &home.tidp(args));
        assert!(said.contains("two entries") && said.contains("remove one"), "{said}");
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
    let Some((provider, home, keyring)) = machine() else { return };
    keyring.without_a_collection();
    home.tidp(&["token"]).expect(3);
    let said = store_error(&home, &home.tidp(&["login", "--json"]));
    assert!(said.contains("is running, but has no default collection"), "{said}");
    assert!(!said.contains("unlock the keyring") && !said.contains("start a keyring"), "{said}");
    assert_eq!(provider.requests("authorize"), 0, "nobody was sent to the browser first");
    assert!(!keyring.was_asked("CreateCollection"), "nobody is there to answer its prompt");
}

#[test]
fn login_at_a_terminal_creates_the_default_collection() {
    let Some((provider, home, keyring)) = machine() else { return };
    if !require("script") {
        return;
    }
    keyring.without_a_collection();
    let line = format!("{} login", env!("CARGO_BIN_EXE_tidp"));
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
    assert!(!session_lives(&home));
}
