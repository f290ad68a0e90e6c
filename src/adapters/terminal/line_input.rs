//! Reads typed or pasted lines of any length. In canonical mode a terminal keeps only 4,095 characters of a line
//! (termios(3); 1,023 on macOS) and silently drops the rest, but a pasted URL or token can be longer. So canonical mode
//! is turned off, and the editing keys are implemented here, as set by `stty`.

use super::stream::{Direction, MAX_LINE, wait_until_ready, write_all};
use crate::adapters::signals::SystemSignals;
use crate::ports::Signals;
use rustix::io::Errno;
use rustix::process::{Signal, getpgrp, kill_process_group};
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcgetpgrp, tcsetattr};
use std::io::{self, ErrorKind, Stdin};
use std::time::Duration;
use unicode_width::UnicodeWidthStr;
use zeroize::Zeroize;

/// A signal may come just before the wait.
const SIGNAL_CHECK_INTERVAL: Duration = Duration::from_millis(100);

/// How long to wait for more after a complete line: pasted text arrives in several parts, and all must be read before
/// the terminal is restored.
const PASTE_PAUSE: Duration = Duration::from_millis(40);

/// How many characters of an unread line a terminal keeps in canonical mode.
const CANONICAL_LIMIT: usize = if cfg!(target_os = "linux") { 4095 } else { 1023 };

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Echo {
    Shown,
    Hidden,
}

#[derive(Default)]
pub(super) struct TypedInput {
    /// Complete lines, and what was submitted without a line end.
    complete: Vec<u8>,
    line: Vec<u8>,
    ended: bool,
    /// Whether the terminal must show the current line again: it was typed before the process went to the background.
    shows_line_again: bool,
}

/// `None` if unset.
#[derive(Clone, Copy)]
struct EditingKeys {
    erase: Option<u8>,
    erase_word: Option<u8>,
    kill: Option<u8>,
    end_of_input: Option<u8>,
    suspend: Option<u8>,
}

impl TypedInput {
    /// The complete input, at least one line; empty at the end of input. Waits as long as `left` says.
    pub(super) fn read(&mut self, echo: Echo, left: &dyn Fn() -> Option<Duration>) -> io::Result<&mut Vec<u8>> {
        if self.complete.is_empty() && !self.ended {
            self.wait_for_input(echo, left)?;
        }
        if self.complete.is_empty() {
            self.ended = false;
        }
        Ok(&mut self.complete)
    }

    /// The next line without its end and without echo.
    pub(super) fn read_hidden_line(&mut self) -> io::Result<Vec<u8>> {
        let complete = self.read(Echo::Hidden, &|| None)?;
        let rest = complete.iter().position(|byte| *byte == b'\n').map_or(Vec::new(), |end| {
            let rest = complete[end + 1..].to_vec();
            complete[end..].zeroize();
            complete.truncate(end);
            rest
        });
        Ok(std::mem::replace(complete, rest))
    }

