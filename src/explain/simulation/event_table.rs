//! The events of a simulation as a table.

use super::simulator::{Event, EventKind, ExpiryTimes, Simulation};
use crate::domain::time::Seconds;
use crate::explain::session_event::refresh_reason;
use crate::terminal::layout::wrap_indented;
use crate::terminal::styled_text::{Charset, Line, Role};
use crate::terminal::table::{Align, column_widths, pad, row};

const HEAD: [&str; 3] = ["after", "what happens", "refresh token expires"];
const ALIGNS: [Align; 3] = [Align::Right, Align::Left, Align::Left];

/// Of a long run of rows that say the same, this many are kept at its start and at its end.
const KEPT: (usize, usize) = (4, 2);

/// An event, or several calls in a row that used the cached token.
struct Row {
    event: Event,
    /// How many calls, and the last one.
    calls: Option<(usize, Seconds)>,
    /// Whether an earlier row says the same.
    is_repeat: bool,
}

type Cells = [String; 3];

pub fn event_table(simulation: &Simulation, columns: usize, charset: Charset) -> Vec<Line> {
    let mut rows = vec![(Role::Faint, HEAD.map(str::to_owned))];
    rows.extend(styled_rows(&events_and_runs(simulation), charset));
    let widths = column_widths(&rows.iter().map(|(_, cells)| cells.clone()).collect::<Vec<_>>());
    let narrow = widths.iter().sum::<usize>() + 6 > columns;
    if narrow {
        rows[0].1[2].clear();
    }
    let lines = rows.iter().flat_map(|(role, cells)| {
        let texts = if narrow {
            narrow_row(cells, widths[0], columns)
        } else {
            vec![format!("  {}", row(cells, widths, ALIGNS)).trim_end().to_owned()]
        };
        texts.into_iter().map(|text| Line::new(*role, text))
    });
    lines.collect()
}

/// A row without a third column.
fn narrow_row([after, what, expires]: &Cells, width: usize, columns: usize) -> Vec<String> {
    let expires = if expires.is_empty() { String::new() } else { format!("; refresh token expires {expires}") };
    let text = wrap_indented(&format!("{what}{expires}"), columns, width + 2);
    format!("{}  {text}", pad(after, width, Align::Right)).lines().map(str::to_owned).collect()
}

fn events_and_runs(simulation: &Simulation) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let mut last_refresh = None;
    for event in simulation.events.iter().copied() {
        let is_cached = event.kind == EventKind::CachedTokenUsed;
        if let Some(last) = rows.last_mut().filter(|last| is_cached && last.event.kind == event.kind) {
            last.calls = Some((last.calls.map_or(2, |(n, _)| n + 1), event.at));
            continue;
        }
        let is_repeat = match event.kind {
            EventKind::Refreshed { renewed, .. } => last_refresh.replace(renewed) == Some(renewed),
            _ => is_cached,
        };
        rows.push(Row { event, calls: None, is_repeat });
    }
    rows
}

/// The rows' cells; the middle of a long run that says the same becomes one row.
fn styled_rows(rows: &[Row], charset: Charset) -> Vec<(Role, Cells)> {
    let cells = |row: &Row| [row.event.at.to_compact_text(), description(row, charset), expiry(row.event)];
    let mut styled = Vec::new();
    for run in rows.chunk_by(|first, second| first.is_repeat && second.is_repeat) {
        let mut shown = run;
        if run.len() > KEPT.0 + KEPT.1 + 2 {
            let (start, rest) = run.split_at(KEPT.0);
            let (left_out, end) = rest.split_at(rest.len() - KEPT.1);
            styled.extend(start.iter().map(|row| (Role::Text, cells(row))));
            let mark = if charset == Charset::Ascii { ":" } else { "⋮" };
            styled.push((Role::Text, [mark.to_owned(), left_out_description(left_out), String::new()]));
            shown = end;
        }
        styled.extend(shown.iter().map(|row| (role(row.event.kind), cells(row))));
    }
    styled
}

fn role(kind: EventKind) -> Role {
    match kind {
        EventKind::CachedTokenUsed => Role::Faint,
        EventKind::SsoEnded | EventKind::RefreshTokenExpired | EventKind::AccessTokenExpired => Role::Implied,
        EventKind::Refused { .. } | EventKind::LoginRequired => Role::Over,
        EventKind::Login | EventKind::Refreshed { .. } => Role::Text,
    }
}

fn left_out_description(rows: &[Row]) -> String {
    let refreshes = rows.iter().filter(|row| matches!(row.event.kind, EventKind::Refreshed { .. })).count();
    let cached = rows.iter().filter(|row| row.event.kind == EventKind::CachedTokenUsed);
    let cached: usize = cached.map(|row| row.calls.map_or(1, |(n, _)| n)).sum();
    let refreshes = format!("{refreshes} more refreshes like these");
    if cached == 0 { refreshes } else { format!("{refreshes}, {cached} cached tokens") }
}

fn description(row: &Row, charset: Charset) -> String {
    let times = if charset == Charset::Ascii { "x" } else { "×" };
    match (row.event.kind, row.calls) {
        (EventKind::Login, _) => "login".to_owned(),
        (EventKind::SsoEnded, _) => "the SSO session ends".to_owned(),
        (EventKind::RefreshTokenExpired, _) => "the refresh token expires".to_owned(),
        (EventKind::AccessTokenExpired, _) => "the last access token expires".to_owned(),
        (EventKind::CachedTokenUsed, None) => "cached token".to_owned(),
        (EventKind::CachedTokenUsed, Some((n, last))) => {
            format!("cached token ({n}{times}, until {})", last.to_compact_text())
        }
        (EventKind::Refreshed { reason, renewed }, _) => {
            let outcome = if renewed { "" } else { "; not renewed" };
            format!("refresh {}{outcome}", refresh_reason(reason))
        }
        (EventKind::Refused { still_works: true }, _) => {
            "refresh refused (invalid_grant): a warning; the access token still works".to_owned()
        }
        (EventKind::Refused { .. }, _) => "refresh refused (invalid_grant): log in".to_owned(),
        (EventKind::LoginRequired, _) => "no usable refresh token: log in".to_owned(),
    }
}

/// When the refresh token expires and, if the client relies on less, that too.
fn expiry(Event { at, kind, expiry }: Event) -> String {
    let expiry = expiry.filter(|expiry| at < expiry.enforced && !matches!(kind, EventKind::Refused { .. }));
    match expiry {
        None => String::new(),
        Some(ExpiryTimes { enforced, earliest, .. }) if earliest < enforced => {
            format!("{} (sure: {})", enforced.to_compact_text(), earliest.to_compact_text())
        }
        Some(ExpiryTimes { enforced, .. }) => enforced.to_compact_text(),
    }
}
