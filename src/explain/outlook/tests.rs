use super::explanation::Explanation;
use super::observations::{policy_mismatch, probable_rejection_cause};
use super::sentence::Words;
use super::*;
use crate::domain::policy::PolicyName;
use crate::domain::session::EventKind;
use crate::domain::session::tests::{
    any_policy, expired, found_inactive, history, introspected, lived, logged_in, refreshed, rejected,
};
use proptest::prelude::*;

const LOGIN: Time = Time::from_unix(1_800_000_000);
const DAY: i64 = 86_400;

fn after(seconds: i64) -> Time {
    LOGIN.plus(Seconds(seconds))
}

fn outlook<'a>(seconds: i64, session: &'a Session, policy: impl Into<Option<&'a Policy>>) -> SessionOutlook<'a> {
    SessionOutlook::new(after(seconds), session, policy.into(), Renew::WhenDue)
}

/// `next_action` and `act_before`, the latter in seconds since the login.
fn next<'a>(seconds: i64, session: &'a Session, policy: impl Into<Option<&'a Policy>>) -> (NextAction, Option<i64>) {
    let (action, act_before) = outlook(seconds, session, policy).next_action();
    (action, act_before.map(|at| at.since(LOGIN).0))
}

/// The explanation with times as seconds since the login.
fn explained<'a>(seconds: i64, session: &'a Session, policy: impl Into<Option<&'a Policy>>) -> String {
    text(&outlook(seconds, session, policy))
}

fn text(outlook: &SessionOutlook<'_>) -> String {
    Explanation::new(Some(outlook), outlook.policy, &WORDS).text()
}

const WORDS: Words<'static> = Words { format_time: &|at| format!("@{}", at.since(LOGIN).0), profile: Some("my demo") };

fn expires_at(outlook: &SessionOutlook<'_>) -> Option<Time> {
    outlook.expiry.map(|expiry| expiry.expires_at)
}

fn codes(seconds: i64, session: &Session, policy: &Policy) -> Vec<serde_json::Value> {
    outlook(seconds, session, policy).warnings(&WORDS).iter().map(|(code, _)| serde_json::json!(code)).collect()
}

fn fresh() -> Session {
    logged_in(LOGIN, Some("r0"))
}

fn refused(seconds: i64, session: &Session) -> Session {
    rejected(session, after(seconds))
}

const MOBILE: Policy = PolicyName::Mobile.documented();
const WEB: Policy = PolicyName::PublicWeb.documented();
const CONFIDENTIAL: Policy = PolicyName::Confidential.documented();
const NO_REFRESH: Policy = PolicyName::NoRefresh.documented();

#[test]
fn without_a_session_only_a_login_helps() {
    let text = Explanation::new(None, Some(&MOBILE), &WORDS).text();
    assert!(text.ends_with("log in with `tidp login --profile \"my demo\"`."));
}

#[test]
fn without_a_refresh_token_the_session_is_its_access_token() {
    let session = logged_in(LOGIN, None);
    assert_eq!(next(3_599, &session, &NO_REFRESH), (NextAction::None, Some(3_600)));
    assert_eq!(next(3_600, &session, &NO_REFRESH), (NextAction::Login, None));
    let outlook = outlook(60, &session, &NO_REFRESH);
    assert_eq!(
        (outlook.issued_at(), outlook.renewed_at(), expires_at(&outlook), outlook.remaining()),
        (None, None, None, None)
    );
    assert_eq!(outlook.short(), "NoRefresh 59m");
}

#[test]
fn a_token_that_the_policy_does_not_give_is_told_and_tried() {
    let session = fresh();
    let said = explained(60, &session, &NO_REFRESH);
    assert!(said.contains("NoRefresh: the policy has no refresh tokens, but the provider issued one"), "{said}");
    assert!(!said.contains("no refresh token is issued") && !said.contains("log in again"), "{said}");
    assert_eq!(next(3_599, &session, &NO_REFRESH), (NextAction::None, Some(3_600)));
    assert_eq!(next(3_600, &session, &NO_REFRESH).0, NextAction::Refresh);
    assert_eq!(outlook(60, &session, &NO_REFRESH).short(), "NoRefresh 59m+");
    assert_eq!(outlook(3_600, &session, &NO_REFRESH).short(), "NoRefresh refresh due");
    let told = introspected(&session, LOGIN, after(2 * DAY));
    let said = explained(60, &told, &NO_REFRESH);
    assert!(said.contains("Session until @172800 (in 1 day 23 h)") && said.contains("the provider said so"), "{said}");
    assert!(said.contains("it is not known whether a refresh renews it"), "{said}");
    assert_eq!(outlook(0, &told, &NO_REFRESH).short(), "NoRefresh 2d");
}

