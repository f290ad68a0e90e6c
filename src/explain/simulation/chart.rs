//! A simulation as a picture: a lane for the script's calls and one for each lifetime.

use super::scenario::Scenario;
use super::simulator::{EventKind, Simulation};
use crate::domain::time::Seconds;
use crate::explain::bar::{Axis, Bar, Mark};
use crate::terminal::styled_text::{Charset, Line, Role};
use std::collections::BTreeMap;

const NAMES: usize = 15;

pub fn chart(scenario: &Scenario, simulation: &Simulation, columns: usize, charset: Charset) -> Vec<Line> {
    let axis = Axis { length: scenario.length, columns: columns.saturating_sub(NAMES).clamp(10, 120) };
    let lane = |name, bar: Bar| {
        let mut line = Line::new(Role::Strong, format!("{name:<NAMES$}"));
        line.0.extend(bar.into_spans(charset));
        line
    };
    let mut lines = Vec::new();
    if simulation.calls() > 0 {
        lines.push(lane("calls", calls_bar(axis, simulation)));
    }
    if let Some(end) = scenario.sso_ends_after.filter(|_| scenario.policy.sliding) {
        lines.push(lane("SSO session", lifetime_bar(axis, &[], end)));
    }
    if simulation.events.first().is_some_and(|login| login.expiry.is_some()) {
        let renewals: Vec<Seconds> = simulation.refreshes().filter(|(_, renewed)| *renewed).map(|(at, _)| at).collect();
        lines.push(lane("refresh token", lifetime_bar(axis, &renewals, simulation.ends_at)));
    }
    let starts: Vec<Seconds> = simulation.refreshes().map(|(at, _)| at).collect();
    lines.push(lane("access token", access_token_bar(axis, scenario, simulation, &starts)));
    lines.push(ruler(axis));
    lines.extend(legend(charset, columns, scenario.length, simulation));
    lines.into_iter().map(Line::trim_end).collect()
}

/// How a call of the script is drawn and what that means. Of several in one column, the one with the greatest number counts.
fn call(kind: EventKind) -> Option<(u8, Mark, Role, &'static str)> {
    Some(match kind {
        EventKind::CachedTokenUsed => (1, Mark::CACHED, Role::Faint, "cached token"),
        EventKind::Refreshed { renewed: true, .. } => (2, Mark::REFRESHED, Role::Renewal, "refreshed"),
        EventKind::Refreshed { renewed: false, .. } => (3, Mark::NOT_RENEWED, Role::Implied, "refreshed, not renewed"),
        EventKind::Refused { still_works: true } => (4, Mark::REFUSED, Role::Over, "refused or login needed"),
        EventKind::Refused { .. } | EventKind::LoginRequired => (4, Mark::REFUSED, Role::Over, "login needed"),
        _ => return None,
    })
}

fn calls_bar(axis: Axis, simulation: &Simulation) -> Bar {
    let mut bar = Bar::new(axis.columns, |_| (Mark::BLANK, Role::Text));
    let mut numbers = vec![0; axis.columns];
    for event in &simulation.events {
        let Some((number, mark, role, _)) = call(event.kind) else { continue };
        let column = axis.column(event.at);
        if numbers[column] < number {
            numbers[column] = number;
            bar.set(column, mark, role);
        }
    }
    bar
}

/// A lifetime from the login to `end`, with its renewals marked.
fn lifetime_bar(axis: Axis, renewals: &[Seconds], end: Seconds) -> Bar {
    let end_column = axis.column(end);
    let cell = |column| if column <= end_column { (Mark::SURE, Role::Sure) } else { (Mark::GAP, Role::Faint) };
    let mut bar = Bar::new(axis.columns, cell);
    for at in renewals {
        bar.set(axis.column(*at), Mark::RENEWED, Role::Renewal);
    }
    bar.set(0, Mark::START, Role::Faint);
    if end <= axis.length {
        bar.set(end_column, Mark::END, Role::Over);
    }
    bar
}

/// The session's lifetime, thinner where only the last access token is left.
pub fn session_bar(axis: Axis, simulation: &Simulation) -> Bar {
    let last = simulation.ends_at.max(simulation.access_token_expires_at);
    let mut bar = lifetime_bar(axis, &[], last);
    let end_column = axis.column(simulation.ends_at);
    bar.fill(end_column + 1..axis.column(last), Mark::PAST, Role::Implied);
    if simulation.ends_at <= axis.length {
        bar.set(end_column, Mark::END, Role::Over);
    }
    bar
}

/// The access tokens, with the gaps between them. `starts` are the refreshes.
fn access_token_bar(axis: Axis, scenario: &Scenario, simulation: &Simulation, starts: &[Seconds]) -> Bar {
    let mut bar = lifetime_bar(axis, starts, simulation.access_token_expires_at);
    let issued_at = std::iter::once(Seconds::ZERO).chain(starts.iter().copied());
    for (issued_at, next) in issued_at.zip(starts.iter().copied()) {
        let end_column = axis.column(Seconds(issued_at.0 + scenario.access_token.0));
        bar.fill(end_column + 1..axis.column(next), Mark::GAP, Role::Faint);
    }
    bar
}

/// The times at both ends and in the middle.
fn ruler(axis: Axis) -> Line {
    let (middle, end) = (Seconds(axis.length.0 / 2).to_compact_text(), axis.length.to_compact_text());
    let free = axis.columns.saturating_sub("login".len() + middle.len() + end.len());
    let text = if free < 4 {
        format!("{}login{end:>width$}", " ".repeat(NAMES), width = axis.columns.saturating_sub(5))
    } else {
        let before = (axis.columns / 2).saturating_sub(5 + middle.len() / 2).min(free);
        format!("{}login{}{middle}{}{end}", " ".repeat(NAMES), " ".repeat(before), " ".repeat(free - before))
    };
    Line::new(Role::Faint, text)
}

fn legend(charset: Charset, columns: usize, length: Seconds, simulation: &Simulation) -> Vec<Line> {
    let mut entries = BTreeMap::new();
    for (number, mark, _, name) in simulation.events.iter().filter_map(|event| call(event.kind)) {
        entries.entry(number).or_insert((mark, name));
    }
    let renewed = simulation.refreshes().next().is_some().then_some((Mark::RENEWED, "new token"));
    let ended = simulation.ends_at.min(simulation.access_token_expires_at) <= length;
    let ended = ended.then_some((Mark::END, "end"));
    let mut lines: Vec<String> = Vec::new();
    for (mark, name) in entries.into_values().chain(renewed).chain(ended) {
        let entry = format!("{} {name}", mark.shown(charset));
        match lines.last_mut() {
            Some(last) if NAMES + last.chars().count() + 3 + entry.chars().count() <= columns => {
                *last = format!("{last}   {entry}");
            }
            _ => lines.push(entry),
        }
    }
    lines.into_iter().map(|text| Line::new(Role::Faint, format!("{}{text}", " ".repeat(NAMES)))).collect()
}
