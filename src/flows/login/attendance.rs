//! Whether somebody can finish a login.

use super::options::LoginOptions;
use crate::config::RedirectUri;
use crate::error::{LoginMethod, Result, SetupError};
use crate::flows::context::Context;

/// Succeeds unless nobody can finish the login: no terminal shows the URL, and no browser opens for a person. A way that
/// was asked for by name is taken: a script may drive it.
///
/// # Errors
/// `usage`, before anything is sent.
pub(super) fn check(context: &Context<'_>, options: &LoginOptions) -> Result<()> {
    let (ports, profile) = (context.ports, &context.profile);
    let is_pasted = options.paste || matches!(profile.redirect_uri, RedirectUri::Elsewhere(_));
    let is_prompt_none = options.request.prompt.as_deref() == Some("none");
    let is_by_name = options.method != LoginMethod::Browser || options.no_browser || is_pasted || is_prompt_none;
    if is_by_name || ports.terminal.stdin_is_terminal() || ports.terminal.stderr().is_terminal {
        return Ok(());
    }
    if !ports.browser.available() {
        return Err(SetupError::NobodyToLogIn("no browser can be opened").into());
    }
    let is_ci_job = ports.env.get("CI").is_some_and(|value| !matches!(value, "false" | "0"));
    if is_ci_job && ports.env.get("BROWSER").is_none() {
        return Err(SetupError::NobodyToLogIn("this is a CI job (CI is set)").into());
    }
    Ok(())
}
