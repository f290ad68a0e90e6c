use super::*;
use crate::domain::time::Time;
use crate::sandbox::random::sha256_base64url;
use crate::sandbox::registration;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::AtomicU8;

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

struct Frozen;

impl Clock for Frozen {
    fn now(&self) -> Time {
        Time::from_unix(784_111_777)
    }
    fn uptime(&self) -> Duration {
        Duration::ZERO
    }
    fn pause(&self, _: Duration) {
        panic!("the sandbox never waits");
    }
}

/// Counts up; fails if it starts at 255.
struct Counting(AtomicU8);

impl Entropy for Counting {
    fn fill(&self, buffer: &mut [u8]) -> io::Result<()> {
        if self.0.load(Ordering::SeqCst) == 255 {
            return Err(io::Error::other("dry"));
        }
        buffer.fill(self.0.fetch_add(1, Ordering::SeqCst));
        Ok(())
    }
}

fn sandbox(options: Options) -> Sandbox {
    Sandbox::start(options, Arc::new(Frozen), Arc::new(Counting(AtomicU8::new(0)))).unwrap()
}

/// The status, head and body of a response, over a real socket.
fn send(sandbox: &Sandbox, method: &str, target: &str, headers: &str, body: &str) -> (u16, String, String) {
    let authority = sandbox.issuer().strip_prefix("http://").unwrap();
    let host = if headers.contains("Host:") { String::new() } else { format!("Host: {authority}\r\n") };
    let length = body.len();
    let request = format!(
        "{method} {target} HTTP/1.1\r\n{host}{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    let mut stream = TcpStream::connect(authority).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    let (head, body) = response.split_once("\r\n\r\n").unwrap();
    (head[9..12].parse().unwrap(), head.to_owned(), body.to_owned())
}

#[test]
fn a_response_is_sent_in_one_write() {
    let sandbox = sandbox(Options::default());
    let authority = sandbox.issuer().strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(authority).unwrap();
    for method in ["GET", "GET", "HEAD", "GET"] {
        write!(stream, "{method} /.well-known/openid-configuration HTTP/1.1\r\nHost: {authority}\r\n\r\n").unwrap();
        let mut whole = vec![0; 65_536];
        let length = stream.read(&mut whole).unwrap();
        let response = String::from_utf8(whole[..length].to_vec()).unwrap();
        let (head, body) = response.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        assert_eq!(body.is_empty(), method == "HEAD", "{response}");
        assert!(method == "HEAD" || body.len() > 1_024 && body.ends_with('}'), "{response}");
    }
}

fn get(sandbox: &Sandbox, target: &str) -> (u16, String, String) {
    send(sandbox, "GET", target, "", "")
}

fn post(sandbox: &Sandbox, target: &str, body: &str) -> (u16, String, String) {
    send(sandbox, "POST", target, "", body)
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

fn authorize_target(client: &str) -> String {
    let challenge = sha256_base64url(VERIFIER);
    format!(
        "/connect/authorize?client_id={client}&redirect_uri=http://127.0.0.1:4000/cb&response_type=code&state=st\
         &nonce=no&scope=openid+profile+offline_access&code_challenge={challenge}&code_challenge_method=S256"
    )
}

/// The token response of a login, and the SSO cookie.
fn log_in(sandbox: &Sandbox, client: &str) -> (Value, String) {
    let (status, head, _) = get(sandbox, &authorize_target(client));
    let location = url::Url::parse(header(&head, "Location").unwrap()).unwrap();
    let of = |name: &str| location.query_pairs().find(|(n, _)| n == name).unwrap().1.into_owned();
    assert_eq!((status, of("state"), of("iss")), (303, "st".to_owned(), sandbox.issuer().to_owned()));
    let cookie = header(&head, "Set-Cookie").unwrap();
    assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Lax"));
    let form = format!(
        "grant_type=authorization_code&client_id={client}&code={}&redirect_uri=http://127.0.0.1:4000/cb&code_verifier={VERIFIER}",
        of("code")
    );
    let (status, head, body) = post(sandbox, "/connect/token", &form);
    assert_eq!((status, header(&head, "Cache-Control")), (200, Some("no-store")));
    (serde_json::from_str(&body).unwrap(), cookie.split(';').next().unwrap().to_owned())
}

fn claims(jwt: &Value) -> Value {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let part = jwt.as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn refresh(sandbox: &Sandbox, client: &str, tokens: &Value) -> (u16, Value) {
    let refresh_token = tokens["refresh_token"].as_str().unwrap();
    let form = format!("grant_type=refresh_token&client_id={client}&refresh_token={refresh_token}");
    let (status, _, body) = post(sandbox, "/connect/token", &form);
    (status, serde_json::from_str(&body).unwrap())
}

fn auto() -> Options {
    Options { auto_approve: true, ..Options::default() }
}

#[test]
fn every_endpoint_in_the_metadata_exists() {
    let sandbox = sandbox(Options { clock_offset: Seconds(60), ..Options::default() });
    let (status, head, body) = get(&sandbox, "/.well-known/openid-configuration");
    assert_eq!((status, header(&head, "Date")), (200, Some("Sun, 06 Nov 1994 08:50:37 GMT")));
    for path in ["/.well-known/openid-configuration", "/.well-known/openid-configuration/jwks"] {
        let (_, head, _) = get(&sandbox, path);
        assert_eq!(header(&head, "Cache-Control"), Some("public, max-age=86400"), "{path}");
        assert_eq!(header(&head, "Vary"), Some("*"), "{path}: not in the cache of a browser");
    }
    let metadata: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(metadata["issuer"], sandbox.issuer());
    assert_eq!(metadata["authorization_response_iss_parameter_supported"], true);
    for (name, uri) in metadata.as_object().unwrap().iter().filter(|(n, _)| n.ends_with("_endpoint")) {
        let path = uri.as_str().unwrap().strip_prefix(sandbox.issuer()).unwrap();
        assert_ne!(get(&sandbox, path).0, 404, "{name}");
    }
    assert_eq!(get(&sandbox, "/nowhere").0, 404);
    assert_eq!(get(&sandbox, "/connect/token").0, 405);
}

#[test]
fn login_userinfo_refresh_and_logout() {
    let sandbox = sandbox(auto());
    let client = "sandbox-mobile";
    let (tokens, cookie) = log_in(&sandbox, client);
    let (access, id) = (claims(&tokens["access_token"]), claims(&tokens["id_token"]));
    assert_eq!(access["scope"], json!(["openid", "profile", "offline_access"]));
    assert_eq!((&id["nonce"], &id["aud"], id["sub"] == access["sub"]), (&json!("no"), &json!(client), true));
    assert_eq!(id["exp"].as_i64().unwrap() - id["iat"].as_i64().unwrap(), 300);

    let bearer = format!("Authorization: Bearer {}\r\n", tokens["access_token"].as_str().unwrap());
    let (status, _, body) = send(&sandbox, "GET", "/connect/userinfo", &bearer, "");
    let userinfo: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &userinfo["sub"], userinfo.get("email")), (200, &id["sub"], None));

    let (status, refreshed) = refresh(&sandbox, client, &tokens);
    assert_eq!((status, &refreshed["refresh_token"]), (200, &tokens["refresh_token"]));
    let again = claims(&refreshed["id_token"]);
    assert_eq!((again.get("nonce"), again.get("s_hash"), &again["sid"]), (None, None, &id["sid"]));
    assert!(id["s_hash"].is_string());

    sandbox.advance(Seconds(3_600));
    let (status, head, _) = send(&sandbox, "GET", "/connect/userinfo", &bearer, "");
    assert_eq!((status, header(&head, "WWW-Authenticate")), (401, Some("Bearer error=\"invalid_token\"")));

    let hint = tokens["id_token"].as_str().unwrap();
    let target =
        format!("/connect/endsession?id_token_hint={hint}&post_logout_redirect_uri=http://127.0.0.1:4000/bye&state=s");
    let (status, head, _) = send(&sandbox, "GET", &target, &format!("Cookie: {cookie}\r\n"), "");
    assert_eq!((status, header(&head, "Location")), (303, Some("http://127.0.0.1:4000/bye?state=s")));
    assert_eq!(refresh(&sandbox, client, &tokens).1.get("refresh_token"), None);
    assert_eq!(sandbox.requests("token"), 3);
}

#[test]
fn custom_logout_responds_as_the_provider() {
    let sandbox = sandbox(auto());
    let (tokens, _) = log_in(&sandbox, "sandbox-mobile");
    sandbox.advance(Seconds(9_999));
    let say = |body: Value| {
        let (status, _, body) = post(&sandbox, "/connect/customlogout", &body.to_string());
        (status, body)
    };
    assert_eq!(say(json!({"state": "s"})).0, 400);
    assert_eq!(say(json!({"id_token_hint": tokens["access_token"]})).0, 401);
    let hint = json!({"id_token_hint": tokens["id_token"], "state": "s"});
    assert_eq!(say(hint.clone()), (200, "s".to_owned()));
    assert_eq!(say(hint), (200, "Already logged out".to_owned()));
}

#[test]
fn logout_redirects_only_with_hint_and_registered_uri() {
    let sandbox = sandbox(auto());
    let (tokens, cookie) = log_in(&sandbox, "sandbox-mobile");
    let cookie = format!("Cookie: {cookie}\r\n");
    let target = "/connect/endsession?post_logout_redirect_uri=http://127.0.0.1:4000/bye";
    let (status, _, body) = send(&sandbox, "GET", target, &cookie, "");
    assert!(status == 200 && body.contains("value=\"logout\""), "asks first");
    assert!(refresh(&sandbox, "sandbox-mobile", &tokens).1.get("refresh_token").is_some());
    let hint = tokens["id_token"].as_str().unwrap();
    let evil = format!("/connect/endsession?id_token_hint={hint}&post_logout_redirect_uri=https://evil.example/");
    let (status, head, _) = send(&sandbox, "GET", &evil, &cookie, "");
    assert_eq!((status, header(&head, "Location")), (200, None));
}

#[test]
fn the_login_form_logs_in_once() {
    let sandbox = sandbox(Options::default());
    let target = format!("{}&login_hint=%22%3E%3Cb%3E&ui_locales=no", authorize_target("sandbox-mobile"));
    let (status, head, page) = get(&sandbox, &target);
    assert!(status == 200 && page.contains("value=\"&quot;&gt;&lt;b&gt;\"") && page.contains("lang=\"no\""));
    assert!(header(&head, "Content-Security-Policy").unwrap().starts_with("default-src 'none'; style-src 'sha256-"));
    let id = page.split("name=\"request\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let (status, _, page) = post(&sandbox, "/account/login", &format!("request={id}&phone=12345678&action=login"));
    assert!(status == 200 && page.contains("role=\"alert\""));
    let form = format!("request={id}&phone=%2B4700000002&action=login");
    let foreign = send(&sandbox, "POST", "/account/login", "Origin: http://evil.example\r\n", &form);
    assert_eq!(foreign.0, 403);
    let (status, head, _) = post(&sandbox, "/account/login", &form);
    assert!(status == 303 && header(&head, "Location").unwrap().contains("code="));
    assert_eq!(post(&sandbox, "/account/login", &form).0, 400);
}

#[test]
fn control_requests_from_web_pages_are_refused() {
    let sandbox = sandbox(Options::default());
    let evil = ["Host: evil.example\r\n", "Host: localhost\r\n", "Origin: http://evil.example\r\n", "Origin: null\r\n"];
    for headers in evil {
        assert_eq!(send(&sandbox, "POST", "/sandbox/clock", headers, "{\"advance\":5}").0, 403, "{headers}");
        assert_eq!(send(&sandbox, "GET", "/sandbox", headers, "").0, 403, "{headers}");
    }
    let own = format!("Origin: {}\r\n", sandbox.issuer());
    assert_eq!(send(&sandbox, "POST", "/sandbox/clock", &own, "{\"advance\":5}").0, 200);
}

#[test]
fn cors_is_allowed_only_where_an_application_needs_it() {
    let sandbox = sandbox(Options::default());
    let may = |path: &str| {
        let (_, head, _) = send(&sandbox, "OPTIONS", path, "Origin: http://localhost:5173\r\n", "");
        header(&head, "Access-Control-Allow-Origin").map(ToOwned::to_owned)
    };
    assert_eq!(may("/connect/token").as_deref(), Some("*"));
    assert_eq!(may("/.well-known/openid-configuration").as_deref(), Some("*"));
    let (_, head, _) = get(&sandbox, "/.well-known/openid-configuration");
    assert_eq!(header(&head, "Access-Control-Allow-Origin"), Some("*"), "a cache keeps it without Origin");
    for path in ["/connect/authorize", "/account/login", "/connect/introspect", "/sandbox", "/sandbox/clock"] {
        assert_eq!(may(path), None, "{path}");
    }
}

#[test]
fn controls_change_the_clock_and_plan_failures() {
    let sandbox = sandbox(auto());
    let (tokens, _) = log_in(&sandbox, "sandbox-mobile");
    let control = |path: &str, body: Value| {
        let (status, _, body) = post(&sandbox, path, &body.to_string());
        (status, serde_json::from_str::<Value>(&body).unwrap_or_default())
    };
    assert_eq!(control("/sandbox/clock", json!({"advance": 60})).1["offset"], 60);
    assert_eq!(control("/sandbox/clock", json!({"offset": -5})).1["now"], "1994-11-06T08:49:32Z");
    assert_eq!(control("/sandbox/clock", json!({})).0, 400);
    assert_eq!(control("/sandbox/nonsense", json!({})).0, 404);

    assert_eq!(control("/sandbox/refresh-tokens", json!({"mode": "rotate"})).0, 200);
    control("/sandbox/fail", json!({"endpoint": "token", "status": 503, "retry_after": 7}));
    assert_eq!(refresh(&sandbox, "sandbox-mobile", &tokens).0, 503);
    control("/sandbox/fail", json!({"endpoint": "token", "status": 502, "after": true}));
    assert_eq!(refresh(&sandbox, "sandbox-mobile", &tokens).0, 502);
    assert_eq!(refresh(&sandbox, "sandbox-mobile", &tokens).0, 400, "the lost response had used the token");

    let (tokens, _) = log_in(&sandbox, "sandbox-mobile");
    let (_, _, state) = get(&sandbox, "/sandbox");
    assert!(state.contains("\"sandbox-mobile\"") && !state.contains("sandbox-secret"));
    assert!(!state.contains(tokens["refresh_token"].as_str().unwrap()));
    assert_eq!(control("/sandbox/revoke", json!({})).1["revoked"], 2);
    assert_eq!(refresh(&sandbox, "sandbox-mobile", &tokens).0, 400);
}

#[test]
fn rotated_keys_stay_published_until_they_are_dropped() {
    let sandbox = sandbox(auto());
    let (old, _) = log_in(&sandbox, "sandbox-mobile");
    let old = json!({"id_token_hint": old["id_token"]}).to_string();
    let keys = || serde_json::from_str::<Value>(&get(&sandbox, "/.well-known/openid-configuration/jwks").2).unwrap();
    post(&sandbox, "/sandbox/keys/rotate", "");
    assert_eq!(keys()["keys"].as_array().unwrap().len(), 2);
    assert_eq!(post(&sandbox, "/connect/customlogout", &old).0, 200);
    post(&sandbox, "/sandbox/keys/rotate", "{\"drop_old\":true}");
    assert_eq!(keys()["keys"].as_array().unwrap().len(), 1);
    assert_eq!(post(&sandbox, "/connect/customlogout", &old).0, 401);
}

/// The status and JSON of a form's response.
fn post_json(sandbox: &Sandbox, target: &str, form: &str) -> (u16, Value) {
    let (status, _, body) = post(sandbox, target, form);
    (status, serde_json::from_str(&body).unwrap_or_default())
}

#[test]
fn introspection_answers_as_either_line_of_the_provider() {
    let confidential = "client_id=sandbox-confidential&client_secret=sandbox-secret";
    let api = "client_id=sandbox-api&client_secret=sandbox-secret";
    let mobile = "client_id=sandbox-mobile";
    for clients_may_introspect in [false, true] {
        let sandbox = sandbox(Options { clients_may_introspect, ..auto() });
        let (tokens, _) = log_in(&sandbox, "sandbox-mobile");
        let (jwt, handle) = (tokens["access_token"].as_str().unwrap(), tokens["refresh_token"].as_str().unwrap());
        let ask = |who: &str, token: &str| post_json(&sandbox, "/connect/introspect", &format!("{who}&token={token}"));
        assert_eq!(ask(api, jwt).1["active"], true);
        assert_eq!(ask(api, &jwt[..jwt.len() - 4]).1["active"], false);
        assert_eq!(ask(api, handle).1["active"], false, "an API knows no refresh tokens");
        assert_eq!(ask("client_id=sandbox-api&client_secret=wrong", jwt).0, 401);
        if !clients_may_introspect {
            for who in [confidential, mobile] {
                assert_eq!((ask(who, jwt).0, ask(who, handle).0), (401, 401), "{who}");
            }
            continue;
        }
        let (status, known) = ask(mobile, handle);
        assert_eq!((status, &known["active"], &known["client_id"]), (200, &json!(true), &json!("sandbox-mobile")));
        let lifetime = known["exp"].as_i64().unwrap() - known["iat"].as_i64().unwrap();
        assert_eq!(Some(Seconds(lifetime)), crate::domain::policy::PolicyName::Mobile.documented().lifetime);
        assert_eq!(ask(mobile, jwt).1["active"], true);
        for token in [jwt, handle] {
            assert_eq!(ask(confidential, token), (200, json!({"active": false})), "another client's");
        }
    }
}

const CIBA: &str = "client_id=sandbox-confidential&client_secret=sandbox-secret\
                    &scope=openid+vipps+phone&login_hint=4700000001";

#[test]
fn a_backend_waits_for_the_users_phone() {
    let sandbox = sandbox(Options::default());
    let begin = || post_json(&sandbox, "/connect/ciba", CIBA).1;
    let poll = |begun: &Value| {
        let grant =
            "client_id=sandbox-confidential&client_secret=sandbox-secret&grant_type=urn:openid:params:grant-type:ciba";
        let (status, body) = post_json(
            &sandbox,
            "/connect/token",
            &format!("{grant}&auth_req_id={}", begun["auth_req_id"].as_str().unwrap()),
        );
        (status, body["error"].as_str().map(ToOwned::to_owned))
    };
    let refused = |error: &str| (400, Some(error.to_owned()));
    let begun = begin();
    assert_eq!((&begun["expires_in"], &begun["interval"]), (&json!(300), &json!(5)));
    assert_eq!(poll(&begun), refused("authorization_pending"));
    let state: Value = serde_json::from_str(&get(&sandbox, "/sandbox").2).unwrap();
    let waiting = &state["pending_logins"][0];
    assert_eq!((&waiting["grant"], &waiting["user"]), (&json!("ciba"), &json!("kari")));
    assert!(!state.to_string().contains(begun["auth_req_id"].as_str().unwrap()), "the client's secret");
    let code = waiting["user_code"].as_str().unwrap();
    let page = get(&sandbox, "/ciba").2;
    assert!(page.contains("Kari Nordmann") && page.contains(&format!("value=\"{code}\"")), "{page}");
    let form = format!("user_code={code}&action=approve");
    assert_eq!(send(&sandbox, "POST", "/ciba", "Origin: http://evil.example\r\n", &form).0, 403);
    assert_eq!(post(&sandbox, "/ciba", &form).0, 200);
    sandbox.advance(Seconds(60));
    assert_eq!(poll(&begun).0, 200);

    let begun = begin();
    assert_eq!(post(&sandbox, "/ciba", "action=approve").0, 200, "approves nothing without a code");
    assert_eq!(poll(&begun), refused("authorization_pending"));
    assert_eq!(post_json(&sandbox, "/sandbox/logins/deny", "{}").1["denied"], 1);
    sandbox.advance(Seconds(60));
    assert_eq!(poll(&begun), refused("access_denied"));
}

#[test]
fn bankid_is_prepared_with_a_form_or_json() {
    let sandbox = sandbox(auto());
    let state: Value = serde_json::from_str(&get(&sandbox, "/sandbox").2).unwrap();
    let kurt_id = state["users"][0]["kurt_id"].as_str().unwrap();
    let prepare = |body: &str| post_json(&sandbox, "/api/ciba/ciba_prepare_bankid", body);
    let own = "client_id=sandbox-confidential&client_secret=sandbox-secret";
    let (status, form) = prepare(&format!("{own}&kurt_id={kurt_id}"));
    assert!(status == 200 && form["binding_message"].is_string() && form["login_hint_token"].is_string(), "{form}");
    let json = json!({"client_id": "sandbox-confidential", "client_secret": "sandbox-secret", "kurt_id": kurt_id});
    assert_eq!(prepare(&json.to_string()).0, 200);
    assert_eq!(prepare(&format!("kurt_id={kurt_id}")).0, 401);
    assert_eq!(
        prepare(&format!("{own}&kurt_id=x")),
        (400, json!({"error": "unknown_user_id", "error_description": "no test user fits"}))
    );
}

#[test]
fn scripts_approve_and_deny_devices() {
    let sandbox = sandbox(Options::default());
    let begin = || post_json(&sandbox, "/connect/deviceauthorization", "client_id=sandbox-mobile&scope=openid").1;
    let poll = |begun: &Value| {
        let code = begun["device_code"].as_str().unwrap();
        let form = format!(
            "client_id=sandbox-mobile&grant_type=urn:ietf:params:oauth:grant-type:device_code&device_code={code}"
        );
        post_json(&sandbox, "/connect/token", &form)
    };
    let control = |name: &str, body: Value| post_json(&sandbox, &format!("/sandbox/logins/{name}"), &body.to_string());
    let (first, second) = (begin(), begin());
    assert_eq!(control("approve", json!({"user_code": first["user_code"], "user": "nobody"})).0, 400);
    assert_eq!(control("approve", json!({"user_code": 7})).0, 400);
    assert_eq!(
        control("approve", json!({"user_code": first["user_code"], "user": "ola"})),
        (200, json!({"approved": 1}))
    );
    assert_eq!(control("deny", json!({"user_code": second["user_code"]})), (200, json!({"denied": 1})));
    let (status, tokens) = poll(&first);
    assert_eq!((status, claims(&tokens["id_token"])["ial"].clone()), (200, json!("telenor.identity.ial1")), "Ola's");
    assert_eq!(poll(&second).1["error"], "access_denied");
}

#[test]
fn devices_need_no_page_where_logins_need_none() {
    let sandbox = sandbox(auto());
    let begun = post_json(&sandbox, "/connect/deviceauthorization", "client_id=sandbox-mobile&scope=openid").1;
    let code = begun["device_code"].as_str().unwrap();
    let form =
        format!("client_id=sandbox-mobile&grant_type=urn:ietf:params:oauth:grant-type:device_code&device_code={code}");
    assert_eq!(post_json(&sandbox, "/connect/token", &form).0, 200);
}

#[test]
fn self_service_links_to_the_users_account() {
    let sandbox = sandbox(auto());
    let (tokens, _) = log_in(&sandbox, "sandbox-mobile");
    let bearer = format!("Authorization: Bearer {}\r\n", tokens["access_token"].as_str().unwrap());
    let (status, _, body) = send(&sandbox, "GET", "/api/meta/v1/self-service", &bearer, "");
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((status, &body["url"]), (200, &json!(format!("{}/account", sandbox.issuer()))));
    assert_eq!(get(&sandbox, "/api/meta/v1/self-service").0, 401);
    assert!(get(&sandbox, "/account?locale=no").2.contains("lang=\"no\""));
    assert!(get(&sandbox, "/account").2.contains("lang=\"en\""));
}

#[test]
fn without_randomness_nothing_is_issued() {
    let dry = Arc::new(Counting(AtomicU8::new(255)));
    let sandbox = Sandbox::start(auto(), Arc::new(Frozen), dry).unwrap();
    assert_eq!(get(&sandbox, &authorize_target("sandbox-mobile")).0, 500);
}

#[test]
fn a_long_body_is_refused() {
    let sandbox = sandbox(Options::default());
    assert_eq!(post(&sandbox, "/connect/token", &"x".repeat(65_537)).0, 413);
}

#[test]
fn a_body_is_not_allocated_because_it_was_declared() {
    let sandbox = sandbox(Options::default());
    let authority = sandbox.issuer().strip_prefix("http://").unwrap();
    for length in ["99999999999", "18446744073709551615"].iter().cycle().take(2 * WORKERS) {
        let mut stream = TcpStream::connect(authority).unwrap();
        write!(stream, "POST /connect/token HTTP/1.1\r\nHost: {authority}\r\nContent-Length: {length}\r\n\r\nx")
            .unwrap();
        let mut response = String::new();
        while !response.ends_with("or no text") {
            let mut some = [0; 1_024];
            let read = stream.read(&mut some).unwrap();
            assert!(read > 0, "{response}");
            response += std::str::from_utf8(&some[..read]).unwrap();
        }
        assert!(response.starts_with("HTTP/1.1 100 ") && response.contains("\r\n\r\nHTTP/1.1 413 "), "{response}");
    }
    assert_eq!(get(&sandbox, "/.well-known/openid-configuration").0, 200);
}

#[test]
fn a_dropped_sandbox_frees_its_port() {
    let sandbox = sandbox(Options::default());
    let authority = sandbox.issuer().strip_prefix("http://").unwrap().to_owned();
    drop(sandbox);
    // The accepting thread closes the port a moment later.
    assert!((0..10_000).any(|_| TcpStream::connect(&authority).is_err()));
}

/// The events after that number, waiting for the first.
fn events(sandbox: &Sandbox, query: &str) -> Vec<Value> {
    let (status, head, body) = get(sandbox, &format!("/sandbox/events?{query}"));
    assert_eq!((status, header(&head, "Content-Type")), (200, Some("application/x-ndjson")));
    body.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

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
    // More than there are workers, so that these alone would serve nobody else.
    let streams: Vec<_> = (0..WORKERS * 2).map(|_| wait_for_an_event(&sandbox)).collect();
    await_waiting(&sandbox, WORKERS * 2);
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
fn wait_for_an_event(sandbox: &Sandbox) -> TcpStream {
    let authority = sandbox.issuer().strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(authority).unwrap();
    let after = lock(&sandbox.service.engine).events.last_number();
    let target = format!("/sandbox/events?wait=60&after={after}");
    write!(stream, "GET {target} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n").unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream
}

fn await_waiting(sandbox: &Sandbox, count: usize) {
    while sandbox.service.waiting.load(Ordering::SeqCst) != count {
        thread::yield_now();
    }
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
fn ones_own_application_logs_in_at_its_own_redirect_uri() {
    for uri in ["https://my.app/cb", "com.example.app:/cb", "myapp://cb", "http://localhost:8080/a/b?c=d"] {
        let own = registration::client_of_option(&format!("my-app=PublicWithRefresh,{uri}")).unwrap();
        let sandbox = sandbox(Options { clients: vec![own], ..auto() });
        let encoded: String = url::form_urlencoded::byte_serialize(uri.as_bytes()).collect();
        let target = authorize_target("my-app").replace("http://127.0.0.1:4000/cb", &encoded);
        let (status, head, _) = get(&sandbox, &target);
        let location = header(&head, "Location").unwrap_or_default();
        assert!(status == 303 && location.starts_with(uri) && location.contains("code="), "{uri}: {location}");
    }
}

#[test]
fn a_refusal_names_what_was_received_and_what_is_registered() {
    let own = registration::client_of_option("my-app=PublicWithRefresh,https://my.app/cb").unwrap();
    let sandbox = sandbox(Options { clients: vec![own], ..auto() });
    let (status, _, page) = get(&sandbox, &authorize_target("my-app"));
    let why =
        "redirect_uri http://127.0.0.1:4000/cb is not registered for client_id my-app; registered: https://my.app/cb";
    assert!(status == 400 && page.contains(why), "{page}");
    let (status, _, page) = get(&sandbox, &authorize_target("my-ap"));
    assert!(status == 400 && page.contains("client_id my-ap is not registered; registered: my-app"), "{page}");
    let (status, refused) = post_json(&sandbox, "/connect/token", "grant_type=refresh_token&client_id=my-ap");
    assert_eq!(
        (status, refused),
        (
            401,
            json!({"error": "invalid_client", "error_description": "client_id my-ap is not registered; registered: my-app"})
        )
    );
    let events = get(&sandbox, "/sandbox/events").2;
    assert!(events.contains(why), "{events}");
}

#[test]
fn clients_and_users_are_registered_while_it_runs() {
    let sandbox = sandbox(auto());
    let control = |name: &str, body: Value| post_json(&sandbox, &format!("/sandbox/{name}"), &body.to_string());
    let mine = json!({"client_id": "mine", "client_type": "MobileApp", "refresh_lifetime": "5m", "access_token_lifetime": "1m"});
    assert_eq!(control("clients", mine).0, 200);
    let (tokens, _) = log_in(&sandbox, "mine");
    assert_eq!(tokens["expires_in"], 60);
    sandbox.advance(Seconds(300));
    assert_eq!(refresh(&sandbox, "mine", &tokens).0, 400);
    let (status, refused) = control("clients", json!({"client_id": "x", "client_tipe": "MobileApp"}));
    assert!(
        status == 400 && refused["error_description"].as_str().unwrap().contains("did you mean `client_type`?"),
        "{refused}"
    );

    let per = json!({"id": "kari", "phone": "+4700000001", "given_name": "Per", "claims": {"department": "sales"}});
    assert_eq!(control("users", per).0, 200);
    assert_eq!(control("users", json!({"id": "per", "claims": {"iss": "x"}})).0, 400);
    assert_eq!(control("clients", json!({"client_id": "sandbox-public", "client_type": "Public"})).0, 200);
    let state: Value = serde_json::from_str(&get(&sandbox, "/sandbox").2).unwrap();
    assert_eq!((&state["users"][0]["id"], &state["users"][1]["id"]), (&json!("kari"), &json!("ola")), "in its place");
    assert_eq!((&state["clients"][0]["client_id"]), (&json!("sandbox-public")), "in its place");
    let begun = post_json(&sandbox, "/connect/ciba", CIBA).1;
    let form = format!(
        "client_id=sandbox-confidential&client_secret=sandbox-secret&grant_type=urn:openid:params:grant-type:ciba&auth_req_id={}",
        begun["auth_req_id"].as_str().unwrap()
    );
    let tokens = post_json(&sandbox, "/connect/token", &form).1;
    assert_eq!(claims(&tokens["id_token"])["department"], "sales");
    let bearer = format!("Authorization: Bearer {}\r\n", tokens["access_token"].as_str().unwrap());
    assert!(send(&sandbox, "GET", "/connect/userinfo", &bearer, "").2.contains("\"department\":\"sales\""));
}

#[test]
fn the_issuer_may_differ_from_the_address() {
    let issuer = Some(issuer_url("http://sandbox:9000").unwrap());
    let sandbox = sandbox(Options { bind: Ipv4Addr::UNSPECIFIED.into(), issuer, ..auto() });
    let own = format!("127.0.0.1:{}", sandbox.address().port());
    assert_eq!(sandbox.issuer(), "http://sandbox:9000");
    let at = |host: &str, origin: &str| {
        let request = format!(
            "POST /sandbox/clock HTTP/1.1\r\nHost: {host}\r\n{origin}Content-Length: 13\r\nConnection: close\r\n\r\n{{\"advance\":5}}"
        );
        let mut stream = TcpStream::connect(&own).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        response[9..12].parse::<u16>().unwrap()
    };
    assert_eq!(
        (at(&own, ""), at("sandbox:9000", ""), at("sandbox:9000", "Origin: http://sandbox:9000\r\n")),
        (200, 200, 200)
    );
    assert_eq!((at("evil.example:9000", ""), at("sandbox:9000", "Origin: http://evil.example\r\n")), (403, 403));
    for text in
        ["sandbox", "ftp://sandbox", "http://sandbox/x", "http://a@sandbox", "http://sandbox?x", "http://sandbox#x"]
    {
        assert!(issuer_url(text).is_err(), "{text}");
    }
}

#[test]
fn ones_own_scopes_are_known() {
    let sandbox = sandbox(Options { scopes: vec!["orders.read".to_owned()], ..auto() });
    assert!(get(&sandbox, "/.well-known/openid-configuration").2.contains("\"orders.read\""));
    let form =
        "client_id=sandbox-confidential&client_secret=sandbox-secret&grant_type=client_credentials&scope=orders.";
    assert_eq!(post_json(&sandbox, "/connect/token", &format!("{form}read")).0, 200);
    assert_eq!(post_json(&sandbox, "/connect/token", &format!("{form}write")).0, 400);
}

/// The header and claims of a token of `POST /sandbox/token`.
fn sample(sandbox: &Sandbox, request: &Value) -> (Value, Value, String) {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let (status, response) = post_json(sandbox, "/sandbox/token", &request.to_string());
    assert_eq!(status, 200, "{request}: {response}");
    let token = response["token"].as_str().unwrap().to_owned();
    let header = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap()).unwrap();
    let claims = claims(&response["token"]);
    assert_eq!((&response["header"], &response["claims"]), (&header, &claims));
    (header, claims, token)
}

#[test]
fn a_sample_token_has_the_claims_that_were_asked_for() {
    let sandbox = sandbox(Options::default());
    let request = json!({"client_id": "sandbox-mobile", "user": "ola", "scope": "openid api:orders", "lifetime": "5m",
        "claims": {"department": "sales", "idp": null}});
    let (header, claims, token) = sample(&sandbox, &request);
    assert_eq!((&header["typ"], &claims["department"], claims.get("idp")), (&json!("at+jwt"), &json!("sales"), None));
    assert_eq!((&claims["aud"], &claims["client_id"]), (&json!(["orders"]), &json!("sandbox-mobile")));
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 300);
    let bearer = format!("Authorization: Bearer {token}\r\n");
    assert_eq!(send(&sandbox, "GET", "/connect/userinfo", &bearer, "").0, 200);
    sandbox.advance(Seconds(300));
    assert_eq!(send(&sandbox, "GET", "/connect/userinfo", &bearer, "").0, 401);

    let (header, claims, _) = sample(&sandbox, &json!({"kind": "id"}));
    assert_eq!((&header["typ"], claims.get("at_hash"), &claims["given_name"]), (&json!("JWT"), None, &json!("Kari")));
    let lives = |claims: &Value| claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
    assert_eq!(lives(&claims), 300);
    assert_eq!(lives(&sample(&sandbox, &json!({"kind": "id", "lifetime": "20m"})).1), 1_200);
    let (_, claims, _) = sample(&sandbox, &json!({"no_user": true, "scope": "api:orders"}));
    assert_eq!((claims.get("sub"), &claims["scope"]), (None, &json!(["api:orders"])));
}

#[test]
fn a_wrong_sample_token_is_wrong_in_one_way() {
    let sandbox = sandbox(Options::default());
    let now = Frozen.now().unix();
    let ask = |wrong: &str| sample(&sandbox, &json!({"wrong": wrong, "scope": "openid api:orders"}));
    let accepted = |token: &str| {
        let form = format!("client_id=sandbox-api&client_secret=sandbox-secret&token={token}");
        post_json(&sandbox, "/connect/introspect", &form).1["active"] == true
    };
    let (right_header, right, token) = sample(&sandbox, &json!({"scope": "openid api:orders"}));
    assert!(accepted(&token));
    let (_, claims, _) = ask("expired");
    let time = |claims: &Value, name: &str| claims[name].as_i64().unwrap();
    assert!(time(&claims, "exp") < now && time(&claims, "iat") < time(&claims, "exp"), "{claims}");
    let (_, claims, _) = ask("not-yet-valid");
    assert!(time(&claims, "nbf") > now && time(&claims, "exp") > time(&claims, "nbf"), "{claims}");
    assert_ne!(ask("other-issuer").1["iss"], right["iss"]);
    assert_ne!(ask("other-audience").1["aud"], right["aud"]);
    for wrong in ["unknown-key", "wrong-signature", "other-typ", "alg-none"] {
        let (header, claims, token) = ask(wrong);
        assert!(!accepted(&token), "{wrong}");
        assert_eq!((&claims["iss"], &claims["aud"]), (&right["iss"], &right["aud"]), "{wrong}");
        assert_eq!(header["kid"] == right_header["kid"], matches!(wrong, "wrong-signature" | "other-typ"), "{wrong}");
        assert_eq!(header["typ"] == right_header["typ"], wrong != "other-typ", "{wrong}");
        assert_eq!(
            (header["alg"] == "none", token.ends_with('.')),
            (wrong == "alg-none", wrong == "alg-none"),
            "{wrong}"
        );
    }
    for (request, why) in [
        (json!({"wrong": "expird"}), "did you mean `expired`?"),
        (json!({"claim": {}}), "did you mean `claims`?"),
        (json!({"client_id": "x"}), "client_id x is not registered"),
        (json!({"user": "x"}), "there is no such user"),
        (json!({"lifetime": "0"}), "longer than zero"),
        (json!({"kind": "id", "no_user": true}), "an ID token is about a user"),
    ] {
        let (status, refused) = post_json(&sandbox, "/sandbox/token", &request.to_string());
        assert!(status == 400 && refused["error_description"].as_str().unwrap().contains(why), "{request}: {refused}");
    }
    assert_eq!(send(&sandbox, "POST", "/sandbox/token", "Origin: http://evil.example\r\n", "{}").0, 403);
}

#[test]
fn a_claim_does_not_undo_what_is_to_be_wrong() {
    let sandbox = sandbox(Options::default());
    for (wrong, claim) in
        [("expired", "exp"), ("not-yet-valid", "nbf"), ("other-issuer", "iss"), ("other-audience", "aud")]
    {
        let ask = |claim: &str| json!({"wrong": wrong, "claims": {claim: null}}).to_string();
        let (status, refused) = post_json(&sandbox, "/sandbox/token", &ask(claim));
        assert_eq!(status, 400, "{wrong}");
        assert!(refused["error_description"].as_str().unwrap().starts_with(&format!("the claim {claim} would undo")));
        assert_eq!(post_json(&sandbox, "/sandbox/token", &ask("idp")).0, 200, "{wrong}");
    }
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
    let sandbox = sandbox(auto());
    let lines = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&lines);
    sandbox.log_to(Box::new(move |line| lock(&kept).push(line.to_owned())));
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
    let sandbox = sandbox(Options { users: vec![Arc::new(kari)], ..auto() });
    let lines = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&lines);
    sandbox.log_to(Box::new(move |line| lock(&kept).push(line.to_owned())));
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

#[test]
fn console_is_at_the_issuer_only_and_loads_only_its_own() {
    let sandbox = sandbox(Options::default());
    let (status, head, page) = get(&sandbox, "/");
    let policy = header(&head, "Content-Security-Policy").unwrap();
    assert!(
        status == 200 && policy.starts_with("default-src 'none'; script-src 'self'; style-src 'sha256-"),
        "{policy}"
    );
    assert!(!policy.contains("unsafe") && !page.contains("sandbox-secret") && !page.contains(" style="));
    for (path, script) in crate::sandbox::pages::console::SCRIPTS {
        let (status, head, body) = get(&sandbox, path);
        assert_eq!((status, body.as_str()), (200, script), "{path}");
        assert_eq!(header(&head, "Content-Type"), Some("text/javascript; charset=utf-8"));
        assert!(
            ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("]
                .iter()
                .all(|sink| !script.contains(sink))
        );
        assert_eq!(send(&sandbox, "GET", path, "Host: evil.example\r\n", "").0, 403);
    }
    let (status, head, body) = send(&sandbox, "GET", "/", "Host: evil.example\r\n", "");
    let home = format!("{}/", sandbox.issuer());
    assert_eq!((status, header(&head, "Location"), body.as_str()), (303, Some(home.as_str()), ""));
    assert!(get(&sandbox, "/?lang=no").2.contains("lang=\"no\""));
}

#[test]
fn only_the_key_of_the_console_shows_secrets_that_are_not_documented() {
    let sandbox = sandbox(Options::default());
    let own = Client { secret: Some(Secret::new("hush")), id: "own".to_owned(), ..sandbox.clients()[2].clone() };
    lock(&sandbox.service.engine).clients.push(own);
    let secrets = |headers: &str| send(&sandbox, "GET", "/sandbox/secrets", headers, "");
    assert_eq!(secrets("").2, "{\"sandbox-confidential\":\"sandbox-secret\"}");
    assert!(!secrets("Authorization: Bearer wrong\r\n").2.contains("hush"));
    let console = sandbox.console();
    let (home, key) = console.split_once("#key=").unwrap();
    assert_eq!(home, format!("{}/", sandbox.issuer()));
    let with_key = format!("Authorization: Bearer {key}\r\n");
    assert!(secrets(&with_key).2.contains("\"own\":\"hush\""));
    assert_eq!(secrets(&format!("{with_key}Origin: http://evil.example\r\n")).0, 403);
    assert!(!get(&sandbox, "/sandbox").2.contains(key) && !get(&sandbox, "/sandbox/events").2.contains(key));
}
