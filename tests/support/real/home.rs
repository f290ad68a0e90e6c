//! A user of the binary: home directory, environment and clock.

use super::http;
use super::process::{Outcome, Process};
use super::provider::Provider;
use super::require::{libfaketime, program_under_test};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A browser that follows redirects with cookies, and shows nothing.
pub const FOLLOWER: &str = "curl -sSL --max-time 30 -o /dev/null -b ''";

/// A new, empty home.
pub struct Home {
    root: TempDir,
    env: BTreeMap<String, String>,
    clock: i64,
}

impl Home {
    /// A home with sessions in plain files, as there may be no keyring.
    pub fn new() -> Self {
        let root = tempfile::Builder::new().prefix("tidp-test-").tempdir().unwrap();
        let mut home = Self { root, env: BTreeMap::new(), clock: 0 };
        for (name, folder) in [
            ("HOME", "home"),
            ("XDG_CONFIG_HOME", "home/config"),
            ("XDG_DATA_HOME", "home/data"),
            ("XDG_STATE_HOME", "home/state"),
            ("XDG_CACHE_HOME", "home/cache"),
            ("XDG_RUNTIME_DIR", "run"),
            ("TIDP_LOCK_DIR", "locks"),
        ] {
            let path = home.path(folder);
            fs::create_dir_all(&path).unwrap();
            fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
            home.set(name, path.to_str().unwrap());
        }
        home.set("PATH", &std::env::var("PATH").unwrap());
        home.set("LANG", "C.UTF-8");
        home.set("TZ", "UTC");
        home.set("TIDP_STORE", "plaintext-file");
        home.set("TIDP_ACCESS_TOKEN_CACHE", "off");
        home.set("BROWSER", FOLLOWER);
        home
    }

    /// A new home with variables for one of the provider's clients.
    pub fn at(provider: &Provider, client_id: &str) -> Self {
        let client = provider.client(client_id);
        let mut home = Self::new();
        home.set("TIDP_ISSUER", &provider.issuer);
        home.set("TIDP_CLIENT_ID", client_id);
        home.set("BROWSER", &provider.browser);
        for (name, member) in [
            ("TIDP_CLIENT_TYPE", "client_type"),
            ("TIDP_POLICY", "policy"),
            ("TIDP_CLIENT_SECRET", "client_secret"),
            ("TIDP_REDIRECT_URI", "redirect_uri"),
        ] {
            if let Some(value) = client[member].as_str() {
                home.set(name, value);
            }
        }
        home
    }

    #[track_caller]
    pub fn logged_in(provider: &Provider, client_id: &str) -> Self {
        let home = Self::at(provider, client_id);
        assert_eq!(home.tidp(&["login"]).expect(0), "");
        home
    }

    /// A path in this home.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Sets an environment variable.
    pub fn set(&mut self, name: &str, value: &str) {
        self.env.insert(name.into(), value.into());
    }

