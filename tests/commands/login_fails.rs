//! A login that fails stores nothing, prints nothing, claims nothing in the browser, and leaves no token alive.

use crate::support::Bench;
use crate::support::ports::{granted, parameter};
use crate::support::provider::json;
use crate::support::tokens::{Answer, ISSUER, another_jwks_named, discovery, jwks, jwks_named};
use serde_json::{Value, json};
use tidp::testing::domain::time::Seconds;
use tidp::testing::ports::{HttpFailureKind, Ignored, Page, Response, StoreFailureKind, WhyNot};

fn mobile() -> Bench {
    Bench::new("MobileApp")
}

fn announce(bench: &Bench, answer: Answer) {
    bench.provider.announces_login(&bench.browser, bench.clock.time(), answer);
}

/// Nothing of the login is left here, and the browser was told so, and why.
#[track_caller]
fn left_nothing(bench: &Bench, why: WhyNot) {
    assert!(bench.stores.is_empty() && bench.cache.documents().is_empty());
    assert_eq!(*bench.callback.pages.lock().unwrap(), [Page::NotLoggedIn(why)]);
}

/// A login to which the redirect is what `query` makes of state and a successful query.
#[track_caller]
fn redirected(args: &[&str], query: impl Fn(&str, &str) -> String + Send + 'static, code: u8, why: WhyNot) -> Value {
    let bench = mobile();
    bench.provider.announces_itself();
    bench.callback.replies(move |url| vec![query(&parameter(url, "state"), &granted(url))]);
    let error = bench.run(&[args, &["login", "--json"]].concat()).exits(code).error();
    left_nothing(&bench, why);
    error
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
            r"signs ID tokens with EdDSA\u{1b}, none (`id_token_signing_alg_values_supported`), and tidp takes RS256 alone",
        ),
        (json(404, &json!({})), 4, "404"),
        (json(503, &json!({})), 5, "503"),
    ] {
        let bench = mobile();
        bench.provider.answers("/.well-known/openid-configuration", response);
        let hint = if code == 5 { "hint: try again later: tidp login\n" } else { "" };
        bench.run(&["login"]).exits(code).says(words).says(hint);
        assert_eq!(bench.provider.paths().len(), 1);
        assert!(bench.browser.request().is_none() && bench.callback.listened.lock().unwrap().is_empty());
    }
}

#[test]
fn odd_signing_algorithm_lists_do_not_stop_a_login() {
    for algorithms in [json!(["ES256", "RS256"]), json!(null), json!([]), json!("EdDSA"), json!([1]), json!({})] {
        let bench = mobile();
        let mut document = discovery();
        document["id_token_signing_alg_values_supported"] = algorithms;
        bench.provider.answers("/.well-known/openid-configuration", json(200, &document));
        bench.provider.answers("/jwks", json(200, &jwks()));
        bench.provider.grants(&bench.browser, bench.clock.time(), Answer::new());
        bench.run(&["login"]).exits(0);
    }
}

#[test]
fn unavailable_redirect_port_is_an_error() {
    let bench = mobile().env("TIDP_REDIRECT_URI", "http://127.0.0.1:8400/cb");
    *bench.callback.port_is_taken.lock().unwrap() = true;
    bench.provider.announces_discovery();
    bench.run(&["login"]).exits(2).says("cannot listen on 127.0.0.1:8400");
    assert!(bench.browser.request().is_none());
}

#[test]
fn control_character_in_an_option_opens_no_browser() {
    let bench = mobile();
    bench.provider.announces_discovery();
    bench.run(&["login", "--login-hint", "a\nb"]).exits(2).says("login_hint");
    assert!(bench.browser.request().is_none());
}

#[test]
fn unfinished_login_times_out() {
    for (args, patience) in [(&["login"][..], 300), (&["login", "--timeout", "90s"], 90)] {
        let bench = mobile();
        let start = bench.clock.time();
        bench.provider.announces_itself();
        bench.callback.replies(|_| vec!["code=x&state=of-another-login".into(), "error=access_denied".into()]);
        bench.run(args).exits(124).says("hint: tidp profile show\n");
        assert_eq!(bench.clock.time().since(start), Seconds(patience));
        left_nothing(&bench, WhyNot::TimedOut);
    }
}

