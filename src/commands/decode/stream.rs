//! Many tokens: each answered in its place. Standard input is a stream, of which little is held at a time.

use super::Decoder;
use crate::core::text::printable_json;
use crate::error::{Error, Result, Situation};
use colored::Color;
use std::collections::BTreeMap;
use std::io;
use std::num::NonZero;
use std::ops::RangeFrom;
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread::{Builder, available_parallelism, scope};
use std::time::Duration;

/// So many lines at once that more of them are on their way, and worth a thread.
const IN_BULK: usize = 16;

/// How long more of them are waited for while others are being worked on. It ends so soon that nobody is kept waiting
/// by a silent input when the work has failed, or when all that has come is told.
const LULL: Duration = Duration::from_millis(10);

/// How often lines may be done before their turn: what is held then is a few megabytes at most.
const EARLY: usize = 8;

/// A text and where it stands in the input, counted from 1.
pub(super) type Line = (u64, io::Result<String>);

/// How many texts there were, how many of them were no valid token, and of how many that is not known.
#[derive(Default)]
pub(super) struct Count {
    all: u64,
    failed: u64,
    unknown: u64,
}

/// What became of some lines.
enum Outcome {
    /// Answers one after the other.
    Good(Answers),
    /// The line of that number failed.
    Bad(u64, Error),
}

#[derive(Default)]
struct Answers {
    text: String,
    count: u64,
}

/// Where workers get their lines.
struct Source<'n> {
    /// What is known before anything is read.
    first: Vec<Line>,
    numbers: &'n mut RangeFrom<u64>,
    /// How many times lines were taken.
    taken: u64,
    /// Whether lines come one by one again.
    ebbed: bool,
}

/// What is told in the order it was taken in, whoever is done first: nobody waits for another's work to go on with his own.
struct Order {
    /// What is told next.
    next: u64,
    early: BTreeMap<u64, Vec<Outcome>>,
    count: Count,
    /// Something has ended the command.
    over: bool,
}

