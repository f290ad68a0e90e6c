//! The test bench: a frozen clock, seeded entropy, and a provider, stores, files and a terminal in memory. Whole
//! commands run on it in process, in microseconds.
#![allow(dead_code, missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod fuse;
pub mod one_time;
pub mod ports;
pub mod provider;
pub mod tokens;

use ports::{Callback, Clock, Entropy, Files, ProgramRunner, Signals, Terminal, TestBrowser, TestCache, TestStores};
use provider::Provider;
use serde_json::Value;
use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use tidp::testing::domain::secret::Secret;
use tidp::testing::domain::session::{EntryKey, Session, SessionKey};
use tidp::testing::domain::time::{Seconds, Time};
use tidp::testing::ports::{Dirs, Env, Ports};
use tokens::{ISSUER, TokenResponse, another_jwks_named};

/// The time at which every test starts: 2026-01-31T12:00:00Z.
pub const START: Time = Time::from_unix(1_769_860_800);

/// The path of the configuration file.
pub const CONFIG: &str = "/home/kari/config/tidp/config.toml";

/// [`CONFIG`] as this system writes it.
pub fn config_path() -> String {
    ["/home/kari", "config", "tidp", "config.toml"].iter().collect::<std::path::PathBuf>().display().to_string()
}

/// The ports of one run, with access to the test side of each.
pub struct Bench {
    pub clock: Arc<Clock>,
    pub provider: Arc<Provider>,
    pub stores: Arc<TestStores>,
    pub cache: Arc<TestCache>,
    pub browser: Arc<TestBrowser>,
    pub callback: Arc<Callback>,
    pub terminal: Arc<Terminal>,
    pub files: Arc<Files>,
    pub programs: Arc<ProgramRunner>,
    pub signals: Arc<Signals>,
    pub ports: Ports,
}

/// The exit code and the output of a command.
#[derive(Debug)]
pub struct Outcome {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Outcome {
    /// Asserts the exit code, and that a failure leaves stdout empty.
    #[track_caller]
    pub fn exits(self, code: impl Into<i32>) -> Self {
        let code = code.into();
        assert_eq!(self.code, code, "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        if code != 0 {
            assert_eq!(self.stdout, "", "stdout stays empty on failure");
        }
        self
    }

    /// Asserts the exit code of a command that fails after printing some results.
    #[track_caller]
    pub fn exits_with_output(self, code: impl Into<i32>) -> Self {
        let code = code.into();
        assert_eq!(self.code, code, "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }

    /// The codes of the warnings in the JSON on stdout.
    #[track_caller]
    pub fn warnings(&self) -> Vec<String> {
        let document = self.json();
        let warnings = document["warnings"].as_array().cloned().unwrap_or_default();
        warnings.iter().map(|warning| warning["code"].as_str().expect("a code").to_owned()).collect()
    }

    /// stdout, parsed as one JSON document.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|e| panic!("{e}: {}\nstderr: {}", self.stdout, self.stderr))
    }

    /// The error object in the last line of stderr.
    #[track_caller]
    pub fn error(&self) -> serde_json::Value {
        let last = self.stderr.lines().last().unwrap_or_default();
        serde_json::from_str::<serde_json::Value>(last).unwrap_or_else(|e| panic!("{e}: {}", self.stderr))["error"]
            .clone()
    }

    /// Asserts that stderr contains these words.
    #[track_caller]
    pub fn says(self, words: &str) -> Self {
        assert!(self.stderr.contains(words), "stderr lacks `{words}`: {}", self.stderr);
        self
    }

    /// Asserts that stderr does not contain these words.
    #[track_caller]
    pub fn leaves_out(self, words: &str) -> Self {
        assert!(!self.stderr.contains(words), "stderr holds `{words}`: {}", self.stderr);
        self
    }
}

impl Bench {
    /// A bench whose environment names a client of this type.
    pub fn new(client_type: &str) -> Self {
        Self::with_env(&[
            ("TIDP_ISSUER", ISSUER),
            ("TIDP_CLIENT_ID", "app"),
            ("TIDP_CLIENT_TYPE", client_type),
            ("LANG", "nb_NO.UTF-8"),
        ])
    }

