//! Reads and writes streams that may be non-blocking.

use std::io;
#[cfg(unix)]
use std::io::ErrorKind;
#[cfg(windows)]
use std::io::Write;
#[cfg(unix)]
use std::os::fd::AsFd;
use std::time::Duration;

/// In bytes.
pub(super) const MAX_LINE: u64 = 1 << 20;

#[derive(Clone, Copy)]
pub(super) enum Direction {
    In,
    Out,
}

/// Waits until the stream can be read or written; fails with `TimedOut` after `timeout`.
#[cfg(unix)]
pub(super) fn wait_until_ready(stream: &impl AsFd, direction: Direction, timeout: Option<Duration>) -> io::Result<()> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    let flags = match direction {
        Direction::In => PollFlags::IN,
        Direction::Out => PollFlags::OUT,
    };
    // A time too long for the system means no timeout.
    let timeout = timeout.and_then(|timeout| Timespec::try_from(timeout).ok());
    match poll(&mut [PollFd::new(stream, flags)], timeout.as_ref())? {
        0 => Err(ErrorKind::TimedOut.into()),
        _ => Ok(()),
    }
}

/// Does not wait: on this system the read or write itself blocks.
#[cfg(not(unix))]
pub(super) fn wait_until_ready<T>(_: &T, _: Direction, _: Option<Duration>) -> io::Result<()> {
    Ok(())
}

/// Writes past the standard library's buffer, which would lose data if another program made the stream non-blocking.
#[cfg(unix)]
pub(super) fn write_all(stream: impl AsFd, mut bytes: &[u8]) -> io::Result<()> {
    use rustix::fs::{FileType, fstat};

    // Only files have a size limit; do not delay a pipe's reader by installing the handler.
    if fstat(&stream).is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode).is_file()) {
        crate::adapters::signals::fatal::survive_file_size_limit();
    }
    while !bytes.is_empty() {
        match rustix::io::write(&stream, bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => bytes = &bytes[written..],
            Err(rustix::io::Errno::AGAIN) => match wait_until_ready(&stream, Direction::Out, None) {
                Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
                _ => {}
            },
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

#[cfg(not(unix))]
pub(super) fn write_all(mut stream: impl Write, bytes: &[u8]) -> io::Result<()> {
    stream.write_all(bytes)?;
    stream.flush()
}
