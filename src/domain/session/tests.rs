use super::*;
use crate::domain::access_tokens::tests::token;
use crate::domain::decision::{self, Action, Intent, Renew};
use crate::domain::policy::{ClientType, Policy, PolicyName};
use proptest::prelude::*;

const LOGIN: Time = Time::from_unix(1_800_000_000);

/// A session as a login at `at` leaves it.
pub(crate) fn logged_in(at: Time, refresh_token: Option<&str>) -> Session {
    let held = |value: &str| HeldToken::new(Secret::new(value), at);
    Session {
        version: SCHEMA,
        key: SessionKey { profile: "p".into(), issuer: "https://id.example".into(), client_id: "c".into() },
        generation: u64::MAX,
        account: Account { sub: "s".into(), username: None },
        scopes: vec!["openid".into(), "offline_access".into()],
        login_at: at,
        access_token: access_token(at),
        id_token: Some(id_token(at)),
        refresh_token: refresh_token.map_or(RefreshToken::NeverIssued, |value| RefreshToken::Held(held(value))),
        provider_ahead: Seconds::ZERO,
        refresh_brings_no_id_token: false,
        scoped_tokens: ScopedTokens::default(),
        refresh_started_at: None,
        events: Vec::new(),
    }
    .with_event(at, EventKind::Login { refresh_token: refresh_token.is_some() }, None)
}

pub(crate) fn access_token(at: Time) -> AccessToken {
    AccessToken { value: Secret::new("at"), obtained_at: at, expires_at: at.plus(Seconds::hours(1)) }
}

fn id_token(at: Time) -> IdToken {
    IdToken {
        value: Secret::new("it"),
        expires_at: at.plus(Seconds::minutes(5)),
        issued_at: at,
        auth_time: None,
        nonce: None,
    }
}

fn answer(at: Time, refresh_token: Option<&str>) -> NewTokens {
    NewTokens {
        access_token: access_token(at),
        id_token: None,
        expect_usable_id_token: true,
        provider_ahead: Seconds::ZERO,
        refresh_token: refresh_token.map(Secret::new),
        scopes: None,
    }
}

/// The session after a refresh at `at` whose response has `refresh_token`.
pub(crate) fn refreshed(session: &Session, at: Time, refresh_token: Option<&str>) -> Session {
    session.with_refresh_started(at).after_refresh(answer(at, refresh_token), expired(at))
}

/// The request for a refresh at `at` because the access token had expired.
pub(crate) fn expired(at: Time) -> RefreshRequest<'static> {
    RefreshRequest { reason: RefreshReason::Expired, scopes: None, sent_at: at }
}

/// The session after the provider rejected its refresh token at `at`.
pub(crate) fn rejected(session: &Session, at: Time) -> Session {
    session.after_rejection("invalid_grant", expired(at), Seconds::ZERO)
}

/// The session after the provider said at `at` that its refresh token expires at `end`.
pub(crate) fn introspected(session: &Session, at: Time, end: Time) -> Session {
    let status = RefreshTokenStatus::Active { expires_at: Some(end) };
    session.clone().with_introspection(Some(Introspection { asked_at: at, status }))
}

/// The session after the provider said at `at` that its refresh token is not active.
pub(crate) fn found_inactive(session: &Session, at: Time) -> Session {
    let status = RefreshTokenStatus::Inactive;
    session.clone().with_introspection(Some(Introspection { asked_at: at, status }))
}

fn policy(name: PolicyName) -> Policy {
    name.documented()
}

#[test]
fn fixed_lifetime_counts_from_the_login() {
    let confidential = policy(ClientType::Confidential.policy());
    let mut session = logged_in(LOGIN, Some("r0"));
    for (day, answer) in [(1, Some("r0")), (5, Some("r1")), (13, None)] {
        session = refreshed(&session, LOGIN.plus(Seconds::days(day)), answer);
        let life = RefreshTokenExpiry::new(&session, Some(&confidential)).unwrap();
        let end = LOGIN.plus(Seconds::days(14));
        let (lifetime, source) = (Seconds::days(14), ExpirySource::Policy);
        let expected =
            RefreshTokenExpiry { renewed_at: LOGIN, expires_at: end, expires_at_earliest: end, lifetime, source };
        assert_eq!(life, expected);
        assert_eq!(Sso::from_session(&session, &confidential), Sso::Unknown);
    }
}

