//! Waits for the redirect or a pasted URL. Reports requests that were ignored, and the likely cause if nothing comes.

use super::LoginAttempt;
use crate::domain::secret::Secret;
use crate::domain::warning::WarningCode;
use crate::error::{Error, LoginError, RequestedLogin, Result};
use crate::explain::outlook::sentence::full_sentence;
use crate::flows::advisory_warnings;
use crate::flows::context::Context;
use crate::oidc::Problem;
use crate::oidc::authorize::{self, Code, PasteError, PendingLogin};
use crate::ports::{IgnoredRequest, Listener, OneTimeRedirect};
use std::cell::{Cell, RefCell};
use std::io::ErrorKind;
use std::time::Duration;

/// How long to wait before the likely cause is reported.
const HINT_DELAY: Duration = Duration::from_secs(20);

/// How long to read the terminal before looking for the redirect again.
const TURN: Duration = Duration::from_millis(250);

/// How long to look for the redirect before checking whether the terminal may be read again.
const BACKGROUND_TURN: Duration = Duration::from_secs(1);

const PASTE_AGAIN: &str = "Paste the whole URL here, from http to its end:";

pub(super) struct CallbackWait<'a> {
    attempt: &'a LoginAttempt<'a, 'a>,
    context: &'a Context<'a>,
    pending: &'a PendingLogin,
    request: RequestedLogin,
    /// The uptime at which the wait times out.
    until: Duration,
    /// The uptime at which the likely cause is reported; `None` once it has been.
    hint_at: Cell<Option<Duration>>,
    /// SelectionReason requests were ignored; each reason is reported once.
    ignored: RefCell<Vec<&'static str>>,
}

impl<'a> CallbackWait<'a> {
    pub(super) fn begin(attempt: &'a LoginAttempt<'a, 'a>, pending: &'a PendingLogin) -> Self {
        let context = attempt.context;
        let now = context.ports.clock.uptime();
        let until = now.saturating_add(attempt.options.timeout_in_browser().to_std());
        let hint_at = Cell::new(Some(now.saturating_add(HINT_DELAY)).filter(|hint_at| *hint_at < until));
        let request = attempt.requested_login(Some(&pending.redirect_uri));
        Self { attempt, context, pending, request, until, hint_at, ignored: RefCell::default() }
    }

    /// The code of the redirect to `listener`, once the browser has followed `one_time_redirect`, if there is one.
    pub(super) fn redirected_code(
        &self,
        one_time_redirect: Option<Box<dyn OneTimeRedirect>>,
        listener: &mut dyn Listener,
    ) -> Result<Code> {
        if let Some(mut one_time_redirect) = one_time_redirect {
            let ignored = |what| self.warn_of_ignored(what);
            self.wait_until_timeout(|patience| Ok(one_time_redirect.wait(&ignored, patience).then_some(())))?;
        }
        let query = self.wait_until_timeout(|patience| Ok(self.redirect(listener, patience)))?;
        self.code_in_redirect(&query)
    }

    /// As [`CallbackWait::redirected_code`] and [`CallbackWait::pasted_code`], whichever comes first.
    pub(super) fn redirected_or_pasted_code(&self, listener: &mut dyn Listener) -> Result<Code> {
        let mut at_end = false;
        self.wait_until_timeout(|patience| self.first_code(listener, patience, &mut at_end).transpose())
    }

    /// The code that comes first; `None` after `patience`.
    fn first_code(&self, listener: &mut dyn Listener, patience: Duration, at_end: &mut bool) -> Option<Result<Code>> {
        let (clock, terminal) = (&self.context.ports.clock, &self.context.ports.terminal);
        let until = clock.uptime().saturating_add(patience);
        loop {
            let left = until.saturating_sub(clock.uptime());
            // The job may have been put into the background meanwhile.
            let reads = !*at_end && terminal.stdin_is_in_foreground();
            if reads {
                match terminal.read_line(Some(left.min(TURN))) {
                    Ok(Some(line)) => {
                        if let Some(code) = self.code_in_line(&Secret::new(line), true) {
                            return Some(code);
                        }
                    }
                    Err(error) if error.kind() == ErrorKind::TimedOut => {}
                    Err(error) if error.kind() == ErrorKind::InvalidData => self.ask_again(&error.to_string()),
                    Ok(None) | Err(_) => *at_end = true,
                }
            }
            let turn = match (reads, *at_end) {
                (true, _) => Duration::ZERO,
                (false, true) => left,
                (false, false) => left.min(BACKGROUND_TURN),
            };
            if let Some(query) = self.redirect(listener, turn) {
                return Some(self.code_in_redirect(&query));
            }
            if clock.uptime() >= until {
                return None;
            }
        }
    }

