//! One refresh under the session's lock, in these steps:
//!
//! 1. Get what the request and the check of its response need, before the token is used: `provider_metadata.rs`,
//!    `client_secret.rs`, `provider_keys.rs`.
//! 2. Journal that a refresh has started, which also proves that the store can be written.
//! 3. Send the request (`oidc/token.rs`, `provider_metadata.rs`).
//! 4. Accept the response (`oidc/token.rs`), with its ID token verified (`token_response.rs`). `RefreshAttempt` has what
//!    follows from a refusal or a lost response.
//! 5. Store the session after the refresh (`Session::after_refresh`), if nobody has replaced the old one.
//!
//! No refresh token is sent twice in one run, unless nothing was at the endpoint. One window no client can close: this
//! process is killed after the provider has used up a one-time token and before the new one is stored. The journal's mark
//! tells the next refresh.

use crate::domain::session::{EventKind, InvalidEntry, RefreshReason, RefreshRequest, Renewal, Session};
use crate::domain::warning::WarningCode;
use crate::error::{Error, ProviderRefusal, Result, SessionError, Situation, StoreError, store_message};
use crate::explain::outlook::{observations, sentence::Words};
use crate::explain::{exchange_steps, refresh_messages};
use crate::flows::context::Context;
use crate::flows::{access_token_cache, provider_keys, provider_metadata, token_response};
use crate::oidc::token::{RefreshParameters, RefusalCause};
use crate::oidc::{OAuthError, Problem, token};
use crate::ports::{HttpFailureKind, Prompt, Response, SignalGuard, StoreFailure, StoreFailureKind};
use std::cell::RefCell;
use std::time::Duration;

const FAILED_STEP: &str = "refresh failed";

