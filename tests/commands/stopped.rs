//! Login, refresh and logout stopped before and after every call through a port. The next run finds the old session
//! or the new one, complete; or, in the one window that no client can close, says that the token was lost.

use crate::support::fuse::{Fuse, until_the_power_goes};
use crate::support::one_time::OneTime;
use crate::support::{Bench, Outcome};
use std::ffi::OsString;
use std::sync::Arc;
use tidp::testing::domain::session::{EntryKey, Session};
use tidp::testing::domain::time::Seconds;

/// What persists between runs: the store, cache and files of a machine, and the provider.
struct Lasting {
    bench: Bench,
    provider: Arc<OneTime>,
}

impl Lasting {
    fn new(rotates: bool) -> Self {
        let mut bench = Bench::new("MobileApp");
        let provider = OneTime::new(&bench.clock, &bench.browser, rotates);
        bench.ports.http = Arc::clone(&provider) as _;
        Self { bench, provider }
    }

    fn logged_in(rotates: bool) -> Self {
        let lasting = Self::new(rotates);
        lasting.bench.run_unchecked(&["login"]).exits(0);
        lasting
    }

    /// Logged in, with an expired access token.
    fn expired(rotates: bool) -> Self {
        let lasting = Self::logged_in(rotates);
        lasting.bench.pass(Seconds(3_600));
        lasting
    }

    fn run(&self, args: &[&str]) -> Outcome {
        self.bench.run_unchecked(args)
    }

    /// Runs the command until the power goes. Returns whether it finished, and its output so far.
    fn run_behind(&self, fuse: &Arc<Fuse>, args: &[&str]) -> (bool, String) {
        let ports = fuse.over(&self.bench.ports);
        let args = std::iter::once("tidp").chain(args.iter().copied()).map(OsString::from);
        let code = until_the_power_goes(|| tidp::run(args, &ports));
        assert!(code.is_none_or(|code| code == 0), "{code:?}: {:?}", self.bench.terminal.take());
        (code.is_some(), self.bench.terminal.take().0)
    }

    fn session(&self) -> Option<Session> {
        self.bench.session()
    }

    fn refresh_token(&self) -> String {
        self.session().expect("a session").held_token().expect("a refresh token").value.expose().to_owned()
    }

    /// Whether the stored refresh token is spent: the window.
    fn spent(&self) -> bool {
        !self.provider.accepts(&self.refresh_token())
    }

    /// Asserts that only the stored access token is served without a request.
    #[track_caller]
    fn serves_only_what_the_store_holds(&self) {
        let outcome = self.run(&["token", "--no-refresh"]);
        let now = self.bench.clock.time();
        match self.session().filter(|session| session.access_token.expires_at > now) {
            Some(session) => assert_eq!(outcome.exits(0).stdout.trim_end(), session.access_token.value.expose()),
            None => assert_eq!(outcome.exits(3).stdout, ""),
        }
    }

    /// Asserts that a refresh succeeds; or, in the window, explains what happened to the token.
    #[track_caller]
    fn next_refresh_works_or_tells(&self) {
        let (spent, begun) = (self.spent(), self.session().unwrap().refresh_started_at.is_some());
        let outcome = self.run(&["refresh", "--force", "--json"]);
        if spent {
            let error = outcome.exits(3).says("warning: a refresh started at").error();
            assert_eq!(
                (&error["kind"], &error["provider"]["error"]),
                (&"login_required".into(), &"invalid_grant".into())
            );
            let message = error["message"].as_str().unwrap();
            assert!(message.contains("used up already: the refresh before it got no usable response"), "{message}");
            self.run(&["login"]).exits(0);
        } else {
            let warnings = outcome.exits(0).json()["warnings"].as_array().cloned().unwrap_or_default();
            let reported = warnings.iter().any(|warning| warning["code"] == "refresh_interrupted");
            assert_eq!(reported, begun, "{warnings:?}");
        }
        assert!(!self.spent() && self.session().unwrap().refresh_started_at.is_none());
    }
}

