//! The messages of a logout.

use crate::domain::session::{Account, SessionKey};
use crate::domain::text::printable;
use crate::domain::time::Time;
use serde::Serialize;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StepState {
    Done,
    Nothing,
    /// Nothing failed, but it was not requested or the provider does not offer it.
    Left,
    Failed,
}

/// The result of a step. The text follows the step's name: `refresh token   revoked`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepMessage {
    pub state: StepState,
    pub text: String,
}

impl StepState {
    pub fn with(self, text: impl Into<String>) -> StepMessage {
        StepMessage { state: self, text: text.into() }
    }
}

impl StepMessage {
    /// A revoked refresh token. `interrupted_refresh` is when a refresh was started that did not finish.
    pub fn revoked(interrupted_refresh: Option<String>) -> Self {
        StepState::Done.with(match interrupted_refresh {
            None => "revoked".to_owned(),
            Some(at) => format!(
                "revoked; a refresh started {at} did not finish, and if it returned a new refresh token, that one was \
                 not revoked"
            ),
        })
    }
}

/// The end of the sentence on a refresh token that was not revoked.
pub fn validity_note(expires_at: Option<Time>, when: &dyn Fn(Time) -> String) -> String {
    expires_at.map(|end| format!("; it may be valid until {}", when(end))).unwrap_or_default()
}

pub const NO_SESSION: &str = "there was no session";

/// `when` is the time of its expiry.
pub fn access_token_text(expires_at: Time, now: Time, is_telenorid_plus: bool, when: &str) -> String {
    if expires_at <= now {
        format!("expired {when}")
    } else if is_telenorid_plus {
        format!("still works until {when}: access tokens cannot be revoked")
    } else {
        format!("may work until {when}")
    }
}

pub const UNKNOWN_ACCESS_TOKEN: &str = "could not be read; if there was one, it works until it expires";

/// The note that the local session was removed. `account` is `None` if the entry could not be read.
pub fn logged_out_note(key: &SessionKey, account: Option<&Account>) -> String {
    let account = account.map_or_else(String::new, |account| format!("{} at ", account.shown_name()));
    format!("Logged out of `{}` ({account}{}).", printable(&key.profile), printable(&key.issuer))
}

pub fn no_session_note(key: &SessionKey) -> String {
    format!("There was no session of `{}` ({}).", printable(&key.profile), printable(&key.issuer))
}

pub fn machine_tokens_note(key: &SessionKey, had_none: bool) -> String {
    let what = if had_none { "There were no tokens" } else { "Removed the tokens" };
    format!("{what} of `{}` ({}).", printable(&key.profile), printable(&key.issuer))
}

/// The error's message for a failed step. It begins by saying that the local session was removed.
pub fn failure_message(step: &str, text: &str) -> String {
    format!("the local session was removed, but the {step} {text}")
}
