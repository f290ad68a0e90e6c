//! The sandbox on a loopback port.

mod control;
mod http;
mod interactive;
mod protocol;
mod routes;
mod shared;
#[cfg(test)]
mod tests;

use super::clients::{Client, registered};
use super::engine::{Engine, Rotation, Settings};
use super::tokens::Keys;
use super::users::User;
use crate::domain::policy::DOCUMENTED_ACCESS_TOKEN_LIFETIME;
use crate::domain::time::Seconds;
use crate::ports::{Clock, Entropy};
use http::{Request, Response};
use shared::{Shared, lock};
use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// How many requests are answered at once.
const WORKERS: usize = 4;

/// How many threads there must be for it: the workers, tiny_http's own five, and a few for connections, each of which has
/// one of its own.
const THREADS: usize = WORKERS + 5 + 3;

/// How long a sandbox that is dropped waits for answers under way.
const FAREWELL: Duration = Duration::from_secs(2);

/// How a sandbox is to be.
#[derive(Clone, Debug)]
pub struct Options {
    /// The port on 127.0.0.1; 0: any free one.
    pub port: u16,
    /// Who is logged in at once, without a page.
    pub auto_approve: Option<&'static User>,
    /// What becomes of a used refresh token.
    pub refresh_tokens: Rotation,
    /// Whether a spent one-time token, used again, revokes its family.
    pub reuse_revokes_family: bool,
    /// How long access tokens live.
    pub access_token_lifetime: Seconds,
    /// How long ID tokens live.
    pub id_token_lifetime: Seconds,
    /// How long SSO sessions live; `None`: until they are ended.
    pub sso_lifetime: Option<Seconds>,
    /// How far the sandbox's clock is ahead of the world's.
    pub clock_offset: Seconds,
    /// Redirect URIs registered for every client beside its own.
    pub redirect_uris: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            port: 0,
            auto_approve: None,
            refresh_tokens: Rotation::default(),
            reuse_revokes_family: false,
            access_token_lifetime: DOCUMENTED_ACCESS_TOKEN_LIFETIME,
            id_token_lifetime: Seconds(300),
            sso_lifetime: None,
            clock_offset: Seconds::ZERO,
            redirect_uris: Vec::new(),
        }
    }
}

/// A running sandbox; it ends when this is dropped.
pub struct Sandbox {
    shared: Arc<Shared>,
    server: Arc<tiny_http::Server>,
    /// Disconnected once all workers have ended.
    running: Receiver<()>,
}

impl Sandbox {
    /// Starts it. When this returns, the port is open.
    ///
    /// # Errors
    /// If the port or the threads cannot be had, or no key could be made.
    pub fn start(options: Options, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> io::Result<Self> {
        threads_can_be_had(THREADS)?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port))?;
        let issuer = format!("http://127.0.0.1:{}", listener.local_addr()?.port());
        let server = tiny_http::Server::from_listener(listener, None).map_err(io::Error::other)?;
        let settings = Settings {
            issuer: issuer.clone(),
            refresh_tokens: options.refresh_tokens,
            reuse_revokes_family: options.reuse_revokes_family,
            access_token_lifetime: options.access_token_lifetime,
            id_token_lifetime: options.id_token_lifetime,
            sso_lifetime: options.sso_lifetime,
        };
        let shared = Arc::new(Shared {
            issuer,
            clock,
            entropy,
            offset: AtomicI64::new(options.clock_offset.0),
            stopped_at: Mutex::default(),
            auto_approve: options.auto_approve,
            engine: Mutex::new(Engine::new(settings, registered(&options.redirect_uris))),
            keys: Mutex::new(Keys::new()?),
            failures: Mutex::new(Vec::new()),
            requests: Mutex::new(BTreeMap::new()),
            stopping: AtomicBool::new(false),
        });
        let server = Arc::new(server);
        let (ended, running) = channel();
        for _ in 0..WORKERS {
            let (shared, server, ended) = (Arc::clone(&shared), Arc::clone(&server), ended.clone());
            thread::Builder::new().name("sandbox".to_owned()).spawn(move || work(&shared, &server, &ended))?;
        }
        Ok(Self { shared, server, running })
    }

    /// The issuer: `http://127.0.0.1:PORT`.
    pub fn issuer(&self) -> &str {
        &self.shared.issuer
    }

    /// The registered clients.
    pub fn clients(&self) -> Vec<Client> {
        lock(&self.shared.engine).clients.clone()
    }

    /// Moves the sandbox's clock forward (back, if negative).
    #[cfg(test)]
    pub fn advance(&self, by: Seconds) {
        self.shared.advance(by);
    }

    /// How many requests an endpoint has had (`discovery`, `jwks`, `authorize`, `token`, `userinfo` …).
    #[cfg(test)]
    pub fn requests(&self, endpoint: &str) -> u64 {
        lock(&self.shared.requests).get(endpoint).copied().unwrap_or(0)
    }

    /// Serves until the process ends.
    pub fn join(self) {
        // Nothing is ever sent: this returns only when no worker is left.
        let _ = self.running.recv();
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        for _ in 0..WORKERS {
            self.server.unblock();
        }
        // A worker whose client does not finish its body is left behind; it ends with its client.
        let _ = self.running.recv_timeout(FAREWELL);
    }
}

/// Whether so many threads can run at once. tiny_http panics where one cannot be had, so that it is found out before.
fn threads_can_be_had(count: usize) -> io::Result<()> {
    let (hold, held) = channel::<()>();
    let held = Mutex::new(held);
    let started = thread::scope(|scope| {
        let start = |_| thread::Builder::new().spawn_scoped(scope, || lock(&held).recv().is_err());
        let started = (0..count).map(start).collect::<io::Result<Vec<_>>>();
        drop(hold);
        // Joined, because a thread whose work is done may still be counted.
        started.map(|all| all.into_iter().for_each(|one| drop(one.join())))
    });
    started.map_err(|error| io::Error::new(error.kind(), format!("not enough threads can be started ({error})")))
}

/// Answers requests until the sandbox stops. `_ended` says so by being dropped.
fn work(shared: &Shared, server: &tiny_http::Server, _ended: &Sender<()>) {
    while !shared.stopping.load(Ordering::SeqCst) {
        let Ok(mut incoming) = server.recv() else { continue };
        let response = match Request::receive(&mut incoming) {
            Some(request) => shared.respond(&request),
            None => Response::text(413, "the body is too long, or no text"),
        };
        response.send(incoming, shared.now());
    }
}