/// Stops the command once at every moment, and finally lets it finish. Returns what `check` made of each, with the
/// name of the moment.
fn stopped_everywhere<T>(
    args: &[&str],
    begin: impl Fn() -> Lasting,
    check: impl Fn(&Lasting, &str) -> T,
) -> Vec<(String, T)> {
    let mut stories = Vec::new();
    loop {
        let lasting = begin();
        let fuse = Fuse::blowing_at(stories.len());
        let (ended, printed) = lasting.run_behind(&fuse, args);
        let moment = if ended { "the end".to_owned() } else { fuse.moments().last().expect("a moment").clone() };
        stories.push((moment, check(&lasting, &printed)));
        if ended {
            assert!(stories.len() > 20, "the fuse is in the wires");
            return stories;
        }
    }
}

/// The moments for which `is` holds: one range without a gap.
#[track_caller]
fn stretch<T>(stories: &[(String, T)], is: impl Fn(&T) -> bool) -> Vec<&str> {
    let found: Vec<usize> = (0..stories.len()).filter(|at| is(&stories[*at].1)).collect();
    let whole = found.windows(2).all(|pair| pair[0] + 1 == pair[1]);
    assert!(whole, "{:?}", found.iter().map(|at| &stories[*at].0).collect::<Vec<_>>());
    found.iter().map(|at| stories[*at].0.as_str()).collect()
}

#[test]
fn stopped_login_leaves_no_partial_session() {
    let stories = stopped_everywhere(
        &["login"],
        || Lasting::new(true),
        |lasting, _| {
            lasting.serves_only_what_the_store_holds();
            let there = lasting.session().is_some();
            if there {
                lasting.next_refresh_works_or_tells();
            } else {
                lasting.run(&["refresh"]).exits(3);
            }
            lasting.run(&["login"]).exits(0);
            there
        },
    );
    assert_eq!(stretch(&stories, |there| *there)[0], "after store.save");
}

#[test]
fn stopped_second_login_leaves_old_or_new_session() {
    let stories = stopped_everywhere(
        &["login"],
        || {
            let lasting = Lasting::logged_in(true);
            lasting.provider.account("ola-at-app");
            lasting.bench.pass(Seconds(60));
            lasting
        },
        |lasting, _| {
            lasting.serves_only_what_the_store_holds();
            let session = lasting.session().unwrap();
            let new = session.account.sub == "ola-at-app";
            assert_eq!(lasting.refresh_token(), if new { "rt-2" } else { "rt-1" });
            lasting.next_refresh_works_or_tells();
            assert_eq!(lasting.session().unwrap().account, session.account);
            new
        },
    );
    assert_eq!(stretch(&stories, |new| *new)[0], "after store.save");
}

#[test]
fn stopped_refresh_loses_token_only_in_known_window() {
    for (command, begin) in [
        (["refresh", "--force"].as_slice(), Lasting::logged_in as fn(bool) -> Lasting),
        (["token"].as_slice(), Lasting::expired),
    ] {
        let stories = stopped_everywhere(
            command,
            || begin(true),
            |lasting, printed| {
                let spent = lasting.spent();
                lasting.serves_only_what_the_store_holds();
                if !printed.is_empty() {
                    let stored = lasting.session().unwrap().access_token.value;
                    assert_eq!(printed.trim_end(), stored.expose(), "stored before it is printed");
                }
                lasting.next_refresh_works_or_tells();
                spent
            },
        );
        // Between the provider's response and the stored token there is only validation and a read of the entry: no
        // request, no output, no other file.
        let window = stretch(&stories, |spent| *spent);
        assert_eq!(
            (window[0], window[window.len() - 1]),
            ("after http /connect/token", "before store.save_with_retries")
        );
        let inside = &window[1..window.len() - 1];
        let calm = ["clock.now", "clock.uptime", "files.read", "store.load"];
        let other: Vec<_> = inside.iter().filter(|moment| !calm.iter().any(|call| moment.ends_with(call))).collect();
        assert!(other.is_empty(), "{other:?}");
        let looks = inside.iter().filter(|moment| **moment == "after store.load").count();
        assert_eq!(looks, 1, "{inside:?}");
    }
}

