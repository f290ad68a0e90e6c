//! A client that acts for itself (client credentials): its tokens, and what each command about sessions says instead.

use crate::support::Bench;
use crate::support::ports::StandingClock;
use crate::support::provider::json;
use crate::support::tokens::{ISSUER, TokenResponse};
use serde_json::json as object;
use std::sync::Arc;
use tidp::testing::domain::session::EntryKey;
use tidp::testing::domain::time::Seconds;
use tidp::testing::ports::{HttpFailureKind, StoreFailureKind};

const CONFIG: &str = "[profile.ci]\nissuer = \"https://id.example\"\nclient_id = \"app\"\n\
                      client_type = \"Confidential\"\ngrant = \"client_credentials\"\nscopes = [\"api:x\"]\n";

/// A bench with a profile of such a client, and its secret.
fn machine() -> Bench {
    let bench = Bench::with_config(CONFIG).env("TIDP_CLIENT_SECRET", "s3cret");
    bench.provider.publishes();
    bench
}

/// Expects a request for these scopes, and grants them with a token of that name and lifetime.
fn grant(bench: &Bench, scope: &'static str, name: &'static str, lifetime: i64) {
    bench.provider.expect("/connect/token", move |request| {
        assert_eq!(request.field("grant_type").as_deref(), Some("client_credentials"));
        assert_eq!(request.field("scope").unwrap_or_default(), scope);
        assert_eq!(request.authorization.as_deref(), Some("Basic YXBwOnMzY3JldA=="));
        let body = object!({
            "access_token": name, "token_type": "Bearer", "expires_in": lifetime, "scope": scope,
            // Neither belongs to this grant, and neither is kept.
            "refresh_token": "rt-stray", "id_token": "it-stray",
        });
        Ok(json(200, &body))
    });
}

fn entry(bench: &Bench) -> Option<String> {
    bench.stores.raw(&EntryKey::MachineTokens(bench.key_of("ci")).name())
}

#[test]
fn token_needs_no_login_and_is_kept_until_it_is_due() {
    for cache in ["on", "off"] {
        let bench = machine().env("TIDP_ACCESS_TOKEN_CACHE", cache);
        grant(&bench, "api:x", "one", 3_600);
        assert_eq!(bench.run(&["token"]).exits(0).stdout, "one\n");
        // In the kernel's keyring where there is one, else in the store, so that the next process finds it.
        assert_eq!(
            (bench.cache.documents().len(), entry(&bench).is_some()),
            if cache == "on" { (1, false) } else { (0, true) }
        );
        bench.pass(Seconds(3_600 - 31));
        let outcome = bench.run(&["token", "--format", "json"]).exits(0).json();
        assert_eq!((&outcome["access_token"], &outcome["expires_in"]), (&object!("one"), &object!(31)));
        assert_eq!(outcome["scope"], "api:x");
        bench.pass(Seconds(1));
        grant(&bench, "api:x", "two", 3_600);
        assert_eq!(bench.run(&["token", "--format", "header"]).exits(0).stdout, "Authorization: Bearer two\n");
        bench.run(&["exec", "--", "true"]).exits(127);
        let (_, variable) = bench.programs.exec_calls.lock().unwrap().pop().unwrap();
        assert_eq!(variable, ("TIDP_ACCESS_TOKEN".to_owned(), "two".to_owned()));
        let kept = bench.cache.documents().concat() + &entry(&bench).unwrap_or_default();
        assert!(!kept.contains("stray") && !kept.contains("s3cret"), "{kept}");
    }
}

#[test]
fn environment_alone_describes_the_client() {
    let bench = Bench::with_env(&[
        ("TIDP_ISSUER", ISSUER),
        ("TIDP_CLIENT_ID", "app"),
        ("TIDP_CLIENT_SECRET", "s3cret"),
        ("TIDP_GRANT", "client_credentials"),
    ]);
    bench.provider.publishes();
    // Without scopes the provider chooses them; `openid` and `offline_access` are never sent.
    bench.provider.expect("/connect/token", |request| {
        assert_eq!(request.field("scope"), None);
        Ok(json(200, &object!({ "access_token": "one", "expires_in": 60, "scope": "api:x api:y" })))
    });
    assert_eq!(bench.run(&["token", "--json"]).exits(0).json()["scope"], "api:x api:y");
    let bench = bench.env("TIDP_SCOPES", "openid api:x");
    bench.run(&["token"]).exits(2).says("TIDP_SCOPES: the scope `openid` is about a user");
    let bench = bench.env("TIDP_SCOPES", "").env("TIDP_CLIENT_TYPE", "MobileApp");
    bench.run(&["token"]).exits(2).says("TIDP_GRANT: grant `client_credentials` needs a confidential client");
}

