//! Redirect URIs: where they lead, and what a profile may register.

use crate::domain::text::printable;
use crate::oidc::discovery::rewritten_in_silence;
use crate::ports::ListenAt;
use url::{Host, Url};

/// Where the redirect goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RedirectUri {
    /// To a free port of this machine.
    AnyPort(ListenAt),
    /// To exactly this URI of this machine, byte for byte.
    Fixed(String, ListenAt),
    /// Elsewhere: the user pastes what the browser was sent to.
    Elsewhere(String),
}

/// Reads a registered redirect URI (RFC 8252 7.3): `127.0.0.1` without a port means any port; a loopback host with a
/// port exactly that one; anything else, an `https` page or a custom scheme, is not on this machine.
///
/// # Errors
/// A sentence, if it is no absolute URI, has a fragment (RFC 6749 3.1.2) or what no URI has, or is a loopback host that
/// needs a port or names port 0.
pub fn redirect_uri(text: &str) -> std::result::Result<RedirectUri, String> {
    let wrong = |what: &str| format!("redirect_uri `{}` {what}", printable(text));
    if let Some(why) = rewritten_in_silence(text) {
        return Err(wrong(why));
    }
    let url = Url::parse(text).map_err(|_| wrong("is no absolute URI"))?;
    if url.fragment().is_some() {
        return Err(wrong("has a fragment"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("has a user name or a password"));
    }
    let loopback = match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(domain)) => domain == "localhost",
        None => false,
    };
    if url.scheme() != "http" || !loopback {
        return Ok(RedirectUri::Elsewhere(text.to_owned()));
    }
    if url.query().is_some() {
        return Err(wrong("has a query"));
    }
    let host = url.host_str().unwrap_or_default().to_owned();
    let at = |port| ListenAt { host: host.clone(), port, path: url.path().to_owned() };
    match (explicit_port(text), host.as_str()) {
        // To bind it is to get another one, which is not registered.
        (Some(0), _) => Err(wrong("names port 0, which is none: leave the port out, or name the registered one")),
        (Some(port), "127.0.0.1" | "[::1]" | "localhost") => Ok(RedirectUri::Fixed(text.to_owned(), at(Some(port)))),
        (None, "127.0.0.1") => Ok(RedirectUri::AnyPort(at(None))),
        (None, _) => Err(wrong("needs a port: only http://127.0.0.1 may use any free one")),
        (Some(_), _) => Err(wrong("is another loopback address than 127.0.0.1, [::1] and localhost")),
    }
}

/// The port that is written out; `Url` forgets a written `:80`.
fn explicit_port(text: &str) -> Option<u16> {
    let authority = text.split_once("://")?.1.split(['/', '?']).next()?;
    authority.rsplit_once(':')?.1.parse().ok()
}
