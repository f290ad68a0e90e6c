use super::*;

#[test]
fn a_device_polls_and_gets_its_tokens_once() {
    let mut bench = Bench::new(RefreshTokenUsage::ReUse);
    let client = bench.0.client("sandbox-mobile").unwrap();
    let moment = bench.at(START);
    let scope = Params::from_pairs(&[("scope", "openid offline_access")]);
    let start = bench.0.authorize_device(&client, &scope, None, moment).unwrap();
    let form =
        Params::from_pairs(&[("grant_type", PollingGrant::DEVICE.grant_type), ("device_code", start.code.expose())]);
    let poll = |engine: &mut Engine, at: i64| {
        engine.token(&client, &form, Moment { now: START.plus(Seconds(at)), ..moment }).map_err(|error| error.error)
    };
    let engine = &mut bench.0;
    assert_eq!(poll(engine, 0).err(), Some("authorization_pending"));
    assert_eq!(poll(engine, 4).err(), Some("slow_down"));
    assert_eq!(poll(engine, 13).err(), Some("slow_down"), "ten seconds now");
    assert_eq!(poll(engine, 28).err(), Some("authorization_pending"), "fifteen now");
    assert_eq!(engine.decide_logins(Some("000"), Some(&user(0)), START), 0);
    assert_eq!(engine.decide_logins(Some(&start.user_code), Some(&user(0)), START), 1);
    assert_eq!(engine.decide_logins(Some(&start.user_code), None, START), 0, "answered once");
    assert!(poll(engine, 43).unwrap().refresh_token.is_some());
    assert_eq!(poll(engine, 100).err(), Some("invalid_grant"));
}

#[test]
fn a_clock_that_is_frozen_or_set_back_does_not_make_every_poll_too_fast() {
    for back in [0, 3_600] {
        let mut bench = Bench::new(RefreshTokenUsage::ReUse);
        let client = bench.0.client("sandbox-mobile").unwrap();
        let moment = bench.at(START);
        let scope = Params::from_pairs(&[("scope", "openid")]);
        let start = bench.0.authorize_device(&client, &scope, None, moment).unwrap();
        let form = Params::from_pairs(&[
            ("grant_type", PollingGrant::DEVICE.grant_type),
            ("device_code", start.code.expose()),
        ]);
        let mut poll = |back: i64, uptime: u64| {
            let (now, uptime) = (START.plus(Seconds(-back)), Duration::from_secs(uptime));
            bench.0.token(&client, &form, Moment { now, uptime, ..moment }).unwrap_err().error
        };
        assert_eq!(poll(0, 100), "authorization_pending");
        assert_eq!(poll(back, 104), "slow_down");
        assert_eq!(poll(back, 114), "authorization_pending", "ten seconds now, which passed outside");
    }
}

#[test]
fn a_device_code_expires_or_is_denied() {
    for (at, denied, error) in
        [(1_799, false, "authorization_pending"), (1_800, false, "expired_token"), (9, true, "access_denied")]
    {
        let mut bench = Bench::new(RefreshTokenUsage::ReUse);
        let client = bench.0.client("sandbox-mobile").unwrap();
        let moment = bench.at(START);
        let start =
            bench.0.authorize_device(&client, &Params::from_pairs(&[("scope", "openid")]), None, moment).unwrap();
        assert_eq!(denied, denied && bench.0.decide_logins(Some(&start.user_code), None, START) == 1);
        let form = Params::from_pairs(&[
            ("grant_type", PollingGrant::DEVICE.grant_type),
            ("device_code", start.code.expose()),
        ]);
        assert_eq!(
            bench.0.token(&client, &form, Moment { now: START.plus(Seconds(at)), ..moment }).unwrap_err().error,
            error
        );
    }
}

#[test]
fn client_credentials_need_a_secret_and_api_scopes() {
    let mut bench = Bench::new(RefreshTokenUsage::ReUse);
    let moment = bench.at(START);
    let mut ask = |client: &str, scope: &str| {
        let client = bench.0.client(client).unwrap();
        let form = Params::from_pairs(&[("grant_type", "client_credentials"), ("scope", scope)]);
        bench.0.token(&client, &form, moment).map_err(|error| error.error)
    };
    let issued = ask("sandbox-confidential", "api:a").unwrap();
    assert!(
        issued.access_token.authentication.is_none() && issued.id_token.is_none() && issued.refresh_token.is_none()
    );
    assert_eq!(ask("sandbox-confidential", "openid").err(), Some("invalid_scope"));
    assert_eq!(ask("sandbox-mobile", "api:a").err(), Some("unauthorized_client"));
}
