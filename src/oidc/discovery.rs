//! OpenID Connect Discovery 1.0: from a configured issuer to the provider's endpoints.

use super::Problem;
use super::response::{self, Object, invalid, lenient_string};
use crate::domain::text::printable;
use crate::domain::time::Seconds;
use crate::ports::{Method, Request, Response};
use serde_json::Value;
use std::path::Path;
use url::{Host, Url};

/// How the document is called in messages.
const RESPONSE_NAME: &str = "the discovery document";

/// An issuer as a user configures it: a URL that names a provider, checked and normalised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    /// As the user wrote it.
    configured: String,
    url: Url,
}

/// A provider: what its discovery document says, checked (Discovery 3; RFC 8414 2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// `issuer`: the document's own bytes, which every later comparison uses.
    pub issuer: String,
    /// `authorization_endpoint`, safe to hand to a program that opens URLs; or why no login may begin there, which stops
    /// nothing else.
    pub authorization_endpoint: Result<Url, String>,
    /// `token_endpoint`.
    pub token_endpoint: Url,
    /// `jwks_uri`.
    pub jwks_uri: Url,
    /// `userinfo_endpoint`.
    pub userinfo_endpoint: Option<Url>,
    /// `revocation_endpoint` (RFC 8414 2).
    pub revocation_endpoint: Option<Url>,
    /// Whether `revocation_endpoint_auth_methods_supported` has `none`, for clients without a secret; where it is missing,
    /// it has `client_secret_basic` alone (RFC 8414 2).
    pub lists_public_clients_for_revocation: bool,
    /// `end_session_endpoint` (RP-Initiated Logout 2.1).
    pub end_session_endpoint: Option<Url>,
    /// `custom_logout_endpoint`: TelenorID+'s own, a logout without a browser.
    pub custom_logout_endpoint: Option<Url>,
    /// The algorithms that ID tokens are signed with, as far as `id_token_signing_alg_values_supported` names any.
    pub id_token_algorithms: Vec<String>,
    /// `authorization_response_iss_parameter_supported` (RFC 9207 3): every authorization answer must then have `iss`.
    pub authorization_response_iss_parameter_supported: bool,
    /// Whether `subject_types_supported` is `pairwise` alone: then a `sub` differs per client (Core 8).
    pub is_pairwise: bool,
    /// The endpoints that not every job needs, where what is said of them cannot be used: the name, and why.
    unusable_endpoints: Vec<(&'static str, String)>,
}

impl Issuer {
    /// Reads what a user wrote: `https` (or `http` for a loopback address literal), a host, perhaps a port and a
    /// path; no query and no fragment (Discovery 3), no user name.
    ///
    /// # Errors
    /// A printable sentence saying what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        // A user name or password in it is refused below, and not repeated.
        let shown = text.rsplit_once('@').map_or(text, |(_, rest)| rest);
        let wrong = |why: &str| Err(format!("the issuer `{}` {why}", printable(shown)));
        if let Some(why) = url_ambiguity(text) {
            return wrong(why);
        }
        let Ok(url) = Url::parse(text) else { return wrong("is no URL") };
        match url.scheme() {
            "https" => {}
            "http" if is_loopback_literal(&url) => {}
            _ => return wrong("must be https (http is for 127.0.0.1 and [::1] only)"),
        }
        if url.query().is_some() || url.fragment().is_some() {
            return wrong("must have neither a query nor a fragment");
        }
        if text.contains('@') {
            return wrong("must not have a user name or password in it");
        }
        Ok(Self { configured: text.to_owned(), url })
    }

    /// The issuer in the one form that a URL has; without a slash where there is no path.
    pub fn as_str(&self) -> &str {
        let text = self.url.as_str();
        if self.is_bare_origin() { text.trim_end_matches('/') } else { text }
    }

    /// Whether it has no path: then a slash at its end makes no difference.
    fn is_bare_origin(&self) -> bool {
        self.url.path() == "/"
    }

    /// Whether a document's `issuer` names this issuer (Discovery 4.3).
    fn matches(&self, named: &str) -> bool {
        let named = if self.is_bare_origin() { named.strip_suffix('/').unwrap_or(named) } else { named };
        named == self.as_str() || named == self.configured
    }
}

