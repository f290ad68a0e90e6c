mod command;

use crate::support::tokens::TokenResponse;
use crate::support::{Bench, START};
use serde_json::json;
use std::ops::Range;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use tidp::testing::domain::secret::Secret;
use tidp::testing::domain::session::{EntryKey, EventKind, NewTokens, RefreshReason, RefreshRequest, Session};
use tidp::testing::domain::time::{Seconds, Time};
use tidp::testing::ports::{ExitReason, HttpFailure, HttpFailureKind, StoreFailureKind};

/// A new session of the ten-minute policy.
fn ten_minute_session() -> Bench {
    let bench = Bench::new("PublicWithRefresh");
    bench.log_in();
    bench
}

/// Renews every session with `rt-2`, `rt-3` …, unless the network is `down`. Returns the times of attempts and
/// successes, in seconds after the start.
fn expect_renewals(bench: &Bench, down: Range<i64>) -> Arc<Mutex<(Vec<i64>, Vec<i64>)>> {
    let (times, spent) = (Arc::new(Mutex::new((Vec::new(), Vec::new()))), Arc::new(AtomicI64::new(1)));
    for _ in 0..100 {
        let (times, spent, clock) = (Arc::clone(&times), Arc::clone(&spent), Arc::clone(&bench.clock));
        let down = down.clone();
        bench.provider.expect("/connect/token", move |request| {
            let (now, token) = (clock.time(), spent.load(Ordering::SeqCst));
            let at = now.since(START).0;
            times.lock().unwrap().0.push(at);
            if down.contains(&at) {
                return Err(HttpFailure { message: "no route".into(), kind: HttpFailureKind::NotSent });
            }
            assert_eq!(request.field("refresh_token"), Some(format!("rt-{token}")));
            times.lock().unwrap().1.push(at);
            spent.store(token + 1, Ordering::SeqCst);
            Ok(TokenResponse::new().refresh_token(&format!("rt-{}", token + 1)).response(now, None))
        });
    }
    times
}

/// Expects a refresh that brings no refresh token: the SSO session has ended.
fn expect_no_renewal(bench: &Bench) {
    let clock = Arc::clone(&bench.clock);
    bench.provider.expect("/connect/token", move |_| Ok(TokenResponse::new().response(clock.time(), None)));
}

fn refreshed(session: &Session, token: &str, at: Time) -> Session {
    let tokens = NewTokens {
        access_token: session.access_token.clone(),
        id_token: None,
        expect_usable_id_token: true,
        provider_ahead: Seconds::ZERO,
        refresh_token: Some(Secret::new(token)),
        scopes: None,
    };
    session.after_refresh(tokens, RefreshRequest { reason: RefreshReason::Forced, scopes: None, sent_at: at })
}

fn entry(bench: &Bench) -> String {
    EntryKey::Session(bench.key()).name()
}

#[test]
fn ten_minute_session_is_refreshed_every_seven_to_eight_minutes() {
    let bench = ten_minute_session();
    let times = expect_renewals(&bench, 0..0);
    let outcome = bench.run_unchecked(&["keepalive", "--for", "2h"]).exits(0);
    let at = times.lock().unwrap().1.clone();
    assert_eq!(bench.clock.time(), START.plus(Seconds::hours(2)));
    assert!((15..=17).contains(&at.len()), "{at:?}");
    let gaps: Vec<i64> = std::iter::once(&0).chain(&at).zip(&at).map(|(from, to)| to - from).collect();
    assert!(gaps.iter().all(|gap| (420..=481).contains(gap)), "{gaps:?}");
    assert!(gaps.iter().any(|gap| *gap != gaps[0]), "chance has no say: {gaps:?}");
    assert_eq!(outcome.stdout, "");
    let outcome = outcome.says(&format!("{} refreshes in 2 h, each to renew the session before its end", at.len()));
    outcome.says("because the session would have ended");
    let events = bench.session().unwrap().events;
    assert!(
        matches!(events.last().unwrap().kind, EventKind::Refreshed { reason: RefreshReason::Keepalive, .. }),
        "{events:?}"
    );
    assert_eq!(bench.stores.locks(), Vec::<String>::new());
}