#[test]
fn secret_in_the_body_and_from_the_store() {
    let bench = Bench::with_config(&format!("{CONFIG}auth_method = \"client_secret_post\"\n"));
    bench.provider.publishes();
    bench.run(&["token"]).exits(2).says("there is no client secret").says("tidp profile secret ci");
    bench.stores.put(&EntryKey::ClientSecret(bench.key_of("ci")).name(), "stored");
    bench.provider.expect("/connect/token", |request| {
        assert_eq!(request.body, "grant_type=client_credentials&scope=api%3Ax&client_id=app&client_secret=stored");
        Ok(json(200, &object!({ "access_token": "one" })))
    });
    bench.run(&["token"]).exits(0);
}

#[test]
fn min_ttl_and_no_refresh_are_kept() {
    let bench = machine();
    let forbidden = bench.run(&["token", "--no-refresh", "--json"]).exits(1).error();
    assert_eq!((&forbidden["kind"], &forbidden["hint"]), (&object!("failed"), &object!("tidp token --profile ci")));
    grant(&bench, "api:x", "one", 600);
    bench.run(&["token"]).exits(0);
    bench.run(&["token", "--min-ttl", "10m"]).exits(2).says("must be shorter than the token's lifetime of 10 min");
    bench.pass(Seconds(580));
    // Less than the default is left, but it works.
    assert_eq!(bench.run(&["token", "--no-refresh"]).exits(0).stdout, "one\n");
    bench.run(&["token", "--no-refresh", "--min-ttl", "30s"]).exits(1);
    grant(&bench, "api:x", "two", 600);
    assert_eq!(bench.run(&["token"]).exits(0).stdout, "two\n");
    grant(&bench, "api:x", "three", 600);
    bench.pass(Seconds(60));
    assert_eq!(bench.run(&["token", "--min-ttl", "9m"]).exits(0).stdout, "three\n");
}

#[test]
fn failure_leaves_a_token_that_still_works() {
    let bench = machine();
    grant(&bench, "api:x", "one", 600);
    bench.run(&["token"]).exits(0);
    bench.pass(Seconds(580));
    bench.provider.fails("/connect/token", HttpFailureKind::ResponseLost);
    let outcome = bench.run(&["token"]).exits(0).says("The stored token still works until 2026-01-31 12:10:00");
    assert_eq!(outcome.stdout, "one\n");
    bench.provider.fails("/connect/token", HttpFailureKind::NotSent);
    bench.run(&["token", "--min-ttl", "1m"]).exits(5);
    bench.provider.responds("/connect/token", json(429, &object!({})));
    bench.pass(Seconds(20));
    assert_eq!(bench.run(&["token", "--json"]).exits(5).error()["kind"], "unreachable");
}

#[test]
fn refusal_never_hints_at_a_login() {
    let bench = machine();
    for (error, hint) in [
        ("unauthorized_client", "ask the provider to allow the grant client_credentials for this client"),
        ("unsupported_grant_type", "ask the provider to allow the grant client_credentials for this client"),
        ("invalid_scope", "set `scopes` in the profile, or --scope, to what this client may request"),
        ("invalid_client", ""),
        ("invalid_grant", ""),
        ("login_required", ""),
    ] {
        bench.provider.refuses(error);
        let refused = bench.run(&["token", "--json"]).exits(4).error();
        assert_eq!((&refused["kind"], &refused["provider"]["error"]), (&object!("refused"), &object!(error)));
        assert_eq!(refused["hint"].as_str().unwrap_or_default(), hint, "{refused}");
    }
    let bench = Bench::with_config(&CONFIG.replace("scopes = [\"api:x\"]\n", ""));
    bench.provider.publishes();
    bench.stores.put(&EntryKey::ClientSecret(bench.key_of("ci")).name(), "stored");
    bench.provider.refuses("invalid_scope");
    bench.run(&["token"]).exits(4).says("hint: name the scopes");
    bench.provider.refuses("invalid_client");
    bench.run(&["token"]).exits(4).says("hint: tidp profile secret ci");
}

