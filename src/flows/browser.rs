//! The user's browser, and the loopback server that the redirect URI leads to.

use crate::domain::text::printable;
use crate::domain::time::Seconds;
use crate::error::{ProfileError, Result};
use crate::explain::login_messages;
use crate::flows::context::Context;
use crate::ports::{ListenAddress, Listener, Ports};
use url::Url;

/// Opens the URL in the browser, or prints it if there is none or `print_only` is set. Returns whether a browser was
/// opened. `purpose` is what to do there ("log in"), `timeout` how long tidp waits.
pub fn open_or_print_url(context: &Context<'_>, url: &Url, purpose: &str, timeout: Seconds, print_only: bool) -> bool {
    let opened = !print_only && open_browser(context, url);
    context.reporter.prompt(&if opened {
        login_messages::browser_opened_prompt(url, purpose, timeout)
    } else {
        login_messages::open_url_prompt(url, "in a browser on this machine", timeout)
    });
    opened
}

/// Opens the URL in the browser, if there is one. Returns whether it was opened.
pub fn open_browser(context: &Context<'_>, url: &Url) -> bool {
    let not_opened =
        |why: &String| context.reporter.note(&format!("The browser could not be opened: {}.", printable(why)));
    let browser = &context.ports.browser;
    browser.available() && browser.open(url).inspect_err(not_opened).is_ok()
}

/// A server that listens there until it is dropped.
///
/// # Errors
/// `config`, if another program has the port, or the machine lacks the address.
pub fn listen(ports: &Ports, at: &ListenAddress) -> Result<Box<dyn Listener>> {
    ports.callback.listen(at).map_err(|what| {
        let port = at.port.map(|port| format!(":{port}")).unwrap_or_default();
        ProfileError::NoListener(format!("cannot listen on {}{port}, where the redirect URI leads: {what}", at.host))
            .into()
    })
}
