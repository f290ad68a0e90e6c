use crate::support::Bench;
use crate::support::fuse::Fuse;
use crate::support::provider::json;
use crate::support::tokens::{Answer, ISSUER, SUB, another_jwks_named, jwks, jwks_named, sign};
use serde_json::{Value, json};
use std::time::Duration;
use tidp::testing::domain::secret::Secret;
use tidp::testing::domain::session::{EntryKey, EventKind, Session};
use tidp::testing::domain::time::Seconds;
use tidp::testing::ports::{HttpFailureKind, Response, StoreFailureKind};

/// A Mobile session whose access token has expired.
fn expired() -> Bench {
    let bench = Bench::new("MobileApp");
    bench.log_in();
    bench.pass(Seconds(3_600));
    bench
}

#[test]
fn refresh_not_due_sends_nothing() {
    let bench = Bench::new("MobileApp");
    bench.log_in();
    let document = bench.run(&["refresh", "--json"]).exits(0).says("Not due").json();
    assert_eq!((&document["refreshed"], &document["reason"]), (&json!(false), &json!("not_due")));
}

#[test]
fn refresh_sends_only_required_parameters() {
    let bench = expired();
    bench.provider.refreshes(bench.clock.time(), "rt-1", Answer::new().refresh_token("rt-2"));
    let document = bench.run(&["refresh", "--json"]).exits(0).json();
    assert_eq!(document["refreshed"], true);
    assert_eq!(document["reason"], "expired");
    assert_eq!((&document["rotated"], &document["renewed"]), (&json!(true), &json!(true)));
    assert_eq!(document["access_token_expires_at"], "2026-01-31T14:00:00Z");
    assert_eq!(document["refresh_token_expires_at"], "2026-05-01T13:00:00Z");
    let request = bench.provider.last("/connect/token");
    assert_eq!(request.field("client_id").as_deref(), Some("app"));
    assert_eq!((request.field("scope"), request.field("client_secret"), request.authorization), (None, None, None));
}

#[test]
fn reused_refresh_token_leaves_renewal_unknown() {
    let bench = expired();
    bench.provider.refreshes(bench.clock.time(), "rt-1", Answer::new().refresh_token("rt-1"));
    let document = bench.run(&["refresh", "--json"]).exits(0).json();
    assert_eq!((&document["rotated"], &document["renewed"]), (&json!(false), &json!(null)));
    bench.pass(Seconds(3_600));
    bench.provider.refreshes(bench.clock.time(), "rt-1", Answer::new());
    let outcome = bench.run(&["refresh", "--json"]).exits(0);
    assert_eq!(outcome.json()["renewed"], false);
    assert_eq!(outcome.json()["warnings"][0]["code"], "sso_ended");
    assert_eq!(bench.session().unwrap().held_token().unwrap().value.expose(), "rt-1", "the old token is kept");
}

#[test]
fn scopes_follow_the_refresh_response() {
    let bench = expired();
    for (spent, answer) in [
        ("rt-1", Answer::new().refresh_token("rt-2").member("scope", json!("openid profile"))),
        ("rt-2", Answer::new().refresh_token("rt-3").member("scope", json!(null))),
    ] {
        bench.provider.refreshes(bench.clock.time(), spent, answer);
        bench.run(&["refresh"]).exits(0);
        assert_eq!(bench.session().unwrap().scopes, ["openid", "profile"], "after {spent}");
        bench.pass(Seconds(3_600));
    }
}

#[test]
fn force_and_claims_refresh_before_expiry() {
    for (flag, reason) in [("--force", "forced"), ("--claims", "claims")] {
        let bench = Bench::new("MobileApp");
        bench.log_in();
        bench.provider.refreshes(bench.clock.time(), "rt-1", Answer::new().refresh_token("rt-2"));
        assert_eq!(bench.run(&["refresh", flag, "--json"]).exits(0).json()["reason"], reason);
    }
}

