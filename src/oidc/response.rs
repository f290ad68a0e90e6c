//! What all JSON responses have in common: status codes, objects, members.

use super::{OAuthError, Problem};
use crate::domain::secret::Secret;
use crate::domain::text::{bytes_without_byte_order_mark, printable};
use crate::domain::time::{Seconds, Time};
use crate::jwt::json::{parse_object, raw_members};
use crate::ports::Response;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

pub(super) type Object = Map<String, Value>;

pub(super) fn invalid<T>(what: impl Into<String>) -> Result<T, Problem> {
    Err(Problem::Invalid(what.into()))
}

/// The body of a successful response. `response_name` is what messages call it ("the token response").
///
/// # Errors
/// Those of [`problem_from_status`]; [`Problem::Unavailable`] also for an empty body, a web page or plain text, which
/// do not come from the provider.
pub(super) fn success_body<'r>(response: &'r Response, response_name: &str) -> Result<&'r [u8], Problem> {
    if !(200..300).contains(&response.status) || is_web_page(response) {
        return Err(problem_from_status(response, response_name));
    }
    let unusable = |what| Err(Problem::Unavailable(format!("{response_name} {what}")));
    if response.body.trim_ascii().is_empty() {
        return unusable("is empty");
    }
    if is_not_json(&response.body) { unusable("is not JSON") } else { Ok(&response.body) }
}

/// The object of a successful response.
///
/// # Errors
/// [`Problem::Refused`] for an OAuth error, under 200 too; those of [`success_body`] and [`object`].
pub(super) fn success_object(response: &Response, response_name: &str) -> Result<Object, Problem> {
    let object = object(success_body(response, response_name)?, response_name)?;
    oauth_error(&object).map_or(Ok(object), |error| Err(problem_from_oauth_error(error)))
}

/// # Errors
/// [`Problem::Unavailable`] if the end is missing, [`Problem::Invalid`] if it is not a JSON object.
pub(super) fn object(bytes: &[u8], response_name: &str) -> Result<Object, Problem> {
    // Lenient: RFC 8259 8.1 forbids a byte order mark, but a parser may ignore one.
    let bytes = bytes_without_byte_order_mark(bytes).trim_ascii();
    let why = match parse_object(bytes) {
        Ok(object) => return Ok(object),
        Err(why) => why,
    };
    if bytes.starts_with(b"{") && !bytes.ends_with(b"}") {
        return Err(Problem::Unavailable(format!("{response_name} was cut off")));
    }
    let readable = object_without_unreadable_members(bytes);
    readable.map_or_else(|| invalid(format!("{response_name} is not a JSON object: {why}")), Ok)
}

/// Lenient: the object without members that a strict parser rejects (half an emoji, invalid UTF-8, a number out of
/// range, too deep nesting), because they may not be needed. `None` if a name is repeated, which is ambiguous.
fn object_without_unreadable_members(bytes: &[u8]) -> Option<Object> {
    let text = String::from_utf8_lossy(bytes);
    let readable = |(name, value): (String, &RawValue)| {
        let mut member = parse_object(format!("{{\"v\":{value}}}").as_bytes()).ok()?;
        Some((name, member.remove("v")?))
    };
    Some(raw_members(&text)?.into_iter().filter_map(readable).collect())
}

/// A non-empty string; anything else counts as absent. For members that are not required.
pub(super) fn lenient_string<'a>(object: &'a Object, name: &str) -> Option<&'a str> {
    object.get(name)?.as_str().filter(|text| !text.is_empty())
}

/// Whether this is a web page, sent by a captive portal, firewall or gateway instead of the provider.
pub(super) fn is_web_page(response: &Response) -> bool {
    let kind = response.header("content-type").unwrap_or_default().trim_ascii().to_ascii_lowercase();
    let body = bytes_without_byte_order_mark(&response.body).trim_ascii_start();
    // Some frameworks label everything as HTML, JSON and empty bodies too.
    body.starts_with(b"<") || (kind.starts_with("text/html") && !body.is_empty() && !body.starts_with(b"{"))
}

/// Whether the body does not begin as JSON does (RFC 8259 3), so that it cannot come from the provider.
fn is_not_json(body: &[u8]) -> bool {
    let body = bytes_without_byte_order_mark(body).trim_ascii_start();
    let begins = |literal: &[u8]| body.starts_with(literal);
    // A JWT (signed userinfo) begins with `e`, which encodes `{"`.
    !body.first().is_some_and(|first| b"{[\"-0123456789e".contains(first))
        && ![&b"null"[..], b"true", b"false"].into_iter().any(begins)
}

