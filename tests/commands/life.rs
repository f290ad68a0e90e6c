//! The lifetime of a session under each policy, to the second. Seconds count from the login.

use crate::support::tokens::TokenResponse;
use crate::support::{Bench, START};
use serde_json::{Value, json};
use tidp::testing::domain::time::Seconds;
use tidp::testing::ports::HttpFailureKind;

const MINUTE: i64 = 60;
const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// Client type, policy, lifetime of the refresh token, and whether a refresh renews it.
const POLICIES: [(&str, &str, i64, bool); 4] = [
    ("Confidential", "Confidential", 14 * DAY, false),
    ("MobileApp", "Mobile", 90 * DAY, true),
    ("PublicWithRefresh", "PublicWeb", 10 * MINUTE, true),
    ("PublicWithRefresh", "Web", 10 * MINUTE, true),
];

/// A new login, at a provider that always serves its metadata.
fn logged_in(client_type: &str, policy: &str, more: &[(&str, &str)]) -> Bench {
    let mut bench = Bench::new(client_type).env("TIDP_POLICY", policy).env("TIDP_CLIENT_SECRET", "s3cret");
    for (name, value) in more {
        bench = bench.env(name, value);
    }
    bench.provider.publishes();
    bench.log_in();
    bench
}

#[track_caller]
fn policy(bench: &Bench) -> Value {
    bench.run(&["policy", "--json"]).exits(0).json()
}

#[track_caller]
fn refresh_token(bench: &Bench) -> Value {
    bench.run(&["inspect", "--json"]).exits(0).json()["refresh_token"].take()
}

/// The time this many seconds after the start, in RFC 3339.
fn rfc3339(seconds: i64) -> Value {
    START.plus(Seconds(seconds)).rfc3339().into()
}

/// The values of these members of `document`.
fn members<const N: usize>(document: &Value, names: [&str; N]) -> [Value; N] {
    names.map(|name| document.get(name).unwrap_or_else(|| panic!("no `{name}` in {document}")).clone())
}

/// Refreshes now; the response has this refresh token, or none.
#[track_caller]
fn refresh(bench: &Bench, held: &'static str, brings: Option<&str>) -> Value {
    let response = brings.map_or_else(TokenResponse::new, |token| TokenResponse::new().refresh_token(token));
    bench.provider.refreshes(bench.clock.time(), held, response);
    bench.run(&["refresh", "--force", "--json"]).exits(0).json()
}

#[test]
fn refresh_token_expires_to_the_second_under_each_policy() {
    for (client_type, name, life, sliding) in POLICIES {
        let bench = logged_in(client_type, name, &[]);
        bench.at(life - 1);
        let document = policy(&bench);
        assert_eq!(members(&document, ["policy", "sliding", "lifetime"]), [json!(name), json!(sliding), json!(life)]);
        assert_eq!(members(&document, ["issued_at", "renewed_at"]), [rfc3339(0), rfc3339(0)]);
        assert_eq!(
            members(&document, ["expires_at", "expires_at_earliest", "act_before"]),
            [(); 3].map(|()| rfc3339(life))
        );
        assert_eq!(members(&document, ["remaining", "expired"]), [json!(1), json!(false)]);
        assert_eq!(document["next_action"], "refresh");
        assert_eq!(document["sso"], if sliding { "active" } else { "unknown" });
        assert_eq!(members(&refresh_token(&bench), ["state", "expires_in"]), [json!("valid"), json!(1)]);
        assert_eq!(bench.run(&["policy", "--short"]).exits(0).stdout, format!("{name} 1s\n"));
        bench.run(&["policy", "--require", "1s"]).exits(0);
        for late in [0, 1] {
            bench.at(life + late);
            let document = policy(&bench);
            assert_eq!(members(&document, ["remaining", "expired"]), [json!(0), json!(true)]);
            assert_eq!(members(&document, ["next_action", "act_before"]), [json!("login"), json!(null)]);
            assert_eq!(document["after_refresh_expires_at"], json!(null));
            assert_eq!(members(&refresh_token(&bench), ["state", "expires_in"]), [json!("expired"), json!(0)]);
            assert_eq!(bench.run(&["policy", "--short"]).exits(0).stdout, format!("{name} ended\n"));
            bench.run(&["policy", "--require", "1s"]).exits(3);
        }
    }
}

