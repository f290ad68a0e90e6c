//! A login: in the browser, approved on another device, or confirmed in Vipps or BankID. Here is what all have in common.
//! Nothing is stored before every check has passed. No lock is held while the user acts.

mod browser_login;
mod callback_wait;
mod polling;

use crate::config::{AuthMethod, RedirectUri};
use crate::domain::access_tokens::ScopedTokens;
use crate::domain::session::{EventKind, HeldToken, RefreshToken, SCHEMA, Session};
use crate::domain::text::printable;
use crate::domain::time::{Seconds, Time};
use crate::domain::warning::WarningCode;
use crate::error::{CommandLineError, Error, LoginError, LoginMethod, RequestedLogin, Result, Situation, StoreError};
use crate::explain::exchange_steps;
use crate::explain::outlook::sentence::setting;
use crate::flows::context::Context;
use crate::flows::provider_keys::{self, KeyPrefetch, ProviderKeys};
use crate::flows::{access_token_cache, provider_metadata, token_response};
use crate::oidc::Problem;
use crate::oidc::authorize::{AuthorizationOptions, Code, PendingLogin};
use crate::oidc::discovery::Provider;
use crate::oidc::id_token::{ExpectedIdToken, IdTokenSource, ValidatedIdToken, acr_levels};
use crate::oidc::token::{Client, TokenResponse};
use crate::ports::{Clock, Prompt, Request, Response, StoreFailureKind};
use std::time::Duration;

const FAILED_STEP: &str = "login failed";

/// How long to wait for a user in the browser.
const DEFAULT_TIMEOUT: Seconds = Seconds::minutes(5);

/// The options of a login, checked.
pub struct LoginOptions {
    pub method: LoginMethod,
    pub request: AuthorizationOptions,
    pub require_acr: Option<String>,
    pub expect_sub: Option<String>,
    /// How long to wait for the user; `None` for the default, or as long as a code is valid.
    pub timeout: Option<Seconds>,
    pub no_browser: bool,
    /// Ask for the redirect URL on standard input instead of listening for it.
    pub paste: bool,
    pub show_other_ways: bool,
    pub show_qr_code: bool,
}

impl LoginOptions {
    fn timeout_in_browser(&self) -> Seconds {
        self.timeout.unwrap_or(DEFAULT_TIMEOUT)
    }

    fn is_prompt_none(&self) -> bool {
        self.request.prompt.as_deref() == Some("none")
    }
}

#[derive(Clone, Copy)]
struct Stopwatch {
    started_at: Time,
    started_uptime: Duration,
}

impl Stopwatch {
    fn start(clock: &dyn Clock) -> Self {
        Self { started_at: clock.now(), started_uptime: clock.uptime() }
    }

    /// The time since the start, rounded up: the longer one by wall clock, which may be set back, and by uptime, which may
    /// stop during sleep.
    fn elapsed(self, clock: &dyn Clock) -> Seconds {
        let awake = clock.uptime().saturating_sub(self.started_uptime);
        let awake =
            i64::try_from(awake.as_secs()).unwrap_or(i64::MAX).saturating_add(i64::from(awake.subsec_nanos() > 0));
        clock.now().since(self.started_at).max(Seconds(awake))
    }
}

/// Logs in and stores the session.
///
/// # Errors
/// Those of the exchange; then nothing was stored. `usage` for invalid options, and if nobody can finish the login.
pub fn log_in(context: &Context<'_>, options: LoginOptions) -> Result<Session> {
    let method = options.method;
    let outcome = check_attendance(context, &options).and_then(|()| {
        let attempt = LoginAttempt::begin(context, options)?;
        match method {
            LoginMethod::Browser => attempt.in_browser(),
            LoginMethod::Device => attempt.on_another_device(),
            LoginMethod::Ciba(ciba) => attempt.by_backchannel(ciba),
        }
    });
    outcome.map_err(|error| match error.situation {
        Situation::Unreachable(what) => LoginError::Unavailable(what, method).into(),
        situation => Error { situation, ..error },
    })
}

/// Refuses a login that nobody can finish: no terminal shows the URL, and no browser opens for a person. A way that was
/// asked for by name is taken: a script may drive it.
fn check_attendance(context: &Context<'_>, options: &LoginOptions) -> Result<()> {
    let (ports, profile) = (context.ports, &context.profile);
    let is_pasted = options.paste || matches!(profile.redirect_uri, RedirectUri::Elsewhere(_));
    let is_by_name =
        options.method != LoginMethod::Browser || options.no_browser || is_pasted || options.is_prompt_none();
    if is_by_name || ports.terminal.stdin_is_terminal() || ports.terminal.stderr().is_terminal {
        return Ok(());
    }
    if !ports.browser.available() {
        return Err(CommandLineError::NobodyToLogIn("no browser can be opened").into());
    }
    let is_ci_job = ports.env.get("CI").is_some_and(|value| !matches!(value, "false" | "0"));
    if is_ci_job && ports.env.get("BROWSER").is_none() {
        return Err(CommandLineError::NobodyToLogIn("this is a CI job (CI is set)").into());
    }
    Ok(())
}

