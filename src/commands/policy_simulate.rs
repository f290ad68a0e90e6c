//! `tidp policy simulate`: what a script, a policy and an SSO session do to each other, played offline to the second.
//! Needs no profile and no network: the client's own decisions are played against the sandbox's engine.

use crate::cli::{RefreshTokens, RenewWhen, Simulate};
use crate::config;
use crate::domain::decision::Renew;
use crate::domain::policy::{POLICIES, Policy};
use crate::domain::time::Seconds;
use crate::error::{Error, Result};
use crate::explain::simulation::simulator::{Disagreement, Event, Scenario, Story, What, play};
use crate::explain::simulation::{comparison, report};
use crate::explain::timeline::Style;
use crate::sandbox::Rotation;
use crate::terminal::output::Output;
use serde_json::{Value, json};

/// The most calls played.
const MOST_CALLS: i64 = 100_000;

/// Runs it.
///
/// # Errors
/// `usage` for durations that make no scenario; `failed` if client and provider contradict each other.
pub fn run(out: &Output<'_>, args: &Simulate) -> Result<()> {
    let style = Style { ascii: args.ascii || !out.utf8() };
    let Some(name) = &args.policy else {
        let played =
            POLICIES.map(|policy| scenario(args, policy).and_then(|scenario| Ok((scenario, told(&scenario)?))));
        let played = played.into_iter().collect::<Result<Vec<_>>>()?;
        if out.json {
            let all: Vec<Value> = played.iter().map(|(scenario, story)| document(scenario, story)).collect();
            return out.document(json!({ "policies": all }));
        }
        return out.answer(&comparison::compared(out, &played, style));
    };
    let policy = config::policy_name(name).map_err(Error::usage)?.documented();
    let scenario = scenario(args, policy)?;
    let story = told(&scenario)?;
    if out.json {
        out.document(document(&scenario, &story))
    } else {
        out.answer(&report::told(out, &scenario, &story, style))
    }
}

fn told(scenario: &Scenario) -> Result<Story> {
    play(scenario).map_err(|Disagreement(what)| {
        Error::failed(format!("under {} client and provider disagree: {what}", scenario.policy.name.as_str()))
    })
}

fn scenario(args: &Simulate, policy: Policy) -> Result<Scenario> {
    let (every, length) = (duration("--every", &args.every, 1)?, duration("--for", &args.length, 1)?);
    if length.0 / every.0 > MOST_CALLS {
        return Err(Error::usage(format!(
            "--every {} for {} makes more than {MOST_CALLS} calls: call less often, or look for less long",
            report::brief(every),
            report::brief(length)
        )));
    }
    Ok(Scenario {
        policy,
        access_token: duration("--access-token", &args.access_token, 1)?,
        every,
        length,
        sso_ends_after: args.sso_ends_after.as_deref().map(|text| duration("--sso-ends-after", text, 0)).transpose()?,
        refresh_tokens: match args.refresh_tokens {
            RefreshTokens::Rotate => Rotation::Rotate,
            RefreshTokens::Reuse => Rotation::Reuse,
        },
        renew: match args.renew {
            RenewWhen::WhenDue => Renew::WhenDue,
            RenewWhen::BeforeSessionEnds => Renew::BeforeSessionEnds,
        },
        force: args.force,
    })
}

/// A duration between `least` seconds and ten years.
fn duration(flag: &str, text: &str, least: i64) -> Result<Seconds> {
    let duration = Seconds::parse(text).map_err(|what| Error::usage(format!("{flag}: {what}")))?;
    if (Seconds(least)..=Seconds::days(3_650)).contains(&duration) {
        return Ok(duration);
    }
    Err(Error::usage(format!("{flag} {} is not between {least} s and 3650 days", report::brief(duration))))
}

fn document(scenario: &Scenario, story: &Story) -> Value {
    json!({
        "policy": scenario.policy.name,
        "events": story.events.iter().map(event).collect::<Vec<_>>(),
        "alive": story.alive,
        "ends_at": story.ends_at,
        "access_token_ends_at": story.access_token_ends_at,
        "login_needed_at": story.login_needed_at,
        "calls": story.calls(),
        "refreshes": story.refreshes(),
    })
}

fn event(event: &Event) -> Value {
    let name = match event.what {
        What::Login => "login",
        What::SsoEnded => "sso_ended",
        What::RefreshTokenEnded => "refresh_token_ended",
        What::AccessTokenEnded => "access_token_ended",
        What::Used => "used",
        What::Refreshed { .. } => "refreshed",
        What::Refused => "refused",
        What::LoginNeeded => "login_required",
    };
    let mut document = json!({ "at": event.at, "event": name });
    if let What::Refreshed { reason, renewed } = event.what {
        document["reason"] = json!(reason);
        document["renewed"] = renewed.into();
    }
    if let Some(ends) = event.ends {
        document["refresh_token_ends_at"] = json!(ends.truth);
        document["relied_on_until"] = json!(ends.relied_on);
    }
    document
}
