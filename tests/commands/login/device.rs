//! A login on another device: what is shown, every answer of a poll, and when the next one follows.

use crate::support::provider::json;
use crate::support::tokens::{ISSUER, SUB, TokenResponse, discovery, jwks};
use crate::support::{Bench, Outcome};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tidp::testing::domain::time::Seconds;
use tidp::testing::ports::{HttpFailure, HttpFailureKind, Response};

const DEVICE: &str = "/connect/deviceauthorization";
const TOKEN: &str = "/connect/token";

type Poll = Box<dyn FnOnce(Response) -> Result<Response, HttpFailure> + Send>;

fn device_discovery() -> Value {
    let mut document = discovery();
    document["device_authorization_endpoint"] = json!(format!("{ISSUER}{DEVICE}"));
    document
}

fn authorization() -> Value {
    json!({
        "device_code": "the-device-code", "user_code": "123456789", "verification_uri": format!("{ISSUER}/device"),
        "verification_uri_complete": format!("{ISSUER}/device?user_code=123456789"), "expires_in": 1800, "interval": 5,
    })
}

/// A bench that has issued a code; `changes` are made to the response.
fn issued(bench: Bench, changes: &[(&str, Value)]) -> Bench {
    let mut body = authorization();
    for (name, value) in changes {
        body[*name] = value.clone();
    }
    bench.provider.always("/.well-known/openid-configuration", json(200, &device_discovery()));
    bench.provider.always("/jwks", json(200, &jwks()));
    bench.provider.responds(DEVICE, json(200, &body));
    bench
}

fn waiting(changes: &[(&str, Value)]) -> Bench {
    issued(Bench::new("MobileApp"), changes)
}

fn error(status: u16, error: &'static str) -> Poll {
    Box::new(move |_| Ok(json(status, &json!({ "error": error }))))
}

fn fails(kind: HttpFailureKind) -> Poll {
    Box::new(move |_| Err(HttpFailure { message: "as the test wants".into(), kind }))
}

fn answers(response: Response) -> Poll {
    Box::new(move |_| Ok(response))
}

fn tokens() -> Poll {
    Box::new(Ok)
}

/// Expects these polls; the last may return `response`. Returns the seconds from now at which they come.
fn expect_polls(bench: &Bench, polls: Vec<Poll>, response: TokenResponse) -> Arc<Mutex<Vec<i64>>> {
    let times = Arc::new(Mutex::new(Vec::new()));
    let start = bench.clock.time();
    for poll in polls {
        let (clock, times, response) = (Arc::clone(&bench.clock), Arc::clone(&times), response.clone());
        bench.provider.expect(TOKEN, move |request| {
            let grant = request.field("grant_type");
            assert_eq!(grant.as_deref(), Some("urn:ietf:params:oauth:grant-type:device_code"));
            assert_eq!(request.field("device_code").as_deref(), Some("the-device-code"));
            times.lock().unwrap().push(clock.time().since(start).0);
            poll(response.response(clock.time(), None))
        });
    }
    times
}

/// Runs a login with these polls; returns when they came, too.
#[track_caller]
fn polled(bench: &Bench, args: &[&str], polls: Vec<Poll>) -> (Outcome, Vec<i64>) {
    let times = expect_polls(bench, polls, TokenResponse::new().refresh_token("rt-1"));
    let outcome = bench.run(&[&["login", "--device"], args].concat());
    let times = times.lock().unwrap().clone();
    (outcome, times)
}

#[track_caller]
fn assert_nothing_stored(bench: &Bench) {
    assert!(bench.stores.is_empty() && bench.cache.documents().is_empty());
    assert!(bench.browser.opened_urls.lock().unwrap().is_empty());
}

#[test]
fn code_is_shown_and_polled_for_until_it_is_approved() {
    let bench = waiting(&[]);
    let (outcome, times) = polled(&bench, &[], vec![error(400, "authorization_pending"), tokens()]);
    assert_eq!((outcome.stdout.as_str(), times), ("", vec![5, 10]));
    outcome
        .exits(0)
        .says("Open this URL on any device and enter the code:\n\n  https://id.example/device\n\n  123456789\n")
        .says("Logged in as +4790000001 at https://id.example.")
        .leaves_out("the-device-code");
    let request = bench.provider.last(DEVICE);
    assert_eq!(request.body, "scope=openid+profile+offline_access&client_id=app");
    let session = bench.session().unwrap();
    assert_eq!((session.account.sub.as_str(), session.held_token().unwrap().value.expose()), (SUB, "rt-1"));
    assert_eq!(bench.provider.paths()[..3], ["/.well-known/openid-configuration", DEVICE, "/jwks"]);
    assert!(bench.browser.opened_urls.lock().unwrap().is_empty());
    bench.run(&["token"]).exits(0);
}

