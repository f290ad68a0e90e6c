//! `tidp status`.

use crate::support::provider::json as response;
use crate::support::tokens::{ISSUER, TokenResponse};
use crate::support::{Bench, CONFIG, config_path};
use serde_json::{Value, json};
use tidp::testing::domain::secret::Secret;
use tidp::testing::domain::session::{EntryKey, RefreshToken, Session, SessionKey};
use tidp::testing::domain::time::Seconds;
use tidp::testing::ports::StoreFailureKind;

fn profile(name: &str, more: &str) -> String {
    format!("[profile.{name}]\nissuer = \"{ISSUER}\"\nclient_id = \"app\"\nclient_type = \"MobileApp\"\n{more}\n")
}

/// The default profile `work` with a session, and `page` without one.
fn two_profiles() -> Bench {
    let bench =
        Bench::with_config(&format!("default_profile = \"work\"\n{}{}", profile("page", ""), profile("work", "")));
    bench.log_in_with(TokenResponse::new().refresh_token("rt-1")).exits(0);
    bench
}

/// Puts a copy of the session of `work` under another key.
fn copy(bench: &Bench, key: SessionKey) {
    let work = bench.key_of("work");
    let document = bench.stores.raw(&EntryKey::Session(work.clone()).name()).unwrap();
    let session = Session { key: key.clone(), ..Session::from_json(&Secret::new(document), &work).unwrap() };
    bench.stores.put(&EntryKey::Session(key).name(), session.to_json().expose());
}

fn status(bench: &Bench, args: &[&str]) -> Value {
    bench.run(&[&["status", "--json"], args].concat()).exits(0).json()
}

fn profile_row<'a>(document: &'a Value, name: &str) -> &'a Value {
    document["profiles"].as_array().unwrap().iter().find(|row| row["name"] == name).unwrap()
}

#[test]
fn status_shows_every_profile_and_its_session() {
    let bench = two_profiles();
    bench.pass(Seconds::hours(25));
    let requests = bench.provider.paths().len();
    let expected = format!(
        "  PROFILE  CLIENT  POLICY  ACCOUNT      TOKEN    SESSION\n  \
           page     app     Mobile  -            -        -\n\
         * work     app     Mobile  +4790000001  expired  88 days\n\n\
         * in use: the default profile.\nSessions are kept in the keyring store.\nProfiles are in {}.\n",
        config_path()
    );
    for command in ["status", "whoami"] {
        assert_eq!(bench.run(&[command]).exits(0).stdout, expected);
    }
    assert_eq!(bench.provider.paths().len(), requests, "no request");
    *bench.terminal.columns.lock().unwrap() = Some(50);
    let narrow = bench.run(&["status"]).exits(0).stdout;
    assert!(narrow.contains("\n* work\n    client   app\n    policy   Mobile\n"), "{narrow}");
}

#[test]
fn status_json_has_states_and_times() {
    let bench = two_profiles();
    let document = status(&bench, &[]);
    assert_eq!(
        *profile_row(&document, "work"),
        json!({
            "name": "work", "active": true, "why": "default", "default": true, "issuer": ISSUER, "client_id": "app",
            "grant": "authorization_code", "policy": "Mobile",
            "account": { "sub": "kari-at-app", "username": "+4790000001" },
            "access_token": { "state": "valid", "expires_at": "2026-01-31T13:00:00Z" },
            "session": { "state": "valid", "expires_at": "2026-05-01T12:00:00Z" },
        })
    );
    let none = json!({ "state": "none", "expires_at": null });
    let page = profile_row(&document, "page");
    assert_eq!((&page["active"], &page["why"], &page["session"]), (&json!(false), &json!(null), &none));
    assert_eq!((&document["orphans"], &document["store"]), (&json!([]), &json!("keyring")));
    bench.pass(Seconds::days(91));
    let ended = status(&bench, &[]);
    assert_eq!(profile_row(&ended, "work")["session"]["state"], "ended");
    assert_eq!(profile_row(&ended, "work")["access_token"]["state"], "expired");
}

