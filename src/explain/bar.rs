//! What bars are made of: characters, the scale from time to columns, and the cells of a line.

use crate::domain::time::Seconds;
use crate::terminal::styled_text::{Charset, Role, Span};
use std::ops::Range;

/// A character of a picture, in ASCII and in Unicode.
#[derive(Clone, Copy)]
pub struct Mark(char, char);

impl Mark {
    pub const BLANK: Self = Self(' ', ' ');
    pub const START: Self = Self('|', '├');
    pub const END: Self = Self(']', '┫');
    pub const NOW: Self = Self('O', '●');
    /// The end of the time in which the token is certainly valid.
    pub const SURE_END: Self = Self('>', '┿');
    pub const RENEWED: Self = Self('+', '┼');
    pub const MAYBE_RENEWED: Self = Self(':', '┊');
    pub const RENEWAL_DUE: Self = Self('!', '◇');
    pub const REFUSED: Self = Self('x', '✗');
    pub const SSO_ENDED: Self = Self('%', '⊘');
    pub const PAST: Self = Self('-', '─');
    pub const SURE: Self = Self('=', '━');
    pub const IMPLIED: Self = Self('.', '┅');
    pub const GAP: Self = Self('~', '┈');
    pub const CUT: Self = Self('/', '╱');
    /// A call that used the cached token.
    pub const CACHED: Self = Self('.', '·');
    pub const REFRESHED: Self = Self('^', '▲');
    pub const NOT_RENEWED: Self = Self('o', '△');

    pub fn shown(self, charset: Charset) -> char {
        if charset == Charset::Ascii { self.0 } else { self.1 }
    }
}

/// A length of time laid out on columns.
#[derive(Clone, Copy)]
pub struct Axis {
    pub length: Seconds,
    pub columns: usize,
}

impl Axis {
    /// The column of a moment that long after the start, clamped to the axis.
    pub fn column(self, since_start: Seconds) -> usize {
        let span = i128::from(self.length.0.max(1));
        let last = i128::try_from(self.columns.saturating_sub(1)).unwrap_or(0);
        let along = i128::from(since_start.0).clamp(0, span);
        usize::try_from((along * last + span / 2) / span).unwrap_or(0)
    }
}

/// One line of columns, each a character and its role.
pub struct Bar(Vec<(Mark, Role)>);

impl Bar {
    pub fn new(columns: usize, cell: impl FnMut(usize) -> (Mark, Role)) -> Self {
        Self((0..columns).map(cell).collect())
    }

    /// Replaces the cell of a column; columns beyond the bar are ignored.
    pub fn set(&mut self, column: usize, mark: Mark, role: Role) {
        if let Some(cell) = self.0.get_mut(column) {
            *cell = (mark, role);
        }
    }

    pub fn fill(&mut self, columns: Range<usize>, mark: Mark, role: Role) {
        for column in columns {
            self.set(column, mark, role);
        }
    }

    /// The bar as pieces of a line: neighbouring cells of one role together.
    pub fn into_spans(self, charset: Charset) -> Vec<Span> {
        let mut spans: Vec<Span> = Vec::new();
        for (mark, role) in self.0 {
            let mark = mark.shown(charset);
            match spans.last_mut() {
                Some(last) if last.role == role => last.text.push(mark),
                _ => spans.push(Span { role, text: mark.to_string() }),
            }
        }
        spans
    }
}
