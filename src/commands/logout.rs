//! `tidp logout`: ends the session here and at the provider.

use crate::cli::{self, Global};
use crate::domain::text::printable;
use crate::error::{Error, Result};
use crate::flows::context::Context;
use crate::flows::logout::{self, LogoutOptions, Outcome, check_nothing_left, stored_sessions};
use crate::ports::Ports;
use crate::terminal::output::Output;
use serde_json::json;

/// Logs out: one profile, or all with `--all`.
///
/// # Errors
/// The first failure at the provider; the local session is gone all the same. `store` if that is not so.
pub fn run(ports: &Ports, out: &Output<'_>, global: &Global, args: &cli::Logout) -> Result<()> {
    // `--profile` and `--all` contradict each other; TIDP_PROFILE is for every command and does not count.
    if args.all && global.profile.is_some() {
        return Err(Error::usage(
            "--all ends the sessions of all profiles and --profile names one: use one of the two",
        ));
    }
    let options = LogoutOptions { local: args.local, browser: args.browser };
    let (outcomes, rest): (Vec<_>, _) = if args.all {
        let (contexts, store) = stored_sessions(ports, out)?;
        let log_out = |context: Context<'_>| context.run(|context| log_out_and_report(context, out, options));
        (contexts.into_iter().map(log_out).collect(), check_nothing_left(store.as_ref()))
    } else {
        (
            vec![
                Context::open(ports, out, global.profile.as_deref())?.run(|context| logout::log_out(context, options)),
            ],
            Ok(()),
        )
    };
    if outcomes.is_empty() && rest.is_ok() {
        out.note("There was no session.");
    }
    let mut failure =
        outcomes.iter().find_map(|outcome| outcome.as_ref().map_or_else(|e| Some(e.clone()), Outcome::failure));
    if let Err(error) = rest {
        if failure.is_some() {
            note_failure(out, &error.report().message);
        }
        failure = failure.or(Some(error));
    }
    let outcomes: Vec<_> = outcomes.into_iter().flatten().collect();
    match failure {
        Some(error) => Err(error),
        None if out.json && args.all => {
            out.document(json!({ "sessions": outcomes.iter().map(Outcome::to_json).collect::<Vec<_>>() }))
        }
        None if out.json => out.document(outcomes.first().map(Outcome::to_json).unwrap_or_default()),
        None => Ok(()),
    }
}

fn note_failure(out: &Output<'_>, what: &str) {
    out.note(&format!("{} {what}", out.paint_err("failed:", colored::Color::Red)));
}

/// One of several logouts. Its failure is printed at once, because only the first one becomes the command's error.
fn log_out_and_report(context: &Context<'_>, out: &Output<'_>, options: LogoutOptions) -> Result<Outcome> {
    logout::log_out(context, options).inspect_err(|error| {
        let (name, message) = (printable(&context.profile.name), error.report().message);
        note_failure(out, &format!("the session of `{name}`: {message}"));
    })
}
