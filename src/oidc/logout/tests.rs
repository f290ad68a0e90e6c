use super::super::fixtures::{CLIENT, client, form, metadata, provider, provider_of, response, with, with_header};
use super::super::token::ClientAuthentication;
use super::*;
use serde_json::{Value, json};

fn public() -> Client {
    client(ClientAuthentication::None)
}

// S130, S132
#[test]
fn revocation_posts_the_refresh_token_in_the_body() {
    let request = revocation_request(&provider(), &public(), &Secret::new("r&t")).unwrap();
    let wanted = [("token", "r&t"), ("token_type_hint", "refresh_token"), ("client_id", CLIENT)];
    assert_eq!(form(&request), wanted.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert_eq!(request.url.query(), None);
}

/// The result for a provider whose metadata lists these methods.
fn revocation(response: &Response, client: &Client, methods: Value) -> Result<Revocation, Problem> {
    let document = with(metadata(), &[("revocation_endpoint_auth_methods_supported", methods)]);
    accept_revocation(response, &provider_of(&document), client)
}

// S130
#[test]
fn revocation_succeeds_is_refused_or_is_unavailable() {
    let accept = |response| revocation(&response, &public(), Value::Null);
    for status in [200, 204] {
        let empty = with_header(response(status, ""), "content-type", "text/html");
        assert_eq!(accept(empty), Ok(Revocation::Revoked), "{status}");
    }
    let refused = accept(response(400, r#"{"error":"unsupported_token_type"}"#));
    assert!(matches!(refused, Err(Problem::Refused(error)) if error.error == "unsupported_token_type"));
    let later = accept(with_header(response(503, ""), "retry-after", "9"));
    assert!(matches!(later, Err(Problem::Unavailable(why)) if why.contains("9 seconds")));
    let refused = accept(response(200, r#"{"error":"unsupported_token_type"}"#));
    assert!(matches!(refused, Err(Problem::Refused(error)) if error.error == "unsupported_token_type"));
    // A web page does not come from the provider.
    for status in [200, 403] {
        assert!(matches!(accept(response(status, "<html>")), Err(Problem::Unavailable(_))), "{status}");
    }
    for status in [400, 403, 404] {
        assert!(matches!(accept(response(status, "")), Err(Problem::RefusedByStatus { .. })), "{status}");
    }
    assert!(matches!(accept(response(302, "")), Err(Problem::Invalid(_))));
}

#[test]
fn refused_public_client_cannot_revoke_if_none_is_listed() {
    let (basic, both) = (json!(["client_secret_basic"]), json!(["none", "client_secret_basic"]));
    let invalid_client = r#"{"error":"invalid_client"}"#;
    let secret = || client(ClientAuthentication::Basic(Secret::new("s")));
    for (status, body, client, methods, is_known) in [
        (401, "", public(), basic.clone(), true),
        (401, "", public(), Value::Null, true),
        (400, invalid_client, public(), basic.clone(), true),
        (401, invalid_client, public(), json!("none"), true),
        (401, "", public(), both.clone(), false),
        (400, invalid_client, public(), both, false),
        (400, "", public(), basic.clone(), false),
        (503, "", public(), basic.clone(), false),
        (401, r#"{"error":"temporarily_unavailable"}"#, public(), basic.clone(), false),
        (401, r#"{"error":"invalid_token"}"#, public(), basic.clone(), false),
        (401, "<html>", public(), basic.clone(), false),
        (401, "", secret(), basic.clone(), false),
        (401, invalid_client, secret(), basic.clone(), false),
    ] {
        let outcome = revocation(&response(status, body), &client, methods.clone());
        assert_eq!(outcome == Ok(Revocation::NotForPublicClients), is_known, "{status} {body} {methods}");
        assert_ne!(outcome, Ok(Revocation::Revoked));
    }
    assert_eq!(revocation(&response(200, ""), &public(), basic), Ok(Revocation::Revoked));
}

#[test]
fn missing_endpoint_gives_no_request() {
    let names = ["revocation_endpoint", "custom_logout_endpoint", "end_session_endpoint"];
    let bare = provider_of(&with(metadata(), &names.map(|name| (name, Value::Null))));
    let token = Secret::new("t");
    let missing = |name| format!("the provider's discovery document has no `{name}`");
    assert_eq!(revocation_request(&bare, &public(), &token), Err(missing(names[0])));
    assert_eq!(custom_logout_request(&bare, &token, "s"), Err(missing(names[1])));
    assert_eq!(end_session_url(&bare, CLIENT, &token), Err(missing(names[2])));
}

// S135
#[test]
fn custom_logout_outcome_follows_from_the_status() {
    use LogoutOutcome::*;
    let request = custom_logout_request(&provider(), &Secret::new("aa.bb.cc"), "s\"1").unwrap();
    let Some(Body::Json(body)) = &request.body else { panic!("no JSON") };
    let body: Value = serde_json::from_str(body.expose()).unwrap();
    assert_eq!(body, serde_json::json!({"id_token_hint": "aa.bb.cc", "state": "s\"1"}));
    assert!(request.secrets.iter().any(|secret| secret.expose() == "aa.bb.cc"), "redacted from errors");
    for (status, text, outcome) in [
        (200, "s1", LoggedOut),
        (200, "Already logged out", AlreadyLoggedOut),
        (200, "\"Already logged out\"", AlreadyLoggedOut),
        (200, "<html>Log in to this network", Unavailable),
        (400, "Already logged out", Failed(400)),
        (401, "", Failed(401)),
        (424, "", Failed(424)),
        (429, "", Unavailable),
        (500, "", Unavailable),
        (302, "", Failed(302)),
        (403, "", Failed(403)),
        (408, "", Unavailable),
        (204, "", LoggedOut),
    ] {
        assert_eq!(accept_custom_logout(&response(status, text)), outcome, "{status} {text}");
    }
}

// S133
#[test]
fn logout_url_has_hint_and_client() {
    let url = end_session_url(&provider(), CLIENT, &Secret::new("a.b.c")).unwrap();
    assert_eq!(format!("{url:?}"), "Secret(…)");
    assert_eq!(url.expose(), "https://id.example/connect/endsession?id_token_hint=a.b.c&client_id=demo-client");
}
