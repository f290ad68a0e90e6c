//! `tidp policy`: the active policy, how much life is left, what a refresh would change, when to act and how.

use crate::cli::{self, Global, PolicyCommand};
use crate::commands::policy_simulate;
use crate::commands::policy_watch;
use crate::config;
use crate::domain::session::{EventKind, RefreshReason, Renewal, Session};
use crate::domain::text::printable;
use crate::domain::time::{Seconds, Time};
use crate::error::{Error, Result, SessionError};
use crate::explain::outlook::policy_descriptions::{self, Description};
use crate::explain::outlook::sentence::{Sentence, render_all};
use crate::explain::outlook::{Outlook, warnings};
use crate::explain::timeline::{self, Style, Timeline};
use crate::flows::context::Context;
use crate::ports::Ports;
use crate::terminal::layout::{painted, wrapped};
use crate::terminal::output::Output;
use serde_json::{Value, json};

/// Runs it.
///
/// # Errors
/// As the contract's exit codes say.
pub fn run(ports: &Ports, out: &Output<'_>, global: &Global, args: &cli::Policy) -> Result<()> {
    match &args.what {
        Some(PolicyCommand::List) => list(out),
        Some(PolicyCommand::Show { name }) => show(out, name),
        Some(PolicyCommand::Simulate(args)) => policy_simulate::run(out, args),
        None if args.watch => policy_watch::run(ports, out, global, args),
        None => Context::open(ports, out, global)?.run(|context| explain(context, args)),
    }
}

fn explain(context: &Context<'_>, args: &cli::Policy) -> Result<()> {
    let required = args.require.as_deref().map(Seconds::parse).transpose();
    let required = required.map_err(|what| Error::usage(format!("--require: {what}")))?;
    // A shell's prompt is no place to be asked for a password, at every line.
    let session = if args.short { context.load_without_asking()? } else { context.load()? };
    let now = context.ports.clock.now();
    let profile = &context.profile;
    let outlook = Outlook::of(now, session.as_ref(), profile.policy.as_ref(), profile.client_type, profile.renew);
    // Before the answer: stdout stays empty on failure.
    if let Some(required) = required {
        require(context, &outlook, required, now)?;
    }
    if context.out.json {
        // For a person, the explanation says all of this already.
        for warning in session.iter().flat_map(|s| warnings::warnings(now, s, profile.policy.as_ref(), profile.renew)) {
            context.out.warn(warning.code, render(context, &warning.message));
        }
        context.out.document(document(context, &outlook, session.as_ref(), args.why))
    } else if args.short {
        context.out.answer(&format!("{}\n", outlook.short(now)))
    } else {
        context.out.answer(&picture(context, &outlook, session.as_ref(), now, args, context.out.columns()))
    }
}

/// `--require`: an error where less is left than asked for, or nobody can tell.
fn require(context: &Context<'_>, outlook: &Outlook, required: Seconds, now: Time) -> Result<()> {
    let access_token_end = outlook.access_token_expires_at.ok_or(SessionError::NoSession)?;
    let most = outlook.policy.and_then(|policy| Some((policy.name.as_str(), policy.lifetime?)));
    let asked = required.to_text();
    let by_refresh_token = outlook.expired || outlook.expires_at_earliest.is_some();
    let mut what = match (outlook.sure_for(now), most) {
        (Some(left), _) if left >= required => return Ok(()),
        (Some(_), Some((policy, most))) if by_refresh_token && most < required => {
            format!("under {policy} a refresh token lives {}, less than {asked}", most.to_text())
        }
        (Some(left), _) => {
            let which = if by_refresh_token { "refresh" } else { "access" };
            format!("the {which} token can be relied on for {}, less than {asked}", left.to_text())
        }
        (None, _) => format!("nobody can tell whether the session lasts {asked}: {}", unknown(context, outlook)),
    };
    // What is asked for is a session's life; a script that only needs a token for so long may have one.
    if outlook.sure_for(now).is_some_and(|left| left < access_token_end.left(now)) {
        what += &format!("; the access token works until {}", context.out.when(access_token_end, now));
    }
    // Where no policy is known, a login changes nothing about that.
    let login_helps = outlook.policy.is_some() && most.is_none_or(|(_, most)| most >= required);
    Err(SessionError::LifetimeTooShort { message: what, login_helps }.into())
}

/// Why nothing tells the session's end.
fn unknown(context: &Context<'_>, outlook: &Outlook) -> String {
    match outlook.policy {
        Some(_) => "the provider refused the last refresh".to_owned(),
        None => format!("the profile {} names no client type", printable(&context.profile.name)),
    }
}

/// Without the distance from now: the sentences say it themselves where it matters.
fn render(context: &Context<'_>, sentence: &Sentence) -> String {
    sentence.render(&|time| context.out.local(time), context.profile.name_in_hints.as_deref())
}

fn document(context: &Context<'_>, outlook: &Outlook, session: Option<&Session>, why: bool) -> Value {
    let time = |time: Option<Time>| time.map(Time::rfc3339);
    let mut document = json!({
        "profile": context.profile.name,
        "policy": outlook.policy.map(|policy| policy.name),
        "client_type": outlook.client_type,
        "sliding": outlook.policy.map(|policy| policy.sliding),
        "lifetime": outlook.policy.and_then(|policy| policy.lifetime),
        "issued_at": time(outlook.issued_at),
        "renewed_at": time(outlook.renewed_at),
        "expires_at": time(outlook.expires_at),
        "expires_at_earliest": time(outlook.expires_at_earliest),
        "remaining": outlook.remaining,
        "expired": outlook.expired,
        "after_refresh_expires_at": time(outlook.after_refresh_expires_at),
        "sso": outlook.sso,
        "next_action": outlook.next_action,
        "act_before": time(outlook.act_before),
        "access_token_expires_at": time(outlook.access_token_expires_at),
        "explanation": render_all(&outlook.explanation, &Time::rfc3339, context.profile.name_in_hints.as_deref()),
    });
    if why {
        let events = session.map(|session| session.events.as_slice()).unwrap_or_default();
        document["events"] =
            events.iter().map(|event| json!({ "at": event.time.rfc3339(), "event": told(&event.kind) })).collect();
    }
    document
}

