//! The real binary on a failing network: temporary failures exit with 5 and lose nothing, a valid access token is
//! still served, nothing is sent twice that must not be, memory and time are bounded.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "tests touch the machine themselves")]

#[path = "support/real/mod.rs"]
mod real;

use real::process::Process;
use real::require::tree;
use real::scripted::{Seen, Stream, discovery, http};
use real::{Home, Scripted, require};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const DISCOVERY: &str = "/.well-known/openid-configuration";

/// Follows redirects without checking certificates; only tidp's checks are tested.
const BROWSER: &str = "curl -skL --max-time 30 -o /dev/null -b ''";

/// A failure, and the exit code it causes.
struct Misdeed {
    name: &'static str,
    code: u8,
    act: fn(&mut dyn Stream, &Seen),
}

/// The failures that fit any path and take little time.
const MISDEEDS: &[Misdeed] = &[
    Misdeed { name: "hangs up", code: 5, act: |_, _| {} },
    Misdeed { name: "hangs up within the head", code: 5, act: |s, _| say(s, b"HTTP/1.1 200 OK\r\nContent-") },
    Misdeed {
        name: "speaks no HTTP",
        code: 5,
        act: |s, _| say(s, b"\x15\x03\x01\x00\x02\x02\x46 220 smtp ready\r\n\r\n"),
    },
    Misdeed { name: "429", code: 5, act: |s, _| say(s, &http(429, &[("Retry-After", "7")], "slow down")) },
    Misdeed {
        name: "503",
        code: 5,
        act: |s, _| say(s, &http(503, &[("Retry-After", "Fri, 31 Dec 2099 23:59:59 GMT")], "{}")),
    },
    Misdeed { name: "500", code: 5, act: |s, _| say(s, &http(500, &[], "")) },
    Misdeed {
        name: "502 with a page",
        code: 5,
        act: |s, _| say(s, &http(502, &[("Content-Type", "text/html")], "<h1>bad</h1>")),
    },
    Misdeed {
        name: "ends too soon",
        code: 5,
        act: |s, _| say(s, b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n{\"access_token\":\"x\""),
    },
    Misdeed {
        name: "a chunk that is none",
        code: 5,
        act: |s, _| say(s, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n"),
    },
    Misdeed {
        name: "a length that is none",
        code: 5,
        act: |s, _| say(s, b"HTTP/1.1 200 OK\r\nContent-Length: 1e12\r\n\r\n{}"),
    },
    Misdeed {
        name: "200 MB announced",
        code: 5,
        act: |s, _| endless(s, b"HTTP/1.1 200 OK\r\nContent-Length: 209715200\r\n\r\n", b' '),
    },
    Misdeed { name: "200 MB unannounced", code: 5, act: |s, _| endless(s, b"HTTP/1.1 200 OK\r\n\r\n", b'[') },
    Misdeed { name: "a header of 200 MB", code: 5, act: |s, _| endless(s, b"HTTP/1.1 200 OK\r\nX: ", b'x') },
    Misdeed {
        name: "a flood of headers",
        code: 5,
        act: |s, _| say(s, format!("HTTP/1.1 200 OK\r\n{}\r\n{{}}", "A: b\r\n".repeat(9_999)).as_bytes()),
    },
    Misdeed {
        name: "compressed unasked",
        code: 5,
        act: |s, _| {
            say(s, b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 12\r\n\r\n\x1f\x8b\x08\0\0\0\0\0\0\x03\xab\xae")
        },
    },
];

fn say(stream: &mut dyn Stream, bytes: &[u8]) {
    let _ = stream.write_all(bytes);
}

/// Up to 200 MB of one byte after a beginning.
fn endless(stream: &mut dyn Stream, beginning: &[u8], filler: u8) {
    let _ = stream.write_all(beginning);
    let block = [filler; 1 << 16];
    for _ in 0..3_200 {
        if stream.write_all(&block).is_err() {
            return;
        }
    }
}

/// A home at this provider, not logged in.
fn home_at(provider: &Scripted) -> Home {
    let mut home = Home::new();
    home.set("TIDP_ISSUER", &provider.issuer);
    home.set("TIDP_CLIENT_ID", "app");
    home.set("TIDP_CLIENT_TYPE", "MobileApp");
    home.set("BROWSER", BROWSER);
    home
}

#[track_caller]
fn logged_in(provider: &Scripted) -> Home {
    let home = home_at(provider);
    home.tidp(&["login"]).expect(0);
    home
}

/// The peak memory of a run of `tidp` in kilobytes, and its outcome.
fn measured(home: &Home, args: &[&str]) -> (u64, real::Outcome) {
    let process = Process::start(&mut home.tidp_command(args));
    let status = format!("/proc/{}/status", process.id());
    let watching = std::thread::spawn(move || {
        let mut most = 0;
        // The line is gone after the process has ended.
        while let Some(line) = std::fs::read_to_string(&status)
            .ok()
            .and_then(|text| text.lines().find(|line| line.starts_with("VmHWM:")).map(str::to_owned))
        {
            most = most.max(line.split_whitespace().nth(1).and_then(|kb| kb.parse().ok()).unwrap_or(0));
            std::thread::sleep(Duration::from_millis(1));
        }
        most
    });
    let outcome = process.finish();
    (watching.join().unwrap(), outcome)
}

#[test]
fn bad_refresh_response_loses_no_session() {
    if !require("curl") {
        return;
    }
    let provider = Scripted::start();
    for Misdeed { name, code, act } in MISDEEDS {
        // Due for a refresh, but valid during the test.
        provider.lifetime(29);
        let home = logged_in(&provider);
        let token = home.tidp(&["token", "--no-refresh"]).expect(0).to_owned();
        let before = provider.count("/token");
        provider.acts("/token", act);
        let served = home.tidp(&["token"]);
        assert_eq!(served.expect(0), token, "{name}");
        assert!(served.stderr.contains("warning:") && served.stderr.contains("still works"), "{name}: {served:#?}");
        let (memory, failed) = measured(&home, &["refresh", "--force", "--json"]);
        assert_eq!(failed.error(i32::from(*code))["kind"], "unreachable", "{name}");
        assert!(memory < 100_000, "{name}: {memory} kB");
        assert_eq!(provider.count("/token"), before + 2, "{name}: a refresh token is sent once a run");
        provider.repents();
        provider.lifetime(3_600);
        home.tidp(&["refresh", "--force"]).expect(0);
        home.tidp(&["token"]).expect(0);
    }
}

#[test]
fn retry_after_is_passed_on() {
    if !require("curl") {
        return;
    }
    let provider = Scripted::start();
    let home = logged_in(&provider);
    for status in [429, 503] {
        provider.answers("/token", http(status, &[("Retry-After", "17")], ""));
        let error = home.tidp(&["refresh", "--force", "--json"]).error(5);
        assert!(error["message"].as_str().unwrap().contains("wait 17 seconds"), "{error}");
    }
}

#[test]
fn refused_or_reset_connection_loses_nothing() {
    if !require("curl") {
        return;
    }
    let provider = Scripted::start();
    let home = logged_in(&provider);
    provider.reads_nothing();
    let (before, posts) = (provider.connections(), provider.count("/token"));
    assert_eq!(home.tidp(&["refresh", "--force", "--json"]).error(5)["kind"], "unreachable");
    assert_eq!(provider.connections(), before + 1, "a POST is tried once");
    provider.repents();
    home.tidp(&["refresh", "--force"]).expect(0);
    assert_eq!(provider.count("/token"), posts + 1);
    let stored = home.stored_tokens();
    drop(provider);
    assert_eq!(home.tidp(&["refresh", "--force", "--json"]).error(5)["kind"], "unreachable");
    assert_eq!(home.stored_tokens(), stored);
    home.tidp(&["token"]).expect(0);
}

#[test]
fn slow_response_is_given_up_after_half_a_minute() {
    if !require("curl") {
        return;
    }
    let provider = Scripted::start();
    let home = logged_in(&provider);
    provider.acts("/token", |stream, _| {
        let slow = b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n".iter().chain(std::iter::repeat_n(&b' ', 60));
        for byte in slow {
            if stream.write_all(&[*byte]).and_then(|()| stream.flush()).is_err() {
                return;
            }
            std::thread::sleep(Duration::from_secs(1));
        }
    });
    let started = Instant::now();
    let outcome = home.tidp(&["refresh", "--force", "--json"]);
    assert_eq!(outcome.error(5)["kind"], "unreachable");
    assert!(started.elapsed() < Duration::from_secs(40), "{outcome:#?}");
    provider.repents();
    home.tidp(&["refresh", "--force"]).expect(0);
}

#[test]
fn bad_discovery_response_opens_no_browser() {
    let provider = Scripted::start();
    let mut home = home_at(&provider);
    home.set("BROWSER", "touch opened");
    for Misdeed { name, code, act } in MISDEEDS {
        provider.acts(DISCOVERY, act);
        let (memory, failed) = measured(&home, &["login", "--timeout", "5s", "--json"]);
        assert_eq!(failed.error(i32::from(*code))["kind"], "unreachable", "{name}");
        assert!(memory < 100_000, "{name}: {memory} kB");
    }
    let honest = discovery(&provider.issuer);
    let without = |member: &str| {
        let mut document = honest.clone();
        document.as_object_mut().unwrap().remove(member);
        document.to_string()
    };
    for body in [
        "{\"issuer\"}".to_owned(),
        "null".to_owned(),
        "[]".to_owned(),
        "[".repeat(100_000),
        without("issuer"),
        without("jwks_uri"),
        without("token_endpoint"),
        honest.to_string().replace(&format!("{}/token", provider.issuer), "http://127.0.0.2/token"),
        honest.to_string().replacen(&provider.issuer, &format!("{}1", provider.issuer), 1),
    ] {
        provider.answers(DISCOVERY, http(200, &[("Content-Type", "application/json")], &body));
        assert_eq!(home.tidp(&["login", "--timeout", "5s", "--json"]).error(7)["kind"], "invalid", "{body:.80}");
    }
    // A web page comes from a gateway, half a document was cut off.
    for (kind, body) in [("text/html", "<html>"), ("application/json", "{\"issuer\"")] {
        provider.answers(DISCOVERY, http(200, &[("Content-Type", kind)], body));
        home.tidp(&["login", "--timeout", "5s", "--json"]).error(5);
    }
    provider.answers(DISCOVERY, http(404, &[], ""));
    home.tidp(&["login", "--timeout", "5s", "--json"]).error(4);
    assert!(!home.path("opened").exists());
    assert!(provider.seen().iter().all(|seen| seen.path == DISCOVERY));
}

#[test]
fn login_without_keys_revokes_its_tokens() {
    if !require("curl") {
        return;
    }
    let provider = Scripted::start();
    for Misdeed { name, code, act } in MISDEEDS {
        let home = home_at(&provider);
        let (posts, revoked) = (provider.count("/token"), provider.count("/revocation"));
        provider.acts("/jwks", act);
        let (memory, failed) = measured(&home, &["login", "--json"]);
        assert_eq!(failed.error(i32::from(*code))["kind"], "unreachable", "{name}");
        assert!(memory < 100_000, "{name}: {memory} kB");
        assert_eq!((provider.count("/token"), provider.count("/revocation")), (posts + 1, revoked + 1), "{name}");
        home.tidp(&["token"]).expect(3);
    }
}

#[test]
fn code_is_sent_once_whatever_the_response() {
    if !require("curl") {
        return;
    }
    let provider = Scripted::start();
    for Misdeed { name, code, act } in MISDEEDS {
        let home = home_at(&provider);
        let before = provider.count("/token");
        provider.acts("/token", act);
        let failed = home.tidp(&["login", "--json"]);
        assert_eq!(failed.error(i32::from(*code))["kind"], "unreachable", "{name}");
        assert_eq!(provider.count("/token"), before + 1, "{name}");
        assert!(home.stored_tokens().is_empty(), "{name}");
        home.tidp(&["token"]).expect(3);
    }
}

#[test]
fn no_http_redirect_is_followed() {
    if !require("curl") {
        return;
    }
    let (provider, attacker) = (Scripted::start(), Scripted::start());
    for status in [301, 302, 303, 307, 308] {
        provider.repents();
        let home = logged_in(&provider);
        for (path, args) in [
            ("/token", &["refresh", "--force"][..]),
            ("/userinfo", &["userinfo"]),
            ("/revocation", &["logout"]),
            (DISCOVERY, &["login", "--timeout", "5s"]),
        ] {
            let location = format!("{}{path}", attacker.issuer);
            provider.answers(path, http(status, &[("Location", &location)], ""));
            if path == DISCOVERY {
                std::fs::remove_dir_all(home.path("home/cache/tidp")).unwrap();
            }
            let code = home.tidp(args).code;
            assert_eq!(code, Some(7), "{status} {path}");
        }
    }
    assert_eq!(attacker.connections(), 0);
}

#[test]
fn invalid_certificate_is_refused_with_its_reason() {
    if !require("curl") {
        return;
    }
    let ca = tree("tests/data/tls/ca.pem");
    for (certificate, trusted, why) in [
        ("good.pem", false, "it is not signed by an authority trusted here"),
        ("self-signed.pem", true, "it is a self-signed authority certificate"),
        ("expired.pem", true, "it expired on 2020-01-31"),
        ("wrong-name.pem", true, "it is for another host: other.test"),
    ] {
        let provider = Scripted::tls(certificate, "127.0.0.1");
        let mut home = home_at(&provider);
        if trusted {
            home.set("TIDP_CA_FILE", ca.to_str().unwrap());
        }
        home.set("BROWSER", "touch opened");
        let error = home.tidp(&["login", "--json", "--timeout", "5s"]).error(7);
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("certificate of 127.0.0.1") && message.contains(why), "{certificate}: {error}");
        let hint = error["hint"].as_str().unwrap();
        assert_eq!(hint.contains("TIDP_CA_FILE"), !trusted, "{certificate}: {error}");
        assert!(provider.seen().is_empty() && !home.path("opened").exists(), "{certificate}");
    }
    let provider = Scripted::tls("good.pem", "127.0.0.1");
    let mut home = home_at(&provider);
    for name in ["TIDP_CA_FILE", "SSL_CERT_FILE"] {
        home.set(name, tree("tests/data/tls/key.pem").to_str().unwrap());
        let error = home.tidp(&["login", "--json", "--timeout", "5s"]).error(2);
        assert!(error["message"].as_str().unwrap().contains("key.pem: it contains a private key"), "{name}: {error}");
        home.unset(name);
    }
    home.set("TIDP_CA_FILE", ca.to_str().unwrap());
    home.tidp(&["login"]).expect(0);
    home.tidp(&["refresh", "--force"]).expect(0);
    // Without the authority nothing is sent or lost.
    let posts = provider.count("/token");
    home.unset("TIDP_CA_FILE");
    home.tidp(&["refresh", "--force", "--json"]).error(7);
    home.tidp(&["token"]).expect(0);
    home.set("TIDP_CA_FILE", ca.to_str().unwrap());
    assert_eq!(provider.count("/token"), posts);
    home.tidp(&["refresh", "--force"]).expect(0);
}

/// A proxy that tunnels every host to this local port, or responds with a status.
fn proxy(to: u16, status: u16) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let heads = Arc::clone(&seen);
    std::thread::spawn(move || {
        for mut client in listener.incoming().take(64).map_while(Result::ok) {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") && head.len() < 8_192 {
                let mut byte = [0];
                match client.read(&mut byte) {
                    Ok(1) => head.push(byte[0]),
                    _ => break,
                }
            }
            heads.lock().unwrap().push(String::from_utf8_lossy(&head).into_owned());
            let _ = client.write_all(format!("HTTP/1.1 {status} X\r\n\r\n").as_bytes());
            if status == 200 {
                let mut server = TcpStream::connect(("127.0.0.1", to)).unwrap();
                let (mut back, mut forth) = (server.try_clone().unwrap(), client.try_clone().unwrap());
                std::thread::spawn(move || std::io::copy(&mut back, &mut forth));
                std::thread::spawn(move || std::io::copy(&mut client, &mut server));
            }
        }
    });
    (port, seen)
}

