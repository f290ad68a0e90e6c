//! A browser login whose browser may be on another machine: the ways that are listed, and an address pasted while the
//! redirect is listened for.

use super::{assert_nothing_left, expect_login, mobile};
use crate::support::Bench;
use crate::support::ports::{parameter, success_query};
use crate::support::provider::json;
use crate::support::tokens::{ISSUER, TokenResponse, discovery};
use serde_json::json;
use std::sync::Arc;
use tidp::testing::domain::time::Seconds;
use tidp::testing::ports::{FailureReason, Page};
use url::Url;

/// A bench with somebody at its terminal, in this situation.
fn at_terminal(situation: &str) -> Bench {
    let bench = match situation {
        "ssh" | "ssh with a display" => {
            mobile().env("SSH_CONNECTION", "10.0.0.1 50000 10.0.0.2 22").env("USER", "kari")
        }
        _ => mobile(),
    };
    *bench.browser.missing.lock().unwrap() = matches!(situation, "no display" | "ssh");
    *bench.browser.broken.lock().unwrap() = situation == "broken";
    *bench.terminal.in_foreground.lock().unwrap() = true;
    *bench.terminal.stdin_is_terminal.lock().unwrap() = true;
    bench
}

fn offer_device_logins(bench: &Bench) {
    offer_device_logins_at(bench, ISSUER);
}

fn offer_device_logins_at(bench: &Bench, base: &str) {
    let mut document = discovery();
    document["device_authorization_endpoint"] = json!(format!("{base}/connect/deviceauthorization"));
    bench.provider.always("/.well-known/openid-configuration", json(200, &document));
}

fn pasted(url: &Url) -> Option<String> {
    Some(format!("{}?{}", parameter(url, "redirect_uri"), success_query(url)))
}

#[test]
fn ways_that_can_work_are_listed_with_the_reason() {
    let ssh = "    ssh -L 49999:127.0.0.1:49999 kari@10.0.0.2\n";
    for (situation, args, reason, has_ssh) in [
        ("no display", &["login"][..], "No browser can be opened on this machine.\n", false),
        ("broken", &["login"], "No browser can be opened on this machine.\n", false),
        ("ssh", &["login"], "No browser can be opened: this is an SSH session.\n", true),
        ("ssh with a display", &["login"], "the browser that was opened may be on another machine.\n", true),
        ("a display", &["login", "--no-browser"], "No browser is opened (--no-browser).\n", false),
    ] {
        for offers_device in [false, true] {
            let bench = at_terminal(situation);
            *bench.terminal.no_input.lock().unwrap() = true;
            expect_login(&bench, TokenResponse::new());
            let device = "- or stop this with Ctrl-C, and use a phone: tidp login --device\n";
            let stderr = if offers_device {
                let bench = at_terminal(situation);
                *bench.terminal.no_input.lock().unwrap() = true;
                offer_device_logins(&bench);
                bench.provider.always("/jwks", json(200, &crate::support::tokens::jwks()));
                bench.provider.grants(&bench.browser, bench.clock.time(), TokenResponse::new());
                bench.run(args).exits(0).stderr
            } else {
                bench.run(args).exits(0).stderr
            };
            assert!(
                stderr.contains(reason) && stderr.contains("Open this URL in a browser, on this machine or another")
            );
            assert!(stderr.contains("and paste it here\n"), "{situation}: {stderr}");
            assert_eq!(stderr.contains(ssh), has_ssh, "{situation}: {stderr}");
            assert_eq!(stderr.contains(device), offers_device, "{situation}: {stderr}");
            assert!(!stderr.contains("Is the browser on another machine?"), "{stderr}");
        }
    }
}