#[test]
fn other_scopes_than_requested_are_told() {
    let bench =
        Bench::with_config(&CONFIG.replace("\"api:x\"", "\"api:x\", \"api:y\"")).env("TIDP_CLIENT_SECRET", "s3cret");
    bench.provider.publishes();
    let body = object!({ "access_token": "one", "scope": "api:y api:z" });
    bench.provider.responds("/connect/token", json(200, &body));
    let outcome = bench.run(&["token", "--json"]).exits(0).says("did not grant the scopes `api:x`");
    assert_eq!(outcome.warnings(), ["scope_less_than_asked", "scope_more_than_asked"]);
    assert_eq!(outcome.json()["scope"], "api:y api:z");
    // It is kept under what was requested, so that it is not requested again and again.
    assert_eq!(bench.run(&["token", "--json"]).exits(0).warnings(), [""; 0]);
}

#[test]
fn store_that_fails_stops_nobody() {
    let bench = machine().env("TIDP_ACCESS_TOKEN_CACHE", "off");
    bench.stores.fail("load", StoreFailureKind::Locked);
    bench.stores.fail("load", StoreFailureKind::Locked);
    bench.stores.fail("load", StoreFailureKind::Locked);
    bench.stores.fail("save", StoreFailureKind::Missing);
    grant(&bench, "api:x", "one", 600);
    let outcome = bench.run(&["token", "--json"]).exits(0);
    assert_eq!(
        (outcome.warnings(), &outcome.json()["access_token"]),
        (vec!["token_not_kept".to_owned()], &object!("one"))
    );
    outcome.says(". If that is meant, set TIDP_STORE=memory");
    bench.stores.fail("delete", StoreFailureKind::Missing);
    bench.run(&["logout"]).exits(0).says("There were no tokens of `ci`");
    bench.stores.fail("delete", StoreFailureKind::Locked);
    bench.run(&["logout"]).exits(6);
    // Something else in its place is no obstacle.
    bench.stores.put(&EntryKey::MachineTokens(bench.key_of("ci")).name(), "garbage");
    grant(&bench, "api:x", "two", 600);
    assert_eq!(bench.run(&["token"]).exits(0).stdout, "two\n");
    assert_eq!(bench.run(&["token"]).exits(0).stdout, "two\n");
}

#[test]
fn token_of_another_process_is_used() {
    let bench = machine().env("TIDP_ACCESS_TOKEN_CACHE", "off");
    let name = EntryKey::MachineTokens(bench.key_of("ci")).name();
    grant(&bench, "api:x", "one", 600);
    bench.run(&["token"]).exits(0);
    let theirs = entry(&bench).unwrap();
    bench.stores.take(&name);
    // While this process waits for the lock, another one stores its token.
    bench.stores.when_lock_is_taken(&name, &theirs);
    assert_eq!(bench.run(&["token"]).exits(0).stdout, "one\n");
    bench.stores.take(&name);
    bench.stores.when_lock_is_taken(&name, &theirs);
    let adopted = bench.run(&["refresh", "--force", "--json"]).exits(0).json();
    assert_eq!((&adopted["refreshed"], &adopted["reason"]), (&object!(false), &object!("adopted")));
    // One that lives less than the default minimum will do too, or each of many processes would request its own.
    let short = theirs.replace("\"one\"", "\"short\"").replace(
        &format!("\"expires_at\":{}", bench.clock.time().unix() + 600),
        &format!("\"expires_at\":{}", bench.clock.time().unix() + 20),
    );
    assert_ne!(short, theirs);
    bench.stores.take(&name);
    bench.stores.when_lock_is_taken(&name, &short);
    assert_eq!(bench.run(&["token"]).exits(0).stdout, "short\n");
    // But not one that this process has found before, and not one that has just expired.
    grant(&bench, "api:x", "two", 600);
    assert_eq!(bench.run(&["token"]).exits(0).stdout, "two\n");
    bench.stores.take(&name);
    bench.pass(Seconds(20));
    bench.stores.when_lock_is_taken(&name, &short);
    grant(&bench, "api:x", "three", 600);
    assert_eq!(bench.run(&["token"]).exits(0).stdout, "three\n");
    bench.stores.take(&name);
    bench.stores.hold_lock(true);
    assert_eq!(bench.run(&["token", "--json"]).exits(5).error()["kind"], "busy");
}

