//! Credentials cut out of a refusal that quotes them ("refresh token 'abc' is unknown"), because it is shown to people
//! and written to logs.

use super::response;
use crate::domain::secret::Secret;
use crate::ports::{Request, Response};
use serde_json::Value;
use url::form_urlencoded;

/// Shorter credentials occur by chance in words that have nothing to do with them.
const MIN_LENGTH: usize = 6;

/// `response`, and if it is an OAuth error (RFC 6749 5.2, also under 200), with every secret of `request` in its texts
/// replaced by `…`. A grant stays as it is: it may hand out the very refresh token that was sent.
pub fn without_credentials(request: &Request, response: Response) -> Response {
    let redact = |text: &str| request.secrets.iter().fold(text.to_owned(), |t, secret| t.replace(secret.expose(), "…"));
    let headers = response.headers.into_iter().map(|(name, value)| (name, redact(&value))).collect();
    // The parsed texts, so that escapes hide nothing.
    let body = match response::object(&response.body, "the answer") {
        Ok(mut object) if response::oauth_error(&object).is_some() => {
            for value in object.values_mut() {
                if let Value::String(text) = value {
                    *text = redact(text);
                }
            }
            Value::Object(object).to_string().into_bytes()
        }
        _ => response.body,
    };
    Response { status: response.status, headers, body }
}

/// The secrets as they are and form-encoded; the longest first, because one may be part of another.
pub(super) fn redactable_forms<'s>(secrets: impl IntoIterator<Item = &'s str>) -> Vec<Secret> {
    let encoded = |secret: &str| Secret::new(form_urlencoded::byte_serialize(secret.as_bytes()).collect::<String>());
    let mut forms: Vec<Secret> =
        secrets.into_iter().flat_map(|secret| [Secret::new(secret), encoded(secret)]).collect();
    forms.retain(|form| form.expose().len() >= MIN_LENGTH);
    forms.sort_by_key(|form| std::cmp::Reverse(form.expose().len()));
    forms
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oidc::authorize::{AuthorizationOptions, Code, PendingLogin, Randomness, authorization_request};
    use crate::oidc::fixtures::{provider, response};
    use crate::oidc::logout::revocation_request;
    use crate::oidc::token::{Client, ClientAuthentication, code_request, refresh_request};
    use crate::oidc::userinfo::userinfo_request;

    fn expected() -> PendingLogin {
        let options = AuthorizationOptions::default();
        authorization_request(&provider(), "c", "http://127.0.0.1/", &options, Randomness([9; 96])).unwrap().1
    }

    fn request(authentication: ClientAuthentication) -> Request {
        let client = Client { client_id: "client-1".into(), authentication, ca_file: None };
        refresh_request(&provider(), &client, &Secret::new("rt/+ secret"))
    }

    fn shown(request: &Request, status: u16, body: &str) -> String {
        String::from_utf8(without_credentials(request, response(status, body)).body).unwrap()
    }

    #[test]
    fn quoted_credentials_are_redacted() {
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
        let client = Client { client_id: "c".into(), authentication: ClientAuthentication::None, ca_file: None };
        let (code, expected) = (Code(Secret::new("the-code")), expected());
        let exchange = code_request(&provider(), &client, &code, &expected);
        let revocation = revocation_request(&provider(), &client, &Secret::new("rt-secret")).unwrap();
        for (request, secret) in
            [(&exchange, "the-code"), (&exchange, expected.code_verifier.expose()), (&revocation, "rt-secret")]
        {
            assert_eq!(shown(request, 400, &format!(r#"{{"error":"{secret}"}}"#)), r#"{"error":"…"}"#, "{secret}");
        }
        let userinfo = userinfo_request(&provider(), &Secret::new("at-secret"), None).unwrap();
        let mut refused = response(401, "");
        refused.headers.push(("www-authenticate".into(), "Bearer error_description=\"at-secret ended\"".into()));
        let refused = without_credentials(&userinfo, refused);
        assert_eq!(refused.header("www-authenticate"), Some("Bearer error_description=\"… ended\""));
    }

    #[test]
    fn grants_and_short_secrets_are_not_redacted() {
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
