use super::*;

fn begin(bench: &mut Bench, scope: &str) -> PolledLogin {
    let request = bench.request("sandbox-mobile", &[("scope", scope)], START);
    bench.0.authorize_device(&request, None).unwrap()
}

fn poll_request(bench: &mut Bench, login: &PolledLogin) -> ClientRequest {
    let form = [("grant_type", PollingGrant::DEVICE.grant_type), ("device_code", login.code.expose())];
    bench.request("sandbox-mobile", &form, START)
}

#[test]
fn a_device_polls_and_gets_its_tokens_once() {
    let mut bench = Bench::new(RefreshTokenUsage::ReUse);
    let start = begin(&mut bench, "openid offline_access");
    let mut request = poll_request(&mut bench, &start);
    let mut poll = |engine: &mut Engine, at: i64| {
        request.at.now = START.plus(Seconds(at));
        engine.token(&request).map_err(|error| error.error)
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
        let start = begin(&mut bench, "openid");
        let mut request = poll_request(&mut bench, &start);
        let mut poll = |back: i64, uptime: u64| {
            let (now, uptime) = (START.plus(Seconds(-back)), Duration::from_secs(uptime));
            request.at = Moment { now, uptime, ..request.at };
            bench.0.token(&request).unwrap_err().error
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
        let start = begin(&mut bench, "openid");
        assert_eq!(denied, denied && bench.0.decide_logins(Some(&start.user_code), None, START) == 1);
        let mut request = poll_request(&mut bench, &start);
        request.at.now = START.plus(Seconds(at));
        assert_eq!(bench.0.token(&request).unwrap_err().error, error);
    }
}

#[test]
fn client_credentials_need_a_secret_and_api_scopes() {
    let mut bench = Bench::new(RefreshTokenUsage::ReUse);
    let mut ask = |client: &str, scope: &str| {
        let request = bench.request(client, &[("grant_type", "client_credentials"), ("scope", scope)], START);
        bench.0.token(&request).map_err(|error| error.error)
    };
    let issued = ask("sandbox-confidential", "api:a").unwrap();
    assert!(
        issued.access_token.authentication.is_none() && issued.id_token.is_none() && issued.refresh_token.is_none()
    );
    assert_eq!(ask("sandbox-confidential", "openid").err(), Some("invalid_scope"));
    assert_eq!(ask("sandbox-mobile", "api:a").err(), Some("unauthorized_client"));
}
