use super::super::OAuthError;
use super::super::authorize::{AuthorizationOptions, authorization_request};
use super::super::fixtures::{CLIENT, client, form, provider, response, with, with_header};
use super::*;
use proptest::prelude::*;
use serde_json::json;

fn pending_login() -> PendingLogin {
    let options = AuthorizationOptions::default();
    authorization_request(&provider(), CLIENT, "http://127.0.0.1:1/a?b=c", &options, &[9; 96]).unwrap().1
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn full() -> Value {
    json!({"access_token": "at", "token_type": "Bearer", "expires_in": 3600, "scope": "openid  profile",
           "id_token": "a.b.c", "refresh_token": "rt"})
}

fn accept(body: &Value) -> Result<TokenResponse, Problem> {
    accept_token_response(&response(200, &body.to_string()))
}

// S57
#[test]
fn public_client_sends_only_its_id() {
    let pending = pending_login();
    let request = code_request(&provider(), &client(ClientAuthentication::None), &Code(Secret::new("a&b=c")), &pending);
    assert_eq!((request.method, request.url.as_str()), (Method::Post, "https://id.example/connect/token"));
    assert_eq!(request.authorization, None);
    let wanted = [
        ("grant_type", "authorization_code"),
        ("code", "a&b=c"),
        ("redirect_uri", "http://127.0.0.1:1/a?b=c"),
        ("code_verifier", pending.code_verifier.expose()),
        ("client_id", CLIENT),
    ];
    assert_eq!(form(&request), pairs(&wanted));
}

// S58, RFC 6749 2.3.1
#[test]
fn basic_secret_is_form_encoded_before_base64() {
    let basic = client(ClientAuthentication::Basic(Secret::new("p:w%d +æ")));
    let request = refresh_request(&provider(), &basic, &Secret::new("rt"), RefreshParameters::default());
    let wanted = format!("Basic {}", STANDARD.encode("demo-client:p%3Aw%25d+%2B%C3%A6"));
    assert_eq!(request.authorization, Some(Secret::new(wanted)));
    assert_eq!(form(&request), pairs(&[("grant_type", "refresh_token"), ("refresh_token", "rt")]));
}

// S95
#[test]
fn refresh_sends_no_scope_and_posts_secret_in_body() {
    let posting = client(ClientAuthentication::Post(Secret::new("s&t")));
    let request = refresh_request(&provider(), &posting, &Secret::new("r+t"), RefreshParameters::default());
    let wanted =
        [("grant_type", "refresh_token"), ("refresh_token", "r+t"), ("client_id", CLIENT), ("client_secret", "s&t")];
    assert_eq!(form(&request), pairs(&wanted));
    assert_eq!(request.authorization, None);
    assert!(!format!("{request:?}{posting:?}").contains("s&t") && !format!("{request:?}").contains("r+t"));
}

#[test]
fn optional_parameters_follow_those_of_every_refresh() {
    let public = client(ClientAuthentication::None);
    let scopes = ScopeSet::parse(["openid api:x"]);
    for (scopes, tnu_id, added) in [
        (None, Some("a&b=c"), &[("tnuId", "a&b=c")][..]),
        (Some(&scopes), None, &[("scope", "api:x openid")]),
        (Some(&scopes), Some("1"), &[("scope", "api:x openid"), ("tnuId", "1")]),
    ] {
        let request = refresh_request(&provider(), &public, &Secret::new("rt"), RefreshParameters { scopes, tnu_id });
        let first = [("grant_type", "refresh_token"), ("refresh_token", "rt")];
        assert_eq!(form(&request), pairs(&[&first[..], added, &[("client_id", CLIENT)]].concat()));
    }
}

// S61, S98
#[test]
fn token_response_is_read_with_any_case_of_bearer() {
    for kind in ["Bearer", "BEARER", "bEaReR", " Bearer "] {
        let body = with(full(), &[("token_type", json!(kind))]).to_string();
        let dated = with_header(response(200, &body), "date", "Sun, 06 Nov 1994 08:49:37 GMT");
        let wanted = TokenResponse {
            access_token: Secret::new("at"),
            expires_in: Some(Seconds(3600)),
            id_token: Some(Secret::new("a.b.c")),
            refresh_token: Some(Secret::new("rt")),
            scopes: Some(vec!["openid".to_owned(), "profile".to_owned()]),
            date: Some(Time::from_unix(784_111_777)),
        };
        assert_eq!(accept_token_response(&dated), Ok(wanted));
    }
    let least = accept(&json!({"access_token": "at", "token_type": "bearer"})).unwrap();
    assert_eq!((least.expires_in, least.id_token, least.refresh_token, least.scopes), (None, None, None, None));
}

// S60, S61
#[test]
fn member_of_the_wrong_type_is_invalid() {
    for (name, value) in [
        ("access_token", Value::Null),
        ("access_token", json!(7)),
        ("access_token", json!("")),
        ("access_token", json!("a\nb")),
        ("access_token", json!("a b")),
        ("access_token", json!("æ")),
        ("token_type", json!(1)),
        ("token_type", json!("mac")),
        ("token_type", json!("N_A")),
        ("token_type", json!("DPoP")),
        ("refresh_token", json!(["rt"])),
        ("refresh_token", json!("a\u{1b}b")),
    ] {
        assert!(matches!(accept(&with(full(), &[(name, value.clone())])), Err(Problem::Invalid(_))), "{name} {value}");
    }
    for body in [
        "{]}",
        "null",
        "[]",
        "\"x\"",
        r#"{"access_token":"a","access_token":"b","token_type":"Bearer"}"#,
        r#"{"access_token":"a","refresh_token":"b","refresh_token":"b"}"#,
        r#"{"access_token":"a\ud83d","token_type":"Bearer"}"#,
    ] {
        assert!(matches!(accept_token_response(&response(200, body)), Err(Problem::Invalid(_))), "{body}");
    }
}

#[test]
fn empty_members_are_absent_and_lifetimes_lenient() {
    let nothing = [Value::Null, json!("")];
    for empty in &nothing {
        for name in ["refresh_token", "id_token", "scope", "expires_in", "error", "token_type"] {
            let body = members(&[(name, empty)]);
            let result = accept_token_response(&response(200, &body)).unwrap();
            let absent = match name {
                "refresh_token" => result.refresh_token.is_none(),
                "id_token" => result.id_token.is_none(),
                "scope" => result.scopes.is_none(),
                "expires_in" => result.expires_in.is_none(),
                _ => result.refresh_token.is_some(),
            };
            assert!(absent, "{body}");
        }
    }
    for (value, seconds) in [
        (json!("3600"), Some(3600)),
        (json!(" 3600 "), Some(3600)),
        (json!("1e3"), Some(1000)),
        (json!(0), None),
        (json!(-5), None),
        (json!(true), None),
        (json!("soon"), None),
        (json!("NaN"), None),
    ] {
        let result = accept_token_response(&response(200, &members(&[("expires_in", &value)]))).unwrap();
        assert_eq!(result.expires_in, seconds.map(Seconds), "{value}");
    }
}

#[test]
fn scopes_are_read_from_string_or_list() {
    for (value, names) in [
        (json!(["openid", "profile"]), Some(vec!["openid", "profile"])),
        (json!(" openid "), Some(vec!["openid"])),
        (json!(" "), None),
        (json!([]), None),
        (json!(["openid", 7]), None),
        (json!(7), None),
        (json!({}), None),
    ] {
        let result = accept_token_response(&response(200, &members(&[("scope", &value)]))).unwrap();
        assert_eq!(result.scopes, names.map(|names| names.into_iter().map(str::to_owned).collect()), "{value}");
    }
}

/// A full response with members changed, also to `null`, which `with` would remove.
fn members(changes: &[(&str, &Value)]) -> String {
    let mut body = full();
    changes.iter().for_each(|(name, value)| body[*name] = (*value).clone());
    body.to_string()
}

#[test]
fn unreadable_unneeded_member_is_skipped() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for odd in [r#""half \ud83d""#, "1e999", &deep, r#"{"a":1,"a":2}"#, r#"{"a":"\ud83d"}"#] {
        for name in ["name", "x"] {
            let body = full().to_string().replacen('{', &format!("{{\"{name}\":{odd},"), 1);
            let result = accept_token_response(&response(200, &body)).unwrap();
            assert_eq!(result, accept(&full()).unwrap(), "{}", &body[..60]);
        }
    }
    // A repeated name is ambiguous.
    for twice in [r#"{"name":1,"name":2,"#, r#"{"access_token":"\ud83d","access_token":"x","#] {
        let body = full().to_string().replacen('{', twice, 1);
        assert!(matches!(accept_token_response(&response(200, &body)), Err(Problem::Invalid(_))), "{twice}");
    }
    let mut bytes = full().to_string().replacen('{', r#"{"name":"?","#, 1).into_bytes();
    let at = bytes.iter().position(|byte| *byte == b'?').unwrap();
    bytes[at] = 0xff;
    assert!(accept_token_response(&Response { status: 200, headers: vec![], body: bytes }).is_ok());
    let refused = accept_token_response(&response(400, r#"{"error":"invalid_grant","trace":1e999}"#));
    assert!(matches!(refused, Err(Problem::Refused(error)) if error.error == "invalid_grant"));
}

#[test]
fn error_that_is_not_a_string_is_ignored() {
    for error in [json!({}), json!(5), json!([]), json!(false)] {
        assert!(accept(&with(full(), &[("error", error)])).is_ok());
    }
}

#[test]
fn truncated_response_is_unavailable_not_invalid() {
    for body in ["{", "{\"access_token\":\"at\"", "{\"access_token\":\"at\",\n"] {
        let result = accept_token_response(&response(200, body));
        assert!(matches!(result, Err(Problem::Unavailable(why)) if why.contains("cut off")), "{body}");
    }
}

#[test]
fn byte_order_mark_before_a_response_is_ignored() {
    assert!(accept_token_response(&response(200, &format!("\u{feff}{}", full()))).is_ok());
    let refused = accept_token_response(&response(400, "\u{feff}{\"error\":\"invalid_grant\"}"));
    assert!(matches!(refused, Err(Problem::Refused(error)) if error.error == "invalid_grant"));
}

#[test]
fn huge_lifetime_is_clamped() {
    for life in [json!(1e300), json!(u64::MAX), json!(253_402_207_201_i64)] {
        let result = accept(&with(full(), &[("expires_in", life)])).unwrap();
        assert_eq!(result.expires_in, Some(Seconds(Time::MAX.unix())));
    }
}

// S59, S65, S104
#[test]
fn refusal_redirect_and_unavailable_are_distinguished() {
    let refused = r#"{"error":"invalid_grant","error_description":"gone"}"#;
    let error = OAuthError { error: "invalid_grant".to_owned(), error_description: Some("gone".to_owned()) };
    for status in [200, 400, 401, 403] {
        let result = accept_token_response(&response(status, refused));
        assert_eq!(result, Err(Problem::Refused(error.clone())), "{status}");
    }
    for (status, body) in [
        (400, ""),
        (400, "bad"),
        (400, r#"{"error":7}"#),
        (400, r#"{"error":{"code":"x"}}"#),
        (400, r#"{"error":""}"#),
        (400, r#"{"message":"no"}"#),
        (401, ""),
        (403, "[]"),
        (404, "not found"),
        (451, ""),
    ] {
        let result = accept_token_response(&response(status, body));
        assert!(
            matches!(result, Err(Problem::RefusedByStatus { status: found, .. }) if found == status),
            "{status} {body}: {result:?}"
        );
    }
    for (status, body) in [(302, refused), (307, refused), (308, &full().to_string())] {
        assert!(matches!(accept_token_response(&response(status, body)), Err(Problem::Invalid(_))), "{status} {body}");
    }
    assert!(accept_token_response(&response(201, &full().to_string())).is_ok());
    // A gateway may send a challenge; the token endpoint does not.
    let challenge = r#"Bearer error="invalid_token""#;
    let challenged = accept_token_response(&with_header(response(401, ""), "www-authenticate", challenge));
    assert!(matches!(challenged, Err(Problem::RefusedByStatus { status: 401, .. })));
    for (status, error) in
        [(400, "temporarily_unavailable"), (200, "server_error"), (401, "server_error"), (400, "slow_down")]
    {
        let later = accept_token_response(&response(status, &json!({ "error": error }).to_string()));
        assert!(matches!(later, Err(Problem::Unavailable(why)) if why.contains(error)), "{status} {error}");
    }
    assert!(
        matches!(accept_token_response(&response(407, "")), Err(Problem::Unavailable(why)) if why.contains("proxy"))
    );
    for status in [408, 425, 429, 500, 502, 503, 511] {
        for (after, said) in [
            ("120", "and asks to wait 120 seconds"),
            ("Fri, 31 Dec 1999 23:59:59 GMT", "and asks to wait until Fri, 31 Dec 1999 23:59:59 GMT"),
            ("", &*format!("HTTP {status} to the token request")),
            ("soon", &*format!("HTTP {status} to the token request")),
        ] {
            let result = accept_token_response(&with_header(response(status, refused), "retry-after", after));
            assert!(matches!(result, Err(Problem::Unavailable(why)) if why.ends_with(said)), "{status} {after}");
        }
    }
}

// S64
#[test]
fn login_response_needs_an_id_token() {
    let without = with(full(), &[("id_token", Value::Null)]).to_string();
    assert!(
        matches!(accept_code_response(&response(200, &without)), Err(Problem::Invalid(why)) if why.contains("id_token"))
    );
    assert!(accept_code_response(&response(200, &full().to_string())).is_ok());
}

// S60, S104
#[test]
fn web_page_instead_of_response_is_unavailable() {
    for (status, body, kind) in [
        (200, "\n<html>maintenance", ""),
        (200, "<?xml version=\"1.0\"?><fault/>", ""),
        (200, "down", "Text/HTML; charset=utf-8"),
        (200, "", ""),
        (204, " \n", ""),
        (400, "<html>blocked", ""),
        (403, "blocked", "text/html"),
        (404, "<html>", ""),
    ] {
        let page = with_header(response(status, body), "content-type", kind);
        let result = accept_token_response(&page);
        assert!(
            matches!(&result, Err(Problem::Unavailable(why)) if !why.contains("JSON")),
            "{status} {body} {result:?}"
        );
        let login = accept_code_response(&page);
        assert!(matches!(login, Err(Problem::Unavailable(_))), "{status} {body}");
    }
    // Some frameworks label JSON as HTML.
    let named = with_header(response(200, &full().to_string()), "content-type", "text/html; charset=utf-8");
    assert!(accept_token_response(&named).is_ok());
    let refused = with_header(response(400, r#"{"error":"invalid_grant"}"#), "content-type", "text/html");
    assert!(matches!(accept_token_response(&refused), Err(Problem::Refused(_))));
    // And empty bodies.
    let empty = with_header(response(400, ""), "content-type", "text/html; charset=utf-8");
    assert!(matches!(accept_token_response(&empty), Err(Problem::RefusedByStatus { .. })));
}

#[test]
fn refusal_cause_is_token_client_or_unclear() {
    let cause =
        |error: &str| refusal_cause(Some(&OAuthError { error: error.to_owned(), error_description: None }), 400);
    for error in ["invalid_grant", "invalid_token", "interaction_required", "login_required", "consent_required"] {
        assert_eq!(cause(error), RefusalCause::RefreshToken, "{error}");
    }
    for error in ["invalid_client", "unauthorized_client", "invalid_request", "invalid_scope", "unsupported_grant_type"]
    {
        assert_eq!(cause(error), RefusalCause::Client, "{error}");
    }
    for error in ["bad_request", "INVALID_GRANT", "access_denied"] {
        assert_eq!(cause(error), RefusalCause::Unclear, "{error}");
    }
    // A gateway's own error.
    for (status, refused) in [(401, RefusalCause::Unclear), (403, RefusalCause::Client), (404, RefusalCause::Client)] {
        let error = OAuthError { error: "Not Found".to_owned(), error_description: None };
        assert_eq!(refusal_cause(Some(&error), status), refused, "{status}");
    }
    let by_status = [
        (400, RefusalCause::Unclear),
        (401, RefusalCause::Unclear),
        (403, RefusalCause::Client),
        (404, RefusalCause::Client),
    ];
    for (status, refused) in by_status {
        assert_eq!(refusal_cause(None, status), refused, "{status}");
    }
}

#[test]
fn debug_output_of_a_response_hides_tokens() {
    let shown = format!(
        "{:?}",
        accept(&with(full(), &[("access_token", json!("canary1")), ("refresh_token", json!("canary2"))]))
    );
    assert!(!shown.contains("canary"), "{shown}");
}

proptest! {
    #[test]
    fn token_response_parser_never_panics(status: u16, body: Vec<u8>, text in "\\PC*", at in 0_usize..300, byte: u8) {
        let _ = accept_token_response(&Response { status, headers: vec![("retry-after".to_owned(), text)], body });
        let mut mutated = full().to_string().into_bytes();
        let place = at % mutated.len();
        mutated[place] = byte;
        let _ = accept_token_response(&Response { status: 200, headers: vec![], body: mutated });
    }
}
