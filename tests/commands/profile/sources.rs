//! Which profile is used, and what overrides its keys.

use super::{config_error, profile, show};
use crate::support::tokens::ISSUER;
use crate::support::{Bench, config_path};
use serde_json::json;

#[test]
fn invalid_variable_is_not_blamed_on_the_file() {
    for (variable, value, words) in [
        ("TIDP_REFRESH_LIFETIME", "0s", "TIDP_REFRESH_LIFETIME: refresh_lifetime: `0s` must be longer than zero"),
        ("TIDP_ABSOLUTE_LIFETIME", "0", "TIDP_ABSOLUTE_LIFETIME: absolute_lifetime: `0` must be longer than zero"),
        ("TIDP_CLIENT_TYPE", "Desktop", "TIDP_CLIENT_TYPE: unknown client_type `Desktop`; expected one of"),
        ("TIDP_POLICY", "Weekly", "TIDP_POLICY: unknown policy `Weekly`; expected one of"),
        ("TIDP_SCOPES", "profile", "TIDP_SCOPES: the scopes must include `openid`"),
        ("TIDP_RENEW", "always", "TIDP_RENEW: unknown renew `always`"),
        ("TIDP_AUTH_METHOD", "none", "TIDP_AUTH_METHOD: unknown auth_method `none`"),
    ] {
        let bench = Bench::with_config(&profile("work", "client_type = \"MobileApp\"")).env(variable, value);
        config_error(&bench, &["login"], words).leaves_out("config.toml");
    }
    let bench = Bench::with_config(&profile("work", "")).env("TIDP_REFRESH_LIFETIME", "1h");
    config_error(&bench, &["login"], "TIDP_REFRESH_LIFETIME: refresh_lifetime needs client_type or policy");
}

#[test]
fn named_default_or_only_profile_is_used() {
    let both = profile("a", "") + &profile("b", "");
    config_error(&Bench::with_config(&both), &["token"], "no default profile").says("a, b");
    config_error(&Bench::with_env(&[]), &["token"], "no profile is configured").says("hint: tidp profile add");
    let default_is_a = format!("default_profile = \"a\"\n{both}");
    for (text, variable, args, name) in [
        (profile("only", ""), None, &[][..], "only"),
        (default_is_a.clone(), None, &[], "a"),
        (default_is_a.clone(), Some("b"), &[], "b"),
        (default_is_a, Some("a"), &["--profile", "b"], "b"),
    ] {
        let bench = Bench::with_config(&text);
        let bench = if let Some(name) = variable { bench.env("TIDP_PROFILE", name) } else { bench };
        assert_eq!(show(&bench, args)["profile"], name);
    }
}

#[test]
fn issuer_and_client_id_come_from_one_source() {
    let work = || Bench::with_config(&profile("work", "client_type = \"MobileApp\""));
    config_error(&work().env("TIDP_ISSUER", ISSUER), &["token"], "TIDP_ISSUER is set without TIDP_CLIENT_ID");
    config_error(&work().env("TIDP_CLIENT_ID", "app"), &["token"], "TIDP_CLIENT_ID is set without TIDP_ISSUER");
    let both = |issuer, client| work().env("TIDP_ISSUER", issuer).env("TIDP_CLIENT_ID", client);
    let ours = ["token", "--profile", "work"];
    config_error(&both(ISSUER, "other"), &ours, "name another client than profile `work`");
    config_error(&both("https://evil.example", "app"), &ours, "name another client than profile `work`");
    config_error(&both(ISSUER, "app").env("TIDP_ENVIRONMENT", "staging"), &["token"], "TIDP_ENVIRONMENT");
    assert_eq!(show(&both(ISSUER, "app"), &["--profile", "work"])["profile"], "work");
    let document = show(&both("https://ID.example:443/", "other"), &[]);
    assert_eq!((&document["profile"], &document["client_type"]), (&json!("other@https://id.example"), &json!(null)));
    let (url, name) = ("https://id-test.telenor.no", "staging");
    for (key, value, variable, same) in
        [("issuer", url, "TIDP_ENVIRONMENT", name), ("environment", name, "TIDP_ISSUER", url)]
    {
        let bench = Bench::with_config(&format!("[profile.work]\n{key} = \"{value}\"\nclient_id = \"app\"\n"));
        let bench = bench.env(variable, same).env("TIDP_CLIENT_ID", "app");
        assert_eq!(show(&bench, &["--profile", "work"])["profile"], "work", "two names of one issuer");
    }
    config_error(&both(ISSUER, "app").env("TIDP_PROFILE", "gone"), &["token"], "there is no profile `gone`");
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
    let document = show(&bench, &[]);
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
    config_error(&bench.env("TIDP_SLIDING", "maybe"), &["token"], "TIDP_SLIDING: `maybe` is not true or false");
}

#[test]
fn show_says_where_each_value_comes_from() {
    let text = profile("work", "client_type = \"MobileApp\"\nscopes = [\"openid\"]");
    let bench = Bench::with_config(&text).env("TIDP_SCOPES", "openid email");
    let shown = bench.run(&["profile", "show"]).exits(0).stdout;
    let expected = [
        &format!("config             {}", config_path()),
        "profile            work",
        "client_id          app  (line 3)",
        "client_type        MobileApp  (line 4)",
        "issuer             https://id.example  (line 2)",
        "lifetime           90 days",
        "policy             Mobile",
        "redirect           any_port",
        "redirect_uri       http://127.0.0.1/callback",
        "renew              when-due",
        "scopes             openid email  (TIDP_SCOPES)",
        "sliding            true",
    ];
    assert_eq!(shown.lines().collect::<Vec<_>>(), expected);
    let sources = show(&bench, &[])["sources"].clone();
    assert_eq!(sources["client_id"], json!({ "source": "file", "line": 3 }));
    assert_eq!(sources["scopes"], json!({ "source": "variable", "variable": "TIDP_SCOPES" }));
    assert_eq!(show(&bench, &["work"])["sources"]["scopes"], json!({ "source": "file", "line": 5 }), "as in the file");
}

#[test]
fn password_in_the_issuer_is_not_repeated() {
    let bench = Bench::with_env(&[("TIDP_ISSUER", "https://u:hunter2@id.example"), ("TIDP_CLIENT_ID", "x")]);
    bench.run(&["token"]).exits(2).says("user name").leaves_out("hunter2");
}

#[test]
fn key_of_the_file_store_comes_from_a_variable_a_file_or_a_command() {
    let text = format!("store = \"file\"\nstore_key_command = [\"pass\", \"tidp\"]\n{}", profile("work", ""));
    let bench = Bench::with_config(&text);
    config_error(&bench, &["token"], "store_key_command: no such command");
    bench.programs.outputs.lock().unwrap().insert("pass tidp".into(), "from-a-command\n".into());
    bench.run(&["token"]).exits(3);
    assert_eq!(bench.stores.key().as_deref(), Some("from-a-command"));
    let bench = bench.env("TIDP_STORE_KEY_FILE", "/the/key");
    config_error(&bench, &["token"], "TIDP_STORE_KEY_FILE /the/key: no such file");
    bench.files.put("/the/key", " from-a-file\n");
    bench.run(&["token"]).exits(3);
    assert_eq!(bench.stores.key().as_deref(), Some("from-a-file"));
    let bench = bench.env("TIDP_STORE_KEY", "from-a-variable");
    bench.run(&["token"]).exits(3);
    assert_eq!(bench.stores.key().as_deref(), Some("from-a-variable"));
}
