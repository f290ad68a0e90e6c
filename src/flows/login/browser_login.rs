//! A login in the browser: authorization code with PKCE (RFC 7636), the redirect caught on a loopback port or pasted.

use super::callback_wait::CallbackWait;
use super::{FAILED_STEP, LoginAttempt};
use crate::config::RedirectUri;
use crate::domain::secret::Secret;
use crate::domain::session::Session;
use crate::error::{Error, LoginMethod, Result, SessionError, Situation, StoreError, quote};
use crate::explain::exchange_steps;
use crate::explain::login_messages::{self, other_browser_ways, other_ways};
use crate::flows::browser::{listen, open_browser, open_or_print_url};
use crate::flows::provider_keys::KeyPrefetch;
use crate::oidc::authorize::{self, Code, PendingLogin};
use crate::oidc::discovery::is_loopback_literal;
use crate::oidc::{token, trace};
use crate::ports::{Env, FailureReason, ListenAddress, Listener, OneTimeRedirect, Page};
use std::net::IpAddr;
use url::Url;

fn failure_page(error: &Error) -> FailureReason {
    match &error.situation {
        Situation::Login(error) => error.page_reason(),
        Situation::Unreachable(_) => FailureReason::Unavailable,
        Situation::Invalid(_) | Situation::NotVerified(..) => FailureReason::NotValid,
        Situation::Store(StoreError::Failed(_)) | Situation::Session(SessionError::Busy(_)) => FailureReason::NotStored,
        _ => FailureReason::Failed,
    }
}

impl LoginAttempt<'_, '_> {
    pub(super) fn in_browser(self) -> Result<Session> {
        if let Err(why) = &self.provider.authorization_endpoint {
            return Err(Error::invalid(format!("{FAILED_STEP}: {why}")));
        }
        let context = self.context;
        match &context.profile.redirect_uri {
            RedirectUri::Elsewhere(uri) => self.with_pasted_redirect(uri),
            RedirectUri::Fixed(uri, _) if self.options.paste => self.with_pasted_redirect(uri),
            RedirectUri::AnyPort(at) if self.options.paste => self.with_pasted_redirect(&self.unused_loopback_uri(at)?),
            RedirectUri::Fixed(uri, at) => self.with_loopback_redirect(listen(context.ports, at)?, Some(uri)),
            RedirectUri::AnyPort(at) => self.with_loopback_redirect(listen(context.ports, at)?, None),
        }
    }

    /// A redirect URI at which no program listens: the browser shows an error, and the user copies the URL.
    fn unused_loopback_uri(&self, at: &ListenAddress) -> Result<String> {
        let port = 49_152 | u16::from_be_bytes(self.context.random_bytes()?);
        Ok(format!("http://{}:{port}{}", at.host, at.path))
    }

    fn request(&self, redirect_uri: &str) -> Result<(Url, PendingLogin)> {
        let randomness = self.context.random_bytes()?;
        let (client_id, options) = (&self.client.client_id, &self.options.request);
        let (url, pending) =
            authorize::authorization_request(&self.provider, client_id, redirect_uri, options, &randomness)
                .map_err(Error::usage)?;
        self.context.step(|| exchange_steps::PKCE.to_owned());
        self.context.step(|| {
            let endpoint = self.provider.authorization_endpoint.as_ref().map(trace::shown_url).unwrap_or_default();
            exchange_steps::authorization_request(&endpoint, client_id, &options.scopes.join(" "), redirect_uri)
        });
        Ok((url, pending))
    }

    fn with_loopback_redirect(&self, mut listener: Box<dyn Listener>, registered: Option<&String>) -> Result<Session> {
        let redirect_uri = registered.cloned().unwrap_or_else(|| listener.redirect_uri().to_owned());
        let (url, pending) = self.request(&redirect_uri)?;
        let waiting = CallbackWait::begin(self, &pending);
        let one_time_redirect = self.hinted_redirect(&url);
        // A hinted request starts at this machine's own address, which no other browser can open.
        let takes_paste = match &one_time_redirect {
            Some(one_time_redirect) => {
                self.show_local_url(one_time_redirect.url());
                false
            }
            None => self.show_url(&url, &redirect_uri),
        };
        let keys = KeyPrefetch::start(self.context, &self.provider);
        let code = match takes_paste {
            true => waiting.redirected_or_pasted_code(listener.as_mut()),
            false => waiting.redirected_code(one_time_redirect, listener.as_mut()),
        };
        let outcome = code.and_then(|code| self.exchange(&code, &pending, keys));
        listener
            .finish(outcome.as_ref().map_or_else(|error| Page::NotLoggedIn(failure_page(error)), |_| Page::LoggedIn));
        outcome
    }

