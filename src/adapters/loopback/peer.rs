//! Which user is at the other end of a connection, or has a port: Linux lists the user of each socket in `/proc/net/tcp` and
//! `/proc/net/tcp6` (proc(5)). Other users can read our addresses from the opener's arguments, but only this user may
//! use them.

use crate::domain::text::printable;
use crate::ports::PortHolder;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Seek};
use std::net::{IpAddr, SocketAddr};
use std::sync::mpsc;
use tokio::net::TcpStream;
use tokio::sync::oneshot;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Peer {
    /// This user or root: relays (sshd, WSL) connect as root, and root can read everything anyway. Also if the user is
    /// unknown: another system, or a socket in no table, such as a browser's outside this container.
    SameUser,
    OtherUser(u32),
    /// The socket is closed. Its user is not known any more, so closing early does not help an attacker; browsers wait
    /// for their response.
    Closed,
}

/// Looks up peers on a thread, because reading the tables may take a while; one read is for all waiting requests.
pub(super) struct PeerLookup(mpsc::Sender<LookupRequest>);

struct LookupRequest {
    peer: Endpoint,
    own_end: Endpoint,
    answer: oneshot::Sender<Peer>,
}

/// One end of a connection. IPv4-mapped IPv6 addresses are IPv4 addresses.
type Endpoint = (IpAddr, u16);

impl PeerLookup {
    /// # Errors
    /// If no thread can be started, a table cannot be opened, or the tables do not distinguish users.
    pub(super) fn start() -> io::Result<Self> {
        let (mut tables, own) = (Tables::open()?, own_id());
        tables.check(own)?;
        let (requests, received) = mpsc::channel::<LookupRequest>();
        std::thread::Builder::new().name("visitors".into()).spawn(move || {
            while let Ok(first) = received.recv() {
                let requests: Vec<_> = std::iter::once(first).chain(received.try_iter()).collect();
                let tables = tables.read();
                for LookupRequest { peer, own_end, answer } in requests {
                    let found = tables.as_ref().map_or(Peer::Closed, |tables| find_peer(tables, peer, own_end, own));
                    let _ = answer.send(found);
                }
            }
        })?;
        Ok(Self(requests))
    }

    pub(super) async fn at(&self, stream: &TcpStream) -> Peer {
        let (Ok(peer), Ok(own_end)) = (stream.peer_addr(), stream.local_addr()) else { return Peer::Closed };
        let (answer, found) = oneshot::channel();
        let _ = self.0.send(LookupRequest { peer: endpoint(peer), own_end: endpoint(own_end), answer });
        match found.await {
            Ok(Peer::OtherUser(id)) => Peer::OtherUser(id),
            // A reset socket is in no table, but then our socket has no peer either.
            Ok(Peer::SameUser) if stream.peer_addr().is_ok() => Peer::SameUser,
            _ => Peer::Closed,
        }
    }
}

fn endpoint(address: SocketAddr) -> Endpoint {
    (address.ip().to_canonical(), address.port())
}

/// This user's id, if it distinguishes users.
#[cfg(unix)]
fn own_id() -> Option<u32> {
    let read = |file| std::fs::read_to_string(file).unwrap_or_default();
    distinct_user_id(
        rustix::process::geteuid().as_raw(),
        &read("/proc/sys/kernel/overflowuid"),
        &read("/proc/self/uid_map"),
    )
}

#[cfg(not(unix))]
fn own_id() -> Option<u32> {
    None
}

/// `own`, unless a user namespace also shows it for users that its map leaves out (user_namespaces(7)).
#[cfg(unix)]
fn distinct_user_id(own: u32, overflow: &str, map: &str) -> Option<u32> {
    let mapped = |line: &str| line.split_whitespace().nth(2).and_then(|count| count.parse::<u64>().ok());
    let maps_everybody = map.lines().filter_map(mapped).sum::<u64>() >= u32::MAX.into();
    (overflow.trim() != own.to_string() || maps_everybody).then_some(own)
}

