//! A logout: removes the local session in any case, then revokes the refresh token (RFC 7009), then ends the provider's
//! session. Each step is reported when it is done, because the next one may take long.

mod all_sessions;

pub use all_sessions::{check_nothing_left, delete_orphaned_secrets, stored_sessions};

use crate::domain::secret::Secret;
use crate::domain::session::{Account, RefreshToken, Session, SessionKey};
use crate::domain::text::hex;
use crate::domain::time::{Seconds, Time};
use crate::error::{Error, Kind, Report, Result, SessionError, Situation, StoreError};
use crate::explain::logout_messages::{
    self, NO_SESSION, StepMessage, StepState, UNKNOWN_ACCESS_TOKEN, failure_message,
};
use crate::flows::browser::open_or_print_url;
use crate::flows::context::Context;
use crate::flows::{access_token_cache, advisory_warnings, machine_token_cache, provider_metadata};
use crate::oidc::discovery::Provider;
use crate::oidc::logout::{self, LogoutOutcome, Revocation};
use crate::ports::{IgnoredRequest, Prompt, StoreFailureKind};
use serde_json::{Value, json};

const REFRESH_TOKEN: &str = "refresh token";
const SSO_SESSION: &str = "SSO session";
const ACCESS_TOKEN: &str = "access token";

/// How long to wait for the browser to follow the redirect.
const BROWSER_TIMEOUT: Seconds = Seconds(20);

#[derive(Clone, Copy)]
pub struct LogoutOptions {
    /// Delete the local session only.
    pub local: bool,
    /// End the provider's session in the browser (RP-Initiated Logout).
    pub browser: bool,
}

pub struct Outcome {
    key: SessionKey,
    account: Option<Account>,
    had_session: bool,
    refresh_token: Step,
    sso_session: Step,
    access_token_valid_until: Option<Time>,
}

/// What came of a step, or the report of its error. The message is the step's text: what failed and why.
type Step = std::result::Result<StepMessage, Report>;

/// The report of an error whose message does not say what failed.
fn failure_report(what: &str, error: &Error) -> Report {
    let report = error.report();
    Report { message: format!("{what}: {}", report.message), ..report }
}

fn report_step(context: &Context<'_>, name: &'static str, step: Step) -> Step {
    let (text, failed) = match &step {
        Ok(message) => (&message.text, false),
        Err(report) => (&report.message, true),
    };
    context.reporter.step(name, text, failed);
    step
}

fn to_json(step: &Step) -> Value {
    let (state, text) = match step {
        Ok(StepMessage { state, text }) => (*state, text),
        Err(report) => (StepState::Failed, &report.message),
    };
    json!({ "done": state == StepState::Done, "state": state, "message": text })
}

impl Outcome {
    /// The outcome, with that of the machine tokens which were removed too.
    fn with_machine_tokens(self, machine: &Self) -> Self {
        Self {
            had_session: self.had_session || machine.had_session,
            access_token_valid_until: self.access_token_valid_until.max(machine.access_token_valid_until),
            ..self
        }
    }

    pub fn to_json(&self) -> Value {
        json!({
            "profile": self.key.profile,
            "issuer": self.key.issuer,
            "client_id": self.key.client_id,
            "account": self.account,
            "had_session": self.had_session,
            "revocation": to_json(&self.refresh_token),
            "provider_session": to_json(&self.sso_session),
            "access_token_valid_until": self.access_token_valid_until.map(Time::rfc3339),
        })
    }

    pub fn failure(&self) -> Option<Error> {
        let steps = [(REFRESH_TOKEN, &self.refresh_token), (SSO_SESSION, &self.sso_session)];
        steps.into_iter().find_map(|(name, step)| {
            let report = step.as_ref().err()?;
            let message = failure_message(name, &report.message);
            Some(SessionError::LoggedOutLocally(message, Box::new(report.clone())).into())
        })
    }
}

