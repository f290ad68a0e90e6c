use super::super::authorize::{AuthorizationOptions, authorization_request};
use super::super::fixtures::{CLIENT, ISSUER, KEYS, NOW, header, key_set, keys, provider, sign, sign_with, with};
use super::*;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use serde_json::json;

fn pending() -> PendingLogin {
    let options = AuthorizationOptions::default();
    authorization_request(&provider(), CLIENT, "http://127.0.0.1/", &options, &[9; 96]).unwrap().1
}

fn hash(of: &str) -> Value {
    json!(URL_SAFE_NO_PAD.encode(&Sha256::digest(of)[..16]))
}

fn claims() -> Value {
    let pending = pending();
    json!({
        "iss": ISSUER, "sub": "alice", "aud": CLIENT, "exp": NOW.unix() + 300, "iat": NOW.unix(), "nbf": NOW.unix(),
        "nonce": pending.nonce.expose(), "at_hash": hash("the-access-token"), "s_hash": hash(pending.state.expose()),
        "c_hash": hash("the-code"), "auth_time": NOW.unix() - 5, "azp": CLIENT, "acr": ["urn:a", "urn:b"],
        "preferred_username": "4790000000",
    })
}

fn login_with(token: &str, max_age: Option<i64>, waited: i64) -> Result<ValidatedIdToken, TokenProblem> {
    let (access_token, code) = (Secret::new("the-access-token"), Code(Secret::new("the-code")));
    let pending = pending();
    let (max_age, waited) = (max_age.map(Seconds), Seconds(waited));
    let source = IdTokenSource::Login { redirect: Some((&pending, &code)), max_age, waited };
    let expected = ExpectedIdToken { issuer: ISSUER, client_id: CLIENT, now: NOW, access_token: &access_token, source };
    accept_id_token(&Secret::new(token), &keys(), &expected)
}

fn login(changes: &[(&str, Value)]) -> Result<ValidatedIdToken, TokenProblem> {
    login_with(&sign(&header(), &with(claims(), changes)), None, 0)
}

fn previous() -> IdToken {
    login(&[]).unwrap().token
}

fn refresh(changes: &[(&str, Value)]) -> Result<ValidatedIdToken, TokenProblem> {
    refresh_of(&sign(&header(), &with(claims(), changes)))
}

fn refresh_of(token: &str) -> Result<ValidatedIdToken, TokenProblem> {
    let (access_token, previous) = (Secret::new("the-access-token"), previous());
    let source = IdTokenSource::Refresh { previous: Some(&previous), sub: "alice" };
    let expected = ExpectedIdToken { issuer: ISSUER, client_id: CLIENT, now: NOW, access_token: &access_token, source };
    accept_id_token(&Secret::new(token), &keys(), &expected)
}

#[test]
fn valid_login_id_token_names_the_account() {
    let accepted = login(&[]).unwrap();
    assert_eq!(accepted.account, Account { sub: "alice".to_owned(), username: Some("4790000000".to_owned()) });
    assert_eq!((accepted.token.issued_at, accepted.token.expires_at), (NOW, NOW.plus(Seconds(300))));
    assert_eq!(accepted.token.auth_time, Some(NOW.minus(Seconds(5))));
    assert_eq!(accepted.token.nonce.as_deref(), Some(pending().nonce.expose()));
    assert_eq!(accepted.claims["acr"], json!(["urn:a", "urn:b"]));
}

