//! `tidp logout --all`.

use super::{copy_session, expect_custom_logout, logged_in};
use crate::support::tokens::ISSUER;
use crate::support::{Bench, CONFIG};
use tidp::testing::domain::session::EntryKey;
use tidp::testing::ports::StoreFailureKind;

#[test]
fn logout_all_hints_at_the_profile_lacking_a_secret() {
    let mut bench = Bench::new("Confidential").env("TIDP_CLIENT_SECRET", "s");
    bench.log_in();
    bench.ports.env.variables.clear();
    copy_session(&bench, &bench.key_of("work"));
    bench.stores.take(&EntryKey::Session(bench.key()).name());
    let profile = format!("issuer = \"{ISSUER}\"\nclient_id = \"app\"\nclient_type = \"Confidential\"\n");
    bench.files.put(CONFIG, &format!("[profile.work]\n{profile}"));
    expect_custom_logout(&bench, 200, "the state");
    bench.run(&["logout", "--all"]).exits(2).says("ended at the provider").says("hint: tidp profile secret work\n");
}

#[test]
fn secrets_stay_if_another_file_may_name_their_profile() {
    for (name, value, stays) in [("TIDP_CONFIG", CONFIG, true), ("TZ", "UTC", false)] {
        let bench = three_sessions().env(name, value);
        bench.run(&["logout", "--all", "--local"]).exits(0);
        let secret = bench.stores.raw(&EntryKey::ClientSecret(bench.key_of("gone")).name());
        assert_eq!(secret.is_some(), stays, "{name}");
    }
}

/// Sessions of a profile `work`, of a removed profile, and of one that names another client now.
fn three_sessions() -> Bench {
    let bench = logged_in();
    for profile in ["work", "gone", "changed"] {
        copy_session(&bench, &bench.key_of(profile));
    }
    bench.stores.take(&EntryKey::Session(bench.key()).name());
    bench.stores.put(&EntryKey::ClientSecret(bench.key_of("work")).name(), "s");
    bench.stores.put(&EntryKey::ClientSecret(bench.key_of("gone")).name(), "s");
    bench.stores.put("of another program", "x");
    let profile = |name: &str, client: &str| {
        format!("[profile.{name}]\nissuer = \"{ISSUER}\"\nclient_id = \"{client}\"\nclient_type = \"MobileApp\"\n")
    };
    bench.files.put(CONFIG, &(profile("work", "app") + &profile("changed", "another")));
    bench
}

#[test]
fn logout_all_includes_sessions_without_a_profile() {
    let bench = three_sessions();
    for _ in 0..3 {
        bench.provider.revokes("rt-1");
        expect_custom_logout(&bench, 200, "the state");
    }
    let document = bench.run(&["logout", "--all", "--json"]).exits(0).says("Logged out of `gone`").json();
    let sessions = document["sessions"].as_array().unwrap();
    let names: Vec<_> = sessions.iter().map(|session| session["profile"].as_str().unwrap()).collect();
    assert_eq!(names, ["changed", "gone", "work"]);
    for profile in ["work", "gone", "changed"] {
        assert!(bench.stores.raw(&EntryKey::Session(bench.key_of(profile)).name()).is_none(), "{profile}");
    }
    assert!(bench.stores.raw(&EntryKey::ClientSecret(bench.key_of("work")).name()).is_some(), "no session");
    assert!(bench.stores.raw(&EntryKey::ClientSecret(bench.key_of("gone")).name()).is_none(), "nobody's");
    assert!(bench.stores.raw("of another program").is_some());
}

