//! Failures while a refresh writes its journal and stores the new token.

use super::{REFRESH, logged_in, refresh_again, store_error};
use crate::real::fake_keyring::Fault;
use crate::real::process::Process;
use std::time::Duration;

#[test]
fn crash_while_writing_the_journal_spends_nothing() {
    for (fault, begun) in [(Fault::DieBefore, false), (Fault::DieAfter, true)] {
        let Some((provider, home, keyring)) = logged_in() else { return };
        let before = provider.requests("token");
        keyring.fault("SetSecret", 1, fault);
        store_error(&home, &home.tidp(REFRESH));
        assert_eq!(provider.requests("token"), before, "nothing is spent");
        keyring.restart();
        assert_eq!(refresh_again(&home), begun, "{fault:?}");
    }
}

#[test]
fn lock_before_the_journal_spends_nothing() {
    let Some((provider, home, keyring)) = logged_in() else { return };
    let before = provider.requests("token");
    keyring.fault("SetSecret", 1, Fault::Lock);
    let message = store_error(&home, &home.tidp(REFRESH));
    assert!(message.contains("the OS keyring is locked") && message.contains("unlock"), "{message}");
    assert_eq!(provider.requests("token"), before, "nothing is spent");
    keyring.heal();
    assert!(!refresh_again(&home));
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
        assert!(!refresh_again(&home), "{fault:?}");
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
    assert!(!refresh_again(&home));
}

#[test]
fn refused_write_of_the_new_token_is_retried() {
    let Some((_provider, home, keyring)) = logged_in() else { return };
    keyring.fault("SetSecret", 2, Fault::Refuse);
    let outcome = home.tidp(REFRESH);
    assert_eq!(outcome.json()["refreshed"], true, "{outcome:#?}");
    assert!(!refresh_again(&home));
}

#[test]
fn ambiguous_entry_for_the_new_token_is_an_error_at_once() {
    let Some((_provider, home, keyring)) = logged_in() else { return };
    keyring.fault("SetSecret", 2, Fault::Double);
    let message = store_error(&home, &home.tidp(REFRESH));
    assert!(message.contains("the new one could not be stored") && message.contains("tidp login"), "{message}");
}

#[test]
fn slow_write_of_the_new_token_is_waited_for() {
    let Some((_provider, home, keyring)) = logged_in() else { return };
    keyring.fault("SetSecret", 2, Fault::Slow(Duration::from_secs(7)));
    let outcome = home.tidp(REFRESH);
    assert_eq!(outcome.json()["refreshed"], true, "{outcome:#?}");
    assert!(outcome.took > Duration::from_secs(7));
    for seconds in [3, 6] {
        assert!(outcome.stderr.contains(&format!("{seconds} s so far; stopping tidp now loses")), "{outcome:#?}");
    }
    keyring.heal();
    assert!(!refresh_again(&home));
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
    refresh_again(&home);
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
    assert!(!refresh_again(&home));
}
