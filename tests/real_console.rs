//! The sandbox's console in a real Chromium, while applications live through a ten-minute policy.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "tests touch the machine themselves")]

#[path = "support/real/mod.rs"]
mod real;

use real::require::{chromium, tree};
use real::{Provider, require};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Where the screenshots are saved.
fn screenshots() -> PathBuf {
    let target = Path::new(env!("CARGO_BIN_EXE_tidp")).parent().and_then(Path::parent).unwrap();
    let folder = target.join("screenshots");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// What a script of `tests/browser` prints about this sandbox.
fn seen_by(script: &str, provider: &Provider, more: &Value) -> Value {
    let mut wanted = json!({ "issuer": provider.issuer, "shots": screenshots() });
    wanted.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let output = Command::new("node")
        .arg(tree("tests/browser").join(script))
        .arg(wanted.to_string())
        .env("CHROMIUM", chromium().unwrap())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The issuer, and what was seen of its console, once for all tests.
fn console() -> &'static (String, Value) {
    static SEEN: OnceLock<(String, Value)> = OnceLock::new();
    SEEN.get_or_init(|| {
        let provider = Provider::sandbox(&[]);
        // The picture of the README, if it is wanted anew.
        let picture = std::env::var_os("TIDP_UPDATE").map(|_| tree("docs/console.png"));
        let seen = seen_by("console.mjs", &provider, &json!({ "picture": picture }));
        (provider.issuer.clone(), seen)
    })
}

fn text<'a>(seen: &'a Value, name: &str) -> &'a str {
    seen[name].as_str().unwrap_or_else(|| panic!("no {name} in {seen}"))
}

