//! What happened at the sandbox, and why: plain data without secrets, for `GET /sandbox/events` and the console.

use crate::domain::time::Time;
use crate::sandbox::params::OAuthError;
use crate::sandbox::reason::Reason;
use serde::Serialize;
use std::collections::{BTreeMap, VecDeque};

/// How many events, and how many sessions' times, are kept.
const MAX_EVENTS: usize = 5_000;
const MAX_SESSIONS: usize = 1_000;

/// What an event did to a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A request that changed no session.
    #[default]
    Answered,
    Refused,
    Started,
    /// A refresh that did not move the session's end.
    Refreshed,
    /// A refresh that did.
    Renewed,
    SsoEnded,
    Revoked,
    Control,
}

/// What the engine knows about a request that it answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Note {
    pub kind: Kind,
    pub client_id: Option<String>,
    /// The number of the grant.
    pub session: Option<u64>,
    pub reason: Option<Reason>,
}

impl OAuthError {
    pub fn note(&self) -> Note {
        let reason = Some((*self.reason).clone());
        Note { kind: Kind::Refused, client_id: None, session: self.session, reason }
    }
}

/// A request or a change, with its place in the order of all.
#[derive(Clone, Debug, PartialEq, Eq)]
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

/// One login of one client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub number: u64,
    pub client_id: String,
    pub user: String,
    pub login_at: Time,
    /// When its refresh token expires, or without one its access token.
    pub ends_at: Time,
    pub refreshable: bool,
    pub(super) sid: String,
    /// When the SSO session ends or ended, if that is known.
    pub sso_ends_at: Option<Time>,
    pub revoked_at: Option<Time>,
}

impl Session {
    fn age(&mut self, back: impl Fn(&mut Time)) {
        let ends_at = self.refreshable.then_some(&mut self.ends_at);
        let others = self.sso_ends_at.iter_mut().chain(&mut self.revoked_at).chain(ends_at);
        std::iter::once(&mut self.login_at).chain(others).for_each(back);
    }

    fn is_alive(&self, now: Time) -> bool {
        self.revoked_at.is_none() && now < self.ends_at
    }
}

/// The latest events and sessions, oldest first.
#[derive(Default)]
pub struct Events {
    recorded: VecDeque<Event>,
    last_number: u64,
    sessions: BTreeMap<u64, Session>,
}

impl Events {
    /// The number of the last event; 0 before the first.
    pub fn last_number(&self) -> u64 {
        self.last_number
    }

    pub fn after(&self, number: u64) -> impl Iterator<Item = &Event> {
        self.recorded.iter().filter(move |event| event.number > number)
    }

    pub fn sessions(&self) -> impl Iterator<Item = &Session> {
        self.sessions.values()
    }

    pub(super) fn session_mut(&mut self, number: u64) -> Option<&mut Session> {
        self.sessions.get_mut(&number)
    }

    pub fn record(&mut self, time: Time, note: Note, endpoint: &str, asked: String, answered: String) {
        let session = note.session.and_then(|number| self.sessions.get(&number)).cloned();
        self.last_number += 1;
        let (number, endpoint) = (self.last_number, endpoint.to_owned());
        self.recorded.push_back(Event { number, time, note, session, endpoint, asked, answered });
        if self.recorded.len() > MAX_EVENTS {
            self.recorded.pop_front();
        }
    }

    pub(super) fn start(&mut self, session: Session) {
        self.sessions.insert(session.number, session);
        if self.sessions.len() > MAX_SESSIONS {
            self.sessions.pop_first();
        }
    }

    /// Applies `end` to the sessions that `is_concerned`, and records one event for each.
    fn end_sessions(
        &mut self,
        (now, kind, reason): (Time, Kind, &Reason),
        is_concerned: impl Fn(&Session) -> bool,
        end: impl Fn(&mut Session),
    ) {
        let mut notes = Vec::new();
        for session in self.sessions.values_mut().filter(|session| is_concerned(session)) {
            end(session);
            let (client_id, number) = (Some(session.client_id.clone()), Some(session.number));
            notes.push(Note { kind, client_id, session: number, reason: Some(reason.clone()) });
        }
        for note in notes {
            self.record(now, note, "", String::new(), String::new());
        }
    }

    /// Moves all times by `back`. A session without a refresh token ends with its access token, which stays as it is.
    pub(super) fn age(&mut self, back: impl Fn(&mut Time)) {
        for event in &mut self.recorded {
            back(&mut event.time);
            event.session.iter_mut().for_each(|session| session.age(&back));
            event.note.reason.iter_mut().flat_map(Reason::times).for_each(&back);
        }
        self.sessions.values_mut().for_each(|session| session.age(&back));
    }

    pub(super) fn sso_ended(&mut self, sids: &[String], now: Time) {
        let is_concerned = |session: &Session| sids.contains(&session.sid) && session.is_alive(now);
        let end = |session: &mut Session| session.sso_ends_at = Some(now);
        self.end_sessions((now, Kind::SsoEnded, &Reason::SsoWasEnded), is_concerned, end);
    }

    /// Records a revocation: of the session of `grant`, even without a refresh token, or of all that have one.
    pub(super) fn revoked(&mut self, grant: Option<u64>, reason: &Reason, now: Time) {
        let is_concerned = |session: &Session| {
            session.is_alive(now) && grant.map_or(session.refreshable, |grant| grant == session.number)
        };
        let end = |session: &mut Session| session.revoked_at = Some(now);
        self.end_sessions((now, Kind::Revoked, reason), is_concerned, end);
    }
}
