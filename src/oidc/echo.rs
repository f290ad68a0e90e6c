//! A refusal that quotes a credential back ("refresh token 'abc' is unknown"): it is shown to people and written to
//! logs, so what was sent is cut out of it before anybody reads it.

use crate::core::secret::Secret;
use crate::world::{Body, Request, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::borrow::Cow;
use url::form_urlencoded;

/// The form members that are credentials (RFC 6749, 7009, 7636).
const CREDENTIALS: [&str; 5] = ["refresh_token", "code", "code_verifier", "client_secret", "token"];

/// Shorter ones would be found in words that have nothing to do with them.
const SHORTEST: usize = 6;

/// `response` as it came where it grants something, which may be the very refresh token that was sent. An error (RFC
/// 6749 5.2, also one under 200) comes back with every credential of `request` replaced by `…`.
pub fn without_credentials(request: &Request, response: Response) -> Response {
    let is_error = response.status != 200 || response.body.windows(7).any(|w| w == b"\"error\"");
    if !is_error {
        return response;
    }
    let credentials = credentials(request);
    let cut = |text: &str| {
        credentials.iter().fold(text.to_owned(), |text, credential| {
            let as_json = credential.expose().replace('/', "\\/");
            text.replace(credential.expose(), "…").replace(&as_json, "…")
        })
    };
    Response {
        body: String::from_utf8(response.body).map_or_else(|not_text| not_text.into_bytes(), |text| cut(&text).into()),
        headers: response.headers.into_iter().map(|(name, value)| (name, cut(&value))).collect(),
        ..response
    }
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
    found.retain(|credential| credential.expose().len() >= SHORTEST);
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
        let quoted =
            r#"{"error":"invalid_grant","error_description":"rt/+ secret rt\/+ secret of client-1: my pass+word"}"#;
        for authentication in [basic(Secret::new("my pass+word")), post(Secret::new("my pass+word"))] {
            for status in [200, 400, 503] {
                let told = shown(&request(authentication.clone()), status, quoted);
                assert_eq!(told, r#"{"error":"invalid_grant","error_description":"… … of client-1: …"}"#);
            }
        }
        let mut asked = request(ClientAuthentication::None);
        for name in ["code", "code_verifier", "token"] {
            asked.body = Some(Body::Form(Secret::new(format!("{name}=quoted-back&grant_type=x"))));
            assert_eq!(shown(&asked, 400, "quoted-back"), "…", "{name}");
        }
        asked.authorization = Some(Secret::new("Bearer at-secret"));
        let mut refused = response(401, "");
        refused.headers.push(("www-authenticate".into(), "Bearer error_description=\"at-secret ended\"".into()));
        let refused = without_credentials(&asked, refused);
        assert_eq!(refused.header("www-authenticate"), Some("Bearer error_description=\"… ended\""));
    }

    #[test]
    fn a_grant_may_hand_out_what_was_sent_and_a_word_is_no_credential() {
        let granted = r#"{"access_token":"a","refresh_token":"rt/+ secret"}"#;
        assert_eq!(shown(&request(ClientAuthentication::None), 200, granted), granted);
        let short = r#"{"error":"error secret"}"#;
        assert_eq!(shown(&request(ClientAuthentication::Post(Secret::new("error"))), 400, short), short);
        let six = request(ClientAuthentication::Post(Secret::new("secret")));
        assert_eq!(shown(&six, 400, short), r#"{"error":"error …"}"#);
    }
}
