//! A canary in every secret, and every command with its most verbose output, in success and failure: each secret is
//! found only where it belongs. The provider's tokens, code and cookies begin with `canary-`, ID tokens with `eyJ`;
//! `state`, `nonce` and the PKCE verifier are read from the requests. Programs that tidp starts record what they
//! receive and see.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "tests touch the machine themselves")]

#[path = "support/real/mod.rs"]
mod real;

use clap::CommandFactory;
use real::process::{Process, poll};
use real::scripted::http;
use real::{Home, Outcome, Scripted, require};
use std::fs;
use std::path::{Path, PathBuf};
use tidp::testing::cli::Cli;

/// A value for `TIDP_STORE_KEY`.
const STORE_KEY: &str = "Y2FuYXJ5LXN0b3JlLWtleS1vZi0zMi1ieXRlcy4uLi4=";

/// Records its arguments and environment, and what it sees of its parent.
const SPY: &str = r#"{ env; printf '%s\n' "$@"; tr '\0' '\n' </proc/$PPID/cmdline; grep -i 'core file' /proc/$PPID/limits
} >>"$SPY/$ROLE.log" 2>/dev/null
"#;

/// A user whose helper programs spy, at a provider with canaries.
struct Scene {
    provider: Scripted,
    home: Home,
    /// Whether the store is encrypted.
    sealed: bool,
}

impl Scene {
    /// A confidential client with a secret from a command, and plain session files.
    fn new() -> Self {
        let provider = Scripted::start();
        let mut home = Home::new();
        for folder in ["spy", "home/tmp"] {
            fs::create_dir_all(home.path(folder)).unwrap();
        }
        let spy = home.path("spy");
        let script = |role: &str, then: &str| {
            let text = format!("ROLE={role}; SPY={}\n{SPY}{then}\n", spy.display());
            fs::write(spy.join(role), text).unwrap();
            format!("sh {}", spy.join(role).display())
        };
        home.set("BROWSER", &script("opener", "exec curl -sL --max-time 20 -o /dev/null -b '' \"$1\""));
        home.set("TIDP_CLIENT_SECRET_COMMAND", &script("secret", "echo canary-secret; echo trouble >&2"));
        script("child", "");
        script("job", "");
        for (name, value) in [
            ("TMPDIR", home.path("home/tmp").to_str().unwrap()),
            ("TIDP_ISSUER", &provider.issuer),
            ("TIDP_CLIENT_ID", "app"),
            ("TIDP_CLIENT_TYPE", "Confidential"),
            ("RUST_LOG", "trace"),
            ("RUST_BACKTRACE", "full"),
        ] {
            home.set(name, value);
        }
        Self { provider, home, sealed: false }
    }

    /// Runs `tidp -vv` and asserts that it prints no secret except `meant`.
    #[track_caller]
    fn run(&self, args: &[&str], meant: &[&str]) -> Outcome {
        self.checked(args, "", meant)
    }

    #[track_caller]
    fn checked(&self, args: &[&str], stdin: &str, meant: &[&str]) -> Outcome {
        let args = [&["-vv"], args].concat();
        let outcome = match stdin {
            "" => Process::start(&mut self.home.tidp_command(&args)).finish(),
            stdin => self.home.tidp_with_stdin(&args, stdin),
        };
        // The URL to visit may hold `state` and `nonce`.
        let is_address = |word: &&str| word.starts_with("http") && word.contains("code_challenge=");
        let stderr: Vec<_> = outcome.stderr.split_whitespace().filter(|word| !is_address(word)).collect();
        self.keeps(&format!("{args:?}: stderr"), &stderr.join(" "), &[]);
        self.keeps(&format!("{args:?}: stdout"), &outcome.stdout, meant);
        assert!(!outcome.stderr.contains("panicked"), "{outcome:#?}");
        for (path, text) in self.files() {
            self.keeps(&format!("{args:?}: {}", path.display()), &text, &[]);
        }
        outcome
    }