#[test]
fn forced_refresh_adopts_concurrent_refresh() {
    let bench = Bench::new("MobileApp");
    bench.log_in();
    // The lock is busy at first; while it is waited for, a sibling stores its refresh.
    let sibling = bench.session().unwrap();
    let renewed = sibling.after_refresh(
        tidp::testing::domain::session::NewTokens {
            access_token: sibling.access_token.clone(),
            id_token: None,
            id_token_came: true,
            provider_ahead: Seconds::ZERO,
            refresh_token: Some(tidp::testing::domain::secret::Secret::new("rt-2")),
            scopes: None,
        },
        tidp::testing::domain::session::RefreshReason::Expired,
        bench.clock.time(),
    );
    bench.stores.when_lock_is_taken(&EntryKey::Session(bench.key()).name(), renewed.to_json().expose());
    let document = bench.run(&["refresh", "--force", "--json"]).exits(0).json();
    assert_eq!((&document["refreshed"], &document["reason"]), (&json!(false), &json!("adopted")));
}

#[test]
fn short_lived_token_of_another_process_is_adopted() {
    let bench = expired();
    let sibling = bench.session().unwrap();
    let mut renewed = sibling.clone();
    renewed.generation += 1;
    renewed.access_token.value = tidp::testing::domain::secret::Secret::new("siblings");
    renewed.access_token.obtained_at = bench.clock.time();
    renewed.access_token.expires_at = bench.clock.time().plus(Seconds(20));
    let entry = EntryKey::Session(bench.key()).name();
    bench.stores.when_lock_is_taken(&entry, renewed.to_json().expose());
    assert_eq!(bench.run(&["token"]).exits(0).stdout, "siblings\n");
    bench.pass(Seconds(20));
    renewed.access_token.value = tidp::testing::domain::secret::Secret::new("ended");
    renewed.generation += 1;
    bench.stores.when_lock_is_taken(&entry, renewed.to_json().expose());
    bench.provider.refreshes(bench.clock.time(), "rt-1", Answer::new().refresh_token("rt-2"));
    assert_ne!(bench.run(&["token"]).exits(0).stdout, "ended\n");
}

#[test]
fn adopted_token_below_min_ttl_is_refreshed() {
    let bench = expired();
    let mut renewed = bench.session().unwrap();
    renewed.generation += 1;
    renewed.access_token.value = tidp::testing::domain::secret::Secret::new("siblings");
    renewed.access_token.obtained_at = bench.clock.time().minus(Seconds::minutes(6));
    renewed.access_token.expires_at = bench.clock.time().plus(Seconds::minutes(9));
    bench.stores.when_lock_is_taken(&EntryKey::Session(bench.key()).name(), renewed.to_json().expose());
    bench.provider.refreshes(bench.clock.time(), "rt-1", Answer::new().refresh_token("rt-2"));
    assert_ne!(bench.run(&["token", "--min-ttl", "10m"]).exits(0).stdout, "siblings\n");
}

#[test]
fn held_lock_times_out_as_busy() {
    let bench = expired();
    bench.stores.hold_lock(true);
    let outcome = bench.run(&["refresh", "--json"]).exits(5);
    assert_eq!(outcome.error()["kind"], "busy");
}

#[test]
fn unwritable_store_stops_refresh_before_sending() {
    for (call, kind) in
        [("save", StoreFailureKind::Refused), ("save", StoreFailureKind::TimedOut), ("save", StoreFailureKind::Unknown)]
    {
        let bench = expired();
        bench.stores.fail(call, kind);
        bench.run(&["refresh"]).exits(6);
        assert_eq!(bench.provider.count("/connect/token"), 1, "only the login's");
    }
    let bench = expired();
    bench.stores.forget_next_save();
    bench.run(&["refresh"]).exits(6).says("not what is read back");
}

#[test]
fn invalid_grant_drops_refresh_token() {
    let bench = expired();
    bench.provider.refuses("invalid_grant");
    let outcome = bench.run(&["refresh", "--json"]).exits(3);
    assert_eq!(outcome.error()["kind"], "login_required");
    assert_eq!(outcome.error()["provider"]["error"], "invalid_grant");
    let session = bench.session().unwrap();
    assert!(session.held_token().is_none());
    assert!(session.id_token.is_some(), "the rest is kept");
    bench.run(&["refresh"]).exits(3);
}

#[test]
fn invalid_client_keeps_session() {
    let bench = expired();
    bench.provider.refuses("invalid_client");
    bench.run(&["refresh"]).exits(4).says("invalid_client");
    let session = bench.session().unwrap();
    assert_eq!(session.held_token().unwrap().value.expose(), "rt-1");
    assert!(session.refresh_started_at.is_none());
}

