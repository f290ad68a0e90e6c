//! Serves connections on a thread with a runtime of its own, and limits their number, time and size.

use super::peer::PeerLookup;
use super::request_handler::{RequestHandler, bad_request};
use crate::domain::mutex::lock_mutex;
use crate::ports::IgnoredRequest;
use hyper::StatusCode;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::io;
use std::net::TcpListener as Socket;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, ready};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};

/// Beyond this number, the oldest connection without a request is closed.
const MAX_CONNECTIONS: usize = 32;
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
/// For a whole connection, including the wait for the last page.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(25);
/// For reading what a client still sends after its response: closing at once could lose the response.
const LINGER: Duration = Duration::from_millis(500);
/// Of a request's head, in bytes.
const MAX_HEAD_SIZE: usize = 16 * 1024;
const MAX_HEADERS: usize = 64;

/// Closes the port and all connections when dropped.
pub(super) struct Server(Option<(oneshot::Sender<()>, JoinHandle<()>)>);

impl Server {
    pub(super) fn start(sockets: Vec<Socket>, handler: Arc<RequestHandler>) -> io::Result<Self> {
        let (stop, stopped) = oneshot::channel::<()>();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let shared = Arc::new(Shared { handler, peers: PeerLookup::start()?, connections: Mutex::default() });
        for socket in sockets {
            let _entered = runtime.enter();
            socket.set_nonblocking(true)?;
            runtime.spawn(accept(TcpListener::from_std(socket)?, Arc::clone(&shared)));
        }
        let thread = std::thread::Builder::new().name("loopback".into()).spawn(move || {
            let _ = runtime.block_on(stopped);
        })?;
        Ok(Self(Some((stop, thread))))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.0.take() {
            drop(stop);
            let _ = thread.join();
        }
    }
}

struct Shared {
    handler: Arc<RequestHandler>,
    peers: PeerLookup,
    /// The open connections, oldest first, and whether each has sent a request.
    connections: Mutex<Vec<(AbortHandle, Arc<AtomicBool>)>>,
}

impl Shared {
    /// Makes room for one more connection; `false` if all are being served.
    fn make_room(&self) -> bool {
        let mut connections = lock_mutex(&self.connections);
        connections.retain(|(handle, _)| !handle.is_finished());
        if connections.len() < MAX_CONNECTIONS {
            return true;
        }
        let idle = connections.iter().position(|(_, has_request)| !has_request.load(Ordering::SeqCst));
        idle.map(|oldest| connections.remove(oldest).0.abort()).is_some()
    }

    fn serve(self: &Arc<Self>, stream: TcpStream) {
        let has_request = Arc::new(AtomicBool::new(false));
        let serving = serve(stream, Arc::clone(self), Arc::clone(&has_request));
        let handle = tokio::spawn(timeout(CONNECTION_TIMEOUT, serving)).abort_handle();
        lock_mutex(&self.connections).push((handle, has_request));
    }
}

async fn accept(socket: TcpListener, shared: Arc<Shared>) {
    loop {
        match socket.accept().await {
            Ok((stream, _)) if shared.make_room() => shared.serve(stream),
            Ok(_) => {}
            // Out of file descriptors: wait until connections end.
            Err(_) => sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>, has_request: Arc<AtomicBool>) {
    let Shared { handler, peers, .. } = &*shared;
    let Ok((stream, rest)) = two_handles(stream) else { return };
    let (last, status) = (AtomicBool::new(false), Arc::new(AtomicU16::new(0)));
    let service = service_fn(|request: hyper::Request<hyper::body::Incoming>| {
        has_request.store(true, Ordering::SeqCst);
        let (last, peer) = (&last, peers.at(&rest));
        async move {
            let (head, body) = request.into_parts();
            let (response, is_last) = handler.respond(head, &body, peer).await;
            last.fetch_or(is_last, Ordering::SeqCst);
            Ok::<_, Infallible>(response)
        }
    });
    let io = ErrorPages {
        io: TokioIo::new(stream),
        has_request: Arc::clone(&has_request),
        status: Arc::clone(&status),
        error: None,
    };
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(MAX_HEAD_SIZE)
        .max_headers(MAX_HEADERS)
        .keep_alive(false)
        .half_close(true)
        .auto_date_header(false)
        .serve_connection(io, service)
        .await;
    // After its response it may make room for others.
    let was_request = has_request.swap(false, Ordering::SeqCst);
    if last.load(Ordering::SeqCst) {
        handler.last_page_sent();
    }
    // An HTTP/2 preface is the only thing that hyper drops without a response.
    let status = status.load(Ordering::SeqCst);
    let silent = served.is_err_and(|error| error.is_parse()) && status == 0;
    match status {
        _ if was_request => {}
        0 if !silent => {}
        414 | 431 => handler.report_ignored(IgnoredRequest::TooLarge),
        _ => handler.report_ignored(IgnoredRequest::NotHttp),
    }
    linger(rest, if silent { bad_request(StatusCode::BAD_REQUEST) } else { Vec::new() }).await;
}

/// Two handles of one connection: the second outlives the HTTP server's.
fn two_handles(stream: TcpStream) -> io::Result<(TcpStream, TcpStream)> {
    let stream = stream.into_std()?;
    let other = stream.try_clone()?;
    Ok((TcpStream::from_std(stream)?, TcpStream::from_std(other)?))
}

/// Writes `bytes`, then reads and ignores for a moment what the client still sends.
async fn linger(mut rest: TcpStream, bytes: Vec<u8>) {
    let _ = timeout(LINGER, rest.write_all(&bytes)).await;
    let Ok(rest) = rest.into_std() else { return };
    let _ = rest.shutdown(std::net::Shutdown::Write);
    let Ok(mut rest) = TcpStream::from_std(rest) else { return };
    let mut bytes = [0; 4096];
    let reading = async { while rest.read(&mut bytes).await.is_ok_and(|read| read > 0) {} };
    let _ = timeout(LINGER, reading).await;
}

/// Replaces hyper's bare error responses to unreadable requests by our page and headers.
struct ErrorPages {
    io: TokioIo<TcpStream>,
    has_request: Arc<AtomicBool>,
    /// The status of what was written; 0 before.
    status: Arc<AtomicU16>,
    /// What remains to be written of our page.
    error: Option<Vec<u8>>,
}

impl Read for ErrorPages {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_read(cx, buf)
    }
}

impl Write for ErrorPages {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let _ = this.status.compare_exchange(0, status_of(buf).as_u16(), Ordering::SeqCst, Ordering::SeqCst);
        if this.has_request.load(Ordering::SeqCst) {
            return Pin::new(&mut this.io).poll_write(cx, buf);
        }
        let left = this.error.get_or_insert_with(|| bad_request(status_of(buf)));
        while !left.is_empty() {
            let written = ready!(Pin::new(&mut this.io).poll_write(cx, left))?;
            left.drain(..written.min(left.len()));
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
        }
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_shutdown(cx)
    }
}

fn status_of(head: &[u8]) -> StatusCode {
    let code = head.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
    StatusCode::from_bytes(code).unwrap_or(StatusCode::BAD_REQUEST)
}