#[test]
fn cached_token_of_another_process_ends_the_wait_for_the_lock() {
    let bench = machine();
    grant(&bench, "api:x", "one", 600);
    let stderr = bench.run(&["token", "--verbose"]).exits(0).stderr;
    assert!(stderr.contains("no kept machine token is valid long enough"), "{stderr}");
    // This process looks twice before it waits.
    bench.cache.appears_after(2);
    bench.stores.hold_lock(true);
    assert_eq!(bench.run(&["token"]).exits(0).stdout, "one\n");
    bench.run(&["token", "--verbose"]).exits(0).says("machine token kept from before, 10 min left: no request");
}

#[test]
fn each_client_has_its_own_tokens() {
    let other = CONFIG.replace("profile.ci", "profile.other").replace("\"app\"", "\"another\"");
    let bench = Bench::with_config(&format!("{CONFIG}{other}")).env("TIDP_CLIENT_SECRET", "s3cret");
    bench.provider.publishes();
    for profile in ["ci", "other"] {
        let body = object!({ "access_token": profile, "token_type": "Bearer", "expires_in": 600 });
        bench.provider.responds("/connect/token", json(200, &body));
        assert_eq!(bench.run(&["token", "-p", profile]).exits(0).stdout, format!("{profile}\n"));
    }
    assert_eq!(bench.run(&["token", "-p", "ci"]).exits(0).stdout, "ci\n");
}

#[test]
fn token_from_the_future_is_not_trusted() {
    let bench = machine();
    grant(&bench, "api:x", "one", 3_600);
    bench.run(&["token"]).exits(0);
    bench.at(-7_200);
    grant(&bench, "api:x", "two", 3_600);
    assert_eq!(bench.run(&["token"]).exits(0).stdout, "two\n");
}

#[test]
fn what_needs_a_user_is_refused_with_the_truth() {
    let bench = machine();
    for (line, words) in [
        ("login", "there is no user to log in, and none is needed for a token"),
        ("userinfo", "there is no userinfo"),
        ("token --id-token", "the provider issues no ID token"),
        ("refresh --claims", "there are no claims to update"),
        ("keepalive --for 1h", "there is no session to keep alive: `tidp token` and `tidp exec` request a new token"),
    ] {
        let args: Vec<&str> = line.split(' ').collect();
        bench
            .run(&args)
            .exits(2)
            .says("error: the profile is for machine tokens, so ")
            .says(words)
            .says("hint: tidp token --profile ci");
    }
    assert!(bench.provider.paths().is_empty());
}

#[test]
fn refresh_requests_a_token_if_it_is_due() {
    let bench = machine();
    grant(&bench, "api:x", "one", 600);
    let first = bench.run(&["refresh", "--json"]).exits(0).says("Requested a new access token, valid until").json();
    let expected = object!({
        "refreshed": true, "reason": "expired", "rotated": false, "renewed": false,
        "access_token_expires_at": "2026-01-31T12:10:00Z", "refresh_token_expires_at": null,
    });
    assert_eq!(first, expected);
    assert_eq!(bench.run(&["refresh", "--json"]).exits(0).says("Not due").json()["reason"], "not_due");
    grant(&bench, "api:x", "two", 600);
    assert_eq!(bench.run(&["refresh", "--force", "--json"]).exits(0).json()["reason"], "forced");
    assert_eq!(bench.run(&["token"]).exits(0).stdout, "two\n");
}