    /// A loopback URL that redirects the browser once, if the request needs an ID token hint: the token must not be a
    /// program's argument or appear on a terminal.
    fn hinted_redirect(&self, url: &Url) -> Option<Box<dyn OneTimeRedirect>> {
        let hinted = authorize::with_id_token_hint(url, self.id_token_hint()?);
        let without = |what| self.context.reporter.note(&format!("The ID token is not sent as a hint: {what}."));
        self.context.ports.callback.one_time_redirect(&hinted).map_err(without).ok()
    }

    /// The previous ID token for `prompt=none`, which tells the provider who is meant (OpenID Connect Core 3.1.2.1).
    fn id_token_hint(&self) -> Option<&Secret> {
        let session = self.before.as_ref().filter(|_| self.options.is_prompt_none())?;
        Some(&session.id_token.as_ref()?.value)
    }

    /// Opens or prints the URL. Returns whether a pasted address is accepted too: the browser may be elsewhere, and there
    /// is somebody at the terminal.
    fn show_url(&self, url: &Url, redirect_uri: &str) -> bool {
        let context = self.context;
        let forward = forward_command(&context.ports.env, redirect_uri);
        if !context.ports.terminal.stdin_is_in_foreground() {
            let opened = self.show_local_url(url);
            if !opened || self.is_remote() {
                if let Some(forward) = forward {
                    let what = "Or, on that machine, forward the port before you open the URL";
                    context.reporter.note(&format!("{what}: `{forward}`."));
                }
                if let Some(device) = self.phone_command() {
                    context.reporter.note(&format!("Or use another device: `{device}`."));
                }
            }
            return false;
        }
        let timeout = self.options.timeout_in_browser();
        let opened = !self.options.no_browser && open_browser(context, url);
        if opened && !self.is_remote() {
            context.reporter.prompt(&login_messages::browser_opened_prompt(url, "log in", timeout));
            if self.options.show_other_ways {
                let elsewhere = self.context.command("tidp login --no-browser");
                context.reporter.note(&other_ways(&elsewhere, self.device_command().as_deref()));
            }
            return false;
        }
        context.reporter.note(match (opened, self.options.no_browser, self.is_remote()) {
            (true, ..) => "This is an SSH session, so the browser that was opened may be on another machine.",
            (_, true, _) => "No browser is opened (--no-browser).",
            (_, _, true) => "No browser can be opened: this is an SSH session.",
            (_, _, false) => "No browser can be opened on this machine.",
        });
        let place = "in a browser, on this machine or another";
        context.reporter.prompt(&login_messages::open_url_prompt(url, place, timeout));
        context.reporter.prompt(&other_browser_ways(forward.as_deref(), self.phone_command().as_deref()));
        true
    }

    /// Opens or prints a URL for a browser on this machine; nobody can paste. Returns whether a browser was opened.
    fn show_local_url(&self, url: &Url) -> bool {
        let paste = self.context.command("tidp login --paste");
        let note = || self.context.reporter.note(&format!("Is the browser on another machine? Use `{paste}`."));
        if self.is_remote() {
            note();
        }
        let (timeout, print_only) = (self.options.timeout_in_browser(), self.options.no_browser);
        let opened = open_or_print_url(self.context, url, "log in", timeout, print_only);
        if !opened && !self.is_remote() {
            note();
        }
        opened
    }

    /// Whether this is an SSH session.
    fn is_remote(&self) -> bool {
        self.context.ports.env.get("SSH_CONNECTION").is_some()
    }

    /// The command for a login on another device, if the provider has an endpoint for it.
    fn device_command(&self) -> Option<String> {
        self.provider.device_authorization_endpoint.as_ref().ok()?;
        Some(self.context.command(LoginMethod::Device.command()))
    }

    /// As [`LoginAttempt::device_command`], if a phone can reach the endpoint: it is not on this machine alone.
    fn phone_command(&self) -> Option<String> {
        let endpoint = self.provider.device_authorization_endpoint.as_ref().ok()?;
        self.device_command().filter(|_| !is_loopback_literal(endpoint))
    }

    fn with_pasted_redirect(&self, redirect_uri: &str) -> Result<Session> {
        let (url, pending) = self.request(redirect_uri)?;
        let waiting = CallbackWait::begin(self, &pending);
        let reporter = self.context.reporter;
        if self.id_token_hint().is_some() {
            reporter.note("The ID token is not sent as a hint: a printed URL must not contain it.");
        }
        reporter.prompt(&format!("Open this URL in a browser and log in:\n\n  {url}\n"));
        reporter
            .prompt("Then copy the whole URL that the browser ends at (it may show an error page), and paste it here:");
        self.exchange(&waiting.pasted_code()?, &pending, None)
    }