#[test]
fn session_without_refresh_token_ends_with_access_token() {
    let bench = Bench::new("Public");
    bench.log_in_with(TokenResponse::new()).exits(0);
    bench.at(HOUR - 1);
    let document = policy(&bench);
    let times = ["lifetime", "issued_at", "renewed_at", "expires_at", "expires_at_earliest", "remaining"];
    assert_eq!(members(&document, times), times.map(|_| json!(null)));
    assert_eq!(members(&document, ["next_action", "act_before"]), [json!("none"), rfc3339(HOUR)]);
    assert_eq!(bench.run(&["policy", "--short"]).exits(0).stdout, "NoRefresh 1s\n");
    bench.run(&["token"]).exits(0);
    bench.at(HOUR);
    assert_eq!(members(&policy(&bench), ["next_action", "act_before"]), [json!("login"), json!(null)]);
    bench.run(&["token"]).exits(3).says("hint: tidp login");
    bench.run(&["refresh"]).exits(3);
}

#[test]
fn returned_refresh_token_decides_the_new_expiry() {
    for (client_type, name, life, sliding) in POLICIES {
        let sent = life - 1;
        let (new, same, none) = (Some("rt-2"), Some("rt-1"), None);
        // Refresh token, implied expiry, certain expiry, SSO session, renewal, and the token's state after its first
        // lifetime.
        let rows = if sliding {
            [
                (new, sent + life, sent + life, "active", json!(true), "valid"),
                (same, sent + life, life, "unknown", json!(null), "unknown"),
                (none, life, life, "ended", json!(false), "expired"),
            ]
        } else {
            [new, same, none].map(|brings| (brings, life, life, "unknown", json!(false), "expired"))
        };
        for (brings, implied, relied_on, sso, renewed, state) in rows {
            let case = format!("{name}, {brings:?}");
            let bench = logged_in(client_type, name, &[]);
            bench.at(sent);
            let refreshed = refresh(&bench, "rt-1", brings);
            assert_eq!(members(&refreshed, ["renewed", "rotated"]), [renewed, json!(brings == new)], "{case}");
            assert_eq!(refreshed["refresh_token_expires_at"], rfc3339(implied), "{case}");
            let document = policy(&bench);
            let ends = ["expires_at", "expires_at_earliest", "act_before"];
            let act_before = if sso == "ended" || !sliding { relied_on.min(sent + HOUR) } else { relied_on };
            assert_eq!(members(&document, ends), [rfc3339(implied), rfc3339(relied_on), rfc3339(act_before)], "{case}");
            assert_eq!(document["sso"], sso, "{case}");
            bench.at(life);
            assert_eq!(refresh_token(&bench)["state"], state, "{case}");
            bench.at(implied - 1);
            assert_eq!(policy(&bench)["expired"], false, "{case}");
            bench.at(implied);
            assert_eq!(policy(&bench)["expired"], true, "{case}");
        }
    }
}

#[test]
fn ended_sso_session_is_reported_until_a_new_refresh_token() {
    let bench = logged_in("MobileApp", "Mobile", &[]);
    bench.at(DAY);
    refresh(&bench, "rt-1", None);
    let outcome = bench.run(&["policy", "--json"]).exits(0).says("the SSO session has ended");
    assert_eq!(outcome.warnings(), ["sso_ended"]);
    let document = outcome.json();
    assert_eq!(members(&document, ["next_action", "act_before"]), [json!("none"), rfc3339(DAY + HOUR)]);
    assert_eq!(document["after_refresh_expires_at"], rfc3339(90 * DAY), "a refresh renews nothing");
    bench.at(2 * DAY);
    refresh(&bench, "rt-1", Some("rt-2"));
    let outcome = bench.run(&["policy", "--json"]).exits(0);
    assert_eq!((outcome.json()["sso"].clone(), outcome.warnings().len()), (json!("active"), 0));
}

