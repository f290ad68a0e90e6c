//! Standard input, output and error.

use super::process::without_line_end;
use crate::core::secret::Secret;
use crate::world::{Stream, Terminal};
use std::io::{self, BufRead, IsTerminal, Read, Write};

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
        line_of(&mut io::stdin().lock())
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

/// One line without its end; `None` where nothing is left.
fn line_of(input: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    let read = input.take(LONGEST + 1).read_until(b'\n', &mut line)?;
    if read as u64 > LONGEST {
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
        assert_eq!(line_of(&mut input).unwrap().as_deref(), Some("a"));
        assert_eq!(line_of(&mut input).unwrap().as_deref(), Some(""));
        assert_eq!(line_of(&mut input).unwrap().as_deref(), Some("b"));
        assert_eq!(line_of(&mut input).unwrap(), None);
    }

    #[test]
    fn an_endless_line_and_one_that_is_no_utf_8_are_refused() {
        let mut endless = io::BufReader::new(io::repeat(b'x'));
        assert_eq!(line_of(&mut endless).unwrap_err().kind(), io::ErrorKind::InvalidData);
        assert_eq!(line_of(&mut &b"\xff\n"[..]).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
