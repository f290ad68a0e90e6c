//! Requests over the network: bounded in time and size, no redirects, no proxy for this machine itself.

mod proxy;
mod resolver;
mod trust;

use crate::domain::text::printable;
use crate::ports::{Body, Env, Http, HttpFailure, HttpFailureKind, Method, Request, Response};
use flate2::read::MultiGzDecoder;
use proxy::Proxy;
use reqwest::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderValue};
use reqwest::{Certificate, Client, redirect};
use resolver::SystemResolver;
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::io::Read;
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use url::{Host, Url};

/// The largest body, in bytes, as received and as read.
const LARGEST: usize = 1 << 20;

/// The network, as this machine reaches it. Nothing is built before the first request.
pub struct SystemHttp {
    /// For the whole exchange, a second try included.
    deadline: Duration,
    /// For name, connection and TLS of one try.
    connect_deadline: Duration,
    env: Env,
    runtime: OnceLock<Runtime>,
    clients: Mutex<BTreeMap<Trust, Client>>,
}

/// Who is asked, and through whom.
struct Route {
    host: String,
    proxy: Option<Proxy>,
}

/// What a client is built for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Trust {
    /// Whether certificates matter at all.
    tls: bool,
    /// Whether the server is this machine.
    loopback: bool,
    ca_file: Option<PathBuf>,
    /// The variable that names the proxy.
    proxied_by: Option<&'static str>,
}

impl Http for SystemHttp {
    fn send(&self, request: &Request) -> Result<Response, HttpFailure> {
        let route = self.route(&request.url)?;
        let client = self.client(request, &route)?;
        let exchange = async {
            match attempt(&client, request, &route).await {
                Err(failed) if request.method == Method::Get && failed.again => {
                    attempt(&client, request, &route).await.map_err(|failed| failed.failure)
                }
                answer => answer.map_err(|failed| failed.failure),
            }
        };
        let deadline = request.deadline.unwrap_or(self.deadline);
        self.runtime()?.block_on(async {
            tokio::time::timeout(deadline, exchange).await.unwrap_or_else(|_| {
                let what = format!("{route} did not answer within {} s", deadline.as_secs());
                Err(HttpFailure { what, kind: HttpFailureKind::AnswerLost })
            })
        })
    }
}

impl SystemHttp {
    /// The network with that environment, which may name a proxy and authorities.
    pub fn new(env: &Env) -> Self {
        Self::with_deadlines(env, Duration::from_secs(30), Duration::from_secs(10))
    }

    fn with_deadlines(env: &Env, deadline: Duration, connect_deadline: Duration) -> Self {
        let of_ours = |name: &str| proxy::VARIABLES.contains(&name) || trust::VARIABLES.contains(&name);
        let kept = env.0.iter().filter(|(name, _)| of_ours(name)).map(|(name, value)| (name.clone(), value.clone()));
        let (runtime, clients) = (OnceLock::new(), Mutex::default());
        Self { deadline, connect_deadline, env: Env(kept.collect()), runtime, clients }
    }

    /// Nobody asks a proxy for this machine itself, and nothing but this machine is asked without TLS.
    fn route(&self, url: &Url) -> Result<Route, HttpFailure> {
        let host = url.host_str().unwrap_or_default();
        let direct = is_loopback(url) || url.scheme() != "https";
        let proxy = if direct { None } else { Proxy::of(&self.env, host).map_err(wrong_setting)? };
        Ok(Route { host: printable(host), proxy })
    }

    fn runtime(&self) -> Result<&Runtime, HttpFailure> {
        if let Some(runtime) = self.runtime.get() {
            return Ok(runtime);
        }
        let built = Builder::new_current_thread().enable_all().build();
        let runtime = built.map_err(|error| not_sent(format!("the network cannot be used: {error}")))?;
        Ok(self.runtime.get_or_init(|| runtime))
    }

    fn client(&self, request: &Request, route: &Route) -> Result<Client, HttpFailure> {
        let trust = Trust {
            tls: request.url.scheme() == "https",
            loopback: is_loopback(&request.url),
            ca_file: request.ca_file.clone(),
            proxied_by: route.proxy.as_ref().map(|proxy| proxy.variable),
        };
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(&trust) {
            return Ok(client.clone());
        }
        let client = self.built(&trust, route)?;
        clients.insert(trust, client.clone());
        Ok(client)
    }

