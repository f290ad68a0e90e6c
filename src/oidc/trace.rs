//! Requests and responses as lines for `-vv`. They never show a secret: a value is shown only if its name is known to be
//! harmless, and of everything else the name alone.

use crate::domain::text::printable;
use crate::ports::{Body, Request, Response};
use serde_json::{Map, Value};
use url::{Url, form_urlencoded};

/// Headers of a response whose values are harmless. The credentials of the request are already gone from them.
const SHOWN_HEADERS: [&str; 18] = [
    "age",
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "date",
    "expires",
    "pragma",
    "retry-after",
    "server",
    "strict-transport-security",
    "traceparent",
    "transfer-encoding",
    "vary",
    "via",
    "x-correlation-id",
    "x-request-id",
];

/// Fields of a form whose values are harmless.
const SHOWN_FIELDS: [&str; 8] = [
    "acr_values",
    "client_id",
    "grant_type",
    "redirect_uri",
    "response_type",
    "scope",
    "token_type_hint",
    "ui_locales",
];

/// The URL without user name, fragment and the values of its query.
pub fn shown_url(url: &Url) -> String {
    let names: Vec<String> = url.query_pairs().map(|(name, _)| format!("{}=…", printable(&name))).collect();
    let query = if names.is_empty() { String::new() } else { format!("?{}", names.join("&")) };
    format!("{}{}{query}", url.origin().ascii_serialization(), url.path())
}

/// The headers of the request, and the fields of its body.
pub fn request_lines(request: &Request) -> Vec<String> {
    let mut lines = vec![format!("> accept: {}", request.accept)];
    if let Some(authorization) = &request.authorization {
        let scheme = authorization.expose().split(' ').next().filter(|scheme| ["Basic", "Bearer"].contains(scheme));
        lines.push(format!("> authorization: {} …", scheme.unwrap_or_default()));
    }
    match &request.body {
        None => {}
        Some(Body::Form(form)) => {
            lines.push("> content-type: application/x-www-form-urlencoded".to_owned());
            lines.extend(form_urlencoded::parse(form.expose().as_bytes()).map(|(name, value)| {
                let value = if SHOWN_FIELDS.contains(&&*name) { printable(&value) } else { "…".to_owned() };
                format!("> {}={value}", printable(&name))
            }));
        }
        Some(Body::Json(json)) => {
            lines.push("> content-type: application/json".to_owned());
            let members: Map<String, Value> = serde_json::from_str(json.expose()).unwrap_or_default();
            lines.extend(members.keys().map(|name| format!("> \"{}\": …", printable(name))));
        }
    }
    lines
}

/// The headers of the response. Of its body nothing is shown.
pub fn response_lines(response: &Response) -> Vec<String> {
    let line = |(name, value): &(String, String)| {
        let value = if SHOWN_HEADERS.contains(&name.as_str()) { printable(value) } else { "…".to_owned() };
        format!("< {}: {value}", printable(name))
    };
    response.headers.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::secret::Secret;
    use crate::oidc::fixtures::{provider, response};
    use crate::oidc::token::{Client, ClientAuthentication, RefreshParameters, refresh_request};

    #[test]
    fn only_known_values_of_a_request_are_shown() {
        let client = |authentication| Client { client_id: "app".into(), authentication };
        let lines = |authentication| {
            let (token, parameters) = (Secret::new("rt-secret"), RefreshParameters::default());
            request_lines(&refresh_request(&provider(), &client(authentication), &token, parameters))
        };
        let form = ["> content-type: application/x-www-form-urlencoded", "> grant_type=refresh_token"];
        let basic = lines(ClientAuthentication::Basic(Secret::new("hunter2")));
        assert_eq!(basic[1], "> authorization: Basic …");
        assert_eq!(basic[2..5], [form[0], form[1], "> refresh_token=…"]);
        let post = lines(ClientAuthentication::Post(Secret::new("hunter2")));
        assert!(post.contains(&"> client_id=app".to_owned()) && post.contains(&"> client_secret=…".to_owned()));
    }

    #[test]
    fn only_known_headers_of_a_response_are_shown() {
        let mut answer = response(200, "{\"access_token\":\"canary\"}");
        answer.headers = [("date", "Fri\u{1b}"), ("set-cookie", "canary"), ("location", "canary"), ("x-odd", "canary")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
        assert_eq!(response_lines(&answer), ["< date: Fri\\u{1b}", "< set-cookie: …", "< location: …", "< x-odd: …"]);
    }

    #[test]
    fn query_values_and_user_names_are_left_out_of_a_url() {
        let url = Url::parse("https://canary:canary@id.example:8443/a/b?code=canary&x#canary").unwrap();
        assert_eq!(shown_url(&url), "https://id.example:8443/a/b?code=…&x=…");
    }
}
