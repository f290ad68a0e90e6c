use super::*;
use crate::domain::policy::PolicyName;
use crate::domain::session::tests::{
    any_policy, found_inactive, history, introspected, lived, logged_in, refreshed, rejected,
};
use proptest::prelude::*;

const LOGIN: Time = Time::from_unix(1_800_000_000);
const TOKEN: Intent = Intent::AccessToken { min_ttl: Seconds(30) };

fn after(seconds: i64) -> Time {
    LOGIN.plus(Seconds(seconds))
}

/// The decision a number of seconds after the login, and when it changes.
fn at(seconds: i64, session: &Session, name: PolicyName, renew: Renew, intent: Intent) -> (Action, Option<i64>) {
    let decision = decide(after(seconds), session, Some(&name.documented()), renew, intent);
    (decision.action, decision.changes_at.map(|at| at.since(LOGIN).0))
}

#[test]
fn token_is_used_until_less_than_min_ttl_is_left() {
    for policy in PolicyName::ALL.map(PolicyName::documented) {
        let session = logged_in(LOGIN, Some("r"));
        let ask = |seconds| at(seconds, &session, policy.name, Renew::WhenDue, TOKEN);
        assert_eq!(ask(0), (Action::Use, Some(3_570)));
        assert_eq!(ask(3_569), (Action::Use, Some(3_570)));
        assert_eq!(ask(3_570), (Action::Refresh(RefreshReason::Expired), None));
    }
}

#[test]
fn expiry_by_policy_never_stops_an_attempt() {
    for policy in PolicyName::ALL.map(PolicyName::documented) {
        let session = logged_in(LOGIN, Some("r"));
        let far = at(400 * 86_400, &session, policy.name, Renew::WhenDue, TOKEN);
        assert_eq!(far, (Action::Refresh(RefreshReason::Expired), None));
    }
}

#[test]
fn expired_session_without_refresh_token_needs_login() {
    let never = logged_in(LOGIN, None);
    let refused = rejected(&logged_in(LOGIN, Some("r")), LOGIN);
    for (session, reason) in [(&never, LoginReason::NoRefreshToken), (&refused, LoginReason::RefreshTokenRejected)] {
        let ask = |seconds| at(seconds, session, PolicyName::NoRefresh, Renew::BeforeSessionEnds, TOKEN);
        assert_eq!(ask(3_569), (Action::Use, Some(3_570)));
        assert_eq!(ask(3_570), (Action::Login(reason), None));
    }
}

#[test]
fn claims_and_force_refresh_at_once_id_token_when_expired() {
    let session = logged_in(LOGIN, Some("r"));
    let ask = |seconds, intent| at(seconds, &session, PolicyName::Mobile, Renew::WhenDue, intent).0;
    assert_eq!(ask(0, Intent::Claims), Action::Refresh(RefreshReason::Claims));
    assert_eq!(ask(0, Intent::Force), Action::Refresh(RefreshReason::Forced));
    assert_eq!(ask(299, Intent::IdToken), Action::Use);
    assert_eq!(ask(300, Intent::IdToken), Action::Refresh(RefreshReason::Expired));
    let without = Session { id_token: None, ..session.clone() };
    let asked = at(0, &without, PolicyName::Mobile, Renew::WhenDue, Intent::IdToken).0;
    assert_eq!(asked, Action::Refresh(RefreshReason::Expired));
}

#[test]
fn renew_profile_refreshes_in_last_third_of_lifetime() {
    let session = logged_in(LOGIN, Some("r0"));
    let ask = |seconds, session: &Session, name| at(seconds, session, name, Renew::BeforeSessionEnds, TOKEN);
    assert_eq!(ask(399, &session, PolicyName::PublicWeb), (Action::Use, Some(400)));
    assert_eq!(ask(400, &session, PolicyName::PublicWeb), (Action::Refresh(RefreshReason::Keepalive), Some(3_570)));
    assert_eq!(ask(3_569, &session, PolicyName::Confidential), (Action::Use, Some(3_570)));
    let same = refreshed(&session, after(400), Some("r0"));
    assert_eq!(ask(799, &same, PolicyName::Web), (Action::Use, Some(800)));
    assert_eq!(ask(800, &same, PolicyName::Web).0, Action::Refresh(RefreshReason::Keepalive));
}

