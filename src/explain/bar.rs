//! What bars are made of: characters, the scale from time to columns, and the cells of a line.

use crate::domain::time::Seconds;
use crate::terminal::styled_text::{Charset, Role, Span};
use std::ops::Range;

#[derive(Clone, Copy)]
pub struct Marks {
    pub start: char,
    pub end: char,
    pub now: char,
    /// The end of the time in which the token is certainly valid.
    pub sure_end: char,
    pub renewed: char,
    pub maybe_renewed: char,
    pub renewal_due: char,
    pub refused: char,
    pub sso_ended: char,
    pub past: char,
    pub sure: char,
    pub implied: char,
    pub gap: char,
    pub cut: char,
    /// A call that used the cached token.
    pub cached: char,
    pub refreshed: char,
    pub not_renewed: char,
}

impl Marks {
    pub fn new(charset: Charset) -> Self {
        let mark = |ascii, unicode| if charset == Charset::Ascii { ascii } else { unicode };
        Self {
            start: mark('|', '├'),
            end: mark(']', '┫'),
            now: mark('O', '●'),
            sure_end: mark('>', '┿'),
            renewed: mark('+', '┼'),
            maybe_renewed: mark(':', '┊'),
            renewal_due: mark('!', '◇'),
            refused: mark('x', '✗'),
            sso_ended: mark('%', '⊘'),
            past: mark('-', '─'),
            sure: mark('=', '━'),
            implied: mark('.', '┅'),
            gap: mark('~', '┈'),
            cut: mark('/', '╱'),
            cached: mark('.', '·'),
            refreshed: mark('^', '▲'),
            not_renewed: mark('o', '△'),
        }
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
pub struct Bar(Vec<(char, Role)>);

impl Bar {
    pub fn new(columns: usize, cell: impl FnMut(usize) -> (char, Role)) -> Self {
        Self((0..columns).map(cell).collect())
    }

    /// Replaces the cell of a column; columns beyond the bar are ignored.
    pub fn set(&mut self, column: usize, mark: char, role: Role) {
        if let Some(cell) = self.0.get_mut(column) {
            *cell = (mark, role);
        }
    }

    pub fn fill(&mut self, columns: Range<usize>, mark: char, role: Role) {
        for column in columns {
            self.set(column, mark, role);
        }
    }

    /// The bar as pieces of a line: neighbouring cells of one role together.
    pub fn into_spans(self) -> Vec<Span> {
        let mut spans: Vec<Span> = Vec::new();
        for (mark, role) in self.0 {
            match spans.last_mut() {
                Some(last) if last.role == role => last.text.push(mark),
                _ => spans.push(Span { role, text: mark.to_string() }),
            }
        }
        spans
    }
}