#[test]
fn ninety_day_session_is_renewed_in_its_last_third() {
    let bench = Bench::new("MobileApp");
    bench.log_in();
    bench.provider.responds(
        "/.well-known/openid-configuration",
        crate::support::provider::json(200, &crate::support::tokens::discovery()),
    );
    bench.provider.responds("/jwks", crate::support::provider::json(200, &crate::support::tokens::jwks()));
    let times = expect_renewals(&bench, 0..0);
    bench.run_unchecked(&["keepalive", "--for", "80d"]).exits(0).says("1 refresh in 80 days");
    let at = times.lock().unwrap().1.clone();
    assert!(at.len() == 1 && (63 * 86_400..=72 * 86_400).contains(&at[0]), "{at:?}");
}

#[test]
fn renewal_is_announced_only_if_it_falls_within_for() {
    let bench = Bench::new("MobileApp");
    bench.log_in();
    let outcome = bench.run_unchecked(&["keepalive", "--for", "1s"]).exits(0);
    outcome.says("under Mobile it ends 2026-05-01 12:00:00 UTC (in 90 days); no renewal falls within --for.");
    let bench = ten_minute_session();
    let times = expect_renewals(&bench, 0..0);
    let outcome = bench.run_unchecked(&["keepalive", "--for", "10m"]).exits(0);
    // To the second.
    let renewed = START.plus(Seconds(times.lock().unwrap().1[0])).rfc3339().replace(['T', 'Z'], " ");
    outcome
        .says(&format!("; it will be renewed {renewed}UTC (in "))
        .says(&format!("{}UTC  Refreshed, because", renewed.trim_start()));
    let bench = ten_minute_session();
    let outcome = bench.run(&["keepalive", "--for", &times.lock().unwrap().1[0].to_string()]).exits(0);
    outcome.says("no renewal falls within --for").says("No refresh was due");
}

#[test]
fn network_outage_is_reported_once_while_retrying() {
    let bench = Bench::new("PublicWithRefresh").env("TIDP_REFRESH_LIFETIME", "30m");
    bench.log_in();
    let times = expect_renewals(&bench, 1_200..1_500);
    let outcome = bench.run_unchecked(&["keepalive", "--for", "40m"]).exits(0);
    let (tries, successes) = times.lock().unwrap().clone();
    assert!(tries.len() > 3 && tries.len() < 10, "{tries:?}");
    assert!((1_500..1_800).contains(&successes[0]), "{successes:?}");
    assert_eq!(outcome.stderr.matches("could not be renewed: ").count(), 1, "{}", outcome.stderr);
    outcome.says("no route").says("can be renewed again, after").says(" failed attempts.").says("attempts failed");
}

#[test]
fn network_outage_past_expiry_ends_keepalive() {
    let bench = ten_minute_session();
    let times = expect_renewals(&bench, 0..9_999);
    let outcome = bench.run_unchecked(&["keepalive", "--json"]).exits(3);
    assert_eq!(outcome.error()["kind"], "login_required");
    assert!(outcome.error()["message"].as_str().unwrap().contains("no route"));
    let tries = times.lock().unwrap().0.clone();
    assert_eq!(tries.last(), Some(&600), "the last try is made when the end comes: {tries:?}");
    assert_eq!(bench.session().unwrap().held_token().unwrap().value.expose(), "rt-1", "nothing was thrown away");
}

#[test]
fn keepalive_retries_a_lost_response_once() {
    let bench = ten_minute_session();
    bench.provider.fails("/connect/token", HttpFailureKind::ResponseLost);
    let times = expect_renewals(&bench, 0..0);
    bench.run_unchecked(&["keepalive", "--for", "9m"]).exits(0).says("may be used up").says("Trying it once");
    assert_eq!(times.lock().unwrap().1.len(), 1);
    assert!(bench.session().unwrap().refresh_started_at.is_none());
}