    /// A reader with a timeout has other work: it goes on in the background, where reading the terminal, or setting its
    /// modes, would stop the process.
    fn wait_for_input(&mut self, echo: Echo, left: &dyn Fn() -> Option<Duration>) -> io::Result<()> {
        let input = io::stdin();
        // Restore the terminal before a signal ends the process: values are dropped in reverse order.
        let signals = SystemSignals.defer();
        // Input that arrived before we asked was kept by the terminal, and may be cut.
        let mut arrived_before = wait_until_ready(&input, Direction::In, Some(Duration::ZERO)).is_ok();
        let terminal = NonCanonicalTerminal::enter(&input, left().is_some())?;
        if std::mem::take(&mut self.shows_line_again) && echo == Echo::Shown {
            terminal.show(&self.echoed_line());
        }
        let mut bytes = [0; 4096];
        loop {
            if signals.pending() {
                terminal.show(b"\n");
                return Err(ErrorKind::Interrupted.into());
            }
            let is_done = !self.complete.is_empty() || self.ended;
            let until_check = left().unwrap_or(Duration::MAX).min(SIGNAL_CHECK_INTERVAL);
            let timeout = if is_done { PASTE_PAUSE } else { until_check };
            match wait_until_ready(&input, Direction::In, Some(timeout)) {
                Err(error) if error.kind() == ErrorKind::TimedOut && is_done => return Ok(()),
                Err(error) if error.kind() == ErrorKind::TimedOut && left() == Some(Duration::ZERO) => {
                    return Err(error);
                }
                Err(error) if matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::Interrupted) => continue,
                ready => ready?,
            }
            if terminal.avoids_background && is_in_background(&input) {
                return if is_done { Ok(()) } else { Err(ErrorKind::TimedOut.into()) };
            }
            let read = match rustix::io::read(&input, &mut bytes) {
                Err(Errno::INTR | Errno::AGAIN) => continue,
                read => read?,
            };
            if read == 0 {
                // The terminal was closed.
                self.complete.append(&mut self.line);
                self.ended = true;
                return Ok(());
            }
            if std::mem::take(&mut arrived_before) && read >= CANONICAL_LIMIT {
                let why = "the line was entered before the prompt, and the terminal cut it off: enter it again";
                return Err(io::Error::new(ErrorKind::InvalidData, why));
            }
            self.take(&bytes[..read], echo, &terminal)?;
            bytes.zeroize();
        }
    }

    fn take(&mut self, bytes: &[u8], echo: Echo, terminal: &NonCanonicalTerminal<'_>) -> io::Result<()> {
        let mut shown = Vec::new();
        for byte in bytes {
            if Some(*byte) != terminal.keys.suspend {
                self.edit(*byte, terminal.keys, &mut shown);
            } else if terminal.suspend()? {
                shown.extend(self.echoed_line());
            } else {
                self.shows_line_again = true;
            }
        }
        if echo == Echo::Hidden {
            shown.zeroize();
            shown.extend(bytes.iter().filter(|byte| **byte == b'\n'));
        }
        terminal.show(&shown);
        Ok(())
    }

    fn echoed_line(&self) -> Vec<u8> {
        self.line.iter().flat_map(|byte| echo(*byte)).collect()
    }

    fn edit(&mut self, byte: u8, keys: EditingKeys, shown: &mut Vec<u8>) {
        let ends_with_space = |line: &[u8]| line.last().is_some_and(u8::is_ascii_whitespace);
        match Some(byte) {
            key if key == keys.end_of_input && self.line.is_empty() => self.ended = true,
            key if key == keys.end_of_input => self.complete.append(&mut self.line),
            key if key == keys.erase || matches!(byte, 0x08 | 0x7f) => self.erase(shown),
            key if key == keys.kill => {
                while !self.line.is_empty() {
                    self.erase(shown);
                }
            }
            key if key == keys.erase_word => {
                while ends_with_space(&self.line) {
                    self.erase(shown);
                }
                while !self.line.is_empty() && !ends_with_space(&self.line) {
                    self.erase(shown);
                }
            }
            _ => {
                self.line.push(byte);
                shown.extend(echo(byte));
                // The reader reports that it is too long.
                if byte == b'\n' || self.line.len() as u64 > MAX_LINE {
                    self.complete.append(&mut self.line);
                }
            }
        }
    }

    /// Removes the last character with all its bytes.
    fn erase(&mut self, shown: &mut Vec<u8>) {
        let is_inner = |byte: &u8| byte & 0b1100_0000 == 0b1000_0000;
        let start = self.line.iter().rposition(|byte| !is_inner(byte)).unwrap_or_default();
        let seen: Vec<u8> = self.line.drain(start..).flat_map(echo).collect();
        let columns = std::str::from_utf8(&seen).map_or(1, UnicodeWidthStr::width);
        shown.extend(b"\x08 \x08".repeat(columns));
    }
}

/// How a terminal echoes a byte: control characters as `^X`.
fn echo(byte: u8) -> Vec<u8> {
    match byte {
        b'\n' | 0x20..=0x7e | 0x80.. => vec![byte],
        control => vec![b'^', control ^ 0x40],
    }
}

fn is_in_background(input: &Stdin) -> bool {
    tcgetpgrp(input).is_ok_and(|group| group != getpgrp())
}

/// The terminal in non-canonical mode; restored when dropped, unless another job has it by then.
struct NonCanonicalTerminal<'a> {
    input: &'a Stdin,
    before: Termios,
    now: Termios,
    keys: EditingKeys,
    /// Whether the process has other work in the background, so that it must not be stopped there.
    avoids_background: bool,
}

