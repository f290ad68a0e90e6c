//! A login: authorization code with PKCE (RFC 7636) in the browser, the redirect caught on a loopback port or pasted.
//! Nothing is stored before every check has passed. No lock is held while the user is in the browser.

mod callback_wait;
mod key_prefetch;
mod options;
mod requirements;

pub use options::LoginOptions;

use crate::config::{AuthMethod, RedirectUri};
use crate::domain::secret::Secret;
use crate::domain::session::{Account, EventKind, HeldToken, RefreshToken, SCHEMA, Session};
use crate::domain::text::printable;
use crate::domain::time::{Seconds, Time};
use crate::domain::warning::WarningCode;
use crate::error::{
    Error, LoginError, NetworkError, RequestedLogin, Result, SessionError, SetupError, Situation, StoreError,
    ValidationError, with_profile,
};
use crate::explain::outlook::sentence::setting;
use crate::flows::access_token_cache;
use crate::flows::browser::open_or_print_url;
use crate::flows::context::Context;
use crate::flows::provider_keys::{self, ProviderKeys};
use crate::flows::provider_metadata;
use crate::flows::random_bytes::random_bytes;
use crate::flows::token_response;
use crate::oidc::Problem;
use crate::oidc::authorize::{self, Code, PendingLogin, Randomness};
use crate::oidc::discovery::Provider;
use crate::oidc::id_token::{ExpectedIdToken, IdTokenSource, ValidatedIdToken};
use crate::oidc::token::{self, Client, TokenResponse};
use crate::ports::{FailureReason, ListenAt, Listener, OneTimeRedirect, Page, StoreFailureKind};
use callback_wait::CallbackWait;
use key_prefetch::KeyPrefetch;
use std::time::Duration;
use url::Url;

const DOING: &str = "login failed";

/// A login that has begun.
struct LoginAttempt<'c, 'w> {
    context: &'c Context<'w>,
    options: LoginOptions,
    client: Client,
    provider: Provider,
    /// The session that it replaces.
    before: Option<Session>,
    started_at: Time,
    started_uptime: Duration,
}

/// Logs in and stores the session.
///
/// # Errors
/// Those of the exchange; then nothing was stored. `usage` for invalid options.
pub fn log_in(context: &Context<'_>, options: LoginOptions) -> Result<Session> {
    run_attempt(context, options).map_err(|error| match error.situation {
        Situation::Network(NetworkError::Unreachable(what)) => LoginError::Unavailable(what).into(),
        situation => Error { situation, ..error },
    })
}

fn run_attempt(context: &Context<'_>, options: LoginOptions) -> Result<Session> {
    // Store, client secret and discovery fail before the user is sent to the browser.
    let attempt = LoginAttempt {
        context,
        options,
        before: previous_session(context)?,
        client: context.client()?,
        provider: provider_metadata::fetch_provider(context)?,
        started_at: context.ports.clock.now(),
        started_uptime: context.ports.clock.uptime(),
    };
    check_provider(&attempt.provider)?;
    match &context.profile.redirect_uri {
        RedirectUri::Elsewhere(uri) => attempt.with_pasted_redirect(uri),
        RedirectUri::Fixed(uri, _) if attempt.options.paste => attempt.with_pasted_redirect(uri),
        RedirectUri::AnyPort(at) if attempt.options.paste => {
            attempt.with_pasted_redirect(&unused_loopback_uri(context, at)?)
        }
        RedirectUri::Fixed(uri, at) => attempt.with_loopback_redirect(listen(context, at)?, Some(uri)),
        RedirectUri::AnyPort(at) => attempt.with_loopback_redirect(listen(context, at)?, None),
    }
}

/// Checks that a login can succeed there. RS256, the only algorithm supported here, is mandatory for providers (OpenID
/// Connect Discovery 3).
fn check_provider(provider: &Provider) -> Result<()> {
    if let Err(why) = &provider.authorization_endpoint {
        return Err(Error::invalid(format!("{DOING}: {why}")));
    }
    let offered = &provider.id_token_algorithms;
    if offered.is_empty() || offered.iter().any(|algorithm| algorithm == "RS256") {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "{DOING}: the provider signs ID tokens with {} (`id_token_signing_alg_values_supported`), but tidp \
         supports only RS256",
        printable(&offered.join(", "))
    )))
}

