//! The output of a command: its result on stdout, everything else on stderr.

use crate::cli::{ColorWhen, Global};
use crate::domain::mutex::lock_mutex;
use crate::domain::text::printable_json;
use crate::domain::time::Time;
use crate::domain::warning::WarningCode;
use crate::error::{Error, Report, Result, Situation};
use crate::ports::{Env, Ports, Reporter, Stream, Trace, Verbosity};
use crate::terminal::layout::{cut, fit};
use crate::terminal::links::{link_addresses, shows_links};
use crate::terminal::qr_code;
use crate::terminal::styled_text::{Charset, Colors};
use colored::Color;
use serde_json::{Value, json};
use std::io::ErrorKind;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// The rows that the address, the code and the countdown take below a QR code.
const ROWS_BELOW_QR_CODE: usize = 6;

pub struct Output<'w> {
    ports: &'w Ports,
    pub json: bool,
    quiet: bool,
    verbosity: Verbosity,
    /// Of stdout.
    pub colors: Colors,
    /// Of stderr.
    pub err_colors: Colors,
    has_links: bool,
    warnings: Mutex<Vec<(WarningCode, String)>>,
    /// Whether the last line on stderr is a countdown.
    shows_countdown: AtomicBool,
    /// The notes to write after [`Reporter::release`]; `None` when they are not held.
    held_notes: Mutex<Option<String>>,
}

pub fn warning_json((code, message): &(WarningCode, String)) -> Value {
    json!({ "code": code, "message": message })
}

/// Whether a stream has colours: by the flag, then `NO_COLOR`, then `CLICOLOR_FORCE`, then the kind of stream.
fn has_colors(when: Option<ColorWhen>, env: &Env, stream: Stream) -> bool {
    match when.unwrap_or_default() {
        ColorWhen::Always => true,
        ColorWhen::Never => false,
        ColorWhen::Auto if env.get("NO_COLOR").is_some() => false,
        ColorWhen::Auto if env.get("CLICOLOR_FORCE").is_some_and(|value| value != "0") => true,
        ColorWhen::Auto => stream.is_terminal && stream.obeys_escapes && env.get("TERM") != Some("dumb"),
    }
}

impl<'w> Output<'w> {
    pub fn new(ports: &'w Ports, global: &Global) -> Self {
        let colors = |stream| Colors(has_colors(global.color, &ports.env, stream));
        Self {
            ports,
            json: global.json,
            quiet: global.quiet,
            verbosity: match global.verbose {
                0 => Verbosity::Nothing,
                1 => Verbosity::Steps,
                _ => Verbosity::Headers,
            },
            colors: colors(ports.terminal.stdout()),
            err_colors: colors(ports.terminal.stderr()),
            has_links: global.color != Some(ColorWhen::Never),
            warnings: Mutex::default(),
            shows_countdown: AtomicBool::new(false),
            held_notes: Mutex::default(),
        }
    }

    /// `text` as the terminal behind a stream can show it. A file or a pipe gets whole lines.
    fn fit_to_stream(&self, text: &str, stream: Stream) -> String {
        if !stream.is_terminal {
            return text.to_owned();
        }
        let text = fit(text, self.width(stream));
        let shows_links = self.has_links && shows_links(&self.ports.env, stream);
        if shows_links { link_addresses(&text) } else { text }
    }

    /// A paragraph for stderr.
    fn fitted_err(&self, text: &str) -> String {
        self.fit_to_stream(&format!("{text}\n"), self.ports.terminal.stderr())
    }

    fn write_note(&self, text: &str) {
        if let Some(held) = &mut *lock_mutex(&self.held_notes) {
            *held += text;
            return;
        }
        if !text.is_empty() {
            self.write(text);
        }
    }

    /// Writes to stderr, in place of a countdown.
    fn write(&self, text: &str) {
        self.remove_countdown();
        self.ports.terminal.err(text);
    }

    fn remove_countdown(&self) {
        if self.shows_countdown.swap(false, Ordering::SeqCst) {
            self.ports.terminal.try_err("\r\x1b[K");
        }
    }