#[test]
fn json_document_is_that_of_inspect() {
    let bench = waiting(&[]);
    let (outcome, _) = polled(&bench, &["--json"], vec![tokens()]);
    assert_eq!(outcome.exits(0).json(), bench.run(&["inspect", "--json"]).exits(0).json());
}

#[test]
fn confidential_client_authenticates_in_every_request() {
    let bench = issued(Bench::new("Confidential").env("TIDP_CLIENT_SECRET", "s3cret"), &[]);
    polled(&bench, &[], vec![tokens()]).0.exits(0).leaves_out("s3cret");
    for path in [DEVICE, TOKEN] {
        let request = bench.provider.last(path);
        assert!(request.authorization.is_some_and(|basic| basic.starts_with("Basic ")), "{path}");
        assert!(!request.body.contains("client_id"));
    }
}

#[test]
fn login_options_are_sent_with_the_request_for_a_code() {
    let bench = waiting(&[]);
    let args = ["--scope", "openid api:x", "--acr-values", "urn:a", "--login-hint", "+47", "--max-age", "1h"];
    let (outcome, _) = polled(&bench, &[&args[..], &["--extra-param", "market=no"]].concat(), vec![tokens()]);
    outcome.exits(0);
    let request = bench.provider.last(DEVICE);
    for (name, value) in [
        ("scope", "openid api:x"),
        ("acr_values", "urn:a"),
        ("login_hint", "+47"),
        ("max_age", "3600"),
        ("market", "no"),
    ] {
        assert_eq!(request.field(name).as_deref(), Some(value), "{name}");
    }
}

#[test]
fn slow_down_lengthens_all_later_intervals() {
    for status in [400, 429] {
        let bench = waiting(&[]);
        let pending = || error(400, "authorization_pending");
        let polls =
            vec![pending(), error(status, "slow_down"), pending(), error(status, "slow_down"), pending(), tokens()];
        let (outcome, times) = polled(&bench, &[], polls);
        outcome.exits(0);
        assert_eq!(times, [5, 10, 20, 30, 45, 60]);
    }
    let bench = waiting(&[("interval", Value::Null)]);
    let (_, times) = polled(&bench, &[], vec![error(400, "slow_down"), tokens()]);
    assert_eq!(times, [5, 15], "five seconds if the provider names no interval");
}

#[test]
fn final_answer_ends_the_login_at_once() {
    for (answer, code, kind, words, hint) in [
        (error(400, "access_denied"), 4, "refused", "cancelled or not allowed", "tidp login --device"),
        (error(400, "expired_token"), 124, "timeout", "not approved in time", "tidp login --device"),
        (error(400, "invalid_grant"), 4, "refused", "rejected the device code", "tidp login --device"),
        (error(400, "invalid_request"), 4, "refused", "client_id `app` (TIDP_CLIENT_ID)", "tidp profile show"),
        (error(401, "invalid_client"), 4, "refused", "does not accept this client", "tidp profile show"),
        (error(400, "unauthorized_client"), 4, "refused", "does not accept this client", "tidp profile show"),
        (error(400, "x\u{1b}"), 4, "refused", r"x\u{1b}", "tidp profile show"),
        (answers(json(404, &json!({}))), 4, "refused", "HTTP 404", "tidp profile show"),
        (answers(json(302, &json!({}))), 7, "invalid", "sent a redirect", ""),
        (answers(json(200, &json!([]))), 7, "invalid", "not a JSON object", ""),
        (fails(HttpFailureKind::Certificate), 7, "invalid", "as the test wants", ""),
        (fails(HttpFailureKind::UnknownAuthority), 7, "invalid", "as the test wants", "TIDP_CA_FILE"),
        (fails(HttpFailureKind::InvalidSetting), 2, "config", "as the test wants", ""),
    ] {
        let bench = waiting(&[]);
        let polls = vec![error(400, "authorization_pending"), error(400, "authorization_pending"), answer];
        let (outcome, times) = polled(&bench, &["--json"], polls);
        let error = outcome.exits(code).leaves_out("the-device-code").error();
        assert_eq!((&error["kind"], times), (&json!(kind), vec![5, 10, 15]), "{error}");
        assert!(error["message"].as_str().unwrap().contains(words), "{error}");
        assert!(error["hint"].as_str().unwrap_or_default().contains(hint), "{error}");
        assert_nothing_stored(&bench);
    }
}

