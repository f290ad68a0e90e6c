//! The control API under `/sandbox`: the clock, SSO, keys, failures. For scripts on this machine, not for web pages.

use super::http::{Request, Response};
use super::shared::{Failure, Shared, When, lock};
use crate::domain::time::Seconds;
use crate::sandbox::engine::Rotation;
use crate::sandbox::users::User;
use serde_json::{Value, json};
use std::sync::atomic::Ordering;

/// The result of a control request: its answer, or a sentence why not.
type Controlled = Result<Value, String>;

/// What a control does with a request's body.
type Control = fn(&Shared, &Value) -> Controlled;

/// The controls, by their paths under `/sandbox/`; `tidp sandbox --help` tells what each does.
static CONTROLS: [(&str, Control); 6] = [
    ("clock", Shared::set_clock),
    ("sso/end", Shared::end_sso_of),
    ("revoke", |shared, _| Ok(json!({"revoked": lock(&shared.engine).revoke_all()}))),
    ("refresh-tokens", Shared::set_rotation),
    ("keys/rotate", Shared::rotate_keys),
    ("fail", Shared::plan_failure),
];

impl Shared {
    /// Answers a control request. A page that was rebound to this address has another `Host`, a foreign page another
    /// `Origin`: both are refused.
    pub(super) fn control(&self, request: &Request) -> Response {
        let authority = self.issuer.strip_prefix("http://");
        let from_elsewhere = request.header("origin").is_some_and(|origin| origin != self.issuer);
        if request.header("host") != authority || from_elsewhere {
            return Response::text(403, "control requests come from this machine, not from web pages");
        }
        if request.method == "GET" && request.path == "/sandbox" {
            return Response::json(200, &self.state());
        }
        if request.method != "POST" {
            return Response::text(405, "").with("Allow", if request.path == "/sandbox" { "GET" } else { "POST" });
        }
        let name = request.path.strip_prefix("/sandbox/").unwrap_or_default();
        let Some((_, act)) = CONTROLS.iter().find(|(control, _)| *control == name) else {
            return Response::text(404, "there is no such control");
        };
        let body = if request.body.trim().is_empty() { Ok(json!({})) } else { serde_json::from_str(&request.body) };
        let done = match body {
            Ok(body @ Value::Object(_)) => act(self, &body),
            _ => Err("the body is no JSON object".to_owned()),
        };
        match done {
            Ok(answer) => Response::json(200, &answer),
            Err(why) => Response::json(400, &json!({"error": "invalid_request", "error_description": why})),
        }
    }

    /// `{"advance": seconds}` moves the clock, `{"offset": seconds}` sets how far it is ahead of the machine's,
    /// `{"freeze": true}` stops it, so that only these move it.
    fn set_clock(&self, body: &Value) -> Controlled {
        if let Some(freeze) = body.get("freeze").and_then(Value::as_bool) {
            *lock(&self.stopped_at) = freeze.then(|| self.clock.now());
            return Ok(self.clock_state());
        }
        match (body.get("advance").and_then(Value::as_i64), body.get("offset").and_then(Value::as_i64)) {
            (Some(by), None) => self.advance(Seconds(by)),
            (None, Some(offset)) => self.offset.store(offset, Ordering::SeqCst),
            _ => return Err("give advance or offset, in whole seconds, or freeze, true or false".to_owned()),
        }
        Ok(self.clock_state())
    }

    fn clock_state(&self) -> Value {
        json!({"now": self.now().rfc3339(), "offset": self.offset.load(Ordering::SeqCst)})
    }

    fn end_sso_of(&self, body: &Value) -> Controlled {
        let user = match body.get("user") {
            None => None,
            Some(user) => Some(user.as_str().and_then(User::find).ok_or("there is no such user")?.id),
        };
        Ok(json!({"ended": lock(&self.engine).end_sso(user, self.now())}))
    }

    /// `{"drop_old": true}` takes the old keys out of the key set at once.
    fn rotate_keys(&self, body: &Value) -> Controlled {
        let drop_old = body.get("drop_old").and_then(Value::as_bool).unwrap_or(false);
        let kid = lock(&self.keys).rotate(drop_old).map_err(|error| error.to_string())?;
        Ok(json!({"kid": kid}))
    }

    fn set_rotation(&self, body: &Value) -> Controlled {
        let rotation = match body.get("mode").and_then(Value::as_str) {
            Some("rotate") => Rotation::Rotate,
            Some("reuse") => Rotation::Reuse,
            _ => return Err("mode is rotate or reuse".to_owned()),
        };
        lock(&self.engine).settings.refresh_tokens = rotation;
        Ok(json!({"mode": rotation.as_str()}))
    }

    /// `{"endpoint": "token", "status": 503, "times": 1, "retry_after": 5, "after": true}`; with `after` the endpoint
    /// acts and only its answer is lost.
    fn plan_failure(&self, body: &Value) -> Controlled {
        let endpoint = body.get("endpoint").and_then(Value::as_str).filter(|name| Self::endpoints().contains(name));
        let status = body.get("status").and_then(Value::as_u64).and_then(|status| u16::try_from(status).ok());
        let failure = Failure {
            endpoint: endpoint
                .ok_or_else(|| format!("endpoint is none of {}", Self::endpoints().join(", ")))?
                .to_owned(),
            status: status.filter(|status| (400..600).contains(status)).ok_or("status is between 400 and 599")?,
            times: body.get("times").and_then(Value::as_u64).unwrap_or(1),
            retry_after: body.get("retry_after").and_then(Value::as_i64),
            when: if body.get("after").and_then(Value::as_bool) == Some(true) { When::After } else { When::Before },
        };
        let mut failures = lock(&self.failures);
        failures.retain(|other| other.endpoint != failure.endpoint);
        failures.push(failure);
        Ok(json!({"planned": failures.len()}))
    }

    /// The failure planned for this request, if there is one; it is used up by that.
    pub(super) fn planned_failure(&self, endpoint: &str) -> Option<(When, Response)> {
        let mut failures = lock(&self.failures);
        let failure = failures.iter_mut().find(|failure| failure.endpoint == endpoint && failure.times > 0)?;
        failure.times -= 1;
        let body = json!({"error": "temporarily_unavailable", "error_description": "a failure planned in the sandbox"});
        let response = Response::json(failure.status, &body);
        Some((
            failure.when,
            match failure.retry_after {
                Some(seconds) => response.with("Retry-After", seconds.to_string()),
                None => response,
            },
        ))
    }

    /// The state, without any token, code or cookie.
    fn state(&self) -> Value {
        let (engine, now) = (lock(&self.engine), self.now());
        let client = |client: &crate::sandbox::clients::Client| {
            json!({"client_id": client.id, "client_type": client.client_type, "policy": client.policy.name,
                "redirect_uris": client.redirect_uris})
        };
        let session = |session: &crate::sandbox::engine::SsoSession| {
            let who = &session.authentication;
            json!({"user": who.user.id, "auth_time": who.auth_time.rfc3339(), "active": session.is_alive(now)})
        };
        json!({
            "issuer": self.issuer,
            "clock": self.clock_state(),
            "refresh_tokens": {"mode": engine.settings.refresh_tokens.as_str(), "live": engine.live_refresh_tokens(now)},
            "clients": engine.clients.iter().map(client).collect::<Vec<_>>(),
            "sso_sessions": engine.sso_sessions().map(session).collect::<Vec<_>>(),
            "requests": *lock(&self.requests),
            "controls": CONTROLS.map(|(name, _)| name),
        })
    }
}
