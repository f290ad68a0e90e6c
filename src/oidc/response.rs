//! What all JSON answers have in common: status codes, objects, typed members.

use super::{OAuthError, Problem};
use crate::domain::text::printable;
use crate::domain::time::Time;
use crate::jwt::json::parse_object;
use crate::ports::Response;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::fmt;

/// A JSON object with its members.
pub(super) type Object = Map<String, Value>;

/// An answer that failed a check.
pub(super) fn invalid<T>(what: impl Into<String>) -> Result<T, Problem> {
    Err(Problem::Invalid(what.into()))
}

/// The body of a successful answer; `response_name` names the answer in a message ("the token answer").
///
/// # Errors
/// Those of [`problem_from_status`]; [`Problem::Unavailable`] also where a web page or nothing came, for that is not the
/// provider's answer.
pub(super) fn success_body<'r>(response: &'r Response, response_name: &str) -> Result<&'r [u8], Problem> {
    if !(200..300).contains(&response.status) {
        return Err(problem_from_status(response, response_name));
    }
    let instead = |what| Err(Problem::Unavailable(format!("{response_name}: {what} came instead of it")));
    if response.body.trim_ascii().is_empty() {
        return instead("nothing");
    }
    if is_web_page(response) {
        return instead("a web page");
    }
    if is_not_json(&response.body) { instead("a text") } else { Ok(&response.body) }
}

/// The JSON object in `bytes`.
///
/// # Errors
/// [`Problem::Unavailable`] if it has no end: the answer was cut off on its way. [`Problem::Invalid`] if it is none.
pub(super) fn object(bytes: &[u8], response_name: &str) -> Result<Object, Problem> {
    let bytes = without_byte_order_mark(bytes).trim_ascii();
    let why = match parse_object(bytes) {
        Ok(object) => return Ok(object),
        Err(why) => why,
    };
    if bytes.starts_with(b"{") && !bytes.ends_with(b"}") {
        return Err(Problem::Unavailable(format!("{response_name}: it was cut off on its way")));
    }
    let readable = object_without_unreadable_members(bytes);
    readable.map_or_else(|| invalid(format!("{response_name} is no JSON object: {why}")), Ok)
}

/// A leniency: a member that is needed for nothing may hold what no strict reader takes (half an emoji, bytes that are no
/// UTF-8, a number beyond all numbers, any depth), and the job goes on without it. `None` if a name stands there twice: that
/// has two readings.
fn object_without_unreadable_members(bytes: &[u8]) -> Option<Object> {
    let text = String::from_utf8_lossy(bytes);
    let (mut object, mut names) = (Object::new(), BTreeSet::new());
    for (name, value) in serde_json::from_str::<Members<'_>>(&text).ok()?.0 {
        if !names.insert(name.clone()) {
            return None;
        }
        let member = parse_object(format!("{{\"v\":{value}}}").as_bytes()).unwrap_or_default();
        object.extend(member.into_iter().map(|(_, value)| (name.clone(), value)));
    }
    Some(object)
}

/// The members of an object as they are written, each value unread.
struct Members<'t>(Vec<(String, &'t RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Vec<(String, &'de RawValue)>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(Reader).map(Members)
    }
}

/// The text that a member says; one that is `null`, empty or no string says nothing, and is read as absent. For members
/// that the job at hand can do without.
pub(super) fn lenient_string<'a>(object: &'a Object, name: &str) -> Option<&'a str> {
    object.get(name)?.as_str().filter(|text| !text.is_empty())
}

/// A leniency: RFC 8259 8.1 forbids a byte order mark, and lets a reader ignore one.
fn without_byte_order_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes)
}

/// Whether a web page came, which no endpoint sends: a captive portal, a firewall or a gateway has answered in the
/// provider's place.
pub(super) fn is_web_page(response: &Response) -> bool {
    let kind = response.header("content-type").unwrap_or_default().trim_ascii().to_ascii_lowercase();
    let body = without_byte_order_mark(&response.body).trim_ascii_start();
    // Some frameworks call all that they send a page, JSON and nothing too.
    body.starts_with(b"<") || (kind.starts_with("text/html") && !body.is_empty() && !body.starts_with(b"{"))
}

