//! Untrusted text: no parser panics, and no control or bidi character reaches a terminal.

use crate::support::Bench;
use crate::support::ports::parameter;
use crate::support::provider::json;
use crate::support::tokens::{ISSUER, SUB, TokenResponse, discovery, jwks, sign};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use proptest::prelude::*;
use serde_json::json;
use std::path::{Path, PathBuf};
use tidp::testing::config;
use tidp::testing::domain::secret::Secret;
use tidp::testing::domain::session::{EntryKey, Session};
use tidp::testing::domain::time::Seconds;
use tidp::testing::ports::Response;

/// One of each kind that must not reach a terminal.
const HOSTILE: &str = "\u{1b}]0;owned\u{7}\r\u{9b}2J\u{202e}\u{2066}\u{200b}\u{feff}\u{2028}\u{e0041}\u{7f}";

#[track_caller]
fn assert_harmless(place: &str, text: &str) {
    let found: Vec<char> =
        text.chars().filter(|c| *c != '\n' && (c.is_control() || HOSTILE[1..].contains(*c) && !c.is_ascii())).collect();
    assert!(found.is_empty(), "{place} holds {found:?}: {text}");
}

/// Runs the command with several output options and asserts that its output is harmless.
#[track_caller]
fn check_output(place: &str, scene: impl Fn() -> Bench, args: &[&str]) {
    for more in [&[][..], &["--json"], &["--verbose"], &["--color", "never", "--json", "--verbose"]] {
        let bench = scene();
        let outcome = bench.run_unchecked(&[args, more].concat());
        assert_harmless(&format!("{place} {args:?} stderr"), &outcome.stderr);
        assert_harmless(&format!("{place} {args:?} stdout"), &outcome.stdout);
    }
}

fn logged_in(response: TokenResponse) -> Bench {
    let bench = Bench::new("MobileApp");
    bench.log_in_with(response.refresh_token("rt-1")).exits(0);
    bench
}

#[test]
fn no_text_from_outside_reaches_a_terminal_raw() {
    let hostile = || format!("x{HOSTILE}");
    // Every member of the discovery document, and a member's name.
    for member in discovery().as_object().unwrap().keys() {
        for value in [json!(hostile()), json!(format!("{ISSUER}/{HOSTILE}")), json!([hostile()])] {
            let mut document = discovery();
            document[member] = value;
            document[&hostile()] = json!(1);
            let scene = || {
                let bench = Bench::new("MobileApp");
                bench.provider.responds("/.well-known/openid-configuration", json(200, &document));
                bench.callback.replies(|_| Vec::new());
                bench
            };
            check_output(member, scene, &["login", "--timeout", "1s"]);
        }
    }
    // Status, headers and body of a response.
    let body = json!({ "error": hostile(), "error_description": hostile(), "error_uri": hostile() });
    for status in [200, 302, 400, 401, 403, 404, 429, 500, 503] {
        for path in ["/connect/token", "/connect/userinfo", "/connect/revocation", "/api/logout", "/jwks"] {
            for body in [body.to_string(), hostile(), format!("{{\"{HOSTILE}\":1,\"{HOSTILE}\":2}}")] {
                let scene = || {
                    let bench = logged_in(TokenResponse::new());
                    for name in bench.files.0.lock().unwrap().iter_mut() {
                        name.1.clear();
                    }
                    bench.provider.expect_discovery();
                    let headers = ["retry-after", "location", "www-authenticate", "content-type", "date", "set-cookie"]
                        .map(|name| (name.to_owned(), format!("Bearer error=\"{HOSTILE}\", {HOSTILE}")));
                    let response = Response { status, headers: headers.into(), body: body.clone().into_bytes() };
                    for _ in 0..3 {
                        bench.provider.responds(path, response.clone());
                    }
                    bench
                };
                let args: &[&str] = match path {
                    "/connect/token" => &["refresh", "--force"],
                    "/connect/userinfo" => &["userinfo"],
                    "/jwks" => &["inspect"],
                    _ => &["logout"],
                };
                check_output(path, scene, args);
            }
        }
    }
    // Claims of the ID token in every command that shows them, and its `kid`.
    for name in ["preferred_username", "acr", "amr", "ial", "name", "iss", "aud", "azp", HOSTILE] {
        let response = || TokenResponse::new().id_claim(name, json!(hostile())).refresh_token("rt-1");
        let scene = || {
            let bench = Bench::new("MobileApp");
            bench.provider.expect_login(&bench.browser, bench.clock.time(), response());
            bench
        };
        check_output(name, scene, &["login", "--require-acr", "x"]);
        for args in
            [&["login"][..], &["inspect"], &["policy"], &["policy", "--why"], &["logout"], &["token", "--id-token"]]
        {
            let scene = || {
                let bench = scene();
                if args != ["login"] {
                    bench.run_unchecked(&["login"]);
                }
                bench
            };
            check_output(name, scene, args);
        }
    }
    let scene = || {
        let bench = logged_in(TokenResponse::new());
        bench.pass(Seconds(7_200));
        let response = TokenResponse::new().kid(&hostile()).member("scope", json!(hostile()));
        bench.provider.refreshes(bench.clock.time(), "rt-1", response);
        bench.provider.responds("/jwks", json(200, &jwks()));
        bench
    };
    check_output("kid", scene, &["refresh"]);
    let userinfo = json!({ "sub": SUB, "name": hostile(), HOSTILE: { "deep": [hostile()] } });
    let scene = || {
        let bench = logged_in(TokenResponse::new());
        bench.provider.responds("/connect/userinfo", json(200, &userinfo));
        bench
    };
    check_output("userinfo", scene, &["userinfo"]);
}