/// Logs the profile out. A session or machine tokens may be left from before its grant was changed.
///
/// # Errors
/// `store`, if the local session could not be removed. What failed at the provider is in the outcome.
pub fn log_out(context: &Context<'_>, options: LogoutOptions) -> Result<Outcome> {
    if context.profile.is_machine() {
        let machine = forget_machine_tokens(context)?;
        if has_no_session(context) {
            return Ok(machine);
        }
        let removed = remove_local_session(context)?;
        return Ok(end_session(context, options, removed).with_machine_tokens(&machine));
    }
    let removed = remove_local_session(context)?;
    // If that fails, the session still has to be ended.
    let machine = machine_token_cache::may_be_kept(context).then(|| forget_machine_tokens(context)).transpose();
    let outcome = end_session(context, options, removed);
    Ok(match machine? {
        Some(machine) => outcome.with_machine_tokens(&machine),
        None => outcome,
    })
}

/// Removes the tokens of a client that acts for itself, wherever they are kept. The provider has no session to end.
fn forget_machine_tokens(context: &Context<'_>) -> Result<Outcome> {
    // The lock, so that a request that is under way does not bring them back.
    let lock = context.lock(&machine_token_cache::entry(context))?;
    let kept = machine_token_cache::load(context).tokens;
    machine_token_cache::remove(context)?;
    drop(lock);
    context.reporter.note(&logout_messages::machine_tokens_note(&context.key, kept.is_empty()));
    let now = context.ports.clock.now();
    let valid_until = kept.last_expiry().filter(|end| *end > now);
    if let Some(end) = valid_until {
        report_expiry(context, end, now);
    }
    let nothing = |text: &str| Ok(StepState::Nothing.with(text));
    Ok(Outcome {
        key: context.key.clone(),
        account: None,
        had_session: !kept.is_empty(),
        refresh_token: nothing("none: the client acts for itself"),
        sso_session: nothing("none: there is no user"),
        access_token_valid_until: valid_until,
    })
}

fn report_expiry(context: &Context<'_>, expires_at: Time, now: Time) {
    let is_telenorid_plus = context.profile.is_telenorid_plus();
    let text = logout_messages::access_token_text(expires_at, now, is_telenorid_plus, &context.when(expires_at));
    context.reporter.step(ACCESS_TOKEN, &text, false);
}

/// Whether the store, or its absence, shows that there is no session. An entry that cannot be read may be one.
fn has_no_session(context: &Context<'_>) -> bool {
    match context.load(Prompt::Forbidden) {
        Ok(found) => found.is_none(),
        Err(error) => error.store_failure().is_some_and(StoreFailureKind::means_no_store),
    }
}

/// Ends at the provider what was removed here, and reports each step.
fn end_session(context: &Context<'_>, options: LogoutOptions, removed: Removed) -> Outcome {
    let reporter = context.reporter;
    let had_session = !matches!(removed, Removed::Nothing);
    let (account, refresh_token, sso_session, access_token_valid_until) = match removed {
        Removed::Nothing => {
            reporter.note(&logout_messages::no_session_note(&context.key));
            let nothing = || Ok(StepState::Nothing.with(NO_SESSION));
            (None, nothing(), nothing(), None)
        }
        Removed::InvalidEntry => {
            reporter.note(&logout_messages::logged_out_note(&context.key, None));
            let left = |name, text: &str| report_step(context, name, Ok(StepState::Left.with(text)));
            let refresh_token = left(REFRESH_TOKEN, "could not be read; if there was one, it was not revoked");
            let sso_session = left(SSO_SESSION, "not ended: the ID token that identifies it could not be read");
            reporter.step(ACCESS_TOKEN, UNKNOWN_ACCESS_TOKEN, false);
            (None, refresh_token, sso_session, None)
        }
        Removed::Session(session) => {
            reporter.note(&logout_messages::logged_out_note(&context.key, Some(&session.account)));
            let (refresh_token, sso_session) = log_out_at_provider(context, options, &session);
            let (expires_at, now) = (session.last_access_token_expiry(), context.ports.clock.now());
            report_expiry(context, expires_at, now);
            (Some(session.account), refresh_token, sso_session, Some(expires_at).filter(|end| *end > now))
        }
    };
    Outcome { key: context.key.clone(), account, had_session, refresh_token, sso_session, access_token_valid_until }
}

