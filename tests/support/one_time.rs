//! A provider with a memory: handles that are spent once (and whose reuse ends the grant) or come back, codes, and
//! revocation. It answers whatever comes, so that a story can be told from every point at which it may stop.

use super::ports::{Clock, TestBrowser, parameter};
use super::provider::json;
use super::tokens::{Answer, ISSUER, discovery, jwks};
use serde_json::json as object;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tidp::testing::ports::{Body, Http, HttpFailure, Request, Response};

/// The provider.
pub struct OneTime {
    clock: Arc<Clock>,
    browser: Arc<TestBrowser>,
    rotates: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Every handle ever issued: its grant, and whether it is still good.
    handles: BTreeMap<String, (usize, bool)>,
    /// Whose each grant is.
    grants: Vec<String>,
    account: String,
    requests: Vec<String>,
}

impl OneTime {
    /// One whose handles rotate, or come back.
    pub fn new(clock: &Arc<Clock>, browser: &Arc<TestBrowser>, rotates: bool) -> Arc<Self> {
        let state = Mutex::new(State { account: super::tokens::SUB.into(), ..State::default() });
        Arc::new(Self { clock: Arc::clone(clock), browser: Arc::clone(browser), rotates, state })
    }

    /// Whose login the next one is.
    pub fn account(&self, sub: &str) {
        self.state.lock().unwrap().account = sub.into();
    }

    /// Whether the handle may still be used.
    pub fn accepts(&self, handle: &str) -> bool {
        self.state.lock().unwrap().handles.get(handle).is_some_and(|(_, good)| *good)
    }

    /// How many handles it has issued.
    pub fn issued(&self) -> usize {
        self.state.lock().unwrap().handles.len()
    }

    /// How many requests came to that path.
    pub fn count(&self, path: &str) -> usize {
        self.state.lock().unwrap().requests.iter().filter(|seen| *seen == path).count()
    }

    fn token(&self, form: &str) -> Response {
        let field = |name: &str| {
            url::form_urlencoded::parse(form.as_bytes()).find(|(n, _)| n == name).map(|(_, value)| value.into_owned())
        };
        let mut state = self.state.lock().unwrap();
        let (grant, handle, nonce) = match field("refresh_token") {
            None => {
                let account = state.account.clone();
                state.grants.push(account);
                let url = self.browser.shown.lock().unwrap().last().cloned().expect("a browser was opened");
                (state.grants.len() - 1, None, Some(parameter(&url, "nonce")))
            }
            Some(handle) => match state.handles.get(&handle).copied() {
                Some((grant, true)) => (grant, Some(handle), None),
                // Presented twice: somebody else has it too.
                Some((grant, false)) => {
                    state.end(grant);
                    return refused();
                }
                None => return refused(),
            },
        };
        let handle = match handle {
            Some(handle) if !self.rotates => handle,
            spent => {
                spent.and_then(|spent| state.handles.get_mut(&spent)).into_iter().for_each(|handle| handle.1 = false);
                let handle = format!("rt-{}", state.handles.len() + 1);
                state.handles.insert(handle.clone(), (grant, true));
                handle
            }
        };
        let mark = format!("at-{}", state.requests.len());
        Answer::new()
            .sub(&state.grants[grant])
            .mark(&mark)
            .refresh_token(&handle)
            .response(self.clock.time(), nonce.as_deref())
    }

    fn revoke(&self, form: &str) -> Response {
        let token = url::form_urlencoded::parse(form.as_bytes()).find(|(name, _)| name == "token");
        let mut state = self.state.lock().unwrap();
        let grant = token.and_then(|(_, token)| state.handles.get(&*token).map(|(grant, _)| *grant));
        grant.into_iter().for_each(|grant| state.end(grant));
        json(200, &object!({}))
    }
}

impl State {
    fn end(&mut self, grant: usize) {
        self.handles.values_mut().filter(|handle| handle.0 == grant).for_each(|handle| handle.1 = false);
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