/// The request for the provider's metadata: one `/` at the issuer's end removed, then the well-known path appended
/// (Discovery 4.1).
pub fn discovery_request(issuer: &Issuer, ca_file: Option<&Path>) -> Request {
    let mut url = issuer.url.clone();
    let path = url.path();
    url.set_path(&format!("{}/.well-known/openid-configuration", path.strip_suffix('/').unwrap_or(path)));
    get_request(url, "application/json", ca_file)
}

/// A GET without credentials.
pub(super) fn get_request(url: Url, accept: &'static str, ca_file: Option<&Path>) -> Request {
    Request {
        method: Method::Get,
        url,
        authorization: None,
        accept,
        body: None,
        ca_file: ca_file.map(Path::to_owned),
        deadline: None,
        secrets: Vec::new(),
    }
}

/// Reads the answer to [`discovery_request`]; `endpoint_hosts` as for [`Provider::from_json`].
///
/// # Errors
/// What `response::success_body` says of a status and of what cannot be the provider's; [`Problem::Invalid`] for what
/// [`Provider::from_json`] refuses.
pub fn accept_discovery(response: &Response, issuer: &Issuer, endpoint_hosts: &[String]) -> Result<Provider, Problem> {
    match response.status {
        200 => Provider::from_json(response::success_body(response, RESPONSE_NAME)?, issuer, endpoint_hosts),
        _ => Err(response::problem_from_status(response, RESPONSE_NAME)),
    }
}

/// No answer is kept longer than this, whatever it says.
pub const MAX_CACHE_LIFETIME: Seconds = Seconds::days(1);

/// How long an answer may be kept: its `max-age` (RFC 9111 5.2.2.1), nothing under `no-store` and `no-cache`, a day
/// where it does not say, and never longer than a day.
pub fn cache_lifetime(response: &Response) -> Seconds {
    let directives = response.headers.iter().filter(|(name, _)| name == "cache-control");
    let lives = directives.flat_map(|(_, value)| value.split(',')).filter_map(|directive| {
        let directive = directive.trim().to_ascii_lowercase();
        match directive.split_once('=').map_or((directive.as_str(), ""), |(name, value)| (name.trim(), value.trim())) {
            ("no-store" | "no-cache", _) => Some(Seconds::ZERO),
            // What is no number is no permission to keep anything.
            ("max-age", age) => Some(Seconds(age.trim_matches('"').parse::<u32>().unwrap_or(0).into())),
            _ => None,
        }
    });
    lives.fold(MAX_CACHE_LIFETIME, Seconds::min)
}

