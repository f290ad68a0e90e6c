//! Standard input, output and error.

use super::process::without_line_end;
use crate::core::secret::Secret;
use crate::world::{Stream, Terminal};
use std::io::{self, BufRead, IsTerminal, Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The longest line read, in bytes.
const LONGEST: u64 = 1 << 20;

/// The process's three streams.
#[derive(Debug)]
pub struct SystemTerminal;

impl Terminal for SystemTerminal {
    fn out(&self, text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        out.flush()
    }

    fn err(&self, text: &str) {
        let _ = io::stderr().lock().write_all(text.as_bytes());
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
        line_of(&mut io::stdin().lock(), &WITHIN_A_LINE)
    }

    fn read_line_within(&self, patience: Duration) -> io::Result<Option<String>> {
        // The thread outlives the wait: nothing takes a read of standard input back, and the process is about to end.
        let (sender, line) = std::sync::mpsc::channel();
        std::thread::spawn(move || sender.send(SystemTerminal.read_line()));
        line.recv_timeout(patience).unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }

    fn read_secret(&self, prompt: &str) -> io::Result<Secret> {
        if !self.stdin_is_terminal() {
            return Ok(Secret::new(self.read_line()?.unwrap_or_default()));
        }
        self.err(prompt);
        without_echo()
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

/// Whether the last line was too long, so that its rest has yet to be passed over.
static WITHIN_A_LINE: AtomicBool = AtomicBool::new(false);

/// One line without its end; `None` where nothing is left. A line that is too long is one error, however long it is:
/// what is left of it goes by unread when the next line is asked for.
fn line_of(input: &mut impl BufRead, within_a_line: &AtomicBool) -> io::Result<Option<String>> {
    if within_a_line.swap(false, Ordering::Relaxed) {
        input.skip_until(b'\n')?;
    }
    let mut line = Vec::new();
    let read = input.take(LONGEST + 1).read_until(b'\n', &mut line)?;
    if read as u64 > LONGEST {
        within_a_line.store(line.last() != Some(&b'\n'), Ordering::Relaxed);
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the line is longer than 1 MiB"));
    }
    if read == 0 {
        return Ok(None);
    }
    let mut line =
        String::from_utf8(line).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "the line is no UTF-8"))?;
    line.truncate(without_line_end(&line).len());
    Ok(Some(line))
}

/// Reads with echo off. A signal ends the process only after the terminal has its echo back: so the reading, which no
/// signal interrupts, stands on a thread that is left behind when one comes.
#[cfg(unix)]
fn without_echo() -> io::Result<Secret> {
    use crate::world::Signals;
    use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
    use std::sync::mpsc::{RecvTimeoutError, channel};
    use std::time::Duration;

    let tty = std::fs::File::open("/dev/tty")?;
    let before = tcgetattr(&tty)?;
    let signals = super::signals::SystemSignals::default();
    let hold = signals.hold();
    let (sender, receiver) = channel();
    std::thread::Builder::new().spawn(move || sender.send(rpassword::read_password()))?;
    loop {
        let answer = receiver.recv_timeout(Duration::from_millis(50));
        if hold.pending() || !matches!(answer, Err(RecvTimeoutError::Timeout)) {
            let _ = tcsetattr(&tty, OptionalActions::Now, &before);
            drop(hold);
            return answer.map_err(|_| io::Error::from(io::ErrorKind::Interrupted))?.map(Secret::new);
        }
    }
}

#[cfg(not(unix))]
fn without_echo() -> io::Result<Secret> {
    rpassword::read_password().map(Secret::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_lose_their_ends_and_the_last_needs_none() {
        let mut input = "a\r\n\nb".as_bytes();
        let line_of = |input: &mut &[u8]| line_of(input, &AtomicBool::default());
        assert_eq!(line_of(&mut input).unwrap().as_deref(), Some("a"));
        assert_eq!(line_of(&mut input).unwrap().as_deref(), Some(""));
        assert_eq!(line_of(&mut input).unwrap().as_deref(), Some("b"));
        assert_eq!(line_of(&mut input).unwrap(), None);
    }

    #[test]
    fn an_endless_line_and_one_that_is_no_utf_8_are_refused() {
        let mut endless = io::BufReader::new(io::repeat(b'x'));
        let within = AtomicBool::default();
        assert_eq!(line_of(&mut endless, &within).unwrap_err().kind(), io::ErrorKind::InvalidData);
        let within = AtomicBool::default();
        assert_eq!(line_of(&mut &b"\xff\n"[..], &within).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn a_line_that_is_too_long_is_one_error_and_the_next_one_is_read() {
        let most = usize::try_from(LONGEST).unwrap();
        for length in [most, most + 1, 10 * most] {
            let text = format!("{}\nnext\n", "x".repeat(length));
            let (mut input, within) = (text.as_bytes(), AtomicBool::default());
            assert_eq!(line_of(&mut input, &within).unwrap_err().kind(), io::ErrorKind::InvalidData, "{length}");
            assert_eq!(line_of(&mut input, &within).unwrap().as_deref(), Some("next"), "{length}");
        }
    }
}
