//! What happened at the sandbox, and why: plain data without secrets, for `GET /sandbox/events` and the console.

use super::{Kind, Note, Session};
use crate::domain::time::Time;
use crate::sandbox::Reason;
use std::collections::{BTreeMap, VecDeque};

/// How many events are kept, and how many sessions are shown.
const MAX_EVENTS: usize = 5_000;
const MAX_SESSIONS: usize = 1_000;

/// A request or a change, with its place in the order of all.
pub struct Event {
    /// From 1, without gaps.
    pub number: u64,
    pub time: Time,
    pub note: Note,
    /// The session as it was after the event.
    pub session: Option<Session>,
    /// The endpoint or control; empty if there is none.
    pub endpoint: String,
    /// The request and the response, without their secrets.
    pub asked: String,
    pub answered: String,
}

/// The latest events, and all sessions, oldest first.
#[derive(Default)]
pub struct Events {
    recorded: VecDeque<Event>,
    /// By their numbers.
    pub(super) sessions: BTreeMap<u64, Session>,
}

impl Events {
    /// The number of the last event; 0 before the first.
    pub fn last_number(&self) -> u64 {
        self.recorded.back().map_or(0, |event| event.number)
    }

    pub fn after(&self, number: u64) -> impl Iterator<Item = &Event> {
        self.recorded.iter().filter(move |event| event.number > number)
    }

    /// The latest sessions.
    pub fn sessions(&self) -> impl Iterator<Item = &Session> {
        self.sessions.values().skip(self.sessions.len().saturating_sub(MAX_SESSIONS))
    }

    pub fn record(&mut self, time: Time, note: Note, endpoint: &str, asked: String, answered: String) {
        let session = note.session.and_then(|number| self.sessions.get(&number)).cloned();
        let (number, endpoint) = (self.last_number() + 1, endpoint.to_owned());
        self.recorded.push_back(Event { number, time, note, session, endpoint, asked, answered });
        if self.recorded.len() > MAX_EVENTS {
            self.recorded.pop_front();
        }
    }

    /// Ends the living sessions that pass `filter`, or their SSO sessions, and records one event for each.
    fn end_sessions(&mut self, now: Time, kind: Kind, reason: &Reason, filter: impl Fn(&Session) -> bool) {
        let latest = self.sessions.values_mut().rev().take(MAX_SESSIONS);
        let mut ended = Vec::new();
        let is_alive = |session: &Session| session.revoked_at.is_none() && now < session.ends_at;
        for session in latest.filter(|session| is_alive(session) && filter(session)) {
            let end = if kind == Kind::SsoEnded { &mut session.sso_ends_at } else { &mut session.revoked_at };
            *end = Some(now);
            ended.push(session.number);
        }
        for number in ended.into_iter().rev() {
            let note = Note { kind, client_id: None, session: Some(number), reason: Some(reason.clone()) };
            self.record(now, note, "", String::new(), String::new());
        }
    }

    /// Moves all times by `back`.
    pub(super) fn age(&mut self, back: impl Fn(&mut Time)) {
        for event in &mut self.recorded {
            back(&mut event.time);
            event.session.iter_mut().for_each(|session| session.age(&back));
            event.note.reason.iter_mut().for_each(|reason| reason.age(&back));
        }
        self.sessions.values_mut().for_each(|session| session.age(&back));
    }

    pub(super) fn record_sso_end(&mut self, sids: &[String], now: Time) {
        let filter = |session: &Session| sids.contains(&session.authentication.sid);
        self.end_sessions(now, Kind::SsoEnded, &Reason::SsoWasEnded, filter);
    }

    /// Records a revocation: of the session of that number, even without a refresh token, or of all that have one.
    pub(super) fn record_revocation(&mut self, number: Option<u64>, reason: &Reason, now: Time) {
        let filter = |session: &Session| number.map_or(session.refreshable, |number| number == session.number);
        self.end_sessions(now, Kind::Revoked, reason, filter);
    }
}
