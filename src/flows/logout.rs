//! A logout: the local session first and always, then the refresh token at the provider (RFC 7009), then the provider's
//! own session. Each step is reported when it is done, because the next one may take long.

mod all_sessions;
mod outcome;

pub use all_sessions::{check_nothing_left, stored_sessions};
pub use outcome::Outcome;

use crate::domain::secret::Secret;
use crate::domain::session::{RefreshToken, RefreshTokenExpiry, Session};
use crate::domain::text::hex;
use crate::domain::time::{Seconds, Time};
use crate::error::{Error, Kind, Result, SessionError, Situation, StoreError};
use crate::flows::access_token_cache;
use crate::flows::advisory_warnings;
use crate::flows::browser::open_or_print_url;
use crate::flows::context::Context;
use crate::flows::provider_metadata;
use crate::flows::random_bytes::random_bytes;
use crate::oidc::discovery::Provider;
use crate::oidc::logout::{self, LogoutOutcome, Revocation};
use crate::ports::{IgnoredRequest, StoreFailureKind};
use outcome::{ACCESS_TOKEN, REFRESH_TOKEN, SSO_SESSION, State};

/// How long a browser may take to fetch the page that sends it on.
const BROWSER_TIMEOUT: Seconds = Seconds(20);

/// What a logout may do at the provider.
#[derive(Clone, Copy)]
pub struct LogoutOptions {
    /// Delete the local session only.
    pub local: bool,
    /// End the provider's session in the browser (RP-Initiated Logout).
    pub browser: bool,
}

/// Logs the profile out.
///
/// # Errors
/// `store`, if the local session could not be removed. What failed at the provider is in the outcome.
pub fn log_out(context: &Context<'_>, options: LogoutOptions) -> Result<Outcome> {
    let ended = end_local_session(context)?;
    let new_outcome = |account, had_session, refresh_token, sso_session, access_token_valid_until| Outcome {
        key: context.key.clone(),
        account,
        had_session,
        refresh_token,
        sso_session,
        access_token_valid_until,
    };
    Ok(match ended {
        Removed::Nothing => {
            outcome::report_no_session(context);
            let nothing = || State::Nothing("there was no session".into());
            new_outcome(None, false, nothing(), nothing(), None)
        }
        Removed::InvalidEntry => {
            outcome::report_logged_out(context, None);
            let refresh_token = State::Left("could not be read, so one that was there could not be revoked".into());
            let sso_session = State::Left("not ended: the ID token that names it could not be read".into());
            let steps = (refresh_token.reported(context, REFRESH_TOKEN), sso_session.reported(context, SSO_SESSION));
            outcome::report(context, ACCESS_TOKEN, "could not be read; one that was there works until its end");
            new_outcome(None, true, steps.0, steps.1, None)
        }
        Removed::Session(session) => {
            outcome::report_logged_out(context, Some(&session.account));
            let (refresh_token, sso_session) = at_provider(context, options, &session);
            let valid_until = report_access_token(context, session.access_token.expires_at);
            new_outcome(Some(session.account), true, refresh_token, sso_session, valid_until)
        }
    })
}

/// Tells until when the access token works, wherever it was copied to; `None` if it does not any more.
fn report_access_token(context: &Context<'_>, end: Time) -> Option<Time> {
    let now = context.ports.clock.now();
    let when = context.when(end);
    let text = if end <= now {
        format!("has ended, {when}")
    } else if context.profile.is_telenorid_plus() {
        format!("still works until {when}: access tokens cannot be revoked")
    } else {
        format!("may work until {when}")
    };
    outcome::report(context, ACCESS_TOKEN, &text);
    Some(end).filter(|end| *end > now)
}