#[test]
fn ignored_redirects_are_reported_once_each() {
    let bench = mobile();
    bench.provider.announces_itself();
    bench.callback.replies(|url| {
        let state = parameter(url, "state");
        let foreign = ["code=x&state=evil%1b[31m", "code=y&state=other", "error=invalid_scope", "", "state=x"];
        foreign.into_iter().map(str::to_owned).chain([format!("code=z&state={state}&state={state}")]).collect()
    });
    let kinds = [Ignored::AnotherPath, Ignored::AnotherHost, Ignored::AnotherMethod, Ignored::TooLarge];
    bench.callback.ignores.lock().unwrap().extend(kinds.into_iter().chain([Ignored::NotHttp, Ignored::AnotherPath]));
    let outcome = bench.run(&["login"]).exits(124).leaves_out("\u{1b}").leaves_out("evil").leaves_out("invalid_scope");
    let (waiting, end) = outcome.stderr.split_once("error: ").unwrap();
    for why in [
        "a redirect that does not belong to this login was ignored: its `state` is another one\n",
        "a redirect that does not belong to this login was ignored: it has no `state`\n",
        "a redirect that does not belong to this login was ignored: it has more than one `state`\n",
        "a request to the redirect URI was ignored: it came to another path",
        "a request to the redirect URI was ignored: it came to another host name or port",
        "a request to the redirect URI was ignored: it was no GET",
        "a request to the redirect URI was ignored: its head is larger than 16 KiB",
        "a request to the redirect URI was ignored: it could not be read as plain HTTP",
    ] {
        assert_eq!(waiting.matches(why).count(), 1, "`{why}` once in: {waiting}");
        assert!(end.contains(why.split_once("ignored: ").unwrap().1.trim()), "{end}");
    }
    // A login that goes well in the end has it among its warnings.
    let bench = mobile();
    announce(&bench, Answer::new());
    bench.callback.replies(|url| vec!["code=x&state=y".into(), granted(url)]);
    assert_eq!(bench.run(&["login", "--json"]).exits(0).warnings(), ["redirect_ignored"]);
}

#[test]
fn timed_out_login_names_client_id_and_redirect_uri() {
    const GHOST: &str = "[profile.ghost]\nissuer = \"https://id.example\"\nclient_id = \"nosuch\"\n";
    let registered = format!("{GHOST}redirect_uri = \"http://127.0.0.1:8400/cb\"\n");
    for (bench, in_use, hint) in [
        (
            Bench::with_config(GHOST),
            "client_id `nosuch` (profile `ghost`), redirect_uri `http://127.0.0.1:49999/callback` (default)",
            "tidp profile show ghost",
        ),
        (
            Bench::with_config(&registered),
            "client_id `nosuch` (profile `ghost`), redirect_uri `http://127.0.0.1:8400/cb` (profile `ghost`)",
            "tidp profile show ghost",
        ),
        (
            mobile().env("TIDP_REDIRECT_URI", "http://127.0.0.1:8400/cb"),
            "client_id `app` (TIDP_CLIENT_ID), redirect_uri `http://127.0.0.1:8400/cb` (TIDP_REDIRECT_URI)",
            "tidp profile show",
        ),
    ] {
        bench.provider.announces_itself();
        bench.callback.replies(|_| Vec::new());
        let still = format!(
            "Still waiting. If the browser shows an error, the provider may not know this client or redirect URI: {in_use}.\n"
        );
        let stderr = bench.run(&["login"]).exits(124).says(&still).says(&format!("hint: {hint}\n")).stderr;
        assert_eq!(stderr.matches(in_use).count(), 2, "while waiting and in the end: {stderr}");
    }
    // Nothing is said before 20 seconds have passed, nor to whoever wants to wait no longer.
    for (comes_after, args, said) in
        [(19, &["login"][..], false), (21, &["login"], true), (19, &["login", "--timeout", "20s"], false)]
    {
        let bench = mobile();
        *bench.callback.comes_after.lock().unwrap() = Seconds(comes_after);
        announce(&bench, Answer::new());
        assert_eq!(bench.run(args).exits(0).stderr.contains("Still waiting."), said, "{comes_after} {args:?}");
    }
}