fn log_out_at_provider(context: &Context<'_>, options: LogoutOptions, session: &Session) -> (Step, Step) {
    let provider = (!options.local).then(|| provider_metadata::provider(context));
    let provider = provider.as_ref();
    let now = context.ports.clock.now();
    let expires_at = context.outlook(session, now).expiry.map(|expiry| expiry.expires_at).filter(|at| *at > now);
    let validity = logout_messages::validity_note(expires_at, &|time| context.when(time));
    let refresh_token = match revoke(context, provider, session) {
        Ok(StepMessage { state: StepState::Left, text }) => Ok(StepState::Left.with(text + &validity)),
        Ok(message) => Ok(message),
        Err(report) => Err(Report { message: report.message + &validity, ..report }),
    };
    let refresh_token = report_step(context, REFRESH_TOKEN, refresh_token);
    let sso_session = end_sso_session(context, provider, options.browser, session);
    (refresh_token, report_step(context, SSO_SESSION, sso_session))
}

enum Removed {
    Nothing,
    InvalidEntry,
    Session(Box<Session>),
}

/// Removes entry and cached token under the lock.
fn remove_local_session(context: &Context<'_>) -> Result<Removed> {
    let _lock = context.lock(&context.entry())?;
    // First, so that no cached token is served after a logout, even if the store fails below.
    access_token_cache::forget(context);
    let removed = match context.load(Prompt::Allowed) {
        Ok(None) => Removed::Nothing,
        Ok(Some(session)) => Removed::Session(Box::new(session)),
        Err(Error { situation: Situation::Store(StoreError::InvalidEntry(_)), .. }) => Removed::InvalidEntry,
        // Deleting needs only the entry's name: neither the right key, nor a readable entry, nor a unique one.
        Err(error) if error.store_failure().is_some_and(StoreFailureKind::concerns_entry) => Removed::InvalidEntry,
        Err(error) => return Err(error),
    };
    let _signals = context.ports.signals.defer();
    context.store.delete(&context.entry())?;
    Ok(removed)
}

/// Revokes the refresh token. `provider` is `None` if nothing may be sent.
fn revoke(context: &Context<'_>, provider: Option<&Result<Provider>>, session: &Session) -> Step {
    const FAILED: &str = "could not be revoked";
    let held = match &session.refresh_token {
        RefreshToken::Held(held) => held,
        RefreshToken::NeverIssued => return Ok(StepState::Nothing.with("none to revoke: the login returned none")),
        RefreshToken::Rejected { rejected_at, .. } => {
            let at = context.when(*rejected_at);
            return Ok(StepState::Nothing.with(format!("refused by the provider before, {at}")));
        }
    };
    let Some(provider) = provider else { return Ok(StepState::Left.with("not revoked (--local)")) };
    let provider = &mut provider.as_ref().map_err(|error| failure_report(FAILED, error))?.clone();
    let client = context.client().map_err(|error| failure_report(FAILED, &context.with_hint(error)))?;
    let request = match logout::revocation_request(provider, &client, &held.value) {
        Ok(request) => request,
        Err(why) => return Ok(StepState::Left.with(format!("not revoked: {why}"))),
    };
    let response = provider_metadata::send(context, provider, &request, |p| p.revocation_endpoint.as_ref().ok())
        .map_err(|failure| Error::unanswered(FAILED, &failure).report())?;
    match logout::accept_revocation(&response, provider, &client) {
        Ok(Revocation::Revoked) => {
            let unfinished = session.interrupted_refresh();
            Ok(StepMessage::revoked(unfinished.map(|unfinished| context.when(unfinished.at))))
        }
        Ok(Revocation::NotForPublicClients) => {
            Ok(StepState::Left.with("not revoked: the provider does not let public clients revoke tokens"))
        }
        Err(problem) => Err(context.with_hint(Error::problem(FAILED, problem)).report()),
    }
}

const SSO_FAILED: &str = "could not be ended";

