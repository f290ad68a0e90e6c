//! A keyring that is locked, and its prompt.

use super::{REFRESH, at_a_terminal, logged_in, refresh_again, store_error};
use crate::real::fake_keyring::Fault;
use crate::real::process::Process;
use crate::real::require;

#[test]
fn unanswered_prompt_is_given_up() {
    let Some((provider, home, keyring)) = logged_in() else { return };
    let before = provider.all_requests();
    keyring.lock();
    for args in [["token", "--json"].as_slice(), REFRESH, &["login", "--json"], &["logout", "--json"]] {
        let message = store_error(&home, &home.tidp(args));
        assert!(message.contains("unlock"), "{message}");
    }
    assert_eq!(provider.all_requests(), before, "no browser, no token");
    keyring.heal();
    assert!(!refresh_again(&home));
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
    ] {
        let outcome = home.tidp(args);
        let message = store_error(&home, &outcome);
        assert!(message.contains("the OS keyring is locked") && message.contains("unlock"), "{args:?} {message}");
        assert!(!keyring.was_asked("Prompt"), "{args:?}: nobody is asked for a password on suspicion");
    }
    for args in [["profile", "remove", "p", "--json"].as_slice(), &["status", "--json"]] {
        let outcome = home.tidp(args);
        outcome.expect(0);
        assert_eq!(outcome.json()["warnings"][0]["code"], "sessions_unknown", "{args:?} {outcome:#?}");
        assert!(!keyring.was_asked("Prompt"), "{args:?}");
    }
    assert_eq!(provider.all_requests(), before, "no browser, no token");
    keyring.unlock();
    assert!(!refresh_again(&home), "nothing was removed");
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
                refresh_again(&home);
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
    assert!(!refresh_again(&home));
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
        token.wait_for_word(|word| word == "prompt");
        assert!(keyring.was_asked("Prompt"));
        keyring.unlock();
        let outcome = token.finish();
        outcome.expect(0);
        assert!(
            outcome.stderr.contains("waiting for an answer to the keyring's prompt on this user's desktop"),
            "{outcome:#?}"
        );

        keyring.lock();
        keyring.calls();
        at_a_terminal(&home, "policy --short").finish().expect(6);
        assert!(!keyring.was_asked("Prompt"), "a shell's prompt asks for no password");
        at_a_terminal(&home, "status").finish().expect(0);
        assert!(!keyring.was_asked("Prompt"), "nor does the list of sessions");
        let mut logout = at_a_terminal(&home, "logout");
        logout.wait_for_word(|word| word == "prompt");
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
        refresh_again(&home);
    }
}

#[test]
fn waiting_prompt_explains_the_timeout() {
    let Some((_provider, home, keyring)) = logged_in() else { return };
    keyring.lock();
    for args in [["token", "--json"].as_slice(), &["logout", "--json"], &["logout", "--all", "--local", "--json"]] {
        let message = store_error(&home, &home.tidp(args));
        assert!(message.contains("the OS keyring is locked"), "{message}");
    }
    let message = store_error(&home, &home.tidp(&["token", "--json"]));
    assert!(message.contains("(its prompt waits for an answer)"), "{message}");
}
