use crate::support::Bench;
use crate::support::provider::json;
use crate::support::tokens::{SUB, TokenResponse, discovery, jwks, jwks_named, sign};
use serde_json::{Value, json};
use tidp::testing::domain::secret::Secret;
use tidp::testing::domain::time::Seconds;
use tidp::testing::ports::{HttpFailureKind, Response};

fn logged_in() -> Bench {
    let bench = Bench::new("MobileApp");
    bench.log_in();
    bench
}

#[track_caller]
fn inspect(bench: &Bench) -> Value {
    bench.run(&["inspect", "--json"]).exits(0).json()
}

/// The verdicts on the signatures of access token and ID token.
#[track_caller]
fn verdicts(bench: &Bench) -> [Value; 2] {
    let document = inspect(bench);
    ["access_token", "id_token"].map(|token| document[token]["verified"].clone())
}

#[test]
fn inspect_json_has_contract_fields() {
    let bench = logged_in();
    bench.pass(Seconds(60));
    let mut document = inspect(&bench);
    let access = document["access_token"].take();
    let id = document["id_token"].take();
    let expected = json!({
        "profile": "app@https://id.example", "issuer": "https://id.example", "client_id": "app", "store": "keyring",
        "account": { "sub": SUB, "username": "+4790000001" }, "scopes": ["openid", "profile", "offline_access"],
        "login_at": "2026-01-31T12:00:00Z", "access_token": null, "id_token": null,
        "refresh_token": {
            "state": "valid", "expires_at": "2026-05-01T12:00:00Z", "expires_at_earliest": "2026-05-01T12:00:00Z",
            "expires_at_source": "policy", "expires_in": 7_775_940,
        },
        "policy": { "name": "Mobile", "sliding": true, "lifetime": 7_776_000 },
        "sso": "active",
    });
    assert_eq!(document, expected);
    for (token, end, left, typ) in
        [(&access, "2026-01-31T13:00:00Z", 3_540, "at+jwt"), (&id, "2026-01-31T12:05:00Z", 240, "JWT")]
    {
        let mut members: Vec<&str> = token.as_object().unwrap().keys().map(String::as_str).collect();
        members.sort_unstable();
        assert_eq!(members, ["claims", "expires_at", "expires_in", "header", "state", "verified", "verified_reason"]);
        assert_eq!(token["verified_reason"], json!(null));
        assert_eq!((&token["state"], &token["verified"]), (&json!("valid"), &json!(true)));
        assert_eq!((&token["expires_at"], &token["expires_in"]), (&json!(end), &json!(left)));
        assert_eq!(token["header"], json!({ "alg": "RS256", "kid": "k1", "typ": typ }));
        assert_eq!(token["claims"]["sub"], SUB);
    }
}

#[test]
fn login_prints_the_inspect_document() {
    let bench = Bench::new("MobileApp");
    bench.provider.expect_login(&bench.browser, bench.clock.time(), TokenResponse::new().refresh_token("rt-1"));
    let printed = bench.run(&["login", "--json"]).exits(0).json();
    assert_eq!(printed, inspect(&bench));
}

#[test]
fn inspect_without_a_session_requires_login() {
    let outcome = Bench::new("MobileApp").run(&["inspect", "--json"]).exits(3);
    assert_eq!((&outcome.error()["kind"], &outcome.error()["hint"]), (&json!("login_required"), &json!("tidp login")));
}

#[test]
fn inspect_shows_no_token_values() {
    let bench = logged_in();
    let session = bench.session().unwrap();
    for args in [&["inspect"][..], &["inspect", "--json"], &["inspect", "--verbose"]] {
        let outcome = bench.run(args).exits(0);
        for secret in [
            &session.access_token.value,
            &session.held_token().unwrap().value,
            &session.id_token.as_ref().unwrap().value,
        ] {
            assert!(!format!("{outcome:?}").contains(secret.expose()), "{args:?}");
        }
    }
}

#[test]
fn token_states_change_to_the_second() {
    let bench = logged_in();
    bench.provider.publishes();
    for (at, token, state) in [
        (299, "id_token", "valid"),
        (300, "id_token", "expired"),
        (3_599, "access_token", "valid"),
        (3_600, "access_token", "expired"),
    ] {
        bench.at(at);
        assert_eq!(inspect(&bench)[token]["state"], state, "{token} at {at}");
    }
}

#[test]
fn signature_is_checked_with_the_providers_keys() {
    let bench = logged_in();
    assert_eq!(verdicts(&bench), [json!(true), json!(true)]);
    bench.edit(|session| {
        let (signed, _) = session.access_token.value.expose().rsplit_once('.').unwrap();
        let (_, other) = session.id_token.as_ref().unwrap().value.expose().rsplit_once('.').unwrap();
        session.access_token.value = Secret::new(format!("{signed}.{other}"));
    });
    bench.provider.responds("/jwks", json(200, &jwks()));
    assert_eq!(verdicts(&bench), [json!(false), json!(true)], "the signature of another token");
    assert!(bench.run(&["inspect"]).exits(0).stdout.contains("SIGNATURE NOT VALID: its signature is wrong"));
}