#[test]
fn authorization_error_is_printed_escaped() {
    for (refusal, code, kind, why, hint) in [
        ("access_denied", 4, "refused", WhyNot::Cancelled, "tidp login"),
        ("server_error", 5, "unreachable", WhyNot::Unavailable, "try again later: tidp login"),
        ("temporarily_unavailable", 5, "unreachable", WhyNot::Unavailable, "try again later: tidp login"),
        ("unauthorized_client", 4, "refused", WhyNot::Refused, "tidp profile show"),
        (
            "invalid_scope",
            4,
            "refused",
            WhyNot::Refused,
            "requested scopes: openid profile offline_access (--scope, or TIDP_SCOPES)",
        ),
        ("whatever", 4, "refused", WhyNot::Refused, "tidp profile show"),
        ("login_required", 3, "login_required", WhyNot::NeedsUser, "tidp login"),
        ("interaction_required", 3, "login_required", WhyNot::NeedsUser, "tidp login"),
        ("consent_required", 3, "login_required", WhyNot::NeedsUser, "tidp login"),
    ] {
        let query = move |state: &str, _: &str| {
            format!("error={refusal}&error_description=no%1b[31m%E2%80%AEway&state={state}&iss=https://id.example")
        };
        let error = redirected(&["--quiet"], query, code, why);
        assert_eq!((&error["kind"], &error["provider"]["error"]), (&json!(kind), &json!(refusal)));
        assert_eq!(error["hint"], hint);
        assert_eq!(error["provider"]["error_description"], "no\u{1b}[31m\u{202e}way");
        assert!(error["message"].as_str().unwrap().contains(r"no\u{1b}[31m\u{202e}way"));
    }
    let bench = mobile();
    bench.provider.announces_itself();
    bench
        .callback
        .replies(|url| vec![format!("error=login_required&state={}&iss=https://id.example", parameter(url, "state"))]);
    bench.run(&["login", "--prompt", "none"]).exits(3).says("hint: tidp login\n");
    assert_eq!(parameter(&bench.browser.request().unwrap(), "prompt"), "none");
    // Where the profile says so, the same command would end the same way.
    let bench = mobile().env("TIDP_PROMPT", "none");
    bench.provider.announces_itself();
    bench
        .callback
        .replies(|url| vec![format!("error=login_required&state={}&iss=https://id.example", parameter(url, "state"))]);
    bench.run(&["login"]).exits(3).says("hint: tidp login --prompt login\n");
}

#[test]
fn invalid_redirect_ends_the_login_before_the_exchange() {
    let code = "code=the-code";
    for (query, words) in [
        (format!("{code}&iss=https://evil.example%1b"), r"another issuer: `https://evil.example\u{1b}`"),
        (format!("{code}&iss=https://id.example/"), "another issuer"),
        (code.to_owned(), "has no `iss`"),
        (format!("{code}&{code}&iss=https://id.example"), "`code` more than once"),
        ("iss=https://id.example".to_owned(), "neither a `code` nor an `error`"),
        ("error=access_denied&iss=https://evil.example".to_owned(), "another issuer"),
        (
            "error=login_required".to_owned(),
            "has no `iss`, which the provider promises to send; it carried the error `login_required`",
        ),
    ] {
        let error = redirected(&[], move |state, _| format!("{query}&state={state}"), 7, WhyNot::NotValid);
        assert!(error["message"].as_str().unwrap().contains(words), "{error}");
    }
}

