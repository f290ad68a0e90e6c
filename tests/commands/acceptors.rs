//! Properties that hold for everything an acceptor accepts, checked on valid documents with random changes. Each
//! property also needs a fair share accepted and a fair share refused, so that it cannot hold for lack of cases.

use crate::support::START;
use crate::support::tokens::{ISSUER, SUB, discovery, jwks, sign};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use tidp::testing::domain::secret::Secret;
use tidp::testing::domain::session::{EntryKey, IdToken, Session, SessionKey};
use tidp::testing::domain::time::{Seconds, Time};
use tidp::testing::jwt::{Jws, Jwt};
use tidp::testing::oidc::authorize::{
    AuthorizationOptions, Code, PendingLogin, accept_callback, authorization_request,
};
use tidp::testing::oidc::discovery::{Issuer, Provider, accept_discovery};
use tidp::testing::oidc::id_token::{ExpectedIdToken, IdTokenSource, ValidatedIdToken, accept_id_token};
use tidp::testing::oidc::jwks::{KeySet, accept_jwks};
use tidp::testing::oidc::token::accept_token_response;
use tidp::testing::oidc::userinfo::accept_userinfo;
use tidp::testing::oidc::{Owner, Problem};
use tidp::testing::ports::Response;

/// A change to a member: none, its removal, or one of these values.
#[derive(Clone, Debug)]
enum Change {
    Remove(String),
    Set(String, Value),
}

/// One of the members, set to an odd value or to one of `ours`, which are valid elsewhere.
fn changes(names: &'static [&'static str], ours: Vec<Value>) -> impl Strategy<Value = Vec<Change>> {
    let mut values = vec![
        json!(null),
        json!(""),
        json!(" "),
        json!("x"),
        json!(0),
        json!(-1),
        json!(1e300),
        json!(true),
        json!([]),
        json!({}),
        json!(["x", 1]),
        json!("a\u{1b}b"),
        json!("æ"),
        json!("https://evil.example/x"),
        json!("http://id.example/x"),
        json!("https:///id.example/x"),
    ];
    values.extend(ours);
    let name = select(names).prop_map(str::to_owned);
    let change = (name, proptest::option::of(select(values))).prop_map(|(name, value)| match value {
        None => Change::Remove(name),
        Some(value) => Change::Set(name, value),
    });
    proptest::collection::vec(change, 0..3)
}

fn apply_changes(mut document: Value, changes: &[Change]) -> Value {
    let members = document.as_object_mut().unwrap();
    for change in changes {
        match change {
            Change::Remove(name) => drop(members.remove(name)),
            Change::Set(name, value) => drop(members.insert(name.clone(), value.clone())),
        }
    }
    document
}

/// Runs `case` on this many inputs; it returns whether the input was accepted.
fn check_property<T: std::fmt::Debug>(cases: usize, inputs: impl Strategy<Value = T>, case: impl Fn(&T) -> bool) {
    let mut runner = TestRunner::deterministic();
    let accepted = (0..cases).filter(|_| case(&inputs.new_tree(&mut runner).unwrap().current())).count();
    assert!(accepted * 10 > cases && accepted * 20 < cases * 19, "{accepted} of {cases} are accepted");
}

fn json_response(body: &Value) -> Response {
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    Response { status: 200, headers, body: body.to_string().into_bytes() }
}

fn provider() -> Provider {
    Provider::from_json(discovery().to_string().as_bytes(), &Issuer::parse(ISSUER).unwrap(), &[]).unwrap()
}

