//! The questions of `tidp profile add`.

use super::profile;
use crate::support::tokens::ISSUER;
use crate::support::{Bench, CONFIG, Outcome};
use tidp::testing::ports::HttpFailureKind;

const DISCOVERY: &str = "/.well-known/openid-configuration";

/// Adds a profile on a terminal with these answers.
fn add(bench: &Bench, args: &[&str], answers: &[&str]) -> Outcome {
    on_a_terminal(bench, answers);
    bench.run(&[&["profile", "add"], args].concat())
}

fn on_a_terminal(bench: &Bench, answers: &[&str]) {
    *bench.terminal.stdin_is_terminal.lock().unwrap() = true;
    *bench.terminal.stderr_size.lock().unwrap() = Some((80, 24));
    answers.iter().for_each(|line| bench.terminal.type_line(line));
}

#[test]
fn add_asks_until_each_answer_is_right() {
    let bench = Bench::with_config(&profile("old", ""));
    bench.provider.expect_discovery();
    let answers =
        ["a b", "old", "work", "http://id.example", ISSUER, "", "YOUR-CLIENT", " app ", "Mobile", "publicwithrefresh"];
    let outcome = add(&bench, &[], &answers).exits(0);
    let outcome = outcome.says("invalid profile name `a b`").says("profile `old` already exists").says("must be https");
    let outcome = outcome.says("a client ID is needed").says("`YOUR-CLIENT` is a placeholder").says("one of Public, ");
    let outcome = outcome.says("  PublicWithRefresh  10 min, renewed by a refresh\n");
    outcome.says("  Confidential       14 days, fixed from the login; has a client secret\n").says("Next: tidp login");
    let expected = profile("work", "client_type = \"PublicWithRefresh\"");
    assert!(bench.files.text(CONFIG).contains(expected.trim_end()), "{}", bench.files.text(CONFIG));
}

#[test]
fn add_asks_only_for_what_the_options_leave_out() {
    let bench = Bench::with_env(&[]);
    bench.provider.expect_discovery();
    let outcome = add(&bench, &["work", "--issuer", ISSUER, "--policy", "Web"], &["app"]).exits(0);
    outcome
        .says("Checked: the provider answers.")
        .says("Client ID")
        .leaves_out("Name of")
        .leaves_out("Environment")
        .leaves_out("Client type");
    let bench = Bench::with_env(&[]);
    bench.provider.expect_discovery();
    add(&bench, &["work", "--issuer", ISSUER, "--client-type", "Public"], &["app"]).exits(0).leaves_out("Client type");
    let bench = Bench::with_env(&[]);
    let all = ["work", "--issuer", ISSUER, "--client-id", "app"];
    add(&bench, &all, &[]).exits(0).leaves_out("Client type:");
    assert!(bench.provider.paths().is_empty(), "nothing is asked, nothing is checked");
}

#[test]
fn environment_is_answered_by_its_name() {
    let bench = Bench::with_env(&[]);
    on_a_terminal(&bench, &["test", "staging", "", "Public", "y"]);
    // Nobody answers for that issuer here.
    let outcome = bench.run_unchecked(&["profile", "add", "work", "--client-id", "app"]).exits(0);
    outcome.says("Save the profile anyway?").says("  one of Public, PublicWithRefresh,");
    let text = bench.files.text(CONFIG);
    assert!(text.contains("environment = \"staging\"\nclient_id = \"app\"\nclient_type = \"Public\""), "{text}");
}

#[test]
fn provider_that_cannot_be_reached_is_saved_only_on_request() {
    for (answer, code) in [("", 5), ("no", 5), ("maybe", 2), ("y", 0)] {
        let bench = Bench::with_env(&[]);
        bench.provider.fails(DISCOVERY, HttpFailureKind::NotSent);
        let outcome = add(&bench, &["work", "--issuer", ISSUER], &["app", "", answer]).exits(code);
        outcome.says("The provider could not be checked: cannot read the discovery document");
        assert_eq!(bench.files.text(CONFIG).is_empty(), code != 0, "{answer}");
    }
}

#[test]
fn input_that_ends_saves_nothing() {
    for answers in [&[][..], &["work"], &["work", ISSUER], &["work", ISSUER, "app"]] {
        let bench = Bench::with_env(&[]);
        add(&bench, &[], answers).exits(2).says("nothing was saved");
        assert_eq!(bench.files.text(CONFIG), "");
    }
}

#[test]
fn without_a_terminal_nothing_is_asked() {
    for args in [&["profile", "add"][..], &["profile", "add", "work", "--json"]] {
        let bench = Bench::with_env(&[]);
        *bench.terminal.stdin_is_terminal.lock().unwrap() = true;
        bench.terminal.type_line("work");
        let outcome = bench.run(args).exits(2);
        outcome
            .says("not provided: --client-id <ID> <--issuer <URL>|--environment <ENVIRONMENT>>")
            .leaves_out("Name of");
    }
}
