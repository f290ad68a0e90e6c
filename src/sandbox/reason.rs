//! Why the sandbox answered as it did. The OAuth response does not say: TelenorID+ gives no details either.

use crate::domain::time::{Seconds, Time};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    // A login.
    Started {
        ends_at: Time,
        lifetime: Seconds,
        sliding: bool,
    },
    PolicyWithoutRefreshTokens,
    NoOfflineAccess,
    NoUser,
    // A refresh.
    Renewed {
        ends_at: Time,
        rotated: bool,
    },
    EndIsUnmoved {
        ends_at: Time,
        rotated: bool,
    },
    NoNewRefreshToken {
        sso_ended_at: Option<Time>,
        ends_at: Time,
    },
    // A refused refresh.
    UnknownRefreshToken,
    RefreshTokenUsed {
        at: Time,
    },
    RefreshTokenExpired {
        lifetime: Seconds,
        at: Time,
        ago: Seconds,
    },
    RefreshTokenRevoked {
        at: Time,
    },
    SessionRevoked,
    RefreshTokenOfOtherClient,
    ScopeWidened,
    // A refused code.
    UnknownCode,
    CodeUsed,
    CodeReplayed,
    CodeExpired {
        lifetime: Seconds,
        ago: Seconds,
    },
    CodeOfOtherClient,
    OtherRedirectUri,
    WrongVerifier,
    // A redirect URI.
    UnregisteredRedirectUri {
        received: String,
        client_id: String,
        registered: String,
    },
    // A client that was not authenticated.
    UnknownClient {
        received: String,
        registered: String,
    },
    NoSecret,
    SecretOfPublicClient,
    WrongSecret,
    // A device or another slow login.
    LoginPending,
    PolledTooFast,
    LoginExpired,
    LoginDenied,
    // A failure that was planned.
    PlannedFailure,
    ResponseLost,
    // A change.
    SsoWasEnded,
    AllRevoked,
    ClientRevoked,
    ClockMoved {
        by: Seconds,
    },
    /// Any other, in the words of the response (English).
    Described(String),
}

impl Reason {
    /// A name that never changes, for tests.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Started { .. } => "started",
            Self::PolicyWithoutRefreshTokens => "policy_without_refresh_tokens",
            Self::NoOfflineAccess => "no_offline_access",
            Self::NoUser => "no_user",
            Self::Renewed { .. } => "renewed",
            Self::EndIsUnmoved { .. } => "end_is_unmoved",
            Self::NoNewRefreshToken { .. } => "no_new_refresh_token",
            Self::UnknownRefreshToken => "unknown_refresh_token",
            Self::RefreshTokenUsed { .. } => "refresh_token_used",
            Self::RefreshTokenExpired { .. } => "refresh_token_expired",
            Self::RefreshTokenRevoked { .. } => "refresh_token_revoked",
            Self::SessionRevoked => "session_revoked",
            Self::RefreshTokenOfOtherClient => "refresh_token_of_other_client",
            Self::ScopeWidened => "scope_widened",
            Self::UnknownCode => "unknown_code",
            Self::CodeUsed => "code_used",
            Self::CodeReplayed => "code_replayed",
            Self::CodeExpired { .. } => "code_expired",
            Self::CodeOfOtherClient => "code_of_other_client",
            Self::OtherRedirectUri => "other_redirect_uri",
            Self::WrongVerifier => "wrong_verifier",
            Self::UnknownClient { .. } => "unknown_client",
            Self::UnregisteredRedirectUri { .. } => "unregistered_redirect_uri",
            Self::NoSecret => "no_secret",
            Self::SecretOfPublicClient => "secret_of_public_client",
            Self::WrongSecret => "wrong_secret",
            Self::LoginPending => "login_pending",
            Self::PolledTooFast => "polled_too_fast",
            Self::LoginExpired => "login_expired",
            Self::LoginDenied => "login_denied",
            Self::PlannedFailure => "planned_failure",
            Self::ResponseLost => "response_lost",
            Self::SsoWasEnded => "sso_was_ended",
            Self::AllRevoked => "all_revoked",
            Self::ClientRevoked => "client_revoked",
            Self::ClockMoved { .. } => "clock_moved",
            Self::Described(_) => "described",
        }
    }

    /// The reason that an error code tells by itself.
    pub fn of_error(error: &str) -> Option<Self> {
        Some(match error {
            "authorization_pending" => Self::LoginPending,
            "slow_down" => Self::PolledTooFast,
            "expired_token" => Self::LoginExpired,
            "access_denied" => Self::LoginDenied,
            _ => return None,
        })
    }
}
