//! The authorization endpoint (RFC 6749 4.1, OIDC Core 3.1.2).

use super::records::{AuthorizationCode, CodeState, Destination};
use super::sso::requested_aal;
use super::state::MAX_PENDING;
use super::token::CODE_LIFETIME;
use super::{
    Authentication, AuthorizationRequest, AuthorizationResponse, AuthorizeOutcome, Engine, Moment, Note, SsoSession,
};
use crate::domain::time::Time;
use crate::sandbox::{Client, OAuthError, Params, Reason, Result, Seed, User};
use std::sync::Arc;

impl Engine {
    /// Answers a browser with that SSO cookie. `auto_approve` logs in without a page. An error is shown here, because the
    /// redirect URI is not trusted.
    pub fn authorize(
        &mut self,
        params: &Params,
        cookie: Option<&str>,
        auto_approve: Option<Arc<User>>,
        at: Moment,
    ) -> Result<AuthorizeOutcome> {
        let (client, destination) = self.client_and_destination(params)?;
        let request = match self.parse_request(&client, &destination, params) {
            Ok(request) => request,
            Err(error) => return Ok(AuthorizeOutcome::Response(self.reject(destination, &error))),
        };
        let sso = self.sso_session_by_cookie(cookie, at.now).filter(|sso| satisfies(sso, &request, at.now));
        Ok(if let Some(authentication) = sso.map(|sso| sso.authentication.clone()) {
            AuthorizeOutcome::Response(self.approve(request, authentication, at))
        } else if request.prompt.iter().any(|prompt| prompt == "none") {
            let error = OAuthError::new("login_required", Reason::LoginRequired);
            AuthorizeOutcome::Response(self.reject(request.destination, &error))
        } else if let Some(user) = auto_approve {
            AuthorizeOutcome::Response(self.log_in(request, user, at))
        } else {
            self.show_login_page(request, at.seed)
        })
    }

    /// The client and its registered redirect URI (RFC 6749 3.1.2.4).
    fn client_and_destination(&self, params: &Params) -> Result<(Client, Destination)> {
        // With a repeated parameter the redirect URI itself is in doubt.
        params.check()?;
        let client = self.client(params.require("client_id")?)?;
        let uri = params.require("redirect_uri")?;
        if !client.may_redirect_to(uri, params.get("code_challenge").is_some()) {
            return Err(client.refuse_redirect_uri(uri));
        }
        let form_post = params.get("response_mode") == Some("form_post");
        Ok((client, Destination { redirect_uri: uri.to_owned(), form_post, state: params.text("state") }))
    }

    fn parse_request(&self, client: &Client, to: &Destination, params: &Params) -> Result<AuthorizationRequest> {
        for (name, error) in [("request", "request_not_supported"), ("request_uri", "request_uri_not_supported")] {
            if params.get(name).is_some() {
                return Err(OAuthError::new(error, Reason::RequestObject));
            }
        }
        if params.require("response_type")? != "code" {
            return Err(OAuthError::new("unsupported_response_type", Reason::OtherResponseType));
        }
        if !matches!(params.get("response_mode"), None | Some("query" | "form_post")) {
            return Err(OAuthError::invalid_request(Reason::OtherResponseMode));
        }
        Ok(AuthorizationRequest {
            client_id: client.id.clone(),
            destination: to.clone(),
            nonce: params.text("nonce"),
            scopes: self.granted_scopes(client, params.list("scope"))?,
            code_challenge: code_challenge(client, params)?,
            prompt: prompt(params)?,
            max_age: max_age(params)?,
            login_hint: params.text("login_hint"),
            acr_values: params.text("acr_values").unwrap_or_default(),
            ui_locales: params.text("ui_locales"),
        })
    }

    fn show_login_page(&mut self, request: AuthorizationRequest, seed: Seed) -> AuthorizeOutcome {
        if self.pending_requests.len() >= MAX_PENDING {
            self.pending_requests.pop_first();
        }
        self.counter += 1;
        let request_id = seed.random_string("request");
        self.pending_requests.insert(self.counter, (request_id.clone(), request.clone()));
        AuthorizeOutcome::LoginPage { request_id, request: Box::new(request) }
    }

    pub fn pending_request(&self, request_id: &str) -> Option<&AuthorizationRequest> {
        self.pending_requests.values().find(|(id, _)| id == request_id).map(|(_, request)| request)
    }