#[test]
fn missing_rotation_proves_nothing_at_other_providers() {
    let bench = Bench::new("").env("TIDP_POLICY", "Mobile");
    bench.log_in();
    let output = |args: &[&str]| {
        let outcome = bench.run(args).exits(0);
        let text = format!("{}{}", outcome.stdout, outcome.stderr).replace('\n', " ");
        assert!(!text.contains("SSO session has ended") && !text.contains("SSO session is active"), "{args:?}: {text}");
        assert!(!text.contains("last seen active") && !text.contains("Telenor"), "{args:?}: {text}");
        text
    };
    output(&["policy"]);
    for (at, sent) in [(HOUR, "rt-1"), (2 * HOUR, "rt-1")] {
        bench.at(at);
        let refreshed = refresh(&bench, sent, None);
        assert_eq!(members(&refreshed, ["renewed", "rotated"]), [json!(null), json!(false)]);
        assert_eq!(
            (&refreshed["refresh_token_expires_at"], &refreshed["warnings"]),
            (&rfc3339(at + 90 * DAY), &json!(null))
        );
        let document = policy(&bench);
        let ends = ["expires_at", "expires_at_earliest", "sso", "next_action"];
        let expected = [rfc3339(at + 90 * DAY), rfc3339(90 * DAY), json!("unknown"), json!("refresh")];
        assert_eq!(members(&document, ends), expected);
        assert_eq!(document["warnings"], json!(null));
    }
    assert!(output(&["policy"]).contains("A refresh returned no new refresh token, which does not show whether"));
    output(&["inspect"]);
    bench.provider.refreshes(bench.clock.time(), "rt-1", TokenResponse::new());
    assert!(
        output(&["refresh", "--force"])
            .contains("The provider returned no new refresh token. If the old one was renewed")
    );
    // Nor does a new refresh token prove it.
    bench.provider.refreshes(bench.clock.time(), "rt-1", TokenResponse::new().refresh_token("rt-2"));
    bench.run(&["refresh", "--force"]).exits(0);
    assert_eq!(policy(&bench)["sso"], "unknown");
}

#[test]
fn session_shorter_than_access_token_is_warned_about() {
    for name in ["PublicWeb", "Web"] {
        let bench = logged_in("PublicWithRefresh", name, &[]);
        let outcome = bench.run(&["policy", "--json"]).exits(0);
        assert_eq!(outcome.warnings(), ["dies_before_access_token"]);
        assert_eq!(outcome.json()["after_refresh_expires_at"], rfc3339(10 * MINUTE));
        bench.at(10 * MINUTE);
        bench.run(&["token"]).exits(0);
        bench.at(HOUR);
        bench.provider.refuses("invalid_grant");
        bench
            .run(&["token"])
            .exits(3)
            .says("It had probably expired: under the policy it was valid until 2026-01-31 12:10:00");
    }
}

#[test]
fn refresh_is_attempted_after_the_policy_expiry() {
    let bench = logged_in("Confidential", "Confidential", &[]);
    bench.at(14 * DAY + HOUR);
    bench.provider.refreshes(bench.clock.time(), "rt-1", TokenResponse::new().refresh_token("rt-2"));
    bench.run(&["token"]).exits(0);
    let outcome = bench.run(&["policy", "--json"]).exits(0);
    assert_eq!(outcome.warnings(), ["policy_mismatch"]);
}

#[test]
fn likely_cause_of_refusal_depends_on_policy_expiry() {
    let cases = [
        (("MobileApp", "Mobile"), 90 * DAY - 1, "so it was probably revoked"),
        (("MobileApp", "Mobile"), 90 * DAY, "It had probably expired: under the policy"),
        (("Confidential", "Confidential"), 14 * DAY - 1, "so it was probably revoked"),
        (("Confidential", "Confidential"), 14 * DAY, "It had probably expired: under the policy"),
        (("PublicWithRefresh", "PublicWeb"), 10 * MINUTE - 1, "so it was probably revoked"),
        (("PublicWithRefresh", "PublicWeb"), 10 * MINUTE, "It had probably expired: under the policy"),
    ];
    for ((client_type, name), at, cause) in cases {
        let bench = logged_in(client_type, name, &[]);
        bench.at(at);
        bench.provider.refuses("invalid_grant");
        let outcome = bench.run(&["refresh", "--force", "--json"]).exits(3);
        let error = outcome.error();
        assert!(error["message"].as_str().unwrap().contains(cause), "{name} {at}: {error}");
        assert_eq!(error["provider"]["error"], "invalid_grant");
        let document = policy(&bench);
        assert_eq!(members(&document, ["remaining", "expired"]), [json!(0), json!(true)]);
        assert_eq!(document["next_action"], "login");
        assert!(document["explanation"].as_str().unwrap().contains(cause), "{document}");
        assert_eq!(refresh_token(&bench)["state"], "expired");
    }
}

#[test]
fn early_refusal_warns_of_policy_mismatch() {
    for (at, warnings) in [(80 * DAY, &["policy_mismatch"][..]), (81 * DAY + 1, &[])] {
        let bench = logged_in("MobileApp", "Mobile", &[]);
        bench.at(at);
        bench.provider.refuses("invalid_grant");
        bench.run(&["token"]).exits(3);
        assert_eq!(bench.run(&["policy", "--json"]).exits(0).warnings(), warnings, "{at}");
    }
}

