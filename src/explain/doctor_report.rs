//! A line of the report of `tidp doctor`: what was checked, what was seen, and what to do about it. Text and JSON.

use crate::domain::text::with_short_home;
use crate::error::Kind;
use crate::terminal::layout::wrap;
use crate::terminal::styled_text::{Charset, Line, Role};
use crate::terminal::table::{self, Align, pad};
use serde::{Serialize, Serializer};

const NAME_WIDTH: usize = 14;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "status", rename_all = "lowercase")]
pub enum Status {
    Ok,
    /// It works, but deserves a look.
    Warning,
    Failed {
        #[serde(rename = "exit_code", serialize_with = "exit_code")]
        kind: Kind,
    },
    Skipped,
}

fn exit_code<S: Serializer>(kind: &Kind, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u8(kind.exit_code())
}

/// A key of the profile, its value as it may be shown, and where it was set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Setting {
    pub key: String,
    pub value: String,
    pub source: String,
}

/// A line of the report, as `--json` shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    pub name: &'static str,
    #[serde(flatten)]
    pub status: Status,
    /// What was seen, or why it was not checked.
    pub seen: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub settings: Vec<Setting>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl Check {
    fn new(name: &'static str, status: Status, seen: impl Into<String>) -> Self {
        Self { name, status, seen: seen.into(), settings: Vec::new(), remarks: Vec::new(), remedy: None }
    }

    pub fn ok(name: &'static str, seen: impl Into<String>) -> Self {
        Self::new(name, Status::Ok, seen)
    }

    pub fn warning(name: &'static str, seen: impl Into<String>) -> Self {
        Self::new(name, Status::Warning, seen)
    }

    pub fn failed(name: &'static str, kind: Kind, seen: impl Into<String>) -> Self {
        Self::new(name, Status::Failed { kind }, seen)
    }

    pub fn skipped(name: &'static str, why: impl Into<String>) -> Self {
        Self::new(name, Status::Skipped, why)
    }

    #[must_use]
    pub fn remedy(self, remedy: impl Into<String>) -> Self {
        Self { remedy: Some(remedy.into()), ..self }
    }

    #[must_use]
    pub fn remarks(self, remarks: Vec<String>) -> Self {
        Self { remarks, ..self }
    }

    /// The check with `short` for the user's home directory, which has their name in it.
    #[must_use]
    pub fn without_home(mut self, home: Option<&str>, short: &str) -> Self {
        let texts = [&mut self.seen].into_iter().chain(&mut self.remarks).chain(&mut self.remedy);
        let texts = texts.chain(self.settings.iter_mut().map(|setting| &mut setting.value));
        texts.for_each(|text| *text = with_short_home(text, home, short));
        self
    }

    /// The lines for a terminal. The command of a remedy is not broken: it can be copied.
    pub fn lines(&self, charset: Charset, columns: usize) -> Vec<Line> {
        const LABEL: &str = "hint: ";
        let indent = NAME_WIDTH + 4;
        let wrapped = |text: &str| wrap(text, columns.saturating_sub(indent));
        let mut lines = Vec::new();
        let mut add = |texts: &[(Role, &str)]| {
            let blank = || Line::new(Role::Text, " ".repeat(indent));
            let mut line = if lines.is_empty() { self.head(charset) } else { blank() };
            texts.iter().for_each(|(role, text)| line.push(*role, *text));
            lines.push(line);
        };
        for text in wrapped(&self.seen) {
            add(&[(Role::Text, &text)]);
        }
        let key_width = table::widest(self.settings.iter().map(|setting| setting.key.as_str()));
        for Setting { key, value, source } in &self.settings {
            let value = format!("{}  {value}", pad(key, key_width, Align::Left));
            add(&[(Role::Text, &value), (Role::Faint, &format!("  ({source})"))]);
        }
        for text in self.remarks.iter().flat_map(|remark| wrapped(remark)) {
            add(&[(Role::Text, &text)]);
        }
        let remedy = self.remedy.iter().flat_map(|text| wrap(text, columns.saturating_sub(indent + LABEL.len())));
        for (number, text) in remedy.enumerate() {
            add(&[(Role::Strong, if number == 0 { LABEL } else { "      " }), (Role::Text, &text)]);
        }
        lines
    }

    fn head(&self, charset: Charset) -> Line {
        let (unicode, ascii, role) = match self.status {
            Status::Ok => ("✓", "+", Role::Sure),
            Status::Warning => ("!", "!", Role::Implied),
            Status::Failed { .. } => ("✗", "x", Role::Over),
            Status::Skipped => ("–", "-", Role::Faint),
        };
        let mut line = Line::new(role, if charset == Charset::Unicode { unicode } else { ascii });
        line.push(Role::Strong, format!(" {}  ", pad(self.name, NAME_WIDTH, Align::Left)));
        line
    }
}

/// The names of what is there, and of what is not, each separated by commas.
pub fn there_and_missing(names: &[(&str, bool)]) -> (String, String) {
    let list = |wanted: bool| {
        let names = names.iter().filter(|(_, is_there)| *is_there == wanted).map(|(name, _)| *name);
        names.collect::<Vec<_>>().join(", ")
    };
    (list(true), list(false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_of_a_check_loses_the_home() {
        let setting = Setting { key: "ca_file".into(), value: "/h/k/ca".into(), source: "default".into() };
        let check = Check::ok("store", "/h/k/a").remarks(vec!["/h/k/b".into()]).remedy("/h/k/c");
        let check = Check { settings: vec![setting], ..check }.without_home(Some("/h/k"), "~");
        let document = serde_json::to_string(&check).unwrap();
        assert!(!document.contains("/h/k"), "{document}");
    }

    #[test]
    fn remedy_is_one_line_however_narrow_the_terminal_is() {
        let remedy = "tidp login --profile work; ".repeat(5);
        let check = Check::failed("store", Kind::Store, "it is locked and more ".repeat(5)).remedy(remedy.trim());
        let lines: Vec<_> = check.lines(Charset::Ascii, 50).iter().map(Line::text).collect();
        assert!(lines[0].starts_with("x store           it is locked"), "{}", lines[0]);
        assert!(lines.len() > 3 && lines.last().is_some_and(|line| line.ends_with(remedy.trim())));
    }
}
