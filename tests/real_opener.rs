//! The opener, port and threads of the real binary, as the kernel sees them.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "tests touch the machine themselves")]

#[path = "support/real/mod.rs"]
mod real;

use real::process::{Process, poll};
use real::{Home, Scripted, program_under_test, require, require_another_user};
use rustix::process::Signal;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;
use url::Url;

fn home_at(provider: &Scripted) -> Home {
    let mut home = Home::new();
    home.set("TIDP_ISSUER", &provider.issuer);
    home.set("TIDP_CLIENT_ID", "app");
    home.set("TIDP_CLIENT_TYPE", "MobileApp");
    home
}

/// The port of the redirect URI of an authorization request.
fn port_of(url: &str) -> u16 {
    let url = Url::parse(url).unwrap();
    let (_, uri) = url.query_pairs().find(|(name, _)| name == "redirect_uri").unwrap();
    let uri = Url::parse(&uri).unwrap();
    assert_eq!(uri.host_str(), Some("127.0.0.1"), "never a name");
    uri.port().unwrap()
}

/// The local addresses that listen on this port, in the kernel's notation.
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
fn callback_port_is_open_on_loopback_only() {
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
fn misbehaving_opener_does_not_end_the_login() {
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
        // The opener still running has not inherited the socket.
        assert!(listening(port).is_empty() && TcpListener::bind(("127.0.0.1", port)).is_ok(), "{opener}");
        if opener.contains("sleep") {
            let id = poll("the opener's id", || fs::read_to_string(home.path("opener.pid")).ok());
            let id = rustix::process::Pid::from_raw(id.trim().parse().unwrap()).unwrap();
            rustix::process::kill_process(id, Signal::KILL).expect("it was still running");
        }
    }
}

/// The response, head and body, when `user` opens `url`, without following redirects.
fn fetched_by(home: &Home, user: &str, url: &str) -> String {
    let mut command = home.command("setpriv");
    command.args(["--reuid", user, "--clear-groups", "curl", "-si", "--max-time", "30", url]);
    String::from_utf8(command.output().unwrap().stdout).unwrap()
}

#[test]
fn login_in_a_user_namespace_opens_no_browser() {
    if !require("user namespace") {
        return;
    }
    let provider = Scripted::start();
    let home = home_at(&provider);
    let alike = Process::start(home.command("unshare").args(["--user", program_under_test(), "login"])).finish();
    alike.expect(2);
    assert!(alike.stderr.contains("other users cannot be told apart from this one"), "{}", alike.stderr);
    assert!(!alike.stderr.contains("response_type="), "{}", alike.stderr);
}

#[test]
fn openers_arguments_let_no_other_user_log_in() {
    if !require_another_user() {
        return;
    }
    let provider = Scripted::start();
    let home = home_at(&provider);
    let (login, url) = home.login_by_hand(&["--no-browser"]);
    let stranger = "65534";
    let redirect = fetched_by(&home, stranger, &url);
    let callback = redirect.lines().find_map(|line| line.strip_prefix("Location: ")).unwrap();
    for _ in 0..2 {
        let refused = fetched_by(&home, stranger, callback);
        assert!(refused.starts_with("HTTP/1.1 403 "), "{refused}");
    }
    assert_eq!(provider.count("/token"), 0);
    home.follow(&url);
    let outcome = login.finish();
    outcome.expect(0);
    assert_eq!(outcome.stderr.matches("another user of this machine (uid 65534)").count(), 1, "{}", outcome.stderr);
}

#[test]
fn openers_arguments_give_no_other_user_an_id_token() {
    if !require_another_user() {
        return;
    }
    let provider = Scripted::start();
    let mut home = home_at(&provider);
    home.tidp(&["login"]).expect(0);
    home.set("BROWSER", "sh -c 'echo \"$1\" >opened.new; mv opened.new opened' sh");
    let logout = Process::start(&mut home.tidp_command(&["logout", "--browser"]));
    let url = poll("the opener's argument", || fs::read_to_string(home.path("opened")).ok());
    let refused = fetched_by(&home, "65534", url.trim());
    assert!(refused.starts_with("HTTP/1.1 403 ") && !refused.to_lowercase().contains("location"), "{refused}");
    let own = rustix::process::geteuid().as_raw().to_string();
    let sent_on = fetched_by(&home, &own, url.trim());
    assert!(sent_on.contains("id_token_hint=ey"), "{sent_on}");
    let outcome = logout.finish();
    outcome.expect(0);
    assert!(outcome.stderr.contains("another user of this machine (uid 65534)"), "{}", outcome.stderr);
}

