//! Lines of text whose parts have a role, which determines their colour.

use colored::{Color, Colorize};
use unicode_width::UnicodeWidthStr;

/// Which characters may be drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Charset {
    Unicode,
    Ascii,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Text,
    /// Secondary text: times, notes, scales.
    Faint,
    /// The name of a bar or a mark.
    Label,
    /// Time that has passed.
    Past,
    Now,
    /// Time in which a token is certainly valid.
    Sure,
    /// Time in which a token is probably valid.
    Implied,
    Renewal,
    /// The start or the expiry of a token.
    Edge,
    /// An expiry that has passed, or a refusal.
    Over,
}

/// A part of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    pub role: Role,
    pub text: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line(pub Vec<Span>);

impl Line {
    /// A line with one part.
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

    fn render(&self, colors: bool) -> String {
        self.0.iter().map(|span| paint_role(&span.text, span.role, colors)).collect()
    }
}

/// The lines as text, with ANSI colours if `colors` is set.
pub fn render(lines: &[Line], colors: bool) -> String {
    lines.iter().map(|line| line.render(colors) + "\n").collect()
}

fn paint_role(text: &str, role: Role, colors: bool) -> String {
    let color = match role {
        Role::Text => return text.to_owned(),
        Role::Label => return bold(text, colors),
        Role::Faint | Role::Past | Role::Edge => return faint(text, colors),
        Role::Now => return bold(text, colors),
        Role::Sure => Color::Green,
        Role::Implied => Color::Magenta,
        Role::Renewal => Color::Cyan,
        Role::Over => Color::Red,
    };
    paint(text, color, colors)
}

/// `text` in `color`, if `colors` is set.
pub fn paint(text: &str, color: Color, colors: bool) -> String {
    if colors { with_override(|| text.color(color).to_string()) } else { text.to_owned() }
}

/// `text` in less contrast than other text, if `colors` is set. Bright black is no such colour: on some backgrounds it
/// cannot be seen.
pub fn faint(text: &str, colors: bool) -> String {
    if colors { with_override(|| text.dimmed().to_string()) } else { text.to_owned() }
}

/// `text` in bold, if `colors` is set.
pub fn bold(text: &str, colors: bool) -> String {
    if colors { with_override(|| text.bold().to_string()) } else { text.to_owned() }
}

/// Overrides the choice of `colored`, which only looks at stdout.
fn with_override(paint: impl FnOnce() -> String) -> String {
    colored::control::set_override(true);
    paint()
}
