//! Decodes many tokens and prints the results in order. Standard input is a stream, of which little is held at a time.

use super::decoder::Decoder;
use super::token_response::{is_unfinished, on_one_line};
use crate::domain::text::{printable_json, utf8_text};
use crate::error::{Error, Kind, Report, Result, Situation};
use crate::flows::token_verifier::TokenVerifier;
use crate::jwt::MAX_TOKEN_LENGTH;
use colored::Color;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead as _, ErrorKind};
use std::num::NonZero;
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread::{Builder, available_parallelism, scope};
use std::time::Duration;

/// How many lines at once are decoded in parallel.
const MIN_PARALLEL_LINES: usize = 16;

/// How long to wait for more lines while others are decoded: short, so that a silent input does not delay the end of a
/// command that has failed.
const NEXT_LINES_TIMEOUT: Duration = Duration::from_millis(10);

/// How many decoded chunks may wait to be printed: a few megabytes, at worst some tens.
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
    results: Vec<Decoded>,
    lines: u64,
}

/// Tokens decoded one after the other, up to a line that failed.
#[derive(Default)]
struct Decoded {
    text: String,
    count: u64,
    /// The number of the line in its chunk, counted from 1, and what is wrong with it.
    failure: Option<(u64, Error)>,
}

struct ChunkSource {
    /// The lines that were read before the workers started.
    first: Option<Vec<u8>>,
    next_position: u64,
    /// Whether lines arrive one by one again.
    is_finished: bool,
}

/// Decoded chunks that are printed in the order of the input, whichever worker finishes first.
struct PrintQueue {
    next_position: u64,
    waiting: BTreeMap<u64, Chunk>,
    counts: Counts,
    has_failed: bool,
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
                self.print(self.decode_lines(lines(&bytes), bytes.len()), &mut counts)?;
            } else {
                counts = self.decode_in_parallel(workers, bytes, counts)?;
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

    /// Decodes `first` and the lines that follow, until they arrive one by one again.
    fn decode_in_parallel(&self, workers: usize, first: Vec<u8>, counts: Counts) -> Result<Counts> {
        let source = Mutex::new(ChunkSource { first: Some(first), next_position: 0, is_finished: false });
        let queue = PrintQueue { next_position: 0, waiting: BTreeMap::new(), counts, has_failed: false };
        let queue = (Mutex::new(queue), Condvar::new());
        scope(|scope| {
            let work = || self.work(&source, &queue);
            let others: Vec<_> = (1..workers).filter_map(|_| Builder::new().spawn_scoped(scope, work).ok()).collect();
            let own = work();
            let died = |_| Err(Error::failed("a thread has died"));
            others.into_iter().map(|worker| worker.join().unwrap_or_else(died)).fold(own, Result::and)
        })?;
        Ok(queue.0.into_inner().unwrap_or_else(PoisonError::into_inner).counts)
    }

    /// Decodes chunks and prints those whose turn it is, until the source is finished.
    fn work(&self, source: &Mutex<ChunkSource>, (queue, printed): &(Mutex<PrintQueue>, Condvar)) -> Result<()> {
        loop {
            let next = source.lock().unwrap_or_else(PoisonError::into_inner).next(self)?;
            let Some((position, bytes)) = next else { return Ok(()) };
            let chunk = self.decode_lines(lines(&bytes), bytes.len());
            let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
            queue.waiting.insert(position, chunk);
            let result = self.print_next(&mut queue);
            printed.notify_all();
            result?;
            // With a timeout, because holding too much is better than waiting for a worker that has died.
            let is_full = |queue: &mut PrintQueue| queue.waiting.len() >= MAX_WAITING_CHUNKS && !queue.has_failed;
            let waited = printed.wait_timeout_while(queue, Duration::from_secs(1), is_full);
            if waited.unwrap_or_else(PoisonError::into_inner).0.has_failed {
                return Ok(());
            }
        }
    }

    fn print_next(&self, queue: &mut PrintQueue) -> Result<()> {
        while !queue.has_failed
            && let Some(chunk) = queue.waiting.remove(&queue.next_position)
        {
            queue.next_position += 1;
            let result = self.print(chunk, &mut queue.counts);
            queue.has_failed = result.is_err();
            result?;
        }
        Ok(())
    }

    /// The results of the lines, of which `None` are empty. `size` is the expected size of the output.
    pub(super) fn decode_lines<'t>(&self, lines: impl Iterator<Item = Option<Result<&'t str>>>, size: usize) -> Chunk {
        let mut chunk = Chunk::default();
        let mut decoded = Decoded { text: String::with_capacity(size), ..Decoded::default() };
        for line in lines {
            chunk.lines += 1;
            let Some(line) = line else { continue };
            match line.and_then(|text| self.decode(text, &mut decoded.text)) {
                Ok(()) => decoded.count += 1,
                Err(error) => {
                    decoded.failure = Some((chunk.lines, error));
                    chunk.results.push(std::mem::take(&mut decoded));
                }
            }
        }
        chunk.results.push(decoded);
        for decoded in &mut chunk.results {
            decoded.text = self.printable(std::mem::take(&mut decoded.text));
        }
        chunk
    }

    /// Prints a chunk. Only an error that is not about a single token ends the command.
    pub(super) fn print(&self, chunk: Chunk, counts: &mut Counts) -> Result<()> {
        let mut output = String::new();
        for Decoded { text, count, failure } in chunk.results {
            counts.tokens += count;
            output = if output.is_empty() { text } else { output + &text };
            let Some((number, error)) = failure else { continue };
            counts.tokens += 1;
            let verdict = match error.situation {
                Situation::Opaque(_) => {
                    counts.opaque += 1;
                    "opaque:"
                }
                Situation::Invalid(_) => {
                    counts.invalid += 1;
                    INVALID
                }
                Situation::NotVerified(kind, _) => {
                    counts.unverified_kind = Some(counts.unverified_kind.map_or(kind, |first| first.min(kind)));
                    counts.unverified += 1;
                    "not verified:"
                }
                _ => {
                    self.show(&output)?;
                    return Err(error);
                }
            };
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
        self.out.ask(&format!("{} line {line}: {}", self.out.err_colors.paint(verdict, color), report.message));
        Ok(())
    }
}

impl ChunkSource {
    /// The next lines and their position; `None` once lines arrive one by one. The last chunk is then small or empty.
    fn next(&mut self, decoder: &Decoder<'_>) -> Result<Option<(u64, Vec<u8>)>> {
        if self.is_finished {
            return Ok(None);
        }
        let lines = match self.first.take() {
            Some(lines) => lines,
            None => {
                let lines = decoder.read_lines(Some(NEXT_LINES_TIMEOUT))?.unwrap_or_default();
                self.is_finished = !is_worth_threads(&lines);
                lines
            }
        };
        let position = self.next_position;
        self.next_position += 1;
        Ok(Some((position, lines)))
    }
}

fn is_worth_threads(lines: &[u8]) -> bool {
    split(lines).nth(MIN_PARALLEL_LINES - 1).is_some()
}

/// The lines in `bytes`; `None` for empty ones.
fn lines(bytes: &[u8]) -> impl Iterator<Item = Option<Result<&str>>> {
    split(bytes).map(|line| text(line).transpose())
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
fn text(line: &[u8]) -> Result<Option<&str>> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    if line.len() > MAX_TOKEN_LENGTH {
        return Err(Error::invalid("the line is longer than 1 MiB"));
    }
    let text = utf8_text(line).map_err(|why| Error::invalid(format!("the line is {why}")))?;
    Ok(Some(text).filter(|text| !text.trim().is_empty()))
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