/// The session that the login replaces. Fails if the store cannot be used; an invalid entry is replaced.
fn previous_session(context: &Context<'_>) -> Result<Option<Session>> {
    context.store.check_writable(&context.entry())?;
    match context.load(Prompt::Allowed) {
        Err(Error { situation: Situation::Store(StoreError::InvalidEntry(_)), .. }) => Ok(None),
        Err(error) if error.store_failure() == Some(StoreFailureKind::Ambiguous) => Ok(None),
        outcome => outcome,
    }
}

/// Refuses a provider without RS256: no other algorithm is supported, and this one is mandatory (OpenID Connect
/// Discovery 3).
fn check_algorithms(provider: &Provider) -> Result<()> {
    let offered = &provider.id_token_algorithms;
    if offered.is_empty() || offered.iter().any(|algorithm| algorithm == "RS256") {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "{FAILED_STEP}: the provider signs ID tokens with {} (`id_token_signing_alg_values_supported`), but tidp \
         supports only RS256",
        printable(&offered.join(", "))
    )))
}

struct LoginAttempt<'c, 'w> {
    context: &'c Context<'w>,
    options: LoginOptions,
    client: Client,
    provider: Provider,
    /// The session that it replaces.
    before: Option<Session>,
    started: Stopwatch,
}

impl<'c, 'w> LoginAttempt<'c, 'w> {
    /// The attempt, after everything that can fail before the user is asked: store, client secret, discovery.
    fn begin(context: &'c Context<'w>, options: LoginOptions) -> Result<Self> {
        let (before, client) = (previous_session(context)?, context.client()?);
        context.begin_steps();
        context.step(|| exchange_steps::discovery(&context.profile.issuer));
        let provider = provider_metadata::fetch_provider(context)?;
        check_algorithms(&provider)?;
        let now = context.ports.clock.now();
        let may_work = |session: &&Session| session.held_token().is_some() || now < session.access_token.expires_at;
        if let Some(before) = before.as_ref().filter(may_work) {
            context.reporter.note(&format!("This login replaces the session of {}.", before.account.shown_name()));
        }
        Ok(Self { context, options, before, client, provider, started: Stopwatch::start(&*context.ports.clock) })
    }

    /// What was requested, for the hints of errors. Some logins have no redirect URI.
    fn requested_login(&self, redirect_uri: Option<&str>) -> RequestedLogin {
        let (profile, options) = (&self.context.profile, &self.options.request);
        let client = format!("client_id `{}` ({})", printable(&profile.client_id), profile.client_id_source);
        RequestedLogin {
            method: self.options.method,
            client: match redirect_uri {
                None => client,
                Some(uri) => {
                    let advice = profile.debugger_redirect_advice();
                    let advice = advice.map(|advice| format!(". {advice}")).unwrap_or_default();
                    format!("{client}, redirect_uri `{}` ({}){advice}", printable(uri), profile.redirect_uri_source)
                }
            },
            secret_source: match &profile.client_secret_command {
                _ if profile.auth_method == AuthMethod::None => None,
                Some(_) => Some("client_secret_command"),
                None => Some("TIDP_CLIENT_SECRET"),
            },
            scopes: printable(&options.scopes.join(" ")),
            scopes_source: format!("--scope, or {}", setting("scopes", profile.name_in_hints.as_deref())),
            acr_values: options.acr_values.as_deref().map(printable),
            has_prompt_none: self.options.is_prompt_none(),
            profile_has_prompt_none: profile.prompt.as_deref() == Some("none"),
        }
    }

    fn refusal(&self, problem: Problem, redirect_uri: Option<&str>) -> Error {
        let requested = || self.requested_login(redirect_uri);
        match problem {
            Problem::Refused(provider) => LoginError::Refused(provider, requested()).into(),
            Problem::RefusedByStatus { what, .. } => LoginError::StatusOnly(what, requested()).into(),
            problem @ (Problem::Invalid(_) | Problem::Unavailable(_)) => Error::problem(FAILED_STEP, problem),
        }
    }

    /// The accepted response to a request that uses up nothing.
    fn answer<T>(&self, request: &Request, accept: fn(&Response) -> std::result::Result<T, Problem>) -> Result<T> {
        let response = self.context.send(request).map_err(|failure| Error::unanswered(FAILED_STEP, &failure))?;
        accept(&response).map_err(|problem| self.refusal(problem, None))
    }