#[test]
fn wrong_claims_in_a_login_id_token_are_rejected() {
    let now = NOW.unix();
    let at = |unix| Time::from_unix(unix);
    let invalid = |why: &str| TokenProblem::Invalid(why.to_owned());
    let flawed = |why: &str| TokenProblem::Flawed(why.to_owned());
    let not_valid_now = |why: String| TokenProblem::NotValidNow(why);
    let iss = |iss: &str| invalid(&format!("it was issued by `{iss}`, not by `{ISSUER}`"));
    let aud = |aud: Value| invalid(&format!("it is not for `{CLIENT}` alone: its `aud` is {aud}"));
    let old = |iat| invalid(&format!("it was not issued for this login, but at {}", at(iat)));
    let no_sub = || invalid("it names no account (`sub`)");
    let other_nonce = || invalid("it belongs to another login (`nonce`)");
    let other_hash = |name: &str| invalid(&format!("it belongs to another response (`{name}`)"));
    for (case, name, value, why) in [
        ("S68", "iss", json!("https://evil.example"), iss("https://evil.example")),
        ("S68", "iss", json!("https://id.example/"), iss("https://id.example/")),
        ("S68", "iss", Value::Null, invalid("it does not say who issued it (`iss`)")),
        ("S69", "sub", Value::Null, no_sub()),
        ("S69", "sub", json!(""), no_sub()),
        ("S69", "sub", json!(7), no_sub()),
        ("S69", "sub", json!("x".repeat(256)), no_sub()),
        ("S69", "sub", json!("æ"), no_sub()),
        ("S70", "aud", json!("other"), aud(json!("other"))),
        ("S70", "aud", Value::Null, aud(Value::Null)),
        ("S70", "aud", json!([]), aud(json!([]))),
        ("S70", "aud", json!([CLIENT, "other"]), aud(json!([CLIENT, "other"]))),
        ("S70", "aud", json!([7]), aud(json!([7]))),
        ("S70", "azp", json!("other"), invalid("it was issued to another client (`azp`)")),
        ("S70", "azp", json!([CLIENT]), invalid("it was issued to another client (`azp`)")),
        ("S72", "iat", Value::Null, flawed("it has no `iat`")),
        ("S72", "iat", json!("1800000000"), flawed("its `iat` is not a number")),
        ("S72", "exp", Value::Null, flawed("it has no `exp`")),
        ("S72", "exp", json!(now - 360), not_valid_now(format!("it expired at {}", at(now - 360)))),
        ("S72", "exp", json!(now - 60), not_valid_now(format!("it expired at {}", at(now - 60)))),
        ("S72", "exp", json!("9999999999"), flawed("its `exp` is not a number")),
        ("S72", "nbf", json!(now + 600), not_valid_now(format!("it is not valid before {}", at(now + 600)))),
        ("S72", "iat", json!(now - 7 * 86_400), old(now - 7 * 86_400)),
        ("S72", "iat", json!(now - 601), old(now - 601)),
        ("S72", "iat", json!(now + 61), not_valid_now(format!("it was issued in the future, at {}", at(now + 61)))),
        ("S74", "nonce", json!("other"), other_nonce()),
        ("S74", "nonce", Value::Null, other_nonce()),
        ("S74", "nonce", json!(pending().nonce.expose().to_lowercase()), other_nonce()),
        ("S74", "nonce", json!([pending().nonce.expose()]), other_nonce()),
        ("S84", "at_hash", hash("another-token"), other_hash("at_hash")),
        ("S84", "at_hash", json!(7), other_hash("at_hash")),
        ("S84", "s_hash", hash("another-state"), other_hash("s_hash")),
        ("S84", "c_hash", hash("another-code"), other_hash("c_hash")),
        ("S21", "auth_time", json!("1800000000"), flawed("its `auth_time` is not a number")),
        ("S21", "auth_time", json!(now + 61), invalid("its `auth_time` is in the future")),
    ] {
        assert_eq!(login(&[(name, value.clone())]).unwrap_err(), why, "{case} {name} {value}");
    }
}

#[test]
fn optional_claims_in_a_login_id_token_are_accepted() {
    let now = NOW.unix();
    for (case, name, value) in [
        ("S70", "aud", json!([CLIENT])),
        ("S69", "sub", json!("x".repeat(255))),
        ("S72", "exp", json!(now - 20)),
        ("S72", "nbf", json!(now + 30)),
        ("S72", "nbf", Value::Null),
        ("S72", "iat", json!(now + 60)),
        ("S72", "iat", json!(now - 600)),
        ("S72", "iat", json!(now as f64 - 0.5)),
        ("S84", "at_hash", Value::Null),
        ("S84", "s_hash", Value::Null),
        ("S84", "c_hash", Value::Null),
        ("Core 2", "azp", Value::Null),
        ("Core 2", "auth_time", Value::Null),
        ("S21", "auth_time", json!(now + 60)),
        ("Core 5.1", "preferred_username", Value::Null),
    ] {
        assert!(login(&[(name, value.clone())]).is_ok(), "{case} {name} {value}");
    }
}

// F3, RFC 8725 3.11
#[test]
fn another_type_of_token_is_not_an_id_token() {
    for (typ, passes) in [
        (Value::Null, true),
        (json!("jwt"), true),
        (json!("application/jwt"), true),
        (json!("Application/JWT"), true),
        (json!("application/at+jwt"), false),
        (json!("application/application/jwt"), false),
        (json!("at+jwt"), false),
        (json!("logout+jwt"), false),
        (json!(""), false),
    ] {
        let token = sign(&with(header(), &[("typ", typ.clone())]), &claims());
        assert_eq!(login_with(&token, None, 0).is_ok(), passes, "{typ}");
    }
}

