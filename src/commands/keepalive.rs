//! `tidp keepalive [-- CMD…]`: keeps a sliding session alive, alone or while CMD runs.

use crate::cli::{self, Global};
use crate::domain::time::Seconds;
use crate::error::{ChildProcessError, Error, Result};
use crate::flows::context::Context;
use crate::flows::keepalive::{self, KeepaliveOptions};
use crate::ports::{ExitReason, Ports};
use crate::terminal::output::Output;

/// Runs until CMD ends, `--for` is over or the session has ended.
///
/// # Errors
/// Those of the flow; CMD's own exit code.
pub fn run(ports: &Ports, out: &Output<'_>, global: &Global, args: &cli::Keepalive) -> Result<()> {
    let duration = args.duration.as_deref().map(Seconds::parse).transpose();
    let duration = duration.map_err(|what| Error::usage(format!("--for: {what}")))?;
    let options = KeepaliveOptions { duration, command: &args.command };
    match Context::open(ports, out, global.profile.as_deref())?.run(|context| keepalive::run(context, &options))? {
        None | Some(ExitReason::Code(0)) => Ok(()),
        Some(ExitReason::Code(code)) => Err(ChildProcessError::Exited(code).into()),
        Some(ExitReason::Signal(signal)) => {
            ports.signals.end_by(signal);
            Err(ChildProcessError::Exited(128_i32.saturating_add(signal)).into())
        }
    }
}
