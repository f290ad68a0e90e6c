//! One event for each request, and `GET /sandbox/events`.

use super::http::{Request, Response};
use super::service::{Service, lock};
use crate::domain::text::{hex, printable};
use crate::domain::time::Time;
use crate::sandbox::clients::basic_credentials;
use crate::sandbox::engine::events::Event;
use crate::sandbox::engine::{Kind, Note, Session};
use crate::sandbox::{Engine, Language, Params, Reason};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// The parameters that are shown as they came; of others not even the name.
const SHOWN: &str = "grant_type redirect_uri scope response_type response_mode prompt max_age acr_values ui_locales \
                     code_challenge_method token_type_hint post_logout_redirect_uri error action";

/// The parameters that are shown as a fingerprint.
const SECRET: &str = "refresh_token code device_code auth_req_id token id_token_hint";

/// The members of a control's JSON that are shown.
const CONTROL: &str =
    "advance seconds offset freeze user mode drop_old endpoint status times retry_after after client_id";

/// The members of a response that are shown as a fingerprint, and as they are.
const TOKENS: &str = "access_token id_token refresh_token device_code";
const PLAIN: &str = "expires_in active";

const MAX_WAIT: u64 = 60;

/// How many requests may wait for an event at once; others are answered at once.
pub(super) const MAX_WAITING: usize = 16;

/// Enough to tell tokens apart, and too little to find one.
fn fingerprint(secret: &str) -> String {
    format!("#{}", hex(&Sha256::digest(secret)[..3]))
}

/// The parameters of a request, if it is no JSON: what is a secret there has another name, or none.
fn form(request: &Request) -> Params {
    let is_json = request.is_control() || request.body.trim_start().starts_with('{');
    if is_json { Params::default() } else { request.params() }
}

/// `name=value`, each after a space, for those of `names` that have a value.
fn parts(names: &str, value: impl Fn(&str) -> Option<String>) -> String {
    names.split(' ').filter_map(|name| Some(format!(" {name}={}", value(name)?))).collect()
}

/// The parameters of a request, or the members of a control's JSON, without its secrets.
fn asked(request: &Request) -> String {
    let params = form(request);
    let mut text = target(request);
    text += &parts(SHOWN, |name| params.get(name).map(printable));
    text += &parts(SECRET, |name| params.get(name).map(fingerprint));
    text += &parts("access_token", |_| request.bearer_token().map(fingerprint));
    if request.is_control() {
        let body: Value = serde_json::from_str(&request.body).unwrap_or_default();
        let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), printable);
        text += &parts(CONTROL, |name| body.get(name).map(plain));
    }
    text
}

fn target(request: &Request) -> String {
    format!("{} {}", printable(request.method), printable(request.path))
}

/// The response in a few words, without its secrets.
fn answered(response: &Response) -> String {
    let location = response.headers.iter().find(|(name, _)| *name == "Location").and_then(|(_, uri)| uri.parse().ok());
    let summary = match (location, serde_json::from_str(&response.body)) {
        (Some(location), _) => redirect_summary(location),
        (None, Ok(Value::Object(members))) => members_summary(&members),
        _ => String::new(),
    };
    format!("{}{summary}", response.status)
}

fn redirect_summary(mut location: url::Url) -> String {
    let query = Params::parse(location.query().unwrap_or_default());
    location.set_query(None);
    let what = match query.get("error") {
        Some(error) => format!(" error={}", printable(error)),
        None => parts("code", |name| query.get(name).map(fingerprint)),
    };
    format!(" {}{what}", printable(location.as_str()))
}

fn members_summary(members: &Map<String, Value>) -> String {
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    match text("error") {
        Some(error) => format!(" {}", printable(error)),
        None => {
            parts(TOKENS, |name| text(name).map(fingerprint))
                + &parts(PLAIN, |name| members.get(name).map(|value| printable(&value.to_string())))
        }
    }
}

/// The client that the request names, whether or not it authenticated.
fn client_id(request: &Request) -> Option<String> {
    let basic = || basic_credentials(request.header("authorization")?).map(|(id, _)| id);
    form(request).text("client_id").or_else(basic).map(|id| printable(&id))
}

pub(super) fn session_json(session: &Session) -> Value {
    json!({
        "number": session.number,
        "client_id": session.client_id,
        "user": session.authentication.user.id,
        "login_at": session.login_at.rfc3339(),
        "ends_at": session.ends_at.rfc3339(),
        "refreshable": session.refreshable,
        "sso_ends_at": session.sso_ends_at.map(Time::rfc3339),
        "revoked_at": session.revoked_at.map(Time::rfc3339),
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
    pub(super) fn record(&self, endpoint: &str, request: &Request, response: &Response) {
        let kind = match response.note.kind {
            Kind::Answered if response.status >= 400 => Kind::Refused,
            Kind::Answered if request.is_control() => Kind::Control,
            kind => kind,
        };
        let note = Note { kind, client_id: client_id(request), ..(*response.note).clone() };
        let now = self.now();
        if let Some(log) = &self.log {
            let took = self.clock.uptime().saturating_sub(request.received_at);
            log(&log_line(request, response, &note, took));
        }
        lock(&self.engine).events.record(now, note, endpoint, asked(request), answered(response));
        self.recorded.notify_all();
    }

    /// Events as NDJSON: those after number `after`; where there is none yet, the next within `wait` seconds.
    pub(super) fn events(&self, request: &Request) -> Response {
        let query = Params::parse(request.query);
        let number = |name: &str| query.get(name).map_or(Ok(0), str::parse::<u64>);
        let (Ok(after), Ok(wait)) = (number("after"), number("wait")) else {
            return Response::text(400, "after and wait are whole numbers");
        };
        let language = query.get("lang").map_or(Language::English, |lang| Language::choose(Some(lang), None));
        let mut engine = lock(&self.engine);
        let waiter = (wait > 0).then(|| Arc::clone(&self.waiting));
        if waiter.is_some() && Arc::strong_count(&self.waiting) <= 1 + MAX_WAITING {
            let is_idle = |engine: &mut Engine| engine.events.last_number() <= after && !self.is_shutting_down();
            let timeout = Duration::from_secs(wait.min(MAX_WAIT));
            let waited = self.recorded.wait_timeout_while(engine, timeout, is_idle);
            engine = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        let lines: String =
            engine.events.after(after).map(|event| format!("{}\n", event_json(event, language))).collect();
        Response::new(200, "application/x-ndjson", lines)
    }
}
