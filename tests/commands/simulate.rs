use crate::support::Bench;
use serde_json::{Value, json};
use tidp::testing::domain::policy::PolicyName;

fn simulate(args: &[&str]) -> Value {
    let all: Vec<&str> = ["policy", "simulate", "--json"].iter().chain(args).copied().collect();
    Bench::with_env(&[]).run(&all).exits(0).json()
}

/// The times of one kind of event, in seconds after the login.
fn times(document: &Value, event: &str) -> Vec<i64> {
    let events = document["events"].as_array().unwrap().iter();
    events.filter(|e| e["event"] == event).map(|e| e["at"].as_i64().unwrap()).collect()
}

#[test]
fn simulation_needs_no_profile_or_network() {
    let bench = Bench::with_env(&[("LANG", "C.UTF-8")]);
    bench.run(&["policy", "simulate", "--policy", "PublicWeb"]).exits(0);
    assert!(bench.stores.is_empty());
    assert!(bench.files.0.lock().unwrap().is_empty());
}

#[test]
fn ten_minute_session_expires_before_a_refresh_is_due() {
    let document = simulate(&["--policy", "publicweb", "--access-token", "1h", "--every", "8m", "--for", "2h"]);
    assert_eq!(document["policy"], "PublicWeb");
    assert_eq!((&document["alive"], &document["ends_at"]), (&json!(false), &json!(600)));
    assert_eq!((&document["access_token_ends_at"], &document["login_needed_at"]), (&json!(3_600), &json!(3_840)));
    assert_eq!(
        document["events"][0],
        json!({ "at": 0, "event": "login", "refresh_token_ends_at": 600, "relied_on_until": 600 })
    );
    assert_eq!(times(&document, "refused"), [3_840]);
    assert_eq!(document["refreshes"], 0);
}

#[test]
fn refused_refresh_warns_while_the_access_token_works() {
    let args = ["--policy", "PublicWeb", "--renew", "before-session-ends", "--every", "20m", "--for", "2h"];
    let document = simulate(&args);
    assert_eq!(times(&document, "refused"), [1_200]);
    assert_eq!(times(&document, "used"), [2_400], "without another request");
    assert_eq!(document["login_needed_at"], 3_600, "when the access token has ended");
    let text = Bench::with_env(&[]).run(&[&["policy", "simulate"], &args[..]].concat()).exits(0).stdout;
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        text.contains("a warning after 20 min says so, and the script is first told to log in after 1 h"),
        "{text}"
    );
}

#[test]
fn renewed_session_outlives_the_sso_session_by_one_lifetime() {
    let alive = simulate(&["--policy", "Web", "--renew", "before-session-ends", "--every", "3m20s"]);
    assert_eq!(alive["alive"], true);
    assert_eq!(times(&alive, "refreshed")[..3], [400, 800, 1_200], "two thirds into each life, and no more often");
    let ended =
        simulate(&["--policy", "Web", "--renew", "before-session-ends", "--every", "3m20s", "--sso-ends-after", "30m"]);
    assert_eq!((&ended["alive"], &ended["ends_at"]), (&json!(false), &json!(2_200)));
    assert_eq!(times(&ended, "refreshed").last(), Some(&2_000), "one more refresh finds it out, none follows");
}

