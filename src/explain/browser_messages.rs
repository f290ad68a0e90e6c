//! The messages about the user's browser.

use crate::domain::text::printable;
use crate::domain::time::Seconds;
use url::Url;

/// The prompt after the browser was opened. `purpose` says what for ("log in"), `timeout` how long tidp waits.
pub fn opened_prompt(url: &Url, purpose: &str, timeout: Seconds) -> String {
    let timeout = timeout.to_text();
    format!("Opening your browser to {purpose} (waiting up to {timeout}). If nothing opens, go to:\n\n  {url}\n")
}

/// The prompt to open the URL. `place` says where.
pub fn open_prompt(url: &Url, place: &str, timeout: Seconds) -> String {
    let timeout = timeout.to_text();
    format!("Open this URL {place} (waiting up to {timeout}):\n\n  {url}\n")
}

/// The note that the browser could not be opened, and why.
pub fn not_opened_note(why: &str) -> String {
    format!("The browser could not be opened: {}.", printable(why))
}