#[test]
fn missing_keys_leave_the_signature_undecided() {
    let bench = logged_in();
    bench.pass(Seconds::days(2));
    bench.provider.fails("/.well-known/openid-configuration", HttpFailureKind::NotSent);
    assert_eq!(verdicts(&bench), [json!(null), json!(null)]);
    bench.provider.always("/.well-known/openid-configuration", json(200, &discovery()));
    bench.provider.always("/jwks", json(503, &json!({})));
    assert_eq!(verdicts(&bench), [json!(null), json!(null)]);
    let text = bench.run(&["inspect"]).exits(0).stdout;
    assert_eq!(text.matches("signature not checked: cannot read the provider's keys: ").count(), 2, "{text}");
}

/// Keys that must not be cached.
fn no_store_response(keys: &Value) -> Response {
    let mut response = json(200, keys);
    response.headers.push(("cache-control".into(), "no-store".into()));
    response
}

#[test]
fn withdrawn_key_is_reported_alike_by_every_command() {
    let (not_known, told) = (json!(null), "its key is not among those the provider published at");
    for keys in [json(200, &jwks_named("k2")), no_store_response(&jwks_named("k2"))] {
        let bench = logged_in();
        let id_token = bench.session().unwrap().id_token.unwrap().value;
        bench.pass(Seconds::days(2));
        bench.provider.always("/.well-known/openid-configuration", json(200, &discovery()));
        bench.provider.always("/jwks", keys);
        for _ in 0..3 {
            let document = inspect(&bench);
            for token in [&document["access_token"], &document["id_token"]] {
                assert_eq!(token["verified"], not_known);
                assert!(token["verified_reason"].as_str().unwrap().contains(told), "{token}");
            }
            let text = bench.run(&["inspect"]).exits(0).stdout;
            assert!(text.contains("signature not checked: ") && text.contains(told), "{text}");
            assert!(!text.contains("NOT VALID") && !text.contains("no keys"), "{text}");
            bench.terminal.type_line(id_token.expose());
            let decoded = bench.run(&["decode", "--verify", "--json", "--leeway", "90h"]).exits_with_output(5).json();
            assert_eq!(decoded["verified"], not_known);
            assert!(decoded["verified_reason"].as_str().unwrap().contains(told), "{decoded}");
            bench.pass(Seconds(1));
        }
    }
}

#[test]
fn bad_signature_by_old_keys_is_undecided() {
    let bench = logged_in();
    bench.pass(Seconds::hours(1));
    bench.edit(|session| {
        let (signed, _) = session.access_token.value.expose().rsplit_once('.').unwrap();
        let (_, other) = session.id_token.as_ref().unwrap().value.expose().rsplit_once('.').unwrap();
        session.access_token.value = Secret::new(format!("{signed}.{other}"));
    });
    bench.provider.responds("/jwks", json(503, &json!({})));
    assert_eq!(verdicts(&bench), [json!(null), json!(true)]);
    assert_eq!(verdicts(&bench), [json!(null), json!(true)], "nor while they may not be asked for again");
}

#[test]
fn other_signing_algorithms_are_not_called_invalid() {
    for (header, verdict, reason) in [
        (json!({ "alg": "HS256" }), json!(null), "signature not checked: signed with HS256\n"),
        (json!({ "alg": "ES256", "kid": "k1" }), json!(null), "signature not checked: signed with ES256\n"),
        (json!({ "alg": "E\u{1b}\u{202e}" }), json!(null), r"signature not checked: signed with E\u{1b}\u{202e}"),
        (json!({ "alg": "none" }), json!(false), "SIGNATURE NOT VALID: it is not signed at all"),
        (
            json!({ "alg": "RS256", "kid": "k1", "b64": false }),
            json!(false),
            "SIGNATURE NOT VALID: its header says that the payload",
        ),
    ] {
        let bench = logged_in();
        bench.edit(|session| session.access_token.value = Secret::new(sign(&header, &json!({ "sub": SUB }))));
        assert_eq!(verdicts(&bench), [verdict, json!(true)], "{header}");
        let text = bench.run(&["inspect"]).exits(0).stdout;
        assert!(text.contains(reason), "no `{reason}` in {text}");
    }
}

#[test]
fn opaque_access_token_has_no_claims() {
    let bench = logged_in();
    bench.edit(|session| session.access_token.value = Secret::new("opaque-handle"));
    let token = inspect(&bench)["access_token"].take();
    assert_eq!([&token["header"], &token["claims"], &token["verified"]], [&json!(null); 3]);
    assert_eq!(token["verified_reason"], "opaque");
    assert_eq!(token["state"], "valid");
    let text = bench.run(&["inspect"]).exits(0).stdout;
    assert!(text.contains("opaque") && !text.contains("opaque-handle"), "{text}");
}

