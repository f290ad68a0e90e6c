//! Many tokens: each answered in its place. Standard input is a stream, of which little is held at a time.

use super::decoder::Decoder;
use crate::domain::text::{printable_json, utf8_text};
use crate::error::{Error, Kind, Result, Situation, ValidationError};
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

/// How many lines at once are many.
const IN_BULK: usize = 16;

/// How long more of them are waited for while others are being worked on. It ends so soon that nobody is kept waiting
/// by a silent input when the work has failed, or when all that has come is told.
const LULL: Duration = Duration::from_millis(10);

/// How often lines may be done before their turn: what is held then is a few megabytes, or tens of them of the worst.
const EARLY: usize = 8;

/// How many texts there were, how many of them were opaque or no valid token, and of how many that is not known.
#[derive(Default)]
pub(super) struct Count {
    /// The lines they stood on, and the empty ones.
    lines: u64,
    all: u64,
    opaque: u64,
    failed: u64,
    unknown: u64,
    /// Of the kinds of those, the one to report.
    not_verified_kind: Option<Kind>,
}

/// What became of some lines.
#[derive(Default)]
pub(super) struct Done {
    outcomes: Vec<Outcome>,
    lines: u64,
}

enum Outcome {
    /// Answers one after the other.
    Good(Answers),
    /// The line of that number failed, counted from 1 among those that were taken together.
    Bad(u64, Error),
}

#[derive(Default)]
struct Answers {
    text: String,
    count: u64,
}

/// Where workers get their lines.
struct Source {
    /// What is known before anything is read.
    first: Option<Vec<u8>>,
    /// How many times lines were taken.
    taken: u64,
    /// Whether lines come one by one again.
    ebbed: bool,
}

/// What is told in the order it was taken in, whoever is done first: nobody waits for another's work to go on with his own.
struct Order {
    /// What is told next.
    next: u64,
    early: BTreeMap<u64, Done>,
    count: Count,
    /// Something has ended the command.
    over: bool,
}

impl Decoder<'_> {
    /// Standard input, as it arrives: one token is one answer, and its failure the command's.
    pub(super) fn stream(&self) -> Result<()> {
        if self.ports.terminal.stdin_is_terminal() {
            self.out.note("Paste a token and press Enter (a long one is not cut off). Ctrl-D ends it.");
        }
        let mut count = Count::default();
        let workers = available_parallelism().map_or(1, NonZero::get);
        while let Some(arrived) = self.arrived(None)? {
            if workers == 1 || !in_bulk(&arrived) {
                self.tell_all(self.done(lines(&arrived), arrived.len()), &mut count)?;
            } else {
                count = self.on_all_processors(workers, arrived, count)?;
            }
        }
        count.verdict()
    }

    /// The lines that have arrived; `None` at the end of input, or if none comes so soon.
    fn arrived(&self, patience: Option<Duration>) -> Result<Option<Vec<u8>>> {
        match self.ports.terminal.read_lines(patience) {
            Ok(lines) => Ok(Some(lines).filter(|lines| !lines.is_empty())),
            Err(error) if error.kind() == ErrorKind::TimedOut => Ok(None),
            Err(error) => Err(Error::failed(format!("cannot read standard input: {error}"))),
        }
    }

    /// Works on `first` and on what follows, until lines come one by one again.
    fn on_all_processors(&self, workers: usize, first: Vec<u8>, count: Count) -> Result<Count> {
        let source = Mutex::new(Source { first: Some(first), taken: 0, ebbed: false });
        let order = (Mutex::new(Order { next: 0, early: BTreeMap::new(), count, over: false }), Condvar::new());
        scope(|scope| {
            let work = || self.work(&source, &order);
            let others: Vec<_> = (1..workers).filter_map(|_| Builder::new().spawn_scoped(scope, work).ok()).collect();
            let own = work();
            let died = |_| Err(Error::failed("a thread has died"));
            others.into_iter().map(|worker| worker.join().unwrap_or_else(died)).fold(own, Result::and)
        })?;
        Ok(order.0.into_inner().unwrap_or_else(PoisonError::into_inner).count)
    }

    /// Takes lines, works on them, tells what it is time for: as long as lines come in bulk.
    fn work(&self, source: &Mutex<Source>, (order, told): &(Mutex<Order>, Condvar)) -> Result<()> {
        loop {
            let taken = source.lock().unwrap_or_else(PoisonError::into_inner).take(self)?;
            let Some((place, taken)) = taken else { return Ok(()) };
            let done = self.done(lines(&taken), taken.len());
            let mut order = order.lock().unwrap_or_else(PoisonError::into_inner);
            order.early.insert(place, done);
            let told_so_far = self.tell_what_is_next(&mut order);
            told.notify_all();
            told_so_far?;
            // For so long and no longer: to hold a little too much is better than to wait for a worker that has died.
            let ahead = |order: &mut Order| order.early.len() >= EARLY && !order.over;
            let waited = told.wait_timeout_while(order, Duration::from_secs(1), ahead);
            if waited.unwrap_or_else(PoisonError::into_inner).0.over {
                return Ok(());
            }
        }
    }

    fn tell_what_is_next(&self, order: &mut Order) -> Result<()> {
        while !order.over
            && let Some(done) = order.early.remove(&order.next)
        {
            order.next += 1;
            let told = self.tell_all(done, &mut order.count);
            order.over = told.is_err();
            told?;
        }
        Ok(())
    }

    /// What becomes of the lines; nothing of those that are `None`. Their size in bytes is about that of the answers,
    /// which then need not be moved as they grow.
    pub(super) fn done<'t>(&self, lines: impl Iterator<Item = Option<Result<&'t str>>>, size: usize) -> Done {
        let mut done = Done::default();
        let mut good = Answers { text: String::with_capacity(size), count: 0 };
        for line in lines {
            done.lines += 1;
            let Some(line) = line else { continue };
            match line.and_then(|text| self.decode(text, &mut good.text)) {
                Ok(()) => good.count += 1,
                Err(error) => {
                    let before = self.good(std::mem::take(&mut good));
                    done.outcomes.extend([before, Outcome::Bad(done.lines, error)]);
                }
            }
        }
        done.outcomes.push(self.good(good));
        done
    }

    fn good(&self, Answers { text, count }: Answers) -> Outcome {
        Outcome::Good(Answers { text: self.printable(text), count })
    }

    /// What fails is told in its place, and the rest goes on.
    pub(super) fn tell_all(&self, done: Done, count: &mut Count) -> Result<()> {
        let mut answers = String::new();
        for outcome in done.outcomes {
            match outcome {
                Outcome::Good(good) => {
                    count.all += good.count;
                    answers = if answers.is_empty() { good.text } else { answers + &good.text };
                }
                Outcome::Bad(number, error) => {
                    count.all += 1;
                    match error.situation {
                        Situation::Validation(ValidationError::Opaque(_)) => count.opaque += 1,
                        Situation::Validation(ValidationError::Invalid(_)) => count.failed += 1,
                        Situation::Validation(ValidationError::NotVerified(kind, _)) => {
                            count.not_verified_kind =
                                Some(count.not_verified_kind.map_or(kind, |first| first.min(kind)));
                            count.unknown += 1;
                        }
                        _ => {
                            self.out.answer(&answers)?;
                            return Err(error);
                        }
                    }
                    self.tell(count.lines + number, &error, &mut answers)?;
                }
            }
        }
        count.lines += done.lines;
        self.out.answer(&answers)
    }

    /// What failed, in its place: among the answers under `--json`, else on stderr after those before it.
    fn tell(&self, line: u64, error: &Error, answers: &mut String) -> Result<()> {
        let report = error.report();
        if self.out.json {
            let mut document = report.to_json();
            document["line"] = line.into();
            if !matches!(self.verifier, TokenVerifier::Nothing) {
                let is_refused = matches!(error.situation, Situation::Validation(ValidationError::Invalid(_)));
                document["verified"] = if is_refused { false.into() } else { Value::Null };
                document["verified_reason"] = report.message.into();
            }
            *answers += &printable_json(format!("{document}\n"));
            return Ok(());
        }
        self.out.answer(&std::mem::take(answers))?;
        let verdict = match error.situation {
            Situation::Validation(ValidationError::NotVerified(..)) => {
                self.out.paint_err("not verified:", Color::Yellow)
            }
            Situation::Validation(ValidationError::Opaque(_)) => self.out.paint_err("opaque:", Color::Yellow),
            _ => self.out.paint_err("not valid:", Color::Red),
        };
        self.out.ask(&format!("{verdict} line {line}: {}", report.message));
        Ok(())
    }
}

