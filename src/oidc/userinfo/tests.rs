use super::super::fixtures::{
    CLIENT, ISSUER, KEYS, header, key_set, keys, metadata, provider, provider_of, response, sign, sign_with, with,
    with_header,
};
use super::*;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use serde_json::json;

fn accept(response: &Response, keys: Option<&KeySet>) -> Result<Map<String, Value>, UserinfoProblem> {
    accept_userinfo(response, &ExpectedUserinfo { issuer: ISSUER, client_id: CLIENT, sub: "alice", keys })
}

fn jwt(token: &str) -> Response {
    with_header(response(200, token), "content-type", "application/JWT; charset=utf-8")
}

// S126
#[test]
fn userinfo_sends_token_in_header_only() {
    let request = userinfo_request(&provider(), &Secret::new("canary"), None).unwrap();
    assert_eq!(request.authorization, Some(Secret::new("Bearer canary")));
    assert_eq!((request.url.as_str(), request.body), ("https://id.example/connect/userinfo", None));
    let without = provider_of(&with(metadata(), &[("userinfo_endpoint", Value::Null)]));
    assert_eq!(userinfo_request(&without, &Secret::new("canary"), None), None);
}

// S125
#[test]
fn only_the_sessions_own_claims_are_accepted() {
    assert_eq!(accept(&response(200, r#"{"sub":"alice","email":"a@b"}"#), None).unwrap()["email"], "a@b");
    for body in [r#"{"sub":"bob"}"#, "{}", r#"{"sub":7}"#, r#"{"sub":"bob","sub":"alice"}"#] {
        let result = accept(&response(200, body), None);
        assert!(matches!(result, Err(UserinfoProblem::Problem(Problem::Invalid(_)))), "{body}");
    }
    for body in ["", "<html>"] {
        let result = accept(&response(200, body), None);
        assert!(matches!(result, Err(UserinfoProblem::Problem(Problem::Unavailable(_)))), "{body}");
    }
}

// S127
#[test]
fn signed_userinfo_is_verified_like_any_token() {
    let claims = json!({"iss": ISSUER, "aud": CLIENT, "sub": "alice"});
    let good = sign(&header(), &claims);
    assert!(accept(&jwt(&good), Some(&keys())).is_ok());
    assert!(accept(&jwt(&sign(&header(), &with(claims.clone(), &[("aud", json!([CLIENT]))]))), Some(&keys())).is_ok());
    for missing in [&["iss"][..], &["aud"], &["iss", "aud"]] {
        let changes: Vec<_> = missing.iter().map(|name| (*name, Value::Null)).collect();
        assert!(accept(&jwt(&sign(&header(), &with(claims.clone(), &changes))), Some(&keys())).is_ok(), "{missing:?}");
    }
    for token in [
        sign_with(&KEYS[1], &RSA_PKCS1_SHA256, &header(), &claims),
        sign(&with(header(), &[("alg", json!("none"))]), &claims),
        sign(&header(), &with(claims.clone(), &[("iss", json!("https://evil.example"))])),
        sign(&header(), &with(claims.clone(), &[("aud", json!("other"))])),
        sign(&header(), &with(claims.clone(), &[("sub", json!("bob"))])),
        claims.to_string(),
    ] {
        let result = accept(&jwt(&token), Some(&keys()));
        assert!(matches!(result, Err(UserinfoProblem::Problem(Problem::Invalid(_)))), "{token}");
    }
    for keys in [None, Some(&key_set(&[]))] {
        assert_eq!(accept(&jwt(&good), keys), Err(UserinfoProblem::UnknownKey));
    }
}

#[test]
fn refusal_has_the_error_of_the_challenge() {
    let challenge = r#"Bearer realm="x", error="expired", error_description="too late""#;
    let refused = |error: &str, description: Option<&str>| {
        Err(UserinfoProblem::Problem(Problem::Refused(OAuthError {
            error: error.to_owned(),
            error_description: description.map(str::to_owned),
        })))
    };
    let challenged = with_header(response(401, ""), "www-authenticate", challenge);
    assert_eq!(accept(&challenged, None), refused("expired", Some("too late")));
    for challenge in [r#"Bearer error_description="x""#, r#"Bearer no_error="y", error_description="x""#] {
        let challenged = with_header(response(401, ""), "www-authenticate", challenge);
        assert_eq!(accept(&challenged, None), refused("invalid_token", Some("x")), "{challenge}");
    }
    let bare = with_header(response(403, ""), "www-authenticate", "Bearer");
    assert_eq!(accept(&bare, None), refused("insufficient_scope", None));
    for status in [401, 403] {
        let wordless = accept(&response(status, "Blocked"), None);
        assert!(matches!(wordless, Err(UserinfoProblem::Problem(Problem::RefusedByStatus { .. }))), "{status}");
    }
    for (status, later) in [(302, false), (404, false), (503, true)] {
        let result = accept(&response(status, r#"{"sub":"alice"}"#), None);
        assert_eq!(matches!(result, Err(UserinfoProblem::Problem(Problem::Unavailable(_)))), later, "{status}");
        assert!(result.is_err());
    }
}
