//! `--scope`: one access token for each set of scopes, side by side, for a user's session and for a client that acts for
//! itself.

use crate::support::Bench;
use crate::support::ports::{StandingClock, Terminal};
use crate::support::provider::json;
use crate::support::tokens::TokenResponse;
use serde_json::{Value, json as object};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tidp::testing::domain::secret::Secret;
use tidp::testing::domain::session::{EntryKey, Session};
use tidp::testing::domain::time::Seconds;
use tidp::testing::ports::HttpFailureKind;

const SCOPES: &str = "openid profile offline_access api:x api:y";

/// A session with the refresh token `rt-1` and these scopes, whose main access token is `main`.
fn logged_in() -> Bench {
    let bench = Bench::new("MobileApp");
    let login = TokenResponse::new().refresh_token("rt-1").member("scope", object!(SCOPES));
    bench.log_in_with(login.member("access_token", object!("main")).id_claim("at_hash", Value::Null)).exits(0);
    bench
}

/// Expects a refresh with `old` for these scopes, and grants them.
fn narrows(bench: &Bench, old: &'static str, scope: &'static str, name: &'static str, new: Option<&'static str>) {
    bench.provider.expect("/connect/token", move |request| {
        assert_eq!(request.field("grant_type").as_deref(), Some("refresh_token"));
        assert_eq!(request.field("refresh_token").as_deref(), Some(old));
        assert_eq!(request.field("scope").as_deref(), Some(scope));
        let body = object!({ "access_token": name, "token_type": "Bearer", "expires_in": 3_600, "refresh_token": new });
        Ok(json(200, &body))
    });
}

#[track_caller]
fn token(bench: &Bench, args: &[&str]) -> String {
    bench.run(&[&["token"], args].concat()).exits(0).stdout.trim().to_owned()
}

#[test]
fn each_set_of_scopes_has_its_own_token() {
    for cache in ["on", "off"] {
        let bench = logged_in().env("TIDP_ACCESS_TOKEN_CACHE", cache);
        narrows(&bench, "rt-1", "api:x", "x", Some("rt-2"));
        assert_eq!(token(&bench, &["--scope", "api:x"]), "x");
        narrows(&bench, "rt-2", "api:x api:y", "xy", Some("rt-3"));
        assert_eq!(token(&bench, &["--scope", "api:y", "--scope", "api:x"]), "xy");
        // Kept, in whatever order and words the scopes are named, and the main token too.
        for (args, name) in [
            (&["--scope", "api:x"][..], "x"),
            (&["--scope", "api:x  api:y api:x"], "xy"),
            (&["--scope", "api:x", "--scope", "api:y"], "xy"),
            (&[], "main"),
            (&["--scope", "api:y api:x offline_access profile openid"], "main"),
            (&["--scope", "api:x", "--no-refresh"], "x"),
        ] {
            assert_eq!(token(&bench, args), name, "{args:?} with the cache {cache}");
        }
        // All of them are the main token's, wherever that is kept.
        let outcome = bench.run(&["token", "--verbose", "--scope", SCOPES]).exits(0);
        assert_eq!(outcome.stderr.contains("access token from the cache, "), cache == "on", "{}", outcome.stderr);
        let document = bench.run(&["token", "--scope", "api:x", "--format", "json"]).exits(0).json();
        assert_eq!((&document["access_token"], &document["scope"]), (&object!("x"), &object!("api:x")));
        bench.run(&["exec", "--scope", "api:x api:y", "--", "true"]).exits(127);
        let (_, (_, value)) = bench.programs.exec_calls.lock().unwrap().pop().unwrap();
        assert_eq!(value, "xy");
        // The session is what it was, with the newest refresh token.
        let session = bench.session().unwrap();
        assert_eq!(session.scopes.join(" "), SCOPES);
        assert_eq!(session.held_token().unwrap().value.expose(), "rt-3");
        assert!(
            session.id_token.is_some() && !session.refresh_brings_no_id_token && session.refresh_started_at.is_none()
        );
    }
}

