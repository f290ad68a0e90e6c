//! `tidp demo`: the whole demo on the built-in sandbox, on a machine with nothing set up. It keeps its session in
//! memory, moves a clock of its own, and leaves nothing behind.

use crate::cli::{self, Cli};
use crate::domain::policy::RefreshTokenUsage;
use crate::domain::secret::Secret;
use crate::domain::time::{Seconds, Time};
use crate::error::{Error, Result};
use crate::ports::{Browser, Clock, Dirs, Env, Http, Method, Ports, Request, Stream, Terminal, TokenCache};
use crate::sandbox::{Options, Sandbox, USERS};
use crate::terminal::output::Output;
use clap::Parser;
use colored::Color;
use serde_json::{Value, json};
use std::io;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use url::Url;

/// The clock of the demo: the machine's, moved on at will. Sandbox and client share it.
struct JumpingClock {
    real: Arc<dyn Clock>,
    moved: AtomicI64,
}

impl Clock for JumpingClock {
    fn now(&self) -> Time {
        self.real.now().plus(Seconds(self.moved.load(Ordering::SeqCst)))
    }

    fn uptime(&self) -> Duration {
        self.real.uptime()
    }

    fn pause(&self, duration: Duration) {
        self.real.pause(duration);
    }
}

/// What the commands of the demo print, kept to be shown: standard output and standard error apart.
#[derive(Default)]
struct CapturedTerminal {
    printed: Mutex<(String, String)>,
}

