//! `tidp profile list`.

use super::view::ProfileView;
use crate::config::{self, Profile};
use crate::domain::text::printable;
use crate::error::Result;
use crate::explain::status_table::SessionSummary;
use crate::flows::configuration::Configuration;
use crate::flows::stored_summary::SummaryReader;
use crate::ports::Ports;
use crate::terminal::output::Output;
use crate::terminal::styled_text::faint;
use crate::terminal::table::{self, Align, NARROW, pad, shortened};
use colored::Color;
use serde_json::json;

pub fn run(ports: &Ports, out: &Output<'_>) -> Result<()> {
    let configured = Configuration::load(ports)?;
    let config = &configured.config;
    let default = config::default_profile(config).ok();
    if config.profile.is_empty() && !out.json {
        out.note("There is no profile yet: tidp profile add NAME --environment staging --client-id ID --client-type MobileApp");
        return Ok(());
    }
    let reader = SummaryReader::new(ports, out, &configured);
    let read = |name| {
        let profile = config::file_profile(name, config, configured.base())?;
        let summary = reader.summary(&profile);
        Ok((profile, summary))
    };
    let profiles: Vec<(&String, Result<_>)> = config.profile.keys().map(|name| (name, read(name))).collect();
    if out.json {
        let document = |(name, read): &(&String, Result<(Profile, SessionSummary)>)| {
            let mut document = match read {
                Ok((profile, summary)) => {
                    let mut document = ProfileView::new(profile, &configured).to_json();
                    document["session"] = summary.session.to_json("ended");
                    document
                }
                Err(error) => json!({ "profile": name, "error": error.report().message }),
            };
            document["default"] = (default == Some(*name)).into();
            document
        };
        return out.document(json!({ "profiles": profiles.iter().map(document).collect::<Vec<_>>() }));
    }
    let now = ports.clock.now();
    let stream = ports.terminal.stdout();
    let columns = if stream.is_terminal { out.columns() } else { usize::MAX };
    let names: Vec<String> = profiles.iter().map(|(name, _)| printable(name)).collect();
    let rows = profiles.iter().zip(&names).map(|((_, read), name)| match read {
        Ok((profile, summary)) => Ok(cells(name, profile, summary.session.to_text(now))),
        Err(error) => Err((name, error.report().message)),
    });
    let rows: Vec<_> = rows.collect();
    let header = HEADER.map(str::to_owned);
    let named = rows.iter().filter_map(|row| row.as_ref().ok()).cloned().chain([header.clone()]);
    let mut widths = table::column_widths(&named.collect::<Vec<_>>());
    widths[0] = widths[0].max(table::widest(names.iter().map(String::as_str)));
    let widths = table::fitting(widths, &[0, 1, 2], columns);
    let is_block = columns < NARROW;
    if !is_block {
        let first = format!("  {}", line(&header, widths, str::to_owned));
        out.answer(&format!("{}\n", faint(&first, out.has_colors())))?;
    }
    for ((name, _), row) in profiles.iter().zip(&rows) {
        let mark = if default == Some(*name) { "*" } else { " " };
        let text = match row {
            Ok(cells) if is_block => block(out, cells),
            Ok(cells) => line(cells, widths, |name| out.bold(name)),
            Err((name, what)) => {
                let width = if is_block { 0 } else { widths[0] };
                let name = if is_block { (*name).clone() } else { shortened(name, width) };
                let name = out.bold(&pad(&name, width, Align::Left));
                out.page(&format!("{mark} {name}  {}\n", out.paint(what, Color::Red)))?;
                continue;
            }
        };
        out.answer(&format!("{mark} {text}\n"))?;
    }
    Ok(())
}

const HEADER: [&str; 5] = ["PROFILE", "ISSUER", "CLIENT", "POLICY", "SESSION"];

/// The cells in columns, of which the first is painted.
fn line(cells: &[String; 5], widths: [usize; 5], paint: impl Fn(&str) -> String) -> String {
    let shown: [String; 5] = std::array::from_fn(|at| shortened(&cells[at], widths[at]));
    let row = table::row(&shown, widths, [Align::Left; 5]);
    let (name, rest) = row.split_at(pad(&shown[0], widths[0], Align::Left).len());
    format!("{}{}", paint(name), rest.trim_end())
}

/// The cells below each other.
fn block(out: &Output<'_>, cells: &[String; 5]) -> String {
    let rest = HEADER.iter().zip(cells).skip(1);
    let rest = rest.map(|(label, cell)| {
        format!("\n    {}{cell}", faint(&format!("{:<9}", label.to_lowercase()), out.has_colors()))
    });
    out.bold(&cells[0]) + &rest.collect::<String>()
}

fn cells(name: &str, profile: &Profile, session: String) -> [String; 5] {
    let no_policy = if profile.is_machine() { profile.grant.as_str() } else { "policy unknown" };
    let policy = profile.policy.map_or(no_policy, |policy| policy.name.as_str());
    [name.to_owned(), printable(&profile.issuer), printable(&profile.client_id), policy.to_owned(), session]
}
