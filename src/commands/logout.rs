//! `tidp logout`: the local session first and always, then the refresh token, then the provider's session; each
//! outcome reported as it was.

use super::context::{Configured, Context};
use super::login::{random, show};
use super::output::Output;
use super::{metadata, token_cache, warn};
use crate::cli::{self, Global};
use crate::config::{self, Profile};
use crate::core::secret::Secret;
use crate::core::session::{EntryKey, RefreshLife, Session, SessionKey};
use crate::core::text::{hex, printable};
use crate::core::time::{Seconds, Time};
use crate::error::{Error, Result, Situation};
use crate::oidc::discovery::Provider;
use crate::oidc::logout::{self, LogoutOutcome};
use crate::world::{Entries, Ignored, Store, StoreFailureKind, World};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// How long a browser may take to fetch the page that sends it on.
const BROWSER_PATIENCE: Seconds = Seconds(20);

/// How one step at the provider ended. A failure's report says so again at the end, with the exit code.
enum Step {
    Done(&'static str),
    Skipped(&'static str),
    Failed(Error),
}

/// What a logout of one session came to.
struct Outcome {
    profile: String,
    had_session: bool,
    revocation: Step,
    provider_session: Step,
    access_token_valid_until: Option<Time>,
}

/// Runs it.
///
/// # Errors
/// The first failure at the provider; the local session is gone all the same. `store` if that is not so.
pub fn run(world: &World, out: &Output<'_>, global: &Global, args: &cli::Logout) -> Result<()> {
    // Nobody who names one profile wants to be logged out of the others. One in the environment is for every command.
    if args.all && global.profile.is_some() {
        return Err(Error::usage(
            "--all ends the sessions of all profiles and --profile names one: use one of the two",
        ));
    }
    let (endings, rest): (Vec<_>, _) = if args.all {
        let (contexts, store) = all(world, out, global)?;
        let end = |context: Context<'_>| context.run(|context| ending(context, args));
        (contexts.into_iter().map(end).collect(), nothing_is_left(store.as_ref()))
    } else {
        (vec![Context::open(world, out, global)?.run(|context| log_out(context, args))], Ok(()))
    };
    if endings.is_empty() && rest.is_ok() {
        out.note("There was no session.");
    }
    let mut failure = endings.iter().find_map(|ending| ending.as_ref().map_or_else(|e| Some(e.clone()), failure));
    if let Err(error) = rest {
        if failure.is_some() {
            note_failure(out, &error.report().message);
        }
        failure = failure.or(Some(error));
    }
    let outcomes: Vec<_> = endings.into_iter().flatten().collect();
    match failure {
        Some(error) => Err(error),
        None if out.json && args.all => {
            out.document(json!({ "sessions": outcomes.iter().map(document).collect::<Vec<_>>() }))
        }
        None if out.json => out.document(outcomes.first().map(document).unwrap_or_default()),
        None => Ok(()),
    }
}

/// Every session in the store, with its profile where there still is one; and the store.
fn all<'w>(world: &'w World, out: &'w Output<'w>, global: &Global) -> Result<(Vec<Context<'w>>, Box<dyn Store>)> {
    let configured = Configured::load(world)?;
    let own = |name: &String| config::file_profile(name, &configured.config, configured.base()).ok();
    let profiles = configured.profile(world, global).ok().into_iter();
    let profiles: Vec<_> = profiles.chain(configured.config.profile.keys().filter_map(own)).collect();
    let store = configured.store(world)?;
    let named = store.entries()?.names.into_iter().filter_map(|name| match EntryKey::parse(&name)? {
        EntryKey::Session(key) => Some(key),
        EntryKey::ClientSecret(_) => None,
    });
    // What is damaged does not say whose it is; a profile says where its session would be.
    let of_profiles = profiles.iter().map(Profile::session_key).filter(|key| holds(store.as_ref(), key));
    let keys: BTreeSet<SessionKey> = named.chain(of_profiles).collect();
    let context = |key: &SessionKey| {
        let profile = profiles.iter().find(|profile| profile.session_key() == *key);
        let profile = profile.cloned().unwrap_or_else(|| Profile::orphan(key));
        Ok(Context::new(world, out, profile, configured.store(world)?))
    };
    let contexts: Result<_> = keys.iter().map(context).collect();
    Ok((contexts?, store))
}

/// Whether there is anything in that session's place that a logout here and now can end. What another key has sealed is
/// left alone: with that key, its refresh token can be revoked.
fn holds(store: &dyn Store, key: &SessionKey) -> bool {
    match store.load(&EntryKey::Session(key.clone()).name()) {
        Ok(found) => found.is_some(),
        Err(failure) => failure.kind != StoreFailureKind::WrongKey,
    }
}

/// What no session's name led to, after all of them have ended: leftovers of killed writers are removed, and what cannot
/// be read is said.
fn nothing_is_left(store: &dyn Store) -> Result<()> {
    store.sweep()?;
    let Entries { unreadable: count, place, .. } = store.entries()?;
    match count {
        0 => Ok(()),
        _ => Err(Situation::EntriesUnreadable { store: store.name(), count, place }.into()),
    }
}

fn note_failure(out: &Output<'_>, what: &str) {
    out.note(&format!("{} {what}", out.paint_err("failed:", colored::Color::Red)));
}

/// One of several logouts: that it failed is said at once, for only the first failure is the command's.
fn ending(context: &Context<'_>, args: &cli::Logout) -> Result<Outcome> {
    log_out(context, args).inspect_err(|error| {
        let (name, message) = (printable(&context.profile.name), error.report().message);
        note_failure(context.out, &format!("the session of `{name}`: {message}"));
    })
}

/// Each thing is told when it has happened: what comes after it may take long.
fn log_out(context: &Context<'_>, args: &cli::Logout) -> Result<Outcome> {
    let out = context.out;
    let ended = end_local_session(context)?;
    let had_session = !matches!(ended, Ended::Nothing);
    let of = if args.all { format!(" of `{}`", printable(&context.profile.name)) } else { String::new() };
    let gone =
        if had_session { format!("The session{of} is gone here.") } else { format!("There was no session{of}.") };
    out.note(&gone);
    let (revocation, provider_session) = at_provider(context, args, &ended);
    let now = context.world.clock.now();
    let access_token_valid_until = match ended {
        Ended::Session(session) => Some(session.access_token.expires_at).filter(|end| *end > now),
        Ended::Nothing | Ended::Unreadable => None,
    };
    if let Some(end) = access_token_valid_until {
        out.note(&format!(
            "Access tokens cannot be revoked: the last one works until {}, wherever it was copied to.",
            out.when(end, now)
        ));
    }
    let profile = context.profile.name.clone();
    Ok(Outcome { profile, had_session, revocation, provider_session, access_token_valid_until })
}

/// What can be done at the provider: the refresh token, then the provider's session.
fn at_provider(context: &Context<'_>, args: &cli::Logout, ended: &Ended) -> (Step, Step) {
    let (skipped, out) = (Step::Skipped, context.out);
    let session = match ended {
        Ended::Nothing => return (skipped("there was no session"), skipped("there was no session")),
        Ended::Unreadable => {
            return (
                told(out, skipped("the entry could not be read, so a refresh token in it could not be revoked")),
                told(out, skipped("the ID token that names the session there could not be read either")),
            );
        }
        Ended::Session(_) if args.local => return (skipped("--local"), skipped("--local")),
        Ended::Session(session) => session,
    };
    let provider = match metadata::provider(context) {
        Ok(provider) => provider,
        Err(error) => return (told(out, Step::Failed(error.clone())), Step::Failed(error)),
    };
    let revocation = told(out, revoke(context, &provider, session));
    let provider_session = match &session.id_token {
        None => skipped("there is no ID token to name the session with"),
        Some(token) if args.browser => end_in_browser(context, &provider, &token.value),
        Some(token) => end_at_provider(context, &provider, &token.value),
    };
    (revocation, told(out, provider_session))
}

fn told(out: &Output<'_>, step: Step) -> Step {
    match &step {
        Step::Done(what) => out.note(&format!("At the provider, {what}.")),
        Step::Skipped(why) => out.note(&format!("At the provider, nothing was done: {why}.")),
        Step::Failed(error) => note_failure(out, &error.report().message),
    }
    step
}

/// What was in the store.
enum Ended {
    Nothing,
    Unreadable,
    Session(Box<Session>),
}

/// Removes entry and cached token under the lock: after this, whatever happens, the session is gone here.
fn end_local_session(context: &Context<'_>) -> Result<Ended> {
    let _lock = context.lock(&context.entry())?;
    // Also where the store then fails: nobody is served a token after asking to be logged out.
    token_cache::forget(context);
    let ended = match context.load() {
        Ok(None) => Ended::Nothing,
        Ok(Some(session)) => Ended::Session(Box::new(session)),
        // Whatever it is, the user wants it gone.
        Err(Error { situation: Situation::Entry(_), .. }) => Ended::Unreadable,
        // Nor does removing it need the key, or anything else than its name, or there to be only one.
        Err(Error { situation: Situation::Store(failure), .. })
            if matches!(
                failure.kind,
                StoreFailureKind::WrongKey | StoreFailureKind::Ambiguous | StoreFailureKind::Damaged
            ) =>
        {
            Ended::Unreadable
        }
        Err(error) => return Err(error),
    };
    let _signals = context.world.signals.hold();
    context.store.delete(&context.entry())?;
    Ok(ended)
}

fn revoke(context: &Context<'_>, provider: &Provider, session: &Session) -> Step {
    const DOING: &str = "revoking the refresh token";
    let Some(held) = session.held() else { return Step::Skipped("there was no refresh token") };
    let client = match context.client() {
        Ok(client) => client,
        Err(Error { situation: Situation::NoClientSecret, .. }) => return Step::Failed(not_revoked(context, session)),
        Err(error) => return Step::Failed(error),
    };
    let Some(request) = logout::revocation_request(provider, &client, &held.value) else {
        return Step::Skipped("the provider has no revocation endpoint");
    };
    match context.send(&request) {
        Err(failure) => Step::Failed(Error::unanswered(DOING, &failure)),
        Ok(response) => match logout::accept_revocation(&response) {
            Ok(()) => Step::Done("the refresh token was revoked"),
            Err(problem) => Step::Failed(Error::problem(DOING, problem)),
        },
    }
}

/// A confidential client has no secret to revoke with: the refresh token lives on, for as long as its policy tells.
fn not_revoked(context: &Context<'_>, session: &Session) -> Error {
    let now = context.world.clock.now();
    let life = context.profile.policy.as_ref().and_then(|policy| RefreshLife::of(session, policy));
    let end = life.map(|life| life.expires_at).filter(|end| *end > now);
    let until = end.map(|end| format!("; it may live until {}", context.out.when(end, now))).unwrap_or_default();
    let what = "the refresh token could not be revoked, because the client is confidential and has no client secret";
    Error::from(Situation::NotRevoked(format!("{what}{until}"))).of_profile(context.profile.named.as_deref())
}

fn end_at_provider(context: &Context<'_>, provider: &Provider, hint: &Secret) -> Step {
    const DOING: &str = "ending the provider's session";
    let state = match random::<16>(context) {
        Ok(bytes) => hex(&bytes),
        Err(error) => return Step::Failed(error),
    };
    let ca_file = context.profile.ca_file.as_deref();
    let Some(request) = logout::custom_logout_request(provider, ca_file, hint, &state) else {
        return Step::Skipped("the provider has no custom_logout_endpoint; `tidp logout --browser` uses the browser");
    };
    match context.send(&request) {
        Err(failure) => Step::Failed(Error::unanswered(DOING, &failure)),
        Ok(response) => match logout::accept_custom_logout(&response) {
            LogoutOutcome::LoggedOut => Step::Done("the provider's session was ended"),
            LogoutOutcome::AlreadyLoggedOut => Step::Done("the provider's session had ended already"),
            failed => Step::Failed(custom_logout_failed(failed)),
        },
    }
}

/// RP-Initiated Logout 1.0. The URL holds the ID token, so it is never an argument: the opener gets a loopback URL that
/// sends the browser on, once.
fn end_in_browser(context: &Context<'_>, provider: &Provider, hint: &Secret) -> Step {
    let Some(url) = logout::end_session_url(provider, &context.profile.client_id, Some(hint), None, None) else {
        return Step::Skipped("the provider has no end_session_endpoint");
    };
    let mut hand_over = match context.world.callback.hand_over(&url) {
        Ok(hand_over) => hand_over,
        Err(what) => return Step::Failed(Error::failed(format!("cannot listen on 127.0.0.1: {what}"))),
    };
    show(context, hand_over.url(), "Finish the logout", BROWSER_PATIENCE, false);
    let ignored = |what| {
        if let Ignored::AnotherUser(user) = what {
            warn::another_user(context.out, user, "run tidp as the user whose browser it is");
        }
    };
    if hand_over.wait(&ignored, BROWSER_PATIENCE.to_std()) {
        return Step::Done("the browser was sent to the provider's logout page");
    }
    Step::Failed(Error::failed("no browser came for the logout page"))
}

fn custom_logout_failed(outcome: LogoutOutcome) -> Error {
    let (kind, what) = match outcome {
        LogoutOutcome::LoggedOut | LogoutOutcome::AlreadyLoggedOut => ("failed", "it did not fail".to_owned()),
        LogoutOutcome::HintMissing => ("refused", "the provider missed the ID token (400)".to_owned()),
        LogoutOutcome::HintRefused => ("refused", "the provider did not accept the ID token (401)".to_owned()),
        LogoutOutcome::Incomplete => {
            ("unreachable", "a system behind it failed (424), so the logout is not complete".to_owned())
        }
        LogoutOutcome::Unavailable => ("unreachable", "it cannot do it just now".to_owned()),
        LogoutOutcome::Unexpected(status) => {
            ("invalid", format!("it answered {status}, which its guide does not name"))
        }
    };
    let what = format!(
        "the session is gone here, but the provider's session may live on: {what}. The user can end it on the provider's \
         self-service page"
    );
    Situation::LogoutIncomplete(kind, what).into()
}

fn document(outcome: &Outcome) -> Value {
    let step = |step: &Step| match step {
        Step::Done(what) => json!({ "done": true, "message": what }),
        Step::Skipped(why) => json!({ "done": false, "message": why }),
        Step::Failed(error) => json!({ "done": false, "message": error.report().message }),
    };
    json!({
        "profile": outcome.profile,
        "had_session": outcome.had_session,
        "revocation": step(&outcome.revocation),
        "provider_session": step(&outcome.provider_session),
        "access_token_valid_until": outcome.access_token_valid_until.map(Time::rfc3339),
    })
}

/// The first step that failed, with the local end said first: that much is certain.
fn failure(outcome: &Outcome) -> Option<Error> {
    [&outcome.revocation, &outcome.provider_session].into_iter().find_map(|step| match step {
        Step::Failed(error) => Some(error.clone().after_local_logout()),
        Step::Done(_) | Step::Skipped(_) => None,
    })
}
