//! The endpoints for a browser.

use super::http::{Answer, Request, Response};
use super::routes::endpoint_names;
use super::service::{Service, lock};
use crate::domain::secret::Secret;
use crate::sandbox::engine::{AuthorizationResponse, AuthorizeOutcome, PolledLogin, PollingGrant};
use crate::sandbox::{Language, OAuthError, Params, Reason, pages};
use url::Url;

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
fn to_http(response: AuthorizationResponse, language: Language) -> Response {
    let AuthorizationResponse { destination, params, cookie, note } = response;
    let mut http = if destination.form_post {
        page_response(200, pages::form_post(language, &destination.redirect_uri, &params))
    } else if let Ok(url) = Url::parse_with_params(&destination.redirect_uri, &params) {
        Response::see_other(url.as_str())
    } else {
        return Response::refusal(400, Reason::OtherRedirectUri);
    };
    let set_cookie = |cookie: Secret| format!("{SSO_COOKIE}={}; Path=/; HttpOnly; SameSite=Lax", cookie.expose());
    http.headers.extend(cookie.map(|cookie| ("Set-Cookie", set_cookie(cookie))));
    http.with_note(note)
}

fn error_page(language: Language, error: &OAuthError) -> Response {
    page_response(400, pages::error(language, error)).with_note(error.note())
}

fn check_origin(request: &Request) -> Result<(), Response> {
    if request.is_same_origin() { Ok(()) } else { Err(Response::refusal(403, Reason::CrossOrigin)) }
}

impl Service {
    pub(super) fn authorize(&self, request: &Request) -> Answer {
        let (params, at) = (request.params(), self.moment()?);
        let language = language(request, params.get("ui_locales"));
        let mut engine = lock(&self.engine);
        let user = self.auto_approving_user(&engine);
        let outcome = engine.authorize(&params, request.cookie(SSO_COOKIE), user, at);
        Ok(match outcome.map_err(|error| error_page(language, &error))? {
            AuthorizeOutcome::Response(response) => to_http(response, language),
            AuthorizeOutcome::LoginPage { request_id, request } => {
                page_response(200, pages::login(language, &request_id, &request, None, &engine.users))
            }
        })
    }

    pub(super) fn login(&self, request: &Request) -> Answer {
        check_origin(request)?;
        let (form, at) = (request.params(), self.moment()?);
        let id = form.get("request").unwrap_or_default();
        let login_over = || error_page(language(request, None), &OAuthError::invalid_request(Reason::LoginOver));
        let mut engine = lock(&self.engine);
        let pending = engine.pending_request(id).cloned().ok_or_else(login_over)?;
        let language = language(request, pending.ui_locales.as_deref());
        let phone = form.get("user").or(form.get("phone")).unwrap_or_default();
        let cancels = form.get("action") == Some("cancel");
        let user = engine.find_user(phone).filter(|_| !cancels);
        if user.is_none() && !cancels {
            let page = pages::login(language, id, &pending, Some(phone), &engine.users);
            return Ok(page_response(200, page).with_reason(Reason::UnknownUser));
        }
        engine.end_login(id, user, at).map(|response| to_http(response, language)).ok_or_else(login_over)
    }

    /// The page on which a device's code is typed and approved (RFC 8628 3.3).
    pub(super) fn device(&self, request: &Request) -> Answer {
        let (params, language) = (request.params(), language(request, None));
        let code = params.get("user_code").unwrap_or_default();
        let mut engine = lock(&self.engine);
        if request.method == "GET" {
            return Ok(page_response(200, pages::device(language, code, false, &engine.users)));
        }
        check_origin(request)?;
        let deny = params.get("action") == Some("cancel");
        let named = params.get("user").and_then(|user| engine.find_user(user));
        let user = if deny { None } else { named.or_else(|| engine.users.first().cloned()) };
        // `Some`, also of an empty code: `None` would mean all of them.
        Ok(if engine.decide_logins(Some(code), user.as_ref(), self.now()) > 0 {
            page_response(200, pages::device_done(language, user.as_deref()))
        } else {
            let page = pages::device(language, code, true, &engine.users);
            page_response(200, page).with_reason(Reason::UnknownUserCode)
        })
    }

    /// The page that stands for the user's own phone, where a login that a backend asked for is approved.
    pub(super) fn ciba_page(&self, request: &Request) -> Answer {
        let (params, now) = (request.params(), self.now());
        let mut engine = lock(&self.engine);
        if request.method == "POST" {
            check_origin(request)?;
            let user = engine.users.first().filter(|_| params.get("action") == Some("approve")).cloned();
            engine.decide_logins(params.get("user_code").or(Some("none")), user.as_ref(), now);
        }
        let is_ciba = |login: &&PolledLogin| login.grant == PollingGrant::CIBA;
        let logins: Vec<_> = engine.pending_logins(now).filter(is_ciba).collect();
        Ok(page_response(200, pages::ciba(language(request, None), &logins)))
    }

    /// The page that stands for the user's own account page; `locale=no`: in Norwegian.
    pub(super) fn account(&self, request: &Request) -> Answer {
        Ok(page_response(200, pages::account(language(request, request.params().get("locale")))))
    }

    /// Logout by the browser (OIDC RP-Initiated Logout 2). Without a valid hint the user is asked first.
    pub(super) fn end_session(&self, request: &Request) -> Answer {
        let (params, now, language) = (request.params(), self.now(), language(request, None));
        let cookie = request.cookie(SSO_COOKIE);
        let own_sid =
            lock(&self.engine).sso_session_by_cookie(cookie, now).map(|session| session.authentication.sid.clone());
        let hint = params.get("id_token_hint").and_then(|hint| self.claims_of_hint(hint)).unwrap_or_default();
        let confirmed = request.method == "POST" && params.get("action") == Some("logout") && request.is_same_origin();
        let Some(sid) = hint["sid"].as_str().or(own_sid.as_deref().filter(|_| confirmed)) else {
            let page = if own_sid.is_none() { pages::logged_out(language) } else { pages::confirm_logout(language) };
            return Ok(page_response(200, page));
        };
        lock(&self.engine).end_sso_sessions(|sso| sso.authentication.sid == sid, now);
        let client = hint["aud"].as_str().and_then(|id| lock(&self.engine).client(id).ok());
        let is_registered = |uri: &&str| client.is_some_and(|client| client.may_redirect_to(uri, true));
        let target = params.get("post_logout_redirect_uri").filter(is_registered);
        let response = match target.and_then(|uri| Url::parse(uri).ok()) {
            Some(mut url) => {
                if let Some(state) = params.get("state") {
                    url.query_pairs_mut().append_pair("state", state);
                }
                Response::see_other(url.as_str())
            }
            None => page_response(200, pages::logged_out(language)),
        };
        Ok(response.with_header("Set-Cookie", format!("{SSO_COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax")))
    }

    /// The console. At another name for this machine it would be another origin, which the control API refuses.
    pub(super) fn home(&self, request: &Request) -> Answer {
        if !self.is_own_host(request) {
            return Ok(Response::see_other(&format!("{}/", self.issuer)));
        }
        let language = language(request, Params::parse(request.query).get("lang"));
        Ok(page_response(200, pages::console::console(language, &endpoint_names())))
    }
}