#[test]
fn temporary_failure_keeps_session() {
    let html =
        Response { status: 200, headers: vec![("content-type".into(), "text/html".into())], body: b"<html>".to_vec() };
    for (response, spent) in [
        (json(429, &json!({})), false),
        (json(503, &json!({})), false),
        (json(500, &json!({})), true),
        (json(502, &json!({})), true),
        (html, true),
    ] {
        let bench = expired();
        let status = response.status;
        bench.provider.answers("/connect/token", response);
        bench.run(&["refresh"]).exits(5);
        let session = bench.session().unwrap();
        assert_eq!(session.held_token().unwrap().value.expose(), "rt-1");
        assert_eq!(session.refresh_started_at.is_some(), spent, "{status}");
    }
}

#[test]
fn only_lost_response_leaves_refresh_mark() {
    let bench = expired();
    bench.provider.fails("/connect/token", HttpFailureKind::NotSent);
    bench.run(&["refresh"]).exits(5);
    assert!(bench.session().unwrap().refresh_started_at.is_none());
    bench.provider.fails("/connect/token", HttpFailureKind::AnswerLost);
    bench.run(&["refresh"]).exits(5).says("may have been spent");
    assert!(bench.session().unwrap().refresh_started_at.is_some());
}

#[test]
fn interrupted_refresh_is_retried_with_warning() {
    let bench = expired();
    bench.provider.fails("/connect/token", HttpFailureKind::AnswerLost);
    bench.run(&["refresh"]).exits(5);
    bench.provider.refreshes(bench.clock.time(), "rt-1", Answer::new().refresh_token("rt-2"));
    let outcome = bench.run(&["refresh", "--json"]).exits(0);
    assert_eq!(outcome.json()["warnings"][0]["code"], "refresh_interrupted");
    assert!(bench.session().unwrap().refresh_started_at.is_none());
}

#[test]
fn killed_refresh_is_recorded_by_next_run() {
    let bench = expired();
    bench.edit(|session| session.refresh_started_at = Some(session.login_at.plus(Seconds(3_601))));
    bench.provider.refuses("invalid_grant");
    bench.run(&["refresh"]).exits(3).says("refresh");
    let events = bench.session().unwrap().events;
    assert!(events.iter().any(|event| matches!(event.kind, EventKind::Interrupted)), "{events:?}");
}

#[test]
fn bad_certificate_is_not_retried() {
    let bench = expired();
    bench.provider.fails("/connect/token", HttpFailureKind::Certificate);
    bench.run(&["refresh"]).exits(7);
    assert!(bench.session().unwrap().refresh_started_at.is_none());
}

#[test]
fn id_token_of_another_account_discards_response() {
    let bench = expired();
    bench.provider.refreshes(bench.clock.time(), "rt-1", Answer::new().sub("ola").refresh_token("rt-2"));
    bench.run(&["refresh"]).exits(7);
    assert_eq!(bench.session().unwrap().held_token().unwrap().value.expose(), "rt-1");
}

#[test]
fn rotated_keys_are_fetched_once_more() {
    let bench = expired();
    bench.provider.refreshes(bench.clock.time(), "rt-1", Answer::new().kid("k2").refresh_token("rt-2"));
    bench.provider.answers("/jwks", json(200, &jwks_named("k2")));
    bench.run(&["refresh"]).exits(0);
}

