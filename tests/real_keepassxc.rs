//! The real binary with KeePassXC, which hides items while its database is locked.
#![cfg(unix)]
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "tests touch the machine themselves")]

#[path = "support/real/mod.rs"]
mod real;

use real::keepassxc::KeePassXc;
use real::process::Process;
use real::{Home, Scripted, require};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};

fn machine() -> Option<(Scripted, Home, KeePassXc)> {
    if !require("keepassxc") || !require("curl") {
        return None;
    }
    let provider = Scripted::start();
    let mut home = Home::new();
    home.set("TIDP_ISSUER", &provider.issuer);
    home.set("TIDP_CLIENT_ID", "app");
    home.set("TIDP_CLIENT_TYPE", "MobileApp");
    let keyring = KeePassXc::start(&mut home);
    home.tidp(&["login"]).expect(0);
    Some((provider, home, keyring))
}

#[test]
fn locked_database_is_not_empty() {
    let Some((provider, home, keyring)) = machine() else { return };
    let token = home.tidp(&["token"]).expect(0).to_owned();
    keyring.lock(&home);
    for args in [
        ["token", "--json"].as_slice(),
        &["refresh", "--force", "--json"],
        &["policy", "--short", "--json"],
        &["logout", "--json"],
        &["logout", "--all", "--json"],
        &["login", "--json"],
    ] {
        let error = home.tidp(args).error(6);
        assert!(error["message"].as_str().unwrap().contains("the OS keyring is locked"), "{args:?} {error}");
    }
    assert_eq!((provider.count("/token"), provider.count("/revocation")), (1, 0));
    keyring.unlock(&home);
    assert_eq!(home.tidp(&["token"]).expect(0), token);
    home.tidp(&["refresh", "--force"]).expect(0);
    home.assert_no_token_in_files();
    home.tidp(&["logout"]).expect(0);
    assert_eq!(provider.count("/revocation"), 1);
    home.tidp(&["token"]).expect(3);
}

#[test]
fn database_locked_during_a_refresh_is_waited_out() {
    let Some((provider, home, keyring)) = machine() else { return };
    let (sent, arrived) = channel();
    let (locked, go_on) = channel::<()>();
    let go_on = Arc::new(Mutex::new(go_on));
    provider.delays("/token", move || {
        sent.send(()).unwrap();
        go_on.lock().unwrap().recv().unwrap();
    });
    let mut refresh = Process::start(&mut home.tidp_command(&["refresh", "--force", "--json"]));
    arrived.recv().unwrap();
    keyring.lock(&home);
    locked.send(()).unwrap();
    refresh.wait_for_word(|word| word == "far;");
    keyring.unlock(&home);
    let outcome = refresh.finish();
    assert_eq!(outcome.json()["rotated"], true, "{outcome:#?}");
    assert!(outcome.stderr.contains("(the OS keyring is locked"), "{outcome:#?}");
    assert_eq!(provider.count("/revocation"), 0);
    provider.repents();
    home.tidp(&["refresh", "--force"]).expect(0);
    let used: Vec<_> = provider.seen().iter().filter_map(|seen| seen.field("refresh_token")).collect();
    assert!(used.len() == 2 && used[0] != used[1], "the stored one is the new one: {used:?}");
}
