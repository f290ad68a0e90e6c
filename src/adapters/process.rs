//! Other programs, and this one's own core dumps.

use super::child_command::adapt_environment;
use super::hardening;
use super::signals::SystemSignals;
use super::system::SystemClock;
use crate::domain::secret::Secret;
use crate::domain::text::{into_utf8_text, printable};
use crate::ports::{ChildEnv, Children, Clock, Signals};
use std::ffi::OsString;
use std::io::{self, Read};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

/// The longest secret a command may print, in bytes.
const LONGEST: u64 = 1 << 20;

/// How long a command that prints a secret may take: a person may have to unlock something for it.
const PATIENCE: Duration = Duration::from_secs(60);

/// Other programs of this machine.
#[derive(Debug)]
pub struct SystemChildren {
    patience: Duration,
}

impl Default for SystemChildren {
    fn default() -> Self {
        Self { patience: PATIENCE }
    }
}

impl Children for SystemChildren {
    fn replace(&self, command: &[OsString], env: ChildEnv<'_>) -> io::Error {
        let Some((program, arguments)) = command.split_first() else {
            return io::Error::new(io::ErrorKind::NotFound, "there is no command");
        };
        let mut child = Command::new(program);
        child.args(arguments);
        adapt_environment(&mut child, env);
        let restored = hardening::restore();
        let error = become_it(child);
        if restored {
            hardening::harden();
        }
        error
    }

    fn output(&self, command: &[String]) -> Result<Secret, String> {
        let (program, arguments) = command.split_first().ok_or("the command is empty")?;
        let name = printable(program);
        let mut child = Command::new(program);
        child.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped());
        adapt_environment(&mut child, &[]);
        // Held until the command has ended, so that none is left behind by a signal that came to this process alone.
        let signals = SystemSignals.defer();
        let mut child = child.spawn().map_err(|e| format!("`{name}` could not be run: {e}"))?;
        let reading = child.stdout.take().map(reading).transpose().inspect_err(|_| end(&mut child));
        let reading = reading.map_err(|e| format!("what `{name}` prints cannot be read: {e}"))?;
        let patience = || if signals.pending() { Duration::ZERO } else { self.patience };
        let printed = reading.map_or(Some(Ok(Vec::new())), |reading| printed_by(&mut child, &reading, patience));
        // The pipe is closed by now, so that a child which prints without end is ended by it.
        let ended = printed.and_then(|printed| Some((printed, ended_within(&mut child, patience)?)));
        let Some((printed, status)) = ended else {
            end(&mut child);
            return Err(format!("`{name}` did not end within {} s", self.patience.as_secs()));
        };
        let status = status.map_err(|e| format!("`{name}` was lost: {e}"))?;
        let printed = printed.map_err(|e| format!("what `{name}` printed could not be read: {e}"))?;
        if printed.len() as u64 > LONGEST {
            return Err(format!("`{name}` printed more than 1 MiB"));
        }
        if !status.success() {
            return Err(format!("`{name}` failed: {status}"));
        }
        let text = into_utf8_text(printed).map_err(|why| format!("what `{name}` printed is {why}"))?;
        let text = Secret::new(text);
        match without_line_end(text.expose()) {
            "" => Err(format!("`{name}` printed nothing")),
            secret => Ok(Secret::new(secret)),
        }
    }
}

/// What comes out of `pipe`, piece by piece, until it is closed or nobody wants more; it is read on a thread, which there
/// may be none of.
fn reading(mut pipe: ChildStdout) -> io::Result<Receiver<io::Result<Vec<u8>>>> {
    let (sender, receiver) = sync_channel(1);
    // The thread may outlive the wait, in a child's child that keeps the pipe; it goes with the process.
    std::thread::Builder::new().spawn(move || {
        let mut piece = [0; 4096];
        loop {
            let read = match pipe.read(&mut piece) {
                Ok(0) => return,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read.map(|length| piece[..length].to_vec()),
            };
            let failed = read.is_err();
            if sender.send(read).is_err() || failed {
                return;
            }
        }
    })?;
    Ok(receiver)
}