/// What an unsuccessful response means:
///
/// | response | meaning |
/// |---|---|
/// | 408, 425, 429, 5xx | unavailable |
/// | 407 | unavailable: a proxy asks for a login |
/// | 4xx with an OAuth `error` | refused; unavailable if the error is temporary |
/// | 2xx or 4xx with a web page | unavailable: it does not come from the provider |
/// | any other 4xx | refused by its status |
/// | anything else, also a redirect | invalid |
pub(super) fn problem_from_status(response: &Response, response_name: &str) -> Problem {
    let status = response.status;
    match status {
        407 => Problem::Unavailable("a proxy asks for a login (HTTP 407)".to_owned()),
        status if is_temporary(status) => {
            Problem::Unavailable(status_message(status, response_name) + &retry_after(response))
        }
        400..=499 => match stated_error(response) {
            Some(error) => problem_from_oauth_error(error),
            None if is_web_page(response) => Problem::Unavailable(format!(
                "a web page (HTTP {status}) was sent instead of {response_name}, maybe by something between here and the provider"
            )),
            None => Problem::RefusedByStatus { status, what: status_message(status, response_name) },
        },
        // Redirects are never followed: RFC 9700 4.12, and documents have a fixed address.
        300..=399 => {
            Problem::Invalid(format!("the provider sent a redirect instead of {response_name} (HTTP {status})"))
        }
        200..=299 if is_web_page(response) => {
            Problem::Unavailable(format!("the provider sent a web page instead of {response_name}"))
        }
        _ => Problem::Invalid(status_message(status, response_name)),
    }
}

/// A status in words. A request is named by its response; for a document the caller says what was read.
fn status_message(status: u16, response_name: &str) -> String {
    let request = response_name.strip_suffix(" response").map(|name| format!(" to {name} request")).unwrap_or_default();
    format!("the provider answered HTTP {status}{request}")
}

pub(super) const fn is_temporary(status: u16) -> bool {
    matches!(status, 407 | 408 | 425 | 429 | 500..=599)
}

pub(super) fn problem_from_oauth_error(error: OAuthError) -> Problem {
    if error.is_temporary() {
        return Problem::Unavailable(format!("the provider is temporarily unavailable (`{}`)", error.error));
    }
    Problem::Refused(error)
}

/// `Retry-After` (RFC 9110 10.2.3), as the end of a sentence.
fn retry_after(response: &Response) -> String {
    match response.header("retry-after").unwrap_or_default() {
        "" => String::new(),
        after if after.bytes().all(|b| b.is_ascii_digit()) => {
            format!(" and asks to wait {} seconds", printable(after))
        }
        after if Time::from_http_date(after).is_some() => format!(" and asks to wait until {}", printable(after)),
        _ => String::new(),
    }
}

/// The OAuth error in the body, whatever the status.
pub(super) fn stated_error(response: &Response) -> Option<OAuthError> {
    oauth_error(&object(&response.body, "the response").ok()?)
}

/// The OAuth error (RFC 6749 5.2), if `error` is a non-empty string.
pub(super) fn oauth_error(object: &Object) -> Option<OAuthError> {
    lenient_string(object, "error").map(|error| OAuthError {
        error: error.to_owned(),
        error_description: object.get("error_description").and_then(Value::as_str).map(str::to_owned),
    })
}

/// A string. `null` and `""` count as absent, because some providers send them for "none".
///
/// # Errors
/// [`Problem::Invalid`] if it is not a string.
pub(super) fn optional_string<'a>(
    object: &'a Object,
    name: &str,
    response_name: &str,
) -> Result<Option<&'a str>, Problem> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
        Some(_) => invalid(format!("{response_name}: `{name}` is not a string")),
    }
}

/// As [`optional_string`], for a required member.
pub(super) fn required_string<'a>(object: &'a Object, name: &str, response_name: &str) -> Result<&'a str, Problem> {
    required(optional_string(object, name, response_name)?, name, response_name)
}

/// A number of seconds (`expires_in`, RFC 6749 5.1), also as a string, clamped to a valid [`Time`]. Anything that is not
/// positive counts as absent: a refresh token may be used up, so the response must not be lost.
pub(super) fn lenient_seconds(object: &Object, name: &str) -> Option<Seconds> {
    let seconds = match object.get(name)? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }?;
    // `as` saturates, and turns NaN into 0.
    Some(Seconds((seconds as i64).min(Time::MAX.unix()))).filter(|seconds| *seconds > Seconds::ZERO)
}

/// Moves a secret out of the object, so that no copy remains. `null` and `""` count as absent. Only `allowed`
/// characters are accepted (RFC 6749 A.12, A.17), so that it cannot break out of a header or a line.
pub(super) fn take_secret(
    object: &mut Object,
    name: &str,
    allowed: std::ops::RangeInclusive<char>,
    response_name: &str,
) -> Result<Option<Secret>, Problem> {
    match object.remove(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(token)) if token.is_empty() => Ok(None),
        Some(Value::String(token)) if token.chars().all(|c| allowed.contains(&c)) => Ok(Some(Secret::new(token))),
        Some(_) => invalid(format!("{response_name}: `{name}` is not a string of visible ASCII")),
    }
}

/// As [`required_string`], for a person, who must be able to read it.
pub(super) fn shown_string(object: &Object, name: &str, purpose: &str, response_name: &str) -> Result<String, Problem> {
    let text = required_string(object, name, response_name)?;
    match printable(text) {
        shown if shown == text => Ok(shown),
        shown => invalid(format!("{response_name}: `{name}` cannot be {purpose}: `{shown}`")),
    }
}

/// What is required, and what messages call it.
pub(super) fn required<T>(member: Option<T>, name: &str, response_name: &str) -> Result<T, Problem> {
    member.map_or_else(|| invalid(format!("{response_name}: `{name}` is missing")), Ok)
}
