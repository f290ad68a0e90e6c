use super::request_handler::LAST_PAGE_FETCH_TIMEOUT;
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
    let at = ListenAddress { host: host.into(), port: None, path: "/callback".into() };
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
    assert!(answer.contains("Go back to the terminal"), "{answer}");
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
        let answer = request(&login.0, &format!("GET {path}"), "");
        assert_eq!(status(&answer), "404", "{path}");
        assert!(answer.contains("There is nothing here"), "{answer}");
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
        assert!(answer.contains("allow: GET\r\n"), "{answer}");
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
    for target in [format!("GET http://{}/callback?{OURS}", login.0), format!("CONNECT {}", login.0)] {
        assert_eq!(status(&request(&login.0, &target, "")), "400", "{target}");
    }
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
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
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

/// What a connection receives at once: nothing if it was closed.
fn received(mut connection: &TcpStream, within: Duration) -> std::io::Result<usize> {
    connection.set_read_timeout(Some(within)).unwrap();
    connection.read(&mut [0; 1])
}

#[test]
fn connection_too_many_closes_the_oldest_that_asked_nothing() {
    let (_listener, authority) = listener("127.0.0.1");
    let crowd: Vec<_> = (0..33).map(|_| TcpStream::connect(&authority).unwrap()).collect();
    assert_eq!(received(&crowd[0], Duration::from_secs(3)).unwrap(), 0);
    assert!(received(&crowd[1], Duration::from_millis(100)).is_err(), "still open");
}

#[test]
fn connection_too_many_is_closed_if_all_others_wait_for_an_answer() {
    let (sockets, port) = bind("127.0.0.1", None, &|address| TcpListener::bind(address)).unwrap();
    let handler = Arc::new(RequestHandler::new("127.0.0.1", port, "/callback", None));
    let _server = Server::start(sockets, Arc::clone(&handler)).unwrap();
    let authority = format!("127.0.0.1:{port}");
    let waiting: Vec<_> = (0..32)
        .map(|n| {
            let mut stream = TcpStream::connect(&authority).unwrap();
            write!(stream, "GET /callback?{n} HTTP/1.1\r\nHost: {authority}\r\n\r\n").unwrap();
            (stream, handler.next(Duration::from_secs(20), &no_other_user).unwrap())
        })
        .collect();
    assert_eq!(request(&authority, "GET /x", ""), "");
    assert!(received(&waiting[0].0, Duration::from_millis(100)).is_err(), "still open");
    drop(waiting);
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
    for family in ["127.0.0.1", "[::1]"] {
        if TcpListener::bind(format!("{family}:0")).is_err() {
            continue;
        }
        // Another test may use the same port of the other family.
        let is_named = |_| {
            let squatter = TcpListener::bind(format!("{family}:0")).unwrap();
            let port = squatter.local_addr().unwrap().port();
            let at = ListenAddress { host: "localhost".into(), port: Some(port), path: "/".into() };
            Loopback.listen(&at).err().expect("one family is not enough") == format!("{family}:{port} is in use")
        };
        assert!((0..5).any(is_named), "{family}");
    }
}

/// What [`bind`] gives on a machine where opening an address of one of these families fails: the number of sockets, or the
/// error with `PORT` for the port.
fn bound(
    host: &str,
    port: Option<u16>,
    failing: &[&str],
    fails: &dyn Fn(&str) -> Option<ErrorKind>,
) -> Result<usize, String> {
    let found = bind(host, port, &|address| match fails(address) {
        Some(kind) if failing.iter().any(|family| address.starts_with(family)) => Err(kind.into()),
        _ => TcpListener::bind("127.0.0.1:0"),
    });
    found.map(|(sockets, _)| sockets.len())
}

#[test]
fn machine_without_ipv6_is_listened_on_all_the_same() {
    let missing = |_: &str| Some(ErrorKind::AddrNotAvailable);
    assert_eq!(bound("localhost", None, &["[::1]"], &missing), Ok(1));
    assert_eq!(bound("localhost", None, &["127.0.0.1"], &missing), Ok(1));
    let none = Err("this machine has no loopback address".to_owned());
    assert_eq!(bound("localhost", None, &["[::1]", "127.0.0.1"], &missing), none);
    assert!(bound("[::1]", None, &["[::1]"], &missing).unwrap_err().starts_with("[::1]:0 cannot be listened on: "));
}