#[test]
fn missing_tokens_are_shown_as_none() {
    let bench = Bench::new("Public");
    bench.log_in_with(TokenResponse::new()).exits(0);
    bench.edit(|session| session.id_token = None);
    let document = inspect(&bench);
    let none = json!({
        "state": "none", "expires_at": null, "expires_in": null, "verified": null, "verified_reason": null,
        "header": null, "claims": null,
    });
    assert_eq!(document["id_token"], none);
    let none = json!({
        "state": "none", "expires_at": null, "expires_at_earliest": null, "expires_at_source": null, "expires_in": null,
    });
    assert_eq!(document["refresh_token"], none);
    assert_eq!(document["policy"], json!({ "name": "NoRefresh", "sliding": false, "lifetime": null }));
}

#[test]
fn refresh_token_state_needs_a_client_type() {
    let bench = logged_in().env("TIDP_CLIENT_TYPE", "");
    let document = inspect(&bench);
    assert_eq!((&document["refresh_token"]["state"], &document["policy"]), (&json!("unknown"), &json!(null)));
    assert!(bench.run(&["inspect"]).exits(0).stdout.contains("Policy         unknown: set TIDP_POLICY\n"));
}

#[test]
fn inspect_names_the_store_in_use() {
    for store in ["keyring", "plaintext-file", "memory"] {
        let bench = Bench::new("MobileApp").env("TIDP_STORE", store);
        bench.log_in();
        assert_eq!(inspect(&bench)["store"], store);
        assert!(bench.run(&["inspect"]).exits(0).stdout.contains(&format!("Store          {store}\n")));
    }
}

#[test]
fn claims_and_expired_id_token_are_explained() {
    let bench = logged_in();
    bench.run(&["inspect"]).exits(0).leaves_out("valid for 5 minutes");
    bench.pass(Seconds(300));
    let outcome = bench.run(&["inspect"]).exits(0).says("valid for 5 minutes").says("is normal");
    for words in [
        "Account        +4790000001\n",
        "Refresh token  expires 2026-05-01 12:00:00 UTC (in 89 days 23 h)\n",
        "Access token   valid until 2026-01-31 13:00:00 UTC (in 55 min), signature checked\n",
        "ID token       expired 2026-01-31 12:05:00 UTC (now), signature checked\n",
        "(assurance level 2: two factors)",
        "(one-time code)",
        "(identity assurance level 1 of 0 to 3)",
        "exp                 2026-01-31 13:00:00 UTC (in 55 min)\n",
    ] {
        assert!(outcome.stdout.contains(words), "no `{words}` in:\n{}", outcome.stdout);
    }
}

#[test]
fn other_providers_claims_are_not_interpreted() {
    for (client_type, subject_types, pairwise) in
        [("", json!(["public"]), false), ("", json!(["public", "pairwise"]), false), ("", json!(["pairwise"]), true)]
    {
        let bench = Bench::new(client_type);
        let mut document = discovery();
        document["subject_types_supported"] = subject_types;
        bench.provider.always("/.well-known/openid-configuration", json(200, &document));
        bench.provider.responds("/jwks", json(200, &jwks()));
        bench.provider.grants(&bench.browser, bench.clock.time(), TokenResponse::new().refresh_token("rt-1"));
        bench.run(&["login"]).exits(0);
        bench.pass(Seconds(300));
        let outcome =
            bench.run(&["inspect"]).exits(0).says("That it has expired is normal").leaves_out("valid for 5 minutes");
        let claims = format!("{}{}", outcome.stdout, outcome.stderr);
        for words in ["Telenor", "assurance level", "one-time code", "phone number", "client_type", "CLIENT_TYPE"] {
            assert!(!claims.contains(words), "`{words}` in:\n{claims}");
        }
        assert_eq!(claims.contains("for this client only"), pairwise, "{claims}");
        let told = json!({ "sub": SUB, "preferred_username": "kari", "acr": "urn:telenor.identity.aal.2" });
        bench.provider.responds("/connect/userinfo", json(200, &told));
        let claims = bench.run(&["userinfo"]).exits(0).stdout;
        assert!(!claims.contains("assurance level") && !claims.contains("phone number"), "{claims}");
        assert_eq!(claims.contains("for this client only"), pairwise, "{claims}");
        for args in [&["decode"][..], &["decode", "--verify"]] {
            bench.terminal.type_line(bench.session().unwrap().access_token.value.expose());
            let claims = bench.run(args).exits(0).stdout;
            assert!(!claims.contains("assurance level") && !claims.contains("one-time code"), "{claims}");
            assert_eq!(claims.contains("for this client only"), pairwise && args.len() == 2, "{claims}");
        }
    }
}

#[test]
fn claims_are_escaped_on_the_terminal() {
    let bench = Bench::new("MobileApp");
    let name = json!("Kari\u{1b}[2J\u{202e}\u{200b}\u{9b}");
    bench.log_in_with(TokenResponse::new().refresh_token("rt-1").id_claim("preferred_username", name.clone())).exits(0);
    for args in [&["inspect"][..], &["inspect", "--json"]] {
        let outcome = bench.run(args).exits(0);
        let raw = outcome.stdout.chars().find(|c| *c != '\n' && (c.is_control() || "\u{202e}\u{200b}".contains(*c)));
        assert_eq!(raw, None, "{args:?}");
    }
    assert_eq!(inspect(&bench)["id_token"]["claims"]["preferred_username"], name, "in JSON it is the same name");
}
