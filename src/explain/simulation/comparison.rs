//! The policies side by side.

use super::chart::session_bar;
use super::scenario::Scenario;
use super::simulator::Simulation;
use crate::domain::time::Seconds;
use crate::explain::bar::Axis;
use crate::explain::{count, paragraph};
use crate::terminal::styled_text::{Charset, Line, Role};
use crate::terminal::table::{Align, column_widths, row};

const HEAD: [&str; 4] = ["policy", "refreshes", "session ends", "login needed"];
const ALIGNS: [Align; 4] = [Align::Left, Align::Right, Align::Right, Align::Left];

/// A table with a row and a bar for each policy; sentences if the terminal is too narrow for columns.
pub fn comparison(simulated: &[(Scenario, Simulation)], columns: usize, charset: Charset) -> Vec<Line> {
    // The scenario is the same for all; only with refresh tokens its description is complete, and for a fixed lifetime it
    // says more.
    let Some((first, _)) = simulated.iter().find(|(scenario, _)| scenario.policy.sliding) else {
        return Vec::new();
    };
    let mut rows = vec![HEAD.map(str::to_owned)];
    rows.extend(simulated.iter().map(|(scenario, simulation)| cells(scenario, simulation)));
    let widths = column_widths(&rows);
    let table_width = widths.iter().sum::<usize>() + 2 * (widths.len() - 1);
    let bar_beside = columns >= table_width + 2 + 16;
    let bar_width = if bar_beside { (columns - table_width - 2).min(80) } else { columns.min(80) };

    let mut lines: Vec<Line> = paragraph(&first.description(), columns).collect();
    lines.push(Line::default());
    let narrow = table_width > columns;
    if !narrow {
        let ruler = format!("  login{:>width$}", first.length.to_compact_text(), width = bar_width.saturating_sub(5));
        let ruler = if bar_beside { ruler } else { String::new() };
        lines.push(Line::new(Role::Faint, row(&rows[0], widths, ALIGNS) + &ruler));
    }
    for ((scenario, simulation), cells) in simulated.iter().zip(&rows[1..]) {
        let axis = Axis { length: scenario.length, columns: bar_width };
        let bar = session_bar(axis, simulation).into_spans(charset);
        if narrow {
            lines.extend(paragraph(&sentence(scenario, simulation), columns));
            lines.push(Line(bar));
        } else if bar_beside {
            let mut line = Line::new(Role::Text, row(cells, widths, ALIGNS) + "  ");
            line.0.extend(bar);
            lines.push(line);
        } else {
            lines.push(Line::new(Role::Text, row(cells, widths, ALIGNS)));
            lines.push(Line(bar));
        }
    }
    lines.push(Line::default());
    let has_thin_part = lines.iter().flat_map(|line| &line.0).any(|span| span.role == Role::Implied);
    let thinner = if has_thin_part { ", thinner where only its last access token is left" } else { "" };
    let note = format!("The bars show the session's lifetime{thinner}. Times are counted from the login.");
    lines.extend(paragraph(&note, columns));
    lines
}

fn sentence(scenario: &Scenario, simulation: &Simulation) -> String {
    let login = login_needed(scenario, simulation, Seconds::to_text);
    let refreshes = count(simulation.refreshes().count(), "refresh", "refreshes");
    let (name, end) = (scenario.policy.name.as_str(), simulation.ends_at.to_text());
    format!("{name}: {refreshes}; ends after {end}; login needed after {login}")
}

fn cells(scenario: &Scenario, simulation: &Simulation) -> [String; 4] {
    [
        scenario.policy.name.as_str().to_owned(),
        simulation.refreshes().count().to_string(),
        simulation.ends_at.to_compact_text(),
        login_needed(scenario, simulation, Seconds::to_compact_text),
    ]
}

/// When the script is told to log in; if not within the scenario, when the session ends then.
fn login_needed(scenario: &Scenario, simulation: &Simulation, to_text: fn(Seconds) -> String) -> String {
    match simulation.login_needed_at {
        Some(at) => to_text(at),
        None if scenario.policy.sliding && simulation.alive && !scenario.sso_ends() => {
            format!("{} or later", to_text(simulation.ends_at))
        }
        None if simulation.alive => format!("{}, fixed", to_text(simulation.ends_at)),
        None => to_text(simulation.ends_at),
    }
}
