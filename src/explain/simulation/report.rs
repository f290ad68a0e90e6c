//! A story in words: what was asked, the picture, the table, and how it ended and why.

use super::chart;
use super::simulator::{Ends, Event, Scenario, Story, What};
use crate::domain::decision::Renew;
use crate::domain::session::RefreshReason;
use crate::domain::time::Seconds;
use crate::explain::timeline::{Line, Role, Style};
use crate::sandbox::Rotation;
use crate::terminal::layout::{painted, wrapped};
use crate::terminal::output::Output;
use unicode_width::UnicodeWidthStr;

/// To the second, as durations are typed: `1h4m`, `13d23h56m`, `0s`.
pub fn brief(time: Seconds) -> String {
    let s = time.0.unsigned_abs();
    let units = [(s / 86_400, 'd'), (s / 3_600 % 24, 'h'), (s / 60 % 60, 'm'), (s % 60, 's')];
    let text: String = units.iter().filter(|(n, _)| *n > 0).map(|(n, unit)| format!("{n}{unit}")).collect();
    if text.is_empty() { "0s".to_owned() } else { text }
}

/// One policy's story.
pub fn told(out: &Output<'_>, scenario: &Scenario, story: &Story, style: Style) -> String {
    let mut text = format!("{}\n", out.bold(scenario.policy.name.as_str()));
    text += &wrapped(&asked(scenario), out.columns());
    text.push('\n');
    for line in chart::draw(scenario, story, out.columns(), style) {
        text += &shown(out, &line);
    }
    text.push('\n');
    text += &table(out, &rows(story), style);
    text.push('\n');
    text + &wrapped(&ending(scenario, story), out.columns())
}

pub fn shown(out: &Output<'_>, line: &Line) -> String {
    let text: String = line.0.iter().map(|span| painted(out, span.role, &span.text)).collect();
    format!("{}\n", text.trim_end())
}

pub fn asked(scenario: &Scenario) -> String {
    let script = if scenario.force { "tidp refresh --force" } else { "tidp token" };
    let renew = match scenario.renew {
        Renew::WhenDue => "",
        Renew::BeforeSessionEnds => " with renew = \"before-session-ends\"",
    };
    let handles = match scenario.refresh_tokens {
        _ if scenario.policy.lifetime.is_none() => "",
        Rotation::Rotate => ", a refresh hands out a new refresh token",
        Rotation::Reuse => ", a refresh hands out the same refresh token again",
    };
    let sso = match scenario.sso_ends_after {
        Some(end) => format!("the SSO session ends after {}", brief(end)),
        None => "the SSO session lives".to_owned(),
    };
    format!(
        "A script runs `{script}`{renew} every {}, for {}; access tokens live {}{handles}, {sso}.",
        brief(scenario.every),
        brief(scenario.length),
        brief(scenario.access_token)
    )
}

/// A row of the table: an event, or several of a kind.
struct Row {
    at: Seconds,
    what: What,
    /// How many, and the last one's time.
    more: Option<(usize, Seconds)>,
    ends: Option<Ends>,
}

/// The events, with tokens served at hand put together.
fn rows(story: &Story) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for Event { at, what, ends } in story.events.iter().copied() {
        match rows.last_mut() {
            Some(last) if what == What::Used && last.what == What::Used => {
                last.more = Some((last.more.map_or(2, |(n, _)| n + 1), at));
            }
            _ => rows.push(Row { at, what, more: None, ends }),
        }
    }
    rows
}

/// Of a long stretch in which only the same happens again, so many rows are shown at its start and at its end.
const SHOWN: (usize, usize) = (4, 2);

