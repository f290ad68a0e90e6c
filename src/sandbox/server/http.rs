//! HTTP requests and responses as plain data, read from and written to tiny_http.

use crate::domain::time::Time;
use crate::sandbox::engine::Note;
use crate::sandbox::{Language, OAuthError, Params, Reason};
use serde_json::{Value, json};
use std::io::{self, Cursor, Read, Write};
use std::time::Duration;
use tiny_http::Method;

const MAX_BODY_BYTES: u64 = 64 * 1024;

/// The largest declared length of a refused body whose rest is read and thrown away.
const MAX_DRAINED_BYTES: usize = 64 * 1024 * 1024;

/// The largest declared length of a body that tiny_http reads before it hands out the request.
const BUFFERED_BYTES: usize = 1_024;

pub struct Request<'a> {
    /// `HEAD` is read as `GET`.
    pub method: &'a str,
    pub path: &'a str,
    /// Still encoded.
    pub query: &'a str,
    headers: &'a [tiny_http::Header],
    pub body: String,
    /// By the clock's uptime.
    pub received_at: Duration,
}

impl<'a> Request<'a> {
    pub fn new(incoming: &'a tiny_http::Request, body: String, received_at: Duration) -> Self {
        let (path, query) = incoming.url().split_once('?').unwrap_or((incoming.url(), ""));
        let method = if *incoming.method() == Method::Head { "GET" } else { incoming.method().as_str() };
        Self { method, path, query, headers: incoming.headers(), body, received_at }
    }

    pub fn is_control(&self) -> bool {
        self.path.starts_with("/sandbox/")
    }

    /// The first header of that name.
    pub fn header(&self, name: &'static str) -> Option<&str> {
        self.headers.iter().find(|header| header.field.equiv(name)).map(|header| header.value.as_str())
    }

    /// The parameters in the body of a POST, otherwise in the query.
    pub fn params(&self) -> Params {
        Params::parse(if self.method == "POST" { &self.body } else { self.query })
    }

    pub fn cookie(&self, name: &str) -> Option<&str> {
        let mut cookies = self.header("cookie")?.split(';').filter_map(|cookie| cookie.trim().split_once('='));
        cookies.find(|(n, _)| *n == name).map(|(_, value)| value)
    }

    /// The bearer token (RFC 6750 2.1).
    pub fn bearer_token(&self) -> Option<&str> {
        let (scheme, token) = self.header("authorization")?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("Bearer").then(|| token.trim())
    }

    /// Whether `Origin` is this host, or absent.
    pub fn is_same_origin(&self) -> bool {
        let Some(origin) = self.header("origin") else { return true };
        let authority = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
        authority.is_some() && authority == self.header("host")
    }
}

/// The response of an endpoint, or its refusal.
pub type Answer = Result<Response, Response>;

#[derive(Clone)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: String,
    /// What the event says about it.
    pub note: Box<Note>,
}

impl Response {
    /// A response with `Cache-Control: no-store`.
    pub fn new(status: u16, content_type: &str, body: impl Into<String>) -> Self {
        let headers = vec![("Content-Type", content_type.to_owned()), ("Cache-Control", "no-store".to_owned())];
        Self { status, headers, body: body.into(), note: Box::default() }
    }

    pub fn text(status: u16, body: impl Into<String>) -> Self {
        Self::new(status, "text/plain; charset=utf-8", body)
    }

    pub fn json(status: u16, body: &Value) -> Self {
        Self::new(status, "application/json", body.to_string())
    }

    #[must_use]
    pub fn with_note(self, note: Note) -> Self {
        Self { note: Box::new(note), ..self }
    }

    pub fn refusal(status: u16, reason: Reason) -> Self {
        Self::text(status, reason.sentence(Language::English)).with_reason(reason)
    }

    #[must_use]
    pub fn with_reason(mut self, reason: Reason) -> Self {
        self.note.reason = Some(reason);
        self
    }

