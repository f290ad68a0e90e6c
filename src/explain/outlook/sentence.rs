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
    /// A key of the profile.
    Setting(&'static str),
    /// How to have the session renewed before it ends.
    RenewalInTime,
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
    pub fn setting(mut self, key: &'static str) -> Self {
        self.0.push(Part::Setting(key));
        self
    }

    #[must_use]
    pub fn renewal_in_time(mut self) -> Self {
        self.0.push(Part::RenewalInTime);
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
            Part::Setting(key) => setting(key, profile),
            Part::RenewalInTime => renewal_in_time(profile),
        };
        self.0.iter().map(part).collect()
    }
}

/// Where to set a key: in the named profile of the file, or in the environment.
pub fn setting(key: &str, profile: Option<&str>) -> String {
    match profile {
        Some(_) => format!("{key} in the profile"),
        None => format!("TIDP_{}", key.to_ascii_uppercase()),
    }
}

/// What to do to have `tidp token` renew the session before it ends.
pub fn renewal_in_time(profile: Option<&str>) -> String {
    match profile {
        Some(name) => {
            let name = command_line::quote(name);
            format!("run `tidp profile set {} renew before-session-ends`", printable(&name))
        }
        None => "set TIDP_RENEW=before-session-ends".to_owned(),
    }
}

/// All `sentences` as one text.
pub fn render_all(sentences: &[Sentence], format_time: &dyn Fn(Time) -> String, profile: Option<&str>) -> String {
    sentences.iter().map(|sentence| sentence.render(format_time, profile)).collect::<Vec<_>>().join(" ")
}