/// All that `child` printed, a byte too many where that is more than a secret has; `None` if it goes on for too long. A
/// child's child may keep the pipe: when the child has ended, what has been printed before a silence is all.
fn printed_by(
    child: &mut Child,
    pieces: &Receiver<io::Result<Vec<u8>>>,
    patience: impl Fn() -> Duration,
) -> Option<io::Result<Vec<u8>>> {
    const GLANCE: Duration = Duration::from_millis(10);
    const LINGER: Duration = Duration::from_millis(250);
    /// The same where the child ended well and nothing has been printed.
    const LATE: Duration = Duration::from_secs(5);
    let (clock, mut printed, mut silent_until) = (SystemClock::start(), Vec::new(), None);
    loop {
        match pieces.recv_timeout(GLANCE) {
            Ok(Ok(piece)) => {
                printed.extend(piece);
                silent_until = None;
            }
            Ok(Err(error)) => return Some(Err(error)),
            Err(RecvTimeoutError::Disconnected) => return Some(Ok(printed)),
            Err(RecvTimeoutError::Timeout) => {}
        }
        let now = clock.uptime();
        if silent_until.is_none()
            && let Ok(Some(status)) = child.try_wait()
        {
            let rest = if printed.is_empty() && status.success() { LATE } else { LINGER };
            silent_until = Some(now + rest);
        }
        let is_all = silent_until.is_some_and(|until| now >= until);
        if printed.len() as u64 > LONGEST || is_all {
            return Some(Ok(printed));
        }
        if now >= patience() {
            return None;
        }
    }
}

/// Ends a command that has had its time: as `kill` does, and by force if that is not enough.
fn end(child: &mut Child) {
    const GRACE: Duration = Duration::from_millis(500);
    #[cfg(unix)]
    if let Some(id) = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw) {
        // It has not been waited for, so the id is still its own.
        let _ = rustix::process::kill_process(id, rustix::process::Signal::TERM);
        if let Some(Ok(_)) = ended_within(child, || GRACE) {
            return;
        }
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// How `child` ended; `None` if it has not.
#[allow(
    clippy::disallowed_methods,
    reason = "this is the edge, and a child's end cannot be waited for with a deadline"
)]
fn ended_within(child: &mut Child, patience: impl Fn() -> Duration) -> Option<io::Result<ExitStatus>> {
    const GLANCE: Duration = Duration::from_millis(2);
    let mut waited = Duration::ZERO;
    loop {
        match child.try_wait() {
            Ok(None) if waited < patience() => std::thread::sleep(GLANCE),
            ended => return ended.transpose(),
        }
        waited += GLANCE;
    }
}

/// `text` without one line end.
pub(super) fn without_line_end(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}

#[cfg(unix)]
fn become_it(mut child: Command) -> io::Error {
    std::os::unix::process::CommandExt::exec(&mut child)
}