#[test]
fn a_fixed_end_is_not_moved_by_a_refresh() {
    let session = fresh();
    assert_eq!(next(3_599, &session, &CONFIDENTIAL), (NextAction::None, Some(3_600)));
    assert_eq!(next(3_600, &session, &CONFIDENTIAL), (NextAction::Refresh, Some(14 * DAY)));
    assert_eq!(next(14 * DAY - 1, &session, &CONFIDENTIAL), (NextAction::Refresh, Some(14 * DAY)));
    assert_eq!(next(14 * DAY, &session, &CONFIDENTIAL), (NextAction::Login, None));
    let short = Policy { lifetime: Some(Seconds(600)), ..CONFIDENTIAL };
    assert_eq!(next(60, &session, &short), (NextAction::None, Some(600)));
    let outlook = outlook(DAY, &session, &CONFIDENTIAL);
    assert_eq!(outlook.after_refresh_expires_at(), Some(after(14 * DAY)));
    assert_eq!(outlook.remaining(), Some(Seconds(13 * DAY)));
}

#[test]
fn a_sliding_end_is_moved_by_a_refresh_until_it_comes() {
    let session = fresh();
    assert_eq!(next(1, &session, &MOBILE), (NextAction::Refresh, Some(90 * DAY)));
    assert_eq!(outlook(DAY, &session, &MOBILE).after_refresh_expires_at(), Some(after(91 * DAY)));
    assert!(!explained(0, &session, &MOBILE).contains("would move the end"));
    assert!(explained(1, &session, &MOBILE).contains("would move the end to @7776001"));
    assert_eq!(next(90 * DAY, &session, &MOBILE), (NextAction::Login, None));
    let ended = outlook(90 * DAY, &session, &MOBILE);
    assert_eq!(
        (ended.is_expired(), ended.remaining(), ended.after_refresh_expires_at()),
        (true, Some(Seconds::ZERO), None)
    );
    assert_eq!(ended.short(), "Mobile ended");
    assert_eq!(outlook(1, &session, &MOBILE).short(), "Mobile 89d");
}

#[test]
fn unclear_renewal_acts_before_the_earliest_expiry() {
    let session = refreshed(&fresh(), after(10 * DAY), Some("r0"));
    assert_eq!(next(11 * DAY, &session, &MOBILE), (NextAction::Refresh, Some(90 * DAY)));
    assert_eq!(next(95 * DAY, &session, &MOBILE), (NextAction::Refresh, Some(100 * DAY)));
    let unsure = outlook(95 * DAY, &session, &MOBILE);
    assert_eq!((unsure.is_expired(), unsure.sso, unsure.certain_for()), (false, Sso::Unknown, Some(Seconds::ZERO)));
    assert_eq!(unsure.short(), "Mobile 5d?");
    let said = explained(11 * DAY, &session, &MOBILE);
    assert!(
        said.contains("Session until @7776000 (in 79 days), perhaps until @8640000; a refresh renews it."),
        "{said}"
    );
    assert!(said.contains("A refresh returned the same refresh token, which does not show"), "{said}");
}

#[test]
fn an_ended_sso_session_leaves_the_end_where_it_is_and_says_so() {
    let session = refreshed(&fresh(), after(10 * DAY), None);
    let (now, access_token_end) = (10 * DAY + 60, 10 * DAY + 3_600);
    assert_eq!(next(now, &session, &MOBILE), (NextAction::None, Some(access_token_end)));
    assert_eq!(next(access_token_end, &session, &MOBILE), (NextAction::Refresh, Some(90 * DAY)));
    assert_eq!(outlook(now, &session, &MOBILE).after_refresh_expires_at(), Some(after(90 * DAY)));
    assert_eq!(codes(now, &session, &MOBILE), ["sso_ended"]);
    let text = explained(now, &session, &MOBILE);
    assert!(text.contains("no refresh moves that, because the SSO session has ended"), "{text}");
    assert!(text.contains(&format!("Session until @{} (in ", 90 * DAY)), "{text}");
}

