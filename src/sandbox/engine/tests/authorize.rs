use super::*;

#[test]
fn a_code_expires_after_sixty_seconds() {
    for (at, accepted) in [(59, true), (60, false)] {
        let mut bench = Bench::new(RefreshTokenUsage::ReUse);
        let code = bench.code();
        let issued = bench.redeem("sandbox-mobile", &[("code", &code)], START.plus(Seconds(at)));
        assert_eq!(issued.is_ok(), accepted, "{at}");
        if let Ok(issued) = issued {
            assert_eq!(issued.id_token.unwrap().nonce.as_deref(), Some("no"));
        }
    }
}

#[test]
fn a_code_is_bound_to_client_redirect_uri_and_verifier() {
    let wrong = "x".repeat(43);
    let cases: [(&str, &[(&str, &str)]); 5] = [
        ("sandbox-paste", &[]),
        ("sandbox-mobile", &[("redirect_uri", "http://127.0.0.1:4000/callback/")]),
        ("sandbox-mobile", &[("code_verifier", &wrong)]),
        ("sandbox-mobile", &[("code_verifier", "")]),
        ("sandbox-mobile", &[("code", "unknown")]),
    ];
    for (client, changes) in cases {
        let mut bench = Bench::new(RefreshTokenUsage::ReUse);
        let code = bench.code();
        let mut form = changes.to_vec();
        if !changes.iter().any(|(name, _)| *name == "code") {
            form.push(("code", &code));
        }
        assert_eq!(bench.redeem(client, &form, START).err(), Some("invalid_grant"), "{client} {changes:?}");
        // Only a wrong attempt of its own client uses the code up.
        let survives = client != "sandbox-mobile" || changes.iter().any(|(name, _)| *name == "code");
        assert_eq!(bench.redeem("sandbox-mobile", &[("code", &code)], START).is_ok(), survives, "{changes:?}");
    }
}

#[test]
fn a_verifier_for_a_code_without_a_challenge_is_refused() {
    let fixed = "http://localhost:3000/callback";
    for (verifier, accepted) in [("", true), (VERIFIER, false)] {
        let mut bench = Bench::new(RefreshTokenUsage::ReUse);
        let request = [
            ("client_id", "sandbox-confidential"),
            ("redirect_uri", fixed),
            ("code_challenge", ""),
            ("code_challenge_method", ""),
        ];
        let code = param(&bench.authorize(&request), "code").unwrap();
        let form = [("code", code.as_str()), ("redirect_uri", fixed), ("code_verifier", verifier)];
        assert_eq!(bench.redeem("sandbox-confidential", &form, START).is_ok(), accepted);
    }
}

#[test]
fn a_replayed_code_revokes_its_tokens() {
    let mut bench = Bench::new(RefreshTokenUsage::ReUse);
    let code = bench.code();
    let issued = bench.redeem("sandbox-mobile", &[("code", &code)], START).unwrap();
    assert!(bench.0.access_token(&issued.access_token.id, START).is_some());
    assert_eq!(bench.redeem("sandbox-mobile", &[("code", &code)], START).err(), Some("invalid_grant"));
    assert_eq!(bench.refresh("sandbox-mobile", &refresh_token_of(&issued), START).err(), Some("invalid_grant"));
    assert!(bench.0.access_token(&issued.access_token.id, START).is_none());
}

#[test]
fn an_access_token_expires_at_its_second() {
    let mut bench = Bench::new(RefreshTokenUsage::ReUse);
    let issued = bench.login("sandbox-public", START);
    assert!(bench.0.access_token(&issued.access_token.id, START.plus(Seconds(3_599))).is_some());
    assert!(bench.0.access_token(&issued.access_token.id, START.plus(Seconds(3_600))).is_none());
}

#[test]
fn an_unregistered_redirect_uri_gets_an_error_page() {
    for changes in [
        [("client_id", "nobody")],
        [("client_id", "")],
        [("redirect_uri", "https://evil.example/")],
        [("redirect_uri", "")],
    ] {
        let step = Bench::new(RefreshTokenUsage::ReUse).authorize(&changes);
        assert!(step.is_err(), "{changes:?}");
    }
    let step = Bench::new(RefreshTokenUsage::ReUse).authorize(&[("x", "1"), ("x", "2")]);
    assert!(step.is_err());
}

