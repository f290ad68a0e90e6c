//! What each request is answered: the checks in order, and the desk where the server's thread and the waiting command
//! meet.

use super::pages::{self, Text};
use super::peer::Peer;
use crate::domain::secret::Secret;
use crate::ports::Ignored;
use http_body_util::Full;
use hyper::body::{Body, Bytes};
use hyper::header::{ACCEPT_LANGUAGE, ALLOW, CONTENT_LENGTH, HOST, HeaderValue, LOCATION, TRANSFER_ENCODING};
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode};
use std::collections::VecDeque;
use std::mem::{Discriminant, discriminant};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// How long a browser is kept waiting for the page that says how it ended.
const HELD: Duration = Duration::from_secs(15);

/// A request of the right form, whose query somebody has to judge.
pub(super) struct Candidate {
    /// The raw query.
    pub(super) query: Secret,
    /// Dropped without a word, it sends the request to look at the desk again.
    verdict: oneshot::Sender<()>,
}

impl Candidate {
    /// Not ours: the request is answered so, and the wait goes on.
    pub(super) fn decline(self) {
        let _ = self.verdict.send(());
    }
}

/// Where requests wait for a verdict, and browsers for the end.
pub(super) struct Desk {
    /// The one value of `Host` that is right (and the one without its port, where that is the scheme's own).
    hosts: Vec<String>,
    path: String,
    /// Where the browser is sent on to: the page that says how it ended, or somebody else's.
    done: Secret,
    /// Whether that is somebody else's: then the redirect is the last that is seen of the browser.
    elsewhere: bool,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Candidate>,
    accepted: Option<Secret>,
    /// Browsers held; dropping one wakes it.
    held: Vec<oneshot::Sender<()>>,
    end: Option<Text>,
    redirected: bool,
    shown: bool,
    /// What was ignored and is yet to be told.
    news: VecDeque<Ignored>,
    /// The kinds of what was ever ignored: none is told twice.
    met: Vec<Discriminant<Ignored>>,
}

/// What a request turns out to be.
enum Asked {
    Callback(Secret),
    Done,
    Wrong(StatusCode),
}

