//! `tidp policy`: the active policy, how long the session lasts, what a refresh would change, when to act and how.

use crate::cli::{self, PolicyCommand};
use crate::commands::policy_page::page;
use crate::commands::policy_watch::NO_SESSION;
use crate::commands::{options, policy_require, policy_simulate, policy_watch};
use crate::domain::policy::PolicyName;
use crate::domain::scopes::ScopeSet;
use crate::domain::session::{SessionEvent, Sso};
use crate::domain::text::printable;
use crate::domain::time::Time;
use crate::error::{Result, SessionError, with_profile};
use crate::explain::outlook::{NextAction, SessionOutlook, explanation::Explanation};
use crate::explain::policy_descriptions::policy_description;
use crate::explain::session_event::event_description;
use crate::flows::context::Context;
use crate::flows::machine_token_cache;
use crate::flows::refresh_token_introspection::load_with_introspection;
use crate::ports::{Ports, Prompt, Reporter};
use crate::terminal::layout::{wrap, wrap_indented};
use crate::terminal::output::Output;
use serde_json::{Value, json};

pub fn run(ports: &Ports, out: &Output<'_>, flag: Option<&str>, args: &cli::Policy) -> Result<()> {
    match &args.what {
        Some(PolicyCommand::List) => list(out),
        Some(PolicyCommand::Show { name }) => show(out, *name),
        Some(PolicyCommand::Simulate(args)) => policy_simulate::run(ports, out, flag, args),
        None if args.watch => policy_watch::run(ports, out, flag, args),
        None => Context::open(ports, out, flag)?.run(|context| explain(context, out, args)),
    }
}

fn explain(context: &Context<'_>, out: &Output<'_>, args: &cli::Policy) -> Result<()> {
    let required = options::duration("--require", args.require.as_deref())?;
    if context.profile.is_machine() {
        return explain_machine(context, out, args);
    }
    // A shell prompt, drawn after every command, must not ask for the keyring's password.
    // Nor may it wait for the provider.
    let (session, paused_until) =
        if args.short { (context.load(Prompt::Forbidden)?, None) } else { load_with_introspection(context)? };
    let now = context.ports.clock.now();
    let outlook = session.as_ref().map(|session| SessionOutlook { paused_until, ..context.outlook(session, now) });
    let outlook = outlook.as_ref();
    // Before anything is printed: stdout stays empty on failure.
    if let Some(required) = required {
        let outlook = outlook.ok_or(SessionError::NoSession)?;
        policy_require::check(&context.profile, outlook, required, &|time| out.when(time, now))?;
    }
    if out.json {
        // The page for a person says all of this already.
        let local = |time| out.local_time(time);
        for (code, message) in outlook.iter().flat_map(|outlook| outlook.warnings(&context.words(&local))) {
            out.warn(code, message);
        }
        out.document(document(context, outlook, args.why))
    } else if args.short {
        out.answer(&(outlook.map_or_else(|| NO_SESSION.to_owned(), SessionOutlook::short) + "\n"))
    } else {
        out.answer(&page(context, out, outlook, args, out.columns()))
    }
}

/// Explains that a client that acts for itself has no policy. Its session cannot end, so any `--require` is met.
fn explain_machine(context: &Context<'_>, out: &Output<'_>, args: &cli::Policy) -> Result<()> {
    let (now, profile) = (context.ports.clock.now(), &context.profile);
    let kept = machine_token_cache::load(context).tokens;
    let expires_at = kept.get(&ScopeSet::parse(&profile.scopes)).map(|token| token.access_token.expires_at);
    let token = with_profile("tidp token", profile.name_in_hints.as_deref());
    let explanation = |format_time: &dyn Fn(Time) -> String| {
        let kept = match expires_at {
            None => "No token is stored.".to_owned(),
            Some(at) if at <= now => format!("The stored one expired {}.", format_time(at)),
            Some(at) => format!("The stored one expires {}.", format_time(at)),
        };
        format!(
            "The client acts for itself: there is no user, no login and no refresh token, so no refresh policy applies and \
             only the access token expires. `{token}` requests a new one whenever one is due. {kept}"
        )
    };
    if out.json {
        let mut document = document(context, None, args.why);
        document["next_action"] = json!(NextAction::None);
        document["access_token_expires_at"] = expires_at.map(Time::rfc3339).into();
        document["explanation"] = explanation(&Time::rfc3339).into();
        out.document(document)
    } else if args.short {
        out.answer("machine token\n")
    } else {
        let text = wrap(&explanation(&|time| out.local_time(time)), out.columns()).join("\n");
        out.answer(&format!("{}  {}\n\n{text}\n", out.colors.bold("machine token"), printable(&profile.name)))
    }
}

