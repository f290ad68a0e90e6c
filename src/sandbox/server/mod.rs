//! The sandbox as an HTTP server on a loopback port.

mod control;
mod events;
mod http;
mod interactive;
mod protocol;
mod request_threads;
mod routes;
mod sample_tokens;
mod service;
#[cfg(test)]
mod tests;

use super::tokens::Keys;
use super::{Client, Engine, Seed, Settings, User, default_clients, default_users};
use crate::domain::secret::Secret;
use crate::domain::text::printable;
use crate::domain::time::Seconds;
use crate::ports::{Clock, Entropy};
pub use service::Log;
use service::{ClockSetting, Service, lock, reachable};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;
use url::{Position, Url};

pub struct Options {
    pub bind: IpAddr,
    /// 0: any free one.
    pub port: u16,
    /// The address under which applications reach the sandbox; `None`: that of its port.
    pub issuer: Option<Url>,
    pub clients: Vec<Client>,
    /// The first is the default.
    pub users: Vec<Arc<User>>,
    /// Its issuer is not used: it follows from `issuer` and the port.
    pub settings: Settings,
    /// Log in as the first user, without a page.
    pub auto_approve: bool,
    /// Whether introspection also answers clients about their own tokens, and not only APIs.
    pub clients_may_introspect: bool,
    /// How far the sandbox's clock is ahead of `clock`.
    pub clock_offset: Seconds,
    /// How many requests are answered at once; the others get a 503.
    pub max_requests: usize,
    /// Gets one line on each request of an application.
    pub log: Option<Log>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            bind: Ipv4Addr::LOCALHOST.into(),
            port: 0,
            issuer: None,
            clients: default_clients(),
            users: default_users(),
            settings: Settings::default(),
            auto_approve: false,
            clients_may_introspect: false,
            clock_offset: Seconds::ZERO,
            max_requests: 256,
            log: None,
        }
    }
}

/// A running sandbox; dropping it stops it.
pub struct Sandbox {
    service: Arc<Service>,
    /// Nothing is ever sent to it: it is disconnected once no thread receives requests any more.
    receiving: Receiver<()>,
}

/// How long the sandbox waits for the receiving threads, when it ends.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(2);

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.service.shut_down();
        let _ = self.receiving.recv_timeout(SHUTDOWN_GRACE);
    }
}

impl Sandbox {
    /// A sandbox whose port is open. An error if the port is taken, or threads or a key cannot be created.
    pub fn start(options: Options, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> io::Result<Self> {
        let listener = TcpListener::bind((options.bind, options.port))?;
        let address = listener.local_addr()?;
        let (issuer, authorities) = issuer_and_authorities(options.issuer.as_ref(), address);
        let settings = Settings { issuer: issuer.clone(), ..options.settings };
        let mut engine = Engine::new(settings, options.clients);
        engine.users = options.users;
        let mut seed = Seed([0; 32]);
        let console_key = entropy.fill(&mut seed.0).ok().map(|()| Secret::new(seed.random_string("console")));
        let service = Arc::new(Service {
            issuer,
            authorities,
            address,
            console_key,
            clock,
            entropy,
            clock_setting: Mutex::new(ClockSetting { offset: options.clock_offset.0, frozen_at: None }),
            auto_approve: options.auto_approve,
            clients_may_introspect: options.clients_may_introspect,
            engine: Mutex::new(engine),
            keys: Mutex::new(Keys::new()?),
            failures: Mutex::default(),
            requests: Mutex::default(),
            recorded: Condvar::new(),
            waiting: Arc::default(),
            log: options.log,
            listener: Mutex::new(Some(listener)),
            servers: Mutex::default(),
            slots: Arc::default(),
            half_sent: Arc::default(),
            max_requests: options.max_requests,
        });
        let receiving = request_threads::start(&service)?;
        Ok(Self { service, receiving })
    }

    pub fn address(&self) -> SocketAddr {
        self.service.address
    }

    /// `http://127.0.0.1:PORT`, unless the options say otherwise.
    pub fn issuer(&self) -> &str {
        &self.service.issuer
    }

    /// The address of the console, with the key that lets it show client secrets; browsers do not send the fragment.
    pub fn console(&self) -> String {
        let key = self.service.console_key.as_ref().map(|key| format!("#key={}", key.expose()));
        format!("{}/{}", self.service.issuer, key.unwrap_or_default())
    }

    pub fn clients(&self) -> Vec<Client> {
        lock(&self.service.engine).clients.clone()
    }

    #[cfg(test)]
    pub fn advance(&self, by: Seconds) {
        lock(&self.service.clock_setting).offset += by.0;
    }

    /// Serves until the process ends.
    pub fn join(self) {
        let _ = self.receiving.recv();
    }
}

/// The issuer, and the values of `Host` under which controls are accepted: the issuer's, and the port's own. Another name
/// that leads here may be a web page's (DNS rebinding).
fn issuer_and_authorities(issuer: Option<&Url>, address: SocketAddr) -> (String, Vec<String>) {
    let own = reachable(address).to_string();
    match issuer {
        None => (format!("http://{own}"), vec![own]),
        Some(url) => {
            let authority = url[Position::BeforeHost..Position::AfterPort].to_owned();
            (url.as_str().trim_end_matches('/').to_owned(), vec![authority, own])
        }
    }
}

/// The URL of `--issuer`, or what it must look like: http or https, a host, perhaps a port, and nothing else.
pub fn issuer_url(text: &str) -> Result<Url, String> {
    let is_bare = |url: &Url| {
        matches!(url.scheme(), "http" | "https")
            && url[Position::BeforeUsername..Position::BeforeHost].is_empty()
            && url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
    };
    let url = Url::parse(text).ok().filter(is_bare);
    url.ok_or_else(|| format!("`{}` is not an address such as http://sandbox:8765", printable(text)))
}
