use super::*;

const VIPPS: [(&str, &str); 2] = [("scope", "openid vipps phone offline_access"), ("login_hint", "+4700000001")];

fn begin(bench: &mut Bench, client: &str, form: &[(&str, &str)], auto: bool) -> Result<PolledLogin, &'static str> {
    let request = bench.request(client, form, START);
    bench.0.authorize_backchannel(&request, auto).map_err(|error| error.error)
}

fn poll(bench: &mut Bench, client: &str, login: &PolledLogin, at: i64) -> Result<IssuedTokens, &'static str> {
    let form = [("grant_type", PollingGrant::CIBA.grant_type), ("auth_req_id", login.code.expose())];
    let request = bench.request(client, &form, START.plus(Seconds(at)));
    bench.0.token(&request).map_err(|error| error.error)
}

#[test]
fn vipps_asks_the_user_with_that_phone_number() {
    let mut bench = Bench::new(RefreshTokenUsage::ReUse);
    let confidential = "sandbox-confidential";
    let login = begin(&mut bench, confidential, &VIPPS, false).unwrap();
    assert_eq!((login.lifetime(), login.interval), (Seconds(300), Seconds(5)));
    assert_eq!(poll(&mut bench, confidential, &login, 0).err(), Some("authorization_pending"));
    assert_eq!(poll(&mut bench, confidential, &login, 4).err(), Some("slow_down"));
    assert_eq!(bench.0.decide_logins(None, Some(&user(1)), START), 1);
    let issued = poll(&mut bench, confidential, &login, 20).unwrap();
    let authentication = issued.access_token.authentication.clone().unwrap();
    assert_eq!((authentication.user.id.as_str(), authentication.aal), ("kari", 2), "not whoever approves");
    assert_eq!(issued.access_token.scopes, ["openid", "phone", "offline_access", "vipps"]);
    assert!(issued.refresh_token.is_some() && issued.id_token.is_some());
    assert_eq!(poll(&mut bench, confidential, &login, 40).err(), Some("invalid_grant"));
}

#[test]
fn a_request_is_refused_with_its_own_code() {
    let cases: [(&str, &str, &str, &str); 12] = [
        ("sandbox-mobile", "", "", "unauthorized_client"),
        ("sandbox-confidential", "scope", "openid phone", "invalid_scope"),
        ("sandbox-confidential", "scope", "vipps phone", "invalid_scope"),
        ("sandbox-confidential", "scope", "vipps openid", "invalid_scope"),
        ("sandbox-confidential", "scope", "openid vipps phone unheard-of", "invalid_scope"),
        ("sandbox-confidential", "login_hint", "4799999999", "unknown_user_id"),
        ("sandbox-confidential", "login_hint", "kari", "unknown_user_id"),
        ("sandbox-confidential", "login_hint", "kari@example.com", "unknown_user_id"),
        ("sandbox-confidential", "login_hint", "", "invalid_request"),
        ("sandbox-confidential", "login_hint_token", "both", "invalid_request"),
        ("sandbox-confidential", "requested_expiry", "0", "invalid_request"),
        ("sandbox-confidential", "requested_expiry", "301", "invalid_request"),
    ];
    for (client, name, value, error) in cases {
        let mut form: Vec<_> = VIPPS.into_iter().filter(|(other, _)| *other != name).collect();
        form.extend((!value.is_empty()).then_some((name, value)));
        let begun = begin(&mut Bench::new(RefreshTokenUsage::ReUse), client, &form, true);
        assert_eq!(begun.err(), Some(error), "{client} {name}={value}");
    }
}

#[test]
fn a_request_expires_when_the_client_says() {
    let mut bench = Bench::new(RefreshTokenUsage::ReUse);
    let form = [VIPPS[0], VIPPS[1], ("requested_expiry", "60")];
    let login = begin(&mut bench, "sandbox-confidential", &form, false).unwrap();
    assert_eq!(bench.0.pending_logins(START.plus(Seconds(59))).count(), 1);
    assert_eq!(bench.0.decide_logins(None, Some(&user(0)), START.plus(Seconds(60))), 0);
    assert_eq!(poll(&mut bench, "sandbox-confidential", &login, 59).err(), Some("authorization_pending"));
    assert_eq!(poll(&mut bench, "sandbox-confidential", &login, 65).err(), Some("expired_token"));
}