/// The session that the login replaces. Fails if the store cannot be used; an invalid entry is replaced.
fn previous_session(context: &Context<'_>) -> Result<Option<Session>> {
    context.store.check_writable(&context.entry())?;
    match context.load() {
        Ok(session) => Ok(session),
        Err(Error { situation: Situation::Store(StoreError::InvalidEntry(_)), .. }) => Ok(None),
        Err(Error { situation: Situation::Store(StoreError::Failed(failure)), .. })
            if failure.kind == StoreFailureKind::Ambiguous =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn listen(context: &Context<'_>, at: &ListenAt) -> Result<Box<dyn Listener>> {
    context.ports.callback.listen(at).map_err(|what| {
        let port = at.port.map(|port| format!(":{port}")).unwrap_or_default();
        SetupError::NoListener(format!("cannot listen on {}{port}, where the redirect URI leads: {what}", at.host))
            .into()
    })
}

/// The reason that the page in the browser shows.
fn failure_page(error: &Error) -> FailureReason {
    match &error.situation {
        Situation::Login(error) => error.page_reason(),
        Situation::Network(NetworkError::Unreachable(_)) => FailureReason::Unavailable,
        Situation::Validation(ValidationError::Invalid(_) | ValidationError::NotVerified(..)) => {
            FailureReason::NotValid
        }
        Situation::Store(StoreError::Failed(_)) | Situation::Session(SessionError::Busy { .. }) => {
            FailureReason::NotStored
        }
        _ => FailureReason::Failed,
    }
}

/// A redirect URI at which no program listens: the browser shows an error, and the user copies the URL.
fn unused_loopback_uri(context: &Context<'_>, at: &ListenAt) -> Result<String> {
    let [high, low] = random_bytes::<2>(context)?;
    Ok(format!("http://{}:{}{}", at.host, 49_152 | u16::from_be_bytes([high, low]), at.path))
}

impl LoginAttempt<'_, '_> {
    fn request(&self, redirect_uri: &str) -> Result<(Url, PendingLogin)> {
        let randomness = Randomness(random_bytes(self.context)?);
        let client_id = &self.client.client_id;
        authorize::authorization_request(&self.provider, client_id, redirect_uri, &self.options.request, randomness)
            .map_err(Error::usage)
    }

    fn with_loopback_redirect(self, mut listener: Box<dyn Listener>, registered: Option<&String>) -> Result<Session> {
        let redirect_uri = registered.cloned().unwrap_or_else(|| listener.redirect_uri().to_owned());
        let (url, pending) = self.request(&redirect_uri)?;
        let waiting = CallbackWait::begin(self.context, self.requested_login(&redirect_uri), self.options.timeout);
        let one_time_redirect = self.hinted_redirect(&url);
        self.show_url(one_time_redirect.as_ref().map_or(&url, |one_time_redirect| one_time_redirect.url()));
        let keys = KeyPrefetch::start(self.context, &self.provider);
        let outcome = waiting
            .redirect_query(one_time_redirect, listener.as_mut(), &pending)
            .and_then(|query| {
                authorize::accept_callback(&pending, query.expose()).map_err(|problem| self.refusal(problem, &pending))
            })
            .and_then(|code| self.exchange_buffered(&code, &pending, keys));
        listener
            .finish(outcome.as_ref().map_or_else(|error| Page::NotLoggedIn(failure_page(error)), |_| Page::LoggedIn));
        outcome
    }

    /// A loopback URL that redirects the browser once, if the request needs an ID token hint: the token must not be a
    /// program's argument or appear on a terminal.
    fn hinted_redirect(&self, url: &Url) -> Option<Box<dyn OneTimeRedirect>> {
        let hinted = authorize::with_id_token_hint(url, self.id_token_hint()?);
        let without = |what| self.context.reporter.note(format!("The ID token is not sent as a hint: {what}."));
        self.context.ports.callback.one_time_redirect(&hinted).map_err(without).ok()
    }

    /// The previous ID token, if `prompt=none` was requested: it tells the provider which user is meant (OpenID Connect
    /// Core 3.1.2.1).
    fn id_token_hint(&self) -> Option<&Secret> {
        let is_prompt_none = self.options.request.prompt.as_deref() == Some("none");
        let session = self.before.as_ref().filter(|_| is_prompt_none)?;
        Some(&session.id_token.as_ref()?.value)
    }

    /// What was requested, for the hints of errors.
    fn requested_login(&self, redirect_uri: &str) -> RequestedLogin {
        let (profile, options) = (&self.context.profile, &self.options.request);
        RequestedLogin {
            client: format!(
                "client_id `{}` ({}), redirect_uri `{}` ({})",
                printable(&profile.client_id),
                profile.client_id_source,
                printable(redirect_uri),
                profile.redirect_uri_source
            ),
            secret_source: match &profile.client_secret_command {
                _ if profile.auth_method == AuthMethod::None => None,
                Some(_) => Some("client_secret_command"),
                None => Some("TIDP_CLIENT_SECRET"),
            },
            scopes: printable(&options.scopes.join(" ")),
            scopes_source: format!("--scope, or {}", setting("scopes", None, profile.name_in_hints.as_deref())),
            acr_values: options.acr_values.as_deref().map(printable),
            profile_has_prompt_none: profile.prompt.as_deref() == Some("none"),
        }
    }

    /// The command for a login that needs no port of this machine.
    fn paste_command(&self) -> String {
        with_profile("tidp login --paste", self.context.profile.name_in_hints.as_deref())
    }

    fn show_url(&self, url: &Url) {
        let note = || {
            self.context.reporter.note(format!("Is the browser on another machine? Use `{}`.", self.paste_command()))
        };
        let is_remote = self.context.ports.env.get("SSH_CONNECTION").is_some();
        if is_remote {
            note();
        }
        let opened = open_or_print_url(self.context, url, "Continue", self.options.timeout, self.options.no_browser);
        if !opened && !is_remote {
            note();
        }
    }

    fn with_pasted_redirect(self, redirect_uri: &str) -> Result<Session> {
        let (url, pending) = self.request(redirect_uri)?;
        let waiting = CallbackWait::begin(self.context, self.requested_login(redirect_uri), self.options.timeout);
        let reporter = self.context.reporter;
        if self.id_token_hint().is_some() {
            reporter.note("The ID token is not sent as a hint: a printed address must not contain it.");
        }
        reporter.prompt(format!("Open this URL in a browser and log in:\n\n  {url}\n"));
        reporter.prompt(
            "Then copy the whole address the browser was sent to (it may show an error page there), and paste it here:",
        );
        let code = waiting.pasted_code(&pending, |problem| self.refusal(problem, &pending))?;
        self.exchange_buffered(&code, &pending, KeyPrefetch::none())
    }

    fn exchange_buffered(&self, code: &Code, pending: &PendingLogin, keys: KeyPrefetch) -> Result<Session> {
        self.context.reporter.buffered(|| self.exchange(code, pending, keys))
    }

    /// The error for a refusal at the redirect or at the token endpoint.
    fn refusal(&self, problem: Problem, pending: &PendingLogin) -> Error {
        match problem {
            Problem::Refused(provider) => {
                LoginError::Refused(provider, self.requested_login(&pending.redirect_uri)).into()
            }
            Problem::RefusedByStatus { what, .. } => {
                LoginError::StatusOnly(what, self.requested_login(&pending.redirect_uri)).into()
            }
            problem @ (Problem::Invalid(_) | Problem::Unavailable(_)) => Error::problem(DOING, problem),
        }
    }

    /// Exchanges the code, once and without waiting for anything else, because it expires soon. Validates the response
    /// and stores the session.
    fn exchange(&self, code: &Code, pending: &PendingLogin, keys: KeyPrefetch) -> Result<Session> {
        let context = self.context;
        let request = token::code_request(&self.provider, &self.client, code, pending);
        let sent_at = context.ports.clock.now();
        let response = context.send(&request).map_err(|failure| match Error::unanswered(DOING, &failure) {
            Error { situation: Situation::Network(NetworkError::Unreachable(what)), .. } => {
                NetworkError::Unreachable(format!("{what}. The authorization code cannot be used again; log in again"))
                    .into()
            }
            other => other,
        })?;
        let response = token::accept_code_response(&response).map_err(|problem| self.refusal(problem, pending))?;
        let session = provider_keys::prefetched_keys(context, &self.provider, keys.response())
            .and_then(|keys| self.accepted_session(&response, pending, code, keys, sent_at))
            .and_then(|session| self.store(session));
        if session.is_err()
            && let Some(token) = response.refresh_token.as_ref().filter(|_| !may_be_stored(&session))
        {
            token_response::revoke_unwanted(context, &self.provider, token);
        }
        session
    }

    fn accepted_session(
        &self,
        response: &TokenResponse,
        pending: &PendingLogin,
        code: &Code,
        keys: ProviderKeys,
        sent_at: Time,
    ) -> Result<Session> {
        let context = self.context;
        let raw = response.id_token.as_ref().ok_or_else(|| Error::invalid("the login response has no ID token"))?;
        let now = token_response::validation_time(context, response.date);
        let expected = ExpectedIdToken {
            issuer: &self.provider.issuer,
            client_id: &self.client.client_id,
            now,
            access_token: &response.access_token,
            source: IdTokenSource::Login { pending, code, waited: self.elapsed() },
        };
        let mut accepted = token_response::accept_login_id_token(context, &self.provider, keys, raw, &expected)?;
        accepted.token = accepted.token.with_local_expiry(sent_at, now);
        requirements::check(&self.options, &accepted)?;
        requirements::warn_of_differences(context.reporter, &self.options, &accepted, response);
        self.session(response, accepted, sent_at)
    }

    /// The time since the login started, rounded up: the larger one by wall clock and by uptime, because the wall clock
    /// may be set back, and the uptime may stop while the machine sleeps.
    fn elapsed(&self) -> Seconds {
        let clock = &self.context.ports.clock;
        let awake = clock.uptime().saturating_sub(self.started_uptime);
        let awake =
            i64::try_from(awake.as_secs()).unwrap_or(i64::MAX).saturating_add(i64::from(awake.subsec_nanos() > 0));
        clock.now().since(self.started_at).max(Seconds(awake))
    }

    fn session(&self, response: &TokenResponse, accepted: ValidatedIdToken, sent_at: Time) -> Result<Session> {
        let refresh_token = match &response.refresh_token {
            None => RefreshToken::NeverIssued,
            Some(value) => RefreshToken::Held(HeldToken {
                value: value.clone(),
                renewed_at: sent_at,
                reused_at: None,
                omitted_since: None,
            }),
        };
        let session = Session {
            version: SCHEMA,
            key: self.context.key.clone(),
            generation: u64::from_be_bytes(random_bytes(self.context)?),
            account: accepted.account,
            // RFC 6749 5.1: without a scope in the response, all requested scopes were granted.
            scopes: response.scopes.clone().unwrap_or_else(|| self.options.request.scopes.clone()),
            login_at: sent_at,
            access_token: token_response::access_token(response, sent_at),
            id_token: Some(accepted.token),
            refresh_token,
            provider_ahead: token_response::provider_ahead(self.context.ports.clock.now(), response.date),
            refresh_brings_no_id_token: false,
            refresh_started_at: None,
            events: Vec::new(),
        };
        Ok(session.with_event(sent_at, EventKind::Login { refresh_token: response.refresh_token.is_some() }))
    }

    /// Stores the session under the lock. The last login wins.
    fn store(&self, session: Session) -> Result<Session> {
        let context = self.context;
        let _lock = context.lock(&context.entry())?;
        let _signals = context.ports.signals.defer();
        if let Some(before) = &self.before
            && before.account.sub != session.account.sub
        {
            let name = |account: &Account| printable(account.username.as_deref().unwrap_or(&account.sub));
            context.reporter.warn(
                WarningCode::AccountChanged,
                format!(
                    "logged in to a different account ({}) than before ({})",
                    name(&session.account),
                    name(&before.account)
                ),
            );
        }
        // First, so that a login that is killed never leaves the new session with the old access token.
        access_token_cache::forget(context);
        let (entry, document) = (context.entry(), session.to_json());
        let saved = context.store.save(&entry, &document).or_else(|failure| match failure.kind {
            // With several entries it is not known which is the session, so all are replaced.
            StoreFailureKind::Ambiguous => {
                context.store.delete(&entry).and_then(|_| context.store.save(&entry, &document))
            }
            _ => Err(failure),
        });
        if let Err(failure) = saved
            // The store may have written it although it did not confirm that.
            && !context.store.load(&entry).is_ok_and(|stored| stored.as_ref() == Some(&document))
        {
            return Err(failure.into());
        }
        access_token_cache::put(context, &session);
        Ok(session)
    }
}

/// Whether the store may hold the session without having confirmed it: then its refresh token must not be revoked.
fn may_be_stored(outcome: &Result<Session>) -> bool {
    matches!(outcome, Err(Error { situation: Situation::Store(StoreError::Failed(failure)), .. }) if failure.kind == StoreFailureKind::Unknown)
}