#[test]
fn absolute_lifetime_caps_what_a_refresh_gains() {
    let capped = Policy { absolute_lifetime: Some(Seconds::days(100)), ..MOBILE };
    assert_eq!(outlook(20 * DAY, &fresh(), &capped).after_refresh_expires_at(), Some(after(100 * DAY)));
    let session = refreshed(&fresh(), after(20 * DAY), Some("r1"));
    assert_eq!(next(20 * DAY + 1, &session, &capped), (NextAction::None, Some(20 * DAY + 3_600)));
    assert_eq!(codes(100 * DAY - 3_600, &session, &capped), ["ends_soon"]);
}

#[test]
fn refused_refresh_token_needs_a_login() {
    let session = refused(60, &fresh());
    let outlook = outlook(120, &session, &MOBILE);
    assert_eq!((outlook.next_action().0, outlook.is_expired(), expires_at(&outlook)), (NextAction::Login, true, None));
    let text = explained(120, &session, &MOBILE);
    assert!(text.contains("still works until @3600") && text.contains("probably revoked"), "{text}");
    assert!(!text.contains("though by Mobile"), "the same is said twice: {text}");
    assert!(!explained(3_600, &session, &MOBILE).contains("still works"));
    assert_eq!(outlook.short(), "Mobile ended");
}

#[test]
fn without_a_policy_nothing_is_claimed_until_a_refresh_is_due() {
    assert_eq!(next(60, &fresh(), None), (NextAction::Unknown, Some(3_600)));
    assert_eq!(next(3_600, &fresh(), None), (NextAction::Refresh, None));
    assert_eq!(next(3_600, &logged_in(LOGIN, None), None), (NextAction::Login, None));
    let session = fresh();
    let outlook = outlook(60, &session, None);
    assert_eq!(
        (outlook.policy, expires_at(&outlook), outlook.remaining(), outlook.sso),
        (None, None, None, Sso::Unknown)
    );
    assert!(
        explained(60, &fresh(), None)
            .contains("set policy in the profile, or for a client of TelenorID+ client_type in the profile.")
    );
    let short = |seconds| super::tests::outlook(seconds, &session, None).short();
    assert_eq!(short(3_599), "unknown 1s+");
    assert_eq!(short(3_600), "unknown refresh due");
}

#[test]
fn the_words_change_in_the_very_second_in_which_something_ends() {
    let same = refreshed(&fresh(), after(10 * DAY), Some("r0"));
    for (session, policy, end, before, then) in [
        (fresh(), None, 3_600, "expires @3600; then `tidp token", "expired @3600; the next `tidp token"),
        (fresh(), Some(MOBILE), 3_600, "From @3600 on `tidp token", "The next `tidp token"),
        (fresh(), Some(CONFIDENTIAL), 14 * DAY, "Until then `tidp token", "Session ended @1209600 (now)"),
        (same, Some(MOBILE), 90 * DAY, "Session until @7776000 (in 1 s)", "certain only until @7776000;"),
    ] {
        let (text, later) = (explained(end - 1, &session, policy.as_ref()), explained(end, &session, policy.as_ref()));
        assert!(text.contains(before) && !text.contains(then), "{text}");
        assert!(later.contains(then) && !later.contains(before), "{later}");
    }
}

#[test]
fn a_ten_minute_policy_is_explained_with_what_keeps_it_alive() {
    let text = explained(60, &fresh(), &WEB);
    for needed in [
        "PublicWeb: a refresh token is valid for 10 min, and each refresh renews it",
        "Session until @600 (in 9 min); a refresh renews it.",
        "A refresh now would move the end to @660.",
        "`tidp token --profile \"my demo\"` comes too late",
        "run `tidp refresh --force --profile \"my demo\"` before then",
        "or run `tidp profile set \"my demo\" renew before-session-ends`",
        "in the last third of its lifetime: use it at least every 3 min 20 s.",
        "are estimates",
    ] {
        assert!(text.contains(needed), "{needed}\nis not in\n{text}");
    }
    assert_eq!(codes(60, &fresh(), &WEB), ["dies_before_access_token"]);
    assert_eq!(codes(60, &fresh(), &MOBILE), Vec::<&str>::new());
}

