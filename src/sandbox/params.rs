//! Request parameters and OAuth errors.

use super::{Language, Reason};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

const MAX_VALUE_BYTES: usize = 4_096;

/// A value, or the OAuth error to respond with.
pub type Result<T, E = OAuthError> = std::result::Result<T, E>;

/// The parameters of a query or form. An empty value counts as absent (RFC 6749 3.1).
#[derive(Clone, Default)]
pub struct Params(Vec<(String, String)>);

impl Params {
    /// Parses `application/x-www-form-urlencoded`.
    pub fn parse(encoded: &str) -> Self {
        Self(url::form_urlencoded::parse(encoded.as_bytes()).into_owned().filter(|(_, v)| !v.is_empty()).collect())
    }

    pub fn from_json(members: &Map<String, Value>) -> Self {
        let text = |(name, value): (&String, &Value)| Some((name.clone(), value.as_str()?.to_owned()));
        Self(members.iter().filter_map(text).filter(|(_, value)| !value.is_empty()).collect())
    }

    #[cfg(test)]
    pub fn from_pairs(pairs: &[(&str, &str)]) -> Self {
        Self(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    pub fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(ToOwned::to_owned)
    }

    /// The value of that name, or `invalid_request`.
    pub fn require(&self, name: &str) -> Result<&str> {
        self.get(name).ok_or_else(|| OAuthError::invalid_request(Reason::MissingParameter { name: name.to_owned() }))
    }

    /// The distinct values of a space-separated list.
    pub fn list(&self, name: &str) -> Vec<String> {
        let mut seen = BTreeSet::new();
        let values = self.get(name).unwrap_or_default().split(' ').filter(|value| !value.is_empty());
        values.filter(|value| seen.insert(*value)).map(ToOwned::to_owned).collect()
    }

    /// Checks that no parameter is repeated (RFC 6749 3.1 and 3.2) or too long.
    pub fn check(&self) -> Result<()> {
        let mut seen = BTreeSet::new();
        if self.0.iter().any(|(name, _)| !seen.insert(name)) {
            return Err(OAuthError::invalid_request(Reason::RepeatedParameter));
        }
        if self.0.iter().any(|(_, value)| value.len() > MAX_VALUE_BYTES) {
            return Err(OAuthError::invalid_request(Reason::LongParameter));
        }
        Ok(())
    }
}

/// An OAuth error (RFC 6749 4.1.2.1, 5.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OAuthError {
    /// A code such as `invalid_request`.
    pub error: &'static str,
    /// ASCII without quotation marks; may be empty.
    pub description: String,
    /// SelectionReason, which the response need not say.
    pub reason: Box<Reason>,
    /// The number of the session that it concerns.
    pub session: Option<u64>,
}

impl OAuthError {
    /// The error, described in the words of its reason.
    pub fn new(error: &'static str, reason: Reason) -> Self {
        let description = reason.sentence(Language::English);
        Self { error, description, reason: Box::new(reason), session: None }
    }

    pub fn invalid_request(reason: Reason) -> Self {
        Self::new("invalid_request", reason)
    }

    /// `invalid_grant` without a description, as TelenorID+ returns it.
    pub fn invalid_grant(reason: Reason) -> Self {
        Self::without_description("invalid_grant", reason)
    }

    /// An error whose response does not tell the reason.
    pub fn without_description(error: &'static str, reason: Reason) -> Self {
        Self { description: String::new(), ..Self::new(error, reason) }
    }

    #[must_use]
    pub fn of_session(self, session: u64) -> Self {
        Self { session: Some(session), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_or_long_parameter_is_refused() {
        assert!(Params::parse("a=1&b=1").check().is_ok());
        assert!(Params::parse("a=1&a=1").check().is_err());
        assert!(Params::parse(&format!("a={}", "x".repeat(4_097))).check().is_err());
    }

    #[test]
    fn a_list_has_no_empty_or_repeated_values() {
        assert_eq!(Params::parse("scope=openid++api:a+openid").list("scope"), ["openid", "api:a"]);
    }
}
