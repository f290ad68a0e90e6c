//! The typography of the help: bold headings, coloured commands and options, prose in columns.

use crate::terminal::layout::{fit, wrap};
use crate::terminal::styled_text::Colors;
use clap::builder::StyledStr;
use colored::Color;
use unicode_width::UnicodeWidthStr;

/// A help text of clap.
pub fn to_text(text: Option<&StyledStr>) -> String {
    text.map(ToString::to_string).unwrap_or_default()
}

/// A column of text that would be narrower goes below its labels.
const MIN_TEXT_WIDTH: usize = 20;

/// How wide the text of [`Page::lines`] is laid out.
const LINES_WIDTH: usize = 80;

/// A text that grows line by line.
pub struct Page {
    pub text: String,
    columns: usize,
    colors: Colors,
}

impl Page {
    pub const fn new(columns: usize, colors: Colors) -> Self {
        Self { text: String::new(), columns, colors }
    }

    pub fn blank(&mut self) {
        self.text.push('\n');
    }

    pub fn heading(&mut self, text: &str) {
        self.blank();
        self.title(text);
    }

    pub fn title(&mut self, text: &str) {
        for line in wrap(text, self.columns) {
            self.text += &(self.colors.bold(&line) + "\n");
        }
    }

    /// A line with what a user types.
    pub fn code(&mut self, indent: usize, text: &str) {
        self.text += &format!("{:indent$}{}\n", "", self.cyan(text));
    }

    /// Lines that are laid out already. Where they do not fit, what stands beside a label goes below it.
    pub fn lines(&mut self, text: &str) {
        if self.columns >= LINES_WIDTH {
            self.text += &(fit(text, self.columns) + "\n");
            return;
        }
        // Labels with texts; a paragraph has no label, and what is only typed has no text.
        let mut parts: Vec<(String, String)> = Vec::new();
        for line in text.lines() {
            let indent = line.len() - line.trim_start().len();
            match parts.last_mut() {
                Some((_, text)) if indent > 2 => *text += &format!(" {}", line.trim()),
                Some((label, text)) if label.is_empty() && !text.is_empty() && indent == 0 && !line.is_empty() => {
                    *text += &format!(" {line}");
                }
                _ if indent == 0 => parts.push((String::new(), line.to_owned())),
                _ => {
                    let (label, text) = line.trim().rsplit_once("  ").unwrap_or((line.trim(), ""));
                    parts.push((label.split_whitespace().collect::<Vec<_>>().join(" "), text.to_owned()));
                }
            }
        }
        for (label, text) in parts {
            match (label.as_str(), text.trim()) {
                ("", "") => self.blank(),
                ("", text) => self.paragraph("", text),
                (label, "") => self.code(2, label),
                (label, text) => self.row(&format!("  {label}"), text, LINES_WIDTH),
            }
        }
    }

    /// Text whose lines all begin with `prefix`.
    pub fn paragraph(&mut self, prefix: &str, text: &str) {
        for line in wrap(text, self.columns.saturating_sub(prefix.width())) {
            self.text += &format!("{prefix}{}\n", self.with_cyan_code(&line));
        }
    }

    /// Where text begins beside labels with this indentation; on a narrow terminal, below them.
    pub fn column(&self, indent: usize, column: usize) -> usize {
        if self.columns < column + MIN_TEXT_WIDTH { indent + 4 } else { column }
    }

    /// A label in what a user types, and text beside it, in a column that begins at `column`; below it, if the label is wide.
    pub fn row(&mut self, label: &str, text: &str, column: usize) {
        self.row_in_group("", 0, label, text, column);
    }

    /// As [`Page::row`], with a heading before the label that is `margin` columns wide.
    pub fn row_in_group(&mut self, heading: &str, margin: usize, label: &str, text: &str, column: usize) {
        let column = self.column(margin + label.len() - label.trim_start().len(), column);
        let (width, room) = (margin + label.width(), self.columns.saturating_sub(column));
        let lines: Vec<String> = text.split('\n').flat_map(|part| wrap(part, room)).collect();
        let beside = usize::from(label.is_empty() || width < column);
        let first = if beside == 1 { &lines[0] } else { "" };
        let (margin, gap) = (margin.saturating_sub(heading.width()), column.saturating_sub(width));
        let (heading, label, first) = (self.colors.bold(heading), self.cyan(label), self.with_cyan_code(first));
        self.text += format!("{heading}{:margin$}{label}{:gap$}{first}", "", "").trim_end();
        for line in &lines[beside..] {
            self.text += &format!("\n{:column$}{}", "", self.with_cyan_code(line));
        }
        self.blank();
    }

    /// Words wrapped anywhere between them, the further lines indented.
    pub fn words(&mut self, text: &str, indent: usize) {
        let start = text.len() - text.trim_start().len();
        self.text += &text[..start];
        let mut width = start;
        for word in text[start..].split(' ') {
            if width > start && width + 1 + word.width() > self.columns {
                self.text += &format!("\n{:indent$}", "");
                width = indent;
            } else if width > start {
                self.text.push(' ');
                width += 1;
            }
            self.text += word;
            width += word.width();
        }
        self.blank();
    }

    fn cyan(&self, text: &str) -> String {
        self.colors.paint(text, Color::Cyan)
    }

    /// The line with what is in backticks in colour.
    fn with_cyan_code(&self, line: &str) -> String {
        let parts: Vec<&str> = line.split('`').collect();
        if !self.colors.0 || parts.len().is_multiple_of(2) {
            return line.to_owned();
        }
        let part = |(n, part): (usize, &&str)| {
            if n % 2 == 1 { self.cyan(&format!("`{part}`")) } else { (*part).to_owned() }
        };
        parts.iter().enumerate().map(part).collect()
    }
}
