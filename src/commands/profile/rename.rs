//! `tidp profile rename`.

use crate::domain::text::printable;
use crate::error::Result;
use crate::flows::profile_file::ProfileFile;
use crate::flows::profile_session;
use crate::ports::Ports;
use crate::terminal::output::Output;
use serde_json::json;

pub fn run(ports: &Ports, out: &Output<'_>, name: &str, new_name: &str) -> Result<()> {
    let file = ProfileFile::open(ports)?;
    let has_session = profile_session::rename(ports, out, &file, name, new_name)?;
    let session = if has_session { "; its session is kept" } else { "" };
    out.note(&format!("The profile `{}` is now `{}`{session}.", printable(name), printable(new_name)));
    if out.json {
        out.document(json!({ "profile": new_name, "renamed_from": name, "session": has_session }))
    } else {
        Ok(())
    }
}
