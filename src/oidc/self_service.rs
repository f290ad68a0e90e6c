//! TelenorID+'s link to the user's own account page ("Manage My Telenor ID+").

use super::Problem;
use super::discovery::{Issuer, bearer_request, browser_address};
use super::response::{self, invalid};
use crate::domain::secret::Secret;
use crate::domain::text::{bytes_without_byte_order_mark, printable};
use crate::ports::{Request, Response};
use serde_json::Value;
use url::Url;

const RESPONSE_NAME: &str = "the self-service response";

/// The request. Discovery does not name this endpoint.
pub fn self_service_request(issuer: &Issuer, access_token: &Secret) -> Request {
    let url = issuer.url_with("/api/meta/v1/self-service");
    bearer_request(url, "application/json, text/plain", access_token)
}

/// The link from the response to [`self_service_request`], with `locale` (`no`) added.
///
/// # Errors
/// Those of `response::problem_from_status`; [`Problem::Unavailable`] for a web page; [`Problem::Invalid`] unless it is one
/// `https` link (`http` for a loopback address).
pub fn accept_self_service(response: &Response, locale: Option<&str>) -> Result<Url, Problem> {
    if !(200..300).contains(&response.status) || response::is_web_page(response) {
        return Err(response::problem_from_status(response, RESPONSE_NAME));
    }
    let text = lenient_link(&response.body)?;
    let mut link = browser_address(&text)
        .or_else(|why| invalid(format!("{RESPONSE_NAME}: its link `{}` {why}", printable(&text))))?;
    if let Some(locale) = locale {
        link.query_pairs_mut().append_pair("locale", locale);
    }
    Ok(link)
}

/// The link in the body. Lenient, because the guide does not show the body: the link alone, a JSON string, or the one
/// link among the members of a JSON object.
fn lenient_link(body: &[u8]) -> Result<String, Problem> {
    let body = bytes_without_byte_order_mark(body).trim_ascii();
    if body.starts_with(b"{") {
        let object = response::object(body, RESPONSE_NAME)?;
        let mut links = object.values().filter_map(Value::as_str).filter(|text| text.contains("://"));
        return match (links.next(), links.next()) {
            (Some(link), None) => Ok(link.to_owned()),
            _ => invalid(format!("{RESPONSE_NAME}: it does not have exactly one link")),
        };
    }
    if let Ok(text) = serde_json::from_slice::<String>(body) {
        return Ok(text);
    }
    String::from_utf8(body.to_vec()).or_else(|_| invalid(format!("{RESPONSE_NAME}: it is not UTF-8")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accept(body: &str, locale: Option<&str>) -> Result<String, Problem> {
        let response = Response { status: 200, headers: Vec::new(), body: body.as_bytes().to_vec() };
        accept_self_service(&response, locale).map(String::from)
    }

    #[test]
    fn link_is_found_in_every_form() {
        for body in [
            "https://my.example/account?a=b",
            "\"https://my.example/account?a=b\"",
            "{\"url\": \"https://my.example/account?a=b\"}",
            "\u{feff}{\"text\": \"Min side\", \"link\": \"https://my.example/account?a=b\"}\n",
        ] {
            assert_eq!(accept(body, None).unwrap(), "https://my.example/account?a=b", "{body}");
            assert_eq!(accept(body, Some("no")).unwrap(), "https://my.example/account?a=b&locale=no", "{body}");
        }
        assert_eq!(
            accept("http://127.0.0.1:8765/account", Some("n&o")).unwrap().split('?').nth(1),
            Some("locale=n%26o")
        );
    }

    #[test]
    fn anything_but_one_https_link_is_invalid() {
        for body in [
            "http://my.example/",
            "javascript:alert(1)",
            "file:///etc/passwd",
            "https:///account",
            "https://kari:secret@my.example/",
            "https://my.example/\u{202e}x",
            "https://my.example/a b",
            "account",
            "{\"a\": \"https://a.example\", \"b\": \"https://b.example\"}",
            "{}",
            "[]",
            "null",
        ] {
            assert!(matches!(accept(body, None), Err(Problem::Invalid(_))), "{body}: {:?}", accept(body, None));
        }
        assert!(matches!(accept("<html>", None), Err(Problem::Unavailable(_))));
    }
}
