//! The port that the redirect leads to, and the program that would open the browser, which is not started.

use super::checklist::Checklist;
use super::patient::Patient;
use crate::config::RedirectUri;
use crate::domain::text::printable;
use crate::error::Result;
use crate::explain::doctor_report::Check;
use crate::flows::redirect_listener::listen;
use crate::ports::ListenAt;

const LOOPBACK: &str = "loopback port";
const BROWSER: &str = "browser";

const NO_LOGIN: &str = "not needed: the client acts for itself";

pub(super) fn check(patient: &Patient<'_>, checklist: &mut Checklist<'_>) -> Result<()> {
    check_port(patient, checklist)?;
    checklist.pass(browser(patient))
}

fn check_port(patient: &Patient<'_>, checklist: &mut Checklist<'_>) -> Result<()> {
    let any_port = ListenAt { host: "127.0.0.1".into(), port: None, path: "/callback".into() };
    let at = match patient.profile.as_ref().map(|profile| &profile.redirect_uri) {
        _ if patient.is_machine() => return checklist.pass(Check::skipped(LOOPBACK, NO_LOGIN)),
        Some(RedirectUri::Elsewhere(uri)) => {
            let uri = printable(uri);
            let why = format!("not needed: {uri} is not on this machine, so `tidp login` asks for the URL");
            return checklist.pass(Check::skipped(LOOPBACK, why));
        }
        Some(RedirectUri::AnyPort(at) | RedirectUri::Fixed(_, at)) => at,
        None => &any_port,
    };
    match listen(patient.ports, at) {
        Ok(_listener) => {
            let port = at.port.map_or_else(|| "any port".to_owned(), |port| format!("port {port}"));
            checklist.pass(Check::ok(LOOPBACK, format!("{port} of {} can be listened on", at.host)))
        }
        Err(error) => checklist.fail(LOOPBACK, &patient.hinted(error), "", Vec::new()),
    }
}

fn browser(patient: &Patient<'_>) -> Check {
    let (env, browser) = (&patient.ports.env, &patient.ports.browser);
    if patient.is_machine() {
        return Check::skipped(BROWSER, NO_LOGIN);
    }
    if !browser.available() {
        let why = "there is neither a display nor BROWSER, so `tidp login` shows the URL and takes a pasted one";
        return Check::warning(BROWSER, why);
    }
    let named_by = match ["BROWSER", "WAYLAND_DISPLAY", "DISPLAY"].into_iter().find(|name| env.get(name).is_some()) {
        Some("BROWSER") => "named by BROWSER".to_owned(),
        Some(display) => format!("{display} is set"),
        None => "this system's own".to_owned(),
    };
    match browser.opener() {
        Ok(program) => Check::ok(BROWSER, format!("{program} would open it ({named_by}); it was not started")),
        Err(why) => Check::warning(BROWSER, format!("it cannot be opened ({named_by}): {why}"))
            .remedy("export BROWSER=PROGRAM, one that shows a web page; or open the URL that `tidp login` shows"),
    }
}
