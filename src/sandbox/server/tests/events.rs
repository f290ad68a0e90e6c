use super::*;
use crate::sandbox::server::events::MAX_WAITING;

#[test]
fn each_request_is_an_event_with_its_reason_and_without_secrets() {
    let sandbox = sandbox(auto());
    let (tokens, _) = log_in(&sandbox, "sandbox-web");
    post(&sandbox, "/sandbox/refresh-tokens", "{\"mode\":\"rotate\"}");
    sandbox.advance(Seconds(60));
    let (_, rotated) = refresh(&sandbox, "sandbox-web", &tokens);
    refresh(&sandbox, "sandbox-web", &tokens);
    post(&sandbox, "/sandbox/sso/end", "");
    refresh(&sandbox, "sandbox-web", &rotated);
    post(&sandbox, "/sandbox/clock", "{\"advance\":604}");
    refresh(&sandbox, "sandbox-web", &rotated);
    post(&sandbox, "/connect/token", "grant_type=refresh_token&client_id=sandbox-confidential&client_secret=hush");
    post(&sandbox, "/sandbox/fail", "{\"endpoint\":\"token\",\"status\":503}");
    refresh(&sandbox, "sandbox-web", &rotated);

    let seen = events(&sandbox, "");
    let rows: Vec<_> = seen
        .iter()
        .map(|e| (e["endpoint"].as_str().unwrap(), e["kind"].as_str().unwrap(), &e["code"], &e["session"]))
        .collect();
    let (none, one) = (&Value::Null, &json!(1));
    assert_eq!(
        rows,
        [
            ("authorize", "answered", none, none),
            ("token", "started", &json!("started"), one),
            ("refresh-tokens", "control", none, none),
            ("token", "renewed", &json!("renewed"), one),
            ("token", "refused", &json!("refresh_token_used"), one),
            ("", "sso_ended", &json!("sso_was_ended"), one),
            ("sso/end", "control", none, none),
            ("token", "refreshed", &json!("no_new_refresh_token"), one),
            ("clock", "control", &json!("clock_moved"), none),
            ("token", "refused", &json!("refresh_token_expired"), one),
            ("token", "refused", &json!("wrong_secret"), none),
            ("fail", "control", none, none),
            ("token", "refused", &json!("planned_failure"), none),
        ]
    );
    assert_eq!(seen[9]["reason"], "the refresh token expired 4 s ago, at 1994-11-06T09:00:37Z; it is valid for 10 min");
    assert_eq!(seen[9]["session_state"]["ends_at"], "1994-11-06T09:00:37Z");
    assert_eq!(seen[4]["reason"], "this refresh token was used at 1994-11-06T08:50:37Z already: rotation");
    assert_eq!(seen[10]["client_id"], "sandbox-confidential");
    assert!(
        seen[3]["asked"].as_str().unwrap().starts_with("POST /connect/token grant_type=refresh_token refresh_token=#")
    );
    assert_eq!(seen.iter().map(|e| e["number"].as_u64().unwrap()).collect::<Vec<_>>(), (1..=13).collect::<Vec<_>>());

    let text = get(&sandbox, "/sandbox/events").2 + &get(&sandbox, "/sandbox").2;
    for name in ["access_token", "refresh_token", "id_token"] {
        assert!(!text.contains(tokens[name].as_str().unwrap()), "{name}");
    }
    assert!(!text.contains("hush") && !text.contains(VERIFIER));
    assert!(
        events(&sandbox, "lang=no&after=9")[0]["reason"]
            .as_str()
            .unwrap()
            .starts_with("refresh-tokenet utløp for 4 s siden")
    );
}

