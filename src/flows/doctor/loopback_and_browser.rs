//! The port that the redirect leads to, and the program that would open the browser, which is not started.

use super::{Finding, Patient};
use crate::config::RedirectUri;
use crate::domain::text::printable;
use crate::explain::doctor_report::Check;
use crate::flows::browser::listen;
use crate::ports::ListenAt;

const LOOPBACK: &str = "loopback port";
const BROWSER: &str = "browser";

const NO_LOGIN: &str = "not needed: the client acts for itself";

impl Patient<'_> {
    pub(super) fn loopback_port(&self) -> Finding {
        let any_port = ListenAt { host: "127.0.0.1".into(), port: None, path: "/callback".into() };
        let at = match self.profile.as_ref().map(|profile| &profile.redirect_uri) {
            _ if self.is_machine() => return Check::skipped(LOOPBACK, NO_LOGIN).into(),
            Some(RedirectUri::Elsewhere(uri)) => {
                let uri = printable(uri);
                let why = format!("not needed: {uri} is not on this machine, so `tidp login` asks for the URL");
                return Check::skipped(LOOPBACK, why).into();
            }
            Some(RedirectUri::AnyPort(at) | RedirectUri::Fixed(_, at)) => at,
            None => &any_port,
        };
        match listen(self.ports, at) {
            Ok(_listener) => {
                let port = at.port.map_or_else(|| "any port".to_owned(), |port| format!("port {port}"));
                Check::ok(LOOPBACK, format!("{port} of {} can be listened on", at.host)).into()
            }
            Err(error) => self.failed(LOOPBACK, error, ""),
        }
    }

    pub(super) fn browser(&self) -> Check {
        let (env, browser) = (&self.ports.env, &self.ports.browser);
        if self.is_machine() {
            return Check::skipped(BROWSER, NO_LOGIN);
        }
        if !browser.available() {
            let why = "there is neither a display nor BROWSER, so `tidp login` shows the URL and takes a pasted one";
            return Check::warning(BROWSER, why);
        }
        let named_by = ["BROWSER", "WAYLAND_DISPLAY", "DISPLAY"].into_iter().find(|name| env.get(name).is_some());
        let named_by = match named_by {
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
}
