//! Connections: how many at once, how long each, how much of it. On a thread of its own with a runtime of its own.

use super::http_response::{Desk, unreadable};
use super::peer::Peers;
use crate::ports::Ignored;
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
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};

/// Connections at once; beyond them the oldest one that has not yet asked anything is closed.
const CONNECTIONS: usize = 32;
/// For a request's head.
const HEAD_TIME: Duration = Duration::from_secs(5);
/// For a connection as a whole, the time a page is held included.
const WHOLE_TIME: Duration = Duration::from_secs(25);
/// For what a client still sends after its answer: closing at once would take the answer away from it.
const LINGER: Duration = Duration::from_millis(500);
/// A request's head in bytes, and its headers.
const HEAD_SIZE: usize = 16 * 1024;
const HEADERS: usize = 64;

/// The running server; dropping it closes the port and every connection.
pub(super) struct Server {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves `sockets`, which are listening already.
    pub(super) fn start(sockets: Vec<Socket>, desk: Arc<Desk>) -> io::Result<Self> {
        let (stop, stopped) = oneshot::channel::<()>();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (crowd, visitors) = (Crowd::default(), Arc::new(Peers::start()?));
        {
            let _entered = runtime.enter();
            for socket in sockets {
                socket.set_nonblocking(true)?;
                let house = House { desk: Arc::clone(&desk), visitors: Arc::clone(&visitors) };
                runtime.spawn(accept(TcpListener::from_std(socket)?, house, crowd.clone()));
            }
        }
        let thread = std::thread::Builder::new().name("loopback".into()).spawn(move || {
            let _ = runtime.block_on(stopped);
        })?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What every connection needs.
#[derive(Clone)]
struct House {
    desk: Arc<Desk>,
    visitors: Arc<Peers>,
}

/// The connections there are, oldest first.
#[derive(Clone, Default)]
struct Crowd(Arc<Mutex<Vec<Connection>>>);

/// One connection, and whether it has asked something.
type Connection = (AbortHandle, Arc<AtomicBool>);

impl Crowd {
    /// Makes room for one more; `false` if everybody is being served.
    fn make_room(&self) -> bool {
        let mut crowd = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        crowd.retain(|(handle, _)| !handle.is_finished());
        if crowd.len() < CONNECTIONS {
            return true;
        }
        let idle = crowd.iter().position(|(_, asked)| !asked.load(Ordering::SeqCst));
        idle.map(|oldest| crowd.remove(oldest).0.abort()).is_some()
    }

    fn add(&self, handle: AbortHandle, asked: Arc<AtomicBool>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((handle, asked));
    }
}

async fn accept(socket: TcpListener, house: House, crowd: Crowd) {
    loop {
        match socket.accept().await {
            Ok((stream, _)) if crowd.make_room() => {
                let asked = Arc::new(AtomicBool::new(false));
                let serving = serve(stream, house.clone(), Arc::clone(&asked));
                crowd.add(tokio::spawn(timeout(WHOLE_TIME, serving)).abort_handle(), asked);
            }
            Ok(_) => {}
            // Out of file descriptors: some come back as connections end.
            Err(_) => sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn serve(stream: TcpStream, House { desk, visitors }: House, asked: Arc<AtomicBool>) {
    let Ok((stream, rest)) = twice(stream) else { return };
    let (last, told) = (AtomicBool::new(false), Arc::new(AtomicU16::new(0)));
    let service = service_fn(|request: hyper::Request<hyper::body::Incoming>| {
        asked.store(true, Ordering::SeqCst);
        let (desk, last, visitor) = (&desk, &last, visitors.at(&rest));
        async move {
            let (head, body) = request.into_parts();
            let (answer, is_last) = desk.answer(head, &body, visitor).await;
            last.fetch_or(is_last, Ordering::SeqCst);
            Ok::<_, Infallible>(answer)
        }
    });
    let io = OwnErrors { io: TokioIo::new(stream), asked: Arc::clone(&asked), told: Arc::clone(&told), error: None };
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_buf_size(HEAD_SIZE)
        .max_headers(HEADERS)
        .keep_alive(false)
        .half_close(true)
        .auto_date_header(false)
        .serve_connection(io, service)
        .await;
    // Answered: from here on it may make room for others.
    let was_request = asked.swap(false, Ordering::SeqCst);
    if last.load(Ordering::SeqCst) {
        desk.seen();
    }
    // An HTTP/2 preface is the one thing that hyper drops without a word.
    let told = told.load(Ordering::SeqCst);
    let silent = served.is_err_and(|error| error.is_parse()) && told == 0;
    match told {
        _ if was_request => {}
        0 if !silent => {}
        414 | 431 => desk.ignored(Ignored::TooLarge),
        _ => desk.ignored(Ignored::NotHttp),
    }
    linger(rest, if silent { unreadable(StatusCode::BAD_REQUEST) } else { Vec::new() }).await;
}

/// The connection under two handles: the second one outlives the HTTP server's.
fn twice(stream: TcpStream) -> io::Result<(TcpStream, TcpStream)> {
    let stream = stream.into_std()?;
    let other = stream.try_clone()?;
    Ok((TcpStream::from_std(stream)?, TcpStream::from_std(other)?))
}

/// Says what is left to be said, then reads and forgets what the client still sends, for a moment.
async fn linger(mut rest: TcpStream, words: Vec<u8>) {
    let _ = timeout(LINGER, rest.write_all(&words)).await;
    let Ok(rest) = rest.into_std() else { return };
    let _ = rest.shutdown(std::net::Shutdown::Write);
    let Ok(mut rest) = TcpStream::from_std(rest) else { return };
    let mut bytes = [0; 4096];
    let reading = async { while rest.read(&mut bytes).await.is_ok_and(|read| read > 0) {} };
    let _ = timeout(LINGER, reading).await;
}

/// The connection, with the HTTP server's own bare error answers (it writes one when no request could be read)
/// replaced by our page and headers.
struct OwnErrors {
    io: TokioIo<TcpStream>,
    asked: Arc<AtomicBool>,
    /// The status of what was written, once anything was.
    told: Arc<AtomicU16>,
    /// What is left to write of our page.
    error: Option<Vec<u8>>,
}

impl Read for OwnErrors {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_read(cx, buf)
    }
}

impl Write for OwnErrors {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let _ = this.told.compare_exchange(0, status_of(buf).as_u16(), Ordering::SeqCst, Ordering::SeqCst);
        if this.asked.load(Ordering::SeqCst) {
            return Pin::new(&mut this.io).poll_write(cx, buf);
        }
        let left = this.error.get_or_insert_with(|| unreadable(status_of(buf)));
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

/// The status of an answer that begins with `head`.
fn status_of(head: &[u8]) -> StatusCode {
    let code = head.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
    StatusCode::from_bytes(code).unwrap_or(StatusCode::BAD_REQUEST)
}
