//! `tidp logout`: ends the session here and at the provider.

use crate::cli;
use crate::domain::text::printable;
use crate::error::{Error, Result};
use crate::flows::context::Context;
use crate::flows::logout::{
    self, LogoutOptions, Outcome, check_nothing_left, delete_orphaned_secrets, stored_sessions,
};
use crate::ports::Ports;
use crate::terminal::output::Output;
use serde_json::json;

/// Logs out of one profile, or of all with `--all`.
///
/// # Errors
/// The first failure at the provider; the local session is removed anyway. `store` if it could not be removed.
pub fn run(ports: &Ports, out: &Output<'_>, flag: Option<&str>, args: &cli::Logout) -> Result<()> {
    let options = LogoutOptions { local: args.local, browser: args.browser };
    match (args.all, flag) {
        (false, profile) => log_out(ports, out, profile, options),
        (true, None) => log_out_of_all(ports, out, options),
        // Only the option contradicts `--all`; TIDP_PROFILE is meant for every command.
        (true, Some(_)) => {
            Err(Error::usage("--all and --profile exclude each other: --all ends the sessions of all profiles"))
        }
    }
}

fn log_out(ports: &Ports, out: &Output<'_>, profile: Option<&str>, options: LogoutOptions) -> Result<()> {
    let outcome = Context::open(ports, out, profile)?.run(|context| log_out_completely(context, options))?;
    out.document_if_json(|| outcome.to_json())
}

/// Logs out; what failed at the provider is an error, too.
fn log_out_completely(context: &Context<'_>, options: LogoutOptions) -> Result<Outcome> {
    let outcome = logout::log_out(context, options)?;
    outcome.failure().map_or(Ok(outcome), Err)
}

fn log_out_of_all(ports: &Ports, out: &Output<'_>, options: LogoutOptions) -> Result<()> {
    let (contexts, store) = stored_sessions(ports, out)?;
    let log_out = |context: Context<'_>| {
        context.run(|context| {
            let outcome = log_out_and_report(context, out, options)?;
            outcome.failure().map_or(Ok(outcome), Err)
        })
    };
    let outcomes: Vec<Result<Outcome>> = contexts.into_iter().map(log_out).collect();
    let nothing_left = check_nothing_left(store.as_ref());
    // After the logouts, which may need them.
    let nothing_left = nothing_left.and(delete_orphaned_secrets(ports, out, &store));
    if outcomes.is_empty() && nothing_left.is_ok() {
        out.note("There was no session.");
    }
    if let Some(failure) = outcomes.iter().find_map(|outcome| outcome.as_ref().err().cloned()) {
        if let Err(error) = nothing_left {
            report_failure(out, &error.report().message);
        }
        return Err(failure);
    }
    nothing_left?;
    let sessions = || outcomes.iter().flatten().map(Outcome::to_json).collect::<Vec<_>>();
    out.document_if_json(|| json!({ "sessions": sessions() }))
}

/// Logs out of one of several profiles. A failure is printed at once, because only the first one becomes the command's
/// error.
fn log_out_and_report(context: &Context<'_>, out: &Output<'_>, options: LogoutOptions) -> Result<Outcome> {
    logout::log_out(context, options).inspect_err(|error| {
        let (name, message) = (printable(&context.profile.name), error.report().message);
        report_failure(out, &format!("the session of `{name}`: {message}"));
    })
}

fn report_failure(out: &Output<'_>, what: &str) {
    out.note(&format!("{} {what}", out.err_colors.paint("failed:", colored::Color::Red)));
}
