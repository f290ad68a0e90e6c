//! Lines typed or pasted at a terminal, of any length. A terminal that hands out lines keeps 4,095 characters of one (1,023
//! on macOS) and drops the rest in silence: a pasted address or token can be longer. So it is asked for each character as
//! it comes, and the keys that edit a line do here what they do there, as `stty` has set them.

use super::stream::{Direction, LONGEST, ready, write_whole};
use crate::adapters::signals::SystemSignals;
use crate::ports::Signals;
use rustix::io::Errno;
use rustix::process::{Signal, getpgrp, kill_process_group};
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
use std::io::{self, ErrorKind, Stdin};
use std::time::Duration;
use unicode_width::UnicodeWidthStr;
use zeroize::Zeroize;

/// How often a signal is looked for that came just before the wait.
const TICK: Duration = Duration::from_millis(100);

/// How long more is waited for when a line is whole: what is pasted comes in pieces, and none of them may find the terminal
/// as it was.
const REST_OF_A_PASTE: Duration = Duration::from_millis(40);

/// How much a terminal keeps that hands out lines and that nobody reads from.
const KEPT: usize = if cfg!(target_os = "linux") { 4095 } else { 1023 };

/// Whether what is typed is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Echo {
    Shown,
    Hidden,
}

/// What has been typed at standard input.
#[derive(Debug, Default)]
pub(super) struct Typing {
    /// Whole lines, and what was handed out before its line's end.
    come: Vec<u8>,
    /// The line under way.
    line: Vec<u8>,
    /// Whether the input was ended after that.
    ended: bool,
}

/// The keys that edit; `None` where there is none.
#[derive(Clone, Copy)]
struct Keys {
    erase: Option<u8>,
    word: Option<u8>,
    kill: Option<u8>,
    end: Option<u8>,
    suspend: Option<u8>,
}

impl Typing {
    /// What is whole of the input, waited for as long as `left` says; nothing at its end.
    pub(super) fn come(&mut self, echo: Echo, left: &dyn Fn() -> Option<Duration>) -> io::Result<&mut Vec<u8>> {
        if self.come.is_empty() && !self.ended {
            self.listen(echo, left)?;
        }
        if self.come.is_empty() {
            self.ended = false;
        }
        Ok(&mut self.come)
    }

    /// The next line of it, without its end, as it is not to be seen by anybody.
    pub(super) fn hidden_line(&mut self) -> io::Result<Vec<u8>> {
        let come = self.come(Echo::Hidden, &|| None)?;
        let rest = come.iter().position(|byte| *byte == b'\n').map_or(Vec::new(), |end| {
            let rest = come[end + 1..].to_vec();
            come[end..].zeroize();
            come.truncate(end);
            rest
        });
        Ok(std::mem::replace(come, rest))
    }

    fn listen(&mut self, echo: Echo, left: &dyn Fn() -> Option<Duration>) -> io::Result<()> {
        let input = io::stdin();
        // A signal ends the process only after the terminal is as it was: what is dropped first is declared last.
        let hold = SystemSignals.defer();
        // A line that is there before it is asked for was kept by the terminal, or as much of it as that does.
        let mut was_kept = ready(&input, Direction::In, Some(Duration::ZERO)).is_ok();
        let terminal = ByCharacter::begin(&input)?;
        let mut bytes = [0; 4096];
        loop {
            if hold.pending() {
                terminal.show(b"\n");
                return Err(ErrorKind::Interrupted.into());
            }
            let is_done = !self.come.is_empty() || self.ended;
            let patience = if is_done { REST_OF_A_PASTE } else { left().map_or(TICK, |left| left.min(TICK)) };
            match ready(&input, Direction::In, Some(patience)) {
                Err(error) if error.kind() == ErrorKind::TimedOut && is_done => return Ok(()),
                Err(error) if error.kind() == ErrorKind::TimedOut && left().is_some_and(|left| left.is_zero()) => {
                    return Err(error);
                }
                Err(error) if matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::Interrupted) => continue,
                ready => ready?,
            }
            let read = match rustix::io::read(&input, &mut bytes) {
                Err(Errno::INTR | Errno::AGAIN) => continue,
                read => read?,
            };
            if read == 0 {
                // The terminal has gone.
                self.come.append(&mut self.line);
                self.ended = true;
                return Ok(());
            }
            if std::mem::take(&mut was_kept) && read >= KEPT {
                let why = "a line was typed before it was asked for, and cut by the terminal: give it again";
                return Err(io::Error::new(ErrorKind::InvalidData, why));
            }
            self.take(&bytes[..read], echo, &terminal)?;
            bytes.zeroize();
        }
    }

    fn take(&mut self, bytes: &[u8], echo: Echo, terminal: &ByCharacter<'_>) -> io::Result<()> {
        let mut shown = Vec::new();
        for byte in bytes {
            if Some(*byte) == terminal.keys.suspend {
                terminal.suspend()?;
                shown.extend(self.line.iter().flat_map(|byte| visible(*byte)));
            } else {
                self.edit(*byte, terminal.keys, &mut shown);
            }
        }
        if echo == Echo::Hidden {
            shown.zeroize();
            shown.extend(bytes.iter().filter(|byte| **byte == b'\n'));
        }
        terminal.show(&shown);
        Ok(())
    }

    /// Does what a key does; `shown` is what the terminal shows then.
    fn edit(&mut self, byte: u8, keys: Keys, shown: &mut Vec<u8>) {
        let ends_with_space = |line: &[u8]| line.last().is_some_and(u8::is_ascii_whitespace);
        match Some(byte) {
            key if key == keys.end && self.line.is_empty() => self.ended = true,
            key if key == keys.end => self.come.append(&mut self.line),
            key if key == keys.erase || matches!(byte, 0x08 | 0x7f) => self.erase(shown),
            key if key == keys.kill => {
                while !self.line.is_empty() {
                    self.erase(shown);
                }
            }
            key if key == keys.word => {
                while ends_with_space(&self.line) {
                    self.erase(shown);
                }
                while !self.line.is_empty() && !ends_with_space(&self.line) {
                    self.erase(shown);
                }
            }
            _ => {
                self.line.push(byte);
                shown.extend(visible(byte));
                // Whoever reads it says that it is too long.
                if byte == b'\n' || self.line.len() as u64 > LONGEST {
                    self.come.append(&mut self.line);
                }
            }
        }
    }

    /// Takes the last character back, all the bytes of it.
    fn erase(&mut self, shown: &mut Vec<u8>) {
        let is_inner = |byte: &u8| byte & 0b1100_0000 == 0b1000_0000;
        let start = self.line.iter().rposition(|byte| !is_inner(byte)).unwrap_or_default();
        let seen: Vec<u8> = self.line.drain(start..).flat_map(visible).collect();
        let columns = std::str::from_utf8(&seen).map_or(1, UnicodeWidthStr::width);
        shown.extend(b"\x08 \x08".repeat(columns));
    }
}