#[test]
fn keepalive_renews_at_lead_time_or_asks_for_login() {
    let session = logged_in(LOGIN, Some("r0"));
    let keep = Intent::KeepAlive { lead: Seconds(120) };
    let ask = |seconds, session: &Session, name| at(seconds, session, name, Renew::WhenDue, keep);
    assert_eq!(ask(479, &session, PolicyName::PublicWeb), (Action::Use, Some(480)));
    assert_eq!(ask(480, &session, PolicyName::PublicWeb), (Action::Refresh(RefreshReason::Keepalive), None));
    let of_renewing_profile = at(479, &session, PolicyName::PublicWeb, Renew::BeforeSessionEnds, keep);
    assert_eq!(of_renewing_profile, (Action::Use, Some(480)), "not at 400, as for a token");
    assert_eq!(ask(9_000_000, &session, PolicyName::Confidential), (Action::Use, None));
    let ended = refreshed(&session, after(9), None);
    assert_eq!(ask(700, &ended, PolicyName::PublicWeb), (Action::Use, None));
    let refused = rejected(&session, after(9));
    assert_eq!(ask(9, &refused, PolicyName::Mobile), (Action::Login(LoginReason::RefreshTokenRejected), None));
    assert_eq!(ask(-61, &session, PolicyName::Mobile), (Action::Refresh(RefreshReason::Keepalive), Some(-60)));
}

#[test]
fn session_that_no_refresh_renews_is_not_refreshed_early() {
    let ended = refreshed(&logged_in(LOGIN, Some("r0")), after(400), None);
    let ask = |session: &Session, policy: &Policy| {
        decide(after(900), session, Some(policy), Renew::BeforeSessionEnds, TOKEN).action
    };
    assert_eq!(ask(&ended, &PolicyName::PublicWeb.documented()), Action::Use);
    let capped = Policy { absolute_lifetime: Some(Seconds(600)), ..PolicyName::PublicWeb.documented() };
    assert_eq!(ask(&logged_in(LOGIN, Some("r0")), &capped), Action::Use);
}

#[test]
fn renewals_stay_a_third_of_a_lifetime_apart() {
    let capped = Policy { absolute_lifetime: Some(Seconds(1_000)), ..PolicyName::PublicWeb.documented() };
    let session = refreshed(&logged_in(LOGIN, Some("r0")), after(700), Some("r0"));
    let decision = decide(after(800), &session, Some(&capped), Renew::BeforeSessionEnds, TOKEN);
    assert_eq!(decision, Decision { action: Action::Use, changes_at: Some(after(900)) });
}

#[test]
fn token_from_the_future_is_not_trusted() {
    let session = logged_in(LOGIN, Some("r"));
    let ask = |seconds| at(seconds, &session, PolicyName::Mobile, Renew::WhenDue, TOKEN);
    assert_eq!(ask(-60).0, Action::Use);
    assert_eq!(ask(-61), (Action::Refresh(RefreshReason::Expired), Some(-60)));
    let longer_than_it_lives = Intent::AccessToken { min_ttl: Seconds(3_660) };
    let asked = at(-61, &session, PolicyName::Mobile, Renew::WhenDue, longer_than_it_lives);
    assert_eq!(asked, (Action::Refresh(RefreshReason::Expired), None));
}

fn any_intent() -> impl Strategy<Value = Intent> {
    prop_oneof![
        4 => (0..4_000i64).prop_map(|s| Intent::AccessToken { min_ttl: Seconds(s) }),
        1 => Just(Intent::IdToken),
        1 => Just(Intent::Claims),
        1 => Just(Intent::Force),
        2 => (1..8_000_000i64).prop_map(|s| Intent::KeepAlive { lead: Seconds(s) }),
    ]
}

fn any_renew() -> impl Strategy<Value = Renew> {
    prop_oneof![Just(Renew::WhenDue), Just(Renew::BeforeSessionEnds)]
}

