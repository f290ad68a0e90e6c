//! Standard input, output and error.

#[cfg(unix)]
mod line_input;
mod stream;

use super::program_runner::without_line_end;
use super::system::SystemClock;
use crate::domain::mutex::lock_mutex;
use crate::domain::secret::Secret;
use crate::domain::text::{into_utf8_text, without_byte_order_mark};
use crate::ports::{Clock, Stream, Terminal};
use std::io::{self, BufRead, BufReader, ErrorKind, IsTerminal, Read, Stdin};
use std::sync::Mutex;
use std::time::Duration;
use stream::{Direction, MAX_LINE, wait_until_ready, write_all};
use terminal_size::{Height, Width, terminal_size_of};

/// In bytes; lines that arrive together are processed together.
const BUFFER_SIZE: usize = 1 << 17;

#[derive(Default)]
pub struct SystemTerminal {
    input: Mutex<Option<Input>>,
    /// A line that a thread is reading, where there is no other way to wait with a timeout.
    #[cfg(not(unix))]
    pending: Mutex<Option<std::sync::mpsc::Receiver<io::Result<Option<String>>>>>,
}

type Input = LineReader<BufReader<TimedStdin>>;

struct TimedStdin {
    input: Stdin,
    limit: Option<(SystemClock, Duration)>,
    /// For a terminal.
    #[cfg(unix)]
    typed_input: Option<line_input::TypedInput>,
}

struct LineReader<R> {
    input: R,
    /// The start of a line whose end has not arrived.
    partial: Vec<u8>,
    /// Whether the last line was too long, and its rest must be skipped.
    skips_rest: bool,
}

impl SystemTerminal {
    fn with_input<T>(&self, timeout: Option<Duration>, read: impl FnOnce(&mut Input) -> T) -> T {
        let mut lines = lock_mutex(&self.input);
        let lines = lines.get_or_insert_with(|| {
            let stdin = TimedStdin {
                input: io::stdin(),
                limit: None,
                #[cfg(unix)]
                typed_input: io::stdin().is_terminal().then(line_input::TypedInput::default),
            };
            LineReader::new(BufReader::with_capacity(BUFFER_SIZE, stdin))
        });
        lines.input.get_mut().limit = timeout.map(|timeout| (SystemClock::start(), timeout));
        read(lines)
    }
}

impl Read for TimedStdin {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let left = || self.limit.as_ref().map(|(since, timeout)| timeout.saturating_sub(since.uptime()));
        #[cfg(unix)]
        if let Some(typed_input) = &mut self.typed_input {
            let complete = typed_input.read(line_input::Echo::Shown, &left)?;
            let taken = complete.as_slice().read(bytes)?;
            complete.drain(..taken);
            return Ok(taken);
        }
        let mut must_wait = self.limit.is_some();
        loop {
            if must_wait {
                wait_until_ready(&self.input, Direction::In, left())?;
            }
            match self.input.read(bytes) {
                // Another program has made it non-blocking.
                Err(error) if error.kind() == ErrorKind::WouldBlock => must_wait = true,
                done => return done,
            }
        }
    }
}

impl Terminal for SystemTerminal {
    fn out(&self, text: &str) -> io::Result<()> {
        write_all(io::stdout().lock(), text.as_bytes())
    }

    fn err(&self, text: &str) {
        let _ = write_all(io::stderr().lock(), text.as_bytes());
    }

    fn try_err(&self, text: &str) {
        // A ready stream takes this many bytes without blocking (pipe(7), `PIPE_BUF`; POSIX guarantees 512).
        let at_once = if cfg!(target_os = "linux") { 4096 } else { 512 };
        let err = io::stderr().lock();
        if text.len() <= at_once && wait_until_ready(&err, Direction::Out, Some(Duration::ZERO)).is_ok() {
            let _ = write_all(err, text.as_bytes());
        }
    }

    fn stdout(&self) -> Stream {
        let out = io::stdout();
        stream(out.is_terminal(), obeys_escapes(&out), terminal_size_of(&out))
    }

    fn stderr(&self) -> Stream {
        let err = io::stderr();
        stream(err.is_terminal(), obeys_escapes(&err), terminal_size_of(&err))
    }