impl Desk {
    /// For a server at that authority that waits at `path` and sends the browser on to `done`, or to a page of its own.
    pub(super) fn new(host: &str, port: u16, path: &str, done: Option<Secret>) -> Self {
        let mut hosts = vec![format!("{host}:{port}")];
        if port == 80 {
            hosts.push(host.to_owned());
        }
        let elsewhere = done.is_some();
        let done = done.unwrap_or_else(|| Secret::new(if path == "/done" { "/finished" } else { "/done" }));
        Self { hosts, path: path.to_owned(), done, elsewhere, state: Mutex::default(), changed: Condvar::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next request to judge, if one comes in time. Meanwhile `ignored` is told of what was, each kind once.
    #[allow(clippy::disallowed_methods)] // a deadline for a condition variable, which knows no other clock
    pub(super) fn next(&self, patience: Duration, ignored: &dyn Fn(Ignored)) -> Option<Candidate> {
        let start = Instant::now();
        loop {
            let nothing_new = |state: &mut State| state.queue.is_empty() && state.news.is_empty();
            let left = patience.saturating_sub(start.elapsed());
            let waiting = self.changed.wait_timeout_while(self.state(), left, nothing_new);
            let mut state = waiting.unwrap_or_else(PoisonError::into_inner).0;
            let Some(news) = state.news.pop_front() else { return state.queue.pop_front() };
            drop(state);
            ignored(news);
        }
    }

    /// Whether what is here is for `visitor`.
    fn admits(&self, visitor: Peer) -> bool {
        if let Peer::Stranger(id) = visitor {
            self.ignored(Ignored::AnotherUser(id));
        }
        visitor == Peer::Welcome
    }

    /// Has it told, if it is the first of its kind.
    pub(super) fn ignored(&self, what: Ignored) {
        let mut state = self.state();
        if !state.met.contains(&discriminant(&what)) {
            state.met.push(discriminant(&what));
            state.news.push_back(what);
            self.changed.notify_all();
        }
    }

    /// Takes the candidate; every other one waiting is woken and compared with it.
    pub(super) fn accept(&self, candidate: Candidate) -> Secret {
        let mut state = self.state();
        state.accepted = Some(candidate.query.clone());
        // Its request is on the way to be redirected: whoever ends now has to wait for it.
        state.redirected = true;
        state.queue.clear();
        candidate.query
    }

    /// Lets the browser know; waits until it does, if it was sent on at all.
    pub(super) fn finish(&self, end: Text, patience: Duration) {
        let mut state = self.state();
        state.end = Some(end);
        state.queue.clear();
        state.held.clear();
        let unseen = |state: &mut State| state.redirected && !state.shown;
        drop(self.changed.wait_timeout_while(state, patience, unseen));
    }

    /// A connection has carried the last page.
    pub(super) fn seen(&self) {
        self.state().shown = true;
        self.changed.notify_all();
    }

    /// The answer, and whether it is the last page. Who the `visitor` is matters only to a request that is right.
    pub(super) async fn answer(
        &self,
        request: Parts,
        body: &impl Body,
        visitor: impl Future<Output = Peer>,
    ) -> (Response<Full<Bytes>>, bool) {
        let language = request.headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let asked = match self.asked(&request, body) {
            Asked::Wrong(status) => {
                self.wrong(status, &request).into_iter().for_each(|what| self.ignored(what));
                Asked::Wrong(status)
            }
            _ if !self.admits(visitor.await) => Asked::Wrong(StatusCode::FORBIDDEN),
            right => right,
        };
        let (status, text) = match asked {
            Asked::Callback(query) if self.is_ours(&query).await => (StatusCode::SEE_OTHER, pages::NEUTRAL),
            Asked::Callback(_) => (StatusCode::BAD_REQUEST, pages::BAD_REQUEST),
            Asked::Done => match self.end().await {
                Some(end) => return (page(StatusCode::OK, end.for_reader(language)), true),
                None => (StatusCode::NOT_FOUND, pages::NOT_FOUND),
            },
            Asked::Wrong(StatusCode::NOT_FOUND) => (StatusCode::NOT_FOUND, pages::NOT_FOUND),
            Asked::Wrong(status) => (status, pages::BAD_REQUEST),
        };
        let mut answer = page(status, text.for_reader(language));
        match status {
            StatusCode::SEE_OTHER => HeaderValue::from_str(self.done.expose())
                .ok()
                .and_then(|done| answer.headers_mut().insert(LOCATION, done)),
            StatusCode::METHOD_NOT_ALLOWED => answer.headers_mut().insert(ALLOW, HeaderValue::from_static("GET")),
            _ => None,
        };
        (answer, self.elsewhere && status == StatusCode::SEE_OTHER)
    }

    /// `Host` first (DNS rebinding), then the exact path, the method, the absence of a body.
    fn asked(&self, request: &Parts, body: &impl Body) -> Asked {
        let mut hosts = request.headers.get_all(HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else { return Asked::Wrong(StatusCode::BAD_REQUEST) };
        if !self.hosts.iter().any(|right| right.as_bytes() == host.as_bytes()) {
            return Asked::Wrong(StatusCode::MISDIRECTED_REQUEST);
        }
        if request.uri.authority().is_some() || request.uri.scheme().is_some() {
            return Asked::Wrong(StatusCode::BAD_REQUEST);
        }
        let (path, query) = (request.uri.path(), request.uri.query());
        if path != self.path && path != self.done.expose() {
            return Asked::Wrong(StatusCode::NOT_FOUND);
        }
        if request.method != Method::GET {
            return Asked::Wrong(StatusCode::METHOD_NOT_ALLOWED);
        }
        let announced = [CONTENT_LENGTH, TRANSFER_ENCODING].iter().any(|name| request.headers.contains_key(name));
        if announced || !body.is_end_stream() {
            return Asked::Wrong(StatusCode::BAD_REQUEST);
        }
        match query {
            query if path == self.path => Asked::Callback(Secret::new(query.unwrap_or_default())),
            None => Asked::Done,
            Some(_) => Asked::Wrong(StatusCode::NOT_FOUND),
        }
    }

    /// What was wrong with a request that got `status`, if it could have been the redirect: browsers ask for icons, and ask
    /// beforehand whether they may ask.
    fn wrong(&self, status: StatusCode, request: &Parts) -> Option<Ignored> {
        let query = request.uri.query().unwrap_or_default();
        let mut names = url::form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name);
        if request.uri.path() != self.path && !names.any(|name| matches!(&*name, "code" | "error")) {
            return None;
        }
        match status {
            StatusCode::NOT_FOUND => Some(Ignored::AnotherPath),
            StatusCode::MISDIRECTED_REQUEST => Some(Ignored::AnotherHost),
            StatusCode::METHOD_NOT_ALLOWED if [Method::HEAD, Method::OPTIONS].contains(&request.method) => None,
            StatusCode::METHOD_NOT_ALLOWED => Some(Ignored::AnotherMethod),
            _ => Some(Ignored::NotHttp),
        }
    }

    /// Whether the query is, or repeats, the accepted one; waits for the verdict on a new one.
    async fn is_ours(&self, query: &Secret) -> bool {
        let verdict = {
            let mut state = self.state();
            if state.accepted.is_some() || state.end.is_some() {
                return state.repeats(query);
            }
            let (verdict, told) = oneshot::channel();
            state.queue.push_back(Candidate { query: query.clone(), verdict });
            self.changed.notify_all();
            told
        };
        // An error is the desk's way of saying: something was decided, look again.
        verdict.await.is_err() && self.state().repeats(query)
    }

    /// How it ended; `None` before anything was accepted. Held until it is known, or too long for a browser.
    async fn end(&self) -> Option<Text> {
        let news = {
            let mut state = self.state();
            state.accepted.as_ref()?;
            let (sender, news) = oneshot::channel();
            if state.end.is_none() {
                state.held.push(sender);
            }
            news
        };
        let _ = tokio::time::timeout(HELD, news).await;
        Some(self.state().end.unwrap_or(pages::NEUTRAL))
    }
}

impl State {
    fn repeats(&self, query: &Secret) -> bool {
        self.accepted.as_ref() == Some(query)
    }
}

/// The headers of every answer, beside the length.
pub(super) const HEADERS: [(&str, &str); 7] = [
    ("content-type", "text/html; charset=utf-8"),
    ("content-security-policy", pages::POLICY),
    ("cache-control", "no-store"),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
    ("connection", "close"),
    ("vary", "accept-language"),
];

fn page(status: StatusCode, html: String) -> Response<Full<Bytes>> {
    let mut answer = Response::new(Full::new(Bytes::from(html)));
    *answer.status_mut() = status;
    for (name, value) in HEADERS {
        answer.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    answer
}

/// The answer to bytes that are no request, whole.
pub(super) fn unreadable(status: StatusCode) -> Vec<u8> {
    let html = pages::BAD_REQUEST.for_reader("");
    let headers: String = HEADERS.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n{html}", html.len()).into_bytes()
}