#[test]
fn console_shows_what_a_policy_does_and_why() {
    if !require("chromium") {
        return;
    }
    let (_, seen) = console();
    assert!(text(seen, "empty").contains("No session yet"));
    let started = text(seen, "started");
    assert!(started.contains("kari at sandbox-public-with-refresh") && started.contains("lives until"), "{started}");
    for (name, words) in [
        ("used", "this refresh token was used at "),
        ("sso", "no more renewals"),
        ("noNewOne", "no new refresh token: the SSO session ended at "),
        ("expired", "the refresh token expired 4 min "),
    ] {
        assert!(text(seen, name).contains(words), "{name}: {seen}");
    }
    assert_eq!(seen["marks"], json!(["renewed", "refused", "sso_ended", "refreshed", "refused"]));
    assert!(text(seen, "barLabel").ends_with("refresh: 1, renewal: 1, refused: 2, SSO ended: 1"));

    assert_eq!(seen["refusalsAfterSuccess"], 0, "it is past");

    assert_eq!(seen["keys"], 2);
    assert_eq!(seen["keysInBrowser"], serde_json::json!([1, 2]), "not from the cache of the browser");
    assert_eq!(seen["failed"], json!([503, 503, 401]));
    assert_eq!(seen["offset"], 86_400 + 3_600 + 18 * 60);
    assert!(
        text(seen, "lastTime").contains(|c: char| c.is_ascii_alphabetic()),
        "the day of a row of yesterday: {seen}"
    );
    assert_eq!(seen["stopped"][0], seen["stopped"][1]);
    assert_eq!(seen["refusedControl"], "Control: clock");
    assert_eq!((&seen["startsWith"], &seen["newKey"]), (&json!("it's-$x"), &json!("another")));
    let quoted = |library: usize, text: &str| seen["quoted"][library].as_str().unwrap().contains(text);
    assert!(quoted(0, r#""it's-\$x""#) && quoted(1, r#""it's-$x""#), "{seen}");
    assert!(seen["onlyRefused"].as_array().unwrap().iter().all(|kind| kind == "refused"));

    assert_eq!(seen["focusAfterMark"], "refused");
    let order =
        ["+1 min", "+10 min", "+1 h", "+1 day", "age", "End SSO", "Revoke all refresh tokens", "Rotate keys", "times"];
    assert_eq!((&seen["tabOrder"], &seen["focusIsVisible"]), (&json!(order), &json!(true)));
}

#[test]
fn console_fits_every_width_scheme_and_language() {
    if !require("chromium") {
        return;
    }
    let (issuer, seen) = console();
    let looks = seen["looks"].as_array().unwrap();
    assert_eq!(looks.len(), 12);
    for look in looks {
        assert_eq!((&look["overflow"], &look["violations"], &look["complaints"]), (&json!(0), &json!([]), &json!([])));
        assert_eq!(look["spilled"], 0, "nothing leaves its card: {} {}", look["width"], look["lang"]);
        let (title, reason) = match look["lang"].as_str().unwrap() {
            "no" => ("TelenorID+ sandkasse", "dette refresh-tokenet ble allerede brukt"),
            _ => ("TelenorID+ sandbox", "this refresh token was used at"),
        };
        assert_eq!(look["title"], title);
        let shown = text(look, "text");
        let slips = ["undefined", "NaN", "{}", "\nfalse", "\nnull"];
        assert!(slips.iter().all(|slip| !shown.contains(slip)), "{shown}");
        assert!(text(look, "reason").starts_with(reason), "{look}");
    }
    let of = |scheme: &str| looks.iter().find(|look| look["colorScheme"] == scheme).unwrap()["background"].clone();
    assert_ne!(of("light"), of("dark"));

    // Nothing is loaded from elsewhere, and the page is at one origin only.
    assert_eq!((&seen["complaints"], &seen["violations"]), (&json!([]), &json!([])));
    assert_eq!(seen["origins"], json!([issuer]));
    assert_eq!(text(seen, "elsewhere"), format!("{issuer}/"));

    let settings = seen["settings"].as_object().unwrap();
    assert_eq!(settings.len(), 5);
    for (library, code) in settings {
        let code = code.as_str().unwrap();
        let for_public_clients = ["oidc-client-ts", "AppAuth"].contains(&library.as_str());
        assert_eq!(code.contains("for clients without a secret"), for_public_clients, "{library}");
        assert!(for_public_clients || code.contains(issuer) && code.contains("sandbox-secret"), "{code}");
    }
    assert_eq!(seen["copied"], settings["Spring"]);
}

#[test]
fn logins_that_wait_are_approved_and_denied_in_the_console() {
    if !require("chromium") {
        return;
    }
    let seen = seen_by("waiting.mjs", &Provider::sandbox_with_pages(&[]), &json!({}));
    let waiting = seen["waiting"].as_array().unwrap();
    for words in ["A device waits at sandbox-mobile", "A login is asked of ola", "Message WARM LYNX", "User code "] {
        assert!(waiting.iter().any(|login| login.as_str().unwrap().contains(words)), "{words}: {waiting:?}");
    }
    assert_eq!(seen["polled"], json!(["Bearer", "access_denied"]));
    let looks = seen["looks"].as_array().unwrap();
    assert!(looks.iter().all(|look| look["overflow"] == 0), "{seen}");
    assert!(text(&looks[0], "text").contains("En enhet venter"), "{seen}");
}

#[test]
fn client_libraries_live_through_a_policy_that_the_console_explains() {
    if !require("chromium") {
        return;
    }
    let (spa, server) = (free_redirect_uri(), free_redirect_uri());
    let own = [format!("my-spa=PublicWithRefresh,{spa}"), format!("my-server=PublicWithRefresh,{server}")];
    let provider = Provider::sandbox(&["--client", &own[0], "--client", &own[1]]);
    let apps = json!({
        "spa": { "client_id": "my-spa", "redirect_uri": spa },
        "server": { "client_id": "my-server", "redirect_uri": server },
    });
    let seen = seen_by("libraries.mjs", &provider, &apps);

    let (spa, server) = (&seen["spa"], &seen["server"]);
    assert_eq!(
        (&spa["loggedIn"], &spa["renewed"], &server["renewed"]),
        (&json!(true), &json!("renewed"), &json!(true))
    );
    assert!(text(spa, "renewedWhy").starts_with("renewed: the session now ends at "), "{spa}");
    for app in [spa, server] {
        assert_eq!((&app["used"], &app["expired"]), (&json!("invalid_grant"), &json!("invalid_grant")));
        assert!(text(app, "usedWhy").starts_with("this refresh token was used at "), "{app}");
        assert!(text(app, "expiredWhy").starts_with("the refresh token expired "), "{app}");
    }
    assert_eq!(server["withoutSso"], "none");
    assert!(text(server, "withoutSsoWhy").starts_with("no new refresh token: the SSO session ended at "), "{server}");
}

/// A redirect URI on a port that was free a moment ago.
fn free_redirect_uri() -> String {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    format!("http://localhost:{port}/callback")
}
