//! Many processes at once on one session whose access token is due: one of them refreshes, all of them answer.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "tests touch the machine themselves")]

#[path = "support/real/mod.rs"]
mod real;

use real::process::Process;
use real::{Home, Provider, require};

/// How many processes ask at the same time.
const PROCESSES: usize = 64;

#[test]
fn one_of_many_refreshes_with_the_one_time_token_and_all_of_them_get_the_same_answer() {
    if !require("curl") || !require("faketime") {
        return;
    }
    for cache in ["off", "on"] {
        let provider = Provider::sandbox(&["--refresh-tokens", "rotate"]);
        let mut home = Home::logged_in(&provider, "sandbox-mobile");
        home.set("TIDP_ACCESS_TOKEN_CACHE", cache);
        let expired = home.tidp(&["token"]).expect(0).to_owned();
        home.pass_time(&provider, 3_601);
        let before = provider.requests("token");
        let asking: Vec<Process> = (0..PROCESSES).map(|_| Process::start(&mut home.tidp_command(&["token"]))).collect();
        let answers: Vec<String> = asking.into_iter().map(|process| process.finish().expect(0).to_owned()).collect();
        assert_eq!(provider.requests("token") - before, 1, "with the cache {cache}");
        assert_ne!(answers[0], expired);
        assert!(answers.iter().all(|answer| *answer == answers[0]), "with the cache {cache}: {answers:#?}");
    }
}
