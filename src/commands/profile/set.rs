//! `tidp profile set` and `tidp profile unset`.

use super::view::ProfileView;
use crate::config::AuthMethod;
use crate::domain::text::printable;
use crate::error::{Result, arguments};
use crate::flows::profile_file::{Change, ProfileFile};
use crate::flows::profile_session;
use crate::ports::Ports;
use crate::terminal::output::Output;

pub fn run(ports: &Ports, out: &Output<'_>, name: &str, key: &str, value: &str) -> Result<()> {
    let file = ProfileFile::open(ports)?;
    let change = file.set(name, key, value)?;
    out.note(&format!("Set {key} of the profile `{}`.", printable(name)));
    show(ports, out, &file, &change)
}

pub fn unset(ports: &Ports, out: &Output<'_>, name: &str, key: &str) -> Result<()> {
    let file = ProfileFile::open(ports)?;
    let (shown_key, shown_name) = (printable(key), printable(name));
    let Some(change) = file.unset(name, key)? else {
        out.note(&format!("{shown_key} was not set in the profile `{shown_name}`."));
        let profile = file.named(name)?;
        return document(out, &file, &Change { before: None, after: profile });
    };
    out.note(&format!("Removed {shown_key} from the profile `{shown_name}`."));
    show(ports, out, &file, &change)
}

fn show(ports: &Ports, out: &Output<'_>, file: &ProfileFile<'_>, change: &Change) -> Result<()> {
    profile_session::warn_of_old_session(ports, out, file, change);
    let needed_none = change.before.as_ref().is_none_or(|before| before.auth_method == AuthMethod::None);
    if needed_none && change.after.auth_method != AuthMethod::None && change.after.client_secret_command.is_none() {
        out.note(&format!("Next: tidp profile secret {}", arguments(&[&change.after.name])));
    }
    document(out, file, change)
}

fn document(out: &Output<'_>, file: &ProfileFile<'_>, change: &Change) -> Result<()> {
    if out.json { out.document(ProfileView::new(&change.after, &file.configuration).to_json()) } else { Ok(()) }
}
