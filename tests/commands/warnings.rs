use crate::support::Bench;
use crate::support::tokens::TokenResponse;
use std::path::PathBuf;
use tidp::testing::domain::time::Seconds;

const EARLY: &str = "before the access token does";
const SOON: &str = "a refresh does not extend it";

/// A Confidential session (fixed, 14 days) with this time left and a valid access token.
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
fn fixed_expiry_is_warned_about_from_a_day_before() {
    for (left, warned) in [(Seconds::days(1), false), (Seconds(86_399), true), (Seconds(1), true), (Seconds(0), false)]
    {
        let outcome = confidential_with(left).run(&["token"]).exits(0);
        assert_eq!(outcome.stderr.contains(SOON), warned, "{left:?}: {}", outcome.stderr);
    }
}

#[test]
fn warning_is_repeated_after_an_hour() {
    let bench = confidential_with(Seconds::hours(3));
    bench.run(&["token"]).exits(0).says(SOON);
    let loads = bench.stores.loads();
    bench.run(&["token"]).exits(0).leaves_out("warning");
    assert_eq!(bench.stores.loads(), loads, "served from the cache");
    bench.run(&["refresh"]).exits(0).leaves_out("warning");
    bench.pass(Seconds(3_569));
    bench.run(&["token"]).exits(0).leaves_out("warning");
    bench.pass(Seconds(31));
    bench.provider.refreshes(bench.clock.time(), "rt-1", TokenResponse::new().refresh_token("rt-2"));
    bench.run(&["token"]).exits(0).says(SOON);
}

#[test]
fn cached_token_is_used_until_a_warning_is_due() {
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
fn early_session_end_is_warned_about_unless_renewed() {
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
fn warning_at_login_starts_the_hour() {
    let bench = Bench::new("PublicWithRefresh");
    bench.log_in().says("expires before the access token");
    bench.run(&["token"]).exits(0).leaves_out("warning");
    assert_eq!(stamps(&bench).len(), 1);
    let bench = Bench::new("PublicWithRefresh");
    bench.provider.expect_login(&bench.browser, bench.clock.time(), TokenResponse::new().refresh_token("rt-1"));
    bench.run(&["login", "--quiet"]).exits(0);
    bench.run(&["token"]).exits(0).says(EARLY);
}

#[test]
fn quiet_does_not_start_the_hour() {
    let bench = confidential_with(Seconds::hours(3));
    let quiet = bench.run(&["token", "--quiet"]).exits(0);
    assert_eq!(quiet.stderr, "");
    let loads = bench.stores.loads();
    bench.run(&["token", "--quiet"]).exits(0);
    assert_eq!(bench.stores.loads(), loads, "quiet is served from the cache");
    bench.run(&["token"]).exits(0).says(SOON);
}

#[test]
fn every_command_that_uses_a_token_warns() {
    for command in [&["refresh"][..], &["token", "--no-refresh"], &["token", "--id-token"], &["userinfo"]] {
        let bench = confidential_with(Seconds::hours(3));
        if command == ["userinfo"] {
            bench.provider.responds(
                "/connect/userinfo",
                crate::support::provider::json(200, &serde_json::json!({"sub": "kari"})),
            );
        }
        bench.run_unchecked(command).says(SOON);
    }
    let bench = confidential_with(Seconds::hours(3));
    bench.run(&["exec", "--", "curl"]).exits(127).says(SOON);
    for command in ["refresh", "token"] {
        let outcome = confidential_with(Seconds::hours(3)).run(&[command, "--json"]).exits(0);
        assert_eq!(outcome.json()["warnings"][0]["code"], "ends_soon", "{command}");
    }
}

#[test]
fn ended_sso_session_is_warned_about_again_near_expiry() {
    let ended = "the SSO session has ended";
    let bench = Bench::new("MobileApp");
    bench.log_in();
    bench.pass(Seconds(3_600));
    bench.provider.refreshes(bench.clock.time(), "rt-1", TokenResponse::new());
    bench.run(&["token"]).exits(0).says(ended);
    bench.run(&["token"]).exits(0).leaves_out("warning");
    bench.pass(Seconds(3_600));
    bench.provider.refreshes(bench.clock.time(), "rt-1", TokenResponse::new());
    bench.run(&["token"]).exits(0).leaves_out("warning");
    bench.pass(Seconds(89 * 86_400 - 7_200));
    bench.provider.responds(
        "/.well-known/openid-configuration",
        crate::support::provider::json(200, &crate::support::tokens::discovery()),
    );
    bench.provider.responds("/jwks", crate::support::provider::json(200, &crate::support::tokens::jwks()));
    bench.provider.refreshes(bench.clock.time(), "rt-1", TokenResponse::new());
    bench.run(&["token"]).exits(0).leaves_out("warning");
    bench.pass(Seconds(1));
    bench.run(&["token"]).exits(0).says(ended);
}

#[test]
fn warning_is_printed_once_per_run() {
    let bench = Bench::new("PublicWithRefresh");
    bench.log_in();
    bench.cache.clear();
    bench.files.0.lock().unwrap().retain(|path, _| !path.starts_with("/home/kari/state"));
    bench.pass(Seconds(590));
    bench.provider.refreshes(bench.clock.time(), "rt-1", TokenResponse::new());
    let warnings = bench.run(&["refresh", "--force", "--json"]).exits(0).json()["warnings"].clone();
    assert_eq!(warnings.as_array().unwrap().len(), 1, "{warnings}");
}

#[test]
fn refresh_that_ends_the_sso_session_warns_of_that_once_and_of_nothing_else() {
    let codes = |bench: &Bench| {
        bench.provider.refreshes(bench.clock.time(), "rt-1", TokenResponse::new());
        let warnings = bench.run(&["token", "--json"]).exits(0).json()["warnings"].clone();
        warnings.as_array().unwrap().iter().map(|warning| warning["code"].clone()).collect::<Vec<_>>()
    };
    // Near the expiry, so that the warning is due for two reasons.
    let bench = Bench::new("PublicWithRefresh").env("TIDP_RENEW", "before-session-ends");
    bench.log_in();
    bench.pass(Seconds(590));
    assert_eq!(codes(&bench), ["sso_ended"]);
    // The clock went back, which `tidp policy` tells.
    let bench = Bench::new("MobileApp");
    bench.log_in();
    bench.pass(Seconds(3_600));
    bench.edit(|session| session.login_at = session.login_at.plus(Seconds::days(1)));
    assert_eq!(codes(&bench), ["sso_ended"]);
    assert_eq!(bench.run(&["policy", "--json"]).exits(0).warnings(), ["sso_ended", "clock_skew"]);
}

#[test]
fn warning_stamp_does_not_reveal_the_session() {
    let bench = confidential_with(Seconds::hours(3));
    bench.run(&["token"]).exits(0);
    let [path] = &stamps(&bench)[..] else { panic!("one stamp") };
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    assert!(!name.contains("app") && name.len() == "warned-".len() + 64, "{name}");
    assert_eq!(bench.files.text(&path.to_string_lossy()), bench.clock.time().unix().to_string());
}

#[test]
fn invalid_warning_stamp_is_ignored() {
    for text in ["99999999999", "soon", ""] {
        let bench = confidential_with(Seconds::hours(3));
        bench.run(&["token"]).exits(0).says(SOON);
        bench.files.put(&stamps(&bench)[0].to_string_lossy(), text);
        bench.cache.clear();
        bench.run(&["token"]).exits(0).says(SOON);
    }
}