impl Decoder<'_> {
    /// Standard input, as it arrives: one token is one answer, and its failure the command's.
    pub(super) fn stream(&self) -> Result<()> {
        let (mut count, mut numbers) = (Count::default(), 1..);
        let workers = available_parallelism().map_or(1, NonZero::get);
        while let Some(lines) = self.arrived(&mut numbers, None)? {
            if workers == 1 || lines.len() < IN_BULK {
                self.batch(&lines, &mut count)?;
            } else {
                count = self.in_bulk(workers, lines, &mut numbers, count)?;
            }
        }
        count.verdict()
    }

    /// The lines that have arrived, without the empty ones; `None` at the end of input, or if none comes so soon.
    fn arrived(&self, numbers: &mut RangeFrom<u64>, patience: Option<Duration>) -> Result<Option<Vec<Line>>> {
        let lines = match self.world.terminal.read_lines(patience) {
            Ok(lines) if lines.is_empty() => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::TimedOut => return Ok(None),
            lines => lines.map_err(|error| Error::failed(format!("cannot read standard input: {error}")))?,
        };
        let mut lines: Vec<Line> = numbers.by_ref().zip(lines).collect();
        lines.retain(|(_, line)| !line.as_ref().is_ok_and(|line| line.trim().is_empty()));
        Ok(Some(lines))
    }

    /// Works on `first` and on what follows, on all processors, until lines come one by one again.
    fn in_bulk(&self, workers: usize, first: Vec<Line>, numbers: &mut RangeFrom<u64>, count: Count) -> Result<Count> {
        let source = Mutex::new(Source { first, numbers, taken: 0, ebbed: false });
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
    fn work(&self, source: &Mutex<Source<'_>>, (order, told): &(Mutex<Order>, Condvar)) -> Result<()> {
        loop {
            let taken = source.lock().unwrap_or_else(PoisonError::into_inner).take(self)?;
            let Some((place, lines)) = taken else { return Ok(()) };
            let outcomes = self.outcomes(&lines);
            let mut order = order.lock().unwrap_or_else(PoisonError::into_inner);
            order.early.insert(place, outcomes);
            let done = self.tell_what_is_next(&mut order);
            told.notify_all();
            done?;
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
            && let Some(outcomes) = order.early.remove(&order.next)
        {
            order.next += 1;
            let told = self.tell_all(outcomes, &mut order.count);
            order.over = told.is_err();
            told?;
        }
        Ok(())
    }

    /// A few texts.
    pub(super) fn batch(&self, lines: &[Line], count: &mut Count) -> Result<()> {
        self.tell_all(self.outcomes(lines), count)
    }

    /// What becomes of the lines.
    fn outcomes(&self, lines: &[Line]) -> Vec<Outcome> {
        let (mut outcomes, mut good) = (Vec::new(), Answers::default());
        for (number, line) in lines {
            let decoded = match line {
                Ok(text) => self.decoded(text),
                Err(error) => Err(Error::invalid(error.to_string())),
            };
            match decoded {
                Ok(answer) => good.add(&answer),
                Err(error) => outcomes.extend([Outcome::Good(std::mem::take(&mut good)), Outcome::Bad(*number, error)]),
            }
        }
        outcomes.push(Outcome::Good(good));
        outcomes
    }

    /// What fails is told in its place, and the rest goes on.
    fn tell_all(&self, outcomes: Vec<Outcome>, count: &mut Count) -> Result<()> {
        let mut answers = String::new();
        for outcome in outcomes {
            match outcome {
                Outcome::Good(good) => {
                    count.all += good.count;
                    answers = if answers.is_empty() { good.text } else { answers + &good.text };
                }
                Outcome::Bad(number, error) => {
                    count.all += 1;
                    match error.situation {
                        Situation::Invalid(_) => count.failed += 1,
                        Situation::KeyNotKnown(_) => count.unknown += 1,
                        _ => {
                            self.out.answer(&answers)?;
                            return Err(error);
                        }
                    }
                    self.tell(number, &error, &mut answers)?;
                }
            }
        }
        self.out.answer(&answers)
    }

    /// What failed, in its place: among the answers under `--json`, else on stderr after those before it.
    fn tell(&self, line: u64, error: &Error, answers: &mut String) -> Result<()> {
        let report = error.report();
        if self.out.json {
            let mut document = report.to_json();
            document["line"] = line.into();
            *answers += &printable_json(format!("{document}\n"));
            return Ok(());
        }
        self.out.answer(&std::mem::take(answers))?;
        let verdict = match error.situation {
            Situation::KeyNotKnown(_) => self.out.paint_err("not verified:", Color::Yellow),
            _ => self.out.paint_err("not valid:", Color::Red),
        };
        self.out.ask(&format!("{verdict} line {line}: {}", report.message));
        Ok(())
    }
}

impl Answers {
    fn add(&mut self, answer: &str) {
        self.text += answer;
        self.count += 1;
    }
}

impl Source<'_> {
    /// The next lines and their place in the order; `None` where lines no longer come in bulk. The last ones are then
    /// few, or none.
    fn take(&mut self, decoder: &Decoder<'_>) -> Result<Option<(u64, Vec<Line>)>> {
        if self.ebbed {
            return Ok(None);
        }
        let mut lines = std::mem::take(&mut self.first);
        if lines.is_empty() {
            lines = decoder.arrived(self.numbers, Some(LULL))?.unwrap_or_default();
            self.ebbed = lines.len() < IN_BULK;
        }
        let place = self.taken;
        self.taken += 1;
        Ok(Some((place, lines)))
    }
}

impl Count {
    /// What the command's end says of them.
    pub(super) fn verdict(&self) -> Result<()> {
        let unknown = |what: String| Situation::KeyNotKnown(what).into();
        match (self.all, self.failed, self.unknown) {
            (0, ..) => Err(Error::usage("there is no token on standard input")),
            (_, 0, 0) => Ok(()),
            (1, 1, _) => Err(Error::invalid("the token is not valid")),
            (1, ..) => Err(unknown("the token could not be verified".to_owned())),
            (all, 0, open) => Err(unknown(format!("{open} of {all} tokens could not be verified"))),
            (all, failed, 0) => Err(Error::invalid(format!("{failed} of {all} tokens are not valid"))),
            (all, failed, open) => {
                Err(Error::invalid(format!("{failed} of {all} tokens are not valid, {open} could not be verified")))
            }
        }
    }
}
