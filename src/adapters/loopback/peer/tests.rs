use super::*;
use crate::adapters::loopback::Loopback;
use crate::ports::CallbackServer;
use std::io::Write;
use std::net::{TcpListener, TcpStream as Plain};

const ME: u32 = 1000;

/// Our server at 127.0.0.1:8080 and its peers on ports 40001 and up, as a little-endian kernel lists them, among other
/// connections.
const TCP: &str = "\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 935596 1 00000000f4371726 100 0 0 10 0
   1: 0100007F:9C41 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1000        0 935601 1 0000000000000000 20 4 30 10 -1
   2: 0100007F:9C42 0100007F:1F90 01 00000000:00000000 00:00000000 00000000 65534        0 935602 1 0000000000000000 20 4 30 10 -1
   3: 0100007F:9C43 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 935603 1 0000000000000000 20 4 30 10 -1
   4: 0100007F:9C44 0100007F:1F91 01 00000000:00000000 00:00000000 00000000 65534        0 935604 1 0000000000000000 20 4 30 10 -1
   5: 0100007F:9C45 0100007F:1F90 05 00000000:00000000 03:00000E84 00000000     0        0 0 3 0000000031420349
   6: 0100007F:1F90 0100007F:9C46 08 00000000:00000000 00:00000000 00000000  1000        0 935606 1 0000000000000000 20 4 30 10 -1
   7: 0100007F:1F90 0100007F:9C41 01 00000000:00000000 00:00000000 00000000  1000        0 935607 1 0000000000000000 20 4 30 10 -1
   8: 0100007F:1F90 0100007F:9C47 08 00000000:00000000 00:00000000 00000000  1000        0 935608 1 0000000000000000 20 4 30 10 -1
   9: 0100007F:9C47 0100007F:1F90 05 00000000:00000000 00:00000000 00000000  1000        0 935609 1 0000000000000000 20 4 30 10 -1
  10: nonsense
";

/// A peer over IPv6 (port 40001), and one that reaches the IPv4 server from an IPv6 socket (port 40016).
const TCP6: &str = "\
  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000001000000:9C41 00000000000000000000000001000000:1F90 01 00000000:00000000 00:00000000 00000000 65533        0 935611 1 0000000000000000 20 4 30 10 -1
   1: 0000000000000000FFFF00000100007F:9C50 0000000000000000FFFF00000100007F:1F90 01 00000000:00000000 00:00000000 00000000 65532        0 935612 1 0000000000000000 20 4 30 10 -1
";

fn at(host: &str, port: u16) -> Endpoint {
    (host.parse().unwrap(), port)
}

fn found(host: &str, port: u16) -> Peer {
    find_peer(&format!("{TCP}{TCP6}"), at(host, port), at(host, 8080), Some(ME))
}

#[test]
#[cfg(target_endian = "little")]
fn the_tables_name_the_user_of_each_visitor_in_either_family() {
    assert_eq!(found("127.0.0.1", 40_001), Peer::SameUser, "this user");
    assert_eq!(found("127.0.0.1", 40_002), Peer::OtherUser(65_534));
    assert_eq!(found("127.0.0.1", 40_003), Peer::SameUser, "root");
    assert_eq!(found("127.0.0.1", 40_004), Peer::SameUser, "a connection to somebody else tells nothing");
    assert_eq!(found("::1", 40_001), Peer::OtherUser(65_533));
    assert_eq!(found("127.0.0.1", 40_016), Peer::OtherUser(65_532), "an IPv4 address in an IPv6 socket");
    assert_eq!(found("127.0.0.1", 40_099), Peer::SameUser, "not listed");
    assert_eq!(find_peer("", at("127.0.0.1", 40_002), at("127.0.0.1", 8080), Some(ME)), Peer::SameUser, "no table");
}

#[test]
#[cfg(target_endian = "little")]
fn a_socket_that_is_closed_is_not_taken_for_roots() {
    assert_eq!(found("127.0.0.1", 40_005), Peer::Closed, "listed without an owner");
    assert_eq!(found("127.0.0.1", 40_006), Peer::Closed, "forgotten already");
    assert_eq!(found("127.0.0.1", 40_007), Peer::SameUser, "closed for writing alone, its owner still there");
}

#[test]
fn a_table_that_cannot_be_read_any_more_lets_nobody_in() {
    /// Read once, and never again.
    struct Failing(std::io::Cursor<&'static str>, u32);
    impl Read for Failing {
        fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
            if self.1 == 1 { self.0.read(bytes) } else { Err(io::Error::from_raw_os_error(24)) }
        }
    }
    impl Seek for Failing {
        fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
            self.1 += 1;
            self.0.seek(to)
        }
    }
    let mut tables = Tables(vec![Failing(std::io::Cursor::new(TCP), 0)]);
    assert_eq!(tables.read().as_deref(), Some(TCP));
    assert_eq!(tables.read(), None);
    let mut tables = Tables::open().unwrap();
    assert_eq!((tables.read().is_some(), tables.read().is_some()), (true, true), "and again from the start");
}

