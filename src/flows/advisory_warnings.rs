//! Advisory warnings: `token`, `exec` and `refresh` warn on stderr that the session will soon be lost, at most once an
//! hour per session and never under `--quiet`. A small file keeps the time of the last warning. When the next one is
//! due is kept beside the cached token, so that a cached token needs neither the session nor that file.

use crate::domain::session::{Renewal, Session};
use crate::domain::time::{CLOCK_TOLERANCE, Seconds, Time};
use crate::domain::warning::WarningCode;
use crate::explain::outlook::warnings::ADVISORY_CODES;
use crate::flows::context::Context;
use crate::ports::Reporter;
use std::path::PathBuf;

const WARNING_INTERVAL: Seconds = Seconds::hours(1);

/// Warns that another user of the machine requested what is meant for this user's browser. `remedy` helps if the
/// browser runs as that user.
pub fn warn_of_another_user(reporter: &dyn Reporter, user: u32, remedy: &str) {
    let message = format!(
        "another user of this machine (uid {user}) tried to open the URL meant for your browser, and was refused. If \
         your browser runs as that user, {remedy}"
    );
    reporter.warn(WarningCode::AnotherUser, message);
}

/// Reports the advisory warnings of `session` that are due. If this run's refresh has found that the SSO session ended,
/// that is always reported.
pub fn warn_if_due(context: &Context<'_>, session: &Session, renewal: Option<Renewal>) {
    // A store in memory ends with this run, and the session with it.
    if context.reporter.is_quiet() || context.store.is_ephemeral() {
        return;
    }
    let now = context.ports.clock.now();
    let outlook = context.outlook(session, now);
    let local = |time| context.reporter.local_time(time);
    let words = context.words(&local);
    let mut due = outlook.advisory_warnings(&words);
    if !due.is_empty() && last_warned_at(context, now).is_some_and(|last| now < last.plus(WARNING_INTERVAL)) {
        due.clear();
    }
    due.retain(|(code, _)| !context.reporter.has_warned(*code));
    let is_due = !due.is_empty();
    // This run's refresh is the first one without a new refresh token.
    let sso_just_ended = renewal == Some(Renewal::None)
        && session.held_token().and_then(|held| held.omitted_since) == Some(session.last_obtained_at());
    if sso_just_ended && due.iter().all(|(code, _)| *code != WarningCode::SsoEnded) {
        let is_new = |code| code == WarningCode::SsoEnded && !context.reporter.has_warned(code);
        due.extend(outlook.warnings(&words).into_iter().filter(|(code, _)| is_new(*code)));
    }
    for (code, message) in due {
        context.reporter.warn(code, message);
    }
    if is_due {
        record_warning(context);
    }
}

/// When the next advisory warning is due if the session stays as it is; `None`: never.
pub fn due_at(context: &Context<'_>, session: &Session) -> Option<Time> {
    let now = context.ports.clock.now();
    let from = context.outlook(session, now).advisory_warnings_from()?;
    // A warning of this run counts even if its time could not be stored.
    let warned_now = ADVISORY_CODES.iter().any(|code| context.reporter.has_warned(*code)).then_some(now);
    let last = warned_now.or_else(|| last_warned_at(context, now));
    Some(last.map_or(from, |last| from.max(last.plus(WARNING_INTERVAL))))
}

/// Records that a warning was given now. If that fails, the next one only comes too early.
pub fn record_warning(context: &Context<'_>) {
    if !context.reporter.is_quiet() {
        context.write_own(path(context).as_deref(), &context.ports.clock.now());
    }
}

/// When the last warning was given. A time in the future was written before the clock was set back, and does not count.
fn last_warned_at(context: &Context<'_>, now: Time) -> Option<Time> {
    let at: Time = context.read_own(path(context).as_deref())?;
    (at <= now.plus(CLOCK_TOLERANCE)).then_some(at)
}

fn path(context: &Context<'_>) -> Option<PathBuf> {
    let state = context.ports.dirs.state.as_ref()?;
    (!context.store.is_ephemeral())
        .then(|| state.join("tidp").join(format!("warned-{}", context.entry_hash(&context.entry()))))
}
