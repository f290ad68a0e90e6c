use super::*;
use crate::ports::FailureReason;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::mpsc;

const OURS: &str = "code=1&state=right";

/// No other user connects in these tests.
fn no_other_user(what: IgnoredRequest) {
    assert!(!matches!(what, IgnoredRequest::AnotherUser(_)), "{what:?}");
}

fn listener(host: &str) -> (Box<dyn Listener>, String) {
    let at = ListenAt { host: host.into(), port: None, path: "/callback".into() };
    let listener = Loopback.listen(&at).unwrap();
    let authority = listener.redirect_uri()["http://".len()..].strip_suffix("/callback").unwrap().to_owned();
    (listener, authority)
}

/// A listener on another thread that accepts [`OURS`] and shows the page that is sent to it.
fn login() -> (String, mpsc::Sender<Page>, std::thread::JoinHandle<Option<Secret>>) {
    let (mut listener, authority) = listener("127.0.0.1");
    let (end, ended) = mpsc::channel();
    let waiting = std::thread::spawn(move || {
        let query = listener.wait(&|query| query == OURS, &no_other_user, Duration::from_secs(20));
        listener.finish(ended.recv().unwrap());
        query
    });
    (authority, end, waiting)
}

/// The response to these bytes.
fn sent(authority: &str, bytes: impl AsRef<[u8]>) -> String {
    let mut stream = TcpStream::connect(authority).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let _ = stream.write_all(bytes.as_ref());
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn request(authority: &str, line: &str, headers: &str) -> String {
    sent(authority, format!("{line} HTTP/1.1\r\nHost: {authority}\r\n{headers}\r\n"))
}

fn status(answer: &str) -> &str {
    answer.split(' ').nth(1).unwrap_or("none")
}

/// A successful login: what happened before must not matter.
fn log_in((authority, end, waiting): (String, mpsc::Sender<Page>, std::thread::JoinHandle<Option<Secret>>)) {
    let answer = request(&authority, &format!("GET /callback?{OURS}"), "");
    assert_eq!(status(&answer), "303", "{answer}");
    end.send(Page::LoggedIn).unwrap();
    assert!(request(&authority, "GET /done", "").contains("You are logged in"));
    assert_eq!(waiting.join().unwrap(), Some(Secret::new(OURS)));
}

#[test]
fn only_the_exact_path_is_the_callback() {
    let login = login();
    for path in [
        "/",
        "/favicon.ico",
        "/callback/",
        "/callback/x",
        "/CALLBACK",
        "//callback",
        "/%63allback",
        "/callback;x",
        "/x/../callback",
        "/done",
        "/done?x",
    ] {
        let path = if path.contains('?') { path.to_owned() } else { format!("{path}?{OURS}") };
        assert_eq!(status(&request(&login.0, &format!("GET {path}"), "")), "404", "{path}");
    }
    assert_eq!(status(&request(&login.0, "GET /done", "")), "404", "there is nothing to tell yet");
    log_in(login);
}

#[test]
fn only_get_is_answered_and_no_other_origin_is_ever_allowed() {
    let login = login();
    for method in ["HEAD", "POST", "PUT", "OPTIONS", "TRACE", "BREW"] {
        let headers = "Origin: https://evil.test\r\nAccess-Control-Request-Private-Network: true\r\n";
        let answer = request(&login.0, &format!("{method} /callback?{OURS}"), headers);
        assert_eq!(status(&answer), "405", "{method}");
        assert!(!answer.to_lowercase().contains("access-control"), "{answer}");
    }
    log_in(login);
}

#[test]
fn a_request_for_another_host_or_for_two_is_ignored() {
    let login = login();
    let port = login.0.split(':').nth(1).unwrap().to_owned();
    for (hosts, expected) in [
        (vec![format!("evil.test:{port}")], "421"),
        (vec![format!("localhost:{port}")], "421"),
        (vec!["127.0.0.1".into()], "421"),
        (vec!["127.0.0.1:1".into()], "421"),
        (vec![], "400"),
        (vec![login.0.clone(), login.0.clone()], "400"),
    ] {
        let hosts: String = hosts.iter().map(|host| format!("Host: {host}\r\n")).collect();
        let answer = sent(&login.0, format!("GET /callback?{OURS} HTTP/1.1\r\n{hosts}\r\n"));
        assert_eq!(status(&answer), expected, "{hosts}");
    }
    let absolute = format!("GET http://{}/callback?{OURS}", login.0);
    assert_eq!(status(&request(&login.0, &absolute, "")), "400");
    log_in(login);
}

#[test]
fn a_body_is_refused() {
    let login = login();
    for header in ["Content-Length: 5", "Content-Length: 0", "Transfer-Encoding: chunked", "Content-Length: 1e12"] {
        let answer = request(&login.0, &format!("GET /callback?{OURS}"), &format!("{header}\r\n"));
        assert_eq!(status(&answer), "400", "{header}");
    }
    log_in(login);
}

#[test]
fn query_of_another_login_is_ignored_and_not_echoed() {
    let login = login();
    let plain = request(&login.0, "GET /callback", "");
    assert_eq!(status(&plain), "400");
    for query in
        ["code=1", "error=%3Cscript%3E&state=%3Csvg", "code=1&state=right%20", "error=<script>x</script>", "%zz%00"]
    {
        assert_eq!(request(&login.0, &format!("GET /callback?{query}"), ""), plain, "{query}");
    }
    log_in(login);
}

#[test]
fn unreadable_request_gets_the_same_page_and_headers() {
    let login = login();
    let long = format!("GET /callback?{} HTTP/1.1\r\n\r\n", "x".repeat(64 * 1024));
    let wide = format!("GET /callback HTTP/1.1\r\nHost: {}\r\nX: {}\r\n\r\n", login.0, "x".repeat(1 << 20));
    let many = format!("GET /callback HTTP/1.1\r\nHost: {}\r\n{}\r\n", login.0, "A: b\r\n".repeat(200));
    for bytes in [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".as_slice(),
        b"GET /callback\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET /call\0back HTTP/1.1\r\n\r\n",
        b"\xff\xfe\xfd\r\n\r\n",
        long.as_bytes(),
        wide.as_bytes(),
        many.as_bytes(),
    ] {
        let answer = sent(&login.0, bytes);
        assert!(matches!(status(&answer), "400" | "414" | "431"), "{:?}: {answer}", &bytes[..10]);
        assert!(answer.contains("content-security-policy: default-src 'none'"), "{answer}");
    }
    log_in(login);
}

#[test]
fn every_response_has_exactly_the_strict_headers() {
    let login = login();
    // Spelled out, to detect a change of the constant.
    let expected = [
        "cache-control: no-store",
        "connection: close",
        "content-security-policy: default-src 'none'; style-src 'sha256-c8ydbYU97OiZv/HkSZuc3Qx4FnXT86HGrW5znk1dhmw='; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        "content-type: text/html; charset=utf-8",
        "referrer-policy: no-referrer",
        "vary: accept-language",
        "x-content-type-options: nosniff",
    ];
    let headers = |response: &str| {
        let head = response.split("\r\n\r\n").next().unwrap();
        let (length, mut headers): (Vec<_>, Vec<_>) =
            head.lines().skip(1).map(str::to_owned).partition(|line| line.starts_with("content-length: "));
        assert_eq!(length.len(), 1, "{response}");
        headers.sort();
        headers
    };
    for line in ["GET /callback", "GET /x"] {
        assert_eq!(headers(&request(&login.0, line, "")), expected, "{line}");
    }
    assert_eq!(headers(&sent(&login.0, "nonsense\r\n\r\n")), expected);
    let redirect = request(&login.0, &format!("GET /callback?{OURS}"), "");
    assert!(redirect.contains("location: /done\r\n") && !redirect.contains("state="), "{redirect}");
    log_in(login);
}

#[test]
fn copies_of_the_callback_count_once() {
    let login = login();
    let line = format!("GET /callback?{OURS}");
    let copies: Vec<_> = (0..20)
        .map(|_| {
            let (authority, line) = (login.0.clone(), line.clone());
            std::thread::spawn(move || request(&authority, &line, ""))
        })
        .collect();
    let answers: Vec<_> = copies.into_iter().map(|copy| copy.join().unwrap()).collect();
    assert!(answers.iter().all(|answer| *answer == answers[0] && status(answer) == "303"), "{answers:?}");
    assert_eq!(status(&request(&login.0, "GET /callback?code=2&state=right", "")), "400");
    log_in(login);
}

#[test]
fn last_page_waits_for_the_result_and_closes_the_port() {
    let (authority, end, waiting) = login();
    request(&authority, &format!("GET /callback?{OURS}"), "");
    let (held, shown) = (authority.clone(), mpsc::channel());
    std::thread::spawn(move || shown.0.send(request(&held, "GET /done", "Accept-Language: nb-NO,nb;q=0.9\r\n")));
    assert!(shown.1.recv_timeout(Duration::from_millis(300)).is_err(), "nothing is claimed yet");
    end.send(Page::NotLoggedIn(FailureReason::NotValid)).unwrap();
    assert!(shown.1.recv_timeout(Duration::from_secs(2)).unwrap().contains("Du ble ikke logget inn"));
    waiting.join().unwrap();
    assert!(TcpStream::connect(&authority).is_err());
}

#[test]
fn silent_connections_do_not_delay_the_callback() {
    let login = login();
    let crowd: Vec<_> = (0..200).map(|_| TcpStream::connect(&login.0).unwrap()).collect();
    let mut slow = TcpStream::connect(&login.0).unwrap();
    slow.write_all(b"G").unwrap();
    let answered: Vec<_> = (0..64)
        .map(|_| {
            let mut stream = TcpStream::connect(&login.0).unwrap();
            write!(stream, "GET /x HTTP/1.1\r\nHost: {}\r\n\r\n", login.0).unwrap();
            stream.read_exact(&mut [0; 12]).unwrap();
            stream
        })
        .collect();
    let clock = crate::adapters::system::SystemClock::start();
    log_in(login);
    assert!(crate::ports::Clock::uptime(&clock) < Duration::from_secs(2));
    drop((crowd, answered));
}

#[test]
fn a_head_that_does_not_come_in_time_ends_its_connection() {
    let (_listener, authority) = listener("127.0.0.1");
    let mut slow = TcpStream::connect(&authority).unwrap();
    slow.write_all(b"GET /callback HTTP/1.1\r\n").unwrap();
    slow.set_read_timeout(Some(Duration::from_secs(8))).unwrap();
    assert!(slow.read_to_end(&mut Vec::new()).is_ok(), "closed, not timed out");
}

#[test]
fn patience_ends_and_dropping_the_listener_closes_the_port() {
    let (mut listener, authority) = listener("127.0.0.1");
    assert_eq!(listener.wait(&|_| true, &no_other_user, Duration::from_millis(50)), None);
    drop(listener);
    assert!(TcpStream::connect(authority).is_err());
}

#[test]
fn localhost_is_both_families_or_nothing() {
    let (listener, authority) = listener("localhost");
    let port: u16 = authority.split(':').nth(1).unwrap().parse().unwrap();
    assert!(TcpStream::connect(("127.0.0.1", port)).is_ok());
    drop(listener);
    for taken in ["127.0.0.1:0", "[::1]:0"] {
        let Ok(squatter) = TcpListener::bind(taken) else { continue };
        let port = squatter.local_addr().unwrap().port();
        let at = ListenAt { host: "localhost".into(), port: Some(port), path: "/".into() };
        assert!(Loopback.listen(&at).err().unwrap().contains("in use"));
    }
}

#[test]
fn only_loopback_hosts_are_listened_on() {
    for host in ["0.0.0.0", "[::]", "", "example.com", "127.0.0.2"] {
        let at = ListenAt { host: host.into(), port: None, path: "/".into() };
        assert!(Loopback.listen(&at).is_err(), "{host}");
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the time it really takes")]
fn external_redirect_is_sent_before_the_port_is_closed() {
    for _ in 0..20 {
        let mut one_time_redirect =
            Loopback.one_time_redirect(&Secret::new("https://id.test/endsession?id_token_hint=e")).unwrap();
        let url = one_time_redirect.url().clone();
        let authority = format!("127.0.0.1:{}", url.port().unwrap());
        let browser = std::thread::spawn(move || request(&authority, &format!("GET {}", url.path()), ""));
        let start = Instant::now();
        assert!(one_time_redirect.wait(&no_other_user, Duration::from_secs(20)));
        assert!(start.elapsed() < LAST_PAGE_TIMEOUT, "nothing more is waited for");
        let answer = browser.join().unwrap();
        assert!(answer.contains("location: https://id.test/endsession?id_token_hint=e\r\n"), "{answer:?}");
    }
}

#[test]
fn a_login_that_ends_at_once_still_shows_how() {
    for _ in 0..20 {
        let (authority, end, waiting) = login();
        end.send(Page::NotLoggedIn(FailureReason::NotValid)).unwrap();
        let answer = request(&authority, &format!("GET /callback?{OURS}"), "");
        assert_eq!(status(&answer), "303", "{answer:?}");
        assert_eq!(status(&request(&authority, "GET /done", "")), "200");
        waiting.join().unwrap();
    }
}

#[test]
fn each_kind_of_ignored_request_is_reported_once() {
    let (mut listener, authority) = listener("127.0.0.1");
    let elsewhere = |line: &str| sent(&authority, format!("{line} HTTP/1.1\r\nHost: localhost:1\r\n\r\n"));
    let cookies = format!("Cookie: {}\r\n", "x".repeat(20_000));
    request(&authority, "GET /favicon.ico", "");
    request(&authority, "GET /?utm=1", "");
    request(&authority, "HEAD /callback", "");
    request(&authority, "OPTIONS /callback", "");
    elsewhere("GET /");
    for _ in 0..2 {
        request(&authority, "GET /?error=access_denied", "");
        elsewhere("GET /callback?code=1");
        request(&authority, "POST /callback", "Content-Length: 0\r\n");
        request(&authority, "GET /callback?code=1", &cookies);
        sent(&authority, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03");
    }
    let told = std::cell::RefCell::new(Vec::new());
    let came = listener.wait(&|_| true, &|what| told.borrow_mut().push(what), Duration::from_millis(50));
    assert_eq!(came, None);
    use IgnoredRequest::{AnotherHost, AnotherMethod, AnotherPath, NotHttp, TooLarge};
    assert_eq!(told.into_inner(), [AnotherPath, AnotherHost, AnotherMethod, TooLarge, NotHttp]);
}
