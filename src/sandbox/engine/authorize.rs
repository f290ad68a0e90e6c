//! The authorization endpoint (RFC 6749 4.1, OIDC Core 3.1.2): what is asked, and what answers it.

use super::records::{AuthorizeRequest, Reply, SsoSession, Step};
use super::state::{Engine, MOST_WAITING, granted_scopes};
use crate::domain::time::Time;
use crate::sandbox::clients::Client;
use crate::sandbox::params::{Params, Refusal};
use crate::sandbox::random::Seed;
use crate::sandbox::users::User;

impl Engine {
    /// Answers an authorization request of a browser with that SSO cookie. `auto_approve` logs in without a page.
    pub fn authorize(
        &mut self,
        params: &Params,
        cookie: Option<&str>,
        auto_approve: Option<&'static User>,
        now: Time,
        seed: &Seed,
    ) -> Step {
        let (client, redirect_uri) = match self.trusted_target(params) {
            Ok(trusted) => trusted,
            Err(refusal) => return Step::ErrorPage(refusal),
        };
        let request = match read(&client, &redirect_uri, params) {
            Ok(request) => request,
            Err(refusal) => {
                let form_post = params.get("response_mode") == Some("form_post");
                return Step::Reply(self.refuse(redirect_uri, form_post, params.get("state"), &refusal));
            }
        };
        if let Some(session) = self.sso_of(cookie, now).filter(|session| serves(session, &request, now)) {
            let sid = session.authentication.sid.clone();
            return Step::Reply(self.approve(request, &sid, now, seed));
        }
        if request.prompt.iter().any(|prompt| prompt == "none") {
            let refusal = Refusal::new("login_required", "there is no SSO session that serves");
            return Step::Reply(self.refuse_request(&request, &refusal));
        }
        match auto_approve {
            Some(user) => Step::Reply(self.approve_after_login(request, user, now, seed)),
            None => self.ask(request, seed),
        }
    }

    /// Whom the answer may go to (RFC 6749 3.1.2.4): nothing is redirected before this is known.
    fn trusted_target(&self, params: &Params) -> Result<(Client, String), Refusal> {
        // A repeated parameter makes the target itself doubtful.
        params.check()?;
        let client = self.client(params.need("client_id")?)?;
        let uri = params.need("redirect_uri")?;
        if !client.may_redirect_to(uri, params.get("code_challenge").is_some()) {
            return Err(Refusal::request("redirect_uri is not registered for this client"));
        }
        Ok((client, uri.to_owned()))
    }

    fn ask(&mut self, request: AuthorizeRequest, seed: &Seed) -> Step {
        if self.waiting.len() >= MOST_WAITING {
            self.waiting.pop_first();
        }
        self.counter += 1;
        let request_id = seed.handle("request");
        self.waiting.insert(self.counter, (request_id.clone(), request.clone()));
        Step::LoginPage { request_id, request: Box::new(request) }
    }

    /// The request that the login page shows.
    pub fn waiting(&self, request_id: &str) -> Option<&AuthorizeRequest> {
        self.waiting.values().find(|(id, _)| id == request_id).map(|(_, request)| request)
    }

    fn take_waiting(&mut self, request_id: &str) -> Option<AuthorizeRequest> {
        let number = self.waiting.iter().find(|(_, (id, _))| id == request_id).map(|(number, _)| *number)?;
        self.waiting.remove(&number).map(|(_, request)| request)
    }

    /// `user` logs in on the page of that request. `None` if nobody waits for it (any more).
    pub fn log_in(&mut self, request_id: &str, user: &'static User, now: Time, seed: &Seed) -> Option<Reply> {
        let request = self.take_waiting(request_id)?;
        Some(self.approve_after_login(request, user, now, seed))
    }

    /// The user cancels on the page of that request: `access_denied`.
    pub fn cancel(&mut self, request_id: &str) -> Option<Reply> {
        let request = self.take_waiting(request_id)?;
        Some(self.refuse_request(&request, &Refusal::new("access_denied", "the user cancelled the login")))
    }

    fn approve_after_login(&mut self, request: AuthorizeRequest, user: &'static User, now: Time, seed: &Seed) -> Reply {
        let sid = self.start_sso(user, &request.acr_values, now, seed);
        let cookie = self.sso.get(&sid).map(|session| session.cookie.clone());
        Reply { cookie, ..self.approve(request, &sid, now, seed) }
    }