#[test]
fn keyring_failure_is_reported_once_while_retrying() {
    let bench = ten_minute_session();
    let times = expect_renewals(&bench, 0..0);
    let stores = Arc::clone(&bench.stores);
    bench.signals.run_after(425, move || {
        for kind in [StoreFailureKind::Locked, StoreFailureKind::TimedOut, StoreFailureKind::Missing] {
            stores.fail("load", kind);
        }
    });
    let outcome =
        bench.run_unchecked(&["keepalive", "--for", "10m"]).exits(0).says("is locked").says("3 attempts failed");
    assert_eq!(outcome.stderr.matches("could not be renewed: ").count(), 1, "{}", outcome.stderr);
    assert_eq!(times.lock().unwrap().1.len(), 1);
}

#[test]
fn steps_of_each_renewal_are_numbered_from_one() {
    let bench = ten_minute_session();
    let times = expect_renewals(&bench, 0..0);
    let stderr = bench.run_unchecked(&["keepalive", "--for", "30m", "--verbose"]).exits(0).stderr;
    let first = |line: &&str| line.starts_with("1.") && line.contains("The session is locked");
    let renewals = times.lock().unwrap().1.len();
    assert!(renewals > 1 && stderr.lines().filter(first).count() == renewals, "{stderr}");
}

#[test]
fn store_that_no_later_try_can_use_ends_keepalive_at_once() {
    for (call, kind) in [("try_lock", StoreFailureKind::LockUnavailable), ("load", StoreFailureKind::Damaged)] {
        let bench = ten_minute_session();
        expect_renewals(&bench, 0..0);
        let stores = Arc::clone(&bench.stores);
        bench.signals.run_after(425, move || stores.fail(call, kind));
        bench.run_unchecked(&["keepalive", "--for", "10m"]).exits(6).leaves_out("could not be renewed");
        assert!(bench.clock.time() < START.plus(Seconds(500)), "{kind:?}");
    }
}

#[test]
fn renewal_by_another_process_replaces_a_refresh() {
    let bench = ten_minute_session();
    let (stores, name) = (Arc::clone(&bench.stores), entry(&bench));
    let sibling = refreshed(&bench.session().unwrap(), "rt-1b", START.plus(Seconds(300)));
    bench.signals.run_after(300, move || stores.put(&name, sibling.to_json().expose()));
    bench.run(&["keepalive", "--for", "11m"]).exits(0).says("1 renewal was made by another tidp").says("No refresh in");
    assert_eq!(bench.session().unwrap().held_token().unwrap().value.expose(), "rt-1b");
}

#[test]
fn refresh_without_renewal_ends_keepalive_at_once() {
    let bench = ten_minute_session();
    expect_no_renewal(&bench);
    let outcome =
        bench.run(&["keepalive", "--json"]).exits(3).says("did not extend this session").says("1 refresh in ");
    assert!(bench.clock.time() < START.plus(Seconds(500)), "{}", bench.clock.time().rfc3339());
    assert_eq!(outcome.error()["kind"], "login_required");
    let message = outcome.error()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("cannot be kept alive: its SSO session has ended") && message.contains("It ends "));
    let again = bench.run(&["keepalive", "--for", "1h"]).exits(3).says("cannot be kept alive");
    assert!(!again.stderr.contains("Waiting"), "{}", again.stderr);
}

#[test]
fn other_providers_need_not_rotate_to_be_kept_alive() {
    let bench = Bench::new("").env("TIDP_POLICY", "Web");
    bench.log_in();
    for _ in 0..10 {
        expect_no_renewal(&bench);
    }
    let outcome = bench.run_unchecked(&["keepalive", "--for", "1h"]).exits(0).leaves_out("SSO session has ended");
    let outcome = outcome.says("no new refresh token. If the old one was renewed, the session now ends");
    let refreshes = outcome.stderr.matches("returned no new refresh token").count();
    assert!((7..=9).contains(&refreshes), "{}", outcome.stderr);
}

#[test]
fn unrenewed_session_that_outlasts_for_is_no_error() {
    let bench = ten_minute_session();
    expect_no_renewal(&bench);
    bench.run(&["keepalive", "--for", "9m"]).exits(0).says("did not extend this session");
    bench.run(&["keepalive", "--for", "30s"]).exits(0).says("Nothing to renew").says("No refresh was due in 30 s.");
}