#[test]
fn verdict_says_until_when_what_a_refresh_changes_and_what_to_do() {
    let (same, ended) = (refreshed(&fresh(), after(DAY), Some("r0")), refreshed(&fresh(), after(DAY), None));
    let told = introspected(&fresh(), after(60), after(DAY));
    let kept = fresh().after_refusal_with_token_kept("HTTP 400", expired(after(60)), true);
    let until = "Until then `tidp token` gets access tokens; log in before the end: `tidp login`.";
    let (renew, over) = ("The next `tidp token` renews it: use it before the end.", "Log in again now: `tidp login`.");
    let still = "Log in again now: `tidp login`. The access token still works until @3600 (in 50 min).";
    for (seconds, session, policy, first, then) in [
        (
            60,
            fresh(),
            Some(MOBILE),
            "Session until @7776000 (in 89 days 23 h); a refresh renews it.",
            "From @3600 on `tidp token` renews it: use it before the end.",
        ),
        (7_200, fresh(), Some(MOBILE), "Session until @7776000 (in 89 days 22 h); a refresh renews it.", renew),
        (
            DAY,
            same.clone(),
            Some(MOBILE),
            "Session until @7776000 (in 89 days), perhaps until @7862400; a refresh renews it.",
            "From @90000 on `tidp token` renews it: use it before the end.",
        ),
        (
            90 * DAY,
            same,
            Some(MOBILE),
            "Session perhaps until @7862400 (in 1 day), certain only until @7776000; a refresh renews it.",
            renew,
        ),
        (
            DAY,
            ended,
            Some(MOBILE),
            "Session until @7776000 (in 89 days); no refresh moves that, because the SSO session has ended.",
            until,
        ),
        (90 * DAY + 60, fresh(), Some(MOBILE), "Session ended @7776000 (1 min ago): the refresh token expired.", over),
        (
            60,
            fresh(),
            Some(WEB),
            "Session until @600 (in 9 min); a refresh renews it.",
            "`tidp token` comes too late: run `tidp refresh --force` before then to keep it.",
        ),
        (600, fresh(), Some(WEB), "Session ended @600 (now): the refresh token expired.", still),
        (
            600,
            refused(300, &fresh()),
            Some(WEB),
            "Session ended @300 (5 min ago): the provider refused the refresh token.",
            still,
        ),
        (DAY, fresh(), Some(CONFIDENTIAL), "Session until @1209600 (in 13 days); no refresh moves that.", until),
        (
            60,
            logged_in(LOGIN, None),
            Some(NO_REFRESH),
            "Session until @3600 (in 59 min); there is no refresh token.",
            "Then log in again: `tidp login`.",
        ),
        (
            3_660,
            logged_in(LOGIN, None),
            Some(NO_REFRESH),
            "Session ended @3600 (1 min ago): there is no refresh token.",
            over,
        ),
        (
            60,
            fresh(),
            None,
            "There is a refresh token, but it is not known when it expires.",
            "The access token expires @3600; then `tidp token` refreshes it.",
        ),
        (120, told, None, "Session until @86400 (in 23 h 58 min); it is not known whether a refresh renews it.", until),
        (
            600,
            found_inactive(&fresh(), after(60)),
            None,
            "Session probably ended. The provider, asked @60, says that the refresh token is no longer active.",
            still,
        ),
    ] {
        let words = Words { profile: None, ..WORDS };
        assert_eq!(outlook(seconds, &session, policy.as_ref()).verdict(&words), [first, then]);
    }
    assert_eq!(outlook(60, &kept, &MOBILE).verdict(&WORDS).len(), 2);
}

#[test]
fn end_before_a_refresh_is_due_is_said() {
    let said = |seconds, session: &Session, policy: &Policy| {
        outlook(seconds, session, policy).end_before_refresh(&Words { profile: None, ..WORDS })
    };
    let soon = said(304, &fresh(), &WEB).unwrap();
    assert_eq!(soon, "the session ends in 4 min 56 s: `tidp refresh --force` renews it");
    assert_eq!(said(600, &fresh(), &WEB).unwrap(), "the session has ended: `tidp login`");
    let fixed = said(14 * DAY - 60, &refreshed(&fresh(), after(14 * DAY - 90), Some("r1")), &CONFIDENTIAL).unwrap();
    assert_eq!(fixed, "the session ends in 1 min; then log in: `tidp login`");
    assert_eq!(said(60, &fresh(), &MOBILE), None);
    assert_eq!(said(60, &logged_in(LOGIN, None), &NO_REFRESH), None);
}