#[test]
fn an_error_response_has_error_state_and_iss() {
    for (name, value, error) in [
        ("response_type", "token", "unsupported_response_type"),
        ("response_type", "", "invalid_request"),
        ("response_mode", "fragment", "invalid_request"),
        ("scope", "", "invalid_scope"),
        ("scope", "openid unheard-of", "invalid_scope"),
        ("scope", "openid api:", "invalid_scope"),
        ("code_challenge", "", "invalid_request"),
        ("code_challenge", "short", "invalid_request"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("code_challenge_method", "", "invalid_request"),
        ("prompt", "none login", "invalid_request"),
        ("prompt", "loud", "invalid_request"),
        ("max_age", "-1", "invalid_request"),
        ("request", "e30", "request_not_supported"),
        ("request_uri", "urn:x", "request_uri_not_supported"),
    ] {
        let mut bench = Bench::new(RefreshTokenUsage::ReUse);
        let mut changes = vec![(name, value)];
        if (name, value) == ("code_challenge", "") {
            // Without a challenge only a fixed URI passes the check of the redirect URI.
            changes.extend([("client_id", "sandbox-mobile"), ("redirect_uri", "http://localhost:3000/callback")]);
        }
        let step = bench.authorize(&changes);
        assert_eq!(param(&step, "error").as_deref(), Some(error), "{name}={value}");
        assert_eq!(param(&step, "state").as_deref(), Some("st"));
        assert_eq!(param(&step, "iss").as_deref(), Some("http://127.0.0.1"));
        assert_eq!(param(&step, "code"), None);
    }
}

#[test]
fn sso_answers_requests_that_need_no_user() {
    let mut bench = Bench::new(RefreshTokenUsage::ReUse);
    let none = bench.authorize_with(&[("prompt", "none")], None, Some(user(0)), START);
    assert_eq!(param(&none, "error").as_deref(), Some("login_required"));
    let Ok(AuthorizeOutcome::Response(response)) = bench.authorize(&[]) else { panic!("no login") };
    let AuthorizationResponse { cookie: Some(cookie), params, .. } = response else { panic!("no cookie") };
    assert!(params.iter().any(|(name, _)| *name == "iss"));
    let mut ask = |changes: &[(&str, &str)], after: i64| {
        bench.authorize_with(changes, Some(cookie.expose()), None, START.plus(Seconds(after)))
    };
    for (changes, after, silent) in [
        (&[("prompt", "none")], 5, true),
        (&[("prompt", "login")], 5, false),
        (&[("prompt", "select_account")], 5, false),
        (&[("max_age", "10")], 10, true),
        (&[("max_age", "10")], 11, false),
        (&[("acr_values", "urn:telenor.identity.aal.1")], 5, true),
        (&[("acr_values", "urn:telenor.identity.aal.3")], 5, false),
    ] {
        assert_eq!(param(&ask(changes, after), "code").is_some(), silent, "{changes:?}");
    }
    bench.0.end_sso_sessions(|_| true, START);
    let gone = bench.authorize_with(&[("prompt", "none")], Some(cookie.expose()), None, START);
    assert_eq!(param(&gone, "error").as_deref(), Some("login_required"));
}

#[test]
fn the_user_limits_the_assurance_level() {
    for (user, aal) in [(user(0), 3), (user(1), 2), (user(2), 1)] {
        let mut bench = Bench::new(RefreshTokenUsage::ReUse);
        let requested = [("acr_values", "urn:telenor.identity.aal.3")];
        let code = param(&bench.authorize_with(&requested, None, Some(user), START), "code").unwrap();
        let issued = bench.redeem("sandbox-mobile", &[("code", &code)], START).unwrap();
        assert_eq!(issued.access_token.authentication.unwrap().aal, aal);
    }
}

#[test]
fn a_login_page_works_once() {
    let mut bench = Bench::new(RefreshTokenUsage::ReUse);
    let ask = |bench: &mut Bench| match bench.authorize_with(&[("login_hint", "4700000002")], None, None, START) {
        Ok(AuthorizeOutcome::LoginPage { request_id, .. }) => request_id,
        _ => panic!("no page"),
    };
    let id = ask(&mut bench);
    let at = bench.at(START);
    let reply = bench.0.end_login(&id, Some(user(1)), at).unwrap();
    assert!(reply.cookie.is_some() && reply.params.iter().any(|(name, _)| *name == "code"));
    assert!(bench.0.end_login(&id, Some(user(1)), at).is_none());
    let id = ask(&mut bench);
    assert_eq!(
        param(&Ok(AuthorizeOutcome::Response(bench.0.end_login(&id, None, at).unwrap())), "error").as_deref(),
        Some("access_denied")
    );
    assert!(bench.0.end_login(&id, None, at).is_none());
}
