//! `tidp keepalive -- COMMAND`.

use super::{entry, expect_no_renewal, expect_renewals, refreshed, ten_minute_session};
use crate::support::tokens::TokenResponse;
use crate::support::{Bench, START};
use std::sync::Arc;
use tidp::testing::domain::session::{RefreshReason, RefreshRequest, Session};
use tidp::testing::domain::time::Seconds;
use tidp::testing::ports::ExitReason;

#[test]
fn new_login_is_kept_alive_while_the_command_runs() {
    let bench = ten_minute_session();
    expect_no_renewal(&bench);
    let (stores, name) = (Arc::clone(&bench.stores), entry(&bench));
    let login = refreshed(&bench.session().unwrap(), "rt-login", START.plus(Seconds(500)));
    let login = Session { generation: 7, ..login };
    bench.signals.run_after(500, move || stores.put(&name, login.to_json().expose()));
    bench.signals.end_after(900, ExitReason::Code(0));
    bench.run(&["keepalive", "--verbose", "--", "job"]).exits(0).says("which now ends");
}

#[test]
fn keepalive_without_renewable_session_starts_no_command() {
    let bench = Bench::new("Public");
    bench.log_in_with(TokenResponse::new()).exits(0);
    bench.run(&["keepalive", "--", "job"]).exits(3).says("returned no refresh token").says("hint: tidp login");
    let bench = Bench::new("MobileApp");
    bench.run(&["keepalive", "--", "job"]).exits(3).says("no session");
    let unknown = Bench::with_env(&[("TIDP_ISSUER", crate::support::tokens::ISSUER), ("TIDP_CLIENT_ID", "app")]);
    unknown.log_in();
    unknown.run(&["keepalive", "--", "job"]).exits(2).says("client_type");
    let refused = ten_minute_session();
    refused.edit(|session| {
        *session = session.after_rejection(
            "invalid_grant",
            RefreshRequest { reason: RefreshReason::Forced, scopes: None, sent_at: START },
            Seconds::ZERO,
        )
    });
    refused.run(&["keepalive", "--", "job"]).exits(3).says("the session has ended");
    for bench in [bench, unknown, refused] {
        assert!(bench.signals.started_commands.lock().unwrap().is_empty());
    }
    ten_minute_session().run(&["keepalive", "--for", "soon"]).exits(2).says("--for");
}

#[test]
fn session_refused_at_start_starts_no_command() {
    let bench = ten_minute_session();
    bench.pass(Seconds(700));
    bench.provider.refuses("invalid_grant");
    bench.run(&["keepalive", "--", "job"]).exits(3);
    assert!(bench.signals.started_commands.lock().unwrap().is_empty());
}

#[test]
fn exit_code_or_signal_of_the_command_is_passed_on() {
    for (ended, code, by) in [
        (ExitReason::Code(0), 0, vec![]),
        (ExitReason::Code(42), 42, vec![]),
        // Codes of Windows: of an ordinary program, and after Ctrl-C.
        (ExitReason::Code(70_000), 70_000, vec![]),
        (ExitReason::Code(0xC000_013A_u32.cast_signed()), 0xC000_013A_u32.cast_signed(), vec![]),
        (ExitReason::Signal(15), 143, vec![15]),
        (ExitReason::Signal(9), 137, vec![9]),
    ] {
        let bench = ten_minute_session();
        let times = expect_renewals(&bench, 0..0);
        bench.signals.end_after(1_500, ended);
        let outcome =
            bench.run_unchecked(&["keepalive", "--json", "--", "job", "--fast"]).exits(code).leaves_out("{\"error");
        let n = times.lock().unwrap().1.len();
        outcome.says(&format!("{n} refreshes in 25 min")).leaves_out("Refreshed, because");
        assert_eq!(*bench.signals.started_commands.lock().unwrap(), [["job", "--fast"]]);
        assert_eq!(*bench.signals.end_signals.lock().unwrap(), by);
    }
}

#[test]
fn keepalive_failure_codes_match_env() {
    for (kind, code) in [(std::io::ErrorKind::NotFound, 127), (std::io::ErrorKind::PermissionDenied, 126)] {
        let bench = ten_minute_session();
        *bench.signals.start_error.lock().unwrap() = Some(kind);
        bench.run(&["keepalive", "--", "job"]).exits(code).says("cannot run `job`");
    }
}

#[test]
fn signal_before_the_command_starts_ends_keepalive() {
    let bench = ten_minute_session();
    *bench.signals.start_error.lock().unwrap() = Some(std::io::ErrorKind::Interrupted);
    bench.signals.end_after(0, ExitReason::Signal(2));
    bench.run(&["keepalive", "--", "job"]).exits(130).leaves_out("cannot run").says("No refresh was due in 0 s");
}

#[test]
fn command_outlives_the_session() {
    let bench = ten_minute_session();
    bench.provider.refuses("invalid_grant");
    bench.signals.end_after(5_000, ExitReason::Code(9));
    let outcome = bench.run(&["keepalive", "--", "job"]).exits(9).says("no longer kept alive");
    outcome.says("rejected the refresh token").says("The command continues, and tidp will exit with its exit code");
    assert_eq!(bench.clock.time(), START.plus(Seconds(5_000)));
}

#[test]
fn command_outlives_for() {
    let bench = ten_minute_session();
    let times = expect_renewals(&bench, 0..0);
    bench.signals.end_after(5_000, ExitReason::Code(0));
    bench.run_unchecked(&["keepalive", "--for", "30m", "--", "job"]).exits(0).says("--for has elapsed");
    assert!(times.lock().unwrap().1.iter().all(|at| *at <= 1_800));
}
