//! A session with a token that can be used, for every command that needs one: decide whether a refresh is due
//! (`domain/decision.rs`), lock, read again, decide again, refresh, cache, unlock.

use crate::domain::decision::{self, Action, Intent, LoginReason};
use crate::domain::scopes::ScopeSet;
use crate::domain::session::{RefreshReason, Session};
use crate::domain::text::printable;
use crate::domain::warning::WarningCode;
use crate::error::{Error, Result, SessionError};
use crate::explain::{exchange_steps, refresh_messages, trace_messages};
use crate::flows::access_token_cache;
use crate::flows::context::Context;
use crate::flows::refresh::{self, FreshSession, TokenSource};
use crate::flows::session_lock::LockOrFound;
use crate::oidc::token::RefreshParameters;
use crate::ports::Lock;

/// The scope that `tnuId` needs.
const ACCOUNT_PROFILES: &str = "account.profiles";

/// The session with a token that satisfies `intent`, refreshed if that is due. `whole` is the session as just loaded; the
/// one returned has the access token for the scopes of `parameters`, if there are any. With a `tnu_id`, which needs
/// [`Intent::Force`], the access token is for another profile of the same user at TelenorID+ (deprecated), and the next
/// refresh without it returns to the user's own.
///
/// # Errors
/// `login_required` if only a login helps; `busy`, `store`, `unreachable`, `refused`, `invalid`; `usage` for a scope that
/// the session was not granted. The session is kept, unless the error says that it may be lost.
pub fn ensure_fresh(
    context: &Context<'_>,
    parameters: RefreshParameters<'_>,
    whole: &Session,
    intent: Intent,
) -> Result<FreshSession> {
    check_granted(whole, parameters)?;
    if parameters.tnu_id.is_some() {
        context.reporter.warn(WarningCode::DeprecatedOption, refresh_messages::TNU_ID_DEPRECATED.into());
    }
    let scopes = parameters.scopes;
    let before = whole.seen_with(scopes);
    if before.access_token.is_from_future(context.ports.clock.now()) {
        let saved_at = context.reporter.local_time(before.access_token.obtained_at);
        context.reporter.warn(WarningCode::ClockSkew, refresh_messages::clock_went_back_warning(&saved_at));
    }
    match decide(context, &before, intent) {
        Action::Use => return Ok(FreshSession { session: before.into_owned(), source: TokenSource::Stored }),
        Action::Login(reason) => return Err(login_needed(context, reason, whole, scopes)),
        Action::Refresh(_) => {}
    }
    let cached = || match intent {
        Intent::AccessToken { min_ttl } => access_token_cache::get(context, scopes, min_ttl).ok(),
        Intent::IdToken | Intent::Claims | Intent::Force | Intent::KeepAlive { .. } => None,
    };
    match context.lock_or_find(&context.entry(), cached)? {
        LockOrFound::Locked(lock) => refresh_under(lock, context, parameters, intent, whole),
        LockOrFound::Found(found) => Ok(FreshSession {
            session: Session { access_token: found.access_token, scopes: found.scopes, ..before.into_owned() },
            source: TokenSource::RefreshedElsewhere,
        }),
    }
}

/// Refuses scopes that the session was not granted: a refresh can only narrow (RFC 6749 6), and `tnuId` needs one.
fn check_granted(session: &Session, parameters: RefreshParameters<'_>) -> Result<()> {
    let (option, needed) = match parameters {
        RefreshParameters { tnu_id: Some(_), .. } => ("--tnu-id", ScopeSet::parse([ACCOUNT_PROFILES])),
        RefreshParameters { scopes: Some(scopes), .. } => ("--scope", scopes.clone()),
        RefreshParameters { scopes: None, tnu_id: None } => return Ok(()),
    };
    let granted = ScopeSet::parse(&session.scopes);
    let missing = needed.missing_in(&granted);
    // Without any, what was granted is not known.
    if missing.is_empty() || granted.is_empty() {
        return Ok(());
    }
    let [missing, granted] = [missing, granted].map(|scopes| printable(&scopes.to_text()));
    Err(Error::usage(format!("{option}: the session was not granted `{missing}`; it has `{granted}`")))
}

fn decide(context: &Context<'_>, session: &Session, intent: Intent) -> Action {
    let profile = &context.profile;
    let now = context.ports.clock.now();
    let decision = decision::decide(now, session, profile.policy.as_ref(), profile.renew, intent);
    context.reporter.trace(|| trace_messages::decision(&decision, &|time| context.when(time)));
    decision.action
}

