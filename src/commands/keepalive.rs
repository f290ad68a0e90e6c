//! `tidp keepalive [-- CMD…]`: keeps a sliding session alive, alone or while CMD runs.

use crate::cli;
use crate::commands::options;
use crate::error::{Result, Situation};
use crate::flows::context::Context;
use crate::flows::keepalive;
use crate::ports::{ExitReason, Ports};
use crate::terminal::output::Output;

/// Runs until CMD ends, `--for` is over or the session has ended.
///
/// # Errors
/// Those of the flow; CMD's own exit code.
pub fn run(ports: &Ports, out: &Output<'_>, flag: Option<&str>, args: &cli::Keepalive) -> Result<()> {
    let duration = options::duration("--for", args.duration.as_deref())?;
    match Context::open(ports, out, flag)?.run(|context| keepalive::run(context, duration, &args.command))? {
        None | Some(ExitReason::Code(0)) => Ok(()),
        Some(ExitReason::Code(code)) => Err(Situation::Exited(code).into()),
        Some(ExitReason::Signal(signal)) => {
            ports.signals.end_by(signal);
            Err(Situation::Exited(128_i32.saturating_add(signal)).into())
        }
    }
}
