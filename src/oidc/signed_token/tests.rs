use super::super::fixtures::{ISSUER, NOW, header, key_set, keys, sign, with};
use super::*;
use serde_json::json;

fn check(token: &str) -> Result<(), TokenProblem> {
    verify_token(&Jwt::parse(token).unwrap(), &keys(), Some(ISSUER), NOW, LEEWAY)
}

fn access_token(changes: &[(&str, Value)]) -> String {
    let claims = json!({"iss": ISSUER, "sub": "a", "exp": NOW.unix() + 3600, "nbf": NOW.unix()});
    sign(&with(header(), &[("typ", json!("at+jwt"))]), &with(claims, changes))
}

// S110
#[test]
fn access_token_needs_issuer_signature_and_valid_times() {
    let now = NOW.unix();
    assert_eq!(check(&access_token(&[])), Ok(()));
    for (name, value, passes) in [
        ("iss", json!("https://evil.example"), false),
        ("iss", Value::Null, false),
        ("exp", json!(now - 59), true),
        ("exp", json!(now - 60), false),
        ("exp", json!("9999999999"), false),
        ("exp", Value::Null, true),
        ("nbf", json!(now + 60), true),
        ("nbf", json!(now + 61), false),
    ] {
        assert_eq!(check(&access_token(&[(name, value.clone())])).is_ok(), passes, "{name} {value}");
    }
}

#[test]
fn unknown_key_is_not_a_bad_signature() {
    let good = access_token(&[]);
    let token = Jwt::parse(&good).unwrap();
    assert_eq!(verify_token(&token, &key_set(&[]), Some(ISSUER), NOW, LEEWAY), Err(TokenProblem::UnknownKey));
    let unsigned = format!("{}.AAAA", good.rsplit_once('.').unwrap().0);
    assert_eq!(check(&unsigned), Err(TokenProblem::BadSignature));
}
