//! What all commands share: usage errors, help, the form of errors, escaped output.

use crate::support::Bench;
use crate::support::ports::parameter;
use crate::support::provider::json;
use crate::support::tokens::TokenResponse;
use serde_json::json;
use std::io::ErrorKind;
use tidp::testing::domain::time::Seconds;

#[test]
fn usage_error_comes_before_any_request() {
    for (args, words) in [
        (&["logon"][..], "unrecognized subcommand 'logon'"),
        (&["login", "--devices"], "--devices"),
        (&["login", "--qr"], "--qr"),
        (&["login", "now"], "now"),
        (&["token", "--format", "yaml"], "yaml"),
        (&["token", "--min-ttl"], "--min-ttl"),
        (&["token", "--id-token", "--min-ttl", "1m"], "cannot be used with"),
        (&["refresh", "--force", "--claims"], "cannot be used with"),
        (&["logout", "--local", "--browser"], "cannot be used with"),
        (&["policy", "--short", "--why"], "cannot be used with"),
        (&["token", "--quiet", "--verbose"], "cannot be used with"),
        (&["exec"], "<CMD>"),
        (&["exec", "true"], "true"),
        (&["profile", "add", "x"], "--client-id"),
        (&["profile", "add", "x", "--client-id", "y"], "--issuer"),
        (&["tok\u{202e}en"], r"tok\u{202e}en"),
    ] {
        let bench = Bench::new("MobileApp");
        let plain = bench.run(args).exits(2).says(words).leaves_out("\u{202e}");
        let lines: Vec<_> = plain.stderr.lines().collect();
        assert!(lines[0].starts_with("error: ") && lines[1].starts_with("hint: "), "{lines:?}");
        let error = bench.run(&[&["--json"], args].concat()).exits(2).leaves_out("\u{202e}").error();
        assert_eq!((&error["kind"], &error["exit_code"]), (&json!("usage"), &json!(2)), "{args:?}");
        assert!(error["message"].as_str().unwrap().contains(words), "{error}");
        assert!(bench.provider.paths().is_empty() && bench.stores.loads() == 0);
    }
}

#[test]
fn missing_command_prints_help_and_fails() {
    for (args, command) in
        [(&[][..], "login "), (&["-p", "work"], "login "), (&["profile"], "\n  add "), (&["profile", "-q"], "\n  add ")]
    {
        let bench = Bench::with_env(&[]);
        let outcome = bench.run(args).exits(2).says(command).leaves_out("hint:");
        let last = outcome.stderr.lines().last();
        assert_eq!((outcome.stdout.as_str(), last), ("", Some("error: no command was given")), "{args:?}");
        let error = bench.run(&[&["--json"], args].concat()).exits(2).error();
        assert_eq!((&error["kind"], &error["message"]), (&json!("usage"), &json!("no command was given")));
    }
}

#[test]
fn arguments_after_dashes_belong_to_cmd() {
    let outcome = Bench::new("MobileApp").run(&["exec", "--no-such-flag", "--", "x", "--json"]).exits(2);
    assert!(outcome.stderr.starts_with("error: "), "{}", outcome.stderr);
}

#[test]
fn version_names_the_commit_and_the_build() {
    let bench = Bench::with_env(&[]);
    let line = bench.run(&["--version"]).exits(0).stdout;
    let document = bench.run(&["--version", "--json"]).exits(0).json();
    let member = |name: &str| document[name].as_str().unwrap().to_owned();
    assert_eq!(line, format!("tidp {} ({})\n", member("version"), member("commit")));
    assert_eq!(bench.run(&["version"]).exits(0).stdout, line);
    assert_eq!(bench.run(&["version", "--json"]).exits(0).json(), document);
    assert_eq!(member("version"), env!("CARGO_PKG_VERSION"));
    assert!(member("target").split('-').count() >= 3, "{document}");
    let features = document["features"].as_array().unwrap();
    assert_eq!(features.contains(&"debug".into()), cfg!(debug_assertions));
}

#[test]
fn help_and_version_go_to_stdout() {
    for args in [
        &["--help"][..],
        &["-h"],
        &["help"],
        &["help", "scripts"],
        &["login", "--help"],
        &["profile", "add", "--help"],
        &["--version"],
        &["version"],
    ] {
        let outcome = Bench::with_env(&[]).run(args).exits(0);
        assert!(!outcome.stdout.is_empty() && outcome.stderr.is_empty(), "{args:?}");
    }
}

#[test]
fn error_has_message_and_hint() {
    let bench = Bench::new("MobileApp");
    assert_eq!(bench.run(&["token"]).stderr, "error: there is no session\nhint: tidp login\n");
    let expected =
        json!({ "kind": "login_required", "message": "there is no session", "hint": "tidp login", "exit_code": 3 });
    assert_eq!(bench.run(&["token", "--json", "--quiet"]).exits(3).error(), expected);
    let work = "[profile.work]\nissuer = \"https://id.example\"\nclient_id = \"app\"\n";
    Bench::with_config(work).run(&["token"]).exits(3).says("hint: tidp login --profile work\n");
}

