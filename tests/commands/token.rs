use crate::support::provider::json;
use crate::support::tokens::{TokenResponse, discovery, jwks};
use crate::support::{Bench, START};
use serde_json::{Value, json};
use tidp::testing::domain::time::Seconds;
use tidp::testing::ports::{HttpFailureKind, StoreFailureKind};

#[test]
fn token_without_session_requires_login() {
    let bench = Bench::new("MobileApp");
    let outcome = bench.run(&["token", "--json"]).exits(3);
    assert_eq!(outcome.error()["kind"], "login_required");
    assert_eq!(outcome.error()["hint"], "tidp login");
}

#[test]
fn valid_token_is_printed_without_requests() {
    let bench = Bench::new("MobileApp");
    bench.log_in();
    bench.cache.clear();
    bench.pass(Seconds(3_569));
    let token = bench.run(&["token"]).exits(0).stdout;
    assert_eq!(token.trim_end(), bench.session().unwrap().access_token.value.expose());
}

#[test]
fn cached_token_is_printed_without_the_store() {
    let bench = Bench::new("MobileApp");
    bench.log_in();
    let loads = bench.stores.loads();
    bench.run(&["token"]).exits(0);
    assert_eq!(bench.stores.loads(), loads);
    assert!(bench.cache.documents().iter().all(|document| !document.contains("rt-1")), "no refresh token in the cache");
}

#[test]
fn stored_token_is_cached_for_next_run() {
    let bench = Bench::new("MobileApp");
    bench.log_in();
    bench.cache.clear();
    bench.run(&["token"]).exits(0);
    let loads = bench.stores.loads();
    bench.run(&["token"]).exits(0);
    assert_eq!(bench.stores.loads(), loads);
}

#[test]
fn cache_can_be_disabled() {
    let bench = Bench::new("MobileApp").env("TIDP_ACCESS_TOKEN_CACHE", "off");
    bench.log_in();
    bench.run(&["token"]).exits(0);
    assert!(bench.cache.documents().is_empty());
    let bench = Bench::new("MobileApp");
    bench.log_in();
    assert!(!bench.cache.documents().is_empty());
    let bench = bench.env("TIDP_ACCESS_TOKEN_CACHE", "off");
    log_in_again(&bench);
    assert!(bench.cache.documents().is_empty(), "the login before is not served once it is switched on again");
    bench.env("TIDP_ACCESS_TOKEN_CACHE", "0").run(&["token"]).exits(2).says("not on or off");
}

#[test]
fn token_that_expired_during_refresh_is_not_printed() {
    for by in [Seconds::hours(8), Seconds::hours(-8)] {
        let bench = Bench::new("MobileApp");
        bench.log_in();
        bench.pass(Seconds(3_600));
        let (clock, now) = (std::sync::Arc::clone(&bench.clock), bench.clock.time());
        bench.provider.expect("/connect/token", move |_| {
            clock.suspend(by);
            Ok(TokenResponse::new().refresh_token("rt-2").response(now, None))
        });
        let outcome = bench.run(&["token"]);
        assert_eq!(bench.session().unwrap().held_token().unwrap().value.expose(), "rt-2", "by {by:?}");
        if by > Seconds::ZERO {
            assert_eq!(outcome.exits(5).says("has already expired").stdout, "");
            bench.provider.refreshes(bench.clock.time(), "rt-2", TokenResponse::new().refresh_token("rt-3"));
            bench.run(&["token"]).exits(0);
        } else {
            outcome.exits(0);
        }
    }
}

fn log_in_again(bench: &Bench) {
    bench.provider.expect_discovery();
    bench.provider.grants(&bench.browser, bench.clock.time(), TokenResponse::new().refresh_token("rt-9"));
    bench.run(&["login"]).exits(0);
}

#[test]
fn token_cached_from_another_store_is_not_served() {
    let bench = Bench::new("MobileApp");
    bench.log_in();
    bench.stores.open_with("another");
    let entry = tidp::testing::domain::session::EntryKey::Session(bench.key()).name();
    bench.stores.take(&entry);
    bench.run(&["token"]).exits(3).says("no session");
    log_in_again(&bench);
    bench.run(&["logout", "--local"]).exits(0);
    bench.stores.open_with("");
    bench.run(&["token"]).exits(3);
}