/// What can be done at the provider: the refresh token, then the provider's session.
fn at_provider(context: &Context<'_>, options: LogoutOptions, session: &Session) -> (State, State) {
    let provider = if options.local { None } else { Some(provider_metadata::provider(context)) };
    let provider = provider.as_ref().map(Result::as_ref);
    let refresh_token = revoke(context, provider, session).reported(context, REFRESH_TOKEN);
    let sso_session = match (provider, &session.id_token) {
        (None, _) => State::Left("not ended (--local)".into()),
        (Some(Err(error)), _) => State::failed_by("could not be ended", error.clone()),
        (_, None) => State::Left("not ended: there is no ID token to name it with".into()),
        (Some(Ok(provider)), Some(token)) if options.browser => end_in_browser(context, provider, &token.value),
        (Some(Ok(provider)), Some(token)) => end_at_provider(context, provider, &token.value),
    };
    (refresh_token, sso_session.reported(context, SSO_SESSION))
}

/// What was removed from the store.
enum Removed {
    Nothing,
    InvalidEntry,
    Session(Box<Session>),
}

/// Removes entry and cached token under the lock: after this, whatever happens, the session is gone here.
fn end_local_session(context: &Context<'_>) -> Result<Removed> {
    let _lock = context.lock(&context.entry())?;
    // Also where the store then fails: nobody is served a token after asking to be logged out.
    access_token_cache::forget(context);
    let ended = match context.load() {
        Ok(None) => Removed::Nothing,
        Ok(Some(session)) => Removed::Session(Box::new(session)),
        // Whatever it is, the user wants it gone.
        Err(Error { situation: Situation::Store(StoreError::InvalidEntry(_)), .. }) => Removed::InvalidEntry,
        // Nor does removing it need the key, or anything else than its name, or there to be only one.
        Err(Error { situation: Situation::Store(StoreError::Failed(failure)), .. })
            if matches!(
                failure.kind,
                StoreFailureKind::WrongKey | StoreFailureKind::Ambiguous | StoreFailureKind::Damaged
            ) =>
        {
            Removed::InvalidEntry
        }
        Err(error) => return Err(error),
    };
    let _signals = context.ports.signals.defer();
    context.store.delete(&context.entry())?;
    Ok(ended)
}

/// What becomes of the refresh token; without `provider`, nobody may be asked.
fn revoke(context: &Context<'_>, provider: Option<std::result::Result<&Provider, &Error>>, session: &Session) -> State {
    const COULD_NOT: &str = "could not be revoked";
    let held = match &session.refresh_token {
        RefreshToken::Held(held) => held,
        RefreshToken::NeverIssued => return State::Nothing("none to revoke: the login brought none".into()),
        RefreshToken::Refused { refused_at: at, .. } => {
            let when = context.when(*at);
            return State::Nothing(format!("refused by the provider before, {when}"));
        }
    };
    let left = expiry_note(context, session);
    let provider = match provider {
        None => return State::Left("not revoked (--local)".into()).leaving(&left),
        Some(Err(error)) => return State::failed_by(COULD_NOT, error.clone()).leaving(&left),
        Some(Ok(provider)) => &mut provider.clone(),
    };
    let client = match context.client() {
        Ok(client) => client,
        Err(error) => {
            let error = error.of_profile(context.profile.name_in_hints.as_deref());
            return State::failed_by(COULD_NOT, error).leaving(&left);
        }
    };
    let request = |provider: &Provider| logout::revocation_request(provider, &client, &held.value);
    let Some(first) = request(provider) else {
        return State::Left(format!("not revoked: {}", provider.missing_endpoint_reason("revocation_endpoint")))
            .leaving(&left);
    };
    let answer = match provider_metadata::send(context, provider, &first, request) {
        Err(failure) => return State::failed(Error::unanswered(COULD_NOT, &failure)).leaving(&left),
        Ok(response) => logout::accept_revocation(&response, provider, &client),
    };
    match answer {
        Ok(Revocation::Revoked) => State::Done(revoked_note(context, session)),
        Ok(Revocation::NotForPublicClients) => {
            State::Left("not revoked: the provider lets no public client revoke".into()).leaving(&left)
        }
        Err(problem) => {
            let error = context.blame_stored_secret(Error::problem(COULD_NOT, problem));
            State::failed(error.of_profile(context.profile.name_in_hints.as_deref())).leaving(&left)
        }
    }
}

