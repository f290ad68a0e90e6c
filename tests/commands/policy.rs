use crate::support::Bench;
use crate::support::tokens::{ISSUER, TokenResponse};
use serde_json::json;
use tidp::testing::domain::policy::PolicyName;
use tidp::testing::domain::session::EventKind;
use tidp::testing::domain::time::Seconds;

const DAY: i64 = 86_400;

/// A session of a client without a type.
fn session_of_unknown_client_type() -> Bench {
    let bench = Bench::with_env(&[("TIDP_ISSUER", ISSUER), ("TIDP_CLIENT_ID", "app")]);
    bench.log_in();
    bench
}

/// A Mobile session, 40 days old and renewed half an hour ago.
fn renewed_session() -> Bench {
    let bench = Bench::new("MobileApp");
    bench.log_in();
    bench.provider.publishes();
    bench.at(40 * DAY);
    bench.provider.refreshes(bench.clock.time(), "rt-1", TokenResponse::new().refresh_token("rt-2"));
    bench.run(&["token"]).exits(0);
    bench.pass(Seconds::minutes(30));
    bench
}

/// Compares the output with a golden file; TIDP_UPDATE=1 rewrites it.
#[track_caller]
fn golden(name: &str, text: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/commands/golden").join(name);
    #[expect(clippy::disallowed_methods, reason = "a test's own switch")]
    if std::env::var_os("TIDP_UPDATE").is_some_and(|value| value == "1") {
        std::fs::write(&path, text).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    assert!(text == expected, "not golden/{name} (TIDP_UPDATE=1 rewrites it):\n{text}");
}

#[test]
fn policy_json_has_contract_fields() {
    let document = renewed_session().run(&["policy", "--json"]).exits(0).json();
    let explanation = document["explanation"].as_str().unwrap().to_owned();
    assert!(explanation.contains("Session until 2026-06-10T12:00:00Z (in 89 days 23 h)"), "{explanation}");
    let expected = json!({
        "profile": "app@https://id.example", "policy": "Mobile", "client_type": "MobileApp", "sliding": true,
        "lifetime": 7_776_000, "issued_at": "2026-01-31T12:00:00Z", "renewed_at": "2026-03-12T12:00:00Z",
        "expires_at": "2026-06-10T12:00:00Z", "expires_at_earliest": "2026-06-10T12:00:00Z", "expires_at_source": "policy",
        "remaining": 7_774_200,
        "expired": false, "after_refresh_expires_at": "2026-06-10T12:30:00Z", "sso": "active",
        "next_action": "refresh", "act_before": "2026-06-10T12:00:00Z",
        "access_token_expires_at": "2026-03-12T13:00:00Z", "explanation": explanation,
    });
    assert_eq!(document, expected);
}

#[test]
fn policy_is_explained_without_a_session() {
    let bench = Bench::new("MobileApp");
    let document = bench.run(&["policy", "--json"]).exits(0).json();
    assert_eq!((&document["policy"], &document["lifetime"]), (&json!("Mobile"), &json!(7_776_000)));
    assert_eq!((&document["next_action"], &document["sso"]), (&json!("login"), &json!("unknown")));
    for field in ["issued_at", "renewed_at", "expires_at", "expires_at_earliest", "remaining", "act_before"] {
        assert_eq!(document[field], json!(null), "{field}");
    }
    assert_eq!(bench.run(&["policy", "--short"]).exits(0).stdout, "no session\n");
    let outcome = bench.run(&["policy", "--require", "0s", "--json"]).exits(3);
    assert_eq!(outcome.error()["hint"], "tidp login");
}

#[test]
fn unknown_client_type_has_no_policy() {
    let bench = session_of_unknown_client_type();
    let document = bench.run(&["policy", "--json"]).exits(0).json();
    for field in ["policy", "client_type", "sliding", "lifetime", "expires_at", "expires_at_earliest", "remaining"] {
        assert_eq!(document[field], json!(null), "{field}");
    }
    assert_eq!(document["next_action"], "unknown");
    assert!(document["explanation"].as_str().unwrap().contains("set TIDP_POLICY, or"), "{document}");
    assert_eq!(bench.run(&["policy", "--short"]).exits(0).stdout, "unknown 1h+\n");
    bench
        .run(&["policy", "--require", "1s"])
        .exits(3)
        .says("it is not known whether the session lasts 1 s")
        .says("the profile app@https://id.example has no client type")
        .says("hint: set TIDP_POLICY\n");
}

#[test]
fn short_output_is_one_line() {
    let bench = renewed_session();
    for (seconds, line) in
        [(40 * DAY + 1_800, "Mobile 89d\n"), (129 * DAY, "Mobile 1d\n"), (130 * DAY - 90, "Mobile 1m\n")]
    {
        bench.at(seconds);
        assert_eq!(bench.run(&["policy", "--short"]).exits(0).stdout, line);
    }
}

#[test]
fn unmet_requirement_is_an_error() {
    let bench = renewed_session();
    bench.at(128 * DAY);
    bench.run(&["policy", "--require", "2d"]).exits(0);
    bench.pass(Seconds(1));
    for args in [&["policy", "--require", "2d"][..], &["policy", "--require", "2d", "--json"]] {
        bench.run(args).exits(3).says("the refresh token is certain to work for 1 day 23 h, less than 2 days");
    }
    bench.run(&["policy", "--require", "two days"]).exits(2).says("--require: `two days` is not a duration");
}

#[test]
fn require_counts_only_the_certain_lifetime() {
    let bench = Bench::new("MobileApp");
    bench.log_in();
    bench.provider.publishes();
    bench.at(40 * DAY);
    bench.provider.refreshes(bench.clock.time(), "rt-1", TokenResponse::new().refresh_token("rt-1"));
    bench.run(&["token"]).exits(0);
    bench.run(&["policy", "--require", "50d"]).exits(0);
    bench.run(&["policy", "--require", "51d"]).exits(3);
}

#[test]
fn why_lists_events_oldest_first() {
    let bench = renewed_session();
    bench.edit(|session| {
        let at = session.login_at;
        session.events.push(tidp::testing::domain::session::SessionEvent {
            time: at,
            kind: EventKind::Interrupted,
            scopes: None,
        });
    });
    let events = [
        ("2026-01-31T12:00:00Z", "login, with a refresh token"),
        (
            "2026-03-12T12:00:00Z",
            "refreshed because the access token had expired: the provider returned a new refresh token",
        ),
        ("2026-01-31T12:00:00Z", "a refresh was interrupted"),
    ];
    let document = bench.run(&["policy", "--why", "--json"]).exits(0).json();
    assert_eq!(document["events"], json!(events.map(|(at, event)| json!({ "at": at, "event": event }))));
    let text = bench.run(&["policy", "--why"]).exits(0).stdout;
    let last: Vec<&str> = text.lines().rev().take(3).collect();
    assert!(last.iter().rev().zip(events).all(|(line, (_, event))| line.ends_with(event)), "{text}");
    assert_eq!(bench.run(&["policy", "--json"]).exits(0).json().get("events"), None);
}

#[test]
fn warnings_on_stderr_are_in_the_json_too() {
    let bench = Bench::new("Public");
    bench.log_in();
    let outcome = bench.run(&["policy", "--json"]).exits(0).says("warning: the profile says NoRefresh");
    assert_eq!(outcome.warnings(), ["policy_mismatch"]);
    let message = outcome.json()["warnings"][0]["message"].as_str().unwrap().to_owned();
    assert!(outcome.stderr.contains(&message));
    assert_eq!(bench.run(&["policy", "--json", "--quiet"]).exits(0).stderr, "");
}

#[test]
fn all_policies_are_listed_and_explained() {
    let bench = Bench::with_env(&[]);
    golden("policy_list.txt", &bench.run(&["policy", "list"]).exits(0).stdout);
    golden("policy_show_mobile.txt", &bench.run(&["policy", "show", "mobile"]).exits(0).stdout);
    let list = bench.run(&["policy", "list", "--json"]).exits(0).json()["policies"].take();
    let rows: Vec<_> =
        list.as_array().unwrap().iter().map(|p| json!([p["policy"], p["sliding"], p["lifetime"]])).collect();
    let expected = PolicyName::ALL
        .map(PolicyName::documented)
        .map(|policy| json!([policy.name.as_str(), policy.sliding, policy.lifetime.map(|lifetime| lifetime.0)]));
    assert_eq!(rows, expected);
    assert_eq!(rows[2], json!(["Mobile", true, 7_776_000]));
    for (name, row) in PolicyName::ALL.iter().zip(list.as_array().unwrap()) {
        assert_eq!(bench.run(&["policy", "show", name.as_str(), "--json"]).exits(0).json(), *row);
    }
    let outcome = bench.run(&["policy", "show", "Sliding\u{1b}", "--json"]).exits(2);
    assert_eq!(outcome.error()["kind"], "usage");
    assert!(outcome.error()["message"].as_str().unwrap().contains("values: NoRefresh, Confidential, Mobile"));
}

#[test]
fn renewed_session_matches_its_golden_file() {
    golden("policy_mobile.txt", &renewed_session().run(&["policy"]).exits(0).stdout);
}

#[test]
fn short_session_in_ascii_matches_its_golden_file() {
    let bench = Bench::new("PublicWithRefresh").env("LC_ALL", "C");
    bench.log_in();
    bench.pass(Seconds::minutes(4));
    let outcome = bench.run(&["policy"]).exits(0);
    golden("policy_public_web.txt", &outcome.stdout);
    golden("policy_public_web_warning.txt", &outcome.stderr);
    let bench = Bench::new("PublicWithRefresh");
    bench.log_in();
    bench.pass(Seconds::minutes(4));
    assert_eq!(bench.run(&["policy", "--ascii"]).exits(0).stdout, outcome.stdout, "--ascii says the same");
    assert!(!bench.run(&["policy"]).exits(0).stdout.is_ascii());
}

#[test]
fn refused_session_matches_its_golden_file() {
    let bench = Bench::new("Confidential").env("TIDP_CLIENT_SECRET", "s3cret");
    bench.log_in();
    bench.pass(Seconds::hours(2));
    bench.provider.refuses("invalid_grant");
    bench.run(&["token"]).exits(3);
    bench.pass(Seconds::minutes(5));
    golden("policy_refused.txt", &bench.run(&["policy", "--why"]).exits(0).stdout);
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    let bench = renewed_session();
    for columns in [40, 60, 80, 200] {
        *bench.terminal.columns.lock().unwrap() = Some(columns);
        let text = bench.run(&["policy"]).exits(0).stdout;
        let widest = text.lines().skip(1).map(|line| line.chars().count()).max().unwrap();
        assert!(widest <= columns.into(), "{columns}:\n{text}");
    }
}

#[test]
fn line_breaks_do_not_split_commands() {
    let bench = Bench::with_config(&format!(
        "[profile.pub]\nissuer = \"{ISSUER}\"\nclient_id = \"app\"\nclient_type = \"PublicWithRefresh\""
    ));
    let session = Bench::new("PublicWithRefresh");
    session.log_in();
    for (bench, args) in [(bench, &["policy", "--profile", "pub"][..]), (session, &["policy"])] {
        for columns in 20..=110 {
            *bench.terminal.columns.lock().unwrap() = Some(columns);
            let text = bench.run(args).exits(0).stdout;
            assert!(text.lines().all(|line| line.matches('`').count() % 2 == 0), "{columns}:\n{text}");
        }
    }
}

#[test]
fn impossible_requirement_has_no_login_hint() {
    let bench = Bench::new("PublicWithRefresh");
    bench.log_in();
    let outcome = bench.run(&["policy", "--require", "2d", "--json"]).exits(3);
    assert_eq!(outcome.error()["hint"], serde_json::Value::Null);
    assert_eq!(bench.run(&["policy", "--require", "9m", "--json"]).code, 0);
}

#[test]
fn unmet_requirement_names_the_token_that_falls_short() {
    let refused = |bench: &Bench, required: &str| {
        let outcome = bench.run(&["policy", "--require", required, "--json"]).exits(3);
        outcome.error()["message"].as_str().unwrap().to_owned()
    };
    let bench = Bench::new("PublicWithRefresh");
    bench.log_in();
    let works = "; the access token works until 2026-01-31 13:00:00 UTC";
    let whole = format!("under PublicWeb a refresh token is valid for 10 min, less than 30 min{works} (in 1 h)");
    assert_eq!(refused(&bench, "30m"), whole);
    bench.run(&["token", "--min-ttl", "30m", "--no-refresh"]).exits(0);
    bench.pass(Seconds::minutes(6));
    let rest = format!("the refresh token is certain to work for 4 min, less than 5 min{works} (in 54 min)");
    assert_eq!(refused(&bench, "5m"), rest);
    bench.pass(Seconds::hours(1));
    assert_eq!(refused(&bench, "5m"), "the refresh token is certain to work for 0 s, less than 5 min");
    let bench = Bench::new("Public");
    bench.log_in_with(TokenResponse::new()).exits(0);
    bench.run(&["policy", "--require", "1h"]).exits(0);
    assert_eq!(refused(&bench, "2h"), "the access token is certain to work for 1 h, less than 2 h");
}

#[test]
fn met_requirement_can_be_printed_short() {
    let bench = renewed_session();
    assert_eq!(bench.run(&["policy", "--require", "2d", "--short"]).exits(0).stdout, "Mobile 89d\n");
    assert_eq!(bench.run(&["policy", "--require", "91d", "--short"]).exits(3).stdout, "");
}
