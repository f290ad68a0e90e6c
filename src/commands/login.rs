//! `tidp login`: authorization code with PKCE in the browser, the redirect caught on a loopback port or pasted.
//! Nothing is stored before every check has passed, and no lock is held while a human is in the browser.

mod told;
mod wishes;

use super::context::Context;
use super::metadata::Keys;
use super::output::Output;
use super::{inspect, metadata, received, token_cache, warn};
use crate::cli::{self, Global};
use crate::config::RedirectUri;
use crate::core::secret::Secret;
use crate::core::session::{Account, Happening, HeldToken, RefreshToken, SCHEMA, Session};
use crate::core::text::printable;
use crate::core::time::Time;
use crate::error::{Error, Result, Setup, Situation, with_profile};
use crate::oidc::Problem;
use crate::oidc::authorize::{self, Code, Expected, Pasted, Randomness};
use crate::oidc::discovery::Provider;
use crate::oidc::id_token::{Accepted, Check};
use crate::oidc::token::{self, Client, TokenAnswer};
use crate::world::{ListenAt, Listener, Page, Response, StoreFailureKind, World};
use serde_json::Value;
use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use told::summarise;
pub use told::{show, warn_of_memory};
use url::Url;
use wishes::Wishes;

const DOING: &str = "logging in";

/// A login under way: what was asked for, of whom, and what must be checked later.
struct Attempt<'c, 'w> {
    context: &'c Context<'w>,
    wishes: Wishes,
    client: Client,
    provider: Provider,
    before: Option<Account>,
}

/// Runs it.
///
/// # Errors
/// As the contract's exit codes say; then nothing was stored.
pub fn run(world: &World, out: &Output<'_>, global: &Global, args: &cli::Login) -> Result<()> {
    Context::open(world, out, global)?.run(|context| {
        let session = log_in(context, args)?;
        summarise(context, &session);
        if out.json { out.document(inspect::document(context, &session)) } else { Ok(()) }
    })
}

/// Logs in and stores the session.
///
/// # Errors
/// As [`run`].
pub fn log_in(context: &Context<'_>, args: &cli::Login) -> Result<Session> {
    // What can fail without the user's help fails before the user is asked for it: wishes, store, secret, discovery.
    let attempt = Attempt {
        context,
        wishes: Wishes::of(context, args)?,
        before: previous_account(context)?,
        client: context.client()?,
        provider: metadata::provider(context)?,
    };
    match &context.profile.redirect_uri {
        RedirectUri::Elsewhere(uri) => attempt.by_paste(uri),
        RedirectUri::Fixed(uri, _) if args.paste => attempt.by_paste(uri),
        RedirectUri::AnyPort(at) if args.paste => attempt.by_paste(&some_port(context, at)?),
        RedirectUri::Fixed(uri, at) => attempt.by_loopback(listen(context, at)?, Some(uri)),
        RedirectUri::AnyPort(at) => attempt.by_loopback(listen(context, at)?, None),
    }
}