    /// Writes the result to stdout.
    ///
    /// # Errors
    /// [`Situation::OutputClosed`] if nobody reads stdout any more; `failed`.
    pub fn answer(&self, text: &str) -> Result<()> {
        self.ports.terminal.out(text).map_err(|error| match error.kind() {
            ErrorKind::BrokenPipe => Situation::OutputClosed.into(),
            _ => Error::failed(format!("cannot write to standard output: {error}")),
        })
    }

    /// Writes a result for people to stdout. On a terminal its lines are wrapped.
    pub fn page(&self, text: &str) -> Result<()> {
        self.answer(&self.fit_to_stream(text, self.ports.terminal.stdout()))
    }

    /// As [`Output::page`], indented by that many columns.
    pub fn indented_page(&self, text: &str, indent: usize) -> Result<()> {
        let stream = self.ports.terminal.stdout();
        let columns = self.width(stream).saturating_sub(indent);
        let text = if stream.is_terminal { fit(text, columns) } else { text.to_owned() };
        text.lines().try_for_each(|line| self.answer(&format!("{}{line}\n", " ".repeat(indent))))
    }

    /// Writes the result for `--json`, with the warnings so far.
    pub fn document(&self, mut document: Value) -> Result<()> {
        let warnings = self.warnings_json();
        if !warnings.is_empty() && document.is_object() {
            document["warnings"] = warnings.into();
        }
        self.answer(&printable_json(format!("{document}\n")))
    }

    /// As [`Output::document`] under `--json`; otherwise nothing.
    pub fn document_if_json(&self, document: impl FnOnce() -> Value) -> Result<()> {
        if self.json { self.document(document()) } else { Ok(()) }
    }

    /// Asks on stderr, and returns the line that the user types, without blanks around it; `None` at the end of input.
    ///
    /// # Errors
    /// `failed` if standard input cannot be read.
    pub fn ask_line(&self, question: &str) -> Result<Option<String>> {
        self.write(question);
        let line = self.ports.terminal.read_line(None);
        let line = line.map_err(|error| Error::failed(format!("cannot read standard input: {error}")))?;
        Ok(line.map(|line| line.trim().to_owned()))
    }

    /// Whether a person can be asked: input and errors are a terminal, and the output is not for a program.
    pub fn can_ask(&self) -> bool {
        !self.json && self.ports.terminal.stdin_is_terminal() && self.ports.terminal.stderr().is_terminal
    }

    pub fn warnings_json(&self) -> Vec<Value> {
        lock_mutex(&self.warnings).iter().map(warning_json).collect()
    }

    pub fn failure(&self, report: &Report) {
        if self.json {
            return self.write(&printable_json(format!("{}\n", report.to_json())));
        }
        self.prompt(&format!("{} {}", self.err_colors.paint("error:", Color::Red), report.message));
        if let Some(hint) = &report.hint {
            self.prompt(&format!("{} {hint}", self.err_colors.paint("hint:", Color::Cyan)));
        }
    }

    /// The width of stdout; 80 if it is not known.
    pub fn columns(&self) -> usize {
        self.width(self.ports.terminal.stdout())
    }

    fn width(&self, stream: Stream) -> usize {
        let from_env = || self.ports.env.get("COLUMNS").and_then(|text| text.parse().ok());
        stream.columns.or_else(from_env).unwrap_or(80).into()
    }

    /// The characters that the locale allows (POSIX 8.2: `LC_ALL`, `LC_CTYPE`, `LANG`).
    pub fn charset(&self) -> Charset {
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(|name| self.ports.env.get(name));
        // Without a locale, as in a container, terminals are still UTF-8; `C` and `POSIX` are a choice.
        let is_utf8 = |locale: &str| ["utf-8", "utf8"].iter().any(|end| locale.to_ascii_lowercase().ends_with(end));
        if locale.is_none_or(is_utf8) { Charset::Unicode } else { Charset::Ascii }
    }
}

