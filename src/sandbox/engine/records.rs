//! What the engine stores and returns, as plain data.

use super::events::Note;
use crate::domain::secret::Secret;
use crate::domain::time::Time;
use crate::sandbox::params::OAuthError;
use crate::sandbox::reason::Reason;
use crate::sandbox::users::User;
use std::sync::Arc;

/// The content of one token response.
#[derive(Clone, Debug)]
pub struct IssuedTokens {
    pub access_token: AccessToken,
    /// Present if `openid` was granted.
    pub id_token: Option<IdToken>,
    pub refresh_token: Option<Secret>,
    /// When the client's refresh token expires. No response contains it: for tests and `tidp policy simulate`.
    pub refresh_token_expires_at: Option<Time>,
    /// What the response means for the session.
    pub note: Note,
}

#[derive(Clone, Debug)]
pub struct AccessToken {
    /// `jti`.
    pub id: String,
    /// None for `client_credentials`.
    pub(super) grant: Option<u64>,
    pub client_id: String,
    pub scopes: Vec<String>,
    /// None for `client_credentials`.
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

/// What an ID token has besides the claims of the access token.
#[derive(Clone, Debug, Default)]
pub struct IdToken {
    /// Only after a login, not after a refresh.
    pub nonce: Option<String>,
    /// For `s_hash`; only after a login.
    pub state: Option<String>,
}

/// A valid authorization request.
#[derive(Clone)]
pub struct AuthorizationRequest {
    pub client_id: String,
    pub redirect_uri: String,
    /// `response_mode=form_post`; otherwise `query`.
    pub form_post: bool,
    pub state: Option<String>,
    pub nonce: Option<String>,
    /// The scopes granted.
    pub scopes: Vec<String>,
    /// Always `S256`.
    pub code_challenge: Option<String>,
    pub prompt: Vec<String>,
    pub max_age: Option<i64>,
    pub login_hint: Option<String>,
    pub acr_values: String,
    pub ui_locales: Option<String>,
}

/// An authorization response: its redirect URI is registered, its parameters include `iss` (RFC 9207).
#[derive(Clone)]
pub struct AuthorizationResponse {
    pub redirect_uri: String,
    pub form_post: bool,
    pub params: Vec<(&'static str, String)>,
    /// The SSO cookie to set, after a login.
    pub cookie: Option<Secret>,
    /// Why it is an error.
    pub refusal: Option<Reason>,
}

/// The outcome of an authorization request.
#[derive(Clone)]
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

#[derive(Clone, Debug)]
pub(super) struct RefreshToken {
    pub(super) grant: u64,
    pub(super) login_at: Time,
    pub(super) expires_at: Time,
    /// Why it ended before it expired.
    pub(super) end: Option<TokenEnd>,
}

#[derive(Clone, Copy, Debug)]
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
#[derive(Clone, Debug, PartialEq, Eq)]
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

#[derive(Clone, Debug)]
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
#[derive(Clone, Debug)]
pub(super) struct Grant {
    pub(super) client_id: String,
    pub(super) scopes: Vec<String>,
    pub(super) authentication: Authentication,
    pub(super) revoked: bool,
}