    /// A bench with exactly these variables.
    pub fn with_env(variables: &[(&str, &str)]) -> Self {
        let clock = Arc::new(Clock::at(START));
        let provider = Arc::new(Provider::default());
        let stores = Arc::new(TestStores::new(Arc::clone(&clock)));
        let cache = Arc::new(TestCache::new(Arc::clone(&clock)));
        let browser = Arc::new(TestBrowser::default());
        let callback = Arc::new(Callback::new(Arc::clone(&browser), Arc::clone(&clock)));
        let terminal = Arc::new(Terminal::new(Arc::clone(&browser), Arc::clone(&clock)));
        let (files, programs) = (Arc::new(Files::default()), Arc::new(ProgramRunner::default()));
        let signals = Arc::new(Signals::new(Arc::clone(&clock)));
        let dir = |name: &str| Some(Path::new("/home/kari").join(name));
        let ports = Ports {
            clock: Arc::clone(&clock) as _,
            entropy: Arc::new(Entropy::default()),
            http: Arc::clone(&provider) as _,
            stores: Arc::clone(&stores) as _,
            cache: Arc::clone(&cache) as _,
            browser: Arc::clone(&browser) as _,
            callback: Arc::clone(&callback) as _,
            terminal: Arc::clone(&terminal) as _,
            files: Arc::clone(&files) as _,
            programs: Arc::clone(&programs) as _,
            signals: Arc::clone(&signals) as _,
            background: |work| {
                work();
                Ok(())
            },
            env: env(variables),
            dirs: Dirs { config: dir("config"), data: dir("data"), state: dir("state"), cache: dir("cache") },
            time_zone: || jiff::tz::TimeZone::UTC,
        };
        Self { clock, provider, stores, cache, browser, callback, terminal, files, programs, signals, ports }
    }

    /// A bench with this configuration file and no TIDP variable.
    pub fn with_config(text: &str) -> Self {
        let bench = Self::with_env(&[("LANG", "nb_NO.UTF-8")]);
        bench.files.put(CONFIG, text);
        bench
    }

    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.ports.env.variables.insert(name.to_owned(), Secret::new(value));
        self
    }

    /// Runs `tidp`, and asserts that every expected request was made.
    #[track_caller]
    pub fn run(&self, args: &[&str]) -> Outcome {
        let outcome = self.run_unchecked(args);
        self.provider.check(args);
        outcome
    }

    /// As [`Bench::run`], but expected requests may remain.
    pub fn run_unchecked(&self, args: &[&str]) -> Outcome {
        let args = std::iter::once("tidp").chain(args.iter().copied()).map(OsString::from);
        let code = tidp::run(args, &self.ports);
        let (stdout, stderr) = self.terminal.take();
        Outcome { code, stdout, stderr }
    }

    pub fn pass(&self, time: Seconds) {
        self.clock.advance(time);
    }

    /// Replaces the cached keys by another one of this name, as if the provider had changed its key since.
    pub fn cache_other_keys(&self, kid: &str) {
        self.files.0.lock().unwrap().values_mut().for_each(|file| {
            let mut cached: Value = serde_json::from_slice(file).unwrap();
            if cached["url"].as_str().unwrap().ends_with("/jwks") {
                cached["document"] = another_jwks_named(kid).to_string().into();
            }
            *file = cached.to_string().into_bytes();
        });
    }

    /// Moves the clock to this many seconds after [`START`].
    pub fn at(&self, seconds: i64) {
        self.pass(START.plus(Seconds(seconds)).since(self.clock.time()));
    }

    /// The key of the session of the client in the environment.
    pub fn key(&self) -> SessionKey {
        self.key_of(&format!("app@{ISSUER}"))
    }

    /// The key of the session of this profile.
    pub fn key_of(&self, profile: &str) -> SessionKey {
        SessionKey { profile: profile.to_owned(), issuer: ISSUER.to_owned(), client_id: "app".to_owned() }
    }

    pub fn session(&self) -> Option<Session> {
        let document = self.stores.raw(&EntryKey::Session(self.key()).name())?;
        Some(Session::from_json(&Secret::new(document), &self.key()).expect("a session"))
    }

    /// Changes the stored session directly.
    pub fn edit(&self, edit: impl FnOnce(&mut Session)) {
        let mut session = self.session().expect("a session");
        edit(&mut session);
        self.stores.put(&EntryKey::Session(self.key()).name(), session.to_json().expose());
    }

    /// Logs in; the code is exchanged for this token response.
    #[track_caller]
    pub fn log_in_with(&self, answer: TokenResponse) -> Outcome {
        self.provider.expect_login(&self.browser, self.clock.time(), answer);
        self.run(&["login"])
    }

    /// Logs in with the refresh token `rt-1`.
    #[track_caller]
    pub fn log_in(&self) -> Outcome {
        self.log_in_with(TokenResponse::new().refresh_token("rt-1")).exits(0)
    }
}

fn env(variables: &[(&str, &str)]) -> Env {
    variables.iter().map(|(name, value)| ((*name).to_owned(), Secret::new(*value))).collect()
}
