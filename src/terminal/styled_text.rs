//! Lines of text whose parts have a role, which determines their colour.

use colored::{Color, ColoredString, Colorize};
use unicode_width::UnicodeWidthStr;

/// Which characters may be drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charset {
    Unicode,
    Ascii,
}

/// What a text is for. Each has a look of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Text,
    /// Secondary text, time that has passed, and the ends of a token's life.
    Faint,
    /// Names, and now.
    Strong,
    /// Time in which a token is certainly valid.
    Sure,
    /// Time in which a token is probably valid.
    Implied,
    Renewal,
    /// An expiry that has passed, or a refusal.
    Over,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    pub role: Role,
    pub text: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line(pub Vec<Span>);

impl Line {
    pub fn new(role: Role, text: impl Into<String>) -> Self {
        Self(vec![Span { role, text: text.into() }])
    }

    /// The text without colours.
    pub fn text(&self) -> String {
        self.0.iter().map(|span| span.text.as_str()).collect()
    }

    pub fn push(&mut self, role: Role, text: impl Into<String>) {
        self.0.push(Span { role, text: text.into() });
    }

    /// The line cut at `columns`, without trailing blanks.
    #[must_use]
    pub fn cut(mut self, columns: usize) -> Self {
        let mut left = columns;
        for span in &mut self.0 {
            while span.text.width() > left {
                span.text.pop();
            }
            left -= span.text.width();
        }
        self.trim_end()
    }

    /// The line without trailing blanks.
    #[must_use]
    pub fn trim_end(mut self) -> Self {
        while let Some(last) = self.0.last_mut() {
            last.text.truncate(last.text.trim_end().len());
            if !last.text.is_empty() {
                break;
            }
            self.0.pop();
        }
        self
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colors(pub bool);

impl Colors {
    pub fn render(self, lines: &[Line]) -> String {
        let render = |line: &Line| line.0.iter().map(|span| self.paint_role(&span.text, span.role)).collect::<String>();
        lines.iter().map(|line| render(line) + "\n").collect()
    }

    fn paint_role(self, text: &str, role: Role) -> String {
        match role {
            Role::Text => text.to_owned(),
            Role::Strong => self.bold(text),
            Role::Faint => self.faint(text),
            Role::Sure => self.paint(text, Color::Green),
            Role::Implied => self.paint(text, Color::Magenta),
            Role::Renewal => self.paint(text, Color::Cyan),
            Role::Over => self.paint(text, Color::Red),
        }
    }

    pub fn paint(self, text: &str, color: Color) -> String {
        self.style(text, |text| text.color(color))
    }

    /// `text` in less contrast than other text. Bright black is no such colour: on some backgrounds it cannot be seen.
    pub fn faint(self, text: &str) -> String {
        self.style(text, |text| text.dimmed())
    }

    pub fn bold(self, text: &str) -> String {
        self.style(text, |text| text.bold())
    }

    fn style(self, text: &str, style: impl FnOnce(&str) -> ColoredString) -> String {
        if !self.0 || text.is_empty() {
            return text.to_owned();
        }
        // By itself `colored` looks at stdout only.
        colored::control::set_override(true);
        style(text).to_string()
    }
}