    /// Exchanges the code, once and without waiting for anything else, because it expires soon; and stores the session.
    fn exchange(&self, code: &Code, pending: &PendingLogin, keys: Option<KeyPrefetch>) -> Result<Session> {
        self.context.reporter.buffered(|| self.exchange_now(code, pending, keys))
    }

    fn exchange_now(&self, code: &Code, pending: &PendingLogin, keys: Option<KeyPrefetch>) -> Result<Session> {
        let context = self.context;
        context.step(|| exchange_steps::redirect(pending.iss_required));
        context.step(|| exchange_steps::code_exchange(self.client.has_secret()));
        let request = token::code_request(&self.provider, &self.client, code, pending);
        let sent_at = context.ports.clock.now();
        let response = context.send(&request).map_err(|failure| match Error::unanswered(FAILED_STEP, &failure) {
            Error { situation: Situation::Unreachable(what), .. } => {
                Situation::Unreachable(format!("{what}. The authorization code cannot be used again; log in again"))
                    .into()
            }
            other => other,
        })?;
        let response = token::accept_code_response(&response)
            .map_err(|problem| self.refusal(problem, Some(&pending.redirect_uri)))?;
        self.accept_tokens(&response, Some((pending, code)), keys, sent_at)
    }
}

/// The command that makes the redirect to this URI reach this machine, for the machine with the browser. The server's end
/// of the connection is in `SSH_CONNECTION` (ssh(1)); `None` without it, or if it is malformed.
fn forward_command(env: &Env, redirect_uri: &str) -> Option<String> {
    let mut words = env.get("SSH_CONNECTION")?.split(' ').skip(2);
    let address: IpAddr = words.next()?.parse().ok()?;
    let port_of_server = words.next().and_then(|word| word.parse().ok()).filter(|port: &u16| *port != 22);
    let port_of_server = port_of_server.map(|port| format!("-p {port} ")).unwrap_or_default();
    let user = env.get("USER").or(env.get("LOGNAME")).map(|user| format!("{user}@")).unwrap_or_default();
    let redirect = Url::parse(redirect_uri).ok()?;
    let (host, port) = (redirect.host_str()?, redirect.port_or_known_default()?);
    Some(format!("ssh {port_of_server}-L {port}:{host}:{port} {}", quote(&format!("{user}{address}"))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::secret::Secret;

    fn command(variables: &[(&str, &str)], redirect_uri: &str) -> Option<String> {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), Secret::new(*value)));
        forward_command(&Env::from_iter(variables), redirect_uri)
    }

    #[test]
    fn command_forwards_the_redirects_port_to_this_machine() {
        let at = |connection, user| {
            command(&[("SSH_CONNECTION", connection), ("USER", user)], "http://127.0.0.1:49999/callback")
        };
        let expected = |command: &str| Some(command.to_owned());
        assert_eq!(at("10.0.0.1 5 10.0.0.2 22", "kari"), expected("ssh -L 49999:127.0.0.1:49999 kari@10.0.0.2"));
        assert_eq!(at("10.0.0.1 5 10.0.0.2 2222", ""), expected("ssh -p 2222 -L 49999:127.0.0.1:49999 10.0.0.2"));
        assert_eq!(at("::1 5 fe80::2 22", "kari"), expected("ssh -L 49999:127.0.0.1:49999 kari@fe80::2"));
        assert_eq!(
            at("10.0.0.1 5 10.0.0.2 22", "x\u{1b}; rm"),
            expected(r#"ssh -L 49999:127.0.0.1:49999 "x\u{1b}; rm@10.0.0.2""#)
        );
        let logname = [("SSH_CONNECTION", "10.0.0.1 5 10.0.0.2 22"), ("LOGNAME", "ola")];
        assert_eq!(command(&logname, "http://[::1]:80/"), expected("ssh -L 80:[::1]:80 ola@10.0.0.2"));
    }

    #[test]
    fn malformed_connection_has_no_command() {
        for connection in ["x", "10.0.0.1 5", "10.0.0.1 5 $(id) 22", "10.0.0.1 5  22"] {
            assert_eq!(command(&[("SSH_CONNECTION", connection)], "http://127.0.0.1:1/"), None, "{connection}");
        }
        assert_eq!(command(&[], "http://127.0.0.1:1/"), None);
    }
}
