//! The real binary at a real terminal: long lines typed or pasted, and the terminal's state afterwards.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "tests touch the machine themselves")]
#![allow(dead_code, reason = "each test program uses its part of the support")]

#[path = "support/real/mod.rs"]
mod real;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use real::process::poll;
use real::{Home, Provider, program_under_test, require};
use serde_json::{Value, json};
use std::io::Write as _;
use std::process::{Child, Stdio};

/// A terminal on which `sh` runs `tidp` and writes `code`.
struct Terminal {
    home: Home,
    script: Child,
}

impl Terminal {
    /// Waits until it listens.
    fn run(home: Home, words: &str) -> Self {
        let terminal = Self::start(home, ":", words, ":");
        poll("tidp to listen", || terminal.modes()?.contains("-icanon").then_some(()));
        terminal
    }

    fn start(home: Home, first: &str, words: &str, after_stop: &str) -> Self {
        let tidp = program_under_test();
        // Signals of the terminal reach `sh` too, which goes on.
        let line = format!(
            "trap : INT TERM QUIT; ulimit -c 0; tty >name; stty -a >before; {first}; sh -c 'echo $$ >pid; exec {tidp} {words}'; code=$?; {after_stop}; echo $code >code; stty -a >after"
        );
        let mut script = home.command("script");
        script.args(["-qefc", &line, "shown"]).stdin(Stdio::piped()).stdout(Stdio::null());
        let script = script.spawn().unwrap();
        Self { home, script }
    }

    fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.home.path(file)).unwrap_or_default()
    }

    /// The terminal's current state.
    fn modes(&self) -> Option<String> {
        let name = self.read("name");
        let stty = self.home.command("stty").args(["-F", name.trim(), "-a"]).output().ok()?;
        Some(String::from_utf8(stty.stdout).unwrap())
    }

    fn types(&mut self, text: &str) {
        self.script.stdin.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
    }

    /// Asserts the exit code, and that the terminal is as before.
    #[track_caller]
    fn ends(mut self, code: &str) -> Home {
        self.script.wait().unwrap();
        assert_eq!(self.read("code").trim(), code, "{}", self.read("shown"));
        assert_eq!(self.read("after"), self.read("before"));
        self.home
    }
}

/// A token that a terminal in line mode would cut.
fn token(claims: usize) -> String {
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = json!({ "long": "x".repeat(claims), "last": 1 });
    format!("{}.{}.{}", part(json!({ "alg": "RS256" })), part(claims), URL_SAFE_NO_PAD.encode("s".repeat(512)))
}

#[test]
fn long_typed_lines_are_read_whole() {
    if !require("script") {
        return;
    }
    let mut terminal = Terminal::run(Home::new(), "decode - --json >out");
    let (claims, signature) = (token(6_000), token(2_700));
    assert!(signature.rfind('.').unwrap() < 4_095 && signature.len() > 4_095);
    // Both at once, after deleting a typing error.
    terminal.types(&format!("mistyped\x15{claims}xy\x7f\x7f\r{signature}\r"));
    let answers = |terminal: &Terminal| terminal.read("out").lines().count();
    poll("both answers", || (answers(&terminal) == 2).then_some(()));
    terminal.types("\x04");
    let home = terminal.ends("0");
    let out = std::fs::read_to_string(home.path("out")).unwrap();
    for (line, length) in out.lines().zip([6_000, 2_700]) {
        let payload = &serde_json::from_str::<Value>(line).unwrap()["payload"];
        assert_eq!((payload["long"].as_str().unwrap().len(), &payload["last"]), (length, &json!(1)));
    }
}

#[test]
fn line_cut_by_the_terminal_is_reported() {
    if !require("script") {
        return;
    }
    for (length, code) in [(300, "0"), (6_000, "1")] {
        let home = Home::new();
        let token = token(length);
        // The file appears when all is typed.
        let mut terminal = Terminal::start(home, "until [ -e go ]; do :; done", "decode - --json 2>said >out", ":");
        terminal.types(&format!("{token}\r"));
        poll("the terminal", || terminal.read("shown").contains("\r\n").then_some(()));
        std::fs::write(terminal.home.path("go"), "").unwrap();
        if code == "0" {
            poll("the answer", || terminal.read("out").contains("last").then_some(()));
            poll("tidp to listen", || terminal.modes()?.contains("-icanon").then_some(()));
            terminal.types("\x04");
        }
        let home = terminal.ends(code);
        let said = std::fs::read_to_string(home.path("said")).unwrap();
        assert_eq!(said.contains("the terminal cut it off: enter it again"), code == "1", "{said}");
    }
}

#[test]
fn typed_secret_is_not_shown() {
    if !require("script") {
        return;
    }
    let home = Home::new();
    let add = ["profile", "add", "p", "--issuer", "https://id.example", "--client-id", "app"];
    home.tidp(&[&add[..], &["--client-type", "Confidential"]].concat()).expect(0);
    let secret = "s3cret".repeat(1_000);
    let mut terminal = Terminal::run(home, "profile secret p");
    terminal.types(&format!("{secret}\x7ft\r"));
    let home = terminal.ends("0");
    assert!(!std::fs::read_to_string(home.path("shown")).unwrap().contains("s3c"));
    let stored = std::fs::read_dir(home.path("home/data/tidp/sessions")).unwrap();
    let stored: String = stored.filter_map(|file| std::fs::read_to_string(file.unwrap().path()).ok()).collect();
    assert!(stored.contains(&secret), "{} bytes are stored", stored.len());
}

#[test]
fn suspended_login_listens_in_the_background() {
    if !require("script") || !require("curl") {
        return;
    }
    let provider = Provider::sandbox(&[]);
    let mut home = Home::at(&provider, "sandbox-mobile");
    home.unset("BROWSER");
    let in_background = "echo $code >stopped; bg; wait %1; code=$?";
    let mut terminal = Terminal::start(home, "set -m", "login 2>said", in_background);
    poll("tidp to listen", || terminal.modes()?.contains("-icanon").then_some(()));
    terminal.types("half a line\x1a");
    poll("the stop", || (!terminal.read("stopped").is_empty()).then_some(()));
    let state = || terminal.home.command("ps").args(["-o", "stat=", "-p", terminal.read("pid").trim()]).output();
    poll("tidp in the background", || state().unwrap().stdout.starts_with(b"S").then_some(()));
    // Keys for the shell, which a job in the background must not read.
    terminal.types("not for tidp\r");
    let said = terminal.read("said");
    let url = said.split_whitespace().find(|word| word.contains("code_challenge=")).unwrap();
    terminal.home.follow(url);
    terminal.ends("0");
}

#[test]
fn signal_restores_the_terminal() {
    if !require("script") {
        return;
    }
    for (words, key, code) in [
        ("decode -", "\x03", "130"),
        ("decode -", "\x1c", "131"),
        ("profile secret p", "\x03", "130"),
        ("decode -", "", "143"),
    ] {
        let home = Home::new();
        home.tidp(&["profile", "add", "p", "--issuer", "https://id.example", "--client-id", "app"]).expect(0);
        let mut terminal = Terminal::run(home, words);
        terminal.types(&format!("half a line{key}"));
        if key.is_empty() {
            let id = rustix::process::Pid::from_raw(terminal.read("pid").trim().parse().unwrap()).unwrap();
            rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
        }
        terminal.ends(code);
    }
}