#[test]
fn policy_says_that_there_is_none() {
    let bench = machine();
    let page = bench.run(&["policy"]).exits(0).stdout;
    let text = page.replace('\n', " ");
    assert!(page.starts_with("machine token  ci\n\n"), "{page}");
    for words in
        ["no login and no refresh token", "`tidp token --profile ci` requests a new one", "No token is stored."]
    {
        assert!(text.contains(words), "{page}");
    }
    grant(&bench, "api:x", "one", 600);
    bench.run(&["token"]).exits(0);
    let document = bench.run(&["policy", "--json", "--why", "--require", "2d"]).exits(0).json();
    for name in
        ["policy", "sliding", "lifetime", "issued_at", "expires_at", "expires_at_earliest", "remaining", "act_before"]
    {
        assert_eq!(document.get(name), Some(&object!(null)), "{name}");
    }
    assert_eq!(
        (&document["next_action"], &document["sso"], &document["expired"]),
        (&object!("none"), &object!("unknown"), &object!(false))
    );
    assert_eq!(
        (&document["access_token_expires_at"], &document["events"]),
        (&object!("2026-01-31T12:10:00Z"), &object!([]))
    );
    assert!(document["explanation"].as_str().unwrap().ends_with("The stored one expires 2026-01-31T12:10:00Z."));
    bench.pass(Seconds(600));
    // Nothing of a session is missing.
    let user = Bench::new("MobileApp");
    let members = |document: &serde_json::Value| document.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(
        members(&bench.run(&["policy", "--json"]).exits(0).json()),
        members(&user.run(&["policy", "--json"]).exits(0).json())
    );
    assert_eq!(bench.run(&["policy", "--short"]).exits(0).stdout, "machine token\n");
    *bench.terminal.rows.lock().unwrap() = Some(24);
    bench.run(&["policy", "--watch"]).exits(2).says("there is no session to watch");
}

#[test]
fn inspect_shows_the_token() {
    let bench = machine();
    let none = bench.run(&["inspect", "--json"]).exits(0).json();
    assert_eq!((&none["account"], &none["access_token"]["state"]), (&object!(null), &object!("none")));
    assert!(bench.run(&["inspect"]).exits(0).stdout.contains("none is stored for these scopes"));
    let (now, response) = (bench.clock.time(), TokenResponse::new().without_id_token());
    bench
        .provider
        .expect("/connect/token", move |_| Ok(response.member("scope", object!("api:x")).response(now, None)));
    bench.run(&["token"]).exits(0);
    let document = bench.run(&["inspect", "--json"]).exits(0).json();
    assert_eq!((&document["grant"], &document["scopes"]), (&object!("client_credentials"), &object!(["api:x"])));
    assert_eq!(
        (&document["access_token"]["state"], &document["access_token"]["verified"]),
        (&object!("valid"), &object!(true))
    );
    assert_eq!(
        (&document["refresh_token"]["state"], &document["id_token"]["state"]),
        (&object!("none"), &object!("none"))
    );
    let text = bench.run(&["inspect"]).exits(0).stdout;
    for words in ["machine token: the client acts for itself", "valid until", "signature checked", "client_id"] {
        assert!(text.contains(words), "{text}");
    }
    // Nothing of a session is missing.
    let user = Bench::new("MobileApp");
    user.log_in();
    user.provider.publishes();
    for name in user.run(&["inspect", "--json"]).exits(0).json().as_object().unwrap().keys() {
        assert!(document.get(name).is_some(), "{name}");
    }
}

#[test]
fn logout_removes_the_tokens_everywhere() {
    for cache in ["on", "off"] {
        let bench = machine().env("TIDP_ACCESS_TOKEN_CACHE", cache);
        grant(&bench, "api:x", "one", 600);
        bench.run(&["token"]).exits(0);
        let outcome =
            bench.run(&["logout", "--json"]).exits(0).says("Removed the tokens of `ci` (https://id.example).");
        let document = outcome.says("still works until").json();
        assert_eq!((&document["had_session"], &document["account"]), (&object!(true), &object!(null)));
        assert_eq!(document["access_token_valid_until"], "2026-01-31T12:10:00Z");
        assert_eq!(document["revocation"]["state"], "nothing");
        assert!(bench.cache.documents().is_empty() && bench.stores.is_empty());
        bench.run(&["logout"]).exits(0).says("There were no tokens of `ci`");
        grant(&bench, "api:x", "two", 600);
        assert_eq!(bench.run(&["token"]).exits(0).stdout, "two\n");
        let all = bench.run(&["logout", "--all", "--json"]).exits(0).json();
        assert_eq!(all["sessions"].as_array().unwrap().len(), 1, "{all}");
        assert!(bench.cache.documents().is_empty() && bench.stores.is_empty());
    }
}

