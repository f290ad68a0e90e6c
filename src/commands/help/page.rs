//! The typography of the help: bold headings, coloured commands and options, prose in columns.

use crate::terminal::layout::{fit, wrap};
use crate::terminal::styled_text::{bold, paint};
use colored::Color;
use unicode_width::UnicodeWidthStr;

/// How much a page says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One screen, for `-h`.
    Short,
    /// Everything, with examples, for `--help` and `tidp help`.
    Long,
}

/// A text that grows line by line.
pub struct Page {
    pub text: String,
    columns: usize,
    colors: bool,
}

impl Page {
    pub const fn new(columns: usize, colors: bool) -> Self {
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
        self.text += &(bold(text, self.colors) + "\n");
    }

    /// A line with what a user types.
    pub fn code(&mut self, indent: usize, text: &str) {
        self.text += &format!("{:indent$}{}\n", "", paint(text, Color::Cyan, self.colors));
    }

    /// Lines that are laid out already; one that is too long is wrapped below its second column.
    pub fn lines(&mut self, text: &str) {
        self.text += &fit(text, self.columns);
    }

    pub fn paragraph(&mut self, indent: usize, text: &str) {
        for line in wrap(text, self.columns.saturating_sub(indent)) {
            self.text += &format!("{:indent$}{}\n", "", self.with_painted_code(&line));
        }
    }

    /// A label in what a user types, and text beside it, in a column that begins at `column`; below it, if the label is wide.
    pub fn row(&mut self, label: &str, text: &str, column: usize) {
        self.labelled(&paint(label, Color::Cyan, self.colors), label.width(), text, column);
    }

    /// As [`Page::row`], with a heading before the label that is `margin` columns wide.
    pub fn row_in_group(&mut self, heading: &str, margin: usize, label: &str, text: &str, column: usize) {
        let gap = " ".repeat(margin.saturating_sub(heading.width()));
        let painted = format!("{}{gap}{}", bold(heading, self.colors), paint(label, Color::Cyan, self.colors));
        self.labelled(&painted, margin + label.width(), text, column);
    }

    fn labelled(&mut self, painted: &str, width: usize, text: &str, column: usize) {
        let room = self.columns.saturating_sub(column);
        let lines: Vec<String> = text.split('\n').flat_map(|part| wrap(part, room)).collect();
        let beside = usize::from(width <= column);
        let first = if beside == 1 { &lines[0] } else { "" };
        let gap = column.saturating_sub(width);
        self.text += format!("{painted}{:gap$}{}", "", self.with_painted_code(first)).trim_end();
        for line in &lines[beside..] {
            self.text += &format!("\n{:column$}{}", "", self.with_painted_code(line));
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

    fn with_painted_code(&self, line: &str) -> String {
        let parts: Vec<&str> = line.split('`').collect();
        if !self.colors || parts.len().is_multiple_of(2) {
            return line.to_owned();
        }
        let paint = |(n, part): (usize, &&str)| {
            if n % 2 == 1 { paint(&format!("`{part}`"), Color::Cyan, true) } else { (*part).to_owned() }
        };
        parts.iter().enumerate().map(paint).collect()
    }
}