    /// Asserts that `text` has no secret except `meant`; `nonce` and `state` go by these names.
    #[track_caller]
    fn keeps(&self, place: &str, text: &str, meant: &[&str]) {
        // The second part of a JWT with its dot, which no cached key contains by chance.
        let known = ["canary-secret", "canary-refresh", "canary-code", "canary-access", "canary-", ".eyJ", STORE_KEY];
        for secret in known.iter().filter(|secret| !meant.contains(secret)) {
            // A meant value may share its beginning; `canary-` stands for all other secrets.
            let rest = meant.iter().fold(text.to_owned(), |text, meant| text.replace(meant, ""));
            assert!(!rest.contains(secret), "{place} tells {secret}: {text}");
        }
        for name in ["state", "nonce", "code_verifier"] {
            if meant.contains(&name) {
                continue;
            }
            for value in self.provider.seen().iter().filter_map(|seen| seen.field(name)) {
                assert!(value.is_empty() || !text.contains(&value), "{place} tells the {name}: {text}");
            }
        }
    }

    /// All files of the user except those of the spies and, if unencrypted, the sessions.
    fn files(&self) -> Vec<(PathBuf, String)> {
        let mut found = Vec::new();
        let mut folders: Vec<PathBuf> = ["home", "run", "locks"].map(|name| self.home.path(name)).into();
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
                let path = entry.path();
                if entry.file_type().unwrap().is_dir() {
                    folders.push(path);
                } else if self.sealed || !path.starts_with(self.sessions()) {
                    let text = String::from_utf8_lossy(&fs::read(&path).unwrap_or_default()).into_owned();
                    found.push((path, text));
                }
            }
        }
        found
    }

    fn sessions(&self) -> PathBuf {
        self.home.path("home/data/tidp/sessions")
    }

    /// What a spy recorded; it must have run.
    #[track_caller]
    fn spied(&self, role: &str) -> String {
        let log = self.home.path("spy").join(format!("{role}.log"));
        fs::read_to_string(&log).unwrap_or_else(|error| panic!("{role} was not started: {error}"))
    }

    /// Asserts that the programs learnt nothing, except the child of `exec` the access token.
    #[track_caller]
    fn spies_know_nothing(&self) {
        self.keeps("the opener", &self.spied("opener"), &["state", "nonce"]);
        assert!(self.spied("opener").lines().any(|line| line.starts_with("Max core file size") && zero(line)));
        self.keeps("the command of keepalive", &self.spied("job"), &[]);
        let child = self.spied("child");
        self.keeps("the child of exec", &child, &["canary-access"]);
        let with_token = child.lines().filter(|line| line.contains("canary-access"));
        assert!(
            with_token.clone().count() > 0 && with_token.clone().all(|line| line.starts_with("TIDP_ACCESS_TOKEN="))
        );
    }
}

/// Whether a line of `/proc/PID/limits` has a soft limit of 0.
fn zero(line: &str) -> bool {
    line.split_whitespace().nth(4) == Some("0")
}

const NEED_NO_PROFILE: [&str; 4] = ["completions", "decode", "demo", "sandbox"];

/// Runs every command that works with a profile, successfully; one that has no row runs without options.
fn a_whole_life(scene: &Scene) {
    let child = format!("sh {}", scene.home.path("spy/child").display());
    let exec: Vec<&str> = ["exec", "--"].into_iter().chain(child.split(' ')).collect();
    let job = format!("sh {}", scene.home.path("spy/job").display());
    let keepalive: Vec<&str> = ["keepalive", "--"].into_iter().chain(job.split(' ')).collect();
    scene.run(&["login"], &[]).expect(0);
    scene.run(&["login", "--json"], &["nonce"]).expect(0);
    let runs = [
        (&["token"][..], &["canary-access"][..]),
        (&["token", "--id-token"], &["eyJ"]),
        (&["token", "--format", "header"], &["canary-access"]),
        (&["token", "--format", "header-json"], &["canary-access"]),
        (&["token", "--format", "json"], &["canary-access"]),
        (&["token", "--format", "curl"], &["canary-access"]),
        (&["token", "--format", "env"], &["canary-access"]),
        (&["token", "--format", "exec-credential"], &["canary-access"]),
        (&["refresh", "--force"], &[]),
        (&["refresh", "--claims", "--json"], &[]),
        (&["refresh"], &[]),
        (&["inspect"], &["nonce"]),
        (&["inspect", "--json"], &["nonce"]),
        (&["userinfo"], &[]),
        (&["userinfo", "--json"], &[]),
        (&["manage", "--print"], &[]),
        (&["manage", "--json"], &[]),
        (&["policy"], &[]),
        (&["policy", "--why"], &[]),
        (&["policy", "--json"], &[]),
        (&["policy", "--short"], &[]),
        (&["profile", "list"], &[]),
        (&["profile", "show", "--json"], &[]),
        (&["keepalive", "--for", "0s"], &[]),
        (&keepalive, &[]),
        (&exec, &[]),
        (&["logout"], &[]),
        (&["token"], &[]),
        (&["login"], &[]),
        (&["logout", "--browser"], &[]),
    ];
    for command in Cli::command().get_subcommands().map(clap::Command::get_name) {
        let has_row = runs.iter().any(|(args, _)| args[0] == command);
        if !has_row && !NEED_NO_PROFILE.contains(&command) {
            scene.run(&[command], &[]).expect(0);
        }
    }
    for (args, meant) in runs {
        let outcome = scene.run(args, meant);
        let expected = if args == ["token"] && meant.is_empty() { 3 } else { 0 };
        assert_eq!(outcome.code, Some(expected), "{args:?}: {outcome:#?}");
    }
    // tidp may have ended when the browser arrives.
    let hint = poll("the hint", || {
        scene.provider.seen().iter().find_map(|seen| seen.field("id_token_hint").filter(|_| seen.path == "/endsession"))
    });
    assert!(hint.starts_with("eyJ"), "the provider alone is told the ID token");
    for folder in ["home", "locks", "run"] {
        assert!(no_canary_under(&scene.home.path(folder)), "something is left in {folder} after the logout");
    }
}