#[test]
fn key_replaced_under_same_kid_is_fetched_once() {
    let bench = expired();
    let is_replaced = || {
        bench.files.0.lock().unwrap().values_mut().for_each(|file| {
            let mut cached: Value = serde_json::from_slice(file).unwrap();
            if cached["url"].as_str().unwrap().ends_with("/jwks") {
                cached["document"] = another_jwks_named("k1").to_string().into();
            }
            *file = cached.to_string().into_bytes();
        });
    };
    is_replaced();
    bench.provider.answers("/jwks", json(200, &jwks()));
    assert_eq!(bench.run(&["inspect", "--json"]).exits(0).json()["id_token"]["verified"], true);
    bench.pass(Seconds::minutes(5));
    is_replaced();
    bench.provider.refreshes(bench.clock.time(), "rt-1", Answer::new().refresh_token("rt-2"));
    bench.provider.answers("/jwks", json(200, &jwks()));
    bench.run(&["refresh"]).exits(0).leaves_out("was skipped");
    // A signature that is wrong by keys that have just been fetched is wrong. Where none can be had, nobody knows.
    let token = |claims| sign(&json!({ "alg": "RS256", "kid": "k1" }), &claims);
    let (right, other) = (token(json!({ "iss": ISSUER, "sub": SUB, "aud": "app" })), token(json!({})));
    let forged = format!("{}{}", &right[..right.rfind('.').unwrap()], &other[other.rfind('.').unwrap()..]);
    let answer = Answer::new().member("id_token", forged.into()).refresh_token("rt-3");
    bench.provider.refreshes(bench.clock.time(), "rt-2", answer.clone());
    bench.provider.answers("/jwks", json(200, &jwks()));
    bench.run(&["refresh", "--force"]).exits(7).says("its signature is wrong");
    bench.provider.refreshes(bench.clock.time(), "rt-2", answer);
    bench.provider.answers("/jwks", json(503, &json!({})));
    bench.run(&["refresh", "--force"]).exits(0).says("was skipped");
    assert_eq!(bench.session().unwrap().held_token().unwrap().value.expose(), "rt-3");
    let patience = bench.provider.last("/jwks").deadline;
    assert_eq!(patience, Some(Duration::from_secs(3)), "the successor of a spent token waits to be stored");
}

#[test]
fn stderr_is_buffered_until_new_token_is_stored() {
    let bench = expired();
    bench.provider.refreshes(bench.clock.time(), "rt-1", Answer::new().kid("k9").refresh_token("rt-2"));
    bench.provider.answers("/jwks", json(200, &jwks()));
    let fuse = Fuse::whole();
    let args = ["tidp", "refresh", "--verbose"].map(std::ffi::OsString::from);
    assert_eq!(tidp::run(args, &fuse.over(&bench.ports)), 0);
    let moments = fuse.moments();
    let at = |what: &str| moments.iter().position(|moment| moment == what).unwrap();
    let window = &moments[at("after http /connect/token")..at("after store.save_at_any_cost")];
    assert!(window.iter().all(|moment| !moment.contains("terminal")), "{window:?}");
    let told = bench.terminal.take().1;
    assert!(told.contains("was skipped") && told.contains("/connect/token"), "{told}");
}

#[test]
fn gateway_error_is_mentioned_at_next_refusal() {
    for status in [503, 429] {
        let bench = expired();
        (0..3).for_each(|_| {
            bench.provider.answers("/connect/token", json(status, &json!({})));
            bench.run(&["refresh"]).exits(5);
            assert!(bench.session().unwrap().refresh_started_at.is_none(), "nothing is under way");
        });
        let again = bench.session().unwrap().events;
        assert_eq!(again.iter().filter(|event| matches!(event.kind, EventKind::Unanswered { .. })).count(), 1);
        bench.provider.refuses("invalid_grant");
        bench.run(&["refresh"]).exits(3).says("spent already: the refresh before it got no usable response");
        let bench = expired();
        bench.provider.answers("/connect/token", json(status, &json!({})));
        bench.run(&["refresh"]).exits(5);
        bench.pass(Seconds::days(90));
        bench.provider.announces_discovery();
        bench.provider.answers("/jwks", json(200, &jwks()));
        bench.provider.refuses("invalid_grant");
        bench.run(&["refresh"]).exits(3).says("it had expired: by the policy");
    }
}

#[test]
fn unknown_key_lookup_waits_for_cooldown() {
    let bench = expired();
    let old = bench.session().unwrap().id_token;
    bench.provider.refreshes(bench.clock.time(), "rt-1", Answer::new().kid("k9").refresh_token("rt-1"));
    bench.provider.answers("/jwks", json(200, &jwks_named("k1")));
    bench.run(&["refresh"]).exits(0).says("was skipped").says("none of the provider's keys has signed it");
    bench.provider.refreshes(bench.clock.time(), "rt-1", Answer::new().kid("k9").refresh_token("rt-2"));
    bench.run(&["refresh", "--force"]).exits(0).says("was skipped");
    assert_eq!(bench.session().unwrap().id_token, old);
    bench.provider.refreshes(bench.clock.time(), "rt-2", Answer::new().kid("k9").sub("ola").refresh_token("rt-2"));
    bench.run(&["refresh", "--force"]).exits(7).says("another account's than the session's");
    bench.pass(Seconds(3_600));
    bench.provider.refreshes(bench.clock.time(), "rt-2", Answer::new().kid("k9").refresh_token("rt-2"));
    bench.provider.answers("/jwks", json(200, &jwks_named("k1")));
    bench.run(&["refresh"]).exits(0);
}

