use crate::support::Bench;
use crate::support::tokens::Answer;
use std::path::PathBuf;
use tidp::testing::domain::time::Seconds;

const EARLY: &str = "before the access token does";
const SOON: &str = "a refresh does not extend it";

/// A Confidential session (14 fixed days) with that long to go and an access token that is valid.
fn confidential_with(left: Seconds) -> Bench {
    let bench = Bench::new("Confidential").env("TIDP_CLIENT_SECRET", "s");
    bench.log_in();
    bench.edit(|session| {
        session.login_at = session.login_at.minus(Seconds(Seconds::days(14).0 - left.0));
    });
    bench.cache.clear();
    bench
}

fn stamps(bench: &Bench) -> Vec<PathBuf> {
    let files = bench.files.0.lock().unwrap();
    files.keys().filter(|path| path.starts_with("/home/kari/state/tidp")).cloned().collect()
}

#[test]
fn the_near_end_of_a_fixed_life_is_told_from_a_day_before_to_the_second() {
    for (left, warned) in [(Seconds::days(1), false), (Seconds(86_399), true), (Seconds(1), true), (Seconds(0), false)]
    {
        let outcome = confidential_with(left).run(&["token"]).exits(0);
        assert_eq!(outcome.stderr.contains(SOON), warned, "{left:?}: {}", outcome.stderr);
    }
}

#[test]
fn a_warning_rests_for_an_hour_and_meanwhile_the_cache_serves_without_the_store() {
    let bench = confidential_with(Seconds::hours(3));
    bench.run(&["token"]).exits(0).says(SOON);
    let loads = bench.stores.loads();
    bench.run(&["token"]).exits(0).leaves_out("warning");
    assert_eq!(bench.stores.loads(), loads, "served from the cache");
    bench.run(&["refresh"]).exits(0).leaves_out("warning");
    bench.pass(Seconds(3_569));
    bench.run(&["token"]).exits(0).leaves_out("warning");
    bench.pass(Seconds(31));
    bench.provider.refreshes(bench.clock.time(), "rt-1", Answer::new().refresh_token("rt-2"));
    bench.run(&["token"]).exits(0).says(SOON);
}

#[test]
fn a_cached_token_is_served_without_the_store_until_the_moment_a_warning_is_due() {
    let bench = confidential_with(Seconds(86_400 + 600));
    bench.run(&["token"]).exits(0).leaves_out("warning");
    let loads = bench.stores.loads();
    bench.pass(Seconds(600));
    bench.run(&["token"]).exits(0).leaves_out("warning");
    assert_eq!(bench.stores.loads(), loads);
    bench.pass(Seconds(1));
    bench.run(&["token"]).exits(0).says(SOON);
    assert!(bench.stores.loads() > loads);
}

#[test]
fn a_sliding_life_that_ends_before_the_access_token_is_told_unless_the_profile_renews_it() {
    let log_in = |bench: Bench| {
        bench.log_in();
        bench.pass(Seconds(60));
        bench
    };
    let bench = log_in(Bench::new("PublicWithRefresh"));
    bench.run(&["token"]).exits(0).leaves_out("warning");
    let bench = Bench::new("PublicWithRefresh");
    bench.log_in();
    for path in stamps(&bench) {
        bench.files.0.lock().unwrap().remove(&path);
    }
    bench.run(&["token"]).exits(0).says(EARLY);
    let bench = log_in(Bench::new("PublicWithRefresh").env("TIDP_RENEW", "before-session-ends"));
    bench.run(&["token"]).exits(0).leaves_out("warning");
}

#[test]
fn the_logins_own_warning_counts_for_the_hour() {
    let bench = Bench::new("PublicWithRefresh");
    bench.log_in().says("expires before the access token");
    bench.run(&["token"]).exits(0).leaves_out("warning");
    assert_eq!(stamps(&bench).len(), 1);
    let bench = Bench::new("PublicWithRefresh");
    bench.provider.announces_login(&bench.browser, bench.clock.time(), Answer::new().refresh_token("rt-1"));
    bench.run(&["login", "--quiet"]).exits(0);
    bench.run(&["token"]).exits(0).says(EARLY);
}

