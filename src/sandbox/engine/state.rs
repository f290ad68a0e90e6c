//! The engine's settings and state.

use super::events::Events;
use super::expiring_map::ExpiringMap;
use super::records::{AuthorizationCode, LoginHint, RefreshToken};
use super::{AccessToken, AuthorizationRequest, PolledLogin, SsoSession};
use crate::domain::policy::{DOCUMENTED_ACCESS_TOKEN_LIFETIME, RefreshTokenUsage};
use crate::domain::time::{Seconds, Time};
use crate::sandbox::registration::{check_phones, is_scope};
use crate::sandbox::{Client, OAuthError, Reason, Result, User, clients, default_users, users};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

#[derive(Clone, Debug)]
pub struct Settings {
    pub issuer: String,
    pub refresh_token_usage: RefreshTokenUsage,
    pub access_token_lifetime: Seconds,
    /// `None`: an SSO session lasts until it is ended.
    pub sso_lifetime: Option<Seconds>,
    /// Scopes that are accepted besides TelenorID+'s.
    pub scopes: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            issuer: "http://127.0.0.1".to_owned(),
            refresh_token_usage: RefreshTokenUsage::ReUse,
            access_token_lifetime: DOCUMENTED_ACCESS_TOKEN_LIFETIME,
            sso_lifetime: None,
            scopes: Vec::new(),
        }
    }
}

/// The most entries of a kind that can be created without a login.
pub(super) const MAX_PENDING: usize = 1_000;

/// The scopes in the metadata; those of APIs (`api:…`) are accepted too.
pub const SCOPES: &str =
    "openid profile email phone offline_access ial0 ial1 ial2 tnn.ids extsub tnn.legacy account.profiles";

#[derive(Default)]
pub struct Engine {
    pub settings: Settings,
    pub clients: Vec<Client>,
    /// The first is the default.
    pub users: Vec<Arc<User>>,
    /// By their `sid`; ended ones too.
    pub sso_sessions: BTreeMap<String, SsoSession>,
    /// Requests whose login page was shown, with their random ids; the oldest first.
    pub(super) pending_requests: BTreeMap<u64, (String, AuthorizationRequest)>,
    pub(super) codes: HashMap<String, AuthorizationCode>,
    pub(super) refresh_tokens: ExpiringMap<RefreshToken>,
    pub(super) access_tokens: ExpiringMap<AccessToken>,
    pub events: Events,
    pub(super) polled_logins: Vec<PolledLogin>,
    /// BankID logins that were prepared, by their `login_hint_token`.
    pub(super) login_hints: HashMap<String, LoginHint>,
    /// The last number of a session or pending request.
    pub(super) counter: u64,
}

impl Engine {
    pub fn new(settings: Settings, clients: Vec<Client>) -> Self {
        Self { settings, clients, users: default_users(), ..Self::default() }
    }

    /// The client of that id, or `unauthorized_client`.
    pub fn client(&self, id: &str) -> Result<Client> {
        clients::find(&self.clients, id, "unauthorized_client").cloned()
    }

    /// The user with that id, phone number or email address.
    pub fn find_user(&self, text: &str) -> Option<Arc<User>> {
        users::find(&self.users, text).cloned()
    }

    pub fn count_active_refresh_tokens(&self, now: Time) -> usize {
        self.refresh_tokens.iter().filter(|token| token.is_active(now)).count()
    }

    /// Adds the client, or puts it in the place of the one of that id.
    pub fn register_client(&mut self, client: Client) {
        match self.clients.iter_mut().find(|known| known.id == client.id) {
            Some(known) => *known = client,
            None => self.clients.push(client),
        }
    }

    /// As [`Engine::register_client`]; an error if another user has the phone number.
    pub fn register_user(&mut self, user: User) -> Result<(), String> {
        let mut users = self.users.clone();
        match users.iter_mut().find(|known| known.id == user.id) {
            Some(known) => *known = Arc::new(user),
            None => users.push(Arc::new(user)),
        }
        check_phones(&users)?;
        self.users = users;
        Ok(())
    }

    /// The scopes granted to `client`: `offline_access` only if its policy issues refresh tokens. `invalid_scope` if one is
    /// unknown, or there is none.
    pub(super) fn granted_scopes(&self, client: &Client, requested: Vec<String>) -> Result<Vec<String>> {
        let is_known = |scope: &String| {
            SCOPES.split(' ').any(|known| known == scope)
                || self.settings.scopes.contains(scope)
                || scope.strip_prefix("api:").is_some_and(is_scope)
        };
        if requested.is_empty() || !requested.iter().all(is_known) {
            return Err(OAuthError::new("invalid_scope", Reason::UnknownScope));
        }
        let issues_refresh_tokens = client.policy.lifetime.is_some();
        Ok(requested.into_iter().filter(|scope| issues_refresh_tokens || scope != "offline_access").collect())
    }

    /// Moves all that happened into the past by `by`: sessions, refresh tokens, SSO sessions, codes, and the events. Policies
    /// then end sessions, while access tokens and ID tokens, which are signed, keep the time of this machine.
    pub fn age(&mut self, by: Seconds) {
        let back = |time: &mut Time| *time = time.minus(by);
        for session in self.sso_sessions.values_mut() {
            back(&mut session.authentication.auth_time);
            session.expires_at.iter_mut().for_each(back);
        }
        for code in self.codes.values_mut() {
            back(&mut code.authentication.auth_time);
            back(&mut code.expires_at);
        }
        for token in self.refresh_tokens.values_mut() {
            back(&mut token.expires_at);
            token.end.iter_mut().for_each(|reason| reason.age(back));
        }
        self.polled_logins.iter_mut().flat_map(|login| [&mut login.begun_at, &mut login.expires_at]).for_each(back);
        self.login_hints.values_mut().for_each(|hint| back(&mut hint.expires_at));
        self.events.age(back);
    }
}