    fn stdin_is_terminal(&self) -> bool {
        io::stdin().is_terminal()
    }

    #[cfg(unix)]
    fn stdin_is_in_foreground(&self) -> bool {
        let foreground = rustix::termios::tcgetpgrp(io::stdin());
        foreground.is_ok_and(|group| group == rustix::process::getpgrp())
    }

    fn read_line(&self, timeout: Option<Duration>) -> io::Result<Option<String>> {
        #[cfg(not(unix))]
        if let Some(timeout) = timeout {
            return self.read_line_on_thread(timeout);
        }
        self.with_input(timeout, LineReader::next)
    }

    fn read_lines(&self, timeout: Option<Duration>) -> io::Result<Vec<u8>> {
        self.with_input(timeout, |source| {
            let mut lines = source.next_bytes()?;
            if !source.skips_rest {
                // Do not wait for more: a person may be typing.
                let arrived = source.input.buffer();
                let whole = arrived.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
                lines.extend_from_slice(&arrived[..whole]);
                source.input.consume(whole);
            }
            Ok(lines)
        })
    }

    fn read_secret(&self, prompt: &str) -> io::Result<Secret> {
        if !self.stdin_is_terminal() {
            return Ok(Secret::new(self.read_line(None)?.unwrap_or_default()));
        }
        self.err(prompt);
        #[cfg(unix)]
        return self.with_input(None, |lines| {
            let typed_input = lines.input.get_mut().typed_input.get_or_insert_default();
            valid_text(typed_input.read_hidden_line()?).map(typed_secret)
        });
        #[cfg(not(unix))]
        rpassword::read_password().map(typed_secret)
    }
}

#[cfg(not(unix))]
impl SystemTerminal {
    /// The thread outlives the wait, because such a read cannot be cancelled; the next wait is for the same line.
    fn read_line_on_thread(&self, timeout: Duration) -> io::Result<Option<String>> {
        use std::sync::mpsc::channel;

        let mut pending = lock_mutex(&self.pending);
        let line = match pending.take() {
            Some(line) => line,
            None => {
                let (sender, line) = channel();
                std::thread::Builder::new().spawn(move || sender.send(SystemTerminal::default().read_line(None)))?;
                line
            }
        };
        let complete = line.recv_timeout(timeout);
        complete.unwrap_or_else(|_| {
            *pending = Some(line);
            Err(ErrorKind::TimedOut.into())
        })
    }
}

fn stream(is_terminal: bool, obeys_escapes: bool, size: Option<(Width, Height)>) -> Stream {
    let (columns, rows) = size.map(|(width, height)| (width.0, height.0)).unzip();
    Stream { is_terminal, obeys_escapes, columns, rows }
}

#[cfg(not(windows))]
const fn obeys_escapes<T>(_: &T) -> bool {
    true
}

/// The classic console of Windows shows escape sequences as they are until it is told to obey them. Each stream is asked
/// for itself, because the other one may be redirected.
#[cfg(windows)]
fn obeys_escapes(stream: &impl winapi_util::AsHandleRef) -> bool {
    use winapi_util::console::{mode, set_mode};
    // wincon.h: ENABLE_PROCESSED_OUTPUT and ENABLE_VIRTUAL_TERMINAL_PROCESSING.
    const OBEY: u32 = 0x0001 | 0x0004;
    match mode(stream) {
        Ok(mode) => mode & OBEY == OBEY || set_mode(stream, mode | OBEY).is_ok(),
        // No console: a file, or a terminal of MSYS2, which obeys.
        Err(_) => true,
    }
}

impl<R: BufRead> LineReader<R> {
    fn new(input: R) -> Self {
        Self { input, partial: Vec::new(), skips_rest: false }
    }

    /// One line with its end; empty at the end of input. A line that is too long is cut after one byte more; the next
    /// call skips its rest. On a timeout or failure, the start of a line is kept for the next call.
    fn next_bytes(&mut self) -> io::Result<Vec<u8>> {
        if self.skips_rest {
            self.input.skip_until(b'\n')?;
            self.skips_rest = false;
        }
        let room = MAX_LINE + 1 - self.partial.len() as u64;
        self.input.by_ref().take(room).read_until(b'\n', &mut self.partial)?;
        let line = std::mem::take(&mut self.partial);
        self.skips_rest = line.len() as u64 > MAX_LINE && line.last() != Some(&b'\n');
        Ok(line)
    }

