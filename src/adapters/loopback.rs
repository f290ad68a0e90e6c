//! The loopback server for the redirect (RFC 8252 7.3, 8.3). All input may be hostile: any web page and any program on
//! the machine can reach it.
//!
//! An accepted redirect is redirected at once, so that the code leaves the address bar. The second page is held until
//! [`Listener::finish`], so that no page claims what has not happened.

mod pages;
mod peer;
mod request_handler;
mod server;

use super::system::{SystemClock, SystemEntropy};
use crate::domain::secret::Secret;
use crate::domain::text::{hex, printable};
use crate::ports::{
    CallbackServer, Clock, Entropy, IgnoredRequest, ListenAddress, Listener, OneTimeRedirect, Page, PortHolder,
};
use request_handler::RequestHandler;
use server::Server;
use std::io::{self, ErrorKind};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;
use url::Url;

/// How often to look for a port that is free in both address families.
const MAX_ATTEMPTS: usize = 16;

pub struct Loopback;

impl CallbackServer for Loopback {
    fn listen(&self, at: &ListenAddress) -> Result<Box<dyn Listener>, String> {
        Ok(Box::new(LoopbackServer::start(&at.host, at.port, &at.path, None)?))
    }

    fn one_time_redirect(&self, target: &Secret) -> Result<Box<dyn OneTimeRedirect>, String> {
        let mut random = [0; 16];
        SystemEntropy.fill(&mut random).map_err(|error| format!("no randomness: {error}"))?;
        Ok(Box::new(LoopbackServer::start("127.0.0.1", None, &format!("/{}", hex(&random)), Some(target.clone()))?))
    }

    fn holder(&self, port: u16) -> Option<PortHolder> {
        peer::holder(port)
    }
}

struct LoopbackServer {
    redirect_uri: String,
    url: Url,
    handler: Arc<RequestHandler>,
    /// Closes the port when dropped.
    _server: Server,
}

impl LoopbackServer {
    fn start(host: &str, port: Option<u16>, path: &str, target: Option<Secret>) -> Result<Self, String> {
        let (sockets, port) = bind(host, port, &|address| TcpListener::bind(address))?;
        let handler = Arc::new(RequestHandler::new(host, port, path, target));
        let server = Server::start(sockets, Arc::clone(&handler));
        let server = server.map_err(|error| format!("the server cannot start: {error}"))?;
        let redirect_uri = format!("http://{host}:{port}{path}");
        let url = Url::parse(&redirect_uri).map_err(|error| error.to_string())?;
        Ok(Self { redirect_uri, url, handler, _server: server })
    }
}

impl OneTimeRedirect for LoopbackServer {
    fn url(&self) -> &Url {
        &self.url
    }

    fn wait(&mut self, ignored: &dyn Fn(IgnoredRequest), timeout: Duration) -> bool {
        let Some(candidate) = self.handler.next(timeout, ignored) else { return false };
        self.handler.accept(candidate);
        // The page is on another server: wait only until the redirect is sent.
        self.handler.finish(pages::NEUTRAL);
        true
    }
}

impl Listener for LoopbackServer {
    fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    fn wait(
        &mut self,
        is_ours: &dyn Fn(&str) -> bool,
        ignored: &dyn Fn(IgnoredRequest),
        timeout: Duration,
    ) -> Option<Secret> {
        let clock = SystemClock::start();
        loop {
            let candidate = self.handler.next(timeout.saturating_sub(clock.uptime()), ignored)?;
            if is_ours(candidate.query.expose()) {
                return Some(self.handler.accept(candidate));
            }
            // Dropping it refuses it.
        }
    }

    fn finish(self: Box<Self>, page: Page) {
        self.handler.finish(page.into());
    }
}

/// Opens a socket at `address:port`; port 0 is any free one.
type Open<'f> = &'f dyn Fn(&str) -> io::Result<TcpListener>;

/// Sockets for all addresses of the host on one port: a program that held one of them would get the code.
fn bind(host: &str, port: Option<u16>, open: Open<'_>) -> Result<(Vec<TcpListener>, u16), String> {
    let families: &[&str] = match host {
        "127.0.0.1" => &["127.0.0.1"],
        "[::1]" => &["[::1]"],
        "localhost" => &["127.0.0.1", "[::1]"],
        other => {
            return Err(format!("`{}` is not a loopback host: use 127.0.0.1, [::1] or localhost", printable(other)));
        }
    };
    let attempts = if port.is_some() { 1 } else { MAX_ATTEMPTS };
    let bind = || bind_all(families, port.unwrap_or(0), open);
    (1..attempts).fold(bind(), |bound, _| bound.or_else(|_| bind()))
}

fn bind_all(families: &[&str], mut port: u16, open: Open<'_>) -> Result<(Vec<TcpListener>, u16), String> {
    let mut sockets = Vec::new();
    for family in families {
        match open(&format!("{family}:{port}")) {
            Ok(socket) => {
                port = socket.local_addr().map_err(|error| error.to_string())?.port();
                sockets.push(socket);
            }
            Err(error) if error.kind() == ErrorKind::AddrInUse => return Err(format!("{family}:{port} is in use")),
            // The machine lacks this family, so no program can hold the address.
            Err(_) if families.len() > 1 && open(&format!("{family}:0")).is_err() => {}
            Err(error) => return Err(format!("{family}:{port} cannot be listened on: {error}")),
        }
    }
    if sockets.is_empty() { Err("this machine has no loopback address".into()) } else { Ok((sockets, port)) }
}

#[cfg(test)]
mod tests;
