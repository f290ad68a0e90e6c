//! The network port, and the plain data it speaks.

use crate::domain::secret::Secret;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;
use url::Url;

/// The HTTP methods in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// GET: idempotent, so the one kind of request that may be sent a second time.
    Get,
    /// POST: never sent twice.
    Post,
}

impl Method {
    /// As it is sent.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// What a request carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// `application/x-www-form-urlencoded`, already encoded.
    Form(Secret),
    /// `application/json`, already serialised.
    Json(Secret),
}

/// One HTTP request as plain data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Where to. Never holds a secret.
    pub url: Url,
    /// `Authorization`, whole (`Bearer …`, `Basic …`).
    pub authorization: Option<Secret>,
    /// `Accept`.
    pub accept: &'static str,
    /// The body of a POST.
    pub body: Option<Body>,
    /// A PEM file of certificate authorities trusted beside the system's.
    pub ca_file: Option<PathBuf>,
    /// How long the answer is waited for, if less long than usual.
    pub deadline: Option<Duration>,
    /// The credentials in it, in every form a response may quote them in: they are cut out of its errors.
    pub secrets: Vec<Secret>,
}

/// One HTTP answer as plain data; redirects are not followed but handed over as they are.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Header names in lower case, with their values.
    pub headers: Vec<(String, String)>,
    /// The body, whole, at most 1 MiB.
    pub body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpFailure {
    /// What went wrong, for a person; printable.
    pub what: String,
    /// What that means.
    pub kind: HttpFailureKind,
}

/// What a missing answer means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpFailureKind {
    /// The request certainly did not reach the provider (no name, no connection, no TLS).
    NotSent,
    /// The provider may have acted on it: time ran out, the connection broke, the answer was too large.
    AnswerLost,
    /// The certificate did not check out: no time to try again.
    Certificate,
    /// The same, because no authority that is trusted here has signed it: a `ca_file` may be the remedy.
    UnknownAuthority,
    /// What the request depends on is set wrong: the `ca_file`, the proxy, `SSL_CERT_FILE`.
    Setting,
}

/// The network.
pub trait Http: Send + Sync {
    /// Sends `request` and reads the whole answer, within one total deadline. A GET is tried once more if no answer
    /// came; a POST never is.
    ///
    /// # Errors
    /// [`HttpFailure`] where there is no answer. Any status code is an answer.
    fn send(&self, request: &Request) -> Result<Response, HttpFailure>;
}

impl Response {
    /// The first header of that (lower-case) name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Response {{ status: {}, body: {} bytes }}", self.status, self.body.len())
    }
}