/// What is refused, and the code of the reason. Words in capitals stand for the parameters of clients and the like.
const REFUSED: [(&str, &str, &str); 46] = [
    ("GET /nowhere", "", "unknown_path"),
    ("GET /connect/token", "", "other_method"),
    ("POST /connect/token", "", "no_client_id"),
    ("POST /connect/token", "client_id=x", "unknown_client"),
    ("POST /connect/token", "client_id=sandbox-confidential", "no_secret"),
    ("POST /connect/token", "client_id=sandbox-confidential&client_secret=x", "wrong_secret"),
    ("POST /connect/token", "MOBILE&client_secret=x", "secret_of_public_client"),
    ("POST /connect/token", "MOBILE", "missing_parameter"),
    ("POST /connect/token", "MOBILE&a=1&a=2", "repeated_parameter"),
    ("POST /connect/token", "MOBILE&grant_type=x", "unknown_grant_type"),
    ("POST /connect/token", "MOBILE&grant_type=refresh_token&refresh_token=x", "unknown_refresh_token"),
    ("POST /connect/token", "OWN&grant_type=refresh_token&refresh_token=REFRESH", "refresh_token_of_other_client"),
    ("POST /connect/token", "MOBILE&grant_type=refresh_token&refresh_token=REFRESH&scope=email", "scope_widened"),
    ("POST /connect/token", "MOBILE&grant_type=refresh_token&refresh_token=REFRESH&tnuId=x", "profile_without_scope"),
    ("POST /connect/token", "MOBILE&grant_type=authorization_code&code=x&redirect_uri=x", "unknown_code"),
    (
        "POST /connect/token",
        "MOBILE&grant_type=urn:ietf:params:oauth:grant-type:device_code&device_code=x",
        "unknown_polled_login",
    ),
    ("POST /connect/token", "OWN&grant_type=urn:openid:params:grant-type:ciba&auth_req_id=x", "unknown_polled_login"),
    ("POST /connect/token", "MOBILE&grant_type=client_credentials&scope=api:a", "public_client_alone"),
    ("POST /connect/token", "OWN&grant_type=client_credentials&scope=openid", "scope_of_user"),
    ("POST /connect/token", "OWN&grant_type=client_credentials&scope=x", "unknown_scope"),
    ("POST /connect/revocation", "OWN&token=REFRESH", "refresh_token_of_other_client"),
    ("POST /connect/introspect", "OWN&token=x", "only_apis"),
    ("POST /connect/deviceauthorization", "MOBILE", "unknown_scope"),
    ("POST /connect/ciba", "MOBILE", "ciba_of_public_client"),
    ("POST /connect/ciba", "OWN&requested_expiry=0", "wrong_expiry"),
    ("POST /connect/ciba", "OWN", "two_login_hints"),
    ("POST /connect/ciba", "OWN&login_hint=x", "missing_scopes"),
    ("POST /connect/ciba", "OWN&login_hint=x&scope=openid+vipps+phone", "unknown_user"),
    ("POST /connect/ciba", "OWN&login_hint_token=x&scope=openid+bankid", "unknown_login_hint"),
    ("POST /api/ciba/ciba_prepare_bankid", "OWN&kurt_id=x", "unknown_user"),
    ("GET /connect/authorize", "", "missing_parameter"),
    ("GET /connect/authorize?client_id=x", "", "unknown_client"),
    ("GET /connect/authorize?MOBILE&redirect_uri=x", "", "unregistered_redirect_uri"),
    ("GET AUTHORIZE&request=x", "", "request_object"),
    ("GET AUTHORIZE&max_age=x", "", "wrong_max_age"),
    ("GET AUTHORIZE&prompt=x", "", "wrong_prompt"),
    ("GET AUTHORIZE&prompt=none", "", "login_required"),
    ("GET AUTHORIZE&prompt=none&response_mode=form_post", "", "login_required"),
    ("GET AUTHORIZE&response_mode=x", "", "other_response_mode"),
    ("GET /connect/userinfo", "", "no_access_token"),
    ("GET /api/meta/v1/self-service", "", "no_access_token"),
    ("POST /connect/customlogout", "{}", "no_id_token_hint"),
    ("POST /connect/customlogout", "{\"id_token_hint\":\"x\"}", "wrong_id_token_hint"),
    ("POST /account/login", "request=x", "login_over"),
    ("POST /sandbox/clock", "{}", "described"),
    ("POST /sandbox/fail", "{\"endpoint\":\"x\"}", "described"),
];

