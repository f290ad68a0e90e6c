//! `tidp profile set`, `unset` and `remove`, and what they say of a session.

use super::{config_error, profile, show};
use crate::support::tokens::{ISSUER, TokenResponse};
use crate::support::{Bench, CONFIG};
use serde_json::json;
use tidp::testing::domain::session::EntryKey;
use tidp::testing::ports::StoreFailureKind;

#[test]
fn set_and_unset_keep_comments_and_layout() {
    let text = profile("work", "# as agreed\nclient_type = \"Public\" # for now\n# the end");
    let bench = Bench::with_config(&text);
    let outcome = bench.run(&["profile", "set", "work", "client_type", "mobileapp", "--json"]).exits(0);
    assert_eq!(outcome.says("Set client_type of the profile `work`.").json()["policy"], "Mobile");
    let changed = text.replace("\"Public\"", "\"MobileApp\"");
    assert_eq!(bench.files.text(CONFIG), changed);
    bench.run(&["profile", "set", "work", "scopes", "openid  email"]).exits(0);
    bench.run(&["profile", "set", "work", "sliding", "false"]).exits(0);
    let text = bench.files.text(CONFIG);
    assert!(text.contains("\nscopes = [\"openid\", \"email\"]\nsliding = false\n"), "{text}");
    for key in ["scopes", "sliding"] {
        bench.run(&["profile", "unset", "work", key]).exits(0).says(&format!("Removed {key} from the profile `work`."));
    }
    assert_eq!(bench.files.text(CONFIG), changed);
    bench.run(&["profile", "unset", "work", "scopes"]).exits(0).says("scopes was not set");
    bench.run(&["profile", "set", "work", "environment", "staging"]).exits(0);
    assert_eq!(show(&bench, &["work"])["issuer"], "https://id-test.telenor.no");
    assert!(!bench.files.text(CONFIG).contains("issuer"), "the two name one thing");
    bench.run(&["profile", "set", "work", "issuer", ISSUER]).exits(0);
    assert!(!bench.files.text(CONFIG).contains("environment"), "the two name one thing");
}

#[test]
fn wrong_key_or_value_changes_nothing() {
    for (args, words) in [
        (&["set", "work", "client_type", "Desktop"][..], "unknown client_type `Desktop`; expected one of Public, "),
        (&["set", "work", "client_type", "MobileAp"], "unknown client_type `MobileAp`: did you mean `MobileApp`?"),
        (&["set", "work", "renew", "before-session-end"], "did you mean `before-session-ends`?"),
        (&["set", "work", "scopes", "openid,profile"], "separate scopes by spaces, not commas: `openid profile`"),
        (&["set", "work", "clint_id", "x"], "unknown key `clint_id`: did you mean `client_id`?"),
        (&["set", "work", "sliding", "maybe"], "sliding: `maybe` is not true or false"),
        (&["set", "work", "refresh_lifetime", "1h"], "refresh_lifetime needs client_type or policy"),
        (&["set", "work", "client_secret", "s3cret"], "client_secret must not be in config.toml"),
        (&["set", "work", "client_id", "YOUR-CLIENT"], "`YOUR-CLIENT` is a placeholder"),
        (&["unset", "work", "client_id"], "set `client_id`"),
        (&["unset", "work", "polcy"], "unknown key `polcy`: did you mean `policy`?"),
    ] {
        let bench = Bench::with_config(&profile("work", ""));
        config_error(&bench, &[&["profile"], args].concat(), words)
            .leaves_out("s3cret")
            .leaves_out("config.toml, line");
        assert_eq!(bench.files.text(CONFIG), profile("work", ""));
    }
    let bench = Bench::with_config(&profile("work", "client_typ = \"Public\""));
    bench.run(&["profile", "unset", "work", "client_typ"]).exits(0);
    assert_eq!(show(&bench, &[])["client_type"], json!(null), "a misspelt key can be removed");
}

#[test]
fn wrong_value_is_answered_with_the_command_for_its_key() {
    for (args, hint) in [
        (&["set", "work", "issuer", "foo"][..], "tidp profile set work issuer URL"),
        (&["set", "work", "environment", "test"], "tidp profile set work issuer URL"),
        (&["set", "work", "policy", "bogus"], "tidp profile set work policy VALUE"),
        (&["set", "--", "-x", "policy", "bogus"], "tidp profile set -- -x policy VALUE"),
        (&["set", "--", "-x", "client_secret", "s3cret"], "tidp profile secret -- -x"),
        (&["add", "new", "--issuer", "foo", "--client-id", "app"], "tidp profile add --help"),
    ] {
        let bench = Bench::with_config(&(profile("work", "") + &profile("-x", "")));
        bench.run(&[&["profile"], args].concat()).exits(2).says(&format!("hint: {hint}\n"));
    }
    let bench = Bench::with_config(&profile("work", "").replace("https", "ftp"));
    bench.run(&["token"]).exits(2).says("hint: tidp profile set work issuer URL\n");
}