impl CapturedTerminal {
    fn take(&self) -> (String, String) {
        std::mem::take(&mut *self.printed.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Terminal for CapturedTerminal {
    fn out(&self, text: &str) -> io::Result<()> {
        self.printed.lock().unwrap_or_else(PoisonError::into_inner).0.push_str(text);
        Ok(())
    }

    fn err(&self, text: &str) {
        self.printed.lock().unwrap_or_else(PoisonError::into_inner).1.push_str(text);
    }

    fn stdout(&self) -> Stream {
        Stream { is_terminal: false, columns: Some(76), rows: None }
    }

    fn stderr(&self) -> Stream {
        self.stdout()
    }

    fn stdin_is_terminal(&self) -> bool {
        false
    }

    fn read_line(&self) -> io::Result<Option<String>> {
        Ok(None)
    }

    fn read_line_within(&self, _: Duration) -> io::Result<Option<String>> {
        Ok(None)
    }

    fn read_secret(&self, _: &str) -> io::Result<Secret> {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}

/// No cache outlives the demo.
struct NoCache;

impl TokenCache for NoCache {
    fn get(&self, _: &str) -> Option<Secret> {
        None
    }

    fn put(&self, _: &str, _: &Secret, _: Seconds) {}

    fn forget(&self, _: &str) {}
}

/// How long a real browser is waited for before the demo goes on without it.
const BROWSER_PATIENCE: Duration = Duration::from_secs(8);

/// The browser of the demo: the user's, if there is one; where there is none, or it does not come, this program follows
/// the sandbox's redirects to the callback itself and shows nobody a page.
struct DemoBrowser {
    real: Option<Arc<dyn Browser>>,
    http: Arc<dyn Http>,
    clock: Arc<dyn Clock>,
}

impl Browser for DemoBrowser {
    fn available(&self) -> bool {
        true
    }

    fn open(&self, url: &Url) -> std::result::Result<(), String> {
        let opened = self.real.as_ref().is_some_and(|browser| browser.open(url).is_ok());
        let (http, clock, url) = (Arc::clone(&self.http), Arc::clone(&self.clock), url.clone());
        let follow = move || {
            if opened {
                clock.pause(BROWSER_PATIENCE);
            }
            approve(http.as_ref(), url);
        };
        // Not `Ports::background`: this has to wait for the command that waits for it.
        std::thread::Builder::new().spawn(follow).map(drop).map_err(|error| error.to_string())
    }
}

/// Follows the redirects: authorization endpoint, callback, result page, and one to spare. Where a real browser was first,
/// the callback is gone, and that is that.
fn approve(http: &dyn Http, start: Url) {
    let mut next = Some(start);
    for _ in 0..4 {
        let Some(url) = next.take() else { return };
        let request = Request {
            method: Method::Get,
            url: url.clone(),
            authorization: None,
            accept: "text/html",
            body: None,
            ca_file: None,
            deadline: None,
            secrets: Vec::new(),
        };
        let Ok(response) = http.send(&request) else { return };
        next = response.header("location").and_then(|location| url.join(location).ok());
    }
}

/// Runs one command line in a world of its own.
pub type RunCommand = fn(&Ports, &Output<'_>, &Cli) -> Result<()>;

/// Plays a login, a refresh and a logout against a sandbox, with a clock that jumps. `run_command` runs each command.
///
/// # Errors
/// `failed`, if a command fails.
pub fn run(ports: &Ports, out: &Output<'_>, args: &cli::Demo, run_command: RunCommand) -> Result<()> {
    let clock = Arc::new(JumpingClock { real: Arc::clone(&ports.clock), moved: AtomicI64::new(0) });
    let options = Options {
        port: 0,
        auto_approve: Some(&USERS[0]),
        refresh_token_usage: RefreshTokenUsage::OneTimeOnly,
        ..Options::default()
    };
    let sandbox = Sandbox::start(options, Arc::clone(&clock) as Arc<dyn Clock>, Arc::clone(&ports.entropy))
        .map_err(|error| Error::failed(format!("cannot serve on 127.0.0.1: {error}")))?;
    let real_browser = !args.no_browser && ports.terminal.stdout().is_terminal && ports.browser.available();
    let screen = Arc::new(CapturedTerminal::default());
    let demo = Demo {
        out,
        ports: demo_ports(ports, &sandbox, &clock, &screen, real_browser),
        screen,
        clock,
        run_command,
        steps: Mutex::default(),
    };
    demo.play(sandbox.issuer(), real_browser)?;
    if out.json {
        out.document(json!({ "steps": demo.steps.into_inner().unwrap_or_else(PoisonError::into_inner) }))
    } else {
        Ok(())
    }
}

fn demo_ports(
    ports: &Ports,
    sandbox: &Sandbox,
    clock: &Arc<JumpingClock>,
    screen: &Arc<CapturedTerminal>,
    real_browser: bool,
) -> Ports {
    let own = [
        ("TIDP_ISSUER", sandbox.issuer()),
        ("TIDP_CLIENT_ID", "sandbox-mobile"),
        ("TIDP_CLIENT_TYPE", "MobileApp"),
        ("TIDP_STORE", "memory"),
        ("NO_COLOR", "1"),
    ];
    let mut env: Env = ports.env.clone();
    env.0.retain(|name, _| !name.contains("TIDP_") && name != "CLICOLOR_FORCE");
    env.0.extend(own.map(|(name, value)| (name.to_owned(), Secret::new(value))));
    let browser = DemoBrowser {
        real: real_browser.then(|| Arc::clone(&ports.browser)),
        http: Arc::clone(&ports.http),
        clock: Arc::clone(&ports.clock),
    };
    Ports {
        clock: Arc::clone(clock) as Arc<dyn Clock>,
        terminal: Arc::clone(screen) as Arc<dyn Terminal>,
        cache: Arc::new(NoCache),
        dirs: Dirs { config: None, data: None, state: None, cache: None },
        browser: Arc::new(browser),
        env,
        ..ports.clone()
    }
}

/// The demo, as far as it is told.
struct Demo<'w> {
    out: &'w Output<'w>,
    ports: Ports,
    screen: Arc<CapturedTerminal>,
    run_command: RunCommand,
    clock: Arc<JumpingClock>,
    steps: Mutex<Vec<Value>>,
}

impl Demo<'_> {
    fn play(&self, issuer: &str, real_browser: bool) -> Result<()> {
        self.say(&format!("A stand-in for TelenorID+ now runs inside this program, at {issuer}. Nothing is set up and nothing will be left behind."))?;
        self.say(if real_browser {
            "Log in. The browser opens; this sandbox approves by itself."
        } else {
            "Log in. On a desktop a browser opens; here the demo approves the login itself."
        })?;
        self.run(&["login", "--timeout", "30s"])?;
        self.say("Get a token, for a script to put into a header. This is all most scripts need.")?;
        self.run(&["token", "--format", "header"])?;
        self.say("Ask for a refresh. It is not due, so the provider is left in peace.")?;
        self.run(&["refresh"])?;
        self.advance(
            Seconds::minutes(61),
            "Sixty-one minutes pass. The access token has expired; `tidp token` refreshes by itself, once.",
        )?;
        self.run(&["token", "--format", "header"])?;
        self.advance(Seconds::days(30), "Thirty days pass. What does the refresh policy say?")?;
        self.run(&["policy"])?;
        self.run(&["refresh"])?;
        self.run(&["policy", "--short"])?;
        self.say("Log out: here first, then at the provider.")?;
        self.run(&["logout"])?;
        self.say("Next: `tidp sandbox` to try an app of yours against each policy, or `tidp profile add` and `tidp login` for the real TelenorID+.")
    }

    fn say(&self, text: &str) -> Result<()> {
        if self.out.json { Ok(()) } else { self.out.answer(&format!("\n{}\n", self.out.paint(text, Color::Cyan))) }
    }

    fn advance(&self, time: Seconds, text: &str) -> Result<()> {
        self.clock.moved.fetch_add(time.0, Ordering::SeqCst);
        self.say(text)
    }

    /// Runs one command as a user would, and shows what it printed; long words, which are tokens, are cut.
    fn run(&self, command: &[&str]) -> Result<()> {
        let line = format!("tidp {}", command.join(" "));
        let cli = Cli::try_parse_from(std::iter::once("tidp").chain(command.iter().copied()))
            .map_err(|error| Error::failed(format!("{line}: {error}")))?;
        let outcome = (self.run_command)(&self.ports, &Output::new(&self.ports, &cli.global), &cli);
        let (printed, told) = self.screen.take();
        if let Err(error) = outcome {
            return Err(Error::failed(format!("`{line}` failed: {}", error.report().message)));
        }
        if self.out.json {
            let step = json!({ "command": line, "stdout": cut(&printed), "stderr": told });
            self.steps.lock().unwrap_or_else(PoisonError::into_inner).push(step);
            return Ok(());
        }
        self.out.answer(&format!("\n{} {}\n", self.out.paint("$", Color::Green), self.out.bold(&line)))?;
        let shown = told + &cut(&printed);
        shown.lines().try_for_each(|line| self.out.answer(&format!("  {line}\n")))
    }
}

/// A token is recognised by its length; nobody reads its middle.
fn cut(text: &str) -> String {
    let word = |word: &str| match (word.len() > 200).then(|| word.get(..24)).flatten() {
        Some(start) => format!("{start}… ({} characters)", word.len()),
        None => word.to_owned(),
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}
