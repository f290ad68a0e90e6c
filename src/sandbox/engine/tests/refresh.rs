use super::*;

#[test]
fn every_policy_ends_at_its_second_and_not_one_before() {
    for policy in POLICIES {
        for rotation in [Rotation::Reuse, Rotation::Rotate] {
            for at in [-1, 0] {
                let mut bench = Bench::new(rotation);
                bench.0 = client_under(policy);
                bench.0.settings.refresh_tokens = rotation;
                let issued = bench.login("c", START);
                let Some(lifetime) = policy.lifetime else {
                    assert_eq!((&issued.refresh_token, issued.has_scope("offline_access")), (&None, false));
                    continue;
                };
                let end = START.plus(lifetime);
                assert_eq!(issued.refresh_ends_at, Some(end));
                let answer = bench.refresh("c", &handle(&issued), end.plus(Seconds(at)));
                assert_eq!(answer.is_ok(), at < 0, "{} {at}", policy.name.as_str());
            }
        }
    }
}

#[test]
fn a_sliding_life_is_renewed_by_a_refresh_and_a_fixed_one_is_not() {
    for policy in POLICIES {
        let Some(lifetime) = policy.lifetime else { continue };
        let mut bench = Bench::new(Rotation::Reuse);
        bench.0 = client_under(policy);
        let issued = bench.login("c", START);
        let refreshed = bench.refresh("c", &handle(&issued), START.plus(Seconds(500))).unwrap();
        let from = if policy.sliding { START.plus(Seconds(500)) } else { START };
        assert_eq!(refreshed.refresh_ends_at, Some(from.plus(lifetime)), "{}", policy.name.as_str());
        let end = from.plus(lifetime);
        assert!(bench.refresh("c", &handle(&refreshed), end).is_err());
    }
}

#[test]
fn an_absolute_life_is_moved_by_no_renewal() {
    let mut bench = Bench::new(Rotation::Reuse);
    bench.0 = client_under(Policy { absolute_lifetime: Some(Seconds(900)), ..POLICIES[3] });
    let issued = bench.login("c", START);
    let refreshed = bench.refresh("c", &handle(&issued), START.plus(Seconds(500))).unwrap();
    assert_eq!(refreshed.refresh_ends_at, Some(START.plus(Seconds(900))));
}

#[test]
fn once_sso_has_ended_a_refresh_gives_no_refresh_token_and_the_old_one_keeps_its_end() {
    for rotation in [Rotation::Reuse, Rotation::Rotate] {
        let mut bench = Bench::new(rotation);
        let issued = bench.login("sandbox-web", START);
        assert_eq!(bench.0.end_sso(Some("ola"), START), 0);
        assert_eq!(bench.0.end_sso(Some("kari"), START), 1);
        let refreshed = bench.refresh("sandbox-web", &handle(&issued), START.plus(Seconds(599))).unwrap();
        assert_eq!(refreshed.refresh_token, None);
        assert_eq!(refreshed.refresh_ends_at, Some(START.plus(Seconds(600))));
        assert!(bench.refresh("sandbox-web", &handle(&issued), START.plus(Seconds(599))).is_ok());
        assert_eq!(
            bench.refresh("sandbox-web", &handle(&issued), START.plus(Seconds(600))).err(),
            Some("invalid_grant")
        );
    }
}

#[test]
fn an_sso_session_that_ends_by_itself_does_so_at_its_second() {
    let mut bench = Bench::new(Rotation::Reuse);
    bench.0.settings.sso_lifetime = Some(Seconds(100));
    let issued = bench.login("sandbox-mobile", START);
    let at = |bench: &mut Bench, s| bench.refresh("sandbox-mobile", &handle(&issued), START.plus(Seconds(s))).unwrap();
    assert!(at(&mut bench, 99).refresh_token.is_some());
    assert!(at(&mut bench, 100).refresh_token.is_none());
}

#[test]
fn a_reused_handle_comes_back_and_a_one_time_handle_is_unknown_at_once() {
    let mut reuse = Bench::new(Rotation::Reuse);
    let issued = reuse.login("sandbox-mobile", START);
    assert_eq!(handle(&reuse.refresh("sandbox-mobile", &handle(&issued), START).unwrap()), handle(&issued));

    let mut rotate = Bench::new(Rotation::Rotate);
    let issued = rotate.login("sandbox-mobile", START);
    let next = handle(&rotate.refresh("sandbox-mobile", &handle(&issued), START).unwrap());
    assert_ne!(next, handle(&issued));
    assert_eq!(rotate.refresh("sandbox-mobile", &handle(&issued), START).err(), Some("invalid_grant"));
    assert!(rotate.refresh("sandbox-mobile", &next, START).is_ok());
}

#[test]
fn a_spent_handle_takes_its_family_with_it_only_where_that_is_set() {
    let mut bench = Bench::new(Rotation::Rotate);
    bench.0.settings.reuse_revokes_family = true;
    let issued = bench.login("sandbox-mobile", START);
    let next = handle(&bench.refresh("sandbox-mobile", &handle(&issued), START).unwrap());
    assert!(bench.refresh("sandbox-mobile", &handle(&issued), START).is_err());
    assert_eq!(bench.refresh("sandbox-mobile", &next, START).err(), Some("invalid_grant"));
}

#[test]
fn a_refresh_token_serves_its_client_and_its_scopes_only_and_a_refusal_spends_nothing() {
    let mut bench = Bench::new(Rotation::Rotate);
    let issued = bench.login("sandbox-mobile", START);
    assert_eq!(bench.refresh("sandbox-paste", &handle(&issued), START).err(), Some("invalid_grant"));
    let seed = bench.seed();
    let mut with = |scope: &str| {
        bench.0.refresh("sandbox-mobile", &handle(&issued), &[scope.to_owned()], START, &seed).map_err(|r| r.error)
    };
    assert_eq!(with("email").err(), Some("invalid_scope"));
    assert_eq!(with("profile").unwrap().access.scopes, ["profile"]);
}

#[test]
fn without_offline_access_there_is_no_refresh_token() {
    let mut bench = Bench::new(Rotation::Reuse);
    let seed = bench.seed();
    let issued = bench.0.login("sandbox-mobile", &["openid"], &USERS[0], START, &seed).unwrap();
    assert_eq!(issued.refresh_token, None);
}

#[test]
fn revocation_reaches_the_family_and_only_its_own_client() {
    let mut bench = Bench::new(Rotation::Rotate);
    let issued = bench.login("sandbox-mobile", START);
    let next = handle(&bench.refresh("sandbox-mobile", &handle(&issued), START).unwrap());
    assert_eq!(bench.0.revoke("sandbox-mobile", "unknown"), Ok(()));
    assert!(bench.0.revoke("sandbox-paste", &next).is_err());
    assert_eq!(bench.0.revoke("sandbox-mobile", &handle(&issued)), Ok(()));
    assert_eq!(bench.refresh("sandbox-mobile", &next, START).err(), Some("invalid_grant"));
    assert!(bench.0.access(&issued.access.id, START).is_some(), "a JWT is not reached");
}