#[test]
fn new_refresh_token_certainly_renews_the_lifetime() {
    let session = refreshed(&logged_in(LOGIN, Some("r0")), LOGIN.plus(Seconds::days(89)), Some("r1"));
    let life = RefreshTokenExpiry::new(&session, Some(&policy(PolicyName::Mobile))).unwrap();
    let end = LOGIN.plus(Seconds::days(179));
    assert_eq!((life.expires_at, life.expires_at_earliest), (end, end));
    assert_eq!(Sso::from_session(&session, &policy(PolicyName::Mobile)), Sso::Active);
}

#[test]
fn reused_refresh_token_moves_only_the_implied_expiry() {
    let mobile = policy(PolicyName::Mobile);
    let session = refreshed(&logged_in(LOGIN, Some("r0")), LOGIN.plus(Seconds::days(10)), Some("r0"));
    let life = RefreshTokenExpiry::new(&session, Some(&mobile)).unwrap();
    assert_eq!(life.renewed_at, LOGIN);
    assert_eq!(life.expires_at, LOGIN.plus(Seconds::days(100)));
    assert_eq!(life.expires_at_earliest, LOGIN.plus(Seconds::days(90)));
    assert_eq!(Sso::from_session(&session, &mobile), Sso::Unknown);
}

#[test]
fn response_without_refresh_token_keeps_old_token_and_expiry() {
    let mobile = policy(PolicyName::Mobile);
    let first = LOGIN.plus(Seconds::days(1));
    let session = refreshed(&logged_in(LOGIN, Some("r0")), first, None);
    let later = refreshed(&session, LOGIN.plus(Seconds::days(2)), None);
    assert_eq!(later.held_token().unwrap().value, Secret::new("r0"));
    assert_eq!(later.held_token().unwrap().omitted_since, Some(first));
    assert_eq!(RefreshTokenExpiry::new(&later, Some(&mobile)).unwrap().expires_at, LOGIN.plus(Seconds::days(90)));
    assert_eq!(Sso::from_session(&later, &mobile), Sso::Ended);
    let revived = refreshed(&later, LOGIN.plus(Seconds::days(3)), Some("r0"));
    assert_eq!(Sso::from_session(&revived, &mobile), Sso::Unknown);
}

#[test]
fn absolute_lifetime_limits_both_expiries() {
    let capped = Policy { absolute_lifetime: Some(Seconds::days(100)), ..policy(PolicyName::Mobile) };
    let session = refreshed(&logged_in(LOGIN, Some("r0")), LOGIN.plus(Seconds::days(50)), Some("r1"));
    let life = RefreshTokenExpiry::new(&session, Some(&capped)).unwrap();
    let end = LOGIN.plus(Seconds::days(100));
    assert_eq!((life.expires_at, life.expires_at_earliest), (end, end));
}

#[test]
fn renewal_is_seen_after_the_clock_was_set_back() {
    let mobile = policy(PolicyName::Mobile);
    let real = LOGIN.minus(Seconds::days(365));
    let session = refreshed(&logged_in(LOGIN, Some("r0")), real, Some("r0"));
    assert_eq!(RefreshTokenExpiry::new(&session, Some(&mobile)).unwrap().expires_at, real.plus(Seconds::days(90)));
}

#[test]
fn without_refresh_token_there_is_no_expiry() {
    let never = logged_in(LOGIN, None);
    let refused = rejected(&logged_in(LOGIN, Some("r0")), LOGIN);
    let held = logged_in(LOGIN, Some("r0"));
    assert_eq!(RefreshTokenExpiry::new(&never, Some(&policy(PolicyName::Mobile))), None);
    assert_eq!(RefreshTokenExpiry::new(&refused, Some(&policy(PolicyName::Mobile))), None);
    assert_eq!(RefreshTokenExpiry::new(&held, Some(&policy(PolicyName::NoRefresh))), None);
}

#[test]
fn lost_response_keeps_the_refresh_mark() {
    let begun = logged_in(LOGIN, Some("r0")).with_refresh_started(LOGIN);
    assert_eq!(begun.generation, u64::MAX);
    assert_eq!(begun.refresh_started_at, Some(LOGIN));
    let lost = begun.after_lost_response(expired(LOGIN));
    assert_eq!((lost.refresh_started_at, lost.generation), (Some(LOGIN), u64::MAX));
    let refused = rejected(&begun, LOGIN);
    assert_eq!((refused.refresh_started_at, refused.generation), (None, 0));
    assert!(!refused.to_json().expose().contains("introspected_expiry"));
    assert_eq!(Session::from_json(&refused.to_json(), &refused.key).as_ref(), Ok(&refused));
    assert_eq!(refused.access_token, begun.access_token);
    let answered = refreshed(&begun, LOGIN, Some("r1"));
    assert_eq!((answered.refresh_started_at, answered.generation), (None, 0));
    assert_eq!(answered.id_token, begun.id_token);
}

