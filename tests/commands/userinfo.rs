use crate::support::Bench;
use crate::support::provider::json;
use crate::support::tokens::{ISSUER, SUB, TokenResponse, another_jwks_named, discovery, jwks_named, sign};
use serde_json::{Value, json};
use tidp::testing::domain::time::Seconds;
use tidp::testing::ports::{HttpFailureKind, Method, Response};

fn logged_in() -> Bench {
    let bench = Bench::new("MobileApp");
    bench.log_in();
    bench
}

fn claims() -> Value {
    json!({ "sub": SUB, "phone_number": "+4790000001", "given_name": "Kari\u{1b}[31m" })
}

/// A refusal with this `WWW-Authenticate` header.
fn refused(status: u16, challenge: &str) -> Response {
    Response { status, headers: vec![("www-authenticate".into(), challenge.into())], body: Vec::new() }
}

fn signed(header: &Value, claims: &Value) -> Response {
    let headers = vec![("content-type".into(), "application/jwt; charset=utf-8".into())];
    Response { status: 200, headers, body: sign(header, claims).into_bytes() }
}

#[test]
fn userinfo_sends_token_in_header_only() {
    let bench = logged_in();
    bench.provider.responds("/connect/userinfo", json(200, &claims()));
    let answer = bench.run(&["userinfo", "--json"]).exits(0);
    assert_eq!(answer.json(), claims());
    assert!(!answer.stdout.contains('\u{1b}'));
    let asked = bench.provider.last("/connect/userinfo");
    let bearer = format!("Bearer {}", bench.session().unwrap().access_token.value.expose());
    assert_eq!((asked.method, asked.authorization, asked.query), (Method::Get, Some(bearer), None));
    assert_eq!(asked.body, "");
}

#[test]
fn userinfo_explains_each_claim() {
    let bench = logged_in();
    let told = json!({ "sub": SUB, "given_name": "Kari\u{1b}[31m", "ial": "telenor.identity.ial1" });
    bench.provider.responds("/connect/userinfo", json(200, &told));
    let out = bench.run(&["userinfo"]).exits(0).stdout;
    assert!(out.contains(r"Kari\u{1b}[31m") && !out.contains('\u{1b}'), "{out}");
    let ial = out.lines().find(|line| line.starts_with("ial")).unwrap();
    assert!(ial.contains("telenor.identity.ial1") && ial.ends_with(')'), "{ial}");
}

#[test]
fn userinfo_of_another_account_is_rejected() {
    for sub in [json!("ola"), json!(null), json!(""), json!(7), json!([SUB])] {
        let bench = logged_in();
        let mut claims = claims();
        claims["sub"] = sub;
        bench.provider.responds("/connect/userinfo", json(200, &claims));
        bench.run(&["userinfo"]).exits(7).leaves_out("+4790000001");
    }
}

#[test]
fn userinfo_refreshes_refused_token_once() {
    let bench = logged_in();
    bench.provider.responds("/connect/userinfo", refused(401, "Bearer error=\"invalid_token\""));
    bench.provider.refreshes(bench.clock.time(), "rt-1", TokenResponse::new().refresh_token("rt-2").jti("second"));
    bench.provider.responds("/connect/userinfo", json(200, &claims()));
    bench.run(&["userinfo"]).exits(0);
    let fresh = format!("Bearer {}", TokenResponse::new().jti("second").access_token(bench.clock.time()));
    assert_eq!(bench.provider.last("/connect/userinfo").authorization, Some(fresh));
    assert_eq!(bench.session().unwrap().held_token().unwrap().value.expose(), "rt-2");

    bench.provider.responds("/connect/userinfo", refused(401, "Bearer"));
    bench.provider.refreshes(bench.clock.time(), "rt-2", TokenResponse::new().refresh_token("rt-3"));
    bench.provider.responds("/connect/userinfo", refused(401, "Bearer"));
    let error = bench.run(&["userinfo", "--json"]).exits(4).error();
    assert_eq!((&error["kind"], &error["provider"]["error"]), (&json!("refused"), &json!("invalid_token")));
}