#[test]
fn unreachable_rotated_keys_skip_id_token() {
    let bench = expired();
    bench.provider.refreshes(bench.clock.time(), "rt-1", Answer::new().kid("k2").refresh_token("rt-2"));
    bench.provider.answers("/jwks", json(503, &json!({})));
    bench.run(&["refresh"]).exits(0).says("was skipped");
    assert_eq!(bench.session().unwrap().held_token().unwrap().value.expose(), "rt-2");
}

#[test]
fn discarded_response_is_mentioned_at_next_refusal() {
    let bench = expired();
    bench.provider.refreshes(bench.clock.time(), "rt-1", Answer::new().sub("ola").refresh_token("rt-2"));
    bench.run(&["refresh"]).exits(7);
    bench.run(&["inspect"]).exits(0).says("was answered, but the response failed a check");
    bench.provider.refuses("invalid_grant");
    let outcome = bench.run(&["refresh"]).exits(3).says("failed a check and was discarded");
    assert!(outcome.stderr.contains("got an answer that was not used"), "{}", outcome.stderr);
}

#[test]
fn last_failed_refresh_is_described_accurately() {
    for discarded_first in [true, false] {
        let bench = expired();
        let discarded = || bench.provider.answers("/connect/token", json(200, &json!({})));
        let lost = || bench.provider.fails("/connect/token", HttpFailureKind::AnswerLost);
        let (first, second) = if discarded_first { (7, 5) } else { (5, 7) };
        if discarded_first {
            discarded()
        } else {
            lost()
        }
        bench.run(&["refresh"]).exits(first);
        bench.pass(Seconds(10));
        if discarded_first {
            lost()
        } else {
            discarded()
        }
        bench.run(&["refresh"]).exits(second);
        let told = if discarded_first { "did not finish" } else { "was answered, but the response failed a check" };
        bench.run(&["inspect"]).exits(0).says(&format!("the refresh started 2026-01-31 13:00:10 UTC {told}"));
    }
}

#[test]
fn unreachable_keys_skip_id_token() {
    let bench = expired();
    bench.pass(Seconds(86_400));
    bench.provider.answers("/.well-known/openid-configuration", json(200, &crate::support::tokens::discovery()));
    bench.provider.refreshes(bench.clock.time(), "rt-1", Answer::new().refresh_token("rt-2"));
    bench.provider.fails("/jwks", HttpFailureKind::NotSent);
    bench.run(&["refresh"]).exits(0).says("was skipped");
    assert_eq!(bench.session().unwrap().held_token().unwrap().value.expose(), "rt-2");
}

#[test]
fn logout_during_refresh_is_not_undone() {
    let bench = expired();
    let entry = EntryKey::Session(bench.key()).name();
    bench.provider.expect("/connect/token", {
        let (stores, now) = (std::sync::Arc::clone(&bench.stores), bench.clock.time());
        move |_| {
            stores.take(&entry);
            Ok(Answer::new().refresh_token("rt-2").response(now, None))
        }
    });
    bench.provider.expect("/connect/revocation", |seen| {
        assert_eq!(seen.field("token").as_deref(), Some("rt-2"));
        Ok(json(200, &json!({})))
    });
    bench.run(&["refresh"]).exits(1).says("revoked");
    assert!(bench.session().is_none());
}

#[test]
fn login_during_refresh_is_not_overwritten() {
    let bench = expired();
    let entry = EntryKey::Session(bench.key()).name();
    let mut login = bench.session().unwrap();
    login.generation += 1;
    bench.provider.expect("/connect/token", {
        let (stores, now, login) = (std::sync::Arc::clone(&bench.stores), bench.clock.time(), login.clone());
        move |_| {
            stores.put(&entry, login.to_json().expose());
            Ok(Answer::new().refresh_token("rt-2").response(now, None))
        }
    });
    bench.provider.revokes("rt-2");
    bench.run(&["refresh"]).exits(1).says("revoked");
    assert_eq!(bench.session(), Some(login));
}