pub struct FreshSession {
    pub session: Session,
    pub source: TokenSource,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenSource {
    /// It was stored, and no refresh is due.
    Stored,
    /// Another process refreshed while this one waited.
    RefreshedElsewhere,
    Refreshed(RefreshReason, Renewal),
}

impl TokenSource {
    /// What this run's refresh did to the refresh token; `None` if this run did not refresh.
    pub fn renewal(self) -> Option<Renewal> {
        match self {
            Self::Refreshed(_, renewal) => Some(renewal),
            Self::Stored | Self::RefreshedElsewhere => None,
        }
    }
}

/// Refreshes once, under the lock, and returns the stored session. With scopes, fewer than the session's, the access token
/// goes beside the main one. `was_doubtful` is whether the refresh token may have been rejected before this run began; a
/// refusal that another run received meanwhile does not count.
pub fn exchange(
    context: &Context<'_>,
    session: Session,
    reason: RefreshReason,
    parameters: RefreshParameters<'_>,
    was_doubtful: bool,
) -> Result<FreshSession> {
    let session = record_interruption(context, session);
    let Some(old) = session.held_token() else { return Err(SessionError::NoRefreshToken.into()) };
    // Whatever may fail or take long comes before the token is used.
    context.step(|| exchange_steps::PREPARATION.to_owned());
    let mut provider = provider_metadata::provider(context)?;
    let client = context.client()?;
    let keys = provider_keys::keys(context, &provider, None);
    let signals = RefCell::new(Some(context.ports.signals.defer()));
    let pending = session.with_refresh_started(session.refresh_started_at.unwrap_or(context.ports.clock.now()));
    // First, so that a refresh that is killed never leaves the new session with the old access token.
    access_token_cache::forget(context);
    context.step(|| exchange_steps::JOURNAL.to_owned());
    journal(context, &pending)?;

    let sent_at = context.ports.clock.now();
    let was_doubtful = was_doubtful || session.interrupted_refresh().is_some();
    let sent = RefreshRequest { reason, scopes: parameters.scopes, sent_at };
    let attempt =
        RefreshAttempt { context, before: &session, pending: &pending, sent, tnu_id: parameters.tnu_id, was_doubtful };
    let request = token::refresh_request(&provider, &client, &old.value, parameters);
    context.step(|| exchange_steps::refresh_request(client.has_secret()));
    let response = match provider_metadata::send(context, &mut provider, &request, |p| Some(&p.token_endpoint)) {
        Ok(response) => response,
        Err(failure) if failure.kind == HttpFailureKind::ResponseLost => {
            return Err(attempt.response_lost(&failure.message));
        }
        Err(failure) => {
            attempt.try_save(&session);
            return Err(Error::unanswered(FAILED_STEP, &failure));
        }
    };
    let tokens = match token::accept_token_response(&response) {
        Ok(tokens) => tokens,
        Err(problem) => return attempt.handle_problem(&response, problem),
    };
    token_response::trace(context, &tokens);
    let tokens = token_response::accept_refresh(context, &provider, keys, &pending, sent, tokens)
        .inspect_err(|_| attempt.try_save(&pending.after_discarded_response(sent)))?;
    let renewal = old.renewal_by(tokens.refresh_token.as_ref());
    let refreshed = pending.after_refresh(tokens, sent);
    if !is_still_stored(context, &pending)? {
        access_token_cache::forget(context);
        let revoked =
            refreshed.held_token().is_some_and(|new| token_response::revoke_unwanted(context, &provider, &new.value));
        return Err(SessionError::Changed { revoked }.into());
    }
    save_new_token(context, &refreshed, &signals)?;
    context.step(|| exchange_steps::refresh_stored(context.store.name().as_str(), renewal));
    if let Some(at) = session.refresh_started_at {
        let at = context.reporter.local_time(at);
        let note = format!("The refresh token still worked, so nothing was lost by the unfinished refresh of {at}.");
        context.reporter.note(&note);
    }
    Ok(FreshSession { session: refreshed, source: TokenSource::Refreshed(reason, renewal) })
}

/// The session, with an event and a warning if an earlier refresh did not finish: its token may be used up.
fn record_interruption(context: &Context<'_>, session: Session) -> Session {
    let Some(unfinished) = session.interrupted_refresh() else { return session };
    let started_at = context.reporter.local_time(unfinished.at);
    let warning = refresh_messages::interrupted_warning(&started_at, unfinished.response_discarded);
    context.reporter.warn(WarningCode::RefreshInterrupted, warning);
    let is_recorded = session.events.last().is_some_and(|event| {
        !matches!(event.kind, EventKind::Login { .. } | EventKind::Refreshed { .. } | EventKind::Rejected { .. })
    });
    if is_recorded { session } else { session.with_event(unfinished.at, EventKind::Interrupted, None) }
}

/// Writes the mark of a refresh and reads it back: no token is used unless the store can be written. Does not prompt
/// to unlock the store, because signals are deferred.
fn journal(context: &Context<'_>, pending: &Session) -> Result<()> {
    let document = pending.to_json();
    context.store.write(&context.entry(), &document, Prompt::Forbidden)?;
    if context.store.read(&context.entry(), Prompt::Forbidden)?.as_ref() == Some(&document) {
        return Ok(());
    }
    let detail = "reading it back returned something else".to_owned();
    Err(StoreFailure { store: context.store.name(), kind: StoreFailureKind::Refused, detail }.into())
}

/// Whether the store still holds the session whose token was sent: a logout or login without our lock may intervene.
fn is_still_stored(context: &Context<'_>, pending: &Session) -> Result<bool> {
    match context.load(Prompt::Forbidden) {
        Ok(Some(now)) => Ok(now.generation == pending.generation),
        Ok(None) => Ok(false),
        // A newer tidp has logged in: that session is not ours to overwrite.
        Err(Error { situation: Situation::Store(StoreError::InvalidEntry(InvalidEntry::Version(_))), .. }) => Ok(false),
        // It could be read a moment ago, and the old token is used up, so try to store the new one.
        Err(_) => Ok(true),
    }
}

struct RefreshAttempt<'a> {
    context: &'a Context<'a>,
    /// The session as it was found under the lock.
    before: &'a Session,
    /// The same session with the mark of this refresh, as it is stored.
    pending: &'a Session,
    sent: RefreshRequest<'a>,
    tnu_id: Option<&'a str>,
    /// Whether the refresh token may have been used up or rejected before.
    was_doubtful: bool,
}

