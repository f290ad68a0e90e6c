//! Standard input, output and error.

#[cfg(unix)]
mod line_input;
mod stream;

use super::process::without_line_end;
use super::system::SystemClock;
use crate::domain::secret::Secret;
use crate::domain::text::{into_utf8_text, without_byte_order_mark};
use crate::ports::{Clock, Stream, Terminal};
use std::io::{self, BufRead, BufReader, ErrorKind, IsTerminal, Read, Stdin};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use stream::{Direction, LONGEST, ready, write_whole};

/// How much is read at once, in bytes; lines that come together are worked on together.
const AT_ONCE: usize = 1 << 17;

/// The process's three streams.
#[derive(Debug, Default)]
pub struct SystemTerminal {
    /// Standard input, once it is read from.
    input: Mutex<Option<Lines<BufReader<Patient>>>>,
    /// The line that is being read on a thread, where nothing else can wait for one.
    #[cfg(not(unix))]
    asked: Mutex<Option<std::sync::mpsc::Receiver<io::Result<Option<String>>>>>,
}

/// Standard input, waited for so long and no longer if there is a limit.
#[derive(Debug)]
struct Patient {
    input: Stdin,
    limit: Option<(SystemClock, Duration)>,
    /// What is typed, if a person types there.
    #[cfg(unix)]
    typing: Option<line_input::Typing>,
}

/// Input taken line by line.
#[derive(Debug)]
struct Lines<R> {
    input: R,
    /// What has been read of a line whose end has not come in time.
    begun: Vec<u8>,
    /// Whether the last line was too long, so that its rest has yet to be passed over.
    within_a_line: bool,
}

impl SystemTerminal {
    fn reading<T>(&self, patience: Option<Duration>, read: impl FnOnce(&mut Lines<BufReader<Patient>>) -> T) -> T {
        let mut lines = self.input.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = lines.get_or_insert_with(|| Lines::of(BufReader::with_capacity(AT_ONCE, Patient::new())));
        lines.input.get_mut().limit = patience.map(|patience| (SystemClock::start(), patience));
        read(lines)
    }
}

impl Patient {
    fn new() -> Self {
        let input = io::stdin();
        #[cfg(unix)]
        let typing = input.is_terminal().then(line_input::Typing::default);
        Self {
            input,
            limit: None,
            #[cfg(unix)]
            typing,
        }
    }
}

impl Read for Patient {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let left = || self.limit.as_ref().map(|(since, patience)| patience.saturating_sub(since.uptime()));
        #[cfg(unix)]
        if let Some(typing) = &mut self.typing {
            let come = typing.come(line_input::Echo::Shown, &left)?;
            let taken = come.len().min(bytes.len());
            bytes[..taken].copy_from_slice(&come[..taken]);
            come.drain(..taken);
            return Ok(taken);
        }
        if self.limit.is_some() {
            ready(&self.input, Direction::In, left())?;
        }
        loop {
            match self.input.read(bytes) {
                // Another program has left the pipe or terminal so.
                Err(error) if error.kind() == ErrorKind::WouldBlock => ready(&self.input, Direction::In, left())?,
                done => return done,
            }
        }
    }
}

impl Terminal for SystemTerminal {
    fn out(&self, text: &str) -> io::Result<()> {
        write_whole(io::stdout().lock(), text.as_bytes())
    }

    fn err(&self, text: &str) {
        let _ = write_whole(io::stderr().lock(), text.as_bytes());
    }

    fn err_if_ready(&self, text: &str) {
        // Ready is what takes so many bytes at once (pipe(7), `PIPE_BUF`; POSIX promises 512).
        let at_once = if cfg!(target_os = "linux") { 4096 } else { 512 };
        let err = io::stderr().lock();
        if text.len() <= at_once && ready(&err, Direction::Out, Some(Duration::ZERO)).is_ok() {
            let _ = write_whole(err, text.as_bytes());
        }
    }

    fn stdout(&self) -> Stream {
        let out = io::stdout();
        stream(out.is_terminal(), size(&out))
    }

    fn stderr(&self) -> Stream {
        let err = io::stderr();
        stream(err.is_terminal(), size(&err))
    }

    fn stdin_is_terminal(&self) -> bool {
        io::stdin().is_terminal()
    }

    fn read_line(&self) -> io::Result<Option<String>> {
        self.reading(None, Lines::next)
    }

    fn read_line_within(&self, patience: Duration) -> io::Result<Option<String>> {
        #[cfg(unix)]
        return self.reading(Some(patience), Lines::next);
        #[cfg(not(unix))]
        self.line_of_a_thread(patience)
    }