#[test]
fn pasted_url_is_checked_like_a_redirect() {
    type Paste = fn(&str, &str) -> Option<String>;
    let rows: [(Paste, u8, &str); 8] = [
        (|_, _| None, 2, "nothing was pasted"),
        (|_, _| Some(String::new()), 2, "not the address"),
        (|_, _| Some("the-code".into()), 2, "bare code"),
        (|_, _| Some("what is this?".into()), 2, "not the address"),
        (|uri, _| Some(format!("{uri}?code=the-code&state=x&iss={ISSUER}")), 7, "state"),
        (|uri, state| Some(format!("{uri}?code=the-code&state={state}&iss=https://evil.example")), 7, "another issuer"),
        (|_, state| Some(format!("https://evil.example/?code=the-code&state={state}&iss={ISSUER}")), 7, "begin with"),
        (|uri, state| Some(format!("{uri}?error=access_denied&state={state}&iss={ISSUER}")), 4, "access_denied"),
    ];
    for (paste, code, words) in rows {
        let bench = mobile();
        bench.provider.announces_discovery();
        bench.terminal.pastes(move |url| paste(&parameter(url, "redirect_uri"), &parameter(url, "state")));
        bench.run(&["login", "--paste"]).exits(code).says(words);
        assert!(bench.stores.is_empty());
    }
}

#[test]
fn code_is_sent_only_once() {
    let html = Response { status: 200, headers: Vec::new(), body: b"<html>".to_vec() };
    let mut elsewhere = json(307, &json!({}));
    elsewhere.headers.push(("location".into(), "https://evil.example/".into()));
    let failed = |kind| Err(kind);
    let (refused, later, wrong) = (WhyNot::Refused, WhyNot::Unavailable, WhyNot::NotValid);
    let used = json(400, &json!({ "error": "invalid_grant", "error_description": "used\r" }));
    let (no_client, show) = (json(401, &json!({ "error": "invalid_client" })), "hint: tidp profile show\n");
    let (login, try_later) = ("hint: tidp login\n", "hint: try again later: tidp login\n");
    for (answer, code, words, hint, why) in [
        (Ok(used), 4, r"used\u{d}", login, refused),
        (Ok(no_client), 4, "client_id `app` (TIDP_CLIENT_ID)", show, refused),
        (Ok(json(400, &json!({ "error": "temporarily_unavailable" }))), 5, "temporarily_unavailable", try_later, later),
        (Ok(json(400, &json!({ "error": "invalid_scope" }))), 4, "invalid_scope", "hint: requested scopes: ", refused),
        (Ok(json(429, &json!({}))), 5, "429", try_later, later),
        (Ok(json(500, &json!({}))), 5, "500", try_later, later),
        (Ok(json(503, &json!({}))), 5, "503", try_later, later),
        (Ok(html), 5, "a web page came instead of it", try_later, later),
        (Ok(elsewhere), 7, "redirection", "", wrong),
        (failed(HttpFailureKind::AnswerLost), 5, "log in again", try_later, later),
        (failed(HttpFailureKind::NotSent), 5, "log in again", try_later, later),
        (failed(HttpFailureKind::Certificate), 7, "as the test wants", "", wrong),
    ] {
        let bench = mobile();
        bench.provider.announces_itself();
        match answer {
            Ok(response) => bench.provider.answers("/connect/token", response),
            Err(kind) => bench.provider.fails("/connect/token", kind),
        }
        bench.run(&["login"]).exits(code).says(words).says(hint).leaves_out("the-code");
        assert_eq!(bench.provider.count("/connect/token"), 1);
        left_nothing(&bench, why);
    }
}