    #[allow(clippy::disallowed_methods)] // this is the edge that the ban sends everybody to
    fn built(&self, trust: &Trust, route: &Route) -> Result<Client, HttpFailure> {
        let mut builder = Client::builder()
            .user_agent(concat!("tidp/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            // Leniencies: a header that is badly written is nothing that an answer with a spent token's successor is lost for.
            .http1_ignore_invalid_headers_in_responses(true)
            .http1_allow_obsolete_multiline_headers_in_responses(true)
            .http1_allow_spaces_after_header_name_in_responses(true)
            .dns_resolver(SystemResolver::default())
            .connect_timeout(self.connect_deadline)
            // A connection kept from before a wait may be dead, and a POST that dies with it cannot be sent again.
            .pool_max_idle_per_host(0)
            // Which proxy there is is decided here, so that it can be told.
            .no_proxy();
        if let Some(proxy) = &route.proxy {
            let through = reqwest::Proxy::all(proxy.url.expose());
            let unusable = |_| wrong_setting(format!("{} names no proxy that can be used", proxy.variable));
            builder = builder.proxy(through.map_err(unusable)?);
        }
        aws_lc_rs::init(); // which is fast once it has asked what the processor can do
        // Without TLS there is nothing to verify, and the system's hundred-odd authorities need not be read.
        builder = match &trust.ca_file {
            _ if !trust.tls => builder.tls_certs_only([]),
            Some(path) => {
                let unusable = |what: String| wrong_setting(format!("ca_file {what}"));
                let trusted = trust::certificates(path).map_err(unusable)?;
                builder.tls_certs_merge(trusted.iter().filter_map(|der| Certificate::from_der(der).ok()))
            }
            None => builder,
        };
        builder.build().map_err(|error| match root_cause(&error) {
            cause if cause.contains("No CA certificates") => match trust::no_authorities(&self.env) {
                Ok(what) => HttpFailure { what, kind: HttpFailureKind::Certificate },
                Err(what) => wrong_setting(what),
            },
            cause => {
                let what = format!("TLS cannot be used: {}", printable(&cause));
                HttpFailure { what, kind: HttpFailureKind::Certificate }
            }
        })
    }
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.host)?;
        match &self.proxy {
            None => Ok(()),
            Some(proxy) => write!(f, " (through the proxy {}, which {} names)", proxy.shown, proxy.variable),
        }
    }
}

/// A try that brought no answer, and whether a GET may be tried again.
struct Failed {
    failure: HttpFailure,
    again: bool,
}

async fn attempt(client: &Client, request: &Request, route: &Route) -> Result<Response, Failed> {
    let lost = |error: reqwest::Error| {
        let failure = classified(&error, route);
        let again = matches!(failure.kind, HttpFailureKind::NotSent | HttpFailureKind::AnswerLost);
        Failed { again, failure }
    };
    let mut answer = prepared(client, request).send().await.map_err(lost)?;
    let status = answer.status().as_u16();
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = answer.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
    let dropped =
        |what: String| Failed { failure: HttpFailure { what, kind: HttpFailureKind::AnswerLost }, again: false };
    let coding = answer.headers().get(CONTENT_ENCODING).map(text).unwrap_or_default();
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(lost)? {
        if body.len() + chunk.len() > LARGEST {
            return Err(dropped(format!("{route} sent an answer larger than 1 MiB")));
        }
        body.extend_from_slice(&chunk);
    }
    match unpacked_though_packing_was_not_asked_for(&coding, body) {
        Ok(body) => Ok(Response { status, headers, body }),
        Err(why) => Err(dropped(format!("{route} sent an answer {why}"))),
    }
}

/// A leniency: no coding is asked for, and yet some servers pack, or name one that is none. The answer may hold the successor
/// of a spent refresh token, so what can be read is read, within the same limit.
///
/// # Errors
/// Why it cannot be read, after "an answer".
fn unpacked_though_packing_was_not_asked_for(coding: &str, body: Vec<u8>) -> Result<Vec<u8>, &'static str> {
    match coding.trim().to_ascii_lowercase().as_str() {
        _ if body.is_empty() => Ok(body),
        "" | "identity" | "none" => Ok(body),
        "gzip" | "x-gzip" => {
            let mut unpacked = Vec::new();
            let most = u64::try_from(LARGEST).unwrap_or(u64::MAX).saturating_add(1);
            let read = MultiGzDecoder::new(body.as_slice()).take(most).read_to_end(&mut unpacked);
            read.map_err(|_| "packed (gzip) and damaged")?;
            if unpacked.len() > LARGEST { Err("larger than 1 MiB") } else { Ok(unpacked) }
        }
        _ => Err("packed in a way that was not asked for"),
    }
}

