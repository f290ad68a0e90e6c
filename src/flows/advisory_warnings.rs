//! Warnings in passing: `token`, `exec` and `refresh` say on stderr that the session is about to be lost, at most once an
//! hour per session and never under `--quiet`. The hour is kept by a stamp, a small file that holds a time and no
//! secret; when the next warning is due is kept beside the cached token, so that a cached token costs no look at either.

use crate::domain::session::{Renewal, Session};
use crate::domain::time::{CLOCK_TOLERANCE, Seconds, Time};
use crate::explain::outlook::warnings::ADVISORY_CODES;
use crate::flows::context::Context;
use crate::ports::Reporter;
use std::path::PathBuf;

/// How long a session's warnings rest.
const REST: Seconds = Seconds::hours(1);

/// Warns that another user of the machine was at the address meant for this user's browser; `remedy` is for whoever
/// uses that browser.
pub fn another_user(reporter: &dyn Reporter, user: u32, remedy: &str) {
    let message = format!(
        "a program of another user of this machine (uid {user}) asked for what is meant for your browser, and was \
         refused. If that was your browser, {remedy}"
    );
    reporter.warn("another_user", message);
}

/// Warns of what `session` gives reason to. That a refresh of this run found the SSO session ended is news, and
/// told whenever it happens.
pub fn warn_if_due(context: &Context<'_>, session: &Session, renewal: Option<Renewal>) {
    // A store in memory belongs to a run that ends with its session.
    if context.reporter.is_quiet() || context.store.is_ephemeral() {
        return;
    }
    let now = context.ports.clock.now();
    let outlook = context.outlook(Some(session), now);
    let mut due = outlook.advisory_warnings();
    // The stamp is looked at only where there is something to say.
    if !due.is_empty() && last(context, now).is_some_and(|last| now < last.plus(REST)) {
        due.clear();
    }
    let mut all: Vec<_> = due.into_iter().map(|warning| (warning, true)).collect();
    if sso_just_ended(session, renewal) && all.iter().all(|(warning, _)| warning.code != "sso_ended") {
        all.extend(
            outlook
                .warnings()
                .into_iter()
                .filter(|warning| warning.code == "sso_ended")
                .map(|warning| (warning, false)),
        );
    }
    all.retain(|(warning, _)| !context.reporter.has_warned(warning.code));
    for (warning, _) in &all {
        let message =
            warning.message.render(&|time| context.reporter.local_time(time), context.profile.name_in_hints.as_deref());
        context.reporter.warn(warning.code, message);
    }
    if all.iter().any(|(_, rests)| *rests) {
        stamp(context);
    }
}

/// Whether this run's refresh is the first one to bring no refresh token.
fn sso_just_ended(session: &Session, renewal: Option<Renewal>) -> bool {
    let since = session.held_token().and_then(|held| held.omitted_since);
    renewal == Some(Renewal::None) && since == Some(session.access_token.obtained_at)
}

/// When the next warning in passing is due, if the session stays as it is; `None`: never.
pub fn due_at(context: &Context<'_>, session: &Session) -> Option<Time> {
    let now = context.ports.clock.now();
    let from = context.outlook(Some(session), now).advisory_warnings_from()?;
    // Where the stamp cannot be kept, the cache alone keeps the hour.
    let warned = ADVISORY_CODES.iter().any(|code| context.reporter.has_warned(code)).then_some(now);
    Some(warned.or_else(|| last(context, now)).map_or(from, |last| from.max(last.plus(REST))))
}

/// Records that a warning was given now. Where that fails, the next one comes too early: no reason to fail.
pub fn stamp(context: &Context<'_>) {
    if let Some(path) = path(context).filter(|_| !context.reporter.is_quiet()) {
        let _ = context.ports.files.write_own(&path, context.ports.clock.now().unix().to_string().as_bytes());
    }
}

/// When the last warning was given. A stamp from the future was written by a clock that has been set back since.
fn last(context: &Context<'_>, now: Time) -> Option<Time> {
    let bytes = context.ports.files.read_own(&path(context)?).ok()??;
    let at = Time::from_unix(std::str::from_utf8(&bytes).ok()?.trim().parse().ok()?);
    (at <= now.plus(CLOCK_TOLERANCE)).then_some(at)
}

fn path(context: &Context<'_>) -> Option<PathBuf> {
    let state = context.ports.dirs.state.as_ref()?;
    (!context.store.is_ephemeral()).then(|| state.join("tidp").join(format!("warned-{}", context.session_hash())))
}