// S75 to S79, S82; the details are tested in `jwks` and `jwt`.
#[test]
fn forged_or_malformed_id_token_is_rejected() {
    let good = sign(&header(), &claims());
    let forged = sign_with(&KEYS[1], &RSA_PKCS1_SHA256, &header(), &claims());
    let unsigned = sign(&with(header(), &[("alg", json!("none"))]), &claims());
    for token in [forged, unsigned, format!("{good}="), format!("{good}.a.b"), String::new()] {
        let refused = matches!(
            login_with(&token, None, 0),
            Err(TokenProblem::Flawed(_) | TokenProblem::Invalid(_) | TokenProblem::BadSignature)
        );
        assert!(refused, "{token}");
    }
    let (access_token, previous) = (Secret::new("the-access-token"), previous());
    let source = IdTokenSource::Refresh { previous: Some(&previous), sub: "alice" };
    let expected = ExpectedIdToken { issuer: ISSUER, client_id: CLIENT, now: NOW, access_token: &access_token, source };
    let unknown = accept_id_token(&Secret::new(good), &key_set(&[]), &expected);
    assert_eq!(unknown.map(|_| ()), Err(TokenProblem::UnknownKey));
}

// S21
#[test]
fn requested_max_age_is_enforced() {
    let iat = claims()["iat"].as_i64().unwrap();
    for (max_age, waited, auth_time, passes) in [
        (60, 0, json!(iat - 5), true),
        (60, 0, json!(iat - 60), true),
        // Both times are the provider's, so there is no leeway.
        (60, 0, json!(iat - 61), false),
        (0, 0, json!(iat), true),
        (0, 0, json!(iat - 1), false),
        // The user may take time at the provider.
        (0, 40, json!(iat - 40), true),
        (0, 40, json!(iat - 41), false),
        (60, 0, json!(iat - 7200), false),
        (60, 0, Value::Null, false),
        (60, 0, json!("x"), false),
    ] {
        let token = sign(&header(), &with(claims(), &[("auth_time", auth_time.clone())]));
        assert_eq!(login_with(&token, Some(max_age), waited).is_ok(), passes, "{max_age}, {waited}, {auth_time}");
    }
}

#[test]
fn polled_login_takes_no_id_token_of_a_browser_login() {
    let polled = |nonce: Value| {
        let changes = [("nonce", nonce), ("s_hash", Value::Null), ("c_hash", Value::Null)];
        let access_token = Secret::new("the-access-token");
        let source = IdTokenSource::Login { redirect: None, max_age: None, waited: Seconds::ZERO };
        let expected =
            ExpectedIdToken { issuer: ISSUER, client_id: CLIENT, now: NOW, access_token: &access_token, source };
        accept_id_token(&Secret::new(sign(&header(), &with(claims(), &changes))), &keys(), &expected)
    };
    assert_eq!(polled(Value::Null).unwrap().account.sub, "alice");
    for nonce in [json!("the-nonce"), json!(7)] {
        assert!(matches!(polled(nonce), Err(TokenProblem::Invalid(_))));
    }
}

#[test]
fn acr_levels_are_read_from_string_or_list() {
    for (acr, expected) in [
        (json!(["urn:a", "urn:b", 1]), &["urn:a", "urn:b"][..]),
        (json!("urn:b"), &["urn:b"]),
        (json!(1), &[]),
        (Value::Null, &[]),
    ] {
        assert_eq!(acr_levels(with(claims(), &[("acr", acr)]).as_object().unwrap()), expected);
    }
}

// S96
#[test]
fn foreign_refreshed_id_token_is_invalid() {
    for (name, value) in [
        ("sub", json!("mallory")),
        ("iss", json!("https://evil.example")),
        ("aud", json!("other")),
        ("aud", json!([CLIENT, "other"])),
        ("azp", json!("other")),
        ("nonce", json!("other")),
        ("nonce", json!(7)),
        ("at_hash", hash("another-token")),
    ] {
        let result = refresh(&[(name, value.clone())]);
        assert!(matches!(result, Err(TokenProblem::Invalid(_))), "{name} {value}");
        let flawed_too = refresh(&[(name, value), ("iat", Value::Null)]);
        assert!(matches!(flawed_too, Err(TokenProblem::Invalid(_))), "{name}");
    }
    // Also with an unknown key or algorithm.
    for header in [with(header(), &[("kid", json!("unknown"))]), with(header(), &[("alg", json!("ES256"))])] {
        for (name, value) in [("aud", json!("other")), ("nonce", json!("other")), ("at_hash", hash("another-token"))] {
            let result = refresh_of(&sign(&header, &with(claims(), &[(name, value)])));
            assert!(matches!(result, Err(TokenProblem::Invalid(_))), "{header} {name} {result:?}");
        }
    }
    let forged = sign_with(&KEYS[1], &RSA_PKCS1_SHA256, &with(header(), &[("typ", json!("at+jwt"))]), &claims());
    assert!(matches!(refresh_of(&forged), Err(TokenProblem::BadSignature)));
}

