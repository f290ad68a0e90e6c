//! Each request has a thread of its own, because its body is read there and may never be complete: tiny_http reads heads on
//! threads of its own, leaves bodies to us, and knows no timeouts.

use super::http::{Request, Response, is_whole, read_body};
use super::routes::endpoint_name;
use super::service::{Service, lock, reachable};
use crate::sandbox::Reason;
use std::io;
use std::net::TcpStream;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::Builder;
use std::time::Duration;
use tiny_http::Server;

/// How many threads must be able to start: our receiving one, tiny_http's own five, and a few for connections and requests.
const MIN_THREADS: usize = 1 + 5 + 6;

/// How long accepting pauses after a failure, such as too many open files.
const PAUSE: Duration = Duration::from_millis(50);

/// How long after a request tiny_http's threads are first nudged. Each further pause is twice as long, up to the second
/// number, until about a minute has passed.
const FIRST_NUDGE: Duration = Duration::from_millis(20);
const LAST_NUDGE: Duration = Duration::from_secs(1);
const MAX_NUDGES: u32 = 65;

/// Serves the listener. Returns what is disconnected once no thread receives any more; an error if none can be started.
pub(super) fn start(service: &Arc<Service>) -> io::Result<Receiver<()>> {
    check_threads()?;
    let (alive, receiving) = channel();
    let (server, service) = (service.new_server()?, Arc::clone(service));
    Builder::new().name("sandbox".to_owned()).spawn(move || service.receive(&server, &alive))?;
    Ok(receiving)
}

impl Service {
    fn new_server(&self) -> io::Result<Arc<Server>> {
        let ended = || io::Error::other("the sandbox ends");
        let listener = lock(&self.listener).as_ref().ok_or_else(ended)?.try_clone()?;
        let server = Arc::new(Server::from_listener(listener, None).map_err(io::Error::other)?);
        lock(&self.servers).push(Arc::clone(&server));
        Ok(server)
    }

    /// Hands out requests until the sandbox ends. Dropping `alive` reports the end.
    fn receive(self: &Arc<Self>, server: &Server, alive: &Sender<()>) {
        let mut nudges = 0;
        while !self.is_shutting_down() {
            let received = match patience(nudges) {
                Some(patience) => server.recv_timeout(patience),
                None => server.recv().map(Some),
            };
            match received {
                Ok(Some(incoming)) => {
                    self.answer(incoming);
                    nudges = 0;
                }
                Ok(None) => {
                    self.nudge();
                    nudges += 1;
                }
                Err(_) if self.is_shutting_down() => {}
                Err(_) => self.go_on_accepting(alive),
            }
        }
    }

    /// Connects and disconnects, so that connections which wait get a thread. Of those that come at once, tiny_http gives
    /// some to no thread: it counts a thread as idle that is about to take another connection.
    fn nudge(&self) {
        let address = reachable(self.address);
        for _ in 0..4 {
            // Where it fails, nobody else gets through either.
            drop(TcpStream::connect_timeout(&address, PAUSE));
        }
    }

    /// Accepts by a new server, once that is possible; the old one still receives from its connections.
    fn go_on_accepting(self: &Arc<Self>, alive: &Sender<()>) {
        let (service, alive) = (Arc::clone(self), alive.clone());
        let go_on = move || {
            while !service.is_shutting_down() {
                service.clock.pause(PAUSE);
                if let Ok(server) = service.new_server() {
                    return service.receive(&server, &alive);
                }
            }
        };
        if Builder::new().name("sandbox".to_owned()).spawn(go_on.clone()).is_err() {
            go_on();
        }
    }

    /// Answers on a thread. Beyond the limit, or without a thread, the answer is a 503.
    fn answer(self: &Arc<Self>, incoming: tiny_http::Request) {
        let (service, slot) = (Arc::clone(self), Arc::clone(&self.slots));
        let half_sent = (!is_whole(&incoming)).then(|| Arc::clone(&self.half_sent));
        let is_too_many = Arc::strong_count(&slot) > 1 + self.max_requests
            || half_sent.as_ref().is_some_and(|slot| Arc::strong_count(slot) > 1 + self.max_requests / 2);
        let received_at = self.clock.uptime();
        // Handed over to a thread that runs: the request would be lost where none can be started.
        let (sender, receiver) = channel();
        let respond = move || {
            let _slots = (slot, half_sent);
            receiver.recv().map(|incoming| respond(&service, incoming, received_at))
        };
        if !is_too_many && Builder::new().name("sandbox request".to_owned()).spawn(respond).is_ok() {
            return drop(sender.send(incoming));
        }
        let response = refuse(self, &Request::new(&incoming, String::new(), received_at), 503, Reason::TooManyRequests);
        response.send(incoming, self.now(), false);
    }
}

/// How long to wait for a request after so many nudges; `None` for as long as it takes.
pub(super) fn patience(nudges: u32) -> Option<Duration> {
    let doubled = FIRST_NUDGE.saturating_mul(2_u32.saturating_pow(nudges));
    (nudges < MAX_NUDGES).then(|| doubled.min(LAST_NUDGE))
}

fn respond(service: &Service, mut incoming: tiny_http::Request, received_at: Duration) {
    let response = match read_body(&mut incoming) {
        Some(body) => service.respond(&Request::new(&incoming, body, received_at)),
        None => refuse(service, &Request::new(&incoming, String::new(), received_at), 413, Reason::LongBody),
    };
    response.send(incoming, service.now(), true);
}

fn refuse(service: &Service, request: &Request, status: u16, reason: Reason) -> Response {
    let response = Response::refusal(status, reason);
    service.record(endpoint_name(request.path), request, &response);
    response
}

/// Checks that enough threads can run at once: tiny_http panics when it cannot start one.
fn check_threads() -> io::Result<()> {
    let (release, wait) = channel::<()>();
    let wait = Mutex::new(wait);
    let threads = std::thread::scope(|scope| {
        let start = |_| Builder::new().spawn_scoped(scope, || lock(&wait).recv().is_err());
        let threads = (0..MIN_THREADS).map(start).collect::<io::Result<Vec<_>>>();
        drop(release);
        // Joined, because a thread may count until then.
        threads.map(|threads| threads.into_iter().for_each(|thread| drop(thread.join())))
    });
    threads.map_err(|error| io::Error::new(error.kind(), format!("not enough threads can be started ({error})")))
}
