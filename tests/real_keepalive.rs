//! `tidp keepalive` with real processes: signals, exit codes, locks and environments.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "tests touch the machine themselves")]
#![allow(dead_code, reason = "each test program uses its part of the support")]

#[path = "support/real/mod.rs"]
mod real;

use real::process::{Process, poll};
use real::{Home, Provider, program_under_test, require};
use rustix::process::Signal;
use std::process::Stdio;

/// A user with a session of the ten-minute policy.
fn logged_in() -> Option<(Provider, Home)> {
    if !require("curl") {
        return None;
    }
    let provider = Provider::sandbox(&[]);
    let home = Home::logged_in(&provider, "sandbox-web");
    Some((provider, home))
}

/// A command that prints `ready`, and exits with 40 plus the number of signals it received.
const COUNTING: &str = "i=0; t=0; trap 'i=$((i+1)); echo int >&2' INT; trap 't=1; echo term >&2' TERM; \
                        echo ready >&2; until [ $t = 1 ]; do sleep 0.02; done; exit $((40 + i))";

#[test]
fn exit_code_and_signal_of_the_command_are_tidps() {
    let Some((provider, home)) = logged_in() else { return };
    let before = provider.requests("token");
    for (command, code, signal) in [
        ("exit 0", Some(0), None),
        ("exit 42", Some(42), None),
        ("kill -TERM $$", None, Some(15)),
        ("kill -9 $$", None, Some(9)),
    ] {
        let outcome = home.tidp(&["keepalive", "--json", "--", "sh", "-c", &format!("echo out; {command}")]);
        assert_eq!((outcome.code, outcome.signal), (code, signal), "{outcome:#?}");
        assert_eq!(outcome.stdout, "out\n", "stdout is the command's");
        assert!(outcome.stderr.contains("No refresh was due in") && !outcome.stderr.contains("error"), "{outcome:#?}");
    }
    assert_eq!(provider.requests("token"), before);
    home.tidp(&["keepalive", "--", "no-such-program"]).expect(127);
    home.tidp(&["keepalive", "--", home.path("home").to_str().unwrap()]).expect(126);
}

#[test]
fn every_signal_reaches_the_command() {
    let Some((_provider, home)) = logged_in() else { return };
    let mut running = Process::start(&mut home.tidp_command(&["keepalive", "--", "sh", "-c", COUNTING]));
    running.wait_for_word(|word| word == "ready");
    for _ in 0..3 {
        running.signal(Signal::INT);
        running.wait_for_word(|word| word == "int");
    }
    running.signal(Signal::TERM);
    running.finish().expect(43);
    let script = "trap 'exit 7' HUP; echo ready >&2; while :; do sleep 0.02; done";
    let mut running = Process::start(&mut home.tidp_command(&["keepalive", "--", "sh", "-c", script]));
    running.wait_for_word(|word| word == "ready");
    running.signal(Signal::HUP);
    running.finish().expect(7);
}

#[test]
fn ctrl_c_reaches_the_command_once() {
    let Some((_provider, home)) = logged_in() else { return };
    if !require("script") {
        return;
    }
    // On its own terminal Ctrl-C reaches tidp and its command.
    std::fs::write(home.path("count.sh"), format!("echo $$ >pid; {COUNTING}")).unwrap();
    let line = format!("exec {} keepalive -- sh count.sh 2>said", program_under_test());
    let mut terminal = home.command("script");
    terminal.args(["-qefc", &line, "/dev/null"]).stdin(Stdio::piped()).stdout(Stdio::null());
    let mut terminal = terminal.spawn().unwrap();
    let read = |file: &str| std::fs::read_to_string(home.path(file)).unwrap_or_default();
    poll("the command", || read("said").contains("ready").then_some(()));
    std::io::Write::write_all(terminal.stdin.as_mut().unwrap(), b"\x03").unwrap();
    poll("its SIGINT", || read("said").contains("int").then_some(()));
    let id = rustix::process::Pid::from_raw(read("pid").trim().parse().unwrap()).unwrap();
    rustix::process::kill_process(id, Signal::TERM).unwrap();
    assert_eq!(terminal.wait().unwrap().code(), Some(41), "one SIGINT, and tidp lived on: {}", read("said"));
}

