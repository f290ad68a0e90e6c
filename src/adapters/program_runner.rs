//! Runs other programs.

use super::hardening::{self, child_command};
use super::signals::SystemSignals;
use super::system::SystemClock;
use crate::domain::secret::Secret;
use crate::domain::text::{into_utf8_text, printable};
use crate::ports::{Clock, ProgramRunner, Signals};
use std::ffi::OsString;
use std::io::{self, Read};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

/// In bytes.
const MAX_OUTPUT: usize = 1 << 20;
/// A person may have to unlock something first.
pub const TIMEOUT: Duration = Duration::from_secs(60);

pub struct SystemProgramRunner {
    pub timeout: Duration,
}

impl ProgramRunner for SystemProgramRunner {
    fn exec(&self, command: &[OsString], (name, value): (&str, &Secret)) -> io::Error {
        let mut child = match child_command(command) {
            Ok(child) => child,
            Err(error) => return error,
        };
        child.env(name, value.expose());
        let restored = hardening::restore();
        let error = exec(child);
        if restored {
            hardening::harden();
        }
        error
    }

    fn output(&self, command: &[String]) -> Result<Secret, String> {
        let name = printable(command.first().ok_or("the command is empty")?);
        let mut child = child_command(command).map_err(|e| e.to_string())?;
        child.stdin(Stdio::null()).stdout(Stdio::piped());
        // Deferred until the command has ended, so that no signal to this process alone leaves it running.
        let signals = SystemSignals.defer();
        let mut child = child.spawn().map_err(|e| format!("`{name}` could not be run: {e}"))?;
        let chunks = child.stdout.take().map(read_chunks).transpose().inspect_err(|_| terminate(&mut child));
        let chunks = chunks.map_err(|e| format!("what `{name}` prints cannot be read: {e}"))?;
        let timeout = || if signals.pending() { Duration::ZERO } else { self.timeout };
        let printed = chunks.map_or(Some(Ok(Vec::new())), |chunks| collect_output(&mut child, &chunks, timeout));
        // The pipe is closed by now, which ends a child that prints without end.
        let ended = printed.and_then(|printed| Some((printed, wait_for_exit(&mut child, timeout)?)));
        let Some((printed, status)) = ended else {
            terminate(&mut child);
            return Err(format!("`{name}` did not end within {} s", self.timeout.as_secs()));
        };
        let status = status.map_err(|e| format!("`{name}` was lost: {e}"))?;
        let printed = printed.map_err(|e| format!("what `{name}` printed could not be read: {e}"))?;
        if printed.len() > MAX_OUTPUT {
            return Err(format!("`{name}` printed more than 1 MiB"));
        }
        if !status.success() {
            return Err(format!("`{name}` failed: {status}"));
        }
        let text = into_utf8_text(printed).map(Secret::new).map_err(|why| format!("what `{name}` printed is {why}"))?;
        match without_line_end(text.expose()) {
            "" => Err(format!("`{name}` printed nothing")),
            secret => Ok(Secret::new(secret)),
        }
    }
}

/// Chunks of `pipe` until it is closed or the receiver is dropped, read on a thread.
fn read_chunks(mut pipe: ChildStdout) -> io::Result<Receiver<io::Result<Vec<u8>>>> {
    let (sender, receiver) = sync_channel(1);
    // The thread may outlive the wait if a grandchild keeps the pipe open.
    std::thread::Builder::new().spawn(move || {
        let mut chunk = [0; 4096];
        loop {
            let read = match pipe.read(&mut chunk) {
                Ok(0) => return,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read.map(|length| chunk[..length].to_vec()),
            };
            let failed = read.is_err();
            if sender.send(read).is_err() || failed {
                return;
            }
        }
    })?;
    Ok(receiver)
}

