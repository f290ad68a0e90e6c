use super::*;
use crate::sandbox::engine::events::Events;

#[test]
fn the_oldest_events_are_forgotten() {
    let mut events = Events::default();
    for _ in 0..5_001 {
        events.record(START, Note::default(), "token", String::new(), String::new());
    }
    assert_eq!((events.last_number(), events.after(0).count()), (5_001, 5_000));
    assert_eq!(events.after(0).next().map(|event| event.number), Some(2));
    assert_eq!(events.after(4_999).map(|event| event.number).collect::<Vec<_>>(), [5_000, 5_001]);
}

#[test]
fn each_refused_code_and_refresh_has_its_reason() {
    let reason = |error: OAuthError| error.reason.code();
    let redeem = |changes: &[(&str, &str)], client: &str, at: i64| {
        let mut bench = Bench::new(RefreshTokenUsage::ReUse);
        let code = bench.code();
        let mut form = vec![("code", code.as_str()), ("redirect_uri", CALLBACK), ("code_verifier", VERIFIER)];
        form.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
        form.extend(changes);
        let request = bench.request(client, &form, START.plus(Seconds(at)));
        bench.0.redeem(&request).map(|_| ()).map_err(reason)
    };
    let wrong = "x".repeat(43);
    for (changes, client, at, expected) in [
        (&[("code", "unknown")][..], "sandbox-mobile", 0, "unknown_code"),
        (&[], "sandbox-paste", 0, "code_of_other_client"),
        (&[], "sandbox-mobile", 60, "code_expired"),
        (&[("redirect_uri", "http://127.0.0.1:4000/")], "sandbox-mobile", 0, "other_redirect_uri"),
        (&[("code_verifier", &wrong)], "sandbox-mobile", 0, "wrong_verifier"),
    ] {
        assert_eq!(redeem(changes, client, at), Err(expected.into()));
    }

    let mut bench = Bench::new(RefreshTokenUsage::ReUse);
    let token = refresh_token_of(&bench.login("sandbox-mobile", START));
    let moment = bench.at(START);
    let mut refresh = |client: &str, token: &str, scope: &[String]| {
        bench.0.refresh(client, token, scope, moment).map(|_| ()).map_err(reason)
    };
    assert_eq!(refresh("sandbox-mobile", "unknown", &[]), Err("unknown_refresh_token".into()));
    assert_eq!(refresh("sandbox-paste", &token, &[]), Err("refresh_token_of_other_client".into()));
    assert_eq!(refresh("sandbox-mobile", &token, &["email".to_owned()]), Err("scope_widened".into()));
}

#[test]
fn a_replayed_code_ends_its_session() {
    let mut bench = Bench::new(RefreshTokenUsage::ReUse);
    let code = bench.code();
    let token = refresh_token_of(&bench.redeem("sandbox-mobile", &[("code", &code)], START).unwrap());
    assert!(bench.redeem("sandbox-mobile", &[("code", &code)], START).is_err());
    let moment = bench.at(START);
    let error = bench.0.refresh("sandbox-mobile", &token, &[], moment).unwrap_err();
    assert_eq!(*error.reason, Reason::SessionRevoked);
    assert_eq!(bench.0.events.sessions().next().and_then(|session| session.revoked_at), Some(START));
}

#[test]
fn a_replayed_code_also_ends_a_session_without_refresh_token() {
    let mut bench = Bench::new(RefreshTokenUsage::ReUse);
    let code = param(&bench.authorize(&[("scope", "openid")]), "code").unwrap();
    assert!(bench.redeem("sandbox-mobile", &[("code", &code)], START).unwrap().refresh_token.is_none());
    assert!(bench.redeem("sandbox-mobile", &[("code", &code)], START).is_err());
    assert_eq!(bench.0.events.sessions().next().and_then(|session| session.revoked_at), Some(START));
}
