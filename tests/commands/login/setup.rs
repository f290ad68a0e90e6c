//! What is checked before the browser opens, and how it opens.

use super::{expect_login, mobile};
use crate::support::Bench;
use crate::support::ports::{parameter, success_query};
use crate::support::provider::json;
use crate::support::tokens::{ISSUER, TokenResponse, discovery, jwks};
use serde_json::{Value, json};
use std::sync::Arc;
use tidp::testing::ports::StoreFailureKind;

#[test]
fn only_discovery_is_fetched_before_the_browser_opens() {
    let bench = mobile();
    let discovered = "/.well-known/openid-configuration";
    let opens = |path: &'static str, browsers: usize, answer: serde_json::Value| {
        let browser = Arc::clone(&bench.browser);
        bench.provider.expect(path, move |_| {
            assert_eq!(browser.opened_urls.lock().unwrap().len(), browsers, "browsers open when {path} is asked for");
            Ok(json(200, &answer))
        });
    };
    opens("/jwks", 1, jwks());
    for (opened, paths) in [(0, vec![discovered, "/jwks", "/connect/token"]), (1, vec![discovered, "/connect/token"])] {
        opens(discovered, opened, discovery());
        bench.provider.requests.lock().unwrap().clear();
        bench.provider.grants(&bench.browser, bench.clock.time(), TokenResponse::new());
        bench.run(&["login"]).exits(0);
        assert_eq!(bench.provider.paths(), paths);
    }
}

#[test]
fn login_url_is_printed_when_no_browser_opens() {
    for case in ["--no-browser", "missing", "broken"] {
        let bench = mobile();
        *bench.browser.missing.lock().unwrap() = case == "missing";
        *bench.browser.broken.lock().unwrap() = case == "broken";
        *bench.terminal.stderr_size.lock().unwrap() = Some((80, 24));
        expect_login(&bench, TokenResponse::new().refresh_token("rt-1"));
        let args: &[&str] = if case == "--no-browser" { &["login", case, "--quiet"] } else { &["login", "-q"] };
        let outcome = bench.run(args).exits(0).says("https://id.example/connect/authorize?").leaves_out("\u{1b}");
        assert_eq!(outcome.stdout, "");
        assert!(bench.browser.opened_urls.lock().unwrap().is_empty(), "{case}");
        assert!(bench.session().is_some());
    }
}

#[test]
fn paste_is_suggested_over_ssh_or_without_browser() {
    for case in ["", "SSH_CONNECTION", "missing", "broken", "--no-browser"] {
        let bench = mobile().env(case, "10.0.0.1 50000 10.0.0.2 22");
        *bench.browser.missing.lock().unwrap() = case == "missing";
        *bench.browser.broken.lock().unwrap() = case == "broken";
        *bench.terminal.stderr_size.lock().unwrap() = Some((80, 24));
        expect_login(&bench, TokenResponse::new());
        let args = ["login", case];
        let args = if case.starts_with('-') { &args[..] } else { &args[..1] };
        let stderr = bench.run(args).exits(0).stderr;
        let hinted = stderr.find("Is the browser on another machine? Use `tidp login --paste`.");
        assert_eq!(hinted.is_some(), !case.is_empty(), "{case}: {stderr}");
        // Over SSH it comes before the URL.
        let comes_first = hinted.is_some_and(|hinted| hinted < stderr.find("https://").unwrap());
        assert_eq!(comes_first, case == "SSH_CONNECTION", "{case}: {stderr}");
    }
}

#[test]
fn login_that_nobody_can_finish_fails_at_once() {
    let no_browser = "there is no terminal, and no browser can be opened";
    let job = "there is no terminal, and this is a CI job (CI is set)";
    for (ci, browser, missing, reason) in [
        ("", "", true, Some(no_browser)),
        ("true", "", false, Some(job)),
        ("false", "", false, None),
        ("true", "firefox", false, None),
    ] {
        for on_terminal in ["nothing", "stdin", "stderr"] {
            let bench = mobile().env("CI", ci).env("BROWSER", browser);
            *bench.browser.missing.lock().unwrap() = missing;
            *bench.terminal.stdin_is_terminal.lock().unwrap() = on_terminal == "stdin";
            *bench.terminal.stderr_size.lock().unwrap() = (on_terminal == "stderr").then_some((80, 24));
            if let Some(reason) = reason.filter(|_| on_terminal == "nothing") {
                let hint = "TIDP_GRANT=client_credentials";
                bench.run(&["login"]).exits(2).says(reason).says(hint).says("output: tidp login --no-browser\n");
                assert_eq!(bench.run(&["login", "--json"]).exits(2).error()["kind"], "usage");
                assert!(bench.provider.paths().is_empty());
            } else {
                expect_login(&bench, TokenResponse::new());
                bench.run(&["login"]).exits(0);
            }
        }
    }
}

#[test]
fn way_asked_for_by_name_needs_nobody_in_sight() {
    for args in [&["--no-browser"][..], &["--paste"], &["--prompt", "none"]] {
        let bench = mobile().env("CI", "true");
        *bench.browser.missing.lock().unwrap() = true;
        bench.terminal.pastes(|url| Some(format!("{}?{}", parameter(url, "redirect_uri"), success_query(url))));
        expect_login(&bench, TokenResponse::new());
        bench.run(&[&["login"], args].concat()).exits(0);
    }
}

