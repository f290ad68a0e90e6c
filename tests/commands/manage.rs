use crate::support::Bench;
use crate::support::provider::json;
use crate::support::tokens::{ISSUER, TokenResponse};
use serde_json::json;
use tidp::testing::domain::time::Seconds;
use tidp::testing::ports::{HttpFailureKind, Method, Response};

const PATH: &str = "/api/meta/v1/self-service";
const LINK: &str = "https://my.example/account";

fn logged_in() -> Bench {
    let bench = Bench::new("MobileApp");
    bench.log_in();
    bench.browser.opened_urls.lock().unwrap().clear();
    bench
}

fn opened(bench: &Bench) -> Vec<String> {
    bench.browser.opened_urls.lock().unwrap().iter().map(ToString::to_string).collect()
}

#[test]
fn account_page_is_opened_in_the_browser() {
    let bench = logged_in();
    bench.provider.responds(PATH, json(200, &json!({ "url": LINK })));
    let outcome = bench.run(&["manage", "--lang", "no"]).exits(0).says("https://my.example/account?locale=no");
    assert_eq!((outcome.stdout.as_str(), opened(&bench)), ("", vec![format!("{LINK}?locale=no")]));
    let request = bench.provider.last(PATH);
    let bearer = format!("Bearer {}", bench.session().unwrap().access_token.value.expose());
    assert_eq!((request.method, request.authorization, request.query), (Method::Get, Some(bearer), None));
}

#[test]
fn link_is_printed_on_request_or_without_a_browser() {
    for (args, missing, broken, stdout) in [
        (&["manage", "--print"][..], false, false, format!("{LINK}\n")),
        (&["manage", "--json"], false, false, format!("{{\"url\":\"{LINK}\"}}\n")),
        (&["manage"], true, false, format!("{LINK}\n")),
        (&["manage"], false, true, format!("{LINK}\n")),
    ] {
        let bench = logged_in();
        (*bench.browser.missing.lock().unwrap(), *bench.browser.broken.lock().unwrap()) = (missing, broken);
        bench.provider.responds(PATH, json(200, &json!(LINK)));
        assert_eq!(bench.run(args).exits(0).stdout, stdout, "{args:?}");
        assert!(broken || opened(&bench).is_empty(), "{args:?}");
    }
}

#[test]
fn access_token_is_refreshed_when_due_and_once_when_refused() {
    let bench = logged_in();
    bench.pass(Seconds::hours(1));
    bench.provider.refreshes(bench.clock.time(), "rt-1", TokenResponse::new().refresh_token("rt-2"));
    bench.provider.responds(PATH, json(401, &json!({})));
    bench.provider.refreshes(bench.clock.time(), "rt-2", TokenResponse::new().refresh_token("rt-3").jti("third"));
    bench.provider.responds(PATH, json(200, &json!(LINK)));
    bench.run(&["manage", "--print"]).exits(0);
    let third = format!("Bearer {}", TokenResponse::new().jti("third").access_token(bench.clock.time()));
    assert_eq!(bench.provider.last(PATH).authorization, Some(third));

    bench.provider.responds(PATH, json(401, &json!({})));
    bench.provider.refreshes(bench.clock.time(), "rt-3", TokenResponse::new().refresh_token("rt-4"));
    bench.provider.responds(PATH, json(401, &json!({})));
    bench.run(&["manage"]).exits(4).says("cannot get the link to the account page");
    assert!(opened(&bench).is_empty());
}

#[test]
fn other_answers_open_nothing() {
    let text = |body: &str| Response { status: 200, headers: Vec::new(), body: body.as_bytes().to_vec() };
    for (answer, code, words) in [
        (Ok(json(404, &json!({}))), 4, "HTTP 404"),
        (Ok(json(403, &json!({}))), 4, "HTTP 403"),
        (Ok(json(503, &json!({}))), 5, "HTTP 503"),
        (Ok(json(302, &json!({}))), 7, "sent a redirect instead"),
        (Ok(text("<html>")), 5, "a web page"),
        (Ok(text("http://my.example/account")), 7, "is not https"),
        (Ok(text("file:///etc/passwd")), 7, "is not https"),
        (Ok(text("https://my.example/\u{1b}[2J")), 7, r"\u{1b}[2J"),
        (Err(HttpFailureKind::ResponseLost), 5, "cannot get the link"),
    ] {
        let bench = logged_in();
        match answer {
            Ok(response) => bench.provider.responds(PATH, response),
            Err(kind) => bench.provider.fails(PATH, kind),
        }
        bench.run(&["manage"]).exits(code).says(words).leaves_out("\u{1b}");
        assert!(opened(&bench).is_empty());
    }
}

#[test]
fn without_a_session_or_at_another_provider_nothing_is_sent() {
    Bench::new("MobileApp").run(&["manage"]).exits(3);
    let bench = Bench::with_env(&[("TIDP_ISSUER", ISSUER), ("TIDP_CLIENT_ID", "app")]);
    bench.log_in();
    bench.run(&["manage"]).exits(2).says("the account page is TelenorID+'s");
}
