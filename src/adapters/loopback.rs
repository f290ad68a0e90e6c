//! The loopback server that catches the redirect (RFC 8252 7.3, 8.3). Everything it is sent may be hostile: any web
//! page and any program on the machine can reach it.
//!
//! Bounded in what a request may be (`loopback/answer.rs`), in time, size and number of connections
//! (`loopback/server.rs`), and closed to the machine's other users where the kernel tells who they are
//! (`loopback/visitor.rs`); the pages are fixed texts (`loopback/pages.rs`). When a redirect is accepted the browser is
//! sent on at once, so that the code leaves its address bar, to a second address that is held until [`Listener::finish`]
//! tells how it ended: no page claims what has not happened.

mod http_response;
mod pages;
mod peer;
mod server;

use crate::domain::secret::Secret;
use crate::domain::text::{hex, printable};
use crate::ports::{Callback, Entropy, HandOver, Ignored, ListenAt, Listener, Page};
use http_response::Desk;
use server::Server;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};
use url::Url;

/// How long the browser has to fetch the page that says how it ended, or to take the redirect that leads elsewhere.
const LAST_PAGE: Duration = Duration::from_secs(2);

/// How often a free port is looked for that is free in both address families.
const TRIES: usize = 16;

/// Opens loopback servers.
#[derive(Debug)]
pub struct Loopback;

impl Callback for Loopback {
    fn listen(&self, at: &ListenAt) -> Result<Box<dyn Listener>, String> {
        let (sockets, port) = bound(&at.host, at.port)?;
        let authority = format!("{}:{port}", at.host);
        let redirect_uri = format!("http://{authority}{}", at.path);
        let desk = Arc::new(Desk::new(&at.host, port, &at.path, None));
        let server = Server::start(sockets, Arc::clone(&desk)).map_err(|error| format!("no server: {error}"))?;
        Ok(Box::new(Waiting { redirect_uri, desk, server }))
    }

    fn hand_over(&self, target: &Secret) -> Result<Box<dyn HandOver>, String> {
        let mut random = [0; 16];
        super::system::SystemEntropy.fill(&mut random).map_err(|error| format!("no randomness: {error}"))?;
        let path = format!("/{}", hex(&random));
        let (sockets, port) = bound("127.0.0.1", None)?;
        let url = Url::parse(&format!("http://127.0.0.1:{port}{path}")).map_err(|error| error.to_string())?;
        let desk = Arc::new(Desk::new("127.0.0.1", port, &path, Some(target.clone())));
        let server = Server::start(sockets, Arc::clone(&desk)).map_err(|error| format!("no server: {error}"))?;
        Ok(Box::new(Handing { url, desk, _server: server }))
    }
}

struct Handing {
    url: Url,
    desk: Arc<Desk>,
    /// Closes the port when dropped.
    _server: Server,
}

impl HandOver for Handing {
    fn url(&self) -> &Url {
        &self.url
    }

    fn wait(&mut self, ignored: &dyn Fn(Ignored), patience: Duration) -> bool {
        let Some(candidate) = self.desk.next(patience, ignored) else { return false };
        self.desk.accept(candidate);
        // The page is another server's: all there is to wait for is that the redirect has left.
        self.desk.finish(pages::NEUTRAL, LAST_PAGE);
        true
    }
}

struct Waiting {
    redirect_uri: String,
    desk: Arc<Desk>,
    /// Closes the port when dropped.
    server: Server,
}

impl Listener for Waiting {
    fn redirect_uri(&self) -> &str {
        &self.redirect_uri
    }

    #[allow(clippy::disallowed_methods)] // a deadline for a condition variable, which knows no other clock
    fn wait(
        &mut self,
        is_ours: &dyn Fn(&str) -> bool,
        ignored: &dyn Fn(Ignored),
        patience: Duration,
    ) -> Option<Secret> {
        let start = Instant::now();
        loop {
            let candidate = self.desk.next(patience.saturating_sub(start.elapsed()), ignored)?;
            if is_ours(candidate.query.expose()) {
                return Some(self.desk.accept(candidate));
            }
            candidate.decline();
        }
    }

    fn finish(self: Box<Self>, page: Page) {
        self.desk.finish(page.into(), LAST_PAGE);
        drop(self.server);
    }
}

/// Sockets for every address the host stands for, all on one port: whoever else held one of them would get the code.
fn bound(host: &str, port: Option<u16>) -> Result<(Vec<TcpListener>, u16), String> {
    let families: &[&str] = match host {
        "127.0.0.1" => &["127.0.0.1"],
        "[::1]" => &["[::1]"],
        "localhost" => &["127.0.0.1", "[::1]"],
        other => return Err(format!("`{}` is no loopback host: 127.0.0.1, [::1] or localhost", printable(other))),
    };
    let mut result = all_on(families, port.unwrap_or(0));
    for _ in 1..TRIES {
        match result {
            Err(_) if port.is_none() => result = all_on(families, 0),
            decided => return decided,
        }
    }
    result
}

fn all_on(families: &[&str], mut port: u16) -> Result<(Vec<TcpListener>, u16), String> {
    let mut sockets = Vec::new();
    for family in families {
        match TcpListener::bind(format!("{family}:{port}")) {
            Ok(socket) => {
                port = socket.local_addr().map_err(|error| error.to_string())?.port();
                sockets.push(socket);
            }
            Err(error) if error.kind() == ErrorKind::AddrInUse => return Err(format!("{family}:{port} is in use")),
            // A machine without that family: nobody can hold the address there.
            Err(_) if families.len() > 1 && TcpListener::bind(format!("{family}:0")).is_err() => {}
            Err(error) => return Err(format!("{family}:{port} cannot be listened on: {error}")),
        }
    }
    if sockets.is_empty() { Err("this machine has no loopback address".into()) } else { Ok((sockets, port)) }
}

#[cfg(test)]
mod tests;
