//! `tidp profile rename`: the session goes along, wherever it stops.

use super::{config_error, profile, show};
use crate::support::fuse::{Fuse, until_the_power_goes};
use crate::support::tokens::{ISSUER, TokenResponse};
use crate::support::{Bench, CONFIG};
use serde_json::json;
use std::ffi::OsString;
use tidp::testing::domain::secret::Secret;
use tidp::testing::domain::session::{EntryKey, Session, SessionKey};
use tidp::testing::domain::time::Seconds;
use tidp::testing::ports::StoreFailureKind;

const RENAME: [&str; 4] = ["profile", "rename", "work", "job"];

/// The profile `work`, the default, with a session and a client secret.
fn with_session() -> Bench {
    let text = "default_profile = \"work\" # ours\n\n# the client\n".to_owned()
        + &profile("work", "client_type = \"Confidential\" # as registered")
        + &profile("other", "");
    let bench = Bench::with_config(&text);
    bench.stores.put(&EntryKey::ClientSecret(bench.key_of("work")).name(), "s3cret");
    bench.log_in_with(TokenResponse::new().refresh_token("rt-1")).exits(0);
    bench
}

/// The names under which the store has a session, and a client secret.
fn names(bench: &Bench) -> [Vec<&'static str>; 2] {
    let has = |entry: EntryKey| bench.stores.raw(&entry.name()).is_some();
    let with = |entry: fn(_) -> EntryKey| {
        ["job", "work"].into_iter().filter(move |name| has(entry(bench.key_of(name)))).collect()
    };
    [with(EntryKey::Session), with(EntryKey::ClientSecret)]
}

#[test]
fn rename_takes_session_secret_and_default_along() {
    let bench = with_session();
    let before = bench.files.text(CONFIG);
    let outcome = bench.run(&[&RENAME[..], &["--json"]].concat()).exits(0).says("is now `job`; its session is kept");
    assert_eq!(outcome.json(), json!({ "profile": "job", "renamed_from": "work", "session": true }));
    assert_eq!(bench.files.text(CONFIG), before.replace("work", "job"), "with its comments and in its place");
    assert_eq!(names(&bench), [["job"], ["job"]]);
    assert!(bench.cache.documents().is_empty(), "nothing is cached under the old name");
    bench.run(&["token", "--no-refresh"]).exits(0);
    assert_eq!(show(&bench, &[])["profile"], "job");
    let no_session = Bench::with_config(&profile("work", ""));
    no_session.run(&RENAME).exits(0).says("is now `job`.").leaves_out("session");
}

/// Nothing tells the name of its session's entry, which would stay behind.
#[test]
fn profile_that_is_not_valid_is_not_renamed() {
    let bench = with_session();
    let before = bench.files.text(CONFIG);
    bench.files.put(CONFIG, &before.replace("# as registered", "\npolicy = \"bogus\""));
    bench.run(&RENAME).exits(2).says("policy `bogus`").says("hint: tidp profile set work policy VALUE\n");
    assert_eq!(names(&bench), [["work"], ["work"]]);
    bench.run(&["profile", "unset", "work", "policy"]).exits(0);
    bench.run(&RENAME).exits(0).says("its session is kept");
}

#[test]
fn interrupted_rename_loses_nothing() {
    let mut moment = 0;
    loop {
        let bench = with_session();
        let ports = Fuse::blowing_at(moment).over(&bench.ports);
        let args = std::iter::once("tidp").chain(RENAME).map(OsString::from);
        let ended = until_the_power_goes(|| tidp::run(args, &ports)).is_some();
        bench.terminal.take();
        let name = if bench.files.text(CONFIG).contains("[profile.job]") { "job" } else { "work" };
        let [sessions, secrets] = names(&bench);
        assert!(sessions.contains(&name) && secrets.contains(&name), "moment {moment}: {sessions:?} {secrets:?}");
        bench.run(&["token", "--no-refresh", "-p", name]).exits(0);
        if name == "work" {
            bench.run(&RENAME).exits(0);
            assert_eq!(names(&bench), [["job"], ["job"]], "moment {moment}");
        }
        bench.run(&["token", "--no-refresh", "-p", "job"]).exits(0);
        if ended {
            break;
        }
        moment += 1;
    }
    assert!(moment > 40, "the fuse is in the wires: {moment}");
}

