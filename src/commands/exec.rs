//! `tidp exec -- CMD…`: becomes CMD with `TIDP_ACCESS_TOKEN` or another variable set, so signals and the exit code are CMD's
//! own.

use crate::cli;
use crate::commands::options;
use crate::domain::text::printable;
use crate::error::{Error, Result, Situation};
use crate::flows::access_token;
use crate::flows::context::Context;
use crate::flows::wanted_token::WantedToken;
use crate::ports::Ports;
use crate::terminal::output::Output;

const ACCESS_TOKEN_VARIABLE: &str = "TIDP_ACCESS_TOKEN";

/// Returns only if CMD did not start.
///
/// # Errors
/// As `tidp token`; 125 to 127 as env(1) if `exec` itself failed, CMD cannot be run, or was not found.
pub fn run(ports: &Ports, out: &Output<'_>, flag: Option<&str>, args: &cli::Exec) -> Result<()> {
    let variable = args.variable.as_deref().unwrap_or(ACCESS_TOKEN_VARIABLE);
    check_variable(variable)?;
    let min_ttl = options::duration("--min-ttl", args.min_ttl.as_deref())?;
    let token = Context::open(ports, out, flag)?.run(|context| {
        let scopes = options::scopes(&context.profile, &args.scope)?;
        access_token::valid_token(context, &WantedToken { min_ttl, scopes, ..WantedToken::default() })
    })?;
    let error = ports.programs.exec(&args.command, (variable, &token.access_token.value));
    Err(Situation::not_started(&args.command, &error).into())
}

/// Refuses what a shell cannot read, and the names of tidp's own settings, some of which are secrets that no child gets.
fn check_variable(name: &str) -> Result<()> {
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !is_name {
        let what = "is not a variable name: use letters (a to z), digits and underscores";
        return Err(Error::usage(format!("--env: `{}` {what}", printable(name))));
    }
    // Windows ignores the case of names.
    if name.to_ascii_uppercase().starts_with("TIDP_") && name != ACCESS_TOKEN_VARIABLE {
        return Err(Error::usage(format!("--env: `{name}` is reserved for tidp's own settings")));
    }
    Ok(())
}
