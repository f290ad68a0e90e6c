//! Columns of text, padded by display width.

use unicode_width::UnicodeWidthStr;

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

/// The cells padded to the column widths, with two spaces between them.
pub fn row<const N: usize>(cells: &[String; N], widths: [usize; N], aligns: [Align; N]) -> String {
    let cells: [String; N] = std::array::from_fn(|i| pad(&cells[i], widths[i], aligns[i]));
    cells.join("  ")
}
