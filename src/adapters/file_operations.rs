//! Operations on files that a system refuses for a moment, or cannot do in full. Compiled for the tests of every system.

use std::fs::File;
use std::io;
#[cfg(any(test, windows))]
use std::time::Duration;

/// Windows refuses to rename or remove a file for a moment while a virus scanner, or another `tidp`, has it open.
#[cfg(windows)]
#[expect(clippy::disallowed_methods, reason = "the end of another program's access cannot be waited for")]
pub(super) fn retry_while_in_use<T>(operation: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    retry(operation, std::thread::sleep)
}

#[cfg(not(windows))]
pub(super) fn retry_while_in_use<T>(mut operation: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    operation()
}

/// Repeats the operation while the file is in use, with pauses of 0.4 s in all.
#[cfg(any(test, windows))]
fn retry<T>(mut operation: impl FnMut() -> io::Result<T>, pause: impl Fn(Duration)) -> io::Result<T> {
    // winerror.h: ERROR_ACCESS_DENIED, ERROR_SHARING_VIOLATION, ERROR_LOCK_VIOLATION.
    const IN_USE: [i32; 3] = [5, 32, 33];
    const PAUSES_MS: [u64; 8] = [1, 2, 5, 10, 20, 50, 100, 200];
    for milliseconds in PAUSES_MS {
        match operation() {
            Err(error) if error.raw_os_error().is_some_and(|code| IN_USE.contains(&code)) => {
                pause(Duration::from_millis(milliseconds));
            }
            done => return done,
        }
    }
    operation()
}

/// Makes what was written durable: on macOS by a full sync, or what a network file system can do instead.
pub(super) fn sync(file: &File) -> io::Result<()> {
    #[cfg(target_os = "macos")]
    return sync_as_supported(|| file.sync_all(), || Ok(rustix::fs::fsync(file)?));
    #[cfg(not(target_os = "macos"))]
    file.sync_all()
}

/// Only a sync that is not supported is replaced: a failing disk must not pass for a success.
#[cfg(any(test, target_os = "macos"))]
fn sync_as_supported(
    full: impl FnOnce() -> io::Result<()>,
    ordinary: impl FnOnce() -> io::Result<()>,
) -> io::Result<()> {
    // sys/errno.h of macOS: EINVAL, ENOTTY, ENOTSUP, ENOSYS, EOPNOTSUPP.
    const NOT_SUPPORTED: [i32; 5] = [22, 25, 45, 78, 102];
    match full() {
        Err(error) if error.raw_os_error().is_some_and(|code| NOT_SUPPORTED.contains(&code)) => ordinary(),
        done => done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::{Cell, RefCell};

    /// Retries an operation that fails `failures` times with `code`: its outcome, how often it ran, and the pauses.
    fn retried(failures: usize, code: i32) -> (io::Result<&'static str>, usize, Vec<Duration>) {
        let (attempts, pauses) = (Cell::new(0), RefCell::new(Vec::new()));
        let operation = || {
            attempts.set(attempts.get() + 1);
            if attempts.get() <= failures { Err(io::Error::from_raw_os_error(code)) } else { Ok("done") }
        };
        let outcome = retry(operation, |pause| pauses.borrow_mut().push(pause));
        (outcome, attempts.get(), pauses.into_inner())
    }

    #[test]
    fn file_in_use_is_tried_again_until_it_is_free() {
        for code in [5, 32, 33] {
            for failures in 0..=8 {
                let (outcome, attempts, pauses) = retried(failures, code);
                assert_eq!((outcome.unwrap(), attempts, pauses.len()), ("done", failures + 1, failures));
                assert!(pauses.is_sorted(), "{pauses:?}");
            }
        }
    }

    #[test]
    fn file_that_stays_in_use_is_an_error_after_half_a_second() {
        let (outcome, attempts, pauses) = retried(usize::MAX, 32);
        assert_eq!((outcome.unwrap_err().raw_os_error(), attempts), (Some(32), 9));
        assert!(pauses.iter().sum::<Duration>() < Duration::from_millis(500), "{pauses:?}");
    }

    #[test]
    fn another_failure_is_not_tried_again() {
        // winerror.h: ERROR_FILE_NOT_FOUND, ERROR_DISK_FULL.
        for code in [2, 112] {
            let (outcome, attempts, _) = retried(usize::MAX, code);
            assert_eq!((outcome.unwrap_err().raw_os_error(), attempts), (Some(code), 1));
        }
    }

    #[cfg(windows)]
    #[test]
    fn file_that_another_program_has_open_is_replaced() {
        use std::os::windows::fs::OpenOptionsExt;
        let dir = tempfile::tempdir().unwrap();
        let (old, new) = (dir.path().join("old"), dir.path().join("new"));
        std::fs::write(&old, "old").unwrap();
        std::fs::write(&new, "new").unwrap();
        let open = std::fs::OpenOptions::new().read(true).share_mode(0).open(&old).unwrap();
        assert!(std::fs::rename(&new, &old).is_err(), "it is in use");
        let (open, attempts) = (RefCell::new(Some(open)), Cell::new(0));
        let rename = || {
            attempts.set(attempts.get() + 1);
            std::fs::rename(&new, &old)
        };
        let close_at_the_third = |_| drop((attempts.get() == 3).then(|| open.take()));
        retry(rename, close_at_the_third).unwrap();
        assert_eq!(std::fs::read_to_string(&old).unwrap(), "new");
        assert_eq!(attempts.get(), 4, "with Windows' own code for a file in use");
    }

    fn sync_with(full: io::Result<()>, ordinary: io::Result<()>) -> (Option<i32>, bool) {
        let fell_back = Cell::new(false);
        let outcome = sync_as_supported(
            || full,
            || {
                fell_back.set(true);
                ordinary
            },
        );
        (outcome.err().and_then(|error| error.raw_os_error()), fell_back.get())
    }

    #[test]
    fn sync_that_is_not_supported_is_replaced_by_an_ordinary_one() {
        for code in [22, 25, 45, 78, 102] {
            let unsupported = || Err(io::Error::from_raw_os_error(code));
            assert_eq!(sync_with(unsupported(), Ok(())), (None, true), "{code}");
            assert_eq!(sync_with(unsupported(), Err(io::Error::from_raw_os_error(5))), (Some(5), true), "{code}");
        }
    }

    #[test]
    fn failing_disk_is_not_mistaken_for_a_missing_full_sync() {
        // EIO, ENOSPC.
        for code in [5, 28] {
            assert_eq!(sync_with(Err(io::Error::from_raw_os_error(code)), Ok(())), (Some(code), false));
        }
        assert_eq!(sync_with(Ok(()), Ok(())), (None, false));
    }
}
