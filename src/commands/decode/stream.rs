//! Decodes many tokens and prints the results in order. Standard input is a stream, of which little is held at a time.

use super::decoder::Decoder;
use super::token_response::{is_unfinished, on_one_line};
use crate::domain::mutex::lock_mutex;
use crate::domain::text::{printable_json, utf8_text};
use crate::error::{Error, Kind, Report, Result, Situation};
use crate::flows::token_verifier::TokenVerifier;
use crate::jwt::MAX_TOKEN_LENGTH;
use crate::ports::Reporter;
use colored::Color;
use serde_json::Value;
use std::collections::VecDeque;
use std::io::{BufRead as _, ErrorKind};
use std::num::NonZero;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{Builder, available_parallelism, scope};
use std::time::Duration;

/// How many lines at once are decoded in parallel.
const MIN_PARALLEL_LINES: usize = 16;

/// How long to wait for more lines while others are decoded: short, so that a silent input does not delay the end of a
/// command that has failed.
const NEXT_LINES_TIMEOUT: Duration = Duration::from_millis(10);

/// How many chunks may wait, beyond one for each worker: a few megabytes, at worst some tens.
const MAX_WAITING_CHUNKS: usize = 8;

/// The verdict on a token that is wrong, rather than undecided.
const INVALID: &str = "not valid:";

/// How many tokens there were, by result.
#[derive(Default)]
pub(super) struct Counts {
    /// The lines read, empty ones included.
    lines: u64,
    tokens: u64,
    opaque: u64,
    invalid: u64,
    unverified: u64,
    /// The kind of error to report for the unverified ones.
    unverified_kind: Option<Kind>,
}

#[derive(Default)]
pub(super) struct Chunk {
    /// The output, in pieces. Each but the last ends with a line that failed: its number in the chunk, counted from 1, and
    /// what is wrong with it.
    pieces: Vec<(String, Option<(u64, Error)>)>,
    lines: u64,
    tokens: u64,
}