#[test]
fn scopes_of_a_token_that_another_process_caches_are_told() {
    let bench = logged_in();
    let before = bench.session().unwrap();
    let body = object!({ "access_token": "x", "token_type": "Bearer", "expires_in": 3_600, "scope": "api:x api:y" });
    bench.provider.responds("/connect/token", json(200, &body));
    assert_eq!(token(&bench, &["--scope", "api:x"]), "x");
    bench.edit(|session| *session = before);
    // Neither of the two cached entries is there yet when this process looks first.
    bench.cache.appears_after(2);
    bench.stores.hold_lock(true);
    let document = bench.run(&["token", "--scope", "api:x", "--format", "json"]).exits(0).json();
    assert_eq!((&document["access_token"], &document["scope"]), (&object!("x"), &object!("api:x api:y")));
}

#[test]
fn profiles_have_scoped_tokens_of_their_own() {
    let profile = |name| {
        let issuer = crate::support::tokens::ISSUER;
        format!("[profile.{name}]\nissuer = \"{issuer}\"\nclient_id = \"app\"\nclient_type = \"MobileApp\"\n")
    };
    let bench = Bench::with_config(&(profile("a") + &profile("b")));
    bench.provider.publishes();
    for name in ["a", "b"] {
        let login = TokenResponse::new().refresh_token("rt-1").member("scope", object!(SCOPES));
        bench.provider.grants(&bench.browser, bench.clock.time(), login);
        bench.run(&["login", "-p", name]).exits(0);
        narrows(&bench, "rt-1", "api:x", name, Some("rt-2"));
        assert_eq!(token(&bench, &["-p", name, "--scope", "api:x"]), name);
    }
    assert_eq!(token(&bench, &["-p", "a", "--scope", "api:x"]), "a");
}

#[test]
fn scoped_token_is_renewed_when_it_is_due() {
    let bench = logged_in();
    narrows(&bench, "rt-1", "api:x", "one", Some("rt-2"));
    token(&bench, &["--scope", "api:x"]);
    bench.pass(Seconds(3_600 - 31));
    assert_eq!(token(&bench, &["--scope", "api:x"]), "one");
    bench.pass(Seconds(1));
    narrows(&bench, "rt-2", "api:x", "two", Some("rt-3"));
    assert_eq!(token(&bench, &["--scope", "api:x"]), "two");
    bench
        .run(&["token", "--scope", "api:x", "--min-ttl", "1h"])
        .exits(2)
        .says("must be shorter than the token's lifetime");
    // The main token has its own time, and a refresh of it keeps the other.
    let main = TokenResponse::new().refresh_token("rt-4").without_id_token();
    bench.provider.refreshes(bench.clock.time(), "rt-3", main);
    let refreshed = token(&bench, &[]);
    assert!(refreshed.starts_with("eyJ"), "{refreshed}");
    bench.cache.clear();
    assert_eq!(token(&bench, &["--scope", "api:x"]), "two");
}

#[test]
fn scopes_that_the_session_lacks_are_refused_before_anything_is_sent() {
    let bench = logged_in();
    let error = bench.run(&["token", "--scope", "api:z api:x", "--json"]).exits(2).error();
    assert_eq!(error["kind"], "usage");
    let message = error["message"].as_str().unwrap();
    assert!(
        message.contains("was not granted `api:z`; it has `api:x api:y offline_access openid profile`"),
        "{message}"
    );
    for (scope, words) in
        [("", "--scope: it names no scope"), ("a\u{e5}", "--scope: invalid scope"), ("a\"b", "invalid scope")]
    {
        bench.run(&["token", "--scope", scope]).exits(2).says(words);
        bench.run(&["exec", "--scope", scope, "--", "true"]).exits(2).says(words);
    }
    bench.run(&["token", "--scope", "api:x", "--id-token"]).exits(2).says("cannot be used with");
    assert_eq!(bench.provider.count("/connect/token"), 1, "the login's");
}

