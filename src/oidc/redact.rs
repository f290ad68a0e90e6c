//! Removes credentials from error responses that quote them ("refresh token 'abc' is unknown"), because errors are
//! shown and logged.

use super::response;
use crate::domain::secret::Secret;
use crate::ports::{Request, Response};
use serde_json::Value;
use url::form_urlencoded;

/// Shorter credentials occur in ordinary words by chance.
const MIN_LENGTH: usize = 6;

/// `response`, with every secret of `request` replaced by `…`: in the headers, and in the body of an OAuth error (RFC 6749
/// 5.2, also under 200). Other bodies stay unchanged: one may return the same refresh token that was sent.
pub fn without_credentials(request: &Request, response: Response) -> Response {
    let redact = |text: &str| request.secrets.iter().fold(text.to_owned(), |t, secret| t.replace(secret.expose(), "…"));
    let headers = response.headers.into_iter().map(|(name, value)| (name, redact(&value))).collect();
    // Redacts the parsed strings, because escapes could hide a secret in the raw body.
    let body = match response::object(&response.body, "the response") {
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

/// The secrets, raw and form-encoded; longest first, because one may be part of another.
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
    use crate::oidc::authorize::{AuthorizationOptions, Code, PendingLogin, authorization_request};
    use crate::oidc::fixtures::{provider, response};
    use crate::oidc::logout::revocation_request;
    use crate::oidc::token::{Client, ClientAuthentication, RefreshParameters, code_request, refresh_request};
    use crate::oidc::userinfo::userinfo_request;

    fn pending_login() -> PendingLogin {
        let options = AuthorizationOptions::default();
        authorization_request(&provider(), "c", "http://127.0.0.1/", &options, &[9; 96]).unwrap().1
    }

    fn request(authentication: ClientAuthentication) -> Request {
        let client = Client { client_id: "client-1".into(), authentication };
        refresh_request(&provider(), &client, &Secret::new("rt/+ secret"), RefreshParameters::default())
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
                let redacted = shown(&request(authentication.clone()), status, quoted);
                assert_eq!(redacted, r#"{"error":"invalid_grant","error_description":"… … of client-1: … …"}"#);
            }
        }
        // Also in JSON that a strict parser rejects.
        for odd in [r#"{"x":1e999,"error":"rt/+ secret"}"#, "\u{feff}{\"error\":\"rt/+ secret\"}"] {
            assert!(!shown(&request(ClientAuthentication::None), 400, odd).contains("secret"), "{odd}");
        }
        let client = Client { client_id: "c".into(), authentication: ClientAuthentication::None };
        let (code, pending) = (Code(Secret::new("the-code")), pending_login());
        let exchange = code_request(&provider(), &client, &code, &pending);
        let revocation = revocation_request(&provider(), &client, &Secret::new("rt-secret")).unwrap();
        for (request, secret) in
            [(&exchange, "the-code"), (&exchange, pending.code_verifier.expose()), (&revocation, "rt-secret")]
        {
            assert_eq!(shown(request, 400, &format!(r#"{{"error":"{secret}"}}"#)), r#"{"error":"…"}"#, "{secret}");
        }
        let userinfo = userinfo_request(&provider(), &Secret::new("at-secret")).unwrap();
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
        // An empty `error` does not make the response an error.
        let granted = r#"{"access_token":"a","error":"","refresh_token":"rt/+ secret"}"#;
        assert_eq!(shown(&request(ClientAuthentication::None), 200, granted), granted);
        let short = r#"{"error":"error secret"}"#;
        assert_eq!(shown(&request(ClientAuthentication::Post(Secret::new("error"))), 400, short), short);
        let six = request(ClientAuthentication::Post(Secret::new("secret")));
        assert_eq!(shown(&six, 400, short), r#"{"error":"error …"}"#);
    }
}
