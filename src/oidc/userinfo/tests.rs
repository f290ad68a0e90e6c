use super::super::fixtures::{
    CLIENT, ISSUER, KEYS, header, key_set, keys, metadata, provider, provider_of, response, sign, sign_with, with,
    with_header,
};
use super::*;
use crate::oidc::TokenProblem;
use crate::oidc::jwks::KeySet;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use serde_json::json;

#[derive(Debug, PartialEq)]
enum Failure {
    Signature(TokenProblem),
    Response(Problem),
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::Response(problem)
    }
}

fn accept_signed(response: &Response, keys: &KeySet) -> Result<Object, Failure> {
    let owner = Owner { issuer: ISSUER, client_id: CLIENT, sub: "alice" };
    accept_userinfo(response, owner, |jws| keys.verify(jws).map_err(Failure::Signature))
}

fn accept(response: &Response) -> Result<Object, Failure> {
    accept_signed(response, &key_set(&[]))
}

fn jwt(token: &str) -> Response {
    with_header(response(200, token), "content-type", "application/JWT; charset=utf-8")
}

// S126
#[test]
fn userinfo_sends_token_in_header_only() {
    let request = userinfo_request(&provider(), &Secret::new("canary")).unwrap();
    assert_eq!(request.authorization, Some(Secret::new("Bearer canary")));
    assert_eq!((request.url.as_str(), request.body), ("https://id.example/connect/userinfo", None));
    let without = provider_of(&with(metadata(), &[("userinfo_endpoint", Value::Null)]));
    assert!(userinfo_request(&without, &Secret::new("canary")).is_err());
}

// S125
#[test]
fn only_the_sessions_own_claims_are_accepted() {
    assert_eq!(accept(&response(200, r#"{"sub":"alice","email":"a@b"}"#)).unwrap()["email"], "a@b");
    for body in [r#"{"sub":"bob"}"#, "{}", r#"{"sub":7}"#, r#"{"sub":"bob","sub":"alice"}"#] {
        let result = accept(&response(200, body));
        assert!(matches!(result, Err(Failure::Response(Problem::Invalid(_)))), "{body}");
    }
    for body in ["", "<html>"] {
        let result = accept(&response(200, body));
        assert!(matches!(result, Err(Failure::Response(Problem::Unavailable(_)))), "{body}");
    }
}

// S127
#[test]
fn signed_userinfo_is_verified_like_any_token() {
    let claims = json!({"iss": ISSUER, "aud": CLIENT, "sub": "alice"});
    let good = sign(&header(), &claims);
    assert!(accept_signed(&jwt(&good), &keys()).is_ok());
    assert!(accept_signed(&jwt(&sign(&header(), &with(claims.clone(), &[("aud", json!([CLIENT]))]))), &keys()).is_ok());
    for missing in [&["iss"][..], &["aud"], &["iss", "aud"]] {
        let changes: Vec<_> = missing.iter().map(|name| (*name, Value::Null)).collect();
        assert!(accept_signed(&jwt(&sign(&header(), &with(claims.clone(), &changes))), &keys()).is_ok(), "{missing:?}");
    }
    for token in [
        sign_with(&KEYS[1], &RSA_PKCS1_SHA256, &header(), &claims),
        sign(&with(header(), &[("alg", json!("none"))]), &claims),
        sign(&header(), &with(claims.clone(), &[("iss", json!("https://evil.example"))])),
        sign(&header(), &with(claims.clone(), &[("aud", json!("other"))])),
        sign(&header(), &with(claims.clone(), &[("sub", json!("bob"))])),
        claims.to_string(),
    ] {
        let result = accept_signed(&jwt(&token), &keys());
        let is_invalid = match result {
            Err(Failure::Signature(problem)) => problem != TokenProblem::UnknownKey,
            other => matches!(other, Err(Failure::Response(Problem::Invalid(_)))),
        };
        assert!(is_invalid, "{token}");
    }
    assert_eq!(accept(&jwt(&good)), Err(Failure::Signature(TokenProblem::UnknownKey)));
}

#[test]
fn refusal_has_the_error_of_the_challenge() {
    let challenge = r#"Bearer realm="x", error="expired", error_description="too late""#;
    let refused = |error: &str, description: Option<&str>| {
        Err(Failure::Response(Problem::Refused(OAuthError {
            error: error.to_owned(),
            error_description: description.map(str::to_owned),
        })))
    };
    let challenged = with_header(response(401, ""), "www-authenticate", challenge);
    assert_eq!(accept(&challenged), refused("expired", Some("too late")));
    for challenge in [r#"Bearer error_description="x""#, r#"Bearer no_error="y", error_description="x""#] {
        let challenged = with_header(response(401, ""), "www-authenticate", challenge);
        assert_eq!(accept(&challenged), refused("invalid_token", Some("x")), "{challenge}");
    }
    let bare = with_header(response(403, ""), "www-authenticate", "Bearer");
    assert_eq!(accept(&bare), refused("insufficient_scope", None));
    for status in [401, 403] {
        let wordless = accept(&response(status, "Blocked"));
        assert!(matches!(wordless, Err(Failure::Response(Problem::RefusedByStatus { .. }))), "{status}");
    }
    for (status, later) in [(302, false), (404, false), (503, true)] {
        let result = accept(&response(status, r#"{"sub":"alice"}"#));
        assert_eq!(matches!(result, Err(Failure::Response(Problem::Unavailable(_)))), later, "{status}");
        assert!(result.is_err());
    }
}
