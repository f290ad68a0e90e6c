use super::super::fixtures::{client, form, provider, response, with};
use super::super::token::ClientAuthentication;
use super::*;
use crate::domain::text::printable;
use proptest::prelude::*;
use serde_json::{Value, json};

fn confidential() -> Client {
    client(ClientAuthentication::Post(Secret::new("the-client-secret")))
}

fn pairs(request: &Request) -> Vec<String> {
    form(request).into_iter().map(|(name, value)| format!("{name}={value}")).collect()
}

fn prepared(changes: &[(&str, Value)]) -> Result<PreparedBankId, Problem> {
    let good = json!({ "login_hint_token": "the-hint-token", "binding_message": "QUIET FJORD" });
    accept_preparation(&response(200, &with(good, changes).to_string()))
}

fn begun(changes: &[(&str, Value)]) -> Result<PollCode, Problem> {
    let good = json!({ "auth_req_id": "the-request-id", "expires_in": 300, "interval": 7 });
    accept_backchannel_authentication(&response(200, &with(good, changes).to_string()))
}

fn request(user: &UserHint, options: &AuthorizationOptions, timeout: Option<i64>) -> Result<Request, String> {
    let endpoint = Url::parse("https://id.example/connect/ciba").unwrap();
    authentication_request(&endpoint, &confidential(), user, options, timeout.map(Seconds))
}

fn scopes(names: &[&str]) -> AuthorizationOptions {
    AuthorizationOptions { scopes: names.iter().map(|name| (*name).to_owned()).collect(), ..Default::default() }
}

#[test]
fn vipps_request_names_the_phone() {
    let phone = UserHint::Phone("+4790000001".into());
    let options = AuthorizationOptions {
        acr_values: Some("urn:a".into()),
        max_age: Some(Seconds(90)),
        extra: vec![("market".into(), "no".into())],
        ..scopes(&["openid", "vipps", "phone"])
    };
    let expected = [
        "scope=openid vipps phone",
        "login_hint=+4790000001",
        "requested_expiry=60",
        "acr_values=urn:a",
        "max_age=90",
        "market=no",
        "client_id=demo-client",
        "client_secret=the-client-secret",
    ];
    assert_eq!(pairs(&request(&phone, &options, Some(60)).unwrap()), expected);
    for (timeout, expiry) in
        [(Some(0), Some("1")), (Some(301), Some("300")), (Some(i64::MAX), Some("300")), (None, None)]
    {
        let sent = form(&request(&phone, &scopes(&["openid"]), timeout).unwrap());
        let value = sent.iter().find(|(name, _)| name == "requested_expiry").map(|(_, value)| value.as_str());
        assert_eq!(value, expiry);
    }
    assert!(request(&UserHint::Phone("1\n2".into()), &options, None).is_err());
}

#[test]
fn bankid_is_prepared_and_then_requested_with_the_same_message() {
    let preparation = preparation_request(&provider(), &confidential(), "k-1").unwrap();
    assert_eq!(preparation.url.as_str(), "https://id.example/api/ciba/ciba_prepare_bankid");
    assert_eq!(pairs(&preparation), ["kurt_id=k-1", "client_id=demo-client", "client_secret=the-client-secret"]);
    assert!(preparation_request(&provider(), &confidential(), "k\u{7}").is_err());
    let user = UserHint::Prepared(prepared(&[]).unwrap());
    let options = AuthorizationOptions { login_hint: Some("k-1".into()), ..scopes(&["openid", "bankid"]) };
    let request = request(&user, &options, None).unwrap();
    let expected = ["scope=openid bankid", "login_hint_token=the-hint-token", "binding_message=QUIET FJORD"];
    assert_eq!(pairs(&request)[..3], expected);
    assert!(!pairs(&request).contains(&"login_hint=k-1".to_owned()), "the `kurt_id` is only for the preparation");
    assert!(request.secrets.iter().any(|secret| secret.expose() == "the-hint-token"), "redacted from errors");
}

#[test]
fn token_request_names_the_grant_and_the_request() {
    let request = begun(&[]).unwrap().token_request(&provider(), &confidential());
    let expected = ["grant_type=urn:openid:params:grant-type:ciba", "auth_req_id=the-request-id"];
    assert_eq!(pairs(&request)[..2], expected);
    assert!(request.secrets.iter().any(|secret| secret.expose() == "the-request-id"));
}

#[test]
fn responses_are_read_and_missing_members_named() {
    assert_eq!(prepared(&[]).unwrap().binding_message, "QUIET FJORD");
    let authentication = begun(&[]).unwrap();
    assert_eq!(authentication.value.expose(), "the-request-id");
    assert_eq!((authentication.lifetime, authentication.interval), (Seconds(300), Seconds(7)));
    assert_eq!(begun(&[("interval", Value::Null)]).unwrap().interval, Seconds(5));
    assert_eq!(begun(&[("expires_in", json!(1e12))]).unwrap().lifetime, Seconds::days(1));
    for name in ["login_hint_token", "binding_message"] {
        for value in [Value::Null, json!(""), json!(7)] {
            assert!(matches!(prepared(&[(name, value)]), Err(Problem::Invalid(what)) if what.contains(name)));
        }
    }
    for name in ["auth_req_id", "expires_in"] {
        for value in [Value::Null, json!(""), json!({})] {
            assert!(matches!(begun(&[(name, value)]), Err(Problem::Invalid(what)) if what.contains(name)));
        }
    }
    let odd = prepared(&[("binding_message", json!("A\u{202e}B"))]).unwrap_err();
    assert!(matches!(odd, Problem::Invalid(what) if what.ends_with(r"`A\u{202e}B`")));
}

#[test]
fn refusals_and_outages_are_told_apart() {
    for status in [200, 400, 403] {
        let body = r#"{"error":"unknown_user_id"}"#;
        for problem in [
            accept_preparation(&response(status, body)).unwrap_err(),
            accept_backchannel_authentication(&response(status, body)).unwrap_err(),
        ] {
            assert!(matches!(problem, Problem::Refused(error) if error.error == "unknown_user_id"), "{status}");
        }
    }
    assert!(matches!(accept_preparation(&response(503, "")), Err(Problem::Unavailable(_))));
}

proptest! {
    #[test]
    fn no_accepted_response_can_mislead(message in ".{0,20}", id in ".{0,20}", lifetime in any::<f64>()) {
        if let Ok(accepted) = prepared(&[("binding_message", json!(message))]) {
            prop_assert_eq!(printable(&accepted.binding_message), message);
        }
        if let Ok(accepted) = begun(&[("auth_req_id", json!(id)), ("expires_in", json!(lifetime))]) {
            prop_assert!(accepted.value.expose().bytes().all(|byte| byte.is_ascii_graphic()));
            prop_assert!((Seconds(1)..=Seconds::days(1)).contains(&accepted.lifetime));
        }
    }
}
