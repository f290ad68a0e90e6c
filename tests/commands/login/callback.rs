//! Redirects: which are ignored, which end the login, and how long it waits.

use super::{assert_nothing_left, expect_login, mobile};
use crate::support::Bench;
use crate::support::ports::{parameter, success_query};
use crate::support::tokens::TokenResponse;
use serde_json::{Value, json};
use tidp::testing::domain::time::Seconds;
use tidp::testing::ports::{FailureReason, IgnoredRequest};

#[test]
fn callback_by_another_user_is_reported_and_ignored() {
    let bench = mobile();
    bench.callback.stray_requests.lock().unwrap().push(IgnoredRequest::AnotherUser(1_001));
    bench.provider.expect_login(&bench.browser, bench.clock.time(), TokenResponse::new());
    let outcome = bench.run(&["login", "--json"]).exits(0).says("another user of this machine (uid 1001)");
    assert_eq!(outcome.says("tidp login --paste").json()["warnings"][0]["code"], "another_user");
}

#[test]
fn redirects_of_other_logins_are_ignored() {
    let bench = mobile();
    bench.callback.replies(|url| {
        let state = parameter(url, "state");
        let foreign = ["code=x", "code=x&state=", "error=access_denied&state=wrong"].map(str::to_owned);
        let twice = format!("code=x&state={state}&state={state}");
        foreign.into_iter().chain([format!("code=x&state={state}%20"), twice, success_query(url)]).collect()
    });
    bench.log_in();
    assert_eq!(bench.provider.last("/connect/token").field("code").as_deref(), Some("the-code"));
}

/// Runs a login that fails by the redirect that `query` makes of the state and a successful query.
#[track_caller]
fn failed_login(
    args: &[&str],
    query: impl Fn(&str, &str) -> String + Send + 'static,
    code: u8,
    why: FailureReason,
) -> Value {
    let bench = mobile();
    bench.provider.expect_metadata();
    bench.callback.replies(move |url| vec![query(&parameter(url, "state"), &success_query(url))]);
    let error = bench.run(&[args, &["login", "--json"]].concat()).exits(code).error();
    assert_nothing_left(&bench, why);
    error
}

#[test]
fn unfinished_login_times_out() {
    for (args, patience) in [(&["login"][..], 300), (&["login", "--timeout", "90s"], 90)] {
        let bench = mobile();
        let start = bench.clock.time();
        bench.provider.expect_metadata();
        bench.callback.replies(|_| vec!["code=x&state=of-another-login".into(), "error=access_denied".into()]);
        bench.run(args).exits(124).says("hint: tidp profile show\n");
        assert_eq!(bench.clock.time().since(start), Seconds(patience));
        assert_nothing_left(&bench, FailureReason::TimedOut);
    }
}

