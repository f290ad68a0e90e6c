//! The refresh protocol, in one place for every command that needs a token:
//! lock → read again → journal, which also proves the store can be written → send → accept → store → cache → unlock.
//!
//! No refresh token is sent twice in one run. The one window no client can close: this process is killed after the
//! provider has spent a one-time token and before its successor is stored. The journal's mark says so to the next run.

use crate::domain::decision::{self, Action, Decision, Intent, LoginReason};
use crate::domain::session::{EventKind, InvalidEntry, RefreshReason, Renewal, Session};
use crate::domain::time::Time;
use crate::error::{Error, NetworkError, ProviderRefusal, Result, SessionError, Situation, StoreError, store_message};
use crate::explain::outlook::observations;
use crate::flows::access_token_cache;
use crate::flows::context::Context;
use crate::flows::provider_keys;
use crate::flows::provider_metadata;
use crate::flows::session_lock::Wait;
use crate::flows::token_response;
use crate::oidc::discovery::Provider;
use crate::oidc::token::RefusalCause;
use crate::oidc::{OAuthError, Problem, token};
use crate::ports::{HttpFailureKind, Lock, Response, StoreFailure, StoreFailureKind};
use std::cell::RefCell;
use std::time::Duration;

const DOING: &str = "refresh failed";

/// A session whose token can be used now.
pub struct FreshSession {
    pub session: Session,
    pub source: TokenSource,
}

/// Where a token comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenSource {
    /// It was stored and no refresh is due, until the time given.
    Stored(Option<Time>),
    /// Another process refreshed while this one waited.
    RefreshedElsewhere,
    /// This run refreshed.
    Refreshed(RefreshReason, Renewal),
}

impl TokenSource {
    /// What this run's refresh did to the refresh token; `None` if this run did not refresh.
    pub fn renewal(self) -> Option<Renewal> {
        match self {
            Self::Refreshed(_, renewal) => Some(renewal),
            Self::Stored(_) | Self::RefreshedElsewhere => None,
        }
    }
}

/// What the plan says about the session now.
pub fn decision(context: &Context<'_>, session: &Session, intent: Intent) -> Decision {
    let profile = &context.profile;
    decision::decide(context.ports.clock.now(), Some(session), profile.policy.as_ref(), profile.renew, intent)
}

/// The session, or what becomes of it if a refresh is due, with a token that serves `intent`. `before` is what the store
/// held just now: reading it takes most of the time where nothing is due.
///
/// # Errors
/// `login_required` if only a login helps; `busy`, `store`, `unreachable`, `refused`, `invalid`. Nothing is lost by any
/// of them, except where the error says that it may be.
pub fn ensure_fresh(context: &Context<'_>, before: Session, intent: Intent) -> Result<FreshSession> {
    if decision::clock_went_back(context.ports.clock.now(), &before) {
        let written = context.reporter.local_time(before.access_token.obtained_at);
        context.reporter.warn(
            "clock_skew",
            format!("this machine's clock went back: the session was written at {written}; its tokens are not trusted"),
        );
    }
    let decision = decision(context, &before, intent);
    match decision.action {
        Action::Use => return Ok(FreshSession { session: before, source: TokenSource::Stored(decision.changes_at) }),
        Action::Login(reason) => return Err(login_needed(reason)),
        Action::Refresh(_) => {}
    }
    let cached = || match intent {
        Intent::AccessToken { min_ttl } => access_token_cache::get(context, min_ttl),
        Intent::IdToken | Intent::Claims | Intent::Force | Intent::KeepAlive { .. } => None,
    };
    match context.lock_or_find(cached)? {
        Wait::Locked(lock) => refresh_under(lock, context, intent, &before),
        Wait::Found(found) => Ok(FreshSession {
            session: Session { access_token: found.access_token, ..before },
            source: TokenSource::RefreshedElsewhere,
        }),
    }
}

/// Only a login helps: the situation for why.
pub fn login_needed(reason: LoginReason) -> Error {
    match reason {
        LoginReason::NoSession => SessionError::NoSession,
        LoginReason::NoRefreshToken => SessionError::NoRefreshToken,
        LoginReason::Refused => SessionError::RefreshTokenRejected,
        LoginReason::NoIdToken => SessionError::NoIdToken,
    }
    .into()
}

