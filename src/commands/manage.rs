//! `tidp manage`: opens the user's own account page at TelenorID+, or prints the link.

use crate::cli::{self, Global};
use crate::domain::text::printable;
use crate::error::Result;
use crate::flows::context::Context;
use crate::flows::self_service;
use crate::ports::Ports;
use crate::terminal::output::Output;
use serde_json::json;

/// Opens the page in the browser; prints its link with `--print` or `--json`, or where no browser can be opened.
///
/// # Errors
/// Those of the flow.
pub fn run(ports: &Ports, out: &Output<'_>, global: &Global, args: &cli::Manage) -> Result<()> {
    Context::open(ports, out, global.profile.as_deref())?.run(|context| {
        let link = self_service::link(context, args.lang.as_deref())?;
        if out.json {
            return out.document(json!({ "url": link.as_str() }));
        }
        if !args.print && ports.browser.available() {
            match ports.browser.open(&link) {
                Ok(()) => {
                    out.note(&format!("Opened in your browser: {link}"));
                    return Ok(());
                }
                Err(why) => out.note(&format!("The browser could not be opened: {}.", printable(&why))),
            }
        }
        out.page(&format!("{link}\n"))
    })
}