#[test]
fn early_renewal_is_announced_and_not_warned_of() {
    let session = fresh();
    let outlook = SessionOutlook::new(after(60), &session, Some(&WEB), Renew::BeforeSessionEnds);
    let text = text(&outlook);
    assert!(text.contains("From @400 on `tidp token --profile \"my demo\"` renews it"), "{text}");
    assert!(text.contains("Session until @600 (in 9 min)") && text.contains("use it before the end"), "{text}");
    assert_eq!(outlook.warnings(&WORDS), []);
}

#[test]
fn fixed_expiry_warns_in_the_last_day_or_tenth() {
    assert_eq!(codes(13 * DAY, &fresh(), &CONFIDENTIAL), Vec::<&str>::new());
    assert_eq!(codes(13 * DAY + 1, &fresh(), &CONFIDENTIAL), ["ends_soon"]);
    assert_eq!(codes(14 * DAY, &fresh(), &CONFIDENTIAL), Vec::<&str>::new());
    let hours = Policy { lifetime: Some(Seconds::hours(10)), ..CONFIDENTIAL };
    assert_eq!(codes(9 * 3_600, &fresh(), &hours), Vec::<&str>::new());
    assert_eq!(codes(9 * 3_600 + 1, &fresh(), &hours), ["ends_soon"]);
}

#[test]
fn interrupted_refresh_and_clock_skew_warn() {
    assert_eq!(codes(60, &fresh().with_refresh_started(after(50)), &MOBILE), ["refresh_interrupted"]);
    assert_eq!(codes(-60, &fresh(), &MOBILE), Vec::<&str>::new());
    assert_eq!(codes(-61, &fresh(), &MOBILE), ["clock_skew"]);
    assert_eq!(next(-61, &fresh(), &CONFIDENTIAL), (NextAction::Refresh, Some(-60)));
}

#[test]
fn answers_that_contradict_the_policy_are_named() {
    let mismatch = |session: &Session, policy| policy_mismatch(session, &policy, &WORDS);
    assert!(mismatch(&fresh(), NO_REFRESH).unwrap().contains("issued a refresh token"));
    assert!(mismatch(&logged_in(LOGIN, None), MOBILE).unwrap().contains("issued no refresh token"));
    let without_offline = Session { scopes: vec!["openid".into()], ..logged_in(LOGIN, None) };
    assert_eq!(mismatch(&without_offline, MOBILE), None);

    let late = refreshed(&fresh(), after(661), Some("r1"));
    assert!(mismatch(&late, WEB).unwrap().contains("it had expired @600"));
    assert_eq!(mismatch(&refreshed(&fresh(), after(660), Some("r1")), WEB), None);
    assert!(mismatch(&refreshed(&fresh(), after(15 * DAY), Some("r0")), CONFIDENTIAL).is_some());
    let renewed_in_vain = refreshed(&fresh(), after(13 * DAY), Some("r1"));
    assert!(mismatch(&refreshed(&renewed_in_vain, after(15 * DAY), Some("r2")), CONFIDENTIAL).is_some());
    let not_renewed = refreshed(&fresh(), after(300), None);
    assert!(mismatch(&refreshed(&not_renewed, after(700), Some("r1")), WEB).unwrap().contains("it had expired @600"));

    assert!(mismatch(&refused(600, &fresh()), MOBILE).unwrap().contains("until @7776000"));
    assert!(mismatch(&refused(81 * DAY - 1, &fresh()), MOBILE).is_some());
    assert_eq!(mismatch(&refused(81 * DAY, &fresh()), MOBILE), None);
}

#[test]
fn an_end_that_the_provider_says_is_compared_with_the_policy() {
    let mismatch = |session: &Session, end| {
        let told = introspected(session, after(60), after(end));
        policy_mismatch(&told, &MOBILE, &WORDS)
    };
    for (end, differs) in [(90 * DAY, false), (90 * DAY - 60, false), (90 * DAY + 60, false), (90 * DAY - 61, true)] {
        assert_eq!(mismatch(&fresh(), end).is_some(), differs, "{end}");
    }
    let words = mismatch(&fresh(), 30 * DAY).unwrap();
    assert!(
        words.contains(
            "provider says that the refresh token expires @2592000, but under Mobile it would expire @7776000"
        )
    );
    // Whether the same token was renewed is not known, so either end is right.
    let same = refreshed(&fresh(), after(10 * DAY), Some("r0"));
    for (end, differs) in
        [(89 * DAY, true), (90 * DAY, false), (95 * DAY, false), (100 * DAY, false), (101 * DAY, true)]
    {
        assert_eq!(mismatch(&same, end).is_some(), differs, "{end}");
    }
}

