//! Columns of text, padded by display width, and tables of them.

use super::layout::{cut, wrap_indented};
use super::styled_text::{Line, Role};
use unicode_width::UnicodeWidthStr;

/// A terminal with fewer columns gets a block of lines for each row.
const NARROW: usize = 60;

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

/// A row of a table of named things, one of which is marked.
pub struct Row<const N: usize> {
    pub is_marked: bool,
    /// The name comes first. Without cells: the name, and what is wrong.
    pub cells: Result<[String; N], (String, String)>,
}

/// The rows below their header, at most `columns` wide, for which the cells in the columns `cuttable` are cut. With
/// `usize::MAX`, for a pipe, nothing is cut or wrapped.
pub fn table<const N: usize>(header: [&str; N], rows: &[Row<N>], cuttable: &[usize], columns: usize) -> Vec<Line> {
    let head = header.map(str::to_owned);
    let all: Vec<_> = rows.iter().filter_map(|row| row.cells.clone().ok()).chain([head.clone()]).collect();
    let mut widths = column_widths(&all);
    widths[0] = widths[0].max(widest(rows.iter().filter_map(|row| Some(row.cells.as_ref().err()?.0.as_str()))));
    let widths = fit_widths(widths, cuttable, columns);
    let is_narrow = columns < NARROW;
    let head = (!is_narrow).then(|| cells_line(false, &head, widths, Role::Faint));
    let lines = rows.iter().flat_map(|row| match &row.cells {
        Ok(cells) if is_narrow => block(row.is_marked, header, cells),
        Ok(cells) => vec![cells_line(row.is_marked, cells, widths, Role::Text)],
        Err((name, what)) => {
            let width = if is_narrow { name.width() } else { widths[0] };
            let wrapped = if columns == usize::MAX { what.clone() } else { wrap_indented(what, columns, 4 + width) };
            let mut line = mark(row.is_marked);
            line.push(Role::Strong, pad(&shorten(name, width), width, Align::Left));
            line.push(Role::Over, format!("  {wrapped}"));
            vec![line]
        }
    });
    head.into_iter().chain(lines).collect()
}

/// The widths of columns after a mark, with the widest of `cuttable` cut until a line fits.
fn fit_widths<const N: usize>(mut widths: [usize; N], cuttable: &[usize], columns: usize) -> [usize; N] {
    while widths.iter().sum::<usize>() + 2 * N > columns {
        let widest = cuttable.iter().copied().max_by_key(|at| widths[*at]);
        let Some(widest) = widest.filter(|at| widths[*at] > 7) else { break };
        widths[widest] -= 1;
    }
    widths
}

/// `cell`, cut and with `…` if it is wider than `width`.
fn shorten(cell: &str, width: usize) -> String {
    if cell.width() > width { cut(cell, width.saturating_sub(1)) + "…" } else { cell.to_owned() }
}

fn mark(is_marked: bool) -> Line {
    Line::new(Role::Strong, if is_marked { "* " } else { "  " })
}

fn cells_line<const N: usize>(is_marked: bool, cells: &[String; N], widths: [usize; N], role: Role) -> Line {
    let mut line = mark(is_marked);
    for (at, cell) in cells.iter().enumerate() {
        let role = if at == 0 && role == Role::Text { Role::Strong } else { role };
        line.push(role, pad(&shorten(cell, widths[at]), widths[at], Align::Left) + "  ");
    }
    line.trim_end()
}

fn block<const N: usize>(is_marked: bool, header: [&str; N], cells: &[String; N]) -> Vec<Line> {
    let mut name = mark(is_marked);
    name.push(Role::Strong, &cells[0]);
    let rest = header.iter().zip(cells).skip(1).map(|(label, cell)| {
        let mut line = Line::new(Role::Faint, format!("    {:<9}", label.to_lowercase()));
        line.push(Role::Text, cell);
        line
    });
    std::iter::once(name).chain(rest).collect()
}