/// The document of `tidp policy --json`. Without a session there is no outlook.
fn document(context: &Context<'_>, outlook: Option<&SessionOutlook<'_>>, with_events: bool) -> Value {
    let time = |time: Option<Time>| time.map(Time::rfc3339);
    let profile = &context.profile;
    let (policy, expiry) = (profile.policy.as_ref(), outlook.and_then(|outlook| outlook.expiry));
    let (next_action, act_before) = outlook.map_or((NextAction::Login, None), SessionOutlook::next_action);
    let mut document = json!({
        "profile": profile.name,
        "policy": policy.map(|policy| policy.name),
        "client_type": profile.client_type,
        "sliding": policy.map(|policy| policy.sliding),
        "lifetime": policy.and_then(|policy| policy.lifetime),
        "issued_at": time(outlook.and_then(SessionOutlook::issued_at)),
        "renewed_at": time(outlook.and_then(SessionOutlook::renewed_at)),
        "expires_at": time(expiry.map(|expiry| expiry.expires_at)),
        "expires_at_earliest": time(expiry.map(|expiry| expiry.expires_at_earliest)),
        "expires_at_source": outlook.and_then(SessionOutlook::expiry_source),
        "remaining": outlook.and_then(SessionOutlook::remaining),
        "expired": outlook.is_some_and(SessionOutlook::is_expired),
        "after_refresh_expires_at": time(outlook.and_then(SessionOutlook::after_refresh_expires_at)),
        "sso": outlook.map_or(Sso::Unknown, |outlook| outlook.sso),
        "next_action": next_action,
        "act_before": time(act_before),
        "access_token_expires_at": time(outlook.map(|outlook| outlook.session.access_token.expires_at)),
        "explanation": Explanation::new(outlook, policy, &context.words(&Time::rfc3339)).text(),
    });
    if let Some(until) = outlook.and_then(|outlook| outlook.paused_until) {
        document["introspection_paused_until"] = until.rfc3339().into();
    }
    if with_events {
        let events = outlook.map(|outlook| outlook.session.events.as_slice()).unwrap_or_default();
        let view = |event: &SessionEvent| json!({ "at": event.time.rfc3339(), "event": event_description(event) });
        document["events"] = events.iter().map(view).collect();
    }
    document
}

fn list(out: &Output<'_>) -> Result<()> {
    let policies = PolicyName::ALL.map(policy_description);
    if out.json {
        return out.document(json!({ "policies": policies }));
    }
    for policy in &policies {
        let name = out.colors.bold(&format!("{:<13}", policy.policy.as_str()));
        out.page(&format!("{name} {:<30} {}\n", policy.lifetime_text(), policy.used_by))?;
    }
    Ok(())
}

fn show(out: &Output<'_>, name: PolicyName) -> Result<()> {
    let description = policy_description(name);
    if out.json {
        return out.document(json!(description));
    }
    out.answer(&format!("{}\n", out.colors.bold(name.as_str())))?;
    for (label, text) in [
        ("Used by", description.used_by),
        ("A refresh", description.on_refresh),
        ("Lifetime", description.life),
        ("What to do", description.advice),
    ] {
        out.page(&format!("{label:<11} {}\n", wrap_indented(text, out.columns(), 12)))?;
    }
    Ok(())
}
