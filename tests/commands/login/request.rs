//! What the authorization request and the code exchange contain.

use super::{expect_login, mobile};
use crate::support::ports::{parameter, success_query};
use crate::support::tokens::{ISSUER, SUB, TokenResponse};
use crate::support::{Bench, START};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tidp::testing::domain::session::EntryKey;
use tidp::testing::domain::time::Seconds;
use tidp::testing::ports::{Clock, ListenAddress};
use url::Url;

/// Logs in with these arguments, and returns the authorization request.
#[track_caller]
fn authorization_request(bench: &Bench, args: &[&str]) -> Url {
    expect_login(bench, TokenResponse::new().refresh_token("rt-1"));
    bench.run(&[&["login"], args].concat()).exits(0);
    bench.browser.request().unwrap()
}

#[test]
fn authorization_request_has_only_required_parameters() {
    let bench = mobile();
    let url = authorization_request(&bench, &[]);
    assert!(url.as_str().starts_with(&format!("{ISSUER}/connect/authorize?")));
    let mut sent: BTreeMap<_, _> = url.query_pairs().into_owned().collect();
    assert_eq!(sent.len(), url.query_pairs().count(), "none occurs twice");
    let [_state, _nonce, challenge] = ["state", "nonce", "code_challenge"].map(|name| {
        let value = sent.remove(name).unwrap();
        assert_eq!(URL_SAFE_NO_PAD.decode(&value).unwrap().len(), 32, "{name}");
        value
    });
    let expected = [
        ("client_id", "app"),
        ("code_challenge_method", "S256"),
        ("redirect_uri", "http://127.0.0.1:49999/callback"),
        ("response_type", "code"),
        ("scope", "openid profile offline_access"),
    ];
    assert_eq!(sent, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
    let exchange = bench.provider.last("/connect/token");
    assert_eq!(exchange.field("code").as_deref(), Some("the-code"));
    assert_eq!(exchange.field("client_id").as_deref(), Some("app"));
    assert_eq!(exchange.field("redirect_uri").as_deref(), Some("http://127.0.0.1:49999/callback"));
    assert_eq!((exchange.field("client_secret"), exchange.authorization.as_deref()), (None, None));
    let verifier = exchange.field("code_verifier").unwrap();
    assert_eq!(URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)), challenge);
}

#[test]
fn two_logins_share_no_secret() {
    let bench = mobile();
    let mut seen = Vec::new();
    for _ in 0..2 {
        let url = authorization_request(&bench, &[]);
        seen.extend(["state", "nonce", "code_challenge"].map(|name| parameter(&url, name)));
        seen.push(bench.provider.last("/connect/token").field("code_verifier").unwrap());
        bench.files.0.lock().unwrap().clear();
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 8);
}

#[test]
fn login_options_become_encoded_parameters() {
    let url = authorization_request(
        &mobile(),
        &[
            "--login-hint",
            "+47 900&state=x#æ%",
            "--acr-values",
            "urn:telenor.identity.aal.2 idp:no.azure.login",
            "--ui-locales",
            "no",
            "--prompt",
            "login",
            "--max-age",
            "1h",
            "--scope",
            "openid api:x",
            "--scope",
            "email",
        ],
    );
    for (name, value) in [
        ("login_hint", "+47 900&state=x#æ%"),
        ("acr_values", "urn:telenor.identity.aal.2 idp:no.azure.login"),
        ("ui_locales", "no"),
        ("prompt", "login"),
        ("max_age", "3600"),
        ("scope", "openid api:x email"),
    ] {
        assert_eq!(parameter(&url, name), value);
    }
    assert_eq!((url.fragment(), url.query_pairs().count()), (None, 13));
}

#[test]
fn names_of_telenorid_plus_become_acr_values() {
    let bankid = "idp:no.bankid.login.vipps";
    let level = "urn:telenor.identity.aal.2";
    for (args, values) in [
        (&["--provider", "bankid"][..], bankid.to_owned()),
        (&["--provider", "vipps"], bankid.to_owned()),
        (&["--aal", "2"], level.to_owned()),
        (&["--aal", "2", "--provider", "bankid"], format!("{bankid} {level}")),
        (&["--require-acr", level, "--provider", "bankid"], format!("{bankid} {level}")),
    ] {
        let bench = mobile().env("TIDP_ACR_VALUES", "urn:telenor.identity.aal.1");
        assert_eq!(parameter(&authorization_request(&bench, args), "acr_values"), values);
    }
}