#[test]
fn accepted_token_response_fits_into_a_header() {
    let names = &["access_token", "token_type", "expires_in", "scope", "refresh_token", "id_token", "error", "other"];
    let ours = vec![json!("bearer"), json!("DPoP"), json!("3600"), json!(60), json!(["openid"]), json!("a b")];
    check_property(4_000, changes(names, ours), |changes| {
        let full = json!({ "access_token": "at.1", "token_type": "Bearer", "expires_in": 3600, "scope": "openid",
                           "refresh_token": "rt 1", "id_token": "a.b.c" });
        let body = apply_changes(full, changes);
        let Ok(response) = accept_token_response(&json_response(&body)) else { return false };
        let visible = |text: &str| !text.is_empty() && text.bytes().all(|byte| (0x21..=0x7e).contains(&byte));
        assert!(visible(response.access_token.expose()), "{body}");
        assert_eq!(body["access_token"], response.access_token.expose());
        if let Some(token) = &response.refresh_token {
            assert!(
                !token.expose().is_empty() && token.expose().bytes().all(|byte| (0x20..=0x7e).contains(&byte)),
                "{body}"
            );
            assert_eq!(body["refresh_token"], token.expose());
        }
        assert!(response.expires_in.is_none_or(|life| life >= Seconds(1) && life.0 <= Time::MAX.unix()), "{body}");
        assert!(response.scopes.iter().flatten().all(|scope| !scope.is_empty()), "{body}");
        assert!(body["error"].as_str().is_none_or(str::is_empty), "an error is a refusal: {body}");
        let kind = body["token_type"].as_str().unwrap_or_default().trim().to_ascii_lowercase();
        assert!(kind.is_empty() || kind == "bearer", "{body}");
        assert!(body["token_type"].is_string() || body["token_type"].is_null(), "{body}");
        true
    });
}

fn pending_login() -> PendingLogin {
    let options = AuthorizationOptions::default();
    authorization_request(&provider(), "app", "http://127.0.0.1:1/callback", &options, &[7; 96]).unwrap().1
}

fn half_hash(text: &str) -> Value {
    B64.encode(&Sha256::digest(text)[..16]).into()
}

/// Whether the claim is missing or empty.
fn is_absent(claims: &Value, name: &str) -> bool {
    claims[name].is_null() || claims[name] == ""
}

/// Asserts what holds for every ID token.
fn is_ours(claims: &Value, accepted: &ValidatedIdToken) {
    let ours = |audience: &Value| *audience == "app";
    assert_eq!(claims["iss"], ISSUER);
    assert!(
        ours(&claims["aud"]) || claims["aud"].as_array().is_some_and(|all| !all.is_empty() && all.iter().all(ours))
    );
    assert!(is_absent(claims, "azp") || ours(&claims["azp"]), "{claims}");
    assert!(is_absent(claims, "at_hash") || claims["at_hash"] == half_hash("at"), "{claims}");
    assert_eq!(claims["sub"], accepted.account.sub.as_str());
    let (iat, exp) = (claims["iat"].as_f64().unwrap(), claims["exp"].as_f64().unwrap());
    let now = START.unix() as f64;
    assert!(exp > now - 60.0 && iat <= now + 60.0, "{claims}");
    assert!(claims["nbf"].is_null() || claims["nbf"].as_f64().unwrap() <= now + 60.0, "{claims}");
}

const CLAIMS: &[&str] =
    &["iss", "sub", "aud", "azp", "nonce", "at_hash", "iat", "exp", "nbf", "auth_time", "preferred_username", "other"];

fn claims(nonce: &str) -> Value {
    let now = START.unix();
    json!({ "iss": ISSUER, "sub": SUB, "aud": "app", "azp": "app", "nonce": nonce, "at_hash": half_hash("at"), "iat": now,
            "exp": now + 300, "nbf": now, "auth_time": now - 5, "preferred_username": "kari" })
}

fn claim_values() -> Vec<Value> {
    let now = START.unix();
    vec![
        json!(now - 30),
        json!(now - 3_600),
        json!(now + 3_600),
        json!(["app"]),
        json!(["app", "x"]),
        json!("app"),
        json!(SUB),
    ]
}