#[test]
fn without_a_refresh_token_the_truth_is_told() {
    let bench = Bench::new("Public");
    bench.log_in_with(TokenResponse::new()).exits(0);
    for refresh in [&[][..], &["--no-refresh"]] {
        let args = [&["token", "--scope", "profile", "--json"], refresh].concat();
        let error = bench.run(&args).exits(3).error();
        assert_eq!(error["kind"], "login_required");
        assert_eq!(error["hint"], "tidp login --scope \"openid profile\"");
    }
    // The hint takes no scope from the session, and asks for the refresh token that is missing.
    let bench = Bench::new("MobileApp").env("TIDP_SCOPES", "openid profile api:x");
    bench.log_in_with(TokenResponse::new().member("scope", object!("openid profile api:x"))).exits(0);
    for refresh in [&[][..], &["--no-refresh"]] {
        let args = [&["token", "--scope", "openid", "--json"], refresh].concat();
        let error = bench.run(&args).exits(3).error();
        assert_eq!(error["hint"], "tidp login --scope \"api:x offline_access openid profile\"");
    }
    let error = logged_in().run(&["token", "--scope", "api:x", "--no-refresh", "--json"]).exits(3).error();
    assert_eq!(error["hint"], "tidp token --scope api:x");
    let bench = logged_in();
    bench.provider.refuses("invalid_grant");
    bench.run(&["token", "--scope", "api:x"]).exits(3);
    bench.run(&["token", "--scope", "api:y", "--json"]).exits(3).says("rejected the refresh token");
    bench.run(&["token", "--scope", "api:y", "--no-refresh"]).exits(3).says("rejected the refresh token");
    // What is still valid goes on.
    assert_eq!(token(&bench, &[]), "main");
}

#[test]
fn other_scopes_than_asked_for_are_told_at_each_use() {
    let (more, less) = ("scope_more_than_asked", "scope_less_than_asked");
    for (granted, codes) in
        [(SCOPES, &[more][..]), ("api:y api:z", &[less, more]), ("openid api:x", &[less]), ("api:y api:x openid", &[])]
    {
        for cache in ["on", "off"] {
            let bench = logged_in().env("TIDP_ACCESS_TOKEN_CACHE", cache);
            bench.provider.responds(
                "/connect/token",
                json(200, &object!({ "access_token": "all", "refresh_token": "rt-2", "scope": granted })),
            );
            // It is named after what was granted, and not requested again and again.
            for more in [&[][..], &[], &["--no-refresh"]] {
                let args = [&["token", "--scope", "openid offline_access api:x api:y", "--json"], more].concat();
                let outcome = bench.run(&args).exits(0);
                let document = outcome.json();
                assert_eq!((&document["access_token"], &document["scope"]), (&object!("all"), &object!(granted)));
                assert_eq!(outcome.warnings(), codes, "granted {granted}, the cache is {cache}");
            }
            assert_eq!(bench.session().unwrap().held_token().unwrap().value.expose(), "rt-2");
        }
    }
    let bench = Bench::new("Confidential").env("TIDP_GRANT", "client_credentials").env("TIDP_CLIENT_SECRET", "s3cret");
    bench.provider.publishes();
    bench.provider.responds("/connect/token", json(200, &object!({ "access_token": "all", "scope": "api:y" })));
    for _ in 0..2 {
        let outcome = bench.run(&["token", "--scope", "api:x", "--json"]).exits(0);
        assert_eq!(outcome.warnings(), [less, more]);
    }
}

#[test]
fn refused_scopes_say_nothing_about_the_session() {
    let bench = logged_in();
    let before = bench.session();
    bench.provider.refuses("invalid_scope");
    let error = bench.run(&["token", "--scope", "api:x", "--json"]).exits(4).error();
    assert_eq!(error["provider"]["error"], "invalid_scope");
    assert_eq!(bench.session(), before);
    // Any other refusal is one of the session, as ever.
    bench.provider.refuses("invalid_client");
    bench.run(&["token", "--scope", "api:x"]).exits(4);
    assert_ne!(bench.session(), before);
}

#[test]
fn lost_response_of_a_narrowed_refresh_is_journalled() {
    let bench = logged_in();
    bench.provider.fails("/connect/token", HttpFailureKind::ResponseLost);
    bench.run(&["token", "--scope", "api:x"]).exits(5).says("The refresh token may be used up");
    assert!(bench.session().unwrap().refresh_started_at.is_some());
    narrows(&bench, "rt-1", "api:x", "x", None);
    bench.run(&["token", "--scope", "api:x"]).exits(0).says("did not finish");
    let session = bench.session().unwrap();
    assert_eq!(session.refresh_started_at, None);
}

#[test]
fn failed_refresh_for_other_scopes_gives_them_as_its_cause() {
    for (error, outcome) in [
        (Some("invalid_grant"), " refused: invalid_grant"),
        (Some("invalid_client"), " refused: invalid_client; the refresh token was kept"),
        (Some("odd"), " refused: odd; the refresh token was kept"),
        (None, ": no usable response"),
    ] {
        let bench = logged_in();
        match error {
            Some(error) => bench.provider.refuses(error),
            None => bench.provider.fails("/connect/token", HttpFailureKind::ResponseLost),
        }
        assert_ne!(bench.run(&["token", "--scope", "api:x"]).code, 0);
        let why = bench.run(&["policy", "--why", "--json"]).exits(0).json();
        let last = &why["events"].as_array().unwrap().last().unwrap()["event"];
        assert_eq!(*last, format!("refresh (for a token of the scopes `api:x`){outcome}"));
    }
}

