//! A sentence whose times and commands are filled in where it is shown: local time, or UTC for JSON.

use crate::domain::command_line;
use crate::domain::text::printable;
use crate::domain::time::Time;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sentence(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// Printable text of our own, never from a provider.
    Text(String),
    Time(Time),
    /// A command line of this program; `--profile` is added to it.
    Command(&'static str),
    /// A key of the profile, and its value.
    Setting(&'static str, Option<&'static str>),
}

impl Sentence {
    /// A sentence that begins with `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(vec![Part::Text(text.into())])
    }

    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.0.push(Part::Text(text.into()));
        self
    }

    #[must_use]
    pub fn time(mut self, time: Time) -> Self {
        self.0.push(Part::Time(time));
        self
    }

    #[must_use]
    pub fn command(mut self, command: &'static str) -> Self {
        self.0.push(Part::Command(command));
        self
    }

    #[must_use]
    pub fn setting(mut self, key: &'static str, value: Option<&'static str>) -> Self {
        self.0.push(Part::Setting(key, value));
        self
    }

    /// A warning as a full sentence: with a capital letter and a full stop.
    #[must_use]
    pub fn capitalized(mut self) -> Self {
        if let Some(Part::Text(text)) = self.0.first_mut() {
            let mut letters = text.chars();
            *text = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
        }
        self.text(".")
    }

    /// The sentence with its times written by `format_time`. If `profile` is given, commands get `--profile NAME`, and
    /// settings are keys of that profile; otherwise settings are environment variables.
    pub fn render(&self, format_time: &dyn Fn(Time) -> String, profile: Option<&str>) -> String {
        let flag = profile.map_or_else(String::new, |name| format!(" --profile {}", command_line::quote(name)));
        let part = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Time(time) => format_time(*time),
            Part::Command(command) => format!("`{command}{}`", printable(&flag)),
            Part::Setting(key, value) => setting(key, *value, profile),
        };
        self.0.iter().map(part).collect()
    }
}

/// Where to set a key: in the named profile of the file, or in the environment.
pub fn setting(key: &str, value: Option<&str>, profile: Option<&str>) -> String {
    match (profile, value) {
        (Some(_), None) => format!("{key} in the profile"),
        (Some(_), Some(value)) => format!("{key} = \"{value}\" in the profile"),
        (None, None) => format!("TIDP_{}", key.to_ascii_uppercase()),
        (None, Some(value)) => format!("TIDP_{}={value}", key.to_ascii_uppercase()),
    }
}

/// All `sentences` as one text.
pub fn render_all(sentences: &[Sentence], format_time: &dyn Fn(Time) -> String, profile: Option<&str>) -> String {
    sentences.iter().map(|sentence| sentence.render(format_time, profile)).collect::<Vec<_>>().join(" ")
}
