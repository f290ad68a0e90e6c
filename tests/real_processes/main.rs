//! Many processes on one session, some of them killed, stopped, or out of space: no session is lost except in the
//! known window, and no token returns after a logout. Refresh tokens are one-time, and reuse ends the session.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "tests touch the machine themselves")]

mod full_store;
mod signals;

use real::process::{Process, poll};
use real::{Home, Outcome, Provider, require};
use rustix::process::Signal;
use serde_json::json;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

#[path = "../support/real/mod.rs"]
mod real;

const CLIENT: &str = "provider-mobile";

/// The independent provider, and a user with a fixed store and cached access tokens.
fn provider_and_home() -> Option<(Provider, Home)> {
    if !require("node") || !require("curl") {
        return None;
    }
    let provider = Provider::independent();
    let mut home = Home::at(&provider, CLIENT);
    home.set("TIDP_STORE_DIR", home.path("sessions").to_str().unwrap());
    home.set("TIDP_ACCESS_TOKEN_CACHE", "on");
    Some((provider, home))
}

/// The same, logged in, with an expired access token.
fn expired_session() -> Option<(Provider, Home)> {
    if !require("faketime") {
        return None;
    }
    let (provider, mut home) = provider_and_home()?;
    provider.freeze();
    home.tidp(&["login"]).expect(0);
    home.pass_time(&provider, 2 * 3_600);
    Some((provider, home))
}

