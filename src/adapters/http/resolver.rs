//! Resolves names by the system, which has no deadline, on a thread that is left behind on timeout. If no thread can be
//! started, that is an error; reqwest's own resolver would panic.

use crate::ports::Work;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::io;
use std::net::ToSocketAddrs;
use std::thread::{Builder, JoinHandle};
use tokio::sync::oneshot::channel;

pub(super) struct SystemResolver {
    /// Starts a thread.
    pub(super) start: fn(Work) -> io::Result<JoinHandle<()>>,
}

impl Default for SystemResolver {
    fn default() -> Self {
        Self { start: |work| Builder::new().name("resolver".into()).spawn(work) }
    }
}

impl Resolve for SystemResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (sender, found) = channel();
        let host = name.as_str().to_owned();
        // The request may have timed out by the time the name is found.
        let lookup = move || drop(sender.send((host.as_str(), 0).to_socket_addrs()));
        let started = (self.start)(Box::new(lookup));
        Box::pin(async move {
            // A text, because only the innermost cause is reported.
            started
                .map_err(|error| format!("its name cannot be looked up, because no thread can be started ({error})"))?;
            Ok(Box::new(found.await??) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::SocketAddr;

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