#[test]
fn ordinary_login_lists_the_other_ways_below_the_url() {
    let ways = "Other ways, after Ctrl-C:\n- with a browser elsewhere: tidp login --no-browser\n";
    let device = "- on another device: tidp login --device\n";
    for (base, args, shown) in [
        (None, &["login"][..], ways.to_owned()),
        (Some(ISSUER), &["login"], format!("{ways}{device}")),
        (Some("https://127.0.0.1"), &["login"], format!("{ways}{device}")),
        (Some(ISSUER), &["login", "-q"], String::new()),
        (Some(ISSUER), &["login", "--json"], String::new()),
    ] {
        let bench = at_terminal("a display").env("TIDP_ENDPOINT_HOSTS", "127.0.0.1");
        bench.provider.always("/.well-known/openid-configuration", json(200, &discovery()));
        if let Some(base) = base {
            offer_device_logins_at(&bench, base);
        }
        bench.provider.always("/jwks", json(200, &crate::support::tokens::jwks()));
        bench.provider.grants(&bench.browser, bench.clock.time(), TokenResponse::new());
        let stderr = bench.run(args).exits(0).leaves_out("paste it here").stderr;
        let (before, after) = stderr.split_once("Opening your browser").unwrap();
        assert_eq!(after.contains("--no-browser"), !shown.is_empty(), "{args:?}: {stderr}");
        assert!(before.is_empty() && after.contains(&shown), "{args:?}: {stderr}");
        assert_eq!(after.contains("--device"), shown.contains("--device"), "{args:?}: {stderr}");
    }
    let config = format!("[profile.work]\nissuer = \"{ISSUER}\"\nclient_id = \"app\"\nclient_type = \"MobileApp\"\n");
    let bench = Bench::with_config(&config);
    *bench.terminal.in_foreground.lock().unwrap() = true;
    *bench.terminal.stdin_is_terminal.lock().unwrap() = true;
    expect_login(&bench, TokenResponse::new());
    bench.run(&["login", "--profile", "work"]).exits(0).says(": tidp login --no-browser --profile work\n");
}

#[test]
fn a_phone_is_offered_only_if_it_can_reach_the_provider() {
    for (base, is_offered) in [("https://127.0.0.1", false), ("https://192.0.2.1", true)] {
        let bench = at_terminal("no display").env("TIDP_ENDPOINT_HOSTS", "127.0.0.1 192.0.2.1");
        *bench.terminal.no_input.lock().unwrap() = true;
        offer_device_logins_at(&bench, base);
        bench.provider.always("/jwks", json(200, &crate::support::tokens::jwks()));
        bench.provider.grants(&bench.browser, bench.clock.time(), TokenResponse::new());
        let stderr = bench.run(&["login"]).exits(0).stderr;
        assert_eq!(stderr.contains("use a phone"), is_offered, "{base}: {stderr}");
    }
}

#[test]
fn without_a_terminal_the_other_ways_are_notes_and_nothing_is_read() {
    let bench = at_terminal("ssh");
    *bench.terminal.in_foreground.lock().unwrap() = false;
    bench.terminal.type_line("not for tidp");
    offer_device_logins(&bench);
    bench.provider.always("/jwks", json(200, &crate::support::tokens::jwks()));
    bench.provider.grants(&bench.browser, bench.clock.time(), TokenResponse::new());
    bench
        .run(&["login"])
        .exits(0)
        .says("Is the browser on another machine? Use `tidp login --paste`.\n")
        .says("`ssh -L 49999:127.0.0.1:49999 kari@10.0.0.2`")
        .says("Or use another device: `tidp login --device`.\n")
        .leaves_out("paste it here");
    assert_eq!(bench.terminal.lines.lock().unwrap().len(), 1, "a job in the background reads nothing");
}

#[test]
fn without_a_terminal_the_other_ways_are_named_if_the_browser_may_not_have_opened_here() {
    for (situation, is_told) in [("a display", false), ("no display", true), ("ssh with a display", true)] {
        let bench = at_terminal(situation);
        *bench.terminal.in_foreground.lock().unwrap() = false;
        offer_device_logins(&bench);
        bench.provider.always("/jwks", json(200, &crate::support::tokens::jwks()));
        bench.provider.grants(&bench.browser, bench.clock.time(), TokenResponse::new());
        let stderr = bench.run(&["login"]).exits(0).stderr;
        assert_eq!(stderr.contains("Or use another device: "), is_told, "{situation}: {stderr}");
    }
}

