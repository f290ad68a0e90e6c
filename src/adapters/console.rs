//! Ctrl-C and Ctrl-Break at a Windows console: deferred while a session is between two states, and left to a program that
//! runs beside this one, which the console tells as well.
//!
//! Closing the window cannot be deferred: Windows ends the process as soon as the handler has returned.

use crate::ports::{ExitReason, SignalGuard};
use std::io;
use std::process::Child;
use std::sync::mpsc::Sender;
use std::sync::{Mutex, Once, PoisonError};

/// What Windows makes the exit code of a program that Ctrl-C ended (ntstatus.h: `STATUS_CONTROL_C_EXIT`).
const STATUS_CONTROL_C_EXIT: i32 = 0xC000_013A_u32.cast_signed();

/// Ctrl-C as flows know it.
const INTERRUPT: i32 = 2;

/// The console tells a process, not a part of it, so there is one of these.
static CONSOLE: Mutex<Console> = Mutex::new(Console { guards: 0, pressed: false, interrupts: Interrupts::EndProcess });

struct Console {
    guards: usize,
    /// Whether a key press has been deferred or sent on.
    pressed: bool,
    interrupts: Interrupts,
}

/// Who a key press is for.
enum Interrupts {
    EndProcess,
    ReachSupervisor(Sender<ExitReason>),
    /// A program that runs beside this one decides; this process waits for its end.
    ReachOnlyChild,
}

#[derive(Debug, PartialEq, Eq)]
enum Effect {
    ProcessEnds,
    ProcessGoesOn,
}

impl Console {
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
        match self.interrupts {
            Interrupts::EndProcess if self.guards == 0 && self.pressed => Effect::ProcessEnds,
            _ => Effect::ProcessGoesOn,
        }
    }
}

fn with_console<T>(change: impl FnOnce(&mut Console) -> T) -> T {
    static HANDLER: Once = Once::new();
    HANDLER.call_once(|| {
        // Without a handler a key press ends the process, which is no worse than before.
        let _ = ctrlc::set_handler(|| end_if(locked(Console::press)));
    });
    locked(change)
}

fn locked<T>(change: impl FnOnce(&mut Console) -> T) -> T {
    change(&mut CONSOLE.lock().unwrap_or_else(PoisonError::into_inner))
}

fn end_if(effect: Effect) {
    if effect == Effect::ProcessEnds {
        std::process::exit(STATUS_CONTROL_C_EXIT);
    }
}

/// Starts a program for which key presses are from now on. None falls in between: the console waits until it is started.
///
/// # Errors
/// `Interrupted`, with nothing started, if a key press was sent to the supervisor before.
pub(super) fn hand_over(start: impl FnOnce() -> io::Result<Child>) -> io::Result<Child> {
    with_console(|console| console.hand_over(start))
}

/// From now on the first key press is sent to `supervisor`.
pub(super) fn send_to(supervisor: Sender<ExitReason>) {
    with_console(|console| console.interrupts = Interrupts::ReachSupervisor(supervisor));
}

/// Ends the process as Ctrl-C does.
pub(super) fn end_process() {
    end_if(Effect::ProcessEnds);
}

/// Defers key presses until the guard is dropped.
pub(super) fn defer() -> Box<dyn SignalGuard> {
    with_console(|console| console.guards += 1);
    Box::new(Guard)
}

struct Guard;

impl SignalGuard for Guard {
    fn pending(&self) -> bool {
        locked(|console| console.pressed)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        end_if(locked(Console::release));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    fn console(guards: usize, interrupts: Interrupts) -> Console {
        Console { guards, pressed: false, interrupts }
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
