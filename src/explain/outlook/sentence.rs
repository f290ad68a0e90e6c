//! A sentence whose times and commands are filled in by whoever shows it: in local time, or in UTC for JSON.

use crate::domain::text::printable;
use crate::domain::time::Time;

/// A plain sentence in parts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sentence(Vec<Part>);

/// A part of a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    /// Words; printable.
    Words(String),
    /// A moment.
    At(Time),
    /// A command line of this program, to which the profile in use is added.
    Command(&'static str),
    /// A key of the profile, and its value.
    Setting(&'static str, Option<&'static str>),
}

impl Sentence {
    /// Begins with `words`: our own, never foreign ones.
    pub fn new(words: impl Into<String>) -> Self {
        Self(vec![Part::Words(words.into())])
    }

    /// Goes on with `words`.
    #[must_use]
    pub fn say(mut self, words: impl Into<String>) -> Self {
        self.0.push(Part::Words(words.into()));
        self
    }

    /// Goes on with a moment.
    #[must_use]
    pub fn at(mut self, time: Time) -> Self {
        self.0.push(Part::At(time));
        self
    }

    /// Goes on with a command to run.
    #[must_use]
    pub fn run(mut self, command: &'static str) -> Self {
        self.0.push(Part::Command(command));
        self
    }

    /// Goes on with a key of the profile, and the value that it should have.
    #[must_use]
    pub fn set(mut self, key: &'static str, value: Option<&'static str>) -> Self {
        self.0.push(Part::Setting(key, value));
        self
    }

    /// A warning's words as a sentence of their own: a capital letter before, a full stop after.
    #[must_use]
    pub fn as_prose(mut self) -> Self {
        if let Some(Part::Words(words)) = self.0.first_mut() {
            let mut letters = words.chars();
            *words = letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect();
        }
        self.say(".")
    }

    /// The sentence with its times written by `when`, and `--profile NAME` added to its commands where `profile`
    /// names the one they must be given; settings are keys of that one, or else variables.
    pub fn render(&self, when: &dyn Fn(Time) -> String, profile: Option<&str>) -> String {
        let flag = profile.map_or_else(String::new, |name| format!(" --profile {}", shell_words::quote(name)));
        let part = |part: &Part| match part {
            Part::Words(words) => words.clone(),
            Part::At(time) => when(*time),
            Part::Command(command) => format!("`{command}{}`", printable(&flag)),
            Part::Setting(key, value) => setting(key, *value, profile),
        };
        self.0.iter().map(part).collect()
    }
}

/// Where that key of a profile is set: in the profile in the file, or, where none is named, in the environment.
pub fn setting(key: &str, value: Option<&str>, profile: Option<&str>) -> String {
    match (profile, value) {
        (Some(_), None) => format!("{key} in the profile"),
        (Some(_), Some(value)) => format!("{key} = \"{value}\" in the profile"),
        (None, None) => format!("TIDP_{}", key.to_ascii_uppercase()),
        (None, Some(value)) => format!("TIDP_{}={value}", key.to_ascii_uppercase()),
    }
}

/// All `sentences`, rendered, as one text.
pub fn render_all(sentences: &[Sentence], when: &dyn Fn(Time) -> String, profile: Option<&str>) -> String {
    sentences.iter().map(|sentence| sentence.render(when, profile)).collect::<Vec<_>>().join(" ")
}
