//! What the engine takes, stores and returns, as plain data.

use super::events::Note;
use crate::domain::secret::Secret;
use crate::domain::time::{Seconds, Time};
use crate::sandbox::params::OAuthError;
use crate::sandbox::random::Seed;
use crate::sandbox::users::User;
use std::sync::Arc;
use std::time::Duration;

/// When a request is answered, and the random bytes for its answer.
#[derive(Clone, Copy)]
pub struct Moment {
    pub now: Time,
    /// By a clock that nobody stops or sets.
    pub uptime: Duration,
    pub seed: Seed,
}

#[derive(Clone, Debug)]
pub struct IssuedTokens {
    pub access_token: AccessToken,
    /// Present if `openid` was granted.
    pub id_token: Option<IdToken>,
    pub refresh_token: Option<Secret>,
    /// When the client's refresh token expires. No response contains it: for tests and `tidp policy simulate`.
    pub refresh_token_expires_at: Option<Time>,
    pub note: Note,
}

#[derive(Clone, Debug)]
pub struct AccessToken {
    /// `jti`.
    pub id: String,
    pub(super) grant: Option<u64>,
    pub client_id: String,
    pub scopes: Vec<String>,
    /// `None` for the client itself.
    pub authentication: Option<Authentication>,
    pub issued_at: Time,
    pub expires_at: Time,
    /// The profile of the user that the token is for, if the client has chosen one (`tnuId`).
    pub tnu_id: Option<String>,
}

impl AccessToken {
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes.iter().any(|granted| granted == scope)
    }
}

/// What an ID token has besides the claims of the access token. Only after a login, not after a refresh.
#[derive(Clone, Debug, Default)]
pub struct IdToken {
    pub nonce: Option<String>,
    /// For `s_hash`.
    pub state: Option<String>,
}

#[derive(Clone)]
pub struct AuthorizationRequest {
    pub client_id: String,
    pub destination: Destination,
    pub nonce: Option<String>,
    pub scopes: Vec<String>,
    /// Always `S256`.
    pub code_challenge: Option<String>,
    pub prompt: Vec<String>,
    pub max_age: Option<i64>,
    pub login_hint: Option<String>,
    pub acr_values: String,
    pub ui_locales: Option<String>,
}

/// Where the response to an authorization request goes. The redirect URI is registered.
#[derive(Clone)]
pub struct Destination {
    pub redirect_uri: String,
    /// `response_mode=form_post`; otherwise `query`.
    pub form_post: bool,
    pub state: Option<String>,
}

/// An authorization response; its parameters include `state` and `iss` (RFC 9207).
pub struct AuthorizationResponse {
    pub destination: Destination,
    pub params: Vec<(&'static str, String)>,
    /// The SSO cookie to set, after a login.
    pub cookie: Option<Secret>,
    pub note: Note,
}

pub enum AuthorizeOutcome {
    /// The redirect URI is not trusted, so the error is shown here.
    ErrorPage(OAuthError),
    Response(AuthorizationResponse),
    LoginPage {
        request_id: String,
        request: Box<AuthorizationRequest>,
    },
}

pub(super) struct AuthorizationCode {
    pub(super) request: AuthorizationRequest,
    pub(super) authentication: Authentication,
    pub(super) expires_at: Time,
    pub(super) state: CodeState,
}

/// The client's first attempt uses the code up, even if it fails.
pub(super) enum CodeState {
    Unused,
    Invalid,
    /// The grant it was redeemed for.
    Redeemed(u64),
}

#[derive(Clone)]
pub(super) struct RefreshToken {
    pub(super) grant: u64,
    pub(super) login_at: Time,
    pub(super) expires_at: Time,
    /// Why it ended before it expired.
    pub(super) end: Option<TokenEnd>,
}

#[derive(Clone, Copy)]
pub(super) enum TokenEnd {
    /// A one-time refresh token was used.
    Used(Time),
    Revoked(Time),
}

impl RefreshToken {
    pub(super) fn is_active(&self, now: Time) -> bool {
        self.end.is_none() && now < self.expires_at
    }
}

/// How and when a user logged in.
#[derive(Clone, Debug)]
pub struct Authentication {
    pub user: Arc<User>,
    /// The SSO session.
    pub sid: String,
    pub auth_time: Time,
    /// The assurance level in `acr`, 1 to 3.
    pub aal: u8,
    pub idp: &'static str,
    pub amr: &'static [&'static str],
}

