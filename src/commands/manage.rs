//! `tidp manage`: opens the user's own account page at TelenorID+, or prints the link.

use crate::cli;
use crate::error::Result;
use crate::flows::browser::open_browser;
use crate::flows::context::Context;
use crate::flows::self_service;
use crate::ports::Reporter;
use crate::terminal::output::Output;
use serde_json::json;

/// Opens the page in the browser; prints its link with `--print` or `--json`, or where no browser can be opened.
pub fn run(context: &Context<'_>, out: &Output<'_>, args: &cli::Manage) -> Result<()> {
    let link = self_service::link(context, args.lang.as_deref())?;
    if out.json {
        return out.document(json!({ "url": link.as_str() }));
    }
    if !args.print && open_browser(context, &link) {
        out.note(&format!("Opened in your browser: {link}"));
        return Ok(());
    }
    out.page(&format!("{link}\n"))
}