    /// Validates the response to a request sent at `sent_at`, and stores the session. If that fails, the refresh token is
    /// revoked. `redirect` is `None` for a login by polling.
    fn accept_tokens(
        &self,
        response: &TokenResponse,
        redirect: Option<(&PendingLogin, &Code)>,
        prefetch: Option<KeyPrefetch>,
        sent_at: Time,
    ) -> Result<Session> {
        let context = self.context;
        let waited = self.started.elapsed(&*context.ports.clock);
        let source = IdTokenSource::Login { redirect, max_age: self.options.request.max_age, waited };
        token_response::trace(context, response);
        let prefetched = prefetch.and_then(|prefetch| prefetch.keys(context));
        let session = prefetched
            .map_or_else(|| provider_keys::keys(context, &self.provider, None), Ok)
            .and_then(|keys| self.accepted_session(response, source, keys, sent_at))
            .and_then(|session| self.store(session));
        if let Err(error) = &session
            && let Some(token) = &response.refresh_token
            // The store may hold the session without having confirmed it.
            && error.store_failure() != Some(StoreFailureKind::Unknown)
        {
            token_response::revoke_unwanted(context, &self.provider, token);
        }
        session
    }

    fn accepted_session(
        &self,
        response: &TokenResponse,
        source: IdTokenSource<'_>,
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
            source,
        };
        let accepted = token_response::accept_login_id_token(context, &self.provider, keys, raw, &expected)?;
        self.check_requirements(&accepted)?;
        self.warn_of_unmet_acr(&accepted);
        // RFC 6749 5.1: the response names the scopes if they differ from those requested.
        let scopes = response.scopes.as_ref().unwrap_or(&self.options.request.scopes);
        let has_refresh_token = response.refresh_token.is_some();
        token_response::warn_of_other_scopes(context, &self.options.request.scopes, scopes, has_refresh_token);
        let refresh_token = match &response.refresh_token {
            None => RefreshToken::NeverIssued,
            Some(value) => RefreshToken::Held(HeldToken::new(value.clone(), sent_at)),
        };
        let session = Session {
            version: SCHEMA,
            key: context.key.clone(),
            generation: u64::from_be_bytes(context.random_bytes()?),
            account: accepted.account,
            scopes: scopes.clone(),
            login_at: sent_at,
            access_token: token_response::access_token(response, sent_at),
            id_token: Some(accepted.token.with_local_expiry(sent_at, now)),
            refresh_token,
            provider_ahead: token_response::provider_ahead(context.ports.clock.now(), response.date),
            refresh_brings_no_id_token: false,
            scoped_tokens: ScopedTokens::default(),
            refresh_started_at: None,
            events: Vec::new(),
        };
        Ok(session.with_event(sent_at, EventKind::Login { refresh_token: has_refresh_token }, None))
    }

    fn check_requirements(&self, accepted: &ValidatedIdToken) -> Result<()> {
        let LoginOptions { method, expect_sub, require_acr, .. } = &self.options;
        let (sub, method) = (&accepted.account.sub, *method);
        if let Some(expected) = expect_sub.clone().filter(|expected| expected != sub) {
            return Err(LoginError::OtherAccount { sub: sub.clone(), expected, method }.into());
        }
        let has = |level: &String| acr_levels(&accepted.claims).contains(&level.as_str());
        match require_acr.clone().filter(|required| !has(required)) {
            Some(required) => Err(LoginError::AcrNotMet { acr: level(accepted), required, method }.into()),
            None => Ok(()),
        }
    }

    /// Warns if the login has none of the requested levels: `acr_values` is voluntary (OIDC Core 3.1.2.1). `idp:…` names an
    /// identity provider, not a level.
    fn warn_of_unmet_acr(&self, accepted: &ValidatedIdToken) {
        let requested = self.options.request.acr_values.as_deref().unwrap_or_default();
        let mut wanted = requested.split_whitespace().filter(|acr| !acr.starts_with("idp:")).peekable();
        let got = acr_levels(&accepted.claims);
        if wanted.peek().is_some() && !wanted.any(|level| got.contains(&level)) {
            let message =
                format!("the login's assurance level (acr) is {}, not {}", level(accepted), printable(requested));
            self.context.reporter.warn(WarningCode::AcrNotMet, message);
        }
    }

    /// Stores the session under the lock. The last login wins.
    fn store(&self, session: Session) -> Result<Session> {
        let context = self.context;
        let _lock = context.lock(&context.entry())?;
        let _signals = context.ports.signals.defer();
        if let Some(before) = &self.before
            && before.account.sub != session.account.sub
        {
            let (new, old) = (session.account.shown_name(), before.account.shown_name());
            let message = format!("logged in to a different account ({new}) than before ({old})");
            context.reporter.warn(WarningCode::AccountChanged, message);
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
        context.step(|| {
            let (store, has_refresh_token) = (context.store.name().as_str(), session.held_token().is_some());
            exchange_steps::session_stored(store, has_refresh_token, access_token_cache::is_on(context))
        });
        Ok(session)
    }
}

fn level(accepted: &ValidatedIdToken) -> String {
    let levels = acr_levels(&accepted.claims).join(" ");
    if levels.is_empty() { "none".to_owned() } else { printable(&levels) }
}
