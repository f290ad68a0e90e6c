//! The redirect pasted by the user.

use super::{expect_login, mobile};
use crate::support::Bench;
use crate::support::ports::{parameter, success_query};
use crate::support::provider::json;
use crate::support::tokens::{ISSUER, TokenResponse, discovery, jwks};
use tidp::testing::domain::time::Seconds;
use url::Url;

#[test]
fn redirect_can_be_pasted() {
    for (uri, args, start) in [
        ("http://127.0.0.1/callback", &["login", "--paste"][..], "http://127.0.0.1:"),
        ("http://localhost:8400/cb", &["login", "--paste"], "http://localhost:8400/cb"),
        ("https://app.example/signed-in", &["login"], "https://app.example/signed-in"),
        ("no.example.app:/signed-in", &["login"], "no.example.app:/signed-in"),
    ] {
        let bench = mobile().env("TIDP_REDIRECT_URI", uri);
        expect_login(&bench, TokenResponse::new().refresh_token("rt-1"));
        bench.terminal.pastes(|url| Some(format!("'{}?{}'", parameter(url, "redirect_uri"), success_query(url))));
        assert_eq!(bench.run(args).exits(0).stdout, "");
        let sent = parameter(&bench.browser.request().unwrap(), "redirect_uri");
        assert!(sent.starts_with(start), "{sent}");
        // 49152 itself would have no random bits.
        assert!(Url::parse(&sent).unwrap().port().is_none_or(|port| port == 8400 || port > 49_152), "{sent}");
        assert_eq!(bench.provider.last("/connect/token").field("redirect_uri"), Some(sent));
        assert!(
            bench.callback.listen_calls.lock().unwrap().is_empty()
                && bench.browser.opened_urls.lock().unwrap().is_empty()
        );
    }
}

#[test]
fn pasted_url_is_checked_like_a_redirect() {
    type Paste = fn(&str, &str) -> Option<String>;
    let rows: [(Paste, u8, &str); 8] = [
        (|_, _| None, 2, "nothing was pasted"),
        (|_, _| Some(String::new()), 2, "not the URL"),
        (|_, _| Some("the-code".into()), 2, "only a code"),
        (|_, _| Some("what is this?".into()), 2, "not the URL"),
        (|uri, _| Some(format!("{uri}?code=the-code&state=x&iss={ISSUER}")), 7, "state"),
        (|uri, state| Some(format!("{uri}?code=the-code&state={state}&iss=https://evil.example")), 7, "another issuer"),
        (|_, state| Some(format!("https://evil.example/?code=the-code&state={state}&iss={ISSUER}")), 7, "begin with"),
        (|uri, state| Some(format!("{uri}?error=access_denied&state={state}&iss={ISSUER}")), 4, "access_denied"),
    ];
    for (paste, code, words) in rows {
        let bench = mobile();
        bench.provider.expect_discovery();
        bench.terminal.pastes(move |url| paste(&parameter(url, "redirect_uri"), &parameter(url, "state")));
        bench.run(&["login", "--paste"]).exits(code).says(words);
        assert!(bench.stores.is_empty());
    }
}

