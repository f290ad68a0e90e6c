//! A provider that makes exactly the responses a test sets. An unexpected request fails the test at once, a missing
//! one at the end of the command.

use super::ports::{TestBrowser, parameter};
use super::tokens::{ISSUER, TokenResponse, discovery, jwks};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tidp::testing::domain::time::Time;
use tidp::testing::ports::{Body, Http, HttpFailure, HttpFailureKind, Method, Request, Response};

type Responder = Box<dyn FnOnce(&ReceivedRequest) -> Result<Response, HttpFailure> + Send>;

/// A request that the provider received.
#[derive(Clone, Debug)]
pub struct ReceivedRequest {
    pub method: Method,
    pub path: String,
    pub query: Option<String>,
    pub authorization: Option<String>,
    pub body: String,
    pub deadline: Option<Duration>,
}

impl ReceivedRequest {
    /// The value of a form field.
    pub fn field(&self, name: &str) -> Option<String> {
        url::form_urlencoded::parse(self.body.as_bytes()).find(|(n, _)| n == name).map(|(_, value)| value.into_owned())
    }
}

#[derive(Default)]
pub struct Provider {
    expected: Mutex<VecDeque<(String, Responder)>>,
    standing: Mutex<BTreeMap<String, Response>>,
    pub requests: Mutex<Vec<ReceivedRequest>>,
    unexpected: Mutex<Vec<String>>,
    /// The proxy on the way to it, or why the setting is wrong.
    pub proxy: Mutex<Option<Result<&'static str, &'static str>>>,
}

/// A JSON response.
pub fn json(status: u16, body: &serde_json::Value) -> Response {
    Response {
        status,
        headers: vec![("content-type".into(), "application/json".into())],
        body: body.to_string().into_bytes(),
    }
}

impl Provider {
    /// Expects a request to this path. Requests to the same path are answered in order.
    pub fn expect(
        &self,
        path: &str,
        response: impl FnOnce(&ReceivedRequest) -> Result<Response, HttpFailure> + Send + 'static,
    ) {
        self.expected.lock().unwrap().push_back((path.to_owned(), Box::new(response)));
    }

    /// Expects a request, and makes this response.
    pub fn responds(&self, path: &str, response: Response) {
        self.expect(path, move |_| Ok(response));
    }

    /// Makes this response to any number of requests, including none.
    pub fn always(&self, path: &str, response: Response) {
        self.standing.lock().unwrap().insert(path.to_owned(), response);
    }

    /// Serves the discovery document and the keys at any time.
    pub fn publishes(&self) {
        self.always("/.well-known/openid-configuration", json(200, &discovery()));
        self.always("/jwks", json(200, &jwks()));
    }

    /// Expects a request, which fails like this.
    pub fn fails(&self, path: &str, kind: HttpFailureKind) {
        self.expect(path, move |_| Err(HttpFailure { message: "as the test wants".into(), kind }));
    }

    /// Expects a refresh with this refresh token.
    pub fn refreshes(&self, now: Time, token: &'static str, response: TokenResponse) {
        self.expect("/connect/token", move |request| {
            assert_eq!(request.field("grant_type").as_deref(), Some("refresh_token"));
            assert_eq!(request.field("refresh_token").as_deref(), Some(token));
            Ok(response.response(now, None))
        });
    }

    /// Expects a refresh, and refuses it.
    pub fn refuses(&self, error: &'static str) {
        self.responds("/connect/token", json(400, &serde_json::json!({ "error": error })));
    }

    /// Expects a request for the discovery document and one for the keys.
    pub fn expect_metadata(&self) {
        self.expect_discovery();
        self.responds("/jwks", json(200, &jwks()));
    }

    /// Expects a request for the discovery document.
    pub fn expect_discovery(&self) {
        self.responds("/.well-known/openid-configuration", json(200, &discovery()));
    }

    /// Expects the revocation of this refresh token by a public client.
    pub fn revokes(&self, token: &'static str) {
        self.expect("/connect/revocation", move |request| {
            let body = format!("token={token}&token_type_hint=refresh_token&client_id=app");
            assert_eq!((request.body.as_str(), &request.authorization), (body.as_str(), &None));
            Ok(Response { status: 200, headers: Vec::new(), body: Vec::new() })
        });
    }

    /// The paths of all requests, in order.
    pub fn paths(&self) -> Vec<String> {
        self.requests.lock().unwrap().iter().map(|request| request.path.clone()).collect()
    }

    /// Expects the requests of a login.
    pub fn expect_login(&self, browser: &Arc<TestBrowser>, now: Time, response: TokenResponse) {
        self.expect_metadata();
        self.grants(browser, now, response);
    }

    /// Expects the exchange of a code for these tokens.
    pub fn grants(&self, browser: &Arc<TestBrowser>, now: Time, response: TokenResponse) {
        let browser = Arc::clone(browser);
        self.expect("/connect/token", move |request| {
            assert_eq!(request.field("grant_type").as_deref(), Some("authorization_code"));
            let url = browser.request().expect("the user was sent to the provider");
            Ok(response.response(now, Some(&parameter(&url, "nonce"))))
        });
    }

    /// The number of requests to this path.
    pub fn count(&self, path: &str) -> usize {
        self.requests.lock().unwrap().iter().filter(|request| request.path == path).count()
    }

    /// The last request to that path.
    pub fn last(&self, path: &str) -> ReceivedRequest {
        self.requests.lock().unwrap().iter().rev().find(|request| request.path == path).cloned().expect("a request")
    }

    #[track_caller]
    pub fn check(&self, command: &[&str]) {
        let unexpected = self.unexpected.lock().unwrap();
        assert!(unexpected.is_empty(), "{command:?} made unexpected requests: {unexpected:?}");
        let missing: Vec<String> = self.expected.lock().unwrap().iter().map(|(path, _)| path.clone()).collect();
        assert!(missing.is_empty(), "{command:?} did not make these requests: {missing:?}");
    }
}

impl Http for Provider {
    fn proxy(&self, _: &url::Url) -> Result<Option<String>, HttpFailure> {
        let wrong = |why: &str| HttpFailure { message: why.into(), kind: HttpFailureKind::InvalidSetting };
        (*self.proxy.lock().unwrap()).transpose().map(|proxy| proxy.map(str::to_owned)).map_err(wrong)
    }

    fn send(&self, request: &Request) -> Result<Response, HttpFailure> {
        let body = match &request.body {
            None => String::new(),
            Some(Body::Form(body) | Body::Json(body)) => body.expose().to_owned(),
        };
        let authorization = request.authorization.as_ref().map(|value| value.expose().to_owned());
        let at_home = request.url.as_str().starts_with(ISSUER);
        let path = if at_home { request.url.path().to_owned() } else { request.url.to_string() };
        let query = request.url.query().map(str::to_owned);
        let deadline = request.deadline;
        let received = ReceivedRequest { method: request.method, path, query, authorization, body, deadline };
        self.requests.lock().unwrap().push(received.clone());
        let mut expected = self.expected.lock().unwrap();
        let Some(at) = expected.iter().position(|(path, _)| *path == received.path) else {
            if let Some(response) = self.standing.lock().unwrap().get(&received.path) {
                return Ok(response.clone());
            }
            self.unexpected.lock().unwrap().push(received.path);
            return Err(HttpFailure { message: "unexpected request".into(), kind: HttpFailureKind::NotSent });
        };
        let (_, response) = expected.remove(at).expect("it is there");
        drop(expected);
        response(&received)
    }
}
