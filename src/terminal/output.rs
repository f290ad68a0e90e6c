//! What a command says, and where: the answer to stdout, all prose to stderr, colour per stream.

use crate::cli::{ColorWhen, Global};
use crate::domain::text::printable_json;
use crate::domain::time::Time;
use crate::error::{Error, Report, Result, Situation, Warning};
use crate::ports::{Env, Notice, Ports, Reporter, Stream};
use crate::terminal::local_time::local_time;
use crate::terminal::styled_text::{self, Charset, Line};
use colored::Color;
use serde_json::Value;
use std::io::ErrorKind;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The two streams of one run.
pub struct Output<'w> {
    ports: &'w Ports,
    /// Whether the answer is one JSON document.
    pub json: bool,
    quiet: bool,
    verbose: bool,
    colors: (bool, bool),
    warnings: Mutex<Vec<Warning>>,
    /// What is kept from stderr for now.
    kept_back: Mutex<Option<String>>,
}

/// Whether a stream gets colours: the flag, then `NO_COLOR`, then `CLICOLOR_FORCE`, then whether a person sees it.
pub fn colored_stream(when: Option<ColorWhen>, env: &Env, stream: Stream) -> bool {
    match when.unwrap_or_default() {
        ColorWhen::Always => true,
        ColorWhen::Never => false,
        ColorWhen::Auto if env.get("NO_COLOR").is_some() => false,
        ColorWhen::Auto if env.get("CLICOLOR_FORCE").is_some_and(|value| value != "0") => true,
        ColorWhen::Auto => stream.is_terminal && env.get("TERM") != Some("dumb"),
    }
}

impl<'w> Output<'w> {
    /// The streams as the global options want them.
    pub fn new(ports: &'w Ports, global: &Global) -> Self {
        let colors = (
            colored_stream(global.color, &ports.env, ports.terminal.stdout()),
            colored_stream(global.color, &ports.env, ports.terminal.stderr()),
        );
        Self {
            ports,
            json: global.json,
            quiet: global.quiet,
            verbose: global.verbose,
            colors,
            warnings: Mutex::default(),
            kept_back: Mutex::default(),
        }
    }

    fn kept_back(&self) -> MutexGuard<'_, Option<String>> {
        self.kept_back.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remark(&self, text: &str) {
        if let Some(kept) = &mut *self.kept_back() {
            *kept += text;
            return;
        }
        if !text.is_empty() {
            self.ports.terminal.err(text);
        }
    }

    /// What the user should see of a wait, if stderr takes it at once; nobody waits for it to be read.
    pub fn tell_of_waiting(&self, text: &str) {
        self.ports.terminal.err_if_ready(&format!("{text}\n"));
    }

    /// The answer, on stdout as it is.
    ///
    /// # Errors
    /// [`Situation::OutputClosed`] where the reader has gone; `failed` for any other failure to write.
    pub fn answer(&self, text: &str) -> Result<()> {
        self.ports.terminal.out(text).map_err(|error| match error.kind() {
            ErrorKind::BrokenPipe => Situation::OutputClosed.into(),
            _ => Error::failed(format!("cannot write to standard output: {error}")),
        })
    }

    /// The answer under `--json`: the document, with what warnings have said so far.
    ///
    /// # Errors
    /// As [`Output::answer`].
    pub fn document(&self, mut document: Value) -> Result<()> {
        let warnings = self.warned();
        if !warnings.is_empty() && document.is_object() {
            document["warnings"] = warnings.into();
        }
        self.answer(&printable_json(format!("{document}\n")))
    }