/// RFC 6749 6: only a response to a request for `offline_access` tells of the SSO session by the refresh token it lacks.
#[test]
fn response_without_a_refresh_token_tells_of_the_sso_session_only_if_one_was_asked_for() {
    for (scope, sso) in [("api:x", "active"), ("api:x offline_access", "ended")] {
        let bench = logged_in();
        narrows(&bench, "rt-1", scope, "x", None);
        let outcome = bench.run(&["token", "--scope", scope]).exits(0);
        assert_eq!(outcome.stderr.contains("SSO session has ended"), sso == "ended", "{}", outcome.stderr);
        assert_eq!(bench.run(&["policy", "--json"]).exits(0).json()["sso"], sso);
    }
    // What was known stays known.
    let bench = logged_in();
    narrows(&bench, "rt-1", "api:x offline_access", "x", None);
    token(&bench, &["--scope", "api:x offline_access"]);
    narrows(&bench, "rt-1", "api:y", "y", None);
    token(&bench, &["--scope", "api:y"]);
    assert_eq!(bench.run(&["policy", "--json"]).exits(0).json()["sso"], "ended");
}

#[test]
fn inspect_and_policy_show_them() {
    let bench = logged_in();
    bench.provider.publishes();
    assert!(bench.run(&["inspect", "--json"]).exits(0).json().get("other_access_tokens").is_none());
    narrows(&bench, "rt-1", "api:x api:y", "xy", Some("rt-2"));
    token(&bench, &["--scope", "api:y api:x"]);
    let others = bench.run(&["inspect", "--json"]).exits(0).json()["other_access_tokens"].clone();
    assert_eq!(others[0]["scopes"], object!(["api:x", "api:y"]));
    assert_eq!((&others[0]["access_token"]["state"], others.as_array().unwrap().len()), (&object!("valid"), 1));
    let text = bench.run(&["inspect"]).exits(0).stdout;
    assert!(text.contains("for the scopes api:x api:y\n"), "{text}");
    let why = bench.run(&["policy", "--why", "--json"]).exits(0).json();
    let last = &why["events"].as_array().unwrap().last().unwrap()["event"];
    let expected = "refreshed for a token of the scopes `api:x api:y`: the provider returned a new refresh token";
    assert_eq!(last, expected);
}

#[test]
fn logout_and_login_forget_all_of_them() {
    for cache in ["on", "off"] {
        let bench = logged_in().env("TIDP_ACCESS_TOKEN_CACHE", cache);
        narrows(&bench, "rt-1", "api:x", "x", Some("rt-2"));
        token(&bench, &["--scope", "api:x"]);
        let login = TokenResponse::new().refresh_token("rt-3").member("scope", object!(SCOPES));
        bench.provider.expect_discovery();
        bench.provider.grants(&bench.browser, bench.clock.time(), login);
        bench.run(&["login"]).exits(0);
        narrows(&bench, "rt-3", "api:x", "newer", Some("rt-4"));
        assert_eq!(token(&bench, &["--scope", "api:x"]), "newer");
        bench.run(&["logout", "--local"]).exits(0);
        assert!(bench.cache.documents().is_empty() && bench.stores.is_empty());
        bench.run(&["token", "--scope", "api:x"]).exits(3);
    }
}

#[test]
fn logout_says_when_the_last_access_token_ends() {
    let bench = logged_in();
    bench.pass(Seconds(600));
    narrows(&bench, "rt-1", "api:x", "x", Some("rt-2"));
    token(&bench, &["--scope", "api:x"]);
    let document = bench.run(&["logout", "--local", "--json"]).exits(0).says("until 2026-01-31 13:10:00").json();
    assert_eq!(document["access_token_valid_until"], "2026-01-31T13:10:00Z");
}

