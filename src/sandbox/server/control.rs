//! The control API under `/sandbox`: clock, SSO sessions, keys, failures. For scripts on this machine, not for web pages.

use super::events::session_json;
use super::http::{Request, Response};
use super::routes::endpoint_names;
use super::service::{PlannedFailure, Service, lock};
use crate::domain::policy::RefreshTokenUsage;
use crate::domain::secret::Secret;
use crate::domain::time::Seconds;
use crate::sandbox::clients::DOCUMENTED_SECRET;
use crate::sandbox::engine::{PolledLogin, SsoSession};
use crate::sandbox::pages::console::SCRIPTS;
use crate::sandbox::{Client, Engine, OAuthError, Reason, User, registration};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// The response, or why the request is refused.
pub(super) type ControlResult = Result<Response, String>;

pub(super) fn done(answer: Value) -> ControlResult {
    Ok(Response::json(200, &answer))
}

/// Ten years, the longest that a session can be aged at once.
const MAX_AGE: Seconds = Seconds::days(3_650);

/// Called with the request's JSON.
type Control = fn(&Service, &Value) -> ControlResult;

/// The controls, by their paths under `/sandbox/`; `tidp sandbox --help` explains them.
static CONTROLS: [(&str, Control); 12] = [
    ("clock", Service::set_clock),
    ("age", Service::age),
    ("clients", Service::register_client),
    ("users", Service::register_user),
    ("token", Service::sample_token),
    ("sso/end", Service::end_sso_sessions),
    ("logins/approve", Service::approve_logins),
    ("logins/deny", Service::deny_logins),
    ("revoke", |service, _| done(json!({"revoked": lock(&service.engine).revoke_all(service.now())}))),
    ("refresh-tokens", Service::set_refresh_token_usage),
    ("keys/rotate", Service::rotate_keys),
    ("fail", Service::plan_failure),
];

impl Service {
    /// The response to a control request. Refuses another `Host`, as after DNS rebinding, and another `Origin`.
    pub(super) fn control(&self, request: &Request) -> Response {
        if !self.is_own_host(request) || !request.is_same_origin() {
            return Response::text(403, "control requests come from this machine, not from web pages");
        }
        if request.method == "GET"
            && let Some(response) = self.document(request)
        {
            return response;
        }
        if request.method != "POST" {
            let allowed = if request.path == "/sandbox" { "GET" } else { "POST" };
            return Response::text(405, "").with_header("Allow", allowed);
        }
        let name = request.path.strip_prefix("/sandbox/").unwrap_or_default();
        let Some((_, control)) = CONTROLS.iter().find(|(control, _)| *control == name) else {
            return Response::text(404, "there is no such control");
        };
        let text = if request.body.trim().is_empty() { "{}" } else { &request.body };
        let body = serde_json::from_str(text).ok().filter(Value::is_object);
        let result =
            body.ok_or_else(|| "the body is not a JSON object".to_owned()).and_then(|body| control(self, &body));
        let response = result.unwrap_or_else(|text| OAuthError::invalid_request(Reason::Described { text }).into());
        self.record(name, request, &response);
        response
    }

    pub(super) fn is_own_host(&self, request: &Request) -> bool {
        request.header("host").is_some_and(|host| self.authorities.iter().any(|own| own == host))
    }

    fn document(&self, request: &Request) -> Option<Response> {
        match request.path {
            "/sandbox" => Some(Response::json(200, &self.state())),
            "/sandbox/events" => Some(self.events(request)),
            "/sandbox/secrets" => Some(self.secrets(request)),
            path => {
                let (_, script) = SCRIPTS.iter().find(|(script, _)| *script == path)?;
                Some(Response::new(200, "text/javascript; charset=utf-8", *script))
            }
        }
    }