#[test]
fn flags_override_login_options_of_the_profile() {
    let rows = [
        ("prompt", "TIDP_PROMPT", "login", "--prompt", "none"),
        ("login_hint", "TIDP_LOGIN_HINT", "90000001", "--login-hint", "90000002"),
        ("acr_values", "TIDP_ACR_VALUES", "idp:no.azure.login", "--acr-values", "urn:telenor.identity.aal.2"),
        ("ui_locales", "TIDP_UI_LOCALES", "no", "--ui-locales", "en"),
        ("scope", "TIDP_SCOPES", "openid email", "--scope", "openid phone"),
    ];
    for (name, variable, configured, flag, value) in rows {
        let bench = || mobile().env(variable, configured);
        assert_eq!(parameter(&authorization_request(&bench(), &[]), name), configured);
        assert_eq!(parameter(&authorization_request(&bench(), &[flag, value]), name), value);
    }
}

#[test]
fn client_without_refresh_tokens_requests_none() {
    let bench = Bench::new("Public");
    assert_eq!(parameter(&authorization_request(&bench, &[]), "scope"), "openid profile");
    let bench = Bench::new("Public");
    bench.log_in_with(TokenResponse::new()).exits(0).says("no refresh token");
}

#[test]
fn redirect_uri_with_port_is_used_verbatim() {
    for (uri, host, port, path) in [
        ("http://localhost:80/%63b", "localhost", 80, "/%63b"),
        ("http://127.0.0.1:08400", "127.0.0.1", 8400, "/"),
        ("http://[::1]:7000/cb", "[::1]", 7000, "/cb"),
    ] {
        let bench = mobile().env("TIDP_REDIRECT_URI", uri);
        assert_eq!(parameter(&authorization_request(&bench, &[]), "redirect_uri"), uri);
        assert_eq!(bench.provider.last("/connect/token").field("redirect_uri").as_deref(), Some(uri));
        let at = ListenAddress { host: host.into(), port: Some(port), path: path.into() };
        assert_eq!(*bench.callback.listen_calls.lock().unwrap(), [at]);
    }
}

#[test]
fn confidential_client_uses_its_auth_method() {
    let secret = "a b:c%+ø";
    let confidential = || Bench::new("Confidential");
    let basic = STANDARD.encode("app:a+b%3Ac%25%2B%C3%B8");
    for bench in [
        confidential().env("TIDP_CLIENT_SECRET", secret),
        confidential().env("TIDP_CLIENT_SECRET_COMMAND", "pass show \"tidp secret\""),
        confidential(),
    ] {
        bench.programs.outputs.lock().unwrap().insert("pass show tidp secret".into(), secret.into());
        bench.stores.put(&EntryKey::ClientSecret(bench.key()).name(), secret);
        bench.log_in().says("Policy Confidential").says("in 14 days").leaves_out(secret);
        let exchange = bench.provider.last("/connect/token");
        assert_eq!(exchange.authorization, Some(format!("Basic {basic}")));
        assert_eq!((exchange.field("client_id"), exchange.field("client_secret")), (None, None));
        assert!(!bench.browser.request().unwrap().as_str().contains("secret"));
    }
    let bench = confidential().env("TIDP_CLIENT_SECRET", secret).env("TIDP_AUTH_METHOD", "client_secret_post");
    bench.log_in();
    let exchange = bench.provider.last("/connect/token");
    assert_eq!((exchange.field("client_secret").as_deref(), exchange.authorization), (Some(secret), None));
}

#[test]
fn met_requirements_let_the_login_succeed() {
    let bench = mobile();
    let args = ["--require-acr", "urn:telenor.identity.aal.2", "--expect-sub", SUB, "--max-age", "10s"];
    let url = authorization_request(&bench, &args);
    assert_eq!(parameter(&url, "acr_values"), "urn:telenor.identity.aal.2");
}

#[test]
fn extra_parameter_cannot_replace_a_protected_one() {
    let url = authorization_request(&mobile(), &["--extra-param", "market=no&state=x"]);
    assert_eq!(parameter(&url, "market"), "no&state=x");
    assert_eq!(url.query_pairs().filter(|(name, _)| name == "state").count(), 1);
    for wrong in ["state=x", "Redirect_URI=https://evil.example", "request=x", "no-value"] {
        let bench = mobile();
        bench.provider.expect_discovery();
        let outcome = bench.run_unchecked(&["login", "--extra-param", wrong]).exits(2);
        assert!(bench.browser.opened_urls.lock().unwrap().is_empty(), "{outcome:?}");
    }
}

