//! A refusal that quotes a credential back ("refresh token 'abc' is unknown"): it is shown to people and written to
//! logs, so what was sent is cut out of it before anybody reads it.

use super::response;
use crate::domain::secret::Secret;
use crate::ports::{Body, Request, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use std::borrow::Cow;
use url::form_urlencoded;

/// The form members that are credentials (RFC 6749, 7009, 7636).
const CREDENTIALS: [&str; 5] = ["refresh_token", "code", "code_verifier", "client_secret", "token"];

/// Shorter ones would be found in words that have nothing to do with them.
const SHORTEST: usize = 6;

/// `response`, and if it is an error in OAuth's terms (RFC 6749 5.2, also one under 200), every credential of `request` in
/// its words replaced by `…`. What grants something comes back as it is: that may be the very refresh token that was sent.
pub fn without_credentials(request: &Request, response: Response) -> Response {
    let credentials = credentials(request);
    let cut = |text: &str| credentials.iter().fold(text.to_owned(), |text, secret| text.replace(secret.expose(), "…"));
    let headers = response.headers.into_iter().map(|(name, value)| (name, cut(&value))).collect();
    // In the words as they are read, however they are escaped; what is no object of this kind is never quoted by us.
    let body = match response::object(&response.body, "the answer") {
        Ok(mut object) if response::oauth_error(&object).is_some() => {
            for value in object.values_mut() {
                if let Value::String(text) = value {
                    *text = cut(text);
                }
            }
            Value::Object(object).to_string().into_bytes()
        }
        _ => response.body,
    };
    Response { status: response.status, headers, body }
}

fn credentials(request: &Request) -> Vec<Secret> {
    let mut found = Vec::new();
    if let Some(Body::Form(form)) = &request.body {
        let members = form_urlencoded::parse(form.expose().as_bytes());
        found.extend(members.filter(|(name, _)| CREDENTIALS.contains(&name.as_ref())).map(|(_, value)| secret(value)));
    }
    let authorization = request.authorization.as_ref().map(Secret::expose);
    if let Some(token) = authorization.and_then(|value| value.strip_prefix("Bearer ")) {
        found.push(Secret::new(token));
    }
    if let Some(pair) = authorization.and_then(|value| value.strip_prefix("Basic ")) {
        found.push(Secret::new(pair));
        let decoded = STANDARD.decode(pair).ok().and_then(|bytes| String::from_utf8(bytes).ok()).map(Secret::new);
        // RFC 6749 2.3.1: both halves are form-encoded.
        if let Some((_, encoded)) = decoded.as_ref().and_then(|pair| pair.expose().split_once(':')) {
            found.push(Secret::new(encoded));
            let as_name = form_urlencoded::parse(encoded.as_bytes()).next();
            found.extend(as_name.map(|(name, _)| secret(name)));
        }
    }
    let encoded =
        |secret: &Secret| Secret::new(form_urlencoded::byte_serialize(secret.expose().as_bytes()).collect::<String>());
    found.extend(found.iter().map(encoded).collect::<Vec<_>>());
    found.retain(|credential| credential.expose().len() >= SHORTEST);
    // One may be part of another, of which nothing must remain either.
    found.sort_by_key(|credential| std::cmp::Reverse(credential.expose().len()));
    found
}

fn secret(text: Cow<'_, str>) -> Secret {
    Secret::new(text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oidc::fixtures::{provider, response};
    use crate::oidc::token::{Client, ClientAuthentication, refresh_request};

    fn request(authentication: ClientAuthentication) -> Request {
        let client = Client { client_id: "client-1".into(), authentication, ca_file: None };
        refresh_request(&provider(), &client, &Secret::new("rt/+ secret"))
    }

    fn shown(request: &Request, status: u16, body: &str) -> String {
        String::from_utf8(without_credentials(request, response(status, body)).body).unwrap()
    }

    #[test]
    fn an_error_that_quotes_a_credential_is_read_without_it() {
        let (basic, post) = (ClientAuthentication::Basic, ClientAuthentication::Post);
        let quoted = concat!(
            r#"{"error":"invalid_grant","error_description":"rt/+ secret rt\/\u002b secret of client-1: "#,
            r#"my pass+word rt%2F%2B+secret"}"#
        );
        for authentication in [basic(Secret::new("my pass+word")), post(Secret::new("my pass+word"))] {
            for status in [200, 400, 503] {
                let told = shown(&request(authentication.clone()), status, quoted);
                assert_eq!(told, r#"{"error":"invalid_grant","error_description":"… … of client-1: … …"}"#);
            }
        }
        // However the rest of it is written.
        for odd in [r#"{"x":1e999,"error":"rt/+ secret"}"#, "\u{feff}{\"error\":\"rt/+ secret\"}"] {
            assert!(!shown(&request(ClientAuthentication::None), 400, odd).contains("secret"), "{odd}");
        }
        let mut asked = request(ClientAuthentication::None);
        for name in ["code", "code_verifier", "token"] {
            asked.body = Some(Body::Form(Secret::new(format!("{name}=quoted-back&grant_type=x"))));
            assert_eq!(shown(&asked, 400, r#"{"error":"quoted-back"}"#), r#"{"error":"…"}"#, "{name}");
        }
        asked.authorization = Some(Secret::new("Bearer at-secret"));
        let mut refused = response(401, "");
        refused.headers.push(("www-authenticate".into(), "Bearer error_description=\"at-secret ended\"".into()));
        let refused = without_credentials(&asked, refused);
        assert_eq!(refused.header("www-authenticate"), Some("Bearer error_description=\"… ended\""));
    }

    #[test]
    fn a_grant_may_hand_out_what_was_sent_and_a_word_is_no_credential() {
        for granted in [
            r#"{"access_token":"a","refresh_token":"rt/+ secret"}"#,
            r#"{"access_token":"a","refresh_token":"rt/+ secret","x":{"error":"none"}}"#,
        ] {
            assert_eq!(shown(&request(ClientAuthentication::None), 200, granted), granted);
        }
        // Nor is an answer an error that has one which says nothing.
        let granted = r#"{"access_token":"a","error":"","refresh_token":"rt/+ secret"}"#;
        assert_eq!(shown(&request(ClientAuthentication::None), 200, granted), granted);
        let short = r#"{"error":"error secret"}"#;
        assert_eq!(shown(&request(ClientAuthentication::Post(Secret::new("error"))), 400, short), short);
        let six = request(ClientAuthentication::Post(Secret::new("secret")));
        assert_eq!(shown(&six, 400, short), r#"{"error":"error …"}"#);
    }
}
