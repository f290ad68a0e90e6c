//! The endpoints for a browser.

use super::http::{Request, Response};
use super::routes::endpoint_names;
use super::service::{Service, lock};
use crate::sandbox::engine::events::Note;
use crate::sandbox::engine::{AuthorizationResponse, AuthorizeOutcome, PollingGrant};
use crate::sandbox::pages::{self, Language};
use crate::sandbox::params::{OAuthError, Params};
use crate::sandbox::reason::Reason;
use std::io;

const SSO_COOKIE: &str = "sandbox.sso";

fn page_response(status: u16, page: pages::Page) -> Response {
    Response::new(status, "text/html; charset=utf-8", page.html)
        .with_header("Content-Security-Policy", page.policy)
        // With `no-referrer`, browsers send `Origin: null` with the page's own forms.
        .with_header("Referrer-Policy", "same-origin")
        .with_header("X-Frame-Options", "DENY")
}

fn language(request: &Request, ui_locales: Option<&str>) -> Language {
    Language::choose(ui_locales, request.header("accept-language"))
}

/// The authorization response as a redirect, or as a page that posts it.
fn to_http(response: &AuthorizationResponse, language: Language) -> Response {
    let http = if response.form_post {
        page_response(200, pages::form_post(language, &response.redirect_uri, &response.params))
    } else {
        match url::Url::parse(&response.redirect_uri) {
            Ok(mut url) => {
                url.query_pairs_mut().extend_pairs(&response.params);
                Response::see_other(url.as_str())
            }
            Err(_) => Response::refusal(400, Reason::OtherRedirectUri),
        }
    };
    let http = match &response.refusal {
        Some(reason) => http.because(reason.clone()),
        None => http,
    };
    match &response.cookie {
        Some(cookie) => {
            http.with_header("Set-Cookie", format!("{SSO_COOKIE}={}; Path=/; HttpOnly; SameSite=Lax", cookie.expose()))
        }
        None => http,
    }
}

/// The note on a page that asks again.
fn answered_because(reason: Reason) -> Note {
    Note { reason: Some(reason), ..Note::default() }
}

/// The response to a form that another origin sent.
fn cross_origin() -> Response {
    Response::refusal(403, Reason::CrossOrigin)
}

impl Service {
    pub(super) fn authorize(&self, request: &Request) -> io::Result<Response> {
        let (params, now, seed) = (request.params(), self.now(), self.seed()?);
        let language = language(request, params.get("ui_locales"));
        let cookie = request.cookie(SSO_COOKIE);
        let mut engine = lock(&self.engine);
        let user = self.auto_approving_user(&engine);
        let outcome = engine.authorize(&params, cookie, user, now, &seed);
        Ok(match outcome {
            AuthorizeOutcome::ErrorPage(error) => {
                page_response(400, pages::error(language, &error)).with_note(error.note())
            }
            AuthorizeOutcome::Response(response) => to_http(&response, language),
            AuthorizeOutcome::LoginPage { request_id, request } => {
                let phone = request.login_hint.as_deref().unwrap_or_default();
                page_response(200, pages::login(language, &request_id, &request, phone, false, &engine.users))
            }
        })
    }

    /// The login page's form.
    pub(super) fn login(&self, request: &Request) -> io::Result<Response> {
        if !request.is_same_origin() {
            return Ok(cross_origin());
        }
        let (form, now, seed) = (request.params(), self.now(), self.seed()?);
        let id = form.get("request").unwrap_or_default();
        let mut engine = lock(&self.engine);
        let Some(pending) = engine.pending_request(id).cloned() else {
            let error = OAuthError::invalid_request(Reason::LoginOver);
            return Ok(page_response(400, pages::error(language(request, None), &error)).with_note(error.note()));
        };
        let language = language(request, pending.ui_locales.as_deref());
        let phone = form.get("user").or(form.get("phone")).unwrap_or_default();
        let response = match (form.get("action"), engine.find_user(phone)) {
            (Some("cancel"), _) => engine.cancel(id),
            (_, Some(user)) => engine.log_in(id, user, now, &seed),
            (_, None) => {
                let page = pages::login(language, id, &pending, phone, true, &engine.users);
                return Ok(page_response(200, page).with_note(answered_because(Reason::UnknownUser)));
            }
        };
        Ok(response.map_or_else(cross_origin, |response| to_http(&response, language)))
    }

