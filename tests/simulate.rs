//! A thousand random scenarios: the client's decisions and estimates are checked against the sandbox's engine, which
//! shares only the policy table with them.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use proptest::prelude::*;
use tidp::testing::domain::decision::{DEFAULT_MIN_TTL, Renew};
use tidp::testing::domain::policy::{Policy, PolicyName, RefreshTokenUsage};
use tidp::testing::domain::session::RefreshReason;
use tidp::testing::domain::time::Seconds;
use tidp::testing::explain::simulation::{Event, EventKind, Scenario, Simulation, run, run_against};

/// The documented policies, and changed ones.
fn policy() -> impl Strategy<Value = Policy> {
    let changed =
        (1_i64..20_000, any::<bool>(), proptest::option::of(1_i64..40_000)).prop_map(|(life, sliding, cap)| Policy {
            name: PolicyName::Web,
            lifetime: Some(Seconds(life)),
            sliding,
            absolute_lifetime: cap.filter(|_| sliding).map(Seconds),
            reports_sso: true,
        });
    prop_oneof![proptest::sample::select(PolicyName::ALL.map(PolicyName::documented).to_vec()), changed]
}

/// Lifetimes and intervals of similar length, so that their ends come in any order and often at the same second.
fn scenario() -> impl Strategy<Value = Scenario> {
    let time = |longest: i64| prop_oneof![1..longest, (1..longest / 60 + 2).prop_map(|minutes| minutes * 60)];
    let usages = prop_oneof![Just(RefreshTokenUsage::OneTimeOnly), Just(RefreshTokenUsage::ReUse)];
    let renew = prop_oneof![Just(Renew::WhenDue), Just(Renew::BeforeSessionEnds)];
    let sso = proptest::option::of(prop_oneof![Just(0), time(30_000)]);
    (policy(), time(7_200), time(4_000), sso, usages, renew, proptest::bool::weighted(0.2), 1_i64..60).prop_map(
        |(policy, access_token, every, sso, refresh_token_usage, renew, force, calls)| {
            // Long lifetimes have as many calls, further apart.
            let scale = policy.lifetime.map_or(1, |life| (life.0 / 20_000).max(1));
            let every = Seconds(every * scale);
            Scenario {
                policy,
                access_token: Seconds(access_token),
                every,
                length: Seconds(every.0 * calls + 1),
                sso_ends_after: sso.map(|end| Seconds(end * scale)),
                refresh_token_usage,
                renew,
                force,
            }
        },
    )
}