#[test]
fn other_userinfo_errors_cause_no_refresh() {
    let challenge = "Bearer error=\"insufficient_scope\", error_description=\"no\u{1b}[2J\"";
    let html = Response { status: 200, headers: Vec::new(), body: b"<html>".to_vec() };
    for (answer, code, words) in [
        (Ok(refused(403, challenge)), 4, r"insufficient_scope: no\u{1b}[2J"),
        (Ok(json(503, &json!({}))), 5, "503"),
        (Ok(json(302, &json!({}))), 7, "sent a redirect instead"),
        (Ok(html), 5, "the provider sent a web page instead"),
        (Ok(json(403, &json!({}))), 4, "HTTP 403"),
        (Ok(Response { status: 401, headers: Vec::new(), body: b"<html>Log in".to_vec() }), 5, "a web page"),
        (
            Ok(Response { status: 200, headers: Vec::new(), body: b"Blocked here".to_vec() }),
            5,
            "the userinfo response is not JSON",
        ),
        (Ok(json(408, &json!({}))), 5, "408"),
        (Err(HttpFailureKind::ResponseLost), 5, "cannot read the userinfo"),
        (Err(HttpFailureKind::Certificate), 7, "cannot read the userinfo"),
    ] {
        let bench = logged_in();
        match answer {
            Ok(response) => bench.provider.responds("/connect/userinfo", response),
            Err(kind) => bench.provider.fails("/connect/userinfo", kind),
        }
        bench.run(&["userinfo"]).exits(code).says(words);
    }
}

#[test]
fn signed_userinfo_is_verified() {
    let ours = |name: &str, value: Value| {
        let mut claims = claims();
        (claims["iss"], claims["aud"]) = (ISSUER.into(), "app".into());
        claims[name] = value;
        claims
    };
    let without_iss = |aud: &str| {
        let mut claims = claims();
        claims["aud"] = aud.into();
        claims
    };
    let header = json!({ "alg": "RS256", "kid": "k1" });
    for (header, claims, code) in [
        (&header, ours("x", json!(1)), 0),
        (&header, ours("aud", json!(["other", "app"])), 0),
        (&header, ours("aud", json!("other")), 7),
        (&header, ours("iss", json!("https://evil.example")), 7),
        (&header, ours("sub", json!("ola")), 7),
        (&header, ours("iss", json!("")), 7),
        (&header, ours("aud", json!([])), 7),
        // Core 5.3.2: SHOULD.
        (&header, claims(), 0),
        (&header, ours("iss", json!(null)), 0),
        (&header, ours("aud", json!(null)), 0),
        (&header, without_iss("other"), 7),
        (&header, without_iss("app"), 0),
        (&json!({ "alg": "none" }), ours("x", json!(1)), 7),
        (&json!({ "alg": "RS256", "kid": "k1", "b64": false }), ours("x", json!(1)), 7),
    ] {
        let bench = logged_in();
        bench.provider.responds("/connect/userinfo", signed(header, &claims));
        bench.run(&["userinfo"]).exits(code);
    }
    let bench = logged_in();
    bench.provider.responds("/connect/userinfo", signed(&json!({ "alg": "RS256", "kid": "k2" }), &ours("x", json!(1))));
    bench.provider.responds("/jwks", json(200, &jwks_named("k2")));
    bench.run(&["userinfo"]).exits(0);
}

