//! The session is missing, has ended, is in use or was changed.

use super::kind::Kind;
use super::report::{Report, quote, with_profile};
use std::time::Duration;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionError {
    NoSession,
    NoRefreshToken,
    /// A token for other scopes needs a refresh, and there is no refresh token. With the scopes for a new login.
    NoRefreshTokenForScopes(String),
    /// The provider rejected the refresh token in an earlier run.
    RefreshTokenRejected,
    NoIdToken,
    RefreshForbidden,
    ScopedRefreshForbidden(String),
    /// Another process replaced the session during a refresh, by one without the wanted token.
    Replaced,
    /// A new token for the client itself is due and `--no-refresh` forbids it.
    NewTokenForbidden,
    /// `policy --require`: too little lifetime is left.
    LifetimeTooShort {
        message: String,
        login_helps: bool,
        /// The key of the profile that would say how long it lasts.
        missing_key: Option<&'static str>,
    },
    /// How long it was waited for.
    Busy(Duration),
    AlreadyKeptAlive,
    /// `keepalive`: there is nothing to keep alive, or the session has ended.
    CannotKeepAlive(String),
    /// Another login or logout changed the session before the result of a refresh was stored.
    Changed {
        /// Whether the provider confirmed that it revoked the new refresh token.
        revoked: bool,
    },
    LogoutIncomplete(Kind, String),
    /// The local session is removed. The message says what is left at the provider, the report why.
    LoggedOutLocally(String, Box<Report>),
}

impl SessionError {
    pub(super) fn report(&self, profile: Option<&str>) -> Report {
        let run = |command: &str| with_profile(command, profile);
        let login_required = |message: &str| Report::new(Kind::LoginRequired, message);
        let busy = |message: &str| Report::new(Kind::Busy, message);
        let login = |message: &str| login_required(message).hint(run("tidp login"));
        match self {
            Self::NoSession => login("there is no session"),
            Self::NoRefreshToken => login("this session has no refresh token; log in again"),
            Self::RefreshTokenRejected => login("the session has ended: the provider rejected the refresh token"),
            Self::NoIdToken => login("the ID token has expired, and a refresh returns no valid new one"),
            Self::RefreshForbidden => {
                login_required("a refresh is due, but --no-refresh forbids it").hint(run("tidp refresh"))
            }
            Self::NoRefreshTokenForScopes(scopes) => login_required(
                "a token for other scopes than the login's needs a refresh token, and this session has none",
            )
            .hint(run(&format!("tidp login --scope {}", quote(scopes)))),
            Self::ScopedRefreshForbidden(scopes) => {
                login_required("a refresh is due for a token of these scopes, but --no-refresh forbids it")
                    .hint(run(&format!("tidp token --scope {}", quote(scopes))))
            }
            Self::Replaced => busy("another tidp replaced the session during the refresh; run the command again"),
            Self::NewTokenForbidden => {
                Report::new(Kind::Failed, "a new token is due, but --no-refresh forbids it").hint(run("tidp token"))
            }
            Self::LifetimeTooShort { message, missing_key: Some(key), .. } => {
                login_required(message).hint(match profile {
                    Some(name) => format!("tidp profile set {} {key} VALUE", quote(name)),
                    None => format!("set TIDP_{}", key.to_ascii_uppercase()),
                })
            }
            Self::LifetimeTooShort { message, login_helps: false, .. } => login_required(message),
            Self::LifetimeTooShort { message, .. } | Self::CannotKeepAlive(message) => login(message),
            Self::Busy(waited) => {
                busy(&format!("another tidp has been using this session for more than {} s", waited.as_secs()))
            }
            Self::AlreadyKeptAlive => busy("another `tidp keepalive` is already running for this session"),
            Self::Changed { revoked } => {
                let new_token =
                    if *revoked { "was revoked" } else { "could not be revoked and stays valid until it expires" };
                let message = format!(
                    "another login or logout changed the session during the refresh; the new refresh token was not \
                     stored, and it {new_token}"
                );
                Report::new(Kind::Failed, message).hint(run("tidp inspect"))
            }
            Self::LogoutIncomplete(kind, message) => Report::new(*kind, message),
            Self::LoggedOutLocally(message, cause) => Report { message: message.clone(), ..(**cause).clone() },
        }
    }
}
