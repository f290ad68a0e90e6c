//! `tidp policy --watch`: redraws the page as time passes. That uses the terminal's alternate screen, so
//! that the user's screen is restored afterwards.

use crate::cli;
use crate::commands::policy_page::page;
use crate::domain::session::Session;
use crate::domain::time::Time;
use crate::error::{Error, Result};
use crate::explain::outlook::SessionOutlook;
use crate::flows::context::Context;
use crate::flows::refresh_token_introspection::load_with_introspection;
use crate::ports::{Ports, Prompt, Reporter};
use crate::terminal::layout::cut;
use crate::terminal::output::Output;
use colored::Color;
use std::time::Duration;

/// How often signals, the terminal's size and the clock are checked.
const TICK: Duration = Duration::from_millis(100);
/// How often the store is read: another process may have renewed the session, and a keyring is slow.
const READ_INTERVAL: Duration = Duration::from_secs(5);

/// The alternate screen (xterm's 1049), with long lines cut instead of wrapped. The cursor stays visible for the shell
/// after Ctrl-Z.
const ENTER: &str = "\x1b[?1049h\x1b[?7l\x1b[2J";
const LEAVE: &str = "\x1b[?7h\x1b[?1049l";

/// Draws until SIGINT or SIGTERM, which then ends the process.
///
/// # Errors
/// `usage` if standard output is not a terminal; as `tidp policy` before the first page.
pub(super) fn run(ports: &Ports, out: &Output<'_>, flag: Option<&str>, args: &cli::Policy) -> Result<()> {
    if !ports.terminal.stdout().is_terminal || ports.env.get("TERM") == Some("dumb") {
        return Err(Error::usage("--watch needs a terminal as standard output"));
    }
    Context::open(ports, out, flag)?.run(|context| {
        context.require_user("there is no session to watch")?;
        let (session, paused_until) = load_with_introspection(context)?;
        let signals = ports.signals.defer();
        let result = out.answer(ENTER).and_then(|()| {
            let loaded_at = ports.clock.uptime();
            let (load_error, screen, drawn_for) = (None, String::new(), None);
            let mut watch =
                Watch { context, out, args, session, paused_until, load_error, loaded_at, screen, drawn_for };
            while !signals.pending() {
                watch.draw()?;
                ports.clock.pause(TICK);
                watch.reload();
            }
            Ok(())
        });
        // Also after a failure to draw. If this fails too, there is no terminal to restore.
        let _ = out.answer(LEAVE);
        drop(signals);
        result
    })
}

struct Watch<'c> {
    context: &'c Context<'c>,
    out: &'c Output<'c>,
    args: &'c cli::Policy,
    session: Option<Session>,
    /// Until when the provider is not asked about this session again.
    paused_until: Option<Time>,
    load_error: Option<String>,
    loaded_at: Duration,
    /// What is on the screen, and the moment and size it was drawn for.
    screen: String,
    drawn_for: Option<(Time, Size)>,
}

/// Shown instead of an outlook, if there is no session.
pub(super) const NO_SESSION: &str = "no session";

/// Columns and rows.
type Size = (usize, usize);

impl<'c> Watch<'c> {
    /// Draws the page for now, unless it is on the screen already.
    fn draw(&mut self) -> Result<()> {
        let (now, size) = (self.context.ports.clock.now(), self.size());
        if self.drawn_for == Some((now, size)) {
            return Ok(());
        }
        let resized = self.drawn_for.is_none_or(|(_, before)| before != size);
        self.drawn_for = Some((now, size));
        let text = self.text(now, size);
        if !resized && text == self.screen {
            return Ok(());
        }
        // One write, so that nothing flickers. Each line is cleared before it is written: after a line that fills the
        // screen, the cursor still stands on its last character. No newline after the last line: it would scroll.
        let lines: Vec<String> = text.lines().map(|line| format!("{line}\x1b[0m")).collect();
        let (last, before) = lines.split_last().map_or(("", &[][..]), |(last, before)| (last.as_str(), before));
        let before: String = before.iter().map(|line| format!("\x1b[K{line}\r\n")).collect();
        let clear = if resized { "\x1b[2J" } else { "" };
        self.out.answer(&format!("{clear}\x1b[H{before}\x1b[J{last}"))?;
        self.screen = text;
        Ok(())
    }

    fn size(&self) -> Size {
        (self.out.columns(), self.context.ports.terminal.stdout().rows.unwrap_or(24).into())
    }

    /// The page, cut to the screen, with a footer.
    fn text(&self, now: Time, (columns, rows): Size) -> String {
        let paused_until = self.paused_until.filter(|until| now < *until);
        let outlook = |session| SessionOutlook { paused_until, ..self.context.outlook(session, now) };
        let outlook = self.session.as_ref().map(outlook);
        let page = page(self.context, self.out, outlook.as_ref(), self.args, columns);
        let out = self.out;
        let whole = format!("{}  Ctrl-C to quit", out.local_time(now));
        let footer = match &self.load_error {
            Some(error) => out.colors.paint(&cut(error, columns), Color::Magenta),
            None if whole.len() <= columns => out.colors.faint(&whole),
            None => out.colors.faint(&cut("Ctrl-C to quit", columns)),
        };
        let mut lines: Vec<&str> = page.lines().collect();
        lines.truncate(rows.saturating_sub(2));
        if rows < 2 || lines.len() < 3 {
            return cut(&countdown(outlook.as_ref()), columns);
        }
        format!("{}\n\n{footer}", lines.join("\n"))
    }

    /// Reads the store once in a while. A failure is shown in the footer.
    fn reload(&mut self) {
        let uptime = self.context.ports.clock.uptime();
        if uptime.saturating_sub(self.loaded_at) < READ_INTERVAL {
            return;
        }
        match self.context.load(Prompt::Forbidden) {
            Ok(session) => {
                self.paused_until.take_if(|_| session != self.session);
                (self.session, self.load_error) = (session, None);
            }
            Err(error) => self.load_error = Some(error.report().message),
        }
        self.loaded_at = self.context.ports.clock.uptime();
    }
}

/// How long the session certainly lasts, for a screen too small for the page.
fn countdown(outlook: Option<&SessionOutlook<'_>>) -> String {
    let Some(outlook) = outlook else { return NO_SESSION.to_owned() };
    let end = outlook.expiry.map_or(outlook.session.access_token.expires_at, |expiry| expiry.expires_at_earliest);
    if end > outlook.now { format!("expires {}", end.relative_to(outlook.now)) } else { outlook.short() }
}