impl Provider {
    /// Reads a discovery document, be it fresh or from a cache.
    ///
    /// `endpoint_hosts` (`host` or `host:port`) are trusted for endpoints beside the issuer's own host and port.
    ///
    /// # Errors
    /// [`Problem::Invalid`], naming the member, if the document is not the issuer's, or has no token endpoint or keys, or
    /// such as lead elsewhere. What not every job needs is read as absent where it is odd, and missed by the job that
    /// needs it ([`Provider::missing_endpoint_reason`], `authorization_endpoint`).
    pub fn from_json(bytes: &[u8], issuer: &Issuer, endpoint_hosts: &[String]) -> Result<Self, Problem> {
        let document = response::object(bytes, RESPONSE_NAME)?;
        let named = check_issuer(&document, issuer)?;
        let usable = |name: &str, text: &str| {
            parse_endpoint(text, issuer, endpoint_hosts)
                .map_err(|why| format!("{RESPONSE_NAME}: `{name}` {why}: `{}`", printable(text)))
        };
        let required = |name: &str| match lenient_string(&document, name) {
            Some(text) => usable(name, text),
            None => Err(format!("{RESPONSE_NAME}: `{name}` is missing, or says nothing")),
        };
        let mut unusable_endpoints = Vec::new();
        let mut optional = |name: &'static str| {
            usable(name, lenient_string(&document, name)?).map_err(|why| unusable_endpoints.push((name, why))).ok()
        };
        Ok(Self {
            issuer: named,
            authorization_endpoint: check_pkce(&document)
                .and_then(|()| required("authorization_endpoint"))
                .and_then(without_reserved_parameters),
            token_endpoint: required("token_endpoint").map_err(Problem::Invalid)?,
            jwks_uri: required("jwks_uri").map_err(Problem::Invalid)?,
            userinfo_endpoint: optional("userinfo_endpoint"),
            revocation_endpoint: optional("revocation_endpoint"),
            lists_public_clients_for_revocation: string_list(&document, "revocation_endpoint_auth_methods_supported")
                .iter()
                .any(|method| method == "none"),
            end_session_endpoint: optional("end_session_endpoint"),
            custom_logout_endpoint: optional("custom_logout_endpoint"),
            id_token_algorithms: string_list(&document, "id_token_signing_alg_values_supported"),
            authorization_response_iss_parameter_supported: document
                .get("authorization_response_iss_parameter_supported")
                .is_some_and(is_truthy),
            is_pairwise: string_list(&document, "subject_types_supported") == ["pairwise"],
            unusable_endpoints,
        })
    }

    /// Why there is no endpoint of that name where one is needed: the document names none, or one that is not used.
    pub fn missing_endpoint_reason(&self, name: &str) -> String {
        let unusable = self.unusable_endpoints.iter().find(|(unusable, _)| *unusable == name);
        unusable.map_or_else(|| format!("the provider's discovery document has no `{name}`"), |(_, why)| why.clone())
    }
}

/// Discovery 4.3: the document must name the issuer it was asked for. Otherwise it may be another provider's, whose
/// endpoints would get this one's codes (RFC 9700 4.4, mix-up).
fn check_issuer(document: &Object, issuer: &Issuer) -> Result<String, Problem> {
    let named = response::required_string(document, "issuer", RESPONSE_NAME)?;
    if issuer.matches(named) {
        return Ok(named.to_owned());
    }
    let slash_apart = named.trim_end_matches('/') == issuer.as_str().trim_end_matches('/');
    let hint = if slash_apart { "; did you mean that one? The slash at the end matters" } else { "" };
    invalid(format!(
        "{RESPONSE_NAME} is not the issuer's: `{}` was asked for, it says `{}`{hint}",
        printable(&issuer.configured),
        printable(named)
    ))
}

/// RFC 7636 4.2, RFC 9700 2.1.1: S256 and nothing else. A provider that has no list is sent S256 all the same.
fn check_pkce(document: &Object) -> Result<(), String> {
    match document.get("code_challenge_methods_supported") {
        Some(Value::Array(methods)) if !methods.iter().any(|method| method == "S256") => {
            Err(format!("{RESPONSE_NAME}: `code_challenge_methods_supported` has no `S256`, and nothing less will do"))
        }
        _ => Ok(()),
    }
}

/// The strings of a list that is only looked at for advice: one that is missing or odd has none.
fn string_list(document: &Object, name: &str) -> Vec<String> {
    let list = document.get(name).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// An endpoint: an absolute URL on a host that is trusted with what is sent there; or why it is none.
fn parse_endpoint(text: &str, issuer: &Issuer, hosts: &[String]) -> Result<Url, &'static str> {
    if !has_only_safe_characters(text) {
        return Err("has characters in it that no endpoint needs");
    }
    if let Some(why) = url_ambiguity(text) {
        return Err(why);
    }
    let url = Url::parse(text).map_err(|_| "is no URL")?;
    // RFC 9700 2.6: no downgrade. Over http only what already is: a loopback issuer's own endpoints.
    let may_be_http = issuer.url.scheme() == "http" && is_loopback_literal(&url);
    if !(url.scheme() == "https" || url.scheme() == "http" && may_be_http) {
        return Err("is not https");
    }
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err("has a user name or a fragment");
    }
    if host_and_port(&url) != host_and_port(&issuer.url) && !hosts.iter().any(|host| entry_matches_host(host, &url)) {
        return Err("leads to another host than the issuer's, and `endpoint_hosts` does not name it");
    }
    Ok(url)
}

