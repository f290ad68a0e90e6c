//! Hints: a command ready to be pasted, or a sentence with commands that exist.

use crate::support::Bench;
use crate::support::provider::json;
use crate::support::tokens::TokenResponse;
use clap::Parser;
use clap::error::ErrorKind;
use tidp::testing::cli::Cli;
use tidp::testing::ports::HttpFailureKind;

fn profile(name: &str, keys: &str) -> String {
    format!("[profile.{name}]\nissuer = \"https://id.example\"\nclient_id = \"app\"\n{keys}\n")
}

#[track_caller]
fn hint(bench: &Bench, args: &[&str]) -> String {
    let outcome = bench.run(args);
    let stderr = outcome.stderr;
    let hint = stderr.lines().last().and_then(|line| line.strip_prefix("hint: "));
    let hint = hint.unwrap_or_else(|| panic!("there is no hint: {stderr}")).to_owned();
    assert_commands_parse(&hint);
    hint
}

/// The command lines of `tidp` in a hint: those in backquotes, and one that the hint ends with.
fn commands_in(hint: &str) -> Vec<&str> {
    let (quoted, plain): (Vec<_>, Vec<_>) = hint.split('`').enumerate().partition(|(n, _)| n % 2 == 1);
    let quoted = quoted.into_iter().map(|(_, text)| text).filter(|text| text.starts_with("tidp "));
    let last = plain.into_iter().filter_map(|(_, text)| text.find("tidp ").map(|at| &text[at..]));
    quoted.chain(last).collect()
}

#[track_caller]
fn assert_commands_parse(hint: &str) {
    for command in commands_in(hint) {
        let words = shell_words::split(command).unwrap_or_else(|error| panic!("{command}: {error}"));
        let parsed = Cli::try_parse_from(words);
        let is_command = parsed.as_ref().err().is_none_or(|error| error.kind() == ErrorKind::DisplayHelp);
        assert!(is_command, "`{command}`: {parsed:?}");
    }
}

#[test]
fn every_hint_names_commands_that_exist() {
    let catalogue = include_str!("../../src/error/catalogue.txt");
    let hints: Vec<&str> = catalogue.lines().filter_map(|line| line.trim_start().strip_prefix("hint: ")).collect();
    assert!(hints.iter().filter(|hint| !commands_in(hint).is_empty()).count() > 40, "{hints:?}");
    hints.into_iter().for_each(assert_commands_parse);
}

#[test]
fn command_in_a_hint_is_found() {
    for (hint, commands) in [
        ("tidp login", &["tidp login"][..]),
        ("try again later: tidp login --profile 'my work'", &["tidp login --profile 'my work'"]),
        ("start over: `tidp logout` then `tidp login`", &["tidp logout", "tidp login"]),
        ("update tidp, or remove it (service `tidp`)", &[]),
    ] {
        assert_eq!(commands_in(hint), commands);
    }
}

#[test]
fn usage_error_hints_at_the_help_of_its_command() {
    let bench = Bench::new("MobileApp");
    for (args, expected) in [
        (&["--nope"][..], "tidp --help"),
        (&["logon"], "tidp --help"),
        (&["token", "--format", "nope"], "tidp token --help"),
        (&["--profile", "login", "token", "--nope"], "tidp token --help"),
        (&["token", "--min-ttl", "soon"], "tidp token --help"),
        (&["sandbox", "--clock", "abc"], "tidp sandbox --help"),
        (&["policy", "simulate", "--every", "abc", "--compare"], "tidp policy simulate --help"),
        (&["policy", "simulate", "--nope"], "tidp policy simulate --help"),
        (&["profile", "add", "æ", "--issuer", "https://id.example", "--client-id", "x"], "tidp profile add --help"),
        (&["exec"], "tidp exec --help"),
        (&["exec", "sh", "-c", "echo a b"], "tidp exec -- sh …"),
        (&["keepalive", "--for", "1h", "job"], "tidp keepalive --for 1h -- job"),
    ] {
        assert_eq!(hint(&bench, args), expected, "{args:?}");
        assert_eq!(bench.run(&[&["--json"], args].concat()).exits(2).error()["kind"], "usage");
    }
}

