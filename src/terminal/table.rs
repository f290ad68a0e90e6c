//! Columns of text, padded by display width.

use super::layout::cut;
use unicode_width::UnicodeWidthStr;

/// A terminal with fewer columns gets a block of lines for each profile.
pub const NARROW: usize = 60;

#[derive(Clone, Copy)]
pub enum Align {
    Left,
    Right,
}

/// `text` padded with spaces to `width` columns.
pub fn pad(text: &str, width: usize, align: Align) -> String {
    let blanks = " ".repeat(width.saturating_sub(text.width()));
    match align {
        Align::Left => format!("{text}{blanks}"),
        Align::Right => format!("{blanks}{text}"),
    }
}

/// The width of the widest text.
pub fn widest<'a>(texts: impl IntoIterator<Item = &'a str>) -> usize {
    texts.into_iter().map(UnicodeWidthStr::width).max().unwrap_or(0)
}

/// The width of each column.
pub fn column_widths<const N: usize>(rows: &[[String; N]]) -> [usize; N] {
    std::array::from_fn(|i| widest(rows.iter().map(|row| row[i].as_str())))
}

/// The widths of columns after a mark, with the widest of `names` cut until a line fits.
pub fn fitting<const N: usize>(mut widths: [usize; N], names: &[usize], columns: usize) -> [usize; N] {
    while widths.iter().sum::<usize>() + 2 * N > columns {
        let widest = names.iter().copied().max_by_key(|at| widths[*at]);
        let Some(widest) = widest.filter(|at| widths[*at] > 7) else { break };
        widths[widest] -= 1;
    }
    widths
}

/// `cell`, cut and with `…` if it is wider than `width`.
pub fn shortened(cell: &str, width: usize) -> String {
    if cell.width() > width { cut(cell, width.saturating_sub(1)) + "…" } else { cell.to_owned() }
}

/// The cells padded to the column widths, with two spaces between them.
pub fn row<const N: usize>(cells: &[String; N], widths: [usize; N], aligns: [Align; N]) -> String {
    let cells: [String; N] = std::array::from_fn(|i| pad(&cells[i], widths[i], aligns[i]));
    cells.join("  ")
}