#[test]
fn refresh_without_openid_says_nothing_of_id_tokens() {
    for (scopes, brings_none) in [(None, true), (Some("openid api:x"), true), (Some("api:x"), false)] {
        let requested = scopes.map(|scopes| ScopeSet::parse([scopes]));
        let answer = NewTokens { expect_usable_id_token: false, ..answer(LOGIN, Some("r1")) };
        let request = RefreshRequest { scopes: requested.as_ref(), ..expired(LOGIN) };
        let session = logged_in(LOGIN, Some("r0")).after_refresh(answer, request);
        assert_eq!(session.refresh_brings_no_id_token, brings_none, "{scopes:?}");
    }
}

#[test]
fn only_the_last_twenty_events_are_remembered() {
    let session = (1..=30).fold(logged_in(LOGIN, Some("r")), |s, n| refreshed(&s, LOGIN.plus(Seconds(n)), Some("r")));
    let times: Vec<Time> = session.events.iter().map(|event| event.time).collect();
    assert_eq!(times, (11..=30).map(|n| LOGIN.plus(Seconds(n))).collect::<Vec<_>>());
}

#[test]
fn foreign_or_corrupt_session_document_is_refused() {
    let session = logged_in(LOGIN, Some("r0"));
    let read = |text: &str| Session::from_json(&Secret::new(text), &session.key);
    let document = session.to_json();
    let text = document.expose();
    assert_eq!(read(&text.replace("\"version\":1", "\"version\":2")), Err(InvalidEntry::Version(2)));
    assert_eq!(read(r#"{"version":3,"sealed":"…"}"#), Err(InvalidEntry::Version(3)));
    for garbage in
        ["", "{}", "null", "[1]", "{\"version\":1}", "{\"version\":-1}", &text[..text.len() - 1], &format!("{text}x")]
    {
        assert_eq!(read(garbage), Err(InvalidEntry::Garbage), "{garbage}");
    }
    for other in [
        SessionKey { profile: "q".into(), ..session.key.clone() },
        SessionKey { issuer: "https://id.example/".into(), ..session.key.clone() },
        SessionKey { client_id: "C".into(), ..session.key.clone() },
    ] {
        assert_eq!(Session::from_json(&document, &other), Err(InvalidEntry::Misplaced));
    }
}

#[test]
fn foreign_entry_name_is_not_parsed() {
    for name in ["", "p", "[]", r#"["p","i"]"#, r#"["p","i","c","other"]"#, r#"["p", "i","c"]"#, r#"["p","i","c",1]"#] {
        assert_eq!(EntryKey::parse(name), None, "{name}");
    }
}

#[test]
fn minimal_session_keeps_refresh_token_and_is_due() {
    let at = Time::from_unix(1_800_000_000);
    let mut whole = logged_in(at, Some("rt")).with_refresh_started(at);
    whole.scoped_tokens = whole.scoped_tokens.with(ScopeSet::parse(["api:x"]), token("one", at), at);
    let least = Session::from_json(&minimal_session(&whole.to_json()).unwrap(), &whole.key).unwrap();
    assert_eq!((&least.refresh_token, least.generation), (&whole.refresh_token, whole.generation));
    assert_eq!((least.refresh_started_at, &least.account), (whole.refresh_started_at, &whole.account));
    assert!(!whole.events.is_empty() && least.events.is_empty() && least.id_token.is_none());
    assert!(!whole.scoped_tokens.is_empty() && least.scoped_tokens.is_empty());
    for now in [at, at.minus(CLOCK_TOLERANCE)] {
        let intent = Intent::AccessToken { min_ttl: Seconds::ZERO };
        let decision = decision::decide(now, &least, None, Renew::WhenDue, intent);
        assert_eq!(decision.action, Action::Refresh(RefreshReason::Expired));
    }
}

#[test]
fn only_a_session_has_a_minimal_one() {
    assert_eq!(minimal_session(&Secret::new("a client secret")), None);
}

// ── any history ────────────────────────────────────────────────────────────────────────────────────────────────

/// One step of a generated history; the clock moves by `.0` first, forward or back.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    New,
    Same,
    None,
    Refused,
    Unanswered,
    /// The provider says that the refresh token expires so many seconds from now.
    Introspected(i64),
    /// The provider says that the refresh token is not active.
    FoundInactive,
}

pub(crate) fn history() -> impl Strategy<Value = (Time, Vec<(i64, Step)>)> {
    let jump = prop_oneof![0..700i64, 0..8_000_000i64, -8_000_000..0i64, Just(i64::MAX), Just(i64::MIN)];
    let step = prop_oneof![
        4 => Just(Step::New), 4 => Just(Step::Same), 3 => Just(Step::None), 1 => Just(Step::Refused), 1 => Just(Step::Unanswered),
        2 => (-700..8_000_000i64).prop_map(Step::Introspected), 1 => Just(Step::FoundInactive)
    ];
    let start = prop_oneof![Just(0), Just(Time::MAX.unix()), 0..Time::MAX.unix()];
    (start.prop_map(Time::from_unix), prop::collection::vec((jump, step), 0..30))
}

pub(crate) fn any_policy() -> impl Strategy<Value = Policy> {
    let cap = prop_oneof![Just(None), (1..20_000_000i64).prop_map(|s| Some(Seconds(s)))];
    (prop::sample::select(PolicyName::ALL.map(PolicyName::documented).to_vec()), cap)
        .prop_map(|(policy, absolute_lifetime)| Policy { absolute_lifetime, ..policy })
}

/// The session after each step, with the time of the step.
pub(crate) fn lived(start: Time, steps: &[(i64, Step)]) -> Vec<(Time, Session)> {
    let (mut now, mut session) = (start, logged_in(start, Some("r0")));
    let mut states = vec![(now, session.clone())];
    for (n, (jump, step)) in steps.iter().enumerate() {
        now = now.plus(Seconds(*jump));
        let Some(held) = session.held_token() else { break };
        let same = held.value.expose().to_owned();
        session = match step {
            Step::New => refreshed(&session, now, Some(&format!("r{}", n + 1))),
            Step::Same => refreshed(&session, now, Some(&same)),
            Step::None => refreshed(&session, now, None),
            Step::Refused => rejected(&session, now),
            Step::Unanswered => session.with_refresh_started(now).after_lost_response(expired(now)),
            Step::Introspected(left) => introspected(&session, now, now.plus(Seconds(*left))),
            Step::FoundInactive => found_inactive(&session, now),
        };
        states.push((now, session.clone()));
    }
    states
}

#[test]
fn introspection_is_stored_with_the_token_only() {
    let session = logged_in(LOGIN, Some("r0"));
    let plain = session.to_json().expose().to_owned();
    assert!(!plain.contains("introspection"), "{plain}");
    let told = introspected(&session, LOGIN, LOGIN.plus(Seconds(60)));
    let stored = told.to_json().expose().to_owned();
    let said = r#""introspection":{"asked_at":1800000000,"status":"active","expires_at":1800000060}"#;
    assert!(stored.contains(said), "{stored}");
    // The minimal session does without.
    let least = minimal_session(&told.to_json()).unwrap();
    assert_eq!(Session::from_json(&least, &told.key).unwrap().introspection(), None);
    assert_eq!(logged_in(LOGIN, None).with_introspection(told.introspection().copied()).introspection(), None);
}

#[test]
fn lifetime_of_the_provider_counts_from_the_last_renewal() {
    let mobile = policy(PolicyName::Mobile);
    let (tenth, end) = (LOGIN.plus(Seconds::days(10)), LOGIN.plus(Seconds::days(40)));
    let session = refreshed(&logged_in(LOGIN, Some("r0")), tenth, Some("r0"));
    let life = RefreshTokenExpiry::new(&introspected(&session, tenth, end), Some(&mobile)).unwrap();
    assert_eq!((life.renewed_at, life.lifetime), (LOGIN, Seconds::days(30)));
    let fixed = RefreshTokenExpiry::new(&introspected(&session, tenth, end), Some(&policy(PolicyName::Confidential)));
    assert_eq!(fixed.unwrap().lifetime, Seconds::days(40));
    let unknown = RefreshTokenExpiry::new(&introspected(&session, tenth, end), None).unwrap();
    assert_eq!((unknown.expires_at, unknown.lifetime), (end, Seconds::days(30)));
    assert_eq!(RefreshTokenExpiry::new(&session, None), None);
}

#[test]
fn entry_label_names_profile_and_host() {
    let key = |profile: &str, issuer: &str| SessionKey {
        profile: profile.into(),
        issuer: issuer.into(),
        client_id: "app".into(),
    };
    let session = |profile, issuer| EntryKey::Session(key(profile, issuer)).label();
    assert_eq!(session("work", "https://id.telenor.no"), "work (id.telenor.no)");
    assert_eq!(session("work", "http://127.0.0.1:8080/a/b"), "work (127.0.0.1:8080)");
    assert_eq!(session("a/b\n", "https://id.telenor.no"), "a-b\\u{a} (id.telenor.no)");
    assert_eq!(session("app@https://id.telenor.no", "https://id.telenor.no"), "app (id.telenor.no)");
    let secret = EntryKey::ClientSecret(key("work", "https://id.telenor.no"));
    assert_eq!(secret.label(), "client secret of work (id.telenor.no)");
}

proptest! {
    #[test]
    fn earliest_expiry_is_never_after_the_implied_one((start, steps) in history(), policy in any_policy()) {
        for (_, session) in lived(start, &steps) {
            if let Some(life) = RefreshTokenExpiry::new(&session, Some(&policy)) {
                prop_assert!(life.expires_at_earliest <= life.expires_at);
                prop_assert!(Time::MIN <= life.renewed_at && life.expires_at <= Time::MAX);
            }
        }
    }

    #[test]
    fn expiry_moves_only_after_a_renewal((start, steps) in history(), policy in any_policy()) {
        let states = lived(start, &steps);
        for (pair, (_, step)) in states.windows(2).zip(&steps) {
            let lives = (RefreshTokenExpiry::by_policy(&pair[0].1, &policy), RefreshTokenExpiry::by_policy(&pair[1].1, &policy));
            let (Some(before), Some(after)) = lives else { continue };
            if !policy.sliding || !matches!(step, Step::New | Step::Same) {
                prop_assert_eq!(before, after);
            }
            if matches!(step, Step::Same) {
                prop_assert!(after.expires_at_earliest <= before.expires_at_earliest);
            }
        }
    }

    #[test]
    fn what_the_provider_says_is_the_expiry_until_the_token_is_used(
        (start, steps) in history(), policy in any_policy(), end in 0..Time::MAX.unix(),
    ) {
        for (now, session) in lived(start, &steps) {
            let end = Time::from_unix(end);
            let (told, ended) = (introspected(&session, now, end), found_inactive(&session, now));
            prop_assert_eq!(RefreshTokenExpiry::new(&ended, Some(&policy)), None);
            let Some(life) = RefreshTokenExpiry::new(&told, Some(&policy)) else {
                prop_assert!(session.held_token().is_none() || policy.lifetime.is_none());
                continue;
            };
            prop_assert_eq!((life.expires_at, life.expires_at_earliest, life.source), (end, end, ExpirySource::Provider));
            prop_assert!(life.lifetime >= Seconds::ZERO);
            for used in [told.with_refresh_started(now), ended.with_refresh_started(now), refreshed(&told, now, None)] {
                prop_assert_eq!(used.introspection(), None);
                let by_policy = RefreshTokenExpiry::new(&used, Some(&policy)).unwrap();
                prop_assert_eq!(by_policy.source, ExpirySource::Policy);
            }
        }
    }

    #[test]
    fn document_is_read_back_unchanged((start, steps) in history(), generation: u64, sub: String) {
        for (_, mut session) in lived(start, &steps) {
            session.generation = generation;
            session.account.sub = sub.clone();
            prop_assert_eq!(Session::from_json(&session.to_json(), &session.key), Ok(session));
        }
    }

    #[test]
    fn every_key_has_a_name_of_its_own_that_reads_back(
        a in prop::array::uniform3("[\\PC\0\n\"\\\\,\\[\\]]{0,4}|client_secret"),
        b in prop::array::uniform3("[\\PC\0\n\"\\\\,\\[\\]]{0,4}|client_secret"),
    ) {
        let key = |[profile, issuer, client_id]: [String; 3]| SessionKey { profile, issuer, client_id };
        let (a, b) = (key(a), key(b));
        let keys = [EntryKey::Session(a.clone()), EntryKey::ClientSecret(a.clone()), EntryKey::MachineTokens(a), EntryKey::Session(b.clone()), EntryKey::ClientSecret(b.clone()), EntryKey::MachineTokens(b)];
        for one in &keys {
            prop_assert_eq!(EntryKey::parse(&one.name()), Some(one.clone()));
            for other in &keys {
                prop_assert_eq!(one == other, one.name() == other.name());
            }
        }
    }
}