#[test]
fn quoted_credentials_are_redacted_from_errors() {
    let bench = expired();
    bench.edit(|session| {
        let json = session.to_json().expose().replace("rt-1", "rt-1-long-enough-to-redact");
        *session = Session::from_json(&Secret::new(json), &session.key).unwrap();
    });
    bench.provider.expect("/connect/token", |seen| {
        let token = seen.field("refresh_token").unwrap();
        assert_eq!(token, "rt-1-long-enough-to-redact");
        let description = format!("refresh token {token} is unknown");
        Ok(json(400, &json!({ "error": "invalid_grant", "error_description": description })))
    });
    let outcome = bench.run(&["refresh", "--verbose"]).exits(3).says("refresh token … is unknown");
    outcome.leaves_out("long-enough-to-redact");
}

#[test]
fn unstorable_new_token_is_an_error() {
    let bench = expired();
    bench.stores.fail("save_at_any_cost", StoreFailureKind::Refused);
    bench.provider.refreshes(bench.clock.time(), "rt-1", Answer::new().refresh_token("rt-2"));
    bench.run(&["token"]).exits(6).says("the new one could not be stored");
}

#[test]
fn slow_clock_is_warned_about_and_keeps_session() {
    let bench = expired();
    let theirs = bench.clock.time().plus(Seconds::hours(2));
    let answer = Answer::new().refresh_token("rt-2").date("Sat, 31 Jan 2026 15:00:00 GMT");
    bench.provider.expect("/connect/token", move |_| Ok(answer.response(theirs, None)));
    let outcome = bench.run(&["refresh", "--json"]).exits(0);
    assert_eq!(outcome.json()["warnings"][0]["code"], "clock_skew");
    assert_eq!(outcome.json()["access_token_expires_at"], "2026-01-31T14:00:00Z", "counted on our clock");
}

#[test]
fn implausible_date_header_skips_id_token() {
    for date in ["Thu, 01 Jan 2015 00:00:00 GMT", "Sat, 31 Jan 2026 18:00:00 GMT"] {
        let bench = expired();
        let now = bench.clock.time();
        bench.provider.refreshes(now, "rt-1", Answer::new().refresh_token("rt-2").date(date));
        bench.run(&["refresh"]).exits(0).says("was skipped").says("clock");
        assert_eq!(bench.session().unwrap().held_token().unwrap().value.expose(), "rt-2");
    }
    let bench = expired();
    let wrong = Answer::new().sub("ola").refresh_token("rt-2").date("Thu, 01 Jan 2015 00:00:00 GMT");
    bench.provider.refreshes(bench.clock.time(), "rt-1", wrong);
    bench.run(&["refresh"]).exits(7);
}

#[test]
fn valid_token_is_not_served_after_concurrent_logout() {
    let bench = Bench::new("MobileApp");
    bench.log_in();
    bench.pass(Seconds(3_580));
    bench.cache.clear();
    let entry = EntryKey::Session(bench.key()).name();
    bench.provider.expect("/connect/token", {
        let (stores, now) = (std::sync::Arc::clone(&bench.stores), bench.clock.time());
        move |_| {
            stores.take(&entry);
            Ok(Answer::new().refresh_token("rt-2").response(now, None))
        }
    });
    bench.provider.revokes("rt-2");
    assert_eq!(bench.run(&["token"]).exits(1).says("another login or logout").stdout, "");
}

#[test]
fn refused_refresh_of_another_process_is_not_adopted() {
    let bench = Bench::new("MobileApp");
    bench.log_in();
    let refused = bench.session().unwrap().after_refusal(
        "invalid_grant",
        tidp::testing::domain::session::RefreshReason::Expired,
        bench.clock.time(),
        Seconds::ZERO,
    );
    bench.stores.when_lock_is_taken(&EntryKey::Session(bench.key()).name(), refused.to_json().expose());
    bench.run(&["refresh", "--force"]).exits(3);
}

#[test]
fn refusal_adopts_session_refreshed_elsewhere() {
    let bench = expired();
    let entry = EntryKey::Session(bench.key()).name();
    let mut elsewhere = bench.session().unwrap();
    elsewhere.generation += 1;
    bench.provider.expect("/connect/token", {
        let stores = std::sync::Arc::clone(&bench.stores);
        move |_| {
            stores.put(&entry, elsewhere.to_json().expose());
            Ok(json(400, &json!({ "error": "invalid_grant" })))
        }
    });
    assert_eq!(bench.run(&["refresh", "--json"]).exits(0).json()["reason"], "adopted");
}
