use super::clock::Clock;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tidp::testing::domain::secret::Secret;
use tidp::testing::domain::time::{Seconds, Time};
use tidp::testing::ports::{self, ExitReason, SignalGuard};

/// A command, and its variable.
type ExecCall = (Vec<OsString>, (String, String));

/// Records the commands that would be run, and starts none.
#[derive(Default)]
pub struct ProgramRunner {
    pub exec_calls: Mutex<Vec<ExecCall>>,
    pub outputs: Mutex<BTreeMap<String, String>>,
    pub error: Mutex<Option<io::ErrorKind>>,
}

impl ports::ProgramRunner for ProgramRunner {
    fn exec(&self, command: &[OsString], (name, value): (&str, &Secret)) -> io::Error {
        let variable = (name.to_owned(), value.expose().to_owned());
        self.exec_calls.lock().unwrap().push((command.to_vec(), variable));
        self.error.lock().unwrap().unwrap_or(io::ErrorKind::NotFound).into()
    }

    fn output(&self, command: &[String]) -> Result<Secret, String> {
        let known = self.outputs.lock().unwrap().get(&command.join(" ")).cloned();
        known.map(Secret::new).ok_or_else(|| "no such command".to_owned())
    }
}

/// Runs while a command waits; may end the wait.
type Event = Box<dyn FnOnce() -> Option<ExitReason> + Send>;

/// Only the scripted signals arrive.
pub struct Signals {
    clock: Arc<Clock>,
    script: Arc<Mutex<Vec<(Time, Event)>>>,
    pub started_commands: Arc<Mutex<Vec<Vec<OsString>>>>,
    pub start_error: Arc<Mutex<Option<io::ErrorKind>>>,
    pub end_signals: Mutex<Vec<i32>>,
    guards: Arc<AtomicUsize>,
}

impl Signals {
    pub fn new(clock: Arc<Clock>) -> Self {
        let (script, started_commands, start_error, guards) = Default::default();
        Self { clock, script, started_commands, start_error, end_signals: Mutex::default(), guards }
    }

    /// Whether signals are deferred now.
    pub fn are_deferred(&self) -> bool {
        self.guards.load(Ordering::SeqCst) > 0
    }

    /// Ends the wait this many seconds from now.
    pub fn end_after(&self, seconds: i64, ended: ExitReason) {
        self.at(seconds, move || Some(ended));
    }

    /// Runs this many seconds from now, during a wait.
    pub fn run_after(&self, seconds: i64, what: impl FnOnce() + Send + 'static) {
        self.at(seconds, || {
            what();
            None
        });
    }

    fn at(&self, seconds: i64, event: impl FnOnce() -> Option<ExitReason> + Send + 'static) {
        let mut script = self.script.lock().unwrap();
        script.push((self.clock.time().plus(Seconds(seconds)), Box::new(event)));
        script.sort_by_key(|(time, _)| *time);
    }
}

impl ports::Signals for Signals {
    fn defer(&self) -> Box<dyn SignalGuard> {
        self.guards.fetch_add(1, Ordering::SeqCst);
        Box::new(Guard(Arc::clone(&self.guards)))
    }

    fn supervise(&self) -> io::Result<Box<dyn ports::Supervisor>> {
        Ok(Box::new(Supervisor {
            clock: Arc::clone(&self.clock),
            script: Arc::clone(&self.script),
            started_commands: Arc::clone(&self.started_commands),
            start_error: Arc::clone(&self.start_error),
        }))
    }

    fn end_by(&self, signal: i32) {
        self.end_signals.lock().unwrap().push(signal);
    }
}

struct Supervisor {
    clock: Arc<Clock>,
    script: Arc<Mutex<Vec<(Time, Event)>>>,
    started_commands: Arc<Mutex<Vec<Vec<OsString>>>>,
    start_error: Arc<Mutex<Option<io::ErrorKind>>>,
}

impl ports::Supervisor for Supervisor {
    fn start(&mut self, command: &[OsString]) -> io::Result<()> {
        self.started_commands.lock().unwrap().push(command.to_vec());
        self.start_error.lock().unwrap().map_or(Ok(()), |kind| Err(kind.into()))
    }

    fn wait(&mut self, patience: Duration) -> Option<ExitReason> {
        // By uptime: a timer stands still while the machine sleeps.
        let until = ports::Clock::uptime(&*self.clock) + patience;
        assert!(until < Duration::from_secs(1_000 * 86_400), "nothing ends this wait");
        let left = || Seconds(until.saturating_sub(ports::Clock::uptime(&*self.clock)).as_secs() as i64);
        loop {
            let by_then = self.clock.time().plus(left());
            let next = {
                let mut script = self.script.lock().unwrap();
                script.first().is_some_and(|(time, _)| *time <= by_then).then(|| script.remove(0))
            };
            let Some((time, event)) = next else { break };
            self.clock.advance(time.left(self.clock.time()));
            if let Some(ended) = event() {
                return Some(ended);
            }
        }
        self.clock.advance(left());
        None
    }
}

/// Defers signals while it lives; none arrives.
struct Guard(Arc<AtomicUsize>);

impl SignalGuard for Guard {
    fn pending(&self) -> bool {
        false
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
