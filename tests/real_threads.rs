//! The real binary with few threads or none (`ulimit -u`, a container's pids limit): it ends with a message and a
//! documented code.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "tests touch the machine themselves")]

#[path = "support/real/mod.rs"]
mod real;

use real::process::{Process, poll};
use real::{Home, Outcome, program_under_test, require, require_another_user};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::chown;
use std::process::Command;

/// A user with a process limit and no other processes; one per test, because tests run in parallel.
struct Limited {
    home: Home,
    user: u32,
}

impl Limited {
    fn new(user: u32) -> Option<Self> {
        if !require_another_user() || !require("prlimit") {
            return None;
        }
        let mut home = Home::new();
        std::fs::copy(program_under_test(), home.path("tidp")).unwrap();
        for place in [".", "home", "home/config", "home/data", "home/state", "home/cache", "run", "locks"] {
            chown(home.path(place), Some(user), Some(user)).unwrap();
        }
        home.set("TIDP_CLIENT_ID", "app");
        home.set("TIDP_CLIENT_TYPE", "MobileApp");
        home.set("TIDP_ISSUER", "https://localhost:1");
        Some(Self { home, user })
    }

    /// `tidp` with this many threads, including the first.
    fn command(&self, threads: usize, args: &[&str]) -> Command {
        let mut command = self.home.command("setpriv");
        command.args(["--reuid", &self.user.to_string(), "--clear-groups", "prlimit", &format!("--nproc={threads}")]);
        command.arg(self.home.path("tidp")).args(args);
        command
    }

    fn tidp(&self, threads: usize, args: &[&str]) -> Outcome {
        Process::start(&mut self.command(threads, args)).finish()
    }
}

#[test]
fn name_lookup_without_threads_fails_as_unreachable() {
    let Some(user) = Limited::new(54_321) else { return };
    let error = user.tidp(1, &["login", "--json"]).error(5);
    assert_eq!(error["kind"], "unreachable");
    assert!(error["message"].as_str().unwrap().contains("no thread can be started"), "{error}");
    // With more threads the name is found, and the connection refused.
    let error = user.tidp(6, &["login", "--json"]).error(5);
    assert!(error["message"].as_str().unwrap().contains("refused"), "{error}");
}

#[test]
fn sandbox_without_threads_exits_with_an_error() {
    let Some(user) = Limited::new(54_322) else { return };
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    for threads in 1..=12 {
        let error = user.tidp(threads, &["sandbox", "--port", &port, "--json"]).error(1);
        assert!(error["message"].as_str().unwrap().contains("threads can be started"), "{threads}: {error}");
        let demo = user.tidp(threads, &["demo", "--no-browser"]);
        demo.expect(1);
        assert!(demo.stderr.contains("threads can be started"), "{threads}: {demo:#?}");
    }
}

#[test]
fn sandbox_reports_running_out_of_threads() {
    let Some(user) = Limited::new(54_323) else { return };
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let sandbox = Process::start(&mut user.command(16, &["sandbox", "--port", &port.to_string(), "--json"]));
    let mut kept = vec![poll("the sandbox", || TcpStream::connect(("127.0.0.1", port)).ok())];
    // Each open connection has a thread; the last one gets no response.
    while kept.len() < 32
        && let Some(stream) = kept.last_mut()
        && stream.write_all(format!("GET /sandbox HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n").as_bytes()).is_ok()
        && stream.read(&mut [0; 4096]).is_ok_and(|length| length > 0)
        && let Ok(next) = TcpStream::connect(("127.0.0.1", port))
    {
        kept.push(next);
    }
    assert!(kept.len() < 32, "there is no limit to test");
    let ended = sandbox.finish();
    assert_eq!(ended.code, Some(1), "{ended:#?}");
    let document: serde_json::Value = serde_json::from_str(ended.stderr.lines().last().unwrap()).unwrap();
    assert!(document["error"]["message"].as_str().unwrap().contains("no more threads"), "{document}");
}
