mod change;
mod file;
mod questions;
mod rename;
mod secret;
mod sources;

use crate::support::tokens::ISSUER;
use crate::support::{Bench, CONFIG, Outcome, config_path};
use serde_json::{Value, json};
use tidp::testing::domain::policy::{ClientType, PolicyName};
use tidp::testing::domain::session::EntryKey;

/// The table of a profile.
fn profile(name: &str, more: &str) -> String {
    format!("[profile.{name}]\nissuer = \"{ISSUER}\"\nclient_id = \"app\"\n{more}\n")
}

#[track_caller]
fn show(bench: &Bench, args: &[&str]) -> Value {
    bench.run(&[&["profile", "show", "--json"], args].concat()).exits(0).json()
}

/// Asserts a usage error that comes before any request.
#[track_caller]
fn config_error(bench: &Bench, args: &[&str], words: &str) -> Outcome {
    let outcome = bench.run(args).exits(2).says(words);
    assert!(bench.provider.paths().is_empty());
    outcome
}

/// The advice is for public clients of TelenorID+'s staging environment alone.
#[test]
fn debuggers_redirect_uri_is_named_where_it_may_help() {
    let debugger = "https://oidc-test.telenor.no//callback";
    let (staging, production) = (&["--environment", "staging"][..], &["--environment", "production"][..]);
    let (mobile, confidential) = (&["--client-type", "MobileApp"][..], &["--client-type", "Confidential"][..]);
    for (args, names_it) in [
        ([staging, mobile, &[]], true),
        ([staging, &[], &["--redirect-uri", "http://127.0.0.1:8400/cb"]], true),
        ([staging, confidential, &[]], false),
        ([staging, mobile, &["--redirect-uri", debugger]], false),
        ([production, mobile, &[]], false),
        ([&["--issuer", "https://id.example"], mobile, &[]], false),
    ] {
        let bench = Bench::with_env(&[]);
        let outcome =
            bench.run(&[&["profile", "add", "x", "--client-id", "app"][..], &args.concat()].concat()).exits(0);
        assert_eq!(outcome.stderr.contains(&format!("redirect_uri = \"{debugger}\"")), names_it, "{args:?}");
    }
}

#[test]
fn first_profile_becomes_the_default() {
    let bench = Bench::with_env(&[]);
    let outcome =
        bench.run(&["profile", "add", "work", "--issuer", ISSUER, "--client-id", "app", "--client-type", "MobileApp"]);
    assert_eq!(outcome.exits(0).says("the default").says("Next: tidp login\n").stdout, "");
    let expected = format!(
        "default_profile = \"work\"\n\n[profile.work]\nissuer = \"{ISSUER}\"\nclient_id = \"app\"\nclient_type = \"MobileApp\"\n"
    );
    assert_eq!(bench.files.text(CONFIG), expected);
    bench.log_in();
    assert!(bench.stores.raw(&EntryKey::Session(bench.key_of("work")).name()).is_some());
    bench.run(&["token"]).exits(0);
}

#[test]
fn every_add_option_becomes_a_key() {
    let bench = Bench::with_config(&profile("first", ""));
    let document = bench
        .run(&[
            "profile",
            "add",
            "shop-2.b_C",
            "--environment",
            "staging",
            "--client-id",
            "id",
            "--client-type",
            "Confidential",
            "--policy",
            "Web",
            "--scope",
            "openid email",
            "--scope",
            "api:x",
            "--redirect-uri",
            "http://localhost:8400/cb",
            "--auth-method",
            "client_secret_post",
            "--json",
        ])
        .exits(0)
        .says("Next: tidp profile secret shop-2.b_C, then tidp login --profile shop-2.b_C")
        .json();
    let expected = json!({
        "profile": "shop-2.b_C", "config": config_path(), "issuer": "https://id-test.telenor.no", "client_id": "id", "client_type": "Confidential",
        "policy": "Web", "sliding": true, "lifetime": 600, "renew": "when-due", "scopes": ["openid", "email", "api:x"],
        "redirect_uri": "http://localhost:8400/cb", "auth_method": "client_secret_post", "ca_file": null,
        "redirect": "fixed_port", "endpoint_hosts": [], "grant": "authorization_code",
    });
    assert_eq!(document, expected);
    let mut shown = show(&bench, &["shop-2.b_C"]);
    assert_eq!(shown["sources"]["scopes"], json!({ "source": "file", "line": 12 }));
    shown.as_object_mut().unwrap().remove("sources");
    assert_eq!(shown, expected);
}

