//! Many processes at once: one of them refreshes a session for all, and all their changes of the configuration are
//! kept.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "tests touch the machine themselves")]

#[path = "support/real/mod.rs"]
mod real;

use real::process::Process;
use real::secret_service::SecretService;
use real::{Home, Provider, Scripted, require};

/// The number of processes that run at the same time.
const PROCESSES: usize = 64;

#[test]
fn concurrent_tokens_share_one_refresh() {
    if !require("curl") || !require("faketime") {
        return;
    }
    for cache in ["off", "on"] {
        let provider = Provider::sandbox(&["--refresh-tokens", "rotate"]);
        let mut home = Home::logged_in(&provider, "sandbox-mobile");
        home.set("TIDP_ACCESS_TOKEN_CACHE", cache);
        let expired = home.tidp(&["token"]).expect(0).to_owned();
        home.pass_time(&provider, 3_601);
        let before = provider.requests("token");
        let asking: Vec<Process> = (0..PROCESSES).map(|_| Process::start(&mut home.tidp_command(&["token"]))).collect();
        let answers: Vec<String> = asking.into_iter().map(|process| process.finish().expect(0).to_owned()).collect();
        assert_eq!(provider.requests("token") - before, 1, "with the cache {cache}");
        assert_ne!(answers[0], expired);
        assert!(answers.iter().all(|answer| *answer == answers[0]), "with the cache {cache}: {answers:#?}");
    }
}

/// Asks for tokens with each of these arguments in [`PROCESSES`] processes at the same time; the answers to each.
fn ask_at_once(home: &Home, arguments: &[&[&str]]) -> Vec<Vec<String>> {
    let start = |n: usize| Process::start(&mut home.tidp_command(arguments[n % arguments.len()]));
    let asking: Vec<Process> = (0..PROCESSES).map(start).collect();
    let mut answers = vec![Vec::new(); arguments.len()];
    for (n, process) in asking.into_iter().enumerate() {
        answers[n % arguments.len()].push(process.finish().expect(0).to_owned());
    }
    answers
}

#[test]
fn concurrent_machine_tokens_share_one_request() {
    if !require("curl") || !require("faketime") {
        return;
    }
    for cache in ["off", "on"] {
        let provider = Provider::sandbox(&[]);
        let mut home = Home::at(&provider, "sandbox-confidential");
        home.set("TIDP_ACCESS_TOKEN_CACHE", cache);
        home.set("TIDP_GRANT", "client_credentials");
        home.set("TIDP_SCOPES", "api:x");
        let mut earlier = String::new();
        for _ in 0..2 {
            let before = provider.requests("token");
            let answers = ask_at_once(&home, &[&["token"]]).remove(0);
            assert_eq!(provider.requests("token") - before, 1, "with the cache {cache}");
            assert!(answers.iter().all(|answer| *answer == answers[0]), "with the cache {cache}: {answers:#?}");
            assert_ne!(answers[0], earlier);
            earlier.clone_from(&answers[0]);
            home.pass_time(&provider, 3_571);
        }
        home.tidp(&["logout"]).expect(0);
    }
}

