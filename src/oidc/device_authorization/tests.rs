use super::super::fixtures::{client, form, provider, response, with};
use super::super::token::ClientAuthentication;
use super::*;
use crate::domain::secret::Secret;
use crate::domain::time::Seconds;
use crate::oidc::discovery::is_loopback_literal;
use proptest::prelude::*;
use serde_json::{Value, json};

fn good() -> Value {
    json!({
        "device_code": "device-code-1", "user_code": "123456789", "verification_uri": "https://id.example/device",
        "verification_uri_complete": "https://id.example/device?user_code=123456789", "expires_in": 1800, "interval": 7,
    })
}

fn accept(changes: &[(&str, Value)]) -> Result<DeviceAuthorization, Problem> {
    accept_device_authorization(&response(200, &with(good(), changes).to_string()))
}

fn endpoint() -> Url {
    provider().device_authorization_endpoint.unwrap()
}

#[test]
fn request_has_scopes_and_what_a_login_may_ask_for() {
    let options = AuthorizationOptions {
        scopes: vec!["profile".into()],
        prompt: Some("login".into()),
        login_hint: Some("+47".into()),
        acr_values: Some("a b".into()),
        ui_locales: None,
        max_age: Some(Seconds(60)),
        extra: vec![("market".into(), "no".into())],
    };
    let public = client(ClientAuthentication::None);
    let request = device_authorization_request(&endpoint(), &public, &options).unwrap();
    let expected = [
        ("scope", "openid profile"),
        ("login_hint", "+47"),
        ("acr_values", "a b"),
        ("max_age", "60"),
        ("market", "no"),
        ("client_id", "demo-client"),
    ];
    assert_eq!(form(&request), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let reserved = AuthorizationOptions { extra: vec![("scope".into(), "x".into())], ..options.clone() };
    assert!(device_authorization_request(&endpoint(), &public, &reserved).is_err());
    let control = AuthorizationOptions { login_hint: Some("a\nb".into()), ..options };
    assert!(device_authorization_request(&endpoint(), &public, &control).unwrap_err().contains("login_hint"));
}

#[test]
fn token_request_names_the_grant_and_the_code() {
    let confidential = client(ClientAuthentication::Post(Secret::new("s3cret")));
    let request = accept(&[]).unwrap().device_code.token_request(&provider(), &confidential);
    let expected = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("device_code", "device-code-1"),
        ("client_id", "demo-client"),
        ("client_secret", "s3cret"),
    ];
    assert_eq!(form(&request), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let secrets: Vec<&str> = request.secrets.iter().map(Secret::expose).collect();
    assert!(secrets.contains(&"device-code-1") && secrets.contains(&"s3cret"), "redacted from errors");
}

#[test]
fn response_is_read() {
    let accepted = accept(&[]).unwrap();
    assert_eq!((accepted.device_code.value.expose(), accepted.user_code.as_str()), ("device-code-1", "123456789"));
    assert_eq!(accepted.verification_uri.as_str(), "https://id.example/device");
    assert_eq!(accepted.verification_uri_complete.unwrap().as_str(), "https://id.example/device?user_code=123456789");
    assert_eq!((accepted.device_code.lifetime, accepted.device_code.interval), (Seconds(1800), Seconds(7)));
}

#[test]
fn missing_or_wrong_member_is_named() {
    for name in ["device_code", "user_code", "verification_uri", "expires_in"] {
        for value in [Value::Null, json!(""), json!([1]), json!({})] {
            let problem = accept(&[(name, value.clone())]).unwrap_err();
            assert!(matches!(&problem, Problem::Invalid(what) if what.contains(name)), "{name} {value}: {problem:?}");
        }
    }
    for odd in [json!(0), json!(-5), json!("soon"), json!(true)] {
        assert!(accept(&[("expires_in", odd)]).is_err());
    }
}

#[test]
fn lifetime_is_a_day_at_most_and_the_interval_five_seconds_by_default() {
    for (given, lifetime) in [(json!(1), 1), (json!("1800"), 1800), (json!(1e12), 86_400), (json!(12.9), 12)] {
        assert_eq!(accept(&[("expires_in", given)]).unwrap().device_code.lifetime, Seconds(lifetime));
    }
    for (given, interval) in [(Value::Null, 5), (json!(0), 5), (json!(-1), 5), (json!("x"), 5), (json!("8"), 8)] {
        assert_eq!(accept(&[("interval", given)]).unwrap().device_code.interval, Seconds(interval));
    }
}

#[test]
fn user_is_sent_only_to_an_address_that_is_what_it_seems() {
    for good in ["https://aka.example/d", "https://id.example:8443/d?x=1#f", "http://127.0.0.1:8765/device"] {
        assert_eq!(accept(&[("verification_uri", json!(good))]).unwrap().verification_uri.as_str(), good);
    }
    for (bad, why) in [
        ("http://id.example/d", "is not https"),
        ("http://localhost/d", "is not https"),
        ("javascript:alert(1)", "is not https"),
        ("https://id.example\\@evil.example/d", "backslash"),
        ("https://kari@id.example/d", "user name"),
        ("https://id.example/\u{202e}d", "cannot be seen"),
        ("https:/id.example/d", "`//`"),
        ("id.example/device", "not a URL"),
    ] {
        let problem = accept(&[("verification_uri", json!(bad))]).unwrap_err();
        assert!(matches!(&problem, Problem::Invalid(what) if what.contains(why)), "{bad}: {problem:?}");
    }
    let problem = accept(&[("user_code", json!("12\u{1b}[31m"))]).unwrap_err();
    assert_eq!(
        problem,
        Problem::Invalid(r"the device authorization response: `user_code` cannot be typed: `12\u{1b}[31m`".into())
    );
}

#[test]
fn complete_address_of_another_site_counts_as_absent() {
    for odd in [
        json!("https://evil.example/device?user_code=1"),
        json!("https://id.example:444/device"),
        json!("http://id.example/device"),
        json!("not a url"),
        json!(17),
        Value::Null,
    ] {
        assert_eq!(accept(&[("verification_uri_complete", odd)]).unwrap().verification_uri_complete, None);
    }
}

#[test]
fn oauth_error_is_a_refusal_even_under_200() {
    for status in [200, 400, 401] {
        let refused = accept_device_authorization(&response(status, r#"{"error":"unauthorized_client"}"#));
        assert!(matches!(refused, Err(Problem::Refused(error)) if error.error == "unauthorized_client"), "{status}");
    }
    assert!(matches!(accept_device_authorization(&response(503, "")), Err(Problem::Unavailable(_))));
    assert!(matches!(accept_device_authorization(&response(404, "")), Err(Problem::RefusedByStatus { .. })));
}

proptest! {
    #[test]
    fn what_is_accepted_can_be_shown(code in ".{0,20}", uri in "(https|http|data)://[ -~\u{202e}]{0,30}", lifetime in any::<f64>()) {
        let accepted = accept(&[("user_code", json!(code)), ("verification_uri", json!(uri)), ("expires_in", json!(lifetime))]);
        if let Ok(accepted) = accepted {
            prop_assert_eq!(printable(&accepted.user_code), accepted.user_code);
            let shown = accepted.verification_uri.as_str();
            prop_assert!(printable(shown) == shown && (shown.starts_with("https://") || is_loopback_literal(&accepted.verification_uri)));
            prop_assert!((Seconds(1)..=Seconds::days(1)).contains(&accepted.device_code.lifetime));
        }
    }
}
