use super::*;

#[test]
fn a_refresh_token_expires_at_its_second() {
    for policy in PolicyName::ALL.map(PolicyName::documented) {
        for usage in [RefreshTokenUsage::ReUse, RefreshTokenUsage::OneTimeOnly] {
            for at in [-1, 0] {
                let mut bench = Bench::new(usage);
                bench.0 = client_under(policy);
                bench.0.settings.refresh_token_usage = usage;
                let issued = bench.login("c", START);
                let Some(lifetime) = policy.lifetime else {
                    assert_eq!(
                        (&issued.refresh_token, issued.access_token.has_scope("offline_access")),
                        (&None, false)
                    );
                    continue;
                };
                let end = START.plus(lifetime);
                assert_eq!(issued.refresh_token_expires_at, Some(end));
                let result = bench.refresh("c", &refresh_token_of(&issued), end.plus(Seconds(at)));
                assert_eq!(result.is_ok(), at < 0, "{} {at}", policy.name.as_str());
            }
        }
    }
}

#[test]
fn a_refresh_renews_only_a_sliding_lifetime() {
    for policy in PolicyName::ALL.map(PolicyName::documented) {
        let Some(lifetime) = policy.lifetime else { continue };
        let mut bench = Bench::new(RefreshTokenUsage::ReUse);
        bench.0 = client_under(policy);
        let issued = bench.login("c", START);
        let refreshed = bench.refresh("c", &refresh_token_of(&issued), START.plus(Seconds(500))).unwrap();
        let from = if policy.sliding { START.plus(Seconds(500)) } else { START };
        assert_eq!(refreshed.refresh_token_expires_at, Some(from.plus(lifetime)), "{}", policy.name.as_str());
        let end = from.plus(lifetime);
        assert!(bench.refresh("c", &refresh_token_of(&refreshed), end).is_err());
    }
}

#[test]
fn a_refresh_in_the_second_of_the_login_counts_as_a_renewal() {
    for (policy, is_renewed) in [(PolicyName::Mobile, true), (PolicyName::Confidential, false)] {
        let mut bench = Bench::new(RefreshTokenUsage::ReUse);
        bench.0 = client_under(policy.documented());
        let issued = bench.login("c", START);
        let refreshed = bench.refresh("c", &refresh_token_of(&issued), START).unwrap();
        let reason = refreshed.note.reason.unwrap();
        assert_eq!(reason.code(), "end_is_unmoved");
        assert_eq!(matches!(reason, Reason::RenewedInSameSecond { .. }), is_renewed, "{reason:?}");
    }
}

#[test]
fn no_refresh_extends_an_absolute_lifetime() {
    let mut bench = Bench::new(RefreshTokenUsage::ReUse);
    bench.0 = client_under(Policy { absolute_lifetime: Some(Seconds(900)), ..PolicyName::PublicWeb.documented() });
    let issued = bench.login("c", START);
    let refreshed = bench.refresh("c", &refresh_token_of(&issued), START.plus(Seconds(500))).unwrap();
    assert_eq!(refreshed.refresh_token_expires_at, Some(START.plus(Seconds(900))));
}

#[test]
fn after_sso_ends_the_old_refresh_token_keeps_its_expiry() {
    for usage in [RefreshTokenUsage::ReUse, RefreshTokenUsage::OneTimeOnly] {
        let mut bench = Bench::new(usage);
        let issued = bench.login("sandbox-web", START);
        assert_eq!(bench.0.end_sso_sessions(|sso| sso.authentication.user.id == "ola", START), 0);
        assert_eq!(bench.0.end_sso_sessions(|sso| sso.authentication.user.id == "kari", START), 1);
        let refreshed = bench.refresh("sandbox-web", &refresh_token_of(&issued), START.plus(Seconds(599))).unwrap();
        assert_eq!(refreshed.refresh_token, None);
        assert_eq!(refreshed.refresh_token_expires_at, Some(START.plus(Seconds(600))));
        assert!(bench.refresh("sandbox-web", &refresh_token_of(&issued), START.plus(Seconds(599))).is_ok());
        assert_eq!(
            bench.refresh("sandbox-web", &refresh_token_of(&issued), START.plus(Seconds(600))).err(),
            Some("invalid_grant")
        );
    }
}

