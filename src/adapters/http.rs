//! HTTP requests with bounded time and size, without redirects, and without a proxy for this machine itself.

mod proxy;
mod resolver;
mod trust;

use crate::domain::mutex::lock_mutex;
use crate::domain::text::printable;
use crate::ports::{Body, Env, Http, HttpFailure, HttpFailureKind, Method, Request, Response};
use flate2::read::MultiGzDecoder;
use jiff::tz::TimeZone;
use proxy::Proxy;
use reqwest::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderValue};
use reqwest::{Certificate, Client, redirect};
use resolver::SystemResolver;
use std::collections::BTreeMap;
use std::error::Error;
use std::io::Read;
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use url::{Host, Url};

/// The largest body in bytes, compressed and decompressed.
const MAX_BODY_SIZE: usize = 1 << 20;

/// Nothing is set up before the first request.
pub struct SystemHttp {
    /// For all attempts.
    deadline: Duration,
    /// For DNS, connection and TLS of one attempt.
    connect_deadline: Duration,
    env: Env,
    runtime: OnceLock<Runtime>,
    clients: Mutex<BTreeMap<ClientSettings, Client>>,
}

struct Route {
    /// The host and the proxy, for a person.
    name: String,
    proxy: Option<Proxy>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct ClientSettings {
    tls: bool,
    ca_file: Option<PathBuf>,
    /// The variable that names the proxy.
    proxy_variable: Option<&'static str>,
}

impl Http for SystemHttp {
    fn send(&self, request: &Request) -> Result<Response, HttpFailure> {
        let route = self.route(&request.url)?;
        let client = self.client(request, &route)?;
        let exchange = async {
            let is_lost = |failure: &HttpFailure| {
                matches!(failure.kind, HttpFailureKind::NotSent | HttpFailureKind::ResponseLost)
            };
            let mut outcome = attempt(&client, request, &route).await;
            if request.method == Method::Get && outcome.as_ref().is_err_and(is_lost) {
                outcome = attempt(&client, request, &route).await;
            }
            decompress(outcome?, &route)
        };
        let deadline = request.deadline.unwrap_or(self.deadline);
        self.runtime()?.block_on(async {
            tokio::time::timeout(deadline, exchange).await.unwrap_or_else(|_| {
                Err(lost_response_failure(format!("{} did not answer within {} s", route.name, deadline.as_secs())))
            })
        })
    }

    fn proxy(&self, url: &Url) -> Result<Option<String>, HttpFailure> {
        let proxy = self.route(url)?.proxy;
        Ok(proxy.map(|proxy| format!("{}, which {} names", proxy.display, proxy.variable)))
    }
}

impl SystemHttp {
    pub fn new(env: &Env) -> Self {
        let (deadline, connect_deadline) = (Duration::from_secs(30), Duration::from_secs(10));
        Self { deadline, connect_deadline, env: env.clone(), runtime: OnceLock::new(), clients: Mutex::default() }
    }

    /// No proxy is asked for this machine itself, and only this machine is reached without TLS.
    fn route(&self, url: &Url) -> Result<Route, HttpFailure> {
        let host = url.host_str().unwrap_or_default();
        let direct = is_loopback(url) || url.scheme() != "https";
        let proxy = if direct { None } else { Proxy::for_host(&self.env, host).map_err(invalid_setting)? };
        let through = |proxy: &Proxy| format!(" (through the proxy {}, which {} names)", proxy.display, proxy.variable);
        Ok(Route { name: printable(host) + &proxy.as_ref().map(through).unwrap_or_default(), proxy })
    }

    fn runtime(&self) -> Result<&Runtime, HttpFailure> {
        if let Some(runtime) = self.runtime.get() {
            return Ok(runtime);
        }
        let built = Builder::new_current_thread().enable_all().build();
        let runtime = built.map_err(|error| not_sent_failure(format!("the network cannot be used: {error}")))?;
        Ok(self.runtime.get_or_init(|| runtime))
    }

