//! `tidp exec -- CMD…`: becomes CMD with `TIDP_ACCESS_TOKEN` set, so signals and the exit code are CMD's own.

use crate::cli::{self, Global};
use crate::commands::token;
use crate::error::{ChildProcessError, Result};
use crate::flows::access_token::{self, RefreshAllowed};
use crate::flows::context::Context;
use crate::ports::Ports;
use crate::terminal::output::Output;

/// Runs it; returns only if CMD did not start.
///
/// # Errors
/// As `tidp token` if there is no token; 125 to 127 as env(1) if `exec` itself failed, CMD cannot be
/// run, or was not found.
pub fn run(ports: &Ports, out: &Output<'_>, global: &Global, args: &cli::Exec) -> Result<()> {
    let min_ttl = token::min_ttl(args.min_ttl.as_deref())?;
    let token = Context::open(ports, out, global.profile.as_deref())?
        .run(|context| access_token::valid_token(context, min_ttl, RefreshAllowed::IfDue))?;
    let error = ports.programs.exec(&args.command, &[("TIDP_ACCESS_TOKEN", Some(&token.access_token.value))]);
    Err(ChildProcessError::not_started(&args.command, &error).into())
}