/// The tables, opened once: an attacker who uses up our file descriptors must not prevent the lookup.
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
    /// Fails if there are tables that do not distinguish users.
    fn check(&self, own: Option<u32>) -> io::Result<()> {
        if own.is_some() || self.0.is_empty() {
            return Ok(());
        }
        Err(io::Error::other(
            "other users cannot be told apart from this one in this container, so it is not safe to listen",
        ))
    }

    fn read(&mut self) -> Option<String> {
        let mut text = String::new();
        for file in &mut self.0 {
            file.rewind().and_then(|()| file.read_to_string(&mut text)).ok()?;
        }
        Some(text)
    }
}

/// Who `peer` is, seen by the user `own`. The tables list both sockets of a loopback connection.
fn find_peer(tables: &str, peer: Endpoint, own_end: Endpoint, own: Option<u32>) -> Peer {
    let at_our_port = format!(":{:04X} ", own_end.1);
    let mut found = Peer::SameUser;
    for row in tables.lines().filter(|line| line.contains(&at_our_port)).filter_map(SocketRow::parse) {
        if (row.local, row.remote) == (peer, own_end) {
            match row.uid {
                // Closed sockets are listed as root's.
                _ if row.inode == "0" && row.state != ESTABLISHED => found = Peer::Closed,
                id if id == 0 || Some(id) == own => return Peer::SameUser,
                id => return Peer::OtherUser(id),
            }
        } else if (row.local, row.remote) == (own_end, peer) && row.state == CLOSE_WAIT {
            // The peer has closed its side, and the kernel may not list it any more.
            found = Peer::Closed;
        }
    }
    found
}

/// Who listens on this port of a loopback address; `None` if nobody does, or it is not known.
pub(super) fn holder(port: u16) -> Option<PortHolder> {
    let own = own_id()?;
    let (user, inode) = listener(&Tables::open().ok()?.read()?, port)?;
    Some(if user == own { PortHolder::SameUser(program_with_socket(&inode)) } else { PortHolder::AnotherUser(user) })
}

/// The user and the inode of the socket that listens there.
fn listener(tables: &str, port: u16) -> Option<(u32, String)> {
    let mut rows = tables.lines().filter_map(SocketRow::parse).filter(|row| row.state == LISTEN);
    let row = rows.find(|row| row.local.1 == port && (row.local.0.is_loopback() || row.local.0.is_unspecified()))?;
    Some((row.uid, row.inode.to_owned()))
}

/// The name and id of a process that has this socket (proc(5), `/proc/pid/fd`), if this user may see it.
fn program_with_socket(inode: &str) -> Option<(String, u32)> {
    let socket = format!("socket:[{inode}]");
    let processes = fs::read_dir("/proc").ok()?.flatten();
    let mut processes = processes.filter_map(|found| found.file_name().to_str()?.parse::<u32>().ok());
    let process = processes.find(|process| {
        let open = fs::read_dir(format!("/proc/{process}/fd")).into_iter().flatten().flatten();
        open.map(|file| fs::read_link(file.path()))
            .any(|target| target.is_ok_and(|it| it.as_os_str() == socket.as_str()))
    })?;
    let name = fs::read_to_string(format!("/proc/{process}/comm")).ok()?;
    Some((printable(name.trim()), process))
}

/// Socket states of Linux (`include/net/tcp_states.h`).
const ESTABLISHED: &str = "01";
const CLOSE_WAIT: &str = "08";
const LISTEN: &str = "0A";

struct SocketRow<'t> {
    local: Endpoint,
    remote: Endpoint,
    state: &'t str,
    uid: u32,
    inode: &'t str,
}

impl<'t> SocketRow<'t> {
    /// `sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode …`
    fn parse(line: &'t str) -> Option<Self> {
        let mut fields = line.split_whitespace().skip(1);
        let (local, remote) = (parse_endpoint(fields.next()?)?, parse_endpoint(fields.next()?)?);
        let (state, uid, inode) = (fields.next()?, fields.nth(3)?.parse().ok()?, fields.nth(1)?);
        Some(Self { local, remote, state, uid, inode })
    }
}

/// `0100007F:1F90` is 127.0.0.1:8080: 32-bit words as in memory, then the port.
fn parse_endpoint(text: &str) -> Option<Endpoint> {
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
