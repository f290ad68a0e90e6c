//! The state of the provider and its settings.

use super::crowd::Crowd;
use super::records::{Access, AuthorizeRequest, Code, Device, Grant, RefreshToken, SsoSession};
use crate::domain::policy::DOCUMENTED_ACCESS_TOKEN_LIFETIME;
use crate::domain::time::{Seconds, Time};
use crate::sandbox::clients::Client;
use crate::sandbox::params::Refusal;
use std::collections::{BTreeMap, HashMap};

/// What becomes of a refresh token when it is used. TelenorID+ can be either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rotation {
    /// The same handle comes back.
    #[default]
    Reuse,
    /// One-time: a new handle comes, and the old one is unknown at once.
    Rotate,
}

impl Rotation {
    /// `reuse` or `rotate`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reuse => "reuse",
            Self::Rotate => "rotate",
        }
    }
}

/// What can be set.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `iss`, and the beginning of every endpoint.
    pub issuer: String,
    /// What becomes of a used refresh token.
    pub refresh_tokens: Rotation,
    /// Whether a spent one-time token, used again, takes its successors with it (RFC 9700 4.14.2).
    pub reuse_revokes_family: bool,
    /// How long an access token lives.
    pub access_token_lifetime: Seconds,
    /// How long an ID token lives.
    pub id_token_lifetime: Seconds,
    /// How long an SSO session lives; `None`: until somebody ends it.
    pub sso_lifetime: Option<Seconds>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            issuer: "http://127.0.0.1".to_owned(),
            refresh_tokens: Rotation::default(),
            reuse_revokes_family: false,
            access_token_lifetime: DOCUMENTED_ACCESS_TOKEN_LIFETIME,
            id_token_lifetime: Seconds(300),
            sso_lifetime: None,
        }
    }
}

/// The most entries kept of anything a stranger can create without logging in.
pub(super) const MOST_WAITING: usize = 1_000;

/// The scopes that discovery lists; those of APIs (`api:…`) are accepted unlisted.
pub const SCOPES: [&str; 12] = [
    "openid",
    "profile",
    "email",
    "phone",
    "offline_access",
    "ial0",
    "ial1",
    "ial2",
    "tnn.ids",
    "extsub",
    "tnn.legacy",
    "account.profiles",
];

/// The state of the provider.
pub struct Engine {
    /// What can be set, at any moment.
    pub settings: Settings,
    /// The registered clients.
    pub clients: Vec<Client>,
    pub(super) sso: BTreeMap<String, SsoSession>,
    pub(super) waiting: BTreeMap<u64, (String, AuthorizeRequest)>,
    pub(super) codes: HashMap<String, Code>,
    pub(super) grants: HashMap<u64, Grant>,
    pub(super) refresh_tokens: Crowd<RefreshToken>,
    pub(super) access_tokens: Crowd<Access>,
    pub(super) devices: HashMap<String, Device>,
    /// Numbers grants and waiting requests.
    pub(super) counter: u64,
}

impl Engine {
    /// A provider that nobody has logged in to.
    pub fn new(settings: Settings, clients: Vec<Client>) -> Self {
        Self {
            settings,
            clients,
            sso: BTreeMap::new(),
            waiting: BTreeMap::new(),
            codes: HashMap::new(),
            grants: HashMap::new(),
            refresh_tokens: Crowd::default(),
            access_tokens: Crowd::default(),
            devices: HashMap::new(),
            counter: 0,
        }
    }

    /// The client of that id.
    ///
    /// # Errors
    /// `unauthorized_client`.
    pub fn client(&self, id: &str) -> Result<Client, Refusal> {
        let found = self.clients.iter().find(|client| client.id == id).cloned();
        found.ok_or_else(|| Refusal::new("unauthorized_client", "there is no such client"))
    }

    /// How many refresh tokens would be accepted now.
    pub fn live_refresh_tokens(&self, now: Time) -> usize {
        self.refresh_tokens.iter().filter(|token| !token.spent && now < token.ends_at).count()
    }

    pub(super) fn add_grant(&mut self, grant: Grant) -> u64 {
        self.counter += 1;
        self.grants.insert(self.counter, grant);
        self.counter
    }
}

/// The scopes that `client` gets of those it asked for: `offline_access` only where its policy allows refresh tokens.
///
/// # Errors
/// `invalid_scope` for one that the provider does not know.
pub(super) fn granted_scopes(client: &Client, asked: Vec<String>) -> Result<Vec<String>, Refusal> {
    let known = |scope: &String| SCOPES.contains(&scope.as_str()) || scope.strip_prefix("api:").is_some_and(is_name);
    if asked.is_empty() || !asked.iter().all(known) {
        return Err(Refusal::new("invalid_scope", "scope is missing or names one that is unknown"));
    }
    let refreshes = client.policy.lifetime.is_some();
    Ok(asked.into_iter().filter(|scope| refreshes || scope != "offline_access").collect())
}

/// Whether an API's name is made of scope-token characters (RFC 6749 3.3).
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic() && b != b'"' && b != b'\\')
}
