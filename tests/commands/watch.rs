use crate::support::Bench;
use std::sync::Arc;
use tidp::testing::domain::session::{NewTokens, RefreshReason, RefreshRequest};
use tidp::testing::domain::time::{Seconds, Time};
use tidp::testing::ports::{Clock, SignalGuard, Signals, Supervisor};

/// Sends Ctrl-C at this time.
struct CtrlC(Arc<crate::support::ports::Clock>, Time, Arc<dyn Fn() + Send + Sync>);

impl Signals for CtrlC {
    fn defer(&self) -> Box<dyn SignalGuard> {
        Box::new(Self(Arc::clone(&self.0), self.1, Arc::clone(&self.2)))
    }

    fn supervise(&self) -> std::io::Result<Box<dyn Supervisor>> {
        Err(std::io::ErrorKind::Unsupported.into())
    }

    fn end_by(&self, _: i32) {}
}

impl SignalGuard for CtrlC {
    fn pending(&self) -> bool {
        (self.2)();
        self.0.now() >= self.1
    }
}

/// The output until Ctrl-C after `seconds`; `meanwhile` runs at every poll.
fn watch(bench: &mut Bench, size: (u16, u16), seconds: i64, meanwhile: impl Fn() + Send + Sync + 'static) -> String {
    *bench.terminal.columns.lock().unwrap() = Some(size.0);
    *bench.terminal.rows.lock().unwrap() = Some(size.1);
    let end = bench.clock.time().plus(Seconds(seconds));
    bench.ports.signals = Arc::new(CtrlC(Arc::clone(&bench.clock), end, Arc::new(meanwhile)));
    bench.run(&["policy", "--watch", "--color", "never"]).exits(0).stdout
}

fn web() -> Bench {
    let bench = Bench::new("PublicWithRefresh");
    bench.log_in();
    bench
}

#[test]
fn watch_counts_down_then_restores_the_terminal() {
    let output = watch(&mut web(), (80, 40), 3, || ());
    for left in ["in 10 min ", "in 9 min 59 s", "in 9 min 58 s"] {
        assert!(output.contains(left), "{left}: {output}");
    }
    assert_eq!(output.matches("\x1b[H").count(), 3, "one drawing a second");
    assert!(output.starts_with("\x1b[?1049h\x1b[?7l"), "{output}");
    assert!(output.ends_with("\x1b[?7h\x1b[?1049l"), "{output}");
}

#[test]
fn renewal_by_another_process_shows_within_five_seconds() {
    let mut bench = web();
    let session = bench.session().unwrap();
    let (stores, clock, key) = (Arc::clone(&bench.stores), Arc::clone(&bench.clock), bench.key());
    let at = bench.clock.time().plus(Seconds(2));
    let output = watch(&mut bench, (80, 40), 9, move || {
        if clock.time() == at {
            let renewed = NewTokens {
                access_token: session.access_token.clone(),
                id_token: None,
                expect_usable_id_token: true,
                provider_ahead: Seconds::ZERO,
                refresh_token: Some(tidp::testing::domain::secret::Secret::new("rt-2")),
                scopes: None,
            };
            let renewed = session
                .after_refresh(renewed, RefreshRequest { reason: RefreshReason::Forced, scopes: None, sent_at: at });
            let entry = tidp::testing::domain::session::EntryKey::Session(key.clone()).name();
            stores.put(&entry, renewed.to_json().expose());
        }
    });
    let (before, after) = output.split_once("last refresh").expect("the renewal");
    assert!(before.contains("in 9 min 56 s") && !before.contains("in 9 min 54 s"), "{before}");
    assert!(after.contains("in 9 min 57 s"), "{after}");
}

#[test]
fn watch_reads_the_store_every_five_seconds() {
    let mut bench = web();
    let loads = bench.stores.loads();
    watch(&mut bench, (80, 40), 20, || ());
    assert!((3..=5).contains(&(bench.stores.loads() - loads)), "{}", bench.stores.loads() - loads);
    let (stores, clock, at) =
        (Arc::clone(&bench.stores), Arc::clone(&bench.clock), bench.clock.time().plus(Seconds(1)));
    let failed = std::sync::atomic::AtomicBool::new(false);
    let output = watch(&mut bench, (80, 40), 14, move || {
        if clock.time() >= at && !failed.swap(true, std::sync::atomic::Ordering::SeqCst) {
            stores.fail("load", tidp::testing::ports::StoreFailureKind::Locked);
        }
    });
    let (_, after) = output.split_once("is locked").expect("the failure is told");
    assert!(after.contains("Ctrl-C to quit"), "and is over when it is over");
}

#[test]
fn watch_fits_the_screen_after_a_resize() {
    for rows in [1, 5, 12, 24] {
        let mut bench = web();
        let terminal = Arc::clone(&bench.terminal);
        let clock = Arc::clone(&bench.clock);
        let at = clock.time().plus(Seconds(1));
        let output = watch(&mut bench, (40, rows), 2, move || {
            if clock.time() >= at {
                *terminal.columns.lock().unwrap() = Some(60);
            }
        });
        for frame in output.split("\x1b[H").skip(1) {
            assert!(frame.matches("\r\n").count() < rows.into(), "{rows}: {frame}");
        }
        assert_eq!(output.matches("\x1b[2J").count(), 3, "cleared at the start and for each size: {output}");
    }
}

#[test]
fn full_width_line_keeps_its_last_character() {
    let output = watch(&mut web(), (80, 40), 1, || ());
    let full = output.lines().find(|line| line.contains("refresh token  ├")).expect("the bar");
    assert!(full.ends_with("10 min left, renewable\x1b[0m"), "nothing is cleared after it: {full:?}");
}

#[test]
fn watch_without_a_terminal_is_a_usage_error() {
    web().run(&["policy", "--watch"]).exits(2).says("terminal");
    let bench = web().env("TERM", "dumb");
    *bench.terminal.rows.lock().unwrap() = Some(24);
    bench.run(&["policy", "--watch"]).exits(2);
    web().run(&["policy", "--watch", "--short"]).exits(2);
}