    /// The client secrets: those in the documentation, and with the console's key the others too. Other users of this
    /// machine reach the port, but have no key.
    fn secrets(&self, request: &Request) -> Response {
        let has_key = request.bearer_token().is_some_and(|key| self.console_key == Some(Secret::new(key)));
        let engine = lock(&self.engine);
        let secret = |client: &Client| {
            let secret = client.secret.as_ref().filter(|secret| has_key || secret.expose() == DOCUMENTED_SECRET)?;
            Some((client.id.clone(), Value::from(secret.expose())))
        };
        Response::json(200, &engine.clients.iter().filter_map(secret).collect::<Map<_, _>>().into())
    }

    fn set_clock(&self, body: &Value) -> ControlResult {
        let given = ["advance", "offset", "freeze"].map(|name| body.get(name));
        let mut setting = lock(&self.clock_setting);
        let before = setting.offset;
        match given.map(|value| value.map(|value| (value.as_i64(), value.as_bool()))) {
            [Some((Some(by), _)), None, None] => setting.offset = before.saturating_add(by),
            [None, Some((Some(offset), _)), None] => setting.offset = offset,
            [None, None, Some((_, Some(freeze)))] => setting.frozen_at = freeze.then(|| self.clock.now()),
            _ => return Err("give one of advance or offset, in whole seconds, or freeze, true or false".to_owned()),
        }
        let by = Seconds(setting.offset.saturating_sub(before));
        drop(setting);
        let response = Response::json(200, &self.clock_state());
        Ok(match body.get("freeze") {
            Some(_) => response,
            None if by.0 < 0 => response.with_reason(Reason::ClockMovedBack { by }),
            None => response.with_reason(Reason::ClockMovedOn { by }),
        })
    }

    /// Moves all that happened so many seconds into the past.
    fn age(&self, body: &Value) -> ControlResult {
        let by = body["seconds"].as_i64().filter(|seconds| (1..=MAX_AGE.0).contains(seconds)).map(Seconds);
        let by = by.ok_or_else(|| format!("seconds is a whole number from 1 to {}", MAX_AGE.0))?;
        lock(&self.engine).age(by);
        done(json!({"aged": by})).map(|response| response.with_reason(Reason::Aged { by }))
    }

    fn clock_state(&self) -> Value {
        let now = self.now();
        let setting = lock(&self.clock_setting);
        json!({"now": now.rfc3339(), "offset": setting.offset, "frozen": setting.frozen_at.is_some()})
    }

    fn end_sso_sessions(&self, body: &Value) -> ControlResult {
        let mut engine = lock(&self.engine);
        let (user, now) = (user(&engine, body)?, self.now());
        let is_meant = |sso: &SsoSession| {
            sso.is_active(now) && user.as_ref().is_none_or(|user| user.id == sso.authentication.user.id)
        };
        done(json!({"ended": engine.end_sso_sessions(is_meant, now)}))
    }

    fn register_client(&self, body: &Value) -> ControlResult {
        let client = registration::client_of_json(body.clone())?;
        let response = client.to_json();
        lock(&self.engine).register_client(client);
        done(response)
    }

    fn register_user(&self, body: &Value) -> ControlResult {
        let user = registration::user_of_json(body.clone())?;
        let response = user_json(&user);
        lock(&self.engine).register_user(user)?;
        done(response)
    }

    fn approve_logins(&self, body: &Value) -> ControlResult {
        let mut engine = lock(&self.engine);
        let user = user(&engine, body)?.or_else(|| engine.users.first().cloned()).ok_or(NO_SUCH_USER)?;
        done(json!({"approved": engine.decide_logins(user_code(body)?, Some(&user), self.now())}))
    }

    fn deny_logins(&self, body: &Value) -> ControlResult {
        done(json!({"denied": lock(&self.engine).decide_logins(user_code(body)?, None, self.now())}))
    }

    fn rotate_keys(&self, body: &Value) -> ControlResult {
        let kid = lock(&self.keys).rotate(body["drop_old"] == true);
        done(json!({"kid": kid.map_err(|error| error.to_string())?}))
    }

    fn set_refresh_token_usage(&self, body: &Value) -> ControlResult {
        let usage = RefreshTokenUsage::deserialize(&body["mode"]).map_err(|_| "mode is rotate or reuse")?;
        lock(&self.engine).settings.refresh_token_usage = usage;
        done(json!({"mode": usage}))
    }