#[test]
fn renewal_follows_the_lifetime_that_the_provider_has() {
    let mobile = PolicyName::Mobile.documented();
    let session = logged_in(LOGIN, Some("r0"));
    let shorter = introspected(&session, LOGIN, LOGIN.plus(Seconds::days(9)));
    // A lead for 90 days is longer than all of the 9 days.
    assert_eq!(renewal_at(&shorter, &mobile, Seconds::days(20)), Some(LOGIN.plus(Seconds::days(6))));
    assert_eq!(renewal_at(&shorter, &mobile, Seconds::days(1)), Some(LOGIN.plus(Seconds::days(8))));
    let due = |session| renewal_due_at(session, Some(&mobile), Renew::BeforeSessionEnds);
    assert_eq!(due(&shorter), Some(LOGIN.plus(Seconds::days(6))));
    assert_eq!(
        due(&introspected(&session, LOGIN, LOGIN.plus(Seconds::days(300)))),
        Some(LOGIN.plus(Seconds::days(200)))
    );
}

#[test]
fn a_token_that_is_not_active_is_tried_once_more_by_keepalive_and_when_due() {
    let mobile = PolicyName::Mobile.documented();
    let session = found_inactive(&logged_in(LOGIN, Some("r0")), LOGIN);
    let ask = |seconds, intent| decide(LOGIN.plus(Seconds(seconds)), &session, Some(&mobile), Renew::WhenDue, intent);
    let keep = Intent::KeepAlive { lead: Seconds(120) };
    assert_eq!(ask(1, keep).action, Action::Refresh(RefreshReason::Keepalive));
    let token = Intent::AccessToken { min_ttl: Seconds::ZERO };
    assert_eq!(ask(1, token).action, Action::Use);
    assert_eq!(ask(3_600, token).action, Action::Refresh(RefreshReason::Expired));
}

proptest! {
    #[test]
    fn decision_holds_until_changes_at_and_not_longer(
        (start, steps) in history(), policy in any_policy(), intent in any_intent(), renew in any_renew(),
        later in -10_000..9_000_000i64,
    ) {
        let states = lived(start, &steps);
        let (seen, session) = states.last().unwrap();
        let now = seen.plus(Seconds(later));
        let ask = |now| decide(now, session, Some(&policy), renew, intent);
        let answer = ask(now);
        match answer.changes_at {
            Some(at) => {
                prop_assert!(at > now);
                prop_assert_eq!(ask(at.minus(Seconds(1))).action, answer.action);
                prop_assert_ne!(ask(at).action, answer.action);
            }
            None => {
                for seconds in [1, 60, 600, 3_600, 8_000_000, 400_000_000] {
                    prop_assert_eq!(ask(now.plus(Seconds(seconds))), answer);
                }
            }
        }
    }

    #[test]
    fn token_with_enough_left_is_never_refreshed(
        (start, steps) in history(), policy in any_policy(), min_ttl in 0..3_600i64, age in 0..3_600i64,
    ) {
        let states = lived(start, &steps);
        let (_, session) = states.last().unwrap();
        let now = session.access_token.obtained_at.plus(Seconds(age));
        if session.access_token.expires_at.since(now) <= Seconds(min_ttl) {
            return Ok(());
        }
        let intent = Intent::AccessToken { min_ttl: Seconds(min_ttl) };
        prop_assert_eq!(decide(now, session, Some(&policy), Renew::WhenDue, intent).action, Action::Use);
    }

    #[test]
    fn keepalive_renews_in_time_at_most_once_per_third(
        same in prop::collection::vec(any::<bool>(), 20), pause in 1..200i64,
    ) {
        // A token is requested every `pause` seconds, and the response has the same or a new refresh token.
        let policy = PolicyName::PublicWeb.documented();
        let mut session = logged_in(LOGIN, Some("r0"));
        let (mut last, mut renewals) = (LOGIN, same.iter().enumerate());
        let mut now = LOGIN;
        loop {
            now = now.plus(Seconds(pause));
            let life = crate::domain::session::RefreshTokenExpiry::new(&session, Some(&policy)).unwrap();
            prop_assert!(now < life.expires_at);
            if decide(now, &session, Some(&policy), Renew::BeforeSessionEnds, TOKEN).action == Action::Use {
                continue;
            }
            prop_assert!(now.since(last) >= Seconds(200));
            let Some((n, same)) = renewals.next() else { break };
            let handle = if *same { session.held_token().unwrap().value.expose().to_owned() } else { format!("r{}", n + 1) };
            session = refreshed(&session, now, Some(&handle));
            last = now;
        }
    }
}