/// All that `child` printed, or one byte more than allowed; `None` on timeout. A grandchild may keep the pipe open:
/// once the child has ended, a pause in the output is its end.
fn collect_output(
    child: &mut Child,
    chunks: &Receiver<io::Result<Vec<u8>>>,
    timeout: impl Fn() -> Duration,
) -> Option<io::Result<Vec<u8>>> {
    const POLL_INTERVAL: Duration = Duration::from_millis(10);
    const QUIET_TIME: Duration = Duration::from_millis(250);
    /// Longer, if a successful child has printed nothing yet.
    const QUIET_TIME_WITHOUT_OUTPUT: Duration = Duration::from_secs(5);
    let (clock, mut printed, mut done_at) = (SystemClock::start(), Vec::new(), None);
    loop {
        match chunks.recv_timeout(POLL_INTERVAL) {
            Ok(Ok(chunk)) => {
                printed.extend(chunk);
                done_at = None;
            }
            Ok(Err(error)) => return Some(Err(error)),
            Err(RecvTimeoutError::Disconnected) => return Some(Ok(printed)),
            Err(RecvTimeoutError::Timeout) => {}
        }
        let now = clock.uptime();
        if done_at.is_none()
            && let Ok(Some(status)) = child.try_wait()
        {
            let quiet_time =
                if printed.is_empty() && status.success() { QUIET_TIME_WITHOUT_OUTPUT } else { QUIET_TIME };
            done_at = Some(now + quiet_time);
        }
        let is_all = done_at.is_some_and(|at| now >= at);
        if printed.len() > MAX_OUTPUT || is_all {
            return Some(Ok(printed));
        }
        if now >= timeout() {
            return None;
        }
    }
}

/// Ends a command on timeout: with SIGTERM, then by force.
fn terminate(child: &mut Child) {
    #[cfg(unix)]
    {
        use rustix::process::{Pid, Signal, kill_process};
        const GRACE: Duration = Duration::from_millis(500);
        // The child was not waited for, so its id is still valid.
        let _ = kill_process(Pid::from_child(child), Signal::TERM);
        if let Some(Ok(_)) = wait_for_exit(child, || GRACE) {
            return;
        }
    }
    let _ = child.kill();
    let _ = child.wait();
}

/// The status of `child` once it has ended; `None` on timeout.
#[expect(clippy::disallowed_methods, reason = "the standard library cannot wait for a child with a timeout")]
pub(super) fn wait_for_exit(child: &mut Child, timeout: impl Fn() -> Duration) -> Option<io::Result<ExitStatus>> {
    const POLL_INTERVAL: Duration = Duration::from_millis(2);
    let mut waited = Duration::ZERO;
    loop {
        match child.try_wait() {
            Ok(None) if waited < timeout() => std::thread::sleep(POLL_INTERVAL),
            ended => return ended.transpose(),
        }
        // Not by a clock: while this program is suspended, the child may be so too.
        waited += POLL_INTERVAL;
    }
}

pub(super) fn without_line_end(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}

#[cfg(unix)]
fn exec(mut child: Command) -> io::Error {
    std::os::unix::process::CommandExt::exec(&mut child)
}