#[test]
fn no_decoded_token_reaches_a_terminal_raw() {
    let hostile = format!("x{HOSTILE}");
    let header = json!({ "alg": hostile, "typ": hostile, "kid": hostile, HOSTILE: HOSTILE, "jku": hostile });
    let claims =
        json!({ "iss": hostile, HOSTILE: [hostile, { HOSTILE: 1 }], "acr": hostile, "exp": 1, "nbf": hostile });
    let encrypted = format!("{}.a.b.c.d", B64.encode(json!({ "alg": "dir", "enc": hostile }).to_string()));
    for token in [
        sign(&header, &claims),
        encrypted,
        hostile.clone(),
        format!("{}.{}.", B64.encode(&hostile), B64.encode(&hostile)),
    ] {
        let scene = || {
            let bench = Bench::new("MobileApp");
            bench.terminal.type_line(&token);
            bench
        };
        check_output("decode", scene, &["decode"]);
        check_output("decode", || Bench::new("MobileApp"), &["decode", &token]);
    }
    for args in [
        &["token", "--profile", &hostile][..],
        &["token", "--min-ttl", &hostile],
        &["profile", "add", &hostile, "--issuer", ISSUER, "--client-id", "x"],
        &["profile", "add", "x", "--issuer", &hostile, "--client-id", "x"],
        &["profile", "add", "x", "--issuer", ISSUER, "--client-id", &hostile],
        &["profile", "show", &hostile],
        &["profile", "remove", &hostile],
        &["login", "--scope", &hostile],
        &["decode", "--jwks", &hostile, "a.b.c"],
        &["decode", "--leeway", &hostile, "a.b.c"],
        &["policy", "show", &hostile],
        &["exec", "--", &hostile],
        &[&hostile],
    ] {
        let config = "[profile.work]\nissuer = \"https://id.example\"\nclient_id = \"app\"\n";
        check_output("an argument", || Bench::with_config(config), args);
    }
    let quoted = json!(hostile).to_string().replace("\u{7f}", "\\u007f").replace("\\u001b", "\\u001B");
    for text in [
        format!("{HOSTILE} = 1"),
        format!("[profile.{quoted}]\nissuer = \"{ISSUER}\"\nclient_id = \"app\"\n"),
        format!("[profile.x]\n{quoted} = 1\n"),
        format!("[profile.x]\nissuer = {quoted}\nclient_id = {quoted}\n"),
        format!("default_profile = {quoted}\nstore = {quoted}\n"),
        format!("[profile.x]\nissuer = \"{ISSUER}\"\nclient_id = {quoted}\nclient_type = {quoted}\n"),
        format!("[profile.x]\nissuer = \"{ISSUER}\"\nclient_id = {quoted}\nscopes = [{quoted}]\n"),
        format!("[profile.x]\nissuer = \"{ISSUER}\"\nclient_id = {quoted}\nredirect_uri = {quoted}\n"),
    ] {
        for args in [
            &["token"][..],
            &["profile", "list"],
            &["profile", "show"],
            &["logout", "--all"],
            &["policy"],
            &["inspect"],
        ] {
            check_output(&text, || Bench::with_config(&text), args);
        }
    }
    let named = format!(
        "[profile.{quoted}]\nissuer = \"{ISSUER}\"\nclient_id = \"app\"\nclient_type = \"PublicWithRefresh\"\n"
    );
    for config in [
        named.replace("client_type", "policy").replace("PublicWithRefresh", "Web"),
        named.replace("client_type = \"PublicWithRefresh\"", ""),
        named,
    ] {
        for args in [
            &["policy"][..],
            &["policy", "--why"],
            &["policy", "--require", "99d"],
            &["inspect"],
            &["refresh"],
            &["profile", "show"],
            &["profile", "list"],
            &["profile", "use", &hostile],
            &["profile", "secret", &hostile],
            &["profile", "remove", &hostile],
            &["logout"],
            &["logout", "--all"],
        ] {
            for pass in [0, 3_700] {
                let scene = || {
                    let bench = Bench::with_config(&config);
                    bench.log_in();
                    bench.pass(Seconds(pass));
                    bench
                };
                check_output("a profile's name", scene, args);
            }
        }
        check_output("a profile's name", || Bench::with_config(&config), &["profile", "use", &hostile]);
        check_output("a profile's name", || Bench::with_config(&config), &["profile", "remove", &hostile]);
    }
    for variable in [
        "TIDP_ISSUER",
        "TIDP_CLIENT_ID",
        "TIDP_CLIENT_TYPE",
        "TIDP_STORE",
        "TIDP_PROFILE",
        "TIDP_CONFIG",
        "TIDP_CA_FILE",
        "TIDP_STORE_KEY_FILE",
    ] {
        for args in [&["token"][..], &["inspect"], &["policy"], &["profile", "show"]] {
            let scene = || {
                let bench = Bench::new("MobileApp").env(variable, &hostile);
                bench.files.put(&hostile, "[");
                if variable == "TIDP_STORE_KEY_FILE" { bench.env("TIDP_STORE", "file") } else { bench }
            };
            check_output(variable, scene, args);
        }
    }
}

