//! `tidp profile secret`.

use super::profile;
use crate::support::tokens::TokenResponse;
use crate::support::{Bench, CONFIG};
use serde_json::json;
use tidp::testing::domain::session::EntryKey;
use tidp::testing::ports::StoreFailureKind;

#[test]
fn client_secret_is_kept_only_in_the_store() {
    let bench = Bench::with_config(&profile("a", "client_type = \"Confidential\""));
    bench.run(&["login"]).exits(2).says("hint: tidp profile secret a");
    bench.terminal.type_line("s3cret");
    let outcome = bench.run(&["profile", "secret", "a", "--json"]).exits(0).leaves_out("s3cret");
    assert_eq!(outcome.json(), json!({ "profile": "a", "client_secret": true }));
    assert_eq!(bench.stores.raw(&EntryKey::ClientSecret(bench.key_of("a")).name()).as_deref(), Some("s3cret"));
    assert_eq!(bench.files.text(CONFIG), profile("a", "client_type = \"Confidential\""));
    bench.log_in_with(TokenResponse::new()).exits(0);
    assert_eq!(bench.provider.last("/connect/token").authorization.as_deref(), Some("Basic YXBwOnMzY3JldA=="));
    bench.run(&["profile", "secret", "a", "--remove"]).exits(0).says("Removed");
    bench.run(&["profile", "secret", "a", "--remove"]).exits(0).says("There was no");
    bench.run(&["profile", "secret", "a"]).exits(2).says("empty");
    bench.terminal.type_line("s3cret");
    bench.stores.fail("save", StoreFailureKind::Locked);
    bench.run(&["profile", "secret", "a"]).exits(6).says("unlock").leaves_out("s3cret");
    bench.stores.hold_lock(true);
    bench.terminal.type_line("s3cret");
    for args in [&["profile", "secret", "a"][..], &["profile", "secret", "a", "--remove"]] {
        bench.run(args).exits(5).says("another tidp");
    }
}

#[test]
fn secret_given_as_an_argument_is_not_repeated() {
    for args in [
        &["profile", "secret", "demo", "hunter2"][..],
        &["--profile", "work", "profile", "--quiet", "secret", "demo", "--remove", "--", "hunter2"],
        &["profile", "secret", "demo", "--secret=hunter2"],
        &["profile", "secret", "demo", "--remove=hunter2"],
        &["profile", "secret", "demo", "hunter2", "--json"],
    ] {
        let bench = Bench::with_config(&profile("demo", ""));
        let outcome = bench.run(args).exits(2).says("a secret is never an argument").leaves_out("hunter2");
        if args.contains(&"--json") {
            assert_eq!(outcome.error()["kind"], "usage");
        }
    }
    let bench = Bench::with_config(&profile("demo", ""));
    bench.run(&["profile", "show", "demo", "more"]).exits(2).says("'more'");
    bench.run(&["profile", "secret"]).exits(2).says("PROFILE").leaves_out("never an argument");
}
