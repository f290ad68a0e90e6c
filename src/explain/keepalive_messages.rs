//! The messages of `tidp keepalive`.

use crate::domain::policy::Policy;
use crate::domain::session::{Renewal, Session, Sso};
use crate::domain::time::Seconds;

pub const UNKNOWN_POLICY: &str = "it is not known when this session ends, because its profile names neither a \
     client type nor a policy: set client_type (TIDP_CLIENT_TYPE)";

pub fn nothing_to_keep_alive(session: &Session, policy: &Policy, access_token_until: &str) -> String {
    if session.held_token().is_some() {
        format!(
            "there is nothing to keep alive: policy {} has no refresh tokens, but the provider issued one, so the \
             client is probably of another type",
            policy.name.as_str()
        )
    } else {
        format!(
            "there is nothing to keep alive: the login returned no refresh token, so the session ends with its access \
             token, {access_token_until}"
        )
    }
}

pub const LAST_REFRESH_REFUSED: &str =
    "The provider refused the last refresh. Trying again now, to find out whether the session is still alive.";

pub const FOUND_INACTIVE: &str = "The provider says that the refresh token is no longer active. Trying it once, to find out \
     whether the session is still alive.";

/// The note at the start. `renewal` says when the session is renewed next.
pub fn start_note(policy: &Policy, end: &str, renewal: &str) -> String {
    format!("Keeping the session alive: under {} it ends {end}; {renewal}.", policy.name.as_str())
}

pub fn waiting_note(reason: &str, end: &str) -> String {
    format!("Nothing to renew: {reason}, so it ends {end}. Waiting; refreshing would not extend it.")
}

pub fn end_reason(policy: &Policy, sso: Sso) -> String {
    if !policy.sliding {
        format!("under {} no refresh extends a session", policy.name.as_str())
    } else if sso == Sso::Ended {
        "its SSO session has ended, so a refresh no longer extends this session".to_owned()
    } else {
        "this session has reached its absolute lifetime".to_owned()
    }
}

/// The note on a refresh. `old_end` is relative, `in 2 min`; `None` if it was not known.
pub fn refreshed_note(renewal: Renewal, now: &str, old_end: Option<&str>, new_end: &str) -> String {
    let reason = old_end.map(|end| format!(", because the session would have ended {end}")).unwrap_or_default();
    let (token, renewed) = match renewal {
        Renewal::New => {
            return format!("{now}  Refreshed{reason}: it now ends {new_end}.");
        }
        Renewal::Same => ("the same", "it"),
        Renewal::None => ("no new", "the old one"),
    };
    format!(
        "{now}  Refreshed{reason}; the provider returned {token} refresh \
         token. If {renewed} was renewed, the session now ends {new_end}."
    )
}

pub fn sso_ended_warning(end: &str) -> String {
    format!(
        "the refresh did not extend this session, because the user's SSO session has ended. It ends {end}; log in \
         before then: tidp login"
    )
}

pub fn changed_elsewhere_note(now: &str, end: &str) -> String {
    format!("{now}  No refresh needed: another tidp has changed the session, which now ends {end}.")
}

/// The warning for the first of several failures. `end` is when the session ends; `None` if that is not known.
pub fn not_renewed_warning(error: &str, end: Option<&str>) -> String {
    let error = error.trim_end_matches('.');
    match end {
        Some(end) => format!("the session could not be renewed: {error}. It ends {end}; trying again"),
        None => format!("the session could not be renewed: {error}; trying again"),
    }
}

pub fn recovered_note(lasted: Seconds, failures: u32) -> String {
    let attempts = if failures == 1 { "1 failed attempt".to_owned() } else { format!("{failures} failed attempts") };
    format!("The session can be renewed again, after {} and {attempts}.", lasted.to_text())
}

pub fn command_continues_warning(reason: &str) -> String {
    format!(
        "the session is no longer kept alive: {reason}. The command continues, and tidp will exit with its exit code"
    )
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeepaliveCounts {
    pub refreshes: u32,
    pub renewed_elsewhere: u32,
    pub failures: u32,
}

/// The note at the end: how many refreshes there were, and why.
pub fn summary_note(lasted: Seconds, counts: KeepaliveCounts) -> String {
    let lasted = lasted.to_text();
    let mut parts = vec![match counts.refreshes {
        0 if counts == KeepaliveCounts::default() => format!("No refresh was due in {lasted}"),
        0 => format!("No refresh in {lasted}"),
        1 => format!("1 refresh in {lasted}, to renew the session before its end"),
        n => format!("{n} refreshes in {lasted}, each to renew the session before its end"),
    }];
    match counts.renewed_elsewhere {
        0 => {}
        1 => parts.push("1 renewal was made by another tidp".to_owned()),
        n => parts.push(format!("{n} renewals were made by other tidps")),
    }
    if counts.failures > 0 {
        parts.push(failed_attempts(counts.failures));
    }
    format!("{}.", parts.join("; "))
}

fn failed_attempts(failures: u32) -> String {
    if failures == 1 { "1 attempt failed".to_owned() } else { format!("{failures} attempts failed") }
}

/// The error's message if the session ended before a renewal succeeded.
pub fn renewal_failed(end: &str, error: &str) -> String {
    format!(
        "the session ended at {end}, under its policy, because it could not be renewed. The last attempt failed: \
         {error}"
    )
}

/// The error's message if no refresh moves the end, which is still ahead.
pub fn cannot_keep_alive(reason: &str, end: &str) -> String {
    format!("the session cannot be kept alive: {reason}. It ends {end}")
}

/// The error's message if the session has ended and no refresh could have extended it.
pub fn session_ended(reason: &str, end: &str) -> String {
    format!("the session has ended ({end}): {reason}")
}