#[test]
fn accepted_login_id_token_is_for_this_login() {
    let (keys, at, code) =
        (KeySet::from_json(jwks().to_string().as_bytes()).unwrap(), Secret::new("at"), Code(Secret::new("c")));
    let pending = pending_login();
    check_property(300, changes(CLAIMS, claim_values()), |changes| {
        let claims = apply_changes(claims(pending.nonce.expose()), changes);
        let token = Secret::new(sign(&json!({ "alg": "RS256", "kid": "k1" }), &claims));
        let source = IdTokenSource::Login { redirect: Some((&pending, &code)), max_age: None, waited: Seconds::ZERO };
        let expected = ExpectedIdToken { issuer: ISSUER, client_id: "app", now: START, access_token: &at, source };
        let Ok(accepted) = accept_id_token(&token, &keys, &expected) else { return false };
        is_ours(&claims, &accepted);
        assert_eq!(claims["nonce"], pending.nonce.expose());
        assert!(claims["iat"].as_f64().unwrap() >= (START.unix() - 600) as f64, "{claims}");
        true
    });
}

#[test]
fn accepted_refresh_id_token_is_for_this_session() {
    let (keys, at) = (KeySet::from_json(jwks().to_string().as_bytes()).unwrap(), Secret::new("at"));
    let previous = IdToken {
        value: Secret::new("old"),
        expires_at: START,
        issued_at: START.minus(Seconds(60)),
        auth_time: Some(START.minus(Seconds(5))),
        nonce: Some("the-nonce".into()),
    };
    check_property(300, changes(CLAIMS, claim_values()), |changes| {
        let claims = apply_changes(claims("the-nonce"), changes);
        let token = Secret::new(sign(&json!({ "alg": "RS256", "kid": "k1" }), &claims));
        let source = IdTokenSource::Refresh { previous: Some(&previous), sub: SUB };
        let expected = ExpectedIdToken { issuer: ISSUER, client_id: "app", now: START, access_token: &at, source };
        let Ok(accepted) = accept_id_token(&token, &keys, &expected) else { return false };
        is_ours(&claims, &accepted);
        assert_eq!(claims["sub"], SUB);
        assert!(is_absent(&claims, "nonce") || claims["nonce"] == "the-nonce", "{claims}");
        assert!(claims["auth_time"].is_null() || claims["auth_time"] == json!(START.unix() - 5), "{claims}");
        assert!(claims["iat"].as_f64().unwrap() >= (START.unix() - 60) as f64, "{claims}");
        assert_eq!(accepted.token.nonce.as_deref(), Some("the-nonce"), "the original is remembered");
        true
    });
}

#[test]
fn accepted_discovery_leads_only_to_its_issuer() {
    let names = &[
        "issuer",
        "token_endpoint",
        "jwks_uri",
        "authorization_endpoint",
        "userinfo_endpoint",
        "revocation_endpoint",
        "end_session_endpoint",
        "custom_logout_endpoint",
        "code_challenge_methods_supported",
        "id_token_signing_alg_values_supported",
        "authorization_response_iss_parameter_supported",
    ];
    let ours = vec![
        json!(format!("{ISSUER}/")),
        json!(format!("{ISSUER}/a")),
        json!("https://id.example:444/a"),
        json!(["S256"]),
    ];
    let issuer = Issuer::parse(ISSUER).unwrap();
    check_property(4_000, changes(names, ours), |changes| {
        let document = apply_changes(discovery(), changes);
        let Ok(provider) = accept_discovery(&json_response(&document), &issuer, &[]) else { return false };
        assert_eq!(document["issuer"], provider.issuer.as_str());
        assert_eq!(provider.issuer.trim_end_matches('/'), ISSUER);
        let optional = [
            &provider.userinfo_endpoint,
            &provider.revocation_endpoint,
            &provider.end_session_endpoint,
            &provider.custom_logout_endpoint,
            // A bad one stops a login only.
            &provider.authorization_endpoint,
        ];
        let required = [&provider.token_endpoint, &provider.jwks_uri];
        for url in required.into_iter().chain(optional.into_iter().flatten()) {
            assert!(url.as_str().starts_with("https://id.example/"), "{url} of {document}");
        }
        true
    });
}

