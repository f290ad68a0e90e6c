use super::*;
use crate::sandbox::server::request_threads::patience;
#[cfg(target_os = "linux")]
use std::net::TcpListener;

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

#[test]
fn a_long_body_is_refused() {
    let sandbox = sandbox(Options::default());
    assert_eq!(post(&sandbox, "/connect/token", &"x".repeat(65_537)).0, 413);
}

/// A connection with a request whose body is not complete.
fn half_sent(sandbox: &Sandbox, header: &str) -> TcpStream {
    let mut stream = TcpStream::connect(sandbox.address()).unwrap();
    write!(stream, "POST /connect/token HTTP/1.1\r\nHost: x\r\n{header}\r\n\r\nx").unwrap();
    stream
}

/// Reads until the response has come, whether or not the connection is closed then.
fn read_response(stream: &mut TcpStream, end: &str) -> String {
    let mut response = String::new();
    while !response.ends_with(end) {
        let mut some = [0; 1_024];
        let read = stream.read(&mut some).unwrap();
        assert!(read > 0, "{response}");
        response += std::str::from_utf8(&some[..read]).unwrap();
    }
    response
}

#[test]
fn a_body_is_not_allocated_because_it_was_declared() {
    let sandbox = sandbox(Options::default());
    for length in ["99999999999", "18446744073709551615"].iter().cycle().take(8) {
        let mut stream = half_sent(&sandbox, &format!("Content-Length: {length}"));
        let response = read_response(&mut stream, "or no text");
        assert!(response.starts_with("HTTP/1.1 100 ") && response.contains("\r\n\r\nHTTP/1.1 413 "), "{response}");
    }
    assert_eq!(get(&sandbox, "/.well-known/openid-configuration").0, 200);
}

#[test]
fn half_sent_requests_keep_nobody_else_waiting() {
    let sandbox = sandbox(Options::default());
    let streams: Vec<_> = (0..32).map(|_| half_sent(&sandbox, "Content-Length: 9999")).collect();
    let silent: Vec<_> = (0..8).map(|_| TcpStream::connect(sandbox.address()).unwrap()).collect();
    assert_eq!(get(&sandbox, "/.well-known/openid-configuration").0, 200);
    drop((streams, silent));
}

#[test]
fn connections_that_come_at_once_are_all_served() {
    // Whether tiny_http leaves one of them to no thread is a matter of luck.
    for _ in 0..100 {
        let sandbox = sandbox(Options::default());
        // All stay open, as a browser's do.
        let mut streams: Vec<_> = (0..8).map(|_| TcpStream::connect(sandbox.address()).unwrap()).collect();
        for stream in streams.iter_mut().rev() {
            stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
            write!(stream, "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
            assert!(read_response(stream, "at this address").starts_with("HTTP/1.1 404 "));
        }
    }
}

#[test]
fn too_many_requests_at_once_are_told_so() {
    let sandbox = sandbox(Options { max_requests: 4, ..Options::default() });
    let mut streams: Vec<_> = (0..3).map(|_| half_sent(&sandbox, "Content-Length: 9999")).collect();
    let told = |stream: &mut TcpStream| {
        stream.set_nonblocking(true).unwrap();
        let begun = stream.peek(&mut [0]).is_ok_and(|length| length > 0);
        stream.set_nonblocking(false).unwrap();
        begun
    };
    let mut at = None;
    wait_until("one is refused", || {
        at = streams.iter_mut().position(told);
        at.is_some()
    });
    let mut last = streams.remove(at.unwrap());
    let response = read_response(&mut last, "too many requests at once");
    assert!(response.contains("\r\n\r\nHTTP/1.1 503 "), "{response}");
    assert_eq!(get(&sandbox, "/.well-known/openid-configuration").0, 200, "half-sent requests leave room for others");
    let slots = &sandbox.service.slots;
    wait_until("the answered request counts no longer", || Arc::strong_count(slots) == 1 + 2);
    let waiting = [(); 2].map(|()| events::wait_for_an_event(&sandbox));
    events::await_waiting(&sandbox, 2);
    assert_eq!(get(&sandbox, "/.well-known/openid-configuration").0, 503);
    drop((streams, waiting));
    wait_until_served(&sandbox);
}

/// Waits until a request is answered, because others are no longer.
fn wait_until_served(sandbox: &Sandbox) {
    let is_served = |_| get(sandbox, "/.well-known/openid-configuration").0 == 200;
    assert!((0..10_000).any(is_served), "the requests before still count");
}

#[test]
fn a_request_whose_thread_panics_counts_no_longer() {
    let is_first = AtomicBool::new(true);
    let log: Log = Box::new(move |_| assert!(!is_first.swap(false, Ordering::SeqCst), "as the test wants"));
    let sandbox = sandbox(Options { max_requests: 1, log: Some(log), ..Options::default() });
    let mut stream = TcpStream::connect(sandbox.address()).unwrap();
    write!(stream, "GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    assert!(!response.starts_with("HTTP/1.1 404 "), "it panicked: {response}");
    wait_until_served(&sandbox);
}

#[test]
fn nudges_end_a_minute_after_the_last_request() {
    let waits: Vec<Duration> = (0..).map_while(patience).collect();
    assert_eq!(waits[..3], [20, 40, 80].map(Duration::from_millis));
    assert!((55..65).contains(&waits.iter().sum::<Duration>().as_secs()), "{waits:?}");
}

/// A clock that mends the listener when the sandbox pauses.
#[cfg(target_os = "linux")]
struct Mending(Mutex<Option<TcpListener>>);

#[cfg(target_os = "linux")]
impl Clock for Mending {
    fn now(&self) -> Time {
        Frozen.now()
    }
    fn uptime(&self) -> Duration {
        Duration::ZERO
    }
    fn pause(&self, _: Duration) {
        if let Some(listener) = &*lock(&self.0) {
            listener.set_nonblocking(false).unwrap();
        }
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_connection_that_cannot_be_accepted_ends_nothing() {
    let clock = Arc::new(Mending(Mutex::default()));
    let entropy = Arc::new(Counting(AtomicU8::new(0)));
    let sandbox = Sandbox::start(Options::default(), Arc::clone(&clock) as Arc<dyn Clock>, entropy).unwrap();
    let listener = lock(&sandbox.service.listener).as_ref().unwrap().try_clone().unwrap();
    // After the next connection, accepting fails because there is none.
    listener.set_nonblocking(true).unwrap();
    *lock(&clock.0) = Some(listener);
    for _ in 0..3 {
        let mut stream = TcpStream::connect(sandbox.address()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        write!(stream, "GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        assert!(response.starts_with("HTTP/1.1 404 "), "{response}");
    }
    *lock(&clock.0) = None;
}

#[test]
fn a_dropped_sandbox_frees_its_port() {
    let sandbox = sandbox(Options::default());
    let authority = sandbox.issuer().strip_prefix("http://").unwrap().to_owned();
    drop(sandbox);
    // The accepting thread closes the port a moment later.
    assert!((0..10_000).any(|_| TcpStream::connect(&authority).is_err()));
}
