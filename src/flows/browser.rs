//! The user's browser: opened at a URL, or the URL printed.

use crate::domain::text::printable;
use crate::domain::time::Seconds;
use crate::flows::context::Context;
use url::Url;

/// Opens the URL in the browser, or prints it if there is none or `print_only` is set. Returns whether a browser was
/// opened. `action` is what to do there ("Continue"), `timeout` how long tidp waits.
pub fn open_or_print_url(context: &Context<'_>, url: &Url, action: &str, timeout: Seconds, print_only: bool) -> bool {
    let (reporter, browser, timeout) = (context.reporter, &context.ports.browser, timeout.to_text());
    let not_opened = |why: &String| reporter.note(format!("The browser could not be opened: {}.", printable(why)));
    let opened = !print_only && browser.available() && browser.open(url).inspect_err(not_opened).is_ok();
    reporter.prompt(if opened {
        format!("{action} in your browser (waiting up to {timeout}). If it did not open, open this URL:\n\n  {url}\n")
    } else {
        format!("Open this URL in a browser on this machine (waiting up to {timeout}):\n\n  {url}\n")
    });
    opened
}
