//! When `tidp keepalive` renews a session: late, but with time left for a network that is down, and not at the same moment
//! as everybody else.

use crate::domain::decision::renewal_at;
use crate::domain::policy::Policy;
use crate::domain::session::{RefreshTokenExpiry, Session, Sso};
use crate::domain::time::{Seconds, Time};

/// How long before its end a lifetime is renewed: a fifth of it, and up to a tenth more, which `random` decides; at least a second.
pub fn lead(lifetime: Seconds, random: u64) -> Seconds {
    let spread = u64::try_from(lifetime.0 / 10).unwrap_or(0).saturating_add(1);
    let jitter = i64::try_from(random % spread).unwrap_or(0);
    Seconds((lifetime.0 / 5).max(1).saturating_add(jitter))
}

/// How long to wait after the `failures`th failure in a row, counted from 1: 5 s, then twice as long each time, but at most
/// ten minutes and a quarter of the time `left` until the end, so that some attempts always remain.
pub fn retry_delay(failures: u32, left: Seconds) -> Seconds {
    const FIRST: i64 = 5;
    let doubled = FIRST << failures.saturating_sub(1).min(20);
    Seconds(doubled.min(600).min((left.0 / 4).max(FIRST)))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RenewalPlan {
    /// It is renewed at `due`; otherwise it ends at `end`.
    Renewal { due: Time, end: Time },
    /// It ends at `at`: by its policy, or because its SSO session has ended.
    End { at: Time, sso_ended: bool },
    /// There is no refresh token, or its end is not known.
    Nothing,
}

impl RenewalPlan {
    /// The plan at `now`, if the session is renewed when `lead` of its lifetime is left.
    pub fn new(now: Time, session: &Session, policy: &Policy, lead: Seconds) -> Self {
        if let (Some(at), Some(life)) = (session.in_doubt_since(), RefreshTokenExpiry::by_policy(session, policy)) {
            // Only the next refresh shows whether the token is still valid.
            return Self::Renewal { due: at.min(now), end: life.expires_at };
        }
        let Some(life) = RefreshTokenExpiry::new(session, Some(policy)) else { return Self::Nothing };
        match renewal_at(session, policy, lead) {
            // A renewal counted from a time that a wrong clock wrote would come too late.
            Some(_) if session.access_token.is_from_future(now) => Self::Renewal { due: now, end: life.expires_at },
            Some(due) => Self::Renewal { due, end: life.expires_at },
            None => Self::End { at: life.expires_at, sso_ended: Sso::from_session(session, policy) == Sso::Ended },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::decision::{Action, Intent, Renew, decide};
    use crate::domain::policy::PolicyName;
    use crate::domain::session::RefreshReason;
    use crate::domain::session::tests::{found_inactive, introspected, logged_in, refreshed};
    use proptest::prelude::*;

    const LOGIN: Time = Time::from_unix(1_800_000_000);

    fn after(seconds: i64) -> Time {
        LOGIN.plus(Seconds(seconds))
    }

    fn end(seconds: i64, sso_ended: bool) -> RenewalPlan {
        RenewalPlan::End { at: after(seconds), sso_ended }
    }

    #[test]
    fn ten_minute_session_is_renewed_after_seven_to_eight() {
        let policy = PolicyName::PublicWeb.documented();
        let due = |chance| RenewalPlan::new(LOGIN, &logged_in(LOGIN, Some("r")), &policy, lead(Seconds(600), chance));
        assert_eq!(due(0), RenewalPlan::Renewal { due: after(480), end: after(600) });
        assert_eq!(due(60), RenewalPlan::Renewal { due: after(420), end: after(600) });
        assert_eq!(due(61), due(0));
    }

    #[test]
    fn session_that_no_refresh_renews_just_ends() {
        let session = logged_in(LOGIN, Some("r"));
        let of = |session: &Session, policy| RenewalPlan::new(after(1), session, &policy, Seconds(100));
        assert_eq!(of(&session, PolicyName::Confidential.documented()), end(14 * 86_400, false));
        let not_renewed = refreshed(&session, after(9), None);
        assert_eq!(of(&not_renewed, PolicyName::Web.documented()), end(600, true));
        assert_eq!(of(&not_renewed, PolicyName::Confidential.documented()), end(14 * 86_400, false));
        let capped = Policy { absolute_lifetime: Some(Seconds(600)), ..PolicyName::Mobile.documented() };
        assert_eq!(of(&session, capped), end(600, false));
        assert_eq!(of(&logged_in(LOGIN, None), PolicyName::Mobile.documented()), RenewalPlan::Nothing);
        assert_eq!(of(&session, PolicyName::NoRefresh.documented()), RenewalPlan::Nothing);
    }

    #[test]
    fn the_provider_moves_the_plan() {
        let (session, policy) = (logged_in(LOGIN, Some("r")), PolicyName::Mobile.documented());
        let plan = |session: &Session| RenewalPlan::new(after(5), session, &policy, Seconds::days(20));
        let shorter = introspected(&session, LOGIN, after(9_000));
        assert_eq!(plan(&shorter), RenewalPlan::Renewal { due: after(6_000), end: after(9_000) });
        let fixed = RenewalPlan::new(after(5), &shorter, &PolicyName::Confidential.documented(), Seconds(1));
        assert_eq!(fixed, end(9_000, false));
        let by_policy = LOGIN.plus(Seconds::days(90));
        assert_eq!(plan(&found_inactive(&session, LOGIN)), RenewalPlan::Renewal { due: LOGIN, end: by_policy });
    }

    #[test]
    fn after_the_clock_went_back_a_renewal_is_due_at_once() {
        let (session, policy) = (logged_in(LOGIN, Some("r")), PolicyName::Web.documented());
        let at = |now| RenewalPlan::new(now, &session, &policy, Seconds(120));
        assert_eq!(at(after(-60)), RenewalPlan::Renewal { due: after(480), end: after(600) });
        assert_eq!(at(after(-61)), RenewalPlan::Renewal { due: after(-61), end: after(600) });
    }

    #[test]
    fn retry_delay_doubles_and_leaves_time_for_more_tries() {
        let waits = |left| [1, 2, 3, 4, 8, 99, u32::MAX].map(|failures| retry_delay(failures, Seconds(left)).0);
        assert_eq!(waits(100_000), [5, 10, 20, 40, 600, 600, 600]);
        assert_eq!(waits(120), [5, 10, 20, 30, 30, 30, 30]);
        assert_eq!(waits(0), [5; 7]);
        assert_eq!(waits(-50), [5; 7]);
    }

    proptest! {
        #[test]
        fn refresh_leaves_a_fifth_of_the_lifetime_for_failures(
            lifetime in 2..8_000_000i64, chances in proptest::collection::vec(any::<u64>(), 1..20),
            latency in 0..30i64, same in any::<bool>(),
        ) {
            let policy = Policy { lifetime: Some(Seconds(lifetime)), ..PolicyName::Mobile.documented() };
            let mut session = logged_in(LOGIN, Some("r"));
            for (n, chance) in chances.into_iter().enumerate() {
                let lead = lead(Seconds(lifetime), chance);
                let now = session.access_token.obtained_at;
                let RenewalPlan::Renewal { due, end } = RenewalPlan::new(now, &session, &policy, lead) else {
                    return Err(TestCaseError::fail("renewable"));
                };
                let life = RefreshTokenExpiry::new(&session, Some(&policy)).unwrap();
                prop_assert!(due < end && end == life.expires_at);
                prop_assert!(same || due < life.expires_at_earliest);
                prop_assert!(end.since(due).0 >= lifetime / 5 && end.since(due).0 <= (lifetime * 2 + 2) / 3);
                let decided = |now| {
                    decide(now, &session, Some(&policy), Renew::WhenDue, Intent::KeepAlive { lead }).action
                };
                prop_assert_eq!(decided(due), Action::Refresh(RefreshReason::Keepalive));
                prop_assert!(decided(due.minus(Seconds(1))) != decided(due) || session.login_at == due);
                // The lifetime counts from when the request was sent, not from the response.
                let sent_at = due.plus(Seconds(latency.min(end.since(due).0 - 1)));
                session = refreshed(&session, sent_at, Some(&if same { "r".to_owned() } else { format!("r{n}") }));
            }
        }

        #[test]
        fn several_attempts_fit_before_the_end(lifetime in 40..8_000_000i64) {
            let mut left = lead(Seconds(lifetime), 0);
            let mut tries = 0;
            while left.0 > 0 {
                tries += 1;
                let wait = retry_delay(tries, left);
                prop_assert!(wait.0 >= 5);
                left = Seconds(left.0 - wait.0);
            }
            prop_assert!(tries >= 2);
            prop_assert!(i64::from(tries) <= 40 + lifetime / 600, "{} tries", tries);
        }
    }
}