/// Runs `child` in this process's place: Ctrl-C is for it alone, and its exit code is ours.
#[cfg(windows)]
fn exec(mut child: Command) -> io::Error {
    match super::windows_console::hand_over(|| child.spawn()).and_then(|mut child| child.wait()) {
        Ok(status) => std::process::exit(status.code().unwrap_or(1)),
        Err(error) => error,
    }
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use super::*;

    /// For tests that change process-wide settings.
    static PROCESS: std::sync::Mutex<()> = std::sync::Mutex::new(());

    fn runner(timeout: Duration) -> SystemProgramRunner {
        SystemProgramRunner { timeout }
    }

    fn shell(script: &str) -> Result<Secret, String> {
        runner(TIMEOUT).output(&["sh".into(), "-c".into(), script.into()])
    }

    #[test]
    fn output_does_not_extend_the_timeout() {
        let impatient = runner(Duration::from_millis(300));
        let prints = ["sh", "-c", "while :; do echo x; sleep 0.02; done"].map(str::to_owned);
        assert!(impatient.output(&prints).unwrap_err().contains("did not end"));
    }

    #[test]
    fn running_grandchild_does_not_delay_the_secret() {
        assert_eq!(shell("sleep 30 & echo hunter2; echo $! >&2"), Ok(Secret::new("hunter2")));
        assert_eq!(shell("(sleep 0.1; echo r2) & printf hunte"), Ok(Secret::new("hunter2")));
        assert_eq!(shell("(sleep 0.5; echo hunter2) & :"), Ok(Secret::new("hunter2")), "nothing is no secret");
        let impatient = runner(Duration::from_secs(2));
        let failed = impatient.output(&["sh", "-c", "sleep 30 & exit 3"].map(str::to_owned)).unwrap_err();
        assert!(failed.ends_with("failed: exit status: 3"), "{failed}");
        assert!(shell("echo").unwrap_err().ends_with("printed nothing"));
    }

    #[test]
    fn secret_is_the_output_without_its_line_end() {
        assert_eq!(shell("printf 'hunter2\\n'"), Ok(Secret::new("hunter2")));
        assert_eq!(shell("printf ' a\\n\\n'"), Ok(Secret::new(" a\n")));
        assert_eq!(shell(r"printf '\357\273\277hunter2\r\n'"), Ok(Secret::new("hunter2")));
        assert!(shell(r"printf '\377\376h\000'").unwrap_err().contains("`sh` printed is UTF-16"));
    }

    #[test]
    fn failed_command_gives_no_secret_and_no_output() {
        let failed = shell("echo hunter2; exit 3").unwrap_err();
        assert!(failed.contains('3') && !failed.contains("hunter2"), "{failed}");
        assert!(shell("yes hunter2").unwrap_err().contains("1 MiB"));
        assert!(runner(TIMEOUT).output(&["/nowhere/at/all".into()]).unwrap_err().contains("/nowhere/at/all"));
        assert!(runner(TIMEOUT).output(&[]).is_err());
    }

    #[test]
    fn hanging_command_is_ended_after_the_timeout() {
        let runner = runner(Duration::from_millis(50));
        for script in ["exec sleep 5", "sleep 5 & exec sleep 5", "exec sleep 5 >&-"] {
            let failed = runner.output(&["sh".into(), "-c".into(), script.into()]).unwrap_err();
            assert!(failed.contains("did not end"), "{failed}");
        }
    }

    #[test]
    fn child_never_inherits_our_secrets() {
        let mut child = Command::new("sh");
        child.args(["-c", "echo $TIDP_CLIENT_SECRET,$TIDP_STORE_KEY,$SEEN"]);
        child.envs(["TIDP_CLIENT_SECRET", "TIDP_STORE_KEY", "SEEN"].map(|name| (name, "planted")));
        hardening::remove_secrets(&mut child);
        assert_eq!(child.output().unwrap().stdout, b",,planted\n");
    }

    fn failed_exec(program: &str) -> io::ErrorKind {
        runner(TIMEOUT).exec(&[program.into()], ("SEEN", &Secret::new("planted"))).kind()
    }

    #[test]
    fn failed_exec_returns_its_error() {
        let _guard = PROCESS.lock();
        assert_eq!(failed_exec("/nowhere/at/all"), io::ErrorKind::NotFound);
        assert_eq!(failed_exec("/"), io::ErrorKind::PermissionDenied);
    }

    #[test]
    fn hardening_disables_core_dumps_and_can_be_undone() {
        use rustix::process::{Resource, getrlimit};
        let _guard = PROCESS.lock();
        let found = getrlimit(Resource::Core);
        hardening::harden();
        hardening::harden();
        failed_exec("/nowhere/at/all");
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