fn refresh_under(
    _lock: Box<dyn Lock>,
    context: &Context<'_>,
    intent: Intent,
    before: &Session,
) -> Result<FreshSession> {
    let session = context.session().inspect_err(|error| {
        if error.situation == SessionError::NoSession.into() {
            access_token_cache::forget(context);
        }
    })?;
    let changed = session.generation != before.generation;
    // A sibling whose refresh was refused has changed the session too, but left nothing to adopt.
    if changed && session.held_token().is_some() && matches!(intent, Intent::Claims | Intent::Force) {
        return Ok(FreshSession { session, source: TokenSource::RefreshedElsewhere });
    }
    // Where no token lives as long as is asked for, one that a sibling got meanwhile is as good as one of ours would be.
    let token = &session.access_token;
    let is_new = *token != before.access_token
        && context.ports.clock.now() < token.expires_at
        && matches!(intent, Intent::AccessToken { min_ttl } if token.expires_at.since(token.obtained_at) <= min_ttl);
    let decision = decision(context, &session, intent);
    match decision.action {
        Action::Refresh(RefreshReason::Expired) if is_new => {
            Ok(FreshSession { session, source: TokenSource::RefreshedElsewhere })
        }
        Action::Use if changed => Ok(FreshSession { session, source: TokenSource::RefreshedElsewhere }),
        Action::Use => Ok(FreshSession { session, source: TokenSource::Stored(decision.changes_at) }),
        Action::Login(reason) => Err(login_needed(reason)),
        Action::Refresh(reason) => {
            let obtained =
                context.reporter.buffered(|| exchange(context, session, reason, before.may_have_been_refused()))?;
            access_token_cache::put(context, &obtained.session);
            Ok(obtained)
        }
    }
}

/// One refresh, under the lock: the session after it, stored. `was_doubted`: whether the refresh token may have been refused
/// when this run began; that another run was refused a moment ago is no second answer.
fn exchange(context: &Context<'_>, session: Session, reason: RefreshReason, was_doubted: bool) -> Result<FreshSession> {
    let session = noticing_an_interrupted_one(context, session);
    let Some(old) = session.held_token() else { return Err(SessionError::NoRefreshToken.into()) };
    // All that can fail without the token being spent comes first, and all that may take long.
    let mut provider = provider_metadata::provider(context)?;
    let client = context.client()?;
    let keys = provider_keys::keys(context, &provider);
    let signals = RefCell::new(Some(context.ports.signals.defer()));
    let begun = session.with_refresh_started(session.refresh_started_at.unwrap_or(context.ports.clock.now()));
    // First, so that a refresh that is killed never leaves the new session with the old access token.
    access_token_cache::forget(context);
    journal(context, &begun)?;

    let sent_at = context.ports.clock.now();
    let request = |provider: &Provider| token::refresh_request(provider, &client, &old.value);
    let first = request(&provider);
    let response = match provider_metadata::send(context, &mut provider, &first, |provider| Some(request(provider))) {
        Ok(response) => response,
        Err(failure) if failure.kind == HttpFailureKind::ResponseLost => {
            return Err(answer_lost(context, &begun, reason, sent_at, &failure.message));
        }
        Err(failure) => {
            put_back(context, &session);
            return Err(Error::unanswered(DOING, &failure));
        }
    };
    let answer = match token::accept_token_response(&response) {
        Ok(answer) => answer,
        Err(problem) => {
            let was_doubted = was_doubted || session.unfinished_refresh().is_some();
            let attempt = Attempt { session: &session, begun: &begun, reason, sent_at, was_doubted };
            return attempt.not_accepted(context, &response, problem);
        }
    };
    let answer = token_response::accept_refresh(context, &provider, keys, &begun, answer, sent_at)
        .inspect_err(|_| note_in_entry(context, &begun.after_discarded_response(reason, sent_at)))?;
    let renewal = old.renewal_by(answer.refresh_token.as_ref());
    let refreshed = begun.after_refresh(answer, reason, sent_at);
    if !still_ours(context, &begun)? {
        access_token_cache::forget(context);
        let revoked =
            refreshed.held_token().is_some_and(|new| token_response::revoke_unwanted(context, &provider, &new.value));
        return Err(SessionError::Changed { revoked }.into());
    }
    store_successor(context, &refreshed, &signals)?;
    if let Some(at) = session.refresh_started_at {
        context.reporter.note(format!(
            "The refresh token still worked: nothing was lost with the answer of {}.",
            context.reporter.local_time(at)
        ));
    }
    Ok(FreshSession { session: refreshed, source: TokenSource::Refreshed(reason, renewal) })
}