#[test]
fn refresh_token_of_an_invalid_response_is_revoked() {
    let good = || Answer::new().refresh_token("rt-1");
    let claim = |name: &str, value: Value| good().id_claim(name, value);
    let start = mobile().clock.time().unix();
    for (answer, args, words) in [
        (claim("nonce", json!("another")), &[][..], "nonce"),
        (claim("nonce", json!(null)), &[], "nonce"),
        (claim("iss", json!("https://evil.example")), &[], "iss"),
        (claim("aud", json!("another")), &[], "aud"),
        (claim("sub", json!("")), &[], "sub"),
        (claim("exp", json!(start - 61)), &[], "exp"),
        (claim("iat", json!(start - 604_800)), &[], "not issued for this login"),
        (claim("at_hash", json!("AAAAAAAAAAAAAAAAAAAAAA")), &[], "at_hash"),
        (good().member("id_token", json!("e30.e30.")), &[], "its header's `alg` is not a string"),
        (good(), &["--expect-sub", "ola"], "--expect-sub"),
        (
            good(),
            &["--require-acr", "urn:telenor.identity.aal.3"],
            "(acr) is urn:telenor.identity.aal.2, but `urn:telenor.identity.aal.3` is required",
        ),
        (claim("auth_time", json!(start - 7_200)), &["--max-age", "60"], "longer ago than `max_age`"),
        (claim("auth_time", json!(start - 50)), &["--max-age", "0"], "longer ago than `max_age`"),
        (claim("auth_time", json!(null)), &["--max-age", "60"], "auth_time"),
    ] {
        let bench = mobile();
        announce(&bench, answer);
        bench.provider.revokes("rt-1");
        let error = bench.run(&[&["login", "--json"], args].concat()).exits(7).leaves_out("rt-1").error();
        assert!(error["message"].as_str().unwrap().contains(words), "{error} lacks `{words}`");
        let (hint, why) = match words {
            "--expect-sub" => (json!("tidp login --prompt login --expect-sub ola"), WhyNot::AnotherAccount),
            "(acr) is urn:telenor.identity.aal.2, but `urn:telenor.identity.aal.3` is required" => {
                (json!("tidp login --prompt login --require-acr urn:telenor.identity.aal.3"), WhyNot::TooWeak)
            }
            _ => (json!(null), WhyNot::NotValid),
        };
        assert_eq!(error["hint"], hint);
        left_nothing(&bench, why);
    }
    let bench = mobile();
    announce(&bench, good().without_id_token());
    bench.run(&["login"]).exits(7).says("`id_token` is missing");
    left_nothing(&bench, WhyNot::NotValid);
}

#[test]
fn login_fetches_an_unknown_key_once() {
    let bench = mobile();
    announce(&bench, Answer::new().refresh_token("rt-1").kid("k2"));
    bench.provider.answers("/jwks", json(200, &jwks_named("k2")));
    bench.run(&["login"]).exits(0);
    let bench = mobile();
    announce(&bench, Answer::new().refresh_token("rt-1").kid("k3\u{1b}"));
    bench.provider.answers("/jwks", json(200, &jwks_named("k2")));
    bench.provider.revokes("rt-1");
    bench.run(&["login"]).exits(7).says("a key that the provider does not publish").leaves_out("\u{1b}");
    left_nothing(&bench, WhyNot::NotValid);
}

#[test]
fn login_without_keys_fails_and_revokes_its_token() {
    let bench = mobile();
    bench.provider.announces_discovery();
    bench.provider.fails("/jwks", HttpFailureKind::NotSent);
    bench.provider.grants(&bench.browser, bench.clock.time(), Answer::new().refresh_token("rt-1"));
    bench.provider.fails("/jwks", HttpFailureKind::NotSent);
    bench.provider.revokes("rt-1");
    bench.run(&["login"]).exits(5).says("keys").says("hint: try again later: tidp login\n");
    left_nothing(&bench, WhyNot::Unavailable);
    // Nor does a key at hand that has not signed it decide, while its successor cannot be had.
    let bench = mobile();
    bench.provider.announces_discovery();
    bench.provider.answers("/jwks", json(200, &another_jwks_named("k1")));
    bench.provider.grants(&bench.browser, bench.clock.time(), Answer::new().refresh_token("rt-1"));
    bench.provider.answers("/jwks", json(503, &json!({})));
    bench.provider.revokes("rt-1");
    bench.run(&["login"]).exits(5).says("503");
    left_nothing(&bench, WhyNot::Unavailable);
}

#[test]
fn unstorable_session_is_revoked() {
    for busy in [false, true] {
        let bench = mobile();
        announce(&bench, Answer::new().refresh_token("rt-1"));
        bench.provider.revokes("rt-1");
        bench.stores.hold_lock(busy);
        bench.stores.fail("save", StoreFailureKind::Refused);
        let error = bench.run(&["login", "--json"]).exits(if busy { 5 } else { 6 }).error();
        assert_eq!(error["kind"], if busy { "busy" } else { "store" });
        left_nothing(&bench, WhyNot::NotStored);
    }
}