impl Source {
    /// The next lines and their place in the order; `None` where lines no longer come in bulk. The last ones are then
    /// few, or none.
    fn take(&mut self, decoder: &Decoder<'_>) -> Result<Option<(u64, Vec<u8>)>> {
        if self.ebbed {
            return Ok(None);
        }
        let lines = match self.first.take() {
            Some(lines) => lines,
            None => {
                let lines = decoder.arrived(Some(LULL))?.unwrap_or_default();
                self.ebbed = !in_bulk(&lines);
                lines
            }
        };
        let place = self.taken;
        self.taken += 1;
        Ok(Some((place, lines)))
    }
}

/// Whether there are so many lines that more of them are on their way, and worth a thread.
fn in_bulk(lines: &[u8]) -> bool {
    split(lines).nth(IN_BULK - 1).is_some()
}

/// The lines in `bytes`, those with nothing in them as `None`.
fn lines(bytes: &[u8]) -> impl Iterator<Item = Option<Result<&str>>> {
    split(bytes).map(|line| text(line).transpose())
}

/// The lines with their ends. Reading finds them many bytes at once, which splitting a slice does not.
fn split(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let from = bytes;
        let length = bytes.skip_until(b'\n').ok().filter(|length| *length > 0)?;
        Some(&from[..length])
    })
}

/// The text of a line; `None` if there is none.
fn text(line: &[u8]) -> Result<Option<&str>> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    if line.len() > MAX_TOKEN_LENGTH {
        return Err(Error::invalid("the line is longer than 1 MiB"));
    }
    let text = utf8_text(line).map_err(|why| Error::invalid(format!("the line is {why}")))?;
    Ok(Some(text).filter(|text| !text.trim().is_empty()))
}

impl Count {
    /// What the command's end says of them.
    pub(super) fn verdict(&self) -> Result<()> {
        let failures = [
            (self.opaque, "are opaque", "the token is opaque: only its issuer can read it"),
            (self.failed, "are not valid", "the token is not valid"),
            (self.unknown, "could not be verified", "the token could not be verified"),
        ];
        let mut told = String::new();
        for (count, what, alone) in failures.into_iter().filter(|(count, ..)| *count > 0) {
            told += &match (self.all, told.is_empty()) {
                (1, _) => alone.to_owned(),
                (all, true) => format!("{count} of {all} tokens {what}"),
                (_, false) => format!(", {count} {what}"),
            };
        }
        match (self.all, self.opaque + self.failed, self.not_verified_kind) {
            (0, ..) => Err(Error::usage("there is no token on standard input")),
            (_, 0, None) => Ok(()),
            (_, 0, Some(kind)) => Err(ValidationError::NotVerified(kind, told).into()),
            _ => Err(Error::invalid(told)),
        }
    }
}