/// The binary in an environment with other directories, but the same store.
fn command_in_other_environment(home: &Home, number: usize, args: &[&str]) -> Command {
    let mut command = home.tidp_command(args);
    let elsewhere = home.path(&format!("elsewhere-{number}"));
    let names = ["HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "TIDP_LOCK_DIR"];
    for name in names {
        command.env(name, elsewhere.join(name));
    }
    command
}

fn finish_all(running: Vec<Process>) -> Vec<Outcome> {
    running.into_iter().map(Process::finish).collect()
}

/// Asserts that the session can be refreshed: no spent token was sent.
#[track_caller]
fn assert_session_refreshes(home: &Home) {
    let refreshed = home.tidp(&["refresh", "--force", "--json"]);
    assert!(!refreshed.stderr.contains("did not finish; its refresh token"), "{refreshed:#?}");
    assert_eq!(refreshed.json()["rotated"], true);
    home.tidp(&["token"]).expect(0);
}

/// Asserts that no store, cache or file holds a session.
#[track_caller]
fn assert_no_session(home: &Home) {
    for args in [["token", "--no-refresh"].as_slice(), &["token"], &["refresh", "--force"], &["inspect"]] {
        home.tidp(args).expect(3);
    }
    let left: Vec<_> = std::fs::read_dir(home.path("sessions")).unwrap().map(|found| found.unwrap().path()).collect();
    assert!(left.iter().all(|path| path.is_dir()), "only locks are left: {left:?}");
}

#[test]
fn every_environment_gets_the_one_new_token() {
    let Some((provider, home)) = expired_session() else { return };
    let before = provider.requests("token");
    let start = |n: usize| Process::start(&mut command_in_other_environment(&home, n % 4, &["token"]));
    let answers = finish_all((0..24).map(start).collect());
    assert!(answers.iter().all(|answer| answer.expect(0) == answers[0].stdout.trim_end()));
    assert_eq!(provider.requests("token"), before + 1);
    assert_session_refreshes(&home);
}

#[test]
fn concurrent_tokens_refreshes_and_logins_all_succeed() {
    let Some((_provider, home)) = expired_session() else { return };
    let kinds: [&[&str]; 5] = [&["token"], &["refresh", "--force"], &["token"], &["refresh"], &["login"]];
    let start = |n: usize| Process::start(&mut command_in_other_environment(&home, n % 3, kinds[n % kinds.len()]));
    for outcome in finish_all((0..25).map(start).collect()) {
        outcome.expect(0);
        assert!(!outcome.stderr.contains("did not finish; its refresh token"), "{outcome:#?}");
    }
    assert_session_refreshes(&home);
}

#[test]
fn logout_amid_other_commands_leaves_no_token() {
    let Some((_provider, home)) = provider_and_home() else { return };
    let kinds: [&[&str]; 4] =
        [&["token"], &["refresh", "--force"], &["token", "--no-refresh"], &["refresh", "--claims"]];
    for round in 0..6 {
        home.tidp(&["login"]).expect(0);
        let start = |n: usize| Process::start(&mut command_in_other_environment(&home, n % 3, kinds[n % kinds.len()]));
        let mut running: Vec<_> = (0..4 + round).map(start).collect();
        let logout = Process::start(&mut home.tidp_command(&["logout"]));
        running.extend((0..8).map(start));
        logout.finish().expect(0);
        // A command that overlaps the logout leaves nothing behind.
        let after = home.tidp(&["token", "--no-refresh"]);
        for outcome in finish_all(running) {
            assert!(matches!(outcome.code, Some(0 | 3)), "{outcome:#?}");
        }
        after.expect(3);
        assert_no_session(&home);
    }
}

#[test]
fn login_during_logout_is_complete_or_gone() {
    let Some((_provider, home)) = provider_and_home() else { return };
    for _ in 0..4 {
        let login = Process::start(&mut home.tidp_command(&["login"]));
        let logouts: Vec<_> = (0..3).map(|_| Process::start(&mut home.tidp_command(&["logout"]))).collect();
        login.finish().expect(0);
        finish_all(logouts).iter().for_each(|logout| assert_eq!(logout.expect(0), ""));
        match home.tidp(&["token", "--no-refresh"]).code {
            Some(0) => assert_session_refreshes(&home),
            _ => assert_no_session(&home),
        }
    }
}

/// Starts a forced refresh that the provider has performed but not yet responded to.
fn refresh_in_flight(provider: &Provider, home: &Home) -> Process {
    let before = provider.requests("token");
    provider.post("/hold", &json!({}));
    let refresh = Process::start(&mut home.tidp_command(&["refresh", "--force"]));
    poll("the refresh", || (provider.requests("token") > before).then_some(()));
    refresh
}

/// The locked directories: one per session.
fn locks(home: &Home) -> Vec<PathBuf> {
    let found = std::fs::read_dir(home.path("sessions")).unwrap().map(|found| found.unwrap().path());
    found.filter(|path| path.is_dir()).collect()
}

#[test]
fn killed_lock_holder_lets_the_others_go_on() {
    let Some((provider, home)) = expired_session() else { return };
    let lock = std::fs::File::open(&locks(&home)[0]).unwrap();
    lock.lock().unwrap();
    let before = provider.requests("token");
    let running: Vec<_> = (0..8).map(|_| Process::start(&mut home.tidp_command(&["token"]))).collect();
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(provider.requests("token"), before, "nobody refreshes without the lock");
    drop(lock); // as the kernel does when a process ends, however it does
    let answers = finish_all(running);
    assert!(answers.iter().all(|answer| answer.expect(0) == answers[0].stdout.trim_end()));
    assert_eq!(provider.requests("token"), before + 1);
    assert_session_refreshes(&home);
}

#[test]
fn killed_refresh_is_noticed_by_waiting_processes() {
    for (mode, code) in [("reuse", 0), ("rotate", 3)] {
        let Some((provider, home)) = expired_session() else { return };
        provider.refresh_tokens(mode);
        let refresh = refresh_in_flight(&provider, &home);
        let waiting: Vec<_> = (0..6).map(|_| Process::start(&mut home.tidp_command(&["token", "--json"]))).collect();
        std::thread::sleep(Duration::from_millis(200));
        refresh.signal(Signal::KILL);
        refresh.finish();
        provider.post("/release", &json!({}));
        let outcomes = finish_all(waiting);
        assert!(outcomes.iter().all(|outcome| outcome.code == Some(code)), "{outcomes:#?}");
        // One of them tried and reported it, which the others found.
        let told =
            outcomes.iter().filter(|outcome| outcome.stderr.contains("did not finish; its refresh token")).count();
        assert_eq!(told, 1, "{outcomes:#?}");
        if code == 3 {
            let why = outcomes
                .iter()
                .filter(|outcome| outcome.stderr.contains("the refresh before it got no usable response"))
                .count();
            assert_eq!(why, 1, "{outcomes:#?}");
            home.tidp(&["login"]).expect(0);
        }
        home.tidp(&["refresh", "--force"]).expect(0);
    }
}

#[test]
fn stopped_lock_holder_makes_all_but_logout_busy() {
    let Some((provider, home)) = expired_session() else { return };
    let refresh = refresh_in_flight(&provider, &home);
    refresh.signal(Signal::STOP);
    provider.post("/release", &json!({}));
    let before = provider.requests("token");
    let logout = Process::start(&mut command_in_other_environment(&home, 1, &["logout"]));
    let kinds: [&[&str]; 2] = [&["token", "--json"], &["refresh", "--force", "--json"]];
    let start = |n: usize| Process::start(&mut command_in_other_environment(&home, n % 3, kinds[n % kinds.len()]));
    for outcome in finish_all((0..8).map(start).collect()) {
        assert_eq!(outcome.error(5)["kind"], "busy");
        let seconds = outcome.took.as_secs_f32();
        assert!((14.0..25.0).contains(&seconds), "{outcome:#?}");
    }
    assert_eq!(provider.requests("token"), before, "nobody refreshes without the lock");
    refresh.signal(Signal::CONT);
    refresh.finish().expect(0);
    let outcome = logout.finish();
    outcome.expect(0);
    assert!(outcome.stderr.contains("waiting for it to finish"), "{outcome:#?}");
    home.tidp(&["token"]).expect(3);
}

/// Asserts that the next run explains that the token was lost.
#[track_caller]
fn assert_loss_is_explained(home: &Home) {
    let outcome = home.tidp(&["refresh", "--force", "--json"]);
    let error = outcome.error(3);
    assert_eq!(error["provider"]["error"], "invalid_grant", "{outcome:#?}");
    assert!(outcome.stderr.contains("did not finish; its refresh token"), "{outcome:#?}");
    assert!(
        error["message"].as_str().unwrap().contains("the refresh before it got no usable response"),
        "{outcome:#?}"
    );
}