impl<'a> NonCanonicalTerminal<'a> {
    fn enter(input: &'a Stdin, avoids_background: bool) -> io::Result<Self> {
        // The value of an unset key.
        let none = if cfg!(any(target_os = "linux", target_os = "android")) { 0 } else { 0xff };
        let before = tcgetattr(input)?;
        let key = |index| Some(before.special_codes[index]).filter(|key| *key != none);
        let keys = EditingKeys {
            erase: key(SpecialCodeIndex::VERASE),
            erase_word: key(SpecialCodeIndex::VWERASE),
            kill: key(SpecialCodeIndex::VKILL),
            end_of_input: key(SpecialCodeIndex::VEOF),
            suspend: key(SpecialCodeIndex::VSUSP),
        };
        let mut now = before.clone();
        // Keys still send signals, except the one that suspends: the shell would find the terminal in this mode.
        now.local_modes -= LocalModes::ICANON | LocalModes::ECHO | LocalModes::ECHONL;
        now.special_codes[SpecialCodeIndex::VSUSP] = none;
        now.special_codes[SpecialCodeIndex::VMIN] = 1;
        now.special_codes[SpecialCodeIndex::VTIME] = 0;
        let terminal = Self { input, before, now, keys, avoids_background };
        terminal.set(&terminal.now)?;
        Ok(terminal)
    }

    fn set(&self, how: &Termios) -> io::Result<()> {
        Ok(tcsetattr(self.input, OptionalActions::Now, how)?)
    }

    /// Standard input of a terminal can usually be written to; otherwise nothing is shown.
    fn show(&self, bytes: &[u8]) {
        let _ = write_all(self.input, bytes);
    }

    /// Suspends as the key does, with the terminal restored, until continued. Returns whether it has the terminal then.
    fn suspend(&self) -> io::Result<bool> {
        self.set(&self.before)?;
        let _ = kill_process_group(getpgrp(), Signal::TSTP);
        if self.avoids_background && is_in_background(self.input) {
            return Ok(false);
        }
        self.set(&self.now)?;
        Ok(true)
    }
}

impl Drop for NonCanonicalTerminal<'_> {
    fn drop(&mut self) {
        if !is_in_background(self.input) {
            let _ = self.set(&self.before);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: EditingKeys = EditingKeys {
        erase: Some(b'#'),
        erase_word: Some(0x17),
        kill: Some(0x15),
        end_of_input: Some(4),
        suspend: Some(0x1a),
    };

    /// Complete input, current line, whether it has ended, and the echo.
    fn typed(keys: &str) -> (String, String, bool, String) {
        let (mut typing, mut shown) = (TypedInput::default(), Vec::new());
        keys.bytes().for_each(|byte| typing.edit(byte, KEYS, &mut shown));
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (text(typing.complete), text(typing.line), typing.ended, text(shown))
    }

    #[test]
    fn keys_edit_the_line_as_a_terminal_does() {
        for (keys, complete, line, ended, shown) in [
            ("ab\nc", "ab\n", "c", false, "ab\nc"),
            ("ab#c\n", "ac\n", "", false, "ab\u{8} \u{8}c\n"),
            ("ab\u{7f}\u{8}\u{8}c\n", "c\n", "", false, "ab\u{8} \u{8}\u{8} \u{8}c\n"),
            ("aå\u{7f}\n", "a\n", "", false, "aå\u{8} \u{8}\n"),
            ("東#\n", "\n", "", false, "東\u{8} \u{8}\u{8} \u{8}\n"),
            ("\u{1b}[A#", "", "\u{1b}[", false, "^[[A\u{8} \u{8}"),
            ("\u{1b}#x", "", "x", false, "^[\u{8} \u{8}\u{8} \u{8}x"),
            ("ab\u{15}c\n", "c\n", "", false, "ab\u{8} \u{8}\u{8} \u{8}c\n"),
            ("a bc \u{17}d\n", "a d\n", "", false, "a bc \u{8} \u{8}\u{8} \u{8}\u{8} \u{8}d\n"),
            ("ab\u{4}", "ab", "", false, "ab"),
            ("ab\u{4}\u{4}", "ab", "", true, "ab"),
            ("\u{4}", "", "", true, ""),
            ("\0\n", "\0\n", "", false, "^@\n"),
        ] {
            let expected = (complete.to_owned(), line.to_owned(), ended, shown.to_owned());
            assert_eq!(typed(keys), expected, "{keys:?}");
        }
    }

    #[test]
    fn a_line_without_end_is_handed_out_as_soon_as_it_is_too_long() {
        let (complete, line, ..) = typed(&"x".repeat(MAX_LINE as usize + 3));
        assert_eq!((complete.len() as u64, line.len()), (MAX_LINE + 1, 2));
    }
}