#[test]
fn an_end_that_the_provider_says_is_the_one_to_act_before() {
    let told = introspected(&refreshed(&fresh(), after(10 * DAY), Some("r0")), after(10 * DAY), after(20 * DAY));
    assert_eq!(next(11 * DAY, &told, &MOBILE), (NextAction::Refresh, Some(20 * DAY)));
    assert_eq!(outlook(11 * DAY, &told, &MOBILE).after_refresh_expires_at(), Some(after(21 * DAY)));
    assert_eq!(outlook(11 * DAY, &told, &MOBILE).short(), "Mobile 9d");
    let said = explained(11 * DAY, &told, &MOBILE);
    assert!(said.contains("Session until @1728000 (in 9 days); a refresh renews it."), "{said}");
    assert!(said.contains("so when asked, @864000.") && !said.contains("agrees") && !said.contains("Rely only"));
    assert_eq!(next(20 * DAY, &told, &MOBILE), (NextAction::Login, None));
    assert!(explained(20 * DAY, &told, &MOBILE).contains("Session ended @1728000 (now): the refresh token expired."));
    // A lifetime that is shorter than the access token's is warned of, whatever the policy says.
    let short = introspected(&fresh(), LOGIN, after(600));
    assert_eq!(codes(1, &short, &MOBILE), ["dies_before_access_token", "policy_mismatch"]);
    let long = introspected(&fresh(), LOGIN, after(90 * DAY));
    assert_eq!(codes(1, &long, &WEB), ["policy_mismatch"]);
    assert_eq!(codes(9 * DAY, &introspected(&fresh(), LOGIN, after(9 * DAY + 600)), &CONFIDENTIAL)[0], "ends_soon");
}

#[test]
fn a_token_that_is_not_active_ends_the_session_in_words_only() {
    let ended = found_inactive(&fresh(), after(60));
    let outlook = outlook(120, &ended, &MOBILE);
    assert_eq!((outlook.is_expired(), outlook.remaining()), (true, Some(Seconds::ZERO)));
    assert_eq!((outlook.expiry, outlook.expiry_source()), (None, Some(ExpirySource::Provider)));
    assert_eq!(outlook.next_action(), (NextAction::Login, None));
    assert_eq!(outlook.warnings(&WORDS), []);
    let said = explained(120, &ended, &MOBILE);
    assert!(said.contains("The provider, asked @60, says that the refresh token is no longer active"), "{said}");
    assert!(said.contains("works until @3600") && said.contains("is kept; the next refresh will show"), "{said}");
}

#[test]
fn without_a_policy_the_end_is_known_and_the_renewal_is_not() {
    let told = introspected(&fresh(), after(60), after(DAY));
    assert_eq!(next(120, &told, None), (NextAction::Unknown, Some(3_600)));
    assert_eq!(next(3_600, &told, None), (NextAction::Refresh, Some(DAY)));
    assert_eq!(next(DAY, &told, None), (NextAction::Login, None));
    let said = explained(120, &told, None);
    assert!(said.contains("not known whether a refresh renews it") && !said.contains("does not say"), "{said}");
    assert_eq!(outlook(120, &told, None).expiry_source(), Some(ExpirySource::Provider));
}

#[test]
fn why_a_token_was_refused_is_told_as_likely() {
    let probable = |session: &Session| probable_rejection_cause(session, Some(&MOBILE), &WORDS).unwrap();
    assert!(probable(&refused(90 * DAY, &fresh())).contains("It had probably expired: under the policy"));
    assert!(probable(&refused(89 * DAY, &fresh())).contains("revoked"));
    let same = refreshed(&fresh(), after(10 * DAY), Some("r0"));
    assert!(probable(&refused(95 * DAY, &same)).contains("certain to work only until @7776000"));
    let renewed_after_the_clock_was_set_back = refreshed(&same, after(5 * DAY), Some("r1"));
    assert!(
        probable(&refused(97 * DAY, &renewed_after_the_clock_was_set_back))
            .contains("It had probably expired: under the policy")
    );
    let lost = fresh().after_lost_response(expired(after(60)));
    assert!(probable(&refused(120, &lost)).contains("used up already"));
    assert_eq!(policy_mismatch(&refused(120, &lost), &MOBILE, &WORDS), None);
    let interrupted = fresh().with_event(after(60), EventKind::Interrupted, None);
    assert!(probable(&refused(120, &interrupted)).contains("used up already"));
    assert_eq!(probable_rejection_cause(&fresh(), Some(&MOBILE), &WORDS), None);
}