#[test]
fn an_id_that_stands_for_everybody_unknown_tells_nobody_apart() {
    let whole = "         0          0 4294967295\n";
    assert_eq!(distinct_user_id(65_534, "65534\n", whole), Some(65_534), "nobody's own");
    assert_eq!(distinct_user_id(65_534, "65534\n", ""), None);
    assert_eq!(distinct_user_id(65_534, "65534\n", "0 1000 1\n"), None);
    assert_eq!(distinct_user_id(65_534, "65534\n", "0 100000 65536\n"), None, "mapped, and others look the same");
    assert_eq!(distinct_user_id(0, "65534\n", "0 1000 1\n"), Some(0));
    assert_eq!(find_peer(TCP, at("127.0.0.1", 40_002), at("127.0.0.1", 8080), None), Peer::OtherUser(65_534));
}

#[test]
fn nothing_is_listened_on_where_users_look_the_same() {
    let tables = Tables(vec![std::io::Cursor::new(TCP)]);
    assert!(tables.check(None).unwrap_err().to_string().contains("not safe to listen"));
    assert!(tables.check(Some(ME)).is_ok());
    assert!(Tables::<File>(Vec::new()).check(None).is_ok(), "another system has no tables");
}

/// A visitor's connection and our end of it, which has received a request.
fn connected(server: &str, client: &str) -> (Plain, Plain) {
    let listener = TcpListener::bind(server).unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut visitor = Plain::connect(format!("{client}:{port}")).unwrap();
    visitor.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    (visitor, listener.accept().unwrap().0)
}

fn asked(visitors: &PeerLookup, stream: Plain) -> Peer {
    stream.set_nonblocking(true).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { visitors.at(&TcpStream::from_std(stream).unwrap()).await })
}

fn reset(visitor: Plain) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let _entered = runtime.enter();
    visitor.set_nonblocking(true).unwrap();
    TcpStream::from_std(visitor).unwrap().set_zero_linger().unwrap();
}

#[test]
fn kernel_lists_our_sockets_and_closed_peers() {
    let visitors = PeerLookup::start().unwrap();
    for client in ["127.0.0.1", "[::ffff:127.0.0.1]"] {
        let (visitor, ours) = connected("127.0.0.1:0", client);
        visitor.shutdown(std::net::Shutdown::Write).unwrap();
        assert_eq!(asked(&visitors, ours), Peer::SameUser, "{client}");
        for leave in [drop, reset] {
            let (visitor, ours) = connected("127.0.0.1:0", client);
            leave(visitor);
            assert_eq!(asked(&visitors, ours), Peer::Closed, "{client}");
        }
    }
}

#[test]
fn peer_that_resets_during_the_lookup_is_closed() {
    let (visitor, ours) = connected("127.0.0.1:0", "127.0.0.1");
    let (questions, asking) = mpsc::channel::<LookupRequest>();
    let looking = std::thread::spawn(move || {
        let question = asking.recv().unwrap();
        reset(visitor);
        question.answer.send(Peer::SameUser).unwrap();
    });
    assert_eq!(asked(&PeerLookup(questions), ours), Peer::Closed);
    looking.join().unwrap();
}

#[test]
fn another_user_is_named_whether_or_not_still_there() {
    for leave in [std::mem::forget, reset] {
        let (visitor, ours) = connected("127.0.0.1:0", "127.0.0.1");
        let (questions, asking) = mpsc::channel::<LookupRequest>();
        let looking = std::thread::spawn(move || {
            let question = asking.recv().unwrap();
            leave(visitor);
            question.answer.send(Peer::OtherUser(65_534)).unwrap();
        });
        assert_eq!(asked(&PeerLookup(questions), ours), Peer::OtherUser(65_534));
        looking.join().unwrap();
    }
}

#[test]
fn a_connection_of_ours_is_listed_with_our_id() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let visitor = Plain::connect(listener.local_addr().unwrap()).unwrap();
    let (peer, ours) = (endpoint(visitor.local_addr().unwrap()), endpoint(listener.local_addr().unwrap()));
    let (tables, own) = (Tables::open().unwrap().read().unwrap(), own_id().unwrap());
    let as_seen_by_another = find_peer(&tables, peer, ours, Some(own + 1));
    assert_eq!(as_seen_by_another, if own == 0 { Peer::SameUser } else { Peer::OtherUser(own) });
    let rows = tables.lines().filter_map(SocketRow::parse);
    assert_eq!(rows.filter(|row| (row.local, row.remote, row.uid) == (peer, ours, own)).count(), 1);
}

#[test]
#[cfg(target_endian = "little")]
fn the_tables_name_the_user_of_a_listening_socket() {
    assert_eq!(listener(TCP, 8080), Some((1000, "935596".to_owned())));
    assert_eq!(listener(TCP, 8081), None, "connected, not listening");
    let elsewhere = TCP.replace("0100007F:1F90 00000000:0000 0A", "0100000A:1F90 00000000:0000 0A");
    assert_eq!(listener(&elsewhere, 8080), None, "10.0.0.1");
    let everywhere = TCP.replace("0100007F:1F90 00000000:0000 0A", "00000000:1F90 00000000:0000 0A");
    assert_eq!(listener(&everywhere, 8080), Some((1000, "935596".to_owned())));
}

#[test]
fn a_port_of_ours_is_held_by_this_process() {
    for address in ["127.0.0.1:0", "0.0.0.0:0"] {
        let socket = TcpListener::bind(address).unwrap();
        let port = socket.local_addr().unwrap().port();
        let Some(PortHolder::SameUser(Some((name, process)))) = Loopback.holder(port) else {
            panic!("{:?}", Loopback.holder(port))
        };
        assert_eq!(process, std::process::id());
        assert!(!name.is_empty());
        drop(socket);
        assert_eq!(Loopback.holder(port), None);
    }
}