    /// A redirect that the browser follows with GET.
    pub fn see_other(location: &str) -> Self {
        Self::text(303, "").with_header("Location", location)
    }

    /// The response with this header, which replaces one of the same name.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.into()));
        self
    }

    /// Writes the response to the socket, with `now` as its date. With `drains`, it first reads the rest of the body, unless that is very
    /// long.
    ///
    /// Otherwise it neither waits for the rest nor allocates what was declared, as tiny_http does when it drops a body, and
    /// leaves that connection to the client. Only `upgrade` gives the writer and the body without dropping the body; what it
    /// has to send first is an interim response (RFC 9110 15.2.1).
    pub fn send(self, incoming: tiny_http::Request, now: Time, drains: bool) {
        let bytes = self.bytes(&incoming, now);
        // The client may have disconnected. One write: the second of two would wait for the client's delayed
        // acknowledgement of the first.
        let write = |writer: &mut dyn Write| drop(writer.write_all(&bytes).and_then(|()| writer.flush()));
        let is_drained = drains && incoming.body_length().is_none_or(|length| length <= MAX_DRAINED_BYTES);
        if is_drained || is_whole(&incoming) {
            return write(&mut incoming.into_writer());
        }
        let mut stream = incoming.upgrade("HTTP/1.1", tiny_http::Response::empty(100));
        write(&mut stream);
        std::mem::forget(stream);
    }

    fn bytes(self, incoming: &tiny_http::Request, now: Time) -> Vec<u8> {
        let mut response =
            tiny_http::Response::new(self.status.into(), Vec::new(), Cursor::new(Vec::new()), None, None);
        let date = jiff::Timestamp::from_second(now.unix()).unwrap_or_default();
        let date = date.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string(); // RFC 9110 5.6.7
        let always = [("Date", date), ("X-Content-Type-Options", "nosniff".to_owned())];
        for (name, value) in self.headers.into_iter().chain(always) {
            if let Ok(header) = tiny_http::Header::from_bytes(name, value) {
                response.add_header(header);
            }
        }
        let length = self.body.len();
        let response = response.with_data(Cursor::new(self.body.into_bytes()), Some(length));
        let (mut bytes, without_body) = (Vec::new(), *incoming.method() == Method::Head);
        let version = incoming.http_version().clone();
        // Writing to memory does not fail.
        let _ = response.raw_print(&mut bytes, version, incoming.headers(), without_body, None);
        bytes
    }
}

/// An error response (RFC 6749 5.2).
impl From<OAuthError> for Response {
    fn from(error: OAuthError) -> Self {
        let mut body = json!({"error": error.error});
        if !error.description.is_empty() {
            body["error_description"] = error.description.as_str().into();
        }
        let response = match error.error {
            "invalid_client" => Self::json(401, &body).with_header("WWW-Authenticate", "Basic realm=\"sandbox\""),
            _ => Self::json(400, &body),
        };
        response.with_note(error.note())
    }
}

impl From<io::Error> for Response {
    fn from(error: io::Error) -> Self {
        let text = format!("server_error: {error}");
        Self::text(500, text.as_str()).with_reason(Reason::Described { text })
    }
}

/// Whether the body has come.
pub fn is_whole(incoming: &tiny_http::Request) -> bool {
    incoming.body_length().is_none_or(|length| length <= BUFFERED_BYTES)
        && !incoming.headers().iter().any(|header| header.field.equiv("Transfer-Encoding"))
}

/// The body read from the socket; `None` if it is too long, cut short or not UTF-8.
pub fn read_body(incoming: &mut tiny_http::Request) -> Option<String> {
    if incoming.body_length().is_some_and(|length| length as u64 > MAX_BODY_BYTES) {
        return None;
    }
    let mut bytes = Vec::new();
    incoming.as_reader().take(MAX_BODY_BYTES + 1).read_to_end(&mut bytes).ok()?;
    String::from_utf8(bytes).ok().filter(|body| body.len() as u64 <= MAX_BODY_BYTES)
}
