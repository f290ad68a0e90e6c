use crate::support::tokens::{Answer, ISSUER};
use crate::support::{Bench, CONFIG, Outcome};
use serde_json::{Value, json};
use tidp::testing::domain::policy::{ClientType, POLICIES};
use tidp::testing::domain::session::EntryKey;
use tidp::testing::ports::StoreFailureKind;

/// A profile's table.
fn profile(name: &str, more: &str) -> String {
    format!("[profile.{name}]\nissuer = \"{ISSUER}\"\nclient_id = \"app\"\n{more}\n")
}

#[track_caller]
fn shown(bench: &Bench, args: &[&str]) -> Value {
    bench.run(&[&["profile", "show", "--json"], args].concat()).exits(0).json()
}

/// Something is wrong with the configuration, and nothing was asked of anybody.
#[track_caller]
fn is_wrong(bench: &Bench, args: &[&str], words: &str) -> Outcome {
    let outcome = bench.run(args).exits(2).says(words);
    assert!(bench.provider.paths().is_empty());
    outcome
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
        .says("tidp profile secret shop-2.b_C")
        .says("Next: tidp login --profile shop-2.b_C")
        .json();
    let expected = json!({
        "profile": "shop-2.b_C", "config": CONFIG, "issuer": "https://id-test.telenor.no", "client_id": "id", "client_type": "Confidential",
        "policy": "Web", "sliding": true, "lifetime": 600, "renew": "when-due", "scopes": ["openid", "email", "api:x"],
        "redirect_uri": "http://localhost:8400/cb", "auth_method": "client_secret_post", "ca_file": null,
        "redirect": "fixed_port", "endpoint_hosts": [],
    });
    assert_eq!(document, expected);
    assert_eq!(shown(&bench, &["shop-2.b_C"]), expected);
}

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
        (shown(&bench, &["a"])["policy"].clone(), shown(&bench, &["A"])["policy"].clone()),
        (json!(null), json!("Web"))
    );
}

#[test]
fn invalid_add_option_is_not_written() {
    for (option, value, words) in [
        ("--client-type", "Mobile", "values: Public, PublicWithRefresh, Confidential, MobileApp]"),
        ("--policy", "Weekly", "values: NoRefresh, Confidential, Mobile, PublicWeb, Web]"),
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
        is_wrong(&bench, &args, words);
        assert_eq!(bench.files.text(CONFIG), "");
    }
    let bench = Bench::with_config(&profile("a", ""));
    let again = ["profile", "add", "a", "--issuer", ISSUER, "--client-id", "other"];
    is_wrong(&bench, &again, "profile `a` already exists");
    assert_eq!(bench.files.text(CONFIG), profile("a", ""));
}

