use super::*;
use crate::domain::decision::Renew;
use crate::domain::policy::{Policy, PolicyName};
use crate::domain::session::Session;
use crate::domain::session::tests::{any_policy, history, lived, logged_in, refreshed, rejected};
use crate::domain::time::Seconds;
use crate::terminal::styled_text::{Charset, Line, Role, Span};
use proptest::prelude::*;
use unicode_width::UnicodeWidthStr;

const LOGIN: Time = Time::from_unix(1_800_000_000);

fn day(n: i64) -> Time {
    LOGIN.plus(Seconds::days(n))
}

fn local(at: Time) -> String {
    at.rfc3339().replace('T', " ").replace(":00Z", "")
}

fn timeline<'a>(now: Time, session: &'a Session, policy: Option<&'a Policy>, renew: Renew) -> Timeline<'a> {
    Timeline::new(SessionOutlook::new(now, session, policy, renew))
}

fn picture(now: Time, session: &Session, policy: Policy, columns: usize, charset: Charset) -> String {
    timeline(now, session, Some(&policy), Renew::WhenDue)
        .draw(columns, charset, &local)
        .iter()
        .map(|line| line.text() + "\n")
        .collect()
}

/// Every kind of session, for looking at: `cargo test timeline -- --nocapture`.
fn samples() -> Vec<(&'static str, Time, Session, Policy)> {
    let fresh = logged_in(LOGIN, Some("r0"));
    let mobile = PolicyName::Mobile.documented();
    let web = PolicyName::PublicWeb.documented();
    let same = refreshed(&refreshed(&fresh, day(3), Some("r1")), day(20), Some("r1"));
    let ended = refreshed(&same, day(40), None);
    let refused = rejected(&ended, day(41));
    let old = (1..15).fold(fresh.clone(), |s, n| refreshed(&s, day(n * 40), Some(&format!("r{n}"))));
    vec![
        ("mobile, just logged in", LOGIN.plus(Seconds(60)), fresh.clone(), mobile),
        ("mobile, same handle", day(30), same, mobile),
        ("mobile, SSO ended", day(40), ended, mobile),
        ("mobile, refused", day(41), refused, mobile),
        ("mobile, old", day(580), old, mobile),
        ("mobile, ended", day(100), fresh.clone(), mobile),
        ("mobile, long ended", day(1000), fresh.clone(), mobile),
        ("web", LOGIN.plus(Seconds(240)), fresh.clone(), web),
        ("web, ended", LOGIN.plus(Seconds(1_240)), fresh.clone(), web),
        ("confidential", day(9), refreshed(&fresh, day(9), Some("r0")), PolicyName::Confidential.documented()),
        ("none", LOGIN.plus(Seconds(1_240)), logged_in(LOGIN, None), PolicyName::NoRefresh.documented()),
    ]
}

