//! Logins that are approved on another device.

use crate::real::http::request;
use crate::real::process::Process;
use crate::real::{Home, Provider};
use rustix::process::Signal;
use std::time::{Duration, Instant};

/// A login that waits, and its user code.
fn begun(home: &Home) -> (Process, String) {
    let mut login = Process::start(&mut home.tidp_command(&["login", "--device"]));
    let code = login.wait_for_word(|word| word.len() == 9 && word.bytes().all(|byte| byte.is_ascii_digit()));
    (login, code)
}

fn decide(provider: &Provider, code: &str, action: &str) {
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    let body = format!("user_code={code}&action={action}");
    let (status, page) = request("POST", &provider.issuer, "/device", &form, &body);
    assert_eq!(status, 200, "{page}");
}

#[test]
fn device_login_is_approved_or_denied_elsewhere() {
    let provider = Provider::sandbox_with_pages(&[]);
    let (home, refused) = (Home::at(&provider, "sandbox-mobile"), Home::at(&provider, "sandbox-mobile"));
    let ((login, code), (other, other_code)) = (begun(&home), begun(&refused));
    decide(&provider, &code, "approve");
    decide(&provider, &other_code, "cancel");
    assert_eq!(login.finish().expect(0), "");
    home.tidp(&["refresh", "--force"]).expect(0);
    let denied = other.finish();
    denied.expect(4);
    assert!(denied.stderr.contains("access_denied"), "{denied:#?}");
    refused.tidp(&["token"]).expect(3);
}

#[test]
fn signal_during_a_device_login_ends_it_at_once() {
    let provider = Provider::sandbox_with_pages(&[]);
    for signal in [Signal::INT, Signal::TERM] {
        let home = Home::at(&provider, "sandbox-mobile");
        let (login, _) = begun(&home);
        let sent_at = Instant::now();
        login.signal(signal);
        let outcome = login.finish();
        assert_eq!(outcome.signal, Some(signal.as_raw()), "{outcome:#?}");
        assert!(sent_at.elapsed() < Duration::from_secs(1));
        home.tidp(&["token"]).expect(3);
        home.assert_no_token_in_files();
    }
}

/// Logs in through an app; the login is approved when `last_word` has been shown.
fn confirmed(provider: &Provider, args: &[&str], last_word: &str) {
    let home = Home::at(provider, "sandbox-confidential");
    let mut login = Process::start(&mut home.tidp_command(&[&["login"], args].concat()));
    login.wait_for_word(|word| word == last_word);
    let (status, answer) = request("POST", &provider.issuer, "/sandbox/logins/approve", &[], "{}");
    assert_eq!((status, answer.as_str()), (200, "{\"approved\":1}"));
    assert_eq!(login.finish().expect(0), "");
    home.tidp(&["refresh", "--force"]).expect(0);
}

#[test]
fn login_is_confirmed_in_vipps_or_bankid() {
    let provider = Provider::sandbox_with_pages(&[]);
    confirmed(&provider, &["--ciba", "vipps", "--login-hint", "4700000001"], "4700000001.");
    let (_, state) = request("GET", &provider.issuer, "/sandbox", &[], "");
    let state: serde_json::Value = serde_json::from_str(&state).unwrap();
    let kurt_id = state["users"][0]["kurt_id"].as_str().unwrap();
    confirmed(&provider, &["--ciba", "bankid", "--login-hint", kurt_id], "BankID.");
}
