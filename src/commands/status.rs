//! `tidp status`: every profile and every session, and which one is used.

use crate::domain::text::{printable, printable_path, with_tilde};
use crate::error::{Result, quote};
use crate::explain::status_table::{Life, StatusRow, status_table};
use crate::flows::status::{Leftover, LeftoverReason, Status, status};
use crate::ports::{Ports, Reporter};
use crate::terminal::output::Output;
use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr;

/// # Errors
/// `config`. A store that cannot be read is a warning.
pub fn run(ports: &Ports, out: &Output<'_>, flag: Option<&str>) -> Result<()> {
    let status = status(ports, out, flag)?;
    if out.json {
        return out.document(json!({
            "profiles": status.profiles.iter().map(StatusRow::to_json).collect::<Vec<_>>(),
            "orphans": status.leftovers.iter().map(leftover_json).collect::<Vec<_>>(),
            "store": status.store,
            "config": status.config.as_ref().map(|path| path.display().to_string()),
        }));
    }
    let rows: Vec<&StatusRow> = status.profiles.iter().chain(status.leftovers.iter().map(|left| &left.row)).collect();
    if rows.is_empty() {
        out.note("There is no profile and no session yet.");
        out.note("Next: tidp profile add, or without an account: tidp demo");
        return Ok(());
    }
    out.answer(&out.colors.render(&status_table(&rows, ports.clock.now(), out.columns())))?;
    out.page(&format!("\n{}\n", notes(ports, &status, out.columns()).join("\n")))
}

fn leftover_json(leftover: &Leftover) -> Value {
    let mut document = leftover.row.to_json();
    for member in ["active", "why", "default"] {
        document.as_object_mut().map(|document| document.remove(member));
    }
    document["reason"] = json!(leftover.reason);
    document
}

/// The sentences below the table.
fn notes(ports: &Ports, status: &Status, columns: usize) -> Vec<String> {
    let used = status.why.map(|why| format!("* in use: {}.", why.to_text(&ports.env)));
    let store = status.store.map(|store| format!("Sessions are kept in the {store} store."));
    let config = status.config.as_ref().filter(|_| status.profiles.iter().any(|row| row.shown_name != "(environment)"));
    let config = config.map(|path| format!("Profiles are in {}.", with_tilde(&printable_path(path), ports.env.home())));
    used.into_iter()
        .chain(store)
        .chain(config)
        .chain(status.leftovers.iter().map(|leftover| ending(leftover, columns)))
        .collect()
}

/// How to end a leftover session. A command wider than the terminal is continued on the next lines, as a shell reads it.
fn ending(leftover: &Leftover, columns: usize) -> String {
    let Leftover { key, reason, row } = leftover;
    let name = printable(&key.profile);
    match reason {
        LeftoverReason::Environment => {
            let is_ended = row.details.as_ref().is_ok_and(|details| details.summary.session == Life::Ended);
            let verb = if is_ended { "remove" } else { "end" };
            let [issuer, client_id] = [&key.issuer, &key.client_id].map(|value| quote(value));
            let words =
                [format!("TIDP_ISSUER={issuer}"), format!("TIDP_CLIENT_ID={client_id}"), "tidp logout".to_owned()];
            let command = format!(" `{}`", words.join(" "));
            let command =
                if command.width() > columns + 1 { format!("\n    {}", words.join(" \\\n    ")) } else { command };
            format!("The session of {} comes from the environment. To {verb} it:{command}", printable(&key.client_id))
        }
        LeftoverReason::ProfileGone => {
            format!("There is no profile `{name}` any more. `tidp logout --all` ends its session and all others.")
        }
        LeftoverReason::ProfileChanged => {
            format!("A session of `{name}` belongs to another client. `tidp logout --all` ends it and all others.")
        }
    }
}