impl Reporter for Output<'_> {
    fn warn(&self, code: WarningCode, message: String) {
        self.note(&format!("{} {message}", self.err_colors.paint("warning:", Color::Magenta)));
        lock_mutex(&self.warnings).push((code, message));
    }

    fn note(&self, text: &str) {
        if !self.quiet {
            self.write_note(&self.fitted_err(text));
        }
    }

    fn step(&self, name: &str, text: &str, failed: bool) {
        let text = if failed { &self.err_colors.paint(text, Color::Red) } else { text };
        self.note(&format!("  {name:<13}   {text}"));
    }

    fn prompt(&self, text: &str) {
        self.write(&self.fitted_err(text));
    }

    /// With a QR code only if it fits on the terminal together with the code.
    fn user_code(&self, address: &str, code: &str, qr_code: Option<&str>, on_this_machine: bool) {
        let stream = self.ports.terminal.stderr();
        let (columns, rows) = (stream.columns.unwrap_or(80).into(), stream.rows.unwrap_or(24).into());
        let rows = usize::saturating_sub(rows, ROWS_BELOW_QR_CODE);
        let picture = qr_code
            .filter(|_| stream.is_terminal && !self.quiet)
            .and_then(|text| qr_code::picture(text, self.charset(), self.err_colors.0, columns, rows));
        let code = self.err_colors.bold(code);
        match picture {
            Some(picture) => {
                // As it is: a line of a picture is not prose.
                self.write(&format!("Scan this with another device:\n\n{picture}"));
                self.prompt(&format!("Or open this URL there and enter the code:\n\n  {address}\n  {code}\n"));
            }
            None => {
                let place = if on_this_machine { "this machine" } else { "any device" };
                self.prompt(&format!("Open this URL on {place} and enter the code:\n\n  {address}\n\n  {code}\n"));
            }
        }
    }

    /// Only if stderr is a terminal.
    fn countdown(&self, text: &str) {
        if text.is_empty() {
            return self.remove_countdown();
        }
        let stream = self.ports.terminal.stderr();
        if self.quiet || !stream.is_terminal || self.ports.env.get("TERM") == Some("dumb") {
            return;
        }
        // One column stays free: a full line may wrap, and is then not replaced.
        let columns = usize::from(stream.columns.unwrap_or(80)).saturating_sub(1);
        self.ports.terminal.try_err(&format!("\r{}\x1b[K", cut(text, columns)));
        self.shows_countdown.store(true, Ordering::SeqCst);
    }

    fn progress(&self, text: &str) {
        self.ports.terminal.try_err(&self.fitted_err(text));
    }

    fn report(&self, trace: Trace) {
        let (needed, line) = match trace {
            Trace::Step(number, text) => {
                (Verbosity::Steps, format!("{}  {text}", self.err_colors.bold(&format!("{number}."))))
            }
            Trace::Fact(text) => (Verbosity::Steps, format!("{} {text}", self.err_colors.faint("·"))),
            Trace::Header(text) => (Verbosity::Headers, self.err_colors.faint(&format!("  {text}"))),
        };
        if needed <= self.verbosity {
            self.write_note(&self.fitted_err(&line));
        }
    }

    fn has_warned(&self, code: WarningCode) -> bool {
        lock_mutex(&self.warnings).iter().any(|(given, _)| *given == code)
    }

    fn is_quiet(&self) -> bool {
        self.quiet
    }

    fn verbosity(&self) -> Verbosity {
        self.verbosity
    }

    fn local_time(&self, time: Time) -> String {
        time.local(&(self.ports.time_zone)())
    }

    fn hold(&self) {
        *lock_mutex(&self.held_notes) = Some(String::new());
    }

    fn release(&self) {
        let held = lock_mutex(&self.held_notes).take();
        self.write_note(&held.unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::secret::Secret;

    fn env(pairs: &[(&str, &str)]) -> Env {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), Secret::new(*value))).collect()
    }

    #[test]
    fn color_flag_overrides_environment_overrides_terminal() {
        let stream = |is_terminal| Stream { is_terminal, obeys_escapes: true, columns: None, rows: None };
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
            assert_eq!(has_colors(when, &env(variables), stream(is_terminal)), expected, "{when:?} {is_terminal}");
        }
        let old_console = Stream { obeys_escapes: false, ..stream(true) };
        assert!(!has_colors(None, &Env::default(), old_console));
        assert!(has_colors(Some(ColorWhen::Always), &Env::default(), old_console), "as was asked");
    }
}
