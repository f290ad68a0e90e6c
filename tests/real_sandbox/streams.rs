//! Standard input and output: pipes, full disks, other settings.

use super::logged_in;
use crate::real::{Home, Provider, require};
use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::fd::AsFd;
use std::process::Stdio;
use std::time::Duration;

#[test]
fn full_disk_fails_and_closed_pipe_does_not() {
    let Some((_provider, home)) = logged_in() else { return };
    let full = || Stdio::from(File::options().write(true).open("/dev/full").unwrap());
    for args in [&["token"][..], &["inspect", "--json"], &["policy"], &["--help"]] {
        let status = home.tidp_command(args).stdout(full()).stderr(Stdio::null()).status().unwrap();
        assert_eq!(status.code(), Some(1), "{args:?}");
        let mut child = home.tidp_command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        child.wait().unwrap();
        assert!(!said.contains("error") && !said.contains("panicked"), "{args:?}: {said}");
    }
}

#[test]
fn nonblocking_streams_lose_nothing() {
    let home = Home::new();
    let waiting_is_off = |end: &dyn AsFd| {
        let flags = rustix::fs::fcntl_getfl(end).unwrap();
        rustix::fs::fcntl_setfl(end, flags | rustix::fs::OFlags::NONBLOCK).unwrap();
    };
    let ((input, mut tokens), (mut answers, output)) = (std::io::pipe().unwrap(), std::io::pipe().unwrap());
    waiting_is_off(&input);
    waiting_is_off(&output);
    let mut child = home.tidp_command(&["decode", "--json"]).stdin(input).stdout(output).spawn().unwrap();
    let writing = std::thread::spawn(move || {
        for _ in 0..50 {
            std::thread::sleep(Duration::from_millis(2));
            tokens.write_all(&b"eyJhbGciOiJSUzI1NiJ9.e30.c2ln\n".repeat(100)).unwrap();
        }
    });
    // Until the pipe is full.
    std::thread::sleep(Duration::from_millis(300));
    let mut told = String::new();
    answers.read_to_string(&mut told).unwrap();
    writing.join().unwrap();
    assert_eq!((told.lines().count(), child.wait().unwrap().code()), (5_000, Some(0)));
}

#[test]
fn failing_output_ends_bulk_decode_at_once() {
    let home = Home::new();
    let (unread, closed) = std::io::pipe().unwrap();
    drop(unread);
    let full = File::options().write(true).open("/dev/full").unwrap();
    for (output, code) in [(Stdio::from(full), 1), (Stdio::from(closed), 0)] {
        let mut child = home.tidp_command(&["decode"]).stdin(Stdio::piped()).stdout(output).spawn().unwrap();
        let mut silent = child.stdin.take().unwrap();
        silent.write_all(&[b"eyJhbGciOiJSUzI1NiJ9.e30.c2ln\n".repeat(40), b"e30".to_vec()].concat()).unwrap();
        assert_eq!(crate::real::process::poll("its end", || child.try_wait().unwrap()).code(), Some(code));
    }
}

#[test]
fn verbose_output_contains_no_secret() {
    if !require("curl") {
        return;
    }
    let provider = Provider::sandbox(&[]);
    let mut home = Home::at(&provider, "sandbox-confidential");
    home.set("RUST_LOG", "trace");
    home.set("RUST_BACKTRACE", "full");
    let mut said = home.tidp(&["login", "-vv"]).stderr;
    let mut secrets = vec!["sandbox-secret".to_owned()];
    secrets.extend(home.stored_tokens());
    assert!(secrets.len() > 3, "access, ID and refresh token at least: {}", secrets.len());
    for args in [&["inspect"][..], &["refresh", "--force"], &["userinfo"], &["policy", "--why"], &["logout"]] {
        let outcome = home.tidp(&[args, &["-vv"]].concat());
        outcome.expect(0);
        said += &format!("{}{}", outcome.stdout, outcome.stderr);
        secrets.extend(home.stored_tokens());
    }
    for secret in secrets {
        assert!(!said.contains(&secret), "told: {secret}");
    }
}

#[test]
fn decode_stream_uses_keys_fetched_by_another_run() {
    let Some((provider, home)) = logged_in() else { return };
    let verify = ["decode", "--verify", "--json"];
    let mut stream =
        home.tidp_command(&verify).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let (mut tokens, mut answers) = (stream.stdin.take().unwrap(), BufReader::new(stream.stdout.take().unwrap()));
    let mut verified = |token: &str| {
        writeln!(tokens, "{token}").unwrap();
        let mut answer = String::new();
        answers.read_line(&mut answer).unwrap();
        serde_json::from_str::<Value>(&answer).unwrap()["verified"] == true
    };
    assert!(verified(home.tidp(&["token"]).expect(0)));
    provider.post("/keys/rotate", &json!({ "drop_old": false }));
    home.tidp(&["refresh", "--force"]).expect(0);
    let token = home.tidp(&["token"]).expect(0).to_owned();
    assert_eq!(home.tidp_with_stdin(&verify, &token).json()["verified"], true);
    let before = provider.requests("jwks");
    assert!(verified(&token));
    assert_eq!(provider.requests("jwks"), before);
    drop(tokens);
    assert!(stream.wait().unwrap().success());
}

#[test]
fn pipes_and_byte_order_marks_are_read() {
    if !require("curl") {
        return;
    }
    let provider = Provider::sandbox(&[]);
    let mut home = Home::new();
    let secret = provider.client("sandbox-confidential")["client_secret"].as_str().unwrap().to_owned();
    let config = format!(
        "\u{feff}[profile.a]\r\nissuer = \"{}\"\r\nclient_id = \"sandbox-confidential\"\r\nclient_type = \"Confidential\"\r\n",
        provider.issuer
    );
    std::fs::write(home.path("config"), config).unwrap();
    std::fs::write(home.path("key"), format!("\u{feff}{}=\r\n", "A".repeat(43))).unwrap();
    home.set("TIDP_STORE", "file");
    // Configuration and key are read more than once, but a pipe delivers them once.
    let piped = |command: &str| {
        home.sh(&format!(
            "mkfifo c k && (cat config >c & cat key >k & TIDP_CONFIG=c TIDP_STORE_KEY_FILE=k {command}); code=$?; rm c k; exit $code"
        ))
    };
    piped(&format!("sh -c \"printf '\\357\\273\\277{secret}\\r\\n' | tidp profile secret a\"")).expect(0);
    piped("tidp login").expect(0);
    let token = piped("tidp token").expect(0).to_owned();
    home.tidp(&["token"]).expect(2);
    let keys = format!("curl -s {}/.well-known/openid-configuration/jwks", provider.issuer);
    let verified = home.sh(&format!("{keys} | tidp decode --jwks /dev/stdin --json {token}"));
    assert_eq!(verified.json()["verified"], true);
    piped("tidp logout --all").expect(0);
}
