//! A provider with state: it issues refresh tokens (one-time, whose reuse ends the grant, or reusable) and revokes
//! them. It answers any request, so a test can go on from wherever a command was stopped.

use super::ports::{Clock, TestBrowser, parameter};
use super::provider::json;
use super::tokens::{ISSUER, TokenResponse, discovery, jwks};
use serde_json::json as object;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tidp::testing::ports::{Body, Http, HttpFailure, Request, Response};

pub struct OneTime {
    clock: Arc<Clock>,
    browser: Arc<TestBrowser>,
    rotates: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Every refresh token issued: its grant, and whether it is still valid.
    refresh_tokens: BTreeMap<String, (usize, bool)>,
    /// The account of each grant.
    grants: Vec<String>,
    account: String,
    requests: Vec<String>,
}

impl OneTime {
    /// A provider whose refresh tokens rotate, or are reused.
    pub fn new(clock: &Arc<Clock>, browser: &Arc<TestBrowser>, rotates: bool) -> Arc<Self> {
        let state = Mutex::new(State { account: super::tokens::SUB.into(), ..State::default() });
        Arc::new(Self { clock: Arc::clone(clock), browser: Arc::clone(browser), rotates, state })
    }

    /// Sets the account of the next login.
    pub fn account(&self, sub: &str) {
        self.state.lock().unwrap().account = sub.into();
    }

    /// Whether the refresh token is still valid.
    pub fn accepts(&self, token: &str) -> bool {
        self.state.lock().unwrap().refresh_tokens.get(token).is_some_and(|(_, good)| *good)
    }

    /// The number of refresh tokens issued.
    pub fn issued(&self) -> usize {
        self.state.lock().unwrap().refresh_tokens.len()
    }

    /// The number of requests to this path.
    pub fn count(&self, path: &str) -> usize {
        self.state.lock().unwrap().requests.iter().filter(|seen| *seen == path).count()
    }

    fn token(&self, form: &str) -> Response {
        let field = |name: &str| {
            url::form_urlencoded::parse(form.as_bytes()).find(|(n, _)| n == name).map(|(_, value)| value.into_owned())
        };
        let mut state = self.state.lock().unwrap();
        let (grant, token, nonce) = match field("refresh_token") {
            None => {
                let account = state.account.clone();
                state.grants.push(account);
                let url = self.browser.opened_urls.lock().unwrap().last().cloned().expect("a browser was opened");
                (state.grants.len() - 1, None, Some(parameter(&url, "nonce")))
            }
            Some(token) => match state.refresh_tokens.get(&token).copied() {
                Some((grant, true)) => (grant, Some(token), None),
                // A reused one-time token: the grant ends.
                Some((grant, false)) => {
                    state.end(grant);
                    return refused();
                }
                None => return refused(),
            },
        };
        let token = match token {
            Some(token) if !self.rotates => token,
            spent => {
                spent
                    .and_then(|spent| state.refresh_tokens.get_mut(&spent))
                    .into_iter()
                    .for_each(|token| token.1 = false);
                let token = format!("rt-{}", state.refresh_tokens.len() + 1);
                state.refresh_tokens.insert(token.clone(), (grant, true));
                token
            }
        };
        let jti = format!("at-{}", state.requests.len());
        TokenResponse::new()
            .sub(&state.grants[grant])
            .jti(&jti)
            .refresh_token(&token)
            .response(self.clock.time(), nonce.as_deref())
    }

    fn revoke(&self, form: &str) -> Response {
        let token = url::form_urlencoded::parse(form.as_bytes()).find(|(name, _)| name == "token");
        let mut state = self.state.lock().unwrap();
        let grant = token.and_then(|(_, token)| state.refresh_tokens.get(&*token).map(|(grant, _)| *grant));
        grant.into_iter().for_each(|grant| state.end(grant));
        json(200, &object!({}))
    }
}

impl State {
    fn end(&mut self, grant: usize) {
        self.refresh_tokens.values_mut().filter(|token| token.0 == grant).for_each(|token| token.1 = false);
    }
}

fn refused() -> Response {
    json(400, &object!({ "error": "invalid_grant" }))
}

impl Http for OneTime {
    fn send(&self, request: &Request) -> Result<Response, HttpFailure> {
        assert!(request.url.as_str().starts_with(ISSUER), "{}", request.url);
        let form = match &request.body {
            None => "",
            Some(Body::Form(body) | Body::Json(body)) => body.expose(),
        };
        let path = request.url.path();
        self.state.lock().unwrap().requests.push(path.to_owned());
        Ok(match path {
            "/.well-known/openid-configuration" => json(200, &discovery()),
            "/jwks" => json(200, &jwks()),
            "/connect/token" => self.token(form),
            "/connect/revocation" => self.revoke(form),
            "/api/logout" => json(200, &object!({ "state": "ended" })),
            other => panic!("an unexpected request to {other}"),
        })
    }
}