#[test]
fn number_of_tokens_is_bounded() {
    let bench = Bench::with_config(
        "[profile.ci]\nissuer = \"https://id.example\"\nclient_id = \"app\"\ngrant = \"client_credentials\"\n",
    )
    .env("TIDP_CLIENT_SECRET", "s3cret");
    bench.provider.publishes();
    let grants = || {
        bench.provider.expect("/connect/token", |request| {
            let scope = request.field("scope").unwrap();
            Ok(json(200, &object!({ "access_token": scope.replace(':', "."), "scope": scope })))
        });
    };
    for n in 0..9 {
        grants();
        assert_eq!(token(&bench, &["--scope", &format!("api:{n}")]), format!("api.{n}"));
    }
    for n in 1..9 {
        assert_eq!(token(&bench, &["--scope", &format!("api:{n}")]), format!("api.{n}"));
    }
    grants();
    assert_eq!(token(&bench, &["--scope", "api:0"]), "api.0");
    bench.run(&["token", "--scope", "openid api:x"]).exits(2).says("the scope `openid` is about a user");
    let document = bench.run(&["inspect", "--json"]).exits(0).json();
    assert_eq!(document["other_access_tokens"].as_array().unwrap().len(), 8);
}

/// The documents of tidp 0.1 can be read, and it can read those without such tokens, which are written as before.
#[test]
fn stored_session_has_the_form_it_had() {
    let bench = logged_in();
    let name = EntryKey::Session(bench.key()).name();
    let old: BTreeMap<String, Value> = serde_json::from_str(&bench.stores.raw(&name).unwrap()).unwrap();
    assert!(!old.contains_key("scoped_tokens"));
    narrows(&bench, "rt-1", "api:x", "x", Some("rt-2"));
    token(&bench, &["--scope", "api:x"]);
    let mut new: BTreeMap<String, Value> = serde_json::from_str(&bench.stores.raw(&name).unwrap()).unwrap();
    assert!(new.remove("scoped_tokens").is_some());
    assert_eq!(new.keys().collect::<Vec<_>>(), old.keys().collect::<Vec<_>>());
    let without = Secret::new(object!(new).to_string());
    let session = Session::from_json(&without, &bench.key()).unwrap();
    assert_eq!(Session { scoped_tokens: Default::default(), ..bench.session().unwrap() }, session);
}

/// Two scopes asked for at once: nobody gets the token of the other one, and each is requested once.
#[test]
fn threads_that_ask_for_different_scopes_get_their_own_tokens() {
    for cache in ["on", "off"] {
        for machine in [false, true] {
            let mut bench =
                if machine { Bench::new("Confidential") } else { logged_in() }.env("TIDP_ACCESS_TOKEN_CACHE", cache);
            if machine {
                bench = bench.env("TIDP_GRANT", "client_credentials").env("TIDP_CLIENT_SECRET", "s3cret");
                bench.provider.publishes();
            }
            let (asked, bench) = (Arc::new(Mutex::new(0)), Arc::new(bench));
            for _ in 0..2 {
                let asked = Arc::clone(&asked);
                bench.provider.expect("/connect/token", move |request| {
                    let mut asked = asked.lock().unwrap();
                    *asked += 1;
                    let spent = if machine { None } else { Some(format!("rt-{asked}")) };
                    assert_eq!(request.field("refresh_token"), spent);
                    let name = request.field("scope").unwrap().replace(':', ".");
                    let next = (!machine).then(|| format!("rt-{}", *asked + 1));
                    Ok(json(200, &object!({ "access_token": name, "refresh_token": next })))
                });
            }
            let threads: Vec<_> = (0..24)
                .map(|n| {
                    let (mut ports, scope) = (bench.ports.clone(), ["api:x", "api:y"][n % 2]);
                    let terminal = Arc::new(Terminal::new(Arc::clone(&bench.browser), Arc::clone(&bench.clock)));
                    ports.terminal = Arc::clone(&terminal) as _;
                    ports.clock = Arc::new(StandingClock(bench.clock.time()));
                    std::thread::spawn(move || {
                        let code = tidp::run(["tidp", "token", "--scope", scope].map(Into::into), &ports);
                        let (stdout, stderr) = terminal.take();
                        assert_eq!((code, stdout), (0, scope.replace(':', ".") + "\n"), "{stderr}");
                    })
                })
                .collect();
            assert!(threads.into_iter().all(|thread| thread.join().is_ok()), "machine: {machine}, cache: {cache}");
            assert_eq!(*asked.lock().unwrap(), 2);
        }
    }
}