/// How a terminal shows what is typed: control characters as `^X`.
fn visible(byte: u8) -> Vec<u8> {
    match byte {
        b'\n' | 0x20..=0x7e | 0x80.. => vec![byte],
        control => vec![b'^', control ^ 0x40],
    }
}

/// The terminal at standard input, handing out each character; as it was when dropped.
struct ByCharacter<'a> {
    input: &'a Stdin,
    before: Termios,
    now: Termios,
    keys: Keys,
}

impl<'a> ByCharacter<'a> {
    fn begin(input: &'a Stdin) -> io::Result<Self> {
        // What `stty` calls undef.
        let none = if cfg!(any(target_os = "linux", target_os = "android")) { 0 } else { 0xff };
        let before = tcgetattr(input)?;
        let key = |index| Some(before.special_codes[index]).filter(|key| *key != none);
        let keys = Keys {
            erase: key(SpecialCodeIndex::VERASE),
            word: key(SpecialCodeIndex::VWERASE),
            kill: key(SpecialCodeIndex::VKILL),
            end: key(SpecialCodeIndex::VEOF),
            suspend: key(SpecialCodeIndex::VSUSP),
        };
        let mut now = before.clone();
        // Keys that send a signal still do, but the one that stops us: the shell would find the terminal like this.
        now.local_modes -= LocalModes::ICANON | LocalModes::ECHO | LocalModes::ECHONL;
        now.special_codes[SpecialCodeIndex::VSUSP] = none;
        now.special_codes[SpecialCodeIndex::VMIN] = 1;
        now.special_codes[SpecialCodeIndex::VTIME] = 0;
        let terminal = Self { input, before, now, keys };
        terminal.set(&terminal.now)?;
        Ok(terminal)
    }

    fn set(&self, how: &Termios) -> io::Result<()> {
        Ok(tcsetattr(self.input, OptionalActions::Now, how)?)
    }

    /// A terminal is open for both; where it is not, nothing is shown.
    fn show(&self, bytes: &[u8]) {
        let _ = write_whole(self.input, bytes);
    }

    /// Stops, as the key for that does, with the terminal as it was, until somebody says to go on.
    fn suspend(&self) -> io::Result<()> {
        self.set(&self.before)?;
        let _ = kill_process_group(getpgrp(), Signal::TSTP);
        self.set(&self.now)
    }
}

impl Drop for ByCharacter<'_> {
    fn drop(&mut self) {
        let _ = self.set(&self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: Keys =
        Keys { erase: Some(b'#'), word: Some(0x17), kill: Some(0x15), end: Some(4), suspend: Some(0x1a) };

    /// What has come whole, what is under way, whether it was ended, and what is to be seen.
    fn typed(keys: &str) -> (String, String, bool, String) {
        let (mut typing, mut shown) = (Typing::default(), Vec::new());
        keys.bytes().for_each(|byte| typing.edit(byte, KEYS, &mut shown));
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (text(typing.come), text(typing.line), typing.ended, text(shown))
    }

    #[test]
    fn keys_edit_the_line_as_a_terminal_does() {
        for (keys, come, line, ended, shown) in [
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
            let expected = (come.to_owned(), line.to_owned(), ended, shown.to_owned());
            assert_eq!(typed(keys), expected, "{keys:?}");
        }
    }

    #[test]
    fn a_line_without_end_is_handed_out_as_soon_as_it_is_too_long() {
        let (come, line, ..) = typed(&"x".repeat(LONGEST as usize + 3));
        assert_eq!((come.len() as u64, line.len()), (LONGEST + 1, 2));
    }
}
