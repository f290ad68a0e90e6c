//! The HTTP port.

use crate::domain::secret::Secret;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;
use url::Url;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
}

impl Method {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// `application/x-www-form-urlencoded`, already encoded.
    Form(Secret),
    /// `application/json`, already serialised.
    Json(Secret),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub method: Method,
    /// Never holds a secret.
    pub url: Url,
    /// The whole header value (`Bearer …`, `Basic …`).
    pub authorization: Option<Secret>,
    pub accept: &'static str,
    pub body: Option<Body>,
    /// A PEM file of certificate authorities, trusted in addition to the system's.
    pub ca_file: Option<PathBuf>,
    /// A deadline shorter than the usual one.
    pub deadline: Option<Duration>,
    /// The credentials in this request, in every form a response may quote them; they are removed from error messages.
    pub secrets: Vec<Secret>,
}

/// Redirects are not followed but returned.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    pub status: u16,
    /// Names are in lower case.
    pub headers: Vec<(String, String)>,
    /// Complete, at most 1 MiB.
    pub body: Vec<u8>,
}

/// SelectionReason there is no response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpFailure {
    /// For a person; printable.
    pub message: String,
    pub kind: HttpFailureKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpFailureKind {
    /// The request certainly did not reach the provider (DNS, connection or TLS failed).
    NotSent,
    /// The provider may have processed it: timeout, broken connection, or a response that is too large.
    ResponseLost,
    Certificate,
    /// The certificate's authority is not trusted; a `ca_file` may help.
    UnknownAuthority,
    /// The `ca_file`, the proxy or `SSL_CERT_FILE` is set wrongly.
    InvalidSetting,
}

pub trait Http: Send + Sync {
    /// Sends `request` and reads the whole response, whatever its status code, within one deadline. A GET without a response
    /// is sent once more; a POST never is.
    fn send(&self, request: &Request) -> Result<Response, HttpFailure>;
    /// The proxy for `url` and the setting that names it, for a person, without credentials; `None` if there is none.
    fn proxy(&self, _url: &Url) -> Result<Option<String>, HttpFailure> {
        Ok(None)
    }
}

impl Response {
    /// The first header with this lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Response {{ status: {}, body: {} bytes }}", self.status, self.body.len())
    }
}
