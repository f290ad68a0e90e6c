//! Redirect URIs.

use crate::domain::text::printable;
use crate::oidc::discovery::{is_loopback_literal, url_ambiguity};
use crate::ports::ListenAddress;
use url::Url;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RedirectUri {
    AnyPort(ListenAddress),
    Fixed(String, ListenAddress),
    /// Not on this machine: the user pastes the URL that the browser was sent to.
    Elsewhere(String),
}

impl Default for RedirectUri {
    fn default() -> Self {
        Self::Elsewhere(String::new())
    }
}

/// The redirect URI that is registered as `text` (RFC 8252 7.3, RFC 6749 3.1.2). `127.0.0.1` without a port means any port;
/// another loopback host needs one. Anything else, such as `https` or a custom scheme, is not on this machine.
pub fn redirect_uri(text: &str) -> Result<RedirectUri, String> {
    let wrong = |what: &str| format!("redirect_uri `{}` {what}", printable(text));
    if let Some(why) = url_ambiguity(text) {
        return Err(wrong(why));
    }
    let url = Url::parse(text).map_err(|_| wrong("is not an absolute URI"))?;
    if url.fragment().is_some() {
        return Err(wrong("has a fragment"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("has a user name or a password"));
    }
    let loopback = is_loopback_literal(&url) || url.host_str() == Some("localhost");
    if url.scheme() != "http" || !loopback {
        return Ok(RedirectUri::Elsewhere(text.to_owned()));
    }
    if url.query().is_some() {
        return Err(wrong("has a query"));
    }
    let host = url.host_str().unwrap_or_default().to_owned();
    let at = |port| ListenAddress { host: host.clone(), port, path: url.path().to_owned() };
    match (explicit_port(text), host.as_str()) {
        // Binding port 0 gives a port that is not registered.
        (Some(0), _) => Err(wrong("has port 0, which is not allowed: leave the port out or name the registered one")),
        (Some(port), "127.0.0.1" | "[::1]" | "localhost") => Ok(RedirectUri::Fixed(text.to_owned(), at(Some(port)))),
        (None, "127.0.0.1") => Ok(RedirectUri::AnyPort(at(None))),
        (None, _) => Err(wrong("needs a port: only http://127.0.0.1 may leave it out")),
        (Some(_), _) => Err(wrong("uses another loopback address than 127.0.0.1, [::1] or localhost")),
    }
}

/// The port as written; `Url` drops `:80`.
fn explicit_port(text: &str) -> Option<u16> {
    let authority = text.split_once("://")?.1.split(['/', '?']).next()?;
    authority.rsplit_once(':')?.1.parse().ok()
}
