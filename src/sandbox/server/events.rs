//! One event for each request, and `GET /sandbox/events`.

use super::http::{Request, Response};
use super::service::{Service, lock};
use crate::domain::text::{hex, printable};
use crate::domain::time::Time;
use crate::sandbox::clients::basic_credentials;
use crate::sandbox::engine::Engine;
use crate::sandbox::engine::events::{Event, Kind, Note, Session};
use crate::sandbox::language::Language;
use crate::sandbox::params::Params;
use crate::sandbox::reason::Reason;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// The parameters that are shown as they came; of others not even the name.
const SHOWN: [&str; 14] = [
    "grant_type",
    "redirect_uri",
    "scope",
    "response_type",
    "response_mode",
    "prompt",
    "max_age",
    "acr_values",
    "ui_locales",
    "code_challenge_method",
    "token_type_hint",
    "post_logout_redirect_uri",
    "error",
    "action",
];

/// The parameters that are shown as a fingerprint.
const SECRET: [&str; 6] = ["refresh_token", "code", "device_code", "auth_req_id", "token", "id_token_hint"];

/// The members of a control's JSON that are shown.
const CONTROL: [&str; 13] = [
    "advance",
    "seconds",
    "offset",
    "freeze",
    "user",
    "mode",
    "drop_old",
    "endpoint",
    "status",
    "times",
    "retry_after",
    "after",
    "client_id",
];

const MAX_WAIT: u64 = 60;

/// How many requests may wait for an event at once; others are answered at once.
pub(super) const MAX_WAITING: usize = 16;

/// Enough to tell tokens apart, and too little to find one.
fn fingerprint(secret: &str) -> String {
    format!("#{}", hex(&Sha256::digest(secret)[..3]))
}

/// The parameters of a request, if it is no JSON: what is a secret there has another name, or none.
fn form(request: &Request) -> Params {
    let is_json = request.path.starts_with("/sandbox/") || request.body.trim_start().starts_with('{');
    if is_json { Params::default() } else { request.params() }
}

/// The parameters of a request, or the members of a control's JSON, without its secrets.
fn asked(request: &Request) -> String {
    let (params, mut parts) = (form(request), vec![target(request)]);
    parts.extend(SHOWN.iter().filter_map(|name| Some(format!("{name}={}", printable(params.get(name)?)))));
    parts.extend(SECRET.iter().filter_map(|name| Some(format!("{name}={}", fingerprint(params.get(name)?)))));
    parts.extend(request.bearer_token().map(|token| format!("access_token={}", fingerprint(token))));
    if request.path.starts_with("/sandbox/") {
        let body: Value = serde_json::from_str(&request.body).unwrap_or_default();
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), printable);
        parts.extend(CONTROL.iter().filter_map(|name| Some(format!("{name}={}", text(body.get(name)?)))));
    }
    parts.join(" ")
}

fn target(request: &Request) -> String {
    format!("{} {}", printable(&request.method), printable(&request.path))
}

/// The response in a few words, without its secrets.
fn answered(response: &Response) -> String {
    let location = response.headers.iter().find(|(name, _)| *name == "Location").and_then(|(_, uri)| uri.parse().ok());
    let summary = match (location, serde_json::from_str(&response.body)) {
        (Some(location), _) => redirect_summary(location),
        (None, Ok(Value::Object(members))) => members_summary(&members),
        _ => String::new(),
    };
    format!("{} {summary}", response.status).trim_end().to_owned()
}

fn redirect_summary(mut location: url::Url) -> String {
    let query = Params::parse(location.query().unwrap_or_default());
    location.set_query(None);
    let what = match (query.get("error"), query.get("code")) {
        (Some(error), _) => format!(" error={}", printable(error)),
        (None, Some(code)) => format!(" code={}", fingerprint(code)),
        (None, None) => String::new(),
    };
    format!("{}{what}", printable(location.as_str()))
}