    fn approve(&mut self, request: AuthorizeRequest, sid: &str, now: Time, seed: &Seed) -> Reply {
        let Some(authentication) = self.sso_authentication(sid) else {
            return self.refuse_request(&request, &Refusal::new("login_required", "the SSO session is gone"));
        };
        let (redirect_uri, form_post) = (request.redirect_uri.clone(), request.form_post);
        let state = request.state.clone();
        let code = self.issue_code(request, authentication, now, seed);
        self.reply(redirect_uri, form_post, state.as_deref(), vec![("code", code)])
    }

    fn refuse_request(&self, request: &AuthorizeRequest, refusal: &Refusal) -> Reply {
        self.refuse(request.redirect_uri.clone(), request.form_post, request.state.as_deref(), refusal)
    }

    fn refuse(&self, redirect_uri: String, form_post: bool, state: Option<&str>, refusal: &Refusal) -> Reply {
        let params = vec![("error", refusal.error.to_owned()), ("error_description", refusal.description.clone())];
        self.reply(redirect_uri, form_post, state, params)
    }

    fn reply(
        &self,
        redirect_uri: String,
        form_post: bool,
        state: Option<&str>,
        mut params: Vec<(&'static str, String)>,
    ) -> Reply {
        params.extend(state.map(|state| ("state", state.to_owned())));
        params.push(("iss", self.settings.issuer.clone()));
        Reply { redirect_uri, form_post, params, cookie: None }
    }
}

/// Whether the SSO session answers the request without asking the user.
fn serves(session: &SsoSession, request: &AuthorizeRequest, now: Time) -> bool {
    let asks = |prompt: &String| prompt == "login" || prompt == "select_account";
    let age = now.since(session.authentication.auth_time).0;
    !request.prompt.iter().any(asks)
        && request.max_age.is_none_or(|max_age| age <= max_age)
        && !Engine::needs_step_up(session, &request.acr_values)
}

/// Checks the rest of a request whose client and redirect URI are known to belong together.
fn read(client: &Client, redirect_uri: &str, params: &Params) -> Result<AuthorizeRequest, Refusal> {
    for (name, error) in [("request", "request_not_supported"), ("request_uri", "request_uri_not_supported")] {
        if params.get(name).is_some() {
            return Err(Refusal::new(error, "request objects are not supported"));
        }
    }
    if params.need("response_type")? != "code" {
        return Err(Refusal::new("unsupported_response_type", "only code is supported"));
    }
    let form_post = match params.get("response_mode") {
        None | Some("query") => false,
        Some("form_post") => true,
        Some(_) => return Err(Refusal::request("response_mode is neither query nor form_post")),
    };
    let text = |name| params.get(name).map(ToOwned::to_owned);
    Ok(AuthorizeRequest {
        client_id: client.id.clone(),
        redirect_uri: redirect_uri.to_owned(),
        form_post,
        state: text("state"),
        nonce: text("nonce"),
        scopes: granted_scopes(client, params.list("scope"))?,
        challenge: challenge(client, params)?,
        prompt: prompt(params)?,
        max_age: max_age(params)?,
        login_hint: text("login_hint"),
        acr_values: text("acr_values").unwrap_or_default(),
        ui_locales: text("ui_locales"),
    })
}

/// PKCE (RFC 7636 4.3): `S256` only, and never left out by a public client.
fn challenge(client: &Client, params: &Params) -> Result<Option<String>, Refusal> {
    let (challenge, method) = (params.get("code_challenge"), params.get("code_challenge_method"));
    let base64url = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    match (challenge, method) {
        (Some(text), Some("S256")) if text.len() == 43 && text.bytes().all(base64url) => Ok(Some(text.to_owned())),
        (Some(_), Some("S256")) => Err(Refusal::request("code_challenge is no S256 challenge")),
        (None, None) if client.client_type.is_confidential() => Ok(None),
        (None, _) => Err(Refusal::request("code_challenge is missing")),
        (Some(_), _) => Err(Refusal::request("code_challenge_method is not S256")),
    }
}

/// `prompt` (OIDC Core 3.1.2.1): `none` stands alone.
fn prompt(params: &Params) -> Result<Vec<String>, Refusal> {
    let prompts = params.list("prompt");
    let known = |prompt: &String| matches!(prompt.as_str(), "none" | "login" | "consent" | "select_account");
    if !prompts.iter().all(known) || (prompts.len() > 1 && prompts.iter().any(|prompt| prompt == "none")) {
        return Err(Refusal::request("prompt is unknown, or none with another one"));
    }
    Ok(prompts)
}

fn max_age(params: &Params) -> Result<Option<i64>, Refusal> {
    let Some(text) = params.get("max_age") else { return Ok(None) };
    let number = text.parse::<u32>().map_err(|_| Refusal::request("max_age is no number of seconds"))?;
    Ok(Some(number.into()))
}