/// A refresh that an earlier run began and did not finish: the token may have been spent. It is tried, once.
fn noticing_an_interrupted_one(context: &Context<'_>, session: Session) -> Session {
    let Some((at, discarded)) = session.unfinished_refresh() else { return session };
    context.reporter.warn(
        "refresh_interrupted",
        format!(
            "a refresh begun at {} {}; its refresh token may have been spent. Trying it once: where the provider takes a \
             refresh token again, nothing is lost; where each serves once and it had been spent, a new login is needed",
            context.reporter.local_time(at),
            if discarded { "got an answer that was not used" } else { "was not finished" },
        ),
    );
    let known = session.events.last().is_some_and(|e| {
        !matches!(e.kind, EventKind::Login { .. } | EventKind::Refreshed { .. } | EventKind::Refused { .. })
    });
    if known { session } else { session.with_event(at, EventKind::Interrupted) }
}

/// Writes the mark and reads it back: nothing is spent before the store has proved that it can be written. From here on
/// signals are held, and nobody is asked to unlock it.
fn journal(context: &Context<'_>, begun: &Session) -> Result<()> {
    let document = begun.to_json();
    context.store.save_without_prompt(&context.entry(), &document)?;
    if context.store.load_without_prompt(&context.entry())?.as_ref() == Some(&document) {
        return Ok(());
    }
    let detail = "what was written is not what is read back".to_owned();
    Err(StoreFailure { store: context.store.name(), kind: StoreFailureKind::Refused, detail }.into())
}

/// Whether the entry is still the one whose token was sent: a logout or login without our lock may have come between. A
/// lock is not waited for here, where signals are held, but where the new token is stored.
fn still_ours(context: &Context<'_>, begun: &Session) -> Result<bool> {
    match context.load_without_prompt() {
        Ok(Some(now)) => Ok(now.generation == begun.generation),
        Ok(None) => Ok(false),
        // A newer tidp has logged in: that session is not ours to overwrite.
        Err(Error { situation: Situation::Store(StoreError::InvalidEntry(InvalidEntry::Version(_))), .. }) => Ok(false),
        // It could be written and read a moment ago, and the old token is spent: storing the new one is what is left.
        Err(_) => Ok(true),
    }
}

/// The request did not reach the provider, or was put off by it: the entry is as it was.
fn put_back(context: &Context<'_>, session: &Session) {
    // If this fails the mark stays, and the next run says that a refresh was begun: true as well.
    let _ = context.store.save_without_prompt(&context.entry(), &session.to_json());
}

/// Stores an event. The mark is stored already; if this fails, only the event is missing.
fn note_in_entry(context: &Context<'_>, session: &Session) {
    let _ = context.store.save_without_prompt(&context.entry(), &session.to_json());
}

fn answer_lost(context: &Context<'_>, begun: &Session, reason: RefreshReason, sent_at: Time, what: &str) -> Error {
    note_in_entry(context, &begun.after_lost_response(reason, sent_at));
    NetworkError::ResponseLost(format!(
        "{DOING}: {what}. The refresh token may have been spent; the session is kept, and the next refresh will tell"
    ))
    .into()
}

/// A refresh that was sent, and has brought no tokens.
struct Attempt<'a> {
    /// As it was found under the lock.
    session: &'a Session,
    /// The same, with the mark of this refresh.
    begun: &'a Session,
    reason: RefreshReason,
    sent_at: Time,
    /// Whether the refresh token may have been spent or refused before.
    was_doubted: bool,
}

/// A refusal, as it is remembered and told.
struct Refusal {
    /// The error code, or the status.
    said: String,
    /// The provider's words, where it has any.
    words: Option<OAuthError>,
}