#[test]
fn outage_is_survived_with_longer_waits() {
    let with_retry_after = |status, seconds: &str| {
        let mut response = json(status, &json!({}));
        response.headers.push(("retry-after".into(), seconds.into()));
        answers(response)
    };
    let page = Response { status: 200, headers: Vec::new(), body: b"<html>".to_vec() };
    let bench = waiting(&[]);
    let polls = vec![
        fails(HttpFailureKind::NotSent),
        fails(HttpFailureKind::ResponseLost),
        answers(page),
        with_retry_after(503, "100"),
        with_retry_after(429, "1"),
        error(400, "authorization_pending"),
        error(400, "server_error"),
        tokens(),
    ];
    let (outcome, times) = polled(&bench, &[], polls);
    outcome.exits(0).leaves_out("warning");
    let waits: Vec<i64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(waits, [10, 20, 40, 100, 60, 5, 10]);
}

#[test]
fn code_expires_without_a_last_poll() {
    for (args, changes, end, polls) in [
        (&[][..], &[("expires_in", json!(17))][..], 17, vec![5, 10, 15]),
        (&[], &[("expires_in", json!(15))], 15, vec![5, 10]),
        (&[], &[("expires_in", json!(1))], 1, vec![]),
        (&["--timeout", "12s"], &[], 12, vec![5, 10]),
        (&["--timeout", "1h"], &[("expires_in", json!(8))], 8, vec![5]),
    ] {
        let bench = waiting(changes);
        let start = bench.clock.time();
        let pending = polls.iter().map(|_| error(400, "authorization_pending")).collect();
        let (outcome, times) = polled(&bench, args, pending);
        outcome.exits(124).says("not approved in time; nothing was stored").says("hint: tidp login --device\n");
        assert_eq!((times, bench.clock.time().since(start)), (polls, Seconds(end)), "{args:?}");
        assert_nothing_stored(&bench);
    }
    // Without a time-out, a code is believed for a day at most.
    let bench = waiting(&[("expires_in", json!(1e12)), ("interval", json!(50_000))]);
    let start = bench.clock.time();
    polled(&bench, &[], vec![error(400, "authorization_pending")]).0.exits(124);
    assert_eq!(bench.clock.time().since(start), Seconds::days(1));
}

#[test]
fn machine_that_slept_past_the_end_sends_nothing_more() {
    let bench = waiting(&[]);
    let clock = Arc::clone(&bench.clock);
    let sleeps: Poll = Box::new(move |_| {
        clock.suspend(Seconds(1_795));
        Ok(json(400, &json!({ "error": "authorization_pending" })))
    });
    polled(&bench, &[], vec![sleeps]).0.exits(124);
}

#[test]
fn end_during_an_outage_is_unreachable_and_not_timed_out() {
    let bench = waiting(&[("expires_in", json!(20))]);
    let polls = vec![error(400, "authorization_pending"), fails(HttpFailureKind::NotSent)];
    let (outcome, times) = polled(&bench, &["--json"], polls);
    let error_shown = outcome.exits(5).error();
    assert_eq!((&error_shown["kind"], times), (&json!("unreachable"), vec![5, 10]));
    assert_eq!(error_shown["hint"], "try again later: tidp login --device");
    assert_nothing_stored(&bench);
    // An answer after the outage says that the user is late.
    let bench = waiting(&[("expires_in", json!(22))]);
    let polls =
        vec![fails(HttpFailureKind::NotSent), error(400, "authorization_pending"), error(400, "authorization_pending")];
    polled(&bench, &[], polls).0.exits(124);
}

#[test]
fn code_that_a_lost_response_may_have_used_is_told_apart() {
    for (failure, lost) in [
        (fails(HttpFailureKind::ResponseLost), true),
        (fails(HttpFailureKind::NotSent), false),
        (error(502, "server_error"), true),
        (error(503, "server_error"), false),
        (error(429, "slow"), false),
    ] {
        let bench = waiting(&[]);
        let (outcome, _) = polled(&bench, &[], vec![failure, error(400, "invalid_grant")]);
        let outcome =
            outcome.exits(4).says("rejected the device code (invalid_grant)").says("hint: tidp login --device\n");
        assert_eq!(outcome.stderr.contains("An earlier response was lost"), lost);
    }
}