    /// The page on which a device's code is typed and approved (RFC 8628 3.3).
    pub(super) fn device(&self, request: &Request) -> Response {
        let (params, language) = (request.params(), language(request, None));
        let code = params.get("user_code").unwrap_or_default();
        let mut engine = lock(&self.engine);
        if request.method == "GET" {
            return page_response(200, pages::device(language, code, false, &engine.users));
        }
        if !request.is_same_origin() {
            return cross_origin();
        }
        let deny = params.get("action") == Some("cancel");
        let named = params.get("user").and_then(|user| engine.find_user(user));
        let user = if deny { None } else { named.or_else(|| engine.users.first().cloned()) };
        let now = self.now();
        // An empty code would mean all of them.
        let code_of_all = code.is_empty();
        let decided = match &user {
            _ if code_of_all => 0,
            Some(user) => engine.approve_logins(Some(code), user, now),
            None => engine.deny_logins(Some(code), now),
        };
        if decided > 0 {
            page_response(200, pages::device_done(language, user.as_deref()))
        } else {
            let page = pages::device(language, code, true, &engine.users);
            page_response(200, page).with_note(answered_because(Reason::UnknownUserCode))
        }
    }

    /// The page that stands for the user's own phone, where a login that a backend asked for is approved.
    pub(super) fn ciba_page(&self, request: &Request) -> Response {
        let (params, language, now) = (request.params(), language(request, None), self.now());
        let mut engine = lock(&self.engine);
        if request.method == "POST" {
            if !request.is_same_origin() {
                return cross_origin();
            }
            let code = params.get("user_code").or(Some("none"));
            match (params.get("action"), engine.users.first().cloned()) {
                (Some("approve"), Some(user)) => engine.approve_logins(code, &user, now),
                _ => engine.deny_logins(code, now),
            };
        }
        let asked: Vec<_> = engine.pending_logins(now).filter(|login| login.grant() == PollingGrant::Ciba).collect();
        page_response(200, pages::ciba(language, &asked))
    }

    /// The page that stands for the user's own account page; `locale=no`: in Norwegian.
    pub(super) fn account(&self, request: &Request) -> Response {
        page_response(200, pages::account(language(request, request.params().get("locale"))))
    }

    /// Logout by the browser (OIDC RP-Initiated Logout 2). Without a valid hint the user is asked first.
    pub(super) fn end_session(&self, request: &Request) -> Response {
        let (params, now, language) = (request.params(), self.now(), language(request, None));
        let cookie = request.cookie(SSO_COOKIE);
        let own_sid =
            lock(&self.engine).sso_session_by_cookie(cookie, now).map(|session| session.authentication.sid.clone());
        let hint = params.get("id_token_hint");
        let hinted_sid = hint.and_then(|hint| self.sid_of_hint(hint));
        let confirmed = request.method == "POST" && params.get("action") == Some("logout") && request.is_same_origin();
        let Some(sid) = hinted_sid.as_ref().or(own_sid.as_ref().filter(|_| confirmed)) else {
            let page = if own_sid.is_none() { pages::logged_out(language) } else { pages::confirm_logout(language) };
            return page_response(200, page);
        };
        lock(&self.engine).end_sso_session(sid, now);
        let target = params.get("post_logout_redirect_uri").filter(|_| hinted_sid.is_some());
        let response = match target.and_then(|uri| self.post_logout_redirect(hint, uri)) {
            Some(mut url) => {
                if let Some(state) = params.get("state") {
                    url.query_pairs_mut().append_pair("state", state);
                }
                Response::see_other(url.as_str())
            }
            None => page_response(200, pages::logged_out(language)),
        };
        response.with_header("Set-Cookie", format!("{SSO_COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"))
    }

    /// `uri`, if it is registered for the client in the hint.
    fn post_logout_redirect(&self, hint: Option<&str>, uri: &str) -> Option<url::Url> {
        let claims = lock(&self.keys).verify("JWT", hint?)?;
        let client = lock(&self.engine).client(claims.get("aud")?.as_str()?).ok()?;
        client.may_redirect_to(uri, true).then(|| url::Url::parse(uri).ok()).flatten()
    }

    /// The console. At another name for this machine it would be another origin, which the control API refuses.
    pub(super) fn home(&self, request: &Request) -> Response {
        if !self.is_own_host(request) {
            return Response::see_other(&format!("{}/", self.issuer));
        }
        let language = language(request, Params::parse(&request.query).get("lang"));
        page_response(200, pages::console::console(language, &endpoint_names()))
    }
}
