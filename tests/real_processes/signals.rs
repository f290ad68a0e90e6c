//! Signals, and kills at any moment.

use super::{
    assert_loss_is_explained, assert_no_session, assert_session_refreshes, provider_and_home, refresh_in_flight,
};
use crate::real::Home;
use crate::real::process::{Process, poll};
use rustix::process::Signal;
use serde_json::json;
use std::time::Duration;

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
    assert_loss_is_explained(&home);
    home.tidp(&["login"]).expect(0);
    assert_session_refreshes(&home);
}

#[test]
fn every_signal_waits_until_the_new_token_is_stored() {
    let Some((provider, home)) = provider_and_home() else { return };
    home.tidp(&["login"]).expect(0);
    for signal in [
        Signal::QUIT,
        Signal::USR1,
        Signal::ALARM,
        Signal::XCPU,
        Signal::VTALARM,
        Signal::PROF,
        #[cfg(target_os = "linux")]
        Signal::POWER,
    ] {
        let refresh = refresh_in_flight(&provider, &home);
        refresh.signal(signal);
        provider.post("/release", &json!({}));
        let outcome = refresh.finish();
        assert_eq!(outcome.signal, Some(signal.as_raw()), "{signal:?}: {outcome:#?}");
        assert_session_refreshes(&home);
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
        assert_session_refreshes(&home);
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
        assert_session_refreshes(&home);
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

/// Pseudo-random numbers, the same in every run (splitmix64).
struct Random(u64);

impl Random {
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
fn run_and_kill(home: &Home, args: &[&str], length: &mut u64, random: &mut Random, begun: impl FnOnce()) -> bool {
    let mut process = Process::start(&mut home.tidp_command(args));
    begun();
    std::thread::sleep(Duration::from_micros(random.below(*length)));
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
    let (mut random, mut lost, mut kills) = (Random(20_260_131), 0, 0);
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
        kills += usize::from(run_and_kill(&home, commands[which], &mut lengths[which], &mut random, begun));
        let served = home.tidp(&["token", "--no-refresh"]);
        let next = home.tidp(&["refresh", "--force", "--json"]);
        match (commands[which][0], next.code) {
            (_, Some(0)) => assert_eq!(served.code, Some(0), "{served:#?}"),
            ("refresh", Some(3)) => {
                assert!(next.stderr.contains("did not finish; its refresh token"), "{next:#?}");
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
            assert_no_session(&home);
        }
        if which == 2 || next.code != Some(0) {
            home.tidp(&["login"]).expect(0);
        }
    }
    assert!(kills > 10, "{kills} were killed in time");
    assert!(lost < 24, "{lost} of 32 refreshes fell into the window");
    assert_session_refreshes(&home);
}