#[test]
fn an_sso_session_expires_at_its_second() {
    let mut bench = Bench::new(RefreshTokenUsage::ReUse);
    bench.0.settings.sso_lifetime = Some(Seconds(100));
    let issued = bench.login("sandbox-mobile", START);
    let at = |bench: &mut Bench, s| {
        bench.refresh("sandbox-mobile", &refresh_token_of(&issued), START.plus(Seconds(s))).unwrap()
    };
    assert!(at(&mut bench, 99).refresh_token.is_some());
    assert!(at(&mut bench, 100).refresh_token.is_none());
}

#[test]
fn a_one_time_refresh_token_is_accepted_once() {
    let mut reuse = Bench::new(RefreshTokenUsage::ReUse);
    let issued = reuse.login("sandbox-mobile", START);
    assert_eq!(
        refresh_token_of(&reuse.refresh("sandbox-mobile", &refresh_token_of(&issued), START).unwrap()),
        refresh_token_of(&issued)
    );

    let mut rotate = Bench::new(RefreshTokenUsage::OneTimeOnly);
    let issued = rotate.login("sandbox-mobile", START);
    let next = refresh_token_of(&rotate.refresh("sandbox-mobile", &refresh_token_of(&issued), START).unwrap());
    assert_ne!(next, refresh_token_of(&issued));
    assert_eq!(rotate.refresh("sandbox-mobile", &refresh_token_of(&issued), START).err(), Some("invalid_grant"));
    assert!(rotate.refresh("sandbox-mobile", &next, START).is_ok());
}

#[test]
fn a_refused_refresh_leaves_the_refresh_token_usable() {
    let mut bench = Bench::new(RefreshTokenUsage::OneTimeOnly);
    let issued = bench.login("sandbox-mobile", START);
    assert_eq!(bench.refresh("sandbox-paste", &refresh_token_of(&issued), START).err(), Some("invalid_grant"));
    let moment = bench.at(START);
    let mut with = |scope: &str| {
        bench.0.refresh("sandbox-mobile", &refresh_token_of(&issued), &[scope.to_owned()], moment).map_err(|r| r.error)
    };
    assert_eq!(with("email").err(), Some("invalid_scope"));
    assert_eq!(with("profile").unwrap().access_token.scopes, ["profile"]);
}

#[test]
fn without_offline_access_there_is_no_refresh_token() {
    let mut bench = Bench::new(RefreshTokenUsage::ReUse);
    let moment = bench.at(START);
    let issued = bench.0.login("sandbox-mobile", &["openid"], user(0), moment).unwrap();
    assert_eq!(issued.refresh_token, None);
}

#[test]
fn revocation_reaches_the_whole_grant_of_its_client() {
    let mut bench = Bench::new(RefreshTokenUsage::OneTimeOnly);
    let issued = bench.login("sandbox-mobile", START);
    let next = refresh_token_of(&bench.refresh("sandbox-mobile", &refresh_token_of(&issued), START).unwrap());
    assert_eq!(bench.0.revoke("sandbox-mobile", "unknown", START), Ok(()));
    assert!(bench.0.revoke("sandbox-paste", &next, START).is_err());
    assert_eq!(bench.0.revoke("sandbox-mobile", &refresh_token_of(&issued), START), Ok(()));
    assert_eq!(bench.refresh("sandbox-mobile", &next, START).err(), Some("invalid_grant"));
    assert!(bench.0.access_token(&issued.access_token.id, START).is_some(), "a JWT cannot be revoked");
}

#[test]
fn tnu_id_chooses_another_profile_of_the_same_user() {
    let mut bench = Bench::new(RefreshTokenUsage::ReUse);
    let mut ask = |scopes: &[&str], tnu_id: &str| {
        let moment = bench.at(START);
        let issued = bench.0.login("sandbox-mobile", scopes, user(0), moment).unwrap();
        let refresh_token = refresh_token_of(&issued);
        let form = [("grant_type", "refresh_token"), ("refresh_token", &refresh_token), ("tnuId", tnu_id)];
        let request = bench.request("sandbox-mobile", &form, START);
        bench.0.token(&request).map(|issued| issued.access_token.tnu_id).map_err(|e| e.error)
    };
    let (with, without) = (["openid", "offline_access", "account.profiles"], ["openid", "offline_access"]);
    let [_, second] = user(0).tnu_ids();
    assert_eq!(ask(&with, &second), Ok(Some(second.clone())));
    assert_eq!(ask(&without, &second), Err("invalid_request"));
    assert_eq!(ask(&with, &user(1).tnu_ids()[0]), Err("invalid_request"), "another user's");
}