#[test]
fn a_denied_request_gets_nothing() {
    let mut bench = Bench::new(RefreshTokenUsage::ReUse);
    let login = begin(&mut bench, "sandbox-confidential", &VIPPS, false).unwrap();
    assert_eq!(bench.0.decide_logins(Some(&login.user_code), None, START), 1);
    assert_eq!(poll(&mut bench, "sandbox-confidential", &login, 0).err(), Some("access_denied"));
}

#[test]
fn an_auto_approved_request_waits_for_nobody() {
    let mut bench = Bench::new(RefreshTokenUsage::ReUse);
    let login = begin(&mut bench, "sandbox-confidential", &VIPPS, true).unwrap();
    assert!(poll(&mut bench, "sandbox-confidential", &login, 0).is_ok());
}

#[test]
fn a_code_serves_only_its_own_grant_type() {
    let mut bench = Bench::new(RefreshTokenUsage::ReUse);
    let login = begin(&mut bench, "sandbox-confidential", &VIPPS, true).unwrap();
    let form = [("grant_type", PollingGrant::DEVICE.grant_type), ("device_code", login.code.expose())];
    let as_device = bench.request("sandbox-confidential", &form, START);
    assert_eq!(bench.0.token(&as_device).unwrap_err().error, "invalid_grant");
}

#[test]
fn bankid_is_prepared_and_its_message_repeated() {
    let mut bench = Bench::new(RefreshTokenUsage::ReUse);
    let prepare = |bench: &mut Bench, kurt_id: &str| {
        let request = bench.request("sandbox-confidential", &[("kurt_id", kurt_id)], START);
        bench.0.prepare_bankid(&request).map_err(|error| error.error)
    };
    assert_eq!(prepare(&mut bench, "nobody").err(), Some("unknown_user_id"));
    let (token, prepared) = prepare(&mut bench, &user(0).identifier("kurtid")).unwrap();
    let scope = ("scope", "openid bankid");
    let token = ("login_hint_token", token.as_str());
    let message = ("binding_message", prepared.as_str());
    let mut ask = |form: &[(&str, &str)]| begin(&mut bench, "sandbox-confidential", form, false);
    assert_eq!(ask(&[scope, token]).err(), Some("invalid_binding_message"));
    assert_eq!(ask(&[scope, token, ("binding_message", "OTHER")]).err(), Some("invalid_binding_message"));
    assert_eq!(ask(&[("scope", "openid"), token, message]).err(), Some("invalid_scope"));
    assert!(ask(&[scope, token, message]).is_ok());
    assert_eq!(ask(&[scope, token, message]).err(), Some("invalid_request"), "used up");
    let waiting: Vec<_> = bench.0.pending_logins(START).collect();
    assert_eq!(waiting[0].binding_message.as_deref(), Some(prepared.as_str()));
    assert_eq!(bench.0.decide_logins(None, Some(&user(1)), START), 1);
}

#[test]
fn a_prepared_login_expires() {
    let mut bench = Bench::new(RefreshTokenUsage::ReUse);
    let kurt_id = user(0).identifier("kurtid");
    for (at, error) in [(299, None), (300, Some("expired_login_hint_token"))] {
        let request = bench.request("sandbox-confidential", &[("kurt_id", &kurt_id)], START);
        let (token, message) = bench.0.prepare_bankid(&request).unwrap();
        let form = [("scope", "openid bankid"), ("login_hint_token", &token), ("binding_message", &message)];
        let request = bench.request("sandbox-confidential", &form, START.plus(Seconds(at)));
        let begun = bench.0.authorize_backchannel(&request, false);
        assert_eq!(begun.err().map(|refusal| refusal.error), error, "{at}");
    }
}
