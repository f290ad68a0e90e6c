//! The ports of the demo: a clock that jumps, a terminal that captures, a browser that needs no person.

use crate::domain::mutex::lock_mutex;
use crate::domain::secret::Secret;
use crate::domain::time::{Seconds, Time};
use crate::oidc::discovery::get_request;
use crate::ports::{Browser, Clock, Dirs, Env, Http, Ports, Stream, Terminal};
use std::io;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use url::Url;

/// The machine's clock plus an offset.
pub(super) struct JumpingClock {
    machine: Arc<dyn Clock>,
    offset: AtomicI64,
}

impl JumpingClock {
    pub(super) fn new(machine: Arc<dyn Clock>) -> Self {
        Self { machine, offset: AtomicI64::new(0) }
    }

    pub(super) fn advance(&self, by: Seconds) {
        self.offset.fetch_add(by.0, Ordering::SeqCst);
    }
}

impl Clock for JumpingClock {
    fn now(&self) -> Time {
        self.machine.now().plus(Seconds(self.offset.load(Ordering::SeqCst)))
    }

    fn uptime(&self) -> Duration {
        self.machine.uptime()
    }

    fn pause(&self, duration: Duration) {
        self.machine.pause(duration);
    }
}

/// Captures its output, and has no input.
pub(super) struct CapturedTerminal {
    columns: u16,
    /// Standard output and standard error.
    output: Mutex<(String, String)>,
}

impl CapturedTerminal {
    pub(super) fn new(columns: u16) -> Self {
        Self { columns, output: Mutex::default() }
    }

    /// What was written since the last call.
    pub(super) fn take(&self) -> (String, String) {
        std::mem::take(&mut *lock_mutex(&self.output))
    }
}

impl Terminal for CapturedTerminal {
    fn out(&self, text: &str) -> io::Result<()> {
        lock_mutex(&self.output).0.push_str(text);
        Ok(())
    }

    fn err(&self, text: &str) {
        lock_mutex(&self.output).1.push_str(text);
    }

    fn stdout(&self) -> Stream {
        Stream { is_terminal: false, obeys_escapes: true, columns: Some(self.columns), rows: None }
    }

    fn stderr(&self) -> Stream {
        self.stdout()
    }

    fn stdin_is_terminal(&self) -> bool {
        false
    }

    fn read_line(&self, _: Option<Duration>) -> io::Result<Option<String>> {
        Ok(None)
    }

    fn read_secret(&self, _: &str) -> io::Result<Secret> {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}

/// How long the user's browser has to log in before the demo does.
const BROWSER_TIMEOUT: Duration = Duration::from_secs(8);

/// The user's browser, if there is one. Otherwise, or if it is too slow, the demo follows the redirects itself.
struct DemoBrowser {
    browser: Option<Arc<dyn Browser>>,
    http: Arc<dyn Http>,
    clock: Arc<dyn Clock>,
}

impl Browser for DemoBrowser {
    fn available(&self) -> bool {
        true
    }

    fn open(&self, url: &Url) -> Result<(), String> {
        let opened = self.browser.as_ref().is_some_and(|browser| browser.open(url).is_ok());
        let (http, clock, url) = (Arc::clone(&self.http), Arc::clone(&self.clock), url.clone());
        let approve = move || {
            if opened {
                clock.pause(BROWSER_TIMEOUT);
            }
            follow_redirects(http.as_ref(), url);
        };
        // Not `Ports::background`, which may run the work at once: this must run while the login waits.
        std::thread::Builder::new().spawn(approve).map(drop).map_err(|error| error.to_string())
    }
}

/// Logs in by visiting the authorization endpoint, the callback and the result page. If the browser has logged in, the
/// callback no longer listens.
fn follow_redirects(http: &dyn Http, mut url: Url) {
    for _ in 0..4 {
        let Ok(response) = http.send(&get_request(url.clone(), "text/html")) else { return };
        let Some(Ok(next)) = response.header("location").map(|location| url.join(location)) else { return };
        url = next;
    }
}

/// `ports` for a client of the sandbox that keeps its session in memory (which is never cached) and has no files.
pub(super) fn demo_ports(
    ports: &Ports,
    issuer: &str,
    clock: &Arc<JumpingClock>,
    terminal: &Arc<CapturedTerminal>,
    use_browser: bool,
) -> Ports {
    let variables = [
        ("TIDP_ISSUER", issuer),
        ("TIDP_CLIENT_ID", "sandbox-mobile"),
        ("TIDP_CLIENT_TYPE", "MobileApp"),
        ("TIDP_STORE", "memory"),
        ("NO_COLOR", "1"),
    ];
    let mut env: Env = ports.env.clone();
    // Its browser needs no person, so a CI job may run the demo.
    env.variables.retain(|name, _| !name.contains("TIDP_") && !["CLICOLOR_FORCE", "CI"].contains(&name.as_str()));
    env.variables.extend(variables.map(|(name, value)| (name.to_owned(), Secret::new(value))));
    let browser = DemoBrowser {
        browser: use_browser.then(|| Arc::clone(&ports.browser)),
        http: Arc::clone(&ports.http),
        clock: Arc::clone(&ports.clock),
    };
    Ports {
        clock: Arc::clone(clock) as Arc<dyn Clock>,
        terminal: Arc::clone(terminal) as Arc<dyn Terminal>,
        dirs: Dirs { config: None, data: None, state: None, cache: None },
        browser: Arc::new(browser),
        env,
        ..ports.clone()
    }
}
