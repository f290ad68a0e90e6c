//! A login in the browser: authorization code with PKCE (RFC 7636), the redirect caught on a loopback port or pasted.

use super::attempt::{DOING, LoginAttempt};
use super::callback_wait::CallbackWait;
use super::key_prefetch::KeyPrefetch;
use crate::config::RedirectUri;
use crate::domain::secret::Secret;
use crate::domain::session::Session;
use crate::error::{
    Error, NetworkError, Result, SessionError, SetupError, Situation, StoreError, ValidationError, with_profile,
};
use crate::flows::browser::open_or_print_url;
use crate::flows::context::Context;
use crate::flows::random_bytes::random_bytes;
use crate::oidc::authorize::{self, Code, PendingLogin, Randomness};
use crate::oidc::id_token::IdTokenSource;
use crate::oidc::token;
use crate::ports::{FailureReason, ListenAt, Listener, OneTimeRedirect, Page};
use url::Url;

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
    pub(super) fn in_browser(self) -> Result<Session> {
        if let Err(why) = &self.provider.authorization_endpoint {
            return Err(Error::invalid(format!("{DOING}: {why}")));
        }
        let context = self.context;
        match &context.profile.redirect_uri {
            RedirectUri::Elsewhere(uri) => self.with_pasted_redirect(uri),
            RedirectUri::Fixed(uri, _) if self.options.paste => self.with_pasted_redirect(uri),
            RedirectUri::AnyPort(at) if self.options.paste => {
                self.with_pasted_redirect(&unused_loopback_uri(context, at)?)
            }
            RedirectUri::Fixed(uri, at) => self.with_loopback_redirect(listen(context, at)?, Some(uri)),
            RedirectUri::AnyPort(at) => self.with_loopback_redirect(listen(context, at)?, None),
        }
    }

    fn request(&self, redirect_uri: &str) -> Result<(Url, PendingLogin)> {
        let randomness = Randomness(random_bytes(self.context)?);
        let client_id = &self.client.client_id;
        authorize::authorization_request(&self.provider, client_id, redirect_uri, &self.options.request, randomness)
            .map_err(Error::usage)
    }

    fn with_loopback_redirect(self, mut listener: Box<dyn Listener>, registered: Option<&String>) -> Result<Session> {
        let redirect_uri = registered.cloned().unwrap_or_else(|| listener.redirect_uri().to_owned());
        let (url, pending) = self.request(&redirect_uri)?;
        let waiting = CallbackWait::begin(
            self.context,
            self.requested_login(Some(&redirect_uri)),
            self.options.timeout_in_browser(),
        );
        let one_time_redirect = self.hinted_redirect(&url);
        self.show_url(one_time_redirect.as_ref().map_or(&url, |one_time_redirect| one_time_redirect.url()));
        let keys = KeyPrefetch::start(self.context, &self.provider);
        let outcome = waiting
            .redirect_query(one_time_redirect, listener.as_mut(), &pending)
            .and_then(|query| {
                authorize::accept_callback(&pending, query.expose())
                    .map_err(|problem| self.refusal(problem, Some(&pending.redirect_uri)))
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
        let opened = open_or_print_url(
            self.context,
            url,
            "Continue",
            self.options.timeout_in_browser(),
            self.options.no_browser,
        );
        if !opened && !is_remote {
            note();
        }
    }

    fn with_pasted_redirect(self, redirect_uri: &str) -> Result<Session> {
        let (url, pending) = self.request(redirect_uri)?;
        let waiting = CallbackWait::begin(
            self.context,
            self.requested_login(Some(redirect_uri)),
            self.options.timeout_in_browser(),
        );
        let reporter = self.context.reporter;
        if self.id_token_hint().is_some() {
            reporter.note("The ID token is not sent as a hint: a printed address must not contain it.");
        }
        reporter.prompt(format!("Open this URL in a browser and log in:\n\n  {url}\n"));
        reporter.prompt(
            "Then copy the whole address the browser was sent to (it may show an error page there), and paste it here:",
        );
        let code = waiting.pasted_code(&pending, |problem| self.refusal(problem, Some(&pending.redirect_uri)))?;
        self.exchange_buffered(&code, &pending, KeyPrefetch::none())
    }

    fn exchange_buffered(&self, code: &Code, pending: &PendingLogin, keys: KeyPrefetch) -> Result<Session> {
        self.context.reporter.buffered(|| self.exchange(code, pending, keys))
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
        let response = token::accept_code_response(&response)
            .map_err(|problem| self.refusal(problem, Some(&pending.redirect_uri)))?;
        let waited = self.started.elapsed(&*context.ports.clock);
        self.accept_tokens(&response, IdTokenSource::Login { pending, code, waited }, keys, sent_at)
    }
}
