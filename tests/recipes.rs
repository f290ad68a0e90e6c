//! Runs every block of `docs/recipes.md` in the shell or tool that it is for, against the sandbox and an API that records
//! the token it gets. Programs of one's own (`report`, `docker`) are stubs.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "tests touch the machine themselves")]

#[path = "support/real/mod.rs"]
mod real;

use real::process::Process;
use real::require::{on_path, tree};
use real::{Home, Outcome, Provider, program_under_test, require};
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

/// Each block: its heading, its language, and how many there are.
const BLOCKS: [(&str, &str, usize); 13] = [
    ("Agents and MCP", "json", 1),
    ("Docker", "sh", 1),
    ("GitHub Actions", "sh", 1),
    ("GitHub Actions", "yaml", 1),
    ("GitLab CI", "yaml", 1),
    ("Shells", "fish", 1),
    ("Shells", "powershell", 1),
    ("Shells", "sh", 1),
    ("cron", "crontab", 1),
    ("direnv", "sh", 1),
    ("kubectl", "yaml", 1),
    ("make", "make", 1),
    ("systemd", "ini", 2),
];

/// The blocks of the page: heading, language, text.
fn all_blocks() -> Vec<(String, String, String)> {
    let page = fs::read_to_string(tree("docs/recipes.md")).unwrap();
    let (mut found, mut heading, mut open) = (Vec::new(), String::new(), None);
    for line in page.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(language)) => open = Some((language.to_owned(), String::new())),
            (Some(_), Some(_)) => {
                let (language, text) = open.take().unwrap();
                found.push((heading.clone(), language, text));
            }
            (Some((_, text)), None) => *text += &format!("{line}\n"),
            (None, None) if line.starts_with('#') => heading = line.trim_start_matches(['#', ' ']).to_owned(),
            (None, None) => {}
        }
    }
    found
}

fn blocks(heading: &str, language: &str) -> Vec<String> {
    let is_wanted = |block: &(String, String, String)| block.0 == heading && block.1 == language;
    all_blocks().into_iter().filter(is_wanted).map(|block| block.2).collect()
}

fn block(heading: &str, language: &str) -> String {
    blocks(heading, language).into_iter().next().unwrap_or_else(|| panic!("no block of {language} under {heading}"))
}

/// An API whose answer is `[]`, and the tokens that it got.
struct Api {
    url: String,
    tokens: Arc<Mutex<Vec<String>>>,
}

impl Api {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/orders", listener.local_addr().unwrap());
        let tokens = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&tokens);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let head = BufReader::new(&stream).lines().map_while(Result::ok).take_while(|line| !line.is_empty());
                let header = head.collect::<Vec<_>>().into_iter().find_map(|line| {
                    let (name, value) = line.split_once(": ")?;
                    name.eq_ignore_ascii_case("authorization").then(|| value.to_owned())
                });
                seen.lock().unwrap().extend(header);
                let _ = (&stream).write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]");
            }
        });
        Self { url, tokens }
    }
}

/// A user of the recipes, whose programs are stubs.
struct Scene {
    provider: Provider,
    home: Home,
    api: Api,
}