#[test]
fn token_cached_for_another_client_is_not_served() {
    let bench = Bench::new("MobileApp");
    bench.log_in();
    bench.env("TIDP_CLIENT_ID", "another").run(&["token"]).exits(3).says("no session");
}

#[test]
fn expired_token_is_refreshed_once() {
    let bench = Bench::new("MobileApp");
    bench.log_in();
    bench.pass(Seconds(3_571));
    bench.provider.refreshes(bench.clock.time(), "rt-1", TokenResponse::new().refresh_token("rt-2").jti("second"));
    let token = bench.run(&["token"]).exits(0).stdout;
    assert_eq!(token.trim_end(), TokenResponse::new().jti("second").access_token(bench.clock.time()));
    assert_eq!(bench.session().unwrap().held_token().unwrap().value.expose(), "rt-2");
    assert!(bench.session().unwrap().refresh_started_at.is_none());
}

#[test]
fn token_formats_match_their_readers() {
    let bench = Bench::new("MobileApp").env("MSYSTEM", "MINGW64"); // a POSIX shell, on Windows too
    bench.log_in();
    let token = bench.run(&["token"]).exits(0).stdout.trim_end().to_owned();
    for (format, expected) in [
        ("raw", format!("{token}\n")),
        ("header", format!("Authorization: Bearer {token}\n")),
        ("header-json", format!("{{\"Authorization\":\"Bearer {token}\"}}\n")),
        ("curl", format!("header = \"Authorization: Bearer {token}\"\n")),
        ("env", format!("export TIDP_ACCESS_TOKEN='{token}'\n")),
    ] {
        assert_eq!(bench.run(&["token", "--format", format]).exits(0).stdout, expected);
    }
    let json = bench.run(&["token", "--json"]).exits(0).json();
    assert_eq!(json["access_token"], token);
    assert_eq!(json["token_type"], "Bearer");
    assert_eq!(json["expires_at"], "2026-01-31T13:00:00Z");
    assert_eq!(json["expires_in"], 3_600);
    assert_eq!(json["scope"], "openid profile offline_access");
    let credential = bench.run(&["token", "--format", "exec-credential"]).exits(0).json();
    assert_eq!(credential["kind"], "ExecCredential");
    assert_eq!(credential["status"]["token"], token);
    assert_eq!(credential["status"]["expirationTimestamp"], "2026-01-31T13:00:00Z");
}

