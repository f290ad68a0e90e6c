//! The state that all requests share.

use super::http::Response;
pub(super) use crate::domain::mutex::lock_mutex as lock;
use crate::domain::secret::Secret;
use crate::domain::time::{Seconds, Time};
use crate::ports::{Clock, Entropy};
use crate::sandbox::tokens::Keys;
use crate::sandbox::{Engine, Moment, Seed, User};
use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Condvar, Mutex};
use tiny_http::Server;

pub type Log = Box<dyn Fn(&str) + Send + Sync>;

pub(super) struct Service {
    pub(super) issuer: String,
    /// The values of `Host` under which controls are accepted.
    pub(super) authorities: Vec<String>,
    pub(super) address: SocketAddr,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) entropy: Arc<dyn Entropy>,
    pub(super) clock_setting: Mutex<ClockSetting>,
    pub(super) auto_approve: bool,
    pub(super) clients_may_introspect: bool,
    pub(super) engine: Mutex<Engine>,
    pub(super) keys: Mutex<Keys>,
    /// The failures of the next requests, by their endpoints.
    pub(super) failures: Mutex<BTreeMap<&'static str, PlannedFailure>>,
    pub(super) requests: Mutex<BTreeMap<&'static str, u64>>,
    /// Who has it sees client secrets in the console; without randomness there is none.
    pub(super) console_key: Option<Secret>,
    /// Notified after an event was recorded, and at the end.
    pub(super) recorded: Condvar,
    /// Cloned for each request that waits for an event: the number of references counts them.
    pub(super) waiting: Arc<()>,
    pub(super) log: Option<Log>,
    /// `None` once the sandbox ends.
    pub(super) listener: Mutex<Option<TcpListener>>,
    /// One, and another for each failure to accept: that ends the accepting of a server, but not its connections.
    pub(super) servers: Mutex<Vec<Arc<Server>>>,
    /// In the same way, for each request until it is answered, or its thread panics.
    pub(super) slots: Arc<()>,
    /// As `slots`, for requests that may never come whole. They have half of the slots, so that they keep nobody else out.
    pub(super) half_sent: Arc<()>,
    pub(super) max_requests: usize,
}

/// How the sandbox's clock differs from this machine's.
pub(super) struct ClockSetting {
    /// Seconds ahead.
    pub(super) offset: i64,
    /// When it was frozen, by this machine's.
    pub(super) frozen_at: Option<Time>,
}

/// Where a program on this machine reaches what listens on `address`.
pub(super) fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

impl Service {
    pub(super) fn now(&self) -> Time {
        let setting = lock(&self.clock_setting);
        setting.frozen_at.unwrap_or_else(|| self.clock.now()).plus(Seconds(setting.offset))
    }

    pub(super) fn is_shutting_down(&self) -> bool {
        lock(&self.listener).is_none()
    }

    /// Closes the port, and lets go of the requests that wait.
    pub(super) fn shut_down(&self) {
        drop(lock(&self.listener).take());
        // Under the lock, so that nobody has just looked and begins to wait.
        drop(lock(&self.engine));
        self.recorded.notify_all();
        for server in lock(&self.servers).drain(..) {
            server.unblock();
        }
    }

    /// The user who logs in without a page.
    pub(super) fn auto_approving_user(&self, engine: &Engine) -> Option<Arc<User>> {
        engine.users.first().filter(|_| self.auto_approve).cloned()
    }

    /// The time of a request, and random bytes for it.
    pub(super) fn moment(&self) -> io::Result<Moment> {
        let mut seed = Seed([0; 32]);
        self.entropy.fill(&mut seed.0)?;
        Ok(Moment { now: self.now(), uptime: self.clock.uptime(), seed })
    }
}

#[derive(Clone)]
pub(super) struct PlannedFailure {
    pub(super) times: u64,
    pub(super) response: Response,
    /// Whether the request is processed and only its response is lost.
    pub(super) after_processing: bool,
}
