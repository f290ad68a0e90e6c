//! An OpenID provider in this process, correct until a test changes a path. Its secrets begin with `canary-`, except
//! the ID token, which must be a JWT.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as B64;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

static KEY: LazyLock<KeyPair> = LazyLock::new(|| KeyPair::generate(KeySize::Rsa2048).unwrap());

/// A plain or TLS connection.
pub trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

/// A received request.
#[derive(Clone, Debug)]
pub struct Seen {
    pub method: String,
    pub path: String,
    pub query: String,
    pub head: String,
    pub body: String,
}

impl Seen {
    /// The value of a form or query field.
    pub fn field(&self, name: &str) -> Option<String> {
        let both = format!("{}&{}", self.query, self.body);
        url::form_urlencoded::parse(both.as_bytes()).find(|(n, _)| n == name).map(|(_, value)| value.into_owned())
    }
}

/// A failure of a path: it writes anything, and the connection closes on return.
pub type Act = Arc<dyn Fn(&mut dyn Stream, &Seen) + Send + Sync>;

/// The provider; dropping it ends it.
pub struct Scripted {
    pub issuer: String,
    address: std::net::SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    issuer: String,
    tls: Option<Arc<rustls::ServerConfig>>,
    acts: Mutex<BTreeMap<String, Act>>,
    unread: AtomicBool,
    seen: Mutex<Vec<Seen>>,
    connections: AtomicI64,
    nonce: Mutex<String>,
    lifetime: AtomicI64,
    stopped: AtomicBool,
}

impl Scripted {
    /// Starts it on plain HTTP at a free port.
    pub fn start() -> Self {
        Self::listening(None, "127.0.0.1")
    }

    /// Starts it on HTTPS with a certificate of `tests/data/tls`, reached under `host`.
    pub fn tls(certificate: &str, host: &str) -> Self {
        let file = |name: &str| super::require::tree("tests/data/tls").join(name);
        let chain = vec![CertificateDer::from_pem_file(file(certificate)).unwrap()];
        let key = PrivateKeyDer::from_pem_file(file("key.pem")).unwrap();
        let config = rustls::ServerConfig::builder_with_provider(rustls::crypto::aws_lc_rs::default_provider().into())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        Self::listening(Some(Arc::new(config)), host)
    }

    fn listening(tls: Option<Arc<rustls::ServerConfig>>, host: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let issuer = format!("{scheme}://{host}:{}", address.port());
        let shared = Arc::new(Shared {
            issuer: issuer.clone(),
            tls,
            acts: Mutex::default(),
            unread: AtomicBool::new(false),
            seen: Mutex::default(),
            connections: AtomicI64::new(0),
            nonce: Mutex::default(),
            lifetime: AtomicI64::new(3_600),
            stopped: AtomicBool::new(false),
        });
        let serving = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if serving.stopped.load(Ordering::SeqCst) {
                    return;
                }
                let shared = Arc::clone(&serving);
                std::thread::spawn(move || shared.connection(stream));
            }
        });
        Self { issuer, address, shared }
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Makes a path do this from now on.
    pub fn acts(&self, path: &str, act: impl Fn(&mut dyn Stream, &Seen) + Send + Sync + 'static) {
        self.shared.acts.lock().unwrap().insert(path.into(), Arc::new(act));
    }

    /// Makes a path respond with exactly this.
    pub fn answers(&self, path: &str, answer: impl Into<Vec<u8>>) {
        let answer = answer.into();
        self.acts(path, move |stream, _| {
            let _ = stream.write_all(&answer);
        });
    }

    /// Makes a path respond correctly once `ready` has returned.
    pub fn delays(&self, path: &str, ready: impl Fn() + Send + Sync + 'static) {
        let shared = Arc::downgrade(&self.shared);
        self.acts(path, move |stream, seen| {
            ready();
            let Some(shared) = shared.upgrade() else { return };
            let _ = stream.write_all(&shared.honest(seen));
        });
    }

    /// Makes all paths correct again.
    pub fn repents(&self) {
        self.shared.acts.lock().unwrap().clear();
        self.shared.unread.store(false, Ordering::SeqCst);
    }

    /// Closes connections without reading the request: a reset.
    pub fn reads_nothing(&self) {
        self.shared.unread.store(true, Ordering::SeqCst);
    }

    /// Sets the lifetime of access tokens.
    pub fn lifetime(&self, seconds: i64) {
        self.shared.lifetime.store(seconds, Ordering::SeqCst);
    }

    /// All requests, in order.
    pub fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().unwrap().clone()
    }

    /// The number of requests to this path.
    pub fn count(&self, path: &str) -> usize {
        self.seen().iter().filter(|seen| seen.path == path).count()
    }

    /// The number of connections.
    pub fn connections(&self) -> i64 {
        self.shared.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn connection(&self, stream: TcpStream) {
        self.connections.fetch_add(1, Ordering::SeqCst);
        let patience = Some(Duration::from_secs(60));
        let _ = (stream.set_read_timeout(patience), stream.set_write_timeout(patience), stream.set_nodelay(true));
        if self.unread.load(Ordering::SeqCst) {
            // Unread data makes closing a reset.
            let _ = stream.peek(&mut [0]);
            return;
        }
        match &self.tls {
            None => self.exchange(&mut { stream }),
            Some(config) => {
                let connection = rustls::ServerConnection::new(Arc::clone(config)).unwrap();
                let mut stream = rustls::StreamOwned::new(connection, stream);
                self.exchange(&mut stream);
                stream.conn.send_close_notify();
                let _ = stream.flush();
            }
        }
    }

    fn exchange(&self, stream: &mut dyn Stream) {
        let Some(seen) = read_request(stream) else { return };
        self.seen.lock().unwrap().push(seen.clone());
        let act = self.acts.lock().unwrap().get(&seen.path).cloned();
        match act {
            Some(act) => act(stream, &seen),
            None => {
                let _ = stream.write_all(&self.honest(&seen));
            }
        }
        let _ = stream.flush();
    }

    /// The correct response.
    fn honest(&self, seen: &Seen) -> Vec<u8> {
        match seen.path.as_str() {
            "/.well-known/openid-configuration" => ok(&discovery(&self.issuer)),
            "/jwks" => ok(&jwks()),
            "/authorize" => self.authorize(seen),
            "/token" => ok(&self.tokens(seen)),
            "/userinfo" => ok(&json!({ "sub": "kari", "name": "Kari" })),
            "/api/meta/v1/self-service" => ok(&json!({ "url": "https://account.example/" })),
            "/logout" => ok(&json!({ "state": "" })),
            "/revocation" => ok(&json!({})),
            "/endsession" => http(200, &[("Content-Type", "text/html"), COOKIE], "bye"),
            _ => http(404, &[], ""),
        }
    }

    fn authorize(&self, seen: &Seen) -> Vec<u8> {
        let field = |name: &str| seen.field(name).unwrap_or_default();
        *self.nonce.lock().unwrap() = field("nonce");
        let query = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("code", "canary-code")
            .append_pair("state", &field("state"))
            .append_pair("iss", &self.issuer)
            .finish();
        http(302, &[("Location", &format!("{}?{query}", field("redirect_uri"))), COOKIE], "")
    }

    /// A correct token response; each has new tokens.
    pub fn tokens(&self, seen: &Seen) -> Value {
        let number = self.seen.lock().unwrap().len();
        let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap();
        let mut claims = json!({
            "iss": self.issuer, "aud": seen.field("client_id").unwrap_or_else(|| "app".into()), "sub": "kari",
            "iat": now, "nbf": now, "exp": now + 300, "preferred_username": "+4790000001",
        });
        if seen.field("grant_type").as_deref() == Some("authorization_code") {
            claims["nonce"] = self.nonce.lock().unwrap().as_str().into();
        }
        json!({
            "access_token": format!("canary-access-{number}"), "token_type": "Bearer",
            "expires_in": self.lifetime.load(Ordering::SeqCst), "scope": "openid profile offline_access",
            "refresh_token": format!("canary-refresh-{number}"), "id_token": sign(&claims),
        })
    }
}