    /// Replaces the endpoint's planned failure.
    fn plan_failure(&self, body: &Value) -> ControlResult {
        let endpoint = endpoint_names().into_iter().find(|name| body["endpoint"] == *name);
        let status = body["status"].as_u64().and_then(|status| u16::try_from(status).ok());
        let endpoint = endpoint.ok_or_else(|| format!("endpoint is none of {}", endpoint_names().join(", ")))?;
        let status = status.filter(|status| (400..600).contains(status)).ok_or("status is between 400 and 599")?;
        let error =
            json!({"error": "temporarily_unavailable", "error_description": "a failure planned in the sandbox"});
        let mut response = Response::json(status, &error).with_reason(Reason::PlannedFailure);
        response.headers.extend(body["retry_after"].as_i64().map(|seconds| ("Retry-After", seconds.to_string())));
        let times = body["times"].as_u64().unwrap_or(1);
        let after_processing = body["after"].as_bool().unwrap_or(false);
        let mut failures = lock(&self.failures);
        failures.insert(endpoint, PlannedFailure { times, response, after_processing });
        done(json!({"planned": failures.len()}))
    }

    /// The failure planned for this request; one less is left.
    pub(super) fn take_planned_failure(&self, endpoint: &str) -> Option<PlannedFailure> {
        let mut failures = lock(&self.failures);
        let failure = failures.get_mut(endpoint).filter(|failure| failure.times > 0)?;
        failure.times -= 1;
        Some(failure.clone())
    }

    /// The state, without any token, code or cookie.
    fn state(&self) -> Value {
        let (engine, now) = (lock(&self.engine), self.now());
        let session = |session: &SsoSession| {
            let login = &session.authentication;
            json!({"user": login.user.id, "auth_time": login.auth_time.rfc3339(), "active": session.is_active(now)})
        };
        let pending = |login: &PolledLogin| {
            json!({"grant": login.grant.name, "client_id": login.client_id, "user_code": login.user_code,
                "user": login.user.as_ref().map(|user| &user.id), "binding_message": login.binding_message,
                "begun_at": login.begun_at.rfc3339(), "expires_at": login.expires_at.rfc3339()})
        };
        json!({
            "issuer": self.issuer,
            "clock": self.clock_state(),
            "refresh_tokens": {
                "mode": engine.settings.refresh_token_usage,
                "live": engine.count_active_refresh_tokens(now),
            },
            "clients": engine.clients.iter().map(Client::to_json).collect::<Vec<_>>(),
            "users": engine.users.iter().map(|user| user_json(user)).collect::<Vec<_>>(),
            "pending_logins": engine.pending_logins(now).map(pending).collect::<Vec<_>>(),
            "sso_sessions": engine.sso_sessions.values().map(session).collect::<Vec<_>>(),
            "sessions": engine.events.sessions().map(session_json).collect::<Vec<_>>(),
            "events": engine.events.last_number(),
            "requests": *lock(&self.requests),
            "controls": CONTROLS.map(|(name, _)| name),
        })
    }
}

const NO_SUCH_USER: &str = "there is no such user";

/// The user that a request names, if it names one.
fn user(engine: &Engine, body: &Value) -> Result<Option<Arc<User>>, &'static str> {
    let user = |name: &Value| name.as_str().and_then(|name| engine.find_user(name)).ok_or(NO_SUCH_USER);
    body.get("user").map(user).transpose()
}

/// The `user_code` that a request names; without one it means all pending logins.
fn user_code(body: &Value) -> Result<Option<&str>, &'static str> {
    body.get("user_code").map(|code| code.as_str().ok_or("user_code is not text")).transpose()
}

fn user_json(user: &User) -> Value {
    json!({"id": user.id, "phone": user.phone, "email": user.email, "kurt_id": user.identifier("kurtid"),
        "tnu_ids": user.tnu_ids(), "claims": user.claims})
}
