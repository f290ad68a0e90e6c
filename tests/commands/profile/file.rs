//! The configuration file: what is wrong with it, and how it is changed.

use super::{config_error, profile, show};
use crate::support::tokens::ISSUER;
use crate::support::{Bench, CONFIG};
use std::path::Path;
use tidp::testing::domain::session::EntryKey;

#[test]
fn changes_keep_comments_and_order_of_the_file() {
    let text = format!(
        "# ours\ndefault_profile = \"b\" # for now\n\n{}# of b\n{}",
        profile("a", ""),
        profile("b", "# in b\npolicy = \"Web\" # as agreed")
    );
    let bench = Bench::with_config(&text);
    bench.run(&["profile", "use", "a"]).exits(0).says("`a` is now the default");
    assert_eq!(bench.files.text(CONFIG), text.replace("\"b\" # for", "\"a\" # for"));
    bench.run(&["profile", "add", "c", "--issuer", ISSUER, "--client-id", "x"]).exits(0);
    let added = bench.files.text(CONFIG);
    bench.run(&["profile", "remove", "c"]).exits(0);
    assert!(added.starts_with(text.replace("\"b\" # for", "\"a\" # for").trim_end()), "{added}");
    assert_eq!(bench.files.text(CONFIG).trim_end(), text.replace("\"b\" # for", "\"a\" # for").trim_end());
}

#[test]
fn file_may_grow_to_a_mebibyte() {
    let add = |comment: usize| {
        let bench = Bench::with_config(&format!("# {}\n", "x".repeat(comment)));
        let outcome = bench.run(&["profile", "add", "work", "--issuer", ISSUER, "--client-id", "x"]);
        (outcome, bench.files.text(CONFIG).len())
    };
    let (outcome, length) = add(1);
    outcome.exits(0);
    let longest = 1 + (1 << 20) - length;
    let (outcome, length) = add(longest);
    outcome.exits(0);
    assert_eq!(length, 1 << 20);
    let (outcome, length) = add(longest + 1);
    outcome.exits(2).says("tidp profile remove NAME");
    assert_eq!(length, longest + 4, "unchanged");
}

#[test]
fn invalid_value_in_the_file_is_named_with_its_profile() {
    for (line, words) in [
        ("client_type = \"Desktop\"", "client_type `Desktop`"),
        ("policy = \"Mobil\\u001b\"", r"policy `Mobil\u{1b}`"),
        ("refresh_lifetime = \"1h\"", "needs client_type or policy"),
        ("policy = \"Web\"\nrefresh_lifetime = \"a while\"", "refresh_lifetime"),
        ("policy = \"Web\"\nabsolute_lifetime = \"-1h\"", "absolute_lifetime"),
        ("policy = \"Web\"\nrefresh_lifetime = \"0s\"", "refresh_lifetime: `0s` must be longer than zero"),
        ("policy = \"Web\"\nabsolute_lifetime = \"0d\"", "absolute_lifetime: `0d` must be longer than zero"),
        ("sliding = \"yes\"", "`sliding` must be true or false"),
        ("scopes = \"openid\"", "line 4: `scopes` must be a list: scopes = [\"openid\"]"),
        ("scopes = [\"openid\", \"a b\"]", "invalid scope `a b`"),
        ("renew = \"always\"", "renew `always`"),
        ("auth_method = \"private_key_jwt\"", "auth_method `private_key_jwt`"),
        ("environment = \"staging\"", "issuer and environment"),
        ("client_secret = \"s3cret\"", "client_secret"),
        ("redirect_uri = \"http://127.0.0.1/c\\u007fb\"", "redirect_uri `http://127.0.0.1/c\\u{7f}b` has a"),
        ("login_hint = \"a\\nb\"", "login_hint `a\\u{a}b` contains a control character"),
        ("client_typ = \"MobileApp\"", "line 4: unknown key `client_typ`: did you mean `client_type`?"),
    ] {
        let bench = Bench::with_config(&profile("work", line));
        config_error(&bench, &["login"], "profile `work`")
            .says("config.toml")
            .says(words)
            .says("hint: tidp profile ")
            .leaves_out("\u{1b}")
            .leaves_out("s3cret");
        bench.run(&["profile", "list"]).exits(0);
        bench.run(&["profile", "remove", "work"]).exits(0);
        assert!(!bench.files.text(CONFIG).contains("work"));
    }
}

#[test]
fn unknown_key_in_the_file_is_refused_with_its_line() {
    for (text, words) in [
        (
            "default_profile = \"a\"\nprofiles = 1\n",
            "config.toml, line 2: unknown key `profiles`: did you mean `profile`?",
        ),
        ("\n\nstore = [\n", "config.toml, line"),
        ("store = \"cloud\"\n[profile.a]\nissuer = \"https://id.example\"\nclient_id = \"app\"\n", "store `cloud`"),
        (
            "default_profile = \"b\"\n[profile.a]\nissuer = \"https://id.example\"\nclient_id = \"app\"\n",
            "no profile `b`",
        ),
    ] {
        config_error(&Bench::with_config(text), &["token"], words);
    }
}

#[test]
fn too_large_configuration_is_not_written() {
    let text = profile("a", "");
    let room = (1 << 20) - text.len() - "#\n".len();
    let full = |fill: usize| format!("#{}\n{text}", "x".repeat(fill));
    let add = ["profile", "add", "b", "--issuer", ISSUER, "--client-id", "x"];
    let bench = Bench::with_config(&full(room));
    config_error(&bench, &add, "config.toml would exceed 1 MiB").says("hint: tidp profile remove NAME");
    assert_eq!(bench.files.text(CONFIG), full(room));
    bench.run(&["profile", "remove", "a"]).exits(0);
    let bench = Bench::with_config(&full(room - 200));
    bench.run(&add).exits(0);
    bench.run(&["profile", "show", "b"]).exits(0);
}