#[cfg(not(unix))]
fn become_it(mut child: Command) -> io::Error {
    match child.status() {
        Ok(status) => std::process::exit(status.code().unwrap_or(1)),
        Err(error) => error,
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;

    /// Held by the tests that change what the whole process may do.
    static PROCESS: std::sync::Mutex<()> = std::sync::Mutex::new(());

    fn children(patience: Duration) -> SystemChildren {
        SystemChildren { patience }
    }

    fn shell(script: &str) -> Result<Secret, String> {
        children(PATIENCE).output(&["sh".into(), "-c".into(), script.into()])
    }

    #[test]
    fn a_command_that_prints_now_and_then_has_no_more_time_than_others() {
        let hurried = children(Duration::from_millis(300));
        let prints = ["sh", "-c", "while :; do echo x; sleep 0.02; done"].map(str::to_owned);
        assert!(hurried.output(&prints).unwrap_err().contains("did not end"));
    }

    #[test]
    fn what_a_command_leaves_running_does_not_hold_its_secret_back() {
        assert_eq!(shell("sleep 30 & echo hunter2; echo $! >&2"), Ok(Secret::new("hunter2")));
        assert_eq!(shell("(sleep 0.1; echo r2) & printf hunte"), Ok(Secret::new("hunter2")));
        assert_eq!(shell("(sleep 0.5; echo hunter2) & :"), Ok(Secret::new("hunter2")), "nothing is no secret");
        let hurried = children(Duration::from_secs(2));
        let failed = hurried.output(&["sh", "-c", "sleep 30 & exit 3"].map(str::to_owned)).unwrap_err();
        assert!(failed.ends_with("failed: exit status: 3"), "{failed}");
        assert!(shell("echo").unwrap_err().ends_with("printed nothing"));
    }

    #[test]
    fn a_secrets_command_gives_its_output_without_the_lines_end() {
        assert_eq!(shell("printf 'hunter2\\n'"), Ok(Secret::new("hunter2")));
        assert_eq!(shell("printf ' a\\n\\n'"), Ok(Secret::new(" a\n")));
        assert_eq!(shell(r"printf '\357\273\277hunter2\r\n'"), Ok(Secret::new("hunter2")));
        assert!(shell(r"printf '\377\376h\000'").unwrap_err().contains("`sh` printed is UTF-16"));
    }

    #[test]
    fn a_command_that_fails_or_prints_without_end_gives_no_secret_and_its_output_is_not_told() {
        let failed = shell("echo hunter2; exit 3").unwrap_err();
        assert!(failed.contains('3') && !failed.contains("hunter2"), "{failed}");
        assert!(shell("yes hunter2").unwrap_err().contains("1 MiB"));
        assert!(children(PATIENCE).output(&["/nowhere/at/all".into()]).unwrap_err().contains("/nowhere/at/all"));
        assert!(children(PATIENCE).output(&[]).is_err());
    }

    #[test]
    fn a_command_that_hangs_is_ended_when_its_time_is_over() {
        let children = children(Duration::from_millis(50));
        for script in ["exec sleep 5", "sleep 5 & exec sleep 5", "exec sleep 5 >&-"] {
            let failed = children.output(&["sh".into(), "-c".into(), script.into()]).unwrap_err();
            assert!(failed.contains("did not end"), "{failed}");
        }
    }

    #[test]
    fn a_child_sees_what_it_is_given_and_never_the_client_secret_or_the_store_key() {
        let value = Secret::new("planted");
        let env: ChildEnv<'_> =
            &[("TIDP_CLIENT_SECRET", Some(&value)), ("TIDP_STORE_KEY", Some(&value)), ("SEEN", Some(&value))];
        let mut child = Command::new("sh");
        child.args(["-c", "echo $TIDP_CLIENT_SECRET,$TIDP_STORE_KEY,$SEEN"]).env("TIDP_STORE_KEY", "planted");
        adapt_environment(&mut child, env);
        assert_eq!(child.output().unwrap().stdout, b",,planted\n");
    }

    #[test]
    fn a_command_that_cannot_be_become_is_told_apart_by_its_error() {
        let _alone = PROCESS.lock();
        assert_eq!(children(PATIENCE).replace(&["/nowhere/at/all".into()], &[]).kind(), io::ErrorKind::NotFound);
        assert_eq!(children(PATIENCE).replace(&["/".into()], &[]).kind(), io::ErrorKind::PermissionDenied);
    }
    #[test]
    fn hardening_takes_core_dumps_away_and_restoring_gives_back_what_was_found() {
        use rustix::process::{Resource, getrlimit};
        let _alone = PROCESS.lock();
        let found = getrlimit(Resource::Core);
        hardening::harden();
        hardening::harden();
        children(PATIENCE).replace(&["/nowhere/at/all".into()], &[]);
        assert_eq!(getrlimit(Resource::Core).current, Some(0));
        assert_eq!(getrlimit(Resource::Core).maximum, found.maximum, "the hard limit stays");
        #[cfg(target_os = "linux")]
        assert!(
            rustix::process::dumpable_behavior().is_ok_and(|b| b == rustix::process::DumpableBehavior::NotDumpable)
        );
        assert!(hardening::restore());
        assert_eq!(getrlimit(Resource::Core).current, found.current);
    }
}
