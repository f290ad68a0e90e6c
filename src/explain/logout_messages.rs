//! The messages of a logout.

use crate::domain::session::{Account, SessionKey};
use crate::domain::text::printable;
use crate::domain::time::Time;

/// How a step of a logout ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepState {
    Done,
    /// There was nothing to do.
    Nothing,
    /// Nothing failed, but it was not requested or the provider does not offer it.
    Left,
    Failed,
}

impl StepState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Nothing => "nothing",
            Self::Left => "left",
            Self::Failed => "failed",
        }
    }
}

/// The result of a step. The text follows the step's name: `refresh token   revoked`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepMessage {
    pub state: StepState,
    pub text: String,
}

impl StepMessage {
    pub fn new(state: StepState, text: impl Into<String>) -> Self {
        Self { state, text: text.into() }
    }
}

/// The result for the refresh token, if nothing failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefreshTokenResult {
    NoSession,
    InvalidEntry,
    NeverIssued,
    RefusedBefore(Time),
    /// With the time of a refresh that did not finish.
    Revoked {
        unfinished_refresh: Option<Time>,
    },
    LocalOnly,
    /// With the reason.
    NoEndpoint(String),
    NotForPublicClients,
}

impl RefreshTokenResult {
    /// `expires_at` is when a token that was not revoked expires, if that is known and lies ahead.
    pub fn message(&self, expires_at: Option<Time>, when: &dyn Fn(Time) -> String) -> StepMessage {
        let nothing = |text: String| StepMessage::new(StepState::Nothing, text);
        let left = |text: String| StepMessage::new(StepState::Left, text + &validity_note(expires_at, when));
        match self {
            Self::NoSession => nothing(NO_SESSION.to_owned()),
            Self::InvalidEntry => {
                let text = "could not be read; if there was one, it was not revoked";
                StepMessage::new(StepState::Left, text)
            }
            Self::NeverIssued => nothing("none to revoke: the login returned none".to_owned()),
            Self::RefusedBefore(at) => nothing(format!("refused by the provider before, {}", when(*at))),
            Self::Revoked { unfinished_refresh: None } => StepMessage::new(StepState::Done, "revoked"),
            Self::Revoked { unfinished_refresh: Some(at) } => StepMessage::new(
                StepState::Done,
                format!(
                    "revoked; a refresh started {} did not finish, and if it returned a new refresh token, that one \
                     was not revoked",
                    when(*at)
                ),
            ),
            Self::LocalOnly => left("not revoked (--local)".to_owned()),
            Self::NoEndpoint(why) => left(format!("not revoked: {why}")),
            Self::NotForPublicClients => {
                left("not revoked: the provider does not let public clients revoke tokens".to_owned())
            }
        }
    }
}

/// The end of the sentence on a refresh token that was not revoked.
pub fn validity_note(expires_at: Option<Time>, when: &dyn Fn(Time) -> String) -> String {
    expires_at.map(|end| format!("; it may be valid until {}", when(end))).unwrap_or_default()
}

/// The result for the SSO session, if nothing failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SsoSessionResult {
    NoSession,
    InvalidEntry,
    Ended,
    EndedBefore,
    BrowserRedirected,
    LocalOnly,
    NoIdToken,
    BrowserRequired,
    /// With the reason.
    NoEndpoint(String),
}

impl SsoSessionResult {
    pub fn message(&self) -> StepMessage {
        let (state, text) = match self {
            Self::NoSession => (StepState::Nothing, NO_SESSION),
            Self::InvalidEntry => (StepState::Left, "not ended: the ID token that identifies it could not be read"),
            Self::Ended => (StepState::Done, "ended at the provider"),
            Self::EndedBefore => (StepState::Done, "had ended already"),
            Self::BrowserRedirected => (StepState::Done, "the browser was sent to the provider's logout page"),
            Self::LocalOnly => (StepState::Left, "not ended (--local)"),
            Self::NoIdToken => (StepState::Left, "not ended: there is no ID token to identify it with"),
            Self::BrowserRequired => (
                StepState::Left,
                "not ended: this provider needs a browser for that (next time: `tidp logout --browser`)",
            ),
            Self::NoEndpoint(why) => return StepMessage::new(StepState::Left, format!("not ended: {why}")),
        };
        StepMessage::new(state, text)
    }
}

const NO_SESSION: &str = "there was no session";

/// How long the access token still works, for whoever has a copy.
pub fn access_token_text(
    expires_at: Time,
    now: Time,
    is_telenorid_plus: bool,
    when: &dyn Fn(Time) -> String,
) -> String {
    let when = when(expires_at);
    if expires_at <= now {
        format!("expired {when}")
    } else if is_telenorid_plus {
        format!("still works until {when}: access tokens cannot be revoked")
    } else {
        format!("may work until {when}")
    }
}

/// The text on the access token of an entry that could not be read.
pub const UNKNOWN_ACCESS_TOKEN: &str = "could not be read; if there was one, it works until it expires";

/// The note that the local session was removed. `account` is `None` if the entry could not be read.
pub fn logged_out_note(key: &SessionKey, account: Option<&Account>) -> String {
    let account = account.map(|account| account.username.as_deref().unwrap_or(&account.sub));
    let account = account.map_or_else(String::new, |account| format!("{} at ", printable(account)));
    format!("Logged out of `{}` ({account}{}).", printable(&key.profile), printable(&key.issuer))
}

pub fn no_session_note(key: &SessionKey) -> String {
    format!("There was no session of `{}` ({}).", printable(&key.profile), printable(&key.issuer))
}

/// The note that the tokens of a client that acts for itself were removed, or that there were none.
pub fn machine_tokens_note(key: &SessionKey, had_none: bool) -> String {
    let what = if had_none { "There were no tokens" } else { "Removed the tokens" };
    format!("{what} of `{}` ({}).", printable(&key.profile), printable(&key.issuer))
}

/// The error's message for a failed step. It begins by saying that the local session was removed.
pub fn failure_message(step: &str, text: &str) -> String {
    format!("the local session was removed, but the {step} {text}")
}