/// Whether it does not even begin as JSON does (RFC 8259 3): the words of something in between.
fn is_not_json(body: &[u8]) -> bool {
    let body = without_byte_order_mark(body).trim_ascii_start();
    let begins = |literal: &[u8]| body.starts_with(literal);
    // A JWT, which signed userinfo is, begins with the `e` of `{"`.
    !body.first().is_some_and(|first| b"{[\"-0123456789e".contains(first))
        && ![&b"null"[..], b"true", b"false"].into_iter().any(begins)
}

/// What an answer that is no success means, for every endpoint:
///
/// | answer | meaning |
/// |---|---|
/// | 408, 425, 429, 5xx | later |
/// | 407 | later: a proxy wants to know who asks |
/// | 4xx with an OAuth `error` | refused in those words; later, where they say so |
/// | a web page, under 2xx or 4xx | later: something in between has answered |
/// | any other 4xx | refused, and nobody says why |
/// | the rest, redirections among them | not valid |
pub(super) fn problem_from_status(response: &Response, response_name: &str) -> Problem {
    let status = response.status;
    match status {
        407 => Problem::Unavailable(format!("{response_name}: a proxy in between asks for a login (HTTP 407)")),
        status if is_temporary(status) => Problem::Unavailable(format!(
            "{response_name}: the provider answered HTTP {status}{}",
            retry_after(response)
        )),
        400..=499 => refusal(response, response_name),
        // RFC 9700 4.12: nothing with a credential in it follows a redirection, and a document has one address.
        300..=399 => Problem::Invalid(format!("{response_name}: a redirection came instead of it (HTTP {status})")),
        200..=299 if is_web_page(response) => {
            Problem::Unavailable(format!("{response_name}: a web page came instead of it"))
        }
        _ => Problem::Invalid(format!("{response_name}: the provider answered HTTP {status}")),
    }
}

/// Whether the same request may succeed later.
pub(super) const fn is_temporary(status: u16) -> bool {
    matches!(status, 407 | 408 | 425 | 429 | 500..=599)
}

fn refusal(response: &Response, response_name: &str) -> Problem {
    let in_body = object(&response.body, response_name).ok().and_then(|object| oauth_error(&object));
    let status = response.status;
    match in_body {
        Some(words) => problem_from_oauth_error(words, response_name),
        None if is_web_page(response) => Problem::Unavailable(format!(
            "{response_name}: a web page came instead of it (HTTP {status}); it may be from something between here and the provider"
        )),
        None => {
            Problem::RefusedByStatus { status, what: format!("{response_name}: the provider answered HTTP {status}") }
        }
    }
}

/// An OAuth error, unless it only puts off.
pub(super) fn problem_from_oauth_error(words: OAuthError, response_name: &str) -> Problem {
    if words.is_temporary() {
        return Problem::Unavailable(format!(
            "{response_name}: the provider cannot do it just now (`{}`)",
            words.error
        ));
    }
    Problem::Refused(words)
}

/// `Retry-After` (RFC 9110 10.2.3) as part of a sentence.
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

/// The OAuth error an object carries (RFC 6749 5.2), if it has the member `error` and that is a string that says something.
pub(super) fn oauth_error(object: &Object) -> Option<OAuthError> {
    lenient_string(object, "error").map(|error| OAuthError {
        error: error.to_owned(),
        error_description: object.get("error_description").and_then(Value::as_str).map(str::to_owned),
    })
}

/// The string of that name, if there is one that says something: `null` and `""` are read as absent, because a provider
/// that has nothing to say writes them too.
///
/// # Errors
/// [`Problem::Invalid`] if the member is anything else.
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

/// As [`optional_string`], for a member that must be there.
///
/// # Errors
/// [`Problem::Invalid`] if it is absent, or anything but a string.
pub(super) fn required_string<'a>(object: &'a Object, name: &str, response_name: &str) -> Result<&'a str, Problem> {
    optional_string(object, name, response_name)?
        .map_or_else(|| invalid(format!("{response_name}: `{name}` is missing")), Ok)
}
