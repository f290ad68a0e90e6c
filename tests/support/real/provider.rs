//! Providers to test with: tidp's sandbox, and three independent ones.

use super::home::FOLLOWER;
use super::http::request;
use super::process::{poll, stop};
use super::require::{on_path, program_under_test, python_of, tree};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A running provider; dropping it ends it.
pub struct Provider {
    child: Child,
    pub issuer: String,
    clients: Vec<Value>,
    kind: Kind,
    /// The browser to set as `BROWSER`.
    pub browser: String,
}

enum Kind {
    Sandbox,
    Independent,
    /// The folder of a provider that can be restarted.
    Restartable(Foreign, TempDir),
}

#[derive(Clone, Copy)]
enum Foreign {
    Django,
    Glewlwyd,
}

impl Provider {
    /// `tidp sandbox` with these options; a login needs no click.
    pub fn sandbox(more: &[&str]) -> Self {
        Self::sandbox_with_pages(&[&["--auto-approve"], more].concat())
    }

    /// `tidp sandbox` with these options; a login needs its page.
    pub fn sandbox_with_pages(more: &[&str]) -> Self {
        let mut command = Command::new(program_under_test());
        command.args(["sandbox", "--json", "--port", "0"]).args(more);
        Self::start(command, Kind::Sandbox)
    }

    /// npm's `oidc-provider`, set up with TelenorID+'s policies.
    pub fn independent() -> Self {
        let mut command = Command::new("node");
        command.arg("--no-warnings").arg(tree("tests/provider/provider.mjs"));
        Self::start(command, Kind::Independent)
    }

    /// PyPI's `django-oauth-toolkit`. Needs `require("django")`.
    pub fn django() -> Self {
        Self::restartable(Foreign::Django)
    }

    /// Debian's `glewlwyd`, in C. Needs `require("glewlwyd")`.
    pub fn glewlwyd() -> Self {
        Self::restartable(Foreign::Glewlwyd)
    }

    fn restartable(foreign: Foreign) -> Self {
        let folder = tempfile::Builder::new().prefix("tidp-test-").tempdir().unwrap();
        Self::start(foreign.command(&folder), Kind::Restartable(foreign, folder))
    }

    fn start(mut command: Command, kind: Kind) -> Self {
        let (child, ready) = started(&mut command);
        let issuer = ready["issuer"].as_str().unwrap().to_owned();
        let browser = match &kind {
            Kind::Restartable(foreign, _) => foreign.browser(&ready),
            _ => FOLLOWER.to_owned(),
        };
        Self { child, issuer, clients: ready["clients"].as_array().unwrap().clone(), kind, browser }
    }

    /// The start line's information on a client.
    #[track_caller]
    pub fn client(&self, client_id: &str) -> &Value {
        let found = self.clients.iter().find(|client| client["client_id"] == client_id);
        found.unwrap_or_else(|| panic!("no client {client_id} in {:?}", self.clients))
    }

    /// Moves the provider's clock forward.
    #[track_caller]
    pub fn advance(&self, seconds: i64) {
        self.post("/clock", &json!({ "advance": seconds }));
    }

    /// Stops the provider's clock; only `advance` moves it, so expiry is exact to the second.
    #[track_caller]
    pub fn freeze(&self) {
        self.post("/clock", &json!({ "freeze": true }));
    }

    /// Ends every SSO session.
    #[track_caller]
    pub fn end_sso(&self) {
        self.post("/sso/end", &json!({}));
    }

    /// Sets `rotate` (one-time refresh tokens) or `reuse`.
    #[track_caller]
    pub fn refresh_tokens(&self, mode: &str) {
        self.post("/refresh-tokens", &json!({ "mode": mode }));
    }

    /// Sets whether clients may ask about their `own` tokens, or about `none`.
    #[track_caller]
    pub fn introspection(&self, mode: &str) {
        self.post("/introspection", &json!({ "mode": mode }));
    }

