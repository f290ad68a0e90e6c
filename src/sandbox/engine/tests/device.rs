use super::*;

#[test]
fn a_device_waits_is_slowed_down_and_gets_its_tokens_once() {
    let mut bench = Bench::new(Rotation::Reuse);
    let client = bench.0.client("sandbox-mobile").unwrap();
    let seed = bench.seed();
    let scope = Params::of(&[("scope", "openid offline_access")]);
    let start = bench.0.device_start(&client, &scope, START, &seed).unwrap();
    let form = Params::of(&[("grant_type", DEVICE_CODE), ("device_code", start.device_code.expose())]);
    let poll = |engine: &mut Engine, at: i64| {
        engine.token(&client, &form, START.plus(Seconds(at)), &seed).map_err(|refusal| refusal.error)
    };
    let engine = &mut bench.0;
    assert_eq!(poll(engine, 0).err(), Some("authorization_pending"));
    assert_eq!(poll(engine, 4).err(), Some("slow_down"));
    assert_eq!(poll(engine, 13).err(), Some("slow_down"), "ten seconds now");
    assert_eq!(poll(engine, 28).err(), Some("authorization_pending"), "fifteen now");
    assert!(!engine.device_answer("000", Some(&USERS[0]), START));
    assert!(engine.device_answer(&start.user_code, Some(&USERS[0]), START));
    assert!(!engine.device_answer(&start.user_code, None, START), "answered once");
    assert!(poll(engine, 43).unwrap().refresh_token.is_some());
    assert_eq!(poll(engine, 100).err(), Some("invalid_grant"));
}

#[test]
fn a_device_code_expires_at_its_second_and_a_denied_one_says_so() {
    for (at, denied, error) in
        [(1_799, false, "authorization_pending"), (1_800, false, "expired_token"), (9, true, "access_denied")]
    {
        let mut bench = Bench::new(Rotation::Reuse);
        let client = bench.0.client("sandbox-mobile").unwrap();
        let seed = bench.seed();
        let start = bench.0.device_start(&client, &Params::of(&[("scope", "openid")]), START, &seed).unwrap();
        assert_eq!(denied, denied && bench.0.device_answer(&start.user_code, None, START));
        let form = Params::of(&[("grant_type", DEVICE_CODE), ("device_code", start.device_code.expose())]);
        assert_eq!(bench.0.token(&client, &form, START.plus(Seconds(at)), &seed).unwrap_err().error, error);
    }
}

#[test]
fn only_a_confidential_client_acts_for_itself_and_only_on_apis() {
    let mut bench = Bench::new(Rotation::Reuse);
    let mut ask = |client: &str, scope: &str| {
        let client = bench.0.client(client).unwrap();
        let form = Params::of(&[("grant_type", "client_credentials"), ("scope", scope)]);
        bench.0.token(&client, &form, START, &Seed([1; 32])).map_err(|refusal| refusal.error)
    };
    let issued = ask("sandbox-confidential", "api:a").unwrap();
    assert!(issued.access.authentication.is_none() && issued.id_token.is_none() && issued.refresh_token.is_none());
    assert_eq!(ask("sandbox-confidential", "openid").err(), Some("invalid_scope"));
    assert_eq!(ask("sandbox-mobile", "api:a").err(), Some("unauthorized_client"));
}
