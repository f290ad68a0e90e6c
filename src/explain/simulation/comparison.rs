//! The five policies side by side.

use super::chart::{self, Marks};
use super::report::{asked, brief, plural, shown};
use super::simulator::{Scenario, Story};
use crate::explain::timeline::{Line, Style};
use crate::terminal::layout::wrapped;
use crate::terminal::output::Output;

/// All policies, a row each.
pub fn compared(out: &Output<'_>, played: &[(Scenario, Story)], style: Style) -> String {
    // Asked alike of all; only of one with refresh tokens it can be said whole.
    let mut whole = played.iter().filter(|(scenario, _)| scenario.policy.lifetime.is_some());
    let Some((first, _)) = whole.next() else { return String::new() };
    let mut text = wrapped(&asked(first), out.columns());
    text.push('\n');
    let head = ["policy", "refreshes", "session ends", "login needed"];
    let cells: Vec<[String; 4]> = played.iter().map(|(scenario, story)| compared_row(scenario, story)).collect();
    let widest = |i: usize| cells.iter().map(|row| row[i].len()).chain([head[i].len()]).max().unwrap_or(0);
    let widths = [widest(0), widest(1), widest(2), widest(3)];
    let columns: usize = widths.iter().sum::<usize>() + 6;
    let beside = out.columns() >= columns + 2 + 16;
    let width = if beside { (out.columns() - columns - 2).min(80) } else { out.columns().min(80) };
    let line = |row: [&str; 4]| {
        format!(
            "{:<a$}  {:>b$}  {:>c$}  {:>d$}",
            row[0],
            row[1],
            row[2],
            row[3],
            a = widths[0],
            b = widths[1],
            c = widths[2],
            d = widths[3]
        )
    };
    // Where there is no room for columns, sentences.
    let narrow = columns > out.columns();
    let end = brief(first.length);
    let ruler = format!("login{end:>rest$}", rest = width.saturating_sub(5));
    let ruler = if beside { format!("  {ruler}") } else { String::new() };
    if !narrow {
        text += &out.paint(&format!("{}{ruler}\n", line(head)), colored::Color::BrightBlack);
    }
    for ((scenario, story), row) in played.iter().zip(&cells) {
        let axis = chart::Axis { length: scenario.length, width };
        let bar = Line(chart::spans(chart::session(axis, story, Marks::of(style))));
        let gap = if beside { "  " } else { "\n" };
        let told = if narrow {
            wrapped(&sentence(scenario, story), out.columns()).trim_end().to_owned()
        } else {
            line([&row[0], &row[1], &row[2], &row[3]])
        };
        text += &format!("{told}{gap}{}", shown(out, &bar));
    }
    text.push('\n');
    text += &wrapped(
        "The bars show the session's life, thinner where only its last access token is left. Ends are counted from the login.",
        out.columns(),
    );
    text
}

fn sentence(scenario: &Scenario, story: &Story) -> String {
    let login = story
        .login_needed_at
        .map_or_else(|| "no login needed".into(), |at| format!("login needed after {}", brief(at)));
    let refreshes = plural(story.refreshes(), "refresh", "refreshes");
    format!("{}: {refreshes}; ends after {}; {login}", scenario.policy.name.as_str(), brief(story.ends_at))
}

fn compared_row(scenario: &Scenario, story: &Story) -> [String; 4] {
    let needed = story.login_needed_at.map_or_else(|| "-".to_owned(), brief);
    [scenario.policy.name.as_str().to_owned(), story.refreshes().to_string(), brief(story.ends_at), needed]
}