#[test]
fn failed_login_keeps_the_old_session() {
    let bench = mobile();
    bench.log_in();
    let before = bench.session();
    let wrong = Answer::new().refresh_token("rt-2").id_claim("nonce", json!("another"));
    bench.provider.announces_discovery();
    bench.provider.grants(&bench.browser, bench.clock.time(), wrong);
    bench.provider.revokes("rt-2");
    bench.run(&["login"]).exits(7);
    assert_eq!(bench.session(), before);
    bench.run(&["token"]).exits(0);
}

#[test]
fn unconfirmed_write_is_confirmed_by_reading_back() {
    let bench = Bench::new("MobileApp");
    bench.stores.fail("answer to save", StoreFailureKind::Unknown);
    bench.log_in();
    assert!(bench.session().is_some());
}

#[test]
fn wrong_paste_is_asked_for_again_at_a_terminal() {
    let mistyped = |typed: bool, lines: &[&str]| {
        let bench = mobile();
        *bench.terminal.typed.lock().unwrap() = typed;
        lines.iter().for_each(|line| bench.terminal.type_line(line));
        bench
    };
    let bench = mistyped(true, &["", " "]);
    bench.terminal.pastes(|url| Some(format!("{}?{}", parameter(url, "redirect_uri"), granted(url))));
    announce(&bench, Answer::new());
    let stderr = bench.run(&["login", "--paste"]).exits(0).stderr;
    assert_eq!(stderr.matches("That line was empty.").count(), 2, "{stderr}");
    // Nor does anything else that is no answer to this login end it, while its own no does.
    let bench = mistyped(true, &["hello there", "the-code", "https://evil.example/?code=x", "http://127.0.0.1:1/"]);
    bench.terminal.pastes(|url| {
        let (uri, state) = (parameter(url, "redirect_uri"), parameter(url, "state"));
        Some(format!("{uri}?error=access_denied&state={state}&iss={ISSUER}"))
    });
    bench.provider.announces_discovery();
    let outcome = bench.run(&["login", "--paste"]).exits(4).says("That is a bare code. Paste the whole address here");
    let stderr = outcome.says("That is not the address the browser was sent to. Paste the whole").stderr;
    assert_eq!(stderr.matches("The pasted URL is not the one the login ends at").count(), 2, "{stderr}");
    let another = |uri: &str| format!("{uri}?code=x&state=another");
    let bench = mistyped(true, &[]);
    bench.terminal.pastes(move |url| Some(another(&parameter(url, "redirect_uri"))));
    bench.provider.announces_discovery();
    let told = "The redirect does not belong to this login: its `state` is another one. Paste the whole";
    bench.run(&["login", "--paste"]).exits(2).says(told).says("standard input is at its end");
    for (typed, lines, words) in [
        (true, &["", "the-code"][..], "standard input is at its end"),
        (true, &[""], "standard input is at its end"),
        (false, &["", "the-code"], "paste it whole"),
    ] {
        let bench = mistyped(typed, lines);
        bench.provider.announces_discovery();
        let stderr = bench.run(&["login", "--paste"]).exits(2).says(words).stderr;
        assert_eq!(stderr.contains("That line was empty."), typed);
    }
    // Nor does asking again give more time.
    let bench = mistyped(true, &["", "", "the-code"]);
    bench.provider.announces_discovery();
    let clock = std::sync::Arc::clone(&bench.clock);
    *bench.terminal.meanwhile.lock().unwrap() = Some(Box::new(move || clock.advance(Seconds::minutes(3))));
    bench.run(&["login", "--paste", "--timeout", "5m"]).exits(124);
}

#[test]
fn missing_paste_times_out() {
    let bench = mobile();
    *bench.terminal.silent.lock().unwrap() = true;
    bench.provider.announces_discovery();
    bench.run(&["login", "--paste", "--timeout", "1s"]).exits(124);
}

#[test]
fn unwritable_store_is_reported_before_the_browser_opens() {
    let bench = mobile();
    bench.stores.fail("check_writable", StoreFailureKind::Refused);
    bench.run(&["login"]).exits(6);
    assert!(bench.browser.shown.lock().unwrap().is_empty());
}