/// The cookie that all responses to the browser set.
const COOKIE: (&str, &str) = ("Set-Cookie", "sso=canary-cookie; Path=/; HttpOnly");

/// The correct discovery document.
pub fn discovery(issuer: &str) -> Value {
    json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "userinfo_endpoint": format!("{issuer}/userinfo"),
        "revocation_endpoint": format!("{issuer}/revocation"),
        "end_session_endpoint": format!("{issuer}/endsession"),
        "custom_logout_endpoint": format!("{issuer}/logout"),
        "jwks_uri": format!("{issuer}/jwks"),
        "response_types_supported": ["code"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
    })
}

fn jwks() -> Value {
    let public = KEY.public_key();
    let n = B64.encode(public.modulus().big_endian_without_leading_zero());
    let e = B64.encode(public.exponent().big_endian_without_leading_zero());
    json!({ "keys": [{ "kty": "RSA", "use": "sig", "alg": "RS256", "kid": "k1", "n": n, "e": e }] })
}

fn sign(claims: &Value) -> String {
    let header = json!({ "alg": "RS256", "typ": "JWT", "kid": "k1" });
    let input = format!("{}.{}", B64.encode(header.to_string()), B64.encode(claims.to_string()));
    let mut signature = vec![0; KEY.public_modulus_len()];
    KEY.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), input.as_bytes(), &mut signature).unwrap();
    format!("{input}.{}", B64.encode(signature))
}

fn ok(body: &Value) -> Vec<u8> {
    http(200, &[("Content-Type", "application/json"), COOKIE], &body.to_string())
}

/// A complete response.
pub fn http(status: u16, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    format!("{head}\r\n{body}").into_bytes()
}

fn read_request(stream: &mut dyn Stream) -> Option<Seen> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end + 4;
        }
        match stream.read(&mut chunk) {
            Ok(read @ 1..) if bytes.len() < 1 << 20 => bytes.extend_from_slice(&chunk[..read]),
            _ => return None,
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let length = |line: &str| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse::<usize>().ok();
    let length = head.lines().find_map(length).unwrap_or(0);
    while bytes.len() < end + length {
        match stream.read(&mut chunk) {
            Ok(read @ 1..) => bytes.extend_from_slice(&chunk[..read]),
            _ => return None,
        }
    }
    let body = String::from_utf8_lossy(&bytes[end..]).into_owned();
    let mut words = head.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    Some(Seen { method, path: path.to_owned(), query: query.to_owned(), head: head.clone(), body })
}