#[test]
fn profile_name_with_unsafe_characters_is_refused() {
    let long = "x".repeat(65);
    for name in ["../x", "a/b", "", "a\0b", ".hidden", "-x", "a b", "å", "a\u{1b}[31m", &long] {
        let bench = Bench::with_env(&[]);
        bench
            .run(&["profile", "add", "--issuer", ISSUER, "--client-id", "app", "--", name])
            .exits(2)
            .says("use up to 64 letters (a to z), digits,")
            .leaves_out("\u{1b}");
        assert_eq!(bench.files.text(CONFIG), "");
    }
}

#[test]
fn profile_names_are_case_sensitive() {
    let bench = Bench::with_config(&(profile("a", "") + &profile("A", "policy = \"Web\"")));
    assert_eq!(
        (show(&bench, &["a"])["policy"].clone(), show(&bench, &["A"])["policy"].clone()),
        (json!(null), json!("Web"))
    );
}

#[test]
fn invalid_add_option_is_not_written() {
    let client_types = format!("values: {}]", ClientType::ALL.map(ClientType::as_str).join(", "));
    let policies = format!("values: {}]", PolicyName::ALL.map(PolicyName::as_str).join(", "));
    for (option, value, words) in [
        ("--client-type", "Mobile", client_types.as_str()),
        ("--policy", "Weekly", &policies),
        ("--redirect-uri", "callback", "redirect_uri `callback`"),
        ("--redirect-uri", "http://localhost/cb", "needs a port"),
        ("--redirect-uri", "http://127.0.0.1:0/cb", "port 0"),
        ("--redirect-uri", "http://localhost:00/cb", "port 0"),
        ("--scope", "profile", "openid"),
        ("--issuer", "http://id.example", "must be https"),
        ("--issuer", "https:///id.example", "has no host between"),
        (
            "--redirect-uri",
            "http://exa\tmple.org/cb",
            r"profile `p`: redirect_uri `http://exa\u{9}mple.org/cb` has a space, a",
        ),
        ("--redirect-uri", " http://127.0.0.1/cb", "has a space"),
        ("--redirect-uri", "https:\\\\app.example\\cb", "backslash"),
        ("--redirect-uri", "https:///app.example/cb", "has no host between"),
        ("--client-id", "a\u{1b}b", r"profile `p`: client_id `a\u{1b}b` contains a control character"),
        ("--issuer", "https://kari:pw@id.example", "user name"),
    ] {
        let bench = Bench::with_env(&[]);
        let issuer: &[&str] = if option == "--issuer" { &[] } else { &["--issuer", ISSUER] };
        let client: &[&str] = if option == "--client-id" { &[] } else { &["--client-id", "app"] };
        let args = [&["profile", "add", "p", option, value], client, issuer].concat();
        config_error(&bench, &args, words);
        assert_eq!(bench.files.text(CONFIG), "");
    }
    let bench = Bench::with_config(&profile("a", ""));
    let again = ["profile", "add", "a", "--issuer", ISSUER, "--client-id", "other"];
    config_error(&bench, &again, "profile `a` already exists");
    assert_eq!(bench.files.text(CONFIG), profile("a", ""));
}