// S109 to S115.
#[test]
fn decode_reads_anything_offline_and_trusts_nothing() {
    let bench = Bench::new("MobileApp");
    let decode = |text: &str| {
        bench.terminal.type_line(text);
        bench.run(&["decode", "--json"])
    };
    let rs256 = json!({ "alg": "RS256", "typ": "JWT", "jku": "http://169.254.169.254/keys" });
    let claims = json!({ "iss": "http://169.254.169.254/", "exp": 9_200_000_000_000_000_000_i64, "n": 1 });
    let decoded = decode(&sign(&rs256, &claims)).exits(0).json();
    assert_eq!(decoded["verified"], false);
    assert!(decoded["warnings"].to_string().contains("jku"), "{decoded}");
    let unsigned = format!("{}.{}.", B64.encode(r#"{"alg":"nOnE"}"#), B64.encode(r#"{"sub":"a"}"#));
    assert!(decode(&unsigned).exits(0).json()["warnings"].to_string().contains("not signed"));
    let digits =
        format!("{}.{}.", B64.encode(r#"{"alg":"none"}"#), B64.encode(r#"{"n":1000000000000000000000000000001}"#));
    assert!(decode(&digits).exits(0).stdout.contains("1000000000000000000000000000001"));
    let bomb = format!(
        "{}.a.b.c.d",
        B64.encode(r#"{"alg":"PBES2-HS256+A128KW","enc":"A128GCM","p2c":2147483648,"zip":"DEF"}"#)
    );
    let nested = format!("{}.{}.", B64.encode("[".repeat(100_000)), B64.encode(r#"{"a":"#.repeat(100_000)));
    for text in [".".repeat(1 << 20), "a".into(), "a.b".into(), "a.b.c.d".into(), "a.b.c.d.e.f".into(), bomb, nested] {
        bench.terminal.type_line(&text);
        bench.run(&["decode"]).exits(7);
    }
    bench.run(&["decode"]).exits(2);
    bench.run(&["decode", &unsigned]).exits(0).says("can be read by every process");
    assert!(bench.provider.paths().is_empty() && bench.stores.loads() == 0, "nobody is asked, whatever the token says");
    // Verification asks only the configured provider.
    bench.provider.expect_metadata();
    bench.terminal.type_line(&sign(
        &json!({ "alg": "RS256", "kid": "k1", "jku": "https://evil.example/k" }),
        &json!({ "iss": "https://evil.example", "exp": 9_000_000_000_i64 }),
    ));
    bench.run(&["decode", "--verify"]).exits(7);
    assert_eq!(bench.provider.paths(), ["/.well-known/openid-configuration", "/jwks"]);
}

/// The paths of the cached metadata.
fn cached(bench: &Bench) -> Vec<PathBuf> {
    let files = bench.files.0.lock().unwrap();
    files.keys().filter(|path| path.starts_with("/home/kari/cache")).cloned().collect()
}

// S94.
#[test]
fn altered_cached_document_is_fetched_again() {
    type Change = fn(&str) -> String;
    let changes: [Change; 4] = [
        |_| String::new(),
        |text| text[..text.len() / 2].to_owned(),
        |text| text.replace(ISSUER, "https://evil.example"),
        |text| text.replace("\\\"issuer\\\":", "\\\"issuer2\\\":").replace("\\\"keys\\\":", "\\\"keys2\\\":"),
    ];
    for change in changes {
        let bench = logged_in(TokenResponse::new());
        assert_eq!(cached(&bench).len(), 2);
        for path in cached(&bench) {
            let text = change(&bench.files.text(path.to_str().unwrap()));
            bench.files.put(path.to_str().unwrap(), &text);
        }
        bench.provider.expect_metadata();
        assert_eq!(bench.run(&["inspect", "--json"]).exits(0).json()["id_token"]["verified"], true);
    }
    let bench = logged_in(TokenResponse::new());
    bench.pass(Seconds(2 * 86_400));
    bench.provider.expect_metadata();
    bench.run(&["inspect"]).exits(0);
}

fn mutate(text: &str, changes: &[(usize, u8)]) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for (at, byte) in changes {
        let place = at % bytes.len();
        bytes[place] = *byte;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

const FILE: &str = "default_profile = \"x\"\nstore = \"file\"\n[profile.x]\nissuer = \"https://id.example\"\nclient_id = \"app\"\nclient_type = \"MobileApp\"\nrefresh_lifetime = \"90d\"\nsliding = true\nscopes = [\"openid\"]\nredirect_uri = \"http://127.0.0.1:80/cb\"\nrenew = \"when-due\"\nca_file = \"a\"\n";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_configuration_makes_the_reader_panic(text in "\\PC*", changes in prop::collection::vec(any::<(usize, u8)>(), 1..4)) {
        for text in [text, mutate(FILE, &changes)] {
            if let Ok(read) = config::parse(&text, Path::new("config.toml")) {
                let _ = config::profile(None, &Default::default(), &read, None);
                let _ = config::store(&Default::default(), &read);
            }
        }
    }

    #[test]
    fn no_stored_document_makes_a_command_panic(text in "\\PC*", changes in prop::collection::vec(any::<(usize, u8)>(), 1..4)) {
        let bench = logged_in(TokenResponse::new());
        let entry = EntryKey::Session(bench.key()).name();
        let whole = bench.stores.raw(&entry).unwrap();
        for document in [text, mutate(&whole, &changes)] {
            let _ = Session::from_json(&Secret::new(document.as_str()), &bench.key());
            bench.stores.put(&entry, &document);
            for args in [&["inspect"][..], &["policy", "--why"], &["token", "--no-refresh"]] {
                let outcome = bench.run_unchecked(args);
                prop_assert!([0, 3, 6].contains(&outcome.code), "{outcome:?}");
            }
        }
    }

    #[test]
    fn no_cached_document_makes_a_command_panic(text in "\\PC*", changes in prop::collection::vec(any::<(usize, u8)>(), 1..4)) {
        let bench = logged_in(TokenResponse::new());
        for path in cached(&bench) {
            let path = path.to_str().unwrap();
            let whole = bench.files.text(path);
            for document in [text.clone(), mutate(&whole, &changes)] {
                bench.files.put(path, &document);
                bench.run_unchecked(&["inspect"]).exits(0);
            }
        }
    }

    #[test]
    fn no_callback_makes_a_login_panic(query in "\\PC*", changes in prop::collection::vec(any::<(usize, u8)>(), 1..4)) {
        let bench = Bench::new("MobileApp");
        bench.provider.expect_metadata();
        bench.callback.replies(move |url| {
            let ours = format!("code=x&state={}&iss={ISSUER}", parameter(url, "state"));
            vec![query, mutate(&ours, &changes)]
        });
        let outcome = bench.run_unchecked(&["login", "--timeout", "1s"]);
        prop_assert!(outcome.code != 0, "{outcome:?}");
    }
}
