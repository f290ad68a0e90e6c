//! A provider that answers exactly what a test announces: an unexpected request fails the test at once, a missing one
//! when the command has ended.

use super::ports::{TestBrowser, parameter};
use super::tokens::{Answer, ISSUER, discovery, jwks};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tidp::testing::domain::time::Time;
use tidp::testing::ports::{Body, Http, HttpFailure, HttpFailureKind, Method, Request, Response};

type Answerer = Box<dyn FnOnce(&Seen) -> Result<Response, HttpFailure> + Send>;

/// A request as a test looks at it.
#[derive(Clone, Debug)]
pub struct Seen {
    pub method: Method,
    pub path: String,
    pub query: Option<String>,
    pub authorization: Option<String>,
    pub body: String,
    pub deadline: Option<Duration>,
}

impl Seen {
    /// A field of its form.
    pub fn field(&self, name: &str) -> Option<String> {
        url::form_urlencoded::parse(self.body.as_bytes()).find(|(n, _)| n == name).map(|(_, value)| value.into_owned())
    }
}

/// The provider.
#[derive(Default)]
pub struct Provider {
    announced: Mutex<VecDeque<(String, Answerer)>>,
    standing: Mutex<BTreeMap<String, Response>>,
    pub seen: Mutex<Vec<Seen>>,
    unexpected: Mutex<Vec<String>>,
}

/// An answer of that status with that JSON body.
pub fn json(status: u16, body: &serde_json::Value) -> Response {
    Response {
        status,
        headers: vec![("content-type".into(), "application/json".into())],
        body: body.to_string().into_bytes(),
    }
}

impl Provider {
    /// Announces a request to that path; requests to one path are answered in the order they were announced.
    pub fn expect(&self, path: &str, answer: impl FnOnce(&Seen) -> Result<Response, HttpFailure> + Send + 'static) {
        self.announced.lock().unwrap().push_back((path.to_owned(), Box::new(answer)));
    }

    /// Announces a request and its answer.
    pub fn answers(&self, path: &str, response: Response) {
        self.expect(path, move |_| Ok(response));
    }

    /// Answers requests to that path however often they come, and none is missed that does not.
    pub fn always(&self, path: &str, response: Response) {
        self.standing.lock().unwrap().insert(path.to_owned(), response);
    }

    /// The discovery document and the keys can be had at any time.
    pub fn publishes(&self) {
        self.always("/.well-known/openid-configuration", json(200, &discovery()));
        self.always("/jwks", json(200, &jwks()));
    }

    /// Announces a request that gets no answer.
    pub fn fails(&self, path: &str, kind: HttpFailureKind) {
        self.expect(path, move |_| Err(HttpFailure { what: "as the test wants".into(), kind }));
    }

    /// Announces a refresh with that token.
    pub fn refreshes(&self, now: Time, token: &'static str, answer: Answer) {
        self.expect("/connect/token", move |seen| {
            assert_eq!(seen.field("grant_type").as_deref(), Some("refresh_token"));
            assert_eq!(seen.field("refresh_token").as_deref(), Some(token));
            Ok(answer.response(now, None))
        });
    }

    /// Announces a refresh that the provider refuses.
    pub fn refuses(&self, error: &'static str) {
        self.answers("/connect/token", json(400, &serde_json::json!({ "error": error })));
    }

    /// Announces requests for its discovery document and its keys.
    pub fn announces_itself(&self) {
        self.announces_discovery();
        self.answers("/jwks", json(200, &jwks()));
    }

    /// Announces a request for its discovery document.
    pub fn announces_discovery(&self) {
        self.answers("/.well-known/openid-configuration", json(200, &discovery()));
    }

    /// Announces the revocation of that refresh token, with no more than it takes.
    pub fn revokes(&self, token: &'static str) {
        self.expect("/connect/revocation", move |seen| {
            let body = format!("token={token}&token_type_hint=refresh_token&client_id=app");
            assert_eq!((seen.body.as_str(), &seen.authorization), (body.as_str(), &None));
            Ok(Response { status: 200, headers: Vec::new(), body: Vec::new() })
        });
    }

    /// The paths that requests came to, in their order.
    pub fn paths(&self) -> Vec<String> {
        self.seen.lock().unwrap().iter().map(|seen| seen.path.clone()).collect()
    }

    /// Announces all that a login needs.
    pub fn announces_login(&self, browser: &Arc<TestBrowser>, now: Time, answer: Answer) {
        self.announces_itself();
        self.grants(browser, now, answer);
    }

    /// Announces the exchange of a code for that answer.
    pub fn grants(&self, browser: &Arc<TestBrowser>, now: Time, answer: Answer) {
        let browser = Arc::clone(browser);
        self.expect("/connect/token", move |seen| {
            assert_eq!(seen.field("grant_type").as_deref(), Some("authorization_code"));
            let url = browser.request().expect("the user was sent to the provider");
            Ok(answer.response(now, Some(&parameter(&url, "nonce"))))
        });
    }

    /// How many requests came to that path.
    pub fn count(&self, path: &str) -> usize {
        self.seen.lock().unwrap().iter().filter(|seen| seen.path == path).count()
    }

    /// The last request to that path.
    pub fn last(&self, path: &str) -> Seen {
        self.seen.lock().unwrap().iter().rev().find(|seen| seen.path == path).cloned().expect("a request")
    }

    #[track_caller]
    pub fn check(&self, command: &[&str]) {
        let unexpected = self.unexpected.lock().unwrap();
        assert!(unexpected.is_empty(), "{command:?} made unexpected requests: {unexpected:?}");
        let missing: Vec<String> = self.announced.lock().unwrap().iter().map(|(path, _)| path.clone()).collect();
        assert!(missing.is_empty(), "{command:?} did not make these requests: {missing:?}");
    }
}

impl Http for Provider {
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
        let seen = Seen { method: request.method, path, query, authorization, body, deadline };
        self.seen.lock().unwrap().push(seen.clone());
        let mut announced = self.announced.lock().unwrap();
        let Some(at) = announced.iter().position(|(path, _)| *path == seen.path) else {
            if let Some(response) = self.standing.lock().unwrap().get(&seen.path) {
                return Ok(response.clone());
            }
            self.unexpected.lock().unwrap().push(seen.path);
            return Err(HttpFailure { what: "unexpected request".into(), kind: HttpFailureKind::NotSent });
        };
        let (_, answer) = announced.remove(at).expect("it is there");
        drop(announced);
        answer(&seen)
    }
}