fn no_canary_under(folder: &Path) -> bool {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).all(|path| {
        if path.is_dir() {
            no_canary_under(&path)
        } else {
            !fs::read(&path).unwrap_or_default().windows(7).any(|w| w == b"canary-")
        }
    })
}

#[test]
fn successful_commands_leak_no_secret() {
    if !require("curl") {
        return;
    }
    let scene = Scene::new();
    a_whole_life(&scene);
    scene.spies_know_nothing();
    scene.keeps("the secret's command", &scene.spied("secret"), &[]);
}

#[test]
fn secret_from_the_environment_reaches_no_child_or_file() {
    if !require("curl") {
        return;
    }
    let mut scene = Scene::new();
    scene.home.unset("TIDP_CLIENT_SECRET_COMMAND");
    scene.home.set("TIDP_CLIENT_SECRET", "canary-secret");
    scene.home.set("TIDP_STORE", "file");
    scene.home.set("TIDP_STORE_KEY", STORE_KEY);
    scene.sealed = true;
    a_whole_life(&scene);
    scene.spies_know_nothing();
    assert!(scene.provider.seen().iter().any(|seen| seen.head.to_lowercase().contains("authorization: basic ")));
}

#[test]
fn bad_responses_leak_no_secret() {
    if !require("curl") {
        return;
    }
    let scene = Scene::new();
    let tokens = r#""access_token":"canary-access-0","refresh_token":"canary-refresh-0","token_type":"Bearer""#;
    let json = [("Content-Type", "application/json"), ("Set-Cookie", "sso=canary-cookie")];
    let mut answers = vec![b"HTTP/1.1 200 canary-reason\r\nContent-Length: 900\r\n\r\n{canary-".to_vec(), Vec::new()];
    for (status, body) in [
        (200, format!("{{{tokens}")),
        (200, format!("{{{tokens},}}")),
        (200, format!("{{{tokens},\"access_token\":\"canary-access-1\"}}")),
        (200, format!("{{{tokens},\"id_token\":\"canary-id\"}}")),
        (200, format!("{{{tokens},\"id_token\":\"e30.canary-.canary-\"}}")),
        (200, format!("{{{tokens},\"id_token\":[\"canary-\"]}}")),
        (200, format!("{{{tokens},\"expires_in\":\"canary-\"}}")),
        (200, format!("{{{tokens},\"scope\":[\"openid\"]}}")),
        (200, r#"{"access_token":"canary-\u001b","token_type":"Bearer"}"#.to_owned()),
        (200, r#"{"access_token":"canary-access-0","token_type":"canary-type"}"#.to_owned()),
        (200, r#""canary-access-0""#.to_owned()),
        (200, "<html>canary-access-0".to_owned()),
        (200, format!("[{}", "{\"canary-\":".repeat(9_000))),
        (302, format!("{{{tokens}}}")),
        (400, r#"{"error":["canary-"]}"#.to_owned()),
        (400, "canary-".to_owned()),
        (401, r#"{"error":"invalid_client"}"#.to_owned()),
        (401, r#"{"error":"invalid_client","error_description":"canary-secret is not the secret"}"#.to_owned()),
        (500, format!("{{{tokens}}}")),
        (503, "canary-".to_owned()),
    ] {
        answers.push(http(status, &json, &body));
    }
    let harmless = ["\"id_token\":", "\"expires_in\":\"", "\"scope\":["];
    for answer in answers {
        scene.provider.repents();
        scene.run(&["login"], &[]).expect(0);
        scene.provider.answers("/token", answer.clone());
        let said = String::from_utf8_lossy(&answer).into_owned();
        for args in [&["refresh", "--force"][..], &["refresh", "--force", "--json"], &["login"], &["login", "--json"]] {
            let outcome = scene.run(args, &[]);
            // A harmless flaw does not fail a refresh.
            let harmless = args[0] == "refresh" && harmless.iter().any(|flaw| said.contains(flaw));
            assert!(
                outcome.code.is_some_and(|code| if harmless { code == 0 } else { code > 1 }),
                "{args:?} after {said}: {outcome:#?}"
            );
        }
        scene.provider.answers("/userinfo", answer.clone());
        scene.provider.answers("/logout", answer.clone());
        scene.provider.answers("/revocation", answer);
        for args in [&["userinfo"][..], &["userinfo", "--json"], &["logout"], &["logout", "--json"]] {
            scene.run(args, &[]);
        }
    }
}

#[test]
fn bad_input_leaks_no_secret() {
    if !require("curl") {
        return;
    }
    let mut scene = Scene::new();
    scene.run(&["login"], &[]).expect(0);
    let mut entries = fs::read_dir(scene.sessions()).unwrap().map(|entry| entry.unwrap().path());
    let entry = entries.find(|path| path.is_file()).unwrap();
    let whole = fs::read_to_string(&entry).unwrap();
    for garbage in [
        &whole[..whole.len() / 2],
        "canary-refresh-9",
        "{\"canary-\":",
        &whole.replace("canary-refresh", "\\u001bcanary-"),
    ] {
        for args in [&["token"][..], &["refresh", "--force", "--json"], &["inspect"], &["policy", "--json"]] {
            fs::write(&entry, garbage).unwrap();
            scene.run(args, &["canary-access"]);
        }
    }
    fs::remove_file(&entry).unwrap();
    let (issuer, uri) = (scene.provider.issuer.clone(), "http://127.0.0.1:1/callback");
    for pasted in [
        "canary-code\n".to_owned(),
        format!("{uri}?code=canary-code&state=canary-state&iss={issuer}\n"),
        format!("https://elsewhere.test/?code=canary-code&id_token=eyJ&state=x&iss={issuer}\n"),
    ] {
        let outcome = scene.checked(&["login", "--paste"], &pasted, &[]);
        assert!(outcome.code.is_some_and(|code| code == 2 || code == 7), "{outcome:#?}");
    }
    let decoded = scene.checked(&["decode", "-"], "canary-access.canary-refresh.canary-code\n", &[]);
    decoded.expect(7);
    scene.home.set("TIDP_CLIENT_SECRET_COMMAND", "sh -c 'echo canary-secret; exit 3'");
    scene.run(&["login"], &[]).expect(2);
    scene.home.set("TIDP_STORE", "file");
    for key in ["canary-", STORE_KEY.trim_end_matches('=')] {
        scene.home.set("TIDP_STORE_KEY", key);
        assert!(scene.run(&["token"], &[]).code.is_some_and(|code| code > 1));
    }
}

#[test]
fn typed_client_secret_goes_only_into_the_store() {
    let mut scene = Scene::new();
    for name in ["TIDP_CLIENT_SECRET_COMMAND", "TIDP_ISSUER", "TIDP_CLIENT_ID", "TIDP_CLIENT_TYPE"] {
        scene.home.unset(name);
    }
    let issuer = scene.provider.issuer.clone();
    let add = ["profile", "add", "work", "--issuer", &issuer, "--client-id", "app", "--client-type", "Confidential"];
    scene.run(&add, &[]).expect(0);
    scene.checked(&["profile", "secret", "work"], "canary-secret\n", &[]).expect(0);
    scene.run(&["profile", "show", "work"], &[]).expect(0);
    scene.run(&["profile", "show", "work", "--json"], &[]).expect(0);
    scene.run(&["profile", "secret", "work", "--remove"], &[]).expect(0);
    assert!(no_canary_under(&scene.home.path("home")));
}
