//! One policy's simulation: the scenario, the chart, a table of events, and how the session ended and why.

use super::chart::chart;
use super::event_table::event_table;
use super::scenario::Scenario;
use super::simulator::{Event, EventKind, Simulation};
use crate::domain::decision::Renew;
use crate::domain::time::Seconds;
use crate::explain::{count, paragraph};
use crate::terminal::styled_text::{Charset, Line, Role};

pub fn report(scenario: &Scenario, simulation: &Simulation, columns: usize, charset: Charset) -> Vec<Line> {
    let parts: [Vec<Line>; 4] = [
        paragraph(&scenario.description(), columns).collect(),
        chart(scenario, simulation, columns, charset),
        event_table(simulation, columns, charset),
        paragraph(&conclusion(scenario, simulation), columns).collect(),
    ];
    let title = Line::new(Role::Strong, format!("A new {} session, simulated", scenario.policy.name.as_str()));
    let mut lines = vec![title];
    lines.extend(parts.join(&Line::default()));
    lines
}

fn conclusion(scenario: &Scenario, simulation: &Simulation) -> String {
    let counts = format!(
        "{} for {}.",
        count(simulation.refreshes().count(), "refresh", "refreshes"),
        count(simulation.calls(), "call", "calls")
    );
    let end = simulation.ends_at.to_text();
    if simulation.alive {
        let until = match (scenario.policy.lifetime, scenario.policy.sliding) {
            (None, _) => format!("its access token expires after {end}, and then you must log in again"),
            (_, true) if !scenario.sso_ends() => {
                format!("its refresh token expires after {end}, unless it is renewed before then")
            }
            _ => format!("its refresh token expires after {end}, and nothing can extend it"),
        };
        let (length, reliable) = (scenario.length.to_text(), reliable_part(simulation));
        return format!("{length} after the login the session is still active: {until}.{reliable} {counts}");
    }
    let is_warning = |event: &&Event| event.kind == EventKind::Refused { still_works: true };
    let warned = simulation.events.iter().find(is_warning);
    let warned = warned.map(|event| format!("a warning after {} says so, and ", event.at.to_text()));
    let login = match simulation.login_needed_at {
        Some(at) => format!("the script is first told to log in after {}", at.to_text()),
        None if warned.is_some() => "the script is not told to log in until then".to_owned(),
        None if used_after_end(simulation) => "the script did not notice".to_owned(),
        None => "the script did not call again".to_owned(),
    };
    let (cause, advice) = (cause(scenario, simulation), advice(scenario, simulation));
    let (last_end, warned) = (simulation.access_token_expires_at.to_text(), warned.unwrap_or_default());
    format!(
        "The session ends after {end}: {cause}. The last access token works until {last_end}; {warned}{login}. \
         {counts}{advice}"
    )
}

/// The time that the client can rely on, if the provider grants more: the same refresh token was returned.
fn reliable_part(simulation: &Simulation) -> String {
    let expiry = simulation.events.iter().rev().find_map(|event| event.expiry);
    let unsure = expiry.filter(|expiry| expiry.earliest < expiry.enforced);
    unsure.map(|expiry| format!(" The client can rely only on {}.", expiry.earliest.to_text())).unwrap_or_default()
}

fn used_after_end(simulation: &Simulation) -> bool {
    let mut events = simulation.events.iter();
    events.any(|event| event.kind == EventKind::CachedTokenUsed && event.at >= simulation.ends_at)
}

/// Whether a refresh failed to renew the refresh token because the SSO session was over.
fn ended_by_sso(scenario: &Scenario, simulation: &Simulation) -> bool {
    scenario.policy.sliding && simulation.refreshes().any(|(_, renewed)| !renewed)
}

fn cause(scenario: &Scenario, simulation: &Simulation) -> &'static str {
    match (scenario.policy.lifetime, scenario.policy.sliding) {
        (None, _) => "no refresh token was issued, so it ends with its access token",
        (_, false) => "its expiry is fixed at the login, and a refresh does not change it",
        _ if ended_by_sso(scenario, simulation) => {
            "the SSO session had ended, and a refresh after that did not renew it"
        }
        _ if scenario.force => "the script called too seldom to renew it",
        _ if scenario.renew == Renew::WhenDue && scenario.policy.expires_before_access_token(scenario.access_token) => {
            "a refresh that waits for the access token to expire comes too late"
        }
        _ => "the script called too seldom to renew it",
    }
}

fn advice(scenario: &Scenario, simulation: &Simulation) -> String {
    let Some(lifetime) = scenario.policy.lifetime.filter(|_| scenario.policy.sliding) else { return String::new() };
    if ended_by_sso(scenario, simulation) || scenario.force || scenario.renew == Renew::BeforeSessionEnds {
        return String::new();
    }
    let until = if scenario.sso_ends() { " until the SSO session ends" } else { "" };
    format!(
        " With --renew before-session-ends (renew in the profile) and a call at least every {} it would stay active{until}.",
        Seconds(lifetime.0 / 3).to_text()
    )
}