#[test]
fn fixed_session_is_waited_out_without_requests() {
    let bench = Bench::new("Confidential").env("TIDP_CLIENT_SECRET", "s3cret");
    bench.log_in();
    let before = bench.provider.count("/connect/token");
    let outcome =
        bench.run(&["keepalive", "--json"]).exits(3).says("Nothing to renew").says("No refresh was due in 14 days");
    assert_eq!(bench.clock.time(), START.plus(Seconds::days(14)));
    assert_eq!(bench.provider.count("/connect/token"), before);
    let ended = "the session has ended (2026-02-14 12:00:00 UTC): under Confidential no refresh extends a session";
    assert!(outcome.error()["message"].as_str().unwrap().contains(ended), "{}", outcome.stderr);
    let bench = Bench::new("Confidential").env("TIDP_CLIENT_SECRET", "s3cret");
    bench.log_in();
    bench.run(&["keepalive", "--for", "13d"]).exits(0);
}

#[test]
fn second_keepalive_is_busy_but_refresh_is_not() {
    let bench = ten_minute_session();
    bench.stores.hold_lock_named(&format!("{} keepalive", entry(&bench)));
    assert_eq!(bench.run(&["keepalive", "--json", "--", "job"]).exits(5).error()["kind"], "busy");
    assert!(bench.signals.started_commands.lock().unwrap().is_empty());
    bench.provider.refreshes(bench.clock.time(), "rt-1", TokenResponse::new().refresh_token("rt-2"));
    bench.run(&["refresh", "--force"]).exits(0);
}

#[test]
fn keepalive_holds_its_own_lock_while_waiting() {
    let bench = ten_minute_session();
    let (stores, held) = (Arc::clone(&bench.stores), Arc::new(Mutex::new(Vec::new())));
    let locks = Arc::clone(&held);
    bench.signals.run_after(60, move || *locks.lock().unwrap() = stores.locks());
    bench.run(&["keepalive", "--for", "2m"]).exits(0);
    assert_eq!(*held.lock().unwrap(), [format!("{} keepalive", entry(&bench))]);
}

#[test]
fn sleep_past_expiry_asks_the_provider_once() {
    let bench = ten_minute_session();
    let clock = Arc::clone(&bench.clock);
    bench.signals.run_after(100, move || clock.suspend(Seconds::hours(8)));
    bench.provider.refuses("invalid_grant");
    let outcome = bench.run(&["keepalive", "--json"]).exits(3);
    assert_eq!(outcome.error()["provider"]["error"], "invalid_grant");
    assert!(bench.clock.time() <= START.plus(Seconds(100 + 8 * 3_600 + 10)), "noticed within ten seconds");

    let bench = ten_minute_session();
    let clock = Arc::clone(&bench.clock);
    bench.signals.run_after(100, move || clock.suspend(Seconds::hours(8)));
    let times = expect_renewals(&bench, 0..0);
    bench.run_unchecked(&["keepalive", "--for", "8h"]).exits(0);
    assert!(times.lock().unwrap().1.len() <= 1, "the sleep counts as time");
}

#[test]
fn sleep_past_expiry_waits_for_the_network() {
    let bench = ten_minute_session();
    let clock = Arc::clone(&bench.clock);
    bench.signals.run_after(100, move || clock.suspend(Seconds(1_000)));
    let times = expect_renewals(&bench, 0..1_130);
    bench.run_unchecked(&["keepalive", "--for", "25m"]).exits(0).says("can be renewed again");
    assert!(times.lock().unwrap().0.len() > 2, "{times:?}");
}

#[test]
fn wake_up_just_before_expiry_leaves_time_between_tries() {
    let bench = ten_minute_session();
    let clock = Arc::clone(&bench.clock);
    bench.signals.run_after(100, move || clock.suspend(Seconds(480)));
    let times = expect_renewals(&bench, 0..9_999);
    bench.run_unchecked(&["keepalive"]).exits(3);
    let tries = times.lock().unwrap().0.clone();
    assert!(tries.contains(&600), "{tries:?}");
    assert!(tries.windows(2).all(|pair| pair[1] == 600 || pair[1] - pair[0] >= 5), "{tries:?}");
}