#[test]
fn every_refusal_tells_its_reason_in_both_languages() {
    let sandbox = sandbox(auto());
    let (tokens, _) = log_in(&sandbox, "sandbox-mobile");
    let refused = |asked: &str, headers: &str, body: &str, code: &str| {
        let fill = |text: &str| {
            text.replace("MOBILE", "client_id=sandbox-mobile")
                .replace("OWN", "client_id=sandbox-confidential&client_secret=sandbox-secret")
                .replace("REFRESH", tokens["refresh_token"].as_str().unwrap())
                .replace("AUTHORIZE", &authorize_target("sandbox-mobile"))
        };
        let (method, target) = asked.split_once(' ').unwrap();
        send(&sandbox, method, &fill(target), headers, &fill(body));
        let last = lock(&sandbox.service.engine).events.last_number();
        let of = |language: &str| events(&sandbox, &format!("after={}&lang={language}", last - 1)).remove(0);
        let (english, norwegian) = (of("en"), of("no"));
        assert_eq!(
            (&english["kind"], &english["code"]),
            (&json!("refused"), &json!(code)),
            "{asked} {body}: {english}"
        );
        assert!(english["reason"].is_string() && norwegian["reason"].is_string(), "{code}");
        assert_ne!(english["reason"], norwegian["reason"], "{code}");
    };
    for (asked, body, code) in REFUSED {
        refused(asked, "", body, code);
    }
    let with = |name: &str, value: &str| format!("{name}: {value}\r\n");
    refused("GET /connect/userinfo", &with("Authorization", "Bearer x"), "", "access_token_invalid");
    let (_, _, token) = sample_tokens::sample(&sandbox, &json!({"scope": "api:orders"}));
    refused("GET /connect/userinfo", &with("Authorization", &format!("Bearer {token}")), "", "no_openid_scope");
    let basic = with("Authorization", "Basic c2FuZGJveC1tb2JpbGU6eA==");
    refused("POST /connect/token", &basic, "client_secret=x", "authenticated_twice");
    refused("POST /connect/token", &basic, "client_id=x", "other_client_id");
    for path in ["/account/login", "/device", "/ciba"] {
        refused(&format!("POST {path}"), &with("Origin", "http://evil.example"), "", "cross_origin");
    }
    refused("POST /connect/token", "", &"x".repeat(65_537), "long_body");
    post(&sandbox, "/sandbox/fail", "{\"endpoint\":\"jwks\",\"status\":503}");
    refused("GET /.well-known/openid-configuration/jwks", "", "", "planned_failure");
}

#[test]
fn a_lost_response_still_tells_what_it_did() {
    let sandbox = sandbox(auto());
    let (tokens, _) = log_in(&sandbox, "sandbox-web");
    post(&sandbox, "/sandbox/fail", "{\"endpoint\":\"token\",\"status\":502,\"after\":true}");
    sandbox.advance(Seconds(1));
    refresh(&sandbox, "sandbox-web", &tokens);
    let last = events(&sandbox, "").pop().unwrap();
    assert_eq!(
        (&last["kind"], &last["code"], &last["answered"]),
        (&json!("renewed"), &json!("response_lost"), &json!("502 temporarily_unavailable"))
    );
}

#[test]
fn revoked_sessions_are_told_once() {
    let sandbox = sandbox(auto());
    let (tokens, _) = log_in(&sandbox, "sandbox-web");
    post(&sandbox, "/sandbox/revoke", "");
    post(&sandbox, "/sandbox/revoke", "");
    refresh(&sandbox, "sandbox-web", &tokens);
    let codes: Vec<_> = events(&sandbox, "after=2").iter().map(|event| event["code"].clone()).collect();
    assert_eq!(codes, [json!("all_revoked"), Value::Null, Value::Null, json!("refresh_token_revoked")]);
}

#[test]
fn a_test_can_wait_for_an_event() {
    let sandbox = sandbox(auto());
    assert!(events(&sandbox, "after=0").is_empty());
    for query in ["after=x", "wait=-1"] {
        assert_eq!(get(&sandbox, &format!("/sandbox/events?{query}")).0, 400, "{query}");
    }
    let streams: Vec<_> = (0..8).map(|_| wait_for_an_event(&sandbox)).collect();
    await_waiting(&sandbox, 8);
    get(&sandbox, "/.well-known/openid-configuration/jwks");
    for mut stream in streams {
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        assert!(response.contains("\"endpoint\":\"jwks\""), "{response}");
    }
    await_waiting(&sandbox, 0);
    // One too many is answered at once.
    let streams: Vec<_> = (0..MAX_WAITING).map(|_| wait_for_an_event(&sandbox)).collect();
    await_waiting(&sandbox, MAX_WAITING);
    assert!(events(&sandbox, "after=1&wait=60").is_empty());
    drop(streams);
    assert_eq!(send(&sandbox, "GET", "/sandbox/events", "Origin: http://evil.example\r\n", "").0, 403);
}

/// A connection whose request waits for the next event.
pub(super) fn wait_for_an_event(sandbox: &Sandbox) -> TcpStream {
    let authority = sandbox.issuer().strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(authority).unwrap();
    let after = lock(&sandbox.service.engine).events.last_number();
    let target = format!("/sandbox/events?wait=60&after={after}");
    write!(stream, "GET {target} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n").unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream
}

pub(super) fn await_waiting(sandbox: &Sandbox, count: usize) {
    wait_until("so many requests wait", || Arc::strong_count(&sandbox.service.waiting) == 1 + count);
}

