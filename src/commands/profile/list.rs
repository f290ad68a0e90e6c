//! `tidp profile list`.

use super::view;
use crate::config::{self, Profile};
use crate::domain::text::printable;
use crate::error::Result;
use crate::explain::status_table::SessionSummary;
use crate::flows::configuration::Configuration;
use crate::flows::status::SummaryReader;
use crate::ports::{Ports, Reporter};
use crate::terminal::output::Output;
use crate::terminal::table::{Row, table};
use serde_json::{Value, json};

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
        let profile = configured.file_profile(name)?;
        let summary = reader.summary(&profile);
        Ok((profile, summary))
    };
    let profiles: Vec<(&String, Result<_>)> = config.profile.keys().map(|name| (name, read(name))).collect();
    if out.json {
        let document = |(name, read): &(&String, Result<(Profile, SessionSummary)>)| {
            let mut document: Value = match read {
                Ok((profile, summary)) => {
                    let session = ("session", summary.session.to_json("ended"));
                    view::members(profile, &configured).into_iter().chain([session]).collect()
                }
                Err(error) => json!({ "profile": name, "error": error.report().message }),
            };
            document["default"] = (default == Some(*name)).into();
            document
        };
        return out.document(json!({ "profiles": profiles.iter().map(document).collect::<Vec<_>>() }));
    }
    let now = ports.clock.now();
    let columns = if ports.terminal.stdout().is_terminal { out.columns() } else { usize::MAX };
    let rows = profiles.iter().map(|(name, read)| Row {
        is_marked: default == Some(*name),
        cells: match read {
            Ok((profile, summary)) => Ok(cells(name, profile, summary.session.to_text(now))),
            Err(error) => Err((printable(name), error.report().message)),
        },
    });
    const HEADER: [&str; 5] = ["PROFILE", "ISSUER", "CLIENT", "POLICY", "SESSION"];
    out.answer(&out.colors.render(&table(HEADER, &rows.collect::<Vec<_>>(), &[0, 1, 2], columns)))
}

fn cells(name: &str, profile: &Profile, session: String) -> [String; 5] {
    let no_policy = if profile.is_machine() { "machine token" } else { "unknown" };
    let policy = profile.policy.map_or(no_policy, |policy| policy.name.as_str());
    [printable(name), printable(&profile.issuer), printable(&profile.client_id), policy.to_owned(), session]
}