#[test]
fn quiet_says_nothing_and_does_not_use_up_the_hour() {
    let bench = confidential_with(Seconds::hours(3));
    let quiet = bench.run(&["token", "--quiet"]).exits(0);
    assert_eq!(quiet.stderr, "");
    let loads = bench.stores.loads();
    bench.run(&["token", "--quiet"]).exits(0);
    assert_eq!(bench.stores.loads(), loads, "quiet is served from the cache");
    bench.run(&["token"]).exits(0).says(SOON);
}

#[test]
fn exec_and_refresh_and_the_id_token_warn_as_token_does_and_json_carries_it() {
    for command in [&["refresh"][..], &["token", "--no-refresh"], &["token", "--id-token"], &["userinfo"]] {
        let bench = confidential_with(Seconds::hours(3));
        if command == ["userinfo"] {
            bench
                .provider
                .answers("/connect/userinfo", crate::support::provider::json(200, &serde_json::json!({"sub": "kari"})));
        }
        bench.run_on(command).says(SOON);
    }
    let bench = confidential_with(Seconds::hours(3));
    bench.run(&["exec", "--", "curl"]).exits(127).says(SOON);
    for command in ["refresh", "token"] {
        let outcome = confidential_with(Seconds::hours(3)).run(&[command, "--json"]).exits(0);
        assert_eq!(outcome.json()["warnings"][0]["code"], "ends_soon", "{command}");
    }
}

#[test]
fn that_the_sso_session_has_ended_is_told_once_when_it_is_found_and_again_when_the_end_is_near() {
    let ended = "the SSO session has ended";
    let bench = Bench::new("MobileApp");
    bench.log_in();
    bench.pass(Seconds(3_600));
    bench.provider.refreshes(bench.clock.time(), "rt-1", Answer::new());
    bench.run(&["token"]).exits(0).says(ended);
    bench.run(&["token"]).exits(0).leaves_out("warning");
    bench.pass(Seconds(3_600));
    bench.provider.refreshes(bench.clock.time(), "rt-1", Answer::new());
    bench.run(&["token"]).exits(0).leaves_out("warning");
    bench.pass(Seconds(89 * 86_400 - 7_200));
    bench.provider.answers(
        "/.well-known/openid-configuration",
        crate::support::provider::json(200, &crate::support::tokens::discovery()),
    );
    bench.provider.answers("/jwks", crate::support::provider::json(200, &crate::support::tokens::jwks()));
    bench.provider.refreshes(bench.clock.time(), "rt-1", Answer::new());
    bench.run(&["token"]).exits(0).leaves_out("warning");
    bench.pass(Seconds(1));
    bench.run(&["token"]).exits(0).says(ended);
}

#[test]
fn what_a_run_has_said_it_does_not_say_again() {
    let bench = Bench::new("PublicWithRefresh");
    bench.log_in();
    bench.cache.clear();
    bench.files.0.lock().unwrap().retain(|path, _| !path.starts_with("/home/kari/state"));
    bench.pass(Seconds(590));
    bench.provider.refreshes(bench.clock.time(), "rt-1", Answer::new());
    let warnings = bench.run(&["refresh", "--force", "--json"]).exits(0).json()["warnings"].clone();
    assert_eq!(warnings.as_array().unwrap().len(), 1, "{warnings}");
}

#[test]
fn a_stamp_holds_a_time_and_its_name_says_nothing() {
    let bench = confidential_with(Seconds::hours(3));
    bench.run(&["token"]).exits(0);
    let [path] = &stamps(&bench)[..] else { panic!("one stamp") };
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    assert!(!name.contains("app") && name.len() == "warned-".len() + 64, "{name}");
    assert_eq!(bench.files.text(&path.to_string_lossy()), bench.clock.time().unix().to_string());
}

#[test]
fn a_stamp_from_the_future_or_of_garbage_silences_nobody() {
    for text in ["99999999999", "soon", ""] {
        let bench = confidential_with(Seconds::hours(3));
        bench.run(&["token"]).exits(0).says(SOON);
        bench.files.put(&stamps(&bench)[0].to_string_lossy(), text);
        bench.cache.clear();
        bench.run(&["token"]).exits(0).says(SOON);
    }
}