#[test]
fn usage_error_is_coloured_like_any_error() {
    let plain = Bench::new("MobileApp");
    let forced = Bench::new("MobileApp").env("CLICOLOR_FORCE", "1");
    for (bench, args, is_coloured) in [
        (&plain, &["--color", "always", "token", "--nope"][..], true),
        (&plain, &["token", "--nope", "--color=always"], true),
        (&plain, &["token", "--nope"], false),
        (&plain, &["token", "--nope", "--", "--color=always"], false),
        (&plain, &["--color", "often", "token"], false),
        (&forced, &["token", "--nope"], true),
        (&forced, &["--color", "never", "token", "--nope"], false),
    ] {
        let stderr = bench.run(args).exits(2).stderr;
        assert_eq!(stderr.starts_with("\u{1b}["), is_coloured, "{args:?}: {stderr}");
    }
}

#[test]
fn suggestion_is_separate_from_the_error() {
    let bench = Bench::new("MobileApp");
    let error = "error: unexpected argument '--jsn' found; tip: a similar argument exists: '--json'\n";
    assert!(bench.run(&["token", "--jsn"]).exits(2).stderr.starts_with(error));
    bench.run(&["profile", "lsit"]).exits(2).says("'lsit'; tip: a similar subcommand exists: 'list'\n");
    bench.run(&["tokne"]).exits(2).says("'tokne'; tip: a similar subcommand exists: 'token'\n");
    for far in ["session", "use"] {
        bench.run(&[far]).exits(2).leaves_out("tip:");
    }
}

#[test]
fn unwritable_help_is_an_error_unless_the_pipe_is_closed() {
    for args in [&["--help"][..], &["--version"], &["token", "--help"]] {
        let bench = Bench::with_env(&[]);
        *bench.terminal.broken.lock().unwrap() = Some(ErrorKind::StorageFull);
        bench.run(args).exits(1).says("error: cannot write to standard output: ");
        *bench.terminal.broken.lock().unwrap() = Some(ErrorKind::BrokenPipe);
        assert_eq!(bench.run(args).exits(0).stderr, "", "{args:?}");
    }
}

#[test]
fn provider_text_is_escaped_on_the_terminal() {
    let hostile = "\u{1b}]0;owned\u{7}\r\u{9b}2J\u{202e}\u{200b}\u{2028}";
    let error = json(400, &json!({ "error": format!("bad{hostile}"), "error_description": hostile }));
    let harmless =
        |text: &str| text.chars().all(|c| c == '\n' || !(c.is_control() || "\u{202e}\u{200b}\u{2028}".contains(c)));
    for args in
        [&["refresh", "--verbose"][..], &["refresh", "--json"], &["policy", "--why"], &["policy", "--why", "--json"]]
    {
        let bench = Bench::new("MobileApp");
        bench.log_in();
        bench.pass(Seconds(3_600));
        bench.provider.responds("/connect/token", error.clone());
        let outcome = if args[0] == "refresh" {
            bench.run(args).exits(4)
        } else {
            bench.run(&["refresh"]).exits(4);
            bench.run(args).exits(0)
        };
        assert!(harmless(&outcome.stderr) && harmless(&outcome.stdout), "{outcome:?}");
    }
    let bench = Bench::new("MobileApp");
    bench.provider.expect_metadata();
    bench.callback.replies(|url| {
        let state = parameter(url, "state");
        vec![format!("error=%1b]0;owned%07&error_description=%e2%80%ae%0d&state={state}&iss=https://id.example")]
    });
    assert!(harmless(&bench.run(&["login"]).exits(4).stderr));
}

#[test]
fn quiet_still_prints_errors_and_instructions() {
    let bench = Bench::new("PublicWithRefresh");
    bench.provider.expect_login(&bench.browser, bench.clock.time(), TokenResponse::new().refresh_token("rt-1"));
    let stderr = bench.run(&["login", "--quiet", "--no-browser"]).exits(0).stderr;
    assert_eq!(stderr.lines().filter(|line| !line.is_empty()).count(), 2, "what to do, and the URL: {stderr}");
    bench.pass(Seconds(3_600));
    bench.provider.refuses("invalid_grant");
    bench.run(&["token", "--quiet"]).exits(3).says("error: ").says("hint: tidp login");
}

#[test]
fn non_unicode_variable_is_an_error() {
    let mut bench = Bench::new("MobileApp");
    bench.ports.env.not_unicode = Some("TIDP_PROFILE".into());
    bench.run(&["token"]).exits(2).says("TIDP_PROFILE");
}

#[test]
fn profile_as_an_argument_is_told_its_option() {
    let text = "[profile.work]\nissuer = \"https://id.example\"\nclient_id = \"app\"\n";
    for (args, hint) in [
        (&["login", "work"][..], "hint: tidp login --profile work\n"),
        (&["token", "work", "--format", "header"], "hint: tidp token --format header --profile work\n"),
        (&["policy", "work"], "hint: tidp policy --profile work\n"),
        (&["policy", "mobile"], "hint: tidp policy show mobile\n"),
        (&["login", "gone"], "hint: tidp login --help\n"),
        (&["exec", "work"], "hint: tidp exec -- work\n"),
    ] {
        Bench::with_config(text).run(args).exits(2).says(hint);
    }
}
