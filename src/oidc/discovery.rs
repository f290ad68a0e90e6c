//! OpenID Connect Discovery 1.0: the provider's endpoints.

use super::response::{self, Object, invalid, lenient_string};
use super::{Problem, redact};
use crate::domain::secret::Secret;
use crate::domain::text::printable;
use crate::domain::time::Seconds;
use crate::ports::{Method, Request, Response};
use serde_json::Value;
use url::{Host, Url};

const RESPONSE_NAME: &str = "the discovery document";

/// A configured issuer, checked and normalised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    /// As the user wrote it.
    configured: String,
    url: Url,
}

/// An address that may be used; otherwise a printable sentence about why it is missing or not accepted.
pub type Endpoint = Result<Url, String>;

/// The provider's metadata, checked (Discovery 3, RFC 8414 2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// Byte for byte as in the document; later comparisons use it.
    pub issuer: String,
    /// Safe to pass to a program that opens URLs. An error prevents a login and nothing else.
    pub authorization_endpoint: Endpoint,
    pub token_endpoint: Url,
    pub jwks_uri: Url,
    pub userinfo_endpoint: Endpoint,
    pub revocation_endpoint: Endpoint,
    pub device_authorization_endpoint: Endpoint,
    pub introspection_endpoint: Endpoint,
    pub backchannel_authentication_endpoint: Endpoint,
    /// Whether `revocation_endpoint_auth_methods_supported` lists `none`. If the list is missing, its default is
    /// `client_secret_basic` only (RFC 8414 2).
    pub lists_public_clients_for_revocation: bool,
    pub end_session_endpoint: Endpoint,
    /// TelenorID+'s own: logs out without a browser.
    pub custom_logout_endpoint: Endpoint,
    /// Empty if the document does not say.
    pub id_token_algorithms: Vec<String>,
    /// Whether every authorization response must have `iss` (RFC 9207 3).
    pub authorization_response_iss_parameter_supported: bool,
    /// Whether `subject_types_supported` is `pairwise` only, so that each client gets a different `sub` (Core 8).
    pub is_pairwise: bool,
}

impl Issuer {
    /// The issuer of this URL: `https` (or `http` for a loopback address), host, optional port and path; no query, fragment
    /// (Discovery 3) or user name. The error is a printable sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        // A user name or password is rejected below, and must not be repeated in the message.
        let shown = text.rsplit_once('@').map_or(text, |(_, rest)| rest);
        let wrong = |why: &str| Err(format!("the issuer `{}` {why}", printable(shown)));
        if let Some(why) = url_ambiguity(text) {
            return wrong(why);
        }
        let Ok(url) = Url::parse(text) else { return wrong("is not a URL (https:// missing?)") };
        if !is_secure(&url) {
            return wrong("must be https (http is for 127.0.0.1 and [::1] only)");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return wrong("must have neither a query nor a fragment");
        }
        if text.contains('@') {
            return wrong("must not have a user name or password in it");
        }
        Ok(Self { configured: text.to_owned(), url })
    }

    /// The normalised URL, without a slash at the end if there is no path.
    pub fn as_str(&self) -> &str {
        let text = self.url.as_str();
        if self.is_bare_origin() { text.trim_end_matches('/') } else { text }
    }

    /// The issuer's URL with this path after its own.
    pub(super) fn url_with(&self, path: &str) -> Url {
        let mut url = self.url.clone();
        let own = url.path();
        url.set_path(&format!("{}{path}", own.strip_suffix('/').unwrap_or(own)));
        url
    }

    /// Whether there is no path, so that a slash at the end makes no difference.
    fn is_bare_origin(&self) -> bool {
        self.url.path() == "/"
    }

    /// Whether the document's `issuer` is this issuer (Discovery 4.3).
    fn matches(&self, named: &str) -> bool {
        let named = if self.is_bare_origin() { named.strip_suffix('/').unwrap_or(named) } else { named };
        named == self.as_str() || named == self.configured
    }
}

pub fn discovery_request(issuer: &Issuer) -> Request {
    get_request(issuer.url_with("/.well-known/openid-configuration"), "application/json")
}

pub fn get_request(url: Url, accept: &'static str) -> Request {
    Request {
        method: Method::Get,
        url,
        authorization: None,
        accept,
        body: None,
        ca_file: None,
        deadline: None,
        secrets: Vec::new(),
    }
}