    /// A remark on stderr; none under `--quiet`.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            self.remark(&format!("{text}\n"));
        }
    }

    /// What the user must see to go on, on stderr: a URL, a prompt.
    pub fn ask(&self, text: &str) {
        self.ports.terminal.err(&format!("{text}\n"));
    }

    /// A warning on stderr (none under `--quiet`), and in the document under `--json`.
    pub fn warn(&self, code: &'static str, message: impl Into<String>) {
        let message = message.into();
        self.note(&format!("{} {message}", self.paint_err("warning:", Color::Yellow)));
        self.warnings().push(Warning { code, message });
    }

    fn warnings(&self) -> MutexGuard<'_, Vec<Warning>> {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What warnings have said so far, as a document shows it.
    pub fn warned(&self) -> Vec<Value> {
        self.warnings().iter().map(|w| serde_json::json!({ "code": w.code, "message": w.message })).collect()
    }

    /// Whether this run has given a warning of that code.
    pub fn has_warned(&self, code: &str) -> bool {
        self.warnings().iter().any(|warning| warning.code == code)
    }

    /// What is being done, on stderr under `--verbose`.
    pub fn trace(&self, text: &str) {
        if self.verbose {
            self.remark(&format!("{} {text}\n", self.paint_err("·", Color::BrightBlack)));
        }
    }

    /// A failure, on stderr: last of all.
    pub fn failure(&self, report: &Report) {
        if self.json {
            return self.ports.terminal.err(&printable_json(format!("{}\n", report.to_json())));
        }
        self.ports.terminal.err(&format!("{} {}\n", self.paint_err("error:", Color::Red), report.message));
        if let Some(hint) = &report.hint {
            self.ports.terminal.err(&format!("{} {hint}\n", self.paint_err("hint:", Color::Cyan)));
        }
    }

    /// The lines as text for stdout, with colours if it has them.
    pub fn render(&self, lines: &[Line]) -> String {
        styled_text::render(lines, self.colors.0)
    }

    /// `text` in that colour, if stdout has colours.
    pub fn paint(&self, text: &str, color: Color) -> String {
        styled_text::paint(text, color, self.colors.0)
    }

    /// `text` in bold, if stdout has colours.
    pub fn bold(&self, text: &str) -> String {
        styled_text::bold(text, self.colors.0)
    }

    /// `text` in that colour, if stderr has colours.
    pub fn paint_err(&self, text: &str, color: Color) -> String {
        styled_text::paint(text, color, self.colors.1)
    }

    /// How many columns stdout has; 80 where nobody knows.
    pub fn columns(&self) -> usize {
        let told = || self.ports.env.get("COLUMNS").and_then(|text| text.parse().ok());
        self.ports.terminal.stdout().columns.or_else(told).unwrap_or(80).into()
    }

    /// Which characters the terminal shows, by its locale (POSIX 8.2: `LC_ALL`, `LC_CTYPE`, `LANG`).
    pub fn charset(&self) -> Charset {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| self.ports.env.get(name));
        // Without a locale, as in a container, today's terminals still are UTF-8. `C` and `POSIX` are a choice.
        let is_utf8 = locale.is_none_or(|locale| {
            let locale = locale.to_ascii_lowercase();
            locale.ends_with("utf-8") || locale.ends_with("utf8")
        });
        if is_utf8 { Charset::Unicode } else { Charset::Ascii }
    }

    /// `time` as a person here reads it: `2026-01-31 13:00:00 CET`.
    pub fn local(&self, time: Time) -> String {
        local_time(time, &(self.ports.time_zone)())
    }

    /// `time` and how far it is from `now`: `2026-01-31 13:00:00 CET (in 13 days 4 h)`.
    pub fn when(&self, time: Time, now: Time) -> String {
        format!("{} ({})", self.local(time), time.relative_to(now))
    }
}

impl Reporter for Output<'_> {
    fn report(&self, notice: Notice) {
        match notice {
            Notice::Warning { code, message } => self.warn(code, message),
            Notice::Note(text) => self.note(&text),
            Notice::Step { name, text, failed } => {
                let text = if failed { self.paint_err(&text, Color::Red) } else { text };
                self.note(&format!("  {name:<13}   {text}"));
            }
            Notice::Prompt(text) => self.ask(&text),
            Notice::Progress(text) => self.tell_of_waiting(&text),
            Notice::Trace(text) => self.trace(&text),
        }
    }

    fn has_warned(&self, code: &str) -> bool {
        self.has_warned(code)
    }

    fn is_quiet(&self) -> bool {
        self.quiet
    }

    fn local_time(&self, time: Time) -> String {
        self.local(time)
    }

    fn hold(&self) {
        *self.kept_back() = Some(String::new());
    }

    fn release(&self) {
        let held = self.kept_back().take();
        self.remark(&held.unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::secret::Secret;

    fn env(pairs: &[(&str, &str)]) -> Env {
        Env(pairs.iter().map(|(name, value)| ((*name).to_owned(), Secret::new(*value))).collect())
    }

    #[test]
    fn the_flag_beats_the_environment_which_beats_the_terminal() {
        let stream = |is_terminal| Stream { is_terminal, columns: None, rows: None };
        for (when, variables, is_terminal, expected) in [
            (None, &[][..], true, true),
            (None, &[], false, false),
            (None, &[("TERM", "dumb")], true, false),
            (None, &[("NO_COLOR", "1")], true, false),
            (None, &[("NO_COLOR", "")], true, true),
            (None, &[("CLICOLOR_FORCE", "1")], false, true),
            (None, &[("CLICOLOR_FORCE", "0")], false, false),
            (None, &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], true, false),
            (Some(ColorWhen::Always), &[("NO_COLOR", "1")], false, true),
            (Some(ColorWhen::Never), &[("CLICOLOR_FORCE", "1")], true, false),
        ] {
            assert_eq!(colored_stream(when, &env(variables), stream(is_terminal)), expected, "{when:?} {is_terminal}");
        }
    }
}
