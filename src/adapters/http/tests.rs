use super::*;
use crate::domain::secret::Secret;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::net::TcpSocket;

/// A server that answers every connection with `answer` and closes it; its URL, and the number of connections.
fn server(answer: impl Fn(&mut TcpStream, String) + Send + Sync + 'static) -> (Url, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = Url::parse(&format!("http://{}/path?secret=query", listener.local_addr().unwrap())).unwrap();
    let count = Arc::new(AtomicUsize::new(0));
    let (counted, answer) = (Arc::clone(&count), Arc::new(answer));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            counted.fetch_add(1, Ordering::SeqCst);
            let (mut stream, answer) = (stream.unwrap(), Arc::clone(&answer));
            std::thread::spawn(move || {
                let mut head = [0; 4096];
                let read = stream.read(&mut head).unwrap_or(0);
                answer(&mut stream, String::from_utf8_lossy(&head[..read]).into_owned());
                // With unread data, closing would send a reset instead of the end.
                let _ = stream.shutdown(Shutdown::Write);
                while stream.read(&mut head).is_ok_and(|read| read > 0) {}
            });
        }
    });
    (url, count)
}

/// An address that refuses connections for as long as the socket lives: it is bound, but does not listen.
fn refusing() -> (TcpSocket, SocketAddr) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

fn get(url: Url) -> Request {
    Request {
        method: Method::Get,
        url,
        authorization: None,
        accept: "application/json",
        body: None,
        ca_file: None,
        deadline: None,
        secrets: Vec::new(),
    }
}

fn post(url: Url) -> Request {
    let body = Some(Body::Form(Secret::new("code=planted")));
    Request { method: Method::Post, body, authorization: Some(Secret::new("Basic cGxhbnRlZA==")), ..get(url) }
}

fn http() -> SystemHttp {
    with_deadlines(&Env::default(), Duration::from_secs(20), Duration::from_secs(3))
}

fn impatient_http() -> SystemHttp {
    with_deadlines(&Env::default(), Duration::from_millis(800), Duration::from_millis(400))
}

fn with_deadlines(env: &Env, deadline: Duration, connect_deadline: Duration) -> SystemHttp {
    SystemHttp { deadline, connect_deadline, ..SystemHttp::new(env) }
}

#[test]
fn a_post_carries_its_form_and_says_who_it_is() {
    let (url, _) = server(|stream, head| {
        let echo = format!("HTTP/1.1 200 OK\r\nX-Seen: yes\r\nContent-Length: {}\r\n\r\n{head}", head.len());
        stream.write_all(echo.as_bytes()).unwrap();
    });
    let answer = http().send(&post(url)).unwrap();
    assert_eq!((answer.status, answer.header("x-seen")), (200, Some("yes")));
    let seen = String::from_utf8(answer.body).unwrap().to_lowercase();
    assert!(seen.starts_with("post /path?secret=query http/1.1"), "{seen}");
    for line in [
        "accept: application/json",
        "accept-encoding: identity",
        "authorization: basic cgxhbnrlza==",
        "content-type: application/x-www-form-urlencoded",
        concat!("user-agent: tidp/", env!("CARGO_PKG_VERSION")),
    ] {
        assert!(seen.contains(line), "{line} in {seen}");
    }
}

#[test]
fn a_redirect_is_an_answer_and_is_not_followed() {
    let (target, hits) = server(|_, _| {});
    let location = target.to_string();
    for status in [301, 302, 303, 307, 308] {
        let location = location.clone();
        let (url, _) = server(move |stream, _| {
            write!(stream, "HTTP/1.1 {status} X\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n").unwrap();
        });
        assert_eq!(http().send(&post(url)).unwrap().status, status);
    }
    assert_eq!(hits.load(Ordering::SeqCst), 0);
}

#[test]
fn only_a_get_without_response_is_repeated() {
    for (request, tries) in [(get as fn(Url) -> Request, 2), (post, 1)] {
        let (url, count) = server(|_, _| {});
        let failure = http().send(&request(url)).unwrap_err();
        assert_eq!(failure.kind, HttpFailureKind::ResponseLost);
        assert_eq!(count.load(Ordering::SeqCst), tries);
        assert!(!failure.message.contains("secret"), "{}", failure.message);
    }
}