    /// The query of the redirect that belongs to this login; `None` after `patience`.
    fn redirect(&self, listener: &mut dyn Listener, patience: Duration) -> Option<Secret> {
        let not_ours = "a redirect that does not belong to this login";
        let check = |query: &str| authorize::check_state(self.pending, query);
        let is_ours = |query: &str| check(query).map_err(|why| self.warn_once(not_ours, why)).is_ok();
        listener.wait(&is_ours, &|what| self.warn_of_ignored(what), patience)
    }

    fn code_in_redirect(&self, query: &Secret) -> Result<Code> {
        authorize::accept_callback(self.pending, query.expose()).map_err(|problem| self.refusal(problem))
    }

    fn refusal(&self, problem: Problem) -> Error {
        self.attempt.refusal(problem, Some(&self.pending.redirect_uri))
    }

    /// The code in the pasted URL. A person who pastes something else is asked again in time; a script is not.
    pub(super) fn pasted_code(&self) -> Result<Code> {
        loop {
            let line = Secret::new(self.wait_until_timeout(|patience| self.read_line(patience))?);
            let is_typed = self.context.ports.terminal.stdin_is_terminal();
            if let Some(code) = self.code_in_line(&line, is_typed) {
                return code;
            }
        }
    }

    /// The code in a pasted line; `None` if the user was asked for another line, which happens only if it `is_typed`.
    fn code_in_line(&self, line: &Secret, is_typed: bool) -> Option<Result<Code>> {
        let wrong =
            |what: &str| (what.to_owned(), Error::usage(format!("{what}: paste the whole URL, starting with http")));
        let (what, error) = match authorize::accept_pasted_url(self.pending, line.expose()) {
            Ok(code) => return Some(Ok(code)),
            Err(PasteError::Problem(problem)) => return Some(Err(self.refusal(problem))),
            Err(PasteError::OtherLogin(what)) => (what.clone(), LoginError::OtherRedirect(what).into()),
            Err(PasteError::NotAUrl) if is_typed && line.expose().trim().is_empty() => {
                self.ask_again("that line was empty");
                return None;
            }
            Err(PasteError::BareCode) => wrong("that is only a code"),
            Err(PasteError::NotAUrl) => wrong("that is not the URL that the browser ends at"),
        };
        if !is_typed {
            return Some(Err(error));
        }
        self.ask_again(&what);
        None
    }

    fn ask_again(&self, why: &str) {
        self.context.reporter.prompt(&format!("{} {PASTE_AGAIN}", full_sentence(why)));
    }

    /// A line of standard input; `None` if none comes in time.
    fn read_line(&self, patience: Duration) -> Result<Option<String>> {
        match self.context.ports.terminal.read_line(Some(patience)) {
            Ok(Some(line)) => Ok(Some(line)),
            Ok(None) => Err(Error::usage("nothing was pasted: standard input has ended")),
            Err(error) if error.kind() == ErrorKind::TimedOut => Ok(None),
            Err(error) => Err(Error::failed(format!("cannot read standard input: {error}"))),
        }
    }

    /// The result of `wait`, which is called again until it has one. Reports the likely cause once if that takes long.
    fn wait_until_timeout<T>(&self, mut wait: impl FnMut(Duration) -> Result<Option<T>>) -> Result<T> {
        let clock = &self.context.ports.clock;
        loop {
            let until = self.hint_at.get().unwrap_or(self.until);
            if let Some(result) = wait(until.saturating_sub(clock.uptime()))? {
                return Ok(result);
            }
            if self.hint_at.take().is_none() {
                let ended = LoginError::TimedOut(self.request.clone(), self.ignored.take());
                return Err(ended.into());
            }
            let suspicion = self.request.suspicion();
            self.context.reporter.note(&format!("Still waiting. If the browser shows an error, {suspicion}."));
        }
    }

    fn warn_of_ignored(&self, what: IgnoredRequest) {
        let why = match what {
            IgnoredRequest::AnotherUser(user) => {
                let paste = self.context.command("tidp login --paste");
                return advisory_warnings::warn_of_another_user(
                    self.context.reporter,
                    user,
                    &format!("log in with `{paste}`"),
                );
            }
            IgnoredRequest::AnotherPath => "it came to another path than the redirect URI's",
            IgnoredRequest::AnotherHost => "it came to another host name or port than the redirect URI's",
            IgnoredRequest::AnotherMethod => "it was not a GET request (is `response_mode=form_post` set?)",
            IgnoredRequest::TooLarge => {
                "its headers are larger than 16 KiB (delete the browser's cookies for this address)"
            }
            IgnoredRequest::NotHttp => "it could not be read as plain HTTP (a browser may insist on https)",
        };
        self.warn_once("a request to the redirect URI", why);
    }

    fn warn_once(&self, what: &str, why: &'static str) {
        if !self.ignored.borrow().contains(&why) {
            self.ignored.borrow_mut().push(why);
            self.context.reporter.warn(WarningCode::RedirectIgnored, format!("{what} was ignored: {why}"));
        }
    }
}
