//! The sandbox over real sockets, by its endpoints.

mod control;
mod events;
mod interactive;
mod introspection;
mod polled_logins;
mod protocol;
mod request_threads;
mod routes;
mod sample_tokens;

use super::*;
use crate::domain::time::Time;
use crate::sandbox::random::sha256_base64url;
use crate::sandbox::registration;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::time::Duration;

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

const CIBA: &str = "client_id=sandbox-confidential&client_secret=sandbox-secret\
                    &scope=openid+vipps+phone&login_hint=4700000001";

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

/// Waits for what other threads do.
fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let is_so_now = |_| {
        std::thread::yield_now();
        is_so()
    };
    assert!((0..10_000_000).any(is_so_now), "never: {what}");
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

fn get(sandbox: &Sandbox, target: &str) -> (u16, String, String) {
    send(sandbox, "GET", target, "", "")
}

fn post(sandbox: &Sandbox, target: &str, body: &str) -> (u16, String, String) {
    send(sandbox, "POST", target, "", body)
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
    lines.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
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

/// The status and JSON of a form's response.
fn post_json(sandbox: &Sandbox, target: &str, form: &str) -> (u16, Value) {
    let (status, _, body) = post(sandbox, target, form);
    (status, serde_json::from_str(&body).unwrap_or_default())
}

/// The events after that number, waiting for the first.
fn events(sandbox: &Sandbox, query: &str) -> Vec<Value> {
    let (status, head, body) = get(sandbox, &format!("/sandbox/events?{query}"));
    assert_eq!((status, header(&head, "Content-Type")), (200, Some("application/x-ndjson")));
    body.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
