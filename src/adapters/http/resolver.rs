//! Resolves names by the system, which has no deadline, on a thread that is left behind on timeout. If no thread can be
//! started, that is an error; reqwest's own resolver would panic.

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::fmt;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::thread::{Builder, JoinHandle};
use tokio::sync::oneshot::{Sender, channel};

#[derive(Debug)]
pub(super) struct SystemResolver {
    /// Starts a thread.
    pub(super) start: fn(Work) -> io::Result<JoinHandle<()>>,
}

pub(super) type Work = Box<dyn FnOnce() + Send>;

impl Default for SystemResolver {
    fn default() -> Self {
        Self { start: |work| Builder::new().name("resolver".into()).spawn(work) }
    }
}

impl Resolve for SystemResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (sender, found) = channel();
        let host = name.as_str().to_owned();
        let started = (self.start)(Box::new(move || lookup(&host, sender)));
        Box::pin(async move {
            started.map_err(NoThread)?;
            Ok(Box::new(found.await??.into_iter()) as Addrs)
        })
    }
}

fn lookup(host: &str, sender: Sender<io::Result<Vec<SocketAddr>>>) {
    // The request may have timed out.
    let _ = sender.send((host, 0).to_socket_addrs().map(Iterator::collect));
}

/// No thread can be started. The cause is part of the text and not a source, because only the innermost cause is
/// reported.
#[derive(Debug)]
struct NoThread(io::Error);

impl fmt::Display for NoThread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "its name cannot be looked up, because no thread can be started ({})", self.0)
    }
}

impl std::error::Error for NoThread {}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(resolver: &SystemResolver, host: &str) -> Result<Vec<SocketAddr>, String> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let found = runtime.block_on(resolver.resolve(host.parse().unwrap()));
        found.map(Iterator::collect).map_err(|error| error.to_string())
    }

    #[test]
    fn a_name_is_looked_up_as_the_system_does_it() {
        let found = resolved(&SystemResolver::default(), "localhost").unwrap();
        assert!(!found.is_empty() && found.iter().all(|address| address.ip().is_loopback()), "{found:?}");
    }

    #[test]
    fn missing_thread_is_an_error_without_panic() {
        let none = SystemResolver { start: |_| Err(io::Error::from(io::ErrorKind::WouldBlock)) };
        assert!(resolved(&none, "localhost").unwrap_err().contains("no thread can be started"));
    }
}
