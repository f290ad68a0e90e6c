//! What a login asks for, and what it leaves behind when all goes well. How it fails: `login_fails.rs`.

use crate::support::ports::{granted, parameter};
use crate::support::provider::json as answered;
use crate::support::tokens::{Answer, ISSUER, SUB, discovery, jwks};
use crate::support::{Bench, START};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::Arc;
use tidp::testing::domain::session::{EntryKey, EventKind};
use tidp::testing::domain::time::Seconds;
use tidp::testing::ports::{Ignored, ListenAt, Page};
use url::Url;

fn mobile() -> Bench {
    Bench::new("MobileApp")
}

/// Announces a login that goes well.
fn announce(bench: &Bench, answer: Answer) {
    bench.provider.announces_login(&bench.browser, bench.clock.time(), answer);
}

/// Logs in with these arguments, and gives the authorization request.
#[track_caller]
fn requested(bench: &Bench, args: &[&str]) -> Url {
    announce(bench, Answer::new().refresh_token("rt-1"));
    bench.run(&[&["login"], args].concat()).exits(0);
    bench.browser.request().unwrap()
}

#[test]
fn authorization_request_has_only_required_parameters() {
    let bench = mobile();
    let url = requested(&bench, &[]);
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
        let url = requested(&bench, &[]);
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
    let url = requested(
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
fn flags_override_login_options_of_the_profile() {
    let rows = [
        ("prompt", "TIDP_PROMPT", "login", "--prompt", "none"),
        ("login_hint", "TIDP_LOGIN_HINT", "90000001", "--login-hint", "90000002"),
        ("acr_values", "TIDP_ACR_VALUES", "idp:no.azure.login", "--acr-values", "urn:telenor.identity.aal.2"),
        ("ui_locales", "TIDP_UI_LOCALES", "no", "--ui-locales", "en"),
        ("scope", "TIDP_SCOPES", "openid email", "--scope", "openid phone"),
    ];
    for (name, variable, ours, flag, asked) in rows {
        let bench = || mobile().env(variable, ours);
        assert_eq!(parameter(&requested(&bench(), &[]), name), ours);
        assert_eq!(parameter(&requested(&bench(), &[flag, asked]), name), asked);
    }
}

#[test]
fn client_without_refresh_tokens_requests_none() {
    let bench = Bench::new("Public");
    assert_eq!(parameter(&requested(&bench, &[]), "scope"), "openid profile");
    let bench = Bench::new("Public");
    bench.log_in_with(Answer::new()).exits(0).says("no refresh token");
}

#[test]
fn login_success_is_shown_on_stderr_and_in_the_browser() {
    let bench = mobile();
    let outcome = bench.log_in();
    assert_eq!(outcome.stdout, "");
    let outcome = outcome.says("Logged in as +4790000001 at https://id.example.");
    outcome.says("Policy Mobile: the refresh token expires at 2026-05-01 12:00:00 UTC (in 90 days)");
    assert_eq!(*bench.callback.pages.lock().unwrap(), [Page::LoggedIn]);
    let paths = bench.provider.paths();
    assert_eq!(paths, ["/.well-known/openid-configuration", "/jwks", "/connect/token"]);
}

#[test]
fn stored_times_start_before_the_code_exchange() {
    let bench = mobile();
    let (clock, browser) = (std::sync::Arc::clone(&bench.clock), std::sync::Arc::clone(&bench.browser));
    bench.provider.announces_itself();
    bench.provider.expect("/connect/token", move |_| {
        clock.advance(Seconds(7));
        let nonce = parameter(&browser.request().unwrap(), "nonce");
        Ok(Answer::new().refresh_token("rt-1").member("scope", json!(null)).response(clock.time(), Some(&nonce)))
    });
    bench.run(&["login", "--scope", "openid api:x"]).exits(0);
    let session = bench.session().unwrap();
    assert_eq!((session.login_at, session.access_token.obtained_at), (START, START));
    assert_eq!(session.access_token.expires_at, START.plus(Seconds(3_600)));
    assert_eq!(session.held_token().unwrap().renewed_at, START);
    assert_eq!(session.id_token.unwrap().expires_at, START.plus(Seconds(307)));
    assert_eq!(session.scopes, ["openid", "api:x"], "no scope in the answer: all that was asked for was granted");
    assert_eq!((session.account.sub.as_str(), session.account.username.as_deref()), (SUB, Some("+4790000001")));
    assert_eq!((session.events.len(), session.events[0].time), (1, START));
    assert_eq!(session.events[0].kind, EventKind::Login { refresh_token: true });
}

#[test]
fn json_login_prints_the_inspect_document() {
    let bench = mobile();
    announce(&bench, Answer::new().refresh_token("rt-1"));
    let login = bench.run(&["login", "--json"]).exits(0).json();
    assert_eq!(login, bench.run(&["inspect", "--json"]).exits(0).json());
    assert_eq!(login["account"], json!({ "sub": SUB, "username": "+4790000001" }));
    assert_eq!((&login["access_token"]["verified"], &login["id_token"]["verified"]), (&json!(true), &json!(true)));
    assert_eq!(login["warnings"], json!(null));
}

#[test]
fn login_to_another_account_replaces_the_session() {
    let bench = mobile();
    bench.log_in();
    let ola = Answer::new().sub("ola").refresh_token("rt-2").id_claim("preferred_username", json!("ola\u{1b}"));
    bench.provider.announces_discovery();
    bench.provider.grants(&bench.browser, bench.clock.time(), ola);
    let outcome =
        bench.run(&["login", "--json"]).exits(0).says(r"another account (ola\u{1b}) than before (+4790000001)");
    assert_eq!(outcome.json()["warnings"][0]["code"], "account_changed");
    let session = bench.session().unwrap();
    assert_eq!((session.account.sub.as_str(), session.held_token().unwrap().value.expose()), ("ola", "rt-2"));
    assert!(bench.cache.documents().concat().contains(session.access_token.value.expose()));
}

#[test]
fn callback_by_another_user_is_reported_and_ignored() {
    let bench = mobile();
    bench.callback.ignores.lock().unwrap().push(Ignored::AnotherUser(1_001));
    bench.provider.announces_login(&bench.browser, bench.clock.time(), Answer::new());
    let outcome = bench.run(&["login", "--json"]).exits(0).says("another user of this machine (uid 1001)");
    assert_eq!(outcome.says("tidp login --paste").json()["warnings"][0]["code"], "another_user");
}

#[test]
fn only_discovery_is_fetched_before_the_browser_opens() {
    let bench = mobile();
    let discovered = "/.well-known/openid-configuration";
    let opens = |path: &'static str, browsers: usize, answer: serde_json::Value| {
        let browser = Arc::clone(&bench.browser);
        bench.provider.expect(path, move |_| {
            assert_eq!(browser.shown.lock().unwrap().len(), browsers, "browsers open when {path} is asked for");
            Ok(answered(200, &answer))
        });
    };
    opens("/jwks", 1, jwks());
    for (opened, paths) in [(0, vec![discovered, "/jwks", "/connect/token"]), (1, vec![discovered, "/connect/token"])] {
        opens(discovered, opened, discovery());
        bench.provider.seen.lock().unwrap().clear();
        bench.provider.grants(&bench.browser, bench.clock.time(), Answer::new());
        bench.run(&["login"]).exits(0);
        assert_eq!(bench.provider.paths(), paths);
    }
}

#[test]
fn without_a_thread_keys_are_fetched_after_the_code() {
    let mut bench = mobile();
    bench.ports.background = |_| Err(std::io::ErrorKind::WouldBlock.into());
    bench.log_in();
    assert_eq!(bench.provider.paths(), ["/.well-known/openid-configuration", "/connect/token", "/jwks"]);
}

#[test]
fn login_replaces_a_corrupt_entry() {
    for entry in ["garbage", r#"{"version":99}"#, r#"{"version":1}"#] {
        let bench = mobile();
        bench.stores.put(&EntryKey::Session(bench.key()).name(), entry);
        bench.log_in().leaves_out("warning");
        assert!(bench.session().is_some());
    }
}

#[test]
fn login_url_is_printed_when_no_browser_opens() {
    for case in ["--no-browser", "missing", "broken"] {
        let bench = mobile();
        *bench.browser.missing.lock().unwrap() = case == "missing";
        *bench.browser.broken.lock().unwrap() = case == "broken";
        announce(&bench, Answer::new().refresh_token("rt-1"));
        let args: &[&str] = if case == "--no-browser" { &["login", case, "--quiet"] } else { &["login", "-q"] };
        let outcome = bench.run(args).exits(0).says("https://id.example/connect/authorize?").leaves_out("\u{1b}");
        assert_eq!(outcome.stdout, "");
        assert!(bench.browser.shown.lock().unwrap().is_empty(), "{case}");
        assert!(bench.session().is_some());
    }
}

#[test]
fn redirect_uri_with_port_is_used_verbatim() {
    for (uri, host, port, path) in [
        ("http://localhost:80/%63b", "localhost", 80, "/%63b"),
        ("http://127.0.0.1:08400", "127.0.0.1", 8400, "/"),
        ("http://[::1]:7000/cb", "[::1]", 7000, "/cb"),
    ] {
        let bench = mobile().env("TIDP_REDIRECT_URI", uri);
        assert_eq!(parameter(&requested(&bench, &[]), "redirect_uri"), uri);
        assert_eq!(bench.provider.last("/connect/token").field("redirect_uri").as_deref(), Some(uri));
        let at = ListenAt { host: host.into(), port: Some(port), path: path.into() };
        assert_eq!(*bench.callback.listened.lock().unwrap(), [at]);
    }
}

#[test]
fn redirect_can_be_pasted() {
    for (uri, args, start) in [
        ("http://127.0.0.1/callback", &["login", "--paste"][..], "http://127.0.0.1:"),
        ("http://localhost:8400/cb", &["login", "--paste"], "http://localhost:8400/cb"),
        ("https://app.example/signed-in", &["login"], "https://app.example/signed-in"),
        ("no.example.app:/signed-in", &["login"], "no.example.app:/signed-in"),
    ] {
        let bench = mobile().env("TIDP_REDIRECT_URI", uri);
        announce(&bench, Answer::new().refresh_token("rt-1"));
        bench.terminal.pastes(|url| Some(format!("'{}?{}'", parameter(url, "redirect_uri"), granted(url))));
        assert_eq!(bench.run(args).exits(0).stdout, "");
        let sent = parameter(&bench.browser.request().unwrap(), "redirect_uri");
        assert!(sent.starts_with(start), "{sent}");
        assert!(Url::parse(&sent).unwrap().port().is_none_or(|port| port == 8400 || port >= 49_152), "{sent}");
        assert_eq!(bench.provider.last("/connect/token").field("redirect_uri"), Some(sent));
        assert!(bench.callback.listened.lock().unwrap().is_empty() && bench.browser.shown.lock().unwrap().is_empty());
    }
}

#[test]
fn redirects_of_other_logins_are_ignored() {
    let bench = mobile();
    bench.callback.replies(|url| {
        let state = parameter(url, "state");
        let foreign = ["code=x", "code=x&state=", "error=access_denied&state=wrong"].map(str::to_owned);
        let twice = format!("code=x&state={state}&state={state}");
        foreign.into_iter().chain([format!("code=x&state={state}%20"), twice, granted(url)]).collect()
    });
    bench.log_in();
    assert_eq!(bench.provider.last("/connect/token").field("code").as_deref(), Some("the-code"));
}

#[test]
fn confidential_client_uses_its_auth_method() {
    let secret = "a b:c%+ø";
    let confidential = || Bench::new("Confidential");
    let basic = STANDARD.encode("app:a+b%3Ac%25%2B%C3%B8");
    for bench in [
        confidential().env("TIDP_CLIENT_SECRET", secret),
        confidential().env("TIDP_CLIENT_SECRET_COMMAND", "pass show 'tidp secret'"),
        confidential(),
    ] {
        bench.children.prints.lock().unwrap().insert("pass show tidp secret".into(), secret.into());
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
fn login_warns_of_a_short_session_unless_renewed() {
    let warned = |bench: Bench| {
        announce(&bench, Answer::new().refresh_token("rt-1"));
        let codes = bench.run(&["login", "--json"]).exits(0).json()["warnings"][0]["code"].clone();
        codes == "dies_before_access_token"
    };
    assert!(warned(Bench::new("PublicWithRefresh")));
    assert!(!warned(Bench::new("PublicWithRefresh").env("TIDP_RENEW", "before-session-ends")));
    assert!(!warned(mobile()));
}

#[test]
fn unmet_acr_value_is_a_warning() {
    for (wished, claim, missed) in [
        ("urn:telenor.identity.aal.3", json!("urn:telenor.identity.aal.2"), true),
        ("urn:telenor.identity.aal.3", json!(null), true),
        ("urn:telenor.identity.aal.3 urn:telenor.identity.aal.2", json!("urn:telenor.identity.aal.2"), false),
        ("urn:telenor.identity.aal.2", json!(["x", "urn:telenor.identity.aal.2"]), false),
        ("idp:no.azure.login", json!("urn:telenor.identity.aal.1"), false),
    ] {
        let bench = mobile();
        announce(&bench, Answer::new().refresh_token("rt-1").id_claim("acr", claim));
        let document = bench.run(&["login", "--acr-values", wished, "--json"]).exits(0).json();
        assert_eq!(document["warnings"][0]["code"] == "acr_not_met", missed, "{document}");
    }
}

#[test]
fn met_requirements_let_the_login_succeed() {
    let bench = mobile();
    let asked = ["--require-acr", "urn:telenor.identity.aal.2", "--expect-sub", SUB, "--max-age", "10s"];
    let url = requested(&bench, &asked);
    assert_eq!(parameter(&url, "acr_values"), "urn:telenor.identity.aal.2");
}

#[test]
fn extra_parameter_cannot_replace_a_protected_one() {
    let url = requested(&mobile(), &["--extra-param", "market=no&state=x"]);
    assert_eq!(parameter(&url, "market"), "no&state=x");
    assert_eq!(url.query_pairs().filter(|(name, _)| name == "state").count(), 1);
    for wrong in ["state=x", "Redirect_URI=https://evil.example", "request=x", "no-value"] {
        let bench = mobile();
        bench.provider.announces_discovery();
        let outcome = bench.run_on(&["login", "--extra-param", wrong]).exits(2);
        assert!(bench.browser.shown.lock().unwrap().is_empty(), "{outcome:?}");
    }
}

#[test]
fn memory_store_warns_that_the_session_is_lost() {
    let bench = Bench::new("MobileApp").env("TIDP_STORE", "memory");
    bench.provider.announces_login(&bench.browser, bench.clock.time(), Answer::new());
    let outcome = bench.run(&["login", "--json"]).exits(0).says("gone when this command ends");
    assert!(outcome.warnings().contains(&"memory_store".to_owned()));
    let bench = Bench::new("MobileApp");
    bench.log_in().leaves_out("gone when");
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
        bench.provider.announces_login(&bench.browser, bench.clock.time(), Answer::new().refresh_token("rt-1"));
        bench.run(&["login", "--prompt", "login"]).exits(0);
        assert!(bench.callback.handed_over.lock().unwrap().is_empty(), "only where nothing may be asked");
        let before = hint(&bench);
        bench.browser.shown.lock().unwrap().clear();
        bench.provider.announces_discovery();
        bench.provider.grants(&bench.browser, bench.clock.time(), Answer::new().refresh_token("rt-2"));
        bench.terminal.pastes(|url| Some(format!("{}?{}", parameter(url, "redirect_uri"), granted(url))));
        let outcome = bench.run(args).exits(0).leaves_out(&before).leaves_out("id_token_hint=");
        let (shown, handed_over) = (bench.browser.shown.lock().unwrap(), bench.callback.handed_over.lock().unwrap());
        let once = ["http://127.0.0.1:49998/once".parse().unwrap()];
        if args.contains(&"--paste") {
            assert!(handed_over.is_empty());
            outcome.says("The ID token is not sent as a hint: an address that is printed must not hold it.");
            continue;
        }
        assert_eq!(shown.as_slice(), if args.contains(&"--no-browser") { &[][..] } else { &once });
        outcome.says("http://127.0.0.1:49998/once").leaves_out("response_type=");
        let sent = Url::parse(&handed_over[0]).unwrap();
        assert_eq!((parameter(&sent, "id_token_hint"), parameter(&sent, "prompt")), (before, "none".into()));
        assert!(sent.as_str().starts_with(&format!("{ISSUER}/connect/authorize?response_type=code&")));
    }
    // Where there is no session yet, there is nothing to hide.
    let bench = mobile();
    let url = requested(&bench, &["--prompt", "none"]);
    assert_eq!(
        (bench.browser.shown.lock().unwrap().as_slice(), parameter(&url, "prompt")),
        (&[url.clone()][..], "none".into())
    );
    // Nobody who comes for it is a login that nobody finishes.
    *bench.callback.nobody_comes.lock().unwrap() = true;
    let start = bench.clock.time();
    bench.provider.announces_discovery();
    bench.run(&["login", "--prompt", "none"]).exits(124).says("Still waiting.").says("hint: tidp profile show");
    assert_eq!(bench.clock.time().since(start), Seconds::minutes(5));
}

#[test]
fn max_age_counts_from_the_start_of_the_login() {
    for (auth_time, code) in [(1, 0), (0, 0), (-1, 7), (-50, 7)] {
        let bench = mobile();
        *bench.callback.comes_after.lock().unwrap() = Seconds(40);
        let answer = Answer::new().id_claim("auth_time", json!(START.unix() + auth_time));
        bench.provider.announces_login(&bench.browser, START.plus(Seconds(40)), answer);
        bench.run(&["login", "--max-age", "0"]).exits(code);
        assert_eq!(bench.session().is_some(), code == 0);
    }
    // The machine may have slept meanwhile.
    let bench = mobile();
    let clock = Arc::clone(&bench.clock);
    bench.callback.replies(move |url| {
        clock.suspend(Seconds(600));
        vec![granted(url)]
    });
    let answer = Answer::new().id_claim("auth_time", json!(START.unix()));
    bench.provider.announces_login(&bench.browser, START.plus(Seconds(600)), answer);
    bench.run(&["login", "--max-age", "0"]).exits(0);
}

#[test]
fn scopes_other_than_requested_are_named_once() {
    let log_in = |scope: &str, refresh_token: bool| {
        let bench = mobile();
        let answer = Answer::new().member("scope", json!(scope));
        announce(&bench, if refresh_token { answer.refresh_token("rt-1") } else { answer });
        bench.run(&["login", "--json"]).exits(0)
    };
    let less = "The provider did not grant the scopes `profile offline_access`.";
    assert_eq!(log_in("openid", false).says(less).warnings(), [""; 0]);
    let more = log_in("openid profile a\u{1b}b", true).says(r"granted scopes that were not requested: `a\u{1b}b`");
    assert_eq!(more.leaves_out("less than").warnings(), ["scope_more_than_asked"]);
    log_in("profile", true).leaves_out("asked for");
}

#[test]
fn paste_is_suggested_over_ssh_or_without_browser() {
    for case in ["", "SSH_CONNECTION", "missing", "broken", "--no-browser"] {
        let bench = mobile().env(case, "10.0.0.1 50000 10.0.0.2 22");
        *bench.browser.missing.lock().unwrap() = case == "missing";
        *bench.browser.broken.lock().unwrap() = case == "broken";
        announce(&bench, Answer::new());
        let args = ["login", case];
        let args = if case.starts_with('-') { &args[..] } else { &args[..1] };
        let stderr = bench.run(args).exits(0).stderr;
        let hinted = stderr.find("On another machine's browser? Use `tidp login --paste`.");
        assert_eq!(hinted.is_some(), !case.is_empty(), "{case}: {stderr}");
        // Over SSH it is the way to go, and stands before the URL.
        let comes_first = hinted.is_some_and(|hinted| hinted < stderr.find("https://").unwrap());
        assert_eq!(comes_first, case == "SSH_CONNECTION", "{case}: {stderr}");
    }
}
