//! Many processes on one session, some of them killed, stopped, or out of space: no session is lost except in the
//! known window, and no token returns after a logout. Refresh tokens are one-time, and reuse ends the session.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "tests touch the machine themselves")]

#[path = "support/real/mod.rs"]
mod real;

use real::process::{Process, poll};
use real::{Home, Outcome, Provider, require};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

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
fn expired() -> Option<(Provider, Home)> {
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
fn from_elsewhere(home: &Home, number: usize, args: &[&str]) -> Command {
    let mut command = home.tidp_command(args);
    let elsewhere = home.path(&format!("elsewhere-{number}"));
    let names = ["HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "TIDP_LOCK_DIR"];
    for name in names {
        command.env(name, elsewhere.join(name));
    }
    command
}

fn finished(running: Vec<Process>) -> Vec<Outcome> {
    running.into_iter().map(Process::finish).collect()
}

/// Asserts that the session can be refreshed: no spent token was sent.
#[track_caller]
fn session_lives(home: &Home) {
    let refreshed = home.tidp(&["refresh", "--force", "--json"]);
    assert!(!refreshed.stderr.contains("was not finished"), "{refreshed:#?}");
    assert_eq!(refreshed.json()["rotated"], true);
    home.tidp(&["token"]).expect(0);
}

/// Asserts that no store, cache or file holds a session.
#[track_caller]
fn session_is_gone(home: &Home) {
    for args in [["token", "--no-refresh"].as_slice(), &["token"], &["refresh", "--force"], &["inspect"]] {
        home.tidp(args).expect(3);
    }
    let left: Vec<_> = std::fs::read_dir(home.path("sessions")).unwrap().map(|found| found.unwrap().path()).collect();
    assert!(left.iter().all(|path| path.is_dir()), "only locks are left: {left:?}");
}

#[test]
fn every_environment_gets_the_one_new_token() {
    let Some((provider, home)) = expired() else { return };
    let before = provider.requests("token");
    let start = |n: usize| Process::start(&mut from_elsewhere(&home, n % 4, &["token"]));
    let answers = finished((0..24).map(start).collect());
    assert!(answers.iter().all(|answer| answer.expect(0) == answers[0].stdout.trim_end()));
    assert_eq!(provider.requests("token"), before + 1);
    session_lives(&home);
}

#[test]
fn concurrent_tokens_refreshes_and_logins_all_succeed() {
    let Some((_provider, home)) = expired() else { return };
    let kinds: [&[&str]; 5] = [&["token"], &["refresh", "--force"], &["token"], &["refresh"], &["login"]];
    let start = |n: usize| Process::start(&mut from_elsewhere(&home, n % 3, kinds[n % kinds.len()]));
    for outcome in finished((0..25).map(start).collect()) {
        outcome.expect(0);
        assert!(!outcome.stderr.contains("was not finished"), "{outcome:#?}");
    }
    session_lives(&home);
}

#[test]
fn logout_amid_other_commands_leaves_no_token() {
    let Some((_provider, home)) = provider_and_home() else { return };
    let kinds: [&[&str]; 4] =
        [&["token"], &["refresh", "--force"], &["token", "--no-refresh"], &["refresh", "--claims"]];
    for round in 0..6 {
        home.tidp(&["login"]).expect(0);
        let start = |n: usize| Process::start(&mut from_elsewhere(&home, n % 3, kinds[n % kinds.len()]));
        let mut running: Vec<_> = (0..4 + round).map(start).collect();
        let logout = Process::start(&mut home.tidp_command(&["logout"]));
        running.extend((0..8).map(start));
        logout.finish().expect(0);
        // A command that overlaps the logout leaves nothing behind.
        let after = home.tidp(&["token", "--no-refresh"]);
        for outcome in finished(running) {
            assert!(matches!(outcome.code, Some(0 | 3)), "{outcome:#?}");
        }
        after.expect(3);
        session_is_gone(&home);
    }
}

#[test]
fn login_during_logout_is_complete_or_gone() {
    let Some((_provider, home)) = provider_and_home() else { return };
    for _ in 0..4 {
        let login = Process::start(&mut home.tidp_command(&["login"]));
        let logouts: Vec<_> = (0..3).map(|_| Process::start(&mut home.tidp_command(&["logout"]))).collect();
        login.finish().expect(0);
        finished(logouts).iter().for_each(|logout| assert_eq!(logout.expect(0), ""));
        match home.tidp(&["token", "--no-refresh"]).code {
            Some(0) => session_lives(&home),
            _ => session_is_gone(&home),
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
    let Some((provider, home)) = expired() else { return };
    let lock = std::fs::File::open(&locks(&home)[0]).unwrap();
    lock.lock().unwrap();
    let before = provider.requests("token");
    let running: Vec<_> = (0..8).map(|_| Process::start(&mut home.tidp_command(&["token"]))).collect();
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(provider.requests("token"), before, "nobody refreshes without the lock");
    drop(lock); // as the kernel does when a process ends, however it does
    let answers = finished(running);
    assert!(answers.iter().all(|answer| answer.expect(0) == answers[0].stdout.trim_end()));
    assert_eq!(provider.requests("token"), before + 1);
    session_lives(&home);
}

#[test]
fn killed_refresh_is_noticed_by_waiting_processes() {
    for (mode, code) in [("reuse", 0), ("rotate", 3)] {
        let Some((provider, home)) = expired() else { return };
        provider.refresh_tokens(mode);
        let refresh = refresh_in_flight(&provider, &home);
        let waiting: Vec<_> = (0..6).map(|_| Process::start(&mut home.tidp_command(&["token", "--json"]))).collect();
        std::thread::sleep(Duration::from_millis(200));
        refresh.signal(Signal::KILL);
        refresh.finish();
        provider.post("/release", &json!({}));
        let outcomes = finished(waiting);
        assert!(outcomes.iter().all(|outcome| outcome.code == Some(code)), "{outcomes:#?}");
        // One of them tried and reported it, which the others found.
        let told = outcomes.iter().filter(|outcome| outcome.stderr.contains("was not finished")).count();
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
    let Some((provider, home)) = expired() else { return };
    let refresh = refresh_in_flight(&provider, &home);
    refresh.signal(Signal::STOP);
    provider.post("/release", &json!({}));
    let before = provider.requests("token");
    let logout = Process::start(&mut from_elsewhere(&home, 1, &["logout"]));
    let kinds: [&[&str]; 2] = [&["token", "--json"], &["refresh", "--force", "--json"]];
    let start = |n: usize| Process::start(&mut from_elsewhere(&home, n % 3, kinds[n % kinds.len()]));
    for outcome in finished((0..8).map(start).collect()) {
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

#[test]
fn second_ctrl_c_ends_a_refresh_at_once() {
    let Some((provider, home)) = provider_and_home() else { return };
    home.tidp(&["login"]).expect(0);
    let mut refresh = refresh_in_flight(&provider, &home);
    refresh.signal(Signal::INT);
    std::thread::sleep(Duration::from_millis(300));
    assert!(!refresh.has_ended(), "the first waits for the store");
    refresh.signal(Signal::INT);
    let outcome = refresh.finish();
    assert_eq!(outcome.signal, Some(Signal::INT.as_raw()), "{outcome:#?}");
    provider.post("/release", &json!({}));
    truthfully_lost(&home);
    home.tidp(&["login"]).expect(0);
    session_lives(&home);
}

#[test]
fn every_signal_waits_until_the_new_token_is_stored() {
    let Some((provider, home)) = provider_and_home() else { return };
    home.tidp(&["login"]).expect(0);
    for signal in
        [Signal::QUIT, Signal::USR1, Signal::ALARM, Signal::XCPU, Signal::VTALARM, Signal::PROF, Signal::POWER]
    {
        let refresh = refresh_in_flight(&provider, &home);
        refresh.signal(signal);
        provider.post("/release", &json!({}));
        let outcome = refresh.finish();
        assert_eq!(outcome.signal, Some(signal.as_raw()), "{signal:?}: {outcome:#?}");
        session_lives(&home);
    }
}

#[test]
fn two_signals_wait_until_the_new_token_is_stored() {
    let Some((provider, home)) = provider_and_home() else { return };
    home.tidp(&["login"]).expect(0);
    for signals in [[Signal::HUP, Signal::HUP], [Signal::INT, Signal::TERM]] {
        let mut refresh = refresh_in_flight(&provider, &home);
        for signal in signals {
            refresh.signal(signal);
            std::thread::sleep(Duration::from_millis(300));
            assert!(!refresh.has_ended(), "{signals:?}");
        }
        provider.post("/release", &json!({}));
        let outcome = refresh.finish();
        assert_eq!(outcome.signal, Some(signals[1].as_raw()), "{outcome:#?}");
        session_lives(&home);
    }
}

#[test]
fn signal_during_login_keeps_the_old_session() {
    let Some((_provider, home)) = provider_and_home() else { return };
    home.tidp(&["login"]).expect(0);
    for signal in [Signal::INT, Signal::TERM] {
        let (login, _) = home.login_by_hand(&["--no-browser"]);
        login.signal(signal);
        assert_eq!(login.finish().signal, Some(signal.as_raw()));
        session_lives(&home);
    }
}

#[test]
fn signal_ends_the_secret_command_too() {
    let mut home = Home::new();
    home.unset("TIDP_STORE");
    std::fs::create_dir_all(home.path("home/config/tidp")).unwrap();
    let config = "store = \"file\"\nstore_key_command = [\"sh\", \"-c\", \"echo $$ > asked; exec sleep 1000\"]\n\
                  [profile.a]\nissuer = \"https://id.test\"\nclient_id = \"app\"\n";
    std::fs::write(home.path("home/config/tidp/config.toml"), config).unwrap();
    for signal in [Signal::TERM, Signal::HUP, Signal::INT] {
        let tidp = Process::start(&mut home.tidp_command(&["inspect", "--profile", "a"]));
        let id = poll("the command", || std::fs::read_to_string(home.path("asked")).ok()?.trim().parse::<i32>().ok());
        tidp.signal(signal);
        let outcome = tidp.finish();
        assert_eq!(outcome.signal, Some(signal.as_raw()), "{outcome:#?}");
        let id = rustix::process::Pid::from_raw(id).unwrap();
        assert!(rustix::process::test_kill_process(id).is_err(), "{signal:?} has left the command behind");
        std::fs::remove_file(home.path("asked")).unwrap();
    }
}

/// Asserts that the next run explains that the token was lost.
#[track_caller]
fn truthfully_lost(home: &Home) {
    let outcome = home.tidp(&["refresh", "--force", "--json"]);
    let error = outcome.error(3);
    assert_eq!(error["provider"]["error"], "invalid_grant", "{outcome:#?}");
    assert!(outcome.stderr.contains("was not finished"), "{outcome:#?}");
    assert!(
        error["message"].as_str().unwrap().contains("the refresh before it got no usable response"),
        "{outcome:#?}"
    );
}

/// Pseudo-random numbers, the same in every run (splitmix64).
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end
    }
}

/// Runs the command and kills it at a random time within `length` microseconds, which adapts to each run; `begun`
/// waits for the start. Returns whether it was killed.
fn killed(home: &Home, args: &[&str], length: &mut u64, seeded: &mut Seeded, begun: impl FnOnce()) -> bool {
    let mut process = Process::start(&mut home.tidp_command(args));
    begun();
    std::thread::sleep(Duration::from_micros(seeded.below(*length)));
    let in_time = !process.has_ended();
    if in_time {
        process.signal(Signal::KILL);
    }
    process.finish();
    *length = if in_time { *length * 9 / 8 } else { (*length * 3 / 4).max(200) };
    in_time
}

#[test]
fn kill_loses_a_token_only_in_the_known_window() {
    let Some((provider, home)) = provider_and_home() else { return };
    let commands = [["login"].as_slice(), &["refresh", "--force"], &["logout"], &["refresh", "--force"]];
    let mut lengths = [300_000, 50_000, 50_000, 5_000];
    let (mut seeded, mut lost, mut kills) = (Seeded(20_260_131), 0, 0);
    home.tidp(&["login"]).expect(0);
    for round in 0..64 {
        let which = round % commands.len();
        let requests = provider.requests("token");
        let begun = || {
            // Every other refresh is killed around the provider's response, where the window is.
            if which == 3 {
                poll("the refresh", || (provider.requests("token") > requests).then_some(()));
            }
        };
        kills += usize::from(killed(&home, commands[which], &mut lengths[which], &mut seeded, begun));
        let served = home.tidp(&["token", "--no-refresh"]);
        let next = home.tidp(&["refresh", "--force", "--json"]);
        match (commands[which][0], next.code) {
            (_, Some(0)) => assert_eq!(served.code, Some(0), "{served:#?}"),
            ("refresh", Some(3)) => {
                assert!(next.stderr.contains("was not finished"), "{next:#?}");
                assert!(next.stderr.contains("the refresh before it got no usable response"), "{next:#?}");
                lost += 1;
            }
            ("logout", Some(3)) => {
                assert!(next.stderr.contains("there is no session"), "{next:#?}");
                served.expect(3);
            }
            _ => panic!("after {:?}: {next:#?}", commands[which]),
        }
        if which == 2 {
            home.tidp(&["logout"]).expect(0);
            session_is_gone(&home);
        }
        if which == 2 || next.code != Some(0) {
            home.tidp(&["login"]).expect(0);
        }
    }
    assert!(kills > 10, "{kills} were killed in time");
    assert!(lost < 24, "{lost} of 32 refreshes fell into the window");
    session_lives(&home);
}

#[test]
fn full_disk_is_found_before_a_token_is_spent() {
    let Some((provider, home)) = expired() else { return };
    let before = provider.requests("token");
    // No byte can be written to a file, as on a full disk; pipes still work. The signal for it is ignored.
    let full = |args: &str| home.sh(&format!("ulimit -f 0; exec tidp {args} --json"));
    for args in ["token", "refresh", "refresh --force", "userinfo"] {
        let error = full(args).error(6);
        assert_eq!(error["kind"], "store", "{error}");
    }
    assert_eq!(provider.requests("token"), before);
    // Nor does a lack of space for a response or a first session.
    let told = home
        .sh("ulimit -f 0; tidp policy > answer; echo $?; TIDP_STORE_DIR=$HOME/new tidp login --no-browser; echo $?");
    assert_eq!(told.stdout.lines().collect::<Vec<_>>(), ["1", "6"]);
    session_lives(&home);
}

/// A user without root's privileges, for read-only directories.
struct Ordinary {
    home: Home,
    binary: PathBuf,
    is_root: bool,
}

impl Ordinary {
    const NOBODY: u32 = 65_534;

    fn new(home: Home) -> Self {
        let binary = home.path("tidp");
        std::fs::copy(env!("CARGO_BIN_EXE_tidp"), &binary).unwrap();
        Self { home, binary, is_root: rustix::process::geteuid().is_root() }
    }

    fn tidp(&self, args: &[&str]) -> Outcome {
        let mut command = self.home.command(self.binary.to_str().unwrap());
        if self.is_root {
            give(&self.home.path("."), Self::NOBODY);
            command.uid(Self::NOBODY).gid(Self::NOBODY);
        }
        Process::start(command.args(args)).finish()
    }

    fn allow(&self, mode: u32) {
        std::fs::set_permissions(self.home.path("sessions"), std::fs::Permissions::from_mode(mode)).unwrap();
    }
}

/// Makes this user the owner of the whole tree.
fn give(path: &Path, user: u32) {
    chown(path, Some(user), Some(user)).unwrap();
    if path.is_dir() && !path.is_symlink() {
        path.read_dir().unwrap().for_each(|found| give(&found.unwrap().path(), user));
    }
}

#[test]
fn unwritable_store_loses_no_session() {
    let Some((provider, home)) = provider_and_home() else { return };
    let user = Ordinary::new(home);
    user.tidp(&["login"]).expect(0);
    user.allow(0o500);
    let before = provider.requests("token");
    for args in [["refresh", "--force", "--json"].as_slice(), &["refresh", "--claims", "--json"], &["logout", "--json"]]
    {
        assert_eq!(user.tidp(args).error(6)["kind"], "store", "{args:?}");
    }
    assert_eq!(provider.requests("token") + provider.requests("revocation"), before);
    user.tidp(&["token"]).expect(0); // only read
    user.allow(0o700);
    assert_eq!(user.tidp(&["refresh", "--force", "--json"]).json()["warnings"], Value::Null);
    user.tidp(&["logout"]).expect(0);
    user.tidp(&["token", "--no-refresh"]).expect(3);
}

#[test]
fn login_that_cannot_be_stored_is_revoked() {
    let Some((provider, home)) = provider_and_home() else { return };
    std::fs::create_dir(home.path("sessions")).unwrap();
    let user = Ordinary::new(home);
    user.allow(0o500);
    let outcome = user.tidp(&["login", "--json"]);
    assert_eq!(outcome.error(6)["kind"], "store");
    assert_eq!(provider.requests("token"), provider.requests("revocation"), "what was granted is given back");
    user.tidp(&["token"]).expect(3);
}
