//! What must be done however long it takes: again and again, told every few seconds, ended by a signal alone.

use super::system::SystemClock;
use crate::ports::{Clock, StoreFailure, Waiting};
use std::ops::ControlFlow;
use std::time::Duration;

/// How often a long wait is told.
pub(super) const TOLD_EVERY: Duration = Duration::from_secs(3);

/// The first pause between two attempts; each is twice the one before, up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(200);

const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Tells how long something has taken so far and what it failed by last, at most once in a while.
pub(super) struct Notices<'a> {
    clock: SystemClock,
    every: Duration,
    told: Duration,
    last: Option<StoreFailure>,
    waiting: Waiting<'a>,
}

impl<'a> Notices<'a> {
    /// Time counts from now; `waiting` is called every `every` or less often.
    pub(super) fn new(every: Duration, waiting: Waiting<'a>) -> Self {
        Self { clock: SystemClock::start(), every, told: Duration::ZERO, last: None, waiting }
    }

    /// An attempt has failed by that.
    pub(super) fn failed(&mut self, failure: StoreFailure) {
        self.last = Some(failure);
    }

    /// Tells, if it is time.
    pub(super) fn tell(&mut self) {
        let so_far = self.clock.uptime();
        if so_far >= self.told + self.every {
            self.told = so_far;
            (self.waiting)(so_far, self.last.as_ref());
        }
    }
}

/// Repeats `attempt`, with pauses between, until it breaks: because it is done, or because it never can be.
pub(super) fn until_done<T>(
    mut notices: Notices<'_>,
    mut attempt: impl FnMut(&mut Notices<'_>) -> ControlFlow<T>,
) -> T {
    let mut pause = FIRST_PAUSE;
    loop {
        if let ControlFlow::Break(done) = attempt(&mut notices) {
            return done;
        }
        notices.tell();
        notices.clock.pause(pause);
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    #[test]
    fn it_is_tried_until_it_is_done_and_told_as_it_takes_longer() {
        let told = RefCell::new(Vec::new());
        let waiting = |so_far, _: Option<&StoreFailure>| told.borrow_mut().push(so_far);
        let mut attempts = 0;
        let done = until_done(Notices::new(Duration::from_millis(300), &waiting), |_| {
            attempts += 1;
            if attempts == 4 { ControlFlow::Break("done") } else { ControlFlow::Continue(()) }
        });
        assert_eq!((done, attempts), ("done", 4));
        // Pauses of 200, 400 and 800 ms: the attempt at once is not told, the ones at 600 and 1400 ms are.
        let told = told.into_inner();
        assert!(!told.is_empty() && told.len() <= 2 && told[0] >= Duration::from_millis(300), "{told:?}");
    }
}