#[test]
fn key_replaced_under_same_kid_is_fetched_for_userinfo() {
    let bench = logged_in();
    let respond = || {
        bench.cache_other_keys("k1");
        let response = signed(&json!({ "alg": "RS256", "kid": "k1" }), &claims());
        bench.provider.responds("/connect/userinfo", response);
    };
    respond();
    bench.provider.responds("/jwks", json(200, &jwks_named("k1")));
    bench.run(&["userinfo"]).exits(0);
    // At most every five minutes.
    respond();
    bench.run(&["userinfo"]).exits(7).says("its signature is wrong");
    bench.pass(Seconds::minutes(5));
    respond();
    bench.provider.responds("/jwks", json(200, &another_jwks_named("k1")));
    bench.run(&["userinfo"]).exits(7).says("its signature is wrong");
}

#[test]
fn userinfo_endpoint_on_foreign_host_is_not_used() {
    for url in ["https://evil.example/userinfo", "https:///connect/userinfo", "http://id.example/userinfo", "userinfo"]
    {
        let bench = Bench::new("MobileApp");
        let mut document = discovery();
        for name in ["userinfo_endpoint", "introspection_endpoint", "device_authorization_endpoint"] {
            document[name] = url.into();
        }
        document["code_challenge_methods_supported"] = Value::Null;
        bench.provider.responds("/.well-known/openid-configuration", json(200, &document));
        bench.provider.responds("/jwks", json(200, &jwks_named("k1")));
        bench.provider.grants(&bench.browser, bench.clock.time(), TokenResponse::new().refresh_token("rt-1"));
        bench.run(&["login"]).exits(0);
        bench.run(&["userinfo"]).exits(7).says("`userinfo_endpoint`").says(url);
    }
}

#[test]
fn discovery_faults_for_login_stop_only_login() {
    for (name, value) in [
        ("authorization_endpoint", json!(null)),
        ("authorization_endpoint", json!("https://evil.example/authorize")),
        ("authorization_endpoint", json!("https://id.example/authorize?state=x")),
        ("code_challenge_methods_supported", json!(["plain"])),
        ("id_token_signing_alg_values_supported", json!(["ES256"])),
    ] {
        let bench = logged_in();
        bench.pass(Seconds::days(2));
        let mut document = discovery();
        document[name] = value;
        bench.provider.always("/.well-known/openid-configuration", json(200, &document));
        bench.provider.always("/jwks", json(200, &jwks_named("k1")));
        bench.provider.refreshes(bench.clock.time(), "rt-1", TokenResponse::new().refresh_token("rt-2"));
        bench.provider.responds("/connect/userinfo", json(200, &claims()));
        bench.run(&["userinfo"]).exits(0);
        bench.run(&["login"]).exits(7).says(name);
        assert_eq!(bench.browser.opened_urls.lock().unwrap().len(), 1, "no second login was shown");
    }
}

#[test]
fn odd_userinfo_claims_are_printed() {
    let odd = [json!(null), json!(""), json!(7), json!({ "a": [null] }), json!([]), json!("false"), json!(1e300)];
    for name in ["email", "email_verified", "updated_at", "address", "iss", "aud", "exp", "acr", "ial", "error"] {
        for value in &odd {
            let bench = logged_in();
            let answer = json!({ "sub": SUB, name: value });
            bench.provider.always("/connect/userinfo", json(200, &answer));
            assert_eq!(bench.run(&["userinfo", "--json"]).exits(0).json(), answer);
            bench.run(&["userinfo"]).exits(0);
        }
    }
}

#[test]
fn userinfo_without_session_or_endpoint_sends_nothing() {
    Bench::new("MobileApp").run(&["userinfo"]).exits(3);
    let bench = logged_in();
    bench.pass(Seconds::days(1));
    let mut document = discovery();
    document.as_object_mut().unwrap().remove("userinfo_endpoint");
    bench.provider.refreshes(bench.clock.time(), "rt-1", TokenResponse::new().refresh_token("rt-2").without_id_token());
    bench.provider.responds("/.well-known/openid-configuration", json(200, &document));
    bench.provider.responds("/jwks", json(200, &jwks_named("k1")));
    bench.run(&["userinfo"]).exits(7).says("userinfo_endpoint");
}
