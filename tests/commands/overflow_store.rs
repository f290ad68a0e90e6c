//! A keyring whose entries are too small for a session, as on Windows: every command goes on as before, also when what
//! did not fit is gone.

use crate::support::Bench;
use crate::support::tokens::TokenResponse;
use std::path::PathBuf;
use std::sync::Arc;
use tidp::testing::adapters::OverflowStore;
use tidp::testing::domain::session::EntryKey;
use tidp::testing::domain::time::Seconds;
use tidp::testing::ports::{Store, StoreChoice, StoreFailure, Stores};

/// Less than any session with its tokens, more than the least one.
const LIMIT: usize = 1200;

struct Small(Arc<dyn Stores>, PathBuf);

impl Stores for Small {
    fn open(&self, choice: &StoreChoice) -> Result<Box<dyn Store>, StoreFailure> {
        Ok(Box::new(OverflowStore::new(self.0.open(choice)?, LIMIT, self.1.clone())))
    }
}

#[test]
fn a_session_outlives_the_loss_of_what_did_not_fit_its_entry() {
    let root = tempfile::tempdir().unwrap();
    let mut bench = Bench::new("MobileApp");
    bench.ports.stores = Arc::new(Small(Arc::clone(&bench.ports.stores), root.path().join("entries")));
    bench.log_in();
    let entry = || bench.stores.raw(&EntryKey::Session(bench.key()).name()).unwrap();
    assert!(entry().len() <= LIMIT && entry().contains("rt-1"), "{}", entry());
    // The whole session is there: nothing is asked of the provider.
    bench.cache.clear();
    let first = bench.run(&["token"]).exits(0).stdout;
    assert_eq!(bench.run(&["inspect", "--json"]).exits(0).json()["access_token"]["state"], "valid");

    bench.cache.clear();
    std::fs::remove_dir_all(root.path().join("entries")).unwrap();
    for args in
        [["inspect"].as_slice(), &["inspect", "--json"], &["policy"], &["policy", "--json"], &["token", "--no-refresh"]]
    {
        let outcome = bench.run(args);
        assert_eq!(outcome.code, if args[0] == "token" { 3 } else { 0 }, "{args:?} {outcome:?}");
    }
    bench.pass(Seconds::minutes(1));
    bench.provider.refreshes(bench.clock.time(), "rt-1", TokenResponse::new().refresh_token("rt-2"));
    // What is left has no lifetime that a minimum could be too long for.
    let second = bench.run(&["token", "--min-ttl", "10s"]).exits(0).stdout;
    assert_ne!(first, second);
    assert!(entry().len() <= LIMIT && entry().contains("rt-2"));
    bench.cache.clear();
    assert_eq!(bench.run(&["token"]).exits(0).stdout, second);
    bench.run(&["logout", "--local"]).exits(0);
    assert!(bench.stores.raw(&EntryKey::Session(bench.key()).name()).is_none());
}

#[test]
fn machine_tokens_may_be_larger_than_an_entry() {
    let root = tempfile::tempdir().unwrap();
    let mut bench = Bench::new("Confidential")
        .env("TIDP_GRANT", "client_credentials")
        .env("TIDP_CLIENT_SECRET", "s3cret")
        .env("TIDP_ACCESS_TOKEN_CACHE", "off");
    bench.ports.stores = Arc::new(Small(Arc::clone(&bench.ports.stores), root.path().join("entries")));
    bench.provider.publishes();
    let grants = |letter: &str| {
        let body = serde_json::json!({ "access_token": letter.repeat(2 * LIMIT) });
        bench.provider.responds("/connect/token", crate::support::provider::json(200, &body));
    };
    grants("a");
    let first = bench.run(&["token"]).exits(0).stdout;
    let entry = bench.stores.raw(&EntryKey::MachineTokens(bench.key()).name()).unwrap();
    assert!(entry.len() <= LIMIT && !entry.contains("aaa"), "{entry}");
    assert_eq!(bench.run(&["token"]).exits(0).stdout, first);
    std::fs::remove_dir_all(root.path().join("entries")).unwrap();
    grants("b");
    assert_ne!(bench.run(&["token"]).exits(0).stdout, first);
}
