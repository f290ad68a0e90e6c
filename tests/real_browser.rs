//! A login with a real browser on the sandbox's pages.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "tests touch the machine themselves")]

#[path = "support/real/mod.rs"]
mod real;

use real::require::{chromium, tree};
use real::{Home, Provider, require};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

/// A Chromium that logs in.
struct Browser {
    driver: Child,
    answers: BufReader<ChildStdout>,
}

impl Browser {
    fn start() -> Self {
        let mut driver = Command::new("node")
            .arg(tree("tests/browser/drive.mjs"))
            .env("CHROMIUM", chromium().unwrap())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let answers = BufReader::new(driver.stdout.take().unwrap());
        Self { driver, answers }
    }

    fn login(&mut self, wanted: &Value) -> Value {
        writeln!(self.driver.stdin.as_mut().unwrap(), "{wanted}").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        let result: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
        assert_eq!(result["error"], Value::Null, "{wanted}");
        result
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        drop(self.driver.stdin.take()); // it closes Chromium itself when nothing more can come
        let _ = self.driver.wait();
    }
}

/// Where the screenshots are saved.
fn screenshots() -> std::path::PathBuf {
    let target = Path::new(env!("CARGO_BIN_EXE_tidp")).parent().and_then(Path::parent).unwrap();
    let folder = target.join("screenshots");
    fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn login_pages_work_in_both_languages_and_schemes() {
    if !require("chromium") {
        return;
    }
    let provider = Provider::sandbox_with_pages(&[]);
    let mut browser = Browser::start();
    let mut seen = Vec::new();
    for (name, locale, ui_locales, scheme) in [
        ("english-light", "en-GB", "en", "light"),
        ("english-dark", "en-GB", "en", "dark"),
        ("norwegian-light", "nb-NO", "no", "light"),
        ("norwegian-dark", "nb-NO", "no", "dark"),
    ] {
        let home = Home::at(&provider, "sandbox-mobile");
        let (login, url) = home.login_by_hand(&["--no-browser", "--ui-locales", ui_locales]);
        let shots = screenshots();
        let result = browser
            .login(&json!({ "url": url, "colorScheme": scheme, "locale": locale, "name": name, "shots": shots }));
        assert_eq!(login.finish().expect(0), "");
        judge(&result, &provider);
        home.tidp(&["token"]).expect(0);
        seen.push(result);
    }
    assert_ne!(seen[0]["text"], seen[2]["text"], "the last page speaks the browser's language");
    assert_ne!(seen[0]["loginText"], seen[2]["loginText"], "the login page speaks the language asked for");
    assert_ne!(seen[0]["background"], seen[1]["background"], "the last page is dark where dark is wanted");
}

/// Asserts that the address bar shows no code, and that nothing was loaded from elsewhere or against the page's
/// policy.
fn judge(result: &Value, provider: &Provider) {
    let address = url::Url::parse(result["url"].as_str().unwrap()).unwrap();
    assert_eq!((address.query(), address.fragment()), (None, None), "{address}");
    let own = address.origin().ascii_serialization();
    for origin in result["origins"].as_array().unwrap() {
        assert!(*origin == own.as_str() || *origin == provider.issuer.as_str(), "loaded from {origin}");
    }
    let complaints = result["console"].as_array().unwrap();
    assert!(complaints.iter().all(|line| !line.to_string().contains("Content Security Policy")), "{complaints:?}");
    assert!(complaints.iter().all(|line| !line.to_string().contains("pageerror")), "{complaints:?}");
}

#[test]
fn browser_variable_names_the_browser_to_open() {
    if !require("chromium") {
        return;
    }
    let provider = Provider::sandbox_with_pages(&[]);
    let mut home = Home::at(&provider, "sandbox-mobile");
    let wrapper = shell_words::join(["node", tree("tests/browser/open.mjs").to_str().unwrap()]);
    home.set("BROWSER", &wrapper);
    home.set("CHROMIUM", chromium().unwrap().to_str().unwrap());
    home.tidp(&["login"]).expect(0);
    home.tidp(&["token"]).expect(0);
}
