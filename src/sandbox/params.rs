//! Parameters of a query or form, and why a request is refused.

use std::collections::BTreeSet;

/// The longest value of one parameter, in bytes.
const LONGEST: usize = 4_096;

/// Decoded parameters in the order they came. An empty value counts as absent (RFC 6749 3.1).
#[derive(Clone, Default)]
pub struct Params(Vec<(String, String)>);

impl Params {
    /// Reads `application/x-www-form-urlencoded`.
    pub fn read(encoded: &str) -> Self {
        Self(url::form_urlencoded::parse(encoded.as_bytes()).into_owned().filter(|(_, v)| !v.is_empty()).collect())
    }

    /// Parameters given as pairs.
    #[cfg(test)]
    pub fn of(pairs: &[(&str, &str)]) -> Self {
        Self(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    /// The first value of that name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// As [`Params::get`].
    ///
    /// # Errors
    /// `invalid_request` if there is none.
    pub fn need(&self, name: &'static str) -> Result<&str, Refusal> {
        self.get(name).ok_or_else(|| Refusal::request(format!("{name} is missing")))
    }

    /// The values of a space-separated list, each once.
    pub fn list(&self, name: &str) -> Vec<String> {
        let mut seen = BTreeSet::new();
        let values = self.get(name).unwrap_or_default().split(' ').filter(|value| !value.is_empty());
        values.filter(|value| seen.insert(*value)).map(ToOwned::to_owned).collect()
    }

    /// Whether every parameter comes once (RFC 6749 3.1 and 3.2) and is of a sane length.
    ///
    /// # Errors
    /// `invalid_request`.
    pub fn check(&self) -> Result<(), Refusal> {
        let mut seen = BTreeSet::new();
        if self.0.iter().any(|(name, _)| !seen.insert(name)) {
            return Err(Refusal::request("a parameter is repeated"));
        }
        if self.0.iter().any(|(_, value)| value.len() > LONGEST) {
            return Err(Refusal::request("a parameter is too long"));
        }
        Ok(())
    }
}

/// An OAuth error (RFC 6749 4.1.2.1, 5.2): why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// `error`.
    pub error: &'static str,
    /// `error_description`: an ASCII sentence, no quotation marks (RFC 6749 5.2).
    pub description: String,
}

impl Refusal {
    /// A refusal with that code and that reason.
    pub fn new(error: &'static str, description: impl Into<String>) -> Self {
        Self { error, description: description.into() }
    }

    /// `invalid_request`.
    pub fn request(description: impl Into<String>) -> Self {
        Self::new("invalid_request", description)
    }

    /// `invalid_grant`, with no more said, as the provider does.
    pub fn grant() -> Self {
        Self::new("invalid_grant", "")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeated_or_endless_parameter_is_refused() {
        assert!(Params::read("a=1&b=1").check().is_ok());
        assert!(Params::read("a=1&a=1").check().is_err());
        assert!(Params::read(&format!("a={}", "x".repeat(4_097))).check().is_err());
    }

    #[test]
    fn a_list_is_read_without_empty_or_repeated_values() {
        assert_eq!(Params::read("scope=openid++api:a+openid").list("scope"), ["openid", "api:a"]);
    }
}