#[test]
fn tokens_are_checked_as_after_a_login_in_the_browser() {
    let start = Bench::new("MobileApp").clock.time().unix();
    let claim = |name: &str, value: Value| TokenResponse::new().refresh_token("rt-1").id_claim(name, value);
    for (response, args, words, hint) in [
        (claim("nonce", json!("never-requested")), &[][..], "`nonce`", json!("tidp doctor")),
        (claim("aud", json!("another")), &[], "aud", json!("tidp doctor")),
        (claim("iss", json!("https://evil.example")), &[], "iss", json!("tidp doctor")),
        (claim("at_hash", json!("AAAAAAAAAAAAAAAAAAAAAA")), &[], "at_hash", json!("tidp doctor")),
        (claim("exp", json!(start - 61)), &[], "exp", json!("tidp doctor")),
        (claim("auth_time", json!(null)), &["--max-age", "60"], "auth_time", json!("tidp doctor")),
        (
            claim("auth_time", json!(start - 100)),
            &["--max-age", "60"],
            "longer ago than `max_age`",
            json!("tidp doctor"),
        ),
        (claim("x", json!(1)), &["--expect-sub", "ola"], "--expect-sub", json!("tidp login --device --expect-sub ola")),
        (
            claim("x", json!(1)),
            &["--require-acr", "urn:x"],
            "is required",
            json!("tidp login --device --require-acr urn:x"),
        ),
        (
            TokenResponse::new().refresh_token("rt-1").without_id_token(),
            &[],
            "`id_token` is missing",
            json!("tidp doctor"),
        ),
    ] {
        let bench = waiting(&[]);
        if words != "`id_token` is missing" {
            bench.provider.revokes("rt-1");
        }
        expect_polls(&bench, vec![tokens()], response);
        let error = bench.run(&[&["login", "--device", "--json"], args].concat()).exits(7).error();
        assert!(error["message"].as_str().unwrap().contains(words), "{error} lacks `{words}`");
        assert_eq!(error["hint"], hint);
        assert_nothing_stored(&bench);
    }
    // The time that the user took is allowed beyond `max_age`.
    let bench = waiting(&[]);
    expect_polls(&bench, vec![error(400, "authorization_pending"), tokens()], claim("auth_time", json!(start + 1)));
    bench.run(&["login", "--device", "--max-age", "0"]).exits(0);
}

#[test]
fn unusable_code_is_never_polled_for() {
    let changed = |name: &str, value: Value| {
        let mut body = authorization();
        body[name] = value;
        json(200, &body)
    };
    for (response, code, words) in [
        (changed("device_code", json!(null)), 7, "`device_code` is missing"),
        (changed("user_code", json!("1\u{1b}[2J")), 7, r"`user_code` cannot be typed: `1\u{1b}[2J`"),
        (changed("verification_uri", json!("http://id.example/device")), 7, "`verification_uri` is not https"),
        (changed("expires_in", json!(null)), 7, "`expires_in` is missing"),
        (json(400, &json!({ "error": "unauthorized_client" })), 4, "does not accept this client"),
        (json(400, &json!({ "error": "invalid_scope" })), 4, "invalid_scope"),
        (json(404, &json!({})), 4, "HTTP 404"),
        (json(503, &json!({})), 5, "try again later: tidp login --device"),
    ] {
        let bench = Bench::new("MobileApp");
        bench.provider.responds("/.well-known/openid-configuration", json(200, &device_discovery()));
        bench.provider.responds(DEVICE, response);
        bench.run(&["login", "--device"]).exits(code).says(words).leaves_out("\u{1b}");
        assert_nothing_stored(&bench);
    }
}

#[test]
fn provider_without_device_logins_is_told_with_the_other_ways() {
    let bench = Bench::new("MobileApp");
    bench.provider.expect_discovery();
    bench
        .run(&["login", "--device"])
        .exits(7)
        .says("`tidp login --device` is not possible at this provider: the provider's discovery document has no `device_authorization_endpoint`")
        .says("hint: `tidp login`, or without a browser here `tidp login --paste`\n");
}

#[test]
fn device_login_needs_no_authorization_endpoint_and_no_port() {
    let bench = waiting(&[]);
    let mut document = device_discovery();
    document.as_object_mut().unwrap().remove("authorization_endpoint");
    bench.provider.always("/.well-known/openid-configuration", json(200, &document));
    *bench.callback.port_in_use.lock().unwrap() = true;
    polled(&bench, &[], vec![tokens()]).0.exits(0);
}

