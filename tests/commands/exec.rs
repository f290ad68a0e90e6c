use crate::support::Bench;
use crate::support::tokens::TokenResponse;
use std::io::ErrorKind;
use tidp::testing::domain::time::Seconds;
use tidp::testing::ports::HttpFailureKind;

fn logged_in() -> Bench {
    let bench = Bench::new("MobileApp");
    bench.log_in();
    bench
}

#[test]
fn exec_passes_only_the_access_token() {
    let bench = logged_in().env("TIDP_CLIENT_SECRET", "s3cret");
    bench.run(&["exec", "--", "curl", "-v", "--profile", "x"]).exits(127);
    let token = bench.session().unwrap().access_token.value;
    let (command, variable) = bench.programs.exec_calls.lock().unwrap().pop().unwrap();
    assert_eq!(command, ["curl", "-v", "--profile", "x"]);
    assert_eq!(variable, ("TIDP_ACCESS_TOKEN".to_owned(), token.expose().to_owned()));
}

#[test]
fn exec_sets_the_variable_of_that_name_instead() {
    let bench = logged_in();
    bench.run(&["exec", "--env", "GH_TOKEN", "--", "gh"]).exits(127);
    let (_, (name, _)) = bench.programs.exec_calls.lock().unwrap().pop().unwrap();
    assert_eq!(name, "GH_TOKEN");
    bench.run(&["exec", "--env", "TIDP_ACCESS_TOKEN", "--", "gh"]).exits(127);
    bench.programs.exec_calls.lock().unwrap().clear();
    for (name, words) in [
        ("", "is not a variable name"),
        ("1A", "`1A` is not a variable name"),
        ("A=B", "`A=B` is not a variable name"),
        ("A-B", "is not a variable name"),
        ("Å", "is not a variable name"),
        ("TIDP_CLIENT_SECRET", "`TIDP_CLIENT_SECRET` is reserved for tidp's own settings"),
        ("TIDP_STORE_KEY", "is reserved for tidp's own settings"),
        ("tidp_store_key", "is reserved for tidp's own settings"),
    ] {
        let outcome = bench.run(&["exec", "--env", name, "--json", "--", "gh"]).exits(2);
        assert!(outcome.error()["message"].as_str().unwrap().contains(words), "{outcome:?}");
    }
    assert!(bench.programs.exec_calls.lock().unwrap().is_empty());
}

#[test]
fn exec_refreshes_expired_token_first() {
    let bench = logged_in();
    bench.pass(Seconds(3_600));
    bench.provider.refreshes(bench.clock.time(), "rt-1", TokenResponse::new().refresh_token("rt-2"));
    bench.run(&["exec", "--", "true"]).exits(127);
    let (_, (_, value)) = bench.programs.exec_calls.lock().unwrap().pop().unwrap();
    assert_eq!(value, bench.session().unwrap().access_token.value.expose());
}

#[test]
fn exec_without_token_does_not_start_command() {
    let bench = Bench::new("MobileApp");
    assert_eq!(bench.run(&["exec", "--json", "--", "true"]).exits(3).error()["kind"], "login_required");
    assert!(bench.programs.exec_calls.lock().unwrap().is_empty());
    let bench = logged_in();
    bench.run(&["exec", "--min-ttl", "1h", "--", "true"]).exits(2);
    bench.pass(Seconds(3_600));
    bench.provider.fails("/connect/token", HttpFailureKind::NotSent);
    bench.run(&["exec", "--", "true"]).exits(5);
    assert!(bench.programs.exec_calls.lock().unwrap().is_empty());
}

#[test]
fn exec_failure_codes_match_env() {
    for (kind, code) in
        [(ErrorKind::NotFound, 127), (ErrorKind::PermissionDenied, 126), (ErrorKind::ArgumentListTooLong, 125)]
    {
        let bench = logged_in();
        *bench.programs.error.lock().unwrap() = Some(kind);
        bench
            .run(&["exec", "--", "no\u{1b}[31m", "secret-argument"])
            .exits(code)
            .says(r"cannot run `no\u{1b}[31m`")
            .leaves_out("secret-argument");
    }
}