#[test]
fn keys_are_fetched_before_token_is_spent() {
    let stories = stopped_everywhere(
        &["token"],
        || {
            let lasting = Lasting::expired(true);
            lasting.bench.pass(Seconds(86_400));
            lasting
        },
        |lasting, _| lasting.spent(),
    );
    let window = stretch(&stories, |spent| *spent);
    assert!(!window.iter().any(|moment| moment.contains("/jwks")), "{window:?}");
    assert!(stories.iter().any(|(moment, _)| moment.contains("/jwks")), "they were fetched");
}

#[test]
fn stopped_refresh_with_reusable_token_loses_nothing() {
    let stories = stopped_everywhere(
        &["refresh", "--force"],
        || Lasting::logged_in(false),
        |lasting, _| {
            let spent = lasting.spent();
            lasting.next_refresh_works_or_tells();
            spent
        },
    );
    assert!(stretch(&stories, |spent| *spent).is_empty());
}

#[test]
fn refresh_stopped_twice_is_described_accurately() {
    let all = Fuse::whole();
    assert!(Lasting::logged_in(true).run_behind(&all, &["refresh", "--force"]).0);
    let states = ["store.save", "http /connect/token", "store.save_with_retries"];
    let cuts = |moment: &String| states.iter().any(|call| moment.ends_with(call));
    for (first, _) in all.moments().iter().enumerate().filter(|(_, moment)| cuts(moment)) {
        let mut second = 0;
        loop {
            let lasting = Lasting::logged_in(true);
            lasting.run_behind(&Fuse::blowing_at(first), &["refresh", "--force"]);
            let ports = Fuse::blowing_at(second).over(&lasting.bench.ports);
            let args = ["tidp", "refresh", "--force"].map(OsString::from);
            let ended = until_the_power_goes(|| tidp::run(args, &ports)).is_some();
            lasting.bench.terminal.take();
            match lasting.session().unwrap().held_token() {
                Some(_) => lasting.next_refresh_works_or_tells(),
                // The second run has recorded that the token was spent.
                None => drop(lasting.run(&["refresh", "--force"]).exits(3)),
            }
            if ended {
                break;
            }
            second += 1;
        }
    }
}

#[test]
fn stopped_logout_is_finished_by_the_next() {
    for command in [["logout"].as_slice(), &["logout", "--local"], &["logout", "--all"]] {
        let stories = stopped_everywhere(
            command,
            || Lasting::logged_in(true),
            |lasting, _| {
                lasting.serves_only_what_the_store_holds();
                let there = lasting.session().is_some();
                if there {
                    assert!(!lasting.spent(), "the provider is told last");
                }
                lasting.run(&["logout"]).exits(0);
                assert!(lasting.session().is_none());
                assert!(lasting.bench.cache.documents().is_empty());
                lasting.run(&["token", "--no-refresh"]).exits(3);
                lasting.run(&["token"]).exits(3);
                there
            },
        );
        let gone = stretch(&stories, |there| !*there);
        assert_eq!((gone[0], gone[gone.len() - 1]), ("after store.delete", "the end"));
    }
}

#[test]
fn stopped_process_releases_lock() {
    let fuse = Fuse::whole();
    Lasting::expired(true).run_behind(&fuse, &["token"]);
    let at = fuse.moments().iter().position(|moment| moment == "after http /connect/token").unwrap();
    let lasting = Lasting::expired(false);
    lasting.run_behind(&Fuse::blowing_at(at), &["token"]);
    let entry = EntryKey::Session(lasting.bench.key()).name();
    let store = lasting.bench.ports.stores.open(&tidp::testing::ports::StoreChoice::Keyring).unwrap();
    assert!(store.try_lock(&entry).unwrap().is_some());
}

#[test]
fn reader_caches_nothing_while_session_is_locked() {
    let lasting = Lasting::logged_in(true);
    lasting.bench.cache.clear();
    lasting.bench.stores.hold_lock(true);
    lasting.run(&["token"]).exits(0);
    assert!(lasting.bench.cache.documents().is_empty(), "it may be a logout");
    lasting.bench.stores.hold_lock(false);
    lasting.run(&["token"]).exits(0);
    assert_eq!(lasting.bench.cache.documents().len(), 1);
}