impl Scene {
    /// A user at home in `$HOME` alone, as under cron.
    fn new() -> Self {
        let (provider, api) = (Provider::sandbox(&[]), Api::start());
        let mut home = Home::new();
        for name in ["XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "TIDP_LOCK_DIR"] {
            home.unset(name);
        }
        home.set("API_URL", &api.url);
        let report = "printf 'Bearer %s' \"$TIDP_ACCESS_TOKEN\" >\"$HOME/reported\"; env >\"$HOME/reported.env\"";
        let docker = format!("printf '%s ' \"$@\" >\"$HOME/arguments\"; {report}");
        for (path, text) in [("report", report), ("home/bin/report", report), ("bin/docker", &docker)] {
            let path = home.path(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        let folders = [Path::new(program_under_test()).parent().unwrap().to_owned(), home.path("bin")];
        let path = format!("{}:{}:{}", folders[0].display(), folders[1].display(), home.get("PATH").unwrap());
        home.set("PATH", &path);
        Self { provider, home, api }
    }

    /// With the profile `work`, and with a session.
    fn logged_in() -> Self {
        let scene = Self::new();
        scene.add_profile();
        scene.home.tidp(&["login"]).expect(0);
        scene
    }

    fn add_profile(&self) {
        let client = ["--client-id", "sandbox-mobile", "--client-type", "MobileApp"];
        let add = [&["profile", "add", "work", "--issuer", &self.provider.issuer], &client[..]].concat();
        self.home.tidp(&add).expect(0);
    }

    #[track_caller]
    fn run(&self, program: &str, args: &[&str]) -> Outcome {
        let outcome = Process::start(self.home.command(program).args(args)).finish();
        outcome.expect(0);
        outcome
    }

    /// The API got one token since the last call, and its answer was kept.
    #[track_caller]
    fn the_api_got_a_token(&self, what: &str) {
        let tokens = std::mem::take(&mut *self.api.tokens.lock().unwrap());
        assert!(tokens.len() == 1 && tokens[0].starts_with("Bearer eyJ"), "{what}: {tokens:?}");
        let orders = self.home.path("orders.json");
        assert_eq!(fs::read_to_string(&orders).unwrap(), "[]", "{what}");
        fs::remove_file(orders).unwrap();
    }

    /// The user's own program got the token since the last call, and no secret.
    #[track_caller]
    fn the_program_got_a_token(&self, what: &str) {
        let reported = |name: &str| {
            let path = self.home.path("home").join(name);
            let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{what}: {error}"));
            fs::remove_file(path).unwrap();
            text
        };
        assert!(reported("reported").starts_with("Bearer eyJ"), "{what}");
        let env = reported("reported.env");
        assert!(!env.contains("sandbox-secret") && !env.contains("TIDP_STORE_KEY="), "{what}: {env}");
    }
}

/// Asserts that this is YAML.
fn is_yaml(text: &str) {
    let read = "import sys, yaml\nassert yaml.safe_load(sys.argv[1])";
    let status = Command::new("python3").args(["-c", read, text]).status().unwrap();
    assert!(status.success(), "no YAML: {text}");
}

/// The `TIDP_…` variables of a CI file, as the sandbox's client has them.
fn ci_variables(text: &str, issuer: &str) -> Vec<(String, String)> {
    let pair = |line: &str| {
        let (name, value) = line.trim().split_once(": ")?;
        let (name, value) = match (name, value) {
            ("TIDP_ENVIRONMENT", "staging") => ("TIDP_ISSUER", issuer),
            (name, "${{ vars.TIDP_CLIENT_ID }}" | "YOUR-ROBOT") => (name, "sandbox-confidential"),
            (name, "${{ secrets.TIDP_CLIENT_SECRET }}") => (name, "sandbox-secret"),
            (name, value) => (name, value.trim_matches('"')),
        };
        name.starts_with("TIDP_").then(|| (name.to_owned(), value.to_owned()))
    };
    text.lines().filter_map(pair).collect()
}

/// The scripts after `run:`, in one line or in an indented block.
fn run_scripts(text: &str) -> Vec<String> {
    let mut scripts: Vec<String> = Vec::new();
    let mut is_open = false;
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        match line.trim().strip_prefix("run: ") {
            Some("|") => {
                scripts.push(String::new());
                is_open = true;
            }
            Some(script) => scripts.push(script.to_owned()),
            None if is_open && indent >= 10 => *scripts.last_mut().unwrap() += &format!("{}\n", line.trim()),
            None => is_open = false,
        }
    }
    scripts
}

#[test]
fn every_recipe_has_its_test() {
    let all = all_blocks();
    for (heading, language, count) in BLOCKS {
        assert_eq!(blocks(heading, language).len(), count, "{language} under {heading}");
    }
    let known: usize = BLOCKS.iter().map(|(_, _, count)| count).sum();
    assert_eq!(all.len(), known, "a block that no test knows");
}

#[test]
fn github_job_uses_a_machine_token() {
    if !(require("curl") && require("bash") && require("PyYAML")) {
        return;
    }
    let text = block("GitHub Actions", "yaml");
    is_yaml(&text);
    let mut scene = Scene::new();
    scene.home.unset("TIDP_STORE");
    for (name, value) in ci_variables(&text, &scene.provider.issuer) {
        scene.home.set(&name, &value);
    }
    let scripts = run_scripts(&text);
    let [fetch, report] = &scripts[..] else { panic!("two steps, not {scripts:?}") };
    scene.run("bash", &["-e", "-c", fetch]);
    scene.the_api_got_a_token("the first step");
    scene.run("bash", &["-e", "-c", report]);
    scene.the_program_got_a_token("the second step");
    let variables = scene.home.path("variables");
    scene.home.set("GITHUB_ENV", variables.to_str().unwrap());
    let masked = scene.run("bash", &["-e", "-c", &block("GitHub Actions", "sh")]);
    let token = fs::read_to_string(variables).unwrap().trim_end().replace("API_TOKEN=", "");
    assert!(token.starts_with("eyJ"), "{token}");
    assert_eq!(masked.stdout, format!("::add-mask::{token}\n"), "before it can be printed");
    // The token of the run before is not kept.
    for (secret, code) in [(Some("wrong"), 4), (None, 2)] {
        match secret {
            Some(secret) => scene.home.set("TIDP_CLIENT_SECRET", secret),
            None => scene.home.unset("TIDP_CLIENT_SECRET"),
        };
        for script in [fetch.as_str(), report, &block("GitHub Actions", "sh")] {
            let failed = Process::start(scene.home.command("bash").args(["-e", "-c", script])).finish();
            assert!(failed.code == Some(code) && failed.stdout.is_empty(), "{script}: {failed:#?}");
        }
    }
    assert!(scene.api.tokens.lock().unwrap().is_empty(), "nothing was sent without a token");
}

#[test]
fn gitlab_job_uses_a_machine_token() {
    if !(require("curl") && require("PyYAML")) {
        return;
    }
    let text = block("GitLab CI", "yaml");
    is_yaml(&text);
    let mut scene = Scene::new();
    scene.home.unset("TIDP_STORE");
    scene.home.set("TIDP_CLIENT_SECRET", "sandbox-secret");
    for (name, value) in ci_variables(&text, &scene.provider.issuer) {
        scene.home.set(&name, &value);
    }
    let (_, script) = text.split_once("script:\n").unwrap();
    let lines: Vec<&str> = script.lines().filter_map(|line| line.trim().strip_prefix("- ")).collect();
    let [fetch, report] = &lines[..] else { panic!("two lines, not {lines:?}") };
    scene.run("sh", &["-e", "-c", fetch]);
    scene.the_api_got_a_token("the first line");
    scene.run("sh", &["-e", "-c", report]);
    scene.the_program_got_a_token("the second line");
}

#[test]
fn docker_gets_the_token_in_no_argument() {
    if !require("curl") {
        return;
    }
    let scene = Scene::logged_in();
    scene.run("sh", &["-c", &block("Docker", "sh")]);
    let arguments = fs::read_to_string(scene.home.path("home/arguments")).unwrap();
    assert_eq!(arguments, "run --rm -e TIDP_ACCESS_TOKEN my-image ");
    scene.the_program_got_a_token("the container");
}

#[test]
fn kubectl_gets_its_credential() {
    if !(require("curl") && require("PyYAML")) {
        return;
    }
    let text = block("kubectl", "yaml");
    is_yaml(&text);
    let scene = Scene::logged_in();
    let value = |key: &str| text.lines().find_map(|line| line.trim().strip_prefix(&format!("{key}: "))).unwrap();
    let version = "client.authentication.k8s.io/v1";
    assert!(text.contains(&format!("        apiVersion: {version}\n")));
    let args: Vec<&str> = value("args").trim_matches(['[', ']']).split(", ").collect();
    let info = format!(r#"{{"apiVersion":"{version}","kind":"ExecCredential","spec":{{"interactive":false}}}}"#);
    let mut plugin = scene.home.command(value("command"));
    let credential = Process::start(plugin.args(args).env("KUBERNETES_EXEC_INFO", info)).finish().json();
    assert_eq!((&credential["apiVersion"], &credential["kind"]), (&version.into(), &"ExecCredential".into()));
    assert!(credential["status"]["token"].as_str().unwrap().starts_with("eyJ"), "{credential}");
}

#[test]
fn mcp_client_gets_its_headers() {
    if !require("curl") {
        return;
    }
    let settings: serde_json::Value = serde_json::from_str(&block("Agents and MCP", "json")).unwrap();
    let scene = Scene::logged_in();
    let helper = settings["mcpServers"]["orders"]["headersHelper"].as_str().unwrap();
    let headers = scene.run("sh", &["-c", helper]).json();
    assert!(headers["Authorization"].as_str().unwrap().starts_with("Bearer eyJ"), "{headers}");
}

/// A key for the file store, in a file.
fn store_key(path: &Path) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, "Y2FuYXJ5LXN0b3JlLWtleS1vZi0zMi1ieXRlcy4uLi4=\n").unwrap();
}

