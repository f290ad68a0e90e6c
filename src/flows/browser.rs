//! The user's browser: opened at a URL, or the URL printed.

use crate::domain::time::Seconds;
use crate::explain::browser_messages;
use crate::flows::context::Context;
use url::Url;

/// Opens the URL in the browser, or prints it if there is none or `print_only` is set. Returns whether a browser was
/// opened. `purpose` is what to do there ("log in"), `timeout` how long tidp waits.
pub fn open_or_print_url(context: &Context<'_>, url: &Url, purpose: &str, timeout: Seconds, print_only: bool) -> bool {
    let opened = !print_only && open_browser(context, url);
    if opened {
        print_opened_url(context, url, purpose, timeout);
    } else {
        print_url(context, url, "in a browser on this machine", timeout);
    }
    opened
}

/// Opens the URL in the browser, if there is one. Returns whether it was opened.
pub fn open_browser(context: &Context<'_>, url: &Url) -> bool {
    let not_opened = |why: &String| context.reporter.note(browser_messages::not_opened_note(why));
    let browser = &context.ports.browser;
    browser.available() && browser.open(url).inspect_err(not_opened).is_ok()
}

/// Says what to do in the browser that was opened.
pub fn print_opened_url(context: &Context<'_>, url: &Url, purpose: &str, timeout: Seconds) {
    context.reporter.prompt(browser_messages::opened_prompt(url, purpose, timeout));
}

/// Says where to open the URL.
pub fn print_url(context: &Context<'_>, url: &Url, place: &str, timeout: Seconds) {
    context.reporter.prompt(browser_messages::open_prompt(url, place, timeout));
}