/// A GET request with the token in the header (RFC 6750 2.1).
pub(super) fn bearer_request(url: Url, accept: &'static str, token: &Secret) -> Request {
    Request {
        authorization: Some(Secret::new(format!("Bearer {}", token.expose()))),
        secrets: redact::redactable_forms([token.expose()]),
        ..get_request(url, accept)
    }
}

/// # Errors
/// Those of `response::success_body` and [`Provider::from_json`].
pub fn accept_discovery(response: &Response, issuer: &Issuer, endpoint_hosts: &[String]) -> Result<Provider, Problem> {
    match response.status {
        200 => Provider::from_json(response::success_body(response, RESPONSE_NAME)?, issuer, endpoint_hosts),
        _ => Err(response::problem_from_status(response, RESPONSE_NAME)),
    }
}

pub const MAX_CACHE_LIFETIME: Seconds = Seconds::days(1);

/// How long to cache a response: its `max-age` (RFC 9111 5.2.2.1), not at all with `no-store` or `no-cache`, one day by
/// default and at most.
pub fn cache_lifetime(response: &Response) -> Seconds {
    let directives = response.headers.iter().filter(|(name, _)| name == "cache-control");
    let lives = directives.flat_map(|(_, value)| value.split(',')).filter_map(|directive| {
        let directive = directive.trim().to_ascii_lowercase();
        match directive.split_once('=').map_or((directive.as_str(), ""), |(name, value)| (name.trim(), value.trim())) {
            ("no-store" | "no-cache", _) => Some(Seconds::ZERO),
            // A value that is not a number does not permit caching.
            ("max-age", age) => Some(Seconds(age.trim_matches('"').parse::<u32>().unwrap_or(0).into())),
            _ => None,
        }
    });
    lives.fold(MAX_CACHE_LIFETIME, Seconds::min)
}

impl Provider {
    /// Parses a discovery document. Endpoints may be on the issuer's host and port, and on `endpoint_hosts` (`host` or
    /// `host:port`).
    ///
    /// # Errors
    /// [`Problem::Invalid`] if the issuer is another one, or the token endpoint or `jwks_uri` is missing or not
    /// accepted. Anything else that is malformed counts as absent.
    pub fn from_json(bytes: &[u8], issuer: &Issuer, endpoint_hosts: &[String]) -> Result<Self, Problem> {
        let document = response::object(bytes, RESPONSE_NAME)?;
        let named = check_issuer(&document, issuer)?;
        let endpoint = |name: &str, if_missing: String| {
            let text = lenient_string(&document, name).ok_or(if_missing)?;
            parse_endpoint(text, issuer, endpoint_hosts)
                .map_err(|why| format!("{RESPONSE_NAME}: `{name}` {why}: `{}`", printable(text)))
        };
        let required = |name| endpoint(name, format!("{RESPONSE_NAME}: `{name}` is missing or empty"));
        let optional = |name| endpoint(name, format!("the provider's discovery document has no `{name}`"));
        Ok(Self {
            issuer: named,
            authorization_endpoint: check_pkce(&document)
                .and_then(|()| required("authorization_endpoint"))
                .and_then(without_reserved_parameters),
            token_endpoint: required("token_endpoint").map_err(Problem::Invalid)?,
            jwks_uri: required("jwks_uri").map_err(Problem::Invalid)?,
            userinfo_endpoint: optional("userinfo_endpoint"),
            revocation_endpoint: optional("revocation_endpoint"),
            device_authorization_endpoint: optional("device_authorization_endpoint"),
            introspection_endpoint: optional("introspection_endpoint"),
            backchannel_authentication_endpoint: optional("backchannel_authentication_endpoint"),
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
        })
    }
}

/// Checks that the document names the issuer it was requested for (Discovery 4.3). Otherwise another provider's
/// endpoints could receive this one's codes: a mix-up attack (RFC 9700 4.4).
fn check_issuer(document: &Object, issuer: &Issuer) -> Result<String, Problem> {
    let named = response::required_string(document, "issuer", RESPONSE_NAME)?;
    if issuer.matches(named) {
        return Ok(named.to_owned());
    }
    let slash_apart = named.trim_end_matches('/') == issuer.as_str().trim_end_matches('/');
    let hint = if slash_apart { "; did you mean that one? The slash at the end matters" } else { "" };
    invalid(format!(
        "{RESPONSE_NAME} is not the issuer's: `{}` was requested, but it says `{}`{hint}",
        printable(&issuer.configured),
        printable(named)
    ))
}

