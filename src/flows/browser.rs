//! The user's browser: opened at a URL, or the URL printed.

use crate::domain::text::printable;
use crate::domain::time::Seconds;
use crate::flows::context::Context;
use url::Url;

/// Opens the URL in the browser, or prints it if there is none or `print_only` is set. Returns whether a browser was
/// opened. `action` is what to do there ("Continue"), `timeout` how long tidp waits.
pub fn open_or_print_url(context: &Context<'_>, url: &Url, action: &str, timeout: Seconds, print_only: bool) -> bool {
    let opened = !print_only && open_browser(context, url);
    if opened {
        print_opened_url(context, url, action, timeout);
    } else {
        print_url(context, url, "in a browser on this machine", timeout);
    }
    opened
}

/// Opens the URL in the browser, if there is one. Returns whether it was opened.
pub fn open_browser(context: &Context<'_>, url: &Url) -> bool {
    let not_opened =
        |why: &String| context.reporter.note(format!("The browser could not be opened: {}.", printable(why)));
    let browser = &context.ports.browser;
    browser.available() && browser.open(url).inspect_err(not_opened).is_ok()
}

/// Says what to do in the browser that was opened.
pub fn print_opened_url(context: &Context<'_>, url: &Url, action: &str, timeout: Seconds) {
    let timeout = timeout.to_text();
    context.reporter.prompt(format!(
        "{action} in your browser (waiting up to {timeout}). If it did not open, open this URL:\n\n  {url}\n"
    ));
}

/// Says where to open the URL.
pub fn print_url(context: &Context<'_>, url: &Url, place: &str, timeout: Seconds) {
    let timeout = timeout.to_text();
    context.reporter.prompt(format!("Open this URL {place} (waiting up to {timeout}):\n\n  {url}\n"));
}
