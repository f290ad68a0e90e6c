//! Which path is which endpoint, and what all endpoints have in common: counting, planned failures, CORS.

use super::http::{Request, Response};
use super::shared::When;
use super::shared::{Shared, lock};
use std::io;

/// An endpoint: its name in counts and planned failures, its path, and whether scripts of web pages may call it.
struct Endpoint {
    name: &'static str,
    path: &'static str,
    methods: &'static [&'static str],
    for_scripts: bool,
}

const fn endpoint(name: &'static str, path: &'static str, methods: &'static [&'static str]) -> Endpoint {
    Endpoint { name, path, methods, for_scripts: false }
}

const fn for_scripts(name: &'static str, path: &'static str, methods: &'static [&'static str]) -> Endpoint {
    Endpoint { name, path, methods, for_scripts: true }
}

const GET: &[&str] = &["GET"];
const POST: &[&str] = &["POST"];
const BOTH: &[&str] = &["GET", "POST"];

static ENDPOINTS: [Endpoint; 13] = [
    for_scripts("discovery", "/.well-known/openid-configuration", GET),
    for_scripts("jwks", "/.well-known/openid-configuration/jwks", GET),
    endpoint("authorize", "/connect/authorize", BOTH),
    endpoint("login", "/account/login", POST),
    for_scripts("token", "/connect/token", POST),
    for_scripts("userinfo", "/connect/userinfo", BOTH),
    for_scripts("revocation", "/connect/revocation", POST),
    endpoint("introspection", "/connect/introspect", POST),
    endpoint("device_authorization", "/connect/deviceauthorization", POST),
    endpoint("device", "/device", BOTH),
    endpoint("end_session", "/connect/endsession", BOTH),
    endpoint("custom_logout", "/connect/customlogout", POST),
    endpoint("home", "/", GET),
];

impl Shared {
    /// Answers a request.
    pub(super) fn respond(&self, request: &Request) -> Response {
        if request.path == "/sandbox" || request.path.starts_with("/sandbox/") {
            return self.control(request);
        }
        let Some(endpoint) = ENDPOINTS.iter().find(|endpoint| endpoint.path == request.path) else {
            return Response::text(404, "there is nothing here");
        };
        let response = if request.method == "OPTIONS" && endpoint.for_scripts {
            Response::text(204, "")
        } else if !endpoint.methods.contains(&request.method.as_str()) {
            Response::text(405, "").with("Allow", endpoint.methods.join(", "))
        } else {
            *lock(&self.requests).entry(endpoint.name).or_default() += 1;
            self.with_planned_failure(endpoint.name, request)
        };
        if endpoint.for_scripts { allow_scripts(request, response) } else { response }
    }

    /// A planned failure answers instead of the endpoint, or hides the answer of one that has acted.
    fn with_planned_failure(&self, name: &str, request: &Request) -> Response {
        let failure = self.planned_failure(name);
        match failure {
            Some((When::Before, failure)) => failure,
            Some((When::After, failure)) => {
                self.dispatch(name, request);
                failure
            }
            None => self.dispatch(name, request),
        }
    }

    fn dispatch(&self, name: &str, request: &Request) -> Response {
        let answer = match name {
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
            "end_session" => Ok(self.end_session(request)),
            "custom_logout" => Ok(self.custom_logout(request)),
            _ => Ok(self.home(request)),
        };
        answer.unwrap_or_else(|error: io::Error| Response::text(500, format!("server_error: {error}")))
    }

    /// The names that a planned failure may be for.
    pub(super) fn endpoints() -> [&'static str; ENDPOINTS.len()] {
        ENDPOINTS.each_ref().map(|endpoint| endpoint.name)
    }
}

/// Cross-origin answers (CORS) for single-page applications under development: any origin, for nothing here goes by
/// cookie.
fn allow_scripts(request: &Request, response: Response) -> Response {
    if request.header("origin").is_none() {
        return response;
    }
    response
        .with("Access-Control-Allow-Origin", "*")
        .with("Access-Control-Allow-Methods", "GET, POST")
        .with("Access-Control-Allow-Headers", "Authorization, Content-Type")
        .with("Access-Control-Max-Age", "600")
}