/// Ends the provider's session. `provider` is `None` if nothing may be sent.
fn end_sso_session(
    context: &Context<'_>,
    provider: Option<&Result<Provider>>,
    in_browser: bool,
    session: &Session,
) -> Step {
    let Some(provider) = provider else { return Ok(StepState::Left.with("not ended (--local)")) };
    let provider = provider.as_ref().map_err(|error| failure_report(SSO_FAILED, error))?;
    let Some(id_token) = &session.id_token else {
        return Ok(StepState::Left.with("not ended: there is no ID token to identify it with"));
    };
    let end = if in_browser { end_in_browser } else { end_by_request };
    end(context, provider, &id_token.value)
}

/// Ends the session by TelenorID+'s own logout endpoint, which needs no browser.
fn end_by_request(context: &Context<'_>, provider: &Provider, hint: &Secret) -> Step {
    let state = context.random_bytes::<16>().map_err(|error| failure_report(SSO_FAILED, &error))?;
    let Ok(request) = logout::custom_logout_request(provider, hint, &hex(&state)) else {
        let needs_browser = "this provider needs a browser for that (next time: `tidp logout --browser`)";
        let why = provider.end_session_endpoint.as_ref().err().map_or(needs_browser, String::as_str);
        return Ok(StepState::Left.with(format!("not ended: {why}")));
    };
    let provider = &mut provider.clone();
    let response = provider_metadata::send(context, provider, &request, |p| p.custom_logout_endpoint.as_ref().ok())
        .map_err(|failure| Error::unanswered(SSO_FAILED, &failure).report())?;
    let (kind, why) = match logout::accept_custom_logout(&response) {
        LogoutOutcome::LoggedOut => return Ok(StepState::Done.with("ended at the provider")),
        LogoutOutcome::AlreadyLoggedOut => return Ok(StepState::Done.with("had ended already")),
        LogoutOutcome::Failed(400) => (Kind::Refused, "the provider says the ID token is missing (400)"),
        LogoutOutcome::Failed(401) => (Kind::Refused, "the provider did not accept the ID token (401)"),
        LogoutOutcome::Failed(424) => {
            (Kind::Unreachable, "a system behind the provider failed (424), so the logout is not complete")
        }
        LogoutOutcome::Unavailable => (Kind::Unreachable, "the provider is temporarily unavailable"),
        LogoutOutcome::Failed(status) => (
            if (400..500).contains(&status) { Kind::Refused } else { Kind::Invalid },
            &*format!("the provider answered HTTP {status}, which its documentation does not list"),
        ),
    };
    let message = format!("{SSO_FAILED}: {why}. The user can end it on the provider's self-service page");
    Err(Error::from(SessionError::LogoutIncomplete(kind, message)).report())
}

/// Ends the session by RP-Initiated Logout 1.0. The URL holds the ID token, so it must not become a program's argument: the
/// browser is opened at a loopback URL that redirects it once.
fn end_in_browser(context: &Context<'_>, provider: &Provider, hint: &Secret) -> Step {
    let url = match logout::end_session_url(provider, &context.profile.client_id, hint) {
        Ok(url) => url,
        Err(why) => return Ok(StepState::Left.with(format!("not ended: {why}"))),
    };
    let failed = |what: String| Error::failed(format!("{SSO_FAILED}: {what}")).report();
    let redirect = context.ports.callback.one_time_redirect(&url);
    let mut redirect = redirect.map_err(|what| failed(format!("cannot listen on 127.0.0.1: {what}")))?;
    open_or_print_url(context, redirect.url(), "finish the logout", BROWSER_TIMEOUT, false);
    let ignored = |what| {
        if let IgnoredRequest::AnotherUser(user) = what {
            advisory_warnings::warn_of_another_user(context.reporter, user, "run tidp as the user whose browser it is");
        }
    };
    if redirect.wait(&ignored, BROWSER_TIMEOUT.to_std()) {
        return Ok(StepState::Done.with("the browser was sent to the provider's logout page"));
    }
    Err(failed("the browser did not open the logout page".to_owned()))
}