#[test]
fn systemd_service_has_its_own_session() {
    if !(require("curl") && require("systemd-analyze")) {
        return;
    }
    let scene = Scene::new();
    let place = |name: &str| scene.home.path(name).display().to_string();
    let units = blocks("systemd", "ini").into_iter().map(|unit| {
        unit.replace("/usr/bin/tidp", program_under_test())
            .replace("/usr/local/bin/report", &place("report"))
            .replace("/etc/tidp", &place("etc"))
    });
    let units: Vec<String> = units.collect();
    let files = ["report.service", "report.timer"].map(|name| scene.home.path(name));
    for (file, unit) in files.iter().zip(&units) {
        fs::write(file, unit).unwrap();
    }
    let verified = scene.run("systemd-analyze", &["verify", files[0].to_str().unwrap(), files[1].to_str().unwrap()]);
    assert!(!verified.stderr.contains("report."), "{verified:#?}");

    store_key(&scene.home.path("credentials/store.key"));
    let expand = |text: &str| text.replace("%S", &place("state")).replace("%d", &place("credentials"));
    let assignments =
        units[0].lines().filter_map(|line| line.strip_prefix("Environment=")).flat_map(|all| all.split(' '));
    let env: Vec<(String, String)> =
        assignments.map(expand).map(|pair| pair.split_once('=').map(|(n, v)| (n.into(), v.into())).unwrap()).collect();
    let config = scene.home.path("etc/config.toml");
    fs::create_dir_all(config.parent().unwrap()).unwrap();
    let issuer = &scene.provider.issuer;
    let client = "client_id = \"sandbox-mobile\"\nclient_type = \"MobileApp\"";
    fs::write(config, format!("[profile.work]\nissuer = \"{issuer}\"\n{client}\n")).unwrap();
    Process::start(scene.home.tidp_command(&["login"]).envs(env.iter().cloned())).finish().expect(0);
    let start = units[0].lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
    let mut service = Command::new("sh");
    service.env_clear().env("HOME", place("home")).envs(env).args(["-c", start]).current_dir("/");
    Process::start(&mut service).finish().expect(0);
    scene.the_program_got_a_token("the service");
    assert!(scene.home.path("state/report").is_dir(), "the session is where the unit says");
}