#[test]
fn list_may_be_written_as_in_the_file() {
    let bench = Bench::with_config(&profile("work", ""));
    for (key, text, words) in [
        ("client_secret_command", r#"["echo", "s3cret"]"#, r#"["echo", "s3cret"]"#),
        ("client_secret_command", "echo s3cret", r#"["echo", "s3cret"]"#),
        ("scopes", r#" ["openid","email"]"#, r#"["openid", "email"]"#),
    ] {
        bench.run(&["profile", "set", "work", key, text]).exits(0);
        let text = bench.files.text(CONFIG);
        assert!(text.contains(&format!("\n{key} = {words}\n")), "{text}");
    }
    for text in ["[echo,s3cret]", r#"["echo", 1]"#, "[\"echo\"]\nsliding = true"] {
        config_error(
            &bench,
            &["profile", "set", "work", "client_secret_command", text],
            "this is not a list: [\"PROGRAM\"",
        )
        .leaves_out("echo");
    }
}

#[test]
fn help_of_set_lists_every_key_with_its_meaning() {
    let help = Bench::with_env(&[]).run(&["profile", "set", "--help"]).exits(0).stdout;
    for words in ["\n  client_type            the client's type at TelenorID+", "\n  endpoint_hosts "] {
        assert!(help.contains(words), "{help}");
    }
    assert!(help.lines().all(|line| line.chars().count() <= 100), "{help}");
}

#[test]
fn session_of_another_client_is_said_to_stay() {
    let bench = Bench::with_config(&profile("work", "client_type = \"MobileApp\""));
    bench.run(&["profile", "set", "work", "client_id", "app2"]).exits(0).leaves_out("warning");
    bench.run(&["profile", "set", "work", "client_id", "app"]).exits(0);
    bench.log_in();
    bench.run(&["profile", "set", "work", "client_type", "Public"]).exits(0).leaves_out("warning");
    let outcome = bench.run(&["profile", "set", "work", "client_id", "other", "--json"]).exits(0);
    assert_eq!(outcome.warnings(), ["session_left_behind"]);
    outcome.says("belongs to the client `app` at https://id.example and is still stored").says("`tidp logout --all`");
    bench.stores.fail("load", StoreFailureKind::Locked);
    let outcome = bench.run(&["profile", "set", "work", "issuer", "https://other.example", "--json"]).exits(0);
    assert_eq!(outcome.warnings(), ["sessions_unknown"]);
}

#[test]
fn confidential_client_is_told_to_store_its_secret() {
    let bench = Bench::with_config(&profile("work", ""));
    let set = ["profile", "set", "work", "client_type", "Confidential"];
    bench.run(&set).exits(0).says("tidp profile secret work");
    bench.run(&set).exits(0).leaves_out("tidp profile secret");
}

#[test]
fn profile_is_removed_without_a_readable_store() {
    for kind in [StoreFailureKind::Missing, StoreFailureKind::Locked, StoreFailureKind::Damaged] {
        let bench = Bench::with_config(&profile("work", ""));
        bench.stores.fail("load", kind);
        let outcome = bench.run(&["profile", "rm", "work", "--json"]).exits(0);
        assert_eq!(outcome.warnings(), ["sessions_unknown"], "{kind:?}");
        outcome.says("if it holds a session or a client secret of `work`, it stays there: `tidp logout --all` later");
        assert!(!bench.files.text(CONFIG).contains("work"));
    }
    let bench = Bench::with_config(&profile("work", "client_type = \"Confidential\""));
    bench.stores.put(&EntryKey::ClientSecret(bench.key_of("work")).name(), "s3cret");
    bench.log_in_with(TokenResponse::new()).exits(0);
    for line in ["client_id = \"other\"", "client_id = \"\""] {
        bench.files.put(CONFIG, &profile("work", "").replace("client_id = \"app\"", line));
        let outcome = bench.run(&["profile", "rm", "work", "--json"]).exits(0);
        assert_eq!(outcome.warnings(), ["session_left_behind"], "{line}");
        outcome.says("the store still holds a client secret and a session of `work`");
    }
    let bench = Bench::with_config(&profile("work", "")).env("TIDP_STORE", "file");
    bench.run(&["profile", "remove", "work"]).exits(0).says("the file store needs a key");
}

#[test]
fn client_types_are_written_as_documented() {
    let bench = Bench::with_env(&[]);
    let add = ["profile", "add", "a", "--issuer", ISSUER, "--client-id", "app", "--client-type", "publicwithrefresh"];
    bench.run(&[&add[..], &["--policy", "WEB"]].concat()).exits(0);
    let text = bench.files.text(CONFIG);
    assert!(text.contains("client_type = \"PublicWithRefresh\"\npolicy = \"Web\"\n"), "{text}");
    let add = ["profile", "add", "b", "--issuer", ISSUER, "--client-id", "YOUR-CLIENT"];
    config_error(&bench, &add, "is a placeholder");
    assert!(bench.stores.raw(&EntryKey::Session(bench.key_of("b")).name()).is_none());
}
