//! The messages of `tidp keepalive`.

use crate::domain::policy::Policy;
use crate::domain::session::{Renewal, Session, Sso};
use crate::domain::time::Seconds;
use crate::explain::count;

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
        Renewal::New => return format!("{now}  Refreshed{reason}: it now ends {new_end}."),
        Renewal::Same => ("the same", "it"),
        Renewal::None => ("no new", "the old one"),
    };
    format!(
        "{now}  Refreshed{reason}; the provider returned {token} refresh \
         token. If {renewed} was renewed, the session now ends {new_end}."
    )
}

pub fn recovered_note(lasted: Seconds, failures: u32) -> String {
    let attempts = if failures == 1 { "1 failed attempt".to_owned() } else { format!("{failures} failed attempts") };
    format!("The session can be renewed again, after {} and {attempts}.", lasted.to_text())
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeepaliveCounts {
    pub refreshes: usize,
    pub renewed_elsewhere: usize,
    pub failures: usize,
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
    if counts.renewed_elsewhere > 0 {
        let (one, many) = ("renewal was made by another tidp", "renewals were made by other tidps");
        parts.push(count(counts.renewed_elsewhere, one, many));
    }
    if counts.failures > 0 {
        parts.push(count(counts.failures, "attempt failed", "attempts failed"));
    }
    format!("{}.", parts.join("; "))
}
