//! What the engine takes, stores and returns, as plain data.

use crate::domain::secret::Secret;
use crate::domain::time::{Seconds, Time};
use crate::sandbox::{Client, OAuthError, Params, Reason, Seed, User};
use serde::Serialize;
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

/// What an event did to a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A request that changed no session.
    #[default]
    Answered,
    Refused,
    Started,
    /// A refresh that did not move the session's end.
    Refreshed,
    /// A refresh that did.
    Renewed,
    SsoEnded,
    Revoked,
    Control,
}

/// What the engine knows about a request that it answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Note {
    pub kind: Kind,
    /// The one that the request names.
    pub client_id: Option<String>,
    /// The number of the session.
    pub session: Option<u64>,
    pub reason: Option<Reason>,
}

impl OAuthError {
    pub fn note(&self) -> Note {
        let reason = Some((*self.reason).clone());
        Note { kind: Kind::Refused, client_id: None, session: self.session, reason }
    }
}

/// What an authenticated client sends to an endpoint for programs.
pub struct ClientRequest {
    pub client: Client,
    pub form: Params,
    pub at: Moment,
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
    /// The number of its session.
    pub(super) session: Option<u64>,
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
    Response(AuthorizationResponse),
    LoginPage { request_id: String, request: Box<AuthorizationRequest> },
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
    /// The session it was redeemed for.
    Redeemed(u64),
}

#[derive(Clone)]
pub(super) struct RefreshToken {
    pub(super) session: u64,
    pub(super) expires_at: Time,
    /// SelectionReason it ended before it expired.
    pub(super) end: Option<Reason>,
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

/// One login of one client, and what it allows.
#[derive(Clone)]
pub struct Session {
    pub number: u64,
    pub client_id: String,
    pub(super) scopes: Vec<String>,
    pub authentication: Authentication,
    pub login_at: Time,
    /// When its refresh token expires, or without one its access token.
    pub ends_at: Time,
    pub refreshable: bool,
    /// When the SSO session ends or ended, if that is known.
    pub sso_ends_at: Option<Time>,
    pub revoked_at: Option<Time>,
    /// Whether its code was used twice, so that its access tokens are revoked too.
    pub(super) replayed: bool,
}

impl Session {
    /// Moves its times by `back`. Without a refresh token it ends with its access token, which stays as it is.
    pub(super) fn age(&mut self, back: impl Fn(&mut Time)) {
        let ends_at = self.refreshable.then_some(&mut self.ends_at);
        let others = self.sso_ends_at.iter_mut().chain(&mut self.revoked_at).chain(ends_at);
        [&mut self.login_at, &mut self.authentication.auth_time].into_iter().chain(others).for_each(back);
    }
}

/// Who waits for the login.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PollingGrant {
    pub name: &'static str,
    pub grant_type: &'static str,
    /// The parameter with the client's secret code.
    pub(super) code_parameter: &'static str,
    /// How long the user has, unless the client asks for less.
    pub(super) lifetime: Seconds,
}

impl PollingGrant {
    pub const DEVICE: Self = Self {
        name: "device",
        grant_type: "urn:ietf:params:oauth:grant-type:device_code",
        code_parameter: "device_code",
        lifetime: Seconds(1_800),
    };
    pub const CIBA: Self = Self {
        name: "ciba",
        grant_type: "urn:openid:params:grant-type:ciba",
        code_parameter: "auth_req_id",
        lifetime: Seconds(300),
    };
    pub const ALL: [Self; 2] = [Self::DEVICE, Self::CIBA];
}

/// A login that a client waits for.
#[derive(Clone)]
pub struct PolledLogin {
    pub grant: PollingGrant,
    /// The client's: `device_code` or `auth_req_id`.
    pub code: Secret,
    /// Nine digits by which the pages and controls name it.
    pub user_code: String,
    pub client_id: String,
    pub(super) scopes: Vec<String>,
    pub(super) acr_values: &'static str,
    /// The user who is asked; `None`: whoever has the code.
    pub user: Option<Arc<User>>,
    pub binding_message: Option<String>,
    pub begun_at: Time,
    pub expires_at: Time,
    pub interval: Seconds,
    /// By the sandbox's clock, and by one that nobody stops or sets.
    pub(super) last_poll: Option<(Time, Duration)>,
    pub(super) state: PollState,
}

#[derive(Clone)]
pub(super) enum PollState {
    Pending,
    Denied,
    Approved(Arc<User>),
}

impl PolledLogin {
    pub fn lifetime(&self) -> Seconds {
        self.expires_at.since(self.begun_at)
    }

    pub(super) fn is_pending(&self, now: Time) -> bool {
        now < self.expires_at && matches!(self.state, PollState::Pending)
    }
}

/// A BankID login that was prepared.
pub(super) struct LoginHint {
    pub(super) client_id: String,
    pub(super) user: Arc<User>,
    /// What the user sees in both places.
    pub(super) binding_message: String,
    pub(super) expires_at: Time,
}
