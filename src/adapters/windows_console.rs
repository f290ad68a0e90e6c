//! Ctrl-C, Ctrl-Break and the end of a Windows console: deferred while a session is between two states. Keys are left to a
//! program that runs beside this one, which the console tells as well.
//!
//! When the window is closed, or the user logs off, Windows ends the process once the handler has returned, or after a few
//! seconds (5 for a closed window). tokio's handler does not return, which is all the time that there is.

use super::hardening;
use crate::domain::mutex::lock_mutex;
use crate::ports::{ExitReason, SignalGuard, Signals, Supervisor};
use std::ffi::OsString;
use std::future::poll_fn;
use std::io;
use std::process::Child;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, Once};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_logoff, ctrl_shutdown};

/// What Windows makes the exit code of a program that Ctrl-C or a closed window ended (ntstatus.h).
const STATUS_CONTROL_C_EXIT: i32 = 0xC000_013A_u32.cast_signed();

const INTERRUPT: i32 = 2;

/// The console tells a process, not a part of it, so there is one of these.
static CONSOLE: Mutex<Console> = Mutex::new(Console::new());

struct Console {
    guards: usize,
    /// Whether a key press has been deferred or sent on.
    pressed: bool,
    closed: bool,
    interrupts: Interrupts,
}

/// Who a key press is for.
enum Interrupts {
    EndProcess,
    ReachSupervisor(Sender<ExitReason>),
    /// A program that runs beside this one decides; this process waits for its end.
    ReachOnlyChild,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    ProcessEnds,
    ProcessGoesOn,
}

impl Console {
    const fn new() -> Self {
        Self { guards: 0, pressed: false, closed: false, interrupts: Interrupts::EndProcess }
    }

    /// The window is closed, the user logs off, or the machine shuts down. Every program at the console is told, so there is
    /// nothing to pass on.
    fn close(&mut self) -> Effect {
        self.closed = true;
        if self.guards == 0 { Effect::ProcessEnds } else { Effect::ProcessGoesOn }
    }

    fn press(&mut self) -> Effect {
        let is_first = !self.pressed;
        match &self.interrupts {
            Interrupts::ReachOnlyChild => return Effect::ProcessGoesOn,
            Interrupts::ReachSupervisor(sender) if is_first => drop(sender.send(ExitReason::Signal(INTERRUPT))),
            Interrupts::EndProcess if is_first && self.guards > 0 => {}
            // A person who presses twice does not want to wait.
            Interrupts::ReachSupervisor(_) | Interrupts::EndProcess => return Effect::ProcessEnds,
        }
        self.pressed = true;
        Effect::ProcessGoesOn
    }

    fn hand_over<T>(&mut self, start: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        if matches!(self.interrupts, Interrupts::ReachSupervisor(_)) && self.pressed {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let child = start()?;
        self.interrupts = Interrupts::ReachOnlyChild;
        Ok(child)
    }

    fn release(&mut self) -> Effect {
        self.guards -= 1;
        let is_due = self.closed || (self.pressed && matches!(self.interrupts, Interrupts::EndProcess));
        if self.guards == 0 && is_due { Effect::ProcessEnds } else { Effect::ProcessGoesOn }
    }
}

fn with_console<T>(change: impl FnOnce(&mut Console) -> T) -> T {
    static HANDLER: Once = Once::new();
    HANDLER.call_once(|| {
        // Without a handler every event ends the process, which is no worse than before.
        let _ = listen();
    });
    change(&mut lock_mutex(&CONSOLE))
}

fn listen() -> io::Result<()> {
    // Events are heard from here on, also before the thread runs.
    let (mut key, mut other_key) = (ctrl_c()?, ctrl_break()?);
    let (mut close, mut logoff, mut shutdown) = (ctrl_close()?, ctrl_logoff()?, ctrl_shutdown()?);
    let mut next = move |context: &mut Context<'_>| -> Poll<fn(&mut Console) -> Effect> {
        let ends = close.poll_recv(context).is_ready()
            || logoff.poll_recv(context).is_ready()
            || shutdown.poll_recv(context).is_ready();
        if ends {
            return Poll::Ready(Console::close);
        }
        let is_pressed = key.poll_recv(context).is_ready() || other_key.poll_recv(context).is_ready();
        if is_pressed { Poll::Ready(Console::press) } else { Poll::Pending }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    std::thread::Builder::new().name("console".into()).spawn(move || {
        runtime.block_on(async {
            loop {
                end_if(with_console(poll_fn(&mut next).await));
            }
        })
    })?;
    Ok(())
}

fn end_if(effect: Effect) {
    if effect == Effect::ProcessEnds {
        std::process::exit(STATUS_CONTROL_C_EXIT);
    }
}

/// Starts a program for which key presses are from now on. None falls in between: the console waits until it is started.
/// Fails with `Interrupted`, and nothing started, if a key press was sent to the supervisor before.
pub(super) fn hand_over(start: impl FnOnce() -> io::Result<Child>) -> io::Result<Child> {
    with_console(|console| console.hand_over(start))
}

/// Ctrl-C, which is all that Windows sends.
#[derive(Clone, Copy)]
pub struct SystemSignals;

impl Signals for SystemSignals {
    /// Defers key presses and, as long as Windows allows, the end of the console.
    fn defer(&self) -> Box<dyn SignalGuard> {
        with_console(|console| console.guards += 1);
        Box::new(Guard)
    }

    fn supervise(&self) -> io::Result<Box<dyn Supervisor>> {
        let (sender, exits) = channel();
        with_console(|console| console.interrupts = Interrupts::ReachSupervisor(sender.clone()));
        Ok(Box::new(ProcessSupervisor { sender, exits }))
    }

