//! Who is at the other end of a connection: on Linux the kernel's tables of TCP sockets (proc(5), `/proc/net/tcp` and
//! `/proc/net/tcp6`) name the user whose socket it is. The addresses of our servers are read by other users of the
//! machine, from the opener's arguments; what is behind them is for this user alone.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek};
use std::net::{IpAddr, SocketAddr};
use std::sync::mpsc;
use tokio::net::TcpStream;
use tokio::sync::oneshot;

/// Who is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Peer {
    /// This user, or root: relays (sshd, WSL) connect as root, and from root nothing is kept anyway. Or it cannot be
    /// known, as in no table (another system, a browser outside of this one).
    Welcome,
    /// Another user, with this id.
    Stranger(u32),
    /// Nobody any more. Whose socket it was is not told once it is closed, so to leave early is no way in; and no
    /// browser does, for it wants its answer.
    Gone,
}

/// Looks visitors up on a thread of its own, because reading the tables may take a while and holds up nobody there. All
/// who are waiting are looked up at once, so that a crowd costs no more than one.
pub(super) struct Peers(mpsc::Sender<Question>);

struct Question {
    visitor: End,
    ours: End,
    answer: oneshot::Sender<Peer>,
}

/// One end of a connection; an IPv4 address that is written as an IPv6 one is the IPv4 one.
type End = (IpAddr, u16);

impl Peers {
    /// # Errors
    /// If there is no thread to be had, a table that is there cannot be opened, or what is in it tells nobody apart.
    pub(super) fn start() -> io::Result<Self> {
        let (mut tables, own) = (Tables::open()?, own_id());
        if own.is_none() && !tables.0.is_empty() {
            return Err(io::Error::other(
                "who comes to it could be anybody: in this container other users look the same as this one",
            ));
        }
        let (questions, asked) = mpsc::channel::<Question>();
        std::thread::Builder::new().name("visitors".into()).spawn(move || {
            while let Ok(first) = asked.recv() {
                let questions: Vec<_> = std::iter::once(first).chain(asked.try_iter()).collect();
                let tables = tables.read();
                for Question { visitor, ours, answer } in questions {
                    let found = tables.as_ref().map_or(Peer::Gone, |tables| looked_up(tables, visitor, ours, own));
                    let _ = answer.send(found);
                }
            }
        })?;
        Ok(Self(questions))
    }

    /// Who is at the other end of `stream`, as of now.
    pub(super) async fn at(&self, stream: &TcpStream) -> Peer {
        let (Ok(visitor), Ok(ours)) = (stream.peer_addr(), stream.local_addr()) else { return Peer::Gone };
        let (answer, told) = oneshot::channel();
        let _ = self.0.send(Question { visitor: end(visitor), ours: end(ours), answer });
        match told.await {
            Ok(Peer::Stranger(id)) => Peer::Stranger(id),
            // A socket that was reset is in no table; then this side has no peer either.
            Ok(Peer::Welcome) if stream.peer_addr().is_ok() => Peer::Welcome,
            _ => Peer::Gone,
        }
    }
}

fn end(address: SocketAddr) -> End {
    (address.ip().to_canonical(), address.port())
}

/// This user's id, if it tells this user from others.
#[cfg(unix)]
fn own_id() -> Option<u32> {
    let read = |file| std::fs::read_to_string(file).unwrap_or_default();
    telling(rustix::process::geteuid().as_raw(), &read("/proc/sys/kernel/overflowuid"), &read("/proc/self/uid_map"))
}

#[cfg(not(unix))]
fn own_id() -> Option<u32> {
    None
}

/// `own`, unless it is what a user namespace shows also for everybody whom its map leaves out (user_namespaces(7)).
#[cfg(unix)]
fn telling(own: u32, overflow: &str, map: &str) -> Option<u32> {
    let mapped = |line: &str| line.split_whitespace().nth(2).and_then(|count| count.parse::<u64>().ok());
    let leaves_nobody_out = map.lines().filter_map(mapped).sum::<u64>() >= u32::MAX.into();
    (overflow.trim() != own.to_string() || leaves_nobody_out).then_some(own)
}

/// The tables, opened once: a visitor who leaves us no descriptor to open them with must not pass for nobody's.
struct Tables<F>(Vec<F>);

impl Tables<File> {
    fn open() -> io::Result<Self> {
        let files: &[&str] = if cfg!(target_os = "linux") { &["/proc/net/tcp", "/proc/net/tcp6"] } else { &[] };
        let opened = files.iter().map(File::open).filter(|opened| {
            let kind = opened.as_ref().err().map(io::Error::kind);
            !matches!(kind, Some(ErrorKind::NotFound | ErrorKind::PermissionDenied))
        });
        opened.collect::<io::Result<_>>().map(Self)
    }
}

impl<F: Read + Seek> Tables<F> {
    /// Both, as they are now; `None` if one of them cannot be read any more.
    fn read(&mut self) -> Option<String> {
        let mut text = String::new();
        for file in &mut self.0 {
            file.rewind().and_then(|()| file.read_to_string(&mut text)).ok()?;
        }
        Some(text)
    }
}

/// Who `visitor` is to the user `own`, according to `tables`, which list both sockets of a loopback connection.
fn looked_up(tables: &str, visitor: End, ours: End, own: Option<u32>) -> Peer {
    let at_our_port = format!(":{:04X} ", ours.1);
    let mut found = Peer::Welcome;
    for row in tables.lines().filter(|line| line.contains(&at_our_port)).filter_map(Row::parse) {
        if (row.local, row.remote) == (visitor, ours) {
            match row.uid {
                // Closed: it is listed as root's.
                _ if row.inode == "0" && row.state != ESTABLISHED => found = Peer::Gone,
                id if id == 0 || Some(id) == own => return Peer::Welcome,
                id => return Peer::Stranger(id),
            }
        } else if (row.local, row.remote) == (ours, visitor) && row.state == CLOSE_WAIT {
            // It has said its last, and the kernel may have forgotten it.
            found = Peer::Gone;
        }
    }
    found
}

/// Values of a socket's state (`include/net/tcp_states.h` of Linux).
const ESTABLISHED: &str = "01";
const CLOSE_WAIT: &str = "08";

/// A socket as a table lists it.
struct Row<'t> {
    local: End,
    remote: End,
    state: &'t str,
    uid: u32,
    inode: &'t str,
}

impl<'t> Row<'t> {
    /// `sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode …`
    fn parse(line: &'t str) -> Option<Self> {
        let mut fields = line.split_whitespace().skip(1);
        let (local, remote) = (listed(fields.next()?)?, listed(fields.next()?)?);
        let (state, uid, inode) = (fields.next()?, fields.nth(3)?.parse().ok()?, fields.nth(1)?);
        Some(Self { local, remote, state, uid, inode })
    }
}

/// `0100007F:1F90` is 127.0.0.1:8080: words of 32 bits as they lie in memory, then the port.
fn listed(text: &str) -> Option<End> {
    let (address, port) = text.split_once(':')?;
    let mut words = [[0; 4]; 4];
    for (at, word) in words.iter_mut().enumerate().take(address.len() / 8) {
        *word = u32::from_str_radix(address.get(8 * at..8 * at + 8)?, 16).ok()?.to_ne_bytes();
    }
    let ip = match address.len() {
        8 => IpAddr::from(words[0]),
        32 => IpAddr::from(<[u8; 16]>::try_from(words.as_flattened()).ok()?).to_canonical(),
        _ => return None,
    };
    Some((ip, u16::from_str_radix(port, 16).ok()?))
}

#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests;