#[test]
fn ignored_redirects_are_reported_once_each() {
    let bench = mobile();
    bench.provider.expect_metadata();
    bench.callback.replies(|url| {
        let state = parameter(url, "state");
        let foreign = ["code=x&state=evil%1b[31m", "code=y&state=other", "error=invalid_scope", "", "state=x"];
        foreign.into_iter().map(str::to_owned).chain([format!("code=z&state={state}&state={state}")]).collect()
    });
    let kinds = [
        IgnoredRequest::AnotherPath,
        IgnoredRequest::AnotherHost,
        IgnoredRequest::AnotherMethod,
        IgnoredRequest::TooLarge,
    ];
    bench
        .callback
        .stray_requests
        .lock()
        .unwrap()
        .extend(kinds.into_iter().chain([IgnoredRequest::NotHttp, IgnoredRequest::AnotherPath]));
    let outcome = bench.run(&["login"]).exits(124).leaves_out("\u{1b}").leaves_out("evil").leaves_out("invalid_scope");
    let (waiting, end) = outcome.stderr.split_once("error: ").unwrap();
    for why in [
        "a redirect that does not belong to this login was ignored: its `state` is a different one\n",
        "a redirect that does not belong to this login was ignored: it has no `state`\n",
        "a redirect that does not belong to this login was ignored: it has more than one `state`\n",
        "a request to the redirect URI was ignored: it came to another path",
        "a request to the redirect URI was ignored: it came to another host name or port",
        "a request to the redirect URI was ignored: it was not a GET request",
        "a request to the redirect URI was ignored: its headers are larger than 16 KiB",
        "a request to the redirect URI was ignored: it could not be read as plain HTTP",
    ] {
        assert_eq!(waiting.matches(why).count(), 1, "`{why}` once in: {waiting}");
        assert!(end.contains(why.split_once("ignored: ").unwrap().1.trim()), "{end}");
    }
    // A login that succeeds reports it as a warning.
    let bench = mobile();
    expect_login(&bench, TokenResponse::new());
    bench.callback.replies(|url| vec!["code=x&state=y".into(), success_query(url)]);
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
        bench.provider.expect_metadata();
        bench.callback.replies(|_| Vec::new());
        let still = format!(
            "Still waiting. If the browser shows an error, the provider may not know this client or redirect URI: {in_use}.\n"
        );
        let stderr = bench.run(&["login"]).exits(124).says(&still).says(&format!("hint: {hint}\n")).stderr;
        assert_eq!(stderr.matches(in_use).count(), 2, "while waiting and in the end: {stderr}");
    }
    // Printed only after 20 seconds, and only if the login may take longer.
    for (delay, args, is_printed) in
        [(19, &["login"][..], false), (21, &["login"], true), (19, &["login", "--timeout", "20s"], false)]
    {
        let bench = mobile();
        *bench.callback.delay.lock().unwrap() = Seconds(delay);
        expect_login(&bench, TokenResponse::new());
        assert_eq!(bench.run(args).exits(0).stderr.contains("Still waiting."), is_printed, "{delay} {args:?}");
    }
    let bench = mobile();
    bench.provider.expect_metadata();
    bench.callback.replies(|_| Vec::new());
    bench.run(&["login", "--timeout", "20s"]).exits(124).leaves_out("Still waiting.");
}

#[test]
fn authorization_error_is_printed_escaped() {
    for (refusal, code, kind, why, hint) in [
        ("access_denied", 4, "refused", FailureReason::Cancelled, "tidp login"),
        ("server_error", 5, "unreachable", FailureReason::Unavailable, "try again later: tidp login"),
        ("temporarily_unavailable", 5, "unreachable", FailureReason::Unavailable, "try again later: tidp login"),
        ("unauthorized_client", 4, "refused", FailureReason::Refused, "tidp profile show"),
        (
            "invalid_scope",
            4,
            "refused",
            FailureReason::Refused,
            "requested scopes: openid profile offline_access (--scope, or TIDP_SCOPES)",
        ),
        ("whatever", 4, "refused", FailureReason::Refused, "tidp profile show"),
        ("login_required", 3, "login_required", FailureReason::NeedsUser, "tidp login"),
        ("interaction_required", 3, "login_required", FailureReason::NeedsUser, "tidp login"),
        ("consent_required", 3, "login_required", FailureReason::NeedsUser, "tidp login"),
    ] {
        let query = move |state: &str, _: &str| {
            format!("error={refusal}&error_description=no%1b[31m%E2%80%AEway&state={state}&iss=https://id.example")
        };
        let error = failed_login(&["--quiet"], query, code, why);
        assert_eq!((&error["kind"], &error["provider"]["error"]), (&json!(kind), &json!(refusal)));
        assert_eq!(error["hint"], hint);
        assert_eq!(error["provider"]["error_description"], "no\u{1b}[31m\u{202e}way");
        assert!(error["message"].as_str().unwrap().contains(r"no\u{1b}[31m\u{202e}way"));
    }
    let bench = mobile();
    bench.provider.expect_metadata();
    bench
        .callback
        .replies(|url| vec![format!("error=login_required&state={}&iss=https://id.example", parameter(url, "state"))]);
    let outcome = bench.run(&["login", "--prompt", "none"]).exits(3).says("hint: tidp login\n");
    outcome.says("needs to show its login page, and prompt=none forbids it (login_required)");
    assert_eq!(parameter(&bench.browser.request().unwrap(), "prompt"), "none");
    // With `prompt` from the profile, the same command would fail again.
    let bench = mobile().env("TIDP_PROMPT", "none");
    bench.provider.expect_metadata();
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
        let error = failed_login(&[], move |state, _| format!("{query}&state={state}"), 7, FailureReason::NotValid);
        assert!(error["message"].as_str().unwrap().contains(words), "{error}");
    }
}