/// That it is revoked; and what a refresh that was not finished may have left beside it.
fn revoked_note(context: &Context<'_>, session: &Session) -> String {
    match session.unfinished_refresh() {
        None => "revoked".to_owned(),
        Some((at, _)) => {
            let when = context.when(at);
            format!("revoked; a refresh begun {when} was not finished, and what it may have brought is not known here")
        }
    }
}

/// For how long the refresh token lives on, as its policy tells.
fn expiry_note(context: &Context<'_>, session: &Session) -> String {
    let now = context.ports.clock.now();
    let life = context.profile.policy.as_ref().and_then(|policy| RefreshTokenExpiry::from_session(session, policy));
    let end = life.map(|life| life.expires_at).filter(|end| *end > now);
    end.map(|end| format!("; it may live until {}", context.when(end))).unwrap_or_default()
}

fn end_at_provider(context: &Context<'_>, provider: &Provider, hint: &Secret) -> State {
    let state = match random_bytes::<16>(context) {
        Ok(bytes) => hex(&bytes),
        Err(error) => return State::failed_by("could not be ended", error),
    };
    let ca_file = context.profile.ca_file.as_deref();
    let request = |provider: &Provider| logout::custom_logout_request(provider, ca_file, hint, &state);
    let Some(first) = request(provider) else {
        return State::Left(match provider.end_session_endpoint {
            Some(_) => "not ended: at this provider only the browser can (next time: `tidp logout --browser`)".into(),
            None => format!("not ended: {}", provider.missing_endpoint_reason("end_session_endpoint")),
        });
    };
    match provider_metadata::send(context, &mut provider.clone(), &first, request) {
        Err(failure) => State::failed(Error::unanswered("could not be ended", &failure)),
        Ok(response) => custom_logout_state(logout::accept_custom_logout(&response)),
    }
}

/// RP-Initiated Logout 1.0. The URL holds the ID token, so it is never an argument: the opener gets a loopback URL that
/// sends the browser on, once.
fn end_in_browser(context: &Context<'_>, provider: &Provider, hint: &Secret) -> State {
    let Some(url) = logout::end_session_url(provider, &context.profile.client_id, Some(hint), None, None) else {
        return State::Left(format!("not ended: {}", provider.missing_endpoint_reason("end_session_endpoint")));
    };
    let mut one_time_redirect = match context.ports.callback.one_time_redirect(&url) {
        Ok(one_time_redirect) => one_time_redirect,
        Err(what) => {
            return State::failed(Error::failed(format!("could not be ended: cannot listen on 127.0.0.1: {what}")));
        }
    };
    open_or_print_url(context, one_time_redirect.url(), "Finish the logout", BROWSER_TIMEOUT, false);
    let ignored = |what| {
        if let IgnoredRequest::AnotherUser(user) = what {
            advisory_warnings::another_user(context.reporter, user, "run tidp as the user whose browser it is");
        }
    };
    if one_time_redirect.wait(&ignored, BROWSER_TIMEOUT.to_std()) {
        return State::Done("the browser was sent to the provider's logout page".into());
    }
    State::failed(Error::failed("could not be ended: no browser came for the logout page"))
}

fn custom_logout_state(outcome: LogoutOutcome) -> State {
    let (kind, what) = match outcome {
        LogoutOutcome::LoggedOut => return State::Done("ended at the provider".into()),
        LogoutOutcome::AlreadyLoggedOut => return State::Done("had ended already".into()),
        LogoutOutcome::HintMissing => (Kind::Refused, "the provider missed the ID token (400)".to_owned()),
        LogoutOutcome::HintRefused => (Kind::Refused, "the provider did not accept the ID token (401)".to_owned()),
        LogoutOutcome::Incomplete => {
            (Kind::Unreachable, "a system behind it failed (424), so the logout is not complete".to_owned())
        }
        LogoutOutcome::Unavailable => (Kind::Unreachable, "it cannot do it just now".to_owned()),
        LogoutOutcome::Unexpected(status) => (
            if (400..500).contains(&status) { Kind::Refused } else { Kind::Invalid },
            format!("it answered {status}, which its guide does not name"),
        ),
    };
    let what = format!("could not be ended: {what}. The user can end it on the provider's self-service page");
    State::failed(SessionError::LogoutIncomplete(kind, what).into())
}