impl Attempt<'_> {
    /// The provider answered, but with no tokens: what that means for the ones we hold.
    fn not_accepted(&self, context: &Context<'_>, response: &Response, problem: Problem) -> Result<FreshSession> {
        let refusal = match problem {
            Problem::Refused(words) => Refusal { said: words.error.clone(), words: Some(words) },
            Problem::RefusedByStatus { status, .. } => Refusal { said: format!("HTTP {status}"), words: None },
            // Put off, it says; but a gateway in front of it can say that of what the provider has done.
            Problem::Unavailable(what) if matches!(response.status, 400..=499 | 503) => {
                put_back(context, &self.session.after_lost_response(self.reason, self.sent_at));
                return Err(NetworkError::Unreachable(format!("{DOING}: {what}")).into());
            }
            Problem::Unavailable(what) => {
                return Err(answer_lost(context, self.begun, self.reason, self.sent_at, &what));
            }
            Problem::Invalid(what) => {
                note_in_entry(context, &self.begun.after_discarded_response(self.reason, self.sent_at));
                return Err(Error::invalid(format!("{DOING}: {what}")));
            }
        };
        let meaning = token::refusal_cause(refusal.words.as_ref(), response.status);
        match meaning {
            RefusalCause::Client => {
                put_back(
                    context,
                    &self.session.after_refusal_with_token_kept(&refusal.said, self.reason, self.sent_at, false),
                );
                Err(match refusal.words {
                    Some(words) => ProviderRefusal::WithError(DOING, words),
                    None => ProviderRefusal::StatusOnly(format!("{DOING}: the provider answered {}", refusal.said)),
                }
                .into())
            }
            RefusalCause::RefreshToken => self.refused(context, response, refusal, true),
            // A token that may have been spent was tried once: the answer tells. So does a second one that says no more than the
            // first.
            RefusalCause::Unclear => self.refused(context, response, refusal, self.was_doubted),
        }
    }

    /// The refresh token was refused, or may have been. Another process may have renewed the session in a way our lock does
    /// not cover; if not, the token is dropped if that is `for_good`, and only it.
    fn refused(
        &self,
        context: &Context<'_>,
        response: &Response,
        Refusal { said, words }: Refusal,
        for_good: bool,
    ) -> Result<FreshSession> {
        match context.load_without_prompt()? {
            Some(session) if session.generation != self.begun.generation => {
                return Ok(FreshSession { session, source: TokenSource::RefreshedElsewhere });
            }
            Some(_) => {}
            None => return Err(SessionError::NoSession.into()),
        }
        if !for_good {
            // Whoever refuses has spent nothing: there is nothing to find unfinished.
            let session = Session { refresh_started_at: None, ..self.begun.clone() };
            let session = session.after_refusal_with_token_kept(&said, self.reason, self.sent_at, true);
            context.store.save_without_prompt(&context.entry(), &session.to_json())?;
            return Err(ProviderRefusal::RefreshTokenKept { code: said, error: words }.into());
        }
        let provider_ahead = token_response::provider_ahead(self.sent_at, token::provider_time(response));
        let refused = self.begun.after_refusal(&said, self.reason, self.sent_at, provider_ahead);
        context.store.save_without_prompt(&context.entry(), &refused.to_json())?;
        let likely = observations::probable_refusal(&refused, context.profile.policy.as_ref());
        let likely =
            likely.map(|sentence| sentence.render(&|time| context.reporter.local_time(time), None)).unwrap_or_default();
        Err(ProviderRefusal::RefreshToken { code: said, error: words, likely_cause: likely }.into())
    }
}

/// The old token is spent: its successor is stored however long that takes. Signals are let through once the wait is
/// long enough to be told, so that a person can end it.
fn store_successor(
    context: &Context<'_>,
    session: &Session,
    held: &RefCell<Option<Box<dyn crate::ports::SignalGuard>>>,
) -> Result<()> {
    let document = session.to_json();
    let waiting = |so_far: Duration, failed: Option<&StoreFailure>| {
        let store = failed.map_or_else(|| context.store.name().into(), store_message);
        context.reporter.progress(format!(
            "waiting for the store to take the new refresh token ({store}): {} s so far; ending this now loses the session",
            so_far.as_secs()
        ));
        held.borrow_mut().take();
    };
    match context.store.save_with_retries(&context.entry(), &document, &waiting) {
        Ok(()) => Ok(()),
        // A write whose end is not known is believed only when it is read back.
        Err(_)
            if context.store.load_without_prompt(&context.entry()).is_ok_and(|now| now.as_ref() == Some(&document)) =>
        {
            Ok(())
        }
        Err(failure) => Err(StoreError::NewTokenNotStored(failure).into()),
    }
}
