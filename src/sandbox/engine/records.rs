//! What the provider remembers and hands out, as plain data.

use crate::domain::secret::Secret;
use crate::domain::time::{Seconds, Time};
use crate::sandbox::params::Refusal;
use crate::sandbox::users::User;

/// All that one token answer holds.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The access token.
    pub access: Access,
    /// The ID token, if `openid` was granted.
    pub id_token: Option<IdToken>,
    /// The refresh token's handle, if the answer has one.
    pub refresh_token: Option<Secret>,
    /// When the refresh token that the client holds now is refused. No answer says it; tests and `simulate` ask.
    pub refresh_ends_at: Option<Time>,
}

/// An access token.
#[derive(Clone, Debug)]
pub struct Access {
    /// `jti`.
    pub id: String,
    /// The grant it comes from; none for `client_credentials`.
    pub(super) grant: Option<u64>,
    /// `client_id`.
    pub client_id: String,
    /// `scope`.
    pub scopes: Vec<String>,
    /// The user, unless the client acts for itself.
    pub authentication: Option<Authentication>,
    /// `iat`.
    pub issued_at: Time,
    /// `exp`.
    pub expires_at: Time,
}

/// What an ID token says beyond the access token's content.
#[derive(Clone, Debug, Default)]
pub struct IdToken {
    /// `nonce` of the authorization request; only in the answer to the login.
    pub nonce: Option<String>,
    /// `state` of the authorization request, for `s_hash`; only in the answer to the login.
    pub state: Option<String>,
    /// How long it lives.
    pub lifetime: Seconds,
}

#[cfg(test)]
impl Issued {
    /// Whether that scope was granted.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.access.has_scope(scope)
    }
}

impl Access {
    /// Whether that scope was granted.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes.iter().any(|granted| granted == scope)
    }
}

/// An authorization request that passed its checks.
#[derive(Clone)]
pub struct AuthorizeRequest {
    /// `client_id`.
    pub client_id: String,
    /// `redirect_uri`, as it came.
    pub redirect_uri: String,
    /// Whether the answer goes as a form (`response_mode=form_post`) instead of in the query.
    pub form_post: bool,
    /// `state`.
    pub state: Option<String>,
    /// `nonce`.
    pub nonce: Option<String>,
    /// The scopes granted.
    pub scopes: Vec<String>,
    /// `code_challenge`, always `S256`.
    pub challenge: Option<String>,
    /// `prompt`.
    pub prompt: Vec<String>,
    /// `max_age`, in seconds.
    pub max_age: Option<i64>,
    /// `login_hint`.
    pub login_hint: Option<String>,
    /// `acr_values`.
    pub acr_values: String,
    /// `ui_locales`.
    pub ui_locales: Option<String>,
}

/// An authorization response: always to a registered URI, always with `iss` (RFC 9207).
#[derive(Clone)]
pub struct Reply {
    /// Where to.
    pub redirect_uri: String,
    /// Whether as a form instead of in the query.
    pub form_post: bool,
    /// The parameters.
    pub params: Vec<(&'static str, String)>,
    /// The SSO cookie to set, after a login.
    pub cookie: Option<Secret>,
}

/// What answers an authorization request.
#[derive(Clone)]
pub enum Step {
    /// A page, because it is not certain that the redirect URI is the client's: never a redirect.
    ErrorPage(Refusal),
    /// A redirect.
    Reply(Reply),
    /// The user is asked; the page's form names this request.
    LoginPage {
        /// The name.
        request_id: String,
        /// The request.
        request: Box<AuthorizeRequest>,
    },
}

pub(super) struct Code {
    pub(super) request: AuthorizeRequest,
    pub(super) authentication: Authentication,
    pub(super) expires_at: Time,
    pub(super) state: CodeState,
}

/// A code is used up by the first attempt of its client, be it right or wrong.
pub(super) enum CodeState {
    Fresh,
    /// The attempt failed.
    Burnt,
    /// It gave this grant.
    Redeemed(u64),
}

pub(super) struct Device {
    pub(super) client_id: String,
    pub(super) user_code: String,
    pub(super) scopes: Vec<String>,
    pub(super) expires_at: Time,
    pub(super) interval: Seconds,
    pub(super) last_poll: Option<Time>,
    pub(super) state: DeviceState,
}

pub(super) enum DeviceState {
    Pending,
    Denied,
    Approved(&'static User),
}

/// A refresh token.
#[derive(Clone, Debug)]
pub(super) struct RefreshToken {
    /// The family it belongs to.
    pub grant: u64,
    /// When the family began: the login.
    pub login_at: Time,
    /// The second from which on it is refused.
    pub ends_at: Time,
    /// Whether a one-time token has been used.
    pub spent: bool,
}

/// How and when a user proved who they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authentication {
    /// Who.
    pub user: &'static User,
    /// `sid`: the SSO session it belongs to.
    pub sid: String,
    /// `auth_time`.
    pub auth_time: Time,
    /// `acr`: assurance level 1 to 3.
    pub level: u8,
    /// `idp`.
    pub idp: &'static str,
    /// `amr`.
    pub amr: &'static [&'static str],
}

/// One SSO session.
#[derive(Clone, Debug)]
pub struct SsoSession {
    /// The login that began or last renewed it.
    pub authentication: Authentication,
    /// The value of the browser's cookie.
    pub(super) cookie: Secret,
    /// When it ends by itself, if it does.
    pub ends_at: Option<Time>,
    /// Whether somebody ended it.
    pub ended: bool,
}

impl SsoSession {
    /// Whether it is active.
    pub fn is_alive(&self, now: Time) -> bool {
        !self.ended && self.ends_at.is_none_or(|end| now < end)
    }
}

/// What one login gave one client; its refresh tokens are one family.
#[derive(Clone, Debug)]
pub(super) struct Grant {
    pub(super) client_id: String,
    pub(super) scopes: Vec<String>,
    pub(super) authentication: Authentication,
    pub(super) revoked: bool,
}