#[test]
fn status_says_why_a_profile_is_used() {
    let why = |bench: &Bench, args: &[&str], name: &str| profile_row(&status(bench, args), name)["why"].clone();
    assert_eq!(why(&two_profiles(), &["-p", "page"], "page"), "flag");
    let bench = two_profiles().env("TIDP_PROFILE", "page");
    assert_eq!(why(&bench, &[], "page"), "environment");
    assert!(bench.run(&["status"]).exits(0).stdout.contains("* in use: TIDP_PROFILE is set."));
    assert_eq!(why(&Bench::with_config(&profile("a", "")), &[], "a"), "only");
    let bench = two_profiles().env("TIDP_ISSUER", ISSUER).env("TIDP_CLIENT_ID", "other");
    let (name, out) = (format!("other@{ISSUER}"), bench.run(&["status"]).exits(0).stdout);
    assert_eq!((why(&bench, &[], &name), why(&bench, &[], "work")), (json!("environment"), json!(null)));
    assert!(
        out.contains("\n* (environment)  other ") && out.contains("TIDP_ISSUER and TIDP_CLIENT_ID are set."),
        "{out}"
    );
    two_profiles().run(&["status", "-p", "gone"]).exits(2).says("there is no profile `gone`");
}

#[test]
fn status_without_a_choice_warns_and_lists() {
    let both = profile("a", "") + &profile("b", "renew = \"never\"");
    let outcome = Bench::with_config(&both).run(&["status", "--json"]).exits(0);
    assert_eq!(outcome.warnings(), ["no_profile_in_use"]);
    let outcome =
        Bench::with_config(&both).run(&["status"]).exits(0).says("no profile is in use: there is no default profile");
    assert!(outcome.stdout.contains("  b        profile `b` in "), "{}", outcome.stdout);
    let none = Bench::with_env(&[]).run(&["status"]).exits(0).says("Next: tidp profile add").leaves_out("warning");
    assert_eq!(none.stdout, "");
}

#[test]
fn status_shows_leftover_sessions_and_how_to_end_them() {
    let bench = two_profiles();
    copy(&bench, bench.key_of("gone"));
    copy(&bench, bench.key());
    copy(&bench, SessionKey { client_id: "old".into(), ..bench.key_of("page") });
    let document = status(&bench, &[]);
    let reasons: Vec<_> = document["orphans"].as_array().unwrap().iter().map(|row| row["reason"].clone()).collect();
    assert_eq!(reasons, ["environment", "profile_gone", "profile_changed"]);
    assert_eq!(document["orphans"][1]["account"]["username"], "+4790000001");
    let out = bench.run(&["status"]).exits(0).stdout.replace('\n', " ");
    for words in [
        format!("`TIDP_ISSUER={ISSUER} TIDP_CLIENT_ID=app tidp logout`"),
        "There is no profile `gone` any more. `tidp logout --all` ends its session and all others.".into(),
        "A session of `page` belongs to another client.".into(),
        " (environment) ".into(),
        " gone ".into(),
    ] {
        assert!(out.contains(&words), "{words}: {out}");
    }
}

#[test]
fn command_for_a_leftover_session_is_not_broken() {
    let bench = two_profiles();
    let client_id = "a-client-with-quite-a-long-name-indeed";
    let key = bench.key();
    copy(&bench, SessionKey { client_id: client_id.into(), profile: format!("{client_id}@{ISSUER}"), ..key });
    for (columns, command) in [
        (80, format!("To end it:\n    TIDP_ISSUER={ISSUER} \\\n    TIDP_CLIENT_ID={client_id} \\\n    tidp logout\n")),
        (100, format!("To end it: `TIDP_ISSUER={ISSUER} TIDP_CLIENT_ID={client_id} tidp logout`\n")),
    ] {
        *bench.terminal.columns.lock().unwrap() = Some(columns);
        let out = bench.run(&["status"]).exits(0).stdout;
        assert!(out.contains(&command), "{command}: {out}");
    }
}

#[test]
fn paths_for_a_person_begin_at_the_home_directory() {
    let bench = two_profiles().env("HOME", "/home/kari");
    let shown = config_path().replace("/home/kari", "~");
    assert!(bench.run(&["status"]).exits(0).stdout.ends_with(&format!("Profiles are in {shown}.\n")));
    assert!(bench.run(&["profile", "show"]).exits(0).stdout.contains(&format!("config             {shown}\n")));
    assert_eq!(status(&bench, &[])["config"], config_path());
    assert_eq!(bench.run(&["profile", "show", "--json"]).exits(0).json()["config"], config_path());
}

#[test]
fn paths_are_whole_where_the_shell_knows_no_tilde() {
    let bench = two_profiles().env("USERPROFILE", "/home/kari");
    assert!(bench.run(&["status"]).exits(0).stdout.ends_with(&format!("Profiles are in {}.\n", config_path())));
}

#[test]
fn policy_that_is_not_known_has_one_word_in_every_list() {
    let bench = Bench::with_config(&format!("[profile.other]\nissuer = \"{ISSUER}\"\nclient_id = \"app\"\n"));
    for command in [&["status"][..], &["profile", "list"]] {
        let list = bench.run(command).exits(0).stdout;
        assert!(list.contains("app     unknown  -"), "{list}");
    }
}

