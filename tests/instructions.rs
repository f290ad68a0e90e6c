//! The instructions of `tidp token` with a cached token; unlike time, they do not depend on load.
#![cfg(unix)]
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "tests touch the machine themselves")]

#[path = "support/real/mod.rs"]
mod real;

use real::{Home, Provider, program_under_test, require};

/// Measured: 2.7 million in a debug build, 0.9 in a release build, 0.8 as published.
fn limit() -> u64 {
    let is_debug_build = cfg!(debug_assertions) && std::env::var_os("TIDP_TEST_PROGRAM").is_none();
    if is_debug_build { 3_200_000 } else { 1_000_000 }
}

#[test]
fn cached_token_costs_few_instructions_and_two_files() {
    if !["curl", "valgrind", "strace"].iter().all(|program| require(program)) {
        return;
    }
    let provider = Provider::sandbox(&[]);
    let mut home = Home::logged_in(&provider, "sandbox-mobile");
    for cache in ["off", "on"] {
        home.set("TIDP_ACCESS_TOKEN_CACHE", cache);
        home.tidp(&["token"]).expect(0);

        let tool = ["--tool=callgrind", "--callgrind-out-file=/dev/null"];
        let ran = home.command("valgrind").args(tool).arg(program_under_test()).arg("token").output().unwrap();
        let said = String::from_utf8(ran.stderr).unwrap();
        let collected = said.lines().find_map(|line| line.split("Collected : ").nth(1)).expect(&said);
        let instructions: u64 = collected.trim().parse().unwrap();
        assert!(instructions < limit(), "{instructions} instructions with the cache {cache}");

        let trace = ["-f", "-e", "trace=openat,clone,clone3,socket,connect,getrandom", "-o", "trace"];
        let ran = home.command("strace").args(trace).arg(program_under_test()).arg("token").status().unwrap();
        assert!(ran.success());
        let trace = std::fs::read_to_string(home.path("trace")).unwrap();
        assert!(!trace.contains("clone") && !trace.contains("socket"), "{trace}");
        // The C library's allocator needs one, in every program.
        assert!(trace.matches("getrandom(").count() <= 1, "{trace}");
        let files = trace
            .lines()
            .filter(|line| line.contains(home.path("").to_str().unwrap()) && !line.contains("O_DIRECTORY"));
        assert!(files.count() <= 2, "{trace}");
    }
}