#[test]
fn refusal_after_uncertain_refresh_has_its_own_cause() {
    let bench = logged_in("MobileApp", "Mobile", &[]);
    bench.at(DAY);
    refresh(&bench, "rt-1", Some("rt-1"));
    bench.at(90 * DAY);
    assert_eq!(bench.run(&["policy", "--short"]).exits(0).stdout, "Mobile 1d?\n");
    bench.provider.refuses("invalid_grant");
    bench.run(&["token"]).exits(3).says("it was certain to work only until 2026-05-01 12:00:00");

    let bench = logged_in("MobileApp", "Mobile", &[]);
    bench.at(HOUR);
    bench.provider.fails("/connect/token", HttpFailureKind::ResponseLost);
    bench.run(&["token"]).exits(5);
    bench.provider.refuses("invalid_grant");
    bench.run(&["token"]).exits(3).says("It was probably used up already");
}

const RENEWS: (&str, &str) = ("TIDP_RENEW", "before-session-ends");

#[test]
fn renewing_profile_keeps_ten_minute_session_for_hours() {
    let bench = logged_in("PublicWithRefresh", "PublicWeb", &[RENEWS]);
    assert_eq!(bench.run(&["policy", "--json"]).exits(0).warnings(), Vec::<String>::new());
    let tokens = ["rt-1", "rt-2"];
    for (round, at) in (400..=3 * HOUR).step_by(400).enumerate() {
        bench.at(at - 1);
        bench.run(&["token"]).exits(0);
        bench.at(at);
        let response = TokenResponse::new().refresh_token(tokens[(round + 1) % 2]);
        bench.provider.refreshes(bench.clock.time(), tokens[round % 2], response);
        bench.run(&["token"]).exits(0);
        assert_eq!(policy(&bench)["expires_at"], rfc3339(at + 600));
    }
}

#[test]
fn renewal_stops_when_it_cannot_help() {
    let uncached = ("TIDP_ACCESS_TOKEN_CACHE", "off");
    // Returned refresh token, absolute lifetime, and the times of renewal.
    let cases: [(_, _, &[i64]); 3] = [
        (None, "1d", &[400]),
        (Some("rt-1"), "1d", &[400, 800, 1_200]),
        // Near an absolute expiry, a third of a lifetime still lies between two attempts.
        (Some("rt-1"), "700s", &[400, 600]),
    ];
    for (brings, absolute_end, renewals) in cases {
        let more = [RENEWS, uncached, ("TIDP_ABSOLUTE_LIFETIME", absolute_end)];
        let bench = logged_in("PublicWithRefresh", "PublicWeb", &more);
        for at in renewals {
            bench.at(at - 1);
            bench.run(&["token"]).exits(0);
            bench.at(*at);
            let response = brings.map_or_else(TokenResponse::new, |token| TokenResponse::new().refresh_token(token));
            bench.provider.refreshes(bench.clock.time(), "rt-1", response);
            bench.run(&["token"]).exits(0);
        }
        bench.pass(Seconds(199));
        bench.run(&["token"]).exits(0);
    }
}

#[test]
fn fixed_session_is_warned_about_but_not_renewed() {
    let bench = logged_in("Confidential", "Confidential", &[RENEWS]);
    bench.at(13 * DAY);
    refresh(&bench, "rt-1", Some("rt-2"));
    assert_eq!(bench.run(&["policy", "--json"]).exits(0).warnings(), Vec::<String>::new());
    bench.pass(Seconds(1));
    bench.run(&["token"]).exits(0);
    assert_eq!(bench.run(&["policy", "--json"]).exits(0).warnings(), ["ends_soon"]);
}

#[test]
fn refresh_does_not_move_the_absolute_expiry() {
    let bench = logged_in("MobileApp", "Mobile", &[("TIDP_ABSOLUTE_LIFETIME", "100d")]);
    bench.at(9 * DAY);
    assert_eq!(policy(&bench)["after_refresh_expires_at"], rfc3339(99 * DAY));
    bench.at(10 * DAY);
    refresh(&bench, "rt-1", Some("rt-2"));
    let document = policy(&bench);
    assert_eq!(
        members(&document, ["expires_at", "after_refresh_expires_at"]),
        [rfc3339(100 * DAY), rfc3339(100 * DAY)]
    );
    assert_eq!(document["next_action"], "none");
}