fn prepared(client: &Client, request: &Request) -> reqwest::RequestBuilder {
    let mut prepared = match request.method {
        Method::Get => client.get(request.url.clone()),
        Method::Post => client.post(request.url.clone()),
    };
    // Without this any coding is welcome (RFC 9110 12.5.3).
    prepared = prepared.header(ACCEPT, request.accept).header(ACCEPT_ENCODING, "identity");
    if let Some(authorization) = &request.authorization
        && let Ok(mut value) = HeaderValue::from_str(authorization.expose())
    {
        value.set_sensitive(true);
        prepared = prepared.header(AUTHORIZATION, value);
    }
    match &request.body {
        Some(Body::Form(form)) => {
            prepared.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form.expose().to_owned())
        }
        Some(Body::Json(json)) => prepared.header(CONTENT_TYPE, "application/json").body(json.expose().to_owned()),
        None => prepared,
    }
}

/// What a missing answer means. The text names the host and the innermost cause: no path, no query.
fn classified(error: &reqwest::Error, route: &Route) -> HttpFailure {
    let cause = match root_cause(error) {
        eof if eof == "tls handshake eof" => "TLS was broken off before it had begun".into(),
        cause => printable(&cause),
    };
    let tls = causes(error).find_map(rustls_error);
    let certificate =
        |why: &str, kind| HttpFailure { what: format!("{} does not check out: {why}", shown(route)), kind };
    match tls {
        Some(rustls::Error::InvalidCertificate(problem)) => {
            let kind = match problem {
                rustls::CertificateError::UnknownIssuer => HttpFailureKind::UnknownAuthority,
                _ => HttpFailureKind::Certificate,
            };
            return certificate(&trust::fault(problem), kind);
        }
        Some(rustls::Error::NoCertificatesPresented) => {
            return certificate("there is none", HttpFailureKind::Certificate);
        }
        _ => {}
    }
    if error.is_connect() || error.is_builder() {
        let why = tls.and_then(trust::tls_fault).or_else(|| refused_by_the_proxy(&cause, route)).unwrap_or(cause);
        return not_sent(format!("no connection to {route}: {why}"));
    }
    HttpFailure { what: format!("the answer of {route} was lost: {cause}"), kind: HttpFailureKind::AnswerLost }
}

/// Whose certificate it is: a proxy that is spoken to over TLS shows one first.
fn shown(route: &Route) -> String {
    match &route.proxy {
        Some(proxy) if proxy.shown.starts_with("https:") => format!("the proxy's certificate, or that of {route},"),
        _ => format!("the certificate of {route}"),
    }
}

/// What the proxy's own answer comes to, of which no more is known than hyper's words for it.
fn refused_by_the_proxy(cause: &str, route: &Route) -> Option<String> {
    let proxy = route.proxy.as_ref()?;
    let what = match cause.strip_prefix("tunnel error: ")? {
        "proxy authorization required" => format!(
            "the proxy wants a user name and a password, and has got none that it accepts; \
             they belong into {} (http://USER:PASSWORD@HOST:PORT)",
            proxy.variable
        ),
        "unsuccessful" | "proxy response headers too long" => "the proxy refused, or could not connect either".into(),
        "unexpected end of file" => "the proxy hung up".into(),
        _ => return None,
    };
    Some(what)
}

fn not_sent(what: String) -> HttpFailure {
    HttpFailure { what, kind: HttpFailureKind::NotSent }
}

fn wrong_setting(what: String) -> HttpFailure {
    HttpFailure { what, kind: HttpFailureKind::Setting }
}

/// `cause` as rustls knows it, also inside the I/O errors that transports wrap it in (whose own `source` skips it).
fn rustls_error<'a>(mut cause: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    while let Some(wrapped) = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        cause = wrapped;
    }
    cause.downcast_ref()
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| (*error).source())
}

fn root_cause(error: &(dyn Error + 'static)) -> String {
    causes(error).last().map_or_else(String::new, ToString::to_string)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

#[cfg(test)]
mod tests;
