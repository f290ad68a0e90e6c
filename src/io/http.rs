//! Requests over the network: bounded in time and size, no redirects, no proxy for this machine itself.

use crate::core::text::{printable, text_in};
use crate::world::{Body, Http, HttpFailure, HttpFailureKind, Method, Request, Response};
use reqwest::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, HeaderValue};
use reqwest::{Certificate, Client, redirect};
use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use url::{Host, Url};

/// The largest body, in bytes as received; no compression is offered, so they are the decoded ones too.
const LARGEST: usize = 1 << 20;

/// The network, as this machine reaches it. Nothing is built before the first request.
pub struct SystemHttp {
    /// For the whole exchange, a second try included.
    deadline: Duration,
    /// For name, connection and TLS of one try.
    connect_deadline: Duration,
    runtime: OnceLock<Runtime>,
    clients: Mutex<BTreeMap<Trust, Client>>,
}

/// What a client is built for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Trust {
    /// Whether certificates matter at all.
    tls: bool,
    /// Whether the server is this machine.
    loopback: bool,
    ca_file: Option<PathBuf>,
}

impl Default for SystemHttp {
    fn default() -> Self {
        Self::with_deadlines(Duration::from_secs(30), Duration::from_secs(10))
    }
}

impl Http for SystemHttp {
    fn send(&self, request: &Request) -> Result<Response, HttpFailure> {
        let client = self.client(request)?;
        let host = printable(request.url.host_str().unwrap_or_default());
        let exchange = async {
            match attempt(&client, request, &host).await {
                Err(failed) if request.method == Method::Get && failed.again => {
                    attempt(&client, request, &host).await.map_err(|failed| failed.failure)
                }
                answer => answer.map_err(|failed| failed.failure),
            }
        };
        let deadline = request.deadline.unwrap_or(self.deadline);
        self.runtime()?.block_on(async {
            tokio::time::timeout(deadline, exchange).await.unwrap_or_else(|_| {
                let what = format!("{host} did not answer within {} s", deadline.as_secs());
                Err(HttpFailure { what, kind: HttpFailureKind::AnswerLost })
            })
        })
    }
}

impl SystemHttp {
    fn with_deadlines(deadline: Duration, connect_deadline: Duration) -> Self {
        Self { deadline, connect_deadline, runtime: OnceLock::new(), clients: Mutex::default() }
    }

    fn runtime(&self) -> Result<&Runtime, HttpFailure> {
        if let Some(runtime) = self.runtime.get() {
            return Ok(runtime);
        }
        let built = Builder::new_current_thread().enable_all().build();
        let runtime = built.map_err(|error| not_sent(format!("the network cannot be used: {error}")))?;
        Ok(self.runtime.get_or_init(|| runtime))
    }

    fn client(&self, request: &Request) -> Result<Client, HttpFailure> {
        let trust = Trust {
            tls: request.url.scheme() == "https",
            loopback: is_loopback(&request.url),
            ca_file: request.ca_file.clone(),
        };
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(&trust) {
            return Ok(client.clone());
        }
        let client = self.built(&trust)?;
        clients.insert(trust, client.clone());
        Ok(client)
    }

    #[allow(clippy::disallowed_methods)] // this is the edge that the ban sends everybody to
    fn built(&self, trust: &Trust) -> Result<Client, HttpFailure> {
        let mut builder = Client::builder()
            .user_agent(concat!("tidp/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .connect_timeout(self.connect_deadline)
            // A connection kept from before a wait may be dead, and a POST that dies with it cannot be sent again.
            .pool_max_idle_per_host(0);
        if trust.loopback {
            builder = builder.no_proxy();
        }
        aws_lc_rs::init(); // which is fast once it has asked what the processor can do
        // Without TLS there is nothing to verify, and the system's hundred-odd authorities need not be read.
        builder = match &trust.ca_file {
            _ if !trust.tls => builder.tls_certs_only([]),
            Some(path) => builder.tls_certs_merge(certificates(path)?),
            None => builder,
        };
        builder.build().map_err(|error| {
            let what = match root_cause(&error) {
                cause if cause.contains("No CA certificates") => {
                    "this system has no certificate authorities to trust: \
                     install its ca-certificates package, or name a file with ca_file or SSL_CERT_FILE"
                        .to_owned()
                }
                cause => format!("TLS cannot be used: {}", printable(&cause)),
            };
            HttpFailure { what, kind: HttpFailureKind::Certificate }
        })
    }
}

/// The certificates of a PEM file, at least one.
fn certificates(path: &Path) -> Result<Vec<Certificate>, HttpFailure> {
    let failure = |why: &str| HttpFailure {
        what: printable(&format!("{}: {why}", path.display())),
        kind: HttpFailureKind::CaFile,
    };
    let pem = super::private::read_named(path, |_, _| ()).map_err(|error| failure(&error.to_string()))?;
    let pem = pem.ok_or_else(|| failure("there is no such file"))?;
    let pem = text_in(&pem).map_err(|why| failure(&format!("it is {why}")))?.as_bytes();
    let found = Certificate::from_pem_bundle(pem).unwrap_or_default();
    if found.is_empty() { Err(failure("it holds no PEM certificate")) } else { Ok(found) }
}

/// A try that brought no answer, and whether a GET may be tried again.
struct Failed {
    failure: HttpFailure,
    again: bool,
}

async fn attempt(client: &Client, request: &Request, host: &str) -> Result<Response, Failed> {
    let lost = |error: reqwest::Error| {
        let failure = classified(&error, host);
        Failed { again: failure.kind != HttpFailureKind::Certificate, failure }
    };
    let mut answer = prepared(client, request).send().await.map_err(lost)?;
    let status = answer.status().as_u16();
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = answer.headers().iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
    let dropped =
        |what: String| Failed { failure: HttpFailure { what, kind: HttpFailureKind::AnswerLost }, again: false };
    // None is accepted, so something in between has gone wrong.
    if answer.headers().get(CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
        return Err(dropped(format!("{host} sent a compressed answer, which was not asked for")));
    }
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(lost)? {
        if body.len() + chunk.len() > LARGEST {
            return Err(dropped(format!("{host} sent an answer larger than 1 MiB")));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Response { status, headers, body })
}

fn prepared(client: &Client, request: &Request) -> reqwest::RequestBuilder {
    let mut prepared = match request.method {
        Method::Get => client.get(request.url.clone()),
        Method::Post => client.post(request.url.clone()),
    };
    // Without this any coding is welcome (RFC 9110 12.5.3), and nothing is ever unpacked here.
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
fn classified(error: &reqwest::Error, host: &str) -> HttpFailure {
    let cause = printable(&root_cause(error));
    if let Some(why) = certificate_problem(error) {
        let what = format!("the certificate of {host} does not check out: {}", printable(&why));
        return HttpFailure { what, kind: HttpFailureKind::Certificate };
    }
    if error.is_connect() || error.is_builder() {
        return not_sent(format!("no connection to {host}: {cause}"));
    }
    HttpFailure { what: format!("the answer of {host} was lost: {cause}"), kind: HttpFailureKind::AnswerLost }
}

fn not_sent(what: String) -> HttpFailure {
    HttpFailure { what, kind: HttpFailureKind::NotSent }
}

/// What is wrong with the certificate, if that is what went wrong.
fn certificate_problem(error: &reqwest::Error) -> Option<String> {
    causes(error).find_map(|cause| match rustls_error(cause)? {
        rustls::Error::InvalidCertificate(problem) => Some(problem.to_string()),
        rustls::Error::NoCertificatesPresented => Some("there is none".into()),
        _ => None,
    })
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