fn table(out: &Output<'_>, rows: &[Row], style: Style) -> String {
    let head = ["after", "what happens", "refresh token ends"].map(str::to_owned);
    let lines = lines(rows, style);
    let cells = || lines.iter().map(|(_, cells)| cells).chain([&head]);
    let widest = |i: usize| cells().map(|cells| cells[i].width()).max().unwrap_or(0);
    let widths = [widest(0), widest(1), widest(2)];
    let narrow = widths.iter().sum::<usize>() + 6 > out.columns();
    let line = |[after, what, ends]: &[String; 3]| {
        if narrow {
            let ends = if ends.is_empty() { String::new() } else { format!("; refresh token ends {ends}") };
            let what = wrapped(&format!("{what}{ends}"), out.columns().saturating_sub(widths[0] + 2));
            let what = what.trim_end().replace('\n', &format!("\n{}", " ".repeat(widths[0] + 2)));
            return format!("{after:>width$}  {what}\n", width = widths[0]);
        }
        let gap = " ".repeat(widths[1].saturating_sub(what.width()));
        format!("{}\n", format!("  {after:>width$}  {what}{gap}  {ends}", width = widths[0]).trim_end())
    };
    let [after, what, _] = &head;
    let shown_head = if narrow { [after.clone(), what.clone(), String::new()] } else { head.clone() };
    let mut text = out.paint(&line(&shown_head), colored::Color::BrightBlack);
    for (happened, cells) in &lines {
        text += &happened.map_or_else(|| line(cells), |what| coloured(out, what, &line(cells)));
    }
    text
}

/// The table's lines, each with what it tells of; of a long stretch of the same the middle is one line.
fn lines(rows: &[Row], style: Style) -> Vec<(Option<What>, [String; 3])> {
    let told = |row: &Row| [brief(row.at), what(row, style), ends(row)];
    let quiet: Vec<bool> = (0..rows.len()).map(|i| is_more_of_the_same(rows, i)).collect();
    let mut lines = Vec::new();
    let mut i = 0;
    while i < rows.len() {
        let stretch = quiet[i..].iter().take_while(|quiet| **quiet).count();
        if stretch > SHOWN.0 + SHOWN.1 + 2 {
            let left_out = &rows[i + SHOWN.0..i + stretch - SHOWN.1];
            lines.extend(rows[i..i + SHOWN.0].iter().map(|row| (None, told(row))));
            let mark = if style.ascii { ":" } else { "⋮" };
            lines.push((None, [mark.to_owned(), left_out_told(left_out), String::new()]));
            i += stretch - SHOWN.1;
        } else {
            lines.push((Some(rows[i].what), told(&rows[i])));
            i += 1;
        }
    }
    lines
}

fn coloured(out: &Output<'_>, what: What, line: &str) -> String {
    let role = match what {
        What::Used => Role::Faint,
        What::SsoEnded | What::RefreshTokenEnded | What::AccessTokenEnded => Role::Implied,
        What::Refused | What::LoginNeeded => Role::Over,
        What::Login | What::Refreshed { .. } => Role::Text,
    };
    format!("{}\n", painted(out, role, line.trim_end_matches('\n')))
}

/// Whether the row tells nothing that an earlier one has not told.
fn is_more_of_the_same(rows: &[Row], i: usize) -> bool {
    match rows[i].what {
        What::Used => true,
        What::Refreshed { renewed, .. } => {
            let before = rows[..i].iter().rev().find_map(|row| match row.what {
                What::Refreshed { renewed, .. } => Some(renewed),
                _ => None,
            });
            before == Some(renewed)
        }
        _ => false,
    }
}

fn left_out_told(rows: &[Row]) -> String {
    let refreshes = rows.iter().filter(|row| matches!(row.what, What::Refreshed { .. })).count();
    let used: usize = rows.iter().filter(|row| row.what == What::Used).map(|row| row.more.map_or(1, |(n, _)| n)).sum();
    let refreshes = format!("{refreshes} more refreshes of that kind");
    if used == 0 { refreshes } else { format!("{refreshes}, {used} tokens at hand") }
}

fn what(row: &Row, style: Style) -> String {
    let times = if style.ascii { "x" } else { "×" };
    match (row.what, row.more) {
        (What::Login, _) => "login".to_owned(),
        (What::SsoEnded, _) => "the SSO session ends".to_owned(),
        (What::RefreshTokenEnded, _) => "the refresh token ends".to_owned(),
        (What::AccessTokenEnded, _) => "the last access token ends".to_owned(),
        (What::Used, None) => "token at hand".to_owned(),
        (What::Used, Some((n, last))) => format!("token at hand ({n}{times}, until {})", brief(last)),
        (What::Refreshed { reason, renewed }, _) => {
            let outcome = if renewed { "" } else { "; its end stays" };
            format!("refresh: {}{outcome}", why(reason))
        }
        (What::Refused, _) => "refresh refused (invalid_grant): log in".to_owned(),
        (What::LoginNeeded, _) => "nothing to refresh with: log in".to_owned(),
    }
}

