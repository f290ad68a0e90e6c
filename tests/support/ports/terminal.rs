use super::browser::TestBrowser;
use super::clock::Clock;
use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tidp::testing::domain::secret::Secret;
use tidp::testing::ports::{self, Stream};
use url::Url;

/// Makes the line that the user pastes from the authorization request.
type Paste = Box<dyn FnOnce(&Url) -> Option<String> + Send>;

#[derive(Default)]
pub struct Terminal {
    browser: Arc<TestBrowser>,
    clock: Option<Arc<Clock>>,
    printed: Mutex<(String, String)>,
    paste: Mutex<Option<Paste>>,
    pub lines: Mutex<VecDeque<String>>,
    pub broken: Mutex<Option<io::ErrorKind>>,
    pub columns: Mutex<Option<u16>>,
    /// How the next read of a line fails.
    pub unreadable: Mutex<Option<io::ErrorKind>>,
    /// No line ever arrives.
    pub no_input: Mutex<bool>,
    /// Standard input is a terminal.
    pub stdin_is_terminal: Mutex<bool>,
    /// Standard input is a terminal, and this process may read it. Then a read without a line takes its time.
    pub in_foreground: Mutex<bool>,
    /// Runs before each line, which then arrives alone.
    pub before_read: Mutex<Option<Box<dyn FnMut() + Send>>>,
    /// The height of stdout, which is a terminal only if this is set.
    pub rows: Mutex<Option<u16>>,
    /// The columns and rows of stderr, which is a terminal only if this is set.
    pub stderr_size: Mutex<Option<(u16, u16)>>,
}

impl Terminal {
    pub fn new(browser: Arc<TestBrowser>, clock: Arc<Clock>) -> Self {
        Self { browser, clock: Some(clock), ..Self::default() }
    }

    /// Sets the line read after the typed ones, made from the authorization request; `None` ends the input.
    pub fn pastes(&self, paste: impl FnOnce(&Url) -> Option<String> + Send + 'static) {
        *self.paste.lock().unwrap() = Some(Box::new(paste));
    }

    /// Makes both streams a terminal of that many columns.
    pub fn set_columns(&self, columns: u16) {
        *self.columns.lock().unwrap() = Some(columns);
        *self.rows.lock().unwrap() = Some(50);
        *self.stderr_size.lock().unwrap() = Some((columns, 50));
    }

    pub fn take(&self) -> (String, String) {
        std::mem::take(&mut self.printed.lock().unwrap())
    }

    pub fn type_line(&self, line: &str) {
        self.lines.lock().unwrap().push_back(line.to_owned());
    }

    pub fn err_so_far(&self) -> String {
        self.printed.lock().unwrap().1.clone()
    }
}

/// The number of lines that arrive together: enough for several threads.
const LINES_AT_ONCE: usize = 50;

impl Terminal {
    /// Waits for a line.
    fn wait(&self, patience: Duration) -> io::Result<()> {
        if let Some(kind) = self.unreadable.lock().unwrap().take() {
            return Err(kind.into());
        }
        if *self.no_input.lock().unwrap() || patience.is_zero() {
            if let Some(clock) = self.clock.as_ref().filter(|_| *self.in_foreground.lock().unwrap()) {
                ports::Clock::pause(&**clock, patience);
            }
            return Err(io::ErrorKind::TimedOut.into());
        }
        if let Some(before_read) = self.before_read.lock().unwrap().as_mut() {
            before_read();
        }
        Ok(())
    }
}

impl ports::Terminal for Terminal {
    fn out(&self, text: &str) -> io::Result<()> {
        if let Some(kind) = *self.broken.lock().unwrap() {
            return Err(kind.into());
        }
        self.printed.lock().unwrap().0.push_str(text);
        Ok(())
    }

    fn err(&self, text: &str) {
        self.browser.record(text);
        self.printed.lock().unwrap().1.push_str(text);
    }

    fn stdout(&self) -> Stream {
        let rows = *self.rows.lock().unwrap();
        Stream { is_terminal: rows.is_some(), obeys_escapes: true, columns: *self.columns.lock().unwrap(), rows }
    }

    fn stderr(&self) -> Stream {
        let size = *self.stderr_size.lock().unwrap();
        let (columns, rows) = size.unzip();
        Stream { is_terminal: size.is_some(), obeys_escapes: true, columns, rows }
    }

    fn stdin_is_terminal(&self) -> bool {
        *self.stdin_is_terminal.lock().unwrap()
    }

    fn stdin_is_in_foreground(&self) -> bool {
        *self.in_foreground.lock().unwrap()
    }

    fn read_line(&self, patience: Option<Duration>) -> io::Result<Option<String>> {
        if let Some(patience) = patience {
            self.wait(patience)?;
        }
        if let Some(line) = self.lines.lock().unwrap().pop_front() {
            return Ok(Some(line));
        }
        if let Some(paste) = self.paste.lock().unwrap().take() {
            return Ok(paste(&self.browser.request().expect("a URL was shown")));
        }
        Ok(None)
    }

    fn read_lines(&self, _: Option<Duration>) -> io::Result<Vec<u8>> {
        let mut at_once = LINES_AT_ONCE;
        if let Some(before_read) = self.before_read.lock().unwrap().as_mut() {
            before_read();
            at_once = 1;
        }
        let mut lines = self.lines.lock().unwrap();
        let arrived = lines.len().min(at_once);
        Ok(lines.drain(..arrived).flat_map(|line| (line + "\n").into_bytes()).collect())
    }

    fn read_secret(&self, _: &str) -> io::Result<Secret> {
        Ok(Secret::new(self.lines.lock().unwrap().pop_front().unwrap_or_default()))
    }
}
