//! `tidp demo`: a session from login to logout on the sandbox, with a clock that jumps. Leaves nothing behind.

mod environment;

use crate::cli::{self, Cli, ColorWhen};
use crate::domain::policy::RefreshTokenUsage;
use crate::domain::time::Seconds;
use crate::error::{Error, Result};
use crate::ports::{Clock, Ports};
use crate::sandbox::{Options, Sandbox, Settings};
use crate::terminal::output::Output;
use clap::Parser;
use colored::Color;
use environment::{CapturedTerminal, JumpingClock, demo_ports};
use serde_json::{Value, json};
use std::sync::Arc;

enum Step {
    Say(&'static str),
    /// Moves the clock.
    Wait(Seconds, &'static str),
    Run(&'static str),
}
use Step::{Run, Say, Wait};

/// How far the output of a command is indented, and its greatest width: a picture is not wrapped.
const INDENT: usize = 2;
const MAX_COLUMNS: usize = 96;

const STORY: [Step; 16] = [
    Run("login --timeout 30s"),
    Say("Get a token as a header. This is all that most scripts need."),
    Run("token --format header"),
    Say("Ask for a refresh. It is not due, so nothing is sent."),
    Run("refresh"),
    Wait(
        Seconds::minutes(61),
        "Sixty-one minutes pass. The access token has expired; `tidp token` refreshes by itself, once.",
    ),
    Run("token --format header"),
    Wait(Seconds::days(30), "Thirty days pass. What does the refresh policy say?"),
    Run("policy"),
    Run("refresh"),
    Run("policy --short"),
    Say(
        "The policy decides. For a web page with refresh tokens the refresh token expires long before the access token does, \
         so a script that waits for that has to log in again:",
    ),
    Run("policy simulate PublicWeb --every 20m"),
    Say("Log out: here first, then at the provider."),
    Run("logout"),
    Say(
        "Next: `tidp sandbox` to try an app of yours against each policy, or `tidp profile add` and `tidp login` for the \
         real TelenorID+.",
    ),
];

pub type RunCommand = fn(&Ports, &Output<'_>, &Cli) -> Result<()>;

/// # Errors
/// `failed`, if the sandbox cannot start or a command fails.
pub fn run(ports: &Ports, out: &Output<'_>, args: &cli::Demo, run_command: RunCommand) -> Result<()> {
    let clock = Arc::new(JumpingClock::new(Arc::clone(&ports.clock)));
    let settings = Settings { refresh_token_usage: RefreshTokenUsage::OneTimeOnly, ..Settings::default() };
    let options = Options { auto_approve: true, settings, ..Options::default() };
    let sandbox = Sandbox::start(options, Arc::clone(&clock) as Arc<dyn Clock>, Arc::clone(&ports.entropy))
        .map_err(|error| Error::failed(format!("cannot listen on 127.0.0.1: {error}")))?;
    let issuer = sandbox.issuer();
    let use_browser = !args.no_browser && ports.terminal.stdout().is_terminal && ports.browser.available();
    let columns = out.columns().saturating_sub(2 * INDENT).min(MAX_COLUMNS);
    let terminal = Arc::new(CapturedTerminal::new(columns.try_into().unwrap_or(u16::MAX)));
    let ports = demo_ports(ports, issuer, &clock, &terminal, use_browser);
    let mut demo = Demo { out, ports, terminal, clock, run_command, steps: Vec::new() };
    demo.say(&format!(
        "A stand-in for TelenorID+ now runs inside this program, at {issuer}. Nothing is set up and nothing will be left \
         behind."
    ))?;
    demo.say(if use_browser {
        "Log in. The browser opens; this sandbox approves by itself."
    } else {
        "Log in. On a desktop a browser opens; here the demo approves the login itself."
    })?;
    for step in &STORY {
        match step {
            Say(text) => demo.say(text)?,
            Wait(time, text) => {
                demo.clock.advance(*time);
                demo.say(text)?;
            }
            Run(command) => demo.run(command)?,
        }
    }
    out.document_if_json(|| json!({ "steps": demo.steps }))
}

struct Demo<'a> {
    out: &'a Output<'a>,
    ports: Ports,
    terminal: Arc<CapturedTerminal>,
    clock: Arc<JumpingClock>,
    run_command: RunCommand,
    /// The commands and their output, for `--json`.
    steps: Vec<Value>,
}

impl Demo<'_> {
    fn say(&self, text: &str) -> Result<()> {
        if self.out.json { Ok(()) } else { self.out.page(&format!("\n{}\n", self.out.colors.paint(text, Color::Cyan))) }
    }

    fn run(&mut self, command: &str) -> Result<()> {
        let line = format!("tidp {command}");
        let mut cli =
            Cli::try_parse_from(line.split(' ')).map_err(|error| Error::failed(format!("{line}: {error}")))?;
        let colors = self.out.colors.0 && !self.out.json;
        cli.global.color = Some(if colors { ColorWhen::Always } else { ColorWhen::Never });
        let outcome = (self.run_command)(&self.ports, &Output::new(&self.ports, &cli.global), &cli);
        let (stdout, stderr) = self.terminal.take();
        if let Err(error) = outcome {
            return Err(Error::failed(format!("`{line}` failed: {}", error.report().message)));
        }
        let stdout = shorten_tokens(&stdout);
        if self.out.json {
            self.steps.push(json!({ "command": line, "stdout": stdout, "stderr": stderr }));
            return Ok(());
        }
        let out = self.out;
        out.answer(&format!("\n{} {}\n", out.colors.paint("$", Color::Green), out.colors.bold(&line)))?;
        out.indented_page(&(stderr + &stdout), INDENT)
    }
}

/// `text` with every token cut to its beginning: a long run of the characters that RFC 6750 allows in a token. Colours and
/// pictures have others.
fn shorten_tokens(text: &str) -> String {
    let is_in_token = |c: char| c.is_ascii_alphanumeric() || "-._~+/=".contains(c);
    let shorten = |part: &str| {
        let run = part.trim_end_matches(|c| !is_in_token(c));
        match (run.len() > 200).then(|| run.get(..24)).flatten() {
            Some(start) => format!("{start}… ({} characters){}", run.len(), &part[run.len()..]),
            None => part.to_owned(),
        }
    };
    text.split_inclusive(|c| !is_in_token(c)).map(shorten).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_shortened_and_coloured_pictures_are_not() {
        let picture = format!("{}\n", "\x1b[36m━\x1b[0m".repeat(60));
        assert_eq!(shorten_tokens(&picture), picture);
        let token = "eyJ0eXAi.aB-_~+/=".repeat(20);
        let shown = shorten_tokens(&format!("Authorization: Bearer {token}\n"));
        assert_eq!(shown, format!("Authorization: Bearer {}… (340 characters)\n", &token[..24]));
    }
}