    /// The response after `user` logged in on the login page, or without one cancelled; `None` if the request is not
    /// pending.
    pub fn end_login(&mut self, id: &str, user: Option<Arc<User>>, at: Moment) -> Option<AuthorizationResponse> {
        let (_, (_, request)) = self.pending_requests.extract_if(.., |_, (pending, _)| pending == id).next()?;
        Some(match user {
            Some(user) => self.log_in(request, user, at),
            None => self.reject(request.destination, &OAuthError::new("access_denied", Reason::LoginCancelled)),
        })
    }

    fn log_in(&mut self, request: AuthorizationRequest, user: Arc<User>, at: Moment) -> AuthorizationResponse {
        let authentication = self.start_sso_session(user, &request.acr_values, at);
        let cookie = self.sso_sessions.get(&authentication.sid).map(|session| session.cookie.clone());
        AuthorizationResponse { cookie, ..self.approve(request, authentication, at) }
    }

    fn approve(&mut self, request: AuthorizationRequest, login: Authentication, at: Moment) -> AuthorizationResponse {
        let (destination, code) = (request.destination.clone(), at.seed.random_string("code"));
        let expires_at = at.now.plus(CODE_LIFETIME);
        let record = AuthorizationCode { request, authentication: login, expires_at, state: CodeState::Unused };
        self.codes.insert(code.clone(), record);
        self.response(destination, vec![("code", code)])
    }

    fn reject(&self, destination: Destination, error: &OAuthError) -> AuthorizationResponse {
        let params = vec![("error", error.error.to_owned()), ("error_description", error.description.clone())];
        AuthorizationResponse { note: error.note(), ..self.response(destination, params) }
    }

    fn response(&self, destination: Destination, mut params: Vec<(&'static str, String)>) -> AuthorizationResponse {
        params.extend(destination.state.clone().map(|state| ("state", state)));
        params.push(("iss", self.settings.issuer.clone()));
        AuthorizationResponse { destination, params, cookie: None, note: Note::default() }
    }
}

/// Whether the SSO session is enough for the request, without asking the user.
fn satisfies(session: &SsoSession, request: &AuthorizationRequest, now: Time) -> bool {
    let interactive = |prompt: &String| prompt == "login" || prompt == "select_account";
    let login = &session.authentication;
    !request.prompt.iter().any(interactive)
        && request.max_age.is_none_or(|max_age| now.since(login.auth_time).0 <= max_age)
        && login.aal >= requested_aal(&request.acr_values).min(login.user.max_aal)
}

/// The PKCE challenge (RFC 7636 4.3): only `S256`; optional only for a confidential client.
fn code_challenge(client: &Client, params: &Params) -> Result<Option<String>> {
    let (challenge, method) = (params.get("code_challenge"), params.get("code_challenge_method"));
    let base64url = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    match (challenge, method) {
        (Some(text), Some("S256")) if text.len() == 43 && text.bytes().all(base64url) => Ok(Some(text.to_owned())),
        (Some(_), Some("S256")) => Err(OAuthError::invalid_request(Reason::WrongChallenge)),
        (None, None) if client.client_type.is_confidential() => Ok(None),
        (None, _) => Err(OAuthError::invalid_request(Reason::NoChallenge)),
        (Some(_), _) => Err(OAuthError::invalid_request(Reason::OtherChallengeMethod)),
    }
}

/// The values of `prompt` (OIDC Core 3.1.2.1); `none` excludes the others.
fn prompt(params: &Params) -> Result<Vec<String>> {
    let prompts = params.list("prompt");
    let known = |prompt: &String| matches!(prompt.as_str(), "none" | "login" | "consent" | "select_account");
    if !prompts.iter().all(known) || (prompts.len() > 1 && prompts.iter().any(|prompt| prompt == "none")) {
        return Err(OAuthError::invalid_request(Reason::WrongPrompt));
    }
    Ok(prompts)
}

fn max_age(params: &Params) -> Result<Option<i64>> {
    let Some(text) = params.get("max_age") else { return Ok(None) };
    let number = text.parse::<u32>().map_err(|_| OAuthError::invalid_request(Reason::WrongMaxAge))?;
    Ok(Some(number.into()))
}