#[test]
fn what_the_provider_had_said_explains_a_refusal() {
    let told = introspected(&fresh(), after(60), after(DAY));
    for policy in [Some(&MOBILE), None] {
        let probable = |seconds| probable_rejection_cause(&refused(seconds, &told), policy, &WORDS).unwrap();
        let said = "as the provider had said it was valid until @86400.";
        assert!(probable(DAY).contains(&format!("It had probably expired: {said}")), "{}", probable(DAY));
        let revoked = "The provider had said that it was valid until @86400, so it was probably revoked";
        assert!(probable(DAY - 1).starts_with(revoked), "{}", probable(DAY - 1));
    }
    let mismatch =
        |end| policy_mismatch(&refused(DAY, &introspected(&fresh(), after(60), after(end))), &MOBILE, &WORDS);
    assert!(mismatch(DAY).unwrap().contains("said that the refresh token would expire @86400, but under Mobile"));
    assert_eq!(mismatch(90 * DAY), None);
}

#[test]
#[expect(clippy::disallowed_macros, reason = "shown by --nocapture only")]
fn samples_to_read() {
    let same = refreshed(&fresh(), after(10 * DAY), Some("r0"));
    let ended = refreshed(&fresh(), after(10 * DAY), None);
    for (seconds, session, policy) in [
        (60, fresh(), Some(MOBILE)),
        (7_200, fresh(), Some(MOBILE)),
        (11 * DAY, same.clone(), Some(MOBILE)),
        (95 * DAY, same, Some(MOBILE)),
        (10 * DAY + 60, ended.clone(), Some(MOBILE)),
        (10 * DAY + 7_200, ended, Some(MOBILE)),
        (91 * DAY, fresh(), Some(MOBILE)),
        (60, fresh(), Some(WEB)),
        (660, fresh(), Some(WEB)),
        (DAY, fresh(), Some(CONFIDENTIAL)),
        (60, logged_in(LOGIN, None), Some(NO_REFRESH)),
        (7_200, refused(7_100, &fresh()), Some(MOBILE)),
        (60, fresh(), None),
        (-600, fresh().with_refresh_started(after(-700)), Some(MOBILE)),
    ] {
        println!(
            "── {}\n{}\n",
            outlook(seconds, &session, policy.as_ref()).short(),
            explained(seconds, &session, policy.as_ref())
        );
    }
}

proptest! {
    #[test]
    fn an_outlook_never_contradicts_itself(
        (start, steps) in history(), policy in any_policy(), known: bool, later in -10_000..9_000_000i64,
    ) {
        let states = lived(start, &steps);
        let (seen, session) = states.last().unwrap();
        let policy = known.then_some(&policy);
        let at = |now| SessionOutlook::new(now, session, policy, Renew::WhenDue);
        let now = seen.plus(Seconds(later));
        let outlook = at(now);
        if let Some(expiry) = outlook.expiry {
            prop_assert!(expiry.expires_at_earliest <= expiry.expires_at);
            prop_assert_eq!(outlook.is_expired(), now >= expiry.expires_at);
            prop_assert_eq!(outlook.remaining(), Some(expiry.expires_at.left(now)));
        }
        let (next_action, act_before) = outlook.next_action();
        if outlook.is_expired() {
            prop_assert_eq!(next_action, NextAction::Login);
            prop_assert_eq!(outlook.after_refresh_expires_at(), None);
        }
        if let Some(moment) = act_before {
            prop_assert!(moment > now);
            prop_assert_eq!(at(moment.minus(Seconds(1))).next_action().0, next_action);
            let then = at(moment).next_action();
            // The earliest expiry has passed, but not the implied one: the same action, with another moment.
            let earliest = outlook.expiry.map(|expiry| expiry.expires_at_earliest);
            prop_assert!(then.0 != next_action || Some(moment) == earliest);
            prop_assert_ne!(then.1, act_before);
        }
        prop_assert!(!text(&outlook).is_empty());
    }
}