impl Decoder<'_> {
    pub(super) fn stream(&self) -> Result<()> {
        if self.ports.terminal.stdin_is_terminal() {
            self.out.note(
                "Paste a token or a whole token response, and press Enter (a long line is not cut off). Ctrl-D ends it.",
            );
        }
        let mut counts = Counts::default();
        let workers = available_parallelism().map_or(1, NonZero::get);
        while let Some(mut bytes) = self.read_lines(None)? {
            while bytes.len() <= MAX_TOKEN_LENGTH && is_unfinished(&bytes) {
                let Some(more) = self.read_lines(None)? else { break };
                bytes.extend(more);
            }
            let bytes = on_one_line(bytes);
            if workers == 1 || !is_worth_threads(&bytes) {
                self.print(self.decode_bytes(&bytes), &mut counts)?;
            } else {
                self.decode_in_parallel(workers, bytes, &mut counts)?;
            }
        }
        counts.result()
    }

    /// The lines that have arrived; `None` at the end of input or after `timeout`.
    fn read_lines(&self, timeout: Option<Duration>) -> Result<Option<Vec<u8>>> {
        match self.ports.terminal.read_lines(timeout) {
            Ok(lines) => Ok(Some(lines).filter(|lines| !lines.is_empty())),
            Err(error) if error.kind() == ErrorKind::TimedOut => Ok(None),
            Err(error) => Err(Error::failed(format!("cannot read standard input: {error}"))),
        }
    }

    /// Decodes `first` and the lines that follow, until they arrive one by one again. Workers decode chunks, which are printed
    /// here in the order of the input, whichever is finished first.
    fn decode_in_parallel(&self, workers: usize, first: Vec<u8>, counts: &mut Counts) -> Result<()> {
        let (jobs, queue) = channel::<(Vec<u8>, Sender<Chunk>)>();
        let queue = Mutex::new(queue);
        scope(|scope| {
            // Dropped with this closure, which ends the workers.
            let jobs = jobs;
            let work = || {
                let next = || lock_mutex(&queue).recv();
                while let Ok((bytes, done)) = next() {
                    // Nobody waits for it after an error.
                    let _ = done.send(self.decode_bytes(&bytes));
                }
            };
            if (0..workers).filter_map(|_| Builder::new().spawn_scoped(scope, work).ok()).count() == 0 {
                return self.print(self.decode_bytes(&first), counts);
            }
            let mut waiting: VecDeque<Receiver<Chunk>> = VecDeque::new();
            let mut next = Ok(Some(first));
            while let Ok(Some(bytes)) = next {
                let is_last = !is_worth_threads(&bytes);
                let (done, decoded) = channel();
                let _ = jobs.send((bytes, done));
                waiting.push_back(decoded);
                while let Some(first) = waiting.front() {
                    let is_full = waiting.len() >= workers + MAX_WAITING_CHUNKS;
                    let chunk = if is_full { first.recv().ok() } else { first.try_recv().ok() };
                    let Some(chunk) = chunk else { break };
                    waiting.pop_front();
                    self.print(chunk, counts)?;
                }
                next = if is_last { Ok(None) } else { self.read_lines(Some(NEXT_LINES_TIMEOUT)) };
            }
            for decoded in waiting {
                self.print(decoded.recv().map_err(|_| Error::failed("a thread has died"))?, counts)?;
            }
            next.map(drop)
        })
    }

    fn decode_bytes(&self, bytes: &[u8]) -> Chunk {
        self.decode_lines(split(bytes).map(text), bytes.len())
    }

    /// The results of the lines, of which `None` are empty. `size` is the expected size of the output.
    pub(super) fn decode_lines<'t>(&self, lines: impl Iterator<Item = Option<Result<&'t str>>>, size: usize) -> Chunk {
        let mut chunk = Chunk::default();
        let mut output = String::with_capacity(size);
        for line in lines {
            chunk.lines += 1;
            let Some(line) = line else { continue };
            chunk.tokens += 1;
            if let Err(error) = line.and_then(|text| self.decode(text, &mut output)) {
                let piece = self.printable(std::mem::take(&mut output));
                chunk.pieces.push((piece, Some((chunk.lines, error))));
            }
        }
        chunk.pieces.push((self.printable(output), None));
        chunk
    }

    /// Prints a chunk. Only an error that is not about a single token ends the command.
    pub(super) fn print(&self, chunk: Chunk, counts: &mut Counts) -> Result<()> {
        let mut output = String::new();
        counts.tokens += chunk.tokens;
        for (text, failure) in chunk.pieces {
            output = if output.is_empty() { text } else { output + &text };
            let Some((number, error)) = failure else { continue };
            let (count, verdict) = match error.situation {
                Situation::Opaque(_) => (&mut counts.opaque, "opaque:"),
                Situation::Invalid(_) => (&mut counts.invalid, INVALID),
                Situation::NotVerified(kind, _) => {
                    counts.unverified_kind = Some(counts.unverified_kind.map_or(kind, |first| first.min(kind)));
                    (&mut counts.unverified, "not verified:")
                }
                _ => {
                    self.show(&output)?;
                    return Err(error);
                }
            };
            *count += 1;
            self.print_failure(counts.lines + number, verdict, &error.report(), &mut output)?;
        }
        counts.lines += chunk.lines;
        self.show(&output)
    }

    /// Adds a failed line to `output` under `--json`; otherwise prints `output`, and the failure to stderr.
    fn print_failure(&self, line: u64, verdict: &str, report: &Report, output: &mut String) -> Result<()> {
        if self.out.json {
            let mut document = report.to_json();
            document["line"] = line.into();
            if !matches!(self.verifier, TokenVerifier::Nothing) {
                document["verified"] = if verdict == INVALID { false.into() } else { Value::Null };
                document["verified_reason"] = report.message.as_str().into();
            }
            *output += &printable_json(format!("{document}\n"));
            return Ok(());
        }
        self.show(&std::mem::take(output))?;
        let color = if verdict == INVALID { Color::Red } else { Color::Magenta };
        self.out.prompt(&format!("{} line {line}: {}", self.out.err_colors.paint(verdict, color), report.message));
        Ok(())
    }
}

fn is_worth_threads(lines: &[u8]) -> bool {
    split(lines).nth(MIN_PARALLEL_LINES - 1).is_some()
}

/// The lines with their line ends. `skip_until` is faster than splitting the slice.
fn split(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let from = bytes;
        let length = bytes.skip_until(b'\n').ok().filter(|length| *length > 0)?;
        Some(&from[..length])
    })
}

/// The text of a line; `None` if it is empty.
fn text(line: &[u8]) -> Option<Result<&str>> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    if line.len() > MAX_TOKEN_LENGTH {
        return Some(Err(Error::invalid("the line is longer than 1 MiB")));
    }
    match utf8_text(line) {
        Ok(text) if text.trim().is_empty() => None,
        Ok(text) => Some(Ok(text)),
        Err(why) => Some(Err(Error::invalid(format!("the line is {why}")))),
    }
}

impl Counts {
    pub(super) fn result(&self) -> Result<()> {
        let failures = [
            (self.opaque, "are opaque", "the token is opaque: only its issuer can read it"),
            (self.invalid, "are not valid", "the token is not valid"),
            (self.unverified, "could not be verified", "the token could not be verified"),
        ];
        let mut message = String::new();
        for (count, what, alone) in failures.into_iter().filter(|(count, ..)| *count > 0) {
            message += &match (self.tokens, message.is_empty()) {
                (1, _) => alone.to_owned(),
                (all, true) => format!("{count} of {all} tokens {what}"),
                (_, false) => format!(", {count} {what}"),
            };
        }
        match (self.tokens, self.opaque + self.invalid, self.unverified_kind) {
            (0, ..) => Err(Error::usage("there is no token on standard input")),
            (_, 0, None) => Ok(()),
            (_, 0, Some(kind)) => Err(Situation::NotVerified(kind, message).into()),
            _ => Err(Error::invalid(message)),
        }
    }
}