#[test]
fn prompt_none_gives_the_opener_no_id_token() {
    if !require("curl") {
        return;
    }
    let provider = Scripted::start();
    let mut home = home_at(&provider);
    home.tidp(&["login"]).expect(0);
    home.set("BROWSER", "sh -c 'echo \"$1\" >opened; exec curl -sSL --max-time 30 -o /dev/null -D heads \"$1\"' sh");
    let outcome = home.tidp(&["login", "--prompt", "none", "-v"]);
    outcome.expect(0);
    let [opened, heads] = ["opened", "heads"].map(|file| fs::read_to_string(home.path(file)).unwrap());
    assert!(opened.starts_with("http://127.0.0.1:") && !opened.contains('?'), "{opened}");
    assert!(heads.to_lowercase().contains("&id_token_hint=ey"), "{heads}");
    assert!(!outcome.stderr.contains("id_token_hint") && !outcome.stderr.contains("eyJ"), "{}", outcome.stderr);
}

#[test]
fn abandoned_login_does_not_wait_for_keys() {
    let provider = Scripted::start();
    provider.delays("/jwks", || std::thread::sleep(Duration::from_secs(20)));
    let outcome = home_at(&provider).tidp(&["login", "--no-browser", "--timeout", "1s"]);
    outcome.expect(124);
    assert_eq!(provider.count("/jwks"), 1, "they were asked for");
    assert!(outcome.took < Duration::from_secs(8), "{outcome:?}");
}

#[test]
fn code_is_exchanged_before_the_keys_arrive() {
    if !require("curl") {
        return;
    }
    let provider = Arc::new(Scripted::start());
    let seen = Arc::downgrade(&provider);
    provider.delays("/jwks", move || {
        poll("the code", || seen.upgrade().is_none_or(|provider| provider.count("/token") == 1).then_some(()));
    });
    let outcome = home_at(&provider).tidp(&["login"]);
    outcome.expect(0);
    assert_eq!(provider.count("/jwks"), 1, "and they were asked for but once");
}

#[test]
fn lack_of_threads_is_an_error_without_panic() {
    let provider = Scripted::start();
    let mut home = home_at(&provider);
    // No thread can have a stack as large as the address space.
    home.set("RUST_MIN_STACK", &(1_u64 << 47).to_string());
    for (args, code, word) in
        // Waiting for a paste needs no thread.
        [(&["login", "--no-browser"][..], 2, "cannot listen"), (&["login", "--paste"], 2, "nothing was pasted")]
    {
        let outcome = home.tidp(args);
        outcome.expect(code);
        assert!(outcome.stderr.contains(word), "{outcome:?}");
    }
    let decoded = |home: &Home| home.tidp_with_stdin(&["decode", "-"], &"eyJhbGciOiJSUzI1NiJ9.e30.eA\n".repeat(64));
    assert_eq!(decoded(&home).expect(0), decoded(&home_at(&provider)).expect(0));
    let config = home.path("config.toml");
    let profile = r#"issuer = "https://id.example"
client_id = "app"
client_type = "Confidential"
client_secret_command = ["sh", "-c", "sleep 1; touch lived-on"]
"#;
    fs::write(&config, format!("[profile.app]\n{profile}")).unwrap();
    home.set("TIDP_CONFIG", config.to_str().unwrap());
    for name in ["TIDP_ISSUER", "TIDP_CLIENT_ID", "TIDP_CLIENT_TYPE"] {
        home.unset(name);
    }
    let outcome = home.tidp(&["login", "--no-browser"]);
    outcome.expect(2);
    assert!(outcome.stderr.contains("`sh` prints cannot be read"), "{outcome:?}");
    std::thread::sleep(Duration::from_millis(1_500));
    assert!(!home.path("lived-on").exists(), "the command was ended");
}
