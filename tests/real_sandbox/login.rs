//! Logins that end early, run side by side, or reach the wrong provider.

use crate::real::http::request;
use crate::real::process::Process;
use crate::real::{Home, Provider, require};
use rustix::process::Signal;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;

#[test]
fn signal_during_login_leaves_nothing() {
    let provider = Provider::sandbox_with_pages(&[]);
    for signal in [Signal::INT, Signal::TERM] {
        let home = Home::at(&provider, "sandbox-mobile");
        let (login, _) = home.login_by_hand(&["--no-browser"]);
        login.signal(signal);
        let outcome = login.finish();
        assert_eq!(outcome.signal, Some(signal.as_raw()), "{outcome:#?}");
        home.tidp(&["token"]).expect(3);
        home.assert_no_token_in_files();
    }
    // The calling shell sees the signal, and stops too.
    let home = Home::at(&provider, "sandbox-mobile");
    for (signal, code) in [(Signal::INT, "code=130"), (Signal::TERM, "code=143")] {
        let script = "sh -c 'echo pid=$$ >&2; exec tidp login --no-browser'; echo code=$?";
        let mut shell = Process::start(&mut home.sh_command(script));
        let pid = shell.wait_for_word(|word| word.starts_with("pid="));
        shell.wait_for_word(|word| word.contains("code_challenge="));
        send(&pid["pid=".len()..], signal);
        assert_eq!(shell.finish().expect(0), code);
    }
}

fn send(pid: &str, signal: Signal) {
    let pid = rustix::process::Pid::from_raw(pid.parse().unwrap()).unwrap();
    rustix::process::kill_process(pid, signal).unwrap();
}

#[test]
fn login_without_redirect_times_out() {
    let provider = Provider::sandbox_with_pages(&[]);
    let home = Home::at(&provider, "sandbox-mobile");
    let error = home.tidp(&["login", "--no-browser", "--timeout", "1s", "--json"]).error(124);
    assert_eq!(error["kind"], "timeout");
}

#[test]
fn printed_url_works_in_any_local_browser() {
    if !require("curl") {
        return;
    }
    let provider = Provider::sandbox(&[]);
    let home = Home::at(&provider, "sandbox-mobile");
    let (login, url) = home.login_by_hand(&["--no-browser"]);
    let landed = home.follow(&url);
    assert!(landed.starts_with("http://127.0.0.1:") && !landed.contains("code="), "{landed}");
    let outcome = login.finish();
    assert_eq!(outcome.expect(0), "");
    assert!(!outcome.stderr.contains("eyJ"), "{}", outcome.stderr);
}

#[test]
fn concurrent_logins_both_finish() {
    if !require("curl") {
        return;
    }
    let provider = Provider::sandbox(&[]);
    let home = Home::at(&provider, "sandbox-mobile");
    let (first, first_url) = home.login_by_hand(&["--no-browser"]);
    let (second, second_url) = home.login_by_hand(&["--no-browser"]);
    home.follow(&second_url);
    home.follow(&first_url);
    second.finish().expect(0);
    first.finish().expect(0);
    home.tidp(&["refresh", "--force"]).expect(0);
}

#[test]
fn discovery_of_another_issuer_opens_no_browser() {
    let provider = Provider::sandbox(&[]);
    let mut home = Home::at(&provider, "sandbox-mobile");
    let (_, document) = request("GET", &provider.issuer, "/.well-known/openid-configuration", &[], "");
    let impostor = TcpListener::bind("127.0.0.1:0").unwrap();
    home.set("TIDP_ISSUER", &format!("http://{}", impostor.local_addr().unwrap()));
    std::thread::spawn(move || {
        for mut stream in impostor.incoming().map_while(Result::ok) {
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n";
            let _ = stream.read(&mut [0; 4096]);
            let _ = write!(stream, "{head}Content-Length: {}\r\n\r\n{document}", document.len());
        }
    });
    home.set("BROWSER", "touch opened");
    let error = home.tidp(&["login", "--timeout", "5s", "--json"]).error(7);
    assert_eq!(error["kind"], "invalid");
    assert!(!home.path("opened").exists());
    assert_eq!(provider.requests("authorize"), 0);
}
