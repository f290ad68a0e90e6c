//! Requests and answers as plain data, so that routes are functions; and their way from and to the socket.

use crate::domain::time::Time;
use crate::sandbox::params::{Params, Refusal};
use serde_json::{Value, json};
use std::io::{Cursor, Read, Write};

/// The most bytes of a body that are read; a longer one is refused.
const LONGEST_BODY: u64 = 64 * 1024;

/// A request.
#[derive(Clone, Default)]
pub struct Request {
    /// `GET`, `POST`, `OPTIONS`; a `HEAD` has become `GET`.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The query, still encoded.
    pub query: String,
    /// Header names in lower case, with their values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Request {
    /// Reads a request from the socket. `None` if its body is too long, cut short or no text.
    pub fn receive(incoming: &mut tiny_http::Request) -> Option<Self> {
        let (path, query) = incoming.url().split_once('?').unwrap_or((incoming.url(), ""));
        let (path, query) = (path.to_owned(), query.to_owned());
        let header = |h: &tiny_http::Header| (h.field.as_str().as_str().to_lowercase(), h.value.as_str().to_owned());
        let headers = incoming.headers().iter().map(header).collect();
        let method =
            if *incoming.method() == tiny_http::Method::Head { "GET".into() } else { incoming.method().to_string() };
        if incoming.body_length().is_some_and(|length| length as u64 > LONGEST_BODY) {
            return None;
        }
        let mut bytes = Vec::new();
        incoming.as_reader().take(LONGEST_BODY + 1).read_to_end(&mut bytes).ok()?;
        let body = String::from_utf8(bytes).ok().filter(|body| body.len() as u64 <= LONGEST_BODY)?;
        Some(Self { method, path, query, headers, body })
    }

    /// The first header of that (lower-case) name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The parameters: of a POST in the body, else in the query.
    pub fn params(&self) -> Params {
        Params::read(if self.method == "POST" { &self.body } else { &self.query })
    }

    /// The cookie of that name.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        let cookies = self.header("cookie")?.split(';').filter_map(|cookie| cookie.trim().split_once('='));
        cookies.into_iter().find(|(n, _)| *n == name).map(|(_, value)| value)
    }

    /// The bearer token (RFC 6750 2.1).
    pub fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.header("authorization")?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("Bearer").then(|| token.trim())
    }

    /// Whether the request comes from a page of the authority it goes to, or from no page at all.
    pub fn is_from_here(&self) -> bool {
        let here = self.header("host").map(|host| format!("http://{host}"));
        self.header("origin").is_none_or(|origin| Some(origin) == here.as_deref())
    }
}

/// An answer.
#[derive(Clone)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The headers, beside those that every answer has.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: String,
}

impl Response {
    /// An answer that nobody may keep.
    pub fn new(status: u16, content_type: &str, body: impl Into<String>) -> Self {
        let headers = vec![("Content-Type", content_type.to_owned()), ("Cache-Control", "no-store".to_owned())];
        Self { status, headers, body: body.into() }
    }

    /// Plain text.
    pub fn text(status: u16, body: impl Into<String>) -> Self {
        Self::new(status, "text/plain; charset=utf-8", body)
    }

    /// JSON.
    pub fn json(status: u16, body: &Value) -> Self {
        Self::new(status, "application/json", body.to_string())
    }

    /// An OAuth error (RFC 6749 5.2).
    pub fn refusal(refusal: &Refusal) -> Self {
        let mut body = json!({"error": refusal.error});
        if !refusal.description.is_empty() {
            body["error_description"] = refusal.description.as_str().into();
        }
        if refusal.error == "invalid_client" {
            return Self::json(401, &body).with("WWW-Authenticate", "Basic realm=\"sandbox\"");
        }
        Self::json(400, &body)
    }

    /// A redirect after which the browser sends a GET.
    pub fn see_other(location: &str) -> Self {
        Self::text(303, "").with("Location", location)
    }

    /// The answer with one more header, in the place of one of the same name.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.retain(|(n, _)| *n != name || name == "Set-Cookie");
        self.headers.push((name, value.into()));
        self
    }

    /// The answer as the socket takes it, dated by the sandbox's clock.
    pub fn send(self, incoming: tiny_http::Request, now: Time) {
        let mut answer = tiny_http::Response::new(self.status.into(), Vec::new(), Cursor::new(Vec::new()), None, None);
        let always = [("Date", http_date(now)), ("X-Content-Type-Options", "nosniff".to_owned())];
        for (name, value) in self.headers.into_iter().chain(always) {
            if let Ok(header) = tiny_http::Header::from_bytes(name, value) {
                answer.add_header(header);
            }
        }
        let length = self.body.len();
        let answer = answer.with_data(Cursor::new(self.body.into_bytes()), Some(length));
        // In one write: what is sent in two on a connection that is kept waits for the client's delayed acknowledgement.
        let (mut whole, without_body) = (Vec::new(), *incoming.method() == tiny_http::Method::Head);
        let version = incoming.http_version().clone();
        let printed = answer.raw_print(&mut whole, version, incoming.headers(), without_body, None);
        let mut writer = incoming.into_writer();
        // The client may have gone; there is nobody left to tell.
        let _ = printed.and_then(|()| writer.write_all(&whole)).and_then(|()| writer.flush());
    }
}

/// An HTTP date (RFC 9110 5.6.7, the fixed-length form).
fn http_date(time: Time) -> String {
    jiff::Timestamp::from_second(time.unix())
        .map_or_else(|_| String::new(), |t| t.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
}
