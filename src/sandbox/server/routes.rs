//! The endpoints: paths, methods, counting, planned failures, CORS.

use super::http::{Answer, Request, Response};
use super::service::{Service, lock};
use crate::sandbox::Reason;
use crate::sandbox::engine::Note;

type Handler = fn(&Service, &Request) -> Answer;

struct Endpoint {
    /// Its name in counts and planned failures.
    name: &'static str,
    path: &'static str,
    methods: Methods,
    handler: Handler,
    /// Whether scripts of other origins may call it.
    cors: bool,
}

type Methods = &'static [&'static str];
const GET: Methods = &["GET"];
const POST: Methods = &["POST"];
const BOTH: Methods = &["GET", "POST"];

const fn endpoint(name: &'static str, path: &'static str, methods: Methods, handler: Handler) -> Endpoint {
    Endpoint { name, path, methods, handler, cors: false }
}

const fn cors(name: &'static str, path: &'static str, methods: Methods, handler: Handler) -> Endpoint {
    Endpoint { name, path, methods, handler, cors: true }
}

static ENDPOINTS: [Endpoint; 18] = [
    cors("discovery", "/.well-known/openid-configuration", GET, Service::discovery),
    cors("jwks", "/.well-known/openid-configuration/jwks", GET, Service::jwks),
    endpoint("authorize", "/connect/authorize", BOTH, Service::authorize),
    endpoint("login", "/account/login", POST, Service::login),
    cors("token", "/connect/token", POST, Service::token),
    cors("userinfo", "/connect/userinfo", BOTH, Service::userinfo),
    cors("revocation", "/connect/revocation", POST, Service::revocation),
    endpoint("introspection", "/connect/introspect", POST, Service::introspection),
    endpoint("device_authorization", "/connect/deviceauthorization", POST, Service::device_authorization),
    endpoint("device", "/device", BOTH, Service::device),
    endpoint("ciba", "/connect/ciba", POST, Service::ciba),
    endpoint("ciba_prepare_bankid", "/api/ciba/ciba_prepare_bankid", POST, Service::prepare_bankid),
    endpoint("ciba_page", "/ciba", BOTH, Service::ciba_page),
    cors("self_service", "/api/meta/v1/self-service", GET, Service::self_service),
    endpoint("account", "/account", GET, Service::account),
    endpoint("end_session", "/connect/endsession", BOTH, Service::end_session),
    endpoint("custom_logout", "/connect/customlogout", POST, Service::custom_logout),
    endpoint("home", "/", GET, Service::home),
];

pub(super) fn endpoint_names() -> [&'static str; ENDPOINTS.len()] {
    ENDPOINTS.each_ref().map(|endpoint| endpoint.name)
}

/// The name of the endpoint at that path; empty if there is none.
pub(super) fn endpoint_name(path: &str) -> &'static str {
    ENDPOINTS.iter().find(|endpoint| endpoint.path == path).map_or("", |endpoint| endpoint.name)
}

impl Service {
    pub(super) fn respond(&self, request: &Request) -> Response {
        if request.path == "/sandbox" || request.is_control() {
            return self.control(request);
        }
        let Some(endpoint) = ENDPOINTS.iter().find(|endpoint| endpoint.path == request.path) else {
            let response = Response::refusal(404, Reason::UnknownPath);
            // Browsers ask for it on their own.
            if request.path != "/favicon.ico" {
                self.record("", request, &response);
            }
            return response;
        };
        let response = if request.method == "OPTIONS" && endpoint.cors {
            Response::text(204, "")
        } else if !endpoint.methods.contains(&request.method) {
            Response::refusal(405, Reason::OtherMethod).with_header("Allow", endpoint.methods.join(", "))
        } else {
            *lock(&self.requests).entry(endpoint.name).or_default() += 1;
            self.process_or_fail(endpoint, request)
        };
        if endpoint.name != "home" && response.status != 204 {
            self.record(endpoint.name, request, &response);
        }
        if endpoint.cors { with_cors_headers(response) } else { response }
    }

    fn process_or_fail(&self, endpoint: &Endpoint, request: &Request) -> Response {
        let process = || (endpoint.handler)(self, request).unwrap_or_else(|refusal| refusal);
        let Some(failure) = self.take_planned_failure(endpoint.name) else { return process() };
        if !failure.after_processing {
            return failure.response;
        }
        failure.response.with_note(Note { reason: Some(Reason::ResponseLost), ..*process().note })
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