/// The error for a token that is due if a refresh is forbidden.
pub fn refresh_forbidden(context: &Context<'_>, whole: &Session, scopes: Option<&ScopeSet>, intent: Intent) -> Error {
    let Some(scopes) = scopes else { return SessionError::RefreshForbidden.into() };
    match decide(context, &whole.seen_with(Some(scopes)), intent) {
        // A refresh that cannot succeed is no remedy.
        Action::Login(reason) => login_needed(context, reason, whole, Some(scopes)),
        Action::Use | Action::Refresh(_) => SessionError::ScopedRefreshForbidden(scopes.to_text()).into(),
    }
}

fn login_needed(context: &Context<'_>, reason: LoginReason, whole: &Session, scopes: Option<&ScopeSet>) -> Error {
    match (reason, scopes) {
        (LoginReason::NoRefreshToken, None) => SessionError::NoRefreshToken,
        (LoginReason::NoRefreshToken, Some(scopes)) => {
            SessionError::NoRefreshTokenForScopes(scopes_of_next_login(context, whole, scopes).to_text())
        }
        (LoginReason::RefreshTokenRejected, _) => SessionError::RefreshTokenRejected,
        (LoginReason::NoIdToken, _) => SessionError::NoIdToken,
    }
    .into()
}

/// The scopes of a login that takes nothing from the session, and brings a refresh token where the policy has one.
fn scopes_of_next_login(context: &Context<'_>, whole: &Session, wanted: &ScopeSet) -> ScopeSet {
    let policy = context.profile.policy.as_ref();
    let issues_refresh_tokens = policy.is_none_or(|policy| policy.lifetime.is_some());
    let granted = whole.scopes.iter().map(String::as_str);
    let scopes = ["openid", "offline_access"].into_iter().chain(granted).chain(wanted.iter());
    ScopeSet::parse(scopes.filter(|scope| issues_refresh_tokens || *scope != "offline_access"))
}

/// The session read and decided on again under the lock, because another process may have refreshed it.
fn refresh_under(
    _lock: Box<dyn Lock>,
    context: &Context<'_>,
    parameters: RefreshParameters<'_>,
    intent: Intent,
    before: &Session,
) -> Result<FreshSession> {
    context.begin_steps();
    context.step(|| exchange_steps::LOCKED.to_owned());
    let whole = context.session().inspect_err(|error| {
        if error.situation == SessionError::NoSession.into() {
            access_token_cache::forget(context);
        }
    })?;
    check_granted(&whole, parameters)?;
    let scopes = parameters.scopes;
    let (session, before) = (whole.seen_with(scopes), before.seen_with(scopes));
    let changed = session.generation != before.generation;
    // A process whose refresh was refused has changed the session too, but left no token to use.
    // For another profile of the user only an own refresh will do.
    let can_adopt = matches!(intent, Intent::Claims | Intent::Force) && parameters.tnu_id.is_none();
    if changed && session.held_token().is_some() && can_adopt {
        return Ok(FreshSession { session: session.into_owned(), source: TokenSource::RefreshedElsewhere });
    }
    // If no token lives as long as requested, one that another process has just obtained is as good as a new one.
    let token = &session.access_token;
    let is_new = *token != before.access_token
        && context.ports.clock.now() < token.expires_at
        && matches!(intent, Intent::AccessToken { min_ttl } if token.expires_at.since(token.obtained_at) <= min_ttl);
    let reason = match decide(context, &session, intent) {
        Action::Refresh(reason) if reason != RefreshReason::Expired || !is_new => reason,
        // A refresh was due before, so another process has done it.
        Action::Use | Action::Refresh(_) => {
            return Ok(FreshSession { session: session.into_owned(), source: TokenSource::RefreshedElsewhere });
        }
        Action::Login(reason) => return Err(login_needed(context, reason, &whole, scopes)),
    };
    let was_doubtful = before.may_have_been_refused();
    let obtained =
        context.reporter.buffered(|| refresh::exchange(context, whole.clone(), reason, parameters, was_doubtful))?;
    access_token_cache::put(context, &obtained.session);
    let session = obtained.session.seen_with(scopes).into_owned();
    // Another process may have replaced the session without our lock, by one without such a token.
    if session.access_token.value.is_empty() {
        return Err(SessionError::Replaced.into());
    }
    Ok(FreshSession { session, ..obtained })
}