/// Proves that the store answers, and tells whose session is about to be replaced. An entry that is no session of
/// ours is what this login mends.
fn previous_account(context: &Context<'_>) -> Result<Option<Account>> {
    context.store.check_writable(&context.entry())?;
    match context.load() {
        Ok(session) => Ok(session.map(|session| session.account)),
        Err(Error { situation: Situation::Entry(_), .. }) => Ok(None),
        Err(Error { situation: Situation::Store(failure), .. }) if failure.kind == StoreFailureKind::Ambiguous => {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn listen(context: &Context<'_>, at: &ListenAt) -> Result<Box<dyn Listener>> {
    context.world.callback.listen(at).map_err(|what| {
        let port = at.port.map(|port| format!(":{port}")).unwrap_or_default();
        Setup::NoListener(format!("cannot listen on {}{port}, where the redirect URI leads: {what}", at.host)).into()
    })
}

/// Where nobody listens, the browser shows an error and keeps the URL: that is what gets pasted.
fn some_port(context: &Context<'_>, at: &ListenAt) -> Result<String> {
    let [high, low] = random::<2>(context)?;
    Ok(format!("http://{}:{}{}", at.host, 49_152 | u16::from_be_bytes([high, low]), at.path))
}

/// Bytes nobody can guess.
///
/// # Errors
/// `failed`, if the system has none to give.
pub fn random<const N: usize>(context: &Context<'_>) -> Result<[u8; N]> {
    let mut bytes = [0; N];
    let failed = |error| Error::failed(format!("the system has no randomness to give: {error}"));
    context.world.entropy.fill(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// The answer to a request for the provider's keys that was sent while the user is in the browser; nobody who gives up
/// waits for it.
struct Ahead(Option<(Receiver<Response>, Time)>);

impl Ahead {
    fn none() -> Self {
        Self(None)
    }

    /// Sends the request, if there are no keys in the cache. Where that cannot be done beside the wait, it is done later.
    fn ask(context: &Context<'_>, provider: &Provider) -> Self {
        let Some(request) = metadata::wanted_keys(context, provider) else { return Self::none() };
        let http = Arc::clone(&context.world.http);
        let (sender, receiver) = channel();
        let fetch = move || http.send(&request).into_iter().for_each(|answer| drop(sender.send(answer)));
        let asked_at = context.world.clock.now();
        Self((context.world.background)(Box::new(fetch)).ok().map(|()| (receiver, asked_at)))
    }

    /// The answer, waited for as long as the network is, and when it was asked for; `None` where none came.
    fn answer(self) -> Option<(Response, Time)> {
        let (receiver, asked_at) = self.0?;
        Some((receiver.recv().ok()?, asked_at))
    }
}

impl Attempt<'_, '_> {
    fn request(&self, redirect_uri: &str) -> Result<(Url, Expected)> {
        let randomness = Randomness(random(self.context)?);
        let client_id = &self.client.client_id;
        authorize::authorization_request(&self.provider, client_id, redirect_uri, &self.wishes.options, randomness)
            .map_err(Error::usage)
    }

    fn by_loopback(self, mut listener: Box<dyn Listener>, registered: Option<&String>) -> Result<Session> {
        let redirect_uri = registered.cloned().unwrap_or_else(|| listener.redirect_uri().to_owned());
        let (url, expected) = self.request(&redirect_uri)?;
        self.show(&url);
        let keys = Ahead::ask(self.context, &self.provider);
        let Some(query) = self.wait(listener.as_mut(), &expected) else {
            listener.finish(Page::NotLoggedIn);
            return Err(Situation::LoginTimedOut.into());
        };
        let outcome = authorize::accept_callback(&expected, query.expose())
            .map_err(|problem| self.not_granted(problem))
            .and_then(|code| self.exchanged(&code, &expected, keys));
        listener.finish(if outcome.is_ok() { Page::LoggedIn } else { Page::NotLoggedIn });
        outcome
    }

    fn wait(&self, listener: &mut dyn Listener, expected: &Expected) -> Option<Secret> {
        let is_ours = |query: &str| authorize::is_ours(expected, query);
        let instead = format!("log in with `{}`", self.paste());
        let refused = |user| warn::another_user(self.context.out, user, &instead);
        listener.wait(&is_ours, &refused, self.wishes.timeout.to_std())
    }

    /// The login that needs no port of this machine.
    fn paste(&self) -> String {
        with_profile("tidp login --paste", self.context.profile.named.as_deref())
    }

    fn show(&self, url: &Url) {
        if !show(self.context, url, "Log in", self.wishes.timeout, self.wishes.no_browser) {
            self.context.out.note(&format!("On another machine's browser? Use `{}`.", self.paste()));
        }
    }

    fn by_paste(self, redirect_uri: &str) -> Result<Session> {
        let (url, expected) = self.request(redirect_uri)?;
        let out = self.context.out;
        out.ask(&format!("Open this URL in a browser and log in:\n\n  {url}\n"));
        out.ask(
            "Then copy the whole address the browser was sent to (it may show an error page there), and paste it here:",
        );
        let line = self.pasted()?;
        let code = authorize::accept_pasted(&expected, line.expose()).map_err(|problem| match problem {
            Pasted::BareCode => Error::usage("that is a bare code: paste the whole address, from http to its end"),
            Pasted::NotAUrl => {
                Error::usage("that is not the address the browser was sent to: paste it whole, from http to its end")
            }
            Pasted::Problem(problem) => self.not_granted(problem),
        })?;
        self.exchanged(&code, &expected, Ahead::none())
    }

    /// The line that comes in. A person who has only pressed a key too early is asked again, for as long as there is time.
    fn pasted(&self) -> Result<Secret> {
        let (clock, terminal) = (&self.context.world.clock, &self.context.world.terminal);
        let until = clock.uptime().saturating_add(self.wishes.timeout.to_std());
        loop {
            let patience = until.saturating_sub(clock.uptime());
            let line = terminal.read_line_within(patience).map_err(|error| match error.kind() {
                ErrorKind::TimedOut => Situation::LoginTimedOut.into(),
                _ => Error::failed(format!("cannot read standard input: {error}")),
            })?;
            let line = line.ok_or_else(|| Error::usage("nothing was pasted: standard input is at its end"))?;
            if !terminal.stdin_is_terminal() || !line.trim().is_empty() {
                return Ok(Secret::new(line));
            }
            self.context.out.ask("That line was empty. Paste the whole address here, from http to its end:");
        }
    }

    fn exchanged(&self, code: &Code, expected: &Expected, keys: Ahead) -> Result<Session> {
        self.context.out.keeping_back(|| self.exchange(code, expected, keys))
    }

    fn not_granted(&self, problem: Problem) -> Error {
        match problem {
            // OIDC Core 3.1.2.6: with prompt=none, these say that the user has something to do.
            Problem::Refused(provider)
                if matches!(
                    provider.error.as_str(),
                    "login_required" | "interaction_required" | "consent_required" | "account_selection_required"
                ) =>
            {
                Situation::InteractionRequired(provider).into()
            }
            problem => Error::problem(DOING, problem),
        }
    }

    /// Exchanges the code, once and before anything else is waited for, since it does not live long; validates all of
    /// the answer; stores the session.
    fn exchange(&self, code: &Code, expected: &Expected, keys: Ahead) -> Result<Session> {
        let context = self.context;
        let request = token::code_request(&self.provider, &self.client, code, expected);
        let sent_at = context.world.clock.now();
        let response = context.send(&request).map_err(|failure| match Error::unanswered(DOING, &failure) {
            Error { situation: Situation::Unreachable(what), .. } => {
                Situation::AnswerLost(format!("{what}. The code is spent or lost; log in again")).into()
            }
            other => other,
        })?;
        let answer = token::accept_code_answer(&response).map_err(|problem| Error::problem(DOING, problem))?;
        let session = metadata::fetched_keys(context, &self.provider, keys.answer())
            .and_then(|keys| self.validated(&answer, expected, code, keys, sent_at))
            .and_then(|session| self.store(session));
        if session.is_err()
            && let Some(token) = answer.refresh_token.as_ref().filter(|_| !may_be_stored(&session))
        {
            received::revoke_unwanted(context, &self.provider, token);
        }
        session
    }

    fn validated(
        &self,
        answer: &TokenAnswer,
        expected: &Expected,
        code: &Code,
        keys: Keys,
        sent_at: Time,
    ) -> Result<Session> {
        let context = self.context;
        let raw =
            answer.id_token.as_ref().ok_or_else(|| Error::invalid("the answer to the login holds no ID token"))?;
        let now = received::judging_time(context, answer.date);
        let check =
            Check::login(&self.provider.issuer, &self.client.client_id, now, &answer.access_token, expected, code)
                .require_acr(self.wishes.require_acr.as_deref());
        let mut accepted = received::validated(context, &self.provider, keys, raw, &check)?;
        accepted.token = accepted.token.counted_from(sent_at, now);
        self.right_account(&accepted)?;
        self.note_unmet_acr(&accepted);
        self.session(answer, accepted, sent_at)
    }

    fn right_account(&self, accepted: &Accepted) -> Result<()> {
        let sub = &accepted.account.sub;
        match &self.wishes.expect_sub {
            Some(expected) if expected != sub => Err(Error::invalid(format!(
                "this is another account (`sub` {}) than the one asked for with --expect-sub",
                printable(sub)
            ))),
            _ => Ok(()),
        }
    }

    /// `acr_values` is a wish (OIDC Core 3.1.2.1): a provider may ignore it. A provider asked for (`idp:…`) is no level.
    fn note_unmet_acr(&self, accepted: &Accepted) {
        let wished = self.wishes.options.acr_values.as_deref().unwrap_or_default();
        let mut levels = wished.split_whitespace().filter(|acr| !acr.starts_with("idp:")).peekable();
        let got: Vec<&str> = match accepted.claims.get("acr") {
            Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(acr)) => vec![acr],
            _ => Vec::new(),
        };
        if levels.peek().is_none() || levels.any(|level| got.contains(&level)) {
            return;
        }
        let got = if got.is_empty() { "none".to_owned() } else { printable(&got.join(" ")) };
        self.context
            .out
            .warn("acr_not_met", format!("the login's assurance level (acr) is {got}, not {}", printable(wished)));
    }

    fn session(&self, answer: &TokenAnswer, accepted: Accepted, sent_at: Time) -> Result<Session> {
        let refresh_token = match &answer.refresh_token {
            None => RefreshToken::NeverIssued,
            Some(value) => RefreshToken::Held(HeldToken {
                value: value.clone(),
                renewed_at: sent_at,
                maybe_renewed_at: None,
                not_renewed_since: None,
            }),
        };
        let session = Session {
            version: SCHEMA,
            key: self.context.key.clone(),
            generation: u64::from_be_bytes(random(self.context)?),
            account: accepted.account,
            // RFC 6749 5.1: no scope in the answer means that all that was asked for was granted.
            scopes: answer.scopes.clone().unwrap_or_else(|| self.wishes.options.scopes.clone()),
            login_at: sent_at,
            access_token: received::access_token(answer, sent_at),
            id_token: Some(accepted.token),
            refresh_token,
            refresh_started_at: None,
            events: Vec::new(),
        };
        Ok(session.with_event(sent_at, Happening::Login { refresh_token: answer.refresh_token.is_some() }))
    }

    /// Under the lock, over whatever is there: the last login wins, whole.
    fn store(&self, session: Session) -> Result<Session> {
        let context = self.context;
        let _lock = context.lock(&context.entry())?;
        let _signals = context.world.signals.hold();
        if let Some(before) = &self.before
            && before.sub != session.account.sub
        {
            let name = |account: &Account| printable(account.username.as_deref().unwrap_or(&account.sub));
            context.out.warn(
                "account_changed",
                format!("this is another account ({}) than before ({})", name(&session.account), name(before)),
            );
        }
        // First, so that a login that is killed here never leaves the new session with the old one's access token.
        token_cache::forget(context);
        let (entry, document) = (context.entry(), session.to_document());
        let saved = context.store.save(&entry, &document).or_else(|failure| match failure.kind {
            // Which of several is the session nobody knows, and from now on it is none of them.
            StoreFailureKind::Ambiguous => {
                context.store.delete(&entry).and_then(|_| context.store.save(&entry, &document))
            }
            _ => Err(failure),
        });
        if let Err(failure) = saved
            // A write whose end is not known is believed only when it is read back.
            && !context.store.load(&entry).is_ok_and(|stored| stored.as_ref() == Some(&document))
        {
            return Err(failure.into());
        }
        token_cache::put(context, &session);
        Ok(session)
    }
}

/// Whether the store may have the session although it did not say so: then its refresh token must stay good.
fn may_be_stored(outcome: &Result<Session>) -> bool {
    matches!(outcome, Err(Error { situation: Situation::Store(failure), .. }) if failure.kind == StoreFailureKind::Unknown)
}