    fn client(&self, request: &Request, route: &Route) -> Result<Client, HttpFailure> {
        let settings = ClientSettings {
            tls: request.url.scheme() == "https",
            ca_file: request.ca_file.clone(),
            proxy_variable: route.proxy.as_ref().map(|proxy| proxy.variable),
        };
        let mut clients = lock_mutex(&self.clients);
        if let Some(client) = clients.get(&settings) {
            return Ok(client.clone());
        }
        let client = self.build_client(&settings, route)?;
        clients.insert(settings, client.clone());
        Ok(client)
    }

    #[expect(clippy::disallowed_methods, reason = "the adapter that the ban refers to")]
    fn build_client(&self, settings: &ClientSettings, route: &Route) -> Result<Client, HttpFailure> {
        let mut builder = Client::builder()
            .user_agent(concat!("tidp/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            // Be lenient: a badly written header must not cost a new refresh token.
            .http1_ignore_invalid_headers_in_responses(true)
            .http1_allow_obsolete_multiline_headers_in_responses(true)
            .http1_allow_spaces_after_header_name_in_responses(true)
            .dns_resolver(SystemResolver::default())
            .connect_timeout(self.connect_deadline)
            // An idle connection may be dead by the next request, and a POST cannot be repeated.
            .pool_max_idle_per_host(0)
            // The proxy is chosen here, so that errors can name it.
            .no_proxy();
        if let Some(proxy) = &route.proxy {
            let through = reqwest::Proxy::all(proxy.url.expose());
            let unusable = |_| invalid_setting(format!("{} names no proxy that can be used", proxy.variable));
            builder = builder.proxy(through.map_err(unusable)?);
        }
        aws_lc_rs::init(); // detects the processor's features
        // Without TLS nothing is verified, so do not read the system's certificate authorities.
        builder = match &settings.ca_file {
            _ if !settings.tls => builder.tls_certs_only([]),
            Some(path) => {
                let unusable = |message: String| invalid_setting(format!("ca_file {message}"));
                let trusted = trust::read_certificates(path).map_err(unusable)?;
                builder.tls_certs_merge(trusted.iter().filter_map(|der| Certificate::from_der(der).ok()))
            }
            None => builder,
        };
        builder.build().map_err(|error| match root_cause(&error) {
            cause if cause.contains("No CA certificates") => trust::no_authorities(&self.env),
            cause => {
                let message = format!("TLS cannot be used: {}", printable(&cause));
                HttpFailure { message, kind: HttpFailureKind::Certificate }
            }
        })
    }
}

/// The response as it was sent. A body that is too large is cut.
async fn attempt(client: &Client, request: &Request, route: &Route) -> Result<Response, HttpFailure> {
    let failed = |error| http_failure(&error, route);
    let mut response = build_request(client, request).send().await.map_err(failed)?;
    let status = response.status().as_u16();
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = response.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
    let mut body = Vec::new();
    while body.len() <= MAX_BODY_SIZE
        && let Some(chunk) = response.chunk().await.map_err(failed)?
    {
        body.extend_from_slice(&chunk);
    }
    Ok(Response { status, headers, body })
}

/// The response with its body decompressed. Compression is not requested, but some servers compress anyway, or name an
/// invalid encoding. The response may hold a new refresh token, so it is read if possible.
fn decompress(response: Response, route: &Route) -> Result<Response, HttpFailure> {
    let encoding = response.header(CONTENT_ENCODING.as_str()).unwrap_or_default().trim().to_ascii_lowercase();
    let unusable = |why| Err(lost_response_failure(format!("{} sent a response {why}", route.name)));
    let mut body = Vec::new();
    match encoding.as_str() {
        _ if response.body.len() > MAX_BODY_SIZE => return unusable("larger than 1 MiB"),
        _ if response.body.is_empty() => return Ok(response),
        "" | "identity" | "none" => return Ok(response),
        "gzip" | "x-gzip" => {
            let decoder = MultiGzDecoder::new(response.body.as_slice());
            if decoder.take(MAX_BODY_SIZE as u64 + 1).read_to_end(&mut body).is_err() {
                return unusable("with damaged gzip compression");
            }
        }
        _ => return unusable("compressed in a way that was not requested"),
    }
    if body.len() > MAX_BODY_SIZE { unusable("larger than 1 MiB") } else { Ok(Response { body, ..response }) }
}

fn build_request(client: &Client, request: &Request) -> reqwest::RequestBuilder {
    let mut builder = match request.method {
        Method::Get => client.get(request.url.clone()),
        Method::Post => client.post(request.url.clone()),
    };
    // Without this header any encoding is acceptable (RFC 9110 12.5.3).
    builder = builder.header(ACCEPT, request.accept).header(ACCEPT_ENCODING, "identity");
    if let Some(authorization) = &request.authorization
        && let Ok(mut value) = HeaderValue::from_str(authorization.expose())
    {
        value.set_sensitive(true);
        builder = builder.header(AUTHORIZATION, value);
    }
    let (content_type, body) = match &request.body {
        Some(Body::Form(form)) => ("application/x-www-form-urlencoded", form),
        Some(Body::Json(json)) => ("application/json", json),
        None => return builder,
    };
    builder.header(CONTENT_TYPE, content_type).body(body.expose().to_owned())
}

/// The text names the host and the innermost cause, but neither path nor query.
fn http_failure(error: &reqwest::Error, route: &Route) -> HttpFailure {
    let cause = match root_cause(error) {
        eof if eof == "tls handshake eof" => "the connection was closed during the TLS handshake".into(),
        cause => printable(&cause),
    };
    let tls = causes(error).find_map(rustls_error);
    let certificate =
        |why: &str, kind| HttpFailure { message: format!("{} is not accepted: {why}", certificate_of(route)), kind };
    match tls {
        Some(rustls::Error::InvalidCertificate(problem)) => {
            let kind = match problem {
                rustls::CertificateError::UnknownIssuer => HttpFailureKind::UnknownAuthority,
                _ => HttpFailureKind::Certificate,
            };
            return certificate(&trust::certificate_fault(problem, &TimeZone::system()), kind);
        }
        Some(rustls::Error::NoCertificatesPresented) => {
            return certificate("none was sent", HttpFailureKind::Certificate);
        }
        _ => {}
    }
    if error.is_connect() || error.is_builder() {
        let why = tls.and_then(trust::tls_fault).or_else(|| proxy_refusal(&cause, route)).unwrap_or(cause);
        return not_sent_failure(format!("no connection to {}: {why}", route.name));
    }
    lost_response_failure(format!("the response of {} was lost: {cause}", route.name))
}

/// Names the server; or the proxy too, because one that uses TLS shows its certificate first.
fn certificate_of(Route { name, proxy }: &Route) -> String {
    match proxy {
        Some(proxy) if proxy.display.starts_with("https:") => format!("the proxy's certificate, or that of {name},"),
        _ => format!("the certificate of {name}"),
    }
}

/// The proxy's refusal, recognised by hyper's messages.
fn proxy_refusal(cause: &str, route: &Route) -> Option<String> {
    let proxy = route.proxy.as_ref()?;
    let message = match cause.strip_prefix("tunnel error: ")? {
        "proxy authorization required" => format!(
            "the proxy requires a user name and a password, and was given none that it accepts; \
             set them in {} (http://USER:PASSWORD@HOST:PORT)",
            proxy.variable
        ),
        "unsuccessful" | "proxy response headers too long" => "the proxy refused, or could not connect either".into(),
        "unexpected end of file" => "the proxy closed the connection".into(),
        _ => return None,
    };
    Some(message)
}

fn not_sent_failure(message: String) -> HttpFailure {
    HttpFailure { message, kind: HttpFailureKind::NotSent }
}

fn lost_response_failure(message: String) -> HttpFailure {
    HttpFailure { message, kind: HttpFailureKind::ResponseLost }
}

fn invalid_setting(message: String) -> HttpFailure {
    HttpFailure { message, kind: HttpFailureKind::InvalidSetting }
}

/// The rustls error in `cause`, also within I/O errors, whose own `source` skips it.
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