    fn read_lines(&self, patience: Option<Duration>) -> io::Result<Vec<u8>> {
        self.reading(patience, |source| {
            let mut lines = source.next_bytes()?;
            if !source.within_a_line {
                // What has not arrived yet is not waited for: a person may be typing.
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
            return Ok(Secret::new(self.read_line()?.unwrap_or_default()));
        }
        self.err(prompt);
        #[cfg(unix)]
        return self.reading(None, |lines| {
            let typing = lines.input.get_mut().typing.get_or_insert_default();
            let line = into_utf8_text(typing.hidden_line()?);
            line.map(typed).map_err(|why| io::Error::new(ErrorKind::InvalidData, format!("the line is {why}")))
        });
        #[cfg(not(unix))]
        rpassword::read_password().map(typed)
    }
}

#[cfg(not(unix))]
impl SystemTerminal {
    /// The thread outlives the wait, for nothing takes a read of standard input back; the next wait is for the same line.
    fn line_of_a_thread(&self, patience: Duration) -> io::Result<Option<String>> {
        use std::sync::mpsc::channel;

        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let line = match asked.take() {
            Some(line) => line,
            None => {
                let (sender, line) = channel();
                std::thread::Builder::new().spawn(move || sender.send(SystemTerminal::default().read_line()))?;
                line
            }
        };
        let come = line.recv_timeout(patience);
        come.unwrap_or_else(|_| {
            *asked = Some(line);
            Err(ErrorKind::TimedOut.into())
        })
    }
}

fn stream(is_terminal: bool, size: Option<(u16, u16)>) -> Stream {
    let (columns, rows) = size.unzip();
    Stream { is_terminal, columns, rows }
}

#[cfg(unix)]
fn size(stream: &impl std::os::fd::AsFd) -> Option<(u16, u16)> {
    terminal_size::terminal_size_of(stream).map(|(width, height)| (width.0, height.0))
}

#[cfg(windows)]
fn size(stream: &impl std::os::windows::io::AsHandle) -> Option<(u16, u16)> {
    terminal_size::terminal_size_of(stream).map(|(width, height)| (width.0, height.0))
}

impl<R: BufRead> Lines<R> {
    fn of(input: R) -> Self {
        Self { input, begun: Vec::new(), within_a_line: false }
    }

    /// One line with its end; nothing where nothing is left. Of a line that is too long, so much as shows it, however
    /// long it is: what is left of it goes by unread when the next line is asked for. What has come of a line when the
    /// input falls silent or fails is kept for the next time.
    fn next_bytes(&mut self) -> io::Result<Vec<u8>> {
        if self.within_a_line {
            self.input.skip_until(b'\n')?;
            self.within_a_line = false;
        }
        let room = LONGEST + 1 - self.begun.len() as u64;
        self.input.by_ref().take(room).read_until(b'\n', &mut self.begun)?;
        let line = std::mem::take(&mut self.begun);
        self.within_a_line = line.len() as u64 > LONGEST && line.last() != Some(&b'\n');
        Ok(line)
    }

    /// One line without its end; `None` where nothing is left.
    fn next(&mut self) -> io::Result<Option<String>> {
        let line = self.next_bytes()?;
        if line.is_empty() {
            return Ok(None);
        }
        if self.within_a_line {
            return Err(io::Error::new(ErrorKind::InvalidData, "the line is longer than 1 MiB"));
        }
        let mut line =
            into_utf8_text(line).map_err(|why| io::Error::new(ErrorKind::InvalidData, format!("the line is {why}")))?;
        line.truncate(without_line_end(&line).len());
        Ok(Some(line))
    }
}

/// What was typed, or pasted there.
fn typed(text: String) -> Secret {
    let text = Secret::new(text);
    Secret::new(without_byte_order_mark(text.expose()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_lose_their_ends_and_the_last_needs_none() {
        let mut lines = Lines::of("a\r\n\nb".as_bytes());
        for line in ["a", "", "b"] {
            assert_eq!(lines.next().unwrap().as_deref(), Some(line));
        }
        assert_eq!(lines.next().unwrap(), None);
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_a_line_and_utf_16_is_told_by_its_name() {
        let mut lines = Lines::of("\u{feff}s3cret\r\n\u{feff}\nb".as_bytes());
        for line in ["s3cret", "", "b"] {
            assert_eq!(lines.next().unwrap().as_deref(), Some(line));
        }
        assert!(Lines::of(&b"\xff\xfes\0\r\0\n\0"[..]).next().unwrap_err().to_string().contains("UTF-16"));
        assert_eq!(typed("\u{feff}s3cret".into()), Secret::new("s3cret"));
    }

    #[test]
    fn a_line_that_is_too_long_or_no_utf_8_is_one_error_and_the_next_one_is_whole() {
        let longest = "x".repeat(1 << 20);
        let text = [longest.as_bytes(), b"\n", longest.as_bytes(), b"yz\n\xff\nb\n"].concat();
        let mut lines = Lines::of(&text[..]);
        assert_eq!(lines.next().unwrap().map(|line| line.len()), Some(1 << 20));
        assert_eq!(lines.next().unwrap_err().kind(), ErrorKind::InvalidData);
        assert_eq!(lines.next().unwrap_err().to_string(), "the line is not UTF-8");
        assert_eq!(lines.next().unwrap().as_deref(), Some("b"));
    }

    #[test]
    fn an_endless_line_is_refused_without_waiting_for_its_end() {
        let mut lines = Lines::of(io::BufReader::new(io::repeat(b'x')));
        assert_eq!(lines.next().unwrap_err().kind(), ErrorKind::InvalidData);
    }

    #[test]
    fn a_line_that_comes_in_pieces_with_silence_between_them_is_whole() {
        /// Silence, and then a piece.
        struct Pieces(Vec<String>, bool);
        impl Read for Pieces {
            fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
                self.1 = !self.1;
                if self.1 { Err(ErrorKind::TimedOut.into()) } else { self.0.remove(0).as_bytes().read(bytes) }
            }
        }
        let longest = (0..1 << 10).map(|_| "x".repeat(1 << 10));
        let pieces = ["a", "b\nc", "\n"].map(str::to_owned).into_iter().chain(longest);
        let pieces = pieces.chain(["y", "yz\nd\n"].map(str::to_owned)).collect();
        let mut lines = Lines::of(BufReader::new(Pieces(pieces, false)));
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