#[test]
fn prompt_none_keeps_the_id_token_out_of_arguments() {
    let hint = |bench: &Bench| bench.session().unwrap().id_token.unwrap().value.expose().to_owned();
    for (variable, args) in [
        ("", &["login", "--prompt", "none"][..]),
        ("none", &["login"]),
        ("none", &["login", "--no-browser"]),
        ("", &["login", "--prompt", "none", "--paste"]),
    ] {
        let bench = mobile().env("TIDP_PROMPT", variable);
        bench.provider.expect_login(&bench.browser, bench.clock.time(), TokenResponse::new().refresh_token("rt-1"));
        bench.run(&["login", "--prompt", "login"]).exits(0);
        assert!(bench.callback.handover_targets.lock().unwrap().is_empty(), "only where nothing may be asked");
        let before = hint(&bench);
        bench.browser.opened_urls.lock().unwrap().clear();
        bench.provider.expect_discovery();
        bench.provider.grants(&bench.browser, bench.clock.time(), TokenResponse::new().refresh_token("rt-2"));
        bench.terminal.pastes(|url| Some(format!("{}?{}", parameter(url, "redirect_uri"), success_query(url))));
        let outcome = bench.run(args).exits(0).leaves_out(&before).leaves_out("id_token_hint=");
        let (opened, targets) =
            (bench.browser.opened_urls.lock().unwrap(), bench.callback.handover_targets.lock().unwrap());
        let once = ["http://127.0.0.1:49998/once".parse().unwrap()];
        if args.contains(&"--paste") {
            assert!(targets.is_empty());
            outcome.says("The ID token is not sent as a hint: a printed URL must not contain it.");
            continue;
        }
        assert_eq!(opened.as_slice(), if args.contains(&"--no-browser") { &[][..] } else { &once });
        outcome.says("http://127.0.0.1:49998/once").leaves_out("response_type=");
        let sent = Url::parse(&targets[0]).unwrap();
        assert_eq!((parameter(&sent, "id_token_hint"), parameter(&sent, "prompt")), (before, "none".into()));
        assert!(sent.as_str().starts_with(&format!("{ISSUER}/connect/authorize?response_type=code&")));
    }
    // Without a session there is no ID token to hide.
    let bench = mobile();
    let url = authorization_request(&bench, &["--prompt", "none"]);
    assert_eq!(
        (bench.browser.opened_urls.lock().unwrap().as_slice(), parameter(&url, "prompt")),
        (&[url.clone()][..], "none".into())
    );
    // No browser arrives: the login times out.
    *bench.callback.times_out.lock().unwrap() = true;
    let start = bench.clock.time();
    bench.provider.expect_discovery();
    bench.run(&["login", "--prompt", "none"]).exits(124).says("Still waiting.").says("hint: tidp profile show");
    assert_eq!(bench.clock.time().since(start), Seconds::minutes(5));
}

#[test]
fn max_age_counts_from_the_start_of_the_login() {
    for (auth_time, code) in [(1, 0), (0, 0), (-1, 7), (-50, 7)] {
        let bench = mobile();
        *bench.callback.delay.lock().unwrap() = Seconds(40);
        let response = TokenResponse::new().id_claim("auth_time", json!(START.unix() + auth_time));
        bench.provider.expect_login(&bench.browser, START.plus(Seconds(40)), response);
        bench.run(&["login", "--max-age", "0"]).exits(code);
        assert_eq!(bench.session().is_some(), code == 0);
    }
    // What is more than a second counts as the next.
    let bench = mobile();
    let clock = Arc::clone(&bench.clock);
    bench.callback.replies(move |url| {
        Clock::pause(&*clock, Duration::from_millis(40_500));
        vec![success_query(url)]
    });
    let response = TokenResponse::new().id_claim("auth_time", json!(START.unix() - 1));
    bench.provider.expect_login(&bench.browser, START.plus(Seconds(40)), response);
    bench.run(&["login", "--max-age", "0"]).exits(0);
    // The machine may sleep during the login.
    let bench = mobile();
    let clock = Arc::clone(&bench.clock);
    bench.callback.replies(move |url| {
        clock.suspend(Seconds(600));
        vec![success_query(url)]
    });
    let response = TokenResponse::new().id_claim("auth_time", json!(START.unix()));
    bench.provider.expect_login(&bench.browser, START.plus(Seconds(600)), response);
    bench.run(&["login", "--max-age", "0"]).exits(0);
}

#[test]
fn control_character_in_an_option_opens_no_browser() {
    let bench = mobile();
    bench.provider.expect_discovery();
    bench.run(&["login", "--login-hint", "a\nb"]).exits(2).says("login_hint");
    assert!(bench.browser.request().is_none());
}