/// As the first test, without a moved clock, which a static program cannot be given: the token of the login is due at once.
#[test]
fn concurrent_tokens_share_one_due_refresh() {
    if !require("curl") || !require("keyring") {
        return;
    }
    for (cache, keyring) in [("off", false), ("on", false), ("off", true), ("on", true)] {
        let case = format!("cache {cache}, keyring {keyring}");
        let provider = Scripted::start();
        let mut home = Home::new();
        let _service = keyring.then(|| SecretService::start(&mut home));
        home.set("TIDP_ISSUER", &provider.issuer);
        home.set("TIDP_CLIENT_ID", "app");
        home.set("TIDP_CLIENT_TYPE", "MobileApp");
        home.set("TIDP_ACCESS_TOKEN_CACHE", cache);
        provider.lifetime(29);
        home.tidp(&["login"]).expect(0);
        let due = home.tidp(&["token", "--no-refresh"]).expect(0).to_owned();
        provider.lifetime(3_600);
        let before = provider.count("/token");
        let answers = ask_at_once(&home, &[&["token"]]).remove(0);
        assert_eq!(provider.count("/token") - before, 1, "{case}");
        assert_ne!(answers[0], due, "{case}");
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{case}: {answers:#?}");
    }
}

#[test]
fn concurrent_tokens_of_different_scopes_are_not_mixed_up() {
    if !require("curl") {
        return;
    }
    let sets = ["api:x", "api:y api:x", "openid"];
    let arguments = sets.map(|set| ["token", "--format", "json", "--scope", set]);
    let arguments: Vec<&[&str]> = arguments.iter().map(|arguments| &arguments[..]).collect();
    for cache in ["off", "on"] {
        for (client, grant) in
            [("sandbox-mobile", "authorization_code"), ("sandbox-confidential", "client_credentials")]
        {
            let provider = Provider::sandbox(&["--refresh-tokens", "rotate"]);
            let mut home = Home::at(&provider, client);
            home.set("TIDP_ACCESS_TOKEN_CACHE", cache);
            home.set("TIDP_GRANT", grant);
            let sets = if grant == "authorization_code" {
                home.tidp(&["login", "--scope", "openid offline_access api:x api:y"]).expect(0);
                &sets[..]
            } else {
                &sets[..2]
            };
            let before = provider.requests("token");
            let answers = ask_at_once(&home, &arguments[..sets.len()]);
            assert_eq!(provider.requests("token") - before, sets.len() as u64, "{client}, with the cache {cache}");
            for (set, answers) in sets.iter().zip(answers) {
                let answers: Vec<serde_json::Value> =
                    answers.iter().map(|answer| serde_json::from_str(answer).unwrap()).collect();
                let answer = &answers[0];
                assert!(answers.iter().all(|other| other["access_token"] == answer["access_token"]), "{set}");
                let mut granted: Vec<&str> = answer["scope"].as_str().unwrap().split(' ').collect();
                granted.sort_unstable();
                let mut wanted: Vec<&str> = set.split(' ').collect();
                wanted.sort_unstable();
                assert_eq!(granted, wanted, "{client}, with the cache {cache}");
                // What the token itself says.
                let token = answer["access_token"].as_str().unwrap();
                let decoded = home.tidp_with_stdin(&["decode", "--json", "-"], token).json();
                let mut claimed: Vec<_> = decoded["payload"]["scope"].as_array().unwrap().clone();
                claimed.sort_by_key(ToString::to_string);
                assert_eq!(claimed, wanted, "{client}, with the cache {cache}");
            }
            home.tidp(&["logout"]).expect(0);
        }
    }
}

#[test]
fn concurrent_configuration_changes_are_all_kept() {
    let home = Home::new();
    let (dir, target) = (home.path("home/config/tidp"), home.path("home/dotfiles.toml"));
    std::fs::create_dir(&dir).unwrap();
    std::os::unix::fs::symlink(&target, dir.join("config.toml")).unwrap();
    let names: Vec<String> = (10..22).map(|n| format!("p{n}")).collect();
    let add = |name| home.tidp_command(&["profile", "add", name, "--environment", "staging", "--client-id", "x"]);
    let adding: Vec<Process> = names.iter().map(|name| Process::start(&mut add(name))).collect();
    adding.into_iter().for_each(|process| drop(process.finish().expect(0).to_owned()));
    let listed: serde_json::Value = serde_json::from_str(home.tidp(&["profile", "list", "--json"]).expect(0)).unwrap();
    let listed: Vec<_> = listed["profiles"].as_array().unwrap().iter().map(|p| p["profile"].clone()).collect();
    assert_eq!(listed, names);
    assert!(std::fs::symlink_metadata(dir.join("config.toml")).unwrap().is_symlink());
    assert!(std::fs::read_to_string(&target).unwrap().contains("[profile.p10]"));
    let left: Vec<_> = std::fs::read_dir(&dir).unwrap().map(|found| found.unwrap().file_name()).collect();
    assert_eq!(left, ["config.toml"], "nothing else lies among the user's files");
}