#[test]
fn configuration_error_hints_at_the_command_that_fixes_it() {
    let two = format!("{}{}", profile("work", ""), profile("page", ""));
    let wrong = profile("work", "client_secret = \"s3cret\"");
    let one = profile("work", "");
    let add = ["profile", "add", "work", "--issuer", "https://id.example", "--client-id", "x"];
    for (config, args, expected) in [
        ("", &["token"][..], "tidp profile add NAME --environment staging --client-id ID --client-type MobileApp"),
        (&one, &["token", "-p", "x"], "tidp profile list"),
        (&one, &["profile", "use", "x"], "tidp profile list"),
        (&two, &["token"], "tidp profile use page"),
        (&one, &add, "tidp profile set work KEY VALUE"),
        (&wrong, &["token"], "tidp profile secret work"),
    ] {
        let bench = Bench::with_config(config);
        assert_eq!(hint(&bench, args), expected, "{args:?}");
        bench.run(args).exits(2).leaves_out("s3cret");
    }
    let bench = Bench::with_config(&wrong);
    bench.run(&["token"]).exits(2).says("profile `work`: client_secret must not be in config.toml");
    let bench = Bench::new("MobileApp").env("TIDP_STORE", "file");
    let sets_the_key = if cfg!(windows) {
        r#"; $env:TIDP_STORE_KEY_FILE = "$HOME\tidp.key""#
    } else {
        "&& export TIDP_STORE_KEY_FILE=~/tidp.key"
    };
    assert!(hint(&bench, &["token"]).ends_with(sets_the_key));
}

#[test]
fn failed_validation_hints_at_the_command_that_examines_it() {
    let other = json(200, &serde_json::json!({ "sub": "ola" }));
    let bench = Bench::with_config(&format!("{}{}", profile("work", ""), profile("page", "")));
    let bench = bench.env("TIDP_PROFILE", "page");
    bench.log_in();
    bench.provider.responds("/connect/userinfo", other);
    assert_eq!(hint(&bench, &["userinfo"]), "tidp doctor --profile page");
    assert_eq!(hint(&bench, &["decode", "nonsense"]), "tidp decode --help");
    assert_eq!(bench.run(&["decode", "nonsense", "--json"]).exits(7).error()["hint"], "tidp decode --help");
    for args in [&["logout"][..], &["logout", "--all"]] {
        let bench = Bench::with_config(&format!("{}{}", profile("work", ""), profile("page", "")));
        let bench = bench.env("TIDP_PROFILE", "page");
        bench.log_in();
        bench.provider.fails("/connect/revocation", HttpFailureKind::Certificate);
        bench.provider.responds("/api/logout", json(200, &serde_json::json!({})));
        assert_eq!(hint(&bench, args), "tidp doctor --profile page");
    }
    // The doctor's own checks have their hints.
    bench.provider.always("/.well-known/openid-configuration", json(200, &serde_json::json!({})));
    bench.run(&["doctor"]).exits_with_output(7).leaves_out("hint: tidp doctor");
}

#[test]
fn removal_hint_names_the_profile_to_log_out() {
    let bench = Bench::with_config(&profile("page", ""));
    bench.log_in();
    assert_eq!(hint(&bench, &["profile", "remove", "page"]), "tidp logout --profile page");
}

