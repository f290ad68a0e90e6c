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
use crate::terminal::table::{self, Align, pad};
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
    let header = ["ISSUER", "CLIENT", "POLICY", "SESSION"].map(str::to_owned);
    let rows = profiles.iter().filter_map(|(_, read)| read.as_ref().ok());
    let rows: Vec<_> = rows.map(|(profile, summary)| cells(profile, summary.session.to_text(now))).collect();
    let widths = table::column_widths(&[&rows[..], std::slice::from_ref(&header)].concat());
    let shown = |cells| table::row(cells, widths, [Align::Left; 4]).trim_end().to_owned();
    let names: Vec<String> = profiles.iter().map(|(name, _)| printable(name)).collect();
    let name_width = table::widest(names.iter().map(String::as_str).chain(["PROFILE"]));
    let first = format!("  {}  {}", pad("PROFILE", name_width, Align::Left), shown(&header));
    out.answer(&format!("{}\n", faint(&first, out.has_colors())))?;
    let mut rows = rows.iter();
    for ((name, read), shown_name) in profiles.iter().zip(&names) {
        let mark = if default == Some(*name) { "*" } else { " " };
        let details = match read {
            Ok(_) => rows.next().map(shown).unwrap_or_default(),
            Err(error) => out.paint(&error.report().message, Color::Red),
        };
        out.page(&format!("{mark} {}  {details}\n", out.bold(&pad(shown_name, name_width, Align::Left))))?;
    }
    Ok(())
}

fn cells(profile: &Profile, session: String) -> [String; 4] {
    let no_policy = if profile.is_machine() { profile.grant.as_str() } else { "policy unknown" };
    let policy = profile.policy.map_or(no_policy, |policy| policy.name.as_str());
    [printable(&profile.issuer), printable(&profile.client_id), policy.to_owned(), session]
}