fn members_summary(members: &serde_json::Map<String, Value>) -> String {
    if let Some(error) = members.get("error").and_then(Value::as_str) {
        return printable(error);
    }
    let tokens = ["access_token", "id_token", "refresh_token", "device_code"];
    let tokens =
        tokens.iter().filter_map(|name| Some(format!("{name}={}", fingerprint(members.get(*name)?.as_str()?))));
    let plain = ["expires_in", "active"];
    let plain = plain.iter().filter_map(|name| Some(format!("{name}={}", printable(&members.get(*name)?.to_string()))));
    tokens.chain(plain).collect::<Vec<_>>().join(" ")
}

/// The client that the request names, whether or not it authenticated.
fn client_id(request: &Request) -> Option<String> {
    let basic = || basic_credentials(request.header("authorization")?).map(|(id, _)| id);
    form(request).text("client_id").or_else(basic).map(|id| printable(&id))
}

pub(super) fn session_json(session: &Session) -> Value {
    let time = |time: Option<Time>| time.map(Time::rfc3339);
    json!({
        "number": session.number,
        "client_id": session.client_id,
        "user": session.user,
        "login_at": session.login_at.rfc3339(),
        "ends_at": session.ends_at.rfc3339(),
        "refreshable": session.refreshable,
        "sso_ends_at": time(session.sso_ends_at),
        "revoked_at": time(session.revoked_at),
    })
}

fn event_json(event: &Event, language: Language) -> Value {
    let (note, session) = (&event.note, event.session.as_ref());
    json!({
        "number": event.number,
        "time": event.time.rfc3339(),
        "kind": note.kind,
        "endpoint": event.endpoint,
        "client_id": note.client_id.as_ref().or(session.map(|session| &session.client_id)),
        "session": note.session,
        "asked": event.asked,
        "answered": event.answered,
        "code": note.reason.as_ref().map(Reason::code),
        "reason": note.reason.as_ref().map(|reason| reason.sentence(language)),
        "session_state": session.map(session_json),
    })
}

/// One line on a request, without its secrets.
fn log_line(request: &Request, response: &Response, note: &Note, took: Duration) -> String {
    let client = note.client_id.as_ref().map(|id| format!(" {id}")).unwrap_or_default();
    let reason = note.reason.as_ref().map(|reason| format!(": {}", reason.sentence(Language::English)));
    let (target, answered, reason) = (target(request), answered(response), printable(&reason.unwrap_or_default()));
    format!("{target}{client} {answered}{reason} ({} ms)", took.as_millis())
}

impl Service {
    /// Records a request that `response` answers.
    pub(super) fn record(&self, kind: Kind, endpoint: &str, request: &Request, response: &Response) {
        let mut note = Note { client_id: client_id(request), ..(*response.note).clone() };
        if note.kind == Kind::Answered {
            note.kind = if response.status >= 400 { Kind::Refused } else { kind };
        }
        let now = self.now();
        if let Some(log) = self.log.get() {
            let took = self.clock.uptime().saturating_sub(request.received_at);
            log(&log_line(request, response, &note, took));
        }
        lock(&self.engine).events.record(now, note, endpoint, asked(request), answered(response));
        self.recorded.notify_all();
    }

    /// Events as NDJSON: those after number `after`; where there is none yet, the next within `wait` seconds.
    pub(super) fn events(&self, request: &Request) -> Response {
        let query = Params::parse(&request.query);
        let number = |name: &str| query.get(name).map_or(Ok(0), str::parse::<u64>);
        let (Ok(after), Ok(wait)) = (number("after"), number("wait")) else {
            return Response::text(400, "after and wait are whole numbers");
        };
        let language = query.get("lang").map_or(Language::English, |lang| Language::choose(Some(lang), None));
        let mut engine = lock(&self.engine);
        if wait > 0 && self.waiting.fetch_add(1, Ordering::SeqCst) < MAX_WAITING {
            let is_idle = |engine: &mut Engine| engine.events.last_number() <= after && !self.is_shutting_down();
            let timeout = Duration::from_secs(wait.min(MAX_WAIT));
            let waited = self.recorded.wait_timeout_while(engine, timeout, is_idle);
            engine = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        if wait > 0 {
            self.waiting.fetch_sub(1, Ordering::SeqCst);
        }
        let lines: String =
            engine.events.after(after).map(|event| format!("{}\n", event_json(event, language))).collect();
        Response::new(200, "application/x-ndjson", lines)
    }
}