#[test]
fn cron_job_needs_no_keyring() {
    if !require("curl") {
        return;
    }
    let scene = Scene::new();
    let home = scene.home.path("home").display().to_string();
    let crontab = block("cron", "crontab").replace("/home/kari", &home);
    let binaries = Path::new(program_under_test()).parent().unwrap().display().to_string();
    let (mut env, mut commands) = (Vec::new(), Vec::new());
    for line in crontab.lines() {
        match line.split_once(" * * * * ") {
            Some((_, command)) => commands.push(command.to_owned()),
            None => env.push(line.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned())).unwrap()),
        }
    }
    assert!(commands.iter().all(|command| !command.contains('%')), "cron would end the command there");
    let path = env.iter_mut().find(|(name, _)| name == "PATH").unwrap();
    path.1 = format!("{binaries}:{}", path.1);
    scene.add_profile();
    store_key(&PathBuf::from(&home).join("tidp.key"));
    Process::start(scene.home.tidp_command(&["login"]).envs(env.iter().cloned())).finish().expect(0);
    for command in commands {
        let mut job = Command::new("/bin/sh");
        job.env_clear().env("HOME", &home).env("LOGNAME", "kari").env("SHELL", "/bin/sh").envs(env.iter().cloned());
        Process::start(job.args(["-c", &command]).current_dir(&home)).finish().expect(0);
        scene.the_program_got_a_token("the job");
    }
    scene.home.assert_no_token_in_files();
}