#[test]
fn a_waiting_request_ends_with_the_sandbox() {
    let sandbox = sandbox(auto());
    let mut stream = wait_for_an_event(&sandbox);
    await_waiting(&sandbox, 1);
    drop(sandbox);
    let mut response = String::new();
    assert!(stream.read_to_string(&mut response).is_ok(), "answered long before the 60 s");
    assert!(response.starts_with("HTTP/1.1 200 "), "{response}");
}

#[test]
fn the_json_of_a_control_is_not_read_as_a_form() {
    let sandbox = sandbox(Options::default());
    let mine =
        json!({"client_id": "mine", "client_type": "Confidential", "secret": "a&scope=hunter2&client_id=hunter2&x="});
    assert_eq!(post(&sandbox, "/sandbox/clients", &mine.to_string()).0, 200);
    let event = events(&sandbox, "").pop().unwrap();
    assert_eq!(event["asked"], "POST /sandbox/clients client_id=mine");
    assert!(!event.to_string().contains("hunter2"), "{event}");
}

#[test]
fn every_request_is_logged_on_one_line_without_a_secret() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&lines);
    let log: Log = Box::new(move |line| lock(&kept).push(line.to_owned()));
    let sandbox = sandbox(Options { log: Some(log), ..auto() });
    let (tokens, _) = log_in(&sandbox, "sandbox-mobile");
    sandbox.advance(Seconds(90 * 86_400));
    assert_eq!(refresh(&sandbox, "sandbox-mobile", &tokens).0, 400);
    let lines = lock(&lines).clone();
    assert!(
        lines[0].starts_with("GET /connect/authorize sandbox-mobile 303 http://127.0.0.1:4000/cb code=#"),
        "{lines:?}"
    );
    assert!(lines[1].starts_with("POST /connect/token sandbox-mobile 200 access_token=#"), "{lines:?}");
    assert!(
        lines[2].starts_with("POST /connect/token sandbox-mobile 400 invalid_grant: the refresh token expired 0 s ago"),
        "{lines:?}"
    );
    assert!(lines.iter().all(|line| line.ends_with(" ms)") && !line.contains('\n')));
    for name in ["access_token", "refresh_token", "id_token"] {
        assert!(!lines.concat().contains(tokens[name].as_str().unwrap()), "{name}");
    }
}

#[test]
fn no_claim_controls_the_terminal_of_the_log() {
    let mut kari = crate::sandbox::default_users()[0].as_ref().clone();
    kari.claims.insert("error".to_owned(), "\u{1b}[2J".into());
    let lines = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&lines);
    let log: Log = Box::new(move |line| lock(&kept).push(line.to_owned()));
    let sandbox = sandbox(Options { users: vec![Arc::new(kari)], log: Some(log), ..auto() });
    let (tokens, _) = log_in(&sandbox, "sandbox-mobile");
    let bearer = format!("Authorization: Bearer {}\r\n", tokens["access_token"].as_str().unwrap());
    assert_eq!(send(&sandbox, "GET", "/connect/userinfo", &bearer, "").0, 200);
    let lines = lock(&lines).concat();
    assert!(lines.contains("GET /connect/userinfo 200 \\u{1b}[2J") && !lines.contains('\u{1b}'), "{lines}");
}

#[test]
fn an_event_says_only_what_a_control_did() {
    let sandbox = sandbox(Options::default());
    let refusal = "give one of advance or offset, in whole seconds, or freeze, true or false";
    for (body, code, reason) in [
        ("{\"advance\":5}", "clock_moved", "the clock was moved 5 s on"),
        ("{\"offset\":3}", "clock_moved", "the clock was moved 2 s back"),
        ("{\"advance\":5,\"offset\":3}", "described", refusal),
        ("{\"advance\":5,\"freeze\":true}", "described", refusal),
        ("{\"advance\":\"5\"}", "described", refusal),
        ("[]", "described", "the body is not a JSON object"),
    ] {
        let status = post(&sandbox, "/sandbox/clock", body).0;
        let event = events(&sandbox, "").pop().unwrap();
        assert_eq!((&event["code"], &event["reason"]), (&code.into(), &reason.into()), "{body}");
        let (kind, expected) = if code == "described" { ("refused", 400) } else { ("control", 200) };
        assert_eq!((event["kind"].as_str(), status), (Some(kind), expected), "{body}");
    }
    assert_eq!(post_json(&sandbox, "/sandbox/clock", "{\"freeze\":true}").1["frozen"], true);
    assert_eq!(post_json(&sandbox, "/sandbox/clock", "{\"offset\":0}").1["offset"], 0);
}