#[test]
fn wrong_paste_is_asked_for_again_at_a_terminal() {
    let mistyped = |typed: bool, lines: &[&str]| {
        let bench = mobile();
        *bench.terminal.stdin_is_terminal.lock().unwrap() = typed;
        lines.iter().for_each(|line| bench.terminal.type_line(line));
        bench
    };
    let bench = mistyped(true, &["", " "]);
    bench.terminal.pastes(|url| Some(format!("{}?{}", parameter(url, "redirect_uri"), success_query(url))));
    expect_login(&bench, TokenResponse::new());
    let stderr = bench.run(&["login", "--paste"]).exits(0).stderr;
    assert_eq!(stderr.matches("That line was empty.").count(), 2, "{stderr}");
    // Only a redirect of this login ends it.
    let bench = mistyped(true, &["hello there", "the-code", "https://evil.example/?code=x", "http://127.0.0.1:1/"]);
    bench.terminal.pastes(|url| {
        let (uri, state) = (parameter(url, "redirect_uri"), parameter(url, "state"));
        Some(format!("{uri}?error=access_denied&state={state}&iss={ISSUER}"))
    });
    bench.provider.expect_discovery();
    let outcome = bench.run(&["login", "--paste"]).exits(4).says("That is only a code. Paste the whole URL here");
    let stderr = outcome.says("That is not the URL that the browser ends at. Paste the whole").stderr;
    assert_eq!(stderr.matches("The pasted URL does not belong to this login").count(), 2, "{stderr}");
    let another = |uri: &str| format!("{uri}?code=x&state=another");
    let bench = mistyped(true, &[]);
    bench.terminal.pastes(move |url| Some(another(&parameter(url, "redirect_uri"))));
    bench.provider.expect_discovery();
    let message = "The redirect does not belong to this login: its `state` is a different one. Paste the whole";
    bench.run(&["login", "--paste"]).exits(2).says(message).says("standard input has ended");
    for (typed, lines, words) in [
        (true, &["", "the-code"][..], "standard input has ended"),
        (true, &[""], "standard input has ended"),
        (false, &["", "the-code"], "paste the whole URL"),
    ] {
        let bench = mistyped(typed, lines);
        bench.provider.expect_discovery();
        let stderr = bench.run(&["login", "--paste"]).exits(2).says(words).stderr;
        assert_eq!(stderr.contains("That line was empty."), typed);
    }
    // Asking again gives no more time.
    let bench = mistyped(true, &["", "", "the-code"]);
    bench.provider.expect_discovery();
    let clock = std::sync::Arc::clone(&bench.clock);
    *bench.terminal.before_read.lock().unwrap() = Some(Box::new(move || clock.advance(Seconds::minutes(3))));
    bench.run(&["login", "--paste", "--timeout", "5m"]).exits(124);
}

#[test]
fn unreadable_standard_input_is_an_error() {
    let bench = mobile();
    *bench.terminal.unreadable.lock().unwrap() = Some(std::io::ErrorKind::IsADirectory);
    bench.provider.expect_discovery();
    bench.run(&["login", "--paste"]).exits(1).says("cannot read standard input");
}

#[test]
fn missing_paste_times_out() {
    let bench = mobile();
    *bench.terminal.no_input.lock().unwrap() = true;
    bench.provider.expect_discovery();
    bench.run(&["login", "--paste", "--timeout", "1s"]).exits(124);
}

/// A bench at TelenorID+'s staging environment, which answers with the usual discovery document.
fn staging() -> Bench {
    let issuer = "https://id-test.telenor.no";
    let bench = mobile().env("TIDP_ISSUER", issuer);
    let document = discovery().to_string().replace(ISSUER, issuer);
    bench.provider.always(
        &format!("{issuer}/.well-known/openid-configuration"),
        json(200, &serde_json::from_str(&document).unwrap()),
    );
    bench.provider.always(&format!("{issuer}/jwks"), json(200, &jwks()));
    bench
}

#[test]
fn debuggers_redirect_uri_is_named_when_a_login_fails_and_sent_verbatim() {
    let debugger = "https://oidc-test.telenor.no//callback";
    let bench = staging();
    bench.callback.replies(|_| Vec::new());
    bench.run(&["login"]).exits(124).says(debugger);
    let bench = staging();
    bench.callback.replies(|url| {
        let state = parameter(url, "state");
        vec![format!("error=unauthorized_client&state={state}&iss=https%3A%2F%2Fid-test.telenor.no")]
    });
    bench.run(&["login"]).exits(4).says(debugger);

    let bench = staging().env("TIDP_REDIRECT_URI", debugger);
    bench.terminal.pastes(|url| {
        assert_eq!(parameter(url, "redirect_uri"), "https://oidc-test.telenor.no//callback");
        let state = parameter(url, "state");
        Some(format!(
            "https://oidc-test.telenor.no//callback?error=access_denied&state={state}&iss=https%3A%2F%2Fid-test.telenor.no"
        ))
    });
    bench.run(&["login"]).exits(4).says("cancelled").leaves_out("may let you in");
}
