//! A minimal HTTP client, so that tests reach the control API without tidp's own.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

/// Sends a request to a loopback origin such as `http://127.0.0.1:8080`; returns status and body.
#[track_caller]
pub fn request(method: &str, origin: &str, path: &str, headers: &[(&str, &str)], body: &str) -> (u16, String) {
    let authority = origin.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(authority).unwrap();
    // HTTP/1.0: the body ends with the connection.
    let mut head = format!("{method} {path} HTTP/1.0\r\nHost: {authority}\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    stream.write_all(format!("{head}\r\n{body}").as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, body.to_owned())
}
