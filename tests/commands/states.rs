//! How an ended SSO session and a lost response are shown.

use crate::support::Bench;
use crate::support::provider::json;
use crate::support::tokens::{TokenResponse, discovery, jwks};
use tidp::testing::domain::time::Seconds;
use tidp::testing::ports::HttpFailureKind;

fn mobile() -> Bench {
    let bench = Bench::new("MobileApp");
    bench.log_in();
    bench.pass(Seconds(3_600));
    bench
}

#[test]
fn ended_sso_session_is_explained() {
    let bench = mobile();
    assert_eq!(bench.run(&["inspect", "--json"]).exits(0).json()["sso"], "active");
    bench.provider.refreshes(bench.clock.time(), "rt-1", TokenResponse::new());
    bench.run(&["refresh"]).exits(0);
    bench.pass(Seconds(60));
    let inspected =
        bench.run(&["inspect"]).exits(0).says("before it expires 2026-05-01 12:00:00 UTC").says("tidp login");
    assert!(inspected.stdout.contains("ended: noticed 2026-01-31 13:00:00 UTC (1 min ago)"), "{}", inspected.stdout);
    assert_eq!(bench.run(&["inspect", "--json"]).exits(0).json()["sso"], "ended");
    let told = bench.run(&["policy"]).exits(0).stdout.replace('\n', " ");
    for words in
        ["SSO session has ended", "no new refresh token", "(in 89 days 22 h); no refresh moves that", "`tidp login`"]
    {
        assert!(told.contains(words), "{words}: {told}");
    }
}

#[test]
fn lost_response_is_explained() {
    let bench = mobile();
    bench.provider.fails("/connect/token", HttpFailureKind::ResponseLost);
    bench.run(&["refresh"]).exits(5);
    bench.pass(Seconds(60));
    let policy = bench.run(&["policy", "--why"]).exits(0).stdout.replace('\n', " ");
    let inspected = bench.run(&["inspect"]).exits(0).stderr;
    for told in [&policy, &inspected] {
        for words in [
            "2026-01-31 13:00:00 UTC",
            "otherwise nothing is lost",
            "If the provider accepts each refresh token only once",
        ] {
            assert!(told.contains(words), "{words}: {told}");
        }
    }
    assert!(policy.contains("no usable response"), "among the events: {policy}");
    let document = bench.run(&["inspect", "--json"]).exits(0).json();
    assert_eq!(document["warnings"][0]["code"], "refresh_interrupted");
}

#[test]
fn refresh_after_a_lost_response_reports_the_outcome() {
    let bench = mobile();
    bench.provider.fails("/connect/token", HttpFailureKind::ResponseLost);
    bench.run(&["refresh"]).exits(5);
    let lost_at = "2026-01-31 13:00:00 UTC";
    bench.pass(Seconds(60));
    bench.provider.refreshes(bench.clock.time(), "rt-1", TokenResponse::new().refresh_token("rt-1"));
    bench.run(&["refresh"]).exits(0).says(lost_at).says("nothing was lost by the unfinished refresh");

    bench.pass(Seconds(86_400));
    bench.provider.responds("/.well-known/openid-configuration", json(200, &discovery()));
    bench.provider.responds("/jwks", json(200, &jwks()));
    bench.provider.refreshes(bench.clock.time(), "rt-1", TokenResponse::new().refresh_token("rt-2"));
    bench.run(&["refresh"]).exits(0).leaves_out("nothing was lost by the unfinished refresh");

    bench.pass(Seconds(3_600));
    bench.provider.fails("/connect/token", HttpFailureKind::ResponseLost);
    bench.run(&["refresh"]).exits(5);
    bench.provider.refuses("invalid_grant");
    bench
        .run(&["refresh"])
        .exits(3)
        .says("It was probably used up already")
        .leaves_out("nothing was lost by the unfinished refresh");
}
