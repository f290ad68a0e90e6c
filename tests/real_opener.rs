//! The real binary, its opener and its port: what only the kernel can tell.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "tests touch the machine themselves")]

#[path = "support/real/mod.rs"]
mod real;

use real::process::poll;
use real::{Home, Scripted, require};
use rustix::process::Signal;
use std::fs;
use std::net::{TcpListener, TcpStream};
use url::Url;

fn home_at(provider: &Scripted) -> Home {
    let mut home = Home::new();
    home.set("TIDP_ISSUER", &provider.issuer);
    home.set("TIDP_CLIENT_ID", "app");
    home.set("TIDP_CLIENT_TYPE", "MobileApp");
    home
}

/// The port of the redirect URI in an authorization request.
fn port_of(url: &str) -> u16 {
    let url = Url::parse(url).unwrap();
    let (_, uri) = url.query_pairs().find(|(name, _)| name == "redirect_uri").unwrap();
    let uri = Url::parse(&uri).unwrap();
    assert_eq!(uri.host_str(), Some("127.0.0.1"), "never a name");
    uri.port().unwrap()
}

/// The local addresses on which somebody listens at that port, as the kernel writes them.
fn listening(port: u16) -> Vec<String> {
    let sockets = ["/proc/net/tcp", "/proc/net/tcp6"].map(|table| fs::read_to_string(table).unwrap_or_default());
    let at_port = |line: &str| {
        let mut fields = line.split_whitespace().skip(1);
        let (address, state) = (fields.next()?, fields.nth(1)?);
        let address = address.strip_suffix(&format!(":{port:04X}"))?;
        (state == "0A").then(|| address.to_owned())
    };
    sockets.iter().flat_map(|table| table.lines()).filter_map(at_port).collect()
}

#[test]
fn the_port_is_on_loopback_alone_held_and_closed_at_the_end() {
    let provider = Scripted::start();
    let home = home_at(&provider);
    let (first, first_url) = home.login_by_hand(&["--no-browser"]);
    let (second, second_url) = home.login_by_hand(&["--no-browser"]);
    let (port, other) = (port_of(&first_url), port_of(&second_url));
    assert_ne!(port, other);
    assert_eq!(listening(port), ["0100007F"], "127.0.0.1 and no other address");
    assert!(TcpListener::bind(("127.0.0.1", port)).is_err(), "nobody else can have it");
    first.signal(Signal::TERM);
    assert_eq!(first.finish().signal, Some(Signal::TERM.as_raw()));
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
    if require("curl") {
        home.follow(&second_url);
        second.finish().expect(0);
        assert!(TcpStream::connect(("127.0.0.1", other)).is_err());
    }
}

#[test]
fn an_opener_that_misbehaves_does_not_end_the_login() {
    if !require("curl") {
        return;
    }
    let provider = Scripted::start();
    for opener in [
        "no-such-opener",
        "false",
        "sh -c 'echo on stdout; echo on stderr >&2; exit 1'",
        "sh -c 'echo $$ >opener.pid; exec sleep 50'",
    ] {
        let mut home = home_at(&provider);
        home.set("BROWSER", opener);
        let (login, url) = home.login_by_hand(&[]);
        let port = port_of(&url);
        home.follow(&url);
        let outcome = login.finish();
        assert_eq!(outcome.expect(0), "", "{opener}");
        assert!(!outcome.stderr.contains("on stderr"), "{opener}: {}", outcome.stderr);
        // The one that runs on has not inherited the socket.
        assert!(listening(port).is_empty() && TcpListener::bind(("127.0.0.1", port)).is_ok(), "{opener}");
        if opener.contains("sleep") {
            let id = poll("the opener's id", || fs::read_to_string(home.path("opener.pid")).ok());
            let id = rustix::process::Pid::from_raw(id.trim().parse().unwrap()).unwrap();
            rustix::process::kill_process(id, Signal::KILL).expect("it was still running");
        }
    }
}