/// The bars alone.
fn bars(now: Time, session: &Session, policy: Policy, columns: usize) -> Vec<String> {
    let all = picture(now, session, policy, columns, Charset::Unicode);
    all.lines().take_while(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[test]
fn ten_minute_bar_ends_before_one_hour_bar() {
    let (_, now, session, policy) = samples().swap_remove(7);
    assert_eq!(
        bars(now, &session, policy, 75),
        [
            "refresh token  ├─●━━━┫                                6 min left, renewable",
            "access token   ├─●━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┫  56 min left",
        ]
    );
}

#[test]
fn sure_and_implied_lifetimes_look_different() {
    let (_, now, session, policy) = samples().swap_remove(2);
    assert_eq!(
        bars(now, &session, policy, 71),
        [
            "refresh token  ├┼────┊─────⊘●━━━━━━━━━━━━━━━┿┅┅┅┅┫  53 days left, fixed",
            "access token   △●━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┫  1 h left",
        ]
    );
}

#[test]
fn each_mark_means_one_thing() {
    let legend = |now, session: &Session, policy| {
        let all = picture(now, session, policy, 140, Charset::Unicode);
        all.split_once("\n\n").unwrap().1.to_owned()
    };
    let (_, now, session, policy) = samples().swap_remove(2);
    let ended = legend(now, &session, policy);
    for line in [
        "├ login                    40 days ago  2027-01-15 08:00\n",
        "┊ perhaps renewed          20 days ago  2027-02-04 08:00\n",
        "⊘ SSO session found ended               2027-02-24 08:00\n",
        "△ last refresh                          2027-02-24 08:00\n",
    ] {
        assert!(ended.contains(line), "{line}in {ended}");
    }
    let web = PolicyName::PublicWeb.documented();
    let at = |seconds| LOGIN.plus(Seconds(seconds));
    let refused = rejected(&logged_in(LOGIN, Some("r")), at(1_200));
    assert_eq!(bars(at(1_240), &refused, web, 65)[0], "refresh token  ├─────┫┈┈┈┈┈✗●                         refused");
    assert!(legend(at(1_240), &refused, web).contains("┫ refresh token expired  10 min 40 s ago"));
}

#[test]
fn expiry_long_ago_breaks_the_axis() {
    let (_, now, session, policy) = samples().swap_remove(6);
    let drawn = bars(now, &session, policy, 60);
    assert_eq!(drawn[0], "refresh token  ├────────────────────────────┫┈┈╱╱┈●  expired");
    let (_, now, session, policy) = samples().swap_remove(3);
    assert_eq!(bars(now, &session, policy, 60)[0], "refresh token  ├─┼──────────────┊───────────────⊘✗●  refused");
}

#[test]
fn refusal_in_the_second_of_the_login_has_a_bar() {
    let refused = rejected(&logged_in(LOGIN, Some("r")), LOGIN);
    let drawn = bars(LOGIN.plus(Seconds(5)), &refused, PolicyName::PublicWeb.documented(), 60);
    assert_eq!(drawn[0], "refresh token  ├────────────────────────✗┈┈╱╱┈●  refused");
}

#[test]
fn often_renewed_session_omits_its_beginning() {
    let (_, now, session, policy) = samples().swap_remove(4);
    assert_eq!(
        bars(now, &session, policy, 75)[0],
        "refresh token  ╱─┼──────┼───────┼───●━━━━━━━━━━━━┫  70 days left, renewable"
    );
}

#[test]
fn legend_only_labels_what_the_verdict_says() {
    let (_, now, session, policy) = samples().swap_remove(1);
    let all = picture(now, &session, policy, 120, Charset::Unicode);
    assert!(all.contains("┿ rely on it until      in 63 days       2027-04-18 08:00\n"), "{all}");
    assert!(all.contains("┫ perhaps valid until   in 80 days       2027-05-05 08:00\n"), "{all}");
    let timeline = timeline(now, &session, Some(&policy), Renew::BeforeSessionEnds);
    let due = timeline.draw(120, Charset::Unicode, &local).into_iter().find(|l| l.text().contains("renewal due"));
    assert!(due.unwrap().text().starts_with("◇ renewal due           in 50 days"));
    let (_, now, session, policy) = samples().swap_remove(2);
    let ended = picture(now, &session, policy, 120, Charset::Unicode);
    assert!(ended.contains("┿ rely on it until         in 53 days   2027-04-18 08:00\n"), "{ended}");
}

#[test]
fn narrow_terminal_drops_times() {
    let (_, now, session, policy) = samples().swap_remove(0);
    let ends = |columns| {
        let all = picture(now, &session, policy, columns, Charset::Unicode);
        all.lines().skip_while(|line| !line.contains("refresh token expires")).map(str::to_owned).collect::<Vec<_>>()
    };
    for columns in [80, 200] {
        assert_eq!(ends(columns), ["┫ refresh token expires  in 89 days 23 h  2027-04-15 08:00"]);
    }
    assert_eq!(ends(40), ["┫ refresh token expires  in 89 days 23 h"]);
    assert_eq!(ends(39), ["┫ refresh token expires", "  in 89 days 23 h"]);
}

#[test]
fn narrow_bar_has_its_name_and_the_time_left_above() {
    let (_, now, session, policy) = samples().swap_remove(0);
    assert!(bars(now, &session, policy, 60)[0].starts_with("refresh token  ├●━"));
    for columns in [40, 59] {
        assert_eq!(bars(now, &session, policy, columns)[0], "refresh token  89 days left, renewable");
    }
    assert_eq!(bars(now, &session, policy, 25)[1], "├●━━━━━━━━━━━━━━━━━━━━━━┫");
}

#[test]
fn past_lifetime_and_expiry_have_distinct_roles() {
    let drawn = |sample: usize| {
        let (_, now, session, policy) = samples().swap_remove(sample);
        let timeline = timeline(now, &session, Some(&policy), Renew::WhenDue);
        timeline.draw(75, Charset::Unicode, &local)
    };
    let bar = |line: &Line| line.0.iter().map(|span| (span.role, span.text.trim().to_owned())).collect::<Vec<_>>();
    let expected = [
        (Role::Strong, "refresh token"),
        (Role::Faint, "├─"),
        (Role::Strong, "●"),
        (Role::Sure, "━━━"),
        (Role::Faint, "┫"),
        (Role::Text, ""),
        (Role::Faint, "6 min left, renewable"),
    ];
    assert_eq!(bar(&drawn(7)[0]), expected.map(|(role, text)| (role, text.to_owned())));
    assert!(bar(&drawn(8)[0]).contains(&(Role::Over, "┫".to_owned())));
    for (sample, words, role) in [(7, "token expires", Role::Faint), (8, "token expired", Role::Over)] {
        let line = drawn(sample).into_iter().find(|line| line.text().contains(&format!("refresh {words}"))).unwrap();
        assert_eq!((line.0[0].text.as_str(), line.0[0].role), ("┫ ", role));
    }
}

#[test]
fn label_says_what_is_left_and_whether_a_refresh_moves_the_end() {
    let label = |sample: usize, at: i64| {
        let (_, _, session, policy) = samples().swap_remove(sample);
        bars(LOGIN.plus(Seconds(at)), &session, policy, 40)[0].clone()
    };
    const DAY: i64 = 86_400;
    for (sample, at, text) in [
        (0, DAY, "refresh token  89 days left, renewable"),
        (1, 95 * DAY, "refresh token  15 days?, renewable"),
        (2, 50 * DAY, "refresh token  43 days left, fixed"),
        (3, 50 * DAY, "refresh token  refused"),
        (9, 10 * DAY, "refresh token  4 days left, fixed"),
        (9, 14 * DAY, "refresh token  expired"),
        (10, 60, "access token  59 min left"),
        (10, 3_600, "access token  expired"),
    ] {
        assert_eq!(label(sample, at), text);
    }
}

#[test]
fn expired_access_token_is_red_only_if_a_login_is_needed() {
    let marks = |now, session: &Session, policy: Policy| {
        let drawn = timeline(now, session, Some(&policy), Renew::WhenDue).draw(140, Charset::Unicode, &local);
        let is_mark = |span: &Span| span.text.contains('┫') && span.role != Role::Faint;
        let lines = drawn.iter().filter(|line| line.text().contains("access token"));
        lines.flat_map(|line| line.0.iter().filter(|span| is_mark(span)).map(|span| span.role)).collect::<Vec<_>>()
    };
    let (mobile, session) = (PolicyName::Mobile.documented(), logged_in(LOGIN, Some("r")));
    assert_eq!(marks(LOGIN.plus(Seconds(3_600)), &session, mobile), []);
    assert_eq!(marks(day(90), &session, mobile), [Role::Over; 2]);
    let (_, now, session, policy) = samples().swap_remove(10);
    assert_eq!(marks(now, &session, policy), []);
    let now = LOGIN.plus(Seconds(3_600));
    assert_eq!(marks(now, &session, policy), [Role::Over; 2]);
    let all = picture(now, &session, policy, 80, Charset::Unicode);
    assert!(all.contains("2027-01-15 09:00\n"), "{all}");
}

proptest! {
    #[test]
    fn no_line_is_wider_than_asked_whatever_the_times(
        (start, steps) in history(), policy in any_policy(),
        columns in prop_oneof![20..=22usize, 20..=250usize], ascii: bool, known: bool,
        renew in prop_oneof![Just(Renew::WhenDue), Just(Renew::BeforeSessionEnds)],
        moved in prop_oneof![-8_000_000..8_000_000i64, Just(i64::MIN), Just(i64::MAX)],
    ) {
        let charset = if ascii { Charset::Ascii } else { Charset::Unicode };
        for (at, session) in lived(start, &steps) {
            let timeline = timeline(at.plus(Seconds(moved)), &session, known.then_some(&policy), renew);
            let lines = timeline.draw(columns, charset, &local);
            let now = if ascii { 'O' } else { '●' };
            prop_assert!(lines.iter().any(|line| line.text().contains(now)));
            for line in lines {
                prop_assert!(line.text().width() <= columns, "{}", line.text());
                prop_assert!(!ascii || line.text().is_ascii());
                prop_assert!(!line.text().ends_with(' '));
            }
        }
    }

    #[test]
    fn now_mark_is_on_the_right_side_of_the_expiry(age in prop_oneof![0..4_000i64, 590..700i64, 0..20_000_000i64], columns in 20..=200usize) {
        let now = LOGIN.plus(Seconds(age));
        for policy in [PolicyName::Mobile, PolicyName::PublicWeb, PolicyName::Confidential].map(PolicyName::documented) {
            let drawn = bars(now, &logged_in(LOGIN, Some("r")), policy, columns);
            let bar = drawn.iter().find(|line| line.contains('●')).unwrap();
            let ended = age >= policy.lifetime.unwrap().0;
            prop_assert!(bar.contains('┫'), "{}", bar);
            prop_assert_eq!(bar.find('●') > bar.find('┫'), ended, "{}", bar);
        }
    }
}

#[test]
fn samples_to_look_at() {
    for (name, now, session, policy) in samples() {
        for (columns, charset) in
            [(80, Charset::Unicode), (40, Charset::Unicode), (120, Charset::Unicode), (80, Charset::Ascii)]
        {
            println_sample(&format!("── {name}, {columns}\n{}", picture(now, &session, policy, columns, charset)));
        }
    }
}

#[expect(clippy::disallowed_macros, reason = "shown by --nocapture only")]
fn println_sample(text: &str) {
    println!("{text}");
}
