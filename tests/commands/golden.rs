//! The output of `tidp policy` and `tidp policy simulate`, word for word. After an intended change update the files with
//! `TIDP_UPDATE=1 cargo test --test commands`, and review the difference.

use crate::support::Bench;
use crate::support::tokens::TokenResponse;
use std::path::Path;
use tidp::testing::domain::time::{Seconds, Time};
use tidp::testing::ports::HttpFailureKind;

/// What happens to a session before it is shown.
#[derive(Clone, Copy, Debug)]
enum Event {
    /// Only the login.
    Login,
    /// A refresh with a new refresh token.
    NewToken,
    /// A refresh with the same refresh token.
    SameToken,
    /// A refresh without a refresh token.
    NoToken,
    /// A refresh whose response was lost.
    AnswerLost,
    /// A refused refresh.
    Refused,
}

const EVENTS: [Event; 6] =
    [Event::Login, Event::NewToken, Event::SameToken, Event::NoToken, Event::AnswerLost, Event::Refused];

/// Client type, lifetime of a refresh token, and when it is refreshed.
const POLICIES: &[(&str, i64, i64)] = &[
    ("Public", 3_600, 0),
    ("PublicWithRefresh", 600, 300),
    ("Confidential", 14 * 86_400, 43_200),
    ("MobileApp", 90 * 86_400, 43_200),
];

fn bench_after(event: Event, client_type: &str, refreshed_after: i64) -> Bench {
    let bench = Bench::new(client_type).env("TIDP_CLIENT_SECRET", "s");
    if client_type == "Public" {
        bench.log_in_with(TokenResponse::new()).exits(0);
        return bench;
    }
    bench.log_in();
    bench.pass(Seconds(refreshed_after));
    let now = bench.clock.time();
    match event {
        Event::Login => return bench,
        Event::NewToken => bench.provider.refreshes(now, "rt-1", TokenResponse::new().refresh_token("rt-2")),
        Event::SameToken => bench.provider.refreshes(now, "rt-1", TokenResponse::new().refresh_token("rt-1")),
        Event::NoToken => bench.provider.refreshes(now, "rt-1", TokenResponse::new()),
        Event::AnswerLost => bench.provider.fails("/connect/token", HttpFailureKind::ResponseLost),
        Event::Refused => bench.provider.refuses("invalid_grant"),
    }
    bench.run_unchecked(&["refresh", "--force"]);
    bench.provider.check(&["refresh", "--force"]);
    assert_eq!(bench.session().unwrap().events.len(), 2, "{client_type}: {event:?} happened");
    bench
}

/// Shortly after the event, and around the first expiry.
fn moments(event: Event, lifetime: i64, refreshed_after: i64, start: Time) -> Vec<(&'static str, Time)> {
    let renewed = matches!(event, Event::NewToken | Event::SameToken) && lifetime != 14 * 86_400;
    let end = start.plus(Seconds(lifetime + if renewed { refreshed_after } else { 0 }));
    vec![
        ("a minute later", start.plus(Seconds(refreshed_after + 60))),
        ("a second before the end", end.minus(Seconds(1))),
        ("at the end", end),
    ]
}

fn policy_pages(client_type: &str, lifetime: i64, refreshed_after: i64) -> String {
    let mut text = String::new();
    for event in if client_type == "Public" { &EVENTS[..1] } else { &EVENTS[..] } {
        for (name, moment) in moments(*event, lifetime, refreshed_after, crate::support::START) {
            let bench = bench_after(*event, client_type, refreshed_after);
            bench.pass(moment.since(bench.clock.time()));
            let outcome = bench.run_unchecked(&["policy"]).exits(0);
            let short = bench.run_unchecked(&["policy", "--short"]).exits(0).stdout;
            text += &format!("=== {event:?}, {name} === {short}{}\n", outcome.stdout);
        }
    }
    text
}

/// Compares `text` with a golden file.
#[track_caller]
pub fn golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/commands/golden").join(name);
    #[expect(clippy::disallowed_methods, reason = "a test's own switch")]
    if std::env::var_os("TIDP_UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = text.lines().zip(expected.lines()).find(|(now, then)| now != then);
    assert!(text == expected, "{name} (TIDP_UPDATE=1 writes it anew): {differs:?}");
}

#[test]
fn policy_output_matches_its_golden_files() {
    for &(client_type, lifetime, refreshed_after) in POLICIES {
        golden(&format!("policy-{client_type}.txt"), &policy_pages(client_type, lifetime, refreshed_after));
    }
}

/// Pages whose legend has room for more than labels, and a refusal in the second of the login.
#[test]
fn wide_policy_pages_match_their_golden_file() {
    let mut text = String::new();
    for (event, client_type, refreshed_after) in [
        (Event::NewToken, "PublicWithRefresh", 300),
        (Event::SameToken, "MobileApp", 43_200),
        (Event::NoToken, "MobileApp", 43_200),
        (Event::Refused, "PublicWithRefresh", 0),
    ] {
        let bench = bench_after(event, client_type, refreshed_after);
        *bench.terminal.columns.lock().unwrap() = Some(200);
        bench.pass(Seconds(5));
        let page = bench.run_unchecked(&["policy"]).exits(0).stdout;
        text += &format!("=== {event:?}, {client_type} ===\n{page}\n");
    }
    golden("policy-wide.txt", &text);
}

#[test]
fn simulation_output_matches_its_golden_files() {
    let scenarios: [(&str, &[&str]); 5] = [
        ("waits", &["--policy", "PublicWeb"]),
        ("renews", &["--policy", "Web", "--renew", "before-session-ends", "--every", "3m", "--sso-ends-after", "30m"]),
        ("long", &["--policy", "Confidential", "--every", "6h", "--for", "15d"]),
        ("reuse", &["--policy", "Mobile", "--for", "4h", "--sso-ends-after", "3h", "--refresh-tokens", "reuse"]),
        ("compare", &["--compare"]),
    ];
    for (name, args) in scenarios {
        let mut text = String::new();
        for columns in [40, 80, 200] {
            let bench = Bench::with_env(&[("LANG", "C.UTF-8")]);
            *bench.terminal.columns.lock().unwrap() = Some(columns);
            let all: Vec<&str> = ["policy", "simulate"].iter().chain(args).copied().collect();
            let output = bench.run(&all).exits(0).stdout;
            let widest = output.lines().map(|line| line.chars().count()).max().unwrap_or(0);
            assert!(widest <= columns.into(), "{name}: {widest} columns");
            text += &format!("=== {columns} columns ===\n{output}\n");
        }
        golden(&format!("simulate-{name}.txt"), &text);
    }
    let bench = Bench::with_env(&[]);
    let output = bench.run(&["policy", "simulate", "--policy", "Web", "--ascii"]).exits(0).stdout;
    assert!(output.is_ascii(), "{output}");
}