    /// The value of an environment variable.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.env.get(name).map(String::as_str)
    }

    /// Removes an environment variable.
    pub fn unset(&mut self, name: &str) {
        self.env.remove(name);
    }

    /// Advances the clocks of this user and of `provider`. Needs `require("faketime")`.
    #[track_caller]
    pub fn pass_time(&mut self, provider: &Provider, seconds: i64) {
        provider.advance(seconds);
        self.clock += seconds;
    }

    /// A command in this environment, with closed standard input.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs(&self.env).stdin(Stdio::null()).current_dir(self.root.path());
        if self.clock != 0 {
            command
                .env("LD_PRELOAD", libfaketime().unwrap())
                .env("FAKETIME", format!("{:+}s", self.clock))
                .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
                .env("DONT_FAKE_MONOTONIC", "1")
                .env("NO_FAKE_STAT", "1");
        }
        command
    }

    /// `tidp` with these arguments, not started.
    pub fn tidp_command(&self, args: &[&str]) -> Command {
        let mut command = self.command(program_under_test());
        command.args(args);
        command
    }

    /// Runs `tidp` to its end.
    #[track_caller]
    pub fn tidp(&self, args: &[&str]) -> Outcome {
        Process::start(&mut self.tidp_command(args)).finish()
    }

    /// Runs `tidp` with this standard input.
    #[track_caller]
    pub fn tidp_with_stdin(&self, args: &[&str], stdin: &str) -> Outcome {
        let mut process = Process::start(self.tidp_command(args).stdin(Stdio::piped()));
        process.write_stdin(stdin);
        process.finish()
    }

    /// A shell line that can call `tidp`, not started.
    pub fn sh_command(&self, script: &str) -> Command {
        let binaries = Path::new(program_under_test()).parent().unwrap().to_str().unwrap();
        let mut command = self.command("sh");
        command.args(["-c", script]).env("PATH", format!("{binaries}:{}", self.env["PATH"]));
        command
    }

    /// Runs a shell line to its end.
    #[track_caller]
    pub fn sh(&self, script: &str) -> Outcome {
        Process::start(&mut self.sh_command(script)).finish()
    }

    /// Starts a login without opening its URL; returns the process and the URL.
    #[track_caller]
    pub fn login_by_hand(&self, args: &[&str]) -> (Process, String) {
        let mut process = Process::start(self.tidp_command(&[&["login"], args].concat()).stdin(Stdio::piped()));
        let url = process.wait_for_word(|word| word.starts_with("http") && word.contains("code_challenge="));
        (process, url)
    }

    /// Opens a URL as a browser would; returns the last address, reachable or not.
    #[track_caller]
    pub fn follow(&self, url: &str) -> String {
        let args = ["-sL", "--max-time", "30", "-o", "/dev/null", "-b", "", "-w", "%{url_effective}"];
        // A redirect to an unknown host ends at once, without a name server.
        let nowhere = ["--connect-to", "app.example:443:127.0.0.1:1"];
        let ran = self.command("curl").args(args).args(nowhere).arg(url).output().unwrap();
        String::from_utf8(ran.stdout).unwrap()
    }

    /// All files under the home with their contents.
    pub fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut found = Vec::new();
        let mut folders = vec![self.path("home")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
                match entry.file_type().unwrap() {
                    kind if kind.is_dir() => folders.push(entry.path()),
                    kind if kind.is_file() => found.push((entry.path(), fs::read(entry.path()).unwrap())),
                    _ => {}
                }
            }
        }
        found
    }

    /// Restores what [`files`](Self::files) returned.
    pub fn restore_files(&self, files: &[(PathBuf, Vec<u8>)]) {
        files.iter().for_each(|(path, bytes)| fs::write(path, bytes).unwrap());
    }

    /// All tokens in clear text in files under the home.
    pub fn stored_tokens(&self) -> Vec<String> {
        self.files().iter().flat_map(|(_, bytes)| token_like(bytes)).collect()
    }

    /// Asserts that no file under the home has a token in clear text: a JWT's payload begins with `.eyJ`, which no
    /// cached key contains by chance.
    #[track_caller]
    pub fn assert_no_token_in_files(&self) {
        for (path, bytes) in self.files() {
            assert!(!bytes.windows(4).any(|window| window == b".eyJ"), "a token in {}", path.display());
        }
    }
}

/// The claims from the userinfo endpoint for `access_token`, without tidp.
#[track_caller]
pub fn userinfo(provider: &Provider, access_token: &str) -> (u16, String) {
    let bearer = format!("Bearer {access_token}");
    http::request("GET", &provider.issuer, "/connect/userinfo", &[("Authorization", &bearer)], "")
}

/// The tokens in a stored document, nested ones too: the values of `value`.
fn token_like(bytes: &[u8]) -> Vec<String> {
    fn gather(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get("value").and_then(Value::as_str).map(str::to_owned));
                members.values().for_each(|member| gather(member, found));
            }
            Value::Array(items) => items.iter().for_each(|item| gather(item, found)),
            Value::String(text) => found.extend(token_like(text.as_bytes())),
            _ => {}
        }
    }
    let mut found = Vec::new();
    if let Ok(document @ Value::Object(_)) = serde_json::from_slice(bytes) {
        gather(&document, &mut found);
    }
    found
}
