//! Child processes that are always waited for, with a deadline.

use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::{JoinHandle, spawn};
use std::time::{Duration, Instant};

/// The longest time that a test waits for something.
const PATIENCE: Duration = Duration::from_secs(60);

/// The exit and output of a process.
#[derive(Debug)]
pub struct Outcome {
    /// The exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    pub took: Duration,
}

impl Outcome {
    /// Asserts the exit code; returns standard output.
    #[track_caller]
    pub fn expect(&self, code: i32) -> &str {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self.stdout.trim_end_matches('\n')
    }

    /// Asserts success; returns standard output as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(self.expect(0)).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }

    /// Asserts the exit code and empty standard output; returns the `error` object of the last line of standard
    /// error.
    #[track_caller]
    pub fn error(&self, code: i32) -> serde_json::Value {
        assert_eq!(self.expect(code), "", "{self:#?}");
        let line = self.stderr.lines().last().unwrap_or_default();
        let document: serde_json::Value =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {self:#?}"));
        assert_eq!(document["error"]["exit_code"], code, "{self:#?}");
        document["error"].clone()
    }
}

/// A running child whose output is read while it runs.
pub struct Process {
    child: Child,
    started: Instant,
    stdout: Option<JoinHandle<String>>,
    stderr_lines: Receiver<String>,
    stderr: String,
}

impl Process {
    /// Starts `command` with closed standard input, unless it is set.
    pub fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stdout = child.stdout.take().unwrap();
        let (sender, stderr_lines) = channel();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        spawn(move || stderr.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let stdout = Some(spawn(move || text(stdout)));
        Self { child, started: Instant::now(), stdout, stderr_lines, stderr: String::new() }
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal.
    pub fn signal(&self, signal: rustix::process::Signal) {
        let id = i32::try_from(self.id()).ok().and_then(rustix::process::Pid::from_raw).unwrap();
        rustix::process::kill_process(id, signal).unwrap();
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Writes `text` to standard input and closes it.
    pub fn write_stdin(&mut self, text: &str) {
        self.child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    }

    /// Waits for a matching word on standard error.
    #[track_caller]
    pub fn wait_for_word(&mut self, wanted: impl Fn(&str) -> bool) -> String {
        while let Ok(line) = self.stderr_lines.recv_timeout(PATIENCE) {
            self.stderr += &line;
            self.stderr.push('\n');
            if let Some(word) = line.split_whitespace().find(|word| wanted(word)) {
                return word.to_owned();
            }
        }
        panic!("standard error ended or stalled at: {}", self.stderr)
    }

    /// Standard error, up to what was waited for.
    pub fn shown_so_far(&self) -> &str {
        &self.stderr
    }

    /// Waits for a matching word or the end of standard error; returns whether the word came.
    pub fn tells_or_ends(&mut self, wanted: impl Fn(&str) -> bool) -> bool {
        while let Ok(line) = self.stderr_lines.recv_timeout(PATIENCE) {
            self.stderr += &line;
            self.stderr.push('\n');
            if line.split_whitespace().any(&wanted) {
                return true;
            }
        }
        false
    }

    /// Waits for the end.
    #[track_caller]
    pub fn finish(mut self) -> Outcome {
        // Counted from now: the test may have waited for other things before.
        let status = wait(&mut self.child, Instant::now() + PATIENCE);
        let took = self.started.elapsed();
        while let Ok(line) = self.stderr_lines.recv_timeout(PATIENCE) {
            self.stderr += &line;
            self.stderr.push('\n');
        }
        let stdout = self.stdout.take().unwrap().join().unwrap();
        let stderr = std::mem::take(&mut self.stderr);
        let Some(status) = status else { panic!("still running after {took:?}: {stdout}{stderr}") };
        Outcome { code: status.code(), signal: status.signal(), stdout, stderr, took }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        stop(&mut self.child);
    }
}

pub fn stop(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

/// Polls `ready` until it returns a value.
#[track_caller]
pub fn poll<T>(what: &str, mut ready: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = ready() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The exit of `child`; at the deadline it is killed, and `None`.
fn wait(child: &mut Child, deadline: Instant) -> Option<ExitStatus> {
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status);
        }
        if Instant::now() > deadline {
            stop(child);
            return None;
        }
        std::thread::sleep(Duration::from_millis(3));
    }
}

fn text(mut from: impl Read) -> String {
    let mut bytes = Vec::new();
    let _ = from.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}