// S96
#[test]
fn harmless_flaw_in_refreshed_id_token_is_flawed_only() {
    let now = NOW.unix();
    for (name, value) in [
        ("auth_time", json!(now - 6)),
        ("auth_time", json!("x")),
        ("iat", json!(now - 1)),
        ("iat", Value::Null),
        ("exp", Value::Null),
        ("exp", json!("x")),
    ] {
        let result = refresh(&[(name, value.clone())]);
        assert!(matches!(result, Err(TokenProblem::Flawed(_))), "{name} {value} {result:?}");
    }
    let other_kind = refresh_of(&sign(&with(header(), &[("typ", json!("at+jwt"))]), &claims()));
    assert!(matches!(other_kind, Err(TokenProblem::Flawed(_))), "{other_kind:?}");
    let other_algorithm = refresh_of(&sign(&with(header(), &[("alg", json!("HS256"))]), &claims()));
    assert!(matches!(other_algorithm, Err(TokenProblem::OtherAlgorithm(_))), "{other_algorithm:?}");
    assert!(matches!(refresh_of("no.token"), Err(TokenProblem::Flawed(_))));
}

// S96
#[test]
fn expired_refreshed_id_token_is_not_valid_now_only() {
    let now = NOW.unix();
    for (name, value) in [("exp", json!(now - 60)), ("nbf", json!(now + 61)), ("iat", json!(now + 61))] {
        let result = refresh(&[(name, value.clone())]);
        assert!(matches!(result, Err(TokenProblem::NotValidNow(_))), "{name} {value}");
        let wrong_too = refresh(&[(name, value), ("sub", json!("mallory"))]);
        assert!(matches!(wrong_too, Err(TokenProblem::Invalid(_))), "{name}");
    }
}

// S96
#[test]
fn own_azp_may_change_and_new_nonce_is_refused() {
    assert!(refresh(&[("azp", Value::Null)]).is_ok());
    assert!(refresh(&[("azp", json!(CLIENT))]).is_ok());
    for name in ["azp", "nonce", "at_hash"] {
        assert!(refresh(&[(name, json!(""))]).is_ok(), "a claim that says nothing is absent: {name}");
    }
    let access_token = Secret::new("the-access-token");
    let bare = IdToken { nonce: None, ..previous() };
    let accepted = |previous| {
        let source = IdTokenSource::Refresh { previous, sub: "alice" };
        let expected =
            ExpectedIdToken { issuer: ISSUER, client_id: CLIENT, now: NOW, access_token: &access_token, source };
        accept_id_token(&Secret::new(sign(&header(), &claims())), &keys(), &expected)
    };
    assert!(matches!(accepted(Some(&bare)), Err(TokenProblem::Invalid(_))));
    assert!(accepted(None).is_ok(), "a session that has lost its ID token knows no nonce");
}

// S97
#[test]
fn refreshed_id_token_may_drop_the_nonce() {
    for changes in
        [vec![("nonce", Value::Null)], vec![], vec![("auth_time", Value::Null)], vec![("s_hash", json!("x"))]]
    {
        let token = refresh(&changes).unwrap().token;
        assert_eq!((token.nonce, token.auth_time), (previous().nonce, previous().auth_time), "{changes:?}");
    }
}

#[test]
fn message_shows_the_other_audience() {
    for (aud, message) in [
        (json!([]), "its `aud` is []"),
        (Value::Null, "its `aud` is null"),
        (json!("x\u{202e}"), r#"its `aud` is "x\u{202e}""#),
        (json!([CLIENT, "other"]), r#""other"]"#),
    ] {
        let Err(TokenProblem::Invalid(why)) = login(&[("aud", aud)]) else { panic!("{message}") };
        assert!(why.contains(message), "{why}");
    }
}