/// Whether a URL is written with nothing that a shell, a browser's command line or a template could take for its own:
/// letters, digits, `-._~:/?[]@&=+,`, and `%` only before two hexadecimal digits.
fn has_only_safe_characters(text: &str) -> bool {
    let bytes = text.as_bytes();
    let hex = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_hexdigit);
    text.contains("://")
        && bytes.iter().enumerate().all(|(at, byte)| match byte {
            b'%' => hex(at + 1) && hex(at + 2),
            _ => byte.is_ascii_alphanumeric() || b"-._~:/?[]@&=+,".contains(byte),
        })
}

/// RFC 6749 3.1 lets the authorization endpoint have a query of its own, but a parameter must not occur twice: one
/// that fixes what a login chooses (its `state`, its `redirect_uri`) is refused.
fn without_reserved_parameters(endpoint: Url) -> Result<Url, String> {
    match endpoint.query_pairs().find(|(name, _)| super::is_reserved(name)) {
        None => Ok(endpoint),
        Some((name, _)) => {
            Err(format!("{RESPONSE_NAME}: `authorization_endpoint` has `{}` in its query", printable(&name)))
        }
    }
}

fn host_and_port(url: &Url) -> (Option<Host<&str>>, Option<u16>) {
    (url.host(), url.port_or_known_default())
}

/// Whether an entry of `endpoint_hosts` stands for the URL's host: `host` on any port, `host:port` on that one.
fn entry_matches_host(entry: &str, url: &Url) -> bool {
    Url::parse(&format!("{}://{entry}", url.scheme())).is_ok_and(|allowed| {
        allowed.path() == "/"
            && allowed.username().is_empty()
            && allowed.host() == url.host()
            && (!has_port(entry) || allowed.port_or_known_default() == url.port_or_known_default())
    })
}

/// Whether `host`, `host:port`, `[v6]` or `[v6]:port` names a port.
fn has_port(entry: &str) -> bool {
    entry.rsplit(']').next().is_some_and(|after| after.contains(':'))
}

/// Whether a flag is set, also one that is written as a text or number: what it switches on protects somebody.
fn is_truthy(flag: &Value) -> bool {
    match flag {
        Value::Bool(flag) => *flag,
        Value::String(text) => text.eq_ignore_ascii_case("true") || text == "1",
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    }
}

/// What the URL parser would drop from a URL, or rewrite, so that another one is meant than is written; or what nobody can
/// see in it.
pub fn url_ambiguity(text: &str) -> Option<&'static str> {
    let scheme = text.split(':').next().unwrap_or_default().to_ascii_lowercase();
    let is_web = matches!(&*scheme, "http" | "https");
    if text.chars().any(|c| c.is_whitespace() || c.is_control() || c == '\\') {
        Some("has a space, a control character or a backslash in it")
    } else if printable(text) != text {
        Some("has a character in it that cannot be seen")
    } else if is_web && text[scheme.len()..].starts_with(":///") {
        Some("has no host between its second and its third slash") // RFC 9110 4.2.2
    } else if is_web && !text[scheme.len()..].starts_with("://") {
        Some("has no `//` before its host")
    } else {
        None
    }
}

/// Whether the host is an address literal of this machine: 127.0.0.0/8 or `[::1]`; not a name, which could resolve to
/// anything (RFC 8252 8.3).
pub fn is_loopback_literal(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(_)) | None => false,
    }
}

#[cfg(test)]
mod tests;