/// All of it as a person reads it, on that many columns.
pub(super) fn picture(
    context: &Context<'_>,
    outlook: &Outlook,
    session: Option<&Session>,
    now: Time,
    args: &cli::Policy,
    columns: usize,
) -> String {
    let (out, profile) = (context.out, &context.profile);
    let name = outlook.policy.map_or("policy unknown", |policy| policy.name.as_str());
    let client = outlook.client_type.map(|t| format!(", client type {}", t.as_str())).unwrap_or_default();
    let title = wrapped(&format!("{name}  {}{client}", printable(&profile.name)), columns);
    let mut text = format!("{}{}\n", out.bold(name), title.strip_prefix(name).unwrap_or_default());
    if let Some(session) = session {
        let timeline = Timeline::of(now, session, profile.policy.as_ref(), profile.renew);
        let style = Style { ascii: args.ascii || !out.utf8() };
        for line in timeline::draw(&timeline, columns, style, &|time| out.local(time)) {
            let line: String = line.0.iter().map(|span| painted(out, span.role, &span.text)).collect();
            text += &format!("{line}\n");
        }
        text.push('\n');
    }
    for sentence in &outlook.explanation {
        text += &wrapped(&render(context, sentence), columns);
    }
    if args.why {
        text.push('\n');
        for event in session.map(|session| session.events.as_slice()).unwrap_or_default() {
            text += &format!("{}  {}\n", out.when(event.time, now), told(&event.kind));
        }
    }
    text
}

/// What happened, for a person.
fn told(what: &EventKind) -> String {
    let why = |reason: RefreshReason| match reason {
        RefreshReason::Expired => "the access token had expired",
        RefreshReason::Claims => "up-to-date claims were asked for",
        RefreshReason::Forced => "it was asked for",
        RefreshReason::Keepalive => "to renew the session before it ends",
    };
    match what {
        EventKind::Login { refresh_token: true } => "login, with a refresh token".to_owned(),
        EventKind::Login { refresh_token: false } => "login, without a refresh token".to_owned(),
        EventKind::Refreshed { reason, renewal } => {
            let outcome = match renewal {
                Renewal::New => "a new refresh token came",
                Renewal::Same => "the same refresh token came back",
                Renewal::None => "no refresh token came back",
            };
            format!("refreshed because {}: {outcome}", why(*reason))
        }
        EventKind::Refused { reason, error } => {
            format!("refresh (because {}) refused: {}", why(*reason), printable(error))
        }
        EventKind::RefusedTokenKept { reason, error, .. } => {
            format!("refresh (because {}) refused: {}; the refresh token was kept", why(*reason), printable(error))
        }
        EventKind::Unanswered { reason } => {
            format!("refresh (because {}): no answer came that could be used", why(*reason))
        }
        EventKind::Discarded { reason } => {
            format!("refresh (because {}): the answer failed a check and was not used", why(*reason))
        }
        EventKind::Interrupted => "a refresh was begun and not finished".to_owned(),
    }
}

fn list(out: &Output<'_>) -> Result<()> {
    let all = policy_descriptions::catalogue();
    if out.json {
        return out.document(json!({ "policies": all.iter().map(described).collect::<Vec<_>>() }));
    }
    for policy in &all {
        let name = out.bold(&format!("{:<13}", policy.policy.name.as_str()));
        out.answer(&format!("{name} {}\n", summary(policy)))?;
    }
    Ok(())
}

fn summary(description: &Description) -> String {
    let policy = description.policy;
    let life = match (policy.lifetime, policy.sliding) {
        (None, _) => "no refresh token".to_owned(),
        (Some(lifetime), true) => format!("{}, renewed by a refresh", lifetime.to_text()),
        (Some(lifetime), false) => format!("{}, fixed from the login", lifetime.to_text()),
    };
    format!("{life:<30} {}", description.used_by)
}

fn show(out: &Output<'_>, name: &str) -> Result<()> {
    let name = config::policy_name(name).map_err(Error::usage)?;
    let description = policy_descriptions::describe(name);
    if out.json {
        return out.document(described(&description));
    }
    out.answer(&format!("{}\n", out.bold(name.as_str())))?;
    let rows = [
        ("Used by", description.used_by),
        ("A refresh", description.on_refresh),
        ("Life", description.life),
        ("What to do", description.advice),
    ];
    for (label, text) in rows {
        let text = wrapped(text, out.columns().saturating_sub(12)).trim_end().replace('\n', "\n            ");
        out.answer(&format!("{label:<11} {text}\n"))?;
    }
    Ok(())
}

fn described(description: &Description) -> Value {
    let policy = description.policy;
    json!({
        "policy": policy.name,
        "sliding": policy.sliding,
        "lifetime": policy.lifetime,
        "used_by": description.used_by,
        "on_refresh": description.on_refresh,
        "life": description.life,
        "advice": description.advice,
    })
}
