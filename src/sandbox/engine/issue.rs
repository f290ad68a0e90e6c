//! Issuing tokens, as data that `tokens` signs.

use super::events::{Kind, Note, Session};
use super::records::{AccessToken, Authentication, Grant, IdToken, IssuedTokens, Moment};
use super::sso::authentication;
use super::state::Engine;
use crate::domain::policy::Policy;
use crate::domain::secret::Secret;
use crate::domain::time::{Seconds, Time};
use crate::sandbox::params::OAuthError;
use crate::sandbox::reason::Reason;
use crate::sandbox::users::User;
use std::sync::Arc;

impl Engine {
    /// The tokens of a login without the authorization endpoint: for `tidp policy simulate` and tests. The errors are
    /// `unauthorized_client` for an unknown client, and `invalid_scope`.
    pub fn login(
        &mut self,
        client_id: &str,
        scopes: &[&str],
        user: Arc<User>,
        at: Moment,
    ) -> Result<IssuedTokens, OAuthError> {
        let client = self.client(client_id)?;
        let scopes = self.granted_scopes(&client, scopes.iter().map(|scope| (*scope).to_owned()).collect())?;
        Ok(self.log_in_and_issue(client.id, scopes, user, "", at))
    }

    pub(super) fn log_in_and_issue(
        &mut self,
        client_id: String,
        scopes: Vec<String>,
        user: Arc<User>,
        acr_values: &str,
        at: Moment,
    ) -> IssuedTokens {
        let authentication = self.start_sso_session(user, acr_values, at);
        self.counter += 1;
        let grant = Grant { client_id, scopes, authentication, revoked: false };
        self.issue_after_login(self.counter, grant, IdToken::default(), at)
    }

    /// The tokens of a new grant: with a refresh token if `offline_access` was granted.
    pub(super) fn issue_after_login(
        &mut self,
        number: u64,
        grant: Grant,
        id_token: IdToken,
        at: Moment,
    ) -> IssuedTokens {
        let offline = grant.scopes.iter().any(|scope| scope == "offline_access");
        let refresh_token = offline.then(|| self.first_refresh_token(number, &grant.client_id, at)).flatten();
        let mut issued = self.issue(number, &grant, grant.scopes.clone(), id_token, refresh_token, at);
        self.grants.insert(number, grant);
        issued.note = self.start_session(number, &issued, at.now);
        issued
    }

    pub(super) fn issue(
        &mut self,
        number: u64,
        grant: &Grant,
        scopes: Vec<String>,
        id_token: IdToken,
        refresh_token: Option<(String, Time)>,
        at: Moment,
    ) -> IssuedTokens {
        let authentication = Some(grant.authentication.clone());
        let access_token =
            self.issue_access_token(Some(number), grant.client_id.clone(), scopes, authentication, None, at);
        let (refresh_token, refresh_token_expires_at) = refresh_token.unzip();
        IssuedTokens {
            id_token: access_token.has_scope("openid").then_some(id_token),
            access_token,
            refresh_token: refresh_token.map(Secret::new),
            refresh_token_expires_at,
            note: Note::default(),
        }
    }

    /// An access token for the client itself (`client_credentials`, RFC 6749 4.4).
    pub(super) fn issue_to_client(&mut self, client_id: String, scopes: Vec<String>, at: Moment) -> IssuedTokens {
        let access_token = self.issue_access_token(None, client_id, scopes, None, None, at);
        let note = Note { reason: Some(Reason::NoUser), ..Note::default() };
        IssuedTokens { access_token, id_token: None, refresh_token: None, refresh_token_expires_at: None, note }
    }

    /// Begins the history of a session with its first tokens.
    fn start_session(&mut self, number: u64, issued: &IssuedTokens, now: Time) -> Note {
        let client_id = issued.access_token.client_id.clone();
        let policy = self.client(&client_id).ok().map(|client| client.policy);
        let reason = match (issued.refresh_token_expires_at, policy) {
            (Some(ends_at), Some(Policy { lifetime: Some(lifetime), sliding: true, .. })) => {
                Reason::StartedSliding { ends_at, lifetime }
            }
            (Some(ends_at), Some(Policy { lifetime: Some(lifetime), sliding: false, .. })) => {
                Reason::StartedFixed { ends_at, lifetime }
            }
            (_, Some(Policy { lifetime: None, .. })) => Reason::PolicyWithoutRefreshTokens,
            _ => Reason::NoOfflineAccess,
        };
        if let Some(login) = &issued.access_token.authentication {
            self.events.start(Session {
                number,
                client_id,
                user: login.user.id.clone(),
                login_at: now,
                ends_at: issued.refresh_token_expires_at.unwrap_or(issued.access_token.expires_at),
                refreshable: issued.refresh_token.is_some(),
                sid: login.sid.clone(),
                sso_ends_at: self.sso_sessions.get(&login.sid).and_then(|sso| sso.expires_at),
                revoked_at: None,
            });
        }
        Note { kind: Kind::Started, client_id: None, session: Some(number), reason: Some(reason) }
    }

    /// A new access token. `lifetime` takes the place of the client's and the sandbox's.
    fn issue_access_token(
        &mut self,
        grant: Option<u64>,
        client_id: String,
        scopes: Vec<String>,
        authentication: Option<Authentication>,
        lifetime: Option<Seconds>,
        at: Moment,
    ) -> AccessToken {
        let (id, now) = (at.seed.random_string("access token"), at.now);
        let of_client = self.client(&client_id).ok().and_then(|client| client.access_token_lifetime);
        let expires_at = now.plus(lifetime.or(of_client).unwrap_or(self.settings.access_token_lifetime));
        let token =
            AccessToken { id, grant, client_id, scopes, authentication, issued_at: now, expires_at, tnu_id: None };
        self.access_tokens.insert(token.id.clone(), token.clone(), |token| now < token.expires_at);
        token
    }

    pub fn sample_access_token(
        &mut self,
        client_id: String,
        scopes: Vec<String>,
        user: Option<Arc<User>>,
        lifetime: Option<Seconds>,
        at: Moment,
    ) -> AccessToken {
        let login = user.map(|user| authentication(user, "urn:telenor.identity.aal.3", at));
        self.issue_access_token(None, client_id, scopes, login, lifetime, at)
    }

    /// The access token with that `jti`, unless it has expired or its grant is revoked.
    pub fn access_token(&self, id: &str, now: Time) -> Option<&AccessToken> {
        let token = self.access_tokens.get(id).filter(|token| now < token.expires_at)?;
        let revoked = token.grant.and_then(|grant| self.grants.get(&grant)).is_some_and(|grant| grant.revoked);
        (!revoked).then_some(token)
    }
}