#[test]
fn accepted_key_set_verifies_and_has_no_private_key() {
    let names = &["kty", "use", "alg", "kid", "n", "e", "d", "key_ops", "other"];
    let ours = vec![json!("sig"), json!("RS256"), json!("EC"), json!("AQAB"), json!(["verify"])];
    let token = sign(&json!({ "alg": "RS256", "kid": "k1" }), &json!({}));
    let key = jwks()["keys"][0].clone();
    check_property(2_000, changes(names, ours), |changes| {
        let member = apply_changes(key.clone(), changes);
        let Ok(keys) = accept_jwks(&json_response(&json!({ "keys": [1, member] }))) else { return false };
        let is_private = ["RSA", "EC", "OKP"].iter().any(|kty| member["kty"] == *kty);
        assert!(!(is_private && member["d"].as_str().is_some_and(|d| !d.is_empty())), "{member}");
        let verifies = keys.verify(&Jwt::parse(&token).unwrap().jws).is_ok();
        if verifies {
            for name in ["n", "e"] {
                assert_eq!(member[name], key[name], "{member}");
            }
            assert!(is_absent(&member, "kid") || !member["kid"].is_string() || member["kid"] == "k1", "{member}");
        }
        verifies
    });
}

#[test]
fn accepted_userinfo_is_for_this_account() {
    let names = &["sub", "iss", "aud", "name", "email_verified"];
    let keys = KeySet::from_json(jwks().to_string().as_bytes()).unwrap();
    let inputs = (changes(names, vec![json!(SUB), json!("app"), json!(ISSUER), json!(["app", "x"])]), any::<bool>());
    check_property(400, inputs, |(changes, signed)| {
        let claims = apply_changes(json!({ "sub": SUB, "iss": ISSUER, "aud": "app", "name": "Kari" }), changes);
        let mut response = json_response(&claims);
        if *signed {
            response.headers = vec![("content-type".to_owned(), "application/jwt".to_owned())];
            response.body = sign(&json!({ "alg": "RS256", "kid": "k1" }), &claims).into_bytes();
        }
        let verify = |jws: &Jws<'_>| keys.verify(jws).map_err(|why| Problem::Invalid(why.to_string()));
        let owner = Owner { issuer: ISSUER, client_id: "app", sub: SUB };
        let Ok(accepted) = accept_userinfo(&response, owner, verify) else { return false };
        assert_eq!((&claims["sub"], Value::Object(accepted)), (&json!(SUB), claims.clone()));
        assert!(!signed || is_absent(&claims, "iss") || claims["iss"] == ISSUER, "{claims}");
        let ours = |audience: &Value| *audience == "app";
        let for_us = ours(&claims["aud"]) || claims["aud"].as_array().is_some_and(|all| all.iter().any(ours));
        assert!(!signed || is_absent(&claims, "aud") || for_us, "{claims}");
        true
    });
}

#[test]
fn accepted_callback_has_our_state_issuer_and_a_code() {
    let part = || {
        let value =
            select(vec!["", "x", "STATE", "CODE", "https%3A%2F%2Fid.example", "https%3A%2F%2Fevil.example", "%1b"]);
        (select(vec!["state", "iss", "code", "error", "other", "State"]), value)
    };
    let pending = pending_login();
    let state = pending.state.expose().to_owned();
    let inputs = (proptest::collection::vec(part(), 0..2), any::<[bool; 3]>());
    check_property(4_000, inputs, |(more, left_out)| {
        let mut parts = Vec::new();
        let right = [("state", "STATE"), ("iss", "https%3A%2F%2Fid.example"), ("code", "CODE")];
        parts.extend(right.into_iter().zip(left_out).filter(|(_, out)| !*out || more.len() == 1).map(|(part, _)| part));
        parts.extend(more.iter().copied());
        let query = parts.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&");
        let query = query.replace("STATE", &state);
        let Ok(code) = accept_callback(&pending, &query) else { return false };
        let values = |name: &str| parts.iter().filter(|part| part.0 == name).map(|part| part.1).collect::<Vec<_>>();
        assert_eq!(values("state"), ["STATE"], "{query}");
        assert_eq!(values("iss"), ["https%3A%2F%2Fid.example"], "{query}");
        assert_eq!(values("error"), Vec::<&str>::new(), "{query}");
        assert!(values("code").len() == 1 && !code.0.expose().is_empty(), "{query}");
        true
    });
}