/// When the refresh token held ends; where the client relies on less than is true, that too.
fn ends(row: &Row) -> String {
    let Some(ends) = row.ends.filter(|ends| row.at < ends.truth && row.what != What::Refused) else {
        return String::new();
    };
    if ends.relied_on < ends.truth {
        format!("{} (sure: {})", brief(ends.truth), brief(ends.relied_on))
    } else {
        brief(ends.truth)
    }
}

fn ending(scenario: &Scenario, story: &Story) -> String {
    let counted = format!(
        "{} for {}.",
        plural(story.refreshes(), "refresh", "refreshes"),
        plural(story.calls(), "call", "calls")
    );
    let end = brief(story.ends_at);
    if story.alive {
        let until = match (scenario.policy.lifetime, scenario.policy.sliding) {
            (None, _) => format!("its access token ends at {end}, and then only a login helps"),
            (_, true) if !sso_over(scenario) => format!("its refresh token ends at {end}, unless it is renewed before"),
            _ => format!("its refresh token ends at {end}, whatever is done"),
        };
        // Where the same handle came back, what the provider knows is more than the client can rely on.
        let held = story.events.iter().rev().find_map(|event| event.ends).filter(|ends| ends.relied_on < ends.truth);
        let sure = held.map(|ends| format!(" Only {} can be relied on.", brief(ends.relied_on))).unwrap_or_default();
        return format!("After {} the session is alive: {until}.{sure} {counted}", brief(scenario.length));
    }
    let told = match story.login_needed_at {
        Some(at) => format!("the script is first told to log in after {}", brief(at)),
        None if story.events.iter().any(|event| event.what == What::Used && event.at >= story.ends_at) => {
            "until then the script notices nothing".to_owned()
        }
        None => "the script did not call again".to_owned(),
    };
    format!(
        "The session dies after {end}: {}. The last access token works until {}; {told}. {counted}{}",
        cause(scenario, story),
        brief(story.access_token_ends_at),
        advice(scenario, story)
    )
}

pub fn plural(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

fn sso_over(scenario: &Scenario) -> bool {
    scenario.sso_ends_after.is_some_and(|end| end <= scenario.length)
}

/// Whether the last renewal that could have come did not, because the SSO session was over.
fn died_of_sso(scenario: &Scenario, story: &Story) -> bool {
    let refused_renewal = |event: &Event| matches!(event.what, What::Refreshed { renewed: false, .. });
    scenario.policy.sliding && story.events.iter().any(refused_renewal)
}

fn cause(scenario: &Scenario, story: &Story) -> &'static str {
    match (scenario.policy.lifetime, scenario.policy.sliding) {
        (None, _) => "no refresh token was issued, so it lives as long as its access token",
        (_, false) => "its end is fixed from the login, and no refresh moves it",
        _ if died_of_sso(scenario, story) => "the SSO session had ended, and a refresh after that renews nothing",
        _ if scenario.force => "the script called too seldom to renew it",
        _ if scenario.renew == Renew::WhenDue && scenario.policy.expires_before_access_token(scenario.access_token) => {
            "a refresh that waits for the access token to end comes too late"
        }
        _ => "the script called too seldom to renew it",
    }
}

fn advice(scenario: &Scenario, story: &Story) -> String {
    let Some(lifetime) = scenario.policy.lifetime.filter(|_| scenario.policy.sliding) else { return String::new() };
    if died_of_sso(scenario, story) || scenario.force || scenario.renew == Renew::BeforeSessionEnds {
        return String::new();
    }
    // Nothing renews it after that.
    let until = if sso_over(scenario) { " until the SSO session ends" } else { "" };
    format!(
        " With --renew before-session-ends (renew in the profile) and a call at least every {} it would live on{until}.",
        brief(Seconds(lifetime.0 / 3))
    )
}

/// Why a refresh was made, in a word or two.
fn why(reason: RefreshReason) -> &'static str {
    match reason {
        RefreshReason::Expired => "the access token had ended",
        RefreshReason::Keepalive => "to renew the session",
        RefreshReason::Forced => "it was forced",
        RefreshReason::Claims => "for new claims",
    }
}