#[test]
fn ended_leftover_session_is_removed_not_ended() {
    let bench = two_profiles();
    let stored = bench.stores.raw(&EntryKey::Session(bench.key_of("work")).name()).unwrap();
    let session = Session::from_json(&Secret::new(stored), &bench.key_of("work")).unwrap();
    let session = Session { key: bench.key(), refresh_token: RefreshToken::NeverIssued, ..session };
    bench.stores.put(&EntryKey::Session(bench.key()).name(), session.to_json().expose());
    assert!(bench.run(&["status"]).exits(0).stdout.contains(" To end it: `TIDP_ISSUER="));
    bench.pass(Seconds::hours(1));
    assert!(bench.run(&["status"]).exits(0).stdout.contains(" To remove it: `TIDP_ISSUER="));
}

#[test]
fn status_lists_profiles_when_the_store_fails() {
    for call in ["load", "entries"] {
        let bench = two_profiles();
        bench.stores.fail(call, StoreFailureKind::Locked);
        let outcome = bench.run(&["status", "--json"]).exits(0);
        assert_eq!(outcome.warnings(), ["sessions_unknown"], "{call}");
        let state = &profile_row(&outcome.json(), "work")["session"]["state"].clone();
        assert_eq!(state, if call == "load" { "unknown" } else { "valid" });
    }
    let bench = two_profiles().env("TIDP_STORE", "file");
    let outcome = bench.run(&["status"]).exits(0).says("the file store needs a key");
    assert!(outcome.stdout.contains("* work     app     Mobile  -        ?      ?"), "{}", outcome.stdout);
    for is_damaged in [false, true] {
        let bench = two_profiles();
        let entry = EntryKey::Session(bench.key_of("page")).name();
        if is_damaged {
            bench.stores.damage(&entry)
        } else {
            bench.stores.put(&entry, "{}")
        }
        let outcome = bench.run(&["status", "--json"]).exits(0).says("the session of `page`: ");
        assert_eq!(outcome.stderr.contains("1 entry of the store cannot be read: /the/store"), is_damaged);
        assert_eq!(profile_row(&outcome.json(), "page")["session"]["state"], "unknown");
        assert_eq!(profile_row(&outcome.json(), "work")["session"]["state"], "valid", "the others are read");
    }
    let bench = two_profiles();
    bench.stores.fail("load", StoreFailureKind::Damaged);
    let outcome = bench.run(&["status", "--json"]).exits(0).says("the session of `page`: ");
    assert_eq!(profile_row(&outcome.json(), "work")["session"]["state"], "valid", "the others are read");
}

#[test]
fn status_knows_machine_tokens() {
    let robot = profile("robot", "grant = \"client_credentials\"").replace("MobileApp", "Confidential");
    let bench = Bench::with_config(&robot).env("TIDP_CLIENT_SECRET", "s");
    let row = |bench: &Bench| profile_row(&status(bench, &[]), "robot").clone();
    assert_eq!(row(&bench)["access_token"]["state"], "none");
    bench.provider.publishes();
    bench.provider.responds(
        "/connect/token",
        response(200, &json!({ "access_token": "one", "token_type": "Bearer", "expires_in": 3_600 })),
    );
    bench.run(&["token"]).exits(0);
    assert_eq!(
        (&row(&bench)["access_token"]["state"], &row(&bench)["grant"]),
        (&json!("valid"), &json!("client_credentials"))
    );
    assert!(bench.run(&["status"]).exits(0).stdout.contains("machine token"));
    bench.files.put(CONFIG, &robot.replace("client_credentials", "authorization_code"));
    assert_eq!(row(&bench)["access_token"]["state"], "none");
    // Also those of a profile that is gone, if the store keeps them.
    let bench = Bench::with_config(&robot).env("TIDP_CLIENT_SECRET", "s").env("TIDP_ACCESS_TOKEN_CACHE", "off");
    bench.provider.publishes();
    bench.provider.responds(
        "/connect/token",
        response(200, &json!({ "access_token": "one", "token_type": "Bearer", "expires_in": 3_600 })),
    );
    bench.run(&["token"]).exits(0);
    bench.files.put(CONFIG, &profile("work", ""));
    let leftover = status(&bench, &[])["orphans"][0].clone();
    assert_eq!((&leftover["reason"], &leftover["grant"]), (&json!("profile_gone"), &json!("client_credentials")));
    assert_eq!(leftover["access_token"]["state"], "valid");
}