#[test]
fn signal_without_command_prints_the_summary() {
    let bench = ten_minute_session();
    bench.signals.end_after(60, ExitReason::Signal(2));
    bench.run(&["keepalive"]).exits(130).says("No refresh was due in 1 min");
    assert_eq!(*bench.signals.end_signals.lock().unwrap(), [2]);
}

#[test]
fn permanent_errors_end_keepalive_at_once() {
    let bench = ten_minute_session();
    bench.provider.refuses("invalid_client");
    assert_eq!(bench.run(&["keepalive", "--json"]).exits(4).error()["provider"], json!({ "error": "invalid_client" }));
    let bench = ten_minute_session();
    bench.provider.fails("/connect/token", HttpFailureKind::Certificate);
    bench.run(&["keepalive"]).exits(7);
}

#[test]
fn concurrent_logout_is_noticed_within_a_minute() {
    for (args, code, until) in
        [(&["keepalive"][..], 3, 120), (&["keepalive", "--for", "2d"], 3, 120), (&["keepalive", "--", "job"], 9, 5_000)]
    {
        let bench = Bench::new("MobileApp");
        bench.log_in();
        let (stores, name) = (Arc::clone(&bench.stores), entry(&bench));
        bench.signals.run_after(65, move || stores.take(&name));
        bench.signals.end_after(5_000, ExitReason::Code(9));
        bench.run(args).exits(code).says("there is no session").says("No refresh was due in ");
        assert!(bench.clock.time() <= START.plus(Seconds(until)), "{args:?}: {}", bench.clock.time().rfc3339());
    }
}

#[test]
fn session_removed_before_for_requires_login() {
    let bench = ten_minute_session();
    let (stores, name) = (Arc::clone(&bench.stores), entry(&bench));
    bench.signals.run_after(1, move || stores.take(&name));
    assert_eq!(bench.run(&["keepalive", "--for", "6s", "--json"]).exits(3).error()["kind"], "login_required");
    assert_eq!(bench.clock.time(), START.plus(Seconds(6)));
}

#[test]
fn refusal_to_another_process_ends_keepalive() {
    let bench = ten_minute_session();
    let (stores, name) = (Arc::clone(&bench.stores), entry(&bench));
    let refused = bench.session().unwrap().after_rejection(
        "invalid_grant",
        RefreshRequest { reason: RefreshReason::Forced, scopes: None, sent_at: START },
        Seconds::ZERO,
    );
    bench.signals.run_after(1, move || stores.put(&name, refused.to_json().expose()));
    bench.run(&["keepalive", "--for", "6s"]).exits(3).says("rejected the refresh token");
}

#[test]
fn login_during_keepalive_does_not_end_it() {
    let bench = ten_minute_session();
    let (stores, name) = (Arc::clone(&bench.stores), entry(&bench));
    let login = Session { generation: 7, ..refreshed(&bench.session().unwrap(), "rt-login", START.plus(Seconds(30))) };
    bench.signals.run_after(30, move || stores.put(&name, login.to_json().expose()));
    bench.run(&["keepalive", "--for", "3m"]).exits(0);
}

#[test]
fn locked_keyring_is_not_read_again_before_the_renewal() {
    let bench = ten_minute_session();
    let (stores, later, loads) = (Arc::clone(&bench.stores), Arc::clone(&bench.stores), Arc::new(Mutex::new(0)));
    let loads_before = Arc::clone(&loads);
    bench.signals.run_after(50, move || stores.fail("load", StoreFailureKind::Locked));
    bench.signals.run_after(70, move || *loads_before.lock().unwrap() = later.loads());
    let times = expect_renewals(&bench, 0..0);
    bench.signals.end_after(410, ExitReason::Signal(2));
    bench.run_unchecked(&["keepalive"]).exits(130).leaves_out("locked");
    assert_eq!((bench.stores.loads(), times.lock().unwrap().0.len()), (*loads.lock().unwrap(), 0));
}