    /// Sets the status of the next responses of the token endpoint; 0 performs the request and hangs up.
    #[track_caller]
    pub fn fail_token_requests(&self, status: u16, times: u32) {
        self.post("/fail", &json!({ "status": status, "times": times }));
    }

    /// The number of requests to an endpoint (`token`, `userinfo`, `revocation` …).
    #[track_caller]
    pub fn requests(&self, endpoint: &str) -> u64 {
        self.counts().get(endpoint).and_then(Value::as_u64).unwrap_or(0)
    }

    /// The number of all requests.
    #[track_caller]
    pub fn all_requests(&self) -> u64 {
        self.counts().values().filter_map(Value::as_u64).sum()
    }

    #[track_caller]
    fn counts(&self) -> serde_json::Map<String, Value> {
        let (status, body) = request("GET", &self.issuer, self.root(), &[], "");
        assert_eq!(status, 200, "{body}");
        let state: Value = serde_json::from_str(&body).unwrap();
        state["requests"].as_object().unwrap_or_else(|| panic!("no counts in {body}")).clone()
    }

    /// Posts to the control API.
    #[track_caller]
    pub fn post(&self, path: &str, body: &Value) {
        let json = [("Content-Type", "application/json")];
        let (status, answer) =
            request("POST", &self.issuer, &format!("{}{path}", self.root()), &json, &body.to_string());
        assert!(status < 300, "{path}: {status} {answer}");
    }

    fn root(&self) -> &'static str {
        match self.kind {
            Kind::Sandbox => "/sandbox",
            Kind::Independent => "/control",
            Kind::Restartable(..) => panic!("it has no control API"),
        }
    }

    /// Replaces the signing key, and publishes only the new one.
    #[track_caller]
    pub fn change_keys(&mut self) {
        let Kind::Restartable(foreign, folder) = &self.kind else {
            return self.post("/keys/rotate", &json!({ "keep": false }));
        };
        let mut command = foreign.command(folder);
        command.arg(self.authority().rsplit(':').next().unwrap());
        self.stop();
        let (child, ready) = started(&mut command);
        self.child = child;
        assert_eq!(ready["issuer"], self.issuer);
    }

    fn authority(&self) -> String {
        self.issuer.trim_start_matches("http://").split('/').next().unwrap().to_owned()
    }

    /// Ends it, and waits until its port is closed.
    pub fn stop(&mut self) {
        stop(&mut self.child);
        let authority = self.authority();
        poll("the provider's end", || std::net::TcpStream::connect(&authority).is_err().then_some(()));
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        stop(&mut self.child);
    }
}

impl Foreign {
    fn script(self, name: &str) -> String {
        let folder = match self {
            Self::Django => "tests/provider/django",
            Self::Glewlwyd => "tests/provider/glewlwyd",
        };
        tree(folder).join(name).to_str().unwrap().to_owned()
    }

    /// The command that restarts it on `folder`; a port may follow.
    fn command(self, folder: &TempDir) -> Command {
        let mut command = match self {
            Self::Django => Command::new(python_of("django").unwrap()),
            Self::Glewlwyd => Command::new("python3"),
        };
        command.arg(self.script("provider.py"));
        if let Self::Glewlwyd = self {
            command.arg(on_path("glewlwyd").unwrap());
        }
        command.arg(folder.path());
        command
    }

    fn browser(self, ready: &Value) -> String {
        let who = [&ready["user"], &ready["password"]].map(|text| text.as_str().unwrap());
        format!("python3 '{}' '{}' '{}'", self.script("browser.py"), who[0], who[1])
    }
}

/// The child and its start line, once printed.
#[track_caller]
fn started(command: &mut Command) -> (Child, Value) {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    stdout.read_line(&mut line).unwrap();
    // The pipe stays open, so that the provider can go on writing.
    std::thread::spawn(move || std::io::copy(&mut stdout, &mut std::io::sink()));
    let ready = serde_json::from_str(&line).unwrap_or_else(|error| panic!("start line {line:?}: {error}"));
    (child, ready)
}