#[test]
fn proxy_is_not_used_for_loopback() {
    if !require("curl") {
        return;
    }
    let provider = Scripted::tls("good.pem", "id.test");
    let (port, seen) = proxy(provider.port(), 200);
    let mut home = home_at(&provider);
    home.set("TIDP_CA_FILE", tree("tests/data/tls/ca.pem").to_str().unwrap());
    home.set("HTTPS_PROXY", &format!("http://user:canary-proxy@127.0.0.1:{port}"));
    home.set("BROWSER", &format!("{BROWSER} --connect-to id.test::127.0.0.1: --noproxy '*'"));
    home.tidp(&["login", "--verbose"]).expect(0);
    let heads = seen.lock().unwrap().clone();
    assert!(heads.len() >= 3 && heads.iter().all(|head| head.starts_with("CONNECT id.test:")), "{heads:?}");
    assert!(heads.iter().all(|head| !head.contains("/token")), "the proxy sees a tunnel and nothing in it");
    for status in [407, 502] {
        let (port, _) = proxy(0, status);
        home.set("HTTPS_PROXY", &format!("http://user:canary-proxy@127.0.0.1:{port}"));
        let failed = home.tidp(&["refresh", "--force", "--verbose", "--json"]);
        let error = failed.error(5);
        assert_eq!(error["kind"], "unreachable", "{status}");
        let named = format!("the proxy http://127.0.0.1:{port}, which HTTPS_PROXY names");
        assert!(error["message"].as_str().unwrap().contains(&named), "{error}");
        assert!(!failed.stderr.contains("canary-"), "{}", failed.stderr);
        home.tidp(&["token"]).expect(0);
    }
    let here = Scripted::start();
    let mut home = home_at(&here);
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"] {
        home.set(name, "http://127.0.0.1:1");
    }
    home.set("BROWSER", &format!("{BROWSER} --noproxy '*'"));
    home.tidp(&["login"]).expect(0);
    home.tidp(&["refresh", "--force"]).expect(0);
}