#[test]
fn exec_credential_uses_version_kubectl_requests() {
    let info = |version: &str| {
        format!(r#"{{"apiVersion":"{version}","kind":"ExecCredential","spec":{{"interactive":false}}}}"#)
    };
    let (v1, v1beta1) = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1");
    let args = ["token", "--format", "exec-credential"];
    for (exec_info, version) in [(String::new(), v1), (info(v1), v1), (info(v1beta1), v1beta1)] {
        let bench = Bench::new("MobileApp").env("KUBERNETES_EXEC_INFO", &exec_info);
        bench.log_in();
        let credential = bench.run(&args).exits(0).json();
        assert_eq!((&credential["apiVersion"], &credential["kind"]), (&json!(version), &json!("ExecCredential")));
    }
    for (exec_info, words) in [
        (info("client.authentication.k8s.io/v2"), "`client.authentication.k8s.io/v2`"),
        (info("client.authentication.k8s.io/v1alpha1"), "v1alpha1"),
        (info(r"\u001b[31m"), r"\u{1b}[31m"),
        (r#"{"kind":"ExecCredential"}"#.to_owned(), "has no apiVersion"),
        ("v1".to_owned(), "has no apiVersion"),
        (r#"{"apiVersion":1}"#.to_owned(), "has no apiVersion"),
    ] {
        // A due token is not refreshed for an invalid call.
        let bench = Bench::new("MobileApp").env("KUBERNETES_EXEC_INFO", &exec_info);
        bench.log_in();
        bench.pass(Seconds(3_600));
        bench
            .run(&args)
            .exits(2)
            .says(words)
            .says("hint: in the kubeconfig's `exec`: apiVersion: client.authentication.k8s.io/v1");
        bench.run(&["token", "--no-refresh"]).exits(3);
    }
}

#[test]
fn token_with_unsafe_characters_is_not_printed() {
    let bench = Bench::new("MobileApp");
    bench.log_in();
    bench.cache.clear();
    bench.edit(|session| session.access_token.value = tidp::testing::domain::secret::Secret::new("a;rm"));
    bench.run(&["token", "--format", "env"]).exits(7);
}

#[test]
fn min_ttl_must_be_below_token_lifetime() {
    let bench = Bench::new("MobileApp");
    bench.log_in();
    bench.run(&["token", "--min-ttl", "59m"]).exits(0);
    bench.run(&["token", "--min-ttl", "1h"]).exits(2).says("must be shorter than the token's lifetime");
    bench.run(&["token", "--min-ttl", "soon"]).exits(2).says("not a duration");
    bench.pass(Seconds(60));
    bench.provider.refreshes(bench.clock.time(), "rt-1", TokenResponse::new().refresh_token("rt-2"));
    bench.run(&["token", "--min-ttl", "59m"]).exits(0);
    // A token that has no lifetime does not tell that of the next.
    bench.edit(|session| session.access_token.expires_at = session.access_token.obtained_at);
    bench.cache.clear();
    bench.provider.refreshes(bench.clock.time(), "rt-2", TokenResponse::new().refresh_token("rt-3"));
    bench.run(&["token", "--min-ttl", "59m"]).exits(0);
}

#[test]
fn no_refresh_prints_valid_token_without_network() {
    let bench = Bench::new("MobileApp");
    bench.log_in();
    bench.pass(Seconds(3_599));
    bench.run(&["token", "--no-refresh"]).exits(0);
    bench.pass(Seconds(1));
    bench.run(&["token", "--no-refresh"]).exits(3).says("--no-refresh");
}

#[test]
fn valid_token_is_served_when_refresh_fails() {
    for kind in [HttpFailureKind::NotSent, HttpFailureKind::ResponseLost] {
        let bench = Bench::new("MobileApp");
        bench.log_in();
        bench.pass(Seconds(3_580));
        bench.provider.fails("/connect/token", kind);
        let outcome = bench.run(&["token", "--json"]).exits(0);
        assert_eq!(outcome.json()["warnings"][0]["code"], "refresh_failed");
        bench.provider.fails("/connect/token", kind);
        bench.run(&["token", "--min-ttl", "25s"]).exits(5);
    }
}

#[test]
fn session_without_refresh_token_requires_login() {
    let bench = Bench::new("Public");
    bench.log_in_with(TokenResponse::new()).exits(0);
    bench.pass(Seconds(3_569));
    bench.run(&["token"]).exits(0);
    bench.pass(Seconds(31));
    bench.run(&["token"]).exits(3).says("no refresh token");
}

#[test]
fn env_format_is_in_the_words_of_powershell() {
    let modules = ("PSMODULEPATH", r"C:\Users\kari\Documents\PowerShell\Modules");
    let bench = Bench::new("MobileApp").env(modules.0, modules.1).env("USERPROFILE", r"C:\Users\kari");
    let bench = bench.env("_", "/usr/bin/pwsh");
    bench.log_in();
    let line = bench.run(&["token", "--format", "env"]).exits(0).stdout;
    assert!(line.starts_with("$env:TIDP_ACCESS_TOKEN = 'ey") && line.ends_with("'\n"), "{line}");
}

#[test]
fn shell_that_is_named_decides_whatever_the_environment_suggests() {
    let modules = ("PSMODULEPATH", r"C:\Users\kari\Documents\PowerShell\Modules");
    let powershell = |bench: Bench| {
        let bench = bench.env(modules.0, modules.1).env("USERPROFILE", r"C:\Users\kari");
        bench.env("_", "/usr/bin/pwsh")
    };
    for bench in [Bench::new("MobileApp"), powershell(Bench::new("MobileApp"))] {
        bench.log_in();
        let token = bench.session().unwrap().access_token.value;
        let token = token.expose();
        for (shell, line) in [
            ("posix", format!("export TIDP_ACCESS_TOKEN='{token}'\n")),
            ("powershell", format!("$env:TIDP_ACCESS_TOKEN = '{token}'\n")),
            ("cmd", format!("set \"TIDP_ACCESS_TOKEN={token}\"\n")),
        ] {
            assert_eq!(bench.run(&["token", "--format", "env", "--shell", shell]).exits(0).stdout, line);
        }
    }
}

#[test]
fn shell_without_the_format_for_it_is_a_usage_error() {
    let bench = Bench::new("MobileApp");
    bench.log_in();
    for args in [&["--shell", "cmd"][..], &["--shell", "cmd", "--format", "raw"], &["--shell", "cmd", "--json"]] {
        bench.run(&[&["token"], args].concat()).exits(2).says("--format");
    }
    bench.run(&["token", "--format", "env", "--shell", "tcsh"]).exits(2).says("powershell");
}

#[test]
fn id_token_is_not_labelled_access_token() {
    let bench = Bench::new("MobileApp").env("MSYSTEM", "MINGW64");
    bench.log_in();
    let token = bench.session().unwrap().id_token.unwrap().value;
    let document = bench.run(&["token", "--id-token", "--json"]).exits(0).json();
    assert_eq!(
        document,
        serde_json::json!({ "id_token": token.expose(), "expires_at": "2026-01-31T12:05:00Z", "expires_in": 300 })
    );
    let line = bench.run(&["token", "--id-token", "--format", "env"]).exits(0).stdout;
    assert_eq!(line, format!("export TIDP_ID_TOKEN='{}'\n", token.expose()));
}

#[test]
fn expired_id_token_is_refreshed() {
    let bench = Bench::new("MobileApp");
    bench.log_in();
    let first = bench.run(&["token", "--id-token"]).exits(0).stdout;
    bench.pass(Seconds(300));
    bench.run(&["token", "--id-token", "--no-refresh"]).exits(3);
    bench.provider.refreshes(bench.clock.time(), "rt-1", TokenResponse::new().refresh_token("rt-2"));
    assert_ne!(bench.run(&["token", "--id-token"]).exits(0).stdout, first);
    bench.pass(Seconds(300));
    bench.provider.refreshes(bench.clock.time(), "rt-2", TokenResponse::new().refresh_token("rt-3").without_id_token());
    bench.run(&["token", "--id-token"]).exits(3).says("hint: tidp login");
    // Not asked at every call, which would spend a refresh token each time.
    bench.run(&["token", "--id-token"]).exits(3).says("hint: tidp login");
    bench.provider.refreshes(bench.clock.time(), "rt-3", TokenResponse::new().refresh_token("rt-4"));
    bench.run(&["refresh", "--force"]).exits(0);
    bench.run(&["token", "--id-token"]).exits(0);
    // Expired by the fast local clock, valid by the provider's.
    let theirs = bench.clock.time();
    bench.pass(Seconds::minutes(10));
    let date = "Sat, 31 Jan 2026 12:10:00 GMT";
    bench.provider.refreshes(theirs, "rt-4", TokenResponse::new().refresh_token("rt-5").date(date));
    bench.run(&["token", "--id-token"]).exits(0).says("validated by the provider's");
}

/// The time this many seconds after the start, in RFC 3339.
fn at(seconds: i64) -> Value {
    START.plus(Seconds(seconds)).rfc3339().into()
}

#[test]
fn wrong_clock_keeps_id_token_lifetime() {
    let date = "Sat, 31 Jan 2026 12:00:00 GMT";
    for wrong in [360, 3_660, -3_660] {
        let bench = Bench::new("MobileApp");
        bench.pass(Seconds(wrong));
        let response = TokenResponse::new().refresh_token("rt-1").date(date);
        bench.provider.expect_login(&bench.browser, START, response);
        bench.run(&["login"]).exits(0).says("validated by the provider's");
        let left = |ends: i64| {
            let printed = bench.run(&["token", "--id-token", "--json"]).exits(0).json();
            assert_eq!((&printed["expires_in"], &printed["expires_at"]), (&json!(ends), &at(wrong + 300)), "{wrong}");
        };
        left(300);
        let inspected = bench.run(&["inspect", "--json"]).exits(0).json();
        assert_eq!(
            (&inspected["id_token"]["state"], &inspected["id_token"]["expires_in"]),
            (&json!("valid"), &json!(300))
        );
        assert_eq!(inspected["access_token"]["expires_in"], 3_600);
        bench.pass(Seconds(299));
        left(1);
        bench.pass(Seconds(1));
        bench.run(&["token", "--id-token", "--no-refresh"]).exits(3);
        let response = TokenResponse::new().refresh_token("rt-2").date("Sat, 31 Jan 2026 12:05:00 GMT");
        bench.provider.refreshes(START.plus(Seconds(300)), "rt-1", response);
        for _ in 0..3 {
            let printed = bench.run(&["token", "--id-token", "--json"]).exits(0).json();
            assert_eq!((&printed["expires_in"], &printed["expires_at"]), (&json!(300), &at(wrong + 600)), "{wrong}");
        }
    }
}

#[test]
fn clock_set_back_distrusts_cached_token() {
    let bench = Bench::new("MobileApp");
    bench.log_in();
    let theirs = bench.clock.time();
    bench.pass(Seconds(-86_400));
    bench.provider.responds("/.well-known/openid-configuration", json(200, &discovery()));
    bench.provider.responds("/jwks", json(200, &jwks()));
    let response = TokenResponse::new().refresh_token("rt-2").date("Sat, 31 Jan 2026 12:00:00 GMT");
    bench.provider.refreshes(theirs, "rt-1", response);
    bench.run(&["token"]).exits(0).says("clock went back");
}

#[test]
fn renew_before_expiry_starts_in_last_third() {
    let bench = Bench::new("PublicWithRefresh").env("TIDP_RENEW", "before-session-ends");
    bench.log_in();
    bench.pass(Seconds(399));
    bench.run(&["token"]).exits(0);
    bench.pass(Seconds(1));
    bench.provider.refreshes(bench.clock.time(), "rt-1", TokenResponse::new().refresh_token("rt-2"));
    bench.run(&["token"]).exits(0);
    assert_eq!(bench.session().unwrap().held_token().unwrap().value.expose(), "rt-2");
    // Also later, whatever is cached.
    bench.pass(Seconds(450));
    bench.provider.refreshes(bench.clock.time(), "rt-2", TokenResponse::new().refresh_token("rt-3"));
    bench.run(&["token"]).exits(0);
}

#[test]
fn failing_keyring_is_an_error_with_hint() {
    for (kind, words) in [
        (StoreFailureKind::Missing, "TIDP_STORE=file"),
        (StoreFailureKind::Locked, "unlock the keyring"),
        (StoreFailureKind::TimedOut, "did not respond in time"),
        (StoreFailureKind::Ambiguous, "two entries"),
    ] {
        let bench = Bench::new("MobileApp");
        bench.stores.fail("load", kind);
        bench.run(&["token"]).exits(6).says(words);
    }
}

#[test]
fn full_disk_fails_and_closed_pipe_does_not() {
    let bench = Bench::new("MobileApp");
    bench.log_in();
    *bench.terminal.broken.lock().unwrap() = Some(std::io::ErrorKind::StorageFull);
    bench.run(&["token"]).exits(1);
    *bench.terminal.broken.lock().unwrap() = Some(std::io::ErrorKind::BrokenPipe);
    let outcome = bench.run(&["token"]).exits(0);
    assert_eq!(outcome.stderr, "");
}

#[test]
fn token_is_not_served_after_logout() {
    let bench = Bench::new("MobileApp");
    bench.log_in();
    bench.pass(Seconds(3_580));
    let entry = tidp::testing::domain::session::EntryKey::Session(bench.key()).name();
    bench.stores.when_lock_is_taken_away(&entry);
    bench.run(&["token"]).exits(3);
    assert!(bench.cache.documents().is_empty());
}

#[test]
fn header_json_holds_headers_and_nothing_else() {
    let bench = Bench::new("MobileApp");
    bench.log_in();
    // Even with a warning to give: a reader sends each member as a header.
    bench.pass(Seconds(3_580));
    bench.provider.fails("/connect/token", HttpFailureKind::NotSent);
    let outcome = bench.run(&["token", "--format", "header-json", "--json"]).exits(0).says("warning: ");
    let headers = outcome.json();
    assert_eq!(headers.as_object().unwrap().keys().collect::<Vec<_>>(), ["Authorization"]);
}