#[test]
fn port_that_may_not_be_used_is_not_taken_for_a_missing_family() {
    let denied = |address: &str| address.ends_with(":80").then_some(ErrorKind::PermissionDenied);
    for host in ["localhost", "127.0.0.1"] {
        let error = bound(host, Some(80), &["127.0.0.1"], &denied).unwrap_err();
        assert!(error.starts_with("127.0.0.1:80 cannot be listened on: "), "{error}");
    }
}

#[test]
fn another_port_is_tried_only_if_none_was_asked_for() {
    let tries = std::cell::Cell::new(0);
    let taken_first = |times: usize| {
        tries.set(0);
        let tries = &tries;
        move |_: &str| {
            tries.set(tries.get() + 1);
            (tries.get() <= times).then_some(ErrorKind::AddrInUse)
        }
    };
    assert_eq!(bound("127.0.0.1", None, &["127.0.0.1"], &taken_first(15)), Ok(1));
    let in_use = |port: u16| Err(format!("127.0.0.1:{port} is in use"));
    assert_eq!(bound("127.0.0.1", None, &["127.0.0.1"], &taken_first(16)), in_use(0));
    assert_eq!(bound("127.0.0.1", Some(8080), &["127.0.0.1"], &taken_first(1)), in_use(8080));
    assert_eq!(tries.get(), 1);
}

#[test]
fn only_loopback_hosts_are_listened_on() {
    for host in ["0.0.0.0", "[::]", "", "example.com", "127.0.0.2"] {
        let at = ListenAddress { host: host.into(), port: None, path: "/".into() };
        assert!(Loopback.listen(&at).is_err(), "{host}");
    }
}

#[test]
fn external_redirect_is_sent_before_the_port_is_closed() {
    for _ in 0..20 {
        let mut one_time_redirect =
            Loopback.one_time_redirect(&Secret::new("https://id.test/endsession?id_token_hint=e")).unwrap();
        let url = one_time_redirect.url().clone();
        let authority = format!("127.0.0.1:{}", url.port().unwrap());
        let browser = std::thread::spawn(move || request(&authority, &format!("GET {}", url.path()), ""));
        let clock = SystemClock::start();
        assert!(one_time_redirect.wait(&no_other_user, Duration::from_secs(20)));
        assert!(clock.uptime() < LAST_PAGE_FETCH_TIMEOUT, "nothing more is waited for");
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

/// What is reported of requests that come within a moment.
fn reported(listener: &mut dyn Listener) -> Vec<IgnoredRequest> {
    let told = std::cell::RefCell::new(Vec::new());
    let came = listener.wait(&|_| true, &|what| told.borrow_mut().push(what), Duration::from_millis(50));
    assert_eq!(came, None);
    told.into_inner()
}

#[test]
fn requests_that_cannot_be_the_redirect_are_not_reported() {
    let (mut listener, authority) = listener("127.0.0.1");
    for line in ["GET /favicon.ico", "GET /?utm=1", "GET /?codes=1", "HEAD /callback", "OPTIONS /callback"] {
        request(&authority, line, "");
    }
    let silent = TcpStream::connect(&authority).unwrap();
    silent.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!((&silent).read_to_end(&mut Vec::new()).unwrap(), 0, "nothing was asked, so nothing is answered");
    assert_eq!(reported(&mut *listener), []);
    assert_eq!(status(&sent(&authority, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")), "400");
    assert_eq!(reported(&mut *listener), [IgnoredRequest::NotHttp]);
}

/// The status of the response to the redirect from this peer, and what is reported.
fn visited_by(peer: peer::Peer) -> (u16, Vec<IgnoredRequest>) {
    let handler = Arc::new(RequestHandler::new("127.0.0.1", 8080, "/callback", None));
    let (head, ()) =
        hyper::Request::get("/callback?code=1").header("host", "127.0.0.1:8080").body(()).unwrap().into_parts();
    let body = http_body_util::Empty::<hyper::body::Bytes>::new();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (response, _) = runtime.block_on(handler.respond(head, &body, async move { peer }));
    let told = std::cell::RefCell::new(Vec::new());
    assert!(handler.next(Duration::ZERO, &|what| told.borrow_mut().push(what)).is_none());
    (response.status().as_u16(), told.into_inner())
}

#[test]
fn only_this_user_is_let_in() {
    assert_eq!(visited_by(peer::Peer::OtherUser(1001)), (403, vec![IgnoredRequest::AnotherUser(1001)]));
    assert_eq!(visited_by(peer::Peer::Closed), (403, vec![]));
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
    use IgnoredRequest::{AnotherHost, AnotherMethod, AnotherPath, NotHttp, TooLarge};
    assert_eq!(reported(&mut *listener), [AnotherPath, AnotherHost, AnotherMethod, TooLarge, NotHttp]);
}