#[test]
fn ignored_signal_stays_ignored_for_the_command() {
    let Some((_provider, home)) = logged_in() else { return };
    home.sh("trap '' HUP; exec tidp keepalive -- sh -c 'kill -HUP $PPID; kill -HUP $$; exit 5'").expect(5);
}

#[test]
fn signal_ends_keepalive_after_its_summary() {
    let Some((provider, mut home)) = logged_in() else { return };
    home.set("TIDP_REFRESH_LIFETIME", "3s");
    let before = provider.requests("token");
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let mut running = Process::start(&mut home.tidp_command(&["keepalive"]));
        running.wait_for_word(|word| word == "Refreshed,");
        running.signal(signal);
        let outcome = running.finish();
        assert_eq!(outcome.signal, Some(signal.as_raw()), "{outcome:#?}");
        assert!(!outcome.stderr.contains("eyJ"), "{outcome:#?}");
    }
    assert!(provider.requests("token") >= before + 3);
}

#[test]
fn keepalive_exits_zero_when_for_is_over() {
    let Some((_provider, home)) = logged_in() else { return };
    let outcome = home.tidp(&["keepalive", "--for", "1s"]);
    assert_eq!(outcome.expect(0), "");
}

#[test]
fn second_keepalive_is_busy_until_the_first_ends() {
    let Some((_provider, home)) = logged_in() else { return };
    let mut first = Process::start(&mut home.tidp_command(&["keepalive"]));
    first.wait_for_word(|word| word == "Keeping");
    assert_eq!(home.tidp(&["keepalive", "--for", "0", "--json"]).error(5)["kind"], "busy");
    home.tidp(&["refresh", "--force"]).expect(0);
    first.signal(Signal::KILL);
    assert_eq!(first.finish().signal, Some(9));
    home.tidp(&["keepalive", "--for", "0"]).expect(0);
}

#[test]
fn command_of_a_killed_keepalive_holds_no_lock() {
    let Some((_provider, home)) = logged_in() else { return };
    let script = "echo $$ >pid; echo ready >&2; exec sleep 60";
    let mut first = Process::start(&mut home.tidp_command(&["keepalive", "--", "sh", "-c", script]));
    first.wait_for_word(|word| word == "ready");
    first.signal(Signal::KILL);
    poll("the lock", || (home.tidp(&["keepalive", "--for", "0"]).code == Some(0)).then_some(()));
    home.sh("kill $(cat pid)").expect(0);
    first.finish();
}

#[test]
fn command_inherits_core_limit_but_no_secret() {
    let Some((_provider, mut home)) = logged_in() else { return };
    home.set("TIDP_CLIENT_SECRET", "planted");
    home.set("TIDP_STORE_KEY", "planted");
    let shown = home.tidp(&["keepalive", "--", "env"]).expect(0).to_owned();
    assert!(!shown.contains("planted") && !shown.contains("TIDP_ACCESS_TOKEN=") && !shown.contains("eyJ"), "{shown}");
    let limits = "ulimit -S -c \"$(ulimit -H -c)\"; ulimit -S -c; tidp keepalive -- sh -c 'ulimit -S -c; ulimit -H -c'";
    let limits = home.sh(limits).expect(0).to_owned();
    let limits: Vec<&str> = limits.lines().collect();
    assert!(limits.len() == 3 && limits.iter().all(|limit| *limit == limits[0]), "{limits:?}");
}

#[test]
fn ended_session_starts_no_command() {
    let Some((provider, mut home)) = logged_in() else { return };
    // The client assumes a shorter lifetime, so it refreshes now.
    home.set("TIDP_REFRESH_LIFETIME", "2s");
    provider.end_sso();
    let error = home.tidp(&["keepalive", "--json"]).error(3);
    assert_eq!(error["kind"], "login_required", "{error}");
    home.tidp(&["logout", "--local"]).expect(0);
    assert_eq!(home.tidp(&["keepalive", "--", "echo", "ran"]).expect(3), "");
}