/// PKCE with S256 only (RFC 7636 4.2, RFC 9700 2.1.1). A provider without a list is assumed to support it.
fn check_pkce(document: &Object) -> Result<(), String> {
    match document.get("code_challenge_methods_supported") {
        Some(Value::Array(methods)) if !methods.iter().any(|method| method == "S256") => {
            Err(format!("{RESPONSE_NAME}: `code_challenge_methods_supported` has no `S256`, which tidp requires"))
        }
        _ => Ok(()),
    }
}

/// The strings of a list; empty if it is missing or malformed.
fn string_list(document: &Object, name: &str) -> Vec<String> {
    let list = document.get(name).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn parse_endpoint(text: &str, issuer: &Issuer, hosts: &[String]) -> Result<Url, &'static str> {
    if !has_only_safe_characters(text) {
        return Err("has characters that do not belong in an endpoint");
    }
    let url = unambiguous_url(text)?;
    // RFC 9700 2.6: no downgrade. Only a loopback issuer's own endpoints may use http.
    if !is_secure(&url) || url.scheme() == "http" && issuer.url.scheme() != "http" {
        return Err("is not https");
    }
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err("has a user name or a fragment");
    }
    if host_and_port(&url) != host_and_port(&issuer.url) && !hosts.iter().any(|host| entry_matches_host(host, &url)) {
        return Err("is on another host than the issuer, and `endpoint_hosts` does not list it");
    }
    Ok(url)
}

/// Whether the URL has only characters that shells, browsers' command lines and templates leave alone: letters, digits,
/// `-._~:/?[]@&=+,`, and `%` before two hexadecimal digits.
fn has_only_safe_characters(text: &str) -> bool {
    let bytes = text.as_bytes();
    let hex = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_hexdigit);
    text.contains("://")
        && bytes.iter().enumerate().all(|(at, byte)| match byte {
            b'%' => hex(at + 1) && hex(at + 2),
            _ => byte.is_ascii_alphanumeric() || b"-._~:/?[]@&=+,".contains(byte),
        })
}

/// The authorization endpoint may have its own query (RFC 6749 3.1), but no parameter that a login sets.
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

/// Whether an entry of `endpoint_hosts` covers the URL: `host` any port, `host:port` or `[v6]:port` only that one.
fn entry_matches_host(entry: &str, url: &Url) -> bool {
    let has_port = entry.rsplit(']').next().is_some_and(|after| after.contains(':'));
    Url::parse(&format!("{}://{entry}", url.scheme())).is_ok_and(|allowed| {
        allowed.path() == "/"
            && allowed.username().is_empty()
            && allowed.host() == url.host()
            && (!has_port || allowed.port_or_known_default() == url.port_or_known_default())
    })
}

/// Whether a flag is set, even as a string or number: not seeing it would drop a protection.
fn is_truthy(flag: &Value) -> bool {
    match flag {
        Value::Bool(flag) => *flag,
        Value::String(text) => text.eq_ignore_ascii_case("true") || text == "1",
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    }
}

/// An address that the provider names for the user's browser: https, or http on a loopback literal, without a user name. The
/// error is for a sentence about it.
pub(super) fn browser_address(text: &str) -> Result<Url, &'static str> {
    let url = unambiguous_url(text)?;
    if !is_secure(&url) {
        return Err("is not https");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("has a user name or password in it");
    }
    Ok(url)
}

fn unambiguous_url(text: &str) -> Result<Url, &'static str> {
    match url_ambiguity(text) {
        Some(why) => Err(why),
        None => Url::parse(text).map_err(|_| "is not a URL"),
    }
}

fn is_secure(url: &Url) -> bool {
    url.scheme() == "https" || url.scheme() == "http" && is_loopback_literal(url)
}

/// SelectionReason this is not the URL that it seems to be: the parser would silently change it, or it has invisible characters.
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

/// Whether the host is a loopback address: 127.0.0.0/8 or `[::1]`. A name could resolve to anything (RFC 8252 8.3).
pub fn is_loopback_literal(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(_)) | None => false,
    }
}

#[cfg(test)]
mod tests;
