//! `tidp policy simulate`: what happens to a session under a policy, a script and an SSO session. Needs no network, and a
//! profile only to know which policy.

use crate::cli::Simulate;
use crate::commands::options;
use crate::domain::decision::Renew;
use crate::domain::policy::{Policy, PolicyName};
use crate::domain::text::printable;
use crate::domain::time::Seconds;
use crate::error::{Error, ProfileError, Result, Situation};
use crate::explain::simulation::simulator::{self, Simulation};
use crate::explain::simulation::{comparison::comparison, report::report, scenario::Scenario};
use crate::flows::configuration::Configuration;
use crate::ports::{Ports, Reporter};
use crate::terminal::output::Output;
use crate::terminal::styled_text::Charset;
use serde_json::{Value, json};

const MAX_CALLS: i64 = 100_000;

/// # Errors
/// `usage` for durations that make no scenario; `failed` if client and provider contradict each other.
pub fn run(ports: &Ports, out: &Output<'_>, flag: Option<&str>, args: &Simulate) -> Result<()> {
    let charset = if args.ascii { Charset::Ascii } else { out.charset() };
    let (policy, renew) = policy_and_renew(ports, out, flag, args)?;
    let Some(policy) = policy else {
        let policies = PolicyName::ALL.map(PolicyName::documented);
        let simulated = policies.into_iter().map(|policy| simulate(args, policy, renew)).collect::<Result<Vec<_>>>()?;
        if out.json {
            let all: Vec<Value> = simulated.iter().map(to_json).collect();
            return out.document(json!({ "policies": all }));
        }
        return out.answer(&out.colors.render(&comparison(&simulated, out.columns(), charset)));
    };
    let simulated = simulate(args, policy, renew)?;
    if out.json {
        return out.document(to_json(&simulated));
    }
    let (scenario, simulation) = &simulated;
    out.answer(&out.colors.render(&report(scenario, simulation, out.columns(), charset)))
}

/// The policy to simulate, or `None` for all, and when to renew: as asked, or else as the profile in use has it.
fn policy_and_renew(
    ports: &Ports,
    out: &Output<'_>,
    flag: Option<&str>,
    args: &Simulate,
) -> Result<(Option<Policy>, Renew)> {
    let named = args.name.or(args.policy).map(PolicyName::documented);
    if named.is_some() || args.compare {
        return Ok((named, args.renew.unwrap_or_default()));
    }
    let profile = Configuration::load(ports).and_then(|configured| configured.profile(ports, flag));
    let profile = match profile {
        Err(error) if matches!(error.situation, Situation::Profile(ProfileError::NoProfile)) && flag.is_none() => {
            return Ok((None, args.renew.unwrap_or_default()));
        }
        profile => profile?,
    };
    if profile.policy.is_none() {
        out.note(&format!("The profile `{}` has no policy, so all are compared.", printable(&profile.name)));
    }
    Ok((profile.policy, args.renew.unwrap_or(profile.renew)))
}

fn simulate(args: &Simulate, policy: Policy, renew: Renew) -> Result<(Scenario, Simulation)> {
    let (every, length) = (duration("--every", &args.every, 1)?, duration("--for", &args.length, 1)?);
    if length.0 / every.0 > MAX_CALLS {
        let calls = format!("--every {} for {} makes more than {MAX_CALLS} calls", every.to_text(), length.to_text());
        return Err(Error::usage(format!("{calls}; call less often or shorten --for")));
    }
    let scenario = Scenario {
        policy,
        access_token: duration("--access-token", &args.access_token, 1)?,
        every,
        length,
        sso_ends_after: args.sso_ends_after.as_deref().map(|text| duration("--sso-ends-after", text, 0)).transpose()?,
        refresh_token_usage: args.refresh_tokens,
        renew,
        force: args.force,
    };
    let simulation = simulator::run(&scenario).map_err(|what| {
        Error::failed(format!("under {} client and provider disagree: {what}", policy.name.as_str()))
    })?;
    Ok((scenario, simulation))
}

/// A duration between `least` seconds and ten years.
fn duration(flag: &str, text: &str, least: i64) -> Result<Seconds> {
    let duration = Seconds::parse(text).map_err(options::wrong(flag))?;
    if (Seconds(least)..=Seconds::days(3_650)).contains(&duration) {
        return Ok(duration);
    }
    Err(Error::usage(format!("{flag} {} is not between {least} s and 3650 days", duration.to_text())))
}

fn to_json((scenario, simulation): &(Scenario, Simulation)) -> Value {
    let mut document = json!(simulation);
    document["policy"] = json!(scenario.policy.name);
    document["calls"] = simulation.calls().into();
    document["refreshes"] = simulation.refreshes().count().into();
    document
}