#[test]
fn listed_types_and_policies_are_accepted_in_any_case() {
    let bench = Bench::with_env(&[]);
    let help = |args: &[&str]| {
        let wrapped = bench.run(&[args, &["--help"]].concat()).exits(0).stdout;
        wrapped.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let policies = PolicyName::ALL.map(PolicyName::as_str);
    let listed = |names: &[&str]| format!(": {}", names.join(", "));
    assert!(help(&["profile", "add"]).contains(&listed(&ClientType::ALL.map(ClientType::as_str))));
    for command in [&["profile", "add"][..], &["policy", "show"], &["policy", "simulate"]] {
        assert!(help(command).contains(&listed(&policies)), "{command:?}");
    }
    for name in policies {
        bench.run(&["policy", "show", &name.to_lowercase()]).exits(0);
        bench.run(&["policy", "simulate", "--policy", &name.to_uppercase()]).exits(0);
    }
    let add = ["profile", "add", "a", "--client-id", "app"];
    bench.run(&add).exits(2).says("<--issuer <URL>|--environment <ENVIRONMENT>>");
    bench.run(&[&add[..], &["--issuer", ISSUER, "--client-type", "mobileapp", "--policy", "WEB"]].concat()).exits(0);
    let document = show(&bench, &[]);
    assert_eq!((&document["client_type"], &document["policy"]), (&json!("MobileApp"), &json!("Web")));
}

#[test]
fn list_shows_every_profile_and_the_default() {
    let text = profile("a", "client_type = \"MobileApp\"") + &profile("b", "policy = \"x\"");
    let bench = Bench::with_config(&format!("default_profile = \"a\"\n{text}"));
    let out = bench.run(&["profile", "list"]).exits(0).stdout;
    let lines: Vec<_> = out.lines().collect();
    assert_eq!(lines[0], "  PROFILE  ISSUER              CLIENT  POLICY  SESSION");
    assert_eq!(lines[1], "* a        https://id.example  app     Mobile  -");
    assert!(
        lines[2].starts_with(&format!(
            "  b        profile `b` in {}, line 9: unknown policy `x`; expected one of",
            config_path()
        )),
        "{}",
        lines[2]
    );
    let document = bench.run(&["profile", "list", "--json"]).exits(0).json();
    assert_eq!(
        (&document["profiles"][0]["default"], &document["profiles"][1]["default"]),
        (&json!(true), &json!(false))
    );
    let none = Bench::with_env(&[]);
    assert_eq!(none.run(&["profile", "list"]).exits(0).says("tidp profile add").stdout, "");
    assert_eq!(none.run(&["profile", "list", "--json"]).exits(0).json(), json!({ "profiles": [] }));
}

#[test]
fn profile_list_is_aligned() {
    let wide = profile("b", "client_type = \"MobileApp\"").replace("\"app\"", "\"en-lang-ø\"");
    let long = profile("long-name", "policy = \"Web\"").replace(ISSUER, "https://other.id.example");
    let out = Bench::with_config(&[wide, long].concat()).run(&["profile", "list"]).exits(0).stdout;
    let expected = "  PROFILE    ISSUER                    CLIENT     POLICY  SESSION\n  \
                      b          https://id.example        en-lang-ø  Mobile  -\n  \
                      long-name  https://other.id.example  app        Web     -\n";
    assert_eq!(out, expected);
}

#[test]
fn profile_list_fits_the_terminal() {
    let text = profile("work", "client_type = \"MobileApp\"").replace("\"app\"", "\"telenor-mobile-app-staging1\"");
    let text = text.replace(ISSUER, "https://id.staging.telenor.example");
    let bench = Bench::with_config(&text);
    for (columns, client) in [(40, "    client   telenor-mobile-app-staging1"), (60, "…  "), (80, "…  ")] {
        bench.terminal.set_columns(columns);
        let out = bench.run(&["profile", "list", "--color", "never"]).exits(0).stdout;
        let is_issuer = |line: &&str| line.trim_start().starts_with("issuer ");
        assert!(out.contains(client), "{columns}: {out}");
        assert!(
            out.lines().filter(|line| !is_issuer(line)).all(|line| line.chars().count() <= columns.into()),
            "{out}"
        );
    }
}

#[test]
fn unknown_profile_is_refused_by_every_subcommand() {
    for (command, more) in [
        ("use", &[][..]),
        ("show", &[]),
        ("remove", &[]),
        ("secret", &[]),
        ("set", &["policy", "Web"]),
        ("unset", &["policy"]),
        ("rename", &["c"]),
    ] {
        let bench = Bench::with_config(&profile("a", ""));
        config_error(
            &bench,
            &[&["profile", command, "b\u{1b}"], more].concat(),
            r"there is no profile `b\u{1b}`; existing profiles: a",
        );
        assert_eq!(bench.files.text(CONFIG), profile("a", ""));
    }
}

#[test]
fn profile_with_a_session_cannot_be_removed() {
    let bench =
        Bench::with_config(&format!("default_profile = \"a\"\n{}", profile("a", "client_type = \"Confidential\"")));
    bench.terminal.type_line("s3cret");
    bench.run(&["profile", "secret", "a"]).exits(0);
    bench.log_in();
    bench.run(&["profile", "remove", "a"]).exits(2).says("`a` has a session");
    bench.run(&["logout", "--local"]).exits(0);
    let document = bench.run(&["profile", "remove", "a", "--json"]).exits(0).json();
    assert_eq!(document, json!({ "profile": "a", "removed": true, "was_default": true }));
    assert!(bench.stores.is_empty(), "the secret went with it");
    assert!(!bench.files.text(CONFIG).contains('a'), "the default too: {}", bench.files.text(CONFIG));
}

#[test]
fn removing_the_default_names_the_next_default() {
    let all = [profile("a", ""), profile("b", ""), profile("c", "")].concat();
    let bench = Bench::with_config(&format!("default_profile = \"a\"\n{all}"));
    for (name, words) in [
        ("a", "Removed the profile `a`, which was the default; choose another: tidp profile use b."),
        ("b", "Removed the profile `b`.\n"),
        ("c", "Removed the profile `c`.\n"),
    ] {
        bench.run(&["profile", "remove", name]).exits(0).says(words);
    }
    let two = [profile("a", ""), profile("b", "")].concat();
    let bench = Bench::with_config(&format!("default_profile = \"a\"\n{two}"));
    bench
        .run(&["profile", "remove", "a"])
        .exits(0)
        .says("which was the default; the default is now `b`, the only one left.");
    assert_eq!(show(&bench, &[])["profile"], "b");
    bench.run(&["profile", "use", "b"]).exits(0);
    bench.run(&["profile", "remove", "b"]).exits(0).says("which was the default; there is no other.");
}

#[test]
fn profile_name_is_escaped_on_the_terminal() {
    let text = "[profile.\"x\\u001b]0;pwn\\u0007\"]\nissuer = \"https://id.example\"\nclient_id = \"app\"\n";
    let name = "x\u{1b}]0;pwn\u{7}";
    for args in [
        &["profile", "secret", name][..],
        &["profile", "secret", name, "--remove"],
        &["profile", "list"],
        &["profile", "show", name],
        &["profile", "use", name],
        &["profile", "remove", name],
        &["token", "--profile", name],
        &["logout", "--profile", name],
        &["policy", "--profile", name],
    ] {
        let bench = Bench::with_config(text);
        bench.terminal.type_line("s3cret");
        let outcome = bench.run(args);
        let output = outcome.stdout + &outcome.stderr;
        assert!(
            output.contains(r"x\u{1b}]0;pwn\u{7}") || args[0] == "logout" || args.contains(&"--remove"),
            "{args:?}: {output}"
        );
        assert!(!output.contains(['\u{1b}', '\u{7}']), "{args:?}: {output:?}");
    }
}

#[test]
fn redirect_uri_is_shown_with_its_kind() {
    for (uri, redirect) in [
        ("http://127.0.0.1/x", "any_port"),
        ("http://127.0.0.1:8400/x", "fixed_port"),
        ("https://app.example/x", "paste"),
        ("app://x", "paste"),
    ] {
        let bench = Bench::with_config(&profile("work", &format!("redirect_uri = \"{uri}\"")));
        let document = show(&bench, &[]);
        assert_eq!((&document["redirect_uri"], &document["redirect"]), (&json!(uri), &json!(redirect)));
        let list = bench.run(&["profile", "list", "--json"]).exits(0).json();
        assert_eq!(list["profiles"][0]["session"], json!({ "state": "none", "expires_at": null }));
        assert_eq!(list["profiles"][0]["redirect_uri"], json!(uri));
        let text = bench.run(&["profile", "show"]).exits(0).stdout;
        assert!(text.contains(&format!("\nredirect           {redirect}\n")), "{text}");
    }
}
