//! `tidp policy --watch`: the picture of `tidp policy`, redrawn as time passes, on the terminal's other screen, so that
//! the one with the user's work is as it was when it ends.

use crate::cli::{self, Global};
use crate::commands::policy::picture;
use crate::domain::session::Session;
use crate::domain::time::Time;
use crate::error::{Error, Result};
use crate::explain::outlook::Outlook;
use crate::flows::context::Context;
use crate::ports::Ports;
use crate::terminal::output::Output;
use colored::Color;
use std::time::Duration;
use unicode_width::UnicodeWidthChar;

/// How often signals, the terminal's size and the clock are looked at.
const TICK: Duration = Duration::from_millis(100);
/// How often the store is read again: another process may have renewed the session, and a keyring takes its time.
const READ_EVERY: Duration = Duration::from_secs(5);

/// Enter the other screen (xterm's 1049), where long lines are cut and not wrapped, and leave it again. The cursor stays
/// visible, so that a shell after Ctrl-Z has one.
const ENTER: &str = "\x1b[?1049h\x1b[?7l\x1b[2J";
const LEAVE: &str = "\x1b[?7h\x1b[?1049l";

/// Runs it until SIGINT or SIGTERM, which then ends the process by itself.
///
/// # Errors
/// `usage` where standard output is no terminal; as `tidp policy` before the first picture.
pub(super) fn run(ports: &Ports, out: &Output<'_>, global: &Global, args: &cli::Policy) -> Result<()> {
    if !ports.terminal.stdout().is_terminal || ports.env.get("TERM") == Some("dumb") {
        return Err(Error::usage("--watch draws on a terminal, and standard output is none"));
    }
    Context::open(ports, out, global)?.run(|context| {
        let session = context.load()?;
        let signals = ports.signals.defer();
        let ended = out.answer(ENTER).and_then(|()| {
            let mut watch = Watch::new(context, args, session);
            while !signals.pending() {
                watch.draw()?;
                ports.clock.pause(TICK);
                watch.read_again();
            }
            Ok(())
        });
        // Written even if drawing failed; what cannot be written now has no terminal to clean.
        let _ = out.answer(LEAVE);
        drop(signals);
        ended
    })
}

struct Watch<'c> {
    context: &'c Context<'c>,
    args: &'c cli::Policy,
    session: Option<Session>,
    /// Why the store could not be read the last time.
    unread: Option<String>,
    read_at: Duration,
    /// What is on the screen, and the moment and size it was drawn for; `None`: draw anew.
    shown: String,
    drawn: Option<(Time, Size)>,
}

type Size = (usize, usize);

impl<'c> Watch<'c> {
    fn new(context: &'c Context<'c>, args: &'c cli::Policy, session: Option<Session>) -> Self {
        let read_at = context.ports.clock.uptime();
        Self { context, args, session, unread: None, read_at, shown: String::new(), drawn: None }
    }

    /// Draws the picture for now, unless it is on the screen already.
    fn draw(&mut self) -> Result<()> {
        let (now, size) = (self.context.ports.clock.now(), self.size());
        if self.drawn == Some((now, size)) {
            return Ok(());
        }
        let resized = self.drawn.is_none_or(|(_, before)| before != size);
        self.drawn = Some((now, size));
        let text = self.text(now, size);
        if !resized && text == self.shown {
            return Ok(());
        }
        // One write, so that nothing flickers. Each line is cleared before it is written, for after a line that fills
        // the screen the cursor still stands on its last character. No line end after the last: it would scroll.
        let lines: Vec<String> = text.lines().map(|line| format!("{line}\x1b[0m")).collect();
        let (last, before) = lines.split_last().map_or(("", &[][..]), |(last, before)| (last.as_str(), before));
        let before: String = before.iter().map(|line| format!("\x1b[K{line}\r\n")).collect();
        let clear = if resized { "\x1b[2J" } else { "" };
        self.context.out.answer(&format!("{clear}\x1b[H{before}\x1b[J{last}"))?;
        self.shown = text;
        Ok(())
    }

    fn size(&self) -> Size {
        (self.context.out.columns(), self.context.ports.terminal.stdout().rows.unwrap_or(24).into())
    }

    /// The picture, cut to the screen, with a foot that says how old it is.
    fn text(&self, now: Time, (columns, rows): Size) -> String {
        let profile = &self.context.profile;
        let session = self.session.as_ref();
        let outlook = Outlook::of(now, session, profile.policy.as_ref(), profile.client_type, profile.renew);
        let picture = picture(self.context, &outlook, session, now, self.args, columns);
        let out = self.context.out;
        let foot = match &self.unread {
            Some(what) => out.paint(&cut(what, columns), Color::Yellow),
            None => out.paint(&foot(&out.local(now), columns), Color::BrightBlack),
        };
        let (mut lines, room) = (picture.lines().collect::<Vec<_>>(), rows.saturating_sub(2));
        lines.truncate(room);
        let countdown = countdown(&outlook, now);
        if rows < 2 || lines.len() < 3 {
            // Hardly a screen: the one thing to know.
            return cut(&countdown, columns);
        }
        format!("{}\n\n{foot}", lines.join("\n"))
    }

    /// Reads the store again once in a while. A store that fails for a moment costs a remark, not the picture.
    fn read_again(&mut self) {
        let uptime = self.context.ports.clock.uptime();
        if uptime.saturating_sub(self.read_at) < READ_EVERY {
            return;
        }
        match self.context.load_without_asking() {
            Ok(session) => (self.session, self.unread) = (session, None),
            Err(error) => self.unread = Some(error.report().message),
        }
        self.read_at = self.context.ports.clock.uptime();
    }
}

/// How long the session can be relied on, in a few words.
fn countdown(outlook: &Outlook, now: Time) -> String {
    match outlook.expires_at_earliest.or(outlook.access_token_expires_at) {
        Some(end) if end > now => format!("ends {}", end.relative_to(now)),
        _ => outlook.short(now),
    }
}

/// The time and how to end this, or on a narrow screen only the latter.
fn foot(now: &str, columns: usize) -> String {
    let whole = format!("{now}  Ctrl-C ends this");
    if whole.len() <= columns { whole } else { cut("Ctrl-C ends this", columns) }
}

/// Plain `text` cut at `columns`.
fn cut(text: &str, columns: usize) -> String {
    let mut used = 0;
    let fits = |c: &char| {
        used += c.width().unwrap_or(0);
        used <= columns
    };
    text.chars().take_while(fits).collect()
}
