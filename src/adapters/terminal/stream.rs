//! Reading from and writing to a stream that may not be ready.

#[cfg(not(unix))]
use std::io::Write;
use std::io::{self, ErrorKind};
#[cfg(unix)]
use std::os::fd::AsFd;
use std::time::Duration;

/// The longest line read, in bytes.
pub(super) const LONGEST: u64 = 1 << 20;

/// Whether something is to be read or written.
#[derive(Clone, Copy)]
pub(super) enum Direction {
    In,
    Out,
}

/// Waits until `stream` can be read or written, for so long or without end; `TimedOut` if it cannot by then.
#[cfg(unix)]
pub(super) fn ready(stream: &impl AsFd, direction: Direction, patience: Option<Duration>) -> io::Result<()> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};

    let flags = match direction {
        Direction::In => PollFlags::IN,
        Direction::Out => PollFlags::OUT,
    };
    // Longer than the system can count is without end.
    let patience = patience.and_then(|patience| Timespec::try_from(patience).ok());
    match poll(&mut [PollFd::new(stream, flags)], patience.as_ref()) {
        Ok(0) => Err(ErrorKind::TimedOut.into()),
        Ok(_) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// No system call for that here: what does not come is waited for.
#[cfg(not(unix))]
pub(super) fn ready<T>(_: &T, _: Direction, _: Option<Duration>) -> io::Result<()> {
    Ok(())
}

/// Writes all of `bytes`, past the library's buffer: that would lose what it holds when the stream, as another program has
/// left it, does not wait.
#[cfg(unix)]
pub(super) fn write_whole(stream: impl AsFd, mut bytes: &[u8]) -> io::Result<()> {
    use rustix::fs::{FileType, fstat};

    // Only a file has a size that can be limited, and a pipe's reader is not kept waiting for the handler.
    if fstat(&stream).is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode).is_file()) {
        crate::adapters::ignored_signals::outlive_full_files();
    }
    while !bytes.is_empty() {
        match rustix::io::write(&stream, bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => bytes = &bytes[written..],
            Err(rustix::io::Errno::AGAIN) => match ready(&stream, Direction::Out, None) {
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
pub(super) fn write_whole(mut stream: impl Write, bytes: &[u8]) -> io::Result<()> {
    stream.write_all(bytes)?;
    stream.flush()
}
