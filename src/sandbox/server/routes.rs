//! The endpoints: paths, methods, counting, planned failures, CORS.

use super::http::{Request, Response};
use super::service::{Service, lock};
use crate::sandbox::engine::events::{Kind, Note};
use crate::sandbox::reason::Reason;
use std::io;

struct Endpoint {
    /// Its name in counts and planned failures.
    name: &'static str,
    path: &'static str,
    methods: &'static [&'static str],
    /// Whether scripts of other origins may call it.
    cors: bool,
}

const fn endpoint(name: &'static str, path: &'static str, methods: &'static [&'static str]) -> Endpoint {
    Endpoint { name, path, methods, cors: false }
}

const fn cors(name: &'static str, path: &'static str, methods: &'static [&'static str]) -> Endpoint {
    Endpoint { name, path, methods, cors: true }
}

const GET: &[&str] = &["GET"];
const POST: &[&str] = &["POST"];
const BOTH: &[&str] = &["GET", "POST"];

static ENDPOINTS: [Endpoint; 18] = [
    cors("discovery", "/.well-known/openid-configuration", GET),
    cors("jwks", "/.well-known/openid-configuration/jwks", GET),
    endpoint("authorize", "/connect/authorize", BOTH),
    endpoint("login", "/account/login", POST),
    cors("token", "/connect/token", POST),
    cors("userinfo", "/connect/userinfo", BOTH),
    cors("revocation", "/connect/revocation", POST),
    endpoint("introspection", "/connect/introspect", POST),
    endpoint("device_authorization", "/connect/deviceauthorization", POST),
    endpoint("device", "/device", BOTH),
    endpoint("ciba", "/connect/ciba", POST),
    endpoint("ciba_prepare_bankid", "/api/ciba/ciba_prepare_bankid", POST),
    endpoint("ciba_page", "/ciba", BOTH),
    cors("self_service", "/api/meta/v1/self-service", GET),
    endpoint("account", "/account", GET),
    endpoint("end_session", "/connect/endsession", BOTH),
    endpoint("custom_logout", "/connect/customlogout", POST),
    endpoint("home", "/", GET),
];

/// The names of the endpoints.
pub(super) fn endpoint_names() -> [&'static str; ENDPOINTS.len()] {
    ENDPOINTS.each_ref().map(|endpoint| endpoint.name)
}

/// The name of the endpoint at that path; empty if there is none.
pub(super) fn endpoint_name(path: &str) -> &'static str {
    ENDPOINTS.iter().find(|endpoint| endpoint.path == path).map_or("", |endpoint| endpoint.name)
}

impl Service {
    pub(super) fn respond(&self, request: &Request) -> Response {
        if request.path == "/sandbox" || request.path.starts_with("/sandbox/") {
            return self.control(request);
        }
        let Some(endpoint) = ENDPOINTS.iter().find(|endpoint| endpoint.path == request.path) else {
            let response = Response::refusal(404, Reason::UnknownPath);
            // Browsers ask for it on their own.
            if request.path != "/favicon.ico" {
                self.record(Kind::Answered, "", request, &response);
            }
            return response;
        };
        let response = if request.method == "OPTIONS" && endpoint.cors {
            Response::text(204, "")
        } else if !endpoint.methods.contains(&request.method.as_str()) {
            Response::refusal(405, Reason::OtherMethod).with_header("Allow", endpoint.methods.join(", "))
        } else {
            *lock(&self.requests).entry(endpoint.name).or_default() += 1;
            self.process_or_fail(endpoint.name, request)
        };
        if endpoint.name != "home" && response.status != 204 {
            self.record(Kind::Answered, endpoint.name, request, &response);
        }
        if endpoint.cors { with_cors_headers(response) } else { response }
    }

    fn process_or_fail(&self, name: &str, request: &Request) -> Response {
        let Some(failure) = self.take_planned_failure(name) else { return self.process(name, request) };
        if !failure.after_processing {
            return failure.response();
        }
        let processed = self.process(name, request);
        failure.response().with_note(Note { reason: Some(Reason::ResponseLost), ..*processed.note })
    }

    fn process(&self, name: &str, request: &Request) -> Response {
        let response = match name {
            "discovery" => Ok(self.discovery()),
            "jwks" => Ok(self.jwks()),
            "authorize" => self.authorize(request),
            "login" => self.login(request),
            "token" => self.token(request),
            "userinfo" => Ok(self.userinfo(request)),
            "revocation" => Ok(self.revocation(request)),
            "introspection" => Ok(self.introspection(request)),
            "device_authorization" => self.device_authorization(request),
            "device" => Ok(self.device(request)),
            "ciba" => self.ciba(request),
            "ciba_prepare_bankid" => self.prepare_bankid(request),
            "ciba_page" => Ok(self.ciba_page(request)),
            "self_service" => Ok(self.self_service(request)),
            "account" => Ok(self.account(request)),
            "end_session" => Ok(self.end_session(request)),
            "custom_logout" => Ok(self.custom_logout(request)),
            _ => Ok(self.home(request)),
        };
        response.unwrap_or_else(|error: io::Error| {
            let what = format!("server_error: {error}");
            Response::text(500, what.clone()).because(Reason::Described(what))
        })
    }
}

/// Allows any origin, for single-page applications under development: these endpoints use no cookies. Also without
/// `Origin`, so that a cache has no response without it.
fn with_cors_headers(response: Response) -> Response {
    response
        .with_header("Access-Control-Allow-Origin", "*")
        .with_header("Access-Control-Allow-Methods", "GET, POST")
        .with_header("Access-Control-Allow-Headers", "Authorization, Content-Type")
        .with_header("Access-Control-Max-Age", "600")
}
