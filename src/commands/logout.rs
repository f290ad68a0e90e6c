//! `tidp logout`: ends the session here and at the provider.

use crate::cli;
use crate::domain::text::printable;
use crate::error::{Error, Result};
use crate::flows::context::Context;
use crate::flows::logout::{
    self, LogoutOptions, Outcome, check_nothing_left, delete_orphaned_secrets, stored_sessions,
};
use crate::ports::{Ports, Reporter};
use crate::terminal::output::Output;
use serde_json::json;

/// Logs out of one profile, or of all with `--all`.
///
/// # Errors
/// The first failure at the provider; the local session is removed anyway. `store` if it could not be removed.
pub fn run(ports: &Ports, out: &Output<'_>, flag: Option<&str>, args: &cli::Logout) -> Result<()> {
    let options = LogoutOptions { local: args.local, browser: args.browser };
    match (args.all, flag) {
        (false, profile) => {
            let outcome = Context::open(ports, out, profile)?.run(|context| log_out(context, options, |_| ()))?;
            out.document_if_json(|| outcome.to_json())
        }
        (true, None) => log_out_of_all(ports, out, options),
        // Only the option contradicts `--all`; TIDP_PROFILE is meant for every command.
        (true, Some(_)) => {
            Err(Error::usage("--all and --profile exclude each other: --all ends the sessions of all profiles"))
        }
    }
}

/// Logs out. What failed at the provider is an error, too, but has been reported; `report` gets any other.
fn log_out(context: &Context<'_>, options: LogoutOptions, report: impl Fn(&Error)) -> Result<Outcome> {
    let outcome = logout::log_out(context, options).inspect_err(report)?;
    outcome.failure().map_or(Ok(outcome), Err)
}

fn log_out_of_all(ports: &Ports, out: &Output<'_>, options: LogoutOptions) -> Result<()> {
    let (contexts, store) = stored_sessions(ports, out)?;
    let log_out = |context: &Context<'_>| {
        // At once, because only the first failure becomes the command's error.
        let report = |error: &Error| {
            let (name, message) = (printable(&context.profile.name), error.report().message);
            report_failure(out, &format!("the session of `{name}`: {message}"));
        };
        log_out(context, options, report)
    };
    let outcomes: Vec<Result<Outcome>> = contexts.into_iter().map(|context| context.run(log_out)).collect();
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

fn report_failure(out: &Output<'_>, what: &str) {
    out.note(&format!("{} {what}", out.err_colors.paint("failed:", colored::Color::Red)));
}
