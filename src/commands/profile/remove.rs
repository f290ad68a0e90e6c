//! `tidp profile remove`.

use crate::config::Config;
use crate::domain::text::printable;
use crate::error::{Result, arguments};
use crate::flows::profile_file::ProfileFile;
use crate::flows::profile_session;
use crate::ports::Ports;
use crate::terminal::output::Output;
use serde_json::json;

pub fn run(ports: &Ports, out: &Output<'_>, name: &str) -> Result<()> {
    let file = ProfileFile::open(ports)?;
    let was_default = profile_session::remove(ports, out, &file, name)?;
    let next = if was_default { next_default(&file.configuration.config, name) } else { String::new() };
    out.note(&format!("Removed the profile `{}`{next}.", printable(name)));
    if out.json {
        out.document(json!({ "profile": name, "removed": true, "was_default": was_default }))
    } else {
        Ok(())
    }
}

/// The end of the note about `removed`, which was the default: what the default is now.
fn next_default(config: &Config, removed: &str) -> String {
    let mut others = config.profile.keys().filter(|other| *other != removed);
    match (others.next(), others.next()) {
        (None, _) => ", which was the default; there is no other".to_owned(),
        (Some(only), None) => {
            format!(", which was the default; the default is now `{}`, the only one left", printable(only))
        }
        (Some(first), Some(_)) => {
            format!(", which was the default; choose another: tidp profile use {}", arguments(&[first]))
        }
    }
}