    fn end_by(&self, _: i32) {
        end_if(Effect::ProcessEnds);
    }
}

/// Hears of the program's end, and before it was started, of Ctrl-C.
struct ProcessSupervisor {
    sender: Sender<ExitReason>,
    exits: Receiver<ExitReason>,
}

impl Supervisor for ProcessSupervisor {
    fn start(&mut self, command: &[OsString]) -> io::Result<()> {
        let mut child = hand_over(|| hardening::start(command))?;
        let sender = self.sender.clone();
        std::thread::Builder::new().spawn(move || {
            let code = child.wait().ok().and_then(|status| status.code());
            sender.send(ExitReason::Code(code.unwrap_or(1)))
        })?;
        Ok(())
    }

    fn wait(&mut self, timeout: Duration) -> Option<ExitReason> {
        self.exits.recv_timeout(timeout).ok()
    }
}

struct Guard;

impl SignalGuard for Guard {
    fn pending(&self) -> bool {
        with_console(|console| console.pressed || console.closed)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        end_if(with_console(Console::release));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn console(guards: usize, interrupts: Interrupts) -> Console {
        Console { guards, interrupts, ..Console::new() }
    }

    #[test]
    fn ctrl_c_ends_an_unguarded_process_at_once() {
        assert_eq!(console(0, Interrupts::EndProcess).press(), Effect::ProcessEnds);
    }

    #[test]
    fn deferred_ctrl_c_ends_the_process_with_the_last_guard() {
        let mut console = console(2, Interrupts::EndProcess);
        assert_eq!(console.press(), Effect::ProcessGoesOn);
        assert_eq!(console.release(), Effect::ProcessGoesOn);
        assert_eq!(console.release(), Effect::ProcessEnds);
    }

    #[test]
    fn second_ctrl_c_does_not_wait() {
        let mut guarded = console(1, Interrupts::EndProcess);
        assert_eq!((guarded.press(), guarded.press()), (Effect::ProcessGoesOn, Effect::ProcessEnds));
    }

    #[test]
    fn guard_without_ctrl_c_changes_nothing() {
        assert_eq!(console(1, Interrupts::EndProcess).release(), Effect::ProcessGoesOn);
    }

    #[test]
    fn closed_window_ends_an_unguarded_process_at_once() {
        let (sender, _events) = channel();
        for interrupts in [Interrupts::EndProcess, Interrupts::ReachSupervisor(sender), Interrupts::ReachOnlyChild] {
            assert_eq!(console(0, interrupts).close(), Effect::ProcessEnds);
        }
    }

    #[test]
    fn closed_window_waits_for_the_last_guard_whoever_gets_the_keys() {
        let (sender, _events) = channel();
        for interrupts in [Interrupts::EndProcess, Interrupts::ReachSupervisor(sender), Interrupts::ReachOnlyChild] {
            let mut guarded = console(2, interrupts);
            assert_eq!(guarded.close(), Effect::ProcessGoesOn);
            assert_eq!(guarded.release(), Effect::ProcessGoesOn);
            assert_eq!(guarded.release(), Effect::ProcessEnds);
        }
    }

    #[test]
    fn closed_window_is_not_the_second_ctrl_c() {
        let mut guarded = console(1, Interrupts::EndProcess);
        let effects = [guarded.press(), guarded.close(), guarded.close()];
        assert_eq!(effects, [Effect::ProcessGoesOn; 3]);
        assert_eq!(guarded.release(), Effect::ProcessEnds);
    }

    #[test]
    fn guard_of_a_supervised_process_ends_nothing_after_ctrl_c() {
        let (sender, _events) = channel();
        let mut supervised = console(1, Interrupts::ReachSupervisor(sender));
        supervised.press();
        assert_eq!(supervised.release(), Effect::ProcessGoesOn);
    }

    #[test]
    fn supervisor_gets_the_first_ctrl_c() {
        let (sender, events) = channel();
        let mut supervised = console(0, Interrupts::ReachSupervisor(sender));
        assert_eq!(supervised.press(), Effect::ProcessGoesOn);
        assert_eq!(events.try_recv(), Ok(ExitReason::Signal(INTERRUPT)));
        assert_eq!(supervised.press(), Effect::ProcessEnds);
    }

    #[test]
    fn ctrl_c_before_the_child_starts_is_kept_for_the_supervisor() {
        let (sender, events) = channel();
        let mut supervised = console(0, Interrupts::ReachSupervisor(sender));
        supervised.press();
        let started = supervised.hand_over(|| -> io::Result<()> { panic!("it must not be started") });
        assert_eq!(started.unwrap_err().kind(), io::ErrorKind::Interrupted);
        assert_eq!(events.try_recv(), Ok(ExitReason::Signal(INTERRUPT)), "the first wait returns it");
    }

    #[test]
    fn child_that_cannot_be_started_leaves_ctrl_c_to_this_process() {
        let mut alone = console(0, Interrupts::EndProcess);
        assert!(alone.hand_over(|| -> io::Result<()> { Err(io::ErrorKind::NotFound.into()) }).is_err());
        assert_eq!(alone.press(), Effect::ProcessEnds);
    }

    #[test]
    fn ctrl_c_is_left_to_the_child() {
        let mut console = console(0, Interrupts::EndProcess);
        console.hand_over(|| Ok(())).unwrap();
        assert_eq!((console.press(), console.press()), (Effect::ProcessGoesOn, Effect::ProcessGoesOn));
    }
}