#[test]
fn accepted_jwt_matches_its_text() {
    let header = (select(vec![json!("RS256"), json!("none"), json!(7), json!(null)]), any::<bool>());
    let noise = proptest::option::weighted(0.3, (0_usize..60, select(vec!['.', '=', '+', 'A', ' ', 'é'])));
    check_property(4_000, (header, noise), |((alg, odd), noise)| {
        let payload = if *odd { "{\"a\":1,\"a\":2}" } else { "{\"a\":1}" };
        let mut text = format!("{}.{}.c2ln", B64.encode(json!({ "alg": alg }).to_string()), B64.encode(payload));
        if let Some((at, with)) = noise {
            text.insert((*at).min(text.len()), *with);
        }
        let Ok(jwt) = Jwt::parse(&text) else { return false };
        let parts: Vec<&str> = text.split('.').collect();
        assert_eq!(parts.len(), 3, "{text}");
        let header: Map<String, Value> = serde_json::from_slice(&B64.decode(parts[0]).unwrap()).unwrap();
        assert_eq!((&jwt.jws.header, header["alg"].is_string()), (&header, true), "{text}");
        assert_eq!(
            Value::Object(jwt.claims()),
            serde_json::from_slice::<Value>(&B64.decode(parts[1]).unwrap()).unwrap()
        );
        assert_eq!(jwt.jws.signature, B64.decode(parts[2]).unwrap(), "{text}");
        true
    });
}

#[test]
fn accepted_session_document_reads_back() {
    let bench = crate::support::Bench::new("MobileApp");
    bench.log_in();
    let document: Value =
        serde_json::from_str(&bench.stores.raw(&EntryKey::Session(bench.key()).name()).unwrap()).unwrap();
    let names = &[
        "version",
        "key",
        "generation",
        "account",
        "scopes",
        "login_at",
        "access_token",
        "id_token",
        "refresh_token",
        "refresh_started_at",
        "events",
        "provider_ahead",
        "refresh_brings_no_id_token",
        "other",
    ];
    let other = json!({ "profile": "another", "issuer": ISSUER, "client_id": "app" });
    let key: SessionKey = bench.key();
    check_property(
        4_000,
        changes(names, vec![other, json!(2), json!([]), json!({ "state": "never_issued" })]),
        |changes| {
            let text = Secret::new(apply_changes(document.clone(), changes).to_string());
            let Ok(session) = Session::from_json(&text, &key) else { return false };
            assert_eq!((&session.key, session.version), (&key, 1), "{changes:?}");
            assert_eq!(Session::from_json(&session.to_json(), &key), Ok(session), "{changes:?}");
            true
        },
    );
}

#[test]
fn accepted_issuer_is_https_or_loopback() {
    let parts = (
        select(vec!["https://", "http://", "https:", "https:///", "HTTPS://", "javascript:", ""]),
        select(vec!["id.example", "127.0.0.1", "[::1]", "localhost", "me@id.example", "id.example:444", ""]),
        select(vec!["", "/", "/a", "/a/", "?q", "#f", "/\u{200b}", "/\t", "\\a"]),
    );
    check_property(4_000, parts, |(scheme, host, path)| {
        let text = format!("{scheme}{host}{path}");
        let Ok(issuer) = Issuer::parse(&text) else { return false };
        let is_loopback = ["127.0.0.1", "[::1]"].contains(host);
        assert!(["https://", "HTTPS://"].contains(scheme) || (*scheme == "http://" && is_loopback), "{text}");
        assert!(!host.is_empty() && !host.contains('@') && ["", "/", "/a", "/a/"].contains(path), "{text}");
        assert!(issuer.as_str().starts_with("http"), "{text}");
        true
    });
}