#[test]
fn no_refresh_policy_mentions_no_new_refresh_token() {
    let output = |policy: &[&str]| {
        let text = Bench::with_env(&[]).run(&[&["policy", "simulate"], policy].concat()).exits(0).stdout;
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let text = output(&["--policy", "NoRefresh"]);
    assert!(text.contains("access tokens are valid for 1 h, the SSO session stays active."), "{text}");
    assert!(!text.contains("a refresh returns"), "{text}");
    for policy in [&["--policy", "Mobile"][..], &["--compare"]] {
        let text = output(policy);
        assert!(
            text.contains("access tokens are valid for 1 h, a refresh returns a new refresh token, the SSO"),
            "{text}"
        );
    }
}

#[test]
fn fixed_expiry_is_not_moved_by_refreshes() {
    let document = simulate(&["--policy", "Confidential", "--force", "--every", "1d", "--for", "15d"]);
    assert_eq!((&document["ends_at"], &document["refreshes"]), (&json!(1_209_600), &json!(13)));
    assert!(document["events"].as_array().unwrap().iter().all(|event| event["renewed"] != true));
    assert_eq!(times(&document, "refused"), [1_209_600], "at its end, to the second");
}

#[test]
fn reused_refresh_token_leaves_the_expiry_uncertain() {
    let document = simulate(&["--policy", "Mobile", "--refresh-tokens", "reuse", "--every", "61m"]);
    let refreshed = document["events"].as_array().unwrap().iter().find(|e| e["event"] == "refreshed").unwrap();
    assert_eq!((&refreshed["at"], &refreshed["relied_on_until"]), (&json!(3_660), &json!(7_776_000)));
    assert_eq!(refreshed["refresh_token_ends_at"], 7_779_660);
}

#[test]
fn simulated_session_without_refresh_token_is_short() {
    let document = simulate(&["--policy", "NoRefresh", "--access-token", "30m"]);
    assert_eq!((&document["ends_at"], &document["login_needed_at"]), (&json!(1_800), &json!(1_920)));
}

#[test]
fn compare_covers_all_policies() {
    let document = simulate(&["--compare"]);
    let all = document["policies"].as_array().unwrap();
    let row = |row: &Value| (row["policy"].clone(), row["ends_at"].clone());
    let alone = |name: PolicyName| row(&simulate(&["--policy", name.as_str()]));
    assert_eq!(all.iter().map(row).collect::<Vec<_>>(), PolicyName::ALL.map(alone));
    for (name, end) in
        [("NoRefresh", 3_600), ("Confidential", 1_209_600), ("Mobile", 7_779_840), ("PublicWeb", 600), ("Web", 600)]
    {
        assert!(all.iter().any(|policy| row(policy) == (json!(name), json!(end))), "{name}: {all:?}");
    }
}

#[test]
fn invalid_scenario_is_a_usage_error() {
    for (args, words) in [
        (&["--policy", "Sliding"][..], "Sliding"),
        (&["--policy", "Web", "--every", "0"], "--every"),
        (&["--policy", "Web", "--every", "soon"], "--every"),
        (&["--policy", "Web", "--every", "1s", "--for", "30d"], "100000 calls"),
        (&["--policy", "Web", "--for", "9999d"], "--for"),
        (&["--policy", "Web", "--access-token", "0"], "--access-token"),
        (&["--policy", "Web", "--compare"], "--compare"),
        (&["--policy", "Web", "--force", "--renew", "when-due"], "--renew"),
        (&["--for", "1y"], "a sum such as 1h30m"),
        (&["Web", "--policy", "Web"], "--policy"),
    ] {
        let all: Vec<&str> = ["policy", "simulate"].iter().chain(args).copied().collect();
        Bench::with_env(&[]).run(&all).exits(2).says(words);
    }
}

#[test]
fn repeated_events_fit_the_table_at_every_width() {
    for columns in [40, 80, 120, 200] {
        for args in [
            ["--policy", "PublicWeb", "--every", "200s", "--for", "1h", "--renew", "before-session-ends"],
            ["--policy", "Web", "--every", "3m", "--for", "2h", "--refresh-tokens", "reuse"],
        ] {
            let bench = Bench::with_env(&[("LANG", "nb_NO.UTF-8")]);
            *bench.terminal.columns.lock().unwrap() = Some(columns);
            let stdout = bench.run(&[&["policy", "simulate"], &args[..]].concat()).exits(0).stdout;
            assert!(stdout.lines().all(|line| line.chars().count() <= columns.into()), "{stdout}");
        }
    }
}

#[test]
fn outlook_is_limited_by_the_sso_session() {
    let output = |more: &[&str]| {
        let args = [&["policy", "simulate", "--policy", "Web", "--for", "1d"], more].concat();
        let stdout = Bench::with_env(&[]).run(&args).exits(0).stdout;
        stdout.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert!(output(&[]).contains("it would stay active."));
    assert!(output(&["--sso-ends-after", "30m"]).contains("it would stay active until the SSO session ends."));
}

#[test]
fn certain_lifetime_is_shown_for_reused_refresh_tokens() {
    let args = ["--policy", "Web", "--every", "3m", "--for", "30m", "--renew", "before-session-ends"];
    let output = |more: &[&str]| {
        let args = [&["policy", "simulate"], &args[..], more].concat();
        Bench::with_env(&[]).run(&args).exits(0).stdout.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert!(output(&["--refresh-tokens", "reuse"]).contains("The client can rely only on 10 min."));
    assert!(!output(&[]).contains("can rely only on"));
}

#[test]
fn simulation_alone_plays_the_policy_of_the_profile() {
    let text = |bench: &Bench, args: &[&str]| {
        bench
            .run(&[&["policy", "simulate"], args].concat())
            .exits(0)
            .stdout
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    };
    let profile = "issuer = \"https://id.example\"\nclient_id = \"app\"\nclient_type = \"PublicWithRefresh\"";
    let renew = "renew = \"before-session-ends\"";
    let bench = Bench::with_config(&format!("[profile.a]\n{profile}\n{renew}\n[profile.b]\n{profile}"));
    let with = "with renew = \"before-session-ends\"";
    let of_a = text(&bench, &["--profile", "a"]);
    assert!(of_a.starts_with("A new PublicWeb session, simulated A script runs") && of_a.contains(with), "{of_a}");
    assert!(!text(&bench, &["--profile", "b"]).contains(with));
    assert!(!text(&bench, &["--profile", "a", "--renew", "when-due"]).contains(with));
    assert!(text(&bench, &["mobile"]).starts_with("A new Mobile session, simulated A script runs"));
    bench.run(&["policy", "simulate"]).exits(2).says("tidp profile use");
    let none = Bench::with_env(&[]);
    assert_eq!(text(&none, &[]), text(&none, &["--compare"]));
    let unknown = Bench::with_env(&[("TIDP_ISSUER", "https://id.example"), ("TIDP_CLIENT_ID", "app")]);
    unknown.run(&["policy", "simulate"]).exits(0).says("has no policy, so all are compared");
}
