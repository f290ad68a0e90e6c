//! Other processes that refresh, log in or log out at the same time.

use super::expired_session;
use crate::support::Bench;
use crate::support::provider::json;
use crate::support::tokens::TokenResponse;
use serde_json::json;
use tidp::testing::domain::session::{EntryKey, NewTokens, RefreshReason, RefreshRequest};
use tidp::testing::domain::time::Seconds;

#[test]
fn forced_refresh_adopts_concurrent_refresh() {
    let bench = Bench::new("MobileApp");
    bench.log_in();
    // Another process stores its refresh while this one waits for the lock.
    let sibling = bench.session().unwrap();
    let renewed = sibling.after_refresh(
        NewTokens {
            access_token: sibling.access_token.clone(),
            id_token: None,
            expect_usable_id_token: true,
            provider_ahead: Seconds::ZERO,
            refresh_token: Some(tidp::testing::domain::secret::Secret::new("rt-2")),
            scopes: None,
        },
        RefreshRequest { reason: RefreshReason::Expired, scopes: None, sent_at: bench.clock.time() },
    );
    bench.stores.when_lock_is_taken(&EntryKey::Session(bench.key()).name(), renewed.to_json().expose());
    let document = bench.run(&["refresh", "--force", "--json"]).exits(0).json();
    assert_eq!((&document["refreshed"], &document["reason"]), (&json!(false), &json!("adopted")));
}

#[test]
fn short_lived_token_of_another_process_is_adopted() {
    let bench = expired_session();
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
    bench.provider.refreshes(bench.clock.time(), "rt-1", TokenResponse::new().refresh_token("rt-2"));
    assert_ne!(bench.run(&["token"]).exits(0).stdout, "ended\n");
}

#[test]
fn adopted_token_below_min_ttl_is_refreshed() {
    let bench = expired_session();
    let mut renewed = bench.session().unwrap();
    renewed.generation += 1;
    renewed.access_token.value = tidp::testing::domain::secret::Secret::new("siblings");
    renewed.access_token.obtained_at = bench.clock.time().minus(Seconds::minutes(6));
    renewed.access_token.expires_at = bench.clock.time().plus(Seconds::minutes(9));
    bench.stores.when_lock_is_taken(&EntryKey::Session(bench.key()).name(), renewed.to_json().expose());
    bench.provider.refreshes(bench.clock.time(), "rt-1", TokenResponse::new().refresh_token("rt-2"));
    assert_ne!(bench.run(&["token", "--min-ttl", "10m"]).exits(0).stdout, "siblings\n");
}

#[test]
fn token_of_another_process_is_adopted() {
    let bench = expired_session();
    bench.cache.clear();
    let mut renewed = bench.session().unwrap();
    renewed.generation += 1;
    renewed.access_token.value = tidp::testing::domain::secret::Secret::new("siblings");
    renewed.access_token.obtained_at = bench.clock.time();
    renewed.access_token.expires_at = bench.clock.time().plus(Seconds::hours(1));
    bench.stores.when_lock_is_taken(&EntryKey::Session(bench.key()).name(), renewed.to_json().expose());
    assert_eq!(bench.run(&["token"]).exits(0).stdout, "siblings\n");
    assert!(bench.cache.documents().is_empty(), "the other process caches it");
}

#[test]
fn token_that_another_process_caches_ends_the_wait_for_the_lock() {
    let bench = expired_session();
    let expired = bench.session().unwrap();
    bench.edit(|session| {
        session.access_token.value = tidp::testing::domain::secret::Secret::new("siblings");
        session.access_token.expires_at = bench.clock.time().plus(Seconds::hours(1));
    });
    bench.run(&["token"]).exits(0);
    bench.edit(|session| *session = expired);
    bench.cache.appears_after(1);
    bench.stores.hold_lock(true);
    assert_eq!(bench.run(&["token"]).exits(0).stdout, "siblings\n");
}

#[test]
fn held_lock_times_out_as_busy() {
    let bench = expired_session();
    bench.stores.hold_lock(true);
    let outcome = bench.run(&["refresh", "--json"]).exits(5);
    assert_eq!(outcome.error()["kind"], "busy");
}

#[test]
fn logout_during_refresh_is_not_undone() {
    let bench = expired_session();
    let entry = EntryKey::Session(bench.key()).name();
    bench.provider.expect("/connect/token", {
        let (stores, now) = (std::sync::Arc::clone(&bench.stores), bench.clock.time());
        move |_| {
            stores.take(&entry);
            Ok(TokenResponse::new().refresh_token("rt-2").response(now, None))
        }
    });
    bench.provider.expect("/connect/revocation", |request| {
        assert_eq!(request.field("token").as_deref(), Some("rt-2"));
        Ok(json(200, &json!({})))
    });
    bench.run(&["refresh"]).exits(1).says("was revoked");
    assert!(bench.session().is_none());
}

#[test]
fn login_during_refresh_is_not_overwritten() {
    let bench = expired_session();
    let entry = EntryKey::Session(bench.key()).name();
    let mut login = bench.session().unwrap();
    login.generation += 1;
    bench.provider.expect("/connect/token", {
        let (stores, now, login) = (std::sync::Arc::clone(&bench.stores), bench.clock.time(), login.clone());
        move |_| {
            stores.put(&entry, login.to_json().expose());
            Ok(TokenResponse::new().refresh_token("rt-2").response(now, None))
        }
    });
    bench.provider.responds("/connect/revocation", json(503, &json!({})));
    bench.run(&["refresh"]).exits(1).says("could not be revoked and stays valid");
    assert_eq!(bench.session(), Some(login));
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
            Ok(TokenResponse::new().refresh_token("rt-2").response(now, None))
        }
    });
    bench.provider.revokes("rt-2");
    assert_eq!(bench.run(&["token"]).exits(1).says("another login or logout").stdout, "");
}

#[test]
fn refused_refresh_of_another_process_is_not_adopted() {
    let bench = Bench::new("MobileApp");
    bench.log_in();
    let refused = bench.session().unwrap().after_rejection(
        "invalid_grant",
        RefreshRequest { reason: RefreshReason::Expired, scopes: None, sent_at: bench.clock.time() },
        Seconds::ZERO,
    );
    bench.stores.when_lock_is_taken(&EntryKey::Session(bench.key()).name(), refused.to_json().expose());
    bench.run(&["refresh", "--force"]).exits(3);
}

#[test]
fn refusal_adopts_session_refreshed_elsewhere() {
    let bench = expired_session();
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