#[test]
fn machine_token_that_has_just_expired_is_not_called_valid() {
    let bench = machine().env("TIDP_ACCESS_TOKEN_CACHE", "off");
    grant(&bench, "api:x", "one", 600);
    bench.run(&["token"]).exits(0);
    bench.pass(Seconds(600));
    let outcome = bench.run(&["logout", "--json"]).exits(0).leaves_out("still works until");
    let document = outcome.json();
    assert_eq!((&document["had_session"], &document["access_token_valid_until"]), (&object!(true), &object!(null)));
}

#[test]
fn a_job_without_a_keyring_learns_that_its_secret_can_be_a_variable() {
    let missing = "the client is confidential, but there is no client secret, and no keyring to look in";
    let hints = [
        (StoreFailureKind::Missing, missing, "set TIDP_CLIENT_SECRET; or "),
        (StoreFailureKind::Locked, "the OS keyring is locked (as the test wants)", "; or set TIDP_CLIENT_SECRET"),
    ];
    for (kind, message, hint) in hints {
        let bench = Bench::with_config(CONFIG);
        bench.provider.publishes();
        // The machine tokens are looked for twice, before and under the lock.
        (0..3).for_each(|_| bench.stores.fail("load", kind));
        let error = bench.run(&["token", "--json"]).exits(6).error();
        assert_eq!(error["message"], message);
        assert!(error["hint"].as_str().unwrap().contains(hint), "{error}");
    }
}

#[test]
fn logout_also_ends_a_session_from_before_the_grant_changed() {
    let bench = Bench::with_config("[profile.ci]\nissuer = \"https://id.example\"\nclient_id = \"app\"\n");
    bench.log_in();
    let bench = bench.env("TIDP_GRANT", "client_credentials").env("TIDP_CLIENT_SECRET", "s3cret");
    bench.provider.publishes();
    // The session's token is the user's, and no machine gets it.
    grant(&bench, "", "one", 600);
    assert_eq!(bench.run(&["token"]).exits(0).stdout, "one\n");
    bench.run(&["logout", "--local"]).exits(0).says("Removed the tokens").says("Logged out of `ci`");
    assert!(bench.cache.documents().is_empty() && bench.stores.is_empty());
}

/// Wherever the tokens are, and whatever the profile's grant is when they are to be removed.
#[test]
fn machine_tokens_are_removed_after_the_grant_changed() {
    let user = CONFIG.replace("grant = \"client_credentials\"\nscopes = [\"api:x\"]\n", "");
    for cache in ["on", "off"] {
        for args in [&["logout", "--json"][..], &["logout", "--all", "--json"], &["profile", "remove", "ci"]] {
            let bench = machine().env("TIDP_ACCESS_TOKEN_CACHE", cache);
            grant(&bench, "api:x", "one", 600);
            bench.run(&["token"]).exits(0);
            bench.files.put(crate::support::CONFIG, &user);
            let outcome = bench.run(args).exits(0);
            assert!(bench.cache.documents().is_empty() && bench.stores.is_empty(), "{args:?} with the cache {cache}");
            if args[0] == "logout" {
                let document = outcome.says("Removed the tokens of `ci`").json();
                let one = document["sessions"].get(0).unwrap_or(&document);
                assert_eq!(
                    (&one["had_session"], &one["access_token_valid_until"]),
                    (&object!(true), &object!("2026-01-31T12:10:00Z"))
                );
            }
        }
    }
}

