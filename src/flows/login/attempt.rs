//! What all logins have in common: what they need before the user is asked, and what becomes of the tokens.

use super::key_prefetch::KeyPrefetch;
use super::options::LoginOptions;
use super::requirements;
use super::stopwatch::Stopwatch;
use crate::config::AuthMethod;
use crate::domain::scoped_tokens::ScopedTokens;
use crate::domain::session::{Account, EventKind, HeldToken, RefreshToken, SCHEMA, Session};
use crate::domain::text::printable;
use crate::domain::time::Time;
use crate::domain::warning::WarningCode;
use crate::error::{Error, LoginError, RequestedLogin, Result, Situation, StoreError};
use crate::explain::exchange_steps;
use crate::explain::login_messages;
use crate::explain::outlook::sentence::setting;
use crate::flows::access_token_cache;
use crate::flows::context::Context;
use crate::flows::provider_keys::{self, ProviderKeys};
use crate::flows::provider_metadata;
use crate::flows::random_bytes::random_bytes;
use crate::flows::token_response;
use crate::oidc::Problem;
use crate::oidc::authorize::{Code, PendingLogin};
use crate::oidc::discovery::Provider;
use crate::oidc::id_token::{ExpectedIdToken, IdTokenSource, ValidatedIdToken};
use crate::oidc::token::{Client, TokenResponse};
use crate::ports::{Request, Response, StoreFailureKind};

pub(super) const DOING: &str = "login failed";

/// A login that has begun.
pub(super) struct LoginAttempt<'c, 'w> {
    pub(super) context: &'c Context<'w>,
    pub(super) options: LoginOptions,
    pub(super) client: Client,
    pub(super) provider: Provider,
    /// The session that it replaces.
    pub(super) before: Option<Session>,
    pub(super) started: Stopwatch,
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

/// Checks that an ID token can be verified. RS256, the only algorithm supported here, is mandatory for providers (OpenID
/// Connect Discovery 3).
fn check_algorithms(provider: &Provider) -> Result<()> {
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

/// Whether the session still has a token that may work.
fn may_be_in_use(session: &Session, now: Time) -> bool {
    session.held_token().is_some() || now < session.access_token.expires_at
}

impl<'c, 'w> LoginAttempt<'c, 'w> {
    /// Store, client secret and discovery fail before the user is asked.
    pub(super) fn begin(context: &'c Context<'w>, options: LoginOptions) -> Result<Self> {
        let (before, client) = (previous_session(context)?, context.client()?);
        context.begin_steps();
        context.step(|| exchange_steps::discovery(&context.profile.issuer));
        let provider = provider_metadata::fetch_provider(context)?;
        check_algorithms(&provider)?;
        let now = context.ports.clock.now();
        if let Some(before) = before.as_ref().filter(|session| may_be_in_use(session, now)) {
            context.reporter.note(login_messages::replaces_session_note(&before.account));
        }
        Ok(Self { context, options, before, client, provider, started: Stopwatch::start(&*context.ports.clock) })
    }

    /// What was requested, for the hints of errors. `redirect_uri` is empty for a login without one.
    pub(super) fn requested_login(&self, redirect_uri: Option<&str>) -> RequestedLogin {
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
            has_prompt_none: options.prompt.as_deref() == Some("none"),
            profile_has_prompt_none: profile.prompt.as_deref() == Some("none"),
        }
    }

    /// The error for a refusal.
    pub(super) fn refusal(&self, problem: Problem, redirect_uri: Option<&str>) -> Error {
        match problem {
            Problem::Refused(provider) => LoginError::Refused(provider, self.requested_login(redirect_uri)).into(),
            Problem::RefusedByStatus { what, .. } => {
                LoginError::StatusOnly(what, self.requested_login(redirect_uri)).into()
            }
            problem @ (Problem::Invalid(_) | Problem::Unavailable(_)) => Error::problem(DOING, problem),
        }
    }

    /// The accepted response to a request that uses up nothing.
    pub(super) fn answer<T>(
        &self,
        request: &Request,
        accept: impl FnOnce(&Response) -> std::result::Result<T, Problem>,
    ) -> Result<T> {
        let response = self.context.send(request).map_err(|failure| Error::unanswered(DOING, &failure))?;
        accept(&response).map_err(|problem| self.refusal(problem, None))
    }

    /// Validates the response to a request sent at `sent_at`, and stores the session. If that fails, the refresh token is
    /// revoked. `redirect` is `None` for a login by polling.
    pub(super) fn accept_tokens(
        &self,
        response: &TokenResponse,
        redirect: Option<(&PendingLogin, &Code)>,
        keys: KeyPrefetch,
        sent_at: Time,
    ) -> Result<Session> {
        let context = self.context;
        let waited = self.started.elapsed(&*context.ports.clock);
        let source = IdTokenSource::Login { redirect, max_age: self.options.request.max_age, waited };
        token_response::trace(context, response);
        let session = provider_keys::prefetched_keys(context, &self.provider, keys.response(context))
            .and_then(|keys| self.accepted_session(response, source, keys, sent_at))
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
        let mut accepted = token_response::accept_login_id_token(context, &self.provider, keys, raw, &expected)?;
        accepted.token = accepted.token.with_local_expiry(sent_at, now);
        requirements::check(&self.options, &accepted)?;
        requirements::warn_of_differences(context.reporter, &self.options, &accepted, response);
        self.session(response, accepted, sent_at)
    }

    fn session(&self, response: &TokenResponse, accepted: ValidatedIdToken, sent_at: Time) -> Result<Session> {
        let refresh_token = match &response.refresh_token {
            None => RefreshToken::NeverIssued,
            Some(value) => RefreshToken::Held(HeldToken::new(value.clone(), sent_at)),
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
            scoped_tokens: ScopedTokens::default(),
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
        context.step(|| {
            let has_refresh_token = session.held_token().is_some();
            exchange_steps::session_stored(
                context.store.name().as_str(),
                has_refresh_token,
                access_token_cache::is_on(context),
            )
        });
        Ok(session)
    }
}

/// Whether the store may hold the session without having confirmed it: then its refresh token must not be revoked.
fn may_be_stored(outcome: &Result<Session>) -> bool {
    matches!(outcome, Err(Error { situation: Situation::Store(StoreError::Failed(failure)), .. }) if failure.kind == StoreFailureKind::Unknown)
}
