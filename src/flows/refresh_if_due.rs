//! A session with a token that can be used, for every command that needs one: decide whether a refresh is due
//! (`domain/decision.rs`), lock, read again, decide again, refresh, cache, unlock.

use crate::domain::decision::{self, Action, Decision, Intent, LoginReason};
use crate::domain::session::{RefreshReason, Session};
use crate::domain::warning::WarningCode;
use crate::error::{Error, Result, SessionError};
use crate::explain::refresh_messages;
use crate::flows::access_token_cache;
use crate::flows::context::Context;
use crate::flows::refresh::{self, FreshSession, TokenSource};
use crate::flows::session_lock::Wait;
use crate::ports::Lock;

/// The session with a token that satisfies `intent`, refreshed if that is due. `before` is the session as just loaded.
///
/// # Errors
/// `login_required` if only a login helps; `busy`, `store`, `unreachable`, `refused`, `invalid`. The session is kept,
/// unless the error says that it may be lost.
pub fn ensure_fresh(context: &Context<'_>, before: Session, intent: Intent) -> Result<FreshSession> {
    if before.access_token.is_from_future(context.ports.clock.now()) {
        let saved_at = context.reporter.local_time(before.access_token.obtained_at);
        context.reporter.warn(WarningCode::ClockSkew, refresh_messages::clock_went_back_warning(&saved_at));
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
    match context.lock_or_find(&context.entry(), cached)? {
        Wait::Locked(lock) => refresh_under(lock, context, intent, &before),
        Wait::Found(found) => Ok(FreshSession {
            session: Session { access_token: found.access_token, ..before },
            source: TokenSource::RefreshedElsewhere,
        }),
    }
}

/// What to do with the session now.
fn decision(context: &Context<'_>, session: &Session, intent: Intent) -> Decision {
    let profile = &context.profile;
    decision::decide(context.ports.clock.now(), Some(session), profile.policy.as_ref(), profile.renew, intent)
}

/// The error for a session that only a login can fix.
fn login_needed(reason: LoginReason) -> Error {
    match reason {
        LoginReason::NoSession => SessionError::NoSession,
        LoginReason::NoRefreshToken => SessionError::NoRefreshToken,
        LoginReason::Refused => SessionError::RefreshTokenRejected,
        LoginReason::NoIdToken => SessionError::NoIdToken,
    }
    .into()
}

/// The session read and decided on again under the lock, because another process may have refreshed it.
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
    // A process whose refresh was refused has changed the session too, but left no token to use.
    if changed && session.held_token().is_some() && matches!(intent, Intent::Claims | Intent::Force) {
        return Ok(FreshSession { session, source: TokenSource::RefreshedElsewhere });
    }
    // If no token lives as long as requested, one that another process has just obtained is as good as a new one.
    let token = &session.access_token;
    let is_new = *token != before.access_token
        && context.ports.clock.now() < token.expires_at
        && matches!(intent, Intent::AccessToken { min_ttl } if token.expires_at.since(token.obtained_at) <= min_ttl);
    let decision = decision(context, &session, intent);
    match decision.action {
        Action::Refresh(RefreshReason::Expired) if is_new => {
            Ok(FreshSession { session, source: TokenSource::RefreshedElsewhere })
        }
        // A refresh was due before, so another process has done it.
        Action::Use => Ok(FreshSession { session, source: TokenSource::RefreshedElsewhere }),
        Action::Login(reason) => Err(login_needed(reason)),
        Action::Refresh(reason) => {
            let obtained = context
                .reporter
                .buffered(|| refresh::exchange(context, session, reason, before.may_have_been_refused()))?;
            access_token_cache::put(context, &obtained.session);
            Ok(obtained)
        }
    }
}