pub struct SsoSession {
    pub authentication: Authentication,
    pub(super) cookie: Secret,
    pub(super) expires_at: Option<Time>,
    /// Whether it was ended by a logout or a control.
    pub(super) ended: bool,
}

impl SsoSession {
    pub fn is_active(&self, now: Time) -> bool {
        !self.ended && self.expires_at.is_none_or(|end| now < end)
    }
}

/// What one login allows one client. Revoking it revokes all its tokens.
#[derive(Clone)]
pub(super) struct Grant {
    pub(super) client_id: String,
    pub(super) scopes: Vec<String>,
    pub(super) authentication: Authentication,
    pub(super) revoked: bool,
}

/// Who waits for the login.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PollingGrant {
    pub name: &'static str,
    pub grant_type: &'static str,
    /// The parameter with the client's secret code.
    pub(super) code_parameter: &'static str,
}

impl PollingGrant {
    pub const DEVICE: Self = Self {
        name: "device",
        grant_type: "urn:ietf:params:oauth:grant-type:device_code",
        code_parameter: "device_code",
    };
    pub const CIBA: Self =
        Self { name: "ciba", grant_type: "urn:openid:params:grant-type:ciba", code_parameter: "auth_req_id" };
    pub const ALL: [Self; 2] = [Self::DEVICE, Self::CIBA];
}

/// What a client asks for.
pub struct LoginRequest {
    pub grant: PollingGrant,
    pub client_id: String,
    pub(super) scopes: Vec<String>,
    pub(super) acr_values: &'static str,
    /// The user who is asked; `None`: whoever has the code.
    pub user: Option<Arc<User>>,
    pub binding_message: Option<String>,
    pub(super) lifetime: Seconds,
}

pub struct PolledLogin {
    pub request: LoginRequest,
    /// Nine digits by which the pages and controls name it.
    pub user_code: String,
    pub expires_at: Time,
    pub(super) interval: Seconds,
    /// By the sandbox's clock, and by one that nobody stops or sets.
    pub(super) last_poll: Option<(Time, Duration)>,
    pub(super) state: PollState,
}

pub(super) enum PollState {
    Pending,
    Denied,
    Approved(Arc<User>),
}

impl PolledLogin {
    pub fn begun_at(&self) -> Time {
        self.expires_at.minus(self.request.lifetime)
    }

    /// Whether less than the interval passed since the last poll by both clocks, so that a frozen or set-back clock does not
    /// make every poll too fast.
    pub(super) fn is_too_fast(&self, at: Moment) -> bool {
        self.last_poll.is_some_and(|(last, uptime)| {
            at.now < last.plus(self.interval) && at.uptime.saturating_sub(uptime) < self.interval.to_std()
        })
    }

    pub(super) fn is_pending(&self, now: Time) -> bool {
        now < self.expires_at && matches!(self.state, PollState::Pending)
    }
}

/// What the client is told about a login that has begun.
pub struct BegunLogin {
    /// `device_code` or `auth_req_id`.
    pub code: Secret,
    pub user_code: String,
    pub expires_in: Seconds,
    pub interval: Seconds,
}

/// A BankID login that was prepared.
#[derive(Clone)]
pub struct LoginHint {
    pub(super) client_id: String,
    pub(super) user: Arc<User>,
    /// What the user sees in both places.
    pub binding_message: String,
    pub(super) expires_at: Time,
}
