//! Handles each request: checks it, and passes candidates from the server's thread to the waiting command.

use super::pages::{self, PageText};
use super::peer::Peer;
use crate::adapters::system::SystemClock;
use crate::domain::mutex::lock_mutex;
use crate::domain::secret::Secret;
use crate::ports::{Clock, IgnoredRequest};
use http_body_util::Full;
use hyper::body::{Body, Bytes};
use hyper::header::{ACCEPT_LANGUAGE, ALLOW, CONTENT_LENGTH, HOST, HeaderValue, LOCATION, TRANSFER_ENCODING};
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode};
use std::collections::VecDeque;
use std::mem::{Discriminant, discriminant};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{oneshot, watch};

/// How long the browser may take to fetch the last page, or the final redirect.
pub(super) const LAST_PAGE_FETCH_TIMEOUT: Duration = Duration::from_secs(2);
/// How long a browser waits for the last page.
const LAST_PAGE_READY_TIMEOUT: Duration = Duration::from_secs(15);

/// A valid request whose raw query must be judged.
pub(super) struct Candidate {
    pub(super) query: Secret,
    /// Dropped with the candidate; the request then looks into the state whether its query is the accepted one.
    _verdict: oneshot::Sender<()>,
}

/// Requests wait here for a verdict, and browsers for the last page.
pub(super) struct RequestHandler {
    /// The valid values of `Host`; without a port too if it is the scheme's own.
    hosts: Vec<String>,
    path: String,
    /// Where the browser is redirected: our last page, or another server.
    redirect_to: Secret,
    /// Whether that is another server: the redirect is then the last response.
    is_external: bool,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Candidate>,
    accepted: Option<Secret>,
    /// Browsers wait for it.
    last_page: watch::Sender<Option<PageText>>,
    redirected: bool,
    page_sent: bool,
    unreported: VecDeque<IgnoredRequest>,
    reported: Vec<Discriminant<IgnoredRequest>>,
}

enum RequestKind {
    Callback(Secret),
    LastPage,
}

impl RequestHandler {
    /// Waits at `path` and redirects the browser to `target`, or to a page of its own.
    pub(super) fn new(host: &str, port: u16, path: &str, target: Option<Secret>) -> Self {
        let mut hosts = vec![format!("{host}:{port}")];
        if port == 80 {
            hosts.push(host.to_owned());
        }
        let is_external = target.is_some();
        let redirect_to = target.unwrap_or_else(|| Secret::new(if path == "/done" { "/finished" } else { "/done" }));
        let path = path.to_owned();
        Self { hosts, path, redirect_to, is_external, state: Mutex::default(), changed: Condvar::new() }
    }

    /// The next candidate; `None` on timeout. Meanwhile `ignored` gets each kind of ignored request once.
    pub(super) fn next(&self, timeout: Duration, ignored: &dyn Fn(IgnoredRequest)) -> Option<Candidate> {
        let clock = SystemClock::start();
        loop {
            let nothing_new = |state: &mut State| state.queue.is_empty() && state.unreported.is_empty();
            let left = timeout.saturating_sub(clock.uptime());
            let waiting = self.changed.wait_timeout_while(lock_mutex(&self.state), left, nothing_new);
            let mut state = waiting.unwrap_or_else(PoisonError::into_inner).0;
            let Some(unreported) = state.unreported.pop_front() else { return state.queue.pop_front() };
            drop(state);
            ignored(unreported);
        }
    }

    fn is_allowed(&self, peer: Peer) -> bool {
        if let Peer::OtherUser(id) = peer {
            self.report_ignored(IgnoredRequest::AnotherUser(id));
        }
        peer == Peer::SameUser
    }

    /// Reports the first of each kind.
    pub(super) fn report_ignored(&self, what: IgnoredRequest) {
        let mut state = lock_mutex(&self.state);
        if !state.reported.contains(&discriminant(&what)) {
            state.reported.push(discriminant(&what));
            state.unreported.push_back(what);
            self.changed.notify_all();
        }
    }

    /// Accepts the candidate. All others are woken and compared with it.
    pub(super) fn accept(&self, candidate: Candidate) -> Secret {
        let mut state = lock_mutex(&self.state);
        state.accepted = Some(candidate.query.clone());
        // Its response is on the way, and `finish` must wait for it.
        state.redirected = true;
        state.queue.clear();
        candidate.query
    }

    /// Shows the last page; waits until it was sent, if the browser was redirected.
    pub(super) fn finish(&self, end: PageText) {
        let mut state = lock_mutex(&self.state);
        state.last_page.send_replace(Some(end));
        state.queue.clear();
        let unseen = |state: &mut State| state.redirected && !state.page_sent;
        drop(self.changed.wait_timeout_while(state, LAST_PAGE_FETCH_TIMEOUT, unseen));
    }

    pub(super) fn last_page_sent(&self) {
        lock_mutex(&self.state).page_sent = true;
        self.changed.notify_all();
    }