#[test]
fn invalid_setup_is_reported_before_any_request() {
    let secret_of_another = Bench::new("Confidential").env("TIDP_CLIENT_SECRET_COMMAND", "no-such-command");
    for (bench, args, code, words) in [
        (mobile(), &["--scope", "profile"][..], 2, "must include `openid`"),
        (mobile(), &["--scope", "openid caf\u{e9}"], 2, "invalid scope"),
        (mobile(), &["--timeout", "0"], 2, "--timeout"),
        (mobile(), &["--timeout", "soon"], 2, "--timeout"),
        (mobile(), &["--max-age", "young"], 2, "--max-age"),
        (mobile(), &["--prompt", "consent"], 2, "consent"),
        (mobile(), &["--acr-values", "a", "--require-acr", "b"], 2, "cannot be used with"),
        (mobile(), &["--acr-values", "a", "--provider", "bankid"], 2, "cannot be used with"),
        (mobile(), &["--acr-values", "a", "--aal", "2"], 2, "cannot be used with"),
        (mobile(), &["--require-acr", "a", "--aal", "2"], 2, "cannot be used with"),
        (mobile(), &["--provider", "id-porten"], 2, "[possible values: bankid, vipps, azure, "),
        (mobile(), &["--aal", "4"], 2, "[possible values: 1, 2, 3]"),
        (mobile().env("TIDP_CLIENT_TYPE", ""), &["--provider", "azure"], 2, "--provider: its names are TelenorID+'s"),
        (mobile().env("TIDP_CLIENT_TYPE", ""), &["--aal", "1"], 2, "--aal: its names are TelenorID+'s"),
        (mobile().env("TIDP_REDIRECT_URI", "http://localhost/cb"), &[], 2, "needs a port"),
        (mobile().env("TIDP_ISSUER", "http://id.example"), &[], 2, "must be https"),
        (
            mobile().env("TIDP_ISSUER", "https:///id.example"),
            &[],
            2,
            "TIDP_ISSUER: the issuer `https:///id.example` has no host",
        ),
        (
            mobile().env("TIDP_REDIRECT_URI", "http://exa\tmple.org/cb"),
            &[],
            2,
            r"TIDP_REDIRECT_URI: redirect_uri `http://exa\u{9}mple.org/cb` has a",
        ),
        (
            mobile().env("TIDP_CLIENT_ID", "a\u{1b}b"),
            &[],
            2,
            r"TIDP_CLIENT_ID: client_id `a\u{1b}b` contains a control character",
        ),
        (Bench::new("Confidential"), &[], 2, "TIDP_CLIENT_SECRET"),
        (secret_of_another, &[], 2, "client_secret_command"),
    ] {
        bench.run(&[&["login"], args].concat()).exits(code).says(words);
        assert!(bench.provider.paths().is_empty() && bench.stores.is_empty(), "{args:?}");
    }
    for kind in [StoreFailureKind::Missing, StoreFailureKind::Locked] {
        let bench = mobile();
        bench.stores.fail("load", kind);
        bench.run(&["login"]).exits(6).says("keyring");
        assert!(bench.provider.paths().is_empty());
    }
}

#[test]
fn invalid_discovery_document_opens_no_browser() {
    let changed = |name: &str, value: Value| {
        let mut document = discovery();
        document[name] = value;
        json(200, &document)
    };
    for (response, code, words) in [
        (changed("issuer", json!(format!("{ISSUER}1"))), 7, "issuer"),
        (changed("token_endpoint", json!("https://evil.example/token")), 7, "token_endpoint"),
        (changed("authorization_endpoint", json!("file:///etc/passwd")), 7, "authorization_endpoint"),
        (changed("code_challenge_methods_supported", json!(["plain"])), 7, "S256"),
        (
            changed("id_token_signing_alg_values_supported", json!(["EdDSA\u{1b}", "none"])),
            7,
            r"signs ID tokens with EdDSA\u{1b}, none (`id_token_signing_alg_values_supported`), but tidp supports only RS256",
        ),
        (json(404, &json!({})), 4, "404"),
        (json(503, &json!({})), 5, "503"),
    ] {
        let bench = mobile();
        bench.provider.responds("/.well-known/openid-configuration", response);
        let hint = if code == 5 { "hint: try again later: tidp login\n" } else { "" };
        bench.run(&["login"]).exits(code).says(words).says(hint);
        assert_eq!(bench.provider.paths().len(), 1);
        assert!(bench.browser.request().is_none() && bench.callback.listen_calls.lock().unwrap().is_empty());
    }
}

#[test]
fn odd_signing_algorithm_lists_do_not_stop_a_login() {
    for algorithms in [json!(["ES256", "RS256"]), json!(null), json!([]), json!("EdDSA"), json!([1]), json!({})] {
        let bench = mobile();
        let mut document = discovery();
        document["id_token_signing_alg_values_supported"] = algorithms;
        bench.provider.responds("/.well-known/openid-configuration", json(200, &document));
        bench.provider.responds("/jwks", json(200, &jwks()));
        bench.provider.grants(&bench.browser, bench.clock.time(), TokenResponse::new());
        bench.run(&["login"]).exits(0);
    }
}

#[test]
fn unavailable_redirect_port_is_an_error() {
    let bench = mobile().env("TIDP_REDIRECT_URI", "http://127.0.0.1:8400/cb");
    *bench.callback.port_in_use.lock().unwrap() = true;
    bench.provider.expect_discovery();
    bench.run(&["login"]).exits(2).says("cannot listen on 127.0.0.1:8400");
    assert!(bench.browser.request().is_none());
}

#[test]
fn unwritable_store_is_reported_before_the_browser_opens() {
    let bench = mobile();
    bench.stores.fail("check_writable", StoreFailureKind::Refused);
    bench.run(&["login"]).exits(6);
    assert!(bench.browser.opened_urls.lock().unwrap().is_empty());
}