#[test]
fn listed_types_and_policies_are_accepted_in_any_case() {
    let bench = Bench::with_env(&[]);
    let help = |args: &[&str]| {
        let wrapped = bench.run(&[args, &["--help"]].concat()).exits(0).stdout;
        wrapped.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let policies = POLICIES.map(|policy| policy.name.as_str());
    let listed = |names: &[&str]| format!("[possible values: {}]", names.join(", "));
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
    let document = shown(&bench, &[]);
    assert_eq!((&document["client_type"], &document["policy"]), (&json!("MobileApp"), &json!("Web")));
}

#[test]
fn invalid_value_in_the_file_is_named_with_its_profile() {
    for (line, words) in [
        ("client_type = \"Desktop\"", "client_type `Desktop`"),
        ("policy = \"Mobil\\u001b\"", r"policy `Mobil\u{1b}`"),
        ("refresh_lifetime = \"1h\"", "needs client_type or policy"),
        ("policy = \"Web\"\nrefresh_lifetime = \"a while\"", "refresh_lifetime"),
        ("policy = \"Web\"\nabsolute_lifetime = \"-1h\"", "absolute_lifetime"),
        ("policy = \"Web\"\nrefresh_lifetime = \"0s\"", "refresh_lifetime: `0s` is no time at all"),
        ("policy = \"Web\"\nabsolute_lifetime = \"0d\"", "absolute_lifetime: `0d` is no time at all"),
        ("sliding = \"yes\"", "expected a boolean in `sliding`"),
        ("scopes = \"openid\"", "in `scopes`"),
        ("scopes = [\"openid\", \"a b\"]", "invalid scope `a b`"),
        ("renew = \"always\"", "renew `always`"),
        ("auth_method = \"private_key_jwt\"", "auth_method `private_key_jwt`"),
        ("environment = \"staging\"", "issuer and environment"),
        ("client_secret = \"s3cret\"", "client_secret"),
        ("redirect_uri = \"http://127.0.0.1/c\\u007fb\"", "redirect_uri `http://127.0.0.1/c\\u{7f}b` has a"),
        ("login_hint = \"a\\nb\"", "login_hint `a\\u{a}b` contains a control character"),
        ("client_typ = \"MobileApp\"", "client_typ"),
    ] {
        let bench = Bench::with_config(&profile("work", line));
        is_wrong(&bench, &["login"], "profile `work`")
            .says("config.toml")
            .says(words)
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
        ("default_profile = \"a\"\nprofiles = 1\n", "config.toml, line 2: unknown field `profiles`"),
        ("\n\nstore = [\n", "config.toml, line"),
        ("store = \"cloud\"\n[profile.a]\nissuer = \"https://id.example\"\nclient_id = \"app\"\n", "store `cloud`"),
        (
            "default_profile = \"b\"\n[profile.a]\nissuer = \"https://id.example\"\nclient_id = \"app\"\n",
            "no profile `b`",
        ),
    ] {
        is_wrong(&Bench::with_config(text), &["token"], words);
    }
}

#[test]
fn list_shows_every_profile_and_the_default() {
    let text = profile("a", "client_type = \"MobileApp\"") + &profile("b", "policy = \"x\"");
    let bench = Bench::with_config(&format!("default_profile = \"a\"\n{text}"));
    let out = bench.run(&["profile", "list"]).exits(0).stdout;
    let lines: Vec<_> = out.lines().collect();
    assert_eq!(lines[0], "* a  https://id.example  app  Mobile");
    assert!(
        lines[1].starts_with(&format!("  b  profile `b` in {CONFIG}: unknown policy `x`; expected one of")),
        "{}",
        lines[1]
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
    let expected = "  b          https://id.example        en-lang-ø  Mobile\n  \
                      long-name  https://other.id.example  app        Web\n";
    assert_eq!(out, expected);
}

#[test]
fn unknown_profile_is_refused_by_every_subcommand() {
    for command in ["use", "show", "remove", "secret"] {
        let bench = Bench::with_config(&profile("a", ""));
        is_wrong(&bench, &["profile", command, "b\u{1b}"], r"there is no profile `b\u{1b}`; existing profiles: a");
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
    bench.run(&["profile", "remove", "a"]).exits(0).says("which was the default; `b`, the only one left, is now.");
    assert_eq!(shown(&bench, &[])["profile"], "b");
    bench.run(&["profile", "use", "b"]).exits(0);
    bench.run(&["profile", "remove", "b"]).exits(0).says("which was the default; there is no other.");
}

#[test]
fn too_large_configuration_is_not_written() {
    let text = profile("a", "");
    let room = (1 << 20) - text.len() - "#\n".len();
    let full = |fill: usize| format!("#{}\n{text}", "x".repeat(fill));
    let add = ["profile", "add", "b", "--issuer", ISSUER, "--client-id", "x"];
    let bench = Bench::with_config(&full(room));
    is_wrong(&bench, &add, "config.toml would become larger than 1 MiB").says("hint: tidp profile remove NAME");
    assert_eq!(bench.files.text(CONFIG), full(room));
    bench.run(&["profile", "remove", "a"]).exits(0);
    let bench = Bench::with_config(&full(room - 200));
    bench.run(&add).exits(0);
    bench.run(&["profile", "show", "b"]).exits(0);
}

#[test]
fn invalid_variable_is_not_blamed_on_the_file() {
    for (variable, value, words) in [
        ("TIDP_REFRESH_LIFETIME", "0s", "TIDP_REFRESH_LIFETIME: refresh_lifetime: `0s` is no time at all"),
        ("TIDP_ABSOLUTE_LIFETIME", "0", "TIDP_ABSOLUTE_LIFETIME: absolute_lifetime: `0` is no time at all"),
        ("TIDP_CLIENT_TYPE", "Desktop", "TIDP_CLIENT_TYPE: unknown client_type `Desktop`; expected one of"),
        ("TIDP_POLICY", "Weekly", "TIDP_POLICY: unknown policy `Weekly`; expected one of"),
        ("TIDP_SCOPES", "profile", "TIDP_SCOPES: the scopes must include `openid`"),
        ("TIDP_RENEW", "always", "TIDP_RENEW: unknown renew `always`"),
        ("TIDP_AUTH_METHOD", "none", "TIDP_AUTH_METHOD: unknown auth_method `none`"),
    ] {
        let bench = Bench::with_config(&profile("work", "client_type = \"MobileApp\"")).env(variable, value);
        is_wrong(&bench, &["login"], words).leaves_out("config.toml");
    }
    let bench = Bench::with_config(&profile("work", "")).env("TIDP_REFRESH_LIFETIME", "1h");
    is_wrong(&bench, &["login"], "TIDP_REFRESH_LIFETIME: refresh_lifetime needs client_type or policy");
}

#[test]
fn client_secret_is_kept_only_in_the_store() {
    let bench = Bench::with_config(&profile("a", "client_type = \"Confidential\""));
    bench.run(&["login"]).exits(2).says("hint: tidp profile secret a");
    bench.terminal.type_line("s3cret");
    let outcome = bench.run(&["profile", "secret", "a", "--json"]).exits(0).leaves_out("s3cret");
    assert_eq!(outcome.json(), json!({ "profile": "a", "client_secret": true }));
    assert_eq!(bench.stores.raw(&EntryKey::ClientSecret(bench.key_of("a")).name()).as_deref(), Some("s3cret"));
    assert_eq!(bench.files.text(CONFIG), profile("a", "client_type = \"Confidential\""));
    bench.log_in_with(Answer::new()).exits(0);
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
fn byte_order_mark_is_dropped_from_file_and_secret() {
    let mark = "\u{feff}";
    let confidential = profile("a", "client_type = \"Confidential\"");
    for variable in [true, false] {
        let mut bench = Bench::with_config(&format!("{mark}{confidential}"));
        if variable {
            bench = bench.env("TIDP_CLIENT_SECRET", &format!("{mark}s3cret"));
        } else {
            // As an older tidp has stored it.
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
        is_wrong(&bench, args, "config.toml: it is UTF-16, as PowerShell's `>` writes it");
    }
}

#[test]
fn configuration_from_a_pipe_is_never_written() {
    let pipe = "/dev/fd/63";
    let bench = Bench::with_env(&[("TIDP_CONFIG", pipe)]);
    bench.files.put(pipe, &profile("a", "ca_file = \"corp.pem\""));
    bench.files.are_pipes();
    assert_eq!(shown(&bench, &[])["ca_file"], "corp.pem", "beside no file");
    for args in [&["add", "c", "--issuer", ISSUER, "--client-id", "x"][..], &["use", "a"], &["remove", "a"]] {
        let outcome = is_wrong(&bench, &[&["profile"], args].concat(), "is a pipe (/dev/fd/63)");
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
    is_wrong(&bench, &add, "profile `sibling` already exists");
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
        let told = outcome.stdout + &outcome.stderr;
        assert!(
            told.contains(r"x\u{1b}]0;pwn\u{7}") || args[0] == "logout" || args.contains(&"--remove"),
            "{args:?}: {told}"
        );
        assert!(!told.contains(['\u{1b}', '\u{7}']), "{args:?}: {told:?}");
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
    bench.run(&["profile", "secret"]).exits(2).says("NAME").leaves_out("never an argument");
}

#[test]
fn tidp_config_selects_another_file() {
    let bench = Bench::with_env(&[("TIDP_CONFIG", "/etc/tidp.toml")]);
    bench.run(&["profile", "add", "a", "--issuer", ISSUER, "--client-id", "app"]).exits(0);
    assert!(bench.files.text("/etc/tidp.toml").contains("[profile.a]"));
    assert_eq!(bench.files.text(CONFIG), "");
    bench.files.put("/etc/tidp.toml", &profile("b", "ca_file = \"corp.pem\""));
    assert_eq!(shown(&bench, &[])["ca_file"], "/etc/corp.pem", "beside the file");
}

#[test]
fn named_default_or_only_profile_is_used() {
    let both = profile("a", "") + &profile("b", "");
    is_wrong(&Bench::with_config(&both), &["token"], "several profiles and no default").says("a, b");
    is_wrong(&Bench::with_env(&[]), &["token"], "no profile is configured").says("hint: tidp profile add");
    let default_is_a = format!("default_profile = \"a\"\n{both}");
    for (text, variable, args, name) in [
        (profile("only", ""), None, &[][..], "only"),
        (default_is_a.clone(), None, &[], "a"),
        (default_is_a.clone(), Some("b"), &[], "b"),
        (default_is_a, Some("a"), &["--profile", "b"], "b"),
    ] {
        let bench = Bench::with_config(&text);
        let bench = if let Some(name) = variable { bench.env("TIDP_PROFILE", name) } else { bench };
        assert_eq!(shown(&bench, args)["profile"], name);
    }
}

#[test]
fn issuer_and_client_id_come_from_one_source() {
    let work = || Bench::with_config(&profile("work", "client_type = \"MobileApp\""));
    is_wrong(&work().env("TIDP_ISSUER", ISSUER), &["token"], "TIDP_ISSUER is set without TIDP_CLIENT_ID");
    is_wrong(&work().env("TIDP_CLIENT_ID", "app"), &["token"], "TIDP_CLIENT_ID is set without TIDP_ISSUER");
    let both = |issuer, client| work().env("TIDP_ISSUER", issuer).env("TIDP_CLIENT_ID", client);
    let ours = ["token", "--profile", "work"];
    is_wrong(&both(ISSUER, "other"), &ours, "name another client than profile `work`");
    is_wrong(&both("https://evil.example", "app"), &ours, "name another client than profile `work`");
    is_wrong(&both(ISSUER, "app").env("TIDP_ENVIRONMENT", "staging"), &["token"], "TIDP_ENVIRONMENT");
    assert_eq!(shown(&both(ISSUER, "app"), &["--profile", "work"])["profile"], "work");
    let document = shown(&both("https://ID.example:443/", "other"), &[]);
    assert_eq!((&document["profile"], &document["client_type"]), (&json!("other@https://id.example"), &json!(null)));
    let (url, name) = ("https://id-test.telenor.no", "staging");
    for (key, value, variable, same) in
        [("issuer", url, "TIDP_ENVIRONMENT", name), ("environment", name, "TIDP_ISSUER", url)]
    {
        let bench = Bench::with_config(&format!("[profile.work]\n{key} = \"{value}\"\nclient_id = \"app\"\n"));
        let bench = bench.env(variable, same).env("TIDP_CLIENT_ID", "app");
        assert_eq!(shown(&bench, &["--profile", "work"])["profile"], "work", "two names of one issuer");
    }
    is_wrong(&both(ISSUER, "app").env("TIDP_PROFILE", "gone"), &["token"], "there is no profile `gone`");
}

#[test]
fn variables_override_single_keys_of_the_file() {
    let bench = Bench::with_config(&profile(
        "work",
        "client_type = \"MobileApp\"\nscopes = [\"openid\"]\nrenew = \"when-due\"\nredirect_uri = \"http://127.0.0.1/x\"",
    ));
    let bench = bench
        .env("TIDP_CLIENT_TYPE", "PublicWithRefresh")
        .env("TIDP_SCOPES", "openid  email")
        .env("TIDP_RENEW", "before-session-ends")
        .env("TIDP_REFRESH_LIFETIME", "20m")
        .env("TIDP_SLIDING", "false")
        .env("TIDP_ENDPOINT_HOSTS", "a.example b.example");
    let document = shown(&bench, &[]);
    for (key, value) in [
        ("client_type", json!("PublicWithRefresh")),
        ("policy", json!("PublicWeb")),
        ("scopes", json!(["openid", "email"])),
        ("renew", json!("before-session-ends")),
        ("lifetime", json!(1_200)),
        ("sliding", json!(false)),
        ("endpoint_hosts", json!(["a.example", "b.example"])),
        ("redirect_uri", json!("http://127.0.0.1/x")),
    ] {
        assert_eq!(document[key], value, "{key}");
    }
    is_wrong(&bench.env("TIDP_SLIDING", "maybe"), &["token"], "TIDP_SLIDING: `maybe` is not true or false");
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
        let document = shown(&bench, &[]);
        assert_eq!((&document["redirect_uri"], &document["redirect"]), (&json!(uri), &json!(redirect)));
        let list = bench.run(&["profile", "list", "--json"]).exits(0).json();
        assert_eq!(list["profiles"][0]["redirect_uri"], json!(uri));
        let text = bench.run(&["profile", "show"]).exits(0).stdout;
        assert!(text.contains(&format!("\nredirect           {redirect}\n")), "{text}");
    }
}

#[test]
fn missing_tidp_config_file_is_an_error() {
    let bench = Bench::with_env(&[("TIDP_CONFIG", "/home/kari/mistyped.toml")]);
    bench.run(&["token"]).exits(2).says("/home/kari/mistyped.toml");
    let add = ["profile", "add", "a", "--environment", "staging", "--client-id", "x"];
    bench.run(&add).exits(0);
    bench.run(&["token"]).exits(3);
}

#[test]
fn password_in_the_issuer_is_not_repeated() {
    let bench = Bench::with_env(&[("TIDP_ISSUER", "https://u:hunter2@id.example"), ("TIDP_CLIENT_ID", "x")]);
    bench.run(&["token"]).exits(2).says("user name").leaves_out("hunter2");
}