impl RefreshAttempt<'_> {
    /// Saves the session. If that fails, the mark stays and the next run reports an interrupted refresh: true as well.
    fn try_save(&self, session: &Session) {
        let _ = self.context.store.write(&self.context.entry(), &session.to_json(), Prompt::Forbidden);
    }

    /// The error for a response that never came; the session is kept.
    fn response_lost(&self, what: &str) -> Error {
        self.try_save(&self.pending.after_lost_response(self.sent));
        Situation::Unreachable(format!(
            "{FAILED_STEP}: {what}. The refresh token may be used up; the session is kept, and the next refresh will show \
             whether it has ended"
        ))
        .into()
    }

    fn handle_problem(&self, response: &Response, problem: Problem) -> Result<FreshSession> {
        // The code is the error's, or the status.
        let (code, error) = match problem {
            Problem::Refused(error) => (error.error.clone(), Some(error)),
            Problem::RefusedByStatus { status, .. } => (format!("HTTP {status}"), None),
            // The provider asks to try later. A gateway may say that although the provider has done the refresh.
            Problem::Unavailable(what) if matches!(response.status, 400..=499 | 503) => {
                self.try_save(&self.before.after_lost_response(self.sent));
                return Err(Situation::Unreachable(format!("{FAILED_STEP}: {what}")).into());
            }
            Problem::Unavailable(what) => return Err(self.response_lost(&what)),
            Problem::Invalid(what) => {
                self.try_save(&self.pending.after_discarded_response(self.sent));
                return Err(Error::invalid(format!("{FAILED_STEP}: {what}")));
            }
        };
        let is_final = match token::refusal_cause(error.as_ref(), response.status) {
            RefusalCause::Client => {
                // A refusal of what was asked for says nothing about the session.
                let is_about_parameters = match code.as_str() {
                    "invalid_scope" => self.sent.scopes.is_some(),
                    "invalid_request" => self.tnu_id.is_some(),
                    _ => false,
                };
                let refused = || self.before.after_refusal_with_token_kept(&code, self.sent, false);
                self.try_save(&if is_about_parameters { self.before.clone() } else { refused() });
                return Err(match error {
                    Some(error) => ProviderRefusal::WithError(FAILED_STEP, error),
                    None => ProviderRefusal::StatusOnly(format!("{FAILED_STEP}: the provider answered {code}")),
                }
                .into());
            }
            RefusalCause::RefreshToken => true,
            // An unclear refusal is final for a token that was in doubt already, unless it may be about the `tnuId`.
            RefusalCause::Unclear => self.was_doubtful && self.tnu_id.is_none(),
        };
        self.handle_refusal(response, code, error, is_final)
    }

    /// The refresh token was rejected, or may have been. Unless another process has replaced the session without our
    /// lock, the token is dropped if the refusal `is_final`, and nothing else is.
    fn handle_refusal(
        &self,
        response: &Response,
        code: String,
        error: Option<OAuthError>,
        is_final: bool,
    ) -> Result<FreshSession> {
        let context = self.context;
        match context.load(Prompt::Forbidden)? {
            Some(session) if session.generation != self.pending.generation => {
                // Its token is not for the profile that was asked for.
                if self.tnu_id.is_some() {
                    return Err(SessionError::Replaced.into());
                }
                return Ok(FreshSession { session, source: TokenSource::RefreshedElsewhere });
            }
            Some(_) => {}
            None => return Err(SessionError::NoSession.into()),
        }
        if !is_final {
            // A rejected token was not used up, so there is no unfinished refresh.
            let session = Session { refresh_started_at: None, ..self.pending.clone() };
            let session = session.after_refusal_with_token_kept(&code, self.sent, true);
            context.store.write(&context.entry(), &session.to_json(), Prompt::Forbidden)?;
            return Err(ProviderRefusal::RefreshTokenKept(code, error).into());
        }
        let provider_ahead = token_response::provider_ahead(self.sent.sent_at, token::provider_time(response));
        // The mark of this refresh goes, and what the provider had said of the token helps to explain the refusal.
        let refused = self.before.after_rejection(&code, self.sent, provider_ahead);
        context.store.write(&context.entry(), &refused.to_json(), Prompt::Forbidden)?;
        let words = Words { format_time: &|time| context.reporter.local_time(time), profile: None };
        let likely_cause = observations::probable_rejection_cause(&refused, context.profile.policy.as_ref(), &words);
        let likely_cause = likely_cause.unwrap_or_default();
        Err(ProviderRefusal::RefreshToken { code, error, likely_cause }.into())
    }
}

/// Retries until the session is stored, because the old token is used up. Once a long wait has been reported, signals are
/// no longer deferred, so that the user can abort.
fn save_new_token(
    context: &Context<'_>,
    session: &Session,
    signals: &RefCell<Option<Box<dyn SignalGuard>>>,
) -> Result<()> {
    let document = session.to_json();
    let report_wait = |waited: Duration, failure: &StoreFailure| {
        let (why, seconds) = (store_message(failure), waited.as_secs());
        context.reporter.progress(&format!(
            "waiting for the store to accept the new refresh token ({why}): {seconds} s so far; stopping tidp now loses the \
             session"
        ));
        signals.borrow_mut().take();
    };
    let is_stored =
        || context.store.read(&context.entry(), Prompt::Forbidden).is_ok_and(|now| now.as_ref() == Some(&document));
    match context.store.save_with_retries(&context.entry(), &document, &report_wait) {
        Ok(()) => Ok(()),
        // The store may have written it although it did not confirm that.
        Err(_) if is_stored() => Ok(()),
        Err(failure) => Err(StoreError::NewTokenNotStored(failure).into()),
    }
}