    /// The response, and whether it is the last page. `peer` matters only for a valid request.
    pub(super) async fn respond(
        &self,
        request: Parts,
        body: &impl Body,
        peer: impl Future<Output = Peer>,
    ) -> (Response<Full<Bytes>>, bool) {
        let language = request.headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let status = match self.classify(&request, body) {
            Err(status) => {
                self.ignored_kind(status, &request).into_iter().for_each(|what| self.report_ignored(what));
                status
            }
            Ok(_) if !self.is_allowed(peer.await) => StatusCode::FORBIDDEN,
            Ok(RequestKind::Callback(query)) if self.is_accepted(&query).await => StatusCode::SEE_OTHER,
            Ok(RequestKind::Callback(_)) => StatusCode::BAD_REQUEST,
            Ok(RequestKind::LastPage) => match self.last_page().await {
                Some(end) => return (page(StatusCode::OK, end.for_reader(language)), true),
                None => StatusCode::NOT_FOUND,
            },
        };
        let text = match status {
            StatusCode::SEE_OTHER => pages::NEUTRAL,
            StatusCode::NOT_FOUND => pages::NOT_FOUND,
            _ => pages::BAD_REQUEST,
        };
        let mut response = page(status, text.for_reader(language));
        match status {
            StatusCode::SEE_OTHER => HeaderValue::from_str(self.redirect_to.expose())
                .ok()
                .and_then(|done| response.headers_mut().insert(LOCATION, done)),
            StatusCode::METHOD_NOT_ALLOWED => response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET")),
            _ => None,
        };
        (response, self.is_external && status == StatusCode::SEE_OTHER)
    }

    /// Checks `Host` first (DNS rebinding), then the exact path, the method, and that there is no body.
    fn classify(&self, request: &Parts, body: &impl Body) -> Result<RequestKind, StatusCode> {
        let mut hosts = request.headers.get_all(HOST).iter();
        let (Some(host), None) = (hosts.next(), hosts.next()) else { return Err(StatusCode::BAD_REQUEST) };
        if !self.hosts.iter().any(|right| right.as_bytes() == host.as_bytes()) {
            return Err(StatusCode::MISDIRECTED_REQUEST);
        }
        if request.uri.authority().is_some() || request.uri.scheme().is_some() {
            return Err(StatusCode::BAD_REQUEST);
        }
        let (path, query) = (request.uri.path(), request.uri.query());
        if path != self.path && path != self.redirect_to.expose() {
            return Err(StatusCode::NOT_FOUND);
        }
        if request.method != Method::GET {
            return Err(StatusCode::METHOD_NOT_ALLOWED);
        }
        let announced = [CONTENT_LENGTH, TRANSFER_ENCODING].iter().any(|name| request.headers.contains_key(name));
        if announced || !body.is_end_stream() {
            return Err(StatusCode::BAD_REQUEST);
        }
        match query {
            query if path == self.path => Ok(RequestKind::Callback(Secret::new(query.unwrap_or_default()))),
            None => Ok(RequestKind::LastPage),
            Some(_) => Err(StatusCode::NOT_FOUND),
        }
    }

    /// What is wrong with a request that could have been the redirect. Browsers also ask for icons, and send preflight
    /// requests.
    fn ignored_kind(&self, status: StatusCode, request: &Parts) -> Option<IgnoredRequest> {
        let query = request.uri.query().unwrap_or_default();
        let mut names = url::form_urlencoded::parse(query.as_bytes()).map(|(name, _)| name);
        if request.uri.path() != self.path && !names.any(|name| matches!(&*name, "code" | "error")) {
            return None;
        }
        match status {
            StatusCode::NOT_FOUND => Some(IgnoredRequest::AnotherPath),
            StatusCode::MISDIRECTED_REQUEST => Some(IgnoredRequest::AnotherHost),
            StatusCode::METHOD_NOT_ALLOWED if [Method::HEAD, Method::OPTIONS].contains(&request.method) => None,
            StatusCode::METHOD_NOT_ALLOWED => Some(IgnoredRequest::AnotherMethod),
            _ => Some(IgnoredRequest::NotHttp),
        }
    }

    /// Whether the query is the accepted one; waits for the verdict on a new one.
    async fn is_accepted(&self, query: &Secret) -> bool {
        let verdict = {
            let mut state = lock_mutex(&self.state);
            if state.accepted.is_some() || state.last_page.borrow().is_some() {
                return state.accepted.as_ref() == Some(query);
            }
            let (verdict, outcome) = oneshot::channel();
            state.queue.push_back(Candidate { query: query.clone(), _verdict: verdict });
            self.changed.notify_all();
            outcome
        };
        let _dropped = verdict.await;
        lock_mutex(&self.state).accepted.as_ref() == Some(query)
    }

    /// The last page; `None` before a request was accepted. Waits until it is known, at most as long as a browser does.
    async fn last_page(&self) -> Option<PageText> {
        let mut last_page = {
            let state = lock_mutex(&self.state);
            state.accepted.as_ref()?;
            state.last_page.subscribe()
        };
        let _ = tokio::time::timeout(LAST_PAGE_READY_TIMEOUT, last_page.wait_for(Option::is_some)).await;
        let known = *last_page.borrow();
        Some(known.unwrap_or(pages::NEUTRAL))
    }
}

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
    let mut response = Response::new(Full::new(Bytes::from(html)));
    *response.status_mut() = status;
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// The whole response to bytes that are not a request.
pub(super) fn bad_request(status: StatusCode) -> Vec<u8> {
    let html = pages::BAD_REQUEST.for_reader("");
    let headers: String = HEADERS.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n{html}", html.len()).into_bytes()
}