#[test]
fn logout_all_removes_unreadable_entries_of_profiles() {
    for json in [false, true] {
        let bench = three_sessions();
        for profile in ["work", "gone"] {
            bench.stores.damage(&EntryKey::Session(bench.key_of(profile)).name());
        }
        bench.provider.revokes("rt-1");
        expect_custom_logout(&bench, 200, "the state");
        let args: &[&str] = if json { &["logout", "--all", "--json"] } else { &["logout", "--all"] };
        let outcome = bench.run(args).exits(6).says("Logged out of `changed`").says("Logged out of `work`");
        let outcome = outcome.says("1 file cannot be read").says("/the/store").says("remove");
        if json {
            assert_eq!(outcome.error()["kind"], "store");
        }
        let left = |profile| bench.stores.raw(&EntryKey::Session(bench.key_of(profile)).name());
        assert!(left("changed").is_none() && left("work").is_none() && left("gone").is_some());
    }
}

#[test]
fn logout_all_keeps_entries_of_another_key() {
    let bench = logged_in();
    let entry = EntryKey::Session(bench.key()).name();
    let document = bench.stores.raw(&entry).unwrap();
    bench.stores.damage(&entry);
    bench.stores.put(&entry, &document);
    bench.stores.fail("load", StoreFailureKind::WrongKey);
    bench.run(&["logout", "--all"]).exits(6).says("1 file cannot be read").leaves_out("Logged out");
    assert!(bench.session().is_some());
}

#[test]
fn unreadable_files_are_reported_beside_other_errors() {
    let bench = three_sessions();
    bench.stores.damage(&EntryKey::Session(bench.key_of("gone")).name());
    bench.stores.fail("delete", StoreFailureKind::Refused);
    bench.provider.revokes("rt-1");
    expect_custom_logout(&bench, 200, "the state");
    let outcome = bench.run(&["logout", "--all"]).exits(6).says("failed: 1 file cannot be read");
    let lines: Vec<&str> = outcome.stderr.lines().rev().take(2).collect();
    assert!(lines[1].starts_with("error: the OS keyring returned an error"), "{}", outcome.stderr);
    assert!(lines[0].starts_with("hint: restart the keyring"), "{}", outcome.stderr);
}

#[test]
fn logout_all_conflicts_with_the_profile_option() {
    for args in [&["logout", "--all", "-p", "work"][..], &["--profile", "work", "logout", "--all"]] {
        let bench = three_sessions();
        bench.run(args).exits(2).says("--all").says("--profile").leaves_out("Logged out");
        let is_stored = |profile| bench.stores.raw(&EntryKey::Session(bench.key_of(profile)).name()).is_some();
        assert!(is_stored("work") && is_stored("gone") && is_stored("changed"));
    }
    let mut bench = three_sessions();
    bench.ports.env.variables.clear();
    bench.env("TIDP_PROFILE", "work").run(&["logout", "--all", "--local"]).exits(0).says("Logged out of `gone`");
}

#[test]
fn logout_all_sweeps_leftovers_of_killed_writers() {
    let bench = Bench::new("MobileApp");
    bench.stores.add_leftovers();
    bench.run(&["logout", "--all"]).exits(0);
    assert!(!bench.stores.has_leftovers());
    bench.stores.fail("sweep", StoreFailureKind::Refused);
    bench.run(&["logout", "--all"]).exits(6).leaves_out("no session");
}

#[test]
fn one_failed_logout_does_not_stop_the_others() {
    let bench = three_sessions();
    bench.stores.fail("delete", StoreFailureKind::Refused);
    for _ in 0..2 {
        bench.provider.revokes("rt-1");
        expect_custom_logout(&bench, 200, "the state");
    }
    let outcome = bench.run(&["logout", "--all"]).exits(6).says("failed: the session of `changed`: the OS keyring");
    outcome.says("Logged out of `gone`").says("Logged out of `work`");
    assert!(bench.stores.raw(&EntryKey::Session(bench.key_of("changed")).name()).is_some());
}

#[test]
fn logout_all_deletes_an_entry_with_an_invalid_issuer() {
    let bench = Bench::new("MobileApp");
    bench.log_in();
    bench.stores.put(r#"["a","not a url","x"]"#, "{}");
    bench.provider.revokes("rt-1");
    expect_custom_logout(&bench, 200, "Already logged out");
    bench.run(&["logout", "--all"]).exits(0);
    assert!(bench.stores.is_empty());
}
