//! Issuing tokens, as data that `tokens` signs.

use super::{AccessToken, Authentication, Engine, IdToken, IssuedTokens, Kind, Moment, Note, Session};
use crate::domain::secret::Secret;
use crate::domain::time::{Seconds, Time};
use crate::sandbox::{Client, Reason, Result, User};
use std::sync::Arc;

impl Engine {
    /// The tokens of a login without the authorization endpoint: for `tidp policy simulate` and tests. The errors are
    /// `unauthorized_client` for an unknown client, and `invalid_scope`.
    pub fn login(&mut self, client_id: &str, scopes: &[&str], user: Arc<User>, at: Moment) -> Result<IssuedTokens> {
        let client = self.client(client_id)?;
        let scopes = self.granted_scopes(&client, scopes.iter().map(|scope| (*scope).to_owned()).collect())?;
        let authentication = self.start_sso_session(user, "", at);
        Ok(self.start_session(&client, scopes, authentication, IdToken::default(), at))
    }

    /// The first tokens of a new session: with a refresh token if `offline_access` was granted.
    pub(super) fn start_session(
        &mut self,
        client: &Client,
        scopes: Vec<String>,
        authentication: Authentication,
        id_token: IdToken,
        at: Moment,
    ) -> IssuedTokens {
        self.counter += 1;
        let mut session = Session {
            number: self.counter,
            client_id: client.id.clone(),
            scopes,
            login_at: at.now,
            ends_at: at.now,
            refreshable: false,
            sso_ends_at: self.sso_sessions.get(&authentication.sid).and_then(|sso| sso.expires_at),
            revoked_at: None,
            replayed: false,
            authentication,
        };
        let policy = &client.policy;
        let is_offline = session.scopes.iter().any(|scope| scope == "offline_access");
        let refresh_token = is_offline.then(|| self.first_refresh_token(session.number, policy, at)).flatten();
        let mut issued = self.issue(&session, session.scopes.clone(), id_token, refresh_token, at);
        let reason = match (issued.refresh_token_expires_at, policy.lifetime, policy.sliding) {
            (Some(ends_at), Some(lifetime), true) => Reason::StartedSliding { ends_at, lifetime },
            (Some(ends_at), Some(lifetime), false) => Reason::StartedFixed { ends_at, lifetime },
            (_, None, _) => Reason::PolicyWithoutRefreshTokens,
            (None, Some(_), _) => Reason::NoOfflineAccess,
        };
        issued.note =
            Note { kind: Kind::Started, client_id: None, session: Some(session.number), reason: Some(reason) };
        session.refreshable = issued.refresh_token.is_some();
        session.ends_at = issued.refresh_token_expires_at.unwrap_or(issued.access_token.expires_at);
        self.events.sessions.insert(session.number, session);
        issued
    }

    pub(super) fn issue(
        &mut self,
        session: &Session,
        scopes: Vec<String>,
        id_token: IdToken,
        refresh_token: Option<(String, Time)>,
        at: Moment,
    ) -> IssuedTokens {
        let (number, login) = (Some(session.number), Some(session.authentication.clone()));
        let access_token = self.issue_access_token(number, session.client_id.clone(), scopes, login, None, at);
        let (refresh_token, refresh_token_expires_at) = refresh_token.unzip();
        IssuedTokens {
            id_token: access_token.has_scope("openid").then_some(id_token),
            access_token,
            refresh_token: refresh_token.map(Secret::new),
            refresh_token_expires_at,
            note: Note::default(),
        }
    }

    /// A new access token. `session` is `None` for a client's own token (`client_credentials`, RFC 6749 4.4) and for a sample.
    /// `lifetime` takes the place of the client's and the sandbox's.
    pub fn issue_access_token(
        &mut self,
        session: Option<u64>,
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
            AccessToken { id, session, client_id, scopes, authentication, issued_at: now, expires_at, tnu_id: None };
        self.access_tokens.insert(token.id.clone(), token.clone(), |token| now < token.expires_at);
        token
    }

    /// The access token with that `jti`, unless it has expired or was revoked with its session.
    pub fn access_token(&self, id: &str, now: Time) -> Option<&AccessToken> {
        let token = self.access_tokens.get(id).filter(|token| now < token.expires_at)?;
        let session = token.session.and_then(|number| self.events.sessions.get(&number));
        (!session.is_some_and(|session| session.replayed)).then_some(token)
    }
}
