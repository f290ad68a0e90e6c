//! A user of the binary: a home directory, an environment and a clock of its own.

use super::http;
use super::process::{Outcome, Process};
use super::provider::Provider;
use super::require::libfaketime;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A browser that follows every redirect with its cookies and shows nothing.
pub const FOLLOWER: &str = "curl -sSL --max-time 30 -o /dev/null -b ''";

/// A private home with nothing in it.
pub struct Home {
    root: TempDir,
    env: BTreeMap<String, String>,
    clock: i64,
}

impl Home {
    /// A home whose sessions are kept in plain files, because the machine may have no keyring.
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

    /// A new home, set by environment variables to one of a provider's clients.
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

    /// The same, logged in.
    #[track_caller]
    pub fn logged_in(provider: &Provider, client_id: &str) -> Self {
        let home = Self::at(provider, client_id);
        assert_eq!(home.tidp(&["login"]).expect(0), "");
        home
    }

    /// A path in this home's private directory.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Sets an environment variable for all that is run from now on.
    pub fn set(&mut self, name: &str, value: &str) {
        self.env.insert(name.into(), value.into());
    }

    /// What one is set to.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.env.get(name).map(String::as_str)
    }

    /// Takes one away.
    pub fn unset(&mut self, name: &str) {
        self.env.remove(name);
    }

    /// Time passes: for this user and for `provider` alike. Needs `require("faketime")`.
    #[track_caller]
    pub fn pass_time(&mut self, provider: &Provider, seconds: i64) {
        provider.advance(seconds);
        self.clock += seconds;
    }

    /// A command in this environment, with a closed standard input.
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

    /// The binary with these arguments, not yet started.
    pub fn tidp_command(&self, args: &[&str]) -> Command {
        let mut command = self.command(env!("CARGO_BIN_EXE_tidp"));
        command.args(args);
        command
    }

    /// Runs the binary to its end.
    #[track_caller]
    pub fn tidp(&self, args: &[&str]) -> Outcome {
        Process::start(&mut self.tidp_command(args)).finish()
    }

    /// Runs the binary with that on its standard input.
    #[track_caller]
    pub fn tidp_with_stdin(&self, args: &[&str], stdin: &str) -> Outcome {
        let mut process = Process::start(self.tidp_command(args).stdin(Stdio::piped()));
        process.write_stdin(stdin);
        process.finish()
    }

    /// A line of shell in which `tidp` is the binary, not yet started.
    pub fn sh_command(&self, script: &str) -> Command {
        let binaries = Path::new(env!("CARGO_BIN_EXE_tidp")).parent().unwrap().to_str().unwrap();
        let mut command = self.command("sh");
        command.args(["-c", script]).env("PATH", format!("{binaries}:{}", self.env["PATH"]));
        command
    }

    /// Runs it.
    #[track_caller]
    pub fn sh(&self, script: &str) -> Outcome {
        Process::start(&mut self.sh_command(script)).finish()
    }

    /// Starts a login whose URL is printed and opened by nobody; gives the process and the URL.
    #[track_caller]
    pub fn login_by_hand(&self, args: &[&str]) -> (Process, String) {
        let mut process = Process::start(self.tidp_command(&[&["login"], args].concat()).stdin(Stdio::piped()));
        let url = process.wait_for_word(|word| word.starts_with("http") && word.contains("code_challenge="));
        (process, url)
    }

    /// Opens a URL as a browser would and gives the address at which it ends, reachable or not.
    #[track_caller]
    pub fn follow(&self, url: &str) -> String {
        let args = ["-sL", "--max-time", "30", "-o", "/dev/null", "-b", "", "-w", "%{url_effective}"];
        // A redirect to a host that is not there ends at once instead of in a name server.
        let nowhere = ["--connect-to", "app.example:443:127.0.0.1:1"];
        let ran = self.command("curl").args(args).args(nowhere).arg(url).output().unwrap();
        String::from_utf8(ran.stdout).unwrap()
    }

    /// Every file under the home directory with its contents.
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

    /// Puts back what [`files`](Self::files) gave.
    pub fn put_back(&self, files: &[(PathBuf, Vec<u8>)]) {
        files.iter().for_each(|(path, bytes)| fs::write(path, bytes).unwrap());
    }

    /// Every token in a file under the home directory that is kept in the clear.
    pub fn stored_tokens(&self) -> Vec<String> {
        self.files().iter().flat_map(|(_, bytes)| token_like(bytes)).collect()
    }

    /// Makes sure that no file under the home directory holds a token in the clear: the payload of a JWT begins with
    /// `.eyJ`, which no key in a cached key set can hold by chance.
    #[track_caller]
    pub fn assert_no_token_in_files(&self) {
        for (path, bytes) in self.files() {
            assert!(!bytes.windows(4).any(|window| window == b".eyJ"), "a token in {}", path.display());
        }
    }
}

/// The claims that `access_token` opens at the provider's userinfo endpoint, asked without tidp.
#[track_caller]
pub fn userinfo(provider: &Provider, access_token: &str) -> (u16, String) {
    let bearer = format!("Bearer {access_token}");
    http::request("GET", &provider.issuer, "/connect/userinfo", &[("Authorization", &bearer)], "")
}

/// The tokens in a stored document, which may hold another as a string: the values of `value`.
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