#[test]
fn logout_of_all_names_a_key_with_both_kinds_of_tokens_once() {
    for cache in ["on", "off"] {
        let bench = Bench::with_config("[profile.ci]\nissuer = \"https://id.example\"\nclient_id = \"app\"\n")
            .env("TIDP_ACCESS_TOKEN_CACHE", cache);
        bench.log_in();
        let mut bench = bench.env("TIDP_GRANT", "client_credentials").env("TIDP_CLIENT_SECRET", "s3cret");
        bench.provider.publishes();
        // Longer than the session's access token lives.
        grant(&bench, "", "one", 86_400);
        bench.run(&["token"]).exits(0);
        bench.ports.env.variables.remove("TIDP_GRANT");
        let all = bench.run(&["logout", "--all", "--local", "--json"]).exits(0).json();
        assert_eq!(all["sessions"].as_array().unwrap().len(), 1, "{all}");
        assert_eq!(all["sessions"][0]["access_token_valid_until"], "2026-02-01T12:00:00Z");
        assert!(bench.cache.documents().is_empty() && bench.stores.is_empty());
    }
}

#[test]
fn machine_logout_removes_a_session_that_cannot_be_read() {
    for document in ["garbage", r#"{"version":99}"#] {
        let bench = machine();
        bench.stores.put(&EntryKey::Session(bench.key_of("ci")).name(), document);
        bench.run(&["profile", "remove", "ci"]).exits(2).says("tidp logout");
        let outcome = bench.run(&["logout", "--json"]).exits(0).says("Logged out of `ci`").json();
        assert_eq!(outcome["had_session"], true);
        bench.run(&["profile", "remove", "ci"]).exits(0);
    }
    let bench = machine();
    bench.stores.put(&EntryKey::Session(bench.key_of("ci")).name(), "locked");
    for _ in 0..3 {
        bench.stores.fail("load", StoreFailureKind::Locked);
    }
    bench.run(&["logout"]).exits(6).says("is locked");
    // Without a store there is nothing to remove.
    let bench = machine();
    for _ in 0..2 {
        bench.stores.fail("load", StoreFailureKind::Missing);
    }
    bench.run(&["logout"]).exits(0).says("There were no tokens of `ci`");
}

#[test]
fn tokens_of_a_removed_profile_are_removed() {
    let bench = machine().env("TIDP_ACCESS_TOKEN_CACHE", "off");
    grant(&bench, "api:x", "one", 600);
    bench.run(&["token"]).exits(0);
    bench.files.put(crate::support::CONFIG, "[profile.other]\nissuer = \"https://id.example\"\nclient_id = \"app\"\n");
    bench.run(&["logout", "--all"]).exits(0).says("Removed the tokens of `ci`");
    assert!(bench.stores.is_empty());

    let bench = machine();
    grant(&bench, "api:x", "one", 600);
    bench.run(&["token"]).exits(0);
    bench.run(&["profile", "remove", "ci"]).exits(0);
    assert!(bench.cache.documents().is_empty());
}

#[test]
fn profile_commands_know_the_grant() {
    let bench = Bench::with_config("");
    let add = "profile add ci --issuer https://id.example --client-id app --grant client_credentials --scope api:x";
    let args: Vec<&str> = add.split(' ').collect();
    bench.run(&args).exits(0).says("Next: tidp profile secret ci, then tidp token");
    assert_eq!(bench.run(&["profile", "show", "--json"]).exits(0).json()["grant"], "client_credentials");
    assert!(bench.run(&["profile", "show"]).exits(0).stdout.contains("grant              client_credentials  (line "));
    let list = bench.run(&["profile", "list"]).exits(0).stdout;
    assert!(list.contains("machine token") && !list.contains("client_credentials"), "{list}");
    let public: Vec<&str> =
        args.iter().map(|arg| if *arg == "ci" { "cj" } else { arg }).chain(["--client-type", "Public"]).collect();
    bench.run(&public).exits(2).says("needs a confidential client, and client_type is Public");
}

#[test]
fn threads_that_ask_at_once_make_one_request() {
    let mut bench = machine().env("TIDP_ACCESS_TOKEN_CACHE", "off");
    bench.ports.clock = Arc::new(StandingClock(bench.clock.time()));
    let bench = Arc::new(bench);
    grant(&bench, "api:x", "one", 600);
    let threads: Vec<_> = (0..16)
        .map(|_| {
            let bench = Arc::clone(&bench);
            std::thread::spawn(move || tidp::run(["tidp", "token"].map(Into::into), &bench.ports))
        })
        .collect();
    assert!(threads.into_iter().all(|thread| thread.join().unwrap() == 0));
    assert_eq!(bench.provider.count("/connect/token"), 1);
}