#[test]
fn rename_that_fails_changes_nothing() {
    for (args, words) in [
        (&["work", "other"][..], "profile `other` already exists"),
        (&["work", "a/b"], "invalid profile name `a/b`"),
        (&["gone", "new"], "there is no profile `gone`"),
    ] {
        let bench = Bench::with_config(&(profile("work", "") + &profile("other", "")));
        config_error(&bench, &[&["profile", "rename"], args].concat(), words);
    }
    for (call, kind) in [("load", StoreFailureKind::Locked), ("save", StoreFailureKind::Refused)] {
        let bench = with_session();
        let before = bench.files.text(CONFIG);
        bench.stores.fail(call, kind);
        bench.run(&RENAME).exits(6);
        assert_eq!((bench.files.text(CONFIG), names(&bench)), (before, [vec!["work"], vec!["work"]]), "{call}");
    }
    let bench = with_session();
    bench.stores.hold_lock_named(&EntryKey::Session(bench.key_of("job")).name());
    bench.run(&RENAME).exits(5).says("another tidp");
    let bench = with_session();
    bench.stores.hold_lock_named(&EntryKey::Session(bench.key_of("work")).name());
    bench.run(&RENAME).exits(5).says("another tidp");
}

#[test]
fn rename_replaces_no_other_session() {
    let bench = with_session();
    let (work, job) = (bench.key_of("work"), bench.key_of("job"));
    let document = Secret::new(bench.stores.raw(&EntryKey::Session(work.clone()).name()).unwrap());
    let session = Session::from_json(&document, &work).unwrap();
    let earlier = Session { key: job.clone(), login_at: session.login_at.minus(Seconds(1)), ..session };
    bench.stores.put(&EntryKey::Session(job).name(), earlier.to_json().expose());
    bench.run(&RENAME).exits(2).says("a session of an earlier profile `job`").says("hint: tidp status");
    assert!(bench.files.text(CONFIG).contains("[profile.work]"));
}

#[test]
fn rename_warns_of_a_session_at_another_client() {
    let bench = with_session();
    let elsewhere = SessionKey { client_id: "another".into(), ..bench.key_of("work") };
    bench.stores.put(&EntryKey::Session(elsewhere).name(), "{}");
    let outcome = bench.run(&[&RENAME[..], &["--json"]].concat()).exits(0).says("its session is kept");
    assert_eq!(outcome.warnings(), ["session_left_behind"]);
    outcome.says("still holds a session of `work`");
}

#[test]
fn added_profile_tells_of_the_session_it_takes_over() {
    let bench = with_session();
    bench.files.put(CONFIG, &profile("other", ""));
    for (client, warnings) in [("another", &[][..]), ("app", &["session_left_behind"])] {
        let outcome = bench.run(&["profile", "add", "work", "--issuer", ISSUER, "--client-id", client, "--json"]);
        assert_eq!(outcome.exits(0).warnings(), warnings, "{client}");
        bench.files.put(CONFIG, &profile("other", ""));
    }
}

#[test]
fn rename_needs_no_store_where_there_is_none() {
    let bench = with_session();
    bench.stores.fail("load", StoreFailureKind::Missing);
    let outcome = bench.run(&[&RENAME[..], &["--json"]].concat()).exits(0);
    assert_eq!(outcome.warnings(), ["sessions_unknown"]);
    outcome.says("if it holds a session or a client secret of `work`, it stays there");
    assert!(bench.files.text(CONFIG).contains("[profile.job]"));
}

#[test]
fn entry_that_cannot_be_removed_after_a_rename_is_a_warning() {
    let bench = with_session();
    bench.stores.fail("delete", StoreFailureKind::Refused);
    let outcome = bench.run(&[&RENAME[..], &["--json"]].concat()).exits(0);
    assert_eq!(outcome.warnings(), ["session_left_behind"]);
    bench.run(&["token", "--no-refresh"]).exits(0);
}