    fn next(&mut self) -> io::Result<Option<String>> {
        let line = self.next_bytes()?;
        if line.is_empty() {
            return Ok(None);
        }
        if self.skips_rest {
            return Err(io::Error::new(ErrorKind::InvalidData, "the line is longer than 1 MiB"));
        }
        let mut line = valid_text(line)?;
        line.truncate(without_line_end(&line).len());
        Ok(Some(line))
    }
}

fn valid_text(line: Vec<u8>) -> io::Result<String> {
    into_utf8_text(line).map_err(|why| io::Error::new(ErrorKind::InvalidData, format!("the line is {why}")))
}

fn typed_secret(text: String) -> Secret {
    let text = Secret::new(text);
    Secret::new(without_byte_order_mark(text.expose()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_lose_their_ends_and_the_last_needs_none() {
        let mut lines = LineReader::new("a\r\n\nb".as_bytes());
        for line in ["a", "", "b"] {
            assert_eq!(lines.next().unwrap().as_deref(), Some(line));
        }
        assert_eq!(lines.next().unwrap(), None);
    }

    #[test]
    fn byte_order_mark_is_removed_and_utf_16_is_named() {
        let mut lines = LineReader::new("\u{feff}s3cret\r\n\u{feff}\nb".as_bytes());
        for line in ["s3cret", "", "b"] {
            assert_eq!(lines.next().unwrap().as_deref(), Some(line));
        }
        assert!(LineReader::new(&b"\xff\xfes\0\r\0\n\0"[..]).next().unwrap_err().to_string().contains("UTF-16"));
        assert_eq!(typed_secret("\u{feff}s3cret".into()), Secret::new("s3cret"));
    }

    #[test]
    fn invalid_line_is_one_error() {
        let longest = "x".repeat(1 << 20);
        let text = [longest.as_bytes(), b"\n", longest.as_bytes(), b"yz\n\xff\nb\n"].concat();
        let mut lines = LineReader::new(&text[..]);
        assert_eq!(lines.next().unwrap().map(|line| line.len()), Some(1 << 20));
        assert_eq!(lines.next().unwrap_err().kind(), ErrorKind::InvalidData);
        assert_eq!(lines.next().unwrap_err().to_string(), "the line is not UTF-8");
        assert_eq!(lines.next().unwrap().as_deref(), Some("b"));
    }

    #[test]
    fn an_endless_line_is_refused_without_waiting_for_its_end() {
        let mut lines = LineReader::new(io::BufReader::new(io::repeat(b'x')));
        assert_eq!(lines.next().unwrap_err().kind(), ErrorKind::InvalidData);
    }

    #[test]
    fn line_in_several_parts_is_joined_after_timeouts() {
        /// Alternates timeouts and chunks.
        struct Chunks(Vec<String>, bool);
        impl Read for Chunks {
            fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
                self.1 = !self.1;
                if self.1 { Err(ErrorKind::TimedOut.into()) } else { self.0.remove(0).as_bytes().read(bytes) }
            }
        }
        let longest = (0..1 << 10).map(|_| "x".repeat(1 << 10));
        let chunks = ["a", "b\nc", "\n"].map(str::to_owned).into_iter().chain(longest);
        let chunks = chunks.chain(["y", "yz\nd\n"].map(str::to_owned)).collect();
        let mut lines = LineReader::new(BufReader::new(Chunks(chunks, false)));
        let mut read = || loop {
            match lines.next() {
                Err(error) if error.kind() == ErrorKind::TimedOut => {}
                line => return line.map(Option::unwrap),
            }
        };
        assert_eq!([read().unwrap(), read().unwrap()], ["ab", "c"]);
        assert_eq!(read().unwrap_err().kind(), ErrorKind::InvalidData);
        assert_eq!(read().unwrap(), "d");
    }
}