#[test]
fn byte_order_mark_is_dropped_from_file_and_secret() {
    let mark = "\u{feff}";
    let confidential = profile("a", "client_type = \"Confidential\"");
    for variable in [true, false] {
        let mut bench = Bench::with_config(&format!("{mark}{confidential}"));
        if variable {
            bench = bench.env("TIDP_CLIENT_SECRET", &format!("{mark}s3cret"));
        } else {
            // As an older version stored it.
            bench.stores.put(&EntryKey::ClientSecret(bench.key_of("a")).name(), &format!("{mark}s3cret"));
        }
        bench.log_in();
        assert_eq!(bench.provider.last("/connect/token").authorization.as_deref(), Some("Basic YXBwOnMzY3JldA=="));
        bench.run(&["profile", "add", "b", "--issuer", ISSUER, "--client-id", "x"]).exits(0);
        bench.run(&["profile", "show", "b"]).exits(0);
    }
    let bench = Bench::with_config("");
    let utf_16 = confidential.encode_utf16().flat_map(u16::to_le_bytes).collect();
    bench.files.0.lock().unwrap().insert(CONFIG.into(), utf_16);
    for args in [&["token"][..], &["profile", "add", "b", "--issuer", ISSUER, "--client-id", "x"]] {
        config_error(&bench, args, "config.toml: it is UTF-16, as PowerShell's `>` writes it");
    }
}

#[test]
fn configuration_from_a_pipe_is_never_written() {
    let pipe = "/dev/fd/63";
    let bench = Bench::with_env(&[("TIDP_CONFIG", pipe)]);
    bench.files.put(pipe, &profile("a", "ca_file = \"corp.pem\""));
    bench.files.are_pipes();
    assert_eq!(show(&bench, &[])["ca_file"], "corp.pem", "beside no file");
    for args in [&["add", "c", "--issuer", ISSUER, "--client-id", "x"][..], &["use", "a"], &["remove", "a"]] {
        let outcome = config_error(&bench, &[&["profile"], args].concat(), "is a pipe (/dev/fd/63)");
        outcome.says("hint: set TIDP_CONFIG to a file");
    }
    assert_eq!(bench.files.text(pipe), profile("a", "ca_file = \"corp.pem\""));
}

#[test]
fn concurrent_configuration_change_is_kept() {
    let before = format!("default_profile = \"a\"\n{}", profile("a", "") + &profile("b", ""));
    let meanwhile = before.clone() + &profile("sibling", "");
    for (args, now) in [
        (&["add", "c", "--issuer", ISSUER, "--client-id", "x"][..], &["a", "b", "c", "sibling"][..]),
        (&["use", "b"], &["a", "b", "sibling"]),
        (&["remove", "b"], &["a", "sibling"]),
    ] {
        let bench = Bench::with_config(&before);
        bench.files.when_lock_is_taken(CONFIG, &meanwhile);
        bench.run(&[&["profile"], args].concat()).exits(0);
        let document = bench.run(&["profile", "list", "--json"]).exits(0).json();
        let names: Vec<_> = document["profiles"].as_array().unwrap().iter().map(|p| p["profile"].clone()).collect();
        assert_eq!(names, now, "{args:?}");
    }
    let bench = Bench::with_config(&before);
    bench.files.when_lock_is_taken(CONFIG, &meanwhile);
    let add = ["profile", "add", "sibling", "--issuer", ISSUER, "--client-id", "x"];
    config_error(&bench, &add, "profile `sibling` already exists");
}

#[test]
fn locked_configuration_is_not_changed() {
    let before = profile("a", "") + &profile("b", "");
    for args in [&["add", "c", "--issuer", ISSUER, "--client-id", "x"][..], &["use", "b"], &["remove", "b"]] {
        let bench = Bench::with_config(&before);
        bench.files.hold_lock();
        bench.run(&[&["profile"], args].concat()).exits(5).says("another tidp has been changing the configuration");
        assert_eq!(bench.files.text(CONFIG), before);
    }
}

#[test]
fn tidp_config_selects_another_file() {
    let bench = Bench::with_env(&[("TIDP_CONFIG", "/etc/tidp.toml")]);
    bench.run(&["profile", "add", "a", "--issuer", ISSUER, "--client-id", "app"]).exits(0);
    assert!(bench.files.text("/etc/tidp.toml").contains("[profile.a]"));
    assert_eq!(bench.files.text(CONFIG), "");
    bench.files.put("/etc/tidp.toml", &profile("b", "ca_file = \"corp.pem\""));
    let beside = Path::new("/etc").join("corp.pem").display().to_string();
    assert_eq!(show(&bench, &[])["ca_file"], beside, "beside the file");
}

#[test]
fn missing_tidp_config_file_is_an_error() {
    let bench = Bench::with_env(&[("TIDP_CONFIG", "/home/kari/mistyped.toml")]);
    bench.run(&["token"]).exits(2).says("/home/kari/mistyped.toml");
    let add = ["profile", "add", "a", "--environment", "staging", "--client-id", "x"];
    bench.run(&add).exits(0);
    bench.run(&["token"]).exits(3);
}
