//! The endpoints that a browser visits.

use super::http::{Request, Response};
use super::shared::{Shared, lock};
use crate::sandbox::engine::{Reply, Step};
use crate::sandbox::pages::{self, Language};
use crate::sandbox::params::Refusal;
use crate::sandbox::users::{USERS, User};
use std::io;

/// The SSO cookie's name.
const COOKIE: &str = "sandbox.sso";

fn page(status: u16, page: pages::Page) -> Response {
    Response::new(status, "text/html; charset=utf-8", page.html)
        .with("Content-Security-Policy", page.policy)
        // With `no-referrer` a browser would send `Origin: null` with the page's own forms.
        .with("Referrer-Policy", "same-origin")
        .with("X-Frame-Options", "DENY")
}

fn language(request: &Request, ui_locales: Option<&str>) -> Language {
    Language::choose(ui_locales, request.header("accept-language"))
}

/// The authorization response: a redirect, or a page that posts it (OAuth form_post).
fn deliver(reply: &Reply, language: Language) -> Response {
    let response = if reply.form_post {
        page(200, pages::form_post(language, &reply.redirect_uri, &reply.params))
    } else {
        match url::Url::parse(&reply.redirect_uri) {
            Ok(mut url) => {
                url.query_pairs_mut().extend_pairs(&reply.params);
                Response::see_other(url.as_str())
            }
            Err(_) => Response::text(400, "redirect_uri is no URI"),
        }
    };
    match &reply.cookie {
        Some(cookie) => {
            response.with("Set-Cookie", format!("{COOKIE}={}; Path=/; HttpOnly; SameSite=Lax", cookie.expose()))
        }
        None => response,
    }
}

fn foreign() -> Response {
    Response::text(403, "this form was not sent from a page of the sandbox")
}

impl Shared {
    pub(super) fn authorize(&self, request: &Request) -> io::Result<Response> {
        let (params, now, seed) = (request.params(), self.now(), self.seed()?);
        let language = language(request, params.get("ui_locales"));
        let cookie = request.cookie(COOKIE);
        let step = lock(&self.engine).authorize(&params, cookie, self.auto_approve, now, &seed);
        Ok(match step {
            Step::ErrorPage(refusal) => page(400, pages::error(language, &refusal)),
            Step::Reply(reply) => deliver(&reply, language),
            Step::LoginPage { request_id, request } => {
                let phone = request.login_hint.clone().unwrap_or_default();
                page(200, pages::login(language, &request_id, &request, &phone, false))
            }
        })
    }

    /// The login page's form.
    pub(super) fn login(&self, request: &Request) -> io::Result<Response> {
        if !request.is_from_here() {
            return Ok(foreign());
        }
        let (form, now, seed) = (request.params(), self.now(), self.seed()?);
        let id = form.get("request").unwrap_or_default();
        let mut engine = lock(&self.engine);
        let Some(waiting) = engine.waiting(id).cloned() else {
            let gone = Refusal::request("this login is over or unknown: begin again in the application");
            return Ok(page(400, pages::error(language(request, None), &gone)));
        };
        let language = language(request, waiting.ui_locales.as_deref());
        let phone = form.get("user").or(form.get("phone")).unwrap_or_default();
        let reply = match (form.get("action"), User::find(phone)) {
            (Some("cancel"), _) => engine.cancel(id),
            (_, Some(user)) => engine.log_in(id, user, now, &seed),
            (_, None) => return Ok(page(200, pages::login(language, id, &waiting, phone, true))),
        };
        Ok(reply.map_or_else(foreign, |reply| deliver(&reply, language)))
    }

    /// The page on which a device's code is typed and approved (RFC 8628 3.3).
    pub(super) fn device(&self, request: &Request) -> Response {
        let (params, language) = (request.params(), language(request, None));
        let code = params.get("user_code").unwrap_or_default();
        if request.method == "GET" {
            return page(200, pages::device(language, code, false));
        }
        if !request.is_from_here() {
            return foreign();
        }
        let denies = params.get("action") == Some("cancel");
        let user = if denies { None } else { params.get("user").and_then(User::find).or(Some(&USERS[0])) };
        if lock(&self.engine).device_answer(code, user, self.now()) {
            page(200, pages::device_done(language, !denies))
        } else {
            page(200, pages::device(language, code, true))
        }
    }

    /// RP-initiated logout (OpenID Connect RP-Initiated Logout 1.0, 2): with a valid hint at once; without one only
    /// after the user said so.
    pub(super) fn end_session(&self, request: &Request) -> Response {
        let (params, now, language) = (request.params(), self.now(), language(request, None));
        let mine = lock(&self.engine).sso_of(request.cookie(COOKIE), now).map(|s| s.authentication.sid.clone());
        let hint = params.get("id_token_hint").and_then(|hint| self.hinted_session(hint));
        let confirmed = request.method == "POST" && params.get("action") == Some("logout") && request.is_from_here();
        let Some(sid) = hint.clone().or(mine.filter(|_| confirmed)) else {
            let nobody = lock(&self.engine).sso_of(request.cookie(COOKIE), now).is_none();
            return page(200, if nobody { pages::logged_out(language) } else { pages::confirm_logout(language) });
        };
        lock(&self.engine).end_sso_session(&sid, now);
        let forget = format!("{COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
        let target = params.get("post_logout_redirect_uri").filter(|_| hint.is_some());
        let response = match target.and_then(|uri| self.after_logout(params.get("id_token_hint"), uri)) {
            Some(mut url) => {
                url.query_pairs_mut().extend_pairs(params.get("state").map(|state| ("state", state)));
                // Extending with nothing leaves a lone `?`.
                if url.query() == Some("") {
                    url.set_query(None);
                }
                Response::see_other(url.as_str())
            }
            None => page(200, pages::logged_out(language)),
        };
        response.with("Set-Cookie", forget)
    }

    /// `uri`, if it is registered for the client that the hint was issued to.
    fn after_logout(&self, hint: Option<&str>, uri: &str) -> Option<url::Url> {
        let claims = lock(&self.keys).verify("JWT", hint?)?;
        let client = lock(&self.engine).client(claims.get("aud")?.as_str()?).ok()?;
        client.may_redirect_to(uri, true).then(|| url::Url::parse(uri).ok()).flatten()
    }

    /// What a developer sees who opens the issuer in a browser.
    pub(super) fn home(&self, request: &Request) -> Response {
        page(200, pages::home(language(request, None), &self.issuer, &lock(&self.engine).clients))
    }
}