#[test]
fn paste_hint_names_the_same_profile() {
    let two =
        format!("{}{}", profile("work", ""), profile("page", "redirect_uri = \"http://127.0.0.1:8400/callback\""));
    let bench = Bench::with_config(&format!("default_profile = \"work\"\n{two}"));
    bench.provider.expect_login(&bench.browser, bench.clock.time(), TokenResponse::new());
    let outcome = bench.run(&["login", "-p", "page", "--no-browser"]).exits(0);
    outcome.says("Use `tidp login --paste --profile page`.");
    *bench.callback.port_in_use.lock().unwrap() = true;
    bench.provider.expect_discovery();
    assert_eq!(hint(&bench, &["login", "-p", "page"]), "tidp login --paste --profile page");
    bench.provider.expect_discovery();
    bench.run(&["login", "-p", "page"]).exits(2).says("cannot listen on 127.0.0.1:8400");
}

#[test]
fn rejected_client_secret_hints_at_where_it_is_kept() {
    let confidential = profile("work", "client_type = \"Confidential\"");
    let log_in = |bench: &Bench| {
        bench.provider.expect_metadata();
        bench.provider.refuses("invalid_client");
    };
    let bench = Bench::with_config(&confidential);
    bench.terminal.type_line("s3cret");
    bench.run(&["profile", "secret", "work"]).exits(0);
    log_in(&bench);
    assert_eq!(hint(&bench, &["login"]), "tidp profile secret work");
    bench.provider.expect_login(&bench.browser, bench.clock.time(), TokenResponse::new().refresh_token("rt-1"));
    bench.run(&["login"]).exits(0);
    bench.provider.refuses("invalid_client");
    assert_eq!(hint(&bench, &["refresh", "--force"]), "tidp profile secret work");
    bench.provider.refuses("invalid_scope");
    bench.run(&["refresh", "--force"]).exits(4).leaves_out("profile secret");
    bench.provider.refuses("invalid_client");
    let bench = bench.env("TIDP_CLIENT_SECRET", "s3cret");
    bench.run(&["refresh", "--force"]).exits(4).leaves_out("profile secret");
    // That command would not change a secret from elsewhere.
    let by_command = profile("work", "client_type = \"Confidential\"\nclient_secret_command = [\"pass\"]");
    for (bench, secret) in [
        (Bench::with_config(&confidential).env("TIDP_CLIENT_SECRET", "s3cret"), ", client secret (TIDP_CLIENT_SECRET)"),
        (Bench::with_config(&by_command), ", client secret (client_secret_command)"),
        (Bench::with_config(&profile("work", "client_type = \"MobileApp\"")), "callback` (default)"),
    ] {
        bench.programs.outputs.lock().unwrap().insert("pass".into(), "s3cret".into());
        log_in(&bench);
        let outcome = bench.run(&["login"]).exits(4).says("invalid_client").says(&format!("{secret}\n"));
        outcome.says("hint: tidp profile show work\n").leaves_out("s3cret");
    }
}

#[test]
fn hint_names_the_variable_or_the_profile_key() {
    let env = [("TIDP_ISSUER", "https://id.example"), ("TIDP_CLIENT_ID", "app")];
    for (bench, policy, renew) in [
        (
            Bench::with_env(&env),
            "set TIDP_POLICY",
            "in time, set TIDP_RENEW=before-session-ends, and use it at least every 3 min 20 s",
        ),
        (
            Bench::with_config(&profile("work", "")),
            "set policy in the profile",
            "in time, run `tidp profile set work renew before-session-ends`, and use it at least every 3 min 20 s",
        ),
    ] {
        bench.log_in().says(&format!("The login returned a refresh token; {policy} to know"));
        assert!(bench.run(&["inspect"]).exits(0).stdout.contains(&format!("unknown: {policy}\n")));
        assert!(bench.run(&["policy"]).exits(0).stdout.replace('\n', " ").contains(&format!("{policy}, or for")));
        let bench = bench.env("TIDP_CLIENT_TYPE", "PublicWithRefresh");
        bench.provider.expect_discovery();
        bench.provider.grants(&bench.browser, bench.clock.time(), TokenResponse::new().refresh_token("rt-2"));
        bench.run(&["login"]).exits(0).says(renew);
    }
}
