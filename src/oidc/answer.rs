//! What all JSON answers have in common: status codes, strict objects, typed members.

use super::{Problem, ProviderError};
use crate::core::jwt::json::strict_object;
use crate::core::text::printable;
use crate::world::Response;
use serde_json::{Map, Value};

/// A JSON object with its members.
pub(super) type Object = Map<String, Value>;

/// An answer that failed a check.
pub(super) fn invalid<T>(what: impl Into<String>) -> Result<T, Problem> {
    Err(Problem::Invalid(what.into()))
}

/// The JSON object in `bytes`; `whose` names the answer in a message ("the discovery document").
///
/// # Errors
/// [`Problem::Invalid`].
pub(super) fn object(bytes: &[u8], whose: &str) -> Result<Object, Problem> {
    strict_object(bytes).or_else(|why| invalid(format!("{whose} is no JSON object: {why}")))
}

/// The text that a member says; one that is `null`, empty or no string says nothing, and is read as absent. For members
/// that the job at hand can do without.
pub(super) fn text<'a>(object: &'a Object, name: &str) -> Option<&'a str> {
    object.get(name)?.as_str().filter(|text| !text.is_empty())
}

/// What a status that is no success means.
pub(super) fn failure(response: &Response, whose: &str) -> Problem {
    let status = response.status;
    match status {
        429 | 500..=599 => {
            Problem::Unreachable(format!("{whose}: the provider answered HTTP {status}{}", wait(response)))
        }
        // RFC 9700 4.12: nothing with a credential in it follows a redirection, and a document has one address.
        300..=399 => Problem::Invalid(format!("{whose}: the provider answered with a redirection (HTTP {status})")),
        _ => Problem::Invalid(format!("{whose}: the provider answered HTTP {status}")),
    }
}

/// `Retry-After` (RFC 9110 10.2.3) as part of a sentence.
fn wait(response: &Response) -> String {
    match response.header("retry-after").unwrap_or_default() {
        "" => String::new(),
        after if after.bytes().all(|b| b.is_ascii_digit()) => {
            format!(" and asks to wait {} seconds", printable(after))
        }
        after => format!(" and asks to wait until {}", printable(after)),
    }
}

/// The OAuth error an object carries (RFC 6749 5.2), if it has the member `error`.
///
/// # Errors
/// [`Problem::Invalid`] if `error` is not a non-empty string.
pub(super) fn oauth_error(object: &Object, whose: &str) -> Result<Option<ProviderError>, Problem> {
    match object.get("error") {
        None => Ok(None),
        Some(Value::String(error)) if !error.is_empty() => Ok(Some(ProviderError {
            error: error.clone(),
            error_description: object.get("error_description").and_then(Value::as_str).map(str::to_owned),
        })),
        Some(_) => invalid(format!("{whose}: its `error` is not a non-empty string")),
    }
}

/// The refusal in an answer that is neither a success nor "later": the provider's own words where it has any.
pub(super) fn refusal(response: &Response, whose: &str) -> Problem {
    if !(400..500).contains(&response.status) || response.status == 429 {
        return failure(response, whose);
    }
    let refused = strict_object(&response.body).ok().and_then(|object| oauth_error(&object, whose).ok().flatten());
    refused.map_or_else(|| failure(response, whose), Problem::Refused)
}

/// The non-empty string of that name, if there is a member of that name.
///
/// # Errors
/// [`Problem::Invalid`] if the member is anything else.
pub(super) fn string<'a>(object: &'a Object, name: &str, whose: &str) -> Result<Option<&'a str>, Problem> {
    match object.get(name) {
        None => Ok(None),
        Some(Value::String(text)) if !text.is_empty() => Ok(Some(text)),
        Some(_) => invalid(format!("{whose}: `{name}` is not a non-empty string")),
    }
}

/// As [`string`], for a member that must be there.
///
/// # Errors
/// [`Problem::Invalid`] if it is missing or anything but a non-empty string.
pub(super) fn required<'a>(object: &'a Object, name: &str, whose: &str) -> Result<&'a str, Problem> {
    string(object, name, whose)?.map_or_else(|| invalid(format!("{whose}: `{name}` is missing")), Ok)
}