#[test]
fn options_that_only_a_browser_has_are_refused() {
    for args in [&["--paste"][..], &["--no-browser"], &["--prompt", "none"], &["--prompt", "login"]] {
        let bench = Bench::new("MobileApp");
        bench.run(&[&["login", "--device"], args].concat()).exits(2).says("cannot be used with");
    }
    Bench::new("MobileApp").run(&["login", "--no-qr"]).exits(2).says("--device");
}

/// What a terminal of this size shows during a login.
fn shown(size: Option<(u16, u16)>, variables: &[(&str, &str)], args: &[&str]) -> String {
    let bench = variables.iter().fold(Bench::new("MobileApp"), |bench, (name, value)| bench.env(name, value));
    let bench = issued(bench, &[]);
    *bench.terminal.stderr_size.lock().unwrap() = size;
    polled(&bench, args, vec![error(400, "authorization_pending"), tokens()]).0.exits(0).stderr
}

#[test]
fn qr_code_is_drawn_where_it_fits() {
    let (blocks, colors) = ("▀", "\u{1b}[38;5;16;48;5;231m");
    let on = |columns, rows| shown(Some((columns, rows)), &[], &[]);
    let wide = on(80, 30);
    assert!(wide.contains(blocks) && wide.contains(colors), "{wide}");
    let code_line = wide.find("  \u{1b}[1m123456789\u{1b}[0m\n").expect("the code, bold");
    assert!(wide.find(colors) < Some(code_line), "the code is below the picture: {wide}");
    assert!(on(40, 30).contains(blocks), "a narrow terminal");
    for without in [
        on(32, 50),
        on(80, 20),
        shown(Some((80, 30)), &[], &["--no-qr"]),
        shown(Some((80, 30)), &[], &["--quiet"]),
        shown(None, &[], &[]),
    ] {
        assert!(!without.contains(blocks) && without.contains("Open this URL on any device"), "{without}");
    }
    let bench = waiting(&[
        ("verification_uri", json!("http://127.0.0.1:8765/device")),
        ("verification_uri_complete", json!("http://127.0.0.1:8765/device?user_code=123456789")),
    ]);
    *bench.terminal.stderr_size.lock().unwrap() = Some((80, 30));
    let local = polled(&bench, &[], vec![tokens()]).0.exits(0).stderr;
    assert!(!local.contains(blocks) && local.contains("Open this URL on this machine and enter"), "{local}");
    let plain = shown(Some((80, 30)), &[("NO_COLOR", "1")], &[]);
    assert!(plain.contains("█") && !plain.contains(colors), "{plain}");
    let ascii = shown(Some((80, 50)), &[("LC_ALL", "C"), ("NO_COLOR", "1")], &[]);
    assert!(ascii.contains("########") && !ascii.contains('█'), "{ascii}");
    let ascii_in_colors = shown(Some((80, 50)), &[("LC_ALL", "C")], &[]);
    assert!(ascii_in_colors.contains("\u{1b}[48;5;16m  ") && !ascii_in_colors.contains("##"), "{ascii_in_colors}");
}

#[test]
fn remaining_time_is_on_one_line_of_a_terminal() {
    let on_terminal = shown(Some((80, 30)), &[], &["--no-qr", "--verbose"]);
    for text in ["30 min left", "29 min left"] {
        assert!(on_terminal.contains(&format!("\r{}{text}\u{1b}[K", "Waiting for the login, ")), "{on_terminal:?}");
    }
    let (_, ending) = on_terminal.rsplit_once("\r\u{1b}[K").expect("the line is removed");
    assert!(ending.starts_with("Logged in as") || ending.contains("\nLogged in as"), "{ending:?}");
    assert!(!ending.contains(" left"));
    // A note in between takes the line's place.
    assert!(on_terminal.contains("\u{1b}[K\r\u{1b}[K\u{1b}["), "{on_terminal:?}");
    let narrow = shown(Some((20, 30)), &[], &[]);
    assert!(narrow.contains("\rWaiting for the log\u{1b}[K"), "{narrow:?}");
    for without in [
        shown(None, &[], &[]),
        shown(Some((80, 30)), &[], &["--quiet"]),
        shown(Some((80, 30)), &[("TERM", "dumb")], &[]),
    ] {
        assert!(!without.contains("Waiting for the login"), "{without}");
    }
}