#[test]
fn direnv_chooses_the_profile() {
    if !(require("curl") && require("direnv")) {
        return;
    }
    let scene = Scene::logged_in();
    scene.home.tidp(&["profile", "add", "other", "--issuer", &scene.provider.issuer, "--client-id", "x"]).expect(0);
    scene.home.tidp(&["profile", "use", "other"]).expect(0);
    let folder = scene.home.path("project");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join(".envrc"), block("direnv", "sh")).unwrap();
    let folder = folder.to_str().unwrap();
    scene.run("direnv", &["allow", folder]);
    let inside = scene.run("direnv", &["exec", folder, "tidp", "exec", "--", "./report"]);
    assert!(!inside.stderr.contains("no token"), "{inside:#?}");
    scene.the_program_got_a_token("the command in the directory");
    scene.home.tidp(&["logout", "--local", "--profile", "work"]).expect(0);
    let ended = scene.run("direnv", &["exec", folder, "true"]);
    assert!(ended.stderr.contains("no token: tidp login"), "{ended:#?}");
}

#[test]
fn make_target_is_made_with_a_token_only() {
    if !(require("curl") && require("make")) {
        return;
    }
    let scene = Scene::logged_in();
    fs::write(scene.home.path("Makefile"), block("make", "make")).unwrap();
    scene.run("make", &["orders.json"]);
    scene.the_api_got_a_token("make");
    scene.home.tidp(&["logout", "--local"]).expect(0);
    let failed = Process::start(scene.home.command("make").arg("orders.json")).finish();
    assert_eq!(failed.code, Some(2), "{failed:#?}");
    assert!(!scene.home.path("orders.json").exists() && scene.api.tokens.lock().unwrap().is_empty());
}

#[test]
fn each_shell_sends_the_token_or_nothing() {
    if !require("curl") {
        return;
    }
    let scene = Scene::logged_in();
    let shells = ["sh", "dash", "bash", "zsh", "fish"].into_iter().filter(|shell| require(shell));
    let shells: Vec<&str> = shells.chain(on_path("pwsh").map(|_| "pwsh")).collect();
    let script = |shell: &str| match shell {
        "fish" => block("Shells", "fish"),
        "pwsh" => block("Shells", "powershell"),
        _ => block("Shells", "sh"),
    };
    for shell in &shells {
        scene.run(shell, &["-c", &script(shell)]);
        scene.the_api_got_a_token(shell);
    }
    scene.home.tidp(&["logout", "--local"]).expect(0);
    for shell in &shells {
        let failed = Process::start(scene.home.command(shell).args(["-c", &script(shell)])).finish();
        assert_eq!(failed.code, Some(3), "{shell}: {failed:#?}");
        assert!(scene.api.tokens.lock().unwrap().is_empty(), "{shell}");
    }
}

/// Seldom is there a PowerShell to run the block: at least what it asks of `tidp` is right.
#[test]
fn powershell_block_gets_a_token_or_its_exit_code() {
    if !require("curl") {
        return;
    }
    let scene = Scene::logged_in();
    let text = block("Shells", "powershell");
    let lines: Vec<&str> = text.lines().collect();
    let [fetch, "if ($LASTEXITCODE -ne 0) { exit $LASTEXITCODE }", send] = lines[..] else { panic!("{text}") };
    let command: Vec<&str> = fetch.strip_prefix("$token = tidp ").unwrap().split(' ').collect();
    assert!(scene.home.tidp(&command).expect(0).starts_with("eyJ"));
    assert!(send.contains(r#"Authorization = "Bearer $token""#), "{send}");
    scene.home.tidp(&["logout", "--local"]).expect(0);
    assert_eq!(scene.home.tidp(&command).expect(3), "");
}
