//! A whole token response, as a provider returns it: which tokens are in it.

use crate::error::Situation;
use crate::jwt::json::parse_object;
use serde::de::IgnoredAny;
use serde_json::Value;

/// The members that are tokens for this client to read or to look into. A refresh token is neither, and is not shown.
const TOKENS: [&str; 2] = ["access_token", "id_token"];

/// The tokens in `text` with the names of their members; `None` if it is not a JSON object.
///
/// # Errors
/// If there is none in it.
pub(super) fn tokens(text: &str) -> Option<Result<Vec<(&'static str, String)>, Situation>> {
    text.starts_with('{').then(|| {
        let object = parse_object(text.as_bytes())
            .map_err(|why| Situation::Invalid(format!("this is not a token response: {why}")))?;
        let token = |name: &'static str| Some((name, object.get(name).and_then(Value::as_str)?.to_owned()));
        let tokens: Vec<_> = TOKENS.into_iter().filter_map(token).collect();
        if tokens.is_empty() {
            return Err(Situation::Invalid("there is no access_token and no id_token in this JSON".to_owned()));
        }
        Ok(tokens)
    })
}

/// Whether `text` is the beginning of a JSON object whose end is missing.
pub(super) fn is_unfinished(text: &[u8]) -> bool {
    text.trim_ascii_start().starts_with(b"{")
        && serde_json::from_slice::<IgnoredAny>(text).is_err_and(|error| error.is_eof())
}

/// A JSON object of several lines as one line; anything else as it is.
pub(super) fn on_one_line(mut text: Vec<u8>) -> Vec<u8> {
    if text.trim_ascii_start().starts_with(b"{") && serde_json::from_slice::<IgnoredAny>(&text).is_ok() {
        // A line end within a string is an error, so these are all between the members.
        let end = text.trim_ascii_end().len();
        text[..end].iter_mut().filter(|byte| **byte == b'\n').for_each(|byte| *byte = b' ');
    }
    text
}
