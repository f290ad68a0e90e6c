use super::*;

const NOW: Time = Time::from_unix(1_800_000_000);

fn scopes(text: &str) -> ScopeSet {
    ScopeSet::parse([text])
}

pub(crate) fn token(name: &str, obtained_at: Time) -> ScopedToken {
    let expires_at = obtained_at.plus(Seconds::hours(1));
    let access_token = AccessToken { value: Secret::new(name), obtained_at, expires_at };
    ScopedToken { access_token, scopes: vec![name.to_owned()] }
}

#[test]
fn each_set_has_its_own_token() {
    let tokens = ScopedTokens::default()
        .with(scopes("a b"), token("one", NOW), NOW)
        .with(scopes("a"), token("two", NOW), NOW)
        .with(scopes(""), token("three", NOW), NOW);
    for (wanted, name) in [("b a", "one"), ("a", "two"), ("", "three")] {
        assert_eq!(tokens.get(&scopes(wanted)).unwrap().scopes, [name]);
    }
    assert_eq!(tokens.get(&scopes("b")), None);
    let replaced = tokens.with(scopes("b a b"), token("four", NOW), NOW);
    assert_eq!((replaced.iter().count(), &replaced.get(&scopes("a b")).unwrap().scopes[0][..]), (3, "four"));
}

#[test]
fn expired_tokens_and_those_of_a_wrong_clock_are_dropped() {
    let is_kept = |obtained_at: Time| {
        let tokens = ScopedTokens::default().with(scopes("old"), token("old", obtained_at), obtained_at);
        tokens.with(scopes("new"), token("new", NOW), NOW).get(&scopes("old")).is_some()
    };
    let (second, hour_ago) = (Seconds(1), NOW.minus(Seconds::hours(1)));
    assert!(is_kept(hour_ago.plus(second)) && !is_kept(hour_ago));
    assert!(is_kept(NOW.plus(CLOCK_TOLERANCE)) && !is_kept(NOW.plus(CLOCK_TOLERANCE).plus(second)));
}

#[test]
fn expired_and_oldest_tokens_are_dropped() {
    let mut tokens = ScopedTokens::default().with(scopes("old"), token("old", NOW.minus(Seconds::hours(1))), NOW);
    assert!(tokens.get(&scopes("old")).is_some());
    for n in 0..=MAX_TOKENS {
        tokens = tokens.with(scopes(&n.to_string()), token(&n.to_string(), NOW), NOW);
    }
    let kept: Vec<String> = tokens.iter().map(|(requested, _)| requested.to_text()).collect();
    assert_eq!(kept, ["1", "2", "3", "4", "5", "6", "7", "8"]);
    assert_eq!(tokens.last_expiry(), Some(NOW.plus(Seconds::hours(1))));
}