/// The refreshes: when, why, and whether they moved the expiry.
fn refreshes(simulation: &Simulation) -> Vec<(Seconds, RefreshReason, bool)> {
    let refresh = |event: &Event| match event.kind {
        EventKind::Refreshed { reason, renewed } => Some((event.at, reason, renewed)),
        _ => None,
    };
    simulation.events.iter().filter_map(refresh).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn enforced_expiry_lies_between_earliest_and_implied(
        scenario in scenario()
    ) {
        let simulation = run(&scenario).map_err(TestCaseError::fail)?;
        for Event { expiry, .. } in &simulation.events {
            if let Some(times) = expiry {
                prop_assert!(times.earliest <= times.enforced && times.enforced <= times.implied, "{times:?}");
                if scenario.refresh_token_usage == RefreshTokenUsage::OneTimeOnly {
                    prop_assert_eq!(times.earliest, times.implied, "a new refresh token leaves no doubt");
                }
            }
        }
    }

    #[test]
    fn only_renewals_move_the_expiry(scenario in scenario()) {
        let simulation = run(&scenario).map_err(TestCaseError::fail)?;
        let Policy { lifetime, sliding, absolute_lifetime, .. } = scenario.policy;
        let mut end = lifetime.map(|lifetime| lifetime.min(absolute_lifetime.unwrap_or(lifetime)));
        for event in &simulation.events {
            if let EventKind::Refreshed { renewed, .. } = event.kind {
                let alive = scenario.sso_ends_after.is_none_or(|end| event.at < end);
                let next = lifetime.map(|life| Seconds(event.at.0 + life.0).min(absolute_lifetime.unwrap_or(Seconds(i64::MAX))));
                let moves = sliding && alive && next > end;
                prop_assert_eq!(renewed, moves, "{:?}", event);
                end = if moves { next } else { end };
            }
            if let Some(times) = event.expiry {
                prop_assert_eq!(Some(times.enforced), end, "{:?}", event);
            }
        }
        if let Some(end) = end {
            prop_assert_eq!(simulation.ends_at, end);
            prop_assert_eq!(simulation.alive, end > scenario.length);
        }
    }

    #[test]
    fn refresh_happens_only_when_due_and_before_expiry(scenario in scenario()) {
        let simulation = run(&scenario).map_err(TestCaseError::fail)?;
        let mut token_from = Seconds::ZERO;
        let mut last_end = None;
        for event in &simulation.events {
            if let EventKind::Refreshed { reason, .. } = event.kind {
                let left = Seconds(token_from.0 + scenario.access_token.0 - event.at.0);
                match reason {
                    RefreshReason::Forced => prop_assert!(scenario.force),
                    RefreshReason::Expired => prop_assert!(left <= DEFAULT_MIN_TTL, "{:?}: {:?} left", event, left),
                    RefreshReason::Keepalive => {
                        prop_assert!(scenario.renew == Renew::BeforeSessionEnds && scenario.policy.sliding);
                    }
                    RefreshReason::Claims => prop_assert!(false, "nobody asked for claims"),
                }
                prop_assert!(last_end.is_none_or(|end| event.at < end), "{:?} after {:?}", event, last_end);
                token_from = event.at;
            }
            if let EventKind::Refused { .. } = event.kind {
                prop_assert!(last_end.is_some_and(|end| event.at >= end), "{:?} before {:?}", event, last_end);
            }
            // An event without expiry keeps the last one.
            last_end = event.expiry.map(|times| times.enforced).or(last_end);
        }
    }

    #[test]
    fn keepalive_refreshes_are_a_third_of_a_lifetime_apart(scenario in scenario()) {
        let simulation = run(&scenario).map_err(TestCaseError::fail)?;
        let third = scenario.policy.lifetime.map_or(0, |life| life.0 / 3);
        let on_purpose = refreshes(&simulation).into_iter().filter(|(_, reason, _)| *reason == RefreshReason::Keepalive);
        let times: Vec<i64> = on_purpose.map(|(at, ..)| at.0).collect();
        for pair in times.windows(2) {
            prop_assert!(pair[1] - pair[0] >= third, "{pair:?}");
        }
    }

    #[test]
    fn renewed_sliding_session_never_expires(
        lifetime in 90_i64..100_000, parts in 1_i64..10, access_token in 31_i64..100_000, one_time in any::<bool>()
    ) {
        let scenario = Scenario {
            policy: Policy { lifetime: Some(Seconds(lifetime)), ..PolicyName::Web.documented() },
            access_token: Seconds(access_token),
            every: Seconds((lifetime / 3 / parts).max(1)),
            length: Seconds(lifetime * 5),
            sso_ends_after: None,
            refresh_token_usage: if one_time { RefreshTokenUsage::OneTimeOnly } else { RefreshTokenUsage::ReUse },
            renew: Renew::BeforeSessionEnds,
            force: false,
        };
        let simulation = run(&scenario).map_err(TestCaseError::fail)?;
        prop_assert!(simulation.alive && simulation.login_needed_at.is_none());
    }

    #[test]
    fn events_are_in_order_from_the_login(scenario in scenario()) {
        let simulation = run(&scenario).map_err(TestCaseError::fail)?;
        prop_assert_eq!(simulation.events[0].kind, EventKind::Login);
        prop_assert!(simulation.events.windows(2).all(|pair| pair[0].at <= pair[1].at), "{:?}", simulation.events);
        prop_assert!(simulation.events.iter().all(|event| event.at <= scenario.length));
    }
}

/// A script that refreshes every eight minutes for two hours.
fn believing(policy: PolicyName, refresh_token_usage: RefreshTokenUsage) -> Scenario {
    Scenario {
        policy: policy.documented(),
        access_token: Seconds::hours(1),
        every: Seconds::minutes(8),
        length: Seconds::hours(2),
        sso_ends_after: None,
        refresh_token_usage,
        renew: Renew::WhenDue,
        force: true,
    }
}

#[test]
fn wrong_policy_is_detected() {
    let policies = PolicyName::ALL.map(PolicyName::documented);
    for (believed, enforced) in policies.iter().flat_map(|a| policies.iter().map(move |b| (a, b))) {
        let outcome = run_against(&believing(believed.name, RefreshTokenUsage::OneTimeOnly), *enforced);
        let same = (believed.lifetime, believed.sliding) == (enforced.lifetime, enforced.sliding);
        assert_eq!(outcome.is_ok(), same, "{:?} against {:?}: {outcome:?}", believed.name, enforced.name);
    }
}

#[test]
fn lifetime_off_by_one_second_is_detected() {
    for by in [-1, 1] {
        for policy in PolicyName::ALL.map(PolicyName::documented).into_iter().filter(|policy| policy.lifetime.is_some())
        {
            let off = Policy { lifetime: policy.lifetime.map(|life| Seconds(life.0 + by)), ..policy };
            let outcome = run_against(&believing(policy.name, RefreshTokenUsage::OneTimeOnly), off);
            assert!(outcome.is_err(), "{:?} {by}", policy.name);
        }
    }
}