#[test]
fn unusable_response_is_lost() {
    let (truncated, _) = server(|s, _| s.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}").unwrap());
    let (large, count) = server(|s, _| {
        let _ = s.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        while s.write_all(&[b' '; 65536]).is_ok() {}
    });
    let (slow, _) = server(|s, _| {
        s.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n").unwrap();
        while s.write_all(b" ").is_ok() {
            std::thread::park_timeout(Duration::from_millis(50));
        }
    });
    let (packed, _) = server(|s, _| {
        s.write_all(b"HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nContent-Length: 2\r\n\r\n{}").unwrap();
    });
    let (garbled, _) = server(|s, _| {
        s.write_all(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}").unwrap();
    });
    let (bomb, _) = server(|s, _| {
        s.write_all(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n").unwrap();
        s.write_all(&gzip(&vec![b' '; 1 << 21])).unwrap();
    });
    let hurried = Request { deadline: Some(Duration::from_millis(10)), ..get(slow.clone()) };
    assert!(http().send(&hurried).unwrap_err().message.ends_with("did not answer within 0 s"));
    for (http, url, word) in [
        (http(), truncated, "lost"),
        (http(), large, "1 MiB"),
        (impatient_http(), slow, "within"),
        (http(), packed, "compressed in a way that was not requested"),
        (http(), garbled, "damaged gzip"),
        (http(), bomb, "1 MiB"),
    ] {
        let failure = http.send(&get(url)).unwrap_err();
        assert_eq!(failure.kind, HttpFailureKind::ResponseLost);
        assert!(failure.message.contains(word), "{}", failure.message);
    }
    assert_eq!(count.load(Ordering::SeqCst), 1, "what is too large once is too large twice");
}

#[test]
fn malformed_header_loses_no_response() {
    for header in ["X-Folded: a\r\n b", "X-Spaced : a", "no colon at all", "X-Odd: \x01"] {
        let (url, _) = server(move |s, _| {
            s.write_all(format!("HTTP/1.1 200 OK\r\n{header}\r\nContent-Length: 2\r\n\r\n{{}}").as_bytes()).unwrap();
        });
        assert_eq!(http().send(&get(url)).unwrap().body, b"{}", "{header:?}");
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

#[test]
fn unrequested_compression_is_decompressed() {
    for (coding, body) in [
        ("gzip", gzip(b"{\"a\":1}")),
        ("X-GZIP", gzip(b"{\"a\":1}")),
        ("none", b"{\"a\":1}".to_vec()),
        ("", b"{\"a\":1}".to_vec()),
        ("Identity", b"{\"a\":1}".to_vec()),
        ("gzip", Vec::new()),
        ("br", Vec::new()),
    ] {
        let expected: &[u8] = if body.is_empty() { b"" } else { b"{\"a\":1}" };
        let (url, _) = server(move |s, _| {
            s.write_all(format!("HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\n\r\n").as_bytes()).unwrap();
            s.write_all(&body).unwrap();
        });
        assert_eq!(http().send(&get(url)).unwrap().body, expected, "{coding}");
    }
}

#[test]
fn request_that_was_not_sent_is_recognised() {
    let (_socket, free) = refusing();
    let refused = http().send(&post(Url::parse(&format!("http://{free}/x?secret=1")).unwrap())).unwrap_err();
    assert_eq!(refused.kind, HttpFailureKind::NotSent);
    assert!(refused.message.contains("127.0.0.1") && !refused.message.contains("secret"), "{}", refused.message);
    let (plain, _) = server(|s, _| s.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap());
    let mut tls = plain;
    tls.set_scheme("https").unwrap();
    let failure = http().send(&post(tls)).unwrap_err();
    assert_eq!(failure.kind, HttpFailureKind::NotSent);
    assert!(failure.message.ends_with("the server did not respond with TLS"), "{}", failure.message);
}

#[test]
fn unusable_ca_file_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ca.pem");
    let send = || {
        let request = Request { ca_file: Some(path.clone()), ..get(Url::parse("https://127.0.0.1:1/").unwrap()) };
        http().send(&request).unwrap_err()
    };
    for contents in [None, Some("hello"), Some("-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n")] {
        if let Some(contents) = contents {
            std::fs::write(&path, contents).unwrap();
        }
        let failure = send();
        assert_eq!(failure.kind, HttpFailureKind::InvalidSetting, "{contents:?}: {}", failure.message);
        assert!(failure.message.contains("ca.pem"));
    }
}

/// The failure of a request through this proxy.
fn through(proxy: &str) -> HttpFailure {
    let env = Env::from_iter([("https_proxy".to_owned(), Secret::new(proxy))]);
    let http = with_deadlines(&env, Duration::from_secs(20), Duration::from_secs(3));
    http.send(&post(Url::parse("https://id.test/x?secret=1").unwrap())).unwrap_err()
}

#[test]
fn proxy_of_an_address_is_named_without_its_password() {
    let env = Env::from_iter([("HTTPS_PROXY".to_owned(), Secret::new("http://user:canary@p:3128"))]);
    let proxy = |url: &str| SystemHttp::new(&env).proxy(&Url::parse(url).unwrap());
    assert_eq!(proxy("https://id.test/"), Ok(Some("http://p:3128, which HTTPS_PROXY names".into())));
    assert_eq!(proxy("http://127.0.0.1:1/"), Ok(None));
}

#[test]
fn proxy_failure_names_proxy_and_variable() {
    let at = |answer: &'static [u8]| server(move |stream, _| stream.write_all(answer).unwrap()).0;
    let (_socket, free) = refusing();
    for (url, why) in [
        (at(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"), "http://USER:PASSWORD@HOST:PORT"),
        (at(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n\r\nno\r\n"), "the proxy refused"),
        (at(b"HTTP/1.1 502 Bad Gateway\r\n\r\n<html>"), "the proxy refused"),
        (at(b"220 smtp ready\r\n"), "the proxy refused"),
        (at(b""), "the proxy closed the connection"),
        (at(b"HTTP/1.1 200 OK\r\n\r\n"), "closed during the TLS handshake"),
        (Url::parse(&format!("http://{free}")).unwrap(), "refused"),
        (Url::parse("http://proxy.invalid:3128").unwrap(), ""),
    ] {
        let (host, port) = (url.host_str().unwrap(), url.port().unwrap());
        let failure = through(&format!("http://user:canary@{host}:{port}"));
        assert_eq!(failure.kind, HttpFailureKind::NotSent, "{}", failure.message);
        let named = format!("id.test (through the proxy http://{host}:{port}, which https_proxy names)");
        assert!(failure.message.contains(&named) && failure.message.contains(why), "{why}: {}", failure.message);
        assert!(!failure.message.contains("canary") && !failure.message.contains("secret"), "{}", failure.message);
    }
    assert_eq!(through("pac+http://p/p.pac").kind, HttpFailureKind::InvalidSetting);
    let tls = through(tls_server().as_str());
    assert_eq!(tls.kind, HttpFailureKind::UnknownAuthority);
    assert!(tls.message.starts_with("the proxy's certificate, or that of id.test"), "{}", tls.message);
}

#[test]
fn this_machine_is_known_by_its_names_and_addresses() {
    for (url, loopback) in [
        ("http://127.0.0.1:1/", true),
        ("http://[::1]/", true),
        ("http://localhost:80/", true),
        ("https://id.telenor.no/", false),
        ("https://127.0.0.1.evil.test/", false),
    ] {
        assert_eq!(is_loopback(&Url::parse(url).unwrap()), loopback, "{url}");
    }
}

/// A TLS server on 127.0.0.1 with a self-signed certificate; its URL.
fn tls_server() -> Url {
    use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
    let certificate = CertificateDer::from_pem_slice(include_bytes!("test-cert.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("test-key.pem")).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(rustls::crypto::aws_lc_rs::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = Url::parse(&format!("https://{}/", listener.local_addr().unwrap())).unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = rustls::StreamOwned::new(connection, stream.unwrap());
            if stream.read(&mut [0; 4096]).is_ok() {
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
            }
        }
    });
    url
}

#[test]
fn certificate_of_an_unknown_authority_is_refused() {
    let failure = SystemHttp::new(&Env::default()).send(&post(tls_server())).unwrap_err();
    assert_eq!(failure.kind, HttpFailureKind::UnknownAuthority, "{}", failure.message);
}

#[test]
fn ca_file_is_trusted_for_its_own_host_only() {
    let url = tls_server();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("ca.pem");
    std::fs::write(&path, include_bytes!("test-cert.pem")).unwrap();
    let trusting = |url: &Url| Request { ca_file: Some(path.clone()), ..post(url.clone()) };
    let http = SystemHttp::new(&Env::default());
    assert_eq!(http.send(&trusting(&url)).map(|answer| answer.status), Ok(200));
    let mut misnamed = url;
    misnamed.set_host(Some("localhost")).unwrap();
    let failure = http.send(&trusting(&misnamed)).unwrap_err();
    assert_eq!(failure.kind, HttpFailureKind::Certificate, "{}", failure.message);
    assert!(failure.message.ends_with("it is for another host: 127.0.0.1"), "{}", failure.message);
}