#[test]
fn pasted_address_finishes_a_login_that_listens() {
    let bench = at_terminal("ssh");
    expect_login(&bench, TokenResponse::new().refresh_token("rt-1"));
    bench.callback.replies(|_| Vec::new());
    for wrong in ["", "hello there", "http://127.0.0.1:49999/callback?code=x&state=of-another-login", "a-bare-code"] {
        bench.terminal.type_line(wrong);
    }
    bench.terminal.pastes(pasted);
    bench
        .run(&["login"])
        .exits(0)
        .says("That line was empty. Paste the whole URL here")
        .says("That is not the URL that the browser ends at. Paste")
        .says("The redirect does not belong to this login")
        .says("That is only a code. Paste");
    assert!(bench.session().is_some());
    assert_eq!(bench.provider.last("/connect/token").field("code").as_deref(), Some("the-code"));
    assert_eq!(*bench.callback.pages.lock().unwrap(), [Page::LoggedIn]);
}

#[test]
fn only_broken_input_is_read_no_more() {
    use std::io::ErrorKind::{InvalidData, IsADirectory, TimedOut};
    for (kind, code, is_asked_again) in [(InvalidData, 0, true), (TimedOut, 0, false), (IsADirectory, 124, false)] {
        let bench = at_terminal("no display");
        bench.callback.replies(|_| Vec::new());
        *bench.terminal.unreadable.lock().unwrap() = Some(kind);
        bench.terminal.pastes(pasted);
        if code == 0 {
            expect_login(&bench, TokenResponse::new());
        } else {
            bench.provider.expect_metadata();
        }
        let outcome = bench.run(&["login", "--timeout", "5s"]).exits(code);
        assert_eq!(outcome.stderr.contains(". Paste the whole URL"), is_asked_again, "{}", outcome.stderr);
    }
}

#[test]
fn redirect_finishes_a_login_that_takes_a_paste() {
    for input_ends in [false, true] {
        let bench = at_terminal("no display");
        *bench.terminal.no_input.lock().unwrap() = !input_ends;
        expect_login(&bench, TokenResponse::new());
        bench.run(&["login"]).exits(0);
        assert_eq!(*bench.callback.pages.lock().unwrap(), [Page::LoggedIn]);
    }
}

#[test]
fn pasted_refusal_ends_the_login() {
    let bench = at_terminal("no display");
    bench.provider.expect_metadata();
    bench.callback.replies(|_| Vec::new());
    bench.terminal.pastes(|url| {
        let (redirect_uri, state) = (parameter(url, "redirect_uri"), parameter(url, "state"));
        Some(format!("{redirect_uri}?error=access_denied&state={state}&iss={ISSUER}"))
    });
    bench.run(&["login"]).exits(4).says("access_denied");
    assert_nothing_left(&bench, FailureReason::Cancelled);
}

#[test]
fn login_that_nobody_finishes_times_out() {
    for (args, seconds) in [(&["login"][..], 300), (&["login", "--timeout", "7s"], 7)] {
        let bench = at_terminal("ssh");
        *bench.terminal.no_input.lock().unwrap() = true;
        bench.callback.replies(|_| Vec::new());
        bench.provider.expect_metadata();
        let start = bench.clock.time();
        bench.run(args).exits(124);
        assert_eq!(bench.clock.time().since(start), Seconds(seconds));
        assert_nothing_left(&bench, FailureReason::TimedOut);
    }
}

#[test]
fn request_with_a_hint_takes_no_paste() {
    let bench = at_terminal("no display");
    bench.log_in();
    bench.provider.expect_discovery();
    bench.provider.grants(&bench.browser, bench.clock.time(), TokenResponse::new());
    bench.terminal.type_line("not for tidp");
    bench.run(&["login", "--prompt", "none"]).exits(0).says("http://127.0.0.1:49998/once").leaves_out("paste it here");
    assert_eq!(bench.terminal.lines.lock().unwrap().len(), 1);
}

#[test]
fn job_that_goes_to_the_background_stops_reading() {
    let bench = at_terminal("no display");
    bench.provider.expect_metadata();
    bench.callback.replies(|_| Vec::new());
    let terminal = Arc::clone(&bench.terminal);
    *bench.terminal.no_input.lock().unwrap() = false;
    bench.terminal.type_line("wrong");
    bench.terminal.type_line("not for tidp");
    *bench.terminal.before_read.lock().unwrap() =
        Some(Box::new(move || *terminal.in_foreground.lock().unwrap() = false));
    bench.run(&["login", "--timeout", "5s"]).exits(124);
    assert_eq!(bench.terminal.lines.lock().unwrap().len(), 1);
}
