//! What an error shows the user.

use super::kind::Kind;
use crate::domain::command_line;
use crate::domain::text::printable;
use crate::oidc::OAuthError;
use serde::Serialize;
use serde_json::{Value, json};

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    pub kind: Kind,
    pub exit_code: i32,
    pub message: String,
    /// The next command to run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<OAuthError>,
}

impl Report {
    pub(super) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, exit_code: kind.exit_code().into(), message: message.into(), hint: None, provider: None }
    }

    pub(super) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    pub(super) fn exit_code(self, exit_code: i32) -> Self {
        Self { exit_code, ..self }
    }

    pub(super) fn provider(self, provider: Option<&OAuthError>) -> Self {
        Self { provider: provider.cloned(), ..self }
    }

    /// The document on the last line of stderr under `--json`.
    pub fn to_json(&self) -> Value {
        json!({ "error": self })
    }
}

pub(super) fn provider_message(provider: &OAuthError) -> String {
    match &provider.error_description {
        Some(description) => format!("{}: {}", printable(&provider.error), printable(description)),
        None => printable(&provider.error),
    }
}

/// The command with `--profile`, if it is needed.
pub fn with_profile(command: &str, profile: Option<&str>) -> String {
    let Some(profile) = profile else { return command.to_owned() };
    let separator = if profile.starts_with('-') { '=' } else { ' ' };
    format!("{command} --profile{separator}{}", quote(profile))
}

/// The words as arguments of a command, after `--` if one looks like an option.
pub fn arguments(words: &[&str]) -> String {
    let end_of_options = words.iter().any(|word| word.starts_with('-')).then(|| "--".to_owned());
    end_of_options.into_iter().chain(words.iter().map(|word| quote(word))).collect::<Vec<_>>().join(" ")
}

/// A word quoted for a shell, with escapes for control characters.
pub fn quote(word: &str) -> String {
    printable(&command_line::quote(word))
}

/// The command that shows the client and its redirect URI.
pub fn show_profile_command(profile: Option<&str>) -> String {
    let name = profile.map_or_else(String::new, |name| format!(" {}", arguments(&[name])));
    format!("tidp profile show{name}")
}
